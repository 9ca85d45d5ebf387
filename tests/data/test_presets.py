"""Known exports are recognised by their columns, read as stated, told by name, and overridable."""

from pathlib import Path

import pandas as pd
import pytest

from kundenwert.data import read_transactions
from kundenwert.data.presets import PRESETS
from kundenwert.errors import DomainError, SchemaError
from kundenwert.messages import Code
from kundenwert.settings import Reading

GIVEN = Path(__file__).parents[1] / "exports" / "given"
EXTF = '"EXTF";700;21;"Buchungsstapel";7;2025;;"RE";"";"";1;1;20230701;4;20230701;20240630\n'
NAMES = (
    "Umsatz (ohne Soll/Haben-Kz);Soll/Haben-Kennzeichen;WKZ Umsatz;Konto;Gegenkonto (ohne BU-Schlüssel);Belegdatum\n"
)


def total(log):
    return round(log.purchases.amount.sum().to_pyarrow().as_py(), 2)


def noted(log, code):
    return next((note for note in log.account.notes if note.code == code), None)


@pytest.mark.parametrize(
    ("file", "preset", "kept", "money"),
    [
        ("shop/shopify.csv", "shopify", 281, 22039.69),
        ("shopify-orders/orders_export_1.csv", "shopify", 87, 4133.57),
        ("shop/woocommerce.csv", "woocommerce", 280, 22481.09),
        ("shop/datev.csv", "datev", 714, 63764.95),
        ("datev-extf/EXTF_Buchungsstapel.csv", "datev", 99, 75453.71 - 4994.26),
    ],
)
def test_recognised_by_columns(file, preset, kept, money):
    log = read_transactions(GIVEN / file, refunds="earlier")
    assert (log.source.preset, total(log)) == (preset, pytest.approx(money, abs=0.005))
    assert abs(log.account.kept - kept) <= 2
    assert noted(log, Code.PRESET_USED).reason.startswith("read as a ")


def test_columns_that_are_named_leave_the_decision_to_the_user():
    log = read_transactions(GIVEN / "shopify-orders" / "orders_export_1.csv", customer_id="Email", date="Created at", amount="Total")  # fmt: skip
    assert (log.account.kept, total(log)) == (96, 4740.70)
    assert {note.code for note in log.account.notes if note.caution} == {
        Code.STATUS_SEEN,
        Code.FLAG_SEEN,
        Code.REFUNDS_ASIDE,
        Code.TOO_FEW,
    }
    assert "All of it holds with preset='shopify'" in noted(log, Code.PRESET_SEEN).reason


def test_prices_of_items_are_no_totals():
    columns = {"customer_id": "Email", "date": "Created at", "amount": "Lineitem price"}
    assert total(read_transactions(GIVEN / "shopify-orders" / "orders_export_1.csv", **columns)) == 4270.30


@pytest.mark.parametrize(
    ("settings", "purchases", "money"),
    [
        ({"preset": "shopify", "where": ["Financial Status != paid"]}, 6, 223.93),
        ({"preset": "none"}, 96, 4740.70),
    ],
)
def test_what_is_stated_takes_precedence(settings, purchases, money):
    log = read_transactions(GIVEN / "shopify-orders" / "orders_export_1.csv", **settings)
    assert (log.account.kept, total(log)) == (purchases, money)


@pytest.mark.parametrize(
    ("preset", "error", "message"),
    [
        ("datev", SchemaError, r"preset='datev' does not fit 'shopify.csv', which has no column 'Umsatz \(ohne"),
        ("shopifi", DomainError, "preset='shopifi' is no known export; choose 'shopify'"),
    ],
)
def test_a_preset_that_does_not_fit(preset, error, message):
    with pytest.raises(error, match=message):
        read_transactions(GIVEN / "shop" / "shopify.csv", preset=preset)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_every_preset_speaks_of_settings_there_are(preset):
    fields = set(Reading.__dataclass_fields__)
    assert set(preset.columns) | set(preset.settings) <= fields
    assert {"customer_id", "date"} <= set(preset.columns)
    assert preset.where == () or preset.status


ROWS = {
    "magento": (
        {"ID": ["1", "2", "3"], "Purchase Point": ["x"] * 3, "Purchase Date": ["2024-01-05"] * 3,
         "Grand Total (Base)": ["10.00", "20.00", "5.00"], "Status": ["complete", "Canceled", "processing"],
         "Customer Email": ["a@x.de", "b@x.de", "c@x.de"], "Total Refunded": ["0", "0", "1.50"]}, 13.50),
    "sap-fbl5n": (
        {"Debitor": ["0100", "0100", "0200"], "Belegart": ["RV", "DZ", "DG"], "Belegdatum": ["05.01.2024"] * 3,
         "Betrag in Hauswährung": ["1.000,50", "1.000,50-", "100,00-"], "Hauswährung": ["EUR"] * 3}, 1000.50),
    "sap-vbrk": (
        {"VBELN": ["1", "2", "3", "4"], "FKART": ["F2", "G2", "F2", "S1"], "FKDAT": ["20240105"] * 4,
         "NETWR": ["100.00", "30.00", "50.00", "50.00"], "KUNAG": ["a"] * 4, "WAERK": ["EUR"] * 4,
         "FKSTO": ["", "", "X", "X"]}, 70.00),
    "stripe": (
        {"id": ["1", "2", "3"], "Created (UTC)": ["2024-01-05 10:00"] * 3, "Amount": ["10.00", "20.00", "5.00"],
         "Amount Refunded": ["0.00", "0.00", "2.00"], "Currency": ["eur"] * 3, "Status": ["Paid", "Failed", "Paid"],
         "Customer ID": ["a", "b", "c"]}, 13.00),
    "amazon-orders": (
        {"order-id": ["1", "1", "2"], "purchase-date": ["2024-01-05T10:00:00+00:00"] * 3, "item-price": ["10", "10", "5"],
         "buyer-email": ["a@m.com", "a@m.com", "b@m.com"], "currency": ["EUR"] * 3}, 25.00),
    "jtl": (
        {"Kundennummer": ["1", "2"], "Rechnungsnummer": ["R1", "R2"], "Rechnungsdatum": ["05.01.2024"] * 2,
         "Artikelnummer": ["x", "y"], "Menge": ["2", "3"], "VK Netto": ["10,00", "1,50"]}, 24.50),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_other_systems(name):
    columns, money = ROWS[name]
    log = read_transactions(pd.DataFrame(columns), refunds="net")
    assert (log.source.preset, total(log)) == (name, money)


def test_a_settlement_names_no_buyer():
    names = ["settlement-id", "transaction-type", "amount-type", "posted-date", "amount"]
    with pytest.raises(SchemaError, match="names no buyer"):
        read_transactions(pd.DataFrame({name: ["1"] for name in names}))


def test_datev_days_get_the_year_between_first_and_last_day(write):
    lines = ["10,00;S;EUR;10001;8400;107", "20,00;S;EUR;10001;8400;3006", "5,00;H;EUR;8400;10002;3112",
             "7,00;S;EUR;1200;10001;0102", "3,00;S;EUR;4900;1200;0102"]  # fmt: skip
    path = write(EXTF + NAMES + "\n".join(lines) + "\n", encoding="cp1252")
    rows = read_transactions(path, refunds="net").purchases.order_by("date").to_pyarrow().to_pylist()
    found = [(row["customer_id"], str(row["date"]), row["amount"]) for row in rows]
    assert found == [("10001", "2023-07-01", 10.0), ("10002", "2023-12-31", 5.0), ("10001", "2024-06-30", 20.0)]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"skip_lines": 1, "customer_id": "Konto", "date": "Belegdatum"}, "no year; .* Read it with preset='datev'"),
        ({"preset": "none", "skip_lines": 1, "customer_id": "Konto", "date": "Belegdatum",
          "amount": "Umsatz (ohne Soll/Haben-Kz)"}, "no readable date"),
    ],
)  # fmt: skip
def test_datev_without_the_preset_has_no_year(settings, message):
    with pytest.raises(DomainError, match=message):
        read_transactions(GIVEN / "datev-extf" / "EXTF_Buchungsstapel.csv", **settings)


@pytest.mark.parametrize(
    "header", [EXTF.replace("20230701;20240630", ";"), EXTF.replace("20230701;2024", "20220101;2024")]
)
def test_datev_without_a_year_in_its_header(write, header):
    with pytest.raises(DomainError, match="does not say to which year its bookings belong"):
        read_transactions(write(header + NAMES + "10,00;S;EUR;10001;8400;107\n"))
