"""The calendar factor inside the likelihood: at 1 the model without one, its gradient, and beside the fast way."""

import numpy as np
import pytest

import kundenwert as kw
from kundenwert.bayes.target import make_target
from kundenwert.calendar.factor import of_counts
from kundenwert.calendar.joint import JointFit, _later, _log_prior, _Posterior, draw_totals, fit_joint
from kundenwert.calendar.prior import PURCHASES, CalendarPrior, Hypers, covariance
from kundenwert.calendar.seen import dated
from kundenwert.errors import DomainError, SchemaError
from kundenwert.kernels.pareto_nbd.calendar import Periods, expected_purchases

FLAT = CalendarPrior(level=0.0, season=0.0, no_season=1.0, shock=0.0, trend=0.0)


@pytest.fixture(scope="module")
def log():
    return kw.datasets.cdnow()


@pytest.fixture(scope="module")
def summary(log):
    return kw.summarise(log, observation_end="1997-09-30", holdout_end="1998-06-30", time_unit="W")


@pytest.fixture(scope="module")
def posterior(summary, log):
    repeats, edges = dated(summary, log, period_days=28)
    period = 9 - np.minimum(repeats["age"].to_numpy() // 28, 9)
    return _Posterior(make_target(kw.ParetoNBD(), summary), edges, np.bincount(period, minlength=10).astype(float))


@pytest.mark.parametrize("seed", range(3))
def test_at_levels_of_one_the_density_is_that_without_a_calendar(posterior, seed):
    logs = np.random.default_rng(seed).normal([1.0, 0.3, 0.0, 0.2], 0.3)
    value, slope = posterior.at(np.concatenate([logs, np.zeros(10)]))
    wanted, by_log = posterior.target.gradient(logs)
    assert value == pytest.approx(wanted, abs=1e-6)
    np.testing.assert_allclose(slope[:4], by_log, rtol=1e-5, atol=1e-3)


def test_the_gradient_is_one_of_differences(posterior):
    point = np.concatenate([[1.0, 0.3, 0.0, 0.2], np.random.default_rng(1).normal(0, 0.5, 10)])
    slope, step = posterior.at(point)[1], 1e-4
    for i, move in enumerate(step * np.eye(14)):
        wanted = (posterior.at(point + move)[0] - posterior.at(point - move)[0]) / (2 * step)
        assert slope[i] == pytest.approx(wanted, rel=1e-4, abs=1e-3), i


def test_purchases_are_counted_once(posterior, summary):
    assert posterior.bought.sum() == summary.table["frequency"].sum()


def test_a_flat_prior_gives_the_posterior_without_a_calendar(summary, log):
    """Means within a fifth of a standard deviation and spreads within a fifth: of 400 draws, four standard errors."""
    found = fit_joint(kw.ParetoNBD(), summary, log, prior=FLAT, ahead=1, draws=1500)
    plain = kw.fit(kw.ParetoNBD(), summary, method="importance", draws=500, log_likelihood=False).scoring.population
    assert found.reliable
    assert found.effective > 400
    assert np.ptp(found.log_factor, axis=1).max() < 1e-3
    for name in ("r", "s", "beta"):
        wanted, drawn = np.log(plain[name]), np.log(found.law[name])
        assert drawn.mean() == pytest.approx(wanted.mean(), abs=0.2 * wanted.std()), name
        assert drawn.std() == pytest.approx(wanted.std(), rel=0.2), name


def test_both_ways_find_one_factor(summary, log):
    """On CDNOW's nine months, about their mean over the window; the joint one knows that it could be more."""
    found = fit_joint(kw.ParetoNBD(), summary, log, draws=1500, ahead=13)
    repeats, edges = dated(summary, log, period_days=28)
    bought = np.bincount(9 - np.minimum(repeats["age"].to_numpy() // 28, 9), minlength=10).astype(float)
    fits = [
        kw.fit(model, summary, method="importance", draws=250, log_likelihood=False)
        for model in (kw.ParetoNBD(), kw.GammaGamma())
    ]
    expected = kw.learn_calendar(*fits, summary, log, draws=100).seen.expected
    fast = of_counts(bought, expected, PURCHASES, ahead=13, per_year=13.04)
    share = expected / expected.sum()
    joint = found.log_factor.mean(axis=0)
    wanted = fast.weight @ fast.mean
    gap = joint - wanted - share @ (joint[:10] - wanted[:10])
    spread = np.sqrt(fast.weight @ (np.diagonal(fast.covariance, axis1=1, axis2=2) + fast.mean**2) - wanted**2)
    assert np.abs(gap).max() < 0.25
    assert np.corrcoef(joint[:10], wanted[:10])[0, 1] > 0.95
    assert (found.log_factor.std(axis=0) > spread).all()  # the level is open against customers' leaving
    assert found.edges[-1] == edges[-1] == 0.0
    assert found.periods(3).level.shape == (10,)


def test_periods_to_come_follow_their_conditional_law():
    """Mean and spread given the window, of one combination; 20,000 draws, five standard errors."""
    one = Hypers(*(np.array([value]) for value in (0.9, 0.2, 0.35, 0.4, 0.1, 1.0)))
    K = covariance(PURCHASES, one, np.arange(-4.0, 3.0), np.full(5, 0.2), per_year=13.0)
    u = np.broadcast_to(np.array([0.3, -0.2, 0.1, 0.0, 0.2]), (20_000, 5))
    drawn = _later(K, u, _log_prior(u, K[:, :5, :5], one), np.random.default_rng(4))
    gain = K[0, 5:, :5] @ np.linalg.inv(K[0, :5, :5])
    spread = K[0, 5:, 5:] - gain @ K[0, :5, 5:]
    np.testing.assert_allclose(drawn.mean(axis=0), gain @ u[0], atol=5 * np.sqrt(spread.max() / 20_000))
    np.testing.assert_allclose(np.cov(drawn.T), spread, atol=5 * spread.max() * np.sqrt(2 / 20_000))


def test_effects_of_cohorts_are_refused(summary, log):
    with pytest.raises(SchemaError, match="without cohorts and covariates"):
        fit_joint(kw.ParetoNBD(cohorts=["cohort"]), summary, log)


def test_totals_have_their_closed_form(summary):
    """Of one law and known levels, in the mean: within five standard errors of 400 draws."""
    law = {"r": 0.55, "alpha": 10.6, "s": 0.61, "beta": 11.7}
    level = np.concatenate([np.linspace(0.5, 2.0, 10), [0.3, 2.0, 1.5]])
    edges = -4.0 * np.arange(10.0, -1.0, -1.0)
    drawn = {name: np.full(400, value) for name, value in law.items()}
    found = JointFit(drawn, np.log(np.tile(level, (400, 1))), 10, 28, edges, 0.0, 400.0)
    totals = draw_totals(found, summary, horizon=9.0)
    x, t_x, T = (summary.table[name].to_numpy(float) for name in ("frequency", "recency", "T"))
    ahead = Periods(np.array([0.0, 4.0, 8.0, 12.0]), level[10:])
    past = found.periods(0)
    wanted = expected_purchases(x, t_x, T, start=-T, periods=past, ahead=ahead, horizon=9.0, **law).sum()
    assert totals.mean() == pytest.approx(wanted, abs=5 * totals.std() / 20)
    with pytest.raises(DomainError, match="the periods to come end at 12"):
        draw_totals(found, summary, horizon=13.0)
