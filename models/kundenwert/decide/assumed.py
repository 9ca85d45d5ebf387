"""New customers and the terms of business, checked once; and what a new customer is expected to bring under them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kundenwert.errors import DomainError
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
    margin
        Contribution margin.
    horizon
        Length counted after the first purchase, in time units, and the continuous discount rate per time unit.
    """

    newcomers: Newcomers
    costs: dict[str, float]
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
        costs = cost_of(found, pd.Series(names))
        ahead = horizon_of(found, newcomers.units_per_year)
        return cls(newcomers, dict(zip(names, costs.tolist(), strict=True)), number(found.margin), ahead)

    def until(self, cohort: str, time: ArrayLike) -> Array:
        """Expected cumulative discounted margin of a new customer until a time, which may be each draw's own.

        `margin · E[value of the first purchase and of those until then]`, of shape (samples,), before the acquisition
        cost; infinite in draws in which the law of spend has no mean.
        """
        return self.margin * self.newcomers.expected_value(
            cohort, horizon=time, discount_rate=self.horizon.discount_rate
        )

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
        paid = drawn.paid_back(cost=self.costs[cohort], margin=self.margin)
        return Outcomes(drawn.purchases.ravel(), self.margin * drawn.value.ravel(), paid.ravel())


@dataclass(frozen=True)
class Outcomes:
    """Of each simulated customer: purchases and discounted margin over the horizon, and when it covered the cost."""

    purchases: Array
    value: Array
    paid_back: Array
