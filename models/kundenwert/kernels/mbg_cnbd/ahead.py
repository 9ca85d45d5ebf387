r"""What customers who are alive will do, by the number of stages gone since their last purchase.

Given the rate of a stage, μ = kλ, one who never leaves is in the i-th stage from now for a discounted time
`φ^i / (μ+δ) · P(Poisson((μ+δ)h) > i)`, φ = μ/(μ+δ), within a horizon h; having begun at stage s, it is a stage after
`j = ⌊(s+i)/k⌋` purchases, reached with probability `G_j = E(1-p)^j`. Time as a customer is the sum over all stages, and
purchases are μ times the time in last stages: sums of positive terms. The mean over μ is by the trapezoidal rule in
log μ, exact for such integrands but for an exponentially small error; without discounting none is needed: the number
M of stages is negative binomial, and `∫₀^h P(M(u) = i) du` falls with i by `c P(M(h) = i) / ((n+s+i-1) (1-q))`.

Where many purchases lie within the horizon, or all of the future, those which surely do are summed under the integral
over p instead: `Σ_j φ^(kj) G_j = E[(1 - ((1-p) φ^k)^J) / (1 - (1-p) φ^k)]`.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kundenwert.kernels.bg_nbd.dropout import FINE, dropout_rule
from kundenwert.kernels.compiled import compiled

type Array = NDArray[np.float64]

FOLDS = 25.0
"""Where the density of the rate has fallen by this many e-folds the range ends: exp(-25) = 1e-11."""

STEP, WIDEST = 0.5, 0.17
"""Step of the trapezoidal rule in standard deviations of the logarithm of the rate, about, and the longest."""

BENT = 4.0
"""Shape below which the density has a long left tail in log μ, which is bent to the right."""

STILL = 1e-12
"""Expected stages within the horizon below which nothing happens."""

MANY = 600.0
"""Expected stages within the horizon from which sure purchases are summed under the integral over p."""

MOST_COUNTED = 3000
"""Stages up to which their numbers are counted one by one without an integral over the rate."""

BLOCK = 2000
"""Cells whose nodes in p are held at a time."""


class Ahead(NamedTuple):
    """Of customers alive who have gone s stages since their last purchase, each of shape (cells, k).

    Parameters
    ----------
    purchases
        Expected number within the horizon, discounted.
    time
        Expected time as a customer within the horizon, discounted; 0 where it is not asked for.
    alive
        Probability of being one still at its end; only without discounting.
    """

    purchases: Array
    time: Array
    alive: Array


def ahead(
    shape: Array, scale: Array, a: Array, b: Array, k: int, horizon: Array, discount_rate: Array, *, timed: bool = False
) -> Ahead:
    """What customers alive will do within a horizon.

    Parameters
    ----------
    shape
        r + kx, > 0; one-dimensional, like all arrays.
    scale
        α/k + T, > 0, in units of time.
    a, b
        Of the law of p, given that the customer is alive.
    k
        Stages of a gap.
    horizon
        h ≥ 0; infinite only with discounting.
    discount_rate
        δ ≥ 0.
    timed
        Whether the time as a customer is asked for.

    Returns
    -------
    Ahead

    Examples
    --------
    >>> one = [np.array([value]) for value in (0.5248436 + 2, 6.1830928 + 38.86, 0.8913878, 1.6140483 + 3)]
    >>> round(float(ahead(*one, 1, np.array([39.0]), np.array([0.0])).purchases[0, 0] * 0.7061217), 6)
    1.262657
    """
    given = tuple(np.ascontiguousarray(o, dtype=np.float64) for o in (shape, scale, a, b, horizon, discount_rate))
    found = Ahead(*(np.zeros((shape.size, k)) for _ in Ahead._fields))
    n, c, a, b, h, d = given
    endless = np.isinf(h) & (d == 0)
    if endless.any():
        _for_ever(n[endless], c[endless], a[endless], b[endless], k, found, endless)
    fastest = (n + k + np.sqrt(2 * FOLDS * (n + k)) + FOLDS) / c
    late = (fastest + d) * h > MANY
    rows = np.flatnonzero(~endless)
    for start in range(0, rows.size, BLOCK):
        part = rows[start : start + BLOCK]
        p, weight = np.ones((1, 1)), np.ones((1, 1))
        if late[part].any():
            with np.errstate(divide="ignore"):
                most = np.minimum(fastest * h / k, fastest / (k * d))[part]
            p, weight = dropout_rule(a[part], b[part], np.maximum(most, 1.0), 1.0, FINE)
        nodes = np.ascontiguousarray(p.T), np.ascontiguousarray(weight.T)
        columns = tuple(np.zeros((part.size, k)) for _ in found)
        _all(*(values[part] for values in given), k, timed, *nodes, *columns)
        for whole, own in zip(found, columns, strict=True):
            whole[part] = own
    return found


def _for_ever(n: Array, c: Array, a: Array, b: Array, k: int, found: Ahead, rows: NDArray[np.bool_]) -> None:
    """Undiscounted, `(a+b-1)/(a-1)` purchases, and k stages of mean length `c/(n+s-1)` before each but those gone."""
    s = np.arange(k)
    with np.errstate(divide="ignore", invalid="ignore"):
        purchases = np.where(a > 1, (a + b - 1) / (a - 1), np.inf)[:, None]
        stage = np.where(n[:, None] + s > 1, c[:, None] / (n[:, None] + s - 1), np.inf)
    found.purchases[rows] = purchases
    found.time[rows] = stage * (k * purchases - s)


@compiled
def _all(
    n: Array,
    c: Array,
    a: Array,
    b: Array,
    h: Array,
    d: Array,
    k: int,
    timed: bool,
    p: Array,
    weight: Array,
    bought: Array,
    lasting: Array,
    alive: Array,
) -> None:
    work = np.empty((3, 64))
    each = np.empty((3, k))
    for cell in range(n.size):
        if h[cell] <= 0:
            alive[cell] = 1.0
            continue
        if d[cell] > 0 or not _counted(n[cell], c[cell], a[cell], b[cell], h[cell], k, each):
            number = cell if p.shape[0] > 1 else 0
            given = (n[cell], c[cell], a[cell], b[cell], h[cell], d[cell], k)
            work = _with_rates(given, timed, p[number], weight[number], work, each)
        bought[cell], alive[cell] = each[0], each[2]
        if timed:
            lasting[cell] = each[1]


@compiled
def _counted(n: float, c: float, a: float, b: float, h: float, k: int, each: Array) -> bool:
    """All three without discounting, from the negative binomial number of stages; or that there are too many."""
    q = h / (c + h)
    room = (n + k) * h / c
    last = int(room + 12 * math.sqrt(room * (1 + h / c)) + FOLDS * (1 + h / c)) + k + 12
    if last > MOST_COUNTED:
        return False
    chance = np.empty((last + k) // k + 2)
    _staying(a, b, chance)
    log_q, log_rest = math.log(q), -math.log1p(h / c)
    for s in range(k):
        shape = n + s
        mass = math.exp(
            math.lgamma(shape + last) - math.lgamma(shape) - math.lgamma(last + 1.0) + last * log_q + shape * log_rest
        )
        tail, within, bought, time, alive = 0.0, 0.0, 0.0, 0.0, 0.0
        j, past = (s + last) // k, (s + last) % k
        for i in range(last, -1, -1):
            tail += mass
            alive += mass * chance[j]
            time += within * chance[j]
            if past == 0 and j > 0:
                bought += chance[j - 1] * tail
            if i > 0:
                within += c * mass / ((shape + i - 1) * (1 - q))
                mass *= i / ((shape + i - 1) * q)
            past -= 1
            if past < 0:
                past = k - 1
                j -= 1
        each[0, s], each[1, s], each[2, s] = bought, time, alive
    return True


@compiled
def _with_rates(
    given: tuple[float, float, float, float, float, float, int],
    timed: bool,
    p: Array,
    weight: Array,
    work: Array,
    each: Array,
) -> Array:
    """Mean over the rate, of density `v^(n+s) e^-v / Γ(n+s)` in y = log v, v = μ c.

    By equal steps of t, `y = t - e^-t` where the shape is small, y itself else.
    """
    n, c, a, b, h, d, k = given
    low, high, middle = FOLDS / n, FOLDS / (n + k), math.log(n + k)
    right = middle + min(math.sqrt(2 * high), math.log(1 + high + math.sqrt(2 * high)))
    bent = 1.0 if n < BENT else 0.0
    left = -math.log(low + 2) if bent > 0 else math.log(n) - math.sqrt(2 * low) - low
    step = min(WIDEST, STEP / math.sqrt(n + 2 * k))
    nodes = int((right - left) / step) + 2
    finite = (math.exp(left + nodes * step) / c + d) * h
    stages = _last(finite, k) + 2 if finite < np.inf else 0
    if work.shape[1] < stages + 2 * k:
        work = np.empty((3, 2 * (stages + 2 * k)))
    _staying(a, b, work[0, : (stages + k) // k + 2])
    each[:] = 0.0
    log_gamma = math.lgamma(n)
    here = np.empty((3, k))
    for node in range(nodes + 1):
        t = left + node * step
        bend = bent * math.exp(-t)
        y = t - bend
        v = math.exp(y)
        density = step * (1 + bend) * math.exp(n * y - v - log_gamma)
        if v / c * min(h, 1 / d if d > 0 else h) < STILL:
            here[0], here[1], here[2] = 0.0, (-math.expm1(-d * h) / d if d > 0 else h), 1.0
        else:
            _given_rate(v / c, h, d, k, timed, p, weight, work, here)
        for s in range(k):
            for what in range(3):
                each[what, s] += density * here[what, s]
            density *= v / (n + s)
    return work


@compiled
def _last(stages: float, k: int) -> int:
    """Number of a stage that is hardly ever reached where so many are expected."""
    return int(stages + 8.2 * math.sqrt(stages)) + k + (12 if stages > 0.05 else 5)


@compiled
def _staying(a: float, b: float, chance: Array) -> None:
    """`E(1-p)^j` for j from 0."""
    chance[0] = 1.0
    for j in range(1, chance.size):
        chance[j] = chance[j - 1] * (b + j - 1) / (a + b + j - 1)


@compiled
def _given_rate(
    mu: float,
    h: float,
    d: float,
    k: int,
    timed: bool,
    p: Array,
    weight: Array,
    work: Array,
    here: Array,
) -> None:
    """Purchases, time and staying, given the rate of a stage, by the number of stages gone."""
    here[:] = 0.0
    nu, log_share, first = (mu + d) * h, -math.log1p(d / mu), 0
    if nu > MANY:
        blocks = math.floor((nu - 8 * math.sqrt(nu) - 20) / k) if nu < np.inf else np.inf
        _sure(mu, d, k, log_share, blocks, p, weight, here)
        if blocks == np.inf:
            return
        first = int(blocks) * k
    last, start = _last(nu, k), max(first - k + 1, 0)
    exactly, beyond = work[1], work[2]
    mass = math.exp((last + 1) * math.log(nu) - nu - math.lgamma(last + 2.0))
    tail = mass / (1 - nu / (last + 2))
    for i in range(last, start - 1, -1):
        beyond[i] = tail
        mass *= (i + 1) / nu
        exactly[i] = mass
        tail += mass
    stay, times, share = work[0], math.exp(start * log_share) / (mu + d), mu / (mu + d)
    j, past = start // k, start % k
    for i in range(start, last + 1):
        time = times * min(beyond[i], 1.0)
        for s in range(max(first - i, 0), k if timed or d == 0 else 0):
            chance = stay[j] if s + past < k else stay[j + 1]
            here[1, s] += time * chance
            here[2, s] += exactly[i] * chance
        if k - 1 - past + i >= first:
            here[0, k - 1 - past] += mu * time * stay[j]
        times *= share
        past += 1
        if past == k:
            past = 0
            j += 1


@compiled
def _sure(mu: float, d: float, k: int, log_share: float, blocks: float, p: Array, weight: Array, here: Array) -> None:
    """Those purchases which surely lie within the horizon, and the stages before them."""
    first, later = 0.0, 0.0
    each_gap = math.exp(k * log_share)
    for i in range(p.size):
        stays = 1 - p[i]
        again, gone = stays * each_gap, p[i] - stays * math.expm1(k * log_share)
        if again <= 0:
            first += weight[i]
        elif gone > 0:
            never = math.exp(blocks * math.log(again)) if blocks < np.inf else 0.0
            first += weight[i] * (1 - never) / gone
            later += weight[i] * stays * (1 - never / again) / gone
        else:
            first += weight[i] * blocks
            later += weight[i] * (blocks - 1)
    gap, left, until, fall = 0.0, 0.0, 1.0, math.exp(log_share)
    for _ in range(k):
        gap = gap * fall + 1 / (mu + d)
    for s in range(k - 1, -1, -1):
        left = left * fall + 1 / (mu + d)
        until *= fall
        here[0, s] = until * first
        here[1, s] = left + until * gap * later
