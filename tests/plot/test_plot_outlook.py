"""Customers and months to come: pictures show the numbers of their tables, of fits and forecasts as of tables."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import kundenwert as kw
from kundenwert import plot
from kundenwert.errors import SchemaError


@pytest.fixture
def fits(made, posterior):
    return made(*posterior(60))


def test_the_line_is_the_mean_and_the_band_the_interval(fits, summary):
    table = kw.alive_over_time(fits[0], summary, [0, 13, 26])
    ax = plot.alive_over_time(table, ax=Figure().subplots(), ids=["0014", "0092"])
    rows = table[table["customer_id"] == "0092"]
    np.testing.assert_array_equal(ax.lines[1].get_xydata(), rows[["time", "p_alive_mean"]])
    corners = ax.collections[1].get_paths()[0].vertices[:, 1]
    assert (corners.min(), corners.max()) == (rows["p_alive_q05"].min(), rows["p_alive_q95"].max())
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["0014", "0092"]


def test_of_a_fit_it_is_that_of_its_table(fits, cdnow_summary):
    log = kw.datasets.cdnow()
    of_fit = plot.alive_over_time(fits[0], ax=Figure().subplots(), ids=["0157"], summary=cdnow_summary, log=log)
    table = kw.alive_over_time(fits[0], cdnow_summary, ids=["0157"], log=log)
    np.testing.assert_array_equal(of_fit.lines[0].get_ydata(), table["p_alive_mean"])
    assert of_fit.get_xlabel() == "Date"


@pytest.mark.parametrize("kind", ["new", "today"])
def test_survival_is_that_of_the_table(fits, summary, kind):
    table = kw.survival(fits[0], summary, [0, 26, 52])
    ax = plot.survival(table, ax=Figure().subplots(), customers_are=kind)
    rows = table[(table["customers_are"] == kind) & (table["cohort"] == "1997-02")]
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), rows["expected_survival_mean"])
    assert ax.get_legend().get_texts()[0].get_text() == "1997-01 (n = 5)"
    assert len(plot.survival(fits[0], ax=Figure().subplots(), summary=summary, show=["1997-02"]).lines) == 1


@pytest.mark.parametrize(("quantity", "mean"), [("purchases", "expected_purchases_mean"), ("rlv", "rlv_mean")])
def test_a_forecast_is_its_total(fits, summary, quantity, mean):
    found = kw.forecast(*fits, summary, every=13, horizon=52)
    ax = plot.forecast(found, ax=Figure().subplots(), quantity=quantity)
    np.testing.assert_allclose(ax.lines[0].get_xdata(), [6.5, 19.5, 32.5, 45.5])
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), found.total[mean])
    outcome, expectation = (part.get_paths()[0].vertices[:, 1] for part in ax.collections)
    assert (outcome.max(), expectation.max()) == (
        found.total[f"{quantity}_q95"].max(),
        found.total[f"expected_{quantity}_q95"].max(),
    )


def test_hostile_names_are_drawn_as_they_are(hostile):
    band = {"p_alive_mean": 0.5, "p_alive_q05": 0.4, "p_alive_q95": 0.6, "date": pd.NaT}
    table = pd.DataFrame([{"customer_id": name, "time": time, **band} for name in hostile for time in (0.0, 1.0)])
    for part in (hostile[:5], hostile[5:10], hostile[10:]):
        figure = Figure()
        ax = plot.alive_over_time(table, ax=figure.subplots(), ids=part)
        figure.canvas.draw()
        assert len(ax.get_legend().get_texts()) == len(part)


def test_other_things_are_refused(summary, fits):
    with pytest.raises(SchemaError, match="drawn from a Forecast or a table, not from a CustomerSummary"):
        plot.forecast(summary)
    with pytest.raises(SchemaError, match="to draw this picture from a Fit, give summary= too"):
        plot.survival(fits[0])
