"""What checks want of customers' draws: sums over groups, and revenue as time goes on, within each draw."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kundenwert.kernels.arithmetic import product
from kundenwert.kernels.futures import window_sums
from kundenwert.predict import CustomerDraws

type Array = NDArray[np.float64]
type Weights = Callable[[NDArray[np.int64]], Array]


class Sums(NamedTuple):
    """Sums within each draw: `expected` given the parameters, and `outcome`."""

    expected: Array
    outcome: Array


class GroupSums:
    """Sums a quantity over groups of customers within each draw.

    Parameters
    ----------
    weights
        From row numbers to how much each customer counts in each group, of shape (rows, groups).
    quantity
        A quantity of `CustomerDraws` that has an expectation: "purchases", "value", "holdout_purchases" or
        "holdout_value".
    """

    def __init__(self, weights: Weights, quantity: str) -> None:
        self._weights, self._quantity = weights, quantity
        self._sums: Sums | None = None

    def read(self, block: CustomerDraws) -> Sums:
        """Sum over a block's customers."""
        share = np.asarray(self._weights(block.rows), dtype=np.float64)
        expected, outcome = getattr(block, f"expected_{self._quantity}"), getattr(block, self._quantity)
        return Sums(weighed(share, expected), weighed(share, outcome))

    def add(self, part: Sums) -> None:
        """Add a block's sums to those of the others."""
        old = self._sums
        self._sums = part if old is None else Sums(old.expected + part.expected, old.outcome + part.outcome)

    @property
    def sums(self) -> Sums:
        """Of shape (samples, groups)."""
        if self._sums is None:
            empty = np.zeros((0, 0))
            return Sums(empty, empty)
        return self._sums


class RevenueOverTime:
    """Sums revenue since the end of observation over cohorts, at some times, within each draw.

    Parameters
    ----------
    codes
        Number of each customer's cohort.
    cohorts
        How many there are.
    times
        Times after the end of observation, increasing, within the horizon or the hold-out that is drawn.
    """

    def __init__(self, codes: NDArray[np.int64], cohorts: int, times: Array) -> None:
        self._codes, self._cohorts, self._times = codes, cohorts, times
        self._sums: Sums | None = None

    def read(self, block: CustomerDraws) -> Sums:
        """Sum over a block's customers."""
        share = (self._codes[block.rows][:, None] == np.arange(self._cohorts)).astype(np.float64)
        _, money = window_sums(
            block.futures, block.event_value, block.mean_value, np.append(0.0, self._times), *block.p_alive.shape
        )
        outcome = [weighed(share, drawn) for drawn in np.cumsum(money, axis=0)]
        expected = [
            weighed(share, product(block.expected_until(time, priced=True), block.expected_spend))
            for time in self._times
        ]
        return Sums(np.stack(expected), np.stack(outcome))

    def add(self, part: Sums) -> None:
        """Add a block's sums to those of the others."""
        old = self._sums
        self._sums = part if old is None else Sums(old.expected + part.expected, old.outcome + part.outcome)

    @property
    def sums(self) -> Sums:
        """Of shape (times, samples, cohorts)."""
        if self._sums is None:
            empty = np.zeros((self._times.size, 0, self._cohorts))
            return Sums(empty, empty)
        return self._sums


def weighed(share: Array, values: Array) -> Array:
    """Sum (cases, samples) over cases into groups: (samples, groups); infinite values only where they count."""
    if np.isfinite(values).all():
        return np.asarray(values.T @ share)
    return np.stack([values[share[:, k] > 0].T @ share[share[:, k] > 0, k] for k in range(share.shape[1])], axis=-1)
