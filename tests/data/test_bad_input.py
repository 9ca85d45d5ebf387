"""Each way in which a log can be wrong gets a message that says what, how often, where, and what to do."""

import datetime as dt
import zipfile

import numpy as np
import pandas as pd
import pytest

from kundenwert.data import CustomerSummary, Entry, RowAccount, purchases_by_day, read_transactions, summarise
from kundenwert.errors import DomainError, SchemaError

HEADER = "customer_id,date,amount\n"
GOOD = HEADER + "a,2024-01-01,1\na,2024-01-05,2\nb,2024-01-03,3\n"


def log_of(*rows):
    return read_transactions(pd.DataFrame(rows, columns=["customer_id", "date", "amount"]))


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("Kundin,Datun,Betraq", "Did you mean date='Datun', amount='Betraq'"),
        ("Custoner_ID,date,amount", "has no column 'customer_id'; it has .*Did you mean customer_id='Custoner_ID'"),
        ("customer_id,dat,amount", "has no column 'date'; .*Did you mean date='dat'"),
        ("customer_id,date,amuont,x", "Did you mean amount='amuont'"),
        ("q,w,e", "Say which columns hold customer_id, date, amount"),
        ("0001,2024-01-01,3.50", "The first line must hold the column names"),
        ("customer_id date amount", "but one column only: 'customer_id date amount'"),
    ],
)
def test_missing_columns(write, header, message):
    with pytest.raises(SchemaError, match=message):
        read_transactions(write(header + "\n" + GOOD.split("\n", 1)[1].replace(",", "," if "," in header else " ")))


def test_missing_kept_column(write):
    path = write(GOOD.replace("amount", "amount,Region").replace("1\n", "1,N\n", 1))
    with pytest.raises(SchemaError, match=r"has no column 'region'; .*Did you mean keep='Region'"):
        read_transactions(path, keep=["region"])


@pytest.mark.parametrize(
    ("title", "columns", "message"),
    [
        ("Orders of 2024\n\n", {}, r"stand in line 3: delete the 2 lines above, or pass over them with skip_lines=2"),
        ("Orders,,\nas of,2024,\n", {}, "stand in line 3"),
        ("Orders\n", {"customer_id": "Kunde", "date": "Datum", "amount": "Wert"}, "stand in line 2: delete the 1 line"),
        ("Orders\n", {"keep": ["region"]}, "stand in line 2"),
        ("Orders\n", {"amount": "Netto"}, "stand in line 2"),  # two of three are enough
    ],
)
def test_lines_above_the_column_names(write, title, columns, message):
    header = ",".join(list(columns.values())[:3]) + "\n" if "date" in columns else HEADER
    path = write(title + GOOD.replace(HEADER, header))
    with pytest.raises(SchemaError, match=message):
        read_transactions(path, **columns)
    if len(columns) in (0, 3):
        log = read_transactions(path, **columns, skip_lines=title.count("\n"))
        assert (log.account.rows_read, log.account.excluded) == (3, 0)


@pytest.mark.parametrize(
    ("rows", "skip", "error", "message"),
    [
        (GOOD, -1, DomainError, "skip_lines=-1 must be a whole number"),
        (GOOD, 1.5, DomainError, "skip_lines=1.5 must be a whole number"),
        (None, 1, DomainError, "skip_lines=1 is for text files"),
        (GOOD, 9, SchemaError, "holds no text below its first 9 lines"),
    ],
    ids=["negative", "fraction", "no text file", "beyond the end"],
)
def test_impossible_lines_to_skip(write, small, rows, skip, error, message):
    with pytest.raises(error, match=message):
        read_transactions(small if rows is None else write(rows), skip_lines=skip)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"amount": "date"}, r"column 'date' is asked for more than once \(date='date', amount='date'\)"),
        ({"keep": ["date"]}, r"column 'date' is asked for more than once \(date='date', keep='date'\)"),
        ({"keep": "region"}, r"write keep=\['region'\]"),
        ({"keep": ["rows"]}, "cannot be called 'rows'"),
    ],
)
def test_mapped_columns_clash(write, columns, message):
    with pytest.raises(SchemaError, match=message):
        read_transactions(write(GOOD), **columns)


@pytest.mark.parametrize("typed", [False, True], ids=["text", "frame"])
def test_doubled_column_names(write, typed):
    text = "customer_id,date,amount,amount\na,2024-01-01,1,2\n"
    names, row = (line.split(",") for line in text.splitlines())
    with pytest.raises(SchemaError, match="more than one column called 'amount'"):
        read_transactions(pd.DataFrame([row], columns=names) if typed else write(text))


def test_doubled_names_of_columns_that_are_not_asked_for(write):
    assert len(summarise(read_transactions(write(GOOD.replace("\n", ",x,y\n").replace("x,y", "n,n", 1))))) == 2


@pytest.mark.parametrize(
    ("content", "name", "error", "message"),
    [
        (b"", "log.csv", SchemaError, r"'log.csv' is empty"),
        ("\n\n  \n", "log.csv", SchemaError, "holds no text"),
        ("sep=;\n", "log.csv", SchemaError, "has no line of column names"),
        (HEADER, "log.csv", DomainError, r"'log.csv' has column names but no rows"),
        (b"PK\x03\x04", "log.xlsx", SchemaError, r"'log\.xlsx' is not a workbook that can be read"),
        (GOOD, "log.doc", SchemaError, r"'log\.doc' is of a type that cannot be read .*save the table as CSV"),
        ("x" * 200_000 + "\n1\n", "log.csv", SchemaError, r"'log\.csv' cannot be read: field larger than"),
    ],
    ids=["empty", "blank lines", "separator only", "header only", "no workbook", "other type", "endless field"],
)
def test_files_that_are_no_logs(write, content, name, error, message):
    with pytest.raises(error, match=message):
        read_transactions(write(content, name))


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (".", "is a directory"),
        ("log.cvs", r"there is no file 'log\.cvs'; did you mean 'log\.csv'"),
        ("nowhere/log.csv", r"there is no file 'log\.csv'$"),
        ("a" * 5000 + ".csv", "cannot be read: File name too long"),
    ],
    ids=["folder", "misspelt", "absent", "too long"],
)
def test_places_without_a_log(write, tmp_path, place, message):
    write(GOOD)
    with pytest.raises(SchemaError, match=message):
        read_transactions(tmp_path / place)


@pytest.mark.parametrize(
    ("table", "error", "message"),
    [
        (pd.DataFrame(columns=["customer_id", "date", "amount"]), DomainError, "column names but no rows"),
        (pd.DataFrame(), SchemaError, "the pandas table has no columns"),
        ([1, 2], SchemaError, "cannot be read from list"),
    ],
    ids=["no rows", "no columns", "list"],
)
def test_objects_that_are_no_logs(table, error, message):
    with pytest.raises(error, match=message):
        read_transactions(table)


def test_a_workbook_called_csv(tmp_path):
    with zipfile.ZipFile(tmp_path / "log.csv", "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(SchemaError, match=r"'log\.csv' is not a workbook that can be read"):
        read_transactions(tmp_path / "log.csv")


@pytest.mark.parametrize("seed", range(2))
def test_garbage(write, seed):
    garbage = np.random.default_rng(seed).bytes(20_000)
    with pytest.raises(SchemaError, match=r"holds binary data|not a text file"):
        read_transactions(write(garbage))
    with pytest.raises(SchemaError, match="is not a Parquet file"):
        read_transactions(write(garbage, "log.parquet"))


def test_binary_after_a_good_start(write):
    with pytest.raises(SchemaError, match="binary data"):
        read_transactions(write(GOOD.encode() + b"\x00\xff\x00"))


def test_text_called_parquet_and_the_reverse(write, small):
    with pytest.raises(SchemaError, match="is not a Parquet file"):
        read_transactions(write(GOOD, "log.parquet"))
    path = write(b"", "x.parquet")
    small.to_parquet(path)
    log = read_transactions(path.rename(path.with_suffix(".csv")))
    assert (log.source.kind, log.account.rows_read) == ("parquet", len(small))


def test_decimal_commas_between_commas(write):
    text = HEADER + "a,2024-01-01,1,50\nb,2024-01-02,2,50\n"
    with pytest.raises(
        SchemaError, match=r"2 lines of 'log.csv' cannot be split .*line 2: more than 3 .*decimal commas"
    ):
        read_transactions(write(text))


def test_open_quotes(write):
    with pytest.raises(SchemaError, match="cannot be split"):
        read_transactions(write(HEADER + '"a,2024-01-01,1\n' + GOOD[24:]))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            "a,soon,1\na,later,2\nb,never,3\n",
            r"3 of 3 rows of 'log.csv' have no readable date \(first: line 2: 'soon'",
        ),
        (
            "a,01.02.2024,1\na,31.02.2024,2\nb,13.02.2024,3\nb,14.02.2024,3\n",
            r"1 of 4 rows .* no readable date \(first: line 3: '31.02.2024'\)",
        ),
        ("a,,1\nb,,1\n", "no readable date .*line 2: no date"),
        ("a,01/02/2024,1\nb,03/04/2024,1\n", r"day and month cannot be told .* column 'date': 2 rows .*'%m/%d/%Y'"),
        ("a,13/02/2024,1\nb,02/13/2024,1\nc,14/02/2024,1\nd,01/02/2024,1\n", "cannot be told apart"),
    ],
    ids=["words", "30 February", "none", "day or month", "both orders in one column"],
)
def test_unreadable_dates(write, rows, message):
    with pytest.raises(DomainError, match=message):
        read_transactions(write(HEADER + rows))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([["a", 4492, 1.0], ["b", 4493, 1.0]], r"no readable date \(first: row 1: '4492'"),
        ([["a", "9999-12-31", 1.0]], "no readable date .*'9999-12-31'"),
    ],
    ids=["small numbers", "placeholder"],
)
def test_unreadable_dates_of_a_frame(rows, message):
    with pytest.raises(DomainError, match=message):
        log_of(*rows)


@pytest.mark.parametrize("date_format", ["%Q", "%d.%m.", "dd.mm.yyyy", ""])
def test_impossible_date_format(write, date_format):
    with pytest.raises(DomainError, match=r"date_format|no readable date"):
        read_transactions(write(GOOD), date_format=date_format)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            "a,2024-01-01,much\na,2024-01-02,2\nb,2024-01-03,?\n",
            r"2 of 3 rows of 'log.csv' have no readable amount \(first: line 2: 'much'; line 4",
        ),
        (
            'a,2024-01-01,"1,5"\na,2024-01-02,2.5\nb,2024-01-03,2.5\n',
            "1 of 3 rows .* no readable amount .*'1,5'",
        ),
        (
            'a,2024-01-01,"1,234"\na,2024-01-02,"5,678"\nb,2024-01-03,3\n',
            "decimal mark of column 'amount' is unclear: 2 rows .*'1,234'",
        ),
    ],
    ids=["words", "two decimal marks in one column", "thousands or decimals"],
)
def test_unreadable_amounts(write, rows, message):
    with pytest.raises(DomainError, match=message):
        read_transactions(write(HEADER + rows))


@pytest.mark.parametrize(
    ("amounts", "error", "message"),
    [
        ([float("inf"), 1.0], DomainError, "1 of 2 rows .* no readable amount .*'inf'"),
        ([pd.Timestamp("2024-01-01")], SchemaError, "column 'amount' holds timestamp"),
    ],
    ids=["infinite", "moments"],
)
def test_unreadable_amounts_of_a_frame(amounts, error, message):
    with pytest.raises(error, match=message):
        log_of(*(["ab"[n], "2024-01-01", amount] for n, amount in enumerate(amounts)))


@pytest.mark.parametrize(
    ("odd", "delimiter", "date", "message"),
    [
        (
            ["99.90"],
            ";",
            "02.01.2024",
            r"400 rows can be .* \(such as '1\.100'\), and only 1 row .*'99\.90'\) decides\.",
        ),
        (["99.90"] * 399, ";", "02.01.2024", r"only 399 rows \(such as '99\.90'\) decide\."),
        (["99.90"] * 19, "|", "2024-01-02", r"only 19 rows .* decide\. Say which it is with decimal='\.' or"),
        (["99,90"] * 19, "|", "2024-01-02", r"only 19 rows \(such as '99,90'\)"),
        ([], ";", "02.01.2024", "no other row decides"),
    ],
)
def test_a_few_odd_cells_do_not_decide_the_decimal_mark(write, odd, delimiter, date, message):
    texts = [f"{1 + n % 9}.{100 + n}" for n in range(400)] + ["500"] * 300 + odd
    rows = [delimiter.join(["a", date, text]) for text in texts]
    with pytest.raises(DomainError, match=message):
        read_transactions(write("\n".join([delimiter.join(["customer_id", "date", "amount"]), *rows]) + "\n"))


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        (
            "a,2024-01-01,-1\nb,2024-01-01,-2\n",
            {},
            "no purchase is left of the 2 rows of 'log.csv'. credit .*line 2: '-1'",
        ),
        (",2024-01-01,1\n ,2024-01-01,2\n", {}, "no purchase is left .*customer id missing: 2 rows"),
        (
            "a,2024-01-01,-1\n",
            {"refunds": "net"},
            "no purchase is left .*without a purchase of that day: 1 row",
        ),
        (
            "a,2190-01-01,1\nb,2190-01-02,2\n",
            {},
            "date in the future: 2 rows .*are kept with future='keep'",
        ),
    ],
    ids=["credit notes", "no ids", "netted", "future"],
)
def test_nothing_left(write, rows, options, message):
    with pytest.raises(DomainError, match=message):
        read_transactions(write(HEADER + rows), **options)


@pytest.mark.parametrize(
    "options", [{"refunds": "drop"}, {"zero_amounts": "no"}, {"duplicates": None}, {"decimal": ";"}, {"future": "no"}]
)
def test_unknown_choices(write, options):
    with pytest.raises(DomainError, match="is not understood; choose"):
        read_transactions(write(GOOD), **options)


def test_messages_never_hold_a_folder(tmp_path, write):
    with pytest.raises(DomainError, match="column names but no rows") as error:
        read_transactions(write(HEADER))
    assert str(tmp_path) not in str(error.value)


@pytest.mark.parametrize(
    ("rows", "end", "message"),
    [
        ([("a", 1), ("a", 5)], None, "only 1 customer with a purchase up to 2024-01-05"),
        ([("a", 1), ("a", 1), ("b", 5)], None, "none of 2 customers bought on a second day"),
        ([("a", 1), ("b", 1)], None, "every purchase lies on one day, 2024-01-01"),
        (
            [("a", 1), ("b", 1), ("b", 2)],
            "2024-01-01",
            "every first purchase lies on the last day of observation, 2024-01-01",
        ),
    ],
    ids=["one customer", "nobody twice", "one day", "nobody observed"],
)
def test_logs_that_teach_nothing(rows, end, message):
    log = log_of(*([who, f"2024-01-{day:02d}", 1.0] for who, day in rows))
    with pytest.raises(DomainError, match=message):
        summarise(log, observation_end=end)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"observation_end": "2023-12-31"},
            "observation_end='2023-12-31' lies outside the data: the purchases run from",
        ),
        ({"observation_end": "2024-03-06"}, "observation_end='2024-03-06' lies outside .* 2024-01-01 to 2024-02-05"),
        (
            {"observation_end": "2024-01-20", "holdout_end": "2024-03-06"},
            r"holdout_end='2024-03-06' lies outside the data: .* state the day .* such as log_end='2024-03-06'",
        ),
        ({"observation_end": "2024-03-06"}, r"Choose an earlier day; or, if the log .* log_end='2024-03-06'"),
        ({"observation_end": "2024-02-10", "log_end": "2024-02-09"}, "and the log is complete up to 2024-02-09"),
        ({"log_end": "2024-02-04"}, "log_end='2024-02-04' lies before the last purchase, 2024-02-05.* observation_end"),
        (
            {"log_end": "2204-02-06"},
            "lies 65,744 days after .* longer than all purchases span .35 days. and than a year. Check the year",
        ),
        ({"log_end": "06/02/2024"}, "log_end='06/02/2024' is not a date"),
        ({"observation_end": "2024-01-20", "holdout_end": "2024-01-20"}, "must lie after observation_end"),
        ({"holdout_end": "2024-01-20"}, "without observation_end"),
        ({"observation_end": "30.02.2024"}, "observation_end='30.02.2024' is not a date"),
        ({"time_unit": "weeks"}, "time_unit='weeks' is not understood; choose 'D', 'W', 'M' or 'Y'"),
        ({"inactivity_months": 0}, "whole number, 1 or more"),
        ({"inactivity_months": 1.5}, "whole number, 1 or more"),
    ],
)
def test_dates_and_options(small, options, message):
    with pytest.raises(DomainError, match=message):
        summarise(read_transactions(small), **options)


def test_unknown_cohort(small):
    with pytest.raises(SchemaError, match=r"cohort='region' is not known; .*read the log with keep=\['region'\]"):
        summarise(read_transactions(small), cohort="region")


@pytest.mark.parametrize(
    ("rows", "entries", "message"),
    [
        (3, [("kept", "x", 2)], "does not add up: 2 rows accounted for, 3 read"),
        (2, [("lost", "x", 2)], "unknown fate 'lost'"),
        (2, [("kept", "x", 3), ("merged", "x", -1)], "negative count"),
    ],
)
def test_an_account_that_does_not_add_up(rows, entries, message):
    with pytest.raises(DomainError, match=message):
        RowAccount(rows, tuple(Entry(*entry) for entry in entries))


FRAME = pd.DataFrame({"customer_id": ["b", "a"], "frequency": [2, 0], "recency": [3.0, 0.0], "T": [5.0, 4.0]})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"frequency": [1.5, 0]}, r"whole number, 0 or more: violated in 1 row \(first: customers 'b'\)"),
        ({"frequency": [-1, 0]}, "whole number, 0 or more"),
        ({"recency": [5.1, 0.0]}, "recency must lie between 0 and T"),
        ({"recency": [3.0, 1.0]}, r"recency must be 0 where frequency is 0: .*'a'"),
        ({"recency": [0.0, 0.0]}, "recency must be above 0 where frequency is"),
        ({"T": [np.nan, 4.0]}, "must be finite"),
        ({"T": [np.inf, 4.0]}, "must be finite"),
        ({"customer_id": ["a", "a"]}, "customer_id stands more than once: violated in 2 rows"),
        ({"monetary_value": [-1.0, np.nan]}, "monetary_value must be 0 or more"),
    ],
)
def test_impossible_customer_tables(change, message):
    with pytest.raises(DomainError, match=message):
        CustomerSummary.from_frame(FRAME.assign(**change), time_unit="W")


@pytest.mark.parametrize(
    ("table", "options", "error", "message"),
    [
        (FRAME[["customer_id", "frequency"]], {}, SchemaError, "no column 'recency' and no column 'T'"),
        (FRAME.assign(T=["4", "5"]), {}, SchemaError, "'T' of the customer table is not numeric"),
        (FRAME.iloc[:0], {}, DomainError, "has no rows"),
        (FRAME, {"window": 4}, DomainError, "window=4 is shorter than the longest T, 5"),
        (FRAME, {"holdout_length": 0}, DomainError, "holdout_length=0 must be above 0"),
        (FRAME, {"time_unit": "w"}, DomainError, "time_unit='w'"),
    ],
    ids=["columns", "text", "rows", "window", "holdout", "unit"],
)
def test_incomplete_customer_tables(table, options, error, message):
    with pytest.raises(error, match=message):
        CustomerSummary.from_frame(table, **{"time_unit": "W", **options})


@pytest.mark.parametrize(
    ("until", "message"),
    [
        ("soon", "until='soon' is not a date"),
        ("1996-12-31", "until=1996-12-31 lies before the first purchase, 1997-01-01"),
    ],
)
def test_purchases_by_day_takes_dates_only(cdnow_log, until, message):
    with pytest.raises(DomainError, match=message):
        purchases_by_day(cdnow_log, until=until)


def test_purchases_by_day_takes_a_moment_for_its_day(cdnow_log):
    assert purchases_by_day(cdnow_log, until=dt.datetime(1997, 1, 2, 5, tzinfo=dt.UTC))["date"].size == 2


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"holdout_purchases": [-4, 1]}, {"holdout_length": 4}, "holdout_purchases must be a whole number, 0 or more"),
        ({"holdout_purchases": [0.5, 1]}, {"holdout_length": 4}, "holdout_purchases must be a whole number"),
        ({"holdout_purchases": [np.inf, 1]}, {"holdout_length": 4}, "holdout_purchases must be a whole number"),
        ({"holdout_purchases": [1, 1]}, {"holdout_length": np.inf}, "holdout_length=inf must be above 0, and finite"),
        ({}, {"inactivity_months": -3}, "inactivity_months=-3 must be a whole number, 1 or more"),
        ({}, {"window": np.inf}, "window=inf is not finite"),
        ({"customer_id": ["a", None]}, {}, "customer_id is missing in 1 row"),
        ({"frequency": 0, "recency": 0.0, "T": 0.0}, {}, "nobody was observed for any time"),
    ],
)
def test_tables_that_mean_nothing(change, options, message):
    with pytest.raises(DomainError, match=message):
        CustomerSummary.from_frame(FRAME.assign(**change), time_unit="W", **options)


def test_only_a_log_can_be_summarised():
    with pytest.raises(SchemaError, match="takes what read_transactions returns, not a DataFrame"):
        summarise(FRAME)
