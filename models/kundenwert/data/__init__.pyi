from .account import Entry, Note, RowAccount
from .customers import DAYS_PER_UNIT, CustomerSummary
from .histories import Patterns, patterns
from .stretches import Closure, closures
from .summary import pattern_expression, purchases_by_day, summarise, summary_expression
from .tables import Costs, MasterData, read_costs, read_customers
from .transactions import TransactionLog, read_transactions
from .windows import window_totals

__all__ = [
    "DAYS_PER_UNIT",
    "Closure",
    "Costs",
    "CustomerSummary",
    "Entry",
    "MasterData",
    "Note",
    "Patterns",
    "RowAccount",
    "TransactionLog",
    "closures",
    "pattern_expression",
    "patterns",
    "purchases_by_day",
    "read_costs",
    "read_customers",
    "read_transactions",
    "summarise",
    "summary_expression",
    "window_totals",
]
