"""What customers will do, as plain arrays of drawn purchases, and the sums that are wanted of them.

A law draws `Futures`; nothing here knows which. Cells are customers × draws, customer after customer: cell number
`customer * samples + draw`. Times count from the end of observation T, or from the first purchase for a new customer.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kundenwert.kernels.compiled import compiled, inlined

type Array = NDArray[np.float64]

MOST = 1e15
"""Largest mean of a drawn number: larger numbers are no longer whole in float64."""


class Tails(NamedTuple):
    """Purchases that are not drawn one by one, of few cells; each cell at most once, in ascending order.

    Parameters
    ----------
    cell
        Whose they are, int64, shape (tails,).
    start, end
        They come after `start` and up to `end`, which may be infinite, in units of time. No drawn purchase of the cell
        comes after `start`.
    rate, decay
        At time u they flow at `rate · exp(-decay (u - start))` in expectation, purchases per unit of time.
    later
        Drawn number of them within each span of the reach, counted like its lengths from 0, shape (tails, spans).
    """

    cell: NDArray[np.int64]
    start: Array
    end: Array
    rate: Array
    decay: Array
    later: Array


class Futures(NamedTuple):
    """Drawn purchases of cells, one cell after the other.

    Parameters
    ----------
    offset
        Purchases of cell c are those from `offset[c]` up to, not including, `offset[c + 1]`; int64, shape (cells + 1,).
    time
        Their times, > 0, ascending within a cell.
    tails
        What comes after those that were drawn one by one.
    life
        How long each cell is a customer, ≥ 0, shape (cells,): 0 of one that has left already; the start of its tail of
        a cell that has one; at least the longest length of the reach, possibly infinite, of one that stays to its end.
    """

    offset: NDArray[np.int64]
    time: Array
    tails: Tails
    life: Array


class Reach(NamedTuple):
    """How far to draw.

    Parameters
    ----------
    lengths
        Spans of time (0, length] that counts will be wanted of, > 0, possibly infinite, in any order.
    simulated
        How far purchases are drawn one by one as far as discounting decides; later ones enter at their expectation.
    one_by_one
        Expected purchases of one cell that are drawn one by one; later ones enter likewise.
    """

    lengths: Array
    simulated: float
    one_by_one: float


@compiled
def span_sums(
    futures: Futures, value: Array, mean: Array, lengths: Array, rates: Array, customers: int, samples: int
) -> tuple[Array, Array]:
    r"""Count the purchases of spans of time from now, and sum their discounted values.

    `Σ 1[t ≤ length]` and `Σ value · exp(-δ t) 1[t ≤ length]`; tails add their drawn numbers, and to the money
    `mean · rate ∫ exp(-decay (u-start) - δ u) du`, u from start to the earlier of end and length.

    Parameters
    ----------
    futures
        Drawn purchases, with the reach's lengths.
    value
        Value of each drawn purchase, in money.
    mean
        Expected value of a purchase of each cell that has a tail, in money.
    lengths
        Those of the reach: > 0, possibly infinite if discounted.
    rates
        Continuous discount rate δ of each span, ≥ 0, per unit of time.
    customers, samples
        Their product is the number of cells.

    Returns
    -------
    counts, money
        Each of shape (spans, customers, samples), ≥ 0.

    Examples
    --------
    >>> none = np.empty(0)
    >>> tails = Tails(np.array([1]), np.array([2.0]), np.array([9.0]), np.array([3.0]), np.zeros(1), np.array([[7.0]]))
    >>> futures = Futures(np.array([0, 0, 2]), np.array([0.5, 1.5]), tails, np.array([0.0, 2.0]))
    >>> span_sums(futures, np.array([10.0, 20.0]), np.array([0.0, 5.0]), np.array([4.0]), np.array([0.0]), 2, 1)
    (array([[[0.],
            [9.]]]), array([[[ 0.],
            [60.]]]))
    """
    offset, time, tails = futures.offset, futures.time, futures.tails
    counts = np.zeros((lengths.size, customers * samples))
    money = np.zeros((lengths.size, customers * samples))
    for j in range(lengths.size):
        length, delta = lengths[j], rates[j]
        for cell in range(customers * samples):
            total, first, last = 0.0, offset[cell], offset[cell + 1]
            while last > first and time[last - 1] > length:
                last -= 1
            for event in range(first, last):
                total += value[event] * math.exp(-delta * time[event]) if delta > 0 else value[event]
            counts[j, cell] = last - first
            money[j, cell] = total
        for k in range(tails.cell.size):
            ahead = min(tails.end[k], length) - tails.start[k]
            if ahead > 0:
                counts[j, tails.cell[k]] += tails.later[k, j]
                flow = mean[tails.cell[k]] * tails.rate[k] * math.exp(-delta * tails.start[k])
                money[j, tails.cell[k]] += flow * annuity(tails.decay[k] + delta, ahead)
    shape = (lengths.size, customers, samples)
    return counts.reshape(shape), money.reshape(shape)


@inlined
def annuity(decay: float, length: float) -> float:
    """Integral of `exp(-decay u)` from 0 to length."""
    return -math.expm1(-decay * length) / decay if decay > 0 else length


@compiled
def window_sums(
    futures: Futures, value: Array, mean: Array, edges: Array, customers: int, samples: int
) -> tuple[Array, Array]:
    r"""Count the purchases of consecutive windows of time, and sum their values, not discounted.

    `Σ 1[e_k < t ≤ e_(k+1)]` and `Σ value 1[e_k < t ≤ e_(k+1)]`; tails add their expectations to both, so that the
    counts of a cell with a tail are no whole numbers.

    Parameters
    ----------
    futures, value, mean
        As in `span_sums`.
    edges
        Ascending, ≥ 0, one more than windows; none beyond the longest length of the reach.
    customers, samples
        Their product is the number of cells.

    Returns
    -------
    counts, money
        Each of shape (windows, customers, samples), ≥ 0.

    Examples
    --------
    >>> tails = Tails(np.array([1]), np.array([2.0]), np.array([9.0]), np.array([3.0]), np.zeros(1), np.array([[7.0]]))
    >>> futures = Futures(np.array([0, 0, 2]), np.array([0.5, 1.5]), tails, np.array([0.0, 2.0]))
    >>> value, mean = np.array([10.0, 20.0]), np.array([0.0, 5.0])
    >>> counts, money = window_sums(futures, value, mean, np.array([0.0, 1.0, 2.5]), 2, 1)
    >>> counts[:, 1, 0], money[:, 1, 0]
    (array([1. , 2.5]), array([10. , 27.5]))
    """
    offset, time, tails = futures.offset, futures.time, futures.tails
    windows = edges.size - 1
    counts = np.zeros((windows, customers * samples))
    money = np.zeros((windows, customers * samples))
    for cell in range(customers * samples):
        window = 0
        for event in range(offset[cell], offset[cell + 1]):
            while window < windows and time[event] > edges[window + 1]:
                window += 1
            if window < windows and time[event] > edges[window]:
                counts[window, cell] += 1
                money[window, cell] += value[event]
    for k in range(tails.cell.size):
        cell, start = tails.cell[k], tails.start[k]
        for window in range(windows):
            low, high = max(edges[window], start), min(edges[window + 1], tails.end[k])
            if high > low:
                expected = (
                    tails.rate[k] * math.exp(-tails.decay[k] * (low - start)) * annuity(tails.decay[k], high - low)
                )
                counts[window, cell] += expected
                money[window, cell] += mean[cell] * expected
    shape = (windows, customers, samples)
    return counts.reshape(shape), money.reshape(shape)


@compiled
def running_sums(futures: Futures, length: float, rate: float, customers: int, samples: int) -> tuple[Array, Array]:
    r"""Sum over purchases, and over time as a customer, of what costs the same each time: all discounted.

    `Σ exp(-δ t) 1[t ≤ length]` over purchases, and `∫ exp(-δ u) du` from 0 to the end of the life or of the length.
    Tails add their expectations to both: while one flows its cell is a customer with probability
    `exp(-decay (u - start))`.

    Parameters
    ----------
    futures
        Drawn purchases and lives.
    length
        One of the reach's: > 0, possibly infinite if discounted.
    rate
        Continuous discount rate δ, ≥ 0, per unit of time.
    customers, samples
        Their product is the number of cells.

    Returns
    -------
    purchases, time
        Each of shape (customers, samples), ≥ 0.

    Examples
    --------
    >>> tails = Tails(np.array([1]), np.array([2.0]), np.array([9.0]), np.array([3.0]), np.zeros(1), np.array([[7.0]]))
    >>> futures = Futures(np.array([0, 0, 2]), np.array([0.5, 1.5]), tails, np.array([0.0, 2.0]))
    >>> bought, time = running_sums(futures, 4.0, 0.0, 2, 1)
    >>> bought[:, 0], time[:, 0]
    (array([0., 8.]), array([0., 4.]))
    """
    offset, events, tails, life = futures
    purchases, time = np.zeros(customers * samples), np.zeros(customers * samples)
    for cell in range(customers * samples):
        for event in range(offset[cell], offset[cell + 1]):
            if events[event] > length:
                break
            purchases[cell] += math.exp(-rate * events[event])
        time[cell] = annuity(rate, min(life[cell], length))
    for k in range(tails.cell.size):
        ahead = min(tails.end[k], length) - tails.start[k]
        if ahead > 0:
            stay = math.exp(-rate * tails.start[k]) * annuity(tails.decay[k] + rate, ahead)
            purchases[tails.cell[k]] += tails.rate[k] * stay
            time[tails.cell[k]] += stay
    return purchases.reshape((customers, samples)), time.reshape((customers, samples))


@compiled
def first_times(futures: Futures, cells: int) -> Array:
    """Time of the first drawn purchase of each cell.

    Parameters
    ----------
    futures
        Drawn purchases; tails are not looked at, their purchases have no times. Draw as far as times are wanted.
    cells
        How many cells there are.

    Returns
    -------
    ndarray
        Shape (cells,), > 0; infinite where no purchase was drawn.

    Examples
    --------
    >>> none = np.empty(0)
    >>> tails = Tails(np.empty(0, dtype=np.int64), none, none, none, none, np.empty((0, 1)))
    >>> first_times(Futures(np.array([0, 0, 2]), np.array([0.5, 1.5]), tails, np.array([0.0, 9.0])), 2)
    array([inf, 0.5])
    """
    first = np.full(cells, np.inf)
    for cell in range(cells):
        if futures.offset[cell] < futures.offset[cell + 1]:
            first[cell] = futures.time[futures.offset[cell]]
    return first


@inlined
def row(parameter: Array, customer: int) -> Array:
    """Draws of a parameter that all customers share, shape (1, samples), or of the customer's own."""
    own: Array = parameter[customer if parameter.shape[0] > 1 else 0]
    return own


@compiled
def grown(buffer: NDArray) -> NDArray:
    """Return a buffer of twice the length, with the same beginning."""
    longer = np.empty((2 * buffer.shape[0], *buffer.shape[1:]), buffer.dtype)
    longer[: buffer.shape[0]] = buffer
    return longer
