"""Purchases and revenue of each customer within a window of days."""

from __future__ import annotations

import datetime as dt

import ibis
import pandas as pd
import pyarrow as pa

from kundenwert.data.transactions import TransactionLog
from kundenwert.errors import DomainError, SchemaError
from kundenwert.settings.values import day

_NEEDED = ("customer_id", "date", "amount")


def window_totals(
    purchases: TransactionLog | ibis.Table | pd.DataFrame,
    start: dt.date | str,
    end: dt.date | str,
    *,
    known: dt.date | str | None = None,
) -> pd.DataFrame:
    """Count each customer's purchases, and add up their money, from `start` to `end`, both days included.

    Parameters
    ----------
    purchases : TransactionLog, ibis.Table or pandas.DataFrame
        A log, its `purchases`, or a table of customer-days with the columns `customer_id, date, amount`. Rows of one
        customer on one day count as one purchase.
    start, end : datetime.date or ISO text
        First and last day.
    known : datetime.date or ISO text, optional
        Of purchases up to this day only those credit notes are taken off that were known by then; `end` if not given.
        For a log; a table is taken as it is.

    Returns
    -------
    pandas.DataFrame
        Sorted by `customer_id`: `customer_id, purchases` (customer-days, ≥ 1), `revenue`. Who did not buy within the
        window has no row.

    Raises
    ------
    SchemaError
        If a column is missing.
    DomainError
        If a day is not a date, or the window ends before it starts.

    Examples
    --------
    >>> days = ["2024-01-01", "2024-01-15", "2024-02-05", "2024-01-08"]
    >>> rows = pd.DataFrame({"customer_id": ["a", "a", "a", "b"], "date": days, "amount": [5.0, 10.0, 20.0, 8.0]})
    >>> window_totals(rows, "2024-01-02", "2024-02-05").to_numpy().tolist()
    [['a', 2, 30.0], ['b', 1, 8.0]]
    """
    first, last = day(start, "start"), day(end, "end")
    if last < first:
        raise DomainError(f"the window ends on {last}, before its start {first}; exchange the two")
    table = purchases.known(day(known, "known") or last) if isinstance(purchases, TransactionLog) else purchases
    if missing := [name for name in _NEEDED if name not in table.columns]:
        raise SchemaError(f"the purchases have no column {' and no column '.join(map(repr, missing))}")
    if isinstance(table, pd.DataFrame):
        table = _registered(table)
    days = table.date.cast("date")
    within = table.filter((days >= ibis.literal(first)) & (days <= ibis.literal(last)))
    summed = within.group_by("customer_id").agg(
        purchases=within.date.cast("date").nunique(),
        revenue=within.amount.cast("decimal(38, 9)").sum().cast("float64"),
    )
    frame: pd.DataFrame = summed.to_pyarrow().to_pandas()
    frame = frame.astype({"purchases": "int64", "revenue": "float64"})
    return frame.sort_values("customer_id", ignore_index=True)


def _registered(frame: pd.DataFrame) -> ibis.Table:
    """Hand a table in memory to the query engine, with ids as text and days as dates."""
    columns = {
        "customer_id": pa.array(frame["customer_id"].astype(str).tolist(), pa.string()),
        "date": pa.array(pd.to_datetime(frame["date"]).dt.date.tolist(), pa.date32()),
        "amount": pa.array(frame["amount"].to_numpy(dtype="float64")),
    }
    return ibis.memtable(pa.table(columns))
