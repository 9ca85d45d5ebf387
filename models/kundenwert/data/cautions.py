"""What the purchases of customers say that no model of customers should be fitted to without a word."""

from __future__ import annotations

import datetime as dt
import math
from typing import NamedTuple

import ibis

from kundenwert.data.account import Note
from kundenwert.data.fates import LARGE_SHARE
from kundenwert.messages import Code, Setting

COLLECTIVE = (
    r"^(laufkund|sammelkund|sammelkonto|barverkauf|barkund|einmalkund|walk-? ?in|gastbestell|gastkund|cpd"
    r"|guest[ _-]?(user|cust|check|order)|unknown customer|anonymous (user|cust))"
    r"|^(gast|gäste|guests?|anonym|anonymous|anonymus|unbekannt|unknown|diverse[rs]?|div\.?|kasse|theke|pos"
    r"|cash( sale| customer)?|tageskunde|ohne kunde|kein kunde|no customer|dummy|test|testkunde)$"
    r"|^(gast|guest|anonym|anonymous|unknown|kasse|pos|dummy|test|no-?reply)@"
)
"""Ids, in small letters, under which shops book sales to people they do not know."""

NOBODY = r"^(user|customer|kunde)?[ _-]?0+$"
"""Ids that may mean nobody, but may be numbers too: a caution where they have `NOBODY_TIMES` the mean of rows."""

NOBODY_TIMES = 5.0
DOMINANT_SHARE, DOMINANT_CUSTOMERS = 0.25, 20
"""Share of all money, or of all rows, in one customer from which on it is a caution, and the least number of customers
for which it is."""

APART_SHARE, APART_TIMES = 0.05, 5.0
"""A smaller share of all rows is a caution too where it is so many times that of the next customer."""

REGULAR_PURCHASES, REGULAR_CV, REGULAR_SHARE, REGULAR_CUSTOMERS = 4, 0.25, 0.5, 5
"""Purchases from which on gaps are looked at, the coefficient of variation (standard deviation over mean) below which
they are regular, and share and least number of customers for whom they must be. Where purchases come at random it is
about 1; monthly on the same day it is 0.03."""

CONSTANT_SHARE, CONSTANT_CUSTOMERS = 0.5, 5
WIDE_RATIO = 1000.0
FEW = 30
"""Customers who came back below which nobody can be told from anybody."""


class _Whole(NamedTuple):
    """All customers together: how many, their rows and money, and how many of them are odd."""

    customers: int
    rows: int
    money: float
    top_money: float
    top_rows: int
    back: int
    constant: int
    collective: int
    nobody: int


class _Customer(NamedTuple):
    """A customer: purchases, rows and money, the least and the most paid."""

    customer_id: str
    days: int
    rows: int
    money: float
    least: float
    most: float


def customer_cautions(purchases: ibis.Table) -> tuple[Note, ...]:
    """Say what is odd about customers: one who is many, one who is most of it, contracts, prices.

    Parameters
    ----------
    purchases : ibis.Table
        Customer-days, as in `TransactionLog.purchases`.

    Returns
    -------
    tuple of Note

    Examples
    --------
    >>> import pyarrow as pa
    >>> days = [dt.date(2024, month, 1) for month in range(1, 7)]
    >>> rows = [{"customer_id": who, "date": day, "amount": 9.9, "rows": 1} for who in "abcdef" for day in days]
    >>> [str(note.code) for note in customer_cautions(ibis.memtable(pa.Table.from_pylist(rows)))]
    ['too-few', 'regular-purchases', 'constant-spend']
    """
    per = purchases.group_by("customer_id").agg(
        days=lambda t: t.count(),
        rows=lambda t: t["rows"].sum(),
        money=lambda t: t.amount.sum(),
        least=lambda t: t.amount.min(),
        most=lambda t: t.amount.max(),
    )
    lower = per.customer_id.lower()
    back = per.days > 1
    found = per.agg(
        customers=per.count(),
        rows=per["rows"].sum(),
        money=per.money.sum(),
        top_money=per.money.max(),
        top_rows=per["rows"].max(),
        back=back.sum(),
        constant=(back & (per.least == per.most)).sum(),
        collective=lower.re_search(COLLECTIVE).sum(),
        nobody=lower.re_search(NOBODY).sum(),
    )
    whole = _Whole(**found.to_pyarrow().to_pylist()[0])
    if not whole.customers:
        return ()
    alone = _collective(per, whole)
    return (
        *too_few(whole.back, whole.customers),
        *alone,
        *_dominant(per, whole, {str(note.figures["customer"]) for note in alone}),
        *_regular(purchases, whole),
        *_constant(whole),
        *_wide(purchases),
    )


def _note(code: Code, one: _Customer, whole: _Whole, **figures: int) -> Note:
    """Say what a customer has of all rows and all money, in per cent."""
    told: dict[str, object] = {
        "customer": one.customer_id,
        "rows": 100 * one.rows / whole.rows,
        "money": 100 * one.money / whole.money if whole.money else 0.0,
        "hint": Setting("exclude_customers", [one.customer_id]),
    }
    return Note(code, one.rows, caution=True, money=one.money, figures=told | figures)


def _first(per: ibis.Table, number: int) -> list[_Customer]:
    return [_Customer(**row) for row in per.limit(number).to_pyarrow().to_pylist()]


def _collective(per: ibis.Table, whole: _Whole) -> list[Note]:
    """Customers whose ids say that they are many people."""
    if not whole.collective and not whole.nobody:
        return []
    lower = per.customer_id.lower()
    many = per["rows"] > NOBODY_TIMES * whole.rows / whole.customers
    named = per.filter(lower.re_search(COLLECTIVE) | (lower.re_search(NOBODY) & many)).order_by(ibis.desc("rows"))
    return [_note(Code.COLLECTIVE_ID, one, whole) for one in _first(named, 3)]


def _dominant(per: ibis.Table, whole: _Whole, known: set[str]) -> list[Note]:
    """Customers who are a large part of everything."""
    if whole.customers < DOMINANT_CUSTOMERS:
        return []
    money, rows = whole.top_money / (whole.money or math.inf), whole.top_rows / whole.rows
    if money <= DOMINANT_SHARE and rows <= APART_SHARE:
        return []
    by_rows = _first(per.order_by(ibis.desc("rows"), "customer_id"), 2)
    by_money = _first(per.order_by(ibis.desc("money"), "customer_id"), 1)
    apart = rows > APART_SHARE and by_rows[0].rows > APART_TIMES * by_rows[1].rows
    found = [by_money[0]] if money > DOMINANT_SHARE else []
    found += [by_rows[0]] if (rows > DOMINANT_SHARE or apart) and by_rows[0] not in found else []
    return [
        _note(Code.DOMINANT_CUSTOMER, one, whole, customers=whole.customers)
        for one in found
        if one.customer_id not in known and not (one.rows == 1 and money >= LARGE_SHARE)  # told as a row
    ]


def _regular(purchases: ibis.Table, whole: _Whole) -> list[Note]:
    """Customers who buy by the calendar."""
    each = ibis.window(group_by="customer_id", order_by="date")
    gaps = purchases.select(
        "customer_id", "date", gap=purchases.date.delta(purchases.date.lag().over(each), unit="day")
    )
    spread = gaps.group_by("customer_id").agg(
        gaps=gaps.gap.count(), mean=gaps.gap.mean(), deviation=gaps.gap.std(how="pop")
    )
    spread = spread.filter(spread.gaps >= REGULAR_PURCHASES - 1)
    steady = spread.deviation < REGULAR_CV * spread["mean"]
    found = spread.agg(customers=spread.count(), regular=steady.sum(), period=spread["mean"].median(where=steady))
    row = found.to_pyarrow().to_pylist()[0]
    regular = int(row["regular"] or 0)
    if regular < max(REGULAR_CUSTOMERS, REGULAR_SHARE * row["customers"]):
        return []
    period = math.ceil(row["period"])
    last = purchases.group_by("customer_id").agg(last=lambda t: t.date.max())
    end: dt.date = purchases.date.max().to_pyarrow().as_py()
    active = last.filter(last["last"] > end - dt.timedelta(days=period)).count().to_pyarrow().as_py()
    figures = {"regular": regular, "customers": row["customers"], "least": REGULAR_PURCHASES, "period": period}
    figures |= {"active": active, "all": whole.customers}
    return [Note(Code.REGULAR_PURCHASES, 0, caution=True, figures=figures)]


def _constant(whole: _Whole) -> list[Note]:
    """Customers who pay a price."""
    if whole.constant < max(CONSTANT_CUSTOMERS, CONSTANT_SHARE * whole.back):
        return []
    figures = {"constant": whole.constant, "customers": whole.back}
    return [Note(Code.CONSTANT_SPEND, 0, caution=True, figures=figures)]


def _wide(purchases: ibis.Table) -> list[Note]:
    """Note where amounts differ so widely that a few purchases hold most of the money."""
    paid = purchases.filter(purchases.amount > 0)
    found = paid.agg(least=paid.amount.quantile(0.01), most=paid.amount.quantile(0.99)).to_pyarrow().to_pylist()[0]
    if found["least"] is None or found["most"] < WIDE_RATIO * found["least"]:
        return []
    return [Note(Code.WIDE_SPEND, 0, figures=found)]


def too_few(back: int, customers: int) -> tuple[Note, ...]:
    """Warn where too few customers came back to learn how customers differ.

    Parameters
    ----------
    back : int
        Customers who bought on a second day.
    customers : int
        All of them.

    Returns
    -------
    tuple of Note

    Examples
    --------
    >>> too_few(2, 3)[0].reason
    'only 2 customers came back, of 3: intervals will be wide, and nobody should be ranked by the means'
    """
    if back >= FEW:
        return ()
    return (Note(Code.TOO_FEW, 0, caution=True, figures={"repeaters": back, "customers": customers}),)
