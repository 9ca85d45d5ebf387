"""The report's tables of reasons, forecasts and decisions, on CDNOW with pooled cohorts from stand-in posteriors."""

import numpy as np
import pytest

import kundenwert as kw
from kundenwert.report import argument, tables

FITTING = {"seed": 1, "draws": 100, "tune": 150, "chains": 2, "log_likelihood": False}


@pytest.fixture(scope="module")
def journey(request):
    """A sixth of CDNOW, by month, with effects of the cohorts, from log to values."""
    folder = request.config.rootpath / "data" / "cdnow"
    log = kw.read_transactions(folder / "transactions.csv")
    whole = kw.summarise(log, observation_end="1997-09-30", holdout_end="1998-06-30", inactivity_months=3)
    part = whole.table.iloc[::6].reset_index(drop=True)
    summary = kw.CustomerSummary(**{**vars(whole), "table": part})
    fits = [kw.fit(model(cohorts=("cohort",)), summary, **FITTING) for model in (kw.ParetoNBD, kw.GammaGamma)]
    money = {"horizon": 52.0, "margin": 0.3, "cac": 5.0, "allow_unconverged": True}
    return log, summary, *fits, kw.value_table(*fits, summary, seed=1, **money)


def test_reasons_multiply_for_each_cohort_and_lifespan(journey):
    _, summary, purchases, spend, values = journey
    table = tables.why(purchases, spend, summary, values, lifespan_years=3.0)
    assert set(table["method"]) == {"observed", "churn", "assumed"}
    assert set(table["cohort"]) == {"1997-01", "1997-02", "1997-03", "all"}
    for _, own in table.groupby(["method", "cohort"]):
        steps = own.set_index("step")["log_mean"]
        assert steps[list(kw.compare.FACTORS)].sum() == pytest.approx(steps["ratio"], abs=1e-10)
    posterior = table.query("cohort == 'all' and step == 'posterior'")["money_mean"]
    assert np.ptp(posterior) < 1e-9, "what the posterior says does not depend on the formula's lifespan"
    beside = kw.compare_cohorts(summary, values).set_index("cohort")
    assert posterior.iloc[0] == pytest.approx(beside.loc["all", "clv_mean"] + 5.0, rel=0.02)


def test_forecasts_of_a_sceptic(journey):
    log, summary, _, spend, values = journey
    table = tables.baselines(log, spend, summary, values, lifespan_years=3.0, seed=1).set_index("method")
    assert tuple(table.index) == tables.COMPARED
    assert table["actual_total"].nunique() == 1
    assert table.loc["annuity", "actual_total"] == pytest.approx(summary.table["holdout_value"].sum())
    expected = (values.table["predicted_holdout_value_mean"] - values.table["holdout_value"]).abs().mean()
    assert table.loc["posterior mean", "mae"] == pytest.approx(expected)
    nobody = summary.table["holdout_value"].abs().mean()
    assert table.loc["nobody returns", "mae"] == pytest.approx(nobody)


def test_decisions_tell_cohorts_apart_where_the_models_do(journey):
    _, summary, purchases, spend, values = journey
    found = tables.decisions(purchases, spend, summary, values, seed=1)
    cohorts = ["1997-01", "1997-02", "1997-03"]
    assert found["acquisition"]["cohort"].tolist() == cohorts
    assert found["best"]["p_best"].sum() == pytest.approx(1)
    pairs = found["better"].set_index("cohort")
    np.testing.assert_allclose(pairs + pairs.T, 1)
    own = np.flatnonzero(summary.table["cohort"] == "1997-02")[:1]
    assert np.ptp(purchases.scoring.thin(50).laws(summary.table)(own)["alpha"][0] / purchases.draws(50)["alpha"]) > 0
    curve = found["payback_curve"].query("cohort == '1997-01'")
    assert curve["p_paid_back"].is_monotonic_increasing
    assert curve["time"].iloc[-1] == 52.0


def test_nothing_is_advised_about_cohorts_that_failed(journey):
    _, summary, purchases, spend, values = journey
    found = tables.decisions(purchases, spend, summary, values, seed=1, failed=["1997-02"])
    assert found["acquisition"]["cohort"].tolist() == ["1997-01", "1997-02", "1997-03"]
    assert found["better"]["cohort"].tolist() == ["1997-01", "1997-03"]
    assert "1997-02" not in set(found["information"]["cohort"]) | set(found["information"]["action"])
    everyone = tables.decisions(purchases, spend, summary, values, seed=1, failed=["1997-01", "1997-02", "1997-03"])
    assert {"better", "best", "information"} & set(everyone) == set()


def test_effects_are_factors_on_the_average(journey):
    _, summary, purchases, spend, _ = journey
    found = tables.pooled(purchases, spend, summary)
    assert set(found["effects"]["effect"]) == {"purchase, cohort", "dropout, cohort", "spend, cohort"}
    one = found["effects"].query("effect == 'purchase, cohort' and level == '1997-02'").iloc[0]
    draws = purchases.tree["posterior"]["purchase_effect_cohort"].sel(cohort_level="1997-02").to_numpy()
    assert one["value_q50"] == pytest.approx(np.quantile(np.exp(draws), 0.5))
    assert one["p_above"] == (draws > 0).mean()
    assert found["shrinkage"]["cohort"].tolist() == ["1997-01", "1997-02", "1997-03"]


def test_without_effects_there_is_nothing_to_pool(journey):
    _, summary, *_ = journey
    plain = kw.fit(kw.ParetoNBD(), summary, seed=1, draws=100, log_likelihood=False)
    spend = kw.fit(kw.GammaGamma(), summary, seed=1, draws=100, log_likelihood=False)
    assert tables.pooled(plain, spend, summary) == {}


def test_an_infinite_horizon_has_no_decomposition(journey):
    _, summary, purchases, spend, _ = journey
    values = kw.value_table(purchases, spend, summary, horizon=np.inf, seed=1, samples=50, allow_unconverged=True)
    assert tables.why(purchases, spend, summary, values, lifespan_years=3.0).empty


def test_forecasts_are_scored_on_the_same_customers(journey, monkeypatch):
    """Churn is not seen in the last cohort, and the annuity of nearly nobody is known: one figure, one set of customers."""
    log, summary, _, spend, values = journey
    predict = tables.baseline_predictions
    late = (summary.table["cohort"] == "1997-03").to_numpy()

    def partial(*args, **options):
        found = predict(*args, **options)
        found.revenue.loc[late, "formula_cohort_churn"] = np.nan
        found.revenue.loc[5:, "annuity"] = np.nan
        return found

    monkeypatch.setattr(tables, "baseline_predictions", partial)
    table = tables.baselines(log, spend, summary, values, lifespan_years=3.0, seed=1).set_index("method")
    assert tuple(table.index) == tables.COMPARED
    others = table.drop("annuity")
    assert set(others["customers"]) == {int((~late).sum())}
    assert others["actual_total"].nunique() == 1
    own = values.table.loc[~late, ["predicted_holdout_value_mean", "holdout_value"]].sum()
    assert others.loc["posterior mean", "bias"] == pytest.approx(own.iloc[0] / own.iloc[1] - 1)
    assert table.loc["formula_cohort_churn", "missing"] == late.sum()
    assert table.loc["annuity", ["customers", "missing"]].tolist() == [0, len(late) - 5]
    assert np.isnan(table.loc["annuity", "mae"])
    everybody = f"of {len(late):,} customers"
    assert f"among the {(~late).sum():,} {everybody}" in argument._verdict(table.reset_index(), len(late))
