"""What turns purchases into money, checked once, before anything is sampled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert.data.customers import cost_by_cohort
from kundenwert.errors import DomainError, FitError, SchemaError
from kundenwert.messages import Code, Setting
from kundenwert.predict import Horizon
from kundenwert.settings.terms import check_money

if TYPE_CHECKING:
    from kundenwert.bayes import Fit
    from kundenwert.data import CustomerSummary


OWN_COHORT = "cohort"
"""Kind of the cohorts of a table that came with some: what they are is not known."""


@dataclass(frozen=True)
class Assumptions:
    """What turns purchases into money.

    Parameters
    ----------
    horizon
        Length of the future counted, in units of time; may be infinite.
    time_unit
        Unit of all times: "D", "W", "M" or "Y".
    discount_rate
        Annual rate d ≥ 0; money t years ahead counts `(1+d)^-t`.
    margin
        Contribution margin, share of revenue, in (0, 1].
    cac
        Acquisition cost of a customer: one number, or one for each cohort.
    """

    horizon: float
    time_unit: str = "W"
    discount_rate: float = 0.10
    margin: float = 1.0
    cac: float | Mapping[str, float] = 0.0

    def __post_init__(self) -> None:
        """Refuse assumptions that have no meaning."""
        check_money(self.margin, self.discount_rate, self.cac)

    def cost_of(self, cohort: pd.Series) -> NDArray[np.float64]:
        """Acquisition cost of each customer, by cohort."""
        if not isinstance(self.cac, Mapping):
            return np.full(len(cohort), np.float64(self.cac))
        return np.asarray(cost_by_cohort(cohort, self.cac), dtype=np.float64)

    def earned(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """Margin of each customer so far: of their rows where those state it, else the margin of their revenue."""
        if "margin_to_date" in table:
            return table["margin_to_date"].to_numpy(np.float64)
        return self.margin * table["value_to_date"].to_numpy(np.float64)

    def to_dict(self) -> dict[str, Any]:
        """Return a form for JSON."""
        return asdict(self)


def assume(
    summary: CustomerSummary,
    *,
    horizon: float,
    discount_rate: float = 0.10,
    margin: float | None = None,
    cac: float | Mapping[str, float] = 0.0,
) -> tuple[Assumptions, Horizon, NDArray[np.float64]]:
    """Check what is assumed about money against the customers; worth asking before anything is sampled.

    Parameters
    ----------
    summary, horizon, discount_rate, margin, cac
        As in `value_table`.

    Returns
    -------
    tuple
        The assumptions, the horizon with its continuous rate, and the acquisition cost of each customer.

    Raises
    ------
    DomainError
        If an assumption has no meaning, or a cohort no cost.
    SchemaError
        If the customers' money is not known.
    """
    if margin is None:
        margin = 1.0 if summary.margin_share is None else summary.margin_share
    assumptions = Assumptions(horizon, summary.time_unit, discount_rate, margin, cac)
    ahead = Horizon(horizon, float(np.log1p(discount_rate)) / summary.units_per_year, summary.holdout_length)
    _check_money(summary.table)
    return assumptions, ahead, assumptions.cost_of(summary.table["cohort"])


def check_fits(purchases: Fit, spend: Fit, time_unit: str, *, allow_unconverged: bool) -> tuple[str, ...]:
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
    for fit, model in ((purchases, "pareto_nbd"), (spend, "gamma_gamma")):
        if fit.model.name != model:
            msg = f"expected a fit of {model} where one of {fit.model.name} was given: the purchase model comes first"
            raise FitError(msg)
    if purchases.info["time_unit"] != time_unit:
        raise FitError(
            Code.UNIT_OF_ANOTHER_FIT,
            parameter="time_unit",
            fitted=purchases.info["time_unit"],
            unit=time_unit,
            meant=Setting("time_unit", purchases.info["time_unit"]),
        )
    marks = []
    for name, fit in (("purchase", purchases), ("spend", spend)):
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


def check_cohorts(purchases: Fit, spend: Fit, summary: CustomerSummary) -> tuple[str, ...]:
    """Refuse cohorts of another kind than the models learned, and say how many customers are in unknown ones.

    Parameters
    ----------
    purchases, spend, summary
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
    for fit in (purchases, spend):
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


def _check_money(table: pd.DataFrame) -> None:
    """Refuse customers whose money is not known: a value made from it would be missing or wrong."""
    if missing := [name for name in ("value_to_date", "monetary_value") if name not in table]:
        msg = f"the customers have no {' and no '.join(missing)}: values need what they spent; summarise with amounts"
        raise SchemaError(msg)
    repeated = (table["frequency"] > 0).to_numpy()
    for name, needed in (("value_to_date", np.ones_like(repeated)), ("monetary_value", repeated)):
        money = table[name].to_numpy(np.float64)
        unknown = needed & ~((money >= 0) & np.isfinite(money))
        if unknown.any():
            first = ", ".join(map(repr, table.loc[unknown, "customer_id"].head(3)))
            msg = f"{name} of {int(unknown.sum())} customers is missing or no amount, first {first}: correct them"
            raise DomainError(msg)
