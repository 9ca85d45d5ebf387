"""Bad chains must be caught, and leave-one-out must count customers."""

import json
from dataclasses import replace

import arviz as az
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import kundenwert as kw
from kundenwert.bayes import Diagnosis, diagnose, loo
from kundenwert.bayes.diagnose import E_BFMI_BOUND, ESS_BOUND, R_HAT_BOUND

SHAPE = (4, 1000)


def chains(seed=0, **stats):
    """A posterior as it should be: independent normal draws, energies that move freely, no divergence."""
    rng = np.random.default_rng(seed)
    posterior = {name: rng.standard_normal(SHAPE) for name in ("r", "alpha")}
    sample = {"diverging": np.zeros(SHAPE, bool), "energy": rng.standard_normal(SHAPE)} | stats
    return posterior, sample


def tree(posterior, stats):
    dims = ("chain", "draw")
    groups = {
        "posterior": xr.Dataset({k: (dims, v) for k, v in posterior.items()}),
        "sample_stats": xr.Dataset({k: (dims, v) for k, v in stats.items()}),
    }
    return xr.DataTree.from_dict(groups)


def failures(diagnosis):
    return {check.name for check in diagnosis if not check.passed}


def test_good_chains_pass():
    diagnosis = diagnose(tree(*chains()))
    assert diagnosis.converged
    assert {check.name for check in diagnosis} == {
        *("R-hat", "bulk ESS", "tail ESS", "infinite draws", "divergences", "E-BFMI"),
    }
    assert (R_HAT_BOUND, ESS_BOUND, E_BFMI_BOUND) == (1.01, 400.0, 0.3)
    assert str(diagnosis).startswith("converged")


def test_a_shifted_chain():
    posterior, stats = chains()
    posterior["alpha"][2] += 1.0
    diagnosis = diagnose(tree(posterior, stats))
    assert {"R-hat", "bulk ESS"} <= failures(diagnosis)
    assert not diagnosis.converged
    worst = next(check for check in diagnosis if check.name == "R-hat")
    assert worst.where == "alpha"
    assert worst.value > 1.05
    assert "NOT CONVERGED" in str(diagnosis)
    assert "sample longer" in str(diagnosis)


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
@pytest.mark.parametrize("value", [0.0, 1.5])
def test_a_stuck_chain(value):
    posterior, stats = chains()
    posterior["r"][1] = value
    assert "R-hat" in failures(diagnose(tree(posterior, stats)))


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_all_chains_stuck():
    """ArviZ calls the effective size of a constant 4,000 draws; R-hat of it is not a number, and that is no pass."""
    posterior, stats = chains()
    posterior["r"][:] = 1.0
    diagnosis = diagnose(tree(posterior, stats))
    assert not diagnosis.converged
    assert next(check for check in diagnosis if check.name == "R-hat").where == "r"


def test_a_slow_chain():
    posterior, stats = chains()
    rng = np.random.default_rng(1)
    walk = np.zeros(SHAPE)
    for i in range(1, SHAPE[1]):
        walk[:, i] = 0.99 * walk[:, i - 1] + rng.standard_normal(SHAPE[0])
    posterior["r"] = walk
    assert "bulk ESS" in failures(diagnose(tree(posterior, stats)))


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("where", [(0, 0), (3, 999), (slice(None), slice(None))])
def test_not_a_number_never_passes(bad, where):
    posterior, stats = chains()
    posterior["r"][where] = bad
    assert not diagnose(tree(posterior, stats)).converged


def diverging(stats):
    stats["diverging"][3, 7] = True


def wandering(stats):
    stats["energy"][1] = np.cumsum(stats["energy"][1])


@pytest.mark.parametrize(
    ("spoil", "name", "where"), [(diverging, "divergences", None), (wandering, "E-BFMI", "chain 1")]
)
def test_what_a_sampler_tells_of_itself(spoil, name, where):
    posterior, stats = chains()
    spoil(stats)
    diagnosis = diagnose(tree(posterior, stats))
    assert failures(diagnosis) == {name}
    check = next(check for check in diagnosis if check.name == name)
    assert check.where == where if where else check.value == 1


def test_energy_that_is_not_a_number_never_passes():
    posterior, stats = chains()
    stats["energy"][2, 5] = np.nan
    assert "E-BFMI" in failures(diagnose(tree(posterior, stats)))


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_one_chain_alone_is_not_enough():
    posterior, stats = chains()
    one = tree({k: v[:1] for k, v in posterior.items()}, {k: v[:1] for k, v in stats.items()})
    assert not diagnose(one).converged


def test_no_checks_is_no_convergence():
    """A diagnosis that looked at nothing has found nothing; all([]) is True, converged must not be."""
    assert not Diagnosis(()).converged


def test_a_sampler_without_statistics():
    posterior, _ = chains()
    dims = ("chain", "draw")
    only = xr.DataTree.from_dict({"posterior": xr.Dataset({k: (dims, v) for k, v in posterior.items()})})
    assert diagnose(only).converged


def test_round_trip_through_json():
    posterior, stats = chains()
    posterior["alpha"][2] += 1.0
    diagnosis = diagnose(tree(posterior, stats))
    stored = json.loads(json.dumps(diagnosis.to_dict()))
    assert stored["converged"] is False
    assert Diagnosis.from_dict(stored) == diagnosis


# ------------------------------------------------------------------------------------------------ leave one out


def counted(seed=4, patterns=12):
    rng = np.random.default_rng(seed)
    values = -1.0 + 0.3 * rng.standard_normal((*SHAPE, patterns)) - rng.uniform(0, 3, patterns)
    count = rng.integers(1, 30, patterns)
    index = rng.permutation(np.repeat(np.arange(patterns), count))
    posterior, _ = chains()
    return xr.DataTree.from_dict(
        {
            "posterior": xr.Dataset({k: (("chain", "draw"), v) for k, v in posterior.items()}),
            "history_log_likelihood": xr.Dataset({"history": (("chain", "draw", "pattern"), values)}),
            "constant_data": xr.Dataset({"count": ("pattern", count), "index": ("customer", index)}),
        }
    )


def expanded(one):
    """The same with one column for each customer, as ArviZ wants it."""
    index = one["constant_data"]["index"].to_numpy()
    column = one["history_log_likelihood"].to_dataset().isel(pattern=index[index >= 0])
    return xr.DataTree.from_dict({"posterior": one["posterior"].to_dataset(), "log_likelihood": column})


def same(found, wanted):
    """Equal to ArviZ, which estimates the standard error with n - 1."""
    assert found.elpd == pytest.approx(wanted.elpd, rel=1e-10)
    assert found.se == pytest.approx(wanted.se, rel=1e-10)
    assert found.p == pytest.approx(wanted.p, rel=1e-7)
    assert found.n_data_points == wanted.n_data_points
    assert found.elpd_i.size == wanted.elpd_i.size == found.pareto_k.size
    np.testing.assert_allclose(found.elpd_i.to_numpy(), wanted.elpd_i.to_numpy(), rtol=1e-10)


def test_loo_counts_customers():
    one = counted()
    same(loo(one), az.loo(expanded(one), pointwise=True))


def test_loo_of_a_fit_counts_customers(purchase_fit, simulated):
    found = loo(purchase_fit.tree)
    assert found.n_data_points == len(simulated)
    same(found, az.loo(expanded(purchase_fit.tree), pointwise=True))


def test_loo_of_two_models_can_be_compared():
    one, other = counted(), counted()
    other["history_log_likelihood"]["history"] = other["history_log_likelihood"]["history"] - 0.5
    table = az.compare({"better": loo(one), "worse": loo(other)})
    assert list(table.index) == ["better", "worse"]


def test_pointwise_entries_are_the_customers_in_the_order_of_the_table(purchase_fit, spend_fit, simulated):
    table = simulated.table
    found = loo(purchase_fit.tree, simulated).elpd_i
    assert found["customer_id"].to_numpy().tolist() == table["customer_id"].tolist()
    assert loo(purchase_fit.tree).elpd_i["customer"].to_numpy().tolist() == list(range(len(table)))
    own = pd.Series(found.to_numpy()).groupby([table[name] for name in ("frequency", "recency", "T")])
    assert own.nunique().eq(1).all()
    assert own.first().nunique() == len(own.first())  # every history has a density of its own
    seen = loo(spend_fit.tree, simulated).elpd_i["customer_id"].to_numpy().tolist()
    assert seen == table.loc[table["frequency"] > 0, "customer_id"].tolist()
    with pytest.raises(kw.DomainError, match="not the one that the fit was made from"):
        loo(purchase_fit.tree, replace(simulated, table=table.iloc[::-1]))


def test_laws_with_and_without_cohorts_are_compared_customer_by_customer(simulated):
    """Grouped histories are sorted by cohort: numbered so, one customer would be compared with another."""
    table = simulated.table.iloc[:90].assign(cohort=["a", "b", "c"] * 30)
    summary = kw.CustomerSummary.from_frame(table, time_unit="W")
    how = {"draws": 400, "tune": 200, "chains": 2, "method": "nuts", "progress": False}
    plain, pooled = (kw.fit(law, summary, **how) for law in (kw.NBD(), kw.NBD(cohorts=("cohort",))))
    first, second = (loo(one.tree).elpd_i.to_numpy() for one in (plain, pooled))
    assert np.corrcoef(first, second)[0, 1] > 0.99
    assert (second - first).std() < 0.2 * first.std()


def test_a_fit_that_does_not_say_whose_histories_it_holds_is_refused():
    one = counted()
    one["constant_data"] = one["constant_data"].to_dataset().drop_vars("index")
    with pytest.raises(kw.FitError, match="does not say which history is whose"):
        loo(one)


def test_arviz_itself_refuses_to_count_histories_for_customers(purchase_fit):
    with pytest.raises(Exception, match="log likelihood not found"):
        az.loo(purchase_fit.tree)
