"""The models in PyMC, their priors, their fits and the checks of those fits."""

from kundenwert.bayes.diagnose import Check, Diagnosis, diagnose, loo
from kundenwert.bayes.fit import Method, fit
from kundenwert.bayes.gamma_gamma import GammaGamma
from kundenwert.bayes.nbd import NBD
from kundenwert.bayes.pareto_nbd import ParetoNBD
from kundenwert.bayes.posterior import Fit, load_fit
from kundenwert.bayes.priors import WEIBULL, Prior

__all__ = [
    "NBD",
    "WEIBULL",
    "Check",
    "Diagnosis",
    "Fit",
    "GammaGamma",
    "Method",
    "ParetoNBD",
    "Prior",
    "diagnose",
    "fit",
    "load_fit",
    "loo",
]
