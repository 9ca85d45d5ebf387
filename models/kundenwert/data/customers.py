"""The customer table: one row per customer, with the time scale and the dates that give it meaning."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert.data.account import Entry, RowAccount
from kundenwert.errors import DomainError, SchemaError
from kundenwert.messages import Code, as_table, in_line, several
from kundenwert.sources import SourceInfo

DAYS_PER_UNIT: Mapping[str, float] = MappingProxyType({"D": 1.0, "W": 7.0, "M": 365.25 / 12, "Y": 365.25})
MISSING_COHORT = "(missing)"

ROUNDING = 1 + 1e-9
"""How far one time may exceed another that bounds it, for 0.1 + 0.2 is more than 0.3 to a computer."""

EVERYBODY = "all"
"""Cohort of everybody, where nothing tells customers apart, and name of the row that pools all cohorts."""


def name_of_everybody(cohorts: Iterable[str]) -> str:
    """Name the row that pools cohorts, so that it is none of them.

    Examples
    --------
    >>> name_of_everybody(["web", "shop"]), name_of_everybody(["all", "web"])
    ('all', 'all (total)')
    """
    taken, name = set(cohorts), EVERYBODY
    while name in taken:
        name += " (total)"
    return name


type Column = NDArray[np.float64]
type Rules = dict[str, NDArray[np.bool_]]
"""By what may not be, the rows in which it is."""


@dataclass(frozen=True)
class CustomerSummary:
    """One row per customer, with the time scale and the dates that give the numbers their meaning.

    Parameters
    ----------
    table : pandas.DataFrame
        Sorted by `customer_id`: `customer_id, cohort, first_purchase, last_purchase, frequency` (repeat purchase days),
        `recency` (from first to last purchase, NOT since the last purchase), `T` (from first purchase to the end of
        observation), `log_gaps` (sum over the repeat purchase days of the logarithm of the time since the one before;
        0 where `frequency` is 0), `monetary_value` (mean of the repeat purchase days; missing where `frequency` is 0),
        `first_value`, `value_to_date`, `margin_to_date` where rows state their margins, `active_before`,
        `active_after` (a purchase in the year before the inactivity
        window, and within it), and with a hold-out `holdout_purchases, holdout_value`.
    time_unit : {"D", "W", "M", "Y"}
        Unit of `recency` and `T`.
    observation_start, observation_end : datetime.date or None
        First purchase day of the log, last day of observation (inclusive).
    holdout_end : datetime.date or None
        Last day of the hold-out (inclusive).
    cohort : str
        What the cohorts are.
    inactivity_months : int
        Length of the inactivity window.
    account : RowAccount
        What happened to every input row.
    source : SourceInfo
        Where the rows came from.
    """

    table: pd.DataFrame
    time_unit: str
    observation_start: dt.date | None
    observation_end: dt.date | None
    holdout_end: dt.date | None
    cohort: str
    inactivity_months: int
    account: RowAccount
    source: SourceInfo
    stated_window: float | None = None
    stated_holdout: float | None = None

    def __repr__(self) -> str:
        return in_line("CustomerSummary", self._facts())

    def _repr_html_(self) -> str:
        return as_table("Customer summary", self._facts())

    def _facts(self) -> list[tuple[str, str]]:
        """What is true of all customers together: no single one is among it."""
        returned = int((self.table["frequency"] > 0).sum())
        observed = f"{self.window:,.4g} {self.time_unit}"
        if self.observation_start is not None and self.observation_end is not None:
            observed = f"{self.observation_start} to {self.observation_end} ({observed})"
        facts = [("customers", f"{len(self):,}, {returned:,} of them came back"), ("observed", observed)]
        if self.holdout_length is not None:
            until = "" if self.holdout_end is None else f"to {self.holdout_end} "
            facts.append(("hold-out", f"{until}({self.holdout_length:,.4g} {self.time_unit})"))
        return [*facts, ("cohorts", f"{self.table['cohort'].nunique():,}, by {self.cohort!r}")]

    def __len__(self) -> int:
        """Return the number of customers."""
        return len(self.table)

    @property
    def days_per_unit(self) -> float:
        """Length of the time unit in days."""
        return DAYS_PER_UNIT[self.time_unit]

    @property
    def units_per_year(self) -> float:
        """Time units in a year of 365.25 days."""
        return 365.25 / self.days_per_unit

    @property
    def margin_share(self) -> float | None:
        """Contribution margin of all revenue so far, in rows that state theirs; None where none do."""
        if "margin_to_date" not in self.table:
            return None
        return float(self.table["margin_to_date"].sum() / self.table["value_to_date"].sum())

    @property
    def window(self) -> float:
        """Length of the observation, in time units; the longest `T` where no dates are known."""
        if self.stated_window is not None:
            return self.stated_window
        if self.observation_start is None or self.observation_end is None:
            return float(self.table["T"].max())
        return (self.observation_end - self.observation_start).days / self.days_per_unit

    @property
    def holdout_length(self) -> float | None:
        """Length of the hold-out, in time units; None without one."""
        if self.stated_holdout is not None or self.holdout_end is None or self.observation_end is None:
            return self.stated_holdout
        return (self.holdout_end - self.observation_end).days / self.days_per_unit

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        time_unit: str,
        window: float | None = None,
        holdout_length: float | None = None,
        inactivity_months: int = 12,
    ) -> CustomerSummary:
        """Make a summary from a table that already has one row per customer.

        Parameters
        ----------
        frame : pandas.DataFrame
            Columns `frequency, recency, T`; `customer_id` (else the index, whatever its name), `log_gaps` (which
            `MBGCNBD` needs), `monetary_value`, `cohort` and the other columns of a summary's table are taken over where
            they are there. A `recency` that exceeds `T` by rounding only, by a billionth of it, is taken to be `T`.
        time_unit : {"D", "W", "M", "Y"}
            Unit of `recency` and `T`.
        window : float, optional
            Length of the observation in time units; the longest `T` if not given.
        holdout_length : float, optional
            Length of the hold-out in time units, where the table has `holdout_purchases`.
        inactivity_months : int
            Length of the inactivity window behind `active_before` and `active_after`.

        Returns
        -------
        CustomerSummary

        Raises
        ------
        SchemaError
            If a column is missing or not numeric.
        DomainError
            If a value cannot be: negative or fractional counts, `recency` beyond `T`, a customer twice, nobody
            observed for any time.

        Examples
        --------
        >>> frame = pd.DataFrame({"frequency": [2, 0], "recency": [30.43, 0.0], "T": [38.86, 38.86]})
        >>> CustomerSummary.from_frame(frame, time_unit="W").window
        38.86
        """
        days_per_unit(time_unit)
        table = _checked(frame)
        if window is not None and window < table["T"].max() <= window * ROUNDING:
            window = float(table["T"].max())
        if window is not None and not table["T"].max() <= window < np.inf:
            short = f"shorter than the longest T, {table['T'].max():g}"
            raise DomainError(f"window={window} is {short if window < np.inf else 'not finite'}")
        if not (table["T"].max() if window is None else window) > 0:
            raise DomainError("nobody was observed for any time: T is 0 for every customer")
        if holdout_length is not None and not 0 < holdout_length < np.inf:
            raise DomainError(f"holdout_length={holdout_length} must be above 0, and finite")
        if inactivity_months != int(inactivity_months) or inactivity_months < 1:
            raise DomainError(f"inactivity_months={inactivity_months} must be a whole number, 1 or more")
        account = RowAccount(len(table), (Entry("kept", Code.CUSTOMER_ROW, len(table)),))
        info = SourceInfo(name="customer table", kind="pandas")
        cohort = "cohort" if "cohort" in frame.columns else "none"
        return cls(table, time_unit, None, None, None, cohort, inactivity_months, account, info, window, holdout_length)


def days_per_unit(time_unit: str) -> float:
    """Return the length of a time unit in days, or say which units there are.

    Examples
    --------
    >>> days_per_unit("M")
    30.4375
    """
    if time_unit not in DAYS_PER_UNIT:
        raise DomainError(f"time_unit={time_unit!r} is not understood; choose one of {', '.join(DAYS_PER_UNIT)}")
    return DAYS_PER_UNIT[time_unit]


def cost_by_cohort(cohort: pd.Series, stated: Mapping[str, float], what: str = "acquisition cost") -> pd.Series:
    """Give each customer the cost of the cohort of its name, whether names are texts or numbers.

    Raises
    ------
    DomainError
        If a cohort has no cost.

    Examples
    --------
    >>> cost_by_cohort(pd.Series(["web", "fair", "web"]), {"fair": 120.5, "web": 35.0}).tolist()
    [35.0, 120.5, 35.0]
    """
    costs = {str(label): float(cost) for label, cost in stated.items()}
    labels = cohort.astype(str)
    if missing := sorted(set(labels) - set(costs)):
        given = ", ".join(map(repr, sorted(costs)[:5]))
        known = "" if set(labels) & set(costs) else f" (no cohort has a name that has one: {given})"
        raise DomainError(
            f"no {what} for {several(len(missing), 'cohort')}: {', '.join(map(repr, missing[:5]))}{known}; "
            "give one for each, 0 where nothing was spent, or choose the cohorts that the costs are for"
        )
    return labels.map(costs)


def cost_of_each(table: pd.DataFrame, stated: float | Mapping[str, float], what: str) -> pd.Series:
    """Give each customer a cost that is stated for all, or by cohort.

    Raises
    ------
    DomainError
        If a cohort of the table has no cost, or a cost is negative or not finite.

    Examples
    --------
    >>> cost_of_each(pd.DataFrame({"cohort": ["web", "fair"]}), {"fair": 120.5, "web": 35.0}, "cost").tolist()
    [35.0, 120.5]
    """
    if isinstance(stated, Mapping) and "cohort" not in table:
        raise SchemaError(f"the {what} by cohort needs the column 'cohort', which is missing")
    if isinstance(stated, Mapping):
        costs = cost_by_cohort(table["cohort"], stated, what)
    else:
        costs = pd.Series(float(stated), index=table.index)
    bad = ~(np.isfinite(costs) & (costs >= 0))
    if bad.any():
        number = several(int(bad.sum()), "customer")
        raise DomainError(f"the {what} must be a finite number ≥ 0; it is {costs[bad].iloc[0]} for {number}")
    return costs


def _offending(table: pd.DataFrame, wrong: NDArray[np.bool_]) -> str:
    ids = table.loc[wrong, "customer_id"]
    return f"in {several(len(ids), 'row')} (first: customers {', '.join(map(repr, ids.head(3)))})"


def _checked(frame: pd.DataFrame) -> pd.DataFrame:
    missing = [name for name in ("frequency", "recency", "T") if name not in frame.columns]
    if missing:
        raise SchemaError(f"the customer table has no column {' and no column '.join(map(repr, missing))}")
    if frame.empty:
        raise DomainError("the customer table has no rows")
    table = frame.reset_index(drop=True)
    if "customer_id" not in table:
        table.insert(0, "customer_id", frame.index)
    if table["customer_id"].isna().any():
        raise DomainError(f"customer_id is missing in {several(int(table['customer_id'].isna().sum()), 'row')}")
    table["customer_id"] = table["customer_id"].astype(str)
    times, money = ("recency", "T", "log_gaps"), ("monetary_value", "first_value", "holdout_value")
    for name in ("frequency", "holdout_purchases", *times, *money):
        if name in table and not pd.api.types.is_numeric_dtype(table[name]):
            raise SchemaError(f"column {name!r} of the customer table is not numeric")
    if "monetary_value" not in table:
        table["monetary_value"] = np.nan
    x, t_x, T, z = (table[name].to_numpy(dtype=float) for name in ("frequency", "recency", "T", "monetary_value"))
    t_x = np.where((t_x > T) & (t_x <= T * ROUNDING), T, t_x)
    for rule, wrong in _rules(table, x, t_x, T, z).items():
        if np.any(wrong):
            raise DomainError(f"{rule}: violated {_offending(table, wrong)}")
    table["frequency"] = x.astype(np.int64)
    table["recency"], table["T"], table["monetary_value"] = t_x, T, np.where(x == 0, np.nan, z)
    table["cohort"] = table["cohort"].fillna(MISSING_COHORT).astype(str) if "cohort" in table else EVERYBODY
    return table.sort_values("customer_id", kind="stable").reset_index(drop=True)


def _rules(table: pd.DataFrame, x: Column, t_x: Column, T: Column, z: Column) -> Rules:
    """What may not be, and in which rows it is: of histories, values, and what else a table states."""
    rules: Rules = {
        "customer_id stands more than once": table["customer_id"].duplicated(keep=False).to_numpy(),
        "frequency, recency and T must be finite": ~(np.isfinite(x) & np.isfinite(t_x) & np.isfinite(T)),
        "frequency must be a whole number, 0 or more": (x < 0) | (x != np.floor(x)),
        "recency must lie between 0 and T (it counts from the first purchase to the last)": (t_x < 0) | (t_x > T),
        "recency must be 0 where frequency is 0": (x == 0) & (t_x != 0),
        "recency must be above 0 where frequency is": (x > 0) & (t_x == 0),
        "monetary_value must be 0 or more, and finite": (z < 0) | np.isinf(z),
    }
    if "first_value" in table:
        rules["first_value must be finite, or missing"] = np.isinf(table["first_value"].to_numpy(dtype=float))
    if "holdout_purchases" in table:
        later = table["holdout_purchases"].to_numpy(dtype=float)
        rules["holdout_purchases must be a whole number, 0 or more"] = ~(
            (later >= 0) & (later == np.floor(later)) & np.isfinite(later)
        )
    if "log_gaps" in table:
        rules |= _gap_rules(x, t_x, table["log_gaps"].to_numpy(dtype=float))
    return rules


def _gap_rules(x: Column, t_x: Column, gaps: Column) -> Rules:
    """What cannot be of logarithms of gaps: with a given sum of gaps theirs is largest where all are equal."""
    with np.errstate(divide="ignore", invalid="ignore"):
        most = np.where(x > 0, x * np.log(t_x / x), 0.0)
        slack = (ROUNDING - 1) * (x + np.abs(most))
        return {
            "log_gaps must be finite": ~np.isfinite(gaps),
            "log_gaps must be 0 where frequency is 0": (x == 0) & (gaps != 0),
            "log_gaps must be log(recency) where frequency is 1": (x == 1) & (np.abs(gaps - most) > 1e-6 + slack),
            "log_gaps cannot exceed frequency · log(recency / frequency)": gaps > most + slack,
        }
