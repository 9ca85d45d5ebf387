"""`report` on hostile data: what it writes, and that the steps alone give the same."""

import hashlib
import io
import json
import re
from pathlib import Path

import pandas as pd
import pytest
from command_line import COLUMNS, FILES, HOSTILE_COHORTS, HOSTILE_IDS, NEVER, TITLE, Page

from kundenwert.files.kinds import rounded
from kundenwert.files.places import FOLDERS


@pytest.fixture(scope="module")
def manifest(run):
    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    return json.loads((run.out / "manifest.json").read_text(encoding="utf-8"), parse_constant=refuse)


def test_report_says_only_where_and_what_spend_looks_at(run):
    ended = run.ended["report"]
    assert (ended.code, ended.out) == (0, f"{run.out / 'report.html'}\n")
    (told,) = ended.err.splitlines()
    assert re.fullmatch(r"--first-value auto: first purchases (do not )?tell what the \d+ customers .*", told)


def test_report_writes_these_files(run):
    assert sorted(file.name for file in run.out.iterdir()) == sorted(FILES) == sorted(FOLDERS["report"])
    assert not [file.name for file in run.folder.iterdir() if file.name.startswith(".")]


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


def test_values_make_sense(run):
    table = pd.read_parquet(run.out / "customers.parquet")
    assert not table.drop(columns="monetary_value").isna().to_numpy().any()
    assert (table["monetary_value"].isna() == (table["frequency"] == 0)).all()
    assert table["p_alive_mean"].between(0, 1).all()
    assert table["p_pays_back"].between(0, 1).all()
    for stem in ("purchases", "rlv", "clv", "predicted_holdout_purchases", "predicted_holdout_value"):
        assert (table[f"{stem}_q05"] <= table[f"{stem}_q50"]).all()
        assert (table[f"{stem}_q50"] <= table[f"{stem}_q95"]).all()


@pytest.mark.parametrize("name", ["customers.csv", "cohorts.csv"])
def test_no_cell_is_a_formula(run, name):
    table = pd.read_csv(run.out / name, dtype=str, keep_default_na=False)
    for column in table.columns:
        cells = [cell for cell in (column, *table[column]) if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
        assert all(re.fullmatch(r"-\d+(\.\d+)?(e[+-]\d+)?", cell) for cell in cells), cells


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


def test_manifest(run, manifest):
    assert manifest["input"]["sha256"] == hashlib.sha256(run.source.read_bytes()).hexdigest()
    assert manifest["input"]["name"] == run.source.name
    rows = manifest["rows"]
    assert rows["rows_read"] == len(run.log)
    assert rows["kept"] + rows["merged"] + rows["excluded"] == len(run.log)
    assert sum(entry["count"] for entry in rows["entries"]) == len(run.log)
    assert manifest["title"] == TITLE
    options = manifest["options"]
    assert options["source"] == [run.source.name]
    assert (options["sampling"]["seed"], options["sampling"]["draws"], options["sampling"]["chains"]) == (5, 100, 2)
    assert (options["terms"]["margin"], options["terms"]["horizon"]) == (0.3, 40)
    assert (options["shaping"]["cohort"], options["shaping"]["time_unit"]) == ("channel", "W")
    assert set(options["hashes"]) == {run.source.name, "costs.csv"}
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


@pytest.mark.parametrize("name", ["report.html", "manifest.json", "cohorts.csv", "customers.csv"])
def test_no_place_of_this_machine(run, name):
    text = (run.out / name).read_text(encoding="utf-8")
    for place in (str(run.folder), "secret-place", str(Path(__file__).parents[1]), str(Path.home()) + "/", "/tmp/"):  # noqa: S108
        assert place not in text


@pytest.mark.parametrize("name", ["posterior.nc", "spend_posterior.nc"])
def test_stored_posteriors_hold_no_place(run, name):
    assert str(run.folder).encode() not in (run.out / name).read_bytes()


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


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize(
    ("command", "file", "same"),
    [("predict", "values.csv", "customers.csv"), ("compare", "comparison.csv", "cohorts.csv")],
)
def test_steps_alone_give_what_report_gives(run, fitted, command, file, same):
    ended = fitted.ended[command]
    assert ended.code == 0
    assert ended.out == f"{run.folder / file}\n"
    assert not NEVER.search(ended.err)
    assert (run.folder / file).read_text(encoding="utf-8") == (run.out / same).read_text(encoding="utf-8")
