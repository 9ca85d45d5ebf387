"""Purchases to come under the Pareto/NBD, drawn exactly; compiled, and free of the interpreter's lock."""

import numpy as np
from numpy.typing import NDArray

from kundenwert.kernels.buffers import grown, grown_tails
from kundenwert.kernels.compiled import compiled
from kundenwert.kernels.futures import Futures, Reach, Tails
from kundenwert.kernels.streams import PURCHASES, exponential, gamma, poisson, start, uniform

type Array = NDArray[np.float64]

MOST = 1e15
"""Largest mean of a Poisson number that is drawn: a double still tells such numbers apart."""


def draw_futures(
    x: Array, T: Array, alive: Array, r: Array, alpha: Array, s: Array, beta: Array, reach: Reach, keys: NDArray
) -> Futures:
    r"""Draw each customer's purchases after T, once for each parameter set.

    Only the state at T matters for the future, and only that of a living customer: alive with the given probability,
    `λ ~ Gamma(r+x, α+T)`, `μ ~ Gamma(s, β+T)`, time left exponential of rate μ; purchases are a Poisson process of rate
    λ. Without drop-out (`s` of infinite β, as in the NBD) the time left is infinite.

    Parameters
    ----------
    x, T
        Repeat purchases and time observed, of shape (customers,).
    alive
        Probability of being alive at T, of shape (customers, sets).
    r, alpha, s, beta
        Parameter sets, of shape (1, sets), or (customers, sets) where customers differ; `beta` may be infinite.
    reach
        How far to look ahead.
    keys
        Of the customers' random numbers.

    Returns
    -------
    Futures

    Examples
    --------
    >>> sets = np.full((1, 200_000), 1.0)
    >>> law = [sets * value for value in (0.55, 10.58, 0.61, 11.67)]
    >>> reach = Reach(np.array([39.0]), np.inf, 1e4)
    >>> drawn = draw_futures(np.array([2.0]), np.array([38.86]), 0.87 * sets, *law, reach, np.array([1], np.uint64))
    >>> bool(abs(drawn.time.size / 200_000 - 1.453) < 0.03)
    True
    """
    offset, time, cell, ends, later = _draw(x, T, alive, r, alpha, s, beta, *reach, keys)
    return Futures(offset, time, Tails(cell, ends[:, 0], ends[:, 1], ends[:, 2], ends[:, 3], later))


@compiled
def _draw(
    x: Array,
    T: Array,
    alive: Array,
    r: Array,
    alpha: Array,
    s: Array,
    beta: Array,
    lengths: Array,
    simulated: float,
    one_by_one: float,
    keys: NDArray,
) -> tuple[NDArray, Array, NDArray, Array, Array]:
    customers, samples = alive.shape
    offset = np.zeros(customers * samples + 1, np.int64)
    time = np.empty(max(1024, customers * samples))
    cell, ends, later = np.empty(16, np.int64), np.empty((16, 4)), np.empty((16, lengths.size))
    events, tails, farthest = 0, 0, lengths.max()
    state = np.empty(4, np.uint64)
    for i in range(customers):
        i_r, i_alpha = min(i, r.shape[0] - 1), min(i, alpha.shape[0] - 1)
        i_s, i_beta = min(i, s.shape[0] - 1), min(i, beta.shape[0] - 1)
        for d in range(samples):
            c = i * samples + d
            start(state, keys[i], d, PURCHASES)
            if uniform(state) < alive[i, d]:
                rate = gamma(state, r[i_r, d] + x[i]) / (alpha[i_alpha, d] + T[i])
                left = exponential(state) * (beta[i_beta, d] + T[i]) / gamma(state, s[i_s, d])
                single = min(simulated, one_by_one / rate)
                until = min(left, farthest, single)
                at = exponential(state) / rate
                while at <= until:
                    if events == time.size:
                        time = grown(time)
                    time[events] = at
                    events += 1
                    at += exponential(state) / rate
                if min(left, farthest) > single:
                    if tails == cell.size:
                        cell, ends, later = grown_tails(cell, ends, later)
                    cell[tails] = c
                    ends[tails, 0], ends[tails, 1], ends[tails, 2], ends[tails, 3] = single, left, rate, 0.0
                    for j in range(lengths.size):
                        over = min(left, lengths[j]) - single
                        later[tails, j] = poisson(state, min(rate * over, MOST)) if over > 0.0 else 0.0
                    tails += 1
            offset[c + 1] = events
    return offset, time[:events].copy(), cell[:tails].copy(), ends[:tails].copy(), later[:tails].copy()
