"""Purchases and revenue within a window: days inclusive, one engine and another, nothing lost."""

import datetime as dt

import pandas as pd
import pytest

from kundenwert.data import read_transactions, window_totals
from kundenwert.errors import DomainError, SchemaError


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        ("2024-01-08", "2024-01-15", [["0001", 1, 10.0], ["0002", 1, 8.0], ["0003", 1, 1.25]]),
        ("2024-01-09", "2024-01-14", []),
        (dt.date(2024, 2, 5), dt.datetime(2024, 2, 5, 12), [["0001", 1, 20.5]]),  # noqa: DTZ001
    ],
    ids=["both ends", "between purchases", "one day"],
)
def test_both_ends_are_inclusive(small, start, end, found):
    totals = window_totals(read_transactions(small), start, end)
    assert totals.columns.tolist() == ["customer_id", "purchases", "revenue"]
    assert totals.to_numpy().tolist() == found


@pytest.mark.parametrize(
    "form",
    [
        lambda small: read_transactions(small).purchases,
        lambda small: small,
        lambda small: small.assign(date=pd.to_datetime(small["date"]) + pd.Timedelta(hours=23)),
        lambda small: small.sample(frac=1, random_state=3),
    ],
    ids=["table", "frame", "late hours", "shuffled"],
)
def test_a_log_its_table_and_a_frame_agree(small, form):
    wanted = window_totals(read_transactions(small), "2024-01-01", "2024-01-31")
    pd.testing.assert_frame_equal(window_totals(form(small), "2024-01-01", "2024-01-31"), wanted)


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


@pytest.mark.parametrize(
    ("gone", "start", "error", "message"),
    [
        ([], "2024-02-01", DomainError, "ends on 2024-01-01, before its start 2024-02-01"),
        ([], "soon", DomainError, "start='soon' is not a date"),
        (["amount"], "2023-12-01", SchemaError, "no column 'amount'"),
    ],
)
def test_windows_that_make_no_sense_are_refused(small, gone, start, error, message):
    with pytest.raises(error, match=message):
        window_totals(small.drop(columns=gone), start, "2024-01-01")
