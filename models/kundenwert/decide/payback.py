"""When a new customer has earned back what it cost: one customer, and the cohort's expectation."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kundenwert.compare import quantiles
from kundenwert.decide.acquisition import spend_note
from kundenwert.decide.assumed import Assumed
from kundenwert.errors import DomainError
from kundenwert.predict import Newcomers
from kundenwert.settings import Terms

type Array = NDArray[np.float64]

QUARTILES = {"q25": 0.25, "q50": 0.50, "q75": 0.75}
"""Quantiles of the payback time of one customer: more often than not the upper tail is "never"."""

_STEPS = 60
_LOOKS = 64


def payback_table(
    newcomers: Newcomers,
    terms: Terms | None = None,
    *,
    seed: int = 1,
    customers_per_draw: int = 1,
    **changes: object,
) -> pd.DataFrame:
    """Time until discounted margin covers the acquisition cost, for one customer and for the expectation of the cohort.

    Margin is net of what orders and service cost. These can open a cost again that was covered: paid back is what
    stays so to the end of the horizon, and the payback the time since when it does.

    Parameters
    ----------
    newcomers, terms, seed, customers_per_draw, **changes
        As in `acquisition_table`.

    Returns
    -------
    pandas.DataFrame
        One row per cohort: `cohort, cac`; `payback_q25, payback_q50, payback_q75` of one customer, in time units,
        infinite where fewer customers than that pay back: it never comes. `share_at_once` (by the first purchase),
        `share_never` (not within the horizon); `expected_payback_q05, _q50, _q95`, over draws the time at which the
        EXPECTED cumulative margin reaches the cost, infinite where it never does, and `p_expected_never`. Each quantile
        is a time that occurs among the draws, so never is not mixed with any time. Reports print "never"; CSV files
        have an empty cell. Draws in which the law of spend has no mean expect nothing that could be stated:
        `expected_payback_…` and `p_expected_never` are those of the others, NaN if there are none, and `note` says so.

    Raises
    ------
    DomainError
        If a setting has no meaning.

    Examples
    --------
    >>> from kundenwert.bayes import known
    >>> from kundenwert.laws import GammaGamma, ParetoNBD
    >>> from kundenwert.predict import newcomers
    >>> buy = known(ParetoNBD(), r=np.full(4000, 0.55), alpha=10.6, s=0.6, beta=11.7)
    >>> new = newcomers(buy, known(GammaGamma(), p=np.full(4000, 6.25), q=3.74, v=15.44), units_per_year=52.0)
    >>> found = payback_table(new, margin=0.3, horizon=52.0, cac=20.0)
    >>> found["expected_payback_q50"].round(4).item()
    26.2426
    """
    assumed = Assumed.check(newcomers, terms, changes)
    rows = []
    for cohort, cost in assumed.costs.items():
        paid = assumed.outcomes(cohort, seed=seed, customers_per_draw=customers_per_draw).paid_back
        expected = expected_payback(assumed, cohort)
        known = expected[~np.isnan(expected)]
        row: dict[str, object] = {"cohort": cohort, "cac": cost}
        for name, share in QUARTILES.items():
            row[f"payback_{name}"] = float(np.quantile(paid, share, method="inverted_cdf"))
        row |= {"share_at_once": float((paid == 0).mean()), "share_never": float(np.isinf(paid).mean())}
        limits = quantiles(known if known.size else expected, "expected_payback", whole=True)
        row |= {name: float(value) for name, value in limits.items() if not name.endswith("mean")}
        row["p_expected_never"] = float(np.isinf(known).mean()) if known.size else np.nan
        rows.append(row | {"note": spend_note(assumed.until(cohort, assumed.horizon.length))})
    return pd.DataFrame(rows)


def expected_payback(assumed: Assumed, cohort: str) -> Array:
    """Time at which the expected cumulative margin of a new customer reaches the cost, in each draw.

    Parameters
    ----------
    assumed
        New customers and terms.
    cohort
        One of its cohorts.

    Returns
    -------
    ndarray
        Time units, of shape (samples,): 0 where the expected first purchase is enough, infinite where the horizon is
        not, NaN where the expected margin is infinite, since the law of spend has no mean. Found by bisection,
        to `1e-12` of the horizon (of a year where that is infinite). Where orders or service cost anything the
        expectation can fall again: then the time since when it covers the cost for good, among `_LOOKS` times between
        which it is taken to cross the cost no more than once.

    Examples
    --------
    >>> from kundenwert.bayes import known
    >>> from kundenwert.laws import GammaGamma, ParetoNBD
    >>> from kundenwert.predict import newcomers
    >>> buy = known(ParetoNBD(), r=0.55, alpha=10.6, s=0.6, beta=11.7)
    >>> new = newcomers(buy, known(GammaGamma(), p=6.25, q=3.74, v=15.44), units_per_year=52.0)
    >>> expected_payback(Assumed.check(new, None, {"margin": 0.3, "horizon": 52.0, "cac": 20.0}), "all").round(4)
    array([26.2426])
    """
    cost, length, year = assumed.costs[cohort], assumed.horizon.length, assumed.newcomers.units_per_year
    whole = assumed.until(cohort, length)
    low, high = (
        _last_open(assumed, cohort)
        if assumed.service[cohort] > 0 or assumed.order[cohort] > 0
        else (np.zeros_like(whole), np.ones_like(whole))
    )
    for _ in range(_STEPS):
        middle = (low + high) / 2
        enough = assumed.until(cohort, _unfold(middle, length, year)) >= cost
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    at_once = (assumed.until(cohort, 0.0) >= cost) & (low == 0)
    due = np.where(at_once, 0.0, _unfold(high, length, year))
    return np.where(np.isinf(whole), np.nan, np.where(whole < cost, np.inf, due))


def _last_open(assumed: Assumed, cohort: str) -> tuple[Array, Array]:
    """Shares of the horizon between which the expectation covers the cost for the last time; 0 if it always does."""
    shares = np.linspace(0, 1, _LOOKS + 1)
    length, year = assumed.horizon.length, assumed.newcomers.units_per_year
    times = [float(_unfold(share, length, year)) for share in shares[:-1]]
    enough = np.column_stack([assumed.until(cohort, time) >= assumed.costs[cohort] for time in times])
    last = _LOOKS - 1 - np.argmax(~enough[:, ::-1], axis=1)
    low = np.where(enough.all(axis=1), 0.0, shares[last])
    return low, np.where(enough.all(axis=1), 0.0, shares[np.minimum(last + 1, _LOOKS)])


def payback_curve(
    newcomers: Newcomers,
    terms: Terms | None = None,
    *,
    grid: ArrayLike,
    seed: int = 1,
    customers_per_draw: int = 1,
    **changes: object,
) -> pd.DataFrame:
    """Follow cost and earnings over time since the first purchase.

    Parameters
    ----------
    newcomers, terms, seed, customers_per_draw, **changes
        As in `acquisition_table`.
    grid
        Times since the first purchase, in time units, ≥ 0 and within the horizon.

    Returns
    -------
    pandas.DataFrame
        One row per cohort and time: `cohort, time, p_paid_back` (of one customer, by then and for good),
        `expected_margin_mean, _q05, _q50, _q95` (expected cumulative discounted margin of a new customer, and how well
        it is known), `p_expected_covers` (probability that it covers the cost then, among the draws in which it is
        finite; NaN if there are none), `cac`.

    Raises
    ------
    DomainError
        If a time is negative or beyond the horizon, or an assumption has no meaning.

    Examples
    --------
    >>> from kundenwert.bayes import known
    >>> from kundenwert.laws import GammaGamma, ParetoNBD
    >>> from kundenwert.predict import newcomers
    >>> buy = known(ParetoNBD(), r=0.55, alpha=10.6, s=0.6, beta=11.7)
    >>> new = newcomers(buy, known(GammaGamma(), p=6.25, q=3.74, v=15.44), units_per_year=52.0)
    >>> found = payback_curve(new, grid=[0.0, 52.0], margin=0.3, horizon=52.0, cac=20.0)
    >>> found["expected_margin_mean"].round(4).tolist()
    [10.5657, 25.5099]
    """
    assumed = Assumed.check(newcomers, terms, changes)
    times = np.atleast_1d(np.asarray(grid, dtype=np.float64))
    horizon = assumed.horizon.length
    if times.ndim != 1 or not ((times >= 0) & (times <= horizon) & np.isfinite(times)).all():
        raise DomainError(f"the times of a payback curve lie between 0 and the horizon, {horizon:g} time units")
    parts = []
    for cohort, cost in assumed.costs.items():
        paid = np.sort(assumed.outcomes(cohort, seed=seed, customers_per_draw=customers_per_draw).paid_back)
        cumulated = np.column_stack([assumed.until(cohort, t) for t in times])
        part = pd.DataFrame({"cohort": cohort, "time": times})
        part["p_paid_back"] = np.searchsorted(paid, times, side="right") / paid.size
        part = part.assign(**quantiles(cumulated, "expected_margin"))
        known = cumulated[np.isfinite(cumulated).all(axis=1)]
        covers = (known >= cost).mean(axis=0) if len(known) else np.nan
        parts.append(part.assign(p_expected_covers=covers, cac=cost))
    return pd.concat(parts, ignore_index=True)


def _unfold(share: ArrayLike, length: float, scale: float) -> Array:
    """Map [0, 1] onto the horizon, an infinite one by way of `share / (1 - share)`."""
    share = np.asarray(share, dtype=np.float64)
    if np.isfinite(length):
        return share * length
    with np.errstate(divide="ignore"):
        return np.asarray(scale * share / (1 - share))
