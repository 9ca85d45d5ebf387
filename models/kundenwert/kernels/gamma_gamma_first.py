r"""The Gamma-Gamma with first purchases: what the first purchase says of the later ones.

Repeat purchases are Gamma(shape p, rate ν), and ν varies over customers as Gamma(shape q, rate v). The first purchase f
of a customer has the same mean but for a level m, and a noise of its own: `f / m ~ Gamma(shape ω p, rate ω ν)`. It
tells as much as ω repeat purchases would: `ν | f ~ Gamma(q + ω p, rate v + ω f / m)`. At ω = m = 1 it is one of them.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln, digamma

from kundenwert.kernels import gamma_gamma

type Array = NDArray[np.float64]


def given_first(
    first_value: ArrayLike, *, p: ArrayLike, q: ArrayLike, v: ArrayLike, omega: ArrayLike, m: ArrayLike
) -> tuple[Array, Array]:
    r"""Law of a customer's ν after the first purchase: `q + ω p` and `v + ω f / m`, or q and v where f says nothing.

    Parameters
    ----------
    first_value
        f, value of the first purchase in money; missing or ≤ 0 where it says nothing.
    p, q
        Shapes, > 0.
    v
        Rate parameter of the law of ν, > 0, in money.
    omega
        ω, how many repeat purchases a first one tells as much as, > 0.
    m
        m, mean of first purchases over that of the same customers' repeat purchases, > 0.

    Returns
    -------
    q, v
        Shape, and rate in money, > 0, of the broadcast shape.

    Examples
    --------
    >>> q, v = given_first(20.0, p=6.25, q=3.74, v=15.44, omega=0.5, m=0.8)
    >>> round(float(q), 3), round(float(v), 2)
    (6.865, 27.94)
    """
    f, p, q, v, weight, level = _floats(first_value, p, q, v, omega, m)
    seen = f > 0
    return np.where(seen, q + weight * p, q), np.where(seen, v + weight * np.where(seen, f, 0.0) / level, v)


def log_likelihood(
    frequency: ArrayLike,
    monetary_value: ArrayLike,
    first_value: ArrayLike,
    *,
    p: ArrayLike,
    q: ArrayLike,
    v: ArrayLike,
    omega: ArrayLike,
    m: ArrayLike,
) -> Array:
    r"""Log density of a customer's first purchase f and of the mean value z̄ of x repeat purchases.

    `log f(f) + log f(z̄ | f)`: the first is the Gamma-Gamma of ω purchases of mean f / m, less log m, the second that of
    x purchases under the law that `given_first` gives. Where f is missing or ≤ 0 only z̄ counts.

    Parameters
    ----------
    frequency
        x, number of repeat purchases, > 0.
    monetary_value
        z̄, their mean value, > 0, in money.
    first_value, p, q, v, omega, m
        As in `given_first`.

    Returns
    -------
    ndarray
        Log density, per unit of money for each value seen, of the broadcast shape.

    Examples
    --------
    >>> law = {"p": 6.25, "q": 3.74, "v": 15.44, "omega": 1.0, "m": 1.0}
    >>> round(float(log_likelihood(2, 22.35, 20.0, **law)), 8)
    -6.77431626
    >>> round(float(log_likelihood(2, 22.35, float("nan"), **law)), 8)
    -3.55131676
    """
    law = {"p": p, "q": q, "v": v, "omega": omega, "m": m}
    x, z, f = _floats(frequency, monetary_value, first_value)
    own_q, own_v = given_first(f, **law)
    repeats = gamma_gamma.log_likelihood(x, z, p=p, q=own_q, v=own_v)
    seen, (weight, level) = f > 0, _floats(omega, m)
    first = gamma_gamma.log_likelihood(weight, np.where(seen, f, 1.0) / level, p=p, q=q, v=v) - np.log(level)
    return np.asarray(repeats + np.where(seen, first, 0.0))


class Gradient(NamedTuple):
    """A log density and its partial derivatives, each of the broadcast shape."""

    value: Array
    p: Array
    q: Array
    v: Array
    omega: Array
    m: Array


def log_likelihood_gradient(
    frequency: ArrayLike,
    monetary_value: ArrayLike,
    first_value: ArrayLike,
    *,
    p: ArrayLike,
    q: ArrayLike,
    v: ArrayLike,
    omega: ArrayLike,
    m: ArrayLike,
) -> Gradient:
    r"""Log density of a customer's first purchase and mean repeat value, and its five partial derivatives.

    With `S = x z̄`, `y = ω f / m`, `R = v + S + y`, `C = q + p x + p ω`, `a = ψ(C) - ψ(p x) + log(S/R)` and
    `b = ψ(C) - ψ(p ω) + log(y/R)`: `∂/∂p = x a + ω b`, `∂/∂q = ψ(C) - ψ(q) + log(v/R)`, `∂/∂v = q/v - C/R`,
    `∂/∂ω = p b + (p ω - C y/R)/ω`, `∂/∂m = (C y/R - p ω)/m`; without f its terms are 0.

    Parameters
    ----------
    frequency, monetary_value, first_value, p, q, v, omega, m
        As in `log_likelihood`.

    Returns
    -------
    Gradient
        `value, p, q, v, omega, m`, each of the broadcast shape.

    Examples
    --------
    >>> law = {"p": 6.25, "q": 3.74, "v": 15.44, "omega": 1.0}
    >>> gradient = log_likelihood_gradient(2, 22.35, 20.0, m=0.9, **law)
    >>> step = [log_likelihood(2, 22.35, 20.0, m=0.9 + e, **law) for e in (-1e-5, 1e-5)]
    >>> bool(abs((step[1] - step[0]) / 2e-5 - gradient.m) < 1e-8)
    True
    """
    law = {"p": p, "q": q, "v": v, "omega": omega, "m": m}
    x, z, f = _floats(frequency, monetary_value, first_value)
    value = log_likelihood(x, z, f, **law)
    p, q, v, weight, level = _floats(*law.values())
    seen = f > 0
    first = np.where(seen, weight * np.where(seen, f, 1.0) / level, 0.0)
    repeat, shape, own = x * z, np.where(seen, p * weight, 0.0), p * x
    rate, together = v + repeat + first, q + own + shape
    by_all, share = digamma(together), together * first / rate
    by_repeat = by_all - digamma(own) - np.log1p((v + first) / repeat)
    with np.errstate(divide="ignore", invalid="ignore"):
        by_first = np.where(seen, by_all - digamma(p * weight) - np.log1p((v + repeat) / first), 0.0)
    return Gradient(
        value,
        x * by_repeat + weight * by_first,
        by_all - digamma(q) - np.log1p((repeat + first) / v),
        (q * (repeat + first) / v - own - shape) / rate,
        p * by_first + (shape - share) / weight,
        (share - shape) / level,
    )


def total_log_likelihood(
    frequency: ArrayLike,
    monetary_value: ArrayLike,
    first_value: ArrayLike,
    *,
    p: ArrayLike,
    q: ArrayLike,
    v: ArrayLike,
    omega: ArrayLike,
    m: ArrayLike,
) -> Array:
    r"""Log density of all customers' first purchases and mean repeat values, for each of many parameter sets.

    Parameters
    ----------
    frequency, monetary_value, first_value
        x > 0, z̄ > 0 and f of each customer, one-dimensional; f missing or ≤ 0 where it says nothing.
    p, q, v, omega, m
        Parameter sets, one-dimensional.

    Returns
    -------
    ndarray
        One value for each parameter set.

    Examples
    --------
    >>> law = {"p": [6.25, 6.0], "q": 3.74, "v": 15.44, "omega": 1.0, "m": 1.0}
    >>> total_log_likelihood([2, 1], [22.35, 11.77], [20.0, 0.0], **law).round(6)
    array([-10.512026, -10.431768])
    """
    x, z, f = np.broadcast_arrays(*_floats(frequency, monetary_value, first_value))
    sets = np.broadcast_arrays(*map(np.atleast_1d, _floats(p, q, v, omega, m)))
    p, q, v, weight, level = (values[:, None] for values in sets)
    seen = f > 0
    result = np.zeros(len(p))
    if not seen.all():
        result += gamma_gamma.total_log_likelihood(x[~seen], z[~seen], p=sets[0], q=sets[1], v=sets[2])
    if not seen.any():
        return np.asarray(result)
    x, z, f = x[seen], z[seen], f[seen]
    distinct, group = np.unique(x, return_inverse=True)
    shapes = betaln(p * distinct, q + p * weight) @ np.bincount(group) + x.size * betaln(p * weight, q)[:, 0]
    result -= shapes + np.log(z).sum() + np.log(f).sum()
    repeat, step = x * z, max(1, 64_000 // x.size)
    with np.errstate(all="ignore"):  # far out in the tails parameters over- and underflow; the result says so
        for start in range(0, len(result), step):
            part = slice(start, start + step)
            first = weight[part] * f / level[part]
            mixed = q[part] * np.log1p((repeat + first) / v[part])
            mixed += p[part] * x * np.log1p((v[part] + first) / repeat)
            mixed += p[part] * weight[part] * np.log1p((v[part] + repeat) / first)
            result[part] -= mixed.sum(axis=1)
    return np.asarray(result)


def simulate(
    frequency: ArrayLike,
    *,
    p: ArrayLike,
    q: ArrayLike,
    v: ArrayLike,
    omega: ArrayLike,
    m: ArrayLike,
    rng: np.random.Generator,
) -> tuple[Array, Array, Array]:
    r"""Simulate customers' mean spend, the mean value of their repeat purchases, and their first purchase.

    Parameters
    ----------
    frequency
        x, number of repeat purchases, ≥ 0.
    p, q, v, omega, m
        As in `given_first`.
    rng
        Source of randomness.

    Returns
    -------
    mean_spend, monetary_value, first_value
        `ζ = p/ν` of each customer, the mean of x repeat purchases (NaN where x = 0), and f > 0, in money.

    Examples
    --------
    >>> law = {"p": 6.25, "q": 3.74, "v": 15.44, "omega": 0.5, "m": 0.8}
    >>> *_, first = simulate(np.zeros(100_000), **law, rng=np.random.default_rng(3))
    >>> bool(abs(first.mean() / (0.8 * 35.219) - 1) < 0.01)
    True
    """
    spend, mean = gamma_gamma.simulate(frequency, p=p, q=q, v=v, rng=rng)
    p, weight, level = _floats(p, omega, m)
    shape = p * weight
    return spend, mean, np.asarray(level * spend * rng.standard_gamma(np.broadcast_to(shape, spend.shape)) / shape)


def _floats(*values: ArrayLike) -> list[Array]:
    return [np.asarray(value, dtype=np.float64) for value in values]
