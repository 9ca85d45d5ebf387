"""The calendar factor's prior and posterior, against integrals worked out another way."""

import numpy as np
import pytest
from scipy import integrate, stats

from kundenwert.calendar.factor import Factor, of_counts, of_means
from kundenwert.calendar.prior import PURCHASES, SPEND, CalendarPrior, Hypers, covariance

ONE_LEVEL = CalendarPrior(season=0.0, no_season=1.0, shock=0.0, trend=0.0, persistence=((0.9, 1.0),))
PLAIN = CalendarPrior(level=0.0, season=0.0, no_season=1.0, shock=0.0, trend=0.0)


@pytest.mark.parametrize("prior", [PURCHASES, SPEND, ONE_LEVEL, CalendarPrior(no_season=0.0)])
def test_hyperparameters_have_probabilities(prior):
    hypers = prior.hypers()
    assert hypers.weight.sum() == pytest.approx(1, abs=1e-12)
    assert hypers.weight.min() > 0
    for scale, values in ((prior.level, hypers.level), (prior.shock, hypers.shock)):
        mean, square = hypers.weight @ values, hypers.weight @ values**2
        assert mean == pytest.approx(scale * np.sqrt(2 / np.pi), rel=0.06, abs=1e-12)  # of a half-normal law
        assert square == pytest.approx(scale**2, rel=0.12, abs=1e-12)


def test_the_windows_mean_is_taken_off():
    """Of the weighted mean over the window only c is unknown, whatever level, season, shocks and trend do."""
    rng = np.random.default_rng(1)
    share = rng.dirichlet(np.ones(20))
    found = covariance(PURCHASES, PURCHASES.hypers(), np.arange(30.0), share, per_year=13.0)
    weights = np.r_[share, np.zeros(10)]
    np.testing.assert_allclose(np.einsum("i,hij,j->h", weights, found, weights), PURCHASES.constant**2, rtol=1e-9)
    assert np.linalg.eigvalsh(found).min() > -1e-10
    np.testing.assert_allclose(found, found.transpose(0, 2, 1), atol=1e-12)


def test_a_season_comes_back_after_a_year():
    hypers = Hypers(*(np.array([value]) for value in (0.9, 0.0, 0.35, 0.5, 0.0, 1.0)))
    prior = CalendarPrior(trend=0.0, constant=1e-9)
    share = np.full(13, 1 / 13)
    found = covariance(prior, hypers, np.arange(26.0), share, per_year=13.0)[0]
    np.testing.assert_allclose(found[:13, :13], found[13:, :13], atol=1e-12)
    correlation = found[0] / found[0, 0]
    assert correlation[13] == pytest.approx(1, abs=1e-12)
    assert correlation[6] < 0


@pytest.mark.parametrize(("count", "expected"), [(0, 3.0), (7, 3.0), (90, 100.0)])
def test_one_period_by_quadrature(count, expected):
    """One period, c alone unknown: mean and spread of u, and of the period to come, which shares it."""

    def weight(u, power):
        return u**power * stats.poisson.pmf(count, expected * np.exp(u)) * stats.norm.pdf(u, scale=PLAIN.constant)

    total, first, second = (integrate.quad(weight, -4, 4, args=(k,), epsabs=1e-14, limit=200)[0] for k in range(3))
    mean, sd = first / total, np.sqrt(second / total - (first / total) ** 2)
    found = of_counts(np.array([float(count)]), np.array([expected]), PLAIN, ahead=1, per_year=13.0)
    assert found.mean[0, 0] == pytest.approx(mean, abs=0.35 * sd)  # Laplace's mode is no mean
    assert np.sqrt(found.covariance[0, 0, 0]) == pytest.approx(sd, rel=0.12)
    np.testing.assert_allclose(found.mean[0, 1], found.mean[0, 0], rtol=1e-9)
    np.testing.assert_allclose(found.covariance[0, 1, 1], found.covariance[0, 0, 0], rtol=1e-9)


def test_values_are_conjugate():
    """Normal errors: the regression that a joint normal law gives, worked out in one line."""
    value, variance = np.array([0.1, -0.2, 0.3, 0.0]), np.array([0.01, 0.02, 0.015, np.inf])
    found = of_means(
        value, variance, 1 / np.where(np.isfinite(variance), variance, 1e9), ONE_LEVEL, ahead=2, per_year=13.0
    )
    share = np.array([100, 50, 1 / 0.015, 1e-9]) / (150 + 1 / 0.015 + 1e-9)
    prior = covariance(ONE_LEVEL, ONE_LEVEL.hypers(), np.arange(-3.0, 3.0), share, per_year=13.0)
    hypers = ONE_LEVEL.hypers()
    evidence = []
    for k in range(hypers.weight.size):
        K = prior[k]
        gain = K[:, :3] @ np.linalg.inv(K[:3, :3] + np.diag(variance[:3]))
        evidence.append(stats.multivariate_normal(np.zeros(3), K[:3, :3] + np.diag(variance[:3])).logpdf(value[:3]))
        own = np.flatnonzero(np.isclose(found.hypers.level, hypers.level[k]))[0]
        np.testing.assert_allclose(found.mean[own], gain @ value[:3], atol=1e-7)
        np.testing.assert_allclose(found.covariance[own], K - gain @ K[:3], atol=1e-7)
    weight = hypers.weight * np.exp(evidence)
    np.testing.assert_allclose(np.sort(found.weight), np.sort(weight / weight.sum()), rtol=1e-5)


def test_draws_have_the_posteriors_moments():
    rng = np.random.default_rng(4)
    expected = np.full(20, 60.0)
    found = of_counts(rng.poisson(expected * 1.2).astype(float), expected, PURCHASES, ahead=6, per_year=13.0)
    drawn = found.draw(40_000, rng=rng)
    mean = found.weight @ found.mean
    spread = found.weight @ (np.diagonal(found.covariance, axis1=1, axis2=2) + found.mean**2) - mean**2
    np.testing.assert_array_less(np.abs(drawn.mean(0) - mean), 4.5 * np.sqrt(spread / 40_000))
    np.testing.assert_allclose(drawn.var(0), spread, rtol=0.12)  # mixed over widths: tails are heavy


def test_a_season_of_three_years_is_found_and_forecast():
    """200 purchases a period with a season of log-sd .35: each coming period's truth within 4.5 posterior sds."""
    season = 0.5 * np.cos(2 * np.pi * np.arange(52) / 13)
    expected = np.full(39, 200.0)
    counts = np.random.default_rng(2).poisson(expected * np.exp(season[:39]) / np.exp(season).mean()).astype(float)
    found = of_counts(counts, expected, PURCHASES, ahead=13, per_year=13.0)
    assert found.mean_of(found.hypers.season) > 0.2
    assert found.weight @ (found.hypers.season == 0) < 1e-3
    drawn = found.draw(4000, rng=np.random.default_rng(3))[:, 39:]
    truth = season[39:] - np.log(np.exp(season).mean())
    assert (np.abs(drawn.mean(0) - truth) < 4.5 * drawn.std(0)).all()
    assert drawn.std(0).max() < 0.25


def test_an_unseen_season_stays_open():
    """Half a year of even purchases says little about the other half: the year to come is wide, not narrow."""
    half, whole = (of_counts(np.full(n, 300.0), np.full(n, 300.0), PURCHASES, ahead=13, per_year=13.0) for n in (6, 65))
    widths = []
    for found in (half, whole):
        drawn = np.exp(found.draw(4000, rng=np.random.default_rng(5))[:, -13:]).mean(1)
        widths.append(np.diff(np.log(np.quantile(drawn, [0.05, 0.95])))[0])
    assert widths[0] > 2.5 * widths[1]


def test_weights_are_those_of_combinations_that_are_left():
    found = of_counts(np.full(9, 20.0), np.full(9, 20.0), PURCHASES, ahead=0, per_year=13.0)
    assert isinstance(found, Factor)
    assert found.weight.sum() == pytest.approx(1, abs=1e-12)
    assert found.mean.shape == (found.weight.size, 9) == found.covariance.shape[:2]


def test_very_large_shops_are_drawn():
    """10 million purchases a period, and no shocks: nearly everything cancels in the covariance."""
    prior = CalendarPrior(shock=0.0, level=0.0, trend=0.0)
    found = of_counts(np.full(40, 1e7), np.full(40, 1e7), prior, ahead=13, per_year=13.0)
    assert np.isfinite(found.draw(500, rng=np.random.default_rng(1))).all()
