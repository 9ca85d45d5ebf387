"""Cohorts through time, and groups of customers by prediction: what was observed, and what the model says of the same.

Sums over customers are taken within each draw; quantiles come last.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING

import ibis
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from kundenwert.compare import QUANTILES, aligned, quantiles
from kundenwert.data import TransactionLog, window_totals
from kundenwert.data.cohort_ages import cohort_ages
from kundenwert.data.customers import name_of_everybody
from kundenwert.errors import DomainError, SchemaError
from kundenwert.kernels import pareto_nbd
from kundenwert.predict import CustomerDraws, Horizon, each_block
from kundenwert.value.assumptions import check_fits

if TYPE_CHECKING:
    from kundenwert.bayes import Fit
    from kundenwert.data import CustomerSummary
    from kundenwert.value import ValueResult

type Array = NDArray[np.float64]
type Weights = Callable[[NDArray[np.int64]], Array]
type Purchases = TransactionLog | ibis.Table | pd.DataFrame

SAMPLES = 400
"""Draws behind a band of outcomes if not told otherwise: enough for a picture's 5 % and 95 %."""

QUANTITIES = {"purchases": ("holdout_purchases", "purchases"), "revenue": ("holdout_value", "value")}
"""By quantity its column in the hold-out, and its draws."""


def retention_by_age(purchases: Purchases, *, period: str = "M", until: dt.date | str | None = None) -> pd.DataFrame:
    """Share of each acquisition cohort's customers that bought in each calendar period since acquisition.

    `share = customers with a purchase in the period / customers of the cohort`. Whoever bought before and after a
    period without a purchase in it counts as inactive in it: the share can rise again.

    Parameters
    ----------
    purchases, period, until
        As in `data.cohort_ages.cohort_ages`.

    Returns
    -------
    pandas.DataFrame
        One row per cohort and age that was observed to its end: `cohort, period, customers, age, active, purchases,
        revenue`, as in `cohort_ages`; `share`, in [0, 1] and 1 at age 0; `revenue_to_date`, revenue per customer of the
        cohort from acquisition to the end of the period.

    Raises
    ------
    SchemaError, DomainError
        As `cohort_ages`.

    Examples
    --------
    >>> days = ["2024-01-01", "2024-01-15", "2024-03-05", "2024-01-08"]
    >>> rows = pd.DataFrame({"customer_id": ["a", "a", "a", "b"], "date": days, "amount": [5.0, 10.0, 20.0, 8.0]})
    >>> retention_by_age(rows, until="2024-03-31")[["age", "share", "revenue_to_date"]].values.tolist()
    [[0.0, 1.0, 11.5], [1.0, 0.0, 11.5], [2.0, 0.5, 21.5]]
    """
    table = cohort_ages(purchases, period=period, until=until)
    table["share"] = table["active"] / table["customers"]
    table["revenue_to_date"] = table.groupby("cohort")["revenue"].cumsum() / table["customers"]
    return table


def revenue_since_acquisition(retention: pd.DataFrame) -> pd.DataFrame:
    """Cumulative revenue per customer by whole periods since acquisition, in the columns of `holdout_revenue_curve`.

    Parameters
    ----------
    retention
        What `retention_by_age` returns.

    Returns
    -------
    pandas.DataFrame
        `cohort, time` (whole periods counted: 1 at the end of the period of acquisition), `customers, actual`.

    Examples
    --------
    >>> table = pd.DataFrame({"cohort": "2024", "customers": 2, "age": [0, 1], "revenue_to_date": [11.5, 21.5]})
    >>> revenue_since_acquisition(table).values.tolist()
    [['2024', 1, 2, 11.5], ['2024', 2, 2, 21.5]]
    """
    named = retention.assign(time=retention["age"] + 1).rename(columns={"revenue_to_date": "actual"})
    return named[["cohort", "time", "customers", "actual"]].reset_index(drop=True)


def holdout_revenue_curve(
    purchases: Fit,
    spend: Fit,
    summary: CustomerSummary,
    log: Purchases,
    *,
    points: int = 6,
    seed: int = 1,
    samples: int = SAMPLES,
    threads: int | None = None,
    allow_unconverged: bool = False,
) -> pd.DataFrame:
    """Cumulative hold-out revenue per customer by cohort: what happened, beside its expectation and predictive band.

    Parameters
    ----------
    purchases, spend
        Fits of `ParetoNBD` and `GammaGamma`.
    summary
        A summary with dates and a hold-out.
    log
        The purchases it was made from.
    points
        Number of times after the end of observation, evenly spread on whole days, the last at the end of the hold-out.
    seed
        Makes the outcomes reproducible; within a draw, purchases at an earlier time are among those at a later one.
    samples
        Draws for each customer.
    threads, allow_unconverged
        As in `value_table`.

    Returns
    -------
    pandas.DataFrame
        One row per cohort and time, 0 included, of several cohorts also for "all" ("all (total)" beside one that is
        called "all"): `cohort, time` (time units since the end of observation), `customers, actual, predicted_mean`
        (expectation), `predicted_q05, predicted_q50, predicted_q95` (of the outcome), all money per customer of the
        cohort, undiscounted, before margin.

    Raises
    ------
    FitError
        If a fit did not converge, or its time unit is not the summary's.
    DomainError
        If the summary has no dates or no hold-out, or there is no point.
    """
    check_fits(purchases, spend, summary.time_unit, allow_unconverged=allow_unconverged)
    start, end = summary.observation_end, summary.holdout_end
    if start is None or end is None:
        raise DomainError("the summary has no dates of a hold-out; summarise with observation_end and holdout_end")
    if points < 1:
        raise DomainError(f"points={points}: a curve needs at least one time after the end of observation")
    days = np.unique(np.linspace(0, (end - start).days, points + 1).round().astype(np.int64))
    times = np.asarray(days / summary.days_per_unit, dtype=np.float64)
    codes, cohorts = pd.factorize(summary.table["cohort"], sort=True)
    total = name_of_everybody(map(str, cohorts))
    labels = [*map(str, cohorts), *([total] if len(cohorts) > 1 else [])]
    sizes = _with_total(np.bincount(codes, minlength=len(cohorts)).astype(np.float64))
    parts = []
    for day, time in zip(days, times, strict=True):
        if day == 0:
            made = {"expected": np.zeros((1, len(labels))), "outcome": np.zeros((1, len(labels)))}
            actual = np.zeros(len(labels))
        else:
            drawn = grouped_draws(
                purchases, spend, summary.table, lambda rows: codes[rows][:, None] == np.arange(len(cohorts)),
                horizon=Horizon(float(time), holdout=float(times[-1])), quantity="value", seed=seed, samples=samples,
                threads=threads,
            )  # fmt: skip
            made = {name: _with_total(sums) for name, sums in drawn.items()}
            actual = _actual(log, summary, start, start + dt.timedelta(days=int(day)), codes, len(cohorts))
        part = pd.DataFrame({"cohort": labels, "time": time, "customers": sizes.astype(int), "actual": actual / sizes})
        part = part.assign(**quantiles(made["outcome"] / sizes, "predicted"))
        parts.append(part.assign(predicted_mean=(made["expected"] / sizes).mean(axis=0), _place=range(len(labels))))
    whole = pd.concat(parts).sort_values(["_place", "time"], ignore_index=True)
    return whole.drop(columns="_place")


def grouped_draws(
    purchases: Fit,
    spend: Fit,
    table: pd.DataFrame,
    weights: Weights,
    *,
    horizon: Horizon,
    quantity: str,
    seed: int,
    samples: int,
    threads: int | None = None,
) -> dict[str, Array]:
    """Sum a quantity over groups of customers within each draw, with bounded memory.

    Parameters
    ----------
    purchases, spend, table, horizon, seed, samples, threads
        As in `customer_draws`.
    weights
        From row numbers to how much each customer counts in each group, of shape (rows, groups).
    quantity
        "purchases" or "value", within the horizon.

    Returns
    -------
    dict
        `expected` (given the parameters) and `outcome`, each of shape (samples, groups).
    """

    def sums(block: CustomerDraws) -> tuple[Array, Array]:
        share = np.asarray(weights(block.rows), dtype=np.float64)
        expected, outcome = getattr(block, f"expected_{quantity}"), getattr(block, quantity)
        return _weighed(share, expected), _weighed(share, outcome)

    done = each_block(
        purchases, spend, table, sums, horizon=horizon, seed=seed, samples=samples, threads=threads
    )  # fmt: skip
    expected, outcome = next(done)
    for one, other in done:
        expected, outcome = expected + one, outcome + other
    return {"expected": expected, "outcome": outcome}


def shrinkage_table(
    purchases: Fit, table: pd.DataFrame, *, by: str = "cohort", samples: int | None = 1000
) -> pd.DataFrame:
    r"""Repeat purchases per customer and time unit of each cohort: counted, and as the pooled model has it.

    Raw: `Σ x / Σ T`. Pooled, of the same quantity: `Σ E[X(T)] / Σ T` with `E[X(T)] = (r/α) ∫₀^T (β/(β+u))^s du`, under
    each customer's own law. Both count the time after a customer left. `r/α`, the rate of a typical customer while
    alive, stands beside them and is higher: counts cannot be held against it.

    Parameters
    ----------
    purchases
        Fit of `ParetoNBD`, with `by` among its cohorts.
    table
        Customers: `frequency, T`, `by`, and the model's other columns.
    by
        Column whose values are the cohorts.
    samples
        Draws used; all if None.

    Returns
    -------
    pandas.DataFrame
        Sorted by cohort: `cohort, customers, purchases` (repeat), `time` (Σ T); `raw, raw_q05, raw_q95` with the
        interval of a Poisson count, too narrow where customers differ; `pooled_mean, pooled_q05, pooled_q50,
        pooled_q95`; `purchase_rate_mean, …` (r/α); `population_mean`, the pooled mean of all cohorts
        together. Rates per time unit; NaN without time observed.

    Raises
    ------
    SchemaError
        If a column is missing.

    Examples
    --------
    >>> from types import SimpleNamespace as Some
    >>> law = {name: np.array([value]) for name, value in
    ...        {"r": 0.553277, "alpha": 10.577684, "s": 0.60624, "beta": 11.668728}.items()}
    >>> fit = Some(model=Some(cohorts=("cohort",), covariates=()), draws=lambda size: law,
    ...            cohort_laws=lambda table, size, by: {"a": law})
    >>> found = shrinkage_table(fit, pd.DataFrame({"cohort": ["a", "a"], "frequency": [3, 0], "T": [52.0, 52.0]}))
    >>> found[["raw", "pooled_mean", "purchase_rate_mean"]].round(6).values.tolist()
    [[0.028846, 0.028335, 0.052306]]
    """
    if missing := [name for name in (by, "frequency", "T") if name not in table]:
        raise SchemaError(f"the customer table has no column {' and no column '.join(map(repr, missing))}")
    alike = {*purchases.model.cohorts, *purchases.model.covariates} <= {by}
    laws = purchases.cohort_laws(table.drop_duplicates(by) if alike else table, samples, by=by)
    rows = []
    for label, group in table.groupby(by, sort=True):
        law, time, count = laws[str(label)], float(group["T"].sum()), int(group["frequency"].sum())
        limits = {"raw": count, "raw_q05": _poisson_limit(count, "q05"), "raw_q95": _poisson_limit(count, "q95")}
        row = {"cohort": str(label), "customers": len(group), "purchases": count, "time": time}
        row |= {name: value / time if time > 0 else np.nan for name, value in limits.items()}
        own = law if alike else purchases.laws(group, samples)(np.arange(len(group)))
        row |= quantiles(_rate_observed(own, group["T"]), "pooled")
        row |= quantiles(law["r"] / law["alpha"], "purchase_rate")
        rows.append(row)
    found = pd.DataFrame(rows)
    pooled = (found["pooled_mean"] * found["time"]).sum(skipna=True) / found["time"].sum()
    found["population_mean"] = pooled if found["time"].sum() > 0 else np.nan
    return found.astype({name: float for name in found.columns if name.endswith(("mean", "q05", "q50", "q95"))})


def decile_table(
    summary: CustomerSummary,
    values: ValueResult,
    *,
    quantity: str = "revenue",
    groups: int = 10,
    fits: tuple[Fit, Fit] | None = None,
    seed: int = 0,
    samples: int = SAMPLES,
) -> pd.DataFrame:
    """Group customers by what was predicted of them, and compare the groups' means with what happened.

    Groups are of equal size. Customers with equal predictions at a border belong to both groups in parts, as if lots
    had been drawn again and again: the order of the rows plays no part.

    Parameters
    ----------
    summary
        A summary with a hold-out.
    values
        Its values; matched by `customer_id`.
    quantity
        "purchases" or "revenue" of the hold-out.
    groups
        Number of groups, ≥ 1; at most one for each customer.
    fits
        The fits of purchases and spend behind the values, for the intervals of the groups' means. They cannot be had
        from the customers' intervals: quantiles do not add.
    seed, samples
        Of those intervals.

    Returns
    -------
    pandas.DataFrame
        The highest predictions first: `decile` (1, 2, …), `customers`, `predicted_mean, actual_mean`, `overall_mean`
        (actual, of all customers); with `fits` also `predicted_q05, predicted_q50, predicted_q95` of the
        outcome's group mean.

    Raises
    ------
    DomainError
        If the quantity is not known, there is no group, no hold-out, or the tables do not match.

    Examples
    --------
    >>> from types import SimpleNamespace as Some
    >>> table = pd.DataFrame(
    ...     {"customer_id": ["a", "b", "c", "d"], "cohort": "x", "holdout_purchases": [0, 1, 6, 2],
    ...      "predicted_holdout_purchases_mean": [0.2, 0.5, 4.0, 0.5]}
    ... )
    >>> summary = Some(table=table, time_unit="W", holdout_length=5.0)
    >>> values = Some(table=table, assumptions=Some(time_unit="W"))
    >>> found = decile_table(summary, values, quantity="purchases", groups=2)
    >>> found.values.tolist()
    [[1.0, 2.0, 2.25, 3.75, 2.25], [2.0, 2.0, 0.35, 0.75, 2.25]]
    """
    if quantity not in QUANTITIES or groups < 1:
        raise DomainError(
            f"quantity={quantity!r}, groups={groups}: choose 'purchases' or 'revenue', and a group or more"
        )
    column, draws = QUANTITIES[quantity]
    known, valued = aligned(summary, values)
    length = summary.holdout_length
    if length is None or column not in known or f"predicted_{column}_mean" not in valued:
        raise DomainError("the summary has no hold-out; summarise with observation_end and holdout_end")
    predicted = valued[f"predicted_{column}_mean"].to_numpy(np.float64)
    share = memberships(predicted, min(groups, len(known)))
    sizes = share.sum(axis=0)
    result = pd.DataFrame({"decile": np.arange(1, sizes.size + 1), "customers": sizes.round(9)})
    result["predicted_mean"] = _weighed(share, predicted[:, None])[0] / sizes
    result["actual_mean"] = _weighed(share, known[column].to_numpy(np.float64)[:, None])[0] / sizes
    result["overall_mean"] = float(known[column].mean())
    if fits is not None:
        made = grouped_draws(
            *fits, known, lambda rows: share[rows], horizon=Horizon(float(length)), quantity=draws, seed=seed,
            samples=samples,
        )  # fmt: skip
        limits = quantiles(made["outcome"] / sizes, "predicted")
        result = result.assign(**{name: limits[name] for name in limits if name != "predicted_mean"})
    return result


def memberships(predicted: Array, groups: int) -> Array:
    """Say in which of equally large groups each case lies, the highest predictions first; ties lie in several.

    Parameters
    ----------
    predicted
        One-dimensional.
    groups
        At least 1.

    Returns
    -------
    ndarray
        Shape (cases, groups), in [0, 1]; rows add up to 1, columns to cases / groups.

    Examples
    --------
    >>> memberships(np.array([1.0, 5.0, 1.0, 1.0]), 2).round(3).tolist()
    [[0.333, 0.667], [1.0, 0.0], [0.333, 0.667], [0.333, 0.667]]
    """
    levels, index = np.unique(-predicted, return_inverse=True)
    size = np.bincount(index, minlength=levels.size)
    stop = np.cumsum(size)[:, None]
    edges = np.linspace(0, predicted.size, groups + 1)
    overlap = np.minimum(stop, edges[1:]) - np.maximum(stop - size[:, None], edges[:-1])
    share = np.clip(overlap, 0, None) / size[:, None]
    return np.asarray(share[index])


def _weighed(share: Array, values: Array) -> Array:
    """Sum (cases, samples) over cases into groups: (samples, groups); infinite values only where they count."""
    if np.isfinite(values).all():
        return np.asarray(values.T @ share)
    return np.stack([values[share[:, k] > 0].T @ share[share[:, k] > 0, k] for k in range(share.shape[1])], axis=-1)


def _rate_observed(law: dict[str, Array], observed: pd.Series) -> Array:
    """Expected repeat purchases per time observed, in each draw; NaN without time."""
    if any(values.ndim == 2 for values in law.values()):  # customers of one cohort differ: each by their own law
        times = observed.to_numpy(np.float64)[:, None]
        lived = pareto_nbd.expected_lifetime(times, s=law["s"], scale=law["beta"])
        return np.asarray((law["r"] / law["alpha"] * lived).sum(axis=0) / times.sum())
    T, count = np.unique(observed.to_numpy(np.float64), return_counts=True)
    total = float(T @ count)
    if not total > 0:
        return np.full_like(law["r"], np.nan)
    lived = pareto_nbd.expected_lifetime(T[:, None], s=law["s"], scale=law["beta"])
    return np.asarray(law["r"] / law["alpha"] * (count @ lived) / total)


def _poisson_limit(count: int, end: str) -> float:
    """Garwood's limit of a Poisson mean, half of what the interval leaves out on either side."""
    degrees = 2 * count if end == "q05" else 2 * count + 2
    return float(stats.chi2.ppf(QUANTILES[end], degrees) / 2) if degrees else 0.0


def _actual(
    log: Purchases, summary: CustomerSummary, start: dt.date, end: dt.date, codes: NDArray[np.intp], cohorts: int
) -> Array:
    """Revenue of each cohort (and of all) after `start` up to `end`."""
    bought = window_totals(log, start + dt.timedelta(days=1), end, known=start).set_index("customer_id")["revenue"]
    own = bought.reindex(summary.table["customer_id"]).fillna(0.0).to_numpy(np.float64)
    return _with_total(np.bincount(codes, weights=own, minlength=cohorts))


def _with_total(by_cohort: Array) -> Array:
    """Append the sum over the last axis, of several cohorts."""
    if by_cohort.shape[-1] == 1:
        return by_cohort
    return np.concatenate([by_cohort, by_cohort.sum(axis=-1, keepdims=True)], axis=-1)
