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
from kundenwert.calendar.seen import Days, Seen, scoring_of, seen
from kundenwert.data.stretches import Closure, closures
from kundenwert.errors import DomainError
from kundenwert.kernels.clock import Clock
from kundenwert.messages import Code
from kundenwert.settings.values import day

if TYPE_CHECKING:
    from kundenwert.bayes import Fit, Scoring
    from kundenwert.data import CustomerSummary, TransactionLog
    from kundenwert.laws import PurchaseLaw, SpendLaw

type Array = NDArray[np.float64]

PERIOD_DAYS = 28
"""Four weeks: thirteen of them are a year but for a day, and each has as many Mondays."""

YEARS_AHEAD = 3
"""Years to come whose periods have levels of their own; later ones have the mean of the last year of these."""

SHORTEST, LONGEST = 14, 91
"""Days of a period: shorter ones are many and hold little, longer ones blur a season."""

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
        Of the log of what each cohort has to itself; 0 where the customers that it was learned from are of one.
    seed
        Of the draws.
    time_unit, observation_end
        Of the summary it was learned from.
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
    time_unit: str
    observation_end: dt.date | None

    def check(self, summary: CustomerSummary) -> None:
        """Refuse customers that are counted in another unit of time, or observed up to another day.

        Parameters
        ----------
        summary
            Customers that are to be forecast with the calendar.

        Raises
        ------
        DomainError
            If the calendar was learned in another time unit, or up to another day.
        """
        own, others = (self.time_unit, self.observation_end), (summary.time_unit, summary.observation_end)
        if own != others:
            raise DomainError(Code.CALENDAR_OF_OTHERS, unit=own[0], end=own[1], own_unit=others[0], own_end=others[1])

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
        alone = self.cohort_sd == 0
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
        """The same with factors of 1 in forecasts, as if there were none; its table shows what was learned."""
        ones = np.ones_like(self.rate)
        return replace(self, rate=ones, price=ones, cohort_sd=0.0)


def learn_calendar(
    purchases: Fit[PurchaseLaw] | Scoring[PurchaseLaw],
    spend: Fit[SpendLaw] | Scoring[SpendLaw],
    summary: CustomerSummary,
    log: TransactionLog,
    *,
    prior: CalendarPrior = PURCHASES,
    spend_prior: CalendarPrior = SPEND,
    closed: Sequence[Closure | tuple[dt.date | str, dt.date | str]] | None = None,
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
        Closures in the past, as `data.closures` gives them, or their first and last days: nothing is expected of them.
        Those that it finds if not given; none if empty.
    period_days
        Length of a period, 14 to 91. Sizes that priors state are those of a period: of four weeks in the defaults.
    cohort_sd
        Of the log of what each cohort has to itself, ≥ 0; where there is more than one cohort.
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
        If the log holds other purchases than the summary, the law of purchases takes no calendar, or a length or a
        closure has no meaning.
    """
    buying, paying = scoring_of(purchases), scoring_of(spend)
    if not buying.law.takes_calendar:
        raise DomainError(Code.NO_CALENDAR, title=buying.law.title)
    if not SHORTEST <= period_days <= LONGEST:
        raise DomainError(f"a period of a calendar has {SHORTEST} to {LONGEST} days, not {period_days}")
    shut = closures(log, summary.observation_end) if closed is None and summary.observation_end else closed or ()
    periods = seen(buying, paying, summary, log, closed=_days(shut), period_days=period_days, seed=seed)
    per_year = summary.units_per_year * summary.days_per_unit / period_days
    ahead, expected = round(YEARS_AHEAD * per_year), np.maximum(periods.expected, LEAST)
    rate = of_counts(periods.purchases, expected, prior, ahead=ahead, per_year=per_year)
    weight = np.where(np.isfinite(periods.variance), 1 / periods.variance, LEAST)
    price = of_means(periods.log_ratio, periods.variance, weight, spend_prior, ahead=ahead, per_year=per_year)
    window, rng = periods.purchases.size, np.random.default_rng([seed, 11])
    rates, prices = (_with_later(np.exp(factor.draw(draws, rng=rng)[:, window:]), per_year) for factor in (rate, price))
    edges = period_days * np.arange(ahead + 1) / summary.days_per_unit
    own = cohort_sd if len(summary.table["cohort"].unique()) > 1 else 0.0
    known = (summary.time_unit, summary.observation_end)
    return Calendar(periods, rate, price, edges, rates, prices, period_days, own, seed, *known)


def _with_later(level: Array, per_year: float) -> Array:
    """Levels of the periods to come, and one for all time after them: the mean of their last year."""
    later = level[:, -max(1, round(per_year)) :].mean(axis=1, keepdims=True)
    return np.hstack([level, later])


def _days(closed: Sequence[Closure | tuple[dt.date | str, dt.date | str]]) -> list[Days]:
    """First and last days of closures."""
    found = []
    for one in closed:
        first, last = (one.start, one.end) if isinstance(one, Closure) else (_day(one[0]), _day(one[1]))
        if last < first:
            raise DomainError(f"a closure ends on {last}, before its first day {first}; exchange the two")
        found.append((first, last))
    return found


def _day(stated: dt.date | str) -> dt.date:
    found = day(stated, "closed")
    if found is None:
        raise DomainError("a closure has a first and a last day")
    return found
