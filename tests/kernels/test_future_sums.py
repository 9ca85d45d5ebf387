"""Sums of drawn futures: by hand, by quadrature, and against one another."""

import numpy as np
import pytest
from drawn import CASES, FALSE_ALARM, SIZE, drawn
from scipy import stats

from kundenwert.kernels import pareto_nbd
from kundenwert.kernels.futures import Futures, Reach, Tails, first_times, pay_back, span_sums, window_sums

ONE_TAIL = Futures(  # of the second of two cells, with decay
    np.array([0, 1, 3]),
    np.array([4.0, 0.5, 1.5]),
    Tails(np.array([1]), np.array([2.0]), np.array([9.0]), np.array([3.0]), np.array([0.25]), np.array([[7.0, 5.0]])),
)
VALUE, MEAN = np.array([1.0, 10.0, 20.0]), np.array([0.0, 5.0])


def integral(low, high, rate):
    at, weight = np.polynomial.legendre.leggauss(60)
    u = low + (high - low) * (at + 1) / 2
    return float((weight * 3.0 * np.exp(-0.25 * (u - 2.0) - rate * u)).sum() * (high - low) / 2)


def test_span_sums_by_hand():
    counts, money = span_sums(ONE_TAIL, VALUE, MEAN, np.array([20.0, 4.0]), np.array([0.1, 0.0]), 2, 1)
    np.testing.assert_array_equal(counts[..., 0], [[1, 9], [1, 7]])
    by_hand = 10 * np.exp(-0.05) + 20 * np.exp(-0.15) + 5 * integral(2.0, 9.0, 0.1)
    expected = [[np.exp(-0.4), by_hand], [1.0, 30 + 5 * integral(2.0, 4.0, 0.0)]]
    np.testing.assert_allclose(money[..., 0], expected, rtol=1e-13)


def test_a_span_that_ends_between_purchases():
    counts, money = span_sums(ONE_TAIL, VALUE, MEAN, np.array([1.5, 1.4]), np.zeros(2), 1, 2)
    np.testing.assert_array_equal(counts[:, 0], [[0, 2], [0, 1]])
    np.testing.assert_array_equal(money[:, 0], [[0, 30], [0, 10]])


def test_window_sums_by_hand():
    edges = np.array([0.5, 1.5, 3.0, 4.0, 12.0])
    counts, money = window_sums(ONE_TAIL, VALUE, MEAN, edges, 2, 1)
    flow = np.array([0.0, integral(2.0, 3.0, 0.0), integral(3.0, 4.0, 0.0), integral(4.0, 9.0, 0.0)])
    np.testing.assert_array_equal(counts[:, 0, 0], [0, 0, 1, 0])
    np.testing.assert_allclose(counts[:, 1, 0], np.eye(4)[0] + flow, rtol=1e-13)
    np.testing.assert_allclose(money[:, 1, 0], 20 * np.eye(4)[0] + 5 * flow, rtol=1e-13)


def test_windows_add_up_to_the_span():
    reach = Reach(np.array([39.0]), 20.0, 1.5)
    futures, value, mean, _ = drawn(CASES["cdnow repeater"], reach)
    counts, money = span_sums(futures, value, mean, reach.lengths, np.zeros(1), 1, SIZE)
    by_month = window_sums(futures, value, mean, np.linspace(0, 39, 10), 1, SIZE)
    np.testing.assert_allclose(by_month[1].sum(axis=0), money[0], rtol=1e-12)
    plain = np.setdiff1d(np.arange(SIZE), futures.tails.cell)
    np.testing.assert_array_equal(by_month[0].sum(axis=0)[0, plain], counts[0, 0, plain])


def test_first_times():
    np.testing.assert_array_equal(first_times(ONE_TAIL, 2), [4.0, 0.5])
    reach = Reach(np.array([np.inf]), 30.0, 1e4)
    x, _, T, law = CASES["cdnow repeater"]
    futures, *_ = drawn(CASES["cdnow repeater"], reach)
    first = first_times(futures, SIZE)
    chance = 1 - pareto_nbd.purchase_probability(x, 30.43, T, horizon=np.array([3.0, 29.0]), number=0, **law)
    for length, p in zip((3.0, 29.0), chance, strict=True):
        assert stats.binomtest(int((first <= length).sum()), SIZE, p).pvalue > FALSE_ALARM


@pytest.mark.parametrize(("cost", "paid"), [(4.0, 0.0), (4.0001, 0.5), (9.0, 0.5), (9.1, 1.5)])
def test_pay_back_by_a_purchase(cost, paid):
    found = pay_back(ONE_TAIL, VALUE, np.array([8.0, 8.0]), MEAN, cost, 0.5, 0.0, 52.0)
    assert found[1] == paid


@pytest.mark.parametrize(("rate", "decay"), [(0.0, 0.0), (0.02, 0.0), (0.0, 0.25), (0.02, 0.25)])
def test_pay_back_by_a_tail(rate, decay):
    """The moment at which money within it is the cost; the last that can be paid is all within the horizon."""
    tails = ONE_TAIL.tails._replace(decay=np.array([decay]))
    futures = ONE_TAIL._replace(tails=tails)
    first, margin = np.array([8.0, 8.0]), 0.4

    def margins(length):
        _, money = span_sums(futures, VALUE, MEAN, np.array([length]), np.array([rate]), 1, 2)
        return margin * (first + money[0, 0])[1]

    for moment in (2.0, 2.5, 6.9):
        found = pay_back(futures, VALUE, first, MEAN, margins(moment) * (1 + 1e-13), margin, rate, 7.0)
        assert abs(found[1] - moment) < 1e-9
    assert np.isinf(pay_back(futures, VALUE, first, MEAN, margins(7.0) * (1 + 1e-9), margin, rate, 7.0)[1])
    assert np.isinf(pay_back(futures, VALUE, first, MEAN, margins(9.0) * (1 + 1e-9), margin, rate, np.inf)[1])


def as_an_even_flow(so_far, paid, since, left, flow, cost, rate):
    """Value and moment when the rest flows evenly, as `decide` computed them before futures were arrays."""
    ahead = left - since
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        now = np.maximum(flow * np.exp(-rate * since), np.finfo(float).tiny)
        length = -np.expm1(-rate * ahead) / rate if rate > 0 else ahead
        open_share = (cost - so_far) / now
        wait = -np.log1p(-np.minimum(rate * open_share, 1.0)) / rate if rate > 0 else open_share
    due = np.isinf(paid) & (wait <= ahead) & np.isfinite(wait)
    return so_far + np.where(ahead > 0, now * length, 0.0), np.where(due, since + np.maximum(wait, 0), paid)


@pytest.mark.parametrize("rate", [0.0, 0.02])
@pytest.mark.parametrize("cost", [0.0, 6.0, 15.0, 40.0, 150.0])
def test_pay_back_as_today(rate, cost):
    """The same futures, purchase by purchase, and then as an even flow."""
    margin, length = 0.3, 52.0
    reach = Reach(np.array([length]), 30.0, 3.0)
    futures, value, mean, first = drawn(CASES["new"], reach, size=20_000, first=True)
    found = pay_back(futures, value, first, mean, cost, margin, rate, length)
    _, money = span_sums(futures, value, mean, reach.lengths, np.array([rate]), 1, 20_000)
    so_far, paid = margin * first, np.where(margin * first >= cost, 0.0, np.inf)
    owner = np.repeat(np.arange(20_000), np.diff(futures.offset))
    for cell, time, one in zip(owner, futures.time, value, strict=True):
        so_far[cell] += margin * one * np.exp(-rate * time)
        if so_far[cell] >= cost and np.isinf(paid[cell]):
            paid[cell] = time
    tails, since, left, flow = futures.tails, np.zeros(20_000), np.zeros(20_000), np.zeros(20_000)
    since[tails.cell], left[tails.cell] = tails.start, np.minimum(tails.end, length)
    flow[tails.cell] = margin * mean[tails.cell] * tails.rate
    total, moment = as_an_even_flow(so_far, paid, since, left, flow, cost, rate)
    np.testing.assert_allclose(margin * (first + money[0, 0]), total, rtol=1e-12)
    np.testing.assert_allclose(found, moment, rtol=1e-9, atol=1e-9)
