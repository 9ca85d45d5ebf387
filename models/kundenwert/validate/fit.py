"""The fitted model beside the data: repeat purchases counted, through time, and the spend model's assumption."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from kundenwert.compare import NOMINAL, quantiles
from kundenwert.errors import DomainError, SchemaError
from kundenwert.laws import History
from kundenwert.predict.blocks import scoring_of
from kundenwert.validate.classes import class_labels, class_of, class_starts
from kundenwert.value import QUANTILES

if TYPE_CHECKING:
    from kundenwert.data.summary import CustomerSummary
    from kundenwert.predict.blocks import Purchases

STRONG_CORRELATION = 0.2
"""Correlation of frequency and spend from which the spend model's assumption does harm."""

FEW_LAWS = 100
"""Groups of customers with laws of their own from which on fewer draws are used to follow them through time."""


def tracking(
    purchases: Purchases,
    summary: CustomerSummary,
    daily: pd.DataFrame,
    *,
    period_days: int = 7,
    at_most: int = 500,
) -> pd.DataFrame:
    """Follow the repeat purchases of the calibration's customers through time, beside the model's expectation.

    At time t the model expects Σ E[X(t − t₁)] repeat purchases, summed over the customers, whose first
    purchases are at t₁.

    Parameters
    ----------
    purchases
        A fit of a law of purchases, in the summary's time unit.
    summary
        The customer summary, with `first_purchase`.
    daily
        Columns `date` and `repeat_purchases`: repeat purchases by day of the customers in `summary`.
    period_days
        Length of a period, > 0. Periods are counted from the end of observation in both directions, so that
        the hold-out begins with a new one; the first and the last may be shorter.
    at_most
        Number of draws to use, evenly spread over the posterior.

    Returns
    -------
    pandas.DataFrame
        One row per period: `period` (1, 2, …), `end` (its last day), `days`, `holdout`, `actual_cumulative`,
        `actual_incremental`, and of the expectation `expected_cumulative_mean, _q05, _q50, _q95` and
        `expected_incremental_mean, …`. The band is that of the expectation; real counts scatter about it.

    Raises
    ------
    DomainError
        If `daily` counts other purchases than the summary does.

    Notes
    -----
    Schmittlein, Morrison & Colombo (1987) for E[X(t)]. A customer's age at the end of a period is counted
    as T is, from the day of the first purchase to the last day of the period, so that the expectation at the end of
    observation is the one at the customers' T. Programs that end a week one day later expect 0.3 % more on CDNOW.

    Examples
    --------
    >>> from types import SimpleNamespace as Some
    >>> table = pd.DataFrame({"first_purchase": pd.to_datetime(["2024-01-01", "2024-01-08"]), "frequency": [1, 0]})
    >>> summary = Some(
    ...     table=table, observation_start="2024-01-01", observation_end="2024-01-14", holdout_end=None, days_per_unit=7
    ... )
    >>> daily = pd.DataFrame({"date": pd.to_datetime(["2024-01-10"]), "repeat_purchases": [1]})
    >>> from kundenwert.bayes import known
    >>> from kundenwert.laws import ParetoNBD
    >>> track = tracking(known(ParetoNBD(), r=0.55, alpha=10.58, s=0.61, beta=11.66), summary, daily)
    >>> track[["actual_cumulative", "expected_cumulative_mean"]].round(4).values.tolist()
    [[0.0, 0.0436], [1.0, 0.1358]]
    """
    if "first_purchase" not in summary.table:
        raise SchemaError("the customer table has no column 'first_purchase', which dates the cohorts")
    if summary.observation_start is None or summary.observation_end is None:
        raise DomainError("the summary has no dates of observation, which tracking through time needs")
    start = pd.Timestamp(summary.observation_start)
    observed = (pd.Timestamp(summary.observation_end) - start).days
    end = observed if summary.holdout_end is None else (pd.Timestamp(summary.holdout_end) - start).days
    ends = _period_ends(observed, end, period_days)
    actual = _daily_counts(daily, summary, start, observed, end).cumsum()[ends]
    expected = _expected_cumulative(summary, purchases, start, ends, at_most)
    result = pd.DataFrame({"period": np.arange(1, len(ends) + 1), "end": start + pd.to_timedelta(ends, unit="D")})
    result["days"] = np.diff(ends, prepend=-1)
    result["holdout"] = ends > observed
    result["actual_cumulative"] = actual
    result["actual_incremental"] = np.diff(actual, prepend=0.0)
    steps = np.diff(expected, axis=1, prepend=0.0)
    return result.assign(**quantiles(expected, "expected_cumulative"), **quantiles(steps, "expected_incremental"))


@dataclass(frozen=True)
class Independence:
    """How far frequency and mean spend go together among customers with repeat purchases.

    `correlation` is Pearson's, with the interval `q05` to `q95`; `rank_correlation` is Spearman's; `customers`
    counts those with repeat purchases; `sentence` says it in words. What cannot be computed is NaN.
    """

    correlation: float
    q05: float
    q95: float
    rank_correlation: float
    customers: int
    sentence: str


def independence(table: pd.DataFrame) -> Independence:
    """Test on the data what the spend model assumes: that spend does not depend on the purchase rate.

    The interval is Fisher's, z = artanh(r) ± q · SE / (1 − r²), with a standard error that does not assume
    normality: SE² = mean of [x y − r (x² + y²) / 2]² / n over the standardised data.

    Parameters
    ----------
    table
        One row per customer: `frequency`, `monetary_value`.

    Returns
    -------
    Independence
        Correlation in [−1, 1] with its interval, and a sentence.

    Notes
    -----
    Fader & Hardie (2013) make the assumption; the standard error is that of the influence function of r (Devlin,
    Gnanadesikan & Kettenring 1975).

    Examples
    --------
    >>> table = pd.DataFrame({"frequency": [0, 1, 2, 3, 4], "monetary_value": [np.nan, 5.0, 1.0, 4.0, 3.0]})
    >>> round(independence(table).correlation, 4)
    -0.2268
    """
    repeat = table[(table["frequency"] > 0) & table["monetary_value"].notna()]
    number = len(repeat)
    x, y = repeat["frequency"].to_numpy(dtype=np.float64), repeat["monetary_value"].to_numpy(dtype=np.float64)
    if number < 4 or np.ptp(x) == 0 or np.ptp(y) == 0:
        why = f"Independence of frequency and spend cannot be judged from {number:,} customers with repeat purchases"
        if number >= 4:
            why += ", who all have the same frequency or the same mean spend"
        return Independence(np.nan, np.nan, np.nan, np.nan, number, why + ".")
    x, y = (x - x.mean()) / x.std(), (y - y.mean()) / y.std()
    r = float(np.clip((x * y).mean(), -1, 1))
    rank = float(stats.spearmanr(x, y).statistic)
    error = np.sqrt(np.mean((x * y - r * (x**2 + y**2) / 2) ** 2) / number)
    half = 0.0 if abs(r) == 1 else stats.norm.ppf(QUANTILES["q95"]) * error / (1 - r**2)
    centre = np.arctanh(np.clip(r, -1 + 1e-15, 1 - 1e-15))
    low, high = float(np.tanh(centre - half)), float(np.tanh(centre + half))
    return Independence(r, low, high, rank, number, _independence_sentence(r, low, high, number))


def repeat_purchase_counts(
    purchases: Purchases | None,
    table: pd.DataFrame,
    *,
    replicates: ArrayLike | None = None,
    at_most: int = 200,
    seed: int = 0,
    last: int | None = None,
) -> pd.DataFrame:
    """Count the customers with 0, 1, 2, … repeat purchases, beside what the model would have produced.

    Parameters
    ----------
    purchases
        A fit of a law of purchases, from whose draws each replicate simulates all customers anew; None where
        `replicates` are given.
    table
        One row per customer: `frequency`, `T`.
    replicates
        Replicated frequencies, shape (replicates, customers), in place of a fit.
    at_most
        Number of draws to use, evenly spread over the posterior.
    seed
        Seed of that simulation.
    last
        Customers with this many repeat purchases or more share the last row; if not given, classes as they suit the
        customers: one number each up to "7+", or growing ones where many buy often.

    Returns
    -------
    pandas.DataFrame
        Rows "0", "1", …, "7+", or "0", "1", "2", "3–4", …: `frequency, observed, predicted_mean, predicted_q05,
        predicted_q50, predicted_q95`, all numbers of customers. The intervals are of the outcome.

    Raises
    ------
    DomainError
        If not exactly one of `purchases` and `replicates` is given, or the customers' number differs.

    Examples
    --------
    >>> table = pd.DataFrame({"frequency": [0, 0, 2], "T": [9.0, 9.0, 9.0]})
    >>> counts = repeat_purchase_counts(None, table, replicates=[[0, 1, 2], [0, 0, 5]], last=2)
    >>> counts[["frequency", "observed", "predicted_mean"]].values.tolist()
    [['0', 2, 1.5], ['1', 0, 0.5], ['2+', 1, 1.0]]
    """
    if (replicates is None) == (purchases is None):
        raise DomainError("give either a fit or replicates, not both and not neither")
    starts = class_starts(table["frequency"], last)
    if purchases is None:
        repeated = np.asarray(replicates)
        if repeated.ndim != 2 or repeated.shape[1] != len(table):
            raise DomainError(f"replicates must have shape (any, {len(table):,}), not {repeated.shape}")
        simulated = [_count(row, starts) for row in repeated]
    else:
        rng = np.random.default_rng(seed)
        scoring = scoring_of(purchases).thin(at_most)
        times, drawn = table["T"].to_numpy(np.float64), scoring.laws(table)(np.arange(len(table)))
        simulated = []
        for index in range(scoring.samples):
            own = {name: values[..., index] for name, values in drawn.items()}
            simulated.append(_count(scoring.law.simulate(times, own, rng=rng)[0], starts))
    result = pd.DataFrame({"frequency": class_labels(starts)})
    result["observed"] = _count(table["frequency"], starts)
    return result.assign(**quantiles(np.asarray(simulated, dtype=np.float64), "predicted", whole=True))


def _count(frequency: ArrayLike, starts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.bincount(class_of(frequency, starts), minlength=starts.size)


def _period_ends(observed: int, end: int, period_days: int) -> NDArray[np.int64]:
    """Give the last day of each period, as days since the start."""
    if period_days < 1:
        raise DomainError(f"a period must have at least one day, not {period_days}")
    before = np.arange(observed, -1, -period_days)
    after = np.arange(observed, end + 1, period_days)
    return np.unique(np.concatenate([before, after, [end]]))


def _daily_counts(
    daily: pd.DataFrame, summary: CustomerSummary, start: pd.Timestamp, observed: int, end: int
) -> NDArray[np.float64]:
    days = (pd.to_datetime(daily["date"]) - start).dt.days.to_numpy()
    bought = daily["repeat_purchases"].to_numpy(dtype=np.float64)
    known = (days >= 0) & (days <= end)
    counts = np.bincount(days[known], weights=bought[known], minlength=end + 1)
    here, there = int(counts[: observed + 1].sum()), int(summary.table["frequency"].sum())
    if here != there or (days < 0).any():
        raise DomainError(
            f"the daily counts hold {here:,} repeat purchases up to the end of observation, the customers "
            f"{there:,}; count the days of these customers only (those acquired by the end of observation)"
        )
    return counts


def _expected_cumulative(
    summary: CustomerSummary,
    purchases: Purchases,
    start: pd.Timestamp,
    ends: NDArray[np.int64],
    at_most: int,
) -> NDArray[np.float64]:
    """Sum the expectation over customers for each draw and period; each law and age in days is computed once."""
    scoring = scoring_of(purchases)
    first = (pd.to_datetime(summary.table["first_purchase"]) - start).dt.days.to_numpy()
    _, rows, group = np.unique(scoring.kinds(summary.table), return_index=True, return_inverse=True)
    scoring = scoring.thin(at_most if len(rows) < FEW_LAWS else max(50, at_most * FEW_LAWS // len(rows)))
    laws = scoring.laws(summary.table)
    ages = np.arange(ends[-1] + 1)
    none = History(*(np.zeros((len(ages), 1)) for _ in range(3)))
    total = np.zeros((scoring.samples, len(ends)))
    for number, row in enumerate(rows):
        law = {name: values.reshape(-1) for name, values in laws(np.array([row])).items()}
        per_age = scoring.law.expected_purchases(none, law, horizon=ages[:, None] / summary.days_per_unit).T
        acquired = np.bincount(first[group.reshape(-1) == number], minlength=len(ages))
        customers = np.zeros((len(ages), len(ends)))
        for period, last in enumerate(ends):
            customers[: last + 1, period] = acquired[last::-1]
        total += per_age @ customers
    return total


def _independence_sentence(r: float, low: float, high: float, number: int) -> str:
    if low <= 0 <= high:
        found = "which is compatible with none at all, as the spend model assumes"
    elif abs(r) < STRONG_CORRELATION:
        found = "which is weak. The spend model assumes none: expect a small error for the most frequent buyers"
    else:
        direction = "more" if r > 0 else "less"
        found = (
            f"so that frequent buyers spend {direction} per purchase. The spend model assumes no relation: "
            f"read the values of frequent buyers as too {'low' if r > 0 else 'high'}"
        )
    at, lower, upper = (f"{value:.2f}".replace("-", "−") for value in (r, low, high))
    return (
        f"Among {number:,} customers with repeat purchases, frequency and mean spend correlate at {at} "
        f"({100 * NOMINAL:.0f} % interval {lower} to {upper}), {found}."
    )
