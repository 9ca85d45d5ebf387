"""Simulate a population: the log that a business would see, and the truth behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from kundenwert.data.customers import DAYS_PER_UNIT
from kundenwert.errors import DomainError
from kundenwert.files.publish import staged
from kundenwert.files.tables import write_csv, write_json
from kundenwert.simulate.document import to_dict
from kundenwert.simulate.population import Group, Population
from kundenwert.simulate.process import (
    Array,
    Ints,
    Law,
    Season,
    State,
    draw_amounts,
    draw_purchases,
    draw_refunds,
    draw_state,
    season_of,
)
from kundenwert.simulate.truth import Events, Outlook, truth_table

YEAR: Mapping[str, float] = {unit: 365.25 / days for unit, days in DAYS_PER_UNIT.items()}
"""Length of a year in each unit of time: the horizon that is looked at if none is given."""


@dataclass(frozen=True)
class Simulated:
    """A simulated log with the truth behind it.

    Parameters
    ----------
    transactions : pandas.DataFrame
        One row per order or refund, sorted by day and customer: `customer_id, date, amount`, `category` where the
        population has any, `cohort` and the attributes. Refunds are negative. Ends with hold-out or observation.
    customers : pandas.DataFrame
        One row per customer: `customer_id, cohort, first_purchase`, attributes, `cac`.
    costs : pandas.DataFrame
        `cohort, cac`, as `read_costs` reads it; `cohort` holds the levels of the population's `cost_by`.
    truth : pandas.DataFrame
        One row per customer; see `truth_table`.
    population : Population
        What was simulated.
    seed : int
        Seed.
    outlook : Outlook
        Horizons, discount rate and margin of the truth.
    """

    transactions: pd.DataFrame
    customers: pd.DataFrame
    costs: pd.DataFrame
    truth: pd.DataFrame
    population: Population
    seed: int
    outlook: Outlook

    def write(self, folder: str | Path, *, german: bool = False) -> list[Path]:
        """Write transactions.csv, customers.csv, costs.csv, truth.csv and population.json, all of them or none.

        The truth is written with nine significant digits, which another processor reproduces too.

        Parameters
        ----------
        folder
            Where to; made if missing.
        german
            Semicolons, decimal commas and dd.mm.yyyy.

        Returns
        -------
        list of Path
            The files.
        """
        tables = {name: getattr(self, name) for name in ("transactions", "customers", "costs", "truth")}
        tables["truth"] = tables["truth"].apply(_nine_digits)
        look = self.outlook
        settings = {"seed": self.seed, "horizons": list(look.horizons), "relationship": list(look.relationship)}
        settings |= {"discount_rate": look.discount_rate, "margin": look.margin}
        content = {"population": to_dict(self.population), **settings}
        with staged(folder, "simulate") as staging:
            files = [write_csv(table, staging / f"{name}.csv", german=german) for name, table in tables.items()]
            files.append(write_json(content, staging / "population.json"))
        return [Path(folder) / file.name for file in files]


def _nine_digits(column: pd.Series) -> pd.Series:
    if not pd.api.types.is_float_dtype(column):
        return column
    with np.errstate(divide="ignore"):
        size = np.floor(np.log10(np.abs(column.to_numpy())))
    places = np.where(np.isfinite(size), 8 - size, 0.0)
    return pd.Series(np.round(column.to_numpy() * 10.0**places) / 10.0**places, index=column.index)


def simulate_population(
    population: Population,
    *,
    seed: int = 1,
    horizons: Sequence[float] | None = None,
    relationship: Sequence[float] | None = None,
    discount_rate: float = 0.10,
    margin: float = 1.0,
) -> Simulated:
    """Simulate a population; the same seed gives the same tables.

    Parameters
    ----------
    population
        What to simulate.
    seed
        Seed, ≥ 0.
    horizons
        Lengths of the future after the end of observation, in units of time, > 0 and finite; a year of 365.25 days
        if not given, which is 52.1786 weeks.
    relationship
        Lengths of the relationship from the first purchase; three and ten years if not given.
    discount_rate
        Annual rate d ≥ 0; the continuous rate is log(1 + d) a year.
    margin
        Contribution margin, a share of the value, > 0.

    Returns
    -------
    Simulated

    Raises
    ------
    DomainError
        If a setting has no meaning, or the population would make more purchases than can be held.

    Examples
    --------
    >>> from kundenwert.simulate.named import cdnow_like
    >>> made = simulate_population(cdnow_like(), seed=1)
    >>> len(made.truth), made.truth["purchase_rate"].mean().round(2), round(0.553 / 10.578, 2)
    (2357, np.float64(0.05), 0.05)
    """
    year = YEAR[population.time_unit]
    outlook = Outlook(
        tuple(horizons) if horizons is not None else (year,),
        tuple(relationship) if relationship is not None else (3 * year, 10 * year),
        discount_rate,
        margin,
        DAYS_PER_UNIT[population.time_unit],
    )
    if seed < 0 or seed != int(seed):
        raise DomainError(f"seed={seed} must be a whole number of at least 0")
    rng = np.random.default_rng(seed)
    customers, law = _customers(population, rng)
    state = draw_state(law, population.breaches, rng)
    season, events = _events(population, outlook, customers, law, state, rng)
    truth = truth_table(population, outlook, customers, law, state, season, events)
    columns = ["customer_id", "cohort", "first_purchase", *population.attributes, *population.numbers, "cac"]
    transactions = _transactions(population, customers, events, rng)
    return Simulated(transactions, customers[columns], _costs(population), truth, population, int(seed), outlook)


def _customers(population: Population, rng: np.random.Generator) -> tuple[pd.DataFrame, Law]:
    """Draw who the customers are, numbered by the day of their first purchase, and what their law is."""
    sizes = [group.customers for group in population.groups]
    days = np.concatenate(
        [
            rng.integers(0, (group.end - group.start).days + 1, size) + group.start.toordinal()
            for group, size in zip(population.groups, sizes, strict=True)
        ]
    )
    code = np.repeat(np.arange(len(sizes)), sizes)
    columns = {"cohort": np.array([group.name for group in population.groups], dtype=object)[code]}
    for name in population.attributes:
        columns[name] = np.concatenate([_levels(group, name, rng) for group in population.groups])
    for name in population.numbers:
        columns[name] = np.concatenate([_values(group, name, rng) for group in population.groups])
    order = np.argsort(days, kind="stable")
    table: pd.DataFrame = pd.DataFrame(columns).iloc[order].reset_index(drop=True)
    code = code[order]
    day = days[order] - population.observation_end.toordinal()
    first = pd.Timestamp(population.observation_end) + pd.to_timedelta(day, unit="D")
    table.insert(0, "customer_id", [f"C{i:0{len(str(len(table)))}d}" for i in range(1, len(table) + 1)])
    table.insert(2, "first_purchase", first.astype("datetime64[s]"))
    table["start"] = day / DAYS_PER_UNIT[population.time_unit]
    if population.cost_by == "cohort":
        table["cac"] = np.array([group.cac for group in population.groups])[code]
    else:
        table["cac"] = table[population.cost_by].map(dict(population.costs)).astype(float)
    return table, _law(population, table, code)


def _levels(group: Group, name: str, rng: np.random.Generator) -> np.ndarray:
    shares = group.shares(name)
    return np.array(list(shares), dtype=object)[rng.choice(len(shares), group.customers, p=list(shares.values()))]


def _values(group: Group, name: str, rng: np.random.Generator) -> Array:
    number = group.numbers[name]
    values = number.median * np.exp(number.spread * rng.standard_normal(group.customers))
    return np.maximum(np.rint(values), 1.0) if number.whole else values


def _law(population: Population, table: pd.DataFrame, code: Ints) -> Law:
    base = {
        name: np.array([getattr(group, name) for group in population.groups], dtype=float)[code]
        for name in ("r", "alpha", "s", "beta", "p", "q", "v")
    }
    design = {term: _term(term, table) for term in population.effects.terms()}
    for name, effects, sign in (
        ("alpha", population.effects.purchase, -1),
        ("beta", population.effects.dropout, -1),
        ("v", population.effects.spend, 1),
    ):
        linear = sum((value * design[term] for term, value in effects.items()), np.zeros(len(table)))
        base[name] *= np.exp(sign * linear)
    return Law(**base)


def _term(term: str, table: pd.DataFrame) -> Array:
    """Return the column of X that a term stands for."""
    if "=" in term:
        name, level = term.split("=", 1)
        return np.asarray(table[name] == level, dtype=np.float64)
    if term.startswith("log("):
        return np.log(table[term[4:-1]].to_numpy(dtype=float))
    return table[term].to_numpy(dtype=float)


def _events(
    population: Population,
    outlook: Outlook,
    customers: pd.DataFrame,
    law: Law,
    state: State,
    rng: np.random.Generator,
) -> tuple[Season, Events]:
    """Draw all orders up to the farthest horizon, first purchases included, in order of customer and time."""
    start = customers["start"].to_numpy()
    ahead = max(outlook.horizons, default=0.0)
    if population.holdout_end is not None:
        ahead = max(ahead, (population.holdout_end - population.observation_end).days / outlook.days_per_unit)
    last = np.maximum(ahead, start + max(outlook.relationship, default=0.0))
    breaches = population.breaches
    season = season_of(
        breaches.season,
        end=pd.Timestamp(population.observation_end),
        first=float(start.min()),
        last=float(last.max()),
        days_per_unit=outlook.days_per_unit,
    )
    stop = np.minimum(last, start + state.lifetime)
    who, time = draw_purchases(state.purchase_rate, start, stop, season, breaches.regularity, rng)
    place = np.searchsorted(who, np.arange(start.size))
    who, time = np.insert(who, place, np.arange(start.size)), np.insert(time, place, start)
    amount = draw_amounts(law.p[who], state.mean_spend[who], rng)
    order, refund, later = draw_refunds(amount, breaches, rng)
    returned = np.zeros(amount.size)
    returned[order] = refund
    delay = np.zeros(amount.size, dtype=np.int64)
    delay[order] = later
    return season, Events(who, time, amount, returned, delay)


def _transactions(
    population: Population, customers: pd.DataFrame, events: Events, rng: np.random.Generator
) -> pd.DataFrame:
    """Write down what a business sees until the hold-out ends: orders, then refunds, each on its day."""
    last = population.holdout_end or population.observation_end
    limit = (last - population.observation_end).days
    day = np.ceil(np.round(events.time * DAYS_PER_UNIT[population.time_unit], 6)).astype(np.int64)
    category = _categories(population, customers, events, rng)
    bought = np.flatnonzero(day <= limit)
    back = np.flatnonzero((events.delay > 0) & (day + events.delay <= limit))
    row = np.concatenate([bought, back])
    on = np.concatenate([day[bought], day[back] + events.delay[back]])
    amount = np.concatenate([events.amount[bought], -events.refund[back]])
    order = np.lexsort((events.customer[row], on))
    row, on, amount = row[order], on[order], amount[order]
    columns = ["customer_id", "cohort", *population.attributes, *population.numbers]
    table: pd.DataFrame = customers[columns].iloc[events.customer[row]].reset_index(drop=True)
    days = pd.Timestamp(population.observation_end) + pd.to_timedelta(on, unit="D")
    table.insert(1, "date", days.astype("datetime64[s]"))
    table.insert(2, "amount", amount)
    if category is not None:
        table.insert(3, "category", category[row])
    return table


def _categories(
    population: Population, customers: pd.DataFrame, events: Events, rng: np.random.Generator
) -> np.ndarray | None:
    if not population.categories:
        return None
    name = np.empty(events.amount.size, dtype=object)
    free = np.ones(events.amount.size, dtype=bool)
    for category in population.categories:
        fits = free & (events.amount >= category.at_least) & (events.amount < category.below)
        for attribute, levels in category.only.items():
            fits &= customers[attribute].isin(list(levels)).to_numpy()[events.customer]
        fits &= rng.random(fits.size) < category.share
        name[fits], free[fits] = category.name, False
    return name


def _costs(population: Population) -> pd.DataFrame:
    costs = (
        {group.name: group.cac for group in population.groups} if population.cost_by == "cohort" else population.costs
    )
    return pd.DataFrame({"cohort": list(costs), "cac": [float(cost) for cost in costs.values()]})
