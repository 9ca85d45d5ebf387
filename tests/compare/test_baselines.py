"""What a sceptic would bring: by hand, on one price basis, and blind to order and company."""

import numpy as np
import pandas as pd
import pytest

from kundenwert.bayes import known
from kundenwert.compare import baseline_predictions, carried_forward
from kundenwert.errors import DomainError, SchemaError
from kundenwert.kernels import gamma_gamma, nbd
from kundenwert.laws import NBD, GammaGamma

WEEKS = 52.0


def table():
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
        }
    )


def predicted(rows=None, **options):
    settings = {"units_per_year": WEEKS, "horizon": 26.0, "lifespan_years": 3.0} | options
    return baseline_predictions(table() if rows is None else rows, **settings)


def test_own_rates_by_hand():
    found = predicted()
    revenue, purchases = found.revenue, found.purchases
    assert revenue["annuity"].tolist() == pytest.approx([60 / 104 * 26, 20 / 52 * 26, np.nan], nan_ok=True)
    assert purchases["annuity"].tolist() == pytest.approx([6 / 104 * 26, 1 / 52 * 26, np.nan], nan_ok=True)
    assert revenue["formula_own_active_full"].tolist() == pytest.approx([10 * 5 / 78 * 26, np.nan, np.nan], nan_ok=True)
    assert found.notes["annuity"].tolist()[:2] == ["", ""]
    assert "no time observed" in found.notes["annuity"][2]
    assert "one purchase only" in found.notes["formula_own_active_full"][1]


def test_shared_rates_and_lifespans_by_hand():
    revenue = predicted().revenue
    cohort = (80 / 7) * (7 / 3) / WEEKS  # a week and customer of cohort "a"
    assert revenue["formula_cohort_full"].tolist() == pytest.approx([cohort * 26] * 2 + [np.nan], nan_ok=True)
    # lifespans of "a" in years: observed 0.75, churn 1 / 0.5 = 2, assumed 3; ages 2 and 1
    assert revenue["formula_cohort_observed"].tolist()[:2] == [0.0, 0.0]
    assert revenue["formula_cohort_churn"].tolist()[:2] == pytest.approx([0.0, cohort * 26])
    assert revenue["formula_cohort_assumed"].tolist()[:2] == pytest.approx([cohort * 26] * 2)
    half_a_year_left = predicted(horizon=52.0, lifespan_years=2.5).revenue["formula_cohort_assumed"]
    assert half_a_year_left.tolist()[:2] == pytest.approx([cohort * 26, cohort * 52])
    overall = (110 / 8) * (8 / 3) / WEEKS
    assert revenue["formula_overall_full"].tolist() == pytest.approx([overall * 26] * 3)
    assert revenue["formula_overall_observed"].tolist() == pytest.approx([0.0, 0.0, overall * 26])  # 0.5 years for all


def test_every_formula_total_is_that_of_the_cohort_table():
    """The cohort table forecasts the same hold-out from cohort totals."""
    revenue = predicted().revenue
    assert revenue["formula_cohort_full"][:2].sum() == pytest.approx(80 / 3 * 2 * 0.5)
    assert revenue["formula_overall_full"].sum() == pytest.approx(110 / 3 * 3 * 0.5)


def test_price_basis():
    plain, paid = predicted(horizon=52.0), predicted(horizon=52.0, margin=0.5, discount_rate=0.1)
    annuity = (1 - 1 / 1.1) / np.log(1.1)
    assert paid.revenue["annuity"][0] == pytest.approx(0.5 * annuity * plain.revenue["annuity"][0])
    assert paid.purchases["annuity"][0] == plain.purchases["annuity"][0]


def test_the_nbd_pays_as_the_others_do():
    """Margin and an annuity over two years at 10 %: money that flows evenly, counts as they are."""
    draws = known(NBD(), r=0.3, alpha=12.0), known(GammaGamma(), p=6.0, q=4.0, v=15.0)
    plain, paid = (
        predicted(horizon=2 * WEEKS, no_dropout=draws, **terms) for terms in ({}, {"margin": 0.3, "discount_rate": 0.1})
    )
    share = (1 - 1.1**-2) / np.log(1.1) / 2
    assert paid.revenue["nbd"].to_numpy() == pytest.approx(0.3 * share * plain.revenue["nbd"].to_numpy(), rel=1e-9)
    assert paid.purchases["nbd"].tolist() == plain.purchases["nbd"].tolist()


@pytest.fixture
def window():
    """Purchases of a last year, of one customer of the table and of a stranger."""
    return pd.DataFrame({"customer_id": ["1", "9"], "purchases": [3, 8], "revenue": [36.0, 99.0]})


def test_a_last_window_goes_on(window):
    found = predicted(recent={"last_year": (window, 52.0)})
    assert found.revenue["last_year"].tolist() == [18.0, 0.0, 0.0]
    assert found.purchases["last_year"].tolist() == [1.5, 0.0, 0.0]
    assert [bool(note) for note in found.notes["last_year"]] == [False, False, True]


@pytest.mark.parametrize(
    ("change", "length", "error", "message"),
    [
        (lambda window: pd.concat([window, window]), 52.0, SchemaError, "names a customer twice, first '1'"),
        (lambda window: window.drop(columns="revenue"), 52.0, SchemaError, "no column 'revenue'"),
        (lambda window: window, 0, DomainError, "has length 0"),
    ],
    ids=["twice", "column", "length"],
)
def test_a_last_window_that_makes_no_sense_is_refused(window, change, length, error, message):
    with pytest.raises(error, match=message):
        carried_forward(table(), change(window), length=length)


def test_nbd_is_multiplied_draw_by_draw():
    r, alpha, q = np.array([0.3, 3.0]), np.array([12.0, 12.0]), np.array([9.0, 2.0])
    found = predicted(no_dropout=(known(NBD(), r=r, alpha=alpha), known(GammaGamma(), p=6.0, q=q, v=15.0)))
    for i, row in enumerate(table().itertuples()):
        number = nbd.expected_purchases(row.frequency, row.recency, row.T, horizon=26.0, r=r, alpha=alpha)
        spend = gamma_gamma.expected_spend(row.frequency, row.monetary_value, p=6.0, q=q, v=15.0)
        assert found.purchases["nbd"][i] == pytest.approx(number.mean())
        assert found.revenue["nbd"][i] == pytest.approx((number * spend).mean())
    number = (r[:, None] + [5, 0, 0]) / (12.0 + table()["T"].to_numpy()) * 26
    assert found.purchases["nbd"].to_numpy() == pytest.approx(number.mean(axis=0))


def test_a_spend_law_without_mean_is_missing_and_says_why():
    found = predicted(no_dropout=(known(NBD(), r=0.3, alpha=12.0), known(GammaGamma(), p=6.0, q=0.9, v=15.0)))
    assert np.isfinite(found.revenue["nbd"][0])
    assert found.revenue["nbd"][1:].isna().all()
    assert "no mean" in found.notes["nbd"][1]
    assert np.isfinite(found.purchases["nbd"]).all()


def test_shuffled_rows_are_the_same_predictions():
    draws = known(NBD(), r=[0.3, 0.4], alpha=[12.0, 9.0]), known(GammaGamma(), p=[6.0, 6.0], q=4.0, v=15.0)
    straight = predicted(no_dropout=draws).table()
    turned = predicted(table().iloc[[2, 0, 1]], no_dropout=draws).table()
    keys = ["customer_id", "method"]
    pd.testing.assert_frame_equal(
        straight.sort_values(keys, ignore_index=True), turned.sort_values(keys, ignore_index=True)
    )
    assert straight.columns.tolist() == ["customer_id", "cohort", "method", "purchases", "revenue", "note"]
    assert straight["method"].nunique() == 17
    assert (straight.loc[straight["revenue"].isna(), "note"] != "").all()


@pytest.mark.parametrize(
    ("gone", "terms", "error", "message"),
    [
        ([], {"horizon": np.inf}, DomainError, "horizon=inf"),
        ([], {"margin": 30}, DomainError, "the margin is 30"),
        ([], {"discount_rate": 15}, DomainError, "the discount rate is 15"),
        (["value_to_date"], {}, SchemaError, "no column 'value_to_date'"),
    ],
    ids=["horizon", "margin", "discounting", "column"],
)
def test_assumptions_without_meaning_are_refused(gone, terms, error, message):
    with pytest.raises(error, match=message):
        predicted(table().drop(columns=gone), **terms)


def test_cdnow_holdout(cdnow_summary):
    """Totals on CDNOW, where the plain formula forecasts twice to three times what was spent."""
    summary = cdnow_summary
    found = baseline_predictions(
        summary.table, units_per_year=summary.units_per_year, horizon=summary.holdout_length, lifespan_years=3.0
    )
    actual = summary.table["holdout_value"].sum()
    whole = summary.table
    yearly = whole["value_to_date"].sum() / whole["T"].sum() * len(whole) * summary.holdout_length
    assert found.revenue["formula_overall_full"].sum() == pytest.approx(yearly, rel=1e-12)
    assert 2.0 < yearly / actual < 4.0
    assert found.revenue["formula_own_active_full"].notna().sum() == (whole["frequency"] > 0).sum() == 946
