r"""Effects of cohorts and covariates on the logarithms of a model's rates and spend.

For each process (purchase, drop-out, spend) customer i has `η_i = Σ_k effect_k[level_ik] + Σ_c coefficient_c z_ic`, and

    α_i = α₀ e^(-η),  β_i = β₀ e^(-η),  v_i = v₀ e^η :

a positive effect means that a cohort buys more often, drops out sooner, spends more. Effects of one column are
`Normal(0, spread)`, and the spread is learned: small cohorts borrow strength from the others, large ones speak for
themselves.

The sampler moves in coordinates that are close to standard normal whatever the spread is. The data by themselves say
`intercept + effect = m` with information I (curvature of the log-likelihood at the mode). At a given spread the
intercept q is then close to normal with precision `P = Σ I / (1 + I spread²)`, mean `μ = Σ m I / (1 + I spread²) / P`,
and each effect, given q, with precision `c = I + 1/spread²` and mean `I (m - q) / c`:

    q = μ + u₀ / √P,  effect = I (m - q) / c + u / √c.

The spread moves as the standard normal z with `Φ(z) = 2 Φ(spread / SPREAD_SD) - 1`, under which its half-normal prior
has no long tail towards 0. Without information an effect has the non-centred form, `spread · u`; with much it has the
centred one; each level has its own I. The map and its Jacobian are exact: only the choice of I and m is an
approximation, and it costs nothing but speed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from scipy import special

from kundenwert.data.design import Design
from kundenwert.laws.law import Array, Draws, Law

if TYPE_CHECKING:
    from kundenwert.data import CustomerSummary

SPREAD_SD = 0.5
"""Scale of the half-normal prior of a spread: cohorts differ by a factor of 1.4 typically, of 4 at the very most."""

COEFFICIENT_SD = 0.5
"""Standard deviation of the normal prior of a coefficient, per standard deviation of a numeric covariate."""

STEP = 1e-5
"""Step of the central differences of priors and of the maps to parameters and effects, all of them smooth."""

INTERCEPT_PRECISION = 0.25
"""What is taken to be known about an intercept without data, when its coordinate is chosen."""

FARTHEST = 3.0
"""Farthest that a level's own data are believed to lie from its effect at the mode, when its coordinate is chosen."""


def log_spread(z: ArrayLike) -> Array:
    """Logarithm of the spread whose prior probability of being smaller is Φ(z)."""
    z = np.asarray(z, dtype=np.float64)
    below = np.sqrt(2) * special.erfinv(special.ndtr(np.minimum(z, 0)))
    above = -special.ndtri(special.ndtr(-np.maximum(z, 0)) / 2)
    return np.asarray(np.log(SPREAD_SD * np.maximum(np.where(z < 0, below, above), np.finfo(np.float64).tiny)))


def _log_spread_slope(z: float) -> float:
    t = float(np.exp(log_spread(z))) / SPREAD_SD
    return float(np.exp((t**2 - z**2) / 2) / (2 * t))


class Anchor(NamedTuple):
    """What the data say about the levels of one column: `m` relative to the reference intercept, and information I."""

    estimate: Array
    information: Array


class Place(NamedTuple):
    """Where a point lies: all log quantities, effects by process and column, and the log prior up to a constant."""

    log_quantities: Array
    effects: dict[str, list[Array]]
    log_prior: float


class _Part(NamedTuple):
    """Where a process has its intercept (with the sign), its columns' spreads and levels, and its coefficients."""

    intercept: int
    sign: float
    columns: list[tuple[str, int, slice]]
    coefficients: slice


@dataclass(frozen=True)
class Effects:
    """Where the effects of a design stand among a target's coordinates, and what they do.

    The coordinates are those of the quantities and, for each process, the spread of each cohort column with its levels,
    and the coefficients.

    Parameters
    ----------
    design
        How cohorts and covariates are coded.
    acts_on
        By process the parameter it shifts, and with which sign.
    intercepts
        By process the quantity whose logarithm is the intercept of its effects, and its sign beside them.
    codes, matrix
        The distinct combinations of levels and covariates, as from `Design.rows`.
    quantities
        Names of the target's quantities.
    anchors
        By process and column what the data say about the levels; nothing if not given.
    reference
        By process the log of its intercept quantity that the anchors are relative to.
    """

    design: Design
    acts_on: Mapping[str, tuple[str, float]]
    intercepts: Mapping[str, tuple[tuple[str, float], ...]]
    codes: NDArray[np.int64]
    matrix: Array
    quantities: tuple[str, ...]
    anchors: Mapping[tuple[str, str], Anchor] = field(default_factory=dict)
    reference: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def size(self) -> int:
        """Number of coordinates, those of the quantities included."""
        return max((part.coefficients.stop for part in self._parts.values()), default=len(self.quantities))

    @cached_property
    def _parts(self) -> dict[str, _Part]:
        """Where the coordinates of each process stand."""
        found, position = {}, len(self.quantities)
        for process in self.acts_on:
            name, sign = next(pair for pair in self.intercepts[process] if pair[0] in self.quantities)
            columns = []
            for column, levels in self.design.cohorts.items():
                columns.append((column, position, slice(position + 1, position + 1 + len(levels))))
                position += 1 + len(levels)
            coefficients = slice(position, position + len(self.design.coefficients))
            position = coefficients.stop
            found[process] = _Part(self.quantities.index(name), sign, columns, coefficients)
        return found

    def columns(self, process: str) -> list[tuple[str, int, slice]]:
        """Each cohort column of a process, where its spread stands, and its levels."""
        return self._parts[process].columns

    def _coefficients(self, process: str) -> slice:
        return self._parts[process].coefficients

    def _intercept(self, process: str) -> tuple[int, float]:
        """Which quantity is the intercept of a process, and the sign it enters with."""
        return self._parts[process].intercept, self._parts[process].sign

    def _map(self, points: Array, process: str) -> tuple[Array, list[Array], Array]:
        """From coordinates to the log of the intercept quantity, effects by column, and the log Jacobian."""
        index, sign = self._intercept(process)
        columns = self.columns(process)
        if process not in self.reference:
            spreads = [log_spread(points[..., spread, None]) for _, spread, _ in columns]
            effects = [points[..., at] * np.exp(ell) for ell, (_, _, at) in zip(spreads, columns, strict=True)]
            none = np.zeros(points.shape[:-1])
            volume = sum(((ell + 0 * e).sum(-1) for ell, e in zip(spreads, effects, strict=True)), none)
            return points[..., index], effects, volume
        anchors = [self.anchors[process, name] for name, _, _ in columns]
        mean, variance = np.zeros(points.shape[:-1]), np.zeros(points.shape[:-1])
        for anchor, (_, spread, _) in zip(anchors, columns, strict=True):
            square = np.exp(2 * log_spread(points[..., spread, None]))
            share = anchor.information / (1 + anchor.information * square)
            precision = INTERCEPT_PRECISION + share.sum(-1)
            mean = mean + (share * anchor.estimate).sum(-1) / precision
            variance = variance + 1 / precision
        moved = mean + points[..., index] * np.sqrt(variance)
        effects, volume = [], np.log(variance) / 2
        for anchor, (_, spread, levels) in zip(anchors, columns, strict=True):
            c = anchor.information + np.exp(-2 * log_spread(points[..., spread, None]))
            aim = anchor.estimate - moved[..., None] / len(columns)
            effects.append(anchor.information * aim / c + points[..., levels] / np.sqrt(c))
            volume = volume - np.log(c).sum(-1) / 2
        return self.reference[process] + sign * moved, effects, volume

    def place(self, point: Array) -> Place:
        """Log quantities and effects at a point, with the effects' log prior density, Jacobian included."""
        logs, effects, value = point[: len(self.quantities)].copy(), {}, 0.0
        for process in self.acts_on:
            logs[self._intercept(process)[0]], effects[process], volume = self._map(point, process)
            value += float(volume)
            for effect, (_, spread, _) in zip(effects[process], self.columns(process), strict=True):
                value += self._spread_prior(effect, point[spread])
            value -= float(np.sum(point[self._coefficients(process)] ** 2)) / (2 * COEFFICIENT_SD**2)
        return Place(logs, effects, value)

    @staticmethod
    def _spread_prior(effect: Array, z: float) -> float:
        ell = float(log_spread(z))
        return float(-(z**2) / 2 - effect.size * ell - np.exp(-2 * ell) * np.sum(effect**2) / 2)

    def shifts(self, point: Array, place: Place) -> dict[str, Array]:
        """By parameter, what is added to its logarithm for each combination of the design."""
        found = {}
        for process, (parameter, sign) in self.acts_on.items():
            eta = self.matrix @ point[self._coefficients(process)]
            for k, effect in enumerate(place.effects[process]):
                eta = eta + effect[self.codes[:, k]]
            found[parameter] = sign * eta
        return found

    def by_effect(self, by_log: Draws, group: NDArray[np.int64]) -> dict[str, tuple[list[Array], Array]]:
        """Derivatives of the log-likelihood by effects and by coefficients, for each process.

        Parameters
        ----------
        by_log
            Derivatives for each observation by the logarithms of its parameters.
        group
            Which combination each observation belongs to.
        """
        found = {}
        for process, (parameter, sign) in self.acts_on.items():
            by_row = sign * np.bincount(group, weights=by_log[parameter], minlength=len(self.codes))
            levels = [
                np.bincount(self.codes[:, k], weights=by_row, minlength=len(names))
                for k, names in enumerate(self.design.cohorts.values())
            ]
            found[process] = levels, self.matrix.T @ by_row
        return found

    def pull_back(
        self, point: Array, place: Place, by_log_quantity: Array, by_effect: dict[str, tuple[list[Array], Array]]
    ) -> Array:
        """Gradient of the log posterior by coordinate, from its derivatives by log quantities and effects.

        What a spread moves is differentiated by central differences of the map, which is smooth and small.
        """
        slope = np.zeros(self.size)
        slope[: len(self.quantities)] = by_log_quantity
        for process in self.acts_on:
            index, _ = self._intercept(process)
            columns, (by_levels, by_coefficient) = self.columns(process), by_effect[process]
            coefficients = self._coefficients(process)
            slope[coefficients] = by_coefficient - point[coefficients] / COEFFICIENT_SD**2
            pulls = []
            for k, (_, spread, _) in enumerate(columns):
                effect, by_prior = place.effects[process][k], np.exp(-2 * log_spread(point[spread]))
                pulls.append(by_levels[k] - effect * by_prior)
                slope[spread] += (by_prior * np.sum(effect**2) - effect.size) * _log_spread_slope(point[spread])
                slope[spread] -= point[spread]
            moving = [index, *(spread for _, spread, _ in columns)]
            by_intercept, by_column, by_volume = self._differences(point, moving, process)
            along = by_log_quantity[index] * by_intercept + by_volume
            for pull, moved in zip(pulls, by_column, strict=True):
                along = along + moved @ pull
            slope[index] = 0.0
            slope[moving] += along
            for pull, (name, spread, levels) in zip(pulls, columns, strict=True):
                slope[levels] = pull * self._scale(process, name, point[spread])
        return slope

    def _differences(self, point: Array, moving: list[int], process: str) -> tuple[Array, list[Array], Array]:
        """Derivatives of a process's map by some coordinates: of the intercept, the effects, the log Jacobian."""
        step = np.zeros((len(moving), point.size))
        step[np.arange(len(moving)), moving] = STEP
        around = self._map(point + np.stack([step, -step]), process)
        intercept, volume = ((values[0] - values[1]) / (2 * STEP) for values in (around[0], around[2]))
        return intercept, [(values[0] - values[1]) / (2 * STEP) for values in around[1]], volume

    def _scale(self, process: str, column: str, z: float) -> Array:
        if process not in self.reference:
            return np.asarray(np.exp(log_spread(z)))
        return np.asarray((self.anchors[process, column].information + np.exp(-2 * log_spread(z))) ** -0.5)

    def variables(self, points: Array) -> tuple[Array, Draws]:
        """Log quantities, and spreads, effects and coefficients, at points of shape (sets, coordinates)."""
        logs = points[:, : len(self.quantities)].copy()
        found: Draws = {}
        for process in self.acts_on:
            logs[:, self._intercept(process)[0]], effects, _ = self._map(points, process)
            for (name, spread, _), effect in zip(self.columns(process), effects, strict=True):
                found[f"{process}_spread_{name}"] = np.exp(log_spread(points[:, spread]))
                found[f"{process}_effect_{name}"] = effect
            if self.design.coefficients:
                found[f"{process}_coefficient"] = points[:, self._coefficients(process)]
        return logs, found

    def start(self, log_quantities: Array) -> Array:
        """Coordinates to start from, without anchors: no effects, spreads at half their prior's scale."""
        point = np.zeros(self.size)
        point[: len(self.quantities)] = log_quantities
        for process in self.acts_on:
            for _, spread, _ in self.columns(process):
                point[spread] = special.ndtri(2 * special.ndtr(0.5) - 1)
        return point

    def dims(self) -> tuple[dict[str, tuple[str, ...]], dict[str, list[str]]]:
        """Dimensions of the variables beyond chain and draw, and the names along them."""
        dims: dict[str, tuple[str, ...]] = {}
        for process in self.acts_on:
            dims |= {f"{process}_effect_{name}": (f"{name}_level",) for name in self.design.cohorts}
            dims[f"{process}_coefficient"] = ("covariate",)
        names = {f"{name}_level": list(levels) for name, levels in self.design.cohorts.items()}
        return dims, names | ({"covariate": list(self.design.coefficients)} if self.design.coefficients else {})

    def shifts_of(self, posterior: xr.Dataset) -> Draws:
        """By parameter, what is added to its logarithm under each draw, of shape (samples, combinations)."""
        samples = posterior.sizes["chain"] * posterior.sizes["draw"]
        found = {}
        for process, (parameter, sign) in self.acts_on.items():
            eta = np.zeros((samples, len(self.codes)))
            if self.design.coefficients:
                eta += posterior[f"{process}_coefficient"].to_numpy().reshape(samples, -1) @ self.matrix.T
            for k, name in enumerate(self.design.cohorts):
                eta += posterior[f"{process}_effect_{name}"].to_numpy().reshape(samples, -1)[:, self.codes[:, k]]
            found[parameter] = sign * eta
        return found

    def anchored(
        self, point: Array, score: Mapping[str, list[Array]], information: Mapping[str, list[Array]]
    ) -> tuple[Effects, Array]:
        """Choose coordinates from what the data say about each level, and a point in the middle of the posterior.

        Parameters
        ----------
        point
            Coordinates without anchors.
        score, information
            By process and column, first derivative of the log-likelihood by each level's effect, and the negative of
            the second, at least 0.

        Returns
        -------
        tuple
            These effects with anchors, and a point in their coordinates: quantities as they were, spreads at the mode
            of their marginal posterior in the normal approximation, intercepts and effects at their means given those.
            (At the mode of everything at once spreads are far too large.)
        """
        place = self.place(point)
        anchors, reference, moved = {}, {}, point.copy()
        for process in self.acts_on:
            if not self.columns(process):
                continue
            index, _ = self._intercept(process)
            reference[process], moved[index] = float(place.log_quantities[index]), 0.0
            for k, (name, spread, levels) in enumerate(self.columns(process)):
                known = information[process][k]
                step = np.clip(score[process][k] / np.maximum(known, 1e-9), -FARTHEST, FARTHEST)
                anchors[process, name] = Anchor(place.effects[process][k] + step, known)
                moved[spread], moved[levels] = _likely_spread(anchors[process, name]), 0.0
        return replace(self, anchors=anchors, reference=reference), moved


def _likely_spread(anchor: Anchor) -> float:
    """Find z where the marginal posterior of a spread is highest; a level's estimate has variance spread² + 1/I."""
    z = np.linspace(-3, 3, 121)
    scatter = 1 + anchor.information * np.exp(2 * log_spread(z))[:, None]
    share = anchor.information / scatter
    mean = (share * anchor.estimate).sum(1) / (INTERCEPT_PRECISION + share.sum(1))
    misfit = (share * (anchor.estimate - mean[:, None]) ** 2).sum(1)
    evidence = -np.log(scatter).sum(1) / 2 - misfit / 2 - np.log(INTERCEPT_PRECISION + share.sum(1)) / 2
    return float(z[np.argmax(evidence - z**2 / 2)])


def design_of(model: Law, summary: CustomerSummary) -> Design | None:
    """The coding of a model's cohorts and covariates, learned from a summary; None where it has none."""
    if not (model.cohorts or model.covariates):
        return None
    return Design.of(summary.table, model.cohorts, model.covariates)
