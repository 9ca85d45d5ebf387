"""Laws of cohorts and terms of business, checked once; and what a new customer is expected to bring under them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kundenwert import formula
from kundenwert.errors import DomainError, SchemaError
from kundenwert.kernels import gamma_gamma, pareto_nbd
from kundenwert.predict import Horizon

type Array = NDArray[np.float64]
type Law = dict[str, Array]
type Laws = Mapping[str, Mapping[str, ArrayLike]]

PARAMETERS = ("r", "alpha", "s", "beta", "p", "q", "v")
"""What a law holds: draws of the purchase model and of the spend model, paired by number."""


@dataclass(frozen=True)
class Terms:
    """Checked laws, and what turns purchases into money.

    Parameters
    ----------
    laws
        Cohort → parameter → draws, of one shape (samples,), in the order given.
    costs
        Acquisition cost of a customer of each cohort.
    margin
        Contribution margin.
    horizon
        Length counted after the first purchase, in time units, and the continuous discount rate per time unit.
    """

    laws: dict[str, Law]
    costs: dict[str, float]
    margin: float
    horizon: Horizon

    @classmethod
    def check(
        cls,
        laws: Laws,
        *,
        margin: float,
        discount_rate: float,
        horizon: float,
        units_per_year: float,
        cac: float | Mapping[str, float],
    ) -> Terms:
        """Check laws and assumptions, and bring them into one form.

        Parameters
        ----------
        laws
            Cohort → arrays (samples,) of `r, alpha, s, beta, p, q, v`, paired by draw, within and between cohorts.
        margin
            Contribution margin, in (0, 1].
        discount_rate
            Annual rate d ≥ 0.
        horizon
            Length of the future counted after the first purchase, in time units, > 0; may be infinite if discounted.
        units_per_year
            Time units in a year, > 0.
        cac
            Acquisition cost of a customer, or one for each cohort, ≥ 0.

        Returns
        -------
        Terms

        Raises
        ------
        SchemaError
            If there is no cohort, or a law lacks a parameter or has another number of draws.
        DomainError
            If a parameter is not positive, or an assumption has no meaning.

        Examples
        --------
        >>> law = {"r": 0.55, "alpha": 10.6, "s": 0.6, "beta": 11.7, "p": 6.25, "q": 3.74, "v": 15.44}
        >>> terms = Terms.check(
        ...     {"a": law}, margin=0.3, discount_rate=0.1, horizon=52.0, units_per_year=52.0, cac={"a": 20.0}
        ... )
        >>> terms.expected()["a"].round(6), terms.costs
        (array([25.509929]), {'a': 20.0})
        """
        if not 0 < margin <= 1:
            raise DomainError(f"the margin is {margin:g}; it is a share of revenue, in (0, 1], so 30 % is 0.3")
        if not 0 <= discount_rate < 10:
            raise DomainError(f"the discount rate is {discount_rate:g} a year; 10 % is 0.10")
        if not (np.isfinite(units_per_year) and units_per_year > 0):
            raise DomainError(f"units_per_year must be a finite number > 0, not {units_per_year}")
        arrays = _arrays(laws)
        costs = formula.customer_cac(pd.DataFrame({"cohort": list(arrays)}), cac)
        ahead = Horizon(horizon, float(np.log1p(discount_rate)) / units_per_year)
        return cls(arrays, dict(zip(arrays, costs.astype(float).tolist(), strict=True)), margin, ahead)

    def expected(self) -> dict[str, Array]:
        """Return each cohort's expected value of a new customer before acquisition cost, of shape (samples,)."""
        length, delta = self.horizon.length, self.horizon.discount_rate
        return {name: expected_margin(law, self.margin, length, delta) for name, law in self.laws.items()}


def expected_margin(law: Law, margin: float, length: ArrayLike, discount_rate: float) -> Array:
    r"""Expected discounted margin of a new customer, the first purchase included, under each draw.

    `margin · p v/(q-1) · [ 1 + (r/α) ∫₀^h e^(-δu) (β/(β+u))^s du ]`

    Parameters
    ----------
    law
        Draws of `r, alpha, s, beta, p, q, v`, of one shape.
    margin
        Contribution margin, in (0, 1].
    length
        h ≥ 0, time since the first purchase, in time units; may be infinite.
    discount_rate
        δ, continuous rate per time unit, ≥ 0.

    Returns
    -------
    ndarray
        Money before acquisition cost; `inf` where q ≤ 1.

    Examples
    --------
    >>> law = {"r": 0.55, "alpha": 10.6, "s": 0.6, "beta": 11.7, "p": 6.25, "q": 3.74, "v": 15.44}
    >>> draws = {name: np.array([value]) for name, value in law.items()}
    >>> expected_margin(draws, 0.3, 52.0, np.log(1.1) / 52).round(6)
    array([25.509929])
    """
    spend = gamma_gamma.expected_spend(0, np.nan, p=law["p"], q=law["q"], v=law["v"])
    paid = pareto_nbd.discounted_lifetime(length, discount_rate, s=law["s"], scale=law["beta"])
    return np.asarray(margin * spend * (1 + law["r"] / law["alpha"] * paid))


def _arrays(laws: Laws) -> dict[str, Law]:
    if not laws:
        raise SchemaError("there is no cohort to decide about; give the law of at least one")
    arrays: dict[str, Law] = {}
    for cohort, law in laws.items():
        if missing := [name for name in PARAMETERS if name not in law]:
            raise SchemaError(f"the law of cohort {cohort!r} lacks {', '.join(missing)}")
        arrays[str(cohort)] = {name: np.atleast_1d(np.asarray(law[name], dtype=np.float64)) for name in PARAMETERS}
    size = next(iter(arrays.values()))["r"].shape
    for cohort, law in arrays.items():
        for name, values in law.items():
            if values.shape != size or values.ndim != 1:
                raise SchemaError(f"{name} of cohort {cohort!r} has shape {values.shape}, not {size}: one per draw")
            wrong = ~(np.isfinite(values) & (values > 0))
            if wrong.any():
                raise DomainError(
                    f"{name} of cohort {cohort!r} is not positive and finite in {int(wrong.sum()):,} draws"
                )
    return arrays
