"""Decisions about new customers: what each cohort may cost, when it pays back, which is better, what data are worth."""

from kundenwert.decide.acquisition import Better, acquisition_table, probability_better
from kundenwert.decide.assumed import Assumed, Outcomes
from kundenwert.decide.information import Information, evpi, evsi, value_of_information
from kundenwert.decide.payback import payback_curve, payback_table

__all__ = [
    "Assumed",
    "Better",
    "Information",
    "Outcomes",
    "acquisition_table",
    "evpi",
    "evsi",
    "payback_curve",
    "payback_table",
    "probability_better",
    "value_of_information",
]
