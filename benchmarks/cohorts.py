"""What models with cohorts cost: both models, fitted as a user would, to 12 and to 60 cohorts.

    .venv/bin/python benchmarks/cohorts.py                      # prints a table
    .venv/bin/python benchmarks/cohorts.py --against FOLDER     # beside another source tree, in turns

Both models are fitted in one new process, so that importing the sampler is counted once. Seconds are those on the
clock, and of all processors together; where other work runs beside it, only the latter can be compared.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from parts import RESULTS

import kundenwert as kw
from kundenwert import simulate

ROOT = RESULTS.parents[1]
CASES = {"12 cohorts": {"cohorts": 12}, "60 cohorts": {"cohorts": 60, "window": 130}}
MODELS = {"purchases": kw.ParetoNBD, "spend": kw.GammaGamma}
SEED = 1
COLUMNS = ["seconds", "processor", "method", "draws", "checks", "converged"]


def shop(case):
    """Customers of a simulated business: 3 to 400 in each cohort, acquired in the first half of the window."""
    options = CASES[case]
    population = simulate.random_population(rng=np.random.default_rng([2026, options["cohorts"]]), **options)
    made = simulate.simulate_population(population, seed=SEED, horizons=(), relationship=())
    log = kw.read_transactions(made.transactions, keep=["cohort"])
    return kw.summarise(log, cohort="cohort", observation_end=population.observation_end)


def measured(case):
    """Fit both models by the defaults, one after the other: their costs, and what their checks say."""
    summary, rows = shop(case), []
    for name, model in MODELS.items():
        clock, processor = time.perf_counter(), time.process_time()
        fit = kw.fit(model(cohorts=("cohort",)), summary, seed=SEED, progress=False)
        row = {"model": name, "seconds": time.perf_counter() - clock, "processor": time.process_time() - processor}
        row |= {"customers": len(summary), "draws": fit.samples, "why": fit.info["why"]}
        checks = ", ".join(f"{check.name} {check.value:.4g}" for check in fit.diagnosis)
        rows.append(row | {"method": fit.info["method"], "checks": checks, "converged": fit.diagnosis.converged})
    return rows


def elsewhere(tree, case):
    """The same in a new process, with the source of one tree."""
    code = f"import json, cohorts; print(json.dumps(cohorts.measured({case!r}), default=float))"
    where = os.environ | {"PYTHONPATH": os.pathsep.join([str(tree / "models"), str(ROOT / "benchmarks")])}
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, env=where, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", type=Path, help="root of another source tree")
    parser.add_argument("--case", choices=CASES, action="append")
    options = parser.parse_args()
    trees = {"before": options.against, "now": ROOT} if options.against else {"now": ROOT}
    rows = []
    for case in options.case or CASES:
        for name, tree in trees.items():
            for row in elsewhere(tree.resolve(), case):
                rows.append({"case": case, "tree": name} | row)
                print(json.dumps(rows[-1]), flush=True)
    table = pd.DataFrame(rows)[["case", "customers", "tree", "model", *COLUMNS]]
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"\n{os.cpu_count()} processors, load {load}\n")
    print(table.to_string(index=False, float_format="{:.4g}".format))


if __name__ == "__main__":
    main()
