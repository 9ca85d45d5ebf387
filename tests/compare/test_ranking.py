"""Errors, rank correlation, capture and Gini: by hand, against all orders of the tied, and blind to the row order."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from kundenwert.compare import capture, normalised_gini, ranking, score_baselines, spearman
from kundenwert.compare.ranking import picked_sum
from kundenwert.errors import DomainError, SchemaError

TRUTH = np.array([10.0, 0.0, 6.0, 8.0, 0.0])
TIED = np.array([3.0, 2.0, 2.0, 2.0, 1.0])


def all_orders(score, truth):
    """Every order, best first, that the scores allow."""
    for order in itertools.permutations(range(len(score))):
        if (np.diff(score[list(order)]) <= 0).all():
            yield truth[list(order)]


def lorenz_gini(ordered):
    """Gini of values taken best first, by the area under their cumulated share."""
    shares = np.concatenate([[0], np.cumsum(ordered) / ordered.sum()])
    return 2 * np.trapezoid(shares, dx=1 / len(ordered)) - 1


@pytest.mark.parametrize(("share", "k"), [(0.2, 1), (0.4, 2), (0.5, 3), (0.6, 3), (1.0, 5)])
def test_picks_among_ties_are_averaged_over_all_orders(share, k):
    orders = list(all_orders(TIED, TRUTH))
    assert len(orders) == 6
    wanted = np.mean([order[:k].sum() for order in orders])
    assert picked_sum(TIED, TRUTH, share) == pytest.approx(wanted, rel=1e-14)
    assert capture(TIED, TRUTH, share=share) == pytest.approx(wanted / -np.sort(-TRUTH)[:k].sum(), rel=1e-14)


def test_the_gini_of_ties_is_averaged_over_all_orders():
    orders = list(all_orders(TIED, TRUTH))
    wanted = np.mean([lorenz_gini(order) for order in orders]) / lorenz_gini(-np.sort(-TRUTH))
    assert normalised_gini(TIED, TRUTH) == pytest.approx(wanted, rel=1e-13)


@pytest.mark.parametrize("measure", [capture, normalised_gini, spearman])
def test_the_order_of_rows_says_nothing(measure):
    rng = np.random.default_rng(1)
    score, truth = rng.integers(0, 4, 500).astype(float), rng.gamma(0.4, 50.0, 500)
    best, worst = np.argsort(-truth), np.argsort(truth)
    assert measure(score[best], truth[best]) == pytest.approx(measure(score[worst], truth[worst]), abs=1e-13)


def test_scores_that_are_all_the_same_rank_nobody():
    same, truth = np.ones(500), np.random.default_rng(1).gamma(0.4, 50.0, 500)
    assert capture(same, truth) == pytest.approx(truth.mean() * 50 / np.sort(truth)[-50:].sum(), rel=1e-12)
    assert normalised_gini(same, truth) == 0.0
    assert np.isnan(spearman(same, truth))


def test_bounds():
    rng = np.random.default_rng(2)
    truth = rng.gamma(0.4, 50.0, 300)
    assert capture(np.exp(truth / 100), truth) == 1.0
    assert normalised_gini(truth**3, truth) == pytest.approx(1.0)
    assert normalised_gini(-truth, truth) == pytest.approx(-1.0)
    assert spearman(-truth, truth) == pytest.approx(-1.0)
    assert np.isnan(capture([1.0, 2.0], [0.0, 0.0]))
    assert np.isnan(normalised_gini([1.0, 2.0], [3.0, 3.0]))
    score = rng.integers(0, 9, 300)
    assert spearman(score, truth) == pytest.approx(stats.spearmanr(score, truth).statistic, abs=1e-13)


def test_ranking_leaves_missing_predictions_out():
    table = ranking(pd.DataFrame({"some": [1.0, np.nan, 3.0], "none": [np.nan] * 3}), [1.0, 9.0, 2.0], share=0.5)
    assert table["cases"].tolist() == [2, 0]
    assert table["spearman"].tolist()[0] == pytest.approx(1.0)
    assert table.loc[1, ["spearman", "top_capture", "gini"]].isna().all()


@pytest.fixture
def scored():
    predictions = pd.DataFrame(
        {
            "a": [1.0, 2.0, 3.0, 4.0],
            "b": [0.0, np.nan, 6.0, np.nan],
            "empty": [np.nan] * 4,
            "truth": [0.0, 1.0, 2.0, 7.0],
        }
    )
    return predictions, np.array([0.0, 1.0, 2.0, 7.0]), ["x", "x", "y", "y"]


def test_scores_by_hand(scored):
    table = score_baselines(*scored, share=0.25).set_index("method")
    row = table.loc["a"]
    assert row["mae"] == (1 + 1 + 1 + 3) / 4
    assert row["rmse"] == pytest.approx(np.sqrt(12 / 4))
    assert row["bias"] == 0.0
    assert (row["predicted_total"], row["actual_total"]) == (10.0, 10.0)
    assert (row["cohort_mae"], row["cohort_wape"]) == (2.0, 0.4)
    assert (row["spearman"], row["top_capture"], row["gini"]) == pytest.approx((1, 1, 1))
    assert (table.loc["b", "customers"], table.loc["b", "missing"]) == (2, 2)
    assert table.loc["b", ["mae", "bias", "cohort_mae"]].tolist() == [2.0, 2.0, 2.0]
    assert table.loc["empty", ["mae", "bias", "gini", "cohort_mae"]].isna().all()
    assert table.loc["truth", ["mae", "rmse", "bias", "cohort_wape"]].tolist() == [0, 0, 0, 0]


def test_on_common_customers_all_are_scored_alike(scored):
    predictions, actual, cohort = scored
    table = score_baselines(predictions, actual, cohort, common=True).set_index("method")
    assert table["customers"].to_dict() == {"a": 2, "b": 2, "empty": 0, "truth": 2}
    assert table.loc["a", "mae"] == 1.0
    assert table.loc["a", "actual_total"] == table.loc["b", "actual_total"] == 2.0


def test_notes_say_why(scored):
    predictions, actual, cohort = scored
    notes = pd.DataFrame("", index=predictions.index, columns=predictions.columns)
    notes.loc[[1, 3], "b"] = "one purchase only"
    table = score_baselines(predictions, actual, cohort, notes=notes).set_index("method")
    assert table["note"].to_dict() == {"a": "", "b": "one purchase only", "empty": "", "truth": ""}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"actual": [0.0, 1.0, 2.0]}, "3 true values for 4 predictions"),
        ({"cohort": ["x", "y"]}, "2 cohort labels for 4 customers"),
    ],
    ids=["truth", "cohorts"],
)
def test_what_cannot_be_scored_is_refused(scored, change, message):
    predictions, actual, cohort = scored
    with pytest.raises(SchemaError, match=message):
        score_baselines(predictions, **{"actual": actual, "cohort": cohort, **change})


def test_what_cannot_be_ranked_is_refused(scored):
    predictions, actual, _ = scored
    with pytest.raises(DomainError, match="missing or infinite in 1 rows, first row 2"):
        ranking(predictions, [0.0, 1.0, np.nan, 2.0])
    with pytest.raises(DomainError, match=r"share=0 of 4 customers cannot be picked"):
        capture(actual, actual, share=0)


def test_cohorts_without_a_prediction_do_not_dilute_the_error_of_cohorts():
    """Totals of a are off by 4, of b by 2: the mean is 3, whether or not a third cohort is left out."""
    guess = pd.DataFrame({"some": [5.0, 1.0, 7.0, np.nan], "all": [5.0, 1.0, 7.0, 3.0]})
    scores = score_baselines(guess, [2.0, 0.0, 5.0, 3.0], ["a", "a", "b", "c"]).set_index("method")
    assert scores.loc["some", ["missing", "cohort_mae", "cohort_wape"]].tolist() == pytest.approx([1, 3.0, 6 / 7])
    assert scores.loc["all", ["missing", "cohort_mae", "cohort_wape"]].tolist() == pytest.approx([0, 2.0, 6 / 10])
