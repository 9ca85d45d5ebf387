"""Purchases and revenue within a window: days inclusive, one engine and another, nothing lost."""

import datetime as dt

import pandas as pd
import pytest

from kundenwert.data import read_transactions, window_totals
from kundenwert.errors import DomainError, SchemaError


def test_both_ends_are_inclusive(small):
    log = read_transactions(small)
    assert window_totals(log, "2024-01-08", "2024-01-15").to_dict("list") == {
        "customer_id": ["0001", "0002", "0003"],
        "purchases": [1, 1, 1],
        "revenue": [10.0, 8.0, 1.25],
    }
    assert window_totals(log, "2024-01-09", "2024-01-14").empty
    one_day = window_totals(log, dt.date(2024, 2, 5), dt.datetime(2024, 2, 5, 12))  # noqa: DTZ001
    assert one_day.to_numpy().tolist() == [["0001", 1, 20.5]]


def test_a_log_its_table_and_a_frame_agree(small):
    log = read_transactions(small)
    wanted = window_totals(log, "2024-01-01", "2024-01-31")
    pd.testing.assert_frame_equal(window_totals(log.purchases, "2024-01-01", "2024-01-31"), wanted)
    pd.testing.assert_frame_equal(window_totals(small, "2024-01-01", "2024-01-31"), wanted)
    stamped = small.assign(date=pd.to_datetime(small["date"]) + pd.Timedelta(hours=23))
    pd.testing.assert_frame_equal(window_totals(stamped, "2024-01-01", "2024-01-31"), wanted)
    shuffled = small.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(window_totals(shuffled, "2024-01-01", "2024-01-31"), wanted)


def test_order_lines_of_a_day_are_one_purchase():
    rows = pd.DataFrame(
        {"customer_id": ["a"] * 3, "date": ["2024-01-05"] * 2 + ["2024-01-06"], "amount": [1.0, 2.0, 4.0]}
    )
    assert window_totals(rows, "2024-01-01", "2024-01-31").to_numpy().tolist() == [["a", 2, 7.0]]


def test_cdnow_holdout_is_that_of_the_summary(cdnow_log, cdnow):
    held = window_totals(cdnow_log, "1997-10-01", "1998-06-30").set_index("customer_id")
    table = cdnow.table.set_index("customer_id")
    counts = held["purchases"].reindex(table.index, fill_value=0)
    assert counts.tolist() == table["holdout_purchases"].tolist()
    assert held["revenue"].sum() == pytest.approx(table["holdout_value"].sum(), rel=1e-12)
    assert held["purchases"].sum() == 1882


def test_windows_that_make_no_sense_are_refused(small):
    with pytest.raises(DomainError, match="ends on 2024-01-01, before its start 2024-02-01"):
        window_totals(small, "2024-02-01", "2024-01-01")
    with pytest.raises(DomainError, match="start='soon' is not a date"):
        window_totals(small, "soon", "2024-01-01")
    with pytest.raises(SchemaError, match="no column 'amount'"):
        window_totals(small.drop(columns="amount"), "2024-01-01", "2024-01-31")
