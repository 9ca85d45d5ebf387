"""What `peers.py` measured, as tables in Markdown."""

import math
import re

from kundenwert.bayes import WEIBULL
from kundenwert.kernels import pareto_nbd

PARAMETERS = ("r", "alpha", "s", "beta")
TITLES = {"kundenwert": "Kundenwert", "marketing": "PyMC-Marketing", "lifetimes": "lifetimes"}


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
