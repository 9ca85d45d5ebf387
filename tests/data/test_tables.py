"""Acquisition costs by cohort: written as people write them, or refused in one sentence."""

import datetime as dt

import pandas as pd
import pytest

import kundenwert as kw
from kundenwert.data import tables
from kundenwert.data.tables.small import period
from kundenwert.errors import DomainError, SchemaError
from kundenwert.messages import Code


def read_costs(path):
    return tables.read_costs(path).stated()


@pytest.mark.parametrize(
    "text",
    [
        "cohort,cac\nweb,35\nfair,120.5\n",
        "cohort;cac\nweb;35\nfair;120,5\n",
        "cohort\tcac\nweb\t35,0\nfair\t120,50\n",
        "\ufeffcohort;cac\r\nweb;35\r\nfair;120,5\r\n",
        "cohort,cac\n\n web , 35 \nfair,120.5",
        'cac,note,cohort\n35,"a, b",web\n"120,5",,fair\n',
    ],
)
def test_costs(write, text):
    assert read_costs(write(text)) == {"web": 35.0, "fair": 120.5}


def test_cohorts_are_texts(write):
    text = 'cohort,cac\n0001,1\n2023-01,2\n"a;b,c",3\n=1+1,4\n$x^2$,5\nNA,6\nnan,0\n'
    costs = {"0001": 1, "2023-01": 2, "a;b,c": 3, "=1+1": 4, "$x^2$": 5, "NA": 6, "nan": 0}
    assert read_costs(write(text)) == costs


def test_a_german_spreadsheet_in_its_own_encoding(write):
    assert read_costs(write("cohort;cac\nSüd;3,5\nMünchen;4\n", encoding="cp1252")) == {"Süd": 3.5, "München": 4.0}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cohort,cost\nweb,3\n", r"costs\.csv holds no table of costs: no column 'cac'; it has cohort, cost"),
        ("kohort,cac\nweb,3\n", r"no column 'cohort'; .*did you mean to rename 'kohort'"),
        ("web,3\nfair,4\n", r"no column 'cohort'; it has web, 3"),
        ('cohort,cac\nweb,3,4,5\n"x', r"costs\.csv"),
        (b"\x00\x01\xff\xfe\xfa" * 10, r"costs\.csv"),
        ("", r"costs\.csv"),
        ("\n\n", r"costs\.csv"),
        ("hello", r"costs\.csv"),
    ],
)
def test_no_table_of_costs(write, text, message):
    with pytest.raises(SchemaError, match=message):
        read_costs(write(text, "costs.csv"))


@pytest.mark.parametrize(
    ("text", "costs"),
    [
        ("cohort;cac\nMesse;1.200\nWeb;35,5\n", (1200.0, 35.5)),
        ("cohort;cac\nMesse;1.200\nWeb;35.5\n", (1.2, 35.5)),
        ("cohort;cac\nMesse;1,200\nWeb;35.50\n", (1200.0, 35.5)),
        ("cohort;cac\nMesse;1.200,00\nWeb;1.300\n", (1200.0, 1300.0)),
        ("cohort;cac\nMesse;1.200.000\nWeb;1.300\n", (1_200_000.0, 1300.0)),
        ("cohort;cac\nMesse;1.200,50 €\nWeb;EUR 35\n", (1200.5, 35.0)),
        ("cohort,cac\nMesse,$1 200\nWeb,0.125\n", (1200.0, 0.125)),
        ("cohort,cac\nMesse,1200\nWeb,1e3\n", (1200.0, 1000.0)),
    ],
)
def test_thousands_and_decimals_are_told_apart_over_the_column(write, text, costs):
    assert read_costs(write(text)) == dict(zip(("Messe", "Web"), costs, strict=True))


def test_one_odd_cost_does_not_divide_all_others_by_a_thousand(write):
    text = "cohort;cac\nMesse;1.200\nWeb;1.300\nFax;35.5\n"
    with pytest.raises(
        DomainError, match=r"amounts of column 'cac' such as '1\.200' can be read as thousands or as decimals"
    ):
        read_costs(write(text))


@pytest.mark.parametrize("cost", ["1.200", "1,200"])
def test_thousands_that_could_be_decimals_are_refused(write, cost):
    with pytest.raises(
        DomainError,
        match=rf"costs\.csv: amounts of column 'cac' such as '{cost}' can be read as .*; write them without",
    ):
        read_costs(write(f"cohort;cac\nMesse;{cost}\nWeb;35\n", "costs.csv"))


@pytest.mark.parametrize("cost", ["-3", "much", "", "1.2.3", "1,23,4", "nan", "inf", "35 %"])
def test_costs_that_are_none(write, cost):
    with pytest.raises(DomainError, match=r"costs\.csv: .*amount"):
        read_costs(write(f'cohort,cac\nweb,1\nfair,"{cost}"\n', "costs.csv"))


def test_two_costs_for_a_cohort(write):
    with pytest.raises(
        DomainError, match=r"'cohort' must stand once for each cohort; .*2 rows .*line 2: 'web'; line 4: 'web'"
    ):
        read_costs(write("cohort,cac\nweb,1\nfair,2\n web ,1\n"))


def test_header_alone(write):
    with pytest.raises((SchemaError, DomainError), match="costs"):
        read_costs(write("cohort,cac\n", "costs.csv"))


def test_the_example_is_one_that_is_unclear(tmp_path):
    file = tmp_path / "costs.csv"
    rows = [f"c{i},{1 + i / 1000:.3f}" for i in range(100, 140)]
    file.write_text("\n".join(["cohort,cac", "a,99.50", *rows]), encoding="utf-8")
    with pytest.raises(DomainError, match=r"such as '1\.100' can be read"):
        read_costs(file)


def spent(write, *rows):
    return tables.read_costs(write("Kanal;Monat;Kostenart;Kosten\n" + "\n".join(rows) + "\n"))


@pytest.fixture
def won():
    """Three customers won by web, one by fair, over two months."""
    days = ["2024-01-03", "2024-01-20", "2024-02-02", "2024-02-09"]
    log = pd.DataFrame({"customer_id": list("abcd"), "date": days, "amount": 10.0, "channel": ["web"] * 3 + ["fair"]})
    again = log.assign(date="2024-02-20")
    read = kw.read_transactions(pd.concat([log, again]), keep=["channel"])
    return kw.summarise(read, cohort="channel")


def test_money_spent_is_divided_by_the_customers_won_for_it(write, won):
    costs = spent(
        write, "web;2024-01;Werbung;100,00", "web;2024-02;Werbung;30", "fair;;acquisition;80", ";;activation;8"
    )
    found, notes = costs.by_cohort(won)
    assert found == {"web": pytest.approx((100 + 30) / 3 + 2), "fair": 82.0}
    assert notes == ()


@pytest.mark.parametrize(
    ("row", "code", "count", "money"),
    [
        ("web;2024-03;Werbung;50", Code.COST_AFTER_END, 1, 50.0),
        ("fair;2024-01;Werbung;50", Code.COST_WITHOUT_CUSTOMERS, 1, 50.0),
        ("TV;;Werbung;70", Code.COST_WITHOUT_CUSTOMERS, 1, 70.0),
    ],
)
def test_money_that_is_in_nobodys_cost_is_told(write, won, row, code, count, money):
    _, notes = spent(write, "web;;Werbung;90", "fair;;Werbung;10", row).by_cohort(won)
    assert [(note.code, note.count, note.money) for note in notes] == [(code, count, money)]


def test_customers_without_a_cost_are_counted(write, won):
    found, notes = spent(write, "web;2024-01;Werbung;90").by_cohort(won)
    assert found == {"web": 30.0, "fair": 0.0}
    assert [(note.code, note.count) for note in notes] == [(Code.CUSTOMERS_WITHOUT_COST, 2)]


def test_costs_of_serving_are_kept_apart(write, won):
    costs = spent(write, "web;;Service;12", "web;;Werbung;90", "fair;;Werbung;1")
    assert costs.serving()[["kind", "cost"]].to_numpy().tolist() == [["service", 12.0]]
    assert costs.by_cohort(won)[0] == {"web": 30.0, "fair": 1.0}


def test_costs_of_serving_by_cohort(write, won):
    """Per order, and per customer and year, twelve months a year; a total or a period is told, and not counted."""
    lines = ["web;service;order;1,50", ";retention;customer and year;6", "fair;Betreuung;Kunde und Monat;0,25"]
    lines += [";Service;gesamt;900", "web;Werbung;gesamt;90", "fair;Werbung;gesamt;10"]
    costs = tables.read_costs(write("Kanal;Kostenart;je;Kosten\n" + "\n".join(lines) + "\n"))
    assert costs.running(won) == {
        "order_cost": {"fair": 0.0, "web": 1.5},
        "service_cost": {"fair": pytest.approx(9.0), "web": 6.0},
    }
    found, notes = costs.of(won)
    assert found == {"web": 30.0, "fair": 10.0}
    assert [(note.code, note.count) for note in notes] == [(Code.SERVING_NOT_COUNTED, 1)]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["web;soon;Werbung;1"], r"name no period \(first: line 2: 'soon'\); write a month as 2024-03"),
        (["web;2024-13;Werbung;1"], "name no period"),
        (["web;2024-01;Spesen;1"], r"column 'kind' must be one of acquisition, .* \(first: line 2: 'Spesen'\)"),
        (["web;2024-01;Werbung;-1"], "column 'cost' must be an amount of at least 0"),
        (["web;2024-01;Werbung;1", "web;2024-01;Werbung;2"], "must stand once for each"),
        (["Kino;;Werbung;1"], "states costs of 'Kino', but the cohorts are 'fair', 'web'"),
        (["web;;Service;1"], "states no acquisition and activation costs"),
    ],
)
def test_costs_that_cannot_be_used(write, won, rows, message):
    with pytest.raises(DomainError, match=message):
        spent(write, *rows).by_cohort(won)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2024-03", ("2024-03-01", "2024-03-31")),
        ("3/2024", ("2024-03-01", "2024-03-31")),
        ("Q2 2024", ("2024-04-01", "2024-06-30")),
        ("2024-Q4", ("2024-10-01", "2024-12-31")),
        ("2023", ("2023-01-01", "2023-12-31")),
        ("2024-02-29", ("2024-02-29", "2024-02-29")),
        ("2023-02-29", None),
        ("", None),
    ],
)
def test_periods(text, days):
    found = period(text)
    assert found == (None if days is None else tuple(map(dt.date.fromisoformat, days)))


def masters(write, *rows):
    return tables.read_customers(write("Kundennummer;seit;Branche\n" + "\n".join(rows) + "\n"))


FIRST = pd.Series({"1": pd.Timestamp("2024-06-01"), "2": pd.Timestamp("2024-06-01"), "3": pd.Timestamp("2024-06-01")})


def test_attributes_are_those_of_the_first_purchase(write):
    master = masters(
        write, "1;;Bau", "2;01.01.2024;Handel", "2;01.06.2024;Bau", "2;01.01.2025;Chemie", "3;01.01.2025;Bau"
    )
    found, notes = master.at(FIRST)
    assert found["Branche"].to_dict() == {"1": "Bau", "2": "Bau", "3": "Bau"}
    assert [(note.code, note.count) for note in notes] == [(Code.ATTRIBUTE_STATED_LATER, 1)]


def test_orphans_are_told(write):
    found, notes = masters(write, "1;;Bau", "9;;Handel").at(FIRST)
    assert found["Branche"].isna().tolist() == [False, True, True]
    assert [(note.code, note.count, [str(place) for place in note.first]) for note in notes] == [
        (Code.CUSTOMER_NOT_IN_MASTER, 2, ["customer: '2'", "customer: '3'"]),
        (Code.MASTER_WITHOUT_PURCHASE, 1, ["customer: '9'"]),
    ]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["1;;Bau", "1;;Handel"], "must stand once for each day"),
        ([";;Bau"], "column 'customer_id' must be given"),
        (["1;bald;Bau"], r"cannot be read as a day \(first: line 2: 'bald'\)"),
    ],
)
def test_master_data_that_cannot_be_used(write, rows, message):
    with pytest.raises(DomainError, match=message):
        masters(write, *rows)


def test_master_data_without_attributes(write):
    with pytest.raises(SchemaError, match="no attribute"):
        tables.read_customers(write("customer_id\n1\n"))


def test_attributes_join_the_log_by_ids_written_alike(write):
    rows = pd.DataFrame(
        {
            "customer_id": ["1.0", "2", "2", "3"],
            "date": ["2024-01-01", "2024-01-02", "2024-02-01", "2024-01-05"],
            "amount": 5,
        }
    )
    table = write("Kundennr;seit;Branche;Land\n 1 ;;Bau;DE\n2;01.01.2024;Handel;AT\n2;15.01.2024;Bau;AT\n9;;Bau;DE\n")
    log = kw.read_transactions(rows, customers=table, keep=["Branche"])
    assert log.keep == ("Branche", "Land")
    summary = kw.summarise(log, cohort="Branche", attributes=["Land"])
    assert summary.table.set_index("customer_id")["cohort"].to_dict() == {"1": "Bau", "2": "Handel", "3": "(missing)"}
    assert summary.table["Land"].tolist()[:2] == ["DE", "AT"]
    found = {note.code: note.count for note in log.account.notes}
    assert (found[Code.CUSTOMER_NOT_IN_MASTER], found[Code.MASTER_WITHOUT_PURCHASE]) == (1, 1)


def test_an_attribute_of_the_log_and_of_the_table_is_refused(write):
    rows = pd.DataFrame({"customer_id": ["1", "1"], "date": ["2024-01-01", "2024-01-02"], "amount": 5, "Branche": "x"})
    with pytest.raises(SchemaError, match="column 'Branche' is kept from the log and from the table of customers"):
        kw.read_transactions(rows, customers=write("customer_id;Branche\n1;Bau\n"), keep=["Branche"])
