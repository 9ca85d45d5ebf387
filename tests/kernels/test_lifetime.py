"""Expected lifetime to date and expected purchase rate: against quadrature, exact draws and limits.

Written false-alarm rate: each statistical check fails right code with probability at most 1e-6; there are fewer
than 40.
"""

import numpy as np
import pytest
from panels import death_density, log_terms
from scipy import integrate

from kundenwert.kernels import pareto_nbd

SIZE = 20_000
Z = 4.9
"""|z| beyond which a normal variable lies with probability 1e-6."""

REGIMES = {  # (x, t_x, T), (r, alpha, s, beta)
    "cdnow one-timer": ((0, 0.0, 38.86), (0.553, 10.58, 0.606, 11.67)),
    "cdnow repeater": ((2, 30.43, 38.86), (0.553, 10.58, 0.606, 11.67)),
    "cdnow gone": ((7, 8.0, 38.86), (0.553, 10.58, 0.606, 11.67)),
    "alpha equals beta": ((1, 2.0, 39.0), (0.8, 10.0, 0.7, 10.0)),
    "alpha above": ((3, 10.0, 39.0), (0.8, 40.0, 0.7, 5.0)),
    "long silence": ((0, 0.0, 4000.0), (0.3, 0.5, 0.2, 300.0)),
    "mode inside": ((0, 0.0, 1000.0), (0.05, 0.01, 3.0, 50.0)),
    "mode inside, sharp": ((0, 0.0, 1000.0), (0.05, 0.01, 400.0, 9000.0)),
    "heavy buyer": ((1000, 500.0, 520.0), (0.51, 2.88, 0.29, 14.1)),
    "heavy, long gone": ((5000, 30.0, 3650.0), (0.5, 70.0, 0.6, 80.0)),
    "quick deaths": ((3, 10.0, 20.0), (5.0, 1.0, 20.0, 30.0)),
    "small shapes": ((1, 5.0, 500.0), (0.01, 3.0, 0.02, 5.0)),
    "scales far apart": ((5, 30.0, 365.0), (0.55, 1e6, 0.61, 0.01)),
    "heavy tail of the death time": ((0, 0.0, 1e5), (0.05, 0.1, 0.05, 0.2)),
    "steep in both": ((50, 1.0, 900.0), (80.0, 300.0, 50.0, 4000.0)),
}
regimes = pytest.mark.parametrize(("history", "law"), REGIMES.values(), ids=REGIMES)


def named(law):
    return dict(zip(("r", "alpha", "s", "beta"), law, strict=True))


@regimes
def test_against_a_plain_quadrature(history, law):
    (x, t_x, T), (r, alpha, *_) = history, law
    log_alive, log_dead = log_terms(*history, *law)
    p_alive = float(np.exp(log_alive - np.logaddexp(log_alive, log_dead)))
    at, mass, _ = death_density(*history, *law)
    late = p_alive * (T - t_x) + (1 - p_alive) * ((at - t_x) * mass).sum()
    rate = (r + x) * (p_alive / (alpha + T) + (1 - p_alive) * (mass / (alpha + at)).sum())
    assert float(pareto_nbd.life_to_date(*history, **named(law)).p_alive) == pytest.approx(p_alive, rel=1e-11)
    lifetime = pareto_nbd.expected_lifetime_to_date(*history, **named(law))
    assert float(lifetime - t_x) == pytest.approx(late, rel=1e-11)
    assert float(pareto_nbd.expected_purchase_rate(*history, **named(law))) == pytest.approx(rate, rel=1e-11)


@pytest.mark.parametrize("name", ["cdnow one-timer", "cdnow gone", "alpha above", "quick deaths"])
def test_against_scipy_without_the_packages_substitution(name):
    (x, t_x, T), (r, alpha, s, beta) = REGIMES[name]

    def dead(f):
        def density(u):
            return f(u) * s * ((alpha + t_x) / (alpha + u)) ** (r + x) * (beta + u) ** -(s + 1)

        return integrate.quad(density, t_x, T, epsabs=0, epsrel=1e-12, limit=500)[0]

    alive = ((alpha + t_x) / (alpha + T)) ** (r + x) * (beta + T) ** -s
    total = alive + dead(lambda u: 1.0)
    lifetime = (alive * T + dead(lambda u: u)) / total
    rate = (r + x) * (alive / (alpha + T) + dead(lambda u: 1 / (alpha + u))) / total
    law = named((r, alpha, s, beta))
    assert float(pareto_nbd.expected_lifetime_to_date(x, t_x, T, **law)) == pytest.approx(lifetime, rel=1e-10)
    assert float(pareto_nbd.expected_purchase_rate(x, t_x, T, **law)) == pytest.approx(rate, rel=1e-10)


@regimes
def test_against_exact_draws(history, law):
    x, t_x, T = history
    draw = pareto_nbd.draw_latents(np.full(SIZE, x), t_x, T, **named(law), rng=np.random.default_rng(21))
    lifetime = np.minimum(draw.lifetime, T)
    wanted = pareto_nbd.expected_lifetime_to_date(*history, **named(law))
    assert abs(lifetime.mean() - wanted) <= Z * lifetime.std() / np.sqrt(SIZE) + 1e-9 * T
    wanted = pareto_nbd.expected_purchase_rate(*history, **named(law))
    assert abs(draw.purchase_rate.mean() - wanted) <= Z * draw.purchase_rate.std() / np.sqrt(SIZE)


def test_the_check_against_draws_has_teeth():
    """The lifetime of the living alone, and the rate of the living, which are likely mistakes, are far off."""
    x, t_x, T = REGIMES["cdnow gone"][0]
    law = named(REGIMES["cdnow gone"][1])
    draw = pareto_nbd.draw_latents(np.full(SIZE, x), t_x, T, **law, rng=np.random.default_rng(21))
    lifetime = np.minimum(draw.lifetime, T)
    assert abs(lifetime.mean() - T) > 20 * Z * lifetime.std() / np.sqrt(SIZE)
    of_the_living = (law["r"] + x) / (law["alpha"] + T)
    assert abs(draw.purchase_rate.mean() - of_the_living) > 20 * Z * draw.purchase_rate.std() / np.sqrt(SIZE)


@pytest.mark.parametrize(
    ("history", "lifetime", "rate"), [((3, 39.0, 39.0), 39.0, 3.55 / 49.6), ((0, 0.0, 0.0), 0.0, 0.55 / 10.6)]
)
def test_a_history_just_ended_is_its_own_lifetime(history, lifetime, rate):
    law = {"r": 0.55, "alpha": 10.6, "s": 0.6, "beta": 11.7}
    assert float(pareto_nbd.expected_lifetime_to_date(*history, **law)) == lifetime
    assert float(pareto_nbd.expected_purchase_rate(*history, **law)) == pytest.approx(rate, rel=1e-14)


def test_without_drop_out_everybody_lives_to_date():
    law = {"r": 0.55, "alpha": 10.6, "s": 1e-12, "beta": 11.7}
    assert float(pareto_nbd.expected_lifetime_to_date(2, 5.0, 39.0, **law)) == pytest.approx(39.0, rel=1e-9)
    assert float(pareto_nbd.expected_purchase_rate(2, 5.0, 39.0, **law)) == pytest.approx(2.55 / 49.6, rel=1e-9)


def test_bounds_and_order_over_many_histories():
    rng = np.random.default_rng(4)
    size = 3000
    r, alpha, s, beta = 10 ** rng.uniform([[-2], [-1], [-2], [-1]], [[1], [4], [1.5], [4]], (4, size))
    x = np.where(rng.random(size) < 0.3, 0, np.floor(10 ** rng.uniform(0, 4, size)))
    T = 10 ** rng.uniform(-2, 4, size)
    t_x = np.where(x > 0, T * rng.random(size), 0.0)
    law = {"r": r, "alpha": alpha, "s": s, "beta": beta}
    lifetime = pareto_nbd.expected_lifetime_to_date(x, t_x, T, **law)
    rate = pareto_nbd.expected_purchase_rate(x, t_x, T, **law)
    assert (lifetime >= t_x).all()
    assert (lifetime <= T * (1 + 1e-14)).all()
    assert (rate >= (r + x) / (alpha + T) * (1 - 1e-14)).all()
    assert (rate <= (r + x) / (alpha + t_x) * (1 + 1e-14)).all()
    assert (lifetime >= t_x + pareto_nbd.p_alive(x, t_x, T, **law) * (T - t_x) * (1 - 1e-4)).all()


@pytest.mark.parametrize("length", [7.0, 12 / 52, 1 / 52], ids=["days", "months", "years"])
@pytest.mark.parametrize(
    ("quantity", "power"), [(pareto_nbd.expected_lifetime_to_date, 1), (pareto_nbd.expected_purchase_rate, -1)]
)
def test_another_unit_of_time_is_the_same_life(quantity, power, length):
    law = {"r": 0.55, "s": 0.6}
    weeks = quantity(2, 5.0, 39.0, alpha=10.6, beta=11.7, **law)
    other = quantity(2, 5.0 * length, 39.0 * length, alpha=10.6 * length, beta=11.7 * length, **law)
    assert float(other) == pytest.approx(length**power * float(weeks), rel=1e-13)


def test_expected_repeat_purchases_of_a_new_customer_agree():
    """Averaged over simulated histories, E[min(lifetime, T)] is the prior's, within 1e-6 false alarms."""
    law = {"r": 0.8, "alpha": 8.0, "s": 0.8, "beta": 15.0}
    T = np.full(SIZE, 39.0)
    x, t_x = pareto_nbd.simulate(T, **law, rng=np.random.default_rng(6))
    lifetime = pareto_nbd.expected_lifetime_to_date(x, t_x, T, **law)
    wanted = pareto_nbd.expected_lifetime(horizon=39.0, s=0.8, scale=15.0)
    assert abs(lifetime.mean() - wanted) < Z * lifetime.std() / np.sqrt(SIZE)
    rate = pareto_nbd.expected_purchase_rate(x, t_x, T, **law)
    assert abs(rate.mean() - 0.1) < Z * rate.std() / np.sqrt(SIZE)
