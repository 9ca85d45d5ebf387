"""The Pareto/NBD: while alive customers buy at random times at a rate of their own, and leave at one of their own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from kundenwert.kernels import pareto_nbd as kernel
from kundenwert.kernels.arithmetic import product
from kundenwert.kernels.convex import NODES
from kundenwert.laws.law import PurchaseLaw, Quantities, Stated
from kundenwert.laws.purchases import PURCHASES, once, purchase_rate
from kundenwert.laws.seen import Array, Draws, History, Life, Observed, Parameters

if TYPE_CHECKING:
    from kundenwert.kernels.clock import Clock
    from kundenwert.kernels.futures import Futures, Reach

AT_A_TIME = 1_500
"""Histories whose gradient is taken at a time: their nodes' arrays stay in a core's cache."""

SHARED_OUT = 8_000
"""Histories from which threads take such parts."""

DRAW_NODES = 8
"""Quadrature nodes of P(alive) in a draw: 3e-6 at worst on the reference table, far below what 4,000 draws resolve."""

SCORE_NODES = 16
"""Quadrature nodes of the probability of a number of purchases."""


@dataclass(frozen=True)
class ParetoNBD(PurchaseLaw):
    """Pareto/NBD model of repeat purchases, with its priors, and effects of cohorts and covariates on both rates.

    `alpha_i = alpha e^(-η_i)` and `beta_i = beta e^(-ζ_i)`, where η and ζ add up the effects of the customer's cohorts
    and covariates: a positive effect means more purchases, or an earlier drop-out.

    Parameters
    ----------
    priors
        Priors that differ from the defaults, by name; see `kundenwert.bayes.priors`.
    cohorts
        Columns of the summary whose values are groups of customers, with partially pooled effects.
    covariates
        Columns with an effect for each standard deviation (numbers) or against the most frequent value (others).

    References
    ----------
    Schmittlein, Morrison & Colombo (1987), "Counting Your Customers"; Fader & Hardie (2005).

    Examples
    --------
    >>> ParetoNBD().acts_on["dropout"]
    ('beta', -1.0)
    """

    name: ClassVar[str] = "pareto_nbd"
    title: ClassVar[str] = "Pareto/NBD"
    takes_calendar: ClassVar[bool] = True
    parameters: ClassVar[tuple[str, ...]] = ("r", "alpha", "s", "beta")
    quantities: ClassVar[tuple[Quantities, ...]] = (
        PURCHASES,
        Quantities(
            {
                "half_life": Stated("LogNormal", {"mu": 0, "sigma": 1.5}),
                "dropout_cv": Stated("LogNormal", {"mu": 0.2, "sigma": 0.4}),
            },
            ("s", "beta"),
        ),
    )
    acts_on: ClassVar[Mapping[str, tuple[str, float]]] = {"purchase": ("alpha", -1.0), "dropout": ("beta", -1.0)}
    intercepts: ClassVar[Mapping[str, tuple[tuple[str, float], ...]]] = {
        "purchase": (("yearly_purchases", 1.0), ("alpha", -1.0)),
        "dropout": (("half_life", -1.0), ("beta", -1.0)),
    }

    def derive(self, quantities: Draws, unit: float) -> Draws:
        """All variables from the quantities with a prior: `r, alpha, s, beta` where they are not given directly."""
        variables = purchase_rate(quantities, unit)
        if "s" not in variables:
            variables["s"] = variables["dropout_cv"] ** -2
            share = np.log(2) / variables["s"]
            log_scale = np.log(variables["half_life"] * unit) - share - np.log(-np.expm1(-share))
            variables["beta"] = np.exp(log_scale)
        return variables

    def total(self, observed: Observed, law: Parameters) -> Array:
        """Log-likelihood of all histories, for each of many parameter sets."""
        x, t_x, T = (observed.fields[name] for name in History._fields)
        r, alpha, s, beta = (law[name] for name in self.parameters)
        return kernel.total_log_likelihood(x, t_x, T, observed.count, r=r, alpha=alpha, s=s, beta=beta)

    def pointwise(self, observed: Observed, law: Parameters) -> tuple[Array, Draws]:
        """Log-likelihood of one customer of each history, and its derivatives by parameter."""
        n = observed.count.size

        def of(cut: slice) -> kernel.Gradient:
            fields = {name: values[cut] for name, values in observed.fields.items()}
            part = {name: value if value.size == 1 else value[cut] for name, value in law.items()}
            return kernel.log_likelihood_gradient(**fields, **part, nodes=kernel.TOTAL_NODES)

        cuts = [slice(start, start + AT_A_TIME) for start in range(0, n, AT_A_TIME)]
        if n < SHARED_OUT:
            parts = list(map(of, cuts))
        else:
            with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
                parts = list(pool.map(of, cuts))
        found = parts[0]
        if len(parts) > 1:
            found = kernel.Gradient(*(np.concatenate(column) for column in zip(*parts, strict=True)))
        return found.value, {name: getattr(found, name) for name in self.parameters}

    def log_likelihood(self, fields: Mapping[str, Array], law: Parameters) -> Array:
        """Log-likelihood of ONE customer of each history under each draw, of shape (sample, pattern)."""
        return kernel.log_likelihood(**fields, **self.own(law))

    def p_alive(self, history: History, law: Parameters, *, horizon: float = 0.0) -> Array:
        """Probability of being alive at the end of observation, or a time after it."""

        def compute(rows: NDArray[np.int64], some: Draws) -> Array:
            if horizon == 0:
                return kernel.p_alive(*history.at(rows), **some, nodes=DRAW_NODES)
            return kernel.p_alive_at(*history.at(rows), horizon=horizon, **some)

        return once(history, self.own(law), compute)

    def expected_purchases(
        self,
        history: History,
        law: Parameters,
        *,
        horizon: float | Array,
        discount_rate: float = 0.0,
        alive: Array | None = None,
    ) -> Array:
        """`P(alive) · (r+x)/(α+T) · ∫₀^horizon e^(-δu) ((β+T)/(β+T+u))^s du`."""
        alive = self.p_alive(history, law) if alive is None else alive
        at_rate = alive * self.purchase_rate(history, law)
        return product(at_rate, self._time(history, law, horizon, discount_rate))

    def expected_time(
        self,
        history: History,
        law: Parameters,
        *,
        horizon: float | Array,
        discount_rate: float = 0.0,
        alive: Array | None = None,
    ) -> Array:
        """`P(alive) · ∫₀^horizon e^(-δu) ((β+T)/(β+T+u))^s du`."""
        alive = self.p_alive(history, law) if alive is None else alive
        return product(alive, self._time(history, law, horizon, discount_rate))

    def _time(self, history: History, law: Parameters, horizon: float | Array, discount_rate: float) -> Array:
        """Expected time of somebody alive, computed once for each T and drop-out law."""
        own = np.ndim(horizon) == 2 and np.shape(horizon)[0] > 1  # a horizon for each customer

        def compute(rows: NDArray[np.int64], some: Draws) -> Array:
            ahead = np.asarray(horizon)[rows] if own else horizon
            shape = {"s": some["s"], "scale": some["beta"] + history.at(rows).T}
            if discount_rate == 0:
                return np.atleast_2d(kernel.expected_lifetime(horizon=ahead, **shape))
            return np.atleast_2d(kernel.discounted_lifetime(horizon=ahead, discount_rate=discount_rate, **shape))

        dropout = {name: np.atleast_1d(law[name]) for name in ("s", "beta")}
        return once((history.T, *([np.asarray(horizon)] if own else [])), dropout, compute)

    def purchase_rate(self, history: History, law: Parameters) -> Array:
        """`(r+x)/(α+T)`."""
        return np.asarray((law["r"] + history.frequency) / (law["alpha"] + history.T))

    def life_to_date(self, history: History, law: Parameters) -> Life:
        """P(alive), time alive and rate, in one pass over the quadrature nodes."""

        def compute(rows: NDArray[np.int64], some: Draws) -> Array:
            return np.stack(kernel.life_to_date(*history.at(rows), nodes=NODES, **some), axis=-1)

        return Life(*np.moveaxis(once(history, self.own(law), compute), -1, 0))

    def endless(self, law: Parameters) -> NDArray[np.bool_]:
        """In draws with s ≤ 1 lifetimes have no mean."""
        return np.asarray(law["s"] <= 1)

    def log_purchase_probability(
        self, history: History, law: Parameters, *, horizon: float, number: int | Array, alive: Array | None = None
    ) -> Array:
        """Log probability of exactly so many purchases within a time after the end of observation."""
        numbers = np.broadcast_to(np.asarray(number, dtype=np.float64), history.T.shape)

        def compute(rows: NDArray[np.int64], some: Draws) -> Array:
            return kernel.log_purchase_probability(
                *history.at(rows), horizon=horizon, number=numbers[rows], **some, nodes=SCORE_NODES
            )

        return once((numbers, *history), self.own(law), compute)

    def draw_futures(
        self,
        history: History,
        law: Parameters,
        *,
        alive: Array,
        reach: Reach,
        keys: NDArray[np.uint64],
        clock: Clock | None = None,
    ) -> Futures:
        """Purchases to come: alive or not, then `λ ~ Gamma(r+x, α+T)`, `μ ~ Gamma(s, β+T)`, a Poisson process."""
        from kundenwert.kernels.pareto_nbd.futures import draw_futures  # noqa: PLC0415  loads the compiler

        r, alpha, s, beta = (law[name] for name in self.parameters)
        own = {"r": r, "alpha": alpha, "s": s, "beta": beta}
        return draw_futures(history.frequency[:, 0], history.T[:, 0], alive, **own, reach=reach, keys=keys, clock=clock)

    def draw_lives(self, history: History, law: Parameters, *, rng: np.random.Generator) -> tuple[Array, Array]:
        """`λ ~ Gamma(r+x, α+T)` if alive; otherwise dead at τ in (t_x, T), and `λ ~ Gamma(r+x, α+τ)`."""
        drawn = kernel.draw_latents(*history, **self.own(law), rng=rng)
        return drawn.purchase_rate, drawn.lifetime

    def simulate(self, T: Array, law: Parameters, *, rng: np.random.Generator) -> tuple[Array, Array]:
        """Frequency and recency of new customers observed for T."""
        return kernel.simulate(T, **self.own(law), rng=rng)
