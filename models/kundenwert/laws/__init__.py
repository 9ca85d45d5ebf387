"""Laws of purchases and of spend: what they say of the past, and of the future of known and of new customers."""

from kundenwert.laws.law import NEWCOMER, History, Law, Observed, Parameters, PurchaseLaw, SpendLaw
from kundenwert.laws.registry import *
from kundenwert.laws.registry import KINDS, LAWS, PURCHASE_LAWS, SPEND_LAWS

__all__ = [
    "KINDS",
    "LAWS",
    "NEWCOMER",
    "PURCHASE_LAWS",
    "SPEND_LAWS",
    "History",
    "Law",
    "Observed",
    "Parameters",
    "PurchaseLaw",
    "SpendLaw",
    *(kind.__name__ for kind in KINDS),
]
