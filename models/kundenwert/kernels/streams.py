r"""Random streams that can be started anywhere: one for each customer, draw and purpose.

A stream is a xoshiro256++ generator (Blackman & Vigna 2021) whose state of four words is hashed from its three names,
so that a customer's draws depend neither on who else is there nor on the order, the block or the thread. Starting one
costs a few nanoseconds. The functions are put into the compiled functions that call them; the state is an array
of four uint64, changed in place. What is seldom needed is called, and what is put in place holds no loop: around one
the compiler would count references after all. Every sampler is exact: nothing is approximated by a normal law.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kundenwert.kernels.compiled import compiled, inlined

type Array = NDArray[np.float64]
type State = NDArray[np.uint64]

PURCHASES = 1
"""Purpose of the stream that draws whether, when and how often customers buy."""

SPEND = 2
"""Purpose of the stream that draws what their purchases are worth."""

TINY = float(np.finfo(np.float64).tiny)
"""Smallest gamma variate that is returned: smaller ones would round to 0, of which no rate is made."""

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_PURPOSE = np.uint64(0xD1342543DE82EF95)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_LAYER = np.uint64(255)
_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_LAYERS = 256


def _ziggurat(last: float, area: float, height: str) -> tuple[Array, Array]:
    """Return edges and heights of 256 layers of equal area below exp(-x²/2) or exp(-x) (Marsaglia & Tsang 2000)."""
    edge, top = np.zeros(_LAYERS + 1), np.ones(_LAYERS + 1)

    def density(x: float) -> float:
        return math.exp(-x * x / 2) if height == "normal" else math.exp(-x)

    edge[0], edge[1] = area / density(last), last
    top[0], top[1] = 0.0, density(last)
    for layer in range(2, _LAYERS):
        top[layer] = top[layer - 1] + area / edge[layer - 1]
        edge[layer] = math.sqrt(-2 * math.log(top[layer])) if height == "normal" else -math.log(top[layer])
    return edge, top


_NORMAL_LAST = 3.6541528853610088
_NORMAL_EDGE, _NORMAL_TOP = _ziggurat(_NORMAL_LAST, 0.00492867323399141, "normal")
_EXPONENTIAL_LAST = 7.69711747013104972
_EXPONENTIAL_EDGE, _EXPONENTIAL_TOP = _ziggurat(_EXPONENTIAL_LAST, 0.0039496598225815571993, "exponential")


def customer_keys(seed: int, hashes: ArrayLike) -> NDArray[np.uint64]:
    r"""Return the key of each customer: the seed and the hash of the customer's id, mixed.

    `key = mix(hash + mix(seed + golden))`, with the finaliser of splitmix64 as `mix`; different hashes give different
    keys.

    Parameters
    ----------
    seed
        Any integer; counts modulo 2^64.
    hashes
        Hash of each customer's id, uint64; a running number does as well.

    Returns
    -------
    ndarray of uint64
        Of the shape of `hashes`, for `start`.

    References
    ----------
    Steele, Lea & Flood (2014), "Fast Splittable Pseudorandom Number Generators".

    Examples
    --------
    >>> customer_keys(1, np.arange(2, dtype=np.uint64))
    array([15916886550466581944, 16051188185124956539], dtype=uint64)
    """
    start = np.array([(seed + int(_GOLDEN)) % 2**64], dtype=np.uint64)
    return np.asarray(_mixed(np.asarray(hashes, dtype=np.uint64) + _mixed(start)).reshape(np.shape(hashes)))


def _mixed(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = (z ^ (z >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    return z ^ (z >> np.uint64(31))


@inlined
def mix(z: np.uint64) -> np.uint64:
    """Return 64 bits that all depend on all of the given 64: the finaliser of splitmix64, one to one."""
    z = (z ^ (z >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    return np.uint64(z ^ (z >> np.uint64(31)))


@inlined
def start(state: State, key: np.uint64, draw: int, purpose: int) -> None:
    """Set the state to the beginning of the stream of a customer, a draw and a purpose.

    Two streams of one customer never share a state, nor do those of customers with different keys: one word is one to
    one with the key, the others with the draw. The state is never all 0.

    Parameters
    ----------
    state
        Four uint64, overwritten.
    key
        Of the customer, from `customer_keys`.
    draw, purpose
        Integers ≥ 0; purposes are `PURCHASES` and `SPEND`.

    Examples
    --------
    >>> state = np.empty(4, dtype=np.uint64)
    >>> start(state, np.uint64(7), 0, PURCHASES)
    >>> round(uniform(state), 12)
    0.763245901178
    """
    own = mix(np.uint64(key) + _PURPOSE * np.uint64(purpose))
    named = mix(own + _GOLDEN * np.uint64(draw))
    state[0] = mix(named + _GOLDEN)
    state[1] = mix(named + _GOLDEN * np.uint64(2))
    state[2] = mix(named + _GOLDEN * np.uint64(3))
    state[3] = own


@inlined
def bits(state: State) -> np.uint64:
    """Return the next 64 random bits: xoshiro256++ (Blackman & Vigna 2021)."""
    s0, s1, s2, s3 = state[0], state[1], state[2], state[3]
    added = s0 + s3
    result = ((added << np.uint64(23)) | (added >> np.uint64(41))) + s0
    shifted = s1 << np.uint64(17)
    s2 ^= s0
    s3 ^= s1
    state[1] = s1 ^ s2
    state[0] = s0 ^ s3
    state[2] = s2 ^ shifted
    state[3] = (s3 << np.uint64(45)) | (s3 >> np.uint64(19))
    return np.uint64(result)


@inlined
def _fraction(word: np.uint64) -> float:
    """Return the upper 52 bits as the middle of one of 2^52 equal parts of (0, 1): exact, never 0, never 1."""
    return (float(np.int64(word >> np.uint64(12))) + 0.5) * 2.0**-52


@inlined
def uniform(state: State) -> float:
    """Return a uniform variate of the open interval (0, 1).

    Parameters
    ----------
    state
        Stream, moved on.

    Returns
    -------
    float
        In [2^-53, 1 - 2^-53].

    Examples
    --------
    >>> state = np.array([1, 2, 3, 4], dtype=np.uint64)
    >>> uniform(state) * 2.0**64  # the generator's first word is 41943041; its last 12 bits are not used
    41945088.0
    """
    return _fraction(bits(state))


@inlined
def exponential(state: State) -> float:
    """Return an exponential variate of rate 1, by the ziggurat of 256 layers.

    Parameters
    ----------
    state
        Stream, moved on.

    Returns
    -------
    float
        Greater than 0.

    References
    ----------
    Marsaglia & Tsang (2000), "The Ziggurat Method for Generating Random Variables"; a layer's number and the place
    in it come from different bits of one word.

    Examples
    --------
    >>> state = np.array([1, 2, 3, 4], dtype=np.uint64)
    >>> exponential(state) > 0
    True
    """
    word = bits(state)
    layer = word & _LAYER
    x = _fraction(word) * float(_EXPONENTIAL_EDGE[layer])
    if x < _EXPONENTIAL_EDGE[layer + _ONE]:
        return x
    return _exponential_outside(state, layer, x)


@compiled
def _exponential_outside(state: State, layer: np.uint64, x: float) -> float:
    """Accept, or go on drawing, where a layer reaches beyond the density: once in 45 calls."""
    beyond = 0.0
    while True:
        if layer == _ZERO:  # the exponential law has no memory: begin again behind the last edge
            beyond += _EXPONENTIAL_LAST
        else:
            low, high = _EXPONENTIAL_TOP[layer], _EXPONENTIAL_TOP[layer + _ONE]
            if low + uniform(state) * (high - low) < math.exp(-x):
                return beyond + x
        word = bits(state)
        layer = word & _LAYER
        x = _fraction(word) * float(_EXPONENTIAL_EDGE[layer])
        if x < _EXPONENTIAL_EDGE[layer + _ONE]:
            return beyond + x


@inlined
def normal(state: State) -> float:
    """Return a standard normal variate, by the ziggurat of 256 layers.

    Parameters
    ----------
    state
        Stream, moved on.

    Returns
    -------
    float
        Any number.

    References
    ----------
    Marsaglia & Tsang (2000), as in `exponential`; beyond the last edge Marsaglia (1964).

    Examples
    --------
    >>> state = np.array([1, 2, 3, 4], dtype=np.uint64)
    >>> abs(normal(state)) < 9
    True
    """
    word = bits(state)
    layer = word & _LAYER
    x = _signed(word) * float(_NORMAL_EDGE[layer])
    if abs(x) < _NORMAL_EDGE[layer + _ONE]:
        return x
    return _normal_outside(state, layer, x)


@inlined
def _signed(word: np.uint64) -> float:
    """Return the upper 53 bits as the middle of one of 2^53 equal parts of (-1, 1)."""
    return (float(np.int64(word) >> 11) + 0.5) * 2.0**-52


@compiled
def _normal_outside(state: State, layer: np.uint64, x: float) -> float:
    """Accept, or go on drawing, where a layer reaches beyond the density: once in 80 calls."""
    while True:
        if layer == _ZERO:
            return math.copysign(_normal_beyond(state), x)
        low, high = _NORMAL_TOP[layer], _NORMAL_TOP[layer + _ONE]
        if low + uniform(state) * (high - low) < math.exp(-x * x / 2):
            return x
        word = bits(state)
        layer = word & _LAYER
        x = _signed(word) * float(_NORMAL_EDGE[layer])
        if abs(x) < _NORMAL_EDGE[layer + _ONE]:
            return x


@compiled
def _normal_beyond(state: State) -> float:
    """Return a normal variate beyond the last edge: an exponential one, thinned."""
    while True:
        x = exponential(state) / _NORMAL_LAST
        if 2 * exponential(state) > x * x:
            return _NORMAL_LAST + x


@inlined
def _large_gamma(state: State, shape: float) -> float:
    """Return a gamma variate of shape ≥ 1 (Marsaglia & Tsang 2000)."""
    d = shape - 1 / 3
    c = 1 / math.sqrt(9 * d)
    x = normal(state)
    root = 1 + c * x
    if root > 0 and _accepted(uniform(state), x, root, d):
        return d * root * root * root
    return _gamma_again(state, d, c)


@inlined
def _accepted(u: float, x: float, root: float, d: float) -> bool:
    square, cube = x * x, root * root * root
    return u < 1 - 0.0331 * square * square or math.log(u) < square / 2 + d * (1 - cube + math.log(cube))


@compiled
def _gamma_again(state: State, d: float, c: float) -> float:
    """Go on trying, where the first attempt was refused: 5 times in 100 at shape 1, less above."""
    while True:
        x = normal(state)
        root = 1 + c * x
        if root > 0 and _accepted(uniform(state), x, root, d):
            return d * root * root * root


@inlined
def gamma(state: State, shape: float) -> float:
    r"""Return a gamma variate of rate 1.

    Density `x^(shape-1) e^(-x) / Γ(shape)`. Below shape 1 it is one of shape + 1 times `e^(-E/shape)`, E exponential.

    Parameters
    ----------
    state
        Stream, moved on.
    shape
        Greater than 0.

    Returns
    -------
    float
        At least the smallest normal number, 2.2e-308: tiny shapes would give 0.

    References
    ----------
    Marsaglia & Tsang (2000), "A Simple Method for Generating Gamma Variables", with the boost of their section 6.

    Examples
    --------
    >>> state = np.array([1, 2, 3, 4], dtype=np.uint64)
    >>> drawn = [gamma(state, 2.5) for _ in range(100_000)]
    >>> bool(abs(np.mean(drawn) - 2.5) < 0.025)
    True
    """
    drawn = _large_gamma(state, shape if shape >= 1 else shape + 1)
    return drawn if shape >= 1 else max(drawn * math.exp(-exponential(state) / shape), TINY)


@inlined
def beta(state: State, a: float, b: float) -> float:
    r"""Return a beta variate.

    Density `x^(a-1) (1-x)^(b-1) / B(a, b)`: `1 / (1 + G_b/G_a)` of two gamma variates, whose ratio is taken in
    logarithms, so that shapes far below 1, where both would round to 0, are right.

    Parameters
    ----------
    state
        Stream, moved on.
    a, b
        Shapes, > 0.

    Returns
    -------
    float
        In [0, 1]; an end only where the variate rounds to it.

    Examples
    --------
    >>> state = np.array([1, 2, 3, 4], dtype=np.uint64)
    >>> drawn = [beta(state, 0.001, 0.003) for _ in range(100_000)]
    >>> bool(abs(np.mean(drawn) - 0.25) < 0.007)
    True
    """
    log_ratio = 0.0
    if b < 1:
        log_ratio -= exponential(state) / b
    if a < 1:
        log_ratio += exponential(state) / a
    ratio = _large_gamma(state, b + 1 if b < 1 else b) / _large_gamma(state, a + 1 if a < 1 else a)
    return 1 / (1 + ratio * math.exp(min(log_ratio, 700.0)))


@compiled
def poisson(state: State, mean: float) -> float:
    r"""Return a Poisson variate.

    `P(k) = mean^k e^(-mean) / k!`; below a mean of 10 by multiplying uniform variates, above by transformed rejection.

    Parameters
    ----------
    state
        Stream, moved on.
    mean
        At least 0, at most 1e15: larger counts are no longer whole numbers of float64.

    Returns
    -------
    float
        A whole number ≥ 0.

    References
    ----------
    Hörmann (1993), "The transformed rejection method for generating Poisson random variables", algorithm PTRS, with
    the probability by Loader (2000), "Fast and accurate computation of binomial probabilities", which does not cancel.

    Examples
    --------
    >>> state = np.array([1, 2, 3, 4], dtype=np.uint64)
    >>> drawn = [poisson(state, 30.0) for _ in range(100_000)]
    >>> bool(abs(np.mean(drawn) - 30.0) < 0.09)
    True
    """
    if mean >= 10:
        return _transformed_rejection(state, mean)
    limit = math.exp(-mean)
    count, product = 0.0, uniform(state)
    while product > limit:
        count += 1.0
        product *= uniform(state)
    return count


@compiled
def _transformed_rejection(state: State, mean: float) -> float:
    b = 0.931 + 2.53 * math.sqrt(mean)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    squeeze = 0.9277 - 3.6224 / (b - 2)
    while True:
        u, v = uniform(state) - 0.5, uniform(state)
        edge = 0.5 - abs(u)
        k = math.floor((2 * a / edge + b) * u + mean + 0.43)
        if edge >= 0.07 and v <= squeeze:
            return float(k)
        if k < 0 or (edge < 0.013 and v > edge):
            continue
        if math.log(v * inverse_alpha / (a / (edge * edge) + b)) <= _log_poisson(float(k), mean):
            return float(k)


@compiled
def _log_poisson(k: float, mean: float) -> float:
    """Log probability of k, from k = 16 on by Stirling's series and the deviance, neither of which cancels."""
    if k < 16:
        return k * math.log(mean) - mean - math.lgamma(k + 1)
    square = 1 / (k * k)
    stirling = (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680))) / k
    ahead = k - mean
    if abs(ahead) > 0.1 * (k + mean):
        deviance = k * math.log(k / mean) - ahead
    else:
        ratio = ahead / (k + mean)
        deviance, term, power = ahead * ratio, 2 * k * ratio, 1
        while abs(term) > 1e-17 * deviance:
            term *= ratio * ratio
            power += 2
            deviance += term / power
    return -deviance - stirling - 0.5 * math.log(2 * math.pi * k)
