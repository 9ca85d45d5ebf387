"""What orders and service cost: in values, the formula and decisions, and against simulated truth.

Written false-alarm rate: each statistical check fails right code with probability at most 1e-5; there are about 40.
Seeds are fixed.
"""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import integrate

import kundenwert as kw
from known_laws import PARAMETERS
from kundenwert import formula
from kundenwert.bayes import known
from kundenwert.decide import Assumed, acquisition_table, payback_curve, payback_table, value_of_information
from kundenwert.decide.payback import expected_payback
from kundenwert.errors import DomainError
from kundenwert.laws import PURCHASE_LAWS, GammaGamma, ParetoNBD
from kundenwert.predict import newcomers
from kundenwert.settings import Terms
from kundenwert.settings.document import load
from kundenwert.settings.record import plain
from kundenwert.value import value_table

Z = 4.5
PASSED = kw.Diagnosis((kw.bayes.Check("R-hat", 1.0, 1.01, passed=True, where="r", advice=""),))
YEAR = 365.25 / 7
SPEND = {"p": 6.25, "q": 9.0, "v": 40.0}  # squares of values have a mean
BASIS = {"margin": 0.3, "horizon": 52.0, "discount_rate": 0.1, "cac": 5.0}
COSTS = {"order_cost": 1.5, "service_cost": 12.0}
"""More than many customers bring: some values are below 0."""


def posteriors(law, draws=1000, unit="W", **changed):
    """Fits of known parameters."""

    def tree(parameters):
        arrays = {name: (("chain", "draw"), np.full((1, draws), value)) for name, value in parameters.items()}
        return xr.DataTree.from_dict({"posterior": xr.Dataset(arrays)})

    buy = kw.Fit(law, tree(PARAMETERS[law.name] | changed), PASSED, {"time_unit": unit, "window": 39.0})
    return buy, kw.Fit(GammaGamma(), tree(SPEND), PASSED, {"typical_value": 35.0})


def some(**columns):
    table = pd.DataFrame(
        {
            "customer_id": list("abcdef"),
            "cohort": ["x", "x", "x", "y", "y", "y"],
            "frequency": [0, 2, 26, 3, 0, 1],
            "recency": [0.0, 30.43, 30.857, 5.0, 0.0, 20.0],
            "T": [38.86, 38.86, 31.0, 37.0, 5.0, 60.0],
            "monetary_value": [np.nan, 20.0, 12.0, 40.0, np.nan, 8.0],
            "value_to_date": [30.0, 70.0, 320.0, 150.0, 15.0, 20.0],
        }
    )
    return kw.CustomerSummary.from_frame(table.assign(**columns), time_unit="W")


@pytest.fixture(params=PURCHASE_LAWS)
def law(request):
    return PURCHASE_LAWS[request.param]()


@pytest.fixture(scope="module")
def fits():
    return posteriors(ParetoNBD())


# ------------------------------------------------------------------------------------------------ the value table


def test_the_identity_of_the_columns(law):
    summary = some()
    table = value_table(*posteriors(law), summary, **BASIS, **COSTS).table
    np.testing.assert_allclose(
        table["clv_mean"],
        0.3 * table["value_to_date"]
        - table["order_cost_to_date"]
        - table["service_cost_to_date_mean"]
        + table["rlv_mean"]
        - table["cac"],
        rtol=1e-12,
    )
    plain = value_table(*posteriors(law), summary, **BASIS).table
    spent = table["expected_order_cost_mean"] + table["expected_service_cost_mean"]
    np.testing.assert_allclose(table["rlv_mean"] + spent, plain["rlv_mean"], rtol=1e-12)
    np.testing.assert_array_equal(table["order_cost_to_date"], 1.5 * (1 + summary.table["frequency"]))
    names = [name for name in plain.columns if "lv" not in name and name != "p_pays_back"]
    pd.testing.assert_frame_equal(table[names], plain[names], check_exact=True)
    assert set(table.columns) - set(plain.columns) == {
        *("order_cost_to_date", "service_cost_to_date_mean", "expected_order_cost_mean", "expected_service_cost_mean")
    }


def test_costs_are_what_the_law_expects(law):
    summary, (buy, pay) = some(), posteriors(law)
    table = value_table(buy, pay, summary, **BASIS, **COSTS).table
    history = kw.predict.blocks.History.of(summary.table)
    one = {name: np.array([value]) for name, value in PARAMETERS[law.name].items()}
    rate = np.log(1.1) / YEAR
    to_come = law.expected_time(history, one, horizon=52.0, discount_rate=rate) * np.ones((6, 1))
    np.testing.assert_allclose(table["expected_service_cost_mean"], 12 / YEAR * to_come[:, 0], rtol=1e-6)
    so_far = law.life_to_date(history, one).time
    np.testing.assert_allclose(table["service_cost_to_date_mean"], 12 / YEAR * so_far[:, 0], rtol=1e-6)
    bought = law.expected_purchases(history, one, horizon=52.0, discount_rate=rate)
    np.testing.assert_allclose(table["expected_order_cost_mean"], 1.5 * bought[:, 0], rtol=1e-6)


def test_outcomes_have_the_mean_of_the_expectation(law):
    """Of whole cohorts, net of costs: RLV, service to date, and CLV."""
    totals = value_table(*posteriors(law, 20_000), some(), **BASIS, **COSTS, seed=3).totals
    for name in ("rlv", "service_cost_to_date", "clv"):
        found, expected = totals[name], totals[f"expected_{name}"]
        error = found.std("sample") / np.sqrt(found.sizes["sample"])
        assert (abs(found.mean("sample") - expected.mean("sample")) <= Z * error + 1e-9).all(), name


def test_a_negative_value_is_a_result(fits):
    """The one-time buyers cost more than they will bring; who is gone costs nothing any more."""
    result = value_table(*fits, some(), **BASIS | {"margin": 0.1}, **COSTS)
    table = result.table.set_index("customer_id")
    assert (table.loc[["a", "e"], "rlv_mean"] < 0).all()
    assert (table["rlv_q05"] < 0).all()
    assert abs(table.loc["d", "expected_service_cost_mean"]) < 12 * table.loc["d", "p_alive_mean"]
    assert table.loc["e", "p_pays_back"] < 0.2
    everybody = kw.compare_cohorts(some(), result).iloc[-1]
    assert everybody["clv_mean"] < 0


def test_pays_back_where_the_clv_is_above_zero(fits):
    summary, terms = some(), BASIS | COSTS
    table = value_table(*fits, summary, **terms).table
    for end, share in (("q05", 0.95), ("q50", 0.5), ("q95", 0.05)):
        above = table[f"clv_{end}"] > 0
        assert (table.loc[above, "p_pays_back"] >= share - 1e-3).all()
        assert (table.loc[~above, "p_pays_back"] <= share + 1e-3).all()


def test_costs_that_are_nothing_change_nothing(fits):
    summary = some()
    plain = value_table(*fits, summary, **BASIS)
    none = value_table(*fits, summary, **BASIS, order_cost={"x": 0.0, "y": 0}, service_cost=0.0)
    pd.testing.assert_frame_equal(none.table, plain.table, check_exact=True)
    assert set(none.totals) == set(plain.totals)
    pd.testing.assert_frame_equal(kw.compare_cohorts(summary, none), kw.compare_cohorts(summary, plain))


def test_costs_by_cohort(fits):
    summary = some()
    by = value_table(*fits, summary, **BASIS, order_cost={"x": 1.5, "y": 0.0}, service_cost={"x": 0.0, "y": "12,- €"})
    one = value_table(*fits, summary, **BASIS, order_cost=1.5).table.iloc[:3]
    other = value_table(*fits, summary, **BASIS, service_cost=12.0).table.iloc[3:]
    pd.testing.assert_frame_equal(by.table.iloc[:3], one, check_exact=True)
    pd.testing.assert_frame_equal(by.table.iloc[3:], other, check_exact=True)
    with pytest.raises(DomainError, match="no service cost for 1 cohort: 'y'"):
        value_table(*fits, summary, **BASIS, service_cost={"x": 1.0})


@pytest.mark.parametrize(("unit", "days"), [("D", 1.0), ("M", 365.25 / 12), ("Y", 365.25)])
def test_a_year_of_service_is_a_year_in_every_unit(unit, days):
    scale = 7 / days
    table = some().table.drop(columns=["first_purchase"], errors="ignore")
    table = table.assign(recency=table["recency"] * scale, T=table["T"] * scale)
    summary = kw.CustomerSummary.from_frame(table, time_unit=unit)
    own = {name: PARAMETERS["pareto_nbd"][name] * scale for name in ("alpha", "beta")}
    fits = posteriors(ParetoNBD(), 500, unit, **own)
    found = value_table(*fits, summary, **BASIS | {"horizon": 52.0 * scale}, **COSTS).table
    wanted = value_table(*posteriors(ParetoNBD(), 500), some(), **BASIS, **COSTS).table
    names = ["service_cost_to_date_mean", "expected_service_cost_mean", "rlv_mean", "clv_q05", "clv_q95", "p_pays_back"]
    np.testing.assert_allclose(found[names], wanted[names], rtol=1e-6)


@pytest.mark.parametrize(
    ("cost", "message"),
    [
        ({"service_cost": -1.0}, "the service cost is -1.0; it is an amount of money"),
        ({"order_cost": np.inf}, "the cost of an order is inf; it is an amount of money"),
        ({"order_cost": {"x": 1.0, "y": -2.0}}, "the cost of an order is -2.0"),
        ({"service_cost": "1.250"}, "service_cost='1.250' can be read as 1250 or as 1.25"),
    ],
)
def test_costs_without_a_meaning(cost, message):
    with pytest.raises(DomainError, match=message):
        Terms(**cost)


def test_value_net_of_cost_is_that_of_simulated_customers():
    """A known population: the table's RLV, customer by customer, against what its own future then brings and costs.

    Purchases, spend and lives are simulated by `kundenwert.simulate`, which shares no code with the drawn futures.
    """
    from kundenwert.simulate import cdnow_like, simulate_population  # noqa: PLC0415

    made = simulate_population(cdnow_like(), seed=5, horizons=[52.0], discount_rate=0.1, margin=0.3)
    truth = made.truth
    log = kw.read_transactions(made.transactions)
    summary = kw.summarise(log, observation_end=made.population.observation_end, cohort="none")
    law = truth.iloc[0]
    fits = posteriors(ParetoNBD(), 100, **{name: law[name] for name in ParetoNBD.parameters})
    arrays = {name: (("chain", "draw"), np.full((1, 100), law[name])) for name in GammaGamma.parameters}
    pay = kw.Fit(GammaGamma(), xr.DataTree.from_dict({"posterior": xr.Dataset(arrays)}), PASSED, fits[1].info)
    table = value_table(fits[0], pay, summary, horizon=52.0, margin=0.3, discount_rate=0.1, **COSTS).table
    found = table.merge(truth, on="customer_id", validate="one_to_one", suffixes=("", "_true"))
    assert len(found) == len(truth) == 2357
    rate = np.log(1.1) / YEAR
    lived = np.clip(found["lifetime"] - found["T_true"], 0, 52.0)
    served = 12 / YEAR * -np.expm1(-rate * lived) / rate
    orders = 1.5 * found["purchases_52"] * np.exp(-rate * 26)  # their moments are not in the truth: within 5 %
    for expected, happened, slack in (
        (found["expected_service_cost_mean"], served, 0.0),
        (found["expected_order_cost_mean"], orders, 0.05 * orders.mean()),
        (
            found["service_cost_to_date_mean"],
            12 / YEAR * np.minimum(found["lifetime"], found["T_true"]),
            0.1 * 12 / YEAR,
        ),
        (found["rlv_mean"], found["rlv_52"] - served - orders, 0.05 * orders.mean()),
    ):
        gap = (expected - happened).to_numpy()
        assert abs(gap.mean()) < Z * gap.std() / np.sqrt(len(gap)) + slack


def test_costs_travel_through_settings_files(tmp_path):
    file = tmp_path / "kundenwert.toml"
    file.write_text('[terms]\norder_cost = "3,90 €"\n[terms.service_cost]\nx = "12,-"\ny = 4\n', encoding="utf-8")
    terms = load(file).terms
    assert (terms.order_cost, terms.service_cost, terms.running) == (3.9, {"x": 12.0, "y": 4.0}, True)
    assert plain(terms)["service_cost"] == {"x": 12.0, "y": 4.0}
    assert not Terms(service_cost={"x": 0.0}).running


# ------------------------------------------------------------------------------------------------ the formula


def test_the_formula_by_hand():
    """Four orders of 50 a year at 30 % and 5 a piece leave 40, less 10 of service 30 a year, three years, CAC 12."""
    how = {"margin": 0.3, "cac": 12.0, "order_cost": 5.0, "service_cost": 10.0}
    assert formula.formula_clv(50.0, 4.0, 3.0, **how) == pytest.approx(78.0)
    matched = formula.formula_clv_matched(50.0, 4.0, 3.0, age=1.0, horizon_years=1.0, discount_rate=0.1, **how)
    assert matched == pytest.approx(30 * (1 + integrate.quad(lambda u: 1.1**-u, 0, 1)[0]) - 12)
    assert formula.formula_clv(50.0, 1.0, 3.0, margin=0.3, service_cost=20.0) == pytest.approx(-15.0)
    assert formula.formula_clv(50.0, 1.0, np.inf, margin=0.3, service_cost=15.0) == 0


def test_formula_and_posterior_are_net_of_the_same_costs(fits):
    summary = some()
    result = value_table(*fits, summary, **BASIS, order_cost={"x": 1.5, "y": 3.0}, service_cost=12.0)
    table = kw.compare_cohorts(summary, result)
    plain = kw.compare_cohorts(summary, value_table(*fits, summary, **BASIS))
    orders = summary.table.groupby("cohort")["frequency"].sum() + 3
    pooled = (1.5 * orders["x"] + 3.0 * orders["y"]) / orders.sum()
    np.testing.assert_allclose(table["order_cost"], [1.5, 3.0, pooled], rtol=1e-12)
    np.testing.assert_allclose(table["service_cost"], 12.0, rtol=1e-12)
    less = (table["order_cost"] * table["purchase_frequency"] + 12.0) * 3.0
    np.testing.assert_allclose(table["formula_assumed"], plain["formula_assumed"] - less, rtol=1e-12)
    for name in ("formula_observed", "formula_assumed_matched", "clv_mean", "rlv_mean", "earned"):
        assert (table[name] < plain[name]).all(), name
    np.testing.assert_allclose(table["clv_mean"], table["earned"] + table["rlv_mean"], rtol=1e-9)


# ------------------------------------------------------------------------------------------------ decisions


def new(law, draws=500):
    return newcomers(*posteriors(law, draws), units_per_year=YEAR)


def test_break_even_is_net_of_costs(law):
    """`margin · value - order · purchases - service · time`, expected and as outcomes of single customers."""
    found = acquisition_table(new(law), **BASIS, **COSTS).iloc[0]
    plain = acquisition_table(new(law), **BASIS).iloc[0]
    rate, one = np.log(1.1) / YEAR, {n: np.array([v]) for n, v in PARAMETERS[law.name].items()}
    bought = law.expected_purchases(kw.laws.NEWCOMER, one, horizon=52.0, discount_rate=rate).item()
    lived = np.broadcast_to(law.expected_time(kw.laws.NEWCOMER, one, horizon=52.0, discount_rate=rate), (1, 1)).item()
    less = 1.5 * (1 + bought) + 12 / YEAR * lived
    assert found["break_even_cac_mean"] == pytest.approx(plain["break_even_cac_mean"] - less, rel=1e-9)
    assert found["clv_mean"] == pytest.approx(found["break_even_cac_mean"] - 5.0)
    outcomes = Assumed.check(new(law, 20_000), None, BASIS | COSTS).outcomes("all", seed=4).value
    error = outcomes.std() / np.sqrt(outcomes.size)
    assert abs(outcomes.mean() - found["break_even_cac_mean"]) < Z * error


def test_paid_back_is_having_paid_back_at_the_end(law):
    """Service can open a cost again that was covered: a payback is what stays."""
    customers, terms = new(law, 400), BASIS | COSTS
    assumed = Assumed.check(customers, None, terms)
    drawn = assumed.outcomes("all", seed=1)
    np.testing.assert_array_equal(np.isfinite(drawn.paid_back), drawn.value >= 5.0)
    table = payback_table(customers, **terms).iloc[0]
    assert table["share_never"] == pytest.approx(1 - (drawn.value >= 5.0).mean())
    curve = payback_curve(customers, grid=[0.0, 26.0, 52.0], **terms)
    assert curve["p_paid_back"].iloc[-1] == pytest.approx(1 - table["share_never"])
    assert (curve["p_paid_back"].diff().dropna() >= 0).all()
    plain = payback_table(customers, **BASIS).iloc[0]
    assert table["share_never"] > plain["share_never"]


@pytest.mark.parametrize(("service", "cost"), [(2.0, 5.5), (2.0, 9.0), (6.0, 6.5), (20.0, 4.0), (20.0, 9.0)])
def test_expected_payback_is_when_the_expectation_covers_for_good(law, service, cost):
    assumed = Assumed.check(new(law, 1), None, BASIS | {"cac": cost, "service_cost": service, "order_cost": 0.5})
    found = expected_payback(assumed, "all").item()
    times = np.linspace(0, 52.0, 209)
    open_at = np.array([assumed.until("all", time).item() for time in times]) < cost
    wanted = np.inf if open_at[-1] else (0.0 if not open_at.any() else times[np.flatnonzero(open_at)[-1] + 1])
    assert found == wanted or wanted - 0.25 - 1e-9 <= found <= wanted + 1e-9


def test_information_is_worth_something_where_costs_make_the_choice_hard():
    draws = 2000
    buy = known(ParetoNBD(), r=np.linspace(0.2, 1.2, draws), alpha=10.6, s=0.6, beta=11.7)
    customers = newcomers(
        buy, known(GammaGamma(), **{n: np.full(draws, v) for n, v in SPEND.items()}), units_per_year=YEAR
    )
    value = value_of_information(customers, **BASIS | {"cac": 9.0}, service_cost=20.0)
    plain = value_of_information(customers, **BASIS | {"cac": 9.0})
    assert plain.evpi == 0
    assert value.evpi > 0.1
    assert value.expected < plain.expected
