"""What turns purchases into money: horizon, discounting, margin, costs of winning and of serving customers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kundenwert.errors import DomainError
from kundenwert.messages import Code, Setting
from kundenwert.settings.values import money, number, share


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What turns purchases into money."""

    horizon: float | str | None = None
    """Length of the future counted, in time units, above 0; a year if not given."""

    discount_rate: float | str = 0.10
    """Annual rate, 0.10 or 10 %."""

    margin: float | str | None = None
    """Contribution margin, 0.3 or 30 % of revenue; that of the rows' own margins if not given, else 1."""

    cac: float | str | Mapping[str, float] | None = None
    """Acquisition cost per customer; 0 if not given."""

    cac_file: str | Path | None = None
    """Table instead of one acquisition cost for all: cohort and cac of one customer, or money spent as cost with kind,
    period and per, which is divided by the customers won for it."""

    order_cost: float | str | Mapping[str, float] | None = None
    """Cost of each order that the margin does not hold already, such as packing and freight; 0 if not given."""

    service_cost: float | str | Mapping[str, float] | None = None
    """Cost per customer and year of 365.25 days of serving and keeping customers, until they leave; 0 if not given."""

    lifespan_years: float | str = 3.0
    """Years that the formula assumes."""

    allow_unconverged: bool = False
    """Give marked values of a fit that did not converge."""

    def __post_init__(self) -> None:
        """Check every setting by itself, and those that exclude each other."""
        for name, kind in (
            ("horizon", number),
            ("discount_rate", share),
            ("margin", share),
            ("lifespan_years", number),
        ):
            object.__setattr__(self, name, kind(getattr(self, name), name))
        for name in COSTS:
            given = getattr(self, name)
            read = {k: money(v, name) for k, v in given.items()} if isinstance(given, Mapping) else money(given, name)
            object.__setattr__(self, name, read)
        if self.cac is not None and self.cac_file is not None:
            cost = Setting("cac") if isinstance(self.cac, Mapping) else Setting("cac", self.cac)
            file = Setting("cac_file", str(self.cac_file))
            raise DomainError(Code.BOTH_GIVEN, parameter="cac", first=cost, second=file)
        for name in ("horizon", "lifespan_years"):
            if getattr(self, name) is not None and not getattr(self, name) > 0:
                raise DomainError(Code.NOT_ABOVE_ZERO, parameter=name, given=Setting(name, getattr(self, name)))
        check_money(self.margin, self.discount_rate, {name: getattr(self, name) for name in COSTS})

    @property
    def running(self) -> bool:
        """Whether orders or customers cost anything while the relationship lasts."""
        given = [self.order_cost, self.service_cost]
        return any(any(one.values()) if isinstance(one, Mapping) else bool(one) for one in given)


WORDS = {"cac": "acquisition cost", "order_cost": "cost of an order", "service_cost": "service cost"}
"""Settings that are a cost of everybody, or one of each cohort, in words."""

COSTS = tuple(WORDS)


def check_money(margin: Any, discount_rate: Any, costs: Mapping[str, Any]) -> None:
    """Refuse a margin, a discount rate or costs that have no meaning.

    Raises
    ------
    DomainError
        If the margin is no share in (0, 1], the rate not in [0, 10), or a cost negative or infinite.
    """
    if margin is not None and not 0 < margin <= 1:
        raise DomainError(Code.MARGIN_BAD, parameter="margin", margin=margin)
    if not 0 <= discount_rate < 10:
        raise DomainError(Code.DISCOUNT_RATE_BAD, parameter="discount_rate", rate=discount_rate)
    for name, given in costs.items():
        for cost in given.values() if isinstance(given, Mapping) else [0.0 if given is None else given]:
            if not (math.isfinite(cost) and cost >= 0):
                raise DomainError(Code.COST_BAD, parameter=name, what=WORDS[name], cost=cost)
