"""What a sceptic would bring: predictions of each customer's revenue and purchases that need no posterior of drop-out.

All are on one price basis: revenue within `horizon` after the end of observation, times `margin`, discounted from the
end of observation at `discount_rate`. What cannot be computed is NaN, and a note says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert import formula
from kundenwert.errors import DomainError, SchemaError
from kundenwert.laws import History
from kundenwert.predict import scorings

if TYPE_CHECKING:
    from kundenwert.predict.blocks import Purchases, Spend

type Array = NDArray[np.float64]

RATES = ("own_active", "own", "cohort", "overall")
"""Whose order value and frequency the formula takes; see `baseline_predictions`."""

LIFESPANS = ("full", *formula.METHODS)
"""How long the formula's rate lasts: to the end of the horizon, or the remaining lifespan in one of the three ways."""

BLOCK_CELLS = 1_000_000
"""Customers × draws of the NBD at a time: 8 MB an array."""

_NEEDED = ("customer_id", "cohort", "frequency", "recency", "T", "monetary_value", "value_to_date")
_ONE_PURCHASE = "one purchase only: no time between purchases"
_NO_TIME = "no time observed after the first purchase: a rate does not exist"
_YOUNG = "observed for less than the window carried forward: it holds the whole history"
_NO_MEAN = "the law of spend has no mean in some draws: no expected revenue"


@dataclass(frozen=True)
class Baselines:
    """Predictions by customer (rows) and method (columns).

    Parameters
    ----------
    customers
        `customer_id, cohort`, in the order of the table.
    purchases, revenue
        Predicted purchases (undiscounted) and revenue; NaN where a method says nothing.
    notes
        Why a prediction is missing or weak; "" elsewhere.
    """

    customers: pd.DataFrame
    purchases: pd.DataFrame
    revenue: pd.DataFrame
    notes: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return one row per customer and method: `customer_id, cohort, method, purchases, revenue, note`."""
        methods = list(self.revenue.columns)
        long = self.customers.loc[self.customers.index.repeat(len(methods))].reset_index(drop=True)
        long["method"] = np.tile(methods, len(self.customers))
        for name, wide in (("purchases", self.purchases), ("revenue", self.revenue), ("note", self.notes)):
            long[name] = wide.to_numpy().reshape(-1)
        return long


def baseline_predictions(
    table: pd.DataFrame,
    *,
    units_per_year: float,
    horizon: float,
    lifespan_years: float = 3.0,
    inactivity_months: float = 12,
    margin: float = 1.0,
    discount_rate: float = 0.0,
    recent: Mapping[str, tuple[pd.DataFrame, float]] | None = None,
    no_dropout: tuple[Purchases, Spend] | None = None,
) -> Baselines:
    r"""Predict each customer's purchases and revenue within `horizon` by simple rules that know no drop-out.

    **`formula_<rate>_<lifespan>`**: AOV × purchase frequency × time, with

    =============== ============================================================================================
    `own_active`    own AOV; own repeat purchases over own time from first to last purchase; for repeat buyers only
    `own`           own AOV; own purchases, the first included, over own time observed
    `cohort`        AOV and purchase frequency of the cohort, as in `formula.kpis`
    `overall`       those of everybody
    =============== ============================================================================================

    and time the whole horizon (`full`), or what of it is left of the lifespan of the customer's cohort (of everybody
    for `overall`) as in `formula.lifespan`: `observed`, `churn`, `assumed`. `formula_own_full` is the annuity, the
    average revenue per unit of time so far going on, and is called **`annuity`**.

    **The names of `recent`**: what the customer bought in a last window goes on at that pace (see `carried_forward`).

    **`nbd`**: `E[(r+x)/(α+T) · horizon · p (v + x z̄)/(px + q - 1)]` over draws of an NBD, the same model without
    drop-out, times expected spend.

    Parameters
    ----------
    table
        One row per customer: `customer_id, cohort, frequency, recency, T, monetary_value, value_to_date`;
        `active_before` and `active_after` for churn.
    units_per_year
        Time units in a year, > 0.
    horizon
        Length of the hold-out or horizon, in time units, > 0 and finite.
    lifespan_years
        The assumed lifespan, in years, > 0.
    inactivity_months
        As in `formula.kpis`.
    margin
        Contribution margin, in (0, 1]; 1 for revenue itself, as a hold-out has it.
    discount_rate
        Annual rate d ≥ 0; 0 for a hold-out.
    recent
        Name of the method → (table of `customer_id, purchases, revenue` in a window that ends with the observation, as
        `data.window_totals` gives it; length of that window in time units).
    no_dropout
        Fits of the NBD and of a law of spend, whose draws are paired by number.

    Returns
    -------
    Baselines

    Raises
    ------
    SchemaError
        If a column is missing.
    DomainError
        If the horizon, the rate or the margin has no meaning.

    Examples
    --------
    Four purchases of 10 in two years, the last after one: what will the next year bring?

    >>> table = pd.DataFrame(
    ...     {"customer_id": ["a"], "cohort": ["x"], "frequency": [3], "recency": [52.0], "T": [104.0],
    ...      "monetary_value": [10.0], "value_to_date": [40.0]}
    ... )
    >>> found = baseline_predictions(table, units_per_year=52.0, horizon=52.0, lifespan_years=2.5)
    >>> names = ["annuity", "formula_own_active_full", "formula_cohort_assumed", "formula_cohort_observed"]
    >>> found.revenue[names].to_numpy().round(9).tolist()
    [[20.0, 30.0, 10.0, 0.0]]
    """
    _check(table, units_per_year, horizon, margin, discount_rate)
    delta = float(np.log1p(discount_rate)) / units_per_year
    customers = table[["customer_id", "cohort"]].reset_index(drop=True)
    plain = table.reset_index(drop=True)
    counts = {
        by: formula.kpis(plain, units_per_year=units_per_year, by=by, inactivity_months=inactivity_months)
        for by in ("cohort", None)
    }
    found: dict[str, tuple[Array, Array, NDArray[np.object_]]] = {}
    for rate in RATES:
        aov, pace, why = _pace(plain, counts, rate, units_per_year)
        shared = _spread(counts[None if rate == "overall" else "cohort"], plain, rate)
        for lifespan in LIFESPANS:
            years, gap = _lifespan(shared, lifespan, lifespan_years)
            left = np.clip(years * units_per_year - plain["T"].to_numpy(np.float64), 0, horizon)
            left = np.full(len(plain), horizon) if lifespan == "full" else left
            name = "annuity" if (rate, lifespan) == ("own", "full") else f"formula_{rate}_{lifespan}"
            note = np.where(why != "", why, np.where(np.isnan(left), gap, "")).astype(object)
            found[name] = (pace * left, margin * aov * pace * _paid(left, delta), note)
    for name, (window, span) in (recent or {}).items():
        bought, money, note = carried_forward(plain, window, length=span)
        found[name] = (bought * horizon, margin * money * _paid(np.full(len(plain), horizon), delta), note)
    if no_dropout is not None:
        found["nbd"] = _nbd(plain, no_dropout, horizon, margin, delta)
    parts = [pd.DataFrame({name: part[i] for name, part in found.items()}, index=customers.index) for i in range(3)]
    return Baselines(customers, *parts)


def carried_forward(
    table: pd.DataFrame, window: pd.DataFrame, *, length: float
) -> tuple[Array, Array, NDArray[np.object_]]:
    """Pace of each customer in the last window: purchases and revenue per time unit, 0 for those who bought nothing.

    Parameters
    ----------
    table
        Customers: `customer_id, T`.
    window
        `customer_id, purchases, revenue` of those who bought within the window, as `data.window_totals` gives it.
    length
        Length of the window, in time units, > 0.

    Returns
    -------
    tuple of numpy.ndarray
        Purchases per time unit, revenue per time unit, and a note for customers observed for less than the window,
        whose first purchase then counts as if it recurred.

    Raises
    ------
    SchemaError
        If the window names a customer twice or lacks a column.
    DomainError
        If the length is not positive.

    Examples
    --------
    >>> customers = pd.DataFrame({"customer_id": ["a", "b"], "T": [80.0, 80.0]})
    >>> window = pd.DataFrame({"customer_id": ["b"], "purchases": [2], "revenue": [78.0]})
    >>> carried_forward(customers, window, length=52.0)[1].tolist()
    [0.0, 1.5]
    """
    if not (np.isfinite(length) and length > 0):
        raise DomainError(f"the window carried forward has length {length}; it needs a positive, finite one")
    if missing := [name for name in ("customer_id", "purchases", "revenue") if name not in window]:
        raise SchemaError(f"the window has no column {' and no column '.join(map(repr, missing))}")
    if window["customer_id"].duplicated().any():
        twice = window.loc[window["customer_id"].duplicated(), "customer_id"].iloc[0]
        raise SchemaError(f"the window names a customer twice, first {twice!r}; give one row per customer")
    sums = window.set_index("customer_id").reindex(table["customer_id"])
    bought = sums["purchases"].fillna(0).to_numpy(np.float64) / length
    money = sums["revenue"].to_numpy(np.float64) / length
    money = np.where(sums["purchases"].isna(), 0.0, money)
    young = table["T"].to_numpy(np.float64) < length * (1 - 1e-9)
    return bought, money, np.where(young, _YOUNG, "").astype(object)


def _pace(
    table: pd.DataFrame, counts: Mapping[str | None, pd.DataFrame], rate: str, units_per_year: float
) -> tuple[Array, Array, NDArray[np.object_]]:
    """Order value, purchases per time unit, and why they are missing, of each customer."""
    if rate in {"cohort", "overall"}:
        shared = _spread(counts["cohort" if rate == "cohort" else None], table, rate)
        aov = shared["aov"].to_numpy(np.float64)
        pace = shared["purchase_frequency"].to_numpy(np.float64) / units_per_year
        return aov, pace, np.where(np.isnan(aov * pace), shared["frequency_note"], "").astype(object)
    x, t_x, T = (table[name].to_numpy(np.float64) for name in ("frequency", "recency", "T"))
    aov = table["value_to_date"].to_numpy(np.float64) / (x + 1)
    events, time, reason = (x, t_x, _ONE_PURCHASE) if rate == "own_active" else (x + 1, T, _NO_TIME)
    pace = np.divide(events, time, out=np.full_like(time, np.nan), where=time > 0)
    return aov, pace, np.where(np.isnan(pace), reason, "").astype(object)


def _spread(counts: pd.DataFrame, table: pd.DataFrame, rate: str) -> pd.DataFrame:
    """Give each customer the row of measures of its cohort, or of everybody."""
    if rate == "overall":
        return counts.iloc[np.zeros(len(table), dtype=np.intp)].reset_index(drop=True)
    return counts.set_index("cohort").loc[table["cohort"]].reset_index()


def _lifespan(shared: pd.DataFrame, method: str, lifespan_years: float) -> tuple[Array, NDArray[np.object_]]:
    """Lifespan in years and why it is missing; nothing to say about the full horizon."""
    if method == "full":
        return np.full(len(shared), np.inf), np.full(len(shared), "", dtype=object)
    years = formula.lifespan(shared, method, years=lifespan_years if method == "assumed" else None)
    return years.to_numpy(np.float64), shared["churn_note"].to_numpy(object)


def _paid(time: Array, delta: float) -> Array:
    """Time in which money flows, discounted: `∫₀^t e^(-δu) du`."""
    return np.asarray(-np.expm1(-delta * time) / delta if delta > 0 else time)


def _nbd(
    table: pd.DataFrame, fits: tuple[Purchases, Spend], horizon: float, margin: float, delta: float
) -> tuple[Array, Array, NDArray[np.object_]]:
    """Expectations under an NBD, multiplied draw by draw, for a bounded number of customers at a time."""
    buying, paying = scorings(*fits)
    rates, prices = buying.laws(table), paying.laws(table)
    history, spending = History.of(table), paying.law.spending(table)
    paid = float(_paid(np.asarray(horizon), delta)) / horizon
    bought, money = np.empty(len(table)), np.empty(len(table))
    step = max(1, BLOCK_CELLS // buying.samples)
    for start in range(0, len(table), step):
        some = np.arange(start, min(start + step, len(table)))
        own = history.at(some)
        number = buying.law.expected_purchases(own, rates(some), horizon=horizon)
        spend = paying.law.expected_spend(spending.at(some), prices(some))
        bought[some] = number.mean(axis=1)
        money[some] = margin * paid * (number * spend).mean(axis=1)
    return bought, np.where(np.isinf(money), np.nan, money), np.where(np.isinf(money), _NO_MEAN, "").astype(object)


def _check(table: pd.DataFrame, units_per_year: float, horizon: float, margin: float, discount_rate: float) -> None:
    if missing := [name for name in _NEEDED if name not in table]:
        raise SchemaError(f"the customer table has no column {' and no column '.join(map(repr, missing))}")
    if not (np.isfinite(horizon) and horizon > 0 and units_per_year > 0):
        raise DomainError(f"horizon={horizon} time units: the baselines need a positive, finite one")
    if not 0 < margin <= 1:
        raise DomainError(f"the margin is {margin:g}; it is a share of revenue, in (0, 1], so 30 % is 0.3")
    if not 0 <= discount_rate < 10:
        raise DomainError(f"the discount rate is {discount_rate:g} a year; 10 % is 0.10")
