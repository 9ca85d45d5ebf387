"""Parts of a log that are too large to be told in passing: rows without a customer, for nothing, or again."""

from __future__ import annotations

from collections.abc import Mapping

from kundenwert.data.account import Note
from kundenwert.messages import Code, Setting

MISSING_SHARE = ZERO_SHARE = 0.05
"""Shares of the rows without a customer id, and of those kept with a zero amount, that call for caution."""

AGAIN_SHARE, AGAIN_LEAST = 0.25, 10
"""Share, and least number, of the rows equal to earlier ones that call for caution."""


def large_shares(counts: Mapping[Code, int], money: Mapping[Code, float | None], read: int) -> tuple[Note, ...]:
    """Caution where a good part of all rows has no customer, no money, or stands there before.

    Parameters
    ----------
    counts : mapping
        Rows by what became, or was seen, of them.
    money : mapping
        Sums of their amounts, where known.
    read : int
        Rows read.

    Examples
    --------
    >>> large_shares({Code.NO_CUSTOMER: 4}, {Code.NO_CUSTOMER: 40.0}, 10)[0].reason[:47]
    '4 rows, 40 % of all, of 40.00, name no customer'
    """
    notes = []
    nobody = [code for code in (Code.NO_CUSTOMER, Code.PLACEHOLDER_ID) if counts.get(code)]
    missing = sum(counts[code] for code in nobody)
    if missing > MISSING_SHARE * read:
        lost = sum(money.get(code) or 0.0 for code in nobody)
        figures: dict[str, object] = {"share": 100 * missing / read, "money": lost}
        notes.append(Note(Code.CUSTOMERS_MISSING, missing, caution=True, money=lost, figures=figures))
    zeros = counts.get(Code.ZERO_KEPT, 0)
    if zeros > ZERO_SHARE * read:
        figures = {"share": 100 * zeros / read, "hint": Setting("zero_amounts", "exclude")}
        notes.append(Note(Code.ZEROS_MANY, zeros, caution=True, figures=figures))
    again = counts.get(Code.DUPLICATE_KEPT, 0)
    if again >= max(AGAIN_LEAST, AGAIN_SHARE * read):
        figures = {"share": 100 * again / read, "hint": Setting("duplicates", "drop")}
        notes.append(Note(Code.DUPLICATES_MANY, again, caution=True, figures=figures))
    return tuple(notes)
