"""The Gamma-Gamma model of spend in PyMC, over the customers with repeat purchases of positive value."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr
from numpy.typing import NDArray

from kundenwert.bayes.priors import SPEND, Prior, Priors, resolve
from kundenwert.bayes.target import Draws, Target, in_threads, prior_densities
from kundenwert.data import CustomerSummary
from kundenwert.errors import DomainError
from kundenwert.kernels import gamma_gamma as kernel


@dataclass(frozen=True)
class GammaGamma:
    """Gamma-Gamma model of spend per purchase, with its priors.

    Parameters
    ----------
    priors
        Priors that differ from the defaults, by name; see `kundenwert.bayes.priors`.

    Examples
    --------
    >>> GammaGamma().resolved_priors()["relative_spend"]
    LogNormal(mu=0, sigma=1)
    """

    priors: Priors | None = None

    name: ClassVar[str] = "gamma_gamma"
    parameters: ClassVar[tuple[str, ...]] = ("p", "q", "v")

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
            With variables `p, q, v` and the observed `monetary_value`.

        Raises
        ------
        DomainError
            If no customer has a repeat purchase of positive value.
        """
        frequency, monetary_value = self.observations(summary)
        with pm.Model(coords={"customer": np.arange(frequency.size)}) as model:
            variable = {name: prior.variable(name) for name, prior in self.resolved_priors().items()}
            if "p" not in variable:
                p = variable["p"] = pm.Deterministic("p", variable["purchase_cv"] ** -2)
                q = variable["q"] = pm.Deterministic("q", variable["customer_cv"] ** -2)
                scale = self.units(summary)["mean_value"]
                variable["v"] = pm.Deterministic("v", variable["relative_spend"] * scale * q / p)
            pm.CustomDist(
                "monetary_value",
                *(variable[name] for name in self.parameters),
                pm.Data("frequency", frequency, dims="customer"),
                logp=_log_likelihood_graph,
                random=_simulate_values,
                signature="(),(),(),()->()",
                observed=monetary_value,
                dims="customer",
            )
        return model

    def observations(self, summary: CustomerSummary) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Frequency and mean value of the customers whose spend can be learned from."""
        table = summary.table
        seen = table.loc[(table["frequency"] > 0) & (table["monetary_value"] > 0)]
        if seen.empty:
            msg = (
                "the spend model needs repeat purchases of positive value, and no customer has one; "
                "observe for longer, or value purchases alone"
            )
            raise DomainError(msg)
        return seen["frequency"].to_numpy(np.float64), seen["monetary_value"].to_numpy(np.float64)

    def target(self, summary: CustomerSummary, *, workers: int = 1, every: int = 1) -> Target:
        """The log posterior as an array function, without compiling; of every n-th customer only, if asked for."""
        data, priors = [values[::every] for values in self.observations(summary)], self.resolved_priors()
        scale = self.units(summary)["mean_value"]

        def derive(quantities: Draws) -> Draws:
            variables = dict(quantities)
            if "p" not in variables:
                variables["p"] = variables["purchase_cv"] ** -2
                variables["q"] = variables["customer_cv"] ** -2
                variables["v"] = variables["relative_spend"] * scale * variables["q"] / variables["p"]
            return variables

        def log_likelihood(variables: Draws) -> NDArray[np.float64]:
            law = {name: variables[name] for name in self.parameters}
            return in_threads(lambda part: kernel.total_log_likelihood(*data, **part), law, workers)

        return Target(tuple(priors), prior_densities(priors), derive, log_likelihood)

    def units(self, summary: CustomerSummary) -> dict[str, Any]:
        """What the priors are measured in: stored with the fit."""
        frequency, monetary_value = self.observations(summary)
        return {"mean_value": float(np.average(monetary_value, weights=frequency))}

    def constant_data(self, summary: CustomerSummary) -> xr.Dataset:
        """Observed mean values, for storage beside the posterior."""
        frequency, monetary_value = self.observations(summary)
        return xr.Dataset(
            {
                "frequency": ("pattern", frequency),
                "monetary_value": ("pattern", monetary_value),
                "count": ("pattern", np.ones(frequency.size, dtype=np.int64)),
            }
        )

    def pointwise_log_likelihood(
        self, constant_data: xr.Dataset, draws: dict[str, NDArray[np.float64]]
    ) -> NDArray[np.float64]:
        """Log density of each customer's mean value under each draw, of shape (sample, pattern)."""
        x, z = (constant_data[name].to_numpy() for name in ("frequency", "monetary_value"))
        return kernel.log_likelihood(x, z, **{name: draws[name][:, None] for name in self.parameters})


def _log_likelihood_graph(value: Any, p: Any, q: Any, v: Any, frequency: Any) -> Any:
    """Log density of `kernels.gamma_gamma.log_likelihood` as a PyTensor graph."""
    total, shape = frequency * value, p * frequency
    log_beta = pt.gammaln(shape) + pt.gammaln(q) - pt.gammaln(shape + q)
    return -pt.log(value) - log_beta - q * pt.log1p(total / v) - shape * pt.log1p(v / total)


def _simulate_values(
    p: Any, q: Any, v: Any, frequency: Any, rng: np.random.Generator, size: Any = None
) -> NDArray[np.float64]:
    shape = np.broadcast_shapes(*(np.shape(value) for value in (p, q, v, frequency))) if size is None else size
    return kernel.simulate(np.broadcast_to(frequency, shape), p=p, q=q, v=v, rng=rng)[1]
