"""Stretches without any purchase that a log's own purchases do not explain: days far apart, closures, a silent end.

A stretch of L days is told from chance by what its neighbours let expect. On each side the L days next to it are looked
at, and the L days beyond those: after n and m purchases, `n · min(1, n / m)` are expected, so that a shop that fades or
goes into its slow season is not taken for one that is shut; of both sides the smaller number counts. Where the log
holds the same days of other years, it is multiplied by their share of what their own neighbours let expect. The level
of a stretch varies about all that as Gamma(k, k), k = 3 (a log-sd of about .6; 2 where no other year tells the season),
so that with m purchases expected

    P(none) = (1 + m / k)^-k

The false alarms of these rules were measured on simulated shops; `benchmarks/results/stretches.md` has them.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import ibis
import numpy as np
from numpy.typing import NDArray

from kundenwert.errors import DomainError
from kundenwert.messages import Code, Setting
from kundenwert.settings.values import day

if TYPE_CHECKING:
    from kundenwert.data.transactions import TransactionLog

LEVEL, LEVEL_UNSEEN = 3.0, 2.0
"""k: shape of the level of a stretch about that of its neighbours; where no other year tells its season, the second."""

APART_DAYS, APART_TIMES, FEWEST_DAYS = 180, 5, 10
"""First or last days stand apart if they are so many days away from the next, so many times the longest gap of all
others, and there are so many other days with purchases."""

APART_CHANCE = 0.001
"""Chance of no purchase below which days stand apart."""

APART_ROWS, APART_ROWS_OF_A_DAY = 0.01, 0.05
"""Share of the rows that may lie beyond such a gap, and where all of them have one date; more are no slip."""

CLOSED_DAYS = 28
"""The shortest stretch that is a closure."""

CLOSED_CHANCE = 0.01
"""Chance, for a whole log, of a stretch as long and as empty below which it is one."""

OTHERS = 0.95
"""Quantile of all other gaps beyond which they are taken for exponential at the most."""

YEAR = 365


class Day(NamedTuple):
    """A day with purchases: how many, and how many rows."""

    date: dt.date
    purchases: int
    rows: int


@dataclass(frozen=True)
class Closure:
    """A stretch without any purchase that purchases around it do not explain.

    Parameters
    ----------
    start, end : datetime.date
        First and last day, both without a purchase.
    expected : float
        Purchases that would have been expected, > 0.
    """

    start: dt.date
    end: dt.date
    expected: float

    @property
    def days(self) -> int:
        """Length in days, ≥ 1."""
        return (self.end - self.start).days + 1


@dataclass(frozen=True)
class Apart:
    """Days beyond a gap: those from `first` to `last`; `near` is the day at the other side of the gap."""

    first: dt.date
    last: dt.date
    near: dt.date
    late: bool
    expected: float

    @property
    def days(self) -> str:
        """The first and the last of them, in words."""
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"

    @property
    def gap(self) -> int:
        """Days from one side of the gap to the other."""
        return ((self.first - self.near) if self.late else (self.near - self.last)).days


def chance_of_none(expected: float, level: float = LEVEL) -> float:
    """Return the chance that nobody buys where purchases are expected, `(1 + m / k)^-k`.

    Parameters
    ----------
    expected : float
        m, purchases, ≥ 0.
    level : float
        k, > 0.

    Returns
    -------
    float
        In (0, 1].

    Examples
    --------
    >>> round(chance_of_none(27.0), 6)
    0.001
    """
    return float((1 + expected / level) ** -level)


def days_of(purchases: ibis.Table) -> list[Day]:
    """Count purchases and rows by day.

    Parameters
    ----------
    purchases : ibis.Table
        Customer-days with `customer_id, date`, and `rows` where rows have been merged.
    """
    rows = purchases["rows"].sum() if "rows" in purchases.columns else purchases.count()
    counted = purchases.group_by("date").agg(purchases=purchases.customer_id.nunique(), rows=rows).order_by("date")
    return [Day(row["date"], int(row["purchases"]), int(row["rows"])) for row in counted.to_pyarrow().to_pylist()]


def isolated(days: Sequence[Day]) -> tuple[Apart, ...]:
    """Find the few rows at the beginning or the end of a log that a gap out of all proportion parts from the others.

    The gap is longer than `APART_DAYS` and `APART_TIMES` the longest of all others, and the chance of it, after what
    the days on its populated side let expect, is below `APART_CHANCE`; beyond it lie at most `APART_ROWS` of all rows
    (or one row), or `APART_ROWS_OF_A_DAY` if they have one date. What is found is taken away, and the rest looked at
    again.

    Parameters
    ----------
    days : sequence of Day
        By date.

    Returns
    -------
    tuple of Apart
        The first days, then the last ones; at most one of each.

    Examples
    --------
    >>> shop = [Day(dt.date(2024, 1, 1) + dt.timedelta(days=3 * n), 2, 2) for n in range(100)]
    >>> [(found.first.year, found.gap) for found in isolated([Day(dt.date(1900, 1, 1), 5, 5), *shop])]
    [(1900, 45290)]
    """
    low, high, found = 0, len(days), 1
    while found:
        found = 0
        for late in (False, True):
            cut = _slips(days, low, high, late=late)
            low, high = (low, high - cut) if late else (low + cut, high)
            found += cut
    ends = [(days[:low], days[low:high], False)] if low else []
    ends += [(days[high:], days[low:high], True)] if high < len(days) else []
    return tuple(_apart(outer, inner, late=late) for outer, inner, late in ends)


def apart_from_others(rows: ibis.Table, treated: str) -> tuple[ibis.Table, tuple[Apart, ...]]:
    """Find rows whose days stand apart, and leave them out, keep them, or refuse the log.

    Parameters
    ----------
    rows : ibis.Table
        Rows with `customer_id, date, amount, fate`; those without a fate, and above 0, are looked at.
    treated : {"exclude", "keep", "refuse"}
        What to do with them.

    Returns
    -------
    tuple
        The rows, those beyond a gap with a fate where they are left out; and the days that stand apart.

    Raises
    ------
    DomainError
        If there are any, and they are to be refused.
    """
    apart = isolated(days_of(rows.filter(rows.fate.isnull(), rows.amount >= 0)))
    if not apart or treated == "keep":
        return rows, apart
    beyond = ibis.or_(*((rows.date >= one.first) if one.late else (rows.date <= one.last) for one in apart))
    if treated == "exclude":
        out = ibis.cases((beyond.fill_null(False), str(Code.ISOLATED_DAY)))
        return rows.mutate(fate=rows.fate.coalesce(out)), apart
    raise DomainError(
        Code.ISOLATED_DAYS_REFUSED,
        parameter="isolated_days",
        count=int(rows.filter(rows.fate.isnull(), beyond).count().to_pyarrow().as_py()),
        days=" and ".join(one.days for one in apart),
        near=apart[-1].near,
        gap=apart[-1].gap,
        leave=Setting("isolated_days", "exclude"),
        keep=Setting("isolated_days", "keep"),
    )


def _apart(outer: Sequence[Day], inner: Sequence[Day], *, late: bool) -> Apart:
    """Describe days beyond the gap beside the others."""
    near = inner[-1 if late else 0].date
    gap = (outer[0].date - near if late else near - outer[-1].date).days
    return Apart(outer[0].date, outer[-1].date, near, late, _beside(_outwards(inner, late=late), gap - 1))


def _outwards(days: Sequence[Day], *, late: bool) -> NDArray[np.int64]:
    """Count purchases day by day, from a gap behind the last day, or before the first, away from it."""
    counts = _by_day(days, days[-1].date)
    return counts[::-1] if late else counts


def _by_day(days: Sequence[Day], end: dt.date) -> NDArray[np.int64]:
    """Count purchases on every day of the calendar, from the first one with purchases to an end."""
    counts = np.zeros((end - days[0].date).days + 1, dtype=np.int64)
    counts[[(one.date - days[0].date).days for one in days]] = [one.purchases for one in days]
    return counts


def _beside(counts: NDArray[np.int64], length: int) -> float:
    """Purchases in a stretch that one side of it lets expect; counts are of days, from the stretch away from it."""
    width = max(1, min(length, counts.size // 2))
    near, far = float(counts[:width].sum()), float(counts[width : 2 * width].sum())
    trend = min(1.0, near / far) if far else 1.0
    whole, rest = divmod(length / width, 1)
    fading = whole if trend == 1 else trend * (1 - trend**whole) / (1 - trend)
    return float(near * (fading + rest * trend ** (whole + 1)))


def _slips(days: Sequence[Day], low: int, high: int, *, late: bool) -> int:
    """Count the days at one end, of those from `low` to `high`, that stand apart from the others."""
    inner = days[low:high]
    gaps = [(later.date - earlier.date).days for earlier, later in pairwise(inner)]
    total = sum(one.rows for one in days)
    away = list(days[high:] if late else days[:low])
    for cut in range(1, len(inner) - FEWEST_DAYS + 1):  # days that lie beyond the gap, from the outer end inwards
        away.append(inner[-cut if late else cut - 1])
        share = APART_ROWS if len(away) > 1 else APART_ROWS_OF_A_DAY
        if sum(one.rows for one in away) > max(1, share * total):
            return 0
        gap = gaps[-cut if late else cut - 1]
        rest = sorted(gaps[:-cut] if late else gaps[cut:])
        others = rest[:-1] if len(rest) >= FEWEST_DAYS else rest  # the other end may stand apart too
        if gap <= max(APART_DAYS, APART_TIMES * max(others)):
            continue
        populated = inner[:-cut] if late else inner[cut:]
        if chance_of_none(_beside(_outwards(populated, late=late), gap - 1)) <= APART_CHANCE:
            return cut
    return 0


def silences(days: Sequence[Day], end: dt.date) -> tuple[Closure, ...]:
    """Find stretches without any purchase, in the middle and at the end, that the purchases around do not explain.

    A stretch has at least `CLOSED_DAYS`. The chance that any of a log's stretches of its length is empty is below
    `CLOSED_CHANCE`: once after what its neighbours let expect, and once after all other gaps, whose tail is taken for
    exponential beyond their `OTHERS` quantile (which tells shops that book once a month from shops that were shut).

    Parameters
    ----------
    days : sequence of Day
        By date.
    end : datetime.date
        Last day of observation; later days are not looked at.

    Returns
    -------
    tuple of Closure
        By date; the last one may reach to the end.

    Examples
    --------
    >>> start = dt.date(2024, 1, 1)
    >>> shop = [Day(start + dt.timedelta(days=n), 1 + n % 2, 3) for n in range(400) if not 100 <= n < 191]
    >>> [(str(one.start), str(one.end), one.expected) for one in silences(shop, shop[-1].date)]
    [('2024-04-10', '2024-07-09', 136.5)]
    """
    seen = [one for one in days if one.date <= end]
    if len(seen) < FEWEST_DAYS:
        return ()
    counts = _by_day(seen, end)
    bought = np.flatnonzero(counts)
    gaps = np.diff(bought, append=counts.size)
    found = []
    for i in np.flatnonzero(gaps > CLOSED_DAYS):
        first, length = int(bought[i]) + 1, int(gaps[i]) - 1
        share = _season(counts, first, length)
        expected = _around(counts, first, length) * (1.0 if share is None else share)
        none = chance_of_none(expected, LEVEL_UNSEEN if share is None else LEVEL)
        if counts.size / length * none <= CLOSED_CHANCE and length >= _ordinary(np.delete(gaps, i)):
            start = seen[0].date + dt.timedelta(days=first)
            found.append(Closure(start, start + dt.timedelta(days=length - 1), expected))
    return tuple(found)


def _ordinary(gaps: NDArray[np.int64]) -> float:
    """Length that the longest of these gaps has with a chance of `CLOSED_CHANCE` if their tail is exponential."""
    return float(np.quantile(gaps, OTHERS) * math.log(gaps.size / CLOSED_CHANCE) / -math.log(1 - OTHERS))


def _season(counts: NDArray[np.int64], first: int, length: int) -> float | None:
    """Mean share of what their neighbours let expect that a stretch's days had in other years; None where unseen."""
    starts = range(first % YEAR, counts.size, YEAR) if length < YEAR else ()
    shares = [_of_year(counts, start, length) for start in starts if start != first]
    seen = [share for share in shares if share is not None]
    return float(np.mean(seen)) if seen else None


def _around(counts: NDArray[np.int64], first: int, length: int) -> float:
    """Purchases that both sides of a stretch let expect, the smaller number; of a short side nothing is asked."""
    sides = [counts[:first][::-1], counts[first + length :]]
    long = [side for side in sides if 2 * side.size >= length]
    return min(_beside(side, length) for side in long or [max(sides, key=len)])


def _of_year(counts: NDArray[np.int64], first: int, length: int) -> float | None:
    """Share of what its neighbours let expect that a stretch of another year had; its edges are left out."""
    edge = length // 8
    if first + length - edge > counts.size:
        return None
    expected = _around(counts, first, length) * (length - 2 * edge) / length
    return min(1.0, float(counts[first + edge : first + length - edge].sum()) / expected) if expected else None


def closures(log: TransactionLog, observation_end: dt.date | str | None = None) -> tuple[Closure, ...]:
    """Return the stretches in which a log's shop seems to have been shut, up to the end of observation.

    Parameters
    ----------
    log : TransactionLog
        Result of `read_transactions`.
    observation_end : datetime.date or ISO text, optional
        Last day that is looked at, such as the origin of a forecast; the log's last if not given.

    Returns
    -------
    tuple of Closure
        By date; the last one may reach to the end of observation: then the shop is shut, or the log not complete.

    Examples
    --------
    >>> import pandas as pd
    >>> from kundenwert.data.transactions import read_transactions
    >>> days = [day for day in pd.date_range("2023-01-02", "2024-06-30") if not "2023-07" <= str(day)[:7] < "2023-10"]
    >>> rows = pd.DataFrame({"customer_id": range(len(days)), "date": days, "amount": 1.0})
    >>> closures(read_transactions(rows))[0]
    Closure(start=datetime.date(2023, 7, 1), end=datetime.date(2023, 9, 30), expected=92.0)
    """
    end = day(observation_end, "observation_end") or log.last_day
    return silences(days_of(log.known(end)), end)
