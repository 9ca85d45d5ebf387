"""Which sentences are true of a customer, and their figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from kundenwert.messages import Code, say

NOTICEABLE = 0.05
"""How much P(alive) must differ for a silence to be given as its reason."""

_CERTAIN = 1 - 1e-6


def reasons(facts: Mapping[str, Any], values: pd.Series) -> tuple[str, ...]:
    """Say what is true of a customer, in the order in which it is asked.

    Parameters
    ----------
    facts
        As `Explanation.facts`.
    values
        The customer's row of the value table.
    """
    times = ("silence", "gap", "observed", "horizon")
    figures = {**facts, **{name: facts[name] * facts["days_per_unit"] for name in times}}
    codes = (_history(facts), _alive(facts), *_others(facts), *_rate(facts), _spend(facts), *_ahead(facts, values))
    known = figures | {"cohort": values["cohort"], **_forecast(values)}
    return tuple(say(code, known) for code in codes) + _next(facts) + tuple(say(code, known) for code in _more(facts))


def _history(facts: Mapping[str, Any]) -> Code:
    if facts.get("first_purchase") is None:
        return Code.WHY_UNDATED
    return Code.WHY_BOUGHT if facts["repeat_purchases"] else Code.WHY_ONCE


def _alive(facts: Mapping[str, Any]) -> Code:
    alive, usual = facts["p_alive"], facts["p_alive_after_usual_gap"]
    if min(alive, facts["p_alive_after_longer"]) > _CERTAIN:
        return Code.WHY_ALIVE_WHATEVER
    if not facts["repeat_purchases"]:
        return Code.WHY_ALIVE_ONCE
    if facts["silence"] <= facts["gap"]:
        return Code.WHY_ALIVE_RECENT
    return Code.WHY_ALIVE_SILENT if usual - alive >= NOTICEABLE else Code.WHY_ALIVE_STILL


def _others(facts: Mapping[str, Any]) -> Iterator[Code]:
    if facts["others"]:
        yield Code.WHY_OTHERS


def _rate(facts: Mapping[str, Any]) -> Iterator[Code]:
    if facts["observed"] > 0:
        yield Code.WHY_RATE


def _spend(facts: Mapping[str, Any]) -> Code:
    own, expected, new = (facts[f"spend_{name}"] for name in ("observed", "expected", "new"))
    if not np.isfinite(expected):
        return Code.WHY_SPEND_NO_MEAN
    if facts["looks_at_first"]:
        return Code.WHY_SPEND_ALL if facts["repeat_purchases"] else Code.WHY_SPEND_FIRST
    if not facts["repeat_purchases"]:
        return Code.WHY_SPEND_ONCE
    between = min(own, new) <= expected <= max(own, new)
    return Code.WHY_SPEND_BETWEEN if between and np.isfinite(new) else Code.WHY_SPEND


def _ahead(facts: Mapping[str, Any], values: pd.Series) -> Iterator[Code]:
    if np.isfinite(values["expected_purchases_mean"]) and np.isfinite(values["rlv_mean"]):
        yield Code.WHY_AHEAD if np.isfinite(facts["horizon"]) else Code.WHY_AHEAD_ENDLESS


def _next(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """By when the next purchase has come, or why that cannot be said."""
    found = []
    for share in (50, 90):
        if np.isnan(wait := facts[f"wait_{share}"]):
            found.append(say(Code.WHY_NEXT_NEVER, {"note": facts[f"note_{share}"]}))
            break
        known = {"share": share / 100, "wait": wait * facts["days_per_unit"], "date": facts[f"date_{share}"]}
        found.append(say(Code.WHY_NEXT_UNDATED if pd.isna(known["date"]) else Code.WHY_NEXT, known))
    return tuple(found)


def _more(facts: Mapping[str, Any]) -> Iterator[Code]:
    if "more_rlv" in facts and np.isfinite(facts["more_rlv"]):
        yield Code.WHY_ONE_MORE


def _forecast(values: pd.Series) -> dict[str, object]:
    names = ("expected_purchases_mean", "purchases_q05", "purchases_q95", "rlv_mean", "rlv_q05", "rlv_q95")
    return {name: values[name] for name in names}
