"""From posteriors and a customer summary to draws for each customer, block by block.

Within one draw every customer shares the population's parameters, so sums over customers within a draw are draws of
the sum. A customer's randomness is keyed by the seed and the customer's own id: the same customer has the same draws
whatever the order of the table, the other customers in it, or the number of threads.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert.errors import DomainError, check_seed
from kundenwert.kernels import gamma_gamma, pareto_nbd
from kundenwert.kernels.convex import CELLS
from kundenwert.kernels.outcomes import Reach, draw_outcomes

if TYPE_CHECKING:  # importing the models would load PyMC, which scoring has no need of
    from kundenwert.bayes import Fit

type Array = NDArray[np.float64]
type Parameters = dict[str, Array]

BLOCK_CELLS = 48_000
"""Customers × draws handled at a time: about 40 MB a thread, whatever the size of the table."""

DRAW_NODES = 8
"""Quadrature nodes of P(alive) in a draw: 3e-6 at worst on the reference table, far below what 4,000 draws resolve."""

SIMULATED_DISCOUNT = 0.01
"""Purchases are simulated one by one until discounting leaves this much; later ones enter at their expectation.

Given the customer's latent rates the expectation is exact; what is left out is below SIMULATED_DISCOUNT² of variance.
"""
ONE_BY_ONE = 10_000.0
"""Expected purchases of one customer in one draw that are simulated one by one; later ones enter likewise."""

type Law = Callable[[NDArray[np.int64]], Parameters]
"""From row numbers to each parameter's draws, of shape (samples,), or (rows, samples) where customers differ."""


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
    how: dict[str, Any] = {"horizon": horizon, "seed": seed, "samples": samples, "threads": threads}
    yield from each_block(purchases, spend, table, _same, **how)


def each_block[Result](
    purchases: Fit,
    spend: Fit,
    table: pd.DataFrame,
    then: Callable[[CustomerDraws], Result],
    *,
    horizon: Horizon,
    seed: int,
    samples: int | None = None,
    threads: int | None = None,
) -> Iterator[Result]:
    """Draw as `customer_draws` does, and do something with each block in the thread that drew it.

    Parameters
    ----------
    purchases, spend, table, horizon, seed, samples, threads
        As in `customer_draws`.
    then
        From a block to what is wanted of it: little, so that memory does not grow.

    Yields
    ------
    Result
        What `then` gave, in the order of the blocks.
    """
    check_seed(seed)
    size = paired_samples(purchases, spend, samples)
    laws = purchases.laws(table, size), spend.laws(table, size)
    step = max(1, BLOCK_CELLS // size)
    order = np.lexsort((table["recency"], table["frequency"], table["T"]))
    blocks = (order[start : start + step] for start in range(0, len(table), step))
    workers = threads or os.cpu_count() or 1

    def work(rows: NDArray[np.int64]) -> Result:
        law = laws[0](rows) | laws[1](rows)
        return then(_block(table.iloc[rows], rows, law, horizon, seed))

    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[Result]] = deque()
        for rows in blocks:
            waiting.append(pool.submit(work, rows))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def paired_samples(purchases: Fit, spend: Fit, samples: int | None = None) -> int:
    """How many draws two posteriors are used with: as many as the smaller one has, or fewer if asked for.

    Raises
    ------
    DomainError
        If not even one draw is asked for.
    """
    if samples is not None and samples < 1:
        msg = f"samples={samples}: at least one draw is needed"
        raise DomainError(msg)
    most = min(purchases.samples, spend.samples)
    return most if samples is None else min(most, samples)


def _same(block: CustomerDraws) -> CustomerDraws:
    return block


def _block(table: pd.DataFrame, rows: NDArray[np.int64], law: Parameters, horizon: Horizon, seed: int) -> CustomerDraws:
    """Expectations of a block in closed form, then each customer's outcomes."""
    columns = ("frequency", "recency", "T", "monetary_value")
    x, t_x, T, z = (table[name].to_numpy(np.float64)[:, None] for name in columns)
    alive = _p_alive(np.hstack([x, t_x, T]), law)
    at_rate = alive * (law["r"] + x) / (law["alpha"] + T)
    spend = gamma_gamma.expected_spend(x, z, **{name: law[name] for name in ("p", "q", "v")})
    undiscounted, discounted, held = _lifetimes(T[:, 0], law, horizon)
    outcomes = np.empty((4, *alive.shape))
    for i, customer in enumerate(table["customer_id"]):
        own = {name: _own(values, i) for name, values in law.items()}
        rng = customer_rng(seed, str(customer))
        outcomes[:, i], _ = _outcomes(x[i, 0], T[i, 0], z[i, 0], alive[i], own, horizon, rng)
    counts, value, held_counts, held_value = outcomes
    result = CustomerDraws(
        rows, alive, _times(at_rate, undiscounted), counts, spend, _times(at_rate * discounted, spend), value
    )
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


def _times(some: Array, each: Array) -> Array:
    """Product of two expectations; nothing where the first is, even if the second is infinite."""
    with np.errstate(invalid="ignore"):
        return np.where(some == 0, 0.0, some * each)


def _p_alive(histories: Array, law: Parameters) -> Array:
    """P(alive) of each history under each draw; equal histories of customers with one law are computed once."""
    names = ("r", "alpha", "s", "beta")
    own = [law[name][:, :1] for name in names if law[name].ndim == 2]  # a first draw tells one law from another
    _, first, index = np.unique(np.hstack([histories, *own]), axis=0, return_index=True, return_inverse=True)
    distinct = []
    for some in np.array_split(first, -(-first.size * law["r"].shape[-1] // CELLS)):
        own_law = {name: _own(law[name], some) for name in names}
        distinct.append(pareto_nbd.p_alive(*histories[some].T[:, :, None], **own_law, nodes=DRAW_NODES))
    return np.concatenate(distinct)[index.reshape(-1)]


def _own(values: Array, i: int | NDArray[np.int64]) -> Array:
    """The law of one customer, or of some."""
    return values if values.ndim == 1 else values[i]


def _lifetimes(T: Array, law: Parameters, horizon: Horizon) -> tuple[Array, Array, Array | None]:
    """Expected time alive within the horizon, discounted time, and time within the hold-out, for each T and draw."""
    s, beta = law["s"], law["beta"]
    keys = T[:, None] if beta.ndim == 1 else np.column_stack([T, beta[:, 0]])
    _, first, index = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    scales = [T[i] + _own(beta, i) for i in first]
    index = index.reshape(-1)
    plain = np.stack([pareto_nbd.expected_lifetime(horizon.length, s=s, scale=scale) for scale in scales])
    paid = np.stack(
        [pareto_nbd.discounted_lifetime(horizon.length, horizon.discount_rate, s=s, scale=scale) for scale in scales]
    )
    if horizon.holdout is None:
        return plain[index], paid[index], None
    held = np.stack([pareto_nbd.expected_lifetime(horizon.holdout, s=s, scale=scale) for scale in scales])
    return plain[index], paid[index], held[index]


def customer_rng(seed: int, customer_id: str) -> np.random.Generator:
    """Random numbers of one customer, independent between customers and of the order they come in."""
    digest = hashlib.blake2b(customer_id.encode(), digest_size=16).digest()
    return np.random.Generator(np.random.SFC64([seed, *np.frombuffer(digest, dtype=np.uint32).tolist()]))


def _outcomes(
    x: float, T: float, z: float, alive: Array, law: Parameters, horizon: Horizon, rng: np.random.Generator
) -> tuple[Array, Array]:
    """One customer's purchases, their discounted value, and the same for the hold-out: four rows, a column a draw."""
    reach = Reach(
        float(horizon.length),
        float(horizon.discount_rate),
        float(horizon.holdout or 0.0),
        _simulated_length(horizon),
        ONE_BY_ONE,
    )
    parameters = [np.ascontiguousarray(law[name]) for name in ("r", "alpha", "s", "beta", "p", "q", "v")]
    total = x * z if x > 0 else 0.0
    outcomes, spend_rate = draw_outcomes(float(x), float(T), float(total), alive, *parameters, reach, rng)
    return outcomes, spend_rate


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
    purchases: Fit,
    spend: Fit,
    *,
    horizon: Horizon,
    seed: int,
    samples: int | None = None,
    law: Parameters | None = None,
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
        Draws; as many as the smaller posterior has if not given. A `law` has a number of its own.
    law
        Draws of `r, alpha, s, beta, p, q, v` of a cohort, as from `Fit.cohort_laws`; the population's if not given.

    Returns
    -------
    NewCustomerDraws

    Raises
    ------
    DomainError
        If the seed or the number of draws has no meaning, or both a law and a number are given.
    """
    check_seed(seed)
    if law is None:
        size = paired_samples(purchases, spend, samples)
        law = purchases.draws(size) | spend.draws(size)
    elif samples is not None:
        msg = f"samples={samples} is given beside a law, which has its own {len(law['r'])} draws: leave one out"
        raise DomainError(msg)
    rng = customer_rng(seed, "a customer not yet seen")
    sums, spend_rate = _outcomes(0.0, 0.0, 0.0, np.ones(len(law["r"])), law, horizon, rng)
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
