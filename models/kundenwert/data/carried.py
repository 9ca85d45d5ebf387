"""What became of every row once dates are asked for: the log's account carried on to what a summary used."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import ibis

from kundenwert.data.account import Entry, Note, RowAccount
from kundenwert.data.spans import Span
from kundenwert.data.transactions import TransactionLog
from kundenwert.messages import Code

BY_DATE = (Code.NEW_LATER, Code.AFTER_OBSERVATION, Code.AFTER_HOLDOUT, Code.REFUND_LATER)
"""Reasons for exclusion that follow from the dates asked for, not from the data."""


def carried_on(log: TransactionLog, purchases: ibis.Table, span: Span, said: Sequence[Note]) -> RowAccount:
    """Carry a log's account on to what a summary used.

    Parameters
    ----------
    log : TransactionLog
        The log.
    purchases : ibis.Table
        Its purchases as known at the end of observation.
    span : Span
        Which days are used.
    said : sequence of Note
        What is said of these days; of the number of customers who came back, in place of what is said of all days.

    Returns
    -------
    RowAccount
    """
    end, holdout = span.end, span.holdout
    days = purchases
    days = days.mutate(first=days.date.min().over(group_by="customer_id"))
    last = holdout or end
    late = Code.AFTER_HOLDOUT if holdout else Code.AFTER_OBSERVATION
    reason = ibis.cases(
        (days["first"] > end, str(Code.NEW_LATER)),
        (days.date <= end, str(Code.OBSERVED)),
        (days.date <= last, str(Code.HELD_OUT)),
        else_=str(late),
    )
    money = days.amount.cast("decimal(38, 9)").sum().cast("float64")
    grouped = days.group_by(reason=reason).agg(days=days.count(), rows=days["rows"].sum(), money=money)
    found = {Code(row.pop("reason")): row for row in grouped.to_pyarrow().to_pylist()}
    used = [name for name in (Code.OBSERVED, Code.HELD_OUT) if name in found]
    kept = [Entry("kept", name, int(found[name]["days"]), found[name]["money"]) for name in used]
    merged = sum(int(found[name]["rows"] - found[name]["days"]) for name in used)
    before = _before(log, end)
    unused = [name for name in (Code.NEW_LATER, late) if name in found]
    further = tuple(Entry("excluded", name, int(found[name]["rows"]), found[name]["money"]) for name in unused)
    notes = (*said, *(note for note in log.account.notes if note.code != Code.TOO_FEW))
    if last > log.last_day:
        silent = {"days": (last - log.last_day).days, "until": span.complete}
        notes = (*notes, Note(Code.SILENT_END if span.stated else Code.SILENT_DAYS, 0, figures=silent))
    if holdout and any(note.code == Code.REFUND_NETTED_EARLIER for note in notes):
        notes = (*notes, Note(Code.REFUNDS_ACROSS_ORIGIN, 0, caution=True))
    if "margin" in purchases.columns:
        seen = purchases.filter(purchases.date <= end)
        sums = seen.agg(margin=seen.margin.sum(), money=seen.amount.sum()).to_pyarrow().to_pylist()[0]
        share = 100 * float(sums["margin"] or 0) / float(sums["money"] or 1)
        notes = (*notes, Note(Code.MARGIN_FROM_LOG, 0, figures={"share": share}))
    return RowAccount(log.account.rows_read, (*kept, Entry("merged", Code.SAME_DAY, merged), *before, *further), notes)


def _before(log: TransactionLog, end: dt.date) -> tuple[Entry, ...]:
    """What reading has left out, but purchases undone only after the end count, and the credit notes of then do not."""
    by_days = (Code.PURCHASE, Code.SAME_DAY)  # counted anew
    excluded = tuple(entry for entry in log.account.entries if entry.code not in by_days)
    if log.parts is None:
        return excluded
    late = log.parts.filter(log.parts.date <= end, log.parts.known > end).select("customer_id", "date").distinct()
    parts = log.parts.semi_join(late, ["customer_id", "date"])
    after = parts.known > end
    found = parts.agg(
        back=parts["rows"].sum(where=parts.undone),
        rows=parts["rows"].sum(where=after),
        money=parts.amount.sum(where=after),
    )
    row = found.to_pyarrow().to_pylist()[0]
    if not row["rows"]:
        return excluded
    restored = [
        replace(entry, count=entry.count - int(row["back"] or 0)) if entry.code == Code.UNDONE_BY_REFUND else entry
        for entry in excluded
    ]
    later = Entry("excluded", Code.REFUND_LATER, int(row["rows"]), float(row["money"]))
    return (*(entry for entry in restored if entry.count or entry.money), later)
