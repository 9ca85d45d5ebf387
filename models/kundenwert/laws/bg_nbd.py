"""The BG/NBD: customers buy at random times at a rate of their own, and may leave after a repeat purchase."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from kundenwert.errors import DomainError
from kundenwert.kernels import bg_nbd as kernel
from kundenwert.laws.law import PurchaseLaw, Quantities, Stated
from kundenwert.laws.purchases import PURCHASES, once, purchase_rate
from kundenwert.laws.seen import Array, Draws, History, Life, Observed, Parameters
from kundenwert.messages import Code

if TYPE_CHECKING:
    from kundenwert.kernels.clock import Clock
    from kundenwert.kernels.futures import Futures, Reach


AT_A_TIME = 1_000_000
"""Customers × samples whose expectations are taken at a time: those of equal frequency are interpolated."""


@dataclass(frozen=True)
class BGNBD(PurchaseLaw):
    """BG/NBD model of repeat purchases, with its priors, and effects of cohorts and covariates on both processes.

    `alpha_i = alpha e^(-η_i)` and `a_i = a e^(ζ_i)`: a positive effect means more purchases, or that more leave.

    Parameters
    ----------
    priors
        Priors that differ from the defaults, by name; `leaving_odds` is a/b, typical odds of leaving after a purchase,
        and `leaving_spread` is `1/√(a+b)`, how much customers differ in it.
    cohorts, covariates
        As in `ParetoNBD`: columns of the summary.

    References
    ----------
    Fader, Hardie & Lee (2005), "'Counting Your Customers' the Easy Way".

    Examples
    --------
    >>> BGNBD().parameters
    ('r', 'alpha', 'a', 'b')
    """

    name: ClassVar[str] = "bg_nbd"
    title: ClassVar[str] = "BG/NBD"
    flips: ClassVar[int] = 0
    """Chances to leave that the first purchase gives."""
    parameters: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b")
    quantities: ClassVar[tuple[Quantities, ...]] = (
        PURCHASES,
        Quantities(
            {
                "leaving_odds": Stated("LogNormal", {"mu": -1.2, "sigma": 1.0}),
                "leaving_spread": Stated("LogNormal", {"mu": -0.5, "sigma": 0.6}),
            },
            ("a", "b"),
        ),
    )
    acts_on: ClassVar[Mapping[str, tuple[str, float]]] = {"purchase": ("alpha", -1.0), "dropout": ("a", 1.0)}
    intercepts: ClassVar[Mapping[str, tuple[tuple[str, float], ...]]] = {
        "purchase": (("yearly_purchases", 1.0), ("alpha", -1.0)),
        "dropout": (("leaving_odds", 1.0), ("a", 1.0)),
    }

    def derive(self, quantities: Draws, unit: float) -> Draws:
        """All variables from the quantities with a prior: `r, alpha, a, b` where they are not given directly."""
        variables = purchase_rate(quantities, unit)
        if "a" not in variables:
            together, odds = variables["leaving_spread"] ** -2, variables["leaving_odds"]
            variables["a"] = together * odds / (1 + odds)
            variables["b"] = together / (1 + odds)
        return variables

    def total(self, observed: Observed, law: Parameters) -> Array:
        """Log-likelihood of all histories, for each of many parameter sets."""
        x, t_x, T = (observed.fields[name] for name in History._fields)
        r, alpha, a, b = (law[name] for name in self.parameters)
        how = {"r": r, "alpha": alpha, "a": a, "b": b}
        return kernel.total_log_likelihood(x, t_x, T, observed.count, flips=self.flips, **how)

    def pointwise(self, observed: Observed, law: Parameters) -> tuple[Array, Draws]:
        """Log-likelihood of one customer of each history, and its derivatives by parameter."""
        x, t_x, T = (observed.fields[name] for name in History._fields)
        found = kernel.log_likelihood_gradient(x, t_x, T, flips=self.flips, **self.own(law))
        return found.value, {name: getattr(found, name) for name in self.parameters}

    def log_likelihood(self, fields: Mapping[str, Array], law: Parameters) -> Array:
        """Log-likelihood of ONE customer of each history under each draw, of shape (sample, pattern)."""
        x, t_x, T = (fields[name] for name in History._fields)
        return kernel.log_likelihood(x, t_x, T, flips=self.flips, **self.own(law))

    def p_alive(self, history: History, law: Parameters, *, horizon: float = 0.0) -> Array:
        """Probability of being a customer still at the end of observation, or a time after it."""
        if horizon == 0:
            alive = kernel.p_alive(*history, flips=self.flips, **self.own(law))
            return np.ascontiguousarray(np.broadcast_to(alive, (len(alive), self._samples(law))))
        return self._once(kernel.p_alive_at, history, law, horizon)

    def expected_purchases(
        self,
        history: History,
        law: Parameters,
        *,
        horizon: float | Array,
        discount_rate: float = 0.0,
        alive: Array | None = None,
    ) -> Array:
        """`P(alive) · E[λ (1 - e^(-(δ+λp) horizon)) / (δ+λp)]`; see `kernels.bg_nbd.expected_purchases`."""
        del alive  # quick to compute
        return self._once(kernel.expected_purchases, history, law, horizon, discount_rate=discount_rate)

    def expected_time(
        self,
        history: History,
        law: Parameters,
        *,
        horizon: float | Array,
        discount_rate: float = 0.0,
        alive: Array | None = None,
    ) -> Array:
        """`P(alive) · ∫₀^horizon e^(-δu) E[(1 + p u/(α+T))^-(r+x)] du`."""
        del alive  # quick to compute
        return self._once(kernel.expected_time, history, law, horizon, discount_rate=discount_rate)

    def _once(
        self, of: Callable[..., Array], history: History, law: Parameters, horizon: float | Array, **more: float
    ) -> Array:
        """An expectation, computed once for each history and law."""
        own = np.ndim(horizon) == 2 and np.shape(horizon)[0] > 1  # a horizon for each customer

        def compute(rows: NDArray[np.int64], some: Draws) -> Array:
            here, ahead = history.at(rows), np.asarray(horizon)[rows] if own else horizon
            found = of(*here, horizon=ahead, **more, flips=self.flips, **some)
            return np.broadcast_to(found, (len(rows), self._samples(law)))

        return once((*history, *([np.asarray(horizon)] if own else [])), self.own(law), compute, AT_A_TIME)

    def _samples(self, law: Parameters) -> int:
        return int(max(law[name].shape[-1] for name in self.parameters))

    def purchase_rate(self, history: History, law: Parameters) -> Array:
        """`(r+x)/(α+T)`."""
        return np.asarray((law["r"] + history.frequency) / (law["alpha"] + history.T))

    def life_to_date(self, history: History, law: Parameters) -> Life:
        """What is believed of a customer's life so far; whoever has left did so at the last purchase."""
        alive = self.p_alive(history, law)
        x, t_x, T = history
        rate = alive * (law["r"] + x) / (law["alpha"] + T) + (1 - alive) * (law["r"] + x) / (law["alpha"] + t_x)
        return Life(alive, alive * T + (1 - alive) * t_x, rate)

    def endless(self, law: Parameters) -> NDArray[np.bool_]:
        """In draws with a ≤ 1, where some customers hardly ever leave."""
        return np.asarray(law["a"] <= 1)

    def log_purchase_probability(
        self, history: History, law: Parameters, *, horizon: float, number: int | Array, alive: Array | None = None
    ) -> Array:
        """Log probability of exactly so many purchases within a time after the end of observation."""
        del alive  # quick to compute
        return kernel.log_purchase_probability(
            *history, horizon=horizon, number=number, flips=self.flips, **self.own(law)
        )

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
        """Purchases to come: `λ ~ Gamma(r+x, α+T)`, `p ~ Beta(a, b+x)`, a Poisson process that ends by p."""
        if clock is not None:
            raise DomainError(Code.NO_CALENDAR, title=self.title)
        from kundenwert.kernels.bg_nbd.futures import draw_futures  # noqa: PLC0415  loads the compiler

        r, alpha, a, b = (law[name] for name in self.parameters)
        x, T = history.frequency[:, 0], history.T[:, 0]
        how = {"r": r, "alpha": alpha, "a": a, "b": b}
        return draw_futures(x, T, alive, **how, reach=reach, keys=keys, flips=self.flips)

    def simulate(self, T: Array, law: Parameters, *, rng: np.random.Generator) -> tuple[Array, Array]:
        """Frequency and recency of new customers observed for T."""
        return kernel.simulate(T, flips=self.flips, **self.own(law), rng=rng)
