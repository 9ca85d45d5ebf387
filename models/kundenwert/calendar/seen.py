"""What a log shows by calendar period beside what was to be expected of its customers: purchases and their values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert.errors import DomainError, SchemaError
from kundenwert.laws import History

if TYPE_CHECKING:
    from kundenwert.bayes import Fit, Scoring
    from kundenwert.data import CustomerSummary, TransactionLog
    from kundenwert.laws import Law, PurchaseLaw, SpendLaw

type Array = NDArray[np.float64]
type Days = tuple[dt.date, dt.date]

MOST_YEARS = 7
"""Most years that are looked at."""

EXPOSED = 100
"""Draws of the posterior that expected purchases of past periods are averaged over."""

EVER = (0.0, np.inf)

CELLS = 500_000
"""Customers × draws whose lives are drawn at a time."""


@dataclass(frozen=True)
class Seen:
    """Periods of the window, the last one last, each of shape (periods,).

    Parameters
    ----------
    start
        First day of each period.
    purchases
        Repeat purchases of customers.
    expected
        Those expected without a calendar, given the customers' histories: rate times time as a customer.
    log_ratio, variance
        Log of the mean value of these purchases over what was expected of their customers, and the variance of its
        error; infinite where there were no purchases.
    """

    start: NDArray[np.datetime64]
    purchases: Array
    expected: Array
    log_ratio: Array
    variance: Array


def seen(
    buying: Scoring[PurchaseLaw],
    paying: Scoring[SpendLaw],
    summary: CustomerSummary,
    log: TransactionLog,
    *,
    period_days: int,
    closed: Sequence[Days] = (),
    seed: int = 1,
) -> Seen:
    """Count repeat purchases by period up to the end of observation, beside what was to be expected.

    Parameters
    ----------
    buying, paying
        What is needed of the posteriors.
    summary
        Its customers, with dates.
    log
        The log that it was made from.
    period_days
        Length of a period, ≥ 1; periods are counted back from the end of observation.
    closed
        First and last days of closures: nothing is expected of them.
    seed
        Of the customers' drawn lives.

    Raises
    ------
    SchemaError
        If the summary has no dates.
    DomainError
        If the log holds other purchases than the summary.
    """
    table, end, number = _dated(summary, period_days)
    repeats, edges = dated(summary, log, period_days=period_days)
    back = repeats["age"].to_numpy() // period_days
    expected = _exposed(buying, summary, edges, seed) * _open(closed, end, period_days, number)
    spend = _spend(paying, table)[repeats["row"].to_numpy()]
    kept = back < number
    period = number - 1 - back[kept]
    counts = np.bincount(period, minlength=number).astype(np.float64)
    log_ratio, variance = _ratios(period, number, repeats["amount"].to_numpy(np.float64)[kept], spend[kept])
    first = pd.Timestamp(end) - pd.Timedelta(days=period_days * number - 1)
    start = first + pd.to_timedelta(period_days * np.arange(number), unit="D")
    return Seen(start.to_numpy(), counts, expected, log_ratio, variance)


def scoring_of[Of: Law](posterior: Fit[Of] | Scoring[Of]) -> Scoring[Of]:
    """What is needed of a posterior to score customers."""
    found: Any = posterior
    scoring: Scoring[Of] = getattr(found, "scoring", found)
    return scoring


def age_by_period(
    purchases: Fit[PurchaseLaw] | Scoring[PurchaseLaw],
    summary: CustomerSummary,
    log: TransactionLog,
    *,
    period_days: int = 91,
    age_years: float = 0.5,
    seed: int = 1,
) -> pd.DataFrame:
    """Count repeat purchases by calendar period and by time since the first purchase, beside what was to be expected.

    A season shows in periods, whatever the age; a drop-out law that is not the model's shows in ages.

    Parameters
    ----------
    purchases
        A fit of a law of purchases, or what is needed of it.
    summary, log
        The customers it was fitted to, and the log that they were made from.
    period_days
        Length of a period, ≥ 1, counted back from the end of observation.
    age_years
        Width of a class of ages, in years, > 0.
    seed
        Of the customers' drawn lives.

    Returns
    -------
    pandas.DataFrame
        One row per period and class of ages in which there were customers: `start` (first day of the period), `age`
        (from so many years), `purchases`, `expected`.
    """
    scoring = scoring_of(purchases)
    table, end, number = _dated(summary, period_days)
    (repeats, edges), unit = dated(summary, log, period_days=period_days), summary.days_per_unit
    width = max(1, round(age_years * summary.units_per_year * unit))
    born = np.rint(table["T"].to_numpy() * unit).astype(np.int64)
    classes = int(born.max()) // width + 1
    back, days = repeats["age"].to_numpy(), born[repeats["row"].to_numpy()] - repeats["age"].to_numpy()
    period, age = number - 1 - back // period_days, (days - 1) // width
    cell = (period * classes + age)[period >= 0]  # older periods are not looked at
    counts = np.bincount(cell, minlength=number * classes)
    ages = [(k * width / unit, (k + 1) * width / unit) for k in range(classes)]
    expected = np.stack([_exposed(scoring, summary, edges, seed, own) for own in ages])
    first = pd.Timestamp(end) - pd.Timedelta(days=period_days * number - 1)
    made = pd.DataFrame(
        {
            "start": np.repeat(first + pd.to_timedelta(period_days * np.arange(number), unit="D"), classes),
            "age": np.tile(np.arange(classes) * age_years, number),
            "purchases": counts,
            "expected": expected.T.ravel(),
        }
    )
    return made[made["expected"] > 0].reset_index(drop=True)


class Dated(NamedTuple):
    """Repeat purchases with their dates.

    Parameters
    ----------
    repeats
        A row for each purchase: `age`, days before the end of observation, `amount`, and the `row` of its customer.
    edges
        Ends of periods in units of time, ascending to 0, the end of observation.
    """

    repeats: pd.DataFrame
    edges: Array


def dated(summary: CustomerSummary, log: TransactionLog, *, period_days: int) -> Dated:
    """Each repeat purchase with its date, and the periods of the window.

    Parameters
    ----------
    summary
        Customers, with dates.
    log
        The log that it was made from.
    period_days
        Length of a period, ≥ 1; periods are counted back from the end of observation.

    Returns
    -------
    Dated

    Raises
    ------
    SchemaError
        If the summary has no dates.
    DomainError
        If the log holds other purchases than the summary.
    """
    table, end, number = _dated(summary, period_days)
    edges: Array = -period_days * np.arange(number, -1, -1) / summary.days_per_unit
    return Dated(_repeats(log, table, end), edges)


def _dated(summary: CustomerSummary, period_days: int) -> tuple[pd.DataFrame, dt.date, int]:
    """Table, end of observation, and number of periods."""
    if summary.observation_end is None or "first_purchase" not in summary.table:
        raise SchemaError("a calendar needs dates: summarise a log of transactions")
    if period_days < 1:
        raise DomainError(f"a period has at least one day, not {period_days}")
    longest = round(float(summary.table["T"].max()) * summary.days_per_unit)
    most = round(MOST_YEARS * summary.units_per_year * summary.days_per_unit / period_days)
    return summary.table, summary.observation_end, min(max(-(-longest // period_days), 1), most)


def _repeats(log: TransactionLog, table: pd.DataFrame, end: dt.date) -> pd.DataFrame:
    """Each repeat purchase: days before the end, amount, and the row of its customer."""
    days = log.known(end)
    rows_of = days.filter(days.date <= end).select("customer_id", "date", "amount")
    frame: pd.DataFrame = rows_of.to_pyarrow().to_pandas()
    rows = pd.Series(np.arange(len(table)), index=table["customer_id"].astype(str))
    frame["row"] = frame["customer_id"].astype(str).map(rows)
    frame = frame[frame["row"].notna()]
    frame["row"] = frame["row"].astype(np.int64)
    frame["age"] = (pd.Timestamp(end) - pd.to_datetime(frame["date"])).dt.days
    frame = frame[frame["age"] < frame.groupby("row")["age"].transform("max")]
    if len(frame) != int(table["frequency"].sum()):
        raise DomainError(
            f"the log holds {len(frame):,} repeat purchases of these customers, the summary "
            f"{int(table['frequency'].sum()):,}: give the log that the summary was made from"
        )
    return frame


def _exposed(
    buying: Scoring[PurchaseLaw], summary: CustomerSummary, edges: Array, seed: int, ages: tuple[float, float] = EVER
) -> Array:
    """Expected purchases of each period: drawn rate times drawn time as a customer within it, given the histories.

    Of customers at some ages: in units of time, from and up to.
    """
    table, scoring = summary.table, buying.thin(EXPOSED)
    history, laws = History.of(table), scoring.laws(table)
    rng, until = np.random.default_rng([seed, 12]), np.zeros(edges.size)
    step = max(1, CELLS // scoring.samples)
    for first in range(0, len(table), step):
        rows = np.arange(first, min(first + step, len(table)))
        own = history.at(rows)
        rate, life = scoring.law.draw_lives(own, laws(rows), rng=rng)
        old = np.minimum(np.minimum(life, own.T), ages[1])
        for k, edge in enumerate(edges):
            until[k] += float((rate * np.maximum(np.minimum(edge + own.T, old) - ages[0], 0.0)).sum())
    return np.asarray(np.diff(until) / scoring.samples)


def _open(closed: Sequence[Days], end: dt.date, period_days: int, number: int) -> Array:
    """Share of each period's days that were no part of a closure."""
    shut = np.zeros(number * period_days, dtype=np.bool_)
    for first, last in closed:
        low, high = ((end - day).days for day in (last, first))
        shut[max(low, 0) : max(high + 1, 0)] = True
    return np.asarray(1.0 - shut.reshape(number, period_days).mean(axis=1))[::-1]


def _spend(paying: Scoring[SpendLaw], table: pd.DataFrame) -> Array:
    """Expected value of a purchase of each customer: the middle of the draws, some of which may have no mean."""
    scoring = paying.thin(EXPOSED)
    spending, laws, found = scoring.law.spending(table), scoring.laws(table), np.empty(len(table))
    step = max(1, CELLS // scoring.samples)
    for first in range(0, len(table), step):
        rows = np.arange(first, min(first + step, len(table)))
        found[rows] = np.median(scoring.law.expected_spend(spending.at(rows), laws(rows)), axis=1)
    return found


def _ratios(period: NDArray[np.int64], number: int, value: Array, expected: Array) -> tuple[Array, Array]:
    """Log of values over expected ones by period, and the variance of its error: of errors in proportion to them."""
    total, wanted, squares = (
        np.bincount(period, weights=weights, minlength=number) for weights in (value, expected, expected**2)
    )
    relative = float(((value - expected) ** 2).sum() / max((expected**2).sum(), np.finfo(np.float64).tiny))
    some = (total > 0) & (wanted > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_ratio = np.where(some, np.log(total / wanted), 0.0)
        variance = np.where(some, max(relative, 1e-6) * squares / wanted**2, np.inf)
    return log_ratio, variance
