"""Calibration tools: silent about right posteriors at the stated rate, and loud about narrow and shifted ones.

The model is a normal mean with a normal prior, whose posterior is known: every fault in the draws is put there on
purpose. Seeds are fixed; the rates at which a test would fail with another seed are written beside it.
"""

import arviz as az
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import kundenwert as kw
from kundenwert.errors import DomainError, SchemaError
from kundenwert.kernels import pareto_nbd
from kundenwert.validate.calibration import BAND, Uniform, ecdf_difference, rank, rank_histogram, sbc, uniformity
from kundenwert.validate.intervals import gaps, interval_coverage, probability_pit, randomised_pit, reliability

SIMULATIONS = 500
DRAWS = 99


def simulate(rng):
    mean = rng.normal()
    return rng.normal(mean, size=4), {"mean": mean}


def posterior(width=1.0, shift=0.0):
    """Draws from the exact posterior N(4/5 ȳ, 1/5), made wrong by a factor of its sd and a shift in sds."""

    def infer(data, rng):
        sd = np.sqrt(1 / 5)
        return {"mean": 0.8 * data.mean() + sd * (shift + width * rng.normal(size=DRAWS))}

    return infer


def verdict(width=1.0, shift=0.0, seed=1):
    return uniformity(sbc(simulate, posterior(width, shift), simulations=SIMULATIONS, seed=seed)).iloc[0]


def test_a_right_posterior_passes():
    """Fails for one seed in twenty, by construction of the band."""
    found = verdict()
    assert found["inside"]
    assert found["simulations"] == SIMULATIONS
    assert abs(found["centre"] - 0.5) < 3.3 * np.sqrt(1 / 12 / SIMULATIONS)
    assert abs(found["spread"] - 1) < 0.13  # 3.3 standard errors; a variance of uniform numbers has sd 0.9 / sqrt(n)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("width", [0.75, 1.33], ids=["narrow", "wide"])
def test_a_wrong_width_is_caught(width, seed):
    """A quarter too narrow or a third too wide: none of 200 other seeds missed either."""
    found = verdict(width=width, seed=seed)
    assert not found["inside"]
    assert found["p_value"] < 0.05
    assert (found["spread"] > 1) == (width < 1)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("shift", [-0.3, 0.3])
def test_a_shift_is_caught(shift, seed):
    """By 0.3 posterior sds: none of 200 other seeds missed it."""
    found = verdict(shift=shift, seed=seed)
    assert not found["inside"]
    assert (found["centre"] < 0.5) == (shift > 0)


def test_the_written_false_alarm_rate_is_kept():
    """Of 2,000 sets of uniform ranks 5 % leave their band; 70 to 130 hold 99.8 % of a binomial of 100."""
    law = Uniform.of(300, DRAWS)
    lower, upper = law.band()
    rng = np.random.default_rng(8)
    steps = np.rint(law.cuts * (DRAWS + 1))
    ranks = np.sort(rng.integers(0, DRAWS + 1, size=(2000, 300)), axis=1)
    below = np.stack([np.searchsorted(row, steps) for row in ranks]) / 300
    alarms = int(((below < lower - 1e-9) | (below > upper + 1e-9)).any(axis=1).sum())
    # counts are whole numbers, so that the band is a little wider than it had to be: fewer alarms, never many more
    assert 40 <= alarms <= 130
    assert BAND == 0.95
    p = np.array([law.p_value(row) for row in below[:500]])
    assert abs((p < 0.05).mean() - 0.05) < 0.035
    assert abs((p < 0.5).mean() - 0.5) < 0.08


def test_bands_are_simultaneous_and_wider_than_pointwise():
    lower, upper = Uniform.of(500, DRAWS).band()
    cuts = Uniform.of(500, DRAWS).cuts
    alone = stats.binom(500, cuts).interval(0.95)
    assert (upper * 500 >= alone[1]).all()
    assert (lower * 500 <= alone[0]).all()
    assert upper[49] * 500 - 250 == pytest.approx(3.0 * np.sqrt(125), rel=0.1)  # a pointwise band: 1.96 sd


def test_many_quantities_are_judged_together():
    """Of twenty uniform quantities one leaves its own band as a rule; the joint rule stays silent 19 times in 20."""
    rng = np.random.default_rng(3)
    frames = [
        pd.DataFrame({"simulation": range(300), "quantity": f"q{i}", "rank": rng.integers(0, 100, 300), "draws": 99})
        for i in range(20)
    ]
    wrong = frames[0].assign(quantity="wrong", rank=np.rint(99 * rng.beta(0.5, 0.5, 300)).astype(int))
    table = uniformity(pd.concat([*frames, wrong])).set_index("quantity")
    assert table.loc["q0":"q19", "inside_all"].all()
    assert not table.loc["wrong", "inside_all"]
    assert (table["inside_all"] | ~table["inside_all"]).all()


def test_runs_can_be_split_and_repeated():
    whole = sbc(simulate, posterior(), simulations=20, seed=4)
    parts = pd.concat([sbc(simulate, posterior(), simulations=range(*cut), seed=4) for cut in ((0, 7), (7, 20))])
    pd.testing.assert_frame_equal(whole, parts.reset_index(drop=True))
    assert not whole.equals(sbc(simulate, posterior(), simulations=20, seed=5))


def test_a_simulation_without_a_posterior_has_no_rows():
    table = sbc(
        simulate,
        lambda data, rng: None if data[0] > 0 else {"mean": rng.normal(size=9)},
        simulations=40,
        seed=1,
    )
    assert 5 < table["simulation"].nunique() < 35


def test_leaving_out_by_the_data_keeps_ranks_uniform_and_by_the_parameter_does_not():
    """What the module's head claims, on 1,500 simulations; the first assertion fails for one seed in twenty."""

    def by_data(data, rng):
        return posterior()(data, rng) if data.mean() > 0.3 else None

    def truth_above(rng):
        while True:
            data, truth = simulate(rng)
            if truth["mean"] > 0.3:
                return data, truth

    assert uniformity(sbc(simulate, by_data, simulations=1500, seed=2))["inside"].all()
    assert not uniformity(sbc(truth_above, posterior(), simulations=1500, seed=2))["inside"].any()


# ------------------------------------------------------------------------------------------------ ranks and PIT


def test_ties_are_broken_evenly():
    """Truth tied with all 4 draws: each of 5 ranks, 10,000 times; chi-square below its 99.99 % point."""
    ranks = rank(np.zeros((50_000, 4)), np.zeros(50_000), rng=np.random.default_rng(6))
    assert stats.chisquare(np.bincount(ranks, minlength=5)).pvalue > 1e-4


@pytest.mark.parametrize("rate", [0.05, 1.0, 20.0])
def test_counts_have_uniform_places_too(rate):
    """Kolmogorov-Smirnov at a level of 1e-4."""
    rng = np.random.default_rng(9)
    truth, draws = rng.poisson(rate, 4000), rng.poisson(rate, (4000, 50))
    u = randomised_pit(draws, truth, rng=rng)
    assert stats.kstest(u, "uniform").pvalue > 1e-4
    table = interval_coverage(u)
    assert (np.abs(table["inside"] - table["nominal"]) < 3.9 * table["error"]).all()
    if rate < 20:  # intervals of whole numbers cannot: a "90 % interval" of a rare count is all of its zeros
        plain = (truth >= np.quantile(draws, 0.05, axis=1)) & (truth <= np.quantile(draws, 0.95, axis=1))
        assert plain.mean() > 0.93


def test_probabilities_have_uniform_places():
    rng = np.random.default_rng(10)
    p = rng.beta(0.4, 0.4, 5000)
    happened = rng.random(5000) < p
    assert stats.kstest(probability_pit(p, happened, rng=rng), "uniform").pvalue > 1e-4
    assert stats.kstest(probability_pit(p**2, happened, rng=rng), "uniform").pvalue < 1e-4


@pytest.mark.parametrize(("truth", "draws"), [(0.0, [np.nan, 1.0]), (np.inf, [0.0, 1.0])], ids=["draws", "truth"])
def test_missing_draws_are_refused(truth, draws):
    with pytest.raises(DomainError, match="finite truth"):
        rank(draws, truth, rng=np.random.default_rng(1))


def test_ranks_among_different_numbers_of_draws_are_refused():
    table = pd.DataFrame({"simulation": [0, 1], "quantity": "r", "rank": [1, 2], "draws": [9, 19]})
    with pytest.raises(DomainError, match="different numbers of draws"):
        uniformity(table)


def test_tables_for_pictures():
    table = sbc(simulate, posterior(width=0.5), simulations=200, seed=1)
    bars = rank_histogram(table, bins=10)
    assert bars["count"].sum() == 200
    assert bars["expected"].tolist() == pytest.approx([20.0] * 10)
    assert bars["count"].iloc[[0, -1]].min() > bars["upper"].max()
    curve = ecdf_difference(table)
    assert (curve["lower"] < 0).all()
    assert (curve["upper"] > 0).all()
    outside = (curve["difference"] < curve["lower"]) | (curve["difference"] > curve["upper"])
    assert outside.any() == (not uniformity(table)["inside"].item())


# ------------------------------------------------------------------------------------------------ coverage


def test_coverage_errors_know_that_customers_of_one_data_set_miss_together():
    """100 data sets of 50 customers, all with one place: the error is that of 100, not of 5,000."""
    rng = np.random.default_rng(12)
    groups = np.repeat(np.arange(100), 50)
    shared = np.repeat(rng.random(100), 50)
    table = interval_coverage(shared, groups).set_index("nominal")
    assert table.loc[0.5, "error"] == pytest.approx(np.sqrt(0.25 / 100), rel=0.1)
    assert interval_coverage(shared).set_index("nominal").loc[0.5, "error"] == pytest.approx(
        np.sqrt(0.25 / 5000), rel=0.1
    )


@pytest.mark.parametrize(("width", "inside"), [(1.0, 0.9), (0.7, 0.7504), (1.4, 0.9787)])
def test_coverage_of_normal_intervals(width, inside):
    """A predictive law narrower by w holds 2Φ(1.645 w) - 1; five standard errors of 10,000 cases."""
    rng = np.random.default_rng(13)
    u = randomised_pit(width * rng.normal(size=(10_000, 199)), rng.normal(size=10_000), rng=rng)
    found = interval_coverage(u).set_index("nominal").loc[0.9]
    assert found["inside"] == pytest.approx(inside, abs=5 * found["error"] + 0.004)


def test_reliability_finds_overconfidence():
    rng = np.random.default_rng(14)
    p = rng.random(20_000)
    happened = rng.random(20_000) < p
    honest = reliability(p, happened)
    assert len(honest) == 10
    assert (np.abs(honest["happened"] - honest["predicted"]) < 3.9 * honest["error"]).all()
    bold = reliability(np.where(p > 0.5, np.sqrt(p), p**2), happened)
    assert (np.abs(bold["happened"] - bold["predicted"]) > 3.9 * bold["error"]).sum() >= 6


def test_gaps_are_signed_and_scaled():
    z = stats.norm.ppf((np.arange(2000) + 0.5) / 2000)
    table = gaps({"a": 2 * z, "b": z - 1}, {"a": z, "b": z}, {"a": (2000, 500), "b": (2000, 2000)})
    assert table["errors"].iloc[0] == pytest.approx(0, abs=1e-9)
    assert table["errors"].iloc[1] == pytest.approx(-1 / np.sqrt(2 / 2000), rel=0.01)
    assert table["low"].tolist() == pytest.approx([-0.5, -1 / 3.29], abs=0.002)
    assert table["high"].tolist() == pytest.approx([0.5, -1 / 3.29], abs=0.002)
    # of a normal quantile: sqrt(p (1 - p) / n) / density, over the width 2 · 1.645
    single = np.sqrt(0.05 * 0.95 / 2000) / stats.norm.pdf(1.645) / 3.29
    assert table["high_error"].iloc[1] == pytest.approx(np.sqrt(2) * single, rel=0.03)


# ------------------------------------------------------------------------------------------------ where samplers wander


def test_extreme_points_have_values_gradients_and_probabilities():
    """A small run of `benchmarks/calibration.py --part robust`: parameters over eight decades, counts up to 5,000."""
    rng = np.random.default_rng(15)
    size = 3000
    T = 10 ** rng.uniform(-2, 4, size)
    x = np.floor(10 ** rng.uniform(-0.7, np.log10(5001), size))
    t_x = np.where(x > 0, T * rng.choice([1e-9, 0.2, 0.7, 1.0], size), 0.0)
    law = {name: 10 ** rng.uniform(-4, 4, size) for name in ("r", "alpha", "s", "beta")}
    law["beta"][:300] = law["alpha"][:300]
    found = pareto_nbd.log_likelihood_gradient(x, t_x, T, **law)
    exact = pareto_nbd.log_likelihood_gradient(x, t_x, T, **law, nodes=200)
    alive = pareto_nbd.p_alive(x, t_x, T, **law)
    assert all(np.isfinite(values).all() for values in found)
    assert ((alive >= 0) & (alive <= 1)).all()
    for factor in (1.000001, 1.01, 10.0):
        assert (pareto_nbd.p_alive(x, t_x, T * factor, **law) <= alive + 1e-12).all()
    for name, values in law.items():
        up, down = (
            pareto_nbd.log_likelihood_gradient(x, t_x, T, **(law | {name: values * np.exp(e)}), nodes=100).value
            for e in (1e-4, -1e-4)
        )
        slope = getattr(found, name) * values
        off = np.abs(slope - (up - down) / 2e-4) - 4e-12 * np.abs(found.value)
        assert (off < 1e-6 * (1 + np.abs(slope))).all()
        # against 200 nodes, without the noise of differences: what more nodes where an integrand falls late leave over
        assert (np.abs(slope - getattr(exact, name) * values) < 1e-8 * (1 + np.abs(slope))).all()
    np.testing.assert_allclose(alive, pareto_nbd.p_alive(x, t_x, T, **law, nodes=200), rtol=0, atol=1e-11)


# ------------------------------------------------------------------------------------------------ fast path and NUTS

RARE, FREQUENT = {"r": 0.6, "alpha": 20.0}, {"r": 1.2, "alpha": 6.0}
SHORT, LONG = {"s": 0.7, "beta": 8.0}, {"s": 1.5, "beta": 150.0}
SHOPS = {
    "rare, short": (RARE | SHORT, 300),
    "rare, long": (RARE | LONG, 300),
    "frequent, short": (FREQUENT | SHORT, 300),
    "frequent, long": (FREQUENT | LONG, 300),
    "small": (FREQUENT | SHORT, 60),
    "smaller": (RARE | LONG, 40),
    "large": (RARE | SHORT, 2000),
    "heavy buyers": ({"r": 0.4, "alpha": 0.1} | SHORT, 200),
    "nobody leaves": ({"r": 0.8, "alpha": 8.0, "s": 1.0, "beta": 1e7}, 300),
    "everybody leaves at once": ({"r": 0.8, "alpha": 1.0, "s": 3.0, "beta": 3.0}, 300),
    "all alike": ({"r": 50.0, "alpha": 500.0, "s": 50.0, "beta": 2000.0}, 300),
    "few repeaters": ({"r": 0.1, "alpha": 60.0} | SHORT, 400),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SHOPS)
def test_fast_path_and_nuts_agree(name):
    """Means within 4 errors (48 comparisons: one in 300 runs fails); ends within 5 % of the width, plus 3 errors.

    Of logarithms: where buyers are rare, r has so long a tail that its mean has no error worth the name.
    """
    law, customers = SHOPS[name]
    rng = np.random.default_rng([31, len(name)])
    T = rng.uniform(26, 52, customers)
    x, t_x = pareto_nbd.simulate(T, **law, rng=rng)
    frame = pd.DataFrame({"frequency": x, "recency": t_x, "T": T})
    summary = kw.CustomerSummary.from_frame(frame, time_unit="W", window=52.0)
    model = kw.ParetoNBD()
    quick = [kw.fit(model, summary, seed=seed) for seed in range(4)]
    assert all(fit.diagnosis.converged for fit in quick)
    assert {fit.info["method"] for fit in quick} == {"importance"}
    slow = kw.fit(model, summary, seed=1, method="nuts", draws=4000, tune=1000, target_accept=0.98)
    assert slow.diagnosis.converged, str(slow.diagnosis)
    effective = sum(check.value for fit in quick for check in fit.diagnosis if check.name == "effective draws")
    chains = slow.tree["posterior"].to_dataset()
    worth = {n: min(float(az.ess(chains, method=how)[n]) for how in ("bulk", "tail")) for n in model.parameters}
    pooled = {n: np.log(np.concatenate([fit.draws()[n] for fit in quick])) for n in model.parameters}
    table = gaps(
        pooled,
        {n: np.log(values) for n, values in slow.draws().items()},
        {n: (effective, worth[n]) for n in model.parameters},
    )
    assert (table["errors"].abs() < 4).all(), table
    assert (table["low"].abs() < 0.05 + 3 * table["low_error"]).all(), table
    assert (table["high"].abs() < 0.05 + 3 * table["high_error"]).all(), table


@pytest.mark.parametrize(
    ("places", "error", "message"),
    [
        (([0.5, np.nan],), DomainError, r"each place is a number in \[0, 1\]; 1 of 2 are not, first nan"),
        (([],), DomainError, "each place is a number"),
        (([0.5, 0.5], [1, 2, 3]), SchemaError, "3 groups for 2 cases; give one for each"),
    ],
    ids=["missing", "none", "groups"],
)
def test_places_without_meaning_are_refused(places, error, message):
    with pytest.raises(error, match=message):
        interval_coverage(*places)


@pytest.mark.parametrize("wrong", [np.nan, 1.2, -0.1])
def test_probabilities_without_meaning_are_refused(wrong):
    with pytest.raises(DomainError, match=r"each probability is a number in \[0, 1\]; 1 of 2 are not"):
        reliability([0.5, wrong], [True, False])
    with pytest.raises(DomainError, match="each probability is a number"):
        probability_pit([0.5, wrong], [True, False], rng=np.random.default_rng(1))


@pytest.mark.parametrize(
    ("outcomes", "options", "error", "message"),
    [
        ([1.0, np.nan], {}, DomainError, "each outcome is a number"),
        ([True], {}, SchemaError, "1 outcomes for 2 cases"),
        ([True, False], {"bins": 0}, DomainError, "bins=0"),
    ],
    ids=["missing", "too few", "bins"],
)
def test_outcomes_without_meaning_are_refused(outcomes, options, error, message):
    with pytest.raises(error, match=message):
        reliability([0.5, 0.5], outcomes, **options)


def test_spread_is_about_one_half():
    """Ranks of a shifted posterior do not vary, and yet lie far from one half."""
    shifted = pd.DataFrame({"simulation": range(50), "quantity": "r", "rank": 99, "draws": 99})
    assert uniformity(shifted)["spread"].item() == pytest.approx(0.25 / (101 / (12 * 99)))
