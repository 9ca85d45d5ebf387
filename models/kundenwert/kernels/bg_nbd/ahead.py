r"""What lies ahead of a living customer of the BG/NBD and MBG/NBD: expectations over both latent laws.

Given alive, `λ ~ Gamma(R, A)` and `p ~ Beta(a, B)` with `R = r+x`, `A = α+T`, `B = b+k`. Over λ everything is closed;
over p it is an integral in `w = log(p/(1-p))`, where the integrand is analytic in a strip and falls exponentially on
either side: the trapezoidal rule is right to 1e-8, with a step that suits the width of the law of p. What is integrated
is the difference from the value at p = 0, which falls by `a + 1` on the left: a range that is short however small a is.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln

from kundenwert.kernels.bg_nbd.likelihood import arrays, p_alive

type Array = NDArray[np.float64]

STEP, WIDTH = 0.42, 0.9
"""Longest step of the trapezoidal rule in the logit of p, and longest in widths of the law of p there."""

FOLDS = 26.0
"""E-folds by which the integrand has fallen at the ends of the range."""

MOST_NODES = 600

_FEW_NODES, _NODES, _MANY_NODES = (np.polynomial.legendre.leggauss(number) for number in (7, 12, 40))
_NARROW, _WIDE = 0.3, 3.0
_ENOUGH = 45.0


def _over_p(falls: Callable[[Array, Array], Array], a: Array, B: Array) -> Array:
    """`E[falls(p)]` over `p ~ Beta(a, B)` for a function of p (and of 1-p) that is 0 at p = 0 as p is.

    Node after node, so that work arrays stay small.
    """
    log_total = betaln(a, B)
    middle = np.log(a + 1) - np.log(B)
    low = middle - FOLDS / (a + 1) - np.log1p(FOLDS / B) - 1
    high = middle + FOLDS / B + np.log1p(FOLDS / (a + 1)) + 1
    longest = np.minimum(STEP, WIDTH * np.sqrt(1 / (a + 1) + 1 / B))
    nodes = int(np.clip(np.ceil(np.max((high - low) / longest, initial=0.0)) + 1, 8, MOST_NODES))
    step = (high - low) / (nodes - 1)
    total = np.zeros(np.broadcast_shapes(a.shape, B.shape))
    for k in range(nodes):
        w = low + k * step
        log_p, log_q = -np.logaddexp(0.0, -w), -np.logaddexp(0.0, w)
        total = total + step * np.exp(a * log_p + B * log_q - log_total) * falls(np.exp(log_p), w)
    return total


def alive_ahead(u: Array, R: Array, A: Array, a: Array, B: Array) -> Array:
    """`P(alive u later | alive) = E[(1 + p u/A)^-R]`, in [0, 1]."""
    return np.clip(1 - _over_p(lambda p, _: -np.expm1(-R * np.log1p(p * u / A)), a, B), 0.0, 1.0)


def _bought(u: Array, R: Array, A: Array, a: Array, B: Array) -> Array:
    """`E[(1 - (1 + p u/A)^-R) / p]`: expected purchases of a living customer up to u."""
    flow = R * u / A

    def falls(p: Array, _: Array) -> Array:
        return np.asarray(flow + np.expm1(-R * np.log1p(p * u / A)) / p)

    return np.maximum(flow - _over_p(falls, a, B), 0.0)


def _integral(of: Callable[[Array], Array], h: Array, A: Array, discount_rate: float) -> Array:
    """`∫₀^h e^(-δu) of(u) du`, by a rule in `log(1 + u/A)`."""
    end = np.minimum(h, _ENOUGH / discount_rate) if discount_rate > 0 else h
    width = np.log1p(end / A)
    wide, paid = np.max(width, initial=0.0), np.max(discount_rate * end, initial=0.0)
    few = _FEW_NODES if 0 < paid <= _NARROW else _NODES
    t, weight = _MANY_NODES if max(wide, paid) >= _WIDE else few
    total = np.zeros(np.broadcast_shapes(width.shape, A.shape))
    for at, share in zip((t + 1) / 2, weight / 2, strict=True):
        u = A * np.expm1(at * width)
        total = total + share * width * (A + u) * np.exp(-discount_rate * u) * of(u)
    return total


def expected_purchases(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    horizon: ArrayLike,
    discount_rate: float = 0.0,
    *,
    r: ArrayLike,
    alpha: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    chances: int = 0,
    alive: Array | float | None = None,
) -> Array:
    r"""Expected number of purchases of a known customer in `(T, T + horizon]`, each counting `e^(-δ (t - T))`.

    `P(alive) · E_p[(1 - (1 + p h/A)^-R)/p]` without discounting, with `R = r+x`, `A = α+T`, `p ~ Beta(a, b+k)`,
    `k = x + chances`; with it `e^(-δh) M(h) + δ ∫₀^h e^(-δu) M(u) du`, M being the same without.

    Parameters
    ----------
    frequency, recency, T, r, alpha, a, b, chances
        As in `log_likelihood`; (0, 0, 0) is a new customer.
    horizon
        h ≥ 0, in units of time; may be infinite.
    discount_rate
        δ, continuous rate per unit of time, ≥ 0.
    alive
        P(alive) where it is known already.

    Returns
    -------
    ndarray
        At least 0, of the broadcast shape; infinite over an undiscounted infinite horizon where a ≤ 1.

    References
    ----------
    Fader, Hardie & Lee (2005), equation 10, in another form.

    Examples
    --------
    >>> law = {"r": 0.2425945, "alpha": 4.4136019, "a": 0.7929199, "b": 2.4258881}
    >>> round(float(expected_purchases(2, 30.43, 38.86, 39.0, **law)), 7)
    1.2259057
    """
    x, t_x, T, h, r, alpha, a, b = arrays(frequency, recency, T, horizon, r, alpha, a, b)
    if alive is None:
        alive = p_alive(x, t_x, T, r=r, alpha=alpha, a=a, b=b, chances=chances)
    R, A, B = r + x, alpha + T, b + x + chances
    if discount_rate == 0 and np.isinf(h).any():
        with np.errstate(divide="ignore"):
            lifelong = np.where(a > 1, (a + B - 1) / np.maximum(a - 1, 0), np.inf)
        return np.asarray(alive * lifelong)
    if discount_rate == 0:
        return np.asarray(alive * _bought(h, R, A, a, B))
    later = discount_rate * _integral(lambda u: _bought(u, R, A, a, B), h, A, discount_rate)
    finite = np.where(np.isinf(h), 0.0, h)
    last = np.where(np.isinf(h), 0.0, np.exp(-discount_rate * finite) * _bought(finite, R, A, a, B))
    return np.asarray(alive * (last + later))


def expected_time(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    horizon: ArrayLike,
    discount_rate: float = 0.0,
    *,
    r: ArrayLike,
    alpha: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    chances: int = 0,
    alive: Array | float | None = None,
) -> Array:
    r"""Expected time as a customer in `(T, T + horizon]`, discounted: `P(alive) ∫₀^h e^(-δu) E_p[(1 + p u/A)^-R] du`.

    Parameters
    ----------
    frequency, recency, T, horizon, discount_rate, r, alpha, a, b, chances, alive
        As in `expected_purchases`.

    Returns
    -------
    ndarray
        Units of time, at least 0, of the broadcast shape; infinite over an undiscounted infinite horizon where
        a ≤ 1 or r + x ≤ 1.

    Examples
    --------
    >>> law = {"r": 0.2425945, "alpha": 4.4136019, "a": 0.7929199, "b": 2.4258881}
    >>> round(float(expected_time(2, 30.43, 38.86, 39.0, **law)), 6)
    24.890532
    """
    x, t_x, T, h, r, alpha, a, b = arrays(frequency, recency, T, horizon, r, alpha, a, b)
    if alive is None:
        alive = p_alive(x, t_x, T, r=r, alpha=alpha, a=a, b=b, chances=chances)
    R, A, B = r + x, alpha + T, b + x + chances
    if discount_rate == 0 and np.isinf(h).any():
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = A / (R - 1) * (a + B - 1) / (a - 1)
        return np.asarray(alive * np.where((a > 1) & (R > 1), mean, np.inf))
    return np.asarray(alive * _integral(lambda u: alive_ahead(u, R, A, a, B), h, A, discount_rate))
