"""What happened beside what was predicted: numbers, not pictures.

`holdout` scores predictions of the hold-out, `fit` and `spend` hold the models against the data they were fitted
to, and `checks` collects the verdicts. `calibration` and `intervals` ask of simulated data, whose truth is known,
whether posteriors are as sure as they may be.
"""

from kundenwert.validate.calibration import ecdf_difference, rank_histogram, sbc, uniformity
from kundenwert.validate.checks import checks
from kundenwert.validate.cohort_curves import (
    decile_table,
    holdout_revenue_curve,
    retention_by_age,
    revenue_since_acquisition,
)
from kundenwert.validate.cohort_totals import cohort_totals
from kundenwert.validate.first_purchases import FirstPurchases, first_purchases, spend_scores
from kundenwert.validate.fit import Independence, independence, repeat_purchase_counts, tracking
from kundenwert.validate.holdout import by_frequency, coverage, holdout_scores
from kundenwert.validate.intervals import interval_coverage, randomised_pit, reliability
from kundenwert.validate.models import ModelComparison, compare_models
from kundenwert.validate.scores import LogScore, compare_log_scores, log_score
from kundenwert.validate.shrinkage import shrinkage_table
from kundenwert.validate.spend import spend_distribution

__all__ = [
    "FirstPurchases",
    "Independence",
    "LogScore",
    "ModelComparison",
    "by_frequency",
    "checks",
    "cohort_totals",
    "compare_log_scores",
    "compare_models",
    "coverage",
    "decile_table",
    "ecdf_difference",
    "first_purchases",
    "holdout_revenue_curve",
    "holdout_scores",
    "independence",
    "interval_coverage",
    "log_score",
    "randomised_pit",
    "rank_histogram",
    "reliability",
    "repeat_purchase_counts",
    "retention_by_age",
    "revenue_since_acquisition",
    "sbc",
    "shrinkage_table",
    "spend_distribution",
    "spend_scores",
    "tracking",
    "uniformity",
]
