"""Money lost by acting on a rule: by hand, and never negative."""

import numpy as np
import pandas as pd
import pytest

from kundenwert.compare import acting_profit, top_decile
from kundenwert.errors import DomainError, SchemaError

TRUTH = [30.0, 10.0, 50.0]


def test_yes_or_no_by_hand():
    rules = {"formula": [15.0, 25.0, 60.0], "silent": [np.nan, 25.0, np.nan]}
    table = acting_profit(rules, TRUTH, cac=[20.0, 20.0, 40.0], customers=[10, 20, 1]).set_index("rule")
    assert table.loc["truth", ["acquired", "profit", "lost", "overspending"]].tolist() == [11, 110, 0, 0]
    assert table.loc["formula", ["acquired", "profit", "lost"]].tolist() == [21, -190, 300]
    assert table.loc["formula", ["overspending", "underspending"]].tolist() == [20 * 15 + 10, 10 * 15]
    assert table.loc["silent", ["cohorts", "acquired", "profit", "overspending", "underspending"]].tolist() == [
        *(1, 20, -200, 300, 0)
    ]


def test_a_limit_of_just_the_cost_acquires_nobody():
    """Acting on it earns nothing, so nothing is done: a limit is what a customer may cost less than."""
    table = acting_profit({"at": [20.0], "above": [20.01]}, [30.0], cac=20.0, customers=10).set_index("rule")
    assert table.loc[["at", "above"], "acquired"].tolist() == [0.0, 10.0]
    assert table.loc[["at", "above"], "profit"].tolist() == [0.0, 100.0]


def test_a_constant_elasticity_by_hand():
    table = acting_profit({"formula": [60.0]}, [30.0], cac=20.0, customers=10, elasticity=1.0).set_index("rule")
    # 15 customers at 15 each for the truth; 30 at 30 each for the formula, which earns nothing
    assert table.loc["truth", ["acquired", "profit"]].tolist() == pytest.approx([15, 15 * (30 - 15)])
    assert table.loc["formula", ["acquired", "profit", "lost"]].tolist() == pytest.approx([30, 0, 225])


@pytest.mark.parametrize("elasticity", [None, 0.3, 1.0, 2.5])
def test_nothing_beats_the_truth(elasticity):
    rng = np.random.default_rng(1)
    truth, cac = rng.uniform(-5, 50, 40), rng.uniform(5, 40, 40)
    rules = {str(i): truth + rng.normal(0, 20, 40) for i in range(50)}
    table = acting_profit(rules, truth, cac=cac, customers=rng.integers(0, 99, 40), elasticity=elasticity)
    assert (table["lost"] >= -1e-9).all()
    assert (table["lost"][1:] > 1).all()


def test_the_best_limit_is_the_value_itself():
    limits = {f"{share:g}": [40.0 * share] for share in (0.8, 0.95, 1.0, 1.05, 1.2)}
    lost = acting_profit(limits, [40.0], cac=20.0, elasticity=0.7).set_index("rule")["lost"]
    assert lost["1"] == pytest.approx(0, abs=1e-12)
    assert lost["0.8"] > lost["0.95"] > 0 < lost["1.05"] < lost["1.2"]


def test_who_is_looked_after():
    guess = pd.DataFrame({"formula": [1.0, 2.0, 3.0, 4.0], "half": [9.0, np.nan, np.nan, 1.0]})
    table = top_decile(guess, [50.0, 0.0, 10.0, 20.0], share=0.5).set_index("method")
    assert table["value"].to_dict() == {"formula": 30.0, "half": 70.0, "truth": 70.0, "by lot": 40.0}
    assert table["missed"].to_dict() == {"formula": 40.0, "half": 0.0, "truth": 0.0, "by lot": 30.0}
    assert table["picked"].tolist() == [2] * 4
    assert top_decile(guess, [5.0, 0.0, 1.0, 2.0])["picked"].tolist() == [1] * 4


@pytest.mark.parametrize(
    ("truth", "limits", "terms", "error", "message"),
    [
        (TRUTH, {}, {"cac": 1.0, "elasticity": 0.0}, DomainError, "the elasticity is 0"),
        (TRUTH, {}, {"cac": -1.0}, DomainError, "are finite and at least 0"),
        (TRUTH, {}, {"cac": 0.0, "elasticity": 1.0}, DomainError, "a cost above 0"),
        (TRUTH, {"formula": [1.0, 2.0]}, {"cac": 1.0}, SchemaError, "'formula' has 2 limits for 3 cohorts"),
        (TRUTH, {"truth": TRUTH}, {"cac": 1.0}, SchemaError, "cannot be called 'truth'"),
        ([1.0, np.nan], {}, {"cac": 1.0}, DomainError, "missing or infinite in 1 rows"),
    ],
    ids=["elasticity", "negative cost", "no cost", "limits", "name", "missing"],
)
def test_what_has_no_meaning_is_refused(truth, limits, terms, error, message):
    with pytest.raises(error, match=message):
        acting_profit(limits, truth, **terms)
