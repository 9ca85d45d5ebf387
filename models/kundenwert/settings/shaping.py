"""How purchases become one row per customer: dates, unit of time, cohorts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from kundenwert.settings.record import check_choices, several_texts
from kundenwert.settings.values import day, whole


@dataclass(frozen=True, kw_only=True)
class Shaping:
    """How purchases become one row per customer."""

    observation_end: dt.date | str | None = None
    """Last day of observation, inclusive, as 2025-06-30 or 30.06.2025; the log's last if not given."""

    holdout_end: dt.date | str | None = None
    """Last day of the hold-out that forecasts are checked on, inclusive."""

    log_end: dt.date | str | None = None
    """Day up to which the log is complete, if after its last purchase."""

    time_unit: Literal["D", "W", "M", "Y"] = "W"
    """Unit of all times: days, weeks of 7 days, months of 365.25/12 days, years of 365.25 days."""

    cohort: str = "month"
    """month, quarter or week of first purchase, none, or a column."""

    inactivity_months: int = 12
    """Silent months after which counting calls a customer lost."""

    attributes: Sequence[str] = ()
    """Kept columns that describe customers, taken from the day of the first purchase."""

    def __post_init__(self) -> None:
        """Check every setting by itself."""
        check_choices(self)
        several_texts(self, "attributes")
        for name in ("observation_end", "holdout_end", "log_end"):
            object.__setattr__(self, name, day(getattr(self, name), name))
        object.__setattr__(self, "inactivity_months", whole(self.inactivity_months, "inactivity_months", least=1))
