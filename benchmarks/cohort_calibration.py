"""Are posteriors with cohorts and covariates as sure as they may be? Simulation-based calibration of both models.

    .venv/bin/python benchmarks/cohort_calibration.py --simulations 300 --keep FOLDER

Each simulated shop has eight cohorts of 3 to 90 customers and one covariate. All is drawn from the models' priors by
formulas of its own, and simulated purchase by purchase; fits are those that a user gets without asking for anything.
Tables are printed and written to benchmarks/results/cohort-calibration-*.csv. Every simulation is kept as a file in
FOLDER, so that a run that was stopped goes on from there; simulations are spread over all processors.
"""

import argparse
import json
import multiprocessing
import os
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
from calibration import HORIZON, LAW, MOST_PURCHASES, WINDOW, KnownScale, prior_law, usable
from parts import writer

import kundenwert as kw
from kundenwert.bayes.effects import COEFFICIENT_SD, SPREAD_SD
from kundenwert.kernels import gamma_gamma, pareto_nbd
from kundenwert.validate import intervals, sbc, uniformity

write = writer("cohort-calibration")
SEED = 20261122
SIZES = (3, 5, 9, 16, 27, 40, 60, 90)
PLACES = {"smallest": 3, "middle": 27, "largest": 90}
LABELS = np.array([f"cohort {letter}" for letter in "abcdefgh"])
DRAWS = 99
SHIFTED = {"purchase": ("alpha", -1), "dropout": ("beta", -1), "spend": ("v", 1)}
TOTALS = ("purchases", "rlv", "expected_purchases", "expected_rlv")
LARGEST = 1e100
"""Stands for infinite expectations (q ≤ 1) and beyond, so that they are ranked beside one another as ties."""


def drawn_truth(rng):
    """Draw a population's law, and effects by process; the last effect is that of a cohort not seen."""
    spread = {process: abs(rng.normal(0, SPREAD_SD)) for process in SHIFTED}
    effect = {process: spread[process] * rng.standard_normal(len(SIZES) + 1) for process in SHIFTED}
    coefficient = {process: rng.normal(0, COEFFICIENT_SD) for process in SHIFTED}
    return SimpleNamespace(law=prior_law(rng), spread=spread, effect=effect, coefficient=coefficient)


def latent(law, rng):
    """Purchase rate, lifetime and spend rate of each customer."""
    rate = rng.gamma(law["r"]) / law["alpha"]
    lifetime = rng.exponential(size=rate.size) * law["beta"] / np.maximum(rng.gamma(law["s"]), 1e-300)
    return rate, lifetime, np.maximum(rng.gamma(law["q"]) / law["v"], 1e-300)


def future(law, start, rate, lifetime, nu, rng):
    """Purchases within the horizon after `start`, and their discounted value, customer by customer."""
    alive = np.clip(lifetime - start, 0, HORIZON.length)
    who = np.repeat(np.arange(rate.size), rng.poisson(rate * alive))
    paid = rng.gamma(law["p"][who]) / nu[who] * np.exp(-HORIZON.discount_rate * rng.random(who.size) * alive[who])
    return np.bincount(who, minlength=rate.size).astype(float), np.bincount(who, paid, minlength=rate.size)


def shop(rng):
    """Simulate a shop: its truth, what is seen, and what is not; None where a customer buys too often to be kept."""
    sizes = rng.permutation(SIZES)
    cohort = np.repeat(np.arange(sizes.size), sizes)
    T = WINDOW * (0.25 + 0.75 * (cohort + rng.random(cohort.size)) / sizes.size)
    size = np.exp(0.5 * rng.standard_normal(cohort.size) + 0.3 * rng.standard_normal(sizes.size)[cohort])
    z = (size - size.mean()) / size.std()
    truth = drawn_truth(rng)
    law = {name: np.full(size.shape, value) for name, value in truth.law.items()}
    for process, (name, sign) in SHIFTED.items():
        law[name] *= np.exp(sign * (truth.effect[process][cohort] + truth.coefficient[process] * z))
    rate, lifetime, nu = latent(law, rng)
    seen = np.minimum(lifetime, T)
    x = rng.poisson(rate * seen)
    if x.max() > MOST_PURCHASES:
        return None
    who = np.repeat(np.arange(x.size), x)
    t_x = np.zeros(x.size)
    np.maximum.at(t_x, who, rng.random(who.size) * seen[who])
    total = np.bincount(who, rng.gamma(law["p"][who]) / nu[who], minlength=x.size)
    frame = pd.DataFrame({"customer_id": [f"{i:06d}" for i in range(x.size)], "cohort": LABELS[cohort], "size": size})
    frame = frame.assign(frequency=x, recency=t_x, T=T, value_to_date=total + rng.gamma(law["p"]) / nu)
    frame["monetary_value"] = np.where(x > 0, total / np.maximum(x, 1), np.nan)
    outcome = dict(zip(TOTALS[:2], future(law, T, rate, lifetime, nu, rng), strict=True))
    where = {place: int(np.flatnonzero(sizes == number)[0]) for place, number in PLACES.items()}
    return SimpleNamespace(truth=truth, law=law, cohort=cohort, sizes=sizes, where=where, frame=frame, outcome=outcome)


def discounted_life(s, scale, delta):
    """Discounted time alive within the horizon, `∫ e^(-δu) (b/(b+u))^s du`, by quadrature in log(1 + u/b)."""
    node, weight = np.polynomial.legendre.leggauss(120)
    far = np.log1p(HORIZON.length / scale)[:, None]
    w = far * (node + 1) / 2
    inside = np.exp((1 - s[:, None]) * w - delta * scale[:, None] * np.expm1(w))
    return scale * (inside @ weight) * far[:, 0] / 2


def expected_purchase(law, x, total):
    """Mean value of a purchase given x of them and their total, where there is a mean."""
    shape = law["p"] * x + law["q"] - 1
    return np.where(shape > 0, law["p"] * (law["v"] + total) / np.where(shape > 0, shape, 1.0), LARGEST**2)


def expected(law, frame):
    """Purchases and RLV to be expected of each customer under the true law, given its history."""
    x, t_x, T, mean = columns(frame)
    alive = pareto_nbd.p_alive(x, t_x, T, **{name: law[name] for name in LAW}, nodes=20)
    at_rate = alive * (law["r"] + x) / (law["alpha"] + T)
    spend = expected_purchase(law, x, np.where(x > 0, x * mean, 0.0))
    plain, paid = (at_rate * discounted_life(law["s"], law["beta"] + T, d) for d in (0.0, HORIZON.discount_rate))
    return {"expected_purchases": plain, "expected_rlv": np.where(paid > 0, paid * spend, 0.0)}


def newcomer(law, rng):
    """A customer not yet seen, like one of its cohort: purchases, value, and value expected of the cohort's mix.

    The first purchase is included.
    """
    repeats = law["r"] / law["alpha"] * discounted_life(law["s"], law["beta"], HORIZON.discount_rate)
    worth = np.mean((1 + repeats) * expected_purchase(law, 0.0, 0.0))
    like = rng.integers(repeats.size)
    own = {name: value[[like]] for name, value in law.items()}
    rate, lifetime, nu = latent(own, rng)
    purchases, paid = future(own, 0.0, rate, lifetime, nu, rng)
    value = rng.gamma(own["p"]) / nu + paid
    return {"purchases": 1 + purchases, "value": value, "expected value": np.minimum(worth, LARGEST)}


def likelihoods(frame, law):
    """Log-likelihoods of purchases and of spend; parameters of shape (customers or 1, draws)."""
    x, t_x, T, mean = (values[:, None] for values in columns(frame))
    bought = x[:, 0] > 0
    own = {name: law[name][bought] if len(law[name]) > 1 else law[name] for name in ("p", "q", "v")}
    return {
        "log-likelihood of purchases": pareto_nbd.log_likelihood(x, t_x, T, **{n: law[n] for n in LAW}).sum(axis=0),
        "log-likelihood of spend": gamma_gamma.log_likelihood(x[bought], mean[bought], **own).sum(axis=0),
    }


def columns(frame):
    return (frame[name].to_numpy(float) for name in ("frequency", "recency", "T", "monetary_value"))


def totals(name, by_cohort, sizes):
    """Name sums of shape (cohorts, …) by the cohort's size, and the sum over all."""
    stem = name.replace("rlv", "RLV").replace("_", " ")
    found = {f"{stem}, cohort of {size}": each for size, each in zip(sizes, by_cohort, strict=True)}
    found |= {f"{stem}, whole shop": by_cohort.sum(axis=0)}
    return {name: np.minimum(values, LARGEST) for name, values in found.items()}


@dataclass
class Study:
    """Simulate and infer for `validate.sbc`, keeping count of what happened on the way."""

    counts: Counter = field(default_factory=Counter)

    def simulate(self, rng):
        data = None
        while data is None or not usable(data.frame):
            data = shop(rng)
            self.counts["shops simulated"] += 1
        truth, found = data.truth, dict(data.truth.law)
        for process, (name, sign) in SHIFTED.items():
            found |= {f"{what}, {process}": vars(truth)[what][process] for what in ("spread", "coefficient")}
            found |= {f"effect, {process}, {place}": truth.effect[process][at] for place, at in data.where.items()}
            found[f"{name}, cohort not seen"] = truth.law[name] * np.exp(sign * truth.effect[process][-1])
        found |= likelihoods(data.frame, {name: value[:, None] for name, value in data.law.items()})
        for name, each in (data.outcome | expected(data.law, data.frame)).items():
            found |= totals(name, np.bincount(data.cohort, each)[:, None], data.sizes)
        for place, at in data.where.items():
            own = {name: value[data.cohort == at] for name, value in data.law.items()}
            found |= {f"{what}, new customer, {place}": value for what, value in newcomer(own, rng).items()}
        return data, {name: np.asarray(value).item() for name, value in found.items()}

    def infer(self, data, rng):
        seed, by = int(rng.integers(2**31)), {"cohorts": ("cohort",), "covariates": ("size",)}
        summary = kw.CustomerSummary.from_frame(data.frame, time_unit="W", window=WINDOW)
        models = {"purchases": kw.ParetoNBD(**by), "spend": KnownScale(**by)}
        fits = [self.fitted(name, model, summary, seed) for name, model in models.items()]
        if None in fits:
            self.counts["simulations left out"] += 1
            return None
        rows = np.arange(len(summary))
        result = fits[0].draws(DRAWS) | fits[1].draws(DRAWS) | effects(fits[0], data) | effects(fits[1], data)
        law = fits[0].scoring.thin(DRAWS).laws(summary.table)(rows) | fits[1].scoring.thin(DRAWS).laws(summary.table)(
            rows
        )
        result |= likelihoods(summary.table, {name: np.atleast_2d(value) for name, value in law.items()})
        how = {"horizon": HORIZON.length, "discount_rate": 0.10, "samples": DRAWS, "allow_unconverged": True}
        values = kw.value_table(*fits, summary, seed=seed, threads=1, **how).totals.sel(cohort=LABELS)
        for name in TOTALS:
            result |= totals(name, values[name].to_numpy().T, data.sizes)
        new = kw.newcomers(*fits, summary.table, units_per_year=summary.units_per_year, samples=DRAWS)
        for place, at in data.where.items():
            drawn = new.draw(LABELS[at], horizon=HORIZON, seed=seed)
            expected = new.expected_value(LABELS[at], horizon=HORIZON.length, discount_rate=HORIZON.discount_rate)
            found = {"purchases": drawn.purchases[0], "value": drawn.value[0], "expected value": expected}
            result |= {f"{what}, new customer, {place}": np.minimum(of, LARGEST) for what, of in found.items()}
        return result

    def fitted(self, name, model, summary, seed):
        """As a user would; nothing if that does not converge."""
        fit = kw.fit(model, summary, seed=seed, log_likelihood=False, progress=False)
        self.counts.update([f"{name}: {fit.info['method']}"])
        if fit.diagnosis.converged:
            return fit
        failed = [check.name for check in fit.diagnosis if not check.passed]
        self.counts.update([f"{name}: not converged", *(f"{name}: {check}" for check in failed)])
        return None


def effects(fit, data):
    """Draws of spreads, coefficients and some effects, and the law of a cohort that is not in the data."""
    pick = np.linspace(0, fit.samples - 1, DRAWS).astype(int)
    drawn = {name: of.to_numpy().reshape(fit.samples, -1)[pick] for name, of in fit.tree["posterior"].data_vars.items()}
    nobody = pd.DataFrame({"customer_id": ["new"], "cohort": "not seen", "size": data.frame["size"].mean()})
    law, found = fit.scoring.thin(DRAWS).laws(nobody)(np.array([0])), {}
    for process in fit.model.acts_on:
        found[f"spread, {process}"] = drawn[f"{process}_spread_cohort"][:, 0]
        found[f"coefficient, {process}"] = drawn[f"{process}_coefficient"][:, 0]
        for place, at in data.where.items():
            found[f"effect, {process}, {place}"] = drawn[f"{process}_effect_cohort"][:, at]
        found[f"{SHIFTED[process][0]}, cohort not seen"] = law[SHIFTED[process][0]][0]
    return found


def one(number, keep):
    """Run one simulation, if it is not kept already."""
    file = keep / f"{number:05d}.json"
    if not file.exists():
        study, started = Study(), time.process_time()
        ranks = sbc(study.simulate, study.infer, simulations=[number], seed=SEED)
        kept = {"ranks": ranks.to_dict("list"), "counts": study.counts, "seconds": time.process_time() - started}
        file.with_suffix(".partial").write_text(json.dumps(kept))
        file.with_suffix(".partial").replace(file)


def run(simulations, keep):
    """Simulate on all processors, and write the tables."""
    keep.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    started = time.perf_counter()
    with ProcessPoolExecutor(os.cpu_count(), mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting = [pool.submit(one, number, keep) for number in range(simulations)]
        for done, ready in enumerate(as_completed(waiting), start=1):
            ready.result()
            if done % 10 == 0 or done == simulations:
                print(f"  {done} simulations, {time.perf_counter() - started:.0f} s", flush=True)
    kept = [json.loads((keep / f"{number:05d}.json").read_text()) for number in range(simulations)]
    ranks = pd.concat([pd.DataFrame(own["ranks"]) for own in kept if own["ranks"]["rank"]], ignore_index=True)
    counts, seconds = sum((Counter(own["counts"]) for own in kept), Counter()), [own["seconds"] for own in kept]
    counts |= {"simulations": simulations, "seconds of one core": np.mean(seconds), "longest": max(seconds)}
    wide = ranks.pivot_table(index="simulation", columns="quantity", values="rank", sort=False).astype(int)
    write(wide.assign(draws=DRAWS).reset_index(), "ranks", show=False)
    others = tuple(f"cohort of {size}" for size in SIZES if size not in PLACES.values())
    write(uniformity(ranks[~ranks["quantity"].str.endswith(others)]), "sbc")
    write(covered(ranks), "coverage")
    write(pd.Series(dict(counts), name="count").rename_axis("what").reset_index(), "counts")


def covered(ranks):
    """Coverage of totals, of the outcome and of the expectation: by cohort size, all cohorts together, whole shop."""
    pit = (ranks["rank"] + np.random.default_rng(SEED).random(len(ranks))) / (ranks["draws"] + 1)
    name = ranks["quantity"].str.extract(r"^(expected )?(purchases|RLV), (cohort of \d+|whole shop)$")
    cases = pd.DataFrame({"kind": np.where(name[0].isna(), "outcome", "expectation"), "quantity": name[1]})
    cases = cases.assign(scope=name[2], pit=pit, simulation=ranks["simulation"]).dropna(subset="scope")
    every = cases[cases["scope"] != "whole shop"].assign(scope="all cohorts")
    rows = [
        intervals.interval_coverage(own["pit"], own["simulation"]).assign(kind=kind, quantity=quantity, scope=scope)
        for (kind, quantity, scope), own in pd.concat([cases, every]).groupby(["kind", "quantity", "scope"], sort=False)
    ]
    return pd.concat(rows)[["kind", "quantity", "scope", "nominal", "cases", "groups", "inside", "error"]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=300)
    parser.add_argument("--keep", type=Path, help="folder where simulations are kept, to go on from there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run(options.simulations, options.keep or Path(folder))


if __name__ == "__main__":
    main()
