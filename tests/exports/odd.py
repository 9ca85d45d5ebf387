"""Exports that say odd things: flags, sums, cents, payments, two spellings of one customer, files that overlap."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from pathlib import Path

from .log import Order, Truth, truth
from .made import LOG, NAMED, RIGHT, Export, comma, dotted, table, text

THIRTEEN = [n for n in range(len(LOG)) if n % 20 == 3]
LEFT = truth([o for n, o in enumerate(LOG) if n not in THIRTEEN])


def cents(amount: int) -> str:
    """Write cents as euros with a decimal comma."""
    return comma(Order(0, 0, dt.date(2023, 1, 1), amount))


def with_column(name: str, cell: Callable[[int], object]) -> str:
    """Write the log with a further column."""
    rows = ([o.customer, dotted(o.day), comma(o), cell(n)] for n, o in enumerate(LOG))
    return table(rows, ("Kunde", "Datum", "Betrag", name))


def spelt(plain: str, odd: str) -> str:
    """Write every third customer in another way."""
    return table([(plain if n % 3 else odd).format(o.customer), dotted(o.day), comma(o)] for n, o in enumerate(LOG))


def files(
    first: str | bytes, second: str | bytes, names: tuple[str, str] = ("januar.csv", "februar.csv")
) -> Callable[[Path], object]:
    """Write two files when asked to."""

    def write(folder: Path) -> object:
        for name, content in zip(names, (first, second), strict=True):
            text(name, content)(folder)
        return [folder / name for name in names]

    return write


def bookings(pay: Callable[[int], bool]) -> str:
    """Write invoices and, as negative amounts, payments of some."""
    rows = [(o.day, "Rechnung", o.customer, comma(o)) for o in LOG]
    rows += [(o.day + dt.timedelta(14), "Zahlung", o.customer, f"-{comma(o)}") for n, o in enumerate(LOG) if pay(n)]
    rows.sort(key=lambda row: row[0])
    return table(([who, dotted(day), much, kind] for day, kind, who, much in rows), (*NAMED.values(), "Belegart"))


def parts(names: Iterable[str]) -> str:
    """Write two items and their sum for each order."""
    rows = []
    for o in LOG:
        tax = o.cents - round(o.cents / 1.19)
        for name, amount in zip(names, (o.cents - tax, tax, o.cents), strict=True):
            rows.append([o.customer, dotted(o.day), cents(amount), name])
    return table(rows, (*NAMED.values(), "Zeilenart"))


def flags() -> list[Export]:
    """Columns that say yes of rows that are no purchases."""
    yes: dict[str, tuple[str, Callable[[int], object], str]] = {
        "yes-no": ("Storniert", lambda n: "ja" if n in THIRTEEN else "nein", "Storniert != ja"),
        "cross": ("Storno", lambda n: "X" if n in THIRTEEN else "", "Storno != X"),
        "boolean": ("is_deleted", lambda n: str(n in THIRTEEN).lower(), "is_deleted != true"),
        "number": ("OXSTORNO", lambda n: int(n in THIRTEEN), "OXSTORNO != 1"),
        "test": ("Testbestellung", lambda n: int(n in THIRTEEN), "Testbestellung != 1"),
        "day": ("cancelled_at", lambda n: "2023-05-05" if n in THIRTEEN else "", "cancelled_at is empty"),
    }
    found = []
    for name, (column, cell, where) in yes.items():
        write = text("f.csv", with_column(column, cell))
        found.append(Export(f"flag-{name}", write, NAMED, says=("flag-seen",)))
        found.append(Export(f"flag-{name}-filtered", write, NAMED | {"where": [where]}, LEFT, says=("left-out",)))
    signs = text("f.csv", with_column("Vorzeichen", lambda n: "-" if n in THIRTEEN else "+"))
    kinds = text("f.csv", with_column("Belegart", lambda n: "Angebot" if n in THIRTEEN else "Rechnung"))
    drafts = text("f.csv", with_column("state", lambda n: "draft" if n in THIRTEEN else "paid"))
    return [
        *found,
        Export("sign-in-a-column", signs, NAMED, says=("signs-aside",)),
        Export("offers-beside-invoices", kinds, NAMED, says=("status-seen",)),
        Export("drafts", drafts, NAMED, says=("status-seen",)),
    ]


def spellings() -> list[Export]:
    """One customer in two spellings."""
    odd = {
        "capitals": ("Müller {} GmbH", "MÜLLER {} GMBH"),
        "two-blanks": ("Müller {} GmbH", "Müller  {} GmbH"),
        "no-break-blank": ("Müller {} GmbH", "Müller\u00a0{} GmbH"),
        "joiner": ("K{}", "K\u200d{}"),
        "hyphen": ("K-{}", "K\u2011{}"),
        "thousands": ("{}", "{:,}"),
        "apostrophe": ("{}", "'{}"),
        "hash": ("{}", "#{}"),
    }
    whole = Truth(-1, RIGHT.purchases, RIGHT.revenue)
    found = [Export(f"spelt-{name}", text("i.csv", spelt(*two)), NAMED, whole, says=("ids-alike",))
             for name, two in odd.items()]  # fmt: skip
    garbled = {"twice-encoded": "MÃ¼ller {}", "web-page": "M&uuml;ller {}"}
    found += [Export(f"garbled-{name}", text("i.csv", spelt("Müller {}", two)), NAMED, whole, says=("ids-garbled",))
              for name, two in garbled.items()]  # fmt: skip
    broken = spelt("Müller {}", "Müller {}").encode().split(b"\n")
    broken[30] = broken[30].decode().encode("latin-1")
    nobody = {n for n in range(len(LOG)) if n % 30 == 0}
    dump = table([("\\N" if n in nobody else o.customer), dotted(o.day), comma(o)] for n, o in enumerate(LOG))
    return [
        *found,
        Export("garbled-some-lines", text("i.csv", b"\n".join(broken)), NAMED, whole, says=("ids-garbled",)),
        Export("nobody-in-a-dump", text("i.csv", dump), NAMED,
               truth([o for n, o in enumerate(LOG) if n not in nobody]), says=("placeholder-id",)),
    ]  # fmt: skip


def amounts() -> list[Export]:
    """Amounts that are not what they seem."""
    plain = ([o.customer, dotted(o.day), o.cents] for o in LOG)
    hundredfold = Truth(RIGHT.customers, RIGHT.purchases, RIGHT.revenue * 100)
    wide = table(plain, ("Kunde", "Datum", "Betrag (Cent)"))
    thousands = table(([o.customer, dotted(o.day), comma(o)] for o in LOG), ("Kunde", "Datum", "Umsatz TEUR"))
    priced = table(
        ([o.customer, dotted(o.day), 1, comma(o), "10 %" if n % 4 == 0 else "0 %"] for n, o in enumerate(LOG)),
        ("Kunde", "Datum", "Menge", "Einzelpreis", "Rabatt"),
    )
    visits = [[o.customer, dotted(o.day + dt.timedelta(more)), "0,00" if more else comma(o)] for o in LOG
              for more in (0, 2)]  # fmt: skip
    last, once = None, []
    for o in sorted(LOG, key=lambda o: (o.customer, o.day)):
        once.append(["" if o.customer == last else o.customer, dotted(o.day), comma(o)])
        last = o.customer
    signed = table([o.customer, dotted(o.day), comma(o) + (" €" if n % 2 else "")] for n, o in enumerate(LOG))
    unpaid = truth([o for n, o in enumerate(LOG) if n % 5 == 0])
    return [
        Export("cents", text("a.csv", wide), NAMED | {"amount": "Betrag (Cent)"}, hundredfold, says=("amounts-cents",)),
        Export("thousands", text("a.csv", thousands), NAMED | {"amount": "Umsatz TEUR"}, says=("amounts-thousands",)),
        Export("sign-of-currency-now-and-then", text("a.csv", signed), NAMED, says=("currency-sometimes",)),
        Export("discount-beside-price", text("a.csv", priced), says=("price-aside",)),
        Export("rows-of-net-tax-and-sum", text("a.csv", parts(("Position", "MwSt 19%", "Rechnungsbetrag"))), NAMED,
               Truth(RIGHT.customers, RIGHT.purchases, 2 * RIGHT.revenue), says=("sums-among",)),
        Export("visits-for-nothing", text("a.csv", table(visits)), NAMED,
               Truth(RIGHT.customers, -1, RIGHT.revenue), says=("zeros-many",)),
        Export("customer-named-once", text("a.csv", table(once)), NAMED, Truth(60, 60, -1),
               says=("customers-missing",)),
        Export("payments-of-invoices", text("a.csv", bookings(lambda n: n % 5 > 0)), NAMED,
               Truth(-1, unpaid.purchases, unpaid.revenue), says=("refunds-large",)),
        Export("payments-of-all-invoices", text("a.csv", bookings(lambda n: True)), NAMED, None,
               refused=("all-excluded",)),
    ]  # fmt: skip


def others() -> list[Export]:
    """Files that overlap, and years in front."""
    rows = [[o.customer, dotted(o.day), comma(o)] for o in LOG]
    twice = Truth(RIGHT.customers, RIGHT.purchases, -1)
    years = table([o.customer, o.day.strftime("%y-%m-%d"), comma(o)] for o in LOG)
    short = table([o.customer, o.day.strftime("%d-%m-%y"), comma(o)] for o in LOG)
    both = files(table(rows[:150]), table(rows[130:]))
    named = [[f"Müller {o.customer}", dotted(o.day), comma(o)] for o in LOG]
    early = [o for o in LOG if o.day.day <= 12]
    slashed = files(
        table([o.customer, o.day.strftime("%d/%m/%Y"), comma(o)] for o in LOG if o.day.day > 12),
        table([o.customer, o.day.strftime("%d/%m/%Y"), comma(o)] for o in early),
    )
    return [
        Export("months-overlap", both, NAMED, twice, says=("overlap-kept",)),
        Export(
            "files-of-dos-and-of-today",
            files(table(named[:130]).encode("cp850"), table(named[130:]).encode("utf-8")),
            NAMED,
        ),
        Export(
            "files-of-dos-and-of-windows",
            files(table(named[:130]).encode("cp850"), table(named[130:]).encode("cp1252")),
            NAMED,
        ),
        Export("file-of-early-days", slashed, NAMED, says=("day-month-by-others",)),
        Export("exported-twice-in-one", text("o.csv", table(rows + rows)), NAMED, twice, says=("duplicates-many",)),
        Export("year-of-two-digits-in-front", text("o.csv", years), NAMED, None, refused=("dates-unclear",)),
        Export("year-of-two-digits-in-front-stated", text("o.csv", years), NAMED | {"date_format": "%y-%m-%d"}),
        Export("date-dashed-dutch-short", text("o.csv", short), NAMED),
    ]


ODD = [*flags(), *spellings(), *amounts(), *others()]
