"""Compressed files, several files, and standard input read like the plain file."""

import bz2
import gzip
import io
import sys
from types import SimpleNamespace

import pyarrow as pa
import pytest

from kundenwert.data import read_transactions
from kundenwert.errors import SchemaError
from kundenwert.messages import Code

TEXT = "customer_id,date,amount,note\n" + "".join(f"k{n % 7},2024-01-{1 + n % 28:02d},{n}.50,ok\n" for n in range(40))


def packed(kind, text=TEXT):
    if kind == "gz":
        return gzip.compress(text.encode())
    if kind == "bz2":
        return bz2.compress(text.encode())
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(text.encode())
    return sink.getvalue().to_pybytes()


def days(log):
    return log.purchases.order_by("customer_id", "date").to_pyarrow().to_pylist()


@pytest.fixture
def plain(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text(TEXT)
    return path


@pytest.mark.parametrize("kind", ["gz", "zst", "bz2"])
def test_compressed_files_read_like_the_plain_one(plain, kind):
    path = plain.with_name(f"log.csv.{kind}")
    path.write_bytes(packed(kind))
    log, wanted = read_transactions(path), read_transactions(plain)
    assert days(log) == days(wanted)
    assert (log.account, log.source.name) == (wanted.account, f"log.csv.{kind}")
    assert log.source.sha256 != wanted.source.sha256


@pytest.mark.parametrize("kind", ["gz", "zst", "bz2"])
@pytest.mark.parametrize("damage", ["end", "half", "middle"])
def test_damaged_archives_are_refused(plain, kind, damage):
    content = packed(kind)
    half = len(content) // 2
    broken = {"end": content[:-5], "half": content[:half], "middle": content[:half] + b"\0\1" + content[half + 2 :]}
    path = plain.with_name(f"log.csv.{kind}")
    path.write_bytes(broken[damage])
    with pytest.raises(SchemaError, match=rf"'log.csv.{kind}' is damaged or cut short"):
        read_transactions(path)


def test_an_archive_without_content(plain):
    path = plain.with_name("log.csv.gz")
    path.write_bytes(packed("gz", ""))
    with pytest.raises(SchemaError, match=r"'log.csv.gz' holds an empty file"):
        read_transactions(path)


def test_several_files_are_one_source(plain):
    may = plain.with_name("mai.csv")
    rows = "".join(f"ok,2024-02-{1 + n % 28:02d},{n}.50,k{n % 7}\n" for n in range(40))
    may.write_text("note,date,amount,customer_id\nx,2024-02-01,1.00,k1\nx,2024-02-30,7.00,k1\nx,short\n" + rows)
    log = read_transactions([plain, may])
    assert log.account.rows_read == 83
    assert log.account.entries[0].money == pytest.approx(800 + 800 + 1)
    first = {entry.code: [str(place) for place in entry.first] for entry in log.account.entries}
    assert first[Code.BAD_DATE] == ["mai.csv line 3: '2024-02-30'"]
    assert first[Code.REJECTED_LINE] == ["mai.csv line 4: fewer than 4 columns: 'x,short'"]
    assert list(log.source.files) == ["log.csv", "mai.csv"]
    assert log.source.name == "2 files (log.csv, mai.csv)"
    pattern = read_transactions(str(plain.with_name("*.csv")))
    assert (days(pattern), pattern.source.sha256) == (days(log), log.source.sha256)
    assert days(read_transactions([plain])) == days(read_transactions(plain))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["log.csv", "log.csv"], "'log.csv' is given twice"),
        (["log.csv", "other.csv"], "'other.csv' lacks 'note' and has 'Notiz' that 'log.csv' has not"),
        ("x*.csv", r"no file is called like 'x\*.csv'"),
        ([], "list of files is empty"),
    ],
    ids=["twice", "other columns", "no match", "none"],
)
def test_files_that_cannot_be_one_source(plain, files, message):
    plain.with_name("other.csv").write_text(TEXT.replace("note", "Notiz", 1))
    places = plain.with_name(files) if isinstance(files, str) else [plain.with_name(name) for name in files]
    with pytest.raises(SchemaError, match=message):
        read_transactions(places)


def test_files_with_the_same_bytes_are_told(plain):
    twin = plain.with_name("twin.csv")
    twin.write_text(TEXT)
    note = read_transactions([plain, twin]).account.notes[0]
    assert (note.code, note.count, note.caution) == (Code.SAME_CONTENT, 1, True)
    assert note.reason == "files hold the same bytes, such as 'log.csv' and 'twin.csv': their purchases count twice"


def test_standard_input(plain, monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(TEXT.encode())))
    log = read_transactions("-")
    assert (days(log), log.source.name) == (days(read_transactions(plain)), "standard input")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"")))
    with pytest.raises(SchemaError, match="standard input is empty"):
        read_transactions("-")
