"""What a law of purchases or of spend is: parameters, likelihood, and the future of a customer.

A law is stateless but for what a user states of it: priors, and the columns whose cohorts and covariates shift its
parameters. Everything behind a posterior asks the law; nothing else knows its parameters by name.

Parameters are mappings from name to draws, of shape (samples,), or (customers, samples) where customers differ. What a
law says of customers comes back with shape (customers, samples).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol, Self, TypedDict

import numpy as np
from numpy.typing import NDArray

from kundenwert.errors import DomainError, SchemaError
from kundenwert.laws.seen import Array, Customers, Draws, History, Life, Observed, Parameters, Spending
from kundenwert.messages import Code

if TYPE_CHECKING:
    import pandas as pd

    from kundenwert.kernels.clock import Clock
    from kundenwert.kernels.futures import Futures, Reach


class PriorLike(Protocol):
    """A prior as a user states it."""

    @property
    def distribution(self) -> str:
        """Name of the distribution."""

    @property
    def parameters(self) -> Mapping[str, float]:
        """Its parameters."""


class Units(TypedDict, total=False):
    """What the priors and parameters of a law are measured in."""

    time_unit: str
    window: float
    typical_value: float


class Stated(NamedTuple):
    """A default prior: the name of a distribution on positive numbers, and its parameters."""

    distribution: str
    parameters: Mapping[str, float]


class Quantities(NamedTuple):
    """Quantities that carry priors, with their defaults, and the parameters that may carry priors instead."""

    priors: Mapping[str, Stated]
    parameters: tuple[str, ...]


@dataclass(frozen=True)
class Law(ABC):
    """What laws of purchases and of spend share.

    Parameters
    ----------
    priors
        Priors that differ from the defaults, by name.
    cohorts
        Columns of the summary whose values are groups of customers, with partially pooled effects.
    covariates
        Columns with an effect for each standard deviation (numbers) or against the most frequent value (others).
    """

    priors: Mapping[str, PriorLike] | None = None
    cohorts: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()

    name: ClassVar[str]
    title: ClassVar[str]
    parameters: ClassVar[tuple[str, ...]]
    quantities: ClassVar[tuple[Quantities, ...]]
    looks_at: ClassVar[tuple[str, ...]]
    """Columns of a customer table that the law learns from."""
    acts_on: ClassVar[Mapping[str, tuple[str, float]]]
    """By process the parameter that effects shift the logarithm of, and with which sign."""
    whole: ClassVar[tuple[str, ...]] = ()
    """Parameters that are whole numbers: variants of the law tell them apart, and nothing is differentiated by them."""
    intercepts: ClassVar[Mapping[str, tuple[tuple[str, float], ...]]]
    """By process the quantity whose logarithm is the intercept of its effects, and its sign beside them; then the
    parameter that may carry a prior instead."""

    def __post_init__(self) -> None:
        """Refuse a text where names of columns belong: its letters would be taken for them."""
        for name in ("cohorts", "covariates"):
            if isinstance(given := getattr(self, name), str):
                msg = f"{name}={given!r} is one text; write {name}=({given!r},)"
                raise SchemaError(msg)

    @property
    def stated(self) -> dict[str, int | None]:
        """What a user states of this kind of law beside priors and columns: plain values for JSON."""
        common = {field.name for field in fields(Law)}
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name not in common}

    def variants(self) -> Mapping[str, Self]:
        """Laws by name of which one is true, all equally probable beforehand; what is learned of them is which.

        They have one set of quantities with priors, and each derives all parameters. Most laws stand for themselves.
        """
        return {self.name: self}

    @abstractmethod
    def unit(self, summary: Customers) -> float:
        """What the priors are measured in."""

    @abstractmethod
    def units(self, summary: Customers) -> Units:
        """What the priors and parameters are measured in: stored with the fit."""

    @abstractmethod
    def observed(self, summary: Customers, group: NDArray[np.int64] | None = None) -> Observed:
        """What the law looks at, each distinct observation of each group of customers once."""

    @abstractmethod
    def derive(self, quantities: Draws, unit: float) -> Draws:
        """From quantities with a prior to all variables, parameters included where they are not given directly."""

    @abstractmethod
    def total(self, observed: Observed, law: Parameters) -> Array:
        """Log-likelihood of all that was observed, for each of many parameter sets."""

    @abstractmethod
    def pointwise(self, observed: Observed, law: Parameters) -> tuple[Array, Draws]:
        """Log-likelihood of one customer of each observation at one parameter set, and its derivatives by parameter."""

    @abstractmethod
    def log_likelihood(self, fields: Mapping[str, Array], law: Parameters) -> Array:
        """Log-likelihood of ONE customer of each observation under each draw, of shape (sample, observation)."""

    def own(self, law: Parameters) -> Draws:
        """The parameters of this law, from a mapping that may hold those of others too."""
        return {name: law[name] for name in self.parameters}


class PurchaseLaw(Law):
    """A law of repeat purchases, and of leaving; likelihoods are densities of their times, so that laws compare.

    The future is asked of a history: what else a law looks at tells its parameters, not what a customer will do.
    """

    looks_at: ClassVar[tuple[str, ...]] = History._fields
    """Columns of a customer table that it learns from, histories first."""
    takes_calendar: ClassVar[bool] = False
    """Whether a factor of the rate may change with time: lives then run by the calendar, not by purchases."""

    def lacks(self, table: pd.DataFrame) -> tuple[str, ...]:
        """The columns that it learns from and that a customer table does not have."""
        return tuple(name for name in self.looks_at if name not in table)

    def unit(self, summary: Customers) -> float:
        """What the priors are measured in: a year, in time units."""
        return summary.units_per_year

    def units(self, summary: Customers) -> Units:
        """What the priors and parameters are measured in: stored with the fit."""
        return {"time_unit": summary.time_unit, "window": summary.window}

    def observed(self, summary: Customers, group: NDArray[np.int64] | None = None) -> Observed:
        """Distinct histories of the summary's customers within each group, with counts.

        Raises
        ------
        SchemaError
            If a column is missing that the law learns from.
        """
        table = summary.table
        for column in self.lacks(table):
            raise SchemaError(Code.COLUMN_FOR_LAW, title=self.title, column=column)
        grouped = np.zeros(len(table)) if group is None else group.astype(np.float64)
        columns = np.column_stack([grouped, *(table[name].to_numpy(np.float64) for name in self.looks_at)])
        found, index, count = np.unique(columns, axis=0, return_inverse=True, return_counts=True)
        seen = {name: found[:, k + 1].copy() for k, name in enumerate(self.looks_at)}
        return Observed(seen, count.astype(np.float64), found[:, 0].astype(np.int64), index.reshape(-1))

    @abstractmethod
    def p_alive(self, history: History, law: Parameters, *, horizon: float = 0.0) -> Array:
        """Probability in [0, 1] that a customer is one still, at the end of observation or a time after it."""

    @abstractmethod
    def expected_purchases(
        self,
        history: History,
        law: Parameters,
        *,
        horizon: float | Array,
        discount_rate: float = 0.0,
        alive: Array | None = None,
    ) -> Array:
        """Expected purchases after the end of observation, each counting `exp(-discount_rate · time after it)`.

        Parameters
        ----------
        history, law
            Of the customers.
        horizon
            How far to look, in time units, ≥ 0; may be infinite. It may differ between customers or draws.
        discount_rate
            Continuous rate per time unit, ≥ 0.
        alive
            Probability of being a customer still, where it is known already.
        """

    @abstractmethod
    def expected_time(
        self,
        history: History,
        law: Parameters,
        *,
        horizon: float | Array,
        discount_rate: float = 0.0,
        alive: Array | None = None,
    ) -> Array:
        """Expected time as a customer after the end of observation; parameters as in `expected_purchases`."""

    @abstractmethod
    def purchase_rate(self, history: History, law: Parameters) -> Array:
        """Expected purchases per time unit of somebody who is a customer still."""

    @abstractmethod
    def life_to_date(self, history: History, law: Parameters) -> Life:
        """What is believed of a customer's life so far."""

    @abstractmethod
    def endless(self, law: Parameters) -> NDArray[np.bool_]:
        """In which draws the expected number of purchases of a lifetime is infinite."""

    @abstractmethod
    def log_purchase_probability(
        self, history: History, law: Parameters, *, horizon: float, number: int | Array, alive: Array | None = None
    ) -> Array:
        """Log probability of exactly so many purchases within a time after the end of observation."""

    def p_purchase(self, history: History, law: Parameters, *, horizon: float, alive: Array | None = None) -> Array:
        """Probability in [0, 1] of at least one purchase within a time after the end of observation."""
        none = self.log_purchase_probability(history, law, horizon=horizon, number=0, alive=alive)
        return np.asarray(-np.expm1(np.minimum(none, 0.0)))  # rounding takes it above 0 where all are surely gone

    @abstractmethod
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
        """Purchases to come of each customer in each draw, exactly; random numbers are the customers' own, by key.

        Parameters
        ----------
        clock
            A calendar factor of the rate, for laws that take one.
        """

    def draw_lives(self, history: History, law: Parameters, *, rng: np.random.Generator) -> tuple[Array, Array]:
        """Rates of purchases and lives since the first purchase, drawn given the histories: no draw looks beyond T.

        Returns
        -------
        tuple
            Rates ≥ 0 per unit of time, and lives ≥ recency; whoever is a customer still has at least T.
        """
        raise DomainError(Code.NO_CALENDAR, title=self.title)

    @abstractmethod
    def simulate(self, T: Array, law: Parameters, *, rng: np.random.Generator) -> tuple[Array, Array]:
        """Frequency and recency of new customers observed for T."""


class SpendLaw(Law):
    """A law of the value of purchases."""

    looks_at: ClassVar[tuple[str, ...]]
    """Columns of a customer table that it looks at, the number of repeat purchases and their mean value first."""

    def spending(self, table: pd.DataFrame) -> Spending:
        """What the law knows of the customers of a table.

        Raises
        ------
        SchemaError
            If a column that it looks at is missing.
        """
        if missing := [name for name in self.looks_at if name not in table]:
            raise SchemaError(Code.SPENDING_UNKNOWN, model=self.title, missing=", ".join(missing))
        known = {name: table[name].to_numpy(np.float64)[:, None] for name in self.looks_at}
        return Spending(
            known["frequency"], known["monetary_value"], known.get("first_value", np.full((len(table), 1), np.nan))
        )

    @abstractmethod
    def given(self, spending: Spending, law: Parameters) -> Parameters:
        """Parameters of the law of customers' repeat purchases after their first purchase."""

    def first_level(self, law: Parameters) -> Array:
        """Expected first purchase of a customer over the expected value of a repeat purchase, in each draw."""
        del law  # a first purchase is like any other, if nothing else is said
        return np.ones(1)

    @abstractmethod
    def expected_spend(self, spending: Spending, law: Parameters) -> Array:
        """Expected value of a purchase of a customer, in money; infinite in draws in which the law has no mean."""

    @abstractmethod
    def log_value_density(self, spending: Spending, law: Parameters, *, number: Array, value: Array) -> Array:
        """Log density of the mean value of so many further purchases of customers, given what is known of them.

        Parameters
        ----------
        number
            How many, ≥ 1, of shape (customers, 1).
        value
            Their mean value, > 0, in money, likewise.
        spending, law
            Of the customers.
        """

    @abstractmethod
    def no_mean(self, law: Parameters) -> NDArray[np.bool_]:
        """In which draws a new customer's purchases have no mean value."""

    @abstractmethod
    def one_price(self, law: Parameters) -> bool:
        """Whether purchases have nearly one value, whoever makes them."""

    @abstractmethod
    def draw_values(
        self,
        spending: Spending,
        law: Parameters,
        futures: Futures,
        *,
        keys: NDArray[np.uint64],
        first: bool = False,
    ) -> tuple[Array, Array, Array]:
        """Values of drawn purchases, each cell's mean value, and the value of a first purchase where one is asked for.

        Parameters
        ----------
        spending, law
            Of the customers.
        futures
            Purchases drawn by a law of purchases.
        keys
            One for each customer.
        first
            Whether to draw a first purchase for each cell too.
        """

    @abstractmethod
    def simulate(self, spending: Spending, law: Parameters, *, rng: np.random.Generator, first: bool = False) -> Array:
        """Mean value of the repeat purchases of customers, whatever it was; NaN where there is none.

        Parameters
        ----------
        spending
            How many repeat purchases they have, and their first purchase where it is known.
        law
            Of the customers.
        rng
            Source of randomness.
        first
            Whether a first purchase, of customers not known yet, is averaged with them.
        """
