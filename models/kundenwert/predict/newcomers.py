"""What customers not yet seen will do, from the first purchase on: the same laws, and an empty history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kundenwert.errors import DomainError, SchemaError, check_seed
from kundenwert.kernels.arithmetic import product
from kundenwert.kernels.futures import Futures, running_sums, span_sums
from kundenwert.kernels.pay_back import Earning, pay_back
from kundenwert.laws import NEWCOMER, UNSEEN_SPENDING, History, Parameters, PurchaseLaw, Spending, SpendLaw
from kundenwert.predict.blocks import keys_of, scorings

if TYPE_CHECKING:
    from kundenwert.predict.blocks import Purchases, Spend
    from kundenwert.predict.horizon import Horizon

type Array = NDArray[np.float64]

EVERYBODY = "all"
"""Name of the one cohort where cohorts are not told apart."""

KINDS = 400
"""Most kinds of customers of a cohort that are told apart; of more, so many customers stand for all, evenly taken."""


class Kinds(NamedTuple):
    """The kinds of customers of a cohort, each with the same covariates and so with one law.

    Parameters
    ----------
    share
        Of the cohort's customers, of shape (kinds,); adds up to 1.
    rates, prices
        Parameters of the law of purchases and of that of spend, of shape (samples,), or (kinds, samples).
    """

    share: Array
    rates: Parameters
    prices: Parameters


@dataclass(frozen=True)
class Newcomers:
    """New customers of some cohorts, as a posterior has them: every cohort is its own mix of customers.

    Parameters
    ----------
    buying, paying
        Laws of purchases and of spend.
    cohorts
        By cohort its kinds of customers; their draws are paired by number, within and between cohorts.
    units_per_year
        Time units in a year.
    """

    buying: PurchaseLaw
    paying: SpendLaw
    cohorts: Mapping[str, Kinds]
    units_per_year: float

    def __post_init__(self) -> None:
        """Refuse what holds nobody."""
        if not self.cohorts:
            raise SchemaError("there is no cohort of new customers; give at least one")

    @property
    def samples(self) -> int:
        """Number of draws."""
        kinds = next(iter(self.cohorts.values()))
        return int(max(values.shape[-1] for values in (*kinds.rates.values(), *kinds.prices.values())))

    def only(self, cohorts: list[str]) -> Newcomers:
        """Those of some cohorts."""
        return Newcomers(self.buying, self.paying, {name: self.cohorts[name] for name in cohorts}, self.units_per_year)

    def expected_purchases(self, cohort: str, *, horizon: ArrayLike, discount_rate: float = 0.0) -> Array:
        """Expected repeat purchases of a new customer within a time, in each draw: the mean over the cohort's kinds.

        Parameters
        ----------
        cohort
            Its name.
        horizon
            Time since the first purchase, in time units, ≥ 0; may be infinite, or one for each draw.
        discount_rate
            Continuous rate per time unit, ≥ 0.

        Returns
        -------
        ndarray
            Of shape (samples,), ≥ 0.
        """
        share, rates, _ = self.cohorts[cohort]
        return self._averaged(
            share,
            self.buying.expected_purchases(_none(share), rates, horizon=_row(horizon), discount_rate=discount_rate),
        )

    def expected_time(self, cohort: str, *, horizon: ArrayLike, discount_rate: float = 0.0) -> Array:
        """Expected time as a customer of a new one within a time, in each draw: the mean over the cohort's kinds.

        Parameters
        ----------
        cohort, horizon, discount_rate
            As in `expected_purchases`.

        Returns
        -------
        ndarray
            Time units, of shape (samples,), ≥ 0.
        """
        share, rates, _ = self.cohorts[cohort]
        time = self.buying.expected_time(_none(share), rates, horizon=_row(horizon), discount_rate=discount_rate)
        return self._averaged(share, np.broadcast_to(time, np.broadcast_shapes(time.shape, (1, self.samples))))

    def expected_value(self, cohort: str, *, horizon: ArrayLike, discount_rate: float = 0.0) -> Array:
        """Expected value of the first purchase and of those within a time after it, in each draw.

        `Σ_kinds share · E[spend] · (m + E[discounted purchases])`, with m the level of first purchases: 1, unless the
        law of spend knows better.

        Parameters
        ----------
        cohort, horizon, discount_rate
            As in `expected_purchases`.

        Returns
        -------
        ndarray
            Money before margin, of shape (samples,); infinite in draws in which the law of spend has no mean.
        """
        share, rates, prices = self.cohorts[cohort]
        spend = self.expected_spend(cohort)
        number = self.paying.first_level(prices) + self.buying.expected_purchases(
            _none(share), rates, horizon=_row(horizon), discount_rate=discount_rate
        )
        return self._averaged(share, product(number, np.broadcast_to(spend, number.shape)))

    def expected_spend(self, cohort: str) -> Array:
        """Expected value of a purchase of each kind in each draw, of shape (kinds or 1, samples)."""
        return np.atleast_2d(self.paying.expected_spend(UNSEEN_SPENDING, self.cohorts[cohort].prices))

    @staticmethod
    def _averaged(share: Array, values: Array) -> Array:
        return values[0] if len(values) == 1 else np.asarray(share @ values)

    def draw(self, cohort: str, *, horizon: Horizon, seed: int = 1, customers_per_draw: int = 1) -> NewcomerDraws:
        """Draw what single new customers of a cohort really do; each is of one kind, as often as the kind occurs.

        Parameters
        ----------
        cohort
            Its name, which with the seed keys the random numbers.
        horizon
            How far to look after the first purchase, and how to discount.
        seed
            At least 0.
        customers_per_draw
            At least 1.

        Returns
        -------
        NewcomerDraws
            Arrays of shape (customers_per_draw, samples).
        """
        check_seed(seed)
        if customers_per_draw < 1:
            raise DomainError(f"customers_per_draw={customers_per_draw}: there is at least one customer")
        share, rates, prices = self.cohorts[cohort]
        names = pd.Series([f"a new customer of {cohort}, number {k}" for k in range(customers_per_draw)])
        keys = keys_of(names, seed=seed)
        shape = (customers_per_draw, self.samples)
        kind = np.random.default_rng([seed, int(keys[0] >> np.uint64(1))]).choice(len(share), shape, p=share)
        own_rates, own_prices = _of(rates, kind), _of(prices, kind)
        none = _none(np.empty(customers_per_draw))
        alive = np.broadcast_to(self.buying.p_alive(none, own_rates), shape)  # some laws let newcomers leave at once
        futures = self.buying.draw_futures(
            none, own_rates, alive=np.ascontiguousarray(alive), reach=horizon.reach, keys=keys
        )
        unseen = _unseen(customers_per_draw)
        value, mean, first = self.paying.draw_values(unseen, own_prices, futures, keys=keys, first=True)
        lengths, discounts = (np.array(column) for column in zip(*horizon.spans, strict=True))
        counts, money = span_sums(futures, value, mean, lengths, discounts, *shape)
        return NewcomerDraws(1 + counts[0], first.reshape(shape) + money[0], futures, value, mean, first, horizon)

    def observe(self, cohort: str, *, customers: int, length: float, rng: np.random.Generator) -> tuple[Array, Array]:
        """Simulate what would be seen of new customers watched for a time.

        Parameters
        ----------
        cohort
            Its name.
        customers
            How many are watched, for each draw.
        length
            How long, from the first purchase, in time units.
        rng
            Source of randomness.

        Returns
        -------
        tuple
            Repeat purchases, and mean value of all purchases, of shape (samples, customers).
        """
        share, rates, prices = self.cohorts[cohort]
        shape = (self.samples, customers)
        kind = rng.choice(len(share), shape, p=share)
        repeats, _ = self.buying.simulate(np.full(shape, length), _of(rates, kind.T, turned=True), rng=rng)
        seen = UNSEEN_SPENDING._replace(frequency=repeats)
        return repeats, self.paying.simulate(seen, _of(prices, kind.T, turned=True), rng=rng, first=True)


@dataclass(frozen=True)
class NewcomerDraws:
    """What single new customers do, from the first purchase on, each array of shape (customers, samples).

    `purchases` counts the first one; `value` holds its money, and that of the repeat purchases, discounted from the
    first, before margin.
    """

    purchases: Array
    value: Array
    futures: Futures
    event_value: Array
    mean_value: Array
    first_value: Array
    horizon: Horizon

    def running(self) -> tuple[Array, Array]:
        """Purchases, the first one included, and time as a customer within the horizon, discounted."""
        bought, time = running_sums(self.futures, *self.horizon.spans[0], *self.value.shape)
        return 1 + bought, time

    def paid_back(self, earning: Earning) -> Array:
        """Time since the first purchase from which on discounted margin covers all costs, infinite where it never does.

        Parameters
        ----------
        earning
            Margin and costs; that of service per time unit.
        """
        length, rate = self.horizon.spans[0]
        found = pay_back(self.futures, self.event_value, self.first_value, self.mean_value, earning, rate, length)
        return found.reshape(self.value.shape)


def newcomers(
    purchases: Purchases,
    spend: Spend,
    table: pd.DataFrame | None = None,
    *,
    units_per_year: float,
    samples: int | None = None,
    by: str = "cohort",
) -> Newcomers:
    """Describe the new customers of each cohort, as two posteriors expect them.

    Parameters
    ----------
    purchases, spend
        Fits of a law of purchases and of one of spend; their draws are paired by number.
    table
        Customers such as the new ones will be: a summary's table, or rows with given covariates. A new customer of a
        cohort is like one of its own customers, chosen at random. Not needed where no model looks at anything but
        histories.
    units_per_year
        Time units in a year.
    samples
        Draws; as many as the smaller posterior has if not given.
    by
        Column whose values are the cohorts.

    Returns
    -------
    Newcomers
        Of each cohort where a model tells customers apart; else of one cohort, "all".

    Examples
    --------
    A new customer with given covariates is a row of a table that has no history; here those with another machine buy
    twice as often:

    >>> from dataclasses import replace
    >>> from kundenwert.bayes import known
    >>> from kundenwert.data.design import Design
    >>> from kundenwert.laws import NBD, GammaGamma
    >>> twice, design = {"purchase_coefficient": np.log([[2.0]])}, Design({}, {"machines": (1.0, 1.0)}, {})
    >>> buy = replace(known(NBD(covariates=("machines",)), r=0.5, alpha=10.0), effects=twice, design=design)
    >>> given = pd.DataFrame({"cohort": ["one machine", "two machines"], "machines": [1.0, 2.0]})
    >>> new = newcomers(buy, known(GammaGamma(), p=6.0, q=4.0, v=15.0), given, units_per_year=52.0)
    >>> [new.expected_purchases(name, horizon=52.0).round(2).item() for name in given["cohort"]]
    [2.6, 5.2]
    """
    buying, paying = scorings(purchases, spend, samples=samples)
    if table is None or (buying.design is None and paying.design is None):
        whole = Kinds(np.ones(1), buying.population, paying.population)
        return Newcomers(buying.law, paying.law, {EVERYBODY: whole}, units_per_year)
    plain = table.reset_index(drop=True)
    kind = buying.kinds(plain) * (paying.kinds(plain).max() + 1) + paying.kinds(plain)
    rates, prices = buying.laws(plain), paying.laws(plain)
    found = {}
    for label, rows in plain.groupby(by, sort=True).indices.items():
        share, some = _kinds(np.asarray(rows), kind[rows])
        found[str(label)] = Kinds(share, rates(some), prices(some))
    return Newcomers(buying.law, paying.law, found, units_per_year)


def _kinds(rows: NDArray[np.int64], kind: NDArray[np.int64]) -> tuple[Array, NDArray[np.int64]]:
    """Share of each kind among a cohort's customers, and a customer of it."""
    _, first, count = np.unique(kind, return_index=True, return_counts=True)
    if first.size > KINDS:
        order = rows[np.argsort(kind, kind="stable")]
        some = order[((np.arange(KINDS) + 0.5) / KINDS * len(order)).astype(np.int64)]
        return np.full(KINDS, 1 / KINDS), some
    return count / count.sum(), rows[first]


def _none(share: Array) -> History:
    """Empty histories of so many kinds of customers."""
    return NEWCOMER if len(share) == 1 else History(*(np.zeros((len(share), 1)) for _ in range(3)))


def _unseen(customers: int) -> Spending:
    """What is known of the spending of so many new customers."""
    return Spending(*(np.repeat(values, customers, axis=0) for values in UNSEEN_SPENDING))


def _row(horizon: ArrayLike) -> float | Array:
    """A horizon, or one for each draw as a row."""
    given = np.asarray(horizon, dtype=np.float64)
    return float(given) if given.ndim == 0 else given[None]


def _of(law: Parameters, kind: NDArray[np.int64], *, turned: bool = False) -> dict[str, Array]:
    """Parameters of customers of given kinds, of shape (customers, samples), or turned."""
    draws = np.arange(kind.shape[1])
    found = {
        name: np.broadcast_to(values, kind.shape) if values.ndim == 1 else values[kind, draws]
        for name, values in law.items()
    }
    return {name: values.T for name, values in found.items()} if turned else found
