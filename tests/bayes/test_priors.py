"""Priors as data: the laws written here against SciPy's and PyMC's."""

import numpy as np
import pymc as pm
import pytest
from scipy import stats

import kundenwert as kw
from kundenwert.bayes import resolved_priors
from kundenwert.bayes.priors import WEIBULL
from kundenwert.errors import SchemaError
from kundenwert.laws.registry import KINDS

LAWS = {
    "LogNormal": (kw.Prior("LogNormal", {"mu": 0.2, "sigma": 0.4}), stats.lognorm(0.4, scale=np.exp(0.2))),
    "Weibull": (kw.Prior("Weibull", {"alpha": 2, "beta": 10}), stats.weibull_min(2, scale=10)),
    "Gamma": (kw.Prior("Gamma", {"alpha": 3, "beta": 2}), stats.gamma(3, scale=0.5)),
    "InverseGamma": (kw.Prior("InverseGamma", {"alpha": 3, "beta": 2}), stats.invgamma(3, scale=2)),
    "Exponential": (kw.Prior("Exponential", {"lam": 2}), stats.expon(scale=0.5)),
    "HalfNormal": (kw.Prior("HalfNormal", {"sigma": 3}), stats.halfnorm(scale=3)),
    "HalfCauchy": (kw.Prior("HalfCauchy", {"beta": 3}), stats.halfcauchy(scale=3)),
}
AT = np.array([1e-6, 0.03, 0.7, 1.0, 4.0, 60.0])


@pytest.mark.parametrize("name", LAWS)
def test_densities_are_scipys_and_pymcs(name):
    prior, law = LAWS[name]
    density = prior.log_density()(AT)
    assert density == pytest.approx(law.logpdf(AT), rel=1e-12)
    theirs = pm.logp(getattr(pm, name).dist(**prior.parameters), AT).eval()
    assert density == pytest.approx(theirs, rel=1e-7, abs=1e-7)  # single precision in places


@pytest.mark.parametrize("name", LAWS)
def test_draws_follow_the_law(name):
    prior, law = LAWS[name]
    drawn = prior.draw(4000, rng=np.random.default_rng(3))
    assert drawn.shape == (4000,)
    assert stats.kstest(drawn, law.cdf).pvalue > 0.001  # of 7 laws with another seed one in 140 runs would fail


def test_default_priors_need_no_other_package():
    for priors in (WEIBULL, *(resolved_priors(kind()) for kind in KINDS)):
        assert all(prior._own() is not None for prior in priors.values())


@pytest.mark.parametrize(
    ("prior", "why"),
    [
        (kw.Prior("LogNormal", {"mu": 0, "sigma": -1}), "cannot be drawn from"),
        (kw.Prior("Weibull", {"alpha": 2, "gamma": 10}), "no parameter 'gamma'"),
        (kw.Prior("Weibull", {"alpha": -2, "beta": 10}), "cannot be drawn from"),
        (kw.Prior("Weibul", {"alpha": 2, "beta": 10}), "no distribution 'Weibul'"),
        (kw.Prior("Normal", {"mu": 0, "sigma": 1}), "no continuous distribution on positive numbers"),
    ],
)
def test_a_prior_that_cannot_be_meant_is_refused(prior, why):
    with pytest.raises(SchemaError, match=why):
        prior.check("rate_cv")
