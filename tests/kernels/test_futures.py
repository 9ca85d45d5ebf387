"""Drawn futures against closed forms, against the kernel they replace, and against themselves in other orders.

Written false-alarm rate: each statistical check fails a right draw with probability at most 1e-6 (means: 5 standard
errors, 6e-7), and there are fewer than 100. Seeds are fixed: what passes today passes tomorrow.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from drawn import (
    CASES,
    CDNOW,
    ERRORS,
    FALSE_ALARM,
    LONG,
    SIZE,
    SPEND,
    WEEKLY,
    cases,
    drawn,
    is_mean,
    p_alive,
    samples_of,
)
from scipy import stats

from kundenwert.kernels import gamma_gamma, gamma_gamma_futures, nbd_futures, pareto_nbd
from kundenwert.kernels.futures import Futures, Reach, Tails, span_sums
from kundenwert.kernels.pareto_nbd import futures as pareto_nbd_futures
from kundenwert.kernels.streams import customer_keys

REACHES = {  # lengths, discount rates, simulated, one by one
    "plain": ([39.0, 13.0], [0.0, WEEKLY], np.inf, 1e4),
    "tails by number": ([39.0, 13.0], [0.0, WEEKLY], np.inf, 1.5),
    "tails from the first on": ([39.0, 13.0], [0.0, WEEKLY], np.inf, 1e-9),
    "tails by time": ([13.0, 39.0], [WEEKLY, 0.0], 5.0, 1e4),
    "endless": ([np.inf, 26.0], [0.02, 0.0], np.log(100) / 0.02, 1e4),
}
reaches = pytest.mark.parametrize("given", REACHES.values(), ids=REACHES)


NO_TAILS = Tails(np.empty(0, np.int64), *(np.empty(0),) * 4, np.empty((0, 1)))


@cases
@reaches
def test_means_of_counts_and_money(case, given):
    """`p_alive · E[λ] · E[discounted time alive] · E[value]`, whatever is drawn one by one and whatever flows."""
    (x, t_x, T, law), (lengths, rates, simulated, one_by_one) = case, given
    reach = Reach(np.array(lengths), simulated, one_by_one)
    size = SIZE if simulated * x < 1e4 or np.isinf(simulated) else SIZE // 20
    futures, value, mean, _ = drawn(case, reach, size=size)
    counts, money = span_sums(futures, value, mean, reach.lengths, np.array(rates), 1, size)
    rate = p_alive(x, t_x, T, law) * (law["r"] + x) / (law["alpha"] + T)
    spend = gamma_gamma.expected_spend(x, 20.0, **LONG)
    for j, (length, delta) in enumerate(zip(lengths, rates, strict=True)):
        time = pareto_nbd.discounted_lifetime(horizon=length, discount_rate=delta, s=law["s"], scale=law["beta"] + T)
        assert is_mean(money[j, 0], rate * time * spend)
        if np.isfinite(length):
            time = pareto_nbd.expected_lifetime(horizon=length, s=law["s"], scale=law["beta"] + T)
            assert is_mean(counts[j, 0], rate * time)


def test_the_check_of_means_has_teeth():
    """It rejects money that is 3 % off."""
    reach = Reach(np.array([39.0]), np.inf, 1e4)
    futures, value, mean, _ = drawn(CASES["cdnow repeater"], reach)
    _, money = span_sums(futures, value, mean, reach.lengths, np.zeros(1), 1, SIZE)
    x, t_x, T, law = CASES["cdnow repeater"]
    rate = p_alive(x, t_x, T, law) * (law["r"] + x) / (law["alpha"] + T)
    time = pareto_nbd.expected_lifetime(horizon=39.0, s=law["s"], scale=law["beta"] + T)
    assert not is_mean(money[0, 0], 1.03 * rate * time * gamma_gamma.expected_spend(x, 20.0, **LONG))


@cases
@pytest.mark.parametrize("name", ["plain", "tails by number", "tails from the first on", "tails by time"])
def test_distribution_of_counts(case, name):
    x, t_x, T, law = case
    lengths, _, simulated, one_by_one = REACHES[name]
    reach = Reach(np.array(lengths), simulated, one_by_one)
    futures, value, mean, _ = drawn(case, reach)
    counts, _ = span_sums(futures, value, mean, reach.lengths, np.zeros(2), 1, SIZE)
    for j, length in enumerate(lengths):
        most = int(np.quantile(counts[j], 0.999)) + 1
        chance = pareto_nbd.purchase_probability(x, t_x, T, horizon=length, number=np.arange(most), **law)
        expected = SIZE * np.append(chance, max(1 - chance.sum(), 0))
        seen = np.bincount(np.minimum(counts[j, 0], most).astype(int), minlength=most + 1)
        kept = expected >= 10
        rest = max(expected[~kept].sum(), 1e-9)
        assert stats.poisson.sf(seen[~kept].sum() - 1, rest) > FALSE_ALARM
        scaled = expected[kept] * seen[kept].sum() / expected[kept].sum()
        assert kept.sum() < 2 or stats.chisquare(seen[kept], scaled).pvalue > FALSE_ALARM


@pytest.mark.parametrize("bought", range(4))
def test_the_rate_behind_a_tail(bought):
    """Of a living customer who has bought so many until then, `λ ~ Gamma(r+x, α+T+simulated)`."""
    reach = Reach(np.array([500.0]), 20.0, 1e4)
    futures, *_ = drawn(CASES["cdnow repeater"], reach)
    number = np.diff(futures.offset)[futures.tails.cell]
    law = stats.gamma(0.553 + 2 + bought, scale=1 / (10.58 + 38.86 + 20.0))
    assert stats.kstest(futures.tails.rate[number == bought], law.cdf).pvalue > FALSE_ALARM


@pytest.mark.parametrize("one_by_one", [1e4, 1.5, 1e-9])
def test_shape_of_futures(one_by_one):
    reach = Reach(np.array([39.0, 100.0, 13.0]), 60.0, one_by_one)
    futures, value, mean, first = drawn(CASES["cdnow repeater"], reach, first=True)
    offset, time, tails, _ = futures
    assert offset[0] == 0
    assert offset[-1] == time.size == value.size
    assert (np.diff(offset) >= 0).all()
    owner = np.repeat(np.arange(SIZE), np.diff(offset))
    assert (np.diff(time)[np.diff(owner) == 0] > 0).all()
    assert (time > 0).all()
    assert time.max() <= 60.0
    assert (np.diff(tails.cell) > 0).all()
    last = np.zeros(SIZE)
    last[owner] = time
    assert (last[tails.cell] <= tails.start).all()
    assert (tails.end > tails.start).all()
    assert not tails.decay.any()
    assert (tails.later[:, [2, 0]] <= tails.later[:, [0, 1]]).all()  # within 13, 39, 100
    assert not tails.later[tails.start > 39.0, 0].any()
    assert (mean > 0).all()
    assert (first > 0).all()


def panel(customers=30, samples=50, spread=0.2):
    rng = np.random.default_rng(8)
    x = rng.integers(0, 9, customers).astype(float)
    law = {name: value * np.exp(spread * rng.normal(size=(customers, samples))) for name, value in CDNOW.items()}
    spend = {name: value * np.exp(spread * rng.normal(size=samples)) for name, value in SPEND.items()}
    alive = rng.uniform(size=(customers, samples))
    return x, rng.uniform(10, 50, customers), alive, law, spend, customer_keys(3, rng.integers(0, 2**63, customers))


def sums_of(part, reach, shop):
    x, T, alive, law, spend, keys = shop
    own = {name: value[part] for name, value in law.items()}
    futures = pareto_nbd_futures.draw_futures(x[part], T[part], alive[part], **own, reach=reach, keys=keys[part])
    value, mean, _ = gamma_gamma_futures.draw_values(x[part], 30 * x[part], **spend, futures=futures, keys=keys[part])
    rates = np.full(reach.lengths.size, WEEKLY)
    counts, money = span_sums(futures, value, mean, reach.lengths, rates, x[part].size, alive.shape[1])
    return np.stack([counts, money])


@pytest.mark.parametrize("one_by_one", [1e4, 0.7])
def test_cut_order_and_threads_change_nothing(one_by_one):
    shop, reach = panel(), Reach(np.array([52.0, 20.0]), 45.0, one_by_one)
    whole = sums_of(np.arange(30), reach, shop)
    assert whole[1].sum() > 0
    blocks = [np.arange(7), np.arange(7, 8), np.arange(8, 30)]
    with ThreadPoolExecutor(2) as pool:
        parts = list(pool.map(lambda part: sums_of(part, reach, shop), blocks))
    np.testing.assert_array_equal(np.concatenate(parts, axis=2), whole)
    backwards = sums_of(np.arange(30)[::-1].copy(), reach, shop)
    np.testing.assert_array_equal(backwards[:, :, ::-1], whole)


def test_shared_parameters_are_everybody_s():
    x, T, alive, law, _, keys = panel()
    shared = {name: value[0] for name, value in law.items()}
    repeated = {name: np.tile(value[0], (30, 1)) for name, value in law.items()}
    reach = Reach(np.array([52.0]), np.inf, 1e4)
    one = pareto_nbd_futures.draw_futures(x, T, alive, **shared, reach=reach, keys=keys)
    other = pareto_nbd_futures.draw_futures(x, T, alive, **repeated, reach=reach, keys=keys)
    np.testing.assert_array_equal(one.offset, other.offset)
    np.testing.assert_array_equal(one.time, other.time)


def test_a_longer_reach_only_adds():
    x, T, alive, law, spend, keys = panel()
    found = []
    for length in (20.0, 52.0):
        reach = Reach(np.array([length]), np.inf, 1e4)
        futures = pareto_nbd_futures.draw_futures(x, T, alive, **law, reach=reach, keys=keys)
        value, *_ = gamma_gamma_futures.draw_values(x, 30 * x, **spend, futures=futures, keys=keys)
        within = futures.time <= 20.0
        found.append((futures.time[within], value[within]))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    np.testing.assert_array_equal(found[0][1], found[1][1])


@pytest.mark.parametrize("draws", [1, 3])
def test_buffers_grow(draws):
    """Far more purchases and tails than cells: the cell that did not fit is drawn again, whole."""
    law = {"r": np.full(40, 800.0), "alpha": np.full(40, 2.0), "s": np.full(40, 2.0), "beta": np.full(40, 500.0)}
    how = {"reach": Reach(np.array([50.0]), 10.0, 1e5), "keys": customer_keys(1, [3])}
    many = pareto_nbd_futures.draw_futures([0.0], [0.0], np.ones((1, 40)), **law, **how)
    counts = np.diff(many.offset)
    assert many.tails.cell.size == 40 - (counts < 3000).sum() > 30
    assert abs(counts[many.tails.cell].mean() - 4000) < ERRORS * np.sqrt(4000 / 30 + 4000**2 / 800 / 30)
    few = {name: value[:draws] for name, value in law.items()}  # the same, were there no other draws
    alone = pareto_nbd_futures.draw_futures([0.0], [0.0], np.ones((1, draws)), **few, **how)
    np.testing.assert_array_equal(alone.time, many.time[: alone.time.size])


@pytest.mark.parametrize("alive", [0.0, 1.0])
def test_certain_death_and_life(alive):
    reach = Reach(np.array([1e9]), np.inf, 1.0)
    law = samples_of(CDNOW, 500)
    futures = pareto_nbd_futures.draw_futures(
        [2.0], [38.86], np.full((1, 500), alive), **law, reach=reach, keys=customer_keys(1, [3])
    )
    assert (np.diff(futures.offset) > 0).any() == bool(alive)
    assert (futures.tails.cell.size > 0) == bool(alive)


@pytest.mark.parametrize("tiny", [1e-3, 1e-8])
def test_tiny_shapes_are_no_endless_loop(tiny):
    law = samples_of({"r": tiny, "alpha": 1.0, "s": tiny, "beta": 1.0}, 1000)
    reach = Reach(np.array([np.inf]), np.inf, 1e4)
    futures = pareto_nbd_futures.draw_futures(
        [0.0], [0.0], np.ones((1, 1000)), **law, reach=reach, keys=customer_keys(1, [3])
    )
    assert np.isfinite(futures.time).all()
    assert np.isfinite(futures.tails.later).all()


@pytest.mark.parametrize(
    ("simulated", "one_by_one"),
    [(80.0, 1e4), (10.0, 1e4), (np.inf, 0.5)],
    ids=["plain", "tails by time", "tails by number"],
)
def test_nbd(simulated, one_by_one):
    """`λ ~ Gamma(r+x, α+T)` and no death: counts are negative binomial."""
    x, T, r, alpha = 2.0, 38.86, 0.3848, 12.072
    reach = Reach(np.array([39.0, np.inf]), simulated, one_by_one)
    futures = nbd_futures.draw_futures(
        [x], [T], r=np.full(SIZE, r), alpha=np.full(SIZE, alpha), reach=reach, keys=customer_keys(1, [9])
    )
    assert futures.tails.cell.size == SIZE
    assert np.isinf(futures.tails.end).all()
    value, mean, _ = gamma_gamma_futures.draw_values(
        [x], [40.0], **samples_of(LONG, SIZE), futures=futures, keys=customer_keys(1, [9])
    )
    counts, money = span_sums(futures, value, mean, reach.lengths, np.array([0.0, 0.02]), 1, SIZE)
    law = stats.nbinom(r + x, 1 - 39.0 / (alpha + T + 39.0))
    most = int(law.isf(1e-4))
    seen = np.bincount(np.minimum(counts[0, 0], most).astype(int), minlength=most + 1)
    assert stats.chisquare(seen, SIZE * np.append(law.pmf(np.arange(most)), law.sf(most - 1))).pvalue > FALSE_ALARM
    assert is_mean(money[1, 0], (r + x) / (alpha + T) / 0.02 * gamma_gamma.expected_spend(x, 20.0, **LONG))


@pytest.mark.parametrize(("x", "total"), [(0.0, 0.0), (2.0, 44.7), (1000.0, 20_000.0)])
def test_laws_of_values(x, total):
    """`mean = p/ν` inverse gamma, each value beta prime, the first value like any other."""
    futures = Futures(np.arange(SIZE + 1), np.ones(SIZE), NO_TAILS, np.full(SIZE, np.inf))
    p, q, v = SPEND.values()
    value, mean, first = gamma_gamma_futures.draw_values(
        [x], [total], **samples_of(SPEND, SIZE), futures=futures, keys=customer_keys(1, [2]), first=True
    )
    assert stats.kstest(mean, stats.invgamma(p * x + q, scale=p * (v + total)).cdf).pvalue > FALSE_ALARM
    one = stats.betaprime(p, p * x + q, scale=v + total)
    assert stats.kstest(value, one.cdf).pvalue > FALSE_ALARM
    assert stats.kstest(first, one.cdf).pvalue > FALSE_ALARM
    for sample in (value, first):  # given the mean they are Gamma(p), and so independent of it
        assert stats.kstest(sample / mean * p, stats.gamma(p).cdf).pvalue > FALSE_ALARM
        assert abs(stats.spearmanr(sample / mean, mean).statistic) * np.sqrt(SIZE) < ERRORS
    assert abs(stats.spearmanr(value / mean, first / mean).statistic) * np.sqrt(SIZE) < ERRORS


def test_money_does_not_depend_on_purchases():
    """The streams of both purposes are independent."""
    reach = Reach(np.array([39.0]), np.inf, 1e4)
    futures, _, mean, _ = drawn(CASES["cdnow repeater"], reach, first=True)
    assert abs(stats.spearmanr(mean, np.diff(futures.offset)).statistic) * np.sqrt(SIZE) < ERRORS


def test_means_are_drawn_only_where_they_are_wanted():
    tails = Tails(np.array([4]), np.ones(1), np.full(1, 9.0), np.ones(1), np.zeros(1), np.ones((1, 1)))
    futures = Futures(np.array([0, 0, 2, 2, 2, 2, 2]), np.array([0.5, 1.0]), tails, np.full(6, 9.0))
    value, mean, first = gamma_gamma_futures.draw_values(
        [1.0, 2.0], [20.0, 50.0], **samples_of(SPEND, 3), futures=futures, keys=customer_keys(1, [2, 3])
    )
    assert value.size == 2
    assert first.size == 0
    np.testing.assert_array_equal(mean > 0, [False, True, False, False, True, False])
