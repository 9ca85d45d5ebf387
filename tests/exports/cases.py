"""The given exports, one case for each reading of a file, with the right result computed apart from the program."""

from __future__ import annotations

from pathlib import Path

from .log import Truth
from .made import Export

GIVEN = Path(__file__).parent / "given"
KUNDE = {"customer_id": "kunde", "date": "datum", "amount": "betrag"}
KUNDE_UPPER = {"customer_id": "Kunde", "date": "Datum", "amount": "Betrag"}
SHOPIFY = {"customer_id": "Email", "date": "Created at", "amount": "Total"}
CASE = {"customer_id": "customer_id", "date": "date", "amount": "amount"}
TOTAL = CASE | {"amount": "total"}
SHOP = Truth(77, 294, 23442.20)


def given(
    file: str,
    reading: dict[str, object],
    reads: Truth | None,
    *says: str,
    words: str = "",
    name: str = "",
    refused: tuple[str, ...] = (),
) -> Export:
    """Name a given file, how it is read, and what must come of it."""
    return Export(name or file, lambda _: GIVEN / file, reading, reads, refused, says, words)


def months(file: str, customer: str, date: str, amount: str) -> Export:
    """One of four files with the same purchases, whose months have names."""
    reading = {"customer_id": customer, "date": date, "amount": amount}
    return given(f"month-names/{file}.csv", reading, Truth(25, 94, 4224.26))


CASES = [
    given("amounts-like-dates/sales.csv", {}, Truth(-1, 127, 2569288964.00)),
    given("cancelled-failed-test/orders.csv", TOTAL | {"date": "date_created"}, Truth(40, -1, 9873.25), "status-seen"),
    given(
        "cancelled-failed-test/orders.csv", TOTAL | {"date": "date_created", "where": ["status = completed"]},
        Truth(37, -1, 7452.00), name="cancelled-failed-test/completed",
    ),
    given(
        "datev-extf/EXTF_Buchungsstapel.csv",
        {"skip_lines": 1, "preset": "none", "customer_id": "Konto", "date": "Belegdatum",
         "amount": "Umsatz (ohne Soll/Haben-Kz)"},
        None,
    ),
    given("datev-extf/EXTF_Buchungsstapel.csv", {}, Truth(-1, -1, 75453.71 - 4994.26), name="datev-extf/preset"),
    given("excel-ids/orders.csv", CASE, None, words=r"E\+18"),
    given("excel-serial-dates/all.csv", KUNDE_UPPER, Truth(-1, -1, -1)),
    given("excel-serial-dates/four-percent.csv", KUNDE_UPPER, Truth(-1, -1, -1)),
    given(
        "guest-checkouts/orders.csv", {"customer_id": "customer_id", "date": "order_date", "amount": "total"},
        Truth(132, -1, -1), "ids-per-mail",
    ),
    given(
        "guest-checkouts/orders.csv", {"customer_id": "email", "date": "order_date", "amount": "total"},
        Truth(40, -1, -1), name="guest-checkouts/by-mail",
    ),
    given(
        "iso-weeks/weekly.csv", {"customer_id": "customer_id", "date": "week", "amount": "revenue"},
        Truth(-1, 119, -1), "dates-are-weeks",
    ),
    *(given(f"mixed-currencies/{file}.csv", TOTAL, None, words="CHF") for file in ("signs", "codes", "column")),
    given(
        "mixed-utc-offsets/orders.csv", {"timezone": "Europe/Berlin"}, Truth(-1, -1, -1),
        name="mixed-utc-offsets/berlin",
    ),
    given("mixed-utc-offsets/orders.csv", {}, Truth(-1, -1, -1), "offsets-mixed"),
    months("english", "customer", "ordered", "amount"),
    months("english-long", "customer", "ordered", "amount"),
    months("german", "Kunde", "Datum", "Betrag"),
    months("german-short", "Kunde", "Datum", "Betrag"),
    given("monthly-subscriptions/charges.csv", {}, Truth(300, 3837, -1), "regular-purchases"),
    given("most-are-heavy/trips.csv", {"customer_id": "driver", "date": "day", "amount": "fare"}, Truth(120, 21498, -1)),
    given("nobody-came-back/orders.csv", {}, Truth(400, 400, -1)),
    given(
        "printed-list/umsatzliste.csv",
        {"skip_lines": 3, "customer_id": "Kunden-Nr.", "date": "Datum", "amount": "Netto"},
        Truth(30, -1, 5631.10),
    ),
    given("shopify-orders/orders_export_1.csv", SHOPIFY, Truth(22, -1, -1)),
    given("small-b2b/twelve.csv", {"customer_id": "customer"}, Truth(9, 79, -1), "too-few"),
    given("small-b2b/thirty.csv", {"customer_id": "customer"}, Truth(30, 174, 2946478.93)),
    given("unquoted-commas/orders.csv", TOTAL, Truth(-1, 101, 4645.30), "rejected-line"),
    # shop
    given("shop/shopify.csv", SHOPIFY, SHOP),
    given("shop/shopify_repeated_total.csv", SHOPIFY | {"order_id": "Name"}, SHOP, name="shop/shopify_repeated/order"),
    given("shop/shopify_repeated_total.csv", SHOPIFY, SHOP),
    given(
        "shop/order_total_repeated.csv",
        {"customer_id": "Kunde", "date": "Datum", "amount": "Bestellwert", "order_id": "Bestellnr"}, SHOP,
        name="shop/order_total_repeated/order",
    ),
    given(
        "shop/order_total_repeated.csv", {"customer_id": "Kunde", "date": "Datum", "amount": "Bestellwert"},
        Truth(77, 294, -1), "totals-seem-repeated",
    ),
    given("shop/dash_some.csv", KUNDE, Truth(77, 294, 23439.46)),
    given("shop/two_currencies.csv", KUNDE, None, words="CZK"),
    given(
        "shop/woocommerce.csv",
        {"customer_id": "Billing Email", "date": "Order Date", "amount": "Order Total"}, Truth(-1, -1, -1), "status-seen",
    ),
    given("shop/gutschrift_positiv.csv", KUNDE | {"refunds": "net"}, Truth(-1, -1, -1), "credit-notes-seen"),
    given(
        "shop/gutschrift_positiv.csv", KUNDE | {"refunds": "net", "mark": "belegart"}, Truth(-1, -1, 21512.18),
        name="shop/gutschrift_positiv/mark",
    ),
    given("shop/leading_zeros.csv", KUNDE, Truth(-1, -1, 23442.20), "leading-zeros"),
    given("shop/default_dates_1900.csv", KUNDE, Truth(77, -1, -1), "placeholder-date", "placeholder-dates"),
    given("shop/year_2_in_future.csv", KUNDE, Truth(77, 294, 23442.20), "last-days-left-out"),
    given("shop/accounting_neg.csv", KUNDE | {"refunds": "net"}, Truth(-1, -1, 21519.98 + 945.55), "lone-refund"),
    given("shop/month_names.csv", KUNDE, SHOP),
    given("shop/excel_serial.csv", KUNDE, SHOP),
    given("shop/epoch.csv", KUNDE, SHOP),
    given("shop/month_only_iso.csv", KUNDE | {"date_format": "%Y-%m"}, Truth(77, -1, 23442.20), "dates-are-months"),
    given("shop/mixed_formats.csv", KUNDE, None, words="%d/%m/%Y"),
    given(
        "shop/datev.csv",
        {"skip_lines": 1, "customer_id": "Konto", "date": "Belegdatum", "date_format": "%d%m",
         "amount": "Umsatz (ohne Soll/Haben-Kz)"},
        None, words="year",
    ),
    given("shop/datev.csv", {}, Truth(-1, -1, 63764.95), name="shop/datev/preset"),
    given("shop/umsatz.xlsx", {}, Truth(173, 1169, 99588.76)),
    given("shop/shop.sqlite", {"table": "orders", "customer_id": "cid", "amount": "amt"}, Truth(-1, -1, -1)),
    given("shop/subscription.csv", {}, Truth(-1, -1, -1), "regular-purchases"),
    given("shop/dominant60.csv", {}, Truth(-1, -1, -1), "dominant-customer"),
    given("faults/q_pair.csv", {}, Truth(-1, -1, -1), "rejected-line"),
    given("faults/csv_injection_semicolon.csv", {}, Truth(2, 4, 44.00)),
    given("faults/cohort_called_all.csv", {"keep": ["C"]}, Truth(-1, -1, -1)),
]  # fmt: skip
