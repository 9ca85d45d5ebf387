"""Exact draws of what customers of the MBG/CNBD-k model will do after the end of observation."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kundenwert.kernels.compiled import compiled
from kundenwert.kernels.futures import MOST, Futures, Reach, Tails, grown, row
from kundenwert.kernels.streams import PURCHASES, beta, gamma, geometric, poisson, start, uniform

type Array = NDArray[np.float64]
type State = NDArray[np.uint64]

FLAT = 1e-6
"""Chance to leave below which the flow of purchases does not fall within a gap."""


def draw_futures(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    alive: Array,
    *,
    k: ArrayLike,
    r: ArrayLike,
    alpha: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    reach: Reach,
    keys: NDArray[np.uint64],
) -> Futures:
    r"""Draw the purchases of known or new customers after T, once for each parameter set.

    Alive with the given probability; then the stages s gone since the last purchase, `λ ~ Gamma(r+kx+s, α+kT)` and
    `p ~ Beta(a, b+x+1)`. The next purchase comes after k - s stages of rate kλ, every further one after k; the customer
    leaves at the K-th, K geometric of probability p. A tail begins with a purchase after which the customer stayed;
    its drawn numbers are those of the stages passed. Its expectation is that of an even flow: what purchases fall off
    as once the gaps no longer show, `e^(-kλ (1 - (1-p)^(1/k)) u)`, begun up to half a gap later so that all purchases
    to come are `1/p`; a span that ends before that counts none of them.

    Parameters
    ----------
    frequency, recency, T
        x ≥ 0, t_x and T ≥ 0 of each customer, shape (customers,); all 0 for a new customer.
    alive
        Probability of being alive at T, shape (customers, samples).
    k, r, alpha, a, b
        Parameter sets, > 0, shape (samples,) or (customers, samples); k whole, alpha in units of time.
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
    >>> values = {"k": 3.0, "r": 0.5248436, "alpha": 6.1830928, "a": 0.8913878, "b": 1.6140483}
    >>> law = {name: np.full(200_000, value) for name, value in values.items()}
    >>> drawn = draw_futures([2.0], [30.43], [38.86], np.full((1, 200_000), 0.75293), **law,
    ...                      reach=Reach(np.array([39.0]), np.inf, 1e4), keys=customer_keys(1, [5]))
    >>> bool(abs(drawn.time.size / 200_000 - 1.54044) < 0.03)
    True
    """
    alive = np.ascontiguousarray(alive, dtype=np.float64)
    x, t_x, T = (np.ascontiguousarray(o, dtype=np.float64) for o in (frequency, recency, T))
    law = [np.atleast_2d(np.ascontiguousarray(o, dtype=np.float64)) for o in (k, r, alpha, a, b)]
    lengths = np.ascontiguousarray(reach.lengths, dtype=np.float64)
    keys = np.ascontiguousarray(keys, dtype=np.uint64)
    return _drawn(x, t_x, T, alive, *law, lengths, float(reach.simulated), float(reach.one_by_one), keys)


@compiled
def _drawn(
    x: Array,
    t_x: Array,
    T: Array,
    alive: Array,
    k: Array,
    r: Array,
    alpha: Array,
    a: Array,
    b: Array,
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
        numbers, shapes, scales, leaving, staying = row(k, i), row(r, i), row(alpha, i), row(a, i), row(b, i)
        for d in range(samples):
            offset[i * samples + d] = count
            start(state, keys[i], d, PURCHASES)
            if uniform(state) >= alive[i, d]:
                continue
            life[i * samples + d] = math.inf
            of, shape = numbers[d], shapes[d] + numbers[d] * x[i]
            scale = scales[d] / of + T[i]
            gone = _stages_gone(uniform(state), of, shape, (T[i] - t_x[i]) / scale)
            stage = scale / gamma(state, shape + gone)
            time = stage * gamma(state, of - gone)
            if time >= end:
                continue
            p = beta(state, leaving[d], staying[d] + x[i] + 1)
            left = geometric(state, p)
            single, last = min(simulated, one_by_one * stage * of), 0.0
            while time < end and last <= single and left > 0:
                if count == times.size:
                    times = grown(times)
                times[count] = time
                count += 1
                left -= 1
                last = time
                if left == 0:
                    life[i * samples + d] = time
                time += stage * gamma(state, of)
            if last > single and last < end and left > 0:
                if tails == owners.size:
                    owners, beyond = grown(owners), grown(beyond)
                owners[tails] = i * samples + d
                _beyond(state, stage, of, last, p, left, lengths, order, beyond[tails])
                life[i * samples + d] = beyond[tails, 0]
                tails += 1
    offset[-1] = count
    columns = beyond[:tails].T.copy()
    flat = Tails(
        owners[:tails].copy(), columns[0], np.full(tails, np.inf), columns[1], columns[2], columns[3:].T.copy()
    )
    return Futures(offset, times[:count].copy(), flat, life)


@compiled
def _stages_gone(u: float, k: float, shape: float, q: float) -> float:
    """Number of stages gone since the last purchase, at the quantile u of its law."""
    total, term, s = 1.0, 1.0, 1.0
    while s < k:
        term *= (shape + s - 1) / s * q
        total += term
        s += 1.0
    rest, term, s = u * total - 1.0, 1.0, 0.0
    while rest > 0 and s < k - 1:
        s += 1.0
        term *= (shape + s - 1) / s * q
        rest -= term
    return s


@compiled
def _beyond(
    state: State,
    stage: float,
    k: float,
    last: float,
    p: float,
    left: float,
    lengths: Array,
    order: NDArray[np.int64],
    line: Array,
) -> None:
    """Write start, rate and decay of a tail, and its numbers within each span: of nested spans they are nested."""
    if p > FLAT:
        fall = -math.log1p(-p) / k
        line[2] = -math.expm1(-fall) / stage
        line[1] = line[2] / p
        line[0] = last + (fall * (k - 1) + math.log(p / (k * line[2] * stage))) / line[2]
    else:
        line[0], line[1], line[2] = last + stage * (k - 1) / 2, 1 / (stage * k), p / (stage * k)
    number, since = 0.0, last
    for j in order:
        if lengths[j] > since:
            number += poisson(state, min((lengths[j] - since) / stage, MOST))
            since = lengths[j]
        line[3 + j] = min(np.floor(number / k), left)
