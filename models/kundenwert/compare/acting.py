"""What it costs to act on the formula: limits of acquisition cost, and which customers are favoured."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kundenwert.compare.ranking import TOP, capture, checked_truth, picked_sum
from kundenwert.errors import DomainError, SchemaError

type Array = NDArray[np.float64]


def acting_profit(
    limits: Mapping[str, ArrayLike],
    truth: ArrayLike,
    *,
    cac: ArrayLike,
    customers: ArrayLike = 1.0,
    elasticity: float | None = None,
) -> pd.DataFrame:
    r"""Money lost when each rule, instead of a customer's true value, limits what acquisition may cost.

    A limit is what a rule says that a new customer of the cohort may cost; the truth V is what such a customer is worth
    before acquisition cost. Over cohorts with n customers, `overspending = Σ n · max(limit − V, 0)` is what is paid
    above the value if the limit is paid in full, `underspending = Σ n · max(V − limit, 0)` what is held back below it.

    Profit assumes a response. Without `elasticity`, a cohort is acquired at its CAC if `limit > cac`, else not:
    `profit = Σ n (V − cac) [limit > cac]`. With elasticity ε, cheap customers come first, and customers are bought
    until the last one costs the limit: `N = n (limit / cac)^ε` come, the mean one at `limit · ε/(1+ε)`, and
    `profit = Σ N (V − limit · ε/(1+ε))`. Either way no rule earns more than the limit V itself.

    Parameters
    ----------
    limits
        Rule → limit of each cohort. A missing limit means that the rule has no answer; the cohort is not acquired.
    truth
        True (or held-out, or posterior mean) value V of a customer before acquisition cost, of each cohort.
    cac
        Acquisition cost of each cohort; with `elasticity` the cost of the last of n customers, > 0.
    customers
        n of each cohort, ≥ 0.
    elasticity
        ε > 0: per cent more customers for one per cent more paid for the last one. None for yes or no.

    Returns
    -------
    pandas.DataFrame
        One row per rule, "truth" first: `rule, cohorts` (with a limit), `acquired` (customers), `overspending,
        underspending, profit, lost` (profit of "truth" minus profit, ≥ 0).

    Raises
    ------
    SchemaError
        If lengths differ.
    DomainError
        If a true value is missing, a cost is negative, or the elasticity is not positive.

    Examples
    --------
    Two cohorts, worth 30 and 10, that cost 20 each; the formula says 15 for both.

    >>> table = acting_profit({"formula": [15.0, 15.0]}, [30.0, 10.0], cac=20.0, customers=100)
    >>> table[["overspending", "underspending", "profit", "lost"]].to_numpy().tolist()
    [[0.0, 0.0, 1000.0, 0.0], [500.0, 1500.0, 0.0, 1000.0]]
    """
    rules = pd.DataFrame({"truth": np.asarray(truth, dtype=np.float64), **_columns(limits, truth)})
    worth = checked_truth(rules, truth)
    cost, many = (np.broadcast_to(np.asarray(value, dtype=np.float64), worth.shape) for value in (cac, customers))
    if elasticity is not None and not (np.isfinite(elasticity) and elasticity > 0):
        raise DomainError(f"the elasticity is {elasticity:g}; it is a finite number above 0, or None for yes or no")
    lowest = np.finfo(np.float64).tiny if elasticity is not None else 0.0
    if not ((cost >= lowest) & np.isfinite(cost)).all() or not ((many >= 0) & np.isfinite(many)).all():
        raise DomainError("acquisition costs and numbers of customers are finite and at least 0 (a cost above 0 for ε)")
    rows = []
    for rule in rules:
        limit = rules[rule].to_numpy(np.float64)
        known = ~np.isnan(limit)
        number, paid = _response(np.where(known, limit, -np.inf), cost, many, elasticity)
        gap = np.where(known, limit - worth, 0.0)
        rows.append(
            {
                "rule": rule,
                "cohorts": int(known.sum()),
                "acquired": number.sum(),
                "overspending": (many * np.maximum(gap, 0)).sum(),
                "underspending": (many * np.maximum(-gap, 0)).sum(),
                "profit": (number * (worth - paid)).sum(),
            }
        )
    frame = pd.DataFrame(rows)
    return frame.assign(lost=frame["profit"].iloc[0] - frame["profit"])


def top_decile(predictions: pd.DataFrame, truth: ArrayLike, *, share: float = TOP) -> pd.DataFrame:
    """Value missed when the best customers are picked by each method instead of by the truth.

    Parameters
    ----------
    predictions
        One column per method, one row per customer. A customer without a prediction is picked after all others.
    truth
        What each customer is truly worth.
    share
        Share of the customers that is picked, in (0, 1].

    Returns
    -------
    pandas.DataFrame
        One row per method, then "truth" and "by lot": `method, picked` (customers), `value` of those picked (expected,
        ties by lot), `missed` (value of the truly best minus that), `captured` (share of it).

    Raises
    ------
    SchemaError
        If the lengths differ.
    DomainError
        If a true value is missing, or the share is not in (0, 1].

    Examples
    --------
    >>> guess = pd.DataFrame({"formula": [1.0, 2.0, 3.0, 4.0]})
    >>> top_decile(guess, [50.0, 0.0, 10.0, 20.0], share=0.5).to_numpy().tolist()[0]
    ['formula', 2, 30.0, 40.0, 0.42857142857142855]
    """
    actual = checked_truth(predictions, truth)
    methods = {name: predictions[name].fillna(-np.inf).to_numpy(np.float64) for name in predictions}
    methods |= {"truth": actual, "by lot": np.zeros_like(actual)}
    best = picked_sum(actual, actual, share)
    rows = []
    for method, score in methods.items():
        value = picked_sum(score, actual, share)
        rows.append(
            {
                "method": method,
                "picked": int(np.ceil(share * actual.size - 1e-9)),
                "value": value,
                "missed": best - value,
                "captured": capture(score, actual, share=share),
            }
        )
    return pd.DataFrame(rows)


def _columns(limits: Mapping[str, ArrayLike], truth: ArrayLike) -> dict[str, Array]:
    if "truth" in limits:
        raise SchemaError("a rule cannot be called 'truth', which has a meaning here; rename it")
    size = np.size(np.asarray(truth))
    columns = {rule: np.atleast_1d(np.asarray(limit, dtype=np.float64)) for rule, limit in limits.items()}
    for rule, limit in columns.items():
        if limit.shape not in {(size,), (1,)}:
            raise SchemaError(f"rule {rule!r} has {limit.size} limits for {size} cohorts; give one for each")
    return {rule: np.broadcast_to(limit, (size,)) for rule, limit in columns.items()}


def _response(limit: Array, cost: Array, many: Array, elasticity: float | None) -> tuple[Array, Array]:
    """Customers acquired, and what each costs on average."""
    if elasticity is None:
        return np.where(limit > cost, many, 0.0), cost
    paid = np.maximum(limit, 0.0)
    return many * (paid / cost) ** elasticity, paid * elasticity / (1 + elasticity)
