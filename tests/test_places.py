"""What the command line replaces: earlier results of the same command; anything else only when told to."""

import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from kundenwert.cli import app
from kundenwert.errors import KundenwertError, SchemaError
from kundenwert.files.places import FOLDERS, check_out

ROOT = Path(__file__).parents[1]
LOG = "customer_id,date,amount\na,2024-01-01,1\na,2024-01-09,2\na,2024-02-01,5\nb,2024-01-03,3\nc,2024-01-05,4\n"
OTHERS = "customer_id,name\na,Otto\n"


def run(*words):
    try:
        code = app([str(word) for word in words], exit_on_error=False, print_error=False)
    except KundenwertError as error:
        return SimpleNamespace(exception=error, exit_code=1)
    return SimpleNamespace(exception=None, exit_code=code or 0)


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text(LOG)
    return path


def refused(done, message):
    assert isinstance(done.exception, SchemaError)
    assert message in str(done.exception)


@pytest.mark.parametrize("link", ["itself", "symbolic", "hard", "folder"])
def test_a_table_never_replaces_its_source(log, tmp_path, link):
    out = tmp_path / "s.csv"
    if link == "itself":
        out = log
    elif link == "symbolic":
        out.symlink_to(log)
    elif link == "hard":
        os.link(log, out)
    else:
        (tmp_path / "beside").symlink_to(tmp_path)
        out = tmp_path / "beside" / "log.csv"
    for words in ([], ["--overwrite"]):
        refused(run("summarise", log, "--out", out, *words), "is read by this command and would be replaced")
    assert log.read_text() == LOG
    assert sorted(file.name for file in tmp_path.iterdir() if file.name.startswith(".")) == []


@pytest.mark.parametrize(
    ("command", "name"), [("report", "customers.csv"), ("fit", "posterior.nc"), ("simulate", "transactions.csv")]
)
def test_a_folder_of_results_never_replaces_its_source(tmp_path, command, name):
    (tmp_path / name).write_text(LOG)
    with pytest.raises(SchemaError, match=rf"{name} is read by this command"):
        check_out(command, tmp_path, tmp_path / name, overwrite=True)


def test_costs_are_a_source_too(log, tmp_path):
    costs = tmp_path / "cohorts.csv"
    costs.write_text("cohort,cac\n2024-01,3\n")
    with pytest.raises(SchemaError, match=r"cohorts\.csv is read by this command"):
        check_out("report", tmp_path, log, costs, overwrite=True)
    check_out("report", tmp_path / "new", log, None, tmp_path / "nowhere.csv", overwrite=False)


def test_a_table_replaces_only_tables_of_its_command(log, tmp_path):
    out = tmp_path / "s.csv"
    assert run("summarise", log, "--out", out).exit_code == 0
    assert run("summarise", log, "--out", out, "--german-csv").exit_code == 0
    assert run("summarise", log, "--out", out).exit_code == 0
    with pytest.raises(SchemaError, match=r"s\.csv in .* no earlier result of `compare`"):
        check_out("compare", out, log, overwrite=False)
    with pytest.raises(SchemaError, match="no earlier result of `predict`"):
        check_out("predict", out, log, overwrite=False)
    out.write_text(OTHERS)
    refused(run("summarise", log, "--out", out), "choose another --out, or replace with --overwrite")
    assert out.read_text() == OTHERS
    assert run("summarise", log, "--out", out, "--overwrite").exit_code == 0
    assert out.read_text().startswith("customer_id,cohort,first_purchase")
    out.write_text("")
    assert run("summarise", log, "--out", out).exit_code == 0  # an empty file holds nothing to lose


def test_parquet_tables_are_known_too(log, tmp_path):
    out = tmp_path / "s.parquet"
    assert run("summarise", log, "--out", out).exit_code == 0
    assert run("summarise", log, "--out", out).exit_code == 0
    out.write_bytes(b"PAR1 no table")
    refused(run("summarise", log, "--out", out), "no earlier result of `summarise`")


def test_a_population_replaces_only_an_earlier_one(tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "transactions.csv").write_text(LOG)
    words = ["cdnow-like", mine, "--customers", 30]
    refused(run("simulate", *words), "transactions.csv in 'mine' would be replaced")
    assert [file.name for file in mine.iterdir()] == ["transactions.csv"]
    assert run("simulate", *words, "--overwrite").exit_code == 0
    assert run("simulate", *words).exit_code == 0
    refused(run("simulate", mine / "population.json", mine), "population.json is read by this command")


@pytest.mark.parametrize("name", ["cdnow", "mechaforge"])
def test_committed_reports_may_be_made_again(name):
    out, source = ROOT / "reports" / name, ROOT / "data" / name / "transactions.csv"
    check_out("report", out, source, overwrite=False)


def test_a_table_alone_is_no_report(tmp_path):
    source = ROOT / "data" / "cdnow" / "transactions.csv"
    shutil.copy(ROOT / "reports" / "cdnow" / "customers.csv", tmp_path / "customers.csv")
    with pytest.raises(SchemaError, match=r"customers\.csv in .* no earlier result of `report`"):
        check_out("report", tmp_path, source, overwrite=False)
    check_out("predict", tmp_path / "customers.csv", source, overwrite=False)
    (tmp_path / "manifest.json").write_text(json.dumps({"name": "a web page"}))
    with pytest.raises(SchemaError, match=r"manifest\.json, customers\.csv in"):
        check_out("report", tmp_path, source, overwrite=False)


def test_a_report_is_not_taken_apart(tmp_path, log):
    for name in FOLDERS["report"]:
        (tmp_path / name).write_text("x")
    (tmp_path / "manifest.json").write_text(json.dumps({"versions": {"kundenwert": "0.1.0"}}))
    shutil.copy(ROOT / "reports" / "cdnow" / "customers.csv", tmp_path / "customers.csv")
    check_out("report", tmp_path, log, overwrite=False)
    with pytest.raises(
        SchemaError, match=r"posterior\.nc, spend_posterior\.nc, manifest\.json in .* are no earlier result of `fit`"
    ):
        check_out("fit", tmp_path, log, overwrite=False)
    with pytest.raises(SchemaError, match=r"customers\.csv in .* is no earlier result of `predict`"):
        check_out("predict", tmp_path / "customers.csv", log, overwrite=False)
    (tmp_path / "manifest.json").unlink()
    check_out("fit", tmp_path, log, overwrite=False)
    (tmp_path / "spend_posterior.nc").unlink()
    with pytest.raises(SchemaError, match="`fit`"):
        check_out("fit", tmp_path, log, overwrite=False)
