"""Likelihood of the times of a customer's purchases, its gradient, and the probability of being alive now."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, gammaln

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


class Terms(NamedTuple):
    """Logarithms of the terms of L, relative to `_log_scale`: alive at T, and gone since t_x; and about the stages.

    `stages` is the mean number of stages gone since the last purchase of somebody alive, `rise` the mean of
    `ψ(r+kx+s) - ψ(r+kx)`.
    """

    alive: Array
    dead: Array
    stages: Array
    rise: Array


def log_likelihood(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    log_gaps: ArrayLike,
    *,
    k: ArrayLike,
    r: ArrayLike,
    alpha: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
) -> Array:
    r"""Log-likelihood of the times of one customer's repeat purchases.

    `L = k^(kx) e^((k-1) G) / Γ(k)^x · Γ(n)/Γ(r) α^r · [B(a, b+x+1)/B(a, b) Σ_s (n)_s/s! (k u)^s (α+kT)^-(n+s)
    + B(a+1, b+x)/B(a, b) (α+k t_x)^-n]`, n = r + kx, u = T - t_x, s from 0 to k - 1, G the sum of the logarithms of
    the gaps: the first term for those alive at T, of whom s stages have gone since the last purchase, the second for
    those who left at t_x. It is a density of the x times, as the other laws' likelihoods are.

    Parameters
    ----------
    frequency, recency, T
        x ≥ 0 an integer, 0 ≤ t_x ≤ T in units of time.
    log_gaps
        G, sum over the repeat purchases of the logarithm of the time since the purchase before; 0 where x = 0.
    k
        Stages of a gap, whole, ≥ 1.
    r, alpha
        Shape and rate parameter of the law of the mean purchase rate λ, > 0; alpha in units of time.
    a, b
        Shapes of the law of p, > 0.

    Returns
    -------
    ndarray
        Log-likelihood, finite, of the broadcast shape.

    Examples
    --------
    >>> law = {"r": 0.5248436, "alpha": 6.1830928, "a": 0.8913878, "b": 1.6140483}
    >>> gaps = np.log(10.0) + np.log(20.43)
    >>> log_likelihood(2, 30.43, 38.86, gaps, k=np.array([1, 2, 3]), **law).round(6)
    array([-9.485858, -9.033913, -8.85351 ])
    """
    x, t_x, T, gaps, k, r, alpha, a, b = float_arrays(frequency, recency, T, log_gaps, k, r, alpha, a, b)
    terms = log_terms(x, t_x, T, k, r, alpha, a, b)
    return _log_scale(x, t_x, gaps, k, r, alpha, a, b) + np.logaddexp(terms.alive, terms.dead)


def log_likelihood_gradient(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    log_gaps: ArrayLike,
    *,
    k: ArrayLike,
    r: ArrayLike,
    alpha: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
) -> Gradient:
    r"""Log-likelihood of a customer's purchase times and its four partial derivatives.

    With w = P(alive), n = r + kx, u = T - t_x, and means over the stages s of somebody alive:
    `∂/∂r = ψ(n) - ψ(r) - log((α+k t_x)/α) + w (E[ψ(n+s) - ψ(n)] - log((α+kT)/(α+k t_x)))`,
    `∂/∂α = r/α - w (n + E[s])/(α+kT) - (1-w) n/(α+k t_x)`, `∂/∂a = ψ(a+b) - ψ(a+b+x+1) + (1-w)/a`,
    `∂/∂b = ψ(b+x+1) - ψ(b) + ψ(a+b) - ψ(a+b+x+1) - (1-w)/(b+x)`.

    Parameters
    ----------
    frequency, recency, T, log_gaps, k, r, alpha, a, b
        As in `log_likelihood`.

    Returns
    -------
    Gradient
        `value, r, alpha, a, b`, each of the broadcast shape.

    Examples
    --------
    >>> law = {"k": 3, "r": 0.5, "alpha": 6.2, "a": 0.9, "b": 1.6}
    >>> gradient = log_likelihood_gradient(2, 30.4, 38.9, 5.3, **law)
    >>> step = [log_likelihood(2, 30.4, 38.9, 5.3, **law | {"alpha": 6.2 + e}) for e in (-1e-5, 1e-5)]
    >>> bool(abs((step[1] - step[0]) / 2e-5 - gradient.alpha) < 1e-8)
    True
    """
    given = float_arrays(frequency, recency, T, log_gaps, k, r, alpha, a, b)
    x, t_x, T, gaps, k, r, alpha, a, b = np.broadcast_arrays(*given)
    terms = log_terms(x, t_x, T, k, r, alpha, a, b)
    alive, dead = expit(terms.alive - terms.dead), expit(terms.dead - terms.alive)
    n, at_last, since = r + k * x, alpha + k * t_x, k * (T - t_x)
    both = digamma_rise(a + b, x + 1)
    return Gradient(
        value=_log_scale(x, t_x, gaps, k, r, alpha, a, b) + np.logaddexp(terms.alive, terms.dead),
        r=digamma_rise(r, k * x) - np.log1p(k * t_x / alpha) + alive * (terms.rise - np.log1p(since / at_last)),
        alpha=r / alpha - alive * (n + terms.stages) / (at_last + since) - dead * n / at_last,
        a=dead / a - both,
        b=digamma_rise(b, x + 1) - both - dead / (b + x),
    )


def total_log_likelihood(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    log_gaps: ArrayLike,
    count: ArrayLike,
    *,
    k: int,
    r: ArrayLike,
    alpha: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
) -> Array:
    r"""Log-likelihood of all customers, for each of many parameter sets.

    `Σ_i count_i · log L_i`; histories that differ in their gaps only are computed once.

    Parameters
    ----------
    frequency, recency, T, log_gaps, count
        Distinct histories, one-dimensional, and how many customers have each.
    k
        The same for all sets.
    r, alpha, a, b
        Parameter sets, one-dimensional, as in `log_likelihood`.

    Returns
    -------
    ndarray
        One value for each parameter set; NaN or -inf where a parameter is beyond floating point.

    Examples
    --------
    >>> how = {"k": 2, "r": [0.52, 0.6], "alpha": 6.2, "a": 0.9, "b": 1.6}
    >>> total_log_likelihood([0, 2], [0, 30.4], [38.9, 38.9], [0, 5.3], [3, 1], **how).round(6)
    array([-10.575859, -10.709922])
    """
    columns = np.column_stack(float_arrays(frequency, recency, T))
    gaps, number = float_arrays(log_gaps, count)
    distinct, index = np.unique(columns, axis=0, return_inverse=True)
    n = np.bincount(index.reshape(-1), weights=number)
    x, t_x, end = distinct.T
    purchases, group = np.unique(x, return_inverse=True)
    customers = np.bincount(group, weights=n)
    of_gaps = (k - 1) * (gaps @ number) + (k * np.log(k) - gammaln(k)) * (x @ n)
    sets = np.stack(np.broadcast_arrays(*map(np.atleast_1d, float_arrays(r, alpha, a, b))))
    result = np.empty(sets.shape[1])
    step = max(1, BLOCK // max(x.size, 1))
    history, numbers = (x, t_x, end, purchases, group), (n, customers)
    with np.errstate(all="ignore"):  # far out in the tails parameters over- and underflow; the result says so
        for first in range(0, result.size, step):
            result[first : first + step] = _of_sets(history, numbers, k, *sets[:, first : first + step, None])
    return np.asarray(result + of_gaps)


def _of_sets(
    history: tuple[Array, Array, Array, Array, NDArray[np.intp]],
    numbers: tuple[Array, Array],
    k: int,
    r: Array,
    alpha: Array,
    a: Array,
    b: Array,
) -> Array:
    """Total of all histories, but for the gaps; what depends on the number of purchases only, once for each number."""
    x, t_x, T, purchases, group = history
    n, at_T = r + k * x, alpha + k * T
    total, term, q = np.ones(np.shape(n)), np.ones(np.shape(n)), k * (T - t_x) / at_T
    for s in range(k - 1):
        term = term * (n + s) / (s + 1) * q
        total += term
    log_T, odds = np.log(at_T), (np.log(a) - np.log(b + purchases))[:, group]
    each = -n * log_T + np.logaddexp(np.log(total), odds + n * (log_T - np.log(alpha + k * t_x)))
    rising = log_rising(r, k * purchases) + log_rising(b, purchases + 1) - log_rising(a + b, purchases + 1)
    return np.asarray(each @ numbers[0] + (rising + r * np.log(alpha)) @ numbers[1])


def p_alive(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    k: ArrayLike,
    r: ArrayLike,
    alpha: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
) -> Array:
    r"""Probability that a customer is still alive at T.

    `P = 1 / (1 + a/(b+x) ((α+kT)/(α+k t_x))^(r+kx) / Σ_s (r+kx)_s/s! (k u/(α+kT))^s)`, u = T - t_x, s < k. Where
    customers buy evenly, a silence much longer than their gaps tells more than under k = 1.

    Parameters
    ----------
    frequency, recency, T, k, r, alpha, a, b
        As in `log_likelihood`.

    Returns
    -------
    ndarray
        Probability in [0, 1], of the broadcast shape.

    Examples
    --------
    >>> law = {"r": 0.5248436, "alpha": 6.1830928, "a": 0.8913878, "b": 1.6140483}
    >>> p_alive(2, 30.43, 38.86, k=np.array([1, 3]), **law).round(6)
    array([0.706122, 0.75293 ])
    >>> p_alive(12, 20.0, 38.86, k=np.array([1, 3]), **law).round(6)
    array([0.016812, 0.      ])
    """
    terms = log_terms(*float_arrays(frequency, recency, T, k, r, alpha, a, b))
    return np.asarray(expit(terms.alive - terms.dead))


def log_terms(x: Array, t_x: Array, T: Array, k: Array, r: Array, alpha: Array, a: Array, b: Array) -> Terms:
    """Both terms of L; every stage's share is positive."""
    n, at_T, since = r + k * x, alpha + k * T, k * (T - t_x)
    q = since / at_T
    shape = np.broadcast_shapes(n.shape, q.shape)
    term, total, stages, rises = (np.full(shape, start) for start in (1.0, 1.0, 0.0, 0.0))
    rise = np.zeros(n.shape)
    for s in range(1, int(np.max(k, initial=1.0))):
        term = np.where(s < k, term * (n + s - 1) / s * q, 0.0)
        rise = rise + 1 / (n + s - 1)
        total = total + term
        stages = stages + s * term
        rises = rises + rise * term
    log_alive = np.log(total) - n * np.log1p(since / (alpha + k * t_x))
    return Terms(log_alive, np.log(a) - np.log(b + x), stages / total, rises / total)


def stage_probabilities(frequency: Array, recency: Array, T: Array, *, k: int, r: Array, alpha: Array) -> Array:
    r"""Probabilities of the number of stages gone since the last purchase, of somebody alive at T.

    `P(s) ∝ (r+kx)_s / s! (k (T - t_x)/(α+kT))^s`, s < k.

    Parameters
    ----------
    frequency, recency, T, k, r, alpha
        As in `log_likelihood`; one k for all.

    Returns
    -------
    ndarray
        Shape (k, ...), summing to 1 over the first axis.

    Examples
    --------
    >>> stage_probabilities(2, 30.43, 38.86, k=3, r=0.5248436, alpha=6.1830928).round(6)
    array([0.295334, 0.396976, 0.30769 ])
    """
    x, t_x, T, r, alpha = np.broadcast_arrays(*float_arrays(frequency, recency, T, r, alpha))
    n, q = r + k * x, k * (T - t_x) / (alpha + k * T)
    found = np.ones((k, *n.shape))
    for s in range(1, k):
        found[s] = found[s - 1] * (n + s - 1) / s * q
    return np.asarray(found / found.sum(axis=0))


def purchase_rate(
    frequency: ArrayLike, recency: ArrayLike, T: ArrayLike, *, k: ArrayLike, r: ArrayLike, alpha: ArrayLike
) -> Array:
    r"""Expected mean purchase rate of a customer who is one still.

    `(r + kx + E[s]) / (α+kT)`, s the number of stages gone since the last purchase.

    Parameters
    ----------
    frequency, recency, T, k, r, alpha
        As in `log_likelihood`.

    Returns
    -------
    ndarray
        Purchases per unit of time, > 0, of the broadcast shape.

    Examples
    --------
    >>> purchase_rate(2, 30.43, 38.86, k=np.array([1, 3]), r=0.5248436, alpha=6.1830928).round(6)
    array([0.056054, 0.061396])
    """
    x, t_x, T, k, r, alpha = float_arrays(frequency, recency, T, k, r, alpha)
    terms = log_terms(x, t_x, T, k, r, alpha, np.ones(()), np.ones(()))
    return np.asarray((r + k * x + terms.stages) / (alpha + k * T))


def _log_scale(x: Array, t_x: Array, gaps: Array, k: Array, r: Array, alpha: Array, a: Array, b: Array) -> Array:
    """Logarithm of what both terms of L have in common, alive and chosen to stay."""
    shape = k * x
    rising = log_rising(r, shape) + log_rising(b, x + 1) - log_rising(a + b, x + 1)
    at_last = r * np.log1p(k * t_x / alpha) + shape * np.log(alpha / k + t_x)
    return np.asarray(rising - at_last + (k - 1) * gaps - x * gammaln(k))
