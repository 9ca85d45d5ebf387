"""From a model and a customer summary to a posterior that can be checked, stored and scored with."""

import json
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any, Literal, get_args

import numpy as np
import pymc as pm
import xarray as xr
from numpy.typing import NDArray

from kundenwert.bayes.diagnose import Diagnosis, diagnose, diagnose_importance, diagnose_mode
from kundenwert.bayes.gamma_gamma import GammaGamma
from kundenwert.bayes.importance import Importance, Mode, find_mode, resample, sample
from kundenwert.bayes.nbd import NBD
from kundenwert.bayes.pareto_nbd import ParetoNBD
from kundenwert.bayes.priors import Prior
from kundenwert.bayes.target import Target
from kundenwert.data import CustomerSummary
from kundenwert.data.export import whole_file
from kundenwert.errors import DomainError, FitError, SchemaError

type Model = ParetoNBD | GammaGamma | NBD
type Kind = type[ParetoNBD] | type[GammaGamma] | type[NBD]
type Method = Literal["auto", "importance", "nuts", "map"]

MODELS: dict[str, Kind] = {kind.name: kind for kind in (ParetoNBD, GammaGamma, NBD)}

_STREAMS = {ParetoNBD.name: 1, GammaGamma.name: 2, NBD.name: 3}

PROPOSALS = 4096
"""Most proposals in a round of importance sampling; rounds are powers of two, for the Sobol sequence."""

ENOUGH = 1000.0
"""Effective draws that importance sampling goes on for."""

MANY = 10_000
"""Histories from which the mode is approached by a thinned likelihood, and rounds of proposals are smaller."""

PRIOR_DRAWS = 1000

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
        If there is no such file, or it is not a stored fit.
    """
    try:
        with xr.open_datatree(path, engine="h5netcdf") as opened:
            tree = opened.load()
        stored = json.loads(tree.attrs.pop("kundenwert"))
        kind = MODELS[stored["model"]]
        model = kind({name: Prior(**prior) for name, prior in stored["priors"].items()})
        result = Fit(model, tree, Diagnosis.from_dict(stored["diagnosis"]), dict(stored["info"]))
        model.resolved_priors()
        result.draws(1)
    except FileNotFoundError as error:
        msg = f"there is no file {path}; `fit` writes one"
        raise SchemaError(msg) from error
    except (OSError, KeyError, ValueError, TypeError, AttributeError) as error:
        msg = f"{Path(path).name} is not a stored fit of this program ({type(error).__name__}); fit again to make one"
        raise SchemaError(msg) from error
    return result


def fit(
    model: Model,
    summary: CustomerSummary,
    *,
    seed: int,
    method: Method = "auto",
    draws: int = 1000,
    tune: int = 500,
    chains: int = 4,
    target_accept: float = 0.9,
    log_likelihood: bool = True,
    progress: bool | None = None,
) -> Fit:
    """Draw from the posterior of a model.

    Parameters
    ----------
    model
        `ParetoNBD(...)`, `GammaGamma(...)` or, to compare with, `NBD(...)`.
    summary
        One row per customer.
    seed
        Makes the draws reproducible.
    method
        "importance": adaptive importance sampling around the mode, exact where its own checks pass, in about a second.
        "nuts": the No-U-Turn sampler. "auto": importance sampling, and NUTS where its checks fail. "map": the
        posterior mode only, without uncertainty of the parameters.
    draws, tune, chains
        Draws kept and, for NUTS, tuning steps for each chain, and number of chains. Importance sampling gives draws
        in the same shape; its chains are only a shape.
    target_accept
        Of NUTS' step-size adaptation, in (0, 1).
    log_likelihood
        Whether to store the pointwise log-likelihood, which `loo` needs; left out where it would be very large.
    progress
        Whether to show NUTS' progress; if not given, on a terminal only.

    Returns
    -------
    Fit
        Non-convergence is no error here: `fit.diagnosis` says so, and value tables ask for it. `fit.info["method"]`
        and `fit.info["why"]` say which method was used, and why.

    Raises
    ------
    SchemaError
        If the method is unknown, or a prior is not one on positive numbers.
    DomainError
        If the summary holds nothing to learn from, or the seed is negative.
    FitError
        If NUTS finds no point to start from.
    """
    if method not in get_args(Method.__value__):
        msg = f"there is no method {method!r}; choose one of {', '.join(get_args(Method.__value__))}"
        raise SchemaError(msg)
    if seed < 0:
        msg = f"seed={seed}: a seed is at least 0"
        raise DomainError(msg)
    started = perf_counter()
    rng = np.random.default_rng([seed, _STREAMS[model.name]])
    target = model.target(summary, workers=os.cpu_count() or 1)
    observed = model.constant_data(summary)
    patterns = observed.sizes["pattern"]
    mode = _mode(model, summary, target, patterns)
    used, why = method, "asked for"
    stats: xr.Dataset | None = None
    if method == "map":
        posterior, diagnosis = _at_mode(target, mode, chains, draws), diagnose_mode(mode)
    if method in ("auto", "importance"):
        most = PROPOSALS if patterns < MANY else PROPOSALS // 4
        proposals = 1 << (int(np.clip(chains * draws, 512, most)) - 1).bit_length()
        drawn = sample(target, mode, draws=proposals, rng=rng, enough=min(ENOUGH, chains * draws / 2))
        diagnosis = diagnose_importance(drawn)
        posterior = _resampled(target, drawn, chains, draws, rng)
        if method == "auto":
            used = "importance" if diagnosis.converged else "nuts"
            why = "; ".join(f"{check.name} {check.value:.3g} (bound {check.bound:g})" for check in diagnosis)
    if used == "nuts":
        show = sys.stderr.isatty() if progress is None else progress
        start = {name: float(np.exp(value)) for name, value in zip(target.names, mode.point, strict=True)}
        posterior, stats = _nuts(
            model, summary, start, seed=seed, draws=draws, tune=tune, chains=chains, accept=target_accept, show=show
        )
        diagnosis = diagnose(xr.DataTree.from_dict({"posterior": posterior, "sample_stats": stats}))
    tree = _tree(model, posterior, stats, _prior_draws(model, target, rng), observed, log_likelihood=log_likelihood)
    info = model.units(summary) | {
        "method": used,
        "why": why,
        "seed": seed,
        "draws": draws,
        "tune": tune if used == "nuts" else 0,
        "chains": chains,
        "customers": len(summary),
        "seconds": round(perf_counter() - started, 2),
        "versions": {name: version(name) for name in ("kundenwert", "pymc", "nutpie", "arviz", "numpy")},
    }
    return Fit(model, tree, diagnosis, info)


def _mode(model: Model, summary: CustomerSummary, target: Target, patterns: int) -> Mode:
    """The posterior mode; of many histories by way of the mode of a few, which is near."""
    if patterns < MANY:
        return find_mode(target)
    few = find_mode(model.target(summary, every=patterns // (MANY // 4)))
    return find_mode(target, replace(few, factor=few.factor * np.sqrt(MANY / 4 / patterns)))


def _at_mode(target: Target, mode: Mode, chains: int, draws: int) -> xr.Dataset:
    return _dataset(target.variables(np.tile(mode.point, (chains * draws, 1))), chains, draws)


def _resampled(target: Target, drawn: Importance, chains: int, draws: int, rng: np.random.Generator) -> xr.Dataset:
    """Equally weighted draws in the shape of chains."""
    pick = resample(drawn.weights, chains * draws, rng)
    return _dataset(target.variables(drawn.points[pick]), chains, draws)


def _prior_draws(model: Model, target: Target, rng: np.random.Generator) -> xr.Dataset:
    priors = model.resolved_priors()
    with np.errstate(over="ignore", under="ignore", divide="ignore"):
        variables = target.derive({name: prior.draw(PRIOR_DRAWS, rng) for name, prior in priors.items()})
    return _dataset(variables, 1, PRIOR_DRAWS)


def _dataset(variables: dict[str, NDArray[np.float64]], chains: int, draws: int) -> xr.Dataset:
    data = {name: (("chain", "draw"), values.reshape(chains, draws)) for name, values in variables.items()}
    return xr.Dataset(data, coords={"chain": np.arange(chains), "draw": np.arange(draws)})


def _nuts(
    model: Model,
    summary: CustomerSummary,
    start: dict[str, float],
    *,
    seed: int,
    draws: int,
    tune: int,
    chains: int,
    accept: float,
    show: bool,
) -> tuple[xr.Dataset, xr.Dataset]:
    """Posterior and sampling statistics from PyMC's NUTS, started at the mode."""
    with model.build_model(summary), _quiet():
        try:
            tree = pm.sample(
                draws,
                tune=tune,
                chains=chains,
                random_seed=seed,
                initvals=start,
                nuts={"target_accept": accept},
                nuts_sampler="nutpie",
                progressbar=show,
                quiet=not show,
                compute_convergence_checks=False,
            )
        except RuntimeError as error:
            msg = "the sampler found no point to start from: look at the priors, and at the data for extreme values"
            raise FitError(msg) from error
    stats = tree["sample_stats"].to_dataset()
    numeric = [name for name, value in stats.data_vars.items() if value.dtype != object]
    return tree["posterior"].to_dataset(), stats[numeric]


def _tree(
    model: Model,
    posterior: xr.Dataset,
    stats: xr.Dataset | None,
    prior: xr.Dataset,
    observed: xr.Dataset,
    *,
    log_likelihood: bool,
) -> xr.DataTree:
    """Put together the groups that are kept, with the pointwise log-likelihood."""
    groups = {"posterior": posterior, "prior": prior, "constant_data": observed}
    if stats is not None:
        groups["sample_stats"] = stats
    shape = (posterior.sizes["chain"], posterior.sizes["draw"], observed.sizes["pattern"])
    if log_likelihood and np.prod(shape, dtype=np.int64) <= LARGEST_LOG_LIKELIHOOD:
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
