"""Drawn futures of one customer in many draws of one law: the catalogue of customers, and how they are drawn."""

import numpy as np
import pytest

from kundenwert.kernels import gamma_gamma_futures, pareto_nbd
from kundenwert.kernels.pareto_nbd import futures as pareto_nbd_futures
from kundenwert.kernels.streams import customer_keys

FALSE_ALARM = 1e-6
ERRORS = 5
SIZE = 200_000
SPEND = {"p": 6.25, "q": 3.74, "v": 15.44}
LONG = {"p": 6.25, "q": 9.0, "v": 150.0}  # values whose squares have a mean, so that standard errors mean something
WEEKLY = float(np.log(1.1) / 52)

CDNOW = {"r": 0.553, "alpha": 10.58, "s": 0.606, "beta": 11.67}
CASES = {  # x, t_x, T, law
    "cdnow one-timer": (0.0, 0.0, 38.86, CDNOW),
    "cdnow repeater": (2.0, 30.43, 38.86, CDNOW),
    "new": (0.0, 0.0, 0.0, CDNOW),
    "heavy buyer": (1000.0, 500.0, 500.5, {"r": 0.51, "alpha": 2.88, "s": 2.3, "beta": 140.0}),
    "quick deaths": (3.0, 18.0, 20.0, {"r": 5.0, "alpha": 1.0, "s": 20.0, "beta": 30.0}),
    "small shapes": (1.0, 5.0, 10.0, {"r": 0.01, "alpha": 3.0, "s": 0.02, "beta": 5.0}),
}
cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def samples_of(law, size):
    return {name: np.full(size, value) for name, value in law.items()}


def p_alive(x, t_x, T, law):
    return float(pareto_nbd.p_alive(x, t_x, T, **law))


def drawn(case, reach, size=SIZE, spend=LONG, key=5, first=False):
    """Futures of one customer in many draws of one law, with values."""
    x, t_x, T, law = case
    keys = customer_keys(1, [key])
    alive = np.full((1, size), p_alive(x, t_x, T, law))
    futures = pareto_nbd_futures.draw_futures([x], [T], alive, **samples_of(law, size), reach=reach, keys=keys)
    money = gamma_gamma_futures.draw_values(
        [x], [20 * x], **samples_of(spend, size), futures=futures, keys=keys, first=first
    )
    return futures, *money


def is_mean(sample, expected):
    error = sample.std() / np.sqrt(sample.size)
    return abs(sample.mean() - expected) < ERRORS * error
