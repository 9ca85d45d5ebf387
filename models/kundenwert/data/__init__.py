"""Tables in, tables out: read a transaction log, account for every row, summarise it per customer."""

from kundenwert.data.account import Entry, Note, RowAccount, SourceInfo
from kundenwert.data.summary import (
    DAYS_PER_UNIT,
    CustomerSummary,
    Patterns,
    pattern_expression,
    patterns,
    purchases_by_day,
    summarise,
    summary_expression,
)
from kundenwert.data.transactions import TransactionLog, read_transactions
from kundenwert.data.windows import window_totals

__all__ = [
    "DAYS_PER_UNIT",
    "CustomerSummary",
    "Entry",
    "Note",
    "Patterns",
    "RowAccount",
    "SourceInfo",
    "TransactionLog",
    "pattern_expression",
    "patterns",
    "purchases_by_day",
    "read_transactions",
    "summarise",
    "summary_expression",
    "window_totals",
]
