"""Every mistake is answered in one sentence, before anything is sampled."""

import re

import pandas as pd
import pytest
from command_line import GOOD, HEADER, kundenwert, purchases, refused


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (GOOD.replace("amount", "amuont"), r"no column 'amount'.*Did you mean .*amuont"),
        (
            GOOD.replace("customer_id", "custoner_id"),
            r"no column 'customer_id'.*Did you mean --customer-id 'custoner_id'",
        ),
        (GOOD.replace(",amount", "").replace(",1\n", "\n"), r"no column 'amount'"),
        (GOOD.split("\n", 1)[1], r"The first line must hold the column names"),
        (GOOD.replace("2024", "soon"), r"5 of 5 rows .* have no readable date"),
        (HEADER + "a,01/02/2024,1\nb,03/04/2024,1\n", r"day and month cannot be told apart"),
        (re.sub(r",\d\n", ",much\n", GOOD), r"5 of 5 rows .* have no readable amount"),
        (re.sub(r",\d\n", ",-2\n", GOOD), r"no purchase is left of the 5 rows.*credit note"),
        ("", r"'log\.csv' is empty"),
        ("\n\n", r"holds no text"),
        (HEADER, r"column names but no rows"),
        (HEADER + "a,2024-01-01,1\na,2024-01-09,2\n", r"only 1 customer"),
        (HEADER + "a,2024-01-01,1\nb,2024-01-09,2\nc,2024-01-10,2\n", r"none of 3 customers bought on a second day"),
        (HEADER + "a,2024-01-01,1\na,2024-01-01,2\nb,2024-01-01,2\n", r"lies on one day, 2024-01-01"),
        (GOOD.encode("utf-8") + b"\x00\xff\x00", r"binary data"),
        (b"PK\x03\x04 whatever", r"Excel .*save the table as CSV"),
        (None, r"there is no file 'log\.csv'"),
    ],
)
def test_bad_data(report_on, content, message):
    refused(report_on(content), message)


@pytest.mark.parametrize("name", ["log.parquet", "log.pdf"])
def test_files_of_another_kind(report_on, name):
    refused(report_on(GOOD, name=name), r"not a Parquet file|of a type that cannot be read")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--observation-end", "2024-01-20", "--holdout-end", "2024-06-01"],
            r"--holdout-end '2024-06-01' lies outside",
        ),
        (["--observation-end", "2024-01-20", "--holdout-end", "2024-06-01"], r"such as --log-end '2024-06-01'"),
        (["--log-end", "2023-06-01"], r"--log-end '2023-06-01' lies before the last purchase"),
        (["--observation-end", "2024-01-20", "--holdout-end", "2024-01-10"], r"must lie after --observation-end"),
        (["--holdout-end", "2024-01-20"], r"--holdout-end is given without --observation-end"),
        (["--observation-end", "2030-01-01"], r"--observation-end '2030-01-01' lies outside the data"),
        (["--observation-end", "1999-01-01"], r"--observation-end '1999-01-01' lies outside the data"),
        (["--observation-end", "31.02.2024"], r"'31\.02\.2024' is not a date; write it such as"),
        (["--observation-end", "2024-02-31"], r"'2024-02-31' is not a date"),
        (["--cohort", "amuont"], r"no column 'amuont'"),
        (["--date-format", "%Q"], r"--date-format '%Q' names no year"),
        (["--decimal", "x"], r"--decimal 'x' is not understood"),
        (["--amount", "date"], r"asked for more than once"),
        (["--time-unit", "X"], r'Invalid value "X" for --time-unit. Choose from: "D", "W", "M", "Y"'),
        (["--refunds", "x"], r'Invalid value "x" for --refunds. Choose from: "match", "exclude", "net", "earlier"'),
        (["--horizon", "-3"], r"--horizon"),
        (["--horizon", "soon"], r"--horizon"),
        (["--inactivity-months", "0"], r"--inactivity-months"),
        (["--draws", "3"], r"--draws"),
        (["--chains", "1"], r"--chains"),
        (["--seed", "-1"], r"--seed"),
        (["--amuont", "x"], r"--amuont.*--amount"),
    ],
)
def test_bad_options(report_on, words, message):
    refused(report_on(GOOD, *words), message)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--horizon", "0"], r"--horizon 0\.0 must be above 0"),
        (["--horizon", "nan"], r"horizon"),
        (["--horizon", "inf", "--discount-rate", "0"], r"inf.*discount rate.*(positive discount rate|above 0)"),
        (["--discount-rate", "-0.1"], r"discount rate is -0\.1"),
        (["--discount-rate", "10"], r"discount rate is 10 a year; 10 % is 0\.10"),
        (["--margin", "30"], r"margin is 30; it is a share of revenue, in \(0, 1\], so 30 % is 0\.3"),
        (["--margin", "0"], r"margin is 0"),
        (["--margin", "nan"], r"--margin 'nan' is not a number; write it such as 0\.35"),
        (["--cac", "-5"], r"acquisition cost is -5.*at least 0"),
        (["--cac", "inf"], r"acquisition cost is inf"),
        (["--service-cost", "-1"], r"service cost is -1.*at least 0"),
        (["--order-cost", "much"], r"--order-cost 'much'"),
        (
            ["--cac", "5", "--cac-file", "costs.csv"],
            r"--cac 5\.0 and --cac-file 'costs\.csv' are both given; state one",
        ),
        (["--cac", "0", "--cac-file", "costs.csv"], r"--cac 0\.0 and --cac-file"),
        (["--lifespan-years", "0"], r"lifespan"),
    ],
)
def test_bad_assumptions_are_found_before_sampling(report_on, words, message):
    refused(report_on(GOOD, *words), message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("cohort,cac\n2023-12,3\n", r"no acquisition cost for 1 cohort: '2024-01'"),
        ("cohort,cost\n2024-01,3\n", r"costs\.txt holds no table of costs: no column 'cac'; it has cohort, cost"),
        ("cohort,cac\n2024-01,much\n", r"costs\.txt: 1 cell of column 'cac' .* 'much'"),
        ("", r"costs\.txt"),
        (None, r"costs\.txt"),
    ],
)
def test_bad_costs_are_found_before_sampling(report_on, tmp_path, content, message):
    file = tmp_path / "costs.txt"
    if content is not None:
        file.write_text(content)
    refused(report_on(GOOD, "--cac-file", file), message)


@pytest.mark.parametrize("place", ["log.csv", "log.csv/out"])
def test_a_place_that_is_a_file(tmp_path, no_sampling, place):
    source = tmp_path / "log.csv"
    source.write_text(GOOD)
    refused(kundenwert("report", source, "--out", tmp_path / place), r"log\.csv")
    refused(kundenwert("fit", source, "--out", tmp_path / place), r"log\.csv")
    assert [file.name for file in tmp_path.iterdir()] == ["log.csv"]
    assert source.read_text() == GOOD


def test_options_that_are_missing(tmp_path):
    refused(kundenwert("summarise", tmp_path / "log.csv"), r"parameter --out requires an argument")
    refused(kundenwert("report"), r"parameter --out requires")
    assert kundenwert("nonsense").code == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--effects", "Regio"], r"no column 'Regio'; .*Did you mean --effects 'Region'\?"),
        (["--covariate", "regions"], r"Did you mean --covariate 'Region'\?"),
        (["--cohort", "regio"], r"Did you mean --cohort 'Region'\?"),
        (["--cohort", "Region", "--effects", "machine"], r"Did you mean --effects 'machines'\?"),
        (["--covariate", "date"], r"column 'date' is asked for more than once \(--date 'date', --covariate 'date'\)"),
        (["--effects", "amount"], r"\(--amount 'amount', --effects 'amount'\)"),
        (["--cohort", "customer_id"], r"\(--customer-id 'customer_id', --cohort 'customer_id'\)"),
        (["--amount", "date"], r"\(--date 'date', --amount 'date'\)"),
    ],
)
def test_hints_name_the_option_that_was_given(report_on, words, message):
    ended = report_on(
        re.sub(r"(?m)$", ",Süd,3", GOOD.strip()).replace("amount,Süd,3", "amount,Region,machines"), *words
    )
    refused(ended, message)
    assert "keep" not in ended.err


def test_lines_above_the_column_names(tmp_path, report_on):
    refused(report_on("Orders of 2024\n\n" + GOOD), r"stand in line 3: delete the 2 lines above, or .* --skip-lines 2$")
    out = tmp_path / "s.csv"
    assert kundenwert("summarise", tmp_path / "log.csv", "--out", out, "--skip-lines", "2").code == 0
    assert pd.read_csv(out)["value_to_date"].tolist() == [8.0, 3.0, 4.0]


def test_a_cohort_that_is_nearly_a_column(tmp_path):
    source = tmp_path / "log.csv"
    purchases(20).to_csv(source, index=False)
    ended = kundenwert("summarise", source, "--out", tmp_path / "s.csv", "--cohort", "chanel")
    refused(ended, r"no column 'chanel'; it has .*Did you mean .*'channel'", tmp_path / "s.csv")
    assert "keep=" not in ended.err  # no such option here
