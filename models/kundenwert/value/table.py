"""From draws to one value table: residual lifetime value, customer lifetime value, and whether a customer pays back.

Rates, spend, margin and cost are combined within one draw; the summary comes last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from kundenwert.predict import CustomerDraws, each_block, paired_samples
from kundenwert.value.assumptions import Assumptions, assume, check_cohorts, check_fits
from kundenwert.value.quantiles import QUANTILES, quantile_columns

if TYPE_CHECKING:
    from kundenwert.bayes import Fit
    from kundenwert.data import CustomerSummary

_EXPECTED = ("rlv", "holdout_purchases", "holdout_value")
_INFINITE = ("expected_spend", "expected_purchases")
_HOLDOUT = ("holdout_purchases", "holdout_value")


@dataclass(frozen=True)
class ValueResult:
    """Values of customers, and draws of their cohorts' totals.

    Parameters
    ----------
    table
        One row per customer, in the summary's order.
    totals
        Sums over each cohort's customers within one draw, dims (sample, cohort).
    assumptions
        What turned purchases into money.
    marks
        Cautions that belong beside the numbers.
    """

    table: pd.DataFrame
    totals: xr.Dataset
    assumptions: Assumptions
    marks: tuple[str, ...] = field(default=())


def value_table(
    purchases: Fit,
    spend: Fit,
    summary: CustomerSummary,
    *,
    horizon: float,
    discount_rate: float = 0.10,
    margin: float | None = None,
    cac: float | Mapping[str, float] = 0.0,
    seed: int,
    samples: int | None = None,
    threads: int | None = None,
    allow_unconverged: bool = False,
    advance: Callable[[int], object] | None = None,
) -> ValueResult:
    r"""Value each customer of a summary, with both kinds of interval.

    `RLV = margin · Σ spend · e^(-δ t)` over the purchases within the horizon, δ = log(1 + discount_rate) per year;
    `CLV = margin · value_to_date + RLV - cac`.

    Parameters
    ----------
    purchases, spend
        Fits of `ParetoNBD` and `GammaGamma`.
    summary
        Customers to value: those of the fit, or any others in the same time unit.
    horizon
        Length of the future counted, in units of time; may be infinite if discounted.
    discount_rate
        Annual, ≥ 0.
    margin
        Contribution margin, in (0, 1]; that of the log's own margins if not given, or 1 where rows state none. Margins
        of rows count for the past in any case.
    cac
        Acquisition cost of a customer, or one for each cohort.
    seed
        Makes the outcomes reproducible.
    samples
        Draws for each customer; all of the posterior if not given.
    threads
        Worker threads; the result does not depend on it.
    allow_unconverged
        Value with a fit that did not converge, and mark the result.
    advance
        Called with the number of customers done, for progress.

    Returns
    -------
    ValueResult
        `rlv_q05` and the like are of the outcome, `expected_rlv_q05` and the like of the expectation; means are of
        the expectation in closed form, which both kinds share.

    Raises
    ------
    FitError
        If a fit did not converge, or its time unit or kind of cohorts is not the summary's.
    DomainError
        If an assumption has no meaning.
    """
    marks = check_fits(purchases, spend, summary.time_unit, allow_unconverged=allow_unconverged)
    marks = (*marks, *check_cohorts(purchases, spend, summary))
    assumptions, ahead, cost = assume(summary, horizon=horizon, discount_rate=discount_rate, margin=margin, cac=cac)
    table = summary.table
    basis = assumptions.earned(table) - cost

    codes, cohorts = pd.factorize(table["cohort"], sort=True)
    size = paired_samples(purchases, spend, samples)
    totals = {name: np.zeros((size, len(cohorts))) for name in _total_names(summary)}
    columns: dict[str, NDArray[np.float64]] = {}
    infinite = np.zeros(len(_INFINITE), dtype=np.int64)

    def reduce(block: CustomerDraws) -> _Part:
        draws = _money(block, assumptions.margin)
        return _Part(
            block.rows,
            _summarise(draws, basis[block.rows]),
            *_sums({name: draws[name] for name in totals if name in draws}, codes[block.rows]),
            [int(np.isinf(draws[name]).any(axis=1).sum()) for name in _INFINITE],
        )

    how: dict[str, Any] = {"horizon": ahead, "seed": seed, "samples": size, "threads": threads}
    for part in each_block(purchases, spend, table, reduce, **how):
        for name, values in part.columns.items():
            columns.setdefault(name, np.empty(len(table)))[part.rows] = values
        for name, sums in part.sums.items():
            totals[name][:, part.cohorts] += sums
        infinite += part.infinite
        if advance is not None:
            advance(len(part.rows))
    held = np.bincount(codes, weights=basis, minlength=len(cohorts))
    totals |= {"clv": totals["rlv"] + held, "expected_clv": totals["expected_rlv"] + held}
    marks = (*marks, *_infinite_marks(infinite, purchases, spend))
    return ValueResult(
        _assemble(summary, cost, columns),
        _totals(totals, cohorts, codes),
        assumptions,
        marks,
    )


def _infinite_marks(customers: NDArray[np.int64], purchases: Fit, spend: Fit) -> list[str]:
    """Say where an expectation has no finite value, instead of printing a huge number."""
    marks = []
    if customers[0]:
        share = float((spend.draws()["q"] <= 1).mean())
        marks.append(
            f"the law of spend has no mean in {100 * share:.1f} % of its draws (q ≤ 1), so the expected values of "
            f"{customers[0]} customers are infinite: read their quantiles, or fit with a tighter prior "
            "on customer_cv (in Python, GammaGamma(priors=...))"
        )
    if customers[1]:
        share = float((purchases.draws()["s"] <= 1).mean())
        marks.append(
            f"over an infinite horizon the expected number of purchases is infinite in {100 * share:.1f} % of the "
            f"draws (s ≤ 1), for {customers[1]} customers: read its quantiles; values stay finite because they are "
            "discounted"
        )
    return marks


class _Part(NamedTuple):
    """What is kept of a block: its rows' columns, and sums over its cohorts' customers within each draw."""

    rows: NDArray[np.int64]
    columns: dict[str, NDArray[np.float64]]
    cohorts: NDArray[np.int64]
    sums: dict[str, NDArray[np.float64]]
    infinite: list[int]


def _sums(
    draws: dict[str, NDArray[np.float64]], codes: NDArray[np.int64]
) -> tuple[NDArray[np.int64], dict[str, NDArray[np.float64]]]:
    """Cohorts present, and by quantity the sum over their customers, of shape (samples, cohorts present)."""
    order = np.argsort(codes, kind="stable")
    present, starts = np.unique(codes[order], return_index=True)
    return present, {name: np.add.reduceat(values[order], starts, axis=0).T for name, values in draws.items()}


def _money(block: CustomerDraws, margin: float) -> dict[str, NDArray[np.float64]]:
    """All quantities of a block in money: draws of shape (customers, samples)."""
    draws = {
        "p_alive": block.p_alive,
        "purchases": block.purchases,
        "expected_purchases": block.expected_purchases,
        "expected_spend": block.expected_spend,
        "rlv": margin * block.value,
        "expected_rlv": margin * block.expected_value,
    }
    for name in _HOLDOUT:
        if (outcome := getattr(block, name)) is not None:
            draws |= {name: outcome, f"expected_{name}": getattr(block, f"expected_{name}")}
    return draws


def _summarise(draws: dict[str, NDArray[np.float64]], basis: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Columns of the value table for a block; the CLV is the RLV and what is known already, `basis`."""
    columns = {f"{name}_mean": draws[name].mean(axis=1) for name in ("p_alive", "expected_purchases", "expected_spend")}
    columns["rlv_mean"] = draws["expected_rlv"].mean(axis=1)
    columns["clv_mean"] = basis + columns["rlv_mean"]
    columns["p_pays_back"] = (draws["rlv"] > -basis[:, None]).mean(axis=1)
    columns |= quantile_columns("purchases", draws["purchases"]) | quantile_columns("rlv", draws["rlv"])
    columns |= {f"clv_{suffix}": basis + columns[f"rlv_{suffix}"] for suffix in QUANTILES}
    for name in _HOLDOUT:
        if name in draws:
            columns[f"predicted_{name}_mean"] = draws[f"expected_{name}"].mean(axis=1)
            columns |= quantile_columns(f"predicted_{name}", draws[name])
    for name in _EXPECTED:
        if name in draws:
            columns |= quantile_columns(f"expected_{name}", draws[f"expected_{name}"])
    return columns


def _total_names(summary: CustomerSummary) -> list[str]:
    names = ["rlv", "clv", "purchases", *(_HOLDOUT if summary.holdout_length is not None else ())]
    return [prefix + name for name in names for prefix in ("", "expected_")]


def _totals(totals: dict[str, NDArray[np.float64]], cohorts: pd.Index, codes: NDArray[np.int64]) -> xr.Dataset:
    data: dict[str, Any] = {name: (("sample", "cohort"), values) for name, values in totals.items()}
    data["customers"] = ("cohort", np.bincount(codes, minlength=len(cohorts)))
    return xr.Dataset(data, coords={"cohort": np.asarray(cohorts, dtype=str)})


_ORDER = (
    *("customer_id", "cohort", "first_purchase", "last_purchase", "frequency", "recency", "T", "monetary_value"),
    *("value_to_date", "margin_to_date", "cac", "p_alive_mean", "expected_purchases_mean"),
    *("purchases_q05", "purchases_q50", "purchases_q95", "expected_spend_mean"),
    *("rlv_mean", "rlv_q05", "rlv_q50", "rlv_q95", "expected_rlv_q05", "expected_rlv_q95"),
    *("clv_mean", "clv_q05", "clv_q50", "clv_q95", "p_pays_back"),
    *("holdout_purchases", "predicted_holdout_purchases_mean", "predicted_holdout_purchases_q05"),
    *("predicted_holdout_purchases_q50", "predicted_holdout_purchases_q95"),
    *("expected_holdout_purchases_q05", "expected_holdout_purchases_q95"),
    *("holdout_value", "predicted_holdout_value_mean", "predicted_holdout_value_q05"),
    *("predicted_holdout_value_q50", "predicted_holdout_value_q95"),
    *("expected_holdout_value_q05", "expected_holdout_value_q95"),
)


def _assemble(
    summary: CustomerSummary, cost: NDArray[np.float64], columns: dict[str, NDArray[np.float64]]
) -> pd.DataFrame:
    """The value table, columns in the order they are read in."""
    table = summary.table.reset_index(drop=True).assign(cac=cost, **columns)
    return table[[name for name in _ORDER if name in table.columns]]
