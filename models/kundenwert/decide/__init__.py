"""Decisions about new customers: what each cohort may cost, when it pays back, which is better, what data are worth."""

from kundenwert.decide.acquisition import Better, acquisition_table, probability_better
from kundenwert.decide.information import Information, evpi, evsi, value_of_information
from kundenwert.decide.outcomes import Outcomes, simulate_customers
from kundenwert.decide.payback import payback_curve, payback_table
from kundenwert.decide.terms import PARAMETERS, Terms, expected_margin

__all__ = [
    "PARAMETERS",
    "Better",
    "Information",
    "Outcomes",
    "Terms",
    "acquisition_table",
    "evpi",
    "evsi",
    "expected_margin",
    "payback_curve",
    "payback_table",
    "probability_better",
    "simulate_customers",
    "value_of_information",
]
