"""The BG/NBD and the MBG/NBD: customers buy at random times, and may leave after a purchase."""

from kundenwert.kernels.bg_nbd.ahead import alive_ahead, expected_purchases, expected_time
from kundenwert.kernels.bg_nbd.counts import log_purchase_probability
from kundenwert.kernels.bg_nbd.likelihood import (
    Gradient,
    log_likelihood,
    log_likelihood_gradient,
    p_alive,
    simulate,
    total_log_likelihood,
)

__all__ = [
    "Gradient",
    "alive_ahead",
    "expected_purchases",
    "expected_time",
    "log_likelihood",
    "log_likelihood_gradient",
    "log_purchase_probability",
    "p_alive",
    "simulate",
    "total_log_likelihood",
]
