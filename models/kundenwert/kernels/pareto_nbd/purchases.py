"""Expected, discounted and counted purchases: of known customers and of new ones."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, exprel, gammaln

from kundenwert.kernels.arithmetic import float_arrays, log_rising, product
from kundenwert.kernels.convex import E_FOLDS, discounted_pareto, log_concave_integral
from kundenwert.kernels.pareto_nbd.likelihood import p_alive

type Array = NDArray[np.float64]


def expected_purchases(
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
    r"""Expected number of purchases of a known customer in `(T, T + horizon]`.

    `E = P(alive) · (r+x)/(α+T) · ∫₀^h ((β+T)/(β+T+u))^s du`

    Parameters
    ----------
    frequency, recency, T, r, alpha, s, beta
        As in `log_likelihood`.
    horizon
        h, length of the future looked at, ≥ 0, in units of time.

    Returns
    -------
    ndarray
        Expected purchases, ≥ 0, of the broadcast shape; `inf` for an infinite horizon where s ≤ 1.

    References
    ----------
    Fader & Hardie (2005), equation 41.

    Examples
    --------
    >>> law = {"r": 0.5534, "alpha": 10.58, "s": 0.6061, "beta": 11.656}
    >>> round(float(expected_purchases(26, 30.857, 31.0, horizon=52.0, **law)), 2)
    25.45
    """
    x, t_x, T, h, r, alpha, s, beta = float_arrays(frequency, recency, T, horizon, r, alpha, s, beta)
    rate = (r + x) / (alpha + T)
    at_rate = p_alive(x, t_x, T, r=r, alpha=alpha, s=s, beta=beta) * rate
    return product(
        at_rate, expected_lifetime(horizon=h, s=s, scale=beta + T)
    )  # whoever is gone buys nothing, also for ever


def expected_purchases_new(
    *, horizon: ArrayLike, r: ArrayLike, alpha: ArrayLike, s: ArrayLike, beta: ArrayLike
) -> Array:
    r"""Expected number of repeat purchases of a customer not yet seen, within `horizon` of the first purchase.

    `E[X(t)] = (r/α) ∫₀^t (β/(β+u))^s du = rβ/(α(s-1)) · [1 - (β/(β+t))^(s-1)]`

    Parameters
    ----------
    horizon
        t, ≥ 0, in units of time.
    r, alpha, s, beta
        As in `log_likelihood`.

    Returns
    -------
    ndarray
        Expected repeat purchases, ≥ 0, of the broadcast shape.

    References
    ----------
    Schmittlein, Morrison & Colombo (1987), equation 17; Fader & Hardie (2005), equation 19.

    Examples
    --------
    >>> round(float(expected_purchases_new(horizon=52.0, r=0.553277, alpha=10.577684, s=0.60624, beta=11.668728)), 6)
    1.473434
    """
    t, r, alpha, s, beta = float_arrays(horizon, r, alpha, s, beta)
    return np.asarray(r / alpha * expected_lifetime(horizon=t, s=s, scale=beta))


def dert(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    horizon: ArrayLike = np.inf,
    discount_rate: ArrayLike,
    r: ArrayLike,
    alpha: ArrayLike,
    s: ArrayLike,
    beta: ArrayLike,
) -> Array:
    r"""Discounted expected residual transactions of a known customer.

    `DERT = P(alive) · (r+x)/(α+T) · ∫₀^h e^(-δu) ((β+T)/(β+T+u))^s du`

    Parameters
    ----------
    frequency, recency, T, r, alpha, s, beta
        As in `log_likelihood`.
    horizon
        h, length of the future counted, in units of time; infinite if not given.
    discount_rate
        δ, CONTINUOUS rate per unit of time, ≥ 0; an annual rate d is `log(1 + d)` divided by the units in a year.

    Returns
    -------
    ndarray
        Discounted purchases, ≥ 0, of the broadcast shape; `inf` where δ = 0, h is infinite and s ≤ 1: the sum
        diverges there, and it is very sensitive to δ where s < 1.

    References
    ----------
    Fader, Hardie & Lee (2005), "RFM and CLV: Using Iso-Value Curves for Customer Base Analysis", equation 2.

    Examples
    --------
    >>> delta = np.log(1.15) / 52
    >>> law = {"r": 0.5533971, "alpha": 10.5801985, "s": 0.6060625, "beta": 11.6562237}
    >>> round(float(dert(2, 30.43, 38.86, discount_rate=delta, **law)), 6)
    6.500892
    """
    x, t_x, T, d, r, alpha, s, beta, h = float_arrays(frequency, recency, T, discount_rate, r, alpha, s, beta, horizon)
    rate = (r + x) / (alpha + T)
    return np.asarray(
        p_alive(x, t_x, T, r=r, alpha=alpha, s=s, beta=beta)
        * rate
        * discounted_lifetime(horizon=h, discount_rate=d, s=s, scale=beta + T)
    )


def expected_lifetime(*, horizon: ArrayLike, s: ArrayLike, scale: ArrayLike) -> Array:
    r"""Expected time alive within `horizon` of a lifetime of Pareto law: `∫₀^h (b/(b+u))^s du`.

    Parameters
    ----------
    horizon
        h ≥ 0, possibly infinite, in units of time.
    s, scale
        Shape, > 0, and scale b, > 0: β for a new customer, β + T for one known to be alive.

    Returns
    -------
    ndarray
        Time, in [0, h]; `inf` for an infinite horizon where s ≤ 1.

    Examples
    --------
    >>> round(float(expected_lifetime(horizon=np.inf, s=3.0, scale=10.0)), 12)
    5.0
    """
    h, s, b = float_arrays(horizon, s, scale)
    finite = np.isfinite(h)
    log_growth = np.log1p(np.where(finite, h, 0.0) / b)
    with np.errstate(divide="ignore", over="ignore"):
        forever = np.where(s > 1, b / np.maximum(s - 1, 0), np.inf)
        return np.asarray(np.where(finite, b * log_growth * exprel(-(s - 1) * log_growth), forever))


def discounted_lifetime(*, horizon: ArrayLike, discount_rate: ArrayLike, s: ArrayLike, scale: ArrayLike) -> Array:
    r"""Expected discounted time alive within `horizon`: `∫₀^h e^(-δu) (b/(b+u))^s du`.

    Parameters
    ----------
    horizon
        h ≥ 0, possibly infinite, in units of time.
    discount_rate
        δ, continuous rate per unit of time, ≥ 0.
    s, scale
        Shape and scale b, as in `expected_lifetime`.

    Returns
    -------
    ndarray
        Discounted time, in [0, h]; `inf` where δ = 0, h is infinite and s ≤ 1.

    Examples
    --------
    >>> round(float(discounted_lifetime(horizon=np.inf, discount_rate=0.0027, s=0.61, scale=43.0)), 6)
    134.68548
    """
    h, d, s, b = np.broadcast_arrays(*float_arrays(horizon, discount_rate, s, scale))
    paid = d > 0
    value = b * discounted_pareto(np.where(paid, d * b, 1.0), s, np.log1p(h / b))
    return np.asarray(np.where(paid, value, expected_lifetime(horizon=h, s=s, scale=b)))


def purchase_pmf(
    *, horizon: ArrayLike, number: ArrayLike, r: ArrayLike, alpha: ArrayLike, s: ArrayLike, beta: ArrayLike
) -> Array:
    r"""Probability that a customer not yet seen makes `number` repeat purchases within `horizon`.

    `P(X(t) = n) = Γ(r+n)/(Γ(r) n!) · [g_n(t) (β/(β+t))^s + ∫₀^t g_n(u) s β^s (β+u)^-(s+1) du]`
    with `g_n(u) = (α/(α+u))^r (u/(α+u))^n`: the first term for those alive at t, the integral over the time of death.

    Parameters
    ----------
    horizon
        t ≥ 0, in units of time.
    number
        n, integer ≥ 0.
    r, alpha, s, beta
        As in `log_likelihood`.

    Returns
    -------
    ndarray
        Probability in [0, 1], of the broadcast shape.

    References
    ----------
    Fader & Hardie (2006), "Deriving an Expression for P(X(t) = x) under the Pareto/NBD Model", before expansion.

    Examples
    --------
    >>> law = {"r": 0.5533971, "alpha": 10.5801985, "s": 0.6060625, "beta": 11.6562237}
    >>> round(float(purchase_pmf(horizon=39.0, number=0, **law)), 7)
    0.5935692
    """
    n, t, r, alpha, s, beta = np.broadcast_arrays(*float_arrays(number, horizon, r, alpha, s, beta))
    tiny = np.finfo(np.float64).tiny
    low = np.log(np.minimum(np.maximum(t, tiny), np.minimum(alpha, beta))) - E_FOLDS

    def log_purchases(log_u: Array) -> Array:
        return np.asarray(n * (log_u - np.log(alpha)) - (r + n) * np.logaddexp(0, log_u - np.log(alpha)))

    def dying(w: Array) -> Array:
        log_u = low + w
        return np.asarray(log_purchases(log_u) + log_u - (s + 1) * np.logaddexp(0, log_u - np.log(beta)))

    def slope(w: Array) -> Array:
        log_u = low + w
        return np.asarray(n + 1 - (r + n) * expit(log_u - np.log(alpha)) - (s + 1) * expit(log_u - np.log(beta)))

    log_t = np.log(np.maximum(t, tiny))
    log_dead = np.log(s / beta) + log_concave_integral(dying, slope, np.asarray(log_t - low))
    log_alive = log_purchases(log_t) - s * np.log1p(t / beta)
    log_ways = log_rising(r, n) - gammaln(n + 1)
    at_once = np.where(n > 0, 0.0, 1.0)
    return np.asarray(np.where(t > 0, np.exp(log_ways + np.logaddexp(log_alive, log_dead)), at_once))
