"""Cells that differ in one number only: few are computed, the others interpolated."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]

STRIP = math.pi / 2
"""Distance from the real axis within which the functions of a logarithm of time are smooth and bounded."""

E_FOLDS = 28.0
"""The interpolation leaves about exp(-28) = 7e-13 of the largest value in the strip."""


def interpolated(function: Callable[[Array], Array], at: Array) -> Array:
    r"""Values of one smooth function for each column, by Chebyshev interpolation between its extremes.

    A function that is analytic and bounded within `STRIP` of the real axis loses a factor `ρ = y + (1 + y²)^(1/2)` with
    each node, `y = STRIP / half the range`. Where that takes as many nodes as there are rows, all rows are computed.

    Parameters
    ----------
    function
        Of an array of shape (any, columns).
    at
        Arguments, shape (rows, columns).

    Returns
    -------
    ndarray
        Shape (rows, columns).

    Examples
    --------
    >>> at = np.log(np.linspace(27.0, 39.0, 200))[:, None]
    >>> bool(np.abs(interpolated(lambda w: 1 / (1 + np.exp(w)), at) * (1 + np.exp(at)) - 1).max() < 1e-12)
    True
    """
    low, high = at.min(axis=0), at.max(axis=0)
    half = np.maximum((high - low) / 2, 1e-9)
    nodes = math.ceil(E_FOLDS / math.asinh(STRIP / float(half.max()))) + 1
    if nodes >= at.shape[0]:
        return function(at)
    angle = math.pi * (np.arange(nodes) + 0.5) / nodes
    values = function((low + high) / 2 + half * np.cos(angle)[:, None])
    turned = np.cos(np.outer(np.arange(nodes), angle)) * (2 / nodes)
    coefficients = turned @ values
    twice = (at - (low + high) / 2) / half * 2
    last, next_to_last = np.zeros_like(at), np.zeros_like(at)
    for row in coefficients[:0:-1]:
        last, next_to_last = row + twice * last - next_to_last, last
    return np.asarray(coefficients[0] / 2 + twice / 2 * last - next_to_last)
