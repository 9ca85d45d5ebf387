"""Whether customers still are customers: of each as its history unfolds and afterwards, and of cohorts as they age."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert.errors import DomainError, SchemaError, check_seed
from kundenwert.kernels.streams import customer_keys
from kundenwert.laws import History, Parameters
from kundenwert.messages import Code, Setting
from kundenwert.outlook.asked import (
    MONTHS,
    Moments,
    band,
    columns_of,
    dates,
    in_blocks,
    moments,
    months_ahead,
    rows_of,
    scoring_for,
)
from kundenwert.predict import Purchases, keys_of

if TYPE_CHECKING:
    from kundenwert.data import CustomerSummary, TransactionLog
    from kundenwert.outlook.asked import When

type Array = NDArray[np.float64]

NEW, TODAY = "new", "today"
"""Customers who have just made their first purchase, and those of today with their histories."""

_STEP = 0x9E3779B97F4A7C15


def alive_over_time(
    purchases: Purchases,
    summary: CustomerSummary,
    at: Sequence[When] | When | None = None,
    *,
    ids: Sequence[object] | None = None,
    log: TransactionLog | None = None,
    samples: int | None = 1000,
) -> pd.DataFrame:
    r"""Probability that customers are customers, at times past and to come.

    For the past it is what could have been said on that day: `P(alive | x, t_x, T)` with the purchases up to it, under
    the parameters known today. For the time u to come it is `P(alive at T + u | x, t_x, T)`.

    Parameters
    ----------
    purchases
        A fit of a law of purchases, or what is needed of one.
    summary
        The customers.
    at
        Dates, or times after the end of observation in time units, negative for the past; each month of the year to
        come if not given, and with a log those since the first purchase, too.
    ids
        Which customers; all if not given.
    log
        What the summary was made from; needed for the past. Credit notes are taken off as they are known at the end of
        observation.
    samples
        Draws of the posterior; None for all.

    Returns
    -------
    pandas.DataFrame
        One row per customer and time, customers in the order of the summary: `customer_id, date, time` (after the end
        of observation), `p_alive_mean, p_alive_q05, p_alive_q50, p_alive_q95` in [0, 1], whose interval says how well
        the probability is known; missing before the first purchase.

    Raises
    ------
    DomainError
        If a customer or a time is not known, the past is asked for without a log, or the log is another one.
    FitError
        If the fit did not converge, or is of another time unit.

    Examples
    --------
    >>> from kundenwert.bayes import known
    >>> from kundenwert.data import CustomerSummary
    >>> from kundenwert.laws import ParetoNBD
    >>> fit = known(ParetoNBD(), r=0.55, alpha=10.6, s=0.61, beta=11.7)
    >>> frame = pd.DataFrame({"frequency": [2], "recency": [30.43], "T": [38.86]})
    >>> found = alive_over_time(fit, CustomerSummary.from_frame(frame, time_unit="W"), [0, 26])
    >>> found["p_alive_mean"].round(4).tolist()
    [0.8685, 0.6743]
    """
    scoring = scoring_for(purchases, summary, samples)
    table = summary.table.iloc[rows_of(summary.table, ids)].reset_index(drop=True)
    when = moments(summary, _default(summary, table, log) if at is None else at)
    past = when.time < 0
    histories = _histories(table, summary, when.time[past], log)

    def of(rows: NDArray[np.int64], history: History, law: Parameters) -> list[Array]:
        shape = (len(rows), scoring.samples)
        columns: list[dict[str, Array]] = []
        for then in histories:
            own = History(*(values[rows] for values in then))
            some = np.flatnonzero(own.T[:, 0] >= 0)
            draws = np.full(shape, np.nan)
            if some.size:
                laws = {name: values[some] if values.ndim == 2 else values for name, values in law.items()}
                draws[some] = scoring.law.p_alive(own.at(some), laws)
            columns.append(band("p_alive", draws))
        later = (scoring.law.p_alive(history, law, horizon=float(ahead)) for ahead in when.time[~past])
        columns += [band("p_alive", np.broadcast_to(draws, shape)) for draws in later]
        return [np.stack([column[name] for column in columns], axis=1) for name in columns[0]]

    values = columns_of(scoring, table, of)
    names = band("p_alive", np.zeros((1, 1)))
    return _long(table["customer_id"], when).assign(
        **{name: column.ravel() for name, column in zip(names, values, strict=True)}
    )


def _default(summary: CustomerSummary, table: pd.DataFrame, log: TransactionLog | None) -> list[float]:
    ahead = months_ahead(summary, MONTHS)
    since = 0 if log is None else int(table["T"].max() / ahead[1])
    return [*-months_ahead(summary, since)[:0:-1], *ahead]


def _long(ids: pd.Series, when: Moments) -> pd.DataFrame:
    """Every customer at every time."""
    number = when.time.size
    return pd.DataFrame(
        {
            "customer_id": ids.repeat(number).to_numpy(),
            "date": pd.DatetimeIndex(np.tile(when.date.to_numpy(), len(ids))),
            "time": np.tile(when.time, len(ids)),
        }
    )


def _histories(
    table: pd.DataFrame, summary: CustomerSummary, times: Array, log: TransactionLog | None
) -> list[History]:
    """Histories as they were known at times before the end of observation; T is negative before a first purchase."""
    if times.size == 0:
        return []
    if log is None or summary.observation_end is None:
        given = Setting("at", float(times[0]))
        raise DomainError(Code.PAST_NEEDS_LOG, parameter="log", given=given, log=Setting("log"))
    days = log.known(summary.observation_end)
    days = days.filter(days.date <= summary.observation_end, days.customer_id.isin(table["customer_id"].tolist()))
    bought: pd.DataFrame = days.select("customer_id", "date").to_pyarrow().to_pandas()
    customer = pd.Index(table["customer_id"]).get_indexer(pd.Index(bought["customer_id"]))
    since = (pd.to_datetime(bought["date"]) - pd.Timestamp(summary.observation_end)).dt.days.to_numpy()
    time = since / summary.days_per_unit
    now = _history_at(0.0, time, customer, len(table))
    wanted = table["frequency"].to_numpy(np.float64)
    if (wrong := np.flatnonzero(now.frequency[:, 0] != wanted)).size:
        who = wrong[0]
        raise DomainError(
            Code.LOG_OF_OTHERS,
            parameter="log",
            customer=str(table["customer_id"].iloc[who]),
            found=int(now.frequency[who, 0]) + 1,
            wanted=int(wanted[who]) + 1,
        )
    return [_history_at(float(at), time, customer, len(table)) for at in times]


def _history_at(at: float, time: Array, customer: NDArray[np.int64], customers: int) -> History:
    """Histories at a time, from the times of all purchases."""
    seen = time <= at + 1e-9
    first, last = np.full(customers, np.inf), np.full(customers, -np.inf)
    np.minimum.at(first, customer[seen], time[seen])
    np.maximum.at(last, customer[seen], time[seen])
    number = np.bincount(customer[seen], minlength=customers)
    some = number > 0
    recency = np.where(some, np.where(some, last, 0.0) - np.where(some, first, 0.0), 0.0)
    T = np.where(some, at - np.where(some, first, 0.0), -1.0)
    return History(*(column[:, None] for column in (np.maximum(number - 1.0, 0.0), recency, np.maximum(T, -1.0))))


def survival(
    purchases: Purchases,
    summary: CustomerSummary,
    at: Sequence[float] | None = None,
    *,
    by: str | None = "cohort",
    seed: int = 1,
    samples: int | None = 1000,
) -> pd.DataFrame:
    r"""Share of customers who still are customers as time goes on, by cohort.

    Of new customers, `1/n Σ_i P(alive at t | just begun)`, over the time since the first purchase; of today's,
    `1/n Σ_i P(alive at T + t | x, t_x, T)`, over the time from today on. Both within each draw over the cohort's
    customers, each with its own law.

    Parameters
    ----------
    purchases, summary
        As in `alive_over_time`.
    at
        Times, in time units, ≥ 0; every three months of three years if not given.
    by
        Column of the summary whose values are the cohorts; None for all customers together.
    seed
        Makes the outcomes reproducible.
    samples
        Draws of the posterior; None for all.

    Returns
    -------
    pandas.DataFrame
        One row for each of "new" and "today" in `customers_are`, cohort and time: `customers_are`, the column of
        cohorts, `customers, time`; `expected_survival_mean, _q05, _q50, _q95` (how well the expected share is known)
        and `survival_q05, _q50, _q95` (the share of so many customers that will really be there), in [0, 1].

    Raises
    ------
    DomainError
        If a time is negative.
    SchemaError
        If there is no such column.
    FitError
        If the fit did not converge, or is of another time unit.

    Examples
    --------
    >>> from kundenwert.bayes import known
    >>> from kundenwert.data import CustomerSummary
    >>> from kundenwert.laws import ParetoNBD
    >>> fit = known(ParetoNBD(), r=0.55, alpha=10.6, s=0.61, beta=11.7)
    >>> frame = pd.DataFrame({"frequency": [2], "recency": [30.43], "T": [38.86]})
    >>> found = survival(fit, CustomerSummary.from_frame(frame, time_unit="W"), [0, 26])
    >>> found[["customers_are", "time", "expected_survival_mean"]].round(4).values.tolist()
    [['new', 0.0, 1.0], ['new', 26.0, 0.4898], ['today', 0.0, 0.8685], ['today', 26.0, 0.6743]]
    """
    check_seed(seed)
    scoring = scoring_for(purchases, summary, samples)
    times = months_ahead(summary, MONTHS, every=3) if at is None else moments(summary, at).time
    if (times < 0).any():
        raise DomainError(Code.TIME_BEFORE_NOW, parameter="at", given=Setting("at", float(times[0])))
    table = summary.table.reset_index(drop=True)
    if by is not None and by not in table:
        raise SchemaError(f"the customers have no column {by!r}; they have {', '.join(table.columns)}")
    codes, labels = pd.factorize(np.full(len(table), "all") if by is None else table[by].astype(str), sort=True)
    cohorts = [str(label) for label in labels]
    keys = keys_of(table["customer_id"], seed=seed)

    def of(rows: NDArray[np.int64], history: History, law: Parameters) -> Array:
        lasting = _lasting(keys[rows], scoring.samples)
        sums = np.zeros((2, 2, times.size, len(cohorts), scoring.samples))
        share = (codes[rows][:, None] == np.arange(len(cohorts))).astype(np.float64)
        begun = History(*(np.zeros_like(values) for values in history))
        for kind, own in enumerate((begun, history)):
            for place, ahead in enumerate(times):
                alive = np.broadcast_to(scoring.law.p_alive(own, law, horizon=float(ahead)), lasting.shape)
                sums[0, kind, place] = share.T @ alive
                sums[1, kind, place] = share.T @ (lasting < alive).astype(np.float64)
        return sums

    sums = sum(part for _, part in in_blocks(scoring, table, of))
    counts = np.bincount(codes, minlength=len(cohorts))
    return _shares(np.asarray(sums), summary, times, by or "cohort", cohorts, counts)


def _shares(
    sums: Array, summary: CustomerSummary, times: Array, by: str, cohorts: Sequence[str], counts: NDArray[np.int64]
) -> pd.DataFrame:
    """Sums over cohorts, of shape (expected or outcome, new or today, times, cohorts, samples), as shares."""
    parts = []
    for kind, name in enumerate((NEW, TODAY)):
        for place, cohort in enumerate(cohorts):
            expected, outcome = (values[kind, :, place] / counts[place] for values in sums)
            columns = band("expected_survival", expected) | band("survival", outcome)
            del columns["survival_mean"]  # of the expectation and of the outcome it is the same
            date = dates(summary, times if kind else np.full(times.size, np.nan))
            known = {"customers_are": name, by: cohort, "customers": counts[place], "date": date, "time": times}
            parts.append(pd.DataFrame(known | columns))
    return pd.concat(parts, ignore_index=True)


def _lasting(keys: NDArray[np.uint64], samples: int) -> Array:
    """A uniform number for each customer and draw: a customer is one as long as it is below the probability."""
    draws = np.arange(1, samples + 1, dtype=np.uint64) * np.uint64(_STEP)
    words = customer_keys(0, keys[:, None] + draws)
    return (words >> np.uint64(12)).astype(np.float64) * 2.0**-52
