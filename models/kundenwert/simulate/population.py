"""What a population is: groups of customers with their laws, effects of attributes, and what breaks the models."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from kundenwert.data.customers import days_per_unit
from kundenwert.errors import DomainError, SchemaError
from kundenwert.messages import several

RESERVED = ("customer_id", "date", "amount", "category", "first_purchase", "cac", "cohort")
"""Columns of the tables, which no attribute may be called."""

MONTHS = 12


@dataclass(frozen=True)
class Number:
    """A numeric attribute: lognormal, `median · exp(spread · z)` with z standard normal.

    Parameters
    ----------
    median
        Median, > 0.
    spread
        Standard deviation of the logarithm, ≥ 0.
    whole
        Round to whole numbers, at least 1.
    """

    median: float
    spread: float = 0.0
    whole: bool = False


@dataclass(frozen=True)
class Category:
    """A name for orders; given after the amounts are drawn, so that it changes nothing in the process.

    Parameters
    ----------
    name
        Name of the category.
    at_least, below
        Bounds of the order's amount.
    share
        Probability that an order within the bounds gets this name, in (0, 1]; the others ask the next category.
    only
        Levels that the customer must have, by attribute; any customer if empty.
    """

    name: str
    at_least: float = 0.0
    below: float = math.inf
    share: float = 1.0
    only: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    r"""Customers of one law: an acquisition cohort or a segment.

    `λ ~ Gamma(r, rate α)`, `μ ~ Gamma(s, rate β)`; the value of an order is Gamma(p, rate ν), `ν ~ Gamma(q, rate v)`.

    Parameters
    ----------
    name
        Name; stands in the column `cohort`.
    customers
        Number of customers, ≥ 1.
    start, end
        First and last day of acquisition, inclusive; the day of the first purchase is uniform between them.
    r, alpha, s, beta
        Law of purchase and drop-out rate, > 0; alpha and beta in units of time.
    p, q, v
        Law of spend, p and v > 0, q > 1 so that the mean exists; v in money.
    cac
        Cost of acquiring one customer, ≥ 0, in money.
    attributes
        Level of each attribute, or shares of its levels by level (drawn for each customer).
    numbers
        Numeric attributes.
    """

    name: str
    customers: int
    start: dt.date
    end: dt.date
    r: float
    alpha: float
    s: float
    beta: float
    p: float
    q: float
    v: float
    cac: float = 0.0
    attributes: Mapping[str, str | Mapping[str, float]] = field(default_factory=dict)
    numbers: Mapping[str, Number] = field(default_factory=dict)

    def shares(self, attribute: str) -> dict[str, float]:
        """Probability of each level of an attribute.

        Examples
        --------
        >>> day = dt.date(2024, 1, 1)
        >>> law = {"r": 1, "alpha": 1, "s": 1, "beta": 1, "p": 1, "q": 2, "v": 1}
        >>> Group("a", 5, day, day, **law, attributes={"channel": {"web": 3, "fair": 1}}).shares("channel")
        {'web': 0.75, 'fair': 0.25}
        """
        levels = self.attributes[attribute]
        if isinstance(levels, str):
            return {levels: 1.0}
        total = sum(levels.values())
        return {level: share / total for level, share in levels.items()}


@dataclass(frozen=True)
class Effects:
    r"""Multiplicative effects of attributes on a customer's law.

    `α_i = α₀ exp(-(Xγ)_i)`, `β_i = β₀ exp(-(Xδ)_i)`, `v_i = v₀ exp((Xκ)_i)`: γ > 0 buys more often, δ > 0 drops out
    sooner, κ > 0 spends more. A term of X is `attribute=level` (also `cohort=name`) for an indicator, the name of a
    numeric attribute for its value, or `log(name)` for its logarithm.

    Parameters
    ----------
    purchase, dropout, spend
        γ, δ and κ by term.
    """

    purchase: Mapping[str, float] = field(default_factory=dict)
    dropout: Mapping[str, float] = field(default_factory=dict)
    spend: Mapping[str, float] = field(default_factory=dict)

    def terms(self) -> list[str]:
        """Terms that have any effect, each once."""
        return list(dict.fromkeys([*self.purchase, *self.dropout, *self.spend]))


@dataclass(frozen=True)
class Breaches:
    r"""What breaks the assumptions of the models; nothing, if not given.

    Parameters
    ----------
    regularity
        k of the Erlang-k law of the time between purchases, 1 (Poisson) to 20; the coefficient of variation is 1/√k.
    spend_correlation
        Correlation ρ of the Gaussian copula of purchase rate and mean spend, in (-1, 1).
    aging
        g ≥ 0 of the Gompertz hazard of drop-out `μ exp(g · age)`, per unit of time; 0 is the exponential lifetime.
    season
        Twelve factors > 0 on the purchase rate, January first; they are divided by their mean.
    refund_share
        Probability that a purchase is refunded.
    refund_partial
        Probability that a refund is of a part, uniform between nothing and all, and not of the whole.
    refund_days
        Mean number of days from the purchase to the refund, ≥ 1.
    """

    regularity: int = 1
    spend_correlation: float = 0.0
    aging: float = 0.0
    season: tuple[float, ...] = ()
    refund_share: float = 0.0
    refund_partial: float = 0.0
    refund_days: float = 14.0

    @property
    def refunded(self) -> float:
        """Share of the value bought that is refunded on average."""
        return self.refund_share * (1 - self.refund_partial / 2)


@dataclass(frozen=True)
class Population:
    """Customers of several groups, looked at up to a day and held out up to another.

    Parameters
    ----------
    name
        Name.
    time_unit
        Unit of all times and rates: "D", "W", "M" or "Y".
    observation_end, holdout_end
        Last days, inclusive; without a hold-out the log ends with the observation.
    groups
        At least one; all with the same attributes.
    effects, breaches
        Effects of attributes; what breaks the models' assumptions.
    cost_by
        Column whose levels have acquisition costs: "cohort" with each group's own `cac`, or an attribute with `costs`.
    costs
        Cost of one customer by level of `cost_by`.
    categories
        Names for orders, the first that fits.

    Raises
    ------
    DomainError
        If a value is outside its domain; the message names the group.
    SchemaError
        If groups, effects or costs do not fit together.

    Examples
    --------
    >>> from kundenwert.simulate.named import cdnow_like
    >>> population = cdnow_like()
    >>> population.customers, population.resized(100).customers
    (2357, 100)
    """

    name: str
    time_unit: str
    observation_end: dt.date
    groups: tuple[Group, ...]
    holdout_end: dt.date | None = None
    effects: Effects = field(default_factory=Effects)
    breaches: Breaches = field(default_factory=Breaches)
    cost_by: str = "cohort"
    costs: Mapping[str, float] = field(default_factory=dict)
    categories: tuple[Category, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a population that cannot be."""
        days_per_unit(self.time_unit)
        _check_groups(self)
        _check_breaches(self.breaches)
        _check_columns(self)
        _check_costs(self)
        _check_categories(self)

    @property
    def customers(self) -> int:
        """Number of customers of all groups."""
        return sum(group.customers for group in self.groups)

    @property
    def attributes(self) -> tuple[str, ...]:
        """Names of the attributes with levels."""
        return tuple(self.groups[0].attributes)

    @property
    def numbers(self) -> tuple[str, ...]:
        """Names of the numeric attributes."""
        return tuple(self.groups[0].numbers)

    def resized(self, customers: int) -> Population:
        """Return the same population with another number of customers, in the groups' old proportions.

        Raises
        ------
        DomainError
            If there are fewer customers than groups.
        """
        if customers < len(self.groups):
            msg = f"{several(customers, 'customer')} cannot fill {several(len(self.groups), 'group')}: ask for more"
            raise DomainError(msg)
        total, given, groups = self.customers, 0, []
        for i, group in enumerate(self.groups):
            left = len(self.groups) - i - 1
            upto = round(customers * sum(one.customers for one in self.groups[: i + 1]) / total)
            size = min(max(1, upto - given), customers - given - left)
            given += size
            groups.append(replace(group, customers=size))
        return replace(self, groups=tuple(groups))


def _refuse(where: str, value: object, rule: str) -> None:
    raise DomainError(f"{where} is {value!r}; it must be {rule}")


def _need(ok: bool, where: str, value: object, rule: str) -> None:
    if not ok:
        _refuse(where, value, rule)


def _check_groups(population: Population) -> None:
    if not population.groups:
        raise SchemaError("the population has no groups; give at least one")
    names = [group.name for group in population.groups]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        msg = f"{several(len(twice), 'group')} stand more than once, first {twice[0]!r}; give each its own name"
        raise SchemaError(msg)
    if population.holdout_end is not None and population.holdout_end <= population.observation_end:
        msg = f"holdout_end {population.holdout_end} must lie after observation_end {population.observation_end}"
        raise DomainError(msg)
    for group in population.groups:
        where = f"group {group.name!r}:"
        _need(group.customers >= 1, f"{where} customers", group.customers, "1 or more")
        for name in ("r", "alpha", "s", "beta", "p", "v"):
            value = getattr(group, name)
            _need(0 < value < math.inf, f"{where} {name}", value, "a number above 0")
        _need(1 < group.q < math.inf, f"{where} q", group.q, "above 1, or the mean spend is infinite")
        _need(0 <= group.cac < math.inf, f"{where} cac", group.cac, "an amount of at least 0")
        if not group.start <= group.end <= population.observation_end:
            raise DomainError(
                f"{where} acquisition from {group.start} to {group.end} must run forwards and end by the end of "
                f"observation, {population.observation_end}"
            )
        for name, number in group.numbers.items():
            _need(0 < number.median < math.inf, f"{where} median of {name}", number.median, "a number above 0")
            _need(0 <= number.spread < math.inf, f"{where} spread of {name}", number.spread, "a number of at least 0")
        for name, levels in group.attributes.items():
            shares = [1.0] if isinstance(levels, str) else list(levels.values())
            fine = all(0 <= share < math.inf for share in shares) and sum(shares) > 0
            _need(fine, f"{where} shares of {name}", shares, "numbers of at least 0, not all 0")


def _check_breaches(breaches: Breaches) -> None:
    whole = breaches.regularity == int(breaches.regularity)
    _need(whole and 1 <= breaches.regularity <= 20, "regularity", breaches.regularity, "a whole number from 1 to 20")
    rho = breaches.spend_correlation
    _need(-1 < rho < 1, "spend_correlation", rho, "between -1 and 1")
    _need(0 <= breaches.aging < math.inf, "aging", breaches.aging, "a number of at least 0")
    season = breaches.season
    fine = len(season) == MONTHS and all(0 < factor < math.inf for factor in season)
    _need(not season or fine, "season", season, "twelve factors above 0, one for each month")
    for name in ("refund_share", "refund_partial"):
        value = getattr(breaches, name)
        _need(0 <= value <= 1, name, value, "a share between 0 and 1")
    _need(1 <= breaches.refund_days < math.inf, "refund_days", breaches.refund_days, "1 or more")


def _check_columns(population: Population) -> None:
    first = population.groups[0]
    columns = {*first.attributes, *first.numbers}
    for group in population.groups:
        if {*group.attributes, *group.numbers} != columns or set(group.numbers) != set(first.numbers):
            odd = sorted({*group.attributes, *group.numbers} ^ columns) or sorted(columns)
            msg = f"groups {first.name!r} and {group.name!r} differ in their attributes, first {odd[0]!r}"
            raise SchemaError(msg + "; give every group the same")
    if taken := sorted(columns & set(RESERVED)):
        raise SchemaError(f"an attribute cannot be called {taken[0]!r}, which is a column of its own; rename it")
    if both := sorted(set(first.attributes) & set(first.numbers)):
        raise SchemaError(f"{both[0]!r} is both an attribute with levels and a numeric one; rename one of them")
    known = _levels(population)
    terms = {f"{column}={level}" for column, levels in known.items() for level in levels}
    terms |= {term for name in first.numbers for term in (name, f"log({name})")}
    for kind in ("purchase", "dropout", "spend"):
        for term, value in getattr(population.effects, kind).items():
            if term not in terms:
                msg = f"effect on {kind} of {term!r}: no customer has that; known terms: {', '.join(sorted(terms))}"
                raise SchemaError(msg)
            _need(math.isfinite(value), f"effect on {kind} of {term}", value, "a finite number")


def _levels(population: Population) -> dict[str, list[str]]:
    """Levels of `cohort` and of every attribute."""
    known = {"cohort": [group.name for group in population.groups]}
    for name in population.attributes:
        known[name] = list(dict.fromkeys(level for group in population.groups for level in group.shares(name)))
    return known


def _check_costs(population: Population) -> None:
    known = _levels(population)
    if population.cost_by not in known:
        raise SchemaError(f"cost_by={population.cost_by!r} is no column with levels; choose one of {', '.join(known)}")
    if population.cost_by == "cohort":
        if population.costs:
            raise SchemaError("costs are given while cost_by is 'cohort'; name the attribute they belong to in cost_by")
        return
    if any(group.cac for group in population.groups):
        msg = f"groups have a cac of their own while cost_by={population.cost_by!r}; give the one or the other"
        raise SchemaError(msg)
    if missing := [level for level in known[population.cost_by] if level not in population.costs]:
        msg = f"{several(len(missing), 'level')} of {population.cost_by!r} have no cost, first {missing[0]!r}; add it"
        raise SchemaError(msg)
    for level, cost in population.costs.items():
        _need(0 <= cost < math.inf, f"cost of {level}", cost, "an amount of at least 0")


def _check_categories(population: Population) -> None:
    known = _levels(population)
    for category in population.categories:
        where = f"category {category.name!r}:"
        _need(0 < category.share <= 1, f"{where} share", category.share, "above 0 and at most 1")
        _need(category.at_least < category.below, f"{where} at_least", category.at_least, "less than `below`")
        if unknown := [name for name in category.only if name not in known]:
            raise SchemaError(f"{where} no attribute {unknown[0]!r}; choose of {', '.join(known)}")
    if population.categories:
        last = population.categories[-1]
        fits_all = last.at_least <= 0 and math.isinf(last.below) and last.share == 1 and not last.only
        if not fits_all:
            raise SchemaError(f"the last category, {last.name!r}, must fit every order: give it no bounds")
