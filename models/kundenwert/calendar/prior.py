r"""What is believed of a calendar factor before any purchase is seen: level, season, shocks, and how large they are.

The logarithm of the factor in period t is

    u_t = c + (f_t - Σ_k w_k f_k),   f = level + trend + season + shock,

with w the shares of the window's expected purchases. A posterior that knows no calendar has met the window's total
already; taking the window's mean off leaves an unseen season open instead of calling it zero. c lets the mean of
exp(u) over a strong season be what it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

type Array = NDArray[np.float64]

NODES = ((0.1, 0.2), (0.3, 0.2), (0.5, 0.2), (0.7, 0.2), (0.87, 0.14), (0.97, 0.06))
"""Where a half-normal law is looked at, by its distribution function, and how much each place counts."""


@dataclass(frozen=True)
class CalendarPrior:
    """How large a level, a season and shocks may be; standard deviations are of the logarithm of the factor.

    Defaults are those of purchases. Hyperparameters are integrated over: what is stated here are the scales of their
    half-normal priors.

    Parameters
    ----------
    level
        Scale of the level's innovations from period to period, ≥ 0.
    persistence
        Of the level from period to period, each in (0, 1), with its probability.
    season
        Scale of a yearly season's standard deviation, ≥ 0.
    no_season
        Probability in [0, 1] that there is none.
    smoothness
        Of the season: length scale ℓ of its kernel `exp(-2 sin²(π Δ)/ℓ²)`, Δ in years, with its probability.
    shock
        Scale of what each period has to itself, ≥ 0.
    trend
        Standard deviation of a steady growth per year, ≥ 0.
    constant
        Standard deviation of c, > 0.

    Examples
    --------
    >>> CalendarPrior().hypers().weight.sum().round(12)
    np.float64(1.0)
    """

    level: float = 0.10
    persistence: tuple[tuple[float, float], ...] = ((0.98, 0.64), (0.85, 0.36))
    season: float = 0.6
    no_season: float = 0.23
    smoothness: tuple[tuple[float, float], ...] = ((0.35, 0.78), (0.8, 0.22))
    shock: float = 0.2
    trend: float = 0.15
    constant: float = 0.5

    def hypers(self) -> Hypers:
        """All combinations of the hyperparameters, with their probabilities."""
        levels = [(phi, sd, a * b) for phi, a in self.persistence for sd, b in _half_normal(self.level)]
        seasons = [(1.0, 0.0, self.no_season)]
        seasons += [
            (smooth, sd, (1 - self.no_season) * a * b)
            for smooth, a in self.smoothness
            for sd, b in _half_normal(self.season)
        ]
        shocks = _half_normal(self.shock)
        rows = [
            (phi, level, smooth, season, shock, a * b * c)
            for phi, level, a in levels
            for smooth, season, b in seasons
            for shock, c in shocks
            if a * b * c > 0
        ]
        return Hypers(*np.array(rows).T)


PURCHASES = CalendarPrior()

SPEND = CalendarPrior(level=0.03, season=0.12, shock=0.05, trend=0.05, constant=0.2)
"""Prices move less than purchases."""


class Hypers(NamedTuple):
    """Hyperparameters, each of shape (combinations,), and their prior probabilities."""

    persistence: Array
    level: Array
    smoothness: Array
    season: Array
    shock: Array
    weight: Array


def covariance(prior: CalendarPrior, hypers: Hypers, time: Array, share: Array, *, per_year: float) -> Array:
    r"""Covariance of the log factor between periods, window and future alike, for each combination.

    Parameters
    ----------
    prior
        For c and the trend.
    hypers
        Combinations of hyperparameters.
    time
        Middle of each period, in periods, ascending; those of the window first.
    share
        Shares w of the window's expected purchases, ≥ 0, sum 1; as many as the window has periods.
    per_year
        Periods in a year.

    Returns
    -------
    ndarray
        Of shape (combinations, periods, periods), symmetric, positive semi-definite.

    Examples
    --------
    >>> one = Hypers(*(np.array([value]) for value in (0.98, 0.0, 0.35, 0.0, 0.1, 1.0)))
    >>> covariance(CalendarPrior(trend=0.0), one, np.arange(3.0), np.array([0.5, 0.5]), per_year=13.0).round(4)
    array([[[0.255, 0.245, 0.25 ],
            [0.245, 0.255, 0.25 ],
            [0.25 , 0.25 , 0.265]]])
    """
    gap = np.abs(time[:, None] - time)
    spread = [np.asarray(values)[:, None, None] for values in hypers]
    phi, level, smooth, season, shock, _ = spread
    found = level**2 * phi**gap / (1 - phi**2)
    found = found + season**2 * np.exp(-2 * np.sin(np.pi * gap / per_year) ** 2 / smooth**2)
    found = found + shock**2 * (gap == 0)
    found = found + prior.trend**2 * np.outer(time, time) / per_year**2
    weights = np.zeros(time.size)
    weights[: share.size] = share
    away = np.eye(time.size) - weights
    return np.asarray(away @ found @ away.T + prior.constant**2)


def _half_normal(scale: float) -> list[tuple[float, float]]:
    """Places and weights of a half-normal law; all at 0 where there is no scale."""
    if scale == 0:
        return [(0.0, 1.0)]
    return [(scale * float(special.ndtri((1 + p) / 2)), weight) for p, weight in NODES]
