"""What a customer not yet seen will be worth, and may cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert.data.customers import DAYS_PER_UNIT
from kundenwert.predict import Horizon, new_customer_draws, paired_samples
from kundenwert.value.assumptions import Assumptions, check_cohorts, check_fits
from kundenwert.value.quantiles import quantile_columns

if TYPE_CHECKING:
    from kundenwert.bayes import Fit
    from kundenwert.data import CustomerSummary


def new_customer_table(
    purchases: Fit,
    spend: Fit,
    *,
    horizon: float,
    discount_rate: float = 0.10,
    margin: float = 1.0,
    cac: float | Mapping[str, float] = 0.0,
    seed: int,
    samples: int | None = None,
    allow_unconverged: bool = False,
    summary: CustomerSummary | None = None,
) -> pd.DataFrame:
    r"""Value a customer not yet seen, first purchase included, at one acquisition cost or at that of each cohort.

    `CLV = margin · (first purchase + Σ spend · e^(-δ t)) - cac`; the break-even cost is the CLV without the cost.

    Parameters
    ----------
    purchases, spend
        Fits of `ParetoNBD` and `GammaGamma`.
    horizon
        Length of the future counted after the first purchase, in units of time; may be infinite if discounted.
    discount_rate, margin, cac, seed, samples, allow_unconverged
        As in `value_table`.
    summary
        Customers whose cohorts the models tell apart: then each cohort has its own law, from `Fit.cohort_laws`. Needed
        where a model has cohorts or covariates and the typical customer of each cohort is wanted.

    Returns
    -------
    pandas.DataFrame
        One row per cohort, or per cost: `cohort, cac, expected_purchases_mean, purchases_q05, …, clv_mean, clv_q05,
        clv_q50, clv_q95, expected_clv_q05, expected_clv_q95, p_pays_back, break_even_cac_mean, break_even_cac_q05,
        break_even_cac_q95`. The break-even interval is of the expectation: it bounds what a campaign may pay.

    Raises
    ------
    FitError
        If a fit did not converge.
    DomainError
        If an assumption has no meaning.
    """
    time_unit = purchases.info["time_unit"]
    check_fits(purchases, spend, time_unit, allow_unconverged=allow_unconverged)
    if summary is not None:
        check_cohorts(purchases, spend, summary)
    assumptions = Assumptions(horizon, time_unit, discount_rate, margin, cac)
    ahead = Horizon(horizon, float(np.log1p(discount_rate)) * DAYS_PER_UNIT[time_unit] / DAYS_PER_UNIT["Y"])
    size = paired_samples(purchases, spend, samples)
    laws = (
        {None: purchases.draws(size) | spend.draws(size)}
        if summary is None
        else _cohort_laws(purchases, spend, summary, size)
    )
    costs = _new_costs(assumptions, [label for label in laws if label is not None])
    rows = []
    drawn = {
        label: new_customer_draws(purchases, spend, horizon=ahead, seed=seed, law=law) for label, law in laws.items()
    }
    for cohort, cost in costs.items():
        one = drawn[cohort if summary is not None else None]
        worth, expected = margin * one.value, margin * one.expected_value
        row: dict[str, Any] = {"cohort": cohort, "cac": cost, "expected_purchases_mean": one.expected_purchases.mean()}
        row |= quantile_columns("purchases", one.purchases[None]) | {"clv_mean": expected.mean() - cost}
        row |= quantile_columns("clv", worth[None] - cost) | quantile_columns("expected_clv", expected[None] - cost)
        row |= {"p_pays_back": (worth > cost).mean(), "break_even_cac_mean": expected.mean()}
        row |= quantile_columns("break_even_cac", expected[None])
        rows.append({name: value.item() if isinstance(value, np.ndarray) else value for name, value in row.items()})
    return pd.DataFrame(rows).drop(columns=["expected_clv_q50", "break_even_cac_q50"])


def _cohort_laws(
    purchases: Fit, spend: Fit, summary: CustomerSummary, size: int
) -> dict[str | None, dict[str, NDArray[np.float64]]]:
    first, second = (fit.cohort_laws(summary.table, size) for fit in (purchases, spend))
    return {label: law | second[label] for label, law in first.items()}


def _new_costs(assumptions: Assumptions, cohorts: list[str]) -> dict[str, float]:
    """Acquisition cost by cohort: of the cohorts asked for, or else of those that have a cost."""
    if cohorts:
        costs = assumptions.cost_of(pd.Series(cohorts))
        return dict(zip(cohorts, costs.tolist(), strict=True))
    return dict(assumptions.cac) if isinstance(assumptions.cac, Mapping) else {"all": float(assumptions.cac)}
