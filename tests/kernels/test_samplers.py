"""Samplers against the densities they must have.

Written false-alarm rate: every statistical check here fails a right sampler with probability at most 1e-6, and there
are fewer than 400 of them, so all together less than once in 2,500 changes of the seeds. The seeds are fixed: a right
sampler that passes today passes tomorrow.
"""

import numpy as np
import pytest
from panels import death_density, integrate, log_terms, panels
from scipy import stats

from kundenwert.kernels import gamma_gamma, pareto_nbd
from kundenwert.kernels.convex import draw_death

FALSE_ALARM = 1e-6
SIZE = 20_000

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
    "short break": ((254, 97.14286, 97.28571), (0.51, 2.88, 0.29, 14.1)),
    "quick deaths": ((3, 10.0, 20.0), (5.0, 1.0, 20.0, 30.0)),
    "small shapes": ((1, 5.0, 500.0), (0.01, 3.0, 0.02, 5.0)),
    "scales far apart": ((5, 30.0, 365.0), (0.55, 1e6, 0.61, 0.01)),
    "steep in both": ((50, 1.0, 900.0), (80.0, 300.0, 50.0, 4000.0)),
}
regimes = pytest.mark.parametrize(("history", "law"), REGIMES.values(), ids=REGIMES)


def ks(sample, distribution):
    """p-value of the Kolmogorov-Smirnov test against a distribution function."""
    return stats.kstest(sample, distribution).pvalue


def share_p_value(successes, size, probability):
    return stats.binomtest(int(successes), size, probability).pvalue


def death_distribution(history, law):
    """Distribution function of the time of death given death before T."""
    at, mass, _ = death_density(*history, *law)
    cumulated = np.cumsum(mass.sum(axis=1))
    ends = np.concatenate([[history[1]], (at[:-1, -1] + at[1:, 0]) / 2, [history[2]]])
    return lambda t: np.interp(t, ends, np.concatenate([[0.0], cumulated]))


def death_arguments(history, law, size):
    (x, t_x, T), (r, alpha, s, beta) = history, law
    return [np.full(size, float(value)) for value in (alpha + t_x, r + x, beta + t_x, s + 1, T - t_x)]


@regimes
def test_time_of_death(history, law):
    drawn = draw_death(*death_arguments(history, law, SIZE), np.random.default_rng(1))
    assert (drawn >= 0).all()
    assert (drawn <= history[2] - history[1]).all()
    assert ks(history[1] + drawn, death_distribution(history, law)) > FALSE_ALARM


@pytest.mark.parametrize("name", [name for name in REGIMES if name != "short break"])
def test_a_uniform_time_of_death_would_be_caught(name):
    """The check has teeth: it rejects deaths spread evenly between last purchase and end, which are wrong everywhere."""
    history, law = REGIMES[name]
    wrong = np.random.default_rng(2).uniform(history[1], history[2], SIZE)
    assert ks(wrong, death_distribution(history, law)) < FALSE_ALARM


@regimes
def test_latent_state(history, law):
    """Share alive, lifetimes, both rates' marginals, and the rates' law given the time of death."""
    (x, t_x, T), (r, alpha, s, beta) = history, law
    draw = pareto_nbd.draw_latents(
        np.full(SIZE, x), t_x, T, r=r, alpha=alpha, s=s, beta=beta, rng=np.random.default_rng(3)
    )
    log_alive, log_dead = log_terms(*history, *law)
    p_alive = float(np.exp(log_alive - np.logaddexp(log_alive, log_dead)))
    assert share_p_value(draw.alive.sum(), SIZE, p_alive) > FALSE_ALARM
    assert (draw.lifetime[draw.alive] >= T).all()
    assert (draw.lifetime[~draw.alive] <= T).all()
    assert (draw.lifetime >= t_x).all()

    # given the end of activity (T or death) both rates are Gamma, independent of it and of each other
    end = np.minimum(draw.lifetime, T)
    u_rate = stats.gamma.cdf(draw.purchase_rate * (alpha + end), r + x)
    u_dropout = stats.gamma.cdf(draw.dropout_rate * (beta + end), s + ~draw.alive)
    for u in (u_rate, u_dropout):
        assert ks(u, "uniform") > FALSE_ALARM
        assert stats.spearmanr(u, end).pvalue > FALSE_ALARM if np.ptp(end) > 0 else True
    assert stats.spearmanr(u_rate, u_dropout).pvalue > FALSE_ALARM

    # marginals by numerical integration over the time of death
    at, mass, _ = death_density(*history, *law)
    heavy = mass > 1e-12
    at, mass = at[heavy][:, None], mass[heavy]
    for value, shape, extra, rate in (
        (draw.purchase_rate, r + x, 0, alpha),
        (draw.dropout_rate, s, 1, beta),
    ):
        points = np.quantile(value, np.linspace(0, 1, 201))
        dead = mass @ stats.gamma.cdf(points * (rate + at), shape + extra)
        marginal = p_alive * stats.gamma.cdf(points * (rate + T), shape) + (1 - p_alive) * dead
        empirical = np.searchsorted(np.sort(value), points, side="right") / SIZE
        # Massart's bound: P(sup |F_n - F| > d) <= 2 exp(-2 n d²)
        assert np.abs(empirical - marginal).max() < np.sqrt(np.log(2 / FALSE_ALARM) / (2 * SIZE))


def test_lifetimes_of_the_living_are_pareto():
    (x, t_x, T), (r, alpha, s, beta) = REGIMES["cdnow repeater"]
    draw = pareto_nbd.draw_latents(
        np.full(SIZE, x), t_x, T, r=r, alpha=alpha, s=s, beta=beta, rng=np.random.default_rng(4)
    )
    more = draw.lifetime[draw.alive] - T
    assert ks(more, lambda h: 1 - ((beta + T) / (beta + T + h)) ** s) > FALSE_ALARM


def test_latent_state_of_many_customers_at_once():
    """Customers drawn side by side keep their own laws: each against its own P(alive)."""
    rng = np.random.default_rng(5)
    size, many = 400, 300
    x = rng.integers(0, 8, many)[:, None] * np.ones(size)
    T = rng.uniform(10, 39, many)[:, None] * np.ones(size)
    t_x = np.where(x > 0, T * rng.random(many)[:, None], 0)
    law = {"r": 0.553, "alpha": 10.58, "s": 0.606, "beta": 11.67}
    draw = pareto_nbd.draw_latents(x, t_x, T, **law, rng=rng)
    p = pareto_nbd.p_alive(x[:, 0], t_x[:, 0], T[:, 0], **law)
    z = (draw.alive.sum(axis=1) - size * p) / np.sqrt(size * p * (1 - p))
    assert stats.chi2.sf((z**2).sum(), many) > FALSE_ALARM
    assert stats.chi2.cdf((z**2).sum(), many) > FALSE_ALARM


def test_a_history_just_ended_is_always_alive():
    draw = pareto_nbd.draw_latents(
        3, 39.0, np.full(1000, 39.0), r=0.5, alpha=10, s=0.6, beta=11, rng=np.random.default_rng(6)
    )
    assert draw.alive.all()


def test_no_regime_makes_the_sampler_wait_for_ever():
    """Acceptance stays high over eight decades of parameters: one call draws 20,000 deaths in well under a second."""
    rng = np.random.default_rng(7)
    r, alpha, s, beta = 10 ** rng.uniform(-4, 4, (4, SIZE))
    x = np.where(rng.random(SIZE) < 0.3, 0, np.floor(10 ** rng.uniform(0, 3.7, SIZE)))
    T = 10 ** rng.uniform(-3, 5, SIZE)
    t_x = np.where(x > 0, T * rng.random(SIZE), 0)
    asked = []

    class Counting:
        def random(self, size):
            asked.append(size)
            return rng.random(size)

    drawn = draw_death(alpha + t_x, r + x, beta + t_x, s + 1, T - t_x, Counting())
    assert ((drawn >= 0) & (drawn <= T - t_x)).all()
    assert sum(asked) / 3 < 2.0 * SIZE


SIMULATED = {
    "cdnow": (39.0, (0.553, 10.58, 0.606, 11.67)),
    "often": (39.0, (1.5, 3.0, 0.6, 20.0)),
    "short lives": (100.0, (2.0, 5.0, 3.0, 10.0)),
    "alpha equals beta": (52.0, (0.8, 10.0, 0.8, 10.0)),
}


@pytest.mark.parametrize(("T", "law"), SIMULATED.values(), ids=SIMULATED)
def test_simulated_counts(T, law):
    parameters = dict(zip(("r", "alpha", "s", "beta"), law, strict=True))
    x, t_x = pareto_nbd.simulate(np.full(SIZE, T), **parameters, rng=np.random.default_rng(8))
    most = int(
        np.searchsorted(
            np.cumsum(pareto_nbd.purchase_pmf(horizon=T, number=np.arange(2000), **parameters)), 1 - 20 / SIZE
        )
    )
    p = pareto_nbd.purchase_pmf(horizon=T, number=np.arange(most), **parameters)
    wanted = SIZE * np.append(p, 1 - p.sum())
    seen = np.bincount(np.minimum(x, most).astype(int), minlength=most + 1)
    assert stats.chisquare(seen, wanted * seen.sum() / wanted.sum()).pvalue > FALSE_ALARM
    assert ((t_x > 0) == (x > 0)).all()
    assert (t_x <= T).all()


@pytest.mark.parametrize(("T", "law"), SIMULATED.values(), ids=SIMULATED)
@pytest.mark.parametrize("x", [1, 2, 5])
def test_simulated_recency(T, law, x):
    """Given x the density of t_x is the likelihood times t^(x-1)/(x-1)!, the volume of the purchases in between."""
    parameters = dict(zip(("r", "alpha", "s", "beta"), law, strict=True))
    counts, recency = pareto_nbd.simulate(np.full(5 * SIZE, T), **parameters, rng=np.random.default_rng(9))
    edges = np.linspace(0, T, 400)
    middles = (edges[1:] + edges[:-1]) / 2
    density = np.exp(pareto_nbd.log_likelihood(x, middles, T, **parameters)) * middles ** (x - 1)
    cumulated = np.concatenate([[0.0], np.cumsum(density)]) / density.sum()
    assert ks(recency[counts == x], lambda t: np.interp(t, edges, cumulated)) > FALSE_ALARM


@pytest.mark.parametrize("x", [1, 2, 5, 12])
def test_likelihood_integrates_to_the_count_distribution(x):
    """Two kernels that share no formula: the likelihood summed over t_x, and P(X(T) = x)."""
    T, law = 39.0, {"r": 0.553, "alpha": 10.58, "s": 0.606, "beta": 11.67}
    volume = np.cumprod([1.0, *range(1, x)])[-1]

    def density(t):
        return np.exp(pareto_nbd.log_likelihood(x, t, T, **law)) * t ** (x - 1) / volume

    assert integrate(density, panels(T)) == pytest.approx(
        float(pareto_nbd.purchase_pmf(horizon=T, number=x, **law)), rel=1e-10
    )


SPENDERS = {
    "cdnow repeater": (2, 22.35, (6.25, 3.74, 15.44)),
    "cdnow one-timer": (0, np.nan, (6.25, 3.74, 15.44)),
    "heavy": (5000, 10.0, (6.25, 3.74, 15.44)),
    "no mean": (0, np.nan, (2.0, 0.7, 30.0)),
    "nearly equal baskets": (3, 50.0, (900.0, 2.0, 1.0)),
}


@pytest.mark.parametrize(("x", "z", "law"), SPENDERS.values(), ids=SPENDERS)
def test_drawn_spend(x, z, law):
    p, q, v = law
    drawn = gamma_gamma.draw_spend(x, z, p=np.full(SIZE, p), q=q, v=v, rng=np.random.default_rng(10))
    rate = v + (x * z if x else 0)
    assert ks(p / drawn, stats.gamma(p * x + q, scale=1 / rate).cdf) > FALSE_ALARM
    expected = gamma_gamma.expected_spend(x, z, p=p, q=q, v=v)
    if p * x + q > 2:
        spread = expected / np.sqrt(p * x + q - 2)
        assert abs(drawn.mean() - expected) < 4.9 * spread / np.sqrt(SIZE)
    elif p * x + q <= 1:
        assert np.isinf(expected)


@pytest.mark.parametrize("x", [1, 3, 40])
def test_simulated_spend(x):
    p, q, v = 6.25, 3.74, 15.44
    spend, mean = gamma_gamma.simulate(np.full(SIZE, x), p=p, q=q, v=v, rng=np.random.default_rng(11))
    assert ks(p / spend, stats.gamma(q, scale=1 / v).cdf) > FALSE_ALARM
    assert ks(x * mean / v, stats.betaprime(p * x, q).cdf) > FALSE_ALARM
    assert ks(mean * x * p / spend, stats.gamma(p * x).cdf) > FALSE_ALARM


@pytest.mark.parametrize("x", [1, 3, 40])
def test_spend_density_is_a_beta_prime(x):
    p, q, v = 6.25, 3.74, 15.44
    z = np.geomspace(0.5, 500, 50)
    wanted = stats.betaprime(p * x, q, scale=v / x).logpdf(z)
    np.testing.assert_allclose(gamma_gamma.log_likelihood(x, z, p=p, q=q, v=v), wanted, rtol=1e-10)


def test_wrong_spend_would_be_caught():
    """Spend drawn around its mean with the spread of one purchase, a likely mistake, is rejected."""
    x, z, (p, q, v) = SPENDERS["cdnow repeater"]
    wrong = p * (v + x * z) / np.random.default_rng(12).gamma(p * x + q - 1, size=SIZE)
    assert ks(p / wrong, stats.gamma(p * x + q, scale=1 / (v + x * z)).cdf) < FALSE_ALARM
