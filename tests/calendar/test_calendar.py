"""A calendar from log to values: what is counted and expected, a factor of 1, sums that share the future."""

import datetime as dt
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import kundenwert as kw
from kundenwert.bayes import known
from kundenwert.calendar.seen import seen
from kundenwert.data import Closure
from kundenwert.errors import DomainError, KundenwertError, SchemaError
from kundenwert.laws import NBD, GammaGamma, History, ParetoNBD

END = "1997-09-30"
LAW = {"r": 0.5533971, "alpha": 10.5801985, "s": 0.6060625, "beta": 11.6562237}
SPEND = {"p": 6.25, "q": 3.74, "v": 15.44}


@pytest.fixture(scope="module")
def log():
    return kw.datasets.cdnow()


@pytest.fixture(scope="module")
def summary(log):
    return kw.summarise(log, observation_end=END, holdout_end="1998-06-30", time_unit="W")


@pytest.fixture(scope="module")
def fits(summary):
    how = {"method": "importance", "draws": 250, "log_likelihood": False}
    return kw.fit(kw.ParetoNBD(), summary, **how), kw.fit(kw.GammaGamma(), summary, **how)


@pytest.fixture(scope="module")
def calendar(fits, summary, log):
    return kw.learn_calendar(*fits, summary, log, draws=1000)


def looked_at(summary, log, law=None, **how):
    buying = known(ParetoNBD(), **LAW) if law is None else law
    return seen(buying, known(GammaGamma(), **SPEND), summary, log, **{"period_days": 28} | how)


def test_every_repeat_purchase_is_counted(summary, log):
    found = looked_at(summary, log)
    assert found.purchases.sum() == summary.table["frequency"].sum()
    assert found.start[-1] == np.datetime64("1997-09-03")  # the last 28 days, the end of observation included
    days = log.known(dt.date(1997, 9, 30)).to_pyarrow().to_pandas()
    days["date"] = pd.to_datetime(days["date"])
    first = days.groupby("customer_id")["date"].transform("min")
    last = days["date"].between("1997-09-03", END) & (days["date"] > first)
    assert found.purchases[-1] == last.sum()


def test_what_is_expected_has_its_closed_form(summary, log):
    """Given the time alive A, λ ~ Gamma(r+x, α+A): E[λ A] = r + x - α E[λ]; 4.5 standard errors of drawn lives."""
    law = {name: np.full(100, value) for name, value in LAW.items()}
    found = looked_at(summary, log, known(ParetoNBD(), **law))
    history = History.of(summary.table)
    rate = ParetoNBD().life_to_date(history, {name: np.array([value]) for name, value in LAW.items()}).purchase_rate
    wanted = float((LAW["r"] + history.frequency - LAW["alpha"] * rate).sum())
    assert found.expected.sum() == pytest.approx(wanted, abs=4.5 * np.sqrt(wanted / 100))


def test_nobody_leaves_an_nbd(summary, log):
    """Expected purchases of a period are rates times time since the first purchase."""
    law = known(NBD(), r=np.full(100, 0.385), alpha=np.full(100, 12.1))
    found = looked_at(summary, log, law)
    table = summary.table
    rate, T = (0.385 + table["frequency"]) / (12.1 + table["T"]), table["T"].to_numpy()
    edges = 4.0 * np.arange(10, -1, -1)
    time = np.minimum(T[:, None], edges[:-1]) - np.minimum(T[:, None], edges[1:])
    np.testing.assert_allclose(found.expected, rate.to_numpy() @ time, rtol=0.02)


def test_nothing_is_expected_of_closed_days(summary, log):
    whole = looked_at(summary, log)
    shut = looked_at(summary, log, closed=[(dt.date(1997, 8, 6), dt.date(1997, 9, 2)), (dt.date(1997, 9, 17), END_DAY)])
    np.testing.assert_allclose(shut.expected[:-2], whole.expected[:-2])
    np.testing.assert_allclose(shut.expected[-2:], [0.0, whole.expected[-1] / 2], rtol=1e-12)


END_DAY = dt.date(1997, 9, 30)


@pytest.mark.parametrize("period_days", [7, 28, 91])
def test_values_by_period(summary, log, period_days):
    found = looked_at(summary, log, period_days=period_days)
    assert np.isfinite(found.log_ratio).all()
    assert np.isinf(found.variance[found.purchases == 0]).all()
    assert np.average(np.exp(found.log_ratio), weights=found.purchases) == pytest.approx(1, abs=0.05)


def test_another_log_is_refused(summary):
    with pytest.raises(DomainError, match="give the log that the summary was made from"):
        looked_at(
            summary, kw.read_transactions(pd.DataFrame({"customer_id": ["0001"], "date": [END], "amount": [5.0]}))
        )


def test_a_summary_without_dates_is_refused(log):
    table = pd.DataFrame(
        {"customer_id": ["a"], "frequency": [2], "recency": [3.0], "T": [9.0], "monetary_value": [5.0]}
    )
    with pytest.raises(SchemaError, match="a calendar needs dates"):
        looked_at(kw.CustomerSummary.from_frame(table, time_unit="W"), log)


def test_a_factor_of_one_changes_no_value(fits, summary, calendar):
    how = {"horizon": 52, "discount_rate": 0.1, "samples": 200, "order_cost": 1.0, "service_cost": 5.0}
    plain = kw.value_table(*fits, summary, **how)
    same = kw.value_table(*fits, summary, calendar=calendar.steady(), **how)
    numbers = plain.table.select_dtypes("number").columns
    np.testing.assert_allclose(same.table[numbers], plain.table[numbers], rtol=1e-10, atol=1e-10)
    for name in plain.totals.data_vars:
        np.testing.assert_allclose(same.totals[name], plain.totals[name], rtol=1e-10)


def test_sums_share_the_future(fits, summary, calendar):
    """The total's interval is several times as wide; customers' own hardly change; outcomes have the expectations' mean."""
    plain, moved = (kw.value_table(*fits, summary, horizon=52, calendar=one) for one in (None, calendar))
    width = [np.diff(np.log(np.quantile(one.totals["rlv"].sum("cohort"), [0.05, 0.95])))[0] for one in (plain, moved)]
    assert width[1] > 2 * width[0]
    totals = moved.totals.sum("cohort")
    for name in ("purchases", "rlv", "holdout_purchases", "holdout_value"):
        gap = float((totals[name] - totals[f"expected_{name}"]).mean())
        assert abs(gap) < 4.5 * float((totals[name] - totals[f"expected_{name}"]).std()) / np.sqrt(1000), name
    own = [one.table["purchases_q95"].mean() for one in (plain, moved)]
    assert own[1] == pytest.approx(own[0], rel=0.1)


def test_cdnows_hold_out_lies_inside(fits, summary, calendar):
    """Of the 39 weeks that follow: 1,882 purchases, 70,976 dollars; without a calendar both lie outside."""
    inside = {}
    for name, one in (("plain", None), ("moved", calendar)):
        totals = kw.value_table(*fits, summary, horizon=52, calendar=one).totals.sum("cohort")
        for quantity, column in (("holdout_purchases", "holdout_purchases"), ("holdout_value", "holdout_value")):
            low, high = np.quantile(totals[quantity], [0.05, 0.95])
            inside[name, quantity] = low < summary.table[column].sum() < high
    assert inside == {("plain", q): False for q in ("holdout_purchases", "holdout_value")} | {
        ("moved", q): True for q in ("holdout_purchases", "holdout_value")
    }


def test_order_and_company_of_customers_change_no_draw(fits, summary, calendar):
    some = summary.table.sample(60, random_state=1)
    horizon = kw.Horizon(52.0, 0.002)
    how = {"horizon": horizon, "calendar": calendar, "samples": 50, "names": ("purchases", "value", "expected_value")}
    one, other = (kw.customer_draws(*fits, table, **how) for table in (some, some.iloc[::-1].head(20)))
    for name in one.data_vars:
        np.testing.assert_array_equal(one[name].sel(customer_id=other["customer_id"]), other[name])


def test_a_cohort_has_its_own_factor_by_name(calendar):
    table = pd.DataFrame({"cohort": ["b", "a", "b", "c"]})
    clocks = calendar.clocks(table, samples=1000)
    fewer = calendar.clocks(table.iloc[:2], samples=1000)
    np.testing.assert_array_equal(clocks.at(np.array([0, 1])).boost, fewer.at(np.array([0, 1])).boost)
    alone = calendar.clocks(table.iloc[1:2], samples=1000)
    np.testing.assert_array_equal(clocks.at(np.array([1])).boost, alone.at(np.array([0])).boost)
    assert (replace(calendar, cohort_sd=0.0).clocks(table, samples=5).own == 1).all()
    boost = clocks.at(np.array([0, 2])).boost
    np.testing.assert_array_equal(boost[0], boost[1])
    assert boost[0].mean() == pytest.approx(1, abs=4.5 * 0.2 / np.sqrt(1000))
    assert np.log(boost[0]).std() == pytest.approx(0.2, rel=0.1)


def test_a_calendar_of_other_customers_is_refused(fits, summary, log, calendar):
    for other in (
        kw.summarise(log, observation_end="1997-12-31", time_unit="W"),
        kw.summarise(log, observation_end=END, time_unit="M"),
    ):
        with pytest.raises(DomainError, match="learn it anew from these customers' fits and log"):
            calendar.check(other)
    later = kw.summarise(log, observation_end="1997-12-31", time_unit="W")
    for forecast in (kw.value_table, kw.forecast):
        with pytest.raises(DomainError, match=r"up to 1997-09-30, in time unit 'W'.*up to 1997-12-31"):
            forecast(*fits, later, horizon=52, calendar=calendar)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"period_days": 7}, "14 to 91 days, not 7"),
        ({"closed": [("1997-08-20", "1997-08-01")]}, "ends on 1997-08-01, before its first day"),
        ({"closed": [("August", "1997-08-20")]}, "closed"),
    ],
)
def test_what_has_no_meaning_is_refused(fits, summary, log, how, message):
    with pytest.raises(KundenwertError, match=message):
        kw.learn_calendar(*fits, summary, log, **how)


def test_closures_are_taken_as_found_or_as_days(fits, summary, log):
    found = [
        kw.learn_calendar(*fits, summary, log, closed=closed, draws=10).seen.expected
        for closed in ([Closure(dt.date(1997, 8, 6), dt.date(1997, 9, 2), 200.0)], [("1997-08-06", "1997-09-02")])
    ]
    np.testing.assert_array_equal(*found)
    assert found[0][-2] == 0


def test_customers_of_one_cohort_are_the_business(fits, log):
    one = kw.summarise(log, observation_end=END, time_unit="W", cohort="none")
    assert kw.learn_calendar(*fits, one, log, draws=10).cohort_sd == 0
    assert (
        kw.learn_calendar(*fits, kw.summarise(log, observation_end=END, time_unit="W"), log, draws=10).cohort_sd == 0.2
    )


def test_what_scores_customers_is_enough(summary, log):
    law, spend = {name: np.full(50, value) for name, value in LAW.items()}, known(GammaGamma(), **SPEND)
    found = kw.learn_calendar(known(ParetoNBD(), **law), spend, summary, log, draws=10)
    assert found.rate.shape == (10, 40)


@pytest.mark.parametrize("law", [kw.BGNBD, kw.MBGNBD])
def test_laws_without_a_clock_refuse(law, fits, summary, log, calendar):
    posterior = kw.fit(law(), summary, method="map", draws=50)
    with pytest.raises(DomainError, match="takes no calendar"):
        kw.learn_calendar(posterior, fits[1], summary, log)
    with pytest.raises(DomainError, match="takes no calendar"):
        kw.value_table(posterior, fits[1], summary, horizon=52, calendar=calendar, allow_unconverged=True)


def test_months_of_a_forecast_follow_the_calendar(fits, summary, calendar):
    """Windows add up to the table, and their level is the calendar's: expectation over stationary one, period by period."""
    plain, moved = (
        kw.forecast(*fits, summary, every=4, horizon=52, calendar=one, samples=500) for one in (None, calendar)
    )
    values = kw.value_table(*fits, summary, horizon=52, calendar=calendar, samples=500)
    for name in ("expected_purchases", "rlv"):
        total = float(moved.total[f"{name}_mean"].sum())
        column = f"expected_{name}" if name == "rlv" else name
        assert total == pytest.approx(float(values.totals[column].sum("cohort").mean()), rel=1e-9)
    ratio = moved.total["expected_purchases_mean"] / plain.total["expected_purchases_mean"]
    np.testing.assert_allclose(ratio, calendar.rate[:500, :13].mean(0), rtol=0.03)  # rates and levels hardly depend
    assert (moved.total["purchases_q95"] > plain.total["purchases_q95"]).all()


def test_ages_and_periods_add_up(fits, summary, log):
    """Sums over ages are the periods' own: counts exactly, expectations too, since the drawn lives are the same."""
    table = kw.age_by_period(fits[0], summary, log, period_days=28, age_years=0.2)
    whole = seen(fits[0].scoring, fits[1].scoring, summary, log, period_days=28)
    by_period = table.groupby("start")[["purchases", "expected"]].sum()
    np.testing.assert_array_equal(by_period["purchases"], whole.purchases)
    np.testing.assert_allclose(by_period["expected"], whole.expected, rtol=1e-9)
    assert sorted(set(table["age"].round(6))) == [0.0, 0.2, 0.4, 0.6]


def test_the_table_shows_window_and_future(calendar):
    table = calendar.table()
    assert table["ahead"].sum() == 39
    assert table.loc[~table["ahead"], "end"].max() == pd.Timestamp(END)
    np.testing.assert_array_equal(table.loc[~table["ahead"], "purchases"], calendar.seen.purchases)
    ahead = table[table["ahead"]]
    low, high = np.quantile(calendar.rate[:, :39], [0.05, 0.95], axis=0)
    np.testing.assert_allclose(ahead["rate_q05"], low, rtol=0.2)  # of 1,000 draws each
    np.testing.assert_allclose(ahead["rate_q95"], high, rtol=0.2)
    axes = kw.plot.calendar_factor(calendar)
    assert axes.get_title(loc="left") == "Purchases by period, as a factor"
    assert len(axes.lines[1].get_xdata()) == calendar.seen.purchases.size
    plt.close(axes.figure)
