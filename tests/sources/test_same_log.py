"""The same log in every form gives the same table of customers, to the byte."""

import datetime as dt
import gzip
import io
import json
import sqlite3
from decimal import Decimal

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

import kundenwert as kw
from kundenwert.files.tables import write_result

NAMES = ("customer_id", "date", "amount", "Region", "note")
IDS = ("0007", "7a", "Müller, Söhne & Co", "a;b", 'say "hi"', "Straße 5|6", "000012", "K-12", "ÅÉ", "o'neil")
REGIONS = ("Süd", "Nord; West", None, "Ost, Mitte")


def log_rows():
    """Make 300 rows: ids with separators, quotes and zeros in front, cents and tenths of cents, refunds, gaps."""
    rng = np.random.default_rng(10)
    start = dt.date(2023, 1, 7)
    rows = []
    for i in range(300):
        day = start + dt.timedelta(int(rng.integers(700)))
        cents = int(rng.integers(100, 25_000))
        amount = Decimal(cents) / 100 if i % 7 else Decimal(int(rng.integers(1000, 99_999))) / 1000
        amount = -amount / 4 if i % 29 == 5 else amount
        amount = amount.quantize(Decimal("0.001") if -amount.as_tuple().exponent > 2 else Decimal("0.01"))
        rows.append((IDS[i % 10] if i % 3 else f"{i % 40:05d}", day, amount, REGIONS[i % 4], f"Zeile {i}"))
    return rows


ROWS = log_rows()
TEXTS = [(i, day.isoformat(), str(amount), region or "", note) for i, day, amount, region, note in ROWS]


def csv_text(delimiter=",", day="%Y-%m-%d", mark="."):
    def quote(cell):
        return '"' + cell.replace('"', '""') + '"' if any(sign in cell for sign in ',;|"') else cell

    lines = [delimiter.join(NAMES)]
    for i, date, amount, region, note in ROWS:
        cells = (i, date.strftime(day), str(amount).replace(".", mark), region or "", note)
        lines.append(delimiter.join(map(quote, cells)))
    return "\n".join(lines) + "\n"


def clean_csv(folder, _):
    (folder / "log.csv").write_text(csv_text(), encoding="utf-8")
    return folder / "log.csv", {}


def german_csv(folder, _):
    (folder / "log.csv").write_bytes(csv_text(";", "%d.%m.%Y", ",").replace("\n", "\r\n").encode("utf-8-sig"))
    return folder / "log.csv", {}


def gzip_csv(folder, _):
    (folder / "log.csv.gz").write_bytes(gzip.compress(csv_text().encode()))
    return folder / "log.csv.gz", {}


def workbook(folder, _):
    with xlsxwriter.Workbook(folder / "log.xlsx", {"default_date_format": "dd.mm.yyyy"}) as book:
        sheet = book.add_worksheet("Umsätze")
        sheet.write(0, 0, "Alle Umsätze")
        sheet.write_row(2, 0, NAMES)
        for i, (customer, *cells) in enumerate(ROWS, 3):
            sheet.write_string(i, 0, customer)
            sheet.write_row(i, 1, cells)
    return folder / "log.xlsx", {}


def parquet(folder, _):
    columns = [pa.array(column) for column in zip(*ROWS, strict=True)]
    pq.write_table(pa.table(dict(zip(NAMES, columns, strict=True))), folder / "log.parquet")
    return folder / "log.parquet", {}


def json_lines(folder, _):
    lines = []
    for customer, day, amount, region, note in ROWS:
        row = {"customer_id": customer, "date": day.isoformat(), "Region": region, "note": note}
        lines.append(json.dumps(row, ensure_ascii=False)[:-1] + f', "amount": {amount}}}')
    (folder / "log.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder / "log.jsonl", {}


def json_list(folder, made):
    path, _ = json_lines(folder, made)
    rows = ",\n".join(path.read_text(encoding="utf-8").splitlines())
    (folder / "log.json.gz").write_bytes(gzip.compress(f"[{rows}]".encode()))
    return folder / "log.json.gz", {}


def sqlite(folder, _):
    with sqlite3.connect(folder / "log.db") as connection:
        connection.execute("CREATE TABLE orders (customer_id TEXT, date TEXT, amount REAL, Region TEXT, note TEXT)")
        connection.execute("CREATE TABLE other (x)")
        rows = [(*texts[:2], float(texts[2]), row[3], row[4]) for texts, row in zip(TEXTS, ROWS, strict=True)]
        connection.executemany("INSERT INTO orders VALUES (?, ?, ?, ?, ?)", rows)
    connection.close()
    return folder / "log.db", {"table": "orders"}


def duckdb_file(folder, _):
    with duckdb.connect(str(folder / "log.duckdb")) as connection:
        connection.execute(
            "CREATE TABLE orders (customer_id TEXT, date DATE, amount DECIMAL(12, 3), Region TEXT, note TEXT)"
        )
        connection.executemany("INSERT INTO orders VALUES (?, ?, ?, ?, ?)", ROWS)
    return folder / "log.duckdb", {}


def frame(_folder, _):
    return pd.DataFrame(ROWS, columns=list(NAMES)), {}


def postgres_table(_folder, request):
    cluster = request.getfixturevalue("postgres")
    cluster.run("DROP SCHEMA IF EXISTS same CASCADE", "CREATE SCHEMA same")
    cluster.run('CREATE TABLE same.log (customer_id text, date date, amount numeric, "Region" text, note text)')
    cluster.fill("same.log", ROWS)
    return cluster.address(), {"table": "same.log"}


FORMS = [
    *(clean_csv, german_csv, gzip_csv, workbook, parquet, json_lines, json_list, sqlite, duckdb_file, frame),
    postgres_table,
]


def customers(source, settings, folder):
    log = kw.read_transactions(source, keep=["Region", "note"], refunds="net", **settings)
    summary = kw.summarise(log, observation_end="2024-06-30", holdout_end="2024-11-30", cohort="Region")
    file = write_result(summary.table, folder / "customers.csv", full_precision=True)
    return file.read_bytes(), log


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clean")
    content, log = customers(*clean_csv(folder, None), folder)
    assert log.account.rows_read == 300
    revenue = log.purchases.amount.sum().to_pyarrow().as_py()
    lost = [entry.money or 0 for entry in log.account.entries if entry.fate == "excluded"]
    assert revenue + sum(lost) == pytest.approx(float(sum(row[2] for row in ROWS)), abs=1e-9)
    table = pd.read_csv(io.BytesIO(content), dtype={"customer_id": str})
    assert {"0007", "000012", 'say "hi"', "a;b", "00003"} <= set(table["customer_id"])
    return content


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_the_same_customers(form, expected, tmp_path, request):
    source, settings = form(tmp_path, request)
    content, _ = customers(source, settings, tmp_path)
    assert content == expected
