"""Sums of drawn futures: by hand, by quadrature, and against one another."""

import numpy as np
import pytest
from drawn import CASES, FALSE_ALARM, SIZE, drawn
from scipy import stats

from kundenwert.kernels import pareto_nbd
from kundenwert.kernels.futures import Futures, Reach, Tails, first_times, running_sums, span_sums, window_sums
from kundenwert.kernels.pay_back import Earning, pay_back

ONE_TAIL = Futures(  # of the second of two cells, with decay
    np.array([0, 1, 3]),
    np.array([4.0, 0.5, 1.5]),
    Tails(np.array([1]), np.array([2.0]), np.array([9.0]), np.array([3.0]), np.array([0.25]), np.array([[7.0, 5.0]])),
    np.array([4.0, 2.0]),
)
VALUE, MEAN = np.array([1.0, 10.0, 20.0]), np.array([0.0, 5.0])


def integral(low, high, rate):
    at, weight = np.polynomial.legendre.leggauss(60)
    u = low + (high - low) * (at + 1) / 2
    return float((weight * 3.0 * np.exp(-0.25 * (u - 2.0) - rate * u)).sum() * (high - low) / 2)


@pytest.mark.parametrize(
    ("lengths", "rates", "counts", "money"),
    [
        (
            [20.0, 4.0],
            [0.1, 0.0],
            [[1, 9], [1, 7]],
            [
                [np.exp(-0.4), 10 * np.exp(-0.05) + 20 * np.exp(-0.15) + 5 * integral(2.0, 9.0, 0.1)],
                [1.0, 30 + 5 * integral(2.0, 4.0, 0.0)],
            ],
        ),
        ([1.5, 1.4], [0.0, 0.0], [[0, 2], [0, 1]], [[0, 30], [0, 10]]),
    ],
    ids=["with a tail", "ends between purchases"],
)
def test_span_sums_by_hand(lengths, rates, counts, money):
    found = span_sums(ONE_TAIL, VALUE, MEAN, np.array(lengths), np.array(rates), 2, 1)
    np.testing.assert_array_equal(found[0][..., 0], counts)
    np.testing.assert_allclose(found[1][..., 0], money, rtol=1e-13)


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


@pytest.mark.parametrize("length", [3.0, 29.0])
def test_first_times_follow_the_chance_of_a_purchase(length):
    x, _, T, law = CASES["cdnow repeater"]
    futures, *_ = drawn(CASES["cdnow repeater"], Reach(np.array([np.inf]), 30.0, 1e4))
    first = first_times(futures, SIZE)
    chance = 1 - pareto_nbd.purchase_probability(x, 30.43, T, horizon=length, number=0, **law)
    assert stats.binomtest(int((first <= length).sum()), SIZE, chance).pvalue > FALSE_ALARM


@pytest.mark.parametrize(("cost", "paid"), [(4.0, 0.0), (4.0001, 0.5), (9.0, 0.5), (9.1, 1.5)])
def test_pay_back_by_a_purchase(cost, paid):
    found = pay_back(ONE_TAIL, VALUE, np.array([8.0, 8.0]), MEAN, Earning(0.5, cost, 0.0, 0.0), 0.0, 52.0)
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
        found = pay_back(
            futures, VALUE, first, MEAN, Earning(margin, margins(moment) * (1 + 1e-13), 0.0, 0.0), rate, 7.0
        )
        assert abs(found[1] - moment) < 1e-9
    assert np.isinf(
        pay_back(futures, VALUE, first, MEAN, Earning(margin, margins(7.0) * (1 + 1e-9), 0.0, 0.0), rate, 7.0)[1]
    )
    assert np.isinf(
        pay_back(futures, VALUE, first, MEAN, Earning(margin, margins(9.0) * (1 + 1e-9), 0.0, 0.0), rate, np.inf)[1]
    )


@pytest.mark.parametrize("rate", [0.0, 0.02])
@pytest.mark.parametrize("length", [1.0, 4.0, 20.0])
def test_running_sums_by_hand(rate, length):
    """The first cell leaves at its purchase at 4; the second's tail flows, and it stays, with decay."""
    bought, time = running_sums(ONE_TAIL, length, rate, 2, 1)
    tail = integral(2.0, min(9.0, length), rate) / 3 if length > 2 else 0.0
    until = [min(4.0, length), min(2.0, length)]
    lived = [-np.expm1(-rate * u) / rate if rate else u for u in until]
    np.testing.assert_allclose(time[:, 0], [lived[0], lived[1] + tail], rtol=1e-13)
    own = [np.array([4.0]), np.array([0.5, 1.5])]
    sums = [np.exp(-rate * times[times <= length]).sum() for times in own]
    np.testing.assert_allclose(bought[:, 0], [sums[0], sums[1] + 3 * tail], rtol=1e-13)


@pytest.mark.parametrize(
    ("cost", "order", "service", "paid"),
    [
        (4.0, 0.0, 0.0, [0.0, 0.0]),
        (4.0, 0.0, 0.5, [np.inf, 0.5]),  # service opens it again; the second cell's purchase closes it
        (3.0, 0.0, 0.25, [0.0, 0.0]),  # the first cell has earned its service until the last day
        (3.0, 0.0, 0.3, [4.0, 0.0]),  # now it has not, and its last purchase pays for it
        (3.9, 0.0, 5.0, [np.inf, 1.5]),  # covered at .5, open again before 1.5
        (3.0, 1.0, 0.0, [np.inf, 0.0]),  # the first cell's purchase is worth less than it costs
        (18.0, 1.0, 0.0, [np.inf, 2.0 + 2 / 3]),
        (18.0, 1.0, 1.0, [np.inf, 2.0 + 4 / 2]),  # what an even flow has to cover, by what it brings net
        (10.0, 1.0, 4.0, [np.inf, np.inf]),  # covered at 1.5; the flow brings 3 and service costs 4
    ],
)
def test_pay_back_with_running_costs_by_hand(cost, order, service, paid):
    tails = ONE_TAIL.tails._replace(decay=np.zeros(1), rate=np.array([2.0]))
    value, mean = np.array([1.0, 10.0, 20.0]), np.array([0.0, 5.0])
    futures = ONE_TAIL._replace(tails=tails)
    found = pay_back(futures, value, np.array([8.0, 8.0]), mean, Earning(0.5, cost, order, service), 0.0, 52.0)
    np.testing.assert_allclose(found, paid, rtol=1e-13)


@pytest.mark.parametrize("rate", [0.0, 0.02])
@pytest.mark.parametrize("reach", [Reach(np.array([52.0]), np.inf, 1e4), Reach(np.array([52.0]), 20.0, 2.0)])
def test_covered_for_good_means_covered_at_the_end_and_ever_since(rate, reach):
    """Of each simulated customer: what is open, followed over a fine grid of times."""
    size, earning = 2000, Earning(0.3, 20.0, 2.0, 0.2)
    futures, value, mean, first = drawn(CASES["new"], reach, size=size, first=True)
    paid = pay_back(futures, value, first, mean, earning, rate, 52.0)
    times = np.linspace(0, 52, 1041)
    left = np.empty((times.size, size))
    for k, time in enumerate(times):
        _, money = span_sums(futures, value, mean, np.array([max(time, 1e-12)]), np.array([rate]), 1, size)
        bought, lived = running_sums(futures, time, rate, 1, size)
        spent = earning.cost + earning.order * (1 + bought[0]) + earning.service * lived[0]
        left[k] = spent - earning.margin * (first + money[0, 0])
    np.testing.assert_array_equal(np.isfinite(paid), left[-1] <= 0)
    some = np.flatnonzero(np.isfinite(paid))
    assert some.size > 100
    for cell in some:
        later = times >= paid[cell]
        assert (left[later, cell] <= 1e-9).all()
        before = np.flatnonzero(times < paid[cell])
        assert before.size == 0 or left[before[-1], cell] > -0.3 * 2 * earning.service - 1e-9
    assert (np.isfinite(paid) & (left[1:] > 0).any(axis=0) & (left[0] <= 0)).sum() > 0  # some were covered before


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
    found = pay_back(futures, value, first, mean, Earning(margin, cost, 0.0, 0.0), rate, length)
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
