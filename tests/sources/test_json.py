"""JSON: an object in each line, or a list of objects."""

import gzip
import json

import pyarrow as pa
import pytest

from kundenwert.data import read_transactions
from kundenwert.errors import SchemaError
from kundenwert.settings import Reading
from kundenwert.sources import open_source


def line(customer="a", date="2024-01-05", amount="12.5", more=""):
    return f'{{"customer_id": {json.dumps(customer)}, "date": "{date}", "amount": {amount}{more}}}'


MANY = [line(f"c{i}", amount=f"{i}.10") for i in range(60)]


@pytest.fixture
def file(tmp_path):
    def _file(content, name="log.jsonl"):
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path / name

    return _file


def columns(path, **reading):
    opened = open_source(path, Reading(**reading))
    rows = opened.table.order_by("row").to_pyarrow()
    return {
        name: [None if v is None else str(v) for v in rows[f"c{i}"].to_pylist()] for i, name in enumerate(opened.names)
    }


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("log.jsonl", "\n".join(MANY)),
        ("log.ndjson", "\ufeff" + "\r\n\r\n".join(MANY) + "\r\n"),
        ("log.json", "[" + ",".join(MANY) + "]"),
        ("log.json", "[\n  " + ",\n  ".join(MANY) + "\n]\n"),
        ("log.json", '{"page": 1, "orders": [' + ",".join(MANY) + "]}"),
        ("log.json", '{\n"page": 1,\n"orders": [' + ",".join(MANY) + "]\n}"),
        ("log.csv", "\n".join(MANY)),
        ("log.jsonl.gz", gzip.compress("\n".join(MANY).encode())),
        ("log.jsonl.zst", pa.compress("\n".join(MANY).encode(), codec="zstd", asbytes=True)),
    ],
)
def test_every_form(file, name, content):
    log = read_transactions(file(content, name))
    assert (log.account.kept, log.source.kind) == (60, "json")
    assert log.purchases.amount.sum().to_pyarrow().as_py() == pytest.approx(1776.0, abs=1e-9)


def test_numbers_are_exact(file):
    rows = [
        line(
            9007199254740993,
            amount="12.10",
            more=', "big": 123456789012345678901234567890, "long": 0.1234567890123456789',
        ),
        line(1, amount="31.445", more=', "big": 1, "long": 2'),
    ]
    found = columns(file("\n".join(rows)))
    assert found["customer_id"] == ["9007199254740993", "1"]
    assert found["amount"] == ["12.1", "31.445"]
    assert found["big"] == ["123456789012345678901234567890", "1"]
    assert found["long"] == ["0.1234567890123456789", "2.0000000000000000000"]


def test_numbers_among_texts_are_written_as_those(file):
    found = columns(file("\n".join([line(amount='"1.234,50"'), line(amount="72.8"), line(amount="31.445"), line(7)])))
    assert found["amount"] == ["1.234,50", "72,8", "31,4450", "12,5"]
    assert found["customer_id"] == ["a", "a", "a", "7"]


def test_missing_keys_and_nested_values(file):
    rows = [line(more=', "items": [1, {"x": 2.50}]'), line(more=', "region": "Süd"'), line(more=', "region": null')]
    found = columns(file("\n".join(rows)))
    assert found["items"] == ['[1, {"x": 2.5}]', None, None]
    assert found["region"] == [None, "Süd", None]


def test_nested_values_have_no_role(file):
    path = file(line() + "\n" + line(amount='{"value": 5}'))
    with pytest.raises(
        SchemaError, match=r"column 'amount' .*serves as amount and holds .*line 2: \{\"value\": 5\}\); export"
    ) as caught:
        read_transactions(path)
    assert caught.value.parameter == "amount"


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ('{"customer_id": "x", "date', "no JSON (Unterminated string starting at sign 22)"),
        (line(more=', "amount": 7'), "key 'amount' twice"),
        ("[1, 2]", "no object"),
        (line()[:-1], "no JSON"),
        (b'{"customer_id": "M\xfcller"}', "not UTF-8"),
        (MANY[0] + MANY[1], "no JSON (Extra data"),
    ],
)
def test_a_damaged_line_is_told(file, bad, told):
    lines = [text.encode() for text in MANY]
    lines[29:29] = [b"", bad if isinstance(bad, bytes) else bad.encode()]
    path = file(b"\n".join(lines))
    log = read_transactions(path)
    place = str(log.account.entries[2].first[0])
    assert (log.account.rows_read, log.account.kept, log.account.excluded) == (61, 60, 1)
    assert place.startswith(f"line 31: {told}")
    with pytest.raises(SchemaError, match=r"1 line of 'log\.jsonl' cannot be read .*line 31.*on_bad_lines='exclude'"):
        read_transactions(path, on_bad_lines="refuse")


def test_places_count_lines_of_the_file(file):
    log = read_transactions(file("\n".join([*MANY[:20], "", "{broken}", line(date="never"), *MANY[20:]])))
    assert [str(entry.first[0]) for entry in log.account.entries if entry.code == "bad-date"] == ["line 23: 'never'"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "log.jsonl",
            "\n".join([*MANY[:10], "{broken}"]),
            "1 line of .* cannot be read as one JSON object each .*line 11",
        ),
        ("log.json", "[1, 2]", "2 lines of .*no object"),
        ("log.json", "[" + MANY[0], "is JSON, but not a list of objects"),
        ("log.json", "  \n ", "it is empty"),
        ("log.json", '"text"', "1 line of .*no object"),
        ("log.jsonl.gz", gzip.compress("\n".join(MANY).encode())[:-20], "is not a JSON file that can be read"),
        ("log.jsonl.zst", pa.compress("\n".join(MANY).encode(), codec="zstd", asbytes=True)[:-9], "that can be read"),
    ],
)
def test_what_is_no_log(file, name, content, message):
    with pytest.raises(SchemaError, match=message):
        read_transactions(file(content, name))
