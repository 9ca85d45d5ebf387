"""From draws to one value table: residual lifetime value, customer lifetime value, and whether a customer pays back.

Rates, spend, margin and costs are combined within one draw; the summary comes last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from kundenwert.messages import as_table, in_line
from kundenwert.predict import CustomerDraws, Reader, read_draws, scorings
from kundenwert.settings import Terms
from kundenwert.value.quantiles import QUANTILES, quantile_columns
from kundenwert.value.terms import check_cohorts, check_fits, check_terms, cost_of, earned, horizon_of, number

if TYPE_CHECKING:
    from kundenwert.bayes import Fit
    from kundenwert.calendar import Calendar
    from kundenwert.data import CustomerSummary
    from kundenwert.laws import PurchaseLaw, SpendLaw

type Array = NDArray[np.float64]

_BELIEVED = ("p_alive", "expected_purchase_rate", "expected_time", "expected_spend")
_EXPECTED = ("rlv", "holdout_purchases", "holdout_value")
_INFINITE = ("expected_spend", "expected_purchases")
_HOLDOUT = ("holdout_purchases", "holdout_value")
_SERVED = "service_cost_to_date"


@dataclass(frozen=True)
class ValueResult:
    """Values of customers, and draws of their cohorts' totals.

    Parameters
    ----------
    table
        One row per customer, in the summary's order.
    totals
        Sums over each cohort's customers within one draw, dims (sample, cohort).
    terms
        What turned purchases into money, every setting filled in.
    time_unit
        Unit of all times.
    marks
        Cautions that belong beside the numbers.
    """

    table: pd.DataFrame
    totals: xr.Dataset
    terms: Terms
    time_unit: str
    marks: tuple[str, ...] = field(default=())

    def __repr__(self) -> str:
        return in_line("ValueResult", self._facts())

    def _repr_html_(self) -> str:
        return as_table("Values", self._facts())

    def _facts(self) -> list[tuple[str, str]]:
        """What is true of all customers together: no single one is among it."""
        low, middle, high = np.quantile(self.totals["rlv"].sum("cohort"), list(QUANTILES.values()))
        facts = [
            ("customers", f"{len(self.table):,}"),
            ("horizon", f"{self.terms.horizon:,.4g} {self.time_unit}"),
            ("total RLV", f"{middle:,.0f} ({low:,.0f} to {high:,.0f})"),
        ]
        return [*facts, *([("cautions", f"{len(self.marks)}, see marks")] if self.marks else [])]


def value_table(
    purchases: Fit[PurchaseLaw],
    spend: Fit[SpendLaw],
    summary: CustomerSummary,
    terms: Terms | None = None,
    *,
    seed: int = 1,
    samples: int | None = None,
    threads: int | None = None,
    advance: Callable[[int], object] | None = None,
    readers: Sequence[Reader[Any]] = (),
    calendar: Calendar | None = None,
    **changes: object,
) -> ValueResult:
    r"""Value each customer of a summary, with both kinds of interval.

    `RLV = Σ (margin · spend - order_cost) · e^(-δ t) - service_cost · ∫ e^(-δ u) du` over the purchases within the
    horizon and the time as a customer within it, δ = log(1 + discount_rate) per year; it may be negative.
    `CLV = margin · value_to_date - order and service cost to date + RLV - cac`.

    Service costs money while a customer is one, in each draw until the moment in which that draw's customer leaves,
    whether anybody notices or not. Up to now that is all time since the first purchase of one that is a customer still
    in the draw; of one that is gone, the expected time given that. Costs to date are not discounted.

    Parameters
    ----------
    purchases, spend
        Fits of a law of purchases and of one of spend.
    summary
        Customers to value: those of the fit, or any others in the same time unit.
    terms
        What turns purchases into money: horizon, discount rate, margin, costs; or each by its name.
    seed
        Makes the outcomes reproducible.
    samples
        Draws for each customer; all of the posterior if not given.
    threads
        Worker threads; the result does not depend on it.
    advance
        Called with the number of customers done, for progress.
    readers
        What else is wanted of the same draws.
    calendar
        Factors of purchases and prices that all customers share within a draw, from `learn_calendar`: without one, sums
        over customers are surer than they may be.
    **changes
        Settings of `terms` by name, such as `horizon=52, margin=0.3`.

    Returns
    -------
    ValueResult
        One row per customer: P(alive), purchase rate while a customer, time as a customer within a finite horizon and
        spend, with intervals of what the posterior leaves open; the chance of a purchase within the horizon; purchases
        and values. `rlv_q05` and the like are of the outcome, `expected_rlv_q05` and the like of the expectation; means
        are of the expectation in closed form, which both kinds share. Without `value_to_date` there is no CLV. Where
        orders or service cost anything, `order_cost_to_date`, `service_cost_to_date_mean` and, discounted within the
        horizon, `expected_order_cost_mean, expected_service_cost_mean`, which the RLV is net of: the CLV's mean is
        `margin · value_to_date - order_cost_to_date - service_cost_to_date_mean + rlv_mean - cac`.

    Raises
    ------
    FitError
        If a fit did not converge, or its time unit or kind of cohorts is not the summary's.
    DomainError
        If a setting has no meaning.
    """
    assumed = check_terms(summary, terms, **changes)
    marks = check_fits(purchases, spend, summary.time_unit, allow_unconverged=assumed.allow_unconverged)
    marks = (*marks, *check_cohorts((purchases, spend), summary))
    if calendar is not None:
        calendar.check(summary)
    buying, paying = scorings(purchases, spend, samples=samples)
    reader = _Values(summary, assumed, buying.samples)
    read_draws(
        buying,
        paying,
        summary.table,
        (reader, *readers),
        horizon=horizon_of(assumed, summary.units_per_year, summary.holdout_length),
        seed=seed,
        threads=threads,
        calendar=calendar,
        advance=advance,
    )
    shares = paying.law.no_mean(paying.population).mean(), buying.law.endless(buying.population).mean()
    return ValueResult(
        reader.result(), reader.cohort_totals(), assumed, summary.time_unit, (*marks, *reader.infinite_marks(*shares))
    )


class _Part(NamedTuple):
    """What is kept of a block: its rows' columns, and sums over its cohorts' customers within each draw."""

    rows: NDArray[np.int64]
    columns: dict[str, Array]
    cohorts: NDArray[np.int64]
    sums: dict[str, Array]
    infinite: list[int]


class _Values:
    """Reads values off customers' draws."""

    def __init__(self, summary: CustomerSummary, terms: Terms, samples: int) -> None:
        self._summary, self._margin = summary, number(terms.margin)
        self._endless = bool(np.isinf(number(terms.horizon)))
        self._cost = cost_of(terms, summary.table["cohort"])
        self._running = terms.running
        orders = 1 + summary.table["frequency"].to_numpy(np.float64)
        self._order = cost_of(terms, summary.table["cohort"], "order_cost")
        self._service = cost_of(terms, summary.table["cohort"], "service_cost") / summary.units_per_year
        self._ordered = self._order * orders
        known = "value_to_date" in summary.table
        self._basis = earned(terms, summary.table) - self._ordered - self._cost if known else None
        self._codes, self._cohorts = pd.factorize(summary.table["cohort"], sort=True)
        held = _HOLDOUT if summary.holdout_length is not None else ()
        names = ("rlv", "purchases", *held, *((_SERVED,) if self._running else ()))
        shape = (samples, len(self._cohorts))
        self._totals = {prefix + name: np.zeros(shape) for name in names for prefix in ("", "expected_")}
        self._columns: dict[str, Array] = {}
        self._infinite = np.zeros(len(_INFINITE), dtype=np.int64)

    def read(self, block: CustomerDraws) -> _Part:
        """Summarise each customer of a block, and sum over cohorts."""
        draws = _money(block, self._margin)
        if self._running:
            draws |= self._net(block, draws)
        if self._endless:  # so may be the time of those who hardly ever leave
            del draws["expected_time"]
        return _Part(
            block.rows,
            _summarise(draws, None if self._basis is None else self._basis[block.rows]),
            *_sums({name: draws[name] for name in self._totals}, self._codes[block.rows]),
            [int(np.isinf(draws[name]).any(axis=1).sum()) for name in _INFINITE],
        )

    def _net(self, block: CustomerDraws, draws: dict[str, Array]) -> dict[str, Array]:
        """What is left of the values after orders and service, and what these cost; of one draw, one life."""
        order, service = self._order[block.rows, None], self._service[block.rows, None]
        run = block.running()
        orders, served = order * run.expected_purchases, service * run.expected_time
        return {
            "rlv": draws["rlv"] - order * run.purchases - service * run.time,
            "expected_rlv": draws["expected_rlv"] - orders - served,
            "expected_order_cost": orders,
            "expected_service_cost": served,
            _SERVED: service * run.past,
            f"expected_{_SERVED}": service * run.expected_past,
        }

    def add(self, part: _Part) -> None:
        """Put a block's columns and sums to those of the others."""
        for name, values in part.columns.items():
            self._columns.setdefault(name, np.empty(len(self._codes)))[part.rows] = values
        for name, sums in part.sums.items():
            self._totals[name][:, part.cohorts] += sums
        self._infinite += part.infinite

    def result(self) -> pd.DataFrame:
        """The value table, columns in the order they are read in."""
        costs = {"cac": self._cost} | ({"order_cost_to_date": self._ordered} if self._running else {})
        table = self._summary.table.reset_index(drop=True).assign(**costs, **self._columns)
        return table[[name for name in _ORDER if name in table.columns]]

    def cohort_totals(self) -> xr.Dataset:
        """Draws of each cohort's sums."""
        totals = dict(self._totals)
        if self._basis is not None:
            held = np.bincount(self._codes, weights=self._basis, minlength=len(self._cohorts))
            for prefix in ("", "expected_"):
                served = totals.get(f"{prefix}{_SERVED}", 0.0)
                totals[f"{prefix}clv"] = totals[f"{prefix}rlv"] + (held - served)
        data = {name: (("sample", "cohort"), values) for name, values in totals.items()}
        found = xr.Dataset(data, coords={"cohort": np.asarray(self._cohorts, dtype=str)})
        return found.assign(customers=("cohort", np.bincount(self._codes, minlength=len(self._cohorts))))

    def infinite_marks(self, no_mean: float, endless: float) -> list[str]:
        """Say where an expectation has no finite value, instead of printing a huge number."""
        marks = []
        if self._infinite[0]:
            marks.append(
                f"the law of spend has no mean in {100 * no_mean:.1f} % of its draws, so the expected values of "
                f"{self._infinite[0]} customers are infinite: read their quantiles, or fit with a tighter prior "
                "on customer_cv (in Python, GammaGamma(priors=...))"
            )
        if self._infinite[1]:
            marks.append(
                f"over an infinite horizon the expected number of purchases is infinite in {100 * endless:.1f} % of "
                f"the draws, for {self._infinite[1]} customers: read its quantiles; values stay finite because they "
                "are discounted"
            )
        return marks


def _sums(draws: dict[str, Array], codes: NDArray[np.int64]) -> tuple[NDArray[np.int64], dict[str, Array]]:
    """Cohorts present, and by quantity the sum over their customers, of shape (samples, cohorts present)."""
    order = np.argsort(codes, kind="stable")
    present, starts = np.unique(codes[order], return_index=True)
    return present, {name: np.add.reduceat(values[order], starts, axis=0).T for name, values in draws.items()}


def _money(block: CustomerDraws, margin: float) -> dict[str, Array]:
    """All quantities of a block in money: draws of shape (customers, samples)."""
    draws = {
        "p_alive": block.p_alive,
        "expected_purchase_rate": block.expected_purchase_rate,
        "expected_time": block.expected_time,
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


def _summarise(draws: dict[str, Array], basis: Array | None) -> dict[str, Array]:
    """Columns of the value table for a block; the CLV is the RLV, what is known, `basis`, less service so far."""
    believed = [name for name in _BELIEVED if name in draws]
    columns = {f"{name}_mean": draws[name].mean(axis=1) for name in (*believed, "expected_purchases")}
    for name in believed:
        columns |= quantile_columns(name, draws[name])
    columns["p_purchase"] = (draws["purchases"] > 0).mean(axis=1)
    columns["rlv_mean"] = draws["expected_rlv"].mean(axis=1)
    columns |= quantile_columns("purchases", draws["purchases"]) | quantile_columns("rlv", draws["rlv"])
    if _SERVED in draws:
        for name in ("expected_order_cost", "expected_service_cost"):
            columns[f"{name}_mean"] = draws[name].mean(axis=1)
        columns[f"{_SERVED}_mean"] = draws[f"expected_{_SERVED}"].mean(axis=1)
        if basis is not None:
            clv = basis[:, None] - draws[_SERVED] + draws["rlv"]
            columns["clv_mean"] = basis - columns[f"{_SERVED}_mean"] + columns["rlv_mean"]
            columns |= {"p_pays_back": (clv > 0).mean(axis=1)} | quantile_columns("clv", clv)
    elif basis is not None:
        columns["clv_mean"] = basis + columns["rlv_mean"]
        columns["p_pays_back"] = (draws["rlv"] > -basis[:, None]).mean(axis=1)
        columns |= {f"clv_{suffix}": basis + columns[f"rlv_{suffix}"] for suffix in QUANTILES}
    for name in _HOLDOUT:
        if name in draws:
            columns[f"predicted_{name}_mean"] = draws[f"expected_{name}"].mean(axis=1)
            columns |= quantile_columns(f"predicted_{name}", draws[name])
    for name in _EXPECTED:
        if name in draws:
            columns |= quantile_columns(f"expected_{name}", draws[f"expected_{name}"])
    return columns


_ENDS = ("mean", *QUANTILES)
_ORDER = (
    *("customer_id", "cohort", "first_purchase", "last_purchase", "frequency", "recency", "T", "monetary_value"),
    *("value_to_date", "margin_to_date", "cac", "order_cost_to_date", "service_cost_to_date_mean"),
    *(f"p_alive_{end}" for end in _ENDS),
    *(f"expected_purchase_rate_{end}" for end in _ENDS),
    *(f"expected_time_{end}" for end in _ENDS),
    *("p_purchase", "expected_purchases_mean", "purchases_q05", "purchases_q50", "purchases_q95"),
    *(f"expected_spend_{end}" for end in _ENDS),
    *("expected_order_cost_mean", "expected_service_cost_mean"),
    *("rlv_mean", "rlv_q05", "rlv_q50", "rlv_q95", "expected_rlv_q05", "expected_rlv_q95"),
    *("clv_mean", "clv_q05", "clv_q50", "clv_q95", "p_pays_back"),
    *("holdout_purchases", "predicted_holdout_purchases_mean", "predicted_holdout_purchases_q05"),
    *("predicted_holdout_purchases_q50", "predicted_holdout_purchases_q95"),
    *("expected_holdout_purchases_q05", "expected_holdout_purchases_q95"),
    *("holdout_value", "predicted_holdout_value_mean", "predicted_holdout_value_q05"),
    *("predicted_holdout_value_q50", "predicted_holdout_value_q95"),
    *("expected_holdout_value_q05", "expected_holdout_value_q95"),
)
