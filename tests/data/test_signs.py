"""What amounts are made of, what is taken back, and what may be no purchase."""

from pathlib import Path

import pandas as pd
import pytest

from kundenwert.data import read_transactions
from kundenwert.errors import DomainError
from kundenwert.messages import Code, Setting

GIVEN = Path(__file__).parents[1] / "exports" / "given"


def frame(**columns):
    length = len(next(iter(columns.values())))
    days = [f"2024-01-{day:02d}" for day in range(1, length + 1)]
    return pd.DataFrame({"customer_id": ["a"] * length, "date": days, **columns})


def total(log):
    return log.purchases.amount.sum().to_pyarrow().as_py()


def noted(log, code):
    return next((note for note in log.account.notes if note.code == code), None)


@pytest.mark.parametrize("settings", [{}, {"quantity": "Menge", "unit_price": "Einzelpreis"}])
def test_quantity_times_price(settings):
    rows = frame(Menge=["2", "1,5", "10"], Einzelpreis=["9,99", "4,00", "0,333333"])
    log = read_transactions(rows, **settings)
    assert total(log) == pytest.approx(19.98 + 6.00 + 3.33333, abs=1e-9)
    assert log.source.columns["unit_price"] == "Einzelpreis"
    assert "amount" not in log.source.columns


@pytest.mark.parametrize("settings", [{}, {"debit": "Soll", "credit": "Haben"}])
@pytest.mark.parametrize("credits", [["", "3,50", ""], ["", "-3,50", "0,00"]])
def test_debit_and_credit(settings, credits):
    rows = frame(Soll=["10,00", "", "5,25"], Haben=credits)
    log = read_transactions(rows.assign(date="2024-01-01"), refunds="net", **settings)
    assert total(log) == pytest.approx(11.75)


@pytest.mark.parametrize(
    ("marks", "settings"),
    [
        (["S", "H", "S"], {}),
        (["Soll", "haben ", "Soll"], {}),
        (["Rechnung", "Gutschrift", "Rechnung"], {}),
        (["inv", "cn", "inv"], {"refund_marks": ["CN"]}),
    ],
)
@pytest.mark.parametrize("amount", ["4.00", "-4.00"])
def test_marks_make_amounts_negative(marks, settings, amount):
    rows = frame(amount=["10.00", amount, "5.50"], kind=marks).assign(date="2024-01-01")
    log = read_transactions(rows, mark="kind", refunds="net", **settings)
    assert total(log) == pytest.approx(11.50)
    assert (noted(log, Code.MARK_TAKEN).count, noted(log, Code.MARK_TAKEN).money) == (1, -4.0)


def test_a_mark_that_never_occurs_is_a_caution():
    log = read_transactions(frame(amount=[1.0, 2.0], kind=["inv", "cn"]), mark="kind")
    assert noted(log, Code.MARK_NOTHING).caution
    assert "'cn'" in noted(log, Code.MARK_NOTHING).reason


def test_positive_credit_notes():
    path = GIVEN / "shop" / "gutschrift_positiv.csv"
    note = noted(read_transactions(path), Code.CREDIT_NOTES_SEEN)
    assert (note.caution, note.count, note.money) == (True, 20, pytest.approx(1930.02))
    assert note.figures["hint"] == Setting("mark", "belegart")
    log = read_transactions(path, mark="belegart", refunds="net")
    assert round(total(log), 2) == 21512.18
    assert noted(log, Code.CREDIT_NOTES_SEEN) is None


def test_credit_notes_that_are_negative_are_no_caution():
    rows = frame(amount=[10.0, -4.0, 3.0], Belegart=["Rechnung", "Gutschrift", "Rechnung"])
    assert noted(read_transactions(rows), Code.CREDIT_NOTES_SEEN) is None


def test_refunds_beside_amounts():
    rows = frame(amount=["10,00", "20,00", "5,00", "8,00"], Erstattung=["0,00", "5,50", "5,00", ""])
    aside = noted(read_transactions(rows), Code.REFUNDS_ASIDE)
    assert (aside.caution, aside.count, aside.money) == (True, 2, 10.5)
    log = read_transactions(rows, refund_amount="Erstattung")
    assert total(log) == pytest.approx(10 + 14.5 + 8)
    note = noted(log, Code.REFUND_OFF)
    assert (note.count, note.figures["gross"], note.figures["net"]) == (2, 43.0, 32.5)
    assert {entry.code: entry.count for entry in log.account.entries}[Code.UNDONE_BY_REFUND] == 1


def test_statuses_that_are_no_purchase():
    path = GIVEN / "cancelled-failed-test" / "orders.csv"
    log = read_transactions(path)
    note = noted(log, Code.STATUS_SEEN)
    assert (round(total(log), 2), note.count, round(note.money, 2)) == (9873.25, 57, 2421.25)
    assert "'cancelled' (25 rows, 1,083.58), 'failed' (15 rows, 621.96)" in note.reason
    assert note.figures["hint"] == Setting("where", ["status = completed"])
    kept = read_transactions(path, where=["status = completed"])
    assert (round(total(kept), 2), noted(kept, Code.STATUS_SEEN)) == (7452.00, None)


@pytest.mark.parametrize("values", [["new", "old", "new"], ["A/B test", "none", "none"], ["test"] * 3])
def test_other_words_are_no_caution(values):
    log = read_transactions(frame(amount=[1.0, 2.0, 3.0], kind=values))
    assert not [note for note in log.account.notes if note.caution and note.code != Code.TOO_FEW]


@pytest.mark.parametrize("vat", [0.19, "19 %", "0,19"])
def test_tax_is_taken_off(vat):
    log = read_transactions(frame(**{"Betrag brutto": ["119,00", "11,90", "0,01"]}), vat=vat)
    assert total(log) == pytest.approx(110 + 0.01 / 1.19, abs=1e-9)
    note = noted(log, Code.TAX_OFF)
    assert (note.figures["gross"], note.figures["net"]) == (130.91, pytest.approx(110.008403361))


@pytest.mark.parametrize("name", ["Umsatz brutto", "Summe inkl. MwSt.", "Gross amount", "total incl. VAT"])
def test_gross_amounts_are_told(name):
    log = read_transactions(frame(**{name: [1.0, 2.0]}), amount=name)
    assert noted(log, Code.GROSS_AMOUNTS).figures["hint"] == Setting("vat", 0.19)


def test_a_rate_of_tax_is_a_share():
    with pytest.raises(DomainError, match=r"vat=19\.0 is no tax rate; write it such as 0\.19 or 19 %"):
        read_transactions(frame(amount=[1.0]), vat=19)


def test_tax_off_net_amounts_is_a_caution():
    assert noted(read_transactions(frame(Netto=[1.0, 2.0]), vat=0.19), Code.TAX_OFF_NET).caution


@pytest.mark.parametrize(
    ("quantities", "prices", "count"),
    [(["2", "-1", "-1"], ["9,99", "-4,00", "3,00"], 1), (["2", "-1"], ["9,99", "4,00"], None)],
    ids=["two signs", "one sign"],
)
def test_two_minus_signs_of_quantity_and_price_are_a_caution(quantities, prices, count):
    note = noted(read_transactions(frame(Menge=quantities, Einzelpreis=prices)), Code.BOTH_NEGATIVE)
    assert (note and (note.caution, note.count, note.first[0].where)) == (count and (True, count, "row 2"))


@pytest.mark.parametrize(
    ("column", "cells", "count"),
    [
        ("Rabatt", ["10 %", "", "0 %"], 1),
        ("Discount", ["0.00", "1.50", "2.00"], 2),
        ("Preiseinheit", ["100", "1", "1"], 1),
        ("Rabatt", ["0", "0,00", ""], None),
        ("Preiseinheit", ["1", "1", "1"], None),
    ],
)
def test_what_changes_a_price_beside_it_is_a_caution(column, cells, count):
    log = read_transactions(frame(Menge=["2", "1", "1"], Einzelpreis=["9,99", "4,00", "3,00"], **{column: cells}))
    note = noted(log, Code.PRICE_ASIDE)
    assert (note and note.count) == count


@pytest.mark.parametrize(
    ("columns", "fee"),
    [
        ({"Brutto": ["10,00"], "Gebühr": ["-0,65"], "Netto": ["9,35"]}, "Gebühr"),
        ({"Gross": ["10.00"], "Fee": ["-0.65"], "Net": ["9.35"]}, "Fee"),
        ({"Brutto": ["11,90"], "MwSt": ["1,90"], "Netto": ["10,00"]}, None),
    ],
)
def test_what_is_left_after_fees_is_not_what_customers_paid(columns, fee):
    note = noted(read_transactions(frame(**columns)), Code.FEES_OFF)
    assert (note and note.figures["fee"]) == fee


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("Storniert", ["ja", "ja", "nein"]),  # more than half: no exception
        ("Storniert", ["nein", "nein", ""]),
        ("cancelled_at", ["0000-00-00", "", ""]),
        ("Teststraße", ["1", "", ""]),
        ("refunded_amount", ["0", "0", "0"]),
    ],
)
def test_columns_that_do_not_say_that_rows_are_no_purchases(column, cells):
    log = read_transactions(frame(amount=[1.0, 2.0, 3.0], **{column: cells}))
    assert noted(log, Code.FLAG_SEEN) is None


@pytest.mark.parametrize(
    ("cells", "seen"), [([3.0, 4.0, 7.0], True), ([3.0, 4.0, 7.5], False), ([None, 7.0, 7.0], False)]
)
def test_sums_among_rows_are_sums_of_several(cells, seen):
    rows = pd.DataFrame({
        "customer_id": [f"c{n // 3}" for n in range(300)], "date": "2024-01-01", "amount": cells * 100,
        "kind": ["goods", "post", "bill"] * 100,
    }).dropna()  # fmt: skip
    note = noted(read_transactions(rows), Code.SUMS_AMONG)
    assert (note is not None and note.caution and note.figures["value"] == "bill") == seen
