"""Formula and posterior against a known truth, cohort by cohort: simulated businesses, or the future once known."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert.compare.cohorts import NOMINAL
from kundenwert.errors import DomainError, SchemaError

METHODS: Mapping[str, str] = {
    "formula observed": "formula_observed",
    "formula churn": "formula_churn",
    "formula assumed": "formula_assumed",
    "formula observed, matched": "formula_observed_matched",
    "formula churn, matched": "formula_churn_matched",
    "formula assumed, matched": "formula_assumed_matched",
    "posterior": "clv_mean",
}
"""Name of each method and its column in `compare_cohorts`."""

_INTERVALS = {"posterior": ("clv_q05", "clv_q95", "expected_clv_q05", "expected_clv_q95")}


def score_cohorts(
    comparison: pd.DataFrame,
    truth: pd.DataFrame,
    *,
    value: str = "clv",
    members: pd.DataFrame | None = None,
    methods: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Score each method's value per customer of each cohort against the true one.

    The truth of a cohort is the mean of its customers. With error e = stated − true of a cohort:

    ========================== ==============================================================================
    `median_absolute_error`    median |e| over cohorts
    `mean_absolute_error`      mean |e| over cohorts
    `bias`                     mean e over customers: each cohort counts by its size
    `bias_share`               the same, as a share of the mean true value over customers
    `coverage`                 share of cohorts whose interval of the outcome, q05 to q95, holds the truth
    `coverage_expected`        the same for the interval of the expectation
    `nominal`                  what both intervals claim
    ========================== ==============================================================================

    Parameters
    ----------
    comparison
        What `compare_cohorts` returns; its row "all", of everybody, is left out where there are other cohorts.
    truth
        One row per customer: `customer_id`, the true value in the column named by `value`, and `cohort` unless
        `members` has it.
    value
        Column of `truth`: on the price basis of the comparison, after acquisition cost.
    members
        `customer_id, cohort` of the customers compared, such as the summary's table.
    methods
        Name → column of `comparison`; formula and posterior if not given, as far as they are there.

    Returns
    -------
    pandas.DataFrame
        One row per method: `method, cohorts` (with a stated value), `missing`, and the scores; coverage is NaN for what
        states no interval. An interval of the expectation is meant for the expected truth, one of the outcome for what
        happened.

    Raises
    ------
    SchemaError
        If a column is missing, or a customer stands twice.
    DomainError
        If a value is missing, or truth and comparison do not hold the same cohorts and numbers of customers.

    Examples
    --------
    >>> stated = pd.DataFrame(
    ...     {"cohort": ["a", "b", "all"], "customers": [2, 1, 3], "formula_observed": [10.0, 50.0, 30.0],
    ...      "clv_mean": [22.0, 41.0, 28.0], "clv_q05": [15.0, 30.0, 22.0], "clv_q95": [30.0, 39.0, 33.0]}
    ... )
    >>> truth = pd.DataFrame({"customer_id": ["1", "2", "3"], "cohort": ["a", "a", "b"], "clv": [10.0, 30.0, 40.0]})
    >>> score_cohorts(stated, truth)[["method", "mean_absolute_error", "coverage"]].to_numpy().tolist()
    [['formula observed', 10.0, nan], ['posterior', 1.5, 0.5]]
    """
    means = _truth_by_cohort(truth, value, members)
    stated = _without_everybody(comparison)
    if sorted(stated["cohort"]) != sorted(means.index):
        odd = sorted(set(stated["cohort"]) ^ set(means.index))
        raise DomainError(
            f"truth and comparison differ in {len(odd)} cohorts, first {odd[:1]}; compare the same customers"
        )
    true = means.loc[stated["cohort"], "mean"].to_numpy(np.float64)
    size = means.loc[stated["cohort"], "size"].to_numpy(np.float64)
    if not np.array_equal(size, stated["customers"].to_numpy(np.float64)):
        raise DomainError("truth and comparison hold different numbers of customers in a cohort; compare the same ones")
    wanted = methods or {name: column for name, column in METHODS.items() if column in stated}
    if absent := [column for column in wanted.values() if column not in stated]:
        raise SchemaError(f"the comparison has no column {', '.join(map(repr, absent))}")
    rows = []
    for name, column in wanted.items():
        row = {"method": name, **_errors(stated[column].to_numpy(np.float64), true, size)}
        low, high, low_expected, high_expected = _INTERVALS.get(name, ("", "", "", ""))
        row["coverage"] = _coverage(stated, low, high, true)
        row["coverage_expected"] = _coverage(stated, low_expected, high_expected, true)
        rows.append(row | {"nominal": NOMINAL if name in _INTERVALS else np.nan})
    return pd.DataFrame(rows)


def _without_everybody(comparison: pd.DataFrame) -> pd.DataFrame:
    """Drop the row of everybody; in a table without its mark the one called "all", the larger of two."""
    rows = comparison.reset_index(drop=True)
    if "everybody" in rows:
        return rows if len(rows) == 1 else rows[~rows["everybody"].astype(bool)]
    named = rows.loc[rows["cohort"] == "all", "customers"]
    return rows.drop(index=named.idxmax()) if len(rows) > 1 and len(named) else rows


def _truth_by_cohort(truth: pd.DataFrame, value: str, members: pd.DataFrame | None) -> pd.DataFrame:
    for name in ("customer_id", value, *(() if members is not None else ("cohort",))):
        if name not in truth:
            raise SchemaError(f"the truth has no column {name!r}")
    if truth["customer_id"].duplicated().any():
        twice = truth.loc[truth["customer_id"].duplicated(), "customer_id"].iloc[0]
        raise SchemaError(f"the truth names a customer twice, first {twice!r}; give one row per customer")
    cohort = truth["cohort"] if members is None else truth["customer_id"].map(_labels(members))
    for what, column in (("cohort", cohort), ("true value", truth[value])):
        if column.isna().any():
            first = truth.loc[column.isna(), "customer_id"].iloc[0]
            raise DomainError(f"no {what} for {int(column.isna().sum()):,} customers of the truth, first {first!r}")
    return truth[value].astype(float).groupby(cohort.astype(str)).agg(["mean", "size"])


def _labels(members: pd.DataFrame) -> pd.Series:
    return members.drop_duplicates("customer_id").set_index("customer_id")["cohort"]


def _errors(stated: NDArray[np.float64], true: NDArray[np.float64], size: NDArray[np.float64]) -> dict[str, float]:
    known = np.isfinite(stated)
    counts = {"cohorts": int(known.sum()), "missing": int((~known).sum())}
    names = ("median_absolute_error", "mean_absolute_error", "bias", "bias_share")
    if not known.any():
        return counts | dict.fromkeys(names, float("nan"))
    error, weight = (stated - true)[known], size[known] / size[known].sum()
    bias, level = float(error @ weight), float(true[known] @ weight)
    share = bias / level if level != 0 else float("nan")
    values = (float(np.median(np.abs(error))), float(np.abs(error).mean()), bias, share)
    return counts | dict(zip(names, values, strict=True))


def _coverage(stated: pd.DataFrame, low: str, high: str, true: NDArray[np.float64]) -> float:
    if low not in stated or high not in stated:
        return float("nan")
    lower, upper = stated[low].to_numpy(np.float64), stated[high].to_numpy(np.float64)
    return float(((lower <= true) & (true <= upper)).mean())
