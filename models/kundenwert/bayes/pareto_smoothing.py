"""Pareto smoothing of importance weights, without the imports of a statistics package: those take longer than a fit.

The tail of the weights is replaced by the quantiles of a generalised Pareto law fitted to it, whose shape k says how
far the weights can be relied on. `tests/bayes/test_importance.py` holds it against ArviZ.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

type Array = NDArray[np.float64]

LEAST_IN_TAIL = 6
"""Fewest weights in a tail from which its shape can be estimated."""


def smoothed_log_weights(log_weights: Array) -> tuple[Array, float]:
    r"""Normalise log weights and smooth the largest of them.

    The `M = min(S/5, 3√S)` largest of S weights are replaced by the quantiles `(i - ½)/M` of a generalised Pareto law
    above the largest of the others, cut off at the largest weight there was.

    Parameters
    ----------
    log_weights
        One-dimensional; -inf for a weight of zero.

    Returns
    -------
    tuple
        Log weights whose exponentials sum to one, and the shape k of the tail: below 0.7 they can be relied on; ∞ where
        there is no tail to fit a law to, as where a quarter of it are ties, or zeros.

    References
    ----------
    Vehtari, Simpson, Gelman, Yao & Gabry (2024), "Pareto Smoothed Importance Sampling", JMLR 25(72).

    Examples
    --------
    >>> z = np.linspace(0, 1, 2002)[1:-1]
    >>> smoothed, k = smoothed_log_weights(-0.25 * np.log(z))
    >>> round(k, 2), round(float(np.exp(smoothed).sum()), 12)
    (0.23, 1.0)
    """
    logs = log_weights - log_weights.max()
    size = logs.size
    number = int(min(size / 5, 3 * np.sqrt(size)))
    order = np.argsort(logs)
    cut = np.exp(logs[order[-number - 1]])
    excess, k = np.exp(logs[order[-number:]]) - cut, np.inf
    if number >= LEAST_IN_TAIL and excess[_quarter(number)] > excess[0] and logs[order[-number]] > -np.inf:
        k, scale = _generalised_pareto(excess)
        log_left = np.log1p(-(np.arange(number) + 0.5) / number)
        smoothed = scale * (np.expm1(-k * log_left) / k if abs(k) > np.finfo(np.float64).eps else -log_left)
        logs = logs.copy()
        logs[order[-number:]] = np.minimum(np.log(cut + smoothed), 0.0)
    return logs - special.logsumexp(logs), k


def _quarter(number: int) -> int:
    """Where the first quartile of so many sorted values stands."""
    return int(number / 4 + 0.5) - 1


def _generalised_pareto(sorted_values: Array) -> tuple[float, float]:
    """Shape and scale of a generalised Pareto law of ascending values, by Zhang & Stephens (2009).

    With `b = -k / scale` the likelihood has one parameter; its mean under the likelihood over a grid stands for b.
    The shape is drawn towards ½ as by ten further values.
    """
    size = sorted_values.size
    number = 30 + int(np.sqrt(size))
    steepness = 1 - np.sqrt(number / (np.arange(1, number + 1) - 0.5))
    grid = 1 / sorted_values[-1] + steepness / (3 * sorted_values[_quarter(size)])
    shapes = np.mean(np.log1p(-grid[:, None] * sorted_values), axis=1)
    log_likelihood = size * (np.log(-grid / shapes) - shapes - 1)
    weights = np.exp(log_likelihood - log_likelihood.max())
    weights[weights < 10 * np.finfo(np.float64).eps * weights.sum()] = 0
    b = float(weights @ grid / weights.sum())
    k = float(np.mean(np.log1p(-b * sorted_values)))
    return (size * k + 5) / (size + 10), -k / b
