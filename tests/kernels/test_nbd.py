"""The NBD kernel against published numbers, its limit in the Pareto/NBD, and its own simulations."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from kundenwert.data import patterns
from kundenwert.kernels import nbd, pareto_nbd

PUBLISHED = {"r": 0.3847659, "alpha": 12.0720137}


@pytest.fixture(scope="module")
def cdnow(cdnow_summary):
    data = patterns(cdnow_summary.table)
    return data.frequency, data.recency, data.T, data.count


def test_cdnow_log_likelihood_as_published(cdnow):
    assert nbd.total_log_likelihood(*cdnow, **PUBLISHED).item() == pytest.approx(-9763.6576, abs=5e-5)


def test_cdnow_maximum_likelihood_as_published(cdnow):
    def negative(logs):
        return -nbd.total_log_likelihood(*cdnow, r=np.exp(logs[0]), alpha=np.exp(logs[1])).item()

    found = optimize.minimize(negative, [0.0, 2.0], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-10})
    np.testing.assert_allclose(np.exp(found.x), list(PUBLISHED.values()), rtol=1e-6)


def test_cdnow_holdout_total_as_published(cdnow_summary):
    """The sum of 39 weeks' expected purchases: 2929.8 (table of hold-out forecasts in the published values)."""
    columns = (cdnow_summary.table[name].to_numpy() for name in ("frequency", "recency", "T"))
    total = nbd.expected_purchases(*columns, horizon=39.0, **PUBLISHED).sum()
    assert total == pytest.approx(2929.8, abs=0.6)


relation = settings(deadline=None, derandomize=True, max_examples=100)
history = st.tuples(st.integers(0, 400), st.floats(0, 1), st.floats(0.1, 500))
shape = st.floats(0.05, 20)


@relation
@given(history, shape, st.floats(0.1, 300))
def test_it_is_the_pareto_nbd_of_customers_who_never_leave(one, r, alpha):
    """Half-lives so long that, silent as the customer may have been, drop-out has a probability below 1e-10."""
    x, share, T = one
    t_x = share * T if x else 0.0
    silence = (r + x) * np.log((alpha + T) / (alpha + t_x))
    assume(silence < 600)
    never = {"s": 1.0, "beta": 1e10 * T * np.exp(silence)}
    ours = nbd.log_likelihood(x, t_x, T, r=r, alpha=alpha)
    assert ours == pytest.approx(pareto_nbd.log_likelihood(x, t_x, T, r=r, alpha=alpha, **never), rel=1e-8, abs=1e-8)
    ahead = nbd.expected_purchases(x, t_x, T, horizon=10.0, r=r, alpha=alpha)
    assert ahead == pytest.approx(
        pareto_nbd.expected_purchases(x, t_x, T, horizon=10.0, r=r, alpha=alpha, **never), rel=1e-7
    )


@relation
@given(history, shape, st.floats(0.1, 300), st.floats(0.01, 100))
def test_units_of_time_do_not_matter(one, r, alpha, unit):
    """A change of unit shifts the log density of x times by x log(unit), and changes no expectation."""
    x, _, T = one
    own = nbd.log_likelihood(x, 0, T, r=r, alpha=alpha)
    other = nbd.log_likelihood(x, 0, T * unit, r=r, alpha=alpha * unit)
    assert other == pytest.approx(own - x * np.log(unit), rel=1e-9, abs=1e-9)


def test_the_total_counts_each_history():
    x, t_x, T, count = np.array([0, 2, 5]), np.array([0.0, 1, 3]), np.array([4.0, 5, 6]), np.array([7, 1, 2])
    r, alpha = np.array([0.3, 1.0, 4.0]), np.array([2.0, 3.0, 9.0])
    single = nbd.log_likelihood(x, t_x, T, r=r[:, None], alpha=alpha[:, None])
    np.testing.assert_allclose(nbd.total_log_likelihood(x, t_x, T, count, r=r, alpha=alpha), single @ count, rtol=1e-13)


def test_simulated_counts_follow_the_negative_binomial():
    """Chi-square of 50,000 counts below its 99.99 % point, and times of the last purchase as those of uniforms."""
    r, alpha, T = 0.7, 9.0, 30.0
    x, t_x = nbd.simulate(np.full(50_000, T), r=r, alpha=alpha, rng=np.random.default_rng(21))
    law = stats.nbinom(r, alpha / (alpha + T))
    edges = np.arange(12)
    expected = 50_000 * np.append(law.pmf(edges[:-1]), law.sf(edges[-1] - 1))
    found = np.append(np.bincount(x.astype(int))[:11], (x >= 11).sum())
    assert stats.chisquare(found, expected * 50_000 / expected.sum()).pvalue > 1e-4
    three = t_x[x == 3] / T
    assert stats.kstest(three**3, "uniform").pvalue > 1e-4
    assert (t_x[x == 0] == 0).all()
