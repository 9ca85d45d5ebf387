"""The fast path: the mode, its curvature, heavy-tailed proposals, and Pareto-smoothed importance weights.

It knows when it is right: the shape k of the weights' tail and their effective size are checked. Where they fail, a
mixture of proposals is fitted to the weighted draws, so that it can follow a posterior that is bent or has a wing
(Cappé et al. 2008), and every round's draws are kept, weighted against the mixture of all proposals (Cornuet et al.
2012). A share of each round is drawn from a wider law (Hesterberg 1995): a wing that no proposal reaches cannot be seen
in the weights. Where all that fails, it says so.

With effects of cohorts there are tens of coordinates, in which the posterior is close to a normal law by construction:
one proposal, fitted to the weighted draws, serves better there than a mixture that few draws would have to teach.
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


class Manner(NamedTuple):
    """How proposals are made and when they suffice, for few coordinates or for many."""

    degrees: float
    """Degrees of freedom of the proposals: tails heavier than the posterior's."""

    rounds: int
    """Most rounds of adaptation before the fast path gives up."""

    pilot: int
    """Draws of the first round: what they teach is worth more than they are."""

    components: int
    """Most proposals that are fitted to the draws of the rounds before."""

    wider_than_mode: float
    """How many times wider than the mode's curvature says the defensive share of the first round is."""

    wider_than_draws: float
    """How many times wider than the draws so far that of later rounds is."""

    wider_than_fit: float
    """How many times wider than fitted a proposal is made: it costs a tenth of the effective draws and spares rounds.

    On CDNOW two rounds were enough for 6 of 12 seeds under the default priors, instead of 2.
    """

    largest: float
    """Largest share of all weight that a single draw may have (Chatterjee & Diaconis 2018).

    Small samples from proposals that miss a wing of the posterior were seen with k below 0.3, ends of intervals off by
    a third of their width, and single weights of several thousandths.
    """

    hopeless: float
    """Effective share of the first round's draws below which nothing more is tried."""


FEW_COORDINATES = Manner(5.0, 12, 1024, 4, 2.5, 3.0, 1.3, 1e-3, 0.0)
"""For the quantities of a population."""

MANY_COORDINATES = Manner(10.0, 8, 1024, 1, 1.3, 1.3, 1.0, 5e-3, 0.03)
"""For effects beside them."""

FIT_STEPS = 10
"""Steps of expectation and maximisation in that fit."""

CLUSTERED = 2000
"""Draws by whose clusters the fit is started."""

CARRIED = 60
"""Fewest draws that a fit rests on: where fewer carry the weight, the heaviest of so many count alike."""

DEFENSIVE = 0.2
"""Share of each round that is drawn from a wider law: than the mode's at first, then than the draws'."""

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
    manner: Manner = FEW_COORDINATES


class Proposal(NamedTuple):
    """A multivariate t law in a mixture: its share, centre, and Cholesky factor of its scale."""

    share: float
    centre: Array
    factor: Array


def sample(
    target: Target, mode: Mode, *, draws: int, rng: np.random.Generator, enough: float, manner: Manner = FEW_COORDINATES
) -> Importance:
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
    manner
        How proposals are made: for few coordinates or for many.

    Returns
    -------
    Importance
        All rounds' draws; `pareto_k`, `largest` and `effective` say whether they may be used.
    """
    factor = linalg.cholesky(mode.factor @ mode.factor.T, lower=True)
    round_ = _defended([Proposal(1.0, mode.point, factor)], mode.point, manner.wider_than_mode * factor)
    proposals: list[Proposal] = []
    points, values = np.empty((0, mode.point.size)), np.empty(0)
    for number in range(1, manner.rounds + 1):
        size = draws if number > 1 else min(draws, manner.pilot)
        proposals += [one._replace(share=one.share * size) for one in round_]
        fresh = _draw(round_, size, rng, manner.degrees)
        points, values = np.vstack([points, fresh]), np.concatenate([values, target(fresh)])
        log_weights = values - _mixture(points, proposals, manner.degrees)
        smoothed, k = smoothed_log_weights(log_weights)
        weights = np.exp(smoothed)
        largest, effective = float(special.softmax(log_weights).max()), float(1 / np.sum(weights**2))
        if number == manner.rounds or (number == 1 and effective < manner.hopeless * len(points)):
            break
        if k < PARETO_K_BOUND and largest < manner.largest and effective >= enough:
            break
        if manner.components > 1:
            round_ = _adapted(points, weights, rng, manner)
        else:
            round_ = _moved(points, weights, mode.point, factor, manner)
    evidence = _log_evidence(log_weights, mode.point.size, manner.degrees)
    return Importance(points, weights, k, largest, effective, number, evidence, manner)


def _log_evidence(log_weights: Array, d: int, degrees: float) -> float:
    """Of weights against all proposals together, whose t densities are without their constant."""
    constant = special.gammaln((degrees + d) / 2) - special.gammaln(degrees / 2) - d / 2 * np.log(degrees * np.pi)
    return float(special.logsumexp(log_weights) - constant)


def resample(weights: Array, size: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Systematic resampling: indices of equally weighted draws, in random order."""
    positions = (rng.random() + np.arange(size)) / size
    return rng.permutation(np.searchsorted(np.cumsum(weights), positions).clip(max=weights.size - 1))


def _draw(mixture: list[Proposal], size: int, rng: np.random.Generator, degrees: float) -> Array:
    """Draws from a mixture of multivariate t laws by even points, shifted at random: more even than independent ones.

    Weighted means from such draws have about half the error, measured on a mixture in four dimensions (Sobol points:
    two thirds); each single draw has the same law.
    """
    d = mixture[0].centre.size
    uniform = np.clip(_even(size, d + 2, rng), 1e-12, 1 - 1e-12)
    bounds = np.cumsum([one.share for one in mixture])[:-1]
    which = np.searchsorted(bounds, uniform[:, -2], side="right")
    z = special.ndtri(uniform[:, :d]) * np.sqrt(degrees / special.chdtri(degrees, uniform[:, -1]))[:, None]
    result = np.empty((size, d))
    for number, one in enumerate(mixture):
        own = which == number
        result[own] = one.centre + z[own] @ one.factor.T
    return result


def _even(size: int, d: int, rng: np.random.Generator) -> Array:
    """Points of the unit cube, each uniform by itself: of a lattice, or of Sobol's sequence where it has too few."""
    if d > len(LATTICE):
        from scipy.stats import qmc  # noqa: PLC0415  half a second, for models with effects only

        return np.asarray(qmc.Sobol(d, rng=rng).random(size))
    return np.asarray((np.outer(np.arange(size), LATTICE[:d]) / size + rng.random(d)) % 1.0)


def _distances(points: Array, one: Proposal) -> Array:
    """Squared distance of each point from a proposal's centre, in its own scale."""
    inverse = linalg.solve_triangular(one.factor, np.eye(one.centre.size), lower=True)
    # not `@`: a matrix library's threads cost more than so small a product
    z = np.einsum("ij,nj->in", inverse, points - one.centre)
    return np.asarray((z**2).sum(axis=0))


def _log_densities(points: Array, mixture: list[Proposal], degrees: float) -> tuple[Array, Array]:
    """Log of share times density, up to one constant, and squared distances, of shape (proposal, point)."""
    distances = np.stack([_distances(points, one) for one in mixture])
    scale = np.array([np.log(one.share) - np.log(np.diag(one.factor)).sum() for one in mixture])
    return scale[:, None] - (degrees + points.shape[1]) / 2 * np.log1p(distances / degrees), distances


def _mixture(points: Array, proposals: list[Proposal], degrees: float) -> Array:
    """Log density of the mixture of all rounds' proposals, each with the draws from it, up to a constant."""
    return np.asarray(special.logsumexp(_log_densities(points, proposals, degrees)[0], axis=0))


def _defended(mixture: list[Proposal], centre: Array, factor: Array) -> list[Proposal]:
    """A mixture that leaves the defensive share to a wide law."""
    kept = [one._replace(share=one.share * (1 - DEFENSIVE)) for one in mixture]
    return [*kept, Proposal(DEFENSIVE, centre, factor)]


def _adapted(points: Array, weights: Array, rng: np.random.Generator, manner: Manner) -> list[Proposal]:
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
    fitted = _clusters(z[rng.choice(weights.size, CLUSTERED, p=weights)], rng, manner.components)
    for _ in range(FIT_STEPS):
        fitted = _improved(fitted, z, weights, manner.degrees)
    wider = manner.wider_than_fit
    back = [Proposal(one.share, centre + factor @ one.centre, wider * factor @ one.factor) for one in fitted]
    return _defended(back, centre, manner.wider_than_draws * factor)


def _moved(points: Array, weights: Array, centre: Array, factor: Array, manner: Manner) -> list[Proposal]:
    """The next round's single proposal: the first one, moved and shaped as far as the effective draws can tell.

    A covariance of d coordinates has d (d + 1) / 2 numbers: with n effective draws the share n / (n + that) is learned
    from them, and the rest stays with the mode's curvature; likewise the centre's d numbers.
    """
    d, effective = centre.size, 1 / np.sum(weights**2)
    z = linalg.solve_triangular(factor, (points - centre).T, lower=True).T
    mean = weights @ z
    spread, share = z - mean, effective / (effective + d * (d + 1) / 2)
    covariance = share * (weights[:, None] * spread).T @ spread + (1 - share) * np.eye(d)
    centre = centre + factor @ mean * effective / (effective + d)
    factor = factor @ linalg.cholesky(covariance, lower=True)
    return _defended([Proposal(1.0, centre, factor)], centre, manner.wider_than_draws * factor)


def _clusters(z: Array, rng: np.random.Generator, components: int) -> list[Proposal]:
    """One proposal for each cluster of standardised draws."""
    d = z.shape[1]
    try:
        with np.errstate(invalid="ignore", divide="ignore"):  # draws that are all one
            _, label = vq.kmeans2(z, components, minit="++", missing="raise", rng=rng)
    except vq.ClusterError:  # few distinct draws: all together
        label = np.zeros(len(z), dtype=np.int64)
    found = []
    for own in (z[label == number] for number in np.unique(label)):
        if len(own) > max(FEWEST * len(z), d):
            spread = np.cov(own, rowvar=False) + 0.03 * np.eye(d)
            found.append(Proposal(len(own) / len(z), own.mean(axis=0), linalg.cholesky(spread, lower=True)))
    total = sum(one.share for one in found)
    return [one._replace(share=one.share / total) for one in found]


def _improved(mixture: list[Proposal], z: Array, weights: Array, degrees: float) -> list[Proposal]:
    """One step of expectation and maximisation of a mixture of t laws, on weighted draws (Cappé et al. 2008)."""
    d = z.shape[1]
    logs, distances = _log_densities(z, mixture, degrees)
    belongs = weights * np.exp(logs - special.logsumexp(logs, axis=0))
    shares = belongs.sum(axis=1)
    pull = belongs * (degrees + d) / (degrees + distances)
    found = []
    for number in np.flatnonzero(shares > FEWEST):
        centre = pull[number] @ z / pull[number].sum()
        spread = z - centre
        scale = (pull[number][:, None] * spread).T @ spread / shares[number] + 1e-6 * np.eye(d)
        found.append(Proposal(float(shares[number]), centre, linalg.cholesky(scale, lower=True)))
    total = sum(one.share for one in found)
    return [one._replace(share=one.share / total) for one in found]
