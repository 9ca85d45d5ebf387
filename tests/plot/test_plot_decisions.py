"""Pictures for decisions: money adds up, factors stand where they belong, the best method comes first."""

import numpy as np
import pandas as pd
import pytest

from kundenwert import plot
from kundenwert.compare import FACTORS
from kundenwert.errors import DomainError, SchemaError
from kundenwert.plot.reasons import DOWN, MARKS, UP


def decomposed(names, *, scale=1.0, missing=()):
    steps = ["formula", *FACTORS, "posterior", "ratio"]
    money = scale * np.array([100.0, -10.0, -20.0, 90.0, 30.0, -5.0, 185.0, 85.0])
    factor = np.array([np.nan, 1.11, 1.29, 0.44, 0.84, 1.03, np.nan, 0.54])
    parts = []
    for name in [*names, "all"]:
        part = pd.DataFrame({"cohort": name, "customers": 9, "step": steps, "note": ""})
        part = part.assign(money_mean=money, money_q05=money - 8 * scale, money_q95=money + 8 * scale)
        part = part.assign(factor_q50=factor, factor_q05=0.9 * factor, factor_q95=1.2 * factor)
        if name in missing:
            wrong = part["step"] != "posterior"
            part.loc[wrong, [column for column in part if column[-3:] in {"q05", "q50", "q95", "ean"}]] = np.nan
            part["note"] = "no repeat purchase: 1 / churn is infinite"
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def curves(names, scale=1.0):
    time = np.linspace(0, 104, 9)
    parts = []
    for i, name in enumerate(names):
        middle = scale * (10 + i + 0.2 * time)
        part = pd.DataFrame(
            {"cohort": name, "time": time, "p_paid_back": 0.9 * time / 104 / (i + 1), "cac": 20.0 * scale}
        )
        part = part.assign(expected_margin_mean=middle, expected_margin_q05=0.9 * middle)
        parts.append(part.assign(expected_margin_q95=1.2 * middle, p_expected_covers=0.5))
    return pd.concat(parts, ignore_index=True)


def pairs(names):
    number = np.arange(len(names))
    worth = 1 / (1 + np.exp((number[:, None] - number[None]) / 3))
    return pd.DataFrame(worth, index=names, columns=names)


def scored(names, **changed):
    error = 20.0 + np.arange(len(names))
    table = {"method": names, "customers": 90, "missing": 0, "mae": error, "rmse": 2 * error, "bias": error / 100}
    table |= {"spearman": 0.4, "top_capture": 0.6, "gini": np.linspace(0.1, 0.9, len(names))}
    return pd.DataFrame(table | {"cohort_mae": 50 * error, "cohort_wape": 0.3} | changed)


def months(number):
    return [str(month) for month in pd.period_range("2019-01", periods=number, freq="M")]


PICTURES = {
    "waterfall": lambda names, ax=None: plot.waterfall(decomposed(names), names[0], ax=ax),
    "factors": lambda names, ax=None: plot.factors(decomposed(names), ax=ax),
    "payback": lambda names, ax=None: plot.payback(curves(names), ax=ax),
    "payback_margin": lambda names, ax=None: plot.payback_margin(curves(names), ax=ax),
    "better": lambda names, ax=None: plot.better(pairs(names), ax=ax),
    "scores": lambda names, ax=None: plot.scores(scored(names), ax=ax),
}
TITLES = {
    "waterfall": ("From the formula to the posterior", "Value of a customer before acquisition cost"),
    "factors": ("Why formula and posterior differ", "Factor formula ÷ posterior"),
    "payback": ("Share of new customers who have paid back", "Weeks since the first purchase"),
    "payback_margin": ("Expected margin of a new customer", "Weeks since the first purchase"),
    "better": ("Which cohort is worth more, after cost", "Than this one"),
    "scores": ("Who predicts best", "Mean absolute error per customer; lower is better"),
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


@pytest.mark.parametrize("name", PICTURES)
def test_any_name_can_be_drawn(name, hostile, sound):
    title, x = TITLES[name]
    sound(PICTURES[name](hostile), title=title, x=x)
    sound(PICTURES[name](hostile[6:7]), title=title, x=x)
    if name == "waterfall":
        for one in (hostile[1], hostile[5], hostile[7]):
            sound(plot.waterfall(decomposed(hostile), one), title=title, x=x)


def test_waterfall_adds_up_from_formula_to_posterior():
    ax = plot.waterfall(decomposed(["a"], scale=1000.0), "a")
    ends = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in ax.patches]
    assert ends[0] == (0.0, 100_000.0)
    assert [start for start, _ in ends[1:6]] == [end for _, end in ends[:5]]
    assert ends[5][1] == ends[6][1] == 185_000.0
    texts = [text.get_text() for text in ax.texts]
    assert texts[:4] == ["100,000", "−10,000", "×1.11 (1.00 to 1.33)", "−20,000"]
    assert "×0.44 (0.40 to 0.53)" in texts
    assert "+90,000" in texts


def test_waterfall_tells_up_from_down_in_grey():
    ax = plot.waterfall(decomposed(["a"]), "a")
    assert [bar.get_hatch() or "" for bar in ax.patches] == ["", "////", "////", "", "", "////", ""]
    assert UP[1] != DOWN[1]


def test_waterfall_says_why_there_is_nothing_to_draw(sound):
    ax = plot.waterfall(decomposed(["a", "b"], missing=["b"]), "b")
    assert ax.texts[0].get_text() == "not computable: no repeat purchase: 1 / churn is infinite"
    assert not ax.patches
    sound(ax, title="From the formula to the posterior: b", x="Value of a customer")


def test_waterfall_of_a_cohort_called_as_the_total_is_the_total():
    table = decomposed(["all"])
    table.loc[table.index >= 8, "money_mean"] *= 2
    assert plot.waterfall(table, "all").patches[0].get_width() == 200.0


@pytest.mark.parametrize(
    ("cohort", "gone", "error", "message"),
    [
        ("z", "none", DomainError, r"no cohort 'z'; choose one of 'a', 'all'"),
        ("a", "lifespan", SchemaError, "no step lifespan"),
    ],
)
def test_waterfall_refuses_what_is_not_there(cohort, gone, error, message):
    with pytest.raises(error, match=message):
        plot.waterfall(decomposed(["a"]).query("step != @gone"), cohort)


def test_factors_stand_at_their_values_on_a_logarithmic_axis():
    ax = plot.factors(decomposed(["a", "b"], missing=["b"]))
    assert ax.get_xscale() == "log"
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts[0] == "Order value (not computable in 1 of 3 rows)"
    drawn = next(line for line in ax.lines if str(line.get_label()).startswith("Lifespan"))
    assert np.array_equal(drawn.get_xdata(), [0.44, np.nan, 0.44], equal_nan=True)
    assert len({mark for _, mark in MARKS.values()}) == len(MARKS) == len(FACTORS)
    low, high = ax.get_xlim()
    assert low < 0.44 * 0.9
    assert high > 1.29 * 1.2


def test_factors_tell_a_cohort_called_as_the_total_apart():
    ax = plot.factors(decomposed(["all", "web"]))
    assert [label.get_text() for label in ax.get_yticklabels()] == ["all", "web", "all (total)"]


def test_payback_draws_the_shares_and_names_the_costs():
    ax = plot.payback(curves(["a", "b"], scale=1000.0))
    first = next(line for line in ax.lines if line.get_label() == "a, cost 20,000")
    assert first.get_ydata()[-1] == pytest.approx(0.9)
    assert ax.get_ylim() == (0, pytest.approx(1.008))
    many = [text.get_text() for text in plot.payback(curves(months(20))).get_legend().get_texts()]
    assert many[-1] == "15 other cohorts"
    assert many[0] == "2019-01, cost 20"


@pytest.mark.parametrize("picture", [plot.payback, plot.payback_margin])
def test_what_never_pays_back_is_called_so(picture):
    table = curves(["a", "b"])
    lost = table["cohort"] == "b"
    table.loc[lost, "p_paid_back"] = 0.0
    table.loc[lost, "cac"] = 5000.0
    texts = [text.get_text() for text in picture(table).get_legend().get_texts()]
    assert "b, cost 5,000: not by 104" in texts
    assert "a, cost 20" in texts


def test_payback_margin_draws_band_and_cost():
    ax = plot.payback_margin(curves(["a"], scale=1000.0), show=["a"])
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (9000.0, pytest.approx(1.2 * (10_000 + 200 * 104)))
    assert any(set(np.atleast_1d(line.get_ydata())) == {20_000.0} for line in ax.lines)
    with pytest.raises(DomainError, match="not in the table"):
        plot.payback_margin(curves(["a"]), show=["b"])


@pytest.mark.parametrize(("picture", "title"), [(plot.payback_margin, "Expected margin"), (plot.payback, "Share")])
def test_infinite_and_missing_margins_are_left_out(sound, picture, title):
    table = curves(["a", "b"])
    table.loc[table["cohort"] == "b", ["expected_margin_mean", "expected_margin_q05", "expected_margin_q95"]] = np.inf
    table.loc[table["cohort"] == "b", "p_paid_back"] = np.nan
    ax = sound(picture(table), title=title, x="Weeks")
    assert ax.get_legend().get_texts()[-1].get_text() == "1 cohort cannot be computed"


def test_better_writes_probabilities_and_leaves_the_diagonal_blank():
    ax = plot.better(pairs(["a", "b", "c"]))
    texts = {tuple(int(at) for at in reversed(text.get_position())): text.get_text() for text in ax.texts}
    assert texts == {(0, 1): "58", (0, 2): "66", (1, 0): "42", (1, 2): "58", (2, 0): "34", (2, 1): "42"}
    assert ax.collections[0].get_clim() == (0.0, 1.0)
    assert [text.get_text() for text in plot.better(pairs(["a"])).texts] == ["there is only one cohort"]


def test_scores_put_the_best_first_and_the_unscored_last():
    table = scored(["worse", "posterior", "none", "some"], mae=[40.0, 30.0, np.nan, 35.0], missing=[0, 0, 90, 10])
    ax = plot.scores(table)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["posterior", "some", "worse", "none"]
    notes = {text.get_text(): text.xy[1] for text in ax.texts}
    assert notes == {"90 of 100": 1.0, "no score": 3.0}
    ours = next(line for line in ax.lines if line.get_marker() == "s")
    assert ours.get_xdata().tolist() == [30.0]


@pytest.mark.parametrize(
    ("measure", "first", "said"),
    [("gini", "b", "higher is better"), ("bias", "a", "nearer to 0 is better"), ("rmse", "a", "lower is better")],
)
def test_scores_know_what_is_better(measure, first, said, sound):
    table = scored(["a", "b"], bias=[0.1, -0.4])
    ax = plot.scores(table, measure=measure)
    assert ax.get_yticklabels()[0].get_text() == first
    sound(ax, title="Who predicts best", x=said)


def test_scores_far_apart_are_logarithmic():
    ax = plot.scores(scored(["a", "b"], mae=[2.0, 900.0]))
    assert ax.get_xscale() == "log"
    assert "(logarithmic)" in ax.get_xlabel()
    assert plot.scores(scored(["a", "b"])).get_xscale() == "linear"
    assert plot.scores(scored(["a"], mae=[np.nan])).texts[0].get_text() == "no score"
    with pytest.raises(DomainError, match="measure='luck' is not among the scores; choose one of mae, rmse"):
        plot.scores(scored(["a"]), measure="luck")
