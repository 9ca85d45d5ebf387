"""What single new customers really bring: purchase after purchase, and when they have paid for themselves."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kundenwert.decide.terms import Law
from kundenwert.predict import Horizon

type Array = NDArray[np.float64]

LEFT = 1e-3
"""Purchases are simulated one by one until discounting leaves this much; later money flows evenly."""

ONE_BY_ONE = 2_000
"""Purchases of one customer that are simulated one by one; later money flows evenly at the customer's own rate."""

_TINY = np.finfo(np.float64).tiny


class Outcomes(NamedTuple):
    """Of each simulated customer: discounted margin over the horizon, and the time when it first covered the cost."""

    value: Array
    paid_back: Array


def simulate_customers(law: Law, *, margin: float, cost: float, horizon: Horizon, rng: np.random.Generator) -> Outcomes:
    """Simulate one new customer for each draw: rates, lifetime, purchase times and amounts, exactly.

    The first purchase comes at time 0; further ones in a Poisson process until the customer leaves. What lies beyond
    `ONE_BY_ONE` purchases, or beyond discounting to `LEFT`, enters as an even flow of the customer's own mean.

    Parameters
    ----------
    law
        Draws of `r, alpha, s, beta, p, q, v`, each of shape (customers,).
    margin
        Contribution margin, in (0, 1].
    cost
        Acquisition cost to be earned back, ≥ 0.
    horizon
        Length counted from the first purchase, and the discount rate.
    rng
        Source of randomness.

    Returns
    -------
    Outcomes
        `value` before the cost, > 0; `paid_back` in time units, 0 where the first purchase is enough, infinite where
        the cost is not earned back within the horizon.

    Examples
    --------
    >>> law = {"r": 0.55, "alpha": 10.6, "s": 0.6, "beta": 11.7, "p": 6.25, "q": 3.74, "v": 15.44}
    >>> draws = {name: np.full(40_000, value) for name, value in law.items()}
    >>> found = simulate_customers(draws, margin=0.3, cost=20.0, horizon=Horizon(52.0, np.log(1.1) / 52),
    ...                            rng=np.random.default_rng(1))
    >>> abs(found.value.mean() - 25.5099) < 1.0
    np.True_
    """
    size, delta = law["r"].size, horizon.discount_rate
    rate = np.maximum(rng.standard_gamma(law["r"]), _TINY) / law["alpha"]
    dropout = np.maximum(rng.standard_gamma(law["s"]), _TINY) / law["beta"]
    scale = margin / (np.maximum(rng.standard_gamma(law["q"]), _TINY) / law["v"])
    with np.errstate(over="ignore"):
        left = np.minimum(rng.standard_exponential(size) / dropout, horizon.length)
    reach = np.minimum(left, -np.log(LEFT) / delta if delta > 0 else np.inf)
    value = rng.standard_gamma(law["p"]) * scale
    paid = np.where(value >= cost, 0.0, np.inf)
    time, active = np.zeros(size), np.arange(size)
    for _ in range(ONE_BY_ONE):
        with np.errstate(over="ignore"):
            upcoming = time[active] + rng.standard_exponential(active.size) / rate[active]
        buys = upcoming <= reach[active]
        time[active[~buys]] = reach[active[~buys]]
        active = active[buys]
        if not active.size:
            break
        time[active] = upcoming[buys]
        value[active] += rng.standard_gamma(law["p"][active]) * scale[active] * np.exp(-delta * time[active])
        paid[active] = np.where((value[active] >= cost) & np.isinf(paid[active]), time[active], paid[active])
    return _flow_on(value, paid, time, left, rate * law["p"] * scale, cost, delta)


def _flow_on(value: Array, paid: Array, time: Array, left: Array, flow: Array, cost: float, delta: float) -> Outcomes:
    """Add the money that comes after the last simulated time, and the moment at which it covers the cost."""
    ahead = left - time
    if not (ahead > 0).any():
        return Outcomes(value, paid)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        now = np.maximum(flow * np.exp(-delta * time), _TINY)
        length = -np.expm1(-delta * ahead) / delta if delta > 0 else ahead
        open_share = (cost - value) / now
        wait = -np.log1p(-np.minimum(delta * open_share, 1.0)) / delta if delta > 0 else open_share
    due = np.isinf(paid) & (wait <= ahead) & np.isfinite(wait)
    return Outcomes(value + np.where(ahead > 0, now * length, 0.0), np.where(due, time + np.maximum(wait, 0), paid))
