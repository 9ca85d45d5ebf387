"""Kundenwert: customer lifetime value with honest uncertainty.

A transaction log becomes a customer summary, the summary a posterior, the posterior draws for each customer, the
draws one value table, the table a report. Each arrow is one function:

    log = kw.read_transactions("transactions.csv")
    summary = kw.summarise(log, time_unit="W")
    purchases = kw.fit(kw.ParetoNBD(), summary, seed=1)
    spend = kw.fit(kw.GammaGamma(), summary, seed=2)
    values = kw.value_table(purchases, spend, summary, horizon=52, margin=0.3, discount_rate=0.1, cac=12)

Names are imported when first used, so that `import kundenwert` does not pay for PyMC.
"""

from importlib import import_module
from importlib.metadata import version
from typing import Any

__version__ = version("kundenwert")

_ROOMS = {
    "errors": ("DomainError", "FitError", "KundenwertError", "SchemaError"),
    "simulate": ("Population", "Simulated", "random_population", "simulate_population"),
    "data": (
        "CustomerSummary",
        "TransactionLog",
        "patterns",
        "purchases_by_day",
        "read_transactions",
        "summarise",
        "window_totals",
    ),
    "bayes": ("NBD", "Diagnosis", "Fit", "GammaGamma", "ParetoNBD", "Prior", "fit", "load_fit", "loo"),
    "predict": ("Horizon", "customer_draws", "new_customer_draws"),
    "value": ("Assumptions", "ValueResult", "new_customer_table", "value_table"),
    "formula": ("formula_clv", "formula_clv_matched", "kpis", "lifespan"),
    "compare": (
        "baseline_predictions",
        "compare_cohorts",
        "decompose",
        "score_baselines",
        "score_cohorts",
    ),
    "decide": (
        "acquisition_table",
        "payback_curve",
        "payback_table",
        "probability_better",
        "value_of_information",
    ),
    "validate": ("coverage", "holdout_scores", "independence", "tracking"),
}
_HOME = {name: room for room, names in _ROOMS.items() for name in names}
_MODULES = ("kernels", "plot", "report", *_ROOMS)

__all__ = ["__version__", *_HOME]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(import_module(f"kundenwert.{_HOME[name]}"), name)
    elif name in _MODULES:
        value = import_module(f"kundenwert.{name}")
    else:
        msg = f"module 'kundenwert' has no attribute {name!r}"
        raise AttributeError(msg)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, *_MODULES])
