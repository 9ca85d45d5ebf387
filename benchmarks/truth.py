"""Formula against posterior, with the truth beside them: simulated businesses, whose truth is known, and CDNOW.

    .venv/bin/python benchmarks/truth.py --part populations   # 20 businesses of 12 cohorts: errors, coverage, ranking
    .venv/bin/python benchmarks/truth.py --part misspecified  # the same in short where an assumption is broken

Each part prints its tables and writes them to benchmarks/results/truth-*.csv, with the command in
benchmarks/results/truth.md. `--simulations N` makes a part smaller or larger: the number of populations (of each kind).
Fits and tables of single populations are kept in `--keep FOLDER`, so that a part that was stopped goes on from there.
"""

import time

import numpy as np
import pandas as pd
from parts import run_part, writer

import kundenwert as kw
from kundenwert import compare, formula, simulate
from kundenwert.bayes import load_fit, resolved_priors
from kundenwert.data import window_totals
from kundenwert.kernels import gamma_gamma, pareto_nbd
from kundenwert.validate import intervals

write = writer("truth")
FAMILY, SEED = 2026, 7
HORIZON, RELATIONSHIP = 52.0, 156.0
MONEY = {"margin": 0.4, "discount_rate": 0.10}
LIFESPAN_YEARS = 3.0
FIT = {"draws": 500, "tune": 300, "chains": 4, "log_likelihood": False, "progress": False}
LONGER = 1500
RECENT = {"last 26 weeks": 26, "last 52 weeks": 52}
FADING = {f"{name}, fading": name for name in (*RECENT, "repeat purchases of the last 52 weeks")}
"""Known money plus what a last window says, fewer by the churn that was counted: nobody needs a model for that."""
DRAWN_FROM = {"r": (0.5, 2.0), "s": (0.6, 2.0), "window_purchases": (1.5, 6.0), "half_life": (0.4, 1.5)}
"""What `random_population` draws uniformly: the law of the family, which is not the model's prior."""
BREACHES = {
    "regularity 3": simulate.Breaches(regularity=3),
    "spend correlation 0.5": simulate.Breaches(spend_correlation=0.5),
    "aging 0.02": simulate.Breaches(aging=0.02),
}


# ------------------------------------------------------------------------------------------------ one population


def fitted(model, summary, seed, file):
    """Fit as a user would, once more with more draws if the checks fail; a stored fit is taken as it is."""
    if file.exists():
        return load_fit(file)
    fit = kw.fit(model, summary, seed=seed, **FIT)
    why = "; ".join(f"{check.name} {check.value:.4g}" for check in fit.diagnosis if not check.passed)
    if why:
        fit = kw.fit(model, summary, seed=seed + 1, **FIT | {"draws": LONGER})
    fit.info["refitted"] = why
    fit.save(file)
    return fit


def simulated(population, number):
    """A business's truth, and what it sees of it."""
    made = simulate.simulate_population(
        population, seed=1000 + number, horizons=(HORIZON,), relationship=(RELATIONSHIP,), **MONEY
    )
    log = kw.read_transactions(made.transactions, keep=["cohort"])
    last = min(population.holdout_end, made.transactions["date"].max().date())
    ends = {"observation_end": population.observation_end, "holdout_end": last}
    return made, log, kw.summarise(log, cohort="cohort", **ends)


def collect(population, number, keep):
    """Fit, value and compare one business; its tables by cohort and by customer are kept as files."""
    keep.mkdir(parents=True, exist_ok=True)
    names = ("cohorts", "customers", "fits")
    files = {name: keep / f"{name}.parquet" for name in names}
    if not all(file.exists() for file in files.values()):
        tables = studied(population, number, keep)
        for name in names:
            tables[name].insert(0, "population", number)
            tables[name].to_parquet(files[name])
    return {name: pd.read_parquet(file) for name, file in files.items()}


def studied(population, number, keep):
    made, log, summary = simulated(population, number)
    models = {
        "purchases": kw.ParetoNBD(cohorts=("cohort",)), "spend": kw.GammaGamma(cohorts=("cohort",)),
        "purchases, pooled": kw.ParetoNBD(), "spend, pooled": kw.GammaGamma(), "no drop-out": kw.NBD(),
    }  # fmt: skip
    fits = {name: fitted(model, summary, SEED + number, keep / f"{name}.nc") for name, model in models.items()}
    cac = made.costs.set_index("cohort")["cac"].to_dict()
    how = {"horizon": HORIZON, "cac": cac, "seed": SEED, "allow_unconverged": True, **MONEY}
    values = kw.value_table(fits["purchases"], fits["spend"], summary, **how)
    pooled = kw.value_table(fits["purchases, pooled"], fits["spend, pooled"], summary, **how, samples=500)
    no_dropout = fits["no drop-out"], fits["spend, pooled"]
    customers = by_customer(made.truth, log, summary, values, pooled, no_dropout)
    cohorts = by_cohort(made.truth, summary, values, customers)
    new = kw.newcomers(fits["purchases"], fits["spend"], summary.table, units_per_year=summary.units_per_year)
    new = kw.acquisition_table(new, horizon=RELATIONSHIP, cac=cac, seed=SEED + 1, **MONEY)
    law = made.truth.groupby("cohort")[f"law_clv_{RELATIONSHIP:g}"].first()
    cohorts["new_truth"] = cohorts["cohort"].map(law) + cohorts["cac"]
    kept = ["break_even_cac_mean", "break_even_cac_q05", "break_even_cac_q95"]
    cohorts = cohorts.merge(new[["cohort", *kept]], on="cohort", validate="1:1")
    return {"cohorts": cohorts, "customers": customers, "fits": diagnoses(fits)}


def business_total(population, number, keep):
    """Where the whole business's RLV, realised and by the true law, lies among the draws of the sum over customers."""
    file = keep / "total.parquet"
    if not file.exists():
        _, _, summary = simulated(population, number)
        fits = [load_fit(keep / f"{name}.nc") for name in ("purchases", "spend")]
        how = {"horizon": HORIZON, "seed": SEED, "samples": 1000, "allow_unconverged": True, **MONEY}
        totals = kw.value_table(*fits, summary, **how).totals.sum("cohort")
        cohorts, rng = pd.read_parquet(keep / "cohorts.parquet"), np.random.default_rng([SEED, number])
        row = {
            "population": number,
            "posterior_sd": float(totals["expected_rlv"].std() / totals["expected_rlv"].mean()),
        }
        row["purchase_law"] = float((fits[0].draws()["s"] < population.groups[0].s).mean())
        row["s"] = population.groups[0].s
        for truth, draws in (("realised", "rlv"), ("given law", "expected_rlv")):
            true = float((cohorts[truth] * cohorts["customers"]).sum())
            row[f"stated / {truth}"] = float(totals["expected_rlv"].mean()) / true
            row[f"pit {truth}"] = float(intervals.randomised_pit(totals[draws].to_numpy(), true, rng=rng))
        weights, means = by_the_family(fits[0], summary, 1000), totals["expected_rlv"].to_numpy()
        row["effective"] = 1 / np.sum(weights**2)
        row["stated / given law, family's prior"] = weights @ means / true
        row["pit given law, family's prior"] = weights @ (means < true)
        pd.DataFrame([row]).rename(columns={"purchase_law": "share of draws of s below the true"}).to_parquet(file)
    return pd.read_parquet(file)


def by_the_family(fit, summary, samples):
    """Weights that turn draws under the default priors into draws under the family's own law, spreads left alone."""
    law, year, window = fit.draws(samples), fit.model.unit(summary), summary.window
    judged = {"yearly_purchases": law["r"] * year / law["alpha"], "rate_cv": law["r"] ** -0.5}
    judged |= {"half_life": law["beta"] * (2 ** (1 / law["s"]) - 1) / year, "dropout_cv": law["s"] ** -0.5}
    logs = 1.5 * np.log(law["r"] * law["s"])  # |dr / d rate_cv| = 2 r^(3/2), and so for s
    for name, prior in resolved_priors(fit.model).items():
        logs = logs - prior.log_density()(judged[name])
    stated = law | {
        "window_purchases": law["r"] * window / law["alpha"],
        "half_life": judged["half_life"] * year / window,
    }
    inside = [(stated[name] >= low) & (stated[name] <= high) for name, (low, high) in DRAWN_FROM.items()]
    weights = np.where(np.all(inside, axis=0), np.exp(logs - logs.max()), 0.0)
    return weights / weights.sum()


def diagnoses(fits):
    rows = []
    for name, fit in fits.items():
        checks = {check.name: check.value for check in fit.diagnosis}
        row = {"fit": name, "converged": fit.diagnosis.converged, "refitted": str(fit.info.get("refitted", ""))}
        row |= {"method": fit.info["method"], "seconds": fit.info["seconds"]}
        row |= {key: checks.get(key, np.nan) for key in ("R-hat", "bulk ESS", "tail ESS", "divergences")}
        rows.append(row)
    return pd.DataFrame(rows)


def by_customer(truth, log, summary, values, pooled, no_dropout):
    """Everybody's RLV: what came, what was to be expected of it, and what each method says."""
    table, end = summary.table, pd.Timestamp(summary.observation_end)
    windows = {
        name: (window_totals(log, (end - pd.Timedelta(weeks=weeks) + pd.Timedelta(days=1)).date(), end.date()), weeks)
        for name, weeks in RECENT.items()
    }
    guess = compare.baseline_predictions(
        table, units_per_year=summary.units_per_year, horizon=HORIZON, lifespan_years=LIFESPAN_YEARS, recent=windows,
        no_dropout=no_dropout, **MONEY,
    )  # fmt: skip
    known = truth.set_index("customer_id").loc[table["customer_id"]].reset_index()
    x, t_x, T, z = (table[name].to_numpy(float) for name in ("frequency", "recency", "T", "monetary_value"))
    law = {name: known[name].to_numpy() for name in ("r", "alpha", "s", "beta", "p", "q", "v")}
    delta = np.log1p(MONEY["discount_rate"]) / summary.units_per_year
    rates = {name: law.pop(name) for name in ("r", "alpha", "s", "beta")}
    found = table[["customer_id", "cohort", "frequency"]].copy()
    found["earned"] = MONEY["margin"] * table["value_to_date"] - known["cac"]
    found["realised"], found["given rates"] = known[f"rlv_{HORIZON:g}"], known[f"expected_rlv_{HORIZON:g}"]
    mean = gamma_gamma.expected_spend(x, z, **law)
    found["given law"] = (
        MONEY["margin"] * pareto_nbd.dert(x, t_x, T, discount_rate=delta, horizon=HORIZON, **rates) * mean
    )
    for name, result in (("posterior", values), ("posterior, no cohorts", pooled)):
        valued = result.table.set_index("customer_id").loc[table["customer_id"]]
        found[name] = valued["rlv_mean"].to_numpy()
        if name == "posterior":
            found["low"], found["high"] = valued["rlv_q05"].to_numpy(), valued["rlv_q95"].to_numpy()
    return found.join(guess.revenue).join(fading(summary, guess.revenue, windows["last 52 weeks"][0]))


def fading(summary, guess, window):
    """Windows carried forward, fewer year by year by counted churn: the cohort's, everybody's where it has none.

    `pace · ∫₀^h (1 - churn)^u e^(-δu) du` in years; repeat purchases are the cohort's, by the time its customers had.
    """
    table, how = summary.table, {"units_per_year": summary.units_per_year}
    churn = formula.kpis(table, by="cohort", **how).set_index("cohort")["churn"]
    churn = table["cohort"].map(churn).fillna(formula.kpis(table, by=None, **how)["churn"].iloc[0]).to_numpy(float)
    years, discounting = HORIZON / summary.units_per_year, np.log1p(MONEY["discount_rate"])
    fade = discounting - np.log(np.maximum(1 - churn, 1e-9))
    whole = -np.expm1(-discounting * years) / discounting
    left = -np.expm1(-fade * years) / fade
    span = np.minimum(table["T"].to_numpy(float), 52.0)
    money = window.set_index("customer_id")["revenue"].reindex(table["customer_id"]).fillna(0).to_numpy(float)
    repeat = money - np.where(table["T"] < 52.0, table["first_value"], 0.0)
    paces = {name: guess[name].to_numpy(float) / whole for name in RECENT}
    sums = pd.DataFrame({"repeat": repeat, "span": span}).groupby(table["cohort"].to_numpy()).transform("sum")
    pace = (sums["repeat"] / sums["span"]).to_numpy(float)
    paces["repeat purchases of the last 52 weeks"] = MONEY["margin"] * summary.units_per_year * pace
    return pd.DataFrame({name: paces[of] * left for name, of in FADING.items()}, index=guess.index)


def by_cohort(truth, summary, values, customers):
    """Means per customer of each cohort, the formula's columns, and where the truth lies among the draws."""
    methods = [name for name in customers if name not in ("customer_id", "cohort", "frequency", "low", "high")]
    filled = customers.fillna({name: 0.0 for name in methods if "own_active" in name})
    means = filled.groupby("cohort")[methods].agg(lambda one: one.mean(skipna=False))
    comparison = kw.compare_cohorts(summary, values, lifespan_years=LIFESPAN_YEARS).query("cohort != 'all'")
    stated = [name for name in comparison if name.startswith("formula_") and "holdout" not in name]
    ends = [f"{kind}{of}_{q}" for kind in ("", "expected_") for of in ("clv", "rlv") for q in ("q05", "q95")]
    kept = comparison[["cohort", "customers", "cac", "aov", "purchase_frequency", "churn", "lifespan_observed", *ends]]
    kept = kept.join(comparison[stated].add_suffix(", clv"))
    rows = kept.merge(means, left_on="cohort", right_index=True, validate="1:1").reset_index(drop=True)
    rng = np.random.default_rng([SEED, len(truth)])
    for target, draws in (("realised", "rlv"), ("given law", "expected_rlv"), ("given rates", "expected_rlv")):
        total = values.totals[draws].sel(cohort=rows["cohort"].tolist()).transpose("cohort", "sample").to_numpy()
        true = (rows[target] * rows["customers"]).to_numpy()
        rows[f"pit {target}"] = intervals.randomised_pit(total, true, rng=rng)
    return rows


# ------------------------------------------------------------------------------------------------ scores

PERFECT = ("given law", "given rates")
OURS = ("posterior", "posterior, no cohorts")
TRUTHS = ("realised", "given law", "given rates")
SIZES = {"3 to 19": (3, 19), "20 to 99": (20, 99), "100 to 400": (100, 400)}


def errors(cohorts, of):
    """One row per cohort, method and kind of truth: the error in money, and as a share of the population's level.

    The level is the mean over the business's customers of what is stated, by the true law: of the RLV itself, and of
    the CLV before acquisition cost.
    """
    formulas = [name for name in cohorts if name.endswith(", clv")] if of == "clv" else rlv_methods(cohorts)
    parts = []
    weight = cohorts.groupby("population")["customers"].transform(lambda one: one / one.sum())
    worth = cohorts["given law"] + (cohorts["earned"] + cohorts["cac"] if of == "clv" else 0.0)
    level = (weight * worth).groupby(cohorts["population"]).transform("sum")
    for method in (*OURS, *PERFECT, *formulas):
        for truth in TRUTHS:
            if method == truth:
                continue
            error = cohorts[method] - cohorts[truth] - (cohorts["earned"] if method.endswith(", clv") else 0.0)
            part = cohorts[["population", "cohort", "customers"]].assign(method=method.removesuffix(", clv"))
            parts.append(part.assign(truth=truth, error=error, relative=error / level))
    return pd.concat(parts, ignore_index=True).dropna(subset="error")


def rlv_methods(frame):
    """Baselines of the RLV by column, those left out that say 0 for everybody."""
    formulas = (name for name in frame if name.startswith("formula_") and "," not in name)
    names = ["annuity", "nbd", *RECENT, *FADING, *formulas]
    return [name for name in names if frame[name].abs().sum() > 0]


def error_table(long):
    """Errors over all cohorts: medians and means, in money and relative; bias over customers."""
    frame = long.assign(size=long["relative"].abs(), money=long["error"].abs())
    frame["weighted"] = frame["relative"] * frame["customers"]
    one = frame.groupby(["truth", "method"], sort=False)
    table = one.agg(
        cohorts=("money", "size"), median_error=("money", "median"), mean_error=("money", "mean"),
        median_relative=("size", "median"), mean_relative=("size", "mean"),
        weighted=("weighted", "sum"), customers=("customers", "sum"),
    )  # fmt: skip
    table["bias"] = table.pop("weighted") / table.pop("customers")
    return table.reset_index()


MEASURES = {
    "median money": lambda one: one["error"].abs().median(),
    "median relative": lambda one: one["relative"].abs().median(),
    "mean relative": lambda one: one["relative"].abs().mean(),
}


def ratios(long, of):
    """Posterior against the formula variant, and any baseline, that turned out best; each on the cohorts it speaks of.

    `perfect` is the error that the true law itself makes on those cohorts: against what happened nobody does better.
    """
    rows = []
    for truth, part in long.groupby("truth", sort=False):
        by = {method: own.set_index(["population", "cohort"]) for method, own in part.groupby("method", sort=False)}
        others = [name for name in by if name not in (*OURS, *PERFECT)]
        formulas = [name for name in others if name.startswith("formula") or name == "annuity"]
        for measure, summed in MEASURES.items():
            for kind, names in (("formula", formulas), ("baseline", others)):
                best = min(names, key=lambda name: summed(by[name]))
                own, perfect = (
                    summed(by[m].loc[by[best].index]) if m in by else np.nan for m in ("posterior", PERFECT[0])
                )
                theirs = summed(by[best])
                row = {"of": of, "truth": truth, "measure": measure, "posterior": own, "best": kind, "method": best}
                row |= {"cohorts": len(by[best]), "its error": theirs, "ratio": own / theirs}
                rows.append(row | {"perfect": perfect, "perfect / its error": perfect / theirs})
    return pd.DataFrame(rows).drop_duplicates(["of", "truth", "measure", "method"])


def coverage_table(cohorts):
    """Share of cohorts whose interval holds the truth: at four probabilities by place, and as printed, q05 to q95."""
    parts = []
    for truth, what in (("realised", "outcome"), ("given law", "expectation"), ("given rates", "expectation")):
        for size, (low, high) in {"all": (3, 400), **SIZES}.items():
            some = cohorts[cohorts["customers"].between(low, high)]
            found = intervals.interval_coverage(some[f"pit {truth}"], some["population"])
            parts.append(found.assign(interval=what, truth=truth, size=size, kind="place among draws"))
            ends = ("rlv_q05", "rlv_q95") if what == "outcome" else ("expected_rlv_q05", "expected_rlv_q95")
            inside = some[truth].between(some[ends[0]] - 1e-9, some[ends[1]] + 1e-9)
            share = inside.groupby(some["population"]).mean()
            row = {"nominal": 0.9, "cases": len(some), "groups": len(share), "inside": inside.mean()}
            row["error"] = share.std() / np.sqrt(len(share))
            more = {"interval": what, "truth": truth, "size": size, "kind": "as printed"}
            parts.append(pd.DataFrame([row | more]))
    whole = pd.concat(parts)[["interval", "truth", "kind", "size", "nominal", "cases", "groups", "inside", "error"]]
    whole["binomial_error"] = np.sqrt(whole["nominal"] * (1 - whole["nominal"]) / whole["cases"])
    return whole


def size_table(long):
    """Median relative error by size of the cohort, of ours, of the perfect model and of the best of the others."""
    parts = []
    for size, (low, high) in SIZES.items():
        table = error_table(long[long["customers"].between(low, high)])
        parts.append(table.assign(size=size)[["size", "truth", "method", "cohorts", "median_error", "median_relative"]])
    return pd.concat(parts)


def ranking_table(cohorts, customers):
    """How well cohorts and customers are ordered: means over populations, and paired differences to the posterior."""
    parts = []
    names = [*OURS, *PERFECT, *rlv_methods(customers)]
    for number, own in customers.groupby("population"):
        order = compare.ranking(own[names], own["realised"])
        picked = compare.top_decile(own[names], own["realised"])[["method", "captured"]]
        parts.append(order.merge(picked, on="method", how="left").assign(population=number, of="customers, RLV"))
    stated = [name for name in cohorts if name.endswith(", clv")]
    for number, own in cohorts.groupby("population"):
        parts.append(compare.ranking(own[names], own["realised"]).assign(population=number, of="cohorts, RLV"))
        value = own[[*OURS, *PERFECT]].add(own["earned"], axis=0).join(own[stated])
        value = value.rename(columns=lambda name: name.removesuffix(", clv"))
        order = compare.ranking(value, own["realised"] + own["earned"])
        parts.append(order.assign(population=number, of="cohorts, CLV"))
    long = pd.concat(parts)
    rows = []
    for (of, method), own in long.groupby(["of", "method"], sort=False):
        base = long[(long["of"] == of) & (long["method"] == "posterior")].set_index("population")
        row = {"of": of, "method": method, "populations": int(own["spearman"].notna().sum())}
        for measure in ("spearman", "top_capture", "gini"):
            gap = (own.set_index("population")[measure] - base[measure]).dropna()
            row[measure] = own[measure].mean()
            row[f"{measure}_difference"], row[f"{measure}_error"] = gap.mean(), gap.std() / np.sqrt(max(len(gap), 1))
        rows.append(row)
    return pd.DataFrame(rows)


def newcomer_tables(cohorts):
    """What a new customer of each cohort may cost: errors of the limits, and money lost by acting on them."""
    rules = {"posterior": cohorts["break_even_cac_mean"]}
    rules |= {n.removesuffix(", clv"): cohorts[n] + cohorts["cac"] for n in cohorts if n.endswith(", clv")}
    rules = {name: limit for name, limit in rules.items() if not name.endswith("_matched")}
    level = (cohorts["new_truth"] * cohorts["customers"]).groupby(cohorts["population"]).transform("sum")
    level /= cohorts["customers"].groupby(cohorts["population"]).transform("sum")
    rows, acted = [], []
    for name, limit in rules.items():
        gap = (limit - cohorts["new_truth"]).dropna()
        share = (gap / level[gap.index]).abs()
        row = {"rule": name, "cohorts": len(gap), "median_error": gap.abs().median(), "mean_error": gap.abs().mean()}
        rows.append(row | {"median_relative": share.median(), "bias": (gap / level[gap.index]).mean()})
    for elasticity in (None, 1.0):
        for number, own in cohorts.groupby("population"):
            limits = {name: limit[own.index] for name, limit in rules.items()}
            how = {"cac": own["cac"], "customers": own["customers"], "elasticity": elasticity}
            acted.append(
                compare.acting_profit(limits, own["new_truth"], **how).assign(population=number, by=elasticity)
            )
    money = pd.concat(acted).assign(response=lambda table: table["by"].map({1.0: "elasticity 1"}).fillna("yes or no"))
    sums = money.groupby(["response", "rule"], sort=False)[
        ["acquired", "overspending", "underspending", "profit", "lost"]
    ]
    lost = sums.sum().reset_index()
    possible = lost[lost["rule"] == "truth"].set_index("response")["profit"]
    lost["lost_share"] = lost["lost"] / lost["response"].map(possible)
    inside = cohorts["new_truth"].between(cohorts["break_even_cac_q05"], cohorts["break_even_cac_q95"])
    rows[0] |= {"inside_90": inside.mean(), "inside_error": inside.groupby(cohorts["population"]).mean().sem()}
    return pd.DataFrame(rows), lost


# ------------------------------------------------------------------------------------------------ populations


def all_populations(simulations, keep, kind="population", seed=FAMILY, **options):
    """Tables of all populations below one another."""
    parts = []
    for number, population in enumerate(simulate.random_populations(simulations, seed=seed, **options)):
        started = time.perf_counter()
        parts.append(collect(population, number, keep / f"{kind}-{number:02d}"))
        print(f"  {kind} {number + 1}, {time.perf_counter() - started:.0f} s", flush=True)
    return {name: pd.concat([part[name] for part in parts], ignore_index=True) for name in parts[0]}


def run_populations(simulations, keep):
    """Twelve cohorts each, 3 to 400 customers, that differ in purchase rate, drop-out and spend."""
    found = all_populations(simulations, keep)
    cohorts, ratio = found["cohorts"], []
    for of in ("clv", "rlv"):
        long = errors(cohorts, of)
        table = error_table(long)
        ratio.append(ratios(long, of))
        write(table, f"populations-{of}")
        write(size_table(long), f"populations-{of}-size", show=False)
    write(pd.concat(ratio), "populations-ratio")
    write(coverage_table(cohorts), "populations-coverage")
    write(ranking_table(cohorts, found["customers"]), "populations-ranking")
    new, lost = newcomer_tables(cohorts)
    write(new, "populations-new")
    write(lost, "populations-acting")
    write(customer_coverage(found["customers"]), "populations-customers")
    drawn = enumerate(simulate.random_populations(simulations, seed=FAMILY))
    totals = [business_total(one, number, keep / f"population-{number:02d}") for number, one in drawn]
    write(pd.concat(totals), "populations-total")
    write(fit_counts(found["fits"]), "populations-fits")


def customer_coverage(customers):
    """Printed 90 % intervals of single customers' RLV, which are wider than 90 % where 0 has much probability."""
    inside = customers["realised"].between(customers["low"], customers["high"])
    share = inside.groupby(customers["population"]).mean()
    row = {"customers": len(inside), "inside_90": inside.mean(), "error": share.sem()}
    return pd.DataFrame([row | {"nobody_buys": (customers["realised"] == 0).mean()}])


def fit_counts(fits):
    """How many fits passed at once, after a longer run, or not at all."""
    fits = fits.assign(longer=~fits["refitted"].astype(str).isin(["", "False"]))
    one = fits.groupby(["fit", "method"], sort=False)
    table = one.agg(
        fits=("fit", "size"), longer=("longer", "sum"), converged=("converged", "sum"), seconds=("seconds", "median"),
        rhat=("R-hat", "max"), bulk_ess=("bulk ESS", "min"), tail_ess=("tail ESS", "min"),
        divergences=("divergences", "sum"),
    )  # fmt: skip
    return table.reset_index()


def run_misspecified(simulations, keep):
    """Populations that break one assumption each; the perfect model of the unbroken world is left out."""
    rows = []
    for name, breaches in BREACHES.items():
        found = all_populations(simulations, keep, name, FAMILY + 1, breaches=breaches)
        cohorts = found["cohorts"]
        for of in ("clv", "rlv"):
            long = errors(cohorts, of)
            ratio, table = ratios(long, of).query("measure == 'median relative'"), error_table(long)
            ratio = ratio[ratio["truth"] != "given law"]
            own = table[table["method"] == "posterior"].set_index("truth")["bias"]
            ratio = ratio.assign(breach=name, cohorts=len(cohorts), bias=ratio["truth"].map(own))
            rows.append(ratio.drop(columns=["perfect", "perfect / its error", "measure"]))
        covered = coverage_table(cohorts).query("truth == 'realised' and size == 'all' and nominal == 0.9")
        covered = covered.query("kind == 'place among draws'")[["inside", "error"]].iloc[0]
        rows[-1] = rows[-1].assign(inside_90=covered["inside"], inside_error=covered["error"])
        write(pd.concat(rows), "misspecified", show=False)
    print(pd.concat(rows).to_string(index=False))


# ------------------------------------------------------------------------------------------------ results

PARTS = {"populations": (run_populations, 20), "misspecified": (run_misspecified, 2)}


if __name__ == "__main__":
    run_part(__doc__, PARTS, "truth")
