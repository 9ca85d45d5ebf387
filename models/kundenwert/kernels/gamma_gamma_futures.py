"""Exact draws of what purchases to come will be worth in the Gamma-Gamma model."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kundenwert.kernels.compiled import compiled
from kundenwert.kernels.futures import Futures, row
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
    omega: ArrayLike = 1.0,
    m: ArrayLike = 1.0,
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
    omega, m
        ω and m of that purchase, `Gamma(ω p, ω ν) m` as in `gamma_gamma_first`, of shape as p; like any other if not
        given.

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
    >>> one_each = Futures(np.arange(size + 1), np.ones(size), tails, np.full(size, np.inf))
    >>> value, mean, _ = draw_values([2.0], [44.7], p=np.full(size, 6.25), q=np.full(size, 3.74),
    ...                              v=np.full(size, 15.44), futures=one_each, keys=customer_keys(1, [5]))
    >>> bool(abs(value.mean() - 24.6637) < 0.15), bool(abs(mean.mean() - 24.6637) < 0.1)
    (True, True)
    """
    x, total = (np.ascontiguousarray(o, dtype=np.float64) for o in (frequency, total))
    sets = [np.atleast_2d(np.asarray(o, dtype=np.float64)) for o in (p, q, v, omega, m)]
    samples = max(values.shape[1] for values in sets)
    law = _Law(*(np.ascontiguousarray(np.broadcast_to(values, (len(values), samples))) for values in sets))
    return _drawn(x, total, law, futures, np.ascontiguousarray(keys, dtype=np.uint64), bool(first))


class _Law(NamedTuple):
    """Parameter sets, of all customers (customers or 1, samples) or of one (samples,)."""

    p: Array
    q: Array
    v: Array
    weight: Array
    level: Array


@compiled
def _drawn(
    x: Array, total: Array, law: _Law, futures: Futures, keys: NDArray[np.uint64], first: bool
) -> tuple[Array, Array, Array]:
    offset, tails = futures.offset, futures.tails.cell
    cells, samples = offset.size - 1, law.p.shape[1]
    value, mean = np.empty(futures.time.size), np.zeros(cells)
    first_value = np.empty(cells if first else 0)
    wanted, tail = np.empty(samples, np.int64), 0
    for i in range(x.size):
        begin, end = i * samples, (i + 1) * samples
        while tail < tails.size and tails[tail] < end:
            mean[tails[tail]] = 1  # a mark, to be overwritten
            tail += 1
        number = 0
        for d in range(samples):  # apart from the rest, without a branch that would be guessed
            wanted[number] = d
            number += first | (offset[begin + d] < offset[begin + d + 1]) | (mean[begin + d] > 0)
        own = _Law(row(law.p, i), row(law.q, i), row(law.v, i), row(law.weight, i), row(law.level, i))
        here = offset[begin : end + 1], value, mean[begin:end], first_value[begin:end]
        _fill(wanted[:number], x[i], total[i], own, keys[i], *here)
    return value, mean, first_value


@compiled
def _fill(
    draws: NDArray[np.int64],
    x: float,
    total: float,
    law: _Law,
    key: np.uint64,
    offset: NDArray[np.int64],
    value: Array,
    mean: Array,
    first_value: Array,
) -> None:
    state = np.empty(4, np.uint64)
    for d in draws:
        start(state, key, d, SPEND)
        shape = law.p[d]
        scale = (law.v[d] + total) / gamma(state, shape * x + law.q[d])
        mean[d] = shape * scale
        if first_value.size > 0:
            first_value[d] = gamma(state, shape * law.weight[d]) * scale / law.weight[d] * law.level[d]
        for event in range(offset[d], offset[d + 1]):
            value[event] = gamma(state, shape) * scale
