"""The value table: money per customer, both kinds of interval, totals, and what is refused."""

import numpy as np
import pandas as pd
import pytest

import kundenwert as kw
import kundenwert.value as value_module
from kundenwert.bayes import Fit
from kundenwert.data import DAYS_PER_UNIT, CustomerSummary
from kundenwert.decide import acquisition_table
from kundenwert.errors import DomainError, FitError, KundenwertError, SchemaError
from kundenwert.predict import Horizon, customer_blocks, newcomers
from kundenwert.settings import Terms
from kundenwert.value import value_table
from kundenwert.value.quantiles import quantile_columns
from kundenwert.value.terms import cost_of

COLUMNS = """
    customer_id cohort frequency recency T monetary_value value_to_date p_alive_mean p_alive_q05 p_alive_q50 p_alive_q95
    expected_purchase_rate_mean expected_purchase_rate_q05 expected_purchase_rate_q50 expected_purchase_rate_q95
    expected_time_mean expected_time_q05 expected_time_q50 expected_time_q95 p_purchase expected_purchases_mean
    purchases_q05 purchases_q50 purchases_q95 expected_spend_mean expected_spend_q05 expected_spend_q50
    expected_spend_q95 rlv_mean rlv_q05 rlv_q50 rlv_q95
    expected_rlv_q05 expected_rlv_q95 clv_mean clv_q05 clv_q50 clv_q95 p_pays_back
"""
COHORTS = {"1997-01": 12.0, "1997-02": 20.0}


@pytest.fixture(scope="module")
def fits(made, posterior):
    return made(*posterior(1500))


@pytest.fixture(scope="module")
def result(fits, summary):
    return value_table(*fits, summary, horizon=52.0, margin=0.3, discount_rate=0.1, cac=COHORTS, seed=7)


def draws(fits, summary, horizon):
    blocks = list(customer_blocks(*fits, summary.table, horizon=horizon, seed=7))
    back = np.argsort(np.concatenate([block.rows for block in blocks]))
    names = ("value", "expected_value", "purchases")
    return {name: np.concatenate([getattr(block, name) for block in blocks])[back] for name in names}


# ------------------------------------------------------------------------------------------------ the table


def test_columns_and_rows(result, summary):
    table = result.table
    wanted = COLUMNS.split()
    assert [name for name in table.columns if name in wanted] == wanted
    assert table["customer_id"].tolist() == summary.table["customer_id"].tolist()
    for name in (
        "frequency",
        "recency",
        "T",
        "monetary_value",
        "value_to_date",
        "cohort",
        "holdout_purchases",
        "holdout_value",
    ):
        pd.testing.assert_series_equal(table[name], summary.table[name])
    numbers = table.select_dtypes("number").drop(columns="monetary_value")
    assert np.isfinite(numbers.to_numpy(float)).all()
    assert result.marks == ()


@pytest.mark.parametrize("name", ["purchases", "rlv", "clv", "predicted_holdout_purchases", "predicted_holdout_value"])
def test_every_interval_is_in_order(result, name):
    table = result.table
    assert (table[f"{name}_q05"] <= table[f"{name}_q50"]).all()
    assert (table[f"{name}_q50"] <= table[f"{name}_q95"]).all()
    assert (table["expected_rlv_q05"] <= table["rlv_mean"]).all()
    assert (table["rlv_mean"] <= table["expected_rlv_q95"]).all()
    assert table["p_alive_mean"].between(0, 1).all()
    assert table["p_pays_back"].between(0, 1).all()


def test_the_arithmetic(result, fits, summary):
    """`RLV = margin · value`, `CLV = margin · value_to_date + RLV - CAC`, combined in each draw, quantiles last."""
    table = result.table
    found = draws(fits, summary, Horizon(52.0, np.log(1.1) / (365.25 / 7), 39.0))
    rlv = 0.3 * found["value"]
    clv = rlv + (0.3 * table["value_to_date"] - table["cac"]).to_numpy()[:, None]
    assert table["cac"].tolist() == [COHORTS[c] for c in table["cohort"]]
    np.testing.assert_allclose(table[["rlv_q05", "rlv_q50", "rlv_q95"]], np.quantile(rlv, [0.05, 0.5, 0.95], axis=1).T)
    np.testing.assert_allclose(table[["clv_q05", "clv_q50", "clv_q95"]], np.quantile(clv, [0.05, 0.5, 0.95], axis=1).T)
    expected = 0.3 * found["expected_value"]
    np.testing.assert_allclose(table["rlv_mean"], expected.mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(
        table[["expected_rlv_q05", "expected_rlv_q95"]], np.quantile(expected, [0.05, 0.95], axis=1).T, rtol=1e-12
    )
    np.testing.assert_allclose(table["clv_mean"] - table["rlv_mean"], 0.3 * table["value_to_date"] - table["cac"])
    np.testing.assert_allclose(table["p_pays_back"], (clv > 0).mean(axis=1))


def test_totals_are_sums_within_a_draw(result, fits, summary):
    totals = result.totals
    found = draws(fits, summary, Horizon(52.0, np.log(1.1) / (365.25 / 7), 39.0))
    assert totals["cohort"].to_numpy().tolist() == ["1997-01", "1997-02"]
    assert totals["customers"].to_numpy().tolist() == [5, 5]
    assert dict(totals["rlv"].sizes) == {"sample": 1500, "cohort": 2}
    for cohort in COHORTS:
        rows = (result.table["cohort"] == cohort).to_numpy()
        part = totals.sel(cohort=cohort)
        np.testing.assert_allclose(part["rlv"], 0.3 * found["value"][rows].sum(axis=0), rtol=1e-10)
        np.testing.assert_allclose(part["expected_rlv"], 0.3 * found["expected_value"][rows].sum(axis=0), rtol=1e-10)
        np.testing.assert_array_equal(part["purchases"], found["purchases"][rows].sum(axis=0))
        basis = (0.3 * result.table["value_to_date"] - result.table["cac"])[rows].sum()
        np.testing.assert_allclose(part["clv"], part["rlv"] + basis, rtol=1e-10)
    wanted = result.table.groupby("cohort")["predicted_holdout_value_mean"].sum().to_numpy()
    np.testing.assert_allclose(totals["expected_holdout_value"].mean("sample"), wanted, rtol=1e-10)
    whole = totals["rlv"].sum("cohort").quantile(0.95)
    assert whole < result.table["rlv_q95"].sum(), "adding up quantiles is not a quantile of the sum"


def test_shared_parameters_make_customers_move_together(fits, result):
    """Within a draw all share one population: the expected total varies far more than independent customers would."""
    total = result.totals["expected_rlv"].sum("cohort").to_numpy()
    rate = fits[0].draws()["r"] / fits[0].draws()["alpha"]
    assert np.corrcoef(total, rate)[0, 1] > 0.2


# ------------------------------------------------------------------------------------------------ surroundings


@pytest.mark.parametrize("seed", range(3))
def test_permuted_rows(fits, customers, result, seed):
    shuffled = customers.sample(frac=1, random_state=seed)
    again = CustomerSummary.from_frame(shuffled, time_unit="W", holdout_length=39.0)
    unsorted = CustomerSummary(
        shuffled.reset_index(drop=True),
        *(getattr(again, n) for n in ("time_unit", "observation_start", "observation_end", "holdout_end", "cohort")),
        *(getattr(again, n) for n in ("inactivity_months", "account", "source", "stated_window", "stated_holdout")),
    )
    other = value_table(*fits, unsorted, horizon=52.0, margin=0.3, discount_rate=0.1, cac=COHORTS, seed=7)
    assert other.table["customer_id"].tolist() == shuffled["customer_id"].tolist()
    both = (t.set_index("customer_id").sort_index() for t in (other.table, result.table))
    pd.testing.assert_frame_equal(*both, check_exact=True)


@pytest.mark.parametrize("threads", [1, 3])
def test_threads(fits, summary, result, threads):
    other = value_table(
        *fits, summary, horizon=52.0, margin=0.3, discount_rate=0.1, cac=COHORTS, seed=7, threads=threads
    )
    pd.testing.assert_frame_equal(other.table, result.table, check_exact=True)
    assert other.totals.identical(result.totals)


def test_one_customer_alone(fits, customers, result):
    one = CustomerSummary.from_frame(customers.iloc[[5]], time_unit="W", holdout_length=39.0)
    other = value_table(*fits, one, horizon=52.0, margin=0.3, discount_rate=0.1, cac=COHORTS, seed=7)
    wanted = result.table.query("customer_id == @one.table.customer_id[0]").reset_index(drop=True)
    pd.testing.assert_frame_equal(other.table, wanted, check_exact=True)


def test_progress_counts_customers(fits, summary, monkeypatch):
    monkeypatch.setattr("kundenwert.predict.blocks.BLOCK_CELLS", 3 * 1500)
    seen = []
    value_table(*fits, summary, horizon=5.0, seed=7, advance=seen.append)
    assert seen == [3, 3, 3, 1]


# ------------------------------------------------------------------------------------------------ two uncertainties


def test_multiply_then_summarise(made, posterior, summary, fits):
    """With the spend posterior collapsed to its mean the expectation's interval is too narrow: it must not be."""
    _, spend = posterior(1500, width=0.2)
    wide = made(fits[0].draws(), spend)
    narrow = made(fits[0].draws(), {name: np.full(1500, values.mean()) for name, values in spend.items()})
    one, other = (value_table(*f, summary, horizon=52.0, seed=7).table for f in (wide, narrow))
    width = [t["expected_rlv_q95"] - t["expected_rlv_q05"] for t in (one, other)]
    few = summary.table["frequency"] <= 3  # whoever bought often has a spend of his own, whatever the population's
    assert (width[0][few] > 1.05 * width[1][few]).all()
    new = summary.table["frequency"] == 0
    assert (width[0][new] > 1.5 * width[1][new]).all()


def test_outcomes_are_wider_than_expectations(result):
    table = result.table[result.table["frequency"] > 0]
    assert ((table["rlv_q95"] - table["rlv_q05"]) >= (table["expected_rlv_q95"] - table["expected_rlv_q05"])).all()


def test_a_sharp_posterior_leaves_the_outcome_uncertain(made, summary):
    law = {"r": 0.553, "alpha": 10.58, "s": 0.606, "beta": 11.67}, {"p": 6.25, "q": 3.74, "v": 15.44}
    sharp = made(*({n: np.full(1500, v) for n, v in part.items()} for part in law))
    table = value_table(*sharp, summary, horizon=52.0, seed=7).table
    np.testing.assert_allclose(table["expected_rlv_q05"], table["expected_rlv_q95"], rtol=1e-12)
    assert (table["rlv_q95"] > table["rlv_q05"]).sum() >= 6


def test_rate_survival_and_spend_have_intervals(fits, summary, result):
    """Quantiles over the posterior of closed forms; the chance of a purchase is that of the law."""
    law = {name: values[:, None] for name, values in fits[0].draws().items()}
    table = summary.table
    x, t_x, T = (table[name].to_numpy(float) for name in ("frequency", "recency", "T"))
    rate = (law["r"] + x) / (law["alpha"] + T)
    np.testing.assert_allclose(result.table["expected_purchase_rate_q05"], np.quantile(rate, 0.05, axis=0), rtol=1e-9)
    p = kw.kernels.pareto_nbd.p_alive(x, t_x, T, **law)
    np.testing.assert_allclose(result.table["p_alive_q95"], np.quantile(p, 0.95, axis=0), rtol=1e-4)
    time = p * kw.kernels.pareto_nbd.expected_lifetime(horizon=52.0, s=law["s"], scale=law["beta"] + T)
    np.testing.assert_allclose(result.table["expected_time_mean"], time.mean(axis=0), rtol=1e-5)
    nothing = kw.kernels.pareto_nbd.purchase_probability(x, t_x, T, horizon=52.0, number=0, **law).mean(axis=0)
    np.testing.assert_allclose(result.table["p_purchase"], 1 - nothing, atol=5 * 0.5 / np.sqrt(1500))


# ------------------------------------------------------------------------------------------------ time and money


@pytest.mark.parametrize("unit", ["D", "M", "Y"])
@pytest.mark.parametrize("years", [1.0, 3.0, np.inf])
def test_the_unit_of_time_does_not_touch_the_money(made, posterior, customers, unit, years):
    tables = {}
    for name in ("W", unit):
        scale = DAYS_PER_UNIT["W"] / DAYS_PER_UNIT[name]
        purchases, spend = posterior(600)
        purchases |= {n: purchases[n] * scale for n in ("alpha", "beta")}
        table = customers.assign(recency=customers["recency"] * scale, T=customers["T"] * scale)
        one = CustomerSummary.from_frame(table, time_unit=name, holdout_length=39.0 * scale)
        length = years * 365.25 / DAYS_PER_UNIT[name]
        tables[name] = value_table(
            *made(purchases, spend, time_unit=name), one, horizon=length, margin=0.3, seed=7
        ).table
    skip = ["recency", "T", *(["expected_purchases_mean"] if np.isinf(years) else [])]
    timed = ("expected_purchase_rate", "expected_time")  # their unit is the point of them
    skip += [name for name in tables["W"] if name.startswith(timed)]
    one, other = (tables[n].drop(columns=skip).select_dtypes("number") for n in ("W", unit))
    # means are closed forms; outcomes use the same random numbers, a rounding may still move one draw of a customer
    exact = [n for n in one.columns if n.endswith("_mean") or n.startswith("expected")]
    np.testing.assert_allclose(one[exact], other[exact], rtol=1e-9)
    np.testing.assert_allclose(one, other, rtol=2e-2, atol=1e-9)
    assert np.isclose(one, other, rtol=1e-8, equal_nan=True).mean() > 0.99


@pytest.mark.parametrize("years", [1, 3, np.inf])
@pytest.mark.parametrize("unit", DAYS_PER_UNIT)
def test_discounting_is_by_the_year(made, unit, years):
    """A sure stream: one purchase a unit for ever, almost no deaths, is worth the annuity at log(1.1) a year."""
    law = {"r": 1e8, "alpha": 1e8, "s": 1e-8, "beta": 1e4}
    money = {"p": 1e8, "q": 1e8, "v": 10.0}
    sure = made(*({n: np.full(400, v) for n, v in part.items()} for part in (law, money)), time_unit=unit)
    frame = pd.DataFrame(
        {"frequency": [10], "recency": [10.0], "T": [10.0], "monetary_value": [10.0], "value_to_date": [110.0]}
    )
    summary = CustomerSummary.from_frame(frame, time_unit=unit)
    year = 365.25 / DAYS_PER_UNIT[unit]
    table = value_table(*sure, summary, horizon=years * year, discount_rate=0.1, seed=1).table
    annuity = 10.0 * year * -np.expm1(-np.log(1.1) * years) / np.log(1.1)
    assert table["rlv_mean"][0] == pytest.approx(annuity, rel=1e-5)
    assert table["rlv_q05"][0] < annuity < table["rlv_q95"][0]
    if np.isfinite(years):
        plain = value_table(*sure, summary, horizon=years * year, discount_rate=0.0, seed=1).table
        assert plain["rlv_mean"][0] == pytest.approx(10 * years * year, rel=1e-5)


def test_margin_scales_the_future(fits, summary, result):
    whole = value_table(*fits, summary, horizon=52.0, discount_rate=0.1, seed=7).table
    for name in ("rlv_mean", "rlv_q05", "rlv_q95", "expected_rlv_q05"):
        np.testing.assert_allclose(result.table[name], 0.3 * whole[name], rtol=1e-12)
    np.testing.assert_array_equal(result.table["purchases_q95"], whole["purchases_q95"])
    np.testing.assert_array_equal(result.table["predicted_holdout_value_q95"], whole["predicted_holdout_value_q95"])
    assert (whole["p_pays_back"] == 1).all()


def test_a_dear_customer_does_not_pay_back(fits, summary):
    table = value_table(*fits, summary, horizon=52.0, margin=0.3, cac=1e6, seed=7).table
    assert (table["p_pays_back"] == 0).all()
    assert (table["clv_q95"] < 0).all()


def test_higher_discount_lower_value(fits, summary):
    means = [
        value_table(*fits, summary, horizon=200.0, discount_rate=d, seed=7).table["rlv_mean"] for d in (0.0, 0.1, 0.5)
    ]
    assert (means[0] > means[1]).all()
    assert (means[1] > means[2]).all()


# ------------------------------------------------------------------------------------------------ the hold-out


def test_holdout_columns(result, fits, summary):
    table = result.table
    plain = value_table(*fits, summary, horizon=39.0, discount_rate=0.0, seed=7)
    np.testing.assert_allclose(
        table["predicted_holdout_purchases_mean"], plain.table["expected_purchases_mean"], rtol=1e-12
    )
    np.testing.assert_allclose(table["predicted_holdout_value_mean"], plain.table["rlv_mean"], rtol=1e-12)
    assert set(result.totals.data_vars) >= {"holdout_purchases", "expected_holdout_purchases", "holdout_value"}


def test_no_holdout_no_columns(fits, customers):
    bare = customers.drop(columns=["holdout_purchases", "holdout_value"])
    one = value_table(*fits, CustomerSummary.from_frame(bare, time_unit="W"), horizon=52.0, seed=7)
    assert not [name for name in (*one.table.columns, *one.totals.data_vars) if "holdout" in name]


# ------------------------------------------------------------------------------------------------ refusals and marks


@pytest.mark.parametrize(
    ("wrong", "named"),
    [((True, False), ["purchase"]), ((False, True), ["spend"]), ((True, True), ["purchase", "spend"])],
)
def test_unconverged_fits(made, posterior, summary, passed, failed, wrong, named):
    each = [made(*posterior(100), diagnosis=failed if bad else passed)[at] for at, bad in enumerate(wrong)]
    with pytest.raises(FitError, match=f"the {named[0]} model did not converge.*R-hat"):
        value_table(*each, summary, horizon=52.0, seed=7)
    marks = value_table(*each, summary, horizon=52.0, seed=7, allow_unconverged=True).marks
    assert len(marks) == len(named)
    for name, mark in zip(named, marks, strict=True):
        assert f"the {name} model did not converge" in mark


def test_another_time_unit(made, posterior, summary):
    with pytest.raises(FitError, match=r"fitted in units of 'D', the summary is in 'W'"):
        value_table(*made(*posterior(100), time_unit="D"), summary, horizon=52.0, seed=7)


def test_fits_in_the_wrong_places(fits, summary):
    with pytest.raises(FitError, match="says nothing about purchases"):
        value_table(fits[1], fits[0], summary, horizon=52.0, seed=7)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"margin": 0.0}, r"the margin is 0; it is a share of revenue"),
        ({"margin": 30.0}, "so 30 % is 0.3"),
        ({"margin": np.nan}, "margin=nan is not a number"),
        ({"discount_rate": -0.1}, r"the discount rate is -0\.1 a year"),
        ({"discount_rate": 10.0}, "the discount rate is 10 a year"),
        ({"discount_rate": np.nan}, "discount_rate=nan is not a number"),
        ({"cac": -1.0}, "the acquisition cost is -1"),
        ({"cac": np.nan}, "cac=nan is not a number"),
        ({"cac": {"1997-01": 5.0, "1997-02": np.inf}}, "the acquisition cost is"),
        ({"cac": {"1997-01": 5.0}}, "no acquisition cost for 1 cohort: '1997-02'"),
        ({"horizon": 0.0}, "horizon=0.0 must be above 0"),
        ({"horizon": -4.0}, "horizon=-4.0 must be above 0"),
        ({"horizon": np.nan}, "horizon=nan is not a number"),
        ({"horizon": np.inf, "discount_rate": 0.0}, "only with a discount rate above 0"),
        ({"samples": 0}, "samples"),
        ({"samples": -5}, "samples"),
        ({"seed": -1}, "seed"),
    ],
)
def test_assumptions_without_a_meaning(fits, summary, options, message):
    with pytest.raises(DomainError, match=message):
        value_table(*fits, summary, **({"horizon": 52.0, "seed": 7} | options))


def test_assumptions_are_kept(result):
    costs = {"cac": COHORTS, "order_cost": 0.0, "service_cost": 0.0}
    assert result.terms == Terms(horizon=52.0, discount_rate=0.1, margin=0.3, **costs)
    assert result.time_unit == "W"


def test_terms_travel_whole_and_one_by_one(fits, summary, result):
    terms = Terms(horizon=52.0, discount_rate=0.1, cac=COHORTS)
    again = value_table(*fits, summary, terms, margin=0.3, seed=7)
    pd.testing.assert_frame_equal(again.table, result.table)


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"marge": 0.3}, "there is no setting 'marge' of Terms"), ({"cac_file": "costs.csv"}, "table not read yet")],
)
def test_terms_that_cannot_be_used(fits, summary, settings, message):
    with pytest.raises(SchemaError, match=message):
        value_table(*fits, summary, Terms(horizon=52.0), **settings)


def test_what_is_to_come_needs_no_money_so_far(fits, summary, result):
    bare = CustomerSummary.from_frame(summary.table.drop(columns="value_to_date"), time_unit="W", holdout_length=39.0)
    found = value_table(*fits, bare, horizon=52.0, margin=0.3, discount_rate=0.1, cac=COHORTS, seed=7)
    assert not any(name.startswith("clv") for name in found.table)
    pd.testing.assert_series_equal(found.table["rlv_q95"], result.table["rlv_q95"])


@pytest.mark.parametrize("q", [0.6, 0.97, 1.03])
def test_spend_without_a_mean_is_marked(made, posterior, summary, q):
    """Draws with q ≤ 1: infinite expectations, said so; outcomes stay finite; nothing is NaN."""
    fits = made(*posterior(400, q=q))
    share = (fits[1].draws()["q"] <= 1).mean()
    result = value_table(*fits, summary, horizon=52.0, margin=0.3, seed=7)
    table = result.table
    numbers = table.select_dtypes("number").drop(columns="monetary_value")
    assert not numbers.isna().any().any(), numbers.columns[numbers.isna().any()].tolist()
    new = table["frequency"] == 0
    assert np.isinf(table.loc[new, "rlv_mean"]).all()
    assert np.isinf(table.loc[new, "expected_spend_mean"]).all()
    assert np.isfinite(table[["rlv_q05", "rlv_q50", "rlv_q95", "clv_q50", "p_pays_back"]]).all().all()
    assert np.isfinite(table.loc[~new, "rlv_mean"]).all()
    if share > 0.05:
        assert np.isinf(table.loc[new, "expected_rlv_q95"]).all()
    assert len(result.marks) == 1
    assert "no mean in" in result.marks[0]
    assert f"{100 * share:.1f} %" in result.marks[0]
    assert "2 customers" in result.marks[0]


def test_infinite_expected_purchases_are_marked(fits, summary):
    """Purchases to infinity are not discounted: with s ≤ 1 their expectation is infinite, and the result says so."""
    result = value_table(*fits, summary, horizon=np.inf, seed=7)
    if np.isinf(result.table["expected_purchases_mean"]).any():
        assert any("infinite" in mark for mark in result.marks)
    assert np.isfinite(result.table[["rlv_mean", "rlv_q95", "purchases_q95"]]).all().all()


def test_an_infinite_customer_does_not_spoil_another_cohort(made, posterior, customers):
    """Totals are sums over a cohort's own customers: 0 · ∞ of somebody else's must not make them NaN."""
    fits = made(*posterior(100, q=0.5))
    mine = customers.assign(cohort=np.where(customers["frequency"] == 0, "new", "known"))
    totals = value_table(*fits, CustomerSummary.from_frame(mine, time_unit="W"), horizon=52.0, seed=7).totals
    assert not any(np.isnan(values).any() for values in totals.data_vars.values())
    assert np.isfinite(totals["expected_rlv"].sel(cohort="known")).all()
    assert np.isinf(totals["expected_rlv"].sel(cohort="new")).all()


def test_a_summary_without_money_so_far(fits, customers):
    """`from_frame` asks for frequency, recency and T only: the value table says what is missing."""
    bare = customers.drop(columns=["monetary_value", "value_to_date", "holdout_purchases", "holdout_value"])
    with pytest.raises((SchemaError, DomainError), match="monetary_value"):
        value_table(*fits, CustomerSummary.from_frame(bare, time_unit="W"), horizon=52.0, seed=7)


@pytest.mark.parametrize("column", ["monetary_value", "value_to_date"])
def test_missing_money_is_refused(fits, customers, column):
    """A buyer without a known value must not become a row of NaN, silently."""
    hole = customers.copy()
    hole.loc[3, column] = np.nan
    with pytest.raises(KundenwertError, match=column):
        value_table(*fits, CustomerSummary.from_frame(hole, time_unit="W"), horizon=52.0, seed=7)


def test_zero_amounts_are_values(fits, customers):
    free = customers.assign(monetary_value=customers["monetary_value"] * 0)
    table = value_table(*fits, CustomerSummary.from_frame(free, time_unit="W"), horizon=52.0, seed=7).table
    assert np.isfinite(table[["rlv_mean", "rlv_q95"]]).all().all()


def test_quantiles_are_written_once():
    assert value_module.QUANTILES == {"q05": 0.05, "q50": 0.5, "q95": 0.95}


# ------------------------------------------------------------------------------------------- customers not yet seen


def test_a_new_customer_is_a_first_purchase_and_a_customer_of_age_zero(fits):
    """Closed form: (1 + discounted purchases) × mean spend; the break-even cost is the CLV without the cost."""
    new = newcomers(*fits, units_per_year=365.25 / 7)
    row = acquisition_table(new, horizon=52.0, margin=0.3, discount_rate=0.1, cac=5.0).iloc[0]
    law, money = fits[0].draws(), fits[1].draws()
    spend = money["p"] * money["v"] / (money["q"] - 1)
    delta = np.log(1.1) * 7 / 365.25
    times = np.linspace(0, 52, 20_001)
    alive = (law["beta"] / (law["beta"] + times[:, None])) ** law["s"] * np.exp(-delta * times[:, None])
    repeat = law["r"] / law["alpha"] * np.trapezoid(alive, times, axis=0)
    expected = 0.3 * (1 + repeat) * spend
    assert row["break_even_cac_mean"] == pytest.approx(expected.mean(), rel=1e-6)
    assert row["clv_mean"] == pytest.approx(expected.mean() - 5, rel=1e-6)
    low, high = np.quantile(expected, [0.05, 0.95])
    assert [row["break_even_cac_q05"], row["break_even_cac_q95"]] == pytest.approx([low, high], rel=1e-6)
    assert row["clv_q05"] < row["break_even_cac_q05"] - 5 < row["break_even_cac_q95"] - 5 < row["clv_q95"]


@pytest.mark.parametrize(
    ("count", "name", "discount", "first"),
    [("purchases", "expected_purchases", {}, 1), ("value", "expected_value", {"discount_rate": 0.002}, 0)],
    ids=["purchases", "value"],
)
def test_new_customers_outcomes_have_the_mean_of_the_expectation(fits, count, name, discount, first):
    """1,500 draws: the mean of the outcomes lies within six standard errors (false alarm below 1e-8)."""
    new = newcomers(*fits, units_per_year=365.25 / 7)
    drawn = new.draw("all", horizon=Horizon(52.0, 0.002), seed=4)
    off = getattr(drawn, count)[0] - first - getattr(new, name)("all", horizon=52.0, **discount)
    assert abs(off.mean()) < 6 * off.std() / np.sqrt(off.size)
    assert drawn.purchases.min() == 1


def test_whoever_is_gone_buys_nothing_also_for_ever(made, posterior):
    """P(alive) underflows to 0 where the expectation is infinite (s ≤ 1): nothing, and not a missing number."""
    frame = pd.DataFrame({"customer_id": ["gone", "here"], "frequency": [3000, 2], "recency": [10.0, 190.0]})
    frame = frame.assign(T=200.0, monetary_value=5.0, value_to_date=[15_000.0, 15.0])
    summary = CustomerSummary.from_frame(frame, time_unit="W")
    result = value_table(*made(*posterior(40)), summary, horizon=np.inf, seed=1)
    assert result.table["p_alive_mean"].iloc[0] == 0
    assert result.table["expected_purchases_mean"].tolist() == [0.0, np.inf]
    assert np.isfinite(result.totals["rlv"]).all()
    assert not np.isnan(result.totals["expected_purchases"]).any()
    assert any("infinite" in mark for mark in result.marks)


def test_a_mode_is_no_posterior_and_values_say_so(fits, summary):
    purchases, spend = fits
    mode = Fit(purchases.model, purchases.tree, purchases.diagnosis, purchases.info | {"method": "map"})
    assert any("only the mode" in mark for mark in value_table(mode, spend, summary, horizon=4.0, seed=1).marks)


def test_costs_are_found_by_the_name_of_a_cohort():
    terms = Terms(cac={2017: 5.0, "2018": 7.0})
    assert cost_of(terms, pd.Series(["2018", "2017"])).tolist() == [7.0, 5.0]
    assert cost_of(terms, pd.Series([2017, 2018])).tolist() == [5.0, 7.0]
    with pytest.raises(DomainError, match="no cohort has a name that has one: '2017', '2018'"):
        cost_of(terms, pd.Series(["Nord"]))


@pytest.mark.parametrize("options", [{"seed": -1}, {"customers_per_draw": 0}])
def test_new_customers_need_numbers_that_mean_something(fits, options):
    with pytest.raises(DomainError, match="samples=0"):
        newcomers(*fits, units_per_year=52.0, samples=0)
    new = newcomers(*fits, units_per_year=52.0, samples=20)
    assert new.draw("all", horizon=Horizon(52.0), customers_per_draw=3).value.shape == (3, 20)
    name, number = next(iter(options.items()))
    with pytest.raises(DomainError, match=f"{name}={number}"):
        new.draw("all", horizon=Horizon(52.0), **options)


# ------------------------------------------------------------------------------------------------ labels and quantiles


def test_cohorts_of_totals_are_in_order_and_own_their_sums(fits, customers):
    """The first customer is of the last cohort: labels and sums still belong together."""
    turned = customers.assign(cohort=["z", "a", "z", "a", "m"] * 2)
    mixed = CustomerSummary.from_frame(turned, time_unit="W", holdout_length=39.0)
    found = value_table(*fits, mixed, horizon=52.0, margin=0.3, seed=7, samples=200)
    assert found.totals["cohort"].to_numpy().tolist() == ["a", "m", "z"]
    assert found.totals["customers"].to_numpy().tolist() == [4, 2, 4]
    wanted = found.table.groupby("cohort")["rlv_mean"].sum().to_numpy()
    np.testing.assert_allclose(found.totals["expected_rlv"].mean("sample"), wanted, rtol=1e-10)


def test_quantiles_of_counts_are_counts():
    """The least count that so many draws do not exceed: of 0 to 6, each once, 0, 3 and 6; money is interpolated."""
    counts = quantile_columns("purchases", np.arange(7.0)[::-1][None])
    assert [counts[f"purchases_{end}"].item() for end in ("q05", "q50", "q95")] == [0, 3, 6]
    money = quantile_columns("rlv", 10 * np.arange(7.0)[None])
    assert [money[f"rlv_{end}"].item() for end in ("q05", "q50", "q95")] == pytest.approx([3, 30, 57])
