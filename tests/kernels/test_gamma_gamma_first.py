"""The Gamma-Gamma with first purchases against quadrature, brute force and the plain Gamma-Gamma.

Written false-alarm rate: each statistical check fails right code with probability at most 1e-5. Seeds are fixed.
"""

import numpy as np
import pytest
from scipy import integrate, stats

from kundenwert.kernels import gamma_gamma, gamma_gamma_futures
from kundenwert.kernels import gamma_gamma_first as kernel
from kundenwert.kernels.futures import Futures, Tails
from kundenwert.kernels.streams import customer_keys

FALSE_ALARM = 1e-5
PLAIN = {"p": 6.25, "q": 3.74, "v": 15.44}
LAWS = {
    "one like the others": PLAIN | {"omega": 1.0, "m": 1.0},
    "tells little, is small": PLAIN | {"omega": 0.2, "m": 0.6},
    "tells much, is large": {"p": 0.6, "q": 4.2, "v": 2700.0, "omega": 3.0, "m": 1.7},
    "no mean": {"p": 3.4, "q": 0.8, "v": 38.5, "omega": 0.5, "m": 1.0},
}
CUSTOMERS = {"two": (2.0, 22.35, 20.0), "one, far apart": (1.0, 400.0, 3.0), "many": (60.0, 31.0, 90.0)}
CASES = [pytest.param(who, law, id=f"{a} | {b}") for a, who in CUSTOMERS.items() for b, law in LAWS.items()]


def values_given(nu, who, law):
    """Density of f and z̄ given ν, as the law is written."""
    (x, z, f), (p, weight, level) = who, (law[name] for name in ("p", "omega", "m"))
    first = stats.gamma(weight * p, scale=level / (weight * nu)).pdf(f)
    return first * stats.gamma(p * x, scale=1 / (nu * x)).pdf(z)


def over_nu(function, who, law):
    """Integral over ν of a function times the density of what is seen, on a grid of log ν."""
    (x, z, f), (p, weight) = who, (law["p"], law["omega"])
    shape = law["q"] + p * x + p * weight
    middle = np.log(shape / (law["v"] + x * z + weight * f / law["m"]))
    log_nu = np.linspace(middle - 40 / np.sqrt(shape) - 5, middle + 40 / np.sqrt(shape) + 2, 20_001)
    nu = np.exp(log_nu)
    density = stats.gamma(law["q"], scale=1 / law["v"]).pdf(nu) * values_given(nu, who, law) * nu
    return integrate.simpson(function(nu) * density, x=log_nu)


@pytest.mark.parametrize(("who", "law"), CASES)
def test_likelihood_is_the_integral_over_the_latent_rate(who, law):
    wanted = np.log(over_nu(np.ones_like, who, law))
    assert float(kernel.log_likelihood(*who, **law)) == pytest.approx(wanted, rel=1e-7, abs=1e-7)


@pytest.mark.parametrize(("who", "law"), CASES)
def test_posterior_mean_is_that_of_the_integral(who, law):
    """E[p/ν | f, z̄] by quadrature; the plain law at q + ωp and v + ωf/m says the same."""
    x, z, f = who
    q, v = kernel.given_first(f, **law)
    found = float(gamma_gamma.expected_spend(x, z, p=law["p"], q=q, v=v))
    wanted = over_nu(lambda nu: law["p"] / nu, who, law) / over_nu(np.ones_like, who, law)
    assert found == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("first", [20.0, 0.0, -5.0, np.nan])
@pytest.mark.parametrize(("who", "law"), CASES)
def test_gradient_against_differences(who, law, first):
    x, z, _ = who
    found = kernel.log_likelihood_gradient(x, z, first, **law)
    assert float(found.value) == float(kernel.log_likelihood(x, z, first, **law))
    for name, value in law.items():
        step = 1e-5 * value
        up, down = (float(kernel.log_likelihood(x, z, first, **law | {name: value + s * step})) for s in (1, -1))
        wanted = (up - down) / (2 * step)
        assert float(getattr(found, name)) == pytest.approx(wanted, rel=1e-5, abs=1e-7 * max(1, abs(up) / value)), name


@pytest.mark.parametrize("first", [0.0, -5.0, np.nan])
def test_a_first_purchase_that_is_none_says_nothing(first):
    law = LAWS["tells little, is small"]
    assert float(kernel.log_likelihood(2, 22.35, first, **law)) == float(gamma_gamma.log_likelihood(2, 22.35, **PLAIN))
    assert [float(value) for value in kernel.given_first(first, **law)] == [PLAIN["q"], PLAIN["v"]]
    slopes = kernel.log_likelihood_gradient(2, 22.35, first, **law)
    plain = gamma_gamma.log_likelihood_gradient(2, 22.35, **PLAIN)
    assert (float(slopes.omega), float(slopes.m)) == (0.0, 0.0)
    assert [float(slopes.p), float(slopes.q), float(slopes.v)] == pytest.approx(
        [float(plain.p), float(plain.q), float(plain.v)], rel=1e-12
    )


def test_at_weight_and_level_one_it_is_a_repeat_purchase():
    """Mean of three purchases, one of them first: the same density but for the Jacobian and how they share the sum."""
    law = LAWS["one like the others"]
    q, v = kernel.given_first(20.0, **law)
    together = (2 * 22.35 + 20.0) / 3
    assert float(gamma_gamma.expected_spend(2, 22.35, p=law["p"], q=q, v=v)) == pytest.approx(
        float(gamma_gamma.expected_spend(3, together, **PLAIN)), rel=1e-12
    )


def test_total_is_the_sum():
    x, z = np.array([1.0, 2.0, 2.0, 60.0]), np.array([400.0, 22.35, 18.0, 31.0])
    first = np.array([3.0, np.nan, 20.0, 90.0])
    laws = {name: np.array([law[name] for law in LAWS.values()]) for name in LAWS["no mean"]}
    wanted = kernel.log_likelihood(x, z, first, **{name: values[:, None] for name, values in laws.items()}).sum(axis=1)
    np.testing.assert_allclose(kernel.total_log_likelihood(x, z, first, **laws), wanted, rtol=1e-12)
    nobody = kernel.total_log_likelihood(x, z, np.zeros(4), **laws)
    plain = gamma_gamma.total_log_likelihood(x, z, **{name: laws[name] for name in PLAIN})
    np.testing.assert_array_equal(nobody, plain)


def test_simulated_first_purchases_have_their_law():
    law, size = LAWS["tells little, is small"], 200_000
    spend, mean, first = kernel.simulate(np.full(size, 3.0), **law, rng=np.random.default_rng(4))
    shape = law["p"] * law["omega"]
    noise = stats.gamma(shape, scale=law["m"] / shape)
    assert stats.kstest(first / spend, noise.cdf).pvalue > FALSE_ALARM
    assert abs(stats.spearmanr(first / spend, mean / spend).statistic) < 4.5 / np.sqrt(size)
    marginal = stats.betaprime(shape, law["q"], scale=law["m"] * law["v"] / law["omega"])
    assert stats.kstest(first, marginal.cdf).pvalue > FALSE_ALARM


@pytest.mark.parametrize("name", LAWS)
def test_first_purchases_of_newcomers_are_drawn_from_their_law(name):
    law, size = LAWS[name], 100_000
    none = np.empty(0)
    tails = Tails(np.empty(0, dtype=np.int64), none, none, none, none, np.empty((0, 1)))
    one_each = Futures(np.arange(size + 1), np.ones(size), tails, np.full(size, np.inf))
    value, mean, first = gamma_gamma_futures.draw_values(
        [0.0],
        [0.0],
        **{key: np.full(size, number) for key, number in law.items()},
        futures=one_each,
        keys=customer_keys(1, [7]),
        first=True,
    )
    shape = law["p"] * law["omega"]
    assert stats.kstest(first / mean, stats.gamma(shape, scale=law["m"] / shape).cdf).pvalue > FALSE_ALARM
    assert stats.kstest(value / mean * law["p"], stats.gamma(law["p"]).cdf).pvalue > FALSE_ALARM
    assert abs(stats.spearmanr(value / mean, first / mean).statistic) < 4.5 / np.sqrt(size)
    marginal = stats.betaprime(shape, law["q"], scale=law["m"] * law["v"] / law["omega"])
    assert stats.kstest(first, marginal.cdf).pvalue > FALSE_ALARM
