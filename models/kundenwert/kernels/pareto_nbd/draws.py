"""Exact draws of customers' latent state, and simulated histories."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kundenwert.kernels.arithmetic import float_arrays
from kundenwert.kernels.convex import draw_death
from kundenwert.kernels.pareto_nbd.likelihood import p_alive

type Array = NDArray[np.float64]


class Latents(NamedTuple):
    """Latent state of customers: `alive` at T, `lifetime` from the first purchase, and both rates."""

    alive: NDArray[np.bool_]
    lifetime: Array
    purchase_rate: Array
    dropout_rate: Array


def draw_latents(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    r: ArrayLike,
    alpha: ArrayLike,
    s: ArrayLike,
    beta: ArrayLike,
    rng: np.random.Generator,
) -> Latents:
    r"""One exact draw of each customer's latent state, given the data and the population's parameters.

    Alive with probability `p_alive`, then `λ ~ Gamma(r+x, α+T)`, `μ ~ Gamma(s, β+T)` and the lifetime is T plus an
    exponential of rate μ. Otherwise dead at τ in `(t_x, T)` of density proportional to
    `(α+τ)^-(r+x) (β+τ)^-(s+1)`, then `λ ~ Gamma(r+x, α+τ)`, `μ ~ Gamma(s+1, β+τ)`.

    Parameters
    ----------
    frequency, recency, T, r, alpha, s, beta
        As in `log_likelihood`; each element of the broadcast shape gets one draw.
    rng
        Source of randomness.

    Returns
    -------
    Latents
        `alive` (bool), `lifetime` > t_x, `purchase_rate`, `dropout_rate` > 0, each of the broadcast shape.

    Examples
    --------
    >>> draw = draw_latents(2, 30.43, 38.86, r=np.full(100_000, 0.55), alpha=10.58, s=0.61, beta=11.66,
    ...                     rng=np.random.default_rng(7))
    >>> abs(draw.alive.mean() - 0.8684) < 0.005
    np.True_
    """
    x, t_x, T, r, alpha, s, beta = np.broadcast_arrays(*float_arrays(frequency, recency, T, r, alpha, s, beta))
    tiny = np.finfo(np.float64).tiny
    alive = rng.random(x.shape) < p_alive(x, t_x, T, r=r, alpha=alpha, s=s, beta=beta)
    end = np.array(T)
    gone = ~alive
    if gone.any():
        a, b = (r + x)[gone], (s + 1)[gone]
        A, B, D = (alpha + t_x)[gone], (beta + t_x)[gone], (T - t_x)[gone]
        end[gone] = t_x[gone] + draw_death(A, a, B, b, D, rng)
    purchase_rate = np.maximum(rng.standard_gamma(r + x), tiny) / (alpha + end)
    dropout_rate = np.maximum(rng.standard_gamma(s + gone), tiny) / (beta + end)
    with np.errstate(over="ignore"):
        residual = rng.standard_exponential(x.shape) / dropout_rate
    return Latents(alive, np.where(alive, T + residual, end), purchase_rate, dropout_rate)


def simulate(
    T: ArrayLike,
    *,
    r: ArrayLike,
    alpha: ArrayLike,
    s: ArrayLike,
    beta: ArrayLike,
    rng: np.random.Generator,
) -> tuple[Array, Array]:
    r"""Simulate the repeat purchases of new customers observed for `T`.

    Parameters
    ----------
    T
        Time observed after the first purchase, ≥ 0, in units of time.
    r, alpha, s, beta
        As in `log_likelihood`; everything broadcasts.
    rng
        Source of randomness.

    Returns
    -------
    frequency, recency
        Number of repeat purchases and time from first to last purchase (0 where there is none).

    Examples
    --------
    >>> x, t_x = simulate(np.full(100_000, 39.0), r=0.553277, alpha=10.577684, s=0.60624, beta=11.668728,
    ...                   rng=np.random.default_rng(5))
    >>> abs((x == 0).mean() - 0.5936) < 0.006
    np.True_
    """
    T, r, alpha, s, beta = np.broadcast_arrays(*float_arrays(T, r, alpha, s, beta))
    tiny = np.finfo(np.float64).tiny
    purchase_rate = rng.standard_gamma(r) / alpha
    dropout_rate = np.maximum(rng.standard_gamma(s), tiny) / beta
    with np.errstate(over="ignore"):
        lifetime = rng.standard_exponential(T.shape) / dropout_rate
    active = np.minimum(lifetime, T)
    frequency = rng.poisson(np.minimum(purchase_rate * active, 1e15)).astype(np.float64)
    latest = rng.random(T.shape) ** (1 / np.maximum(frequency, 1))
    return frequency, np.where(frequency > 0, active * latest, 0.0)
