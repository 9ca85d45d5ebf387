"""Orders on several rows: totals that are repeated on each row, items that add up, items without an amount."""

from __future__ import annotations

from dataclasses import dataclass

import ibis

from kundenwert.data.account import Note
from kundenwert.data.few import MOST
from kundenwert.data.roles import Roles, fitting_names
from kundenwert.data.typed import as_text
from kundenwert.messages import Code, Setting
from kundenwert.sources import Source

NEARLY_ALL = 0.95
"""Share of the orders with several rows of which something must hold to be the way in which a source writes orders."""

_LEAST, _HEAD = 5, 100_000  # orders that make a pattern; rows at which a column is looked at that nobody named


@dataclass(frozen=True)
class Pattern:
    """How a source writes orders on several rows.

    Parameters
    ----------
    orders, several : int
        Orders; those with more than one row.
    once : int
        Those with several rows of which exactly one has an amount.
    priced, equal : int
        Those with several amounts above zero; those of them whose amounts are all equal.
    repeated_rows : int
        Rows beyond the first of the orders with equal amounts.
    repeated_money : float
        Their amounts.
    """

    orders: int = 0
    several: int = 0
    once: int = 0
    priced: int = 0
    equal: int = 0
    repeated_rows: int = 0
    repeated_money: float = 0.0

    @property
    def totals_repeat(self) -> bool:
        """Whether amounts are totals of orders, repeated on all rows."""
        return self.priced > 0 and self.equal >= NEARLY_ALL * self.priced

    @property
    def first_row_only(self) -> bool:
        """Whether amounts are totals of orders that stand on one row of each."""
        return self.once > 0 and self.once >= NEARLY_ALL * self.several


def _text(rows: ibis.Table, column: str) -> ibis.Value:
    return as_text(rows[column])


def pattern(rows: ibis.Table, column: str) -> Pattern:
    """Count how a column's orders are written."""
    named = rows.select(order=_text(rows, column), amount="amount", text="amount_text")
    named = named.filter(named.order.notnull())
    above = named.amount > 0
    orders = named.group_by("order").agg(
        rows=named.count(),
        written=named.text.count(),
        above=above.sum(),
        least=named.amount.min(where=above),
        most=named.amount.max(where=above),
    )
    many, priced = orders.rows > 1, orders.above > 1
    equal = priced & (orders.least == orders.most)
    found = orders.agg(
        orders=orders.count(),
        several=many.sum(),
        once=(many & (orders.written == 1)).sum(),
        priced=priced.sum(),
        equal=equal.sum(),
        repeated_rows=(orders.above - 1).sum(where=equal),
        repeated_money=((orders.above - 1) * orders.most).cast("float64").sum(where=equal),
    )
    row = found.to_pyarrow().to_pylist()[0]
    whole = {name: int(row[name] or 0) for name in row if name != "repeated_money"}
    return Pattern(**whole, repeated_money=float(row["repeated_money"] or 0))


def count_orders_once(rows: ibis.Table, opened: Source, roles: Roles) -> tuple[ibis.Table, tuple[Note, ...]]:
    """Let each order's total count once, and say which rows are further items of an order.

    Where (nearly) all orders with several rows repeat one amount on each of them, amounts are totals, and count on the
    first row. Where (nearly) all have an amount on one row only, the others are further items. Else amounts are those
    of items and add up.

    Parameters
    ----------
    rows : ibis.Table
        Rows with the source's columns, `amount`, `amount_text`, `fate`, `row`.
    opened : Source
        The source.
    roles : Roles
        With `order_id`, the column of order numbers. Without it, a column that looks like one is used for further items
        only; repeated totals are a caution.

    Returns
    -------
    tuple
        The rows, and what was seen.
    """
    label = roles.names.get("order_id")
    if label is None:
        return _unasked(rows, opened, roles)
    column = roles.columns["order_id"]
    found = pattern(rows, column)
    if found.totals_repeat:
        figures = {"column": label, "orders": found.equal, "money": found.repeated_money}
        rows = _repeats_left_out(_further_items(rows, column) if found.once else rows, column)
        return rows, (Note(Code.TOTALS_ONCE, found.repeated_rows, money=found.repeated_money, figures=figures),)
    if found.first_row_only:
        return _further_items(rows, column), ()
    if 2 * found.equal > found.priced:
        figures = {"column": label, "orders": found.equal, "of": found.priced, "money": found.repeated_money}
        return rows, (Note(Code.TOTALS_UNCLEAR, found.repeated_rows, caution=True, figures=figures),)
    return rows, ()


def _repeats_left_out(rows: ibis.Table, column: str) -> ibis.Table:
    counts = rows.fate.isnull() & (rows.amount > 0)
    rows = rows.mutate(order=_text(rows, column), counts=counts.fill_null(False))
    each = ibis.window(group_by=["order", "counts"])
    rank = ibis.row_number().over(ibis.window(group_by=["order", "counts"], order_by="row"))
    rows = rows.mutate(rank=rank, least=rows.amount.min().over(each), most=rows.amount.max().over(each))
    again = rows.counts & rows.order.notnull() & (rows["rank"] > 0) & (rows.least == rows.most)
    fate = ibis.ifelse(again, str(Code.TOTAL_REPEATED), ibis.null("string"))
    return rows.mutate(fate=rows.fate.coalesce(fate)).drop("order", "counts", "rank", "least", "most")


def _further_items(rows: ibis.Table, column: str) -> ibis.Table:
    """Rows without an amount, of an order that has one, are further items; whatever became of its first row."""
    rows = rows.mutate(order=_text(rows, column))
    written = rows.amount_text.count().over(ibis.window(group_by="order"))
    further = rows.order.notnull() & rows.amount_text.isnull() & (written > 0)
    fate = ibis.ifelse(further, str(Code.FURTHER_ITEM), ibis.null("string"))
    return rows.mutate(fate=fate.coalesce(rows.fate)).drop("order")


def _unasked(rows: ibis.Table, opened: Source, roles: Roles) -> tuple[ibis.Table, tuple[Note, ...]]:
    """Look for a column of order numbers that nobody named, in the first rows of the source."""
    head = rows.order_by("row").limit(_HEAD) if opened.materialised else rows.limit(_HEAD)
    for label in _candidates(head, opened, roles):
        column = f"c{opened.names.index(label)}"
        seen = pattern(head, column)
        if seen.several < _LEAST:
            continue
        if seen.first_row_only and _one_customer_and_day(head, column):
            further = _further_items(rows, column)
            return further, (Note(Code.ORDERS_RECOGNISED, 0, figures={"column": label}),)
        if seen.totals_repeat and seen.priced >= _LEAST and _one_customer_and_day(head, column):
            found = pattern(rows, column)
            if not found.totals_repeat:
                continue
            figures = {"column": label, "orders": found.equal, "hint": Setting("order_id", label)}
            figures["money"] = found.repeated_money
            note = Note(Code.TOTALS_SEEM_REPEATED, found.repeated_rows, caution=True, money=found.repeated_money,
                        figures=figures)  # fmt: skip
            return rows, (note,)
    return rows, ()


def _candidates(head: ibis.Table, opened: Source, roles: Roles) -> list[str]:
    """Columns that may hold order numbers: by name first, then those with many values on several rows each."""
    taken = set(roles.names.values()) | set(roles.kept)
    named = [name for tier in fitting_names(opened, "order_id", taken) for name in tier]
    free = [name for name in opened.names if name not in taken and opened.names.count(name) == 1 and name]
    columns = {name: f"c{opened.names.index(name)}" for name in free}
    if not columns:
        return []
    measures = {column: head[column].nunique() for column in columns.values()}
    measures |= {f"n{column}": head[column].count() for column in columns.values()}
    seen = head.agg(**measures).to_pyarrow().to_pylist()[0]
    many = [
        name
        for name, column in columns.items()
        if seen[column] > MOST and seen[column] < seen[f"n{column}"] and not head[column].type().is_floating()
    ]
    few_orders = [name for name in named if name in columns and name not in many]
    return list(dict.fromkeys([*(name for name in named if name in many), *few_orders, *many]))


def _one_customer_and_day(head: ibis.Table, column: str) -> bool:
    """Whether each value stands for one customer and one day."""
    parts = head.select(order=_text(head, column), customer="customer_id", date="date")
    parts = parts.filter(parts.order.notnull())
    whom = parts.group_by("order").agg(customers=parts.customer.nunique(), days=parts.date.nunique(), n=parts.count())
    whom = whom.filter(whom.n > 1)
    single = ((whom.customers <= 1) & (whom.days <= 1)).sum()
    found = whom.agg(n=whom.count(), single=single).to_pyarrow().to_pylist()[0]
    return bool(found["n"]) and int(found["single"] or 0) >= NEARLY_ALL * int(found["n"])
