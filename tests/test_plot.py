"""Pictures: what is drawn is what the tables say, for few and for many cohorts, and nothing collides."""

from itertools import pairwise

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

from kundenwert import plot
from kundenwert.errors import DomainError
from kundenwert.plot import style


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def cohorts(number):
    months = [str(month) for month in pd.period_range("2019-01", periods=number, freq="M")]
    at = np.arange(number + 1, dtype=float)
    return pd.DataFrame(
        {
            "cohort": [*months, "all"],
            "clv_q05": at - 5,
            "clv_q50": at,
            "clv_q95": at + 5,
            "formula_observed": at - 12,
            "formula_churn": np.where(at < 3, at + 20, np.nan),
            "formula_assumed": at + 30,
            "formula_observed_matched": at - 10,
            "formula_churn_matched": np.where(at < 3, at + 10, np.nan),
            "formula_assumed_matched": at + 15,
            "holdout_revenue": 1000 + at,
            "predicted_holdout_revenue_q05": 900 + at,
            "predicted_holdout_revenue_q50": 990 + at,
            "predicted_holdout_revenue_q95": 1100 + at,
            "formula_holdout_revenue": 2500 + at,
            "formula_repeat_holdout_revenue": 1500 + at,
        }
    )


def tracked():
    ends = pd.date_range("2024-01-07", periods=10, freq="7D")
    grow = np.arange(1.0, 11.0)
    columns = {"period": range(1, 11), "end": ends, "days": 7, "holdout": grow > 6}
    for kind, numbers in (("cumulative", 10 * grow), ("incremental", 10 + 0 * grow)):
        columns[f"actual_{kind}"] = numbers + 1
        for suffix, shift in (("mean", 0), ("q05", -2), ("q50", 0), ("q95", 2)):
            columns[f"expected_{kind}_{suffix}"] = numbers + shift
    return pd.DataFrame(columns)


def coverage_table():
    return pd.DataFrame(
        {
            "quantity": ["purchases", "purchases", "purchases"],
            "scope": ["customer", "customer", "total"],
            "interval": ["outcome", "expectation", "outcome"],
            "cases": [2357, 2357, 1],
            "nominal": 0.9,
            "inside": [0.951, 0.017, 1.0],
        }
    )


def counts():
    return pd.DataFrame(
        {"frequency": ["0", "1", "2+"], "observed": [14, 4, 5], "predicted_mean": [13.0, 5.0, 5.0],
         "predicted_q05": [10, 3, 3], "predicted_q95": [16, 7, 7]}
    )  # fmt: skip


def groups():
    return pd.DataFrame(
        {"frequency": ["0", "1+"], "customers": [1411, 946], "actual_mean": [0.2, 1.6], "predicted_mean": [0.1, 1.7],
         "predicted_q05": [0.0, 1.5], "predicted_q95": [0.2, 1.9]}
    )  # fmt: skip


def values():
    rng = np.random.default_rng(1)
    return pd.DataFrame({"rlv_mean": rng.lognormal(1, 1.5, 300), "frequency": rng.poisson(0.7, 300)})


def purchases(number=5):
    dates = pd.to_datetime(["2024-01-10", "2024-03-01", "2024-08-01"] * number)
    return pd.DataFrame({"customer_id": np.repeat([f"{i:04d}" for i in range(number)], 3), "date": dates})


PICTURES = {
    "repeat_purchase_histogram": lambda ax: plot.repeat_purchase_histogram(counts(), ax),
    "tracking_cumulative": lambda ax: plot.tracking_cumulative(tracked(), ax),
    "tracking_incremental": lambda ax: plot.tracking_incremental(tracked(), ax),
    "conditional_expectation": lambda ax: plot.conditional_expectation(groups(), ax),
    "coverage": lambda ax: plot.coverage(coverage_table(), ax),
    "prior_posterior": lambda ax: plot.prior_posterior(
        [0.1, 1, 2], [0.1, 0.6, 0.1], np.linspace(0.9, 1.1, 50), name="r", ax=ax
    ),
    "formula_versus_posterior": lambda ax: plot.formula_versus_posterior(cohorts(12), ax=ax),
    "holdout_by_cohort": lambda ax: plot.holdout_by_cohort(cohorts(12), ax=ax),
    "rlv_distribution": lambda ax: plot.rlv_distribution(values(), ax=ax),
    "rlv_concentration": lambda ax: plot.rlv_concentration(values(), ax=ax),
    "p_alive_surface": lambda ax: plot.p_alive_surface(
        [1, 2, 3], [0.0, 9.0], [[0.3, 0.2, 0.05], [0.9, 0.95, 0.99]], ax=ax
    ),
    "customer_timelines": lambda ax: plot.customer_timelines(
        purchases(), observation_end="2024-06-30", holdout_end="2024-12-31", p_alive={"0001": 0.5}, ax=ax
    ),
}


def test_every_public_picture_is_in_the_catalogue():
    assert sorted(PICTURES) == sorted(plot.__all__)


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_makes_an_axes_or_draws_on_the_one_given(name):
    made = PICTURES[name](None)
    assert isinstance(made, Axes)
    assert made.get_title(loc="left")
    given = plt.figure(figsize=(7, 4)).subplots()
    assert PICTURES[name](given) is given


@pytest.mark.parametrize("name", PICTURES)
def test_nothing_is_drawn_outside_the_figure(name):
    figure = PICTURES[name](None).figure
    figure.canvas.draw()
    tight = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert tight.x0 >= -0.02
    assert tight.y0 >= -0.02
    assert tight.x1 <= width + 0.02
    assert tight.y1 <= height + 0.02


@pytest.mark.parametrize("name", PICTURES)
def test_tick_labels_do_not_touch_each_other(name):
    ax = PICTURES[name](None)
    ax.figure.canvas.draw()
    for axis in (ax.xaxis, ax.yaxis):
        low, high = sorted(axis.get_view_interval())
        boxes = [
            label.get_window_extent()
            for tick, label in zip(axis.get_majorticklocs(), axis.get_majorticklabels(), strict=True)
            if low <= tick <= high and label.get_text()
        ]
        for one, other in pairwise(boxes):
            assert not one.overlaps(other)


@pytest.mark.parametrize("number", [1, 12, 60])
def test_cohorts_are_drawn_in_rows_whose_labels_do_not_touch(number):
    ax = plot.formula_versus_posterior(cohorts(number))
    ax.figure.canvas.draw()
    boxes = sorted((label.get_window_extent() for label in ax.get_yticklabels()), key=lambda box: box.y0)
    assert all(not one.overlaps(other) for one, other in pairwise(boxes))
    assert ax.get_yticklabels()[-1].get_text() == "all"
    assert len(ax.lines[0].get_ydata()) == number + 1
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


def test_formula_versus_posterior_draws_the_asked_basis_and_counts_the_gaps():
    matched, plain = (plot.formula_versus_posterior(cohorts(12), matched=matched) for matched in (True, False))
    assert matched.lines[2].get_xdata()[0] == 15
    assert plain.lines[2].get_xdata()[0] == 30
    labels = [text.get_text() for text in matched.get_legend().get_texts()]
    assert labels[0] == "posterior: median and 90 % interval"
    assert "formula, 1 / churn (not computable in 10 of 13 rows)" in labels
    assert "no horizon, no discounting" in plain.get_xlabel()


def test_holdout_by_cohort_leaves_the_total_out():
    ax = plot.holdout_by_cohort(cohorts(12))
    assert "all" not in [label.get_text() for label in ax.get_yticklabels()]
    actual = next(line for line in ax.lines if line.get_label() == "actual")
    assert actual.get_xdata().tolist() == [1000.0 + i for i in range(12)]


def test_tracking_marks_the_holdout_and_drops_short_periods():
    ax = plot.tracking_cumulative(tracked())
    assert {"calibration", "hold-out"} <= {text.get_text() for text in ax.texts}
    short = tracked()
    short.loc[0, "days"] = 3
    assert len(plot.tracking_incremental(short).lines[0].get_ydata()) == 9
    alone = plot.tracking_cumulative(tracked().assign(holdout=False))
    assert not alone.texts


def test_coverage_leaves_the_total_out_and_writes_the_shares():
    texts = [text.get_text() for text in plot.coverage(coverage_table()).texts]
    assert texts == ["95 %", "1.7 %", "claimed: 90 %"]


def test_shares_of_few_cases_are_counts():
    few = coverage_table().assign(cases=3, inside=[1 / 3, 2 / 3, 1.0])
    assert [text.get_text() for text in plot.coverage(few).texts[:2]] == ["1 of 3", "2 of 3"]


def test_rlv_distribution_accounts_for_every_customer():
    table = values()
    table.loc[:1, "rlv_mean"] = [1e-9, 0.0]
    ax = plot.rlv_distribution(table)
    left_out = int(ax.texts[0].get_text().split()[0])
    tops = {}
    for bar in ax.patches:
        tops[bar.get_x()] = max(tops.get(bar.get_x(), 0), bar.get_y() + bar.get_height())
    assert sum(tops.values()) + left_out == 300
    assert ax.get_xlim()[0] > 1e-6


def test_rlv_pictures_bear_customers_without_value():
    none = pd.DataFrame({"rlv_mean": [0.0, 0.0], "frequency": [0, 1]})
    assert "2 customers with less are not shown" in plot.rlv_distribution(none).texts[0].get_text()
    assert len(plot.rlv_concentration(none).lines) == 1
    one = pd.DataFrame({"rlv_mean": [5.0], "frequency": [0]})
    assert plot.rlv_distribution(one).get_xscale() == "log"


def test_p_alive_surface_wants_matching_shapes():
    with pytest.raises(DomainError, match=r"shape \(recency, frequency\) = \(2, 3\), not \(3, 2\)"):
        plot.p_alive_surface([1, 2, 3], [1.0, 2.0], np.zeros((3, 2)))


def test_timelines_put_each_probability_beside_its_customer():
    ax = plot.customer_timelines(purchases(3), observation_end="2024-06-30", p_alive={"0002": 0.25, "9999": 1.0})
    found = {text.get_text(): text.xy[1] for text in ax.texts}
    assert found["25 %"] == 2
    assert "100 %" not in found


def test_series_can_be_told_apart_in_grey():
    grey = [np.dot(to_rgb(colour), [0.299, 0.587, 0.114]) for colour in (style.ACTUAL, style.MODEL, style.BAND)]
    assert np.diff(grey).min() > 0.2
    marks = [mark for _, _, mark in plot.money.FORMULA_MARKS.values()]
    assert len(set(marks)) == len(marks)
