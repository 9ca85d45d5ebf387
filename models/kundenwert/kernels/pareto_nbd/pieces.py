"""The Pareto/NBD integral period by period, compiled: what `calendar.py` makes its likelihood, means and draws of."""

import math

import numpy as np
from numpy.typing import NDArray

from kundenwert.kernels.compiled import compiled
from kundenwert.kernels.convex import BEND, E_FOLDS, LATE, VERY_LONG

type Array = NDArray[np.float64]

SHORT_NODES = 5
"""Nodes where both powers fall by less than one e-fold: 1e-12 of the integral."""

TOTAL, LOG_A, LOG_B, INVERSE_A, INVERSE_B, SHARE = range(6)
"""Rows of a piece's moments."""

VALUE, ALIVE, BY_R, BY_ALPHA, BY_S, BY_BETA, PASSED = range(7)
"""Columns of what is found of a customer."""


@compiled
def _width(
    small: float, ratio: float, e_small: float, e_large: float, a: float, b: float, D: float, at: tuple[float, float]
) -> float:
    """Width in `w = log(1 + h/small)`, ended where the integrand has fallen by `E_FOLDS` e-folds."""
    width = math.log1p(D / small)
    if a * at[0] + b * at[1] - width <= E_FOLDS:
        return width
    by_small = E_FOLDS / (e_small - 1) if e_small > 1 else math.inf
    enough = min((E_FOLDS + max(0.0, 1 - e_small) * width) / e_large, 700.0)
    by_large = math.log1p(math.expm1(enough) / ratio) if ratio > 0 else math.inf
    return min(width, by_small, by_large)


@compiled
def _late(width: float, ratio: float, e_large: float) -> bool:
    """Where a long integrand bends late: see `convex.finer`."""
    if width <= LATE:
        return False
    grown = ratio * math.exp(min(width, 700.0))
    return e_large * grown / (1 - ratio + grown) * width**2 > BEND or width > VERY_LONG


@compiled
def moments(A: float, g: float, a: float, B: float, b: float, D: float, rules: Array, found: Array) -> None:
    r"""`∫₀^D (1 + g h/A)^-a (1 + h/B)^-b dh`, and the same with further factors.

    Factors are, in this order: 1, `log(1 + g h/A)`, `log(1 + h/B)`, `1/(A + g h)`, `1/(B + h)`, `g h/(A + g h)`. In
    `w = log(1 + h/small)`, as in `convex`; a level of 0 is a scale without end.

    Parameters
    ----------
    A, g, B
        A, B > 0, g ≥ 0.
    a, b
        Exponents, `a > 0`, `b ≥ 1`.
    D
        Upper end, > 0.
    rules
        Nodes and weights on [0, 1] for short, usual and late integrands, shape (3, 2, nodes), filled up with zeros.
    found
        Where the integrals are written, shape (6,).
    """
    first = B * g >= A
    e_small, e_large = (a, b) if first else (b, a)
    small, ratio = (A / g, A / (B * g)) if first else (B, B * g / A)
    fall = (math.log1p(g * D / A), math.log1p(D / B))
    width = _width(small, ratio, e_small, e_large, a, b, D, fall)
    slope = e_small - 1 + e_large * ratio
    k = min(max(slope / 4, 1e-6 / max(width, 1e-300)), 3 / max(width, 1e-300))
    drop = -math.expm1(-k * width)
    short = width < 1 and a * fall[0] + b * fall[1] < 1
    rule = rules[0 if short else 2 if _late(width, ratio, e_large) else 1]
    found[:] = 0.0
    for j in range(rule.shape[1]):
        if rule[1, j] == 0:
            break
        w = -math.log1p(-rule[0, j] * drop) / k
        grown = math.expm1(w)
        other = grown * ratio
        by_other = math.log1p(other)
        density = rule[1, j] * math.exp((1 - e_small + k) * w - e_large * by_other)
        log_A, log_B, up_A, up_B = (w, by_other, grown, other) if first else (by_other, w, other, grown)
        found[TOTAL] += density
        found[LOG_A] += density * log_A
        found[LOG_B] += density * log_B
        found[INVERSE_A] += density / (1 + up_A) / A
        found[INVERSE_B] += density / (1 + up_B) / B
        found[SHARE] += density * (up_A / (1 + up_A))
    found *= small * drop / k


@compiled
def passed(edges: Array, level: Array, begin: float, until: float, gone: Array) -> float:
    """Operational time of each period between two calendar times, and their sum; the end levels hold beyond."""
    total = 0.0
    last = level.size - 1
    gone[:] = 0.0
    for k in range(max(int(np.searchsorted(edges, begin, side="right")) - 1, 0), level.size):
        low = begin if k == 0 else max(edges[k], begin)
        high = until if k == last else min(edges[k + 1], until)
        if high > low:
            gone[k] = level[k] * (high - low)
            total += gone[k]
        if k < last and edges[k + 1] >= until:
            break
    return total


@compiled
def pieces(
    history: Array, law: Array, edges: Array, level: Array, rules: Array, found: Array, room: Array
) -> tuple[float, float, float]:
    r"""The integral over the time of leaving, one piece for each period that it may fall into.

    Parameters
    ----------
    history
        x, t_x, T and the calendar time of the first purchase.
    law
        r, α, s, β.
    edges, level
        Of the calendar.
    rules
        As in `moments`.
    found
        Where moments are written, relative to the integrand at t_x, shape (periods, 6).
    room
        Of shape (6, periods): operational time up to t_x and after it; of each piece start (since the first purchase),
        length, and `α + A`, `log` of the rise of both powers up to it.

    Returns
    -------
    tuple
        `A(t_x)`; both powers' rise from t_x to T, `log (α+A(T))/(α+A(t_x))` and `log (β+T)/(β+t_x)`.
    """
    x, t_x, T, begin = history
    r, alpha, s, beta = law
    before = passed(edges, level, begin, begin + t_x, room[0])
    at_A, at_B, B = alpha + before, 0.0, beta + t_x
    found[:] = 0.0
    room[1:] = 0.0
    rise, since, last = 0.0, t_x, level.size - 1
    for k in range(max(min(int(np.searchsorted(edges, begin + t_x, side="right")) - 1, last), 0), level.size):
        end = T if k == last else min(edges[k + 1] - begin, T)
        if end > since:
            A = at_A + rise
            at_B = math.log1p((since - t_x) / B)
            fall = -(r + x) * math.log1p(rise / at_A) - (s + 1) * at_B
            room[1, k], room[2, k], room[3, k], room[4, k] = level[k] * (end - since), since, end - since, A
            if fall > -700.0:
                moments(A, level[k], r + x, beta + since, s + 1, end - since, rules, found[k])
                found[k, LOG_A] += found[k, TOTAL] * math.log1p(rise / at_A)
                found[k, LOG_B] += found[k, TOTAL] * at_B
                found[k] *= math.exp(fall)
            rise += room[1, k]
            since = end
    return before, math.log1p(rise / at_A), math.log1p((T - t_x) / B)


@compiled
def _customer(history: Array, law: Array, ends: tuple[float, float, float], found: Array, out: Array) -> None:
    """Likelihood without its ratio of gamma functions, P(alive), and derivatives, from a customer's pieces."""
    x, t_x, T, _ = history
    r, alpha, s, beta = law
    before, end_A, end_B = ends
    A, B, a = alpha + before, beta + t_x, r + x
    mean = np.zeros(6)
    for k in range(found.shape[0]):
        mean += found[k]
    log_alive = -a * end_A - s * end_B
    log_dead = math.log(s / B * mean[TOTAL]) if mean[TOTAL] > 0 else -math.inf
    top = max(log_alive, log_dead)
    whole = top + math.log1p(math.exp(min(log_alive, log_dead) - top))
    alive, dead = math.exp(log_alive - whole), math.exp(log_dead - whole)
    if mean[TOTAL] > 0:
        mean /= mean[TOTAL]
    since, missed = math.log1p(before / alpha), math.log1p(t_x / beta)
    out[VALUE] = whole - r * since - x * math.log(A) - s * missed
    out[ALIVE] = alive
    out[BY_R] = -since - (alive * end_A + dead * mean[LOG_A])
    out[BY_ALPHA] = r / alpha - a * (alive * math.exp(-end_A) / A + dead * mean[INVERSE_A])
    out[BY_S] = dead / s - missed - (alive * end_B + dead * mean[LOG_B])
    out[BY_BETA] = s / beta - s * alive / (beta + T) - (s + 1) * dead * mean[INVERSE_B]
    out[PASSED] = A * math.exp(end_A) - alpha


@compiled
def _exposed(a: float, A: float, end_A: float, alive: float, found: Array, room: Array, out: Array) -> None:
    """Expected rate times operational time as a customer in each period, given the history."""
    total = 0.0
    for k in range(found.shape[0]):
        total += found[k, TOTAL]
    dead = (1 - alive) / total if total > 0 else 0.0
    later = alive * math.exp(-end_A) / A
    for k in range(found.shape[0] - 1, -1, -1):
        out[k] = a * (dead * found[k, SHARE] + room[1, k] * later)
        later += dead * found[k, INVERSE_A]
    for k in range(found.shape[0]):
        out[k] += a * room[0, k] * later


@compiled
def evaluate(
    history: Array, law: Array, count: Array, edges: Array, level: Array, rules: Array, out: Array, exposed: Array
) -> Array:
    """All customers: fills `out`, and `exposed` where it has a row for each, and returns the sum of exposures.

    Parameters
    ----------
    history
        x, t_x, T, start, shape (customers, 4).
    law
        r, α, s, β of each customer, or of all in one row.
    count
        How many customers have each history.
    edges, level, rules
        As in `pieces`.
    out
        Shape (customers, 7); exposed, shape (customers or 0, periods).
    """
    found, room = np.empty((level.size, 6)), np.empty((6, level.size))
    total, one = np.zeros(level.size), np.empty(level.size)
    for i in range(history.shape[0]):
        own = law[i if law.shape[0] > 1 else 0]
        ends = pieces(history[i], own, edges, level, rules, found, room)
        _customer(history[i], own, ends, found, out[i])
        _exposed(own[0] + history[i, 0], own[1] + ends[0], ends[1], out[i, ALIVE], found, room, one)
        total += count[i] * one
        if exposed.shape[0] > 0:
            exposed[i] = one
    return total


@compiled
def leave(
    history: Array, law: Array, edges: Array, level: Array, rules: Array, uniform: Array
) -> tuple[Array, NDArray[np.int64]]:
    """The period in which each customer left, drawn: start, length, and `α + A` at its start; and which one.

    Parameters
    ----------
    history, law, edges, level, rules
        As in `evaluate`.
    uniform
        In [0, 1), one for each customer.
    """
    found, room = np.empty((level.size, 6)), np.empty((6, level.size))
    where, which = np.empty((history.shape[0], 3)), np.zeros(history.shape[0], dtype=np.int64)
    for i in range(history.shape[0]):
        pieces(history[i], law[i if law.shape[0] > 1 else 0], edges, level, rules, found, room)
        rest = uniform[i] * found[:, TOTAL].sum()
        for k in range(level.size):
            if found[k, TOTAL] > 0:
                which[i] = k
                rest -= found[k, TOTAL]
                if rest < 0:
                    break
        k = which[i]
        where[i, 0], where[i, 1], where[i, 2] = room[2, k], room[3, k], room[4, k]
    return where, which
