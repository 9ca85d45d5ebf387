"""From posteriors and a customer summary to draws for each customer, block by block.

Within one draw every customer shares the population's parameters, so sums over customers within a draw are draws of
the sum. A customer's randomness is keyed by the seed and the customer's own id: the same customer has the same draws
whatever the order of the table, the other customers in it, or the number of threads.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert.errors import DomainError, check_seed
from kundenwert.kernels.arithmetic import product
from kundenwert.kernels.clock import priced
from kundenwert.kernels.futures import Futures, running_sums, span_sums
from kundenwert.kernels.streams import customer_keys
from kundenwert.laws import History, Law, Parameters, PurchaseLaw, Spending, SpendLaw
from kundenwert.predict.ahead import Ahead

if TYPE_CHECKING:
    from kundenwert.bayes import Fit, Scoring
    from kundenwert.calendar import Calendar
    from kundenwert.calendar.calendar import Clocks
    from kundenwert.predict.horizon import Horizon

type Array = NDArray[np.float64]
type Purchases = Fit[PurchaseLaw] | Scoring[PurchaseLaw]
type Spend = Fit[SpendLaw] | Scoring[SpendLaw]

BLOCK_CELLS = 200_000
"""Customers × draws handled at a time: about 60 MB a thread, whatever the size of the table."""


class Running(NamedTuple):
    """What running costs are counted by, each array of shape (customers, samples).

    `purchases` and `time` are those of the drawn future, purchases and time as a customer within the horizon, each
    counting `exp(-discount rate · time from now)`; `past` is the time as a customer so far: T of one that is a customer
    still in this draw, and for one that is gone the expected time given that, since no draw says when it left.
    `expected_...` are expectations given the population's parameters.
    """

    purchases: Array
    time: Array
    past: Array
    expected_purchases: Array
    expected_time: Array
    expected_past: Array


@dataclass(frozen=True)
class CustomerDraws:
    """Draws for a block of customers, each array of shape (customers, samples).

    `purchases` and `value` are outcomes, with purchase, drop-out and spend noise. `expected_...` are expectations
    given the population's parameters: the purchase rate is that of somebody who is a customer still, the time is as a
    customer within the horizon. `value` is money discounted from the end of observation, before margin.
    `rows` says which rows of the table these customers are. `futures`, `event_value` and `mean_value` are the drawn
    purchases themselves, for whoever needs their times; `expected_until(time, discount_rate)` gives the expected
    purchases up to a time, each counting as much as prices are then if `priced=True`; `time_until` the expected time as
    a customer, `running` what running costs are counted by. `calendar` says whether purchases and prices follow one.
    """

    rows: NDArray[np.int64]
    p_alive: Array
    expected_purchase_rate: Array
    expected_time: Array
    expected_purchases: Array
    purchases: Array
    expected_spend: Array
    expected_value: Array
    value: Array
    futures: Futures
    event_value: Array
    mean_value: Array
    expected_until: Callable[..., Array]
    time_until: Callable[..., Array]
    running: Callable[[], Running]
    expected_holdout_purchases: Array | None = None
    holdout_purchases: Array | None = None
    expected_holdout_value: Array | None = None
    holdout_value: Array | None = None
    calendar: bool = False


class Reader[Part](Protocol):
    """Collects results from the draws, block by block, so that memory does not grow with the number of customers."""

    def read(self, block: CustomerDraws) -> Part:
        """Reduce a block to what is to be kept of it, in the thread that drew it."""

    def add(self, part: Part) -> None:
        """Add what was kept of a block; blocks come in order."""


def read_draws(
    purchases: Purchases,
    spend: Spend,
    table: pd.DataFrame,
    readers: Sequence[Reader[Any]],
    *,
    horizon: Horizon,
    seed: int = 1,
    samples: int | None = None,
    threads: int | None = None,
    calendar: Calendar | None = None,
    advance: Callable[[int], object] | None = None,
) -> None:
    """Draw every customer once, for any number of readers that each keep a part of the draws.

    Parameters
    ----------
    purchases, spend, table, horizon, seed, samples, threads, calendar
        As in `customer_blocks`.
    readers
        What is wanted of the draws.
    advance
        Called with the number of customers done, for progress.
    """

    def take(block: CustomerDraws) -> tuple[int, list[object]]:
        return len(block.rows), [reader.read(block) for reader in readers]

    for number, parts in _each_block(purchases, spend, table, take, horizon, seed, samples, threads, calendar):
        for reader, part in zip(readers, parts, strict=True):
            reader.add(part)
        if advance is not None:
            advance(number)


def customer_blocks(
    purchases: Purchases,
    spend: Spend,
    table: pd.DataFrame,
    *,
    horizon: Horizon,
    seed: int = 1,
    samples: int | None = None,
    threads: int | None = None,
    calendar: Calendar | None = None,
) -> Iterator[CustomerDraws]:
    """Draw purchases and their value for each customer, in blocks of customers with similar histories.

    Parameters
    ----------
    purchases, spend
        Fits of a law of purchases and of one of spend, or what is needed of them to score customers; their draws are
        paired by number.
    table
        Columns `customer_id, frequency, recency, T, monetary_value`, in the time unit of the fit, and `first_value`
        where the law of spend looks at it.
    horizon
        How far to look, and how to discount.
    seed
        Makes the draws reproducible, customer by customer.
    samples
        Draws for each customer; as many as the smaller posterior has if not given.
    threads
        Worker threads; as many as there are processors if not given. The result does not depend on it.
    calendar
        Factors of the rate of purchases and of prices that all customers share within a draw; none if not given. It
        must be learned up to the table's end of observation, in its unit of time (`Calendar.check`).

    Yields
    ------
    CustomerDraws
        Of a few customers each: memory does not grow with the table.
    """
    yield from _each_block(purchases, spend, table, lambda block: block, horizon, seed, samples, threads, calendar)


def _each_block[Result](
    purchases: Purchases,
    spend: Spend,
    table: pd.DataFrame,
    then: Callable[[CustomerDraws], Result],
    horizon: Horizon,
    seed: int,
    samples: int | None,
    threads: int | None,
    calendar: Calendar | None,
) -> Iterator[Result]:
    """Draw each block and do something with it in the thread that drew it; results come in the order of blocks."""
    check_seed(seed)
    buying, paying = scorings(purchases, spend, samples=samples)
    work = _Work.of(buying, paying, table, horizon, seed, calendar)
    step = max(1, BLOCK_CELLS // buying.samples)
    order = np.lexsort((table["recency"], table["frequency"], table["T"]))
    workers = threads or os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[Result]] = deque()
        for start in range(0, len(table), step):
            rows = order[start : start + step]
            waiting.append(pool.submit(_both, work.block, then, rows))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _both[Result](
    draw: Callable[[NDArray[np.int64]], CustomerDraws], then: Callable[[CustomerDraws], Result], rows: NDArray[np.int64]
) -> Result:
    return then(draw(rows))


def scoring_of[Of: Law](posterior: Fit[Of] | Scoring[Of]) -> Scoring[Of]:
    """What is needed of a posterior to score customers."""
    found: Any = posterior
    scoring: Scoring[Of] = getattr(found, "scoring", found)
    return scoring


def scorings(
    purchases: Purchases, spend: Spend, *, samples: int | None = None
) -> tuple[Scoring[PurchaseLaw], Scoring[SpendLaw]]:
    """Pair two posteriors: as many draws of each as the smaller one has, or fewer if asked for.

    Raises
    ------
    DomainError
        If not even one draw is asked for.
    """
    if samples is not None and samples < 1:
        msg = f"samples={samples}: at least one draw is needed"
        raise DomainError(msg)
    buying, paying = scoring_of(purchases), scoring_of(spend)
    most = min(buying.samples, paying.samples)
    size = most if samples is None else min(most, samples)
    return buying.thin(size), paying.thin(size)


@dataclass(frozen=True)
class _Work:
    """All that a block is drawn from."""

    buying: PurchaseLaw
    paying: SpendLaw
    laws: tuple[Callable[[NDArray[np.int64]], Parameters], Callable[[NDArray[np.int64]], Parameters]]
    history: History
    spending: Spending
    ids: pd.Series
    seed: int
    horizon: Horizon
    clocks: Clocks | None

    @classmethod
    def of(
        cls,
        buying: Scoring[PurchaseLaw],
        paying: Scoring[SpendLaw],
        table: pd.DataFrame,
        horizon: Horizon,
        seed: int,
        calendar: Calendar | None,
    ) -> _Work:
        """Take columns out of the table, once."""
        laws, spending = (buying.laws(table), paying.laws(table)), paying.law.spending(table)
        clocks = None if calendar is None else calendar.clocks(table, samples=buying.samples)
        return cls(
            buying.law, paying.law, laws, History.of(table), spending, table["customer_id"], seed, horizon, clocks
        )

    def block(self, rows: NDArray[np.int64]) -> CustomerDraws:
        """Expectations in closed form, then outcomes drawn from the customers' own streams."""
        buying, paying = self.buying, self.paying
        rates, prices = (law(rows) for law in self.laws)
        history, keys = self.history.at(rows), keys_of(self.ids.iloc[rows], seed=self.seed)
        spending = self.spending.at(rows)
        alive = buying.p_alive(history, rates)
        spend = np.broadcast_to(paying.expected_spend(spending, prices), alive.shape)
        clock = None if self.clocks is None else self.clocks.at(rows)
        ahead = Ahead(buying, history, rates, alive, clock, None if self.clocks is None else self.clocks.prices)
        futures = buying.draw_futures(history, rates, alive=alive, reach=self.horizon.reach, keys=keys, clock=clock)
        values, means, _ = paying.draw_values(spending, prices, futures, keys=keys)
        if self.clocks is not None:
            values, means = self._at_their_prices(futures, values, means)
        spans = self.horizon.spans
        lengths, discounts = (np.array(column) for column in zip(*spans, strict=True))
        counts, money = span_sums(futures, values, means, lengths, discounts, *alive.shape)
        length, rate = spans[0]
        expected = ahead.purchases(length)
        paid = ahead.purchases(length, rate) if rate > 0 else expected
        worth = paid if clock is None else ahead.purchases(length, rate, priced=True)
        found = CustomerDraws(
            rows=rows,
            p_alive=alive,
            expected_purchase_rate=np.broadcast_to(buying.purchase_rate(history, rates), alive.shape),
            expected_time=ahead.time(length),
            expected_purchases=expected,
            purchases=counts[0],
            expected_spend=spend,
            expected_value=product(worth, spend),
            value=money[0],
            futures=futures,
            event_value=values,
            mean_value=means,
            expected_until=ahead.purchases,
            time_until=ahead.time,
            running=partial(self._running, ahead, futures, paid),
            calendar=clock is not None,
        )
        return found if len(spans) == 1 else _with_holdout(found, ahead, spans[1][0], counts[1], money[1])

    def _at_their_prices(self, futures: Futures, values: Array, means: Array) -> tuple[Array, Array]:
        """Values at the prices of the time they fall in; later purchases, which are not drawn, at those of the end."""
        if self.clocks is None:
            return values, means
        prices = self.clocks.prices
        samples = prices.level.shape[0]
        last = np.tile(prices.level[:, -1], means.size // samples)
        return priced(prices, futures.offset, futures.time, values, samples), means * last

    def _running(self, ahead: Ahead, futures: Futures, paid: Array) -> Running:
        """What running costs are counted by, for those who have any."""
        length, rate = self.horizon.spans[0]
        history, rates, alive = ahead.history, ahead.rates, ahead.alive
        bought, time = running_sums(futures, length, rate, *alive.shape)
        life = self.buying.life_to_date(history, rates)
        gone = 1 - life.p_alive
        with np.errstate(divide="ignore", invalid="ignore"):
            left = (life.time - life.p_alive * history.T) / gone
        left = np.where(gone > 0, np.clip(left, history.recency, history.T), history.T)
        past = np.where(futures.life.reshape(alive.shape) > 0, history.T, left)
        return Running(bought, time, past, paid, ahead.time(length, rate), life.time)


def _with_holdout(found: CustomerDraws, ahead: Ahead, length: float, counts: Array, money: Array) -> CustomerDraws:
    """The same with what a hold-out of some length brings, undiscounted."""
    held = ahead.purchases(length)
    worth = ahead.purchases(length, priced=True) if found.calendar else held
    return replace(
        found,
        expected_holdout_purchases=held,
        holdout_purchases=counts,
        expected_holdout_value=product(worth, found.expected_spend),
        holdout_value=money,
    )


def keys_of(ids: pd.Series, *, seed: int = 1) -> NDArray[np.uint64]:
    """A key of each customer's random numbers, from the seed and the id alone."""
    hashes = pd.util.hash_array(ids.astype(str).to_numpy(dtype=object), categorize=False)
    return customer_keys(seed, hashes)
