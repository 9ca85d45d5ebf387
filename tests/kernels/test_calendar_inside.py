"""The Pareto/NBD with a calendar factor inside: against the model without one, brute force, differences, simulation."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from scipy import integrate, optimize, stats

from kundenwert.kernels import pareto_nbd
from kundenwert.kernels.pareto_nbd import calendar
from kundenwert.kernels.pareto_nbd.calendar import Periods

NAMES = ("r", "alpha", "s", "beta")
LAW = {"r": 0.55, "alpha": 10.6, "s": 0.61, "beta": 11.7}
LAWS = {
    "cdnow": LAW,
    "alpha equal": {"r": 0.55, "alpha": 10.0, "s": 0.61, "beta": 10.0},
    "alpha far below": {"r": 0.55, "alpha": 1e-3, "s": 0.61, "beta": 1e3},
    "alpha far above": {"r": 0.55, "alpha": 1e6, "s": 0.61, "beta": 1e-2},
    "small shapes": {"r": 0.02, "alpha": 3.0, "s": 0.03, "beta": 5.0},
    "large shapes": {"r": 80.0, "alpha": 300.0, "s": 50.0, "beta": 4000.0},
    "almost no death": {"r": 0.55, "alpha": 10.58, "s": 0.61, "beta": 1e7},
}
X = np.array([0.0, 0.0, 1.0, 5.0, 7.0, 7.0, 40.0, 1000.0, 1000.0, 5000.0])
T_X = np.array([0.0, 0.0, 1.7, 30.0, 39.0, 39.0 - 1e-9, 3.0, 519.9, 1e-3, 3000.0])
T = np.array([39.0, 0.0, 38.86, 39.0, 39.0, 39.0, 39.0, 520.0, 520.0, 3650.0])
START = 3.0 + np.array([4.0, 43.0, 4.14, 4.0, 0.5, 4.0, 4.0, 1.0, 0.0, 2.0])


class Case(NamedTuple):
    """A customer with dates, in a calendar."""

    times: np.ndarray
    T: float
    start: float
    periods: Periods
    law: dict

    @property
    def data(self):
        last = self.times[-1] if self.times.size else 0.0
        return float(self.times.size), float(last), self.T

    @property
    def bought(self):
        number = self.periods.level.size
        return np.bincount(self.periods.of(self.start + self.times), minlength=number).astype(np.float64)


def random_case(seed):
    """Draw a history of up to eight purchases at dates of positive level, in a calendar that is shut now and then."""
    rng = np.random.default_rng(seed)
    number = int(rng.integers(1, 9))
    edges = np.concatenate([[0.0], np.cumsum(rng.uniform(0.5, 12.0, number))])
    level = np.exp(rng.normal(0, 1, number)) * (rng.random(number) > 0.3)
    start = rng.uniform(-2.0, edges[-1])
    end = rng.uniform(start, edges[-1] + 3.0)
    periods = Periods(edges, level)
    times = np.sort(rng.uniform(0, end - start, int(rng.integers(0, 9))))
    times = times[level[periods.of(start + times)] > 0]
    law = dict(zip(NAMES, np.exp(rng.normal([-0.5, 2.0, -0.5, 2.0], 0.7)), strict=True))
    return Case(times, end - start, start, periods, law)


def operational(case, time):
    """Operational time by an integral of the level, cut at its edges."""
    edges, level = case.periods
    cuts = np.unique(np.clip(np.concatenate([edges[1:-1] - case.start, [0.0, time]]), 0.0, time))
    middles = (cuts[1:] + cuts[:-1]) / 2
    which = [int(np.sum(edges[1:-1] - case.start <= middle)) for middle in middles]
    return float(np.sum(np.diff(cuts) * level[which]))


def brute_force(case):
    """Likelihood by integrals over both rates, on a grid of their logarithms, and over the time of leaving."""
    x, t_x, T = case.data
    step = 0.08
    logs = np.arange(-180.0, 12.0, step)
    rates = np.exp(logs)
    buys = stats.gamma.pdf(rates, case.law["r"], scale=1 / case.law["alpha"]) * rates * step
    leaves = stats.gamma.pdf(rates, case.law["s"], scale=1 / case.law["beta"]) * rates * step
    with np.errstate(under="ignore"):

        def both(time, at_death):
            by_rate = buys @ (rates**x * np.exp(-rates * operational(case, time)))
            return by_rate * (leaves @ (rates**at_death * np.exp(-rates * time)))

        total = both(T, 0)
        edges = case.periods.edges[1:-1] - case.start
        cuts = np.unique(np.clip(np.concatenate([edges, [t_x, T]]), t_x, T))
        for low, high in pairwise(cuts):
            total += integrate.fixed_quad(lambda times: [both(time, 1) for time in times], low, high, n=24)[0]
    return total * np.prod(case.periods.level[case.periods.of(case.start + case.times)])


@pytest.mark.parametrize("seed", range(50))
def test_likelihood_by_brute_force(seed):
    case = random_case(seed)
    found = calendar.log_likelihood(*case.data, start=case.start, bought=case.bought, periods=case.periods, **case.law)
    assert found[0] == pytest.approx(np.log(brute_force(case)), abs=1e-7)


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
@pytest.mark.parametrize("number", [1, 2, 10, 150])
def test_a_level_of_one_changes_nothing(law, number):
    periods = Periods(np.linspace(0.0, 60.0 if number < 150 else 4000.0, number + 1), np.ones(number))
    bought = np.zeros((X.size, number))
    bought[:, 0] = X
    given = {"start": START, "periods": periods, **law}
    wanted = pareto_nbd.log_likelihood_gradient(X, T_X, T, **law)
    found = calendar.log_likelihood_gradient(X, T_X, T, bought=bought, **given)
    value = calendar.log_likelihood(X, T_X, T, bought=bought, **given)
    np.testing.assert_allclose(value, pareto_nbd.log_likelihood(X, T_X, T, **law), rtol=1e-10, atol=1e-10)
    for name in ("value", *NAMES):
        size = 1.0 if name == "value" else law[name]
        np.testing.assert_allclose(size * getattr(found, name), size * getattr(wanted, name), rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(
        calendar.p_alive(X, T_X, T, **given), pareto_nbd.p_alive(X, T_X, T, **law), rtol=1e-10, atol=1e-10
    )
    ahead = Periods(np.array([0.0, 10.0, 30.0]), np.ones(2))
    np.testing.assert_allclose(
        calendar.expected_purchases(X, T_X, T, ahead=ahead, horizon=39.0, **given),
        pareto_nbd.expected_purchases(X, T_X, T, horizon=39.0, **law),
        rtol=1e-10,
        atol=1e-13,
    )


@pytest.mark.parametrize("level", [1e-6, 0.3, 4.0])
def test_a_level_everywhere_is_a_scale_of_alpha(level):
    periods = Periods(np.linspace(0.0, 60.0, 8), np.full(7, level))
    bought = np.zeros((X.size, 7))
    bought[:, 2] = X
    found = calendar.log_likelihood(X, T_X, T, start=START, bought=bought, periods=periods, **LAW)
    wanted = pareto_nbd.log_likelihood(X, T_X, T, **LAW | {"alpha": LAW["alpha"] / level})
    np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("seed", range(12))
def test_gradients_are_differences(seed):
    case = random_case(seed)
    count = 3.0

    def value(law, level):
        periods = Periods(case.periods.edges, level)
        return calendar.log_likelihood(*case.data, start=case.start, bought=case.bought, periods=periods, **law)[0]

    found = calendar.log_likelihood_gradient(
        *case.data, start=case.start, bought=case.bought, periods=case.periods, count=count, **case.law
    )
    step, level = 1e-4, case.periods.level
    for name in NAMES:
        high, low = (value(case.law | {name: case.law[name] * np.exp(e)}, level) for e in (step, -step))
        slope = case.law[name] * getattr(found, name)[0]
        assert slope == pytest.approx((high - low) / (2 * step), rel=1e-6, abs=1e-7), name
    for k in range(level.size):
        moved = [np.where(np.arange(level.size) == k, level * np.exp(e), level) for e in (step, -step)]
        wanted = count * (value(case.law, moved[0]) - value(case.law, moved[1])) / (2 * step)
        assert found.log_level[k] == pytest.approx(wanted, rel=1e-6, abs=1e-6), k


@pytest.mark.parametrize("seed", range(8))
def test_exposures_are_the_purchases_expected_of_periods(seed):
    case = random_case(seed)
    given = {"start": case.start, "periods": case.periods, **case.law}
    slope = calendar.log_likelihood_gradient(*case.data, bought=case.bought, **given).log_level
    exposed = calendar.expected_exposures(*case.data, **given)
    assert exposed.shape == (1, case.periods.level.size)
    np.testing.assert_allclose(exposed[0], case.bought - slope, rtol=1e-10, atol=1e-12)
    assert (exposed[0][case.periods.level == 0] == 0).all()


@pytest.mark.parametrize("seed", range(8))
def test_draws_have_the_means_that_closed_forms_give(seed):
    """Of P(alive) and of the exposure of each period; false alarms of all seeds together: below 1e-4 (five errors)."""
    case, size = random_case(seed), 100_000
    given = {"start": case.start, "periods": case.periods, **case.law}
    x, t_x, T = case.data
    drawn = calendar.draw_latents(np.full(size, x), t_x, T, rng=np.random.default_rng(seed), **given)
    alive = calendar.p_alive(x, t_x, T, **given)[0]
    assert drawn.alive.mean() == pytest.approx(alive, abs=5 * np.sqrt(alive * (1 - alive) / size) + 1e-12)
    assert drawn.lifetime.min() >= t_x
    assert (drawn.alive == (drawn.lifetime > T)).all()
    edges, level = case.periods
    low = np.concatenate([[-np.inf], edges[1:-1]]) - case.start
    high = np.concatenate([edges[1:-1], [np.inf]]) - case.start
    for k, mean in enumerate(calendar.expected_exposures(x, t_x, T, **given)[0]):
        ends = np.minimum(np.minimum(drawn.lifetime, T), high[k])
        each = drawn.purchase_rate * level[k] * np.maximum(ends - max(low[k], 0.0), 0.0)
        assert each.mean() == pytest.approx(mean, abs=5 * each.std() / np.sqrt(size) + 1e-12), k


def test_rates_of_leaving_follow_the_time_alive():
    """Given the time of leaving, μ (β + time) is Gamma(s + 1); KS test with false-alarm rate 1e-4."""
    case = random_case(3)
    drawn = calendar.draw_latents(
        np.full(50_000, 2.0), 0.5, 30.0, start=0.0, periods=case.periods, rng=np.random.default_rng(5), **LAW
    )
    gone = ~drawn.alive
    scaled = drawn.dropout_rate[gone] * (LAW["beta"] + drawn.lifetime[gone])
    assert stats.kstest(scaled, stats.gamma(LAW["s"] + 1).cdf).pvalue > 1e-4


@pytest.mark.parametrize("level", [0.0, 1e-300, 1e-12, 1e-3])
def test_a_shop_shut_at_the_end(level):
    """A closure tells nothing of purchases: what is left is the law of lifetimes, in closed form."""
    periods = Periods(np.array([0.0, 20.0, 40.0]), np.array([1.0, level]))
    given = {"start": 0.0, "periods": periods, **LAW}
    before = Periods(np.array([0.0, 20.0]), np.ones(1))
    half = pareto_nbd.p_alive(9, 19.0, 20.0, **LAW)
    wanted = half * ((LAW["beta"] + 20) / (LAW["beta"] + 40)) ** LAW["s"]
    assert calendar.p_alive(9, 19.0, 40.0, **given)[0] == pytest.approx(wanted, rel=0.05 if level == 1e-3 else 1e-8)
    found = calendar.log_likelihood(9, 19.0, 40.0, bought=np.array([9.0, 0.0]), **given)
    short = calendar.log_likelihood(9, 19.0, 20.0, start=0.0, bought=np.array([9.0]), periods=before, **LAW)
    assert found[0] == pytest.approx(short[0], abs=0.02 if level == 1e-3 else 1e-9)


def test_purchases_of_a_closed_shop_are_impossible():
    periods = Periods(np.array([0.0, 20.0, 40.0]), np.array([1.0, 0.0]))
    found = calendar.log_likelihood(1, 25.0, 40.0, start=0.0, bought=np.array([[0.0, 1.0]]), periods=periods, **LAW)
    assert found[0] == -np.inf


def test_expected_purchases_by_a_sum_over_days():
    past = Periods(np.array([0.0, 20.0, 40.0]), np.array([1.0, 2.0]))
    ahead = Periods(np.array([0.0, 7.0, 20.0, 30.0]), np.array([0.5, 0.0, 3.0]))
    given = {"start": 0.0, "periods": past, **LAW}
    found = calendar.expected_purchases(2, 30.0, 40.0, ahead=ahead, horizon=39.0, **given)[0]
    days = (np.arange(390_000) + 0.5) / 10_000
    lives = ((LAW["beta"] + 40) / (LAW["beta"] + 40 + days)) ** LAW["s"]
    rate = (LAW["r"] + 2) / (LAW["alpha"] + 60)
    alive = calendar.p_alive(2, 30.0, 40.0, **given)[0]
    assert found == pytest.approx(alive * rate * (ahead.level[ahead.of(days)] * lives).sum() / 10_000, rel=1e-8)


def test_customers_do_not_meet():
    """Each customer's numbers are its own, whatever the order and the laws of others."""
    rng = np.random.default_rng(2)
    periods = Periods(np.linspace(0.0, 60.0, 8), rng.gamma(2.0, 0.5, 7))
    laws = {name: value * np.exp(rng.normal(0, 0.2, X.size)) for name, value in LAW.items()}
    bought = np.zeros((X.size, 7))
    bought[:, 1] = X
    together = calendar.log_likelihood_gradient(X, T_X, T, start=START, bought=bought, periods=periods, **laws)
    total = np.zeros(7)
    for i in range(X.size)[::-1]:
        own = {name: values[i] for name, values in laws.items()}
        alone = calendar.log_likelihood_gradient(
            X[i], T_X[i], T[i], start=START[i], bought=bought[i], periods=periods, **own
        )
        total += alone.log_level
        for name in ("value", *NAMES):
            assert getattr(alone, name)[0] == getattr(together, name)[i]
    np.testing.assert_allclose(total, together.log_level, rtol=1e-12)


def simulated(level, edges, size, rng):
    """Histories of customers who began in the first quarter of a window, with purchases by period."""
    end = edges[-1]
    start = rng.uniform(0, end / 4, size)
    life = rng.exponential(size=size) / rng.gamma(LAW["s"], 1 / LAW["beta"], size)
    rate = rng.gamma(LAW["r"], 1 / LAW["alpha"], size)
    until = np.minimum(start + life, end)
    bought, last = np.zeros((size, level.size)), np.zeros(size)
    for k in range(level.size):
        low, high = np.maximum(edges[k], start), np.minimum(edges[k + 1], until)
        bought[:, k] = rng.poisson(rate * level[k] * np.maximum(high - low, 0))
        latest = rng.random(size) ** (1 / np.maximum(bought[:, k], 1))
        last = np.where(bought[:, k] > 0, low + (high - low) * latest - start, last)
    return bought.sum(axis=1), last, end - start, start, bought


def test_a_strong_season_is_told_from_dropping_out():
    """Maxima of both likelihoods: the joint one finds the law, within four standard errors, the plain one misses.

    Errors are the spread over twelve other seeds: a false alarm is rarer than 3e-4.
    """
    edges = np.linspace(0.0, 104.0, 27)
    level = np.exp(1.2 * np.cos(2 * np.pi * (edges[:-1] + 2) / 52))
    x, t_x, end, start, bought = simulated(level, edges, 8000, np.random.default_rng(11))
    truth = np.log(list(LAW.values()))

    def joint(point, slope=True):
        law = dict(zip(NAMES, np.exp(point[:4]), strict=True))
        periods = Periods(edges, np.exp(point[4:]))
        found = calendar.log_likelihood_gradient(
            x, t_x, end, start=start, bought=bought, periods=periods, nodes=8, **law
        )
        by_law = [law[name] * getattr(found, name).sum() for name in NAMES]
        pull = point[4:].mean()  # of levels and α only the product counts
        return -found.value.sum() + 1e4 * pull**2, -np.concatenate([by_law, found.log_level]) + np.concatenate(
            [np.zeros(4), np.full(level.size, 2e4 * pull / level.size)]
        )

    def plain(point):
        law = dict(zip(NAMES, np.exp(point), strict=True))
        found = pareto_nbd.log_likelihood_gradient(x, t_x, end, nodes=8, **law)
        return -found.value.sum(), -np.array([law[name] * getattr(found, name).sum() for name in NAMES])

    start_at = np.concatenate([truth, np.zeros(level.size)])
    both = optimize.minimize(joint, start_at, jac=True, method="L-BFGS-B", options={"maxiter": 300, "maxcor": 30})
    alone = optimize.minimize(plain, truth, jac=True, method="L-BFGS-B")
    errors = np.array([0.044, 0.039, 0.060, 0.140])
    assert (np.abs(both.x[:4] - truth) < 4 * errors).all()
    assert (alone.x[1:] < truth[1:] - 4 * errors[1:]).all()
    assert np.abs(both.x[4:] - np.log(level)).max() < 0.3
    assert both.fun < alone.fun - 1000
