"""Simulated histories."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kundenwert.kernels.arithmetic import float_arrays

type Array = NDArray[np.float64]

MOST = 1e15
"""Largest number of stages: larger numbers are no longer whole in float64."""


def simulate(
    T: ArrayLike,
    *,
    k: ArrayLike,
    r: ArrayLike,
    alpha: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    rng: np.random.Generator,
) -> tuple[Array, Array]:
    r"""Simulate the repeat purchases of new customers observed for `T`.

    A customer who never leaves passes `N ~ Poisson(kλT)` stages within T, every k-th of which ends with a purchase; the
    first `min(N // k, K)` are made, K geometric of probability p, at least 0. Of N stages at random in (0, T) the m-th
    ends at `T · Beta(m, N - m + 1)`.

    Parameters
    ----------
    T
        Time observed after the first purchase, ≥ 0, in units of time.
    k, r, alpha, a, b
        As in `log_likelihood`; everything broadcasts.
    rng
        Source of randomness.

    Returns
    -------
    frequency, recency
        Number of repeat purchases and time from first to last purchase (0 where there is none).

    Examples
    --------
    >>> law = {"k": 3, "r": 0.5248436, "alpha": 6.1830928, "a": 0.8913878, "b": 1.6140483}
    >>> x, t_x = simulate(np.full(100_000, 39.0), **law, rng=np.random.default_rng(5))
    >>> bool(abs((x == 0).mean() - 0.604939) < 0.006)
    True
    """
    T, k, r, alpha, a, b = np.broadcast_arrays(*float_arrays(T, k, r, alpha, a, b))
    stages = rng.poisson(np.minimum(rng.standard_gamma(r) / alpha * k * T, MOST)).astype(np.float64)
    dropout = np.maximum(rng.beta(a, b), np.finfo(np.float64).tiny)
    with np.errstate(divide="ignore", over="ignore"):
        leaves = np.maximum(np.ceil(rng.standard_exponential(T.shape) / -np.log1p(-dropout)), 1.0) - 1
    frequency = np.minimum(np.floor(stages / k), leaves)
    some, passed = frequency > 0, k * frequency
    last = rng.beta(np.where(some, passed, 1.0), np.where(some, stages - passed + 1, 1.0))
    return frequency, np.where(some, T * last, 0.0)
