"""From a model and a customer summary to a posterior that can be checked, stored and scored with."""

import json
import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pymc as pm
import xarray as xr
from numpy.typing import NDArray

from kundenwert.bayes.diagnose import Diagnosis, diagnose
from kundenwert.bayes.gamma_gamma import GammaGamma
from kundenwert.bayes.pareto_nbd import ParetoNBD
from kundenwert.bayes.priors import Prior
from kundenwert.data import CustomerSummary
from kundenwert.data.export import whole_file
from kundenwert.errors import FitError, SchemaError

type Model = ParetoNBD | GammaGamma

MODELS: dict[str, type[ParetoNBD] | type[GammaGamma]] = {kind.name: kind for kind in (ParetoNBD, GammaGamma)}

LARGEST_LOG_LIKELIHOOD = 20_000_000
"""Most pointwise log-likelihood values (draws × patterns) that are stored: 160 MB."""


@dataclass(frozen=True)
class Fit:
    """A sampled posterior with all that is needed to score customers later, also without the training data.

    Parameters
    ----------
    model
        The model, with its priors.
    tree
        ArviZ DataTree: `posterior`, `prior`, `sample_stats`, `log_likelihood`, `constant_data`.
    diagnosis
        Every convergence check with its bound.
    info
        Units, seed, versions, seconds: plain values for JSON.
    """

    model: Model
    tree: xr.DataTree
    diagnosis: Diagnosis
    info: dict[str, Any]

    @property
    def samples(self) -> int:
        """Number of posterior draws over all chains."""
        return int(self.tree["posterior"].sizes["chain"] * self.tree["posterior"].sizes["draw"])

    def draws(self, samples: int | None = None) -> dict[str, NDArray[np.float64]]:
        """Posterior draws of the model's parameters, chains stacked.

        Parameters
        ----------
        samples
            How many to return, evenly spaced over all draws; all if not given.

        Returns
        -------
        dict
            One array of shape (samples,) for each parameter.
        """
        total = self.samples
        pick = np.arange(total) if samples is None else np.linspace(0, total - 1, min(samples, total)).astype(int)
        posterior = self.tree["posterior"]
        return {name: posterior[name].to_numpy().reshape(-1)[pick] for name in self.model.parameters}

    def save(self, path: str | Path) -> Path:
        """Write the fit as NetCDF; the file appears whole or not at all.

        Parameters
        ----------
        path
            Where to; an existing file is replaced.

        Returns
        -------
        Path
            The file written.
        """
        tree = self.tree.copy()
        stored = {
            "model": self.model.name,
            "priors": {name: prior.to_dict() for name, prior in self.model.resolved_priors().items()},
            "diagnosis": self.diagnosis.to_dict(),
            "info": self.info,
        }
        tree.attrs = {"kundenwert": json.dumps(stored)}
        with whole_file(path) as partial:
            tree.to_netcdf(partial, engine="h5netcdf", encoding=_compressed(tree))
        return Path(path)


def _compressed(tree: xr.DataTree) -> dict[str, dict[str, dict[str, Any]]]:
    """Store the pointwise log-likelihood, by far the largest part, in single precision and compressed."""
    if "log_likelihood" not in tree.children:
        return {}
    how = {"dtype": "float32", "zlib": True, "complevel": 4}
    return {"/log_likelihood": {str(name): dict(how) for name in tree["log_likelihood"].data_vars}}


def load_fit(path: str | Path) -> Fit:
    """Read a fit written by `Fit.save`.

    Parameters
    ----------
    path
        A NetCDF file.

    Returns
    -------
    Fit

    Raises
    ------
    SchemaError
        If the file is not a stored fit.
    """
    try:
        with xr.open_datatree(path, engine="h5netcdf") as opened:
            tree = opened.load()
        stored = json.loads(tree.attrs.pop("kundenwert"))
        kind = MODELS[stored["model"]]
        priors = {name: Prior(**prior) for name, prior in stored["priors"].items()}
    except (OSError, KeyError, ValueError, TypeError) as error:
        msg = f"{Path(path).name} is not a stored fit of this program ({type(error).__name__}); fit again to make one"
        raise SchemaError(msg) from error
    return Fit(kind(priors), tree, Diagnosis.from_dict(stored["diagnosis"]), stored["info"])


def fit(
    model: Model,
    summary: CustomerSummary,
    *,
    seed: int,
    draws: int = 1000,
    tune: int = 500,
    chains: int = 4,
    target_accept: float = 0.9,
    progress: bool | None = None,
) -> Fit:
    """Sample the posterior of a model by NUTS.

    Parameters
    ----------
    model
        `ParetoNBD(...)` or `GammaGamma(...)`.
    summary
        One row per customer.
    seed
        Makes the draws reproducible.
    draws, tune, chains
        Draws kept and tuning steps for each chain, and number of chains.
    target_accept
        Of the step-size adaptation, in (0, 1).
    progress
        Whether to show a progress bar; if not given, on a terminal only.

    Returns
    -------
    Fit
        Non-convergence is no error here: `fit.diagnosis` says so, and value tables ask for it.

    Raises
    ------
    DomainError
        If the summary holds nothing to learn from.
    FitError
        If the sampler finds no point to start from.
    """
    started = perf_counter()
    show = sys.stderr.isatty() if progress is None else progress
    pymc_model = model.build_model(summary)
    with pymc_model, _quiet():
        prior = pm.sample_prior_predictive(
            1000, var_names=[v.name for v in (*pymc_model.free_RVs, *pymc_model.deterministics)], random_seed=seed
        )
        try:
            tree = pm.sample(
                draws,
                tune=tune,
                chains=chains,
                random_seed=seed,
                nuts={"target_accept": target_accept},
                nuts_sampler="nutpie",
                progressbar=show,
                quiet=not show,
                compute_convergence_checks=False,
            )
        except RuntimeError as error:
            msg = "the sampler found no point to start from: look at the priors, and at the data for extreme values"
            raise FitError(msg) from error
    tree = _complete(model, tree, prior, summary)
    info = model.units(summary) | {
        "method": "nuts",
        "seed": seed,
        "draws": draws,
        "tune": tune,
        "chains": chains,
        "customers": len(summary),
        "seconds": round(perf_counter() - started, 2),
        "versions": {name: version(name) for name in ("kundenwert", "pymc", "nutpie", "arviz", "numpy")},
    }
    return Fit(model, tree, diagnose(tree), info)


def _complete(model: Model, sampled: xr.DataTree, prior: xr.DataTree, summary: CustomerSummary) -> xr.DataTree:
    """Put together the groups that are kept: everything numeric, and the pointwise log-likelihood."""
    posterior = sampled["posterior"].to_dataset()
    stats = sampled["sample_stats"].to_dataset()
    observed = model.constant_data(summary)
    groups = {
        "posterior": posterior,
        "prior": prior["prior"].to_dataset(),
        "sample_stats": stats[[name for name, value in stats.data_vars.items() if value.dtype != object]],
        "constant_data": observed,
    }
    shape = (posterior.sizes["chain"], posterior.sizes["draw"], observed.sizes["pattern"])
    if np.prod(shape, dtype=np.int64) <= LARGEST_LOG_LIKELIHOOD:
        draws = {name: posterior[name].to_numpy().reshape(-1) for name in model.parameters}
        values = model.pointwise_log_likelihood(observed, draws).reshape(shape)
        groups["log_likelihood"] = xr.Dataset({"history": (("chain", "draw", "pattern"), values)})
    return xr.DataTree.from_dict(groups)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep other programs' chatter off the screen: log lines below WARNING, and deprecations inside them."""
    logger = logging.getLogger("pymc")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        logger.setLevel(level)
