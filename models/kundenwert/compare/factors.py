"""The factors of formula over posterior, draw by draw, and their table: the steps of a waterfall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert.value import QUANTILES

type Array = NDArray[np.float64]

FACTORS = ("order_value", "frequency", "lifespan", "heterogeneity", "discounting")
"""The reasons, in the order in which the waterfall applies them."""


@dataclass(frozen=True)
class Decomposition:
    """The factors of formula / posterior for each cohort and draw.

    Parameters
    ----------
    cohorts
        Labels, sorted, and "all" at the end, or "all (total)" beside a cohort that is called "all".
    customers
        Number of customers of each.
    method
        Which of `formula.METHODS` gave the lifespan.
    formula_value
        F, the formula's value per customer before any cost, of shape (cohorts,).
    posterior_value
        V, expected CLV per customer before any cost, of shape (samples, cohorts).
    factors
        Name → array of shape (samples, cohorts); they multiply to F / V.
    money
        Name → array of shape (samples, cohorts): what changes on the way from F to V when the factor is taken out; they
        add up to V − F.
    notes
        Why something is missing, of each cohort.
    """

    cohorts: tuple[str, ...]
    customers: NDArray[np.int64]
    method: str
    formula_value: Array
    posterior_value: Array
    factors: dict[str, Array]
    money: dict[str, Array]
    notes: tuple[str, ...]

    def log_contributions(self) -> dict[str, Array]:
        """Logarithms of the factors, which add up to log(F / V); NaN where F is 0."""
        with np.errstate(divide="ignore"):
            logs = {name: np.log(values) for name, values in self.factors.items()}
        return {name: np.where(np.isfinite(values), values, np.nan) for name, values in logs.items()}

    def table(self) -> pd.DataFrame:
        """Summarise over the draws: one row per cohort and step of the waterfall.

        Returns
        -------
        pandas.DataFrame
            `cohort, customers, method, step, factor_q05, factor_q50, factor_q95, log_mean, log_q05, log_q50, log_q95,
            money_mean, money_q05, money_q50, money_q95, note`, with the steps "formula" (money: F), the five factors,
            "posterior" (money: V) and "ratio" (factor: F / V, money: V − F). Within a cohort the `log_mean` of the
            factors add up to that of the ratio, and F plus the `money_mean` of the factors to V. Quantiles do not.
        """
        shape = self.posterior_value.shape
        whole = np.broadcast_to(self.formula_value, shape)
        blank = np.full(shape, np.nan)
        logs = self.log_contributions()
        steps = {"formula": (blank, blank, whole)}
        steps |= {name: (self.factors[name], logs[name], self.money[name]) for name in FACTORS}
        steps["posterior"] = (blank, blank, self.posterior_value)
        total = np.asarray(sum(logs.values()))
        steps["ratio"] = (self.formula_value / self.posterior_value, total, self.posterior_value - self.formula_value)
        parts = []
        for position, (step, (factor, log, money)) in enumerate(steps.items()):
            columns = _summary(factor, "factor") | _summary(log, "log") | _summary(money, "money")
            columns.pop("factor_mean")  # factors multiply: their mean is that of the logarithms
            part = pd.DataFrame(columns)
            part.insert(0, "cohort", self.cohorts)
            part.insert(1, "customers", self.customers)
            part.insert(2, "method", self.method)
            part.insert(3, "step", step)
            parts.append(part.assign(note=self.notes, _cohort=range(len(self.cohorts)), _step=position))
        whole_table = pd.concat(parts).sort_values(["_cohort", "_step"], ignore_index=True)
        return whole_table.drop(columns=["_cohort", "_step"])


def _summary(draws: Array, name: str) -> dict[str, Array]:
    """Mean and quantiles over the draws; NaN for a cohort with a missing draw, whatever the others hold."""
    columns = {f"{name}_mean": draws.mean(axis=0)}
    return columns | {f"{name}_{suffix}": np.quantile(draws, at, axis=0) for suffix, at in QUANTILES.items()}
