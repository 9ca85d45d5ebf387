"""Acquisition costs by cohort: written as people write them, or refused in one sentence."""

import pytest

from kundenwert.data.costs import read_costs
from kundenwert.errors import DomainError, SchemaError


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
        ("cohort,cost\nweb,3\n", r"costs\.csv has no column 'cac'; it has cohort, cost"),
        ("Cohort,cac\nweb,3\n", r"no column 'cohort'; it has Cohort, cac; did you mean to rename 'Cohort'"),
        ("kohort,cac\nweb,3\n", r"no column 'cohort'; .*did you mean to rename 'kohort'"),
        ("web,3\nfair,4\n", r"no column 'cohort'; it has web, 3"),
        ('cohort,cac\nweb,3,4,5\n"x', r"holds no table of costs; expected a CSV file with columns cohort, cac"),
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
    with pytest.raises(DomainError, match=r"costs such as '1\.200' can be read as thousands or as decimals"):
        read_costs(write(text))


@pytest.mark.parametrize("cost", ["1.200", "1,200", "1.200 €"])
def test_thousands_that_could_be_decimals_are_refused(write, cost):
    with pytest.raises(DomainError, match=rf"costs\.csv: costs such as '{cost}' can be read as .*; write them without"):
        read_costs(write(f"cohort;cac\nMesse;{cost}\nWeb;35\n", "costs.csv"))


@pytest.mark.parametrize("cost", ["-3", "much", "", "1.2.3", "1,23,4", "nan", "inf", "35 %"])
def test_costs_that_are_none(write, cost):
    with pytest.raises(DomainError, match=r"costs\.csv: 1 costs? .* amount"):
        read_costs(write(f'cohort,cac\nweb,1\nfair,"{cost}"\n', "costs.csv"))


def test_two_costs_for_a_cohort(write):
    with pytest.raises(DomainError, match=r"gives 1 cohorts? more than one cost, first 'web'; keep one row each"):
        read_costs(write("cohort,cac\nweb,1\nfair,2\n web ,1\n"))


def test_header_alone(write):
    with pytest.raises((SchemaError, DomainError), match="costs"):
        read_costs(write("cohort,cac\n", "costs.csv"))


def test_the_example_is_one_that_is_unclear(tmp_path):
    file = tmp_path / "costs.csv"
    rows = [f"c{i},{1 + i / 1000:.3f}" for i in range(100, 140)]
    file.write_text("\n".join(["cohort,cac", "a,99.50", *rows]), encoding="utf-8")
    with pytest.raises(DomainError, match=r"costs such as '1\.100' can be read"):
        read_costs(file)
