r"""The Pareto/NBD model with a calendar factor inside: level by level, what all customers share at one date.

While alive, customer i buys at rate `λ g(t)`, t the calendar date; λ ~ Gamma(r, α), and the lifetime is exponential of
rate μ ~ Gamma(s, β) in calendar time. g is constant within each period. In operational time `A(u) = ∫ g`, counted from
the first purchase, purchases come at rate λ, so that

    L = Π g(t_j) · Γ(r+x)/Γ(r) α^r β^s [ (α+A(T))^-(r+x) (β+T)^-s + s ∫ (α+A(u))^-(r+x) (β+u)^-(s+1) du ],

u from t_x to T. Within a period A is straight: the integral is a sum of those that the model without a calendar has.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma, xlogy

from kundenwert.kernels.arithmetic import float_arrays, log_rising
from kundenwert.kernels.convex import NODES, draw_death, finer, unit_rule
from kundenwert.kernels.pareto_nbd.draws import Latents
from kundenwert.kernels.pareto_nbd.pieces import (
    ALIVE,
    BY_ALPHA,
    BY_BETA,
    BY_R,
    BY_S,
    PASSED,
    SHORT_NODES,
    VALUE,
    evaluate,
    leave,
)

type Array = NDArray[np.float64]

_NOBODY = np.empty((0, 0))


class Periods(NamedTuple):
    """A calendar factor of the past.

    Parameters
    ----------
    edges
        Ascending, in units of time from any one date, shape (periods + 1,).
    level
        g ≥ 0 between edges, shape (periods,); the first and the last hold beyond the ends too.
    """

    edges: Array
    level: Array

    def of(self, time: ArrayLike) -> NDArray[np.int64]:
        """Number of the period that each calendar time falls into; an edge belongs to the period that it begins.

        Examples
        --------
        >>> Periods(np.array([0.0, 4.0, 8.0]), np.ones(2)).of([3.9, 4.0, 9.0])
        array([0, 1, 1])
        """
        found = np.searchsorted(self.edges, np.asarray(time, dtype=np.float64), side="right") - 1
        return np.asarray(np.clip(found, 0, self.level.size - 1), dtype=np.int64)


class CalendarGradient(NamedTuple):
    """Log-likelihoods of customers and their derivatives, each of shape (customers,); `log_level` is their sum's.

    `log_level` has shape (periods,): by the logarithm of each level, purchases of the period less those expected.
    """

    value: Array
    r: Array
    alpha: Array
    s: Array
    beta: Array
    log_level: Array


def log_likelihood(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    start: ArrayLike,
    bought: Array,
    periods: Periods,
    r: ArrayLike,
    alpha: ArrayLike,
    s: ArrayLike,
    beta: ArrayLike,
    nodes: int = NODES,
) -> Array:
    r"""Log-likelihood of customers' repeat purchases with a calendar factor.

    `log L = Σ log g(t_j) + log Γ(r+x)/Γ(r) + r log α + s log β
    + log[(α+A(T))^-(r+x) (β+T)^-s + s ∫ (α+A(u))^-(r+x) (β+u)^-(s+1) du]`

    Parameters
    ----------
    frequency, recency, T
        x ≥ 0, 0 ≤ t_x ≤ T, one-dimensional or scalar, as without a calendar.
    start
        Calendar time of the first purchase, in units of time.
    bought
        Repeat purchases in each period, shape (customers, periods) or (periods,); x in sum.
    periods
        The calendar factor.
    r, alpha, s, beta
        As without a calendar; of each customer, or of all.
    nodes
        Quadrature nodes of a period; about three times as many where the integrand falls late.

    Returns
    -------
    ndarray
        Shape (customers,); -inf where there were purchases at a level of 0.

    Examples
    --------
    >>> law = {"r": 0.55, "alpha": 10.6, "s": 0.6, "beta": 11.7}
    >>> steady = Periods(np.array([0.0, 20.0, 40.0]), np.ones(2))
    >>> log_likelihood(2, 30.4, 38.9, start=1.1, bought=np.array([1.0, 1.0]), periods=steady, **law).round(6)
    array([-9.549652])
    """
    found, _, _, _ = _evaluated(frequency, recency, T, start, periods, (r, alpha, s, beta), nodes)
    return np.asarray(found + xlogy(np.atleast_2d(bought), periods.level).sum(axis=1))


def log_likelihood_gradient(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    start: ArrayLike,
    bought: Array,
    periods: Periods,
    r: ArrayLike,
    alpha: ArrayLike,
    s: ArrayLike,
    beta: ArrayLike,
    count: ArrayLike = 1.0,
    nodes: int = NODES,
) -> CalendarGradient:
    r"""Log-likelihood and its derivatives, by the parameters and by the log of each level, in one pass.

    By `log g_k`: purchases in period k less those expected, `E[λ · operational time as a customer in k]`.

    Parameters
    ----------
    frequency, recency, T, start, bought, periods, r, alpha, s, beta, nodes
        As in `log_likelihood`.
    count
        How many customers have each history.

    Returns
    -------
    CalendarGradient
        `log_level` is of the sum over customers, each as often as `count` says; all else is of one customer.

    Examples
    --------
    >>> law = {"r": 0.55, "alpha": 10.6, "s": 0.6, "beta": 11.7}
    >>> steady = Periods(np.array([0.0, 20.0, 40.0]), np.ones(2))
    >>> found = log_likelihood_gradient(
    ...     2, 30.4, 38.9, start=1.1, bought=np.array([1.0, 1.0]), periods=steady, **law)
    >>> found.log_level.round(4)
    array([ 0.0123, -0.0084])
    """
    law = (r, alpha, s, beta)
    value, found, total, _ = _evaluated(frequency, recency, T, start, periods, law, nodes, count)
    x, shape, many = (np.atleast_1d(one) for one in float_arrays(frequency, r, count))
    counts = np.broadcast_to(np.atleast_2d(bought), (len(found), periods.level.size))
    return CalendarGradient(
        value + xlogy(counts, periods.level).sum(axis=1),
        found[:, BY_R] + digamma(shape + x) - digamma(shape),
        found[:, BY_ALPHA],
        found[:, BY_S],
        found[:, BY_BETA],
        np.broadcast_to(many, len(found)) @ counts - total,
    )


def p_alive(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    start: ArrayLike,
    periods: Periods,
    r: ArrayLike,
    alpha: ArrayLike,
    s: ArrayLike,
    beta: ArrayLike,
) -> Array:
    """Probability that customers are alive at the end of observation, with a calendar factor.

    Parameters
    ----------
    frequency, recency, T, start, periods, r, alpha, s, beta
        As in `log_likelihood`.

    Returns
    -------
    ndarray
        In [0, 1], shape (customers,).

    Examples
    --------
    A customer who was not seen while the shop was shut says little by it:

    >>> law = {"r": 0.55, "alpha": 10.6, "s": 0.6, "beta": 11.7}
    >>> shut = Periods(np.array([0.0, 20.0, 40.0]), np.array([1.0, 0.0]))
    >>> p_alive(9, 19.0, 40.0, start=0.0, periods=shut, **law).round(4)
    array([0.729])
    """
    _, found, _, _ = _evaluated(frequency, recency, T, start, periods, (r, alpha, s, beta), NODES)
    return np.asarray(found[:, ALIVE])


def expected_exposures(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    start: ArrayLike,
    periods: Periods,
    r: ArrayLike,
    alpha: ArrayLike,
    s: ArrayLike,
    beta: ArrayLike,
) -> Array:
    """Purchases expected of customers in each past period, given their histories: rate times operational time alive.

    Parameters
    ----------
    frequency, recency, T, start, periods, r, alpha, s, beta
        As in `log_likelihood`.

    Returns
    -------
    ndarray
        ≥ 0, shape (customers, periods).

    Examples
    --------
    >>> law = {"r": 0.55, "alpha": 10.6, "s": 0.6, "beta": 11.7}
    >>> steady = Periods(np.array([0.0, 20.0, 40.0]), np.ones(2))
    >>> expected_exposures(2, 30.4, 38.9, start=1.1, periods=steady, **law).round(4)
    array([[0.9877, 1.0084]])
    """
    return _evaluated(frequency, recency, T, start, periods, (r, alpha, s, beta), NODES, each=True)[3]


def expected_purchases(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    start: ArrayLike,
    periods: Periods,
    ahead: Periods,
    horizon: float,
    r: ArrayLike,
    alpha: ArrayLike,
    s: ArrayLike,
    beta: ArrayLike,
) -> Array:
    r"""Expected purchases of known customers in `(T, T + horizon]`, given the levels to come.

    `P(alive) · (r+x)/(α+A(T)) · ∫₀^h g(u) ((β+T)/(β+T+u))^s du`

    Parameters
    ----------
    frequency, recency, T, start, periods, r, alpha, s, beta
        As in `log_likelihood`.
    ahead
        The calendar factor after the end of observation, its edges counted from there.
    horizon
        h ≥ 0, finite, in units of time.

    Returns
    -------
    ndarray
        ≥ 0, shape (customers,).

    Examples
    --------
    >>> law = {"r": 0.55, "alpha": 10.6, "s": 0.6, "beta": 11.7}
    >>> past = Periods(np.array([0.0, 20.0, 40.0]), np.ones(2))
    >>> ahead = Periods(np.array([0.0, 20.0, 40.0]), np.array([1.0, 2.0]))
    >>> expected_purchases(2, 30.4, 38.9, start=1.1, periods=past, ahead=ahead, horizon=39.0, **law).round(6)
    array([2.101986])
    """
    _, found, _, _ = _evaluated(frequency, recency, T, start, periods, (r, alpha, s, beta), NODES)
    x, end, r, alpha, s, beta = (np.atleast_1d(one)[:, None] for one in float_arrays(frequency, T, r, alpha, s, beta))
    inner = ahead.edges[1:-1]
    low = np.minimum(np.concatenate([[0.0], inner]), horizon)
    high = np.minimum(np.concatenate([inner, [horizon]]), horizon)
    before, width = np.log1p(low / (beta + end)), np.log1p((high - low) / (beta + end + low))
    power = (1 - s) * width
    with np.errstate(invalid="ignore", divide="ignore"):
        stretch = np.where(np.abs(power) > 1e-12, np.expm1(power) / power, 1.0)
    living = ((beta + end + low) * np.exp(-s * before) * width * stretch * ahead.level).sum(axis=1)
    return np.asarray(found[:, ALIVE] * ((r + x) / alpha)[:, 0] / (1 + found[:, PASSED] / alpha[:, 0]) * living)


def draw_latents(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    start: ArrayLike,
    periods: Periods,
    r: ArrayLike,
    alpha: ArrayLike,
    s: ArrayLike,
    beta: ArrayLike,
    rng: np.random.Generator,
) -> Latents:
    r"""One exact draw of each customer's latent state, given its history and the calendar factor.

    Alive with probability `p_alive`, then `λ ~ Gamma(r+x, α+A(T))` and `μ ~ Gamma(s, β+T)`. Otherwise dead at τ of
    density proportional to `(α+A(τ))^-(r+x) (β+τ)^-(s+1)`: first its period is drawn, then the time within.

    Parameters
    ----------
    frequency, recency, T, start, periods, r, alpha, s, beta
        As in `log_likelihood`.
    rng
        Source of randomness.

    Returns
    -------
    Latents
        Each of shape (customers,); `purchase_rate` is λ, to be multiplied by the level.

    Examples
    --------
    >>> shut = Periods(np.array([0.0, 20.0, 40.0]), np.array([1.0, 0.0]))
    >>> draw = draw_latents(np.full(100_000, 9.0), 19.0, 40.0, start=0.0, periods=shut,
    ...                     r=0.55, alpha=10.6, s=0.6, beta=11.7, rng=np.random.default_rng(7))
    >>> abs(draw.alive.mean() - 0.7290) < 0.007
    np.True_
    """
    law = (r, alpha, s, beta)
    _, found, _, _ = _evaluated(frequency, recency, T, start, periods, law, NODES)
    history, laws = _together(frequency, recency, T, start, law)
    alive = rng.random(len(history)) < found[:, ALIVE]
    end, own = history[:, 2].copy(), np.broadcast_to(laws, history.shape)
    a, clock = own[:, 0] + history[:, 0], own[:, 1] + found[:, PASSED]
    if not alive.all():
        gone = ~alive
        lost = laws[gone] if len(laws) > 1 else laws
        where, which = leave(history[gone], lost, *_contiguous(periods), _rules(NODES), rng.random(int(gone.sum())))
        level, (since, length, A) = periods.level[which], where.T
        with np.errstate(divide="ignore", over="ignore"):
            scale = A / level
        h = draw_death(scale, a[gone], own[gone, 3] + since, own[gone, 2] + 1, length, rng)
        end[gone], clock[gone] = since + h, A + level * h
    tiny = np.finfo(np.float64).tiny
    purchase_rate = np.maximum(rng.standard_gamma(a), tiny) / clock
    dropout_rate = np.maximum(rng.standard_gamma(own[:, 2] + ~alive), tiny) / (own[:, 3] + end)
    with np.errstate(over="ignore"):
        residual = rng.standard_exponential(len(history)) / dropout_rate
    return Latents(alive, np.where(alive, end + residual, end), purchase_rate, dropout_rate)


def _contiguous(periods: Periods) -> tuple[Array, Array]:
    """Edges and levels as compiled functions take them."""
    return np.ascontiguousarray(periods.edges, np.float64), np.ascontiguousarray(periods.level, np.float64)


@lru_cache
def _rules(nodes: int) -> Array:
    """Nodes and weights for short, usual and late integrands, filled up to one length."""
    rules = np.zeros((3, 2, finer(nodes)))
    for rule, number in zip(rules, (min(SHORT_NODES, nodes), nodes, finer(nodes)), strict=True):
        rule[:, :number] = unit_rule(number)
    return rules


def _together(
    x: ArrayLike, t_x: ArrayLike, T: ArrayLike, start: ArrayLike, law: tuple[ArrayLike, ...]
) -> tuple[Array, Array]:
    """Histories of shape (customers, 4), and laws of all in one row or of each."""
    history = np.stack(np.broadcast_arrays(*map(np.atleast_1d, float_arrays(x, t_x, T, start))), axis=1)
    laws = np.stack(np.broadcast_arrays(*map(np.atleast_1d, float_arrays(*law))), axis=1)
    if len(laws) > 1 and len(history) == 1:
        history = np.repeat(history, len(laws), axis=0)
    return np.ascontiguousarray(history), np.ascontiguousarray(laws)


def _evaluated(
    x: ArrayLike,
    t_x: ArrayLike,
    T: ArrayLike,
    start: ArrayLike,
    periods: Periods,
    law: tuple[ArrayLike, ...],
    nodes: int,
    count: ArrayLike = 1.0,
    *,
    each: bool = False,
) -> tuple[Array, Array, Array, Array]:
    """Log-likelihoods without levels of purchases, all that is found, and exposures in sum and of each customer."""
    history, laws = _together(x, t_x, T, start, law)
    many = np.ascontiguousarray(np.broadcast_to(np.atleast_1d(np.asarray(count, np.float64)), len(history)))
    found = np.empty((len(history), PASSED + 1))
    exposed = np.empty((len(history), periods.level.size)) if each else _NOBODY
    total = evaluate(history, laws, many, *_contiguous(periods), _rules(nodes), found, exposed)
    return found[:, VALUE] + log_rising(laws[:, 0], history[:, 0]), found, total, exposed
