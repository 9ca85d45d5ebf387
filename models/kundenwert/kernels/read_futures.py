"""Compiled readers of drawn purchases; see `kernels.futures` for what they mean."""

import math

import numpy as np
from numpy.typing import NDArray

from kundenwert.kernels.compiled import compiled

type Array = NDArray[np.float64]
type Whole = NDArray[np.int64]


@compiled
def flow(start: float, end: float, rate: float, decay: float, discount: float, low: float, high: float) -> float:
    """Discounted purchases that a tail brings between two times: `∫ rate e^(-decay (u - start)) e^(-discount u) du`."""
    begin, stop = max(start, low), min(end, high)
    if stop <= begin:
        return 0.0
    total = decay + discount
    paid = -math.expm1(-total * (stop - begin)) / total if total > 0.0 else stop - begin
    return rate * math.exp(-decay * (begin - start) - discount * begin) * paid


@compiled
def span_sums(
    offset: Whole,
    time: Array,
    cell: Whole,
    start: Array,
    end: Array,
    rate: Array,
    decay: Array,
    later: Array,
    value: Array,
    mean: Array,
    lengths: Array,
    discounts: Array,
) -> tuple[Array, Array]:
    """Counts and discounted money within each length, of shape (lengths, cells)."""
    cells = offset.size - 1
    counts, money = np.zeros((lengths.size, cells)), np.zeros((lengths.size, cells))
    for j in range(lengths.size):
        length, discount = lengths[j], discounts[j]
        for c in range(cells):
            for event in range(offset[c], offset[c + 1]):
                if time[event] > length:
                    break
                counts[j, c] += 1.0
                money[j, c] += value[event] * math.exp(-discount * time[event]) if discount > 0.0 else value[event]
        for k in range(cell.size):
            counts[j, cell[k]] += later[k, j]
            brought = flow(start[k], end[k], rate[k], decay[k], discount, 0.0, length)
            if brought > 0.0:
                money[j, cell[k]] += mean[cell[k]] * brought
    return counts, money


@compiled
def window_sums(
    offset: Whole,
    time: Array,
    cell: Whole,
    start: Array,
    end: Array,
    rate: Array,
    decay: Array,
    value: Array,
    mean: Array,
    edges: Array,
) -> tuple[Array, Array]:
    """Counts and money within each window, of shape (windows, cells)."""
    cells, windows = offset.size - 1, edges.size - 1
    counts, money = np.zeros((windows, cells)), np.zeros((windows, cells))
    for c in range(cells):
        k = 0
        for event in range(offset[c], offset[c + 1]):
            if time[event] <= edges[0]:
                continue
            while k < windows and time[event] > edges[k + 1]:
                k += 1
            if k == windows:
                break
            counts[k, c] += 1.0
            money[k, c] += value[event]
    for t in range(cell.size):
        for k in range(windows):
            brought = flow(start[t], end[t], rate[t], decay[t], 0.0, edges[k], edges[k + 1])
            if brought > 0.0:
                counts[k, cell[t]] += brought
                money[k, cell[t]] += mean[cell[t]] * brought
    return counts, money


@compiled
def pay_back(
    offset: Whole,
    time: Array,
    cell: Whole,
    start: Array,
    end: Array,
    rate: Array,
    decay: Array,
    value: Array,
    first: Array,
    mean: Array,
    cost: float,
    scale: float,
    discount: float,
    length: float,
) -> Array:
    """Time at which discounted margin covers the cost, for each cell."""
    cells = offset.size - 1
    paid, lacking = np.full(cells, np.inf), np.zeros(cells)
    for c in range(cells):
        brought = scale * first[c]
        if brought >= cost:
            paid[c] = 0.0
            continue
        for event in range(offset[c], offset[c + 1]):
            if time[event] > length:
                break
            brought += scale * value[event] * math.exp(-discount * time[event])
            if brought >= cost:
                paid[c] = time[event]
                break
        lacking[c] = cost - brought
    for k in range(cell.size):
        c = cell[k]
        if math.isinf(paid[c]):
            now = scale * mean[c] * rate[k] * math.exp(-discount * start[k])
            total = decay[k] + discount
            share = lacking[c] / now if now > 0.0 else math.inf
            wait = share if total == 0.0 else (-math.log1p(-total * share) / total if total * share < 1.0 else math.inf)
            if start[k] + wait <= min(end[k], length):
                paid[c] = start[k] + wait
    return paid
