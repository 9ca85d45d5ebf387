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
from dataclasses import dataclass
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

EVENTS_AT_A_TIME = 1_000_000
SIMULATED_DISCOUNT = 0.01
"""Purchases are simulated one by one until discounting leaves this much; later ones enter at their expectation.

Given the customer's latent rates the expectation is exact; what is left out is below SIMULATED_DISCOUNT² of variance.
"""
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
        if self.discount_rate < 0:
            msg = f"the discount rate is {self.discount_rate:g}; it cannot be negative"
            raise DomainError(msg)


@dataclass(frozen=True)
class CustomerDraws:
    """Draws for a block of customers, each array of shape (customers, samples).

    `purchases` and `value` are outcomes, with purchase, drop-out and spend noise. `expected_...` are expectations
    given the population's parameters. `value` is money discounted from the end of observation, before margin.
    """

    rows: slice
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
    """Draw purchases and their value for each customer, in blocks that keep the table's order.

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
    size = min(purchases.samples, spend.samples) if samples is None else samples
    size = min(size, purchases.samples, spend.samples)
    population = purchases.draws(size) | spend.draws(size)
    step = max(1, BLOCK_CELLS // size)
    blocks = (slice(start, min(start + step, len(table))) for start in range(0, len(table), step))
    workers = threads or os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[CustomerDraws]] = deque()
        for rows in blocks:
            waiting.append(pool.submit(_block, table.iloc[rows], rows, population, horizon, seed))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _block(table: pd.DataFrame, rows: slice, population: Parameters, horizon: Horizon, seed: int) -> CustomerDraws:
    """Expectations of a block in closed form, then each customer's outcomes."""
    columns = ("frequency", "recency", "T", "monetary_value")
    x, t_x, T, z = (table[name].to_numpy(np.float64)[:, None] for name in columns)
    law = {name: population[name] for name in ("r", "alpha", "s", "beta")}
    money = {name: population[name] for name in ("p", "q", "v")}
    alive = pareto_nbd.p_alive(x, t_x, T, **law)
    at_rate = alive * (law["r"] + x) / (law["alpha"] + T)
    shape = {"s": law["s"], "scale": law["beta"] + T}
    spend = gamma_gamma.expected_spend(x, z, **money)
    discounted = at_rate * pareto_nbd.discounted_lifetime(horizon.length, horizon.discount_rate, **shape)
    expected = at_rate * pareto_nbd.expected_lifetime(horizon.length, **shape)
    outcome = [
        _outcomes(x[i, 0], T[i, 0], z[i, 0], alive[i], population, horizon, customer_rng(seed, str(customer)))
        for i, customer in enumerate(table["customer_id"])
    ]
    counts, value, held_counts, held_value = (np.stack(parts) for parts in zip(*outcome, strict=True))
    if horizon.holdout is None:
        return CustomerDraws(rows, alive, expected, counts, spend, discounted * spend, value)
    held = at_rate * pareto_nbd.expected_lifetime(horizon.holdout, **shape)
    return CustomerDraws(
        *(rows, alive, expected, counts, spend, discounted * spend, value),
        *(held, held_counts, held * spend, held_value),
    )


def customer_rng(seed: int, customer_id: str) -> np.random.Generator:
    """Random numbers of one customer, independent between customers and of the order they come in."""
    digest = hashlib.blake2b(customer_id.encode(), digest_size=16).digest()
    return np.random.Generator(np.random.SFC64([seed, *np.frombuffer(digest, dtype=np.uint32).tolist()]))


def _outcomes(
    x: float, T: float, z: float, alive: Array, population: Parameters, horizon: Horizon, rng: np.random.Generator
) -> tuple[Array, Array, Array, Array]:
    """One customer's purchases and their discounted value, and the same for the hold-out, one for each draw.

    Only the state at T matters for the future, and only that of a living customer; its exact law is
    λ ~ Gamma(r+x, α+T), μ ~ Gamma(s, β+T), and the time left is exponential of rate μ.
    """
    size = alive.size
    living = rng.random(size) < alive
    rate = rng.standard_gamma(population["r"] + x) / (population["alpha"] + T)
    dropout = np.maximum(rng.standard_gamma(population["s"]), _TINY) / (population["beta"] + T)
    with np.errstate(over="ignore"):
        left = np.where(living, rng.standard_exponential(size) / dropout, 0.0)
    total = x * z if x > 0 else 0.0
    spend_rate = rng.standard_gamma(population["p"] * x + population["q"]) / (population["v"] + total)
    spend_rate = np.maximum(spend_rate, _TINY)

    one_by_one = _simulated_length(horizon)
    exposure = np.minimum(left, max(one_by_one, horizon.holdout or 0.0))
    number = rng.poisson(rate * exposure)
    counts, value, held_counts, held_value = _events(number, exposure, population["p"], spend_rate, horizon, rng)
    if one_by_one < horizon.length:
        later = np.minimum(left, horizon.length) - np.minimum(left, one_by_one)
        counts = counts + rng.poisson(np.minimum(rate * later, 1e15))
        delta = horizon.discount_rate
        worth = np.exp(-delta * one_by_one) * -np.expm1(-delta * later) / delta
        value = value + rate * population["p"] / spend_rate * worth
    return counts, value, held_counts, held_value


def _simulated_length(horizon: Horizon) -> float:
    if horizon.discount_rate == 0:
        return horizon.length
    return min(horizon.length, -float(np.log(SIMULATED_DISCOUNT)) / horizon.discount_rate)


def _events(
    number: NDArray[np.int64],
    exposure: Array,
    p: Array,
    spend_rate: Array,
    horizon: Horizon,
    rng: np.random.Generator,
) -> tuple[Array, Array, Array, Array]:
    """Times and values of `number` purchases within `exposure`, added up by draw, a bounded number at a time."""
    size = number.size
    length, held = _simulated_length(horizon), horizon.holdout or 0.0
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
    return sums[0], sums[1], sums[2], sums[3]
