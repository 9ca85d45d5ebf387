"""Totals of many parameter sets agree with single histories where samplers wander far out."""

import numpy as np
import pytest

from kundenwert.kernels import nbd, pareto_nbd

FREQUENCY, RECENCY, T = np.array([0.0, 1.0, 3.0, 40.0]), np.array([0.0, 12.0, 30.0, 38.0]), np.full(4, 39.0)
COUNT = np.array([50.0, 20.0, 5.0, 1.0])
SHAPES = [1e-110, 1e-3, 0.5, 99.0, 101.0, 1e6, 1e12, 1e18]


@pytest.mark.parametrize("r", SHAPES)
def test_totals_are_sums_however_alike_customers_are(r):
    """At r = 4e17 terms of size r log α once cancelled to a total of +258, in place of -666."""
    purchase = {"r": r, "alpha": 400 * r}
    law = purchase | {"s": 0.6, "beta": 12.0}
    each = pareto_nbd.log_likelihood(FREQUENCY, RECENCY, T, **law)
    total = pareto_nbd.total_log_likelihood(FREQUENCY, RECENCY, T, COUNT, **law, nodes=20)
    assert total.item() == pytest.approx(COUNT @ each, rel=1e-12)
    each = nbd.log_likelihood(FREQUENCY, RECENCY, T, **purchase)
    assert nbd.total_log_likelihood(FREQUENCY, RECENCY, T, COUNT, **purchase).item() == pytest.approx(COUNT @ each)


@pytest.mark.parametrize("r", [1e9, 1e12, 1e15, 1e18])
def test_customers_all_alike_buy_as_a_poisson_process(r):
    """For r towards infinity at a fixed rate 1/400 the likelihood of purchase times is `λ^x exp(-λ T)`."""
    poisson = FREQUENCY * np.log(1 / 400) - T / 400
    assert nbd.log_likelihood(FREQUENCY, RECENCY, T, r=r, alpha=400 * r) == pytest.approx(poisson, abs=2e3 / r + 1e-11)
