"""Rows that may be no purchases: cancelled, failed, tested orders; positive credit notes; refunds beside amounts."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

import ibis

from kundenwert.data.account import Note
from kundenwert.data.filters import parse
from kundenwert.data.flags import flagged
from kundenwert.data.numbers import number
from kundenwert.data.role_names import NAMES, plain
from kundenwert.data.roles import Roles
from kundenwert.data.typed import as_text
from kundenwert.errors import KundenwertError
from kundenwert.messages import Code, Setting, several
from kundenwert.settings import Reading
from kundenwert.sources import Source

NO_PURCHASE = (
    *("cancelled", "canceled", "cancellation", "failed", "failure", "test", "testbestellung", "testorder", "void"),
    *("voided", "refunded", "declined", "rejected", "expired", "chargeback", "charge_back", "pending", "fraud"),
    *("storniert", "abgebrochen", "fehlgeschlagen", "abgelehnt", "erstattet", "zurückerstattet", "widerrufen"),
    *(
        "draft",
        "entwurf",
        "proforma",
        "abandoned",
        "unpaid",
        "unbezahlt",
        "disputed",
        "deleted",
        "gelöscht",
        "awaiting",
    ),
    *("mahnung", "mahngebühr", "mahngebühren"),
)
"""Words of a status, as one of its parts, by which a row is no purchase."""

CREDIT_NOTES = (
    *("gutschrift", "gutschriften", "storno", "stornorechnung", "stornobeleg", "rechnungskorrektur", "retoure"),
    *("retour", "rückgabe", "rücksendung", "return", "returned", "refund", "credit note", "credit memo", "creditnote"),
)
"""Words of a kind of document by which an amount is taken back."""

INVOICES = ("rechnung", "rechnungen", "invoice", "faktura")
BEFORE_INVOICES = (
    *("angebot", "auftrag", "auftragsbestätigung", "lieferschein", "quote", "quotation", "offer", "estimate"),
    *("order", "delivery note", "sales order"),
)
"""Kinds of documents that are no sale beside invoices for the same sale."""

PAYMENTS = ("zahlung", "zahlungseingang", "payment", "zahlungsausgleich", "einzahlung")
"""Kinds of documents by which invoices are paid: money again, where it is positive, and no refund, where not."""

_MARKS = (frozenset({"s", "h"}), frozenset({"soll", "haben"}))
_MINUS = ("-", "\u2212", "minus", "neg", "negativ", "negative")
_SIGNS = frozenset({"+", "plus", "pos", "positiv", "positive", *_MINUS})
_TEST = ("test", "testbestellung", "testorder")


def _parts(value: str) -> list[str]:
    return re.split(r"[^a-zäöüß]+", value.casefold())


def no_purchase(value: str) -> bool:
    """Whether a status says that there was no purchase.

    Examples
    --------
    >>> [no_purchase(value) for value in ("wc-cancelled", "partially_refunded", "Storniert", "completed", "A/B test")]
    [True, True, True, False, False]
    """
    parts = _parts(value)
    if any(word in parts for word in NO_PURCHASE if word not in _TEST):
        return len(parts) <= 3
    return parts in [[word] for word in _TEST] or parts == ["test", "order"]


def credit_note(value: str) -> bool:
    """Whether a kind of document says that an amount is taken back.

    Examples
    --------
    >>> credit_note("Gutschrift"), credit_note("Credit Memo"), credit_note("Rechnung")
    (True, True, False)
    """
    words = " ".join(_parts(value)).strip()
    return words in CREDIT_NOTES or any(part in CREDIT_NOTES for part in words.split())


def no_sale(value: str, held: Collection[str]) -> bool:
    """Whether a kind of document is no sale of its own, beside the other kinds that a column holds.

    Examples
    --------
    >>> [no_sale("Angebot", kinds) for kinds in (["Angebot", "Rechnung"], ["Angebot", "Ware"])]
    [True, False]
    """
    word = " ".join(_parts(value)).strip()
    beside = any(part in INVOICES for other in held for part in _parts(other))
    return beside and word in (*BEFORE_INVOICES, *PAYMENTS)


def cautions(
    rows: ibis.Table,
    opened: Source,
    roles: Roles,
    reading: Reading,
    few: Mapping[str, Mapping[str, int]],
    decimal: str | None,
) -> tuple[Note, ...]:
    """Caution against rows that count and may be no purchases, and against refunds that are not taken off.

    Parameters
    ----------
    rows : ibis.Table
        Rows with the source's columns, `amount` and `fate`.
    opened : Source
        The source.
    roles : Roles
        Which columns have a role.
    reading : Reading
        With the conditions that rows must meet: their columns are taken care of.
    few : mapping
        Columns of few values, with the rows of each.
    decimal : str, optional
        Decimal mark of the amounts.
    """
    cared = {*roles.names.values(), *_asked(reading, opened.names)}
    notes = []
    for name, held in few.items():
        if name in cared:
            continue
        if {value.casefold() for value in held} <= _SIGNS:
            notes += _signs(rows, f"c{opened.names.index(name)}", name, held)
            continue
        bad = [value for value in held if no_purchase(value) or no_sale(value, held)]
        back = [value for value in held if value not in bad and credit_note(value)]
        if frozenset(value.casefold() for value in held) in _MARKS:
            back = [value for value in held if value.casefold() in ("h", "haben")]
        for words, code in ((bad, Code.STATUS_SEEN), (back, Code.CREDIT_NOTES_SEEN)):
            if words and len(words) < len(held):
                notes += _caution(rows, f"c{opened.names.index(name)}", name, words, held, code)
    return (*notes, *flagged(rows, opened, {*cared, *_told_of(notes)}), *_refund_columns(rows, opened, cared, decimal))


def _told_of(notes: Sequence[Note]) -> set[str]:
    """Columns that notes speak of."""
    return {str(note.figures["column"]) for note in notes}


def _signs(rows: ibis.Table, column: str, name: str, held: Collection[str]) -> list[Note]:
    """Caution against positive amounts with a minus in a column of its own."""
    minus = [value for value in held if value.casefold() in _MINUS]
    hit = rows.fate.isnull() & (rows.amount > 0) & as_text(rows[column]).isin(minus)
    found = rows.agg(n=hit.sum(), money=rows.amount.sum(where=hit)).to_pyarrow().to_pylist()[0]
    if not found["n"]:
        return []
    figures = {"column": name, "money": float(found["money"])}
    figures |= {"hint": Setting("mark", name), "marks": Setting("refund_marks", minus)}
    return [Note(Code.SIGNS_ASIDE, int(found["n"]), caution=True, money=float(found["money"]), figures=figures)]


def _asked(reading: Reading, names: Sequence[str]) -> set[str]:
    """Columns that conditions speak of."""
    found = set()
    for text in reading.where:
        try:
            found.add(parse(text, names).column)
        except KundenwertError:  # pragma: no cover, refused before
            continue
    return found


def _caution(
    rows: ibis.Table, column: str, name: str, words: Sequence[str], held: Mapping[str, int], code: Code
) -> list[Note]:
    """Caution against some values of a column, where rows with positive amounts count that hold them."""
    text = as_text(rows[column])
    hit = rows.filter(rows.fate.isnull() & text.isin(list(words)) & (rows.amount > 0)).select("amount", text=text)
    sums = hit.group_by("text").agg(n=lambda t: t.count(), money=lambda t: t.amount.sum())
    found = sums.order_by(sums.n.desc(), sums.text).to_pyarrow().to_pylist()
    if not found:
        return []
    values = ", ".join(f"{row['text']!r} ({several(row['n'], 'row')}, {float(row['money']):,.2f})" for row in found)
    count, money = sum(row["n"] for row in found), sum(float(row["money"]) for row in found)
    figures: dict[str, object] = {"column": name, "values": values, "money": money}
    if code == Code.STATUS_SEEN:
        figures["hint"] = Setting("where", [_condition(name, words, held)])
    else:
        figures["hint"] = Setting("mark", name)
    return [Note(code, count, caution=True, money=money, figures=figures)]


def _condition(name: str, words: Sequence[str], held: Mapping[str, int]) -> str:
    """Write the condition that leaves these values out."""
    column = name if re.fullmatch(r"\w+", name) else f'"{name}"'
    left = [value for value in held if value not in words]
    if len(left) == 1:
        return f"{column} = {left[0]}"
    return f"{column} not in ({', '.join(f'"{w}"' if re.search('[^\\w-]', w) else w for w in words)})"


def _refund_columns(rows: ibis.Table, opened: Source, cared: set[str], decimal: str | None) -> list[Note]:
    """Caution against columns of refunds that hold money and have no role."""
    notes = []
    for name in opened.names:
        if name in cared or plain(name) not in NAMES["refund_amount"][0] or opened.names.count(name) > 1:
            continue
        _, refund = number(rows, f"c{opened.names.index(name)}", label=name, decimal=decimal)
        some = rows.fate.isnull() & (refund != 0)
        found = rows.agg(n=some.sum(), money=refund.abs().sum(where=some)).to_pyarrow().to_pylist()[0]
        if found["n"]:
            money = float(found["money"])
            figures = {"column": name, "money": money, "hint": Setting("refund_amount", name)}
            notes.append(Note(Code.REFUNDS_ASIDE, int(found["n"]), caution=True, money=money, figures=figures))
    return notes
