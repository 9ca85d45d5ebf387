"""The posterior mode and the curvature there: where the fast path starts, and what NUTS measures distances with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import linalg, optimize

from kundenwert.bayes.effects import log_spread
from kundenwert.bayes.target import Target
from kundenwert.laws.seen import Array

FLATTEST = 0.05
"""Least curvature that is believed: a coordinate about which nothing is known is sampled as if it had this."""

_HESSIAN_STEP = 1e-3
_EFFECT_STEP = 1e-2


@dataclass(frozen=True)
class Mode:
    """The posterior mode in a target's coordinates, and a factor F with F Fᵀ = inverse curvature there."""

    point: Array
    factor: Array
    converged: bool


def find_mode(target: Target, near: Mode | None = None) -> Mode:
    """Maximise the log posterior by quasi-Newton steps with its exact gradient, and take its curvature.

    Parameters
    ----------
    target
        Log posterior.
    near
        Where to start, with a guess of the inverse curvature; the best of several points about 0 if not given.

    Returns
    -------
    Mode
    """
    options: dict[str, float | Array] = {"gtol": 1e-3, "maxiter": 200}
    if near is None:
        starts = np.vstack([np.zeros(target.size), np.random.default_rng(0).normal(size=(63, target.size))])
        start = starts[np.argmax(target(starts))]
    else:
        start = near.point
        options |= {"hess_inv0": near.factor @ near.factor.T}
    found = optimize.minimize(_negative(target), start, jac=True, method="BFGS", options=options)
    return _with_curvature(target, found.x, finite=bool(np.isfinite(found.fun)))


def find_mode_with_effects(target: Target, population: Mode) -> tuple[Target, Mode]:
    """Find the middle of a target with effects, the curvature there, and the coordinates that suit its levels.

    Parameters
    ----------
    target
        With effects that have no anchors.
    population
        Mode of the same model without effects.

    Returns
    -------
    tuple
        The target with its levels anchored to what the data say about them, and a point in its coordinates.
    """
    effects = target.effects
    if effects is None:
        raise ValueError("the target has no effects")
    start = effects.start(population.point)
    found = optimize.minimize(
        _negative(target), start, jac=True, method="L-BFGS-B", options={"maxiter": 500, "maxcor": 30, "gtol": 1e-2}
    )
    anchored, moved = effects.anchored(found.x, *_score_and_information(target, found.x))
    target = replace(target, effects=anchored)
    mode = _with_curvature(target, moved, finite=bool(np.isfinite(found.fun)))
    return target, mode


def _negative(target: Target) -> Callable[[Array], tuple[float, Array]]:
    def negative(point: Array) -> tuple[float, Array]:
        value, slope = target.gradient(point)
        return (-value, -slope) if np.isfinite(value) else (1e300, -slope)

    return negative


def _with_curvature(target: Target, point: Array, *, finite: bool) -> Mode:
    values, vectors = linalg.eigh(-_hessian(target, point))
    sane = bool(np.all(np.isfinite(values)) and values.min() > 0)
    values = np.clip(np.where(np.isfinite(values), values, 1.0), FLATTEST, None)
    return Mode(point, vectors / np.sqrt(values), sane and finite)


def _hessian(target: Target, point: Array) -> Array:
    """Differences of the gradient."""
    slopes = [
        (target.gradient(point + step)[1] - target.gradient(point - step)[1]) / (2 * _HESSIAN_STEP)
        for step in np.eye(point.size) * _HESSIAN_STEP
    ]
    hessian = np.asarray(slopes)
    return np.where(np.isfinite(hessian + hessian.T), (hessian + hessian.T) / 2, 0.0)


def _score_and_information(target: Target, point: Array) -> tuple[dict[str, Array], dict[str, Array]]:
    """What the data say about each effect: first and second derivatives, the levels of one column all at a time.

    A customer has one level of each column, so its levels do not meet in the likelihood.
    """
    score: dict[str, Array] = {}
    information: dict[str, Array] = {}
    if target.effects is None:
        return score, information
    middle = target.by_effect(point)
    for process in target.effects.acts_on:
        score[process] = middle[process][0]
        columns, known = target.effects.columns(process), []
        for _, spread, levels in columns:
            step = np.zeros(point.size)
            step[levels] = _EFFECT_STEP / np.exp(log_spread(point[spread]))
            up, down = (target.by_effect(point + sign * step)[process][0] for sign in (1, -1))
            known.append(np.maximum((down - up) / (2 * _EFFECT_STEP), 0))
        sizes = [levels.stop - levels.start for _, _, levels in columns]
        own = np.repeat(np.arange(len(sizes)), sizes)
        information[process] = np.array([known[k][j] for j, k in enumerate(own)])
    return score, information
