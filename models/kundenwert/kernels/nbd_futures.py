"""Exact draws of what customers of the NBD model will do: the Pareto/NBD's, whose lifetimes have no end."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kundenwert.kernels.clock import Clock
from kundenwert.kernels.futures import Futures, Reach
from kundenwert.kernels.pareto_nbd import futures as pareto_nbd

type Array = NDArray[np.float64]


def draw_futures(
    frequency: ArrayLike,
    T: ArrayLike,
    *,
    r: ArrayLike,
    alpha: ArrayLike,
    reach: Reach,
    keys: NDArray[np.uint64],
    clock: Clock | None = None,
) -> Futures:
    r"""Draw the purchases of known or new customers after T, once for each parameter set.

    `λ ~ Gamma(r+x, α+T)`, and a Poisson process of rate λ without end: the Pareto/NBD with β infinite.

    Parameters
    ----------
    frequency, T
        x ≥ 0 and T ≥ 0 of each customer, shape (customers,); both 0 for a new customer.
    r, alpha
        Parameter sets, > 0, shape (samples,) or (customers, samples); alpha in units of time.
    reach
        How far to draw.
    keys
        Of the customers' random streams, from `streams.customer_keys`, shape (customers,).
    clock
        A calendar factor of the rate λ after T, in each draw; none if not given.

    Returns
    -------
    Futures
        Of customers × samples cells.

    Examples
    --------
    >>> from kundenwert.kernels.streams import customer_keys
    >>> drawn = draw_futures([2.0], [38.86], r=np.full(200_000, 0.3848), alpha=np.full(200_000, 12.072),
    ...                      reach=Reach(np.array([39.0]), np.inf, 1e4), keys=customer_keys(1, [5]))
    >>> bool(abs(drawn.time.size / 200_000 - 1.82611) < 0.02)
    True
    """
    samples = np.shape(r)[-1]
    alive = np.ones((np.size(frequency), samples))
    endless = np.full((1, samples), np.inf)
    ones = np.ones((1, samples))
    return pareto_nbd.draw_futures(
        frequency, T, alive, r=r, alpha=alpha, s=ones, beta=endless, reach=reach, keys=keys, clock=clock
    )
