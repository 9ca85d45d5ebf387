"""Which customers are asked about, when, and whether a posterior may be asked."""

from __future__ import annotations

import datetime as dt
import difflib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import batched
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert.errors import DomainError, FitError, SchemaError
from kundenwert.laws import History, Parameters, PurchaseLaw
from kundenwert.messages import Code
from kundenwert.predict import blocks, scoring_of
from kundenwert.settings.values import day
from kundenwert.value.quantiles import quantile_columns
from kundenwert.value.terms import check_cohorts, check_purchases

if TYPE_CHECKING:
    from kundenwert.bayes import Scoring
    from kundenwert.data import CustomerSummary
    from kundenwert.predict import Purchases

type Array = NDArray[np.float64]
type When = float | str | dt.date

MONTHS = 12


class Moments(NamedTuple):
    """Moments as time after the end of observation, in time units, and as dates, missing where no dates are known."""

    time: Array
    date: pd.DatetimeIndex


def scoring_for(purchases: Purchases, summary: CustomerSummary, samples: int | None = None) -> Scoring[PurchaseLaw]:
    """What is needed of a posterior of purchases to say something of a summary's customers.

    Raises
    ------
    FitError
        If it did not converge, or is of another model, time unit or kind of cohorts.
    DomainError
        If not even one draw is asked for.
    """
    if samples is not None and samples < 1:
        raise DomainError(f"samples={samples}: at least one draw is needed")
    if not hasattr(purchases, "population"):  # a fit, with its diagnosis
        check_purchases(purchases, summary.time_unit)
        check_cohorts((purchases,), summary)
    found = scoring_of(purchases)
    if not isinstance(found.law, PurchaseLaw):
        raise FitError(f"a fit of {found.law.name} says nothing about purchases")
    return found.thin(samples)


def rows_of(table: pd.DataFrame, ids: Sequence[object] | None) -> NDArray[np.int64]:
    """Rows of customers, in the order of the table.

    Raises
    ------
    DomainError
        If the table has no such customer; similar ids are named.

    Examples
    --------
    >>> rows_of(pd.DataFrame({"customer_id": ["a", "b", "c"]}), ["c", "a"])
    array([0, 2])
    """
    if ids is None:
        return np.arange(len(table))
    if isinstance(ids, str):
        raise SchemaError(f"ids={ids!r} is one text; write ids=[{ids!r}]")
    known = table["customer_id"].astype(str)
    wanted = {str(one) for one in ids}
    if unknown := sorted(wanted - set(known)):
        close = difflib.get_close_matches(unknown[0], known.to_list(), n=3)
        raise DomainError(
            Code.NO_SUCH_CUSTOMER_CLOSE if close else Code.NO_SUCH_CUSTOMER,
            parameter="customer_id",
            given=unknown[0],
            customers=len(table),
            close=" or ".join(map(repr, close)),
        )
    return np.flatnonzero(known.isin(wanted).to_numpy())


def moments(summary: CustomerSummary, at: Sequence[When] | When) -> Moments:
    """Read moments that are stated as dates or as time after the end of observation, in ascending order.

    Raises
    ------
    DomainError
        If one is no date and no finite number, or dates are not known.

    Examples
    --------
    >>> from kundenwert.data import CustomerSummary
    >>> summary = CustomerSummary.from_frame(pd.DataFrame({"frequency": [0], "recency": [0.0], "T": [9.0]}),
    ...                                      time_unit="W")
    >>> moments(summary, [4, 0.5]).time
    array([0.5, 4. ])
    """
    given = [at] if isinstance(at, str | float | int | np.number | dt.date) else list(at)
    times = np.unique([_time(summary, one) for one in given])
    if times.size == 0 or not np.isfinite(times).all():
        raise DomainError(Code.NO_MOMENT, parameter="at", given=", ".join(map(repr, given)) or "nothing")
    return Moments(times, dates(summary, times))


def dates(summary: CustomerSummary, times: Array, *, complete: bool = False) -> pd.DatetimeIndex:
    """Dates of times after the end of observation: the day begun, or the first by which the time is over.

    Examples
    --------
    >>> import datetime as dt
    >>> from dataclasses import replace
    >>> from kundenwert.data import CustomerSummary
    >>> frame = pd.DataFrame({"frequency": [0], "recency": [0.0], "T": [9.0]})
    >>> summary = replace(CustomerSummary.from_frame(frame, time_unit="W"), observation_end=dt.date(1997, 9, 30))
    >>> dates(summary, np.array([1.0, 1.1])).day.tolist(), dates(summary, np.array([1.1]), complete=True).day.tolist()
    ([7, 7], [8])
    """
    days = np.asarray(times, dtype=np.float64) * summary.days_per_unit
    whole = np.ceil(days - 1e-9) if complete else np.floor(days + 1e-9)
    if summary.observation_end is None:
        return pd.DatetimeIndex(np.full(whole.shape, "NaT", dtype="datetime64[s]"))
    since = pd.to_timedelta(np.where(np.isfinite(whole), whole, np.nan), unit="D")
    return pd.DatetimeIndex(pd.Timestamp(summary.observation_end) + since).as_unit("s")


def _time(summary: CustomerSummary, one: When) -> float:
    if not isinstance(one, str | dt.date):
        return float(one)
    stated = day(one, "at")
    if summary.observation_end is None:
        raise DomainError(Code.NO_DATES_KNOWN, parameter="at", given=repr(str(one)))
    return (stated - summary.observation_end).days / summary.days_per_unit


def months_ahead(summary: CustomerSummary, number: int, *, every: int = 1) -> Array:
    """So many times ahead, from now on, each some twelfths of a year after the other."""
    return np.arange(number + 1) * every * summary.units_per_year / MONTHS


def in_blocks[Part](
    scoring: Scoring[PurchaseLaw],
    table: pd.DataFrame,
    of: Callable[[NDArray[np.int64], History, Parameters], Part],
) -> Iterator[tuple[NDArray[np.int64], Part]]:
    """Compute something of customers, some customers at a time in each processor, in an order that is always the same.

    Parameters
    ----------
    scoring
        Whose law is asked.
    table
        The customers.
    of
        From their rows, histories and parameters to what is wanted.
    """
    laws, history = scoring.laws(table), History.of(table)
    step = max(1, blocks.BLOCK_CELLS // scoring.samples)
    order = np.lexsort((table["recency"], table["frequency"], table["T"]))
    chosen = [order[start : start + step] for start in range(0, len(table), step)]
    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        for some in batched(chosen, 4 * workers):
            yield from zip(some, pool.map(lambda rows: of(rows, history.at(rows), laws(rows)), some), strict=True)


def columns_of(
    scoring: Scoring[PurchaseLaw],
    table: pd.DataFrame,
    of: Callable[[NDArray[np.int64], History, Parameters], list[Array]],
) -> list[Array]:
    """Columns of customers, computed in blocks, in the order of the table."""
    rows, parts = zip(*in_blocks(scoring, table, of), strict=True)
    back = np.argsort(np.concatenate(rows))
    return [np.concatenate(column)[back] for column in zip(*parts, strict=True)]


def band(name: str, draws: Array) -> dict[str, Array]:
    """Mean and quantiles over the last axis of draws, by the names of columns.

    Examples
    --------
    >>> {name: round(at.item(), 3) for name, at in band("p_alive", np.linspace(0, 1, 101)[None]).items()}
    {'p_alive_mean': 0.5, 'p_alive_q05': 0.05, 'p_alive_q50': 0.5, 'p_alive_q95': 0.95}
    """
    return {f"{name}_mean": draws.mean(axis=1), **quantile_columns(name, draws)}
