"""Names by which columns say what they hold, in German and English, the surest first."""

from __future__ import annotations

import re

_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "è": "e"})
_CURRENCY = re.compile(r"(?<![a-z])(?:in\s+)?(?:eur|euro|usd|chf|gbp|sek|nok|dkk|pln|czk)(?![a-z])")


def plain(name: str) -> str:
    """Return a column's name without what people write in many ways: case, umlauts, blanks, hyphens, a currency.

    Examples
    --------
    >>> plain("Kunden-Nr."), plain("Währung"), plain("order_date"), plain("Netto (EUR)")
    ('kundennr', 'waehrung', 'orderdate', 'netto')
    """
    bare = re.sub(r"[\W_]+", "", _CURRENCY.sub(" ", name.casefold()).translate(_LETTERS))
    return bare or re.sub(r"[\W_]+", "", name.casefold().translate(_LETTERS))


def _tiers(*tiers: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(tier.split()) for tier in tiers)


NET, GROSS = "net netto", "gross brutto inklmwst inklust inclvat incltax inclmwst mitmwst inkmwst"

NAMES: dict[str, tuple[frozenset[str], ...]] = {
    "customer_id": _tiers(
        "customerid",
        "customerno customernumber customernr custid custno clientid clientno userid kundenid kundennummer kundennr "
        "kdnr kdnummer kundenno debitor debitorennummer debitornummer debitorennr debitornr debitorid "
        "auftraggebernummer memberid mitgliedsnummer accountid customerkey kundenschluessel",
        "customer kunde client user auftraggeber subscriber buyer kaeufer mitglied member kundenkonto debitorenkonto",
        "email emailaddress mail emailadresse mailadresse kundenemail customeremail billingemail buyeremail "
        "rechnungsemail emailkunde emailbilling",
        "konto account",
    ),
    "date": _tiers(
        "date",
        "orderdate invoicedate purchasedate transactiondate bookingdate billingdate datecreated createdat createddate "
        "orderedat ordered ordertime orderedon purchasedat datum kaufdatum bestelldatum auftragsdatum rechnungsdatum "
        "belegdatum buchungsdatum umsatzdatum verkaufsdatum bestelltam saledate salesdate documentdate postingdate "
        "fakturadatum",
        "timestamp created erstellt erstelltam erstelldatum time day tag zeitpunkt charged paid paidat zahlungsdatum "
        "paymentdate month monat week woche kalenderwoche",
    ),
    "amount": _tiers(
        "amount",
        "netto nettobetrag nettoumsatz umsatznetto betragnetto summenetto gesamtnetto netamount nettotal netrevenue "
        "netsales totalnet amountnet nettowert revenuenet rechnungsbetragnetto nettosumme gesamtbetragnetto net "
        "gesamtpreisnetto",
        "betrag umsatz summe total revenue sales spend turnover ordervalue ordertotal grandtotal totalamount "
        "totalprice orderamount invoiceamount rechnungsbetrag rechnungssumme bestellwert bestellsumme gesamtbetrag "
        "gesamtsumme gesamtpreis gesamt auftragswert auftragssumme warenwert erloes umsatzeur betrageur umsatzineur "
        "betragineur linetotal zeilensumme positionswert",
        "brutto bruttobetrag bruttoumsatz umsatzbrutto betragbrutto summebrutto gesamtbrutto grossamount grosstotal "
        "grossrevenue totalgross amountgross gross bruttosumme bruttowert rechnungsbetragbrutto gesamtpreisbrutto "
        "betraginklmwst umsatzinklmwst summeinklmwst totalinclvat totalincltax amountinclvat betraginklust",
        "price preis value wert fare",
    ),
    "quantity": _tiers("quantity menge anzahl qty stueck stueckzahl units quantitypurchased lineitemquantity amt"),
    "unit_price": _tiers("unitprice einzelpreis stueckpreis preisprostueck priceperunit itemprice preisjestueck vk"),
    "debit": _tiers("debit soll sollbetrag debitamount betragsoll"),
    "credit": _tiers("credit haben habenbetrag creditamount betraghaben"),
    "order_id": _tiers(
        "orderid orderno ordernumber ordernr bestellnr bestellnummer bestellid auftragsnr auftragsnummer auftragid "
        "invoiceno invoiceid invoicenumber invoice rechnungsnr rechnungsnummer belegnr belegnummer beleg order "
        "bestellung auftrag transactionid bonnr bonnummer bon receipt receiptno documentno documentnumber vorgang "
        "vorgangsnummer amazonorderid increment incrementid faktura"
    ),
    "mark": _tiers("sollhabenkennzeichen sollhaben sh shkz shkennzeichen belegart dokumentart documenttype doctype"),
    "refund_amount": _tiers(
        "refundedamount refundtotal amountrefunded totalrefunded refundamount refunded refunds erstattung "
        "erstattungsbetrag erstattet orderrefundamount refundedtotal rueckerstattung rueckerstattungsbetrag"
    ),
    "currency_column": _tiers(
        "currency currencycode waehrung waehrungscode wkz wkzumsatz curr cur iso isocode ordercurrency belegwaehrung "
        "hauswaehrung waehrungskennzeichen waehrungsschluessel localcurrency documentcurrency transactioncurrency waers"
    ),
    "margin_amount": _tiers("margin deckungsbeitrag db1 rohertrag marge contributionmargin grossprofit"),
}
"""Plain names by role; where a surer name fits, the others are not asked."""

PRICES = NAMES["amount"][-1]


def is_gross(name: str) -> bool:
    """Whether a column's name says that its amounts include tax.

    Examples
    --------
    >>> is_gross("Umsatz brutto"), is_gross("Betrag inkl. MwSt."), is_gross("Summe incl. VAT"), is_gross("Betrag")
    (True, True, True, False)
    """
    return any(word in plain(name) for word in GROSS.split())


def is_net(name: str) -> bool:
    """Whether a column's name says that its amounts do not include tax.

    Examples
    --------
    >>> is_net("Umsatz netto"), is_net("Net amount"), is_net("Network")
    (True, True, False)
    """
    words = re.split(r"[\W_]+", name.casefold())
    return "net" in words or "netto" in plain(name)
