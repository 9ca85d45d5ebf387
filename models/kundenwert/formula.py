"""The simple CLV formula and the counting measures it is made of.

    CLV = AOV × purchase frequency × customer lifespan − CAC

With a margin, and where orders and service cost money, it is

    CLV = ((margin × AOV − order cost) × purchase frequency − service cost) × customer lifespan − CAC

Every measure is the one a company computes from its orders, with the definition written beside it, so that
what the formula is held against later is the formula itself and not a weakened copy. What cannot be
computed is missing (NaN), and a note beside it says why.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kundenwert.data.customers import cost_of_each
from kundenwert.errors import DomainError, SchemaError
from kundenwert.messages import several
from kundenwert.settings.terms import WORDS

METHODS = ("observed", "churn", "assumed")
"""The three lifespans: first to last purchase, 1 / annual churn, an assumed number of years."""

SHORT_EXPOSURE_YEARS = 0.25
"""Below this mean time observed, an annual rate is an extrapolation, and a note says so."""

_NEEDED = ("frequency", "recency", "T", "value_to_date")


def customer_cac(table: pd.DataFrame, cac: float | Mapping[str, float]) -> pd.Series:
    """Give each customer an acquisition cost.

    Parameters
    ----------
    table
        One row per customer; the column `cohort` is needed only if `cac` is a mapping.
    cac
        Cost per customer, in money, ≥ 0; or a mapping from cohort to cost.

    Returns
    -------
    pandas.Series
        Cost of each customer, with the index of `table`.

    Raises
    ------
    DomainError
        If a cohort of the table has no cost, or a cost is negative or not finite.

    Examples
    --------
    >>> table = pd.DataFrame({"cohort": ["1997-01", "1997-02", "1997-01"]})
    >>> customer_cac(table, {"1997-01": 12.0, "1997-02": 9.0}).tolist()
    [12.0, 9.0, 12.0]
    """
    return cost_of_each(table, cac, WORDS["cac"]).rename("cac")


def kpis(
    table: pd.DataFrame,
    *,
    units_per_year: float,
    by: str | None = "cohort",
    inactivity_months: float = 12,
    cac: float | Mapping[str, float] = 0.0,
    order_cost: float | Mapping[str, float] = 0.0,
    service_cost: float | Mapping[str, float] = 0.0,
) -> pd.DataFrame:
    """Count what the simple formula is made of, per cohort or overall.

    ======================= ==============================================================================
    `orders`                purchases, the first ones included: sum of (frequency + 1)
    `revenue`               money of all those purchases, before margin
    `aov`                   revenue / orders
    `age`                   mean years observed, from first purchase to the end of observation
    `purchase_frequency`    orders per customer and year observed: orders / (customers · age)
    `lifespan_observed`     mean years from first to last purchase; a one-time buyer counts 0
    `churn_base`            customers with a purchase in the 12 months before the inactivity window
    `churn`                 share c of them without a purchase in it, per year: 1 − (1 − c)^(12 / months)
    `retention`             1 − churn
    `repeat_purchase_rate`  share of customers with more than one purchase
    `cac`                   mean acquisition cost per customer
    `order_cost`            mean cost per order, `service_cost` mean cost per customer and year; only where any
    ======================= ==============================================================================

    Parameters
    ----------
    table
        One row per customer: `frequency`, `recency` (from first to last purchase) and `T` in time units,
        `value_to_date` in money; `active_before` and `active_after` for churn; the column named by `by`.
    units_per_year
        Time units in a year, > 0.
    by
        Column to group by; None counts everybody in one row called "all".
    inactivity_months
        Months without a purchase after which a customer counts as lost, > 0.
    cac, order_cost, service_cost
        Cost per customer, per order, and per customer and year, or a mapping from cohort to cost.

    Returns
    -------
    pandas.DataFrame
        One row per group, sorted by label in `cohort`, with `customers`, the columns above, `frequency_note`
        and `churn_note`. A measure that cannot be computed is NaN and its note says why; else the note is "".

    Raises
    ------
    SchemaError
        If a column is missing.
    DomainError
        If there is no customer, a label is missing, or a parameter is outside its domain.

    Notes
    -----
    The counting definitions in use in retail reporting. `aov · purchase_frequency · age` is, exactly, the
    revenue per customer so far.

    Examples
    --------
    Two customers watched for one year, with four orders of 10 and one of 20.

    >>> table = pd.DataFrame(
    ...     {"customer_id": ["a", "b"], "cohort": "x", "frequency": [3, 0], "recency": [26.0, 0.0],
    ...      "T": [52.0, 52.0], "value_to_date": [40.0, 20.0]}
    ... )
    >>> measures = ["aov", "purchase_frequency", "lifespan_observed", "repeat_purchase_rate"]
    >>> kpis(table, units_per_year=52.0)[measures].values.tolist()
    [[12.0, 2.5, 0.25, 0.5]]
    """
    _check(table, by, units_per_year, inactivity_months)
    costs = {"cac": cac, "order_cost": order_cost, "service_cost": service_cost}
    members = _members(table, by, units_per_year, costs)
    group = members.groupby("cohort", sort=True)
    sums = group[["orders", "revenue", "exposure", "lost", "cac", "ordered", "service_cost"]].sum(skipna=False)
    result = pd.DataFrame({"customers": group.size(), "orders": sums["orders"].astype("int64")})
    result["revenue"] = sums["revenue"]
    result["aov"] = result["revenue"] / result["orders"]
    result["age"] = sums["exposure"] / result["customers"]
    result["purchase_frequency"] = result["orders"] / sums["exposure"].where(sums["exposure"] > 0)
    result["lifespan_observed"] = group["lifespan"].mean()
    result["churn_base"] = group["base"].sum().astype("int64")
    share_lost = sums["lost"] / result["churn_base"].where(result["churn_base"] > 0)
    result["churn"] = 1 - (1 - share_lost) ** (12 / inactivity_months)
    result["retention"] = 1 - result["churn"]
    result["repeat_purchase_rate"] = group["returned"].mean()
    result["cac"] = sums["cac"] / result["customers"]
    if (sums[["ordered", "service_cost"]] > 0).to_numpy().any():
        result["order_cost"] = sums["ordered"] / result["orders"]
        result["service_cost"] = sums["service_cost"] / result["customers"]
    result["frequency_note"] = [
        _frequency_note(age, revenue) for age, revenue in zip(result["age"], result["revenue"], strict=True)
    ]
    recorded = {"active_before", "active_after"} <= set(table.columns)
    result["churn_note"] = [
        _churn_note(base, churn, recorded, inactivity_months)
        for base, churn in zip(result["churn_base"], result["churn"], strict=True)
    ]
    return result.rename_axis("cohort").reset_index()


def lifespan(kpi_frame: pd.DataFrame, method: str, *, years: float | None = None) -> pd.Series:
    """Read the customer lifespan of each row of `kpis` in one of the three ways.

    Parameters
    ----------
    kpi_frame
        What `kpis` returned.
    method
        "observed": mean years from first to last purchase, as the formula's users define it. It cannot exceed
        the time observed, and it calls a customer's last purchase the end of the relationship.
        "churn": 1 / annual churn, the mean of a lifetime with constant annual churn.
        "assumed": `years`, the same for every row.
    years
        The assumed lifespan in years, > 0 and finite; only with "assumed".

    Returns
    -------
    pandas.Series
        Years, ≥ 0, with the index of `kpi_frame`. NaN where churn is not observable; infinite where not one
        customer was lost.

    Raises
    ------
    DomainError
        If the method is unknown, or `years` is missing, not positive, or given to another method.

    Examples
    --------
    >>> frame = pd.DataFrame({"lifespan_observed": [0.2], "churn": [0.25]})
    >>> [float(lifespan(frame, "observed")[0]), float(lifespan(frame, "churn")[0])]
    [0.2, 4.0]
    >>> float(lifespan(frame, "assumed", years=3)[0])
    3.0
    """
    if method not in METHODS:
        raise DomainError(f"unknown lifespan method {method!r}; use one of {', '.join(METHODS)}")
    if method != "assumed" and years is not None:
        raise DomainError(f"years belongs to the method 'assumed', not to {method!r}")
    if method == "observed":
        return kpi_frame["lifespan_observed"].astype(float).rename("lifespan")
    if method == "churn":
        churn = kpi_frame["churn"].astype(float)
        return (1 / churn.where(churn > 0)).where(churn != 0, np.inf).rename("lifespan")
    if years is None or not (np.isfinite(years) and years > 0):
        raise DomainError(f"an assumed lifespan must be a finite number of years > 0, not {years}")
    return pd.Series(float(years), index=kpi_frame.index, name="lifespan")


def formula_clv(
    aov: ArrayLike,
    purchase_frequency: ArrayLike,
    lifespan: ArrayLike,
    *,
    margin: float = 1.0,
    cac: ArrayLike = 0.0,
    order_cost: ArrayLike = 0.0,
    service_cost: ArrayLike = 0.0,
) -> NDArray[np.float64]:
    """Compute the simple formula as a company would: no discounting, no horizon.

    CLV = ((margin × AOV − order cost) × purchase frequency − service cost) × lifespan − CAC

    Parameters
    ----------
    aov
        Average order value, in money.
    purchase_frequency
        Orders per customer and year, ≥ 0.
    lifespan
        Years, ≥ 0.
    margin
        Contribution margin as a share of revenue, in (0, 1]; 1 for revenue itself.
    cac, order_cost, service_cost
        Acquisition cost per customer, cost per order, and cost per customer and year, in money, ≥ 0.

    Returns
    -------
    numpy.ndarray
        CLV per customer, in money, with the broadcast shape of the input. NaN where an input is missing, and
        infinite where the lifespan is.

    Raises
    ------
    DomainError
        If the margin is no share, or a frequency, a lifespan or a cost is negative.

    Examples
    --------
    An order of 50, four times a year for three years, at a margin of 30 %, bought for 12:

    >>> float(formula_clv(50.0, 4.0, 3.0, margin=0.3, cac=12.0))
    168.0

    The same where an order costs 5 and a year of service 10:

    >>> float(formula_clv(50.0, 4.0, 3.0, margin=0.3, cac=12.0, order_cost=5.0, service_cost=10.0))
    78.0
    """
    costs = {"cac": cac, "order_cost": order_cost, "service_cost": service_cost}
    _check_inputs(margin, purchase_frequency=purchase_frequency, lifespan=lifespan, **costs)
    yearly = _rate(aov, purchase_frequency, margin, order_cost, service_cost)
    rate, years, cost = np.broadcast_arrays(yearly, _float(lifespan), _float(cac))
    return np.asarray(_times(rate, years) - cost, dtype=np.float64)[()]


def formula_clv_matched(
    aov: ArrayLike,
    purchase_frequency: ArrayLike,
    lifespan: ArrayLike,
    *,
    age: ArrayLike,
    horizon_years: float,
    discount_rate: float,
    margin: float = 1.0,
    cac: ArrayLike = 0.0,
    order_cost: ArrayLike = 0.0,
    service_cost: ArrayLike = 0.0,
) -> NDArray[np.float64]:
    """Compute the simple formula on the price basis, horizon and discounting of the Bayesian CLV.

    The formula says that money flows at the constant rate y = (margin × AOV − order cost) × purchase frequency −
    service cost for `lifespan` years from the first purchase. With the customer `age` years old today, m =
    min(lifespan, age) of them have passed and h = min(max(lifespan − age, 0), horizon) still count, discounted from
    today at δ = ln(1 + d):

    CLV = y × [ m + (1 − exp(−δ h)) / δ ] − CAC

    with h in place of the fraction where d = 0.

    Parameters
    ----------
    aov, purchase_frequency, lifespan, margin, cac, order_cost, service_cost
        As in `formula_clv`.
    age
        Mean years from first purchase to the end of observation, ≥ 0.
    horizon_years
        How far into the future money counts, in years, > 0; may be infinite.
    discount_rate
        Annual rate d, ≥ 0.

    Returns
    -------
    numpy.ndarray
        CLV per customer, in money, with the broadcast shape of the input; NaN where an input is missing. A
        lifespan of `age` or more gives the money so far exactly; a shorter one, such as the observed, falls
        short of it and has no future, so that matching does not change it.

    Raises
    ------
    DomainError
        If the margin is no share, a frequency, a lifespan, an age or a cost is negative, the horizon is not positive,
        or the discount rate is negative or not finite.

    Notes
    -----
    The bracket is a continuous annuity, the limit of the sum over ever shorter periods.

    Examples
    --------
    Money at 100 a year, one year old, lifespan three years, horizon one year, 10 % a year:

    >>> float(formula_clv_matched(50.0, 2.0, 3.0, age=1.0, horizon_years=1.0, discount_rate=0.1).round(6))
    195.382352
    >>> float(formula_clv_matched(50.0, 2.0, 0.5, age=1.0, horizon_years=1.0, discount_rate=0.1))
    50.0
    """
    if not horizon_years > 0:
        raise DomainError(f"the horizon must be positive, not {horizon_years} years")
    if not (np.isfinite(discount_rate) and discount_rate >= 0):
        raise DomainError(f"the annual discount rate must be a finite number ≥ 0, not {discount_rate}")
    costs = {"cac": cac, "order_cost": order_cost, "service_cost": service_cost}
    _check_inputs(margin, purchase_frequency=purchase_frequency, lifespan=lifespan, age=age, **costs)
    years, age_years = np.broadcast_arrays(_float(lifespan), _float(age))
    to_come = np.clip(years - age_years, 0, horizon_years)
    delta = np.log1p(discount_rate)
    discounted = -np.expm1(-delta * to_come) / delta if delta > 0 else to_come
    rate = _rate(aov, purchase_frequency, margin, order_cost, service_cost)
    value = _times(*np.broadcast_arrays(rate, np.minimum(years, age_years) + discounted)) - _float(cac)
    return np.asarray(value, dtype=np.float64)[()]


def _check(table: pd.DataFrame, by: str | None, units_per_year: float, inactivity_months: float) -> None:
    missing = [name for name in (*_NEEDED, *([by] if by else [])) if name not in table]
    if missing:
        raise SchemaError(f"the customer table has no column {_first(missing)}")
    if not len(table):
        raise DomainError("the customer table is empty: there is nothing to count")
    if by is not None and table[by].isna().any():
        raise DomainError(f"no label in {by!r} for {several(int(table[by].isna().sum()), 'customer')}; give each one")
    if not (np.isfinite(units_per_year) and units_per_year > 0):
        raise DomainError(f"units_per_year must be a finite number > 0, not {units_per_year}")
    if not (np.isfinite(inactivity_months) and inactivity_months > 0):
        raise DomainError(f"inactivity_months must be a finite number > 0, not {inactivity_months}")


def _check_inputs(margin: float, **given: ArrayLike) -> None:
    """Refuse what the formula has no meaning for; what is missing stays missing."""
    if not 0 < margin <= 1:
        raise DomainError(f"the margin is {margin:g}; it is a share of revenue, in (0, 1], so 30 % is 0.3")
    for name, values in given.items():
        array = np.atleast_1d(_float(values))
        if (array < 0).any():
            raise DomainError(f"{name} must be ≥ 0; it is {array[array < 0][0]:g}")


def _members(
    table: pd.DataFrame, by: str | None, units_per_year: float, costs: Mapping[str, float | Mapping[str, float]]
) -> pd.DataFrame:
    """Say what each customer adds to the counts; sorted, so that the sums do not depend on the row order."""
    ordered = table.sort_values("customer_id") if "customer_id" in table else table
    if {"active_before", "active_after"} <= set(ordered.columns):
        base = ordered["active_before"].astype("boolean").fillna(False).astype(bool)
        after = ordered["active_after"].astype("boolean").fillna(False).astype(bool)
    else:
        base = after = pd.Series(False, index=ordered.index)
    each = {name: cost_of_each(ordered, stated, WORDS[name]) for name, stated in costs.items()}
    return pd.DataFrame(
        {
            "cohort": "all" if by is None else ordered[by],
            "orders": ordered["frequency"] + 1,
            "revenue": ordered["value_to_date"].astype(float),
            "exposure": ordered["T"] / units_per_year,
            "lifespan": ordered["recency"] / units_per_year,
            "returned": ordered["frequency"] > 0,
            "base": base,
            "lost": (base & ~after).astype(float),
            "cac": each["cac"],
            "ordered": each["order_cost"] * (ordered["frequency"] + 1),
            "service_cost": each["service_cost"],
        }
    )


def _frequency_note(age: float, revenue: float) -> str:
    notes = []
    if age == 0:
        notes.append("no time observed after the first purchase: a yearly purchase frequency does not exist")
    elif age < SHORT_EXPOSURE_YEARS:
        notes.append(f"observed for {age:.2g} years on average: the yearly purchase frequency is extrapolated")
    if np.isnan(revenue):
        notes.append("the money of some purchases is missing: no average order value")
    return "; ".join(notes)


def _churn_note(base: int, churn: float, recorded: bool, inactivity_months: float) -> str:
    if not recorded:
        return "churn not observable: the table does not say who was active before and after the threshold"
    if base == 0:
        return (
            "churn not observable: no customer bought in the 12 months that end "
            f"{inactivity_months:g} months before the end of observation"
        )
    if churn == 0:
        return f"no customer lost, out of {base:,}: 1 / churn is infinite"
    return ""


def _rate(
    aov: ArrayLike, purchase_frequency: ArrayLike, margin: float, order_cost: ArrayLike, service_cost: ArrayLike
) -> NDArray[np.float64]:
    """Money a year, after what orders and service cost."""
    each = margin * _float(aov) - _float(order_cost)
    return np.asarray(each * _float(purchase_frequency) - _float(service_cost), dtype=np.float64)


def _times(rate: NDArray[np.float64], years: NDArray[np.float64]) -> NDArray[np.float64]:
    """Multiply, with no money in an endless time being no money."""
    with np.errstate(invalid="ignore"):
        return np.where((rate == 0) & np.isinf(years), 0.0, rate * years)


def _float(values: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64)


def _first(labels: list[str], at_most: int = 5) -> str:
    named = ", ".join(repr(label) for label in labels[:at_most])
    return named + (f" and {len(labels) - at_most} more" if len(labels) > at_most else "")
