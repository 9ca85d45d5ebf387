r"""Effects of levels that are partially pooled: from coordinates close to standard normal to effects, and back.

For one process with K columns of levels, `m` and I say what the data tell of each level, `σ_k` is a column's spread:

    P_k = p₀ + Σ I/(1 + I σ_k²),  μ_k = Σ m I/(1 + I σ_k²) / P_k,  c = I + 1/σ_k²,
    q = Σ_k μ_k + u₀ √(Σ_k 1/P_k),  effect = I (m - q/K)/c + u/√c.

`kundenwert.bayes.effects` says why.
"""

import math

import numpy as np
from numpy.typing import NDArray

from kundenwert.kernels.compiled import compiled

type Array = NDArray[np.float64]
type Whole = NDArray[np.int64]


@compiled
def effects_of(
    first: Array, levels: Array, log_spread: Array, column: Whole, estimate: Array, information: Array, floor: float
) -> tuple[Array, Array, Array]:
    """Intercepts and effects at several points, and the logarithm of the map's volume.

    Parameters
    ----------
    first
        u₀, the intercept's coordinate, of shape (points,).
    levels
        u, the levels' coordinates, of shape (points, levels).
    log_spread
        log σ, of shape (points, columns).
    column
        Which column each level belongs to.
    estimate, information
        m and I ≥ 0 of each level.
    floor
        p₀ > 0, what is taken to be known about the intercept without data.

    Returns
    -------
    tuple
        q of shape (points,), effects of shape (points, levels), log of the Jacobian's determinant of shape (points,).

    Examples
    --------
    >>> q, effect, volume = effects_of(np.zeros(1), np.ones((1, 2)), np.zeros((1, 1)), np.zeros(2, np.int64),
    ...                                np.array([0.3, 0.0]), np.array([0.0, 8.0]), 0.25)
    >>> q.round(6), effect.round(6), volume.round(6)
    (array([0.]), array([[1.      , 0.333333]]), array([-1.163639]))
    """
    points, size = levels.shape
    columns = log_spread.shape[1]
    moved, effects, volume = np.empty(points), np.empty((points, size)), np.empty(points)
    for row in range(points):
        precision, pull = np.full(columns, floor), np.zeros(columns)
        for j in range(size):
            share = information[j] / (1 + information[j] * math.exp(2 * log_spread[row, column[j]]))
            precision[column[j]] += share
            pull[column[j]] += share * estimate[j]
        variance, q = np.sum(1 / precision), np.sum(pull / precision)
        q += first[row] * math.sqrt(variance)
        moved[row], volume[row] = q, math.log(variance) / 2
        for j in range(size):
            c = information[j] + math.exp(-2 * log_spread[row, column[j]])
            effects[row, j] = information[j] * (estimate[j] - q / columns) / c + levels[row, j] / math.sqrt(c)
            volume[row] -= math.log(c) / 2
    return moved, effects, volume


@compiled
def pulled_back(
    first: float,
    levels: Array,
    log_spread: Array,
    column: Whole,
    estimate: Array,
    information: Array,
    floor: float,
    by_intercept: float,
    by_effect: Array,
) -> tuple[float, Array, Array]:
    """Derivatives by the coordinates at one point, from those by the intercept and effects, the volume's included.

    Parameters
    ----------
    first, levels, log_spread, column, estimate, information, floor
        As in `effects_of`, at one point.
    by_intercept, by_effect
        Derivatives of a function by q and by each effect.

    Returns
    -------
    tuple
        Derivatives of the function and of the volume's logarithm, added up, by u₀, by u and by log σ.

    Examples
    --------
    >>> at = np.zeros(2, np.int64), np.array([0.3, 0.0]), np.array([0.0, 8.0]), 0.25
    >>> by_first, by_level, by_spread = pulled_back(0.0, np.ones(2), np.zeros(1), *at, 0.0, np.ones(2))
    >>> by_level.round(6), by_spread.round(6)
    (array([1.      , 0.333333]), array([2.841915]))
    """
    size, columns = levels.size, log_spread.size
    precision, pull = np.full(columns, floor), np.zeros(columns)
    steeper, drawn = np.zeros(columns), np.zeros(columns)  # both by log spread
    for j in range(size):
        square = math.exp(2 * log_spread[column[j]])
        share = information[j] / (1 + information[j] * square)
        change = -2 * square * share * share
        precision[column[j]] += share
        pull[column[j]] += share * estimate[j]
        steeper[column[j]] += change
        drawn[column[j]] += change * estimate[j]
    variance = np.sum(1 / precision)
    q = np.sum(pull / precision) + first * math.sqrt(variance)
    by_level, by_spread = np.empty(size), np.zeros(columns)
    for j in range(size):
        inverse = math.exp(-2 * log_spread[column[j]])
        c = information[j] + inverse
        by_level[j] = by_effect[j] / math.sqrt(c)
        by_intercept -= by_effect[j] * information[j] / (c * columns)
        own = information[j] * (estimate[j] - q / columns) / c + levels[j] / (2 * math.sqrt(c))
        by_spread[column[j]] += inverse / c * (2 * by_effect[j] * own + 1)
    for k in range(columns):
        narrower = -steeper[k] / precision[k] ** 2
        moved = (drawn[k] - pull[k] * steeper[k] / precision[k]) / precision[k]
        moved += first * narrower / (2 * math.sqrt(variance))
        by_spread[k] += by_intercept * moved + narrower / (2 * variance)
    return by_intercept * math.sqrt(variance), by_level, by_spread
