"""Relations that hold for every parameter: monotone, under a change of the time unit, in the limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from panels import integrate, log_terms, panels
from scipy.special import gammaln

from kundenwert.kernels import gamma_gamma, pareto_nbd

relation = settings(deadline=None, derandomize=True, max_examples=100)
ROUNDING = 1 + 1e-12


def log_range(low, high):
    return st.floats(np.log10(low), np.log10(high)).map(lambda e: float(10**e))


shapes, scales = log_range(0.05, 50), log_range(0.3, 3000)
laws = st.fixed_dictionaries({"r": shapes, "alpha": scales, "s": shapes, "beta": scales})


@st.composite
def histories(draw):
    x = draw(st.one_of(st.just(0), st.integers(1, 20), st.integers(21, 5000)))
    T = draw(log_range(0.5, 1000))
    t_x = 0.0 if x == 0 else T * draw(st.one_of(st.just(1.0), st.floats(0.01, 1.0)))
    return x, t_x, T


# ------------------------------------------------------------------------------------------------ change of unit


@relation
@given(histories(), laws, log_range(1e-3, 1e3))
def test_change_of_time_unit(history, law, c):
    """In a unit c times shorter every density of x times loses x log c; probabilities and counts stay."""
    x, t_x, T = history
    moved = law | {"alpha": c * law["alpha"], "beta": c * law["beta"]}
    before = float(pareto_nbd.log_likelihood(x, t_x, T, **law))
    after = float(pareto_nbd.log_likelihood(x, c * t_x, c * T, **moved))
    assert after == pytest.approx(before - x * np.log(c), rel=1e-11, abs=1e-9 + 1e-12 * x * 20)
    for function, times in (
        (pareto_nbd.p_alive, {}),
        (pareto_nbd.expected_purchases, {"horizon": 10.0}),
        (pareto_nbd.p_alive_at, {"horizon": 10.0}),
    ):
        one = float(function(x, t_x, T, **times, **law))
        other = float(function(x, c * t_x, c * T, **{name: c * time for name, time in times.items()}, **moved))
        assert other == pytest.approx(one, rel=1e-8, abs=1e-280)
    one = float(pareto_nbd.dert(x, t_x, T, discount_rate=0.01, **law))
    assert float(pareto_nbd.dert(x, c * t_x, c * T, discount_rate=0.01 / c, **moved)) == pytest.approx(
        one, rel=1e-8, abs=1e-280
    )
    counts = np.arange(4)
    np.testing.assert_allclose(
        pareto_nbd.purchase_pmf(horizon=c * T, number=counts, **moved),
        pareto_nbd.purchase_pmf(horizon=T, number=counts, **law),
        rtol=1e-9,
        atol=1e-300,
    )


@relation
@given(
    st.integers(1, 500),
    log_range(0.1, 1e4),
    log_range(0.1, 50),
    log_range(0.1, 50),
    log_range(0.1, 1e3),
    log_range(1e-3, 1e3),
)
def test_change_of_currency(x, z, p, q, v, c):
    before = float(gamma_gamma.log_likelihood(x, z, p=p, q=q, v=v))
    after = float(gamma_gamma.log_likelihood(x, c * z, p=p, q=q, v=c * v))
    assert after == pytest.approx(before - np.log(c), rel=1e-9, abs=1e-9)
    mean = float(gamma_gamma.expected_spend(x, z, p=p, q=q, v=v))
    assert float(gamma_gamma.expected_spend(x, c * z, p=p, q=q, v=c * v)) == pytest.approx(c * mean, rel=1e-12)


# ------------------------------------------------------------------------------------------------ monotone


@relation
@given(histories(), laws, st.floats(1.01, 10))
def test_silence_lowers_p_alive(history, law, factor):
    x, t_x, T = history
    now, later = pareto_nbd.p_alive(x, t_x, np.array([T, T * factor]), **law)
    assert 0 <= later <= now * (1 + 1e-7) <= 1 + 1e-7


@relation
@given(histories(), laws, st.floats(0.05, 0.99))
def test_a_later_purchase_raises_p_alive(history, law, factor):
    x, t_x, T = history
    early, late = pareto_nbd.p_alive(x, np.array([t_x * factor, t_x]), T, **law)
    assert early <= late * (1 + 1e-7)


@relation
@given(histories(), laws, st.floats(0.1, 500), st.floats(1.01, 20))
def test_horizon_and_discount(history, law, h, factor):
    near, far = pareto_nbd.expected_purchases(*history, horizon=np.array([h, h * factor]), **law)
    assert 0 <= near <= far * ROUNDING <= near * factor * ROUNDING**2
    cheap, dear = pareto_nbd.dert(*history, discount_rate=np.array([0.001, 0.001 * factor]), **law)
    assert 0 <= dear <= cheap * (1 + 1e-7)
    soon, late = pareto_nbd.p_alive_at(*history, horizon=np.array([h, h * factor]), **law)
    assert 0 <= late <= soon <= pareto_nbd.p_alive(*history, **law) * ROUNDING
    new = pareto_nbd.expected_purchases_new(horizon=np.array([h, h * factor]), **law)
    assert 0 <= new[0] <= new[1] * ROUNDING <= law["r"] / law["alpha"] * h * factor * ROUNDING**2


@relation
@given(laws, st.floats(0.1, 500))
def test_nothing_seen_is_a_new_customer(law, h):
    known = float(pareto_nbd.expected_purchases(0, 0.0, 0.0, horizon=h, **law))
    assert known == pytest.approx(float(pareto_nbd.expected_purchases_new(horizon=h, **law)), rel=1e-12)
    assert float(pareto_nbd.p_alive(0, 0.0, 0.0, **law)) == 1
    assert float(pareto_nbd.log_likelihood(0, 0.0, 0.0, **law)) == pytest.approx(0, abs=1e-12)


@relation
@given(laws, st.floats(0.5, 500))
def test_never_coming_back(law, T):
    """The likelihood of x = 0 is the probability of no purchase."""
    never = float(pareto_nbd.log_likelihood(0, 0.0, T, **law))
    # ten times the worst error of twenty nodes at x = 0 found in this range, where alpha is a thousandth of T
    assert np.exp(never) == pytest.approx(float(pareto_nbd.purchase_pmf(horizon=T, number=0, **law)), rel=1e-7)


@relation
@given(st.integers(1, 300), st.floats(0.5, 500), log_range(0.2, 50), st.floats(1.05, 50), log_range(0.1, 1e3))
def test_spend_is_shrunk_towards_the_population(x, z, p, q, v):
    mean = float(gamma_gamma.expected_spend(x, z, p=p, q=q, v=v))
    population = float(gamma_gamma.expected_spend(0, np.nan, p=p, q=q, v=v))
    low, high = sorted((population, z))
    assert low * (1 - 1e-12) <= mean <= high * (1 + 1e-12)


# ------------------------------------------------------------------------------------------------ limits and sums


@relation
@given(histories(), laws, log_range(0.1, 2000))
def test_purchases_are_rate_times_time_alive(history, law, h):
    """`E = rate · ∫ P(alive at T + u) du`, two kernels against each other."""
    x, t_x, T = history
    rate = (law["r"] + x) / (law["alpha"] + T)
    area = integrate(lambda u: pareto_nbd.p_alive_at(x, t_x, T, horizon=u, **law), panels(h, 200))
    assert rate * area == pytest.approx(
        float(pareto_nbd.expected_purchases(x, t_x, T, horizon=h, **law)), rel=1e-9, abs=1e-290
    )


@relation
@given(histories(), laws, log_range(0.1, 2000), log_range(1e-5, 1))
def test_discounted_purchases(history, law, h, discount):
    x, t_x, T = history
    rate = (law["r"] + x) / (law["alpha"] + T)
    area = integrate(
        lambda u: np.exp(-discount * u) * pareto_nbd.p_alive_at(x, t_x, T, horizon=u, **law), panels(h, 200)
    )
    found = float(pareto_nbd.dert(x, t_x, T, discount_rate=discount, horizon=h, **law))
    assert found == pytest.approx(rate * area, rel=1e-8, abs=1e-290)


@relation
@given(histories(), laws)
def test_limits_of_the_horizon(history, law):
    far = float(pareto_nbd.dert(*history, discount_rate=0.01, horizon=5000.0, **law))
    assert far == pytest.approx(float(pareto_nbd.dert(*history, discount_rate=0.01, **law)), rel=1e-8, abs=1e-290)
    plain = float(pareto_nbd.expected_purchases(*history, horizon=52.0, **law))
    assert float(pareto_nbd.dert(*history, discount_rate=1e-12, horizon=52.0, **law)) == pytest.approx(
        plain, rel=1e-8, abs=1e-290
    )
    assert float(pareto_nbd.dert(*history, discount_rate=0.0, horizon=52.0, **law)) == plain
    forever = float(pareto_nbd.expected_purchases(*history, horizon=np.inf, **law))
    if law["s"] > 1.2:
        wanted = float(pareto_nbd.expected_purchases(*history, horizon=1e200, **law))
        assert forever == pytest.approx(wanted, rel=1e-9, abs=1e-290)
    elif law["s"] <= 1 and plain > 0:
        assert forever == np.inf


@pytest.mark.parametrize(
    ("function", "extra"),
    [(pareto_nbd.expected_purchases, {"horizon": 52.0}), (pareto_nbd.dert, {"discount_rate": 0.002})],
    ids=["purchases", "dert"],
)
def test_shape_one_is_no_special_case(function, extra):
    s = np.array([1 - 1e-9, 1.0, 1 + 1e-9])
    found = function(2, 30.43, 38.86, **extra, r=0.55, alpha=10.6, s=s, beta=11.7)
    np.testing.assert_allclose(found, found[1], rtol=1e-8)


@settings(relation, max_examples=40)
@given(
    log_range(0.1, 5),
    log_range(3, 100),
    log_range(0.1, 20),
    log_range(1, 1000),
    st.floats(0.5, 60),
)
def test_count_probabilities_sum_to_one(r, alpha, s, beta, t):
    law = {"r": r, "alpha": alpha, "s": s, "beta": beta}
    counts = np.arange(3000)
    p = pareto_nbd.purchase_pmf(horizon=t, number=counts, **law)
    assert ((p >= 0) & (p <= 1)).all()
    assert p.sum() == pytest.approx(1, abs=1e-10)
    assert (counts * p).sum() == pytest.approx(float(pareto_nbd.expected_purchases_new(horizon=t, **law)), rel=1e-8)


@relation
@given(histories(), laws)
def test_against_composite_quadrature(history, law):
    """Twenty nodes against thousands, no code shared: value and P(alive) over a wide but sane range."""
    x, t_x, T = history
    alive, dead = log_terms(x, t_x, T, **law)
    total = np.logaddexp(alive, dead)
    scale = (
        -law["r"] * np.log1p(t_x / law["alpha"])
        - x * np.log(law["alpha"] + t_x)
        - law["s"] * np.log1p(t_x / law["beta"])
    )
    value = gammaln(law["r"] + x) - gammaln(law["r"]) + scale + total
    assert float(pareto_nbd.log_likelihood(x, t_x, T, **law)) == pytest.approx(value, rel=1e-9, abs=2e-7)
    assert float(pareto_nbd.p_alive(x, t_x, T, **law)) == pytest.approx(np.exp(alive - total), rel=2e-7, abs=1e-290)


# ------------------------------------------------------------------------------------------------ shapes


PARTS = ("value", "r", "alpha", "s", "beta")


def part_of_gradient(part):
    """Return the function that gives one part of the gradient."""
    return lambda *given, **law: getattr(pareto_nbd.log_likelihood_gradient(*given, **law), part)


@pytest.mark.parametrize(
    ("function", "extra"),
    [
        (pareto_nbd.log_likelihood, {}),
        (pareto_nbd.p_alive, {}),
        (pareto_nbd.expected_purchases, {"horizon": 52.0}),
        (pareto_nbd.p_alive_at, {"horizon": 52.0}),
        (pareto_nbd.dert, {"discount_rate": 0.002}),
        *((part_of_gradient(part), {}) for part in PARTS),
    ],
    ids=["likelihood", "alive", "purchases", "alive later", "dert", *PARTS],
)
def test_everything_broadcasts(function, extra):
    x, t_x, T = np.array([0, 2, 7]), np.array([0, 30.43, 29.43]), 38.86
    law = {"r": np.array([[0.5], [0.6]]), "alpha": 10.58, "s": np.array([[0.6], [0.7]]), "beta": 11.67}
    whole = function(x, t_x, T, **extra, **law)
    assert whole.shape == (2, 3)
    assert whole.dtype == np.float64
    for i in range(2):
        for j in range(3):
            one = {k: v[i, 0] if isinstance(v, np.ndarray) else v for k, v in law.items()}
            assert whole[i, j] == pytest.approx(float(function(x[j], t_x[j], T, **extra, **one)), rel=1e-13)


def test_nobody_broadcasts_too():
    assert pareto_nbd.log_likelihood([], [], [], r=0.5, alpha=1, s=0.5, beta=1).shape == (0,)


@pytest.mark.parametrize("name", ["log_likelihood", "p_alive"])
def test_rows_do_not_mix(name):
    """Permuted rows give permuted values, to the last bit."""
    rng = np.random.default_rng(1)
    x = rng.integers(0, 30, 500)
    T = rng.uniform(1, 39, 500)
    t_x = np.where(x > 0, T * rng.random(500), 0)
    law = {"r": 0.553, "alpha": 10.58, "s": 0.606, "beta": 11.67}
    order = rng.permutation(500)
    function = getattr(pareto_nbd, name)
    np.testing.assert_array_equal(function(x, t_x, T, **law)[order], function(x[order], t_x[order], T[order], **law))


# ------------------------------------------------------------------------------------------------ edges of the domain


@pytest.mark.parametrize("s", [0.3, 0.6, 1.0])
def test_undiscounted_eternity_is_infinite_without_a_warning(s):
    """The documented `inf` for no discount, no horizon and s ≤ 1 comes quietly, as an answer."""
    assert pareto_nbd.discounted_lifetime(horizon=np.inf, discount_rate=0.0, s=s, scale=10.0) == np.inf
    assert pareto_nbd.dert(2, 30.43, 38.86, discount_rate=0.0, r=0.55, alpha=10.58, s=s, beta=11.66) == np.inf


def test_undiscounted_eternity_beside_a_discounted_one():
    found = pareto_nbd.dert(
        2, 30.43, 38.86, discount_rate=np.array([0.0, 0.01]), r=0.55, alpha=10.58, s=0.61, beta=11.66
    )
    assert found[0] == np.inf
    assert np.isfinite(found[1])


def test_no_time_no_purchases():
    assert pareto_nbd.expected_purchases_new(horizon=0.0, r=0.55, alpha=10.58, s=0.61, beta=11.66) == 0
    assert pareto_nbd.expected_purchases(2, 30.0, 38.0, horizon=0.0, r=0.55, alpha=10.58, s=0.61, beta=11.66) == 0
    assert float(pareto_nbd.discounted_lifetime(horizon=0.0, discount_rate=0.1, s=0.5, scale=10.0)) == pytest.approx(
        0, abs=1e-200
    )
    np.testing.assert_array_equal(
        pareto_nbd.purchase_pmf(horizon=0.0, number=np.arange(3), r=0.5, alpha=10, s=0.6, beta=11), [1, 0, 0]
    )


@pytest.mark.parametrize(
    ("law", "t"),
    [
        pytest.param((0.6, 0.1, 0.6, 10.0), 39.0, id="buys ten times a week"),
        pytest.param((2.0, 0.02, 0.6, 10.0), 39.0, id="a hundred times a week"),
        pytest.param((20.0, 0.5, 0.5, 20.0), 39.0, id="all alike, forty a week"),
        pytest.param((500.0, 0.1, 0.1, 100.0), 39.0, id="all alike, 5000 a week"),
        pytest.param((60.0, 0.6, 2.0, 0.3), 60.0, id="all alike, short lives"),
    ],
)
def test_count_probabilities_of_heavy_buyers(law, t):
    """Large counts: the binomial coefficient is huge and g_n is narrow, their product is a probability."""
    r, alpha, s, beta = law
    counts = np.unique(np.round(np.geomspace(1, 40_000, 60)))
    found = pareto_nbd.purchase_pmf(horizon=t, number=counts, r=r, alpha=alpha, s=s, beta=beta)
    front = gammaln(r + counts) - gammaln(r) - gammaln(counts + 1)

    def log_count(u, n, log_front):
        return log_front + r * np.log(alpha / (alpha + u)) + n * np.log(u / (alpha + u))

    edges = np.linspace(np.log(t) - 60, np.log(t), 3000)
    wanted = []
    for n, log_front in zip(counts, front, strict=True):
        dead = integrate(
            lambda w, n=n, f=log_front: np.exp(
                log_count(np.exp(w), n, f) + np.log(s / beta) - (s + 1) * np.log1p(np.exp(w) / beta) + w
            ),
            edges,
        )
        wanted.append(np.exp(log_count(t, n, log_front) - s * np.log1p(t / beta)) + dead)
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-12)
