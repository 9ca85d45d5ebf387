"""Exact draws of what customers of the Pareto/NBD model will do after the end of observation."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kundenwert.kernels.clock import Clock, ahead, back
from kundenwert.kernels.compiled import compiled, inlined
from kundenwert.kernels.futures import MOST, Futures, Reach, Tails, grown, row
from kundenwert.kernels.streams import PURCHASES, exponential, gamma, poisson, start, uniform

type Array = NDArray[np.float64]
type Whole = NDArray[np.int64]
type State = NDArray[np.uint64]


class _Law(NamedTuple):
    """Parameter sets, of all customers (customers or 1, samples) or of one (samples,)."""

    r: Array
    alpha: Array
    s: Array
    beta: Array


class _Customer(NamedTuple):
    """Number in the block, history, key, and number of the first cell."""

    number: int
    x: float
    T: float
    key: np.uint64
    cell: int


class _Room(NamedTuple):
    """Where to write: each cell's number of purchases and life; times; tails' cells, and start, end, rate, numbers."""

    number: Whole
    life: Array
    times: Array
    owners: Whole
    beyond: Array


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
    clock: Clock | None = None,
) -> Futures:
    r"""Draw the purchases of known or new customers after T, once for each parameter set.

    Only the state at T matters for the future, and only that of a living customer: alive with the given probability,
    `λ ~ Gamma(r+x, α+T)`, `μ ~ Gamma(s, β+T)`, time left exponential of rate μ, and until then a Poisson process of
    rate λ. Rates that nothing asks for are integrated out: the time left is `(β+T) (e^(E/s) - 1)` with E exponential,
    the first purchase comes at `t = (α+T) (e^(E/(r+x)) - 1)`, and only if it comes `λ ~ Gamma(r+x+1, α+T+t)` is drawn.
    A longer reach adds purchases and changes none. The first purchase is drawn however small `one_by_one` is.

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
    clock
        A calendar factor of the rate λ after T, in each draw; none if not given. Lives run by the calendar, purchases
        by the operational time; a factor of 1 changes no draw.

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
    law = _Law(*(np.atleast_2d(np.ascontiguousarray(o, dtype=np.float64)) for o in (r, alpha, s, beta)))
    x, T, alive = (np.ascontiguousarray(o, dtype=np.float64) for o in (frequency, T, alive))
    reach = Reach(
        np.ascontiguousarray(reach.lengths, dtype=np.float64), float(reach.simulated), float(reach.one_by_one)
    )
    clock = Clock.plain() if clock is None else clock
    return _drawn(x, T, alive, law, reach, np.ascontiguousarray(keys, dtype=np.uint64), clock)


@compiled
def _drawn(
    x: Array, T: Array, alive: Array, law: _Law, reach: Reach, keys: NDArray[np.uint64], clock: Clock
) -> Futures:
    customers, samples = alive.shape
    offset = np.zeros(customers * samples + 1, np.int64)
    beyond = np.empty((16, 3 + reach.lengths.size))
    life = np.zeros(customers * samples)
    room = _Room(offset[1:], life, np.empty(customers * samples // 4 + 16), np.empty(16, np.int64), beyond)
    living, order, count, tails = np.empty(samples, np.int64), np.argsort(reach.lengths), 0, 0
    for i in range(customers):
        customer = _Customer(i, x[i], T[i], keys[i], i * samples)
        own = _Law(row(law.r, i), row(law.alpha, i), row(law.s, i), row(law.beta, i))
        todo = living[: _living(alive[i], keys[i], living)]
        while todo.size > 0:
            done, count, tails = _fill(todo, customer, own, clock, reach, order, room, count, tails)
            todo = todo[done:]
            if todo.size > 0 and tails == room.owners.size:
                room = _Room(room.number, life, room.times, grown(room.owners), grown(room.beyond))
            elif todo.size > 0:
                room = _Room(room.number, life, grown(room.times), room.owners, room.beyond)
    for c in range(customers * samples):
        offset[c + 1] += offset[c]
    columns = room.beyond[:tails].T.copy()
    start, end, rate, later = columns[0], columns[1], columns[2], columns[3:].T.copy()
    flat = Tails(room.owners[:tails].copy(), start, end, rate, np.zeros(tails), later)
    return Futures(offset, room.times[:count].copy(), flat, life)


@compiled
def _living(alive: Array, key: np.uint64, living: Whole) -> int:
    """Write the draws in which a customer is alive; apart from the rest, without a branch that would be guessed."""
    state, number = np.empty(4, np.uint64), 0
    for d in range(alive.size):
        start(state, key, d, PURCHASES)
        living[number] = d
        number += uniform(state) < alive[d]
    return number


@compiled
def _fill(
    draws: Whole,
    customer: _Customer,
    law: _Law,
    clock: Clock,
    reach: Reach,
    order: Whole,
    room: _Room,
    count: int,
    tails: int,
) -> tuple[int, int, int]:
    """Draw until all are drawn or a buffer is full, and say how many are; the one that did not fit is drawn again."""
    i, x, T, key, cell = customer
    farthest, state = reach.lengths[order[-1]], np.empty(4, np.uint64)
    for k in range(draws.size):
        d, begun = draws[k], count
        start(state, key, d, PURCHASES)
        uniform(state)  # that it is alive is known
        left = (law.beta[d] + T) * _expm1(exponential(state) / law.s[d])
        end, shape, scale = ahead(clock, i, d, min(left, farthest)), law.r[d] + x, law.alpha[d] + T
        time = scale * _expm1(exponential(state) / shape)  # times of purchases are operational ones
        single, gap = ahead(clock, i, d, reach.simulated), 0.0
        if time < min(single, end):
            gap = (scale + time) / gamma(state, shape + 1)
            single = min(single, max(time, reach.one_by_one * gap))
        elif end > single:
            gap = (scale + single) / gamma(state, shape)
        while time < end and time <= single:
            if count == room.times.size:
                return k, begun, tails
            room.times[count] = back(clock, i, d, time)
            count += 1
            time += exponential(state) * gap
        if end > single:
            if tails == room.owners.size:
                return k, begun, tails
            room.owners[tails] = cell + d
            spans = _Spans(back(clock, i, d, single), left, reach.lengths, order)
            _beyond(state, gap, spans, clock, i, d, room.beyond[tails])
            tails += 1
        room.number[cell + d] = count - begun
        room.life[cell + d] = min(left, back(clock, i, d, single))
    return draws.size, count, tails


@inlined
def _expm1(y: float) -> float:
    """`e^y - 1` to 14 digits: where y is not small nothing cancels, and the library's takes three times as long."""
    return math.exp(y) - 1 if y > 0.03 else math.expm1(y)


class _Spans(NamedTuple):
    """When a tail starts, when its customer leaves, and the reach's lengths with their order."""

    start: float
    left: float
    lengths: Array
    order: Whole


@compiled
def _beyond(state: State, gap: float, spans: _Spans, clock: Clock, i: int, d: int, line: Array) -> None:
    """Write start, end and rate of a tail, and its numbers within each span: of nested spans they are nested."""
    start, left, lengths, order = spans
    line[0], line[1], line[2] = start, left, _flow(clock, i, d, start, left) / gap
    number, since = 0.0, ahead(clock, i, d, start)
    for j in order:
        until = ahead(clock, i, d, min(left, lengths[j]))
        if until > since and line[2] > 0:
            number += poisson(state, min((until - since) / gap, MOST))
            since = until
        line[3 + j] = number


@inlined
def _flow(clock: Clock, i: int, d: int, start: float, left: float) -> float:
    """Operational time that passes in a unit of time of a tail: the last level, or the mean up to where it begins."""
    if clock.edges.size == 0:
        return 1.0
    until = min(max(float(clock.edges[-1]), start + 1.0), left)
    return (ahead(clock, i, d, until) - ahead(clock, i, d, start)) / (until - start)
