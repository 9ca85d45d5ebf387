"""`fit`, `predict` and `compare`: stored posteriors, and values from them."""

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from command_line import GOOD, NEVER, kundenwert, purchases, refused

from kundenwert.bayes import load_fit
from kundenwert.errors import KundenwertError
from kundenwert.files.kinds import rounded
from kundenwert.files.publish import claimed


def test_fit(fitted):
    ended = fitted.ended["fit"]
    assert ended.code == 0
    assert ended.out.split() == [str(fitted.folder / "fit" / name) for name in ("posterior.nc", "spend_posterior.nc")]
    assert "pareto_nbd: " in ended.err
    assert not NEVER.search(ended.err)
    assert sorted(file.name for file in (fitted.folder / "fit").iterdir()) == ["posterior.nc", "spend_posterior.nc"]


@pytest.mark.parametrize(("model", "made"), [("bg-nbd", "bg_nbd"), ("NBD", "nbd"), ("mbg-cnbd", "mbg_cnbd")])
def test_another_law_of_purchases(fitted, tmp_path, model, made):
    ended = kundenwert("fit", fitted.source, "--out", tmp_path / "fit", "--model", model, "--draws", 60, "--chains", 2)
    assert f"{made}: " in ended.err
    assert load_fit(tmp_path / "fit" / "posterior.nc").model.name == made
    out = tmp_path / "v.csv"
    valued = kundenwert("predict", fitted.source, "--fit", tmp_path / "fit", "--out", out, "--allow-unconverged")
    assert valued.code == 0, valued.err
    assert pd.read_csv(out)["rlv_mean"].notna().all()


def test_auto_says_which_law_it_chose_and_why(fitted, tmp_path):
    ended = kundenwert("fit", fitted.source, "--out", tmp_path / "fit", "--model", "auto", "--draws", 60, "--chains", 2)
    assert re.search(r"--model auto: .* on purchases that none had seen", ended.err), ended.err


@pytest.mark.parametrize(("said", "made"), [("on", "gamma_gamma_first"), ("off", "gamma_gamma")])
def test_first_purchases_are_looked_at_as_asked(fitted, tmp_path, said, made):
    words = ["--first-value", said, "--draws", 60, "--chains", 2]
    ended = kundenwert("fit", fitted.source, "--out", tmp_path / "fit", *words)
    assert ended.code in (0, 3), ended.err
    spend = load_fit(tmp_path / "fit" / "spend_posterior.nc")
    assert (spend.model.name, spend.info["first_value"]) == (made, f"{said}: asked for")
    out = tmp_path / "v.csv"
    valued = kundenwert("predict", fitted.source, "--fit", tmp_path / "fit", "--out", out, "--allow-unconverged")
    assert valued.code == 0, valued.err
    once = pd.read_csv(out).query("frequency == 0")["expected_spend_mean"]
    assert (once.max() > once.min()) == (said == "on")


def test_whether_first_purchases_are_looked_at_is_told(fitted):
    """By default the data say, and the stored fit keeps why."""
    found = re.search(r"--first-value auto: (first purchases (do not )?tell what .*)", fitted.ended["fit"].err)
    spend = load_fit(fitted.folder / "fit" / "spend_posterior.nc")
    assert found, fitted.ended["fit"].err
    assert spend.info["first_value"] == found[1]
    assert spend.model.name == ("gamma_gamma" if found[2] else "gamma_gamma_first")


def test_a_law_that_does_not_exist_is_refused(fitted, tmp_path):
    ended = kundenwert("fit", fitted.source, "--out", tmp_path / "fit", "--model", "pareto")
    refused(
        ended,
        r"--model .pareto. is no law of purchases; known: pareto-nbd, nbd, bg-nbd, mbg-nbd, mbg-cnbd",
        tmp_path / "fit",
    )


def test_one_customer_who_never_came_back_is_valued(fitted, stored, tmp_path):
    """Nothing can be learned from one customer, and nothing has to be: the posteriors are there."""
    source, out = tmp_path / "one.csv", tmp_path / "one-value.csv"
    source.write_text("customer_id,date,amount\na,2023-05-01,20\n", encoding="utf-8")
    words = ["--log-end", "2023-10-31", "--horizon", 40, "--margin", 0.3, "--seed", 5, "--allow-unconverged"]
    ended = kundenwert("predict", source, "--fit", stored, "--out", out, *words)
    assert ended.code == 0, ended.err
    assert pd.read_csv(out)["frequency"].tolist() == [0]
    assert kundenwert("fit", source, "--out", tmp_path / "fit", "--log-end", "2023-10-31").code == 1


def test_an_unconverged_fit_is_refused(fitted, stored, failed, tmp_path):
    for name in ("posterior.nc", "spend_posterior.nc"):
        replace(load_fit(stored / name), diagnosis=failed).save(tmp_path / "bad" / name)
    out = tmp_path / "v.csv"
    words = ["--fit", tmp_path / "bad", "--out", out, "--observation-end", "2023-10-31"]
    ended = kundenwert("predict", fitted.source, *words)
    refused(ended, r"purchase model did not converge: .*R-hat 1\.7", out)
    assert "--allow-unconverged" in ended.err
    allowed = kundenwert("predict", fitted.source, *words, "--allow-unconverged")
    assert allowed.code == 0
    assert re.findall(r"(?m)^caution: the (\w+) model did not converge", allowed.err) == ["purchase", "spend"]
    assert out.exists()


def test_report_on_an_unconverged_fit(fitted, stored, failed, tmp_path, monkeypatch):
    def fit(model, summary, **_):
        name = "posterior.nc" if model.name == "pareto_nbd" else "spend_posterior.nc"
        return replace(load_fit(stored / name), diagnosis=failed)

    monkeypatch.setattr("kundenwert.bayes.fit", fit)
    ended = kundenwert("report", fitted.source, "--out", tmp_path / "out", "--observation-end", "2023-10-31")
    refused(ended, r"purchase model did not converge", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_fit_ends_with_a_code_of_its_own_where_it_did_not_converge(fitted, stored, failed, tmp_path, monkeypatch):
    def fit(model, summary, **_):
        name = "posterior.nc" if model.name == "pareto_nbd" else "spend_posterior.nc"
        found = load_fit(stored / name)
        return found if model.name == "pareto_nbd" else replace(found, diagnosis=failed)

    monkeypatch.setattr("kundenwert.bayes.fit", fit)
    ended = kundenwert("fit", fitted.source, "--out", tmp_path / "out", "--observation-end", "2023-10-31")
    assert ended.code == 3
    assert "gamma_gamma_first: NOT CONVERGED" in ended.err
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["posterior.nc", "spend_posterior.nc"]
    assert "exit code 3" in " ".join(kundenwert("fit", "--help").out.split())


@pytest.mark.parametrize(
    ("cohorts", "covariates", "info", "used"),
    [
        (("cohort",), (), {"cohort": "Region"}, "Region"),
        ((), ("cohort",), {"cohort": "quarter"}, "quarter"),
        (("Region",), (), {"cohort": "Region"}, "month"),
        (("cohort",), (), {}, "month"),  # an older fit
    ],
)
def test_the_cohort_is_that_of_the_fit_unless_stated(tmp_path, monkeypatch, cohorts, covariates, info, used):
    def read(journey, source, reading, shaping, *_, **__):
        raise KundenwertError(f"cohort is {shaping.cohort}")

    plain = SimpleNamespace(model=SimpleNamespace(cohorts=(), covariates=()), info={"cohort": "none"})
    own = SimpleNamespace(model=SimpleNamespace(cohorts=cohorts, covariates=covariates), info=info)
    monkeypatch.setattr("kundenwert.cli.steps.load_both", lambda *_: (plain, own))
    monkeypatch.setattr("kundenwert.cli.steps.read_and_summarise", read)
    for command in ("predict", "compare"):
        words = [command, tmp_path / "log.csv", "--fit", tmp_path, "--out", tmp_path / "v.csv"]
        assert kundenwert(*words).err == f"kundenwert: cohort is {used}\n"
        assert kundenwert(*words, "--cohort", "week").err == "kundenwert: cohort is week\n"


def test_predict_for_ever_and_for_strangers(stored, tmp_path):
    source, out = tmp_path / "new.csv", tmp_path / "v.parquet"
    purchases(30, seed=8)[["customer_id", "date", "amount"]].to_csv(source, index=False)
    words = ["--fit", stored, "--out", out, "--horizon", "inf", "--allow-unconverged"]
    assert kundenwert("predict", source, *words).code == 0
    table = pd.read_parquet(out)
    assert len(table) == 30
    assert np.isfinite(table[["rlv_q05", "rlv_q50", "rlv_q95", "purchases_q95"]]).to_numpy().all()
    assert list(table.columns[:2]) == ["customer_id", "cohort"]


def test_german_way_out(fitted, stored, tmp_path):
    out = tmp_path / "werte.csv"
    words = ["--fit", stored, "--out", out, "--observation-end", "2023-10-31", "--allow-unconverged", "--german-csv"]
    assert kundenwert("predict", fitted.source, *words).code == 0
    content = out.read_bytes()
    assert content.startswith(b"\xef\xbb\xbfcustomer_id;cohort;first_purchase;")
    table = pd.read_csv(out, sep=";", decimal=",", encoding="utf-8-sig", dtype={"customer_id": str})
    assert table["rlv_mean"].dtype == float
    assert table["first_purchase"].str.fullmatch(r"\d\d\.\d\d\.2023").all()
    assert "0007" in set(table["customer_id"])


@pytest.mark.usefixtures("stored")
def test_full_precision_is_that_of_the_parquet_file(fitted, tmp_path):
    words = ["--fit", fitted.folder / "fit", "--seed", 5, "--observation-end", "2023-10-31", "--allow-unconverged"]
    for name in ("v.csv", "v.parquet"):
        more = ["--full-precision"] if name == "v.csv" else []
        assert kundenwert("predict", fitted.source, "--out", tmp_path / name, *words, *more).code == 0
    table, exact = pd.read_csv(tmp_path / "v.csv"), pd.read_parquet(tmp_path / "v.parquet")
    for name in ("T", "rlv_mean", "clv_q95", "p_alive_mean"):
        assert table[name].tolist() == exact[name].tolist()
        assert table[name].tolist() != rounded(exact)[name].tolist()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--time-unit", "M"], r"fitted in units of 'W', the summary is in 'M'"),
        (["--margin", "30"], r"margin is 30; .*30 % is 0\.3"),
        (["--out", "v.xlsx"], r"v\.xlsx: a table is written as \.csv or \.parquet"),
    ],
)
def test_predict_refuses(fitted, stored, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    words = words if "--out" in words else ["--out", "v.csv", *words]
    ended = kundenwert("predict", fitted.source, "--fit", stored, "--allow-unconverged", *words)
    refused(ended, message)
    assert list(tmp_path.iterdir()) == []


def test_predict_without_a_fit(tmp_path):
    source = tmp_path / "log.csv"
    purchases(20).to_csv(source, index=False)
    nowhere = kundenwert("predict", source, "--fit", tmp_path / "nowhere", "--out", tmp_path / "v.csv")
    refused(nowhere, r"(no|not|missing).*", tmp_path / "v.csv")
    assert "nowhere" in nowhere.err
    assert "is not a stored fit" not in nowhere.err  # there is none that could be one
    for name in ("posterior.nc", "spend_posterior.nc"):
        (tmp_path / name).write_bytes(b"\x89HDF\r\n\x1a\n garbage")
    garbage = kundenwert("predict", source, "--fit", tmp_path, "--out", tmp_path / "v.csv")
    refused(garbage, r"posterior\.nc is not a stored fit of this program .*fit again", tmp_path / "v.csv")


def test_a_column_of_the_fit_that_is_called_otherwise(tmp_path, monkeypatch):
    own = SimpleNamespace(model=SimpleNamespace(cohorts=("Region",), covariates=()), info={})
    monkeypatch.setattr("kundenwert.cli.steps.load_both", lambda *_: (own, own))
    source = tmp_path / "log.csv"
    source.write_text(GOOD.replace("amount", "amount,region").replace("1\n", "1,N\n"))
    ended = kundenwert("predict", source, "--fit", tmp_path, "--out", tmp_path / "v.csv")
    refused(ended, r"no column 'Region'; .*Did you mean 'region' \(it must be called as in the fit\)\?")


def test_posteriors_of_two_runs_are_not_valued_together(fitted, stored, tmp_path):
    other, mixed, out = tmp_path / "other", tmp_path / "mixed", tmp_path / "v.csv"
    again = kundenwert("fit", fitted.source, "--out", other, "--observation-end", "2023-10-31", "--draws", 100)
    assert again.code == 0, again.err
    mixed.mkdir()
    shutil.copy(stored / "posterior.nc", mixed)
    shutil.copy(other / "spend_posterior.nc", mixed)
    ended = kundenwert("predict", fitted.source, "--fit", mixed, "--out", out, "--observation-end", "2023-10-31")
    refused(ended, "together; fit again, or give the folder of one run", out)


def test_a_folder_in_use_is_refused_before_the_work(fitted, tmp_path):
    with claimed(tmp_path / "out"):
        held = subprocess.run(
            [sys.executable, "-c", "from kundenwert.cli import main; main()", "fit", str(fitted.source),
             "--out", str(tmp_path / "out")],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert held.returncode == 1
    assert "another run" in held.stderr
