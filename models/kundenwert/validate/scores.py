"""Hold-out log score of purchase models: how probable each found what then happened, customer by customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logsumexp

from kundenwert.errors import DomainError, FitError, SchemaError
from kundenwert.laws import PURCHASE_LAWS, History, Law, Parameters, PurchaseLaw
from kundenwert.predict.blocks import scoring_of

if TYPE_CHECKING:
    from kundenwert.data import CustomerSummary
    from kundenwert.predict.blocks import Purchases

type Array = NDArray[np.float64]

BLOCK_CELLS = 20_000
"""Histories × draws scored at a time: a few megabytes an array."""

_HISTORY = ("holdout_purchases", "frequency", "recency", "T")


@dataclass(frozen=True)
class LogScore:
    """Log predictive density of what happened.

    Parameters
    ----------
    table
        One row per customer, in the summary's order: `customer_id, cohort, holdout_purchases, log_score`.
    samples
        Draws that the predictive law is a mean over.
    """

    table: pd.DataFrame
    samples: int

    @property
    def total(self) -> float:
        """Sum over customers; higher is better."""
        return float(self.table["log_score"].sum())

    @property
    def error(self) -> float:
        """Standard error of the total, from customers taken as independent."""
        return _error(self.table["log_score"].to_numpy(np.float64))


def log_score(purchases: Purchases, summary: CustomerSummary, *, samples: int | None = None) -> LogScore:
    r"""Log predictive density of each customer's hold-out purchases.

    `log_score_i = log (1/S) Σ_s P(Y_i = y_i | x_i, t_x,i, T_i, θ_s)` over posterior draws θ_s, with the law of the
    customer's own cohort where the model has cohorts.

    Parameters
    ----------
    purchases
        A fit of a law of purchases.
    summary
        Customers with a hold-out.
    samples
        Posterior draws used, evenly spaced; all if not given.

    Returns
    -------
    LogScore
        Finite values ≤ 0, one per customer.

    Raises
    ------
    FitError
        If the fit is of another kind of model or of another time unit.
    DomainError
        If the summary has no hold-out, or its purchases are no counts.

    References
    ----------
    Gneiting & Raftery (2007), "Strictly Proper Scoring Rules, Prediction, and Estimation".

    Examples
    --------
    >>> from types import SimpleNamespace as Some
    >>> from kundenwert.bayes import known
    >>> from kundenwert.laws import ParetoNBD
    >>> table = pd.DataFrame({"customer_id": ["a"], "cohort": "x", "frequency": [2], "recency": [30.43], "T": [38.86],
    ...                       "holdout_purchases": [1]})
    >>> summary = Some(table=table, time_unit="W", holdout_length=39.0)
    >>> fit = known(ParetoNBD(), r=0.5533971, alpha=10.5801985, s=0.6060625, beta=11.6562237)
    >>> round(log_score(fit, summary).total, 6)
    -1.517463
    """
    length = _checked(purchases, summary)
    table = summary.table.reset_index(drop=True)
    scoring = scoring_of(purchases).thin(samples)
    history, parameters = History.of(table), scoring.laws(table)
    bought = table["holdout_purchases"].to_numpy(np.float64)
    order = np.lexsort(tuple(table[name].to_numpy() for name in _HISTORY))
    step = max(1, BLOCK_CELLS // scoring.samples)
    scores = np.empty(len(table))
    for start in range(0, len(table), step):
        rows = order[start : start + step]
        scores[rows] = _block(scoring.law, history.at(rows), bought[rows], length, parameters(rows))
    result = table[["customer_id", "cohort", "holdout_purchases"]].assign(log_score=scores)
    return LogScore(result, scoring.samples)


def compare_log_scores(scores: Mapping[str, LogScore], *, by: str | None = None) -> pd.DataFrame:
    r"""Set log scores of the same customers beside each other, with paired standard errors.

    `difference = Σ_i (log_score_i - log_score_i of the first)`; its error is `√n · sd` of the customers' differences,
    which is much smaller than that of either total.

    Parameters
    ----------
    scores
        Name → log score; the first is what the others are compared with.
    by
        None: customers count as independent. A column of the tables such as "cohort": its groups do, which is more
        cautious where customers of a group share what a model gets wrong.

    Returns
    -------
    pandas.DataFrame
        One row per name: `model, customers, total, per_customer, difference, error` (of the difference), `z`
        (difference / error; NaN for the first). A negative difference: worse than the first.

    Raises
    ------
    SchemaError
        If nothing is given to compare, or a column is missing.
    DomainError
        If the scores are not of the same customers and hold-out purchases.

    Examples
    --------
    >>> def made(*values):
    ...     names = {"customer_id": ["a", "b"], "cohort": "x", "holdout_purchases": 0}
    ...     return LogScore(pd.DataFrame(names | {"log_score": values}), 1)
    >>> table = compare_log_scores({"one": made(-1.0, -2.0), "other": made(-1.5, -2.25)})
    >>> table[["difference", "error"]].round(9).values.tolist()
    [[0.0, 0.0], [-0.75, 0.25]]
    """
    if not scores:
        raise SchemaError("there is no log score to compare; give at least one")
    first = next(iter(scores.values())).table.sort_values("customer_id", ignore_index=True)
    if by is not None and by not in first:
        raise SchemaError(f"the scores have no column {by!r}; compare by one of {', '.join(map(str, first))}")
    rows = []
    for name, score in scores.items():
        table = score.table.sort_values("customer_id", ignore_index=True)
        same = ["customer_id", "holdout_purchases"]
        if len(table) != len(first) or not table[same].equals(first[same]):
            raise DomainError(
                f"{name!r} was scored on other customers than {next(iter(scores))!r}; score the same ones"
            )
        gap = table["log_score"] - first["log_score"]
        groups = gap if by is None else gap.groupby(first[by]).sum()
        error, difference = _error(groups.to_numpy(np.float64)), float(gap.sum())
        row = {"model": name, "customers": len(table), "total": score.total, "per_customer": score.total / len(table)}
        z = difference / error if error > 0 else float("nan")
        rows.append(row | {"difference": difference, "error": error, "z": z})
    return pd.DataFrame(rows)


def _block(law: PurchaseLaw, history: History, bought: Array, length: float, parameters: Parameters) -> Array:
    """Log of the mean probability of each customer's purchases."""
    logs = law.log_purchase_probability(history, parameters, horizon=length, number=bought[:, None])
    return np.asarray(np.minimum(logsumexp(logs, axis=1) - np.log(logs.shape[1]), 0.0))


def _error(values: Array) -> float:
    return float(np.sqrt(values.size) * values.std(ddof=1)) if values.size > 1 else float("nan")


def _checked(purchases: Purchases, summary: CustomerSummary) -> float:
    law: Law = scoring_of(purchases).law
    if not isinstance(law, PurchaseLaw):
        names = " or ".join(PURCHASE_LAWS)
        raise FitError(f"a fit of {law.name} says nothing about purchases; give one of {names}")
    fitted = getattr(purchases, "info", {}).get("time_unit", summary.time_unit)
    if fitted != summary.time_unit:
        raise FitError(
            f"the model was fitted in units of {fitted!r}, the summary is in "
            f"{summary.time_unit!r}: summarise in the unit of the fit"
        )
    if summary.holdout_length is None or "holdout_purchases" not in summary.table:
        raise DomainError("the summary has no hold-out to score; summarise with holdout_end")
    counts = summary.table["holdout_purchases"].to_numpy(np.float64)
    wrong = ~((counts >= 0) & (counts == np.floor(counts)))
    if wrong.any():
        first = summary.table["customer_id"].to_numpy()[wrong][0]
        raise DomainError(
            f"holdout_purchases of {int(wrong.sum()):,} customers is no count, first {first!r}: correct it"
        )
    return float(summary.holdout_length)
