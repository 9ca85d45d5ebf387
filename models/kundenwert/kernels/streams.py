"""Random numbers for compiled loops, each customer's and each draw's own: a stream is made from its key in a few ns.

A stream is xoshiro256++, started by SplitMix64 from the customer's key, the number of the draw and a purpose. So any
draw of any customer can be made alone, in any order, block or thread.

Blackman & Vigna (2021), "Scrambled Linear Pseudorandom Number Generators".
"""

import math

import numpy as np
from numpy.typing import NDArray

from kundenwert.kernels.compiled import compiled
from kundenwert.kernels.keys import FIRST, GOLDEN, SECOND

type State = NDArray[np.uint64]

PURCHASES, SPEND = 1, 2
"""Purposes of streams."""

_TINY = float(np.finfo(np.float64).tiny)
_GOLDEN, _FIRST, _SECOND = np.uint64(GOLDEN), np.uint64(FIRST), np.uint64(SECOND)
_PURPOSE = np.uint64(0xD1342543DE82EF95)
_U27, _U30, _U31, _U11, _U17, _U23, _U45, _U41, _U19 = (np.uint64(n) for n in (27, 30, 31, 11, 17, 23, 45, 41, 19))
_UNIT = 2.0**-53
_FEW = 10.0


@compiled
def start(state: State, key: int, draw: int, purpose: int) -> None:
    """Begin the stream of a customer's draw.

    Parameters
    ----------
    state
        Four words to hold the stream; overwritten.
    key
        Of the customer.
    draw
        Number of the draw.
    purpose
        One of `PURCHASES`, `SPEND`.
    """
    word = np.uint64(key) + np.uint64(draw) * _PURPOSE + np.uint64(purpose) * _FIRST
    for k in range(4):
        word = word + _GOLDEN
        mixed = (word ^ (word >> _U30)) * _FIRST
        mixed = (mixed ^ (mixed >> _U27)) * _SECOND
        state[k] = mixed ^ (mixed >> _U31)


@compiled
def uniform(state: State) -> float:
    """A number in the open interval (0, 1)."""
    total = state[0] + state[3]
    result = ((total << _U23) | (total >> _U41)) + state[0]
    shifted = state[1] << _U17
    state[2] ^= state[0]
    state[3] ^= state[1]
    state[1] ^= state[2]
    state[0] ^= state[3]
    state[2] ^= shifted
    state[3] = (state[3] << _U45) | (state[3] >> _U19)
    return (float(result >> _U11) + 0.5) * _UNIT


@compiled
def exponential(state: State) -> float:
    """A number with density `e^-x`."""
    return -math.log(uniform(state))


@compiled
def normal(state: State) -> float:
    """A standard normal number, by the polar method (Marsaglia & Bray 1964)."""
    while True:
        x, y = 2.0 * uniform(state) - 1.0, 2.0 * uniform(state) - 1.0
        square = x * x + y * y
        if 0.0 < square < 1.0:
            return x * math.sqrt(-2.0 * math.log(square) / square)


@compiled
def gamma(state: State, shape: float) -> float:
    """A number with density `x^(shape-1) e^-x / Γ(shape)`, never 0 (Marsaglia & Tsang 2000)."""
    raised = shape if shape >= 1.0 else shape + 1.0
    d = raised - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    while True:
        x = normal(state)
        v = 1.0 + c * x
        if v <= 0.0:
            continue
        v = v * v * v
        u = uniform(state)
        if u < 1.0 - 0.0331 * x * x * x * x or math.log(u) < 0.5 * x * x + d * (1.0 - v + math.log(v)):
            break
    drawn = d * v
    if shape < 1.0:
        drawn *= math.exp(-exponential(state) / shape)
    return max(drawn, _TINY)


@compiled
def beta(state: State, a: float, b: float) -> float:
    """A number with density proportional to `x^(a-1) (1-x)^(b-1)`."""
    one, other = gamma(state, a), gamma(state, b)
    return one / (one + other)


@compiled
def poisson(state: State, mean: float) -> float:
    """A Poisson number: by its gaps where few are expected, else by transformed rejection (Hörmann 1993)."""
    if mean <= 0.0:
        return 0.0
    if mean < _FEW:
        limit, product, count = math.exp(-mean), uniform(state), 0.0
        while product > limit:
            product *= uniform(state)
            count += 1.0
        return count
    root = math.sqrt(mean)
    b = 0.931 + 2.53 * root
    a = -0.059 + 0.02483 * b
    inverse = 1.1239 + 1.1328 / (b - 3.4)
    v_r = 0.9277 - 3.6224 / (b - 2.0)
    log_mean = math.log(mean)
    while True:
        u, v = uniform(state) - 0.5, uniform(state)
        us = 0.5 - abs(u)
        k = math.floor((2.0 * a / us + b) * u + mean + 0.43)
        if us >= 0.07 and v <= v_r:
            return k
        if k < 0.0 or (us < 0.013 and v > us):
            continue
        accept = math.log(v) + math.log(inverse) - math.log(a / (us * us) + b)
        if accept <= -mean + k * log_mean - math.lgamma(k + 1.0):
            return k


@compiled
def geometric(state: State, p: float) -> float:
    """Number of trials up to the first success, ≥ 1, infinite where p underflows."""
    if p >= 1.0:
        return 1.0
    if p <= _TINY:
        return math.inf
    return math.floor(exponential(state) / -math.log1p(-p)) + 1.0
