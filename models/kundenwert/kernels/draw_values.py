"""Values of drawn purchases under the Gamma-Gamma; compiled, and free of the interpreter's lock."""

import numpy as np
from numpy.typing import NDArray

from kundenwert.kernels.compiled import compiled
from kundenwert.kernels.futures import Futures
from kundenwert.kernels.streams import SPEND, gamma, start

type Array = NDArray[np.float64]


def draw_values(
    x: Array, total: Array, p: Array, q: Array, v: Array, futures: Futures, keys: NDArray, *, first: bool
) -> tuple[Array, Array, Array]:
    """Draw the value of each purchase: `ν ~ Gamma(px + q, v + total)` for each cell, values `Gamma(p, ν)`.

    Parameters
    ----------
    x, total
        Repeat purchases and their money, of shape (customers,).
    p, q, v
        Parameter sets, of shape (1, sets), or (customers, sets).
    futures
        Drawn purchases.
    keys
        Of the customers' random numbers.
    first
        Whether each cell has a first purchase too.

    Returns
    -------
    value, mean, first_value
        Of each purchase; mean value `p/ν` of each cell, 0 for cells without purchases; value of the first purchase of
        each cell, empty without.

    Examples
    --------
    >>> from kundenwert.kernels.futures import Tails
    >>> none = Tails(np.empty(0, np.int64), *(np.empty(0),) * 4, np.empty((0, 1)))
    >>> one_each = Futures(np.arange(100_001), np.full(100_000, 1.0), none)
    >>> sets = np.full((1, 100_000), 1.0)
    >>> law, key = (6.25 * sets, 3.74 * sets, 15.44 * sets), np.array([1], np.uint64)
    >>> drawn, _, _ = draw_values(np.array([2.0]), np.array([44.7]), *law, one_each, key, first=False)
    >>> bool(abs(drawn.mean() - 24.66) < 0.2)
    True
    """
    some = np.diff(futures.offset) > 0
    some[futures.tails.cell] = True
    return _draw(x, total, p, q, v, futures.offset, some, keys, first)


@compiled
def _draw(
    x: Array, total: Array, p: Array, q: Array, v: Array, offset: NDArray, some: NDArray, keys: NDArray, first: bool
) -> tuple[Array, Array, Array]:
    samples = max(p.shape[1], q.shape[1], v.shape[1])
    value, mean = np.empty(offset[-1]), np.zeros(offset.size - 1)
    at_first = np.empty(offset.size - 1 if first else 0)
    state = np.empty(4, np.uint64)
    for c in range(offset.size - 1):
        if not (some[c] or first):
            continue
        i, d = c // samples, c % samples
        start(state, keys[i], d, SPEND)
        shape = p[min(i, p.shape[0] - 1), d]
        q_own, v_own = q[min(i, q.shape[0] - 1), d], v[min(i, v.shape[0] - 1), d]
        inverse = (v_own + total[i]) / gamma(state, shape * x[i] + q_own)
        mean[c] = shape * inverse
        if first:
            at_first[c] = gamma(state, shape) * inverse
        for event in range(offset[c], offset[c + 1]):
            value[event] = gamma(state, shape) * inverse
    return value, mean, at_first
