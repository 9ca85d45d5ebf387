"""The report on populations of every shape, from stand-in posteriors: rendered whole, with words that hold."""

import ast
import json
import re
from html.parser import HTMLParser

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from kundenwert import plot
from kundenwert.bayes import resolved_priors
from kundenwert.data import read_transactions, summarise
from kundenwert.report import gather, html, write
from kundenwert.value import value_table

SECTIONS = (*("data", "models", "fit", "holdout", "cohorts", "why", "decisions", "customers", "limits", "provenance"),)
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</td></table></body>",
    "$x^2$",
    r"$\frac{$",
    "a_b^c{d}\\",
    "=1+1",
    "x" * 200,
    "Zoë 顧客",
    "all",
    "{0} %s {{ 7*7 }}",
    "&lt;b&gt;",
)


def log_of(gaps, *, start="2023-01-01", seed=1, cohort=None):
    """Make a log from each customer's days of purchase, counted from a start."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"c{number:04d}", day, round(float(rng.gamma(4.0, 10.0)), 2), cohort[number % len(cohort)] if cohort else "x")
        for number, days in enumerate(gaps)
        for day in days
    ]
    frame = pd.DataFrame(rows, columns=["customer_id", "date", "amount", "channel"])
    return frame.assign(date=pd.Timestamp(start) + pd.to_timedelta(frame["date"], unit="D"))


def ordinary(customers=60, *, days=500, first=250, seed=2):
    """Days of purchase of ordinary customers: a few of many purchases, most of one or two."""
    rng = np.random.default_rng(seed)
    gaps = []
    for _ in range(customers):
        start = int(rng.integers(0, first))
        later = start + np.cumsum(rng.exponential(1 / (rng.gamma(0.8) / 30 + 1e-3), 60)).astype(int)
        gaps.append([start, *later[later < min(days, start + rng.exponential(200))]])
    gaps[0] = [0, 40, days - 20, days]
    return gaps


@pytest.fixture
def in_process(monkeypatch):
    """Run the report's notebook in this process instead of a kernel, which takes seconds to start."""

    def execute(source, target, parameters, **_):
        notebook = nbformat.read(source, as_version=4)
        names = {}
        for cell in notebook.cells:
            tree = ast.parse(cell.source)
            last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, "cell", "exec"), names)  # noqa: S102
            if "parameters" in cell.metadata.get("tags", []):
                names |= parameters
            if last is not None:
                shown = eval(compile(ast.Expression(last.value), "cell", "eval"), names)._repr_html_()  # noqa: S307
                cell.outputs = [nbformat.v4.new_output("execute_result", {"text/html": shown})]
        nbformat.write(notebook, target)

    monkeypatch.setattr("papermill.execute_notebook", execute)


@pytest.fixture(scope="session")
def stand_in(passed, failed):
    """Make fits of a summary without sampling, with everything that a report shows of them."""
    from kundenwert.bayes import Fit  # noqa: PLC0415  PyMC is loaded where it is needed
    from kundenwert.laws import GammaGamma, ParetoNBD  # noqa: PLC0415  PyMC is loaded where it is needed

    def _stand_in(summary, *, converged=True, draws=40):
        rng = np.random.default_rng(4)
        scale = 7 / summary.days_per_unit
        mean = float(np.nanmean(summary.table["monetary_value"]))
        centres = {"r": 0.8, "alpha": 6 * scale, "s": 0.8, "beta": 30 * scale, "p": 6.0, "q": 4.0, "v": mean / 2}
        fits = []
        for model in (ParetoNBD(), GammaGamma()):
            names = (*resolved_priors(model), *model.parameters)
            groups = {
                group: xr.Dataset(
                    {
                        name: (("chain", "draw"), centres.get(name, 1) * np.exp(width * rng.normal(size=(2, draws))))
                        for name in names
                    }
                )
                for group, width in (("posterior", 0.1), ("prior", 0.8))
            }
            info = {"time_unit": summary.time_unit, "window": summary.window, "method": "nuts", "seed": 3}
            info |= {"draws": draws, "tune": draws, "chains": 2, "customers": len(summary)}
            fits.append(Fit(model, xr.DataTree.from_dict(groups), passed if converged else failed, info))
        return fits

    return _stand_in


@pytest.fixture
def render(in_process, stand_in, tmp_path):
    """From a log to the files of a report: `render(log, horizon=..., cac=..., **shaping)`."""

    def _render(log, *, horizon=None, cac=0.0, margin=0.5, converged=True, title="Shop", german=False, **shaping):
        keep = ["channel"] if "channel" in log and shaping.get("cohort") == "channel" else []
        log = read_transactions(log, keep=keep)
        summary = summarise(log, **shaping)
        purchases, spend = stand_in(summary, converged=converged)
        money = {"horizon": horizon or summary.units_per_year, "cac": cac, "margin": margin}
        values = value_table(purchases, spend, summary, seed=1, allow_unconverged=True, **money)
        results = gather(log, purchases, spend, summary, values, seed=1)
        options = {"title": title, "seed": 1}
        page = write(results, tmp_path / "out", title=title, options=options, seconds={"a": 0.1}, german=german)
        assert plt.get_fignums() == []
        return results, page

    return _render


class Page(HTMLParser):
    """A page taken apart: balanced tags, their attributes, and the text between them."""

    def __init__(self, path):
        super().__init__()
        self.source = path.read_text(encoding="utf-8")
        assert len(self.source) < 5_000_000
        self.tags, self.attributes, self.open, texts = [], [], [], []
        self.handle_data = texts.append
        self.feed(self.source)
        self.close()
        assert self.open == []
        self.text = " ".join(" ".join(texts).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        assert tag in ("meta", "img", "br")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def of(self, name, tag=None):
        return [value for own, key, value in self.attributes if key == name and tag in (None, own)]


def sound(path):
    """Assert what holds of every page, and return it taken apart."""
    page = Page(path)
    assert [anchor for anchor in page.of("id") if anchor in SECTIONS] == list(SECTIONS)
    assert "script" not in page.tags
    assert "pre" not in page.tags  # no chatter of the notebook
    assert all(value.startswith("data:image/") for value in page.of("src"))
    assert all(value.startswith("#") for value in page.of("href"))
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert len(page.of("alt", "img")) == page.tags.count("img") >= page.tags.count("figure") >= 8
    assert all(page.of("alt"))
    assert page.tags.count("figure") == page.tags.count("figcaption")
    assert page.tags.count("table") == page.tags.count("caption")
    found = page.text.rsplit("Where these numbers come from", 1)[0]
    assert not re.search(r"\b(nan|inf|NaT|None|NULL|Infinity)\b", found)
    assert not re.search(r"\d-\d{2}-\d{2} 00:00", found)
    return page


WEEKLY = [[day, day + 30] if day % 3 else [day, day + 11, day + 70] for day in range(0, 420, 4)]

HELD_OUT = {"observation_end": "2023-12-31", "holdout_end": "2024-05-10"}

POPULATIONS = {
    "months and a hold-out": (lambda: log_of(ordinary()), {"time_unit": "M", **HELD_OUT}),
    "everybody one repeat purchase": (lambda: log_of([[d, d + 40] for d in range(0, 90, 3)] + [[5, 200]]), {}),
    "sixty cohorts": (
        lambda: log_of(WEEKLY),
        {"cohort": "week", "observation_end": "2024-03-10", "holdout_end": "2024-04-20"},
    ),
    "days, for ever": (lambda: log_of(ordinary()), {"time_unit": "D", "horizon": float("inf"), "cohort": "quarter"}),
    "years, unprofitable": (lambda: log_of(ordinary()), {"time_unit": "Y", "horizon": 2.5, "cac": 5e3, "margin": 0.01}),
    "two customers": (lambda: log_of([[0, 30], [3, 5, 44]]), {}),
    "four customers, nothing held out": (
        lambda: log_of([[0, 30], [3, 5, 44], [2], [1, 200]]),
        {"observation_end": "2023-03-20", "holdout_end": "2023-05-10"},
    ),
    "ten days": (lambda: log_of([[0, 3], [1, 4, 9], [2], [2, 8], [5], [9]]), {"cohort": "week"}),
    "unlike amounts": (
        lambda: log_of(ordinary()).assign(amount=lambda t: np.where(t.index % 2, 0.01, 123_456_789.0)),
        {"cohort": "none"},
    ),
    "gifts": (
        lambda: log_of(ordinary()).assign(amount=lambda t: t["amount"].where(t.index % 3 == 0, 0.0)),
        HELD_OUT,
    ),
    "somebody every day": (
        lambda: log_of([*ordinary(40), list(range(3001))], start="2015-01-01").assign(amount=5.0),
        {"cohort": "none"},
    ),
}


@pytest.mark.parametrize("name", POPULATIONS)
def test_any_population(render, name):
    make, choice = POPULATIONS[name]
    results, path = render(make(), **choice)
    page = sound(path)
    assert f"{len(results.summary)} customers" in page.text
    assert ("Error of the forecasts" in page.text) == ("holdout_end" in choice)
    assert ("No hold-out was set aside" in page.text) == ("holdout_end" not in choice)
    assert "did not converge" not in page.text
    assert not re.search(r"\{\w+\}", page.text)  # every sentence is filled in
    assert ("the horizon does not" in page.text) == (choice.get("horizon") == float("inf"))
    table = pd.read_csv(path.parent / "customers.csv", dtype={"customer_id": str})
    assert table["customer_id"].tolist() == results.summary.table["customer_id"].tolist()
    manifest = json.loads((path.parent / "manifest.json").read_text(), parse_constant=pytest.fail)
    assert manifest["rows"]["kept"] + manifest["rows"]["merged"] + manifest["rows"]["excluded"] == len(make())


def test_hostile_names(render):
    log = log_of(ordinary(), cohort=HOSTILE)
    names = dict(zip(log["customer_id"].value_counts().index, HOSTILE, strict=False))
    log["customer_id"] = log["customer_id"].replace(names)
    log.loc[log.index[0], "amount"] = -1.0
    _, path = render(log, cohort="channel", title='<b onclick="x()">T</b> & $x^2$', **HELD_OUT)
    page = sound(path)
    assert '<b onclick="x()">T</b> & $x^2$' in page.text
    for name in HOSTILE:
        assert page.text.count(name) >= 2, name
    assert page.tags.count("h1") == 1
    cells = re.findall(r"(?m)^(=[^,]*|[^,\n]*,=[^,]*),", (path.parent / "customers.csv").read_text())
    assert cells == []


def test_names_are_no_formulas_in_pictures():
    cohorts = pd.DataFrame(
        {"cohort": ["$x^2$ or $10", r"$\frac{$", "a_b"], "clv_q05": 1.0, "clv_q50": 2.0, "clv_q95": 3.0}
    )
    for method in ("observed", "churn", "assumed"):
        cohorts[f"formula_{method}_matched"] = 2.5
    ax = plot.formula_versus_posterior(cohorts)
    labels = ax.get_yticklabels()
    try:
        assert [label.get_text() for label in labels] == cohorts["cohort"].tolist()
        assert not any(
            label.get_parse_math() and label._preprocess_math(label.get_text())[1] is True for label in labels
        )
        ax.figure.draw_without_rendering()
    finally:
        plt.close("all")


def test_a_cohort_called_all_is_not_everybody(render):
    results, path = render(log_of(ordinary(), cohort=["all", "web"]), cohort="channel")
    page = sound(path)
    table = results.tables["cohorts"]
    assert table["cohort"].tolist() == ["all", "web", "all (total)"]
    assert table["everybody"].tolist() == [False, False, True]
    assert table["customers"].tolist() == [30, 30, 60]
    assert page.of("class", "tr") == ["total"] * 2  # one row in each of the two tables by cohort


def test_costs_by_cohort_and_german_files(render):
    log = log_of(ordinary(), cohort=["web", None, "fair"])
    _, path = render(log, cohort="channel", cac={"web": 1.0, "fair": 20.5, "(missing)": 3.5}, german=True)
    page = sound(path)
    assert "acquisition cost by cohort" in page.text
    for name in ("customers.csv", "cohorts.csv"):
        assert (path.parent / name).read_bytes().startswith(b"\xef\xbb\xbf")
    table = pd.read_csv(path.parent / "customers.csv", sep=";", decimal=",", encoding="utf-8-sig")
    costs = table.groupby("cohort")["cac"].unique().map(list).to_dict()
    assert costs == {"web": [1], "fair": [20.5], "(missing)": [3.5]}
    exact = pd.read_parquet(path.parent / "customers.parquet")
    pd.testing.assert_series_equal(table["rlv_mean"], exact["rlv_mean"].round(2))
    cohorts = pd.read_csv(path.parent / "cohorts.csv", sep=";", decimal=",", encoding="utf-8-sig")
    whole = pd.read_parquet(path.parent / "cohorts.parquet")
    pd.testing.assert_series_equal(cohorts["churn"], whole["churn"].round(4))
    assert whole["clv_mean"].iloc[-1] != cohorts["clv_mean"].iloc[-1]
    assert table["first_purchase"].tolist() == exact["first_purchase"].dt.strftime("%d.%m.%Y").tolist()


def test_a_cost_that_is_never_earned_back(render):
    results, path = render(log_of(ordinary()), cac=1e6)
    table = results.tables["payback"].set_index("cohort")
    assert np.isinf(table.loc["all", ["payback_q25", "expected_payback_q50"]].astype(float)).all()
    page = sound(path)
    assert "∞" not in page.text
    row = re.search(r"<tr><td class=\"text\">all</td>(?:(?!</tr>).)*never.*?</tr>", page.source)[0]
    assert re.findall(r"<td[^>]*>([^<]*)</td>", row)[1:] == ["0.0\xa0%", *["never"] * 3, "100.0\xa0%", "never"]


def test_the_caption_counts_the_groups_inside(render):
    results, path = render(log_of(ordinary()), time_unit="M", **HELD_OUT)
    groups = results.tables["by_frequency"]
    assert {"predicted_q05", "predicted_q95", "inside"} <= set(groups)
    inside = groups["actual_mean"].between(groups["predicted_q05"], groups["predicted_q95"]).sum()
    assert f"{inside} of {len(groups)} actual means lie inside theirs." in sound(path).text


def test_a_log_complete_after_its_last_purchase(render):
    dates = {"observation_end": "2023-12-31", "holdout_end": "2024-06-30", "log_end": "2024-06-30"}
    results, path = render(log_of(ordinary()), **dates)
    assert str(results.summary.holdout_end) == "2024-06-30"
    assert results.tables["tracking"]["end"].max() <= pd.Timestamp("2024-06-30")
    assert "without a purchase count as observed: complete up to 2024-06-30, as stated" in sound(path).text


def test_an_unconverged_fit_is_marked(render):
    _, path = render(log_of(ordinary()), converged=False)
    page = sound(path)
    summary = page.source.split('id="data"')[0]
    assert summary.count('class="mark"') == 2
    assert "the purchase model did not converge" in summary
    assert "values are only given when all of them pass" not in page.text  # they are given here
    manifest = json.loads((path.parent / "manifest.json").read_text())
    assert len(manifest["marks"]) == 2


@pytest.mark.parametrize(
    ("gaps", "told", "untold"),
    [
        (
            [[d, d + 40, d + 80] for d in range(90)],
            ["90 of them (100.0 %) came back"],
            ["Most customers bought once"],
        ),
        (
            [[0, 30], [3, 5, 44]],
            [],
            [r"Not computable: .{0,80}extrapolated", r"\b1 (customers|purchases|rows|cohorts)\b"],  # it was computed
        ),
    ],
    ids=["all came back", "two customers"],
)
def test_words_hold_of_the_customers_shown(render, gaps, told, untold):
    _, path = render(log_of(gaps))
    page = sound(path)
    assert [words for words in told if words not in page.text] == []
    assert [words for words in untold if re.search(words, page.text)] == []


def test_few_customers_are_all_shown():
    ax = plot.rlv_distribution(pd.DataFrame({"rlv_mean": [20.0, 30.0, 45.0, 80.0], "frequency": [0, 1, 2, 3]}))
    try:
        assert sum(bar.get_height() for bar in ax.patches) == 4
        assert not [text for text in ax.texts if "not shown" in text.get_text()]
    finally:
        plt.close("all")


def test_a_failure_leaves_the_earlier_files(render, tmp_path, monkeypatch):
    def broken(*args, **keywords):
        raise RuntimeError("the kernel died")

    monkeypatch.setattr("papermill.execute_notebook", broken)
    out = tmp_path / "out"
    out.mkdir()
    (out / "report.html").write_text("earlier")
    (out / "mine.txt").write_text("mine")
    with pytest.raises(RuntimeError, match="the kernel died"):
        render(log_of([[0, 30], [3, 5, 44]]))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["out"]
    assert {file.name: file.read_text() for file in out.iterdir()} == {"report.html": "earlier", "mine.txt": "mine"}


def test_earlier_files_are_replaced_and_others_left(render, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "report.html").write_text("earlier")
    (out / "mine.txt").write_text("mine")
    _, path = render(log_of([[0, 30], [3, 5, 44]]))
    assert len(list(out.iterdir())) == 9
    assert "earlier" not in path.read_text()[:200]
    assert (out / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("make", "value", "text"),
    [
        (html.money, 999.994, "999.99"),
        (html.money, -0.001, "0.00"),
        (html.money, -1234.5, "−1,234"),
        (html.whole, -0.4, "0"),
        (html.whole, 1234567, "1,234,567"),
        (html.share, 0.123, "12.3\xa0%"),
        (html.digits(2), -0.001, "0.00"),
        (html.Until(), 12.34, "12.3"),
        (html.Until(), np.inf, "never"),
        (html.significant, 12345.6, "12,346"),
        (html.significant, 0.00012345, "0.000123"),
    ],
)
def test_numbers(make, value, text):
    assert make(value) == text


def test_only_times_are_never_reached():
    frame = pd.DataFrame({"a": [np.inf, np.nan, 3.0], "b": [np.inf, -np.inf, 3.0]})
    text = html.table(frame, {"a": ("a", html.Until()), "b": ("b", html.money)}, caption=("", "")).text
    assert re.findall(r"<td>([^<]*)</td>", text) == ["never", "∞", "–", "−∞", "3.0", "3.00"]


EVIL = "<script>\"&'"
PIECES = {
    "paragraph": lambda: html.paragraph(EVIL, "x"),
    "heading": lambda: html.heading(2, EVIL, EVIL),
    "bullets": lambda: html.bullets([EVIL]),
    "box": lambda: html.box("x", EVIL),
    "tiles": lambda: html.tiles([(EVIL, EVIL, EVIL)]),
    "contents": lambda: html.contents([(EVIL, EVIL)]),
    "table": lambda: html.table(
        pd.DataFrame({"a": [EVIL], "b": [np.nan]}), {"a": (EVIL, None), "b": ("b", html.money)}, caption=(EVIL, EVIL)
    ),
    "figure": lambda: html.figure(plt.subplots()[1], caption=(EVIL, EVIL)),
}


@pytest.mark.parametrize("name", PIECES)
def test_pieces_escape(name):
    piece = PIECES[name]()
    assert "<script" not in piece.text
    assert "\"&'" not in piece.text
    assert "&lt;script&gt;&quot;&amp;" in piece.text


def test_without_margin_and_cost_the_page_decides_nothing(render):
    _, path = render(log_of(ordinary()), margin=1.0)
    text = sound(path).text
    assert "neither a margin nor an acquisition cost was given, so every value on this page is revenue" in text
    assert "No acquisition cost was given, so costs and values cannot be weighed" in text
    assert "the best next step is to acquire" not in text
    _, path = render(log_of(ordinary()), margin=1.0, cac=7.0)
    text = sound(path).text
    assert "neither a margin" not in text
    assert "the best next step is to" in text
