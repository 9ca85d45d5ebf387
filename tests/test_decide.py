"""Decisions about new customers: against closed forms, another simulator, and conjugate cases with known answers.

Written false-alarm rate: each statistical check fails right code with probability at most 1e-6; there are fewer than
30. Seeds are fixed.
"""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, optimize, stats

import kundenwert as kw
from kundenwert import decide
from kundenwert.decide import Assumed, evpi, evsi
from kundenwert.decide.information import sample_statistics
from kundenwert.errors import DomainError, SchemaError
from kundenwert.kernels.pay_back import Earning
from kundenwert.laws import GammaGamma, ParetoNBD
from kundenwert.predict import Horizon, Kinds, Newcomers

FALSE_ALARM = 1e-6
Z = 4.9
"""|z| beyond which a normal variable lies with probability 1e-6."""

YEAR = 365.25 / 7
WEEK = np.log(1.10) / YEAR
LAW = {"r": 0.553, "alpha": 10.58, "s": 0.606, "beta": 11.67, "p": 6.25, "q": 3.74, "v": 15.44}
SIZE = 40_000
BASIS = {"margin": 0.3, "discount_rate": 0.10, "horizon": 104.0}


def drawn(size, **changed):
    return {name: np.full(size, float(value)) for name, value in (LAW | changed).items()}


def new(laws, year=YEAR):
    """New customers of cohorts, each of one kind."""
    cohorts = {
        name: Kinds(np.ones(1), {n: law[n] for n in ParetoNBD.parameters}, {n: law[n] for n in GammaGamma.parameters})
        for name, law in laws.items()
    }
    return Newcomers(ParetoNBD(), GammaGamma(), cohorts, year)


def of(table):
    return lambda laws, *args, units_per_year=YEAR, **terms: table(new(laws, units_per_year), *args, **terms)


acquisition_table, payback_table, payback_curve = map(
    of, (decide.acquisition_table, decide.payback_table, decide.payback_curve)
)
probability_better, value_of_information = map(of, (decide.probability_better, decide.value_of_information))


def expected_margin(law, margin, length, delta):
    return margin * new({"a": law}).expected_value("a", horizon=length, discount_rate=delta)


def simulate_customers(law, *, margin, cost, horizon, seed):
    found = new({"a": law}).draw("a", horizon=horizon, seed=seed)
    paid = found.paid_back(Earning(margin, cost, 0.0, 0.0))
    return decide.Outcomes(found.purchases[0], margin * found.value[0], paid[0])


@pytest.fixture(scope="module")
def laws(posterior):
    """Return three cohorts of one posterior: their draws move together."""
    buy, pay = posterior(1000)
    law = buy | pay
    return {"one": law, "more": law | {"r": law["r"] * 1.3}, "dear": law | {"v": law["v"] * 0.9, "s": law["s"] * 0.8}}


# --------------------------------------------------------------------------------------------------- expectations


@pytest.mark.parametrize(("length", "delta"), [(104.0, WEEK), (104.0, 0.0), (np.inf, WEEK), (0.0, WEEK)])
def test_expected_margin_is_the_integral(length, delta):
    def alive(u):
        return np.exp(-delta * u) * (1 + u / LAW["beta"]) ** -LAW["s"]

    lifetime = integrate.quad(alive, 0, length, limit=500, epsrel=1e-11)[0]
    spend = LAW["p"] * LAW["v"] / (LAW["q"] - 1)
    wanted = 0.3 * spend * (1 + LAW["r"] / LAW["alpha"] * lifetime)
    assert expected_margin(drawn(1), 0.3, length, delta).item() == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize(("length", "delta"), [(104.0, WEEK), (104.0, 0.0), (np.inf, 5 * WEEK)])
def test_simulated_values_have_the_expected_mean(length, delta):
    law = drawn(SIZE, q=8.0)
    found = simulate_customers(law, margin=0.3, cost=5.0, horizon=Horizon(length, delta), seed=1)
    wanted = expected_margin(law, 0.3, length, delta)[0]
    assert abs(found.value.mean() - wanted) < Z * found.value.std() / np.sqrt(SIZE)
    assert (found.value > 0).all()


def loop(law, length, delta, size, seed):
    """One new customer after the other by explicit steps: rates, lifetime, gap by gap, basket by basket."""
    rng = np.random.default_rng(seed)
    worth = np.zeros(size)
    for i in range(size):
        rate, nu = rng.gamma(law["r"]) / law["alpha"], rng.gamma(law["q"]) / law["v"]
        left, at = rng.exponential(law["beta"] / rng.gamma(law["s"])), 0.0
        while at <= min(left, length):
            worth[i] += rng.gamma(law["p"]) / nu * np.exp(-delta * at)
            at += rng.exponential(1 / rate)
    return worth


def test_simulated_values_are_those_of_an_explicit_loop():
    other = 0.3 * loop(LAW, 104.0, WEEK, SIZE, 3)
    mine = simulate_customers(drawn(SIZE), margin=0.3, cost=0.0, horizon=Horizon(104.0, WEEK), seed=2).value
    assert stats.ks_2samp(mine, other).pvalue > FALSE_ALARM
    assert stats.ks_2samp(mine * 1.05, other).pvalue < FALSE_ALARM, "the check has teeth"


@pytest.mark.parametrize("time", [0.0, 8.0, 40.0, 104.0])
def test_paid_back_by_a_time_means_earned_by_that_time(time):
    law = drawn(SIZE)
    ahead = Horizon(max(time, 1e-9), WEEK)
    other = simulate_customers(law, margin=0.3, cost=0.0, horizon=ahead, seed=4).value
    paid = simulate_customers(law, margin=0.3, cost=20.0, horizon=Horizon(104.0, WEEK), seed=5).paid_back
    mine, wanted = (paid <= time).mean(), (other >= 20.0).mean()
    assert abs(mine - wanted) < Z * np.sqrt(2 * wanted * (1 - wanted) / SIZE)
    assert 0.05 < wanted < 0.6


def test_money_that_flows_evenly_later_changes_no_mean(monkeypatch):
    """With only three purchases one by one, the rest as a flow, the mean stays, and payback nearly."""
    law = drawn(SIZE, r=30.0, alpha=60.0, s=8.0, beta=400.0, q=12.0, v=40.0)
    options = {"margin": 0.3, "cost": 30.0, "horizon": Horizon(104.0, WEEK)}
    exact = simulate_customers(law, **options, seed=6)
    monkeypatch.setattr("kundenwert.predict.horizon.ONE_BY_ONE", 3)
    short = simulate_customers(law, **options, seed=7)
    wanted = expected_margin(law, 0.3, 104.0, WEEK)[0]
    for found in (exact, short):
        assert abs(found.value.mean() - wanted) < Z * found.value.std() / np.sqrt(SIZE)
    # a flow does not wait for the next purchase: it pays back earlier, by less than the two weeks between purchases
    assert 0 < np.median(exact.paid_back) - np.median(short.paid_back) < 2
    assert 0 < np.isinf(exact.paid_back).mean() - np.isinf(short.paid_back).mean() < 0.03


@pytest.mark.parametrize(("delta", "due"), [(0.0, 8.5), (0.02, -np.log(1 - 0.02 * 8.5) / 0.02)])
def test_payback_of_a_customer_without_chance(delta, due):
    """10 a purchase, once a unit, for ever: 95 are earned after about nine and a half, discounted a little later."""
    sure = drawn(2000, r=1e9, alpha=1e9, s=1e-6, beta=1e6, p=1e9, q=1e9, v=10.0)
    found = simulate_customers(sure, margin=1.0, cost=95.0, horizon=Horizon(100.0, delta), seed=8)
    assert abs(found.paid_back.mean() - due) < 0.7
    assert found.paid_back.std() == pytest.approx(3.2, abs=0.9)


# ---------------------------------------------------------------------------------------------------- acquisition


def test_the_table_is_of_expectations_and_outcomes(laws):
    row = acquisition_table({"all": laws["one"]}, **BASIS, cac=20.0, seed=1, customers_per_draw=40).iloc[0]
    expected = expected_margin(laws["one"], 0.3, 104.0, WEEK)
    wanted = {"break_even_cac_mean": expected.mean(), "clv_mean": expected.mean() - 20}
    wanted |= {f"break_even_cac_q{at:02.0f}": np.quantile(expected, at / 100) for at in (5, 95)}
    for name, value in wanted.items():
        assert row[name] == pytest.approx(value, rel=1e-12), name
    assert row["clv_cac_ratio_mean"] == pytest.approx(row["break_even_cac_mean"] / 20, rel=1e-12)
    assert row["clv_q05"] < row["clv_q50"] < row["clv_q95"]
    bought = new({"a": laws["one"]}).expected_purchases("a", horizon=104.0)
    assert row["expected_purchases_mean"] == pytest.approx(1 + bought.mean(), rel=1e-12)
    assert row["note"] == ""


def test_costs_by_cohort_and_at_no_cost(laws):
    table = acquisition_table(laws, **BASIS, cac={"one": 0.0, "more": 1e6, "dear": 30.0}, seed=1).set_index("cohort")
    assert table.index.tolist() == ["one", "more", "dear"]
    assert table.loc["one", ["p_pays_back", "p_worth_cost"]].tolist() == [1.0, 1.0]
    assert np.isnan(table.loc["one", "clv_cac_ratio_q50"])
    assert table.loc["more", ["p_pays_back", "p_worth_cost"]].tolist() == [0.0, 0.0]
    expected = expected_margin(laws["dear"], 0.3, 104.0, WEEK)
    assert table.loc["dear", "p_worth_cost"] == (expected > 30).mean()
    assert 0 < table.loc["dear", "p_worth_cost"] < 1
    assert table.loc["dear", "break_even_cac_q95"] == pytest.approx(np.quantile(expected, 0.95))


def test_neither_order_nor_company_change_a_cohort(laws):
    straight = acquisition_table(laws, **BASIS, cac=20.0, seed=1).set_index("cohort")
    turned = acquisition_table(dict(reversed(laws.items())), **BASIS, cac=20.0, seed=1).set_index("cohort")
    alone = acquisition_table({"dear": laws["dear"]}, **BASIS, cac=20.0, seed=1).set_index("cohort")
    pd.testing.assert_frame_equal(straight, turned.loc[straight.index])
    pd.testing.assert_frame_equal(straight.loc[["dear"]], alone)
    other = acquisition_table(laws, **BASIS, cac=20.0, seed=2).set_index("cohort")
    assert (other["clv_q50"] != straight["clv_q50"]).all()


def test_another_unit_of_time_is_the_same_money(laws):
    law = laws["one"]
    days = law | {"alpha": law["alpha"] * 7, "beta": law["beta"] * 7}
    one = acquisition_table({"a": law}, **BASIS, cac=20.0, seed=1)
    basis = BASIS | {"horizon": 728.0, "units_per_year": 365.25}
    other = acquisition_table({"a": days}, **basis, cac=20.0, seed=1)
    pd.testing.assert_frame_equal(one, other, rtol=1e-9)


def test_a_spend_law_without_mean_says_so(laws):
    law = laws["one"] | {"q": np.where(np.arange(1000) < 20, 0.9, laws["one"]["q"])}
    row = acquisition_table({"a": law}, **BASIS, cac=20.0, seed=1).iloc[0]
    assert np.isinf(row["break_even_cac_mean"])
    assert np.isfinite(row["break_even_cac_q95"])
    assert "2.0 % of the draws" in row["note"]
    with pytest.raises(DomainError, match="no mean in 20 draws"):
        value_of_information({"a": law}, **BASIS, cac=20.0, seed=1)


def test_probability_better_by_hand():
    law = drawn(4)
    laws = {
        "a": law | {"v": np.array([1.0, 2.0, 3.0, 4.0])},
        "b": law | {"v": np.array([2.0, 2.0, 2.0, 2.0])},
        "c": law | {"v": np.array([0.5, 2.0, 5.0, 1.0])},
    }
    found = probability_better(laws, **BASIS)
    assert found.pairs.loc["a", "b"] == (0 + 0.5 + 1 + 1) / 4
    assert found.pairs.loc["c", "b"] == (0 + 0.5 + 1 + 0) / 4
    np.testing.assert_allclose(found.pairs + found.pairs.T, 1.0)
    assert found.best.to_dict() == pytest.approx({"a": (1 / 3 + 1) / 4, "b": (1 + 1 / 3) / 4, "c": (1 / 3 + 1) / 4})
    dear = probability_better(laws, **BASIS, cac={"a": 1e4, "b": 0.0, "c": 0.0})
    assert dear.pairs.loc["a"].tolist() == [0.5, 0.0, 0.0]


# -------------------------------------------------------------------------------------------------------- payback


def test_expected_payback_is_the_root(laws):
    table = payback_table({"a": drawn(50)}, **BASIS, cac=20.0, seed=1).iloc[0]
    root = optimize.brentq(lambda t: expected_margin(drawn(1), 0.3, t, WEEK)[0] - 20.0, 0, 104)
    assert table["expected_payback_q50"] == pytest.approx(root, rel=1e-9)
    endless = payback_table({"a": drawn(50)}, **(BASIS | {"horizon": np.inf}), cac=20.0, seed=1).iloc[0]
    assert endless["expected_payback_q50"] == pytest.approx(root, rel=1e-9)
    assert table["p_expected_never"] == 0.0
    spread = payback_table({"a": laws["one"]}, **BASIS, cac=35.0, seed=1).iloc[0]
    expected = expected_margin(laws["one"], 0.3, 104.0, WEEK)
    assert spread["p_expected_never"] == (expected < 35).mean() > 0.1
    assert np.isinf(spread["expected_payback_q95"])


def test_payback_at_once_and_never():
    free = payback_table({"a": drawn(100)}, **BASIS, cac=0.0, seed=1).iloc[0]
    assert free[["payback_q75", "share_at_once", "share_never", "expected_payback_q95"]].tolist() == [0, 1, 0, 0]
    lost = payback_table({"a": drawn(100)}, **BASIS, cac=1e9, seed=1).iloc[0]
    assert np.isinf(lost[["payback_q25", "expected_payback_q05"]].astype(float)).all()
    assert lost[["share_never", "p_expected_never"]].tolist() == [1, 1]


def test_a_payback_that_cannot_be_expected_is_not_stated(laws):
    """Without a mean of spend, the expectation covers any cost at once, while most customers never pay back."""
    basis = BASIS | {"cac": 500.0, "seed": 1}
    none = payback_table({"a": drawn(200, q=0.9)}, **basis).iloc[0]
    names = ["expected_payback_q05", "expected_payback_q50", "expected_payback_q95", "p_expected_never"]
    assert none[names].isna().all()
    assert none["share_never"] > 0.7
    assert none["note"] == acquisition_table({"a": drawn(200, q=0.9)}, **basis).iloc[0]["note"]
    assert "no mean in 100.0 % of the draws" in none["note"]
    assert payback_curve({"a": drawn(200, q=0.9)}, grid=[0.0, 104.0], **basis)["p_expected_covers"].isna().all()
    some = payback_table({"a": laws["one"] | {"q": np.where(np.arange(1000) < 20, 0.9, laws["one"]["q"])}}, **basis)
    rest = payback_table({"a": {name: values[20:] for name, values in laws["one"].items()}}, **basis)
    assert some.loc[0, names].tolist() == rest.loc[0, names].tolist()
    assert some["note"].tolist() == ["the law of spend has no mean in 2.0 % of the draws"]
    assert rest["note"].tolist() == [""]


def test_curve_and_table_tell_one_story(laws):
    options = BASIS | {"cac": 15.0, "seed": 2, "customers_per_draw": 4}
    table = payback_table(laws, **options).set_index("cohort")
    grid = np.linspace(0, 104, 27)
    curve = payback_curve(laws, grid=grid, **options)
    assert curve.groupby("cohort")["time"].apply(list).tolist() == [grid.tolist()] * 3
    for cohort, part in curve.groupby("cohort"):
        assert (part["p_paid_back"].diff()[1:] >= 0).all()
        assert (part["expected_margin_q50"].diff()[1:] > 0).all()
        row = table.loc[cohort]
        assert part["p_paid_back"].iloc[0] == row["share_at_once"]
        assert part["p_paid_back"].iloc[-1] == pytest.approx(1 - row["share_never"])
        assert part["p_expected_covers"].iloc[-1] == 1 - row["p_expected_never"]
        if row["payback_q50"] <= 104:
            before = part.loc[part["time"] < row["payback_q50"], "p_paid_back"]
            assert (before < 0.5).all()
    acquired = acquisition_table(laws, **options).set_index("cohort")
    np.testing.assert_allclose(acquired["p_pays_back"], 1 - table["share_never"], rtol=0, atol=1e-12)


def test_a_time_beyond_the_horizon_is_refused(laws):
    with pytest.raises(DomainError, match="lie between 0 and the horizon, 104"):
        payback_curve(laws, grid=[0.0, 105.0], **BASIS, cac=1.0, seed=1)


# ---------------------------------------------------------------------------------------------------- information


def normal_case(mean, spread, noise, size=SIZE, seed=1):
    """Take it or leave it, worth Normal(mean, spread²); data tell it up to Normal noise. EVPI and EVSI are known."""

    def gain(sd):
        return mean * stats.norm.cdf(mean / sd) + sd * stats.norm.pdf(mean / sd) - max(mean, 0.0)

    rng = np.random.default_rng(seed)
    worth = mean + spread * stats.norm.ppf((rng.permutation(size) + 0.5) / size)
    data = worth + noise * rng.standard_normal(size)
    benefit = np.column_stack([np.zeros(size), worth])
    return benefit, data, gain(spread), gain(spread**2 / np.hypot(spread, noise))


@pytest.mark.parametrize(
    ("mean", "spread", "noise", "within"), [(0.5, 2.0, 1.0, 0.05), (-1.0, 2.0, 3.0, 0.05), (0.0, 1.0, 10.0, 0.25)]
)
def test_a_conjugate_normal_case(mean, spread, noise, within):
    """With data ten times as noisy as the prior, 40,000 draws tell the regression's slope to 5 %: five such are allowed."""
    benefit, data, perfect, sample = normal_case(mean, spread, noise)
    assert evpi(benefit) == pytest.approx(perfect, rel=2e-3)
    assert evsi(benefit, data) == pytest.approx(sample, rel=within)
    assert evsi(benefit, np.column_stack([data, np.cos(7 * data)])) == pytest.approx(sample, rel=1.2 * within)


def test_a_conjugate_gamma_poisson_case():
    """Purchases Poisson, rate Gamma(2, 4), n customers a unit each: the posterior mean is (2 + N)/(4 + n)."""
    shape, rate, n, price, cost = 2.0, 4.0, 6, 10.0, 5.5
    rng = np.random.default_rng(2)
    lam = rng.gamma(shape, 1 / rate, SIZE)
    counts = rng.poisson(n * lam)
    benefit = np.column_stack([np.zeros(SIZE), price * lam - cost])
    N = np.arange(400)
    mass = stats.nbinom.pmf(N, shape, rate / (rate + n))
    wanted = mass @ np.maximum(price * (shape + N) / (rate + n) - cost, 0)
    assert evsi(benefit, np.log1p(counts)) == pytest.approx(wanted, rel=0.05)
    assert wanted < evpi(benefit)


@pytest.mark.parametrize(("mean", "spread", "noise"), [(0.5, 2.0, 1.0), (-1.0, 2.0, 3.0), (0.0, 1.0, 3.0)])
def test_the_value_of_data_is_right_with_a_report_s_number_of_draws(mean, spread, noise):
    """Means of 60 estimates from 1,000 draws: a tenth of the truth off at most, with a standard error of a fortieth."""
    found = [evsi(*normal_case(mean, spread, noise, size=1000, seed=seed)[:2]) for seed in range(60)]
    assert np.mean(found) == pytest.approx(normal_case(mean, spread, noise)[3], rel=0.1)


def test_noise_has_no_value_with_a_report_s_number_of_draws():
    """Five actions, as good as each other: an in-sample regression on two useless statistics finds 5 % of the EVPI."""
    rng = np.random.default_rng(7)
    perfect, found = np.transpose(
        [(evpi(net), evsi(net, rng.standard_normal((1000, 2)))) for net in rng.standard_normal((100, 1000, 5))]
    )
    assert perfect.mean() > 1
    assert found.mean() < 0.012
    assert found.min() == 0.0


def test_hardly_any_data_are_worth_hardly_anything(laws):
    options = BASIS | {"cac": {"one": 27.0, "more": 33.0, "dear": 26.0}, "seed": 4}
    found = value_of_information(laws, **options, customers=1, length=0.05)
    assert (found.samples["evsi"] < 3 * found.samples["evsi_error"]).all()
    assert found.samples["evsi"].max() < 0.03 * found.evpi


def test_few_draws_have_a_value_of_data_too():
    assert evsi([[0.0, 1.0]], [3.0]) == 0.0
    assert evsi([[0.0, -1.0], [0.0, 3.0], [0.0, 3.0]], [-1.0, 3.0, 3.0]) >= 0.0


def test_data_that_say_nothing_are_worth_nothing():
    benefit, _, perfect, _ = normal_case(0.0, 1.0, 1.0)
    noise = np.random.default_rng(3).standard_normal((SIZE, 2))
    assert evsi(benefit, noise) < 0.03 * perfect
    assert evsi(benefit, np.ones(SIZE)) == 0.0
    assert evpi(np.array([[1.0, 0.0], [5.0, 2.0]])) == 0.0


def test_more_data_are_worth_more_and_never_more_than_certainty(laws):
    options = BASIS | {"cac": {"one": 27.0, "more": 33.0, "dear": 26.0}, "seed": 4}
    found = [value_of_information(laws, **options, customers=n) for n in (10, 1000)]
    assert found[0].evpi == found[1].evpi > 0
    few, many = (each.samples.set_index("cohort") for each in found)
    assert (few["evsi"] <= many["evsi"] + 0.03 * found[0].evpi).all()
    assert (many["evsi"] > 3 * many["evsi_error"]).all()
    assert (many["share_of_evpi"] <= 1).all()
    assert few["length"].tolist() == [YEAR / 12] * 3
    long = value_of_information(laws, **options, customers=1000, length=52.0).samples.set_index("cohort")
    assert (long["evsi"] > many["evsi"]).all()


def test_information_by_cohort(laws):
    options = BASIS | {"cac": {"one": 27.0, "more": 33.0, "dear": 26.0}, "seed": 4}
    found = value_of_information(laws, **options)
    terms = Assumed.check(new(laws), None, {name: value for name, value in options.items() if name != "seed"})
    net = np.column_stack([value - terms.costs[name] for name, value in terms.expected().items()] + [np.zeros(1000)])
    assert found.expected == pytest.approx(net.mean(axis=0).max(), rel=1e-12)
    assert found.action == [*laws, "nothing"][int(net.mean(axis=0).argmax())]
    assert found.evpi == pytest.approx(net.max(axis=1).mean() - net.mean(axis=0).max(), rel=1e-12)
    assert found.actions["action"].tolist() == [*laws, "nothing"]
    assert found.actions["p_best"].sum() == pytest.approx(1)
    turned = value_of_information(dict(reversed(laws.items())), **options)
    assert turned.samples.set_index("cohort")["evsi"].to_dict() == pytest.approx(
        found.samples.set_index("cohort")["evsi"].to_dict(), rel=1e-9
    )
    lost = value_of_information(laws, **(options | {"cac": 1e4}))
    assert (lost.action, lost.expected, lost.evpi) == ("nothing", 0.0, 0.0)


def test_simulated_data_have_the_right_means():
    law = drawn(4000, q=8.0)
    found = sample_statistics(new({"a": law}), "a", customers=50, length=39.0, rng=np.random.default_rng(9))
    repeats = np.expm1(found[:, 0]) / 50
    wanted = kw.kernels.pareto_nbd.expected_purchases_new(
        horizon=39.0, **{n: LAW[n] for n in ("r", "alpha", "s", "beta")}
    )
    assert abs(repeats.mean() - wanted) < Z * repeats.std() / np.sqrt(4000)
    spend = np.exp(found[:, 1]) * (repeats + 1)
    wanted = (wanted + 1) * LAW["p"] * LAW["v"] / 7.0
    assert abs(spend.mean() - wanted) < Z * spend.std() / np.sqrt(4000)


def test_memory_does_not_grow_with_the_sample():
    tracemalloc.start()
    sample_statistics(new({"a": drawn(1000)}), "a", customers=2000, length=4.0, rng=np.random.default_rng(1))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 80e6


# --------------------------------------------------------------------------------------------------------- refusal


@pytest.mark.parametrize(
    ("law", "parameters", "error", "message"),
    [
        (GammaGamma, {"p": 1.0}, SchemaError, "parameters of Gamma-Gamma are p, q, v; missing or not one: q, v"),
        (
            ParetoNBD,
            {"r": 1.0, "alpha": 1.0, "s": -1.0, "beta": 1.0},
            DomainError,
            "s is not positive and finite",
        ),
    ],
    ids=["missing", "negative"],
)
def test_parameters_without_meaning_are_refused(law, parameters, error, message):
    with pytest.raises(error, match=message):
        kw.known(law(), **parameters)


@pytest.mark.parametrize(
    ("cohorts", "terms", "error", "message"),
    [
        ([], {}, SchemaError, "there is no cohort of new customers"),
        (None, {"cac": {"one": 1.0}}, DomainError, "no acquisition cost for 2 cohorts"),
        (
            None,
            {"horizon": np.inf, "discount_rate": 0.0},
            DomainError,
            "an infinite horizon has a finite value only with a discount rate above 0",
        ),
        (None, {"margin": 30}, DomainError, "the margin is 30"),
        (None, {"seed": -1}, DomainError, "seed=-1"),
    ],
    ids=["no cohort", "cost", "horizon", "margin", "seed"],
)
def test_terms_without_meaning_are_refused(laws, cohorts, terms, error, message):
    given = laws if cohorts is None else {name: laws[name] for name in cohorts}
    with pytest.raises(error, match=message):
        acquisition_table(given, **{**BASIS, "seed": 1, **terms})


@pytest.mark.parametrize(
    ("name", "options", "error", "message"),
    [("nothing", {}, SchemaError, "cannot be called 'nothing'"), ("a", {"customers": 0}, DomainError, "customers=0")],
)
def test_information_without_meaning_is_refused(name, options, error, message):
    with pytest.raises(error, match=message):
        value_of_information({name: drawn(5)}, **BASIS, cac=1.0, seed=1, **options)


@pytest.mark.parametrize(
    ("value", "given", "error", "message"),
    [
        (evsi, (np.zeros((2, 2)), np.zeros(3)), SchemaError, "3 rows of statistics for 2 draws"),
        (evpi, ([[np.nan, 1.0]],), DomainError, "are not a finite table"),
        (evpi, (np.zeros((0, 2)),), DomainError, r"draws of shape \(0, 2\) are not a finite table"),
    ],
    ids=["rows", "missing", "no draws"],
)
def test_draws_without_meaning_are_refused(value, given, error, message):
    with pytest.raises(error, match=message):
        value(*given)
