"""Laws of purchases and of spend: what they say of the past, and of the future of known and of new customers."""
# ruff: noqa: F403  every law of the registry is a name here

from kundenwert.laws.law import NEWCOMER as NEWCOMER
from kundenwert.laws.law import UNSEEN_SPENDING as UNSEEN_SPENDING
from kundenwert.laws.law import History as History
from kundenwert.laws.law import Law as Law
from kundenwert.laws.law import Observed as Observed
from kundenwert.laws.law import Parameters as Parameters
from kundenwert.laws.law import PurchaseLaw as PurchaseLaw
from kundenwert.laws.law import Spending as Spending
from kundenwert.laws.law import SpendLaw as SpendLaw
from kundenwert.laws.registry import *
