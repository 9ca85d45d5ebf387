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

import kundenwert as kw
from kundenwert.bayes import WEIBULL
from kundenwert.kernels import gamma_gamma, pareto_nbd

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
WORKERS = HERE / "peers"
PARAMETERS = ("r", "alpha", "s", "beta")
YEAR = 365.25 / 7
LAW = {"r": 0.553277, "alpha": 10.577684, "s": 0.606240, "beta": 11.668728}
SPEND = {"p": 6.249349, "q": 3.744256, "v": 15.444307}
TITLES = {"kundenwert": "Kundenwert", "marketing": "PyMC-Marketing", "lifetimes": "lifetimes"}
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


# The tables --------------------------------------------------------------------------------------------------------


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


def posterior_table(fits):
    rows = []
    for (who, method), found in fits.items():
        name = f"{TITLES[who]}, {method}"
        if "chains" in found:
            name += f", {found['chains']} × ({found['tune']:,} + {found['draws']:,})"
        if "note" in found:
            rows.append([name, found["note"], *[""] * 8])
            continue
        times = [
            f"{found['seconds']:.2f}",
            f"{found['processors']:.2f}",
            seconds(found["again"]),
            f"{found['process']:.2f}",
        ]
        peak = f"{found['peak']:,.0f}"
        if "effective" not in found:
            rows.append([name, "", "", *times, "", "", peak])
            continue
        rhat = "" if found["rhat"] is None else f"{found['rhat']:.3f}"
        to_thousand = f"{thousand(found):,.2f}"
        if found["effective"] < 1000:
            to_thousand += " (extrapolated)"
        rows.append([name, f"{found['effective']:,.0f}", rhat, *times, to_thousand, f"{rate(found):,.1f}", peak])
    head = [
        "",
        "effective draws",
        "R-hat",
        "fit, s",
        "CPU, s",
        "again, s",
        "process, s",
        "to 1,000 effective, s",
        "effective / s",
    ]
    return (
        "## Posterior of the Pareto/NBD\n\n"
        + grid([*head, "peak MB"], rows)
        + "\n\nEffective draws: ArviZ' bulk ESS, the smallest of r, alpha, s, beta; for importance sampling Kish's "
        "1/Σw². *Fit*: the call alone, the first in its process; *CPU*: of all its "
        "threads and processes, which suffers less from what else the machine does; *again*: the median of further "
        "calls there. "
        "*Process*: from its start to the posterior, imports, reading and compilation included. *To 1,000 effective* "
        "is the process's time too; for PyMC-Marketing's samplers its draws are scaled to 1,000 effective ones, and "
        "imports, compilation and warm-up (2 chains at a time) stay as they were. *Effective / s* flatters "
        "PyMC-Marketing: its samplers are judged by the seconds after warm-up alone, this project by the whole fit. "
        "Chains with an R-hat above 1.01 have not converged; their effective size is a rough guess. "
        "Priors are PyMC-Marketing's defaults unless the row says otherwise. Peak "
        "memory is that of the largest single process."
    )


def thousand(found):
    """Seconds from the start of a process to 1,000 effective draws."""
    if "drawing" in found:
        return found["process"] + found["drawing"] * (1000 / found["effective"] - 1)
    return found["process"] + found["seconds"] * max(0.0, 1000 / found["effective"] - 1)


def rate(found):
    return found["effective"] / found.get("drawing", found["seconds"])


def estimates_table(fits, summary):
    history = [summary[name].to_numpy(float) for name in ("frequency", "recency", "T")]
    rows = []
    for (who, method), found in fits.items():
        if "mean" not in found:
            continue
        mean, sd = found["mean"], found.get("sd", {})
        value = float(pareto_nbd.log_likelihood(*history, **mean).sum())
        cells = [f"{mean[name]:.4f}" + (f" ± {sd[name]:.4f}" if sd else "") for name in PARAMETERS]
        rows.append([f"{TITLES[who]}, {method}", *cells, f"{value:,.3f}"])
    return (
        "## Estimates\n\n"
        + grid(["", *PARAMETERS, "log-likelihood there"], rows)
        + "\n\nPosterior mean ± standard deviation, or the point itself (ML, MAP)."
    )


def agreement_table(fits):
    ours = fits["kundenwert", "importance"]
    if "error" not in ours:
        return ""
    rows = []
    for (who, method), other in fits.items():
        if other is ours or "error" not in other or "own priors" in method:
            continue
        cells = []
        for name in PARAMETERS:
            error = math.hypot(ours["error"][name], other["error"][name])
            cells.append(f"{(other['mean'][name] - ours['mean'][name]) / error:+.1f}")
        width = {name: ours["high"][name] - ours["low"][name] for name in PARAMETERS}
        ends = max(abs(other[end][n] - ours[end][n]) / width[n] for end in ("low", "high") for n in PARAMETERS)
        rows.append([f"{TITLES[who]}, {method}", *cells, f"{ends:.1%}", priors_note(other)])
    return (
        "## Agreement with this project's importance sampling, same priors\n\n"
        + grid(["", *PARAMETERS, "90 % interval's ends", "priors"], rows)
        + "\n\nDifference of the means in combined Monte-Carlo standard errors; largest distance of an interval's end, "
        "as a share of the interval's width. The fewer effective draws the other has, the less this can tell."
    )


def priors_note(found):
    """Whether the other's default priors, as its own program states them, are the ones given to ours."""
    if "priors" not in found:
        return "the same"
    theirs = {
        name: (prior["parameters"].get("alpha"), prior["parameters"].get("beta"))
        for name, prior in found["priors"].items()
        if prior["distribution"] == "Weibull"
    }
    ours = {
        name: (float(prior.parameters["alpha"]), float(prior.parameters["beta"]))
        for name, prior in WEIBULL.items()
        if prior.distribution == "Weibull"
    }
    return "checked: the same" if theirs == ours else f"DIFFERENT: {theirs}"


def value_tables(tables):
    gives = {
        "kundenwert": "intervals of outcome and of expectation, pays back, cohorts",
        "marketing": "intervals of the expectation",
        "lifetimes": "a point",
    }
    rows = []
    for (who, draws), found in tables.items():
        name = [TITLES[who], gives[who], f"{draws:,}"]
        if "note" in found:
            rows.append([*name, found["note"], "", "", ""])
        else:
            memory = "" if found["megabytes"] is None else f"{found['megabytes']:,.0f}"
            rows.append(
                [*name, f"{found['seconds']:.2f}", f"{found['processors']:.2f}", memory, f"{found['total']:,.0f}"]
            )
    return (
        "## Value of every customer over twelve months, discounted at 10 % a year\n\n"
        + grid(["", "gives", "draws", "s", "CPU, s", "peak MB above start", "value of all"], rows)
        + "\n\nFitting is not included. PyMC-Marketing gets this project's draws of r, alpha, s, beta, p, q, v, so "
        "that the values can be compared; it discounts at the ends of months and puts in each customer's mean spend, "
        "without its uncertainty. lifetimes uses its own maximum likelihood."
    )


def hard_table(cases, truth, likelihoods):
    rows = []
    for i, (case, value) in enumerate(zip(cases, truth, strict=True)):
        cells = [error_of(found[i], value) for found in likelihoods.values()]
        rows.append([", ".join(f"{part:g}" for part in case), f"{value:.10f}".rstrip("0"), *cells])
    head = ["r, alpha, s, beta, x, t_x, T", "log-likelihood", *(f"error: {TITLES[who]}" for who in likelihoods)]
    return "## Hard cases: error of the log-likelihood\n\n" + grid(head, rows)


def error_of(found, value):
    return found if isinstance(found, str) else f"{found - value:+.1e}" if math.isfinite(found) else str(found)


def ratios(fits, tables, customers):
    """The bounds this project sets itself, as far as this run can say it."""
    lines = []

    def line(what, value, bound, met):
        lines.append([what, value, bound, "yes" if met else "NO"])

    fast, slow = fits["kundenwert", "importance"], fits["kundenwert", "NUTS"]
    small = customers < 10_000
    for name, found, bound in (("importance sampling", fast, 1.5 if small else 30.0), ("NUTS", slow, 20.0)):
        if "effective" in found and (small or found is fast):
            value = thousand(found)
            line(f"{name}: process to 1,000 effective draws", f"{value:.2f} s", f"{bound:g} s", value < bound)
            if found is fast:
                value = found["seconds"]
                line(f"{name}: the same, in process", f"{value:.2f} s", f"{bound:g} s", value < bound)
    theirs = fits.get(("marketing", "NUTS"), {})
    if "effective" in fast and "effective" in theirs:
        value = rate(fast) / rate(theirs)
        line("effective draws / s against PyMC-Marketing's NUTS", f"{value:,.0f} ×", "500 ×", value >= 500)
        demz = fits["marketing", "DEMetropolisZ"]
        if "effective" in demz:
            lines.append(["... against its DEMetropolisZ", f"{rate(fast) / rate(demz):,.0f} ×", "", ""])
    point = fits.get(("lifetimes", "ML"), {})
    if "seconds" in fast and "seconds" in point:
        for name, key in (("first call", "seconds"), ("again", "again")):
            value = fast[key] / point[key]
            line(f"fast path against lifetimes' ML, in process, {name}", f"{value:.2f} ×", "3 ×", value <= 3)
    table = next(found for (who, _), found in tables.items() if who == "kundenwert")
    if "seconds" in table:
        bounds = (3, 300) if small else (60, 2000)
        line("table of values", f"{table['seconds']:.2f} s", f"{bounds[0]} s", table["seconds"] < bounds[0])
        if table["megabytes"] is not None:
            value = table["megabytes"]
            line("table of values, above the start", f"{value:,.0f} MB", f"{bounds[1]} MB", value < bounds[1])
    return "## What is asked for\n\n" + grid(["", "here", "bound", "met"], lines)


def seconds(value):
    return "" if value is None else f"{value:.2f}"


def grid(head, rows):
    """A table that reads well as it is and as Markdown."""
    cells = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    right = [i > 0 and all(not row[i] or re.match(r"[-+−]?\d", row[i]) for row in cells[1:]) for i in range(len(head))]
    lines = [
        "| " + " | ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)) + " |"
        for row in cells
    ]
    rule = "|" + "|".join("-" * (w + 1) + (":" if r else "-") for w, r in zip(widths, right, strict=True)) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


if __name__ == "__main__":
    main()
