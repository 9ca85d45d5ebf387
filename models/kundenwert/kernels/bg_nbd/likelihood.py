"""Likelihood of a customer's history, its gradient, and the probability of being alive now."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from kundenwert.kernels.arithmetic import digamma_rise, float_arrays, log_rising

type Array = NDArray[np.float64]

BLOCK = 200_000
"""Numbers in a work array of `total_log_likelihood`."""


class Gradient(NamedTuple):
    """A log-likelihood and its partial derivatives, each of the broadcast shape."""

    value: Array
    r: Array
    alpha: Array
    a: Array
    b: Array


def log_likelihood(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    r: ArrayLike,
    alpha: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    flips: int = 0,
) -> Array:
    r"""Log-likelihood of one customer's repeat purchases.

    `L = Γ(r+x)/Γ(r) α^r · [B(a, b+n)/B(a, b) (α+T)^-(r+x) + B(a+1, b+n-1)/B(a, b) (α+t_x)^-(r+x)]`, n = x + flips: the
    first term for those alive at T, the second, of which there is none where n = 0, for those who left at t_x.

    Parameters
    ----------
    frequency, recency, T
        x ≥ 0 an integer, 0 ≤ t_x ≤ T in units of time.
    r, alpha
        Shape and rate parameter of the law of λ, > 0; alpha in units of time.
    a, b
        Shapes of the law of p, > 0.
    flips
        Chances to leave before the first repeat purchase: 0 in the BG/NBD, 1 in the MBG/NBD.

    Returns
    -------
    ndarray
        Log-likelihood, finite, of the broadcast shape.

    References
    ----------
    Fader, Hardie & Lee (2005), ""Counting Your Customers" the Easy Way", equation 6; Batislam, Denizel & Filiztekin
    (2007), "Empirical Validation and Comparison of Models for Customer Base Analysis".

    Examples
    --------
    >>> law = {"r": 0.2425945, "alpha": 4.4136019, "a": 0.7929199, "b": 2.4258881}
    >>> round(float(log_likelihood(2, 30.43, 38.86, **law)), 6)
    -9.459693
    """
    x, t_x, T, r, alpha, a, b = float_arrays(frequency, recency, T, r, alpha, a, b)
    log_alive, log_dead = log_terms(x, t_x, T, r, alpha, a, b, flips)
    return _log_scale(x, t_x, r, alpha, a, b, flips) + np.logaddexp(log_alive, log_dead)


def log_likelihood_gradient(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    r: ArrayLike,
    alpha: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    flips: int = 0,
) -> Gradient:
    r"""Log-likelihood of a customer's repeat purchases and its four partial derivatives.

    With w = P(alive): `∂/∂r = ψ(r+x) - ψ(r) - log((α+t_x)/α) - w log((α+T)/(α+t_x))`,
    `∂/∂α = r/α - (r+x) [w/(α+T) + (1-w)/(α+t_x)]`, `∂/∂a = ψ(a+b) - ψ(a+b+n) + (1-w)/a`,
    `∂/∂b = ψ(b+n) - ψ(b) + ψ(a+b) - ψ(a+b+n) - (1-w)/(b+n-1)`.

    Parameters
    ----------
    frequency, recency, T, r, alpha, a, b, flips
        As in `log_likelihood`.

    Returns
    -------
    Gradient
        `value, r, alpha, a, b`, each of the broadcast shape.

    Examples
    --------
    >>> law = {"r": 0.24, "alpha": 4.4, "a": 0.8, "b": 2.4}
    >>> gradient = log_likelihood_gradient(2, 30.4, 38.9, **law)
    >>> step = [log_likelihood(2, 30.4, 38.9, **law | {"a": 0.8 + e}) for e in (-1e-5, 1e-5)]
    >>> bool(abs((step[1] - step[0]) / 2e-5 - gradient.a) < 1e-8)
    True
    """
    x, t_x, T, r, alpha, a, b = np.broadcast_arrays(*float_arrays(frequency, recency, T, r, alpha, a, b))
    n, scale = x + flips, _log_scale(x, t_x, r, alpha, a, b, flips)
    log_alive, log_dead = log_terms(x, t_x, T, r, alpha, a, b, flips)
    alive, dead = expit(log_alive - log_dead), expit(log_dead - log_alive)
    both = digamma_rise(a + b, n)
    return Gradient(
        value=scale + np.logaddexp(log_alive, log_dead),
        r=digamma_rise(r, x) - np.log1p(t_x / alpha) - alive * np.log1p((T - t_x) / (alpha + t_x)),
        alpha=r / alpha - (r + x) * (alive / (alpha + T) + dead / (alpha + t_x)),
        a=dead / a - both,
        b=digamma_rise(b, n) - both - dead / np.where(n > 0, b + n - 1, 1.0),
    )


def total_log_likelihood(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    count: ArrayLike,
    *,
    r: ArrayLike,
    alpha: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    flips: int = 0,
) -> Array:
    r"""Log-likelihood of all customers, for each of many parameter sets.

    `Σ_i count_i · log L(x_i, t_i, T_i | r, α, a, b)`

    Parameters
    ----------
    frequency, recency, T, count
        Distinct histories, one-dimensional, and how many customers have each.
    r, alpha, a, b
        Parameter sets, one-dimensional, as in `log_likelihood`.
    flips
        As in `log_likelihood`.

    Returns
    -------
    ndarray
        One value for each parameter set; NaN or -inf where a parameter is beyond floating point.

    Examples
    --------
    >>> total_log_likelihood([0, 2], [0, 30.4], [38.9, 38.9], [3, 1], r=[0.24, 0.3], alpha=4.4, a=0.8, b=2.4).round(6)
    array([-11.117489, -11.39221 ])
    """
    x, t_x, end, n = float_arrays(frequency, recency, T, count)
    distinct, group = np.unique(x, return_inverse=True)
    customers = np.bincount(group, weights=n)
    sets = np.stack(np.broadcast_arrays(*map(np.atleast_1d, float_arrays(r, alpha, a, b))))
    result = np.empty(sets.shape[1])
    step = max(1, BLOCK // max(x.size, 1))
    with np.errstate(all="ignore"):  # far out in the tails parameters over- and underflow; the result says so
        for first in range(0, result.size, step):
            each, shared = _parts(x, t_x, end, distinct, group, *sets[:, first : first + step, None], flips=flips)
            result[first : first + step] = each @ n + shared @ customers
    return result


def _parts(
    x: Array,
    t_x: Array,
    T: Array,
    distinct: Array,
    group: NDArray[np.intp],
    r: Array,
    alpha: Array,
    a: Array,
    b: Array,
    *,
    flips: int,
) -> tuple[Array, Array]:
    """Log-likelihood of each history but for a constant of its number of purchases, and those constants."""
    n, shape, at_T = distinct + flips, r + x, np.log(alpha + T)
    ratio = np.where(n > 0, np.log(a) - np.log(b + n - 1), -np.inf)
    each = -shape * at_T + np.logaddexp(0.0, ratio[:, group] + shape * (at_T - np.log(alpha + t_x)))
    rising = log_rising(r, distinct) + log_rising(b, n) - log_rising(a + b, n)
    return np.asarray(each), np.asarray(rising + r * np.log(alpha))


def p_alive(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    r: ArrayLike,
    alpha: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    flips: int = 0,
) -> Array:
    r"""Probability that a customer is still alive at T.

    `P = 1 / (1 + a/(b+n-1) ((α+T)/(α+t_x))^(r+x))`, n = x + flips; 1 where n = 0.

    Parameters
    ----------
    frequency, recency, T, r, alpha, a, b, flips
        As in `log_likelihood`.

    Returns
    -------
    ndarray
        Probability in [0, 1], of the broadcast shape.

    References
    ----------
    Fader, Hardie & Lee (2008), "Computing P(alive) Using the BG/NBD Model"; Hoppe & Wagner (2007), "Customer Base
    Analysis: The Case for a Central Variant of the Betageometric/NBD Model".

    Examples
    --------
    >>> law = {"r": 0.2425945, "alpha": 4.4136019, "a": 0.7929199, "b": 2.4258881}
    >>> round(float(p_alive(2, 30.43, 38.86, **law)), 7)
    0.7266086
    """
    x, t_x, T, r, alpha, a, b = float_arrays(frequency, recency, T, r, alpha, a, b)
    log_alive, log_dead = log_terms(x, t_x, T, r, alpha, a, b, flips)
    return np.asarray(expit(log_alive - log_dead))


def log_terms(
    x: Array, t_x: Array, T: Array, r: Array, alpha: Array, a: Array, b: Array, flips: int
) -> tuple[Array, Array]:
    """Logarithms of both terms of L, alive at T and gone since t_x, relative to `_log_scale`."""
    n = x + flips
    log_dead = np.where(n > 0, np.log(a) - np.log(np.where(n > 0, b + n - 1, 1.0)), -np.inf)
    return np.asarray(-(r + x) * np.log1p((T - t_x) / (alpha + t_x))), log_dead


def _log_scale(x: Array, t_x: Array, r: Array, alpha: Array, a: Array, b: Array, flips: int) -> Array:
    """Logarithm of `Γ(r+x)/Γ(r) α^r (α+t_x)^-(r+x) B(a, b+n)/B(a, b)`."""
    rising = log_rising(r, x) + log_rising(b, x + flips) - log_rising(a + b, x + flips)
    return np.asarray(rising - r * np.log1p(t_x / alpha) - x * np.log(alpha + t_x))
