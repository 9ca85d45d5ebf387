"""A calendar inside the Pareto/NBD likelihood, on CDNOW: time, weights, and totals beside the other ways.

    python benchmarks/joint.py

Everything is learned from before each origin. `stationary` knows no calendar; `fast` learns the factor on top of it;
`joint` learns both together. 90 % intervals of the purchases of all known customers.
"""

from __future__ import annotations

import time

import numpy as np
import pandas as pd

import kundenwert as kw
from kundenwert.calendar.factor import of_counts
from kundenwert.calendar.joint import JointFit, draw_totals, fit_joint
from kundenwert.calendar.prior import PURCHASES

ORIGINS = {"1997-09-30": (13, 26, 39), "1997-12-30": (13, 26), "1998-03-31": (13,)}
AHEAD, DRAWS = 10, 2000


def others(summary, log):
    """The stationary posterior and the fast way, in the form of a joint fit."""
    how = {"method": "importance", "log_likelihood": False}
    fits = kw.fit(kw.ParetoNBD(), summary, **how), kw.fit(kw.GammaGamma(), summary, **how)
    seen = kw.learn_calendar(*fits, summary, log, draws=100).seen
    window = seen.purchases.size
    factor = of_counts(seen.purchases, np.maximum(seen.expected, 1e-9), PURCHASES, ahead=AHEAD, per_year=13.04)
    population = fits[0].scoring.thin(DRAWS).population
    law = {name: population[name] for name in ("r", "alpha", "s", "beta")}
    edges, size = -4.0 * np.arange(window, -1.0, -1.0), law["r"].size
    flat = np.zeros((size, window + AHEAD))
    moved = flat.copy()
    moved[:, window:] = factor.draw(size, rng=np.random.default_rng(1))[:, window:]
    return [JointFit(law, one, window, 28, edges, np.nan, np.nan) for one in (flat, moved)]


def rows():
    """One row for each origin, horizon and way."""
    log = kw.datasets.cdnow()
    for end, horizons in ORIGINS.items():
        for horizon in horizons:
            until = (pd.Timestamp(end) + pd.Timedelta(weeks=horizon)).date().isoformat()
            until = min(until, "1998-06-30")
            summary = kw.summarise(log, observation_end=end, holdout_end=until, time_unit="W")
            if horizon == horizons[0]:
                begin = time.perf_counter()
                joint = fit_joint(kw.ParetoNBD(), summary, log, ahead=AHEAD, draws=DRAWS)
                seconds = time.perf_counter() - begin
                ways = dict(zip(("stationary", "fast", "joint"), [*others(summary, log), joint], strict=True))
            bought = summary.table["holdout_purchases"].sum()
            for name, found in ways.items():
                totals = draw_totals(found, summary, horizon=float(horizon))
                low, middle, high = np.quantile(totals, (0.05, 0.5, 0.95))
                yield end, horizon, name, bought, low, middle, high, low <= bought <= high, joint, seconds


def main():
    """Print the tables."""
    print("| origin | weeks | way | bought | 5 % | 50 % | 95 % | inside | width (log) |")
    print("|---|---:|---|---:|---:|---:|---:|---|---:|")
    fits = {}
    for end, horizon, name, bought, low, middle, high, inside, joint, seconds in rows():
        numbers = f"{bought:,.0f} | {low:,.0f} | {middle:,.0f} | {high:,.0f}"
        print(f"| {end} | {horizon} | {name} | {numbers} | {'yes' if inside else 'no'} | {np.log(high / low):.2f} |")
        fits[end] = joint, seconds
    print("\n| origin | periods | seconds | Pareto k | effective of 2,000 |")
    print("|---|---:|---:|---:|---:|")
    for end, (joint, seconds) in fits.items():
        print(f"| {end} | {joint.window} | {seconds:.0f} | {joint.pareto_k:.2f} | {joint.effective:,.0f} |")


if __name__ == "__main__":
    main()
