"""What happened beside what was predicted: numbers, not pictures.

`holdout` scores predictions of the hold-out, `fit` and `spend` hold the models against the data they were fitted
to, and `checks` collects the verdicts. `calibration` and `intervals` ask of simulated data, whose truth is known,
whether posteriors are as sure as they may be.
"""

from kundenwert.validate.calibration import ecdf_difference, rank_histogram, sbc, uniformity
from kundenwert.validate.checks import checks
from kundenwert.validate.fit import Independence, independence, repeat_purchase_counts, tracking
from kundenwert.validate.holdout import by_frequency, coverage, holdout_scores
from kundenwert.validate.intervals import interval_coverage, randomised_pit, reliability
from kundenwert.validate.spend import spend_distribution

__all__ = [
    "Independence",
    "by_frequency",
    "checks",
    "coverage",
    "ecdf_difference",
    "holdout_scores",
    "independence",
    "interval_coverage",
    "randomised_pit",
    "rank_histogram",
    "reliability",
    "repeat_purchase_counts",
    "sbc",
    "spend_distribution",
    "tracking",
    "uniformity",
]
