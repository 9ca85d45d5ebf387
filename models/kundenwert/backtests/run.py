"""The back-test: at every origin two fits, one drawing of all customers, and the simple rules beside it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from kundenwert.backtests.draws import Drawn, Windows
from kundenwert.backtests.origins import Origin, choose_origins, known_at
from kundenwert.backtests.result import Backtest, LeftOut
from kundenwert.backtests.rows import Rows
from kundenwert.bayes import Scoring, fit
from kundenwert.data import CustomerSummary, TransactionLog
from kundenwert.errors import FitError, KundenwertError, check_seed
from kundenwert.laws import GammaGamma, ParetoNBD, PurchaseLaw, SpendLaw
from kundenwert.messages import Code
from kundenwert.predict import Horizon, read_draws
from kundenwert.settings import Shaping, made
from kundenwert.settings.values import day
from kundenwert.value.terms import check_purchases, check_spend

if TYPE_CHECKING:
    from kundenwert.calendar import Calendar
    from kundenwert.predict import Purchases, Spend

type Fitting = Callable[[CustomerSummary], tuple[Purchases, Spend]]
"""From what was known on a day to both posteriors."""

type Learning = Callable[[Any, Any, CustomerSummary, TransactionLog], Calendar | None]
"""From both fits, the summary they were fitted to, and the log, to a calendar or to none; it sees nothing later."""


def backtest(
    log: TransactionLog,
    shaping: Shaping | None = None,
    *,
    models: tuple[PurchaseLaw, SpendLaw] | Fitting | None = None,
    calendar: Learning | None = None,
    origins: Sequence[dt.date | str] | None = None,
    horizons: Sequence[int] | None = None,
    seed: int = 1,
    samples: int | None = None,
    threads: int | None = None,
    advance: Callable[[int], object] | None = None,
    **settings: object,
) -> Backtest:
    """Forecast from days of the past, from what was known then, and set each forecast beside what followed.

    At each origin both models are fitted to the customers seen up to that day, by the credit notes known then, and
    their repeat purchases and the revenue of these are forecast over each horizon: of each customer, of cohorts, and
    of all together, as sums of draws. Who came later counts nowhere. Beside it stand the forecasts of
    `simple_forecasts`.

    Parameters
    ----------
    log
        Result of `read_transactions`.
    shaping
        Unit of time, cohorts, and up to which day the log is complete; its days of observation and hold-out do not
        count. Cohorts are quarters of first purchase if not given, also where everybody is of one.
    models
        A law of purchases and one of spend, or a function that fits both to the summary of an origin; Pareto/NBD and
        Gamma-Gamma if not given.
    calendar
        How a calendar is learned from both fits, their summary and the log, such as `learn_calendar`: the forecast
        "kundenwert" follows it. Without one it is the same as "stationary", for which every time is like every other.
    origins
        Days to forecast from, the last ones that count as known; those of `choose_origins` if not given.
    horizons
        Lengths in days, whole and > 0; 91, 182 and 364 if not given. At each origin those count that are over before
        the log ends.
    seed
        Of fits and draws.
    samples
        Draws of each customer; as many as the smaller posterior has if not given.
    threads
        As in `value_table`.
    advance
        Called with 1 after each origin, for progress.
    **settings
        Fields of `Shaping` by name.

    Returns
    -------
    Backtest
        `table`, `scores`, `summary()`, `judgement`. An origin at which a fit did not converge, or was refused, is in
        `left_out`.

    Raises
    ------
    DomainError
        If the log is too short, or a day of `origins` leaves no horizon.
    FitError
        If no origin has a posterior.

    Examples
    --------
    >>> import kundenwert as kw
    >>> buy = kw.known(kw.ParetoNBD(), r=0.553, alpha=10.58, s=0.606, beta=11.66)  # fitted to the first nine months
    >>> pay = kw.known(kw.GammaGamma(), p=6.25, q=3.74, v=15.44)
    >>> models = lambda summary: (buy, pay)
    >>> found = backtest(kw.datasets.cdnow(), models=models, origins=["1997-09-30"])
    >>> total = found.table.query("scope == 'total' and quantity == 'purchases' and horizon == 182")
    >>> total.set_index("forecast")["actual"].to_dict()["stationary"]
    1387.0
    """
    check_seed(seed)
    shaping = made(Shaping, shaping or Shaping(cohort="quarter"), settings)
    chosen = origins or choose_origins(log, horizons=horizons, log_end=shaping.log_end)
    fitting = models if callable(models) else _fitting(models or (ParetoNBD(), GammaGamma()), seed)
    rows, left_out = Rows(), []
    for one in sorted({day(each, "origins") for each in chosen}):
        at = known_at(log, one, shaping, horizons=horizons)
        try:
            fits = _checked(fitting(at.summary), at.summary.time_unit)
            learned = None if calendar is None else calendar(*fits, at.summary, log)
        except KundenwertError as error:
            left_out.append(LeftOut(at.day, str(error)))
        else:
            drawn = {"stationary": _forecast(at, fits, None, seed=seed, samples=samples, threads=threads)}
            drawn["kundenwert"] = drawn["stationary"]
            if learned is not None:
                drawn["kundenwert"] = _forecast(at, fits, learned, seed=seed, samples=samples, threads=threads)
            rows.add(at, {name: drawn[name] for name in ("kundenwert", "stationary")}, seed=seed)
        if advance is not None:
            advance(1)
    if not rows.table:
        first = left_out[0]
        raise FitError(Code.BACKTEST_NO_FIT, day=first.origin, why=first.why)
    return Backtest(*rows.frames(), tuple(left_out))


def _fitting(laws: tuple[PurchaseLaw, SpendLaw], seed: int) -> Fitting:
    """Fit two laws in the same way at every origin."""

    def fitted(summary: CustomerSummary) -> tuple[Purchases, Spend]:
        how = {"seed": seed, "log_likelihood": False, "progress": False}
        return fit(laws[0], summary, **how), fit(laws[1], summary, **how)  # type: ignore[arg-type]

    return fitted


def _checked(fits: tuple[Purchases, Spend], time_unit: str) -> tuple[Purchases, Spend]:
    """Refuse fits that may not be forecast from; what is known without a fit is taken as it is."""
    buying, paying = fits
    if not isinstance(buying, Scoring):
        check_purchases(buying, time_unit)
    if not isinstance(paying, Scoring):
        check_spend(paying)
    return fits


def _forecast(
    origin: Origin,
    fits: tuple[Purchases, Spend],
    calendar: Calendar | None,
    *,
    seed: int,
    samples: int | None,
    threads: int | None,
) -> Drawn:
    """Draw every customer of an origin once, as far as its longest horizon."""
    reader = Windows(origin, seed=seed)
    read_draws(
        *fits,
        origin.summary.table,
        [reader],
        horizon=Horizon(float(origin.lengths[-1])),
        seed=seed,
        samples=samples,
        threads=threads,
        calendar=calendar,
    )
    return reader.result()
