r"""The Pareto/NBD model of repeat purchases (Schmittlein, Morrison & Colombo 1987; Fader & Hardie 2005).

While alive, a customer buys as a Poisson process of rate λ ~ Gamma(shape r, rate α); the lifetime is exponential
of rate μ ~ Gamma(shape s, rate β). Data of one customer: `frequency` x, the number of repeat purchases;
`recency` t_x, the time from the first to the last purchase (NOT the time since the last one; 0 where x = 0);
`T`, the time from the first purchase to the end of observation. All times are in one unit.

The textbook likelihood is a difference of two Gaussian hypergeometric functions, which cancels. Here it is

    L = A · [ (α+T)^-(r+x) (β+T)^-s + s ∫ (α+u)^-(r+x) (β+u)^-(s+1) du ],   u from t_x to T,

with the integral by quadrature: both terms are positive, nothing cancels, α = β is no special case.
"""

from kundenwert.kernels.pareto_nbd.counts import log_purchase_probability, purchase_probability
from kundenwert.kernels.pareto_nbd.draws import Latents, draw_latents, simulate
from kundenwert.kernels.pareto_nbd.lifetime import (
    LifeToDate,
    expected_lifetime_to_date,
    expected_purchase_rate,
    life_to_date,
)
from kundenwert.kernels.pareto_nbd.likelihood import (
    Gradient,
    log_likelihood,
    log_likelihood_gradient,
    p_alive,
    p_alive_at,
)
from kundenwert.kernels.pareto_nbd.purchases import (
    dert,
    discounted_lifetime,
    expected_lifetime,
    expected_purchases,
    expected_purchases_new,
    purchase_pmf,
)
from kundenwert.kernels.pareto_nbd.total import TOTAL_NODES, total_log_likelihood

__all__ = [
    "TOTAL_NODES",
    "Gradient",
    "Latents",
    "LifeToDate",
    "dert",
    "discounted_lifetime",
    "draw_latents",
    "expected_lifetime",
    "expected_lifetime_to_date",
    "expected_purchase_rate",
    "expected_purchases",
    "expected_purchases_new",
    "life_to_date",
    "log_likelihood",
    "log_likelihood_gradient",
    "log_purchase_probability",
    "p_alive",
    "p_alive_at",
    "purchase_pmf",
    "purchase_probability",
    "simulate",
    "total_log_likelihood",
]
