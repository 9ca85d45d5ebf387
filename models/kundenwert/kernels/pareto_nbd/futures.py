"""Exact draws of what customers of the Pareto/NBD model will do after the end of observation."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kundenwert.kernels.compiled import compiled, inlined
from kundenwert.kernels.futures import MOST, Futures, Reach, Tails
from kundenwert.kernels.streams import PURCHASES, exponential, gamma, poisson, start, uniform

type Array = NDArray[np.float64]
type State = NDArray[np.uint64]


def draw_futures(
    frequency: ArrayLike,
    T: ArrayLike,
    alive: Array,
    *,
    r: ArrayLike,
    alpha: ArrayLike,
    s: ArrayLike,
    beta: ArrayLike,
    reach: Reach,
    keys: NDArray[np.uint64],
) -> Futures:
    r"""Draw the purchases of known or new customers after T, once for each parameter set.

    Only the state at T matters for the future, and only that of a living customer: alive with the given probability,
    `λ ~ Gamma(r+x, α+T)`, `μ ~ Gamma(s, β+T)`, time left exponential of rate μ, and until then a Poisson process of
    rate λ. A longer reach adds purchases and changes none.

    Parameters
    ----------
    frequency, T
        x ≥ 0 and T ≥ 0 of each customer, shape (customers,); both 0 for a new customer.
    alive
        Probability of being alive at T, shape (customers, samples).
    r, alpha, s, beta
        Parameter sets, > 0, shape (samples,) or (customers, samples); alpha and beta in units of time.
    reach
        How far to draw.
    keys
        Of the customers' random streams, from `streams.customer_keys`, shape (customers,).

    Returns
    -------
    Futures
        Of customers × samples cells; none of a dead customer.

    Examples
    --------
    >>> from kundenwert.kernels.streams import customer_keys
    >>> law = {name: np.full(200_000, value) for name, value in dict(r=0.55, alpha=10.58, s=0.61, beta=11.67).items()}
    >>> drawn = draw_futures([2.0], [38.86], np.full((1, 200_000), 0.87), **law,
    ...                      reach=Reach(np.array([39.0]), np.inf, 1e4), keys=customer_keys(1, [5]))
    >>> bool(abs(drawn.time.size / 200_000 - 1.453) < 0.03)
    True
    """
    alive = np.ascontiguousarray(alive, dtype=np.float64)
    x, T = (np.ascontiguousarray(o, dtype=np.float64) for o in (frequency, T))
    law = [np.atleast_2d(np.ascontiguousarray(o, dtype=np.float64)) for o in (r, alpha, s, beta)]
    lengths = np.ascontiguousarray(reach.lengths, dtype=np.float64)
    keys = np.ascontiguousarray(keys, dtype=np.uint64)
    return _drawn(x, T, alive, *law, lengths, float(reach.simulated), float(reach.one_by_one), keys)


@compiled
def _drawn(
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
    keys: NDArray[np.uint64],
) -> Futures:
    customers, samples = alive.shape
    spans, farthest, order = lengths.size, lengths.max(), np.argsort(lengths)
    state = np.empty(4, np.uint64)
    offset = np.empty(customers * samples + 1, np.int64)
    times, count = np.empty(customers * samples // 4 + 16), 0
    owners, beyond, tails = np.empty(16, np.int64), np.empty((16, 3 + spans)), 0
    for i in range(customers):
        for d in range(samples):
            offset[i * samples + d] = count
            start(state, keys[i], d, PURCHASES)
            if uniform(state) >= alive[i, d]:
                continue
            # mean time between purchases, and time left; written so that nothing is divided by 0
            gap = (_of(alpha, i, d) + T[i]) / gamma(state, _of(r, i, d) + x[i])
            left = exponential(state) * (_of(beta, i, d) + T[i]) / gamma(state, _of(s, i, d))
            single, end = min(simulated, one_by_one * gap), min(left, farthest)
            exposure = min(single, end)
            time = exponential(state) * gap
            while time < exposure:
                if count == times.size:
                    times = _grown(times)
                times[count] = time
                count += 1
                time += exponential(state) * gap
            if end > single:
                if tails == owners.size:
                    owners, beyond = _grown(owners), _grown(beyond)
                owners[tails] = i * samples + d
                _beyond(state, gap, single, left, lengths, order, beyond[tails])
                tails += 1
    offset[-1] = count
    columns = beyond[:tails].T.copy()
    flat = Tails(owners[:tails].copy(), columns[0], columns[1], columns[2], np.zeros(tails), columns[3:].T.copy())
    return Futures(offset, times[:count].copy(), flat)


@inlined
def _of(parameter: Array, customer: int, draw: int) -> float:
    """Value of a parameter that is shared by all customers, or each customer's own."""
    return float(parameter[customer if parameter.shape[0] > 1 else 0, draw])


@compiled
def _grown(buffer: NDArray) -> NDArray:
    longer = np.empty((2 * buffer.shape[0], *buffer.shape[1:]), buffer.dtype)
    longer[: buffer.shape[0]] = buffer
    return longer


@compiled
def _beyond(
    state: State, gap: float, single: float, left: float, lengths: Array, order: NDArray[np.int64], row: Array
) -> None:
    """Write start, end and rate of a tail, and its numbers within each span: of nested spans they are nested."""
    row[0], row[1], row[2] = single, left, 1 / gap
    number, since = 0.0, single
    for j in order:
        until = min(left, lengths[j])
        if until > since:
            number += poisson(state, min((until - since) / gap, MOST))
            since = until
        row[3 + j] = number
