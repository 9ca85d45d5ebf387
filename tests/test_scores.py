"""Log scores of the hold-out: against the mean of probabilities by hand, with cohorts, and compared in pairs."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import kundenwert as kw
from kundenwert.errors import DomainError, FitError, SchemaError
from kundenwert.kernels import pareto_nbd
from kundenwert.validate import LogScore, compare_log_scores, log_score


@pytest.fixture(scope="module")
def fits(made, posterior):
    return made(*posterior(40, width=0.3))


def by_hand(fit, table, length, laws=None):
    draws = fit.draws()
    found = []
    for i, row in enumerate(table.itertuples()):
        own = draws if laws is None else laws[i]
        p = [
            float(
                pareto_nbd.purchase_probability(
                    row.frequency,
                    row.recency,
                    row.T,
                    horizon=length,
                    number=row.holdout_purchases,
                    **{n: own[n][k] for n in own},
                )
            )
            for k in range(fit.samples)
        ]
        found.append(np.log(np.mean(p)))
    return found


def test_is_the_log_of_the_mean_probability(fits, summary):
    score = log_score(fits[0], summary)
    assert score.table["customer_id"].tolist() == summary.table["customer_id"].tolist()
    np.testing.assert_allclose(score.table["log_score"], by_hand(fits[0], summary.table, 39.0), atol=2e-6)
    assert score.samples == 40
    assert score.total == pytest.approx(score.table["log_score"].sum())


def test_the_log_of_the_mean_is_not_the_mean_of_the_log(fits, summary):
    single = [log_score(fits[0], summary, samples=1).total]
    assert abs(single[0] - log_score(fits[0], summary).total) > 1e-3


def test_blocks_and_row_order_change_nothing(fits, summary, monkeypatch):
    whole = log_score(fits[0], summary).table
    monkeypatch.setattr("kundenwert.validate.scores.BLOCK_CELLS", 80)
    turned = kw.CustomerSummary.from_frame(summary.table.iloc[::-1], time_unit="W", holdout_length=39.0)
    parts = log_score(fits[0], turned).table
    merged = whole.merge(parts, on="customer_id", validate="1:1")
    assert len(merged) == 10
    np.testing.assert_allclose(merged["log_score_x"], merged["log_score_y"], rtol=1e-12)


def test_each_cohort_is_scored_under_its_own_law(simulated):
    table = simulated.table.assign(cohort=np.where(np.arange(300) % 3 == 0, "a", "b"))
    table["holdout_purchases"] = np.arange(300) % 5
    table["holdout_value"] = 10.0 * table["holdout_purchases"]
    summary = kw.CustomerSummary.from_frame(table, time_unit="W", holdout_length=26.0)
    fit = kw.fit(kw.ParetoNBD(cohorts=("cohort",)), summary, seed=1, draws=40, tune=60, chains=1)
    rows = np.array([0, 1, 2, 3, 40])
    several = fit.scoring.laws(summary.table)(rows)
    laws = [{n: v if v.ndim == 1 else v[i] for n, v in several.items()} for i in range(len(rows))]
    assert np.abs(laws[0]["alpha"] - laws[1]["alpha"]).max() > 0
    wanted = by_hand(fit, summary.table.iloc[rows], 26.0, laws)
    np.testing.assert_allclose(log_score(fit, summary).table["log_score"].iloc[rows], wanted, atol=2e-6)


def test_scores_the_model_without_dropout(simulated, passed):
    table = simulated.table.head(20).assign(holdout_purchases=np.arange(20) % 3, holdout_value=1.0)
    summary = kw.CustomerSummary.from_frame(table, time_unit="W", holdout_length=26.0)
    fit = kw.fit(kw.NBD(), summary, seed=1, draws=30, chains=1)
    r, alpha = (fit.draws()[name] for name in ("r", "alpha"))
    row = summary.table.iloc[3]
    p = (alpha + row["T"]) / (alpha + row["T"] + 26.0)
    wanted = np.log(stats.nbinom.pmf(row["holdout_purchases"], r + row["frequency"], p).mean())
    assert log_score(fit, summary).table["log_score"].iloc[3] == pytest.approx(wanted, rel=1e-10)


def test_the_true_law_beats_a_wrong_one(made, posterior):
    """800 customers drawn from the law: what is 60 % too fast is found worse by more than three errors."""
    law, spend = posterior(20, width=0.01)
    rng = np.random.default_rng(4)
    true = {name: float(np.median(values)) for name, values in law.items()}
    x, t_x = pareto_nbd.simulate(np.full(800, 39.0), **true, rng=rng)
    latent = pareto_nbd.draw_latents(x, t_x, 39.0, **true, rng=rng)
    y = rng.poisson(latent.purchase_rate * np.clip(latent.lifetime - 39.0, 0, 39.0))
    frame = pd.DataFrame({"frequency": x, "recency": t_x, "T": 39.0, "holdout_purchases": y, "holdout_value": 1.0 * y})
    frame["monetary_value"] = np.where(x > 0, 30.0, np.nan)
    summary = kw.CustomerSummary.from_frame(frame, time_unit="W", holdout_length=39.0)
    right, _ = made(law, spend)
    wrong, _ = made(law | {"s": law["s"] * 4}, spend)
    table = compare_log_scores({"right": log_score(right, summary), "wrong": log_score(wrong, summary)})
    assert table["difference"].iloc[1] < 0
    assert table["z"].iloc[1] < -3


def made_score(values, cohort="x"):
    ids = [f"{i}" for i in range(len(values))]
    return LogScore(
        pd.DataFrame({"customer_id": ids, "cohort": cohort, "holdout_purchases": 0, "log_score": values}), 1
    )


def test_errors_are_paired_and_may_be_by_cohort():
    one, other = made_score([-1.0, -5.0, -2.0, -8.0], list("aabb")), made_score([-1.5, -5.5, -2.3, -8.3], list("aabb"))
    table = compare_log_scores({"one": one, "other": other})
    assert table["difference"].tolist() == pytest.approx([0.0, -1.6])
    assert table["error"].iloc[1] == pytest.approx(2 * np.std([0.5, 0.5, 0.3, 0.3], ddof=1))
    assert one.error == pytest.approx(2 * np.std([1, 5, 2, 8], ddof=1))
    grouped = compare_log_scores({"one": one, "other": other}, by="cohort")
    assert grouped["error"].iloc[1] == pytest.approx(np.sqrt(2) * np.std([1.0, 0.6], ddof=1))
    assert np.isnan(grouped["z"].iloc[0])


@pytest.mark.parametrize(
    ("scored", "options", "error", "message"),
    [
        ({}, {}, SchemaError, "no log score"),
        ({"one": [-1.0, -2.0]}, {"by": "region"}, SchemaError, "no column 'region'"),
        ({"a": [-1.0], "b": [-1.0, -2.0]}, {}, DomainError, "'b' was scored on other customers than 'a'"),
    ],
    ids=["none", "column", "customers"],
)
def test_refuses_what_cannot_be_compared(scored, options, error, message):
    with pytest.raises(error, match=message):
        compare_log_scores({name: made_score(values) for name, values in scored.items()}, **options)


def test_refuses_what_cannot_be_scored(fits, summary, simulated):
    purchases, spend = fits
    with pytest.raises(FitError, match="gamma_gamma says nothing about purchases"):
        log_score(spend, summary)
    with pytest.raises(DomainError, match="no hold-out to score"):
        log_score(purchases, simulated)


def test_refuses_another_time_unit(made, posterior, summary):
    purchases, _ = made(*posterior(5), time_unit="D")
    with pytest.raises(FitError, match="fitted in units of 'D'"):
        log_score(purchases, summary)
