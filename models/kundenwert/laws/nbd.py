"""The NBD: the Pareto/NBD without drop-out, as the simpler explanation to compare with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from kundenwert.kernels import nbd as kernel
from kundenwert.laws.law import PurchaseLaw, Quantities
from kundenwert.laws.purchases import PURCHASES, purchase_rate
from kundenwert.laws.seen import Array, Draws, History, Life, Observed, Parameters

if TYPE_CHECKING:
    from kundenwert.kernels.clock import Clock
    from kundenwert.kernels.futures import Futures, Reach


@dataclass(frozen=True)
class NBD(PurchaseLaw):
    """NBD model of repeat purchases, in which nobody ever leaves, with its priors and effects on the purchase rate.

    Parameters
    ----------
    priors
        Priors that differ from the defaults, by name; see `kundenwert.bayes.priors`.
    cohorts, covariates
        As in `ParetoNBD`: columns of the summary.

    References
    ----------
    Ehrenberg (1959), "The Pattern of Consumer Purchases".

    Examples
    --------
    >>> NBD().parameters
    ('r', 'alpha')
    """

    name: ClassVar[str] = "nbd"
    title: ClassVar[str] = "NBD"
    takes_calendar: ClassVar[bool] = True
    parameters: ClassVar[tuple[str, ...]] = ("r", "alpha")
    quantities: ClassVar[tuple[Quantities, ...]] = (PURCHASES,)
    acts_on: ClassVar[Mapping[str, tuple[str, float]]] = {"purchase": ("alpha", -1.0)}
    intercepts: ClassVar[Mapping[str, tuple[tuple[str, float], ...]]] = {
        "purchase": (("yearly_purchases", 1.0), ("alpha", -1.0)),
    }

    def derive(self, quantities: Draws, unit: float) -> Draws:
        """All variables from the quantities with a prior: `r, alpha` where they are not given directly."""
        return purchase_rate(quantities, unit)

    def total(self, observed: Observed, law: Parameters) -> Array:
        """Log-likelihood of all histories, for each of many parameter sets."""
        return kernel.total_log_likelihood(**observed.fields, count=observed.count, r=law["r"], alpha=law["alpha"])

    def pointwise(self, observed: Observed, law: Parameters) -> tuple[Array, Draws]:
        """Log-likelihood of one customer of each history, and its derivatives by parameter."""
        found = kernel.log_likelihood_gradient(**observed.fields, **law)
        return found.value, {name: getattr(found, name) for name in self.parameters}

    def log_likelihood(self, fields: Mapping[str, Array], law: Parameters) -> Array:
        """Log-likelihood of ONE customer of each history under each draw, of shape (sample, pattern)."""
        return kernel.log_likelihood(**fields, **self.own(law))

    def p_alive(self, history: History, law: Parameters, *, horizon: float = 0.0) -> Array:
        """One: nobody leaves."""
        del horizon  # nor later
        return np.ones(np.broadcast_shapes(history.T.shape, law["r"].shape))

    def expected_purchases(
        self,
        history: History,
        law: Parameters,
        *,
        horizon: float | Array,
        discount_rate: float = 0.0,
        alive: Array | None = None,
    ) -> Array:
        """`(r+x)/(α+T)` times the horizon, discounted."""
        return np.asarray(
            self.purchase_rate(history, law)
            * self.expected_time(history, law, horizon=horizon, discount_rate=discount_rate, alive=alive)
        )

    def expected_time(
        self,
        history: History,
        law: Parameters,
        *,
        horizon: float | Array,
        discount_rate: float = 0.0,
        alive: Array | None = None,
    ) -> Array:
        """The whole horizon, discounted, since nobody leaves."""
        alive = self.p_alive(history, law) if alive is None else alive
        ahead = np.asarray(horizon, dtype=np.float64)
        return np.asarray(alive * (-np.expm1(-discount_rate * ahead) / discount_rate if discount_rate > 0 else ahead))

    def purchase_rate(self, history: History, law: Parameters) -> Array:
        """`(r+x)/(α+T)`."""
        return np.asarray((law["r"] + history.frequency) / (law["alpha"] + history.T))

    def life_to_date(self, history: History, law: Parameters) -> Life:
        """Alive all the time."""
        alive = self.p_alive(history, law)
        return Life(alive, alive * history.T, alive * self.purchase_rate(history, law))

    def endless(self, law: Parameters) -> NDArray[np.bool_]:
        """In all draws: nobody leaves."""
        return np.ones(law["r"].shape, dtype=np.bool_)

    def log_purchase_probability(
        self, history: History, law: Parameters, *, horizon: float, number: int | Array, alive: Array | None = None
    ) -> Array:
        """Log probability of exactly so many purchases within a time after the end of observation."""
        del alive  # everybody is
        return kernel.log_purchase_probability(*history, horizon=horizon, number=number, **self.own(law))

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
        """Purchases to come: `λ ~ Gamma(r+x, α+T)`, a Poisson process."""
        from kundenwert.kernels.nbd_futures import draw_futures  # noqa: PLC0415  loads the compiler

        del alive  # everybody is
        x, T = history.frequency[:, 0], history.T[:, 0]
        return draw_futures(x, T, r=law["r"], alpha=law["alpha"], reach=reach, keys=keys, clock=clock)

    def draw_lives(self, history: History, law: Parameters, *, rng: np.random.Generator) -> tuple[Array, Array]:
        """`λ ~ Gamma(r+x, α+T)`, and lives without end."""
        shape, scale = law["r"] + history.frequency, law["alpha"] + history.T
        rate = rng.standard_gamma(shape) / scale
        return rate, np.full(rate.shape, np.inf)

    def simulate(self, T: Array, law: Parameters, *, rng: np.random.Generator) -> tuple[Array, Array]:
        """Frequency and recency of new customers observed for T."""
        return kernel.simulate(T, **self.own(law), rng=rng)
