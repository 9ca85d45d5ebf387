from . import bayes, compare, data, decide, errors, formula, kernels, plot, predict, report, simulate, validate, value
from .bayes import NBD, Diagnosis, Fit, GammaGamma, ParetoNBD, Prior, fit, load_fit, loo
from .compare import baseline_predictions, compare_cohorts, decompose, score_baselines, score_cohorts
from .data import (
    CustomerSummary,
    TransactionLog,
    patterns,
    purchases_by_day,
    read_transactions,
    summarise,
    window_totals,
)
from .decide import acquisition_table, payback_curve, payback_table, probability_better, value_of_information
from .errors import DomainError, FitError, KundenwertError, SchemaError
from .formula import formula_clv, formula_clv_matched, kpis, lifespan
from .predict import Horizon, customer_draws, new_customer_draws
from .simulate import Population, Simulated, random_population, simulate_population
from .validate import coverage, holdout_scores, independence, tracking
from .value import Assumptions, ValueResult, new_customer_table, value_table

__version__: str

__all__ = [
    "NBD",
    "Assumptions",
    "CustomerSummary",
    "Diagnosis",
    "DomainError",
    "Fit",
    "FitError",
    "GammaGamma",
    "Horizon",
    "KundenwertError",
    "ParetoNBD",
    "Population",
    "Prior",
    "SchemaError",
    "Simulated",
    "TransactionLog",
    "ValueResult",
    "acquisition_table",
    "baseline_predictions",
    "bayes",
    "compare",
    "compare_cohorts",
    "coverage",
    "customer_draws",
    "data",
    "decide",
    "decompose",
    "errors",
    "fit",
    "formula",
    "formula_clv",
    "formula_clv_matched",
    "holdout_scores",
    "independence",
    "kernels",
    "kpis",
    "lifespan",
    "load_fit",
    "loo",
    "new_customer_draws",
    "new_customer_table",
    "patterns",
    "payback_curve",
    "payback_table",
    "plot",
    "predict",
    "probability_better",
    "purchases_by_day",
    "random_population",
    "read_transactions",
    "report",
    "score_baselines",
    "score_cohorts",
    "simulate",
    "simulate_population",
    "summarise",
    "tracking",
    "validate",
    "value",
    "value_of_information",
    "value_table",
    "window_totals",
]
