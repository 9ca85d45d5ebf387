"""How well predictions find the right size and the right order: errors, rank correlation, capture, Gini.

Equal predictions are averaged over all their orders, never taken in the order of the rows: a method that predicts the
same for everybody finds nobody, whatever the table is sorted by.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from kundenwert.errors import DomainError, SchemaError

TOP = 0.1
"""Share of the customers that "the best" means where nothing else is said."""


def spearman(predicted: ArrayLike, actual: ArrayLike) -> float:
    """Rank correlation: Pearson's correlation of the ranks, equal values sharing the mean of theirs.

    Parameters
    ----------
    predicted, actual
        One-dimensional, of one length, without missing values.

    Returns
    -------
    float
        In [-1, 1]; NaN where either is the same for everybody.

    Examples
    --------
    >>> round(spearman([1, 2, 2, 9], [0.0, 5.0, 7.0, 6.0]), 6)
    0.632456
    """
    ranks = [stats.rankdata(np.asarray(values, dtype=np.float64)) for values in (predicted, actual)]
    spread = [float(np.ptp(rank)) if rank.size else 0.0 for rank in ranks]
    return float(np.corrcoef(*ranks)[0, 1]) if min(spread) > 0 else float("nan")


def capture(predicted: ArrayLike, actual: ArrayLike, *, share: float = TOP) -> float:
    """Share of what the truly best customers bring that is found by picking the best by prediction.

    `capture = Σ actual of the ⌈share · n⌉ picked / Σ actual of the ⌈share · n⌉ truly best`; of customers with equal
    predictions at the border, each is picked with equal probability, and the expectation is returned.

    Parameters
    ----------
    predicted, actual
        One-dimensional, of one length, without missing values.
    share
        Share of the customers that is picked, in (0, 1].

    Returns
    -------
    float
        At most 1; NaN where the truly best bring nothing.

    Examples
    --------
    Half of four customers: the first is picked for sure, one of the next two by lot.

    >>> capture([9, 5, 5, 1], [10.0, 0.0, 6.0, 8.0], share=0.5)
    0.7222222222222222
    """
    truth = np.asarray(actual, dtype=np.float64)
    best = picked_sum(actual, truth, share)
    return picked_sum(predicted, truth, share) / best if best > 0 else float("nan")


def picked_sum(predicted: ArrayLike, actual: ArrayLike, share: float) -> float:
    """Expected sum of `actual` over the `⌈share · n⌉` customers with the highest predictions, ties drawn by lot.

    Parameters
    ----------
    predicted, actual, share
        As in `capture`.

    Returns
    -------
    float
        In the unit of `actual`.

    Raises
    ------
    DomainError
        If the share is not in (0, 1], or there is no customer.

    Examples
    --------
    >>> picked_sum([1, 1, 1, 1], [10.0, 0.0, 6.0, 8.0], 0.5)
    12.0
    """
    score, truth = np.asarray(predicted, dtype=np.float64), np.asarray(actual, dtype=np.float64)
    if not 0 < share <= 1 or not score.size:
        raise DomainError(f"share={share} of {score.size} customers cannot be picked; give a share in (0, 1]")
    levels, group = np.unique(-score, return_inverse=True)
    size = np.bincount(group, minlength=levels.size)
    total = np.bincount(group, weights=truth, minlength=levels.size)
    before = np.cumsum(size) - size
    places = np.clip(np.ceil(share * score.size - 1e-9) - before, 0, size)
    return float((total * places / size).sum())


def normalised_gini(predicted: ArrayLike, actual: ArrayLike) -> float:
    """Gini coefficient of the actual values in the order of the predictions, as a share of that in their own order.

    `G = cov(actual, rank(predicted)) / cov(actual, rank(actual))`, equal values sharing the mean of their ranks, which
    is the mean over all orders of the tied: 1 for the perfect order, 0 for none, negative for a reversed one.

    Parameters
    ----------
    predicted, actual
        One-dimensional, of one length, without missing values.

    Returns
    -------
    float
        In [-1, 1]; NaN where the actual values are all the same.

    References
    ----------
    Lerman & Yitzhaki (1984), "A note on the calculation and interpretation of the Gini index": the Gini index as a
    covariance with ranks.

    Examples
    --------
    >>> normalised_gini([1, 2, 3, 4], [0.0, 0.0, 5.0, 1.0])
    0.5
    """
    truth = np.asarray(actual, dtype=np.float64)
    if not truth.size or np.ptp(truth) == 0:
        return float("nan")
    middle = (truth.size + 1) / 2
    own, other = (stats.rankdata(np.asarray(values, dtype=np.float64)) - middle for values in (truth, predicted))
    centred = truth - truth.mean()
    return float(centred @ other) / float(centred @ own)


def ranking(predictions: pd.DataFrame, actual: ArrayLike, *, share: float = TOP) -> pd.DataFrame:
    """Say how well each method orders customers or cohorts.

    Parameters
    ----------
    predictions
        One column per method, one row per customer or cohort; a missing prediction leaves that row out of that method.
    actual
        What is true of each row, of the same length.
    share
        Share of the rows that counts as the best, in (0, 1].

    Returns
    -------
    pandas.DataFrame
        One row per method: `method, cases` (rows with a prediction), `spearman, top_capture, gini`.

    Raises
    ------
    SchemaError
        If the lengths differ.
    DomainError
        If the truth of a row is missing.

    Examples
    --------
    >>> predictions = pd.DataFrame({"right": [1.0, 2.0, 3.0], "blind": [2.0, 2.0, 2.0]})
    >>> ranking(predictions, [0.0, 1.0, 9.0], share=0.3).to_numpy().tolist()
    [['right', 3, 1.0, 1.0, 1.0], ['blind', 3, nan, 0.3703703703703704, 0.0]]
    """
    truth = checked_truth(predictions, actual)
    rows = []
    for method in predictions:
        guess = predictions[method].to_numpy(dtype=np.float64)
        known = ~np.isnan(guess)
        rows.append({"method": method, "cases": int(known.sum()), **_order(guess[known], truth[known], share)})
    return pd.DataFrame(rows)


def score_baselines(
    predictions: pd.DataFrame,
    actual: ArrayLike,
    cohort: ArrayLike,
    *,
    share: float = TOP,
    common: bool = False,
    notes: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Score each method's predictions for customers and for cohort totals, by the same rules for all.

    With error e = predicted − actual of each customer:

    ===================== ==================================================================================
    `mae, rmse`           mean |e| and √mean e² over customers
    `bias`                total predicted − total actual, as a share of total actual
    `spearman`            rank correlation
    `top_capture`         what the best tenth by prediction brought, as a share of what the true best tenth did
    `gini`                normalised Gini coefficient of the order
    `cohort_mae`          mean |e| of the cohorts' totals
    `cohort_wape`         Σ |e| of the cohorts' totals, as a share of total actual
    ===================== ==================================================================================

    Parameters
    ----------
    predictions
        One column per method, one row per customer. A missing prediction leaves that customer out of that method, and
        is counted in `missing`: methods are then scored on different customers, unless `common`.
    actual
        What the customers really did.
    cohort
        Label of each customer.
    share
        Share of the customers that counts as the best, in (0, 1].
    common
        Score all methods on the customers for whom every method that predicts anything has a prediction.
    notes
        Why predictions are missing, shaped like `predictions`, as in `Baselines.notes`; the most frequent note of the
        missing is shown.

    Returns
    -------
    pandas.DataFrame
        One row per method, in the order of the columns: `method, customers, missing`, the scores, `predicted_total,
        actual_total, note`. Scores of a method without any prediction are NaN.

    Raises
    ------
    SchemaError
        If the lengths differ.
    DomainError
        If the truth of a customer is missing.

    Examples
    --------
    >>> guess = pd.DataFrame({"half": [5.0, 1.0], "nobody returns": [0.0, 0.0]})
    >>> score_baselines(guess, [10.0, 0.0], ["a", "b"])[["mae", "bias", "cohort_wape"]].to_numpy().tolist()
    [[3.0, -0.4, 0.6], [5.0, -1.0, 1.0]]
    """
    truth = checked_truth(predictions, actual)
    codes, labels = pd.factorize(np.asarray(cohort), sort=True)
    if len(codes) != len(truth):
        raise SchemaError(f"{len(codes):,} cohort labels for {len(truth):,} customers; give one for each")
    present = ~predictions.isna().to_numpy()
    shared = present[:, present.any(axis=0)].all(axis=1)
    rows = []
    for column, method in enumerate(predictions):
        guess = predictions[method].to_numpy(dtype=np.float64)
        known = present[:, column] & shared if common else present[:, column]
        why = _usual(notes[method][~present[:, column]]) if notes is not None else ""
        row = {"method": method, "customers": int(known.sum()), "missing": int((~present[:, column]).sum())}
        row |= _errors(guess[known], truth[known], codes[known], len(labels))
        rows.append(row | _order(guess[known], truth[known], share) | {"note": why})
    frame = pd.DataFrame(rows)
    order = ("method", "customers", "missing", "mae", "rmse", "bias", "spearman", "top_capture", "gini")
    return frame[[*order, "cohort_mae", "cohort_wape", "predicted_total", "actual_total", "note"]]


def checked_truth(predictions: pd.DataFrame, actual: ArrayLike) -> NDArray[np.float64]:
    """Return the truth as an array, or say what is wrong with it.

    Examples
    --------
    >>> checked_truth(pd.DataFrame({"a": [1.0]}), [2]).tolist()
    [2.0]
    """
    truth = np.asarray(actual, dtype=np.float64)
    if truth.shape != (len(predictions),):
        raise SchemaError(f"{truth.size:,} true values for {len(predictions):,} predictions; give one for each")
    if missing := int((~np.isfinite(truth)).sum()):
        first = int(np.flatnonzero(~np.isfinite(truth))[0])
        raise DomainError(
            f"the true value is missing or infinite in {missing:,} rows, first row {first}; leave them out"
        )
    return truth


def _order(guess: NDArray[np.float64], truth: NDArray[np.float64], share: float) -> dict[str, float]:
    if not guess.size:
        return dict.fromkeys(("spearman", "top_capture", "gini"), float("nan"))
    found = capture(guess, truth, share=share)
    return {"spearman": spearman(guess, truth), "top_capture": found, "gini": normalised_gini(guess, truth)}


def _errors(
    guess: NDArray[np.float64], truth: NDArray[np.float64], codes: NDArray[np.intp], cohorts: int
) -> dict[str, float]:
    names = ("mae", "rmse", "bias", "cohort_mae", "cohort_wape", "predicted_total", "actual_total")
    if not guess.size:
        return dict.fromkeys(names, float("nan"))
    error, total = guess - truth, float(truth.sum())
    by_cohort = np.abs(np.bincount(codes, weights=error, minlength=cohorts))
    mean_cohort = by_cohort.sum() / np.unique(codes).size
    share = (error.sum() / total, by_cohort.sum() / total) if total != 0 else (float("nan"), float("nan"))
    values = (np.abs(error).mean(), np.sqrt((error**2).mean()), share[0], mean_cohort, share[1], guess.sum(), total)
    return {name: float(value) for name, value in zip(names, values, strict=True)}


def _usual(notes: pd.Series) -> str:
    said = notes[notes.astype(str) != ""]
    return str(said.mode().iloc[0]) if len(said) else ""
