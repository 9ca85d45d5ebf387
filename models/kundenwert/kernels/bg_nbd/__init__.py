r"""The BG/NBD model of repeat purchases (Fader, Hardie & Lee 2005), and what the MBG/NBD shares with it.

While alive, a customer buys as a Poisson process of rate λ ~ Gamma(shape r, rate α); after each repeat purchase the
customer leaves with probability p ~ Beta(a, b). Data of one customer: `frequency` x, the number of repeat purchases;
`recency` t_x, the time from the first to the last purchase (NOT the time since the last one; 0 where x = 0); `T`, the
time from the first purchase to the end of observation. All times are in one unit.

The MBG/NBD, `kernels.mbg_nbd`, differs in one chance more to leave, after the first purchase: `flips=1`. Everything
depends on the number of chances `n = x + flips`: given that a customer is alive, p ~ Beta(a, b + n).
"""

from kundenwert.kernels.bg_nbd.draws import simulate
from kundenwert.kernels.bg_nbd.likelihood import (
    Gradient,
    log_likelihood,
    log_likelihood_gradient,
    p_alive,
    total_log_likelihood,
)
from kundenwert.kernels.bg_nbd.purchases import expected_purchases, expected_time, log_purchase_probability, p_alive_at

__all__ = [
    "Gradient",
    "expected_purchases",
    "expected_time",
    "log_likelihood",
    "log_likelihood_gradient",
    "log_purchase_probability",
    "p_alive",
    "p_alive_at",
    "simulate",
    "total_log_likelihood",
]
