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
from kundenwert.laws.law import Law
from kundenwert.laws.seen import Array, Draws

if TYPE_CHECKING:
    from kundenwert.data import CustomerSummary

type Whole = NDArray[np.int64]

SPREAD_SD = 0.5
"""Scale of the half-normal prior of a spread: cohorts differ by a factor of 1.4 typically, of 4 at the very most."""

COEFFICIENT_SD = 0.5
"""Standard deviation of the normal prior of a coefficient, per standard deviation of a numeric covariate."""

STEP = 1e-5
"""Step of the central differences of priors and of the map to parameters, both of them smooth."""

INTERCEPT_PRECISION = 0.25
"""What is taken to be known about an intercept without data, when its coordinate is chosen."""

FARTHEST = 3.0
"""Farthest that a level's own data are believed to lie from its effect at the mode, when its coordinate is chosen."""


def log_spread(z: ArrayLike) -> Array:
    """Logarithm of the spread whose prior probability of being smaller is Φ(z)."""
    z = np.asarray(z, dtype=np.float64)
    below = np.sqrt(2) * special.erfinv(special.ndtr(np.minimum(z, 0)))
    above = -special.ndtri(np.maximum(special.ndtr(-np.maximum(z, 0)), np.finfo(np.float64).tiny) / 2)
    return np.asarray(np.log(SPREAD_SD * np.maximum(np.where(z < 0, below, above), np.finfo(np.float64).tiny)))


def _log_spread_slope(z: Array, log_spread: Array) -> Array:
    """Derivative of `log_spread`."""
    t = np.exp(log_spread) / SPREAD_SD
    return np.asarray(np.exp((t**2 - z**2) / 2) / (2 * t))


class Anchor(NamedTuple):
    """What the data say about a process's levels: `m` relative to the reference intercept, and information I."""

    estimate: Array
    information: Array


class Place(NamedTuple):
    """Where a point lies: log quantities, log spreads and effects by process, and the log prior up to a constant."""

    log_quantities: Array
    log_spreads: dict[str, Array]
    effects: dict[str, Array]
    log_prior: float


class _Part(NamedTuple):
    """Where a process has its intercept (with the sign), spreads, levels (and of which column), and coefficients."""

    intercept: int
    sign: float
    spreads: Whole
    levels: Whole
    column: Whole
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
        By process what the data say about the levels; nothing if not given.
    reference
        By process the log of its intercept quantity that the anchors are relative to.
    """

    design: Design
    acts_on: Mapping[str, tuple[str, float]]
    intercepts: Mapping[str, tuple[tuple[str, float], ...]]
    codes: Whole
    matrix: Array
    quantities: tuple[str, ...]
    anchors: Mapping[str, Anchor] = field(default_factory=dict)
    reference: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def size(self) -> int:
        """Number of coordinates, those of the quantities included."""
        return max((part.coefficients.stop for part in self._parts.values()), default=len(self.quantities))

    @cached_property
    def _parts(self) -> dict[str, _Part]:
        """Where the coordinates of each process stand."""
        found, position = {}, len(self.quantities)
        sizes = [len(levels) for levels in self.design.cohorts.values()]
        column = np.repeat(np.arange(len(sizes)), sizes)
        for process in self.acts_on:
            name, sign = next(pair for pair in self.intercepts[process] if pair[0] in self.quantities)
            levels = position + 1 + column + np.arange(column.size)
            spreads = position + np.cumsum([0, *sizes])[:-1] + np.arange(len(sizes))
            position += column.size + len(sizes)
            coefficients = slice(position, position + len(self.design.coefficients))
            position = coefficients.stop
            found[process] = _Part(self.quantities.index(name), sign, spreads, levels, column, coefficients)
        return found

    @cached_property
    def _codes(self) -> Whole:
        """Levels of each combination, counted through all columns."""
        sizes = [len(levels) for levels in self.design.cohorts.values()]
        return np.ascontiguousarray(self.codes + np.cumsum([0, *sizes])[:-1])

    def columns(self, process: str) -> list[tuple[str, int, slice]]:
        """Each cohort column of a process, where its spread stands, and its levels."""
        spreads = self._parts[process].spreads.tolist()
        named = zip(self.design.cohorts.items(), spreads, strict=True)
        return [(name, at, slice(at + 1, at + 1 + len(levels))) for (name, levels), at in named]

    def _map(self, points: Array, process: str, spreads: Array) -> tuple[Array, Array, Array]:
        """From coordinates to the log of the intercept quantity, all columns' effects, and the log Jacobian."""
        part = self._parts[process]
        first, levels = points[:, part.intercept], points[:, part.levels]
        if process not in self.reference:
            own = spreads[:, part.column]
            return first, levels * np.exp(own), own.sum(axis=1)
        from kundenwert.kernels.levels import effects_of  # noqa: PLC0415  loads the compiler

        moved, effects, volume = effects_of(
            first, levels, spreads, part.column, *self.anchors[process], INTERCEPT_PRECISION
        )
        return self.reference[process] + part.sign * moved, effects, volume

    def place(self, point: Array) -> Place:
        """Log quantities and effects at a point, with the effects' log prior density, Jacobian included."""
        logs, effects, value = point[: len(self.quantities)].copy(), {}, 0.0
        spreads = dict(zip(self._parts, self._log_spreads(point), strict=True))
        for process, part in self._parts.items():
            coefficients, z = point[part.coefficients], point[part.spreads]
            value -= float(coefficients @ coefficients) / (2 * COEFFICIENT_SD**2)
            if part.levels.size:
                logs[[part.intercept]], effect, volume = self._map(point[None], process, spreads[process][None])
                effects[process], own = effect[0], spreads[process][part.column]
                value += float(volume[0] - z @ z / 2 - own.sum() - np.exp(-2 * own) @ effect[0] ** 2 / 2)
        return Place(logs, spreads, effects, value)

    def _log_spreads(self, points: Array) -> list[Array]:
        """Logarithms of each process's spreads, of shape (..., columns)."""
        found = log_spread(points[..., np.concatenate([part.spreads for part in self._parts.values()])])
        return np.split(found, len(self._parts), axis=-1)

    def shifts(self, point: Array, place: Place) -> dict[str, Array]:
        """By parameter, what is added to its logarithm for each combination of the design."""
        found = {}
        for process, (parameter, sign) in self.acts_on.items():
            eta = self.matrix @ point[self._parts[process].coefficients]
            for column in self._codes.T:
                eta += place.effects[process][column]
            found[parameter] = sign * eta
        return found

    def by_effect(self, by_log: Draws, group: Whole) -> dict[str, tuple[Array, Array]]:
        """Derivatives of the log-likelihood by all columns' effects and by coefficients, for each process.

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
            levels = np.zeros(self._parts[process].levels.size)
            for column in self._codes.T:
                levels += np.bincount(column, weights=by_row, minlength=levels.size)
            found[process] = levels, self.matrix.T @ by_row
        return found

    def pull_back(
        self, point: Array, place: Place, by_log_quantity: Array, by_effect: dict[str, tuple[Array, Array]]
    ) -> Array:
        """Gradient of the log posterior by coordinate, from its derivatives by log quantities and effects."""
        slope = np.zeros(self.size)
        slope[: len(self.quantities)] = by_log_quantity
        for process, part in self._parts.items():
            by_levels, by_coefficient = by_effect[process]
            slope[part.coefficients] = by_coefficient - point[part.coefficients] / COEFFICIENT_SD**2
            if part.levels.size:
                z, ell, effect = point[part.spreads], place.log_spreads[process], place.effects[process]
                precision = np.exp(-2 * ell)[part.column]
                pull = by_levels - precision * effect
                slope[part.intercept], slope[part.levels], along = self._pulled(
                    point, place, process, by_log_quantity, pull
                )
                along = along + np.bincount(part.column, weights=precision * effect**2 - 1)
                slope[part.spreads] = along * _log_spread_slope(z, ell) - z
        return slope

    def _pulled(
        self, point: Array, place: Place, process: str, by_log_quantity: Array, by_effect: Array
    ) -> tuple[float, Array, Array]:
        """What `_map` passes on, its log Jacobian included: derivatives by the intercept's coordinate, u and log σ."""
        part, ell = self._parts[process], place.log_spreads[process]
        by_intercept = float(by_log_quantity[part.intercept])
        if process not in self.reference:
            by_spread = np.bincount(part.column, weights=by_effect * place.effects[process] + 1)
            return by_intercept, by_effect * np.exp(ell)[part.column], by_spread
        from kundenwert.kernels.levels import pulled_back  # noqa: PLC0415

        at = point[part.intercept], point[part.levels], ell, part.column, *self.anchors[process], INTERCEPT_PRECISION
        return pulled_back(*at, part.sign * by_intercept, by_effect)

    def variables(self, points: Array) -> tuple[Array, Draws]:
        """Log quantities, and spreads, effects and coefficients, at points of shape (sets, coordinates)."""
        logs = points[:, : len(self.quantities)].copy()
        found: Draws = {}
        for (process, part), spreads in zip(self._parts.items(), self._log_spreads(points), strict=True):
            if part.levels.size:
                logs[:, part.intercept], effects, _ = self._map(points, process, spreads)
                for k, name in enumerate(self.design.cohorts):
                    found[f"{process}_spread_{name}"] = np.exp(spreads[:, k])
                    found[f"{process}_effect_{name}"] = effects[:, part.column == k]
            if self.design.coefficients:
                found[f"{process}_coefficient"] = points[:, part.coefficients]
        return logs, found

    def start(self, log_quantities: Array) -> Array:
        """Coordinates to start from, without anchors: no effects, spreads at half their prior's scale."""
        point = np.zeros(self.size)
        point[: len(self.quantities)] = log_quantities
        for process in self.acts_on:
            point[self._parts[process].spreads] = special.ndtri(2 * special.ndtr(0.5) - 1)
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
        self, point: Array, score: Mapping[str, Array], information: Mapping[str, Array]
    ) -> tuple[Effects, Array]:
        """Choose coordinates from what the data say about each level, and a point in the middle of the posterior.

        Parameters
        ----------
        point
            Coordinates without anchors.
        score, information
            By process, first derivative of the log-likelihood by each level's effect, and the negative of the second,
            at least 0.

        Returns
        -------
        tuple
            These effects with anchors, and a point in their coordinates: quantities as they were, spreads at the mode
            of their marginal posterior in the normal approximation, intercepts and effects at their means given those.
            (At the mode of everything at once spreads are far too large.)
        """
        place = self.place(point)
        anchors, reference, moved = {}, {}, point.copy()
        for process, part in self._parts.items():
            if not part.levels.size:
                continue
            known = information[process]
            step = np.clip(score[process] / np.maximum(known, 1e-9), -FARTHEST, FARTHEST)
            anchors[process] = Anchor(place.effects[process] + step, known)
            reference[process] = float(place.log_quantities[part.intercept])
            moved[part.intercept], moved[part.levels] = 0.0, 0.0
            for k, spread in enumerate(part.spreads):
                own = part.column == k
                moved[spread] = _likely_spread(Anchor(*(values[own] for values in anchors[process])))
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
