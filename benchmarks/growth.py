"""How time and memory grow with the number of customers: both posteriors, and the value table.

    .venv/bin/python benchmarks/growth.py --customers 10000 100000 --draws 1000

Simulated customers of an online shop, observed for half a year to three years to the day, so that histories repeat as
they do in an export. Prints a table and writes it to benchmarks/results/growth.md, with the command.
"""

import argparse
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

import kundenwert as kw
from kundenwert.kernels import gamma_gamma, pareto_nbd

RESULTS = Path(__file__).parent / "results"
LAW = {"r": 0.55, "alpha": 10.6, "s": 0.6, "beta": 30.0}
SPEND = {"p": 6.25, "q": 3.74, "v": 15.44}


def customers(number):
    rng = np.random.default_rng(1)
    T = np.floor(rng.uniform(182, 1095, number)) / 7
    x, t_x = pareto_nbd.simulate(T, **LAW, rng=rng)
    _, mean = gamma_gamma.simulate(x, **SPEND, rng=rng)
    table = pd.DataFrame({"customer_id": [f"{i:06d}" for i in range(number)], "frequency": x.astype(int), "T": T})
    table["recency"] = np.minimum(np.ceil(t_x * 7) / 7, T)
    table = table.assign(monetary_value=mean, value_to_date=np.nan_to_num(mean) * x + 30.0)
    table["cohort"] = [f"half-year {int(t // 26)}" for t in T]
    return kw.CustomerSummary.from_frame(table, time_unit="W")


def timed(function):
    started, used = time.perf_counter(), time.process_time()
    result = function()
    return result, time.perf_counter() - started, time.process_time() - used


def measure(number, draws):
    summary = customers(number)
    purchases, first, first_cpu = timed(lambda: kw.fit(kw.ParetoNBD(), summary, seed=1))
    spend, second, second_cpu = timed(lambda: kw.fit(kw.GammaGamma(), summary, seed=1))
    money = {"horizon": 52.0, "margin": 0.3, "cac": 12.0, "samples": draws}
    _, table, table_cpu = timed(lambda: kw.value_table(purchases, spend, summary, seed=1, **money))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "customers": f"{number:,}",
        "histories": f"{len(kw.patterns(summary.table)):,}",
        "method": f"{purchases.info['method']}, {spend.info['method']}",
        "posteriors, s": f"{first + second:.1f}",
        "CPU, s": f"{first_cpu + second_cpu:.1f}",
        f"table of {draws:,} draws, s": f"{table:.1f}",
        "its CPU, s": f"{table_cpu:.1f}",
        "peak MB": f"{peak / 1e3:.0f}",
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--draws", type=int, default=1000, help="draws of each customer (default: %(default)s)")
    options = parser.parse_args()
    rows = [measure(number, options.draws) for number in options.customers]
    lines = [" | ".join(rows[0]), " | ".join("---:" for _ in rows[0]), *(" | ".join(row.values()) for row in rows)]
    command = " ".join(["python benchmarks/growth.py", *sys.argv[1:]])
    text = "\n".join(["# Growth with the number of customers", "", f"Made by `{command}`.", ""])
    text += "\n" + "\n".join(f"| {line} |" for line in lines) + "\n"
    print(text)
    (RESULTS / "growth.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
