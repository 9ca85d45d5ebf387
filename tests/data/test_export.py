"""Files that appear whole or not at all, and cells that a spreadsheet shows instead of running."""

import json
import stat

import numpy as np
import pandas as pd
import pytest

from kundenwert.errors import SchemaError
from kundenwert.files.cells import original
from kundenwert.files.tables import whole_file, without_formulas, write_csv, write_json, write_parquet


def names(folder):
    return sorted(item.name for item in folder.iterdir())


class Explosive:
    """Cannot be written."""

    def __str__(self):
        raise RuntimeError("it went off")

    __repr__ = __str__


def test_a_file_appears_at_the_end(tmp_path):
    path = tmp_path / "new" / "deep" / "note.txt"
    with whole_file(path) as partial:
        partial.write_text("half")
        assert not path.exists()
        assert partial.parent == path.parent
        assert partial.suffix == ".txt"
    assert path.read_text() == "half"
    assert names(path.parent) == ["note.txt"]
    assert not stat.S_IMODE(path.stat().st_mode) & 0o111


def test_a_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "note.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="halfway"), whole_file(path) as partial:  # noqa: PT012
        partial.write_text("new, but")
        raise RuntimeError("halfway")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["note.txt"]


def test_an_interruption_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), whole_file(tmp_path / "note.txt") as partial:  # noqa: PT012
        partial.write_text("new, but")
        raise KeyboardInterrupt
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("write", "suffix", "error"),
    [(write_csv, "csv", RuntimeError), (write_parquet, "parquet", Exception), (write_json, "json", RuntimeError)],
)
def test_a_table_that_cannot_be_written(tmp_path, write, suffix, error):
    path = tmp_path / f"t.{suffix}"
    path.write_text("old")
    rows = {"n": [1] * 5000, "x": [1.5] * 4999 + [Explosive()]}
    with pytest.raises(error, match=r"went off|Explosive|convert|str"):
        write(rows if suffix == "json" else pd.DataFrame(rows), path)
    assert path.read_text() == "old"
    assert names(tmp_path) == [path.name]


@pytest.mark.parametrize("kind", ["is a folder", "lies below a file"])
def test_a_place_that_is_none(tmp_path, kind):
    path = tmp_path / "t.csv"
    if kind == "is a folder":
        path.mkdir()
    else:
        path.write_text("old")
        path = path / "t.csv"
    with pytest.raises((OSError, SchemaError), match=r"t\.csv"):
        write_csv(pd.DataFrame({"a": [1]}), path)
    assert names(tmp_path) == ["t.csv"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
@pytest.mark.parametrize("german", [False, True])
def test_formulas_are_texts(tmp_path, start, german):
    text = start + 'HYPERLINK("http://x";"y"),1'
    table = pd.DataFrame({text: [1.0, -2.0], "customer_id": [text, "0042"], "kind": pd.Categorical([text, "b"])})
    path = write_csv(table, tmp_path / "t.csv", german=german)
    back = pd.read_csv(path, dtype=str, sep=";" if german else ",", encoding="utf-8-sig" if german else "utf-8")
    assert [original(name) for name in back.columns] == [text, "customer_id", "kind"]
    assert [original(name) for name in back["customer_id"]] == [text, "0042"]
    assert not any(cell.startswith(tuple("=+-@\t\r")) for cell in [*back.columns, *back["customer_id"], *back["kind"]])
    assert back.iloc[:, 0].tolist() == (["1", "-2"])  # a negative number is no formula
    assert table["customer_id"].tolist() == [text, "0042"]  # the table given is not changed


def test_other_texts_stay_as_they_are():
    table = pd.DataFrame({"a": ["x=1", "1-1", "a@b", "", "O'Neill", None], "b": [np.nan, -1, -np.inf, 0, 1, 2]})
    pd.testing.assert_frame_equal(without_formulas(table), table)


def test_missing_texts_stay_missing(tmp_path):
    table = pd.DataFrame({"note": ["=1", None, np.nan, pd.NA]})
    assert write_csv(table, tmp_path / "t.csv").read_text() == 'note\n\'=1\n""\n""\n""\n'


def test_headings_that_are_numbers():
    assert without_formulas(pd.DataFrame([["=1+1", 2]])).to_numpy().tolist() == [["'=1+1", 2]]


def test_plain_csv(tmp_path):
    table = pd.DataFrame(
        {
            "customer_id": ["0007", 'say "hi", twice', "a;b", "line\nbreak"],
            "day": pd.to_datetime(["2024-01-31", None, "1999-12-01", "2024-02-29"]),
            "money": [1234.5, np.nan, -0.1 - 0.2, 9_999_999.99],
            "count": [1, 2, 3, 4],
            "inside": [True, False, True, False],
        }
    )
    text = write_csv(table, tmp_path / "t.csv").read_bytes().decode("utf-8")
    assert text == (
        "customer_id,day,money,count,inside\n"
        "0007,2024-01-31,1234.5,1,True\n"
        '"say ""hi"", twice",,,2,False\n'
        '"a;b",1999-12-01,-0.3,3,True\n'
        '"line\nbreak",2024-02-29,9999999.99,4,False\n'
    )


def test_german_csv(tmp_path):
    table = pd.DataFrame(
        {
            "Kunde": ["Zoë", "a;b", "1,5"],
            "Tag": pd.to_datetime(["2024-01-31", None, "1999-12-01"]),
            "Wert": [1234.5, np.nan, -0.25],
        }
    )
    content = write_csv(table, tmp_path / "t.csv", german=True).read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.decode("utf-8-sig") == ('Kunde;Tag;Wert\nZoë;31.01.2024;1234,5\n"a;b";;\n"1,5";01.12.1999;-0,25\n')


@pytest.mark.parametrize("german", [False, True])
def test_large_amounts_keep_their_units(tmp_path, german):
    path = write_csv(pd.DataFrame({"revenue": [12_345_678_901.0, 98_765_432.1]}), tmp_path / "t.csv", german=german)
    read = pd.read_csv(path, decimal="," if german else ".", encoding="utf-8-sig", sep=";")["revenue"]
    assert read.tolist() == [12_345_678_901.0, 98_765_432.1]


def test_parquet_keeps_everything(tmp_path):
    table = pd.DataFrame(
        {
            "customer_id": ["=1+1", "<b>", "line\nbreak", "顧客"],
            "day": pd.to_datetime(["2024-01-31", None, "1999-12-01", "2024-02-29"]).astype("datetime64[ms]"),
            "money": [1 / 3, np.nan, np.inf, -0.0],
        }
    )
    back = pd.read_parquet(write_parquet(table, tmp_path / "new" / "t.parquet"))
    pd.testing.assert_frame_equal(back, table, check_dtype=False, check_exact=True)


def refuse(constant):
    raise AssertionError(f"{constant} is no JSON")


def test_json_is_strict(tmp_path):
    content = {
        "nan": float("nan"),
        "numbers": [np.float64("inf"), -np.inf, np.float32(0.5), np.int64(3), np.bool_(True), None],
        "nested": {"tuple": (1, float("nan")), 7: {"deep": [[np.nan]]}},
        "scalar": np.array(2.5),
        "path": tmp_path,
        "day": pd.Timestamp("2024-01-31"),
        "text": 'Zoë "</script>" \u2028 \n',
    }
    path = write_json(content, tmp_path / "t.json")
    text = path.read_text(encoding="utf-8")
    back = json.loads(text, parse_constant=refuse)
    assert back["nan"] == "nan"
    assert back["numbers"] == ["inf", "-inf", 0.5, 3, True, None]
    assert back["nested"] == {"tuple": [1, "nan"], "7": {"deep": [["nan"]]}}
    assert back["scalar"] == 2.5
    assert back["day"] == "2024-01-31 00:00:00"
    assert back["text"] == content["text"]
    assert "Zoë" in text
    assert text.endswith("}\n")
