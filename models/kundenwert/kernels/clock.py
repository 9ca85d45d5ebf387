r"""Calendar time and operational time: the time in which a customer's purchases keep one rate.

Where a customer buys at rate `λ b g(t)`, purchases come at rate λ in the time `A(t) = b ∫₀ᵗ g`. Levels g are constant
between edges, so that A is straight there. Without edges the two times are one.
"""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from kundenwert.kernels.compiled import compiled, inlined

type Array = NDArray[np.float64]


class Clock(NamedTuple):
    """Levels of a calendar factor after the end of observation, in each draw.

    Parameters
    ----------
    edges
        Ascending from 0, in units of time, shape (edges,); empty where there is no calendar.
    level
        g ≥ 0 from each edge to the next, and from the last one on for ever, shape (samples, edges).
    passed
        A / b at the edges, likewise.
    boost
        b > 0 of each customer, or of all in one row, shape (customers or 1, samples).
    """

    edges: Array
    level: Array
    passed: Array
    boost: Array

    @classmethod
    def of(cls, edges: Array, level: Array, boost: Array | None = None) -> Self:
        """Levels between edges.

        Examples
        --------
        >>> Clock.of(np.array([0.0, 4.0]), np.array([[0.5, 2.0]])).passed
        array([[0., 2.]])
        """
        edges, level = np.ascontiguousarray(edges, np.float64), np.ascontiguousarray(level, np.float64)
        passed = np.zeros(level.shape)
        passed[:, 1:] = np.cumsum(level[:, :-1] * np.diff(edges), axis=1)
        ones = np.ones((1, level.shape[0]))
        return cls(edges, level, passed, ones if boost is None else np.ascontiguousarray(boost, np.float64))

    @classmethod
    def plain(cls) -> Self:
        """No calendar."""
        return cls(np.empty(0), np.empty((0, 0)), np.empty((0, 0)), np.empty((0, 0)))


@inlined
def ahead(clock: Clock, customer: int, draw: int, time: float) -> float:
    """Operational time up to a time after the end of observation, possibly infinite."""
    edges = clock.edges
    if edges.size == 0:
        return time
    k = int(np.searchsorted(edges, time, side="right")) - 1
    level, boost = clock.level[draw, k], clock.boost[customer if clock.boost.shape[0] > 1 else 0, draw]
    further = level * (time - edges[k]) if level > 0 else 0.0
    return float(boost * (clock.passed[draw, k] + further))


@inlined
def back(clock: Clock, customer: int, draw: int, time: float) -> float:
    """Time at which an operational time is reached; infinite where it never is."""
    edges = clock.edges
    if edges.size == 0:
        return time
    passed = clock.passed[draw]
    since = time / clock.boost[customer if clock.boost.shape[0] > 1 else 0, draw]
    k = max(int(np.searchsorted(passed, since, side="left")) - 1, 0)
    level = clock.level[draw, k]
    if level > 0:
        return float(edges[k] + (since - passed[k]) / level)
    return float(edges[k]) if since <= passed[k] else np.inf


@compiled
def operational(clock: Clock, time: Array, customers: int, samples: int) -> Array:
    """Operational time up to times, for each customer and draw.

    Parameters
    ----------
    clock
        With edges.
    time
        After the end of observation, ≥ 0, possibly infinite, shape (times,).
    customers, samples
        How many.

    Returns
    -------
    ndarray
        Shape (times, customers, samples), ≥ 0.

    Examples
    --------
    >>> clock = Clock.of(np.array([0.0, 4.0]), np.array([[0.5, 2.0]]))
    >>> operational(clock, np.array([2.0, 5.0]), 1, 1).ravel()
    array([1., 4.])
    """
    found = np.empty((time.size, customers, samples))
    for k in range(time.size):
        for i in range(customers):
            for d in range(samples):
                found[k, i, d] = ahead(clock, i, d, time[k])
    return found


@compiled
def priced(clock: Clock, offset: NDArray[np.int64], time: Array, value: Array, samples: int) -> Array:
    """Values of drawn purchases times the level of the time they fall in.

    Parameters
    ----------
    clock
        Of prices, with edges; its boosts are not looked at.
    offset, time
        As in `Futures`.
    value
        Of each purchase.
    samples
        Draws of each customer.

    Returns
    -------
    ndarray
        Values, of the same shape.

    Examples
    --------
    >>> clock = Clock.of(np.array([0.0, 4.0]), np.array([[0.5, 2.0]]))
    >>> priced(clock, np.array([0, 2]), np.array([1.0, 9.0]), np.array([10.0, 10.0]), 1)
    array([ 5., 20.])
    """
    found = np.empty(value.size)
    for cell in range(offset.size - 1):
        for event in range(offset[cell], offset[cell + 1]):
            k = max(int(np.searchsorted(clock.edges, time[event], side="right")) - 1, 0)
            found[event] = value[event] * clock.level[cell % samples, k]
    return found
