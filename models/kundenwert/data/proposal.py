"""First settings for a log that nobody has described yet: what its columns may be, which days to observe."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from kundenwert.data.roles import fitting_names
from kundenwert.data.transactions import read_transactions
from kundenwert.errors import KundenwertError
from kundenwert.settings import Reading
from kundenwert.sources import Source, SourceInfo, open_source

MOST_COHORTS = 20
"""Values of a column that may be told apart as cohorts."""

HELD_OUT = 0.25
"""Share of the log that the suggested hold-out takes."""

_LEAST_DAYS = 120


@dataclass(frozen=True)
class Proposal:
    """What was found of a source that nobody has described.

    Parameters
    ----------
    names : tuple of str
        Its columns.
    info : SourceInfo
        How it was read; without dates and amounts where it could not be.
    fitting : mapping
        Columns whose names say that they may be customer_id, date or amount, the surest first.
    cohorts : mapping
        Columns of few values, with the number of their values.
    first_day, last_day : datetime.date or None
        Days of the first and the last purchase.
    observation_end : datetime.date or None
        Where an observation may end that leaves a hold-out.
    refusal : KundenwertError or None
        Why the rows could not be read.
    """

    names: tuple[str, ...]
    info: SourceInfo
    fitting: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cohorts: Mapping[str, int] = field(default_factory=dict)
    first_day: dt.date | None = None
    last_day: dt.date | None = None
    observation_end: dt.date | None = None
    refusal: KundenwertError | None = None


def propose(source: object, reading: Reading) -> Proposal:
    """Look at a source, and propose how to read and to split it.

    Parameters
    ----------
    source
        As in `read_transactions`.
    reading
        What is known of it.

    Returns
    -------
    Proposal

    Raises
    ------
    SchemaError
        If the source cannot be opened.

    Examples
    --------
    >>> import pandas as pd
    >>> days = pd.date_range("2023-01-01", "2024-12-31", freq="D").strftime("%d.%m.%Y")
    >>> rows = pd.DataFrame({"customer_id": ["a"] * 731, "date": days, "amount": 1.5, "region": "N"})
    >>> found = propose(rows, Reading())
    >>> found.last_day, found.observation_end, dict(found.cohorts)
    (datetime.date(2024, 12, 31), datetime.date(2024, 6, 30), {'region': 1})
    """
    opened = open_source(source, reading)
    cohorts = _few(opened)
    fitting = {
        role: tuple(dict.fromkeys(name for tier in fitting_names(opened, role) for name in tier))
        for role in ("customer_id", "date", "amount")
    }
    try:
        log = read_transactions(source, reading)
    except KundenwertError as error:
        return Proposal(opened.names, opened.info, fitting, cohorts, refusal=error)
    taken = {*log.source.columns.values(), *reading.keep}
    cohorts = {name: count for name, count in cohorts.items() if name not in taken}
    end = _observation_end(log.first_day, log.last_day)
    return Proposal(opened.names, log.source, fitting, cohorts, log.first_day, log.last_day, end)


def _few(opened: Source) -> dict[str, int]:
    """Columns of few values, with their number."""
    columns = [f"c{i}" for i in range(len(opened.names))]
    counts = opened.table.agg(**{name: opened.table[name].nunique() for name in columns}).to_pyarrow().to_pylist()[0]
    return {
        name: int(counts[column])
        for name, column in zip(opened.names, columns, strict=True)
        if 1 <= int(counts[column]) <= MOST_COHORTS and opened.names.count(name) == 1
    }


def _observation_end(first: dt.date, last: dt.date) -> dt.date | None:
    """Return the end of a month that leaves about a quarter of the log as hold-out; None where the log is short."""
    days = (last - first).days
    if days < _LEAST_DAYS:
        return None
    near = last - dt.timedelta(days=round(HELD_OUT * days))
    ends = [
        dt.date(year, month, calendar.monthrange(year, month)[1])
        for year in range(first.year, last.year + 1)
        for month in range(1, 13)
    ]
    return min((day for day in ends if first < day < last), key=lambda day: abs((day - near).days), default=None)
