"""The days of the past that forecasts start from, what was known on each, and what happened then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert.data import CustomerSummary, TransactionLog, purchases_by_day, summarise
from kundenwert.errors import DomainError
from kundenwert.messages import Code, Setting, several
from kundenwert.settings import Shaping
from kundenwert.settings.values import day, whole

type Array = NDArray[np.float64]

HORIZONS = (91, 182, 364)
"""Lengths of forecasts in days, if none are stated: 13, 26 and 52 weeks."""

STEP = 91
"""Days from one origin to the next: 13 weeks."""

HISTORY = 182
"""Days that an origin has behind it at least, unless it is stated: 26 weeks."""

REPEATS = 100
"""Repeat purchases that an origin has behind it at least, unless it is stated."""

QUANTITIES = ("purchases", "revenue")


@dataclass(frozen=True)
class Origin:
    """What was known on a day, and what followed.

    Parameters
    ----------
    day
        The last day that counts as known.
    horizons
        Lengths in days, ascending, each of them over before the log ends.
    summary
        Customers seen up to that day, by what was known then.
    purchases
        Their repeat purchases before the day and all after it: `customer` (row of the summary), `days` (from the
        origin; 0 or below is known), `amount` (less the credit notes known on the day; of later purchases, all).
    """

    day: dt.date
    horizons: tuple[int, ...]
    summary: CustomerSummary
    purchases: pd.DataFrame

    @property
    def lengths(self) -> Array:
        """The horizons in units of time, shape (horizons,)."""
        return np.array(self.horizons, dtype=np.float64) / self.summary.days_per_unit

    @property
    def history(self) -> int:
        """Days from the first purchase of the log to the origin, both included."""
        start = self.summary.observation_start or self.day
        return (self.day - start).days + 1

    @cached_property
    def cohorts(self) -> pd.Series:
        """Cohort of each customer; where all are one, the quarter of the first purchase."""
        table = self.summary.table
        if self.summary.cohort != "none":
            return table["cohort"]
        first = table["first_purchase"].dt
        quarters: pd.Series = first.year.astype(str) + "-Q" + first.quarter.astype(str)
        return quarters

    @property
    def mean_value(self) -> float:
        """Mean value of a repeat purchase known on the day; 1 where there is none."""
        known = self.purchases["days"] <= 0
        found = float(self.purchases.loc[known, "amount"].mean()) if known.any() else 1.0
        return found if found > 0 else 1.0

    def between(self, after: int, until: int) -> Array:
        """Purchases and revenue of each customer in a window of days.

        Parameters
        ----------
        after, until
            Days from the origin: the window begins on the day after `after` and ends with the day `until`.

        Returns
        -------
        ndarray
            Shape (2, customers): purchases, revenue.
        """
        days = self.purchases["days"].to_numpy()
        within = (days > after) & (days <= until)
        who, number = self.purchases["customer"].to_numpy()[within], len(self.summary.table)
        money = self.purchases["amount"].to_numpy(np.float64)[within]
        return np.stack([np.bincount(who, minlength=number), np.bincount(who, weights=money, minlength=number)])

    @cached_property
    def actual(self) -> Array:
        """What followed: purchases and revenue of each customer by horizon, shape (2, horizons, customers)."""
        return np.stack([self.between(0, days) for days in self.horizons], axis=1)


def choose_origins(
    log: TransactionLog, *, horizons: Sequence[int] | None = None, log_end: dt.date | str | None = None
) -> tuple[dt.date, ...]:
    """Choose the days of the past that forecasts start from.

    The last origin leaves the shortest horizon before the log ends, the others come 91 days (13 weeks) before one
    another. Each has at least 182 days (26 weeks) and 100 repeat purchases behind it.

    Parameters
    ----------
    log
        Result of `read_transactions`.
    horizons
        Lengths in days, whole and > 0; 91, 182 and 364 if not given.
    log_end
        Day up to which the log is complete, if after its last purchase.

    Returns
    -------
    tuple of datetime.date
        In the order of time, at least one.

    Raises
    ------
    DomainError
        If the log is too short.

    Examples
    --------
    >>> from kundenwert import datasets
    >>> [str(one) for one in choose_origins(datasets.cdnow())]
    ['1997-07-01', '1997-09-30', '1997-12-30', '1998-03-31']
    """
    shortest = lengths_of(horizons)[0]
    end = day(log_end, "log_end") or log.last_day
    daily = purchases_by_day(log)
    bought = daily["repeat_purchases"].to_numpy(np.int64)
    found = []
    origin = end - dt.timedelta(days=shortest)
    while (origin - log.first_day).days + 1 >= HISTORY:
        if bought[(daily["date"] <= pd.Timestamp(origin)).to_numpy()].sum() >= REPEATS:
            found.append(origin)
        origin -= dt.timedelta(days=STEP)
    if not found:
        raise DomainError(
            Code.BACKTEST_SHORT, parameter="origins", history=weeks(HISTORY), repeats=REPEATS, shortest=weeks(shortest),
            first=log.first_day, end=end, bought=int(bought.sum()), origins=Setting("origins"),
            horizons=Setting("horizons"),
        )  # fmt: skip
    return tuple(reversed(found))


def lengths_of(horizons: Sequence[int | str] | None) -> tuple[int, ...]:
    """Read lengths of forecasts: whole days, ascending, each once.

    Examples
    --------
    >>> lengths_of(None), lengths_of([30, 7, 30])
    ((91, 182, 364), (7, 30))
    """
    if horizons is None:
        return HORIZONS
    return tuple(sorted({whole(one, "horizons", least=1) for one in horizons})) or HORIZONS


def weeks(days: int) -> str:
    """Write a number of days, in weeks where they are whole ones.

    Examples
    --------
    >>> weeks(91), weeks(30)
    ('13 weeks', '30 days')
    """
    number, noun = (days // 7, "week") if days % 7 == 0 else (days, "day")
    return several(number, noun)


def known_at(
    log: TransactionLog, origin: dt.date | str, shaping: Shaping | None = None, *, horizons: Sequence[int] | None = None
) -> Origin:
    """Collect what was known on a day, and what followed.

    Parameters
    ----------
    log
        Result of `read_transactions`.
    origin
        The last day that counts as known.
    shaping
        Unit of time, cohorts, attributes, and up to which day the log is complete.
    horizons
        Lengths in days; of 91, 182 and 364 those that are whole, if not given.

    Returns
    -------
    Origin

    Raises
    ------
    DomainError
        If the day lies before the first purchase, or no horizon is over before the log ends.

    Examples
    --------
    >>> from kundenwert import datasets
    >>> at = known_at(datasets.cdnow(), "1997-09-30")
    >>> at.horizons, len(at.summary), at.actual.sum(axis=2).round(2).tolist()
    ((91, 182), 2357, [[726.0, 1387.0], [27872.95, 52995.85]])
    """
    shaping = Shaping() if shaping is None else shaping
    stated = day(origin, "origins")
    end = day(shaping.log_end, "log_end") or log.last_day
    left = tuple(days for days in lengths_of(horizons) if stated + dt.timedelta(days=days) <= end)
    if not left or stated < log.first_day:
        given, shortest = Setting("origins", str(stated)), weeks(lengths_of(horizons)[0])
        raise DomainError(
            Code.ORIGIN_OUTSIDE, parameter="origins", given=given, first=log.first_day, end=end, shortest=shortest
        )
    summary = summarise(log, replace(shaping, observation_end=stated, holdout_end=None))
    return Origin(stated, left, summary, _purchases(log, summary, stated, max(left)))


def _purchases(log: TransactionLog, summary: CustomerSummary, origin: dt.date, furthest: int) -> pd.DataFrame:
    """Purchases of the customers of a summary, without each one's first."""
    known = log.known(origin)
    until = origin + dt.timedelta(days=furthest)
    columns = known.filter(known.date <= until).select("customer_id", "date", "amount").to_pyarrow().to_pandas()
    table = summary.table
    row = pd.Index(table["customer_id"]).get_indexer(columns["customer_id"])
    days = (pd.to_datetime(columns["date"]) - pd.Timestamp(origin)).dt.days.to_numpy()
    first = (table["first_purchase"] - pd.Timestamp(origin)).dt.days.to_numpy()
    kept = (row >= 0) & (days > first[row])
    found = {"customer": row[kept], "days": days[kept], "amount": columns["amount"].to_numpy(np.float64)[kept]}
    return pd.DataFrame(found).sort_values(["customer", "days"], ignore_index=True)
