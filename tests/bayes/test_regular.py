"""Customers who buy regularly: which k is true is learned, weighed and kept; what cannot be learned from is refused."""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate

import kundenwert as kw
from kundenwert.bayes.importance import sample
from kundenwert.bayes.mode import find_mode
from kundenwert.bayes.target import make_target
from kundenwert.errors import DomainError, SchemaError
from kundenwert.validate.scores import log_score

TRUE = {"r": 1.5, "alpha": 5.0, "a": 0.8, "b": 6.0}
AHEAD = 26.0


def shop(k, size, seed):
    """Customers simulated gap by gap, observed for 30 to 60 weeks, with half a year to come; two cohorts."""
    rng = np.random.default_rng(seed)
    T, rate = rng.uniform(30, 60, size), rng.gamma(TRUE["r"], 1 / TRUE["alpha"], size)
    p = rng.beta(TRUE["a"], TRUE["b"], size)
    time, alive = np.zeros(size), rng.random(size) > p
    found = {name: np.zeros(size) for name in ("frequency", "recency", "log_gaps", "holdout_purchases")}
    while alive.any():
        gap = rng.gamma(k, 1 / (k * rate))
        time = time + gap
        past, later = alive & (time <= T), alive & (time > T) & (time <= T + AHEAD)
        found["frequency"] += past
        found["recency"] = np.where(past, time, found["recency"])
        found["log_gaps"] += np.where(past, np.log(gap), 0.0)
        found["holdout_purchases"] += later
        alive = (past | later) & (rng.random(size) > p)
    table = pd.DataFrame(
        {
            **found,
            "T": T,
            "cohort": np.where(np.arange(size) % 2, "odd", "even"),
            "monetary_value": 20.0,
            "value_to_date": 60.0,
        }
    )
    return kw.CustomerSummary.from_frame(table, time_unit="W", holdout_length=AHEAD)


@pytest.fixture(scope="module")
def regular():
    return shop(3, 700, 8)


@pytest.fixture(scope="module")
def learned(regular):
    return kw.fit(kw.MBGCNBD(), regular, seed=3, draws=500, chains=2)


def test_regularity_and_the_other_parameters_are_recovered(learned):
    """Each parameter's log lies within 4.5 posterior standard deviations of the truth."""
    assert learned.diagnosis.converged, learned.diagnosis
    assert learned.info["method"] == "importance"
    assert learned.info["why"].startswith("k=3 with probability above 0.999; Pareto k ")
    draws = learned.draws()
    assert (draws.pop("k") == 3).all()
    for name, values in draws.items():
        logs = np.log(values)
        assert abs(logs.mean() - np.log(TRUE[name])) < 4.5 * logs.std(), name


def test_it_forecasts_regular_customers_better_than_the_pareto_nbd(learned, regular):
    """By more than three standard errors of the paired difference, and the means of draws and closed forms agree."""
    pareto = kw.fit(kw.ParetoNBD(), regular, seed=3, draws=500, chains=2)
    scores = {"pareto": log_score(pareto, regular), "regular": log_score(learned, regular)}
    row = kw.validate.compare_log_scores(scores).set_index("model").loc["regular"]
    assert row["difference"] > 3 * row["error"]


def test_auto_finds_the_regular_law_and_says_how_regular(regular):
    """The first of two must be beaten by more than two standard errors."""
    found = kw.compare_models(regular, {"pareto_nbd": kw.ParetoNBD(), "mbg_cnbd": kw.MBGCNBD()})
    assert found.chosen == "mbg_cnbd"
    assert found.why.startswith("mbg_cnbd is better than pareto_nbd by ")
    assert found.why.endswith(" on purchases that none had seen; k=3 with probability above 0.999")


def test_cdnow_buys_at_random_times(cdnow_summary):
    """k is 1, and at the published estimates of the MBG/NBD the likelihood is the published one."""
    law = kw.MBGCNBD(k=1)
    seen = law.observed(cdnow_summary)
    one = {"r": 0.5248436, "alpha": 6.1830928, "a": 0.8913878, "b": 1.6140483, "k": 1.0}
    total = law.total(seen, {name: np.array([value]) for name, value in one.items()})
    assert total.item() == pytest.approx(-9582.1357, abs=5e-4)
    learned = kw.fit(kw.MBGCNBD(), cdnow_summary, seed=1, draws=250, chains=2)
    assert learned.info["variants"]["k=1"] > 1 - 1e-9
    assert list(learned.info["variants"]) == ["k=1", "k=2", "k=3"]


@pytest.fixture(scope="module")
def unsure():
    return shop(2, 14, 4)


def test_where_it_is_unsure_draws_are_of_each_as_often_as_it_is_probable(unsure, spend_fit, tmp_path):
    found = kw.fit(kw.MBGCNBD(), unsure, seed=5, draws=1000, chains=2)
    assert found.diagnosis.converged, found.diagnosis
    probable = found.info["variants"]
    assert sum(probable.values()) == pytest.approx(1)
    assert sum(p > 0.02 for p in probable.values()) >= 2
    k = found.draws()["k"]
    for name, p in probable.items():
        assert (k == float(name[2:])).mean() == pytest.approx(p, abs=2e-3)
    assert set(np.unique(found.tree["prior"]["k"])) == set(range(1, 13))
    back = kw.load_fit(found.save(tmp_path / "fit.nc"))
    assert back.model.k is None
    np.testing.assert_array_equal(back.draws()["k"], k)
    values = kw.value_table(found, spend_fit, unsure, horizon=26.0, margin=0.3, samples=200)
    total = values.totals["purchases"].to_numpy().sum(axis=1)
    expected = values.totals["expected_purchases"].to_numpy().sum(axis=1)
    assert abs((total - expected).mean()) < 5 * (total - expected).std() / np.sqrt(200)
    assert np.isfinite(values.table["rlv_mean"]).all()


def test_draws_of_mixed_regularity_are_asked_one_by_one(unsure):
    law, table = kw.MBGCNBD(), unsure.table
    history = kw.laws.History.of(table)
    names = ("r", "alpha", "a", "b", "k")
    rows = [(1.2, 4.0, 0.7, 5.0, 1.0), (1.5, 5.0, 0.8, 6.0, 4.0), (1.4, 5.5, 0.9, 6.0, 2.0), (1.3, 5.0, 1.5, 6.0, 4.0)]
    mixed = dict(zip(names, np.array(rows).T, strict=True))
    asked = {
        "alive": lambda some: law.p_alive(history, some),
        "later": lambda some: law.p_alive(history, some, horizon=9.0),
        "bought": lambda some: law.expected_purchases(history, some, horizon=26.0, discount_rate=0.01),
        "time": lambda some: law.expected_time(history, some, horizon=26.0),
        "counts": lambda some: law.log_purchase_probability(history, some, horizon=26.0, number=2),
        "rate": lambda some: law.purchase_rate(history, some),
    }
    for what, ask in asked.items():
        together = ask(mixed)
        for number in range(4):
            alone = ask({name: values[number : number + 1] for name, values in mixed.items()})
            np.testing.assert_allclose(together[:, number : number + 1], alone, rtol=1e-9, err_msg=what)


def test_the_evidence_is_that_of_an_integral(simulated):
    """NBD with its default priors on 300 customers: by importance sampling, and by a rule on a grid of both logarithms."""
    target = make_target(kw.NBD(), simulated)
    mode = find_mode(target)
    drawn = sample(target, mode, draws=2048, rng=np.random.default_rng(1), enough=1000.0)
    spread = np.sqrt(np.diag(mode.factor @ mode.factor.T))
    axes = [at + 9 * width * np.linspace(-1, 1, 181) for at, width in zip(mode.point, spread, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    values = target(grid.reshape(-1, 2)).reshape(181, 181)
    inner = integrate.simpson(np.exp(values - values.max()), x=axes[1], axis=1)
    wanted = values.max() + np.log(integrate.simpson(inner, x=axes[0]))
    assert drawn.log_evidence == pytest.approx(wanted, abs=0.05)


def test_with_cohorts_regularity_is_chosen_without_them(regular, tmp_path):
    found = kw.fit(kw.MBGCNBD(cohorts=("cohort",)), regular, seed=1, method="map", draws=50, chains=2)
    assert found.info["why"] == (
        "k=3 chosen by the evidence without cohorts and covariates: k=3 with probability above 0.999; asked for"
    )
    assert (found.draws()["k"] == 3).all()
    assert {"purchase_effect_cohort", "dropout_effect_cohort"} <= set(found.tree["posterior"].data_vars)
    fixed = kw.fit(kw.MBGCNBD(k=2), regular, seed=1, method="map", draws=50, chains=2)
    assert "variants" not in fixed.info
    assert kw.load_fit(fixed.save(tmp_path / "fit.nc")).model.k == 2


@pytest.mark.filterwarnings("ignore:Numba will use object mode")
def test_the_pymc_density_is_the_targets(unsure):
    law = kw.MBGCNBD(k=3)
    target, model = make_target(law, unsure), kw.build_model(law, unsure)
    logp, names = model.compile_logp(), [f"{name}_log__" for name in target.names]
    differences = []
    for seed in range(4):
        point = np.random.default_rng(seed).normal(0, 0.5, target.size)
        differences.append(float(logp(dict(zip(names, point, strict=True)))) - target(point[None])[0])
    np.testing.assert_allclose(differences, differences[0], atol=1e-6)
    with pytest.raises(SchemaError, match=r"stands for 12 models at once.*kw.MBGCNBD\(k=2\)"):
        kw.build_model(kw.MBGCNBD(), unsure)


def test_a_table_without_gaps_is_refused_by_this_law_only(simulated):
    with pytest.raises(SchemaError, match="looks at the column 'log_gaps', which the customer table does not have"):
        kw.fit(kw.MBGCNBD(), simulated, seed=1)
    assert kw.MBGNBD().observed(simulated).count.sum() == len(simulated)


@pytest.mark.parametrize("k", [0, 13, 2.0, True])
def test_what_is_no_number_of_stages_is_refused(k):
    with pytest.raises(DomainError, match="is no number of stages; give a whole number from 1 to 12"):
        kw.MBGCNBD(k=k)


def test_gaps_of_a_log_in_any_unit():
    """Days 0, 14 and 35, and nothing of what comes after the end of observation: log 14 + log 21 in days."""
    days = ["2024-01-01", "2024-01-15", "2024-01-15", "2024-02-05", "2024-03-20", "2024-01-08"]
    rows = pd.DataFrame({"customer_id": [*"aaaaa", "b"], "date": days, "amount": 5.0})
    log = kw.read_transactions(rows)
    for unit, length in {"D": 1.0, "W": 7.0, "M": 30.4375}.items():
        table = kw.summarise(log, observation_end="2024-02-20", holdout_end="2024-03-20", time_unit=unit).table
        np.testing.assert_allclose(table["log_gaps"], [np.log(14 / length) + np.log(21 / length), 0.0], rtol=1e-14)


@pytest.mark.parametrize(
    ("gaps", "why"),
    [
        ([np.nan, 0.0, 0.0], "log_gaps must be finite"),
        ([0.0, 1.0, np.log(9.0)], "log_gaps must be 0 where frequency is 0"),
        ([0.0, 0.0, 2.0], r"log_gaps must be log\(recency\) where frequency is 1"),
        ([4.7, 0.0, np.log(9.0)], r"log_gaps cannot exceed frequency · log\(recency / frequency\)"),
    ],
)
def test_gaps_that_cannot_be_are_refused(gaps, why):
    frame = pd.DataFrame({"frequency": [2, 0, 1], "recency": [20.0, 0.0, 9.0], "T": 30.0, "log_gaps": gaps})
    with pytest.raises(DomainError, match=why):
        kw.CustomerSummary.from_frame(frame, time_unit="W")
    frame["log_gaps"] = [2 * np.log(10.0), 0.0, np.log(9.0)]
    kept = kw.CustomerSummary.from_frame(frame, time_unit="W").table
    np.testing.assert_array_equal(kept["log_gaps"], frame["log_gaps"])
