"""The NBD model: one density in two forms, a posterior by both methods, and a comparison that it has to lose."""

import arviz as az
import numpy as np
import pytest

import kundenwert as kw
from kundenwert.bayes import build_model
from kundenwert.bayes.target import make_target
from kundenwert.data import patterns
from kundenwert.kernels import nbd
from kundenwert.laws import NBD


@pytest.fixture(scope="module")
def never_leave(simulated):
    return kw.fit(NBD(), simulated, seed=3, draws=500, chains=4)


@pytest.mark.parametrize("priors", [None, {"r": kw.Prior("Gamma", {"alpha": 2, "beta": 2}),
                                           "alpha": kw.Prior("Gamma", {"alpha": 2, "beta": 0.1})}])  # fmt: skip
def test_target_is_the_pymc_model(simulated, priors):
    one = NBD(priors)
    target, model = make_target(one, simulated), build_model(one, simulated)
    assert [v.name for v in model.free_RVs] == list(target.names)
    logp = model.compile_logp()
    points = np.random.default_rng(5).normal(scale=0.7, size=(12, 2)) + (1.0 if priors else 0)
    wanted = [logp({v.name: x for v, x in zip(model.value_vars, point, strict=True)}) for point in points]
    np.testing.assert_allclose(target(points), wanted, rtol=1e-9)


def test_gradient_of_the_pymc_model(simulated):
    model = build_model(NBD(), simulated)
    logp, dlogp = model.compile_logp(), model.compile_dlogp()
    names = [v.name for v in model.value_vars]
    for point in np.random.default_rng(6).normal(size=(5, 2)):
        at = dict(zip(names, point, strict=True))
        slope = dlogp({name: np.asarray(value) for name, value in at.items()})
        for i, name in enumerate(names):
            up, down = (logp(at | {name: at[name] + e}) for e in (1e-5, -1e-5))
            assert slope[i] == pytest.approx((up - down) / 2e-5, rel=1e-5, abs=1e-4)


def test_fit_by_the_fast_path(never_leave, simulated):
    assert never_leave.diagnosis.converged, str(never_leave.diagnosis)
    assert never_leave.info["method"] == "importance"
    draws = never_leave.draws()
    assert set(draws) == {"r", "alpha"}
    table = simulated.table
    rate = (table["frequency"].sum() + 0.0) / table["T"].sum()
    assert np.mean(draws["r"] / draws["alpha"]) == pytest.approx(rate, rel=0.1)


@pytest.mark.slow
def test_both_methods_agree(never_leave, simulated):
    """Means of log r and log alpha within 4.9 Monte-Carlo errors."""
    slow = kw.fit(NBD(), simulated, seed=3, method="nuts", draws=500, tune=300, chains=2)
    for name, quick in never_leave.draws().items():
        other = np.log(slow.draws()[name])
        ess = float(az.ess(np.log(slow.tree["posterior"][name].to_numpy())))
        assert abs(np.log(quick).mean() - other.mean()) < 4.9 * other.std() * np.hypot(1000**-0.5, ess**-0.5)


def test_stored_log_likelihood_and_storage(never_leave, simulated, tmp_path):
    data = patterns(simulated.table)
    stored = never_leave.tree["history_log_likelihood"]["history"].to_numpy().reshape(2000, -1)
    law = {name: value[:, None] for name, value in never_leave.draws().items()}
    np.testing.assert_allclose(stored, nbd.log_likelihood(data.frequency, data.recency, data.T, **law), rtol=1e-12)
    back = kw.load_fit(never_leave.save(tmp_path / "nbd.nc"))
    assert isinstance(back.model, NBD)
    np.testing.assert_array_equal(back.draws()["r"], never_leave.draws()["r"])


def test_values_of_customers_who_never_leave(never_leave, spend_fit, simulated):
    """Nobody leaves: expected purchases are the rate times the horizon, and everybody is a customer still."""
    found = kw.value_table(never_leave, spend_fit, simulated, horizon=10, discount_rate=0, samples=200).table
    assert (found["p_alive_mean"] == 1).all()
    law = {name: values[:, None] for name, values in never_leave.draws(200).items()}
    table = simulated.table
    wanted = nbd.expected_purchases(table["frequency"], table["recency"], table["T"], horizon=10.0, **law).mean(axis=0)
    np.testing.assert_allclose(found["expected_purchases_mean"], wanted, rtol=1e-9)


def test_drop_out_predicts_better_where_there_is_drop_out(never_leave, simulated):
    """Simulated with drop-out: its model wins by more than two standard errors of the difference."""
    leave = kw.fit(kw.ParetoNBD(), simulated, seed=3, method="importance", draws=500, chains=4)
    scores = {"Pareto/NBD": kw.loo(leave.tree), "NBD": kw.loo(never_leave.tree)}
    assert {score.n_data_points for score in scores.values()} == {300}
    table = az.compare(scores, round_to="none")
    assert table.index[0] == "Pareto/NBD"
    assert -table.loc["NBD", "elpd_diff"] > 2 * table.loc["NBD", "dse"] > 0
