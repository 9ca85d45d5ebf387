"""Is the posterior as sure as it may be? Simulated shops whose truth is known, fitted and predicted.

    .venv/bin/python benchmarks/calibration.py --part sbc        # ranks of true values: simulation-based calibration
    .venv/bin/python benchmarks/calibration.py --part grid       # recovery and coverage over a grid of populations
    .venv/bin/python benchmarks/calibration.py --part large      # the same for shops of 100,000 customers
    .venv/bin/python benchmarks/calibration.py --part agreement  # fast path against NUTS
    .venv/bin/python benchmarks/calibration.py --part robust     # likelihood and gradient at 100,000 extreme points

Each part prints its tables and writes them to benchmarks/results/calibration-*.csv, with the command in
benchmarks/results/calibration.md. `--simulations N` makes a part larger or smaller: the number of simulated shops, of
shops of 200 customers for each population, of draws in a chain of NUTS, of points.
"""

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from types import SimpleNamespace

import arviz as az
import numpy as np
import pandas as pd
from parts import RESULTS, writer

import kundenwert as kw
from kundenwert.bayes import resolved_priors
from kundenwert.kernels import pareto_nbd
from kundenwert.validate import intervals, sbc, uniformity

write = writer("calibration")
WINDOW = 52.0
YEAR = 365.25 / 7
HORIZON = kw.Horizon(52.0, np.log(1.1) * 7 / 365.25)
SPEND_SCALE = 30.0
DRAWS = 199
LAW = ("r", "alpha", "s", "beta")
FIT = {"draws": 500, "tune": 500, "chains": 4}
FEWEST_REPEATERS, MOST_PURCHASES = 10, 5000


@dataclass(frozen=True)
class KnownScale(kw.GammaGamma):
    """The spend model with its prior on a scale fixed in advance.

    The default measures `relative_spend` in units of the data's own median, so that it is no prior in the strict sense,
    and ranks under it are uniform only nearly. Both are run.
    """

    def unit(self, summary):
        return SPEND_SCALE


def prior_law(rng):
    """Draw parameters from the default priors, by formulas of their own."""
    drawn = {
        name: float(prior.draw(1, rng=rng)[0])
        for model in (kw.ParetoNBD(), kw.GammaGamma())
        for name, prior in resolved_priors(model).items()
    }
    law = {"r": drawn["rate_cv"] ** -2, "s": drawn["dropout_cv"] ** -2}
    law["alpha"] = law["r"] * YEAR / drawn["yearly_purchases"]
    law["beta"] = drawn["half_life"] * YEAR / (2 ** (1 / law["s"]) - 1)
    law |= {"p": 1 / (drawn["purchase_cv"] ** 2 + 1e-6), "q": 1 + 1 / (drawn["customer_cv"] ** 2 + 1e-6)}
    return law | {"v": drawn["relative_spend"] * SPEND_SCALE * law["q"] / law["p"]}


def shop(law, customers, rng):
    """Simulate customers purchase by purchase, through observation and horizon: what is seen, and what is not."""
    T = rng.uniform(WINDOW / 2, WINDOW, customers)
    rate = rng.gamma(law["r"], 1 / law["alpha"], customers)
    lifetime = rng.exponential(1 / np.maximum(rng.gamma(law["s"], 1 / law["beta"], customers), 1e-300))
    nu = np.maximum(rng.gamma(law["q"], 1 / law["v"], customers), 1e-300)
    end = np.minimum(lifetime, T + HORIZON.length)
    number = rng.poisson(rate * end)
    who = np.repeat(np.arange(customers), number)
    at = rng.random(who.size) * end[who]
    worth = rng.gamma(law["p"], 1, who.size) / nu[who]
    seen = at <= T[who]
    x = np.bincount(who[seen], minlength=customers)
    t_x = np.zeros(customers)
    np.maximum.at(t_x, who[seen], at[seen])
    total = np.bincount(who[seen], worth[seen], minlength=customers)
    frame = pd.DataFrame(
        {"customer_id": [f"{i:06d}" for i in range(customers)], "frequency": x, "recency": t_x, "T": T}
    )
    frame["monetary_value"] = np.where(x > 0, total / np.maximum(x, 1), np.nan)
    later = who[~seen]
    paid = worth[~seen] * np.exp(-HORIZON.discount_rate * (at[~seen] - T[later]))
    hidden = pd.DataFrame({"alive": lifetime > T, "purchases": np.bincount(later, minlength=customers)})
    hidden["value"] = np.bincount(later, paid, minlength=customers)
    return frame, hidden


def usable(frame):
    """The rule on the data by which simulated shops are left out; a rule on data keeps calibration exact."""
    return (frame["frequency"] > 0).sum() >= FEWEST_REPEATERS and frame["frequency"].max() <= MOST_PURCHASES


def fitted(model, summary, seed):
    """As a user would: `auto`."""
    return kw.fit(model, summary, seed=seed, method="auto", progress=False, **FIT)


def predicted(purchases, spend, table, seed, samples=DRAWS):
    """P(alive), purchases and discounted value of each customer: arrays (customers, samples), in the table's order."""
    whole = {name: np.empty((len(table), samples)) for name in ("p_alive", "purchases", "value")}
    for block in kw.predict.customer_blocks(purchases, spend, table, horizon=HORIZON, seed=seed, samples=samples):
        for name, values in whole.items():
            values[block.rows] = getattr(block, name)
    return whole


# ------------------------------------------------------------------------------------------------ SBC


@dataclass
class Study:
    """Simulate and infer for `validate.sbc`, keeping count of what happened on the way."""

    counts: Counter = field(default_factory=Counter)
    customers: list = field(default_factory=list)
    spend_shapes: list = field(default_factory=list)

    def simulate(self, rng):
        while True:
            law = prior_law(rng)
            frame, hidden = shop(law, int(rng.integers(100, 301)), rng)
            self.counts["simulated"] += 1
            if usable(frame):
                break
        self.counts["used"] += 1
        self.spend_shapes.append(law["q"])
        summary = kw.CustomerSummary.from_frame(frame, time_unit="W", window=WINDOW)
        best = int(frame["frequency"].argmax())
        truth = law | {f"{name}, data-scaled prior": law[name] for name in ("p", "q", "v")}
        truth["log-likelihood of purchases"] = float(likelihood(summary, law)[0])
        own = dict(zip(("frequency", "recency", "T"), frame.iloc[0][["frequency", "recency", "T"]], strict=True))
        truth["P(alive), one customer"] = float(pareto_nbd.p_alive(*own.values(), **{n: law[n] for n in LAW}))
        truth["alive or not, one customer"] = float(hidden["alive"][0])
        for label, row in (("one customer", 0), ("best customer", best)):
            truth[f"purchases, {label}"] = float(hidden["purchases"][row])
            truth[f"RLV, {label}"] = float(hidden["value"][row])
        truth |= {"purchases, all": float(hidden["purchases"].sum()), "RLV, all": float(hidden["value"].sum())}
        return SimpleNamespace(summary=summary, best=best, hidden=hidden), truth

    def infer(self, data, rng):
        seed = int(rng.integers(2**31))
        fits = {
            "purchases": fitted(kw.ParetoNBD(), data.summary, seed),
            "spend": fitted(KnownScale(), data.summary, seed),
            "spend, data-scaled prior": fitted(kw.GammaGamma(), data.summary, seed),
        }
        for name, fit in fits.items():
            self.counts[f"{name}: {fit.info['method']}"] += 1
            if not fit.diagnosis.converged:
                self.counts[f"{name}: not converged, left out"] += 1
        number = self.counts["used"]
        if number % 50 == 0:
            print(f"  {number} simulations", dict(self.counts), flush=True)
        if not all(fit.diagnosis.converged for fit in fits.values()):
            return None
        one, scaled = fits["purchases"].draws(DRAWS) | fits["spend"].draws(DRAWS), fits["spend, data-scaled prior"]
        drawn = predicted(fits["purchases"], fits["spend"], data.summary.table, seed)
        self.keep(drawn, data, rng)
        result = one | {f"{name}, data-scaled prior": values for name, values in scaled.draws(DRAWS).items()}
        result["log-likelihood of purchases"] = likelihood(data.summary, one)
        result["P(alive), one customer"] = drawn["p_alive"][0]
        result["alive or not, one customer"] = (rng.random(DRAWS) < drawn["p_alive"][0]).astype(float)
        for label, row in (("one customer", 0), ("best customer", data.best)):
            result[f"purchases, {label}"], result[f"RLV, {label}"] = drawn["purchases"][row], drawn["value"][row]
        return result | {"purchases, all": drawn["purchases"].sum(axis=0), "RLV, all": drawn["value"].sum(axis=0)}

    def keep(self, drawn, data, rng):
        """Note every customer's outcome beside its prediction."""
        frame = pd.DataFrame({"shop": self.counts["used"], "p_alive": drawn["p_alive"].mean(axis=1)})
        frame["alive"] = data.hidden["alive"]
        frame["purchases"] = intervals.randomised_pit(drawn["purchases"], data.hidden["purchases"], rng=rng)
        frame["RLV"] = intervals.randomised_pit(drawn["value"], data.hidden["value"], rng=rng)
        self.customers.append(frame)


def likelihood(summary, law):
    data = kw.patterns(summary.table)
    histories = (data.frequency, data.recency, data.T, data.count)
    return pareto_nbd.total_log_likelihood(*histories, **{name: np.atleast_1d(law[name]) for name in LAW}, nodes=20)


def run_sbc(simulations):
    study = Study()
    ranks = sbc(study.simulate, study.infer, simulations=simulations, seed=20261121)
    customers = pd.concat(study.customers, ignore_index=True)
    wide = ranks.pivot_table(index="simulation", columns="quantity", values="rank", sort=False).astype(int)
    wide.insert(0, "draws", DRAWS)
    wide.insert(1, "true_q", [study.spend_shapes[number] for number in wide.index])
    write(wide.reset_index(), "sbc-ranks")
    write(uniformity(ranks), "sbc")
    write(intervals.reliability(customers["p_alive"], customers["alive"], customers["shop"]), "sbc-alive")
    covered = [
        intervals.interval_coverage(customers[name], customers["shop"]).assign(quantity=name)
        for name in ("purchases", "RLV")
    ]
    write(pd.concat(covered)[["quantity", "nominal", "cases", "groups", "inside", "error"]], "sbc-coverage")
    write(pd.Series(dict(study.counts), name="count").rename_axis("what").reset_index(), "sbc-counts")


# ------------------------------------------------------------------------------------------------ grid

RATES = {"rare": {"r": 0.6, "alpha": 20.0}, "frequent": {"r": 1.2, "alpha": 6.0}}
LIVES = {"short": {"s": 0.7, "beta": 8.0}, "long": {"s": 1.5, "beta": 150.0}}
SPEND = {"p": 6.0, "q": 4.0, "v": 15.0}
SIZES = {200: 1.0, 1000: 0.25, 5000: 0.03}


def run_grid(simulations, sizes=SIZES, stem="grid", samples=399):
    """Fixed truths: `simulations` shops of 200 customers for each population, fewer of the larger ones."""
    places, parameters, counts = [], [], Counter()
    for size, share in sizes.items():
        for buyers, rate in RATES.items():
            for lives, drop in LIVES.items():
                cell = {"buyers": buyers, "lives": lives, "customers": size}
                for number in range(max(1, round(simulations * share))):
                    one_shop(cell, rate | drop | SPEND, number, samples, places, parameters, counts)
                print("  done", cell, dict(counts), flush=True)
        write_grid(places, parameters, counts, stem)


def run_large(simulations):
    """The same for shops of 100,000 customers."""
    run_grid(simulations, {100_000: 1.0}, "large", samples=99)


def one_shop(cell, law, number, samples, places, parameters, counts):
    rng = np.random.default_rng([77, number, cell["customers"], *(len(str(value)) for value in cell.values())])
    frame, hidden = shop(law, cell["customers"], rng)
    summary = kw.CustomerSummary.from_frame(frame, time_unit="W", window=WINDOW)
    purchases, spend = (fitted(model, summary, number) for model in (kw.ParetoNBD(), kw.GammaGamma()))
    for name, fit in (("purchases", purchases), ("spend", spend)):
        counts[f"{name}: {fit.info['method']}"] += 1
        counts[f"{name}: not converged"] += not fit.diagnosis.converged
    drawn = predicted(purchases, spend, summary.table, number, samples)
    shop_id = f"{cell} {number}"
    for quantity in ("purchases", "value"):
        own = intervals.randomised_pit(drawn[quantity], hidden[quantity], rng=rng)
        total = intervals.randomised_pit(drawn[quantity].sum(axis=0), hidden[quantity].sum(), rng=rng)
        base = cell | {"quantity": "RLV" if quantity == "value" else quantity, "shop": shop_id}
        places.append(pd.DataFrame(base | {"scope": "customer", "pit": own}))
        places.append(pd.DataFrame(base | {"scope": "total", "pit": [float(total)]}))
    draws = purchases.draws() | spend.draws()
    for name, values in draws.items():
        inside = np.quantile(values, [0.05, 0.95])
        error = np.log(values).mean() - np.log(law[name])
        hit = bool(inside[0] <= law[name] <= inside[1])
        parameters.append(cell | {"parameter": name, "log_error": error, "sd": np.log(values).std(), "inside_90": hit})


def write_grid(places, parameters, counts, stem):
    rows = []
    frame = pd.concat(places, ignore_index=True)
    by_cell = ["scope", "quantity", "buyers", "lives", "customers"]
    for keys, own in [*frame.groupby(by_cell, sort=False), *frame.groupby(["scope", "quantity"], sort=False)]:
        label = dict(zip(by_cell, (*keys, "all", "all", "all")[:5], strict=True))
        rows.append(intervals.interval_coverage(own["pit"], own["shop"]).assign(**label))
    covered = pd.concat(rows)[[*by_cell, "nominal", "cases", "groups", "inside", "error"]]
    write(covered.sort_values(["scope", "quantity"], kind="stable"), stem)
    one = pd.DataFrame(parameters).groupby(["parameter", "buyers", "lives", "customers"], sort=False)
    recovery = one.agg(
        shops=("log_error", "size"), bias=("log_error", "mean"), spread=("log_error", "std"),
        posterior_sd=("sd", "mean"), inside_90=("inside_90", "mean"),
    )  # fmt: skip
    write(recovery.reset_index(), f"{stem}-recovery", show=False)
    write(pd.Series(dict(counts), name="count").rename_axis("what").reset_index(), f"{stem}-counts")


# ------------------------------------------------------------------------------------------------ agreement

POOLED = 8
"""Fits by the fast path with different seeds, put together: what is looked for is a bias, not one fit's noise."""


def purchase_shops():
    """Shops to compare methods on: ordinary ones, large ones, and odd ones."""
    log = kw.read_transactions(RESULTS.parents[1] / "data" / "cdnow" / "transactions.csv")
    cdnow = kw.summarise(log, observation_end="1997-09-30")
    yield "CDNOW, every 12th customer", part(cdnow.table.iloc[::12], cdnow.window)
    for buyers, rate in RATES.items():
        for lives, drop in LIVES.items():
            yield f"{buyers} buyers, {lives} lives, 300", simulated(rate | drop, 300, 1)
    yield "rare buyers, short lives, 1000", simulated(RATES["rare"] | LIVES["short"], 1000, 2)
    yield "frequent buyers, long lives, 1000", simulated(RATES["frequent"] | LIVES["long"], 1000, 3)
    yield "few repeaters: 12 of 300", few_repeaters(12)
    yield "very few repeaters: 2 of 40", few_repeaters(2, customers=40)
    yield "very heavy buyers, to 20 a week", simulated({"r": 0.4, "alpha": 0.1, "s": 0.7, "beta": 8.0}, 200, 4)
    yield "nobody leaves", simulated({"r": 0.8, "alpha": 8.0, "s": 1.0, "beta": 1e7}, 300, 5)
    yield "everybody leaves at once", simulated({"r": 0.8, "alpha": 1.0, "s": 3.0, "beta": 3.0}, 300, 6)
    yield "all customers alike", simulated({"r": 50.0, "alpha": 500.0, "s": 50.0, "beta": 2000.0}, 300, 7)
    yield "CDNOW", cdnow


def spend_shops():
    log = kw.read_transactions(RESULTS.parents[1] / "data" / "cdnow" / "transactions.csv")
    yield "CDNOW spend", kw.summarise(log, observation_end="1997-09-30")
    frequent = RATES["frequent"] | LIVES["short"]
    for q in (4.0, 1.05, 0.6):
        yield f"spend with q = {q:g}", simulated(frequent | {"q": q}, 300, 8)
    yield "spend, one price", simulated(frequent | {"p": 400.0, "q": 300.0, "v": 22.5}, 300, 9)
    yield "spend of 6 repeaters", few_repeaters(6, customers=60)


def simulated(law, customers, seed):
    frame, _ = shop(SPEND | law, customers, np.random.default_rng([99, seed]))
    return kw.CustomerSummary.from_frame(frame, time_unit="W", window=WINDOW)


def part(table, window):
    return kw.CustomerSummary.from_frame(table, time_unit="W", window=window)


def few_repeaters(number, customers=300):
    """A shop cut down to so many customers who came back, and the others who did not."""
    frame, _ = shop(RATES["rare"] | LIVES["short"] | SPEND, 4000, np.random.default_rng(98))
    repeat = frame["frequency"] > 0
    return part(pd.concat([frame[repeat].head(number), frame[~repeat].head(customers - number)]), WINDOW)


def run_agreement(draws):
    """Fast path, several seeds pooled, against NUTS of 4 chains of that many draws; data sets in the table are kept."""
    file = RESULTS / "calibration-agreement.csv"
    whole = pd.read_csv(file) if file.exists() else pd.DataFrame({"data": []})
    for model, shops in ((kw.GammaGamma(), spend_shops()), (kw.ParetoNBD(), purchase_shops())):
        for name, summary in shops:
            if name in set(whole["data"]):
                continue
            started = time.perf_counter()
            table = compared(model, summary, draws)
            table.insert(0, "data", name)
            table.insert(1, "customers", len(summary))
            table["ok"] = (table["errors"].abs() < 4) & (table[["low", "high"]].abs().max(axis=1) < 0.05)
            # an end that is off by less than two Monte-Carlo errors more has not been shown to be off
            beyond = [table[end].abs() - 2 * table[f"{end}_error"] for end in ("low", "high")]
            table["off"] = (table["errors"].abs() > 4) | (np.max(beyond, axis=0) > 0.05)
            print(f"\n{name}, {time.perf_counter() - started:.0f} s\n{table.round(3).to_string()}", flush=True)
            whole = pd.concat([whole, table], ignore_index=True)
            write(whole, "agreement", show=False)


def compared(model, summary, draws):
    """All parameters of one data set by both methods; effective sizes as each method's own diagnosis has them."""
    quick = [kw.fit(model, summary, seed=50 + seed, method="importance", draws=2000) for seed in range(POOLED)]
    nuts = kw.fit(model, summary, seed=1, method="nuts", draws=draws, tune=1000, target_accept=0.95, progress=False)
    first = {name: np.concatenate([fit.draws()[name] for fit in quick]) for name in model.parameters}
    numbers = [{check.name: check.value for check in fit.diagnosis} for fit in quick]
    weighed = sum(number["effective draws"] for number in numbers)
    second, chains = nuts.draws(), nuts.tree["posterior"].to_dataset()
    worth = {name: min(float(az.ess(chains, method=how)[name]) for how in ("bulk", "tail")) for name in first}
    # on the log scale too, where posteriors are nearly normal: of a long tail's far end NUTS itself knows little
    for name in tuple(first):
        first[f"log {name}"], second[f"log {name}"] = np.log(first[name]), np.log(second[name])
        worth[f"log {name}"] = worth[name]
    effective = {name: (weighed, size) for name, size in worth.items()}
    table = intervals.gaps(first, second, effective)
    table["k"], table["effective"] = max(number["Pareto k"] for number in numbers), weighed
    table["ess_nuts"] = list(worth.values())
    table["converged"] = all(fit.diagnosis.converged for fit in quick)
    table["nuts_converged"] = nuts.diagnosis.converged
    return table


# ------------------------------------------------------------------------------------------------ robustness

DECADES = (-4.0, 4.0)
CHECKED = 20_000
STEP = 1e-4


def extreme(size, rng):
    """Histories and parameters over eight decades, corners included: x = 0, t_x near 0, t_x = T, alpha = beta."""
    T = 10 ** rng.uniform(-2, 4, size)
    x = np.floor(10 ** rng.uniform(-0.7, np.log10(MOST_PURCHASES + 1), size)).clip(0, MOST_PURCHASES)
    share = rng.choice([0.0, 1.0, 2.0, 3.0], size, p=[0.1, 0.1, 0.1, 0.7])
    share = np.select([share == 0, share == 1, share == 2], [1e-9, 1.0, 1 - 1e-9], rng.random(size))
    law = {name: 10 ** rng.uniform(*DECADES, size) for name in LAW}
    law["beta"] = np.where(rng.random(size) < 0.05, law["alpha"], law["beta"])
    return x, np.where(x > 0, share * T, 0.0), T, law


def fine(x, t_x, T, law):
    """The log-likelihood by ten times as many nodes, whose differences are a gradient to compare with."""
    parts = np.array_split(np.arange(x.size), 40)
    cut = [(x[i], t_x[i], T[i], {name: values[i] for name, values in law.items()}) for i in parts]
    return np.concatenate([pareto_nbd.log_likelihood_gradient(*o[:3], **o[3], nodes=200).value for o in cut])


def run_robust(size):
    rng = np.random.default_rng(4)
    x, t_x, T, law = extreme(size, rng)
    rows = []
    with np.errstate(all="raise", under="ignore"):
        found = pareto_nbd.log_likelihood_gradient(x, t_x, T, **law)
        alive = pareto_nbd.p_alive(x, t_x, T, **law)
        ahead = pareto_nbd.expected_purchases(x, t_x, T, horizon=52.0, **law)
    for name, values in {**found._asdict(), "P(alive)": alive, "expected purchases": ahead}.items():
        rows.append((f"{name}: finite", size, int((~np.isfinite(values)).sum()), float(np.abs(values).max())))
    rows.append(("P(alive) in [0, 1]", size, int(((alive < 0) | (alive > 1)).sum()), float(alive.max())))
    for factor in (1.000001, 1.01, 2.0, 100.0):
        later = pareto_nbd.p_alive(x, t_x, T * factor, **law)
        rows.append((f"P(alive) falls, T × {factor}", size, int((later > alive + 1e-12).sum()), (later - alive).max()))
    some = slice(0, CHECKED)
    own = {name: values[some] for name, values in law.items()}
    for name in LAW:
        up, down = (fine(x[some], t_x[some], T[some], own | {name: own[name] * np.exp(e)}) for e in (STEP, -STEP))
        slope, numeric = getattr(found, name)[some] * own[name], (up - down) / (2 * STEP)
        rounding = 4e-16 * np.abs(found.value[some]) / STEP
        off = np.maximum(np.abs(slope - numeric) - rounding, 0) / (1 + np.abs(slope))
        for bound in (1e-5, 1e-3):
            label = f"d/d log {name} is off by more than {bound:g}"
            rows.append((label, CHECKED, int((off > bound).sum()), float(off.max())))
    write(pd.DataFrame(rows, columns=["check", "points", "violations", "largest"]), "robust")


# ------------------------------------------------------------------------------------------------ results

PARTS = {
    "sbc": (run_sbc, 600),
    "grid": (run_grid, 100),
    "large": (run_large, 1),
    "agreement": (run_agreement, 4000),
    "robust": (run_robust, 100_000),
}


def log_run(part, simulations, seconds):
    """Keep one line for each part: when it was run, how, and how long it took."""
    file = RESULTS / "calibration.md"
    head = "# Calibration runs\n\nTables `calibration-<part>*.csv` beside this file are the output of:\n\n"
    head += "| part | command | minutes | versions |\n|---|---|---|---|\n"
    old = [line for line in file.read_text().splitlines() if line.startswith("| ")][1:] if file.exists() else []
    command = f"python benchmarks/calibration.py --part {part} --simulations {simulations}"
    versions = f"kundenwert {kw.__version__}, NumPy {np.__version__}, Python {sys.version.split()[0]}"
    rows = {line.split("|")[1].strip(): line for line in old}
    rows[part] = f"| {part} | `{command}` | {seconds / 60:.1f} | {versions} |"
    file.write_text(head + "\n".join(rows[name] for name in PARTS if name in rows) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=PARTS, required=True)
    parser.add_argument("--simulations", type=int)
    options = parser.parse_args()
    run, default = PARTS[options.part]
    simulations = options.simulations or default
    started = time.perf_counter()
    run(simulations)
    log_run(options.part, simulations, time.perf_counter() - started)


if __name__ == "__main__":
    main()
