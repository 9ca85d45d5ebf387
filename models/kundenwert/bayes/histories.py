"""What the models of repeat purchases share: the histories they see, and the law of the purchase rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kundenwert.bayes.law import Draws, Observed
from kundenwert.data import CustomerSummary, patterns

if TYPE_CHECKING:
    from kundenwert.data.design import Design


def observed_histories(summary: CustomerSummary, design: Design | None) -> Observed:
    """Distinct histories of the summary's customers within each combination of the design, with counts."""
    found = patterns(summary.table, None if design is None else design.rows(summary.table)[0])
    fields = {"frequency": found.frequency.astype(np.float64), "recency": found.recency, "T": found.T}
    return Observed(fields, found.count.astype(np.float64), found.group)


def purchase_law(quantities: Draws, unit: float) -> Draws:
    """All quantities, and `r, alpha` from those on the purchase rate where they are not given directly.

    `r = rate_cv^-2`, `alpha = r · window / window_purchases`.
    """
    variables = dict(quantities)
    if "r" not in variables:
        variables["r"] = variables["rate_cv"] ** -2
        variables["alpha"] = variables["r"] * unit / variables["window_purchases"]
    return variables
