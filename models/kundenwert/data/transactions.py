"""Read a transaction log: one row per customer and day, and an account of every input row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import duckdb
import ibis

from kundenwert.data.account import RowAccount, SourceInfo
from kundenwert.data.columns import locate
from kundenwert.data.fates import PLACEHOLDERS, Policy, account_for, merge_days, with_fate
from kundenwert.data.formats import (
    AMOUNT_TYPE,
    clean_amount,
    date_part,
    find_date_format,
    find_decimal,
    likely_decimal,
    read_amount,
    read_date,
)
from kundenwert.data.source import Source, check_lines, open_source, store
from kundenwert.errors import DomainError, SchemaError


@dataclass(frozen=True)
class TransactionLog:
    """A cleaned transaction log.

    Parameters
    ----------
    purchases : ibis.Table
        One row per customer and day: `customer_id` (text), `date`, `amount` (sum of the day), `rows` (input rows merged
        into it), and the columns of `keep` (text).
    account : RowAccount
        What happened to every input row.
    source : SourceInfo
        Where the rows came from and how they were read.
    keep : tuple of str
        Further columns of the customer, usable as cohorts.
    first_day, last_day : datetime.date
        First and last day with a purchase.
    """

    purchases: ibis.Table
    account: RowAccount
    source: SourceInfo
    keep: tuple[str, ...]
    first_day: dt.date
    last_day: dt.date


def read_transactions(
    source: Any,
    *,
    customer_id: str = "customer_id",
    date: str = "date",
    amount: str = "amount",
    keep: Sequence[str] = (),
    date_format: str | None = None,
    decimal: str | None = None,
    skip_lines: int = 0,
    refunds: Literal["exclude", "net", "earlier"] = "exclude",
    zero_amounts: Literal["keep", "exclude"] = "keep",
    duplicates: Literal["keep", "drop"] = "keep",
    future: Literal["exclude", "keep"] = "exclude",
    placeholders: Collection[str] = PLACEHOLDERS,
) -> TransactionLog:
    """Read, check and clean a transaction log.

    Every value of a text file is read as text and converted within one query, so that ids keep their leading zeros and
    every row that cannot be read is counted. Amounts are exact to a billionth of the currency's unit.

    Parameters
    ----------
    source : str, Path, pandas.DataFrame, pyarrow.Table, polars.DataFrame or ibis.Table
        A .csv, .tsv, .txt or .parquet file (encoding and delimiter are found out), or a table. One row per purchase,
        order line or refund, in any order.
    customer_id, date, amount : str
        The columns that hold the customer's key, the day (a time of day is ignored) and the money.
    keep : sequence of str
        Further columns of the customer, such as region or channel; the value at the first purchase counts.
    date_format : str, optional
        strftime format of the dates; found out among ISO, yyyymmdd and day-month-year orders if not given.
    decimal : {".", ","}, optional
        Decimal mark of the amounts; found out if not given, unless too few rows decide what 1.250 means.
    skip_lines : int
        Lines of a text file above the one with the column names, such as a title.
    refunds : {"exclude", "net", "earlier"}
        Leave rows with negative amounts out, or take them off the customer's purchases: of the same day only, or of
        that day and then of earlier ones, the latest first. A purchase of which nothing is left is dropped; what finds
        no purchase is excluded. With "earlier" a credit note changes a purchase of the past: for an honest hold-out,
        read a log without the credit notes that came after the end of observation.
    zero_amounts : {"keep", "exclude"}
        Whether a purchase for nothing is a purchase.
    duplicates : {"keep", "drop"}
        What to do with rows equal to an earlier one in all columns of the source.
    future : {"exclude", "keep"}
        What to do with rows dated after today: one mistyped year would end the log in a time when nobody bought. Keep
        them in a log that is simulated.
    placeholders : collection of str
        Customer ids that stand for none, in small or capital letters, such as what spreadsheets write where a lookup
        failed. With `()` every text is a customer.

    Returns
    -------
    TransactionLog

    Raises
    ------
    SchemaError
        If the source cannot be read or columns are missing, ambiguous or of the wrong type.
    DomainError
        If more than 5 % of the rows have no readable date or amount, if the way dates or amounts are written cannot be
        told, or if no row is left.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = {"id": ["07", "07", "08"], "day": ["31.12.2024"] * 3, "paid": ["1.234,50", "0,50", "9,99"]}
    >>> log = read_transactions(pd.DataFrame(rows), customer_id="id", date="day", amount="paid")
    >>> log.purchases.order_by("customer_id").to_pyarrow()["amount"].to_pylist()
    [1235.0, 9.99]
    >>> log.account.kept, log.account.merged
    (2, 1)
    """
    if isinstance(placeholders, str):
        raise SchemaError(f"placeholders={placeholders!r} is one text; write placeholders=({placeholders!r},)")
    policy = Policy(refunds, zero_amounts, duplicates, future, tuple(placeholders))
    columns = {"customer_id": customer_id, "date": date, "amount": amount}
    opened = open_source(source, skip_lines=skip_lines)
    found = locate(opened, columns, keep)
    check_lines(opened)
    if decimal not in (None, ".", ","):
        raise DomainError(f"decimal={decimal!r} is not understood; choose '.' or ','")
    typed, date_format, decimal = _typed(opened, found, columns, date_format, decimal)
    rows = with_fate(typed, policy, len(opened.names))
    if opened.materialised:
        rows = _run(lambda: store(opened.table.get_backend(), "rows", rows), date_format)
    daily = merge_days(rows, policy, len(keep))
    account = account_for(opened, rows, daily, policy)
    purchases = daily.select(
        "customer_id",
        "date",
        amount=daily.amount.cast("float64"),
        rows=daily["rows"],
        **{name: daily[f"k{i}"] for i, name in enumerate(keep)},
    )
    if opened.materialised:
        backend = opened.table.get_backend()
        purchases = store(backend, "purchases", purchases)
        backend.raw_sql("DROP TABLE temp.rows; DROP TABLE temp.source")
    span = purchases.agg(first=purchases.date.min(), last=purchases.date.max()).to_pyarrow().to_pylist()[0]
    info = replace(opened.info, date_format=date_format, decimal=decimal, columns=columns)
    return TransactionLog(purchases, account, info, tuple(keep), span["first"], span["last"])


def _run(step: Callable[[], Any], date_format: str | None) -> Any:
    try:
        return step()
    except duckdb.InvalidInputException as error:
        if "format" not in str(error).lower():
            raise
        raise DomainError(f"date_format={date_format!r} is not understood; write it such as '%d.%m.%Y'") from error


def _as_text(value: ibis.Value) -> ibis.Value:
    """Return a value as text without blanks at its ends; missing where nothing is left."""
    kind = value.type()
    if kind.is_floating():  # ids that met a missing value in pandas: 7.0 is customer 7
        whole = ibis.cases((value == value.round(), value.try_cast("int64").cast("string")))
        value = ibis.ifelse(value.isnan(), ibis.null("string"), whole.fill_null(value.cast("string")))
    elif not kind.is_string():
        value = value.cast("string")
    return value.re_replace("^[\\s\u00a0]+|[\\s\u00a0]+$", "").nullif("")


def _typed(
    opened: Source, found: Mapping[str, str], columns: Mapping[str, str], date_format: str | None, decimal: str | None
) -> tuple[ibis.Table, str | None, str | None]:
    """Convert the columns; a value that cannot be converted is missing, while its text is not."""
    source = opened.table
    days, money = source[found["date"]], source[found["amount"]]
    kept = {f"k{i}": _as_text(source[found[name]]) for i, name in enumerate(n for n in found if n not in columns)}
    if days.type().is_date() or days.type().is_timestamp():
        date_text, day, date_format = days.cast("string"), days.cast("date"), None
    else:
        if days.type().is_numeric() and not days.type().is_integer() and not days.type().is_floating():
            days = days.cast("int64")
        date_text = _as_text(days)
        texts = source.select(text=date_text)
        if date_format is None:
            date_format = find_date_format(texts, "text", label=columns["date"])
        day = read_date(date_text, date_part(date_text), date_format)
    amount_text = _as_text(money) if money.type().is_string() else money.cast("string")
    if money.type().is_string():
        texts = source.select(text=amount_text)
        likely = likely_decimal(opened.info.delimiter, date_format)
        decimal = decimal or find_decimal(texts, "text", label=columns["amount"], likely=likely)
        exact = read_amount(clean_amount(amount_text), decimal)
    elif money.type().is_numeric():
        exact, decimal = amount_text.try_cast(AMOUNT_TYPE), None
    else:
        raise SchemaError(f"column {columns['amount']!r} holds {money.type()}, not amounts; choose another column")
    customer = _as_text(source[found["customer_id"]])
    typed = source.mutate(
        customer_id=customer, date_text=date_text, date=day, amount_text=amount_text, amount=exact, **kept
    )
    return typed, date_format, decimal
