"""Forecasts from days of the past, beside what followed and beside simple rules: on CDNOW, and on logs of a folder.

    .venv/bin/python benchmarks/backtest.py --logs /path/to/logs --only superstore

CDNOW is the bundled sample; the others are files in the folder that is given, .parquet or .csv, with the columns
customer_id, date, amount. Origins every 13 weeks, from week 26 on, horizons of 13, 26 and 52 weeks where whole;
everything is learned from before each origin. "kundenwert" follows a calendar, "stationary" does not.
Prints tables and writes them to benchmarks/results/backtest.md.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

import kundenwert as kw

RESULTS = Path(__file__).parent / "results"
COLUMNS = (
    "Log error: mean absolute one of the median of totals. Interval score of totals on the same scale. PIT distance: "
    "largest one from the diagonal. Log score of a customer's purchases, mean."
)


def logs(folder, only):
    """Name and log, one after the other."""
    yield "CDNOW (sample)", kw.datasets.cdnow()
    files = sorted(file for file in folder.iterdir() if file.suffix in (".parquet", ".csv")) if folder else []
    for file in files:
        if not only or file.stem in only:
            yield file.stem, kw.read_transactions(file)


def measured(name, log, options):
    started, used = time.perf_counter(), time.process_time()
    found = kw.backtest(log, samples=options.samples, calendar=kw.learn_calendar, seed=1)
    seconds, cpu = time.perf_counter() - started, time.process_time() - used
    origins = found.table["origin"].nunique()
    print(f"{name}: {origins} origins, {seconds / origins:.1f} s each, CPU {cpu / origins:.1f} s", flush=True)
    largest = found.table.query("scope == 'customer'")["cases"].max()
    row = {
        "log": name,
        "customers": f"{largest:,}",
        "origins": f"{origins:,}",
        "left out": f"{len(found.left_out):,}",
        "seconds an origin": f"{seconds / origins:.1f}",
        "CPU seconds": f"{cpu / origins:.1f}",
    }
    return found, row


def held(found):
    """Coverage and scores of every scope, by log and horizon, one row each."""
    rows = []
    for name, one in found.items():
        table = one.summary()
        own = table[table["forecast"].isin(["kundenwert", "stationary"])]
        for (horizon, quantity, forecast), part in own.groupby(["horizon", "quantity", "forecast"]):
            scope = part.set_index("scope")
            total = scope.loc["total"]
            rows.append(
                {
                    "log": name,
                    "days": f"{horizon}",
                    "quantity": quantity,
                    "forecast": forecast,
                    "totals": f"{total['coverage'] * total['cases']:.0f} of {total['cases']}",
                    "cohorts": f"{100 * scope.loc['cohort', 'coverage']:.0f} %",
                    "customers": f"{100 * scope.loc['customer', 'coverage']:.0f} %",
                    "log error": f"{total['log_error']:.3f}",
                    "interval score": f"{total['interval_score']:.2f}",
                    "PIT distance, customers": f"{scope.loc['customer', 'distance']:.3f}",
                    "log score": "" if quantity == "revenue" else f"{scope.loc['customer', 'log_score']:.3f}",
                }
            )
    return rows


def beside(found):
    """Mean absolute log error of totals, each rule on the cases it has, beside ours on the same ones."""
    rows = []
    scores = pd.concat([one.scores.assign(log=name) for name, one in found.items()])
    scores = scores[scores["scope"] == "total"]
    keys = ["log", "origin", "horizon", "quantity"]
    own = scores[scores["forecast"] == "kundenwert"].set_index(keys)["log_error"]
    for (quantity, forecast), part in scores.groupby(["quantity", "forecast"], sort=False):
        if forecast == "kundenwert":
            continue
        rule = part.set_index(keys)["log_error"]
        ours = own.loc[rule.index]
        rows.append(
            {
                "quantity": quantity,
                "rule": forecast,
                "cases": f"{len(rule):,}",
                "log error": f"{rule.mean():.3f}",
                "ours on the same cases": f"{ours.mean():.3f}",
                "ours nearer": f"{100 * np.mean(ours.to_numpy() < rule.to_numpy()):.0f} %",
            }
        )
    return sorted(rows, key=lambda row: row["quantity"])


def markdown(rows):
    lines = [list(rows[0]), ["---"] * len(rows[0]), *(list(row.values()) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--logs", type=Path, help="folder with further logs")
    parser.add_argument("--only", nargs="+", default=[], help="names of those to take; all if not given")
    parser.add_argument("--samples", type=int, help="draws of each customer; all of the posterior if not given")
    options = parser.parse_args()
    found, rows = {}, []
    for name, log in logs(options.logs, options.only):
        found[name], row = measured(name, log, options)
        rows.append(row)
    words = [word if word != str(options.logs) else "LOGS" for word in sys.argv[1:]]
    text = "\n\n".join(
        [
            "# Forecasts from days of the past",
            f"Made by `{' '.join(['python benchmarks/backtest.py', *words])}`.",
            markdown(rows),
            "## Inside the 90 % interval",
            COLUMNS,
            markdown(held(found)),
            "## Simple rules beside it",
            "Totals; each rule on the origins and horizons that it has.",
            markdown(beside(found)),
            "\n".join(f"- {name}: {one.judgement}." for name, one in found.items()),
        ]
    )
    print(text)
    (RESULTS / "backtest.md").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
