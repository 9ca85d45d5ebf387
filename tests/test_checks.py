"""The verdicts that a reader sees first, on tables made by hand."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from kundenwert.data.account import Entry, Note, RowAccount
from kundenwert.messages import Code
from kundenwert.sources import Place
from kundenwert.validate import Independence, checks
from kundenwert.validate.checks import History


def account(kept=90, merged=5, excluded=5):
    entries = (
        Entry("kept", Code.PURCHASE, kept),
        Entry("merged", Code.SAME_DAY, merged),
        Entry("excluded", Code.NO_DATE, excluded),
    )
    return RowAccount(kept + merged + excluded, entries)


def bars(outside=0, total=8):
    observed = np.full(total, 10)
    observed[:outside] = 99
    return pd.DataFrame({"observed": observed, "predicted_q05": 5.0, "predicted_q95": 15.0})


def together(correlation=0.05, q05=-0.1, q95=0.2):
    return Independence(correlation, q05, q95, correlation, 100, "The sentence about spend.")


def errors(mean=0.7, median=0.6, rival=0.8, revenue=0.0):
    models = ["posterior mean", "posterior median", "rate so far", "nobody returns"]
    purchases = pd.DataFrame({"quantity": "purchases", "model": models, "mae": [mean, median, rival, rival + 1]})
    money = pd.DataFrame({"quantity": "revenue", "model": models, "mae": [9.0, 9.0, revenue, revenue]})
    return pd.concat([purchases, money], ignore_index=True)


def covered(inside=0.95, purchases=50.0, revenue=500.0):
    rows = []
    for quantity, actual, low, high in (("purchases", purchases, 40, 60), ("revenue", revenue, 400, 600)):
        for interval, share in (("expectation", 0.01), ("outcome", inside)):
            rows += [
                {"quantity": quantity, "scope": "customer", "interval": interval, "inside": share},
                {"quantity": quantity, "scope": "total", "interval": interval, "actual": actual}
                | ({"lower": low, "upper": high} if interval == "outcome" else {"lower": 0, "upper": 0}),
            ]
    return pd.DataFrame(rows).assign(nominal=0.9)


@pytest.fixture
def fits(passed, failed):
    def _fits(*, purchases=True, spend=True):
        pair = {"purchase": purchases, "spend": spend}
        return {name: SimpleNamespace(diagnosis=passed if good else failed) for name, good in pair.items()}

    return _fits


@pytest.fixture
def judge(fits):
    def _judge(*, rows=None, of=None, histogram=None, spend=None, scores=None, coverage=None):
        table = checks(
            account() if rows is None else rows,
            of or fits(),
            bars() if histogram is None else histogram,
            spend or together(),
            errors() if scores is None else scores,
            covered() if coverage is None else coverage,
        )
        assert list(table.columns) == ["check", "finding", "verdict"]
        assert table["finding"].str.len().gt(0).all()
        assert table["check"].is_unique
        assert set(table["verdict"]) <= {"pass", "caution", "fail", "not checked"}
        return table.set_index("check")

    return _judge


def one(table, words):
    found = table.loc[[name for name in table.index if words in name]]
    assert len(found) == 1, words
    return found["verdict"].iloc[0], found["finding"].iloc[0]


def test_all_is_well(judge):
    table = judge()
    assert set(table["verdict"]) == {"pass"}
    assert len(table) == 9


@pytest.mark.parametrize(("excluded", "verdict"), [(0, "pass"), (9, "pass"), (10, "caution"), (60, "caution")])
def test_rows(judge, excluded, verdict):
    state, finding = one(judge(rows=account(100 - excluded, 0, excluded)), "row")
    assert state == verdict
    assert f"100 rows read: {100 - excluded} kept, 0 merged, {excluded} excluded ({excluded}.0" in finding


def test_convergence(judge, fits):
    table = judge(of=fits(spend=False))
    assert one(table, "purchase model converged") == ("pass", "R-hat 1")
    assert one(table, "spend model converged") == ("fail", "failed: R-hat (R-hat 1.7)")


@pytest.mark.parametrize(("outside", "verdict"), [(0, "pass"), (2, "pass"), (3, "caution"), (8, "caution")])
def test_histogram(judge, outside, verdict):
    state, finding = one(judge(histogram=bars(outside)), "reproduces")
    assert state == verdict
    assert f"{8 - outside} of 8 bars" in finding


@pytest.mark.parametrize(
    ("scores", "verdict"),
    [
        (errors(0.9, 0.6, 0.8), "pass"),  # the median alone is better
        (errors(0.7, 0.9, 0.8), "pass"),
        (errors(0.9, 0.9, 0.8), "caution"),
        (errors(0.8, 0.9, 0.8), "caution"),  # a tie is not better:
        (errors(0.9, 0.8, 0.8), "caution"),  # a median that is 0 for everybody says that nobody returns
        (errors(revenue=99.0), "pass"),  # revenue has no say
    ],
)
def test_baselines(judge, scores, verdict):
    state, finding = one(judge(scores=scores), "Better")
    assert state == verdict
    assert "“rate so far” 0.800" in finding


@pytest.mark.parametrize(
    ("inside", "verdict"), [(1.0, "pass"), (0.9, "pass"), (0.851, "pass"), (0.849, "fail"), (0.0, "fail")]
)
def test_customers_intervals(judge, inside, verdict):
    state, finding = one(judge(coverage=covered(inside)), "honest")
    assert state == verdict
    assert f"{100 * inside:.1f}" in finding


@pytest.mark.parametrize(
    ("actual", "verdict", "where"),
    [(40, "pass", "inside"), (60, "pass", "inside"), (39, "caution", "below"), (61, "caution", "above")],
)
def test_totals(judge, actual, verdict, where):
    table = judge(coverage=covered(purchases=actual, revenue=10 * actual))
    for quantity, times in (("purchases", 1), ("revenue", 10)):
        state, finding = one(table, f"total of {quantity}")
        assert state == verdict
        assert f"actual {times * actual}, 90 % interval {times * 40} to {times * 60}: {where}" in finding
        assert ("season" in finding) == (verdict == "caution")
        assert ("One total in 10 leaves such an interval by chance" in finding) == (verdict == "caution")
        assert "misses" not in finding, "a right model leaves it once in ten times"


@pytest.mark.parametrize(
    ("spend", "verdict"),
    [
        (together(0.05, -0.1, 0.2), "pass"),
        (together(0.19, 0.1, 0.3), "pass"),  # sure, but small
        (together(0.5, -0.1, 0.9), "pass"),  # large, but not sure
        (together(0.2, 0.1, 0.3), "caution"),
        (together(-0.4, -0.5, -0.3), "caution"),
    ],
)
def test_independence(judge, spend, verdict):
    assert one(judge(spend=spend), "Spend independent") == (verdict, spend.sentence)


def test_independence_that_cannot_be_computed(judge):
    nothing = Independence(np.nan, np.nan, np.nan, np.nan, 1, "Too few customers to tell.")
    assert one(judge(spend=nothing), "Spend independent") == ("not checked", nothing.sentence)


def test_without_a_hold_out(fits):
    table = checks(account(), fits(), bars(), together(), None, None).set_index("check")
    state, finding = one(table, "Hold-out")
    assert state == "not checked"
    assert "no hold-out" in finding
    assert len(table) == 6


@pytest.mark.parametrize(
    ("history", "verdict", "words"),
    [
        (History(2357, 946, 38.9, 52.0, "weeks"), "pass", "946 of 2,357 customers bought again within 38.9 weeks"),
        (History(5, 4, 38.9, 52.0, "weeks"), "caution", "the results depend much on the priors"),
        (History(400, 100, 8.4, 52.0, "weeks"), "caution", "52 weeks ahead. So far ahead, values depend on the form"),
        (History(400, 100, 36.0, np.inf, "months"), "caution", "values look without end"),
    ],
)
def test_how_much_there_is_to_go_by(fits, history, verdict, words):
    table = checks(account(), fits(), bars(), together(), None, None, history).set_index("check")
    assert table.loc["Enough to go by", "verdict"] == verdict
    assert words in table.loc["Enough to go by", "finding"]


def test_what_may_be_a_sum_calls_for_caution(fits):
    notes = (Note(Code.DOMINANT_ROW, 1, (Place("line 7", "'Summe'"),), caution=True, figures={"share": 50.0}),)
    rows = RowAccount(10, (Entry("kept", Code.PURCHASE, 9), Entry("excluded", Code.NO_AMOUNT, 1, money=-250.0)), notes)
    row = checks(rows, fits(), bars(), together(), None, None).set_index("check").loc["Every row accounted for"]
    assert row["verdict"] == "caution"
    assert (
        "rows excluded for their content hold 250 of money. one row holds 50 % of all money: is it a line of totals? "
        "(line 7: 'Summe')" in row["finding"]
    )
