"""The MBG/CNBD-k against the MBG/NBD, integrals over what is latent, two routes to one number, and its simulations.

Written false-alarm rate: each statistical check fails right code with probability at most 1e-5. Seeds are fixed.
"""

from decimal import Decimal, localcontext
from functools import cache

import numpy as np
import pytest
from scipy import integrate, special, stats

from kundenwert.kernels import bg_nbd, mbg_cnbd, mbg_nbd
from kundenwert.kernels.futures import Reach, first_times
from kundenwert.kernels.mbg_cnbd.ahead import ahead
from kundenwert.kernels.mbg_cnbd.futures import draw_futures
from kundenwert.kernels.streams import customer_keys

Z, P = 4.5, 1e-5
NAMES = ("r", "alpha", "a", "b")
LAWS = {
    "cdnow": (0.5248436, 6.1830928, 0.8913878, 1.6140483),
    "grocery-like": (1.5, 3.0, 0.7, 5.0),
    "all alike": (30.0, 60.0, 40.0, 300.0),
}
HISTORIES = {  # x, t_x, T, sum of the logarithms of the gaps
    "new": (0, 0.0, 0.0, 0.0),
    "never came back": (0, 0.0, 38.86, 0.0),
    "one, today": (1, 39.0, 39.0, np.log(39.0)),
    "two": (2, 30.43, 38.86, np.log(10.0) + np.log(20.43)),
    "long gone": (7, 8.0, 38.86, np.log(8 / 7) * 7 - 0.5),
    "regular": (12, 36.0, 38.0, 12 * np.log(3.0)),
    "heavy": (26, 30.857, 31.0, -3.0),
}
laws = pytest.mark.parametrize("law", [dict(zip(NAMES, law, strict=True)) for law in LAWS.values()], ids=LAWS)
histories = pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
stages = pytest.mark.parametrize("k", [1, 2, 3, 7, 12])


def expectation(what, history, law, k, h, d=0.0):
    """P(alive) times the mean over the stages gone of purchases, time or staying; one number."""
    x, t_x, T, _ = history
    one = (law["r"] + k * x, law["alpha"] / k + T, law["a"], law["b"] + x + 1)
    columns = [np.array([value]) for value in one]
    found = ahead(*columns, k, np.array([h]), np.array([d]), timed=what == "time")
    share = mbg_cnbd.stage_probabilities(x, t_x, T, k=k, r=law["r"], alpha=law["alpha"])
    return float(share @ getattr(found, what)[0] * mbg_cnbd.p_alive(x, t_x, T, k=k, **law))


# ------------------------------------------------------------------------------------------------- k = 1, the MBG/NBD


@laws
@histories
def test_one_stage_is_the_mbg_nbd(law, history):
    x, t_x, T, gaps = history
    assert mbg_cnbd.log_likelihood(*history, k=1, **law) == pytest.approx(
        mbg_nbd.log_likelihood(x, t_x, T, **law), rel=1e-12
    )
    assert mbg_cnbd.p_alive(x, t_x, T, k=1, **law) == pytest.approx(mbg_nbd.p_alive(x, t_x, T, **law), rel=1e-12)
    ours = mbg_cnbd.log_likelihood_gradient(x, t_x, T, gaps, k=1, **law)
    np.testing.assert_allclose(ours, mbg_nbd.log_likelihood_gradient(x, t_x, T, **law), rtol=1e-11, atol=1e-13)
    number = np.array([0, 1, 2, 9, 50])
    found = mbg_cnbd.log_purchase_probability(x, t_x, T, horizon=20.0, number=number, k=1, **law)
    np.testing.assert_allclose(
        found, mbg_nbd.log_purchase_probability(x, t_x, T, horizon=20.0, number=number, **law), rtol=1e-11
    )
    assert mbg_cnbd.purchase_rate(x, t_x, T, k=1, r=law["r"], alpha=law["alpha"]) == pytest.approx(
        (law["r"] + x) / (law["alpha"] + T), rel=1e-14
    )


@laws
@histories
@pytest.mark.parametrize("h", [0.01, 39.0, 520.0])
def test_expectations_of_one_stage_are_those_of_the_mbg_nbd(law, history, h):
    """Where nothing is discounted purchases are counted, without an integral; the MBG/NBD integrates over p."""
    where = history[:3]
    found = expectation("purchases", history, law, 1, h)
    assert found == pytest.approx(float(mbg_nbd.expected_purchases(*where, horizon=h, **law)), rel=2e-10)
    assert expectation("alive", history, law, 1, h) == pytest.approx(
        float(mbg_nbd.p_alive_at(*where, horizon=h, **law)), rel=2e-9
    )
    for d in (0.0, 0.0018, 0.1):
        assert expectation("purchases", history, law, 1, h, d) == pytest.approx(
            float(mbg_nbd.expected_purchases(*where, horizon=h, discount_rate=d, **law)), rel=2e-9
        )
        assert expectation("time", history, law, 1, h, d) == pytest.approx(
            float(bg_nbd.expected_time(*where, horizon=h, discount_rate=d, flips=1, **law)), rel=1e-8
        )
    if h > 500:
        assert expectation("purchases", history, law, 1, np.inf, 0.0018) == pytest.approx(
            float(mbg_nbd.expected_purchases(*where, horizon=np.inf, discount_rate=0.0018, **law)), rel=2e-9
        )


# ---------------------------------------------------------------------------------------------- integrals, by definition


@cache
def by_integration(name, k, history):
    """Likelihood and P(alive) by adaptive quadrature over log λ; the mean over p is a ratio of beta functions."""
    r, alpha, a, b = LAWS[name]
    x, t_x, T, gaps = HISTORIES[history]

    def log_density(y):
        rate = np.exp(y)
        erlang = x * (k * np.log(k * rate) - special.gammaln(k)) + (k - 1) * gaps - k * rate * t_x
        return r * np.log(alpha) - special.gammaln(r) + r * y - alpha * rate + erlang

    grid = np.linspace(-130, 12, 40_001)
    top = log_density(grid).max()
    inside = grid[log_density(grid) > top - 60]
    ends = {"a": inside[0] - 1, "b": inside[-1] + 1, "epsabs": 0, "epsrel": 1e-11, "limit": 400}
    silent = integrate.quad(
        lambda y: np.exp(log_density(y) - top) * special.gammaincc(k, k * np.exp(y) * (T - t_x)), **ends
    )[0]
    at_all = integrate.quad(lambda y: np.exp(log_density(y) - top), **ends)[0]
    stay, leave = (np.exp(special.betaln(a + e, b + x + 1 - e) - special.betaln(a, b)) for e in (0, 1))
    likelihood = top + np.log(stay * silent + leave * at_all)
    return likelihood, stay * silent / (stay * silent + leave * at_all)


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("history", HISTORIES)
@pytest.mark.parametrize("k", [2, 3, 7])
def test_agrees_with_integrals_over_the_rate(name, k, history):
    law = dict(zip(NAMES, LAWS[name], strict=True))
    x, t_x, T, _ = HISTORIES[history]
    value, alive = by_integration(name, k, history)
    assert mbg_cnbd.log_likelihood(*HISTORIES[history], k=k, **law) == pytest.approx(value, rel=1e-8)
    assert mbg_cnbd.p_alive(x, t_x, T, k=k, **law) == pytest.approx(alive, rel=1e-8)


def test_far_out_it_agrees_with_fifty_digits():
    """300 purchases and a year of silence: alive with probability 1e-250 or so."""
    x, t_x, T, k = 300, 100, 150, 5
    with localcontext() as digits:
        digits.prec = 50
        r, alpha, a, b = map(Decimal, ("0.5", "6", "0.9", "1.6"))
        n, at_T, since = r + k * x, alpha + k * T, k * (T - t_x)
        term = silent = Decimal(1)
        for s in range(1, k):
            term *= (n + s - 1) / s * since / at_T
            silent += term
        wanted = float(silent * (at_T / (alpha + k * t_x)) ** -n * (b + x) / a)
    assert 1e-300 < wanted < 1e-200
    law = {"r": 0.5, "alpha": 6.0, "a": 0.9, "b": 1.6}
    alive = mbg_cnbd.p_alive(x, t_x, T, k=k, **law)
    assert alive == pytest.approx(wanted, rel=1e-11)
    for sets in np.array(np.meshgrid(*[[1e-6, 1.0, 1e6]] * 4)).reshape(4, -1).T:
        far = dict(zip(NAMES, sets, strict=True))
        gradient = mbg_cnbd.log_likelihood_gradient([0, 1, 1000], [0, 39, 39], 39.0, [0, 3.7, -3e3], k=12, **far)
        assert np.isfinite(gradient).all()


@laws
@histories
@stages
def test_gradient_agrees_with_finite_differences(law, history, k):
    """Central differences of fourth order in the logarithm of each parameter, step 2e-3."""
    gradient = mbg_cnbd.log_likelihood_gradient(*history, k=k, **law)
    assert gradient.value == pytest.approx(mbg_cnbd.log_likelihood(*history, k=k, **law), rel=1e-14)
    for name in NAMES:
        steps = np.exp(2e-3 * np.array([-2, -1, 1, 2]))
        values = mbg_cnbd.log_likelihood(*history, k=k, **law | {name: law[name] * steps})
        slope = (values @ [1, -8, 8, -1]) / (12 * 2e-3)
        size = 1 + abs(float(gradient.value))
        assert getattr(gradient, name) * law[name] == pytest.approx(slope, rel=2e-7, abs=2e-10 * size)


@stages
def test_the_total_counts_each_history(k):
    x, t_x, T, gaps = np.array(list(HISTORIES.values())).T
    count = np.arange(1.0, x.size + 1)
    sets = dict(zip(NAMES, np.array(list(LAWS.values())).T, strict=True))
    columns = {name: values[:, None] for name, values in sets.items()}
    single = mbg_cnbd.log_likelihood(x, t_x, T, gaps, k=k, **columns)
    total = mbg_cnbd.total_log_likelihood(x, t_x, T, gaps, count, k=k, **sets)
    np.testing.assert_allclose(total, single @ count, rtol=1e-11)


# ------------------------------------------------------------------------------------------------------------ the future


@laws
@histories
@stages
def test_probabilities_sum_to_one_and_have_the_known_mean(law, history, k):
    """Numbers one by one, purchases from the number of stages, and by the integral over the rate: one law."""
    x, t_x, T, _ = history
    number = np.arange(3000.0)
    p = np.exp(mbg_cnbd.log_purchase_probability(x, t_x, T, horizon=20.0, number=number, k=k, **law))
    assert p.sum() == pytest.approx(1, abs=1e-9)
    expected = expectation("purchases", history, law, k, 20.0)
    assert p @ number == pytest.approx(expected, rel=3e-8)
    timed = expectation("purchases", history, law, k, 20.0, 1e-12)
    assert timed == pytest.approx(expected, rel=2e-7)


@stages
@pytest.mark.parametrize("history", ["new", "two", "regular"])
def test_discounting_and_time_are_integrals_over_the_undiscounted(k, history):
    """Clenshaw-Curtis in the logarithm of time, of purchases and of staying that are counted, not integrated."""
    law, where = dict(zip(NAMES, LAWS["grocery-like"], strict=True)), HISTORIES[history]
    at, weight = np.polynomial.legendre.leggauss(160)
    d, h = 0.02, 60.0
    edge = np.log1p(h)
    times = np.expm1(edge * (at + 1) / 2)
    weight = weight * edge / 2 * (1 + times)
    bought = np.array([expectation("purchases", where, law, k, time) for time in times])
    there = np.array([expectation("alive", where, law, k, time) for time in times])
    paid = np.exp(-d * h) * expectation("purchases", where, law, k, h) + d * weight @ (np.exp(-d * times) * bought)
    assert expectation("purchases", where, law, k, h, d) == pytest.approx(paid, rel=1e-6)
    assert expectation("time", where, law, k, h, d) == pytest.approx(weight @ (np.exp(-d * times) * there), rel=1e-6)


@pytest.mark.parametrize("k", [1, 3])
def test_for_ever(k):
    """With time and horizon long enough what is for ever is reached, discounted or not."""
    law = {"r": 3.0, "alpha": 4.0, "a": 4.0, "b": 6.0}
    where = HISTORIES["two"]
    for what in ("purchases", "time"):
        long = expectation(what, where, law, k, 1e5)
        assert expectation(what, where, law, k, np.inf) == pytest.approx(long, rel=1e-4)
        long = expectation(what, where, law, k, 3000.0, 0.01)
        assert expectation(what, where, law, k, np.inf, 0.01) == pytest.approx(long, rel=1e-8)
    assert expectation("purchases", where, law | {"a": 0.9}, k, np.inf) == np.inf


def explicit(k, law, size, rng, horizon):
    """Histories purchase by purchase: times of all purchases of newcomers within a horizon, gap by gap."""
    rate = rng.gamma(law["r"], 1 / law["alpha"], size)
    p = rng.beta(law["a"], law["b"], size)
    time, alive, times = np.zeros(size), rng.random(size) > p, []
    while alive.any():
        time = np.where(alive, time + rng.gamma(k, 1 / (k * rate)), np.inf)
        alive &= time <= horizon
        times.append(np.where(alive, time, np.inf))
        alive &= rng.random(size) > p
    return np.array(times)


@pytest.mark.parametrize("k", [2, 3, 7])
def test_a_crowd_that_is_simulated_gap_by_gap(k):
    """Who has one purchase, between 8 and 12, by 20: their later purchases have the mean and the law that is said."""
    law, size, T, h = {"r": 2.0, "alpha": 16.0, "a": 0.8, "b": 3.0}, 1_000_000, 20.0, 15.0
    times = explicit(k, law, size, np.random.default_rng(41), T + h)
    x = (times <= T).sum(axis=0)
    first = times[0]
    who = np.flatnonzero((x == 1) & (first > 9.8) & (first < 10.2))
    later = ((times[:, who] > T) & (times[:, who] <= T + h)).sum(axis=0)
    history = (1, 10.0, T, np.log(10.0))
    expected = expectation("purchases", history, law, k, h)
    assert abs(later.mean() - expected) < Z * later.std() / np.sqrt(who.size) + 2e-3 * expected
    p = np.exp(mbg_cnbd.log_purchase_probability(1, 10.0, T, horizon=h, number=np.arange(4.0), k=k, **law))
    seen = np.bincount(np.minimum(later, 4), minlength=5)
    assert stats.chisquare(seen, np.append(p, 1 - p.sum()) * who.size).pvalue > P
    share = np.array([(x == number).mean() for number in range(3)])
    wanted = np.exp(mbg_cnbd.log_purchase_probability(0, 0.0, 0.0, horizon=T, number=np.arange(3.0), k=k, **law))
    assert (np.abs(share - wanted) < Z * np.sqrt(wanted * (1 - wanted) / size)).all()
    own_x, own_last = mbg_cnbd.simulate(np.full(size, T), k=k, **law, rng=np.random.default_rng(42))
    assert (np.abs([(own_x == n).mean() for n in range(3)] - wanted) < Z * np.sqrt(wanted / size)).all()
    last = np.where(times <= T, times, -np.inf).max(axis=0)
    assert stats.ks_2samp(last[x == 2][:20_000], own_last[own_x == 2][:20_000]).pvalue > P


@pytest.mark.parametrize("k", [2, 7])
def test_the_first_drawn_purchase_waits_for_what_is_left_of_a_gap(k):
    """The time of the next purchase by Kolmogorov-Smirnov, against the probability of none until then."""
    law, size = dict(zip(NAMES, LAWS["grocery-like"], strict=True)), 60_000
    x, t_x, T = 12.0, 36.0, 38.0
    many = {name: np.full(size, value) for name, value in law.items()} | {"k": np.full(size, float(k))}
    drawn = draw_futures(
        [x],
        [t_x],
        [T],
        np.ones((1, size)),
        **many,
        reach=Reach(np.array([30.0]), np.inf, 1e4),
        keys=customer_keys(1, [9]),
    )
    first = first_times(drawn, size)
    at = np.linspace(1e-6, 30.0, 400)
    alive = mbg_cnbd.p_alive(x, t_x, T, k=k, **law)
    none = np.exp([mbg_cnbd.log_purchase_probability(x, t_x, T, horizon=time, number=0, k=k, **law) for time in at])
    bought = 1 - (none - (1 - alive)) / alive
    soon = first[first <= 30.0]
    assert abs(soon.size / size - bought[-1]) < Z * np.sqrt(bought[-1] * (1 - bought[-1]) / size) + 1e-6
    assert stats.kstest(soon, lambda time: np.interp(time, at, bought) / bought[-1]).pvalue > P


def test_a_longer_reach_changes_no_drawn_purchase():
    law = {"r": 1.5, "alpha": 3.0, "a": 0.7, "b": 5.0, "k": 3.0}
    many = {name: np.full(500, value) for name, value in law.items()}
    where = ([2.0], [30.0], [38.0], np.ones((1, 500)))
    short, long = (
        draw_futures(*where, **many, reach=Reach(np.array([length]), np.inf, 1e4), keys=customer_keys(1, [9]))
        for length in (20.0, 60.0)
    )
    kept = long.time[long.time < 20.0]
    np.testing.assert_array_equal(short.time, kept)
