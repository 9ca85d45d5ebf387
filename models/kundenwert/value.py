"""From draws to one value table: residual lifetime value, customer lifetime value, and whether a customer pays back.

Rates, spend, margin and cost are combined within one draw; the summary comes last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from kundenwert.data.customers import DAYS_PER_UNIT
from kundenwert.errors import DomainError, FitError, SchemaError
from kundenwert.predict import CustomerDraws, Horizon, customer_draws, new_customer_draws

if TYPE_CHECKING:
    from kundenwert.bayes import Fit
    from kundenwert.data import CustomerSummary

QUANTILES = {"q05": 0.05, "q50": 0.50, "q95": 0.95}
"""The quantiles of every interval, by the end of the column's name: q05 to q95 hold 90 %."""

_EXPECTED = ("rlv", "holdout_purchases", "holdout_value")
_INFINITE = ("expected_spend", "expected_purchases")
_HOLDOUT = ("holdout_purchases", "holdout_value")


@dataclass(frozen=True)
class Assumptions:
    """What turns purchases into money.

    Parameters
    ----------
    horizon
        Length of the future counted, in units of time; may be infinite.
    time_unit
        Unit of all times: "D", "W", "M" or "Y".
    discount_rate
        Annual rate d ≥ 0; money t years ahead counts `(1+d)^-t`.
    margin
        Contribution margin, share of revenue, in (0, 1].
    cac
        Acquisition cost of a customer: one number, or one for each cohort.
    """

    horizon: float
    time_unit: str = "W"
    discount_rate: float = 0.10
    margin: float = 1.0
    cac: float | Mapping[str, float] = 0.0

    def __post_init__(self) -> None:
        """Refuse assumptions that have no meaning."""
        if not 0 < self.margin <= 1:
            msg = f"the margin is {self.margin:g}; it is a share of revenue, in (0, 1], so 30 % is 0.3"
            raise DomainError(msg)
        if not 0 <= self.discount_rate < 10:
            msg = f"the discount rate is {self.discount_rate:g} a year; 10 % is 0.10"
            raise DomainError(msg)
        costs = list(self.cac.values()) if isinstance(self.cac, Mapping) else [self.cac]
        if not all(np.isfinite(cost) and cost >= 0 for cost in costs):
            msg = f"the acquisition cost is {self.cac}; it is an amount of money, at least 0"
            raise DomainError(msg)

    def cost_of(self, cohort: pd.Series) -> NDArray[np.float64]:
        """Acquisition cost of each customer, by cohort."""
        if not isinstance(self.cac, Mapping):
            return np.full(len(cohort), np.float64(self.cac))
        if missing := sorted(set(cohort) - set(self.cac)):
            msg = f"no acquisition cost for {len(missing)} cohorts: {', '.join(missing[:5])}; give one for each"
            raise DomainError(msg)
        return np.asarray(cohort.map(dict(self.cac)), dtype=np.float64)

    def to_dict(self) -> dict[str, Any]:
        """Return a form for JSON."""
        return asdict(self)


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
    margin: float = 1.0,
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
        Contribution margin, in (0, 1].
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
        If a fit did not converge, or its time unit is not the summary's.
    DomainError
        If an assumption has no meaning.
    """
    if samples is not None and samples < 1:
        msg = f"samples={samples}: at least one draw for each customer is needed"
        raise DomainError(msg)
    marks = _check(purchases, spend, summary.time_unit, allow_unconverged=allow_unconverged)
    assumptions, ahead, cost = assume(summary, horizon=horizon, discount_rate=discount_rate, margin=margin, cac=cac)
    table = summary.table
    basis = margin * table["value_to_date"].to_numpy(np.float64) - cost

    codes, cohorts = pd.factorize(table["cohort"], sort=True)
    size = min(purchases.samples, spend.samples, samples or np.iinfo(np.int64).max)
    totals = {name: np.zeros((size, len(cohorts))) for name in _total_names(summary)}
    columns: dict[str, NDArray[np.float64]] = {}
    infinite = np.zeros(len(_INFINITE), dtype=np.int64)
    for block in customer_draws(purchases, spend, table, horizon=ahead, seed=seed, samples=size, threads=threads):
        draws = _money(block, margin, basis[block.rows])
        for name, values in _summarise(draws).items():
            columns.setdefault(name, np.empty(len(table)))[block.rows] = values
        by_cohort = np.argsort(codes[block.rows], kind="stable")
        present, starts = np.unique(codes[block.rows][by_cohort], return_index=True)
        for name, total in totals.items():
            total[:, present] += np.add.reduceat(draws[name][by_cohort], starts, axis=0).T
        infinite += [int(np.isinf(draws[name]).any(axis=1).sum()) for name in _INFINITE]
        if advance is not None:
            advance(len(block.rows))
    marks = (*marks, *_infinite_marks(infinite, purchases, spend))
    return ValueResult(
        _assemble(summary, cost, columns),
        _totals(totals, cohorts, codes),
        assumptions,
        marks,
    )


def new_customer_table(
    purchases: Fit,
    spend: Fit,
    *,
    horizon: float,
    discount_rate: float = 0.10,
    margin: float = 1.0,
    cac: float | Mapping[str, float] = 0.0,
    seed: int,
    samples: int | None = None,
    allow_unconverged: bool = False,
) -> pd.DataFrame:
    r"""Value a customer not yet seen, first purchase included, at one acquisition cost or at that of each cohort.

    `CLV = margin · (first purchase + Σ spend · e^(-δ t)) - cac`; the break-even cost is the CLV without the cost.

    Parameters
    ----------
    purchases, spend
        Fits of `ParetoNBD` and `GammaGamma`.
    horizon
        Length of the future counted after the first purchase, in units of time; may be infinite if discounted.
    discount_rate, margin, cac, seed, samples, allow_unconverged
        As in `value_table`.

    Returns
    -------
    pandas.DataFrame
        One row per cost: `cohort, cac, purchases_mean, purchases_q05, …, clv_mean, clv_q05, clv_q50, clv_q95,
        expected_clv_q05, expected_clv_q95, p_pays_back, break_even_cac_mean, break_even_cac_q05,
        break_even_cac_q95`. The break-even interval is of the expectation: it bounds what a campaign may pay.

    Raises
    ------
    FitError
        If a fit did not converge.
    DomainError
        If an assumption has no meaning.
    """
    time_unit = purchases.info["time_unit"]
    _check(purchases, spend, time_unit, allow_unconverged=allow_unconverged)
    assumptions = Assumptions(horizon, time_unit, discount_rate, margin, cac)
    ahead = Horizon(horizon, float(np.log1p(discount_rate)) * DAYS_PER_UNIT[time_unit] / DAYS_PER_UNIT["Y"])
    drawn = new_customer_draws(purchases, spend, horizon=ahead, seed=seed, samples=samples)
    costs = dict(assumptions.cac) if isinstance(assumptions.cac, Mapping) else {"all": float(assumptions.cac)}
    worth, expected = margin * drawn.value, margin * drawn.expected_value
    common = {"purchases_mean": drawn.expected_purchases.mean(), **_quantiles("purchases", drawn.purchases[None])}
    limit = _quantiles("break_even_cac", expected[None])
    rows = []
    for cohort, cost in costs.items():
        row = {"cohort": cohort, "cac": cost, **common, "clv_mean": expected.mean() - cost}
        row |= _quantiles("clv", worth[None] - cost) | _quantiles("expected_clv", expected[None] - cost)
        row |= {"p_pays_back": (worth > cost).mean(), "break_even_cac_mean": expected.mean(), **limit}
        rows.append({name: value.item() if isinstance(value, np.ndarray) else value for name, value in row.items()})
    return pd.DataFrame(rows).drop(columns=["expected_clv_q50", "break_even_cac_q50"])


def assume(
    summary: CustomerSummary,
    *,
    horizon: float,
    discount_rate: float = 0.10,
    margin: float = 1.0,
    cac: float | Mapping[str, float] = 0.0,
) -> tuple[Assumptions, Horizon, NDArray[np.float64]]:
    """Check what is assumed about money against the customers; worth asking before anything is sampled.

    Parameters
    ----------
    summary, horizon, discount_rate, margin, cac
        As in `value_table`.

    Returns
    -------
    tuple
        The assumptions, the horizon with its continuous rate, and the acquisition cost of each customer.

    Raises
    ------
    DomainError
        If an assumption has no meaning, or a cohort no cost.
    SchemaError
        If the customers' money is not known.
    """
    assumptions = Assumptions(horizon, summary.time_unit, discount_rate, margin, cac)
    ahead = Horizon(horizon, float(np.log1p(discount_rate)) / summary.units_per_year, summary.holdout_length)
    _check_money(summary.table)
    return assumptions, ahead, assumptions.cost_of(summary.table["cohort"])


def _check(purchases: Fit, spend: Fit, time_unit: str, *, allow_unconverged: bool) -> tuple[str, ...]:
    for fit, model in ((purchases, "pareto_nbd"), (spend, "gamma_gamma")):
        if fit.model.name != model:
            msg = f"expected a fit of {model} where one of {fit.model.name} was given: the purchase model comes first"
            raise FitError(msg)
    if purchases.info["time_unit"] != time_unit:
        msg = (
            f"the purchase model was fitted in units of {purchases.info['time_unit']!r}, the summary is in "
            f"{time_unit!r}: summarise in the unit of the fit"
        )
        raise FitError(msg)
    marks = []
    for name, fit in (("purchase", purchases), ("spend", spend)):
        if not fit.diagnosis.converged:
            failed = ", ".join(
                f"{check.name} {check.value:.4g} (bound {check.bound:g})" for check in fit.diagnosis if not check.passed
            )
            if not allow_unconverged:
                advice = next((check.advice for check in fit.diagnosis if not check.passed), "fit again")
                msg = (
                    f"the {name} model did not converge: {failed}; {advice}, or pass allow_unconverged=True to see "
                    "marked values"
                )
                raise FitError(msg)
            marks.append(f"the {name} model did not converge: {failed}")
    return tuple(marks)


def _check_money(table: pd.DataFrame) -> None:
    """Refuse customers whose money is not known: a value made from it would be missing or wrong."""
    if missing := [name for name in ("value_to_date", "monetary_value") if name not in table]:
        msg = f"the customers have no {' and no '.join(missing)}: values need what they spent; summarise with amounts"
        raise SchemaError(msg)
    repeated = (table["frequency"] > 0).to_numpy()
    for name, needed in (("value_to_date", np.ones_like(repeated)), ("monetary_value", repeated)):
        money = table[name].to_numpy(np.float64)
        unknown = needed & ~((money >= 0) & np.isfinite(money))
        if unknown.any():
            first = ", ".join(map(repr, table.loc[unknown, "customer_id"].head(3)))
            msg = f"{name} of {int(unknown.sum())} customers is missing or no amount, first {first}: correct them"
            raise DomainError(msg)


def _infinite_marks(customers: NDArray[np.int64], purchases: Fit, spend: Fit) -> list[str]:
    """Say where an expectation has no finite value, instead of printing a huge number."""
    marks = []
    if customers[0]:
        share = float((spend.draws()["q"] <= 1).mean())
        marks.append(
            f"the law of spend has no mean in {share:.1%} of its draws (q ≤ 1), so the expected values of "
            f"{customers[0]} customers are infinite: read their quantiles, or state a tighter prior on customer_cv"
        )
    if customers[1]:
        share = float((purchases.draws()["s"] <= 1).mean())
        marks.append(
            f"over an infinite horizon the expected number of purchases is infinite in {share:.1%} of the draws "
            f"(s ≤ 1), for {customers[1]} customers: read its quantiles; values stay finite because they are discounted"
        )
    return marks


def _money(block: CustomerDraws, margin: float, basis: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """All quantities of a block in money: draws of shape (customers, samples)."""
    rlv, expected_rlv = margin * block.value, margin * block.expected_value
    draws = {
        "p_alive": block.p_alive,
        "purchases": block.purchases,
        "expected_purchases": block.expected_purchases,
        "expected_spend": block.expected_spend,
        "rlv": rlv,
        "expected_rlv": expected_rlv,
        "clv": basis[:, None] + rlv,
        "expected_clv": basis[:, None] + expected_rlv,
    }
    for name in _HOLDOUT:
        if (outcome := getattr(block, name)) is not None:
            draws |= {name: outcome, f"expected_{name}": getattr(block, f"expected_{name}")}
    return draws


def _summarise(draws: dict[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """Columns of the value table for a block."""
    columns = {f"{name}_mean": draws[name].mean(axis=1) for name in ("p_alive", "expected_purchases", "expected_spend")}
    columns["rlv_mean"] = draws["expected_rlv"].mean(axis=1)
    columns["clv_mean"] = draws["expected_clv"].mean(axis=1)
    columns["p_pays_back"] = (draws["clv"] > 0).mean(axis=1)
    columns |= _quantiles("purchases", draws["purchases"]) | _quantiles("rlv", draws["rlv"])
    columns |= _quantiles("clv", draws["clv"])
    for name in _HOLDOUT:
        if name in draws:
            columns[f"predicted_{name}_mean"] = draws[f"expected_{name}"].mean(axis=1)
            columns |= _quantiles(f"predicted_{name}", draws[name])
    for name in _EXPECTED:
        if name in draws:
            columns |= _quantiles(f"expected_{name}", draws[f"expected_{name}"])
    return columns


def _quantiles(name: str, draws: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    method: Literal["inverted_cdf", "linear"] = "linear"
    whole = name.endswith("purchases") and not name.startswith("expected")
    if whole or not np.isfinite(draws).all():  # between infinite draws there is nothing to interpolate
        method = "inverted_cdf"
    values = np.quantile(draws, list(QUANTILES.values()), axis=1, method=method)
    return {f"{name}_{suffix}": value for suffix, value in zip(QUANTILES, values, strict=True)}


def _total_names(summary: CustomerSummary) -> list[str]:
    names = ["rlv", "clv", "purchases", *(_HOLDOUT if summary.holdout_length is not None else ())]
    return [prefix + name for name in names for prefix in ("", "expected_")]


def _totals(totals: dict[str, NDArray[np.float64]], cohorts: pd.Index, codes: NDArray[np.int64]) -> xr.Dataset:
    data: dict[str, Any] = {name: (("sample", "cohort"), values) for name, values in totals.items()}
    data["customers"] = ("cohort", np.bincount(codes, minlength=len(cohorts)))
    return xr.Dataset(data, coords={"cohort": np.asarray(cohorts, dtype=str)})


_ORDER = (
    *("customer_id", "cohort", "first_purchase", "last_purchase", "frequency", "recency", "T", "monetary_value"),
    *("value_to_date", "cac", "p_alive_mean", "expected_purchases_mean"),
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
