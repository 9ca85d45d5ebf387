"""Each row's own contribution margin, where a column says it."""

from __future__ import annotations

import ibis

from kundenwert.data.account import Note
from kundenwert.data.amounts import AMOUNT_TYPE
from kundenwert.data.numbers import number
from kundenwert.data.roles import Roles
from kundenwert.messages import Code

_MADE_OF_OTHERS = {"quantity", "debit", "refund_amount"}
"""Roles with which an amount is no multiple of what its own column says."""


def with_margin(rows: ibis.Table, roles: Roles, decimal: str | None) -> ibis.Table:
    """Add each row's margin in money, missing where it cannot be read, and its amount as written so far.

    Parameters
    ----------
    rows : ibis.Table
        Rows with the source's columns and `amount`.
    roles : Roles
        Which column serves as what.
    decimal : str, optional
        Decimal mark of the amounts.

    Returns
    -------
    ibis.Table
        With `margin` and `plain`; as it was where no column holds margins.
    """
    if "margin_amount" not in roles.columns:
        return rows
    _, exact = number(rows, roles.columns["margin_amount"], label=roles.names["margin_amount"], decimal=decimal)
    return rows.mutate(margin=exact.cast(AMOUNT_TYPE), plain=rows.amount)


def margin_follows(rows: ibis.Table, roles: Roles) -> ibis.Table:
    """Let margins follow what was done with amounts: turned round by a mark, or converted into another currency."""
    if "margin" not in rows.columns:
        return rows
    if _MADE_OF_OTHERS & set(roles.columns):
        return rows.drop("plain")
    factor = rows.amount.cast("float64") / rows.plain.cast("float64").nullif(0.0)
    scaled = (rows.margin.cast("float64") * factor).round(9).cast(AMOUNT_TYPE)
    moved = rows.plain.notnull() & (rows.amount != rows.plain)
    return rows.mutate(margin=ibis.ifelse(moved, scaled, rows.margin)).drop("plain")


def margin_notes(rows: ibis.Table) -> tuple[Note, ...]:
    """Tell negative margins, and rows whose margin cannot be read, which count as 0."""
    if "margin" not in rows.columns:
        return ()
    good = rows.filter(rows.fate.isnull())
    found = good.agg(
        negative=((good.margin < 0) & (good.amount >= 0)).sum(),
        below=good.margin.sum(where=(good.margin < 0) & (good.amount >= 0)),
        missing=good.margin.isnull().sum(),
    )
    row = found.to_pyarrow().to_pylist()[0]
    notes = (
        Note(Code.NEGATIVE_MARGIN, int(row["negative"] or 0), money=float(row["below"] or 0)),
        Note(Code.MARGIN_MISSING, int(row["missing"] or 0), caution=True),
    )
    return tuple(note for note in notes if note.count)
