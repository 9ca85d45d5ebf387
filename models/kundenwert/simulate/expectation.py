r"""Expected purchases and values, given a customer's latent rates or given only the law of the customer's group.

Given the rates and that the customer is alive at an age, the intensity of repeat purchases at operational time w is
that of a renewal process with Erlang-k gaps, `λ Σ_j θ^j exp(-k(1-θ^j) λ w)` with `θ = exp(2πi/k)`, j = 0 … k-1 (just λ
where k = 1). It is integrated against survival and discount over each stretch of constant season: in closed form for an
exponential lifetime, by quadrature for a Gompertz one. Nothing here is a Monte-Carlo mean.
"""

from __future__ import annotations

import itertools
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kundenwert.kernels.convex import E_FOLDS, graded_rule
from kundenwert.kernels.pareto_nbd import discounted_lifetime
from kundenwert.simulate.process import Array, Ints, Law, Season, gamma_quantile

NODES = 48
"""Quadrature nodes for a Gompertz lifetime; the transients of Erlang gaps swing up to ten times before they fade."""

SHORT_NODES = 6
"""Quadrature nodes where the exponent, or the logarithm of time, changes by less than one."""

LAW_NODES = 64
"""Quadrature nodes for the mixed law over a whole horizon."""

NEGLIGIBLE = 1e-14
"""Shares of survival, and waves, below this are left out."""

BLOCK = 10_000
"""Customers integrated at a time."""

_LARGEST = 37.0  # standard normal deviates beyond this have probability 0 in floating point


def expected_purchases(
    rate: ArrayLike,
    dropout_rate: ArrayLike,
    *,
    horizon: ArrayLike,
    discount_rate: float = 0.0,
    start: ArrayLike = 0.0,
    age: ArrayLike = 0.0,
    season: Season | None = None,
    regularity: int = 1,
    aging: float = 0.0,
) -> Array:
    r"""Expected, discounted repeat purchases of a customer of known rates who is alive at `start`.

    `E = ∫₀^h λ(start + u) e^(-δu) S(u) du`, which is `λ (1 - e^(-(μ+δ)h)) / (μ+δ)` where nothing is broken.

    Parameters
    ----------
    rate, dropout_rate
        λ and μ, > 0, per unit of time; μ is the hazard at age 0.
    horizon
        h ≥ 0, in units of time.
    discount_rate
        δ ≥ 0, continuous, per unit of time.
    start
        Calendar time from which purchases count; matters with a season only.
    age
        Time from the first purchase to `start`, ≥ 0.
    season
        Season that covers from `start - age` to `start + h`; a constant rate if not given.
    regularity, aging
        As in `Breaches`.

    Returns
    -------
    ndarray
        Expected purchases, ≥ 0, of the broadcast shape, without the first purchase.

    Examples
    --------
    >>> round(float(expected_purchases(0.5, 0.02, horizon=52)), 6), round(25 * (1 - float(np.exp(-1.04))), 6)
    (16.163633, 16.163633)
    >>> round(float(expected_purchases(0.5, 0.02, horizon=52, regularity=4)), 6)  # the last interval is cut short
    15.791742
    """
    arrays = (np.asarray(one, dtype=np.float64) for one in (rate, dropout_rate, horizon, start, age))
    lam, mu, h, begin, since = np.broadcast_arrays(*arrays)
    shape = lam.shape
    lam, mu, h, begin, since = (np.atleast_1d(one).ravel() for one in (lam, mu, h, begin, since))
    if season is None:
        season = _constant(begin - since, begin + h)
    total = np.zeros(lam.size)
    hazard = mu * np.exp(np.minimum(aging * since, 700.0))
    for rows, (low, high, factor) in itertools.product(_blocks(lam.size), _stretches(season)):
        left = np.clip(low, begin[rows], (begin + h)[rows])
        part = np.clip(high, begin[rows], (begin + h)[rows]) - left
        waited = left - begin[rows]
        survived = np.exp(-hazard[rows] * grown(waited, aging) - discount_rate * waited)
        some = np.flatnonzero((part > 0) & (survived > NEGLIGIBLE))
        at = some + rows.start
        operational = season.operational(left[some]) - season.operational((begin - since)[at])
        later = hazard[at] * np.exp(np.minimum(aging * waited[some], 700.0))
        speed = lam[at] * factor
        for turn, fade in renewal_waves(regularity):
            weight = turn * np.exp(-fade * lam[at] * operational)
            heard = np.abs(weight) > NEGLIGIBLE
            whole = fading_integral(fade * speed[heard] + discount_rate, later[heard], part[some][heard], aging)
            total[at[heard]] += speed[heard] * survived[some][heard] * (weight[heard] * whole).real
    return np.asarray(np.maximum(total, 0.0).reshape(shape))


def expected_purchases_new(
    law: Law,
    *,
    horizon: float,
    discount_rate: float = 0.0,
    start: Array | None = None,
    season: Season | None = None,
    regularity: int = 1,
    aging: float = 0.0,
) -> Array:
    r"""Expected, discounted repeat purchases within `horizon` of the first one, given only the law.

    `E = ∫₀^h E[λ(u)] e^(-δu) E[S(u)] du` with `E[S(u)] = (1 + (e^(gu) - 1)/(gβ))^-s`, which is `(β/(β+u))^s` for g = 0,
    and `E[λ e^(-cλw)] = r α^r / (α + cw)^(r+1)`.

    Parameters
    ----------
    law
        Parameters of each customer.
    horizon
        h ≥ 0, in units of time.
    discount_rate, season, regularity, aging
        As in `expected_purchases`.
    start
        Calendar time of the first purchase; 0 if not given.

    Returns
    -------
    ndarray
        Expected purchases, one element a customer.

    Examples
    --------
    >>> one = np.ones(1)
    >>> law = Law(0.553277 * one, 10.577684 * one, 0.60624 * one, 11.668728 * one, 6 * one, 4 * one, 15 * one)
    >>> expected_purchases_new(law, horizon=52.0).round(6)
    array([1.473434])
    """
    begin = np.zeros(law.r.size) if start is None else start
    each = np.stack([law.r, law.alpha, law.s, law.beta, law.p, law.q, law.v, begin])
    distinct, index = np.unique(each, axis=1, return_inverse=True)
    *parameters, begin = distinct
    law = Law(*parameters)
    if season is None:
        season = _constant(begin, begin + horizon)
    total = np.zeros(law.r.size)
    plain = regularity == 1 and not aging and len(season.factor) == 1
    if plain:
        level = season.factor[0] * law.r / law.alpha
        total = level * discounted_lifetime(horizon=horizon, discount_rate=discount_rate, s=law.s, scale=law.beta)
        return np.asarray(total[np.ravel(index)])
    for rows, (low, high, factor) in itertools.product(_blocks(law.r.size), _stretches(season)):
        left = np.clip(low, begin[rows], begin[rows] + horizon)
        part = np.clip(high, begin[rows], begin[rows] + horizon) - left
        scale = np.minimum(law.alpha[rows] / regularity, law.beta[rows]) + left - begin[rows]
        if aging:
            scale = np.minimum(scale, 1 / aging)
        short = part < scale
        for kind, nodes in ((short & (part > 0), SHORT_NODES), (~short, LAW_NODES)):
            at = np.flatnonzero(kind) + rows.start
            w, weight = graded_rule(np.log1p(part[kind] / scale[kind]), np.zeros(at.size), nodes)
            age = left[kind] - begin[at] + scale[kind] * np.expm1(w)
            height = _new_rate(law, at, age, season, begin[at], regularity, aging) * np.exp(-discount_rate * age)
            total[at] += factor * (weight * (scale[kind] * np.exp(w)) * height).sum(axis=0)
    return total[np.ravel(index)]


def _new_rate(law: Law, at: Ints, age: Array, season: Season, born: Array, regularity: int, aging: float) -> Array:
    """Purchases per unit of operational time, of customers dead or alive at an age, given only the law."""
    r, alpha = law.r[at], law.alpha[at]
    if regularity == 1:
        rate = np.ones_like(age)
    else:
        operational = season.operational(born + age) - season.operational(born)
        waves = renewal_waves(regularity)
        rate = np.sum([(turn * (1 + fade * operational / alpha) ** (-(r + 1))).real for turn, fade in waves], axis=0)
    with np.errstate(over="ignore"):
        return np.asarray(rate * r / alpha * (1 + grown(age, aging) / law.beta[at]) ** -law.s[at])


def fading_integral(fade: ArrayLike, hazard: ArrayLike, length: ArrayLike, aging: float = 0.0) -> NDArray:
    r"""`∫₀^L e^(-cu) exp(-μ (e^(gu) - 1)/g) du`: a fading rate against a Gompertz survival.

    Parameters
    ----------
    fade
        c, complex with real part ≥ 0.
    hazard
        μ > 0 at the beginning.
    length
        L ≥ 0.
    aging
        g ≥ 0; `∫ e^(-(c+μ)u) du` in closed form where it is 0.

    Returns
    -------
    ndarray
        The integral, complex if c is.

    Examples
    --------
    >>> round(float(fading_integral(0.1, 0.2, 10.0)), 6), round(float(fading_integral(0.1, 0.2, 10.0, 1e-9)), 6)
    (3.167376, 3.167376)
    """
    c, mu, end = np.broadcast_arrays(np.asarray(fade), np.asarray(hazard, float), np.asarray(length, float))
    if not aging:
        z = (c + mu) * end
        still = z == 0
        z = np.where(still, 1.0, z)
        return np.asarray(end * np.where(still, 1.0, -np.expm1(-z) / z))
    total = np.zeros(c.shape, dtype=np.result_type(c, float))
    with np.errstate(over="ignore"):
        short = (np.abs(c) + mu * np.exp(aging * end)) * end < 1
    for kind, nodes in ((short, SHORT_NODES), (~short, NODES)):
        total[kind] = _gompertz_integral(c[kind], mu[kind], end[kind], aging, nodes)
    return total


def _gompertz_integral(c: NDArray, mu: Array, end: Array, aging: float, nodes: int) -> NDArray:
    with np.errstate(divide="ignore", over="ignore"):
        by_rate = E_FOLDS / np.maximum(c.real, 1e-300)
        by_death = np.log1p(E_FOLDS * aging / mu) / aging
    u, weight = graded_rule(np.minimum(end, np.minimum(by_rate, by_death)), c.real + mu, nodes)
    return np.asarray((weight * np.exp(-c * u - mu * grown(u, aging))).sum(axis=0))


def grown(age: Array, aging: float) -> Array:
    """Cumulated hazard up to an age per unit of the first hazard: `(e^(g·age) - 1)/g`, or the age where g = 0."""
    with np.errstate(over="ignore"):
        return np.asarray(np.expm1(aging * age) / aging) if aging else age


@lru_cache
def spend_rate_ratio(r: float, q: float, correlation: float) -> float:
    r"""`E[λζ] / (E[λ] E[ζ])` where a Gaussian copula joins purchase rate and mean spend; 1 where it does not.

    Parameters
    ----------
    r, q
        Shapes of the two laws, r > 0 and q > 1; the ratio depends on nothing else.
    correlation
        ρ of the copula, in (-1, 1).

    Returns
    -------
    float
        Above 1 where those who buy more often also spend more.

    Examples
    --------
    >>> round(spend_rate_ratio(1.0, 3.0, 0.0), 9), round(spend_rate_ratio(1.0, 3.0, 0.5), 3)
    (1.0, 1.383)
    """
    step = 0.1
    first = np.arange(-12.0, 12.0 + step / 2, step)
    other = np.arange(-38.0, 38.0 + step / 2, step)
    second = correlation * first[:, None] + np.sqrt(1 - correlation**2) * other
    precision = gamma_quantile(q, -np.clip(second, -_LARGEST, _LARGEST))
    density = step * np.exp(-(other**2) / 2) / np.sqrt(2 * np.pi)
    spend = (density / np.maximum(precision, np.finfo(float).tiny)).sum(axis=1)
    purchase = gamma_quantile(r, first) * step * np.exp(-(first**2) / 2) / np.sqrt(2 * np.pi)
    return float((purchase * spend).sum() / r * (q - 1))


def renewal_waves(regularity: int) -> list[tuple[complex, complex]]:
    """θ^j and `k(1 - θ^j)` of the renewal intensity of Erlang gaps: the constant, then each conjugate pair as one.

    Examples
    --------
    >>> renewal_waves(1), [(round(turn.real, 9), round(fade.real, 9)) for turn, fade in renewal_waves(2)]
    ([(1.0, 0.0)], [(1.0, 0.0), (-1.0, 4.0)])
    """
    waves: list[tuple[complex, complex]] = [(1.0, 0.0)]
    for j in range(1, regularity // 2 + 1):
        turn = complex(np.exp(2j * np.pi * j / regularity)) if 2 * j < regularity else -1.0
        waves.append((turn * (2 if 2 * j < regularity else 1), regularity * (1 - turn)))
    return waves


def _stretches(season: Season) -> list[tuple[float, float, float]]:
    return list(zip(season.edges[:-1], season.edges[1:], season.factor, strict=True))


def _constant(begin: Array, end: Array) -> Season:
    return Season(np.array([begin.min(initial=0.0), end.max(initial=0.0)]), np.ones(1))


def _blocks(size: int) -> list[slice]:
    return [slice(start, start + BLOCK) for start in range(0, size, BLOCK)]
