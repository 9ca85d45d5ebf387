"""Posteriors: priors, samplers, fits and the checks of those fits, and the models in PyMC."""

from typing import TYPE_CHECKING

from kundenwert.bayes.diagnose import Check, Diagnosis, diagnose, loo
from kundenwert.bayes.fit import Method, fit
from kundenwert.bayes.posterior import Fit
from kundenwert.bayes.prior_predictive import prior_predictive
from kundenwert.bayes.priors import WEIBULL, Prior, resolved_priors
from kundenwert.bayes.scoring import Scoring, known
from kundenwert.bayes.stored import check_pair, load_fit, load_pair, paired, save_pair
from kundenwert.bayes.target import make_target

if TYPE_CHECKING:
    from kundenwert.bayes.graphs import build_model as build_model

__all__ = [
    "WEIBULL",
    "Check",
    "Diagnosis",
    "Fit",
    "Method",
    "Prior",
    "Scoring",
    "check_pair",
    "diagnose",
    "fit",
    "known",
    "load_fit",
    "load_pair",
    "loo",
    "make_target",
    "paired",
    "prior_predictive",
    "resolved_priors",
    "save_pair",
]


def __getattr__(name: str) -> object:
    """Load PyMC when a model is built, and not before."""
    if name == "build_model":
        from kundenwert.bayes.graphs import build_model  # noqa: PLC0415

        return build_model
    raise AttributeError(name)
