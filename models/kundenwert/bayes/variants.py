"""Which of a law's variants is true: each is fitted, and weighed by the probability that it gives to the data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from kundenwert.bayes.importance import Importance
from kundenwert.bayes.mode import Mode
from kundenwert.bayes.target import Target
from kundenwert.laws.law import Law
from kundenwert.laws.seen import Array, Draws

HOPELESS = 20.0
"""Log evidence below the best, by the curvature at the mode, from which a variant is not sampled: 2e-9 times as likely.

That approximation is off by less than 1 where posteriors are as bent as these. Variants stand in order: those after two
that are hopeless are not tried.
"""

SHOWN = 0.001
"""Least probability of a variant that is told of."""


class Tried(NamedTuple):
    """A variant with its log posterior, the mode, and its draws; none where it is hopeless."""

    target: Target
    mode: Mode
    drawn: Importance | None

    @property
    def log_evidence(self) -> float:
        """Of its draws, or about, by the curvature at the mode."""
        return by_curvature(self.target, self.mode) if self.drawn is None else self.drawn.log_evidence


def by_curvature(target: Target, mode: Mode) -> float:
    """Laplace's approximation to the log evidence."""
    _, log_volume = np.linalg.slogdet(mode.factor)
    return float(target(mode.point[None])[0] + mode.point.size / 2 * np.log(2 * np.pi) + log_volume)


def derived(model: Law, quantities: Draws, unit: float) -> Draws:
    """All variables from quantities with a prior; of a law with variants, every variant in turn.

    Parameters
    ----------
    model
        A law.
    quantities
        Draws of what carries priors, each of shape (draws,).
    unit
        What the priors are measured in.

    Returns
    -------
    dict
        Of each variable its draws, of shape (draws,).
    """
    each = [law.derive(quantities, unit) for law in model.variants().values()]
    turn = np.arange(next(iter(quantities.values())).size) % len(each)
    return {name: np.choose(turn, [own[name] for own in each]) for name in each[0]}


def told(probability: Mapping[str, float]) -> str:
    """Say how probable variants are, but for those that are hardly possible.

    Examples
    --------
    >>> told({"k=1": 0.25, "k=2": 0.75, "k=3": 1e-9}), told({"k=1": 1e-9, "k=2": 1.0})
    ('k=1 with probability 0.250, k=2 with probability 0.750', 'k=2 with probability above 0.999')
    """
    shown = {name: p for name, p in probability.items() if p >= SHOWN}
    return ", ".join(
        f"{name} with probability {'above 0.999' if p > 1 - SHOWN else f'{p:.3f}'}" for name, p in shown.items()
    )


@dataclass(frozen=True)
class Weighed:
    """Variants of a law by name, tried on the same data, without effects of cohorts and covariates."""

    tried: Mapping[str, Tried]

    @property
    def probability(self) -> dict[str, float]:
        """Posterior probability of each; all were equally probable before."""
        logs = np.array([one.log_evidence for one in self.tried.values()])
        return dict(zip(self.tried, special.softmax(logs).tolist(), strict=True))

    @property
    def best(self) -> str:
        """The most probable one."""
        return max(self.probability, key=lambda name: self.probability[name])

    def together(self) -> Importance:
        """All draws, each variant's weights times its probability; as bad as the worst that matters."""
        chances = self.probability
        parts = [(chances[name], one.drawn) for name, one in self.tried.items() if one.drawn is not None]
        weights = np.concatenate([chance * one.weights for chance, one in parts])
        return Importance(
            np.concatenate([one.points for _, one in parts]),
            weights / weights.sum(),
            max(one.pareto_k for chance, one in parts if chance >= SHOWN),
            max(chance * one.largest for chance, one in parts),
            float(weights.sum() ** 2 / np.sum(weights**2)),
            sum(one.rounds for _, one in parts),
            float(special.logsumexp([one.log_evidence for _, one in parts])),
        )

    def variables(self, pick: NDArray[np.int64]) -> Draws:
        """All variables at some of the draws of `together`, each by its own variant."""
        found: dict[str, Array] = {}
        start = 0
        for one in self.tried.values():
            if one.drawn is None:
                continue
            own = (pick >= start) & (pick < start + len(one.drawn.points))
            for name, values in one.target.variables(one.drawn.points[pick[own] - start]).items():
                found.setdefault(name, np.empty(pick.size))[own] = values
            start += len(one.drawn.points)
        return found


def weigh(
    model: Law, find: Callable[[Law], tuple[Target, Mode]], draw: Callable[[Target, Mode], Importance]
) -> Weighed:
    """Try a law's variants, in order, for as long as they are not hopeless.

    Parameters
    ----------
    model
        A law with variants; its cohorts and covariates are left out.
    find
        The log posterior of a law and its mode.
    draw
        Weighted draws from it.

    Returns
    -------
    Weighed
    """
    found: dict[str, tuple[Target, Mode]] = {}
    about: dict[str, float] = {}
    for name, variant in model.variants().items():
        found[name] = find(replace(variant, cohorts=(), covariates=()))
        about[name] = by_curvature(*found[name])
        if len(about) > 2 and max(list(about.values())[-2:]) < max(about.values()) - HOPELESS:
            break
    good = max(about.values()) - HOPELESS
    return Weighed({name: Tried(*one, draw(*one) if about[name] >= good else None) for name, one in found.items()})
