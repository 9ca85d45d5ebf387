"""One made-up shop, from which exports are made: who bought what on which day, in cents, without the program."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, replace

CUSTOMERS, ORDERS = 60, 260
FIRST, DAYS = dt.date(2023, 1, 9), 700


@dataclass(frozen=True)
class Order:
    """One order of one customer."""

    number: int
    customer: int
    day: dt.date
    cents: int

    @property
    def money(self) -> float:
        """Amount in the currency's unit."""
        return self.cents / 100


@dataclass(frozen=True)
class Truth:
    """What a right reading finds: customers, customer-days with a purchase, revenue."""

    customers: int
    purchases: int
    revenue: float


def orders(seed: int = 20) -> list[Order]:
    """Make the shop's orders, in the order of their days; the first and the last day have one each."""
    rng = random.Random(seed)  # noqa: S311
    days = sorted([0, DAYS, *(rng.randrange(1, DAYS) for _ in range(ORDERS - 2))])
    weights = [rng.gammavariate(0.8, 1) for _ in range(CUSTOMERS)]
    who = [*range(CUSTOMERS), *rng.choices(range(CUSTOMERS), weights, k=ORDERS - CUSTOMERS)]
    rng.shuffle(who)
    return [
        Order(10_001 + n, 1_001 + customer, FIRST + dt.timedelta(days=day), round(rng.lognormvariate(4, 0.6) * 100))
        for n, (customer, day) in enumerate(zip(who, days, strict=True))
    ]


def truth(kept: list[Order]) -> Truth:
    """Count what a right reading finds."""
    days = {(order.customer, order.day) for order in kept}
    return Truth(len({order.customer for order in kept}), len(days), sum(order.cents for order in kept) / 100)


def by_month(kept: list[Order]) -> list[Order]:
    """Put every order on the first day of its month."""
    return [replace(order, day=order.day.replace(day=1)) for order in kept]


def by_week(kept: list[Order]) -> list[Order]:
    """Put every order on the Monday of its week."""
    return [replace(order, day=order.day - dt.timedelta(days=order.day.weekday())) for order in kept]
