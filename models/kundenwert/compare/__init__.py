"""The simple formula beside the posterior: by cohort, as a product of reasons, as predictions, and as money lost."""

from kundenwert.compare.acting import acting_profit, top_decile
from kundenwert.compare.baselines import Baselines, baseline_predictions, carried_forward
from kundenwert.compare.cohort_scores import score_cohorts
from kundenwert.compare.cohorts import NOMINAL, aligned, compare_cohorts, quantiles
from kundenwert.compare.decomposition import decompose, decompositions
from kundenwert.compare.factors import FACTORS, Decomposition
from kundenwert.compare.ranking import capture, normalised_gini, ranking, score_baselines, spearman
from kundenwert.value import QUANTILES

__all__ = [
    "FACTORS",
    "NOMINAL",
    "QUANTILES",
    "Baselines",
    "Decomposition",
    "acting_profit",
    "aligned",
    "baseline_predictions",
    "capture",
    "carried_forward",
    "compare_cohorts",
    "decompose",
    "decompositions",
    "normalised_gini",
    "quantiles",
    "ranking",
    "score_baselines",
    "score_cohorts",
    "spearman",
    "top_decile",
]
