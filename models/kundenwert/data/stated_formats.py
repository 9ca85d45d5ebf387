"""Formats of dates that a user states: which of the known ones is meant, and which name no day."""

from __future__ import annotations

import re

from kundenwert.data.date_formats import FORMATS
from kundenwert.errors import DomainError
from kundenwert.messages import Code, Setting

_YEARS, _MONTHS, _WHOLE = set("YyGg"), set("mbBhjV"), set("cxsFDv")
_WEEKS_OF_YEAR = set("UW")


def stated_format(date_format: str) -> str:
    """Return the name of the known format that is meant, or the format itself where it names a day.

    Formats with the names of months mean both languages, and a week is one of ISO 8601, whatever stands between.

    Raises
    ------
    DomainError
        If it is no format, or names no year or no month.

    Examples
    --------
    >>> stated_format("%d-%b-%Y"), stated_format("%B %d, %Y"), stated_format("%Y-W%V"), stated_format("%d.%m.%Y %H:%M")
    ('%d %b %Y', '%b %d %Y', 'iso-weeks', '%d.%m.%Y %H:%M')
    """
    if date_format in FORMATS:
        return date_format
    named = re.findall(r"%[-_0^#]?([A-Za-z])", date_format)
    letters = set(named)
    if not named:
        raise _error(Code.DATE_FORMAT_BAD, date_format)
    if letters & _WHOLE:
        return date_format
    if not letters & _YEARS:
        raise _error(Code.DATE_FORMAT_YEARLESS, date_format)
    if "V" in letters:
        return "iso-weeks"
    if letters & _WEEKS_OF_YEAR and not letters & {"w", "u", "a", "A"}:
        raise _error(Code.DATE_FORMAT_WEEKS, date_format)
    if not letters & (_MONTHS | _WEEKS_OF_YEAR):
        raise _error(Code.DATE_FORMAT_MONTHLESS, date_format)
    order = [{"e": "d", "B": "b", "h": "b"}.get(letter, letter) for letter in named if letter in "debBhYy"]
    words = " ".join(f"%{letter}" for letter in order)
    return words if "b" in order and words in FORMATS else date_format


def _error(code: Code, date_format: str) -> DomainError:
    return DomainError(
        code,
        parameter="date_format",
        given=Setting("date_format", date_format),
        weeks=Setting("date_format", "iso-weeks"),
    )
