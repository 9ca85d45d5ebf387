"""What each column of a result is, and what a reader of the CSV file gets of it."""

import io
import re

import numpy as np
import pandas as pd
import pytest

import kundenwert as kw
from kundenwert.files.kinds import DECIMALS, KINDS, Kind, kind_of, rounded
from kundenwert.files.tables import write_csv, write_parquet, write_result

WORDS = {"german": {"sep": ";", "decimal": ",", "encoding": "utf-8-sig"}, "plain": {}}
TERMS = {"margin": 0.3, "horizon": 52.0}
COSTS = {"1997-01": 12.5, "1997-02": 40.0}


@pytest.fixture(scope="module")
def fits(made, posterior):
    return made(*posterior(80))


@pytest.fixture(scope="module")
def results(fits, customers):
    """Every table that is delivered, from ten customers and a stand-in posterior."""
    held = {"first_value": 10.0, "active_before": True, "active_after": [True, False] * 5}
    summary = kw.CustomerSummary.from_frame(customers.assign(**held), time_unit="W", holdout_length=39.0)
    values = kw.value_table(*fits, summary, **TERMS, cac=COSTS, seed=1)
    whole = kw.newcomers(*fits, units_per_year=52.0)
    new = kw.predict.Newcomers(whole.buying, whole.paying, dict.fromkeys("ab", whole.cohorts["all"]), 52.0)
    basis = {**TERMS, "cac": {"a": 4.0, "b": 1e5}, "seed": 1}
    days = pd.to_datetime(["2023-01-02", "2023-02-03", "2023-03-04"])
    log = pd.DataFrame({"customer_id": ["a", "b", "a"], "date": days, "amount": [1.0, 2.0, 4.0]})
    return {
        "summary": summary.table,
        "customers": values.table,
        "cohorts": kw.compare_cohorts(summary, values),
        "acquisition": kw.acquisition_table(new, **basis),
        "payback": kw.payback_table(new, **basis),
        "payback curve": kw.payback_curve(new, grid=[0.0, 52.0], **basis | {"cac": 4.0}),
        "retention": kw.validate.retention_by_age(log, until="2023-04-30"),
    }


TABLES = ("summary", "customers", "cohorts", "acquisition", "payback", "payback curve", "retention")


def test_kinds_are_declared_once():
    assert sorted(set(KINDS.values())) == sorted(Kind)
    assert DECIMALS == {"money": 2, "share": 4, "number": 4, "wait": 4}
    assert kind_of("expected_holdout_value_q95") is Kind.money
    assert kind_of("predicted_holdout_purchases_mean") is Kind.number
    assert kind_of("payback_q75") is kind_of("expected_payback_q50") is Kind.wait
    assert kind_of("rlv_share") is kind_of("clv_q5") is kind_of("") is None


@pytest.mark.parametrize("name", TABLES)
def test_every_number_of_a_result_is_of_a_kind(results, name):
    table = results[name]
    numbers = [column for column in table if pd.api.types.is_float_dtype(table[column])]
    assert numbers
    assert [column for column in numbers if kind_of(column) is None] == []


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("name", TABLES)
def test_a_reader_gets_cents_and_four_decimals(results, name, words, tmp_path):
    table = results[name]
    path = write_result(table, tmp_path / "t.csv", german=words == "german")
    back = pd.read_csv(path, **WORDS[words])
    assert list(back) == list(table)
    for column in table.select_dtypes("number"):
        given = table[column].to_numpy(np.float64)
        if kind_of(column) is Kind.wait:
            given = np.where(np.isinf(given), np.nan, given)
        places = DECIMALS[kind_of(column)] if pd.api.types.is_float_dtype(table[column]) else 0
        assert np.array_equal(back[column].to_numpy(np.float64), given.round(places), equal_nan=True), column
    mark = "," if words == "german" else r"\."
    assert not re.findall(rf"\d{mark}\d{{5,}}\b", path.read_text("utf-8-sig"))


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("name", TABLES)
def test_full_precision_reads_back_the_same_numbers(results, name, words, tmp_path):
    table = results[name]
    path = write_result(table, tmp_path / "t.csv", german=words == "german", full_precision=True)
    back = pd.read_csv(path, **WORDS[words])
    whole = pd.read_parquet(write_parquet(table, tmp_path / "t.parquet"))
    for column in table.select_dtypes("float"):
        given = table[column].to_numpy()
        assert np.array_equal(whole[column].to_numpy(), given, equal_nan=True), column
        if kind_of(column) is Kind.wait:
            given = np.where(np.isinf(given), np.nan, given)
        assert np.array_equal(back[column].to_numpy(np.float64), given, equal_nan=True), column


@pytest.mark.parametrize("suffix", ["mean", "q05", "q50", "q95"])
def test_the_value_of_a_customer_adds_up_to_half_a_cent_a_term(results, tmp_path, suffix):
    table = pd.read_csv(write_result(results["customers"], tmp_path / "t.csv"))
    off = 0.3 * table["value_to_date"] + table[f"rlv_{suffix}"] - table["cac"] - table[f"clv_{suffix}"]
    assert off.abs().max() <= 0.02 + 1e-9
    assert off.abs().max() > 0  # rounded one by one, not made to fit
    assert not table["rlv_q50"].astype(str).str.contains("e").any()


@pytest.mark.parametrize("options", [{}, {"german": True}, {"full_precision": True}])
def test_the_same_table_gives_the_same_bytes(fits, customers, tmp_path, options):
    written = []
    for run in range(2):
        summary = kw.CustomerSummary.from_frame(customers, time_unit="W", holdout_length=39.0)
        table = kw.value_table(*fits, summary, **TERMS, seed=1, threads=run + 1).table
        written.append(write_result(table, tmp_path / f"{run}.csv", **options).read_bytes())
    assert written[0] == written[1]


def test_rounding_leaves_alone_what_is_not_its_own():
    given = pd.DataFrame(
        {
            "customer_id": ["a", "b"],
            "machines": [1 / 3, 2.5],
            "frequency": [3, 4],
            "rlv_mean": [-0.004, np.inf],
            "p_alive_mean": [0.99996, np.nan],
            "clv_mean": pd.array([1.005, None], dtype="Float64"),
            7: [1 / 7, 1 / 9],
        }
    )
    before = given.copy(deep=True)
    found = rounded(given)
    pd.testing.assert_frame_equal(given, before)
    assert found["machines"].tolist() == [1 / 3, 2.5]
    assert found[7].tolist() == [1 / 7, 1 / 9]
    assert found["frequency"].dtype == "int64"
    assert found["rlv_mean"].tolist() == [0.0, np.inf]
    assert not np.signbit(found["rlv_mean"]).any()
    assert found["p_alive_mean"].iloc[0] == 1.0
    assert found["clv_mean"].isna().tolist() == [False, True]


@pytest.fixture(scope="module")
def waits(results):
    """Waits of two cohorts, of which one never pays back; an infinite spend beside them."""
    table = results["payback"].assign(expected_spend_mean=[np.inf, 1.0])
    assert np.isinf(table.set_index("cohort").loc["b", "payback_q25"])
    return table


@pytest.mark.parametrize("write", [write_result, write_csv])
def test_never_is_an_empty_cell_and_infinite_is_not(waits, tmp_path, write):
    text = write(waits, tmp_path / "t.csv").read_text()
    back = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False).set_index("cohort")
    columns = [column for column in back if kind_of(column) is Kind.wait]
    assert len(columns) == 6
    assert set(back.loc["b", columns]) == {""}
    assert back.loc["b", ["share_never", "p_expected_never"]].tolist() == ["1", "1"]
    assert back.loc["a", "expected_spend_mean"] == "inf"
    assert "" not in set(back.loc["a", ["share_at_once", "payback_q25"]])


def test_never_stays_infinite_in_parquet(waits, tmp_path):
    assert np.isinf(pd.read_parquet(write_parquet(waits, tmp_path / "t.parquet"))["payback_q25"].iloc[1])


def test_words_in_a_column_of_times_are_written_as_they_are(tmp_path):
    table = pd.DataFrame({"payback_q50": ["12.5", "never"], "payback": pd.Categorical(["yes", "no"])})
    file = write_result(table, tmp_path / "t.csv")
    assert file.read_text(encoding="utf-8") == "payback_q50,payback\n12.5,yes\nnever,no\n"


def test_cents_of_large_sums_are_kept(tmp_path):
    table = pd.DataFrame({"rlv_mean": [1_234_567_890_123.456, 0.1 + 0.2]})
    file = write_result(table, tmp_path / "t.csv")
    assert file.read_text(encoding="utf-8") == "rlv_mean\n1234567890123.46\n0.3\n"
