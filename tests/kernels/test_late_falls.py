"""Integrands that stay flat or rise over decades and only then fall, as of customers who never came back."""

import numpy as np
import pytest
from panels import death_density, log_terms

from kundenwert.kernels import pareto_nbd
from kundenwert.kernels.convex import finer, power_product_integral, power_product_nodes

NAMES = ("r", "alpha", "s", "beta")

# x, t_x, T; r, alpha, s, beta
LATE = {
    "short lives": ((0, 0.0, 8320.0), (0.229, 1.21e-5, 0.0359, 0.509)),
    "half of them alive": ((0, 0.0, 6670.0), (0.00622, 1.1e-5, 0.079, 0.944)),
    "everybody leaves alike": ((0, 0.0, 40.0), (0.02, 1e-4, 400.0, 3e4)),
    "everybody leaves soon": ((0, 0.0, 365.0), (1e-3, 1e-3, 12.0, 20.0)),
    "sharper": ((0, 0.0, 9000.0), (0.05, 1e-3, 5000.0, 1e5)),
    "buying falls late": ((0, 0.0, 4000.0), (5000.0, 1e6, 0.02, 1e-4)),
    "one, at once": ((1, 1e-6, 2000.0), (1e-4, 1e-4, 11.0, 2.4)),
}
CASES = pytest.mark.parametrize(("history", "law"), LATE.values(), ids=LATE)
LIVES = LATE | {
    "an instant of a century": ((0, 0.0, 97500.0), (0.0134, 1.44e-4, 11.0, 32.4)),
    "a day of decades": ((0, 0.0, 16300.0), (1.13e-4, 1e-4, 9.28, 10.8)),
}
ORDINARY = ((2, 30.43, 38.86), (0.55, 10.58, 0.61, 11.66))


def columns(*cases):
    """Histories and laws of cases as arrays."""
    history = [np.array(column) for column in zip(*(case[0] for case in cases), strict=True)]
    return history, dict(zip(NAMES, np.array([case[1] for case in cases]).T, strict=True))


def plain(history, law):
    """The part of the log-likelihood that depends on the death time, by the panels, and the rest by its formula."""
    x, t_x, _ = history
    alive, dead = log_terms(*history, **law)
    r, alpha, s, beta = (law[name] for name in NAMES)
    rising = np.log(r + np.arange(x)).sum()
    front = rising - r * np.log1p(t_x / alpha) - x * np.log(alpha + t_x) - s * np.log1p(t_x / beta)
    return front + np.logaddexp(alive, dead), alive, dead


@CASES
def test_value_and_probability(history, law):
    law = dict(zip(NAMES, law, strict=True))
    wanted, alive, dead = plain(history, law)
    assert pareto_nbd.log_likelihood(*history, **law) == pytest.approx(wanted, rel=1e-11, abs=1e-11)
    assert pareto_nbd.p_alive(*history, **law) == pytest.approx(1 / (1 + np.exp(dead - alive)), rel=1e-10, abs=1e-12)


@CASES
def test_gradient(history, law):
    """Sixth-order differences of the panels' log-likelihood: error of order step^6, noise 1e-14 of the value / step."""
    law = dict(zip(NAMES, law, strict=True))
    found = pareto_nbd.log_likelihood_gradient(*history, **law)
    step, stencil = 1e-2, np.array([-1, 9, -45, 0, 45, -9, 1]) / 60
    for name in NAMES:
        moved = [plain(history, law | {name: law[name] * np.exp(step * k)})[0] for k in range(-3, 4)]
        wanted = stencil @ moved / step
        noise = 1e-8 + 1e-12 * abs(float(found.value))
        assert law[name] * getattr(found, name) == pytest.approx(wanted, rel=1e-8, abs=noise), name


@CASES
def test_few_nodes_are_made_more(history, law):
    """What the fast path sums with 8 nodes: off by up to 0.1 on such histories without more of them."""
    wanted, _, _ = plain(history, dict(zip(NAMES, law, strict=True)))
    grid = {name: [value, value] for name, value in zip(NAMES, law, strict=True)}
    found = pareto_nbd.total_log_likelihood(*([value] for value in history), [3.0], **grid, nodes=8)
    np.testing.assert_allclose(found, 3 * wanted, rtol=1e-6, atol=1e-5)


def test_neighbours_change_nothing():
    """What is late in an array leaves the others as they are alone, and is what it is alone, but for rounding."""
    cases = [ORDINARY, *LATE.values(), ORDINARY]
    history, laws = columns(*cases)
    together = pareto_nbd.log_likelihood_gradient(*history, **laws)
    alive = pareto_nbd.p_alive(*history, **laws)
    for i, case in enumerate(cases):
        history, law = columns(case)
        alone = pareto_nbd.log_likelihood_gradient(*history, **law)
        assert together.value[i] == pytest.approx(alone.value[0], rel=1e-13)
        for name, values in law.items():
            slope, wanted = values[0] * getattr(together, name)[i], values[0] * getattr(alone, name)[0]
            assert slope == pytest.approx(wanted, rel=1e-12, abs=1e-10), name
        assert alive[i] == pytest.approx(pareto_nbd.p_alive(*history, **law)[0], rel=1e-12)


@pytest.mark.parametrize(("i", "j"), [(i, j) for i in range(2) for j in range(3)])
def test_shapes_broadcast(i, j):
    """Two histories against three laws, one of each late; and single numbers."""
    x, t_x, T = np.array([[0], [3]]), np.array([[0.0], [20.0]]), np.array([[365.0], [39.0]])
    law = {"r": np.array([0.5, 1e-3, 0.3]), "alpha": np.array([10.0, 1e-3, 5.0]), "s": 12.0, "beta": 20.0}
    found = pareto_nbd.log_likelihood_gradient(x, t_x, T, **law)
    alive = pareto_nbd.p_alive(x, t_x, T, **law)
    assert all(part.shape == (2, 3) for part in (*found, alive))
    one = law | {"r": law["r"][j], "alpha": law["alpha"][j]}
    single = pareto_nbd.log_likelihood_gradient(x[i, 0], t_x[i, 0], T[i, 0], **one)
    assert [np.shape(part) for part in single] == [()] * 5
    assert [part[i, j] for part in found] == pytest.approx([float(part) for part in single], rel=1e-12)
    assert alive[i, j] == pytest.approx(float(pareto_nbd.p_alive(x[i, 0], t_x[i, 0], T[i, 0], **one)), rel=1e-12)


@pytest.mark.parametrize(("nodes", "error"), [(20, 1e-9), (40, 1e-11)])
@pytest.mark.parametrize(("history", "law"), LIVES.values(), ids=LIVES)
def test_life_to_date(history, law, nodes, error):
    """Against the panels; without more nodes 20 are off by up to 5e-4, and 40 by 5e-6."""
    (x, t_x, T), law = history, dict(zip(NAMES, law, strict=True))
    alive, dead = log_terms(*history, **law)
    p_alive = np.exp(alive - np.logaddexp(alive, dead))
    at, mass, _ = death_density(*history, **law)
    survived = p_alive * (T - t_x) + (1 - p_alive) * ((at - t_x) * mass).sum()
    rate = (law["r"] + x) * (p_alive / (law["alpha"] + T) + (1 - p_alive) * (mass / (law["alpha"] + at)).sum())
    found = pareto_nbd.life_to_date(*history, **law, nodes=nodes)
    assert found.p_alive == pytest.approx(p_alive, rel=10 * error, abs=1e-14)
    assert found.lifetime - t_x == pytest.approx(survived, rel=error)
    assert found.purchase_rate == pytest.approx(rate, rel=error)


@pytest.mark.parametrize(("nodes", "error"), [(20, 2e-9), (40, 3e-12)])
def test_life_to_date_over_eight_decades(nodes, error):
    """Against 200 nodes; without more nodes where they are needed the error is above 1e-3 and 1e-7."""
    rng, size = np.random.default_rng(40), 20_000
    law = dict(zip(NAMES, 10 ** rng.uniform(-4, 4, (4, size)), strict=True))
    x = np.where(rng.random(size) < 0.2, 0, np.floor(10 ** rng.uniform(0, np.log10(5001), size)))
    T = 10 ** rng.uniform(-3, 5, size)
    t_x = np.where(x == 0, 0, T * rng.random(size) ** rng.choice([1e-3, 0.1, 1, 5], size))
    found = pareto_nbd.life_to_date(x, t_x, T, **law, nodes=nodes)
    wanted = pareto_nbd.life_to_date(x, t_x, T, **law, nodes=200)
    np.testing.assert_allclose(found.p_alive, wanted.p_alive, rtol=0, atol=error)
    np.testing.assert_allclose(found.lifetime, wanted.lifetime, rtol=error, atol=0)
    np.testing.assert_allclose(found.purchase_rate, wanted.purchase_rate, rtol=error, atol=0)


def test_life_to_date_of_neighbours_and_shapes():
    """A late case among ordinary ones is what it is alone; histories broadcast against laws; numbers stay numbers."""
    cases = [ORDINARY, *LIVES.values(), ORDINARY]
    history, laws = columns(*cases)
    together = pareto_nbd.life_to_date(*history, **laws, nodes=20)
    for i, case in enumerate(cases):
        alone = pareto_nbd.life_to_date(*case[0], **dict(zip(NAMES, case[1], strict=True)), nodes=20)
        assert [np.shape(part) for part in alone] == [()] * 3
        assert [part[i] for part in together] == pytest.approx([float(part) for part in alone], rel=1e-12, abs=0)
    x, t_x, T = (column[:, None] for column in history)
    crossed = pareto_nbd.life_to_date(x, t_x, T, **laws, nodes=20)
    assert [part.shape for part in crossed] == [(len(cases), len(cases))] * 3
    for wide, narrow in zip(crossed, together, strict=True):
        np.testing.assert_allclose(np.diag(wide), narrow, rtol=1e-12)


def test_ordinary_histories_take_no_more_nodes():
    """Three years in days at a purchase in five days, or CDNOW: nothing is late, and nothing is slower."""
    T = np.array([39.0, 1095.0])
    alpha, beta = np.array([10.58, 5.0]), np.array([11.66, 60.0])
    rule = power_product_nodes(alpha, np.array([0.55, 0.5]), beta, np.array([1.61, 1.6]), T)
    assert rule.late.tolist() == [False, False]
    assert rule.h.shape == rule.weight.shape == (20, 2)
    assert (finer(20), finer(8)) == (60, 36)
    sharp = power_product_nodes(np.array(1e-3), np.array(1e-3), np.array(20.0), np.array(13.0), np.array(365.0))
    assert sharp.late.tolist() is True


def test_rising_power_in_closed_form():
    """With a = 1 and large B, `∫₀^D A/(A+h) (1+h/B)^-b dh` tends to A times a difference of exponential integrals."""
    A, B, D, b = 1e-6, 1e3, 1e4, 1.0
    wanted = A * B / (B - A) * (np.log((A + D) / A) - np.log((B + D) / B))
    found = power_product_integral(*(np.array(value) for value in (A, 1.0, B, b, D)))
    assert float(found) == pytest.approx(wanted, rel=1e-13)
