"""What the sections of the report are made from: tables, facts and manifest of one analysis."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import pandas as pd

from kundenwert.bayes.diagnose import StoredDiagnosis
from kundenwert.bayes.storage import FitInfo
from kundenwert.report import texts
from kundenwert.report.html import percent


class Assumed(TypedDict):
    """Terms of the values, as JSON holds them: an endless horizon is a text."""

    horizon: float | str
    discount_rate: float
    margin: float
    cac: float | Mapping[str, float]
    order_cost: float | Mapping[str, float]
    service_cost: float | Mapping[str, float]
    running: bool


class Facts(TypedDict):
    """Plain values of a report: dates, totals, sentences."""

    customers: int
    repeaters: int
    orders: int
    revenue: float
    time_unit: str
    observation_start: str
    observation_end: str
    holdout_end: str | None
    source: Mapping[str, object]
    assumptions: Assumed
    lifespan_years: float
    marks: list[str]
    totals: dict[str, dict[str, float]]
    failed_cohorts: list[str]
    independence: str
    nominal: float
    spend_looks_at: list[str]


class Model(FitInfo):
    """A model of a manifest: what was fitted, how, and whether it converged."""

    model: str
    priors: dict[str, str]
    diagnosis: StoredDiagnosis


class Manifest(TypedDict):
    """What a run was, so that it can be repeated."""

    title: str
    created: str
    input: Mapping[str, object]
    rows: Mapping[str, object]
    options: Mapping[str, object]
    models: dict[str, Model]
    marks: list[str]
    totals: dict[str, dict[str, float]]
    versions: dict[str, str]
    seconds: dict[str, float]


@dataclass(frozen=True)
class Run:
    """Tables, facts and manifest of one analysis."""

    tables: dict[str, pd.DataFrame]
    facts: Facts
    manifest: Manifest

    @property
    def nominal(self) -> str:
        """Probability of the intervals, in words."""
        return percent(self.facts["nominal"])

    @property
    def unit(self) -> str:
        """The unit of time, in words."""
        return texts.UNITS[self.facts["time_unit"]]

    @property
    def horizon(self) -> str:
        """The horizon in words."""
        length = float(self.facts["assumptions"]["horizon"])
        return "ever after" if math.isinf(length) else f"over the next {length:.3g} {self.unit}"

    @property
    def free(self) -> bool:
        """Whether acquiring a customer was said to cost nothing, or nothing was said about it."""
        cac = self.facts["assumptions"]["cac"]
        return not any(cac.values()) if isinstance(cac, Mapping) else not cac

    @property
    def running(self) -> bool:
        """Whether orders or service cost anything."""
        return self.facts["assumptions"]["running"]

    @property
    def only_revenue(self) -> bool:
        """Whether neither margin nor cost were given, so that values are revenue."""
        return self.free and not self.running and self.facts["assumptions"]["margin"] == 1

    def total(self, name: str) -> dict[str, float]:
        """Mean and quantiles of a total over all customers."""
        return {key: float(value) for key, value in self.facts["totals"][name].items()}


def load(folder: str | Path) -> Run:
    """Read what `kundenwert.report.write` laid out for the notebook."""
    folder = Path(folder)
    tables = {file.stem: pd.read_parquet(file) for file in folder.glob("*.parquet")}
    facts, manifest = (json.loads((folder / f"{name}.json").read_text("utf-8")) for name in ("facts", "manifest"))
    return Run(tables, facts, manifest)
