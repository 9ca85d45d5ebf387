"""From a model and a customer summary to a posterior, by the method that suits."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from importlib.metadata import version
from time import perf_counter
from typing import Any, Literal, get_args

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from kundenwert.bayes import nuts
from kundenwert.bayes.diagnose import ESS_BOUND, LOG_LIKELIHOOD, Diagnosis, diagnose, diagnose_importance, diagnose_mode
from kundenwert.bayes.importance import FEW_COORDINATES, MANY_COORDINATES, Importance, resample, sample
from kundenwert.bayes.mode import Mode, find_mode, find_mode_with_effects
from kundenwert.bayes.posterior import Fit
from kundenwert.bayes.priors import resolved_priors
from kundenwert.bayes.storage import FitInfo
from kundenwert.bayes.target import Target, make_target
from kundenwert.bayes.variants import Weighed, derived, told, weigh
from kundenwert.data import CustomerSummary
from kundenwert.errors import DomainError, SchemaError, check_seed
from kundenwert.kernels.convex import CELLS
from kundenwert.laws import LAWS, Law
from kundenwert.laws.seen import Array, Draws

type Method = Literal["auto", "importance", "nuts", "map"]

_STREAMS = {name: number for number, name in enumerate(LAWS, 1)}

LEAST, PROPOSALS = 1024, 2048
"""Proposals in a round of importance sampling; rounds are powers of two, for the lattice they are drawn from."""

ENOUGH = 1000.0
"""Effective draws that importance sampling goes on for, and NUTS where a user does not say how many draws."""

MANY = 10_000
"""Histories from which the mode is approached by a thinned likelihood, and rounds of proposals are smaller."""

DRAWS = 1000
"""Draws of each chain where a user does not say: as many, or for NUTS at most as many."""

ROUND = 100
"""Draws of each chain after which NUTS is looked at, where a user does not say how many are wanted."""

PRIOR_DRAWS = 1000

LARGEST_LOG_LIKELIHOOD = 20_000_000
"""Most pointwise log-likelihood values (draws × patterns) that are stored: 160 MB."""

SMALLER_STEPS = 4
"""How many times nearer to 1 the aim for acceptance is set when "auto" samples a second time."""


def fit[Of: Law](
    model: Of,
    summary: CustomerSummary,
    *,
    seed: int = 1,
    method: Method = "auto",
    draws: int | None = None,
    tune: int = 200,
    chains: int = 4,
    target_accept: float = 0.8,
    log_likelihood: bool = True,
    progress: bool | None = None,
) -> Fit[Of]:
    """Draw from the posterior of a model.

    Parameters
    ----------
    model
        A law of purchases, such as `ParetoNBD(...)`, or of spend, such as `GammaGamma(...)`.
    summary
        One row per customer.
    seed
        Makes the draws reproducible.
    method
        "importance": adaptive importance sampling around the mode, exact where its own checks pass, in seconds.
        "nuts": the No-U-Turn sampler. "auto": importance sampling, and NUTS where its checks fail, as with dozens of
        cohorts; a second time with smaller steps if its own checks fail. "map": the posterior mode only, without
        uncertainty of the parameters; with cohorts, spreads at the mode of their marginal posterior and effects at
        their means given those.
    draws, tune, chains
        Draws kept and, for NUTS, tuning steps for each chain, and number of chains. Importance sampling gives draws
        in the same shape; its chains are only a shape. If `draws` is not given, there are 1,000; NUTS stops sooner, as
        soon as every check passes with 1,000 effective draws of every variable, in the middle and in the tails.
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
        and `fit.info["why"]` say which method was used, and why. Of a law with variants, such as `MBGCNBD` with a k
        that is not given, `fit.info["variants"]` holds their probabilities, and the draws are of each as often as it is
        probable; with cohorts or covariates, and for NUTS and "map", of the most probable one, chosen without them.

    Raises
    ------
    SchemaError
        If the method is unknown, a column is missing, or a prior is not one on positive numbers.
    DomainError
        If the summary holds nothing to learn from, or the seed or a number of draws has no meaning.
    FitError
        If NUTS finds no point to start from.
    """
    _check(model, method, seed)
    most = DRAWS if draws is None else draws
    _check_sampling(draws=most, tune=tune, chains=chains, target_accept=target_accept)
    started = perf_counter()
    rng = np.random.default_rng([seed, _STREAMS[model.name]])
    weighed = _weighed(model, summary, chains * most, rng) if len(model.variants()) > 1 else None
    law = model if weighed is None else model.variants()[weighed.best]
    target, mode = _target_and_mode(law, summary)
    used, why = method, "asked for"
    stats: xr.Dataset | None = None
    if used == "map":
        posterior, diagnosis = _at_mode(target, mode, chains, most), diagnose_mode(mode)
    if used in ("auto", "importance"):
        posterior, diagnosis = _by_importance(target, mode, weighed, chains, most, rng)
        if method == "auto":
            used = "importance" if diagnosis.converged else "nuts"
            why = "; ".join(f"{check.name} {check.value:.3g} (bound {check.bound:g})" for check in diagnosis)
    if used == "nuts":
        show = sys.stderr.isatty() if progress is None else progress
        posterior, stats, diagnosis, more = _by_nuts(
            target,
            mode,
            accept=target_accept,
            again=method == "auto",
            draws=draws,
            tune=tune,
            chains=chains,
            seed=seed,
            progress=show,
        )
        why += more
    info = _info(model, summary, used, why, posterior, tune=tune, chains=chains, seed=seed)
    info |= _told(weighed, target, info) | _described(model, target, summary)
    tree = _tree(model, target, posterior, stats, _prior_draws(model, target, rng), log_likelihood=log_likelihood)
    info["seconds"] = round(perf_counter() - started, 2)
    return Fit(model, tree, diagnosis, info)


def _info(
    model: Law,
    summary: CustomerSummary,
    used: str,
    why: str,
    posterior: xr.Dataset,
    *,
    tune: int,
    chains: int,
    seed: int,
) -> FitInfo:
    """What is stored with a fit: how it was made, of what, and by which versions."""
    return {
        **model.units(summary),  # type: ignore[typeddict-item]  # of a law, there are no more
        "method": used,
        "why": why,
        "seed": seed,
        "draws": posterior.sizes["draw"],
        "tune": tune if used == "nuts" else 0,
        "chains": chains,
        "customers": len(summary),
        "versions": {name: version(name) for name in ("kundenwert", "pymc", "nutpie", "arviz", "numpy")},
    }


def _weighed(model: Law, summary: CustomerSummary, wanted: int, rng: np.random.Generator) -> Weighed:
    return weigh(
        model,
        lambda law: _target_and_mode(law, summary),
        lambda target, mode: _weighted(target, mode, wanted, rng),
    )


def _told(weighed: Weighed | None, target: Target, info: FitInfo) -> FitInfo:
    """Which of the law's variants is true, as far as is known, and what was made of it."""
    if weighed is None:
        return {}
    why = told(weighed.probability)
    if info["method"] != "importance" or target.effects is not None:
        without = " without cohorts and covariates" if target.effects is not None else ""
        why = f"{weighed.best} chosen by the evidence{without}: {why}"
    return {"variants": weighed.probability, "why": f"{why}; {info['why']}"}


def _described(model: Law, target: Target, summary: CustomerSummary) -> FitInfo:
    """How the model's cohorts and covariates are coded; nothing where it has none."""
    if target.effects is None:
        return {}
    named = "cohort" in (*model.cohorts, *model.covariates)
    found: FitInfo = {"design": target.effects.design.to_dict()}
    return {**found, "cohort": summary.cohort} if named else found


def _by_importance(
    target: Target, mode: Mode, weighed: Weighed | None, chains: int, draws: int, rng: np.random.Generator
) -> tuple[xr.Dataset, Diagnosis]:
    """Draws of the law, or of all its variants, as often as they are probable; with effects of the one chosen."""
    weighed = weighed if target.effects is None else None
    drawn = _weighted(target, mode, chains * draws, rng) if weighed is None else weighed.together()
    pick = resample(drawn.weights, chains * draws, rng)
    variables = target.variables(drawn.points[pick]) if weighed is None else weighed.variables(pick)
    return _dataset(target, variables, chains, draws), diagnose_importance(drawn, chains * draws)


def _by_nuts(
    target: Target, mode: Mode, *, accept: float, again: bool, **how: Any
) -> tuple[xr.Dataset, xr.Dataset, Diagnosis, str]:
    """Sample, a second time with smaller steps if wanted and needed; the last is what there is to say about it."""
    posterior, stats, diagnosis = _in_rounds(target, mode, accept=accept, hopeful=again, **how)
    more = ""
    if again and not diagnosis.converged:
        accept = 1 - (1 - accept) / SMALLER_STEPS
        more = f"; again with target_accept {accept:g}, because of {_failed(diagnosis)}"
        posterior, stats, diagnosis = _in_rounds(target, mode, accept=accept, **how)
    if _suffices(diagnosis) and how["draws"] is None:
        more += f"; {posterior.sizes['draw']:,} draws of each chain gave {ENOUGH:,.0f} effective ones of every variable"
    return posterior, stats, diagnosis, more


def _in_rounds(
    target: Target, mode: Mode, *, draws: int | None, chains: int, hopeful: bool = False, **how: Any
) -> tuple[xr.Dataset, xr.Dataset, Diagnosis]:
    """Sample so many draws, or until they suffice; with a second try to come, also until it is sure to be needed."""
    most = DRAWS if draws is None else draws
    every = ROUND if draws is None else most
    with closing(nuts.rounds(target, mode, draws=most, every=every, chains=chains, **how)) as sampler:
        for points, stats in sampler:
            if draws is None and points.size < ENOUGH * target.size:
                continue  # too few draws, whatever they are worth
            posterior = _dataset(target, target.variables(points.reshape(-1, target.size)), chains, points.shape[1])
            diagnosis = diagnose(xr.DataTree.from_dict({"posterior": posterior, "sample_stats": stats}))
            if _suffices(diagnosis) or (hopeful and bool(stats["diverging"].any())):
                break
    return posterior, stats, diagnosis


def _suffices(diagnosis: Diagnosis) -> bool:
    """Whether all checks pass, and every variable has as many effective draws as importance sampling goes on for."""
    effective = [check.value for check in diagnosis if check.name.endswith("ESS")]
    return diagnosis.converged and min(effective) >= ENOUGH


def _failed(diagnosis: Diagnosis) -> str:
    return ", ".join(f"{check.name} {check.value:.4g}" for check in diagnosis if not check.passed)


def _check(model: Law, method: str, seed: int) -> None:
    if method not in get_args(Method.__value__):
        msg = f"there is no method {method!r}; choose one of {', '.join(get_args(Method.__value__))}"
        raise SchemaError(msg)
    check_seed(seed)


def _check_sampling(*, target_accept: float, **numbers: int) -> None:
    for name, number in numbers.items():
        least = 0 if name == "tune" else 1
        if not isinstance(number, int | np.integer) or number < least:
            msg = f"{name}={number} must be a whole number, at least {least}"
            raise DomainError(msg)
    if not 0 < target_accept < 1:
        msg = f"target_accept={target_accept} must lie between 0 and 1"
        raise DomainError(msg)


def _target_and_mode(model: Law, summary: CustomerSummary) -> tuple[Target, Mode]:
    """The log posterior and its mode; of many histories by way of the mode of a few, which is near."""
    target = make_target(model, summary, workers=os.cpu_count() or 1)
    population = replace(target, effects=None)
    number = target.observed.count.size
    if number < MANY:
        mode = find_mode(population)
    else:
        few = find_mode(replace(population, observed=target.observed.thin(number // (MANY // 4)), workers=1))
        mode = find_mode(population, replace(few, factor=few.factor * np.sqrt(MANY / 4 / number)))
    return (target, mode) if target.effects is None else find_mode_with_effects(target, mode)


def _weighted(target: Target, mode: Mode, wanted: int, rng: np.random.Generator) -> Importance:
    most = PROPOSALS if target.observed.count.size < MANY else PROPOSALS // 2
    proposals = 1 << (int(np.clip(wanted, LEAST, most)) - 1).bit_length()
    manner = FEW_COORDINATES if target.effects is None else MANY_COORDINATES
    enough = float(np.clip(wanted / 2, ESS_BOUND, ENOUGH))
    return sample(target, mode, draws=proposals, rng=rng, enough=enough, manner=manner)


def _at_mode(target: Target, mode: Mode, chains: int, draws: int) -> xr.Dataset:
    return _dataset(target, target.variables(np.tile(mode.point, (chains * draws, 1))), chains, draws)


def _prior_draws(model: Law, target: Target, rng: np.random.Generator) -> xr.Dataset:
    """Draws of the population's quantities and parameters from their priors."""
    quantities = {name: prior.draw(PRIOR_DRAWS, rng=rng) for name, prior in resolved_priors(model).items()}
    with np.errstate(over="ignore", under="ignore", divide="ignore"):
        variables = derived(model, quantities, target.unit)
    data = {name: (("chain", "draw"), values[None]) for name, values in variables.items()}
    return xr.Dataset(data, coords={"chain": [0], "draw": np.arange(PRIOR_DRAWS)})


def _dataset(target: Target, variables: Draws, chains: int, draws: int) -> xr.Dataset:
    """All variables, in the shape of chains, with the levels' and covariates' names."""
    dims: dict[str, tuple[str, ...]] = {}
    coords: dict[str, NDArray[np.int64] | Sequence[str]] = {"chain": np.arange(chains), "draw": np.arange(draws)}
    if target.effects is not None:
        dims, names = target.effects.dims()
        coords |= names
    data = {}
    for name, values in variables.items():
        own = dims.get(name, ())
        data[name] = (("chain", "draw", *own), values.reshape(chains, draws, *values.shape[1:]))
    return xr.Dataset(data, coords=coords)


def _tree(
    model: Law,
    target: Target,
    posterior: xr.Dataset,
    stats: xr.Dataset | None,
    prior: xr.Dataset,
    *,
    log_likelihood: bool,
) -> xr.DataTree:
    """Put together the groups that are kept, with the pointwise log-likelihood."""
    observed = target.observed
    fields = {**observed.fields, "count": observed.count.astype(np.int64)}
    if target.effects is not None:
        fields["group"] = observed.group
    kept = xr.Dataset({name: ("pattern", values) for name, values in fields.items()})
    kept["index"] = ("customer", observed.index)
    groups = {"posterior": posterior, "prior": prior, "constant_data": kept}
    if stats is not None:
        groups["sample_stats"] = stats
    shape = (posterior.sizes["chain"], posterior.sizes["draw"], observed.count.size)
    if log_likelihood and np.prod(shape, dtype=np.int64) <= LARGEST_LOG_LIKELIHOOD:
        values = _pointwise(model, target, posterior).reshape(shape)
        groups[LOG_LIKELIHOOD] = xr.Dataset({"history": (("chain", "draw", "pattern"), values)})
    return xr.DataTree.from_dict(groups)


def _pointwise(model: Law, target: Target, posterior: xr.Dataset) -> Array:
    """Log-likelihood of ONE customer of each observation under each draw, of shape (sample, pattern)."""
    observed, effects = target.observed, target.effects
    law = {name: posterior[name].to_numpy().reshape(-1) for name in model.parameters}
    size, number = law[model.parameters[0]].size, observed.count.size
    shifts = {} if effects is None else effects.shifts_of(posterior)
    result = np.empty((size, number))
    step = max(1, CELLS // number)

    def fill(start: int) -> None:
        part = slice(start, start + step)
        at = {name: values[part, None] for name, values in law.items()}
        for name, shift in shifts.items():
            at[name] = at[name] * np.exp(shift[part][:, observed.group])
        result[part] = model.log_likelihood(observed.fields, at)

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(fill, range(0, size, step)))
    return result
