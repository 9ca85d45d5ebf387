"""The law of a known customer's number of purchases under the BG/NBD and MBG/NBD: not only its mean."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, betaln, gammaln

from kundenwert.kernels.bg_nbd.likelihood import arrays, p_alive
from kundenwert.kernels.pareto_nbd.likelihood import log_rising

type Array = NDArray[np.float64]


def log_purchase_probability(
    number: ArrayLike,
    horizon: ArrayLike,
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    r: ArrayLike,
    alpha: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    chances: int = 0,
    alive: Array | float | None = None,
) -> Array:
    r"""Log probability that a known customer makes exactly so many purchases in `(T, T + horizon]`.

    Given alive, with `R = r+x`, `A = α+T`, `B = b+x+chances` and N negative binomial of shape R and odds h/A:
    `B(a, B+n)/B(a, B) P(N = n) + 1(n>0) B(a+1, B+n-1)/B(a, B) P(N ≥ n)`; somebody who has left makes none.

    Parameters
    ----------
    number
        n ≥ 0, a whole number.
    horizon
        h > 0, in units of time.
    frequency, recency, T, r, alpha, a, b, chances
        As in `log_likelihood`.
    alive
        P(alive) where it is known already.

    Returns
    -------
    ndarray
        At most 0, of the broadcast shape.

    Examples
    --------
    >>> law = {"r": 0.2425945, "alpha": 4.4136019, "a": 0.7929199, "b": 2.4258881}
    >>> numbers = np.arange(400)
    >>> p = np.exp(log_purchase_probability(numbers, 39.0, 2, 30.43, 38.86, **law))
    >>> round(float(p.sum()), 9), round(float(p @ numbers), 7)
    (1.0, 1.2259057)
    """
    n, h, x, t_x, T, r, alpha, a, b = arrays(number, horizon, frequency, recency, T, r, alpha, a, b)
    if alive is None:
        alive = p_alive(x, t_x, T, r=r, alpha=alpha, a=a, b=b, chances=chances)
    R, A, B = r + x, alpha + T, b + x + chances
    exactly = log_rising(R, n) - gammaln(n + 1) + n * (np.log(h) - np.log(A + h)) - R * np.log1p(h / A)
    stayed = log_rising(B, n) - log_rising(a + B, n) + exactly
    with np.errstate(divide="ignore", invalid="ignore"):
        at_least = np.log(betainc(np.maximum(n, 1), R, h / (A + h)))
        left = betaln(a + 1, B + np.maximum(n, 1) - 1) - betaln(a, B) + at_least
        log_alive, log_gone = np.log(alive), np.log1p(-np.asarray(alive))
        here = log_alive + np.logaddexp(stayed, np.where(n > 0, left, -np.inf))
        return np.asarray(np.minimum(np.where(n > 0, here, np.logaddexp(log_gone, here)), 0.0))
