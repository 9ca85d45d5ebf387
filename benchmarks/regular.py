"""Laws of purchases on logs with and without regular buyers: who describes, and who forecasts, better.

    python benchmarks/regular.py [FILE ...] > benchmarks/results/regular.md

Each FILE is a log in Parquet or CSV with columns that `kw.read_transactions` recognises; without one the bundled logs
are taken. A log is observed for its first two thirds and judged on the last; two made-up shops come first, in which
gaps are Erlang-3 and exponential. All seeds are fixed.
"""

import sys
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from scipy import special

import kundenwert as kw
from kundenwert.datasets import FILES, file
from kundenwert.validate.scores import log_score

TRUE = {"r": 1.5, "alpha": 5.0, "a": 0.8, "b": 6.0}
LENGTH, AHEAD, SIZE = 52.0, 26.0, 1500


def made_up(k: int, seed: int) -> kw.CustomerSummary:
    """Customers simulated gap by gap."""
    rng = np.random.default_rng(seed)
    rate, p = rng.gamma(TRUE["r"], 1 / TRUE["alpha"], SIZE), rng.beta(TRUE["a"], TRUE["b"], SIZE)
    time, alive = np.zeros(SIZE), rng.random(SIZE) > p
    found = {name: np.zeros(SIZE) for name in ("frequency", "recency", "log_gaps", "holdout_purchases")}
    while alive.any():
        gap = rng.gamma(k, 1 / (k * rate))
        time = time + gap
        past, later = alive & (time <= LENGTH), alive & (time > LENGTH) & (time <= LENGTH + AHEAD)
        found["frequency"] += past
        found["recency"] = np.where(past, time, found["recency"])
        found["log_gaps"] += np.where(past, np.log(gap), 0.0)
        found["holdout_purchases"] += later
        alive = (past | later) & (rng.random(SIZE) > p)
    return kw.CustomerSummary.from_frame(pd.DataFrame({**found, "T": LENGTH}), time_unit="W", holdout_length=AHEAD)


def label(path: str | Path) -> str:
    """Name a log by its file, and a bundled one by its folder."""
    return Path(path).parent.name if Path(path).name == "transactions.csv" else Path(path).stem


def read(path: str | Path) -> kw.CustomerSummary:
    """A log, observed for two thirds of its time, without those who came on the last day, of whom nothing is known."""
    log = kw.read_transactions(pd.read_parquet(path) if str(path).endswith(".parquet") else path)
    end = log.first_day + (log.last_day - log.first_day) * 2 / 3
    seen = kw.summarise(log, observation_end=end, holdout_end=log.last_day, cohort="none")
    table = seen.table[seen.table["T"] > 0]
    return kw.CustomerSummary.from_frame(
        table, time_unit=seen.time_unit, window=seen.window, holdout_length=seen.holdout_length
    )


def histogram_error(fit: kw.Fit, table: pd.DataFrame, length: float) -> float:
    """Half the sum of absolute differences of shares of customers with 0, 1, ... 7+ purchases in the hold-out."""
    law, draws = fit.model, fit.draws(200)
    history = kw.laws.History.of(table)
    shares = [np.exp(law.log_purchase_probability(history, draws, horizon=length, number=n)).mean() for n in range(7)]
    seen = [(table["holdout_purchases"] == n).mean() for n in range(7)]
    return 0.5 * float(np.abs(np.subtract([*shares, 1 - sum(shares)], [*seen, 1 - sum(seen)])).sum())


def soon_score(fit: kw.Fit, summary: kw.CustomerSummary) -> float:
    """Brier score of buying at all in the hold-out, by repeat customers."""
    table = summary.table[summary.table["frequency"] > 0]
    p = fit.model.p_purchase(kw.laws.History.of(table), fit.draws(200), horizon=summary.holdout_length).mean(axis=1)
    return float(np.mean((p - (table["holdout_purchases"] > 0)) ** 2))


def evenness(table: pd.DataFrame) -> float:
    """Shape of the gaps of customers with three or more, by maximum likelihood given each customer's sum of gaps.

    They are Gamma of one shape and a scale of the customer's own, so that shares of the sum are Dirichlet.
    """
    some = table[table["frequency"] >= 3]
    x, t_x, gaps = (some[name].to_numpy(float) for name in ("frequency", "recency", "log_gaps"))
    shapes = np.exp(np.linspace(-1.5, 3, 901))[:, None]
    logs = special.gammaln(shapes * x) - x * special.gammaln(shapes) + (shapes - 1) * (gaps - x * np.log(t_x))
    return float(shapes[logs.sum(axis=1).argmax(), 0])


def rows(summary: kw.CustomerSummary) -> None:
    """Print the table of one log."""
    print(
        "| law | log score | against Pareto/NBD | LOO | against Pareto/NBD | histogram | Brier | converged | seconds |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---|---:|")
    first, learned = None, ""
    for kind in kw.laws.PURCHASE_LAWS.values():
        begun = perf_counter()
        fit = kw.fit(kind(), summary, seed=1, draws=500, chains=2, progress=False)
        score, loo = log_score(fit, summary).table["log_score"].to_numpy(), kw.loo(fit.tree).elpd_i.to_numpy()
        first = (score, loo) if first is None else first
        cells = []
        for own, other in zip((score, loo), first, strict=True):
            gap = own - other
            cells += [f"{own.sum():,.1f}", f"{gap.sum():+,.1f} ± {np.sqrt(gap.size) * gap.std(ddof=1):,.1f}"]
        error, brier = histogram_error(fit, summary.table, summary.holdout_length), soon_score(fit, summary)
        took = perf_counter() - begun
        ended = "yes" if fit.diagnosis.converged else "no"
        print(f"| {fit.model.title} | {' | '.join(cells)} | {error:.3f} | {brier:.4f} | {ended} | {took:.1f} |")
        if "variants" in fit.info:
            learned = fit.info["why"].split(";")[0]
    print(f"\nLearned: {learned}.\n")


def main(paths: list[str]) -> None:
    """Print all tables."""
    logs = {"made up, Erlang-3 gaps": made_up(3, 1), "made up, exponential gaps": made_up(1, 2)}
    logs |= {label(path): read(path) for path in paths or [file(name, "transactions.csv") for name in FILES]}
    for name, summary in logs.items():
        table = summary.table
        print(f"## {name}\n")
        came_back, even = int((table["frequency"] > 0).sum()), evenness(table)
        print(f"{len(table):,} customers, {came_back:,} of them came back; observed for {summary.window:.0f} weeks,")
        print(f"judged on {summary.holdout_length:.0f}. Gaps of those with three or more: Gamma of shape {even:.2f}.\n")
        rows(summary)


if __name__ == "__main__":
    main(sys.argv[1:])
