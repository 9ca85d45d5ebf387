"""Drawn futures against the kernel that they replace; to be dropped with it."""

import numpy as np
from drawn import FALSE_ALARM, LONG, SIZE, WEEKLY, cases, drawn, p_alive, samples_of
from scipy import stats

from kundenwert.kernels import outcomes
from kundenwert.kernels.futures import Reach, span_sums


@cases
def test_as_the_old_kernel(case):
    """Counts and money of two horizons, by ranks, where both draw one by one and where both let money flow."""
    x, t_x, T, law = case
    for one_by_one in (1e4, 1.5):
        reach = Reach(np.array([39.0, 13.0]), np.inf, one_by_one)
        futures, value, mean, _ = drawn(case, reach)
        counts, money = span_sums(futures, value, mean, reach.lengths, np.array([WEEKLY, 0.0]), 1, SIZE)
        alive = np.full(SIZE, p_alive(x, t_x, T, law))
        old, _ = outcomes.draw_outcomes(
            *(x, T, 20 * x, alive, *samples_of(law | LONG, SIZE).values()),
            *(outcomes.Reach(39.0, WEEKLY, 13.0, np.inf, one_by_one), np.random.default_rng(2)),
        )
        compared = (counts[0], counts[1]) if one_by_one < 10 else (counts[0], money[0], counts[1], money[1])
        before = (old[0], old[2]) if one_by_one < 10 else old  # the first of a tail is drawn now, not let flow
        for new, was in zip(compared, before, strict=True):
            assert stats.ks_2samp(new[0], was).pvalue > FALSE_ALARM
