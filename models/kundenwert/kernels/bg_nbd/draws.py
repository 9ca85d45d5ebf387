"""Simulated histories."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kundenwert.kernels.arithmetic import float_arrays

type Array = NDArray[np.float64]

MOST = 1e15
"""Largest number of purchases: larger numbers are no longer whole in float64."""


def simulate(
    T: ArrayLike,
    *,
    r: ArrayLike,
    alpha: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    rng: np.random.Generator,
    flips: int = 0,
) -> tuple[Array, Array]:
    r"""Simulate the repeat purchases of new customers observed for `T`.

    Of the N purchases that a customer who never leaves would make within T, the first `min(N, K)` are made, where K,
    the number at which the customer leaves, is geometric: at least 1 in the BG/NBD, at least 0 in the MBG/NBD.

    Parameters
    ----------
    T
        Time observed after the first purchase, ≥ 0, in units of time.
    r, alpha, a, b, flips
        As in `log_likelihood`; everything broadcasts.
    rng
        Source of randomness.

    Returns
    -------
    frequency, recency
        Number of repeat purchases and time from first to last purchase (0 where there is none).

    Examples
    --------
    >>> law = {"r": 0.2425945, "alpha": 4.4136019, "a": 0.7929199, "b": 2.4258881}
    >>> x, t_x = simulate(np.full(100_000, 39.0), **law, rng=np.random.default_rng(5))
    >>> bool(abs((x == 0).mean() - (4.4136019 / 43.4136019) ** 0.2425945) < 0.006)
    True
    """
    T, r, alpha, a, b = np.broadcast_arrays(*float_arrays(T, r, alpha, a, b))
    never = rng.poisson(np.minimum(rng.standard_gamma(r) / alpha * T, MOST)).astype(np.float64)
    dropout = np.maximum(rng.beta(a, b), np.finfo(np.float64).tiny)
    with np.errstate(divide="ignore", over="ignore"):
        leaves = np.maximum(np.ceil(rng.standard_exponential(T.shape) / -np.log1p(-dropout)), 1.0) - flips
    frequency = np.minimum(never, leaves)
    some = frequency > 0
    last = rng.beta(np.where(some, frequency, 1.0), np.where(some, never - frequency + 1, 1.0))
    return frequency, np.where(some, T * last, 0.0)
