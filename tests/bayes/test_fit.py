"""A small fit: what it holds, that it repeats itself, and that it survives the disk."""

import json
from pathlib import Path

import arviz as az
import numpy as np
import pytest
import xarray as xr

from kundenwert.bayes import WEIBULL, Fit, Prior, build_model, fit, load_fit, resolved_priors
from kundenwert.bayes.storage import sealed
from kundenwert.bayes.target import make_target
from kundenwert.data import patterns
from kundenwert.errors import DomainError, KundenwertError, SchemaError
from kundenwert.kernels import pareto_nbd
from kundenwert.laws import GammaGamma, ParetoNBD

PARAMETERS = ("r", "alpha", "s", "beta")


def test_groups(purchase_fit, simulated):
    tree = purchase_fit.tree
    assert set(tree.children) == {"posterior", "prior", "sample_stats", "constant_data", "history_log_likelihood"}
    assert dict(tree["posterior"].sizes) == {"chain": 2, "draw": 150}
    assert {*PARAMETERS, "half_life"} <= set(tree["posterior"].data_vars)
    assert {*PARAMETERS, "half_life"} <= set(tree["prior"].data_vars)
    assert tree["constant_data"]["count"].sum() == len(simulated)
    assert purchase_fit.samples == 300
    info = purchase_fit.info
    assert (info["time_unit"], info["window"]) == ("W", simulated.window)
    assert {"pymc", "nutpie", "arviz", "numpy", "kundenwert"} <= set(info["versions"])
    json.dumps(info)


@pytest.mark.parametrize("which", ["purchase_fit", "spend_fit"])
def test_posterior_is_positive_and_finite(which, request):
    for draws in request.getfixturevalue(which).draws().values():
        assert draws.shape == (300,)
        assert np.isfinite(draws).all()
        assert (draws > 0).all()


def test_posterior_contains_the_truth(purchase_fit):
    """Simulated at r .8, alpha 8, s .8, beta 15; mean rate and half-life within the central 99.9 % of the draws."""
    draws = purchase_fit.draws()
    rate = draws["r"] / draws["alpha"]
    half = draws["beta"] * (2 ** (1 / draws["s"]) - 1)
    for values, truth in ((rate, 0.1), (half, 15 * (2 ** (1 / 0.8) - 1))):
        log = np.log(values)
        assert abs(log.mean() - np.log(truth)) < 3.3 * log.std()


def test_stored_log_likelihood_is_of_single_customers(purchase_fit, simulated):
    found = purchase_fit.tree["history_log_likelihood"]["history"].to_numpy().reshape(300, -1)
    data = patterns(simulated.table)
    law = {name: value[:, None] for name, value in purchase_fit.draws().items()}
    np.testing.assert_allclose(
        found, pareto_nbd.log_likelihood(data.frequency, data.recency, data.T, **law), rtol=1e-12
    )


def test_thinned_draws(made):
    """Of draws that all differ, so that each tells its place: a sampler's own may be equal where it stayed."""
    number = np.arange(300.0).reshape(2, 150)
    whole = dict(zip(PARAMETERS, (number, number + 1000, number + 2000, number + 3000), strict=True))
    one, _ = made(whole, dict.fromkeys("pqv", number))
    draws = one.draws(30)
    assert all(values.shape == (30,) for values in draws.values())
    places = draws["r"].astype(int)
    assert (places[0], places[-1]) == (0, 299)
    assert set(np.diff(places)) == {10, 11}
    np.testing.assert_array_equal(draws["beta"], places + 3000)
    assert one.draws(10_000)["r"].tolist() == list(range(300))


@pytest.mark.parametrize("method", ["importance", "nuts", "map"])
def test_the_same_seed_gives_the_same_posterior(purchase_fit, simulated, method):
    options = {"method": method, "draws": 150, "tune": 150, "chains": 2}
    first = purchase_fit if method == "nuts" else fit(ParetoNBD(), simulated, seed=1, **options)
    again = fit(ParetoNBD(), simulated, seed=1, **options)
    for name in first.tree["posterior"].data_vars:
        np.testing.assert_array_equal(again.tree["posterior"][name], first.tree["posterior"][name])
        np.testing.assert_array_equal(again.tree["prior"][name], first.tree["prior"][name])
    assert again.diagnosis == first.diagnosis
    assert again.info["method"] == method


def test_another_seed_gives_another_posterior(simulated):
    one, other = (fit(ParetoNBD(), simulated, method="importance", seed=s, draws=150, chains=2) for s in (1, 2))
    assert not np.isin(one.draws()["r"], other.draws()["r"]).any()


def test_importance_does_not_depend_on_the_processors(simulated, monkeypatch):
    """To the last digit: parameter sets are evaluated in parts that do not depend on how many threads share them."""
    many = fit(ParetoNBD(), simulated, method="importance", seed=1, draws=150, chains=2)
    for processors in (1, 3, 7):
        monkeypatch.setattr("os.cpu_count", lambda n=processors: n)
        other = fit(ParetoNBD(), simulated, method="importance", seed=1, draws=150, chains=2)
        for name in PARAMETERS:
            np.testing.assert_array_equal(other.draws()[name], many.draws()[name])


@pytest.mark.parametrize("priors", [None, WEIBULL], ids=["default", "weibull"])
@pytest.mark.parametrize("kind", [ParetoNBD, GammaGamma])
def test_target_is_the_pymc_model(kind, priors, simulated):
    """The density of the fast path and of the model that opens in a notebook, at twelve points around the start."""
    if kind is GammaGamma and priors:
        priors = {name: Prior("Gamma", {"alpha": 2, "beta": 0.5}) for name in "pqv"}
    one = kind(priors)
    target = make_target(one, simulated, workers=1)
    model = build_model(one, simulated)
    assert [v.name for v in model.free_RVs] == list(target.names)
    logp = model.compile_logp()
    rng = np.random.default_rng(5)
    points = rng.normal(scale=0.7, size=(12, len(target.names))) + (np.log(10) if priors else 0)
    wanted = [logp({v.name: x for v, x in zip(model.value_vars, point, strict=True)}) for point in points]
    np.testing.assert_allclose(target(points), wanted, rtol=1e-6, atol=1e-5)


def test_importance_and_nuts_agree(simulated, purchase_fit):
    """Means of all quantities within 4.9 Monte-Carlo standard errors: ten comparisons, each false once in a million."""
    quick = fit(ParetoNBD(), simulated, method="importance", seed=4)
    assert quick.diagnosis.converged, str(quick.diagnosis)
    effective = next(check.value for check in quick.diagnosis if check.name == "effective draws")
    slow = purchase_fit.tree["posterior"].to_dataset()
    for name in quick.tree["posterior"].data_vars:
        logs = [np.log(part[name].to_numpy()) for part in (quick.tree["posterior"], slow)]
        ess = float(az.ess(np.log(slow[name].to_numpy())))
        error = logs[0].std() * np.hypot(effective**-0.5, ess**-0.5)
        assert abs(logs[0].mean() - logs[1].mean()) < 4.9 * error, name
        assert logs[0].std() == pytest.approx(logs[1].std(), rel=0.35), name


def test_a_point_estimate_says_so(simulated):
    one = fit(ParetoNBD(), simulated, method="map", seed=1, draws=50, chains=1)
    assert all(np.ptp(values) == 0 for values in one.draws().values())
    assert one.info["method"] == "map"
    assert {check.name for check in one.diagnosis} == {"mode"}


def test_an_unknown_method_is_refused(simulated):
    with pytest.raises(KundenwertError, match="method"):
        fit(ParetoNBD(), simulated, method="vi", seed=1)


def test_chains_differ(purchase_fit):
    r = purchase_fit.tree["posterior"]["r"].to_numpy()
    assert not np.isin(r[0], r[1]).any()


# ------------------------------------------------------------------------------------------------ storage


@pytest.mark.parametrize("which", ["purchase_fit", "spend_fit"])
def test_round_trip(which, request, tmp_path):
    one = request.getfixturevalue(which)
    path = one.save(tmp_path / "deep" / "posterior.nc")
    back = load_fit(path)
    assert set(back.tree.children) == set(one.tree.children)
    for group in set(one.tree.children) - {"history_log_likelihood"}:
        xr.testing.assert_identical(back.tree[group].to_dataset(), one.tree[group].to_dataset())
    # the pointwise log-likelihood serves leave-one-out only, and is stored in single precision
    stored, kept = (fit.tree["history_log_likelihood"]["history"].to_numpy() for fit in (back, one))
    np.testing.assert_allclose(stored, kept, rtol=1e-6)
    assert back.diagnosis == one.diagnosis
    assert back.info == one.info
    assert type(back.model) is type(one.model)
    assert resolved_priors(back.model) == resolved_priors(one.model)
    assert one.tree.attrs == {}, "saving leaves no trace in the fit itself"
    assert [p.name for p in path.parent.iterdir()] == ["posterior.nc"]
    again = back.save(tmp_path / "again.nc")
    assert load_fit(again).info == one.info


def test_the_file_is_netcdf_and_holds_no_pickle(purchase_fit, tmp_path):
    raw = purchase_fit.save(tmp_path / "posterior.nc").read_bytes()
    assert raw.startswith(b"\x89HDF\r\n\x1a\n")
    for sign in (b"cnumpy", b"c__builtin__", b"\x80\x04\x95", b"\x80\x05\x95", b"cpickle"):
        assert sign not in raw
    plain = xr.open_datatree(tmp_path / "posterior.nc", engine="h5netcdf")
    assert all(value.dtype != object for group in plain.children.values() for value in group.data_vars.values())
    plain.close()


def test_given_priors_survive(made, posterior, tmp_path, passed):
    purchases, _ = made(*posterior(20))
    one = Fit(ParetoNBD(WEIBULL), purchases.tree, passed, purchases.info)
    assert resolved_priors(load_fit(one.save(tmp_path / "w.nc")).model) == dict(WEIBULL)


def test_saving_replaces_a_file(made, posterior, tmp_path):
    path = tmp_path / "posterior.nc"
    path.write_bytes(b"old")
    made(*posterior(20))[0].save(path)
    assert load_fit(path).samples == 20


@pytest.mark.parametrize("existing", [None, b"old"])
def test_a_failed_save_leaves_nothing_half_written(made, posterior, tmp_path, monkeypatch, existing):
    path = tmp_path / "posterior.nc"
    if existing:
        path.write_bytes(existing)

    plain = Path.open

    def full(self, mode="r", **options):
        file = plain(self, mode, **options)
        if "w" in mode:
            file.write(b"half of")
            file.close()
            raise OSError(28, "No space left on device", str(self))
        return file

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(OSError, match="No space left"):
        made(*posterior(20))[0].save(path)
    monkeypatch.undo()
    left = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    assert left == ({"posterior.nc": b"old"} if existing else {})


def write_tree(path, stored):
    tree = xr.DataTree.from_dict({"posterior": xr.Dataset({"r": 1.0})})
    if stored is not None:
        tree.attrs["kundenwert"] = stored
    path.write_bytes(sealed(tree.to_netcdf(None, engine="h5netcdf")))
    return path


@pytest.mark.parametrize(
    "content", [b"", b"customer_id,date\n1,2024-01-01\n", b"\x89HDF\r\n\x1a\n" + bytes(500), b"CDF\x01" + bytes(40)]
)
def test_garbage_is_no_fit(content, tmp_path):
    (tmp_path / "posterior.nc").write_bytes(content)
    with pytest.raises(SchemaError, match=r"posterior\.nc is not a stored fit"):
        load_fit(tmp_path / "posterior.nc")


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_a_cut_file_is_no_fit(purchase_fit, tmp_path, share):
    raw = purchase_fit.save(tmp_path / "whole.nc").read_bytes()
    (tmp_path / "cut.nc").write_bytes(raw[: int(len(raw) * share)])
    with pytest.raises(SchemaError, match=r"cut\.nc is not a stored fit"):
        load_fit(tmp_path / "cut.nc")


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(KundenwertError, match=r"nowhere\.nc"):
        load_fit(tmp_path / "nowhere.nc")


DIAGNOSED = '"diagnosis": {"converged": true, "checks": []}, "info": {}'


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param(None, id="another program's file"),
        pytest.param("not json", id="not JSON"),
        pytest.param("[]", id="a list"),
        pytest.param("{}", id="empty"),
        pytest.param('{"model": "bg_nbd", "priors": {}, ' + DIAGNOSED + "}", id="unknown model"),
        pytest.param('{"model": "pareto_nbd", "priors": [], ' + DIAGNOSED + "}", id="priors a list"),
        pytest.param('{"model": "pareto_nbd", "priors": {"r": {"kind": "x"}}, ' + DIAGNOSED + "}", id="prior's fields"),
        pytest.param('{"model": "pareto_nbd", "priors": {}}', id="no diagnosis"),
        pytest.param('{"model": "pareto_nbd", "priors": {}, "diagnosis": {}, "info": {}}', id="no checks"),
        pytest.param(
            '{"model": "pareto_nbd", "priors": {}, "diagnosis": {"checks": [{"a": 1}]}, "info": {}}', id="check"
        ),
        pytest.param(
            '{"model": "pareto_nbd", "priors": {}, ' + DIAGNOSED.removesuffix(', "info": {}') + "}", id="no info"
        ),
        pytest.param('{"model": "pareto_nbd", "priors": {}, ' + DIAGNOSED + "}", id="no parameters in the posterior"),
    ],
)
def test_a_file_of_something_else_is_no_fit(stored, tmp_path):
    with pytest.raises(SchemaError, match=r"other\.nc is not a stored fit"):
        load_fit(write_tree(tmp_path / "other.nc", stored))


# ------------------------------------------------------------------------------------------------ the literature

PUBLISHED = {  # mean, sd: importance sampling, 40,000 proposals
    "r": (0.5633, 0.0452),
    "alpha": (10.7038, 0.8282),
    "s": (0.6045, 0.1166),
    "beta": (11.5425, 3.6768),
}
PUBLISHED_ESS = 40_000 * 1_800 / 4_000
"""The published proposals are worth as many draws in proportion as their pilot run: 1,800 of 4,000."""


@pytest.mark.parametrize("method", ["importance", pytest.param("nuts", marks=pytest.mark.slow)])
def test_cdnow_under_weibull_priors(cdnow_summary, method):
    """Means within 3 Monte-Carlo standard errors, both programs' errors combined."""
    one = fit(ParetoNBD(WEIBULL), cdnow_summary, method=method, seed=20, draws=2000, tune=1000)
    assert one.diagnosis.converged, str(one.diagnosis)
    draws = one.draws()
    weighted = {check.name: check.value for check in one.diagnosis}.get("effective draws")
    for name, (mean, sd) in PUBLISHED.items():
        ess = weighted or float(az.ess(one.tree["posterior"][name].to_numpy()))
        error = sd * np.hypot(ess**-0.5, PUBLISHED_ESS**-0.5) + 5e-5  # half a unit of the printed digits
        assert abs(draws[name].mean() - mean) < 3 * error, name
        assert draws[name].std() == pytest.approx(sd, rel=0.08), name

    table = cdnow_summary.table
    x, t_x, T = (table[name].to_numpy(float) for name in ("frequency", "recency", "T"))
    total = np.array(
        [
            pareto_nbd.expected_purchases(x, t_x, T, horizon=39.0, **{n: draws[n][i] for n in PARAMETERS}).sum()
            for i in range(0, one.samples, 4)
        ]
    )
    error = 80.1 * np.hypot(PUBLISHED_ESS**-0.5, (weighted or float(az.ess(total.reshape(4, -1)))) ** -0.5)
    assert abs(total.mean() - 1673.1) < 3 * error
    np.testing.assert_allclose(np.quantile(total, [0.05, 0.95]), [1538, 1815], atol=15)
    someone = [0, 5, 1515]
    parts = pareto_nbd.p_alive(x[someone], t_x[someone], T[someone], **{n: draws[n][:, None] for n in PARAMETERS})
    np.testing.assert_allclose(parts.mean(axis=0), [0.8703, 0.7520, 0.9979], atol=0.0015)
    np.testing.assert_allclose(parts.std(axis=0), [0.0144, 0.0239, 0.0002], rtol=0.1, atol=5.1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {"draws": 0}, {"draws": -5}, {"draws": 2.5}, {"chains": -2}, {"chains": 0}, {"tune": -1}, {"target_accept": 0.0},
        {"target_accept": 1.0}, {"seed": 1.5}, {"seed": -1}, {"seed": "1"},
    ],
)  # fmt: skip
def test_numbers_without_a_meaning_are_refused(simulated, options):
    with pytest.raises(DomainError, match=next(iter(options))):
        fit(ParetoNBD(), simulated, **({"seed": 1} | options))


def test_too_few_kept_draws_are_no_posterior(simulated):
    few = fit(ParetoNBD(), simulated, seed=1, method="importance", draws=20, chains=2)
    assert [check.name for check in few.diagnosis if not check.passed] == ["kept draws"]
    assert fit(ParetoNBD(), simulated, seed=1, method="importance", draws=50, chains=2).diagnosis.converged
