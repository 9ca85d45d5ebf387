"""Exact draws of what purchases to come will be worth in the Gamma-Gamma model."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kundenwert.kernels.compiled import compiled
from kundenwert.kernels.futures import Futures
from kundenwert.kernels.streams import SPEND, gamma, start

type Array = NDArray[np.float64]


def draw_values(
    frequency: ArrayLike,
    total: ArrayLike,
    *,
    p: ArrayLike,
    q: ArrayLike,
    v: ArrayLike,
    futures: Futures,
    keys: NDArray[np.uint64],
    first: bool = False,
) -> tuple[Array, Array, Array]:
    r"""Draw the value of each drawn purchase, and each customer's mean, once for each parameter set.

    `ν ~ Gamma(p x + q, v + total)`, and values `Gamma(p, ν)` with mean `p/ν`.

    Parameters
    ----------
    frequency
        x ≥ 0, number of purchases whose values are known, shape (customers,).
    total
        Sum of their values, in money, shape (customers,); 0 where x is 0.
    p, q, v
        Parameter sets, > 0, shape (samples,) or (customers, samples); v in money.
    futures
        Drawn purchases of customers × samples cells.
    keys
        As in the draw of the futures, shape (customers,).
    first
        Whether each cell has a first purchase at time 0 too, as new customers have.

    Returns
    -------
    value, mean, first_value
        Of each drawn purchase, shape (events,); p/ν of each cell that has purchases, a tail or a first purchase, 0 of
        the others, shape (cells,); value of the first purchase, shape (cells,), empty unless `first`. All in money.

    References
    ----------
    Fader & Hardie (2013), "The Gamma-Gamma Model of Monetary Value", equation 3.

    Examples
    --------
    >>> from kundenwert.kernels.futures import Tails
    >>> from kundenwert.kernels.streams import customer_keys
    >>> none, size = np.empty(0), 200_000
    >>> tails = Tails(np.empty(0, dtype=np.int64), none, none, none, none, np.empty((0, 1)))
    >>> one_each = Futures(np.arange(size + 1), np.ones(size), tails)
    >>> value, mean, _ = draw_values([2.0], [44.7], p=np.full(size, 6.25), q=np.full(size, 3.74),
    ...                              v=np.full(size, 15.44), futures=one_each, keys=customer_keys(1, [5]))
    >>> bool(abs(value.mean() - 24.6637) < 0.15), bool(abs(mean.mean() - 24.6637) < 0.1)
    (True, True)
    """
    x, total = (np.ascontiguousarray(o, dtype=np.float64) for o in (frequency, total))
    law = [np.atleast_2d(np.ascontiguousarray(o, dtype=np.float64)) for o in (p, q, v)]
    return _drawn(x, total, *law, futures, np.ascontiguousarray(keys, dtype=np.uint64), bool(first))


@compiled
def _drawn(
    x: Array, total: Array, p: Array, q: Array, v: Array, futures: Futures, keys: NDArray[np.uint64], first: bool
) -> tuple[Array, Array, Array]:
    offset, tails = futures.offset, futures.tails.cell
    cells, samples = offset.size - 1, p.shape[1]
    value, mean = np.empty(futures.time.size), np.zeros(cells)
    first_value = np.empty(cells if first else 0)
    state = np.empty(4, np.uint64)
    tail = 0
    for i in range(x.size):
        for d in range(samples):
            cell = i * samples + d
            with_tail = tail < tails.size and tails[tail] == cell
            tail += with_tail
            if not (first or with_tail or offset[cell] < offset[cell + 1]):
                continue
            start(state, keys[i], d, SPEND)
            shape = p[i if p.shape[0] > 1 else 0, d]
            known = q[i if q.shape[0] > 1 else 0, d] + shape * x[i]
            scale = (v[i if v.shape[0] > 1 else 0, d] + total[i]) / gamma(state, known)
            mean[cell] = shape * scale
            if first:
                first_value[cell] = gamma(state, shape) * scale
            for event in range(offset[cell], offset[cell + 1]):
                value[event] = gamma(state, shape) * scale
    return value, mean, first_value
