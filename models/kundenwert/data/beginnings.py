"""Logs that begin in the middle of their customers' lives: first seen is not first bought.

A base of customers that is older than the log looks the same in both directions of time: within the first H days, the
times up to first purchases are distributed as those from last ones to the end are, whatever the customers' rates, and
first ones pile up at the start. In a shop that grows from nothing they are spread evenly, and last ones lie late, so
that (first + last) / H - 1 is above 0 in the mean over customers. In a cohort whose acquisition has ended it is below,
and nobody is first seen in the second half of the H days while some are last seen in the first.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import ibis

SHORTEST, STEP, HORIZONS = 14.0, 1.5, 13
"""The shortest H in days, by how much each is longer than the one before, and how many there are."""

FEWEST = 200
"""Customers seen within H days below which nothing is said of them.

With 50, 3 of 40 shops of some 130 customers whose cohorts differ were called so and did begin with their logs.
"""

PILED = 0.35
"""Mean of first / H from which on downwards first purchases pile up; 1/2 if they come evenly."""

EVEN = 0.2
"""Mean of (first + last) / H - 1 that a season or growth may cause; half of it below 0."""

SHORTEST_RUN, LONGEST_RUN = 2, 3
"""How many lengths H, from the first where purchases pile up, must look alike in both directions; the smaller number
will do where the log is not longer."""


@dataclass(frozen=True)
class Beginning:
    """How a log begins that begins in the middle of its customers' lives.

    Parameters
    ----------
    until : datetime.date
        Last of the first H days, the shortest H where first purchases pile up at the start.
    days : int
        H.
    customers : int
        Customers seen in them.
    share : float
        Of these, the share first seen in the first half, in (0, 1].
    """

    until: dt.date
    days: int
    customers: int
    share: float


class Seen(NamedTuple):
    """Customers seen within `length` days: their number, sums over them, and who came late or left early.

    `first` is the sum of first / H; `both` that of (first + last) / H - 1, and `squares` that of its squares; `late`
    are first seen in the second half, `early` last seen in the first.
    """

    length: float
    customers: int
    first: float
    both: float
    squares: float
    late: int
    early: int


def begins_within(purchases: ibis.Table, end: dt.date) -> Beginning | None:
    """Say whether a log begins in the middle of its customers' lives.

    None of the simulated shops of 500 customers that began with the log is called so (new customers coming steadily,
    cohorts of a day, a quarter and a year; mean times between purchases of 15 to 200 days, seasons of log-sd 0 and
    0.35); of smaller ones nothing is said. Of logs cut out of the lives of their customers nearly all are whose
    customers buy often in their time; where most buy once or twice a year and soon leave there is no difference to be
    seen.

    Parameters
    ----------
    purchases : ibis.Table
        Customer-days with `customer_id, date`.
    end : datetime.date
        Last day that is looked at.

    Returns
    -------
    Beginning or None
        None where it does not, or nothing can be seen.

    Examples
    --------
    >>> import pyarrow as pa
    >>> days = [dt.date(2024, 1, 1) + dt.timedelta(days=n) for n in range(270)]
    >>> old = [{"customer_id": n, "date": day} for n in range(300) for day in days[n % 30 :: 30]]
    >>> begins_within(ibis.memtable(pa.Table.from_pylist(old)), days[-1])
    Beginning(until=datetime.date(2024, 2, 16), days=47, customers=300, share=0.8)
    """
    days = purchases.filter(purchases.date <= end)
    start = days.date.min().to_pyarrow().as_py()
    if start is None:
        return None
    spanned = (end - start).days + 1
    lengths = [length for length in (SHORTEST * STEP**n for n in range(HORIZONS)) if length <= spanned]
    found = _judged(_seen(days, start, lengths)) if lengths else None
    if found is None:
        return None
    until = start + dt.timedelta(days=int(found.length) - 1)
    return Beginning(until, int(found.length), found.customers, 1 - found.late / found.customers)


def _seen(days: ibis.Table, start: dt.date, lengths: Sequence[float]) -> list[Seen]:
    """Look at the customers of the first days of each length, in one query."""
    days = days.select("customer_id", time=days.date.delta(ibis.literal(start), unit="day"))
    last = {f"last{n}": days.time.max(where=days.time < length) for n, length in enumerate(lengths)}
    each = days.group_by("customer_id").agg(first=days.time.min(), **last)
    sums: dict[str, ibis.Value] = {}
    for n, length in enumerate(lengths):
        first, final = (each["first"] + 0.5) / length, (each[f"last{n}"] + 0.5) / length
        there = each["first"] < length
        both = first + final - 1
        sums |= {f"customers{n}": there.sum(), f"first{n}": first.sum(where=there), f"both{n}": both.sum(where=there)}
        sums |= {f"squares{n}": (both * both).sum(where=there), f"late{n}": (there & (first > 0.5)).sum()}
        sums |= {f"early{n}": (there & (final < 0.5)).sum()}
    row = each.agg(**sums).to_pyarrow().to_pylist()[0]
    return [Seen(length, *(row[f"{name}{n}"] for name in Seen._fields[1:])) for n, length in enumerate(lengths)]


def _judged(lengths: Sequence[Seen]) -> Seen | None:
    """Return the shortest length where first purchases pile up, if all around it looks alike in both directions."""
    piled: Seen | None = None
    run = 0
    for seen in lengths:
        if seen.customers < FEWEST:
            continue
        mean = seen.both / seen.customers
        error = math.sqrt(max(seen.squares / seen.customers - mean**2, 0.0) / seen.customers)
        if mean - 2 * error > EVEN:
            return None
        piled = seen if piled is None and seen.first <= PILED * seen.customers else piled
        if piled is None:
            continue
        if mean + 2 * error < -EVEN / 2 or seen.early > 2 * seen.late + 5:
            return None
        run += 1
        if run == LONGEST_RUN:
            break
    return piled if run >= SHORTEST_RUN else None
