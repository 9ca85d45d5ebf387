"""What happened beside what was predicted: numbers, not pictures.

`holdout` scores predictions of the hold-out, `fit` and `spend` hold the models against the data they were fitted
to, and `checks` collects the verdicts.
"""

from kundenwert.validate.checks import checks
from kundenwert.validate.fit import Independence, independence, repeat_purchase_counts, tracking
from kundenwert.validate.holdout import by_frequency, coverage, holdout_scores
from kundenwert.validate.spend import spend_distribution

__all__ = [
    "Independence",
    "by_frequency",
    "checks",
    "coverage",
    "holdout_scores",
    "independence",
    "repeat_purchase_counts",
    "spend_distribution",
    "tracking",
]
