"""Sheets of workbooks."""

import datetime as dt

import pytest
import xlsxwriter

from kundenwert.data import read_transactions
from kundenwert.errors import DomainError, SchemaError
from kundenwert.settings import Reading
from kundenwert.sources import open_source

HEADING = ["customer_id", "date", "amount"]
NOON = dt.datetime(2024, 1, 5, 12)  # noqa: DTZ001 (workbooks know no time zones)
GOOD = [HEADING, ["a", dt.date(2024, 1, 5), 12.5], ["b", dt.date(2024, 1, 7), 3]]


@pytest.fixture
def book(tmp_path):
    """Write sheets of rows: `book(Orders=rows, Other=rows)`; names of hidden sheets end in `_hidden`."""

    def _book(**sheets):
        path = tmp_path / "log.xlsx"
        with xlsxwriter.Workbook(path, {"default_date_format": "dd.mm.yyyy"}) as workbook:
            for name, rows in sheets.items():
                sheet = workbook.add_worksheet(name)
                for i, row in enumerate(rows):
                    for j, cell in enumerate(row):
                        (sheet.write_string if isinstance(cell, str) and cell[:1] != "=" else sheet.write)(i, j, cell)
                if name.endswith("_hidden"):
                    sheet.hide()
        return path

    return _book


def columns(path, **reading):
    opened = open_source(path, Reading(**reading))
    rows = opened.table.order_by("row").to_pyarrow()
    return {name: rows[f"c{i}"].to_pylist() for i, name in enumerate(opened.names)}, opened


def test_cells_keep_their_kinds(book):
    rows = [
        [*HEADING, "at", "yes", "sum", "none"],
        [12, dt.date(2024, 1, 5), 0.1 + 0.2, NOON, True, "=1+1"],
        [13, dt.date(2024, 2, 29), 31.445, None, False, None],
    ]
    found, opened = columns(book(Orders=rows))
    assert found["customer_id"] == [12.0, 13.0]
    assert found["date"] == [dt.date(2024, 1, 5), dt.date(2024, 2, 29)]
    assert found["amount"] == [0.3, 31.445]
    assert found["at"][0] == NOON
    assert found["yes"] == ["true", "false"]
    assert found["none"] == [None, None]
    assert (opened.info.kind, opened.info.name, len(opened.info.sha256)) == ("excel", "log.xlsx", 64)
    log = read_transactions(book(Orders=rows), keep=["sum"])
    assert sorted(log.purchases.to_pyarrow()["customer_id"].to_pylist()) == ["12", "13"]


def test_texts_among_numbers_and_days_are_written_alike(book):
    rows = [HEADING, [78, "04.01.2023", "69,90"], ["0012", dt.date(2023, 1, 7), 72.8], [3, dt.date(2023, 2, 1), 31.445]]
    found, _ = columns(book(Orders=rows))
    assert found == {
        "customer_id": ["78", "0012", "3"],
        "date": ["04.01.2023", "07.01.2023", "01.02.2023"],
        "amount": ["69,90", "72,8", "31,4450"],
    }
    purchases = read_transactions(book(Orders=rows)).purchases.order_by("date").to_pyarrow()
    assert purchases["amount"].to_pylist() == [69.9, 72.8, 31.445]


@pytest.mark.parametrize(
    ("texts", "written"),
    [
        (["1/25/2024", "2/3/2024"], "03/04/2024"),
        (["25/1/2024"], "04/03/2024"),
        (["2/3/2024"], "2024-03-04"),
        (["2024-01-02", "n/a"], "2024-03-04"),
        (["02.01.24"], "04.03.24"),
        (["soon"], "2024-03-04"),
    ],
)
def test_a_day_among_texts(book, texts, written):
    found, _ = columns(book(Orders=[HEADING, *([1, text, 1] for text in texts), [1, dt.date(2024, 3, 4), 1]]))
    assert found["date"][-1] == written


def test_ids_that_a_workbook_has_damaged_are_seen_as_such(book):
    found, _ = columns(book(Orders=[HEADING, [4711000000000000000, "2024-01-01", 1], [12, "2024-01-02", 2]]))
    assert found["customer_id"] == ["4.711E+18", "12"]


def test_error_cells_are_texts(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "log.xlsx") as workbook:
        workbook.add_worksheet("Other")
        sheet = workbook.add_worksheet("Orders")
        sheet.write_row(1, 1, HEADING)
        for i in range(30):
            sheet.write_row(2 + i, 1, ["a", f"2024-01-{i + 1:02d}", 5])
        sheet.write_formula(4, 1, "=VLOOKUP(1,A1:B2,2)", None, "#N/A")
        sheet.write_formula(9, 3, "=1/0", None, "#DIV/0!")
    log = read_transactions(tmp_path / "log.xlsx")
    told = {entry.code: [str(place) for place in entry.first] for entry in log.account.entries if entry.count}
    assert told["placeholder-id"] == ["sheet 'Orders' row 5: customer '#N/A'"]
    assert told["bad-amount"] == ["sheet 'Orders' row 10: '#DIV/0!'"]


@pytest.mark.parametrize(
    "above",
    [
        [["All orders"], []],
        [["Orders", "2024"], [], ["as of", dt.date(2024, 5, 1)]],
        [[], [None, "Shop"]],
    ],
)
def test_titles_are_no_column_names(book, above):
    log = read_transactions(book(Orders=[*above, *GOOD]))
    assert (log.account.rows_read, log.account.kept) == (2, 2)


def test_column_names_that_are_stated_are_found(book):
    above = [["Firma", "Zeitraum", "Stand"], ["Muster GmbH", "2024", "heute"], []]
    rows = [*above, ["Konto", "Tag", "Wert"], *GOOD[1:]]
    path = book(Orders=rows)
    assert read_transactions(path, customer_id="Konto", date="Tag", amount="Wert").account.rows_read == 2
    assert read_transactions(path, customer_id="Konto", date="Tag", amount="Wert", skip_lines=3).account.kept == 2
    with pytest.raises(SchemaError, match=r"stand in line 4: .*skip_lines=3"):
        read_transactions(book(Orders=[*above, *GOOD]))
    with pytest.raises(SchemaError, match="no row of column names below its first 9 rows"):
        read_transactions(path, skip_lines=9)


def test_empty_rows_are_no_rows_and_places_are_true(book):
    rows = [
        HEADING,
        *GOOD[1:],
        [],
        ["", None, ""],
        ["c", "no day", 7],
        *([f"d{i}", dt.date(2024, 3, 1), 1] for i in range(30)),
    ]
    log = read_transactions(book(Orders=rows))
    assert log.account.rows_read == 33
    assert str(log.account.entries[-1].first[0]) == "sheet 'Orders' row 6: 'no day'"


@pytest.fixture
def shelf(book):
    """Write a workbook with an empty sheet, two that may be meant, and a hidden one."""
    return book(Notes=[], Orders=GOOD, Returns=[HEADING, ["z", dt.date(2024, 1, 1), 9]], Old_hidden=GOOD)


@pytest.mark.parametrize(("table", "rows"), [("Orders", 2), ("3", 1), ("Old_hidden", 2)])
def test_a_sheet_is_chosen_by_name_or_number(shelf, table, rows):
    assert read_transactions(shelf, table=table).account.rows_read == rows


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (None, r"holds 2 sheets: 'Orders', 'Returns'.*table='Orders'"),
        ("order", r"no sheet 'order' \(did you mean 'Orders'\?\)"),
    ],
)
def test_a_sheet_that_is_not_clear(shelf, table, message):
    with pytest.raises(SchemaError, match=message):
        read_transactions(shelf, table=table)


def test_the_only_sheet_with_rows_needs_no_name(book):
    assert read_transactions(book(Notes=[["as of today"]], Orders=GOOD, B_hidden=GOOD)).account.rows_read == 2
    with pytest.raises(SchemaError, match="holds no sheet with rows"):
        read_transactions(book(Notes=[]))


def test_what_is_no_workbook(tmp_path, book):
    (tmp_path / "page.xls").write_text("<html><table><tr><td>customer_id</td></tr></table></html>")
    with pytest.raises(
        SchemaError, match=r"is a web page or XML, whatever its name says; open it .*save it as \.xlsx or CSV"
    ):
        read_transactions(tmp_path / "page.xls")
    (tmp_path / "text.xls").write_text("customer_id\tdate\tamount\na\t2024-01-01\t5\nb\t2024-01-02\t6\n")
    assert read_transactions(tmp_path / "text.xls").source.kind == "csv"
    path = book(Orders=GOOD)
    assert read_transactions(path.rename(tmp_path / "log.csv")).source.kind == "excel"
    (tmp_path / "cut.xlsx").write_bytes((tmp_path / "log.csv").read_bytes()[:3000])
    with pytest.raises(SchemaError, match=r"'cut\.xlsx' is not a workbook that can be read"):
        read_transactions(tmp_path / "cut.xlsx")


def test_a_table_is_not_for_text(tmp_path):
    (tmp_path / "log.csv").write_text("customer_id,date,amount\na,2024-01-01,5\n")
    with pytest.raises(DomainError, match=r"table='Orders' names a sheet .*'log\.csv' is neither"):
        read_transactions(tmp_path / "log.csv", table="Orders")
