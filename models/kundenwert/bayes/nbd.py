"""The NBD model: the Pareto/NBD without drop-out, as the simpler explanation to compare with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from kundenwert.bayes.histories import observed_histories, purchase_law
from kundenwert.bayes.law import Array, Draws, Observed, check_columns
from kundenwert.bayes.priors import PURCHASES, Prior, Priors, resolve
from kundenwert.bayes.target import Target, make_target
from kundenwert.data import CustomerSummary
from kundenwert.kernels import nbd as kernel

if TYPE_CHECKING:
    import pymc as pm

    from kundenwert.data.design import Design


@dataclass(frozen=True)
class NBD:
    """NBD model of repeat purchases, in which nobody ever leaves, with its priors and effects on the purchase rate.

    Parameters
    ----------
    priors
        Priors that differ from the defaults, by name; see `kundenwert.bayes.priors`.
    cohorts, covariates
        As in `ParetoNBD`: columns of the summary.

    Examples
    --------
    >>> NBD().resolved_priors()["rate_cv"]
    LogNormal(mu=0, sigma=0.7)
    """

    priors: Priors | None = None
    cohorts: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()

    name: ClassVar[str] = "nbd"
    parameters: ClassVar[tuple[str, ...]] = ("r", "alpha")
    acts_on: ClassVar[Mapping[str, tuple[str, float]]] = {"purchase": ("alpha", -1.0)}

    def __post_init__(self) -> None:
        """Refuse a text where names of columns belong."""
        check_columns(cohorts=self.cohorts, covariates=self.covariates)

    def resolved_priors(self) -> dict[str, Prior]:
        """All priors of the model, defaults included."""
        return resolve(self.priors, ((PURCHASES, self.parameters),))

    def build_model(self, summary: CustomerSummary) -> pm.Model:
        """Build the PyMC model of a customer summary.

        Parameters
        ----------
        summary
            One row per customer.

        Returns
        -------
        pm.Model
            With variables `r, alpha`, those of the effects, and the observed `history` of (frequency, recency), each
            distinct one once.
        """
        from kundenwert.bayes import graphs  # noqa: PLC0415  loads PyMC

        return graphs.nbd(self, summary)

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
        """Distinct histories of the summary's customers, with counts: those of the Pareto/NBD, to be comparable."""
        return observed_histories(summary, design)

    def derive(self, quantities: Draws, unit: float) -> Draws:
        """All variables from the quantities with a prior: `r, alpha` where they are not given directly."""
        return purchase_law(quantities, unit)

    def total(self, observed: Observed, law: Draws) -> Array:
        """Log-likelihood of all histories, for each of many parameter sets."""
        return kernel.total_log_likelihood(**observed.fields, count=observed.count, r=law["r"], alpha=law["alpha"])

    def pointwise(self, observed: Observed, law: Draws) -> tuple[Array, Draws]:
        """Log-likelihood of one customer of each history, and its derivatives by parameter."""
        found = kernel.log_likelihood_gradient(**observed.fields, **law)
        return found.value, {name: getattr(found, name) for name in self.parameters}

    def log_likelihood(self, fields: Mapping[str, Array], law: Draws) -> Array:
        """Log-likelihood of ONE customer of each history under each draw, of shape (sample, pattern)."""
        return kernel.log_likelihood(**fields, **law)
