"""`backtest`: the table, the manifest, what is said, and what is refused."""

import json

import pandas as pd
import pytest
from command_line import NEVER, kundenwert, purchases, refused

import kundenwert as kw
from kundenwert.files.places import FOLDERS
from kundenwert.files.publish import changed

COLUMNS = [
    "origin",
    "horizon",
    "scope",
    "quantity",
    "forecast",
    "cases",
    "actual",
    "mean",
    "q05",
    "q50",
    "q95",
    "inside",
]
WORDS = ("--origins", "2023-10-31", "--horizons", 60, "--first-value", "off", "--seed", 5)


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    """Run the command on one origin and one horizon."""
    folder = tmp_path_factory.mktemp("checked")
    source = folder / "log.csv"
    purchases().to_csv(source, index=False)
    return folder, source, kundenwert("backtest", source, "--out", folder / "out", *WORDS, "--cohort", "channel")


def test_a_back_test_is_written_and_told(checked):
    folder, source, ended = checked
    out = folder / "out"
    assert ended.code == 0, ended.err
    assert not NEVER.search(ended.err)
    assert sorted(file.name for file in out.iterdir()) == sorted(FOLDERS["backtest"])
    table = pd.read_csv(out / "backtest.csv")
    assert list(table) == COLUMNS
    log = kw.read_transactions(source, keep=["channel"])
    models = (kw.ParetoNBD(), kw.GammaGamma())
    same = kw.backtest(
        log, models=models, origins=["2023-10-31"], horizons=[60], cohort="channel", seed=5, calendar=kw.learn_calendar
    )
    pd.testing.assert_frame_equal(
        table.assign(origin=pd.to_datetime(table["origin"])), same.table, check_dtype=False, atol=6e-5, rtol=0
    )
    lines = ended.out.splitlines()
    assert lines[0].split() == ["horizon", "quantity", "totals", "cohorts", "customers", "off", "by", "best", "rule"]
    assert lines[-2:] == [f"{same.judgement}.", str(out / "backtest.csv")]
    assert lines[1].split()[:4] == ["60", "days", "purchases", f"{same.table['inside'].iloc[0]:.0f}"]


def test_the_manifest_says_how(checked):
    folder, source, _ = checked
    told = json.loads((folder / "out" / "manifest.json").read_text())
    assert (told["command"], told["origins"], told["horizons"]) == ("backtest", ["2023-10-31"], [60])
    assert told["options"]["source"] == [source.name]
    assert told["options"]["sampling"]["seed"] == 5
    assert told["left_out"] == []
    assert str(folder) not in json.dumps(told)
    assert changed(folder / "out", ["backtest.csv"]) == []


def test_an_earlier_result_is_replaced_and_nothing_else(checked):
    folder, source, _ = checked
    again = kundenwert("backtest", source, "--out", folder / "out", *WORDS, "--german-csv")
    assert again.code == 0, again.err
    assert (folder / "out" / "backtest.csv").read_text(encoding="utf-8-sig").startswith("origin;horizon;scope;")
    (folder / "own").mkdir()
    (folder / "own" / "backtest.csv").write_text("mine")
    ended = kundenwert("backtest", source, "--out", folder / "own", *WORDS)
    assert ended.code == 1
    assert "backtest.csv in 'own' would be replaced" in ended.err
    assert (folder / "own" / "backtest.csv").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (("--origins", "2024-01-30"), r"no forecast can be checked from --origins '2024-01-30'.* is 13 weeks"),
        (("--horizons", "x"), r"--horizons 'x' must be a whole number"),
        (("--horizons", "700"), r"too short for a back-test.* with --origins, or shorter --horizons"),
        (("--cohort", "shop"), r"--cohort 'shop'|no column"),
    ],
)
def test_mistakes_are_found_before_anything_is_fitted(checked, no_sampling, tmp_path, words, match):
    refused(kundenwert("backtest", checked[1], "--out", tmp_path / "new", *words), match, tmp_path / "new")
