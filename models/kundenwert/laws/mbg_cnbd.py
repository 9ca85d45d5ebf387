"""The MBG/CNBD-k: the MBG/NBD of customers who buy regularly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from kundenwert.errors import DomainError, SchemaError
from kundenwert.kernels import mbg_cnbd as kernel
from kundenwert.kernels.arithmetic import product
from kundenwert.laws.bg_nbd import BGNBD
from kundenwert.laws.law import PurchaseLaw, Quantities
from kundenwert.laws.purchases import once
from kundenwert.laws.seen import Array, Draws, History, Life, Observed, Parameters
from kundenwert.messages import Code

if TYPE_CHECKING:
    from kundenwert.kernels.clock import Clock
    from kundenwert.kernels.futures import Futures, Reach
    from kundenwert.kernels.mbg_cnbd.ahead import Ahead

MOST_REGULAR = 12
"""Largest number of stages that is tried."""

AT_A_TIME = 100_000
"""Customers × samples whose expectations are taken at a time."""


@dataclass(frozen=True)
class MBGCNBD(PurchaseLaw):
    """MBG/CNBD-k model of repeat purchases: as the MBG/NBD, but the gaps between purchases are Erlang-k times.

    The larger k, the more evenly customers buy; k = 1 is the MBG/NBD. Unless it is given, k is learned: every draw of
    the posterior has its own. α is in units of the mean purchase rate, whatever k; see `kernels.mbg_cnbd`.

    Parameters
    ----------
    priors, cohorts, covariates
        As in `BGNBD`.
    k
        Stages of a gap, from 1 to 12; learned from 1 to 12, equally probable beforehand, if not given.

    Raises
    ------
    DomainError
        If k is no whole number from 1 to 12.

    References
    ----------
    Platzer & Reutterer (2016), "Ticking Away the Moments: Timing Regularity Helps to Better Predict Customer Activity".

    Examples
    --------
    >>> MBGCNBD(k=3).parameters
    ('r', 'alpha', 'a', 'b', 'k')
    >>> list(MBGCNBD().variants())[:3]
    ['k=1', 'k=2', 'k=3']
    """

    k: int | None = None

    name: ClassVar[str] = "mbg_cnbd"
    title: ClassVar[str] = "MBG/CNBD-k"
    parameters: ClassVar[tuple[str, ...]] = (*BGNBD.parameters, "k")
    whole: ClassVar[tuple[str, ...]] = ("k",)
    quantities: ClassVar[tuple[Quantities, ...]] = BGNBD.quantities
    acts_on: ClassVar[Mapping[str, tuple[str, float]]] = BGNBD.acts_on
    intercepts: ClassVar[Mapping[str, tuple[tuple[str, float], ...]]] = BGNBD.intercepts
    looks_at: ClassVar[tuple[str, ...]] = (*History._fields, "log_gaps")

    def __post_init__(self) -> None:
        """Refuse a number of stages that is none."""
        super().__post_init__()
        if self.k is not None and (type(self.k) is not int or not 1 <= self.k <= MOST_REGULAR):
            raise DomainError(Code.NO_SUCH_REGULARITY, parameter="k", given=self.k, most=MOST_REGULAR)

    def variants(self) -> Mapping[str, MBGCNBD]:
        """The law with each number of stages, of which one is true; itself only where it is given."""
        if self.k is not None:
            return {f"k={self.k}": self}
        own = (self.priors, self.cohorts, self.covariates)
        return {f"k={k}": MBGCNBD(*own, k=k) for k in range(1, MOST_REGULAR + 1)}

    def derive(self, quantities: Draws, unit: float) -> Draws:
        """All variables from the quantities with a prior: `r, alpha, a, b` as in the BG/NBD, and k as it is given.

        Raises
        ------
        SchemaError
            If k is not given.
        """
        if self.k is None:
            raise SchemaError(Code.REGULARITY_NOT_GIVEN, parameter="k", most=MOST_REGULAR)
        variables = BGNBD().derive(quantities, unit)
        return variables | {"k": self.k + 0 * variables["r"]}

    def total(self, observed: Observed, law: Parameters) -> Array:
        """Log-likelihood of all histories, for each of many parameter sets."""
        x, t_x, T, gaps = (observed.fields[name] for name in self.looks_at)

        def of(k: int, own: Draws, columns: NDArray[np.int64]) -> Array:
            del columns
            return kernel.total_log_likelihood(x, t_x, T, gaps, observed.count, k=k, **own)[None]

        return np.asarray(self._columns(law, (1, self._samples(law)), of)[0])

    def pointwise(self, observed: Observed, law: Parameters) -> tuple[Array, Draws]:
        """Log-likelihood of one customer of each history, and its derivatives by parameter; none by k."""
        x, t_x, T, gaps = (observed.fields[name] for name in self.looks_at)
        found = kernel.log_likelihood_gradient(x, t_x, T, gaps, **self.own(law))
        slopes = {name: getattr(found, name) for name in BGNBD.parameters}
        return found.value, slopes | {"k": np.zeros_like(found.value)}

    def log_likelihood(self, fields: Mapping[str, Array], law: Parameters) -> Array:
        """Log-likelihood of ONE customer of each history under each draw, of shape (sample, pattern)."""
        x, t_x, T, gaps = (fields[name] for name in self.looks_at)
        return kernel.log_likelihood(x, t_x, T, gaps, **self.own(law))

    def p_alive(self, history: History, law: Parameters, *, horizon: float = 0.0) -> Array:
        """Probability of being a customer still at the end of observation, or a time after it."""
        if horizon == 0:
            alive = kernel.p_alive(*history, **self.own(law))
            return np.ascontiguousarray(np.broadcast_to(alive, (len(alive), self._samples(law))))
        return self._ahead("alive", history, law, horizon, 0.0, None)

    def expected_purchases(
        self,
        history: History,
        law: Parameters,
        *,
        horizon: float | Array,
        discount_rate: float = 0.0,
        alive: Array | None = None,
    ) -> Array:
        """Mean over the stages gone since the last purchase; see `kernels.mbg_cnbd.ahead`."""
        return self._ahead("purchases", history, law, horizon, discount_rate, alive)

    def expected_time(
        self,
        history: History,
        law: Parameters,
        *,
        horizon: float | Array,
        discount_rate: float = 0.0,
        alive: Array | None = None,
    ) -> Array:
        """Mean over the stages gone since the last purchase; see `kernels.mbg_cnbd.ahead`."""
        return self._ahead("time", history, law, horizon, discount_rate, alive)

    def _ahead(
        self,
        what: str,
        history: History,
        law: Parameters,
        length: float | Array,
        discount_rate: float,
        alive: Array | None,
    ) -> Array:
        """P(alive) times an expectation of somebody alive, which depends on x, T and the stages gone."""
        alive = self.p_alive(history, law) if alive is None else alive
        lengths = np.broadcast_to(np.asarray(length, dtype=np.float64), alive.shape)
        each = np.ndim(length) == 2 and np.shape(length)[0] > 1  # a length for each customer

        def of(k: int, own: Draws, columns: NDArray[np.int64]) -> Array:
            here = lengths[:, columns]

            def compute(rows: NDArray[np.int64], some: Draws) -> Array:
                found = _living(what, k, history.at(rows), some, here[rows], discount_rate)
                return np.moveaxis(found, 0, -1)

            keys = (history.frequency, history.T, *([np.asarray(length)] if each else []))
            living = once(keys, own, compute, AT_A_TIME)
            shares = kernel.stage_probabilities(*history, k=k, r=own["r"], alpha=own["alpha"])
            return np.asarray(sum(product(share, living[..., s]) for s, share in enumerate(shares)))

        return product(alive, self._columns(law, alive.shape, of))

    def _columns(
        self, law: Parameters, shape: tuple[int, ...], of: Callable[[int, Draws, NDArray[np.int64]], Array]
    ) -> Array:
        """What is computed for each k among the samples, put together: shape (customers, samples)."""
        stages = np.broadcast_to(law["k"], (shape[1],)) if law["k"].ndim == 1 else law["k"][0]
        stages = np.broadcast_to(stages, (shape[1],))
        found = np.empty(shape)
        for k in np.unique(stages):
            columns = np.flatnonzero(stages == k)
            own = {
                name: law[name] if law[name].shape[-1] == 1 else law[name][..., columns] for name in BGNBD.parameters
            }
            own["r"] = np.broadcast_to(own["r"], (*own["r"].shape[:-1], columns.size))
            found[:, columns] = of(int(k), own, columns)
        return found

    def _samples(self, law: Parameters) -> int:
        return int(max(law[name].shape[-1] for name in self.parameters))

    def purchase_rate(self, history: History, law: Parameters) -> Array:
        """`(r+kx+E[s])/(α+kT)`, s the stages gone since the last purchase."""
        own = {name: law[name] for name in ("k", "r", "alpha")}
        return kernel.purchase_rate(*history, **own)

    def life_to_date(self, history: History, law: Parameters) -> Life:
        """Who has left did so at the last purchase."""
        alive = self.p_alive(history, law)
        x, t_x, T = history
        gone = (law["r"] + law["k"] * x) / (law["alpha"] + law["k"] * t_x)
        return Life(alive, alive * T + (1 - alive) * t_x, alive * self.purchase_rate(history, law) + (1 - alive) * gone)

    def endless(self, law: Parameters) -> NDArray[np.bool_]:
        """In draws with a ≤ 1 some hardly ever leave."""
        return np.asarray(law["a"] <= 1)

    def log_purchase_probability(
        self,
        history: History,
        law: Parameters,
        *,
        horizon: float,
        number: int | Array,
        alive: Array | None = None,
    ) -> Array:
        """Log probability of exactly so many purchases within a time after the end of observation."""
        del alive  # quick to compute
        numbers = np.broadcast_to(np.asarray(number, dtype=np.float64), history.T.shape)

        def of(k: int, own: Draws, columns: NDArray[np.int64]) -> Array:
            def compute(rows: NDArray[np.int64], some: Draws) -> Array:
                x, t_x, T = history.at(rows)
                r, alpha, a, b = (some[name] for name in BGNBD.parameters)
                return kernel.log_purchase_probability(
                    x, t_x, T, horizon=horizon, number=numbers[rows], k=k, r=r, alpha=alpha, a=a, b=b
                )

            return once((numbers, *history), own, compute)

        return self._columns(law, (len(history.T), self._samples(law)), of)

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
        """Purchases to come: the stages gone, `λ ~ Gamma(r+kx+s, α+kT)`, `p ~ Beta(a, b+x+1)`, Erlang gaps."""
        if clock is not None:
            raise DomainError(Code.NO_CALENDAR, title=self.title)
        from kundenwert.kernels.mbg_cnbd.futures import draw_futures  # noqa: PLC0415  loads the compiler

        x, t_x, T = (values[:, 0] for values in history)
        k, r, alpha, a, b = (law[name] for name in ("k", *BGNBD.parameters))
        return draw_futures(x, t_x, T, alive, k=k, r=r, alpha=alpha, a=a, b=b, reach=reach, keys=keys)

    def simulate(self, T: Array, law: Parameters, *, rng: np.random.Generator) -> tuple[Array, Array]:
        """Frequency and recency of new customers observed for T."""
        return kernel.simulate(T, **self.own(law), rng=rng)


def _living(what: str, k: int, history: History, law: Draws, length: Array, discount_rate: float) -> Array:
    """An expectation of somebody alive, by the stages gone since the last purchase: shape (k, customers, samples)."""
    from kundenwert.kernels.mbg_cnbd.ahead import ahead  # noqa: PLC0415  loads the compiler

    x, _, T = history
    r, alpha, a, b, length = np.broadcast_arrays(*(law[name] for name in BGNBD.parameters), length)
    shape, scale, stays = r + k * x, alpha / k + T, b + x + 1
    every = (np.ravel(np.broadcast_to(values, shape.shape)) for values in (shape, scale, a, stays, length))
    n, c, leaves, stay, h = every
    found: Ahead = ahead(n, c, leaves, stay, k, h, np.full(n.size, discount_rate), timed=what == "time")
    return np.asarray(np.moveaxis(getattr(found, what).reshape(*shape.shape, k), -1, 0))
