"""Values of settings as people write them: 30.06.2025, 0,35, 35 %, 1.250,00 €, Europe/Berlin."""

from __future__ import annotations

import datetime as dt
import difflib
import math
import re
import zoneinfo
from operator import index
from typing import overload

from kundenwert.errors import DomainError
from kundenwert.messages import Code, Setting

_DAY_FORMATS = ("%Y-%m-%d", "%d.%m.%Y", "%Y%m%d", "%d.%m.%y", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")
_BLANKS = "\u00a0\u202f\u2009"
_PLAIN = r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?|[+-]?inf"
_GROUPED = (
    (r"[+-]?[1-9]\d{0,2}((\.\d{3})+,\d*|(\.\d{3}){2,})", "."),
    (r"[+-]?[1-9]\d{0,2}((,\d{3})+\.\d*|(,\d{3}){2,})", ","),
    (r"[+-]?[1-9]\d{0,2}([ ']\d{3})+([.,]\d*)?", " '"),
)
"""Numbers with thousands: what they look like, and the signs between thousands."""

_CURRENCY = r"[A-Z]{3}|Euro|[€$£¥]|S?Fr\.?|kr\.?|Kč|zł"


@overload
def day(value: str | dt.date, name: str) -> dt.date: ...
@overload
def day(value: None, name: str) -> None: ...
@overload
def day(value: str | dt.date | None, name: str) -> dt.date | None: ...
def day(value: str | dt.date | None, name: str) -> dt.date | None:
    """Read a day written as 2025-06-30 or 30.06.2025.

    Examples
    --------
    >>> day("30.06.2025", "observation_end")
    datetime.date(2025, 6, 30)
    """
    if isinstance(value, dt.datetime):
        return value.date()
    if value is None or isinstance(value, dt.date):
        return value
    for pattern in _DAY_FORMATS:
        try:
            return dt.datetime.strptime(str(value).strip(), pattern).date()  # noqa: DTZ007
        except ValueError:
            continue
    raise DomainError(Code.NO_DAY, parameter=name, given=Setting(name, value))


def number(value: float | str | None, name: str) -> float | None:
    """Read a number with a decimal point or a decimal comma, with or without thousands.

    Raises
    ------
    DomainError
        If it is none, or can be two numbers, as 1,250 can.

    Examples
    --------
    >>> number("0,35", "margin"), number("1.250,00", "cac"), number("1 250", "cac"), number("inf", "horizon")
    (0.35, 1250.0, 1250.0, inf)
    """
    if value is None:
        return None
    if not isinstance(value, str):
        found = _float(value, name, value)
    else:
        text = re.sub(f"[{_BLANKS}]", " ", value.strip()).replace("’", "'").replace("−", "-")
        if re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", text):
            raise _unclear(value, name, text.replace(",", ""), text.replace(",", "."))
        found = _float(_without_thousands(text), name, value)
    if math.isnan(found):
        raise DomainError(Code.NO_NUMBER, parameter=name, given=Setting(name, value))
    return found


def _float(text: object, name: str, value: object) -> float:
    if isinstance(text, str) and not re.fullmatch(_PLAIN, text):
        raise DomainError(Code.NO_NUMBER, parameter=name, given=Setting(name, value))
    try:
        return float(text.replace(",", ".") if isinstance(text, str) else text)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise DomainError(Code.NO_NUMBER, parameter=name, given=Setting(name, value)) from None


def _without_thousands(text: str) -> str:
    for pattern, thousands in _GROUPED:
        if re.fullmatch(pattern, text):
            return re.sub(f"[{re.escape(thousands)}]", "", text)
    return text


def _unclear(value: str, name: str, *readings: str) -> DomainError:
    first, second = readings
    return DomainError(Code.NUMBER_UNCLEAR, parameter=name, given=Setting(name, value), first=first, second=second)


def share(value: float | str | None, name: str) -> float | None:
    """Read a share, as 0.35, 0,35 or 35 %.

    Examples
    --------
    >>> share("35 %", "margin"), share("0,35", "margin"), share(0.35, "margin")
    (0.35, 0.35, 0.35)
    """
    if isinstance(value, str) and value.strip().endswith("%"):
        found = number(value.strip().removesuffix("%").strip(_BLANKS + " "), name)
        return None if found is None else round(found / 100, 12)
    return number(value, name)


def money(value: float | str | None, name: str) -> float | None:
    """Read an amount of money, as 12.50, 12,50, 12,- or 1.250,00 €.

    Raises
    ------
    DomainError
        If it is none, or can be two, as 1.250 can.

    Examples
    --------
    >>> money("12,50 €", "cac"), money("1.250,00 €", "cac"), money("EUR 12,-", "cac"), money("CHF 1'200.--", "cac")
    (12.5, 1250.0, 12.0, 1200.0)
    """
    if isinstance(value, str):
        text = re.sub(f"[{_BLANKS}]", " ", value.strip())
        text = re.sub(rf"^({_CURRENCY})\s*|\s*({_CURRENCY})$", "", text)
        text = re.sub(r"[.,]\s?[-–—]{1,2}$", "", text)
        if re.fullmatch(r"[+-]?[1-9]\d{0,2}\.\d{3}", text):
            raise _unclear(value, name, text.replace(".", ""), text.rstrip("0"))
        return number(text, name)
    return number(value, name)


def time_zone(value: str | None, name: str) -> str | None:
    """Check the name of a time zone, such as Europe/Berlin.

    Raises
    ------
    DomainError
        If there is none of that name.

    Examples
    --------
    >>> time_zone("Europe/Berlin", "timezone")
    'Europe/Berlin'
    """
    known = zoneinfo.available_timezones() if value is not None else set()
    if value is None or value in known or not known:  # a machine without the list leaves it to the engine
        return value
    by_letters = {zone.lower(): zone for zone in known} | {zone.rpartition("/")[2].lower(): zone for zone in known}
    wanted = str(value).strip().lower().replace(" ", "_")
    close = list(dict.fromkeys(by_letters[found] for found in difflib.get_close_matches(wanted, by_letters, 3, 0.7)))
    meant = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
    raise DomainError(Code.ZONE_UNKNOWN, parameter=name, given=Setting(name, value), meant=meant)


def whole(value: object, name: str, *, least: int) -> int:
    """Read a whole number that is large enough.

    Examples
    --------
    >>> whole(3, "skip_lines", least=0), whole("1000", "draws", least=50)
    (3, 1000)
    """
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?[0-9]+\s*", value):
        value = int(value)
    try:
        found = index(value)  # type: ignore[arg-type]
    except TypeError:
        found = int(value) if isinstance(value, float) and value.is_integer() else None  # type: ignore[assignment]
    if found is None or found < least or isinstance(value, bool):
        raise DomainError(Code.NO_WHOLE_NUMBER, parameter=name, given=Setting(name, value), least=least)
    return found
