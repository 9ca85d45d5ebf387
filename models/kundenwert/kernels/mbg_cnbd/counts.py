"""Probabilities of the number of purchases that a known customer, or a new one, will make."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kundenwert.kernels.arithmetic import float_arrays, log_rising
from kundenwert.kernels.bg_nbd.purchases import log_counts
from kundenwert.kernels.mbg_cnbd.likelihood import p_alive, stage_probabilities

type Array = NDArray[np.float64]


def log_purchase_probability(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    horizon: ArrayLike,
    number: ArrayLike,
    k: int,
    r: ArrayLike,
    alpha: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
) -> Array:
    r"""Logarithm of the probability that a known customer makes `number` purchases in `(T, T + horizon]`.

    `P(Y = y) = (1 - P(alive)) [y = 0] + P(alive) Σ_s P(s) [E(1-p)^y P(ky-s ≤ M < ky-s+k)
    + E p(1-p)^(y-1) P(M ≥ ky-s) [y > 0]]`, where M is the number of stages within the horizon of one who never leaves,
    negative binomial with shape r+kx+s and probability (α+kT)/(α+kT+kh), and p ~ Beta(a, b+x+1).

    Parameters
    ----------
    frequency, recency, T, k, r, alpha, a, b
        As in `log_likelihood`, one k for all; everything else broadcasts.
    horizon
        h, length of the future looked at, ≥ 0 and finite, in units of time.
    number
        y, integer ≥ 0.

    Returns
    -------
    ndarray
        At most 0, of the broadcast shape; finite also where the probability underflows, -inf where it is 0.

    Examples
    --------
    >>> law = {"r": 0.5248436, "alpha": 6.1830928, "a": 0.8913878, "b": 1.6140483}
    >>> np.exp(log_purchase_probability(2, 30.43, 38.86, horizon=39.0, number=[0, 1, 2], k=3, **law)).round(6)
    array([0.285187, 0.256001, 0.228521])
    """
    given = float_arrays(number, horizon, frequency, recency, T, r, alpha, a, b)
    y, h, x, t_x, T, r, alpha, a, b = np.broadcast_arrays(*given)
    alive = p_alive(x, t_x, T, k=k, r=r, alpha=alpha, a=a, b=b)
    gone = np.where(y == 0, 1 - alive, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_stays = log_rising(b + x + 1, y) - log_rising(a + b + x + 1, y)
        log_left = np.where(y > 0, log_stays + np.log(a) - np.log(b + x + y), -np.inf)
        logs = np.full(y.shape, -np.inf)
        for s, weight in enumerate(np.log(stage_probabilities(x, t_x, T, k=k, r=r, alpha=alpha))):
            within, at_least = _log_stages(k * y - s, r + k * x + s, k * h / (alpha + k * T), k)
            logs = np.logaddexp(logs, weight + np.logaddexp(log_stays + within, log_left + at_least))
        return np.asarray(np.minimum(np.logaddexp(np.log(gone), np.log(alive) + logs), 0.0))


def _log_stages(first: Array, shape: Array, z: Array, k: int) -> tuple[Array, Array]:
    """Logarithms of the probabilities of `first` stages or one of the k - 1 numbers after it, and of at least so many.

    Negative binomial, of mean `shape * z`; where `first` is negative, some of the numbers are.
    """
    start = np.maximum(first, 0.0)
    exactly, at_least = log_counts(start, shape, z)
    share, q = np.ones(start.shape), z / (1 + z)
    total = share.copy()
    for i in range(k - 1):
        m = start + i
        share = np.where(m + 1 < first + k, share * (shape + m) / (m + 1) * q, 0.0)
        total += share
    return exactly + np.log(total), at_least
