"""Totals of each cohort in the hold-out, beside what was forecast, and which cohorts were forecast wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert.compare.cohorts import aligned

if TYPE_CHECKING:
    from kundenwert.data import CustomerSummary
    from kundenwert.value import ValueResult

FAILED = 0.01
"""Probability, after Holm, below which a cohort's forecast counts as failed."""

QUANTITIES = {"holdout_purchases": "purchases", "holdout_value": "revenue"}


def cohort_totals(summary: CustomerSummary, values: ValueResult) -> pd.DataFrame:
    r"""Set each cohort's hold-out total against the draws of its forecast.

    `p = 2 · min(P(draw ≤ actual), P(draw ≥ actual))`, with one added to each count; Holm's correction over all rows.

    Parameters
    ----------
    summary
        Customers with a hold-out.
    values
        Their values, with totals of the hold-out by cohort.

    Returns
    -------
    pandas.DataFrame
        One row per cohort and quantity: `cohort, quantity, actual, lower, upper` (ends of the 90 % interval), `p` and
        `p_holm` in (0, 1], `failed` (`p_holm` below `FAILED`).

    Examples
    --------
    >>> holm(np.array([0.001, 0.02, 0.04])).round(3).tolist()
    [0.003, 0.04, 0.04]
    """
    known, _ = aligned(summary, values)
    rows = []
    for column, quantity in QUANTITIES.items():
        actual = known.groupby("cohort")[column].sum()
        for label, total in actual.items():
            draws = values.totals[column].sel(cohort=label).to_numpy()
            low, high = np.quantile(draws, [0.05, 0.95])
            below, above = (draws <= total).sum() + 1, (draws >= total).sum() + 1
            p = min(1.0, 2 * float(min(below, above)) / (len(draws) + 1))
            rows.append((str(label), quantity, float(total), float(low), float(high), p))
    table = pd.DataFrame(rows, columns=["cohort", "quantity", "actual", "lower", "upper", "p"])
    corrected = holm(table["p"].to_numpy())
    return table.assign(p_holm=corrected, failed=corrected < FAILED)


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correct probabilities for their number, as Holm (1979) does: the smallest times n, the next n − 1.

    Parameters
    ----------
    p
        Probabilities in (0, 1].

    Returns
    -------
    ndarray
        Of the same order, in (0, 1].
    """
    order = np.argsort(p, kind="stable")
    scaled = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(scaled, 1.0)
    return corrected
