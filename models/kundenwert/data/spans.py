"""Up to which day a log speaks, and which days of it are asked for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from kundenwert.data.transactions import TransactionLog
from kundenwert.errors import DomainError
from kundenwert.messages import Code, Setting

LONGEST_SILENCE = 366
"""Days without a purchase at the end of a log that are believed if stated, however short the log."""

SHORT_SILENCE = 7
"""Days without a purchase that are believed if observation or hold-out shall end in them."""


@dataclass(frozen=True)
class Span:
    """The last days of observation and hold-out, up to which the log is complete, and whether that was stated."""

    end: dt.date
    holdout: dt.date | None
    complete: dt.date
    stated: bool


def believed_silence(last: dt.date) -> dt.date:
    """Return the last day up to which a log without a word is taken to be complete: shops are shut at a month's end.

    Examples
    --------
    >>> believed_silence(dt.date(2024, 12, 30)), believed_silence(dt.date(2024, 12, 3))
    (datetime.date(2025, 1, 6), datetime.date(2024, 12, 31))
    """
    month_end = (last.replace(day=1) + dt.timedelta(days=32)).replace(day=1) - dt.timedelta(days=1)
    return max(month_end, last + dt.timedelta(days=SHORT_SILENCE))


def log_end(log: TransactionLog, complete: dt.date | None, *, for_fit: bool) -> dt.date | None:
    """Check the day up to which a log is said to be complete.

    Returns
    -------
    datetime.date or None
        The day; None if none is stated or nothing lies between it and the last purchase.

    Raises
    ------
    DomainError
        If purchases lie after it, it lies far behind them, or all of them lie on one day and shall be fitted.
    """
    if for_fit and log.first_day == log.last_day:
        raise DomainError(
            f"every purchase lies on one day, {log.first_day}: nothing can be learned about repeat purchases. "
            "Check the date column, or read a log over a longer time"
        )
    if complete is None or complete == log.last_day:
        return None
    if complete < log.last_day:
        raise DomainError(
            Code.LOG_END_EARLY,
            parameter="log_end",
            given=Setting("log_end", str(complete)),
            last=log.last_day,
            end=Setting("observation_end"),
            holdout=Setting("holdout_end"),
        )
    silent, spanned = (complete - log.last_day).days, (log.last_day - log.first_day).days
    if silent > max(spanned, LONGEST_SILENCE):
        raise DomainError(
            Code.LOG_END_FAR,
            parameter="log_end",
            given=Setting("log_end", str(complete)),
            silent=silent,
            last=log.last_day,
            spanned=spanned,
        )
    return complete


def dates_asked(
    log: TransactionLog,
    complete: dt.date | None,
    end: dt.date | None,
    holdout: dt.date | None,
) -> Span:
    """Say which days are asked for, or why they cannot be.

    Parameters
    ----------
    log : TransactionLog
        The log.
    complete : datetime.date or None
        Result of `log_end`, None if it was not stated: then a few days without a purchase are believed, up to a week
        after the last one or the end of its month.
    end, holdout : datetime.date or None
        Last days of observation and hold-out, as asked for.

    Returns
    -------
    Span

    Raises
    ------
    DomainError
        If a day lies outside the log, or the hold-out does not follow observation.
    """
    stated, complete = complete, complete or log.last_day
    latest = max((day for day in (end, holdout) if day), default=complete)
    if stated is None and complete < latest <= believed_silence(log.last_day):
        complete = latest
    span = f"the purchases run from {log.first_day} to {log.last_day}"
    if stated:
        span += f", and the log is complete up to {complete}"
    if end is None and holdout is not None:
        settings = {"holdout": Setting("holdout_end"), "end": Setting("observation_end")}
        raise DomainError(Code.HOLDOUT_ALONE, parameter="observation_end", **settings)
    for name, asked in (("observation_end", end), ("holdout_end", holdout)):
        if asked is not None and asked > complete:
            raise DomainError(
                Code.DAY_AFTER_LOG if complete == log.last_day else Code.DAY_AFTER_STATED,
                parameter=name,
                given=Setting(name, str(asked)),
                span=span,
                log_end=Setting("log_end", str(asked)),
            )
    if end is None:
        return Span(complete, None, complete, stated is not None)
    if end < log.first_day:
        given = Setting("observation_end", str(end))
        raise DomainError(Code.DAY_BEFORE_LOG, parameter="observation_end", given=given, span=span)
    if holdout is not None and holdout <= end:
        raise DomainError(
            Code.HOLDOUT_EARLY,
            parameter="holdout_end",
            given=Setting("holdout_end", str(holdout)),
            end=Setting("observation_end", str(end)),
            span=span,
        )
    return Span(end, holdout, complete, stated is not None)
