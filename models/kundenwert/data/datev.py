"""DATEV booking batches: days without a year, debtor accounts, bookings that are no revenue."""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import dataclass, replace

import ibis

from kundenwert.data.role_names import plain
from kundenwert.errors import DomainError
from kundenwert.messages import Code, Setting
from kundenwert.settings.values import day
from kundenwert.sources import Source

_FROM, _TO, _LENGTH = 14, 15, 13  # positions in the header line, counted from 0
_DEBTORS, _REVENUE = "[1-6]", "[48]"  # first digits: personal accounts of debtors; revenue in SKR04 and SKR03


@dataclass(frozen=True)
class _Header:
    first: dt.date
    last: dt.date
    length: int


def _header(opened: Source) -> _Header:
    """Read the line above the column names."""
    line = opened.head[0] if opened.head else ""
    cells = next(csv.reader([line], delimiter=";"), [])
    try:
        first, last = day(cells[_FROM], "preset"), day(cells[_TO], "preset")
        found = _Header(first, last, int(cells[_LENGTH]))
    except (IndexError, ValueError):
        found = None
    if not found or not cells[0].startswith(("EXTF", "DTVF")) or (found.last - found.first).days > 365:
        raise DomainError(
            Code.DATEV_HEADER, parameter="preset", source=opened.info.name, none=Setting("preset", "none")
        )
    return found


def debtors(opened: Source) -> Source:
    """Return bookings with full dates, on the account of their customer, and a reason where they are no revenue.

    The day DDMM gets the year that puts it between the header's first and last day. The customer is the debtor account
    among account and counter account; where it is the counter account, debit and credit change sides.

    Parameters
    ----------
    opened : Source
        The source.

    Returns
    -------
    Source
        Its table has a further column `reason`, a code's value, missing for invoices and credit notes.

    Raises
    ------
    DomainError
        If the header line does not say to which days the bookings belong.
    """
    header = _header(opened)
    table = opened.table
    place = {plain(name): f"c{i}" for i, name in enumerate(opened.names)}
    account, mark, date = place["konto"], place["sollhabenkennzeichen"], place["belegdatum"]
    counter = next((c for name, c in place.items() if name.startswith("gegenkonto")), account)
    own, other = (table[name].cast("string").strip().re_replace("^0+", "") for name in (account, counter))
    debtor = rf"^{_DEBTORS}\d{{{header.length}}}$"
    here, there = own.re_search(debtor), other.re_search(debtor)
    across = ~here.fill_null(False) & there.fill_null(False)
    against = ibis.ifelse(across, own, other)
    side = table[mark].cast("string").strip().upper()
    swapped = ibis.cases((side == "S", "H"), (side == "H", "S"), else_=side)
    reason = ibis.cases(
        (~(here | there).fill_null(False), str(Code.NO_DEBTOR)),
        (~against.re_search(rf"^{_REVENUE}\d{{{header.length - 1}}}$").fill_null(False), str(Code.NO_REVENUE)),
    )
    full = table.mutate(
        **{
            account: ibis.ifelse(across, other, own),
            mark: ibis.ifelse(across, swapped, side),
            date: _dated(table[date].cast("string").strip(), header),
        },
        reason=reason,
    )
    return replace(opened, table=full)


def _dated(text: ibis.Value, header: _Header) -> ibis.Value:
    """Write a day DDMM or DMM as YYYY-MM-DD; as it stands where no year fits."""
    padded = text.lpad(4, "0")
    cases = []
    for year in range(header.first.year, header.last.year + 1):
        iso = ibis.literal(f"{year}-") + padded.substr(2, 2) + "-" + padded.substr(0, 2)
        fits = text.re_search(r"^\d{3,4}$") & iso.try_cast("date").between(header.first, header.last).fill_null(False)
        cases.append((fits, iso))
    return ibis.cases(*cases, else_=text)
