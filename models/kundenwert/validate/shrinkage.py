"""Rates of cohorts as counted, beside those of a model that pools them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from kundenwert.compare import QUANTILES, quantiles
from kundenwert.errors import SchemaError
from kundenwert.laws import NEWCOMER, History
from kundenwert.predict.blocks import scoring_of

if TYPE_CHECKING:
    from kundenwert.bayes import Fit, Scoring
    from kundenwert.laws import PurchaseLaw

type Array = NDArray[np.float64]


def shrinkage_table(
    purchases: Fit[PurchaseLaw], table: pd.DataFrame, *, by: str = "cohort", samples: int | None = 1000
) -> pd.DataFrame:
    r"""Repeat purchases per customer and time unit of each cohort: counted, and as the pooled model has it.

    Raw: `Σ x / Σ T`. Pooled, of the same quantity: `Σ E[X(T)] / Σ T`, under each customer's own law. Both count the
    time after a customer left. The expected rate of a new customer, `E[X(u)] / u` for short times u, the mean over the
    cohort's own customers, stands beside them and is higher: counts cannot be held against it.

    Parameters
    ----------
    purchases
        Fit of a law of purchases, with `by` among its cohorts.
    table
        Customers: `frequency, T`, `by`, and the model's other columns.
    by
        Column whose values are the cohorts.
    samples
        Draws used; all if None.

    Returns
    -------
    pandas.DataFrame
        Sorted by cohort: `cohort, customers, purchases` (repeat), `time` (Σ T); `raw, raw_q05, raw_q95` with the
        interval of a Poisson count, too narrow where customers differ; `pooled_mean, pooled_q05, pooled_q50,
        pooled_q95`; `purchase_rate_mean, …`, of a new customer; `population_mean`, the pooled mean of all cohorts
        together. Rates per time unit; NaN without time observed.

    Raises
    ------
    SchemaError
        If a column is missing.

    Examples
    --------
    >>> from kundenwert.bayes import known
    >>> from kundenwert.laws import ParetoNBD
    >>> fit = known(ParetoNBD(), r=0.553277, alpha=10.577684, s=0.60624, beta=11.668728)
    >>> found = shrinkage_table(fit, pd.DataFrame({"cohort": ["a", "a"], "frequency": [3, 0], "T": [52.0, 52.0]}))
    >>> found[["raw", "pooled_mean", "purchase_rate_mean"]].round(6).values.tolist()
    [[0.028846, 0.028335, 0.052306]]
    """
    if missing := [name for name in (by, "frequency", "T") if name not in table]:
        raise SchemaError(f"the customer table has no column {' and no column '.join(map(repr, missing))}")
    scoring = scoring_of(purchases).thin(samples)
    rows = []
    for label, group in table.groupby(by, sort=True):
        time, count = float(group["T"].sum()), int(group["frequency"].sum())
        limits = {"raw": count, "raw_q05": _poisson_limit(count, "q05"), "raw_q95": _poisson_limit(count, "q95")}
        row = {"cohort": str(label), "customers": len(group), "purchases": count, "time": time}
        row |= {name: value / time if time > 0 else np.nan for name, value in limits.items()}
        pooled, rate = _rates(scoring, group.reset_index(drop=True))
        row |= quantiles(pooled, "pooled")
        row |= quantiles(rate, "purchase_rate")
        rows.append(row)
    found = pd.DataFrame(rows)
    everybody = (found["pooled_mean"] * found["time"]).sum(skipna=True) / found["time"].sum()
    found["population_mean"] = everybody if found["time"].sum() > 0 else np.nan
    return found.astype({name: float for name in found.columns if name.endswith(("mean", "q05", "q50", "q95"))})


def _rates(scoring: Scoring[PurchaseLaw], group: pd.DataFrame) -> tuple[Array, Array]:
    """Expected repeat purchases per time observed, and those of a new customer at first, in each draw.

    Customers with one law and one T are computed once.
    """
    keys = np.column_stack([group["T"].to_numpy(np.float64), scoring.kinds(group)])
    _, first, count = np.unique(keys, axis=0, return_index=True, return_counts=True)
    some = group.iloc[first].reset_index(drop=True)
    T, law = some["T"].to_numpy(np.float64)[:, None], scoring.laws(some)(np.arange(len(some)))
    none = History(0 * T, 0 * T, 0 * T)
    bought = np.broadcast_to(scoring.law.expected_purchases(none, law, horizon=T), (len(T), scoring.samples))
    total = float(count @ T[:, 0])
    first_rate = scoring.law.p_alive(NEWCOMER, law) * scoring.law.purchase_rate(NEWCOMER, law)
    rate = np.broadcast_to(first_rate, bought.shape)
    pooled = count @ bought / total if total > 0 else np.full(scoring.samples, np.nan)
    return np.asarray(pooled), np.asarray(count @ rate / count.sum())


def _poisson_limit(count: int, end: str) -> float:
    """Garwood's limit of a Poisson mean, half of what the interval leaves out on either side."""
    degrees = 2 * count if end == "q05" else 2 * count + 2
    return float(stats.chi2.ppf(QUANTILES[end], degrees) / 2) if degrees else 0.0
