"""Dead stretches: what strays and closures do to values, and how often shops that never shut are taken for shut.

    python benchmarks/stretches.py > benchmarks/results/stretches.md

CDNOW is damaged in four ways: a row twenty months after the rest, five rows dated 1900-01-01, a shop shut for three
months in the middle, and one shut at the origin. Shops that never shut are simulated: customers by
`kundenwert.simulate`, and days with purchases of sparse, seasonal, growing and fading shops, whose level drifts too.
All seeds are fixed.
"""

import datetime as dt
import sys
import warnings

import numpy as np
import pandas as pd

import kundenwert as kw
from kundenwert.data.beginnings import begins_within
from kundenwert.data.stretches import Day, isolated, silences
from kundenwert.datasets import file
from kundenwert.simulate import Breaches, random_population, simulate_population

START = dt.date(2020, 1, 6)
SHOPS = 300


def cdnow() -> pd.DataFrame:
    """The bundled log, a row for every customer and day."""
    log = kw.read_transactions(file("cdnow", "transactions.csv"))
    return log.purchases.to_pyarrow().to_pandas()[["customer_id", "date", "amount"]]


def damaged(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The log, and four logs made of it."""
    last, days = rows["date"].max(), pd.to_datetime(rows["date"])
    late = pd.DataFrame({"customer_id": [rows["customer_id"].iloc[0]], "date": last + dt.timedelta(days=609)})
    old = pd.DataFrame({"customer_id": rows["customer_id"].iloc[:5], "date": dt.date(1900, 1, 1)})
    return {
        "as it is": rows,
        "one row 20 months after the rest": pd.concat([rows, late.assign(amount=10.0)]),
        "five rows dated 1900-01-01": pd.concat([rows, old.assign(amount=10.0)]),
        "shut for three months in the middle": rows[~days.between("1997-10-01", "1997-12-31")],
        "shut at the origin": rows[days < "1998-04-01"],
    }


def valued(rows: pd.DataFrame, treated: str) -> tuple[kw.CustomerSummary, float]:
    """Summary and total RLV of a log, a year ahead, with everything else as it comes."""
    log = kw.read_transactions(rows, isolated_days=treated)
    stated = {"log_end": dt.date(1998, 6, 30)} if log.last_day < dt.date(1998, 6, 30) else {}
    summary = kw.summarise(log, cohort="none", **stated)
    fits = [kw.fit(model, summary, seed=1, progress=False) for model in (kw.ParetoNBD(), kw.GammaGamma())]
    result = kw.value_table(*fits, summary, kw.Terms(horizon=52.0, margin=1.0))
    return summary, float(result.table["rlv_mean"].sum())


def values() -> None:
    """Print what damages do to the value of all customers."""
    print("## CDNOW, damaged\n\n| log | isolated days | RLV, 52 weeks | told |\n|---|---|---:|---|")
    for name, rows in damaged(cdnow()).items():
        for treated in ("exclude", "keep") if "20 months" in name else ("exclude",):
            summary, total = valued(rows, treated)
            told = ", ".join(str(note.code) for note in summary.account.notes if note.caution)
            print(f"| {name} | {treated} | {total:,.0f} | {told} |", flush=True)


def sparse(years: int, weekly: float, season: float, shape: str, rng: np.random.Generator) -> list[Day]:
    """Days with purchases of a shop that never shut, with a season of that log-sd, a drifting level and a trend."""
    time = np.arange(365 * years)
    level = np.zeros(time.size // 28 + 1)
    for month in range(1, level.size):
        level[month] = 0.9 * level[month - 1] + 0.2 * rng.standard_normal()
    yearly = season * np.sqrt(2) * np.cos(2 * np.pi * (time / 365 - rng.random()))
    trend = {"flat": 0 * time, "grows": np.log(0.1 + time / time.size), "fades": -1.5 * np.log1p(time / 60)}[shape]
    rate = np.exp(trend + yearly + level[time // 28])
    counts = rng.poisson(rate * weekly / 7 / np.exp(trend).mean())
    return [Day(START + dt.timedelta(days=int(i)), int(counts[i]), int(counts[i])) for i in np.flatnonzero(counts)]


def alarms(days: list[Day], end: dt.date) -> tuple[bool, bool, bool]:
    """Whether days stand apart, a closure is seen in the middle, and one at the end."""
    found = silences(days, end)
    return bool(isolated(days)), any(one.end < end for one in found), any(one.end == end for one in found)


def of_days() -> None:
    """Print alarms in shops of which only the days with purchases are drawn."""
    print(f"\n## Days of shops that never shut\n\nAlarms in {SHOPS} shops each: days apart / closures / silent end.\n")
    print("| years | purchases a week | log-sd of season | flat | grows | fades |\n|---:|---:|---:|---|---|---|")
    rng = np.random.default_rng(7)
    for years, weekly, season in ((y, w, s) for y in (1, 2, 4) for w in (0.5, 2, 10) for s in (0.0, 0.5, 1.0)):
        cells = []
        for shape in ("flat", "grows", "fades"):
            shops = [sparse(years, weekly, season, shape, rng) for _ in range(SHOPS)]
            ends = START + dt.timedelta(days=365 * years - 1)
            found = np.mean([alarms(days, ends) for days in shops if days], axis=0)
            cells.append(" / ".join(f"{share:.1%}" for share in found))
        print(f"| {years} | {weekly:g} | {season:g} | {' | '.join(cells)} |", flush=True)


def of_customers(count: int) -> None:
    """Print alarms in shops whose customers are drawn, new ones coming in the first half of observation."""
    print(f"\n## Customers of shops that never shut\n\nAlarms in {count} shops each.\n")
    print("| largest cohort | season | days apart | closure | silent end | begins within lives |")
    print("|---:|---|---:|---:|---:|---:|")
    seasons = {"none": (), "yearly": tuple(np.exp(0.5 * np.sqrt(2) * np.cos(2 * np.pi * np.arange(12) / 12)))}
    for largest in (5, 30, 120):
        for name, factors in seasons.items():
            found = []
            for seed in range(count):
                rng = np.random.default_rng([11, seed])
                drawn = random_population(rng=rng, smallest=3, largest=largest, breaches=Breaches(season=factors))
                rows = simulate_population(drawn, seed=seed).transactions
                log = kw.read_transactions(rows, customer_id="customer_id", date="date", amount="amount")
                days = kw.data.stretches.days_of(log.purchases)
                begun = begins_within(log.purchases, log.last_day) is not None
                found.append((*alarms(days, log.last_day), begun))
            shares = " | ".join(f"{share:.1%}" for share in np.mean(found, axis=0))
            print(f"| {largest} | {name} | {shares} |", flush=True)


def main() -> None:
    """Print all tables."""
    warnings.simplefilter("ignore")
    if "--false-alarms" not in sys.argv:
        values()
    of_days()
    of_customers(40)


if __name__ == "__main__":
    main()
