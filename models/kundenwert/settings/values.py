"""Values of settings as people write them: 30.06.2025, 0,35, 35 %, 1.250,00 €."""

from __future__ import annotations

import datetime as dt
import math
import re
from operator import index
from typing import overload

from kundenwert.errors import DomainError
from kundenwert.messages import Code, Setting

_DAY_FORMATS = ("%Y-%m-%d", "%d.%m.%Y", "%Y%m%d")


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
    """Read a number with a decimal point or a decimal comma.

    Examples
    --------
    >>> number("0,35", "margin"), number("inf", "horizon")
    (0.35, inf)
    """
    if value is None:
        return None
    text = str(value).strip()
    if isinstance(value, str) and not re.fullmatch(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?|[+-]?inf", text):
        raise DomainError(Code.NO_NUMBER, parameter=name, given=Setting(name, value))
    try:
        found = float(text.replace(",", "."))
    except ValueError:
        raise DomainError(Code.NO_NUMBER, parameter=name, given=Setting(name, value)) from None
    if math.isnan(found):
        raise DomainError(Code.NO_NUMBER, parameter=name, given=Setting(name, value))
    return found


def share(value: float | str | None, name: str) -> float | None:
    """Read a share, as 0.35, 0,35 or 35 %.

    Examples
    --------
    >>> share("35 %", "margin"), share("0,35", "margin"), share(0.35, "margin")
    (0.35, 0.35, 0.35)
    """
    if isinstance(value, str) and value.strip().endswith("%"):
        found = number(value.strip().removesuffix("%").strip(), name)
        return None if found is None else round(found / 100, 12)
    return number(value, name)


def money(value: float | str | None, name: str) -> float | None:
    """Read an amount of money, as 12.50, 12,50 or 12,50 €.

    Examples
    --------
    >>> money("12,50 €", "cac")
    12.5
    """
    if isinstance(value, str):
        value = re.sub(r"^(€|EUR)\s*|\s*(€|EUR)$", "", value.strip())
    return number(value, name)


def whole(value: object, name: str, *, least: int) -> int:
    """Read a whole number that is large enough.

    Examples
    --------
    >>> whole(3, "skip_lines", least=0)
    3
    """
    try:
        found = index(value)  # type: ignore[arg-type]
    except TypeError:
        found = int(value) if isinstance(value, float) and value.is_integer() else None  # type: ignore[assignment]
    if found is None or found < least or isinstance(value, bool):
        raise DomainError(Code.NO_WHOLE_NUMBER, parameter=name, given=Setting(name, value), least=least)
    return found
