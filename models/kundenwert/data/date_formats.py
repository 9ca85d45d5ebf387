"""The ways in which days are written that are known: what each looks like, and how it is read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import ibis

from kundenwert.data.date_words import MONTH, WEEKDAY, months_as_numbers

type Coarse = Literal["week", "month", "quarter"]

_CLOCK = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2}(?:[.,]\d+)?)?\s*(?:[ap]\.?m\.?)?"
_TIME = rf"(?:(?:[t, ]\s*{_CLOCK}|t\d{{4}}(?:\d{{2}})?)\s*(?:z|utc|gmt|uhr|[+-]\d{{2}}(?::?\d{{2}})?)?)?"
_DIGITS = r"\d[\d./-]*\d|\d+,\d+"
_NUMBERS = rf"(?i)^\s*{WEEKDAY}({_DIGITS})[.,]?{_TIME}\s*$"
_GAP = r"[\s./-]*"
_WORDS = "|".join(
    (
        rf"\d{{1,2}}(?:st|nd|rd|th)?{_GAP}{MONTH}\.?,?{_GAP}'?(?:\d{{4}}|\d{{2}})",
        rf"{MONTH}{_GAP}\d{{1,2}}(?:st|nd|rd|th)?,?[\s./-]+\d{{4}}",
        rf"\d{{4}}{_GAP}{MONTH}{_GAP}\d{{1,2}}",
        rf"{MONTH}{_GAP}\d{{4}}",
        r"\d{4}[\s/-]*(?:w|kw)\s*\d{1,2}(?:-?[1-7])?",
        r"kw\s*\d{1,2}[\s/.-]*\d{4}",
        r"\d{1,2}\.?\s*kw[\s/.-]*\d{4}",
        r"\d{4}[\s/-]*q[1-4]",
        r"q[1-4][\s/-]*\d{4}",
        r"[1-4]\.\s*quartal\s*\d{4}",
    )
)
_NAMES = rf"^\s*{WEEKDAY}({_WORDS})[.,]?{_TIME}\s*$"


def date_part(text: ibis.Value, *, worded: bool = False) -> ibis.Value:
    """Return the part of a text that holds the day, without a time of day; empty where there is none.

    Parameters
    ----------
    text : ibis.Value
        Dates as written.
    worded : bool
        Whether to look for days with letters in them; the name of a month becomes its number behind an m.

    Examples
    --------
    >>> import pyarrow as pa
    >>> texts = ["2024-03-02T10:00:00+02:00", "1. März 2025", "Wed, 11 Jan 2023 10:00:00 +0100", "soon"]
    >>> texts = ibis.memtable(pa.table({"text": texts})).text
    >>> date_part(texts).to_pyarrow().to_pylist()
    ['2024-03-02', '', '', '']
    >>> date_part(texts, worded=True).to_pyarrow().to_pylist()
    ['', '1. m03 2025', '11 m01 2023', '']
    """
    if not worded:
        return text.re_extract(_NUMBERS, 1)
    small = text.lower().replace("a\u0308", "ä")
    return months_as_numbers(small.re_extract(_NAMES, 1))


@dataclass(frozen=True)
class DayFormat:
    """A way in which days are written.

    Parameters
    ----------
    name : str
        strftime format, or a name such as excel-days.
    rules : tuple
        Regular expressions of a `date_part`, and what its groups become. Each fits a part whose digits are all 2, by
        which formats are sorted out that no part can have.
    read : callable
        From that text to a day; missing where there is none such.
    coarse : {"week", "month", "quarter"}, optional
        What is named where it is no day; its first day is read.
    worded : bool
        Whether letters stand in its days.
    """

    name: str
    rules: tuple[tuple[str, str], ...]
    read: Callable[[ibis.Value], ibis.Value] = lambda text: text.try_cast("date")
    coarse: Coarse | None = None
    worded: bool = False

    def of(self, text: ibis.Value) -> ibis.Value:
        """Return the day that a text names, or missing."""
        return self.day(date_part(text, worded=self.worded))

    def day(self, part: ibis.Value) -> ibis.Value:
        """Return the day that a `date_part` names, or missing."""
        return ibis.cases(
            *((part.re_search(rule), self.read(part.re_replace(rule, form))) for rule, form in self.rules)
        )


_SPREADSHEETS_FIRST = dt.date(1899, 12, 30)


def _of_days(count: ibis.Value) -> ibis.Value:
    """Return the day that a spreadsheet's number of days names."""
    return (ibis.literal(_SPREADSHEETS_FIRST) + count.try_cast("int64").as_interval("D")).cast("date")


def _of_seconds(count: ibis.Value) -> ibis.Value:
    """Return the day of a number of seconds since 1970, in UTC."""
    days = (count.try_cast("int64") / 86400).floor().cast("int64")
    return (ibis.literal(dt.date(1970, 1, 1)) + days.as_interval("D")).cast("date")


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def try_strptime(text: str, pattern: str) -> dt.datetime:  # type: ignore[empty-body]
    """Read a timestamp in a format; missing where it does not fit (DuckDB)."""


def _of_week(text: ibis.Value) -> ibis.Value:
    """Return the day of year-week-day by ISO 8601, Monday if there is none; missing where a year has no week 53.

    The engine plans an expression that repeats its text for half a minute: the text stands here three times.
    """
    day = try_strptime(text.re_replace("-$", "-1"), "%G-%V-%u").date()
    return ibis.cases((day.iso_year() == text.split("-")[0].try_cast("int64"), day))


def _of_quarter(text: ibis.Value) -> ibis.Value:
    year, quarter = (text.split("-")[i].try_cast("int64") for i in range(2))
    return ibis.date(year, 3 * quarter - 2, 1)


_D, _Y2_OLD, _Y2_NEW = r"(\d{1,2})", r"(69|[7-9]\d)", r"([0-5]\d|6[0-8])"
_YEAR = r"(19\d{2}|2[0-2]\d{2})"


def _two_digits(name: str, head: str, target: str, tail: str = "") -> DayFormat:
    """Return a format whose year is the third group and has no century."""
    return DayFormat(
        name, ((rf"{head}{_Y2_OLD}{tail}$", rf"19\3-{target}"), (rf"{head}{_Y2_NEW}{tail}$", rf"20\3-{target}"))
    )


def _numbers() -> list[DayFormat]:
    formats = [DayFormat("%Y%m%d", ((r"^(\d{4})(\d{2})(\d{2})$", r"\1-\2-\3"),))]
    for sign in "-./":
        mark = rf"\{sign}"
        formats.append(DayFormat(f"%Y{sign}%m{sign}%d", ((rf"^(\d{{4}}){mark}{_D}{mark}{_D}$", r"\1-\2-\3"),)))
        orders = {"%d{0}%m": r"\2-\1"} if sign == "." else {"%d{0}%m": r"\2-\1", "%m{0}%d": r"\1-\2"}
        for order, target in orders.items():
            head, name = rf"^{_D}{mark}{_D}{mark}", f"{order.format(sign)}{sign}"
            formats.append(DayFormat(f"{name}%Y", ((rf"{head}(\d{{4}})$", rf"\3-{target}"),)))
            formats.append(_two_digits(f"{name}%y", head, target))
    formats += [
        DayFormat(f"{order}%Y", ((rf"^(\d{{1,2}})(\d{{2}}){_YEAR}$", rf"\3-{target}"),))
        for order, target in {"%d%m": r"\2-\1", "%m%d": r"\1-\2"}.items()
    ]
    clock = r"([01]\d|2[0-3])[0-5]\d"
    compact = rf"^{_YEAR}(\d{{2}})(\d{{2}}){clock}"
    return [
        *formats,
        DayFormat("%Y%m%d%H%M", ((rf"{compact}$", r"\1-\2-\3"),)),
        DayFormat("%Y%m%d%H%M%S", ((rf"{compact}[0-5]\d$", r"\1-\2-\3"),)),
    ]


def _words() -> list[DayFormat]:
    gap, ordinal, month = r"[\s./-]*", "(?:st|nd|rd|th)?", r"m(\d{2})"
    head = rf"^{_D}{ordinal}{gap}{month}\.?,?{gap}'?"
    return [
        DayFormat("%d %b %Y", ((rf"{head}(\d{{4}})$", r"\3-\2-\1"),)),
        _two_digits("%d %b %y", head, r"\2-\1"),
        DayFormat("%b %d %Y", ((rf"^{month}{gap}{_D}{ordinal},?[\s./-]+(\d{{4}})$", r"\3-\1-\2"),)),
        DayFormat("%Y %b %d", ((rf"^(\d{{4}}){gap}{month}{gap}{_D}$", r"\1-\2-\3"),)),
        DayFormat("%b %Y", ((rf"^{month}{gap}(\d{{4}})$", r"\2-\1-01"),), coarse="month"),
    ]


def _counts() -> list[DayFormat]:
    parts = r"(?:[.,]\d+)?$"
    seconds, more = r"^(\d{9}|[1-3]\d{9}|40\d{8})", r"\d{3}"
    return [
        DayFormat("excel-days", ((rf"^([2-6]\d{{4}}|7[0-2]\d{{3}}){parts}", r"\1"),), _of_days),
        DayFormat("unix-seconds", ((rf"{seconds}{parts}", r"\1"),), _of_seconds),
        DayFormat("unix-milliseconds", ((rf"{seconds}{more}{parts}", r"\1"),), _of_seconds),
    ]


def _has_letters(known: DayFormat) -> bool:
    return known.name in ("iso-weeks", "quarters") or "%b" in known.name


def _spans() -> list[DayFormat]:
    months = [
        *((f"%Y{sign}%m", rf"^{_YEAR}\{sign}{_D}$", r"\1-\2-01") for sign in "-./"),
        *((f"%m{sign}%Y", rf"^{_D}\{sign}{_YEAR}$", r"\2-\1-01") for sign in "-./"),
        ("%Y%m", rf"^{_YEAR}(\d{{2}})$", r"\1-\2-01"),
    ]
    weeks = (
        (r"^(\d{4})[\s/-]*(?:w|kw)\s*(\d{1,2})(?:-?([1-7]))?$", r"\1-\2-\3"),
        (r"^kw\s*(\d{1,2})[\s/.-]*(\d{4})$", r"\2-\1-"),
        (r"^(\d{1,2})\.?\s*kw[\s/.-]*(\d{4})$", r"\2-\1-"),
    )
    quarters = (
        (r"^(\d{4})[\s/-]*q([1-4])$", r"\1-\2"),
        (r"^(?:q([1-4])[\s/-]*|([1-4])\.\s*quartal\s*)(\d{4})$", r"\3-\1\2"),
    )
    return [
        *(DayFormat(name, ((rule, form),), coarse="month") for name, rule, form in months),
        DayFormat("iso-weeks", weeks, _of_week, "week"),
        DayFormat("quarters", quarters, _of_quarter, "quarter"),
    ]


_KNOWN = (*_numbers(), *_words(), *_counts(), *_spans())
FORMATS = {known.name: replace(known, worded=_has_letters(known)) for known in _KNOWN}
"""All formats by name; where two read the same, the first counts."""
