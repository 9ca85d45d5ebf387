r"""The MBG/NBD model of repeat purchases (Batislam, Denizel & Filiztekin 2007; Hoppe & Wagner 2007).

As in the BG/NBD a customer leaves with probability p ~ Beta(a, b) after a purchase, but after the first one too, so
that customers who never come back may have left. Functions and arguments are those of `bg_nbd`, with `flips=1`.

Examples
--------
>>> law = {"r": 0.5248436, "alpha": 6.1830928, "a": 0.8913878, "b": 1.6140483}
>>> round(float(p_alive(0, 0.0, 38.86, **law)), 6), round(float(p_alive(2, 30.43, 38.86, **law)), 6)
(0.389714, 0.706122)
>>> round(float(expected_purchases(2, 30.43, 38.86, horizon=39.0, **law)), 6)
1.262657
"""

from functools import partial

from kundenwert.kernels import bg_nbd
from kundenwert.kernels.bg_nbd import Gradient

__all__ = [
    "Gradient",
    "expected_purchases",
    "log_likelihood",
    "log_likelihood_gradient",
    "log_purchase_probability",
    "p_alive",
    "p_alive_at",
    "simulate",
    "total_log_likelihood",
]

FLIPS = 1
"""Chances to leave before the first repeat purchase."""

log_likelihood = partial(bg_nbd.log_likelihood, flips=FLIPS)
log_likelihood_gradient = partial(bg_nbd.log_likelihood_gradient, flips=FLIPS)
total_log_likelihood = partial(bg_nbd.total_log_likelihood, flips=FLIPS)
p_alive = partial(bg_nbd.p_alive, flips=FLIPS)
p_alive_at = partial(bg_nbd.p_alive_at, flips=FLIPS)
expected_purchases = partial(bg_nbd.expected_purchases, flips=FLIPS)
log_purchase_probability = partial(bg_nbd.log_purchase_probability, flips=FLIPS)
simulate = partial(bg_nbd.simulate, flips=FLIPS)
