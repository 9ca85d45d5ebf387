r"""The MBG/CNBD-k model of repeat purchases (Platzer & Reutterer 2016): the MBG/NBD of customers who buy regularly.

While alive, a customer with purchase rate λ ~ Gamma(shape r, rate α) waits an Erlang-k time of mean 1/λ for the next
purchase: k exponential stages, each passed at the rate kλ. After every purchase, the first included, the customer
leaves with probability p ~ Beta(a, b). `k = 1` is the MBG/NBD; the larger k, the more even the gaps.

α is in units of the mean purchase rate, whatever k: in the literature λ is the rate of a stage, and its α is `α / k`.
Data are those of the other laws and `log_gaps`, the sum of the logarithms of the times between purchases.

Given that a customer is alive at T, stages s < k have gone since the last purchase, with closed probabilities; given s,
`λ ~ Gamma(r+kx+s, α+kT)` and `p ~ Beta(a, b+x+1)`. All that is said of the future is a mean over s.

References
----------
Platzer & Reutterer (2016), "Ticking Away the Moments: Timing Regularity Helps to Better Predict Customer Activity";
Reutterer, Platzer & Schröder (2021), "Leveraging Purchase Regularity for Predicting Customer Behavior the Easy Way".
"""

from kundenwert.kernels.mbg_cnbd.counts import log_purchase_probability
from kundenwert.kernels.mbg_cnbd.draws import simulate
from kundenwert.kernels.mbg_cnbd.likelihood import (
    Gradient,
    log_likelihood,
    log_likelihood_gradient,
    p_alive,
    purchase_rate,
    stage_probabilities,
    total_log_likelihood,
)

__all__ = [
    "Gradient",
    "log_likelihood",
    "log_likelihood_gradient",
    "log_purchase_probability",
    "p_alive",
    "purchase_rate",
    "simulate",
    "stage_probabilities",
    "total_log_likelihood",
]
