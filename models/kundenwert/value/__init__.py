"""From draws to money: values of customers, of their cohorts, and of customers not yet seen."""

from kundenwert.value.assumptions import Assumptions, assume
from kundenwert.value.newcomers import new_customer_table
from kundenwert.value.quantiles import QUANTILES
from kundenwert.value.table import ValueResult, value_table

__all__ = ["QUANTILES", "Assumptions", "ValueResult", "assume", "new_customer_table", "value_table"]
