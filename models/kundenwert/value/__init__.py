"""From draws to money: values of customers and of their cohorts, and what each cohort's new customers may bring."""

from kundenwert.value.quantiles import QUANTILES
from kundenwert.value.table import ValueResult, value_table
from kundenwert.value.terms import check_terms, stated_terms

__all__ = ["QUANTILES", "ValueResult", "check_terms", "stated_terms", "value_table"]
