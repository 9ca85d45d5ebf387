"""Data sets from the priors: by the laws' own probabilities, for every law, with effects and spend.

Each statistical check fails right code with probability below 1e-5; seeds are fixed.
"""

import numpy as np
import pandas as pd
import pytest

import kundenwert as kw
from kundenwert.bayes.variants import derived
from kundenwert.laws import NEWCOMER, PURCHASE_LAWS


@pytest.fixture
def who():
    frame = pd.DataFrame({"frequency": [3, 0] * 50, "recency": [9.0, 0.0] * 50, "T": 40.0, "monetary_value": 30.0})
    frame["cohort"], frame["machines"] = ["web", "fair"] * 50, np.arange(100.0)
    return kw.CustomerSummary.from_frame(frame, time_unit="W")


@pytest.mark.parametrize("name", PURCHASE_LAWS)
def test_shares_of_one_time_buyers_are_those_of_the_law(name, who):
    law = PURCHASE_LAWS[name]()
    found = kw.prior_predictive(law, None, who, seed=4, draws=400)
    rng = np.random.default_rng(9)
    drawn = {name: prior.draw(4000, rng=rng) for name, prior in kw.resolved_priors(law).items()}
    rates = law.own(derived(law, drawn, who.units_per_year))
    wanted = np.exp(law.log_purchase_probability(NEWCOMER, rates, horizon=40.0, number=0))
    shares = found["frequency"].eq(0).groupby(found["draw"]).mean()
    spread = np.sqrt(shares.var() / 400 + wanted.var() / 4000)
    assert abs(shares.mean() - wanted.mean()) < 4.5 * spread
    assert (found["recency"] <= found["T"]).all()
    assert len(found) == 400 * 100


def test_each_draw_is_a_summary(who):
    found = kw.prior_predictive(kw.ParetoNBD(), kw.GammaGamma(), who, seed=1, draws=20)
    for _, rows in found.groupby("draw"):
        again = kw.CustomerSummary.from_frame(rows.drop(columns="draw"), time_unit="W")
        assert len(again) == 100
    assert found["monetary_value"].isna().equals(found["frequency"].eq(0))
    assert 20 < found["monetary_value"].median() < 45  # the priors are about the median value of a purchase, 30


def test_effects_tell_customers_apart(who):
    """Within a draw cohorts differ more than customers who share one law by chance do."""
    plain = kw.prior_predictive(kw.NBD(), None, who, seed=2, draws=300)
    apart = kw.prior_predictive(kw.NBD(cohorts=("cohort",), covariates=("machines",)), None, who, seed=2, draws=300)

    def difference(found):
        web = np.isin(found["customer_id"].astype(int) % 2, 0)
        means = found.assign(web=web).pivot_table("frequency", "draw", "web")
        return np.log((means[True] + 0.1) / (means[False] + 0.1)).std()

    assert difference(apart) > 1.15 * difference(plain)


def test_the_seed_makes_it_reproducible(who):
    one, same, other = (kw.prior_predictive(kw.BGNBD(), None, who, seed=seed, draws=2) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, same)
    assert not one["frequency"].equals(other["frequency"])
    with pytest.raises(kw.DomainError, match="draws=0: at least one data set"):
        kw.prior_predictive(kw.BGNBD(), None, who, seed=1, draws=0)
