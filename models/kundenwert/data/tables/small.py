"""Read a small table by its column names, German or English, and check it by a schema, in plain words."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import pandas as pd
import pyarrow as pa

from kundenwert.data.amounts import find_decimal, likely_decimal, read_amount
from kundenwert.data.dates import date_notation
from kundenwert.errors import DomainError, SchemaError
from kundenwert.messages import Code
from kundenwert.settings import Reading
from kundenwert.sources import Place, Source, open_source

if TYPE_CHECKING:
    import pandera.pandas

type Names = Mapping[str, Sequence[str]]

_QUARTER = re.compile(r"(?:(\d{4})-?\s*Q([1-4])|Q([1-4])[\s/]+(\d{4}))", re.IGNORECASE)
_MONTH = re.compile(r"(?:(\d{4})-(\d{1,2})|(\d{1,2})[./](\d{4}))")
_YEAR = re.compile(r"\d{4}")


@dataclass(frozen=True)
class SmallTable:
    """A small table as text, with its columns called by the names that they have here.

    Parameters
    ----------
    frame : pandas.DataFrame
        Text without blanks at its ends; empty where a cell is missing.
    source : Source
        Where the rows come from.
    what : str
        What the table holds, for messages.
    """

    frame: pd.DataFrame
    source: Source
    what: str

    def places(self, rows: Sequence[int], column: str) -> list[Place]:
        """Name the first three of some rows and what a column says there."""
        return [Place(self.source.place(row), repr(str(self.frame[column].iloc[row]))) for row in list(rows)[:3]]


def open_small(source: object, names: Names, *, what: str) -> SmallTable:
    """Open a small table, and call its columns by the names that they have here.

    Parameters
    ----------
    source : str, Path or table
        Anything that a transaction log can be read from.
    names : mapping
        For each column here, other names of it; small and capital letters do not differ.
    what : str
        What the table holds, for messages.

    Returns
    -------
    SmallTable

    Raises
    ------
    SchemaError
        If the file holds no table.
    """
    opened = open_source(source, Reading(on_bad_lines="refuse"))
    known = {alias.casefold(): name for name, aliases in names.items() for alias in (name, *aliases)}
    called = [known.get(name.casefold(), name) for name in opened.names]
    if twice := sorted({name for name in called if called.count(name) > 1}):
        raise SchemaError(Code.TABLE_COLUMN_TWICE, source=opened.info.name, what=what, column=twice[0])
    rows = opened.table.order_by("row").drop("row").to_pyarrow().to_pandas()
    frame = pd.DataFrame({name: _texts(rows[f"c{i}"]) for i, name in enumerate(called)})
    if frame.empty:
        raise SchemaError(Code.TABLE_EMPTY, source=opened.info.name, what=what)
    return SmallTable(frame, opened, what)


def require(table: SmallTable, *needed: str) -> None:
    """Refuse a table that lacks a column.

    Raises
    ------
    SchemaError
        If a column is not there.
    """
    names = table.source.names
    for name in (name for name in needed if name not in table.frame):
        near = difflib.get_close_matches(name, names, n=1)
        raise SchemaError(
            Code.TABLE_COLUMN_MISSING,
            source=table.source.info.name,
            what=table.what,
            column=name,
            known=", ".join(names),
            meant=f"; did you mean to rename {near[0]!r}?" if near else "",
        )


def _texts(column: pd.Series) -> pd.Series:
    """Text of a column of any type; whole numbers without a point."""
    if pd.api.types.is_float_dtype(column):
        return column.map(lambda value: "" if pd.isna(value) else repr(float(value)).removesuffix(".0")).astype(str)
    return column.astype("string").fillna("").str.strip().astype(str)


def amounts(table: SmallTable, column: str) -> pd.Series:
    """Read a column of money by the rules of transaction logs.

    Parameters
    ----------
    table : SmallTable
        The table.
    column : str
        Its column of money; empty cells are missing.

    Returns
    -------
    pandas.Series
        Numbers.

    Raises
    ------
    DomainError
        If a text names no amount, or nothing tells thousands from decimals.
    """
    text = table.frame[column]
    rows = _registered(text)
    likely = likely_decimal(table.source.info.delimiter, None)
    try:
        decimal = find_decimal(rows, "text", label=column, likely=likely)
    except DomainError as error:
        raise DomainError(
            Code.TABLE_DECIMAL_UNCLEAR,
            source=table.source.info.name,
            column=column,
            example=error.figures["example"],
        ) from error
    read = rows.select("row", value=read_amount(rows["text"], decimal).cast("float64"))
    found = _in_order(read, text)
    return _all_read(table, column, found, Code.TABLE_NO_AMOUNT)


def days(table: SmallTable, column: str) -> pd.Series:
    """Read a column of days by the rules of transaction logs; empty cells are missing.

    Raises
    ------
    DomainError
        If a text names no day, the order of day and month cannot be told, or formats are mixed.
    """
    text = table.frame[column]
    rows = _registered(text)
    dating = date_notation(rows, label=column, place=lambda row: f"row {row + 1}", date_format=None, zone=None)
    read = rows.select("row", value=dating.day(rows["text"]))
    return pd.to_datetime(_all_read(table, column, _in_order(read, text), Code.TABLE_NO_DAY))


def _registered(text: pd.Series) -> ibis.Table:
    values = [value or None for value in text]
    return ibis.memtable(pa.table({"row": range(len(text)), "text": pa.array(values, pa.string())}))


def _in_order(read: ibis.Table, text: pd.Series) -> pd.Series:
    return pd.Series(read.order_by("row").to_pyarrow()["value"].to_pandas().to_numpy(), index=text.index)


def _all_read(table: SmallTable, column: str, found: pd.Series, code: Code) -> pd.Series:
    wrong = [int(n) for n in (found.isna() & (table.frame[column] != "")).to_numpy().nonzero()[0]]
    if wrong:
        raise DomainError(
            code, source=table.source.info.name, column=column, count=len(wrong), first=table.places(wrong, column)
        )
    return found


def period(text: str) -> tuple[dt.date, dt.date] | None:
    """Return the first and last day of a month, quarter, year or day; None where a text names none.

    Parameters
    ----------
    text : str
        Such as 2024-03, 03/2024, 2024-Q1, 2024 or 2024-03-15.

    Returns
    -------
    tuple of datetime.date or None

    Examples
    --------
    >>> period("2024-Q1")
    (datetime.date(2024, 1, 1), datetime.date(2024, 3, 31))
    >>> period("02.2024")[1], period("soon")
    (datetime.date(2024, 2, 29), None)
    """
    stripped = text.strip()
    if found := _QUARTER.fullmatch(stripped):
        year, quarter = int(found[1] or found[4]), int(found[2] or found[3])
        return _months(year, 3 * quarter - 2, 3)
    if found := _MONTH.fullmatch(stripped):
        year, month = int(found[1] or found[4]), int(found[2] or found[3])
        return _months(year, month, 1) if 1 <= month <= 12 else None
    if _YEAR.fullmatch(stripped):
        return _months(int(stripped), 1, 12)
    try:
        day = dt.date.fromisoformat(stripped)
    except ValueError:
        return None
    return day, day


def _months(year: int, month: int, number: int) -> tuple[dt.date, dt.date]:
    start = pd.Timestamp(year, month, 1)
    return start.date(), (start + pd.DateOffset(months=number) - pd.Timedelta(days=1)).date()


def check(frame: pd.DataFrame, schema: pandera.pandas.DataFrameSchema, table: SmallTable) -> None:
    """Refuse a table that does not keep to its schema, in one sentence with the first offenders.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table with its values read.
    schema : pandera DataFrameSchema
        Its rules; the `error` of a check says what must hold.
    table : SmallTable
        The table as text, for places.

    Raises
    ------
    DomainError
        If a rule is broken.
    """
    import pandera.errors  # noqa: PLC0415

    try:
        schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        broken = error.failure_cases.iloc[0]
        rows = error.failure_cases.loc[lambda t: (t["check"] == broken["check"]) & t["index"].notna(), "index"]
        column = str(broken["column"] if broken["schema_context"] == "Column" else table.frame.columns[0])
        raise DomainError(
            Code.TABLE_RULE,
            source=table.source.info.name,
            column=column,
            rule=str(broken["check"]),
            count=rows.nunique(),
            first=table.places(sorted({int(row) for row in rows}), column),
        ) from None
