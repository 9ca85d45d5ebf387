"""The models in PyMC, their priors, their fits and the checks of those fits."""

from kundenwert.bayes.diagnose import Check, Diagnosis, diagnose, loo
from kundenwert.bayes.fit import Method, fit
from kundenwert.bayes.gamma_gamma import GammaGamma
from kundenwert.bayes.nbd import NBD
from kundenwert.bayes.pareto_nbd import ParetoNBD
from kundenwert.bayes.posterior import Fit
from kundenwert.bayes.priors import WEIBULL, Prior
from kundenwert.bayes.stored import check_pair, load_fit, load_pair, paired, save_pair

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
    "check_pair",
    "diagnose",
    "fit",
    "load_fit",
    "load_pair",
    "loo",
    "paired",
    "save_pair",
]
