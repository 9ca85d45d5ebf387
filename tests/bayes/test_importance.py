"""Importance sampling of laws that are known: with a wing, bent, and without either."""

import itertools

import numpy as np
import pytest
from arviz_stats.base import array_stats
from scipy import special, stats

from kundenwert.bayes.diagnose import diagnose_importance
from kundenwert.bayes.importance import (
    FEW_COORDINATES,
    LATTICE,
    MANY_COORDINATES,
    PARETO_K_BOUND,
    Proposal,
    _draw,
    _mixture,
    resample,
    sample,
)
from kundenwert.bayes.mode import Mode
from kundenwert.bayes.pareto_smoothing import smoothed_log_weights

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
    assert found.largest < FEW_COORDINATES.largest
    assert found.effective > 0.65 * len(found.weights)  # proposals are 1.3 times wider than fitted
    assert quantile(found, 0, [0.05, 0.95]) == pytest.approx([-1.645, 1.645], abs=0.12)


@pytest.mark.parametrize("draws", [1024, 2048])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_wing_is_found(seed, draws):
    """The law's 95 % point of the first column is 3.65, of the normal part alone 1.64; 4 standard errors of 4,000 draws."""
    truth = stats.norm.cdf
    at = 3.6471
    assert 11 / 12 * truth(at) + truth((at - 4) / np.sqrt(2)) / 12 == pytest.approx(0.95, abs=1e-4)
    found = sample(winged, START, draws=draws, rng=np.random.default_rng(seed), enough=1000)
    assert found.pareto_k < PARETO_K_BOUND
    assert found.largest < FEW_COORDINATES.largest
    assert found.effective > 4000
    assert found.rounds > 2
    assert found.weights @ (found.points[:, 0] <= at) == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / 4000))
    assert found.weights @ (found.points[:, 1] < -2.5) == pytest.approx(
        11 / 12 * truth(-2.5) + truth(1.5 / np.sqrt(2)) / 12, abs=0.012
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_a_bent_posterior_is_followed(seed):
    """The second column is a normal plus half a centred chi-square: mean 0, variance 1.5."""
    found = sample(bent, START, draws=2048, rng=np.random.default_rng(seed), enough=1000)
    assert found.pareto_k < PARETO_K_BOUND
    assert found.weights @ found.points[:, 1] == pytest.approx(0, abs=0.07)
    assert found.weights @ found.points[:, 1] ** 2 == pytest.approx(1.5, abs=0.25)
    assert quantile(found, 0, [0.05, 0.95]) == pytest.approx([-1.645, 1.645], abs=0.1)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_law_out_of_reach_says_so(seed):
    """Tails in four dimensions that can just be integrated: weights by t proposals have a tail of shape 0.96."""

    def endless(points):
        return -2.1 * np.log1p((points**2).sum(axis=1))

    found = sample(endless, START, draws=1024, rng=np.random.default_rng(seed), enough=1000)
    assert not diagnose_importance(found, 1000).converged
    assert found.largest > FEW_COORDINATES.largest  # 1.3 to 600 times over 24 seeds


@pytest.mark.parametrize("seed", SEEDS)
def test_many_coordinates(seed):
    """A normal law in 40 coordinates, somewhat off the mode and with other widths than it has there."""
    d, rng = 40, np.random.default_rng(seed)
    width = np.geomspace(0.85, 1.15, d)
    start = Mode(np.zeros(d), np.eye(d), converged=True)

    def law(points):
        return -(((points - 0.1) / width) ** 2).sum(axis=1) / 2

    found = sample(law, start, draws=2048, rng=rng, enough=1000, manner=MANY_COORDINATES)
    assert diagnose_importance(found, 1000).converged
    assert 2 <= found.rounds <= MANY_COORDINATES.rounds
    error = found.effective**-0.5
    mean = found.weights @ found.points
    assert np.abs((mean - 0.1) / width).max() < 4.5 * error  # 40 coordinates: one alarm in 4,000
    sd = np.sqrt(found.weights @ (found.points - mean) ** 2)
    assert np.abs(sd / width - 1).max() < 4.5 * error


def test_what_is_hopeless_is_given_up_at_once():
    """In 120 coordinates with twice the mode's width no draw of 1,024 is like another."""
    start = Mode(np.zeros(120), np.eye(120), converged=True)

    def law(points):
        return -((points / 2) ** 2).sum(axis=1) / 2

    rng = np.random.default_rng(1)
    found = sample(law, start, draws=2048, rng=rng, enough=1000, manner=MANY_COORDINATES)
    assert (found.rounds, len(found.points)) == (1, MANY_COORDINATES.pilot)
    assert found.effective < MANY_COORDINATES.hopeless * MANY_COORDINATES.pilot
    assert not diagnose_importance(found, 1000).converged


LAWS_OF_WEIGHTS = {
    "bounded": lambda rng, size: rng.uniform(size=size),
    "exponential": lambda rng, size: rng.exponential(0.5, size),
    "normal": lambda rng, size: rng.normal(0, 1.5, size),
    "no mean": lambda rng, size: 1.4 * rng.exponential(size=size),
    "half are zero": lambda rng, size: np.where(rng.random(size) < 0.5, -np.inf, rng.normal(size=size)),
}
NEARLY_ALL_ZERO = np.r_[np.full(900, -np.inf), np.random.default_rng(9).normal(size=60)]


@pytest.mark.parametrize("size", [30, 60, 225, 1000, 5120])
@pytest.mark.parametrize("law", LAWS_OF_WEIGHTS)
def test_weights_are_smoothed_as_arviz_does(law, size):
    log_weights = LAWS_OF_WEIGHTS[law](np.random.default_rng(size), size)
    with np.errstate(divide="ignore"):
        theirs, shape = array_stats.psislw(-log_weights)
    ours, k = smoothed_log_weights(log_weights)
    assert k == pytest.approx(float(shape), rel=1e-9)
    assert np.exp(ours) == pytest.approx(np.exp(theirs), rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("k", [0.2, 0.5, 0.8])
def test_the_tails_shape_is_found(k):
    """Weights u^-k are Pareto of shape k; the estimate of 3,000 in a tail, drawn a little towards a half."""
    u = np.random.default_rng(5).random(1_000_000)
    assert smoothed_log_weights(-k * np.log(u))[1] == pytest.approx(k, abs=0.06)


@pytest.mark.parametrize(
    "log_weights", [np.zeros(500), np.round(np.random.default_rng(6).normal(size=500)), np.zeros(9)]
)
def test_where_there_is_no_tail_to_judge_it_says_so(log_weights):
    smoothed, k = smoothed_log_weights(log_weights)
    assert k == np.inf
    assert np.exp(smoothed) == pytest.approx(np.exp(log_weights) / np.exp(log_weights).sum(), rel=1e-12)


@pytest.mark.parametrize("size", [1024, 2048, 4096])
def test_each_coordinate_of_the_lattice_is_even(size):
    """Shifted, such a coordinate is uniform, with exactly one point in each interval of length 1/n."""
    for number in LATTICE:
        assert np.unique(np.arange(size) * number % size).size == size


@pytest.mark.parametrize("size", [1024, 2048, 4096])
def test_coordinates_do_not_depend_on_each_other(size):
    """Coordinates with h · z = 0 mod n lie on few planes; the shorter h, the fewer. A published vector has (1, 0, 0, 1, 1, 1)."""
    short = np.array([h for h in itertools.product(range(-2, 3), repeat=6) if any(h)])
    short = short[np.prod(np.maximum(1, np.abs(short)), axis=1) < 4]
    published = (1, 182667, 469891, 498753, 110745, 446247)
    assert (short @ np.array(LATTICE[:6]) % size != 0).all()
    assert size > 1024 or (short @ np.array(published) % size == 0).any()


@pytest.mark.parametrize("size", [1024, 2048])
def test_moments_from_a_mixture_have_smaller_errors_than_independent_draws(size):
    """Five proposals for a normal law; means, squares and products over 150 shifts, about half the errors of luck."""
    rng = np.random.default_rng(11)
    mixture = [Proposal(0.2, np.zeros(4), 2.6 * np.eye(4))]
    for _ in range(4):
        turned = 0.3 * rng.normal(size=(4, 4)) + np.eye(4)
        mixture.append(Proposal(0.2, 0.8 * rng.normal(size=4), np.linalg.cholesky(turned @ turned.T)))
    pairs = np.triu_indices(4)

    def errors(drawn):
        found = []
        for points in drawn:
            log_weights = normal(points) - _mixture(points, mixture, FEW_COORDINATES.degrees)
            weights = np.exp(log_weights - special.logsumexp(log_weights))
            found.append([*(weights @ points), *(weights @ (points[:, pairs[0]] * points[:, pairs[1]]))])
        truth = np.r_[np.zeros(4), (pairs[0] == pairs[1]).astype(float)]
        return np.sqrt(np.mean((np.array(found) - truth) ** 2, axis=0))

    even = errors(_draw(mixture, size, np.random.default_rng(seed), FEW_COORDINATES.degrees) for seed in range(150))
    lucky = errors(by_luck(mixture, size, np.random.default_rng(seed)) for seed in range(150))
    assert (even / lucky).max() < 1
    assert (even / lucky).mean() < 0.7


def by_luck(mixture, size, rng):
    which = rng.integers(len(mixture), size=size)
    t = (
        rng.standard_normal((size, 4))
        * np.sqrt(FEW_COORDINATES.degrees / rng.chisquare(FEW_COORDINATES.degrees, size))[:, None]
    )
    centres, factors = np.array([one.centre for one in mixture]), np.array([one.factor for one in mixture])
    return centres[which] + np.einsum("nij,nj->ni", factors[which], t)


def test_resampling_keeps_shares():
    weights = np.array([0.5, 0.0, 0.3, 0.2])
    pick = resample(weights, 1000, np.random.default_rng(2))
    assert np.bincount(pick, minlength=4).tolist() == [500, 0, 300, 200]


@pytest.mark.parametrize("narrow", [0.1, 0.02, 0.01])
def test_a_mode_far_too_wide_is_outgrown(narrow):
    """A start a hundred times too wide in four dimensions: at first one draw in 10⁸ falls where the law is."""

    def law(points):
        return normal(points / narrow)

    found = sample(law, START, draws=2048, rng=np.random.default_rng(1), enough=1000)
    assert found.largest < FEW_COORDINATES.largest
    assert quantile(found, 0, [0.05, 0.95]) == pytest.approx([-1.645 * narrow, 1.645 * narrow], rel=0.08)
