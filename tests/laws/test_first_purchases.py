"""The law of spend that looks at first purchases: what it learns, what it says of known and of new customers.

Written false-alarm rate: each statistical check fails right code with probability at most 1e-5; there are about 20.
Seeds are fixed.
"""

import numpy as np
import pandas as pd
import pytest

import kundenwert as kw
from kundenwert.bayes import build_model, known, load_fit, make_target
from kundenwert.kernels import gamma_gamma_first as kernel
from kundenwert.laws import GammaGamma, GammaGammaFirst, Spending
from kundenwert.validate import first_purchases, spend_distribution, spend_scores

Z = 4.5
LAW = {"p": 6.25, "q": 3.74, "v": 15.44, "omega": 0.5, "m": 0.8}
PLAIN = {name: LAW[name] for name in ("p", "q", "v")}
BUYING = {"r": 0.553, "alpha": 10.58, "s": 0.606, "beta": 11.67}
QUICK = {"draws": 250, "chains": 2, "log_likelihood": False}


def shop(size, seed, **changed):
    """A summary of customers whose spend follows the law, with the means of five hold-out purchases each."""
    law, rng = LAW | changed, np.random.default_rng(seed)
    x = rng.negative_binomial(0.8, 0.3, size).astype(float)
    spend, mean, first = kernel.simulate(x, **law, rng=rng)
    frame = pd.DataFrame({"frequency": x, "recency": np.where(x > 0, 20.0, 0.0), "T": 30.0, "monetary_value": mean})
    later = spend * rng.standard_gamma(5 * law["p"], size) / (5 * law["p"])
    frame = frame.assign(first_value=first, holdout_purchases=5, holdout_value=5 * later)
    return kw.CustomerSummary.from_frame(frame, time_unit="W", holdout_length=30.0)


@pytest.fixture(scope="module")
def seen():
    return shop(3000, 1)


@pytest.fixture(scope="module")
def fitted(seen):
    return kw.fit(GammaGammaFirst(), seen, seed=1)


def test_weight_and_level_are_found_again(fitted):
    """Within 4.5 posterior standard deviations of the truth, which are small enough to tell it from 1."""
    assert fitted.diagnosis.converged
    for name, truth in LAW.items():
        values = np.log(fitted.draws()[name])
        assert abs(values.mean() - np.log(truth)) < Z * values.std(), name
    assert fitted.draws()["omega"].max() < 1
    assert fitted.draws()["m"].max() < 0.95


def test_it_is_learned_from_those_who_came_back(seen):
    came_back = (seen.table["frequency"] > 0).sum()
    observed = GammaGammaFirst().observed(seen)
    assert observed.count.sum() == came_back < len(seen)
    assert list(observed.fields) == ["frequency", "monetary_value", "first_value"]
    odd = seen.table[seen.table["frequency"] > 0].iloc[:3].assign(first_value=[np.nan, -5.0, 7.0])
    found = GammaGammaFirst().observed(kw.CustomerSummary.from_frame(odd, time_unit="W"))
    assert found.fields["first_value"].tolist() == [0.0, 0.0, 7.0]


def test_graph_and_target_are_one_density(seen):
    """At any point, Jacobians of the positive quantities included; two first purchases say nothing."""
    firsts = np.r_[np.nan, 0.0, seen.table["first_value"][2:200]]
    some = kw.CustomerSummary.from_frame(seen.table.iloc[:200].assign(first_value=firsts), time_unit="W")
    model, target = build_model(GammaGammaFirst(), some), make_target(GammaGammaFirst(), some)
    logp, names = model.compile_logp(), [f"{name}_log__" for name in target.names]
    assert names == [variable.name for variable in model.value_vars]
    points = np.random.default_rng(2).normal(-0.3, 0.3, (4, len(names)))
    found = [float(logp(dict(zip(names, point, strict=True)))) for point in points]
    np.testing.assert_allclose(found, [target.gradient(point)[0] for point in points], rtol=1e-10)
    np.testing.assert_allclose(found, target(points), rtol=1e-10)


def test_target_gradient(seen):
    groups = seen.table.assign(cohort=np.resize(["a", "b", "c"], len(seen)))
    summary = kw.CustomerSummary.from_frame(groups, time_unit="W")
    target = make_target(GammaGammaFirst(cohorts=("cohort",)), summary)
    point = np.random.default_rng(3).normal(0, 0.2, target.size)
    slope = target.gradient(point)[1]
    for k in range(target.size):
        step = 1e-5 * np.eye(target.size)[k]
        wanted = (target.gradient(point + step)[0] - target.gradient(point - step)[0]) / 2e-5
        assert slope[k] == pytest.approx(wanted, rel=1e-5, abs=1e-3), k


def test_one_time_buyers_are_told_apart_by_their_first_purchase():
    """`p (v + ω f/m) / (q + ω p - 1)`, by hand; the plain law says 35.219 of all of them."""
    spending = Spending(np.zeros((3, 1)), np.full((3, 1), np.nan), np.array([[10.0], [80.0], [0.0]]))
    law = {name: np.array([value]) for name, value in LAW.items()}
    expected = GammaGammaFirst().expected_spend(spending, law)[:, 0]
    assert expected == pytest.approx([23.1138, 69.7357, 35.2190], abs=1e-4)
    plain = GammaGamma().expected_spend(spending, {name: law[name] for name in PLAIN})
    assert np.broadcast_to(plain, (3, 1))[:, 0] == pytest.approx([35.2190] * 3, abs=1e-4)


def test_outcomes_average_to_expectations(customers):
    """Drawn values of customers with first purchases, one that says nothing among them."""
    size = 20_000
    table = customers.assign(first_value=[29.33, 9.77, 14.99, 0.0, 100.0, 30.0, 20.0, 1.0, np.nan, 60.0])
    many = {name: np.full(size, value) for name, value in LAW.items()}
    fits = (
        known(kw.ParetoNBD(), **{name: np.full(size, value) for name, value in BUYING.items()}),
        known(GammaGammaFirst(), **many),
    )
    (block,) = list(kw.predict.customer_blocks(*fits, table.iloc[:2], horizon=kw.Horizon(52.0), seed=3))
    error = block.value.std(axis=1) / np.sqrt(size)
    assert (abs(block.value.mean(axis=1) - block.expected_value[:, 0]) < Z * error).all()
    plain = known(GammaGamma(), **{name: many[name] for name in PLAIN})
    (other,) = list(kw.predict.customer_blocks(fits[0], plain, table.iloc[[3]], horizon=kw.Horizon(52.0), seed=3))
    (nothing,) = list(kw.predict.customer_blocks(*fits, table.iloc[[3]], horizon=kw.Horizon(52.0), seed=3))
    np.testing.assert_array_equal(nothing.value, other.value)


def test_the_first_purchase_of_a_newcomer_has_its_level():
    size = 40_000
    new = kw.newcomers(
        known(kw.ParetoNBD(), **{name: np.full(size, value) for name, value in BUYING.items()}),
        known(GammaGammaFirst(), **{name: np.full(size, value) for name, value in LAW.items()}),
        units_per_year=52.18,
    )
    drawn = new.draw("all", horizon=kw.Horizon(52.0), seed=2)
    spend = LAW["p"] * LAW["v"] / (LAW["q"] - 1)
    first = drawn.first_value
    assert abs(first.mean() - LAW["m"] * spend) < Z * first.std() / np.sqrt(size)
    expected = new.expected_value("all", horizon=52.0)
    assert expected[0] == pytest.approx(spend * (0.8 + new.expected_purchases("all", horizon=52.0)[0]), rel=1e-12)
    assert abs(drawn.value.mean() - expected[0]) < Z * drawn.value.std() / np.sqrt(size)
    repeats, mean = new.observe("all", length=10.0, customers=5, rng=np.random.default_rng(1))
    once = mean[repeats == 0]
    assert abs(once.mean() - LAW["m"] * spend) < Z * once.std() / np.sqrt(once.size)
    often = mean[repeats == 2]
    assert abs(often.mean() - (LAW["m"] + 2) / 3 * spend) < Z * often.std() / np.sqrt(often.size)


def test_cdnow_by_quartile_of_the_first_value(cdnow_summary):
    """One-time buyers who bought in the hold-out spent more the more they had spent first; the plain law says 35."""
    fits = {law.name: kw.fit(law, cdnow_summary, seed=1, **QUICK) for law in (GammaGamma(), GammaGammaFirst())}
    table = cdnow_summary.table
    edges = np.quantile(table.loc[table["frequency"] == 0, "first_value"], [0.25, 0.5, 0.75])
    scores = {name: spend_scores(fit, cdnow_summary) for name, fit in fits.items()}
    for found in scores.values():
        once = found[found["frequency"] == 0].merge(table[["customer_id", "first_value"]], on="customer_id")
        means = once.groupby(np.searchsorted(edges, once["first_value"]))[["value", "expected"]].mean()
        assert means["value"].to_numpy() == pytest.approx([25.1, 22.4, 36.7, 54.6], abs=0.06)
        flat = found is scores["gamma_gamma"]
        wanted = [35.2] * 4 if flat else [23.9, 26.1, 31.4, 49.4]
        assert means["expected"].to_numpy() == pytest.approx(wanted, abs=1.0)
    gain = scores["gamma_gamma_first"]["log_score"] - scores["gamma_gamma"]["log_score"]
    assert gain.sum() == pytest.approx(110, abs=8)
    errors = {name: (found["expected"] - found["value"]).abs().mean() for name, found in scores.items()}
    assert errors["gamma_gamma"] == pytest.approx(17.65, abs=0.15)
    assert errors["gamma_gamma_first"] == pytest.approx(16.26, abs=0.15)


def test_the_data_say_whether_first_purchases_tell(cdnow_summary, seen):
    found = first_purchases(cdnow_summary)
    assert found.help
    assert found.gain == pytest.approx(76.6, abs=2)
    assert found.error == pytest.approx(21.6, abs=1)
    assert found.why.startswith("first purchases tell what the ")
    starter = seen.table.assign(first_value=19.9 + np.arange(len(seen)) % 7 / 10)  # a set for everybody
    other = first_purchases(kw.CustomerSummary.from_frame(starter, time_unit="W"))
    assert not other.help
    assert other.gain < -4 * other.error
    assert other.why.startswith("first purchases do not tell")
    nothing = first_purchases(kw.CustomerSummary.from_frame(seen.table.drop(columns="first_value"), time_unit="W"))
    assert (nothing.help, nothing.customers) == (False, 0)
    assert "nothing is learned from it" in nothing.why


def test_customers_without_first_values_are_refused(fitted, seen, simulated):
    bare = seen.table.drop(columns="first_value")
    with pytest.raises(
        kw.SchemaError, match="no first_value, which the Gamma-Gamma with first purchases model looks at"
    ):
        kw.fit(GammaGammaFirst(), simulated, seed=1)
    buying = known(kw.ParetoNBD(), **BUYING)
    with pytest.raises(kw.SchemaError, match="the customers have no first_value"):
        next(iter(kw.predict.customer_blocks(buying, fitted, bare, horizon=kw.Horizon(52.0))))
    with pytest.raises(kw.DomainError, match="first_value must be finite, or missing: violated in 3,000 rows"):
        kw.CustomerSummary.from_frame(seen.table.assign(first_value=np.inf), time_unit="W")
    none = kw.CustomerSummary.from_frame(seen.table.assign(first_value=0.0), time_unit="W")
    with pytest.raises(kw.DomainError, match="no customer who came back has a first purchase of positive value"):
        kw.fit(GammaGammaFirst(), none, seed=1)


def test_a_stored_fit_is_the_same_law(fitted, seen, tmp_path):
    again = load_fit(fitted.save(tmp_path / "spend.nc"))
    assert again.model.name == "gamma_gamma_first"
    some = seen.table.iloc[:50]
    law, one = again.scoring.law, again.scoring.population
    np.testing.assert_array_equal(
        law.expected_spend(law.spending(some), one), fitted.model.expected_spend(law.spending(some), fitted.draws())
    )


def test_replicates_know_the_first_purchases(seen):
    """The law that made the data covers what was observed; one with another weight of first purchases does not."""
    one = {name: np.full(200, value) for name, value in LAW.items()}
    spread = spend_distribution(known(GammaGammaFirst(), **one), seen.table).set_index("level")
    assert ((spread["predicted_q05"] < spread["observed"]) & (spread["observed"] < spread["predicted_q95"])).sum() >= 5
    wrong = known(GammaGammaFirst(), **one | {"m": np.full(200, 1.6)})
    off = spend_distribution(wrong, seen.table).set_index("level")
    assert off.loc[0.5, "predicted_q95"] < off.loc[0.5, "observed"]


@pytest.mark.slow
@pytest.mark.parametrize("part", [0.5, 0.9])
def test_intervals_of_outcomes_hold_what_they_promise(part):
    """Hold-out means of 12 shops of 400 customers: coverage within 4.5 binomial errors, shops being independent."""
    inside, number = 0, 0
    for seed in range(12):
        summary = shop(400, 100 + seed)
        scoring = kw.fit(GammaGammaFirst(), summary, seed=seed, **QUICK).scoring
        law, rng = scoring.law, np.random.default_rng(seed)
        spending, own = law.spending(summary.table), scoring.population
        p, q, v = law.given(spending, own).values()
        x = spending.frequency
        total = np.where(x > 0, x * spending.monetary_value, 0.0)
        spend = p * (v + total) / rng.standard_gamma(q + p * x)
        drawn = spend * rng.standard_gamma(np.broadcast_to(5 * p, spend.shape)) / (5 * p)
        below = (drawn < summary.table["holdout_value"].to_numpy()[:, None] / 5).mean(axis=1)
        inside += (abs(below - 0.5) <= part / 2).sum()
        number += len(below)
    assert abs(inside / number - part) < Z * np.sqrt(2 * part * (1 - part) / number)
