"""Tables of the report beyond those of one room: why formula and posterior differ, who forecasts best, decisions."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kundenwert.bayes.fit import fit
from kundenwert.compare import baseline_predictions, decompositions, quantiles, score_baselines
from kundenwert.data import window_totals
from kundenwert.decide import (
    acquisition_table,
    payback_curve,
    payback_table,
    probability_better,
    value_of_information,
)
from kundenwert.laws import NBD
from kundenwert.predict import newcomers, scorings
from kundenwert.predict.newcomers import EVERYBODY
from kundenwert.settings.terms import COSTS
from kundenwert.validate.shrinkage import shrinkage_table
from kundenwert.value.terms import cost_of, number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kundenwert.bayes import Fit
    from kundenwert.data import CustomerSummary, TransactionLog
    from kundenwert.laws import PurchaseLaw, SpendLaw
    from kundenwert.value import ValueResult

LAW_SAMPLES = 1000
"""Draws that decisions are made from."""

WHY_SAMPLES = 400
"""Draws that the decomposition is made from."""

COMPARED = (
    *("posterior mean", "annuity", "last 12 months", "formula_overall_full", "formula_cohort_full"),
    *("formula_cohort_observed", "formula_cohort_churn", "formula_cohort_assumed", "nbd", "nobody returns"),
)
"""Forecasts of the hold-out that are set side by side."""

COMMON = 0.5
"""Share of the customers that has to remain for whom all compared forecasts exist; methods that answer for fewer are
left out."""

CURVE_POINTS = 40

CURVE_YEARS = 5
"""How long payback is followed where the horizon is infinite."""


def why(
    purchases: Fit[PurchaseLaw],
    spend: Fit[SpendLaw],
    summary: CustomerSummary,
    values: ValueResult,
    *,
    lifespan_years: float,
) -> pd.DataFrame:
    """Take formula / posterior apart, for each cohort and each lifespan; empty where the horizon is infinite.

    Parameters
    ----------
    purchases, spend, summary, values
        The stations from posterior to value table.
    lifespan_years
        The assumed lifespan.

    Returns
    -------
    pandas.DataFrame
        `Decomposition.table()` of each of `formula.METHODS`, and `everybody`, whether a row is of the total.
    """
    assumed = values.terms
    if np.isinf(number(assumed.horizon)):
        return pd.DataFrame(columns=["cohort", "customers", "method", "step"])
    found = decompositions(
        purchases,
        spend,
        summary.table,
        units_per_year=summary.units_per_year,
        horizon=number(assumed.horizon),
        discount_rate=number(assumed.discount_rate),
        margin=number(assumed.margin),
        lifespan_years=lifespan_years,
        inactivity_months=summary.inactivity_months,
        samples=WHY_SAMPLES,
    )
    frames = []
    for one in found.values():
        frame = one.table()
        last = np.repeat(np.arange(len(one.cohorts)) == len(one.cohorts) - 1, len(frame) // len(one.cohorts))
        frames.append(frame.assign(everybody=last))
    return pd.concat(frames, ignore_index=True)


def baselines(
    log: TransactionLog,
    spend: Fit[SpendLaw],
    summary: CustomerSummary,
    values: ValueResult,
    *,
    lifespan_years: float,
    seed: int,
) -> pd.DataFrame:
    """Score what one would forecast without the model, beside the model, on the hold-out's revenue.

    All methods are scored on the same customers, those for whom each of them has a forecast. A method that would leave
    fewer than `COMMON` of the customers is not scored.

    Parameters
    ----------
    log, spend, summary, values
        The stations from transaction log to value table; the summary has a hold-out.
    lifespan_years
        The assumed lifespan.
    seed
        Of the NBD's fit.

    Returns
    -------
    pandas.DataFrame
        As `score_baselines`, one row for each of `COMPARED`; `missing` counts the customers for whom a method has no
        forecast. Scores of a method that is not scored are NaN.
    """
    length, end = summary.holdout_length, summary.observation_end
    if length is None or end is None or summary.observation_start is None:
        return pd.DataFrame()
    no_dropout: Fit[PurchaseLaw] = fit(NBD(), summary, seed=seed, draws=250, log_likelihood=False)
    start = max(
        pd.Timestamp(end) - pd.DateOffset(months=12) + pd.Timedelta(days=1), pd.Timestamp(summary.observation_start)
    )
    days = (pd.Timestamp(end) - start).days + 1
    recent = {"last 12 months": (window_totals(log, start.date(), end), days / summary.days_per_unit)}
    found = baseline_predictions(
        summary.table,
        units_per_year=summary.units_per_year,
        horizon=length,
        lifespan_years=lifespan_years,
        inactivity_months=summary.inactivity_months,
        recent=recent,
        no_dropout=(no_dropout, spend),
    )
    valued = values.table.set_index("customer_id").loc[summary.table["customer_id"]].reset_index()
    own = pd.DataFrame({"posterior mean": valued["predicted_holdout_value_mean"], "nobody returns": 0.0})
    together = pd.concat([found.revenue.reset_index(drop=True), own], axis=1)[list(COMPARED)]
    notes = found.notes.reset_index(drop=True).reindex(columns=together.columns, fill_value="")
    actual, cohort = (summary.table[name].reset_index(drop=True) for name in ("holdout_value", "cohort"))
    compared = together[_comparable(together)].reindex(columns=together.columns)
    scored = score_baselines(compared, actual, cohort, common=True)
    why = score_baselines(together, actual, cohort, notes=notes)[["missing", "note"]]
    return scored.assign(**why)


def _comparable(predictions: pd.DataFrame) -> list[str]:
    """Methods, those that answer for most first, as long as `COMMON` of the customers have a forecast of each."""
    present = predictions.notna()
    shared: NDArray[np.bool_] = np.ones(len(predictions), dtype=bool)
    kept: list[str] = []
    for method in present.sum().sort_values(ascending=False, kind="stable").index:
        together = shared & present[method].to_numpy()
        if together.mean() >= COMMON:
            shared, kept = together, [*kept, str(method)]
    return kept


def decisions(
    purchases: Fit[PurchaseLaw],
    spend: Fit[SpendLaw],
    summary: CustomerSummary,
    values: ValueResult,
    *,
    seed: int,
    failed: Collection[str] = (),
) -> dict[str, pd.DataFrame]:
    """What a new customer may cost, when they pay back, which cohort is better, and what more data would be worth.

    Parameters
    ----------
    purchases, spend, summary, values
        The stations from posterior to value table.
    seed
        Of the simulated customers.
    failed
        Cohorts whose hold-out was not what was forecast; none of them is compared or advised.

    Returns
    -------
    dict
        Tables `acquisition, payback, payback_curve, better, information`; cohorts apart only where a model tells them
        apart. Where none does, everybody together at the mean of each cost over customers.
    """
    table, year = summary.table, summary.units_per_year
    new = newcomers(purchases, spend, table, units_per_year=year, samples=LAW_SAMPLES)
    terms = values.terms
    if EVERYBODY in new.cohorts and len(new.cohorts) == 1:
        cac, order, service = (float(cost_of(terms, table["cohort"], name).mean()) for name in COSTS)
        terms = replace(terms, cac=cac, order_cost=order, service_cost=service)
    horizon = number(terms.horizon)
    grid = np.linspace(0, horizon if np.isfinite(horizon) else CURVE_YEARS * year, CURVE_POINTS)
    found = {
        "acquisition": acquisition_table(new, terms, seed=seed, customers_per_draw=4),
        "payback": payback_table(new, terms, seed=seed, customers_per_draw=4),
        "payback_curve": payback_curve(new, terms, grid=grid, seed=seed, customers_per_draw=4),
    }
    names = [label for label in new.cohorts if label not in failed]
    if not names:
        return found
    advised = new.only(names)
    if len(names) > 1:
        better = probability_better(advised, terms)
        found["better"] = better.pairs.rename_axis("cohort").reset_index()
        found["best"] = better.best.rename("p_best").rename_axis("cohort").reset_index()
    _, paying = scorings(purchases, spend)
    if not paying.law.no_mean(paying.population).any():
        known = value_of_information(advised, terms, seed=seed)
        found["information"] = known.samples.assign(evpi=known.evpi, action=known.action)
    return found


def pooled(purchases: Fit[PurchaseLaw], spend: Fit[SpendLaw], summary: CustomerSummary) -> dict[str, pd.DataFrame]:
    """How cohorts differ: effects as factors on the average, and pooled rates beside those counted.

    Parameters
    ----------
    purchases, spend, summary
        The stations from summary to posterior.

    Returns
    -------
    dict
        Tables `effects` and, where the models pool the column "cohort", `shrinkage`; empty without effects.
    """
    if purchases.design is None and spend.design is None:
        return {}
    found = {"effects": pd.concat([_effects(purchases), _effects(spend)], ignore_index=True)}
    if purchases.design is not None and "cohort" in purchases.design.cohorts:
        found["shrinkage"] = shrinkage_table(purchases, summary.table)
    return found


def _effects(fit: Fit[Any]) -> pd.DataFrame:
    """One row per level and coefficient: `effect, level, value_mean, …, p_above`, as factors."""
    rows = []
    posterior = fit.tree["posterior"]
    for process in fit.model.acts_on:
        for name, values in posterior.data_vars.items():
            if not str(name).startswith((f"{process}_effect_", f"{process}_coefficient")):
                continue
            names = values.coords[values.dims[-1]].to_numpy()
            draws = values.to_numpy().reshape(-1, names.size)
            for level, own in zip(names, draws.T, strict=True):
                ends = {key: float(value) for key, value in quantiles(np.exp(own), "value").items()}
                row = {"effect": f"{process}, {str(name).removeprefix(f'{process}_effect_')}", "level": str(level)}
                if str(name).endswith("_coefficient"):
                    row["effect"] = f"{process}, covariate"
                rows.append(row | ends | {"p_above": float((own > 0).mean())})
    return pd.DataFrame(rows)
