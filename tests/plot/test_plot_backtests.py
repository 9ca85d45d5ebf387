"""Back-tests: pictures show the numbers of their table."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from kundenwert import plot
from kundenwert.backtests import Backtest
from kundenwert.errors import DomainError, SchemaError
from kundenwert.plot.lines import LOOKS


@pytest.fixture
def table():
    """Four origins; totals, cohorts and customers; one forecast with an interval and one without."""
    origins = pd.date_range("2023-01-01", periods=4, freq="91D")
    parts = []
    for horizon in (91, 182):
        for scope, inside in (
            ("total", [1, 0, 1, 1]),
            ("cohort", [0.8, 0.5, 1, 0.9]),
            ("customer", [0.9, 0.91, 0.92, 0.93]),
        ):
            own = {"actual": [90, 150, 110, 100], "mean": 101, "q05": 80, "q50": 100, "q95": 125, "inside": inside}
            rule = {
                "actual": [90, 150, 110, 100],
                "mean": [70, 80, 90, 100.0],
                "q05": np.nan,
                "q50": np.nan,
                "q95": np.nan,
            }
            for name, numbers in (("kundenwert", own), ("last_year", rule)):
                keys = {"horizon": horizon, "scope": scope, "quantity": "purchases", "forecast": name}
                parts.append(pd.DataFrame({"origin": origins, **keys, **numbers}))
    return pd.concat(parts, ignore_index=True)


def test_totals_are_drawn_in_their_intervals_beside_what_came(table):
    ax = plot.backtest(table, ax=Figure().subplots(), show=["kundenwert", "last_year"])
    assert ax.lines[-1].get_ydata().tolist() == [90, 150, 110, 100]
    bars = ax.containers[0]
    assert bars.lines[0].get_ydata().tolist() == [100] * 4
    ends = np.array([part[:, 1] for part in bars.lines[2][0].get_segments()])
    assert ends.tolist() == [[80, 125]] * 4
    points = next(line for line in ax.lines if line.get_label() == "last_year")
    assert points.get_ydata().tolist() == [70, 80, 90, 100]
    assert to_hex(points.get_color()).lower() == LOOKS[1][0].lower()
    assert ax.get_legend().get_texts()[0].get_text() == "kundenwert, 90 % interval"
    assert ax.get_ylim()[0] == 0


def test_coverage_is_a_line_for_each_scope(table):
    ax = plot.backtest_coverage(table, ax=Figure().subplots(), days=182)
    lines = {line.get_label(): line for line in ax.lines}
    assert lines["customers"].get_ydata().tolist() == [0.9, 0.91, 0.92, 0.93]
    assert lines["cohorts"].get_ydata().tolist() == [0.8, 0.5, 1, 0.9]
    assert lines["total"].get_ydata().tolist() == [1, 0, 1, 1]
    assert lines["total"].get_linestyle() == "None"
    assert ax.lines[0].get_ydata() == pytest.approx([0.9, 0.9])
    assert ax.get_title(loc="left") == "Inside the 90 % interval: purchases of 182 days"


@pytest.mark.parametrize("draw", [plot.backtest, plot.backtest_coverage])
def test_a_result_is_drawn_as_its_table(table, draw):
    result = Backtest(table, table, table, np.zeros((len(table), 100), int))
    one, other = draw(result, ax=Figure().subplots()), draw(table, ax=Figure().subplots())
    assert [line.get_ydata().tolist() for line in one.lines[1:]] == [
        line.get_ydata().tolist() for line in other.lines[1:]
    ]
    with pytest.raises(SchemaError, match="drawn from a Backtest or a table, not from a int"):
        draw(3)


@pytest.mark.parametrize(
    ("how", "match"),
    [
        ({"days": 30}, "no forecast of purchases looks 30 days ahead; there are 91, 182"),
        ({"quantity": "revenue"}, "there is no forecast of revenue"),
        ({"show": ["nobody"]}, "no forecast 'nobody' of this length; there are kundenwert, last_year"),
        ({"show": ["kundenwert"] * 6}, "up to 5 forecasts"),
    ],
)
def test_what_is_not_there_is_refused(table, how, match):
    with pytest.raises(DomainError, match=match):
        plot.backtest(table, ax=Figure().subplots(), **how)


def test_one_origin_and_many_stay_inside(table):
    for rows in (table[table["origin"] == table["origin"].min()], table):
        for ax in (plot.backtest(rows, show=["kundenwert", "last_year"]), plot.backtest_coverage(rows)):
            ax.figure.canvas.draw()
            width, height = ax.figure.bbox.size
            box = ax.get_tightbbox()
            assert min(box.x0, box.y0) >= -3
            assert max(box.x1 - width, box.y1 - height) <= 3
