"""Marks of debit and credit behind amounts: 12,50 S and 12,50 H, 12.50 CR and 12.50 DR."""

from __future__ import annotations

from collections.abc import Sequence

import ibis

from kundenwert.data.account import Note
from kundenwert.errors import DomainError
from kundenwert.messages import Code, Setting, several

_MARK = r"(?i)^(.*[\d)\-])\s*(S|H|Soll|Haben|CR|DR)\.?$"
_LAST = [*"SHlnRrshLN."]
_DEBIT, _CREDIT = ("s", "soll", "dr"), ("h", "haben", "cr")


def without_marks(
    text: ibis.Value, rows: ibis.Table, refund_marks: Sequence[str], *, label: str
) -> tuple[ibis.Value, ibis.Value | None, tuple[Note, ...]]:
    """Return amounts without their marks, and which of them are negative by their marks.

    Only where every amount of a column carries a mark are these looked at; which of them takes money back is said by
    `refund_marks`, and what was done is told.

    Parameters
    ----------
    text : ibis.Value
        Amounts as written, a column of `rows`.
    rows : ibis.Table
        The rows.
    refund_marks : sequence of str
        Marks that make an amount negative, in small or capital letters.
    label : str
        Name of the column in the user's source, for messages.

    Returns
    -------
    tuple
        Texts; whether a mark makes them negative, None where there are no marks; and what is to be said of it.

    Raises
    ------
    DomainError
        If there are marks, and none or all of them are refunds.
    """
    may = text.right(1).isin(_LAST)
    seen = rows.agg(n=text.count(), may=may.sum()).to_pyarrow().to_pylist()[0]
    if not seen["n"] or (seen["may"] or 0) < seen["n"]:
        return text, None, ()
    marked = rows.filter(text.notnull()).select(mark=text.re_extract(_MARK, 2).lower())
    found = marked.group_by("mark").agg(n=marked.count()).order_by("mark").to_pyarrow().to_pylist()
    counts = {str(kind["mark"]): int(kind["n"]) for kind in found}
    if "" in counts:
        return text, None, ()
    negative = {mark for mark in counts if mark in {word.lower() for word in refund_marks}}
    if not negative and not counts.keys() <= {"s", "soll"}:
        raise DomainError(
            Code.AMOUNT_MARKS_UNCLEAR,
            parameter="refund_marks",
            column=label,
            marks=", ".join(f"{mark.upper()}: {several(n, 'row')}" for mark, n in counts.items()),
            first=Setting("refund_marks", [mark.upper() for mark in counts if mark in _CREDIT] or ["CR"]),
            second=Setting("refund_marks", [mark.upper() for mark in counts if mark in _DEBIT] or ["DR"]),
        )
    positive = counts.keys() - negative
    figures = {
        "negative": ", ".join(sorted(mark.upper() for mark in negative)) or "(none)",
        "positive": ", ".join(sorted(mark.upper() for mark in positive)) or "(none)",
        "setting": Setting("refund_marks"),
    }
    note = Note(Code.AMOUNT_MARKS, sum(counts[mark] for mark in negative), caution=True, figures=figures)
    return text.re_extract(_MARK, 1), text.re_extract(_MARK, 2).lower().isin(sorted(negative)), (note,)
