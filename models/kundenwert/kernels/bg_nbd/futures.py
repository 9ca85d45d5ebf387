"""Exact draws of what customers of the BG/NBD and the MBG/NBD model will do after the end of observation."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kundenwert.kernels.compiled import compiled
from kundenwert.kernels.futures import MOST, Futures, Reach, Tails, grown, row
from kundenwert.kernels.streams import PURCHASES, beta, exponential, gamma, geometric, poisson, start, uniform

type Array = NDArray[np.float64]
type State = NDArray[np.uint64]


def draw_futures(
    frequency: ArrayLike,
    T: ArrayLike,
    alive: Array,
    *,
    r: ArrayLike,
    alpha: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    reach: Reach,
    keys: NDArray[np.uint64],
    flips: int = 0,
) -> Futures:
    r"""Draw the purchases of known or new customers after T, once for each parameter set.

    Alive with the given probability, `λ ~ Gamma(r+x, α+T)` and `p ~ Beta(a, b+x+flips)`; purchases come at the rate λ,
    and the customer leaves at the K-th, K geometric of probability p. The rate is integrated out until the first
    purchase, at `t = (α+T) (e^(E/(r+x)) - 1)` with E exponential: then `λ ~ Gamma(r+x+1, α+T+t)`. A tail is of somebody
    alive at its start, λ and p known: expected purchases fall as `λ e^(-λp u)`; its drawn number within a time is the
    smaller of a Poisson number and what is left of K. A longer reach adds purchases and changes none.

    Parameters
    ----------
    frequency, T
        x ≥ 0 and T ≥ 0 of each customer, shape (customers,); both 0 for a new customer.
    alive
        Probability of being alive at T, shape (customers, samples).
    r, alpha, a, b
        Parameter sets, > 0, shape (samples,) or (customers, samples); alpha in units of time.
    reach
        How far to draw.
    keys
        Of the customers' random streams, from `streams.customer_keys`, shape (customers,).
    flips
        As in `log_likelihood`.

    Returns
    -------
    Futures
        Of customers × samples cells; none of a dead customer.

    Examples
    --------
    >>> from kundenwert.kernels.streams import customer_keys
    >>> values = {"r": 0.2425945, "alpha": 4.4136019, "a": 0.7929199, "b": 2.4258881}
    >>> law = {name: np.full(200_000, value) for name, value in values.items()}
    >>> drawn = draw_futures([2.0], [38.86], np.full((1, 200_000), 0.7266086), **law,
    ...                      reach=Reach(np.array([39.0]), np.inf, 1e4), keys=customer_keys(1, [5]))
    >>> bool(abs(drawn.time.size / 200_000 - 1.2259057) < 0.03)
    True
    """
    alive = np.ascontiguousarray(alive, dtype=np.float64)
    x, T = (np.ascontiguousarray(o, dtype=np.float64) for o in (frequency, T))
    law = [np.atleast_2d(np.ascontiguousarray(o, dtype=np.float64)) for o in (r, alpha, a, b)]
    lengths = np.ascontiguousarray(reach.lengths, dtype=np.float64)
    keys = np.ascontiguousarray(keys, dtype=np.uint64)
    return _drawn(x, T, alive, *law, float(flips), lengths, float(reach.simulated), float(reach.one_by_one), keys)


@compiled
def _drawn(
    x: Array,
    T: Array,
    alive: Array,
    r: Array,
    alpha: Array,
    a: Array,
    b: Array,
    flips: float,
    lengths: Array,
    simulated: float,
    one_by_one: float,
    keys: NDArray[np.uint64],
) -> Futures:
    customers, samples = alive.shape
    spans, end, order = lengths.size, lengths.max(), np.argsort(lengths)
    state = np.empty(4, np.uint64)
    offset, life = np.empty(customers * samples + 1, np.int64), np.zeros(customers * samples)
    times, count = np.empty(customers * samples // 4 + 16), 0
    owners, beyond, tails = np.empty(16, np.int64), np.empty((16, 3 + spans)), 0
    for i in range(customers):
        shapes, scales, leaving, staying = row(r, i), row(alpha, i), row(a, i), row(b, i)
        for d in range(samples):
            offset[i * samples + d] = count
            start(state, keys[i], d, PURCHASES)
            if uniform(state) >= alive[i, d]:
                continue
            life[i * samples + d] = math.inf
            shape, scale = shapes[d] + x[i], scales[d] + T[i]
            time = scale * math.expm1(exponential(state) / shape)
            if time >= end and simulated >= end:
                continue
            bought, since = time < min(simulated, end), min(time, simulated)
            gap = (scale + since) / gamma(state, shape + 1 if bought else shape)
            p = beta(state, leaving[d], staying[d] + x[i] + flips)
            left = geometric(state, p)
            single = min(simulated, max(time, one_by_one * gap))
            while time < end and time <= single and left > 0:
                if count == times.size:
                    times = grown(times)
                times[count] = time
                count += 1
                left -= 1
                if left == 0:
                    life[i * samples + d] = time
                time += exponential(state) * gap
            if end > single and left > 0:
                if tails == owners.size:
                    owners, beyond = grown(owners), grown(beyond)
                owners[tails], life[i * samples + d] = i * samples + d, single
                _beyond(state, gap, single, p, left, lengths, order, beyond[tails])
                tails += 1
    offset[-1] = count
    columns = beyond[:tails].T.copy()
    flat = Tails(
        owners[:tails].copy(), columns[0], np.full(tails, np.inf), columns[1], columns[2], columns[3:].T.copy()
    )
    return Futures(offset, times[:count].copy(), flat, life)


@compiled
def _beyond(
    state: State,
    gap: float,
    single: float,
    p: float,
    left: float,
    lengths: Array,
    order: NDArray[np.int64],
    line: Array,
) -> None:
    """Write start, rate and decay of a tail, and its numbers within each span: of nested spans they are nested."""
    line[0], line[1], line[2] = single, 1 / gap, p / gap
    number, since = 0.0, single
    for j in order:
        if lengths[j] > since:
            number += poisson(state, min((lengths[j] - since) / gap, MOST))
            since = lengths[j]
        line[3 + j] = min(number, left)
