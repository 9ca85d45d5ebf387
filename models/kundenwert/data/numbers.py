"""Numbers and days of further columns, read as the amounts and dates of a log are."""

from __future__ import annotations

import ibis

from kundenwert.data.amounts import AMOUNT_TYPE, find_decimal, read_amount
from kundenwert.data.dates import date_notation
from kundenwert.data.typed import as_text


def number(table: ibis.Table, column: str, *, label: str, decimal: str | None) -> tuple[ibis.Value, ibis.Value]:
    """Return a column's text and the exact numbers that it names, missing where it names none.

    Parameters
    ----------
    table : ibis.Table
        Table with the column.
    column : str
        Its name in `table`.
    label : str
        Its name in the user's source.
    decimal : {".", ","}, optional
        Decimal mark; found out if not known.
    """
    value = table[column]
    if not value.type().is_string():
        text = value.cast("string")
        return text, text.try_cast(AMOUNT_TYPE)
    text = as_text(value)
    mark = decimal or find_decimal(table.select(text=text), "text", label=label)
    return text, read_amount(text, mark)


def days(table: ibis.Table, column: str, *, label: str, date_format: str | None) -> tuple[ibis.Value, ibis.Value]:
    """Return a column's text and the days that it names, missing where it names none."""
    value = table[column]
    if value.type().is_date() or value.type().is_timestamp():
        return value.cast("string"), value.cast("date")
    text = as_text(value)
    rows = table.select("row", text=text)
    dating = date_notation(rows, label=label, place=lambda row: f"row {row + 1}", date_format=date_format, zone=None)
    return text, dating.day(text)
