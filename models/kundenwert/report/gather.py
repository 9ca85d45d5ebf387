"""Everything a report shows, as tables and plain values, computed once."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kundenwert.bayes import Fit, resolved_priors
from kundenwert.compare import NOMINAL, compare_cohorts, quantiles
from kundenwert.data import CustomerSummary, TransactionLog, purchases_by_day
from kundenwert.errors import DomainError
from kundenwert.laws import PurchaseLaw, SpendLaw
from kundenwert.predict import Horizon, Reader, read_draws
from kundenwert.report.run import Facts
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
from kundenwert.validate.cohort_curves import RevenueCurve, decile_table, retention_by_age
from kundenwert.validate.holdout import Classes
from kundenwert.value import ValueResult
from kundenwert.value.terms import number

MONTHS_UP_TO, QUARTERS_UP_TO = 2.0, 8.0
"""Years of observation up to which cohorts are followed by months, and by quarters."""

READ_DRAWS = 1000
"""Draws that a hold-out is followed with where customers are drawn for that alone."""

SHOWN_DRAWS = 2000
"""Draws of prior and posterior that the report's pictures are made from."""


@dataclass(frozen=True)
class Readers:
    """What a report reads off the same draws that values are made from, where there is a hold-out.

    Parameters
    ----------
    curve
        Revenue as time goes on.
    classes
        Purchases of customers alike in frequency.
    """

    curve: RevenueCurve
    classes: Classes

    @classmethod
    def of(cls, summary: CustomerSummary) -> Readers | None:
        """Readers for a summary; None without a hold-out."""
        return None if summary.holdout_length is None else cls(RevenueCurve(summary), Classes(summary.table))

    @property
    def each(self) -> tuple[Reader[Any], ...]:
        """One after the other, for `value_table`."""
        return (self.curve.reader, self.classes)


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
    purchases: Fit[PurchaseLaw]
    spend: Fit[SpendLaw]
    values: ValueResult
    tables: dict[str, pd.DataFrame]
    facts: Facts


def gather(
    log: TransactionLog,
    purchases: Fit[PurchaseLaw],
    spend: Fit[SpendLaw],
    summary: CustomerSummary,
    values: ValueResult,
    *,
    readers: Readers | None = None,
    lifespan_years: float = 3.0,
    seed: int = 1,
) -> Results:
    """Compute all tables and facts of a report.

    Parameters
    ----------
    log, purchases, spend, summary, values
        The stations from transaction log to value table.
    readers
        What was read off the draws that the values were made from; customers are drawn once more if not given.
    lifespan_years
        Lifespan that the simple formula assumes, in years.
    seed
        Of the replicated data.

    Returns
    -------
    Results
    """
    end = summary.holdout_end or summary.observation_end
    daily = purchases_by_day(log, until=end, acquired_until=summary.observation_end)
    together = independence(summary.table)
    histogram = repeat_purchase_counts(purchases, summary.table, seed=seed)
    tables = {
        "accounting": summary.account.to_frame(),
        "histogram": histogram,
        "spend": spend_distribution(spend, summary.table, seed=seed),
        "tracking": tracking(purchases, summary, daily),
        "parameters": _parameters(purchases, spend),
        "draws": _draws(purchases, spend),
        "cohorts": compare_cohorts(summary, values, lifespan_years=lifespan_years),
        "customers": values.table,
        "why": why(purchases, spend, summary, values, lifespan_years=lifespan_years),
    }
    tables |= pooled(purchases, spend, summary)
    with suppress(DomainError):  # a log shorter than one whole period has nothing to follow
        tables["retention"] = retention_by_age(log, period=_period(summary), until=end)
    if summary.holdout_length is not None:
        tables["baselines"] = baselines(log, spend, summary, values, lifespan_years=lifespan_years, seed=seed)
        tables |= _of_holdout(log, summary, values, readers or _read(purchases, spend, summary, seed))
    scores, covered, apart = (tables.get(name) for name in ("scores", "coverage", "cohort_totals"))
    failed = [] if apart is None else sorted(set(apart.loc[apart["failed"], "cohort"]))
    tables |= decisions(purchases, spend, summary, values, seed=seed, failed=failed)
    fits: dict[str, Fit[Any]] = {"purchase": purchases, "spend": spend}
    tables["checks"] = checks(
        summary.account, fits, histogram, together, scores, covered, _history(summary, values), apart
    )
    facts = _facts(summary, values, spend.model, lifespan_years, failed, together.sentence)
    return Results(summary, purchases, spend, values, tables, facts)


def _of_holdout(
    log: TransactionLog, summary: CustomerSummary, values: ValueResult, readers: Readers
) -> dict[str, pd.DataFrame]:
    """Forecasts beside what happened."""
    tables = {
        "deciles": decile_table(summary, values),
        "revenue_curve": readers.curve.table(log),
        "scores": holdout_scores(summary, values),
        "coverage": coverage(summary, values),
        "by_frequency": by_frequency(summary, values, drawn=readers.classes),
    }
    if len(values.totals["cohort"]) > 1:
        tables["cohort_totals"] = cohort_totals(summary, values)
    return tables


def _read(purchases: Fit[PurchaseLaw], spend: Fit[SpendLaw], summary: CustomerSummary, seed: int) -> Readers:
    """Draw customers for what a report reads off them."""
    readers = Readers.of(summary)
    if readers is None:
        raise DomainError("the summary has no hold-out; summarise with observation_end and holdout_end")
    length = float(summary.holdout_length or 0)
    horizon = Horizon(length, holdout=length)
    read_draws(purchases, spend, summary.table, readers.each, horizon=horizon, seed=seed, samples=READ_DRAWS)
    return readers


def _period(summary: CustomerSummary) -> str:
    """Length of the periods that cohorts are followed in, so that there are a few dozen at most."""
    years = summary.window / summary.units_per_year
    return "M" if years <= MONTHS_UP_TO else "Q" if years <= QUARTERS_UP_TO else "Y"


def _parameters(*fits: Fit) -> pd.DataFrame:
    """Posterior of every parameter beside its prior."""
    rows = []
    for fit in fits:
        priors = resolved_priors(fit.model)
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
            for name in resolved_priors(fit.model):
                drawn = fit.tree[group][name].to_numpy().ravel()
                pick = np.linspace(0, drawn.size - 1, min(SHOWN_DRAWS, drawn.size)).astype(int)
                frames.append(pd.DataFrame({"group": group, "parameter": name, "value": drawn[pick]}))
    return pd.concat(frames, ignore_index=True)


def _history(summary: CustomerSummary, values: ValueResult) -> History:
    return History(
        len(summary), int((summary.table["frequency"] > 0).sum()), summary.window, number(values.terms.horizon),
        UNITS[summary.time_unit],
    )  # fmt: skip


def _cost(cost: object) -> float | dict[str, float]:
    return dict(cost) if isinstance(cost, Mapping) else number(cost or 0)


def _facts(
    summary: CustomerSummary,
    values: ValueResult,
    paying: SpendLaw,
    lifespan_years: float,
    failed: list[str],
    independent: str,
) -> Facts:
    table, terms = summary.table, values.terms
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
        "observation_start": str(summary.observation_start),
        "observation_end": str(summary.observation_end),
        "holdout_end": str(summary.holdout_end) if summary.holdout_end else None,
        "source": summary.source.to_dict(),
        "assumptions": {
            "horizon": number(terms.horizon),
            "discount_rate": number(terms.discount_rate),
            "margin": number(terms.margin),
            "cac": _cost(terms.cac),
            "order_cost": _cost(terms.order_cost),
            "service_cost": _cost(terms.service_cost),
            "running": terms.running,
        },
        "lifespan_years": lifespan_years,
        "marks": list(values.marks),
        "totals": totals,
        "failed_cohorts": failed,
        "independence": independent,
        "nominal": NOMINAL,
        "spend_looks_at": list(paying.looks_at),
    }
