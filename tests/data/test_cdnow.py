"""The bundled log: its bytes, its counts, and what two other programs count in it."""

import datetime as dt
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest

from kundenwert.data import (
    pattern_expression,
    patterns,
    purchases_by_day,
    read_transactions,
    summarise,
    summary_expression,
)

FOLDER = Path(__file__).parents[2] / "data" / "cdnow"


def texts_of(places):
    return tuple(map(str, places))


def test_the_file_is_the_one_its_info_describes():
    info = json.loads((FOLDER / "info.json").read_text(encoding="utf-8"))
    content = (FOLDER / "transactions.csv").read_bytes()
    assert hashlib.sha256(content).hexdigest() == info["sha256"]
    assert info["sha256"] == "c085809f12765cce6ae6c389ac2c64e475bc6df83faa02b9c64bafd2fc600948"
    header, *rows = content.decode("ascii").splitlines()
    assert header.split(",") == list(info["columns"])
    assert len(rows) == info["rows"] == 6919
    assert b"\r" not in content
    assert {"title", "source", "references", "licence"} <= info.keys()


def test_the_script_makes_the_file_from_the_public_layout(tmp_path):
    public = tmp_path / "public.txt"
    public.write_bytes(b" 00004 0001 19970101  2   29.33\r\n 00021 0002 19971230  1    0.00\r\n")
    script = tmp_path / "make.py"
    script.write_bytes((FOLDER / "make.py").read_bytes())
    subprocess.run([sys.executable, str(script), str(public)], check=True)
    made = (tmp_path / "transactions.csv").read_bytes()
    assert made == b"customer_id,date,quantity,amount\n0001,1997-01-01,2,29.33\n0002,1997-12-30,1,0.00\n"
    assert json.loads((tmp_path / "info.json").read_text(encoding="utf-8"))["rows"] == 2


def test_counts(cdnow):
    table = cdnow.table
    assert len(cdnow) == 2357
    assert table["frequency"].sum() == 2457
    assert table["holdout_purchases"].sum() == 1882
    assert (table["frequency"] == 0).sum() == 1411
    assert (table["frequency"] > 0).sum() == 946
    assert table["value_to_date"].sum() == pytest.approx(173_115.55, abs=0.001)
    assert (table["frequency"] * table["monetary_value"]).sum() == pytest.approx(95_355.60, abs=0.001)
    assert table["holdout_value"].sum() == pytest.approx(70_976.39, abs=0.001)
    assert table["T"].max() == 272 / 7
    assert len(patterns(table)) == 1016


def test_account(cdnow_log, cdnow):
    assert cdnow_log.account.rows_read == 6919
    assert (cdnow_log.account.kept, cdnow_log.account.merged, cdnow_log.account.excluded) == (6696, 223, 0)
    notes = {note.reason: (note.count, texts_of(note.first)) for note in cdnow_log.account.notes}
    assert notes == {
        "zero amount, kept": (8, ("line 227: '0.00'", "line 450: '0.00'", "line 719: '0.00'")),
        "exact duplicate of an earlier row, kept": (
            21,
            ("line 404: customer '0147'", "line 894: customer '0289'", "line 2543: customer '0867'"),
        ),
    }
    assert [(entry.reason, entry.count) for entry in cdnow.account.entries] == [
        ("purchase in the observation", 2357 + 2457),
        ("purchase in the hold-out", 1882),
        ("same customer and same day as a kept row", 223),
    ]


def test_source(cdnow_log):
    source = cdnow_log.source
    assert (source.name, source.encoding, source.delimiter) == ("transactions.csv", "utf-8", ",")
    assert (source.decimal, source.date_format) == (".", "%Y-%m-%d")
    assert source.sha256 == hashlib.sha256((FOLDER / "transactions.csv").read_bytes()).hexdigest()
    json.dumps(source.to_dict())


def test_first_customers_and_dates(cdnow):
    first = cdnow.table.iloc[0]
    assert (first["customer_id"], first["cohort"], first["frequency"]) == ("0001", "1997-01", 2)
    assert first["recency"] == pytest.approx(30.43, abs=0.005)
    assert first["T"] == pytest.approx(38.86, abs=0.005)
    assert first["monetary_value"] == pytest.approx(22.35, abs=0.006)
    assert cdnow.table.iloc[1515][["customer_id", "frequency"]].tolist() == ["1516", 26]
    assert cdnow.table.iloc[1515][["recency", "T"]].tolist() == [216 / 7, 217 / 7]
    assert (cdnow.observation_start, cdnow.observation_end) == (dt.date(1997, 1, 1), dt.date(1997, 9, 30))
    assert (cdnow.window, cdnow.holdout_length) == (272 / 7, 39.0)


def test_counts_by_hand_in_pandas(cdnow):
    """The same figures by a second road that shares no code with the first."""
    rows = pd.read_csv(FOLDER / "transactions.csv", dtype={"customer_id": str}, parse_dates=["date"])
    days = rows.groupby(["customer_id", "date"], as_index=False)["amount"].sum()
    seen = days[days["date"] <= "1997-09-30"]
    first = seen.groupby("customer_id")["date"].min()
    repeat = seen[seen["date"] > seen["customer_id"].map(first)].groupby("customer_id")["amount"]
    expected = pd.DataFrame(
        {
            "frequency": repeat.count().reindex(first.index, fill_value=0),
            "recency": (seen.groupby("customer_id")["date"].max() - first).dt.days / 7,
            "T": (pd.Timestamp("1997-09-30") - first).dt.days / 7,
            "monetary_value": repeat.mean().reindex(first.index),
        }
    )
    found = cdnow.table.set_index("customer_id")[list(expected)]
    pd.testing.assert_frame_equal(found, expected, check_names=False, check_index_type=False, rtol=1e-13)


def test_tracking_table_adds_up(cdnow_log):
    daily = purchases_by_day(cdnow_log)
    assert len(daily) == 546
    assert daily["purchases"].sum() == 6696
    assert daily["repeat_purchases"].sum() == 2457 + 1882
    assert daily["amount"].sum() == pytest.approx(173_115.55 + 70_976.39, abs=0.001)
    early = purchases_by_day(cdnow_log, until="1997-09-30", acquired_until="1997-01-31")
    assert len(early) == 273
    assert (
        early["purchases"].sum() - early["repeat_purchases"].sum()
        == (summarise(cdnow_log).table["first_purchase"] <= "1997-01-31").sum()
    )


def test_pattern_expression_counts_like_patterns(cdnow_log, cdnow):
    expression = summary_expression(cdnow_log.purchases, observation_end=cdnow.observation_end)
    counted = pattern_expression(expression).to_pyarrow().to_pandas().sort_values(["frequency", "recency", "T"])
    found = patterns(cdnow.table)
    np.testing.assert_array_equal(counted["frequency"], found.frequency)
    np.testing.assert_array_equal(counted["recency"], found.recency)
    np.testing.assert_array_equal(counted["T"], found.T)
    np.testing.assert_array_equal(counted["count"], found.count)
    np.testing.assert_array_equal(found.frequency[found.index], cdnow.table["frequency"])
    np.testing.assert_array_equal(found.recency[found.index], cdnow.table["recency"])


@pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")  # Ibis 12 on DuckDB 2
def test_one_expression_without_a_materialised_step(cdnow):
    """From an Ibis table the whole way is one lazy expression, which another engine could run."""
    rows = ibis.duckdb.connect().read_csv(FOLDER / "transactions.csv", all_varchar=True)
    log = read_transactions(rows)
    expression = summary_expression(
        log.purchases, observation_end=dt.date(1997, 9, 30), holdout_end=dt.date(1998, 6, 30)
    )
    assert "read_csv" in ibis.to_sql(expression)
    found = summarise(log, observation_end="1997-09-30", holdout_end="1998-06-30").table
    pd.testing.assert_frame_equal(found, cdnow.table)
