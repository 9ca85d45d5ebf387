"""How often intervals contain the truth, how often probabilities come true, and how far two samples are apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kundenwert.errors import DomainError, SchemaError
from kundenwert.validate.calibration import Values, rank

type Array = NDArray[np.float64]

PROBABILITIES = (0.5, 0.8, 0.9, 0.95)
"""Nominal shares of the intervals whose coverage is measured."""

_ENDS = (0.05, 0.95)


def randomised_pit(draws: ArrayLike, truth: ArrayLike, *, rng: np.random.Generator) -> Array:
    """Place of the truth among its predictive draws, between 0 and 1, with ties resolved at random.

    `u = (rank + U) / (L + 1)`, U uniform: exactly uniform on (0, 1) for honest draws, of counts too. The central
    interval of probability P contains the truth where `|u - 1/2| < P/2`; with this rule it holds a count with the part
    of its probability that is needed to make the interval's content P, so that nominal shares can be met exactly.

    Parameters
    ----------
    draws, truth, rng
        As in `rank`.

    Returns
    -------
    ndarray
        In (0, 1), of the shape of `truth`.

    Examples
    --------
    >>> u = randomised_pit(np.zeros((20_000, 9)), np.zeros(20_000), rng=np.random.default_rng(2))
    >>> abs(u.mean() - 0.5) < 0.01, abs((u < 0.05).mean() - 0.05) < 0.01
    (np.True_, np.True_)
    """
    below = rank(draws, truth, rng=rng)
    return np.asarray((below + rng.random(below.shape)) / (np.shape(draws)[-1] + 1))


def probability_pit(probability: ArrayLike, happened: ArrayLike, *, rng: np.random.Generator) -> Array:
    """Randomised place of a yes-or-no outcome under its predicted probability: uniform if the probability is right.

    Raises
    ------
    DomainError
        If a probability is missing or not in [0, 1].

    Examples
    --------
    >>> probability_pit([1.0, 0.0], [True, False], rng=np.random.default_rng(3)).round(2).tolist()
    [0.09, 0.24]
    """
    p, yes = _shares(probability, "probability"), np.asarray(happened, dtype=bool)
    u = rng.random(p.shape)
    return np.where(yes, 1 - p + u * p, u * (1 - p))


def interval_coverage(
    pit: ArrayLike, groups: ArrayLike | None = None, *, probabilities: Sequence[float] = PROBABILITIES
) -> pd.DataFrame:
    """Share of truths inside central intervals, with its Monte-Carlo error.

    Parameters
    ----------
    pit
        What `randomised_pit` returns, flattened.
    groups
        The data set of each truth. Customers of one data set share its posterior and miss together, so that the error
        is computed from data sets; each truth is its own group if not given.
    probabilities
        Nominal shares.

    Returns
    -------
    pandas.DataFrame
        Columns `nominal, cases, groups, inside, error` (standard error of `inside`).

    Raises
    ------
    SchemaError
        If there is not one group for each case.
    DomainError
        If there is no case, or a place is missing or not in [0, 1].

    Examples
    --------
    >>> table = interval_coverage(np.linspace(0.0005, 0.9995, 1000))
    >>> table["inside"].tolist()
    [0.5, 0.8, 0.9, 0.95]
    """
    u = np.ravel(_shares(pit, "place"))
    code = _codes(groups, u.size)
    size = np.bincount(code)
    rows = []
    for nominal in probabilities:
        hit = np.abs(u - 0.5) < nominal / 2
        inside = float(hit.mean())
        off = np.bincount(code, weights=hit - inside)
        error = np.sqrt((off**2).sum() * size.size / max(size.size - 1, 1)) / u.size
        rows.append((nominal, u.size, size.size, inside, float(error)))
    return pd.DataFrame(rows, columns=["nominal", "cases", "groups", "inside", "error"])


def reliability(
    probability: ArrayLike, happened: ArrayLike, groups: ArrayLike | None = None, *, bins: int = 10
) -> pd.DataFrame:
    """Compare predicted probabilities with how often the event came, in bins of equal width.

    Parameters
    ----------
    probability, happened
        Prediction and outcome of each case.
    groups
        As in `interval_coverage`.
    bins
        Number of bins on [0, 1]; empty ones are left out.

    Returns
    -------
    pandas.DataFrame
        Columns `left, right, cases, predicted` (mean), `happened` (share), `error` (standard error of their
        difference).

    Raises
    ------
    SchemaError
        If there is not one outcome and one group for each probability.
    DomainError
        If there is no case or no bin, or a probability or an outcome is missing or not in [0, 1].

    Examples
    --------
    >>> table = reliability([0.2, 0.2, 0.2, 0.2, 0.2], [True, False, False, False, False], bins=2)
    >>> table[["predicted", "happened"]].values.round(3).tolist()
    [[0.2, 0.2]]
    """
    p, yes = np.ravel(_shares(probability, "probability")), np.ravel(_shares(happened, "outcome"))
    if yes.size != p.size:
        raise SchemaError(f"{yes.size:,} outcomes for {p.size:,} cases; give one for each")
    if bins < 1:
        raise DomainError(f"bins={bins}: there is at least one bin")
    code = _codes(groups, p.size)
    place = np.minimum((p * bins).astype(int), bins - 1)
    rows = []
    for number in np.unique(place):
        own = place == number
        off = np.bincount(code[own], weights=(yes - p)[own])
        gap = float((yes - p)[own].mean())
        spread = np.bincount(code[own])
        error = np.sqrt(((off - gap * spread) ** 2).sum()) / own.sum()
        row = (number / bins, (number + 1) / bins, int(own.sum()), p[own].mean(), yes[own].mean(), float(error))
        rows.append(row)
    return pd.DataFrame(rows, columns=["left", "right", "cases", "predicted", "happened", "error"])


def _shares(values: ArrayLike, name: str) -> Array:
    """Numbers in [0, 1], at least one."""
    array = np.asarray(values, dtype=np.float64)
    wrong = ~((array >= 0) & (array <= 1))
    if not array.size or wrong.any():
        first = f", first {array[wrong].flat[0]:g}" if wrong.any() else ""
        raise DomainError(f"each {name} is a number in [0, 1]; {int(wrong.sum()):,} of {array.size:,} are not{first}")
    return array


def _codes(groups: ArrayLike | None, size: int) -> NDArray[np.intp]:
    """Number of each case's group; each is its own if there are none."""
    if groups is None:
        return np.arange(size)
    labels = np.ravel(np.asarray(groups))
    if labels.size != size:
        raise SchemaError(f"{labels.size:,} groups for {size:,} cases; give one for each")
    return np.asarray(np.unique(labels, return_inverse=True)[1])


def gaps(first: Values, second: Values, effective: Mapping[str, tuple[float, float]]) -> pd.DataFrame:
    """Compare two samples of the same posterior: means in Monte-Carlo errors, interval ends in interval widths.

    Parameters
    ----------
    first, second
        Draws by name, one-dimensional, equally weighted.
    effective
        Effective sample sizes of both by name.

    Returns
    -------
    pandas.DataFrame
        Columns `quantity, mean_first, mean_second, errors` (difference of means over its combined standard error),
        `low, high` (difference of the 5 % and 95 % quantiles over the width of the second's interval) and `low_error,
        high_error` (their Monte-Carlo standard errors, in the same unit).

    Examples
    --------
    >>> from scipy import stats
    >>> z = stats.norm.ppf(np.linspace(0.0005, 0.9995, 1000))
    >>> table = gaps({"z": z + 0.1}, {"z": z}, {"z": (1000, 1000)})
    >>> table[["errors", "low", "high", "low_error"]].to_numpy().round(2).tolist()
    [[2.24, 0.03, 0.03, 0.03]]
    """
    rows = []
    for name, sizes in effective.items():
        one, two = (np.ravel(np.asarray(values[name], dtype=np.float64)) for values in (first, second))
        error = np.hypot(one.std() / np.sqrt(sizes[0]), two.std() / np.sqrt(sizes[1]))
        row: dict[str, object] = {"quantity": name, "mean_first": one.mean(), "mean_second": two.mean()}
        row["errors"] = (one.mean() - two.mean()) / error
        width = np.ptp(np.quantile(two, _ENDS))
        for label, end in zip(("low", "high"), _ENDS, strict=True):
            row[label] = (np.quantile(one, end) - np.quantile(two, end)) / width
            noise = np.hypot(_quantile_error(one, end, sizes[0]), _quantile_error(two, end, sizes[1]))
            row[f"{label}_error"] = noise / width
        rows.append(row)
    return pd.DataFrame(rows)


def _quantile_error(values: Array, probability: float, effective: float) -> float:
    """Standard error of a sample quantile: half the distance of the quantiles one binomial error to either side."""
    step = np.sqrt(probability * (1 - probability) / effective)
    below, above = np.quantile(values, [max(probability - step, 0.0), min(probability + step, 1.0)])
    return float(above - below) / 2
