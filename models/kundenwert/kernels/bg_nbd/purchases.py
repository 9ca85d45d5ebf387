"""What a known customer, or a new one, will do: alive later, expected and counted purchases."""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, gammaln

from kundenwert.kernels.arithmetic import float_arrays, log_rising, product
from kundenwert.kernels.bg_nbd.between import interpolated
from kundenwert.kernels.bg_nbd.dropout import FINE, dropout_rule
from kundenwert.kernels.bg_nbd.likelihood import p_alive
from kundenwert.kernels.convex import unit_rule

type Array = NDArray[np.float64]
type Living = Callable[..., Array]

BLOCK = 200
"""Cells whose quadrature nodes stay in a core's cache."""

LATE = 12
"""Nodes over time after the discount time 1/δ; before it there are as many and two more for each e-fold of time."""

PAID = 28.0
"""Discount times after which nothing counts: exp(-28) = 7e-13."""

SMALLEST = 1e-280
"""Below it an incomplete beta function is continued in logarithms."""


def p_alive_at(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    horizon: ArrayLike,
    r: ArrayLike,
    alpha: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    flips: int = 0,
) -> Array:
    r"""Probability that a customer is alive now and still alive at `T + horizon`.

    `P(alive at T) · E[(1 + p h/(α+T))^-(r+x)]`, p ~ Beta(a, b+n), n = x + flips: drop-outs come at the rate λp.

    Parameters
    ----------
    frequency, recency, T, r, alpha, a, b, flips
        As in `log_likelihood`.
    horizon
        h, time after the end of observation, ≥ 0 and finite, in units of time.

    Returns
    -------
    ndarray
        Probability in [0, 1], not larger than `p_alive`, of the broadcast shape.

    Examples
    --------
    >>> law = {"r": 0.2425945, "alpha": 4.4136019, "a": 0.7929199, "b": 2.4258881}
    >>> p_alive_at(2, 30.43, 38.86, horizon=[0.0, 39.0], **law).round(7)
    array([0.7266086, 0.5671928])
    """
    x, t_x, T, h, r, alpha, a, b = float_arrays(frequency, recency, T, horizon, r, alpha, a, b)
    now = p_alive(x, t_x, T, r=r, alpha=alpha, a=a, b=b, flips=flips)
    still = _of_living(_staying, x, r, alpha + T, a, b + flips, h, np.zeros(()))
    return np.asarray(now * np.clip(still, 0.0, 1.0))


def expected_purchases(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    horizon: ArrayLike,
    discount_rate: ArrayLike = 0.0,
    r: ArrayLike,
    alpha: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    flips: int = 0,
) -> Array:
    r"""Expected number of purchases of a known customer in `(T, T + horizon]`, each discounted from T.

    `P(alive) · E[λ (1 - e^(-(δ+λp)h)) / (δ+λp)]`, λ ~ Gamma(r+x, α+T), p ~ Beta(a, b+n), n = x + flips. Without
    discounting the mean over λ is `(1 - (1 + p h/(α+T))^-(r+x)) / p`; the mean over p is by quadrature, without
    cancellation or case split. A new customer's history is 0, 0, 0.

    Parameters
    ----------
    frequency, recency, T, r, alpha, a, b, flips
        As in `log_likelihood`.
    horizon
        h, length of the future looked at, ≥ 0, possibly infinite, in units of time.
    discount_rate
        δ, CONTINUOUS rate per unit of time, ≥ 0; an annual rate d is `log(1 + d)` divided by the units in a year.

    Returns
    -------
    ndarray
        Expected purchases, ≥ 0, of the broadcast shape; `inf` where δ = 0, h is infinite and a ≤ 1.

    References
    ----------
    Fader, Hardie & Lee (2005), ""Counting Your Customers" the Easy Way", equation 10, before the integral over p.

    Examples
    --------
    >>> law = {"r": 0.2425945, "alpha": 4.4136019, "a": 0.7929199, "b": 2.4258881}
    >>> round(float(expected_purchases(2, 30.43, 38.86, horizon=39.0, **law)), 7)
    1.2259057
    >>> round(float(expected_purchases(2, 30.43, 38.86, horizon=np.inf, discount_rate=np.log(1.15) / 52, **law)), 4)
    5.1695
    """
    x, t_x, T, h, d, r, alpha, a, b = float_arrays(frequency, recency, T, horizon, discount_rate, r, alpha, a, b)
    alive = p_alive(x, t_x, T, r=r, alpha=alpha, a=a, b=b, flips=flips)
    living = _of_living(_buying, x, r, alpha + T, a, b + flips, h, d)
    return product(alive, living)  # whoever is gone buys nothing, also for ever


def expected_time(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    horizon: ArrayLike,
    discount_rate: ArrayLike = 0.0,
    r: ArrayLike,
    alpha: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    flips: int = 0,
) -> Array:
    r"""Expected time as a customer in `(T, T + horizon]`, each moment discounted from T.

    `P(alive) · ∫₀^h e^(-δu) E[(1 + p u/(α+T))^-(r+x)] du`, p ~ Beta(a, b+n), n = x + flips.

    Parameters
    ----------
    frequency, recency, T, horizon, discount_rate, r, alpha, a, b, flips
        As in `expected_purchases`.

    Returns
    -------
    ndarray
        Units of time, ≥ 0, of the broadcast shape; `inf` where δ = 0, h is infinite and a ≤ 1 or r + x ≤ 1.

    Examples
    --------
    >>> law = {"r": 0.2425945, "alpha": 4.4136019, "a": 0.7929199, "b": 2.4258881}
    >>> round(float(expected_time(2, 30.43, 38.86, horizon=39.0, **law)), 6)
    24.890532
    """
    x, t_x, T, h, d, r, alpha, a, b = float_arrays(frequency, recency, T, horizon, discount_rate, r, alpha, a, b)
    alive = p_alive(x, t_x, T, r=r, alpha=alpha, a=a, b=b, flips=flips)
    living = _of_living(_lasting, x, r, alpha + T, a, b + flips, h, d)
    return product(alive, living)


def log_purchase_probability(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    horizon: ArrayLike,
    number: ArrayLike,
    r: ArrayLike,
    alpha: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    flips: int = 0,
) -> Array:
    r"""Logarithm of the probability that a known customer makes `number` purchases in `(T, T + horizon]`.

    `P(Y = y) = (1 - P(alive)) [y = 0] + P(alive) · [E(1-p)^y P(N = y) + E p(1-p)^(y-1) P(N ≥ y) [y > 0]]`, where N is
    the number for one who never leaves, negative binomial with shape r+x and probability (α+T)/(α+T+h), and
    p ~ Beta(a, b+n), n = x + flips.

    Parameters
    ----------
    frequency, recency, T, r, alpha, a, b, flips
        As in `log_likelihood`; everything broadcasts.
    horizon
        h, length of the future looked at, ≥ 0 and finite, in units of time.
    number
        y, integer ≥ 0.

    Returns
    -------
    ndarray
        At most 0, of the broadcast shape; finite also where the probability underflows, -inf where it is 0.

    References
    ----------
    Fader, Hardie & Lee (2005), ""Counting Your Customers" the Easy Way", equation 8, of a customer's updated laws.

    Examples
    --------
    >>> law = {"r": 0.2425945, "alpha": 4.4136019, "a": 0.7929199, "b": 2.4258881}
    >>> np.exp(log_purchase_probability(2, 30.43, 38.86, horizon=39.0, number=[0, 1, 2], **law)).round(6)
    array([0.445393, 0.23933 , 0.144178])
    """
    given = float_arrays(number, horizon, frequency, recency, T, r, alpha, a, b)
    y, h, x, t_x, T, r, alpha, a, b = np.broadcast_arrays(*given)
    alive = p_alive(x, t_x, T, r=r, alpha=alpha, a=a, b=b, flips=flips)
    shape, stays, some = r + x, b + x + flips, y > 0
    with np.errstate(divide="ignore"):
        log_exactly, log_at_least = log_counts(y, shape, h / (alpha + T))
        log_stayed = log_rising(stays, y) - log_rising(a + stays, y)
        log_left = log_stayed + np.log(a) - np.log(np.where(some, stays + y - 1, np.inf))
        log_living = np.log(alive) + np.logaddexp(log_stayed + log_exactly, log_left + log_at_least)
        return np.minimum(np.where(some, log_living, np.logaddexp(log_living, np.log1p(-alive))), 0.0)


def _of_living(of: Living, x: Array, r: Array, scale: Array, a: Array, b: Array, h: Array, d: Array) -> Array:
    """An expectation of customers alive, of r + x, a, b + x, α+T, h and d.

    Of customers × samples those with one x differ, in a sample, in α+T alone, unless cohorts act on r, a or b: few
    values of α+T are computed, the others interpolated. What may be infinite is not.
    """
    shape = np.broadcast_shapes(*(values.shape for values in (x, r, scale, a, b, h, d)))
    own = any(law.ndim == 2 and law.shape[0] > 1 for law in (r, a, b)) or x.shape[-1:] != (1,) or h.size * d.size > 1
    if own or len(shape) != 2 or (d.item() == 0 and np.isinf(h.item())):
        return of(r + x, a, b + x, scale, h, d)
    found, log_scale = np.empty(shape), np.broadcast_to(np.log(scale), shape)
    number = np.broadcast_to(x, (shape[0], 1))[:, 0]
    for y in np.unique(number):
        rows = number == y
        found[rows] = interpolated(partial(_scaled, of, r + y, a, b + y, h, d), log_scale[rows])
    return np.asarray(found / scale)


def _scaled(of: Living, shape: Array, a: Array, b: Array, h: Array, d: Array, log_scale: Array) -> Array:
    """An expectation times α+T: for purchases that varies less."""
    scale = np.exp(log_scale)
    return of(shape, a, b, scale, h, d) * scale


def _buying(*given: Array) -> Array:
    """Expected purchases of customers alive, given shape, a, b, scale, h and d."""
    shape, a, b, scale, h, d = np.broadcast_arrays(*given)
    found = np.zeros(shape.shape)
    for some, function in (((d == 0) & (h > 0), _undiscounted), ((d > 0) & (h > 0), _discounted)):
        if some.any():
            found[some] = _in_blocks(function, *(values[some] for values in (shape, a, b, scale, h, d)))
    return found


def _lasting(*given: Array) -> Array:
    """Expected time of customers alive, given shape, a, b, scale, h and d."""
    shape, a, b, scale, h, d = np.broadcast_arrays(*given)
    found = np.zeros(shape.shape)
    for some, function in (((d == 0) & (h > 0), _undiscounted_time), ((d > 0) & (h > 0), _discounted_time)):
        if some.any():
            found[some] = _in_blocks(function, *(values[some] for values in (shape, a, b, scale, h, d)))
    return found


def _undiscounted_time(shape: Array, a: Array, b: Array, scale: Array, h: Array, d: Array) -> Array:
    """`scale E[(1 - (1 + p h/scale)^(1-shape)) / (p (shape-1))]`, of someone alive; d is 0."""
    endless = np.isinf(h)
    z = np.where(endless, 1.0, h / scale)
    p, weight = dropout_rule(a, b, np.maximum((shape + 1) * z, 1e-300), 1.0, FINE)
    fall, power = np.log1p(p * z), shape - 1
    near = np.abs(power) < 1e-8
    safe = np.where(near, 1.0, power)
    each = np.where(near, fall, -np.expm1(-safe * fall) / safe) / p
    within = scale * (weight * each).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = scale / (shape - 1) * (a + b - 1) / (a - 1)
    return np.where(endless, np.where((a > 1) & (shape > 1), mean, np.inf), within)


def _staying(*given: Array) -> Array:
    """Probability that customers alive are so h later; d plays no part."""
    shape, a, b, scale, h, _ = np.broadcast_arrays(*given)
    return _in_blocks(_still_alive, shape, a, b, np.maximum(h / scale, 1e-300))


def _in_blocks(function: Callable[..., Array], *given: Array) -> Array:
    """Values of a function of one-dimensional arrays, block by block, of the common shape of the arrays."""
    flat = [np.ravel(values) for values in given]
    found = np.empty(flat[0].size)
    for start in range(0, found.size, BLOCK):
        part = slice(start, start + BLOCK)
        found[part] = function(*(values[part] for values in flat))
    return found.reshape(given[0].shape)


def _still_alive(shape: Array, a: Array, b: Array, z: Array) -> Array:
    """`E[(1 + z p)^-shape]`."""
    p, weight = dropout_rule(a, b, z, shape, FINE)
    return np.asarray((weight * np.exp(-shape * np.log1p(p * z))).sum(axis=0))


def _undiscounted(shape: Array, a: Array, b: Array, scale: Array, h: Array, d: Array) -> Array:
    """`E[(1 - (1 + p h/scale)^-shape) / p]`, of someone alive; d is 0."""
    endless = np.isinf(h)
    z = np.where(endless, 1.0, h / scale)
    p, weight = dropout_rule(a, b, np.maximum((shape + 1) * z, 1e-300), 1.0)
    within = (weight * (-np.expm1(-shape * np.log1p(p * z)) / p)).sum(axis=0)
    with np.errstate(divide="ignore"):
        return np.where(endless, np.where(a > 1, (a + b - 1) / np.maximum(a - 1, 0), np.inf), within)


def _discounted(shape: Array, a: Array, b: Array, scale: Array, h: Array, d: Array) -> Array:
    """`shape/scale ∫₀^h e^(-δu) E[(1 + p u/scale)^-(shape+1)] du`, of someone alive."""
    return np.asarray(_discounted_time(shape + 1, a, b, scale, h, d) * shape / scale)


def _discounted_time(shape: Array, a: Array, b: Array, scale: Array, h: Array, d: Array) -> Array:
    """`∫₀^h e^(-δu) E[(1 + p u/scale)^-shape] du`, of someone alive.

    In `w = log(1 + u/c)`, c about the shortest time in which anybody leaves or the discount time 1/δ, with one rule
    until the discount time and one after it.
    """
    p, weight = dropout_rule(a, b, shape / scale * -np.expm1(-d * h) / d, 1.0)
    c = np.minimum(scale / shape * (a + b + 1) / (a + 1), 1 / d)
    bend, end = np.log1p(np.minimum(h, 1 / d) / c), np.log1p(np.minimum(h, PAID / d) / c)
    total = np.zeros_like(c)
    factor, power = p / scale, -shape
    early = LATE + 2 * int(np.max(bend, initial=0.0))
    for start, width, nodes in ((0.0, bend, early), (bend, end - bend, LATE)):
        for t, share in zip(*unit_rule(nodes), strict=True):
            w = start + t * width
            u = c * np.expm1(w)
            still = factor * u
            still += 1.0
            np.log(still, out=still)
            still *= power
            np.exp(still, out=still)
            total += share * width * (c + u) * np.exp(-d * u) * np.einsum("pc,pc->c", weight, still)
    return total


def log_counts(y: Array, shape: Array, z: Array) -> tuple[Array, Array]:
    """Logarithms of the probabilities of exactly and of at least y, negative binomial, of mean `shape * z`."""
    log_q = np.log(z) - np.log1p(z)
    by_number = y * np.where(y > 0, log_q, 0.0)
    exactly = log_rising(shape, y) - gammaln(y + 1) + by_number - shape * np.log1p(z)
    positive = np.maximum(y, 1.0)
    at_least = np.log(betainc(positive, shape, z / (1 + z)))
    rare = (y > 0) & (z > 0) & ~(at_least > np.log(SMALLEST))
    if rare.any():
        at_least[rare] = exactly[rare] + np.log(_tail_ratio(y[rare], shape[rare], np.exp(log_q[rare])))
    return exactly, np.where(y > 0, at_least, 0.0)


def _tail_ratio(y: Array, shape: Array, q: Array) -> Array:
    """`P(N ≥ y) / P(N = y)` far above the mean: `Σ_k Π (shape + y + i)/(y + 1 + i) q`."""
    total, term, k = np.ones_like(q), np.ones_like(q), 0
    while np.any(term > 1e-16 * total):
        term *= (shape + y + k) / (y + 1 + k) * q
        total += term
        k += 1
    return total
