"""Totals of each cohort in the hold-out, beside what was forecast, and which cohorts were forecast wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from kundenwert.compare.cohorts import aligned

if TYPE_CHECKING:
    from kundenwert.data import CustomerSummary
    from kundenwert.value import ValueResult

FAILED = 0.01
"""Probability, after Holm, below which a cohort's forecast counts as failed."""

ENOUGH = 10
"""Draws beyond the actual total from which on they are counted."""

QUANTITIES = {"holdout_purchases": "purchases", "holdout_value": "revenue"}


def cohort_totals(summary: CustomerSummary, values: ValueResult) -> pd.DataFrame:
    r"""Set each cohort's hold-out total against the draws of its forecast.

    `p` is `tail` of the actual total; Holm's correction over all rows.

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
            rows.append((str(label), quantity, float(total), float(low), float(high), tail(draws, float(total))))
    table = pd.DataFrame(rows, columns=["cohort", "quantity", "actual", "lower", "upper", "p"])
    corrected = holm(table["p"].to_numpy())
    return table.assign(p_holm=corrected, failed=corrected < FAILED)


def tail(draws: NDArray[np.float64], actual: float) -> float:
    r"""Probability that a total lies as far out as the actual one, on either side.

    `p = 2 · min(P(draw ≤ actual), P(draw ≥ actual))`, with one added to each count. Where fewer than `ENOUGH` draws lie
    beyond, the tail of a normal law fitted to `log(1 + draw)` goes on from there: a forecast that is far off must not
    pass because draws are few.

    Parameters
    ----------
    draws
        Of the total, ≥ 0.
    actual
        ≥ 0.

    Returns
    -------
    float
        In (0, 1].

    Examples
    --------
    >>> draws = np.exp(np.random.default_rng(1).normal(5, 0.2, 1000))
    >>> tail(draws, 150.0) > 0.5, tail(draws, 1500.0) < 1e-6
    (True, True)
    """
    beyond = min((draws <= actual).sum(), (draws >= actual).sum())
    counted = min(1.0, 2 * float(beyond + 1) / (len(draws) + 1))
    if beyond >= ENOUGH:
        return counted
    logs = np.log1p(draws)
    spread = max(float(logs.std()), np.finfo(float).tiny)
    return min(counted, max(float(2 * ndtr(-abs(np.log1p(actual) - logs.mean()) / spread)), np.finfo(float).tiny))


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
