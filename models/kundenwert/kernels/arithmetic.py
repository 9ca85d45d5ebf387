"""Arithmetic that the kernels of several laws share."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma, gammaln

type Array = NDArray[np.float64]


def float_arrays(*values: ArrayLike) -> tuple[Array, ...]:
    """Return the arguments as float64 arrays."""
    return tuple(np.asarray(value, dtype=np.float64) for value in values)


def product(some: Array, each: Array) -> Array:
    """Product of a probability and an expectation; nothing where the first is, even if the second is infinite."""
    if np.min(some, initial=1.0) > 0:
        return np.asarray(some * each)
    with np.errstate(invalid="ignore"):
        return np.where(some == 0, 0.0, some * each)


def log_rising(r: Array, x: Array) -> Array:
    r"""`log Γ(r+x)/Γ(r)`, without the cancellation of a difference of log-gammas where r is large.

    Above r = 100 Stirling's series is subtracted term by term (relative error below 1e-15).

    Parameters
    ----------
    r
        > 0.
    x
        ≥ 0.

    Returns
    -------
    ndarray
        Of the broadcast shape.

    Examples
    --------
    >>> bool(abs(log_rising(np.array(1e9), np.array(2.0)) - np.log(1e9) - np.log(1e9 + 1)) < 1e-13)
    True
    """
    n = r + x
    if np.all(r <= 100):
        return np.asarray(gammaln(n) - gammaln(r))
    big = np.maximum(r, 100)
    m = big + x
    series = (1 / m - 1 / big) / 12 - (m**-3.0 - big**-3.0) / 360 + (m**-5.0 - big**-5.0) / 1260
    large = x * np.log(big) + (m - 0.5) * np.log1p(x / big) - x + series
    return np.asarray(np.where(r > 100, large, gammaln(n) - gammaln(r)))


def digamma_rise(at: Array, n: Array) -> Array:
    r"""`ψ(at+n) - ψ(at)`, above 100 term by term of the asymptotic series, so that nothing cancels."""
    big = np.maximum(at, 100.0)
    end = big + n
    series = np.log1p(n / big) + n / (2 * big * end) + (big**-2.0 - end**-2.0) / 12 - (big**-4.0 - end**-4.0) / 120
    return np.where(at > 100, series, digamma(at + n) - digamma(at))
