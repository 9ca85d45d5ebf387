"""Conditions on rows: what they mean, what is refused, and that rows left out are told with their money."""

import pandas as pd
import pytest

from kundenwert.data import read_transactions
from kundenwert.data.filters import Condition, parse
from kundenwert.errors import DomainError, SchemaError
from kundenwert.messages import Code

ROWS = pd.DataFrame(
    {
        "customer_id": ["a", "a", "b", "b", "c", "c"],
        "date": ["2024-01-01", "2024-01-05", "2024-01-03", "2024-02-01", "2024-02-02", "2024-03-01"],
        "amount": ["10,50", "20,00", "5,00", "8,00", "100,00", "1,00"],
        "Order Status": ["completed", "Cancelled ", "completed", "on hold", None, "completed"],
        "shipped": ["02.01.2024", "06.01.2024", "04.01.2024", "15.02.2024", "03.02.2024", None],
        "in stock": [1, 0, 1, 1, 0, 1],
    }
)


@pytest.mark.parametrize(
    ("where", "money"),
    [
        ("Order Status = completed", 16.5),
        ("order status == COMPLETED", 16.5),
        ("'Order Status' = \"on hold\"", 8.0),
        ("Order Status != cancelled", 124.5),
        ("Order Status <> completed", 128.0),
        ("Order Status in (completed, 'on hold')", 24.5),
        ('"Order Status" not in (cancelled, "on hold")', 116.5),
        ("Order Status is empty", 100.0),
        ("Order Status is not empty", 44.5),
        ("amount >= 10,50", 130.5),
        ("amount > 10.5", 120.0),
        ("amount < 5", 1.0),
        ("shipped <= 2024-01-06", 35.5),
        ("shipped > 15.01.2024", 108.0),
        ("in stock = 1", 24.5),
        ("in stock in (0)", 120.0),
    ],
)
def test_conditions(where, money):
    log = read_transactions(ROWS, where=[where], decimal=",")
    assert log.purchases.amount.sum().to_pyarrow().as_py() == pytest.approx(money)
    left = next(entry for entry in log.account.entries if entry.code == Code.LEFT_OUT)
    assert left.money == pytest.approx(144.5 - money)


def test_all_conditions_must_hold_and_rows_left_out_are_not_unreadable():
    rows = ROWS.assign(date=["?", "?", *ROWS.date[2:]])
    log = read_transactions(rows, where=["date is not empty", "Order Status != cancelled", "amount < 10"])
    assert (log.account.kept, log.account.excluded) == (3, 3)
    assert [entry.code for entry in log.account.entries if entry.fate == "excluded"] == [Code.LEFT_OUT]


@pytest.mark.parametrize(
    ("where", "error", "message"),
    [
        ("Order Status", DomainError, "where='Order Status' is no condition; write it such as 'status = completed'"),
        ("Order Status = ", DomainError, "is no condition"),
        ("Order Status in completed", DomainError, "is no condition"),
        ("Order Status in (a b')", DomainError, "is no condition"),
        ("= completed", DomainError, "is no condition"),
        ("amount < ten", DomainError, "is no condition"),
        (
            "Ordr Status = completed",
            SchemaError,
            "column 'Ordr Status', which is not there; did you mean 'Order Status'",
        ),
        ("colour = red", SchemaError, "column 'colour', which is not there; there are 'customer_id'"),
        ("Order Status = done", DomainError, r"no row meets where='Order Status = done'; .* 'completed' \(3 rows\)"),
        ("Order Status > 5", DomainError, "compares numbers, but 5 rows of column 'Order Status' hold none"),
        ("1=1; DROP TABLE source", SchemaError, "column '1', which is not there"),
    ],
)
def test_what_is_no_condition_teaches(where, error, message):
    with pytest.raises(error, match=message) as caught:
        read_transactions(ROWS, where=[where])
    assert caught.value.parameter == "where"


@pytest.mark.parametrize(
    ("text", "column", "sign", "compared"),
    [
        ("a b=c", "a b", "=", ("c",)),
        ("a = b and c = d", "a", "=", ("b and c = d",)),
        ("a   NOT  IN ( x ,'y, z' )", "a", "not in", ("x", "y, z")),
        ("in is empty", "in", "is empty", ()),
    ],
)
def test_parts_of_a_condition(text, column, sign, compared):
    found = parse(text, ["a", "a b", "in"])
    assert found == Condition(text, column, sign, compared)
