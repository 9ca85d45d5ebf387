"""Fits back from files: whole, plausible, and of the same run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr

from kundenwert.bayes.diagnose import Diagnosis
from kundenwert.bayes.posterior import Fit
from kundenwert.bayes.priors import Prior, resolved_priors
from kundenwert.bayes.storage import FitInfo, read
from kundenwert.errors import DomainError, KundenwertError, SchemaError
from kundenwert.files.places import POSTERIOR, SPEND_POSTERIOR
from kundenwert.files.publish import MANIFEST, check_set, staged
from kundenwert.files.tables import write_json
from kundenwert.laws import LAWS, Law
from kundenwert.messages import Code


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
        If there is no such file, it is damaged, or it is not a stored fit: every parameter's draws must be there, one
        for each chain and draw, finite and above 0.
    """
    tree, stored = read(path)
    try:
        kind = LAWS[stored["model"]]
        priors = {name: Prior(**prior) for name, prior in stored["priors"].items()}
        columns = (tuple(stored.get("cohorts", ())), tuple(stored.get("covariates", ())))
        stated = stored.get("stated", {})  # fields of that kind of law alone
        model = kind(priors, *columns, **stated)  # type: ignore[arg-type]
        result = Fit(model, tree, Diagnosis.from_dict(stored["diagnosis"]), {**stored["info"]})
        resolved_priors(model)
        why = _implausible(result)
    except (OSError, LookupError, ValueError, TypeError, AttributeError, RecursionError) as error:
        why = str(error) if isinstance(error, KundenwertError) else type(error).__name__
        raise SchemaError(Code.NOT_A_FIT, name=Path(path).name, why=why) from error
    if why:
        raise SchemaError(Code.NOT_A_FIT, name=Path(path).name, why=why)
    return result


def paired(purchases: Fit, spend: Fit) -> tuple[Fit, Fit]:
    """Give both posteriors of a run one id, made of their draws: the same run has the same id.

    Parameters
    ----------
    purchases, spend : Fit
        Fits of one run.

    Returns
    -------
    tuple of Fit
        The same fits with `info["pair"]`.
    """
    digest = hashlib.sha256()
    for fit in (purchases, spend):
        digest.update(fit.model.name.encode())
        for name, values in sorted(fit.tree["posterior"].data_vars.items(), key=lambda item: str(item[0])):
            digest.update(str(name).encode())
            digest.update(np.ascontiguousarray(values.to_numpy()).tobytes())
    pair: FitInfo = {"pair": digest.hexdigest()[:16]}
    return replace(purchases, info=purchases.info | pair), replace(spend, info=spend.info | pair)


def check_pair(purchases: Fit, spend: Fit) -> None:
    """Refuse posteriors of two different runs; fits made in Python have no id, and may be combined.

    Raises
    ------
    DomainError
        If they carry different ids, or only one of them carries one.
    """
    first, second = purchases.info.get("pair"), spend.info.get("pair")
    if first != second:
        raise DomainError(Code.MIXED_PAIR, first=first or "none", second=second or "none")


def save_pair(fits: tuple[Fit, Fit], out: str | Path, manifest: Mapping[str, object] | None = None) -> list[Path]:
    """Write both posteriors of a run into a folder; both appear, with one id, or none.

    Parameters
    ----------
    fits : tuple of Fit
        Of purchases and of spend.
    out : str or Path
        The folder; made if missing.
    manifest : mapping, optional
        What to say of the run in `manifest.json` beside them; the files' hashes are added.

    Returns
    -------
    list of Path
        The two files.
    """
    with staged(out, "fit") as staging:
        for name, fit in zip((POSTERIOR, SPEND_POSTERIOR), paired(*fits), strict=True):
            fit.save(staging / name)
        if manifest is not None:
            write_json(manifest, staging / MANIFEST)
    return [Path(out) / POSTERIOR, Path(out) / SPEND_POSTERIOR]


def load_pair(folder: str | Path) -> tuple[Fit, Fit]:
    """Read both posteriors of a run from its folder, and refuse those of two runs.

    Parameters
    ----------
    folder : str or Path
        Where `fit` or `report` has written them.

    Returns
    -------
    tuple of Fit

    Raises
    ------
    SchemaError
        If one of them is missing, damaged, or not of the folder's run.
    DomainError
        If they are of different runs.
    """
    check_set(folder, (POSTERIOR, SPEND_POSTERIOR))
    fits = load_fit(Path(folder) / POSTERIOR), load_fit(Path(folder) / SPEND_POSTERIOR)
    check_pair(*fits)
    return fits


def _implausible(fit: Fit) -> str:
    """Say what draws cannot be those of a posterior; nothing where all can."""
    posterior = fit.tree["posterior"].to_dataset()
    sizes = (posterior.sizes["chain"], posterior.sizes["draw"])
    if not np.prod(sizes):
        return "no draws"
    for name in fit.model.parameters:
        if why := _odd(posterior[name], sizes, ()):
            return f"{name} {why}"
        if not (posterior[name] > 0).all():
            return f"{name} is not above 0"
    return _odd_effects(fit.model, fit, posterior, sizes)


def _odd_effects(model: Law, fit: Fit, posterior: xr.Dataset, sizes: tuple[int, ...]) -> str:
    """Say which effects of cohorts and covariates cannot be; nothing where there are none, or all can."""
    design = fit.design
    if (design is None) != (not model.cohorts and not model.covariates):
        return "cohorts or covariates are not described"
    if design is None:
        return ""
    int(fit.info["seed"])
    wanted: dict[str, tuple[int, ...]] = {}
    for process in model.acts_on:
        for name, levels in design.cohorts.items():
            wanted |= {f"{process}_spread_{name}": (), f"{process}_effect_{name}": (len(levels),)}
        if design.coefficients:
            wanted[f"{process}_coefficient"] = (len(design.coefficients),)
    for name, shape in wanted.items():
        if why := _odd(posterior[name], sizes, shape):
            return f"{name} {why}"
        if "_spread_" in name and (posterior[name] < 0).any():
            return f"{name} is below 0"
    return ""


def _odd(values: xr.DataArray, sizes: tuple[int, ...], shape: tuple[int, ...]) -> str:
    """Say what is wrong with one parameter's draws."""
    if values.dims[:2] != ("chain", "draw") or values.shape != (*sizes, *shape):
        return f"has shape {values.shape}, not {(*sizes, *shape)}"
    if values.dtype.kind != "f" or not np.isfinite(values.to_numpy()).all():
        return "is not finite"
    return ""
