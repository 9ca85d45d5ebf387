"""Every law of the registry with plain parameters, and customers of all kinds."""

import numpy as np
import pytest

import kundenwert as kw
from kundenwert.bayes import known, resolved_priors
from kundenwert.laws import PURCHASE_LAWS


def parameters(law, samples, width=0.1, seed=5):
    """Parameters about the typical value of each prior, with some spread."""
    rng = np.random.default_rng(seed)
    typical = {name: np.exp(prior.parameters["mu"]) for name, prior in resolved_priors(law).items()}
    drawn = {name: value * np.exp(width * rng.standard_normal(samples)) for name, value in typical.items()}
    return law.own(law.derive(drawn, 365.25 / 7))


@pytest.fixture(params=PURCHASE_LAWS)
def buying(request):
    """A posterior of 200 draws of each law of purchases."""
    law = PURCHASE_LAWS[request.param]()
    law = list(law.variants().values())[:3][-1]  # the third of the laws that it stands for, where they are several
    return known(law, **parameters(law, 200))


@pytest.fixture
def paying():
    """A posterior of 200 draws of the law of spend."""
    rng = np.random.default_rng(6)
    return known(kw.GammaGamma(), p=6.25 * np.exp(0.1 * rng.standard_normal(200)), q=3.74, v=15.44)
