"""The simple formula beside the posterior, cohort by cohort, and both beside what then happened.

Totals are summed within each draw and summarised last; quantiles are never added.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert import formula
from kundenwert.data.customers import name_of_everybody
from kundenwert.errors import DomainError, SchemaError
from kundenwert.settings.terms import COSTS
from kundenwert.value import QUANTILES
from kundenwert.value.terms import number

if TYPE_CHECKING:
    import xarray as xr

    from kundenwert.data.summary import CustomerSummary
    from kundenwert.value import ValueResult

NOMINAL = QUANTILES["q95"] - QUANTILES["q05"]
"""Probability that an interval from `_q05` to `_q95` claims."""


SPENT = ("order_cost_to_date", "service_cost_to_date_mean", "expected_order_cost_mean", "expected_service_cost_mean")
"""Columns of the value table that say what orders and service cost, so far and to come."""


def compare_cohorts(summary: CustomerSummary, values: ValueResult, *, lifespan_years: float = 3.0) -> pd.DataFrame:
    """Set the simple formula beside the posterior, one row per cohort and a last row "all".

    **Measures**: the columns of `formula.kpis`, and `p_alive_mean`, the model's counterpart of retention.

    **Formula**, per customer: `formula_observed`, `formula_churn`, `formula_assumed`, as a company computes
    it (three lifespans; no discounting, no horizon), and the same with `_matched`, on the posterior's price
    basis, horizon and discounting. The row "all" pools all orders first, as a company does; it is not an
    average of the cohorts. `frequency_note` and `churn_note` say why a value is missing.

    **Posterior**, per customer of the cohort (the cohort's total in each draw, divided by its customers):
    `clv_mean, clv_q05, clv_q50, clv_q95, expected_clv_q05, expected_clv_q95`, and the same for `rlv`;
    `earned` = margin × revenue so far / customers − CAC, the part of the CLV that is already known, after what orders
    and service have cost so far where they cost anything (then the table's columns of these costs follow, and the
    formula is net of them too); and
    `p_cohort_pays_back`, the probability that the CLV of the whole cohort is positive: a cohort pays back more surely
    than one of its customers, whose `p_pays_back` stands in the value table.

    **Hold-out**, whole cohorts, undiscounted revenue before margin; only if there is one:
    `holdout_purchases`, `predicted_holdout_purchases_mean, _q05, _q50, _q95`, `holdout_purchases_inside`, and
    the same with `revenue`. The formula's own forecast stands beside it in five readings:

    ===================================== ================================================================
    `formula_holdout_revenue`             AOV × purchase frequency × customers × length: its full rate
    `formula_observed_holdout_revenue`    the same, each customer only until `lifespan_observed` is over
    `formula_churn_holdout_revenue`       until 1 / churn is over
    `formula_assumed_holdout_revenue`     until the assumed lifespan is over
    `formula_repeat_holdout_revenue`      the kindest: like the first, with repeat purchases only,
                                          since nobody buys for the first time twice
    ===================================== ================================================================

    The first is what the formula says while its lifespan lasts. With the observed lifespan, which ends before
    the hold-out for nearly everybody, it would forecast next to nothing.

    Parameters
    ----------
    summary
        The customer summary that was valued.
    values
        Its values; matched by `customer_id`, whatever the order of the rows.
    lifespan_years
        The assumed lifespan, in years, > 0.

    Returns
    -------
    pandas.DataFrame
        Cohorts sorted by label, then "all", or "all (total)" beside a cohort that is called "all"; the column
        `everybody` marks that row. A single cohort that is itself called "all" gives one row.

    Raises
    ------
    SchemaError
        If a column is missing.
    DomainError
        If summary and values do not hold the same customers, cohorts or time unit.

    Notes
    -----
    Money as in `formula.formula_clv_matched`. A mean is the mean of the expectation, as in the value table: the
    same number as the mean of the outcome, with less noise from the draws.

    Examples
    --------
    >>> from types import SimpleNamespace as Some
    >>> import xarray as xr
    >>> table = pd.DataFrame(
    ...     {"customer_id": ["a", "b"], "cohort": "all", "frequency": [3, 0], "recency": [26.0, 0.0],
    ...      "T": [52.0, 52.0], "value_to_date": [40.0, 20.0], "p_alive_mean": [0.9, 0.2]}
    ... )
    >>> names = ["rlv", "expected_rlv", "clv", "expected_clv"]
    >>> draws = {name: (("sample", "cohort"), [[10.0], [30.0]]) for name in names}
    >>> totals = xr.Dataset({**draws, "customers": ("cohort", [2])}, coords={"cohort": ["all"]})
    >>> terms = Some(horizon=52.0, discount_rate=0.0, margin=0.5, cac=5.0, order_cost=0.0, service_cost=0.0)
    >>> summary = Some(table=table, time_unit="W", units_per_year=52.0, inactivity_months=12)
    >>> values = Some(table=table, totals=totals, terms=terms, time_unit="W")
    >>> result = compare_cohorts(summary, values, lifespan_years=3.0)
    >>> result[["formula_assumed", "formula_assumed_matched", "clv_mean"]].values.tolist()
    [[40.0, 25.0, 10.0]]
    """
    known, valued = aligned(summary, values)
    totals = _with_all(values.totals, known)
    counts = _counts(summary, values, known)
    result = counts.copy()
    result["p_alive_mean"] = _group_means(valued["p_alive_mean"], known["cohort"], counts["cohort"])
    result = result.join(_formula(counts, summary, values, lifespan_years))
    spent = _spent(valued, counts)
    earned = _earned(known, counts, number(values.terms.margin)) / counts["customers"].to_numpy()
    result = result.join(spent)
    result = result.join(_posterior(totals, counts, earned - spent.filter(like="_to_date").sum(axis=1).to_numpy()))
    if "holdout_purchases" in known and "holdout_purchases" in totals:
        result = result.join(_holdout(totals, known, counts))
        result = result.join(_formula_holdout(known, counts, summary, lifespan_years))
    result.insert(1, "everybody", np.arange(len(result)) == len(result) - 1)
    result.loc[result["everybody"], "cohort"] = name_of_everybody(counts["cohort"].iloc[:-1])
    return result


def aligned(summary: CustomerSummary, values: ValueResult) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Bring the summary's and the values' tables into one order, by `customer_id`.

    Parameters
    ----------
    summary, values
        As in `compare_cohorts`.

    Returns
    -------
    tuple of pandas.DataFrame
        Both tables, sorted by `customer_id`, with the same index 0 … n − 1.

    Raises
    ------
    SchemaError
        If `customer_id` is missing or not unique.
    DomainError
        If the customers, their cohorts or the time units differ.

    Examples
    --------
    >>> from types import SimpleNamespace as Some
    >>> left = pd.DataFrame({"customer_id": ["b", "a"], "cohort": "x", "frequency": [2, 1]})
    >>> right = pd.DataFrame({"customer_id": ["a", "b"], "cohort": "x", "rlv_mean": [10.0, 20.0]})
    >>> summary = Some(table=left, time_unit="W")
    >>> known, valued = aligned(summary, Some(table=right, time_unit="W"))
    >>> known["frequency"].tolist(), valued["rlv_mean"].tolist()
    ([1, 2], [10.0, 20.0])
    """
    tables = []
    for name, table in (("summary", summary.table), ("value table", values.table)):
        if "customer_id" not in table:
            raise SchemaError(f"the {name} has no column 'customer_id'")
        repeated = table["customer_id"][table["customer_id"].duplicated()]
        if len(repeated):
            raise SchemaError(f"the {name} names {len(repeated):,} customers twice, first {repeated.iloc[0]!r}")
        tables.append(table.sort_values("customer_id", ignore_index=True))
    known, valued = tables
    different = sorted(set(known["customer_id"]) ^ set(valued["customer_id"]))
    if different:
        raise DomainError(
            f"summary and value table differ in {len(different):,} customers, first {different[0]!r}; value "
            "the customers of this summary"
        )
    moved = (known["cohort"] != valued["cohort"]).to_numpy()
    if moved.any():
        raise DomainError(
            f"{int(moved.sum()):,} customers are in another cohort in the value table, first "
            f"{known['customer_id'][moved].iloc[0]!r}; value the customers of this summary"
        )
    if summary.time_unit != values.time_unit:
        raise DomainError(f"the summary counts time in {summary.time_unit!r}, the values in {values.time_unit!r}")
    return known, valued


def quantiles(draws: NDArray[np.float64], name: str, *, whole: bool = False) -> dict[str, NDArray[np.float64]]:
    """Summarise draws in the columns `name_mean, name_q05, name_q50, name_q95`.

    Parameters
    ----------
    draws
        Shape (samples, …): the first axis is summarised.
    name
        Stem of the column names.
    whole
        Draws are counts: take quantiles that occur among them instead of numbers between.

    Returns
    -------
    dict
        Arrays of the remaining shape.

    Examples
    --------
    >>> import numpy as np
    >>> {key: float(value) for key, value in quantiles(np.linspace(0, 100, 101), "clv").items()}
    {'clv_mean': 50.0, 'clv_q05': 5.0, 'clv_q50': 50.0, 'clv_q95': 95.0}
    """
    columns = {f"{name}_mean": draws.mean(axis=0)}
    exact = np.isfinite(draws).all(axis=0) & (not whole)  # between infinite draws there is nothing to interpolate
    for suffix, probability in QUANTILES.items():
        occurring = np.quantile(draws, probability, axis=0, method="inverted_cdf")
        with np.errstate(invalid="ignore"):
            between = np.quantile(draws, probability, axis=0)
        columns[f"{name}_{suffix}"] = np.where(exact, between, occurring)
    return columns


def _with_all(totals: xr.Dataset, known: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    """Give each total as an array (sample, cohorts sorted, everybody); one cohort "all" is everybody."""
    sizes = known.groupby("cohort").size()
    labels = list(sizes.index)
    have = [str(label) for label in totals["cohort"].to_numpy()]
    if sorted(have) != sorted(labels):
        odd = sorted(set(have) ^ set(labels))
        raise DomainError(f"the totals' cohorts are not the summary's; first difference {odd[:1]}")
    ordered = totals.sel(cohort=labels)
    if not np.array_equal(ordered["customers"].to_numpy(), sizes.to_numpy()):
        raise DomainError("the totals were summed over other numbers of customers than the summary holds")
    arrays = {}
    for name, variable in ordered.data_vars.items():
        if set(variable.dims) == {"sample", "cohort"}:
            draws = np.asarray(variable.transpose("sample", "cohort").to_numpy(), dtype=np.float64)
            everybody = draws.sum(axis=1, keepdims=True)
            arrays[str(name)] = draws if labels == ["all"] else np.hstack([draws, everybody])
    return arrays


def _counts(summary: CustomerSummary, values: ValueResult, known: pd.DataFrame) -> pd.DataFrame:
    parts = [
        formula.kpis(
            known,
            units_per_year=summary.units_per_year,
            by=by,
            inactivity_months=summary.inactivity_months,
            **{name: _cost(values, name) for name in COSTS},
        )
        for by in ("cohort", None)
    ]
    if parts[0]["cohort"].tolist() == ["all"]:
        return parts[0]
    return pd.concat(parts, ignore_index=True)


def _cost(values: ValueResult, name: str) -> float | Mapping[str, float]:
    stated = getattr(values.terms, name)
    return stated if isinstance(stated, Mapping) else number(stated)


def _formula(
    counts: pd.DataFrame, summary: CustomerSummary, values: ValueResult, lifespan_years: float
) -> pd.DataFrame:
    margin = number(values.terms.margin)
    costs = {name: counts[name].to_numpy() for name in COSTS if name in counts}
    aov, rate = counts["aov"].to_numpy(), counts["purchase_frequency"].to_numpy()
    plain, matched = {}, {}
    for method in formula.METHODS:
        years = _lifespan(counts, method, lifespan_years)
        plain[f"formula_{method}"] = formula.formula_clv(aov, rate, years, margin=margin, **costs)
        matched[f"formula_{method}_matched"] = formula.formula_clv_matched(
            aov,
            rate,
            years,
            age=counts["age"].to_numpy(),
            horizon_years=number(values.terms.horizon) / summary.units_per_year,
            discount_rate=number(values.terms.discount_rate),
            margin=margin,
            **costs,
        )
    columns = pd.DataFrame({**plain, **matched}, index=counts.index)
    return columns.mask(np.isinf(columns))


def _lifespan(counts: pd.DataFrame, method: str, lifespan_years: float) -> NDArray[np.float64]:
    years = formula.lifespan(counts, method, years=lifespan_years if method == "assumed" else None)
    return years.to_numpy(dtype=np.float64)


def _earned(known: pd.DataFrame, counts: pd.DataFrame, margin: float) -> NDArray[np.float64]:
    """Margin so far of each cohort: of its rows where those state it, else the margin of its revenue."""
    if "margin_to_date" in known:
        return _group_sums(known["margin_to_date"], known["cohort"], counts["cohort"])
    return margin * counts["revenue"].to_numpy(np.float64)


def _spent(valued: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    """What orders and service cost a customer of each cohort, so far and to come; no column where nothing does."""
    columns = {name: _group_means(valued[name], valued["cohort"], counts["cohort"]) for name in SPENT if name in valued}
    return pd.DataFrame(columns, index=counts.index)


def _posterior(
    totals: dict[str, NDArray[np.float64]], counts: pd.DataFrame, earned: NDArray[np.float64]
) -> pd.DataFrame:
    customers = counts["customers"].to_numpy()
    columns: dict[str, NDArray] = {}
    for name in ("clv", "rlv"):
        expected = quantiles(totals[f"expected_{name}"] / customers, f"expected_{name}")
        columns |= quantiles(totals[name] / customers, name)
        columns[f"{name}_mean"] = expected[f"expected_{name}_mean"]
        columns |= {end: expected[end] for end in (f"expected_{name}_q05", f"expected_{name}_q95")}
    columns["earned"] = earned - counts["cac"].to_numpy()
    columns["p_cohort_pays_back"] = (totals["clv"] > 0).mean(axis=0)
    return pd.DataFrame(columns, index=counts.index)


def _holdout(totals: dict[str, NDArray[np.float64]], known: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    columns: dict[str, NDArray] = {}
    for source, name in (("holdout_purchases", "holdout_purchases"), ("holdout_value", "holdout_revenue")):
        actual = _group_sums(known[source], known["cohort"], counts["cohort"])
        predicted = quantiles(totals[source], f"predicted_{name}", whole=source == "holdout_purchases")
        predicted[f"predicted_{name}_mean"] = totals[f"expected_{source}"].mean(axis=0)
        low, high = predicted[f"predicted_{name}_q05"], predicted[f"predicted_{name}_q95"]
        columns |= {name: actual, **predicted, f"{name}_inside": (low <= actual) & (actual <= high)}
    return pd.DataFrame(columns, index=counts.index)


def _formula_holdout(
    known: pd.DataFrame, counts: pd.DataFrame, summary: CustomerSummary, lifespan_years: float
) -> pd.DataFrame:
    """Forecast the hold-out's revenue with the formula's rate; the readings stand in `compare_cohorts`."""
    if summary.holdout_length is None:
        raise DomainError("the summary has hold-out columns but no hold-out length")
    per_year = summary.units_per_year
    length, age = summary.holdout_length / per_year, known["T"] / per_year
    rate = (counts["aov"] * counts["purchase_frequency"]).to_numpy()
    columns = {"formula_holdout_revenue": rate * counts["customers"].to_numpy() * length}
    for method in formula.METHODS:
        years = _lifespan(counts, method, lifespan_years)
        own_cohorts = counts["cohort"].to_numpy()[: max(1, len(years) - 1)]  # the last row is everybody
        lasting = dict(zip(own_cohorts, years[: len(own_cohorts)], strict=True))
        own = (known["cohort"].map(lasting) - age).clip(0, length)
        active = _group_sums(own, known["cohort"], counts["cohort"])
        active[-1] = (years[-1] - age).clip(0, length).sum(skipna=False)
        columns[f"formula_{method}_holdout_revenue"] = rate * active
    repeat = (known["frequency"] * known["monetary_value"]).where(known["frequency"] > 0, 0.0)
    exposure = _group_sums(age, known["cohort"], counts["cohort"])
    repeat_revenue = _group_sums(repeat, known["cohort"], counts["cohort"])
    yearly = np.divide(repeat_revenue, exposure, out=np.full_like(exposure, np.nan), where=exposure > 0)
    columns["formula_repeat_holdout_revenue"] = yearly * counts["customers"].to_numpy() * length
    return pd.DataFrame(columns, index=counts.index)


def _group_sums(values: pd.Series, cohort: pd.Series, labels: pd.Series) -> NDArray[np.float64]:
    """Sum by cohort, in the order of `labels`; the last label is everybody."""
    floats = values.astype(float)
    sums: NDArray[np.float64] = np.array(floats.groupby(cohort).sum(skipna=False).reindex(labels), dtype=np.float64)
    sums[-1] = floats.sum(skipna=False)
    return sums


def _group_means(values: pd.Series, cohort: pd.Series, labels: pd.Series) -> NDArray[np.float64]:
    ones = pd.Series(1.0, index=values.index)
    share = _group_sums(values, cohort, labels) / _group_sums(ones, cohort, labels)
    return np.asarray(share, dtype=np.float64)
