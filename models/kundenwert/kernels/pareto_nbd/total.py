"""The log-likelihood of a whole customer base under many parameter sets at once."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kundenwert.kernels.arithmetic import float_arrays, log_rising
from kundenwert.kernels.convex import CELLS, power_product_integral

type Array = NDArray[np.float64]

TOTAL_NODES = 8
"""Quadrature nodes per history: 3e-6 at worst on the reference table, 4e-10 for all of CDNOW."""

NOTHING = -700.0
"""Logarithm below which the living do not count beside the dead; exponentials further down are slow."""


def total_log_likelihood(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    count: ArrayLike,
    *,
    r: ArrayLike,
    alpha: ArrayLike,
    s: ArrayLike,
    beta: ArrayLike,
    nodes: int = TOTAL_NODES,
) -> Array:
    r"""Log-likelihood of all customers, for each of many parameter sets.

    `Σ_i count_i · log L(x_i, t_i, T_i | r, α, s, β)`

    Parameters
    ----------
    frequency, recency, T, count
        Distinct histories, one-dimensional, and how many customers have each.
    r, alpha, s, beta
        Parameter sets, one-dimensional, as in `log_likelihood`.
    nodes
        Quadrature nodes per history.

    Returns
    -------
    ndarray
        One value for each parameter set; NaN or -inf where a parameter is beyond floating point.

    Examples
    --------
    >>> total = total_log_likelihood([0, 2], [0, 30.4], [38.9, 38.9], [3, 1],
    ...                              r=[0.55, 0.6], alpha=[10.6, 10.6], s=[0.6, 0.6], beta=[11.7, 11.7])
    >>> total.round(6)
    array([-11.11135 , -11.196728])
    """
    x, t_x, end, n = float_arrays(frequency, recency, T, count)
    distinct, group = np.unique(x, return_inverse=True)
    customers = np.bincount(group, weights=n)
    sets = np.stack(np.broadcast_arrays(*map(np.atleast_1d, float_arrays(r, alpha, s, beta))))
    order = np.argsort(sets[1] > sets[3], kind="stable")  # `convex` is faster where all have the same smaller scale
    laws = sets[:, order, None]
    result = log_rising(laws[0], distinct) @ customers
    width = min(x.size, CELLS)
    step = max(1, CELLS // width)
    with np.errstate(all="ignore"):  # far out in the tails parameters over- and underflow; the result says so
        for start in range(0, len(result), step):
            part = slice(start, start + step)
            for left in range(0, x.size, width):
                some = slice(left, left + width)
                each = _rest(nodes, x[some], t_x[some], end[some], *laws[:, part])
                result[part] += np.einsum("sp,p->s", each, n[some])
    return np.asarray(result[np.argsort(order)])


def _rest(nodes: int, x: Array, t_x: Array, T: Array, r: Array, alpha: Array, s: Array, beta: Array) -> Array:
    """All of the log-likelihood but the ratio of gamma functions, of shape (parameter sets, histories).

    Alive and dead are measured where the last purchase was, so that their sum is neither huge nor zero.
    """
    a, A, B, D = r + x, alpha + t_x, beta + t_x, T - t_x
    ends = np.log1p(D / A), np.log1p(D / B)
    alive = np.exp(np.maximum(-a * ends[0] - s * ends[1], NOTHING))
    dead = s / B * power_product_integral(A, a, B, s + 1, D, nodes, ends)
    scale = -a * np.log1p(t_x / alpha) - x * np.log(alpha) - s * np.log1p(t_x / beta)
    return np.asarray(scale + np.log(alive + dead))
