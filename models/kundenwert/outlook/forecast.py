"""What each month to come may bring, or any windows of time: of customers, of their cohorts, and in total."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert.bayes.scoring import Scoring
from kundenwert.errors import DomainError
from kundenwert.kernels.arithmetic import product
from kundenwert.kernels.futures import running_sums, window_sums
from kundenwert.messages import Code, Setting, as_table, in_line
from kundenwert.outlook.asked import band, dates, moments
from kundenwert.predict import CustomerDraws, Horizon, Purchases, Spend, read_draws, scorings
from kundenwert.settings import Terms
from kundenwert.value.quantiles import quantile_columns
from kundenwert.value.terms import (
    check_cohorts,
    check_fits,
    check_purchases,
    check_spend,
    check_terms,
    cost_of,
    horizon_of,
    number,
)

if TYPE_CHECKING:
    from kundenwert.calendar import Calendar
    from kundenwert.data import CustomerSummary
    from kundenwert.outlook.asked import When

type Array = NDArray[np.float64]
type Every = Literal["week", "month", "quarter", "year"]
type Windows = Sequence[tuple[When, When]]

_PERIODS = {"week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}
_QUANTITIES = ("expected_purchases", "purchases", "expected_rlv", "rlv")


@dataclass(frozen=True)
class Forecast:
    """Forecasts of windows of time, of customers, cohorts and all together.

    Parameters
    ----------
    customers
        One row per customer and window: `customer_id, start, end` (first and last day), `start_time, end_time` (after
        the end of observation), `p_purchase, expected_purchases_mean, purchases_q05` … `rlv_mean, rlv_q05` …
        `expected_rlv_q05` …, as in the value table, of that window alone.
    cohorts, total
        The same of sums over customers within each draw.
    terms
        What turned purchases into money.
    time_unit
        Unit of all times.
    marks
        Cautions that belong beside the numbers.
    """

    customers: pd.DataFrame
    cohorts: pd.DataFrame
    total: pd.DataFrame
    terms: Terms
    time_unit: str
    marks: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return in_line("Forecast", self._facts())

    def _repr_html_(self) -> str:
        return as_table("Forecast", self._facts())

    def _facts(self) -> list[tuple[str, str]]:
        """What is true of all customers together."""
        total = self.total
        return [
            ("windows", f"{len(total):,}, up to {total['end_time'].max():,.4g} {self.time_unit} ahead"),
            ("customers", f"{self.customers['customer_id'].nunique():,}"),
            ("cohorts", f"{self.cohorts['cohort'].nunique():,}"),
        ]


def forecast(
    purchases: Purchases,
    spend: Spend,
    summary: CustomerSummary,
    terms: Terms | None = None,
    *,
    every: Every | float = "month",
    windows: Windows | None = None,
    cumulative: bool = False,
    seed: int = 1,
    samples: int | None = None,
    threads: int | None = None,
    advance: Callable[[int], object] | None = None,
    calendar: Calendar | None = None,
    **changes: object,
) -> Forecast:
    """Forecast purchases and value window by window, from the draws that the value table is made of.

    Money is discounted from the end of observation, multiplied by the margin and net of what orders and service cost,
    as there, so that windows from there to the horizon add up to it: in each draw, and in expectation.

    Parameters
    ----------
    purchases, spend, summary, terms
        As in `value_table`; fits, or what is needed of them.
    every
        "month" and the like: calendar months, the first and the last one cut by the end of observation and by the
        horizon. A number: windows of so many time units.
    windows
        Windows of your own instead, as pairs: from when (not included) to when, in time units after the end of
        observation, or as the days before the first one and of the last one. They may overlap; the terms' horizon does
        not matter then.
    cumulative
        Whether each window begins at the end of observation: several horizons at once.
    seed, samples, threads, advance
        As in `value_table`: with the same seed and draws, the outcomes are those of the table.
    calendar
        Factors of purchases and prices that all customers share within a draw, from `learn_calendar`: without one, sums
        over customers are surer than they may be, and no month differs from another.
    **changes
        Settings of `terms` by name, such as `horizon=52, margin=0.3`.

    Returns
    -------
    Forecast

    Raises
    ------
    DomainError
        If a window is none, or the horizon infinite.
    FitError
        If a fit did not converge, or is of another time unit.

    Examples
    --------
    >>> from kundenwert.bayes import known
    >>> from kundenwert.data import CustomerSummary
    >>> from kundenwert.laws import GammaGamma, ParetoNBD
    >>> frame = pd.DataFrame({"frequency": [2], "recency": [30.43], "T": [38.86], "monetary_value": [22.35]})
    >>> buy = known(ParetoNBD(), r=0.55, alpha=10.6, s=0.61, beta=11.7)
    >>> pay = known(GammaGamma(), p=6.25, q=3.74, v=15.44)
    >>> summary = CustomerSummary.from_frame(frame, time_unit="W")
    >>> found = forecast(buy, pay, summary, every=26, horizon=52)
    >>> found.total[["start_time", "end_time", "expected_purchases_mean"]].round(4).values.tolist()
    [[0.0, 26.0, 1.0196], [26.0, 52.0, 0.8243]]
    """
    assumed = check_terms(summary, terms, **changes)
    marks = _marks(purchases, spend, summary, allow=assumed.allow_unconverged)
    if calendar is not None:
        calendar.check(summary)
    own = horizon_of(assumed, summary.units_per_year)
    edges = _of_windows(summary, windows) if windows is not None else _of_calendar(summary, every, own.length)
    if cumulative:
        edges = np.column_stack([np.zeros(len(edges)), edges[:, 1]])
    buying, paying = scorings(purchases, spend, samples=samples)
    reader = _Windows(summary, edges, assumed, own.discount_rate, buying.samples)
    horizon = Horizon(float(edges[:, 1].max()), own.discount_rate)
    read_draws(
        buying,
        paying,
        summary.table,
        (reader,),
        horizon=horizon,
        seed=seed,
        threads=threads,
        calendar=calendar,
        advance=advance,
    )
    return Forecast(*reader.result(), assumed, summary.time_unit, marks)


def _marks(purchases: Purchases, spend: Spend, summary: CustomerSummary, *, allow: bool) -> tuple[str, ...]:
    """Refuse fits that may not be asked; of what is needed of a fit alone there is nothing to check."""
    if isinstance(purchases, Scoring):
        if isinstance(spend, Scoring):
            return ()
        return (*check_spend(spend, allow_unconverged=allow), *check_cohorts((spend,), summary))
    if isinstance(spend, Scoring):
        marks = check_purchases(purchases, summary.time_unit, allow_unconverged=allow)
        return (*marks, *check_cohorts((purchases,), summary))
    marks = check_fits(purchases, spend, summary.time_unit, allow_unconverged=allow)
    return (*marks, *check_cohorts((purchases, spend), summary))


def _of_windows(summary: CustomerSummary, windows: Windows) -> Array:
    """Starts and ends as stated."""
    found = []
    for window in windows:
        if len(window) != 2:
            raise DomainError(Code.NO_WINDOW, parameter="windows", given=repr(window))
        start, end = (float(moments(summary, one).time[0]) for one in window)
        if not 0 <= start < end:
            raise DomainError(Code.NO_WINDOW, parameter="windows", given=repr(tuple(window)))
        found.append((start, end))
    if not found:
        raise DomainError(Code.NO_WINDOW, parameter="windows", given="an empty list")
    return np.array(found)


def _of_calendar(summary: CustomerSummary, every: Every | float, horizon: float) -> Array:
    """Consecutive starts and ends up to the horizon."""
    if not np.isfinite(horizon):
        raise DomainError(
            Code.WINDOWS_ENDLESS, parameter="horizon", horizon=Setting("horizon"), windows=Setting("windows")
        )
    if isinstance(every, str):
        if every not in _PERIODS:
            raise DomainError(
                Code.CHOICE, parameter="every", given=Setting("every", every), choices=", ".join(_PERIODS)
            )
        if (end := summary.observation_end) is None:
            raise DomainError(Code.NO_DATES_KNOWN, parameter="every", given=Setting("every", every))
        after = pd.Timestamp(end) + pd.Timedelta(days=1)
        periods = pd.period_range(after, periods=2 + int(horizon * summary.days_per_unit / 7), freq=_PERIODS[every])
        days = (periods.end_time.normalize() - pd.Timestamp(end)).days.to_numpy()
        inner: Array = np.asarray(days / summary.days_per_unit, dtype=np.float64)
    else:
        if not 0 < every < np.inf:
            raise DomainError(Code.NOT_ABOVE_ZERO, parameter="every", given=Setting("every", every))
        inner = np.asarray(np.arange(1, int(horizon / every) + 1) * float(every), dtype=np.float64)
    ends = np.append(inner[inner < horizon * (1 - 1e-9)], horizon)
    return np.column_stack([np.append(0.0, ends[:-1]), ends])


class _Part(NamedTuple):
    """What is kept of a block."""

    rows: NDArray[np.int64]
    columns: dict[str, Array]
    cohorts: NDArray[np.int64]
    sums: dict[str, Array]


class _Windows:
    """Reads windows of time off customers' draws."""

    def __init__(
        self, summary: CustomerSummary, edges: Array, terms: Terms, discount_rate: float, samples: int
    ) -> None:
        self._summary, self._edges, self._margin, self._rate = summary, edges, number(terms.margin), discount_rate
        cohort = summary.table["cohort"]
        self._order = cost_of(terms, cohort, "order_cost")
        self._service = cost_of(terms, cohort, "service_cost") / summary.units_per_year
        self._cuts = np.unique(np.append(0.0, edges))
        self._codes, self._cohorts = pd.factorize(summary.table["cohort"], sort=True)
        shape = (len(edges), samples, len(self._cohorts))
        self._sums = {name: np.zeros(shape) for name in _QUANTITIES}
        self._columns: dict[str, Array] = {}

    def read(self, block: CustomerDraws) -> _Part:
        """Summarise each window of each customer of a block, and sum over cohorts."""
        draws = self._draws(block)
        columns = [_summarised({name: values[k] for name, values in draws.items()}) for k in range(len(self._edges))]
        codes = self._codes[block.rows]
        order = np.argsort(codes, kind="stable")
        present, starts = np.unique(codes[order], return_index=True)
        sums = {
            name: np.add.reduceat(values[:, order], starts, axis=1).transpose(0, 2, 1) for name, values in draws.items()
        }
        stacked = {name: np.stack([column[name] for column in columns], axis=1) for name in columns[0]}
        return _Part(block.rows, stacked, present, sums)

    def add(self, part: _Part) -> None:
        """Put a block's columns and sums to those of the others."""
        for name, values in part.columns.items():
            whole = self._columns.setdefault(name, np.empty((len(self._codes), len(self._edges))))
            whole[part.rows] = values
        for name, sums in part.sums.items():
            self._sums[name][:, :, part.cohorts] += sums

    def _draws(self, block: CustomerDraws) -> dict[str, Array]:
        """Each quantity, of shape (windows, customers, samples)."""
        shape, rate = block.p_alive.shape, self._rate
        futures = block.futures
        value: Array = block.event_value
        mean: Array = block.mean_value
        counts, money = window_sums(futures, value, mean, self._cuts, *shape)
        if rate > 0:
            tails = futures.tails
            mean = np.array(mean)
            mean[tails.cell] *= np.exp(-rate * tails.start)
            value = product(value, np.exp(-rate * futures.time))
            futures = futures._replace(tails=tails._replace(decay=tails.decay + rate))
            _, money = window_sums(futures, value, mean, self._cuts, *shape)
        nothing = np.zeros(shape)
        bought = np.stack([nothing if cut == 0 else block.expected_until(cut) for cut in self._cuts])
        paid = bought
        if rate > 0:
            paid = np.stack([nothing if cut == 0 else block.expected_until(cut, rate) for cut in self._cuts])
        worth = paid
        if block.calendar:
            at_prices = [block.expected_until(cut, rate, priced=True) for cut in self._cuts if cut > 0]
            worth = np.stack([nothing, *at_prices])
        draws = {
            "expected_purchases": self._between(np.diff(bought, axis=0)),
            "purchases": self._between(counts),
            "expected_rlv": product(self._between(np.diff(worth, axis=0)), self._margin * block.expected_spend),
            "rlv": self._margin * self._between(money),
        }
        if (self._order[block.rows] > 0).any() or (self._service[block.rows] > 0).any():
            expected, outcome = self._costs(block, paid)
            draws["expected_rlv"] = draws["expected_rlv"] - expected
            draws["rlv"] = draws["rlv"] - outcome
        return draws

    def _costs(self, block: CustomerDraws, bought: Array) -> tuple[Array, Array]:
        """What orders and service cost within each window: in expectation, and in each draw."""
        shape, rate = block.p_alive.shape, self._rate
        order, service = self._order[block.rows, None], self._service[block.rows, None]
        nothing = np.zeros(shape)
        time = np.stack([nothing if cut == 0 else block.time_until(cut, rate) for cut in self._cuts])
        drawn = [running_sums(block.futures, cut, rate, *shape) for cut in self._cuts if cut > 0]
        outcome = np.stack([nothing, *(order * number + service * lasting for number, lasting in drawn)])
        return self._between(np.diff(order * bought + service * time, axis=0)), self._between(np.diff(outcome, axis=0))

    def _between(self, steps: Array) -> Array:
        """Sums of what lies between neighbouring cuts, for each window."""
        first, last = (np.searchsorted(self._cuts, self._edges[:, k]) for k in (0, 1))
        return np.stack([steps[start:end].sum(axis=0) for start, end in zip(first, last, strict=True)])

    def result(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """The tables of customers, of cohorts and of all together."""
        ids, number_of = self._summary.table["customer_id"], len(self._edges)
        own = {name: values.ravel() for name, values in self._columns.items()}
        customers = pd.DataFrame({"customer_id": ids.repeat(number_of).to_numpy(), **self._when(len(ids)), **own})
        sizes = np.bincount(self._codes, minlength=len(self._cohorts))
        names = np.repeat(np.asarray(self._cohorts, dtype=str), number_of)
        of_cohorts = _of_sums({name: sums.transpose(2, 0, 1) for name, sums in self._sums.items()})
        known = {"cohort": names, "customers": np.repeat(sizes, number_of), **self._when(len(sizes))}
        of_all = _of_sums({name: sums.sum(axis=2)[None] for name, sums in self._sums.items()})
        total = pd.DataFrame({"customers": sizes.sum(), **self._when(1), **of_all})
        return customers, pd.DataFrame(known | of_cohorts), total

    def _when(self, times: int) -> dict[str, object]:
        start, end = self._edges.T
        first, last = dates(self._summary, start) + pd.Timedelta(days=1), dates(self._summary, end)
        days = {name: pd.DatetimeIndex(np.tile(at.to_numpy(), times)) for name, at in (("start", first), ("end", last))}
        return {**days, "start_time": np.tile(start, times), "end_time": np.tile(end, times)}


def _summarised(draws: dict[str, Array]) -> dict[str, Array]:
    """Columns of one window, from draws of shape (customers, samples)."""
    columns = {"p_purchase": (draws["purchases"] > 0).mean(axis=1)}
    for name in ("purchases", "rlv"):
        expected = band(f"expected_{name}", draws[f"expected_{name}"])
        columns[f"{'expected_' if name == 'purchases' else ''}{name}_mean"] = expected[f"expected_{name}_mean"]
        columns |= quantile_columns(name, draws[name])
        columns |= {f"expected_{name}_{end}": expected[f"expected_{name}_{end}"] for end in ("q05", "q95")}
    return columns


def _of_sums(draws: dict[str, Array]) -> dict[str, Array]:
    """Columns from draws of shape (groups, windows, samples)."""
    samples = draws["purchases"].shape[-1]
    return _summarised({name: values.reshape(-1, samples) for name, values in draws.items()})
