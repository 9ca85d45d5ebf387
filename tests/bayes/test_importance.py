"""Importance sampling of laws that are known: with a wing, bent, and without either."""

import numpy as np
import pytest
from scipy import stats

from kundenwert.bayes.importance import LARGEST_WEIGHT, PARETO_K_BOUND, resample, sample
from kundenwert.bayes.mode import Mode

SEEDS = range(6)
START = Mode(np.zeros(4), np.eye(4), converged=True)


def quantile(found, column, p):
    order = np.argsort(found.points[:, column])
    return np.interp(p, np.cumsum(found.weights[order]), found.points[order, column])


def normal(points):
    return -(points**2).sum(axis=1) / 2


def winged(points):
    """A standard normal, and one draw in twelve from a wing four standard deviations off, which its mode says nothing of."""
    wing = stats.multivariate_normal([4.0, -4.0, 0, 0], np.diag([2.0, 2.0, 0.5, 0.5])).logpdf(points)
    return np.logaddexp(np.log(11 / 12) + stats.multivariate_normal(np.zeros(4)).logpdf(points), np.log(1 / 12) + wing)


def bent(points):
    """A standard normal with its second column moved by half the square of the first: marginals are known."""
    straight = points.copy()
    straight[:, 1] -= 0.5 * (points[:, 0] ** 2 - 1)
    return normal(straight)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_normal_posterior_takes_two_or_three_rounds(seed):
    found = sample(normal, START, draws=2048, rng=np.random.default_rng(seed), enough=1000)
    assert 2 <= found.rounds <= 3
    assert found.largest < LARGEST_WEIGHT
    assert found.effective > 0.7 * len(found.weights)
    assert quantile(found, 0, [0.05, 0.95]) == pytest.approx([-1.645, 1.645], abs=0.12)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_wing_is_found(seed):
    """The law's 95 % point of the first column is 3.65, of the normal part alone 1.64; 4 standard errors of 4,000 draws."""
    truth = stats.norm.cdf
    at = 3.6471
    assert 11 / 12 * truth(at) + truth((at - 4) / np.sqrt(2)) / 12 == pytest.approx(0.95, abs=1e-4)
    found = sample(winged, START, draws=4096, rng=np.random.default_rng(seed), enough=1000)
    assert found.pareto_k < PARETO_K_BOUND
    assert found.largest < LARGEST_WEIGHT
    assert found.effective > 4000
    assert found.rounds > 2
    assert found.weights @ (found.points[:, 0] <= at) == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / 4000))
    assert found.weights @ (found.points[:, 1] < -2.5) == pytest.approx(
        11 / 12 * truth(-2.5) + truth(1.5 / np.sqrt(2)) / 12, abs=0.012
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_a_bent_posterior_is_followed(seed):
    """The second column is a normal plus half a centred chi-square: mean 0, variance 1.5."""
    found = sample(bent, START, draws=4096, rng=np.random.default_rng(seed), enough=1000)
    assert found.pareto_k < PARETO_K_BOUND
    assert found.weights @ found.points[:, 1] == pytest.approx(0, abs=0.07)
    assert found.weights @ found.points[:, 1] ** 2 == pytest.approx(1.5, abs=0.25)
    assert quantile(found, 0, [0.05, 0.95]) == pytest.approx([-1.645, 1.645], abs=0.1)


def test_a_law_out_of_reach_says_so():
    """Tails in four dimensions that can just be integrated: weights by t proposals have a tail of shape 0.96."""

    def endless(points):
        return -2.1 * np.log1p((points**2).sum(axis=1))

    found = sample(endless, START, draws=1024, rng=np.random.default_rng(1), enough=1000)
    assert found.largest > 10 * LARGEST_WEIGHT


def test_resampling_keeps_shares():
    weights = np.array([0.5, 0.0, 0.3, 0.2])
    pick = resample(weights, 1000, np.random.default_rng(2))
    assert np.bincount(pick, minlength=4).tolist() == [500, 0, 300, 200]


@pytest.mark.parametrize("narrow", [0.1, 0.02, 0.01])
def test_a_mode_far_too_wide_is_outgrown(narrow):
    """A start a hundred times too wide in four dimensions: at first one draw in 10⁸ falls where the law is."""

    def law(points):
        return normal(points / narrow)

    found = sample(law, START, draws=4096, rng=np.random.default_rng(1), enough=1000)
    assert found.largest < LARGEST_WEIGHT
    assert quantile(found, 0, [0.05, 0.95]) == pytest.approx([-1.645 * narrow, 1.645 * narrow], rel=0.08)
