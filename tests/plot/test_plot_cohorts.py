"""Pictures of cohorts: what is drawn is what the tables say, for one cohort and for many."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection

from kundenwert import plot
from kundenwert.errors import DomainError
from kundenwert.plot.lines import LOOKS, log_axis, others, picked


def months(number):
    return [str(month) for month in pd.period_range("2019-01", periods=number, freq="M")]


def retention(names, ages=None):
    number = len(names)
    rows = [
        {"cohort": name, "period": "month", "customers": 10 + i, "age": age, "share": 1.0 if age == 0 else 0.5 / age}
        for i, name in enumerate(names)
        for age in range(ages or number - i)
    ]
    return pd.DataFrame(rows)


def revenue(names, *, model=True, scale=1.0):
    parts = []
    for i, name in enumerate(names):
        time = np.linspace(0, 39, 7)
        part = pd.DataFrame({"cohort": name, "time": time, "customers": 10, "actual": scale * (i + 1) * time})
        if model:
            part = part.assign(predicted_mean=part["actual"] * 0.9, predicted_q05=part["actual"] * 0.7)
            part = part.assign(predicted_q95=part["actual"] * 1.2)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def pooled(names):
    raw = np.linspace(0.02, 0.06, len(names))
    return pd.DataFrame(
        {"cohort": names, "customers": np.arange(1, len(names) + 1) * 40, "raw": raw, "pooled_mean": raw / 2 + 0.02,
         "pooled_q05": raw / 2 + 0.015, "pooled_q95": raw / 2 + 0.03, "population_mean": 0.041}
    )  # fmt: skip


def groups(number=10, scale=1.0):
    middle = scale * np.arange(number, 0, -1.0)
    return pd.DataFrame(
        {"decile": np.arange(1, number + 1), "customers": 5.0, "predicted_mean": middle, "actual_mean": middle + scale,
         "predicted_q05": middle * 0.8, "predicted_q95": middle * 1.3, "overall_mean": middle.mean() + scale}
    )  # fmt: skip


PICTURES = {
    "retention_triangle": lambda names, ax=None: plot.retention_triangle(retention(names), ax=ax),
    "cumulative_revenue": lambda names, ax=None: plot.cumulative_revenue(revenue(names), ax=ax),
    "shrinkage": lambda names, ax=None: plot.shrinkage(pooled(names), ax=ax),
    "deciles": lambda names, ax=None: plot.deciles(groups(len(names)), ax=ax),
}
TITLES = {
    "retention_triangle": ("Share of customers who bought, by cohort and age", "Months since acquisition"),
    "cumulative_revenue": ("Revenue per customer so far, by cohort", "Weeks since the end of observation"),
    "shrinkage": ("Repeat purchases, counted and pooled", "Repeat purchases per customer and week"),
    "deciles": ("Hold-out revenue of customers grouped by prediction", "by predicted hold-out revenue"),
}


def test_the_pictures_are_public():
    assert set(PICTURES) <= set(plot.__all__)


@pytest.mark.parametrize("number", [1, 12, 60])
@pytest.mark.parametrize("name", PICTURES)
def test_one_and_many_cohorts_are_drawn(name, number, sound):
    title, x = TITLES[name]
    sound(PICTURES[name](months(number)), title=title, x=x)


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_draws_on_the_axes_given(name, given):
    given(lambda ax: PICTURES[name](months(3), ax))


@pytest.mark.parametrize("name", ["retention_triangle", "cumulative_revenue", "shrinkage"])
def test_any_name_can_be_drawn(name, hostile, sound):
    title, x = TITLES[name]
    sound(PICTURES[name](hostile), title=title, x=x)
    sound(PICTURES[name](hostile[6:7]), title=title, x=x)


def cell_texts(ax):
    return {(int(text.get_position()[1]), int(text.get_position()[0])): text.get_text() for text in ax.texts}


def test_retention_leaves_unobserved_cells_blank_and_draws_zero():
    table = retention(["2024-01", "2024-02", "2024-03"])
    table.loc[(table["cohort"] == "2024-01") & (table["age"] == 2), "share"] = 0.0
    ax = plot.retention_triangle(table)
    assert cell_texts(ax) == {(0, 0): "100", (0, 1): "50", (0, 2): "0", (1, 0): "100", (1, 1): "50", (2, 0): "100"}
    shades = ax.collections[0].get_array()
    assert shades.mask.tolist() == [[False] * 3, [False, False, True], [False, True, True]]
    assert ax.get_yticklabels()[0].get_text() == "2024-01 (n = 10)"
    missing = table.assign(share=table["share"].where(table["age"] != 1))
    assert (0, 1) not in cell_texts(plot.retention_triangle(missing))


def test_retention_shades_span_the_shares_after_acquisition():
    mesh = plot.retention_triangle(retention(months(4))).collections[0]
    assert mesh.get_clim() == (0.0, 0.5)
    assert plot.retention_triangle(retention(["x"])).collections[0].get_clim() == (0.0, 1.0)


def test_many_cells_have_a_scale_instead_of_numbers():
    ax = plot.retention_triangle(retention(months(60)))
    assert not ax.texts
    (scale,) = ax.child_axes
    assert [text.get_text() for text in scale.texts] == ["0", "≥ 50"]
    few = plot.retention_triangle(retention(months(3)))
    assert not few.child_axes


def test_cumulative_revenue_draws_the_table_and_names_a_few():
    table = revenue(months(4), scale=1000.0)
    ax = plot.cumulative_revenue(table)
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == ["2019-01", "2019-04", "actual", "model: expectation, 90 % interval", "2 other cohorts"]
    highest = next(line for line in ax.lines if line.get_label() == "2019-04")
    assert highest.get_ydata()[-1] == 4000.0 * 39
    assert len(ax.collections) == 2
    assert "156,000" not in texts
    assert ax.yaxis.get_major_formatter()(120000) == "120,000"


def test_cumulative_revenue_names_what_it_is_asked_for_and_leaves_the_total_out():
    table = revenue([*months(4), "all"])
    shown = plot.cumulative_revenue(table, show=["2019-02", "all"])
    assert [text.get_text() for text in shown.get_legend().get_texts()][:2] == ["2019-02", "all"]
    texts = [text.get_text() for text in plot.cumulative_revenue(table).get_legend().get_texts()]
    assert "all" not in texts
    assert "2 other cohorts" in texts
    with pytest.raises(DomainError, match=r"1 of them not in the table \(first: \['2030'\]\)"):
        plot.cumulative_revenue(table, show=["2019-02", "2030"])


def test_cumulative_revenue_without_a_model_has_no_band():
    ax = plot.cumulative_revenue(revenue(months(5), model=False), since="acquisition", time_unit="years")
    assert not ax.collections
    assert len(ax.get_legend().get_texts()) == 5
    assert ax.get_xlabel() == "Years since acquisition"


def test_the_legend_leaves_no_name_out():
    texts = [text.get_text() for text in plot.cumulative_revenue(revenue(["_web", " "])).get_legend().get_texts()]
    assert texts[:2] == [" _web", "(no name)"]


def test_cohorts_that_cannot_be_drawn_are_counted():
    table = revenue(months(3))
    table.loc[table["cohort"] == "2019-02", ["actual", "predicted_mean", "predicted_q05", "predicted_q95"]] = np.nan
    texts = [text.get_text() for text in plot.cumulative_revenue(table).get_legend().get_texts()]
    assert texts[-1] == "1 cohort cannot be computed"
    assert "2019-02" not in texts


def test_shrinkage_joins_each_count_to_its_pooled_rate(sound):
    table = pooled(months(4))
    table.loc[1, "raw"] = np.nan
    ax = plot.shrinkage(table)
    joined = ax.lines[0]
    assert joined.get_xdata().tolist() == [0.02, 0.03]
    marks = [group for group in ax.collections if isinstance(group, PathCollection)]
    assert {round(float(group.get_offsets()[-1][0]), 9) for group in marks} == {0.06, 0.05}
    assert np.allclose(marks[0].get_sizes()[1:] / marks[0].get_sizes()[-1], [0.5, 0.75, 1.0])
    sound(ax, title="counted and pooled", x="since the first purchase")


def test_deciles_draw_bars_points_and_the_mean(sound):
    ax = plot.deciles(groups(10, scale=25000.0))
    assert [bar.get_height() for bar in ax.patches] == [25000.0 * i for i in range(11, 1, -1)]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "predicted, 90 % interval of the group's mean", "mean of all", "actual",
    ]  # fmt: skip
    sound(ax, title="Hold-out revenue", x="(1 = highest)")
    bare = plot.deciles(groups(3)[["decile", "predicted_mean", "actual_mean"]])
    assert "predicted" in [text.get_text() for text in bare.get_legend().get_texts()]
    gap = groups(4)
    gap.loc[2, ["predicted_mean", "predicted_q05", "predicted_q95", "actual_mean"]] = np.nan
    sound(plot.deciles(gap), title="Hold-out", x="Groups")


def test_lines_are_picked_from_the_highest_to_the_lowest():
    assert picked(np.arange(9.0)[::-1], 3) == [0, 4, 8]
    assert picked([1.0, np.nan, 2.0], 5) == [0, 2]
    assert picked([1.0, np.nan, 2.0], names=["a", "b", "c"], show=["b", "c"]) == [2]
    assert others(["a", "b", "c"], [0, 1, 2], [1.0, 2.0, 3.0]) == ([], "", "")
    with pytest.raises(DomainError, match="name up to 5 of"):
        picked(np.arange(9.0), names=list("abcdefghi"), show=list("abcdef"))


def test_named_lines_differ_in_more_than_colour():
    assert len({str(line) for _, line, _ in LOOKS}) == len({mark for _, _, mark in LOOKS}) == len(LOOKS)


@pytest.mark.parametrize("values", [[0.99, 1.01], [0.2, 5.0], [1e-4, 1e5], [np.nan, 0.0, -1.0]])
def test_logarithmic_axes_have_plain_numbers(values):
    ax = plt.figure().subplots()
    low, high = log_axis(ax, [pd.Series(values)])
    ax.figure.canvas.draw()
    written = [
        label.get_text() for at, label in zip(ax.get_xticks(), ax.get_xticklabels(), strict=True) if low <= at <= high
    ]
    assert len(written) >= 2
    assert not any("$" in text for text in written)
