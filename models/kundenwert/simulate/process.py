"""The process itself, as arrays: latent states, moments of purchase, amounts, refunds.

Time is measured in units from the end of the last day of observation, which is 0. A first purchase happens at the end
of its day; an event in the interval `(D - 1, D]` of days carries the date D. So the time observed is the whole number
of days from the first purchase to the end, no repeat purchase falls on the day of the first one, and what lies before
a day's end in continuous time lies on or before that day in the log. Only the last purchase seems up to a day later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammainccinv, gammaincinv, ndtr

from kundenwert.errors import DomainError
from kundenwert.simulate.population import MONTHS, Breaches

type Array = NDArray[np.float64]
type Ints = NDArray[np.int64]

MOST_EVENTS = 50_000_000
"""More simulated purchases than this are refused rather than filling the memory."""

_TINY = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True)
class Law:
    """Parameters of each customer's law, one element a customer."""

    r: Array
    alpha: Array
    s: Array
    beta: Array
    p: Array
    q: Array
    v: Array


class State(NamedTuple):
    """Latent state of customers: rates per unit of time, spend in money, lifetime from the first purchase."""

    purchase_rate: Array
    dropout_rate: Array
    mean_spend: Array
    lifetime: Array


@dataclass(frozen=True)
class Season:
    """Purchase rate over calendar time: constant factors between edges; operational time is its integral."""

    edges: Array
    factor: Array

    @property
    def passed(self) -> Array:
        """Operational time at each edge."""
        return np.concatenate([[0.0], np.cumsum(np.diff(self.edges) * self.factor)])

    def operational(self, time: Array) -> Array:
        """Operational time at calendar times within the edges."""
        return np.asarray(np.interp(time, self.edges, self.passed))

    def calendar(self, operational: Array) -> Array:
        """Calendar time at operational times; the inverse of `operational`."""
        return np.asarray(np.interp(operational, self.passed, self.edges))


def season_of(
    factors: tuple[float, ...], *, end: pd.Timestamp, first: float, last: float, days_per_unit: float
) -> Season:
    """Lay twelve monthly factors, divided by their mean, over the calendar.

    Parameters
    ----------
    factors
        Twelve factors, January first; none for a constant rate.
    end
        Last day of observation, where time is 0.
    first, last
        Range of time to be covered, in units.
    days_per_unit
        Length of the unit of time in days.

    Returns
    -------
    Season

    Examples
    --------
    >>> year = season_of((1.5,) + (1.0,) * 10 + (0.5,), end=pd.Timestamp("2023-12-31"), first=0, last=60,
    ...                  days_per_unit=1)
    >>> year.edges, year.factor
    (array([ 0., 31., 60.]), array([1.5, 1. ]))
    """
    if not factors:
        return Season(np.array([first, last], dtype=float), np.ones(1))
    month = (end + pd.Timedelta(days=int(np.floor(first * days_per_unit)) + 1)).replace(day=1)
    span = int((last - first) * days_per_unit / 28) + 3
    starts = pd.date_range(month, periods=span, freq="MS")
    edges = ((starts - end).days.to_numpy() - 1) / days_per_unit
    level = np.asarray(factors)[starts.month.to_numpy()[:-1] - 1] * MONTHS / sum(factors)
    needed = (edges[1:] > first) & (edges[:-1] < last)
    inner = edges[1:][needed]
    return Season(np.concatenate([[first], inner[:-1], [last]]).astype(float), level[needed])


def draw_state(law: Law, breaches: Breaches, rng: np.random.Generator) -> State:
    r"""Draw customers' rates, mean spend and lifetime.

    `λ ~ Gamma(r, α)`, `μ ~ Gamma(s, β)`, `ζ = p/ν` with `ν ~ Gamma(q, v)`; λ and ζ are joined by a Gaussian copula of
    correlation ρ; the hazard of drop-out is `μ e^{g·age}`, so that the lifetime is `log(1 + g E/μ)/g` with E standard
    exponential, or E/μ where g = 0.

    Parameters
    ----------
    law
        Parameters of each customer.
    breaches
        `spend_correlation` and `aging` are looked at.
    rng
        Source of randomness.

    Returns
    -------
    State
    """
    if rho := breaches.spend_correlation:
        first, second = rng.standard_normal((2, law.r.size))
        second = rho * first + np.sqrt(1 - rho**2) * second
        purchase, precision = gamma_quantile(law.r, first), gamma_quantile(law.q, -second)
    else:
        purchase, precision = rng.standard_gamma(law.r), rng.standard_gamma(law.q)
    dropout_rate = np.maximum(rng.standard_gamma(law.s), _TINY) / law.beta
    with np.errstate(over="ignore"):
        lifetime = rng.standard_exponential(law.r.size) / dropout_rate
        if breaches.aging:
            lifetime = np.log1p(breaches.aging * lifetime) / breaches.aging
    mean_spend = law.p * law.v / np.maximum(precision, _TINY)
    return State(np.maximum(purchase, _TINY) / law.alpha, dropout_rate, mean_spend, lifetime)


def gamma_quantile(shape: ArrayLike, z: ArrayLike) -> Array:
    """Quantile of a Gamma law of scale 1 where a standard normal one has z; exact in both tails.

    Examples
    --------
    >>> gamma_quantile(1.0, [0.0, 3.0]).round(6), round(-float(np.log(ndtr(-3.0))), 6)
    (array([0.693147, 6.607726]), 6.607726)
    """
    z = np.asarray(z, dtype=np.float64)
    tail = ndtr(-np.abs(z))
    return np.asarray(np.where(z > 0, gammainccinv(shape, tail), gammaincinv(shape, tail)))


def draw_purchases(
    rate: Array, start: Array, stop: Array, season: Season, regularity: int, rng: np.random.Generator
) -> tuple[Ints, Array]:
    """Draw repeat purchases between two moments: every k-th event of a Poisson process in operational time.

    Parameters
    ----------
    rate
        Purchases per unit of time.
    start, stop
        First purchase, at which the clock starts, and end of buying, in calendar time.
    season
        Operational time.
    regularity
        k of the Erlang-k law of the time between purchases.
    rng
        Source of randomness.

    Returns
    -------
    customer, time
        Index and calendar time of each purchase, sorted by both.

    Raises
    ------
    DomainError
        If more purchases are expected than the memory should hold.
    """
    low, high = season.operational(start), season.operational(stop)
    expected = regularity * rate * (high - low)
    if not expected.sum() < MOST_EVENTS:
        raise DomainError(
            f"the population would make about {expected.sum() / regularity:.3g} purchases, more than can be held; "
            "give it fewer customers, a lower purchase rate or shorter horizons"
        )
    count = rng.poisson(expected)
    customer = np.repeat(np.arange(rate.size), count)
    at = low[customer] + (high - low)[customer] * rng.random(customer.size)
    at = at[np.lexsort((at, customer))]
    if regularity > 1:
        place = np.arange(customer.size) - np.repeat(np.cumsum(count) - count, count)
        kept = (place + 1) % regularity == 0
        customer, at = customer[kept], at[kept]
    return customer, season.calendar(at)


def draw_amounts(shape: Array, mean: Array, rng: np.random.Generator) -> Array:
    """Draw Gamma amounts of given shape and mean, rounded to cents, at least one cent."""
    return np.maximum(np.round(rng.standard_gamma(shape) * mean / shape, 2), 0.01)


def draw_refunds(amount: Array, breaches: Breaches, rng: np.random.Generator) -> tuple[Ints, Array, Ints]:
    """Draw which orders are refunded, how much of them, and how many days later.

    Parameters
    ----------
    amount
        Amounts of the orders, in money.
    breaches
        Share, partial share and mean delay.
    rng
        Source of randomness.

    Returns
    -------
    order, refund, days
        Index of the order, amount given back (> 0, at most the order's), whole days later (≥ 1).
    """
    order = np.flatnonzero(rng.random(amount.size) < breaches.refund_share)
    part = np.where(rng.random(order.size) < breaches.refund_partial, rng.random(order.size), 1.0)
    refund = np.clip(np.round(part * amount[order], 2), 0.01, amount[order])
    return order, refund, rng.geometric(1 / breaches.refund_days, order.size)
