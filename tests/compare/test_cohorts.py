"""Formula beside posterior by cohort, against numbers worked out by hand."""

from types import SimpleNamespace as Some

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from kundenwert import compare, value
from kundenwert.errors import DomainError, SchemaError

WEEKS = 52.0
SAMPLES = 101


def customers():
    return pd.DataFrame(
        {
            "customer_id": ["1", "2", "3"],
            "cohort": ["a", "a", "b"],
            "frequency": [5, 0, 0],
            "recency": [78.0, 0.0, 0.0],
            "T": [104.0, 52.0, 0.0],
            "monetary_value": [10.0, np.nan, np.nan],
            "value_to_date": [60.0, 20.0, 30.0],
            "active_before": [True, True, False],
            "active_after": [True, False, True],
            "holdout_purchases": [3, 0, 0],
            "holdout_value": [30.0, 0.0, 0.0],
        }
    )


def summary_of(table, **changes):
    fields = {"time_unit": "W", "units_per_year": WEEKS, "inactivity_months": 12, "holdout_length": 26.0}
    return Some(table=table, **(fields | changes))


def values_of(table, unit="W", **changes):
    """Totals that run evenly from 0 to 200 in "a", from 100 to 0 in "b": they move against each other."""
    up, down = np.linspace(0, 200, SAMPLES), np.linspace(100, 0, SAMPLES)
    both = (("sample", "cohort"), np.column_stack([up, down]))
    names = ["rlv", "expected_rlv", "clv", "expected_clv", "holdout_purchases", "expected_holdout_purchases"]
    totals = xr.Dataset(
        dict.fromkeys([*names, "holdout_value", "expected_holdout_value"], both) | {"customers": ("cohort", [2, 1])},
        coords={"cohort": ["a", "b"]},
    )
    assumed = {
        "horizon": 52.0,
        "discount_rate": 0.0,
        "margin": 0.5,
        "cac": 10.0,
        "order_cost": 0.0,
        "service_cost": 0.0,
    }
    return Some(
        table=table[["customer_id", "cohort"]].assign(p_alive_mean=[0.8, 0.2, 1.0]),
        totals=totals,
        terms=Some(**(assumed | changes)),
        time_unit=unit,
    )


@pytest.fixture
def result():
    table = customers()
    return compare.compare_cohorts(summary_of(table), values_of(table), lifespan_years=3.0).set_index("cohort")


def test_rows_are_the_cohorts_and_then_all(result):
    assert result.index.tolist() == ["a", "b", "all"]
    assert result["customers"].tolist() == [2, 1, 3]
    assert result["p_alive_mean"].tolist() == pytest.approx([0.5, 1.0, 2 / 3])


def test_formula_of_a_cohort_by_hand(result):
    yearly = 0.5 * (80 / 7) * (7 / 3)
    row = result.loc["a"]
    assert row["formula_observed"] == pytest.approx(yearly * 0.75 - 10)
    assert row["formula_churn"] == pytest.approx(yearly * 2 - 10)
    assert row["formula_assumed"] == pytest.approx(yearly * 3 - 10)
    assert row["formula_observed_matched"] == pytest.approx(yearly * 0.75 - 10)
    assert row["formula_churn_matched"] == pytest.approx(yearly * 2 - 10)
    assert row["formula_assumed_matched"] == pytest.approx(yearly * 2.5 - 10)
    assert row["earned"] == pytest.approx(0.5 * 40 - 10)


def test_what_cannot_be_computed_is_missing_and_says_why(result):
    row = result.loc["b"]
    columns = [
        f"formula_{method}{matched}" for method in ("observed", "churn", "assumed") for matched in ("", "_matched")
    ]
    assert row[columns].isna().all()
    assert "no time observed" in row["frequency_note"]
    assert "churn not observable" in row["churn_note"]
    assert result.loc["a", ["frequency_note", "churn_note"]].tolist() == ["", ""]


def test_a_loyal_cohort_has_no_plain_churn_value_but_a_matched_one():
    table = customers().assign(active_after=True)
    row = compare.compare_cohorts(summary_of(table), values_of(table)).iloc[0]
    assert np.isnan(row["formula_churn"])
    assert "1 / churn is infinite" in row["churn_note"]
    assert row["formula_churn_matched"] == pytest.approx(0.5 * (80 / 3) * 2.5 - 10)


def test_an_endless_horizon_is_finite_only_with_discounting():
    table = customers().assign(active_after=True)
    endless = values_of(table, horizon=np.inf)
    row = compare.compare_cohorts(summary_of(table), endless).iloc[0]
    assert np.isnan(row["formula_churn_matched"])
    assert row["formula_assumed_matched"] == pytest.approx(0.5 * (80 / 3) * 3 - 10)
    discounted = values_of(table, horizon=np.inf, discount_rate=0.1)
    row = compare.compare_cohorts(summary_of(table), discounted).iloc[0]
    assert row["formula_churn_matched"] == pytest.approx(0.5 * (80 / 3) * (1.5 + 1 / np.log(1.1)) - 10)


def test_posterior_is_per_customer_and_totals_come_from_sums_of_draws(result):
    assert result.loc["a", ["clv_mean", "clv_q05", "clv_q50", "clv_q95"]].tolist() == pytest.approx([50, 5, 50, 95])
    assert result.loc["b", ["clv_q05", "clv_q95"]].tolist() == pytest.approx([5, 95])
    overall = result.loc["all", ["clv_mean", "clv_q05", "clv_q95", "expected_clv_q05", "expected_clv_q95"]]
    assert overall.tolist() == pytest.approx([50, 35, 65, 35, 65])
    assert result.loc["all", ["rlv_q05", "rlv_q50", "rlv_q95"]].tolist() == pytest.approx([35, 50, 65])
    assert result["p_cohort_pays_back"].tolist() == pytest.approx([100 / 101, 100 / 101, 1.0])


def test_holdout_is_of_whole_cohorts(result):
    assert result["holdout_revenue"].tolist() == [30, 0, 30]
    assert result.loc["a", ["predicted_holdout_revenue_q05", "predicted_holdout_revenue_q95"]].tolist() == [10, 190]
    assert result["holdout_revenue_inside"].tolist() == [True, False, False]
    assert result["holdout_purchases"].tolist() == [3, 0, 3]
    assert result["holdout_purchases_inside"].tolist() == [False, False, False]


def test_formula_forecast_of_the_holdout_in_its_five_readings(result):
    yearly = 80 / 3
    row = result.loc["a"]
    assert row["formula_holdout_revenue"] == pytest.approx(yearly * 2 * 0.5)
    assert row["formula_observed_holdout_revenue"] == 0.0
    assert row["formula_churn_holdout_revenue"] == pytest.approx(yearly * (0 + 0.5))
    assert row["formula_assumed_holdout_revenue"] == pytest.approx(yearly * 2 * 0.5)
    assert row["formula_repeat_holdout_revenue"] == pytest.approx(50 / 3 * 2 * 0.5)
    overall = result.loc["all"]
    assert overall["formula_holdout_revenue"] == pytest.approx(110 / 3 * 3 * 0.5)
    # pooled observed lifespan 0.5 years: only customer 3, with no time yet, has any of it ahead
    assert overall["formula_observed_holdout_revenue"] == pytest.approx(110 / 3 * 0.5)
    assert overall["formula_repeat_holdout_revenue"] == pytest.approx(50 / 3 * 3 * 0.5)
    assert np.isnan(result.loc["b", "formula_holdout_revenue"])


def test_shuffled_rows_and_cohorts_give_the_same_table():
    table = customers()
    straight = compare.compare_cohorts(summary_of(table), values_of(table))
    values = values_of(table)
    values.table = values.table.iloc[[1, 2, 0]].reset_index(drop=True)
    values.totals = values.totals.isel(cohort=[1, 0]).transpose("cohort", "sample")
    turned = compare.compare_cohorts(summary_of(table.iloc[[2, 0, 1]]), values)
    pd.testing.assert_frame_equal(straight, turned)


def test_without_a_holdout_there_are_no_holdout_columns():
    table = customers().drop(columns=["holdout_purchases", "holdout_value"])
    result = compare.compare_cohorts(summary_of(table, holdout_length=None), values_of(table))
    assert not [name for name in result if "holdout" in name]


def test_one_cohort_called_all_gives_one_row():
    table = customers().assign(cohort="all")
    values = values_of(table)
    summed = values.totals.drop_vars("customers").sum("cohort").expand_dims(cohort=["all"])
    values.totals = summed.assign(customers=("cohort", [3]))
    result = compare.compare_cohorts(summary_of(table), values)
    assert result["cohort"].tolist() == ["all"]
    assert result["clv_q05"][0] == pytest.approx(35)


def test_costs_by_cohort():
    table = customers()
    result = compare.compare_cohorts(summary_of(table), values_of(table, cac={"a": 4.0, "b": 1.0}))
    assert result["cac"].tolist() == [4.0, 1.0, 3.0]
    with pytest.raises(DomainError, match="no acquisition cost for 1 cohort: 'b'"):
        compare.compare_cohorts(summary_of(table), values_of(table, cac={"a": 4.0}))


@pytest.mark.parametrize(
    ("change", "time_unit", "error", "message"),
    [
        ({"customer_id": ["1", "2", "9"]}, "W", DomainError, "differ in 2 customers, first '3'"),
        (
            {"cohort": ["a", "b", "b"]},
            "W",
            DomainError,
            "1 customers are in another cohort in the value table, first '2'",
        ),
        ({}, "D", DomainError, "counts time in 'D'"),
        ({"customer_id": ["1", "1", "2"]}, "W", SchemaError, "names 1 customers twice, first '1'"),
        ({"customer_id": None}, "W", SchemaError, "the summary has no column 'customer_id'"),
    ],
    ids=["customers", "cohorts", "time unit", "twice", "column"],
)
def test_tables_that_do_not_belong_together_are_refused(change, time_unit, error, message):
    table = customers()
    other = table.drop(columns="customer_id") if change == {"customer_id": None} else table.assign(**change)
    with pytest.raises(error, match=message):
        compare.compare_cohorts(summary_of(other, time_unit=time_unit), values_of(table))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cohort": ["a", "c"]}, "totals' cohorts are not the summary's"),
        ({"customers": ("cohort", [1, 2])}, "other numbers of customers"),
    ],
    ids=["cohorts", "sizes"],
)
def test_totals_of_other_cohorts_are_refused(change, message):
    table = customers()
    other = values_of(table)
    other.totals = other.totals.assign_coords(**change)
    with pytest.raises(DomainError, match=message):
        compare.compare_cohorts(summary_of(table), other)


def test_quantiles_of_counts_are_counts():
    draws = np.array([0.0, 1.0, 2.0, 7.0])
    assert compare.quantiles(draws, "n", whole=True) == {"n_mean": 2.5, "n_q05": 0.0, "n_q50": 1.0, "n_q95": 7.0}
    assert compare.quantiles(draws, "n")["n_q50"] == 1.5


def test_the_interval_is_that_of_the_value_table():
    assert compare.QUANTILES == value.QUANTILES


def test_a_cohort_called_all_is_one_like_others():
    def named(label):
        table = customers().replace({"cohort": {"b": label}})
        values = values_of(customers())
        totals = values.totals.assign_coords(cohort=["a", label])
        values = Some(
            table=values.table.assign(cohort=table["cohort"]), totals=totals, terms=values.terms, time_unit="W"
        )
        return compare.compare_cohorts(summary_of(table), values)

    one, other = named("all"), named("b")
    pd.testing.assert_frame_equal(one.drop(columns="cohort"), other.drop(columns="cohort"))
    truth = pd.DataFrame({"customer_id": ["1", "2", "3"], "cohort": ["a", "a", "all"], "clv": [1.0, 2.0, 3.0]})
    assert compare.score_cohorts(one, truth, value="clv").equals(
        compare.score_cohorts(other, truth.replace({"cohort": {"all": "b"}}), value="clv")
    )


def test_an_infinite_draw_is_of_its_own_cohort_only():
    draws = np.column_stack([np.linspace(0, 1, 11), np.append(np.linspace(0, 1, 10), np.inf)])
    both, alone = compare.quantiles(draws, "clv"), compare.quantiles(draws[:, :1], "clv")
    for name, values in alone.items():
        assert both[name][0] == values[0]
    assert both["clv_mean"][1] == np.inf
    assert both["clv_q95"][1] == np.inf
    assert both["clv_q50"][1] == np.linspace(0, 1, 10)[5]
