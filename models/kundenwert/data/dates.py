"""Dates written as text: which format a column uses, and how they are read, as Ibis expressions."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import ibis

from kundenwert.data.account import Note
from kundenwert.data.date_formats import FORMATS, date_part, try_strptime
from kundenwert.data.offsets import day_of_seconds, day_of_stamp, has_offset, note_offsets
from kundenwert.data.stated_formats import stated_format
from kundenwert.errors import DomainError
from kundenwert.messages import Code, Setting, several
from kundenwert.sources import Place

EARLIEST, LATEST = dt.date(1900, 1, 1), dt.date(2199, 12, 31)
ISO = "%Y-%m-%d"

FEW = 0.05
"""Share of dates that may be written otherwise than the rest, if they mean one day only: they are read, and told."""

_YEARS = 12  # values of a last number of two digits up to which it may be the year, whatever the first has
_MANY_DAYS = 200_000  # distinct days as written, up to which they are fetched and looked at here


@dataclass(frozen=True)
class Dating:
    """How the dates of a text column are written.

    Parameters
    ----------
    date_format : str
        Name of one of `FORMATS`, or a strftime format.
    also : tuple of str
        Formats of the few that are written otherwise.
    zone : str, optional
        Time zone whose days count where times of day carry offsets.
    stamped : bool
        Whether some do.
    notes : tuple of Note
        What was seen.
    days : ibis.Table
        The days as written (`day`) and their rows (`n`), each once or more often.
    """

    date_format: str
    days: ibis.Table
    also: tuple[str, ...] = ()
    zone: str | None = None
    stamped: bool = False
    notes: tuple[Note, ...] = ()

    def written(self, text: ibis.Value) -> ibis.Value:
        """Return the day that stands in a text, or missing."""
        return read_date(text, self.date_format, *self.also)

    def day(self, text: ibis.Value) -> ibis.Value:
        """Return the day that counts, in the time zone that is stated."""
        if self.zone is not None and self.date_format.startswith("unix"):
            return day_of_seconds(_seconds(date_part(text), self.date_format), self.zone)
        if self.zone is not None and self.stamped:
            return day_of_stamp(text, self.written(text), self.zone)
        return self.written(text)


def _seconds(part: ibis.Value, name: str) -> ibis.Value:
    rule, form = FORMATS[name].rules[0]
    return ibis.cases((part.re_search(rule), part.re_replace(rule, form).try_cast("int64")))


def read_date(text: ibis.Value, *formats: str) -> ibis.Value:
    """Return the day that a text names in the first format that reads it, or missing.

    Parameters
    ----------
    text : ibis.Value
        Dates as written.
    *formats : str
        Names of `FORMATS`, or any other strftime format.
    """
    days = [FORMATS[name].of(text) if name in FORMATS else try_strptime(text.strip(), name).date() for name in formats]
    return days[0] if len(days) == 1 else ibis.coalesce(*days)


def date_notation(
    rows: ibis.Table, *, label: str, place: Callable[[int], str], date_format: str | None, zone: str | None
) -> Dating:
    """Find out how the dates of a column are written, unless it is stated.

    Parameters
    ----------
    rows : ibis.Table
        Rows with `row` and `text`.
    label : str
        Name of the column in the user's source, for messages.
    place : callable
        Names the place of a row.
    date_format, zone : str, optional
        What is stated.

    Returns
    -------
    Dating

    Raises
    ------
    DomainError
        If the format that is stated names no day, if day and month cannot be told apart, or if formats are mixed.
    """
    written = _distinct(rows)
    also: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    if date_format is None:
        name, also, notes = _find(written, label=label, place=place)
    else:
        name = stated_format(date_format)
    if name in FORMATS:
        days = written.select("n", day=_of_parts(written.part, name, *also))
    else:
        days = rows.select(n=1, day=read_date(rows.text, name))
    stamped = bool(written.agg(n=written.zoned.sum()).to_pyarrow().to_pylist()[0]["n"])
    dating = Dating(name, days, also, zone, stamped, notes)
    if name.startswith("unix"):
        return _with_notes(dating, Note(Code.DAYS_OF_ZONE if zone else Code.DAYS_OF_UTC, 0, figures=_zone(zone)))
    if stamped:
        return _with_notes(dating, *note_offsets(rows, dating.written(rows.text), zone, place))
    return dating if zone is None else _with_notes(dating, Note(Code.ZONE_UNUSED, 0, figures=_zone(zone)))


def _with_notes(dating: Dating, *notes: Note) -> Dating:
    return Dating(dating.date_format, dating.days, dating.also, dating.zone, dating.stamped, (*dating.notes, *notes))


def _zone(zone: str | None) -> dict[str, object]:
    return {"zone": Setting("timezone", "Europe/Berlin") if zone is None else zone}


def _distinct(rows: ibis.Table) -> ibis.Table:
    """Return each day as written once: `part`, its rows `n`, its first `row`, and how many rows carry an offset."""
    texts = rows.filter(rows.text.notnull()).group_by("text").agg(n=lambda t: t.count(), row=lambda t: t["row"].min())
    days = _parts(texts, worded=False)
    if int(days.filter(days.part == "").count().to_pyarrow().as_py()):
        worded = _parts(texts.filter(date_part(texts.text) == ""), worded=True)
        days = days.filter(days.part != "").union(worded)
    return days


def _parts(texts: ibis.Table, *, worded: bool) -> ibis.Table:
    """Return the parts of distinct texts that hold the day; fetched, unless they are many."""
    marked = texts.mutate(part=date_part(texts.text, worded=worded), zoned=has_offset(texts.text).ifelse(texts.n, 0))
    days = marked.group_by("part").agg(n=marked.n.sum(), row=marked["row"].min(), zoned=marked.zoned.sum())
    fetched = days.limit(_MANY_DAYS + 1).to_pyarrow()
    return ibis.memtable(fetched) if fetched.num_rows <= _MANY_DAYS else days


def _of_parts(part: ibis.Value, *formats: str) -> ibis.Value:
    return ibis.coalesce(*(FORMATS[name].day(part) for name in formats))


def _possible(days: ibis.Table) -> list[str]:
    """Return the formats that some part can have, by its signs alone: all digits are taken for a 2."""
    shapes = (
        days.select("n", shape=days.part.translate("0123456789", "2" * 10)).group_by("shape").agg(n=lambda t: t.n.sum())
    )
    found = shapes.order_by(ibis.desc("n"), "shape").limit(1000).to_pyarrow()["shape"].to_pylist()
    rules = {name: [rule for rule, _ in known.rules] for name, known in FORMATS.items()}
    return [name for name, known in rules.items() if any(re.search(rule, shape) for rule in known for shape in found)]


def _find(
    written: ibis.Table, *, label: str, place: Callable[[int], str]
) -> tuple[str, tuple[str, ...], tuple[Note, ...]]:
    """Find the format that reads the most days, and those of a few others."""
    days = written.filter(written.part != "")
    possible = _possible(days)
    days = days.mutate(**{name: FORMATS[name].day(days.part) for name in possible})
    found = days.agg(total=days.n.sum(), **{name: days.n.sum(where=days[name].notnull()) for name in possible})
    row = found.to_pyarrow().to_pylist()[0]
    counts = {name: int(row[name] or 0) for name in possible if row[name]}
    if not counts:
        return ISO, (), ()
    best = max(counts, key=lambda name: counts[name])
    rivals = [name for name in counts if name == swapped(best) or (name != best and counts[name] == counts[best])]
    for rival in rivals:
        _refuse_doubt(days, best, rival, equal=counts[rival] == counts[best], label=label)
    _refuse_years_in_front(days, best, label=label)
    others = [name for name in counts if name != best]
    if not others or counts[best] == row["total"]:
        return best, (), ()
    return best, *_few_others(days, counts, best, label=label, place=place)


def swapped(name: str) -> str:
    """Return a format with day and month the other way round."""
    return name.translate(str.maketrans("dm", "md"))


def _refuse_doubt(days: ibis.Table, best: str, rival: str, *, equal: bool, label: str) -> None:
    """Refuse days that two formats read, each as another one, where no other day decides."""
    differ = days[best] != days[rival]
    doubt = days.agg(
        only=days.n.sum(where=days[best].isnull() & days[rival].notnull()),
        differ=days.n.sum(where=differ),
        example=days.part.min(where=differ),
    )
    found = doubt.to_pyarrow().to_pylist()[0]
    if found["differ"] and (equal or found["only"]):
        raise DomainError(
            Code.DAY_MONTH_UNCLEAR if rival == swapped(best) else Code.DATES_UNCLEAR,
            parameter="date_format",
            column=label,
            count=int(found["differ"]),
            example=found["example"],
            first=Setting("date_format", best),
            second=Setting("date_format", rival),
        )


def _refuse_years_in_front(days: ibis.Table, best: str, *, label: str) -> None:
    """Refuse 23-01-09 as the 23rd where the last number takes many more values than the first: it is the day."""
    if best[-2:] != "%y" or best[2] not in "-/":
        return
    numbers = days.filter(days[best].notnull())
    first, last = (numbers.part.re_extract(rule, 1) for rule in (r"^(\d+)\D", r"\D(\d+)$"))
    found = numbers.agg(first=first.nunique(), last=last.nunique(), n=numbers.n.sum(), example=numbers.part.min())
    row = found.to_pyarrow().to_pylist()[0]
    if row["last"] <= max(_YEARS, row["first"]):
        return
    raise DomainError(
        Code.DATES_UNCLEAR,
        parameter="date_format",
        column=label,
        count=int(row["n"]),
        example=row["example"],
        first=Setting("date_format", f"%y{best[2]}%m{best[2]}%d"),
        second=Setting("date_format", best),
    )


def _few_others(
    days: ibis.Table, counts: Mapping[str, int], best: str, *, label: str, place: Callable[[int], str]
) -> tuple[tuple[str, ...], tuple[Note, ...]]:
    """Return the formats of a few days that are written otherwise; refuse many, and those that can mean two days."""
    others = [name for name in sorted(counts, key=lambda name: -counts[name]) if name != best]
    format_of = ibis.cases(*((days[name].notnull(), name) for name in (best, *others)))
    kinds = days.mutate(format=format_of).filter(format_of.notnull()).group_by("format")
    first = kinds.agg(n=days.n.sum(), row=days["row"].min(), part=days.part.argmin(days["row"]))
    found = {kind["format"]: kind for kind in first.to_pyarrow().to_pylist()}
    others = [name for name in others if name in found]
    total = sum(kind["n"] for kind in found.values())
    few = sum(found[name]["n"] for name in others) <= FEW * total
    if not few or not all(_certain(name, best, counts) for name in others):
        told = [
            f"{name} ({several(int(kind['n']), 'row')}, such as {Place(place(kind['row']), repr(kind['part']))})"
            for name, kind in sorted(found.items(), key=lambda item: (-item[1]["n"], item[1]["row"]))
        ]
        raise DomainError(
            Code.DATES_MIXED,
            parameter="date_format",
            column=label,
            formats="; ".join(told),
            hint=Setting("date_format", best),
        )
    notes = []
    for name in others:
        rows = days.filter(format_of == name).order_by("row").limit(3).to_pyarrow().to_pylist()
        first = tuple(Place(place(row["row"]), repr(row["part"])) for row in rows)
        notes.append(Note(Code.DATES_OTHERWISE, int(found[name]["n"]), first, figures={"other": name, "usual": best}))
    return tuple(others), tuple(notes)


def _certain(name: str, best: str, formats: Mapping[str, int]) -> bool:
    """Whether a day in a format can be no other day, given the format of most."""
    same = name.lower() == best.lower()  # with or without the century
    coarse = FORMATS[name].coarse != FORMATS[best].coarse
    return not coarse and (same or swapped(name) == name or swapped(name) not in FORMATS)


def likely_format(texts: Sequence[str]) -> str | None:
    """Return the format in which most of some texts can be read, for advice; None where there is none.

    Examples
    --------
    >>> likely_format(["44971", "44981"]), likely_format(["11. Jan 2023"]), likely_format(["soon"])
    ('excel-days', '%d %b %Y', None)
    """
    import pyarrow as pa  # noqa: PLC0415

    rows = ibis.memtable(pa.table({"text": pa.array(texts, pa.string())}))
    days = rows.select(digits=date_part(rows.text), words=date_part(rows.text, worded=True))
    read = days.agg(
        **{
            name: known.day(days.words if known.worded else days.digits).notnull().sum()
            for name, known in FORMATS.items()
        }
    )
    counts = {name: int(n or 0) for name, n in read.to_pyarrow().to_pylist()[0].items()}
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] else None
