"""Parquet files, one and several."""

import datetime as dt
import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kundenwert.data import read_transactions
from kundenwert.errors import DomainError, SchemaError
from kundenwert.settings import Reading
from kundenwert.sources import open_source


@pytest.fixture
def folder(tmp_path):
    for year in (2023, 2024):
        days = [dt.date(year, 1, 1) + dt.timedelta(i) for i in range(40)]
        frame = pd.DataFrame({"customer_id": [f"k{i % 7}" for i in range(40)], "date": days, "amount": 1.5})
        frame.loc[3, "amount"] = None if year == 2024 else 1.5
        frame.to_parquet(tmp_path / f"orders-{year}.parquet")
    return tmp_path


def test_several_files_are_one_log(folder):
    log = read_transactions(str(folder / "orders-*.parquet"))
    assert (log.account.rows_read, log.account.kept) == (80, 79)
    assert str(log.account.entries[2].first[0]) == "orders-2024.parquet row 4: no amount"
    same = read_transactions([folder / "orders-2023.parquet", folder / "orders-2024.parquet"])
    assert same.source.sha256 == log.source.sha256
    assert log.source.name == "2 files (orders-2023.parquet, orders-2024.parquet)"


def test_files_with_other_columns_are_refused(folder):
    pq.write_table(pa.table({"customer_id": ["a"], "datum": ["x"]}), folder / "orders-2025.parquet")
    with pytest.raises(SchemaError, match=r"'orders-2025\.parquet' lacks 'date', 'amount' and has 'datum'"):
        read_transactions(folder / "orders-*.parquet")


COLUMN = {"ints": [1, 2], "reals": [1.25, 2.5], "texts": ["0012", "69,90"], "none": [None, None], "big": [2**60 + 1, 1]}


@pytest.mark.parametrize(
    ("first", "second", "amounts"),
    [
        ("ints", "reals", [1, 2, 1.25, 2.5]),
        ("reals", "ints", [1.25, 2.5, 1, 2]),
        ("none", "reals", [None, None, 1.25, 2.5]),
        ("reals", "none", [1.25, 2.5, None, None]),
        ("ints", "texts", None),
        ("texts", "reals", None),
        ("big", "reals", None),
    ],
)
def test_values_of_several_files_are_not_bent(tmp_path, first, second, amounts):
    for file, kind in enumerate((first, second)):
        rows = {"customer_id": ["a", "b"], "date": ["2024-01-01", "2024-01-02"], "amount": COLUMN[kind]}
        lines = [json.dumps(dict(zip(rows, row, strict=True))) for row in zip(*rows.values(), strict=True)]
        (tmp_path / f"{file}.jsonl").write_text("\n".join(lines))
    if amounts is None:
        with pytest.raises(SchemaError, match=r"column 'amount' holds \w+ in '0\.jsonl' and \w+ in '1\.jsonl'"):
            open_source(str(tmp_path / "*.jsonl"), Reading())
    else:
        table = open_source(str(tmp_path / "*.jsonl"), Reading()).table
        assert table.order_by("row").to_pyarrow()["c2"].to_pylist() == amounts


def test_a_folder_says_how_to_read_its_files(folder):
    with pytest.raises(SchemaError, match=r"is a directory; .*such as 'orders-2023\.parquet', or all .*\*\.parquet"):
        read_transactions(folder)


@pytest.mark.parametrize(("zone", "day"), [(None, "2024-06-30"), ("Europe/Berlin", "2024-07-01")])
@pytest.mark.parametrize("form", ["parquet", "pandas", "arrow"])
def test_the_days_of_a_time_zone(tmp_path, zone, day, form):
    table = pa.table({"customer_id": ["a"], "date": [dt.datetime(2024, 6, 30, 22, 30, tzinfo=dt.UTC)], "amount": [1.0]})
    pq.write_table(table, tmp_path / "log.parquet")
    source = {"parquet": tmp_path / "log.parquet", "pandas": table.to_pandas(), "arrow": table}[form]
    assert str(read_transactions(source, timezone=zone).first_day) == day
    with pytest.raises(DomainError, match="timezone='Mars/Base' is not a time zone"):
        read_transactions(source, timezone="Mars/Base")
