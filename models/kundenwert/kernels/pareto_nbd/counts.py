"""The law of a known customer's number of purchases: not only its mean."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from kundenwert.kernels.arithmetic import float_arrays, log_rising
from kundenwert.kernels.convex import E_FOLDS, NODES, graded_rule
from kundenwert.kernels.pareto_nbd.likelihood import log_terms

type Array = NDArray[np.float64]

type Height = Callable[[Array], Array]

STEPS = 12
"""Newton steps towards the ends of the integrand; they stay outside the ends, so that fewer would only waste nodes."""


STEEP = np.array(np.inf)
"""Slope for which a graded rule is as dense near the mode as it can be: the integrand may fall as an exponential."""


def purchase_probability(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    horizon: ArrayLike,
    number: ArrayLike,
    r: ArrayLike,
    alpha: ArrayLike,
    s: ArrayLike,
    beta: ArrayLike,
    nodes: int = 2 * NODES,
) -> Array:
    r"""Probability that a known customer makes `number` purchases in `(T, T + horizon]`.

    `P(Y = y) = (1 - P(alive)) [y = 0] + P(alive) · [N(h) (B/(B+h))^s + ∫₀^h N(u) s B^s (B+u)^-(s+1) du]` with
    `a = r+x`, `A = α+T`, `B = β+T` and the negative binomial `N(u) = Γ(a+y)/(Γ(a) y!) (A/(A+u))^a (u/(A+u))^y`: the
    first term in brackets for those alive throughout, the integral over the time of death.

    Parameters
    ----------
    frequency, recency, T, r, alpha, s, beta
        As in `log_likelihood`; everything broadcasts.
    horizon
        h, length of the future looked at, ≥ 0 and finite, in units of time.
    number
        y, integer ≥ 0.
    nodes
        Quadrature nodes on either side of the integrand's mode; 16 are enough for six digits of the logarithm.

    Returns
    -------
    ndarray
        Probability in [0, 1], of the broadcast shape; over y it sums to one.

    References
    ----------
    Fader & Hardie (2014), "Deriving the Conditional PMF of the Pareto/NBD Model", before the integral is expanded.

    Examples
    --------
    >>> law = {"r": 0.5533971, "alpha": 10.5801985, "s": 0.6060625, "beta": 11.6562237}
    >>> purchase_probability(2, 30.43, 38.86, horizon=39.0, number=[0, 1, 2], **law).round(6)
    array([0.408086, 0.219267, 0.151749])
    """
    logs = log_purchase_probability(
        frequency, recency, T, horizon=horizon, number=number, r=r, alpha=alpha, s=s, beta=beta, nodes=nodes
    )
    return np.asarray(np.exp(np.minimum(logs, 0.0)))


def log_purchase_probability(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    horizon: ArrayLike,
    number: ArrayLike,
    r: ArrayLike,
    alpha: ArrayLike,
    s: ArrayLike,
    beta: ArrayLike,
    nodes: int = 2 * NODES,
) -> Array:
    """Logarithm of `purchase_probability`, with its parameters; finite also where the probability underflows.

    Examples
    --------
    >>> law = {"r": 0.5533971, "alpha": 10.5801985, "s": 0.6060625, "beta": 11.6562237}
    >>> round(float(log_purchase_probability(2, 30.43, 38.86, horizon=39.0, number=5000, **law)), 6)
    -4082.8886
    """
    given = float_arrays(number, horizon, frequency, recency, T, r, alpha, s, beta)
    y, h, x, t_x, T, r, alpha, s, beta = np.broadcast_arrays(*given)
    living, dead = log_terms(x, t_x, T, r, alpha, s, beta)
    whole = np.logaddexp(living, dead)
    log_number = log_count(y, h, r + x, alpha + T, s, beta + T, nodes)
    return np.asarray(np.logaddexp(living - whole + log_number, np.where(y > 0, -np.inf, dead - whole)))


def log_count(y: Array, h: Array, a: Array, A: Array, s: Array, B: Array, nodes: int) -> Array:
    """Logarithm of the probability of `y` purchases within `h` of someone alive, λ ~ Gamma(a, A), μ ~ Gamma(s, B)."""
    tiny = np.finfo(np.float64).tiny
    log_h = np.log(np.maximum(h, tiny))

    def rate(log_u: Array) -> Array:
        return np.asarray(y * (log_u - np.log(A)) - (a + y) * np.log1p(np.exp(log_u) / A))

    def dying(log_u: Array) -> Array:
        return np.asarray(rate(log_u) + log_u - (s + 1) * np.log1p(np.exp(log_u) / B))

    def slope(log_u: Array) -> Array:
        u = np.exp(log_u)
        return np.asarray(y + 1 - (a + y) * u / (A + u) - (s + 1) * u / (B + u))

    mode = np.minimum(_log_mode(y, a, A, s, B), log_h)
    top = dying(mode)
    low = top - E_FOLDS
    left, right = (low + y * np.log(A)) / (y + 1), log_h
    for _ in range(STEPS):
        left = _newton(left, dying, slope, low, mode)
        right = _newton(right, dying, slope, low, mode)
    total = np.zeros(y.shape)
    for end in (left, right):
        span = np.abs(end - mode)
        w, weight = graded_rule(span, STEEP, nodes)
        total += (weight * np.exp(dying(mode + np.sign(end - mode) * w) - top)).sum(axis=0)
    log_dying = np.log(s / B) + top + np.log(np.maximum(total, tiny))
    log_living = rate(log_h) - s * np.log1p(h / B)
    log_ways = log_rising(a, y) - gammaln(y + 1)
    return np.where(h > 0, log_ways + np.logaddexp(log_living, log_dying), np.where(y > 0, -np.inf, 0.0))


def _log_mode(y: Array, a: Array, A: Array, s: Array, B: Array) -> Array:
    """Where the integrand in log u is largest: log of the positive root of `(a+s) u² - b u - (y+1) A B`."""
    b, c = (y - s) * A + (1 - a) * B, (y + 1) * A * B
    root = np.sqrt(b**2 + 4 * (a + s) * c)
    return np.asarray(np.log(np.where(b > 0, (b + root) / (2 * (a + s)), 2 * c / (root + np.abs(b)))))


def _newton(at: Array, height: Height, slope: Height, low: Array, mode: Array) -> Array:
    """One step towards where a concave height has fallen to `low`, from outside; it never steps over it."""
    gap, rise = low - height(at), slope(at)
    with np.errstate(divide="ignore", invalid="ignore"):
        step = np.where(gap > 0, gap / rise, 0.0)
    return np.where(np.abs(step) < np.abs(mode - at), at + step, at)
