"""Pictures: what is drawn is what the tables say, for few and for many cohorts, and nothing collides."""

import io
import warnings
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
from kundenwert.plot import names, style


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
        {"quantity": "purchases", "scope": ["customer", "customer", "total"],
         "interval": ["outcome", "expectation", "outcome"], "cases": [2357, 2357, 1], "nominal": 0.9,
         "inside": [0.951, 0.017, 1.0]}
    )  # fmt: skip


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
    "repeat_purchase_histogram": lambda ax: plot.repeat_purchase_histogram(counts(), ax=ax),
    "tracking_cumulative": lambda ax: plot.tracking_cumulative(tracked(), ax=ax),
    "tracking_incremental": lambda ax: plot.tracking_incremental(tracked(), ax=ax),
    "conditional_expectation": lambda ax: plot.conditional_expectation(groups(), ax=ax),
    "coverage": lambda ax: plot.coverage(coverage_table(), ax=ax),
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


def inside(ax):
    drawn = [ax.get_tightbbox()]
    if ax.get_legend() is not None:
        drawn.append(ax.get_legend().get_window_extent())
    width, height = ax.figure.bbox.size
    return all(box.x0 >= -3 and box.y0 >= -3 and box.x1 <= width + 3 and box.y1 <= height + 3 for box in drawn)


def test_every_public_picture_is_in_the_catalogue():
    assert set(PICTURES) <= set(plot.__all__)


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_makes_an_axes_or_draws_on_the_one_given(name):
    made = PICTURES[name](None)
    assert isinstance(made, Axes)
    assert made.get_title(loc="left")
    given = plt.figure(figsize=(7, 4)).subplots()
    assert PICTURES[name](given) is given


@pytest.mark.parametrize("name", PICTURES)
def test_nothing_is_drawn_outside_the_figure(name):
    ax = PICTURES[name](None)
    ax.figure.canvas.draw()
    assert inside(ax)


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


def drawn_customers(ax):
    tops = {}
    for bar in ax.patches:
        tops[bar.get_x()] = max(tops.get(bar.get_x(), 0), bar.get_y() + bar.get_height())
    return sum(tops.values())


def legend_texts(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_values_below_zero_are_counted_and_shares_come_back_to_one():
    table = pd.DataFrame({"rlv_mean": [50.0, 30.0, 10.0, 8.0, 5.0, 1.0, -1.0, -2.0, -3.0, -18.0], "frequency": 0})
    ax = plot.rlv_distribution(table)
    said = [text.get_text() for text in ax.get_legend().get_texts()]
    assert "4 customers below 0, −6 on average, not shown" in said
    assert sum(bar.get_height() for bar in ax.patches) == 6
    share = plot.rlv_concentration(table)
    line = share.lines[0].get_ydata()
    assert line.max() == pytest.approx(104 / 80)
    assert line[-1] == pytest.approx(1.0)
    assert share.get_ylim()[1] > 1.3
    losing = plot.rlv_distribution(table.assign(rlv_mean=[30.0, *[-10.0] * 9]))
    assert "mean of all customers: −6" in [text.get_text() for text in losing.get_legend().get_texts()]
    none = plot.rlv_distribution(table.assign(rlv_mean=-1.0))
    assert none.texts[0].get_text() == "10 customers without residual value above 0"


@pytest.mark.parametrize(
    ("least", "counted"),
    [
        ([], None),
        ([1e-9], "1 customer with less is not shown"),
        ([0.0, 1e-9], "2 customers with less are not shown"),
        ([0.0] * 1200, "1,200 customers with less are not shown"),
    ],
)
def test_rlv_distribution_accounts_for_every_customer(least, counted):
    table = pd.concat([values(), pd.DataFrame({"rlv_mean": least, "frequency": 0})], ignore_index=True)
    ax = plot.rlv_distribution(table)
    assert drawn_customers(ax) == 300
    assert [text for text in legend_texts(ax) if "shown" in text] == ([counted] if counted else [])
    assert ax.get_xlim()[0] > 1e-6


@pytest.mark.parametrize("amounts", [[5.0], [1e-3, 50.0], [10.0, 20.0, 30.0], [7.0] * 40, list(range(1, 100))])
def test_few_customers_are_all_drawn(amounts):
    ax = plot.rlv_distribution(pd.DataFrame({"rlv_mean": amounts, "frequency": 0}))
    assert drawn_customers(ax) == len(amounts)
    assert not [text for text in legend_texts(ax) if "shown" in text]


def test_rlv_pictures_bear_customers_without_value():
    none = pd.DataFrame({"rlv_mean": [0.0, 0.0], "frequency": [0, 1]})
    said = [plot.rlv_distribution(none.iloc[:number]).texts[0].get_text() for number in (1, 2)]
    assert said == ["1 customer without residual value", "2 customers without residual value"]
    assert len(plot.rlv_concentration(none).lines) == 1


@pytest.mark.parametrize(
    "amounts", [[125.0], [20.0, 30.0, 45.0, 80.0], [1200.0, 4800.0], [0.004, 0.2], [3.0, 900.0], [1e-4, 1e5], [2e7]]
)
def test_values_are_written_as_plain_numbers(amounts):
    ax = plot.rlv_distribution(pd.DataFrame({"rlv_mean": amounts, "frequency": 1}))
    ax.figure.canvas.draw()
    low, high = ax.get_xlim()
    ticks = zip(ax.get_xticks(), ax.get_xticklabels(), strict=True)
    written = [label.get_text() for tick, label in ticks if low <= tick <= high]
    assert len(set(written)) == len(written) >= 2
    assert not any("$" in text or "×" in text for text in written)
    assert not any(label.get_text() for label in ax.get_xticklabels(minor=True))


def falling():
    """Groups whose outcomes and predictions fall into the corner where a legend would stand."""
    band = {"predicted_q05": [2, 0], "predicted_q95": [3.1, 0.3]}
    return groups().assign(actual_mean=[3.0, 0.1], predicted_mean=[2.9, 0.2], **band)


@pytest.mark.parametrize(
    "draw",
    [lambda: plot.conditional_expectation(falling()), lambda: plot.rlv_distribution(values())],
    ids=["conditional expectation", "distribution"],
)
def test_legends_cover_nothing(draw):
    ax = draw()
    ax.figure.canvas.draw()
    assert ax.get_legend().get_window_extent().y0 >= ax.get_window_extent().y1 - 1


def test_conditional_expectation_marks_what_lies_outside():
    ax = plot.conditional_expectation(groups())
    assert [text.get_text() for text in ax.get_legend().get_texts()][1:] == ["actual"]
    table = groups().assign(predicted_q95=[0.15, 1.9])
    ax = plot.conditional_expectation(table)
    outside = next(line for line in ax.lines if line.get_label() == "actual, outside it")
    assert outside.get_ydata().tolist() == [0.2]
    assert outside.get_marker() == "D"
    bars = ax.containers[0][2][0].get_segments()
    assert [segment[:, 1].tolist() for segment in bars] == [[0.0, pytest.approx(0.15)], [1.5, pytest.approx(1.9)]]
    actual = next(line for line in ax.lines if line.get_label() == "actual")
    assert (actual.get_marker(), actual.get_xdata()[0] < 0 < bars[0][0, 0]) == ("o", True)
    without = plot.conditional_expectation(table.drop(columns=["predicted_q05", "predicted_q95"]))
    assert [text.get_text() for text in without.get_legend().get_texts()] == ["actual", "predicted"]


def test_pictures_of_the_page_have_type_of_one_size():
    widths = {name: PICTURES[name](None).figure.get_size_inches()[0] for name in PICTURES}
    del widths["prior_posterior"], widths["p_alive_surface"]  # drawn in pairs, and alone at their own size
    assert set(widths.values()) == {7.2}


def below_zero():
    """Draw groups whose predictions lie below nothing."""
    below = groups().assign(actual_mean=[-0.05, 0.02], predicted_mean=[-0.05, 0.02], predicted_q05=[-0.06, 0.0])
    ax = plot.conditional_expectation(below)
    ax.set_ylim(-0.1, 0.1)
    return ax


@pytest.mark.parametrize(
    ("draw", "side"),
    [
        (below_zero, "yaxis"),
        (lambda: plot.prior_posterior([-0.1, 0.1], [1, 1], np.linspace(-0.05, 0.05, 9), name="r"), "xaxis"),
        (lambda: plot.formula_versus_posterior(cohorts(3)), "xaxis"),
    ],
    ids=["conditional expectation", "prior", "formula"],
)
def test_every_axis_has_the_same_minus_sign(draw, side):
    with mpl.rc_context({"axes.unicode_minus": False}):
        ax = draw()
        ax.figure.canvas.draw()
        written = "".join(label.get_text() for label in getattr(ax, side).get_ticklabels())
        assert "\N{MINUS SIGN}" in written
        assert "-" not in written


HOSTILE = {
    "formula": "$x^2$",
    "broken formula": r"$\frac{$",
    "escaped": r"\$5 to $20 a\_b {c}^d \\",
    "long": "Süd & Ost " * 20,
    "one word": "W" * 150,
    "not in the font": "Zoë 顧客 🙂",
    "control": "a\nb\tc\0d\r\x1b[0m e\u2028f\u2029g",
    "invisible": "a\u200bb\u202ec\u00add",
    "marks": "a" + "\u0301\u0323" * 30,
    "right to left": "شركة עברית",
    "joined": "👨\u200d👩\u200d👧 \U000e0041 \uffff \ufdfd \U0010ffff",
    "nothing": " \n ",
    "total": "all",
}


def hostile_pictures(hostile):
    number = len(hostile)
    table = cohorts(number).assign(cohort=[*hostile, "all"])
    bought = purchases(number).assign(customer_id=np.repeat(hostile, 3))
    rows = {"quantity": hostile, "scope": "cohort", "interval": "outcome", "cases": 9, "nominal": 0.9, "inside": 0.5}
    few = [*hostile[:1], "1", "2+"]
    yield plot.formula_versus_posterior(table)
    yield plot.holdout_by_cohort(table)
    yield plot.customer_timelines(bought, observation_end="2024-06-30", p_alive={hostile[0]: 0.5})
    yield plot.coverage(pd.DataFrame(rows))
    yield plot.repeat_purchase_histogram(counts().assign(frequency=few))
    yield plot.conditional_expectation(groups().assign(frequency=few[:2]))
    yield plot.prior_posterior([0.1, 1, 2], [0.1, 0.6, 0.1], np.linspace(0.9, 1.1, 50), name=hostile[0])
    yield plot.p_alive_surface([1, 2], [0.0, 9.0], [[0.3, 0.2], [0.9, 0.95]], time_unit=hostile[0])


@pytest.mark.parametrize(
    "hostile",
    [[*HOSTILE.values()], *([HOSTILE[name]] for name in ("one word", "long", "not in the font", "marks"))],
    ids=["all", "one word", "long", "not in the font", "marks"],
)
def test_any_name_can_be_drawn(hostile):
    for ax in hostile_pictures(hostile):
        figure = ax.figure
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            figure.canvas.draw()
            figure.savefig(io.BytesIO(), format="svg")
        assert inside(ax)
        assert ax.get_window_extent().width > 0.4 * figure.bbox.width
        plt.close(figure)


def test_names_are_drawn_as_they_are_written():
    table = cohorts(2).assign(cohort=["$x^2$", r"$\frac{$", "all"])
    left, right = plt.figure(figsize=(9, 4)).subplots(1, 2, sharey=True)
    plot.formula_versus_posterior(table, ax=left)
    left.yaxis.reset_ticks()
    right.tick_params(labelleft=True)
    for labels in (left.get_yticklabels(), right.get_yticklabels()):
        assert [label.get_text() for label in labels] == table["cohort"].tolist()
        assert not any(label.get_parse_math() for label in labels)


def test_long_names_keep_both_ends_and_short_ones_stay():
    assert names.plain("Filiale Hamburg") == "Filiale Hamburg"
    assert names.plain("x" * 28) == "x" * 28
    short = names.plain("A" + "i" * 150 + "Z")
    assert len(short) == 28
    assert (short[0], short[13], short[-1]) == ("A", "…", "Z")
    assert names.plain("W" * 28).count("W") < 20
    assert names.plain("Z" * 9, longest=2) == "…Z"


def test_characters_that_the_font_lacks_are_boxes():
    assert names.plain("Zoë 顧客 🙂") == "Zoë □□ □"
    assert names.plain("Zoe\u0308") == "Zoë"
    assert names.plain("a\n\tb\u202ec\ud800") == "a bc□"
    assert names.plain("e" + "\u0323" * 40) == "ẹ\u0323\u0323"
    with mpl.rc_context({"font.family": ["a font that nobody has"]}):
        assert names.plain("ë 顧") == "ë □"


def test_a_cohort_called_as_the_total_is_told_apart():
    table = cohorts(2).assign(cohort=["all", "web", "all"])
    ax = plot.formula_versus_posterior(table)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["all", "web", "all (total)"]
    shown = plot.holdout_by_cohort(table)
    assert [label.get_text() for label in shown.get_yticklabels()] == ["all", "web"]


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
