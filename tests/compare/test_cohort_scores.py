"""Formula and posterior against a known truth, worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from kundenwert.compare import NOMINAL, score_cohorts
from kundenwert.errors import DomainError, SchemaError


def stated():
    return pd.DataFrame(
        {
            "cohort": ["a", "b", "c", "all"],
            "customers": [2, 1, 1, 4],
            "formula_observed": [10.0, 50.0, np.nan, 30.0],
            "formula_churn_matched": [np.nan] * 4,
            "clv_mean": [22.0, 41.0, 7.0, 28.0],
            "clv_q05": [15.0, 30.0, 0.0, 22.0],
            "clv_q95": [30.0, 39.0, 9.0, 33.0],
            "expected_clv_q05": [21.0, 40.0, 6.0, 27.0],
            "expected_clv_q95": [23.0, 42.0, 8.0, 29.0],
        }
    )


def truth():
    return pd.DataFrame(
        {"customer_id": list("1234"), "cohort": ["a", "a", "b", "c"], "clv": [10.0, 30.0, 40.0, 9.0], "other": 1.0}
    )


def test_scores_by_hand():
    table = score_cohorts(stated(), truth()).set_index("method")
    assert table.index.tolist() == ["formula observed", "formula churn, matched", "posterior"]
    row = table.loc["posterior"]
    assert (row["cohorts"], row["missing"]) == (3, 0)
    assert row["median_absolute_error"] == 2.0
    assert row["mean_absolute_error"] == pytest.approx((2 + 1 + 2) / 3)
    assert row["bias"] == pytest.approx((2 * 2 + 1 - 2) / 4)
    assert row["bias_share"] == pytest.approx(0.75 / (89 / 4))
    assert row["coverage"] == pytest.approx(2 / 3)
    assert row["coverage_expected"] == pytest.approx(1 / 3)
    assert row["nominal"] == NOMINAL == pytest.approx(0.9)
    formula = table.loc["formula observed"]
    assert (formula["cohorts"], formula["missing"], formula["mean_absolute_error"]) == (2, 1, 10.0)
    assert formula["bias"] == pytest.approx((-10 * 2 + 10) / 3)
    assert formula[["coverage", "nominal"]].isna().all()
    assert table.loc["formula churn, matched", ["cohorts", "missing"]].tolist() == [0, 3]


def test_members_bring_the_cohorts_and_rows_may_be_shuffled():
    plain = truth().drop(columns="cohort").sample(frac=1, random_state=1)
    turned = score_cohorts(stated().iloc[[2, 0, 3, 1]], plain, members=truth())
    straight = score_cohorts(stated(), truth())
    pd.testing.assert_frame_equal(turned, straight)


def test_another_column_and_other_methods():
    table = score_cohorts(stated(), truth(), value="other", methods={"mine": "formula_observed"})
    assert table["mean_absolute_error"].tolist() == [29.0]


def test_a_single_cohort_is_everybody():
    only = stated().iloc[[3]]
    table = score_cohorts(only, truth().assign(cohort="all")).set_index("method")
    assert table.loc["posterior", ["cohorts", "coverage"]].tolist() == [1, 1.0]


@pytest.mark.parametrize(
    ("true", "more", "error", "message"),
    [
        (truth().assign(cohort=["a", "a", "b", "d"]), {}, DomainError, r"differ in 2 cohorts, first \['c'\]"),
        (truth().assign(cohort=["a", "b", "b", "c"]), {}, DomainError, "different numbers of customers"),
        (truth().drop(columns="clv"), {}, SchemaError, "the truth has no column 'clv'"),
        (pd.concat([truth(), truth()]), {}, SchemaError, "names a customer twice, first '1'"),
        (
            truth().assign(clv=[1.0, 2.0, 3.0, np.nan]),
            {},
            DomainError,
            "no true value for 1 customers of the truth, first '4'",
        ),
        (
            truth().drop(columns="cohort"),
            {"members": truth()[:3]},
            DomainError,
            "no cohort for 1 customers of the truth, first '4'",
        ),
        (truth(), {"methods": {"x": "gone"}}, SchemaError, "the comparison has no column 'gone'"),
    ],
    ids=["cohorts", "sizes", "no value", "twice", "missing", "no cohort", "method"],
)
def test_what_does_not_belong_together_is_refused(true, more, error, message):
    with pytest.raises(error, match=message):
        score_cohorts(stated(), true, **more)
