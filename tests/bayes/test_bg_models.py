"""BG/NBD and MBG/NBD: published likelihoods and estimates on CDNOW, recovery, PyMC's density, values."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

import kundenwert as kw
from kundenwert.bayes.target import make_target

PUBLISHED = {
    "bg_nbd": ((0.2425945, 4.4136019, 0.7929199, 2.4258881), -9582.429),
    "mbg_nbd": ((0.5248436, 6.1830928, 0.8913878, 1.6140483), -9582.1357),
}
"""Fader, Hardie & Lee (2005); Hoppe & Wagner (2007) by way of published software: tests/reference/published.md."""
LAWS = {"bg_nbd": kw.BGNBD, "mbg_nbd": kw.MBGNBD}


@pytest.fixture(params=LAWS)
def law(request):
    return LAWS[request.param]()


def test_published_likelihoods_are_maxima(law, cdnow_summary):
    best, value = PUBLISHED[law.name]
    seen = law.observed(cdnow_summary)

    def negative(logs):
        one = {name: np.exp([at]) for name, at in zip(law.parameters, logs, strict=True)}
        each, slopes = law.pointwise(seen, one)
        return -seen.count @ each, [-(seen.count @ slopes[name]) * one[name][0] for name in law.parameters]

    assert -negative(np.log(best))[0] == pytest.approx(value, abs=1e-3)
    found = optimize.minimize(negative, np.zeros(4), jac=True, method="BFGS")
    np.testing.assert_allclose(np.exp(found.x), best, rtol=2e-3)


def test_what_the_literature_says_of_a_customer():
    law = kw.BGNBD()
    one = {name: np.array([value]) for name, value in zip(law.parameters, PUBLISHED["bg_nbd"][0], strict=True)}
    row = kw.laws.History(*(np.array([[value]]) for value in (2.0, 30.43, 38.86)))
    assert law.expected_purchases(row, one, horizon=39.0).item() == pytest.approx(1.2259057, abs=2e-7)
    assert law.p_alive(row, one).item() == pytest.approx(0.7266086, abs=1e-7)


@pytest.mark.filterwarnings("ignore:Numba will use object mode")
def test_the_pymc_density_is_the_targets(law, simulated):
    target, model = make_target(law, simulated), kw.build_model(law, simulated)
    logp, names = model.compile_logp(), [f"{name}_log__" for name in target.names]
    assert sorted(names) == sorted(model.initial_point())
    differences = []
    for seed in range(4):
        point = np.random.default_rng(seed).normal(0, 0.5, target.size)
        differences.append(float(logp(dict(zip(names, point, strict=True)))) - target(point[None])[0])
    np.testing.assert_allclose(differences, differences[0], atol=1e-6)


def test_a_known_law_is_recovered(law):
    """1,500 customers: each parameter's log lies within 4.5 posterior standard deviations of the truth."""
    true = dict(zip(law.parameters, (0.8, 6.0, 0.9, 2.5), strict=True))
    T = np.random.default_rng(1).uniform(30, 60, 1500)
    many = {name: np.full(1500, value) for name, value in true.items()}
    x, t_x = law.simulate(T, many, rng=np.random.default_rng(2))
    summary = kw.CustomerSummary.from_frame(pd.DataFrame({"frequency": x, "recency": t_x, "T": T}), time_unit="W")
    found = kw.fit(law, summary, seed=3, draws=500, chains=2)
    assert found.diagnosis.converged, found.diagnosis
    assert found.info["method"] == "importance"
    for name, draws in found.draws().items():
        logs = np.log(draws)
        assert abs(logs.mean() - np.log(true[name])) < 4.5 * logs.std(), name


def test_values_cohorts_and_decisions_of_a_further_law(law, spend_fit, simulated, tmp_path):
    one = kw.fit(law, simulated, seed=1, draws=200, chains=2)
    values = kw.value_table(one, spend_fit, simulated, horizon=26.0, margin=0.3, samples=200)
    assert np.isfinite(values.table["rlv_mean"]).all()
    total = values.totals["purchases"].to_numpy().sum(axis=1)
    expected = values.totals["expected_purchases"].to_numpy().sum(axis=1)
    assert abs((total - expected).mean()) < 5 * (total - expected).std() / np.sqrt(200)
    assert stats.spearmanr(values.table["frequency"], values.table["rlv_mean"]).statistic > 0.5
    assert len(kw.compare_cohorts(simulated, values)) == 1
    new = kw.newcomers(one, spend_fit, units_per_year=simulated.units_per_year, samples=200)
    assert kw.acquisition_table(new, horizon=26.0, margin=0.3, cac=1.0)["p_pays_back"].item() > 0.9
    back = kw.load_fit(one.save(tmp_path / "fit.nc"))
    assert type(back.model) is type(law)
    np.testing.assert_array_equal(back.draws()["a"], one.draws()["a"])
