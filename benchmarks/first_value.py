"""Does the first purchase say what customers will spend? Both laws of spend on real logs, judged by a hold-out.

    python benchmarks/first_value.py [FOLDER] > benchmarks/results/first-value.md

FOLDER holds further logs as Parquet files with `customer_id, date, amount`; without it only the bundled ones are used.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

import kundenwert as kw
from kundenwert.validate import first_purchases, spend_scores

SPLITS = {
    "cdnow": ("1997-09-30", "1998-06-30"),
    "cdnow_full": ("1997-09-30", "1998-06-30"),
    "marketing": ("2012-12-31", "2015-12-31"),
    "superstore": ("2012-12-31", "2014-12-31"),
    "mechaforge": ("2022-12-31", "2024-12-31"),
}
"""Ends of the observation and of the hold-out; half and half where none is given."""

LAWS = {"off": kw.GammaGamma(), "on": kw.GammaGammaFirst()}
SHOPS = 40
"""Small shops drawn from each log."""


def main() -> None:
    logs = {"cdnow": kw.datasets.cdnow, "mechaforge": kw.datasets.mechaforge}
    if len(sys.argv) > 1:
        logs |= {path.stem: reader(path) for path in sorted(Path(sys.argv[1]).glob("*.parquet"))}
    shops = {name: shaped(name, read()) for name, read in logs.items()}
    found = {name: {law: kw.fit(one, shop, seed=1) for law, one in LAWS.items()} for name, shop in shops.items()}
    print("# What the first purchase says of later ones\n")
    print("Hold-out: mean value of each customer's purchases after the observation. Log score: sum over customers, on")
    print(
        "less off, with the standard error of the paired differences. In-sample: what `--first-value auto` goes by.\n"
    )
    show(pd.DataFrame([row for name, shop in shops.items() for row in scored(name, shop, found[name])]))
    print("\n## Law\n")
    show(pd.DataFrame([law_of(name, fits["on"]) for name, fits in found.items()]))
    print("\n## One-time buyers by quartile of their first value\n")
    show(pd.concat([quartiles(name, shop, found[name]) for name, shop in shops.items()]))
    print("\n## Share of hold-out mean values inside the predictive interval\n")
    show(pd.DataFrame([inside(name, shop, found[name]) for name, shop in shops.items()]))
    print(f"\n## {SHOPS} small shops drawn from each log: gain of log score and of absolute error, by rule\n")
    show(pd.DataFrame([row for name, shop in shops.items() for row in small(name, shop)]))


def reader(path: Path):
    return lambda: kw.read_transactions(str(path))


def shaped(name: str, log: kw.TransactionLog) -> kw.CustomerSummary:
    middle = log.first_day + (log.last_day - log.first_day) / 2
    end, holdout = SPLITS.get(name, (middle, log.last_day))
    return kw.summarise(log, observation_end=end, holdout_end=holdout, cohort="none")


def both(shop: kw.CustomerSummary, fits: dict) -> pd.DataFrame:
    """Scores of both laws, customer by customer, with the first value."""
    off, on = (spend_scores(fits[law], shop, samples=500) for law in LAWS)
    table = off.merge(shop.table[["customer_id", "first_value"]], on="customer_id")
    return table.assign(on=on["expected"], gain=on["log_score"] - off["log_score"]).rename(columns={"expected": "off"})


def scored(name: str, shop: kw.CustomerSummary, fits: dict) -> list[dict]:
    table, own = both(shop, fits), first_purchases(shop)
    rows = []
    for group, some in {"all": table, "one-time": table[table["frequency"] == 0]}.items():
        if len(some) < 20:
            continue
        row = {"log": name, "customers": group, "number": len(some), **gained(some["gain"])}
        for law in LAWS:
            row[f"MAE {law}"] = (some[law] - some["value"]).abs().mean()
        for law in LAWS:
            row[f"RMSE {law}"] = np.sqrt(((some[law] - some["value"]) ** 2).mean())
        rows.append(row | {"in-sample": f"{own.gain:+.1f} ± {own.error:.1f}" if group == "all" else ""})
    return rows


def gained(gap: pd.Series) -> dict[str, str]:
    return {"log score": f"{gap.sum():+.1f} ± {np.sqrt(len(gap)) * gap.std():.1f}"}


def law_of(name: str, fit: kw.Fit) -> dict:
    draws = fit.draws()
    return {"log": name} | {key: f"{values.mean():.3g} ± {values.std():.2g}" for key, values in draws.items()}


def quartiles(name: str, shop: kw.CustomerSummary, fits: dict) -> pd.DataFrame:
    table = both(shop, fits)
    once = shop.table[(shop.table["frequency"] == 0) & (shop.table["first_value"] > 0)]
    some = table[(table["frequency"] == 0) & (table["first_value"] > 0)]
    if len(some) < 20:
        return pd.DataFrame()
    edges = np.quantile(once["first_value"], [0.25, 0.5, 0.75])
    quarter = np.searchsorted(edges, some["first_value"]) + 1
    means = some.groupby(quarter)[["first_value", "value", "off", "on"]].mean()
    return means.rename_axis("quartile").reset_index().assign(number=np.bincount(quarter)[1:]).assign(log=name)


def inside(name: str, shop: kw.CustomerSummary, fits: dict) -> dict:
    """Share of outcomes within the central 50 % and 90 % of the law of each customer's hold-out mean."""
    row: dict = {"log": name}
    for law, fit in fits.items():
        table = spend_scores(fit, shop, samples=200)
        some = shop.table.set_index("customer_id").loc[table["customer_id"]].reset_index()
        rng, scoring = np.random.default_rng(1), fit.scoring.thin(200)
        spending, laws = scoring.law.spending(some), scoring.laws(some)(np.arange(len(some)))
        p, q, v = scoring.law.given(spending, laws).values()
        x = spending.frequency
        drawn_v = v + np.where(x > 0, x * spending.monetary_value, 0)
        nu = rng.standard_gamma(q + p * x) / drawn_v
        number = table["number"].to_numpy()[:, None]
        below = (rng.standard_gamma(p * number) / nu / number < table["value"].to_numpy()[:, None]).mean(axis=1)
        for part in (0.5, 0.9):
            row[f"{part:.0%} {law}"] = f"{(abs(below - 0.5) <= part / 2).mean():.1%}"
    return row


def small(name: str, shop: kw.CustomerSummary) -> list[dict]:
    """Hold-out gains in small shops where the law is always on, on where the data speak for it, or clearly do."""
    rows = []
    for size in (120, 400):
        if size >= len(shop):
            continue
        rng, gains = np.random.default_rng(5), []
        for _ in range(SHOPS):
            table = shop.table.iloc[np.sort(rng.choice(len(shop), size, replace=False))].reset_index(drop=True)
            one = kw.CustomerSummary.from_frame(table, time_unit="W", holdout_length=shop.holdout_length)
            own = first_purchases(one)
            how = {"seed": 1, "method": "map", "draws": 1, "chains": 1, "log_likelihood": False}
            scores = both(one, {law: kw.fit(model, one, **how) for law, model in LAWS.items()})
            error = (scores["off"] - scores["value"]).abs() - (scores["on"] - scores["value"]).abs()
            gains.append((scores["gain"].sum(), error.sum(), True, own.gain > 0, own.gain > 2 * own.error))
        score, error, *rules = np.array(gains).T
        for rule, chosen in zip(("always", "gain > 0", "gain > 2 errors"), rules, strict=True):
            row = {"log": name, "customers": size, "rule": rule, "chosen": f"{chosen.mean():.0%}"}
            rows.append(row | {"log score": (score * chosen).mean(), "absolute error": (error * chosen).mean()})
    return rows


def show(table: pd.DataFrame) -> None:
    cells = table.copy()
    if "log" in cells:
        cells = cells[["log", *cells.columns.drop("log")]]
    texts = cells.map(lambda cell: f"{cell:,.2f}" if isinstance(cell, float) else str(cell))
    print("| " + " | ".join(texts.columns) + " |")
    print("|" + "---|" * len(texts.columns))
    for row in texts.itertuples(index=False):
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
