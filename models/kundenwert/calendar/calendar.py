"""The calendar of a business: what is known of past periods, and draws of those to come that all customers share."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert.calendar.factor import Factor, of_counts, of_means
from kundenwert.calendar.prior import PURCHASES, SPEND, CalendarPrior
from kundenwert.calendar.seen import Days, Seen, seen
from kundenwert.data.stretches import closures
from kundenwert.kernels.clock import Clock

if TYPE_CHECKING:
    from kundenwert.bayes import Fit
    from kundenwert.data import CustomerSummary, TransactionLog
    from kundenwert.laws import PurchaseLaw, SpendLaw

type Array = NDArray[np.float64]

PERIOD_DAYS = 28
"""Four weeks: thirteen of them are a year but for a day, and each has as many Mondays."""

AHEAD = 39
"""Periods to come that have a level of their own, three years; later ones have the mean of the last year of these."""

DRAWS = 4000

LEAST = 1e-9
"""Expected purchases of a period that is taken to have none, such as one that was closed."""

COHORT_SD = 0.2
"""Standard deviation of the log of what each cohort has to itself, where there is more than one."""


class Clocks(NamedTuple):
    """A calendar for the customers of one table: levels of purchases and of prices, and each cohort's own factor."""

    purchases: Clock
    prices: Clock
    cohort: NDArray[np.int64]
    own: Array

    def at(self, rows: NDArray[np.int64]) -> Clock:
        """The purchases' clock of some customers."""
        return self.purchases._replace(boost=np.ascontiguousarray(self.own[self.cohort[rows]]))


@dataclass(frozen=True)
class Calendar:
    """A calendar factor of the rate of purchases, and one of their values, common to all customers within a draw.

    Parameters
    ----------
    seen
        Periods of the window: purchases and values, and those expected.
    purchases, spend
        Posteriors of the log factors of past periods and those to come.
    edges
        Starts of the periods to come, in units of time after the end of observation.
    rate, price
        Draws of the factors of periods to come, of shape (draws, periods).
    period_days
        Length of a period.
    cohort_sd
        Of the log of what each cohort has to itself.
    seed
        Of the draws.
    """

    seen: Seen
    purchases: Factor
    spend: Factor
    edges: Array
    rate: Array
    price: Array
    period_days: int
    cohort_sd: float
    seed: int

    def clocks(self, table: pd.DataFrame, *, samples: int) -> Clocks:
        """Levels of so many draws for the customers of a table.

        Parameters
        ----------
        table
            Customers, with `cohort` where there are cohorts.
        samples
            Draws; they repeat where there are fewer.
        """
        pick = np.arange(samples) % len(self.rate)
        labels = table["cohort"].astype(str) if "cohort" in table else pd.Series("all", index=table.index)
        codes, names = pd.factorize(labels, sort=True)
        alone = len(names) < 2 or self.cohort_sd == 0
        own = np.ones((len(names), samples)) if alone else np.stack([self._own(name, samples) for name in names])
        levels = Clock.of(self.edges, self.rate[pick]), Clock.of(self.edges, self.price[pick])
        return Clocks(*levels, codes.astype(np.int64), own)

    def _own(self, cohort: str, samples: int) -> Array:
        """What a cohort has to itself, with mean 1, keyed by its name, whatever else is in the table."""
        digest = hashlib.blake2b(f"cohort/{cohort}".encode(), digest_size=16).digest()
        rng = np.random.default_rng([self.seed, *np.frombuffer(digest, dtype=np.uint32).tolist()])
        return np.asarray(np.exp(self.cohort_sd * rng.standard_normal(samples) - self.cohort_sd**2 / 2))

    def table(self) -> pd.DataFrame:
        """Every period of the window and those to come, with the factors as far as they are known.

        Returns
        -------
        pandas.DataFrame
            `start, end` (first and last day), `ahead` (whether it is to come), `purchases` and `expected` (repeat
            purchases, and those expected without a calendar; missing of periods to come), `rate_q05, rate_q50,
            rate_q95` (factor of purchases, ≥ 0, 1 is the window's mean) and `price_q05, price_q50, price_q95`.
        """
        window, number = self.seen.start.size, self.seen.start.size + self.edges.size - 1
        start = pd.Timestamp(self.seen.start[0]) + pd.to_timedelta(self.period_days * np.arange(number), unit="D")
        found = pd.DataFrame({"start": start, "end": start + pd.Timedelta(days=self.period_days - 1)})
        found["ahead"] = np.arange(number) >= window
        later = np.full(number - window, np.nan)
        found["purchases"] = np.append(self.seen.purchases, later)
        found["expected"] = np.append(self.seen.expected, later)
        rng = np.random.default_rng([self.seed, 13])
        for name, factor in (("rate", self.purchases), ("price", self.spend)):
            drawn = np.exp(factor.draw(len(self.rate), rng=rng))
            for suffix, probability in (("q05", 0.05), ("q50", 0.5), ("q95", 0.95)):
                found[f"{name}_{suffix}"] = np.quantile(drawn, probability, axis=0)
        return found

    def steady(self) -> Calendar:
        """The same with factors of 1: what would be forecast without a calendar."""
        ones = np.ones_like(self.rate)
        return replace(self, rate=ones, price=ones, cohort_sd=0.0)


def learn_calendar(
    purchases: Fit[PurchaseLaw],
    spend: Fit[SpendLaw],
    summary: CustomerSummary,
    log: TransactionLog,
    *,
    prior: CalendarPrior = PURCHASES,
    spend_prior: CalendarPrior = SPEND,
    closed: Sequence[tuple[dt.date, dt.date]] | None = None,
    period_days: int = PERIOD_DAYS,
    cohort_sd: float = COHORT_SD,
    draws: int = DRAWS,
    seed: int = 1,
) -> Calendar:
    r"""Learn how purchases and their values move with the calendar, on top of posteriors that know none.

    While a customer is one it buys at rate `λ g(t)`. Within a draw all customers share g, so that sums over customers
    are as uncertain as the season, the trend and the shocks to come: `O_t ~ Poisson(E_t g_t)`, with O the repeat
    purchases of a period and E those expected of the customers, given their histories.

    Parameters
    ----------
    purchases, spend
        Fits of a law of purchases and of one of spend.
    summary
        The customers they were fitted to, with dates.
    log
        The log that the summary was made from.
    prior, spend_prior
        What is believed of the two factors beforehand.
    closed
        First and last days of closures, in the past: nothing is expected of them. Those that `data.closures` finds if
        not given; none if empty.
    period_days
        Length of a period, ≥ 1.
    cohort_sd
        Of the log of what each cohort has to itself, ≥ 0.
    draws
        Of the periods to come.
    seed
        Makes them reproducible.

    Returns
    -------
    Calendar
        For `value_table(..., calendar=)` and others.

    Raises
    ------
    SchemaError
        If the summary has no dates.
    DomainError
        If the log holds other purchases than the summary.
    """
    shut = _found_closed(log, summary.observation_end) if closed is None else list(closed)
    how = {"period_days": period_days, "seed": seed}
    periods = seen(purchases.scoring, spend.scoring, summary, log, closed=shut, **how)
    per_year = summary.units_per_year * summary.days_per_unit / period_days
    expected = np.maximum(periods.expected, LEAST)
    rate = of_counts(periods.purchases, expected, prior, ahead=AHEAD, per_year=per_year)
    weight = np.where(np.isfinite(periods.variance), 1 / periods.variance, LEAST)
    price = of_means(periods.log_ratio, periods.variance, weight, spend_prior, ahead=AHEAD, per_year=per_year)
    window, rng = periods.purchases.size, np.random.default_rng([seed, 11])
    rates, prices = (_with_later(np.exp(factor.draw(draws, rng=rng)[:, window:]), per_year) for factor in (rate, price))
    edges = period_days * np.arange(AHEAD + 1) / summary.days_per_unit
    return Calendar(periods, rate, price, edges, rates, prices, period_days, cohort_sd, seed)


def _with_later(level: Array, per_year: float) -> Array:
    """Levels of the periods to come, and one for all time after them: the mean of their last year."""
    later = level[:, -max(1, round(per_year)) :].mean(axis=1, keepdims=True)
    return np.hstack([level, later])


def _found_closed(log: TransactionLog, end: dt.date | None) -> list[Days]:
    """Closures up to a day; the summary's account has told of them."""
    return [] if end is None else [(one.start, one.end) for one in closures(log, end)]
