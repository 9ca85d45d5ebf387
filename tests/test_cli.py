"""The command line as a user meets it: the whole way on hostile data, and every mistake answered in one sentence."""

import contextlib
import hashlib
import io
import json
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from kundenwert.bayes import load_fit
from kundenwert.cli import main
from kundenwert.errors import KundenwertError
from kundenwert.files.kinds import rounded
from kundenwert.files.places import FOLDERS

COMMANDS = ("report", "summarise", "fit", "predict", "compare", "simulate")
FILES = (
    "cohorts.csv",
    "cohorts.parquet",
    "customers.csv",
    "customers.parquet",
    "manifest.json",
    "posterior.nc",
    "report.html",
    "spend_posterior.nc",
)
COLUMNS = [
    "customer_id",
    "cohort",
    "frequency",
    "recency",
    "T",
    "monetary_value",
    "value_to_date",
    "p_alive_mean",
    "expected_purchases_mean",
    "purchases_q05",
    "purchases_q50",
    "purchases_q95",
    "expected_spend_mean",
    "rlv_mean",
    "rlv_q05",
    "rlv_q50",
    "rlv_q95",
    "expected_rlv_q05",
    "expected_rlv_q95",
    "clv_mean",
    "clv_q05",
    "clv_q50",
    "clv_q95",
    "p_pays_back",
]
HOSTILE_IDS = (
    '=HYPERLINK("http://x")',
    "<script>alert(1)</script>",
    "$x^2$",
    r"$\frac{$",
    "-1+1",
    "@SUM(A1:A9)",
    "+49 170 1",
    'a;b"c,d',
    "line\nbreak",
    "x" * 300,
    "Zoë 顧客 🙂",
    "__proto__",
    "'quoted'",
    "{{ 7*7 }} {0} %s",
    "0007",
)
HOSTILE_COHORTS = ("<img src=x onerror=alert(1)>", r"$\frac{$ 10$", '=cmd|"x"', "Süd & Ost " * 12, "all too plain")
TITLE = 'Q&A <b onclick="x()">bold</b> $x^2$ {{ 7*7 }}'
NEVER = re.compile(r"Traceback|File \"|Error:|pandas\.|duckdb\.")


def purchases(customers=150, *, days=400, start="2023-01-02", seed=7):
    """Make a transaction log: a rate and a lifetime for each customer, purchases on whole days."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(customers):
        first = rng.integers(0, days // 3)
        rate, lifetime = rng.gamma(0.8) / 25, rng.exponential(1 / (rng.gamma(0.8) / 120 + 1e-9))
        gaps = np.cumsum(rng.exponential(1 / rate, 400))
        at = [first, *(first + gaps[gaps < min(lifetime, days - first)]).astype(int)]
        mean = 90 / rng.gamma(4.0)
        rows += [
            (f"C{number:04d}", day, round(rng.gamma(6.0) * mean / 6, 2), HOSTILE_COHORTS[number % 5]) for day in at
        ]
    log = pd.DataFrame(rows, columns=["customer_id", "date", "amount", "channel"])
    log["date"] = (pd.Timestamp(start) + pd.to_timedelta(log["date"], unit="D")).dt.strftime("%Y-%m-%d")
    return log


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


def kundenwert(*words):
    """Run the command line in this process, as its entry point does."""
    out, err, before, code = io.StringIO(), io.StringIO(), sys.argv, 0
    sys.argv = ["kundenwert", *map(str, words)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as end:
        if isinstance(end.code, str):  # what the interpreter does with a text
            err.write(end.code + "\n")
        code = 1 if isinstance(end.code, str) else int(end.code or 0)
    finally:
        sys.argv = before
    return Ended(code, out.getvalue(), err.getvalue())


def start(*words):
    entry = Path(sys.executable).with_name("kundenwert")
    return subprocess.Popen([entry, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end(process):
    out, err = process.communicate(timeout=300)
    return Ended(process.returncode, out, err)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run `report`, and beside it `fit`, then `predict` and `compare` on the fit: all with one seed."""
    folder = tmp_path_factory.mktemp("secret-place")
    log = purchases()
    heavy = log["customer_id"].value_counts().index[: len(HOSTILE_IDS)]
    log["customer_id"] = log["customer_id"].replace(dict(zip(heavy, HOSTILE_IDS, strict=True)))
    source, costs = folder / "log & <i>.csv", folder / "costs.csv"
    log.to_csv(source, index=False)
    pd.DataFrame({"cohort": [name.strip() for name in HOSTILE_COHORTS], "cac": [10, 11, 12, 13, 14.5]}).to_csv(
        costs, index=False
    )
    sampling = ["--draws", 100, "--tune", 150, "--chains", 2, "--seed", 5, "--observation-end", "2023-10-31"]
    data = ["--seed", 5, "--observation-end", "2023-10-31", "--holdout-end", "2024-01-31", "--cohort", "channel"]
    money = ["--horizon", 40, "--margin", 0.3, "--cac-file", costs, "--allow-unconverged"]
    processes = {
        "report": start("report", source, "--out", folder / "out", *sampling, *data[2:], *money, "--title", TITLE),
        "fit": start("fit", source, "--out", folder / "fit", *sampling),
    }
    ended = {name: end(process) for name, process in processes.items()}
    if ended["fit"].code == 0:
        for name, file in (("predict", "values.csv"), ("compare", "comparison.csv")):
            ended[name] = kundenwert(name, source, "--fit", folder / "fit", "--out", folder / file, *data, *money)
    return SimpleNamespace(folder=folder, out=folder / "out", source=source, log=log, ended=ended)


@pytest.fixture(scope="module")
def manifest(run):
    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    return json.loads((run.out / "manifest.json").read_text(encoding="utf-8"), parse_constant=refuse)


@pytest.fixture(scope="module")
def stored(run):
    """Where the fit is; `test_fit` tells why if there is none."""
    assert run.ended["fit"].code == 0
    return run.folder / "fit"


class Page(HTMLParser):
    """Tags, attributes and texts of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.open, self.texts = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in ("meta", "img", "br", "link", "input", "hr"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag):
        assert self.open
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


# --- help ---------------------------------------------------------------------------------------------------------


def test_help_is_cheap():
    code = (
        "import sys\nfrom kundenwert.cli import main\nsys.argv = ['kundenwert', '--help']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "heavy = {'pymc', 'pandas', 'ibis', 'matplotlib', 'numba', 'scipy', 'arviz', 'duckdb', 'pytensor', 'xarray'}\n"
        "print('loaded:', sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert "loaded: []" in done.stdout
    assert all(command in done.stdout for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    ended = kundenwert(command, "--help")
    assert ended.code == 0
    assert ended.err == ""
    wanted = {"--customer-id", "--date", "--amount", "--observation-end", "--time-unit", "--out"}
    if command == "simulate":
        wanted = {"--customers", "--seed", "--german-csv"}
    if command == "report":
        wanted |= {
            "--holdout-end",
            "--horizon",
            "--discount-rate",
            "--margin",
            "--cac",
            "--cohort",
            "--draws",
            "--seed",
        }
    assert wanted <= set(re.findall(r"--[a-z-]+", ended.out))


def test_version():
    assert kundenwert("--version") == Ended(0, f"kundenwert {version('kundenwert')}\n", "")


def test_nothing_given_shows_help():
    ended = kundenwert()
    assert "Usage" in ended.out + ended.err
    assert not NEVER.search(ended.out + ended.err)


# --- the whole way ------------------------------------------------------------------------------------------------


@pytest.mark.xdist_group("cli")
def test_report_says_only_where(run):
    assert run.ended["report"] == Ended(0, f"{run.out / 'report.html'}\n", "")


@pytest.mark.xdist_group("cli")
def test_report_writes_these_files(run):
    assert sorted(file.name for file in run.out.iterdir()) == sorted(FILES) == sorted(FOLDERS["report"])
    assert not [file.name for file in run.folder.iterdir() if file.name.startswith(".")]


@pytest.mark.xdist_group("cli")
def test_customers(run):
    text = (run.out / "customers.csv").read_bytes().decode("utf-8")
    table = pd.read_csv(
        io.StringIO(text), dtype={"customer_id": str, "cohort": str}, keep_default_na=False, na_values=""
    )
    assert [name for name in table.columns if name in COLUMNS] == list(COLUMNS)
    assert table.columns[0] == "customer_id"
    early = run.log[run.log["date"] <= "2023-10-31"]
    assert len(table) == early["customer_id"].nunique()
    exact = pd.read_parquet(run.out / "customers.parquet")
    assert set(exact["customer_id"]) == set(early["customer_id"])
    assert set(exact["cohort"]) == {name.strip() for name in HOSTILE_COHORTS}
    for name in ("customer_id", "cohort"):
        risky = exact[name].str.startswith(("=", "+", "-", "@"))
        assert risky.any()
        assert table[name].tolist() == exact[name].where(~risky, "'" + exact[name]).tolist()
    for name in ("first_purchase", "last_purchase"):
        table[name] = pd.to_datetime(table[name])
    numbers = exact.columns[2:]
    pd.testing.assert_frame_equal(table[numbers], rounded(exact[numbers]), check_dtype=False, rtol=1e-12)
    revenue = early.groupby("customer_id")["amount"].sum()
    assert exact.set_index("customer_id")["value_to_date"].sub(revenue).abs().max() < 1e-9
    assert (exact["clv_mean"] - (0.3 * exact["value_to_date"] + exact["rlv_mean"] - exact["cac"])).abs().max() < 1e-9


@pytest.mark.xdist_group("cli")
def test_values_make_sense(run):
    table = pd.read_parquet(run.out / "customers.parquet")
    assert not table.drop(columns="monetary_value").isna().to_numpy().any()
    assert (table["monetary_value"].isna() == (table["frequency"] == 0)).all()
    assert table["p_alive_mean"].between(0, 1).all()
    assert table["p_pays_back"].between(0, 1).all()
    for stem in ("purchases", "rlv", "clv", "predicted_holdout_purchases", "predicted_holdout_value"):
        assert (table[f"{stem}_q05"] <= table[f"{stem}_q50"]).all()
        assert (table[f"{stem}_q50"] <= table[f"{stem}_q95"]).all()


@pytest.mark.xdist_group("cli")
def test_one_customer_who_never_came_back_is_valued(run, stored, tmp_path):
    """Nothing can be learned from one customer, and nothing has to be: the posteriors are there."""
    source, out = tmp_path / "one.csv", tmp_path / "one-value.csv"
    source.write_text("customer_id,date,amount\na,2023-05-01,20\n", encoding="utf-8")
    words = ["--log-end", "2023-10-31", "--horizon", 40, "--margin", 0.3, "--seed", 5, "--allow-unconverged"]
    ended = kundenwert("predict", source, "--fit", stored, "--out", out, *words)
    assert ended.code == 0, ended.err
    assert pd.read_csv(out)["frequency"].tolist() == [0]
    assert kundenwert("fit", source, "--out", tmp_path / "fit", "--log-end", "2023-10-31").code == 1


@pytest.mark.xdist_group("cli")
def test_no_cell_is_a_formula(run):
    for name in ("customers.csv", "cohorts.csv"):
        table = pd.read_csv(run.out / name, dtype=str, keep_default_na=False)
        for column in table.columns:
            cells = [cell for cell in (column, *table[column]) if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
            assert all(re.fullmatch(r"-\d+(\.\d+)?(e[+-]\d+)?", cell) for cell in cells), cells


@pytest.mark.xdist_group("cli")
def test_cohorts(run):
    table = pd.read_csv(run.out / "cohorts.csv")
    customers = pd.read_parquet(run.out / "customers.parquet")
    assert table["cohort"].str.lstrip("'").tolist() == [*sorted(customers["cohort"].unique()), "all"]
    assert table["customers"].iloc[:-1].sum() == table["customers"].iloc[-1] == len(customers)
    assert table["revenue"].iloc[-1] == pytest.approx(customers["value_to_date"].sum(), rel=1e-9)
    assert table["clv_mean"].iloc[-1] == pytest.approx(customers["clv_mean"].mean(), abs=0.005001)
    exact = pd.read_parquet(run.out / "cohorts.parquet")
    assert exact["clv_mean"].iloc[-1] == pytest.approx(customers["clv_mean"].mean(), rel=1e-9)
    for name in ("revenue", "clv_q05", "p_cohort_pays_back", "purchase_frequency"):
        assert table[name].tolist() == rounded(exact)[name].tolist()


@pytest.mark.xdist_group("cli")
def test_manifest(run, manifest):
    assert manifest["input"]["sha256"] == hashlib.sha256(run.source.read_bytes()).hexdigest()
    assert manifest["input"]["name"] == run.source.name
    rows = manifest["rows"]
    assert rows["rows_read"] == len(run.log)
    assert rows["kept"] + rows["merged"] + rows["excluded"] == len(run.log)
    assert sum(entry["count"] for entry in rows["entries"]) == len(run.log)
    assert manifest["title"] == TITLE
    options = {
        "seed": 5,
        "draws": 100,
        "chains": 2,
        "margin": 0.3,
        "horizon": 40,
        "cohort": "channel",
        "time_unit": "W",
    }
    assert {name: manifest["options"][name] for name in options} == options
    assert {"kundenwert", "pymc", "python", "numpy", "duckdb"} <= set(manifest["versions"])
    assert all(value >= 0 for value in manifest["seconds"].values())
    assert len(manifest["seconds"]) >= 5
    for name in ("purchases", "spend"):
        diagnosis = manifest["models"][name]["diagnosis"]
        assert diagnosis["checks"]
        assert all({"name", "value", "bound", "passed", "where"} <= set(check) for check in diagnosis["checks"])
        assert diagnosis["converged"] == all(check["passed"] for check in diagnosis["checks"])
        assert manifest["models"][name]["seed"] in (5, 6)
    assert bool(manifest["marks"]) == (not all(m["diagnosis"]["converged"] for m in manifest["models"].values()))


@pytest.mark.xdist_group("cli")
@pytest.mark.parametrize("name", ["report.html", "manifest.json", "cohorts.csv", "customers.csv"])
def test_no_place_of_this_machine(run, name):
    text = (run.out / name).read_text(encoding="utf-8")
    for place in (str(run.folder), "secret-place", str(Path(__file__).parents[1]), str(Path.home()) + "/", "/tmp/"):  # noqa: S108
        assert place not in text


@pytest.mark.xdist_group("cli")
def test_stored_posteriors_hold_no_place(run):
    for name in ("posterior.nc", "spend_posterior.nc"):
        assert str(run.folder).encode() not in (run.out / name).read_bytes()


@pytest.mark.xdist_group("cli")
def test_page_is_inert_and_whole(run):
    file = run.out / "report.html"
    assert file.stat().st_size < 5_000_000
    text = file.read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    known = {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "h1",
        "h2",
        "h3",
        "p",
        "div",
        "nav",
        "a",
        "table",
        "caption",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    }
    assert set(page.tags) <= known | {"b", "ul", "li", "figure", "figcaption", "img", "code", "section", "span"}
    for tag, name, value in page.attributes:
        assert not name.startswith("on"), (tag, name)
        assert name not in ("srcset", "action", "formaction", "background", "poster", "srcdoc")
        if name == "src":
            assert value.startswith("data:image/")
        if name == "href":
            assert value.startswith("#")
        if name == "style":
            assert "url(" not in value
    assert not re.search(r"@import|url\(", text)
    shown = "".join(page.texts)
    assert TITLE in shown
    assert "7*7" in shown
    assert [name for name in HOSTILE_IDS if " ".join(name.split()) in " ".join(shown.split())], "none is on the page"
    for cohort in HOSTILE_COHORTS:
        assert cohort.strip() in shown


@pytest.mark.xdist_group("cli")
def test_page_has_all_sections(run):
    page = Page((run.out / "report.html").read_text(encoding="utf-8"))
    anchors = [value for _, name, value in page.attributes if name == "id"]
    wanted = ["data", "models", "fit", "holdout", "cohorts", "why", "decisions", "customers", "limits", "provenance"]
    assert [anchor for anchor in anchors if anchor in wanted] == wanted
    assert {value for _, name, value in page.attributes if name == "href"} == {f"#{anchor}" for anchor in wanted}
    shown = " ".join(page.texts)
    assert (
        len(page.attributes) > page.tags.count("img") == len([1 for tag, name, _ in page.attributes if name == "alt"])
    )
    assert all(value for _, name, value in page.attributes if name == "alt")
    assert page.tags.count("figure") == page.tags.count("figcaption") >= 9
    assert not re.search(r"\b(nan|inf|NaT|None)\b", shown.split("Where these numbers come from")[0])


@pytest.mark.xdist_group("cli")
def test_fit(run):
    ended = run.ended["fit"]
    assert ended.code == 0
    assert ended.out.split() == [str(run.folder / "fit" / name) for name in ("posterior.nc", "spend_posterior.nc")]
    assert "pareto_nbd: " in ended.err
    assert not NEVER.search(ended.err)
    assert sorted(file.name for file in (run.folder / "fit").iterdir()) == ["posterior.nc", "spend_posterior.nc"]


@pytest.mark.xdist_group("cli")
@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize(
    ("command", "file", "same"),
    [("predict", "values.csv", "customers.csv"), ("compare", "comparison.csv", "cohorts.csv")],
)
def test_steps_alone_give_what_report_gives(run, command, file, same):
    ended = run.ended[command]
    assert ended.code == 0
    assert ended.out == f"{run.folder / file}\n"
    assert not NEVER.search(ended.err)
    assert (run.folder / file).read_text(encoding="utf-8") == (run.out / same).read_text(encoding="utf-8")


@pytest.mark.xdist_group("cli")
def test_an_unconverged_fit_is_refused(run, stored, failed, tmp_path):
    for name in ("posterior.nc", "spend_posterior.nc"):
        replace(load_fit(stored / name), diagnosis=failed).save(tmp_path / "bad" / name)
    out = tmp_path / "v.csv"
    words = ["--fit", tmp_path / "bad", "--out", out, "--observation-end", "2023-10-31"]
    ended = kundenwert("predict", run.source, *words)
    refused(ended, r"purchase model did not converge: .*R-hat 1\.7", out)
    assert "--allow-unconverged" in ended.err
    allowed = kundenwert("predict", run.source, *words, "--allow-unconverged")
    assert allowed.code == 0
    assert re.findall(r"(?m)^caution: the (\w+) model did not converge", allowed.err) == ["purchase", "spend"]
    assert out.exists()


@pytest.mark.xdist_group("cli")
def test_report_on_an_unconverged_fit(run, stored, failed, tmp_path, monkeypatch):
    def fit(model, summary, **_):
        name = "posterior.nc" if model.name == "pareto_nbd" else "spend_posterior.nc"
        return replace(load_fit(stored / name), diagnosis=failed)

    monkeypatch.setattr("kundenwert.bayes.fit", fit)
    ended = kundenwert("report", run.source, "--out", tmp_path / "out", "--observation-end", "2023-10-31")
    refused(ended, r"purchase model did not converge", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.xdist_group("cli")
def test_fit_ends_with_a_code_of_its_own_where_it_did_not_converge(run, stored, failed, tmp_path, monkeypatch):
    def fit(model, summary, **_):
        name = "posterior.nc" if model.name == "pareto_nbd" else "spend_posterior.nc"
        found = load_fit(stored / name)
        return found if model.name == "pareto_nbd" else replace(found, diagnosis=failed)

    monkeypatch.setattr("kundenwert.bayes.fit", fit)
    ended = kundenwert("fit", run.source, "--out", tmp_path / "out", "--observation-end", "2023-10-31")
    assert ended.code == 3
    assert "gamma_gamma: NOT CONVERGED" in ended.err
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
    def read(journey, source, *, shaping, **_):
        raise KundenwertError(f"cohort is {shaping['cohort']}")

    plain = SimpleNamespace(model=SimpleNamespace(cohorts=(), covariates=()), info={"cohort": "none"})
    own = SimpleNamespace(model=SimpleNamespace(cohorts=cohorts, covariates=covariates), info=info)
    monkeypatch.setattr("kundenwert.cli.steps.load_both", lambda *_: (plain, own))
    monkeypatch.setattr("kundenwert.cli.steps.read_and_summarise", read)
    for command in ("predict", "compare"):
        words = [command, tmp_path / "log.csv", "--fit", tmp_path, "--out", tmp_path / "v.csv"]
        assert kundenwert(*words).err == f"kundenwert: cohort is {used}\n"
        assert kundenwert(*words, "--cohort", "week").err == "kundenwert: cohort is week\n"


@pytest.mark.xdist_group("cli")
def test_predict_for_ever_and_for_strangers(stored, tmp_path):
    source, out = tmp_path / "new.csv", tmp_path / "v.parquet"
    purchases(30, seed=8)[["customer_id", "date", "amount"]].to_csv(source, index=False)
    words = ["--fit", stored, "--out", out, "--horizon", "inf", "--allow-unconverged"]
    assert kundenwert("predict", source, *words).code == 0
    table = pd.read_parquet(out)
    assert len(table) == 30
    assert np.isfinite(table[["rlv_q05", "rlv_q50", "rlv_q95", "purchases_q95"]]).to_numpy().all()
    assert list(table.columns[:2]) == ["customer_id", "cohort"]


@pytest.mark.xdist_group("cli")
def test_german_way_out(run, stored, tmp_path):
    out = tmp_path / "werte.csv"
    words = ["--fit", stored, "--out", out, "--observation-end", "2023-10-31", "--allow-unconverged", "--german-csv"]
    assert kundenwert("predict", run.source, *words).code == 0
    content = out.read_bytes()
    assert content.startswith(b"\xef\xbb\xbfcustomer_id;cohort;first_purchase;")
    table = pd.read_csv(out, sep=";", decimal=",", encoding="utf-8-sig", dtype={"customer_id": str})
    assert table["rlv_mean"].dtype == float
    assert table["first_purchase"].str.fullmatch(r"\d\d\.\d\d\.2023").all()
    assert "0007" in set(table["customer_id"])


@pytest.mark.xdist_group("cli")
@pytest.mark.usefixtures("stored")
def test_full_precision_is_that_of_the_parquet_file(run, tmp_path):
    words = ["--fit", run.folder / "fit", "--seed", 5, "--observation-end", "2023-10-31", "--allow-unconverged"]
    for name in ("v.csv", "v.parquet"):
        more = ["--full-precision"] if name == "v.csv" else []
        assert kundenwert("predict", run.source, "--out", tmp_path / name, *words, *more).code == 0
    table, exact = pd.read_csv(tmp_path / "v.csv"), pd.read_parquet(tmp_path / "v.parquet")
    for name in ("T", "rlv_mean", "clv_q95", "p_alive_mean"):
        assert table[name].tolist() == exact[name].tolist()
        assert table[name].tolist() != rounded(exact)[name].tolist()


@pytest.mark.xdist_group("cli")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--time-unit", "M"], r"fitted in units of 'W', the summary is in 'M'"),
        (["--margin", "30"], r"margin is 30; .*30 % is 0\.3"),
        (["--out", "v.xlsx"], r"v\.xlsx: a table is written as \.csv or \.parquet"),
    ],
)
def test_predict_refuses(run, stored, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    ended = kundenwert("predict", run.source, "--fit", stored, "--out", "v.csv", "--allow-unconverged", *words)
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


# --- mistakes -----------------------------------------------------------------------------------------------------


def refused(ended, message, *unwritten):
    """Assert a mistake was answered in one sentence, and nothing was written."""
    assert ended.code in (1, 2)
    assert ended.out == ""
    assert not NEVER.search(ended.err), ended.err
    if ended.code == 1:
        assert ended.err.startswith("kundenwert: ")
        assert ended.err.count("\n") == 1, ended.err
    assert re.search(message, " ".join(ended.err.replace("│", " ").split())), ended.err
    for path in unwritten:
        assert not path.exists()


@pytest.fixture
def no_sampling(monkeypatch):
    """Fail where anything is sampled: mistakes are found before."""

    def sampled(*args, **keywords):
        raise AssertionError("sampling has begun")

    monkeypatch.setattr("kundenwert.bayes.fit", sampled)


@pytest.fixture
def report_on(tmp_path, no_sampling):
    """Run `report` on a text, and assert that it leaves nothing behind."""

    def _report_on(content, *words, name="log.csv"):
        source = tmp_path / name
        if content is not None:
            source.write_bytes(content if isinstance(content, bytes) else content.encode())
        before = sorted(tmp_path.rglob("*"))
        ended = kundenwert("report", source, "--out", tmp_path / "new" / "out", *words)
        assert sorted(tmp_path.rglob("*")) == before
        return ended

    return _report_on


HEADER = "customer_id,date,amount\n"
GOOD = HEADER + "a,2024-01-01,1\na,2024-01-09,2\na,2024-02-01,5\nb,2024-01-03,3\nc,2024-01-05,4\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (GOOD.replace("amount", "amuont"), r"no column 'amount'.*Did you mean .*amuont"),
        (GOOD.replace("customer_id", "Kunde"), r"no column 'customer_id'.*Did you mean .*Kunde"),
        (GOOD.replace(",amount", "").replace(",1\n", "\n"), r"no column 'amount'"),
        (GOOD.split("\n", 1)[1], r"The first line must hold the column names"),
        (GOOD.replace("2024", "soon"), r"5 of 5 rows .* have no readable date"),
        (HEADER + "a,01/02/2024,1\nb,03/04/2024,1\n", r"day and month cannot be told apart"),
        (re.sub(r",\d\n", ",much\n", GOOD), r"5 of 5 rows .* have no readable amount"),
        (re.sub(r",\d\n", ",-2\n", GOOD), r"no purchase is left of the 5 rows.*refund"),
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


@pytest.mark.parametrize("name", ["log.parquet", "log.xlsx", "log"])
def test_files_of_another_kind(report_on, name):
    refused(report_on(GOOD, name=name), r"not a Parquet file|of a type that cannot be read")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--observation-end", "2024-01-20", "--holdout-end", "2024-06-01"], r"--holdout-end 2024-06-01 lies outside"),
        (["--observation-end", "2024-01-20", "--holdout-end", "2024-06-01"], r"such as --log-end '2024-06-01'"),
        (["--log-end", "2023-06-01"], r"--log-end 2023-06-01 lies before the last purchase"),
        (["--observation-end", "2024-01-20", "--holdout-end", "2024-01-10"], r"must lie after --observation-end"),
        (["--holdout-end", "2024-01-20"], r"--holdout-end is given without --observation-end"),
        (["--observation-end", "2030-01-01"], r"--observation-end 2030-01-01 lies outside the data"),
        (["--observation-end", "1999-01-01"], r"--observation-end 1999-01-01 lies outside the data"),
        (["--observation-end", "31.02.2024"], r"'31\.02\.2024' is not a date; write it such as"),
        (["--observation-end", "2024-02-31"], r"'2024-02-31' is not a date"),
        (["--cohort", "amuont"], r"no column 'amuont'"),
        (["--date-format", "%Q"], r"'%Q' is not understood"),
        (["--decimal", "x"], r"--decimal 'x' is not understood"),
        (["--amount", "date"], r"asked for more than once"),
        (["--time-unit", "X"], r"--time-unit.*'X' is not one of 'D', 'W', 'M', 'Y'"),
        (["--refunds", "x"], r"--refunds.*'x' is not one of 'exclude', 'net'"),
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
        (["--horizon", "0"], r"Invalid value for '--horizon': 0 is not above 0"),
        (["--horizon", "nan"], r"horizon"),
        (["--horizon", "inf", "--discount-rate", "0"], r"inf.*discount rate.*(positive discount rate|above 0)"),
        (["--discount-rate", "-0.1"], r"discount rate is -0\.1"),
        (["--discount-rate", "10"], r"discount rate is 10 a year; 10 % is 0\.10"),
        (["--margin", "30"], r"margin is 30; it is a share of revenue, in \(0, 1\], so 30 % is 0\.3"),
        (["--margin", "0"], r"margin is 0"),
        (["--margin", "nan"], r"margin is nan"),
        (["--cac", "-5"], r"acquisition cost is -5.*at least 0"),
        (["--cac", "inf"], r"acquisition cost is inf"),
        (["--cac", "5", "--cac-file", "costs.csv"], r"--cac 5 and --cac-file 'costs\.csv' are both given; state one"),
        (["--cac", "0", "--cac-file", "costs.csv"], r"--cac 0 and --cac-file"),
        (["--lifespan-years", "0"], r"lifespan"),
    ],
)
def test_bad_assumptions_are_found_before_sampling(report_on, words, message):
    refused(report_on(GOOD, *words), message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("cohort,cac\n2023-12,3\n", r"no acquisition cost for 1 cohort: '2024-01'"),
        ("cohort,cost\n2024-01,3\n", r"costs\.txt has no column 'cac'; it has cohort, cost"),
        ("cohort,cac\n2024-01,much\n", r"costs\.txt: 1 costs? .* 'much'"),
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
    refused(kundenwert("summarise", tmp_path / "log.csv"), r"Missing option '--out'")
    refused(kundenwert("report"), r"Missing argument|missing")
    assert kundenwert("nonsense").code == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--effects", "Regio"], r"no column 'Regio'; .*Did you mean --effects 'Region'\?"),
        (["--covariate", "regions"], r"Did you mean --covariate 'Region'\?"),
        (["--cohort", "regio"], r"Did you mean --cohort 'Region'\?"),
        (["--cohort", "Region", "--effects", "machine"], r"Did you mean --effects 'machines'\?"),
        (["--covariate", "date"], r"column 'date' is asked for more than once \(--date, --covariate\)"),
        (["--effects", "amount"], r"\(--amount, --effects\)"),
        (["--cohort", "customer_id"], r"\(--customer-id, --cohort\)"),
        (["--amount", "date"], r"\(--date, --amount\)"),
    ],
)
def test_hints_name_the_option_that_was_given(report_on, words, message):
    ended = report_on(
        re.sub(r"(?m)$", ",Süd,3", GOOD.strip()).replace("amount,Süd,3", "amount,Region,machines"), *words
    )
    refused(ended, message)
    assert "keep" not in ended.err


def test_a_column_of_the_fit_that_is_called_otherwise(tmp_path, monkeypatch):
    own = SimpleNamespace(model=SimpleNamespace(cohorts=("Region",), covariates=()), info={})
    monkeypatch.setattr("kundenwert.cli.steps.load_both", lambda *_: (own, own))
    source = tmp_path / "log.csv"
    source.write_text(GOOD.replace("amount", "amount,region").replace("1\n", "1,N\n"))
    ended = kundenwert("predict", source, "--fit", tmp_path, "--out", tmp_path / "v.csv")
    refused(ended, r"no column 'Region'; .*Did you mean 'region' \(it must be called as in the fit\)\?")


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


# --- summarise ----------------------------------------------------------------------------------------------------


def test_summarise_counts_every_row(tmp_path):
    source, out = tmp_path / "log.csv", tmp_path / "new" / "s.csv"
    rows = ["a,2024-01-01,1", "a,2024-01-01,1", "a,2024-01-09,-2", "a,2024-01-10,0", ",2024-01-11,1", "b,2024-01-12,3"]
    rows += [f"c{day},2024-01-{day},1" for day in range(10, 31)] + ["b,soon,1", "b,2024-01-20,much"]
    source.write_text(HEADER + "\n".join(rows) + "\n")
    ended = kundenwert("summarise", source, "--out", out)
    assert ended.code == 0
    assert ended.out == f"{out}\n"
    counted = dict(re.findall(r"(?m)^ *([\d,]+)  (?:kept|merged|excluded) +(.+)$", ended.err))
    counts = {
        reason: int(count) for count, reason in re.findall(r"(?m)^ *(\d+)  (?:kept|merged|excluded) +(.+)$", ended.err)
    }
    assert counted
    assert sum(counts.values()) == len(rows)
    for word in ("customer id missing", "date unreadable", "amount unreadable", "refund"):
        assert [count for reason, count in counts.items() if word in reason] == [1], word
    assert "exact duplicate" in ended.err
    assert "zero amount" in ended.err
    table = pd.read_csv(out, dtype={"customer_id": str})
    assert table["customer_id"].tolist() == ["a", "b", *sorted(f"c{day}" for day in range(10, 31))]
    assert table.set_index("customer_id").loc["a", ["frequency", "value_to_date"]].tolist() == [1, 2.0]


def missing_ids(tmp_path):
    source = tmp_path / "log.csv"
    rows = [f"{'' if n % 4 == 3 else f'c{n % 13}'},2024-{1 + n % 9:02d}-{1 + n % 28:02d},2.5" for n in range(200)]
    source.write_text(HEADER + "\n".join(rows) + "\n")
    return source


def test_summarise_says_what_became_of_the_rows(tmp_path):
    source = missing_ids(tmp_path)
    ended = kundenwert("summarise", source, "--out", tmp_path / "s.csv", "--observation-end", "2024-08-31")
    lines = ended.err.splitlines()
    assert lines[0] == "log.csv: 200 rows"
    assert "        50  excluded  customer id missing (first line 5, line 9, line 13; money 125.00)" in lines
    assert sum("customer id missing" in line for line in lines) == 1
    revenue = pd.read_csv(tmp_path / "s.csv")["value_to_date"].sum()
    assert lines[-1] == f"13 customers with {revenue:,.2f} of revenue from 2024-01-01 to 2024-08-31"


@pytest.mark.parametrize("command", ["report", "fit", "predict", "compare"])
def test_rows_that_are_left_out_are_told_in_one_line(tmp_path, monkeypatch, command):
    def stop(*_, **__):
        raise KundenwertError("far enough")

    for place in ("fit_both", "value"):
        monkeypatch.setattr(f"kundenwert.cli.steps.{place}", stop)
    monkeypatch.setattr("kundenwert.cli.steps.load_both", lambda *_: ())
    source = missing_ids(tmp_path)
    words = ["--fit", tmp_path] if command in ("predict", "compare") else []
    out = tmp_path / ("v.csv" if words else "out")
    told = "50 of 200 rows excluded: customer id missing (first line 5; money 125.00)\n"
    assert kundenwert(command, source, "--out", out, *words).err == told + "kundenwert: far enough\n"
    with source.open("a") as file:
        file.write("c1,2190-01-01,3\nSumme,2024-01-01,5\n")
    told = "51 of 202 rows excluded: 50 customer id missing (first line 5; money 125.00); 1 date in the future "
    told += (
        "(first line 202; money 3.00)\ncaution: customer id is a word for totals, kept (line 203: customer 'Summe')\n"
    )
    assert kundenwert(command, source, "--out", out, *words).err == told + "kundenwert: far enough\n"
    source.write_text(GOOD)
    assert kundenwert(command, source, "--out", out, *words).err == "kundenwert: far enough\n"


def test_summarise_in_german(tmp_path):
    source, out = tmp_path / "export.csv", tmp_path / "kunden.csv"
    rows = ["0001;31.12.2023;1.234,50", "0001;15.01.2024;20,25", "Zoë;02.01.2024;3,00", "-1+1;20.01.2024;0,75"]
    source.write_bytes(("Kundennr;Kaufdatum;Umsatz\n" + "\n".join(rows) + "\n").encode("cp1252"))
    names = ["--customer-id", "Kundennr", "--date", "Kaufdatum", "--amount", "Umsatz"]
    assert kundenwert("summarise", source, "--out", out, *names, "--time-unit", "D", "--german-csv").code == 0
    content = out.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    lines = content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("customer_id;cohort;first_purchase;last_purchase;frequency;recency;T;monetary_value")
    assert any(line.startswith("0001;2023-12;31.12.2023;15.01.2024;1;15;20;20,25;1234,5;1254,75") for line in lines)
    assert any(line.startswith("'-1+1;2024-01;20.01.2024;") for line in lines)


def test_a_failure_keeps_the_earlier_file(tmp_path):
    out = tmp_path / "s.csv"
    (tmp_path / "log.csv").write_text(GOOD)
    assert kundenwert("summarise", tmp_path / "log.csv", "--out", out).code == 0
    earlier = out.read_bytes()
    (tmp_path / "log.csv").write_text(HEADER + "a,2024-01-01,1\n")
    ended = kundenwert("summarise", tmp_path / "log.csv", "--out", out)
    assert ended.code == 1
    assert "every purchase lies on one day" in ended.err
    assert out.read_bytes() == earlier


def test_a_folder_in_place_of_the_file(tmp_path):
    (tmp_path / "log.csv").write_text(GOOD)
    (tmp_path / "s.csv").mkdir()
    ended = kundenwert("summarise", tmp_path / "log.csv", "--out", tmp_path / "s.csv")
    assert ended.code == 1
    last = ended.err.splitlines()[-1]
    assert re.search(r"kundenwert: s\.csv is a folder", last), last  # not the name of a file that nobody has asked for
    assert sorted(file.name for file in tmp_path.iterdir()) == ["log.csv", "s.csv"]


def test_summarise_reaches_to_the_stated_end_of_the_log(tmp_path):
    source, out = tmp_path / "log.csv", tmp_path / "s.csv"
    purchases(20).to_csv(source, index=False)
    log_end = str((pd.to_datetime(purchases(20)["date"]).max() + pd.Timedelta(days=5)).date())
    ended = kundenwert("summarise", source, "--out", out, "--log-end", log_end, "--time-unit", "M")
    assert ended.code == 0
    assert f"5 days without a purchase count as observed: complete up to {log_end}, as stated" in ended.err
    table = pd.read_csv(out)
    days = (pd.Timestamp(log_end) - pd.to_datetime(table["first_purchase"])).dt.days
    assert table["T"].tolist() == (days / (365.25 / 12)).round(4).tolist()
