"""Laws of purchases compared on one log: by leaving customers out, and by purchases that none of them has seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert.bayes import fit, loo
from kundenwert.bayes.variants import told
from kundenwert.errors import DomainError, SchemaError
from kundenwert.laws import PURCHASE_LAWS, PurchaseLaw
from kundenwert.validate.scores import compare_log_scores, log_score

if TYPE_CHECKING:
    from kundenwert.bayes import Fit
    from kundenwert.data import CustomerSummary

DRAWS, CHAINS = 500, 2
"""Draws of each chain, and chains, of each fit that is compared: scores differ by less than their error with more."""

CLEAR = 2.0
"""Standard errors by which another law has to be better than the first to be chosen instead."""


@dataclass(frozen=True)
class ModelComparison:
    """Laws of purchases side by side.

    Parameters
    ----------
    table
        One row per law, the first as given first; see `compare_models`.
    fits
        Their fits, by name.
    chosen
        Name of the law to go on with.
    why
        One sentence.
    """

    table: pd.DataFrame
    fits: Mapping[str, Fit[PurchaseLaw]]
    chosen: str
    why: str


def compare_models(
    summary: CustomerSummary,
    models: Mapping[str, PurchaseLaw] | None = None,
    *,
    holdout: CustomerSummary | None = None,
    seed: int = 1,
) -> ModelComparison:
    """Fit several laws of purchases to the same customers, and say which describes and which forecasts them best.

    `loo` is the leave-one-customer-out log predictive density; `holdout` the log predictive density of each customer's
    purchases in a hold-out. Both are sums over customers, higher is better. Differences are against the first law, with
    the standard error of the customers' paired differences.

    Parameters
    ----------
    summary
        Customers to fit; with a hold-out they are scored on it.
    models
        By name; all laws of purchases that the customers' table has the columns for if not given, the first is what the
        others have to beat.
    holdout
        Customers of a shorter observation with a hold-out to score on instead, such as one within the observation:
        each law is fitted to them too.
    seed
        Of the fits.

    Returns
    -------
    ModelComparison
        `table`: `model, converged, loo, loo_difference, loo_error`, and where there is a hold-out `holdout,
        holdout_difference, holdout_error`. The first law is chosen unless another is better on the hold-out by more
        than two standard errors; without a hold-out, by leave-one-out.

    Raises
    ------
    SchemaError
        If there is no law to compare.
    """
    laws = _those_that_can(summary, holdout) if models is None else dict(models)
    if not laws:
        raise SchemaError("there is no law to compare; give at least one")

    def drawn(seen: CustomerSummary) -> dict[str, Fit[PurchaseLaw]]:
        return {n: fit(law, seen, seed=seed, draws=DRAWS, chains=CHAINS, progress=False) for n, law in laws.items()}

    fits = drawn(summary)
    left_out = {name: loo(one.tree).elpd_i.to_numpy() for name, one in fits.items()}
    rows = pd.DataFrame({"model": list(fits), "converged": [one.diagnosis.converged for one in fits.values()]})
    rows = rows.assign(**_differences(left_out, "loo"))
    scored = summary if holdout is None else holdout
    if scored.holdout_length is not None:
        judged = fits if holdout is None else drawn(scored)
        table = compare_log_scores({name: log_score(one, scored) for name, one in judged.items()})
        rows = rows.assign(holdout=table["total"], holdout_difference=table["difference"], holdout_error=table["error"])
    chosen, why = _choice(rows)
    if "variants" in fits[chosen].info:
        why += f"; {told(fits[chosen].info['variants'])}"
    if models is None and (missing := [name for name in PURCHASE_LAWS if name not in laws]):
        why += f"; not compared, for want of a column of the customer table: {', '.join(missing)}"
    return ModelComparison(rows, fits, chosen, why)


def _those_that_can(*summaries: CustomerSummary | None) -> dict[str, PurchaseLaw]:
    """The laws that every table has the columns for."""
    tables = [one.table for one in summaries if one is not None]
    laws = {name: kind() for name, kind in PURCHASE_LAWS.items()}
    return {name: law for name, law in laws.items() if not any(law.lacks(table) for table in tables)}


def _differences(each: Mapping[str, NDArray[np.float64]], name: str) -> dict[str, list[float]]:
    """Totals, and differences from the first with their paired errors."""
    first = next(iter(each.values()))
    gaps = [values - first for values in each.values()]
    return {
        name: [float(values.sum()) for values in each.values()],
        f"{name}_difference": [float(gap.sum()) for gap in gaps],
        f"{name}_error": [float(np.sqrt(gap.size) * gap.std(ddof=1)) for gap in gaps],
    }


def _choice(table: pd.DataFrame) -> tuple[str, str]:
    """The first law, unless another is clearly better; and why."""
    by = "holdout" if "holdout" in table else "loo"
    judged = "on purchases that none had seen" if by == "holdout" else "by leaving customers out"
    fine = table[table["converged"]].reset_index(drop=True)
    if not len(fine):
        raise DomainError("none of the laws converged on this log; fit one of them and read its diagnosis")
    gap = fine[f"{by}_difference"].to_numpy(np.float64)
    gap = gap - gap[0]
    error, names = fine[f"{by}_error"].to_numpy(np.float64), fine["model"].astype(str).tolist()
    best = int(gap.argmax())
    if best > 0 and gap[best] > CLEAR * error[best]:
        return names[best], f"{names[best]} is better than {names[0]} by {gap[best]:.1f} ± {error[best]:.1f} {judged}"
    return names[0], f"no law is clearly better than {names[0]} {judged}"
