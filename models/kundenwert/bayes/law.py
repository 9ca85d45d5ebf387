"""What fitting needs of a model, and what a model has seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from kundenwert.errors import SchemaError

if TYPE_CHECKING:
    from kundenwert.bayes.priors import Prior
    from kundenwert.data import CustomerSummary
    from kundenwert.data.design import Design

type Array = NDArray[np.float64]
type Draws = dict[str, Array]

STEP = 1e-5
"""Step of the central differences of priors and of the maps to parameters and effects, all of them smooth."""


@dataclass(frozen=True)
class Observed:
    """What a model has seen, each distinct observation once.

    Parameters
    ----------
    fields
        One-dimensional arrays by the names of the kernels' arguments.
    count
        How many customers have each observation.
    group
        Which combination of cohorts and covariates it belongs to.
    """

    fields: Mapping[str, Array]
    count: Array
    group: NDArray[np.int64]

    def thin(self, every: int) -> Observed:
        """Every n-th observation."""
        fields = {name: values[::every] for name, values in self.fields.items()}
        return Observed(fields, self.count[::every], self.group[::every])


def check_columns(**columns: object) -> None:
    """Refuse a single text, whose letters would be taken for the names of columns."""
    for name, given in columns.items():
        if isinstance(given, str):
            msg = f"{name}={given!r} is one text; write {name}=({given!r},)"
            raise SchemaError(msg)


class Law(Protocol):
    """A model, as fitting needs it."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters of the likelihood."""

    def derive(self, quantities: Draws, unit: float) -> Draws:
        """From quantities with a prior to all variables, parameters included."""

    def total(self, observed: Observed, law: Draws) -> Array:
        """Log-likelihood of all that was observed, for each of many parameter sets."""

    def pointwise(self, observed: Observed, law: Draws) -> tuple[Array, Draws]:
        """Log-likelihood of each observation at one parameter set, and its derivatives by parameter."""

    @property
    def cohorts(self) -> tuple[str, ...]:
        """Columns whose levels have partially pooled effects."""

    @property
    def covariates(self) -> tuple[str, ...]:
        """Columns with coefficients."""

    @property
    def acts_on(self) -> Mapping[str, tuple[str, float]]:
        """By process the parameter that effects shift, and with which sign."""

    def resolved_priors(self) -> dict[str, Prior]:
        """Priors of the quantities, defaults filled in."""

    def unit(self, summary: CustomerSummary) -> float:
        """What the priors are measured in."""

    def observed(self, summary: CustomerSummary, design: Design | None = None) -> Observed:
        """What the model looks at, each distinct observation once."""
