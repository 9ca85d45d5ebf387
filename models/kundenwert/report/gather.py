"""Everything a report shows, as tables and plain values, computed once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kundenwert.bayes import Fit
from kundenwert.compare import NOMINAL, compare_cohorts, quantiles
from kundenwert.data import CustomerSummary, TransactionLog, purchases_by_day
from kundenwert.errors import DomainError
from kundenwert.report.tables import baselines, decisions, pooled, why
from kundenwert.report.texts import UNITS
from kundenwert.validate import (
    by_frequency,
    checks,
    cohort_totals,
    coverage,
    holdout_scores,
    independence,
    repeat_purchase_counts,
    spend_distribution,
    tracking,
)
from kundenwert.validate.checks import History
from kundenwert.validate.cohort_curves import decile_table, holdout_revenue_curve, retention_by_age
from kundenwert.value import ValueResult

MONTHS_UP_TO, QUARTERS_UP_TO = 2.0, 8.0
"""Years of observation up to which cohorts are followed by months, and by quarters."""

CURVE_DRAWS = 200
"""Draws that the hold-out's revenue is followed with."""

GROUP_DRAWS = 1000
"""Draws that groups of customers alike in frequency are followed through the hold-out with."""

LAW_DRAWS = 500
"""Draws of each customer's parameters that checks of the fit are made with."""

SHOWN_DRAWS = 2000
"""Draws of prior and posterior that the report's pictures are made from."""


@dataclass(frozen=True)
class Results:
    """What one analysis found.

    Parameters
    ----------
    summary, purchases, spend, values
        Its parts.
    tables
        Tables of the report by name; `cohorts` and `customers` are delivered too.
    facts
        Plain values of the report: dates, totals, sentences.
    """

    summary: CustomerSummary
    purchases: Fit
    spend: Fit
    values: ValueResult
    tables: dict[str, pd.DataFrame]
    facts: dict[str, Any]


def gather(
    log: TransactionLog,
    summary: CustomerSummary,
    purchases: Fit,
    spend: Fit,
    values: ValueResult,
    *,
    lifespan_years: float = 3.0,
    seed: int = 0,
) -> Results:
    """Compute all tables and facts of a report.

    Parameters
    ----------
    log, summary, purchases, spend, values
        The stations from transaction log to value table.
    lifespan_years
        Lifespan that the simple formula assumes, in years.
    seed
        Of the replicated data.

    Returns
    -------
    Results
    """
    everybody = np.arange(len(summary))
    law = purchases.laws(summary.table, LAW_DRAWS)(everybody)
    money = spend.laws(summary.table, LAW_DRAWS)(everybody)
    end = summary.holdout_end or summary.observation_end
    daily = purchases_by_day(log, until=end, acquired_until=summary.observation_end)
    together = independence(summary.table)
    histogram = repeat_purchase_counts(summary.table, parameters=law, seed=seed)
    tables = {
        "accounting": summary.account.to_frame(),
        "histogram": histogram,
        "spend": spend_distribution(summary.table, money, seed=seed),
        "tracking": tracking(daily, summary, law),
        "parameters": _parameters(purchases, spend),
        "draws": _draws(purchases, spend),
        "cohorts": compare_cohorts(summary, values, lifespan_years=lifespan_years),
        "customers": values.table,
    }
    scores = covered = apart = None
    tables |= {"why": why(purchases, spend, summary, values, lifespan_years=lifespan_years)}
    tables |= pooled(purchases, spend, summary)
    with suppress(DomainError):  # a log shorter than one whole period has nothing to follow
        tables["retention"] = retention_by_age(log, period=_period(summary), until=end)
    if summary.holdout_length is not None:
        tables["baselines"] = baselines(log, spend, summary, values, lifespan_years=lifespan_years, seed=seed)
        tables["deciles"] = decile_table(summary, values)
        tables["revenue_curve"] = holdout_revenue_curve(
            purchases, spend, summary, log, seed=seed, samples=CURVE_DRAWS, allow_unconverged=True
        )
        scores, covered = holdout_scores(summary, values), coverage(summary, values)
        tables |= {"scores": scores, "coverage": covered}
        tables["by_frequency"] = by_frequency(summary, values, fits=(purchases, spend), seed=seed, samples=GROUP_DRAWS)
        if len(values.totals["cohort"]) > 1:
            tables["cohort_totals"] = apart = cohort_totals(summary, values)
    failed = [] if apart is None else sorted(set(apart.loc[apart["failed"], "cohort"]))
    tables |= decisions(purchases, spend, summary, values, seed=seed, failed=failed)
    fits = {"purchase": purchases, "spend": spend}
    tables["checks"] = checks(
        summary.account, fits, histogram, together, scores, covered, _history(summary, values), apart
    )
    facts = _facts(summary, values, lifespan_years) | {
        "failed_cohorts": failed,
        "independence": together.sentence,
        "nominal": NOMINAL,
    }
    return Results(summary, purchases, spend, values, tables, facts)


def _period(summary: CustomerSummary) -> str:
    """Length of the periods that cohorts are followed in, so that there are a few dozen at most."""
    years = summary.window / summary.units_per_year
    return "M" if years <= MONTHS_UP_TO else "Q" if years <= QUARTERS_UP_TO else "Y"


def _parameters(*fits: Fit) -> pd.DataFrame:
    """Posterior of every parameter beside its prior."""
    rows = []
    for fit in fits:
        priors = fit.model.resolved_priors()
        posterior = fit.tree["posterior"].to_dataset()
        for name in (*(name for name in priors if name not in fit.model.parameters), *fit.model.parameters):
            draws = posterior[name].to_numpy().ravel()
            ends = {key: float(value) for key, value in quantiles(draws, "value").items()}
            prior = str(priors[name]) if name in priors else "derived"
            rows.append({"model": fit.model.name, "parameter": name, "prior": prior, **ends})
    return pd.DataFrame(rows)


def _draws(*fits: Fit) -> pd.DataFrame:
    """Some draws of prior and posterior of the quantities that carry a prior."""
    frames = []
    for fit in fits:
        for group in ("prior", "posterior"):
            for name in fit.model.resolved_priors():
                drawn = fit.tree[group][name].to_numpy().ravel()
                pick = np.linspace(0, drawn.size - 1, min(SHOWN_DRAWS, drawn.size)).astype(int)
                frames.append(pd.DataFrame({"group": group, "parameter": name, "value": drawn[pick]}))
    return pd.concat(frames, ignore_index=True)


def _history(summary: CustomerSummary, values: ValueResult) -> History:
    return History(
        len(summary), int((summary.table["frequency"] > 0).sum()), summary.window, values.assumptions.horizon,
        UNITS[summary.time_unit],
    )  # fmt: skip


def _facts(summary: CustomerSummary, values: ValueResult, lifespan_years: float) -> dict[str, Any]:
    table = summary.table
    totals = {}
    for name, draws in values.totals.sum("cohort").items():
        if name != "customers":
            totals[str(name)] = {key[6:]: float(value) for key, value in quantiles(draws.to_numpy(), "total").items()}
    return {
        "customers": len(summary),
        "repeaters": int((table["frequency"] > 0).sum()),
        "orders": int(table["frequency"].sum() + len(table)),
        "revenue": float(table["value_to_date"].sum()),
        "time_unit": summary.time_unit,
        "units_per_year": summary.units_per_year,
        "window": summary.window,
        "observation_start": str(summary.observation_start),
        "observation_end": str(summary.observation_end),
        "holdout_end": str(summary.holdout_end) if summary.holdout_end else None,
        "holdout_length": summary.holdout_length,
        "cohort": summary.cohort,
        "inactivity_months": summary.inactivity_months,
        "source": summary.source.to_dict(),
        "assumptions": values.assumptions.to_dict(),
        "lifespan_years": lifespan_years,
        "marks": list(values.marks),
        "totals": totals,
    }
