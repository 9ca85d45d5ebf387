"""From cells to values: customer, day and money of each row; what cannot be read is missing, its text is not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import ibis

from kundenwert.data.account import Note
from kundenwert.data.amount_marks import without_marks
from kundenwert.data.amounts import AMOUNT_TYPE, find_decimal, is_bare, likely_decimal, read_amount, read_clean
from kundenwert.data.dates import date_notation
from kundenwert.data.day_cautions import far_placeholders, files_by_others
from kundenwert.data.offsets import day_in_zone
from kundenwert.data.roles import Roles
from kundenwert.errors import DomainError, SchemaError
from kundenwert.messages import Code, Setting
from kundenwert.settings import Reading
from kundenwert.sources import Source


@dataclass(frozen=True)
class Notation:
    """How the values of a source are written, None where there was no text to read; and what was seen of them."""

    date_format: str | None = None
    decimal: str | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class _Days:
    """Dates as written, the days they name, those of them that stand for none, and how they are written."""

    text: ibis.Value
    day: ibis.Value
    placeholder: ibis.Value
    date_format: str | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class _Amounts:
    """Amounts as written, the numbers they name, and their decimal mark."""

    text: ibis.Value
    exact: ibis.Value
    decimal: str | None = None
    notes: tuple[Note, ...] = ()


def as_text(value: ibis.Value) -> ibis.Value:
    """Return a value as text without blanks at its ends; missing where nothing is left."""
    kind = value.type()
    if kind.is_floating():  # ids that met a missing value in pandas: 7.0 is customer 7
        whole = ibis.cases((value == value.round(), value.try_cast("int64").cast("string")))
        value = ibis.ifelse(value.isnan(), ibis.null("string"), whole.fill_null(value.cast("string")))
    elif not kind.is_string():
        value = value.cast("string")
    return value.re_replace("^[\\s\u00a0]+|[\\s\u00a0]+$", "").nullif("")


def typed_rows(opened: Source, roles: Roles, reading: Reading) -> tuple[ibis.Table, Notation]:
    """Add what each row says to a source's rows.

    Parameters
    ----------
    opened : Source
        The source.
    roles : Roles
        Which column serves as what.
    reading : Reading
        How values are written, as far as it is stated.

    Returns
    -------
    tuple
        The source's rows with `customer_id, date_text, date, amount_text, amount, fate` (of placeholders) and `k0, k1,
        ...`, the kept columns as text; and how the values are written.

    Raises
    ------
    DomainError
        If the way dates or amounts are written cannot be told.
    SchemaError
        If a column cannot hold what it shall.
    """
    if reading.decimal not in (None, ".", ","):
        raise DomainError(Code.DECIMAL_UNKNOWN, parameter="decimal", given=Setting("decimal", reading.decimal))
    source = opened.table
    days = _days(opened, roles, reading)
    money = _amounts(opened, roles, reading, likely_decimal(opened.info.delimiter, days.date_format))
    typed = source.mutate(
        customer_id=as_text(source[roles.columns["customer_id"]]),
        date_text=days.text,
        date=days.day,
        amount_text=money.text,
        amount=money.exact,
        fate=ibis.cases((days.placeholder, str(Code.PLACEHOLDER_DATE))),
        **{f"k{i}": as_text(source[column]) for i, column in enumerate(roles.kept.values())},
    )
    return typed, Notation(days.date_format, money.decimal, (*days.notes, *money.notes))


def _days(opened: Source, roles: Roles, reading: Reading) -> _Days:
    source, label = opened.table, roles.names["date"]
    days = source[roles.columns["date"]]
    kind = days.type()
    if kind.is_date() or kind.is_timestamp():
        if kind.is_timestamp() and kind.timezone is not None:
            days = day_in_zone(days, reading.timezone or kind.timezone)
        day = days.cast("date")
        far = far_placeholders(source.select(n=1, day=day))
        return _Days(days.cast("string"), day, _one_of(day, far))
    if kind.is_numeric() and not kind.is_integer() and not kind.is_floating():
        days = days.cast("float64")
    text = as_text(days)
    rows = source.select("row", text=text)
    dating = date_notation(
        rows, label=label, place=opened.place, date_format=reading.date_format, zone=reading.timezone
    )
    placeholder = _one_of(dating.written(text), far_placeholders(dating.days))
    notes = (*dating.notes, *files_by_others(rows, dating, opened, reading.date_format))
    return _Days(text, dating.day(text), placeholder, dating.date_format, notes)


def _one_of(day: ibis.Value, days: Sequence[dt.date]) -> ibis.Value:
    return day.isin(days) if days else ibis.literal(False)


def _amounts(opened: Source, roles: Roles, reading: Reading, likely: str | None) -> _Amounts:
    source, label = opened.table, roles.names["amount"]
    money = source[roles.columns["amount"]]
    if money.type().is_string():
        text = as_text(money)
        texts = source.select(text=text)
        odd = int(texts.agg(n=(~is_bare(texts.text)).sum()).to_pyarrow().to_pylist()[0]["n"] or 0)
        plain, negative = text, None
        notes: tuple[Note, ...] = ()
        if odd:
            plain, negative, notes = without_marks(text, source, reading.refund_marks, label=label)
        decimal = reading.decimal or find_decimal(
            source.select(text=plain), "text", label=label, likely=likely, bare=not odd
        )
        exact = read_amount(plain, decimal) if odd else read_clean(plain, decimal)
        return _Amounts(text, exact if negative is None else ibis.ifelse(negative, -exact, exact), decimal, notes)
    if money.type().is_numeric():
        text = money.cast("string")
        return _Amounts(text, text.try_cast(AMOUNT_TYPE))
    raise SchemaError(f"column {label!r} holds {money.type()}, not amounts; choose another column")
