"""Laws of purchases compared: the one that made the data wins where it can be told, and the first one else."""

import numpy as np
import pandas as pd
import pytest

import kundenwert as kw
from kundenwert.errors import SchemaError
from kundenwert.validate.models import _choice


def shop(law, size, seed, length=52.0, ahead=26.0, **parameters):
    """Customers of a known law, observed for a year, with half a year to come."""
    rng = np.random.default_rng(seed)
    many = {name: np.full(size, value) for name, value in parameters.items()}
    x, t_x = law.simulate(np.full(size, length), many, rng=rng)
    history = kw.laws.History(*(np.asarray(column)[:, None] for column in (x, t_x, np.full(size, length))))
    one = {name: values[:1] for name, values in many.items()}
    numbers = np.arange(200.0)
    held = []
    for row in range(size):
        own = history.at(np.array([row]))
        repeated = kw.laws.History(*(np.repeat(column, 200, axis=0) for column in own))
        p = np.exp(law.log_purchase_probability(repeated, one, horizon=ahead, number=numbers[:, None])[:, 0])
        held.append(rng.choice(200, p=p / p.sum()))
    frame = pd.DataFrame({"frequency": x, "recency": t_x, "T": length, "holdout_purchases": held})
    return kw.CustomerSummary.from_frame(frame, time_unit="W", holdout_length=ahead)


def test_the_law_that_made_the_data_is_chosen():
    """Nobody leaves, and everybody buys often: a law with leaving after purchases cannot say that."""
    made = shop(kw.NBD(), 400, 2, r=3.0, alpha=6.0)
    found = kw.compare_models(made, {"bg": kw.BGNBD(), "nbd": kw.NBD()})
    assert found.table["model"].tolist() == ["bg", "nbd"]
    assert found.table["converged"].all()
    assert found.table.loc[0, ["loo_difference", "holdout_difference"]].tolist() == [0, 0]
    made = shop(kw.BGNBD(), 500, 1, r=1.5, alpha=3.0, a=1.0, b=3.0)
    found = kw.compare_models(made, {"nbd": kw.NBD(), "bg": kw.BGNBD()})
    assert found.chosen == "bg"
    assert found.why.startswith("bg is better than nbd by ")
    assert found.table.loc[1, "loo_difference"] > 5 * found.table.loc[1, "loo_error"]


def test_all_laws_are_compared_if_none_is_named(simulated):
    found = kw.compare_models(simulated)
    assert list(found.fits) == ["pareto_nbd", "nbd", "bg_nbd", "mbg_nbd"]
    assert found.why.endswith("; not compared, for want of a column of the customer table: mbg_cnbd")
    assert "holdout" not in found.table
    assert found.chosen == "pareto_nbd"
    with pytest.raises(SchemaError, match="no law to compare"):
        kw.compare_models(simulated, {})


def test_first_purchases_on_the_last_day_are_as_likely_under_all_laws(simulated):
    """A history of no length tells nothing, and leaving it out changes nothing: it has no weights to be smoothed."""
    table = simulated.table.assign(T=np.where(np.arange(len(simulated)) < 3, 0.0, simulated.table["T"]))
    table.loc[:2, ["frequency", "recency"]] = 0
    late = kw.CustomerSummary.from_frame(table, time_unit="W", window=simulated.window)
    found = kw.compare_models(late, {"nbd": kw.NBD(), "bg": kw.BGNBD(), "mbg": kw.MBGNBD()})
    for name in ("nbd", "bg"):
        scores = kw.loo(found.fits[name].tree, late)
        assert scores.elpd_i.to_numpy()[:3].tolist() == [0.0] * 3
        assert scores.pareto_k.to_numpy()[:3].tolist() == [0.0] * 3
        assert scores.n_data_points == len(late)


@pytest.mark.parametrize(
    ("gaps", "errors", "chosen"),
    [((0, 3.9), (0, 2.0), "a"), ((0, 4.1), (0, 2.0), "b"), ((0, -50.0), (0, 2.0), "a"), ((0, 0.0), (0, 0.0), "a")],
)
def test_the_first_law_stays_unless_another_is_clearly_better(gaps, errors, chosen):
    table = pd.DataFrame({"model": ["a", "b"], "converged": True, "loo_difference": gaps, "loo_error": errors})
    assert _choice(table)[0] == chosen
    assert _choice(table.assign(converged=[True, False]))[0] == "a"
