"""From posteriors to draws for customers, known ones and new ones."""

from kundenwert.predict.blocks import CustomerDraws, Reader, customer_draws, read_draws, scorings
from kundenwert.predict.horizon import Horizon

__all__ = ["CustomerDraws", "Horizon", "Reader", "customer_draws", "read_draws", "scorings"]
