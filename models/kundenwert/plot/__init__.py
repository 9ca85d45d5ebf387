"""Pictures of tables: every function takes and returns a matplotlib Axes, and computes nothing but layout.

`fit` shows the model beside the data, `money` values and hold-out by cohort, `customers` single customers.
With `ax=None` a figure of fitting size is made. Series differ by colour, line and marker, so that they can
be told apart in grey too.
"""

from kundenwert.plot.customers import customer_timelines, p_alive_surface
from kundenwert.plot.fit import (
    conditional_expectation,
    coverage,
    prior_posterior,
    repeat_purchase_histogram,
    tracking_cumulative,
    tracking_incremental,
)
from kundenwert.plot.money import formula_versus_posterior, holdout_by_cohort, rlv_concentration, rlv_distribution

__all__ = [
    "conditional_expectation",
    "coverage",
    "customer_timelines",
    "formula_versus_posterior",
    "holdout_by_cohort",
    "p_alive_surface",
    "prior_posterior",
    "repeat_purchase_histogram",
    "rlv_concentration",
    "rlv_distribution",
    "tracking_cumulative",
    "tracking_incremental",
]
