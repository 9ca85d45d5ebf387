"""Orders on several rows: repeated totals count once, items add up, items without an amount lose no money."""

from pathlib import Path

import pandas as pd
import pytest

from kundenwert.data import read_transactions
from kundenwert.messages import Code, Setting

GIVEN = Path(__file__).parents[1] / "exports" / "given"
SHOPIFY = {"customer_id": "Email", "date": "Created at", "amount": "Total"}


def orders(amounts, orders=20):
    """Orders on as many rows as there are amounts, each of them on a day of its own; row by row."""
    rows = [
        (f"B{n}", f"k{n % 7}", str(pd.Timestamp("2024-01-01") + pd.Timedelta(days=n))[:10], say(n))
        for n in range(orders)
        for say in amounts
    ]
    return pd.DataFrame(rows, columns=["Bestellnr", "customer_id", "date", "amount"])


def total(log):
    return log.purchases.amount.sum().to_pyarrow().as_py()


def counts(log):
    return {entry.code: entry.count for entry in log.account.entries}


def noted(log, code):
    return next((note for note in log.account.notes if note.code == code), None)


@pytest.mark.parametrize(
    ("file", "settings"),
    [
        ("shop/order_total_repeated.csv", {"order_id": "Bestellnr"}),
        ("shop/shopify_repeated_total.csv", SHOPIFY),
        ("shop/shopify_repeated_total.csv", {"preset": "none", "order_id": "Name"}),
    ],
)
def test_a_repeated_total_counts_once(file, settings):
    log = read_transactions(GIVEN / file, **settings)
    assert (log.account.kept, round(total(log), 2)) == (294, 23442.20)
    assert counts(log)[Code.TOTAL_REPEATED] == 300
    assert noted(log, Code.TOTALS_ONCE).money == pytest.approx(22533.70)


@pytest.mark.parametrize(
    ("file", "column"), [("order_total_repeated.csv", "Bestellnr"), ("shopify_repeated_total.csv", "Name")]
)
def test_without_the_column_it_is_a_caution(file, column):
    log = read_transactions(GIVEN / "shop" / file, preset="none")
    note = noted(log, Code.TOTALS_SEEM_REPEATED)
    assert note.caution
    assert (note.count, note.money) == (300, pytest.approx(22533.70))
    assert note.figures["hint"] == Setting("order_id", column)


@pytest.mark.parametrize(
    ("file", "settings", "purchases", "money", "items"),
    [
        ("shop/shopify.csv", SHOPIFY, 294, 23442.20, 318),
        ("shopify-orders/orders_export_1.csv", SHOPIFY, 96, 4740.70, 85),
        ("shopify-orders/orders_export_1.csv", SHOPIFY | {"preset": "none"}, 96, 4740.70, 85),
    ],
)
def test_rows_without_a_total_are_further_items(file, settings, purchases, money, items):
    log = read_transactions(GIVEN / file, **settings)
    assert (log.account.kept, round(total(log), 2)) == (purchases, money)
    assert (counts(log)[Code.FURTHER_ITEM], log.account.excluded) == (items, 0)


@pytest.mark.parametrize("settings", [{}, {"order_id": "Bestellnr"}])
def test_items_of_an_order_add_up(settings):
    log = read_transactions(orders([lambda n: 5.0 + n, lambda n: 9.99 if n % 4 else 5.0 + n]), **settings)
    assert total(log) == pytest.approx(sum(5 + n + (9.99 if n % 4 else 5 + n) for n in range(20)))
    assert Code.TOTAL_REPEATED not in counts(log)
    assert not [note for note in log.account.notes if note.caution and note.code != Code.TOO_FEW]


def test_where_most_orders_repeat_an_amount_but_not_nearly_all_it_is_said():
    log = read_transactions(orders([lambda n: 10.0, lambda n: 10.0 if n % 4 else 3.0]), order_id="Bestellnr")
    note = noted(log, Code.TOTALS_UNCLEAR)
    assert (note.caution, note.figures["orders"], note.figures["of"]) == (True, 15, 20)
    assert total(log) == pytest.approx(20 * 10 + 15 * 10 + 5 * 3)


def test_one_order_that_differs_adds_up_beside_totals_that_repeat():
    log = read_transactions(orders([lambda n: 10.0, lambda n: 10.0 if n != 7 else 3.0], 40), order_id="Bestellnr")
    assert total(log) == pytest.approx(40 * 10 + 3)


def test_an_item_that_lost_its_amount_is_not_called_a_further_item():
    rows = orders([lambda n: 5.0, lambda n: 7.0, lambda n: None if n == 3 else 2.0])
    log = read_transactions(rows, order_id="Bestellnr")
    assert (counts(log)[Code.NO_AMOUNT], Code.FURTHER_ITEM in counts(log)) == (1, False)


def test_a_condition_may_leave_out_the_first_row_of_an_order():
    rows = orders([lambda n: 10.0, lambda n: 10.0]).assign(item=["x", "y"] * 20)
    log = read_transactions(rows, order_id="Bestellnr", where=["item = y"])
    assert total(log) == pytest.approx(200)
