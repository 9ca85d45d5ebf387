"""Columns are recognised by German and English names; where two would do, both are named and nothing is guessed."""

import pandas as pd
import pytest

from kundenwert.data import read_transactions
from kundenwert.errors import SchemaError
from kundenwert.messages import Code, Setting


def frame(*names, amounts=("10.00", "20.50", "7.25")):
    days = ["2024-01-01", "2024-01-05", "2024-02-03"]
    columns = [["a", "b", "b"], days, list(amounts), ["1", "2", "3"], ["x", "y", "z"]]
    return pd.DataFrame(dict(zip(names, columns[: len(names)], strict=True)))


def noted(log, code):
    return next((note for note in log.account.notes if note.code == code), None)


@pytest.mark.parametrize(
    "names",
    [
        ("Kundennummer", "Bestelldatum", "Umsatz netto"),
        ("Kunden-Nr.", "Belegdatum", "Netto"),
        ("KdNr", "Datum", "Betrag"),
        ("Debitor", "Rechnungsdatum", "Summe"),
        ("Kunde", "Auftragsdatum", "Umsatz (EUR)"),
        ("Customer ID", "Order Date", "Total"),
        ("CustomerID", "InvoiceDate", "Revenue"),
        ("customer", "date_created", "total"),
        ("Email", "ordered", "amount"),
        ("E-Mail", "Created at", "Grand Total"),
    ],
)
def test_german_and_english_names(names):
    log = read_transactions(frame(*names))
    assert log.source.columns == dict(zip(("customer_id", "date", "amount"), names, strict=True))
    assert log.purchases.amount.sum().to_pyarrow().as_py() == pytest.approx(37.75)
    told = noted(log, Code.ROLE_RECOGNISED).figures["roles"]
    assert Setting("customer_id", names[0]) in told


def test_exact_names_come_first_and_are_not_told():
    log = read_transactions(frame("customer_id", "date", "amount", "Kunde", "Netto"))
    assert log.source.columns == {"customer_id": "customer_id", "date": "date", "amount": "amount"}
    assert noted(log, Code.ROLE_RECOGNISED) is None


@pytest.mark.parametrize(
    ("names", "parameter", "message"),
    [
        (("Kundennummer", "Datum", "Betrag", "Debitor"), "customer_id", "customer_id='Kundennummer', customer_id='Deb"),
        (("Kunde", "Bestelldatum", "Betrag", "Rechnungsdatum"), "date", "date='Bestelldatum', date='Rechnungsdatum'"),
        (("Kunde", "Datum", "Betrag", "Umsatz"), "amount", "2 columns would do, 'Betrag' and 'Umsatz'; .*amount='Bet"),
        (("Kunde", "Datum", "Preis", "Menge"), "amount", "amount='Preis' .*quantity='Menge' and unit_price='Preis'"),
    ],
)
def test_two_that_would_do_are_refused_with_both(names, parameter, message):
    with pytest.raises(SchemaError, match=message) as error:
        read_transactions(frame(*names))
    assert error.value.parameter == parameter


@pytest.mark.parametrize(
    ("names", "settings", "used"),
    [
        (("Kundennummer", "Datum", "Betrag", "Debitor"), {"customer_id": "Debitor"}, ("customer_id", "Debitor")),
        (("Kunde", "Datum", "Betrag", "Umsatz"), {"amount": "Umsatz"}, ("amount", "Umsatz")),
        (("Kundennummer", "Datum", "Betrag", "x", "Email"), {}, ("customer_id", "Kundennummer")),
        (("Kunde", "Datum", "Betrag", "Kundennummer"), {}, ("customer_id", "Kundennummer")),
        (("Kunde", "Datum", "Brutto", "Netto"), {}, ("amount", "Netto")),
        (("Kunde", "Datum", "Betrag", "Umsatz"), {"keep": ["Umsatz"]}, ("amount", "Betrag")),
    ],
)
def test_what_is_named_and_what_is_surer_wins(names, settings, used):
    assert read_transactions(frame(*names), **settings).source.columns[used[0]] == used[1]


def test_net_before_gross_is_told():
    log = read_transactions(frame("Kunde", "Datum", "Betrag brutto", "Betrag netto"))
    note = noted(log, Code.NET_TAKEN)
    assert note.reason == "amounts are net, from column 'Betrag netto'; those with tax would be amount='Betrag brutto'"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"quantity": "Menge"}, "quantity='Menge' needs unit_price too"),
        ({"debit": "Soll"}, "debit='Soll' needs credit too"),
        ({"amount": "Betrag", "quantity": "Menge", "unit_price": "x"}, "amount='Betrag' and unit_price='x' are both"),
        ({"order_id": "Bestellnr"}, "has no column 'Bestellnr'; .*Did you mean order_id='Bestell-Nr'"),
        ({"mark": "Kunde"}, "column 'Kunde' is asked for more than once"),
    ],
)
def test_roles_that_do_not_go_together(settings, message):
    rows = frame("Kunde", "Datum", "Betrag", "Menge", "Bestell-Nr")
    with pytest.raises(SchemaError, match=message):
        read_transactions(rows, **{"customer_id": "Kunde", **settings})


@pytest.mark.parametrize(
    "text",
    ["Kunde     Datum       Betrag\n1         01.02.2023  5,00\n", '"Kunde;Datum;Betrag"\n"1;01.02.2023;5,00"\n'],
)
def test_lines_that_are_one_column_are_refused_in_words_that_help(text, tmp_path):
    path = tmp_path / "list.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SchemaError, match=r"one column only: .* fixed widths") as error:
        read_transactions(path)
    assert error.value.code == Code.ONE_COLUMN
