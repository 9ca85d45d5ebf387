"""A sampled posterior with all that is needed to score customers later: draws, diagnosis, units, storage."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from kundenwert.bayes.diagnose import Diagnosis
from kundenwert.bayes.gamma_gamma import GammaGamma
from kundenwert.bayes.law import Array, Draws
from kundenwert.bayes.nbd import NBD
from kundenwert.bayes.pareto_nbd import ParetoNBD
from kundenwert.bayes.storage import write
from kundenwert.data.design import UNSEEN, Design

type Model = ParetoNBD | GammaGamma | NBD
type Kind = type[ParetoNBD] | type[GammaGamma] | type[NBD]

MODELS: dict[str, Kind] = {kind.name: kind for kind in (ParetoNBD, GammaGamma, NBD)}


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
        """Posterior draws of the population's parameters, chains stacked; those of customers with no effects.

        Parameters
        ----------
        samples
            How many to return, evenly spaced over all draws; all if not given.

        Returns
        -------
        dict
            One array of shape (samples,) for each parameter.
        """
        pick = self._pick(samples)
        posterior = self.tree["posterior"]
        return {name: posterior[name].to_numpy().reshape(-1)[pick] for name in self.model.parameters}

    @cached_property
    def design(self) -> Design | None:
        """How the model's cohorts and covariates are coded; None where it has none."""
        stored = self.info.get("design")
        return None if stored is None else Design.from_dict(stored)

    def laws(self, table: pd.DataFrame, samples: int | None = None) -> Callable[[NDArray[np.int64]], Draws]:
        """Parameters of each customer, with the effects of cohorts and covariates, for some rows at a time.

        Parameters
        ----------
        table
            Customers, with the model's columns; a cohort that was not in the data gets an effect drawn from the law of
            its column, the same for all its customers.
        samples
            As in `draws`.

        Returns
        -------
        Callable
            From row numbers to one array for each parameter, of shape (samples,), or (rows, samples) where customers
            differ.

        Raises
        ------
        SchemaError, DomainError
            If a column or a covariate's value is missing.
        """
        population, design = self.draws(samples), self.design
        if design is None:
            return lambda rows: population
        codes, matrix = design.codes(table), design.matrix(table)
        pick = self._pick(samples)
        drawn = {name: values.reshape(self.samples, -1)[pick].T for name, values in self._effects().items()}
        unseen = {
            (process, name): self._unseen(process, name, table, code, drawn[f"{process}_spread_{name}"][0])
            for process in self.model.acts_on
            for name, code in codes.items()
        }

        def law(rows: NDArray[np.int64]) -> Draws:
            found = dict(population)
            for process, (parameter, sign) in self.model.acts_on.items():
                eta = np.zeros((len(rows), len(pick)))
                if design.coefficients:
                    eta += np.einsum("nc,cs->ns", matrix[rows], drawn[f"{process}_coefficient"])
                for name, code in codes.items():
                    known = code[rows] != UNSEEN
                    eta[known] += drawn[f"{process}_effect_{name}"][code[rows[known]]]
                    for i in np.flatnonzero(~known):
                        eta[i] += unseen[process, name][rows[i]]
                found[parameter] = found[parameter] * np.exp(sign * eta)
            return found

        return law

    def cohort_laws(self, table: pd.DataFrame, samples: int | None = None, *, by: str = "cohort") -> dict[str, Draws]:
        """Parameters of a typical customer of each cohort, for new customers of it.

        Parameters
        ----------
        table
            Customers, with the model's columns.
        samples
            As in `draws`.
        by
            Column whose values are the cohorts.

        Returns
        -------
        dict
            By cohort one array of shape (samples,) for each parameter. Where customers of one cohort differ in other
            columns of the model, effects are averaged over them on the logarithmic scale.
        """
        law = self.laws(table, samples)
        groups = table.reset_index(drop=True).groupby(by, sort=True).indices
        found = {}
        for label, rows in groups.items():
            several = law(np.asarray(rows))
            found[str(label)] = {
                name: values if values.ndim == 1 else np.exp(np.log(values).mean(axis=0))
                for name, values in several.items()
            }
        return found

    def _effects(self) -> dict[str, Array]:
        posterior = self.tree["posterior"]
        return {
            str(name): values.to_numpy()
            for name, values in posterior.data_vars.items()
            if any(str(name).startswith(f"{process}_") for process in self.model.acts_on)
        }

    def _unseen(
        self, process: str, column: str, table: pd.DataFrame, code: NDArray[np.int64], spread: Array
    ) -> dict[int, Array]:
        """Effects of levels that were not in the data, by row; keyed by the level, whatever else is in the table."""
        found: dict[int, Array] = {}
        by_label: dict[str, Array] = {}
        labels = table[column].to_numpy()
        for row in np.flatnonzero(code == UNSEEN):
            label = str(labels[row])
            if label not in by_label:
                digest = hashlib.blake2b(f"{process}/{column}/{label}".encode(), digest_size=16).digest()
                key = [int(self.info["seed"]), *np.frombuffer(digest, dtype=np.uint32).tolist()]
                by_label[label] = spread * np.random.default_rng(key).standard_normal(spread.size)
            found[int(row)] = by_label[label]
        return found

    def _pick(self, samples: int | None) -> NDArray[np.int64]:
        total = self.samples
        return np.arange(total) if samples is None else np.linspace(0, total - 1, min(samples, total)).astype(np.int64)

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
        stored = {
            "model": self.model.name,
            "cohorts": list(self.model.cohorts),
            "covariates": list(self.model.covariates),
            "priors": {name: prior.to_dict() for name, prior in self.model.resolved_priors().items()},
            "diagnosis": self.diagnosis.to_dict(),
            "info": self.info,
        }
        return write(self.tree, stored, path)
