"""From cells to values: customer, day and money of each row; what cannot be read is missing, its text is not."""

from __future__ import annotations

from dataclasses import dataclass

import ibis

from kundenwert.data.amounts import AMOUNT_TYPE, clean_amount, find_decimal, likely_decimal, read_amount
from kundenwert.data.dates import date_part, find_date_format, read_date
from kundenwert.data.roles import Roles
from kundenwert.errors import DomainError, SchemaError
from kundenwert.messages import Code, Setting
from kundenwert.settings import Reading
from kundenwert.sources import Source


@dataclass(frozen=True)
class Notation:
    """How the values of a source are written; None where there was no text to read."""

    date_format: str | None = None
    decimal: str | None = None


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
        The source's rows with `customer_id, date_text, date, amount_text, amount, fate` (missing) and `k0, k1, ...`,
        the kept columns as text; and how the values are written.

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
    date_text, day, date_format = _days(source, source[roles.columns["date"]], roles.names["date"], reading)
    likely = likely_decimal(opened.info.delimiter, date_format)
    money = source[roles.columns["amount"]]
    amount_text, exact, decimal = _amounts(source, money, roles.names["amount"], reading, likely)
    typed = source.mutate(
        customer_id=as_text(source[roles.columns["customer_id"]]),
        date_text=date_text,
        date=day,
        amount_text=amount_text,
        amount=exact,
        fate=ibis.null("string"),
        **{f"k{i}": as_text(source[column]) for i, column in enumerate(roles.kept.values())},
    )
    return typed, Notation(date_format, decimal)


def _days(
    source: ibis.Table, days: ibis.Value, label: str, reading: Reading
) -> tuple[ibis.Value, ibis.Value, str | None]:
    """Dates as written, the days they name, and how they are written."""
    if days.type().is_date() or days.type().is_timestamp():
        return days.cast("string"), days.cast("date"), None
    if days.type().is_numeric() and not days.type().is_integer() and not days.type().is_floating():
        days = days.cast("int64")
    text = as_text(days)
    date_format = reading.date_format
    if date_format is None:
        date_format = find_date_format(source.select(text=text), "text", label=label)
    return text, read_date(text, date_part(text), date_format), date_format


def _amounts(
    source: ibis.Table, money: ibis.Value, label: str, reading: Reading, likely: str | None
) -> tuple[ibis.Value, ibis.Value, str | None]:
    """Amounts as written, the numbers they name, and their decimal mark."""
    if money.type().is_string():
        text = as_text(money)
        decimal = reading.decimal or find_decimal(source.select(text=text), "text", label=label, likely=likely)
        return text, read_amount(clean_amount(text), decimal), decimal
    if money.type().is_numeric():
        text = money.cast("string")
        return text, text.try_cast(AMOUNT_TYPE), None
    raise SchemaError(f"column {label!r} holds {money.type()}, not amounts; choose another column")
