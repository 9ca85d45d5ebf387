"""Cohorts through time, and groups of customers by prediction: what was observed, and what the model says of the same.

Sums over customers are taken within each draw; quantiles come last.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import ibis
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert.compare import aligned, quantiles
from kundenwert.data import TransactionLog, window_totals
from kundenwert.data.cohort_ages import cohort_ages
from kundenwert.data.customers import name_of_everybody
from kundenwert.errors import DomainError
from kundenwert.predict import Horizon, read_draws
from kundenwert.validate.readers import GroupSums, RevenueOverTime, Sums, Weights, weighed
from kundenwert.value.terms import check_fits

if TYPE_CHECKING:
    from kundenwert.bayes import Fit
    from kundenwert.data import CustomerSummary
    from kundenwert.laws import PurchaseLaw, SpendLaw
    from kundenwert.value import ValueResult

type Array = NDArray[np.float64]
type Purchases = TransactionLog | ibis.Table | pd.DataFrame

SAMPLES = 400
"""Draws behind a band of outcomes if not told otherwise: enough for a picture's 5 % and 95 %."""

POINTS = 6
"""Times after the end of observation at which revenue is followed if not told otherwise."""

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
    purchases: Fit[PurchaseLaw],
    spend: Fit[SpendLaw],
    summary: CustomerSummary,
    log: Purchases,
    *,
    points: int = POINTS,
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
    curve = RevenueCurve(summary, points)
    horizon = Horizon(float(curve.times[-1]))
    read_draws(
        purchases, spend, summary.table, [curve.reader], horizon=horizon, seed=seed, samples=samples, threads=threads
    )
    return curve.table(log)


class RevenueCurve:
    """The hold-out's revenue as time goes on: what to read off customers' draws, and the table that comes of it.

    Parameters
    ----------
    summary
        A summary with dates and a hold-out.
    points
        Number of times after the end of observation, evenly spread on whole days, the last at the end of the hold-out.

    Raises
    ------
    DomainError
        If the summary has no dates or no hold-out, or there is no point.
    """

    def __init__(self, summary: CustomerSummary, points: int = POINTS) -> None:
        start, end = summary.observation_end, summary.holdout_end
        if start is None or end is None:
            raise DomainError("the summary has no dates of a hold-out; summarise with observation_end and holdout_end")
        if points < 1:
            raise DomainError(f"points={points}: a curve needs at least one time after the end of observation")
        self._summary, self._start = summary, start
        self._days = np.unique(np.linspace(0, (end - start).days, points + 1).round().astype(np.int64))[1:]
        self._codes, self._cohorts = pd.factorize(summary.table["cohort"], sort=True)
        self.times = np.asarray(self._days / summary.days_per_unit, dtype=np.float64)
        self.reader = RevenueOverTime(self._codes, len(self._cohorts), self.times)

    def table(self, log: Purchases) -> pd.DataFrame:
        """One row per cohort and time, as `holdout_revenue_curve` returns.

        Parameters
        ----------
        log
            The purchases that the summary was made from.
        """
        names = list(map(str, self._cohorts))
        labels = [*names, *([name_of_everybody(names)] if len(names) > 1 else [])]
        sizes = _with_total(np.bincount(self._codes, minlength=len(names)).astype(np.float64))
        nothing = Sums(np.zeros((1, len(names))), np.zeros((1, len(names))))
        steps = [(0, 0.0, nothing)]
        steps += [
            (int(day), float(time), Sums(expected, outcome))
            for day, time, expected, outcome in zip(self._days, self.times, *self.reader.sums, strict=True)
        ]
        parts = []
        for day, time, sums in steps:
            until = self._start + dt.timedelta(days=day)
            actual = _actual(log, self._summary, self._start, until, self._codes, len(names)) if day else 0 * sizes
            per_customer = {"cohort": labels, "time": time, "customers": sizes.astype(int), "actual": actual / sizes}
            expected, outcome = (_with_total(values) / sizes for values in sums)
            part = pd.DataFrame(per_customer).assign(**quantiles(outcome, "predicted"))
            parts.append(part.assign(predicted_mean=expected.mean(axis=0), _place=range(len(labels))))
        whole = pd.concat(parts).sort_values(["_place", "time"], ignore_index=True)
        return whole.drop(columns="_place")


def grouped_draws(
    purchases: Fit[PurchaseLaw],
    spend: Fit[SpendLaw],
    table: pd.DataFrame,
    weights: Weights,
    *,
    horizon: Horizon,
    quantity: str,
    seed: int = 1,
    samples: int | None = SAMPLES,
    threads: int | None = None,
) -> Sums:
    """Sum a quantity over groups of customers within each draw, with bounded memory.

    Parameters
    ----------
    purchases, spend, table, horizon, seed, samples, threads
        As in `customer_blocks`.
    weights
        From row numbers to how much each customer counts in each group, of shape (rows, groups).
    quantity
        "purchases" or "value", within the horizon.

    Returns
    -------
    Sums
        `expected` (given the parameters) and `outcome`, each of shape (samples, groups).
    """
    reader = GroupSums(weights, quantity)
    read_draws(purchases, spend, table, [reader], horizon=horizon, seed=seed, samples=samples, threads=threads)
    return reader.sums


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
    >>> values = Some(table=table, time_unit="W")
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
    result["predicted_mean"] = weighed(share, predicted[:, None])[0] / sizes
    result["actual_mean"] = weighed(share, known[column].to_numpy(np.float64)[:, None])[0] / sizes
    result["overall_mean"] = float(known[column].mean())
    if fits is not None:
        made = grouped_draws(
            *fits, known, lambda rows: share[rows], horizon=Horizon(float(length)), quantity=draws, seed=seed,
            samples=samples,
        )  # fmt: skip
        limits = quantiles(made.outcome / sizes, "predicted")
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
