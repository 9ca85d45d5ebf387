"""Pictures of fits, values, summaries and logs are those of the tables that are made of them."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import kundenwert as kw
from kundenwert import compare, plot, validate
from kundenwert.errors import DomainError, SchemaError


@pytest.fixture(scope="module")
def log():
    return kw.datasets.cdnow()


@pytest.fixture(scope="module")
def things(made, posterior, log, cdnow_summary):
    """Objects and what is made of them, each once."""
    purchases, spend = made(*posterior(60))
    keep = cdnow_summary.table["customer_id"].isin(cdnow_summary.table["customer_id"].iloc[::20])
    summary = kw.CustomerSummary(**{**vars(cdnow_summary), "table": cdnow_summary.table[keep].reset_index(drop=True)})
    values = kw.value_table(purchases, spend, summary, horizon=39.0, margin=0.3, seed=1)
    reasons = compare.decompose(
        purchases, spend, summary.table, units_per_year=summary.units_per_year, horizon=39.0, samples=20
    )
    return {"fit": purchases, "spend": spend, "values": values, "log": log, "reasons": reasons, "summary": summary}


def drawn(ax):
    """Everything that an Axes shows, as numbers and texts."""
    numbers = [np.asarray(line.get_xydata(), dtype=float) for line in ax.lines]
    numbers += [np.asarray([bar.get_x(), bar.get_height(), bar.get_width()], dtype=float) for bar in ax.patches[:60]]
    numbers += [np.asarray(part.get_offsets(), dtype=float) for part in ax.collections]
    labels = [text.get_text() for text in (*ax.texts, *ax.get_xticklabels(), *ax.get_yticklabels())]
    return numbers, [ax.get_title(loc="left"), ax.get_xlabel(), ax.get_ylabel(), *labels]


def same(one, other):
    (numbers, texts), (numbers_too, texts_too) = drawn(one), drawn(other)
    assert texts == texts_too
    assert len(numbers) == len(numbers_too) > 0
    for ours, theirs in zip(numbers, numbers_too, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def followed(fit, summary, log):
    daily = kw.purchases_by_day(log, until=summary.holdout_end, acquired_until=summary.observation_end)
    return validate.tracking(fit, summary, daily)


PICTURES = {
    "repeat_purchase_histogram": (
        "fit", ("summary",), lambda o: validate.repeat_purchase_counts(o["fit"], o["summary"].table)),
    "conditional_expectation": ("values", ("summary",), lambda o: validate.by_frequency(o["summary"], o["values"])),
    "coverage": ("values", ("summary",), lambda o: validate.coverage(o["summary"], o["values"])),
    "deciles": ("values", ("summary",), lambda o: validate.decile_table(o["summary"], o["values"])),
    "formula_versus_posterior": ("values", ("summary",), lambda o: kw.compare_cohorts(o["summary"], o["values"])),
    "holdout_by_cohort": ("values", ("summary",), lambda o: kw.compare_cohorts(o["summary"], o["values"])),
    "rlv_distribution": ("values", (), lambda o: o["values"].table),
    "rlv_concentration": ("values", (), lambda o: o["values"].table),
    "retention_triangle": ("log", (), lambda o: validate.retention_by_age(o["log"])),
    "shrinkage": ("fit", ("summary",), lambda o: validate.shrinkage_table(o["fit"], o["summary"].table)),
    "factors": ("reasons", (), lambda o: o["reasons"].table()),
}  # fmt: skip


@pytest.mark.parametrize("name", PICTURES)
def test_an_object_is_drawn_as_its_table(name, things):
    given, further, table = PICTURES[name]
    draw = getattr(plot, name)
    more = {one: things[one] for one in further}
    same(draw(things[given], ax=Figure().subplots(), **more), draw(table(things), ax=Figure().subplots()))


@pytest.mark.parametrize("name", ["tracking_cumulative", "tracking_incremental"])
def test_a_fit_is_followed_through_time(name, made, posterior, log, cdnow_summary):
    fit, _ = made(*posterior(20))
    draw = getattr(plot, name)
    ours = draw(fit, ax=Figure().subplots(), summary=cdnow_summary, log=log)
    same(ours, draw(followed(fit, cdnow_summary, log), ax=Figure().subplots()))


def test_a_decomposition_is_drawn_as_a_waterfall(things):
    reasons = things["reasons"]
    everybody = reasons.cohorts[-1]
    same(
        plot.waterfall(reasons, everybody, ax=Figure().subplots()),
        plot.waterfall(reasons.table(), everybody, ax=Figure().subplots()),
    )


def test_prior_and_posterior_of_a_fit(purchase_fit):
    ax = plot.prior_posterior(purchase_fit, name="half_life", ax=Figure().subplots())
    at, density = ax.lines[0].get_xdata(), ax.lines[0].get_ydata()
    assert (len(at), ax.get_title(loc="left")) == (200, "half_life")
    assert sum(bar.get_height() * bar.get_width() for bar in ax.patches) == pytest.approx(1.0)
    assert 0 < np.trapezoid(density, at) < 1.02
    with pytest.raises(SchemaError, match="no quantity 'alph' with a prior; it has "):
        plot.prior_posterior(purchase_fit, name="alph")
    with pytest.raises(SchemaError, match="give a fit, or prior_at, prior_density and draws"):
        plot.prior_posterior([0.0, 1.0], name="r")


def test_timelines_of_named_customers_from_a_log(log):
    ends = {"observation_end": "1997-09-30", "holdout_end": "1998-06-30"}
    names = ["0007", "0001", "0003"]
    ax = plot.customer_timelines(log, customers=names, ax=Figure().subplots(), **ends)
    assert [label.get_text() for label in ax.get_yticklabels()] == names
    days = log.purchases.to_pyarrow().to_pandas()
    count = int(days["customer_id"].isin(names).sum())
    assert sum(len(line.get_xdata()) for line in ax.lines) == count
    table = pd.concat(days[days["customer_id"] == name].sort_values("date") for name in names)
    same(ax, plot.customer_timelines(table, ax=Figure().subplots(), **ends))
    some = plot.customer_timelines(days, customers=["0003"], ax=Figure().subplots(), **ends)
    assert [label.get_text() for label in some.get_yticklabels()] == ["0003"]
    with pytest.raises(DomainError, match="the log has no customer 'nobody'"):
        plot.customer_timelines(log, customers=["0007", "nobody"], **ends)
    with pytest.raises(SchemaError, match="from a TransactionLog, give customers= too"):
        plot.customer_timelines(log, **ends)


@pytest.mark.parametrize(
    ("draw", "given", "message"),
    [
        (plot.coverage, "fit", "drawn from a ValueResult or a table, not from a Fit"),
        (plot.coverage, "values", "from a ValueResult, give summary= too"),
        (plot.tracking_cumulative, "fit", "from a Fit, give summary= and log= too"),
        (plot.shrinkage, "summary", "drawn from a Fit or a table, not from a CustomerSummary"),
        (plot.rlv_distribution, "summary", "drawn from a ValueResult or a table, not from a CustomerSummary"),
        (plot.retention_triangle, "values", "drawn from a TransactionLog or a table, not from a ValueResult"),
    ],
)
def test_what_is_missing_or_of_another_kind_is_said(draw, given, message, things):
    with pytest.raises(SchemaError, match=message):
        draw(things[given])
