"""What is said on stderr of a log's rows: which were left out, why, where they stand, how much money they hold."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kundenwert.data import CustomerSummary, Entry, Note, RowAccount, TransactionLog

TOLD = ("role-recognised", "preset-recognised")
"""Codes of notes that are always told: what the program has chosen by itself."""


def tell(text: str) -> None:
    """Say something on stderr."""
    print(text, file=sys.stderr)  # noqa: T201


def show(result: object) -> None:
    """Write a result on stdout."""
    print(result)  # noqa: T201


def tell_excluded(account: RowAccount, notes: tuple[Note, ...]) -> None:
    """Say in one line which rows were left out, nothing where all were used; and what calls for caution."""
    for note in notes:
        if note.code in TOLD:
            tell(f"note: {_reason(note)}{_places(note)}")
    entries = [entry for entry in account.entries if entry.fate == "excluded"]
    if entries:
        counts = [f"{entry.count:,} " if len(entries) > 1 else "" for entry in entries]
        reasons = [count + _reason(entry) + _details(entry, 1) for count, entry in zip(counts, entries, strict=True)]
        tell(f"{account.excluded:,} of {account.rows_read:,} rows excluded: {'; '.join(reasons)}")
    tell_cautions(notes)


def tell_cautions(notes: tuple[Note, ...]) -> None:
    """Say what calls for caution."""
    for note in notes:
        if note.caution:
            tell(f"caution: {_reason(note)}{_places(note)}")


def tell_account(log: TransactionLog, summary: CustomerSummary) -> None:
    """Say what became of every row, and what was made of them."""
    account = summary.account
    tell(f"{log.source.name}: {account.rows_read:,} rows")
    for entry in account.entries:
        tell(f"{entry.count:>10,}  {entry.fate:<9} {_reason(entry)}{_details(entry, 3)}")
    for note in account.notes:
        tell(f"{note.count:>10,}  {'caution' if note.caution else 'note':<9} {_reason(note)}{_places(note)}")
    money = float(summary.table["value_to_date"].sum())
    tell(
        f"{len(summary):,} customers with {money:,.2f} of revenue from {summary.observation_start} "
        f"to {summary.observation_end}"
    )


def tell_marks(marks: tuple[str, ...]) -> None:
    """Say what is wrong with values."""
    for mark in marks:
        tell(f"caution: {mark}")


def _reason(found: Entry | Note) -> str:
    """Why, in a sentence that names settings as the command line does."""
    return found.told("cli")


def _places(note: Note) -> str:
    """Where the rows of a note stand and what they say, in brackets."""
    return f" ({'; '.join(map(str, note.first))})" if note.first else ""


def _details(entry: Entry, places: int) -> str:
    """Where the first rows of an entry stand, and their money, in brackets."""
    words = [f"first {', '.join(place.where for place in entry.first[:places])}"] if entry.first else []
    words += [] if entry.money is None else [f"money {entry.money:,.2f}"]
    return f" ({'; '.join(words)})" if words else ""
