"""Likelihood of a customer's history, its gradient, and the probability of being alive."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma

from kundenwert.kernels.arithmetic import float_arrays, log_rising
from kundenwert.kernels.convex import NODES, power_product_integral, power_product_moments, refined

type Array = NDArray[np.float64]


class Gradient(NamedTuple):
    """A log-likelihood and its partial derivatives, each of the broadcast shape."""

    value: Array
    r: Array
    alpha: Array
    s: Array
    beta: Array


def log_likelihood(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    r: ArrayLike,
    alpha: ArrayLike,
    s: ArrayLike,
    beta: ArrayLike,
) -> Array:
    r"""Log-likelihood of one customer's repeat purchases.

    `log L = log Γ(r+x)/Γ(r) + r log α + s log β + log[(α+T)^-(r+x) (β+T)^-s + s ∫ (α+u)^-(r+x) (β+u)^-(s+1) du]`

    Parameters
    ----------
    frequency, recency, T
        x ≥ 0 an integer, 0 ≤ t_x ≤ T in units of time.
    r, s
        Shapes of the laws of λ and μ, > 0.
    alpha, beta
        Rate parameters of the laws of λ and μ, > 0, in units of time.

    Returns
    -------
    ndarray
        Log-likelihood, finite, of the broadcast shape.

    References
    ----------
    Fader & Hardie (2005), "A Note on Deriving the Pareto/NBD Model", equation 16, before the integral is expanded.

    Examples
    --------
    >>> round(float(log_likelihood(5, 30.0, 365.0, r=0.55, alpha=10.0, s=50.0, beta=1e5)), 10)
    -21.0956857323
    """
    x, t_x, T, r, alpha, s, beta = float_arrays(frequency, recency, T, r, alpha, s, beta)
    log_alive, log_dead = log_terms(x, t_x, T, r, alpha, s, beta)
    return np.asarray(_log_scale(x, t_x, r, alpha, s, beta) + np.logaddexp(log_alive, log_dead))


def log_likelihood_gradient(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    r: ArrayLike,
    alpha: ArrayLike,
    s: ArrayLike,
    beta: ArrayLike,
    nodes: int = NODES,
) -> Gradient:
    r"""Log-likelihood and its four partial derivatives in one pass over the quadrature nodes.

    The derivative of the logarithm of the integral is an expectation under its integrand, for instance
    `∂/∂r = -E[log(α + u)]`, so it comes from the same positive weights as the value.

    Parameters
    ----------
    frequency, recency, T, r, alpha, s, beta
        As in `log_likelihood`.
    nodes
        Quadrature nodes for each customer; about three times as many where the integrand falls late.

    Returns
    -------
    Gradient
        `value, r, alpha, s, beta`, each of the broadcast shape.

    Examples
    --------
    >>> gradient = log_likelihood_gradient(2, 30.4, 38.9, r=0.55, alpha=10.6, s=0.6, beta=11.7)
    >>> step = [log_likelihood(2, 30.4, 38.9, r=0.55 + e, alpha=10.6, s=0.6, beta=11.7) for e in (-1e-5, 1e-5)]
    >>> bool(abs((step[1] - step[0]) / 2e-5 - gradient.r) < 1e-8)
    True
    """
    return Gradient(*refined(_gradient, float_arrays(frequency, recency, T, r, alpha, s, beta), nodes))


def _gradient(given: tuple[Array, ...], nodes: int) -> tuple[Gradient, NDArray[np.bool_]]:
    """Value and derivatives by so many nodes, and for which customers they are too few."""
    x, t_x, T, r, alpha, s, beta = given
    a, A, B, D = r + x, alpha + t_x, beta + t_x, T - t_x
    end_A, end_B = np.log1p(D / A), np.log1p(D / B)
    dying = power_product_moments(A, a, B, s + 1, D, nodes, (end_A, end_B))
    log_alive = -a * end_A - s * end_B
    with np.errstate(divide="ignore"):
        log_dead = np.log(s / B * dying.total)
    alive = 1 / (1 + np.exp(np.clip(log_dead - log_alive, -745, 709)))
    dead = 1 - alive
    since, missed = np.log1p(t_x / alpha), np.log1p(t_x / beta)
    scale = log_rising(r, x) - r * since - x * np.log(A) - s * missed
    # each derivative is the mean of a quantity: what it is at the end if alive, its mean over the time of death if not
    d_r = digamma(a) - digamma(r) - since - (alive * end_A + dead * dying.logs[0])
    d_alpha = r / alpha - a * (alive / (A + D) + dead * dying.inverses[0])
    d_s = dead / s - missed - (alive * end_B + dead * dying.logs[1])
    d_beta = s / beta - s * alive / (B + D) - (s + 1) * dead * dying.inverses[1]
    return Gradient(scale + np.logaddexp(log_alive, log_dead), d_r, d_alpha, d_s, d_beta), dying.late


def p_alive(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    r: ArrayLike,
    alpha: ArrayLike,
    s: ArrayLike,
    beta: ArrayLike,
    nodes: int = NODES,
) -> Array:
    r"""Probability that a customer is alive at the end of observation.

    `P = (α+T)^-(r+x) (β+T)^-s / [(α+T)^-(r+x) (β+T)^-s + s ∫ (α+u)^-(r+x) (β+u)^-(s+1) du]`

    Parameters
    ----------
    frequency, recency, T, r, alpha, s, beta
        As in `log_likelihood`.
    nodes
        Quadrature nodes; about three times as many where the integrand falls late.

    Returns
    -------
    ndarray
        Probability in [0, 1], of the broadcast shape.

    References
    ----------
    Fader & Hardie (2005), equation 36; Schmittlein, Morrison & Colombo (1987), equations 11 to 13.

    Examples
    --------
    >>> round(float(p_alive(26, 30.857, 31.0, r=0.5534, alpha=10.58, s=0.6061, beta=11.656)), 6)
    0.997871
    """
    x, t_x, T, r, alpha, s, beta = float_arrays(frequency, recency, T, r, alpha, s, beta)
    log_alive, log_dead = log_terms(x, t_x, T, r, alpha, s, beta, nodes)
    return np.asarray(np.exp(log_alive - np.logaddexp(log_alive, log_dead)))


def p_alive_at(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    horizon: ArrayLike,
    r: ArrayLike,
    alpha: ArrayLike,
    s: ArrayLike,
    beta: ArrayLike,
) -> Array:
    r"""Probability that a customer is alive now and still alive at `T + horizon`.

    `P(alive at T) · ((β+T)/(β+T+h))^s`

    Parameters
    ----------
    frequency, recency, T, r, alpha, s, beta
        As in `log_likelihood`.
    horizon
        h, time after the end of observation, ≥ 0, in units of time.

    Returns
    -------
    ndarray
        Probability in [0, 1], not larger than `p_alive`, of the broadcast shape.

    Examples
    --------
    >>> round(float(p_alive_at(26, 30.857, 31.0, horizon=52.0, r=0.55, alpha=10.58, s=0.61, beta=11.66)), 6)
    0.613649
    """
    x, t_x, T, h, r, alpha, s, beta = float_arrays(frequency, recency, T, horizon, r, alpha, s, beta)
    now = p_alive(x, t_x, T, r=r, alpha=alpha, s=s, beta=beta)
    return np.asarray(now * np.exp(-s * np.log1p(h / (beta + T))))


def _log_scale(x: Array, t_x: Array, r: Array, alpha: Array, s: Array, beta: Array) -> Array:
    """Logarithm of `A (α+t_x)^-(r+x) (β+t_x)^-s`: the part of L in front once both terms are measured at t_x."""
    rest = -r * np.log1p(t_x / alpha) - x * np.log(alpha + t_x) - s * np.log1p(t_x / beta)
    return np.asarray(log_rising(r, x) + rest)


def log_terms(
    x: Array, t_x: Array, T: Array, r: Array, alpha: Array, s: Array, beta: Array, nodes: int = NODES
) -> tuple[Array, Array]:
    """Logarithms of both terms of L, alive at T and dead before, relative to `_log_scale`."""
    a, A, B, D = r + x, alpha + t_x, beta + t_x, T - t_x
    ends = np.log1p(D / A), np.log1p(D / B)
    with np.errstate(divide="ignore"):
        log_dead = np.log(s / B) + np.log(power_product_integral(A, a, B, s + 1, D, nodes, ends))
    return np.asarray(-a * ends[0] - s * ends[1]), np.asarray(log_dead)
