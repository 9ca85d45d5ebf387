"""Tables in, tables out: read a transaction log, account for every row, summarise it per customer.

What reads logs is imported when first used, so that who has a summary does not pay for the table engine.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kundenwert.data.account import Entry, Note, RowAccount, SourceInfo
from kundenwert.data.customers import DAYS_PER_UNIT, CustomerSummary
from kundenwert.data.histories import Patterns, patterns

if TYPE_CHECKING:
    from kundenwert.data.summary import pattern_expression, purchases_by_day, summarise, summary_expression
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

_WITH_ENGINE = {
    "summary": ("pattern_expression", "purchases_by_day", "summarise", "summary_expression"),
    "transactions": ("TransactionLog", "read_transactions"),
    "windows": ("window_totals",),
}
_HOME = {name: module for module, names in _WITH_ENGINE.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        msg = f"module 'kundenwert.data' has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(import_module(f"kundenwert.data.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
