"""What is said of customers before any model is fitted."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kundenwert.data import read_transactions, summarise
from kundenwert.errors import DomainError
from kundenwert.messages import Code

GIVEN = Path(__file__).parents[1] / "exports" / "given"

DATA = GIVEN.parents[2] / "data"
PATTERNS = {
    *(Code.COLLECTIVE_ID, Code.DOMINANT_CUSTOMER, Code.REGULAR_PURCHASES, Code.CONSTANT_SPEND, Code.TOO_FEW),
    Code.WIDE_SPEND,
}


def patterns(log):
    return {note.code: note for note in log.account.notes if note.code in PATTERNS}


@pytest.mark.parametrize(
    ("file", "reading", "expected"),
    [
        ("shop/subscription.csv", {}, [Code.REGULAR_PURCHASES, Code.CONSTANT_SPEND]),
        (
            "monthly-subscriptions/charges.csv",
            {"customer_id": "subscriber", "date": "charged"},
            [Code.REGULAR_PURCHASES, Code.CONSTANT_SPEND],
        ),
        ("shop/dominant60.csv", {}, [Code.DOMINANT_CUSTOMER]),
        ("shop/kanal.csv", {}, []),
        ("small-b2b/twelve.csv", {"customer_id": "customer"}, [Code.TOO_FEW]),
        ("small-b2b/thirty.csv", {"customer_id": "customer"}, [Code.TOO_FEW]),
        ("most-are-heavy/trips.csv", {"customer_id": "driver", "date": "day", "amount": "fare"}, []),
        ("nobody-came-back/orders.csv", {}, [Code.TOO_FEW]),
        (DATA / "cdnow" / "transactions.csv", {}, []),
        (DATA / "mechaforge" / "transactions.csv", {}, [Code.WIDE_SPEND]),
    ],
    ids=str,
)
def test_what_is_said_of_known_logs(file, reading, expected):
    found = patterns(read_transactions(GIVEN / file, **reading))
    assert found.keys() == set(expected)
    assert {code for code, note in found.items() if note.caution} == set(expected) - {Code.WIDE_SPEND}


@pytest.mark.parametrize(
    ("file", "reading", "regular", "active", "customers", "back"),
    [
        ("shop/subscription.csv", {}, 163, 71, 200, 188),
        (
            "monthly-subscriptions/charges.csv",
            {"customer_id": "subscriber", "date": "charged"},
            *(238, 114, 300, 280),
        ),
    ],
)
def test_subscriptions(file, reading, regular, active, customers, back):
    found = patterns(read_transactions(GIVEN / file, **reading))
    figures = found[Code.REGULAR_PURCHASES].figures
    assert (figures["regular"], figures["customers"], figures["period"]) == (regular, regular, 31)
    assert (figures["active"], figures["all"]) == (active, customers)
    assert f"{active} of all {customers} customers bought in the last 31 days" in found[Code.REGULAR_PURCHASES].reason
    constant = found[Code.CONSTANT_SPEND].figures
    assert (constant["constant"], constant["customers"]) == (back, back)


def shop(customers=40, purchases=6, seed=1, **more):
    """Purchases at random times for random amounts, and those of further ids."""
    rng = np.random.default_rng(seed)
    rows = [(f"c{n}", int(day), rng.gamma(3, 10)) for n in range(customers) for day in rng.integers(0, 300, purchases)]
    for name, (count, amount) in more.items():
        rows += [(name.replace("_", " "), int(day), amount) for day in rng.integers(0, 300, count)]
    frame = pd.DataFrame(rows, columns=["customer_id", "date", "amount"])
    frame["date"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(frame["date"], unit="D")
    return frame


@pytest.mark.parametrize("days", [7, 30, 91, 365])
@pytest.mark.parametrize(("share", "told"), [(1.0, True), (0.6, True), (0.3, False)])
def test_regular_purchases_of_every_period(days, share, told):
    steady = [
        (f"s{n}", pd.Timestamp("2015-01-03") + pd.Timedelta(days=n + days * k), 5.0 + k)
        for n in range(60)
        for k in range(6)
    ]
    rows = pd.concat([pd.DataFrame(steady, columns=["customer_id", "date", "amount"]), shop(round(60 / share) - 60)])
    note = patterns(read_transactions(rows)).get(Code.REGULAR_PURCHASES)
    assert (note is not None) == told
    if note:
        assert (note.figures["regular"], note.figures["period"]) == (60, days)


@pytest.mark.parametrize(
    "name",
    ["Laufkunde", "LAUFKUNDSCHAFT_1", "Gast", "Sammelkunde_DE", "guest", "Guest_User", "walk-in", "Walkin_customer",
     "anonymous", "Barverkauf", "Diverse", "CPD", "cpd_intern", "guest@shop.de", "unbekannt"],
)  # fmt: skip
def test_ids_of_many_people(name):
    note = patterns(read_transactions(shop(**{name: (12, 2.0)})))[Code.COLLECTIVE_ID]
    assert note.caution
    assert note.count == 12
    assert note.money == 24.0
    assert note.figures["rows"] == pytest.approx(100 * 12 / 252)
    assert note.reason.endswith(f"Leave it out with exclude_customers=['{name.replace('_', ' ')}']")


@pytest.mark.parametrize(("rows", "told"), [(6, False), (60, True)])
@pytest.mark.parametrize("name", ["0", "user_0", "0000"])
def test_nobody_is_told_where_it_buys_a_lot(name, rows, told):
    found = patterns(read_transactions(shop(**{name: (rows, 2.0)})))
    assert (Code.COLLECTIVE_ID in found) == told


@pytest.mark.parametrize("name", ["Gastón", "Gastronomie_Meier", "guestrow", "Diversey", "Testa", "Poseidon", "10"])
def test_ids_that_only_look_like_it(name):
    assert patterns(read_transactions(shop(**{name: (12, 2.0)}))) == {}


@pytest.mark.parametrize(
    ("rows", "amount", "customers", "told"),
    [
        (4, 2000.0, 40, True),  # half of the money
        (100, 1.0, 40, True),  # a third of the rows
        (70, 1.0, 100, True),  # a tenth of the rows, ten times the next
        (12, 60.0, 40, False),
        (12, 2000.0, 10, False),  # few customers are another matter
    ],
)
def test_one_customer_is_most_of_it(rows, amount, customers, told):
    found = patterns(read_transactions(shop(customers, X99=(rows, amount))))
    assert (Code.DOMINANT_CUSTOMER in found) == told


def test_the_dominant_customer_of_the_case():
    log = read_transactions(GIVEN / "shop" / "dominant60.csv")
    figures = patterns(log)[Code.DOMINANT_CUSTOMER].figures
    assert (figures["customer"], round(figures["money"], 1), figures["customers"]) == ("GROSS", 59.4, 151)
    rest = read_transactions(GIVEN / "shop" / "dominant60.csv", exclude_customers=["GROSS"])
    assert patterns(rest) == {}
    assert rest.account.entries[-1].money == pytest.approx(log.account.entries[0].money * figures["money"] / 100)


def test_few_customers_who_came_back_in_the_days_asked_for():
    log = read_transactions(shop(60))
    assert Code.TOO_FEW not in patterns(log)
    early = summarise(log, observation_end="2024-01-20", holdout_end="2024-06-30")
    note = early.account.notes[0]
    assert (note.code, note.figures) == (Code.TOO_FEW, {"repeaters": 2, "customers": 22})
    stored = summarise(log, observation_end="2024-01-20", for_fit=False)
    assert Code.TOO_FEW not in {one.code for one in stored.account.notes}


def test_nobody_came_back():
    log = read_transactions(GIVEN / "nobody-came-back" / "orders.csv")
    with pytest.raises(DomainError, match=r"none of 400 customers .* what they spent, 57.67 on average and once"):
        summarise(log)
    assert len(summarise(log, for_fit=False).table) == 400
