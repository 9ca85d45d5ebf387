"""The NBD model in PyMC: the Pareto/NBD without drop-out, as the simpler explanation to compare with."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr
from numpy.typing import NDArray

from kundenwert.bayes.priors import PURCHASES, Prior, Priors, resolve
from kundenwert.bayes.target import Draws, Target, in_threads, prior_densities
from kundenwert.data import CustomerSummary, Patterns, patterns
from kundenwert.kernels import nbd as kernel


@dataclass(frozen=True)
class NBD:
    """NBD model of repeat purchases, in which nobody ever leaves, with its priors.

    Parameters
    ----------
    priors
        Priors that differ from the defaults, by name; see `kundenwert.bayes.priors`.

    Examples
    --------
    >>> NBD().resolved_priors()["rate_cv"]
    LogNormal(mu=0, sigma=0.7)
    """

    priors: Priors | None = None

    name: ClassVar[str] = "nbd"
    parameters: ClassVar[tuple[str, ...]] = ("r", "alpha")

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
            With variables `r, alpha` and the observed `history` of (frequency, recency), each distinct one once.
        """
        data = self.observations(summary)
        with pm.Model(coords={"pattern": np.arange(len(data)), "quantity": ["frequency", "recency"]}) as model:
            variable = {name: prior.variable(name) for name, prior in self.resolved_priors().items()}
            if "r" not in variable:
                r = variable["r"] = pm.Deterministic("r", variable["rate_cv"] ** -2)
                variable["alpha"] = pm.Deterministic("alpha", r * summary.window / variable["window_purchases"])
            pm.CustomDist(
                "history",
                *(variable[name] for name in self.parameters),
                pm.Data("T", data.T, dims="pattern"),
                pm.Data("count", data.count.astype(np.float64), dims="pattern"),
                logp=_counted_log_likelihood,
                random=_simulate_histories,
                signature="(),(),(),()->(2)",
                observed=np.column_stack([data.frequency, data.recency]),
                dims=("pattern", "quantity"),
            )
        return model

    def observations(self, summary: CustomerSummary) -> Patterns:
        """Distinct histories of the summary's customers, with counts: those of the Pareto/NBD, to be comparable."""
        return patterns(summary.table)

    def target(self, summary: CustomerSummary, *, workers: int = 1, every: int = 1) -> Target:
        """The log posterior as an array function, without compiling; of every n-th history only, if asked for."""
        data, window, priors = self.observations(summary), summary.window, self.resolved_priors()
        histories = [values[::every] for values in (data.frequency, data.recency, data.T, data.count)]

        def derive(quantities: Draws) -> Draws:
            variables = dict(quantities)
            if "r" not in variables:
                variables["r"] = variables["rate_cv"] ** -2
                variables["alpha"] = variables["r"] * window / variables["window_purchases"]
            return variables

        def log_likelihood(variables: Draws) -> NDArray[np.float64]:
            law = {name: variables[name] for name in self.parameters}
            return in_threads(lambda part: kernel.total_log_likelihood(*histories, **part), law, workers)

        return Target(tuple(priors), prior_densities(priors), derive, log_likelihood)

    def units(self, summary: CustomerSummary) -> dict[str, Any]:
        """What the priors and parameters are measured in: stored with the fit."""
        return {"time_unit": summary.time_unit, "window": summary.window}

    def constant_data(self, summary: CustomerSummary) -> xr.Dataset:
        """Observed histories with their counts, for storage beside the posterior."""
        data = self.observations(summary)
        fields = ("frequency", "recency", "T", "count")
        return xr.Dataset({name: ("pattern", getattr(data, name)) for name in fields})

    def pointwise_log_likelihood(
        self, constant_data: xr.Dataset, draws: dict[str, NDArray[np.float64]]
    ) -> NDArray[np.float64]:
        """Log-likelihood of ONE customer of each pattern under each draw, of shape (sample, pattern)."""
        x, t_x, T = (constant_data[name].to_numpy() for name in ("frequency", "recency", "T"))
        return kernel.log_likelihood(x, t_x, T, **{name: draws[name][:, None] for name in self.parameters})


def _counted_log_likelihood(value: Any, r: Any, alpha: Any, T: Any, count: Any) -> Any:
    """Log-likelihood of `kernels.nbd.log_likelihood` as a PyTensor graph, times the counts."""
    x = value[..., 0]
    return count * (pt.gammaln(r + x) - pt.gammaln(r) - r * pt.log1p(T / alpha) - x * pt.log(alpha + T))


def _simulate_histories(
    r: Any, alpha: Any, T: Any, count: Any, rng: np.random.Generator, size: Any = None
) -> NDArray[np.float64]:
    del count  # one simulated history per row; a count has no part in what a history looks like
    shape = np.broadcast_shapes(*(np.shape(value) for value in (r, alpha, T))) if size is None else size
    return np.stack(kernel.simulate(np.broadcast_to(T, shape), r=r, alpha=alpha, rng=rng), axis=-1)
