"""Hold every number of both reports against those stored from an earlier commit.

    python benchmarks/seam.py --store FILE      # at the earlier commit
    python benchmarks/seam.py --against FILE    # at the later one: the largest relative difference by table and column

Of each numeric column its count, sum and sum of squares are kept, with 17 digits. Numbers that rest on random draws
differ within Monte-Carlo error where streams change; all others must agree to 1e-9.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

import kundenwert as kw
from kundenwert.data import read_costs
from kundenwert.report import gather

DATA = Path(__file__).parents[1] / "data"


def cdnow():
    """The stations of `make report`."""
    log = kw.read_transactions(DATA / "cdnow" / "transactions.csv")
    summary = kw.summarise(log, observation_end="1997-09-30", holdout_end="1998-06-30", cohort="week")
    return log, summary, {}, {"horizon": 52.0, "margin": 0.3, "cac": 5.0}, 1997


def mechaforge():
    """The stations of `make mechaforge`."""
    columns = {"cohorts": ("cohort",), "covariates": ("contract", "machines")}
    log = kw.read_transactions(DATA / "mechaforge" / "transactions.csv", keep=("channel", "contract", "machines"))
    summary = kw.summarise(
        log,
        observation_end="2022-12-31",
        holdout_end="2024-12-31",
        time_unit="M",
        cohort="channel",
        attributes=("contract", "machines"),
    )
    cac, _ = read_costs(DATA / "mechaforge" / "costs.csv").of(summary)
    return log, summary, columns, {"horizon": 36.0, "margin": 0.35, "cac": cac}, 2022


def numbers(name, stations):
    """One row per table and numeric column of a report."""
    log, summary, columns, money, seed = stations
    purchases = kw.fit(kw.ParetoNBD(**columns), summary, seed=seed)
    spend = kw.fit(kw.GammaGamma(**columns), summary, seed=seed)
    values = kw.value_table(purchases, spend, summary, seed=seed, **money)
    found = gather(log, purchases, spend, summary, values, seed=seed)
    for table, frame in found.tables.items():
        for column, cells in frame.select_dtypes("number").items():
            known = cells.to_numpy(np.float64)
            known = known[np.isfinite(known)]
            yield {
                "report": name,
                "table": table,
                "column": column,
                "count": known.size,
                "sum": known.sum(),
                "squares": (known**2).sum(),
            }


def main():
    """Store, or compare and print what differs by more than 1e-9."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--against", type=Path)
    asked = parser.parse_args()
    rows = [row for name, make in (("cdnow", cdnow), ("mechaforge", mechaforge)) for row in numbers(name, make())]
    now = pd.DataFrame(rows)
    if asked.store:
        now.to_csv(asked.store, index=False, float_format="%.17g")
        return
    keys = ["report", "table", "column"]
    both = pd.read_csv(asked.against).merge(now, on=keys, how="outer", suffixes=("_then", "_now"))
    for name in ("count", "sum", "squares"):
        then, after = both[f"{name}_then"], both[f"{name}_now"]
        both[name] = (after - then).abs() / then.abs().clip(lower=1e-12)
    both["worst"] = both[["count", "sum", "squares"]].max(axis=1, skipna=False)
    gone = both["worst"].isna()
    print(both.loc[gone | (both["worst"] > 1e-9), [*keys, "count", "sum", "squares"]].to_string(index=False))
    print(
        f"{len(both):,} columns, {int((both['worst'] <= 1e-9).sum()):,} equal to 1e-9, "
        f"{int(gone.sum()):,} on one side only"
    )


if __name__ == "__main__":
    main()
