"""When new customers have paid back what they cost."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kundenwert.kernels.compiled import compiled, inlined
from kundenwert.kernels.futures import Futures, annuity

type Array = NDArray[np.float64]


class Earning(NamedTuple):
    """What a new customer earns and costs.

    Parameters
    ----------
    margin
        Contribution margin, in (0, 1].
    cost
        Of winning the customer, ≥ 0, in money.
    order, service
        Cost of each purchase, in money, and of each unit of time as a customer, ≥ 0.
    """

    margin: float
    cost: float
    order: float
    service: float


@compiled
def pay_back(
    futures: Futures, value: Array, first: Array, mean: Array, earning: Earning, rate: float, length: float
) -> Array:
    r"""Time from which on what new customers earn, discounted and summed from the first purchase, covers their cost.

    What is open at t is `cost - Σ (margin value - order) exp(-δ t_i) 1[t_i ≤ t] + service ∫ exp(-δ u) du`, the first
    purchase at 0 among the sum, the integral over time as a customer until t. Service makes it grow between purchases,
    so that a cost once covered may be open again: covered counts what stays so to the end of the horizon. Without
    running costs that is the first time. Tails flow evenly at their expectation, `f = (margin mean rate - order rate -
    service) exp(-δ start)` at first: they cover what is open, o, after `-log(1 - c o / f) / c` with `c = decay + δ`, or
    after `o / f` where c is 0.

    Parameters
    ----------
    futures, value, mean
        As in `span_sums`.
    first
        Value of the first purchase of each cell, made at time 0, in money.
    earning
        Margin and costs.
    rate
        Continuous discount rate δ, ≥ 0, per unit of time.
    length
        Horizon from the first purchase, > 0, possibly infinite; none of the reach's lengths should be shorter.

    Returns
    -------
    ndarray
        Shape (cells,), ≥ 0: 0 where the first purchase is enough, infinite where the cost is not covered at the end of
        the horizon.

    Examples
    --------
    >>> from kundenwert.kernels.futures import Tails
    >>> tails = Tails(np.array([1]), np.array([2.0]), np.array([9.0]), np.array([3.0]), np.zeros(1), np.array([[7.0]]))
    >>> futures = Futures(np.array([0, 0, 2]), np.array([0.5, 1.5]), tails, np.array([60.0, 2.0]))
    >>> value, mean, first = np.array([10.0, 20.0]), np.array([0.0, 5.0]), np.array([8.0, 8.0])
    >>> costs = [Earning(0.5, cost, 0.0, 0.0) for cost in (4.0, 9.0, 20.0, 99.0)]
    >>> [pay_back(futures, value, first, mean, earning, 0.0, 52.0).tolist() for earning in costs]
    [[0.0, 0.0], [inf, 0.5], [inf, 2.1333333333333333], [inf, inf]]
    >>> pay_back(futures, value, first, mean, Earning(0.5, 4.0, 0.0, 0.1), 0.0, 52.0)  # service opens it again
    array([inf, 0.5])
    """
    paid, still = np.empty(first.size), np.empty(first.size)
    for cell in range(first.size):
        paid[cell], still[cell] = _by_purchases(cell, futures, value, first[cell], earning, rate, length)
    tails = futures.tails
    for k in range(tails.cell.size):
        cell, start = tails.cell[k], tails.start[k]
        ahead, decay = min(tails.end[k], length) - start, tails.decay[k] + rate
        flow = (earning.margin * mean[cell] - earning.order) * tails.rate[k] - earning.service
        flow *= math.exp(-rate * start)
        if ahead > 0 and flow > 0 and still[cell] > 0:
            wait = _wait(still[cell] / flow, decay)
            if wait <= ahead and wait < np.inf:
                paid[cell] = start + wait
        elif ahead > 0 and flow < 0 and still[cell] - flow * annuity(decay, ahead) > 0:
            paid[cell] = np.inf
    return paid


@compiled
def _by_purchases(
    cell: int, futures: Futures, value: Array, first: float, earning: Earning, rate: float, length: float
) -> tuple[float, float]:
    """Since when a cell's cost is covered by purchases drawn one by one, and what is open when they, or it, end."""
    left, since = earning.cost + earning.order - earning.margin * first, 0.0
    due = 0.0 if left <= 0 else math.inf
    for event in range(futures.offset[cell], futures.offset[cell + 1]):
        at = futures.time[event]
        if at > length:
            break
        if earning.service > 0:
            left += earning.service * math.exp(-rate * since) * annuity(rate, at - since)
            since = at
        before = left
        left -= (earning.margin * value[event] - earning.order) * math.exp(-rate * at)
        if left > 0:
            due = math.inf
        elif before > 0 or due == math.inf:
            due = at
    rest = min(futures.life[cell], length) - since
    if earning.service > 0 and rest > 0:
        left += earning.service * math.exp(-rate * since) * annuity(rate, rest)
    return due if left <= 0 else math.inf, left


@inlined
def _wait(wanted: float, decay: float) -> float:
    """Length over which the integral of `exp(-decay u)` is what is wanted; infinite if it never is."""
    if decay <= 0:
        return wanted
    return -math.log1p(-decay * wanted) / decay if decay * wanted < 1 else math.inf
