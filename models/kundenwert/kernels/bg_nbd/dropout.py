r"""Expectations over the drop-out probability p ~ Beta(a, b) of functions that fall where p is large.

In `y = log(p / (1-p))` the density of p is proportional to `exp(a y - (a+b) log(1 + e^y))`, and what is wanted is, as a
function of p, about as `(1 + z p)^-k`. The product bends in two places, each time within a distance of order 1, and is
an exponential elsewhere. Three Gauss-Legendre rules, between the bends and `REACH` to either side of them, and a
Gauss-Jacobi rule of two nodes for either exponential beyond give nine digits, whether a is near 0, near 1 or in the
thousands. Every term is positive.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from kundenwert.kernels.arithmetic import log_rising
from kundenwert.kernels.convex import unit_rule

type Array = NDArray[np.float64]

FOLDS = 25.0
"""Where the integrand has fallen by this many e-folds the range ends: exp(-25) = 1e-11."""

REACH = 4.0
"""Distance from a bend beyond which the integrand is an exponential times a straight line, to ten digits."""

NODES = (16, 20, 16)
"""Gauss-Legendre nodes below, between and above both bends."""

FAR = 6.0
"""Distance between the bends from which those are too few."""

FINE = (20, 48, 20)
"""Nodes to take then."""

STEPS = 3
"""Newton steps towards the ends of the range, from outside."""


class Rule(NamedTuple):
    """Nodes p in (0, 1) and weights of an expectation over p, the node axis first."""

    p: Array
    weight: Array


def dropout_rule(a: Array, b: Array, z: Array, k: Array | float, nodes: tuple[int, int, int] | None = None) -> Rule:
    r"""Rule for `E[f(p)]`, p ~ Beta(a, b), where f is about as `(1 + z p)^-k`.

    Parameters
    ----------
    a, b
        Shapes, > 0, of one common shape with z and k.
    z, k
        Scale and power of the fall, > 0.
    nodes
        Gauss-Legendre nodes below, between and above both bends; `NODES` if not given, more if the bends are far apart.
    """
    left, right, mode = _range(a, b, z, k)
    bends = np.log((a + 1) / (b + 1)), np.where(np.asarray(k) > 1, mode, -np.log(z))
    first, last = (np.clip(bound(*bends), left, right) for bound in (np.minimum, np.maximum))
    below, above = np.maximum(left, first - REACH), np.minimum(right, last + REACH)
    if nodes is None:
        nodes = NODES if np.max(last - first, initial=0.0) < FAR else FINE
    axes = (slice(None),) + (None,) * np.ndim(left)
    y, weight = [], []
    for start, end, n in zip((below, first, last), (first, last, above), nodes, strict=True):
        t, unit = unit_rule(n)
        y.append(start + (end - start) * t[axes])
        weight.append((end - start) * unit[axes])
    for end, shape, sign in ((below, a, 1.0), (above, b, -1.0)):
        for at, share in _beyond(end, shape, sign):
            y.append(at[None])
            weight.append(share[None])
    odds = np.concatenate(y)
    height = a * odds
    np.exp(np.clip(odds, -650.0, 650.0, out=odds), out=odds)
    height -= (a + b) * np.log1p(odds)
    small, large = np.minimum(a, b), np.maximum(a, b)
    height -= gammaln(small) - log_rising(large, small)
    np.exp(height, out=height)
    height *= np.concatenate(weight)
    odds /= 1 + odds
    return Rule(odds, height)


def _range(a: Array, b: Array, z: Array, k: Array | float) -> tuple[Array, Array, Array]:
    """Where the integrand, in y, is below its maximum by `FOLDS` e-folds, or a little more.

    The mode is the positive root of a quadratic in the odds. To its left f is at most 1, to its right at most its value
    there: beyond the ends the density of p alone is small enough.
    """
    v = 1 + z
    middle = (b + k * z) / v - a
    root = np.sqrt(middle**2 + 4 * a * b / v)
    mode = np.log(np.where(middle > 0, 2 * (a / v) / (middle + root), (root - middle) / (2 * b)))
    fall = k * (np.logaddexp(0.0, mode + np.log(v)) - np.logaddexp(0.0, mode))
    low = a * mode - (a + b) * np.logaddexp(0.0, mode) - FOLDS
    return -_log_odds(_last(a, b, low - fall)), _log_odds(_last(b, a, low)), mode


def _last(a: Array, b: Array, low: Array) -> Array:
    """The larger l = -log(s) where `s^a (1-s)^b` is `e^low`, or a little larger: Newton's method from `-low/a`.

    The logarithm, as a function of l, is concave and nearly a straight line there, so that all steps stay outside.
    """
    at = -low / a
    for _ in range(STEPS):
        rest = -np.expm1(-at)
        at = at - np.maximum(low + a * at - b * np.log(rest), 0.0) / (a + b - b / rest)
    return np.asarray(at)


def _log_odds(at: Array) -> Array:
    """`log((1-s)/s)` of `s = e^-at`."""
    return np.asarray(at + np.log(-np.expm1(-at)))


def _beyond(end: Array, a: Array, sign: float) -> Iterator[tuple[Array, Array]]:
    """Nodes, in y, and weights for the exponential `s^a` beyond an end, s being p itself or, with sign -1, 1 - p.

    Gauss-Jacobi in s: `∫₀¹ t^(a-1) f(t) dt` by two nodes, exact for cubics.
    """
    log_size = -np.logaddexp(0.0, -sign * end)
    centre = (a + 1) / (a + 3)
    spread = np.sqrt(2 * (a + 1) / (a + 2)) / (a + 3)
    low, high = centre - spread, centre + spread
    share = (high / a - 1 / (a + 1)) / (high - low)
    for t, weight in ((low, share), (high, 1 / a - share)):
        log_s = log_size + np.log(t)
        log_rest = np.log1p(-np.exp(log_s))
        yield sign * (log_s - log_rest), weight * t**-a * np.exp(-log_rest)
