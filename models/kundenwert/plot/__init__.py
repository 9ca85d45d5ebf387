"""Pictures of tables: every function takes and returns a matplotlib Axes, laid out, with the numbers of other rooms.

`fit` shows the model beside the data, `money` values and hold-out by cohort, `customers` single customers, `cohorts`
cohorts through time and pooled, `reasons` why formula and posterior differ, `decisions` what to buy and whom to trust,
`outlook` customers and months to come, `calendar` how all of them buy more or less by the date, `backtests` forecasts
from days of the past, `surfaces` numbers over two things at once.

Fits, values, summaries and logs are taken as they are, as in `plot.coverage(values, summary=summary)`; `objects` makes
tables of them. The tables themselves, or arrays, are the second way. With `ax=None` a figure of fitting size is made.
Series differ by colour, line and marker, so that they can be told apart in grey too.
"""

from kundenwert.plot.backtests import backtest, backtest_coverage
from kundenwert.plot.calendar import age_by_period, calendar_factor
from kundenwert.plot.cohorts import cumulative_revenue, deciles, retention_triangle, shrinkage
from kundenwert.plot.customers import customer_timelines, p_alive_surface
from kundenwert.plot.decisions import better, payback, payback_margin, scores
from kundenwert.plot.fit import (
    conditional_expectation,
    coverage,
    prior_posterior,
    repeat_purchase_histogram,
    tracking_cumulative,
    tracking_incremental,
)
from kundenwert.plot.money import formula_versus_posterior, holdout_by_cohort, rlv_concentration, rlv_distribution
from kundenwert.plot.outlook import alive_over_time, forecast, survival
from kundenwert.plot.reasons import factors, waterfall
from kundenwert.plot.surfaces import expected_purchases_surface

__all__ = [
    "age_by_period",
    "alive_over_time",
    "backtest",
    "backtest_coverage",
    "better",
    "calendar_factor",
    "conditional_expectation",
    "coverage",
    "cumulative_revenue",
    "customer_timelines",
    "deciles",
    "expected_purchases_surface",
    "factors",
    "forecast",
    "formula_versus_posterior",
    "holdout_by_cohort",
    "p_alive_surface",
    "payback",
    "payback_margin",
    "prior_posterior",
    "repeat_purchase_histogram",
    "retention_triangle",
    "rlv_concentration",
    "rlv_distribution",
    "scores",
    "shrinkage",
    "survival",
    "tracking_cumulative",
    "tracking_incremental",
    "waterfall",
]
