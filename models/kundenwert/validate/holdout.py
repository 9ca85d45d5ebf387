"""Predictions of the hold-out beside what happened: errors, coverage, calibration by frequency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert.compare import NOMINAL, aligned, quantiles
from kundenwert.errors import DomainError
from kundenwert.predict import Horizon, read_draws
from kundenwert.validate.classes import class_labels, class_of, class_starts
from kundenwert.validate.cohort_curves import SAMPLES
from kundenwert.validate.readers import GroupSums
from kundenwert.value.terms import check_fits

if TYPE_CHECKING:
    import xarray as xr

    from kundenwert.bayes import Fit
    from kundenwert.data.summary import CustomerSummary
    from kundenwert.laws import PurchaseLaw, SpendLaw
    from kundenwert.value import ValueResult

_SOURCES = {"purchases": "holdout_purchases", "revenue": "holdout_value"}


def holdout_scores(summary: CustomerSummary, values: ValueResult) -> pd.DataFrame:
    """Score the posterior on the hold-out, beside baselines that anyone could have used.

    With error e = predicted − actual of each customer: MAE = mean |e|, RMSE = √mean e², bias = mean e.

    ================== =====================================================================================
    posterior mean     the mean of the predictive draws; the best guess under squared error
    posterior median   their median; the best guess under absolute error
    rate so far        the customer's own repeat purchases per time observed, carried on
    formula            AOV × purchase frequency of the cohort, for each of its customers, as the formula has it
    cohort repeat rate the same with repeat purchases only
    same for everyone  all repeat purchases per time observed of all customers, carried on
    nobody returns     0
    ================== =====================================================================================

    Parameters
    ----------
    summary
        A summary with a hold-out.
    values
        Its values; matched by `customer_id`.

    Returns
    -------
    pandas.DataFrame
        One row per quantity ("purchases", "revenue") and model: `quantity, model, mae, rmse, bias,
        predicted_total, actual_total, customers, note`.

    Raises
    ------
    DomainError
        If there is no hold-out, or the tables do not match.

    Notes
    -----
    A cohort or customer without time observed has no rate. A cohort takes the rate of all cohorts, with a
    note; a customer's own rate is 0.

    Examples
    --------
    >>> from types import SimpleNamespace as Some
    >>> table = pd.DataFrame(
    ...     {"customer_id": ["a", "b"], "cohort": "x", "frequency": [4, 0], "recency": [8.0, 0.0],
    ...      "T": [10.0, 10.0], "monetary_value": [5.0, np.nan], "value_to_date": [25.0, 5.0],
    ...      "holdout_purchases": [1, 0], "holdout_value": [5.0, 0.0]}
    ... )
    >>> summary = Some(table=table, time_unit="W", units_per_year=52.0, holdout_length=5.0, inactivity_months=12)
    >>> guess = {"purchases_mean": [1.5, 0.5], "purchases_q50": [1.0, 0.0], "value_mean": [7.0, 2.0],
    ...          "value_q50": [5.0, 0.0]}
    >>> predicted = table.assign(**{f"predicted_holdout_{name}": guess[name] for name in guess})
    >>> scores = holdout_scores(summary, Some(table=predicted, time_unit="W"))
    >>> scores.query("quantity == 'purchases'").set_index("model")["mae"].to_dict()["posterior mean"]
    0.5
    """
    known, valued = aligned(summary, values)
    length = _holdout_length(summary, known)
    baselines, note = _baselines(known, length, summary.units_per_year)
    rows = []
    for quantity, source in _SOURCES.items():
        actual = known[source].to_numpy(dtype=np.float64)
        predictions = {
            "posterior mean": valued[f"predicted_{source}_mean"].to_numpy(dtype=np.float64),
            "posterior median": valued[f"predicted_{source}_q50"].to_numpy(dtype=np.float64),
            **baselines[quantity],
        }
        for model, predicted in predictions.items():
            why = note if model in {"formula", "cohort repeat rate"} else ""
            rows.append({"quantity": quantity, "model": model, **_errors(predicted, actual), "note": why})
    return pd.DataFrame(rows)


def coverage(summary: CustomerSummary, values: ValueResult) -> pd.DataFrame:
    """Count how often the intervals contain what happened in the hold-out.

    An interval of the outcome should contain the truth as often as it says. An interval of the expectation
    says how well the mean is known; that it contains few customers' outcomes is no fault but its meaning.

    Parameters
    ----------
    summary
        A summary with a hold-out.
    values
        Its values; matched by `customer_id`.

    Returns
    -------
    pandas.DataFrame
        One row per `quantity` ("purchases", "revenue"), `scope` ("customer", "cohort", "total") and `interval`
        ("outcome", "expectation") that the values hold: `cases`, `nominal`, `inside` (share of the cases, 0 to
        1), `mean_width`; for the total also `lower`, `upper`, `actual`.

    Raises
    ------
    DomainError
        If there is no hold-out, or the tables do not match.

    Notes
    -----
    Counts are discrete, so an outcome interval of purchases contains at least, and often more than, its
    nominal share.

    Examples
    --------
    >>> from types import SimpleNamespace as Some
    >>> import xarray as xr
    >>> table = pd.DataFrame(
    ...     {"customer_id": ["a", "b"], "cohort": "x", "holdout_purchases": [1, 9], "holdout_value": [5.0, 90.0],
    ...      "predicted_holdout_purchases_q05": [0, 1], "predicted_holdout_purchases_q95": [2, 6]}
    ... )
    >>> totals = xr.Dataset({"holdout_purchases": (("sample", "cohort"), [[8.0], [12.0]])}, {"cohort": ["x"]})
    >>> summary = Some(table=table, time_unit="W", holdout_length=5.0)
    >>> values = Some(table=table, totals=totals, time_unit="W")
    >>> coverage(summary, values)[["scope", "inside", "mean_width"]].round(1).values.tolist()
    [['customer', 0.5, 3.5], ['cohort', 1.0, 4.0], ['total', 1.0, 4.0]]
    """
    known, valued = aligned(summary, values)
    _holdout_length(summary, known)
    rows: list[dict[str, object]] = []
    for quantity, source in _SOURCES.items():
        for interval, of_customer, of_total in (
            ("outcome", f"predicted_{source}", source),
            ("expectation", f"expected_{source}", f"expected_{source}"),
        ):
            head = {"quantity": quantity, "interval": interval}
            if f"{of_customer}_q05" in valued:
                low, high = (valued[f"{of_customer}_{q}"].to_numpy(dtype=np.float64) for q in ("q05", "q95"))
                rows.append(head | {"scope": "customer"} | _inside(low, high, known[source].to_numpy()))
            if of_total in values.totals:
                rows += [head | row for row in _total_coverage(values.totals[of_total], known, source)]
    names = ["quantity", "scope", "interval", "cases", "nominal", "inside", "mean_width", "lower", "upper", "actual"]
    return pd.DataFrame(rows).reindex(columns=names)


class Classes(GroupSums):
    """Sums hold-out purchases over customers alike in frequency, within each draw.

    Parameters
    ----------
    table
        Customers: `frequency`.
    last
        As in `by_frequency`.
    """

    def __init__(self, table: pd.DataFrame, last: int | None = None) -> None:
        starts = class_starts(table["frequency"], last)
        own = class_of(table["frequency"], starts)
        super().__init__(lambda rows: own[rows][:, None] == np.arange(starts.size), "holdout_purchases")


def by_frequency(
    summary: CustomerSummary,
    values: ValueResult,
    *,
    fits: tuple[Fit[PurchaseLaw], Fit[SpendLaw]] | None = None,
    drawn: Classes | None = None,
    seed: int = 1,
    samples: int = SAMPLES,
    threads: int | None = None,
    last: int | None = None,
) -> pd.DataFrame:
    """Compare mean hold-out purchases, actual and predicted, of customers alike in calibration purchases.

    Parameters
    ----------
    summary
        A summary with a hold-out.
    values
        Its values; matched by `customer_id`.
    fits
        The fits of purchases and spend behind the values, for the intervals of the groups' means. They cannot be had
        from the customers' intervals: quantiles do not add. Fits that did not converge are taken, as they were for the
        values.
    drawn
        Instead of fits: what was read off the draws that the values were made from.
    seed, samples
        Of those intervals: the same seed gives the same ones, whatever the order of the rows. Memory grows with
        `samples`, not with the number of customers.
    threads
        As in `value_table`.
    last
        Customers with this many repeat purchases or more share the last row; if not given, classes as in
        `repeat_purchase_counts`.

    Returns
    -------
    pandas.DataFrame
        One row per class that occurs: `frequency` ("0", "1", …, "7+", or "3–4" and the like), `customers`,
        `actual_mean`, `predicted_mean`; with `fits` also `predicted_q05, predicted_q50, predicted_q95`, of the outcome:
        quantiles of the group's purchases in each draw, divided by its customers, and `inside`, whether the actual mean
        lies between the first and the last of them.

    Raises
    ------
    FitError
        If the time unit of the fits is not the summary's.
    DomainError
        If there is no hold-out, or the tables do not match.

    Notes
    -----
    Fader, Hardie & Lee (2005), "Counting your customers" the easy way.

    Examples
    --------
    >>> from types import SimpleNamespace as Some
    >>> table = pd.DataFrame(
    ...     {"customer_id": ["a", "b", "c"], "cohort": "x", "frequency": [0, 0, 3], "holdout_purchases": [0, 1, 6],
    ...      "holdout_value": 0.0, "predicted_holdout_purchases_mean": [0.2, 0.2, 6.5]}
    ... )
    >>> summary = Some(table=table, time_unit="W", holdout_length=5.0)
    >>> by_frequency(summary, Some(table=table, time_unit="W"), last=2).values.tolist()
    [['0', 2, 0.5, 0.2], ['2+', 1, 6.0, 6.5]]
    """
    known, valued = aligned(summary, values)
    length = _holdout_length(summary, known)
    starts = class_starts(known["frequency"], last)
    own = class_of(known["frequency"], starts)
    frame = pd.DataFrame(
        {"actual": known["holdout_purchases"], "predicted": valued["predicted_holdout_purchases_mean"]}
    ).groupby(own)
    result = frame.mean().rename(columns={"actual": "actual_mean", "predicted": "predicted_mean"})
    result.insert(0, "customers", frame.size())
    found = result.index.to_numpy()
    if fits is not None:
        check_fits(*fits, summary.time_unit, allow_unconverged=True)  # whoever has values has decided that already
        drawn = Classes(known, last)
        horizon = Horizon(length, holdout=length)
        read_draws(*fits, known, [drawn], horizon=horizon, seed=seed, samples=samples, threads=threads)
    if drawn is not None:
        interval = quantiles(drawn.sums.outcome[:, found], "predicted", whole=True)
        ends = {name: interval[name] / result["customers"] for name in interval if name != "predicted_mean"}
        result = result.assign(**ends)
        result["inside"] = result["actual_mean"].between(result["predicted_q05"], result["predicted_q95"])
    result.insert(0, "frequency", np.array(class_labels(starts))[result.index])
    return result.reset_index(drop=True)


def _holdout_length(summary: CustomerSummary, known: pd.DataFrame) -> float:
    if summary.holdout_length is None or not {"holdout_purchases", "holdout_value"} <= set(known.columns):
        raise DomainError("the summary has no hold-out; summarise with observation_end and holdout_end")
    return float(summary.holdout_length)


def _baselines(
    known: pd.DataFrame, length: float, units_per_year: float
) -> tuple[dict[str, dict[str, NDArray[np.float64]]], str]:
    bought = known["frequency"].astype(float)
    money = {
        "purchases": bought,
        "revenue": (bought * known["monetary_value"]).where(bought > 0, 0.0),
    }
    orders = {"purchases": bought + 1, "revenue": known["value_to_date"].astype(float)}
    exposure = known["T"].astype(float)
    if not exposure.sum() > 0:
        raise DomainError("no customer was observed after the first purchase: there is no rate to carry on")
    grouped = exposure.groupby(known["cohort"]).transform("sum")
    empty = sorted(set(known["cohort"][grouped == 0]))
    result = {}
    for quantity, repeat in money.items():
        same = repeat.sum(skipna=False) / exposure.sum()
        result[quantity] = {
            "rate so far": _per(repeat, exposure, 0.0) * length,
            "formula": _cohort_rate(orders[quantity], exposure, grouped, known["cohort"]) * length,
            "cohort repeat rate": _cohort_rate(repeat, exposure, grouped, known["cohort"]) * length,
            "same for everyone": np.full(len(known), same * length),
            "nobody returns": np.zeros(len(known)),
        }
    note = f"no time observed in {', '.join(empty)}: the rate of all cohorts instead" if empty else ""
    return result, note


def _cohort_rate(
    amount: pd.Series, exposure: pd.Series, of_cohort: pd.Series, cohort: pd.Series
) -> NDArray[np.float64]:
    """Give each customer the cohort's amount per time observed, or that of all where it has none."""
    overall = float(amount.sum(skipna=False) / exposure.sum())
    return _per(amount.groupby(cohort).transform("sum"), of_cohort, overall)


def _per(amount: pd.Series, exposure: pd.Series, otherwise: float) -> NDArray[np.float64]:
    top, bottom = amount.to_numpy(dtype=np.float64), exposure.to_numpy(dtype=np.float64)
    rate = np.divide(top, bottom, out=np.full_like(bottom, otherwise), where=bottom > 0)
    return np.asarray(rate, dtype=np.float64)


def _errors(predicted: NDArray[np.float64], actual: NDArray[np.float64]) -> dict[str, float]:
    error = predicted - actual
    return {
        "mae": float(np.abs(error).mean()),
        "rmse": float(np.sqrt((error**2).mean())),
        "bias": float(error.mean()),
        "predicted_total": float(predicted.sum()),
        "actual_total": float(actual.sum()),
        "customers": len(actual),
    }


def _inside(low: NDArray[np.float64], high: NDArray[np.float64], actual: NDArray) -> dict[str, object]:
    return {
        "cases": len(actual),
        "nominal": round(NOMINAL, 12),
        "inside": float(((low <= actual) & (actual <= high)).mean()),
        "mean_width": float((high - low).mean()),
    }


def _total_coverage(totals: xr.DataArray, known: pd.DataFrame, source: str) -> list[dict[str, object]]:
    actual = known[source].astype(float).groupby(known["cohort"]).sum()
    if sorted(str(label) for label in totals["cohort"].to_numpy()) != sorted(actual.index):
        raise DomainError("the totals' cohorts are not the summary's; value the customers of this summary")
    draws = totals.sel(cohort=list(actual.index)).transpose("sample", "cohort").to_numpy()
    whole = totals.name == "holdout_purchases"
    of_cohorts = quantiles(draws, "total", whole=whole)
    of_all = quantiles(draws.sum(axis=1), "total", whole=whole)
    low, high, truth = of_all["total_q05"], of_all["total_q95"], float(actual.sum())
    ends = {"lower": float(low), "upper": float(high), "actual": truth}
    return [
        {"scope": "cohort", **_inside(of_cohorts["total_q05"], of_cohorts["total_q95"], actual.to_numpy())},
        {"scope": "total", **_inside(np.atleast_1d(low), np.atleast_1d(high), np.array([truth])), **ends},
    ]
