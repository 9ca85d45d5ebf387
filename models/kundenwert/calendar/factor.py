r"""What purchases by period say of a calendar factor: its posterior for the window and for periods to come.

`O_t ~ Poisson(E_t exp(u_t))` with the prior of `kundenwert.calendar.prior`. For each combination of hyperparameters the
posterior is taken as normal about its mode (Rasmussen & Williams 2006, 3.4), and combinations are weighed by their
evidence: one best combination would be far too sure of itself.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kundenwert.calendar.prior import CalendarPrior, Hypers, covariance

type Array = NDArray[np.float64]

STEPS = 30
"""Most Newton steps to a mode."""

STEP = 2.0
"""Longest such step of a log factor."""

LOST = 1e-10
"""Variance that rounding may have lost."""

NEAR = 1e-8
"""Steps below which a mode is found."""

LIKELY = 1e-6
"""Share of all weight below which a combination is left out."""

AT_A_TIME = 2_000_000
"""Numbers in the matrices that are handled at a time: 16 MB."""


class Factor(NamedTuple):
    """Log factors of all periods, window first: for each combination a weight, mean and covariance.

    Parameters
    ----------
    weight
        Posterior probability of each combination, shape (combinations,), sum 1.
    mean, covariance
        Of the log factors, shapes (combinations, periods) and (combinations, periods, periods).
    hypers
        The combinations.
    """

    weight: Array
    mean: Array
    covariance: Array
    hypers: Hypers

    def draw(self, samples: int, *, rng: np.random.Generator) -> Array:
        """Draws of the log factors, of shape (samples, periods); each combination as often as it is probable."""
        share = (rng.random() + np.arange(samples)) / samples
        which = np.searchsorted(np.cumsum(self.weight), share).clip(max=self.weight.size - 1)
        z, found = rng.standard_normal((samples, self.mean.shape[1])), np.empty((samples, self.mean.shape[1]))
        for one in np.unique(which):
            own = which == one
            root = _root(self.covariance[one])
            found[own] = self.mean[one] + np.einsum("si,ji->sj", z[own], root)  # too small for a library's threads
        return rng.permutation(found)

    def mean_of(self, values: Array) -> float:
        """Posterior mean of a hyperparameter."""
        return float(self.weight @ values)


def _root(covariance: Array) -> Array:
    """A lower factor of a covariance that rounding may have bent: the more is known, the more of it cancels."""
    lost = LOST
    while True:
        try:
            return np.asarray(np.linalg.cholesky(covariance + lost * np.eye(len(covariance))))
        except np.linalg.LinAlgError:
            lost *= 10


def of_counts(counts: Array, expected: Array, prior: CalendarPrior, *, ahead: int, per_year: float) -> Factor:
    """Learn the factor from counts of purchases by period.

    Parameters
    ----------
    counts
        O, purchases in each period of the window, ≥ 0, the last period last.
    expected
        E, those expected without a calendar, given the customers' histories, ≥ 0.
    prior
        What is believed beforehand.
    ahead
        Periods to come, ≥ 0.
    per_year
        Periods in a year.

    Returns
    -------
    Factor

    Examples
    --------
    >>> found = of_counts(np.full(13, 50.0), np.full(13, 50.0), CalendarPrior(), ahead=1, per_year=13.0)
    >>> bool(np.abs(found.weight @ found.mean).max() < 0.02)
    True
    """
    return _learned(_Counts(counts, expected), expected, prior, ahead, per_year)


def of_means(
    log_ratio: Array, variance: Array, share: Array, prior: CalendarPrior, *, ahead: int, per_year: float
) -> Factor:
    """Learn a factor of values from the log of seen over expected mean values by period, with their variances.

    Parameters
    ----------
    log_ratio
        Of each period of the window; anything where the variance is infinite.
    variance
        Of the log ratios' errors, > 0, infinite where a period saw nothing.
    share
        Shares of the window's purchases, ≥ 0, sum 1.
    prior, ahead, per_year
        As in `of_counts`.

    Returns
    -------
    Factor
    """
    return _learned(_Means(log_ratio, variance), share, prior, ahead, per_year)


class _Counts(NamedTuple):
    """Poisson counts: log likelihood with its slope and curvature."""

    counts: Array
    expected: Array

    def at(self, u: Array) -> tuple[Array, Array, Array]:
        rate = self.expected * np.exp(u)
        return (self.counts * u - rate).sum(-1), self.counts - rate, rate


class _Means(NamedTuple):
    """Normal errors."""

    value: Array
    variance: Array

    def at(self, u: Array) -> tuple[Array, Array, Array]:
        precision = np.broadcast_to(1 / self.variance, u.shape)
        gap = np.where(precision > 0, self.value - u, 0.0)
        return -(precision * gap**2).sum(-1) / 2, precision * gap, precision


def _learned(seen: _Counts | _Means, share: Array, prior: CalendarPrior, ahead: int, per_year: float) -> Factor:
    """Posterior of each combination that matters, some combinations at a time."""
    window = share.size
    time: Array = np.arange(1.0 - window, ahead + 1.0)
    weights: Array = share / share.sum()
    hypers = prior.hypers()
    size = max(1, AT_A_TIME // time.size**2)
    evidence = np.empty(hypers.weight.size)
    for start in range(0, evidence.size, size):
        part = Hypers(*(values[start : start + size] for values in hypers))
        prior_of = covariance(prior, part, time[:window], weights, per_year=per_year)
        evidence[start : start + size] = _mode(prior_of, seen)[1]
    weight = hypers.weight * np.exp(evidence - evidence.max())
    weight /= weight.sum()
    kept = weight > LIKELY
    hypers = Hypers(*(values[kept] for values in hypers))
    means, covariances = [], []
    for start in range(0, hypers.weight.size, size):
        part = Hypers(*(values[start : start + size] for values in hypers))
        mean, spread = _posterior(covariance(prior, part, time, weights, per_year=per_year), seen, window)
        means.append(mean)
        covariances.append(spread)
    return Factor(weight[kept] / weight[kept].sum(), np.concatenate(means), np.concatenate(covariances), hypers)


def _mode(K: Array, seen: _Counts | _Means) -> tuple[Array, Array, Array]:
    """Mode as K⁻¹u, Laplace's log evidence, and (K + W⁻¹)⁻¹ there: Rasmussen & Williams' algorithm 3.1."""
    u, a = np.zeros(K.shape[:2]), np.zeros(K.shape[:2])
    eye = np.eye(K.shape[1])
    for step in range(STEPS + 1):
        value, slope, curvature = seen.at(u)
        root = np.sqrt(curvature)
        B = eye + root[..., :, None] * K * root[..., None, :]
        inverse = root[..., :, None] * np.linalg.solve(B, eye * root[..., None, :])  # (K + W⁻¹)⁻¹
        b = curvature * u + slope
        full = b - np.einsum("hij,hj->hi", inverse, np.einsum("hij,hj->hi", K, b))
        move = np.einsum("hij,hj->hi", K, full) - u
        longest = np.abs(move).max(-1, keepdims=True)
        share = np.minimum(1.0, STEP / np.maximum(longest, 1e-300))
        if step == STEPS or longest.max() < NEAR:
            break
        u, a = u + share * move, a + share * (full - a)
    return a, value - (a * u).sum(-1) / 2 - np.linalg.slogdet(B)[1] / 2, inverse


def _posterior(K: Array, seen: _Counts | _Means, window: int) -> tuple[Array, Array]:
    """Mean and covariance of all periods, those to come by what the window tells of them."""
    own = K[:, :window, :window]
    a, _, inverse = _mode(own, seen)
    across = K[:, :, :window]
    mean = np.einsum("hij,hj->hi", across, a)
    return mean, K - across @ inverse @ across.transpose(0, 2, 1)
