"""Days that are none, and days far from all others: said before anything is fitted to them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import ibis

from kundenwert.data.account import Note
from kundenwert.data.date_formats import FORMATS
from kundenwert.data.dates import Dating, read_date, swapped
from kundenwert.messages import Code, Setting
from kundenwert.sources import Place, Source

PLACEHOLDER_DAYS = tuple(
    dt.date(*day)
    for day in (
        *((1, 1, 1), (1753, 1, 1), (1899, 12, 30), (1899, 12, 31), (1900, 1, 1), (1901, 1, 1), (1970, 1, 1)),
        *((2079, 6, 6), (2099, 12, 31), (2999, 12, 31), (9999, 12, 31)),
    )
)
"""Days by which databases and spreadsheets say that there is none, or none yet."""

FAR_DAYS = 366
"""Days that must lie between a placeholder and all other days; a shop may have sold something on 1 January 1970."""

APART_DAYS, APART_TIMES, FEWEST_DAYS = 180, 5, 10
"""A first or last day stands apart if it is so many days away from the next, so many times the longest gap of all
others, and there are so many other days."""

APART_ROWS = 0.01
"""Share of the rows that may lie beyond such a gap; more are no slip."""

_COARSE = {"week": Code.DATES_ARE_WEEKS, "month": Code.DATES_ARE_MONTHS, "quarter": Code.DATES_ARE_QUARTERS}
_MONTH_WITHOUT_DAY = ("%d", "%e", "%j", "%c", "%x", "%s", "%F", "%D")


def far_placeholders(days: ibis.Table) -> tuple[dt.date, ...]:
    """Return the placeholders that stand among days and lie far from all of them.

    Parameters
    ----------
    days : ibis.Table
        With the column `day`.
    """
    placeholder = days.day.isin(PLACEHOLDER_DAYS)
    found = days.agg(
        first=days.day.min(where=~placeholder), last=days.day.max(where=~placeholder), seen=placeholder.sum()
    )
    span = found.to_pyarrow().to_pylist()[0]
    if not span["seen"] or span["first"] is None:
        return ()
    return tuple(
        day for day in PLACEHOLDER_DAYS if (span["first"] - day).days > FAR_DAYS or (day - span["last"]).days > FAR_DAYS
    )


def files_by_others(rows: ibis.Table, dating: Dating, opened: Source, stated: str | None) -> tuple[Note, ...]:
    """Name files none of whose days decides whether the day or the month stands first: other files decided it.

    Parameters
    ----------
    rows : ibis.Table
        With `row` and `text`, the days as written.
    dating : Dating
        How they are read.
    opened : Source
        Where they came from.
    stated : str, optional
        The format, where the user says it.
    """
    other = swapped(dating.date_format)
    if stated is not None or not opened.info.files or other == dating.date_format or other not in FORMATS:
        return ()
    starts = sorted(opened.parts)
    of = ibis.cases(*((rows["row"] >= start, start) for start in reversed(starts)))
    days = rows.select(start=of, text=rows.text, day=dating.written(rows.text), other=read_date(rows.text, other))
    read = days.filter(days.day.notnull()).group_by("start")
    found = read.agg(
        n=lambda t: (t.day != t.other).sum(), decided=lambda t: t.other.isnull().sum(), text=lambda t: t.text.min()
    )
    open_files = found.filter((found.n > 0) & (found.decided == 0)).order_by("start").to_pyarrow().to_pylist()
    return tuple(
        Note(
            Code.DAY_MONTH_BY_OTHERS,
            int(file["n"]),
            caution=True,
            figures={"file": opened.parts[file["start"]].file, "example": file["text"], "read": dating.date_format},
        )
        for file in open_files
    )


def day_cautions(rows: ibis.Table, daily: ibis.Table, opened: Source, date_format: str | None) -> tuple[Note, ...]:
    """Say which days stand apart from all others, and how many rows merge where dates name no day.

    Parameters
    ----------
    rows, daily : ibis.Table
        Results of `with_fate` and `merge_days`.
    opened : Source
        The source, for the places of its rows.
    date_format : str or None
        How the dates are written.

    Returns
    -------
    tuple of Note
    """
    counted = daily.group_by("date").agg(days=daily.count(), rows=daily["rows"].sum()).order_by("date")
    found = counted.to_pyarrow().to_pylist()
    merged = sum(int(day["rows"] - day["days"]) for day in found)
    used = sum(int(day["rows"]) for day in found)
    coarse = _coarse(date_format)
    notes = []
    if coarse is not None:
        notes.append(Note(_COARSE[coarse], merged, figures={"share": 100 * merged / max(used, 1)}))
    notes += [_caution(rows, opened, apart) for apart in _apart([(day["date"], int(day["rows"])) for day in found])]
    return tuple(notes)


def _coarse(date_format: str | None) -> str | None:
    """Return what a format names where it is no day."""
    if date_format is None:
        return None
    if date_format in FORMATS:
        return FORMATS[date_format].coarse
    return None if any(sign in date_format for sign in _MONTH_WITHOUT_DAY) else "month"


@dataclass(frozen=True)
class _Apart:
    """Days beyond a gap: those from `first` to `last`; `near` is the day at the other side of the gap."""

    first: dt.date
    last: dt.date
    near: dt.date
    gap: int
    late: bool


def _apart(days: Sequence[tuple[dt.date, int]]) -> list[_Apart]:
    """Find the few rows before a gap at the beginning, or behind one at the end, that dwarfs all others."""
    gaps = [(later[0] - earlier[0]).days for earlier, later in pairwise(days)]
    found, total = [], sum(rows for _, rows in days)
    for late in (False, True):
        order = range(len(gaps) - 1, -1, -1) if late else range(len(gaps))
        beyond = 0
        for i in order:  # the gap between days i and i + 1, from the outer end inwards
            beyond += days[i + 1 if late else i][1]
            inside = gaps[:i] if late else gaps[i + 1 :]
            if beyond > max(1, APART_ROWS * total) or len(inside) < FEWEST_DAYS - 1:
                break
            others = sorted(inside)[:-1] if len(inside) > FEWEST_DAYS else inside  # the other end may stand apart too
            if gaps[i] > max(APART_DAYS, APART_TIMES * max(others)):
                outer = (days[i + 1][0], days[-1][0]) if late else (days[0][0], days[i][0])
                found.append(_Apart(*outer, days[i if late else i + 1][0], gaps[i], late))
                break
    return found


def _caution(rows: ibis.Table, opened: Source, apart: _Apart) -> Note:
    """Name the rows that stand apart, their customers and their money."""
    good = rows.filter(rows.fate.isnull() & rows.date.between(apart.first, apart.last))
    found = good.agg(n=good.count(), money=good.amount.sum()).to_pyarrow().to_pylist()[0]
    shown = good.order_by("row").limit(3).select("row", "customer_id", "date_text", "amount_text")
    first = tuple(
        Place(
            opened.place(row["row"]), f"customer {row['customer_id']!r}, {row['date_text']!r}, {row['amount_text']!r}"
        )
        for row in shown.to_pyarrow().to_pylist()
    )
    figures = {
        "day": apart.last if apart.late else apart.first,
        "near": apart.near,
        "gap": apart.gap,
        "end": Setting("observation_end", str(apart.near)),
        "where": Setting("where"),
    }
    code = Code.LAST_DAY_APART if apart.late else Code.FIRST_DAY_APART
    return Note(code, int(found["n"]), first, caution=True, money=float(found["money"]), figures=figures)
