"""The Gamma-Gamma model of spend, over the customers with repeat purchases of positive value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from kundenwert.bayes.law import Array, Draws, Observed, check_columns
from kundenwert.bayes.priors import SPEND, Prior, Priors, resolve
from kundenwert.bayes.target import Target, make_target
from kundenwert.data import CustomerSummary
from kundenwert.errors import DomainError
from kundenwert.kernels import gamma_gamma as kernel

if TYPE_CHECKING:
    import pymc as pm

    from kundenwert.data.design import Design


@dataclass(frozen=True)
class GammaGamma:
    """Gamma-Gamma model of spend per purchase, with its priors, and effects of cohorts and covariates on spend.

    `v_i = v e^(η_i)`: a positive effect means dearer purchases, in proportion.

    Parameters
    ----------
    priors
        Priors that differ from the defaults, by name; see `kundenwert.bayes.priors`.
    cohorts, covariates
        As in `ParetoNBD`: columns of the summary.

    Examples
    --------
    >>> GammaGamma().resolved_priors()["relative_spend"]
    LogNormal(mu=0, sigma=1)
    """

    priors: Priors | None = None
    cohorts: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()

    name: ClassVar[str] = "gamma_gamma"
    parameters: ClassVar[tuple[str, ...]] = ("p", "q", "v")
    acts_on: ClassVar[Mapping[str, tuple[str, float]]] = {"spend": ("v", 1.0)}

    def __post_init__(self) -> None:
        """Refuse a text where names of columns belong."""
        check_columns(cohorts=self.cohorts, covariates=self.covariates)

    def resolved_priors(self) -> dict[str, Prior]:
        """All priors of the model, defaults included."""
        return resolve(self.priors, ((SPEND, self.parameters),))

    def build_model(self, summary: CustomerSummary) -> pm.Model:
        """Build the PyMC model of a customer summary.

        Parameters
        ----------
        summary
            One row per customer; those with repeat purchases of positive mean value are observed.

        Returns
        -------
        pm.Model
            With variables `p, q, v`, those of the effects, and the observed `monetary_value`.

        Raises
        ------
        DomainError
            If no customer has a repeat purchase of positive value.
        """
        from kundenwert.bayes import graphs  # noqa: PLC0415  loads PyMC

        return graphs.gamma_gamma(self, summary)

    def target(self, summary: CustomerSummary, *, workers: int = 1) -> Target:
        """The log posterior as an array function, without compiling."""
        return make_target(self, summary, workers=workers)

    def unit(self, summary: CustomerSummary) -> float:
        """What the priors are measured in: the median value of a repeat purchase, in money.

        Of customers' mean values, each as often as it was bought; where a few customers spend most of the money, the
        mean says nothing about a typical purchase.
        """
        seen = self.observed(summary).fields
        order = np.argsort(seen["monetary_value"])
        below = np.cumsum(seen["frequency"][order])
        return float(seen["monetary_value"][order][np.searchsorted(below, below[-1] / 2)])

    def units(self, summary: CustomerSummary) -> dict[str, Any]:
        """What the priors are measured in: stored with the fit."""
        return {"typical_value": self.unit(summary)}

    def observed(self, summary: CustomerSummary, design: Design | None = None) -> Observed:
        """Frequency and mean value of the customers whose spend can be learned from."""
        table = summary.table
        seen = ((table["frequency"] > 0) & (table["monetary_value"] > 0)).to_numpy()
        if not seen.any():
            msg = (
                "the spend model needs repeat purchases of positive value, and no customer has one; "
                "observe for longer, or value purchases alone"
            )
            raise DomainError(msg)
        fields = {name: table.loc[seen, name].to_numpy(np.float64) for name in ("frequency", "monetary_value")}
        group = np.zeros(seen.sum(), dtype=np.int64) if design is None else design.rows(table)[0][seen]
        return Observed(fields, np.ones(group.size), group)

    def derive(self, quantities: Draws, unit: float) -> Draws:
        """All variables from the quantities with a prior: `p, q, v` where they are not given directly."""
        variables = dict(quantities)
        if "p" not in variables:
            variables["p"] = variables["purchase_cv"] ** -2
            variables["q"] = variables["customer_cv"] ** -2
            variables["v"] = variables["relative_spend"] * unit * variables["q"] / variables["p"]
        return variables

    def total(self, observed: Observed, law: Draws) -> Array:
        """Log density of all mean values, for each of many parameter sets."""
        return kernel.total_log_likelihood(**observed.fields, **law)

    def pointwise(self, observed: Observed, law: Draws) -> tuple[Array, Draws]:
        """Log density of each customer's mean value, and its derivatives by parameter."""
        found = kernel.log_likelihood_gradient(**observed.fields, **law)
        return found.value, {name: getattr(found, name) for name in self.parameters}

    def log_likelihood(self, fields: Mapping[str, Array], law: Draws) -> Array:
        """Log density of each customer's mean value under each draw, of shape (sample, pattern)."""
        return kernel.log_likelihood(**fields, **law)
