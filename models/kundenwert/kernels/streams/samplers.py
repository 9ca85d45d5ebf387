"""Gamma, beta and Poisson variates of a stream."""

import math

import numpy as np

from kundenwert.kernels.compiled import compiled, inlined
from kundenwert.kernels.streams.state import State, uniform
from kundenwert.kernels.streams.ziggurat import exponential, normal

TINY = float(np.finfo(np.float64).tiny)
"""Smallest gamma variate that is returned: smaller ones would round to 0, of which no rate is made."""


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


@inlined
def geometric(state: State, p: float) -> float:
    """The number of the trial that is the first success, from 1; infinite where p rounds to 0.

    Parameters
    ----------
    state
        Of the stream.
    p
        Probability of a success, in [0, 1].
    """
    fall = -math.log1p(-p) if p < 1 else math.inf  # the ceiling of math would be an integer, and overflow
    return max(np.ceil(exponential(state) / fall), 1.0) if fall > 0 else math.inf


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
