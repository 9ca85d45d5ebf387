"""The models' log posteriors as fast array functions, with their gradients, without compiling anything.

A target lives on unbounded coordinates: the logarithms of the quantities that carry a prior, all of which are positive,
and after them the coordinates of the effects of cohorts and covariates, if the model has any. It gives the same density
as the PyMC model (a test holds them together), from the kernels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from kundenwert.bayes.effects import STEP, Effects, design_of
from kundenwert.bayes.priors import Prior, resolved_priors
from kundenwert.laws.law import Law
from kundenwert.laws.seen import Array, Draws, Observed

if TYPE_CHECKING:
    from kundenwert.data import CustomerSummary

PARTS = 16
"""Parts that parameter sets are evaluated in, whatever the number of processors."""


@dataclass(frozen=True)
class Target:
    """A log posterior over unbounded coordinates.

    Parameters
    ----------
    law
        The model.
    observed
        What it has seen.
    priors
        Of its quantities, in the order of the first coordinates.
    unit
        What the priors are measured in.
    effects
        Of cohorts and covariates; None without.
    workers
        Threads for many parameter sets.
    """

    law: Law
    observed: Observed
    priors: Mapping[str, Prior]
    unit: float
    effects: Effects | None = None
    workers: int = 1

    def __post_init__(self) -> None:
        """Look each prior's density up once, and where differences are taken."""
        object.__setattr__(self, "_densities", [prior.log_density() for prior in self.priors.values()])
        steps = STEP * np.eye(len(self.priors))
        object.__setattr__(self, "_around", np.vstack([np.zeros(len(self.priors)), steps, -steps]))

    _densities: tuple[Callable[[Array], Array], ...] = ()
    _around: Array = field(default_factory=lambda: np.zeros((1, 0)), compare=False, repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The quantities whose logarithms are the first coordinates."""
        return tuple(self.priors)

    @property
    def size(self) -> int:
        """Number of coordinates."""
        return self.effects.size if self.effects else len(self.priors)

    def log_prior(self, name: str, value: Array) -> Array:
        """Log prior density of one quantity."""
        return self._densities[self.names.index(name)](value)

    def variables(self, points: Array) -> Draws:
        """All variables of the model at points of shape (sets, coordinates), effects included."""
        if self.effects is None:
            return self._derived(points)
        logs, found = self.effects.variables(points)
        return self._derived(logs) | found

    def __call__(self, points: Array) -> Array:
        """Log posterior density, Jacobian included, at points of shape (sets, coordinates); -inf where undefined."""
        if self.effects is not None:
            return np.array([self.gradient(point)[0] for point in points])
        variables = self._derived(points)
        with np.errstate(all="ignore"):
            prior = points.sum(axis=1)
            for name, density in zip(self.priors, self._densities, strict=True):
                prior = prior + density(variables[name])
            law = {name: variables[name] for name in self.law.parameters}
            value = prior + in_threads(lambda part: self.law.total(self.observed, part), law, self.workers)
        return np.where(np.isfinite(value), value, -np.inf)

    def gradient(self, point: Array) -> tuple[float, Array]:
        """Log posterior density at one point, and its gradient; -inf and zeros where undefined."""
        effects = self.effects
        with np.errstate(all="ignore"):
            if effects is None:
                value, slope, _ = self._at(point, {})
            else:
                place = effects.place(point)
                value, by_quantity, by_log = self._at(place.log_quantities, effects.shifts(point, place))
                by_effect = effects.by_effect(by_log, self.observed.group)
                value += place.log_prior
                slope = effects.pull_back(point, place, by_quantity, by_effect)
        if not (np.isfinite(value) and np.isfinite(slope).all()):
            return -np.inf, np.zeros(self.size)
        return float(value), slope

    def by_effect(self, point: Array) -> dict[str, tuple[Array, Array]]:
        """Derivatives of the log-likelihood by effects and by coefficients, for each process."""
        if self.effects is None:
            return {}
        with np.errstate(all="ignore"):
            place = self.effects.place(point)
            _, _, by_log = self._at(place.log_quantities, self.effects.shifts(point, place))
            return self.effects.by_effect(by_log, self.observed.group)

    def _at(self, logs: Array, shifts: Draws) -> tuple[float, Array, Draws]:
        """Log density at log quantities and shifts of the parameters' logarithms, with its derivatives."""
        n = logs.size
        near = self._derived(logs + self._around)
        value, slope = logs.sum(), np.ones(n)
        for i, (name, density) in enumerate(zip(self.priors, self._densities, strict=True)):
            prior = density(near[name])
            value += prior[0]
            slope[i] += (prior[1 + i] - prior[1 + n + i]) / (2 * STEP)
        parameters = np.log(np.stack([near[name] for name in self.law.parameters]))
        jacobian = (parameters[:, 1 : n + 1] - parameters[:, n + 1 :]) / (2 * STEP)
        law = {name: np.exp(row[:1]) for name, row in zip(self.law.parameters, parameters, strict=True)}
        law |= {name: (law[name] * np.exp(shift))[self.observed.group] for name, shift in shifts.items()}
        at_each, slopes = self.law.pointwise(self.observed, law)
        by_log = {name: self.observed.count * slopes[name] * law[name] for name in self.law.parameters}
        slope += np.array([values.sum() for values in by_log.values()]) @ jacobian
        return float(value + self.observed.count @ at_each), slope, by_log

    def _derived(self, logs: Array) -> Draws:
        with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
            return self.law.derive({name: np.exp(logs[:, i]) for i, name in enumerate(self.priors)}, self.unit)


def make_target(model: Law, summary: CustomerSummary, *, workers: int = 1) -> Target:
    """The log posterior of a model as an array function, without compiling; its effects are not centred."""
    design, priors = design_of(model, summary), resolved_priors(model)
    effects = group = None
    if design is not None:
        group, codes, matrix = design.rows(summary.table)
        effects = Effects(design, model.acts_on, model.intercepts, codes, matrix, tuple(priors))
    return Target(model, model.observed(summary, group), priors, model.unit(summary), effects, workers)


def in_threads(function: Callable[[Draws], Array], draws: Draws, workers: int) -> Array:
    """Evaluate a function of many parameter sets in parts; the parts, and so the result, do not depend on workers."""
    size = next(iter(draws.values())).size
    parts = min(PARTS, size)
    cuts = [slice(size * part // parts, size * (part + 1) // parts) for part in range(parts)]
    with ThreadPoolExecutor(workers) as pool:
        results = pool.map(lambda cut: function({name: values[cut] for name, values in draws.items()}), cuts)
        return np.concatenate(list(results))
