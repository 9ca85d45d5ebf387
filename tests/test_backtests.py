"""Back-tests: what counts as known, what is forecast from it, and whether it comes as often as it should."""

import datetime as dt
import re

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import kundenwert as kw
from kundenwert.backtests import Backtest, choose_origins, known_at, run, simple_forecasts
from kundenwert.backtests.result import LeftOut
from kundenwert.backtests.rows import FORECAST, KEYS
from kundenwert.backtests.scores import Cases, counted, distance, judged, scores
from kundenwert.predict import read_draws
from kundenwert.settings import Shaping
from kundenwert.simulate.population import Group, Population
from kundenwert.validate import log_score
from kundenwert.validate.readers import GroupSums

LAW = {"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669}
SPEND = {"p": 6.25, "q": 3.74, "v": 15.44}
ORIGIN = "1997-09-30"


def known(samples=200, law=LAW, spend=SPEND):
    """Both laws with parameters that are known, as a posterior of so many equal draws."""
    fits = tuple(
        kw.known(kind, **{name: np.full(samples, value) for name, value in of.items()})
        for kind, of in ((kw.ParetoNBD(), law), (kw.GammaGamma(), spend))
    )
    return lambda summary: fits


@pytest.fixture(scope="module")
def rows():
    """Purchases of 300 customers of CDNOW."""
    table = kw.datasets.cdnow().purchases.select("customer_id", "date", "amount").order_by("date", "customer_id")
    log = table.to_pyarrow().to_pandas()
    ends = log[pd.to_datetime(log["date"]).isin(pd.to_datetime(["1997-01-01", "1998-06-30"]))]["customer_id"]
    some = {*sorted(log["customer_id"].unique())[::8], ends.iloc[0], ends.iloc[-1]}
    return log[log["customer_id"].isin(some)].reset_index(drop=True)


@pytest.fixture(scope="module")
def found(rows):
    return kw.backtest(kw.read_transactions(rows), models=known(), cohort="month")


def test_origins_count_back_from_the_end_and_forecasts_are_whole(found):
    horizons = found.table.groupby("origin")["horizon"].unique()
    assert {f"{day:%Y-%m-%d}": sorted(days.tolist()) for day, days in horizons.items()} == {
        "1997-07-01": [91, 182, 364],
        "1997-09-30": [91, 182],
        "1997-12-30": [91, 182],
        "1998-03-31": [91],
    }


@pytest.mark.parametrize(
    ("horizons", "log_end", "wanted"),
    [
        (None, None, ["1997-07-01", "1997-09-30", "1997-12-30", "1998-03-31"]),
        ([182], None, ["1997-07-01", "1997-09-30", "1997-12-30"]),
        ([91, 30], None, ["1997-08-31", "1997-11-30", "1998-03-01", "1998-05-31"]),
        ([91], "1998-07-30", ["1997-07-31", "1997-10-30", "1998-01-29", "1998-04-30"]),
    ],
)
def test_the_last_origin_leaves_the_shortest_horizon(horizons, log_end, wanted):
    days = choose_origins(kw.datasets.cdnow(), horizons=horizons, log_end=log_end)
    assert [str(day) for day in days] == wanted


def test_what_happened_is_what_a_hold_out_holds():
    log = kw.datasets.cdnow()
    at = known_at(log, ORIGIN)
    for h, days in enumerate((91, 182)):
        end = dt.date(1997, 9, 30) + dt.timedelta(days=days)
        table = kw.summarise(log, observation_end=ORIGIN, holdout_end=end).table
        assert at.actual[0, h].tolist() == table["holdout_purchases"].tolist()
        np.testing.assert_allclose(at.actual[1, h], table["holdout_value"], rtol=1e-12)
    known_too = at.between(-10_000, 0)
    assert known_too[0].tolist() == at.summary.table["frequency"].tolist()
    mean = (at.summary.table["monetary_value"] * at.summary.table["frequency"]).fillna(0.0)
    np.testing.assert_allclose(known_too[1], mean, rtol=1e-12, atol=1e-9)


def test_forecasts_are_those_of_the_outlook(rows):
    log = kw.read_transactions(rows)
    table = kw.backtest(log, models=known(), origins=[ORIGIN], cohort="month").table
    summary = kw.summarise(log, observation_end=ORIGIN)
    other = kw.forecast(*known()(summary), summary, windows=[(0, 13), (0, 26)], discount_rate=0.0)
    names = [f"purchases_{end}" for end in ("q05", "q50", "q95")]
    for h, days in enumerate((91, 182)):
        own = table.query(f"horizon == {days} and scope == 'total' and forecast == 'stationary'").set_index("quantity")
        assert own.loc["purchases", ["q05", "q50", "q95"]].tolist() == other.total.loc[h, names].tolist()
        assert own.loc["revenue", "q95"] == pytest.approx(other.total.loc[h, "rlv_q95"], rel=1e-12)
        customers = table.query(f"horizon == {days} and scope == 'customer' and forecast == 'kundenwert'")
        each = other.customers[other.customers["end_time"] == days / 7]
        wanted = [each["purchases_q95"].mean(), each["rlv_q05"].mean()]
        given = customers.set_index("quantity")
        assert [given.loc["purchases", "q95"], given.loc["revenue", "q05"]] == pytest.approx(wanted, rel=1e-12)


def test_sums_over_cohorts_are_the_total_in_each_draw(rows):
    at = known_at(kw.read_transactions(rows), ORIGIN, Shaping(cohort="month"))
    fits = known()(at.summary)
    drawn = run._forecast(at, fits, None, seed=3, samples=None, threads=None)
    total = [GroupSums(lambda of: np.ones((len(of), 1)), name) for name in ("purchases", "value")]
    read_draws(*fits, at.summary.table, total, horizon=kw.Horizon(26.0), seed=3)
    assert drawn.cohorts.tolist() == ["1997-01", "1997-02", "1997-03"]
    assert drawn.sums[0, -1].sum(axis=1).tolist() == total[0].sums.outcome[:, 0].tolist()
    np.testing.assert_allclose(drawn.sums[1, -1].sum(axis=1), total[1].sums.outcome[:, 0], rtol=1e-12)


@pytest.mark.parametrize("calendar", [None, kw.learn_calendar], ids=["stationary", "calendar"])
def test_everything_is_known_before_the_origin(rows, calendar):
    """Later rows are other ones, there are new customers, and an early purchase is taken back later: nothing moves."""
    day = pd.to_datetime(rows["date"])
    early, later = rows[day <= ORIGIN], rows[day > ORIGIN].copy()
    later["amount"] *= 3.5
    first = early.iloc[[0]]
    changed = pd.concat(
        [
            early,
            later.iloc[::2],
            later.assign(customer_id="new " + later["customer_id"].astype(str)),
            first.assign(date=dt.date(1998, 5, 1), amount=-first["amount"]),
        ]
    )
    logs = [kw.read_transactions(each, refunds="match") for each in (rows, changed)]
    assert logs[1].parts is not None
    how = {"models": known() if calendar is None else None, "calendar": calendar, "samples": 200}
    before, after = (kw.backtest(log, origins=[ORIGIN], cohort="month", **how) for log in logs)
    names, like = [*KEYS, "cases", *FORECAST], {"rtol": 0.0 if calendar is None else 1e-9, "atol": 0.0}
    assert_frame_equal(before.table[names], after.table[names], **like)
    assert_frame_equal(before.cohorts[["cohort", *FORECAST]], after.cohorts[["cohort", *FORECAST]], **like)
    assert (before.table["actual"] != after.table["actual"]).all()


def test_fits_know_only_what_was_known(rows):
    seen = []

    def fitting(summary):
        seen.append(summary)
        return known()(summary)

    kw.backtest(kw.read_transactions(rows), models=fitting, origins=["1997-12-30", ORIGIN])
    assert [str(one.observation_end) for one in seen] == ["1997-09-30", "1997-12-30"]
    assert all((one.table["last_purchase"] <= pd.Timestamp(one.observation_end)).all() for one in seen)
    assert all(one.holdout_end is None for one in seen)


def test_the_order_of_rows_does_not_matter(rows, found):
    shuffled = rows.sample(frac=1.0, random_state=5)
    again = kw.backtest(kw.read_transactions(shuffled), models=known(), cohort="month", threads=1)
    assert_frame_equal(found.table, again.table, check_exact=True)
    assert_frame_equal(found.scores, again.scores, check_exact=True)
    assert (found.places == again.places).all()


def test_without_a_calendar_ours_is_the_stationary_forecast(found):
    own, same = (found.table[found.table["forecast"] == name] for name in ("kundenwert", "stationary"))
    assert_frame_equal(
        own.drop(columns="forecast").reset_index(drop=True), same.drop(columns="forecast").reset_index(drop=True)
    )
    assert own[["mean", "q05", "q50", "q95", "inside"]].notna().all(axis=None)
    simple = found.table[~found.table["forecast"].isin(["kundenwert", "stationary"])]
    assert simple[["q05", "q50", "q95", "inside"]].isna().all(axis=None)


def test_a_calendar_moves_our_forecast_and_no_other(rows):
    log = kw.read_transactions(rows)
    plain = kw.backtest(log, origins=["1997-12-30"], horizons=[91], samples=400).table
    learned = []

    def learn(*given):
        learned.append(kw.learn_calendar(*given))
        return learned[-1]

    moved = kw.backtest(log, origins=["1997-12-30"], horizons=[91], samples=400, calendar=learn).table
    steady = kw.backtest(
        log, origins=["1997-12-30"], horizons=[91], samples=400, calendar=lambda *given: learned[0].steady()
    ).table
    assert_frame_equal(plain, steady)
    ours = plain["forecast"] == "kundenwert"
    assert_frame_equal(plain[~ours], moved[~ours], check_exact=True)
    width = [(each["q95"] - each["q05"])[ours & (each["scope"] == "total")].to_numpy() for each in (plain, moved)]
    assert (width[1] > 1.3 * width[0]).all()


def test_cohorts_of_one_are_quarters_of_first_purchase(rows):
    at = known_at(kw.read_transactions(rows), ORIGIN, Shaping(cohort="none"))
    assert at.cohorts.unique().tolist() == ["1997-Q1"]
    late = rows.assign(date=pd.to_datetime(rows["date"]) + pd.Timedelta(days=45))
    moved = known_at(kw.read_transactions(late), ORIGIN, Shaping(cohort="none"))
    assert sorted(moved.cohorts.unique()) == ["1997-Q1", "1997-Q2"]
    month = moved.summary.table["first_purchase"].dt.month
    assert ((month > 3) == (moved.cohorts == "1997-Q2")).all()


@pytest.fixture(scope="module")
def simple():
    """Two customers over two and a half years; days count from the origin, 2022-06-30."""
    days = {"a": [-800, -500, -360, -300, -100, -90, -1, 5, 200], "b": [-181, -91, 0, 91, 92], "c": [1, 2]}
    table = [(who, dt.date(2022, 6, 30) + dt.timedelta(days=at), 10.0) for who, each in days.items() for at in each]
    log = kw.read_transactions(pd.DataFrame(table, columns=["customer_id", "date", "amount"]))
    return known_at(log, "2022-06-30")


@pytest.mark.parametrize(
    ("name", "horizon", "wanted"),
    [
        ("last_year", 91, [2, 0]),
        ("last_year", 364, [5, 2]),
        ("last_year_growth", 182, [2 * 5 / 1, 0]),
        ("previous_period", 91, [2, 1]),
        ("previous_period", 182, [3, 2]),
        ("annuity", 91, [6 * 91 / 800, 2 * 91 / 181]),
        ("last_6_months", 91, [3 / 2, 2 / 2]),
        ("last_12_months", 182, [5 / 2, 2 / 2]),
    ],
)
def test_simple_rules_count_repeat_purchases(simple, name, horizon, wanted):
    assert simple_forecasts(simple, horizon=horizon)[name][0].tolist() == pytest.approx(wanted, rel=1e-12)
    money = simple_forecasts(simple, horizon=horizon)[name][1]
    assert money.tolist() == pytest.approx([10 * number for number in wanted], rel=1e-12)


def test_rules_without_their_window_are_left_out(simple):
    assert simple.actual[0].tolist() == [[1, 1], [1, 2]]
    assert "last_year_growth" not in simple_forecasts(simple, horizon=91)  # nothing was bought a year before
    log = kw.datasets.cdnow()
    assert set(simple_forecasts(known_at(log, ORIGIN), horizon=364)) == {"annuity", "last_6_months"}


def test_the_log_score_of_draws_is_that_of_the_law(cdnow_summary):
    log = kw.datasets.cdnow()
    found = kw.backtest(log, models=known(4000), origins=[ORIGIN], horizons=[273])
    own = found.scores.query("scope == 'customer' and quantity == 'purchases' and forecast == 'kundenwert'")
    exact = log_score(known(1)(None)[0], cdnow_summary)
    assert own["log_score"].item() == pytest.approx(exact.total / len(cdnow_summary), abs=0.005)


def cases(actual, low, middle, high):
    each = [np.atleast_1d(np.asarray(one, float)) for one in (actual, middle, low, middle, high)]
    return Cases(*each, np.full(each[0].size, 0.5), np.full(each[0].size, np.nan))


@pytest.mark.parametrize(
    ("given", "half", "wanted"),
    [
        (cases(100, 80, 100, 125), 0.5, (0.0, np.log(125.5 / 80.5), 0.0)),
        (
            cases(200, 80, 100, 125),
            0.5,
            (np.log(200.5 / 100.5), np.log(125.5 / 80.5) + 20 * np.log(200.5 / 125.5), 100),
        ),
        (cases(40, 80, 100, 125), 5.0, (np.log(105 / 45), np.log(130 / 85) + 20 * np.log(85 / 45), 60)),
        (cases([0, -3], [0, 0], [0, 0], [0, 0]), 0.5, (0.0, 0.0, 1.5)),
    ],
)
def test_scores_are_on_the_logarithmic_scale(given, half, wanted):
    assert list(scores(given, half=half).values()) == pytest.approx(list(wanted), rel=1e-12)


def test_places_are_uniform_where_draws_are_honest():
    """False-alarm rate below 1e-3: 1.95 / √5000 = .028 for the distance of 5,000 honest places."""
    rng = np.random.default_rng(1)
    rate = rng.gamma(1.0, 1.0, (5000, 1))
    honest = judged(rng.poisson(rate, (5000, 99)), rng.poisson(rate)[:, 0], rng.random(5000), quantity="purchases")
    shifted = judged(
        rng.poisson(rate, (5000, 99)), rng.poisson(1.5 * rate)[:, 0], rng.random(5000), quantity="purchases"
    )
    assert distance(counted(honest.place)) < 0.028
    assert distance(counted(shifted.place)) > 0.08
    assert np.isnan(distance(counted(np.full(3, np.nan))))


def test_the_summary_weighs_cases(found):
    table = found.summary()
    keys = ["horizon", "scope", "quantity", "forecast"]
    own = table.set_index(keys).loc[(91, "cohort", "purchases", "kundenwert")]
    rows = found.scores.query("horizon == 91 and scope == 'cohort' and quantity == 'purchases'")
    rows = rows[rows["forecast"] == "kundenwert"]
    assert (own["origins"], own["cases"]) == (4, 12)
    each = found.cohorts.query("horizon == 91 and quantity == 'purchases' and forecast == 'kundenwert'")
    assert own["coverage"] == pytest.approx(each["inside"].mean(), rel=1e-12)
    assert own["log_error"] == pytest.approx(np.average(rows["log_error"], weights=rows["cases"]), rel=1e-12)
    assert own["distance"] == distance(counted(each["place"].to_numpy()))
    assert table["horizon"].is_monotonic_increasing
    assert table["forecast"].drop_duplicates().tolist()[:2] == ["kundenwert", "stationary"]
    assert table.query("quantity == 'revenue'")["log_score"].isna().all()


def test_tables_have_their_columns_and_customers_add_up(found):
    names = "origin horizon scope quantity forecast cases actual mean q05 q50 q95 inside"
    assert list(found.table) == names.split()
    at = ["origin", "horizon", "quantity", "forecast"]
    total, cohort, customer = (
        found.table[found.table["scope"] == of].set_index(at) for of in ("total", "cohort", "customer")
    )
    for part in (cohort, customer):
        np.testing.assert_allclose(part["actual"] * part["cases"], total["actual"], rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(part["mean"] * part["cases"], total["mean"], rtol=1e-9)
    assert set(total["cases"]) == {1}
    assert len(found.places) == len(found.table) == len(found.scores)


def totals_that_held(held, paid, *, days=91, apart=91):
    """A back-test of totals of which some held, from the latest origin back."""
    origins = [pd.Timestamp("2024-01-01") - pd.Timedelta(days=apart * k) for k in range(len(held))][::-1]
    columns = {"horizon": days, "scope": "total", "forecast": "kundenwert", "cases": 1}
    parts = [
        pd.DataFrame({"origin": origins, "quantity": name, "inside": np.array(each, float), **columns})
        for name, each in (("purchases", held), ("revenue", paid))
    ]
    table = pd.concat(parts, ignore_index=True)
    return Backtest(table, table, table, np.zeros((len(table), 100), int))


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (
            totals_that_held([1] * 10, [1] * 9 + [0]),
            "purchases in 10 of 10 cases and revenue in 9 of 10: about as often",
        ),
        (totals_that_held([1] * 4, [1] * 4), "4 of 4 cases and revenue in 4 of 4: too few to say"),
        (totals_that_held([0, 0, 0], [1] * 3), "0 of 3 cases and revenue in 3 of 3: totals of this log are less sure"),
        (
            totals_that_held([1] * 10, [0] * 5 + [1] * 5, days=30),
            "Over 30 days .* 5 of 10: totals of this log are less sure",
        ),
        (
            totals_that_held([0, 1] * 5, [0, 1] * 5, days=182),
            "Over 26 weeks .* 5 of 5 cases and revenue in 5 of 5: too few",
        ),
    ],
)
def test_the_judgement_counts_forecasts_that_do_not_overlap(given, wanted):
    assert re.search(wanted, given.judgement)


def test_a_result_shows_itself(found):
    text = repr(found)
    assert text.startswith("Backtest(origins: 4, 1997-07-01 to 1998-03-31; horizons: 13 weeks, 26 weeks, 52 weeks; ")
    assert "of 8 inside their 90 % intervals" in text
    assert "<caption>Back-test</caption>" in found._repr_html_()


def test_origins_without_a_posterior_are_told(rows, made, failed):
    bad = made(LAW, SPEND, diagnosis=failed)

    def fitting(summary):
        return bad if summary.observation_end == dt.date(1997, 9, 30) else known()(summary)

    log = kw.read_transactions(rows)
    steps = []
    found = kw.backtest(log, models=fitting, origins=[ORIGIN, "1997-12-30"], advance=steps.append)
    assert found.left_out == (LeftOut(dt.date(1997, 9, 30), found.left_out[0].why),)
    assert "did not converge" in found.left_out[0].why
    assert found.table["origin"].unique() == pd.Timestamp("1997-12-30")
    assert "origins left out: 1" in repr(found)
    assert steps == [1, 1]
    with pytest.raises(kw.FitError, match=r"no origin has a posterior to forecast from; on 1997-09-30: .*did not conv"):
        kw.backtest(log, models=fitting, origins=[ORIGIN])


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"origins": ["1998-06-01"]}, r"from origins='1998-06-01': the log runs from .* is 13 weeks"),
        ({"origins": ["1996-06-01"]}, "no forecast can be checked from origins='1996-06-01'"),
        ({"origins": ["soon"]}, "origins='soon' is not a date"),
        ({"horizons": [0]}, "horizons=0 must be a whole number, 1 or more"),
        (
            {"horizons": [500]},
            "too short for a back-test: a forecast needs 26 weeks and 100 repeat purchases .* 500 days",
        ),
        ({"seed": -1}, "seed"),
        ({"cohort": "nothing"}, "cohort='nothing' is not known"),
        ({"cohrt": "month"}, "cohrt"),
    ],
)
def test_what_has_no_meaning_is_refused(rows, settings, match):
    with pytest.raises(kw.KundenwertError, match=match):
        kw.backtest(kw.read_transactions(rows), models=known(), **settings)


def test_no_origins_are_those_chosen(rows):
    log = kw.read_transactions(rows)
    found = kw.backtest(log, models=known(1), origins=[], horizons=[91], log_end="1998-06-30")
    assert found.table["origin"].nunique() == len(choose_origins(log)) == 4


def test_few_purchases_are_too_short_a_log(rows):
    few = rows[rows["customer_id"].isin(rows["customer_id"].unique()[:20])]
    with pytest.raises(kw.DomainError, match=r"too short for a back-test.* State days of your own with origins"):
        kw.backtest(kw.read_transactions(few), models=known())


def shop(seed, customers):
    """A stationary shop: customers come over half a year, and are watched for a year and a half."""
    start, law = dt.date(2021, 1, 4), {**LAW, "beta": 30.0, **SPEND}
    group = Group("x", customers, start, start + dt.timedelta(days=181), **law)
    end = start + dt.timedelta(days=552)
    made = kw.simulate_population(Population("x", "W", end, (group,)), seed=seed)
    return kw.read_transactions(made.transactions[["customer_id", "date", "amount"]])


def totals(logs, models):
    """Totals of 13 weeks at four origins of each log, and the places of what happened among their draws."""
    found = [kw.backtest(log, models=models, horizons=[91], log_end="2022-07-10") for log in logs]
    own = [one.table.query("scope == 'total' and forecast == 'kundenwert'") for one in found]
    places = [one.places[rows.index] for one, rows in zip(found, own, strict=True)]
    return pd.concat(own, ignore_index=True), np.concatenate(places)


def test_totals_of_a_stationary_shop_come_as_often_as_they_should():
    """With the law known, places of totals of 13 weeks after one another are independent and uniform.

    40 of them: a distance of .31 and fewer than 29 inside are each less probable than 1e-3.
    """
    rows, places = totals([shop(seed, 250) for seed in range(10)], known(400, LAW | {"beta": 30.0}))
    for _, part in rows.groupby("quantity"):
        assert len(part) == 40
        assert part["inside"].sum() >= 29
        assert distance(places[part.index].sum(axis=0)) < 0.31


@pytest.mark.slow
def test_totals_of_a_stationary_shop_with_a_law_that_is_learned():
    """80 totals, 9 in 10 inside: fewer than 60 have a probability below 1e-3, with forecasts of a shop dependent."""
    rows, _ = totals([shop(seed, 1000) for seed in range(20)], None)
    held = rows.groupby("quantity")["inside"]
    assert (held.count() == 80).all()
    assert (held.sum() >= 60).all()
    assert (held.mean() <= 0.99).all()
