"""What a log may look like, and that it reads the same from everywhere."""

import datetime as dt

import ibis
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kundenwert.data import Entry, read_transactions, summarise
from kundenwert.data.fates import today
from kundenwert.errors import SchemaError
from kundenwert.messages import Code
from kundenwert.sources import Place

GERMAN = (
    "Kundennr;Käufer;Datum;Betrag\r\n"
    "0007;Müller;31.12.2023 23:59;1.234,56\r\n"
    "0007;Müller;31.12.2023 08:00;0,44\r\n"
    "0008;Weiß;1.2.2024;5\r\n"
    '0008;"Weiß; Söhne";15.02.2024;"12.345,00 €"\r\n'
)
COLUMNS = {"customer_id": "Kundennr", "date": "Datum", "amount": "Betrag"}


def texts_of(places):
    return tuple(map(str, places))


def days(log, *columns):
    rows = log.purchases.order_by("customer_id", "date").to_pyarrow().to_pylist()
    return [tuple(row[name] for name in columns or ("customer_id", "date", "amount", "rows")) for row in rows]


GERMAN_DAYS = [
    ("0007", dt.date(2023, 12, 31), 1235.0, 2),
    ("0008", dt.date(2024, 2, 1), 5.0, 1),
    ("0008", dt.date(2024, 2, 15), 12345.0, 1),
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("name", ["export.csv", "Käufe [1] it's *.TXT"])
def test_german_export(write, encoding, name):
    log = read_transactions(write(GERMAN, name, encoding), **COLUMNS, keep=["Käufer"])
    assert days(log) == GERMAN_DAYS
    assert days(log, "Käufer")[0] == ("Müller",)
    assert (log.source.delimiter, log.source.decimal, log.source.date_format) == (";", ",", "%d.%m.%Y")
    assert log.source.encoding == encoding.removesuffix("-sig")
    assert log.source.name == name
    assert log.account.to_dict()["rows_read"] == 4


def test_latin_1_bytes_that_windows_does_not_know(write):
    content = GERMAN.encode("latin-1", errors="ignore").replace(b"Wei", b"Wei\x81")
    assert days(read_transactions(write(content), **COLUMNS)) == GERMAN_DAYS


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends(write, end, last):
    text = GERMAN.replace("\r\n", end)
    assert days(read_transactions(write(text if last else text.removesuffix(end)), **COLUMNS)) == GERMAN_DAYS


def test_mixed_line_ends_blank_lines_and_stated_delimiter(write):
    text = "sep=;\r\n" + GERMAN.replace("\r\n0008", "\n\n0008")
    log = read_transactions(write(text), **COLUMNS)
    assert days(log) == GERMAN_DAYS
    assert log.account.rows_read == 4


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(write, delimiter):
    text = "customer_id,date,amount\n01,2024-01-01,1.5\n01,2024-01-03,2.5\n".replace(",", delimiter)
    log = read_transactions(write(text, "log.tsv"))
    assert days(log) == [("01", dt.date(2024, 1, 1), 1.5, 1), ("01", dt.date(2024, 1, 3), 2.5, 1)]
    assert log.source.delimiter == delimiter


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_lines_to_skip_are_counted_in_places(write, encoding):
    text = "Aufträge;;\r\n;;\r\n\r\n" + GERMAN + "0009;Özil;30.02.2024;3,00\r\n" + "0009;Özil;01.02.2024;3,00\r\n" * 30
    log = read_transactions(write(text, encoding=encoding), **COLUMNS, skip_lines=2)
    assert days(log)[:3] == GERMAN_DAYS
    assert texts_of(log.account.entries[-1].first) == ("line 9: '30.02.2024'",)


def test_a_line_end_within_quotes(write):
    text = 'customer_id,date,amount,note\na,2024-01-01,1,"two\nlines"\nb,2024-01-01,x,\n' + "c,2024-01-02,1,\n" * 30
    log = read_transactions(write(text))
    assert log.account.rows_read == 32
    assert texts_of(log.account.entries[-1].first) == ("line 4: 'x'",)


@pytest.mark.parametrize(
    ("texts", "day", "found"),
    [
        (["2024-03-01", "2024-03-02T10:00:00+02:00"], (2024, 3, 2), "%Y-%m-%d"),
        (["20240301", "20240302"], (2024, 3, 2), "%Y%m%d"),
        (["31.01.2024", "2.3.2024"], (2024, 3, 2), "%d.%m.%Y"),
        (["31.01.69", "02.03.24"], (2024, 3, 2), "%d.%m.%y"),
        (["31/01/2024", "02/03/2024"], (2024, 3, 2), "%d/%m/%Y"),
        (["01/31/2024", "03/02/2024 1:05 PM"], (2024, 3, 2), "%m/%d/%Y"),
        (["31/01/24", "02/03/24"], (2024, 3, 2), "%d/%m/%y"),
        (["2024/01/31", "2024/03/02"], (2024, 3, 2), "%Y/%m/%d"),
        (["31-01-2024", "02-03-2024"], (2024, 3, 2), "%d-%m-%Y"),
        (["1.3.2024", " 2.3.2024, 14:30 Uhr "], (2024, 3, 2), "%d.%m.%Y"),
        (["03/03/2024", "02/02/2024"], (2024, 3, 3), "%d/%m/%Y"),
    ],
)
def test_date_formats(texts, day, found):
    log = read_transactions(pd.DataFrame({"customer_id": ["a", "a"], "date": texts, "amount": [1, 1]}))
    assert log.last_day == dt.date(*day)
    assert log.source.date_format == found


@pytest.mark.parametrize(
    ("date_format", "text"), [("%d. %b %Y", "02. Mar 2024"), ("%m/%d/%Y", "03/02/2024"), ("%Y%m%d", "20240302")]
)
def test_stated_date_format(date_format, text):
    frame = pd.DataFrame({"customer_id": ["a"], "date": [text], "amount": [1]})
    assert read_transactions(frame, date_format=date_format).last_day == dt.date(2024, 3, 2)


@pytest.mark.parametrize(
    ("texts", "decimal", "total"),
    [
        (["1.234,56", "7"], ",", 1241.56),
        (["1,234.56", "7"], ".", 1241.56),
        (["1234,5", "1.234"], ",", 2468.5),
        (["1 234,50", "1\u202f000"], ",", 2234.5),
        (["1'234.50", "2.50"], ".", 1237.0),
        (["0.500", "2.125"], ".", 2.625),
        (["$1.50", "-$0.50"], ".", 1.0),
        (["12,50 €", "2,50-"], ",", 10.0),
        (["EUR 1,5", "−1,5"], ",", 0.0),
        (["1e2", "1.5E-1"], ".", 100.15),
        (["100", "+5"], ".", 105.0),
        ([".5", "1."], ".", 1.5),
        (["1.000.000", "1,5"], ",", 1_000_001.5),
    ],
)
def test_amounts(texts, decimal, total):
    frame = pd.DataFrame({"customer_id": ["a", "b"], "date": ["2024-01-01"] * 2, "amount": texts})
    frame = pd.concat([frame, pd.DataFrame({"customer_id": ["z"], "date": ["2024-01-01"], "amount": ["10000000"]})])
    log = read_transactions(frame.assign(customer_id="a"), refunds="net")
    assert days(log) == [("a", dt.date(2024, 1, 1), 10_000_000 + total, 3)]
    assert log.source.decimal == decimal


@pytest.mark.parametrize(("decimal", "amount"), [(",", 1.234), (".", 1234.0)])
def test_decimal_stated_for_what_could_be_both(decimal, amount):
    frame = pd.DataFrame({"customer_id": ["a"], "date": ["2024-01-01"], "amount": ["1,234"]})
    assert days(read_transactions(frame, decimal=decimal))[0][2] == amount


THOUSANDS = [f"{1 + n % 9}.{100 + n}" for n in range(400)]


@pytest.mark.parametrize(
    ("odd", "delimiter", "date", "decimal"),
    [
        (["99,90"], ";", "02.01.2024", ","),  # semicolons, dates and the one cell agree
        (["99,90"], "|", "02.01.2024", ","),
        (["99,90"], ";", "2024-01-02", ","),
        (["99,90"] * 20, "|", "2024-01-02", ","),  # one in twenty, and nothing else speaks
        (["99.90"] * 20, "|", "2024-01-02", "."),
        (["99.90"] * 400, ";", "02.01.2024", "."),
    ],
)
def test_rows_that_decide_the_decimal_mark(write, odd, delimiter, date, decimal):
    rows = [delimiter.join(["a", date, text]) for text in (*THOUSANDS, *odd)]
    log = read_transactions(write("\n".join([delimiter.join(["customer_id", "date", "amount"]), *rows]) + "\n"))
    assert log.source.decimal == decimal
    total = sum(float(text) for text in THOUSANDS) * (1000 if decimal == "," else 1) + 99.9 * len(odd)
    assert days(log)[0][2] == pytest.approx(total, rel=1e-12)


FORMS = {
    "csv": lambda small, typed, folder: folder / "log.csv",
    "text path": lambda small, typed, folder: str(folder / "log.csv"),
    "parquet": lambda small, typed, folder: folder / "log.parquet",
    "pandas": lambda small, typed, folder: typed,
    "pandas, text dates": lambda small, typed, folder: small,
    "pandas, categories": lambda small, typed, folder: small.astype({"region": "category", "customer_id": "category"}),
    "arrow": lambda small, typed, folder: pa.Table.from_pandas(typed),
    "polars": lambda small, typed, folder: pl.from_pandas(typed),
    "polars, lazy": lambda small, typed, folder: pl.from_pandas(small).lazy(),
    "polars, categories": lambda small, typed, folder: pl.from_pandas(small).with_columns(
        pl.col("region").cast(pl.Categorical)
    ),
    "ibis": lambda small, typed, folder: ibis.memtable(pa.Table.from_pandas(typed)),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_same_from_every_source(small, tmp_path, form):
    small.to_csv(tmp_path / "log.csv", index=False)
    typed = small.assign(date=pd.to_datetime(small["date"]))
    typed.to_parquet(tmp_path / "log.parquet")
    table, wanted = (
        summarise(
            read_transactions(FORMS[name](small, typed, tmp_path), keep=["region"]),
            observation_end="2024-01-31",
            holdout_end="2024-02-05",
            cohort="region",
        ).table
        for name in (form, "csv")
    )
    pd.testing.assert_frame_equal(table, wanted)
    assert table["customer_id"].tolist() == ["0001", "0002", "0003"]
    assert table["cohort"].tolist() == ["Süd", "(missing)", "Ost"]


@pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")  # Ibis 12 on DuckDB 2
def test_a_users_own_database_is_left_as_it_was(small):
    backend = ibis.duckdb.connect()
    rows = backend.create_table("log", ibis.memtable(pa.Table.from_pandas(small)))
    log = read_transactions(rows, keep=["region"])
    assert len(summarise(log)) == 3
    tables = backend.raw_sql("SELECT table_name FROM information_schema.tables WHERE table_type <> 'VIEW'").fetchall()
    assert tables == [("log",)]


@pytest.mark.parametrize("kind", ["pandas", "parquet", "arrow", "polars"])
def test_days_are_those_of_the_columns_own_time_zone(tmp_path, kind):
    moments = pd.to_datetime(["2024-01-01 00:30", "2024-01-02 23:30"]).tz_localize("Europe/Berlin")
    frame = pd.DataFrame({"customer_id": ["a", "b"], "date": moments, "amount": [1.0, 2.0]})
    frame.to_parquet(tmp_path / "log.parquet")
    table = pa.Table.from_pandas(frame)
    sources = {"pandas": frame, "parquet": tmp_path / "log.parquet", "arrow": table, "polars": pl.from_arrow(table)}
    assert [row[1] for row in days(read_transactions(sources[kind]))] == [dt.date(2024, 1, 1), dt.date(2024, 1, 2)]


def test_ids_are_text(write):
    numbers = pd.DataFrame({"customer_id": [7.0, None, 12.0], "date": ["2024-01-01"] * 3, "amount": [1, 2, 3]})
    log = read_transactions(numbers)
    assert [row[0] for row in days(log)] == ["12", "7"]
    assert [(entry.reason, entry.count) for entry in log.account.entries if entry.fate == "excluded"] == [
        ("customer id missing", 1)
    ]
    mixed = pd.DataFrame({"customer_id": ["x", 7, "07"], "date": ["2024-01-01"] * 3, "amount": [1, 2, 3]}, dtype=object)
    assert [row[0] for row in days(read_transactions(mixed))] == ["07", "7", "x"]
    blanks = write('customer_id,date,amount\n 01 ,2024-01-01,1\n01\u00a0,2024-01-01,2\n"",2024-01-01,3\n')
    assert days(read_transactions(blanks)) == [("01", dt.date(2024, 1, 1), 3.0, 2)]


def test_numbers_as_dates_and_decimals_as_amounts():
    table = pa.table(
        {
            "customer_id": [1, 2],
            "date": [20240301, 20240302],
            "amount": pa.array(["1.50", "2.25"]).cast(pa.decimal128(10, 2)),
        }
    )
    log = read_transactions(table)
    assert days(log) == [("1", dt.date(2024, 3, 1), 1.5, 1), ("2", dt.date(2024, 3, 2), 2.25, 1)]


def test_column_names_are_data_not_sql(write):
    names = ["c0", "row", 'x"; DROP TABLE source; --', "date", "Date"]
    frame = pd.DataFrame([["a", "2024-01-01", 1.5, "no", "no"]] * 2, columns=names)
    asked = {"customer_id": "c0", "date": "row", "amount": names[2]}
    assert days(read_transactions(frame, **asked)) == [("a", dt.date(2024, 1, 1), 3.0, 2)]
    path = write(frame.to_csv(index=False))
    assert days(read_transactions(path, **asked)) == [("a", dt.date(2024, 1, 1), 3.0, 2)]
    pq.write_table(pa.Table.from_pandas(frame), path.with_suffix(".parquet"))
    assert days(read_transactions(path.with_suffix(".parquet"), **asked)) == [("a", dt.date(2024, 1, 1), 3.0, 2)]


def test_kept_columns_are_those_of_the_first_day_with_a_value(small):
    small["region"] = ["Süd", None, "Nord", None, None, "Ost"]
    late_first = small.iloc[::-1]
    table = summarise(read_transactions(late_first, keep=["region"]), cohort="region").table
    assert table["cohort"].tolist() == ["Süd", "(missing)", "(missing)"]


POLICY = pd.DataFrame(
    {
        "customer_id": ["a", "a", "a", "b", "b", "c", "c", "c"],
        "date": ["2024-01-01"] * 2
        + ["2024-01-05", "2024-01-01", "2024-01-01", "2024-01-02", "2024-01-03", "2024-01-03"],
        "amount": [10.0, -4.0, 7.0, 5.0, -5.0, 0.0, 3.0, 3.0],
    }
)


def fates(log):
    return {entry.reason: entry.count for entry in log.account.entries}


def test_refunds_excluded_zeros_and_duplicates_kept():
    log = read_transactions(POLICY, refunds="exclude")
    assert [row[2] for row in days(log)] == [10.0, 7.0, 5.0, 0.0, 6.0]
    assert fates(log)["refund (negative amount)"] == 2
    assert (log.account.kept, log.account.merged, log.account.excluded) == (5, 1, 2)


def test_refunds_netted():
    log = read_transactions(POLICY, refunds="net")
    assert [row[2] for row in days(log)] == [6.0, 7.0, 0.0, 6.0]
    assert fates(log)["purchase of which refunds leave nothing"] == 2
    assert (log.account.kept, log.account.merged, log.account.excluded) == (4, 2, 2)
    assert ("refund taken off the same customer's purchases", 1, ("row 2: '-4.0'",)) in {
        (note.reason, note.count, texts_of(note.first)) for note in log.account.notes
    }
    undone = log.account.entries[-1]
    assert (undone.money, texts_of(undone.first)) == (0.0, ("row 4: '5.0'", "row 5: '-5.0'"))


def test_credit_notes_of_another_day_have_a_reason_of_their_own():
    log = read_transactions(
        POLICY.assign(date=POLICY["date"].where(POLICY["amount"] >= 0, "2024-03-01")), refunds="net"
    )
    assert fates(log)["credit note without a purchase of that day"] == 2
    assert "purchase of which refunds leave nothing" not in fates(log)
    assert log.account.entries[-1].money == -9.0
    assert texts_of(log.account.entries[-1].first) == ("row 2: '-4.0'", "row 5: '-5.0'")


def _earlier(*rows):
    frame = pd.DataFrame(rows, columns=["customer_id", "date", "amount"]).assign(region="x")
    frame.loc[frame["amount"] < 0, "region"] = "a"  # never that of the purchase
    frame["date"] = [f"2024-01-{day:02d}" for day in frame["date"]]
    log = read_transactions(frame.sample(frac=1, random_state=1), refunds="earlier", keep=["region"])
    assert log.account.balanced
    assert sum(entry.money or 0 for entry in log.account.entries) == pytest.approx(frame["amount"].sum(), abs=1e-9)
    return log


def test_refunds_of_earlier_purchases_take_the_latest_first():
    log = _earlier(("a", 1, 10.0), ("a", 3, 5.0), ("a", 7, -8.0), ("a", 9, 4.0), ("b", 2, 3.0), ("z", 30, 1.0))
    assert [(row[1].day, *row[2:]) for row in days(log)] == [(1, 7.0, 2), (9, 4.0, 1), (2, 3.0, 1), (30, 1.0, 1)]
    assert {row[0] for row in days(log, "region")} == {"x"}
    assert fates(log)["purchase of which refunds leave nothing"] == 1
    assert (log.account.kept, log.account.merged, log.account.excluded) == (4, 1, 1)


def test_refunds_never_touch_later_purchases_or_other_customers():
    log = _earlier(("a", 2, -8.0), ("a", 4, 5.0), ("a", 5, -7.0), ("a", 6, 2.0), ("b", 1, 3.0))
    assert [(row[1].day, *row[2:]) for row in days(log)] == [(6, 2.0, 1), (1, 3.0, 1)]
    found = {entry.reason: (entry.count, entry.money) for entry in log.account.entries if entry.fate == "excluded"}
    assert found == {
        "purchase of which refunds leave nothing": (2, 0.0),  # 5 of the 7 were taken off it ...
        "credit note beyond the customer's earlier purchases": (1, -10.0),  # ... 2 are left, and the 8 before
    }


def test_a_credit_note_that_is_larger_than_all_purchases_leaves_its_rest_in_the_account():
    log = _earlier(
        ("a", 1, 4.0), ("a", 2, -4.5), ("b", 1, 3.0), ("b", 2, 0.0), ("b", 3, -1.0), ("c", 1, 2.0), ("c", 1, -2.0)
    )
    assert [(row[1].day, *row[2:]) for row in days(log)] == [(1, 2.0, 2), (2, 0.0, 1)]
    found = {entry.reason: (entry.count, entry.money) for entry in log.account.entries if entry.fate == "excluded"}
    assert found == {"purchase of which refunds leave nothing": (4, -0.5)}


def test_refunds_of_earlier_purchases_against_a_pile_by_hand():
    rng = np.random.default_rng(11)
    rows = [
        (f"c{n % 25}", int(rng.integers(1, 29)), float(rng.choice([-7.5, -3.25, -0.5, 0.0, 1.25, 3.5, 9.0])))
        for n in range(900)
    ]
    log = _earlier(*rows)
    frame = pd.DataFrame(rows, columns=["customer", "day", "amount"])
    expected, beyond = {}, 0.0
    for (customer, day), amounts in frame.groupby(["customer", "day"])["amount"]:
        net = amounts.sum()
        if net > 0 or (amounts == 0).all():
            expected[customer, day] = net
        for earlier in sorted((key for key in expected if key[0] == customer), key=lambda key: -key[1]):
            taken = min(-min(net, 0.0), expected[earlier])
            expected[earlier] -= taken
            net += taken
            if taken and not expected[earlier]:
                del expected[earlier]
        beyond += min(net, 0.0)
    assert {(row[0], row[1].day): row[2] for row in days(log)} == expected
    found = {entry.reason: entry.money for entry in log.account.entries}
    assert found["credit note beyond the customer's earlier purchases"] == beyond < 0
    assert found["purchase (customer and day)"] == sum(expected.values())


def test_zeros_excluded_and_duplicates_dropped():
    log = read_transactions(POLICY, zero_amounts="exclude", duplicates="drop", refunds="exclude")
    assert [row[2] for row in days(log)] == [10.0, 7.0, 5.0, 3.0]
    assert fates(log)["zero amount"] == 1
    assert fates(log)["exact duplicate of an earlier row"] == 1
    assert texts_of(log.account.entries[-1].first) == ("row 8: customer 'c'",)


def test_few_unreadable_rows_are_excluded_and_shown(write):
    bad = "a,31.02.2024,1\nb,0197-01-01,1\nc,9999-12-31,1\nd,2024-01-01,oops\ne,2024-01-01,\nf,,1\n,2024-01-01,1\n"
    bad += "g,2024-01-01,inf\nh,2024-01-01,NaN\ni,2024-01-01,1e16\nj,2024-01-01\nk,2024-01-01,1,2\n"
    good = "".join(f"z{i},2024-01-{1 + i % 28:02d},1\n" for i in range(300))
    log = read_transactions(write("customer_id,date,amount\n" + bad + good))
    assert log.account.rows_read == 312
    assert log.account.kept == 300
    assert fates(log) == {
        "purchase (customer and day)": 300,
        "same customer and same day as a kept row": 0,
        "line cannot be split into the file's columns": 2,
        "customer id missing": 1,
        "date missing": 1,
        "date unreadable": 1,
        "date is a placeholder such as 1900-01-01": 1,
        "date before 1900-01-01 or after 2199-12-31": 1,
        "amount missing": 1,
        "amount unreadable, infinite or beyond 1e15": 4,
    }
    first = {entry.reason: texts_of(entry.first) for entry in log.account.entries}
    assert first["line cannot be split into the file's columns"] == (
        "line 12: fewer than 3 columns: 'j,2024-01-01'",
        "line 13: more than 3 columns: 'k,2024-01-01,1,2'",
    )
    assert first["date before 1900-01-01 or after 2199-12-31"] == ("line 3: '0197-01-01'",)
    assert first["date is a placeholder such as 1900-01-01"] == ("line 4: '9999-12-31'",)
    assert first["amount unreadable, infinite or beyond 1e15"][0] == "line 5: 'oops'"


@pytest.mark.parametrize("name", ["#NV", "#N/A", "null", "NULL", "-", "n/a", "NaN", "None", "(leer)"])
def test_placeholders_are_no_customers(write, name):
    rows = [f"c{n},2024-01-{1 + n % 28:02d},1" for n in range(40)] + [f"{name},2024-02-01,2.5"] * 2
    path = write("customer_id,date,amount\n" + "\n".join(rows) + "\n")
    account = read_transactions(path).account
    assert account.kept == 40
    assert account.entries[-1] == Entry(
        "excluded",
        Code.PLACEHOLDER_ID,
        2,
        5.0,
        (Place("line 42", f"customer {name!r}"), Place("line 43", f"customer {name!r}")),
    )
    assert read_transactions(path, placeholders=()).account.kept == 41


def _with_totals(*footers):
    amounts = [round(1.17 + 13.37 * (n % 89), 2) for n in range(300)]
    rows = [f"c{n % 70},2024-{1 + n % 12:02d}-{1 + n % 28:02d},{amount}" for n, amount in enumerate(amounts)]
    return "customer_id,date,amount\n" + "\n".join([*rows, *footers]).replace("TOTAL", f"{sum(amounts):.2f}") + "\n"


@pytest.mark.parametrize("word", ["Summe", "GESAMT", "Gesamtsumme:", "total", "Grand Total"])
@pytest.mark.parametrize("date", ["2024-12-31", ""])
def test_a_line_of_totals_is_excluded(write, word, date):
    log = read_transactions(write(_with_totals(f"{word},{date},TOTAL")))
    entry = log.account.entries[-1]
    assert (entry.fate, entry.reason, entry.count) == (
        "excluded",
        "line of totals: the amount is the sum of all others",
        1,
    )
    kept = log.account.entries[0].money
    assert entry.money == pytest.approx(kept, rel=1e-12)
    assert texts_of(entry.first) == (f"line 302: '{kept:.2f}'",)
    assert log.account.notes == ()


def test_more_than_one_line_of_totals(write):
    log = read_transactions(write(_with_totals("Summe,2024-12-31,TOTAL", "Gesamt,2024-12-31,TOTAL")))
    assert fates(log)["line of totals: the amount is the sum of all others"] == 2
    assert log.account.notes == ()


def test_what_may_be_a_line_of_totals_is_noted_and_kept(write):
    log = read_transactions(write(_with_totals("9999,2024-12-31,TOTAL")))
    assert log.account.excluded == 0
    total = log.account.entries[0].money / 2
    notes = [note for note in log.account.notes if note.code != Code.WIDE_SPEND]
    assert [(note.reason, note.count, texts_of(note.first)) for note in notes] == [
        ("one row holds 50 % of all money: is it a line of totals?", 1, (f"line 302: customer '9999', '{total:.2f}'",))
    ]
    part = read_transactions(write(_with_totals("Zwischensumme,2024-12-31,1000", "total,2024-12-31,5")))
    assert part.account.excluded == 0
    assert [(note.reason, note.count, texts_of(note.first)) for note in part.account.notes] == [
        (
            "customer id is a word for totals, kept",
            2,
            ("line 302: customer 'Zwischensumme'", "line 303: customer 'total'"),
        )
    ]


def test_a_customer_called_total(small):
    small["customer_id"] = small["customer_id"].replace("0002", "Total")
    log = read_transactions(small)
    assert log.account.excluded == 0
    assert read_transactions(small.iloc[[0, 3]]).account.excluded == 0


def test_dates_in_the_future_are_excluded_unless_kept(small):
    small.loc[0, "date"] = "2190-05-05"
    log = read_transactions(small)
    assert log.last_day == dt.date(2024, 2, 5)
    assert [entry for entry in log.account.entries if entry.fate == "excluded"] == [
        Entry("excluded", Code.FUTURE_DATE, 1, 5.0, (Place("row 1", "'2190-05-05'"),))
    ]
    kept = read_transactions(small, future="keep")
    assert (kept.last_day, kept.account.excluded) == (dt.date(2190, 5, 5), 0)
    notes = [note for note in kept.account.notes if note.code != Code.TOO_FEW]
    assert [(note.reason, note.count, texts_of(note.first)) for note in notes] == [
        ("date in the future, kept", 1, ("row 1: '2190-05-05'",))
    ]


def test_today_is_no_future(small, monkeypatch):
    monkeypatch.setattr("kundenwert.data.fates.today", lambda: dt.date(2024, 1, 22))
    log = read_transactions(small)
    assert (log.account.kept, log.account.excluded, log.last_day) == (5, 1, dt.date(2024, 1, 22))
    monkeypatch.undo()
    now = dt.datetime.now(dt.UTC).date()
    assert 0 <= (today() - now).days <= 1
    small.loc[0, "date"] = str(now)
    assert read_transactions(small).account.excluded == 0


@pytest.mark.parametrize("refunds", ["match", "exclude", "net", "earlier"])
def test_the_account_adds_up_money_too(refunds):
    rows = pd.DataFrame(
        [("a", "2024-01-01", 10.0), ("a", "2024-01-01", -4.0), ("a", "2024-01-05", 7.25), (None, "2024-01-02", 100.0)]
        + [("b", "2024-01-01", 5.0), ("b", "2024-01-01", -5.5), ("b", "2024-01-03", float("nan"))]
        + [("c", "2024-01-02", 1.0)] * 40,
        columns=["customer_id", "date", "amount"],
    )
    log = read_transactions(rows, refunds=refunds)
    money = {entry.reason: entry.money for entry in log.account.entries}
    assert money["customer id missing"] == 100.0
    assert money["amount missing"] is None
    assert sum(value for value in money.values() if value is not None) == rows["amount"].sum()
    assert money["purchase (customer and day)"] == sum(row[2] for row in days(log))
    if refunds == "exclude":
        assert money["refund (negative amount)"] == -9.5
    table = log.account.to_frame()
    assert table.columns.tolist() == ["fate", "reason", "rows", "money", "first"]
    assert table.set_index("reason")["money"].sum() == rows["amount"].sum()
    assert table.set_index("reason")["first"]["customer id missing"] == "row 4: no customer id"
    stored = log.account.to_dict()["entries"]
    assert [entry["money"] for entry in stored if entry["reason"] == "customer id missing"] == [100.0]
    assert [entry["first"] for entry in stored if entry["reason"] == "customer id missing"] == [
        ["row 4: no customer id"]
    ]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), None])
def test_numbers_that_are_none(value):
    frame = pd.DataFrame({"customer_id": ["a"] * 40, "date": ["2024-01-01"] * 40, "amount": [1.0] * 39 + [value]})
    log = read_transactions(frame)
    assert (log.account.kept, log.account.merged, log.account.excluded) == (1, 38, 1)
    assert days(log)[0][2] == 39.0


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("kind", [pa.table, pl.DataFrame], ids=["arrow", "polars"])
def test_numbers_that_are_none_in_arrow_and_polars(value, kind):
    columns = {"customer_id": ["a"] * 40, "date": ["2024-01-01"] * 40, "amount": [1.0] * 39 + [value]}
    assert days(read_transactions(kind(columns))) == [("a", dt.date(2024, 1, 1), 39.0, 39)]


@pytest.mark.parametrize("above", ["sep=;\n", "\n\n"])
def test_the_line_of_names_itself_is_not_pointed_out(tmp_path, above):
    """A header that was found and whose names are other ones: guesses, not advice to look for it below."""
    file = tmp_path / "log.csv"
    file.write_text(above + "Kundenummer;Datun;Betraq\na;01.01.2024;5,00\n", encoding="utf-8")
    with pytest.raises(SchemaError, match="Did you mean customer_id='Kundenummer', date='Datun', amount='Betraq'"):
        read_transactions(file)


def test_after_passing_over_lines_the_advice_ends(tmp_path):
    file = tmp_path / "log.csv"
    file.write_text("Report 2023\n\nKundennummer;Datum;Betrag\na;01.01.2024;5,00\n", encoding="utf-8")
    with pytest.raises(SchemaError, match="skip_lines=2"):
        read_transactions(file)
    assert read_transactions(file, skip_lines=2).source.columns["customer_id"] == "Kundennummer"


def test_one_text_is_no_list_of_placeholders():
    rows = pd.DataFrame({"customer_id": ["N", "A"], "date": ["2024-01-01", "2024-01-05"], "amount": [1.0, 2.0]})
    with pytest.raises(SchemaError, match="placeholders='N/A' is one text"):
        read_transactions(rows, placeholders="N/A")


def test_what_is_left_of_a_credit_note_stands_where_the_note_is_counted():
    """One customer took back more than bought, on the same day and later; a third one never bought at all."""
    rows = pd.DataFrame(
        [
            *(("same", "2024-01-01", 10.0), ("same", "2024-01-01", -15.0)),
            *(("later", "2024-01-01", 10.0), ("later", "2024-02-01", -17.0)),
            *(("good", "2024-01-01", 1.0), ("good", "2024-03-01", 2.0)),
        ],
        columns=["customer_id", "date", "amount"],
    )
    account = read_transactions(rows, refunds="earlier").account
    assert {entry.reason: (entry.count, entry.money) for entry in account.entries if entry.fate == "excluded"} == {
        "purchase of which refunds leave nothing": (4, -12.0)
    }
    alone = pd.concat([rows, rows.iloc[[1]].assign(customer_id="alone")], ignore_index=True)
    account = read_transactions(alone, refunds="earlier").account
    assert {entry.reason: (entry.count, entry.money) for entry in account.entries if entry.fate == "excluded"} == {
        "purchase of which refunds leave nothing": (4, 0.0),
        "credit note beyond the customer's earlier purchases": (1, -27.0),
    }


def test_refunds_of_the_hold_out_are_no_secret():
    """Taken off earlier purchases they tell the observation what came later: said where a hold-out is set aside."""
    log = _earlier(("a", 1, 9.0), ("a", 3, 4.0), ("a", 9, -2.0), ("b", 2, 5.0), ("b", 10, 6.0))
    held = summarise(log, observation_end=log.first_day.replace(day=5), holdout_end=log.last_day)
    assert [note.reason for note in held.account.notes if note.caution and note.code != Code.TOO_FEW] == [
        "refunds of the hold-out, if any, were taken off purchases before it; net those of the same day only, and compare"
    ]
    assert {note.code for note in summarise(log).account.notes if note.caution} == {Code.TOO_FEW}
