"""What the numbers of a log mean: which rows count, with which sign, for which order, in which currency, with tax."""

from __future__ import annotations

from dataclasses import dataclass

import ibis

from kundenwert.data.account import Note
from kundenwert.data.amount_names import sums_among, told_by_names
from kundenwert.data.conversion import one_currency
from kundenwert.data.few import few_valued
from kundenwert.data.filters import keep_where
from kundenwert.data.margins import margin_follows, with_margin
from kundenwert.data.orders import count_orders_once
from kundenwert.data.roles import Roles
from kundenwert.data.signs import signed
from kundenwert.data.status import cautions
from kundenwert.data.tax import without_tax
from kundenwert.data.typed import Notation
from kundenwert.settings import Reading
from kundenwert.sources import Source


@dataclass(frozen=True)
class Meaning:
    """Rows whose amounts mean what they say.

    Parameters
    ----------
    rows : ibis.Table
        Rows with `amount` and `fate`, and all columns that they had.
    currency : str or None
        Of all amounts; None where nothing says it.
    notes : tuple of Note
        What was done and seen.
    """

    rows: ibis.Table
    currency: str | None
    notes: tuple[Note, ...]


def meant(rows: ibis.Table, opened: Source, roles: Roles, reading: Reading, notation: Notation) -> Meaning:
    """Decide what each row's amount means.

    Parameters
    ----------
    rows : ibis.Table
        Result of `typed_rows`.
    opened : Source
        The source.
    roles : Roles
        Which column serves as what.
    reading : Reading
        What is stated of signs, orders, currencies, tax and conditions.
    notation : Notation
        How values are written.

    Returns
    -------
    Meaning

    Raises
    ------
    SchemaError
        If a condition names no column, or two columns could hold currencies.
    DomainError
        If a condition cannot be understood, or amounts cannot be added.
    """
    few = few_valued(opened, {roles.names["customer_id"], roles.names["date"]})
    if "reason" in rows.columns:  # of a known export's own rules
        rows = rows.mutate(fate=rows.fate.coalesce(rows.reason)).drop("reason")
    rows = keep_where(rows, opened, reading.where, reading.date_format)
    rows = with_margin(rows, roles, notation.decimal)
    rows, of_signs = signed(rows, roles, reading, notation.decimal)
    summed = sums_among(rows, opened, roles, {name: list(held) for name, held in few.items()})
    rows, of_orders = count_orders_once(rows, opened, roles)
    rows, currency, of_rates = one_currency(rows, opened, roles, reading, notation, few)
    rows = margin_follows(rows, roles)
    seen = cautions(rows, opened, roles, reading, few, notation.decimal)
    named = told_by_names(opened, roles, notation.decimal)
    rows, of_tax = without_tax(rows, roles.names["amount"], reading)
    return Meaning(rows, currency, (*of_signs, *of_orders, *of_rates, *of_tax, *named, *summed, *seen))
