"""A sampled posterior with its diagnosis and history, and what is needed to score customers later."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from kundenwert.bayes.diagnose import Diagnosis
from kundenwert.bayes.priors import resolved_priors
from kundenwert.bayes.scoring import Scoring
from kundenwert.bayes.storage import FitInfo, Stored, write
from kundenwert.data.design import Design
from kundenwert.laws import Law
from kundenwert.laws.seen import Draws
from kundenwert.messages import as_table, in_line


@dataclass(frozen=True)
class Fit[Of: Law]:
    """A sampled posterior with all that is needed to score customers later, also without the training data.

    Parameters
    ----------
    model
        The model, with its priors.
    tree
        ArviZ DataTree: `posterior`, `prior`, `sample_stats`, `history_log_likelihood`, `constant_data`.
    diagnosis
        Every convergence check with its bound.
    info
        Units, seed, versions, seconds: plain values for JSON.
    """

    model: Of
    tree: xr.DataTree
    diagnosis: Diagnosis
    info: FitInfo

    def __repr__(self) -> str:
        return in_line("Fit", self._facts())

    def _repr_html_(self) -> str:
        return as_table("Fit", self._facts())

    def _facts(self) -> list[tuple[str, str]]:
        """What was fitted, how, and whether it may be used."""
        effects = (*self.model.cohorts, *self.model.covariates)
        facts = [("law", self.model.title), *([("effects of", ", ".join(map(repr, effects)))] if effects else [])]
        method = f", by {self.info['method']}" if "method" in self.info else ""
        return [*facts, ("draws", f"{self.samples:,}{method}"), ("diagnosis", repr(self.diagnosis))]

    @property
    def samples(self) -> int:
        """Number of posterior draws over all chains."""
        return int(self.tree["posterior"].sizes["chain"] * self.tree["posterior"].sizes["draw"])

    @cached_property
    def design(self) -> Design | None:
        """How the model's cohorts and covariates are coded; None where it has none."""
        stored = self.info.get("design")
        return None if stored is None else Design.from_dict(stored)

    @property
    def scoring(self) -> Scoring[Of]:
        """What is needed to score customers: the draws, chains stacked, as plain arrays."""
        posterior = self.tree["posterior"]
        stacked = {
            str(name): values.to_numpy().reshape(self.samples, *values.shape[2:])
            for name, values in posterior.data_vars.items()
            if name in self.model.parameters or str(name).startswith(tuple(f"{key}_" for key in self._shifted))
        }
        population = {name: stacked.pop(name) for name in self.model.parameters}
        return Scoring(self.model, population, stacked, self.design, int(self.info.get("seed", 0)))

    @property
    def _shifted(self) -> tuple[str, ...]:
        return tuple(self.model.acts_on) if self.design is not None else ()

    def draws(self, samples: int | None = None) -> Draws:
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
        return self.scoring.thin(samples).population

    def laws(self, table: pd.DataFrame, *, samples: int | None = None) -> xr.Dataset:
        """Parameters of each customer, with the effects of cohorts and covariates.

        Parameters
        ----------
        table
            Customers, with `customer_id` and the model's columns.
        samples
            As in `draws`.

        Returns
        -------
        xarray.Dataset
            Dims `customer_id`, in the table's order, and `sample`. For some rows at a time, as plain arrays:
            `fit.scoring.laws(table)`.
        """
        scoring = self.scoring.thin(samples)
        found, shape = scoring.laws(table)(np.arange(len(table))), (len(table), scoring.samples)
        data = {name: (("customer_id", "sample"), np.broadcast_to(found[name], shape)) for name in found}
        return xr.Dataset(data, coords={"customer_id": table["customer_id"].to_numpy(), "sample": np.arange(shape[1])})

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
        stored: Stored = {
            "model": self.model.name,
            "cohorts": list(self.model.cohorts),
            "covariates": list(self.model.covariates),
            "stated": self.model.stated,
            "priors": {name: prior.to_dict() for name, prior in resolved_priors(self.model).items()},
            "diagnosis": self.diagnosis.to_dict(),
            "info": self.info,
        }
        return write(self.tree, stored, path)
