"""Forecasts by rules that need no posterior: what a customer bought before goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from kundenwert.backtests.origins import Origin

type Array = NDArray[np.float64]

YEAR, HALF = 364, 182
"""Days of 52 and of 26 weeks: whole weeks, so that weekdays meet themselves."""


def simple_forecasts(origin: Origin, *, horizon: int) -> dict[str, Array]:
    r"""Forecast each customer's purchases and revenue by simple rules.

    Counted are repeat purchases of customers known at the origin, and their revenue: no first purchase, and nobody who
    came later. With N(a, b] those of the customer from a (not included) to b days after the origin, and h the horizon:

    ================== ======================================================================================
    `last_year`        N(-364, -364 + h]: the same period of 52 weeks before
    `last_year_growth` the same times ΣN(-h, 0] / ΣN(-364 - h, -364], the growth of all customers together
    `previous_period`  N(-h, 0]: as long a period, just over
    `annuity`          h · x / T, with x all repeat purchases in the time T since the first purchase
    `last_6_months`    N(-182, 0] · h / 182
    `last_12_months`   N(-364, 0] · h / 364
    ================== ======================================================================================

    A rule is left out where the log does not reach back over its windows, growth also where it divides by nothing.

    Parameters
    ----------
    origin
        What was known.
    horizon
        Length in days, > 0.

    Returns
    -------
    dict
        By name: shape (2, customers), purchases and revenue.

    Examples
    --------
    >>> from kundenwert import datasets
    >>> from kundenwert.backtests import known_at
    >>> found = simple_forecasts(known_at(datasets.cdnow(), "1997-09-30"), horizon=91)
    >>> {name: round(float(each[0].sum()), 1) for name, each in found.items()}
    {'previous_period': 711.0, 'annuity': 976.7, 'last_6_months': 814.5}
    """
    made = {name: rule(origin, horizon) for name, rule in SIMPLE.items()}
    return {name: each for name, each in made.items() if each is not None}


def _last_year(origin: Origin, h: int) -> Array | None:
    return origin.between(-YEAR, h - YEAR) if origin.history >= YEAR and h <= YEAR else None


def _last_year_growth(origin: Origin, h: int) -> Array | None:
    """Last year's period, times how much the period just over grew on its own of a year before."""
    last = _last_year(origin, h)
    if last is None or origin.history < YEAR + h:
        return None
    now, then = (origin.between(start, start + h).sum(axis=1) for start in (-h, -YEAR - h))
    return last * (now / then)[:, None] if (then > 0).all() else None


def _pace(days: int | None) -> Callable[[Origin, int], Array | None]:
    """The pace of the last so many days; of as many as the horizon has, if not given."""

    def rule(origin: Origin, h: int) -> Array | None:
        window = days or h
        return origin.between(-window, 0) * (h / window) if origin.history >= window else None

    return rule


def _annuity(origin: Origin, h: int) -> Array:
    seen = origin.summary.table["T"].to_numpy(np.float64) * origin.summary.days_per_unit
    return origin.between(-origin.history, 0) * np.where(seen > 0, h / np.where(seen > 0, seen, 1.0), 0.0)


SIMPLE: Mapping[str, Callable[[Origin, int], Array | None]] = {
    "last_year": _last_year,
    "last_year_growth": _last_year_growth,
    "previous_period": _pace(None),
    "annuity": _annuity,
    "last_6_months": _pace(HALF),
    "last_12_months": _pace(YEAR),
}
"""Each rule by its name: purchases and revenue of each customer, None where the log does not reach back far enough."""
