"""Months to come: they add up to the value table, exactly in expectation and draw by draw, for every law."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import kundenwert as kw
from kundenwert.bayes import known
from kundenwert.laws import History

TERMS = {"horizon": 52.0, "margin": 0.3, "discount_rate": 0.15}


def test_windows_add_up_to_the_horizon(buying, paying, summary):
    found = kw.forecast(buying, paying, summary, every=7, **TERMS)
    whole = kw.forecast(buying, paying, summary, windows=[(0, 52)], **TERMS)
    for name in ("expected_purchases_mean", "rlv_mean"):
        for table in ("customers", "cohorts", "total"):
            keys = {"customers": ["customer_id"], "cohorts": ["cohort"], "total": ["customers"]}[table]
            sums = getattr(found, table).groupby(keys, sort=False)[name].sum()
            np.testing.assert_allclose(sums, getattr(whole, table)[name], rtol=1e-10)
    wanted = buying.law.expected_purchases(History.of(summary.table), buying.population, horizon=52.0).mean(axis=1)
    np.testing.assert_allclose(whole.customers["expected_purchases_mean"], wanted, rtol=1e-12)
    assert found.total["end_time"].tolist() == [7, 14, 21, 28, 35, 42, 49, 52]


def test_outcomes_are_those_of_the_value_table(made, posterior, summary):
    fits = made(*posterior(200))
    found = kw.forecast(*fits, summary, windows=[(0, 52), (0, 13), (13, 52)], seed=9, **TERMS)
    values = kw.value_table(*fits, summary, seed=9, **TERMS)
    one = found.customers[found.customers["end_time"].eq(52) & found.customers["start_time"].eq(0)]
    assert one["customer_id"].tolist() == values.table["customer_id"].tolist()
    same = ["p_purchase", "purchases_q05", "purchases_q50", "purchases_q95", "expected_purchases_mean"]
    for name in (*same, "rlv_mean", "rlv_q05", "rlv_q50", "rlv_q95", "expected_rlv_q05", "expected_rlv_q95"):
        np.testing.assert_allclose(one[name], values.table[name], rtol=1e-10, err_msg=name)
    totals = values.totals["rlv"].sum("cohort")
    assert found.total["rlv_q95"][0] == pytest.approx(np.quantile(totals, 0.95), rel=1e-10)
    by_cohort = found.cohorts[found.cohorts["end_time"].eq(52) & found.cohorts["start_time"].eq(0)]
    np.testing.assert_allclose(
        by_cohort["expected_rlv_q05"], np.quantile(values.totals["expected_rlv"], 0.05, axis=0), rtol=1e-10
    )
    assert by_cohort["customers"].tolist() == [5, 5]


@pytest.mark.parametrize("costs", [{"order_cost": 2.0}, {"service_cost": {"1997-01": 12.0, "1997-02": 0.0}}])
def test_running_costs_come_off_the_windows_they_run_in(made, posterior, summary, costs):
    fits, how = made(*posterior(200)), TERMS | costs
    values = kw.value_table(*fits, summary, seed=9, **how)
    whole = kw.forecast(*fits, summary, windows=[(0, 52)], seed=9, **how).customers
    for name in ("rlv_mean", "rlv_q05", "rlv_q95", "expected_rlv_q05", "expected_rlv_q95"):
        np.testing.assert_allclose(whole[name], values.table[name], rtol=1e-8, atol=1e-9, err_msg=name)
    parts = kw.forecast(*fits, summary, every=13, seed=9, **how).total["rlv_mean"].sum()
    assert parts == pytest.approx(values.table["rlv_mean"].sum(), rel=1e-9)
    assert parts < kw.forecast(*fits, summary, every=13, seed=9, **TERMS).total["rlv_mean"].sum() - 5


@pytest.mark.parametrize("bad", [0, 1], ids=["purchases", "spend"])
def test_a_fit_beside_a_bare_posterior_is_checked_too(made, posterior, failed, summary, bad):
    fits = made(*posterior(60), diagnosis=failed)
    pair = [fit if place == bad else fit.scoring for place, fit in enumerate(fits)]
    with pytest.raises(kw.FitError, match="did not converge"):
        kw.forecast(*pair, summary, every=26, **TERMS)


def test_windows_of_each_draw_add_up(buying, paying, summary):
    """Means over draws of outcomes add up too, so each draw's do: the windows have the same draws."""
    parts = kw.forecast(buying, paying, summary, every=13, seed=2, **TERMS)
    more = kw.forecast(buying, paying, summary, every=13, cumulative=True, seed=2, **TERMS)
    last = more.total[more.total["end_time"] == 52.0].iloc[0]
    assert more.total["start_time"].eq(0).all()
    assert parts.total["expected_purchases_mean"].sum() == pytest.approx(last["expected_purchases_mean"], rel=1e-12)
    assert more.total["purchases_q50"].is_monotonic_increasing
    alone = kw.forecast(buying, paying, summary, windows=[(26, 39)], seed=2, **TERMS)
    longer = kw.forecast(buying, paying, summary, windows=[(26, 39), (0, 52)], seed=2, **TERMS)
    assert alone.total["expected_purchases_mean"][0] == pytest.approx(longer.total["expected_purchases_mean"][0])


def test_a_forecast_is_as_wide_as_what_happens(buying, paying, summary):
    """The outcome's interval of a window is wider than the expectation's, wherever there is anything to expect."""
    found = kw.forecast(buying, paying, summary, every=13, **TERMS).customers
    some = found["expected_purchases_mean"] > 0.5
    wide = found["purchases_q95"] - found["purchases_q05"]
    assert some.sum() > 5
    assert (wide[some] > (found["expected_purchases_q95"] - found["expected_purchases_q05"])[some]).all()


@pytest.mark.parametrize(
    ("every", "days"),
    [
        ("month", ["10-31", "11-30", "12-31", "01-31", "02-28", "03-31", "04-30"]),
        ("quarter", ["12-31", "03-31", "04-30"]),
        ("year", ["12-31", "04-30"]),
    ],
)
def test_months_are_those_of_the_calendar(cdnow_summary, every, days):
    buy, pay = known(kw.NBD(), r=0.385, alpha=12.1), known(kw.GammaGamma(), p=6.25, q=3.74, v=15.44)
    found = kw.forecast(buy, pay, cdnow_summary, every=every, horizon=212 / 7).total
    assert found["end"].dt.strftime("%m-%d").tolist() == days
    assert found["start"].iloc[0] == pd.Timestamp("1997-10-01")
    assert (found["start"].iloc[1:].to_numpy() == (found["end"].iloc[:-1] + pd.Timedelta(days=1)).to_numpy()).all()
    np.testing.assert_allclose(found["end_time"] * 7, (found["end"] - pd.Timestamp("1997-09-30")).dt.days)


def test_a_month_that_observation_cuts_is_cut(cdnow_summary):
    buy, pay = known(kw.NBD(), r=0.385, alpha=12.1), known(kw.GammaGamma(), p=6.25, q=3.74, v=15.44)
    cut = replace(cdnow_summary, observation_end=pd.Timestamp("1997-09-15").date())
    found = kw.forecast(buy, pay, cut, horizon=4).total
    assert [str(day.date()) for day in found["end"]] == ["1997-09-30", "1997-10-13"]
    assert [str(day.date()) for day in found["start"]] == ["1997-09-16", "1997-10-01"]


def test_windows_may_be_dates(cdnow_summary):
    buy, pay = known(kw.NBD(), r=0.385, alpha=12.1), known(kw.GammaGamma(), p=6.25, q=3.74, v=15.44)
    found = kw.forecast(buy, pay, cdnow_summary, windows=[("1997-11-30", "1997-12-31")]).total
    table = cdnow_summary.table
    wanted = ((0.385 + table["frequency"]) / (12.1 + table["T"])).sum() * 31 / 7
    assert found["expected_purchases_mean"].item() == pytest.approx(wanted, rel=1e-12)
    assert (found["start"].item(), found["end"].item()) == (pd.Timestamp("1997-12-01"), pd.Timestamp("1997-12-31"))


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"windows": [(4, 4)]}, r"\(4, 4\) is no window of time ahead"),
        ({"windows": [(-1, 4)]}, r"\(-1, 4\) is no window"),
        ({"windows": [(1, 2, 3)]}, r"\(1, 2, 3\) is no window"),
        ({"windows": []}, "an empty list is no window"),
        ({"horizon": np.inf, "discount_rate": 0.1}, "an infinite horizon has no last month"),
        ({"every": "day"}, "every='day' is not understood; choose week, month, quarter, year"),
        ({"every": "month"}, "every='month' is a date, and the dates"),
        ({"every": 0}, "every=0 must be above 0"),
    ],
)
def test_what_cannot_be_asked_is_refused(buying, paying, summary, how, why):
    with pytest.raises(kw.DomainError, match=why):
        kw.forecast(buying, paying, summary, **how)
