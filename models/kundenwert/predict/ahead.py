"""What is to be expected of customers after the end of observation, with a calendar or without."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kundenwert.kernels.clock import Clock
from kundenwert.laws import History, Parameters, PurchaseLaw

type Array = NDArray[np.float64]


class Ahead(NamedTuple):
    """Expected purchases of some customers, and what they are worth at the prices of their time.

    Parameters
    ----------
    law, history, rates, alive
        Of the customers.
    clock, prices
        Calendar factors of purchases and of their values; None where there is no calendar.
    """

    law: PurchaseLaw
    history: History
    rates: Parameters
    alive: Array
    clock: Clock | None
    prices: Clock | None

    def purchases(self, length: float, discount_rate: float = 0.0, *, priced: bool = False) -> Array:
        r"""Expected purchases up to a time, each counting `exp(-δ t)`, and if priced as much as prices are then.

        With a calendar `Σ_k g_k (E(t_(k+1)) - E(t_k))`, E being the expectation without one.

        Parameters
        ----------
        length
            Time after the end of observation, ≥ 0, possibly infinite where discounted.
        discount_rate
            Continuous rate δ per unit of time, ≥ 0.
        priced
            Whether to count prices.
        """
        if self.clock is None or self.prices is None:
            return self._until(length, discount_rate)
        edges, level = self.clock.edges, self.clock.level * (self.prices.level if priced else 1.0)
        total, before = np.zeros(self.alive.shape), np.zeros(1)
        for k, until in enumerate([*edges[(edges > 0) & (edges < length)], length]):
            up_to = self._until(float(until), discount_rate)
            total += level[:, k] * (up_to - before)
            before = up_to
        return np.asarray(self.clock.boost * total)

    def time(self, length: float, discount_rate: float = 0.0) -> Array:
        """Expected time as a customer up to a time: it runs by the calendar, whatever its factor."""
        found = self.law.expected_time(
            self.history, self.rates, horizon=length, discount_rate=discount_rate, alive=self.alive
        )
        return np.broadcast_to(found, self.alive.shape)

    def _until(self, length: float, discount_rate: float) -> Array:
        return self.law.expected_purchases(
            self.history, self.rates, horizon=length, discount_rate=discount_rate, alive=self.alive
        )
