"""One row per customer: dates inclusive, units exact, cohorts, activity, and relations that hold for any log."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kundenwert.data import DAYS_PER_UNIT, CustomerSummary, patterns, purchases_by_day, read_transactions, summarise
from kundenwert.errors import DomainError, SchemaError

# One example takes a quarter of a second, so that shrinking a failure would take minutes.
SLOW = settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.generate],
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)


def test_both_ends_are_inclusive(small):
    summary = summarise(read_transactions(small), observation_end="2024-01-22", holdout_end="2024-02-05")
    table = summary.table.set_index("customer_id")
    assert table["frequency"].to_dict() == {"0001": 1, "0002": 0, "0003": 1}
    assert table["recency"].to_dict() == {"0001": 2.0, "0002": 0.0, "0003": 2.0}
    assert table["T"].to_dict() == {"0001": 3.0, "0002": 2.0, "0003": 2.0}
    assert table["monetary_value"].fillna(-1).to_dict() == {"0001": 10.0, "0002": -1, "0003": 3.75}
    assert table["first_value"].tolist() == [5.0, 8.0, 1.25]
    assert table["value_to_date"].tolist() == [15.0, 8.0, 5.0]
    assert table["holdout_purchases"].tolist() == [1, 0, 0]
    assert table["holdout_value"].tolist() == [20.5, 0.0, 0.0]
    assert (summary.window, summary.holdout_length, len(summary)) == (3.0, 2.0, 3)
    assert table["last_purchase"].tolist() == list(pd.to_datetime(["2024-01-15", "2024-01-08", "2024-01-22"]))
    assert table.dtypes[["frequency", "holdout_purchases", "active_after", "recency"]].tolist() == [
        np.dtype(kind) for kind in ("int64", "int64", "bool", "float64")
    ]


def test_the_end_is_the_last_day_if_not_said(small):
    summary = summarise(read_transactions(small), observation_end=None)
    assert summary.observation_end == dt.date(2024, 2, 5)
    assert summary.holdout_length is None
    assert summary.table["T"].max() == 5.0
    assert "holdout_value" not in summary.table


def test_rows_outside_the_two_periods_are_accounted_for(small):
    log = read_transactions(small)
    summary = summarise(log, observation_end="2024-01-16")
    assert {(e.fate, e.reason, e.count) for e in summary.account.entries} == {
        ("kept", "purchase in the observation", 4),
        ("merged", "same customer and same day as a kept row", 0),
        ("excluded", "after the end of observation", 2),
    }
    late = pd.concat([small, small.head(2).assign(customer_id="9", date="2024-01-30")])
    summary = summarise(read_transactions(late), observation_end="2024-01-16", holdout_end="2024-01-31")
    assert {(e.fate, e.reason, e.count) for e in summary.account.entries} == {
        ("kept", "purchase in the observation", 4),
        ("kept", "purchase in the hold-out", 1),
        ("merged", "same customer and same day as a kept row", 0),
        ("excluded", "customer's first purchase lies after the end of observation", 2),
        ("excluded", "after the end of the hold-out", 1),
    }
    assert "9" not in set(summary.table["customer_id"])


@pytest.mark.parametrize(
    ("cohort", "labels"),
    [
        ("month", ["2020-12", "2021-01", "2021-04"]),
        ("quarter", ["2020-Q4", "2021-Q1", "2021-Q2"]),
        ("week", ["2020-W53", "2020-W53", "2021-W13"]),
        ("none", ["all", "all", "all"]),
    ],
)
def test_calendar_cohorts(cohort, labels):
    days = ["2020-12-31", "2021-01-03", "2021-04-01", "2021-05-01"]
    log = read_transactions(pd.DataFrame({"customer_id": list("abca"), "date": days, "amount": 1.0}))
    summary = summarise(log, cohort=cohort)
    assert summary.table["cohort"].tolist() == labels
    assert summary.cohort == cohort


def test_activity_before_and_within_the_inactivity_window():
    days = {"a": "2022-12-31", "b": "2023-01-01", "c": "2023-12-31", "d": "2024-01-01", "e": "2024-12-31"}
    frame = pd.DataFrame({"customer_id": list(days), "date": list(days.values()), "amount": 1.0})
    frame = pd.concat([frame, frame[frame["customer_id"] == "c"].assign(date="2024-06-01")])
    table = summarise(read_transactions(frame), observation_end="2024-12-31").table.set_index("customer_id")
    assert table["active_before"].to_dict() == {"a": False, "b": True, "c": True, "d": False, "e": False}
    assert table["active_after"].to_dict() == {"a": False, "b": False, "c": True, "d": True, "e": True}
    half = summarise(read_transactions(frame), inactivity_months=6).table.set_index("customer_id")
    assert half["active_before"].to_dict() == {"a": False, "b": False, "c": True, "d": True, "e": False}
    assert half["active_after"].to_dict() == {"a": False, "b": False, "c": False, "d": False, "e": True}


@pytest.mark.parametrize("unit", DAYS_PER_UNIT)
def test_units(cdnow_log, unit):
    ends, length = {"observation_end": "1997-09-30", "holdout_end": "1998-06-30"}, DAYS_PER_UNIT[unit]
    days, other = (summarise(cdnow_log, **ends, time_unit=one) for one in ("D", unit))
    assert days.table["T"].max() == 272.0
    for name in ("recency", "T"):
        np.testing.assert_array_equal(other.table[name], days.table[name] / length)
    assert other.window == days.window / length
    assert other.holdout_length == days.holdout_length / length
    assert other.units_per_year == 365.25 / length
    assert len(patterns(other.table)) == 1016


def test_weeks_are_the_unit_if_none_is_said(cdnow):
    assert cdnow.units_per_year == 365.25 / 7


def test_from_frame():
    frame = pd.DataFrame(
        {"frequency": [2.0, 0.0], "recency": [3, 0], "T": [5, 4], "monetary_value": [7.5, 0.0]}, index=["b", "a"]
    )
    summary = CustomerSummary.from_frame(frame, time_unit="M", holdout_length=2)
    assert summary.table["customer_id"].tolist() == ["a", "b"]
    assert summary.table["frequency"].tolist() == [0, 2]
    assert np.isnan(summary.table["monetary_value"][0])
    assert summary.table["cohort"].tolist() == ["all", "all"]
    assert (summary.window, summary.holdout_length, summary.days_per_unit) == (5.0, 2, 365.25 / 12)
    assert summary.observation_end is None
    assert frame.columns.tolist() == ["frequency", "recency", "T", "monetary_value"]


@pytest.mark.parametrize(
    ("recency", "T", "told"),
    [
        (0.1 + 0.2, 0.3, 0.3),
        (0.3 * (1 + 9e-10), 0.3, 0.3),
        (52.0 * (1 + 9e-10), 52.0, 52.0),
        (0.3, 0.1 + 0.2, 0.3),
        (0.3 * (1 - 9e-10), 0.3, 0.3 * (1 - 9e-10)),
    ],
)
def test_a_recency_beyond_T_by_rounding_is_T(recency, T, told):
    frame = pd.DataFrame({"frequency": [2, 0], "recency": [recency, 0.0], "T": [T, T]})
    table = CustomerSummary.from_frame(frame, time_unit="Y").table
    assert table["recency"].tolist() == [told, 0.0]
    assert table["T"].tolist() == [T, T]
    assert frame["recency"].tolist() == [recency, 0.0]


@pytest.mark.parametrize("recency", [0.3 * (1 + 2e-9), 0.31, np.nextafter(0.0, 1.0) + 0.3001])
def test_a_recency_beyond_T_by_more_is_refused(recency):
    frame = pd.DataFrame({"frequency": [2, 0], "recency": [recency, 0.0], "T": [0.3, 0.3]})
    with pytest.raises(DomainError, match=r"recency must lie between 0 and T .* in 1 row \(first: customers '0'\)"):
        CustomerSummary.from_frame(frame, time_unit="Y")


def test_a_window_shorter_than_T_by_rounding_is_the_longest_T():
    frame = pd.DataFrame({"frequency": [2, 0], "recency": [0.2, 0.0], "T": [0.1 + 0.2, 0.3]})
    assert CustomerSummary.from_frame(frame, time_unit="Y", window=0.3).window == 0.1 + 0.2


@pytest.mark.parametrize("name", ["customer_id", "frequency", "id", None])
def test_a_frame_in_the_style_of_lifetimes(name):
    index = pd.Index(["0014", "0003"], name=name)
    frame = pd.DataFrame({"frequency": [2.0, 0.0], "recency": [3.0, 0.0], "T": [5.0, 4.0]}, index=index)
    table = CustomerSummary.from_frame(frame, time_unit="W").table
    assert table[["customer_id", "frequency", "T"]].to_numpy().tolist() == [["0003", 0, 4.0], ["0014", 2, 5.0]]
    assert frame.index.name == name


def test_a_column_of_ids_counts_before_an_index_of_that_name():
    index = pd.Index([7, 8], name="customer_id")
    frame = pd.DataFrame({"customer_id": ["b", "a"], "frequency": 0, "recency": 0.0, "T": [5.0, 4.0]}, index=index)
    assert CustomerSummary.from_frame(frame, time_unit="W").table["customer_id"].tolist() == ["a", "b"]


def test_a_summary_survives_from_frame(cdnow):
    again = CustomerSummary.from_frame(cdnow.table.sample(frac=1, random_state=1), time_unit="W", window=cdnow.window)
    pd.testing.assert_frame_equal(again.table, cdnow.table)


def test_daily_counts(small):
    daily = purchases_by_day(read_transactions(small), acquired_until="2024-01-01", until="2024-01-20")
    assert len(daily) == 20
    assert daily.loc[daily["purchases"] > 0, "date"].dt.day.tolist() == [1, 15]
    assert daily["repeat_purchases"].sum() == 1
    assert daily["amount"].sum() == 15.0


_ROW = st.tuples(
    st.sampled_from(["01", "1", "Ä", "b b"]),
    st.integers(0, 60),
    st.integers(0, 10**7).map(lambda cents: cents / 100),
    st.sampled_from(["Nord", "Süd", None]),
)
_START = dt.date(2023, 12, 1)
# Two customers and a repeat purchase are there in every log, so that each has a summary.
_FIXED = [("01", 0, 5.0, "Nord"), ("01", 9, 0.3, None), ("01", 61, 0.1, None), ("b b", 3, 0.2, "Süd")]


@st.composite
def logs(draw):
    rows = draw(st.lists(_ROW, max_size=25)) + _FIXED
    frame = pd.DataFrame(rows, columns=["customer_id", "day", "amount", "region"])
    frame["date"] = [_START + dt.timedelta(days=day) for day in frame.pop("day")]
    return frame


def summary_of(frame, **options):
    log = read_transactions(frame, keep=["region"], **options)
    return summarise(
        log, observation_end=_START + dt.timedelta(days=40), holdout_end=_START + dt.timedelta(days=61), cohort="region"
    )


@SLOW
@given(logs(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(frame, random):
    order = list(range(len(frame)))
    random.shuffle(order)
    first, second = summary_of(frame), summary_of(frame.iloc[order])
    pd.testing.assert_frame_equal(first.table, second.table, check_exact=True)
    assert first.account.entries == second.account.entries


@SLOW
@given(logs(), st.data())
def test_splitting_a_purchase_within_its_day_changes_nothing(frame, data):
    which = data.draw(st.integers(0, len(frame) - 1))
    part = round(data.draw(st.floats(0, 1)) * frame["amount"].iloc[which], 2)
    parts = frame.iloc[[which, which]].assign(amount=[part, round(frame["amount"].iloc[which] - part, 2)])
    split = pd.concat([frame.drop(index=frame.index[which]), parts], ignore_index=True)
    first, second = summary_of(frame), summary_of(split)
    pd.testing.assert_frame_equal(first.table, second.table, check_exact=True)
    assert second.account.rows_read == first.account.rows_read + 1
    assert second.account.kept == first.account.kept


@SLOW
@given(logs())
def test_nothing_is_lost(frame):
    summary = summary_of(frame)
    table = summary.table
    assert summary.account.balanced
    assert summary.account.rows_read == len(frame)
    known = frame[frame["customer_id"].isin(table["customer_id"])]
    assert table["value_to_date"].sum() + table["holdout_value"].sum() == pytest.approx(
        known["amount"].sum(), rel=1e-12
    )
    pairs = known[["customer_id", "date"]].drop_duplicates()
    assert (table["frequency"] + 1 + table["holdout_purchases"]).sum() == len(pairs)
    spent = table["first_value"] + table["frequency"] * table["monetary_value"].fillna(0)
    np.testing.assert_allclose(spent, table["value_to_date"], rtol=1e-12, atol=1e-9)
    assert ((table["recency"] <= table["T"]) & ((table["recency"] > 0) == (table["frequency"] > 0))).all()
    assert (table["monetary_value"].isna() == (table["frequency"] == 0)).all()
    CustomerSummary.from_frame(table, time_unit="W")


@SLOW
@given(
    logs(),
    st.lists(st.sampled_from([None, "", "?", "inf", "-3", "0"]), max_size=2),
    st.sampled_from(["match", "exclude", "net"]),
)
def test_every_row_of_a_dirty_log_has_a_fate(frame, bad, refunds):
    dirty = pd.concat([frame.assign(amount=frame["amount"].map("{:.2f}".format))] * 3, ignore_index=True)
    dirty = pd.concat([dirty, frame.head(1).loc[[0] * len(bad)].assign(amount=bad)], ignore_index=True)
    try:
        account = read_transactions(dirty, refunds=refunds).account
    except DomainError as error:
        assert "no readable amount" in str(error)  # noqa: PT017
        assert len(bad) > 0.05 * len(dirty)
        return
    assert account.balanced
    assert account.rows_read == len(dirty) == account.kept + account.merged + account.excluded
    assert account.kept == len(frame[["customer_id", "date"]].drop_duplicates())


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from([0.0, 1 / 7, 2.0]), st.sampled_from([2.0, 3.0])),
        min_size=1,
        max_size=30,
    )
)
def test_patterns_put_the_table_together_again(rows):
    table = pd.DataFrame(rows, columns=["frequency", "recency", "T"])
    found = patterns(table)
    assert len(found) == len(table.drop_duplicates())
    assert found.count.sum() == len(table)
    for name in ("frequency", "recency", "T"):
        np.testing.assert_array_equal(getattr(found, name)[found.index], table[name])
    np.testing.assert_array_equal(np.bincount(found.index), found.count)


def test_attributes_describe_customers():
    """Taken from the day of the first purchase; numbers where every value is one, codes with leading zeros not."""
    frame = pd.DataFrame(
        {
            "customer_id": ["a", "a", "b", "b"],
            "date": ["2024-01-01", "2024-02-01", "2024-01-03", "2024-03-01"],
            "amount": [5.0, 6.0, 7.0, 8.0],
            "region": ["Nord", "Süd", None, "Ost"],
            "machines": ["3", "4", "12", "12"],
            "zip": ["01067", "01067", "80331", "80331"],
        }
    )
    log = read_transactions(frame, keep=["region", "machines", "zip"])
    table = summarise(log, attributes=["region", "machines", "zip"]).table
    assert table["machines"].tolist() == [3.0, 12.0]
    assert table["zip"].tolist() == ["01067", "80331"]
    assert table["region"].iloc[0] == "Nord"
    assert pd.isna(table["region"].iloc[1])
    with pytest.raises(SchemaError, match="the log keeps no column 'colour'"):
        summarise(log, attributes=["colour"])


def test_german_numbers_as_attributes(tmp_path):
    file = tmp_path / "log.csv"
    rows = ["customer_id;date;amount;area", "a;01.01.2024;10,50;1.250,5", "a;03.02.2024;9,00;1.250,5"]
    file.write_text("\n".join([*rows, "b;05.01.2024;7,25;80,25", "b;06.03.2024;1,00;80,25"]), encoding="utf-8")
    table = summarise(read_transactions(file, keep=["area"]), attributes=["area"]).table
    assert table["area"].tolist() == [1250.5, 80.25]


def test_attributes_may_not_hide_a_column():
    frame = pd.DataFrame({"customer_id": ["a", "a"], "date": ["2024-01-01", "2024-02-01"], "amount": 1.0, "T": "x"})
    with pytest.raises(SchemaError, match="has the name of a column of the summary"):
        summarise(read_transactions(frame, keep=["T"]), attributes=["T"])


@pytest.mark.parametrize("form", [str, lambda day: day], ids=["text", "date"])
def test_a_log_that_was_exported_after_its_last_purchase(form):
    days = ["2024-01-01", "2024-01-15", "2024-02-05", "2024-01-08"]
    rows = pd.DataFrame({"customer_id": ["a", "a", "a", "b"], "date": days, "amount": [5.0, 10.0, 20.0, 8.0]})
    log, end = read_transactions(rows), dt.date(2024, 2, 19)
    held = summarise(log, observation_end="2024-01-29", holdout_end=form(end), log_end=form(end))
    assert held.holdout_end == end
    assert held.holdout_length == 3.0
    assert held.table["holdout_purchases"].tolist() == [1, 0]
    whole = summarise(log, log_end=form(end))
    assert (whole.observation_end, whole.holdout_end) == (end, None)
    assert whole.table["T"].tolist() == [7.0, 6.0]
    assert whole.table["recency"].tolist() == [5.0, 0.0]
    silent = summarise(log, observation_end="2024-02-12", holdout_end=form(end), log_end=form(end))
    assert silent.table["holdout_purchases"].tolist() == [0, 0]
    for summary in (held, whole, silent):
        note = summary.account.notes[-1]
        assert note.reason == "14 days without a purchase count as observed: complete up to 2024-02-19, as stated"
        assert summary.account.balanced
    daily = purchases_by_day(log, until=held.holdout_end)
    assert daily["purchases"].sum() == 4
    assert len(daily) == 50


def test_a_stated_end_that_is_not_used_changes_nothing(cdnow_log, cdnow):
    dates = {"observation_end": "1997-09-30", "holdout_end": "1998-06-30"}
    same = summarise(cdnow_log, **dates, log_end="1998-07-31")
    pd.testing.assert_frame_equal(same.table, cdnow.table)
    assert same.account == cdnow.account
    assert summarise(cdnow_log, log_end=str(cdnow_log.last_day)).account == summarise(cdnow_log).account


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["0.75", "12.5"], [0.75, 12.5]),
        (["1.250", "80,25"], [1250.0, 80.25]),
        (["1.250", "0.75"], [1.25, 0.75]),
        (["31.12.1980", "01.01.1990"], None),
        (["12,5", "0.75"], None),
        (["1.25.0", "3"], None),
        (["inf", "3"], None),
        ([".5", "1."], [0.5, 1.0]),
        ([",5", "2,25"], [0.5, 2.25]),
    ],
)
def test_one_decimal_mark_for_a_whole_attribute(texts, numbers):
    """A German log, whose attributes may have been written elsewhere: a mark that fits every value, or no number."""
    frame = pd.DataFrame(
        {
            "customer_id": ["a", "a", "b", "b"],
            "date": ["01.01.2024", "03.02.2024", "05.01.2024", "06.03.2024"],
            "amount": ["10,50", "9,00", "7,25", "1,00"],
            "size": np.repeat(texts, 2),
        }
    )
    found = summarise(read_transactions(frame, keep=["size"]), attributes=["size"]).table["size"]
    assert found.tolist() == (texts if numbers is None else numbers)


def test_numbers_of_a_table_stay_as_they_are_whatever_the_amounts_look_like():
    frame = pd.DataFrame(
        {
            "customer_id": ["a", "a", "b", "b"],
            "date": ["01.01.2024", "03.02.2024", "05.01.2024", "06.03.2024"],
            "amount": ["10,50", "9,00", "7,25", "1,00"],
            "machines": [2.5, 2.5, 1.25, 1.25],
        }
    )
    found = summarise(read_transactions(frame, keep=["machines"]), attributes=["machines"]).table
    assert found["machines"].tolist() == [2.5, 1.25]


def test_customers_to_be_valued_need_not_teach_anything():
    frame = pd.DataFrame({"customer_id": ["a", "b"], "date": ["2024-01-01", "2024-02-01"], "amount": [5.0, 6.0]})
    log = read_transactions(frame)
    with pytest.raises(DomainError, match="none of 2 customers bought on a second day"):
        summarise(log)
    assert summarise(log, for_fit=False).table["frequency"].tolist() == [0, 0]
    assert len(summarise(log, observation_end="2024-01-31", log_end="2024-02-29", for_fit=False)) == 1
