"""An explanation as an object: shown at a prompt and in a notebook, and as plain values."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from kundenwert.messages import as_table


@dataclass(frozen=True)
class Explanation:
    """One customer's history and forecast, and the reasons for it.

    Parameters
    ----------
    customer_id, cohort
        Who it is.
    history
        The customer's purchases up to the end of observation, `date, amount`; empty where no log was given.
    facts
        What the sentences are made of, by name: numbers, and times in time units.
    forecast
        The customer's row of the value table.
    reasons
        Sentences.
    marks
        Cautions that belong beside the numbers.
    """

    customer_id: str
    cohort: str
    history: pd.DataFrame
    facts: Mapping[str, Any]
    forecast: pd.Series
    reasons: tuple[str, ...]
    marks: tuple[str, ...] = ()

    def __repr__(self) -> str:
        lines = [self._heading, *(f"  {reason}." for reason in self.reasons)]
        if len(self.history):
            lines += ["  Purchases:", *(f"    {date}  {amount:>12}" for date, amount in self._purchases())]
        return "\n".join([*lines, *(f"  Caution: {mark}." for mark in self.marks)])

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{escape(reason)}.</li>" for reason in self.reasons)
        cautions = "".join(f"<p>Caution: {escape(mark)}.</p>" for mark in self.marks)
        table = as_table("Purchases", self._purchases()) if len(self.history) else ""
        return f"<h4>{escape(self._heading)}</h4><ul>{items}</ul>{cautions}{table}"

    @property
    def _heading(self) -> str:
        return f"Customer {self.customer_id!r}, cohort {self.cohort!r}"

    def _purchases(self) -> list[tuple[str, str]]:
        columns = (self.history["date"], self.history["amount"])
        return [(str(date.date()), f"{amount:,.2f}") for date, amount in zip(*columns, strict=True)]

    def to_dict(self) -> dict[str, object]:
        """Return plain values for JSON; what is missing or infinite is None."""
        return {
            "customer_id": self.customer_id,
            "cohort": self.cohort,
            "history": [
                {str(name): _plain(value) for name, value in row.items()} for row in self.history.to_dict("records")
            ],
            "facts": {name: _plain(value) for name, value in self.facts.items()},
            "forecast": {str(name): _plain(value) for name, value in self.forecast.items()},
            "reasons": list(self.reasons),
            "marks": list(self.marks),
        }


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if value is pd.NaT or value is None:
        return None
    if isinstance(value, dt.date):
        return value.isoformat()[:10]
    plain = value.item() if hasattr(value, "item") else value
    return None if isinstance(plain, float) and not math.isfinite(plain) else plain
