"""Forecasts made at days of the past, from what was known then, beside what followed.

`origins` chooses the days and collects what was known and what happened, `simple` forecasts by rules that need no
posterior, `draws` reads windows of time off customers' draws, `scores` says how each forecast went, `run` does it for
every day, and `result` holds it.
"""

from kundenwert.backtests.origins import Origin, choose_origins, known_at
from kundenwert.backtests.result import Backtest
from kundenwert.backtests.run import Fitting, backtest
from kundenwert.backtests.simple import SIMPLE, simple_forecasts

__all__ = ["SIMPLE", "Backtest", "Fitting", "Origin", "backtest", "choose_origins", "known_at", "simple_forecasts"]
