r"""The NBD model of repeat purchases (Ehrenberg 1959): the Pareto/NBD without drop-out.

A customer buys for ever as a Poisson process of rate λ ~ Gamma(shape r, rate α). It is the model to beat: whoever says
that customers leave has to predict better than this. Functions, arguments and likelihood are those of `pareto_nbd`
wherever both have a meaning, so that likelihoods of the two can be compared: of the purchase TIMES, not only of their
number. The recency is taken and not looked at, for without drop-out it says nothing.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma, gammaln

from kundenwert.kernels.arithmetic import log_rising

type Array = NDArray[np.float64]


def log_likelihood(frequency: ArrayLike, recency: ArrayLike, T: ArrayLike, *, r: ArrayLike, alpha: ArrayLike) -> Array:
    r"""Log-likelihood of one customer's repeat purchases.

    `log L = log Γ(r+x)/Γ(r) + r log(α / (α+T)) - x log(α+T)`

    Parameters
    ----------
    frequency, recency, T
        x ≥ 0 an integer, t_x not looked at, T ≥ 0 in units of time.
    r
        Shape of the law of λ, > 0.
    alpha
        Rate parameter of the law of λ, > 0, in units of time.

    Returns
    -------
    ndarray
        Log-likelihood, finite, of the broadcast shape.

    References
    ----------
    Fader & Hardie (2005), "A Note on Deriving the Pareto/NBD Model", equation 5 with an infinite lifetime.

    Examples
    --------
    >>> round(float(log_likelihood(2, 30.43, 38.86, r=0.3848, alpha=12.072)), 6)
    -9.044418
    """
    x, t_x, T, r, alpha = (np.asarray(value, dtype=np.float64) for value in (frequency, recency, T, r, alpha))
    value = log_rising(r, x) - r * np.log1p(T / alpha) - x * np.log(alpha + T)
    return np.asarray(value + 0 * t_x)


class Gradient(NamedTuple):
    """A log-likelihood and its partial derivatives, each of the broadcast shape."""

    value: Array
    r: Array
    alpha: Array


def log_likelihood_gradient(
    frequency: ArrayLike, recency: ArrayLike, T: ArrayLike, *, r: ArrayLike, alpha: ArrayLike
) -> Gradient:
    r"""Log-likelihood of a customer's repeat purchases and its two partial derivatives.

    `∂/∂r = ψ(r+x) - ψ(r) + log(α / (α+T))`, `∂/∂α = r/α - (r+x)/(α+T)`

    Parameters
    ----------
    frequency, recency, T, r, alpha
        As in `log_likelihood`.

    Returns
    -------
    Gradient
        `value, r, alpha`, each of the broadcast shape.

    Examples
    --------
    >>> gradient = log_likelihood_gradient(2, 30.43, 38.86, r=0.3848, alpha=12.072)
    >>> step = [log_likelihood(2, 30.43, 38.86, r=0.3848 + e, alpha=12.072) for e in (-1e-5, 1e-5)]
    >>> bool(abs((step[1] - step[0]) / 2e-5 - gradient.r) < 1e-8)
    True
    """
    x, T, r, alpha = (np.asarray(value, dtype=np.float64) for value in (frequency, T, r, alpha))
    by_T = np.log1p(T / alpha)
    value = log_likelihood(x, recency, T, r=r, alpha=alpha)
    return Gradient(value, digamma(r + x) - digamma(r) - by_T, r / alpha - (r + x) / (alpha + T))


def total_log_likelihood(
    frequency: ArrayLike, recency: ArrayLike, T: ArrayLike, count: ArrayLike, *, r: ArrayLike, alpha: ArrayLike
) -> Array:
    r"""Log-likelihood of all customers, for each of many parameter sets.

    `Σ_i count_i · log L(x_i, T_i | r, α)`

    Parameters
    ----------
    frequency, recency, T, count
        Distinct histories, one-dimensional, and how many customers have each.
    r, alpha
        Parameter sets, one-dimensional.

    Returns
    -------
    ndarray
        One value for each parameter set; NaN or -inf where a parameter is beyond floating point.

    Examples
    --------
    >>> total_log_likelihood([0, 2], [0, 30.4], [38.9, 38.9], [3, 1], r=[0.38, 0.5], alpha=12.0).round(6)
    array([-10.70156, -11.03732])
    """
    r, alpha = np.broadcast_arrays(*(np.atleast_1d(np.asarray(value, dtype=np.float64)) for value in (r, alpha)))
    n = np.asarray(count, dtype=np.float64)
    with np.errstate(all="ignore"):  # far out in the tails parameters over- and underflow; the result says so
        return np.asarray(log_likelihood(frequency, recency, T, r=r[:, None], alpha=alpha[:, None]) @ n)


def expected_purchases(
    frequency: ArrayLike, recency: ArrayLike, T: ArrayLike, *, horizon: ArrayLike, r: ArrayLike, alpha: ArrayLike
) -> Array:
    r"""Expected number of purchases of a known customer in `(T, T + horizon]`.

    `E[Y] = h (r+x) / (α+T)`

    Parameters
    ----------
    frequency, recency, T, r, alpha
        As in `log_likelihood`.
    horizon
        h ≥ 0, in units of time.

    Returns
    -------
    ndarray
        At least 0, of the broadcast shape.

    Examples
    --------
    >>> round(float(expected_purchases(2, 30.43, 38.86, horizon=39.0, r=0.3848, alpha=12.072)), 5)
    1.82611
    """
    x, t_x, T, h, r, alpha = (np.asarray(o, dtype=np.float64) for o in (frequency, recency, T, horizon, r, alpha))
    return np.asarray(h * (r + x) / (alpha + T) + 0 * t_x)


def log_purchase_probability(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    horizon: ArrayLike,
    number: ArrayLike,
    r: ArrayLike,
    alpha: ArrayLike,
) -> Array:
    r"""Log probability that a known customer makes exactly so many purchases in `(T, T + horizon]`.

    `log [Γ(r+x+n) / (Γ(r+x) n!) ((α+T)/(α+T+h))^(r+x) (h/(α+T+h))^n]`

    Parameters
    ----------
    frequency, recency, T, r, alpha
        As in `log_likelihood`.
    horizon
        h > 0, in units of time.
    number
        n ≥ 0, a whole number.

    Returns
    -------
    ndarray
        At most 0, of the broadcast shape.

    Examples
    --------
    >>> round(float(log_purchase_probability(2, 30.43, 38.86, horizon=39.0, number=1, r=0.3848, alpha=12.072)), 6)
    -1.322285
    """
    n, h, x, _, T, r, alpha = (
        np.asarray(o, dtype=np.float64) for o in (number, horizon, frequency, recency, T, r, alpha)
    )
    shape, scale = r + x, alpha + T
    rest = n * (np.log(h) - np.log(scale + h)) - shape * np.log1p(h / scale)
    return np.asarray(log_rising(shape, n) - gammaln(n + 1) + rest)


def simulate(T: ArrayLike, *, r: ArrayLike, alpha: ArrayLike, rng: np.random.Generator) -> tuple[Array, Array]:
    r"""Simulate the repeat purchases of new customers observed for `T`.

    Parameters
    ----------
    T
        Time observed after the first purchase, ≥ 0, in units of time.
    r, alpha
        As in `log_likelihood`; everything broadcasts.
    rng
        Source of randomness.

    Returns
    -------
    frequency, recency
        Number of repeat purchases and time from first to last purchase (0 where there is none).

    Examples
    --------
    >>> x, t_x = simulate(np.full(100_000, 39.0), r=0.3848, alpha=12.072, rng=np.random.default_rng(5))
    >>> bool(abs((x == 0).mean() - (12.072 / 51.072) ** 0.3848) < 0.006)
    True
    """
    T, r, alpha = np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in (T, r, alpha)))
    frequency = rng.poisson(np.minimum(rng.standard_gamma(r) / alpha * T, 1e15)).astype(np.float64)
    latest = rng.random(T.shape) ** (1 / np.maximum(frequency, 1))
    return frequency, np.where(frequency > 0, T * latest, 0.0)
