"""Sentences of the report, which have to agree with the tables beside them, on tables made by hand."""

import pandas as pd
import pytest

from kundenwert.report import argument, sections, texts
from kundenwert.report.run import Run

FACTS = {"revenue": 10_000.0, "orders": 100, "customers": 50, "nominal": 0.9, "time_unit": "W"}


def of(facts=None, **tables):
    return Run(tables, FACTS | (facts or {}), {})


def information(evpi, evsi, error):
    size = len(evsi)
    table = pd.DataFrame({"cohort": ["web", "fair"][:size], "customers": 100, "evsi": evsi, "evsi_error": error})
    return argument._information(of(information=table.assign(evpi=evpi, action="web")))


def test_data_whose_value_stands_out_are_named():
    said = information(9.0, [2.0, 3.0], [0.1, 1.5])
    assert "acquire customers of “web”" in said
    assert "“web” for a month is worth about 2.00" in said, "the larger value of the other does not stand out"


@pytest.mark.parametrize("evsi", [[0.0, 0.0], [0.2, 0.29]])
def test_a_value_that_could_be_nothing_is_not_told(evsi):
    said = information(9.0, evsi, [0.1, 0.1])
    assert "worth 9.00 per customer" in said
    assert "The data are too few to tell what watching" in said
    assert "0.2" not in said


def test_no_data_are_worth_more_than_certainty():
    said = information(0.09, [0.05, 0.0], [0.001, 0.001])
    assert "less than 1 ‰ of an order per customer" in said
    assert "would not change" not in said, "the best action may well change"


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.90, 0.97, "too low, as when those who buy often also stay longer"),
        (1.005, 1.06, "too high, as when those who buy often stay less long"),
        (0.99, 1.06, "do not say in which direction"),
        (float("nan"), float("nan"), "do not say in which direction"),
    ],
)
def test_heterogeneity_is_told_the_way_it_goes(low, high, words):
    steps = pd.DataFrame({"step": ["frequency", "heterogeneity"], "factor_q05": [0.5, low], "factor_q95": [0.6, high]})
    assert words in texts.WHY.format(heterogeneity=argument._heterogeneity(steps))


@pytest.mark.parametrize(
    ("horizon", "words"),
    [(260.0, "never will within the horizon"), (float("inf"), "The curve ends after 260 weeks, the horizon does not")],
)
def test_a_curve_that_ends_before_the_horizon_says_so(horizon, words):
    run = of({"assumptions": {"horizon": horizon}})
    assert words in argument._rest(run, pd.DataFrame({"time": [0.0, 130.0, 260.0]}))


@pytest.mark.parametrize("praise", ["Neither is wrong", "are right", "known well"])
def test_intervals_are_not_praised_unseen(praise):
    assert praise not in " ".join((*texts.LESSON, texts.TOTALS))


@pytest.mark.parametrize(("verdict", "told"), [("fail", [texts.TOO_NARROW]), ("pass", [])])
def test_intervals_are_praised_only_where_they_hold(verdict, told):
    checks = pd.DataFrame({"check": ["Customers' intervals are honest"], "verdict": [verdict]})
    assert sections._too_narrow(of(checks=checks)) == told


def test_the_intervals_probability_is_written_once():
    assert not [name for name, text in vars(texts).items() if name.isupper() and "90" in str(text)]


NO_SPEND = "the law of spend has no mean in 3.0 % of the draws (q ≤ 1)"


@pytest.mark.parametrize(
    ("cohorts", "notes", "told"),
    [(["all"], [NO_SPEND], [NO_SPEND]), (["a", "b"], [NO_SPEND, ""], [f"a: {NO_SPEND}"])],
    ids=["all", "one cohort"],
)
def test_what_cannot_be_expected_is_said_below_the_tables(cohorts, notes, told):
    assert argument._spend_notes(pd.DataFrame({"cohort": cohorts, "note": notes})) == told


def test_a_mean_without_a_value_is_no_headline():
    everybody = pd.Series(
        {"formula_assumed_matched": 40.0, "clv_mean": float("inf"), "clv_q05": 20.0, "clv_q50": 30.0, "clv_q95": 60.0}
    )
    said = sections._answer(of({"lifespan_years": 3.0}), everybody)
    assert "puts it at 30.00 (the median; the mean has no finite value) (90\N{NO-BREAK SPACE}% interval" in said
    assert "is good enough here" not in said
    assert texts.NO_MEAN in said
    assert texts.INSIDE in sections._answer(of({"lifespan_years": 3.0}), everybody.replace({float("inf"): 35.0}))


@pytest.mark.parametrize(("end", "divided"), [("2024-01-31", True), (None, False)])
def test_without_a_hold_out_no_line_divides_the_picture(end, divided):
    assert ("left of the line" in sections._tracking(of({"holdout_end": end}))) is divided


@pytest.mark.parametrize(
    "puzzling",
    ["has {mae}", "told from nothing", "told apart by", "customers who are not there", "stand here for the record"],
)
def test_no_sentence_needs_a_second_reading(puzzling):
    sentences = [value for name, value in vars(texts).items() if name.isupper()]
    assert len(sentences) > 80
    assert puzzling not in str(sentences)


def test_the_verdict_reads_as_one_would_say_it():
    said = texts.VERDICT.format(among="", mae="the posterior", bias="NBD: nobody ever leaves", gini="the posterior")
    assert said.startswith(
        "In this hold-out the most accurate forecast for single customers (absolute error) was the posterior. "
        "The closest total came from NBD: nobody ever leaves, and the best ranking of customers (Gini) from the posterior."
    )
