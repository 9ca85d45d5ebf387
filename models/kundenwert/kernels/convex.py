r"""Integrals and draws of `exp(-F)` for the convex functions `F` that the Pareto/NBD model leads to.

Every hard integral of the model is, after the substitution `w = log(1 + h/C)`, of the form
`∫₀^W exp(-F(w)) dw` with F convex and F(0) = 0. The integrand is positive, so quadrature has no cancellation;
it is analytic in a strip of half-width π around the real axis, so few nodes give all digits.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]
type Ends = tuple[Array, Array]
type Height = Callable[[Array], Array]

NODES = 20
"""Gauss-Legendre nodes per integral: 3e-14 at worst on the reference table (12 nodes: 3e-9)."""

LONG = 3.0
"""Width from which `NODES` no longer give twelve digits of a discounted lifetime."""

E_FOLDS = 40.0
"""Where the integrand has fallen by this many e-folds the range of integration ends: exp(-40) = 4e-18."""

CELLS = 12_000
"""Numbers in a work array: longer ones do not stay in a core's cache, shorter ones cost the interpreter's time."""

LATE = 4.0
"""Width up to which `NODES` give nine digits and more, wherever the integrand falls."""

VERY_LONG = 11.0
"""Width from which more nodes are taken in any case: the range is 60,000 times the smaller scale, or more."""

BEND = 80.0
"""Change of slope times width squared from which `NODES` no longer give nine digits."""


class Nodes(NamedTuple):
    """Nodes `h` and weights of a rule for `∫₀^D f(h) dh`, the node axis first; `late`: see `finer`."""

    h: Array
    weight: Array
    late: NDArray[np.bool_]


class Moments(NamedTuple):
    """`∫₀^D (1 + h/A)^-a (1 + h/B)^-b dh`, and means under its integrand; `late`: see `finer`.

    `logs` are those of `log(1 + h/A)` and `log(1 + h/B)`, `inverses` those of `1/(A + h)` and `1/(B + h)`.
    """

    total: Array
    logs: tuple[Array, Array]
    inverses: tuple[Array, Array]
    late: NDArray[np.bool_]


def finer(nodes: int) -> int:
    """Nodes to take instead of so many where the integrand falls late: 60 for 20, 36 for 8."""
    return NODES + 2 * nodes


def refined(
    evaluate: Callable[[tuple[Array, ...], int], tuple[tuple[Array, ...], NDArray[np.bool_]]],
    given: tuple[Array, ...],
    nodes: int,
) -> tuple[Array, ...]:
    """Columns by so many nodes, and by `finer` nodes where those are too few.

    `evaluate(given, nodes)` returns the columns and `late`, both of the shape to which the given arrays broadcast.
    """
    found, late = evaluate(given, nodes)
    if not late.any():
        return found
    better, _ = evaluate(tuple(np.broadcast_to(values, late.shape)[late] for values in given), finer(nodes))
    columns = tuple(np.array(column) for column in found)
    for column, values in zip(columns, better, strict=True):
        column[late] = values
    return columns


@lru_cache
def unit_rule(n: int) -> tuple[Array, Array]:
    """Gauss-Legendre nodes and weights on [0, 1]."""
    x, w = np.polynomial.legendre.leggauss(n)
    return (x + 1) / 2, w / 2


def _weighted(weight: Array, values: Array) -> Array:
    """Sum over the node axis, without a matrix library's threads: callers are threads themselves."""
    return np.asarray(np.einsum("i,i...->...", weight, values))


def graded_rule(width: Array, slope: Array, nodes: int = NODES) -> tuple[Array, Array]:
    r"""Nodes and weights on `[0, width]`, denser at 0 where the integrand falls with the given initial slope.

    The map `t ↦ -log(1 - t(1 - exp(-k·width)))/k` with `k = min(max(slope/4, 0), 3/width)` turns
    `exp(-slope·w)` into roughly a cubic, which Gauss-Legendre integrates exactly.
    """
    t, weight = unit_rule(nodes)
    axes = (slice(None),) + (None,) * np.ndim(width)
    k, drop = _grading(width, slope)
    log_left = np.log1p(-t[axes] * drop)
    return -log_left / k, weight[axes] * drop / k * np.exp(-log_left)


def _grading(width: Array, slope: Array) -> tuple[Array, Array]:
    """Rate k of the graded map, and what it leaves of the unit interval, `1 - exp(-k·width)`."""
    width = np.maximum(width, 1e-300)
    k = np.clip(slope / 4, 1e-6 / width, 3 / width)
    return k, -np.expm1(-k * width)


class _Substitution(NamedTuple):
    """`(1 + h/A)^-a (1 + h/B)^-b dh` in `w = log(1 + h/small)`: what the smaller and the larger scale become."""

    small: Array
    ratio: Array
    e_small: Array
    e_large: Array
    width: Array
    slope: Array

    def at(self, some: NDArray[np.bool_]) -> Self:
        """Only some of the integrals, as one-dimensional arrays."""
        return type(self)(*(np.broadcast_to(part, some.shape)[some] for part in self))


def _substitute(A: Array, a: Array, B: Array, b: Array, D: Array, ends: Ends | None = None) -> _Substitution:
    """Substitute, and end the range where the integrand has fallen by `E_FOLDS` e-folds.

    F is convex with F(0) = 0: where it is below that at the end of the range, it is so everywhere.
    """
    small, large, e_small, e_large = _by_scale(A, a, B, b)
    ratio = small / large
    at_A, at_B = (np.log1p(D / A), np.log1p(D / B)) if ends is None else ends
    width = np.maximum(at_A, at_B)
    far = np.asarray(a * at_A + b * at_B - width > E_FOLDS)
    width = np.broadcast_to(width, far.shape)
    if far.any():
        width = width.copy()
        width[far] = _trimmed(*(np.broadcast_to(part, far.shape)[far] for part in (width, ratio, e_small, e_large)))
    return _Substitution(small, ratio, e_small, e_large, width, e_small - 1 + e_large * ratio)


def _by_scale(A: Array, a: Array, B: Array, b: Array) -> tuple[Array, Array, Array, Array]:
    """The smaller and the larger scale, with their exponents; choosing one by one is slow, and rarely needed."""
    first = np.asarray(A <= B)
    if first.all():
        return A, B, a, b
    if not first.any():
        return B, A, b, a
    return np.minimum(A, B), np.maximum(A, B), np.where(first, a, b), np.where(first, b, a)


def _trimmed(width: Array, ratio: Array, e_small: Array, e_large: Array) -> Array:
    """Width up to which the powers have fallen by `E_FOLDS` e-folds."""
    enough = E_FOLDS + np.maximum(0, 1 - e_small) * width
    with np.errstate(over="ignore", divide="ignore"):
        by_small = np.where(e_small > 1, E_FOLDS / (e_small - 1), np.inf)
        by_large = np.log1p(np.expm1(np.minimum(enough / e_large, 700.0)) / ratio)
    return np.asarray(np.minimum(width, np.minimum(by_small, by_large)))


def _falls_late(form: _Substitution) -> NDArray[np.bool_]:
    """Where a long integrand bends late, far from 0, where a graded rule is sparse: `finer` nodes are needed.

    Elsewhere 20 nodes leave 2e-10 of the integral and its moments at worst, over twelve decades of scales; here 60
    nodes leave 5e-10.
    """
    late = np.asarray(form.width > LATE)
    if late.any():
        with np.errstate(over="ignore", invalid="ignore"):
            grown = form.ratio * np.exp(form.width)
            bend = form.e_large * grown / (1 - form.ratio + grown)
            late &= (bend * form.width**2 > BEND) | (form.width > VERY_LONG)
    return late


def power_product_nodes(A: Array, a: Array, B: Array, b: Array, D: Array, nodes: int = NODES) -> Nodes:
    r"""Rule for `∫₀^D (1 + h/A)^-a (1 + h/B)^-b · f(h) dh` with slow f; the powers are not included.

    Parameters
    ----------
    A, B
        Scales, > 0, of one common shape.
    a, b
        Exponents, `a > 0`, `b ≥ 1`.
    D
        Upper end, ≥ 0.
    """
    form = _substitute(A, a, B, b, D)
    w, weight = graded_rule(form.width, form.slope, nodes)
    h = form.small * np.expm1(w)
    return Nodes(h, weight * (form.small + h), _falls_late(form))


def power_product_integral(
    A: Array, a: Array, B: Array, b: Array, D: Array, nodes: int = NODES, ends: Ends | None = None
) -> Array:
    r"""`∫₀^D (1 + h/A)^-a (1 + h/B)^-b dh`, with the parameters of `power_product_nodes`.

    The same rule, with `finer` nodes where the integrand falls late. `ends` are `log(1 + D/A)` and `log(1 + D/B)`,
    where they are known.
    """
    form = _substitute(A, a, B, b, D, ends)
    total = _integral(form, nodes)
    late = _falls_late(form)
    if late.any():
        total[late] = _integral(form.at(late), finer(nodes))
    return total


def power_product_moments(
    A: Array, a: Array, B: Array, b: Array, D: Array, nodes: int = NODES, ends: Ends | None = None
) -> Moments:
    r"""The integral of `power_product_integral` by so many nodes, also where it falls late, and means under it.

    In `w = log(1 + h/small)` one of the logarithms is w itself: four transcendental functions a node.
    """
    form = _substitute(A, a, B, b, D, ends)
    k, drop = _grading(form.width, form.slope)
    t, weight = unit_rule(nodes)
    axes = (slice(None),) + (None,) * np.ndim(form.width)
    w = np.log1p(-t[axes] * drop)
    w /= -k
    grown = np.expm1(w)
    grown_large = grown * form.ratio
    by_large = np.log1p(grown_large)
    density = (1 - form.e_small + k) * w
    density -= form.e_large * by_large
    np.exp(density, out=density)
    density *= weight[axes]
    total = density.sum(axis=0)
    density /= np.maximum(total, np.finfo(np.float64).tiny)
    grown += 1
    grown_large += 1
    first = np.asarray(A <= B)
    inverses = (density / grown).sum(axis=0), (density / grown_large).sum(axis=0) * form.ratio
    logs = np.multiply(w, density, out=w).sum(axis=0), np.multiply(by_large, density, out=by_large).sum(axis=0)
    under_A, under_B = _in_order(first, *inverses)
    total *= form.small * drop / k
    return Moments(total, _in_order(first, *logs), (under_A / form.small, under_B / form.small), _falls_late(form))


def _in_order(first: NDArray[np.bool_], small: Array, large: Array) -> tuple[Array, Array]:
    """Undo `_by_scale`: what belongs to A and to B, from what belongs to the smaller and the larger scale."""
    if first.all():
        return small, large
    return np.where(first, small, large), np.where(first, large, small)


def _integral(form: _Substitution, nodes: int) -> Array:
    """Powers and weights are gathered into one exponential: four transcendental functions a node.

    Node after node in the same two arrays, since fetching memory would take longer than the arithmetic.
    """
    k, drop = _grading(form.width, form.slope)
    shape = form.width.shape
    inverse, power, fall = -1 / k, (form.e_small - 1) / k - 1, -form.e_large
    total, log_left, exponent = np.zeros(shape), np.empty(shape), np.empty(shape)
    for t, weight in zip(*unit_rule(nodes), strict=True):
        np.multiply(drop, -t, out=log_left)
        np.log1p(log_left, out=log_left)
        np.multiply(log_left, inverse, out=exponent)
        np.expm1(exponent, out=exponent)
        exponent *= form.ratio
        np.log1p(exponent, out=exponent)
        exponent *= fall
        log_left *= power
        exponent += log_left
        np.exp(exponent, out=exponent)
        exponent *= weight
        total += exponent
    total *= form.small * drop / k
    return total


def discounted_pareto(z: Array, s: Array, width: Array, nodes: int | None = None) -> Array:
    r"""`∫₀^Y exp(-z y) (1 + y)^-s dy` with `width = log(1 + Y)`, Y possibly infinite where z > 0.

    With `Y = ∞` this is `e^z E_s(z)`, the scaled exponential integral of real order. Long ranges get twice the nodes.
    """
    with np.errstate(divide="ignore", over="ignore"):
        room = E_FOLDS + np.maximum(0, 1 - s) * 60
        by_discount = np.where(z > 0, np.log1p(room / z), np.inf)
        by_power = np.where(s > 1, E_FOLDS / (s - 1), np.inf)
    width = np.minimum(width, np.minimum(by_discount, by_power))
    if nodes is None:
        nodes = NODES if np.max(width, initial=0.0) < LONG else 2 * NODES
    t, unit_weight = unit_rule(nodes)
    axes = (slice(None),) + (None,) * np.ndim(width)
    k, drop = _grading(width, z + s - 1)
    log_left = np.log1p(-t[axes] * drop)
    exponent = np.expm1(log_left * (-1 / k))
    exponent *= -z
    log_left *= (s - 1) / k - 1
    exponent += log_left
    np.exp(exponent, out=exponent)
    return np.asarray(drop / k * _weighted(unit_weight, exponent))


def draw_death(A: Array, a: Array, B: Array, b: Array, D: Array, rng: np.random.Generator) -> Array:
    r"""Exact draws of h in `(0, D)` with density proportional to `(1 + h/A)^-a (1 + h/B)^-b`.

    In `w = log(1 + h/min(A, B))` the density is log-concave; two tangents of its logarithm, one e-fold to
    either side of the mode, give an envelope to reject from (Gilks & Wild 1992, without the adaptation).
    All arguments are one-dimensional and of one length.
    """
    small = np.minimum(A, B)
    ratio = small / np.maximum(A, B)
    e_small, e_large = np.where(A <= B, a, b), np.where(A <= B, b, a)
    width = np.log1p(D / small)

    def height(w: Array, i: NDArray | slice = slice(None)) -> Array:
        return np.asarray((1 - e_small[i]) * w - e_large[i] * np.log1p(ratio[i] * np.expm1(w)))

    def slope(w: Array) -> Array:
        grown = ratio * np.exp(w)
        return 1 - e_small - e_large * grown / (1 - ratio + grown)

    _, left, right = _mode_and_shoulders(height, slope, width, 1.0)
    h_left, h_right, s_left, s_right = height(left), height(right), slope(left), slope(right)
    gap = s_left - s_right
    with np.errstate(divide="ignore", invalid="ignore"):
        cut = (h_right - h_left + s_left * left - s_right * right) / gap
    cut = np.clip(np.where(gap > 1e-12, cut, width), 0, width)
    log_left = h_left + s_left * (0 - left) + _log_exp_integral(s_left, cut)
    log_right = h_right + s_right * (cut - right) + _log_exp_integral(s_right, width - cut)
    p_left = 1 / (1 + np.exp(np.minimum(log_right - log_left, 700.0)))

    result = np.empty_like(width)
    todo = np.arange(width.size)
    while todo.size:
        first = rng.random(todo.size) < p_left[todo]
        start = np.where(first, 0, cut[todo])
        length = np.where(first, cut[todo], width[todo] - cut[todo])
        rate = np.where(first, s_left[todo], s_right[todo])
        w = start + _truncated_exponential(rate, length, rng.random(todo.size))
        envelope = np.where(
            first,
            h_left[todo] + s_left[todo] * (w - left[todo]),
            h_right[todo] + s_right[todo] * (w - right[todo]),
        )
        accept = np.log1p(-rng.random(todo.size)) <= height(w, todo) - envelope + 1e-12
        result[todo[accept]] = w[accept]
        todo = todo[~accept]
    return np.asarray(np.minimum(small * np.expm1(result), D))


def log_concave_integral(height: Height, slope: Height, width: Array, nodes: int = 2 * NODES) -> Array:
    r"""`log ∫₀^width exp(height(w)) dw` for a concave height, by a Gauss-Legendre rule on either side of its mode.

    Parameters
    ----------
    height, slope
        Concave function and its derivative, of arrays shaped like `width`, with or without a leading node axis.
    width
        Upper end, > 0.
    nodes
        Nodes on either side.
    """
    mode, left, right = _mode_and_shoulders(height, slope, width, E_FOLDS)
    t, weight = unit_rule(nodes)
    axes = (slice(None),) + (None,) * np.ndim(width)
    top = height(mode)
    total = np.zeros_like(width)
    for end in (left, right):
        span = end - mode
        total += np.abs(span) * _weighted(weight, np.exp(height(mode + t[axes] * span) - top))
    with np.errstate(divide="ignore"):
        return np.asarray(top + np.log(total))


def _mode_and_shoulders(height: Height, slope: Height, width: Array, folds: float) -> tuple[Array, Array, Array]:
    """Mode of a concave function on `[0, width]`, and where it has fallen by that many e-folds on either side."""
    lo, hi = np.zeros_like(width), width.copy()
    for _ in range(60):
        middle = (lo + hi) / 2
        rising = slope(middle) > 0
        lo, hi = np.where(rising, middle, lo), np.where(rising, hi, middle)
    mode = (lo + hi) / 2
    low = height(mode) - folds
    points = []
    for end in (np.zeros_like(width), width):
        inner, outer = mode.copy(), end
        for _ in range(40):
            middle = (inner + outer) / 2
            near = height(middle) > low
            inner, outer = np.where(near, middle, inner), np.where(near, outer, middle)
        points.append(np.where(height(end) > low, end, inner))
    return mode, points[0], points[1]


def _log_exp_integral(rate: Array, length: Array) -> Array:
    """`log ∫₀^length exp(rate·w) dw`, stable for either sign of the rate; -inf for an empty interval."""
    size = np.abs(rate) * length
    with np.errstate(divide="ignore", invalid="ignore"):
        shape = np.where(size > 1e-12, -np.expm1(-size) / size, 1.0)
        return np.log(length) + np.log(shape) + np.maximum(rate * length, 0)


def _truncated_exponential(rate: Array, length: Array, u: Array) -> Array:
    """Inverse distribution function of the density proportional to `exp(rate·w)` on `[0, length]`."""
    size = np.abs(rate) * length
    with np.errstate(divide="ignore", invalid="ignore"):
        w = np.where(size > 1e-12, -np.log1p(u * np.expm1(-size)) / np.abs(rate), u * length)
    return np.where(rate > 0, length - w, w)
