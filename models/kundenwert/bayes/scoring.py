"""What is needed of a posterior to score customers: draws and the coding of cohorts, as plain arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kundenwert.data.design import UNSEEN, Design
from kundenwert.errors import DomainError, SchemaError
from kundenwert.laws import Law
from kundenwert.laws.seen import Array, Draws


def known[Of: Law](law: Of, **parameters: ArrayLike) -> Scoring[Of]:
    """Use known parameters, such as published ones, where a posterior is expected.

    Parameters
    ----------
    law
        Of purchases or of spend.
    **parameters
        Each of the law's parameters: a number, or draws.

    Returns
    -------
    Scoring

    Raises
    ------
    SchemaError
        If a parameter is missing, or is none of the law's.
    DomainError
        If a parameter is not positive and finite.

    Examples
    --------
    >>> from kundenwert.laws import NBD
    >>> known(NBD(), r=0.385, alpha=12.1).samples
    1
    """
    if set(parameters) != set(law.parameters):
        odd = ", ".join(sorted(set(parameters) ^ set(law.parameters)))
        raise SchemaError(f"the parameters of {law.title} are {', '.join(law.parameters)}; missing or not one: {odd}")
    columns = np.broadcast_arrays(*(np.atleast_1d(np.asarray(parameters[name], float)) for name in law.parameters))
    for name, values in zip(law.parameters, columns, strict=True):
        if values.ndim != 1 or not (np.isfinite(values) & (values > 0)).all():
            raise DomainError(f"{name} is not positive and finite, one number for each draw")
    return Scoring(law, dict(zip(law.parameters, map(np.array, columns), strict=True)), {}, None, 0)


@dataclass(frozen=True)
class Scoring[Of: Law]:
    """A posterior without its history: small, of NumPy arrays only, enough to score any customers.

    Parameters
    ----------
    law
        Of purchases or of spend, with the columns it looks at.
    population
        Draws of the law's parameters for customers without effects, each of shape (samples,).
    effects
        Draws of the effects by their names in the posterior, each of shape (samples,) or (samples, levels).
    design
        How cohorts and covariates are coded; None where there are none.
    seed
        Of the fit; effects of cohorts that it has not seen are drawn with it.
    """

    law: Of
    population: Draws
    effects: Draws
    design: Design | None
    seed: int

    @property
    def samples(self) -> int:
        """Number of draws."""
        return next(iter(self.population.values())).size

    def thin(self, samples: int | None) -> Scoring[Of]:
        """At most so many draws, evenly spaced over all of them."""
        if samples is None or samples >= self.samples:
            return self
        pick = np.linspace(0, self.samples - 1, samples).astype(np.int64)
        return replace(
            self,
            population={name: values[pick] for name, values in self.population.items()},
            effects={name: values[pick] for name, values in self.effects.items()},
        )

    def laws(self, table: pd.DataFrame) -> Callable[[NDArray[np.int64]], Draws]:
        """Parameters of each customer, with the effects of cohorts and covariates, for some rows at a time.

        Parameters
        ----------
        table
            Customers, with the model's columns; a cohort that was not in the data gets an effect drawn from the law of
            its column, the same for all its customers.

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
        population, design = self.population, self.design
        if design is None:
            return lambda rows: population
        codes, matrix = design.codes(table), design.matrix(table)
        drawn = {name: np.ascontiguousarray(values.T) for name, values in self.effects.items()}
        unseen = {
            (process, name): self._unseen(process, name, table, code, self.effects[f"{process}_spread_{name}"])
            for process in self.law.acts_on
            for name, code in codes.items()
        }

        def law(rows: NDArray[np.int64]) -> Draws:
            found = dict(population)
            for process, (parameter, sign) in self.law.acts_on.items():
                eta = np.zeros((len(rows), self.samples))
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

    def kinds(self, table: pd.DataFrame) -> NDArray[np.int64]:
        """Number of each customer's combination of cohorts and covariates: customers of one kind have one law."""
        if self.design is None:
            return np.zeros(len(table), dtype=np.int64)
        columns = [*self.design.codes(table).values(), *self.design.matrix(table).T]
        labels = [pd.factorize(table[name])[0] for name in self.design.cohorts]  # unseen levels are told apart
        _, kind = np.unique(np.column_stack([*columns, *labels]), axis=0, return_inverse=True)
        return kind.reshape(-1).astype(np.int64)

    def _unseen(
        self, process: str, column: str, table: pd.DataFrame, code: NDArray[np.int64], spread: Array
    ) -> Mapping[int, Array]:
        """Effects of levels that were not in the data, by row; keyed by the level, whatever else is in the table."""
        found: dict[int, Array] = {}
        by_label: dict[str, Array] = {}
        labels = table[column].to_numpy()
        for row in np.flatnonzero(code == UNSEEN):
            label = str(labels[row])
            if label not in by_label:
                digest = hashlib.blake2b(f"{process}/{column}/{label}".encode(), digest_size=16).digest()
                key = [self.seed, *np.frombuffer(digest, dtype=np.uint32).tolist()]
                by_label[label] = spread * np.random.default_rng(key).standard_normal(spread.size)
            found[int(row)] = by_label[label]
        return found
