"""What a report may say about a channel: nothing where the models do not tell channels apart, or the hold-out failed."""

import pytest

import kundenwert as kw
from kundenwert.report import tables
from kundenwert.validate import checks, cohort_totals, independence, repeat_purchase_counts

from .cases import GIVEN


@pytest.fixture(scope="module")
def channels():
    """The shop that wins customers by three channels: summary, posteriors without cohorts, values."""
    log = kw.read_transactions(GIVEN / "shop" / "kanal.csv", keep=["Kanal"])
    summary = kw.summarise(log, observation_end="2024-12-31", holdout_end="2025-06-29", cohort="Kanal")
    fits = [kw.fit(model(), summary, seed=1, log_likelihood=False) for model in (kw.ParetoNBD, kw.GammaGamma)]
    costs = kw.read_costs(GIVEN / "shop" / "cac_ok.csv").stated()
    values = kw.value_table(*fits, summary, horizon=52.0, margin=0.4, cac=costs, seed=1, samples=1000)
    return summary, *fits, values


def test_no_channel_did_what_was_forecast(channels):
    summary, _, _, values = channels
    found = cohort_totals(summary, values).set_index(["cohort", "quantity"])
    assert set(found.index.get_level_values("cohort")) == {"Google", "Kampagne", "Messe"}
    assert not found["actual"].between(found["lower"], found["upper"]).any()
    campaign = found.loc[("Kampagne", "revenue")]
    assert campaign["actual"] == pytest.approx(115, abs=1)
    assert campaign["lower"] == pytest.approx(4937, rel=0.1)
    assert campaign["upper"] == pytest.approx(10722, rel=0.1)
    assert campaign["p_holm"] < 1e-6
    fits = {"purchase": channels[1], "spend": channels[2]}
    histogram = repeat_purchase_counts(channels[1], summary.table, at_most=100, seed=1)
    together = independence(summary.table)
    scores, covered = kw.holdout_scores(summary, values), kw.coverage(summary, values)
    rows = checks(summary.account, fits, histogram, together, scores, covered, None, found.reset_index())
    row = rows.set_index("check").loc["Cohorts are forecast one by one"]
    assert row["verdict"] == "fail"
    assert "Kampagne: purchases 1, forecast" in row["finding"]
    assert row["finding"].startswith("0 of 6 totals of cohorts lie in their 90 % interval")
    assert "No advice is given about" in row["finding"]


def test_nothing_is_said_by_channel_where_no_model_tells_channels_apart(channels):
    summary, purchases, spend, values = channels
    found = tables.decisions(purchases, spend, summary, values, seed=1)
    assert found["acquisition"]["cohort"].tolist() == ["all"]
    sizes, costs = summary.table["cohort"].value_counts(), {"Google": 35, "Messe": 250, "Kampagne": 15.5}
    mean = sum(sizes[name] * cost for name, cost in costs.items()) / sizes.sum()
    assert found["acquisition"]["cac"].tolist() == pytest.approx([mean])
    assert "better" not in found
