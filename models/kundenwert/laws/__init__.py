"""Laws of purchases and of spend: what they say of the past, and of the future of known and of new customers."""
# ruff: noqa: F403  every law of the registry is a name here

from kundenwert.laws.law import Law as Law
from kundenwert.laws.law import PurchaseLaw as PurchaseLaw
from kundenwert.laws.law import SpendLaw as SpendLaw
from kundenwert.laws.registry import *
from kundenwert.laws.seen import NEWCOMER as NEWCOMER
from kundenwert.laws.seen import UNSEEN_SPENDING as UNSEEN_SPENDING
from kundenwert.laws.seen import History as History
from kundenwert.laws.seen import Observed as Observed
from kundenwert.laws.seen import Parameters as Parameters
from kundenwert.laws.seen import Spending as Spending
