"""The Pareto/NBD model of repeat purchases, over the distinct purchase histories and their counts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from kundenwert.bayes.histories import observed_histories, purchase_law
from kundenwert.bayes.law import Array, Draws, Observed, check_columns
from kundenwert.bayes.priors import DROPOUT, PURCHASES, Prior, Priors, resolve
from kundenwert.bayes.target import Target, make_target
from kundenwert.data import CustomerSummary
from kundenwert.kernels import pareto_nbd as kernel

if TYPE_CHECKING:
    import pymc as pm

    from kundenwert.data.design import Design

AT_A_TIME = 8_000
"""Histories whose gradient is taken at a time: what stays in a core's cache."""


@dataclass(frozen=True)
class ParetoNBD:
    """Pareto/NBD model of repeat purchases, with its priors, and effects of cohorts and covariates on both rates.

    `alpha_i = alpha e^(-η_i)` and `beta_i = beta e^(-ζ_i)`, where η and ζ add up the effects of the customer's cohorts
    and covariates: a positive effect means more purchases, or an earlier drop-out.

    Parameters
    ----------
    priors
        Priors that differ from the defaults, by name; see `kundenwert.bayes.priors`.
    cohorts
        Columns of the summary whose values are groups of customers, with partially pooled effects.
    covariates
        Columns with an effect for each standard deviation (numbers) or against the most frequent value (others).

    Examples
    --------
    >>> ParetoNBD().resolved_priors()["half_life"]
    LogNormal(mu=0, sigma=1.5)
    """

    priors: Priors | None = None
    cohorts: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()

    name: ClassVar[str] = "pareto_nbd"
    parameters: ClassVar[tuple[str, ...]] = ("r", "alpha", "s", "beta")
    acts_on: ClassVar[Mapping[str, tuple[str, float]]] = {"purchase": ("alpha", -1.0), "dropout": ("beta", -1.0)}

    def __post_init__(self) -> None:
        """Refuse a text where names of columns belong."""
        check_columns(cohorts=self.cohorts, covariates=self.covariates)

    def resolved_priors(self) -> dict[str, Prior]:
        """All priors of the model, defaults included."""
        return resolve(self.priors, ((PURCHASES, ("r", "alpha")), (DROPOUT, ("s", "beta"))))

    def build_model(self, summary: CustomerSummary, *, distinct: bool = True) -> pm.Model:
        """Build the PyMC model of a customer summary.

        Parameters
        ----------
        summary
            One row per customer.
        distinct
            Whether to hold each distinct history once, with its count, which samples faster; without it every
            customer has a row of its own, which is what predictive checks customer by customer want.

        Returns
        -------
        pm.Model
            With variables `r, alpha, s, beta`, those of the effects, and the observed `history` of (frequency,
            recency).
        """
        from kundenwert.bayes import graphs  # noqa: PLC0415  loads PyMC

        return graphs.pareto_nbd(self, summary, distinct=distinct)

    def target(self, summary: CustomerSummary, *, workers: int = 1) -> Target:
        """The log posterior as an array function, without compiling."""
        return make_target(self, summary, workers=workers)

    def unit(self, summary: CustomerSummary) -> float:
        """What the priors are measured in: the observation window."""
        return summary.window

    def units(self, summary: CustomerSummary) -> dict[str, Any]:
        """What the priors and parameters are measured in: stored with the fit."""
        return {"time_unit": summary.time_unit, "window": summary.window}

    def observed(self, summary: CustomerSummary, design: Design | None = None) -> Observed:
        """Distinct histories of the summary's customers within each combination of the design, with counts."""
        return observed_histories(summary, design)

    def derive(self, quantities: Draws, unit: float) -> Draws:
        """All variables from the quantities with a prior: `r, alpha, s, beta` where they are not given directly."""
        variables = purchase_law(quantities, unit)
        if "s" not in variables:
            variables["s"] = variables["dropout_cv"] ** -2
            share = np.log(2) / variables["s"]
            log_scale = np.log(variables["half_life"] * unit) - share - np.log(-np.expm1(-share))
            variables["beta"] = np.exp(log_scale)
        return variables

    def total(self, observed: Observed, law: Draws) -> Array:
        """Log-likelihood of all histories, for each of many parameter sets."""
        r, alpha, s, beta = (law[name] for name in self.parameters)
        x, t_x, T = (observed.fields[name] for name in ("frequency", "recency", "T"))
        return kernel.total_log_likelihood(x, t_x, T, observed.count, r=r, alpha=alpha, s=s, beta=beta)

    def pointwise(self, observed: Observed, law: Draws) -> tuple[Array, Draws]:
        """Log-likelihood of one customer of each history, and its derivatives by parameter."""
        n = observed.count.size

        def of(cut: slice) -> kernel.Gradient:
            fields = {name: values[cut] for name, values in observed.fields.items()}
            part = {name: value if value.size == 1 else value[cut] for name, value in law.items()}
            return kernel.log_likelihood_gradient(**fields, **part, nodes=kernel.TOTAL_NODES)

        if n <= AT_A_TIME:
            found = of(slice(None))
        else:
            with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
                parts = list(pool.map(of, (slice(start, start + AT_A_TIME) for start in range(0, n, AT_A_TIME))))
            found = kernel.Gradient(*(np.concatenate(column) for column in zip(*parts, strict=True)))
        return found.value, {name: getattr(found, name) for name in self.parameters}

    def log_likelihood(self, fields: Mapping[str, Array], law: Draws) -> Array:
        """Log-likelihood of ONE customer of each history under each draw, of shape (sample, pattern)."""
        return kernel.log_likelihood(**fields, **law)
