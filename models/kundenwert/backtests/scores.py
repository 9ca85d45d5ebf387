"""How forecasts went: where the truth lies among the draws, how far off the middle was, how wide the interval."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kundenwert.compare import NOMINAL
from kundenwert.value.quantiles import quantile_columns

type Array = NDArray[np.float64]

BINS = 100
"""Parts of [0, 1] that places of the truth are counted in."""


class Cases(NamedTuple):
    """Forecasts of several cases beside what happened, each array of shape (cases,).

    `mean, q05, q50, q95` are those of the draws; `place` is the randomised place of the truth among them, in (0, 1);
    `log_score` the logarithm of the share of draws that equal the truth, for counts. What a forecast without draws does
    not have is NaN.
    """

    actual: Array
    mean: Array
    q05: Array
    q50: Array
    q95: Array
    place: Array
    log_score: Array

    @property
    def inside(self) -> Array:
        """Whether the truth lies within the interval: 0 or 1; NaN without one."""
        held = (self.q05 <= self.actual) & (self.actual <= self.q95)
        return np.where(np.isnan(self.q05), np.nan, held)

    @property
    def middle(self) -> Array:
        """The median, or the one number of a forecast without draws."""
        return np.where(np.isnan(self.q50), self.mean, self.q50)


def judged(draws: Array, actual: Array, ties: Array, *, quantity: str, every: int = 1) -> Cases:
    r"""Place what happened among its predictive draws.

    With `below` draws below the truth, `equal` ones and S in all, `place = (below + U (equal + 1)) / (S + 1)`, which is
    uniform on (0, 1) for honest draws, of counts too; `log_score = log((equal + 1/2) / (S + 1))`.

    Parameters
    ----------
    draws
        Shape (cases, samples).
    actual
        What happened, shape (cases,).
    ties
        U, uniform on (0, 1), shape (cases,).
    quantity
        "purchases" or "revenue": quantiles of counts are counts.
    every
        Quantiles are of every so many draws, which is quicker where there are many cases.

    Returns
    -------
    Cases

    Examples
    --------
    >>> draws = np.array([[0.0, 0, 0, 1, 1, 2, 2, 3, 4]])
    >>> found = judged(draws, np.array([1.0]), np.array([0.5]), quantity="purchases")
    >>> [float(each[0]) for each in (found.mean.round(3), found.q50, found.place, found.log_score.round(3))]
    [1.444, 1.0, 0.45, -1.386]
    """
    below, equal = (np.count_nonzero(each, axis=1) for each in (draws < actual[:, None], draws == actual[:, None]))
    samples = draws.shape[1]
    quantiles = quantile_columns(quantity, draws[:, ::every])
    place = (below + ties * (equal + 1)) / (samples + 1)
    score = np.log((equal + 0.5) / (samples + 1)) if quantity == "purchases" else np.full(len(actual), np.nan)
    q05, q50, q95 = (quantiles[f"{quantity}_{name}"] for name in ("q05", "q50", "q95"))
    return Cases(actual, draws.mean(axis=1), q05, q50, q95, place, score)


def stated(point: Array, actual: Array) -> Cases:
    """Forecasts that are one number each.

    Parameters
    ----------
    point, actual
        Shape (cases,).
    """
    none = np.full(len(actual), np.nan)
    return Cases(actual, point, none, none, none, none, none)


def scores(cases: Cases, *, half: float) -> dict[str, float]:
    r"""Mean scores over cases; lower is better.

    On the scale of `L(y) = log(max(y, 0) + half)`, so that a shop of any size counts alike and 0 has a logarithm:

    `log_error = |L(actual) - L(middle)|`,
    `interval_score = L(q95) - L(q05) + 2/0.1 · max(0, L(q05) - L(actual), L(actual) - L(q95))`;
    and `absolute_error = |actual - middle|` in the quantity's own unit. The middle is the median of the draws, or the
    one number that is forecast.

    Parameters
    ----------
    cases
        Forecasts and what happened.
    half
        Half a purchase, or half the mean value of one, > 0.

    Returns
    -------
    dict
        `log_error, interval_score, absolute_error`, each ≥ 0; the second is NaN without an interval.

    References
    ----------
    Gneiting & Raftery (2007), "Strictly Proper Scoring Rules, Prediction, and Estimation", section 6.2, after Winkler.

    Examples
    --------
    >>> one = Cases(*(np.array([value]) for value in (19.5, 10.0, 4.5, 9.5, 14.5, 1.0, np.nan)))
    >>> {name: round(value, 4) for name, value in scores(one, half=0.5).items()}
    {'log_error': 0.6931, 'interval_score': 6.8523, 'absolute_error': 10.0}
    """
    low, high, actual, middle = (
        np.log(np.maximum(each, 0.0) + half) for each in (cases.q05, cases.q95, cases.actual, cases.middle)
    )
    missed = np.maximum(0.0, np.maximum(low - actual, actual - high))
    return {
        "log_error": float(np.abs(actual - middle).mean()),
        "interval_score": float((high - low + 2 / (1 - NOMINAL) * missed).mean()),
        "absolute_error": float(np.abs(cases.actual - cases.middle).mean()),
    }


def counted(places: Array) -> NDArray[np.int64]:
    """Count places of the truth by hundredths of [0, 1]; those that are NaN are none."""
    there = places[~np.isnan(places)]
    return np.asarray(np.bincount(np.minimum((there * BINS).astype(int), BINS - 1), minlength=BINS))


def distance(counts: NDArray[np.int64]) -> float:
    """Largest distance of places from uniform ones: of their distribution from the diagonal, at the hundredths.

    Parameters
    ----------
    counts
        As `counted` returns them.

    Returns
    -------
    float
        In [0, 1]; NaN without any place. 0 is perfect; few cases are far from uniform by chance.

    Examples
    --------
    >>> distance(counted(np.linspace(0.005, 0.995, 100))), distance(counted(np.full(7, 0.999)))
    (0.0, 0.99)
    """
    if not counts.sum():
        return float("nan")
    return float(np.abs(np.cumsum(counts) / counts.sum() - np.arange(1, BINS + 1) / BINS).max().round(12))
