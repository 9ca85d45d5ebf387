"""From posteriors and a customer summary to draws for each customer, block by block.

Within one draw every customer shares the population's parameters, so sums over customers within a draw are draws of
the sum. A customer's randomness is keyed by the seed and the customer's own id: the same customer has the same draws
whatever the order of the table, the other customers in it, or the number of threads.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert.errors import DomainError
from kundenwert.kernels import gamma_gamma, pareto_nbd

if TYPE_CHECKING:  # importing the models would load PyMC, which scoring has no need of
    from kundenwert.bayes import Fit

type Array = NDArray[np.float64]
type Parameters = dict[str, Array]

BLOCK_CELLS = 48_000
"""Customers × draws handled at a time: about 40 MB a thread, whatever the size of the table."""

DRAW_NODES = 12
"""Quadrature nodes of P(alive) in a draw: 3e-9 at worst on the reference table, far below what 4,000 draws resolve."""

EVENTS_AT_A_TIME = 1_000_000
SIMULATED_DISCOUNT = 0.01
"""Purchases are simulated one by one until discounting leaves this much; later ones enter at their expectation.

Given the customer's latent rates the expectation is exact; what is left out is below SIMULATED_DISCOUNT² of variance.
"""
ONE_BY_ONE = 10_000.0
"""Expected purchases of one customer in one draw that are simulated one by one; later ones enter likewise."""

_TINY = np.finfo(np.float64).tiny


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
        if not self.length > 0 or (np.isinf(self.length) and self.discount_rate <= 0):
            msg = (
                f"horizon {self.length:g} with discount rate {self.discount_rate:g} has no finite value: give a "
                "positive horizon, and a positive discount rate where it is infinite"
            )
            raise DomainError(msg)
        if not 0 <= self.discount_rate < np.inf:
            msg = f"the discount rate is {self.discount_rate:g}; it is at least 0"
            raise DomainError(msg)
        if self.holdout is not None and not 0 < self.holdout < np.inf:
            msg = f"the hold-out has length {self.holdout:g}; it needs a positive, finite one"
            raise DomainError(msg)


@dataclass(frozen=True)
class CustomerDraws:
    """Draws for a block of customers, each array of shape (customers, samples).

    `purchases` and `value` are outcomes, with purchase, drop-out and spend noise. `expected_...` are expectations
    given the population's parameters. `value` is money discounted from the end of observation, before margin.
    `rows` says which rows of the table these customers are.
    """

    rows: NDArray[np.int64]
    p_alive: Array
    expected_purchases: Array
    purchases: Array
    expected_spend: Array
    expected_value: Array
    value: Array
    expected_holdout_purchases: Array | None = None
    holdout_purchases: Array | None = None
    expected_holdout_value: Array | None = None
    holdout_value: Array | None = None


def customer_draws(
    purchases: Fit,
    spend: Fit,
    table: pd.DataFrame,
    *,
    horizon: Horizon,
    seed: int,
    samples: int | None = None,
    threads: int | None = None,
) -> Iterator[CustomerDraws]:
    """Draw purchases and their value for each customer, in blocks of customers with similar histories.

    Parameters
    ----------
    purchases, spend
        Fits of `ParetoNBD` and `GammaGamma`; their draws are paired by number.
    table
        Columns `customer_id, frequency, recency, T, monetary_value`, in the time unit of the fit.
    horizon
        How far to look, and how to discount.
    seed
        Makes the draws reproducible, customer by customer.
    samples
        Draws for each customer; as many as the smaller posterior has if not given.
    threads
        Worker threads; as many as there are processors if not given. The result does not depend on it.

    Yields
    ------
    CustomerDraws
        Of a few customers each: memory does not grow with the table.
    """
    if seed < 0 or (samples is not None and samples < 1):
        msg = f"seed={seed}, samples={samples}: the seed is at least 0, and there is at least one sample"
        raise DomainError(msg)
    size = min(purchases.samples, spend.samples, samples or purchases.samples)
    population = purchases.draws(size) | spend.draws(size)
    step = max(1, BLOCK_CELLS // size)
    order = np.lexsort((table["recency"], table["frequency"], table["T"]))
    blocks = (order[start : start + step] for start in range(0, len(table), step))
    workers = threads or os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[CustomerDraws]] = deque()
        for rows in blocks:
            waiting.append(pool.submit(_block, table.iloc[rows], rows, population, horizon, seed))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _block(
    table: pd.DataFrame, rows: NDArray[np.int64], population: Parameters, horizon: Horizon, seed: int
) -> CustomerDraws:
    """Expectations of a block in closed form, then each customer's outcomes."""
    columns = ("frequency", "recency", "T", "monetary_value")
    x, t_x, T, z = (table[name].to_numpy(np.float64)[:, None] for name in columns)
    alive = _p_alive(np.hstack([x, t_x, T]), population)
    at_rate = alive * (population["r"] + x) / (population["alpha"] + T)
    spend = gamma_gamma.expected_spend(x, z, **{name: population[name] for name in ("p", "q", "v")})
    undiscounted, discounted, held = _lifetimes(T[:, 0], population, horizon)
    outcome = [
        _outcomes(x[i, 0], T[i, 0], z[i, 0], alive[i], population, horizon, customer_rng(seed, str(customer)))
        for i, customer in enumerate(table["customer_id"])
    ]
    counts, value, held_counts, held_value = np.stack(outcome, axis=1)
    expected_value = _times(at_rate * discounted, spend)
    result = CustomerDraws(rows, alive, at_rate * undiscounted, counts, spend, expected_value, value)
    if held is None:
        return result
    expected_held = at_rate * held
    return replace(
        result,
        expected_holdout_purchases=expected_held,
        holdout_purchases=held_counts,
        expected_holdout_value=_times(expected_held, spend),
        holdout_value=held_value,
    )


def _times(purchases: Array, spend: Array) -> Array:
    """Money of expected purchases; nothing where there are none, even at infinite expected spend."""
    with np.errstate(invalid="ignore"):
        return np.where(purchases > 0, purchases * spend, 0.0)


def _p_alive(histories: Array, population: Parameters) -> Array:
    """P(alive) of each history under each draw; equal histories, which are neighbours, are computed once."""
    law = {name: population[name] for name in ("r", "alpha", "s", "beta")}
    distinct, index = np.unique(histories, axis=0, return_inverse=True)
    x, t_x, T = distinct.T
    rows = [pareto_nbd.p_alive(*row, **law, nodes=DRAW_NODES) for row in zip(x, t_x, T, strict=True)]
    return np.stack(rows)[index.reshape(-1)]


def _lifetimes(T: Array, population: Parameters, horizon: Horizon) -> tuple[Array, Array, Array | None]:
    """Expected time alive within the horizon, discounted time, and time within the hold-out, for each T and draw."""
    distinct, index = np.unique(T, return_inverse=True)
    s, beta = population["s"], population["beta"]
    plain = np.stack([pareto_nbd.expected_lifetime(horizon.length, s=s, scale=beta + t) for t in distinct])
    paid = np.stack(
        [pareto_nbd.discounted_lifetime(horizon.length, horizon.discount_rate, s=s, scale=beta + t) for t in distinct]
    )
    if horizon.holdout is None:
        return plain[index], paid[index], None
    held = np.stack([pareto_nbd.expected_lifetime(horizon.holdout, s=s, scale=beta + t) for t in distinct])
    return plain[index], paid[index], held[index]


def customer_rng(seed: int, customer_id: str) -> np.random.Generator:
    """Random numbers of one customer, independent between customers and of the order they come in."""
    digest = hashlib.blake2b(customer_id.encode(), digest_size=16).digest()
    return np.random.Generator(np.random.SFC64([seed, *np.frombuffer(digest, dtype=np.uint32).tolist()]))


def _outcomes(
    x: float, T: float, z: float, alive: Array, population: Parameters, horizon: Horizon, rng: np.random.Generator
) -> Array:
    """One customer's purchases, their discounted value, and the same for the hold-out: four rows, a column a draw.

    Only the state at T matters for the future, and only that of a living customer; its exact law is
    λ ~ Gamma(r+x, α+T), μ ~ Gamma(s, β+T), and the time left is exponential of rate μ.
    """
    living = np.flatnonzero(rng.random(alive.size) < alive)
    outcomes = np.zeros((4, alive.size))
    law = {name: values[living] for name, values in population.items()}
    outcomes[:, living] = _future(law, x, T, x * z if x > 0 else 0.0, horizon, rng)[0]
    return outcomes


def _future(
    law: Parameters, x: float, T: float, total: float, horizon: Horizon, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Purchases and money ahead of a living customer, one column a draw, and the customer's spend rate ν."""
    rate = np.maximum(rng.standard_gamma(law["r"] + x), _TINY) / (law["alpha"] + T)
    dropout = np.maximum(rng.standard_gamma(law["s"]), _TINY) / (law["beta"] + T)
    with np.errstate(over="ignore"):
        left = rng.standard_exponential(rate.size) / dropout
        one_by_one = np.minimum(_simulated_length(horizon), ONE_BY_ONE / rate)
    spend_rate = np.maximum(rng.standard_gamma(law["p"] * x + law["q"]), _TINY) / (law["v"] + total)
    exposure = np.minimum(left, np.minimum(max(horizon.length, horizon.holdout or 0.0), one_by_one))
    number = rng.poisson(rate * exposure)
    sums = _events(number, exposure, law["p"], spend_rate, horizon, rng)
    for row, length, delta in ((0, horizon.length, horizon.discount_rate), (2, horizon.holdout or 0.0, 0.0)):
        later = np.maximum(np.minimum(left, length) - one_by_one, 0)
        if later.any():
            sums[row] += rng.poisson(np.minimum(rate * later, 1e15))
            worth = np.exp(-delta * one_by_one) * (-np.expm1(-delta * later) / delta if delta > 0 else later)
            sums[row + 1] += rate * law["p"] / spend_rate * worth
    return sums, spend_rate


@dataclass(frozen=True)
class NewCustomerDraws:
    """Draws for a customer not yet seen, from the first purchase on, each array of shape (samples,).

    `purchases` counts the first one; `value` and `expected_value` hold its money, undiscounted, and that of the
    repeat purchases, discounted from the first, before margin.
    """

    purchases: Array
    expected_purchases: Array
    value: Array
    expected_value: Array


def new_customer_draws(
    purchases: Fit, spend: Fit, *, horizon: Horizon, seed: int, samples: int | None = None
) -> NewCustomerDraws:
    """Draw what a customer not yet seen will buy and spend, first purchase included.

    Parameters
    ----------
    purchases, spend
        Fits of `ParetoNBD` and `GammaGamma`; their draws are paired by number.
    horizon
        How far to look after the first purchase, and how to discount.
    seed
        Makes the draws reproducible.
    samples
        Draws; as many as the smaller posterior has if not given.

    Returns
    -------
    NewCustomerDraws
    """
    size = min(purchases.samples, spend.samples, samples or purchases.samples)
    law = purchases.draws(size) | spend.draws(size)
    rng = customer_rng(seed, "a customer not yet seen")
    sums, spend_rate = _future(law, 0.0, 0.0, 0.0, horizon, rng)
    first = rng.standard_gamma(law["p"]) / spend_rate
    at_rate = law["r"] / law["alpha"]
    shape = {"s": law["s"], "scale": law["beta"]}
    mean_spend = gamma_gamma.expected_spend(0, np.nan, **{name: law[name] for name in ("p", "q", "v")})
    discounted = at_rate * pareto_nbd.discounted_lifetime(horizon.length, horizon.discount_rate, **shape)
    return NewCustomerDraws(
        purchases=1 + sums[0],
        expected_purchases=1 + at_rate * pareto_nbd.expected_lifetime(horizon.length, **shape),
        value=first + sums[1],
        expected_value=(1 + discounted) * mean_spend,
    )


def _simulated_length(horizon: Horizon) -> float:
    """How far purchases are simulated one by one, as far as discounting decides."""
    if horizon.discount_rate == 0:
        return np.inf
    return max(-float(np.log(SIMULATED_DISCOUNT)) / horizon.discount_rate, horizon.holdout or 0.0)


def _events(
    number: NDArray[np.int64],
    exposure: Array,
    p: Array,
    spend_rate: Array,
    horizon: Horizon,
    rng: np.random.Generator,
) -> Array:
    """Times and values of `number` purchases within `exposure`, added up by draw, a bounded number at a time."""
    size = number.size
    length, held = horizon.length, horizon.holdout or 0.0
    sums = np.zeros((4, size))
    ends = np.cumsum(number)
    start = 0
    while start < size:
        before = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + EVENTS_AT_A_TIME, side="right")))
        draw = np.repeat(np.arange(start, stop), number[start:stop])
        time = rng.random(draw.size) * exposure[draw]
        value = rng.standard_gamma(p[draw]) / spend_rate[draw]
        inside, held_inside = (time <= length).astype(np.float64), (time <= held).astype(np.float64)
        worth = inside * value * np.exp(-horizon.discount_rate * time)
        weights: tuple[Array, ...] = (inside, worth, held_inside, held_inside * value)
        for row, weight in enumerate(weights):
            sums[row] += np.bincount(draw, weights=weight, minlength=size)
        start = stop
    return sums
