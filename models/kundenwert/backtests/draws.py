"""Windows of time read off customers' draws: sums over cohorts within each draw, and how each customer's went."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert.backtests.origins import QUANTITIES, Origin
from kundenwert.backtests.scores import Cases, judged
from kundenwert.kernels.futures import window_sums
from kundenwert.predict import CustomerDraws, keys_of
from kundenwert.validate.readers import weighed

type Array = NDArray[np.float64]

PLACES = 0x9E3779B9
"""Keeps the random numbers that break ties apart from those that customers' futures are drawn with."""

CUSTOMER_DRAWS = 1000
"""About so many draws make the quantiles of a single customer; sums and places take all."""


class Drawn(NamedTuple):
    """Forecasts of an origin, from draws.

    Parameters
    ----------
    sums
        Purchases and revenue of each cohort, shape (2, horizons, samples, cohorts).
    cohorts
        Their names, sorted.
    customers
        How each customer's forecasts went, by quantity and horizon.
    """

    sums: Array
    cohorts: NDArray[np.str_]
    customers: list[list[Cases]]


class Windows:
    """Reads all horizons of an origin off one drawing of its customers.

    Parameters
    ----------
    origin
        What was known, and what followed.
    seed
        Of the random numbers that break ties.
    """

    def __init__(self, origin: Origin, *, seed: int) -> None:
        self._edges, self._actual = np.append(0.0, origin.lengths), origin.actual
        self._codes, names = pd.factorize(origin.cohorts, sort=True)
        self._names = np.asarray(names, dtype=str)
        keys = keys_of(origin.summary.table["customer_id"], seed=(seed + PLACES) % 2**32)
        self._ties = (keys >> np.uint64(11)).astype(np.float64) / 2.0**53
        self._sums: Array | float = 0.0
        self._cases: list[list[list[Cases]]] = []
        self._rows: list[NDArray[np.int64]] = []

    def read(self, block: CustomerDraws) -> tuple[NDArray[np.int64], Array, list[list[Cases]]]:
        """Sum a block over cohorts, and judge its customers."""
        rows, shape = block.rows, block.p_alive.shape
        steps = window_sums(block.futures, block.event_value, block.mean_value, self._edges, *shape)
        drawn = [np.cumsum(each, axis=0) for each in steps]
        share = (self._codes[rows][:, None] == np.arange(self._names.size)).astype(np.float64)
        sums = np.stack([[weighed(share, window) for window in each] for each in drawn])
        every = max(1, shape[1] // CUSTOMER_DRAWS)
        cases = [
            [
                judged(window, actual[rows], self._ties[rows], quantity=quantity, every=every)
                for window, actual in zip(each, own, strict=True)
            ]
            for quantity, each, own in zip(QUANTITIES, drawn, self._actual, strict=True)
        ]
        return rows, sums, cases

    def add(self, part: tuple[NDArray[np.int64], Array, list[list[Cases]]]) -> None:
        """Put a block to the others."""
        rows, sums, cases = part
        self._rows.append(rows)
        self._sums = self._sums + sums
        self._cases.append(cases)

    def result(self) -> Drawn:
        """Everything of the origin, customers in the order of its summary."""
        order = np.argsort(np.concatenate(self._rows))
        horizons = range(self._edges.size - 1)
        customers = [[_joined([part[k][h] for part in self._cases], order) for h in horizons] for k in range(2)]
        return Drawn(np.asarray(self._sums), self._names, customers)


def _joined(parts: list[Cases], order: NDArray[np.int64]) -> Cases:
    """Cases of all blocks, in an order of their rows."""
    return Cases(*(np.concatenate(columns)[order] for columns in zip(*parts, strict=True)))
