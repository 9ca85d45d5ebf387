"""Purchases to come under the BG/NBD and MBG/NBD, drawn exactly; compiled, and free of the interpreter's lock."""

import math

import numpy as np
from numpy.typing import NDArray

from kundenwert.kernels.buffers import grown, grown_tails
from kundenwert.kernels.compiled import compiled
from kundenwert.kernels.futures import Futures, Reach, Tails
from kundenwert.kernels.streams import PURCHASES, beta, exponential, gamma, geometric, poisson, start, uniform

type Array = NDArray[np.float64]

MOST = 1e15
"""Largest mean of a Poisson number that is drawn: a double still tells such numbers apart."""


def draw_futures(
    x: Array, stayed: Array, T: Array, alive: Array, r: Array, alpha: Array, a: Array, b: Array, reach: Reach,
    keys: NDArray,
) -> Futures:  # fmt: skip
    r"""Draw each customer's purchases after T, once for each parameter set.

    Alive with the given probability, `λ ~ Gamma(r+x, α+T)`, `p ~ Beta(a, b + stayed)`; purchases are a Poisson process
    of rate λ that ends, after each of them, with probability p.

    Parameters
    ----------
    x, stayed, T
        Repeat purchases, chances to leave that were not taken by somebody alive, and time observed, of shape
        (customers,).
    alive
        Probability of being alive at T, of shape (customers, sets).
    r, alpha, a, b
        Parameter sets, of shape (1, sets), or (customers, sets) where customers differ.
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
    >>> law = [sets * value for value in (0.243, 4.414, 0.793, 2.426)]
    >>> reach, two = Reach(np.array([39.0]), np.inf, 1e4), np.array([2.0])
    >>> drawn = draw_futures(two, two, np.array([38.86]), 0.7266 * sets, *law, reach, np.array([1], np.uint64))
    >>> bool(abs(drawn.time.size / 200_000 - 1.2259) < 0.03)
    True
    """
    offset, time, cell, ends, later = _draw(x, stayed, T, alive, r, alpha, a, b, *reach, keys)
    return Futures(offset, time, Tails(cell, ends[:, 0], ends[:, 1], ends[:, 2], ends[:, 3], later))


@compiled
def _draw(
    x: Array,
    stayed: Array,
    T: Array,
    alive: Array,
    r: Array,
    alpha: Array,
    a: Array,
    b: Array,
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
        i_a, i_b = min(i, a.shape[0] - 1), min(i, b.shape[0] - 1)
        for d in range(samples):
            c = i * samples + d
            start(state, keys[i], d, PURCHASES)
            if uniform(state) < alive[i, d]:
                rate = gamma(state, r[i_r, d] + x[i]) / (alpha[i_alpha, d] + T[i])
                p = beta(state, a[i_a, d], b[i_b, d] + stayed[i])
                single = min(simulated, one_by_one / rate)
                until = min(farthest, single)
                at, here = exponential(state) / rate, True
                while here and at <= until:
                    if events == time.size:
                        time = grown(time)
                    time[events] = at
                    events += 1
                    here = uniform(state) >= p
                    at += exponential(state) / rate
                if here and farthest > single:
                    if tails == cell.size:
                        cell, ends, later = grown_tails(cell, ends, later)
                    cell[tails] = c
                    ends[tails, 0], ends[tails, 1] = single, math.inf
                    ends[tails, 2], ends[tails, 3] = rate, rate * p
                    last = geometric(state, p)
                    for j in range(lengths.size):
                        over = lengths[j] - single
                        later[tails, j] = min(last, poisson(state, min(rate * over, MOST))) if over > 0.0 else 0.0
                    tails += 1
            offset[c + 1] = events
    return offset, time[:events].copy(), cell[:tails].copy(), ends[:tails].copy(), later[:tails].copy()
