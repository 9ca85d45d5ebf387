"""The truth behind a simulated log, one row per customer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple, TypedDict

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert.errors import DomainError
from kundenwert.kernels.gamma_gamma import expected_spend
from kundenwert.simulate.expectation import expected_purchases, expected_purchases_new, spend_rate_ratio
from kundenwert.simulate.population import Population
from kundenwert.simulate.process import Array, Ints, Law, Season, State


@dataclass(frozen=True)
class Outlook:
    """How far the truth looks, and what money is worth.

    Parameters
    ----------
    horizons
        Lengths of the future after the end of observation, in units of time.
    relationship
        Lengths of the relationship from the first purchase.
    discount_rate
        Annual rate, ≥ 0.
    margin
        Contribution margin, > 0.
    days_per_unit
        Length of the unit of time in days.

    Raises
    ------
    DomainError
        If one of them has no meaning.
    """

    horizons: tuple[float, ...]
    relationship: tuple[float, ...]
    discount_rate: float
    margin: float
    days_per_unit: float

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        for name in ("horizons", "relationship"):
            if wrong := [length for length in getattr(self, name) if not 0 < length < math.inf]:
                raise DomainError(f"{name} holds {wrong[0]}; give finite lengths above 0, in units of time")
        if not 0 <= self.discount_rate < math.inf:
            raise DomainError(f"discount_rate={self.discount_rate} must be an annual rate of at least 0, such as 0.1")
        if not 0 < self.margin < math.inf:
            raise DomainError(f"margin={self.margin} must be a share of the value above 0, such as 0.3")

    @property
    def continuous_rate(self) -> float:
        """Continuous discount rate per unit of time."""
        return math.log1p(self.discount_rate) * self.days_per_unit / 365.25


class Events(NamedTuple):
    """Orders of all customers, sorted by customer and time: index, time, amount, what is refunded, days until then."""

    customer: Ints
    time: Array
    amount: Array
    refund: Array
    delay: Ints


def suffix(length: float) -> str:
    """Write a length as the end of a column's name.

    Examples
    --------
    >>> suffix(52.0), suffix(0.5)
    ('52', '0.5')
    """
    return f"{length:g}"


def truth_table(
    population: Population,
    outlook: Outlook,
    customers: pd.DataFrame,
    law: Law,
    state: State,
    season: Season,
    events: Events,
) -> pd.DataFrame:
    """Put together what really is and happens, and what was to be expected.

    Realised numbers are sums of exactly the simulated orders, at their continuous moments, with amounts in whole cents.
    Money is gross of refunds; where the population has refunds, `refunded_…` is what of the same orders goes back.

    Parameters
    ----------
    population, outlook
        What was simulated, and how far the truth looks.
    customers, law, state, season, events
        The simulation.

    Returns
    -------
    pandas.DataFrame
        - `customer_id, cohort, first_purchase, T`; the customer's law `r, alpha, s, beta, p, q, v` (effects applied);
          the latent `purchase_rate, dropout_rate, mean_spend, lifetime, alive` (at the end of observation); `cac`.
        - `purchases_to_date, value_to_date`: orders up to the end, the first one included, and their value.
        - `holdout_purchases, holdout_value` and `expected_…` of both, where there is a hold-out.
        - For each horizon H after the end: `purchases_H, value_H`, `rlv_H` (margin × value, discounted from the end),
          and `expected_…` of the three, given the latent rates and `alive`.
        - For each length L of the relationship: `clv_L` (margin × value from the first purchase on, that one included,
          discounted from it, minus `cac`) and `clv_undiscounted_L`; `expected_…` of both, given the latent rates, not
          the lifetime; and `law_purchases_L` (repeat purchases), `law_clv_L, law_clv_undiscounted_L`, given only the
          law: what a perfect model says of a new customer of that group and those attributes. The money is missing
          where both `regularity` and `spend_correlation` are broken: it has no closed form there.
    """
    view = _View(population, outlook, law, state, customers["start"].to_numpy(), season, events)
    columns: dict[str, pd.Series | NDArray] = {
        name: customers[name] for name in ("customer_id", "cohort", "first_purchase")
    }
    columns |= {"T": 0.0 - view.start} | {
        name: getattr(law, name) for name in ("r", "alpha", "s", "beta", "p", "q", "v")
    }
    columns |= {name: getattr(state, name) for name in ("purchase_rate", "dropout_rate", "mean_spend", "lifetime")}
    columns |= {"alive": view.alive, "cac": customers["cac"]}
    columns |= view.realised(events.time <= 0, "{}_to_date")
    if population.holdout_end is not None:
        held = (population.holdout_end - population.observation_end).days / outlook.days_per_unit
        columns |= view.realised(view.ahead(held), "holdout_{}") | view.expected(held, "expected_holdout_{}")
    for length in outlook.horizons:
        columns |= view.residual(length)
    for length in outlook.relationship:
        columns |= view.relationship(length, customers["cac"].to_numpy())
    return pd.DataFrame(columns)


class _Broken(TypedDict):
    """What expectations are told of the model's broken assumptions."""

    season: Season
    regularity: int
    aging: float


@dataclass(frozen=True)
class _View:
    """Sums over orders and expectations of rates, in windows of time."""

    population: Population
    outlook: Outlook
    law: Law
    state: State
    start: Array
    season: Season
    events: Events

    @property
    def alive(self) -> NDArray[np.bool_]:
        return self.state.lifetime > -self.start

    def _sum(self, chosen: NDArray[np.bool_], weight: Array | None = None) -> NDArray:
        who = self.events.customer[chosen]
        weights = None if weight is None else weight[chosen]
        return np.asarray(np.bincount(who, weights, minlength=self.start.size))

    @property
    def _broken(self) -> _Broken:
        broken = self.population.breaches
        return {"season": self.season, "regularity": broken.regularity, "aging": broken.aging}

    def ahead(self, length: float) -> NDArray[np.bool_]:
        """Orders in `(end, end + length]`."""
        return (self.events.time > 0) & (self.events.time <= length)

    def realised(self, chosen: NDArray[np.bool_], name: str) -> dict[str, NDArray]:
        """Count and value of orders, and what is refunded of them where anything ever is."""
        found = {"purchases": self._sum(chosen), "value": self._sum(chosen, self.events.amount)}
        if self.population.breaches.refund_share:
            found["refunded"] = self._sum(chosen, self.events.refund)
        return {name.format(what): values for what, values in found.items()}

    def _awaited(self, length: float, discount_rate: float) -> Array:
        """Expected purchases after the end of those alive then."""
        state = self.state
        expected = expected_purchases(
            state.purchase_rate,
            state.dropout_rate,
            horizon=length,
            age=-self.start,
            discount_rate=discount_rate,
            **self._broken,
        )
        return np.where(self.alive, expected, 0.0)

    def expected(self, length: float, name: str) -> dict[str, NDArray]:
        """Expected count and value after the end, undiscounted."""
        count = self._awaited(length, 0.0)
        return {name.format("purchases"): count, name.format("value"): count * self.state.mean_spend}

    def residual(self, length: float) -> dict[str, NDArray]:
        """Columns of a horizon after the end of observation."""
        end, rate, margin = suffix(length), self.outlook.continuous_rate, self.outlook.margin
        chosen = self.ahead(length)
        worth = margin * self.events.amount * np.exp(-rate * np.maximum(self.events.time, 0.0))
        columns = self.realised(chosen, "{}_" + end) | {f"rlv_{end}": self._sum(chosen, worth)}
        columns |= self.expected(length, "expected_{}_" + end)
        return columns | {f"expected_rlv_{end}": margin * self._awaited(length, rate) * self.state.mean_spend}

    def relationship(self, length: float, cac: Array) -> dict[str, NDArray]:
        """Columns of a length of the relationship, counted from the first purchase."""
        state, law, broken, margin = self.state, self.law, self.population.breaches, self.outlook.margin
        age = self.events.time - self.start[self.events.customer]
        chosen = age <= length
        mean = expected_spend(0, np.nan, p=law.p, q=law.q, v=law.v)
        more = _joined(law, broken.spend_correlation, broken.regularity)
        columns: dict[str, NDArray] = {}
        for kind, rate in (("clv", self.outlook.continuous_rate), ("clv_undiscounted", 0.0)):
            name = f"{kind}_{suffix(length)}"
            repeats = expected_purchases(
                state.purchase_rate,
                state.dropout_rate,
                horizon=length,
                discount_rate=rate,
                start=self.start,
                **self._broken,
            )
            by_law = expected_purchases_new(law, horizon=length, discount_rate=rate, start=self.start, **self._broken)
            columns[name] = margin * self._sum(chosen, self.events.amount * np.exp(-rate * age)) - cac
            columns[f"expected_{name}"] = margin * state.mean_spend * (1 + repeats) - cac
            columns[f"law_{name}"] = margin * mean * (1 + more * by_law) - cac
        return columns | {f"law_purchases_{suffix(length)}": by_law}


def _joined(law: Law, correlation: float, regularity: int) -> Array:
    """How much more the purchases of a customer are worth because rate and spend go together; 1 where they do not."""
    if not correlation:
        return np.ones(law.r.size)
    if regularity > 1:
        return np.full(law.r.size, np.nan)
    pairs, index = np.unique(np.stack([law.r, law.q]), axis=1, return_inverse=True)
    ratios = np.array([spend_rate_ratio(float(r), float(q), correlation) for r, q in pairs.T])
    return np.asarray(ratios[np.ravel(index)])
