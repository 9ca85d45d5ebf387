"""How far to look, and how to discount."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kundenwert.errors import DomainError
from kundenwert.kernels.futures import Reach

SIMULATED_DISCOUNT = 0.01
"""Purchases are simulated one by one until discounting leaves this much; later ones enter at their expectation.

Given the customer's latent rates the expectation is exact; what is left out is below SIMULATED_DISCOUNT² of variance.
"""
ONE_BY_ONE = 10_000.0
"""Expected purchases of one customer in one draw that are simulated one by one; later ones enter likewise."""


@dataclass(frozen=True)
class Horizon:
    """How far to look, and how to discount.

    Parameters
    ----------
    length
        Length after the end of observation, in units of time, > 0; may be infinite if discounted.
    discount_rate
        Continuous rate per unit of time, ≥ 0.
    holdout
        Length of a hold-out to predict beside it, undiscounted, in units of time.
    """

    length: float
    discount_rate: float = 0.0
    holdout: float | None = None

    def __post_init__(self) -> None:
        """Refuse a horizon whose value is infinite or has no meaning."""
        if not self.length > 0:
            msg = f"the horizon is {self.length:g} units of time; it is above 0"
            raise DomainError(msg)
        if np.isinf(self.length) and not self.discount_rate > 0:
            msg = "an infinite horizon has a finite value only with a discount rate above 0"
            raise DomainError(msg)
        if not 0 <= self.discount_rate < np.inf:
            msg = f"the discount rate is {self.discount_rate:g}; it is at least 0"
            raise DomainError(msg)
        if self.holdout is not None and not 0 < self.holdout < np.inf:
            msg = f"the hold-out has length {self.holdout:g}; it needs a positive, finite one"
            raise DomainError(msg)

    @property
    def spans(self) -> tuple[tuple[float, float], ...]:
        """Length and discount rate of the horizon, and of the hold-out if there is one."""
        held = () if self.holdout is None else ((float(self.holdout), 0.0),)
        return ((float(self.length), float(self.discount_rate)), *held)

    @property
    def reach(self) -> Reach:
        """How far purchases are drawn, and how many of them one by one."""
        return Reach(np.array([length for length, _ in self.spans]), self._simulated, ONE_BY_ONE)

    @property
    def _simulated(self) -> float:
        if self.discount_rate == 0:
            return np.inf
        return max(-float(np.log(SIMULATED_DISCOUNT)) / self.discount_rate, self.holdout or 0.0)
