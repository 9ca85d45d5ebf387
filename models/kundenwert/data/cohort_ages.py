"""Purchases, active customers and revenue of each acquisition cohort, by the cohort's age in calendar periods."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType

import ibis
import pandas as pd
import pyarrow as pa

from kundenwert.data.transactions import TransactionLog
from kundenwert.errors import DomainError, SchemaError

PERIODS: Mapping[str, str] = MappingProxyType({"M": "month", "Q": "quarter", "Y": "year"})
"""Calendar periods, by the letter that asks for them."""

_IN_A_YEAR = {"M": 12, "Q": 4, "Y": 1}
_NEEDED = ("customer_id", "date", "amount")


def age_expression(purchases: ibis.Table, *, period: str, until: dt.date) -> ibis.Table:
    """Count purchases by acquisition cohort and age, as an Ibis expression for any engine that Ibis knows.

    Parameters
    ----------
    purchases : ibis.Table
        Customer-days, as in `TransactionLog.purchases`; rows of one customer on one day are one purchase.
    period : {"M", "Q", "Y"}
        Calendar months, quarters or years.
    until : datetime.date
        Last day counted.

    Returns
    -------
    ibis.Table
        `cohort, age, active, purchases, revenue` of the cells with a purchase, as `cohort_ages` explains them.
    """
    days = purchases.group_by(customer_id=purchases.customer_id.cast("string"), date=purchases.date.cast("date")).agg(
        amount=purchases.amount.cast("decimal(38, 9)").sum()
    )
    days = days.mutate(first=days.date.min().over(group_by="customer_id")).filter(lambda t: t.date <= until)
    label = _label(days["first"], period)
    age = _number(days.date, period) - _number(days["first"], period)
    return days.group_by(cohort=label, age=age).agg(
        active=days.customer_id.nunique(), purchases=days.count(), revenue=days.amount.sum().cast("float64")
    )


def cohort_ages(
    purchases: TransactionLog | ibis.Table | pd.DataFrame, *, period: str = "M", until: dt.date | str | None = None
) -> pd.DataFrame:
    """Follow each acquisition cohort through its calendar periods since acquisition.

    A cohort are the customers whose first purchase lies in one calendar period; its age is the number of periods since,
    0 for the period of acquisition itself. Cells that were observed without a purchase are 0; what was not observed,
    or not to the end of the period, has no row.

    Parameters
    ----------
    purchases : TransactionLog, ibis.Table or pandas.DataFrame
        A log, its `purchases`, or a table of customer-days with the columns `customer_id, date, amount`.
    period : {"M", "Q", "Y"}
        Calendar months, quarters or years, of cohorts and ages alike.
    until : datetime.date or ISO text, optional
        Last day observed; the last day with a purchase if not given. A period that it cuts short is left out, with the
        customers acquired in it.

    Returns
    -------
    pandas.DataFrame
        Sorted by `cohort` ("2024-01", "2024-Q1", "2024") and `age`; `period` ("month", "quarter", "year"), `customers`
        of the cohort, `active` (customers with a purchase), `purchases` (customer-days), `revenue`.

    Raises
    ------
    SchemaError
        If a column is missing.
    DomainError
        If the period is not known, `until` is no date, or no period was observed to its end.

    Examples
    --------
    >>> days = ["2024-01-01", "2024-01-15", "2024-03-05", "2024-01-08"]
    >>> rows = pd.DataFrame({"customer_id": ["a", "a", "a", "b"], "date": days, "amount": [5.0, 10.0, 20.0, 8.0]})
    >>> cohort_ages(rows, until="2024-03-31")[["age", "active", "purchases", "revenue"]].values.tolist()
    [[0.0, 2.0, 3.0, 23.0], [1.0, 0.0, 0.0, 0.0], [2.0, 1.0, 1.0, 20.0]]
    """
    if period not in PERIODS:
        raise DomainError(f"period={period!r} is not understood; choose one of {', '.join(PERIODS)}")
    table = purchases.purchases if isinstance(purchases, TransactionLog) else purchases
    if missing := [name for name in _NEEDED if name not in table.columns]:
        raise SchemaError(f"the purchases have no column {' and no column '.join(map(repr, missing))}")
    if isinstance(table, pd.DataFrame):
        ids = pa.array(table["customer_id"].astype(str).tolist(), pa.string())
        days = pa.array(pd.to_datetime(table["date"]).dt.date.tolist(), pa.date32())
        table = ibis.memtable(
            pa.table({"customer_id": ids, "date": days, "amount": pa.array(table["amount"].to_numpy("float64"))})
        )
    last = _day(until) or table.date.cast("date").max().to_pyarrow().as_py()
    if last is None:
        raise DomainError("there is no purchase to follow; the table has no rows")
    after = pd.Period(last + dt.timedelta(days=1), freq=period)
    found: pd.DataFrame = age_expression(table, period=period, until=last).to_pyarrow().to_pandas()
    cells = _observed(found, period, after)
    if cells.empty:
        raise DomainError(
            f"no calendar {PERIODS[period]} since the first purchase ended by {last}; choose shorter periods"
        )
    whole = cells.merge(found, on=["cohort", "age"], how="left")
    counts = {"active": "int64", "purchases": "int64", "revenue": "float64"}
    whole = whole.fillna(dict.fromkeys(counts, 0)).astype({"age": "int64"} | counts)
    whole.insert(1, "period", PERIODS[period])
    whole.insert(2, "customers", whole.groupby("cohort")["active"].transform("first"))
    return whole


def _observed(found: pd.DataFrame, period: str, after: pd.Period) -> pd.DataFrame:
    """Every cohort and age whose period ended before the period `after`."""
    cells = []
    for cohort in sorted(found.loc[found["age"] == 0, "cohort"]):
        ages = after.ordinal - pd.Period(cohort.replace("-Q", "Q"), freq=period).ordinal
        cells += [(cohort, age) for age in range(ages)]
    return pd.DataFrame(cells, columns=["cohort", "age"])


def _number(day: ibis.Value, period: str) -> ibis.Value:
    """Give the number of a day's calendar period, counted through."""
    within = {"M": day.month() - 1, "Q": day.quarter() - 1, "Y": ibis.literal(0)}
    return (day.year() * _IN_A_YEAR[period] + within[period]).cast("int64")


def _label(day: ibis.Value, period: str) -> ibis.Value:
    """Name a day's calendar period as the summary names its cohorts."""
    year = day.strftime("%Y")
    return {"M": day.strftime("%Y-%m"), "Q": year + "-Q" + day.quarter().cast("string"), "Y": year}[period]


def _day(value: dt.date | str | None) -> dt.date | None:
    if value is None or (isinstance(value, dt.date) and not isinstance(value, dt.datetime)):
        return value
    try:
        return value.date() if isinstance(value, dt.datetime) else dt.date.fromisoformat(str(value).strip())
    except ValueError:
        raise DomainError(f"until={value!r} is not a date; write it such as '1997-09-30'") from None
