"""Times of day with offsets from UTC: which day counts, and the days of a time zone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import ibis

from kundenwert.data.account import Note
from kundenwert.messages import Code, Setting
from kundenwert.sources import Place

_ZONE = r"(?i)\d[:.]\d{2}.*?\s*(z|utc|gmt|[+-]\d{2}(?::?\d{2})?)\s*$"
_SHORTEST = 15  # letters of a day with a time and an offset
_UTC = ("z", "utc", "gmt")


@ibis.udf.scalar.builtin(name="timezone")  # type: ignore[untyped-decorator]
def _in_utc(zone: str, moment: dt.datetime) -> ibis.dtype("timestamp('UTC')"):  # type: ignore[valid-type]
    """Return the moment that a clock in a zone shows (DuckDB)."""


@ibis.udf.scalar.builtin(name="timezone")  # type: ignore[untyped-decorator]
def _clock_in(zone: str, moment: ibis.dtype("timestamp('UTC')")) -> dt.datetime:  # type: ignore[valid-type, empty-body]
    """Return what a clock in a zone shows at a moment (DuckDB)."""


def has_offset(text: ibis.Value) -> ibis.Value:
    """Whether a text ends in a time of day with an offset from UTC, or with a word for UTC."""
    return ibis.cases((text.length() >= _SHORTEST, text.re_search(_ZONE)), else_=False)


def _offset(text: ibis.Value) -> ibis.Value:
    """Return the offset as written, in small letters; empty where there is none."""
    return ibis.cases((has_offset(text), text.re_extract(_ZONE, 1).lower()), else_="")


def _minutes(offset: ibis.Value) -> ibis.Value:
    """Return an offset's minutes east of Greenwich."""
    hours, rest = (offset.re_extract(r"^[+-](\d{2}):?(\d{2})?$", i).nullif("").try_cast("int64") for i in (1, 2))
    size = hours.fill_null(0) * 60 + rest.fill_null(0)
    return ibis.ifelse(offset.startswith("-"), -size, size)


def _clock(text: ibis.Value) -> ibis.Value:
    """Return the minutes since midnight that a text's time of day names."""
    shown = r"(?i)[t, ]\s*(\d{1,2})[:.](\d{2})[^apAP]*([ap]?)"
    hour, minute = (text.re_extract(shown, i).nullif("").try_cast("int64").fill_null(0) for i in (1, 2))
    half = text.re_extract(shown, 3).lower()
    hour = ibis.cases((half == "p", hour % 12 + 12), (half == "a", hour % 12), else_=hour)
    return hour * 60 + minute


def _day_in(zone: str, moment: ibis.Value) -> ibis.Value:
    """Return the day that it is in a zone at a moment of UTC."""
    return _clock_in(zone, _in_utc("UTC", moment)).date()


def day_in_zone(moment: ibis.Value, zone: str) -> ibis.Value:
    """Return the day that it is in a zone at a moment whose column knows its own zone."""
    return _clock_in(zone, moment).date()


def day_of_stamp(text: ibis.Value, day: ibis.Value, zone: str) -> ibis.Value:
    """Return the day of a stamp in a time zone; the day as written where the stamp has no offset."""
    utc = day.cast("timestamp") + (_clock(text) - _minutes(_offset(text))).as_interval("m")
    return ibis.cases((has_offset(text), _day_in(zone, utc)), else_=day)


def day_of_seconds(seconds: ibis.Value, zone: str) -> ibis.Value:
    """Return the day in a time zone of a number of seconds since 1970."""
    return _day_in(zone, ibis.literal(dt.datetime(1970, 1, 1)) + seconds.as_interval("s"))  # noqa: DTZ001


@dataclass(frozen=True)
class _Offset:
    written: str
    minutes: int
    rows: int
    first: int
    text: str


def note_offsets(rows: ibis.Table, day: ibis.Value, zone: str | None, place: Callable[[int], str]) -> tuple[Note, ...]:
    """Say which day counts where offsets from UTC differ.

    The day as written counts, in summer and in winter. Where some rows are in UTC and others in local time, the days of
    those near midnight are not those of the shop: a caution, unless a time zone is stated.

    Parameters
    ----------
    rows : ibis.Table
        With `row` and `text`.
    day : ibis.Value
        The day of each row as written.
    zone : str or None
        The time zone that is stated.
    place : callable
        Names the place of a row.
    """
    marked = rows.mutate(offset=_offset(rows.text), clock=_clock(rows.text), day=day).filter(rows.text.notnull())
    kinds = marked.group_by("offset").agg(
        n=marked.count(), first=marked["row"].min(), text=marked.text.argmin(marked["row"])
    )
    kinds = kinds.mutate(minutes=_minutes(kinds.offset))
    found = [
        _Offset(kind["offset"], kind["minutes"], kind["n"], kind["first"], kind["text"])
        for kind in kinds.order_by("first").to_pyarrow().to_pylist()
    ]
    stamped = sum(kind.rows for kind in found if kind.written)
    if zone is not None:
        return (Note(Code.DAYS_OF_ZONE, stamped, figures={"zone": zone}),) if stamped else ()
    utc = [kind for kind in found if _is_utc(kind, found)]
    local = [kind for kind in found if kind not in utc]
    if utc and local:
        return (_mixed(marked, utc, local, place),)
    spread = {kind.minutes for kind in found if kind.written}
    if spread and max(spread) - min(spread) > 60:  # more than summer and winter
        first = tuple(Place(place(kind.first), repr(kind.text)) for kind in found[:3])
        return (Note(Code.OFFSETS_DIFFER, stamped, first, figures={"zone": Setting("timezone", "Europe/Berlin")}),)
    return ()


def _is_utc(kind: _Offset, found: Sequence[_Offset]) -> bool:
    """Whether an offset means UTC: +00:00 beside +01:00 only is the winter of London or Lisbon."""
    if kind.written in _UTC:
        return True
    others = {other.minutes for other in found if other.written} - {0}
    return bool(kind.written) and kind.minutes == 0 and not others <= {60}


def _mixed(marked: ibis.Table, utc: Sequence[_Offset], local: Sequence[_Offset], place: Callable[[int], str]) -> Note:
    """Count the rows in UTC whose day is another one by the offsets of the others."""
    shifts = {kind.minutes for kind in local if kind.written} or {60, 120}
    reached = [(marked.clock + shift < 0) | (marked.clock + shift >= 24 * 60) for shift in sorted(shifts)]
    change = marked.offset.isin([kind.written for kind in utc]) & ibis.or_(*reached)
    moved = int(marked.agg(n=change.sum()).to_pyarrow().to_pylist()[0]["n"] or 0)
    first = tuple(Place(place(kind.first), repr(kind.text)) for kind in (utc[0], local[0]))
    figures = {
        "utc": sum(kind.rows for kind in utc),
        "local": sum(kind.rows for kind in local),
        "zone": Setting("timezone", "Europe/Berlin"),
    }
    return Note(Code.OFFSETS_MIXED, moved, first, caution=True, figures=figures)
