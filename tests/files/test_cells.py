"""No cell of a CSV file runs as a formula, whatever a spreadsheet takes for the separator; ids come back."""

import csv
import io
import itertools
import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kundenwert.files.cells import harmless, original
from kundenwert.files.tables import write_csv

SEPARATORS = (";", ",", "\t", "|")
NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*$")
SIGNS = tuple("=+-@\t\r＝＋－＠−")
ATTACKS = [
    "x;=cmd|'/C calc'!A0;y", "=1+1", "+1", "-1-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u00a0=1", '"=1', "'=1",
    "a,=1", "a|=1", "a\t=1", "a\n=1", "a\r\n=1", "＝1+1", "＋1", "－1", "＠SUM(A1)", "a;＝1", ";;=1", "a; =1", 'a;"=1"',
    "\ufeff=1", "\u200b=1", "a;\u3000＝1", '";=1', 'x",=1', "a\x0b=1", "a\u2028=1", "\x00=1",
]  # fmt: skip


def readings(text):
    """Every way in which a program may split a text into cells: by separator, minding quotes or not."""
    for separator in SEPARATORS:
        yield from itertools.chain.from_iterable(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
        yield from re.split(f"[{re.escape(separator)}\r\n]", text)
    yield from re.split(r"[;,\t|\r\n]", text)


def runs(cell):
    """Whether a spreadsheet may take a cell for a formula: a sign stands first but for blanks and quotes."""
    bare = cell.lstrip(' "\u00a0\u3000\ufeff\u200b\x00')
    return bare.startswith(SIGNS) and not NUMBER.match(bare.rstrip('"'))


@pytest.mark.parametrize("text", ATTACKS)
@pytest.mark.parametrize("german", [False, True])
def test_no_cell_runs(tmp_path, text, german):
    table = pd.DataFrame(
        {"customer_id": [text, "0042"], text: [-1.0, 2.0], "n": [1.5, -2.25], "kind": pd.Categorical([text, "b"])}
    )
    path = write_csv(table, tmp_path / "t.csv", german=german)
    content = path.read_bytes().decode("utf-8-sig" if german else "utf-8")
    assert [cell for cell in readings(content) if runs(cell)] == []
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file, delimiter=";" if german else ","))
    assert [original(cell) for cell in rows[0]] == ["customer_id", text, "n", "kind"]
    assert [original(row[0]) for row in rows[1:]] == [text, "0042"]
    assert [row[1] for row in rows[1:]] == ["-1", "2"]


@given(st.text(alphabet="=+-@\t\r\n;,|\"' aé＝\u00a01", max_size=12))
@settings(max_examples=500, deadline=None)
def test_every_text_comes_back(text):
    assert original(harmless(text)) == text
    assert not any(runs(piece) for piece in re.split(r"[;,\t|\r\n]", harmless(text)))


@pytest.mark.parametrize("text", ["0042", "a@b.example", "2024-01", "O'Neill", "x=1", "Müller & Söhne", "12%", ""])
def test_plain_texts_are_left_alone(text):
    assert harmless(text) == text


@pytest.mark.parametrize("german", [False, True])
def test_quoted_is_what_could_be_split(tmp_path, german):
    table = pd.DataFrame({"customer_id": ["a;b", "a,b", "a|b", "a\tb", "a b", 'a"b', "line\nbreak"], "n": -1.5})
    text = write_csv(table, tmp_path / "t.csv", german=german).read_text(encoding="utf-8-sig")
    end = ";-1,5\n" if german else ",-1.5\n"
    cells = ['"a;b"', '"a,b"', '"a|b"', '"a\tb"', "a b", '"a""b"', '"line\nbreak"']
    assert text.split("\n", 1)[1] == "".join(cell + end for cell in cells)


def test_large_tables_are_written_in_parts(tmp_path):
    table = pd.DataFrame({"customer_id": [f"{i:06d}" for i in range(120_001)], "n": 0.1})
    lines = write_csv(table, tmp_path / "t.csv").read_text().splitlines()
    assert (len(lines), lines[50_001], lines[-1]) == (120_002, "050000,0.1", "120000,0.1")
