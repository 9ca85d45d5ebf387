"""Laws of what is simulated, and breaches that really break.

Written false-alarm rate: each statistical check fails a right simulation with probability at most 1e-6 (five standard
errors, or a p-value below it), and there are fewer than 100 in this folder: one change of seed in ten thousand.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from kundenwert.kernels import pareto_nbd
from kundenwert.simulate import Effects, Law, Number, simulate_population
from kundenwert.simulate.population import Breaches
from kundenwert.simulate.process import MOST_EVENTS, draw_purchases, draw_refunds, draw_state, gamma_quantile, season_of

ALARM = 1e-6
SIZE = 20_000
SEASON = (0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.4, 1.2, 1.0, 0.8, 0.6)


def law(size=SIZE, **changed):
    values = {"r": 1.2, "alpha": 6.0, "s": 1.6, "beta": 40.0, "p": 2.0, "q": 4.0, "v": 75.0} | changed
    return Law(**{name: np.full(size, value) for name, value in values.items()})


def near(sample, mean, errors=5.0):
    """Whether the sample's mean is within so many standard errors."""
    return abs(sample.mean() - mean) < errors * sample.std() / np.sqrt(sample.size)


@pytest.mark.parametrize("correlation", [0.0, 0.6])
def test_marginal_laws(correlation):
    """A copula leaves both marginal laws as they are."""
    state = draw_state(law(), Breaches(spend_correlation=correlation), np.random.default_rng(1))
    assert stats.kstest(state.purchase_rate, stats.gamma(1.2, scale=1 / 6).cdf).pvalue > ALARM
    assert stats.kstest(state.dropout_rate, stats.gamma(1.6, scale=1 / 40).cdf).pvalue > ALARM
    assert stats.kstest(state.mean_spend, stats.invgamma(4, scale=150).cdf).pvalue > ALARM
    assert stats.kstest(state.lifetime, stats.lomax(1.6, scale=40).cdf).pvalue > ALARM


@pytest.mark.parametrize("correlation", [-0.7, 0.0, 0.5])
def test_spend_goes_with_rate(correlation):
    """Kendall's τ of a Gaussian copula is 2/π · asin ρ."""
    state = draw_state(law(), Breaches(spend_correlation=correlation), np.random.default_rng(2))
    tau = stats.kendalltau(state.purchase_rate, state.mean_spend).statistic
    assert tau == pytest.approx(2 / np.pi * np.arcsin(correlation), abs=5 * 0.67 / np.sqrt(SIZE))


def test_the_hazard_of_aging_customers_rises():
    """Cumulated hazard is exponential: μ (e^(g t) - 1)/g of a right lifetime has the standard exponential law."""
    growth = 0.05
    state = draw_state(law(), Breaches(aging=growth), np.random.default_rng(3))
    hazard = state.dropout_rate * np.expm1(growth * state.lifetime) / growth
    assert stats.kstest(hazard, "expon").pvalue > ALARM
    assert stats.kstest(state.dropout_rate * state.lifetime, "expon").pvalue < ALARM


@pytest.mark.parametrize("regularity", [1, 2, 5])
def test_gaps_are_erlang(regularity):
    """Over so long a time that the cut at its end hardly counts; the coefficient of variation is 1/√k."""
    rate, length = np.full(200, 1.0), 200.0
    rng = np.random.default_rng(4)
    season = season_of((), end=pd.Timestamp("2024-12-31"), first=0, last=length, days_per_unit=7)
    who, time = draw_purchases(rate, np.zeros(200), np.full(200, length), season, regularity, rng)
    first = np.r_[True, np.diff(who) > 0]
    gaps = np.where(first, time, np.diff(time, prepend=0.0))
    early = gaps[time < 150]
    assert stats.kstest(early, stats.gamma(regularity, scale=1 / regularity).cdf).pvalue > ALARM
    assert early.std() / early.mean() == pytest.approx(1 / np.sqrt(regularity), abs=0.03)


def test_a_season_moves_purchases_between_months():
    """Counts by month are Poisson around rate · days · factor; chi-square of twelve months."""
    end = pd.Timestamp("2022-12-31")
    season = season_of(SEASON, end=end, first=-365.0, last=0.0, days_per_unit=1)
    assert season.edges[[0, 1, -1]].tolist() == [-365, -334, 0]
    assert season.factor.tolist() == pytest.approx(SEASON)
    rng = np.random.default_rng(5)
    _, time = draw_purchases(np.full(1000, 0.2), np.full(1000, -365.0), np.zeros(1000), season, 1, rng)
    count = np.histogram(time, season.edges)[0]
    expected = 200 * np.diff(season.edges) * SEASON
    assert stats.chi2(12).sf(((count - expected) ** 2 / expected).sum()) > ALARM
    assert count[6] > 3 * count[0]


def test_a_season_runs_over_parts_of_months_and_years():
    season = season_of(SEASON, end=pd.Timestamp("2023-02-10"), first=-20.0, last=400.0, days_per_unit=1)
    assert season.edges[:4].tolist() == [-20, -10, 18, 49]
    assert season.factor[:3].tolist() == pytest.approx([0.4, 0.6, 0.8])
    assert season.edges[-1] == 400
    assert len(season.factor) == len(season.edges) - 1 == 15
    at = np.linspace(-20, 400, 50)
    np.testing.assert_allclose(season.calendar(season.operational(at)), at, atol=1e-9)


def test_refunds():
    amount = np.full(50_000, 100.0)
    order, refund, days = draw_refunds(
        amount, Breaches(refund_share=0.1, refund_partial=0.4, refund_days=20.0), np.random.default_rng(6)
    )
    assert stats.binomtest(order.size, 50_000, 0.1).pvalue > ALARM
    assert stats.binomtest(int((refund == 100).sum()), order.size, 0.6).pvalue > ALARM
    assert refund.min() > 0
    assert days.min() == 1
    assert near(days, 20.0)
    assert near(refund, 100 * Breaches(refund_share=0.1, refund_partial=0.4).refunded / 0.1)


def test_quantiles_reach_into_both_tails():
    z = np.array([-20.0, -8.0, 0.0, 8.0, 20.0])
    np.testing.assert_allclose(gamma_quantile(1.0, z)[:2], stats.norm.cdf(z[:2]), rtol=1e-12)
    np.testing.assert_allclose(gamma_quantile(1.0, z)[2:], -stats.norm.logsf(z[2:]), rtol=1e-12)


def test_too_many_purchases_are_refused(plain):
    assert MOST_EVENTS == 50_000_000
    with pytest.raises(ValueError, match=r"about \d[.\d]*e\+0[78] purchases, more than can be held; give it fewer"):
        simulate_population(
            plain(10_000, group={"r": 200.0, "s": 1e-3}, population={"holdout_end": None}), seed=1, relationship=(300,)
        )


def test_effects_are_found_in_the_sample(plain):
    """The logarithm of a mean over that of the reference group is the effect."""
    effects = Effects(
        purchase={"channel=web": 0.7, "log(machines)": 0.5},
        dropout={"channel=web": -0.4},
        spend={"channel=web": 0.3, "machines": 0.1},
    )
    group = {"attributes": {"channel": {"web": 1, "fair": 1}}, "numbers": {"machines": Number(4.0, 0.5, whole=True)}}
    made = simulate_population(plain(SIZE, group=group, population={"effects": effects}), seed=7)
    truth, web = made.truth, made.customers["channel"] == "web"
    machines = made.customers["machines"]
    assert (machines == machines.round()).all()
    assert machines.min() >= 1
    rate = truth["purchase_rate"] / machines**0.5
    spend = truth["mean_spend"] / np.exp(0.1 * machines)
    for values, effect in ((rate, 0.7), (truth["dropout_rate"], -0.4), (spend, 0.3)):
        found = np.log(values[web].mean() / values[~web].mean())
        error = np.sqrt(sum((part.std() / part.mean()) ** 2 / len(part) for part in (values[web], values[~web])))
        assert abs(found - effect) < 5 * error
    assert near(rate[~web], 0.2)
    assert truth["alpha"].to_numpy() == pytest.approx(6 * np.exp(-0.7 * web) / machines**0.5)


def test_observed_counts_follow_the_published_distribution(plain):
    """Repeat purchases in the time observed against P(X(T) = 0), and recency within T, by way of days."""
    truth = simulate_population(plain(SIZE), seed=8).truth
    none = pareto_nbd.purchase_pmf(horizon=truth["T"].to_numpy(), number=0, r=1.2, alpha=6.0, s=1.6, beta=40.0)
    excess = (truth["purchases_to_date"] == 1) - none
    assert near(excess, 0.0)
    expected = pareto_nbd.expected_purchases_new(horizon=truth["T"].to_numpy(), r=1.2, alpha=6.0, s=1.6, beta=40.0)
    assert near(truth["purchases_to_date"] - 1 - expected, 0.0)
