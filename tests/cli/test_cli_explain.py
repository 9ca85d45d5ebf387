"""`explain`: one customer of a hostile log in sentences and as JSON, by the figures of `predict`."""

import json

import pandas as pd
import pytest
from command_line import HOSTILE_IDS, kundenwert


@pytest.fixture
def words(world, stored):
    """Settings of the run that `predict` was run with."""
    return ["--fit", stored, "--seed", 5, "--observation-end", "2023-10-31", "--cohort", "channel", *world.money]


@pytest.mark.parametrize("who", ["0007", "<script>alert(1)</script>", "__proto__"])
def test_figures_are_those_of_predict(fitted, words, who):
    values = pd.read_csv(fitted.folder / "values.csv", dtype={"customer_id": str}).set_index("customer_id").loc[who]
    ended = kundenwert("explain", who, fitted.source, *words, "--json")
    assert ended.code == 0, ended.err
    found = json.loads(ended.out)
    assert found["customer_id"] == who
    assert len(found["history"]) == values["frequency"] + 1
    for name in ("p_alive_mean", "rlv_mean", "rlv_q05", "rlv_q95"):
        assert found["forecast"][name] == pytest.approx(values[name], abs=0.0051)
    assert len(found["reasons"]) >= 6


def test_it_is_read_as_sentences(fitted, words):
    ended = kundenwert("explain", "0007", fitted.source, *words)
    assert ended.code == 0, ended.err
    lines = ended.out.splitlines()
    assert lines[0].startswith("Customer '0007', cohort '")
    assert "P(alive) is" in lines[2]
    assert lines[1].endswith(".")


def test_a_customer_nobody_knows_is_refused(fitted, words):
    ended = kundenwert("explain", "00007", fitted.source, *words)
    assert ended.code == 1
    assert "none of the" in ended.err
    assert "Did you mean '0007'" in ended.err
    assert "0007" in HOSTILE_IDS
