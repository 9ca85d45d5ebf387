"""What living customers will do: purchases, their times and their values, drawn one customer and many draws at a time.

Compiled, and free of the interpreter's lock, because the draws of one customer are many short steps that depend on each
other: whole-array operations spend most of their time between the steps, and threads wait for one another.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kundenwert.kernels.compiled import compiled

type Array = NDArray[np.float64]

_TINY = float(np.finfo(np.float64).tiny)
_MOST = 1e15


class Reach(NamedTuple):
    """How far to look ahead of T, in units of time, and how.

    Parameters
    ----------
    length
        Horizon, > 0, possibly infinite if discounted.
    discount_rate
        Continuous rate per unit of time, ≥ 0.
    holdout
        A second, undiscounted horizon; 0 for none.
    simulated
        How far purchases are drawn one by one as far as discounting decides; later ones enter at their expectation.
    one_by_one
        Expected purchases of one customer in one draw that are drawn one by one; later ones enter likewise.
    """

    length: float
    discount_rate: float
    holdout: float
    simulated: float
    one_by_one: float


@compiled
def draw_outcomes(
    x: float,
    T: float,
    total: float,
    alive: Array,
    r: Array,
    alpha: Array,
    s: Array,
    beta: Array,
    p: Array,
    q: Array,
    v: Array,
    reach: Reach,
    rng: np.random.Generator,
) -> tuple[Array, Array]:
    r"""Draw one customer's purchases and their money after T, once for each parameter set.

    Only the state at T matters for the future, and only that of a living customer: alive with the given probability,
    `λ ~ Gamma(r+x, α+T)`, `μ ~ Gamma(s, β+T)`, time left exponential of rate μ, `ν ~ Gamma(px+q, v+total)`; purchases
    are a Poisson process of rate λ, their values Gamma(p, ν).

    Parameters
    ----------
    x, T, total
        Repeat purchases, time observed, and money of the repeat purchases.
    alive
        Probability of being alive at T, for each parameter set.
    r, alpha, s, beta, p, q, v
        Parameter sets, one-dimensional, all of the length of `alive`.
    reach
        How far to look ahead.
    rng
        Source of randomness.

    Returns
    -------
    outcomes
        Shape (4, sets): purchases within the horizon, their discounted value, and both for the second horizon,
        undiscounted. 0 where the customer is dead.
    spend_rate
        ν, for each parameter set; 0 where the customer is dead.

    Examples
    --------
    >>> sets = np.full(200_000, 1.0)
    >>> law = [sets * value for value in (0.55, 10.58, 0.61, 11.67, 6.25, 3.74, 15.44)]
    >>> drawn, _ = draw_outcomes(2.0, 38.86, 40.0, 0.87 * sets, *law, Reach(39.0, 0.0, 0.0, np.inf, 1e4),
    ...                          np.random.default_rng(1))
    >>> bool(abs(drawn[0].mean() - 1.453) < 0.03)
    True
    """
    outcomes = np.zeros((4, alive.size))
    spend_rate = np.zeros(alive.size)
    farthest = max(reach.length, reach.holdout)
    delta = reach.discount_rate
    for d in range(alive.size):
        if rng.random() >= alive[d]:
            continue
        rate = max(rng.standard_gamma(r[d] + x), _TINY) / (alpha[d] + T)
        dropout = max(rng.standard_gamma(s[d]), _TINY) / (beta[d] + T)
        left = rng.standard_exponential() / dropout
        nu = max(rng.standard_gamma(p[d] * x + q[d]), _TINY) / (v[d] + total)
        spend_rate[d] = nu
        single = min(reach.simulated, reach.one_by_one / rate)
        exposure = min(left, farthest, single)
        for _ in range(rng.poisson(rate * exposure)):
            time = rng.random() * exposure
            value = rng.standard_gamma(p[d]) / nu
            if time <= reach.length:
                outcomes[0, d] += 1
                outcomes[1, d] += value * np.exp(-delta * time)
            if time <= reach.holdout:
                outcomes[2, d] += 1
                outcomes[3, d] += value
        flow = p[d] / nu * rate
        later = min(left, reach.length) - single
        if later > 0:
            outcomes[0, d] += rng.poisson(min(rate * later, _MOST))
            paid = -np.expm1(-delta * later) / delta if delta > 0 else later
            outcomes[1, d] += flow * paid * np.exp(-delta * single)
        later = min(left, reach.holdout) - single
        if later > 0:
            outcomes[2, d] += rng.poisson(min(rate * later, _MOST))
            outcomes[3, d] += flow * later
    return outcomes, spend_rate
