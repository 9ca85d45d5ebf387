"""Days that are none, and days far from all others: said before anything is fitted to them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

import ibis

from kundenwert.data.account import Note
from kundenwert.data.beginnings import begins_within
from kundenwert.data.date_formats import FORMATS
from kundenwert.data.dates import Dating, read_date, swapped
from kundenwert.data.stretches import Apart, Closure, days_of, silences
from kundenwert.messages import Code, Setting
from kundenwert.sources import Place, Source

if TYPE_CHECKING:
    from kundenwert.data.spans import Span

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


def day_cautions(
    rows: ibis.Table, daily: ibis.Table, opened: Source, date_format: str | None, apart: Sequence[Apart] = ()
) -> tuple[Note, ...]:
    """Say which days stand apart from all others, and how many rows merge where dates name no day.

    Parameters
    ----------
    rows, daily : ibis.Table
        Rows with their fates, and the result of `merge_days`.
    opened : Source
        The source, for the places of its rows.
    date_format : str or None
        How the dates are written.
    apart : sequence of Apart
        First and last days that stand apart, left out or kept.

    Returns
    -------
    tuple of Note
    """
    notes = []
    coarse = _coarse(date_format)
    if coarse is not None:
        sums = daily.agg(days=daily.count(), rows=daily["rows"].sum()).to_pyarrow().to_pylist()[0]
        used = int(sums["rows"] or 0)
        merged = used - int(sums["days"])
        notes.append(Note(_COARSE[coarse], merged, figures={"share": 100 * merged / max(used, 1)}))
    notes += _placeholders(rows, opened)
    return (*notes, *(_of_apart(rows, opened, one) for one in apart))


def _coarse(date_format: str | None) -> str | None:
    """Return what a format names where it is no day."""
    if date_format is None:
        return None
    if date_format in FORMATS:
        return FORMATS[date_format].coarse
    return None if any(sign in date_format for sign in _MONTH_WITHOUT_DAY) else "month"


def _placeholders(rows: ibis.Table, opened: Source) -> list[Note]:
    """Name the days by which a log says that there is none."""
    theirs = rows.filter(rows.fate == str(Code.PLACEHOLDER_DATE))
    days = theirs.group_by("date").agg(n=theirs.count()).order_by("date").to_pyarrow().to_pylist()
    if not days:
        return []
    named = " and ".join(str(one["date"]) for one in days)
    return [_about(theirs, opened, Code.PLACEHOLDER_DATES, {"days": named})]


def _of_apart(rows: ibis.Table, opened: Source, apart: Apart) -> Note:
    """Say of rows that stand apart what was done with them, and how to have it otherwise."""
    there = rows.filter(rows.date.between(apart.first, apart.last))
    out = there.filter(there.fate == str(Code.ISOLATED_DAY))
    left_out = bool(out.count().to_pyarrow().as_py())
    figures = {
        "day": apart.last if apart.late else apart.first,
        "days": apart.days,
        "near": apart.near,
        "gap": apart.gap,
        "expected": apart.expected,
        "end": Setting("observation_end", str(apart.near)),
        "leave": Setting("isolated_days", "exclude"),
        "keep": Setting("isolated_days", "keep"),
    }
    if left_out:
        return _about(out, opened, Code.LAST_DAYS_LEFT_OUT if apart.late else Code.FIRST_DAYS_LEFT_OUT, figures)
    code = Code.LAST_DAY_APART if apart.late else Code.FIRST_DAY_APART
    return _about(there.filter(there.fate.isnull()), opened, code, figures)


def _about(rows: ibis.Table, opened: Source, code: Code, figures: dict[str, object]) -> Note:
    """Make a caution of rows: how many, their money, and what the first of them say."""
    found = rows.agg(n=rows.count(), money=rows.amount.sum()).to_pyarrow().to_pylist()[0]
    shown = rows.order_by("row").limit(3).select("row", "customer_id", "date_text", "amount_text")
    first = tuple(
        Place(
            opened.place(row["row"]), f"customer {row['customer_id']!r}, {row['date_text']!r}, {row['amount_text']!r}"
        )
        for row in shown.to_pyarrow().to_pylist()
    )
    return Note(code, int(found["n"]), first, caution=True, money=float(found["money"] or 0), figures=figures)


def span_cautions(purchases: ibis.Table, span: Span) -> tuple[Note, ...]:
    """Say in which stretches of observation and hold-out nobody bought against all expectation, and how a log begins.

    Parameters
    ----------
    purchases : ibis.Table
        Customer-days, as in `TransactionLog.purchases`.
    span : Span
        Which days are used.

    Returns
    -------
    tuple of Note
    """
    days, end = days_of(purchases), span.end
    notes = [_silent(one, Code.SILENT_STRETCH if one.end == end else Code.CLOSURE) for one in silences(days, end)]
    if span.holdout is not None:
        later = [one for one in silences(days, span.holdout) if one.end > end]
        notes += [_silent(one, Code.CLOSURE_HELD_OUT) for one in later]
    return (*notes, *_beginning(purchases, end))


def _beginning(purchases: ibis.Table, end: dt.date) -> list[Note]:
    """Say where a log begins in the middle of its customers' lives."""
    found = begins_within(purchases, end)
    if found is None:
        return []
    figures = {"customers": found.customers, "until": found.until, "share": 100 * found.share}
    return [Note(Code.BEGINS_WITHIN_LIVES, 0, caution=True, figures=figures)]


def _silent(closure: Closure, code: Code) -> Note:
    figures = {
        "start": closure.start,
        "end": closure.end,
        "length": closure.days,
        "expected": closure.expected,
        "before": Setting("observation_end", str(closure.start - dt.timedelta(days=1))),
    }
    return Note(code, 0, caution=True, figures=figures)
