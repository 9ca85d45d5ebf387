"""Purchases to come of many customers in many draws, as flat arrays, and what can be read off them.

Cells are customers × draws, customer after customer. A law draws purchase times; a spend law gives them values; the
readers here know neither. This module loads no compiler: readers are compiled when first used.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]


class Reach(NamedTuple):
    """How far to look ahead of T, in units of time.

    Parameters
    ----------
    lengths
        Horizons, > 0; may be infinite.
    simulated
        How far purchases are drawn one by one as far as discounting decides; later ones enter at their expectation.
    one_by_one
        Expected purchases of one cell that are drawn one by one; later ones enter likewise.
    """

    lengths: Array
    simulated: float
    one_by_one: float


class Tails(NamedTuple):
    """What is not drawn purchase by purchase: few cells have one.

    Parameters
    ----------
    cell
        Numbers of the cells.
    start, end
        Times after T between which purchases flow.
    rate, decay
        They flow at `rate · exp(-decay · (u - start))` in expectation, given the customer's own rates.
    later
        Drawn number of purchases after `start` within each of the lengths, of shape (tails, lengths).
    """

    cell: NDArray[np.int64]
    start: Array
    end: Array
    rate: Array
    decay: Array
    later: Array


class Futures(NamedTuple):
    """Drawn purchases.

    Parameters
    ----------
    offset
        Of shape (cells + 1,): the purchases of cell c are those from `offset[c]` up to `offset[c + 1]`.
    time
        Times after T, in order within a cell.
    tails
        What comes later.
    """

    offset: NDArray[np.int64]
    time: Array
    tails: Tails


def span_sums(
    futures: Futures, value: Array, mean: Array, lengths: Array, rates: Array, customers: int, samples: int
) -> tuple[Array, Array]:
    """Number of purchases within some lengths, and their discounted value.

    Parameters
    ----------
    futures
        Drawn purchases.
    value
        Of each purchase, in money.
    mean
        Mean value of each cell's purchases, for the tails.
    lengths, rates
        How far to count, as in the `Reach` that was drawn with, and the continuous discount rates.
    customers, samples
        Shape of the cells.

    Returns
    -------
    counts, money
        Each of shape (lengths, customers, samples).

    Examples
    --------
    >>> none = Tails(np.empty(0, np.int64), *(np.empty(0),) * 4, np.empty((0, 1)))
    >>> some = Futures(np.array([0, 2, 2]), np.array([1.0, 3.0]), none)
    >>> counts, money = span_sums(some, np.array([5.0, 7.0]), np.zeros(2), np.array([2.0]), np.zeros(1), 2, 1)
    >>> counts.tolist(), money.tolist()
    ([[[1.0], [0.0]]], [[[5.0], [0.0]]])
    """
    from kundenwert.kernels.read_futures import span_sums as compiled_sums  # noqa: PLC0415  loads the compiler

    counts, money = compiled_sums(
        futures.offset, futures.time, *futures.tails, value, mean, np.asarray(lengths), np.asarray(rates)
    )
    shape = (len(lengths), customers, samples)
    return counts.reshape(shape), money.reshape(shape)


def window_sums(
    futures: Futures, value: Array, mean: Array, edges: Array, customers: int, samples: int
) -> tuple[Array, Array]:
    """Number of purchases and their value, undiscounted, in windows that follow one another.

    Parameters
    ----------
    futures, value, mean, customers, samples
        As in `span_sums`.
    edges
        Times after T, increasing: window k is `(edges[k], edges[k + 1]]`.

    Returns
    -------
    counts, money
        Each of shape (windows, customers, samples); of tails both are expectations, so that counts need not be whole.
    """
    from kundenwert.kernels.read_futures import window_sums as compiled_sums  # noqa: PLC0415

    tails = futures.tails
    counts, money = compiled_sums(
        futures.offset, futures.time, tails.cell, tails.start, tails.end, tails.rate, tails.decay, value, mean,
        np.asarray(edges, dtype=np.float64),
    )  # fmt: skip
    shape = (len(edges) - 1, customers, samples)
    return counts.reshape(shape), money.reshape(shape)


def first_times(futures: Futures) -> Array:
    """Time of each cell's first purchase; infinite where none is drawn."""
    begin, end = futures.offset[:-1], futures.offset[1:]
    found = np.full(begin.size, np.inf)
    some = end > begin
    found[some] = futures.time[begin[some]]
    return found


def pay_back(
    futures: Futures, value: Array, first: Array, mean: Array, cost: float, scale: float, rate: float, length: float
) -> Array:
    """Time at which what a cell has brought, discounted, covers a cost.

    Parameters
    ----------
    futures, value, mean
        As in `span_sums`.
    first
        Value of a purchase at time 0, one for each cell.
    cost
        To be covered, ≥ 0.
    scale
        Contribution margin: share of each value that counts.
    rate, length
        Continuous discount rate, and how far to look.

    Returns
    -------
    ndarray
        Of shape (cells,): 0 where the first purchase is enough, infinite where the cost is not covered in time.
    """
    from kundenwert.kernels.read_futures import pay_back as compiled_times  # noqa: PLC0415

    tails = futures.tails
    return compiled_times(
        futures.offset, futures.time, tails.cell, tails.start, tails.end, tails.rate, tails.decay, value, first, mean,
        float(cost), float(scale), float(rate), float(length),
    )  # fmt: skip
