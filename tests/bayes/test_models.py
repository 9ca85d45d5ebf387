"""The PyMC models: structure, priors, predictive draws."""

import numpy as np
import pymc as pm
import pytest

from kundenwert.bayes import WEIBULL, Prior, build_model, fit, resolved_priors
from kundenwert.data import CustomerSummary, patterns
from kundenwert.errors import DomainError, FitError, SchemaError
from kundenwert.kernels import gamma_gamma, pareto_nbd
from kundenwert.laws import GammaGamma, ParetoNBD

# A simulated history is drawn by a Python function; PyTensor says that it cannot be compiled.
PYTHON_DRAWS = "ignore:Numba will use object mode to run CustomDist:UserWarning"


@pytest.fixture(scope="module")
def model(simulated):
    return build_model(ParetoNBD(), simulated)


def test_structure(model, simulated):
    assert [v.name for v in model.free_RVs] == ["yearly_purchases", "rate_cv", "half_life", "dropout_cv"]
    assert [v.name for v in model.deterministics] == ["r", "alpha", "s", "beta"]
    assert [v.name for v in model.observed_RVs] == ["history"]
    found = patterns(simulated.table)
    assert len(found) < len(simulated) == found.count.sum()
    assert model.rvs_to_values[model["history"]].eval().shape == (len(found), 2)
    graph = pm.model_graph.ModelGraph(model).make_compute_graph()
    assert graph["history"] >= {"r", "alpha", "s", "beta", "T", "count"}
    assert graph["alpha"] >= {"rate_cv", "yearly_purchases"}
    assert graph["beta"] >= {"dropout_cv", "half_life"}


def test_log_likelihood_of_the_model_is_the_kernels(model, simulated):
    """The joint density at a point: PyMC's observed part is the kernel summed over customers, not patterns."""
    point = model.initial_point()
    observed = float(model.compile_logp(vars=model.observed_RVs)(point))
    names = ("r", "alpha", "s", "beta")
    parameters = dict(zip(names, _at(model, names, point), strict=True))
    table = simulated.table
    wanted = pareto_nbd.log_likelihood(table["frequency"], table["recency"], table["T"], **parameters).sum()
    assert observed == pytest.approx(float(wanted), abs=1e-5)


def _at(model, names, point):
    outputs = model.replace_rvs_by_values([model[name] for name in names])
    return [float(value) for value in model.compile_fn(outputs, inputs=model.value_vars)(point)]


def test_gradient_of_the_whole_model(model):
    """What NUTS follows, against finite differences of the model's own density, where prior medians make alpha = beta."""
    point = model.initial_point()
    logp, slope = model.compile_logp(), model.compile_dlogp()
    found = slope(point)
    for i, name in enumerate(point):
        step = 1e-4
        up, down = (point | {name: point[name] + sign * step} for sign in (1, -1))
        assert found[i] == pytest.approx((logp(up) - logp(down)) / (2 * step), rel=1e-5, abs=1e-4), name


@pytest.mark.filterwarnings(PYTHON_DRAWS)
def test_prior_predictive(model, simulated):
    drawn = pm.sample_prior_predictive(50, model=model, random_seed=1)
    history = drawn["prior_predictive"]["history"].to_numpy()
    T = patterns(simulated.table).T
    frequency, recency = history[..., 0], history[..., 1]
    assert history.shape == (1, 50, T.size, 2)
    assert (frequency >= 0).all()
    assert (frequency == np.floor(frequency)).all()
    assert ((recency >= 0) & (recency <= T)).all()
    assert ((recency > 0) == (frequency > 0)).all()


@pytest.mark.filterwarnings(PYTHON_DRAWS)
def test_posterior_predictive_customer_by_customer(purchase_fit, simulated):
    """Replicated logs have as many repeat purchases as the data, within 5 predictive standard deviations."""
    whole = build_model(ParetoNBD(), simulated, distinct=False)
    drawn = pm.sample_posterior_predictive(purchase_fit.tree, model=whole, random_seed=1, progressbar=False)
    frequency = drawn["posterior_predictive"]["history"].to_numpy()[..., 0].reshape(-1, len(simulated))
    assert len(frequency) == purchase_fit.samples
    totals = frequency.sum(axis=1)
    assert abs(totals.mean() - simulated.table["frequency"].sum()) < 5 * totals.std()
    never = (frequency == 0).mean(axis=1)
    assert abs(never.mean() - (simulated.table["frequency"] == 0).mean()) < 5 * never.std()


@pytest.mark.filterwarnings(PYTHON_DRAWS)
def test_posterior_predictive_spend(spend_fit, simulated):
    drawn = pm.sample_posterior_predictive(
        spend_fit.tree, model=build_model(GammaGamma(), simulated), random_seed=1, progressbar=False
    )
    values = drawn["posterior_predictive"]["monetary_value"].to_numpy()
    observed = simulated.table["monetary_value"].dropna()
    assert values.shape[-1] == len(observed)
    medians = np.median(values, axis=-1).ravel()
    assert abs(medians.mean() - observed.median()) < 5 * medians.std()


def test_spend_model(simulated):
    model = build_model(GammaGamma(), simulated)
    assert [v.name for v in model.free_RVs] == ["relative_spend", "purchase_cv", "customer_cv"]
    point = model.initial_point()
    parameters = dict(zip("pqv", _at(model, "pqv", point), strict=True))
    seen = simulated.table.query("frequency > 0")
    wanted = gamma_gamma.log_likelihood(seen["frequency"], seen["monetary_value"], **parameters).sum()
    assert float(model.compile_logp(vars=model.observed_RVs)(point)) == pytest.approx(float(wanted), rel=1e-12)
    logp, slope = model.compile_logp(), model.compile_dlogp()(point)
    for i, name in enumerate(point):
        up, down = (point | {name: point[name] + sign * 1e-4} for sign in (1, -1))
        assert slope[i] == pytest.approx((logp(up) - logp(down)) / 2e-4, rel=1e-6, abs=1e-4), name


def test_spend_model_needs_repeat_purchases_of_value(customers):
    free = customers.assign(monetary_value=np.where(customers["frequency"] > 0, 0.0, np.nan))
    with pytest.raises(DomainError, match="needs repeat purchases of positive value"):
        build_model(GammaGamma(), CustomerSummary.from_frame(free, time_unit="W"))


# ------------------------------------------------------------------------------------------------ priors


def test_priors_mean_the_same_in_every_time_unit(customers):
    """The prior of r, s, and of alpha and beta, does not move with the unit."""
    drawn = {}
    for unit, days in (("W", 7.0), ("D", 1.0), ("Y", 365.25)):
        table = customers.assign(recency=customers["recency"] * 7 / days, T=customers["T"] * 7 / days)
        model = build_model(ParetoNBD(), CustomerSummary.from_frame(table, time_unit=unit))
        prior = pm.sample_prior_predictive(200, model=model, var_names=["r", "alpha", "s", "beta"], random_seed=1)[
            "prior"
        ]
        drawn[unit] = [
            prior[n].to_numpy() * (days if n in ("alpha", "beta") else 1) for n in ("r", "alpha", "s", "beta")
        ]
    for unit in "DY":
        np.testing.assert_allclose(drawn[unit], drawn["W"], rtol=1e-9)


def test_judged_quantities_are_what_they_say(simulated):
    """`r/alpha` a year, coefficients of variation, and the half-life of a new customer, from the drawn parameters."""
    prior = pm.sample_prior_predictive(
        100,
        model=build_model(ParetoNBD(), simulated),
        var_names=["yearly_purchases", "rate_cv", "half_life", "dropout_cv", "r", "alpha", "s", "beta"],
        random_seed=2,
    )["prior"]
    value = {name: prior[name].to_numpy().ravel() for name in prior.data_vars}
    year = simulated.units_per_year
    np.testing.assert_allclose(value["r"] / value["alpha"] * year, value["yearly_purchases"], rtol=1e-10)
    np.testing.assert_allclose(value["r"] ** -0.5, value["rate_cv"], rtol=1e-10)
    np.testing.assert_allclose(value["s"] ** -0.5, value["dropout_cv"], rtol=1e-10)
    alive = np.exp(-value["s"] * np.log1p(value["half_life"] * year / value["beta"]))
    np.testing.assert_allclose(alive, 0.5, rtol=1e-9)


def test_spend_prior_follows_the_currency(simulated):
    yen = simulated.table.assign(monetary_value=simulated.table["monetary_value"] * 160)
    names = ["p", "q", "v"]
    models = (build_model(GammaGamma(), s) for s in (simulated, CustomerSummary.from_frame(yen, time_unit="W")))
    euro, yen = (pm.sample_prior_predictive(50, model=m, var_names=names, random_seed=3)["prior"] for m in models)
    np.testing.assert_allclose(yen["p"], euro["p"], rtol=1e-12)
    np.testing.assert_allclose(yen["v"], 160 * euro["v"], rtol=1e-9)


def test_priors_on_the_parameters_replace_a_group():
    resolved = resolved_priors(ParetoNBD({name: WEIBULL[name] for name in ("r", "alpha")}))
    assert set(resolved) == {"r", "alpha", "half_life", "dropout_cv"}
    assert set(resolved_priors(ParetoNBD(WEIBULL))) == {"r", "alpha", "s", "beta"}
    tighter = Prior("LogNormal", {"mu": 0, "sigma": 0.1})
    assert resolved_priors(ParetoNBD({"half_life": tighter}))["half_life"] == tighter


@pytest.mark.parametrize(
    ("priors", "message"),
    [
        ({"gamma": Prior("HalfNormal", {"sigma": 1})}, "no prior is called gamma; the names are alpha, beta"),
        ({"r": Prior("HalfNormal", {"sigma": 1})}, "priors on r, alpha go together"),
        (WEIBULL | {"rate_cv": Prior("HalfNormal", {"sigma": 1})}, "replace those on yearly_purchases, rate_cv"),
    ],
)
def test_priors_that_cannot_be_resolved(priors, message):
    with pytest.raises(SchemaError, match=message):
        resolved_priors(ParetoNBD(priors))


@pytest.mark.parametrize("name", ["Weibul", "Model", "sample"])
def test_unknown_distribution(name, simulated):
    with pytest.raises(SchemaError, match=f"prior of 'rate_cv': PyMC has no distribution '{name}'"):
        build_model(ParetoNBD({"rate_cv": Prior(name, {"sigma": 1})}), simulated)


@pytest.mark.parametrize(
    "prior",
    [
        pytest.param(Prior("Weibull", {}), id="parameters missing"),
        pytest.param(Prior("HalfNormal", {"sigmaa": 0.1}), id="parameter misspelt"),
        pytest.param(Prior("HalfNormal", {"sigma": -1}), id="parameter outside its domain"),
        pytest.param(Prior("Poisson", {"mu": 2}), id="discrete"),
        pytest.param(Prior("Normal", {"mu": 0, "sigma": 1}), id="negative values"),
    ],
)
def test_a_prior_that_cannot_work_is_refused_when_the_model_is_built(prior, simulated):
    """A misspelt parameter must not fall back to a default, nor a sampler run for a prior that cannot start."""
    with pytest.raises((SchemaError, DomainError), match="prior of 'rate_cv'"):
        build_model(ParetoNBD({"rate_cv": prior}), simulated)


@pytest.mark.parametrize("method", ["importance", "auto", "map"])
def test_a_prior_that_rules_out_every_value_is_an_error(simulated, method):
    below = Prior("Uniform", {"lower": -2, "upper": -1})
    with pytest.raises((FitError, DomainError, SchemaError), match=r"no point to start from|prior"):
        fit(ParetoNBD(dict.fromkeys(("r", "alpha", "s", "beta"), below)), simulated, method=method, seed=1, draws=5)


def test_priors_print_and_store():
    prior = Prior("Weibull", {"alpha": 2, "beta": 10})
    assert Prior(**prior.to_dict()) == prior
    assert repr(prior) == "Weibull(alpha=2, beta=10)"
