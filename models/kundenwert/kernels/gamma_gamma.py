r"""The Gamma-Gamma model of spend (Fader, Hardie & Lee 2005; Fader & Hardie 2013).

The value of one purchase is Gamma(shape p, rate ν); the rate ν varies over customers as Gamma(shape q, rate v).
A customer's mean spend is `ζ = p/ν`. `v` is written γ by Fader & Hardie. Spend and purchase process are independent.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln, digamma

type Array = NDArray[np.float64]


def log_likelihood(
    frequency: ArrayLike, monetary_value: ArrayLike, *, p: ArrayLike, q: ArrayLike, v: ArrayLike
) -> Array:
    r"""Log density of the mean value `z̄` of `x` purchases of one customer.

    `log f = -log z̄ - log B(px, q) - q log(1 + x z̄/v) - px log(1 + v/(x z̄))`

    Parameters
    ----------
    frequency
        x, number of purchases averaged, > 0.
    monetary_value
        z̄, their mean value, > 0, in money.
    p, q
        Shapes, > 0.
    v
        Rate parameter of the law of ν, > 0, in money.

    Returns
    -------
    ndarray
        Log density, per unit of money, of the broadcast shape.

    References
    ----------
    Fader & Hardie (2013), "The Gamma-Gamma Model of Monetary Value", equation 1a.

    Examples
    --------
    >>> round(float(log_likelihood(2, 22.35, p=6.25, q=3.74, v=15.44)), 9)
    -3.55131676
    """
    x, z, p, q, v = (np.asarray(o, dtype=np.float64) for o in (frequency, monetary_value, p, q, v))
    total = x * z
    return np.asarray(
        -np.log(z) - betaln(p * x, q) - q * np.log1p(total / v) - p * x * np.log1p(v / total),
        dtype=np.float64,
    )


class Gradient(NamedTuple):
    """A log density and its partial derivatives, each of the broadcast shape."""

    value: Array
    p: Array
    q: Array
    v: Array


def log_likelihood_gradient(
    frequency: ArrayLike, monetary_value: ArrayLike, *, p: ArrayLike, q: ArrayLike, v: ArrayLike
) -> Gradient:
    r"""Log density of a customer's mean value and its three partial derivatives.

    `∂/∂p = x [ψ(px+q) - ψ(px) - log(1 + v/(x z̄))]`, `∂/∂q = ψ(px+q) - ψ(q) - log(1 + x z̄/v)`,
    `∂/∂v = (q x z̄/v - px) / (x z̄ + v)`

    Parameters
    ----------
    frequency, monetary_value, p, q, v
        As in `log_likelihood`.

    Returns
    -------
    Gradient
        `value, p, q, v`, each of the broadcast shape.

    Examples
    --------
    >>> gradient = log_likelihood_gradient(2, 22.35, p=6.25, q=3.74, v=15.44)
    >>> step = [log_likelihood(2, 22.35, p=6.25, q=3.74, v=15.44 + e) for e in (-1e-5, 1e-5)]
    >>> bool(abs((step[1] - step[0]) / 2e-5 - gradient.v) < 1e-8)
    True
    """
    x, z, p, q, v = (np.asarray(o, dtype=np.float64) for o in (frequency, monetary_value, p, q, v))
    total, shape = x * z, p * x
    by_v, by_total = np.log1p(total / v), np.log1p(v / total)
    value = -np.log(z) - betaln(shape, q) - q * by_v - shape * by_total
    together = digamma(shape + q)
    d_p = x * (together - digamma(shape) - by_total)
    return Gradient(value, d_p, together - digamma(q) - by_v, (q * total / v - shape) / (total + v))


def total_log_likelihood(
    frequency: ArrayLike, monetary_value: ArrayLike, *, p: ArrayLike, q: ArrayLike, v: ArrayLike
) -> Array:
    r"""Log density of all customers' mean values, for each of many parameter sets.

    `Σ_i log f(z̄_i | x_i, p, q, v)`

    Parameters
    ----------
    frequency, monetary_value
        x > 0 and z̄ > 0 of each customer, one-dimensional.
    p, q, v
        Parameter sets, one-dimensional.

    Returns
    -------
    ndarray
        One value for each parameter set.

    Examples
    --------
    >>> total_log_likelihood([2, 1], [22.35, 11.77], p=[6.25, 6.0], q=3.74, v=15.44).round(6)
    array([-7.289026, -7.196534])
    """
    x, z = (np.asarray(o, dtype=np.float64) for o in (frequency, monetary_value))
    p, q, v = (
        o[:, None] for o in np.broadcast_arrays(*(np.atleast_1d(np.asarray(o, dtype=np.float64)) for o in (p, q, v)))
    )
    distinct, group = np.unique(x, return_inverse=True)
    result = -(betaln(p * distinct, q) @ np.bincount(group)) - np.log(z).sum()
    total = x * z
    step = max(1, 64_000 // x.size)
    with np.errstate(all="ignore"):  # far out in the tails parameters over- and underflow; the result says so
        for start in range(0, len(result), step):
            part = slice(start, start + step)
            ratio = total / v[part]
            mixed = q[part] * np.log1p(ratio) + p[part] * x * np.log1p(1 / ratio)
            result[part] -= mixed.sum(axis=1)
    return np.asarray(result)


def expected_spend(
    frequency: ArrayLike, monetary_value: ArrayLike, *, p: ArrayLike, q: ArrayLike, v: ArrayLike
) -> Array:
    r"""Expected mean spend of a customer with `x` purchases of mean value `z̄`.

    `E[ζ | x, z̄] = p (v + x z̄) / (px + q - 1)`, infinite where `px + q ≤ 1`.

    Parameters
    ----------
    frequency
        x, number of purchases averaged, ≥ 0.
    monetary_value
        z̄ in money; not looked at (may be missing) where `frequency` is 0.
    p, q
        Shapes, > 0.
    v
        Rate parameter of the law of ν, > 0, in money.

    Returns
    -------
    ndarray
        Expected spend per purchase in money, > 0, of the broadcast shape; `inf` where the law has no mean.

    References
    ----------
    Fader & Hardie (2013), equation 5.

    Examples
    --------
    >>> round(float(expected_spend(2, 22.35, p=6.25, q=3.74, v=15.44)), 8)
    24.66371391
    >>> round(float(expected_spend(0, float("nan"), p=6.25, q=3.74, v=15.44)), 8)
    35.2189781
    """
    x, z, p, q, v = (np.asarray(o, dtype=np.float64) for o in (frequency, monetary_value, p, q, v))
    total = np.where(x > 0, x * z, 0.0)
    shape = p * x + q
    with np.errstate(divide="ignore"):
        return np.asarray(np.where(shape > 1, p * (v + total) / np.maximum(shape - 1, 0), np.inf))


def draw_spend(
    frequency: ArrayLike,
    monetary_value: ArrayLike,
    *,
    p: ArrayLike,
    q: ArrayLike,
    v: ArrayLike,
    rng: np.random.Generator,
) -> Array:
    r"""One draw of each customer's mean spend `ζ = p/ν` with `ν | x, z̄ ~ Gamma(px + q, rate v + x z̄)`.

    Parameters
    ----------
    frequency, monetary_value, p, q, v
        As in `expected_spend`; they broadcast, and each element of the broadcast shape gets one draw.
    rng
        Source of randomness.

    Returns
    -------
    ndarray
        Mean spend per purchase, in money, > 0.

    References
    ----------
    Fader & Hardie (2013), equation 3.

    Examples
    --------
    >>> draws = draw_spend(2, 22.35, p=np.full(200_000, 6.25), q=3.74, v=15.44, rng=np.random.default_rng(1))
    >>> abs(draws.mean() - 24.6637) < 0.1
    np.True_
    """
    x, z, p, q, v = (np.asarray(o, dtype=np.float64) for o in (frequency, monetary_value, p, q, v))
    total = np.where(x > 0, x * z, 0.0)
    shape, rate = np.broadcast_arrays(p * x + q, v + total)
    return np.asarray(p * rate / np.maximum(rng.standard_gamma(shape), np.finfo(np.float64).tiny))


def simulate(
    frequency: ArrayLike, *, p: ArrayLike, q: ArrayLike, v: ArrayLike, rng: np.random.Generator
) -> tuple[Array, Array]:
    r"""Simulate customers' mean spend and the mean value of their observed purchases.

    Parameters
    ----------
    frequency
        x, number of purchases observed, ≥ 0.
    p, q, v
        Parameters of the law, > 0; v in money.
    rng
        Source of randomness.

    Returns
    -------
    mean_spend, monetary_value
        `ζ = p/ν` of each customer, and the mean of x purchases (NaN where x = 0), in money.

    Examples
    --------
    >>> spend, mean = simulate(np.array([0, 3]), p=6.25, q=3.74, v=15.44, rng=np.random.default_rng(3))
    >>> np.isnan(mean)
    array([ True, False])
    """
    x, p, q, v = np.broadcast_arrays(*(np.asarray(o, dtype=np.float64) for o in (frequency, p, q, v)))
    nu = np.maximum(rng.standard_gamma(q), np.finfo(np.float64).tiny) / v
    total = rng.standard_gamma(p * np.maximum(x, 1))
    monetary_value = np.where(x > 0, total / (np.maximum(x, 1) * nu), np.nan)
    return np.asarray(p / nu), np.asarray(monetary_value)
