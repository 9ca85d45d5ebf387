"""One line for each reason to believe the numbers, or not to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pandas as pd

from kundenwert.compare import NOMINAL
from kundenwert.data.carried import BY_DATE
from kundenwert.validate.fit import STRONG_CORRELATION, Independence

if TYPE_CHECKING:
    from kundenwert.bayes import Fit
    from kundenwert.data.account import RowAccount

type Verdict = Literal["pass", "caution", "fail", "not checked"]

COVERAGE_TOLERANCE = 0.05
"""How far below its nominal share a customers' outcome interval may lie and still pass."""

HONEST = "Customers' intervals are honest"
"""Name of the check of the customers' outcome intervals."""

LOST_SHARE = 0.1
"""Share of rows excluded for faults of the data, not by the dates asked for, that calls for caution."""

HISTOGRAM_SHARE = 0.75
"""Share of the repeat-purchase histogram's bars that has to lie in its predictive interval."""


COHORTS_TOLERANCE = 0.2
"""How far below its nominal share the share of cohorts inside their intervals may lie and still pass."""

FEW_REPEATERS = 30
"""Customers with repeat purchases below which the prior says more than the data."""

FAR_AHEAD = 2.0
"""How many times the observed time the horizon may be before values rest on the model's form alone."""


class History(NamedTuple):
    """How much there is to go by: customers, those who bought again, and times in units with their name."""

    customers: int
    repeaters: int
    window: float
    horizon: float
    unit: str


def checks(
    account: RowAccount,
    fits: dict[str, Fit],
    histogram: pd.DataFrame,
    together: Independence,
    scores: pd.DataFrame | None,
    covered: pd.DataFrame | None,
    history: History | None = None,
    cohorts: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Collect the verdicts that a reviewer asks for first.

    Parameters
    ----------
    account
        The fate of every input row.
    fits
        Both fits by name.
    histogram
        What `repeat_purchase_counts` returns.
    together
        What `independence` returns.
    scores, covered
        What `holdout_scores` and `coverage` return; None without a hold-out.
    history
        How much there is to go by; not judged if not given.
    cohorts
        What `cohort_totals` returns; not judged if not given.

    Returns
    -------
    pandas.DataFrame
        Columns `check, finding, verdict`; the verdict is "pass", "caution", "fail" or "not checked".
    """
    rows = [_account(account), *(_convergence(name, fit) for name, fit in fits.items()), _histogram(histogram)]
    if history is not None:
        rows.insert(1, _history(history))
    if scores is None or covered is None:
        rows.append(
            ("Hold-out", "no hold-out was set aside, so forecasts could not be compared with facts", "not checked")
        )
    else:
        rows += [_baselines(scores), _customers(covered), *(_total(covered, name) for name in ("purchases", "revenue"))]
    if cohorts is not None:
        rows.append(_cohorts(cohorts))
    rows.append(_independence(together))
    return pd.DataFrame(rows, columns=["check", "finding", "verdict"])


def _account(account: RowAccount) -> tuple[str, str, Verdict]:
    excluded = [entry for entry in account.entries if entry.fate == "excluded"]
    asked = sum(entry.count for entry in excluded if entry.code in BY_DATE)
    share = account.excluded / max(account.rows_read, 1)
    lost = (account.excluded - asked) / max(account.rows_read, 1)
    finding = (
        f"{account.rows_read:,} rows read: {account.kept:,} kept, {account.merged:,} merged, "
        f"{account.excluded:,} excluded ({100 * share:.1f} %); the counts add up"
    )
    money = sum(abs(entry.money or 0.0) for entry in excluded if entry.code not in BY_DATE)
    if money:
        finding += f"; rows excluded for their content hold {money:,.0f} of money"
    alarms = [
        f"{note.reason} ({'; '.join(map(str, note.first))})" if note.first else note.reason
        for note in account.notes
        if note.caution
    ]
    finding += "".join(f". {alarm}" for alarm in alarms)
    return "Every row accounted for", finding, "pass" if lost < LOST_SHARE and not alarms else "caution"


def _history(history: History) -> tuple[str, str, Verdict]:
    few, far = history.repeaters < FEW_REPEATERS, history.horizon > FAR_AHEAD * history.window
    ahead = "without end" if np.isinf(history.horizon) else f"{history.horizon:.3g} {history.unit} ahead"
    finding = (
        f"{history.repeaters:,} of {history.customers:,} customers bought again within {history.window:.3g} "
        f"{history.unit}; values look {ahead}"
    )
    if few:
        finding += ". With so few, the results depend much on the priors"
    if far:
        finding += ". So far ahead, values depend on the form of the model, which these data cannot test"
    return "Enough to go by", finding, "caution" if few or far else "pass"


def _convergence(name: str, fit: Fit) -> tuple[str, str, Verdict]:
    failed = [check.name for check in fit.diagnosis if not check.passed]
    bounds = ", ".join(f"{check.name} {f'{check.value:.4g}'.replace('-', '−')}" for check in fit.diagnosis)
    finding = f"failed: {', '.join(failed)} ({bounds})" if failed else bounds
    return f"The {name} model converged", finding, "fail" if failed else "pass"


def _histogram(histogram: pd.DataFrame) -> tuple[str, str, Verdict]:
    inside = histogram["observed"].between(histogram["predicted_q05"], histogram["predicted_q95"])
    bars = f"{int(inside.sum())} of {len(inside)} bars of the repeat-purchase histogram"
    finding = f"{bars} lie in their {_percent(NOMINAL)} interval"
    return "The model reproduces the data", finding, "pass" if inside.mean() >= HISTOGRAM_SHARE else "caution"


def _baselines(scores: pd.DataFrame) -> tuple[str, str, Verdict]:
    mae = scores.loc[scores["quantity"] == "purchases"].set_index("model")["mae"]
    own = mae[["posterior mean", "posterior median"]]
    rivals = mae.drop(own.index)
    finding = (
        f"mean absolute error of purchases {own['posterior mean']:.3f} (mean) and {own['posterior median']:.3f} "
        f"(median); best baseline “{rivals.idxmin()}” {rivals.min():.3f}"
    )
    better, even = own.min() < rivals.min(), own.min() == rivals.min()
    if even:
        finding += "; the model is no better"
    return "Better than simple baselines", finding, "pass" if better else "caution"


def _customers(covered: pd.DataFrame) -> tuple[str, str, Verdict]:
    row = _row(covered, "purchases", "customer")
    finding = f"{_percent(row['nominal'])} intervals of the outcome contain the purchases of "
    finding += f"{100 * row['inside']:.1f} % of the customers"
    honest = row["inside"] >= row["nominal"] - COVERAGE_TOLERANCE
    return HONEST, finding, "pass" if honest else "fail"


def _independence(spend: Independence) -> tuple[str, str, Verdict]:
    verdict: Verdict = "pass"
    if np.isnan(spend.correlation):
        verdict = "not checked"
    elif abs(spend.correlation) >= STRONG_CORRELATION and not spend.q05 <= 0 <= spend.q95:
        verdict = "caution"
    return "Spend independent of frequency", spend.sentence, verdict


def _total(covered: pd.DataFrame, quantity: str) -> tuple[str, str, Verdict]:
    row = _row(covered, quantity, "total")
    inside = row["lower"] <= row["actual"] <= row["upper"]
    where = "inside" if inside else "above" if row["actual"] > row["upper"] else "below"
    interval = f"{_percent(row['nominal'])} interval {row['lower']:,.0f} to {row['upper']:,.0f}"
    finding = f"actual {row['actual']:,.0f}, {interval}: {where}"
    if not inside:
        finding += (
            f". One total in {1 / (1 - row['nominal']):.0f} leaves such an interval by chance; another reason is "
            "something that many customers share and the model does not know, such as a season"
        )
    return f"Hold-out total of {quantity}", finding, "pass" if inside else "caution"


def _cohorts(totals: pd.DataFrame) -> tuple[str, str, Verdict]:
    """Whether what each cohort bought in the hold-out was forecast, cohort by cohort."""
    inside = totals["actual"].between(totals["lower"], totals["upper"])
    finding = f"{int(inside.sum())} of {len(totals)} totals of cohorts lie in their {_percent(NOMINAL)} interval"
    failed = totals.loc[totals["failed"]].sort_values("p_holm", kind="stable")
    for row in failed.drop_duplicates("cohort").head(3).itertuples():
        finding += f". {row.cohort}: {row.quantity} {row.actual:,.0f}, forecast {row.lower:,.0f} to {row.upper:,.0f}"
    number = failed["cohort"].nunique()
    if number:
        finding += f". No advice is given about {'this cohort' if number == 1 else f'these {number} cohorts'}"
    verdict: Verdict = "fail" if number else "pass" if inside.mean() >= NOMINAL - COHORTS_TOLERANCE else "caution"
    return "Cohorts are forecast one by one", finding, verdict


def _row(covered: pd.DataFrame, quantity: str, scope: str) -> pd.Series:
    chosen = covered.query("quantity == @quantity and scope == @scope and interval == 'outcome'")
    return chosen.iloc[0]


def _percent(value: float) -> str:
    return f"{100 * value:.0f} %"
