"""Turn a transaction log into one row per customer: calibration, hold-out, cohorts, patterns."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence

import ibis
import pandas as pd

from kundenwert.data.carried import carried_on
from kundenwert.data.cautions import too_few
from kundenwert.data.customers import DAYS_PER_UNIT, MISSING_COHORT, CustomerSummary, days_per_unit
from kundenwert.data.day_cautions import span_cautions
from kundenwert.data.histories import Patterns, patterns
from kundenwert.data.spans import dates_asked, log_end
from kundenwert.data.transactions import TransactionLog
from kundenwert.errors import DomainError, SchemaError
from kundenwert.messages import Code, Setting
from kundenwert.settings import Shaping, made
from kundenwert.settings.values import day

__all__ = [
    "CALENDAR_COHORTS",
    "DAYS_PER_UNIT",
    "CustomerSummary",
    "Patterns",
    "pattern_expression",
    "patterns",
    "purchases_by_day",
    "summarise",
    "summary_expression",
]

CALENDAR_COHORTS = ("month", "quarter", "week", "none")
_COLUMNS = (
    *("customer_id", "cohort", "first_purchase", "last_purchase", "frequency", "recency", "T", "monetary_value"),
    *("log_gaps", "first_value", "value_to_date", "active_before", "active_after"),
    *("holdout_purchases", "holdout_value"),
)
_ACTIVE_MONTHS = 12  # whoever bought in the year before the inactivity window began counts as a customer at that time


def summary_expression(
    purchases: ibis.Table,
    *,
    observation_end: dt.date,
    holdout_end: dt.date | None = None,
    time_unit: str = "W",
    cohort: str = "month",
    inactivity_months: int = 12,
    attributes: Sequence[str] = (),
) -> ibis.Table:
    """Return the customer table as an Ibis expression, for any engine that Ibis knows.

    Parameters
    ----------
    purchases : ibis.Table
        Customer-days, as in `TransactionLog.purchases`.
    observation_end, holdout_end : datetime.date
        Last days (inclusive) of observation and hold-out.
    time_unit : {"D", "W", "M", "Y"}
        Unit of the times.
    cohort : str
        "month", "quarter", "week", "none", or a column of `purchases`.
    inactivity_months : int
        Length of the inactivity window.
    attributes : sequence of str
        Columns of `purchases` to take over from the day of the first purchase.

    Returns
    -------
    ibis.Table
        One row per customer whose first purchase lies within the observation, in no particular order.
    """
    t0 = (pd.Timestamp(observation_end) - pd.DateOffset(months=inactivity_months)).date()
    t1 = (pd.Timestamp(t0) - pd.DateOffset(months=_ACTIVE_MONTHS)).date()
    days = purchases.mutate(first=purchases.date.min().over(group_by="customer_id"))
    days = days.mutate(exact=days.amount.cast("decimal(38, 9)"), seen=days.date <= observation_end)
    before = days.date.lag().over(ibis.window(group_by="customer_id", order_by="date"))
    days = days.mutate(log_gap=days.date.delta(before, unit="day").cast("float64").ln())
    starts = days.date == days.first
    columns = {
        "first_purchase": days.first.min(),
        "last_purchase": days.date.max(where=days.seen),
        "purchases": days.seen.sum(),
        "log_gaps": days.log_gap.sum(where=days.seen & ~starts).fill_null(0.0),
        "repeat_value": days.exact.sum(where=days.seen & ~starts),
        "first_value": days.exact.sum(where=starts),
        "value_to_date": days.exact.sum(where=days.seen),
        **({"margin_to_date": days.margin.sum(where=days.seen)} if "margin" in days.columns else {}),
        "active_before": ((days.date > t1) & (days.date <= t0)).any(),
        "active_after": ((days.date > t0) & days.seen).any(),
    }
    if cohort not in CALENDAR_COHORTS:
        columns["cohort"] = days[cohort].min(where=starts).fill_null(MISSING_COHORT)
    columns |= {name: days[name].min(where=starts) for name in attributes}
    if holdout_end is not None:
        held = (days.date > observation_end) & (days.date <= holdout_end)
        columns["holdout_purchases"] = held.sum()
        columns["holdout_value"] = days.exact.sum(where=held).cast("float64").fill_null(0.0)
    known = days.filter(days["first"] <= observation_end).group_by("customer_id").agg(**columns)
    return _finished(known, observation_end, days_per_unit(time_unit), cohort, attributes)


def _finished(
    known: ibis.Table, observation_end: dt.date, days_per_unit: float, cohort: str, attributes: Sequence[str]
) -> ibis.Table:
    first = known.first_purchase
    end = ibis.literal(observation_end)
    calendar = {
        "month": first.strftime("%Y-%m"),
        "quarter": first.year().cast("string") + "-Q" + first.quarter().cast("string"),
        "week": first.iso_year().cast("string") + "-W" + first.week_of_year().cast("string").lpad(2, "0"),
        "none": ibis.literal("all"),
    }
    label = known.cohort if "cohort" in known.columns else calendar[cohort]
    frequency = known.purchases - 1
    columns = {
        "customer_id": known.customer_id,
        "cohort": label,
        "first_purchase": first,
        "last_purchase": known.last_purchase,
        "frequency": frequency,
        "recency": known.last_purchase.delta(first, unit="day").cast("float64") / days_per_unit,
        "T": end.delta(first, unit="day").cast("float64") / days_per_unit,
        "log_gaps": known.log_gaps - frequency.cast("float64") * math.log(days_per_unit),
        "monetary_value": known.repeat_value.cast("float64") / frequency.cast("float64").nullif(0.0),
        "first_value": known.first_value.cast("float64"),
        "value_to_date": known.value_to_date.cast("float64"),
        "active_before": known.active_before,
        "active_after": known.active_after,
    }
    held = [name for name in ("margin_to_date", "holdout_purchases", "holdout_value") if name in known.columns]
    return known.select(**columns, **{name: known[name] for name in (*held, *attributes)})


def pattern_expression(summary: ibis.Table) -> ibis.Table:
    """Return the distinct patterns with their counts as an Ibis expression.

    Parameters
    ----------
    summary : ibis.Table
        Result of `summary_expression`.

    Returns
    -------
    ibis.Table
        Columns `frequency, recency, T, count`.
    """
    return summary.group_by("frequency", "recency", "T").agg(count=summary.count())


def summarise(
    log: TransactionLog, shaping: Shaping | None = None, *, for_fit: bool = True, **settings: object
) -> CustomerSummary:
    """Summarise a transaction log: one row per customer.

    Purchases of one customer on one day are one purchase. Times are exact days divided by the length of the unit.

    Parameters
    ----------
    log : TransactionLog
        Result of `read_transactions`.
    shaping : Shaping, optional
        Dates, unit of time and cohorts. Observation ends with the log where it is not said; the hold-out begins on the
        day after. A log that was exported after its last purchase says by its silence that nobody bought: state that
        day as `log_end`, and observation and hold-out may reach to it. Attributes are numbers where all values are,
        with the decimal mark of the amounts or, where that does not fit every value, the other one; on a day with
        several values the smallest counts.
    for_fit : bool
        Whether to refuse customers from whom no model can learn. A stored posterior values them all the same: one
        customer, or many who never came back.
    **settings
        Fields of `Shaping` by name, which take the place of those of `shaping`.

    Returns
    -------
    CustomerSummary

    Raises
    ------
    DomainError
        If the dates do not fit the data, or the log cannot tell anything about repeat purchases.
    SchemaError
        If `cohort` or an attribute is no column of the log, or the log was not read by `read_transactions`.

    Examples
    --------
    >>> from kundenwert.data.transactions import read_transactions
    >>> days = ["2024-01-01", "2024-01-15", "2024-02-05", "2024-01-08"]
    >>> rows = pd.DataFrame({"customer_id": ["a", "a", "a", "b"], "date": days, "amount": [5.0, 10.0, 20.0, 8.0]})
    >>> summary = summarise(read_transactions(rows), observation_end="2024-01-29", holdout_end="2024-02-05")
    >>> summary.table[["frequency", "recency", "T", "monetary_value", "holdout_purchases"]].to_numpy().tolist()
    [[1.0, 2.0, 4.0, 10.0, 1.0], [0.0, 0.0, 3.0, nan, 0.0]]
    """
    if not hasattr(log, "purchases"):
        raise SchemaError(f"summarise takes what read_transactions returns, not a {type(log).__name__}")
    shaping = made(Shaping, shaping, settings)
    attributes = tuple(shaping.attributes)
    _check_columns(log, shaping.cohort, attributes)
    complete = log_end(log, day(shaping.log_end, "log_end"), for_fit=for_fit)
    stated = (day(getattr(shaping, name), name) for name in ("observation_end", "holdout_end"))
    span = dates_asked(log, complete, *stated)
    end, holdout = span.end, span.holdout
    purchases = log.known(end)
    expression = summary_expression(
        purchases,
        observation_end=end,
        holdout_end=holdout,
        time_unit=shaping.time_unit,
        cohort=shaping.cohort,
        inactivity_months=shaping.inactivity_months,
        attributes=attributes,
    )
    table = expression.to_pyarrow().to_pandas().sort_values("customer_id", kind="stable").reset_index(drop=True)
    for name in ("first_purchase", "last_purchase"):
        table[name] = pd.to_datetime(table[name]).astype("datetime64[s]")
    for name in ("frequency", "holdout_purchases"):
        if name in table:
            table[name] = table[name].astype("int64")
    for name in attributes:
        table[name] = _numbers(table[name], log.source.decimal)
    _informative(table, end, for_fit=for_fit)
    few = too_few(int((table["frequency"] > 0).sum()), len(table)) if for_fit else ()
    account = carried_on(log, purchases, span, (*few, *span_cautions(purchases, span)))
    return CustomerSummary(
        table,
        shaping.time_unit,
        min(log.first_day, table["first_purchase"].min().date()),  # a first purchase may have been taken back later
        end,
        holdout,
        shaping.cohort,
        shaping.inactivity_months,
        account,
        log.source,
    )


def _check_columns(log: TransactionLog, cohort: str, attributes: Sequence[str]) -> None:
    """Refuse cohorts and attributes that the log has not kept, or whose names have a meaning here."""
    if cohort not in CALENDAR_COHORTS and cohort not in log.keep:
        known = ", ".join((*CALENDAR_COHORTS, *log.keep))
        raise SchemaError(
            f"cohort={cohort!r} is not known; choose one of {known}, or read the log with keep=[{cohort!r}]"
        )
    if taken := [name for name in attributes if name in _COLUMNS]:
        raise SchemaError(f"the column {taken[0]!r} has the name of a column of the summary; rename it in the log")
    if unknown := [name for name in attributes if name not in log.keep]:
        raise SchemaError(f"the log keeps no column {unknown[0]!r}; read it with keep={[*log.keep, *unknown]}")


def _numbers(column: pd.Series, decimal: str | None) -> pd.Series:
    """Numbers where every value is one, by one decimal mark for all; codes with leading zeros stay text."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return column.astype("float64")
    text = column.astype("string").str.strip()
    own = decimal or "."
    for mark, grouped in ((own, True), ("." if own == "," else ",", False)):
        group = "." if mark == "," else ","
        groups = rf"|[1-9]\d{{0,2}}(\{group}\d{{3}})+" if grouped else ""
        number = rf"[+-]?(((0|[1-9]\d*){groups})(\{mark}\d*)?|\{mark}\d+)([eE][+-]\d+)?"
        if text.str.fullmatch(number).fillna(value=True).all():
            plain = text.str.replace(group, "", regex=False).str.replace(mark, ".", regex=False)
            return pd.to_numeric(plain).astype("float64")
    return column


def _informative(table: pd.DataFrame, end: dt.date, *, for_fit: bool) -> None:
    """Refuse a table without customers, and for a fit one from which no repeat-purchase model can learn."""
    if len(table) == 0:
        raise DomainError(Code.END_TOO_EARLY, parameter="observation_end", end=end, setting=Setting("observation_end"))
    if not for_fit:
        return
    if len(table) == 1:
        raise DomainError(Code.ONE_CUSTOMER, parameter="observation_end", end=end, setting=Setting("observation_end"))
    if not table["T"].max() > 0:
        raise DomainError(
            Code.ALL_ON_LAST_DAY, parameter="observation_end", end=end, setting=Setting("observation_end")
        )
    if not table["frequency"].max() > 0:
        raise DomainError(
            Code.NOBODY_RETURNED, customers=len(table), end=end, mean=float(table["value_to_date"].mean())
        )


def purchases_by_day(
    log: TransactionLog, *, until: dt.date | str | None = None, acquired_until: dt.date | str | None = None
) -> pd.DataFrame:
    """Count purchases day by day, for the tracking plot.

    Parameters
    ----------
    log : TransactionLog
        Result of `read_transactions`.
    until : date or ISO text, optional
        Last day; the last day of the log if not given.
    acquired_until : date or ISO text, optional
        Count only customers whose first purchase lies on or before this day; of purchases up to it only those credit
        notes are taken off that were known by then, as in `summarise`.

    Returns
    -------
    pandas.DataFrame
        One row for every calendar day: `date, purchases` (customer-days), `repeat_purchases, amount`.

    Raises
    ------
    DomainError
        If a day is not a date, or `until` lies before the first purchase.
    """
    last = day(until, "until") or log.last_day
    if last < log.first_day:
        raise DomainError(f"until={last} lies before the first purchase, {log.first_day}")
    acquired = day(acquired_until, "acquired_until") or last
    days = log.known(acquired)
    days = days.mutate(first=days.date.min().over(group_by="customer_id"))
    days = days.filter(days.date <= last, days["first"] <= acquired)
    daily = days.group_by("date").agg(
        purchases=days.count(),
        repeat_purchases=(days.date > days["first"]).sum(),
        amount=days.amount.cast("decimal(38, 9)").sum().cast("float64"),
    )
    frame: pd.DataFrame = daily.to_pyarrow().to_pandas()
    frame["date"] = pd.to_datetime(frame["date"]).astype("datetime64[s]")
    start = min([pd.Timestamp(log.first_day), *frame["date"]])
    calendar = pd.date_range(start, last, freq="D", unit="s", name="date")
    frame = frame.set_index("date").reindex(calendar, fill_value=0)
    counts = {"purchases": "int64", "repeat_purchases": "int64", "amount": "float64"}
    return frame.astype(counts).reset_index()
