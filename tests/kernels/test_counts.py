"""The law of a known customer's number of purchases: against quadrature, against draws, and as a law."""

import itertools

import numpy as np
import pytest
from scipy import integrate, stats

from kundenwert.kernels import pareto_nbd
from kundenwert.kernels.futures import Reach
from kundenwert.kernels.pareto_nbd.futures import draw_futures

CDNOW = {"r": 0.5533971, "alpha": 10.5801985, "s": 0.6060625, "beta": 11.6562237}

HARD = {
    "a heavy buyer": ((260, 30.857, 31.0), 52.0, {}, (0, 1, 300, 430, 600)),
    "long gone": ((40, 20.0, 90.0), 52.0, {}, (0, 1, 60)),
    "last purchase today": ((3, 39.0, 39.0), 39.0, {}, (0, 3, 12)),
    "never came back": ((0, 0.0, 38.86), 39.0, {}, (0, 1, 9)),
    "alpha = beta": ((2, 30.43, 38.86), 39.0, {"beta": 10.5801985}, (0, 2, 20)),
    "steep shapes": ((5, 30.0, 39.0), 100.0, {"s": 60.0, "beta": 3000.0, "r": 40.0, "alpha": 300.0}, (0, 7, 40)),
    "flat shapes": ((1, 3.0, 39.0), 1e4, {"s": 0.02, "r": 0.03, "beta": 500.0}, (0, 1, 500)),
    "a short horizon": ((2, 30.43, 38.86), 1e-3, {}, (0, 1, 3)),
}


def by_quadrature(y, h, x, t_x, T, r, alpha, s, beta):
    """The definition: over the time of death, with a negative binomial number of purchases until then."""

    def number(u):
        return stats.nbinom.pmf(y, r + x, (alpha + T) / (alpha + T + u)) if u > 0 else float(y == 0)

    def dying(log_u):
        u = np.exp(log_u)
        return number(u) * np.exp(np.log(s) + s * np.log(beta + T) - (s + 1) * np.log(beta + T + u)) * u

    edges = np.log(h) - np.concatenate([[80.0, 40.0, 20.0], np.linspace(12, 0, 49)])
    how = {"epsabs": 0, "epsrel": 1e-11, "full_output": 1}
    parts = [integrate.quad(dying, *pair, **how)[0] for pair in itertools.pairwise(edges)]
    alive = pareto_nbd.p_alive(x, t_x, T, r=r, alpha=alpha, s=s, beta=beta)
    through = number(h) * ((beta + T) / (beta + T + h)) ** s
    return float(alive * (through + np.sum(parts)) + (1 - alive) * (y == 0))


@pytest.mark.parametrize("case", HARD)
def test_agrees_with_the_definition(case):
    history, h, changed, numbers = HARD[case]
    law = CDNOW | changed
    found = pareto_nbd.purchase_probability(*history, horizon=h, number=numbers, **law)
    wanted = [by_quadrature(y, h, *history, **law) for y in numbers]
    assert min(wanted) > 0
    np.testing.assert_allclose(found, wanted, rtol=2e-10)


def test_sums_to_one_and_has_the_known_mean_on_random_histories():
    rng = np.random.default_rng(5)
    size = 30
    x = np.floor(10 ** rng.uniform(-0.5, 1.5, size))
    T = rng.uniform(1, 100, size)
    t_x = np.where(x > 0, T * rng.random(size), 0.0)
    law = {name: 10 ** rng.uniform(0.3, 1.3, size) for name in CDNOW}
    law["alpha"] += x  # few purchases an interval, so that the sum ends
    y = np.arange(2500.0)[:, None]
    p = pareto_nbd.purchase_probability(x, t_x, T, horizon=20.0, number=y, **law)
    assert (p >= 0).all()
    assert (p <= 1).all()
    np.testing.assert_allclose(p.sum(axis=0), 1.0, rtol=1e-11)
    np.testing.assert_allclose(
        (y * p).sum(axis=0), pareto_nbd.expected_purchases(x, t_x, T, horizon=20.0, **law), rtol=1e-9
    )


def test_of_somebody_alive_it_is_the_law_of_a_new_customer():
    y = np.arange(12)
    found = pareto_nbd.purchase_probability(0, 0.0, 0.0, horizon=39.0, number=y, **CDNOW)
    np.testing.assert_allclose(found, pareto_nbd.purchase_pmf(horizon=39.0, number=y, **CDNOW), rtol=1e-12)


@pytest.mark.parametrize(
    ("history", "key"),
    [((2, 30.43, 38.86), 30), ((26, 30.857, 38.0), 31), ((0, 0.0, 20.0), 32)],
    ids=["repeater", "heavy", "one-timer"],
)
def test_agrees_with_drawn_outcomes(history, key):
    """Chi-square over 12 numbers of purchases, 200,000 draws: false alarms 1 in 10,000 each."""
    law = {name: np.full(200_000, value) for name, value in CDNOW.items()}
    alive = np.full((1, 200_000), float(pareto_nbd.p_alive(*history, **CDNOW)))
    reach = Reach(np.array([39.0]), np.inf, 1e4)
    x, _, T = history
    drawn = draw_futures([x], [T], alive, **law, reach=reach, keys=np.array([key], dtype=np.uint64))
    assert pvalue(np.diff(drawn.offset), history) > 1e-4


def test_agrees_with_drawn_latent_states():
    """The same by way of drawn rates and lifetimes; one history: false alarms 1 in 10,000."""
    rng, history = np.random.default_rng(8), (5, 20.0, 38.86)
    latent = pareto_nbd.draw_latents(*history, **CDNOW | {"r": np.full(200_000, CDNOW["r"])}, rng=rng)
    active = np.clip(latent.lifetime - history[2], 0, 39.0)
    assert pvalue(rng.poisson(latent.purchase_rate * active), history) > 1e-4


def pvalue(drawn, history):
    counts = np.bincount(np.minimum(drawn, 11).astype(int), minlength=12)
    p = pareto_nbd.purchase_probability(*history, horizon=39.0, number=np.arange(11), **CDNOW)
    return stats.chisquare(counts, np.append(p, 1 - p.sum()) * counts.sum()).pvalue


def test_nothing_can_happen_in_no_time():
    found = pareto_nbd.purchase_probability(2, 30.43, 38.86, horizon=0.0, number=[0, 1, 5], **CDNOW)
    np.testing.assert_allclose(found, [1.0, 0.0, 0.0], rtol=1e-15)


def test_the_logarithm_stays_finite_where_the_probability_underflows():
    logs = pareto_nbd.log_purchase_probability(0, 0.0, 38.86, horizon=39.0, number=[400, 4000, 40_000], **CDNOW)
    assert np.isfinite(logs).all()
    assert pareto_nbd.purchase_probability(0, 0.0, 38.86, horizon=39.0, number=40_000, **CDNOW) == 0
    slopes = np.diff(logs) / np.diff([400, 4000, 40_000])  # g(h) falls as (h / (α+T+h))^y at last
    np.testing.assert_allclose(slopes[-1], np.log(39.0 / (CDNOW["alpha"] + 38.86 + 39.0)), rtol=2e-4)


def test_sixteen_nodes_do_for_scores():
    rng = np.random.default_rng(6)
    y, x, T = rng.poisson(2.0, 500), rng.poisson(2.0, 500), rng.uniform(20, 40, 500)
    history = (x, np.where(x > 0, 0.8 * T, 0.0), T)
    law = {name: value * np.exp(0.3 * rng.standard_normal(500)) for name, value in CDNOW.items()}
    quick, exact = (
        pareto_nbd.log_purchase_probability(*history, horizon=39.0, number=y, **law, nodes=n) for n in (16, 200)
    )
    assert np.abs(quick - exact).max() < 1e-6
