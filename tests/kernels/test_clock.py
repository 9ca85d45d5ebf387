"""A calendar factor in draws of the future: a factor of 1 changes nothing, others give the closed forms."""

import numpy as np
import pytest

from kundenwert.kernels import pareto_nbd
from kundenwert.kernels.clock import Clock, operational, priced
from kundenwert.kernels.futures import Reach, span_sums, window_sums
from kundenwert.kernels.nbd_futures import draw_futures as nbd_futures
from kundenwert.kernels.pareto_nbd.futures import draw_futures
from kundenwert.kernels.streams import customer_keys

LAW = {"r": 0.55, "alpha": 10.58, "s": 0.61, "beta": 11.67}
SAMPLES = 60_000
X, RECENCY, T = np.array([0.0, 2.0, 9.0]), np.array([0.0, 30.0, 35.0]), np.array([38.0, 38.0, 39.0])
EDGES = np.array([0.0, 4.0, 8.0, 13.0, 30.0])
LEVELS = np.array([0.4, 2.5, 0.0, 1.7, 0.8])
FAR = Reach(np.array([39.0]), np.inf, 1e4)


def drawn(clock=None, reach=FAR):
    law = {name: np.full(SAMPLES, value) for name, value in LAW.items()}
    alive = np.repeat(pareto_nbd.p_alive(X, RECENCY, T, **LAW)[:, None], SAMPLES, axis=1)
    return draw_futures(X, T, alive, **law, reach=reach, keys=customer_keys(7, [1, 2, 3]), clock=clock)


def clock_of(levels=LEVELS, boost=None):
    return Clock.of(EDGES, np.tile(levels, (SAMPLES, 1)), boost)


def expected(start, end):
    """Expected purchases of each customer from start to end, without a calendar."""
    until = [pareto_nbd.expected_purchases(X, RECENCY, T, horizon=time, **LAW) for time in (start, end)]
    return until[1] - until[0]


@pytest.mark.parametrize("reach", [FAR, Reach(np.array([39.0, 90.0]), 10.0, 1e4), Reach(np.array([np.inf]), 60.0, 3.0)])
def test_a_factor_of_one_changes_no_draw(reach):
    plain, same = drawn(reach=reach), drawn(clock_of(np.ones(5)), reach)
    np.testing.assert_array_equal(plain.offset, same.offset)
    np.testing.assert_allclose(same.time, plain.time, rtol=1e-10)
    np.testing.assert_allclose(same.life, plain.life, rtol=1e-10)
    for name in plain.tails._fields:
        np.testing.assert_allclose(getattr(same.tails, name), getattr(plain.tails, name), rtol=1e-10)


@pytest.mark.parametrize("boost", [None, np.array([[0.5], [1.0], [2.0]])])
def test_draws_have_the_closed_forms_means(boost):
    """Purchases from edge to edge are those without a calendar times the level; 12 means of 60,000 draws each."""
    wide = None if boost is None else np.repeat(boost, SAMPLES, axis=1)
    futures = drawn(clock_of(boost=wide))
    windows = np.append(EDGES, 39.0)
    value, mean = np.zeros(futures.time.size), np.zeros(3 * SAMPLES)
    counts, _ = window_sums(futures, value, mean, windows, 3, SAMPLES)
    for k, level in enumerate(LEVELS):
        wanted = level * expected(windows[k], windows[k + 1]) * (1 if boost is None else boost[:, 0])
        error = counts[k].std(axis=1) / np.sqrt(SAMPLES)
        np.testing.assert_array_less(np.abs(counts[k].mean(axis=1) - wanted), 4.5 * error + 1e-12)


def test_a_closure_has_no_purchase():
    time = drawn(clock_of()).time
    assert time.size > 100_000
    assert not ((time > 8.0) & (time < 13.0)).any()


@pytest.mark.parametrize(
    "reach", [Reach(np.array([39.0, 90.0]), 33.0, 1e4), Reach(np.array([39.0, 90.0]), np.inf, 2.0)]
)
def test_tails_have_the_closed_forms_means(reach):
    """Later purchases enter by their drawn number; money by a flow, exactly from the last edge on."""
    futures = drawn(clock_of(), reach)
    assert futures.tails.cell.size > 1000
    value, mean = np.ones(futures.time.size), np.ones(3 * SAMPLES)
    counts, money = span_sums(futures, value, mean, reach.lengths, np.zeros(2), 3, SAMPLES)
    for j, length in enumerate(reach.lengths):
        windows = np.append(EDGES, length)
        wanted = sum(level * expected(*windows[k : k + 2]) for k, level in enumerate(LEVELS))
        error = counts[j].std(axis=1) / np.sqrt(SAMPLES)
        np.testing.assert_array_less(np.abs(counts[j].mean(axis=1) - wanted), 4.5 * error)
        if reach.simulated > EDGES[-1] and np.isfinite(reach.simulated):
            np.testing.assert_array_less(np.abs(money[j].mean(axis=1) - wanted), 4.5 * error)


def test_nobody_leaves():
    """The NBD: as many purchases in a level of two as in twice the time."""
    law = {"r": np.full(SAMPLES, 0.4), "alpha": np.full(SAMPLES, 12.0)}
    clock = Clock.of(np.zeros(1), np.full((SAMPLES, 1), 2.0))
    keys = customer_keys(3, [1])
    twice = nbd_futures([2.0], [38.0], **law, reach=FAR, keys=keys, clock=clock)
    longer = nbd_futures([2.0], [38.0], **law, reach=Reach(np.array([78.0]), np.inf, 1e4), keys=keys)
    np.testing.assert_array_equal(twice.offset, longer.offset)
    np.testing.assert_allclose(2 * twice.time, longer.time, rtol=1e-12)


def test_operational_time():
    clock = Clock.of(EDGES, np.stack([LEVELS, np.ones(5)]), np.array([[1.0, 3.0]]))
    found = operational(clock, np.array([0.0, 6.0, 10.0, 31.0, np.inf]), 1, 2)
    np.testing.assert_allclose(found[:, 0, 0], [0, 1.6 + 5, 11.6, 11.6 + 17 * 1.7 + 0.8, np.inf])
    np.testing.assert_allclose(found[:, 0, 1], [0, 18, 30, 93, np.inf])


def test_prices():
    clock = Clock.of(EDGES, np.stack([LEVELS, np.ones(5)]))
    found = priced(clock, np.array([0, 2, 3]), np.array([1.0, 14.0, 5.0]), np.array([10.0, 10.0, 7.0]), 2)
    np.testing.assert_allclose(found, [4.0, 17.0, 7.0])
