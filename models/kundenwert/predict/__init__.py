"""From posteriors to draws for customers, known ones and new ones."""

from kundenwert.predict.blocks import (
    CustomerDraws,
    Purchases,
    Reader,
    Running,
    Spend,
    customer_blocks,
    keys_of,
    read_draws,
    scoring_of,
    scorings,
)
from kundenwert.predict.horizon import Horizon
from kundenwert.predict.labelled import customer_draws
from kundenwert.predict.newcomers import Kinds, NewcomerDraws, Newcomers, newcomers

__all__ = [
    "CustomerDraws",
    "Horizon",
    "Kinds",
    "NewcomerDraws",
    "Newcomers",
    "Purchases",
    "Reader",
    "Running",
    "Spend",
    "customer_blocks",
    "customer_draws",
    "keys_of",
    "newcomers",
    "read_draws",
    "scoring_of",
    "scorings",
]
