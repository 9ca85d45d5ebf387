"""Look for files that are read wrong without a word: legal ways to write a known log, and files damaged in known ways.

A legal file must give the known summary or be refused. Of a damaged one every original row must come back as it was,
or be told: no money may be lost, and none may appear, in silence. Failures are printed smallest first.

    python benchmarks/fuzz_reading.py --minutes 20
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

import kundenwert as kw
from kundenwert.errors import KundenwertError

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from exports.log import Order, orders
from exports.made import AMOUNTS, BIG, DATES, point

LOG = orders()
ONE_A_DAY = list({(order.customer, order.day): order for order in LOG}.values())
"""One order for each customer and day, so that a kept row is one of the log's."""

TRIED: Counter[str] = Counter()
SAFE_AMOUNTS = [name for name, (kept, _) in AMOUNTS.items() if kept in (LOG, BIG)]
NOISE = ("Straße 5", "a, b", 'Rohr 12"', "x; y", "", "  ", "=1+1", "Zeile\nzwei", "ok", "1.234,50", "2024-01-01")


@dataclass(frozen=True)
class Layout:
    """How a file is written."""

    delimiter: str
    encoding: str
    end: str
    quoting: int
    amount: str
    date: str
    columns: tuple[str, ...]
    shuffled: int
    stated: bool
    packed: bool


LAYOUTS = st.builds(
    Layout,
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16", "latin-1"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    amount=st.sampled_from(SAFE_AMOUNTS),
    date=st.sampled_from(sorted(DATES)),
    columns=st.permutations(["Kunde", "Datum", "Betrag", "Ort", "Text"]).map(tuple),
    shuffled=st.integers(0, 1000),
    stated=st.booleans(),
    packed=st.booleans(),
)


def written(layout: Layout, noise: list[str]) -> tuple[bytes, list[Order]]:
    """Write the log in a layout; the orders with the amounts that stand there."""
    kept, say = AMOUNTS[layout.amount]
    rows = list(kept)
    rows = [rows[n] for n in pd.Series(range(len(rows))).sample(frac=1, random_state=layout.shuffled)]
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=layout.delimiter, quoting=layout.quoting, lineterminator=layout.end)
    writer.writerow(layout.columns)
    for n, order in enumerate(rows):
        cells = {"Kunde": f"K{order.customer}", "Datum": DATES[layout.date](order.day), "Betrag": say(order)}
        cells |= {"Ort": noise[n % len(noise)], "Text": noise[(n * 7) % len(noise)]}
        writer.writerow([cells[name] for name in layout.columns])
    text = out.getvalue()
    if layout.stated and layout.encoding != "utf-16":
        text = f"sep={layout.delimiter}{layout.end}{text}"
    content = text.encode(layout.encoding, errors="replace")
    return (gzip.compress(content) if layout.packed else content), rows


def summary_of(rows: list[Order]) -> pd.DataFrame:
    """What the summary must say, counted without the program."""
    days = pd.DataFrame(
        {"id": [f"K{o.customer}" for o in rows], "day": [o.day for o in rows], "c": [o.cents for o in rows]}
    )
    daily = days.groupby(["id", "day"], as_index=False)["c"].sum()
    grouped = daily.groupby("id")
    return pd.DataFrame(
        {
            "frequency": grouped.size() - 1,
            "first": grouped["day"].min(),
            "last": grouped["day"].max(),
            "cents": grouped["c"].sum(),
        }
    )


def differs(table: pd.DataFrame, right: pd.DataFrame) -> str:
    """Name the first thing in which a summary is not what it must be; empty where it is."""
    found = table.set_index("customer_id")
    if sorted(found.index) != sorted(right.index):
        return f"customers: {len(found)} where there are {len(right)}"
    found = found.loc[right.index]
    checks = {
        "frequency": (found["frequency"] == right["frequency"]).all(),
        "first purchase": (found["first_purchase"].dt.date == right["first"]).all(),
        "last purchase": (found["last_purchase"].dt.date == right["last"]).all(),
        "money": ((found["value_to_date"] * 100).round() == right["cents"]).all(),
    }
    return ", ".join(name for name, fine in checks.items() if not fine)


def legal(layout: Layout, noise: list[str]) -> None:
    """Read a legal file: right, or refused."""
    content, rows = written(layout, noise)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("log.csv.gz" if layout.packed else "log.csv")
        path.write_bytes(content)
        try:
            log = kw.read_transactions(path, customer_id="Kunde", date="Datum", amount="Betrag")
        except KundenwertError:
            TRIED["legal, refused"] += 1
            return
    TRIED["legal, read"] += 1
    wrong = differs(kw.summarise(log, cohort="none").table, summary_of(rows))
    assert not wrong, f"{wrong}: {layout}"


DAMAGES = st.lists(
    st.tuples(
        st.sampled_from(["quote at a cell's start", "quote within a cell", "quote at a cell's end", "separator more",
                         "separator less", "line cut", "lines joined", "line break in a cell", "line twice",
                         "line gone quoted", "NUL byte", "letters for a byte"]),
        st.integers(1, len(ONE_A_DAY) - 2),
        st.integers(0, 4),
    ),
    min_size=1,
    max_size=4,
)  # fmt: skip


def damaged(lines: list[str], damage: tuple[str, int, int], delimiter: str) -> None:
    """Damage one line, without touching a digit of another."""
    kind, number, place = damage
    number = min(number, len(lines) - 2)
    cells = lines[number].split(delimiter)
    place %= len(cells)
    cell = cells[place]
    if kind == "quote at a cell's start":
        cells[place] = f'"{cell}'
    elif kind == "quote within a cell":
        cells[place] = f'{cell[:1]}"{cell[1:]}'
    elif kind == "quote at a cell's end":
        cells[place] = f'{cell}"'
    elif kind == "separator more":
        cells.insert(place, "")
    elif kind == "separator less":
        del cells[place]
    elif kind == "line cut":
        cells = cells[: place + 1]
    elif kind == "lines joined":
        cells += lines.pop(number + 1).split(delimiter)
    elif kind == "line break in a cell":
        cells[place] = f"{cell[:1]}\n{cell[1:]}"
    elif kind == "line twice":
        lines.insert(number, lines[number])
    elif kind == "line gone quoted":
        cells = [f'"{delimiter.join(cells)}"']
    elif kind == "NUL byte":
        cells[place] = f"{cell}\0"
    else:
        cells[place] = f"{cell}x"
    if kind != "line twice":
        lines[number] = delimiter.join(cells)


def harmed(damages: list[tuple[str, int, int]], delimiter: str, repair: bool) -> None:
    """Read a damaged file: every original row comes back, as it was or with its touched cell, or is told.

    A letter more in an id is another id, which no reader can know: such a row came back. Of two lines joined the one
    line that there is is told, and stands for both.
    """
    lines = [delimiter.join(["Beleg", "Kunde", "Betrag", "Datum", "Ort"])]
    lines += [
        delimiter.join([f"R{o.number}", f"K{o.customer}", point(o), o.day.isoformat(), "Bonn"]) for o in ONE_A_DAY
    ]
    for damage in damages:
        damaged(lines, damage, delimiter)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        how = {"on_bad_lines": "repair"} if repair else {}
        try:
            log = kw.read_transactions(path, customer_id="Kunde", date="Datum", amount="Betrag", **how)
        except KundenwertError:
            TRIED["damaged, refused"] += 1
            return
    TRIED["damaged, read"] += 1
    days = log.purchases.to_pyarrow().to_pylist()
    kept = Counter((row["customer_id"], row["date"], round(row["amount"] * 100)) for row in days)
    right = Counter((f"K{o.customer}", o.day, o.cents) for o in ONE_A_DAY)
    missing, strange = sum((right - kept).values()), sum((kept - right).values())
    joined = sum(kind == "lines joined" for kind, _, _ in damages)
    told = log.account.excluded + log.account.merged
    assert missing <= told + joined * (told > 0) + strange, f"{missing} rows gone, {told} told, {strange} changed"
    touched = len(damages) + joined  # one damage after the other: a line's number may have moved in between
    assert strange <= touched, f"{strange} purchases that are none of the log's, {touched} lines touched"


LEGAL = {"layout": LAYOUTS, "noise": st.lists(st.sampled_from(NOISE), min_size=1, max_size=6)}
HARMED = {"damages": DAMAGES, "delimiter": st.sampled_from([";", ",", "\t"]), "repair": st.booleans()}


def hunt(test: Callable[..., None], inputs: dict[str, Any], minutes: float, examples: int) -> list[str]:
    """Try a property with one seed after the other until the time is over."""
    ends, found, number = time.monotonic() + 60 * minutes, [], 0
    how = settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), print_blob=False)
    while time.monotonic() < ends:
        number += 1

        def one(**drawn: Any) -> None:
            test(**drawn)

        try:
            seed(number)(how(given(**inputs)(one)))()
        except AssertionError as error:
            found.append(str(error).splitlines()[0])
        except Exception as error:
            found.append(f"{type(error).__name__}: {error}"[:200])
    return found


def main() -> None:
    """Hunt for some minutes, and print what was tried and what failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--examples", type=int, default=100, help="inputs per seed")
    chosen = parser.parse_args()
    failures = [
        *hunt(legal, LEGAL, chosen.minutes / 2, chosen.examples),
        *hunt(harmed, HARMED, chosen.minutes / 2, chosen.examples),
    ]
    print("| inputs | number |\n|---|---:|")
    for name, number in sorted(TRIED.items()):
        print(f"| {name} | {number:,} |")
    print(f"| failures | {len(failures)} |\n")
    for failure in sorted(set(failures), key=len):
        print(f"- {failure}")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
