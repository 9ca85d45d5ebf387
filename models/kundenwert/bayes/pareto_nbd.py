"""The Pareto/NBD model in PyMC, over the distinct purchase histories and their counts."""

import os
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr
from numpy.typing import NDArray
from pytensor.gradient import disconnected_grad

from kundenwert.bayes.priors import DROPOUT, PURCHASES, Prior, Priors, resolve
from kundenwert.bayes.target import Draws, Target, in_threads, prior_densities
from kundenwert.data import CustomerSummary, Patterns, patterns
from kundenwert.kernels import pareto_nbd as kernel
from kundenwert.kernels.convex import E_FOLDS, NODES

SAMPLER_NODES = 8
"""Quadrature nodes in the sampler's likelihood: 3e-6 at worst and 1e-12 in the median on the reference table."""


@dataclass(frozen=True)
class ParetoNBD:
    """Pareto/NBD model of repeat purchases, with its priors.

    Parameters
    ----------
    priors
        Priors that differ from the defaults, by name; see `kundenwert.bayes.priors`.

    Examples
    --------
    >>> ParetoNBD().resolved_priors()["half_life"]
    LogNormal(mu=0, sigma=1.5)
    """

    priors: Priors | None = None

    name: ClassVar[str] = "pareto_nbd"
    parameters: ClassVar[tuple[str, ...]] = ("r", "alpha", "s", "beta")

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
            With variables `r, alpha, s, beta` and the observed `history` of (frequency, recency).
        """
        data = self.observations(summary) if distinct else _every_customer(summary)
        with pm.Model(coords={"pattern": np.arange(len(data.T)), "quantity": ["frequency", "recency"]}) as model:
            r, alpha, s, beta = self._parameters(summary.window)
            T = pm.Data("T", data.T, dims="pattern")
            count = pm.Data("count", data.count.astype(np.float64), dims="pattern")
            pm.CustomDist(
                "history",
                *(r, alpha, s, beta, T, count),
                logp=_counted_log_likelihood,
                random=_simulate_histories,
                signature="(),(),(),(),(),()->(2)",
                observed=np.column_stack([data.frequency, data.recency]),
                dims=("pattern", "quantity"),
            )
        return model

    def _parameters(self, window: float) -> tuple[Any, Any, Any, Any]:
        """Variables of the priors, and `r, alpha, s, beta` derived from them where they are not given directly."""
        variable = {name: prior.variable(name) for name, prior in self.resolved_priors().items()}
        if "r" not in variable:
            r = variable["r"] = pm.Deterministic("r", variable["rate_cv"] ** -2)
            variable["alpha"] = pm.Deterministic("alpha", r * window / variable["window_purchases"])
        if "s" not in variable:
            s = variable["s"] = pm.Deterministic("s", variable["dropout_cv"] ** -2)
            log_two_over_s = np.log(2) / s
            log_scale = pt.log(variable["half_life"] * window) - log_two_over_s - pt.log(-pt.expm1(-log_two_over_s))
            variable["beta"] = pm.Deterministic("beta", pt.exp(log_scale))
        return tuple(variable[name] for name in self.parameters)

    def observations(self, summary: CustomerSummary) -> Patterns:
        """Distinct histories of the summary's customers, with counts."""
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
            if "s" not in variables:
                variables["s"] = variables["dropout_cv"] ** -2
                share = np.log(2) / variables["s"]
                log_scale = np.log(variables["half_life"] * window) - share - np.log(-np.expm1(-share))
                variables["beta"] = np.exp(log_scale)
            return variables

        def log_likelihood(variables: Draws) -> NDArray[np.float64]:
            def of(part: Draws) -> NDArray[np.float64]:
                r, alpha, s, beta = (part[name] for name in self.parameters)
                return kernel.total_log_likelihood(*histories, r=r, alpha=alpha, s=s, beta=beta)

            return in_threads(of, {name: variables[name] for name in self.parameters}, workers)

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
        step = max(1, kernel.CELLS // (x.size * NODES))

        def of(part: Draws) -> NDArray[np.float64]:
            result = np.empty((part["r"].size, x.size))
            for start in range(0, len(result), step):
                r, alpha, s, beta = (part[name][start : start + step, None] for name in self.parameters)
                result[start : start + step] = kernel.log_likelihood(x, t_x, T, r=r, alpha=alpha, s=s, beta=beta)
            return result

        return in_threads(of, {name: draws[name] for name in self.parameters}, os.cpu_count() or 1)


def _every_customer(summary: CustomerSummary) -> Patterns:
    """Histories row by row, each with a count of one."""
    frequency, recency, T = (summary.table[name].to_numpy() for name in ("frequency", "recency", "T"))
    ones = np.ones(len(summary), dtype=np.int64)
    return Patterns(frequency, recency, T, ones, np.arange(len(summary)))


def log_likelihood_graph(frequency: Any, recency: Any, T: Any, r: Any, alpha: Any, s: Any, beta: Any) -> Any:
    """Log-likelihood of the Pareto/NBD as a PyTensor graph; the formula of `kernels.pareto_nbd.log_likelihood`.

    The nodes of the quadrature follow the parameters, but the integral does not depend on where they lie: they are
    held fixed under differentiation, and the gradient is the quadrature of the integrand's derivative. The choice of
    the smaller of two scales, which has no derivative where they are equal, then never enters the gradient.
    """
    a, A, B, D = r + frequency, alpha + recency, beta + recency, T - recency
    fixed_A, fixed_a, fixed_B, fixed_b = (disconnected_grad(value) for value in (A, a, B, s + 1 + 0 * a))
    h, weight = _nodes(fixed_A, fixed_a, fixed_B, fixed_b, D)
    density = weight * pt.exp(-a[..., None] * pt.log1p(h / A[..., None]) - (s + 1) * pt.log1p(h / B[..., None]))
    log_dead = pt.log(s / B) + pt.log(density.sum(axis=-1))
    log_alive = -a * pt.log1p(D / A) - s * pt.log1p(D / B)
    scale = pt.gammaln(a) - pt.gammaln(r) - r * pt.log1p(recency / alpha) - frequency * pt.log(A)
    return scale - s * pt.log1p(recency / beta) + log_alive + pt.softplus(log_dead - log_alive)


def _nodes(A: Any, a: Any, B: Any, b: Any, D: Any) -> tuple[Any, Any]:
    """Quadrature nodes as in `kernels.convex.power_product_nodes`, the node axis last."""
    small = pt.minimum(A, B)
    ratio = small / pt.maximum(A, B)
    e_small, e_large = pt.switch(A <= B, a, b), pt.switch(A <= B, b, a)
    width = pt.log1p(D / small)
    enough = E_FOLDS + pt.maximum(0, 1 - e_small) * width
    by_small = pt.switch(e_small > 1, E_FOLDS / pt.maximum(e_small - 1, 1e-12), np.inf)
    by_large = pt.log1p(pt.expm1(pt.minimum(enough / e_large, 700.0)) / ratio)
    width = pt.maximum(pt.minimum(width, pt.minimum(by_small, by_large)), 1e-60)
    k = pt.clip((e_small - 1 + e_large * ratio) / 4, 1e-6 / width, 3 / width)
    t, unit_weight = np.polynomial.legendre.leggauss(SAMPLER_NODES)
    drop = -pt.expm1(-k * width)
    left = 1 - (t + 1) / 2 * drop[..., None]
    h = small[..., None] * pt.expm1(-pt.log(left) / k[..., None])
    weight = unit_weight / 2 * (drop / k)[..., None] / left * (small[..., None] + h)
    return disconnected_grad(h), disconnected_grad(weight)


def _counted_log_likelihood(value: Any, r: Any, alpha: Any, s: Any, beta: Any, T: Any, count: Any) -> Any:
    return count * log_likelihood_graph(value[..., 0], value[..., 1], T, r, alpha, s, beta)


def _simulate_histories(
    r: Any, alpha: Any, s: Any, beta: Any, T: Any, count: Any, rng: np.random.Generator, size: Any = None
) -> NDArray[np.float64]:
    del count  # one simulated history per row; a count has no part in what a history looks like
    shape = np.broadcast_shapes(*(np.shape(value) for value in (r, alpha, s, beta, T))) if size is None else size
    frequency, recency = kernel.simulate(np.broadcast_to(T, shape), r=r, alpha=alpha, s=s, beta=beta, rng=rng)
    return np.stack([frequency, recency], axis=-1)
