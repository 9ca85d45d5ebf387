"""Exports made from one known log: each a legal way to write it, or a known fault, with its right result."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from .log import Order, Truth, by_month, by_week, orders, truth

LOG = orders()
RIGHT = truth(LOG)
NAMED = {"customer_id": "Kunde", "date": "Datum", "amount": "Betrag"}
GERMAN_MONTHS = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
]
GERMAN_SHORT = ["Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez"]
ENGLISH_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
EXCEL_ZERO = dt.date(1899, 12, 30)


@dataclass(frozen=True)
class Export:
    """A file, how it is read, and what must come of it.

    `reads` is the right result; None where the file must be refused, with a code among `refused`. `says` are codes that
    the account must hold; `words` must stand in the message of a refusal.
    """

    name: str
    write: Callable[[Path], Path]
    reading: dict[str, object] = field(default_factory=dict)
    reads: Truth | None = RIGHT
    refused: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    words: str = ""
    tells: str = ""


def text(name: str, content: str | bytes, *, encoding: str = "utf-8") -> Callable[[Path], Path]:
    """Write a text file when asked to."""

    def write(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write


def comma(order: Order) -> str:
    """Write an amount with a decimal comma."""
    return f"{order.cents // 100},{order.cents % 100:02d}"


def point(order: Order) -> str:
    """Write an amount with a decimal point."""
    return f"{order.cents // 100}.{order.cents % 100:02d}"


def dotted(day: dt.date) -> str:
    """Write a day as dd.mm.yyyy."""
    return day.strftime("%d.%m.%Y")


def table(
    rows: Iterable[Iterable[object]],
    names: Iterable[str] = ("Kunde", "Datum", "Betrag"),
    *,
    delimiter: str = ";",
    quoting: int = csv.QUOTE_MINIMAL,
    end: str = "\n",
) -> str:
    """Write rows as CSV."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=end)
    writer.writerow(list(names))
    writer.writerows(rows)
    return out.getvalue()


def plain(kept: Iterable[Order] = LOG, **how: object) -> str:
    """Write customer, day and amount in the German way."""
    return table(([order.customer, dotted(order.day), comma(order)] for order in kept), **how)  # type: ignore[arg-type]


def _grouped(order: Order, group: str, mark: str) -> str:
    whole = f"{order.cents * 100 // 100:,}".replace(",", group)
    return f"{whole}{mark}{order.cents % 100:02d}"


BIG = [Order(o.number, o.customer, o.day, o.cents * 100 + o.cents % 100) for o in LOG]
"""The same orders a hundred times as dear, so that thousands are grouped."""


def _thousands(order: Order, group: str, mark: str) -> str:
    return f"{order.cents // 100:,}".replace(",", group) + f"{mark}{order.cents % 100:02d}"


def _indian(order: Order) -> str:
    whole = str(order.cents // 100)
    head, tail = whole[:-3], whole[-3:]
    while len(head) > 2:
        tail, head = f"{head[-2:]},{tail}", head[:-2]
    return (f"{head}," if head else "") + f"{tail}.{order.cents % 100:02d}"


def _dash(order: Order) -> str:
    return f"{order.cents // 100},-" if order.cents % 100 == 0 else comma(order)


WHOLE = [
    Order(o.number, o.customer, o.day, o.cents - o.cents % 100 if n % 3 == 0 else o.cents) for n, o in enumerate(LOG)
]
AMOUNTS: dict[str, tuple[list[Order], Callable[[Order], str]]] = {
    "comma": (LOG, comma),
    "point": (LOG, point),
    "euro-behind": (LOG, lambda o: f"{comma(o)} €"),
    "euro-behind-close": (LOG, lambda o: f"{comma(o)}€"),
    "euro-before": (LOG, lambda o: f"€{point(o)}"),
    "code-before": (LOG, lambda o: f"EUR {point(o)}"),
    "code-behind": (LOG, lambda o: f"{comma(o)} EUR"),
    "chf-before": (LOG, lambda o: f"CHF {point(o)}"),
    "dollar-before": (LOG, lambda o: f"${point(o)}"),
    "pound-before": (LOG, lambda o: f"£{point(o)}"),
    "kronor-behind": (LOG, lambda o: f"{comma(o)} kr"),
    "zloty-behind": (LOG, lambda o: f"{comma(o)} zł"),
    "koruna-behind": (LOG, lambda o: f"{comma(o)} Kč"),
    "german-thousands": (BIG, lambda o: _thousands(o, ".", ",")),
    "english-thousands": (BIG, lambda o: _thousands(o, ",", ".")),
    "swiss-thousands": (BIG, lambda o: _thousands(o, "'", ".")),
    "swiss-typographic": (BIG, lambda o: _thousands(o, "’", ".")),
    "blank-thousands": (BIG, lambda o: _thousands(o, " ", ",")),
    "nbsp-thousands-euro": (BIG, lambda o: _thousands(o, "\u00a0", ",") + "\u00a0€"),
    "thin-blank-thousands": (BIG, lambda o: _thousands(o, "\u202f", ",")),
    "indian-groups": (BIG, _indian),
    "dash-for-no-cents": (WHOLE, _dash),
    "two-dashes-for-no-cents": (WHOLE, lambda o: _dash(o).replace(",-", ",--")),
    "four-decimals": (LOG, lambda o: f"{comma(o)}00"),
    "plus-sign": (LOG, lambda o: f"+{comma(o)}"),
    "no-trailing-zero": (LOG, lambda o: comma(o).rstrip("0").rstrip(",")),
}

SHORT = [order for order in LOG if order.day.year == 2023]
DATES: dict[str, Callable[[dt.date], object]] = {
    "iso": lambda d: d.isoformat(),
    "iso-time": lambda d: f"{d.isoformat()}T14:05:59",
    "iso-offset": lambda d: f"{d.isoformat()}T14:05:59+01:00",
    "iso-zulu": lambda d: f"{d.isoformat()}T14:05:59Z",
    "iso-fraction": lambda d: f"{d.isoformat()} 14:05:59.123456",
    "compact": lambda d: d.strftime("%Y%m%d"),
    "dotted": dotted,
    "dotted-no-zeros": lambda d: f"{d.day}.{d.month}.{d.year}",
    "dotted-short-year": lambda d: d.strftime("%d.%m.%y"),
    "dotted-time": lambda d: d.strftime("%d.%m.%Y 08:15"),
    "dotted-clock": lambda d: d.strftime("%d.%m.%Y, 08:15 Uhr"),
    "slashed-english": lambda d: d.strftime("%d/%m/%Y"),
    "slashed-american": lambda d: d.strftime("%m/%d/%Y"),
    "slashed-american-pm": lambda d: d.strftime("%m/%d/%Y 2:05 PM"),
    "slashed-iso": lambda d: d.strftime("%Y/%m/%d"),
    "dashed-dutch": lambda d: d.strftime("%d-%m-%Y"),
    "month-german-long": lambda d: f"{d.day}. {GERMAN_MONTHS[d.month - 1]} {d.year}",
    "month-german-short": lambda d: f"{d.day:02d}-{GERMAN_SHORT[d.month - 1]}-{d.year}",
    "month-german-short-dots": lambda d: f"{d.day:02d}. {GERMAN_SHORT[d.month - 1]}. {d.year}",
    "month-german-capitals": lambda d: f"{d.day:02d}-{GERMAN_SHORT[d.month - 1].upper()}-{d.year % 100:02d}",
    "month-english-long": lambda d: f"{ENGLISH_MONTHS[d.month - 1]} {d.day}, {d.year}",
    "month-english-oracle": lambda d: f"{d.day:02d}-{ENGLISH_MONTHS[d.month - 1][:3].upper()}-{d.year}",
    "month-english-day-first": lambda d: f"{d.day} {ENGLISH_MONTHS[d.month - 1]} {d.year}",
    "excel-days": lambda d: (d - EXCEL_ZERO).days,
    "excel-days-and-time": lambda d: f"{(d - EXCEL_ZERO).days},58738".replace(",", "."),
    "unix-seconds": lambda d: int(dt.datetime(d.year, d.month, d.day, 9, 30, tzinfo=dt.UTC).timestamp()),
    "unix-milliseconds": lambda d: int(dt.datetime(d.year, d.month, d.day, 9, 30, tzinfo=dt.UTC).timestamp() * 1000),
}


def _iso_week(day: dt.date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


PERIODS: dict[str, tuple[Callable[[dt.date], str], list[Order]]] = {
    "iso-weeks": (_iso_week, by_week(LOG)),
    "months": (lambda d: d.strftime("%Y-%m"), by_month(LOG)),
    "months-german": (lambda d: f"{GERMAN_MONTHS[d.month - 1]} {d.year}", by_month(LOG)),
}


def notations() -> list[Export]:
    """Values as people write them."""
    found = []
    for name, (kept, write) in AMOUNTS.items():
        rows = [[order.customer, dotted(order.day), write(order)] for order in kept]
        found.append(Export(f"amount-{name}", text("a.csv", table(rows)), NAMED, truth(kept)))
    for name, say in DATES.items():
        rows = [[order.customer, say(order.day), comma(order)] for order in LOG]
        found.append(Export(f"date-{name}", text("d.csv", table(rows)), NAMED))
    for name, (say, kept) in PERIODS.items():
        rows = [[order.customer, say(order.day), comma(order)] for order in LOG]
        found.append(
            Export(
                f"period-{name}",
                text("p.csv", table(rows)),
                NAMED,
                truth(kept),
                says=("dates-are-weeks" if "week" in name else "dates-are-months",),
            )
        )
    return found


def layouts() -> list[Export]:
    """The same rows in every legal layout."""
    found = [
        Export(f"delimiter-{name}", text("l.csv", plain(delimiter=sign)), NAMED)
        for name, sign in {"semicolon": ";", "comma": ",", "tab": "\t", "bar": "|"}.items()
    ]
    found += [
        Export(f"line-end-{name}", text("l.csv", plain(end=end)), NAMED)
        for name, end in {"unix": "\n", "windows": "\r\n", "mac": "\r"}.items()
    ]
    umlauts = table(
        ([f"Müller & Söhne {o.customer}", dotted(o.day), comma(o), "Straße, 5"] for o in LOG),
        ("Kunde", "Datum", "Betrag", "Straße"),
    )
    found += [
        Export(f"encoding-{name}", text("e.csv", umlauts, encoding=name), NAMED)
        for name in ("utf-8", "utf-8-sig", "cp1252", "utf-16", "latin-1")
    ]
    rows = plain().split("\n")
    wide = [
        [o.number, o.customer, f"Firma {o.customer}; Nord", dotted(o.day), 'Rohr 12" "lang"', comma(o)] for o in LOG
    ]
    names = ("Beleg", "Kunde", "Name", "Datum", "Text", "Betrag")
    notes = [
        [o.customer, dotted(o.day), comma(o), "Zeile 1\nZeile 2" if n % 9 == 0 else "ok"] for n, o in enumerate(LOG)
    ]
    total = sum(order.cents for order in LOG)
    found += [
        Export("all-quoted", text("l.csv", plain(quoting=csv.QUOTE_ALL)), NAMED),
        Export("quoted-delimiters-and-quotes", text("l.csv", table(wide, names)), NAMED),
        Export("line-breaks-in-a-note", text("l.csv", table(notes, ("Kunde", "Datum", "Betrag", "Notiz"))), NAMED),
        Export("sep-line", text("l.csv", "sep=;\n" + plain()), NAMED),
        Export("blank-lines", text("l.csv", "\n".join([*rows[:40], "", *rows[40:90], "", "", *rows[90:]])), NAMED),
        Export("titles-above", text("l.csv", "Umsatzliste;;\nMandant 4;;\n;;\n" + plain()), NAMED | {"skip_lines": 3}),
        Export("no-final-newline", text("l.csv", plain().rstrip("\n")), NAMED),
        Export(
            "total-below", text("l.csv", plain() + f"Summe;;{total // 100},{total % 100:02d}\n"), NAMED,
            says=("sum-of-all",),
        ),
        Export("trailing-separator-on-every-line", text("l.csv", plain().replace("\n", ";\n")), NAMED),
        Export("names-found", text("l.csv", plain().replace("Kunde;Datum;Betrag", "Kunden-Nr.;Belegdatum;Umsatz netto")), {}),
        Export("names-found-english", text("l.csv", plain().replace("Kunde;Datum;Betrag", "Customer;Order Date;Total")), {}),
    ]  # fmt: skip
    return found


def containers() -> list[Export]:
    """The same log in other kinds of files."""
    rows = [[str(o.customer), o.day, o.money] for o in LOG]

    def xlsx(folder: Path, *, titles: int = 0, as_text: bool = False) -> Path:
        path = folder / "log.xlsx"
        book = xlsxwriter.Workbook(path)
        sheet, day = book.add_worksheet("Umsatz"), book.add_format({"num_format": "dd.mm.yyyy"})
        for n in range(titles):
            sheet.write(n, 0, f"Titel {n}")
        sheet.write_row(titles, 0, ["Kunde", "Datum", "Betrag"])
        for n, (customer, date, money) in enumerate(rows, titles + 1):
            sheet.write_string(n, 0, customer) if as_text else sheet.write_number(n, 0, int(customer))
            sheet.write_datetime(n, 1, dt.datetime(date.year, date.month, date.day), day)  # noqa: DTZ001
            sheet.write_string(n, 2, f"{money:.2f}".replace(".", ",")) if as_text else sheet.write_number(n, 2, money)
        book.close()
        return path

    def parquet(folder: Path) -> Path:
        columns = zip(*rows, strict=True)
        pq.write_table(pa.table(dict(zip(NAMED.values(), map(list, columns), strict=True))), folder / "log.parquet")
        return folder / "log.parquet"

    def lines(folder: Path) -> Path:
        texts = [json.dumps({"Kunde": c, "Datum": str(d), "Betrag": m}) for c, d, m in rows]
        (folder / "log.jsonl").write_text("\n".join(texts) + "\n", encoding="utf-8")
        return folder / "log.jsonl"

    def sqlite(folder: Path) -> Path:
        with sqlite3.connect(folder / "log.sqlite") as base:
            base.execute("CREATE TABLE verkauf (Kunde TEXT, Datum TEXT, Betrag REAL)")
            base.executemany("INSERT INTO verkauf VALUES (?, ?, ?)", [(c, str(d), m) for c, d, m in rows])
        base.close()
        return folder / "log.sqlite"

    def gz(folder: Path) -> Path:
        (folder / "log.csv.gz").write_bytes(gzip.compress(plain().encode()))
        return folder / "log.csv.gz"

    def zst(folder: Path) -> Path:
        with pa.CompressedOutputStream(pa.OSFile(str(folder / "log.csv.zst"), "wb"), "zstd") as out:
            out.write(plain().encode())
        return folder / "log.csv.zst"

    def several(folder: Path) -> Path:
        for year in (2023, 2024):
            part = [order for order in LOG if order.day.year == year]
            (folder / f"umsatz-{year}.csv").write_text(plain(part), encoding="utf-8")
        return folder / "umsatz-*.csv"

    return [
        Export("xlsx", xlsx, NAMED),
        Export("xlsx-text-cells", lambda folder: xlsx(folder, as_text=True), NAMED),
        Export("xlsx-titles", lambda folder: xlsx(folder, titles=2), NAMED | {"skip_lines": 2}),
        Export("parquet", parquet, NAMED),
        Export("json-lines", lines, NAMED),
        Export("sqlite", sqlite, NAMED | {"table": "verkauf"}),
        Export("gzip", gz, NAMED),
        Export("zstd", zst, NAMED),
        Export("several-files", several, NAMED),
    ]


def _damaged(change: Callable[[list[str]], None], delimiter: str = ";") -> str:
    lines = table(
        ([o.number, o.customer, dotted(o.day), f"Weg {o.number % 30}", comma(o)] for o in LOG),
        ("Beleg", "Kunde", "Datum", "Straße", "Betrag"),
        delimiter=delimiter,
    ).split("\n")
    change(lines)
    return "\n".join(lines)


def damages() -> list[Export]:
    """Files with a known fault: what is lost is told, with its lines; nothing is absorbed."""

    def without(*numbers: int) -> Truth:
        return truth([order for n, order in enumerate(LOG, 1) if n not in numbers])

    def stray(lines: list[str]) -> None:
        lines[50] = lines[50].replace("Weg", '"Weg')

    def pair(lines: list[str]) -> None:
        lines[50], lines[80] = lines[50].replace("Weg", '"Weg'), lines[80].replace("Weg", '"Weg')

    def inch(lines: list[str]) -> None:
        lines[50] = lines[50].replace("Weg", 'Weg 12"')

    def many(lines: list[str]) -> None:
        for n in (20, 90, 91):
            lines[n] = lines[n].replace("Weg", "Hinterhaus; Weg")

    def few(lines: list[str]) -> None:
        for n in (30, 120):
            lines[n] = ";".join(lines[n].split(";")[:3])

    def cut(lines: list[str]) -> None:
        lines[70:72] = [lines[70][:12], lines[70][12:], lines[71]]

    def column(lines: list[str]) -> None:
        lines[60] = lines[60].replace("Weg", '"Weg\nHof')
        lines[60] += '"'

    told = ("rejected-line",)
    return [
        Export("stray-quote", text("q.csv", _damaged(stray)), NAMED, without(50), says=told),
        Export("two-stray-quotes", text("q.csv", _damaged(pair)), NAMED, without(50, 80), says=told),
        Export("inch-sign", text("q.csv", _damaged(inch)), NAMED),
        Export("too-many-cells", text("q.csv", _damaged(many)), NAMED, without(20, 90, 91), says=told),
        Export("too-few-cells", text("q.csv", _damaged(few)), NAMED, without(30, 120), says=told),
        Export("line-cut-in-two", text("q.csv", _damaged(cut)), NAMED, without(70), says=told),
        Export("quote-around-the-end-of-a-line", text("q.csv", _damaged(column)), NAMED, without(60), says=told),
        Export("bad-lines-refused", text("q.csv", _damaged(many)), NAMED | {"on_bad_lines": "refuse"}, None),
        Export("stray-quote-repaired", text("q.csv", _damaged(stray)), NAMED | {"on_bad_lines": "repair"}),
        Export("most-lines-bad", text("q.csv", _damaged(lambda lines: lines.__setitem__(
            slice(1, 100), [line.replace("Weg", "Weg;") for line in lines[1:100]]))), NAMED, None),
    ]  # fmt: skip


def identities() -> list[Export]:
    """Ids that are written in more than one way."""

    def rows(say: Callable[[Order, int], object]) -> str:
        return table([say(order, n), dotted(order.day), comma(order)] for n, order in enumerate(LOG))

    mails = [
        f"Kunde{o.customer}@Example.de" if n % 3 == 0 else f"kunde{o.customer}@example.de" for n, o in enumerate(LOG)
    ]
    guests = table(
        ([o.number if n % 2 else o.customer, f"k{o.customer}@example.org", dotted(o.day), comma(o)]
         for n, o in enumerate(LOG)),
        ("Kunde", "E-Mail", "Datum", "Betrag"),
    )  # fmt: skip
    walk_in = [order for n, order in enumerate(LOG) if n % 4]
    as_guests = rows(lambda o, n: o.customer if n % 4 else "Laufkunde")
    damaged = rows(lambda o, n: f"4.{o.customer % 100:02d}E+18" if n % 3 else o.customer)
    by_hand = len({order.number if n % 2 else order.customer for n, order in enumerate(LOG)})
    return [
        Export("id-outer-blanks", text("i.csv", rows(lambda o, n: f" {o.customer}{'  ' * (n % 2)}")), NAMED),
        Export("id-with-point-zero", text("i.csv", rows(lambda o, n: f"{o.customer}.0" if n % 2 else o.customer)), NAMED),
        Export("id-mail-case", text("i.csv", table([m, dotted(o.day), comma(o)] for m, o in zip(mails, LOG, strict=True))), NAMED),
        Export("id-leading-zeros-throughout", text("i.csv", rows(lambda o, _: f"{o.customer:08d}")), NAMED),
        Export("id-leading-zeros-mixed", text("i.csv", rows(lambda o, n: f"{o.customer:08d}" if n % 2 else o.customer)),
               NAMED, Truth(-1, -1, RIGHT.revenue), says=("leading-zeros",)),
        Export("id-damaged", text("i.csv", damaged), NAMED, None, words="E\\+18"),
        Export("id-walk-in", text("i.csv", as_guests), NAMED, Truth(-1, -1, RIGHT.revenue), says=("collective-id",)),
        Export("id-walk-in-excluded", text("i.csv", as_guests), NAMED | {"exclude_customers": ["Laufkunde"]},
               truth(walk_in), says=("excluded-customer",)),
        Export("id-many-for-one-mail", text("i.csv", guests), NAMED, Truth(by_hand, -1, RIGHT.revenue), says=("ids-per-mail",)),
        Export("id-mapped", text("i.csv", rows(lambda o, n: f"A{o.customer}" if o.day.year == 2023 else o.customer)),
               NAMED | {"id_map": {f"A{o.customer}": str(o.customer) for o in LOG}}),
        Export("id-missing-in-some", text("i.csv", rows(lambda o, n: "" if n in {7, 8} else o.customer)), NAMED,
               truth([o for n, o in enumerate(LOG) if n not in {7, 8}]), says=("no-customer",)),
        Export("id-placeholders", text("i.csv", rows(lambda o, n: "#NV" if n in {7, 8} else o.customer)), NAMED,
               truth([o for n, o in enumerate(LOG) if n not in {7, 8}]), says=("placeholder-id",)),
    ]  # fmt: skip


def moneys() -> list[Export]:
    """What a number means: currencies, orders, signs, tax, states."""
    other = [("CHF" if n % 5 == 0 else "EUR") for n in range(len(LOG))]
    codes = table(
        ([o.customer, dotted(o.day), comma(o), code] for o, code in zip(LOG, other, strict=True)),
        ("Kunde", "Datum", "Betrag", "Währung"),
    )
    francs = sum(o.cents * 1.05 if code == "CHF" else o.cents for o, code in zip(LOG, other, strict=True))
    signs = table([o.customer, dotted(o.day), f"{comma(o)} {code}"] for o, code in zip(LOG, other, strict=True))
    items = [o for o in LOG for _ in range(1 + o.number % 3)]
    repeated = table(
        ([o.number, o.customer, dotted(o.day), comma(o), f"Artikel {n}"] for n, o in enumerate(items)),
        ("Bestellnr", "Kunde", "Datum", "Betrag", "Artikel"),
    )
    parts = [(o, o.cents // 3, o.cents - o.cents // 3) for o in LOG]
    split = table(
        ([o.number, o.customer, dotted(o.day), f"{c // 100},{c % 100:02d}"] for o, a, b in parts for c in (a, b)),
        ("Bestellnr", "Kunde", "Datum", "Betrag"),
    )
    priced = table(
        ([o.customer, dotted(o.day), 1 + o.number % 4, f"{o.cents // 100},{o.cents % 100:02d}"] for o in LOG),
        ("Kunde", "Datum", "Menge", "Einzelpreis"),
    )
    priced_sum = sum(o.cents * (1 + o.number % 4) for o in LOG) / 100
    back = {n for n in range(len(LOG)) if n % 20 == 9}
    states = table(
        ([o.customer, dotted(o.day), comma(o), "storniert" if n in back else "versendet"] for n, o in enumerate(LOG)),
        ("Kunde", "Datum", "Betrag", "Status"),
    )
    sold = truth([o for n, o in enumerate(LOG) if n not in back])
    noted = [(o, 0) for o in LOG] + [(o, 1) for n, o in enumerate(LOG) if n in back]
    notes = table(
        ([o.customer, dotted(o.day), comma(o), "Gutschrift" if credit else "Rechnung"] for o, credit in noted),
        ("Kunde", "Datum", "Betrag", "Belegart"),
    )
    marked = notes.replace("Belegart", "S/H").replace("Gutschrift", "H").replace("Rechnung", "S")
    columns = table(
        ([o.customer, dotted(o.day), "" if credit else comma(o), comma(o) if credit else ""] for o, credit in noted),
        ("Kunde", "Datum", "Soll", "Haben"),
    )
    negative = table([o.customer, dotted(o.day), f"-{comma(o)}" if credit else comma(o)] for o, credit in noted)
    brackets = table([o.customer, dotted(o.day), f"({comma(o)})" if credit else comma(o)] for o, credit in noted)
    behind = table([o.customer, dotted(o.day), f"{comma(o)}-" if credit else comma(o)] for o, credit in noted)
    gross = table(([o.customer, dotted(o.day), comma(o)] for o in LOG), ("Kunde", "Datum", "Betrag brutto"))
    taxed = NAMED | {"amount": "Betrag brutto"}
    net = RIGHT.revenue / 1.19
    whole = Truth(RIGHT.customers, RIGHT.purchases, -1)
    return [
        Export("currency-column", text("m.csv", codes), NAMED, None, words="CHF"),
        Export("currency-in-amounts", text("m.csv", signs), NAMED, None, words="CHF"),
        Export("currency-with-rates", text("m.csv", codes),
               NAMED | {"currency_column": "Währung", "currency": "EUR", "rates": {"CHF": 1.05}},
               Truth(RIGHT.customers, RIGHT.purchases, francs / 100)),
        Export("order-total-repeated", text("m.csv", repeated), NAMED | {"order_id": "Bestellnr"}),
        Export("order-items", text("m.csv", split), NAMED | {"order_id": "Bestellnr"}),
        Export("order-items-without-order", text("m.csv", split), NAMED),
        Export("order-total-repeated-unnamed", text("m.csv", repeated), NAMED,
               Truth(RIGHT.customers, RIGHT.purchases, -1), says=("totals-seem-repeated",)),
        Export("quantity-times-price", text("m.csv", priced),
               {"customer_id": "Kunde", "date": "Datum", "quantity": "Menge", "unit_price": "Einzelpreis"},
               Truth(RIGHT.customers, RIGHT.purchases, priced_sum)),
        Export("status-cancelled", text("m.csv", states), NAMED, says=("status-seen",)),
        Export("status-filtered", text("m.csv", states), NAMED | {"where": ["Status = versendet"]}, sold),
        Export("credit-notes-positive", text("m.csv", notes), NAMED, Truth(RIGHT.customers, -1, -1), says=("credit-notes-seen",)),
        Export("credit-notes-marked", text("m.csv", notes), NAMED | {"mark": "Belegart"}, sold),
        Export("credit-marks", text("m.csv", marked), NAMED | {"mark": "S/H"}, sold),
        Export("debit-and-credit", text("m.csv", columns),
               {"customer_id": "Kunde", "date": "Datum", "debit": "Soll", "credit": "Haben"}, sold),
        Export("refunds-negative", text("m.csv", negative), NAMED, sold),
        Export("refunds-in-brackets", text("m.csv", brackets), NAMED, sold),
        Export("refunds-minus-behind", text("m.csv", behind), NAMED, sold),
        Export("gross-column", text("m.csv", gross), taxed, says=("gross-amounts",)),
        Export("gross-column-vat", text("m.csv", gross), taxed | {"vat": "19 %"}, Truth(whole.customers, whole.purchases, net)),
    ]  # fmt: skip


def lists() -> list[Export]:
    """Lists made to be printed, and days that are none."""
    page, pages = 40, []
    so_far = 0
    for start in range(0, len(LOG), page):
        own = LOG[start : start + page]
        if start:
            pages.append(f";Übertrag;{so_far // 100},{so_far % 100:02d}")
        pages += [f"{o.customer};{dotted(o.day)};{comma(o)}" for o in own]
        so_far += sum(o.cents for o in own)
        pages += [
            f";Zwischensumme;{so_far // 100},{so_far % 100:02d}",
            f";Seite {start // page + 1};",
            "Kunde;Datum;Betrag",
        ]
    printed = "Kunde;Datum;Betrag\n" + "\n".join(pages[:-1]) + "\n"
    months, monthly = [], []
    for order in LOG:
        if monthly and order.day.month != monthly[-1].day.month:
            cents = sum(o.cents for o in monthly)
            months.append(f"Summe Monat;{dotted(monthly[-1].day)};{cents // 100},{cents % 100:02d}")
            monthly = []
        monthly.append(order)
        months.append(f"{order.customer};{dotted(order.day)};{comma(order)}")

    def dated(place: int, written: str) -> str:
        lines = plain().split("\n")
        who, _, money = lines[place].split(";")
        lines[place] = f"{who};{written};{money}"
        return "\n".join(lines)

    rest = truth([order for n, order in enumerate(LOG, 1) if n != 90])
    mixed = table(
        [o.customer, [dotted(o.day), o.day.isoformat(), o.day.strftime("%d/%m/%Y")][n % 3], comma(o)]
        for n, o in enumerate(LOG)
    )
    pasted = table(
        [o.customer, (o.day - EXCEL_ZERO).days if n % 30 == 4 else dotted(o.day), comma(o)] for n, o in enumerate(LOG)
    )
    return [
        Export("printed-pages", text("p.csv", printed), NAMED),
        Export("subtotals-with-a-date", text("p.csv", "Kunde;Datum;Betrag\n" + "\n".join(months) + "\n"), NAMED),
        Export("date-placeholder-1900", text("p.csv", dated(90, "01.01.1900")), NAMED, rest,
               says=("placeholder-date", "placeholder-dates")),
        Export("date-placeholder-2099", text("p.csv", dated(90, "31.12.2099")), NAMED, rest),
        Export("date-isolated", text("p.csv", dated(90, "03.05.2009")), NAMED,
               rest, says=("isolated-day", "first-days-left-out")),
        Export("date-isolated-kept", text("p.csv", dated(90, "03.05.2009")), NAMED | {"isolated_days": "keep"},
               Truth(RIGHT.customers, -1, RIGHT.revenue), says=("first-day-apart",)),
        Export("date-isolated-refused", text("p.csv", dated(90, "03.05.2009")), NAMED | {"isolated_days": "refuse"},
               None, refused=("isolated-days-refused",), words="2009-05-03"),
        Export("dates-of-three-kinds", text("p.csv", mixed), NAMED, None, words="%d/%m/%Y"),
        Export("dates-some-pasted", text("p.csv", pasted), NAMED),
        Export("date-unreadable-some", text("p.csv", dated(90, "unbekannt")), NAMED, rest, says=("bad-date",)),
        Export("date-without-year", text("p.csv", table([o.customer, o.day.strftime("%d%m"), comma(o)] for o in LOG)),
               NAMED | {"date_format": "%d%m"}, None),
    ]  # fmt: skip


MADE = [*notations(), *layouts(), *containers(), *damages(), *identities(), *moneys(), *lists()]
