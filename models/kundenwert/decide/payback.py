"""When a new customer has earned back what it cost: one customer, and the cohort's expectation."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kundenwert.compare import quantiles
from kundenwert.decide.acquisition import cohort_outcomes, spend_note
from kundenwert.decide.terms import Laws, Terms, expected_margin
from kundenwert.errors import DomainError

type Array = NDArray[np.float64]

QUARTILES = {"q25": 0.25, "q50": 0.50, "q75": 0.75}
"""Quantiles of the payback time of one customer: more often than not the upper tail is "never"."""

_STEPS = 60


def payback_table(
    laws: Laws,
    *,
    margin: float = 1.0,
    discount_rate: float = 0.10,
    horizon: float,
    units_per_year: float,
    cac: float | Mapping[str, float],
    seed: int,
    customers_per_draw: int = 1,
) -> pd.DataFrame:
    """Time until discounted margin covers the acquisition cost, for one customer and for the expectation of the cohort.

    Parameters
    ----------
    laws, margin, discount_rate, horizon, units_per_year, cac, seed, customers_per_draw
        As in `acquisition_table`.

    Returns
    -------
    pandas.DataFrame
        One row per cohort: `cohort, cac`; `payback_q25, payback_q50, payback_q75` of one customer, in time units,
        infinite where fewer customers than that pay back: it never comes. `share_at_once` (by the first purchase),
        `share_never` (not within the horizon); `expected_payback_q05, _q50, _q95`, over draws the time at which the
        EXPECTED cumulative margin reaches the cost, infinite where it never does, and `p_expected_never`. Each quantile
        is a time that occurs among the draws, so never is not mixed with any time. Reports print "never"; CSV files
        have an empty cell. Draws in which the law of spend has no mean (q ≤ 1) expect nothing that could be stated:
        `expected_payback_…` and `p_expected_never` are those of the others, NaN if there are none, and `note` says so.

    Raises
    ------
    SchemaError
        If a law is incomplete.
    DomainError
        If an assumption has no meaning.

    Examples
    --------
    >>> law = {"r": 0.55, "alpha": 10.6, "s": 0.6, "beta": 11.7, "p": 6.25, "q": 3.74, "v": 15.44}
    >>> draws = {name: np.full(4000, value) for name, value in law.items()}
    >>> found = payback_table({"a": draws}, margin=0.3, horizon=52.0, units_per_year=52.0, cac=20.0, seed=1)
    >>> found["expected_payback_q50"].round(4).item()
    26.2426
    """
    terms = Terms.check(
        laws, margin=margin, discount_rate=discount_rate, horizon=horizon, units_per_year=units_per_year, cac=cac
    )
    rows = []
    for cohort, cost in terms.costs.items():
        paid = cohort_outcomes(terms, cohort, seed, customers_per_draw).paid_back
        expected = expected_payback(terms, cohort)
        known = expected[~np.isnan(expected)]
        row: dict[str, object] = {"cohort": cohort, "cac": cost}
        for name, share in QUARTILES.items():
            row[f"payback_{name}"] = float(np.quantile(paid, share, method="inverted_cdf"))
        row |= {"share_at_once": float((paid == 0).mean()), "share_never": float(np.isinf(paid).mean())}
        limits = quantiles(known if known.size else expected, "expected_payback", whole=True)
        row |= {name: float(value) for name, value in limits.items() if not name.endswith("mean")}
        row["p_expected_never"] = float(np.isinf(known).mean()) if known.size else np.nan
        rows.append(row | {"note": spend_note(_until(terms, cohort, terms.horizon.length))})
    return pd.DataFrame(rows)


def expected_payback(terms: Terms, cohort: str) -> Array:
    """Time at which the expected cumulative margin of a new customer reaches the cost, in each draw.

    Parameters
    ----------
    terms
        Laws and assumptions.
    cohort
        One of the cohorts of `terms`.

    Returns
    -------
    ndarray
        Time units, of shape (samples,): 0 where the expected first purchase is enough, infinite where the horizon is
        not, NaN where the expected margin is infinite, since the law of spend has no mean (q ≤ 1). Found by bisection,
        to `1e-12` of the horizon (of the lifetime's scale β where that is infinite).

    Examples
    --------
    >>> law = {"r": 0.55, "alpha": 10.6, "s": 0.6, "beta": 11.7, "p": 6.25, "q": 3.74, "v": 15.44}
    >>> terms = Terms.check({"a": law}, margin=0.3, discount_rate=0.1, horizon=52.0, units_per_year=52.0, cac=20.0)
    >>> expected_payback(terms, "a").round(4)
    array([26.2426])
    """
    law, cost, length = terms.laws[cohort], terms.costs[cohort], terms.horizon.length
    whole = _until(terms, cohort, length)
    low, high = np.zeros_like(law["r"]), np.ones_like(law["r"])
    for _ in range(_STEPS):
        middle = (low + high) / 2
        enough = _until(terms, cohort, _unfold(middle, length, law["beta"])) >= cost
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    at_once = _until(terms, cohort, 0.0) >= cost
    due = np.where(at_once, 0.0, _unfold(high, length, law["beta"]))
    return np.where(np.isinf(whole), np.nan, np.where(whole < cost, np.inf, due))


def payback_curve(
    laws: Laws,
    grid: ArrayLike,
    *,
    margin: float = 1.0,
    discount_rate: float = 0.10,
    horizon: float,
    units_per_year: float,
    cac: float | Mapping[str, float],
    seed: int,
    customers_per_draw: int = 1,
) -> pd.DataFrame:
    """Follow cost and earnings over time since the first purchase.

    Parameters
    ----------
    laws, margin, discount_rate, horizon, units_per_year, cac, seed, customers_per_draw
        As in `acquisition_table`.
    grid
        Times since the first purchase, in time units, ≥ 0 and within the horizon.

    Returns
    -------
    pandas.DataFrame
        One row per cohort and time: `cohort, time, p_paid_back` (of one customer, by then), `expected_margin_mean,
        _q05, _q50, _q95` (expected cumulative discounted margin of a new customer, and how well it is known),
        `p_expected_covers` (probability that it has reached the cost, among the draws in which it is finite; NaN if
        there are none), `cac`.

    Raises
    ------
    SchemaError
        If a law is incomplete.
    DomainError
        If a time is negative or beyond the horizon, or an assumption has no meaning.

    Examples
    --------
    >>> law = {"r": 0.55, "alpha": 10.6, "s": 0.6, "beta": 11.7, "p": 6.25, "q": 3.74, "v": 15.44}
    >>> found = payback_curve({"a": law}, [0.0, 52.0], margin=0.3, horizon=52.0, units_per_year=52.0, cac=20.0, seed=1)
    >>> found["expected_margin_mean"].round(4).tolist()
    [10.5657, 25.5099]
    """
    terms = Terms.check(
        laws, margin=margin, discount_rate=discount_rate, horizon=horizon, units_per_year=units_per_year, cac=cac
    )
    times = np.atleast_1d(np.asarray(grid, dtype=np.float64))
    if times.ndim != 1 or not ((times >= 0) & (times <= horizon) & np.isfinite(times)).all():
        raise DomainError(f"the times of a payback curve lie between 0 and the horizon, {horizon:g} time units")
    parts = []
    for cohort, cost in terms.costs.items():
        paid = np.sort(cohort_outcomes(terms, cohort, seed, customers_per_draw).paid_back)
        cumulated = np.column_stack([_until(terms, cohort, t) for t in times])
        part = pd.DataFrame({"cohort": cohort, "time": times})
        part["p_paid_back"] = np.searchsorted(paid, times, side="right") / paid.size
        part = part.assign(**quantiles(cumulated, "expected_margin"))
        known = cumulated[np.isfinite(cumulated).all(axis=1)]
        covers = (known >= cost).mean(axis=0) if len(known) else np.nan
        parts.append(part.assign(p_expected_covers=covers, cac=cost))
    return pd.concat(parts, ignore_index=True)


def _until(terms: Terms, cohort: str, time: ArrayLike) -> Array:
    """Expected cumulative margin until a time, which may be each draw's own."""
    return expected_margin(terms.laws[cohort], terms.margin, time, terms.horizon.discount_rate)


def _unfold(share: Array, length: float, scale: Array) -> Array:
    """Map [0, 1] onto the horizon, an infinite one by way of `share / (1 - share)`."""
    if np.isfinite(length):
        return share * length
    with np.errstate(divide="ignore"):
        return np.asarray(scale * share / (1 - share))
