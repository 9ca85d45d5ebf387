"""New customers and the terms of business, checked once; and what a new customer is expected to bring under them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kundenwert.errors import DomainError
from kundenwert.kernels.pay_back import Earning
from kundenwert.predict import Horizon, Newcomers
from kundenwert.settings import Terms
from kundenwert.value.terms import cost_of, horizon_of, number, stated_terms

type Array = NDArray[np.float64]


@dataclass(frozen=True)
class Assumed:
    """New customers, and what turns their purchases into money.

    Parameters
    ----------
    newcomers
        By cohort.
    costs
        Acquisition cost of a customer of each cohort.
    order, service
        Cost of each order, and of each time unit as a customer, of each cohort.
    margin
        Contribution margin.
    horizon
        Length counted after the first purchase, in time units, and the continuous discount rate per time unit.
    """

    newcomers: Newcomers
    costs: dict[str, float]
    order: dict[str, float]
    service: dict[str, float]
    margin: float
    horizon: Horizon

    @classmethod
    def check(cls, newcomers: Newcomers, terms: Terms | None, changes: Mapping[str, object]) -> Assumed:
        """Check terms against the cohorts.

        Parameters
        ----------
        newcomers
            By cohort.
        terms, changes
            As in `value_table`.

        Returns
        -------
        Assumed

        Raises
        ------
        DomainError
            If a setting has no meaning, or a cohort no cost.
        """
        found = stated_terms(terms, changes, units_per_year=newcomers.units_per_year)
        names = list(newcomers.cohorts)
        cost, order, service = (
            dict(zip(names, (cost_of(found, pd.Series(names), name) / unit).tolist(), strict=True))
            for name, unit in (("cac", 1.0), ("order_cost", 1.0), ("service_cost", newcomers.units_per_year))
        )
        ahead = horizon_of(found, newcomers.units_per_year)
        return cls(newcomers, cost, order, service, number(found.margin), ahead)

    def until(self, cohort: str, time: ArrayLike) -> Array:
        """Expected cumulative discounted margin of a new customer until a time, which may be each draw's own.

        `margin · E[value] - order · E[purchases] - service · E[time as a customer]`, the first purchase included, of
        shape (samples,), before the acquisition cost; infinite in draws in which the law of spend has no mean.
        """
        new, rate = self.newcomers, self.horizon.discount_rate
        found = self.margin * new.expected_value(cohort, horizon=time, discount_rate=rate)
        if self.order[cohort] > 0:
            bought = 1 + new.expected_purchases(cohort, horizon=time, discount_rate=rate)
            found = found - self.order[cohort] * bought
        if self.service[cohort] > 0:
            found = found - self.service[cohort] * new.expected_time(cohort, horizon=time, discount_rate=rate)
        return found

    def earning(self, cohort: str) -> Earning:
        """What a new customer of a cohort earns and costs."""
        return Earning(self.margin, self.costs[cohort], self.order[cohort], self.service[cohort])

    def expected(self) -> dict[str, Array]:
        """By cohort the expected value of a new customer before acquisition cost, of shape (samples,)."""
        return {cohort: self.until(cohort, self.horizon.length) for cohort in self.newcomers.cohorts}

    def outcomes(self, cohort: str, *, seed: int = 1, customers_per_draw: int = 1) -> Outcomes:
        """What single new customers bring; their random numbers are keyed by the seed and the cohort's name.

        Parameters
        ----------
        cohort
            Its name.
        seed
            At least 0.
        customers_per_draw
            At least 1.

        Returns
        -------
        Outcomes
            Of samples × customers_per_draw customers.

        Raises
        ------
        DomainError
            If seed or number are negative.
        """
        if seed < 0 or customers_per_draw < 1:
            raise DomainError(
                f"seed={seed}, customers_per_draw={customers_per_draw}: the seed is at least 0, and there is at least "
                "one customer"
            )
        drawn = self.newcomers.draw(cohort, horizon=self.horizon, seed=seed, customers_per_draw=customers_per_draw)
        paid = drawn.paid_back(self.earning(cohort))
        value = self.margin * drawn.value.ravel()
        if self.order[cohort] > 0 or self.service[cohort] > 0:
            bought, time = drawn.running()
            value -= (self.order[cohort] * bought + self.service[cohort] * time).ravel()
        return Outcomes(drawn.purchases.ravel(), value, paid.ravel())


@dataclass(frozen=True)
class Outcomes:
    """Of each simulated customer: purchases, discounted margin less orders and service, and when it covers the cost."""

    purchases: Array
    value: Array
    paid_back: Array
