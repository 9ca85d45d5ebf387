"""Tables of SQLite and DuckDB files."""

import datetime as dt
import sqlite3
from contextlib import closing

import duckdb
import pytest

from kundenwert.data import read_transactions
from kundenwert.errors import DomainError, SchemaError
from kundenwert.settings import Reading
from kundenwert.sources import open_source
from kundenwert.sources.engine import connect


def sqlite(path, *statements):
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)
    return path


def duck(path, *statements):
    with duckdb.connect(str(path)) as connection:
        for statement in statements:
            connection.execute(statement)
    return path


ORDERS = "CREATE TABLE {} AS SELECT '007' AS customer_id, '2024-01-05' AS date, 12.5 AS amount"
MAKERS = pytest.mark.parametrize(
    ("make", "name"), [(sqlite, "shop.db"), (duck, "shop.duckdb"), (sqlite, "shop"), (duck, "a.csv")]
)


def columns(path, **reading):
    opened = open_source(path, Reading(**reading))
    rows = opened.table.order_by("row").to_pyarrow()
    return {name: rows[f"c{i}"].to_pylist() for i, name in enumerate(opened.names)}, opened


@MAKERS
def test_the_only_table_is_read_and_not_changed(tmp_path, make, name):
    path = make(tmp_path / name, ORDERS.format("orders"))
    before = path.read_bytes()
    log = read_transactions(path)
    assert log.purchases.to_pyarrow().to_pylist() == [
        {"customer_id": "007", "date": dt.date(2024, 1, 5), "amount": 12.5, "rows": 1}
    ]
    assert (log.source.name, log.source.kind) == (f"{name}: orders", "sqlite" if make is sqlite else "duckdb")
    assert len(log.source.sha256) == 64
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [name]


ODD = '"Große ""Käufe""; DROP TABLE orders"'
SEVERAL = (ORDERS.format("orders"), ORDERS.format(ODD), "CREATE VIEW seen AS SELECT * FROM orders")


@MAKERS
@pytest.mark.parametrize("table", ["orders", "seen", 'Große "Käufe"; DROP TABLE orders'])
def test_a_table_is_chosen_by_name(tmp_path, make, name, table):
    path = make(tmp_path / name, *SEVERAL)
    assert read_transactions(path, table=table).account.rows_read == 1


@MAKERS
@pytest.mark.parametrize(
    ("reading", "error", "parameter", "message"),
    [
        ({}, SchemaError, "table", r"holds 3 tables: .*'orders'.*Say which to read with table="),
        ({"table": "order"}, SchemaError, "table", r"no table 'order' \(did you mean 'orders'\?\)"),
        ({"table": "orders", "skip_lines": 1}, DomainError, "skip_lines", "skip_lines=1 is for text files"),
    ],
    ids=["several", "misspelt", "lines of a table"],
)
def test_a_table_that_is_not_clear(tmp_path, make, name, reading, error, parameter, message):
    with pytest.raises(error, match=message) as caught:
        read_transactions(make(tmp_path / name, *SEVERAL), **reading)
    assert caught.value.parameter == parameter


def test_sqlite_lets_every_cell_be_what_it_likes(tmp_path):
    rows = "INSERT INTO t VALUES (1, '2024-01-05', 12.5, 'x', 2), ('0012', '2024-02-05', '69,90', NULL, 2.5), (9007199254740993, '2024-03-05', 7, x'00ff', 3)"
    path = sqlite(tmp_path / "shop.sqlite3", "CREATE TABLE t (customer_id, date, amount, note, n)", rows)
    found, _ = columns(path)
    assert found["customer_id"] == ["1", "0012", "9007199254740993"]
    assert found["amount"] == ["12,5", "69,90", "7"]
    assert found["note"] == ["x", None, "00ff"]
    assert found["n"] == [2.0, 2.5, 3.0]


def test_sqlite_in_a_folder_that_cannot_be_written(tmp_path):
    path = sqlite(tmp_path / "shop.db", "PRAGMA journal_mode=WAL", ORDERS.format("orders"))
    assert read_transactions(path).account.rows_read == 1


def test_sqlite_with_changes_that_another_program_has_not_stored_yet(tmp_path):
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(ORDERS.format("orders"))
        assert read_transactions(path).account.rows_read == 1


def test_duckdb_types(tmp_path):
    path = duck(
        tmp_path / "shop.duckdb",
        "CREATE SCHEMA erp",
        """CREATE TABLE erp.t AS SELECT 9007199254740993 AS customer_id, DATE '2024-01-05' AS date, 12.10::DECIMAL(12, 3) AS
        amount, TIMESTAMPTZ '2024-06-30 22:30:00+00' AS at, [1, 2] AS tags, {'a': 'b'} AS more, 'x'::ENUM('x') AS kind,
        TIMESTAMP_S '2024-01-05 10:00:00' AS s, 1::UHUGEINT AS wide""",
    )
    found, opened = columns(path)
    assert opened.info.name == "shop.duckdb: erp.t"
    assert {name: str(cells[0]) for name, cells in found.items()} == {
        "customer_id": "9007199254740993",
        "date": "2024-01-05",
        "amount": "12.100",
        "at": "2024-06-30 22:30:00",
        "tags": "[1, 2]",
        "more": "{'a': b}",
        "kind": "x",
        "s": "2024-01-05 10:00:00",
        "wide": "1",
    }
    assert str(columns(path, timezone="Europe/Berlin")[0]["at"][0]) == "2024-07-01 00:30:00"
    with pytest.raises(DomainError, match="timezone='Mars/Base' is not a time zone"):
        read_transactions(path, timezone="Mars/Base")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"SQLite format 3\0" + b"\xff" * 2000, "is not a SQLite file that can be read"),
        (b"12345678DUCK" + b"\xff" * 9000, "is not a DuckDB file that can be read"),
        (b"no database at all", "is no SQLite or DuckDB file"),
    ],
)
def test_damaged_files(tmp_path, content, message):
    (tmp_path / "shop.db").write_bytes(content)
    with pytest.raises(SchemaError, match=message):
        read_transactions(tmp_path / "shop.db")


@pytest.mark.parametrize("make", [sqlite, duck])
def test_no_tables(tmp_path, make):
    path = make(tmp_path / "shop.db", "CREATE TABLE t (x INTEGER)", "DROP TABLE t")
    with pytest.raises(SchemaError, match="holds no table"):
        read_transactions(path)


@pytest.mark.parametrize("setting", ["autoinstall_known_extensions", "autoload_known_extensions"])
def test_no_extension_is_downloaded(setting):
    assert connect().raw_sql(f"SELECT current_setting('{setting}')").fetchone() == (False,)
