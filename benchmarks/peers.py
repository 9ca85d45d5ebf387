"""Kundenwert, PyMC-Marketing and lifetimes on the same data, in one run, as tables.

    .venv/bin/python benchmarks/peers.py                        # CDNOW, everything: 10 to 20 minutes
    .venv/bin/python benchmarks/peers.py --quick                # short chains and few draws: to see that it works
    .venv/bin/python benchmarks/peers.py --customers 100000     # simulated customers; what cannot finish is skipped

Every measurement is a fresh process; they run one after another. The others live in environments of their own, made
on first use from the pinned lists beside this file.
"""

import argparse
import contextlib
import hashlib
import json
import math
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
from peers_tables import (
    PARAMETERS,
    TITLES,
    agreement_table,
    estimates_table,
    hard_table,
    posterior_table,
    ratios,
    value_tables,
)

import kundenwert as kw
from kundenwert.kernels import gamma_gamma, pareto_nbd

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
WORKERS = HERE / "peers"
YEAR = 365.25 / 7
LAW = {"r": 0.553277, "alpha": 10.577684, "s": 0.606240, "beta": 11.668728}
SPEND = {"p": 6.249349, "q": 3.744256, "v": 15.444307}
INTERPRETERS = {
    "marketing": ("python3.12", "python3.13"),
    "lifetimes": ("python3.11", "python3.12", "python3.10"),
}
THOUSAND = {"importance": {"draws": 350, "tune": 0}, "nuts": {"draws": 400, "tune": 150}}
"""Draws a chain that give 1,000 effective ones of every parameter, with room."""

DEMZ = {"draws": 1000, "tune": 1000, "chains": 4}
SECONDS_A_STEP = {"mcmc": 3.5e-4, "demz": 6e-6}
"""Of PyMC-Marketing, for one customer and one step of all chains, as seen on CDNOW: to skip what cannot finish."""
COPIES = 250
"""Arrays of customers × draws that PyMC-Marketing's value function was seen to hold at its peak."""
SPARE = 1.5
"""GB of memory left to the machine: a measurement that takes more is stopped."""


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that a worker does not outlive a run that is ended
    started = time.perf_counter()
    pythons = {"kundenwert": sys.executable}
    for name in options.peers:
        pythons[name] = interpreter(name, getattr(options, f"{name}_python"), options.environments)
    with tempfile.TemporaryDirectory() as folder:
        run = Run(pythons, Path(folder), options.limit)
        summary = data(options.customers)
        summary.to_csv(run.customers, index=False)
        text = report(options, run, summary)
    text += f"\nWhole benchmark: {time.perf_counter() - started:.0f} s.\n"
    print(text)
    if options.write:
        options.write.parent.mkdir(parents=True, exist_ok=True)
        options.write.write_text(text, encoding="utf-8")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, metavar="N", help="simulate N customers instead of reading CDNOW")
    parser.add_argument(
        "--peers", default="marketing,lifetimes", help="which others, with commas (default: %(default)s)"
    )
    parser.add_argument("--marketing-draws", type=int, default=100, help="NUTS draws a chain (default: %(default)s)")
    parser.add_argument("--marketing-tune", type=int, default=100, help="NUTS warm-up a chain (default: %(default)s)")
    parser.add_argument("--marketing-chains", type=int, default=2, help="NUTS chains (default: %(default)s)")
    parser.add_argument(
        "--draws", type=int, default=4000, help="draws for each customer's value (default: %(default)s)"
    )
    parser.add_argument("--limit", type=float, default=900, help="seconds for each measurement (default: %(default)s)")
    parser.add_argument("--repeat", type=int, default=3, help="runs of what takes seconds; the median is printed")
    parser.add_argument("--environments", type=Path, default=ROOT / "build" / "peers", help="where the others live")
    parser.add_argument("--marketing-python", help="interpreter that has PyMC-Marketing, instead of a new environment")
    parser.add_argument("--lifetimes-python", help="interpreter that has lifetimes, instead of a new environment")
    parser.add_argument("--quick", action="store_true", help="short chains, few draws, no repetition")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the tables into a file too")
    options = parser.parse_args()
    options.peers = [name for name in options.peers.split(",") if name]
    if unknown := set(options.peers) - set(INTERPRETERS):
        parser.error(f"--peers: there is no {', '.join(sorted(unknown))}; choose from {', '.join(INTERPRETERS)}")
    if options.quick:
        options.marketing_draws = options.marketing_tune = 20
        options.draws, options.repeat = min(options.draws, 400), 1
    return options


# Environments ------------------------------------------------------------------------------------------------------


def interpreter(name, given, folder):
    """The interpreter that has a package: the one given, or that of an environment made on first use."""
    if given:
        if subprocess.run([given, "-c", ""], check=False, capture_output=True).returncode:
            raise SystemExit(f"--{name}-python {given}: this is no Python interpreter that runs")
        return given
    home, pins = folder / name, WORKERS / f"{name}.txt"
    python, made_from = home / "bin" / "python", home / "pins.txt"
    if made_from.exists() and made_from.read_text() == pins.read_text():
        return str(python)
    base = next((path for path in on_path(INTERPRETERS[name]) if can_make_environments(path)), None)
    if base is None:
        raise SystemExit(
            f"{TITLES[name]} needs one of {', '.join(INTERPRETERS[name])}, with the venv module, and none is on the "
            f"path: install one, name an interpreter that has the package by --{name}-python, or leave "
            "it out by --peers"
        )
    say(f"creating {home} with {base} (once)")
    shutil.rmtree(home, ignore_errors=True)
    pip = (str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(pins))
    for command in ((base, "-m", "venv", str(home)), pip):
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(
                f"the environment of {TITLES[name]} could not be made; {shlex.join(command)} said:\n"
                f"{(done.stderr or done.stdout).strip()[-2000:]}\n"
                f"Mend that, name an interpreter that has the package by --{name}-python, or leave it out by --peers."
            )
    made_from.write_text(pins.read_text())
    return str(python)


def on_path(names):
    for name in names:
        for folder in os.environ.get("PATH", "").split(os.pathsep):
            if found := shutil.which(name, path=folder or "."):
                yield found


def can_make_environments(python):
    return not subprocess.run([python, "-c", "import ensurepip, venv"], check=False, capture_output=True).returncode


# Measurements ------------------------------------------------------------------------------------------------------


class Run:
    """Starts workers, one at a time, each with a limit of time and of memory."""

    def __init__(self, pythons, folder, limit):
        self.pythons, self.folder, self.limit = pythons, folder, limit
        self.customers = folder / "customers.csv"
        self._count = 0

    def __call__(self, who, task, times=1, **options):
        """The answer of a worker, the median one of several by its time to an answer; `note` if there is none."""
        answers = []
        for _ in range(times):
            one = self._once(who, task, options)
            if "note" in one:
                return one
            answers.append(one)
        return sorted(answers, key=lambda one: one["process"])[len(answers) // 2]

    def _once(self, who, task, options):
        say(f"{TITLES[who]}: {task} {options.get('method') or ''}".rstrip())
        self._count += 1
        question, answer, log = (self.folder / f"{self._count}.{end}" for end in ("question", "answer", "log"))
        question.write_text(json.dumps({"customers": str(self.customers)} | options))
        command = [self.pythons[who], str(WORKERS / f"run_{who}.py"), task, str(question), str(answer)]
        stopped, over = [], threading.Event()
        with log.open("wb") as output:
            started = time.monotonic()
            process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output, start_new_session=True)
            guard = threading.Thread(target=self._guard, args=(process, started, stopped, over), daemon=True)
            guard.start()
            try:
                process.wait()
            finally:
                over.set()
                kill(process)
                guard.join()
        if stopped:
            return {"note": stopped[0]}
        if process.returncode or not answer.exists():
            lines = log.read_text(errors="replace").strip().splitlines() or ["no message"]
            return {"note": f"failed: {lines[-1][:160]}"}
        found = json.loads(answer.read_text())
        found["process"] = found.get("ended", time.monotonic()) - started
        return found

    def _guard(self, process, started, stopped, over):
        while not over.wait(0.25):
            if time.monotonic() - started > self.limit:
                stopped.append(f"not finished in {self.limit:.0f} s")
            elif (free := free_memory()) < SPARE:
                stopped.append(f"stopped: it took all memory but {free:.1f} GB")
            if stopped:
                kill(process)
                return


def kill(process):
    """End a worker and the processes it started, which share its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def free_memory():
    """Memory that can still be had, in GB; infinite where the system does not say."""
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/meminfo").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("MemAvailable")).split()[1]) / 1024**2
    return math.inf


def say(what):
    print(f"... {what}", file=sys.stderr, flush=True)


# Data --------------------------------------------------------------------------------------------------------------


def data(customers):
    """CDNOW's customer table, or simulated customers who are like it: 39 weeks, acquired in the first 12."""
    if customers is None:
        log = kw.read_transactions(ROOT / "data/cdnow/transactions.csv")
        table = kw.summarise(log, observation_end="1997-09-30").table
        return table[["customer_id", "frequency", "recency", "T", "monetary_value", "value_to_date"]]
    rng = np.random.default_rng(39)
    T = rng.integers(189, 273, customers) / 7
    frequency, recency = pareto_nbd.simulate(T, **LAW, rng=rng)
    recency = np.ceil(recency * 7) / 7
    mean_spend, monetary_value = gamma_gamma.simulate(frequency, **SPEND, rng=rng)
    first = rng.standard_gamma(SPEND["p"], customers) * mean_spend / SPEND["p"]
    value = first + np.where(frequency > 0, frequency * np.nan_to_num(monetary_value), 0.0)
    history = {"frequency": frequency.astype(int), "recency": np.minimum(recency, T), "T": T}
    money = {"monetary_value": monetary_value, "value_to_date": value}
    return pd.DataFrame({"customer_id": np.arange(1, customers + 1)} | history | money)


def hard_cases():
    """Parameters and histories with their log-likelihood to many digits, from the reference values."""
    text = (ROOT / "tests/reference/published.md").read_text(encoding="utf-8").split("## Hard cases")[1]
    found = re.findall(r"^\(([^)]*)\) → ([−\d.]+)", text, flags=re.MULTILINE)
    return [[float(part) for part in case.split(",")] for case, _ in found], [
        float(value.replace("−", "-")) for _, value in found
    ]


# The measurements --------------------------------------------------------------------------------------------------


def report(options, run, summary):
    before = source()
    cases, truth = hard_cases()
    likelihoods = {"kundenwert": [float(pareto_nbd.log_likelihood(*c[4:], **law(c))) for c in cases]}
    for who in options.peers:  # first, so that what comes next finds its imports warm
        likelihoods[who] = run(who, "hard", cases=cases).get("log_likelihood", ["failed"] * len(cases))
    fits = measure_fits(options, run, len(summary))
    tables = measure_tables(options, run, len(summary))
    what = "CDNOW, times in weeks" if options.customers is None else "simulated like CDNOW, times in whole days"
    command = shlex.join([".venv/bin/python", "benchmarks/peers.py", *shown_arguments()])
    made = f"Made by `{command}` on {os.cpu_count()} cores. {len(summary):,} customers ({what}). "
    after = "" if source() == before else " The source CHANGED DURING THE RUN: run it again."
    parts = [
        "# The same data in this project, PyMC-Marketing and lifetimes",
        f"{made}Each row is a fresh process; they ran one after another. Source {before}.{after}",
        posterior_table(fits),
        estimates_table(fits, summary),
        agreement_table(fits),
        value_tables(tables),
        hard_table(cases, truth, likelihoods),
        ratios(fits, tables, len(summary)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def source():
    """A short name for the state of the source that is measured, so that tables of other code can be told apart."""
    package, digest = ROOT / "models" / "kundenwert", hashlib.sha256()
    rooms = (*(package / room for room in ("bayes", "data", "kernels")), package)
    for path in sorted(path for room in rooms for path in room.glob("*.py" if room == package else "**/*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


def shown_arguments():
    """The arguments as given, without those that only say where something lies."""
    where = ("--marketing-python", "--lifetimes-python", "--environments", "--write")
    left, result = iter(sys.argv[1:]), []
    for argument in left:
        if argument in where:
            next(left, None)
        elif not argument.startswith(tuple(f"{name}=" for name in where)):
            result.append(argument)
    return result


def law(case):
    return dict(zip(PARAMETERS, case[:4], strict=True))


def measure_fits(options, run, customers):
    """Every posterior and point estimate, by (program, method)."""
    fits = {}
    again = 5 if options.repeat > 1 else 1
    ours = {"model": "pareto_nbd", "save": None, "weibull": True}
    fits["kundenwert", "importance"] = run(
        "kundenwert", "fit", options.repeat, **ours, method="importance", again=again, **THOUSAND["importance"]
    )
    if "lifetimes" in options.peers:
        fits["lifetimes", "ML"] = run("lifetimes", "fit", options.repeat, again=again)
    default = ours | {"weibull": False}
    fits["kundenwert", "importance, own priors"] = run(
        "kundenwert", "fit", options.repeat, **default, method="importance", again=again, **THOUSAND["importance"]
    )
    fits["kundenwert", "NUTS"] = run(
        "kundenwert", "fit", options.repeat, **ours, method="nuts", again=0, **THOUSAND["nuts"]
    )
    if "marketing" in options.peers:
        nuts = {name: getattr(options, f"marketing_{name}") for name in ("draws", "tune", "chains")}
        demz = {"draws": 100, "tune": 100, "chains": 4} if options.quick else DEMZ
        for method, steps in (("map", {}), ("demz", demz), ("mcmc", nuts)):
            name = {"map": "MAP", "demz": "DEMetropolisZ", "mcmc": "NUTS"}[method]
            expected = SECONDS_A_STEP.get(method, 0) * customers * sum(steps.get(k, 0) for k in ("draws", "tune"))
            if expected > options.limit:
                fits["marketing", name] = {"note": f"skipped: about {expected:,.0f} s expected"} | steps
            else:
                fits["marketing", name] = run("marketing", "fit", method=method, **steps) | steps
    return fits


def measure_tables(options, run, customers):
    """Every table of values, by (program, draws)."""
    tables = {}
    files = {"purchases": str(run.folder / "purchases.nc"), "spend": str(run.folder / "spend.nc")}
    draws_file = str(run.folder / "draws.csv")
    whole = {"method": "auto", "again": 0, "weibull": True, "draws": options.draws // 4, "tune": 300}
    run("kundenwert", "fit", model="pareto_nbd", save=files["purchases"], **whole)
    run("kundenwert", "fit", model="gamma_gamma", save=files["spend"], **whole)
    tables["kundenwert", options.draws] = run(
        "kundenwert", "table", options.repeat, **files, draws=options.draws, weeks=YEAR, draws_file=draws_file
    )
    if "marketing" in options.peers and Path(draws_file).exists():
        draws = options.draws
        while draws >= 100:
            needed = COPIES * 8 * customers * draws / 1e9
            if needed > free_memory():
                found = {"note": f"skipped: about {needed:,.0f} GB needed"}
            else:
                found = run("marketing", "table", draws=draws, draws_file=draws_file)
            tables["marketing", draws] = found
            if "memory" not in found.get("note", "") and "skipped" not in found.get("note", ""):
                break
            draws //= 4
    if "lifetimes" in options.peers:
        tables["lifetimes", 1] = run("lifetimes", "table", options.repeat)
    return tables


if __name__ == "__main__":
    main()
