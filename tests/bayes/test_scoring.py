"""Laws of customers from plain arrays, cohorts that the data have not seen among them, and what is believed beforehand.

Written false-alarm rate: each statistical check fails right code with probability at most 1e-5; there are 8. The draws
of unseen cohorts hang on names and seeds alone, which are fixed.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from kundenwert.bayes import Scoring, effects, resolved_priors
from kundenwert.data.design import Design
from kundenwert.laws import LAWS, NBD, GammaGamma, ParetoNBD

SIZE = 40_000
DESIGN = Design.of(pd.DataFrame({"cohort": ["a", "b"]}), ["cohort"], [])
SPREADS = {"purchase": 0.3, "dropout": 0.8, "spend": 0.2}


def scoring(kind, seed=5):
    """A posterior without width, of two cohorts without effects: what varies are unseen cohorts."""
    law = kind(cohorts=("cohort",))
    found = {}
    for process in law.acts_on:
        found[f"{process}_spread_cohort"] = np.full(SIZE, SPREADS[process])
        found[f"{process}_effect_cohort"] = np.zeros((SIZE, 2))
    return Scoring(law, {name: np.full(SIZE, 2.0) for name in law.parameters}, found, DESIGN, seed)


def logs(one, label, others=()):
    """Logarithms of what shifts the parameters of a customer of a cohort, by process."""
    table = pd.DataFrame({"cohort": [*others, label]})
    law = one.laws(table)(np.array([len(others)]))
    return {process: sign * np.log(law[name][0] / 2.0) for process, (name, sign) in one.law.acts_on.items()}


@pytest.mark.parametrize("kind", [ParetoNBD, GammaGamma, NBD])
def test_an_unseen_cohort_is_as_far_off_as_cohorts_are(kind):
    """Its effect is `Normal(0, spread)`, of the spread of each draw, and that of a seen one is what was learned."""
    one = scoring(kind)
    for process, eta in logs(one, "c").items():
        assert stats.kstest(eta / SPREADS[process], "norm").pvalue > 1e-5
        assert eta.std() == pytest.approx(SPREADS[process], rel=4.5 / np.sqrt(2 * SIZE))
    assert all((eta == 0).all() for eta in logs(one, "b").values())


def test_effects_of_an_unseen_cohort_are_its_own():
    """Purchases and drop-out, two cohorts, two seeds: all independent; the same cohort is the same in every table."""
    one = scoring(ParetoNBD)
    here = logs(one, "c")
    apart = [
        (here["purchase"], here["dropout"]),
        (here["purchase"], logs(one, "d")["purchase"]),
        (here["purchase"], logs(scoring(ParetoNBD, seed=6), "c")["purchase"]),
    ]
    for first, second in apart:
        assert abs(np.corrcoef(first, second)[0, 1]) < 4.5 / np.sqrt(SIZE)
    again = logs(one, "c", others=("a", "z", "b"))
    for process, eta in here.items():
        np.testing.assert_array_equal(again[process], eta)


@pytest.mark.parametrize(("kind", "signs"), [(ParetoNBD, {"alpha": -1, "beta": -1}), (GammaGamma, {"v": 1})])
def test_a_positive_effect_is_more_of_it(kind, signs):
    """`α e^-η`, `β e^-η`, `v e^η`, with the effect of the customer's own cohort."""
    one = scoring(kind)
    for process in one.law.acts_on:
        one.effects[f"{process}_effect_cohort"][:] = [0.1, 0.7]
    law = one.laws(pd.DataFrame({"cohort": ["b", "a", "b"]}))(np.array([1, 2]))
    for name, sign in signs.items():
        np.testing.assert_allclose(law[name][:, 0], 2.0 * np.exp(sign * np.array([0.1, 0.7])), rtol=1e-12)


def test_coefficients_act_on_a_customer_s_own_covariates():
    """`v e^(0.4 z)` of the rows asked for, in the order they are asked for; z is standardised."""
    design = Design.of(pd.DataFrame({"size": [1.0, 5.0]}), [], ["size"])
    centre, scale = design.numeric["size"]
    one = Scoring(
        GammaGamma(covariates=("size",)),
        {name: np.full(3, 2.0) for name in ("p", "q", "v")},
        {"spend_coefficient": np.full((3, 1), 0.4)},
        design,
        1,
    )
    sizes = np.array([1.0, 4.0, 9.0])
    law = one.laws(pd.DataFrame({"size": sizes}))(np.array([2, 0]))
    np.testing.assert_allclose(law["v"][:, 0], 2 * np.exp(0.4 * (sizes[[2, 0]] - centre) / scale), rtol=1e-12)
    assert (centre, law["v"].shape) == (3.0, (2, 3))


def test_customers_of_two_unseen_cohorts_are_of_two_kinds():
    kinds = scoring(GammaGamma).kinds(pd.DataFrame({"cohort": ["c", "d", "c", "a", "b"]}))
    assert kinds[0] == kinds[2]
    assert len(set(kinds)) == 4


def test_thinned_draws_are_spread_over_all():
    one = scoring(NBD)
    one.population["r"][:] = np.arange(SIZE)
    assert one.thin(5).population["r"].tolist() == [0, 9999, 19999, 29999, 39999]


@pytest.mark.parametrize(("z", "share"), [(-1.0, 0.158655), (0.0, 0.5), (2.0, 0.977250)])
def test_the_spread_of_cohorts_is_half_normal_of_one_half(z, share):
    assert np.exp(effects.log_spread(z)) == pytest.approx(stats.halfnorm(scale=0.5).ppf(share), rel=1e-5)


def test_a_coefficient_is_normal_of_one_half():
    """At 0.5 the log prior is half below that at 0; the graph has the same law, which another test holds to it."""
    design = Design.of(pd.DataFrame({"size": [1.0, 2.0, 4.0]}), [], ["size"])
    law = GammaGamma(covariates=("size",))
    one = effects.Effects(
        design, law.acts_on, law.intercepts, np.zeros((3, 0), int), np.zeros((3, 1)), ("relative_spend",)
    )
    prior = [one.place(np.array([0.0, coefficient])).log_prior for coefficient in (0.0, 0.5)]
    assert prior[0] - prior[1] == pytest.approx(0.5, rel=1e-12)


PURCHASES = {"yearly_purchases": (0.7, 2), "rate_cv": (0, 0.7)}
LEAVING = PURCHASES | {"leaving_odds": (-1.2, 1.0), "leaving_spread": (-0.5, 0.6)}
SPEND = {"relative_spend": (0, 1), "purchase_cv": (-0.7, 0.7), "customer_cv": (-0.56, 0.5)}
DEFAULTS = {
    "pareto_nbd": PURCHASES | {"half_life": (0, 1.5), "dropout_cv": (0.2, 0.4)},
    "nbd": PURCHASES,
    "bg_nbd": LEAVING,
    "mbg_nbd": LEAVING,
    "mbg_cnbd": LEAVING,
    "gamma_gamma": SPEND,
    "gamma_gamma_first": SPEND | {"first_weight": (0, 1), "first_level": (0, 0.5)},
}


@pytest.mark.parametrize("name", LAWS)
def test_default_priors_are_log_normal_as_stated(name):
    """Median e^mu and spread sigma of every quantity: changing one changes what is believed before any data."""
    found = resolved_priors(LAWS[name]())
    assert {key: prior.distribution for key, prior in found.items()} == dict.fromkeys(found, "LogNormal")
    assert {key: (prior.parameters["mu"], prior.parameters["sigma"]) for key, prior in found.items()} == DEFAULTS[name]
