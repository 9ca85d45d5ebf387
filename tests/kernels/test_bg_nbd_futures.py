"""Drawn futures of the BG/NBD and the MBG/NBD against closed forms.

Written false-alarm rate: each of the fewer than 60 statistical checks fails a right sampler with probability 1e-5 at
most, all together less than once in 1,600 changes of the keys. The keys are fixed.
"""

import numpy as np
import pytest
from scipy import stats

from kundenwert.kernels import bg_nbd
from kundenwert.kernels.bg_nbd.futures import draw_futures
from kundenwert.kernels.futures import Reach, first_times, span_sums
from kundenwert.kernels.streams import customer_keys

SIZE = 100_000
LAWS = {
    "cdnow": {"r": 0.2425945, "alpha": 4.4136019, "a": 0.7929199, "b": 2.4258881},
    "busy": {"r": 5.0, "alpha": 8.0, "a": 3.0, "b": 40.0},
    "tiny shapes": {"r": 0.05, "alpha": 3.0, "a": 0.05, "b": 0.4},
}
HISTORIES = {"new": (0, 0.0, 0.0), "repeater": (2, 30.43, 38.86), "heavy": (26, 30.857, 31.0)}
REACHES = {
    "all drawn": (np.inf, 1e4),
    "drawn for a while": (60.0, 1e4),
    "few drawn": (np.inf, 3.0),
    "none drawn": (0.0, 1e4),
}
flips = pytest.mark.parametrize("flips", [0, 1], ids=["bg", "mbg"])
histories = pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
reaches = pytest.mark.parametrize("how", REACHES.values(), ids=REACHES)


def drawn(history, law, flips, lengths, how=(np.inf, 1e4), seed=1):
    x, _, T = history
    alive = np.full((1, SIZE), bg_nbd.p_alive(*history, **law, flips=flips))
    sets = {name: np.full(SIZE, value) for name, value in law.items()}
    reach = Reach(np.asarray(lengths, dtype=np.float64), *how)
    return draw_futures([x], [T], alive, **sets, reach=reach, keys=customer_keys(seed, [7]), flips=flips)


def sums(futures, lengths, rates):
    counts, money = span_sums(
        futures, np.ones(futures.time.size), np.ones(SIZE), np.array(lengths), np.array(rates), 1, SIZE
    )
    return counts[:, 0], money[:, 0]


@flips
@histories
@reaches
def test_moments(flips, history, how):
    """Means of counts, within 39 and 200, and of discounted purchases for ever: within 4.4 standard errors."""
    lengths, rates = (39.0, 200.0, np.inf), (0.0, 0.0, 0.0027)
    how = (min(how[0], 1000.0), how[1])  # who discounts for ever draws one by one up to a time
    law = LAWS["cdnow"]
    counts, money = sums(drawn(history, law, flips, lengths, how), lengths, rates)
    for found, length, rate in ((counts[0], 39.0, 0.0), (counts[1], 200.0, 0.0), (money[2], np.inf, 0.0027)):
        expected = bg_nbd.expected_purchases(*history, horizon=length, discount_rate=rate, **law, flips=flips)
        assert abs(found.mean() - expected) < 4.4 * found.std() / np.sqrt(SIZE)


@flips
@histories
@reaches
@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_counts_follow_their_law(flips, history, how, law):
    """Chi-square over up to 12 numbers of purchases within 39, whoever drew them: one by one, or beyond."""
    counts = sums(drawn(history, law, flips, [100.0, 39.0], how, seed=2), [100.0, 39.0], [0.0, 0.0])[0][1]
    p = np.exp(bg_nbd.log_purchase_probability(*history, horizon=39.0, number=np.arange(11), **law, flips=flips))
    p = np.append(p, max(1 - p.sum(), 0.0))
    found = np.bincount(np.minimum(counts, 11).astype(int), minlength=12)
    enough = p * SIZE > 10
    found, p = np.append(found[enough], found[~enough].sum()), np.append(p[enough], p[~enough].sum())
    if p[-1] * SIZE < 10:
        found, p = np.append(found[:-2], found[-2:].sum()), np.append(p[:-2], p[-2:].sum())
    assert stats.chisquare(found, p / p.sum() * SIZE).pvalue > 1e-5


@flips
def test_time_of_the_first_purchase(flips):
    """Of somebody alive it is of Pareto's law, whatever p: `P(> t) = (1 + t/(α+T))^-(r+x)`."""
    history, law = HISTORIES["repeater"], LAWS["cdnow"]
    first = first_times(drawn(history, law, flips, [50.0], seed=3), SIZE)
    first = first[np.isfinite(first)]
    pareto = stats.lomax(law["r"] + 2, scale=law["alpha"] + 38.86)
    assert stats.kstest(first, lambda t: pareto.cdf(t) / pareto.cdf(50.0)).pvalue > 1e-5
    buys = bg_nbd.p_alive(*history, **law, flips=flips) * pareto.cdf(50.0)
    assert stats.binomtest(first.size, SIZE, float(buys)).pvalue > 1e-5


@flips
def test_a_longer_reach_adds_purchases_and_changes_none(flips):
    near, far = (drawn(HISTORIES["heavy"], LAWS["cdnow"], flips, [length], seed=4) for length in (39.0, 200.0))
    cell = np.repeat(np.arange(SIZE), np.diff(far.offset))
    early = far.time < 39.0
    np.testing.assert_array_equal(far.time[early], near.time)
    np.testing.assert_array_equal(np.bincount(cell[early], minlength=SIZE), np.diff(near.offset))
    assert far.time.size > near.time.size


@flips
def test_customers_keep_their_draws_whatever_the_order(flips):
    x, T, ids = np.array([0.0, 2.0, 26.0]), np.array([10.0, 38.86, 31.0]), np.array([5, 6, 7])
    alive = np.array([0.4, 0.7, 0.9])[:, None] * np.ones(1000)
    sets = {name: np.full((3, 1000), value) for name, value in LAWS["cdnow"].items()}
    reach = Reach(np.array([39.0]), 20.0, 1e4)

    def counts(order):
        own = {name: values[order] for name, values in sets.items()}
        keys = customer_keys(9, ids[order])
        futures = draw_futures(x[order], T[order], alive[order], **own, reach=reach, keys=keys, flips=flips)
        none = np.zeros(3000)
        return span_sums(futures, np.ones(futures.time.size), none, reach.lengths, np.zeros(1), 3, 1000)[0][0]

    turned = np.array([2, 0, 1])
    np.testing.assert_array_equal(counts(turned), counts(np.arange(3))[turned])


@flips
def test_tails_are_what_they_say(flips):
    """They start where drawing ends, never end, and decay at the rate times p: which has the mean of a beta law."""
    history, law = HISTORIES["heavy"], LAWS["cdnow"]
    tails = drawn(history, law, flips, [39.0, np.inf], (0.0, 1e4), seed=5).tails
    alive = float(bg_nbd.p_alive(*history, **law, flips=flips))
    assert stats.binomtest(tails.cell.size, SIZE, alive).pvalue > 1e-5
    assert (tails.start == 0).all()
    assert np.isinf(tails.end).all()
    rate = stats.gamma(law["r"] + 26, scale=1 / (law["alpha"] + 31))
    assert stats.kstest(tails.rate, rate.cdf).pvalue > 1e-5
    p = stats.beta(law["a"], law["b"] + 26 + flips)
    assert stats.kstest(tails.decay / tails.rate, p.cdf).pvalue > 1e-5


@flips
def test_the_dead_buy_nothing(flips):
    sets = {name: np.full(100, value) for name, value in LAWS["cdnow"].items()}
    reach = Reach(np.array([np.inf]), 1e3, 1e4)
    futures = draw_futures(
        [9.0], [9.0], np.zeros((1, 100)), **sets, reach=reach, keys=customer_keys(1, [1]), flips=flips
    )
    assert futures.time.size == 0
    assert futures.tails.cell.size == 0
    np.testing.assert_array_equal(futures.offset, np.zeros(101))
