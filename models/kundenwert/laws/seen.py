"""What laws look at: histories, spending, and all that was seen of customers, once each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

type Array = NDArray[np.float64]
type Draws = dict[str, Array]
type Parameters = Mapping[str, Array]


class History(NamedTuple):
    """What a law of purchases knows of customers, each of shape (customers, 1), times in time units.

    Parameters
    ----------
    frequency
        x, number of repeat purchases.
    recency
        t_x, time from the first to the last purchase.
    T
        Time from the first purchase to the end of observation.
    """

    frequency: Array
    recency: Array
    T: Array

    @classmethod
    def of(cls, table: pd.DataFrame) -> Self:
        """The histories of a customer table."""
        return cls(*(table[name].to_numpy(np.float64)[:, None] for name in ("frequency", "recency", "T")))

    def at(self, rows: NDArray[np.int64]) -> History:
        """Those of some customers; a single history is everybody's."""
        return self if len(self.T) == 1 else History(*(values[rows] for values in self))


class Spending(NamedTuple):
    """What a law of spend knows of customers, each of shape (customers, 1), values in money.

    Parameters
    ----------
    frequency
        x, number of repeat purchases.
    monetary_value
        z̄, their mean value; not looked at where there is none.
    first_value
        f, value of the first purchase; missing where a law does not look at it.
    """

    frequency: Array
    monetary_value: Array
    first_value: Array

    def at(self, rows: NDArray[np.int64]) -> Spending:
        """That of some customers."""
        return Spending(*(values[rows] for values in self))


class Life(NamedTuple):
    """What is believed of customers' lives so far, each of shape (customers, samples).

    Parameters
    ----------
    p_alive
        Probability of being a customer still.
    time
        Expected time as a customer up to the end of observation, between t_x and T.
    purchase_rate
        Expected purchases per time unit while a customer.
    """

    p_alive: Array
    time: Array
    purchase_rate: Array


_NONE = np.zeros((1, 1))
NEWCOMER = History(_NONE, _NONE, _NONE)
"""The history of somebody who has just made the first purchase."""

_UNKNOWN = np.full((1, 1), np.nan)
UNSEEN_SPENDING = Spending(_NONE, _UNKNOWN, _UNKNOWN)
"""What is known of the spending of somebody who has not bought yet."""


@dataclass(frozen=True)
class Observed:
    """What a model has seen, each distinct observation once.

    Parameters
    ----------
    fields
        One-dimensional arrays by the names of the kernels' arguments.
    count
        How many customers have each observation.
    group
        Which combination of cohorts and covariates it belongs to.
    index
        Of each customer, in the table's order, the number of the observation; -1 where the law does not look at the
        customer. Empty where nobody asks.
    """

    fields: Mapping[str, Array]
    count: Array
    group: NDArray[np.int64]
    index: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def thin(self, every: int) -> Observed:
        """Every n-th observation."""
        fields = {name: values[::every] for name, values in self.fields.items()}
        return Observed(fields, self.count[::every], self.group[::every])


class Customers(Protocol):
    """A customer summary, as far as laws look at it."""

    @property
    def table(self) -> pd.DataFrame:
        """One row per customer."""

    @property
    def window(self) -> float:
        """Length of the observation, in time units."""

    @property
    def time_unit(self) -> str:
        """Unit of all times."""

    @property
    def units_per_year(self) -> float:
        """Time units in a year."""
