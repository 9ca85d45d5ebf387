"""The simple formula and the counting measures, against numbers worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from kundenwert import formula
from kundenwert.errors import DomainError, SchemaError

WEEKS = 52.0


@pytest.fixture
def table():
    """Two cohorts: "a" watched for two years and one year, "b" first bought on the last day."""
    return pd.DataFrame(
        {
            "customer_id": ["1", "2", "3"],
            "cohort": ["a", "a", "b"],
            "frequency": [5, 0, 0],
            "recency": [78.0, 0.0, 0.0],
            "T": [104.0, 52.0, 0.0],
            "value_to_date": [60.0, 20.0, 30.0],
            "active_before": [True, True, False],
            "active_after": [True, False, True],
        }
    )


def test_each_measure_is_the_one_worked_out_by_hand(table):
    row = formula.kpis(table, units_per_year=WEEKS, cac=12.0).set_index("cohort").loc["a"]
    assert row["customers"] == 2
    assert row["orders"] == 7
    assert row["revenue"] == 80.0
    assert row["aov"] == pytest.approx(80 / 7)
    assert row["age"] == 1.5
    assert row["purchase_frequency"] == pytest.approx(7 / 3)
    assert row["lifespan_observed"] == pytest.approx(1.5 / 2)
    assert row["churn_base"] == 2
    assert row["churn"] == 0.5
    assert row["retention"] == 0.5
    assert row["repeat_purchase_rate"] == 0.5
    assert row["cac"] == 12.0
    assert row["frequency_note"] == row["churn_note"] == ""


def test_overall_pools_orders_customers_and_costs(table):
    row = formula.kpis(table, units_per_year=WEEKS, by=None, cac={"a": 12.0, "b": 3.0}).iloc[0]
    assert row["cohort"] == "all"
    assert row["aov"] == pytest.approx(110 / 8)
    assert row["purchase_frequency"] == pytest.approx(8 / 3)
    assert row["cac"] == 9.0


def test_revenue_so_far_is_aov_times_frequency_times_age(table):
    row = formula.kpis(table, units_per_year=WEEKS, by=None).iloc[0]
    assert row["aov"] * row["purchase_frequency"] * row["age"] * row["customers"] == pytest.approx(110.0)


def test_first_purchase_on_the_last_day_gives_no_rate_and_says_why(table):
    row = formula.kpis(table, units_per_year=WEEKS).set_index("cohort").loc["b"]
    assert np.isnan(row["purchase_frequency"])
    assert "no time observed" in row["frequency_note"]
    assert row["aov"] == 30.0
    assert np.isnan(row["churn"])
    assert np.isnan(row["retention"])
    assert "churn not observable" in row["churn_note"]


def test_short_exposure_is_computed_but_noted(table):
    short = table.assign(T=[5.2, 5.2, 0.0], recency=[2.0, 0.0, 0.0])
    row = formula.kpis(short, units_per_year=WEEKS).set_index("cohort").loc["a"]
    assert row["purchase_frequency"] == pytest.approx(7 / 0.2)
    assert row["frequency_note"] == "observed for 0.1 years on average: the yearly purchase frequency is extrapolated"


@pytest.mark.parametrize(("months", "churn"), [(12, 0.5), (6, 0.75), (24, 1 - 0.5**0.5)])
def test_churn_is_annualised_from_the_inactivity_window(table, months, churn):
    result = formula.kpis(table, units_per_year=WEEKS, inactivity_months=months)
    assert result["churn"][0] == pytest.approx(churn)


def test_churn_without_record_or_without_loss_has_a_note(table):
    unknown = formula.kpis(table.drop(columns=["active_before"]), units_per_year=WEEKS)
    assert np.isnan(unknown["churn"]).all()
    assert unknown["churn_note"].str.contains("does not say who was active").all()
    loyal = formula.kpis(table.assign(active_after=True), units_per_year=WEEKS)
    assert loyal["churn"][0] == 0
    assert "no customer lost, out of 2" in loyal["churn_note"][0]
    assert formula.lifespan(loyal, "churn")[0] == np.inf


def test_missing_money_is_not_skipped_silently(table):
    row = formula.kpis(table.assign(value_to_date=[60.0, np.nan, 30.0]), units_per_year=WEEKS).iloc[0]
    assert np.isnan(row["revenue"])
    assert np.isnan(row["aov"])
    assert "money of some purchases is missing" in row["frequency_note"]


def test_row_order_does_not_matter(table):
    many = pd.concat(
        [table.assign(customer_id=table["customer_id"] + str(i), T=table["T"] * (1 + i / 7)) for i in range(9)]
    )
    shuffled = many.sample(frac=1, random_state=3)
    costs = {"a": 1.0, "b": 2.0}
    straight = formula.kpis(many, units_per_year=WEEKS, cac=costs)
    pd.testing.assert_frame_equal(straight, formula.kpis(shuffled, units_per_year=WEEKS, cac=costs))


def test_measures_do_not_depend_on_the_time_unit(table):
    days = table.assign(T=table["T"] * 7, recency=table["recency"] * 7)
    pd.testing.assert_frame_equal(
        formula.kpis(table, units_per_year=WEEKS), formula.kpis(days, units_per_year=WEEKS * 7)
    )


def test_the_three_lifespans(table):
    frame = formula.kpis(table, units_per_year=WEEKS)
    assert formula.lifespan(frame, "observed").tolist() == [0.75, 0.0]
    churned = formula.lifespan(frame, "churn")
    assert churned[0] == 2.0
    assert np.isnan(churned[1])
    assert formula.lifespan(frame, "assumed", years=3).tolist() == [3.0, 3.0]


@pytest.mark.parametrize(
    ("method", "years", "message"),
    [
        ("guess", None, "unknown lifespan method 'guess'"),
        ("churn", 3, "belongs to the method 'assumed'"),
        *(("assumed", years, "finite number of years > 0") for years in (None, 0, -1, np.inf)),
    ],
)
def test_lifespan_refuses_what_it_cannot_read(table, method, years, message):
    with pytest.raises(DomainError, match=message):
        formula.lifespan(formula.kpis(table, units_per_year=WEEKS), method, years=years)


def test_plain_formula_by_hand_and_missing_stays_missing():
    assert formula.formula_clv(50.0, 4.0, 3.0, margin=0.3, cac=12.0) == pytest.approx(168.0)
    values = formula.formula_clv([50.0, 50.0, 0.0], [4.0, np.nan, 4.0], [np.inf, 1.0, np.inf], cac=1.0)
    assert values[0] == np.inf
    assert np.isnan(values[1])
    assert values[2] == -1.0


@pytest.mark.parametrize(
    ("years", "counted"), [(0.5, 0.5), (1.0, 1.0), (2.5, 2.5), (3.0, 3.0), (9.0, 3.0), (np.inf, 3.0)]
)
def test_matched_formula_without_discounting_is_rate_times_time(years, counted):
    found = formula.formula_clv_matched(50.0, 2.0, years, age=1.0, horizon_years=2.0, discount_rate=0.0, cac=10.0)
    assert found == pytest.approx(100 * counted - 10)


def test_matched_formula_discounts_only_what_lies_ahead():
    same = {"age": 1.0, "discount_rate": 0.1}
    delta = np.log(1.1)
    to_come = (1 - 1 / 1.1) / delta
    assert formula.formula_clv_matched(1.0, 1.0, 5.0, horizon_years=1.0, **same) == pytest.approx(1 + to_come)
    assert formula.formula_clv_matched(1.0, 1.0, np.inf, horizon_years=np.inf, **same) == pytest.approx(1 + 1 / delta)
    steps = (np.arange(200_000) + 0.5) / 200_000
    assert to_come == pytest.approx(np.mean(1.1**-steps), abs=1e-10)


def test_matched_formula_in_an_endless_undiscounted_time_is_infinite():
    value = formula.formula_clv_matched(1.0, 1.0, np.inf, age=1.0, horizon_years=np.inf, discount_rate=0.0)
    assert value == np.inf


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"horizon_years": 0.0, "discount_rate": 0.1}, "horizon must be positive"),
        *(({"horizon_years": 1.0, "discount_rate": rate}, "discount rate must be") for rate in (-0.1, np.nan, np.inf)),
    ],
    ids=["horizon", "negative rate", "missing rate", "infinite rate"],
)
def test_matched_formula_refuses_bad_parameters(terms, message):
    with pytest.raises(DomainError, match=message):
        formula.formula_clv_matched(1.0, 1.0, 1.0, age=1.0, **terms)


@pytest.mark.parametrize(
    ("gone", "costs", "error", "message"),
    [
        ([], {"cac": {"a": 12.0}}, DomainError, "no acquisition cost for 1 cohort: 'b'"),
        ([], {"cac": -1.0}, DomainError, r"finite number ≥ 0; it is -1\.0 for 3 customers"),
        ([], {"cac": {"a": 12.0, "b": np.nan}}, DomainError, "it is nan for 1 customer"),
        (["cohort"], {"cac": {"a": 1.0}, "by": None}, SchemaError, "needs the column 'cohort'"),
    ],
    ids=["absent", "negative", "missing", "no cohorts"],
)
def test_a_cohort_without_a_cost_is_named(table, gone, costs, error, message):
    with pytest.raises(error, match=message):
        formula.kpis(table.drop(columns=gone), units_per_year=WEEKS, **costs)


@pytest.mark.parametrize(
    ("change", "options", "error", "message"),
    [
        (
            lambda table: table.drop(columns=["recency", "value_to_date"]),
            {},
            SchemaError,
            "no column 'recency', 'value_to_date'",
        ),
        (lambda table: table.iloc[:0], {}, DomainError, "empty"),
        (
            lambda table: table.assign(cohort=["a", None, "b"]),
            {},
            DomainError,
            "no label in 'cohort' for 1 customer",
        ),
        (lambda table: table, {"units_per_year": 0.0}, DomainError, "units_per_year"),
        (lambda table: table, {"inactivity_months": 0}, DomainError, "inactivity_months"),
    ],
    ids=["columns", "rows", "label", "units", "inactivity"],
)
def test_bad_tables_are_refused(table, change, options, error, message):
    with pytest.raises(error, match=message):
        formula.kpis(change(table), **{"units_per_year": WEEKS, **options})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"margin": -2.0}, r"the margin is -2; it is a share of revenue, in \(0, 1\], so 30 % is 0\.3"),
        ({"margin": 5.0}, "the margin is 5; it is a share"),
        ({"margin": np.nan}, "the margin is nan"),
        ({"lifespan": [3.0, -3.0]}, "lifespan must be ≥ 0; it is -3"),
        ({"purchase_frequency": -4.0}, "purchase_frequency must be ≥ 0; it is -4"),
        ({"cac": -1.0}, "cac must be ≥ 0; it is -1"),
    ],
)
def test_inputs_without_meaning_are_refused(changed, message):
    good = {"aov": 50.0, "purchase_frequency": 4.0, "lifespan": 3.0, "margin": 0.3, "cac": 10.0}
    with pytest.raises(DomainError, match=message):
        formula.formula_clv(**(good | changed))
    with pytest.raises(DomainError, match=message):
        formula.formula_clv_matched(**(good | changed), age=1.0, horizon_years=1.0, discount_rate=0.1)


def test_a_negative_age_is_refused():
    with pytest.raises(DomainError, match="age must be ≥ 0; it is -1"):
        formula.formula_clv_matched(50.0, 4.0, 3.0, age=-1.0, horizon_years=1.0, discount_rate=0.1)
