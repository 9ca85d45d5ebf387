"""One row for each origin, horizon, scope, quantity and forecast: what was said, what happened, how it went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert.backtests.draws import Drawn
from kundenwert.backtests.origins import QUANTITIES, Origin
from kundenwert.backtests.scores import Cases, counted, judged, scores, stated
from kundenwert.backtests.simple import simple_forecasts

type Array = NDArray[np.float64]

SCOPES = ("total", "cohort", "customer")
KEYS = ("origin", "horizon", "scope", "quantity", "forecast")
FORECAST = ("mean", "q05", "q50", "q95")
TABLE = (*KEYS, "cases", "actual", *FORECAST, "inside")
SCORES = ("log_error", "interval_score", "absolute_error", "log_score")
COHORTS = ("origin", "horizon", "quantity", "forecast", "cohort", "customers", "actual", *FORECAST, "place", "inside")


@dataclass(frozen=True)
class Rows:
    """Collects rows, origin by origin."""

    table: list[dict[str, object]] = field(default_factory=list)
    places: list[NDArray[np.int64]] = field(default_factory=list)
    cohorts: list[pd.DataFrame] = field(default_factory=list)

    def add(self, origin: Origin, drawn: Mapping[str, Drawn], *, seed: int) -> None:
        """Add all forecasts of an origin: those from draws by name, and the simple ones."""
        codes, names = pd.factorize(origin.cohorts, sort=True)
        for h, horizon in enumerate(origin.horizons):
            points = simple_forecasts(origin, horizon=horizon)
            for k, quantity in enumerate(QUANTITIES):
                actual = _grouped(origin.actual[k, h], codes, len(names))
                ties = np.random.default_rng([seed, origin.day.toordinal(), horizon, k]).random(len(names) + 1)
                found = {name: _of_draws(each, actual, ties, (k, h)) for name, each in drawn.items()}
                found |= {
                    name: _of_points(each[k], origin.actual[k, h], codes, actual) for name, each in points.items()
                }
                half = 0.5 * (origin.mean_value if quantity == "revenue" else 1.0)
                for forecast, scopes in found.items():
                    key = _key(origin, horizon, quantity, forecast)
                    for scope, cases in scopes.items():
                        self._row(key | {"scope": scope}, cases, half)
                    self.cohorts.append(_each(key, scopes["cohort"], names, np.bincount(codes)))

    def _row(self, key: dict[str, object], cases: Cases, half: float) -> None:
        """Means over cases; the log score is one of single counts."""
        means = {name: float(getattr(cases, name).mean()) for name in ("actual", *FORECAST, "inside")}
        told = float(cases.log_score.mean()) if key["scope"] == "customer" else float("nan")
        self.table.append(key | {"cases": len(cases.actual)} | means | scores(cases, half=half) | {"log_score": told})
        self.places.append(counted(cases.place))

    def frames(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, NDArray[np.int64]]:
        """What was forecast, its scores, the cohorts, and the places of the truth, row by row."""
        whole = pd.DataFrame(self.table)
        whole["origin"] = whole["origin"].astype("datetime64[s]")
        cohorts = pd.concat(self.cohorts, ignore_index=True)[list(COHORTS)]
        cohorts["origin"] = cohorts["origin"].astype("datetime64[s]")
        return whole[list(TABLE)], whole[[*KEYS, "cases", "inside", *SCORES]], cohorts, np.stack(self.places)


def _key(origin: Origin, horizon: int, quantity: str, forecast: str) -> dict[str, object]:
    return {"origin": pd.Timestamp(origin.day), "horizon": horizon, "quantity": quantity, "forecast": forecast}


def _grouped(values: Array, codes: NDArray[np.int64], groups: int) -> Array:
    return np.bincount(codes, weights=values, minlength=groups)


def _of_draws(drawn: Drawn, actual: Array, ties: Array, at: tuple[int, int]) -> dict[str, Cases]:
    """Forecasts of the total, of cohorts and of customers; totals are sums of draws."""
    quantity, draws = QUANTITIES[at[0]], drawn.sums[at]
    return {
        "total": judged(draws.sum(axis=1)[None], actual.sum(keepdims=True), ties[-1:], quantity=quantity),
        "cohort": judged(draws.T, actual, ties[:-1], quantity=quantity),
        "customer": drawn.customers[at[0]][at[1]],
    }


def _of_points(point: Array, own: Array, codes: NDArray[np.int64], actual: Array) -> dict[str, Cases]:
    """The same of forecasts that are one number for each customer."""
    return {
        "total": stated(point.sum(keepdims=True), actual.sum(keepdims=True)),
        "cohort": stated(_grouped(point, codes, len(actual)), actual),
        "customer": stated(point, own),
    }


def _each(key: dict[str, object], cases: Cases, names: pd.Index, sizes: NDArray[np.int64]) -> pd.DataFrame:
    """Rows of single cohorts."""
    columns = {name: getattr(cases, name) for name in ("actual", *FORECAST, "place", "inside")}
    return pd.DataFrame(key | {"cohort": np.asarray(names, dtype=str), "customers": sizes} | columns)
