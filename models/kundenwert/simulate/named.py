"""Populations with names, and families of populations to be drawn from."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from kundenwert.data.customers import days_per_unit
from kundenwert.errors import DomainError, SchemaError
from kundenwert.simulate.document import Settings, read_population
from kundenwert.simulate.population import Breaches, Category, Effects, Group, Number, Population


def cdnow_like() -> Population:
    """Return customers like those of the CDNOW sample: one group, acquired within twelve weeks, weeks as time unit.

    The parameters are the maximum-likelihood estimates of Fader, Hardie & Lee (2005) for that sample.

    Examples
    --------
    >>> cdnow_like().customers
    2357
    """
    group = Group(
        "cdnow",
        2357,
        dt.date(1997, 1, 1),
        dt.date(1997, 3, 25),
        r=0.553,
        alpha=10.578,
        s=0.606,
        beta=11.669,
        p=6.25,
        q=3.74,
        v=15.44,
        cac=5.0,
    )
    return Population("cdnow-like", "W", dt.date(1997, 9, 30), (group,), holdout_end=dt.date(1998, 6, 30))


_CONTRACTS = ("ohne", "Basis", "Plus", "Premium")
_CHANNELS = {"Messe": 0.30, "Empfehlung": 0.20, "Web": 0.28, "Händler": 0.22}
_REGIONS = {"Nord": 0.18, "Süd": 0.30, "West": 0.24, "Ost": 0.12, "Export": 0.16}
_INDUSTRIES = {"Automobil": 0.27, "Lebensmittel": 0.23, "Verpackung": 0.20, "Metall": 0.18, "Chemie": 0.12}
_YEARS = {  # customers, alpha, beta, v and shares of the contracts by year of acquisition
    2017: (150, 4.6, 62.0, 6900.0, (0.52, 0.26, 0.15, 0.07)),
    2018: (135, 4.3, 58.0, 7200.0, (0.49, 0.27, 0.16, 0.08)),
    2019: (140, 4.0, 55.0, 7600.0, (0.46, 0.27, 0.18, 0.09)),
    2020: (75, 5.2, 42.0, 6600.0, (0.44, 0.27, 0.19, 0.10)),
    2021: (120, 4.1, 50.0, 8000.0, (0.41, 0.28, 0.20, 0.11)),
    2022: (130, 3.8, 52.0, 8500.0, (0.38, 0.28, 0.22, 0.12)),
}


_CATEGORIES = (
    Category("Maschine", at_least=18_000.0),
    Category("Servicevertrag", below=6_000.0, share=0.55, only={"contract": _CONTRACTS[1:]}),
    Category("Umbau", at_least=5_000.0),
    Category("Ersatzteil"),
)

_MECHAFORGE = Effects(
    purchase={
        "contract=Basis": 0.35,
        "contract=Plus": 0.65,
        "contract=Premium": 0.95,
        "channel=Web": -0.15,
        "industry=Lebensmittel": 0.15,
        "log(machines)": 0.30,
    },
    dropout={
        "contract=Basis": -0.30,
        "contract=Plus": -0.60,
        "contract=Premium": -0.95,
        "channel=Web": 0.45,
        "channel=Empfehlung": -0.30,
        "region=Export": 0.20,
    },
    spend={
        "contract=Basis": -0.15,
        "contract=Plus": -0.30,
        "contract=Premium": -0.40,
        "channel=Messe": 0.20,
        "region=Export": 0.30,
        "industry=Automobil": 0.15,
        "log(machines)": 0.25,
    },
)


def mechaforge() -> Population:
    """Return the customers of an invented machine builder: cohorts by year, contracts, channels, regions, industries.

    Months as time unit, money in EUR. Purchases, drop-out and spend follow the models; on purpose broken are a mild
    season and refunds. A service contract makes orders more frequent and smaller, and customers stay longer.

    Examples
    --------
    >>> mechaforge().customers
    750
    """
    return Population(
        "mechaforge",
        "M",
        dt.date(2022, 12, 31),
        tuple(_of_year(year, *law) for year, law in _YEARS.items()),
        holdout_end=dt.date(2024, 12, 31),
        effects=_MECHAFORGE,
        breaches=Breaches(
            season=(0.85, 0.95, 1.10, 1.05, 1.0, 1.05, 0.90, 0.80, 1.10, 1.15, 1.15, 0.90),
            refund_share=0.03,
            refund_partial=0.6,
            refund_days=21.0,
        ),
        cost_by="channel",
        costs={"Messe": 2400.0, "Empfehlung": 450.0, "Web": 700.0, "Händler": 1500.0},
        categories=_CATEGORIES,
    )


def _of_year(year: int, size: int, alpha: float, beta: float, v: float, contracts: tuple[float, ...]) -> Group:
    return Group(
        str(year),
        size,
        dt.date(year, 1, 1),
        dt.date(year, 12, 31),
        r=1.1,
        alpha=alpha,
        s=1.4,
        beta=beta,
        p=0.8,
        q=3.4,
        v=v,
        attributes={
            "channel": dict(_CHANNELS),
            "region": dict(_REGIONS),
            "contract": dict(zip(_CONTRACTS, contracts, strict=True)),
            "industry": dict(_INDUSTRIES),
        },
        numbers={"machines": Number(median=2.5, spread=0.7, whole=True)},
    )


def random_population(
    *,
    rng: np.random.Generator,
    cohorts: int = 12,
    smallest: int = 3,
    largest: int = 400,
    differ: float = 0.4,
    window: int = 78,
    holdout: int = 52,
    breaches: Breaches | None = None,
    name: str = "random",
) -> Population:
    r"""Draw a plausible population whose cohorts differ, for studies of how well models recover the truth.

    The law of all is drawn (mean purchases in the window, heterogeneity, drop-out, spend); cohorts then act as effects,
    normal on the log scale, on purchase rate, drop-out rate and spend. Cohorts are acquired one after the other in the
    first half of the window; their sizes are spread evenly on the log scale and shuffled.

    Parameters
    ----------
    rng
        Source of randomness; not `default_rng(seed)` of the seed that its customers are then simulated with, or both
        are drawn from the same numbers.
    cohorts
        Number of cohorts, ≥ 1.
    smallest, largest
        Smallest and largest cohort, in customers.
    differ
        Standard deviation of γ and δ between cohorts, ≥ 0; that of κ is three quarters of it.
    window, holdout
        Lengths of observation and hold-out, in weeks.
    breaches
        What breaks the models' assumptions; nothing if not given.
    name
        Name of the population.

    Returns
    -------
    Population

    Raises
    ------
    DomainError
        If sizes or lengths make no population.

    Examples
    --------
    >>> drawn = random_population(rng=np.random.default_rng(1))
    >>> sizes = [group.customers for group in drawn.groups]
    >>> len(sizes), min(sizes), max(sizes)
    (12, 3, 400)
    """
    rising = 1 <= smallest <= largest
    if cohorts < 1 or not rising or window < 2 * cohorts or holdout < 1 or differ < 0:
        asked = f"{cohorts=}, {smallest=}, {largest=}, {differ=}, {window=}, {holdout=}"
        raise DomainError(f"{asked} make no population: sizes must rise, and each cohort needs two weeks of the window")
    sizes = rng.permutation(np.rint(np.geomspace(largest, smallest, cohorts)).astype(int))
    r, s = rng.uniform(0.5, 2.0), rng.uniform(0.6, 2.0)
    alpha, beta = r * window / rng.uniform(1.5, 6.0), window * rng.uniform(0.4, 1.5) / (2 ** (1 / s) - 1)
    p, q = rng.uniform(1.5, 6.0), rng.uniform(2.5, 5.0)
    v = (q - 1) / p * 50 * np.exp(0.7 * rng.standard_normal())
    names = [f"cohort {i + 1:02d}" for i in range(cohorts)]
    effects = differ * np.array([[1.0], [1.0], [0.75]]) * rng.standard_normal((3, cohorts))
    first = pd.Timestamp("2020-01-06")
    end, later = (first + pd.Timedelta(weeks=length) for length in (window, window + holdout))
    days = np.linspace(0, window * days_per_unit("W") / 2, cohorts + 1).astype(int)
    law = Group("all", largest, first.date(), end.date(), r=r, alpha=alpha, s=s, beta=beta, p=p, q=q, v=v)
    groups = tuple(
        replace(
            law,
            name=names[i],
            customers=int(sizes[i]),
            start=(first + pd.Timedelta(days=int(days[i]))).date(),
            end=(first + pd.Timedelta(days=int(days[i + 1]) - 1)).date(),
            cac=float(np.round(p * v / (q - 1) * np.exp(0.4 * rng.standard_normal()), 2)),
        )
        for i in range(cohorts)
    )
    by_term = [{f"cohort={one}": float(x) for one, x in zip(names, row, strict=True)} for row in effects]
    return Population(name, "W", end.date(), groups, later.date(), Effects(*by_term), breaches or Breaches())


def random_populations(count: int, *, seed: int = 1, **options: object) -> list[Population]:
    """Draw several populations, each from its own stream, so that more of them do not change the first.

    Parameters
    ----------
    count
        Number of populations.
    seed
        Seed of the family.
    **options
        As in `random_population`.

    Returns
    -------
    list of Population

    Examples
    --------
    >>> few, more = random_populations(2, seed=1), random_populations(3, seed=1)
    >>> few == more[:2]
    True
    """
    streams = np.random.SeedSequence(seed).spawn(count)
    return [
        random_population(rng=np.random.default_rng(stream), name=f"random {i + 1:02d}", **options)  # type: ignore[arg-type]
        for i, stream in enumerate(streams)
    ]


NAMED = {"mechaforge": mechaforge, "cdnow-like": cdnow_like}
"""Populations that can be asked for by name."""

_POPULATION = 1
"""Stream of a seed that draws the population, apart from the one that draws its customers."""


def find_population(name: str, *, seed: int = 1) -> tuple[Population, Settings]:
    """Find a population by name, draw one, or read one from a JSON file.

    Parameters
    ----------
    name
        A key of `NAMED`, "random", or the path of a file of `Population.to_dict` or `Simulated.write`.
    seed
        Seed for "random", from a stream of its own: its customers may be simulated with the same seed.

    Returns
    -------
    population, settings
        The population, and the settings that the file was written with, as keywords of `simulate_population`.

    Raises
    ------
    SchemaError
        If there is no such name or file, or the file holds no population.
    DomainError
        If a value in the file is outside its domain.

    Examples
    --------
    >>> find_population("mechaforge")[0].time_unit
    'M'
    """
    if name in NAMED:
        return NAMED[name](), {}
    if name == "random":
        return random_population(rng=np.random.default_rng([seed, _POPULATION])), {}
    if not Path(name).is_file():
        known = ", ".join((*NAMED, "random"))
        msg = f"there is no population {Path(name).name!r}; choose one of {known}, or give the path of a JSON file"
        raise SchemaError(msg)
    return read_population(Path(name))
