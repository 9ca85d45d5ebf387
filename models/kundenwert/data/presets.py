"""Known exports, recognised by their columns: each says which column is what, and which rows are purchases."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from kundenwert.data.account import Note
from kundenwert.data.role_names import plain
from kundenwert.errors import DomainError, SchemaError
from kundenwert.messages import Code, Setting
from kundenwert.messages.render import choices
from kundenwert.settings import Reading, made
from kundenwert.sources import Source


@dataclass(frozen=True)
class Preset:
    """How one system's export is read.

    Parameters
    ----------
    name : str
        As `Reading.preset` takes it.
    title : str
        As a reader knows it.
    marks : tuple of str
        Columns that it must have to be recognised; alternatives are parted by bars.
    columns : mapping
        Column of each role of `Reading`; alternatives are parted by bars, one that is not there is left out.
    where : tuple of str
        Conditions that rows must meet, with `{}` for the column of `status`.
    status : str
        Column of the conditions; alternatives are parted by bars.
    settings : mapping
        Further fields of `Reading`.
    remark : str
        What amounts include and which rows count, for the note.
    """

    name: str
    title: str
    marks: tuple[str, ...]
    columns: Mapping[str, str]
    where: tuple[str, ...] = ()
    status: str = ""
    settings: Mapping[str, object] = field(default_factory=dict)
    remark: str = ""


PRESETS = (
    Preset(  # DATEV developer portal, "EXTF Buchungsstapel"
        "datev",
        "a DATEV booking batch (EXTF)",
        ("Umsatz (ohne Soll/Haben-Kz)", "Soll/Haben-Kennzeichen", "Konto", "Belegdatum"),
        {
            "customer_id": "Konto",
            "date": "Belegdatum",
            "amount": "Umsatz (ohne Soll/Haben-Kz)",
            "mark": "Soll/Haben-Kennzeichen",
            "currency_column": "WKZ Umsatz",
        },
        settings={"refund_marks": ("H", "Haben")},
        remark="customers are debtor accounts, revenue is what was booked against revenue accounts, tax included",
    ),
    Preset(  # Shopify help, "Exporting orders": fields of the order stand on its first line only
        "shopify",
        "a Shopify order export",
        ("Name", "Email", "Financial Status", "Total", "Created at"),
        {
            "customer_id": "Email",
            "date": "Created at",
            "amount": "Total",
            "order_id": "Name",
            "refund_amount": "Refunded Amount",
            "currency_column": "Currency",
        },
        ("{} not in (voided, expired)",),
        "Financial Status",
        remark="totals include tax and shipping",
    ),
    Preset(  # WooCommerce's order exports
        "woocommerce",
        "a WooCommerce order export",
        (
            "Order Status|Status",
            "Order Date|Date",
            "Order Total|Order Total Amount",
            "Billing Email|Billing Email Address|Email (Billing)|Customer Email",
        ),
        {
            "customer_id": "Billing Email|Billing Email Address|Email (Billing)|Customer Email",
            "date": "Order Date|Date",
            "amount": "Order Total|Order Total Amount",
            "order_id": "Order ID|Order Number",
            "refund_amount": "Refund Total|Order Refund Amount|Refunded Total",
            "currency_column": "Currency|Order Currency",
        },
        ("{} in (wc-completed, wc-processing, completed, processing)",),
        "Order Status|Status",
        remark="totals include tax and shipping",
    ),
    Preset(  # Adobe Commerce user guide, "Orders" grid
        "magento",
        "a Magento order grid",
        ("Purchase Point", "Purchase Date", "Grand Total (Base)", "Status"),
        {
            "customer_id": "Customer Email|Customer Name|Bill-to Name",
            "date": "Purchase Date",
            "amount": "Grand Total (Base)",
            "order_id": "ID",
            "refund_amount": "Total Refunded",
        },
        ("{} not in (canceled, fraud, 'Suspected Fraud', holded, 'On Hold', pending_payment, 'Pending Payment')",),
        "Status",
        remark="totals include tax and shipping, in the base currency",
    ),
    Preset(  # JTL guide, "Rechnungen exportieren": columns as JTL-Ameise calls them
        "jtl",
        "JTL-Wawi invoices (JTL-Ameise)",
        ("Kundennummer", "Rechnungsnummer", "Rechnungsdatum|Erstelldatum", "Artikelnummer", "VK Netto|VK Brutto"),
        {
            "customer_id": "Kundennummer",
            "date": "Rechnungsdatum|Erstelldatum",
            "quantity": "Menge|Anzahl",
            "unit_price": "VK Netto|VK Brutto",
            "currency_column": "Währung",
        },
        ("{} not in (1, ja, j, y, true, storniert)",),
        "Storniert|Storno",
        remark="one row for each article",
    ),
    Preset(  # SAP transaction FBL5N, line items of customers
        "sap-fbl5n",
        "SAP customer line items (FBL5N)",
        (
            "Debitor|Konto|Customer|Account",
            "Belegart|Document Type",
            "Belegdatum|Document Date",
            "Betrag in Hauswährung|Amount in local currency",
        ),
        {
            "customer_id": "Debitor|Konto|Customer|Account",
            "date": "Belegdatum|Document Date",
            "amount": "Betrag in Hauswährung|Amount in local currency",
            "currency_column": "Hauswährung|Local Currency",
        },
        ("{} in (DR, DG, RV, RD, RG)",),
        "Belegart|Document Type",
        remark="invoices and credit notes, no payments; amounts include tax",
    ),
    Preset(  # SAP table VBRK, billing documents
        "sap-vbrk",
        "SAP billing documents (VBRK)",
        ("VBELN", "FKART", "FKDAT", "NETWR", "KUNAG|KUNRG"),
        {
            "customer_id": "KUNAG|KUNRG",
            "date": "FKDAT",
            "amount": "NETWR",
            "mark": "FKART",
            "currency_column": "WAERK",
        },
        ("{} is empty", "FKART not in (S1, S2, F5, F8)"),
        "FKSTO",
        {"refund_marks": ("G2", "RE", "RK", "IG")},
        "net values; cancelled documents and pro forma invoices are left out",
    ),
    Preset(  # Stripe dashboard, "Export payments"
        "stripe",
        "Stripe payments",
        ("Amount", "Amount Refunded", "Created (UTC)|Created date (UTC)", "Customer ID|Customer Email", "Status"),
        {
            "customer_id": "Customer ID|Customer Email",
            "date": "Created (UTC)|Created date (UTC)",
            "amount": "Converted Amount|Amount",
            "refund_amount": "Converted Amount Refunded|Amount Refunded",
            "currency_column": "Converted Currency|Currency",
        },
        ("{} in (Paid, Succeeded, Refunded, 'Partially Refunded', 'Partial Refund')",),
        "Status",
        remark="payments include tax; refunds count at the day of the payment",
    ),
    Preset(  # Amazon selling partner reports, "Order report"
        "amazon-orders",
        "an Amazon order report",
        ("order-id|amazon-order-id", "purchase-date", "buyer-email", "item-price", "currency"),
        {
            "customer_id": "buyer-email",
            "date": "purchase-date",
            "amount": "item-price",
            "currency_column": "currency",
        },
        ("{} not in (Cancelled, Canceled)",),
        "order-status",
        remark="prices of items, without shipping",
    ),
)
"""Known exports, in the order in which they are tried."""

NO_CUSTOMER = {"amazon-settlement": ("settlement-id", "transaction-type", "amount-type", "posted-date")}
"""Exports that name no buyer, by what they are recognised by."""

_ROLES = ("customer_id", "date", "amount", "quantity", "unit_price", "debit", "credit")
CERTAIN = ("order_id", "currency_column")
"""What is taken from a preset also where columns are named by hand, if the amount is the preset's own."""


def _column(opened: Source, alternatives: str) -> str | None:
    names = {plain(name): name for name in reversed(opened.names)}
    return next((names[plain(name)] for name in alternatives.split("|") if plain(name) in names), None)


def missing_marks(opened: Source, preset: Preset) -> list[str]:
    """Return the columns that a source lacks to be a preset's."""
    return [mark.split("|")[0] for mark in preset.marks if _column(opened, mark) is None]


def choose(opened: Source, reading: Reading) -> Preset | None:
    """Return the preset that is asked for, or the one that a source's columns show.

    Raises
    ------
    DomainError
        If there is no preset of that name.
    SchemaError
        If the source has not the columns of the preset asked for, or is an export that names no buyer.
    """
    if reading.preset == "none":
        return None
    if reading.preset is None:
        found = next((preset for preset in PRESETS if not missing_marks(opened, preset)), None)
        if found is None and reading.customer_id is None:
            _refuse_nameless(opened)
        return found
    known = {preset.name: preset for preset in PRESETS}
    if reading.preset not in known:
        close = difflib.get_close_matches(reading.preset, known, n=1)
        names = close or [*known, "none"]
        raise DomainError(
            Code.PRESET_UNKNOWN, parameter="preset", given=Setting("preset", reading.preset), choices=choices(names)
        )
    preset = known[reading.preset]
    if lacking := missing_marks(opened, preset):
        raise SchemaError(
            Code.PRESET_MISFIT,
            parameter="preset",
            given=Setting("preset", preset.name),
            source=opened.info.name,
            lacking=", ".join(map(repr, lacking)),
            none=Setting("preset", "none"),
        )
    return preset


def _refuse_nameless(opened: Source) -> None:
    names = {plain(name) for name in opened.names}
    for name, marks in NO_CUSTOMER.items():
        if all(plain(mark) in names for mark in marks):
            raise SchemaError(
                Code.PRESET_NAMELESS, source=opened.info.name, kind=name, hint=Setting("preset", "amazon-orders")
            )


def with_preset(opened: Source, reading: Reading) -> tuple[Reading, Preset | None, tuple[Note, ...]]:
    """Complete what is stated by what is known of the export.

    What is stated explicitly stays. Where the columns of customer, date or amount are named by hand, and the preset is
    not, only what is `CERTAIN` is taken from it.

    Parameters
    ----------
    opened : Source
        The source.
    reading : Reading
        What is stated.

    Returns
    -------
    tuple
        The completed record; the preset where all of it holds; what was taken from it, as notes.
    """
    preset = choose(opened, reading)
    if preset is None:
        return reading, None, ()
    by_hand = reading.preset is None and any(getattr(reading, role) for role in _ROLES)
    _refuse_without_year(opened, reading, preset, by_hand)
    taken = _taken(opened, reading, preset)
    if by_hand:
        same = reading.amount is None or plain(reading.amount) in map(
            plain, preset.columns.get("amount", "").split("|")
        )
        taken = {name: value for name, value in taken.items() if name in (CERTAIN if same else ())}
    shown = [Setting(name, value) for name, value in taken.items()]
    figures: dict[str, object] = {"title": preset.title, "settings": shown, "remark": preset.remark}
    if by_hand:
        figures["hint"] = Setting("preset", preset.name)
        code = Code.PRESET_SEEN if taken else Code.PRESET_SEEN_ONLY
        return made(Reading, reading, taken), None, (Note(code, 0, figures=figures),)
    figures["none"] = Setting("preset", "none")
    return made(Reading, reading, taken), preset, (Note(Code.PRESET_USED, 0, figures=figures),)


def _taken(opened: Source, reading: Reading, preset: Preset) -> dict[str, object]:
    """Fields that a preset gives and that are not stated."""
    stated = {f.name for f in fields(reading) if getattr(reading, f.name) != f.default}
    money = {"amount", "quantity", "unit_price", "debit", "credit"}
    if stated & money:
        stated |= money
    used = {getattr(reading, f.name) for f in fields(reading) if f.name in stated and f.name != "keep"}
    columns = {role: _column(opened, names) for role, names in preset.columns.items() if role not in stated}
    taken: dict[str, object] = {role: name for role, name in columns.items() if name and name not in used}
    if "mark" in taken or "mark" not in preset.columns:
        taken |= {name: value for name, value in preset.settings.items() if name not in stated}
    status = _column(opened, preset.status) if preset.status else None
    asked = " ".join(reading.where).casefold()
    if status and status.casefold() not in asked:
        conditions = tuple(condition.format(f'"{status}"') for condition in preset.where)
        taken["where"] = (*conditions, *reading.where)
    return taken


def _refuse_without_year(opened: Source, reading: Reading, preset: Preset, by_hand: bool) -> None:
    if by_hand and preset.name == "datev" and plain(reading.date or "Belegdatum") == "belegdatum":
        raise DomainError(
            Code.DATEV_NO_YEAR, parameter="preset", source=opened.info.name, hint=Setting("preset", "datev")
        )
