"""Exponential and normal variates of a stream, from tables of 256 layers (Marsaglia & Tsang 2000)."""

import math

import numpy as np
from numpy.typing import NDArray

from kundenwert.kernels.compiled import compiled, inlined
from kundenwert.kernels.streams.state import State, bits, fraction, uniform

type Array = NDArray[np.float64]

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
    x = fraction(word) * float(_EXPONENTIAL_EDGE[layer])
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
        x = fraction(word) * float(_EXPONENTIAL_EDGE[layer])
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
