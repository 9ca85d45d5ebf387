"""The fast path: the mode, its curvature, heavy-tailed proposals, and Pareto-smoothed importance weights.

It knows when it is right: the shape k of the weights' tail and their effective size are checked. Where they fail, a
mixture of proposals is fitted to the weighted draws, so that it can follow a posterior that is bent or has a wing
(Cappé et al. 2008), and every round's draws are kept, weighted against the mixture of all proposals (Cornuet et al.
2012). A share of each round is drawn from a wider law (Hesterberg 1995): a wing that no proposal reaches cannot be seen
in the weights. Where all that fails, it says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, special
from scipy.cluster import vq

from kundenwert.bayes.mode import Mode
from kundenwert.bayes.pareto_smoothing import smoothed_log_weights
from kundenwert.bayes.target import Target

type Array = NDArray[np.float64]

PARETO_K_BOUND = 0.7
"""Largest shape of the tail of importance weights that is relied on (Vehtari et al. 2024)."""

LARGEST_WEIGHT = 1e-3
"""Largest share of all weight that a single draw may have (Chatterjee & Diaconis 2018).

Small samples from proposals that miss a wing of the posterior were seen with k below 0.3, ends of intervals off by a
third of their width, and single weights of several thousandths.
"""

DEGREES = 5.0
"""Degrees of freedom of the proposals: tails heavier than the posterior's."""

ROUNDS = 12
"""Most rounds of adaptation before the fast path gives up."""

PILOT = 1024
"""Draws of the first round: what they teach is worth more than they are."""

COMPONENTS = 4
"""Most proposals that are fitted to the draws of the rounds before."""

FIT_STEPS = 10
"""Steps of expectation and maximisation in that fit."""

CLUSTERED = 2000
"""Draws by whose clusters the fit is started."""

CARRIED = 60
"""Fewest draws that a fit rests on: where fewer carry the weight, the heaviest of so many count alike."""

DEFENSIVE = 0.2
"""Share of each round that is drawn from a law this many times wider: of the mode's at first, then of the draws'."""

WIDER_THAN_MODE, WIDER_THAN_DRAWS = 2.5, 3.0

WIDER_THAN_FIT = 1.3
"""How many times wider than fitted a proposal is made: it costs a tenth of the effective draws and spares rounds.

On CDNOW two rounds were enough for 6 of 12 seeds under the default priors, instead of 2.
"""

LATTICE = (1, 719, 1817, 139, 1871, 1349, 1723, 325)
"""Generating vector of rank-1 lattices, made component by component for the error P₂ at 1,024, 2,048 and 4,096 points.

Published vectors are made for many more points; with a thousand, one of them had coordinates that depend on each other.
"""

FEWEST = 0.01
"""Share of a proposal below which it is dropped."""


@dataclass(frozen=True)
class Importance:
    """Weighted draws: points of shape (draws, quantities), normalised weights, and how far to trust them.

    `log_evidence` is the logarithm of the mean weight: of the probability of the data, whatever the quantities.
    """

    points: Array
    weights: Array
    pareto_k: float
    largest: float
    effective: float
    rounds: int
    log_evidence: float


class Proposal(NamedTuple):
    """A multivariate t law in a mixture: its share, centre, and Cholesky factor of its scale."""

    share: float
    centre: Array
    factor: Array


def sample(target: Target, mode: Mode, *, draws: int, rng: np.random.Generator, enough: float) -> Importance:
    """Draw from the posterior by adaptive importance sampling around its mode.

    Parameters
    ----------
    target
        Log posterior on the log scale.
    mode
        Where to start, and how wide.
    draws
        Proposals in a round, a power of two.
    rng
        Source of randomness.
    enough
        Effective draws wanted: while there are fewer, more are drawn.

    Returns
    -------
    Importance
        All rounds' draws; `pareto_k`, `largest` and `effective` say whether they may be used.
    """
    factor = linalg.cholesky(mode.factor @ mode.factor.T, lower=True)
    round_ = _defended([Proposal(1.0, mode.point, factor)], mode.point, WIDER_THAN_MODE * factor)
    proposals: list[Proposal] = []
    points, values = np.empty((0, mode.point.size)), np.empty(0)
    for number in range(1, ROUNDS + 1):
        size = draws if number > 1 else min(draws, PILOT)
        proposals += [one._replace(share=one.share * size) for one in round_]
        fresh = _draw(round_, size, rng)
        points, values = np.vstack([points, fresh]), np.concatenate([values, target(fresh)])
        log_weights = values - _mixture(points, proposals)
        smoothed, k = smoothed_log_weights(log_weights)
        weights = np.exp(smoothed)
        largest, effective = float(special.softmax(log_weights).max()), float(1 / np.sum(weights**2))
        if number == ROUNDS or (k < PARETO_K_BOUND and largest < LARGEST_WEIGHT and effective >= enough):
            break
        round_ = _adapted(points, weights, rng)
    return Importance(points, weights, k, largest, effective, number, _log_evidence(log_weights, mode.point.size))


def _log_evidence(log_weights: Array, d: int) -> float:
    """Of weights against all proposals together, whose t densities are without their constant."""
    constant = special.gammaln((DEGREES + d) / 2) - special.gammaln(DEGREES / 2) - d / 2 * np.log(DEGREES * np.pi)
    return float(special.logsumexp(log_weights) - constant)


def resample(weights: Array, size: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Systematic resampling: indices of equally weighted draws, in random order."""
    positions = (rng.random() + np.arange(size)) / size
    return rng.permutation(np.searchsorted(np.cumsum(weights), positions).clip(max=weights.size - 1))


def _draw(mixture: list[Proposal], size: int, rng: np.random.Generator) -> Array:
    """Draws from a mixture of multivariate t laws by a lattice, shifted at random: more even than independent ones.

    Weighted means from such draws have about half the error, measured on a mixture in four dimensions (Sobol points:
    two thirds); each single draw has the same law.
    """
    d = mixture[0].centre.size
    lattice = np.outer(np.arange(size), LATTICE[: d + 2]) / size
    uniform = np.clip((lattice + rng.random(d + 2)) % 1.0, 1e-12, 1 - 1e-12)
    bounds = np.cumsum([one.share for one in mixture])[:-1]
    which = np.searchsorted(bounds, uniform[:, -2], side="right")
    z = special.ndtri(uniform[:, :d]) * np.sqrt(DEGREES / special.chdtri(DEGREES, uniform[:, -1]))[:, None]
    result = np.empty((size, d))
    for number, one in enumerate(mixture):
        own = which == number
        result[own] = one.centre + z[own] @ one.factor.T
    return result


def _distances(points: Array, one: Proposal) -> Array:
    """Squared distance of each point from a proposal's centre, in its own scale."""
    inverse = linalg.solve_triangular(one.factor, np.eye(one.centre.size), lower=True)
    # not `@`: a matrix library's threads cost more than so small a product
    z = np.einsum("ij,nj->in", inverse, points - one.centre)
    return np.asarray((z**2).sum(axis=0))


def _log_densities(points: Array, mixture: list[Proposal]) -> tuple[Array, Array]:
    """Log of share times density, up to one constant, and squared distances, of shape (proposal, point)."""
    distances = np.stack([_distances(points, one) for one in mixture])
    scale = np.array([np.log(one.share) - np.log(np.diag(one.factor)).sum() for one in mixture])
    return scale[:, None] - (DEGREES + points.shape[1]) / 2 * np.log1p(distances / DEGREES), distances


def _mixture(points: Array, proposals: list[Proposal]) -> Array:
    """Log density of the mixture of all rounds' proposals, each with the draws from it, up to a constant."""
    return np.asarray(special.logsumexp(_log_densities(points, proposals)[0], axis=0))


def _defended(mixture: list[Proposal], centre: Array, factor: Array) -> list[Proposal]:
    """A mixture that leaves the defensive share to a wide law."""
    kept = [one._replace(share=one.share * (1 - DEFENSIVE)) for one in mixture]
    return [*kept, Proposal(DEFENSIVE, centre, factor)]


def _adapted(points: Array, weights: Array, rng: np.random.Generator) -> list[Proposal]:
    """The next round's proposals: a mixture of t laws fitted to weighted draws, and a wide law over all of them.

    A few draws that carry all weight would make a dot of it, the wide law included, from which nothing more is found.
    """
    if np.sum(weights**2) * CARRIED > 1:
        weights = np.minimum(weights, max(np.sort(weights)[-CARRIED], np.finfo(np.float64).tiny))
        weights = weights / weights.sum()
    centre = weights @ points
    spread = points - centre
    covariance = (weights[:, None] * spread).T @ spread
    ridge = 1e-6 * np.diag(np.diag(covariance) + 1e-9)
    factor = linalg.cholesky(covariance + ridge, lower=True)
    z = linalg.solve_triangular(factor, spread.T, lower=True).T
    fitted = _clusters(z[rng.choice(weights.size, CLUSTERED, p=weights)], rng)
    for _ in range(FIT_STEPS):
        fitted = _improved(fitted, z, weights)
    back = [Proposal(one.share, centre + factor @ one.centre, WIDER_THAN_FIT * factor @ one.factor) for one in fitted]
    return _defended(back, centre, WIDER_THAN_DRAWS * factor)


def _clusters(z: Array, rng: np.random.Generator) -> list[Proposal]:
    """One proposal for each cluster of standardised draws."""
    d = z.shape[1]
    try:
        with np.errstate(invalid="ignore", divide="ignore"):  # draws that are all one
            _, label = vq.kmeans2(z, COMPONENTS, minit="++", missing="raise", rng=rng)
    except vq.ClusterError:  # few distinct draws: all together
        label = np.zeros(len(z), dtype=np.int64)
    found = []
    for own in (z[label == number] for number in np.unique(label)):
        if len(own) > max(FEWEST * len(z), d):
            spread = np.cov(own, rowvar=False) + 0.03 * np.eye(d)
            found.append(Proposal(len(own) / len(z), own.mean(axis=0), linalg.cholesky(spread, lower=True)))
    total = sum(one.share for one in found)
    return [one._replace(share=one.share / total) for one in found]


def _improved(mixture: list[Proposal], z: Array, weights: Array) -> list[Proposal]:
    """One step of expectation and maximisation of a mixture of t laws, on weighted draws (Cappé et al. 2008)."""
    d = z.shape[1]
    logs, distances = _log_densities(z, mixture)
    belongs = weights * np.exp(logs - special.logsumexp(logs, axis=0))
    shares = belongs.sum(axis=1)
    pull = belongs * (DEGREES + d) / (DEGREES + distances)
    found = []
    for number in np.flatnonzero(shares > FEWEST):
        centre = pull[number] @ z / pull[number].sum()
        spread = z - centre
        scale = (pull[number][:, None] * spread).T @ spread / shares[number] + 1e-6 * np.eye(d)
        found.append(Proposal(float(shares[number]), centre, linalg.cholesky(scale, lower=True)))
    total = sum(one.share for one in found)
    return [one._replace(share=one.share / total) for one in found]
