"""Settings in files: kundenwert.toml, what `init` writes into it, and a manifest that is given back."""

import json
import re

import pandas as pd
import pytest
from command_line import GOOD, kundenwert, purchases, refused

import kundenwert as kw
from kundenwert.cli import options
from kundenwert.errors import KundenwertError, SchemaError
from kundenwert.settings import Reading, Sampling, Shaping, Terms, document
from kundenwert.settings.record import documented, plain

TOML = """source = "log.csv"
[reading]
duplicates = "drop"
where = []
[shaping]
observation_end = "30.09.2023"
holdout_end = 2024-01-31
cohort = "none"
time_unit = "D"
[sampling]
draws = 60
[sampling.priors]
half_life = "LogNormal(mu=0, sigma=1)"
[terms]
margin = "35 %"
cac = "12,50 €"
horizon = inf
[output]
german_csv = true
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with a log and settings, to stand in."""
    monkeypatch.chdir(tmp_path)
    purchases(60).to_csv("log.csv", index=False)
    (tmp_path / "kundenwert.toml").write_text(TOML, encoding="utf-8")
    return tmp_path


def test_a_document_holds_the_records(place):
    found = document.load(place / "kundenwert.toml")
    assert found.source == (str(place / "log.csv"),)
    assert (found.terms.margin, found.terms.cac, found.terms.horizon) == (0.35, 12.5, float("inf"))
    assert str(found.shaping.observation_end) == "2023-09-30"
    assert found.sampling == Sampling(draws=60, priors={"half_life": "LogNormal(mu=0, sigma=1)"})
    assert found.reading == Reading(duplicates="drop")
    assert found.stated["time_unit"] == "D"
    assert "seed" not in found.stated


def test_the_file_speaks_where_the_command_line_does_not(place):
    ended = kundenwert("summarise", "--out", "s.csv")
    assert ended.code == 0, ended.err
    assert ended.err.startswith("settings are taken from 'kundenwert.toml'\n")
    assert ended.err.endswith("to 2023-09-30\n")
    table = pd.read_csv("s.csv", sep=";", decimal=",", encoding="utf-8-sig")
    assert table["T"].max() == (pd.Timestamp("2023-09-30") - pd.to_datetime(purchases(60)["date"]).min()).days
    assert set(table["cohort"]) == {"all"}
    words = ["--observation-end", "2023-10-31", "--cohort", "quarter"]
    ended = kundenwert("summarise", "log.csv", "--out", "s.csv", *words)
    assert ended.err.endswith("to 2023-10-31\n")
    table = pd.read_csv("s.csv", sep=";", decimal=",", encoding="utf-8-sig")
    assert set(table["cohort"]) == {"2023-Q1", "2023-Q2"}


def test_another_file_is_named_and_paths_start_from_it(place, monkeypatch):
    (place / "kundenwert.toml").rename(place / "march.toml")
    (place / "beside").mkdir()
    monkeypatch.chdir(place / "beside")
    assert kundenwert("summarise", "--out", "s.csv").code == 1
    ended = kundenwert("summarise", "--config", "../march.toml", "--out", "s.csv")
    assert ended.code == 0
    assert "settings are taken" not in ended.err


def test_a_cost_on_the_command_line_puts_the_file_of_costs_aside(place):
    text = TOML.replace('cac = "12,50 €"', 'cac_file = "costs.csv"')
    (place / "kundenwert.toml").write_text(text, encoding="utf-8")
    assert "costs.csv" in kundenwert("check").err.splitlines()[-1]
    assert kundenwert("check", "--cac", "5").code == 0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "margin",
            "margni",
            r"states 'margni' in \[terms\], which is no setting there; known: .*did you mean 'margin'\?",
        ),
        ("[terms]", "[termes]", r"has 'termes', which is not known; .*did you mean 'terms'\?"),
        ('source = "log.csv"', "margin = 1", r"has 'margin', which is not known; .*write it below \[terms\]"),
        ("draws", "margin", r"'margin' in \[sampling\].*write it below \[terms\]"),
        ("draws = 60", "draws = 6", r"kundenwert\.toml: draws=6 must be a whole number, 50 or more"),
        ('"35 %"', '"much"', r"margin='much' is not a number"),
        ('"30.09.2023"', '"31.09.2023"', r"'31\.09\.2023' is not a date"),
        ("where = []", 'where = "a = b"', r"where='a = b' is one text where a list is meant; write where=\['a = b'\]"),
        ('"drop"', '"dorp"', r"duplicates='dorp' is not understood; choose 'keep' or 'drop'"),
        ("[terms]", "[terms", r"cannot be read: .*line 14"),
        ("half_life", "half_live", r"no prior on 'half_live'; known: .*did you mean 'half_life'\?"),
        ("LogNormal(mu=0", "open(mu=0", r"PyMC has no distribution 'open'"),
        ("mu=0", "mu=__import__('os')", r"is not understood; write a distribution with numbers by name"),
        ('source = "log.csv"', "source = 3", r"source is a path, or a list of paths"),
        ('source = "log.csv"', "", r"no transaction log is named; give its path, or state it in kundenwert\.toml"),
    ],
)
def test_what_a_file_states_is_checked(place, old, new, message):
    (place / "kundenwert.toml").write_text(TOML.replace(old, new), encoding="utf-8")
    ended = kundenwert("fit", "--out", "posterior")
    refused(replaced(ended), message, place / "posterior")


def replaced(ended):
    """Return how a command ended without its word that a settings file was used."""
    return type(ended)(ended.code, ended.out, ended.err.removeprefix("settings are taken from 'kundenwert.toml'\n"))


@pytest.mark.parametrize("record", [Reading, Shaping, Sampling, Terms])
def test_every_setting_is_described(record):
    names = list(plain(record()))
    assert set(documented(record)) >= set(names)
    assert all(documented(record)[name].endswith(".") for name in names)


def test_every_setting_is_offered_once():
    named = [name for section in document.SECTIONS.values() for name in plain(section())]
    assert len(named) == len(set(named))
    assert set(options.ROLES) <= set(plain(Reading()))


def test_priors_reach_the_models(place, monkeypatch):
    def fit(model, summary, **_):
        priors = {name: str(prior) for name, prior in (model.priors or {}).items()}
        raise KundenwertError(f"{model.name} has {priors}")

    monkeypatch.setattr("kundenwert.bayes.fit", fit)
    ended = kundenwert("fit", "--out", "posterior")
    assert ended.err.endswith("kundenwert: pareto_nbd has {'half_life': 'LogNormal(mu=0, sigma=1)'}\n")


# --- init ---------------------------------------------------------------------------------------------------------


def test_init_writes_what_it_sees(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    log = purchases(60)
    log["amount"] = log["amount"].map("{:.2f}".format).str.replace(".", ",")
    log["date"] = pd.to_datetime(log["date"]).dt.strftime("%d.%m.%Y")
    log.to_csv("log.csv", index=False, sep=";")
    ended = kundenwert("init", "log.csv")
    assert (ended.code, ended.out) == (0, "kundenwert.toml\n")
    text = (tmp_path / "kundenwert.toml").read_text(encoding="utf-8")
    found = document.load("kundenwert.toml")
    assert (found.source, found.reading.decimal, found.reading.date_format) == (("log.csv",), ",", "%d.%m.%Y")
    assert (found.reading.customer_id, found.reading.date, found.reading.amount) == ("customer_id", "date", "amount")
    assert re.search(r"# Purchases from 2023-01-0\d to 2024-0[12]-\d\d", text)
    assert '# observation_end = "2023-10-31"' in text
    assert "# channel (5)" in text
    assert "';'" in text
    assert kundenwert("check").code in (0, 4)
    refused(kundenwert("init", "log.csv"), "'kundenwert.toml' is there already; .*--overwrite")
    assert kundenwert("init", "log.csv", "--overwrite").code == 0
    stated = text.replace("# observation_end", "observation_end").replace("# holdout_end", "holdout_end")
    (tmp_path / "kundenwert.toml").write_text(stated, encoding="utf-8")
    assert "purchase in the hold-out" in kundenwert("check").err


def test_init_where_rows_cannot_be_read_says_why(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "log.csv").write_text("customer_id,date,amount\na,01/02/2024,1\nb,03/04/2024,1\n")
    ended = kundenwert("init", "log.csv")
    assert ended.code == 0
    assert "caution: day and month cannot be told apart" in ended.err
    text = (tmp_path / "kundenwert.toml").read_text(encoding="utf-8")
    assert "# The source cannot be read as it is: day and month cannot be told apart" in text
    assert document.load("kundenwert.toml").source == ("log.csv",)


def test_init_recognises_columns_and_names_others(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = GOOD.replace("customer_id,date,amount", "Kundennr;Belegdatum;Umsatz").replace(",", ";")
    (tmp_path / "log.csv").write_text(
        re.sub(r"(?m);(\d)$", r";\1,50;x", rows).replace("Umsatz", "Umsatz;Rechnungsdatum")
    )
    ended = kundenwert("init", "log.csv", "--date", "Belegdatum")
    assert ended.code == 0, ended.err
    found = document.load("kundenwert.toml").reading
    assert (found.customer_id, found.date, found.amount, found.decimal) == ("Kundennr", "Belegdatum", "Umsatz", ",")
    assert '# or: date = "Rechnungsdatum"' in (tmp_path / "kundenwert.toml").read_text(encoding="utf-8")


def test_init_never_replaces_its_source(tmp_path):
    source = tmp_path / "log.csv"
    source.write_text(GOOD)
    refused(kundenwert("init", source, "--out", source, "--overwrite"), "is read by this command")
    assert source.read_text() == GOOD


# --- check --------------------------------------------------------------------------------------------------------


def test_check_says_what_became_of_the_rows(tmp_path, monkeypatch):
    monkeypatch.setattr("kundenwert.bayes.fit", None)
    source = tmp_path / "log.csv"
    purchases(60).to_csv(source, index=False)
    fine = kundenwert("check", source)
    rows = len(purchases(60))
    assert fine.code == 0
    assert fine.out == ""
    assert fine.err.startswith(f"log.csv: {rows:,} rows\n")
    with source.open("a") as file:
        file.write("Summe,2023-06-01,5,web\n")
    ended = kundenwert("check", source, "--json")
    assert ended.code == 4
    told = json.loads(ended.out)
    assert told["verdict"] == "caution"
    assert told["rows"]["rows_read"] == rows + 1 == sum(entry["count"] for entry in told["rows"]["entries"])
    assert "total-word-kept" in [note["code"] for note in told["rows"]["notes"] if note["caution"]]
    assert told["revenue"] == pytest.approx(purchases(60)["amount"].sum() + 5)
    assert "exit code" in kundenwert("check", "--help").out


def test_check_refuses_what_a_report_would(tmp_path):
    source = tmp_path / "log.csv"
    source.write_text(GOOD)
    ended = kundenwert("check", source, "--json", "--margin", "30")
    assert ended.code == 1
    source.write_text(GOOD.replace("2024", "soon"))
    ended = kundenwert("check", source, "--json")
    assert ended.code == 1
    told = json.loads(ended.out)
    assert (told["verdict"], told["code"]) == ("refused", "dates-unreadable")
    assert told["message"] in ended.err


# --- a manifest given back ----------------------------------------------------------------------------------------


def test_a_manifest_repeats_the_run(world, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kundenwert.toml").write_text("[terms]\nmargin = 0.9\n")  # another run's
    ended = kundenwert("report", world.source, "--from", run.out / "manifest.json", "--out", "again")
    assert ended.code == 0, ended.err
    for name in ("customers.csv", "cohorts.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (run.out / name).read_bytes()
    options = [json.loads((folder / "manifest.json").read_text()) for folder in (run.out, tmp_path / "again")]
    assert options[0]["options"] == options[1]["options"]
    assert options[0]["options"]["terms"]["cac_file"] == "costs.csv"


def test_a_manifest_holds_to_its_source(world, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    manifest, out = run.out / "manifest.json", tmp_path / "again"
    refused(kundenwert("report", "--from", manifest, "--out", out), r"which the manifest's run read, is not here", out)
    changed = tmp_path / world.source.name
    changed.write_bytes(world.source.read_bytes() + b"C1,2023-02-01,5,web\n")
    (tmp_path / "costs.csv").write_bytes(world.costs.read_bytes())
    refused(kundenwert("report", "--from", manifest, "--out", out), r"has changed .* pass --allow-changed-source", out)
    changed.write_bytes(world.source.read_bytes())
    (tmp_path / "costs.csv").write_text("cohort,cac\nweb,1\n")
    refused(kundenwert("report", "--from", manifest, "--out", out), r"'costs\.csv' has changed", out)
    words = ["--from", manifest, "--out", out, "--config", "kundenwert.toml"]
    refused(kundenwert("report", *words), r"--from and --config are both given")


@pytest.mark.parametrize(
    ("content", "message"),
    [("{", "it is no JSON"), ("[]", "it holds no settings"), ('{"options": {"seed": 1}}', "it holds no settings")],
)
def test_what_is_no_manifest(tmp_path, content, message):
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(SchemaError, match=f"'manifest.json' is no manifest .*: {message}"):
        document.load_manifest(tmp_path / "manifest.json")


def test_settings_from_python_are_those_of_the_file(place):
    found = document.load("kundenwert.toml")
    summary = kw.summarise(kw.read_transactions(found.source[0], found.reading), found.shaping)
    assert (summary.time_unit, str(summary.holdout_end)) == ("D", "2024-01-31")
