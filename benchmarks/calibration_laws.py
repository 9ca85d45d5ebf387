"""Are the laws in which customers leave after a purchase as sure as they may be? Simulation-based calibration.

    .venv/bin/python benchmarks/calibration_laws.py                       # BG/NBD and MBG/NBD, 300 shops each
    .venv/bin/python benchmarks/calibration_laws.py --laws mbg-nbd --simulations 1000

Shops are simulated purchase by purchase from parameters drawn from the default priors, fitted and predicted; ranks of
the truth among the draws must be uniform. Tables go to benchmarks/results/calibration-laws*.csv.
"""

import argparse
import time
from collections import Counter
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pandas as pd
from calibration import DRAWS, HORIZON, MOST_PURCHASES, WINDOW, YEAR, fitted, usable
from parts import writer

import kundenwert as kw
from kundenwert.bayes import resolved_priors
from kundenwert.laws import purchase_law
from kundenwert.validate import intervals, sbc, uniformity

write = writer("calibration-laws")
LAWS = ("bg-nbd", "mbg-nbd")
FIRST_CHANCE = {"bg-nbd": 0, "mbg-nbd": 1}
"""Whether the first purchase is a chance to leave, too."""


def history(rate, leaves, first_chance, end, rng):
    """Times of repeat purchases of one customer up to `end`, and whether the customer is one still at each of them."""
    purchases = rng.geometric(leaves) if leaves > 1e-12 else np.iinfo(np.int64).max
    most = max(0, purchases - first_chance)  # repeat purchases until the customer leaves at the last of them
    times, at = [], 0.0
    while len(times) < most:
        at += rng.exponential(1 / rate)
        if at > end or len(times) > MOST_PURCHASES:
            break
        times.append(at)
    return np.array(times), most


def shop(name, law, customers, rng):
    """Simulate customers through observation and horizon: what is seen, and what is not."""
    rows, hidden = [], []
    for number in range(customers):
        T = rng.uniform(WINDOW / 2, WINDOW)
        rate = max(rng.gamma(law["r"], 1 / law["alpha"]), 1e-300)
        times, most = history(rate, rng.beta(law["a"], law["b"]), FIRST_CHANCE[name], T + HORIZON.length, rng)
        seen = times[times <= T]
        rows.append((f"{number:06d}", len(seen), seen[-1] if len(seen) else 0.0, T))
        hidden.append((len(seen) < most, len(times) - len(seen)))
    frame = pd.DataFrame(rows, columns=["customer_id", "frequency", "recency", "T"])
    frame["monetary_value"] = np.where(frame["frequency"] > 0, 10.0, np.nan)
    return frame, pd.DataFrame(hidden, columns=["alive", "purchases"])


@dataclass
class Study:
    """Simulate and infer for `validate.sbc`, keeping count of what happened on the way."""

    name: str
    counts: Counter = field(default_factory=Counter)
    customers: list = field(default_factory=list)

    def simulate(self, rng):
        model = purchase_law(self.name)()
        while True:
            drawn = {name: prior.draw(1, rng=rng) for name, prior in resolved_priors(model).items()}
            law = {name: float(model.derive(drawn, YEAR)[name][0]) for name in model.parameters}
            frame, hidden = shop(self.name, law, int(rng.integers(100, 301)), rng)
            self.counts["simulated"] += 1
            if usable(frame):
                break
        self.counts["used"] += 1
        summary = kw.CustomerSummary.from_frame(frame, time_unit="W", window=WINDOW)
        best = int(frame["frequency"].argmax())
        truth = law | {"alive or not, one customer": float(hidden["alive"][0])}
        truth |= {f"purchases, {label}": float(hidden["purchases"][row]) for label, row in (("one", 0), ("best", best))}
        truth["purchases, all"] = float(hidden["purchases"].sum())
        return SimpleNamespace(summary=summary, best=best, hidden=hidden), truth

    def infer(self, data, rng):
        seed = int(rng.integers(2**31))
        fit = fitted(purchase_law(self.name)(), data.summary, seed)
        self.counts[fit.info["method"]] += 1
        if self.counts["used"] % 50 == 0:
            print(f"  {self.name}", dict(self.counts), flush=True)
        if not fit.diagnosis.converged:
            self.counts["not converged, left out"] += 1
            return None
        spend = kw.known(kw.GammaGamma(), p=np.full(DRAWS, 6.0), q=np.full(DRAWS, 4.0), v=np.full(DRAWS, 15.0))
        table, found = data.summary.table, np.empty((2, len(data.summary), DRAWS))
        for block in kw.predict.customer_blocks(fit, spend, table, horizon=HORIZON, seed=seed, samples=DRAWS):
            found[0, block.rows], found[1, block.rows] = block.p_alive, block.purchases
        alive, purchases = found
        frame = pd.DataFrame(
            {"shop": self.counts["used"], "p_alive": alive.mean(axis=1), "alive": data.hidden["alive"]}
        )
        self.customers.append(
            frame.assign(purchases=intervals.randomised_pit(purchases, data.hidden["purchases"], rng=rng))
        )
        result = fit.draws(DRAWS) | {"alive or not, one customer": (rng.random(DRAWS) < alive[0]).astype(float)}
        result |= {f"purchases, {label}": purchases[row] for label, row in (("one", 0), ("best", data.best))}
        return result | {"purchases, all": purchases.sum(axis=0)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--laws", nargs="+", choices=LAWS, default=list(LAWS))
    parser.add_argument("--simulations", type=int, default=300)
    options = parser.parse_args()
    started, parts = time.perf_counter(), {"": [], "-coverage": [], "-alive": [], "-counts": []}
    for name in options.laws:
        study = Study(name)
        ranks = sbc(study.simulate, study.infer, simulations=options.simulations, seed=20261125)
        customers = pd.concat(study.customers, ignore_index=True)
        covered = intervals.interval_coverage(customers["purchases"], customers["shop"])
        alive = intervals.reliability(customers["p_alive"], customers["alive"], customers["shop"])
        counts = pd.Series(dict(study.counts), name="count").rename_axis("what").reset_index()
        for key, table in zip(parts, (uniformity(ranks), covered, alive, counts), strict=True):
            parts[key].append(table.assign(law=name))
    for key, tables in parts.items():
        write(pd.concat(tables, ignore_index=True), key.removeprefix("-") or "ranks")
    print(f"{(time.perf_counter() - started) / 60:.1f} minutes", flush=True)


if __name__ == "__main__":
    main()
