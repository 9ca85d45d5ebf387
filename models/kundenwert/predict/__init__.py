"""From posteriors to draws for customers, known ones and new ones."""

from kundenwert.predict.blocks import CustomerDraws, Reader, customer_blocks, read_draws, scorings
from kundenwert.predict.horizon import Horizon
from kundenwert.predict.labelled import customer_draws
from kundenwert.predict.newcomers import Kinds, NewcomerDraws, Newcomers, newcomers

__all__ = [
    "CustomerDraws",
    "Horizon",
    "Kinds",
    "NewcomerDraws",
    "Newcomers",
    "Reader",
    "customer_blocks",
    "customer_draws",
    "newcomers",
    "read_draws",
    "scorings",
]
