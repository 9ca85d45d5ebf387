"""Terms that turn purchases into money, applied to customers; and what fits and customers must agree on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert.data.customers import cost_by_cohort
from kundenwert.errors import DomainError, FitError, SchemaError
from kundenwert.laws import PurchaseLaw, SpendLaw
from kundenwert.messages import Code, Setting
from kundenwert.predict import Horizon
from kundenwert.settings import Terms, made
from kundenwert.settings.terms import COSTS, WORDS

if TYPE_CHECKING:
    from kundenwert.bayes import Fit
    from kundenwert.data import CustomerSummary

type Array = NDArray[np.float64]

OWN_COHORT = "cohort"
"""Kind of the cohorts of a table that came with some: what they are is not known."""


def stated_terms(
    terms: Terms | None, changes: Mapping[str, object], *, units_per_year: float, margin: float | None = None
) -> Terms:
    """Terms with every setting filled in.

    Parameters
    ----------
    terms
        As the user has them; None for defaults.
    changes
        Settings by name that replace those of the terms.
    units_per_year
        Time units in a year, which the horizon is if none is given.
    margin
        What a margin that is not given is; 1 if this is None.

    Returns
    -------
    Terms

    Raises
    ------
    SchemaError
        If there is no setting of a name, or a file of costs is named, which must be read first.
    DomainError
        If a setting has no meaning.

    Examples
    --------
    >>> stated_terms(None, {"cac": 5}, units_per_year=52.18).cac, stated_terms(None, {}, units_per_year=52.18).horizon
    (5.0, 52.18)
    """
    found = made(Terms, terms, dict(changes))
    if found.cac_file is not None:
        raise SchemaError(Code.COSTS_NOT_READ, parameter="cac_file", file=Setting("cac_file", str(found.cac_file)))
    return replace(
        found,
        horizon=units_per_year if found.horizon is None else found.horizon,
        margin=(1.0 if margin is None else margin) if found.margin is None else found.margin,
        cac=0.0 if found.cac is None else found.cac,
        order_cost=0.0 if found.order_cost is None else found.order_cost,
        service_cost=0.0 if found.service_cost is None else found.service_cost,
    )


def horizon_of(terms: Terms, units_per_year: float, holdout: float | None = None) -> Horizon:
    """How far terms look, with the annual rate d as the continuous rate `ln(1 + d)` a year."""
    return Horizon(number(terms.horizon), float(np.log1p(number(terms.discount_rate))) / units_per_year, holdout)


def number(value: object) -> float:
    """A setting that the record has made a number."""
    if not isinstance(value, int | float):
        raise TypeError(value)
    return float(value)


def cost_of(terms: Terms, cohort: pd.Series, name: str = "cac") -> Array:
    """Acquisition cost of each customer, or another of `settings.terms.COSTS`, by cohort."""
    stated = getattr(terms, name)
    if not isinstance(stated, Mapping):
        return np.full(len(cohort), number(stated))
    return np.asarray(cost_by_cohort(cohort, stated, WORDS[name]), dtype=np.float64)


def earned(terms: Terms, table: pd.DataFrame) -> Array:
    """Margin of each customer so far: of their rows where those state it, else the margin of their revenue."""
    if "margin_to_date" in table:
        return table["margin_to_date"].to_numpy(np.float64)
    return number(terms.margin) * table["value_to_date"].to_numpy(np.float64)


def check_terms(summary: CustomerSummary, terms: Terms | None = None, **changes: object) -> Terms:
    """Check what is assumed about money against the customers, before anything is sampled.

    Parameters
    ----------
    summary, terms, changes
        As in `value_table`.

    Returns
    -------
    Terms
        With every setting filled in.

    Raises
    ------
    DomainError
        If a setting has no meaning, or a cohort no cost.
    SchemaError
        If the customers' money is not known.
    """
    found = stated_terms(terms, changes, units_per_year=summary.units_per_year, margin=summary.margin_share)
    horizon_of(found, summary.units_per_year)
    _check_columns(summary.table)
    for name in COSTS:
        cost_of(found, summary.table["cohort"], name)
    return found


def check_fits(
    purchases: Fit[PurchaseLaw], spend: Fit[SpendLaw], time_unit: str, *, allow_unconverged: bool
) -> tuple[str, ...]:
    """Refuse fits that cannot be valued with, and say what is wrong with those that may be only if asked for.

    Parameters
    ----------
    purchases, spend, allow_unconverged
        As in `value_table`.
    time_unit
        Unit of the customers to be valued.

    Returns
    -------
    tuple
        Marks for fits that did not converge, or are a mode only.

    Raises
    ------
    FitError
        If a fit is of another model, of another run than the other fit or another time unit, or did not converge.
    """
    pairs = [fit.info.get("pair") for fit in (purchases, spend)]
    if all(pairs) and pairs[0] != pairs[1]:
        raise FitError(Code.MIXED_PAIR, first=pairs[0], second=pairs[1])
    _of_kind(purchases, PurchaseLaw, "purchases")
    _of_kind(spend, SpendLaw, "spend")
    marks = check_purchases(purchases, time_unit, allow_unconverged=allow_unconverged)
    return (*marks, *check_spend(spend, allow_unconverged=allow_unconverged))


def check_spend(spend: Fit[SpendLaw], *, allow_unconverged: bool = False) -> tuple[str, ...]:
    """Refuse a fit that says nothing of what customers spend, and say what is wrong with one that may be asked.

    Parameters
    ----------
    spend, allow_unconverged
        As in `check_fits`.

    Returns
    -------
    tuple
        Marks for one price, and for a fit that did not converge, or is a mode only.

    Raises
    ------
    FitError
        If it is of another model, or did not converge.
    """
    _of_kind(spend, SpendLaw, "spend")
    sampled = _sampled("spend", spend, allow_unconverged=allow_unconverged)
    if spend.model.one_price(spend.draws()):
        return ("all purchases have nearly the same value: the spend model takes it for a price", *sampled)
    return sampled


def check_purchases(purchases: Fit[PurchaseLaw], time_unit: str, *, allow_unconverged: bool = False) -> tuple[str, ...]:
    """Refuse a fit that says nothing of customers' purchases, and say what is wrong with one that may be asked.

    Parameters
    ----------
    purchases, time_unit, allow_unconverged
        As in `check_fits`.

    Returns
    -------
    tuple
        Marks for a fit that did not converge, or is a mode only.

    Raises
    ------
    FitError
        If it is of another model or another time unit, or did not converge.
    """
    _of_kind(purchases, PurchaseLaw, "purchases")
    if purchases.info["time_unit"] != time_unit:
        raise FitError(
            Code.UNIT_OF_ANOTHER_FIT,
            parameter="time_unit",
            fitted=purchases.info["time_unit"],
            unit=time_unit,
            meant=Setting("time_unit", purchases.info["time_unit"]),
        )
    return _sampled("purchase", purchases, allow_unconverged=allow_unconverged)


def _of_kind(fit: Fit[Any], kind: Any, what: str) -> None:
    if not isinstance(fit.model, kind):
        raise FitError(f"a fit of {fit.model.name} says nothing about {what}: the purchase model comes first")


def _sampled(name: str, fit: Fit[Any], *, allow_unconverged: bool) -> tuple[str, ...]:
    """Marks for a mode, and for a fit that did not converge, which is refused unless it is allowed."""
    marks = []
    if fit.info.get("method") == "map":
        marks.append(
            f"of the {name} model only the mode was computed: its parameters carry no uncertainty, and intervals "
            "are too narrow"
        )
    if not fit.diagnosis.converged:
        failed = ", ".join(
            f"{check.name} {check.value:.4g} (bound {check.bound:g})" for check in fit.diagnosis if not check.passed
        )
        if not allow_unconverged:
            advice = next((check.advice for check in fit.diagnosis if not check.passed), "fit again")
            raise FitError(
                Code.NOT_CONVERGED,
                parameter="allow_unconverged",
                model=name,
                failed=failed,
                advice=advice,
                allow=Setting("allow_unconverged", True),
            )
        marks.append(f"the {name} model did not converge: {failed}")
    return tuple(marks)


def check_cohorts(fits: Sequence[Fit[Any]], summary: CustomerSummary) -> tuple[str, ...]:
    """Refuse cohorts of another kind than the models learned, and say how many customers are in unknown ones.

    Parameters
    ----------
    fits
        Of one law or of several.
    summary
        As in `value_table`.

    Returns
    -------
    tuple
        Marks for customers whose effect is drawn from the law of its column.

    Raises
    ------
    FitError
        If the models learned cohorts of another kind, such as channels where the summary has months.
    """
    unseen: dict[str, int] = {}
    for fit in fits:
        learned = fit.info.get("cohort", OWN_COHORT)
        if learned != summary.cohort and OWN_COHORT not in (learned, summary.cohort):
            raise FitError(
                Code.COHORT_OF_ANOTHER_KIND,
                parameter="cohort",
                learned=Setting("cohort", learned),
                given=Setting("cohort", summary.cohort),
            )
        if fit.design is not None:
            unseen |= fit.design.unseen(summary.table)
    return tuple(
        f"{number:,} of {len(summary):,} customers have a {name} that the models have not seen: its effect is drawn "
        "from the law of all of them, which makes intervals wider"
        for name, number in unseen.items()
    )


def _check_columns(table: pd.DataFrame) -> None:
    """Refuse customers whose money is not known: a value made from it would be missing or wrong."""
    if "monetary_value" not in table:
        raise SchemaError("the customers have no monetary_value: values need what they spent; summarise with amounts")
    repeated = (table["frequency"] > 0).to_numpy()
    for name, needed in (("value_to_date", np.ones_like(repeated)), ("monetary_value", repeated)):
        if name not in table:  # without the money so far there is no CLV, but what is to come can be valued
            continue
        money = table[name].to_numpy(np.float64)
        unknown = needed & ~((money >= 0) & np.isfinite(money))
        if unknown.any():
            first = ", ".join(map(repr, table.loc[unknown, "customer_id"].head(3)))
            msg = f"{name} of {int(unknown.sum())} customers is missing or no amount, first {first}: correct them"
            raise DomainError(msg)
