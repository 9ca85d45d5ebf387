"""The models' log posteriors as fast array functions, for many parameter sets at once and without compiling anything.

A target lives on the logarithms of the quantities that carry a prior, all of which are positive. It gives the same
density as the PyMC model (a test holds them together), from the kernels.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]
type Draws = dict[str, Array]

PARTS = 16
"""Parts that parameter sets are evaluated in, whatever the number of processors."""


@dataclass(frozen=True)
class Target:
    """A log posterior over the logarithms of positive quantities.

    Parameters
    ----------
    names
        The quantities, in the order of the columns.
    log_prior
        From values of one quantity by name to its log density.
    derive
        From the quantities to all variables of the model, parameters included.
    log_likelihood
        From the variables to the log-likelihood of each set.
    """

    names: tuple[str, ...]
    log_prior: Callable[[str, Array], Array]
    derive: Callable[[Draws], Draws]
    log_likelihood: Callable[[Draws], Array]

    def variables(self, points: Array) -> Draws:
        """All variables of the model at points of shape (sets, quantities)."""
        with np.errstate(over="ignore", under="ignore"):
            return self.derive({name: np.exp(points[:, i]) for i, name in enumerate(self.names)})

    def __call__(self, points: Array) -> Array:
        """Log posterior density, Jacobian included, at points of shape (sets, quantities); -inf where undefined."""
        variables = self.variables(points)
        with np.errstate(all="ignore"):
            prior = sum(self.log_prior(name, variables[name]) for name in self.names) + points.sum(axis=1)
            value = np.asarray(prior + self.log_likelihood(variables))
        return np.where(np.isfinite(value), value, -np.inf)


def in_threads(function: Callable[[Draws], Array], draws: Draws, workers: int) -> Array:
    """Evaluate a function of many parameter sets in parts; the parts, and so the result, do not depend on workers."""
    size = next(iter(draws.values())).size
    parts = min(PARTS, size)
    cuts = [slice(size * part // parts, size * (part + 1) // parts) for part in range(parts)]
    with ThreadPoolExecutor(workers) as pool:
        results = pool.map(lambda cut: function({name: values[cut] for name, values in draws.items()}), cuts)
        return np.concatenate(list(results))


def prior_densities(priors: dict[str, Any]) -> Callable[[str, Array], Array]:
    """Log densities of priors by name, each looked up once."""
    functions = {name: prior.log_density() for name, prior in priors.items()}
    return lambda name, value: functions[name](value)
