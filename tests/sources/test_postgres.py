"""Tables of a real PostgreSQL server."""

import pytest

from kundenwert.data import read_transactions
from kundenwert.errors import DomainError, SchemaError
from kundenwert.settings import Reading
from kundenwert.sources import open_source, without_password

TYPES = '''
CREATE TABLE kinds (customer_id bigint, date date, amount numeric, paid numeric(12,3), cash money, at timestamp,
                    "when" timestamptz, yes boolean, "Straße ""x""" text, r real, tags text[], u uuid, c char(4),
                    rate numeric)
'''
ROWS = """
INSERT INTO kinds VALUES
 (9007199254740993, '2024-01-05', 12.10, 0.125, '12.30', '2024-01-05 23:30', '2024-01-05 23:30+00', true, 'a,"b";c',
  12.1, '{a,b}', '00000000-0000-0000-0000-000000000001', 'x', 7),
 (2, '2024-02-29', 31.445, NULL, NULL, NULL, '2024-06-30 22:30+00', NULL, '', NULL, NULL, NULL, NULL, 8)
"""


@pytest.fixture(scope="module")
def shop(postgres):
    postgres.run(
        TYPES,
        ROWS,
        "CREATE SCHEMA erp",
        "CREATE TABLE erp.orders (customer_id text, date date, amount numeric(10,2))",
        "INSERT INTO erp.orders VALUES ('007', '2024-01-01', 5.50), ('007', '2024-03-01', 7.25), ('8', '2024-02-01', 1)",
        'CREATE VIEW "Große Käufe" AS SELECT * FROM erp.orders WHERE amount > 5',
        "CREATE TABLE odd (customer_id text, date text, amount numeric)",
        "INSERT INTO odd VALUES ('a', '2024-01-01', 'NaN'), ('b', '2024-01-02', 2.5)",
        "CREATE USER stranger PASSWORD 'x'",
        "CREATE DATABASE one",
    )
    postgres.run(
        "CREATE TABLE sole AS SELECT 'a' AS customer_id, date '2024-01-01' AS date, 1 AS amount", database="one"
    )
    return postgres


def test_a_table_of_a_schema(shop):
    log = read_transactions(shop.address(), table="erp.orders")
    assert log.purchases.order_by("date").to_pyarrow()["amount"].to_pylist() == [5.5, 1.0, 7.25]
    assert set(log.purchases.to_pyarrow()["customer_id"].to_pylist()) == {"007", "8"}
    assert (log.source.name, log.source.kind, log.source.sha256) == ("127.0.0.1/shop.erp.orders", "postgresql", None)


def test_a_view_with_signs_in_its_name(shop):
    assert read_transactions(shop.address(), table="Große Käufe").account.rows_read == 2


def test_the_only_table_need_not_be_named(shop):
    assert read_transactions(shop.address("one")).account.rows_read == 1


@pytest.mark.parametrize(("zone", "second"), [(None, "2024-06-30 22:30:00"), ("Europe/Berlin", "2024-07-01 00:30:00")])
def test_every_type_is_exact(shop, zone, second):
    opened = open_source(shop.address(), Reading(table="kinds", timezone=zone))
    rows = opened.table.order_by("row").to_pyarrow()
    text = {name: [str(v) for v in rows[f"c{i}"].to_pylist()] for i, name in enumerate(opened.names)}
    assert text["customer_id"] == ["9007199254740993", "2"]
    assert text["date"] == ["2024-01-05", "2024-02-29"]
    assert text["amount"] == ["12.100", "31.445"]
    assert text["paid"] == ["0.125", "None"]
    assert text["cash"] == ["12.30", "None"]
    assert text["at"][0] == "2024-01-05 23:30:00"
    assert text["when"][1] == second
    assert text["yes"] == ["true", "None"]
    assert text['Straße "x"'][0] == 'a,"b";c'
    assert text["r"][0] == "12.1"
    assert text["tags"][0] == "{a,b}"
    assert text["c"][0].strip() == "x"
    assert text["rate"] == ["7", "8"]
    assert rows.schema.field("c2").type.scale == 3


def test_a_number_that_is_none_is_told(shop):
    with pytest.raises(DomainError, match="'NaN'"):
        read_transactions(shop.address(), table="odd")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (None, r"holds 4 tables: 'Große Käufe', 'kinds', 'odd', 'erp\.orders'\. Say which to read with table='Große"),
        ("erp.order", r"no table 'erp\.order' \(did you mean 'erp\.orders'\?\); it has 'Große Käufe'"),
        ('kinds"; DROP TABLE kinds; --', "has no table"),
    ],
)
def test_which_table(shop, table, message):
    with pytest.raises(SchemaError, match=message):
        read_transactions(shop.address(), table=table)
    assert open_source(shop.address(), Reading(table="kinds")).table.count().to_pyarrow().as_py() == 2


@pytest.mark.parametrize(
    ("address", "reading", "error", "message"),
    [
        (("nowhere",), {}, SchemaError, r'cannot be reached: .*database "nowhere" does not exist'),
        (
            ("shop", "x"),
            {"table": "odd"},
            SchemaError,
            r"127\.0\.0\.1/shop' cannot be read: permission denied for .*odd",
        ),
        (
            ("shop",),
            {"table": "kinds", "timezone": "Mars/Base"},
            DomainError,
            "timezone='Mars/Base' is not a time zone",
        ),
        (("shop",), {"skip_lines": 2}, DomainError, "skip_lines=2 is for text files and workbooks"),
    ],
    ids=["no database", "no permission", "time zone", "lines of a table"],
)
def test_refused_by_the_server(shop, address, reading, error, message):
    user = "stranger" if "x" in address else "kundenwert"
    with pytest.raises(error, match=message):
        read_transactions(shop.address(*address, user=user), **reading)


def test_a_wrong_password_is_not_shown(shop, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", "hidden-and-wrong")
    with pytest.raises(SchemaError, match=r"cannot be reached: .*password authentication failed") as caught:
        read_transactions(shop.address())
    assert "hidden" not in repr(caught.value)


def test_a_password_is_neither_shown_nor_stored(shop, monkeypatch):
    monkeypatch.delenv("PGPASSWORD")
    address = shop.address("shop", "s3cret%2Fwith%40signs%25")
    log = read_transactions(address, table="erp.orders")
    assert "s3cret" not in repr(log.source)
    assert "s3cret" not in without_password(address)
    with pytest.raises(SchemaError) as caught:
        read_transactions(address, table="nothing")
    assert "s3cret" not in repr(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://me:s3cret@word@127.0.0.1/shop",
        "postgresql://me:s3cret/word@127.0.0.1/shop",
        "postgresql://me:123/s3cret@127.0.0.1/shop",
        "postgresql://me:a%s3cret@127.0.0.1/shop",
    ],
)
def test_an_address_that_would_show_its_password_is_refused(address):
    with pytest.raises(SchemaError, match="such as @, / and % in a password") as caught:
        read_transactions(address)
    assert "s3cret" not in repr(caught.value)
    assert caught.value.__cause__ is None


def test_a_server_that_is_not_there(postgres):
    with pytest.raises(SchemaError, match=r"'127\.0\.0\.1/shop' cannot be reached: .*refused"):
        read_transactions("postgresql://me:s3cret@127.0.0.1:1/shop")


def test_the_transaction_is_read_only(shop):
    shop.run(
        "CREATE FUNCTION spoil() RETURNS int LANGUAGE sql AS 'DELETE FROM erp.orders RETURNING 1'",
        "CREATE VIEW trap AS SELECT spoil() AS customer_id, date '2024-01-01' AS date, 1 AS amount",
    )
    with pytest.raises(SchemaError, match="read-only transaction"):
        read_transactions(shop.address(), table="trap")
    shop.run("DROP VIEW trap", "DROP FUNCTION spoil")
    assert read_transactions(shop.address(), table="erp.orders").account.rows_read == 3
