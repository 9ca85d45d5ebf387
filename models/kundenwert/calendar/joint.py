r"""A calendar factor learned together with the Pareto/NBD: neither takes what belongs to the other.

A strong season that the likelihood does not know is taken for customers' leaving, in part, and a factor that is learned
afterwards cannot give it back. Here the logarithms u of the levels of past periods stand beside the law's quantities:

    p(law, u | log) ∝ L(law, u) p(law) Σ_h w_h N(u; 0, K_h),

with the likelihood of `kundenwert.kernels.pareto_nbd.calendar` and combinations h of the hyperparameters of
`kundenwert.calendar.prior`, which are summed over. Proposals are normal laws about the mode for each combination, with
one curvature of the likelihood; importance weights make the draws exact where their tail allows it.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from kundenwert.bayes.importance import PARETO_K_BOUND
from kundenwert.bayes.mode import find_mode
from kundenwert.bayes.pareto_smoothing import smoothed_log_weights
from kundenwert.bayes.target import Target, make_target
from kundenwert.calendar.prior import PURCHASES, CalendarPrior, Hypers, covariance
from kundenwert.calendar.seen import dated
from kundenwert.errors import DomainError, SchemaError
from kundenwert.kernels.pareto_nbd import TOTAL_NODES
from kundenwert.kernels.pareto_nbd.calendar import Periods, draw_latents, log_likelihood_gradient

if TYPE_CHECKING:
    from kundenwert.data import CustomerSummary, TransactionLog
    from kundenwert.laws import ParetoNBD

type Array = NDArray[np.float64]

CONSTANT = 0.1
"""Standard deviation of the window's mean log level; beside a rate that is learned too, it could as well be 0."""

DEGREES = 10.0
"""Degrees of freedom of proposals: their tails are heavier than the posterior's."""

WIDER = (1.4, 1.1)
"""How many times wider than the curvature says they are, in the law's quantities, whose posterior is bent, and in u."""

STEP = 1e-3
"""Of differences of the gradient, in logarithms."""

NEWTON = 40
"""Most steps to the first mode."""

RENEWED = 2
"""Step after which the curvature is taken anew."""

STEPS = 3
"""Steps to the mode of each combination, from where the curvature puts it."""

LIKELY = 1e-3
"""Share of all weight below which a combination proposes nothing; it counts in the prior all the same."""

JITTER = 1e-9
"""Variance that keeps a prior without shocks from being singular."""


@dataclass(frozen=True)
class JointFit:
    """Draws of a law's parameters together with log factors of periods, past and to come.

    Parameters
    ----------
    law
        r, alpha, s, beta, each of shape (draws,).
    log_factor
        Shape (draws, window + ahead), the window first.
    window
        Number of past periods; they are counted back from the end of observation.
    period_days
        Length of a period.
    edges
        Ends of past periods in units of time, the end of observation 0, shape (window + 1,).
    pareto_k
        Shape of the tail of the importance weights; below 0.7 the draws can be relied on.
    effective
        Effective number of proposals.
    """

    law: dict[str, Array]
    log_factor: Array
    window: int
    period_days: int
    edges: Array
    pareto_k: float
    effective: float

    @property
    def reliable(self) -> bool:
        """Whether the weights' tail allows what they are used for."""
        return self.pareto_k < PARETO_K_BOUND

    def periods(self, draw: int) -> Periods:
        """Levels of the past in one draw, as the kernels take them."""
        return Periods(self.edges, np.exp(self.log_factor[draw, : self.window]))


class _Posterior(NamedTuple):
    """Log-likelihood and prior of quantities at points (log quantities, u), without the prior of u."""

    target: Target
    edges: Array
    bought: Array

    def at(self, point: Array) -> tuple[float, Array]:
        """Value and gradient."""
        target, fields = self.target, self.target.observed.fields
        n = len(target.names)
        logs, u = point[:n], point[n:]
        steps = STEP * np.eye(n)
        near = target.variables(logs + np.vstack([np.zeros(n), steps, -steps]))
        priors = np.stack([target.log_prior(name, near[name]) for name in target.names]).sum(axis=0)
        names = target.law.parameters
        parameters = np.log(np.stack([near[name] for name in names]))
        moved = (parameters[:, 1 : n + 1] - parameters[:, n + 1 :]) / (2 * STEP)
        law = dict(zip(names, np.exp(parameters[:, 0]), strict=True))
        count = target.observed.count
        found = log_likelihood_gradient(
            **fields,
            **law,
            start=-fields["T"],
            bought=np.zeros(u.size),
            periods=Periods(self.edges, np.exp(u)),
            count=count,
            nodes=TOTAL_NODES,
        )
        by_log = np.array([law[name] * (count @ getattr(found, name)) for name in names])
        slope = 1.0 + (priors[1 : n + 1] - priors[n + 1 :]) / (2 * STEP) + by_log @ moved
        value = logs.sum() + priors[0] + count @ found.value + self.bought @ u
        return float(value), np.concatenate([slope, self.bought + found.log_level])

    def values(self, points: Array) -> Array:
        """Values at many points, -inf where undefined."""

        def value(point: Array) -> float:
            with np.errstate(all="ignore"):
                found = self.at(point)[0]
            return found if np.isfinite(found) else -np.inf

        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            return np.array(list(pool.map(value, points)))

    def curvature(self, point: Array) -> Array:
        """Minus the second derivatives, by differences of the gradient, none below 0."""
        steps = STEP * np.eye(point.size)
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            slopes = list(pool.map(lambda move: self.at(point + move)[1], [*steps, *-steps]))
        hessian = (np.array(slopes[point.size :]) - np.array(slopes[: point.size])) / (2 * STEP)
        values, vectors = np.linalg.eigh((hessian + hessian.T) / 2)
        return np.asarray((vectors * np.maximum(values, 0.0)) @ vectors.T)


class _Proposals(NamedTuple):
    """A mixture of multivariate t laws: weights, middles, and roots of precisions (lower triangular)."""

    weight: Array
    middle: Array
    root: Array

    def draw(self, number: int, rng: np.random.Generator) -> Array:
        """Draws, of shape (number, coordinates)."""
        share = (rng.random() + np.arange(number)) / number
        which = np.searchsorted(np.cumsum(self.weight), share).clip(max=self.weight.size - 1)
        z = rng.standard_normal((number, self.middle.shape[1]))
        z *= np.sqrt(DEGREES / rng.chisquare(DEGREES, number))[:, None]
        moved = np.linalg.solve(self.root[which].transpose(0, 2, 1), z[..., None])[..., 0]
        return np.asarray(self.middle[which] + moved)

    def log_density(self, points: Array) -> Array:
        """Log density but for a constant."""
        size = points.shape[1]
        each = np.empty((self.weight.size, len(points)))
        for k, (weight, middle, root) in enumerate(zip(*self, strict=True)):
            square = (((points - middle) @ root) ** 2).sum(axis=1)
            tail = (DEGREES + size) / 2 * np.log1p(square / DEGREES)
            each[k] = np.log(weight) + np.log(np.diag(root)).sum() - tail
        return np.asarray(special.logsumexp(each, axis=0))


def fit_joint(
    model: ParetoNBD,
    summary: CustomerSummary,
    log: TransactionLog,
    *,
    prior: CalendarPrior = PURCHASES,
    period_days: int = 28,
    ahead: int = 39,
    draws: int = 2000,
    seed: int = 1,
) -> JointFit:
    """Learn a law of purchases and the calendar factor of its rate together.

    Parameters
    ----------
    model
        Without cohorts and covariates.
    summary
        The customers, with dates.
    log
        The log that the summary was made from.
    prior
        What is believed of the factor; its `constant` is left to the law's own rate.
    period_days
        Length of a period, ≥ 1.
    ahead
        Periods to come, ≥ 0.
    draws
        Proposals, and draws taken from them.
    seed
        Makes them reproducible.

    Returns
    -------
    JointFit

    Raises
    ------
    SchemaError
        If the model has effects of cohorts or covariates, or the summary no dates.
    DomainError
        If the log holds other purchases than the summary.
    """
    if model.name != "pareto_nbd" or model.cohorts or model.covariates:
        raise SchemaError("a calendar inside the likelihood needs a Pareto/NBD without cohorts and covariates")
    repeats, edges = dated(summary, log, period_days=period_days)
    number = edges.size - 1
    period = number - 1 - np.minimum(repeats["age"].to_numpy() // period_days, number - 1)
    bought = np.bincount(period, minlength=number).astype(np.float64)
    posterior = _Posterior(make_target(model, summary), edges, bought)
    start = np.concatenate([find_mode(posterior.target).point, np.zeros(number)])
    expected = bought - posterior.at(start)[1][-number:]
    share, hypers = np.maximum(expected, 0.0) / expected.sum(), prior.hypers()
    per_year = summary.units_per_year * summary.days_per_unit / period_days
    time: Array = np.arange(1.0 - number, ahead + 1.0)
    K = covariance(replace(prior, constant=CONSTANT), hypers, time, share, per_year=per_year)
    K = K + JITTER * np.eye(time.size)
    rng = np.random.default_rng([seed, 21])
    points, each, k, effective = _drawn(posterior, start, K[:, :number, :number], hypers, draws, rng)
    variables = posterior.target.variables(points)
    u = points[:, -number:]
    factor = np.hstack([u, _later(K, u, each, rng)])
    law = {name: variables[name] for name in model.parameters}
    return JointFit(law, factor, number, period_days, edges, k, effective)


def draw_totals(found: JointFit, summary: CustomerSummary, *, horizon: float, draws: int = 500, seed: int = 1) -> Array:
    """Draw the purchases of all customers together after the end of observation; they share each draw's factor.

    Parameters
    ----------
    found
        Of `fit_joint`.
    summary
        The customers.
    horizon
        How far to look, ≥ 0, in units of time; no further than the periods to come.
    draws
        How many, no more than there are.
    seed
        Makes them reproducible.

    Returns
    -------
    ndarray
        Numbers of purchases, of shape (draws,).

    Raises
    ------
    DomainError
        If the horizon lies beyond the periods to come.
    """
    x, t_x, T = (summary.table[name].to_numpy(np.float64) for name in ("frequency", "recency", "T"))
    future = found.log_factor[:, found.window :]
    edges = found.period_days / summary.days_per_unit * np.arange(future.shape[1] + 1)
    if horizon > edges[-1]:
        raise DomainError(f"the horizon is {horizon:g}, and the periods to come end at {edges[-1]:g}")
    rng = np.random.default_rng([seed, 22])
    totals = np.empty(min(draws, len(future)))
    for i in range(totals.size):
        law = {name: values[i] for name, values in found.law.items()}
        latents = draw_latents(x, t_x, T, start=-T, periods=found.periods(i), rng=rng, **law)
        passed = np.concatenate([[0.0], np.cumsum(np.exp(future[i]) * np.diff(edges))])
        left = np.minimum(np.maximum(latents.lifetime - T, 0.0), horizon)
        totals[i] = rng.poisson(latents.purchase_rate @ np.interp(left, edges, passed))
    return totals


def _drawn(
    posterior: _Posterior, start: Array, K: Array, hypers: Hypers, draws: int, rng: np.random.Generator
) -> tuple[Array, Array, float, float]:
    """Draws, the log weight of each combination given each, and the shape and the effective size of the weights."""
    proposals = _proposals(posterior, start, K, hypers)
    points = proposals.draw(draws, rng)
    each = _log_prior(points[:, -K.shape[1] :], K, hypers)
    log_weight = posterior.values(points) + special.logsumexp(each, axis=1) - proposals.log_density(points)
    smoothed, k = smoothed_log_weights(log_weight)
    weight = np.exp(smoothed - smoothed.max())
    weight /= weight.sum()
    share = (rng.random() + np.arange(draws)) / draws
    taken = rng.permutation(np.searchsorted(np.cumsum(weight), share).clip(max=draws - 1))
    return points[taken], each[taken], float(k), float(1 / (weight**2).sum())


def _proposals(posterior: _Posterior, start: Array, K: Array, hypers: Hypers) -> _Proposals:
    """One proposal for each combination that may matter, weighed by Laplace's evidence."""
    n, precision = start.size - K.shape[1], np.linalg.inv(K)
    average = np.linalg.inv(np.einsum("h,hij->ij", hypers.weight, K))
    point, H = _mode(posterior, start, _wide(average[None], n)[0])
    slope = posterior.at(point)[1]
    wide = _wide(precision, n)
    middle = point + np.linalg.solve(H + wide, (slope - wide @ point)[..., None])[..., 0]
    gap = middle - point
    value = gap @ slope - np.einsum("hi,ij,hj->h", gap, H, gap) / 2
    chosen = _shares(value, middle, H, wide, K, hypers) > LIKELY
    middle, wide = middle[chosen], wide[chosen]
    value = np.empty(len(middle))
    for h, own in enumerate(wide):
        inner = np.linalg.inv(H + own)
        for _ in range(STEPS):
            middle[h] += inner @ (posterior.at(middle[h])[1] - own @ middle[h])
        value[h] = posterior.at(middle[h])[0]
    some = Hypers(*(values[chosen] for values in hypers))
    weight = _shares(value, middle, H, wide, K[chosen], some)
    narrower = 1 / np.repeat(WIDER, (n, K.shape[1]))
    return _Proposals(weight, middle, np.linalg.cholesky((H + wide) * np.outer(narrower, narrower)))


def _mode(posterior: _Posterior, point: Array, wide: Array) -> tuple[Array, Array]:
    """Mode under one normal prior of u, by Newton steps with a curvature that is renewed once, and the curvature."""
    H = posterior.curvature(point)
    for step in range(NEWTON):
        move = np.linalg.solve(H + wide, posterior.at(point)[1] - wide @ point)
        point = point + move / max(1.0, float(np.abs(move).max()))
        if step == RENEWED:
            H = posterior.curvature(point)
        if np.abs(move).max() < STEP:
            break
    return point, posterior.curvature(point)


def _wide(precision: Array, n: int) -> Array:
    """Precisions of u as those of all coordinates, of which the first n have none."""
    size = precision.shape[1] + n
    found = np.zeros((len(precision), size, size))
    found[:, n:, n:] = precision
    return found


def _shares(value: Array, middle: Array, H: Array, wide: Array, K: Array, hypers: Hypers) -> Array:
    """Weight of each combination by Laplace's approximation of its evidence."""
    square = np.einsum("hi,hij,hj->h", middle, wide, middle)
    evidence = value - (square + np.linalg.slogdet(K)[1] + np.linalg.slogdet(H + wide)[1]) / 2
    weight = hypers.weight * np.exp(evidence - evidence.max())
    return np.asarray(weight / weight.sum())


def _log_prior(u: Array, K: Array, hypers: Hypers) -> Array:
    """Log of `w_h N(u; 0, K_h)` but for a constant, of shape (draws, combinations)."""
    root = np.linalg.cholesky(K)
    each = np.empty((len(u), len(K)))
    for h, (one, weight) in enumerate(zip(root, hypers.weight, strict=True)):
        square = (np.linalg.solve(one, u.T) ** 2).sum(axis=0)
        each[:, h] = np.log(weight) - square / 2 - np.log(np.diag(one)).sum()
    return each


def _later(K: Array, u: Array, each: Array, rng: np.random.Generator) -> Array:
    """Log factors of periods to come, given those of the window and a combination drawn for each draw."""
    number = u.shape[1]
    which = np.argmax(each + rng.gumbel(size=each.shape), axis=1)
    found, z = np.empty((len(u), K.shape[1] - number)), rng.standard_normal((len(u), K.shape[1] - number))
    for h in np.unique(which):
        own, across = which == h, K[h, number:, :number]
        gain = np.linalg.solve(K[h, :number, :number], across.T).T
        rest = K[h, number:, number:] - gain @ across.T
        root = np.linalg.cholesky((rest + rest.T) / 2 + JITTER * np.eye(len(rest)))
        found[own] = u[own] @ gain.T + z[own] @ root.T
    return found
