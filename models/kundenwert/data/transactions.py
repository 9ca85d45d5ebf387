"""Read a transaction log: one row per customer and day, and an account of every input row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

import duckdb
import ibis

from kundenwert.data.account import Note, RowAccount
from kundenwert.data.attributes import master_data, with_attributes
from kundenwert.data.bad_lines import guess_money, mark_strays, mark_torn, notes_on_lines
from kundenwert.data.cautions import customer_cautions
from kundenwert.data.datev import debtors
from kundenwert.data.day_cautions import day_cautions
from kundenwert.data.duplicates import mark_duplicates, overlapping
from kundenwert.data.fates import account_for, merge_days, with_fate
from kundenwert.data.ids import settle_ids
from kundenwert.data.lists import mark_lists
from kundenwert.data.margins import margin_notes
from kundenwert.data.meaning import meant
from kundenwert.data.presets import with_preset
from kundenwert.data.pseudonyms import discreet, pseudonymous, without_texts
from kundenwert.data.refunds import as_known, match_refunds, parts_of, refund_notes, settle
from kundenwert.data.roles import Roles, find_roles
from kundenwert.data.stretches import apart_from_others
from kundenwert.data.tables.customers import MasterData
from kundenwert.data.typed import Notation, typed_rows
from kundenwert.errors import DomainError
from kundenwert.messages import Code, Setting, as_table, in_line
from kundenwert.settings import Reading, made
from kundenwert.sources import Source, SourceInfo, open_source
from kundenwert.sources.engine import store
from kundenwert.sources.rejected import check_breaks, check_lines


@dataclass(frozen=True)
class TransactionLog:
    """A cleaned transaction log.

    Parameters
    ----------
    purchases : ibis.Table
        One row per customer and day: `customer_id` (text), `date`, `amount` (sum of the day), `rows` (input rows merged
        into it), `margin` where a column holds margins, and the columns of `keep` (text).
    account : RowAccount
        What happened to every input row.
    source : SourceInfo
        Where the rows came from and how they were read.
    keep : tuple of str
        Further columns of the customer, usable as cohorts.
    first_day, last_day : datetime.date
        First and last day with a purchase.
    parts : ibis.Table, optional
        Of purchases that lost something to a credit note of a later day, what was known when: `customer_id, date,
        known, amount, rows, undone`, and the columns of `keep`. None where there are none.
    """

    purchases: ibis.Table
    account: RowAccount
    source: SourceInfo
    keep: tuple[str, ...]
    first_day: dt.date
    last_day: dt.date
    parts: ibis.Table | None = None

    def __repr__(self) -> str:
        return in_line("TransactionLog", self._facts())

    def _repr_html_(self) -> str:
        return as_table("Transaction log", self._facts())

    def _facts(self) -> list[tuple[str, str]]:
        """What is known without a query: no customer and no amount is among it."""
        account = self.account
        read = (
            f"{account.kept:,} kept, {account.merged:,} merged, {account.excluded:,} excluded of {account.rows_read:,}"
        )
        facts = [("source", repr(self.source.name)), ("rows", read), ("days", f"{self.first_day} to {self.last_day}")]
        facts += [("currency", self.source.currency)] if self.source.currency else []
        return facts + ([("further columns", ", ".join(map(repr, self.keep)))] if self.keep else [])

    def known(self, end: dt.date) -> ibis.Table:
        """Return the purchases with only those credit notes taken off that were known on a day.

        Parameters
        ----------
        end : datetime.date
            The day, such as the end of observation. Of later purchases all credit notes are taken off.

        Returns
        -------
        ibis.Table
            Columns as `purchases`.
        """
        return self.purchases if self.parts is None else as_known(self.purchases, self.parts, end)


def read_transactions(source: object, reading: Reading | None = None, **settings: object) -> TransactionLog:
    """Read, check and clean a transaction log.

    Every value of a text file is read as text and converted within one query, so that ids keep their leading zeros and
    every row that cannot be read is counted. Amounts are exact to a billionth of the currency's unit.

    Parameters
    ----------
    source : str, Path, pandas.DataFrame, pyarrow.Table, polars.DataFrame or ibis.Table
        A .csv, .tsv, .txt or .parquet file (encoding and delimiter are found out), or a table. One row per purchase,
        order line or refund, in any order.
    reading : Reading, optional
        How it is read; what is not stated is found out.
    **settings
        Fields of `Reading` by name, which take the place of those of `reading`.

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
    reading = made(Reading, reading, settings)
    with discreet(reading):
        return _read(source, reading)


def _read(source: object, reading: Reading) -> TransactionLog:
    """Read, step by step."""
    opened = open_source(source, reading)
    reading, preset, of_preset = with_preset(opened, reading)
    master, reading = master_data(reading, opened.names)
    roles, recognised = find_roles(opened, reading)
    check_lines(opened, reading)
    check_breaks(opened, roles.columns)
    if preset and preset.name == "datev":
        opened = debtors(opened)
    typed, notation = typed_rows(opened, roles, reading)
    guesses = guess_money(opened, roles, notation.decimal)
    rows, currency, seen = _run(lambda: _judged(typed, opened, roles, reading, notation), notation.date_format)
    if opened.materialised:
        rows = _run(lambda: store(opened.table.get_backend(), "rows", rows), notation.date_format)
    rows, apart = apart_from_others(rows, reading.isolated_days)
    rows = pseudonymous(rows, reading)
    rows, parts, of_refunds = _settled(rows, opened, roles, reading)
    daily = merge_days(rows, reading.refunds, len(roles.kept))
    of_days = day_cautions(rows, daily, opened, notation.date_format, apart)
    notes = (*of_preset, *recognised, *notes_on_lines(opened, guesses), *notation.notes, *seen, *of_refunds, *of_days)
    notes = (*notes, *margin_notes(rows))
    account = account_for(opened, rows, daily, reading.refunds, notes, bad_money=guesses[0])
    purchases, parts, of_master = _purchases(daily, parts, opened, roles, master)
    account = replace(account, notes=(*account.notes, *of_master, *customer_cautions(purchases)))
    account = without_texts(account, reading)
    span = purchases.agg(first=purchases.date.min(), last=purchases.date.max()).to_pyarrow().to_pylist()[0]
    info = replace(
        opened.info,
        date_format=notation.date_format,
        decimal=notation.decimal,
        columns=roles.told(),
        currency=currency,
        preset=preset.name if preset else None,
    )
    keep = (*roles.kept, *(master.attributes if master else ()))
    return TransactionLog(purchases, account, info, keep, span["first"], span["last"], parts)


def _judged(
    typed: ibis.Table, opened: Source, roles: Roles, reading: Reading, notation: Notation
) -> tuple[ibis.Table, str | None, tuple[Note, ...]]:
    """Say what each row's fate is: torn or stray cells first, then lines of lists, then what its values mean."""
    typed = mark_torn(mark_strays(typed, opened, roles), opened, roles)
    typed = mark_lists(typed, opened, roles)
    told = meant(typed, opened, roles, reading, notation)
    typed, of_ids = settle_ids(told.rows, opened, roles, reading)
    typed, again = mark_duplicates(
        typed, len(opened.names), materialised=opened.materialised, starts=tuple(opened.parts)
    )
    overlap = overlapping(again, opened, reading)
    return with_fate(typed, reading, len(opened.names)), told.currency, (*told.notes, *of_ids, *overlap)


def _settled(
    rows: ibis.Table, opened: Source, roles: Roles, reading: Reading
) -> tuple[ibis.Table, ibis.Table | None, tuple[Note, ...]]:
    """Take credit notes off the purchases they belong to, where that is asked for and there are any."""
    rows = settle(rows, reading.refunds)
    settled = match_refunds(rows) if reading.refunds == "match" else rows
    if opened.materialised and (settled is not rows or reading.refunds in ("net", "earlier")):
        settled = store(opened.table.get_backend(), "settled", settled)
    if settled is rows or reading.refunds != "match":
        return settled, None, ()
    return settled, parts_of(settled, len(roles.kept)), refund_notes(settled)


def _purchases(
    daily: ibis.Table, parts: ibis.Table | None, opened: Source, roles: Roles, master: MasterData | None
) -> tuple[ibis.Table, ibis.Table | None, tuple[Note, ...]]:
    """Name the columns of customer-days, add attributes, keep them, and let the rows go."""
    kept = {name: f"k{i}" for i, name in enumerate(roles.kept)}
    purchases = daily.select(
        "customer_id",
        "date",
        amount=daily.amount.cast("float64"),
        rows=daily["rows"],
        **({"margin": daily.margin.cast("float64").fill_null(0.0)} if "margin" in daily.columns else {}),
        **{name: daily[column] for name, column in kept.items()},
    )
    parts = None if parts is None else parts.rename(kept)
    notes: tuple[Note, ...] = ()
    if master is not None:
        purchases, parts, notes = with_attributes(purchases, parts, master)
    if opened.materialised:
        backend = opened.table.get_backend()
        purchases = store(backend, "purchases", purchases)
        parts = None if parts is None else store(backend, "parts", parts)
        backend.raw_sql("DROP TABLE IF EXISTS temp.settled; DROP TABLE temp.rows; DROP TABLE temp.source")
    return purchases, parts, notes


def _run[Made](step: Callable[[], Made], date_format: str | None) -> Made:
    try:
        return step()
    except duckdb.InvalidInputException as error:
        if "format" not in str(error).lower():
            raise
        raise DomainError(
            Code.DATE_FORMAT_BAD, parameter="date_format", given=Setting("date_format", date_format)
        ) from error
