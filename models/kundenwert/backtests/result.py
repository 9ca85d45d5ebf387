"""What a back-test found: each forecast beside what happened, and how forecasts went on the whole."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import bdtr

from kundenwert.backtests.origins import QUANTITIES, weeks
from kundenwert.backtests.rows import SCOPES, SCORES
from kundenwert.backtests.scores import distance
from kundenwert.backtests.simple import SIMPLE
from kundenwert.compare import NOMINAL
from kundenwert.messages import Code, as_table, in_line, say

MISSED = 0.005
"""Probability below which so few intervals would hold, were they right: for purchases and for revenue each."""

ENOUGH = 9
"""Forecasts that do not overlap, from which on one can say that intervals hold."""

FORECASTS = ("kundenwert", "stationary", *SIMPLE)
"""Names of forecasts, in the order of tables: ours, the same as if every time were like every other, simple ones."""

KINDS = ("horizon", "scope", "quantity", "forecast")


class LeftOut(NamedTuple):
    """An origin without a posterior, and why."""

    origin: dt.date
    why: str


@dataclass(frozen=True)
class Backtest:
    """Forecasts made on days of the past, from what was known then, beside what followed.

    Parameters
    ----------
    table
        One row for each `origin` (last day known), `horizon` (days), `scope` ("total", "cohort", "customer"),
        `quantity` ("purchases", "revenue") and `forecast` ("kundenwert", "stationary", or one of `SIMPLE`): `cases`
        (cohorts or customers; 1 for the total), and means over them: `actual`, what happened, `mean, q05, q50, q95`
        of the forecast, and `inside`, whether what happened lies from `q05` to `q95`: a share where there are several
        cases. Simple forecasts are one number, their `mean`; the rest of theirs is NaN.
    scores
        The same rows: `origin, horizon, scope, quantity, forecast, cases, inside`, and `log_error, interval_score,
        absolute_error` as in `backtests.scores.scores`, and `log_score` of customers' purchases; means over cases.
    cohorts
        Each cohort by itself: `origin, horizon, quantity, forecast, cohort, customers, actual, mean, q05, q50, q95,
        place` (of the truth among the draws, in (0, 1)), `inside`.
    places
        Places of the truth among the draws, counted by hundredths: shape (rows of the table, 100).
    left_out
        Origins without a posterior, and why.
    """

    table: pd.DataFrame
    scores: pd.DataFrame
    cohorts: pd.DataFrame
    places: NDArray[np.int64]
    left_out: tuple[LeftOut, ...] = ()

    def __repr__(self) -> str:
        return in_line("Backtest", self._facts())

    def _repr_html_(self) -> str:
        return as_table("Back-test", self._facts())

    def _facts(self) -> list[tuple[str, str]]:
        """Where forecasts started, how far they looked, and how often the totals' intervals held."""
        days = self.table["origin"].drop_duplicates()
        own = self.table[(self.table["forecast"] == "kundenwert") & (self.table["scope"] == "total")]
        facts = [
            ("origins", f"{len(days):,}, {days.min():%Y-%m-%d} to {days.max():%Y-%m-%d}"),
            ("horizons", ", ".join(weeks(days) for days in sorted(set(self.table["horizon"])))),
        ]
        for quantity, rows in own.groupby("quantity"):
            held = f"{rows['inside'].sum():.0f} of {len(rows):,} inside their {100 * NOMINAL:.0f} % intervals"
            facts.append((f"total {quantity}", held))
        return facts + ([("origins left out", f"{len(self.left_out):,}")] if self.left_out else [])

    def summary(self) -> pd.DataFrame:
        """Say how each forecast went, over all origins.

        Returns
        -------
        pandas.DataFrame
            One row for each `horizon, scope, quantity, forecast`: `origins`, `cases`, `coverage` (share of cases inside
            their 90 % intervals), `log_error` (mean absolute), `interval_score` (on the logarithmic scale, after
            Winkler), `absolute_error`, `log_score` (of customers' purchases), all means over cases, and `distance`, the
            largest one of the distribution of the truth's places from the uniform one, in [0, 1]. Forecasts of several
            horizons or origins overlap: their cases are not independent.
        """
        rows = []
        for kind, part in self.scores.groupby(list(KINDS), sort=False):
            weight = part["cases"].to_numpy(np.float64)
            means = {name: float(np.average(part[name], weights=weight)) for name in ("inside", *SCORES)}
            sizes = {"origins": len(part), "cases": int(weight.sum()), "coverage": means.pop("inside")}
            apart = distance(self.places[part.index.to_numpy()].sum(axis=0))
            rows.append(dict(zip(KINDS, kind, strict=True)) | sizes | means | {"distance": apart})
        found = pd.DataFrame(rows)
        places = {"scope": SCOPES, "quantity": QUANTITIES, "forecast": FORECASTS}
        keys = [
            found["horizon"],
            *(found[name].map({one: i for i, one in enumerate(of)}) for name, of in places.items()),
        ]
        return found.iloc[np.lexsort(keys[::-1])].reset_index(drop=True)

    def short(self) -> pd.DataFrame:
        """Say the most important of the summary, for people.

        Returns
        -------
        pandas.DataFrame
            One row for each horizon and quantity, texts: `horizon, quantity`; `totals`, how many lay inside their
            intervals; `cohorts` and `customers`, shares of them that did; `off by`, how far the median of totals was
            off, by the mean absolute logarithm; `best rule`, the simple one that was nearest, of those that there are
            at all origins, and how far it was off.
        """
        table, rows = self.summary(), []
        for _, part in table.groupby(["horizon", "quantity"]):
            horizon, quantity = part[["horizon", "quantity"]].iloc[0]
            own = part[part["forecast"] == "kundenwert"]
            held = {str(scope): float(share) for scope, share in zip(own["scope"], own["coverage"], strict=True)}
            total = own[own["scope"] == "total"].iloc[0]
            simple = part[(part["scope"] == "total") & part["forecast"].isin(SIMPLE)]
            best = simple[simple["origins"] == total["origins"]].nsmallest(1, "log_error").iloc[0]
            rows.append(
                {
                    "horizon": weeks(int(horizon)),
                    "quantity": str(quantity),
                    "totals": f"{held['total'] * total['cases']:.0f} of {total['cases']:,}",
                    "cohorts": f"{100 * held['cohort']:.0f} %",
                    "customers": f"{100 * held['customer']:.0f} %",
                    "off by": f"{100 * np.expm1(total['log_error']):.0f} %",
                    "best rule": f"{best['forecast']} {100 * np.expm1(best['log_error']):.0f} %",
                }
            )
        return pd.DataFrame(rows)

    @property
    def judgement(self) -> str:
        """One sentence: whether intervals of totals held, over the shortest horizon, where forecasts do not overlap."""
        own = self.table[(self.table["forecast"] == "kundenwert") & (self.table["scope"] == "total")]
        horizon = int(own["horizon"].min())
        own = own[own["horizon"] == horizon]
        days = _apart(own["origin"].drop_duplicates().sort_values(), horizon)
        held = {
            str(quantity): int(rows.loc[rows["origin"].isin(days), "inside"].sum())
            for quantity, rows in own.groupby("quantity")
        }
        missed = min(float(bdtr(number, len(days), NOMINAL)) for number in held.values()) < MISSED
        code = Code.BACKTEST_MISSED if missed else Code.BACKTEST_HELD if len(days) >= ENOUGH else Code.BACKTEST_FEW
        figures = {"length": weeks(horizon), "cases": len(days), "held": held["purchases"], "paid": held["revenue"]}
        return say(code, figures)


def _apart(days: pd.Series, horizon: int) -> list[pd.Timestamp]:
    """Origins whose forecasts do not overlap, the last one among them."""
    kept: list[pd.Timestamp] = []
    for one in reversed(days.tolist()):
        if not kept or (kept[-1] - one).days >= horizon:
            kept.append(one)
    return kept
