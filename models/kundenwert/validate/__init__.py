"""What happened beside what was predicted: numbers, not pictures.

`holdout` scores predictions of the hold-out, `fit` holds the model against the data it was fitted to and
follows it through time.
"""

from kundenwert.validate.fit import Independence, independence, repeat_purchase_counts, tracking
from kundenwert.validate.holdout import by_frequency, coverage, holdout_scores

__all__ = [
    "Independence",
    "by_frequency",
    "coverage",
    "holdout_scores",
    "independence",
    "repeat_purchase_counts",
    "tracking",
]
