r"""Likelihood of the BG/NBD (Fader, Hardie & Lee 2005) and of the MBG/NBD (Batislam et al. 2007; Hoppe & Wagner 2007).

While a customer, somebody buys as a Poisson process of rate `λ ~ Gamma(r, rate α)`; after a purchase they leave with
probability `p ~ Beta(a, b)`. In the BG/NBD nobody leaves after the first purchase; in the MBG/NBD some do. `chances`
is the number of chances to leave that the first purchase gives: 0 in the BG/NBD, 1 in the MBG/NBD.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma

from kundenwert.kernels.pareto_nbd.likelihood import log_rising

type Array = NDArray[np.float64]


class Gradient(NamedTuple):
    """A log-likelihood and its partial derivatives, each of the broadcast shape."""

    value: Array
    r: Array
    alpha: Array
    a: Array
    b: Array


def arrays(*values: ArrayLike) -> tuple[Array, ...]:
    """All as arrays of doubles."""
    return tuple(np.asarray(value, dtype=np.float64) for value in values)


def log_odds_of_having_left(
    frequency: Array, recency: Array, T: Array, r: Array, alpha: Array, a: Array, b: Array, chances: int
) -> Array:
    """Logarithm of the odds of having left after the last purchase; minus infinity where there was no chance to."""
    stayed = frequency + chances
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.log(a) - np.log(b + stayed - 1) + (r + frequency) * np.log1p((T - recency) / (alpha + recency))
    return np.asarray(np.where(stayed > 0, odds, -np.inf))


def log_likelihood(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    r: ArrayLike,
    alpha: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    chances: int = 0,
) -> Array:
    r"""Log-likelihood of each customer's purchase times.

    With `k = x + chances`:
    `Γ(r+x)/Γ(r) α^r / B(a,b) · [B(a, b+k) (α+T)^-(r+x) + 1(k>0) B(a+1, b+k-1) (α+t_x)^-(r+x)]`

    Parameters
    ----------
    frequency
        x, number of repeat purchases, ≥ 0.
    recency
        t_x, time from the first to the last purchase, 0 ≤ t_x ≤ T, in units of time.
    T
        Time from the first purchase to the end of observation.
    r, alpha
        Shape, and rate in units of time, of the law of the purchase rate, > 0.
    a, b
        Parameters of the law of the probability of leaving after a purchase, > 0.
    chances
        Chances to leave that the first purchase gives: 0 in the BG/NBD, 1 in the MBG/NBD.

    Returns
    -------
    ndarray
        Log-likelihood, of the broadcast shape.

    References
    ----------
    Fader, Hardie & Lee (2005), "'Counting Your Customers' the Easy Way", equation 6.

    Examples
    --------
    >>> round(float(log_likelihood(2, 30.43, 38.86, r=0.2425945, alpha=4.4136019, a=0.7929199, b=2.4258881)), 6)
    -9.459693
    """
    x, t_x, T, r, alpha, a, b = arrays(frequency, recency, T, r, alpha, a, b)
    stayed = x + chances
    alive = log_rising(r, x) - r * np.log1p(T / alpha) - x * np.log(alpha + T)
    kept = log_rising(b, stayed) - log_rising(a + b, stayed)
    return np.asarray(alive + kept + np.logaddexp(0.0, log_odds_of_having_left(x, t_x, T, r, alpha, a, b, chances)))


def log_likelihood_gradient(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    r: ArrayLike,
    alpha: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    chances: int = 0,
) -> Gradient:
    r"""Log-likelihood of each customer and its four partial derivatives, in closed form.

    Parameters
    ----------
    frequency, recency, T, r, alpha, a, b, chances
        As in `log_likelihood`.

    Returns
    -------
    Gradient
        `value, r, alpha, a, b`, each of the broadcast shape.

    Examples
    --------
    >>> law = {"r": 0.2425945, "alpha": 4.4136019, "b": 2.4258881}
    >>> found = log_likelihood_gradient(2, 30.43, 38.86, a=0.793, **law)
    >>> step = [log_likelihood(2, 30.43, 38.86, a=0.793 + e, **law) for e in (-1e-6, 1e-6)]
    >>> bool(abs((step[1] - step[0]) / 2e-6 - found.a) < 1e-8)
    True
    """
    x, t_x, T, r, alpha, a, b = np.broadcast_arrays(*arrays(frequency, recency, T, r, alpha, a, b))
    stayed = x + chances
    odds = log_odds_of_having_left(x, t_x, T, r, alpha, a, b, chances)
    left = np.exp(odds - np.logaddexp(0.0, odds))
    value = log_rising(r, x) - r * np.log1p(T / alpha) - x * np.log(alpha + T)
    value = value + log_rising(b, stayed) - log_rising(a + b, stayed) + np.logaddexp(0.0, odds)
    silence = np.log1p((T - t_x) / (alpha + t_x))
    d_r = digamma(r + x) - digamma(r) - np.log1p(T / alpha) + left * silence
    d_alpha = r * T / (alpha * (alpha + T)) - x / (alpha + T)
    d_alpha = d_alpha - left * (r + x) * (T - t_x) / ((alpha + T) * (alpha + t_x))
    together = digamma(a + b + stayed) - digamma(a + b)
    with np.errstate(divide="ignore", invalid="ignore"):
        d_b = digamma(b + stayed) - digamma(b) - together - np.where(left > 0, left / (b + stayed - 1), 0.0)
    return Gradient(value, d_r, d_alpha, left / a - together, d_b)


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
    chances: int = 0,
) -> Array:
    """Log-likelihood of all customers, for each of many parameter sets.

    Parameters
    ----------
    frequency, recency, T
        Distinct histories, one-dimensional.
    count
        Number of customers with each.
    r, alpha, a, b
        Parameter sets, one-dimensional.
    chances
        As in `log_likelihood`.

    Returns
    -------
    ndarray
        One value for each parameter set.

    Examples
    --------
    >>> law = {"r": [0.243], "alpha": [4.414], "a": [0.793], "b": [2.426]}
    >>> total_log_likelihood([2, 0], [30.43, 0.0], [38.86, 30.0], [1, 3], **law).round(6)
    array([-10.955741])
    """
    x, t_x, T, count = arrays(frequency, recency, T, count)
    sets = [column[:, None] for column in np.broadcast_arrays(*map(np.atleast_1d, arrays(r, alpha, a, b)))]
    result = np.empty(len(sets[0]))
    step = max(1, 64_000 // x.size)
    with np.errstate(all="ignore"):  # far out in the tails parameters over- and underflow; the result says so
        for start in range(0, len(result), step):
            r_, alpha_, a_, b_ = (column[start : start + step] for column in sets)
            each = log_likelihood(x, t_x, T, r=r_, alpha=alpha_, a=a_, b=b_, chances=chances)
            result[start : start + step] = each @ count
    return result


def p_alive(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    r: ArrayLike,
    alpha: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    chances: int = 0,
) -> Array:
    r"""Probability that somebody is a customer still at the end of observation.

    `1 / (1 + a/(b+k-1) ((α+T)/(α+t_x))^(r+x))` with `k = x + chances`; 1 where k = 0.

    Parameters
    ----------
    frequency, recency, T, r, alpha, a, b, chances
        As in `log_likelihood`.

    Returns
    -------
    ndarray
        Probability in (0, 1], of the broadcast shape.

    References
    ----------
    Fader, Hardie & Lee (2008), "Computing P(alive) Using the BG/NBD Model".

    Examples
    --------
    >>> round(float(p_alive(2, 30.43, 38.86, r=0.2425945, alpha=4.4136019, a=0.7929199, b=2.4258881)), 7)
    0.7266086
    """
    x, t_x, T, r, alpha, a, b = arrays(frequency, recency, T, r, alpha, a, b)
    return np.asarray(np.exp(-np.logaddexp(0.0, log_odds_of_having_left(x, t_x, T, r, alpha, a, b, chances))))


def simulate(
    T: ArrayLike,
    *,
    r: ArrayLike,
    alpha: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    rng: np.random.Generator,
    chances: int = 0,
) -> tuple[Array, Array]:
    """Frequency and recency of new customers.

    The number of purchases of somebody who stayed is Poisson; it ends at the one after which they leave, whose time is
    an order statistic of uniform times.

    Parameters
    ----------
    T
        Time observed, ≥ 0.
    r, alpha, a, b, chances
        As in `log_likelihood`.
    rng
        Source of randomness.

    Returns
    -------
    frequency, recency
        Each of the broadcast shape.

    Examples
    --------
    >>> law = {"r": 0.2425945, "alpha": 4.4136019, "a": 0.7929199, "b": 2.4258881}
    >>> x, t_x = simulate(np.full(200_000, 39.0), **law, rng=np.random.default_rng(1))
    >>> bool(abs(x.mean() - 1.195) < 0.03)
    True
    """
    T, r, alpha, a, b = np.broadcast_arrays(*arrays(T, r, alpha, a, b))
    rate = rng.standard_gamma(r) / alpha
    p = np.maximum(rng.beta(a, b), np.finfo(np.float64).tiny)
    arrivals = rng.poisson(np.minimum(rate * T, 1e15)).astype(np.float64)
    with np.errstate(divide="ignore"):
        last = np.floor(rng.standard_exponential(p.shape) / -np.log1p(-p)) + 1 - chances  # after which they leave
    frequency = np.minimum(arrivals, last)
    share = rng.beta(np.maximum(frequency, 1), np.maximum(arrivals - frequency, 0) + 1)
    return frequency, np.asarray(np.where(frequency > 0, T * share, 0.0))
