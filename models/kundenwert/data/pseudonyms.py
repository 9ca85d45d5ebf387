"""Customers under pseudonyms: from a step of reading on, no row says who somebody is, and no message quotes a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import ibis
import pandas as pd
import pyarrow as pa

from kundenwert.data.account import Entry, Note, RowAccount
from kundenwert.errors import KundenwertError
from kundenwert.files.pseudonyms import Pseudonymiser, find_key
from kundenwert.messages import Setting
from kundenwert.settings import Reading
from kundenwert.sources import Place
from kundenwert.sources.engine import quiet

HIDDEN = "…"
"""What stands where a message would quote a row."""

NAMING = ("exclude_customers", "where", "placeholders", "id_map")
"""Settings whose values may name customers."""

HARMLESS = ("source", "column", "columns", "earliest", "latest", "until", "currency", "format", "formats", "zone")
"""Figures of messages that are texts, and say nothing of a customer."""


def pseudonymous(rows: ibis.Table, reading: Reading) -> ibis.Table:
    """Put pseudonyms in the place of customers' ids, where that is asked for.

    Parameters
    ----------
    rows : ibis.Table
        With `customer_id`, as text, and whatever else.
    reading : Reading
        Says whether, and where the key is.

    Returns
    -------
    ibis.Table
        The same rows with the same columns.
    """
    if not reading.pseudonymise:
        return rows
    with quiet():
        ids = rows.select("customer_id").distinct().to_pyarrow()["customer_id"].drop_null().to_pylist()
    names = Pseudonymiser(find_key(reading.pseudonym_key)).of(ids)
    table = pa.table({"real": pa.array(names.keys(), pa.string()), "pseudonym": pa.array(names.values(), pa.string())})
    known = ibis.memtable(table)
    joined = rows.left_join(known, rows.customer_id == known.real)
    return joined.mutate(customer_id=joined.pseudonym).drop("real", "pseudonym")


def renamed(table: pd.DataFrame, reading: Reading) -> pd.DataFrame:
    """Put the same pseudonyms into a table beside the log, such as one of master data, so that it still fits the log.

    Parameters
    ----------
    table : pandas.DataFrame
        With `customer_id`, as text.
    reading : Reading
        How the log is read.

    Returns
    -------
    pandas.DataFrame
        A copy where customers are under pseudonyms.
    """
    if not reading.pseudonymise:
        return table
    names = Pseudonymiser(find_key(reading.pseudonym_key)).of(table["customer_id"].dropna().unique())
    return table.assign(customer_id=table["customer_id"].map(names))


def without_texts(account: RowAccount, reading: Reading) -> RowAccount:
    """Return an account that quotes no row, where customers are under pseudonyms."""
    if not reading.pseudonymise:
        return account
    entries = tuple(_without_text(entry) for entry in account.entries)
    return replace(account, entries=entries, notes=tuple(_without_text(note) for note in account.notes))


@contextmanager
def discreet(reading: Reading) -> Iterator[None]:
    """Let no refusal quote a row, where customers are under pseudonyms."""
    try:
        yield
    except KundenwertError as error:
        if not reading.pseudonymise or error.code is None or type(error).__init__ is not KundenwertError.__init__:
            raise
        raise type(error)(error.code, parameter=error.parameter, **_hidden(error.figures)) from None


def told(options: Mapping[str, object]) -> dict[str, object]:
    """Return settings as they may be shown and kept: where customers are under pseudonyms, without what names them.

    Parameters
    ----------
    options : mapping
        Settings by name, as for a manifest.

    Returns
    -------
    dict

    Examples
    --------
    >>> told({"pseudonymise": True, "exclude_customers": ["Otto"], "seed": 1})
    {'pseudonymise': True, 'exclude_customers': '…', 'seed': 1}
    """
    hide = bool(options.get("pseudonymise"))
    return {name: HIDDEN if hide and name in NAMING and value else value for name, value in options.items()}


def _without_text[Found: (Entry, Note)](found: Found) -> Found:
    return replace(found, first=tuple(map(_place, found.first)), figures=_hidden(found.figures))


def _place(place: Place) -> Place:
    return Place(place.where, HIDDEN)


def _hidden(figures: Mapping[str, object]) -> dict[str, object]:
    """Replace the texts among figures, but for those that never come from a row."""
    return {name: value if name in HARMLESS else _figure(value) for name, value in figures.items()}


def _figure(value: object) -> object:
    if isinstance(value, Place):
        return _place(value)
    if isinstance(value, Setting):
        return Setting(value.name) if value.name in NAMING else value
    if isinstance(value, str):
        return HIDDEN
    return [_figure(item) for item in value] if isinstance(value, list | tuple) else value
