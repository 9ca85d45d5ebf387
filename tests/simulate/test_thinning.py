"""Purchases taken out by a calendar: rates are those that were asked for, and nothing else changes."""

import numpy as np
import pandas as pd
import pytest

from kundenwert.errors import DomainError, SchemaError
from kundenwert.simulate import thinned

DAYS = pd.date_range("2023-01-01", "2023-12-31")
ONES = pd.Series(1.0, index=DAYS)


@pytest.fixture(scope="module")
def log():
    """40,000 purchases of 400 customers, evenly over a year."""
    rng = np.random.default_rng(2)
    table = pd.DataFrame({"customer_id": rng.integers(0, 400, 40_000).astype(str), "date": rng.choice(DAYS, 40_000)})
    return table.assign(amount=10.0).sort_values("date", ignore_index=True)


def test_what_is_left_follows_the_level(log):
    """Levels 2 in December, 0 in August, 1 otherwise: 1, 0 and 1/2 are kept; 4.5 standard errors of 3,000."""
    level = ONES.copy()
    level[DAYS.month == 12] = 2.0
    level[DAYS.month == 8] = 0.0
    left = thinned(log, level, rng=np.random.default_rng(3))
    before, after = (one.groupby(one["date"].dt.month).size() for one in (log, left))
    share = after.reindex(range(1, 13), fill_value=0) / before
    assert share[12] == 1.0
    assert share[8] == 0.0
    assert np.abs(share[[2, 3, 4, 5, 6, 7, 9, 10, 11]] - 0.5).max() < 4.5 * 0.5 / np.sqrt(3000)


def test_first_purchases_stay(log):
    level = ONES.copy()
    level[:200] = 0.0
    left = thinned(log, level, rng=np.random.default_rng(3))
    pd.testing.assert_series_equal(left.groupby("customer_id")["date"].min(), log.groupby("customer_id")["date"].min())


def test_prices(log):
    price = pd.Series(np.where(DAYS < "2023-07-01", 1.0, 1.5), index=DAYS)
    left = thinned(log, ONES, rng=np.random.default_rng(3), price=price)
    assert len(left) == len(log)
    paid = left.groupby(left["date"] < "2023-07-01")["amount"].unique().map(list).to_dict()
    assert paid == {True: [10.0], False: [15.0]}


@pytest.mark.parametrize(
    ("level", "message"),
    [
        (ONES.iloc[5:], "2023-01-0. has no level"),
        (-ONES, "level of a day is at least 0"),
        (0 * ONES, "not all are 0"),
        (np.inf * ONES, "finite"),
    ],
)
def test_levels_without_meaning_are_refused(log, level, message):
    with pytest.raises(DomainError, match=message):
        thinned(log, level, rng=np.random.default_rng(1))


def test_a_price_of_nothing_is_refused(log):
    with pytest.raises(DomainError, match="price of a day is above 0"):
        thinned(log, ONES, rng=np.random.default_rng(1), price=0 * ONES)


def test_a_log_without_amounts_is_refused(log):
    with pytest.raises(SchemaError, match="no column 'amount'"):
        thinned(log.drop(columns="amount"), ONES, rng=np.random.default_rng(1))
