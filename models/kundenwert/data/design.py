"""What distinguishes customers: cohorts and covariates of a customer table, coded once and for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert.data.customers import MISSING_COHORT
from kundenwert.errors import DomainError, SchemaError
from kundenwert.messages import several

UNSEEN = -1
"""Code of a cohort that the design does not know."""


class StoredDesign(TypedDict):
    """A design as JSON holds it."""

    cohorts: dict[str, list[str]]
    numeric: dict[str, list[float]]
    categorical: dict[str, list[str]]


@dataclass(frozen=True)
class Design:
    """How cohorts and covariates are coded, learned from one table and applied to any.

    Parameters
    ----------
    cohorts
        By column the levels, sorted: each gets an effect of its own, drawn towards the others.
    numeric
        By column mean and standard deviation: a covariate counts in standard deviations from its mean.
    categorical
        By column the levels, the most frequent first: it is what the others are compared with.
    """

    cohorts: Mapping[str, tuple[str, ...]]
    numeric: Mapping[str, tuple[float, float]]
    categorical: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, table: pd.DataFrame, cohorts: Sequence[str], covariates: Sequence[str]) -> Design:
        """Learn the coding from a customer table.

        Parameters
        ----------
        table
            One row per customer.
        cohorts
            Columns whose values are groups of customers; a missing value is a group of its own.
        covariates
            Numeric columns, standardised, and others, coded against their most frequent value.

        Returns
        -------
        Design

        Raises
        ------
        SchemaError
            If a column is missing, or named twice.
        DomainError
            If a covariate has missing values or never differs, or a cohort column has a single value.

        Examples
        --------
        >>> table = pd.DataFrame({"channel": ["web", "fair", "web"], "machines": [1.0, 2.0, 3.0]})
        >>> design = Design.of(table, ["channel"], ["machines"])
        >>> design.cohorts["channel"], design.numeric["machines"][0]
        (('fair', 'web'), 2.0)
        """
        names = [*cohorts, *covariates]
        if missing := [name for name in names if name not in table]:
            raise SchemaError(
                f"the customers have no column {', '.join(map(repr, missing))}; they have {', '.join(table.columns)}. "
                "Keep it when the log is read, or join it to the summary"
            )
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise SchemaError(f"{', '.join(map(repr, twice))} is named twice; a column is a cohort or a covariate")
        if odd := [name for name in names if "/" in name]:
            raise SchemaError(f"a stored fit cannot hold the name {odd[0]!r}: rename the column, without the stroke")
        levels = {name: tuple(sorted(set(_labels(table[name])))) for name in cohorts}
        if alone := [name for name, found in levels.items() if len(found) < 2]:
            raise DomainError(
                f"every customer has the same {alone[0]!r}, {levels[alone[0]][0]!r}: there are no cohorts to tell apart"
            )
        numeric, categorical = {}, {}
        for name in covariates:
            _refuse_gaps(table, name)
            if table[name].nunique() < 2:
                raise DomainError(f"the covariate {name!r} is the same for every customer; leave it out")
            if _is_numeric(table[name]):
                values = table[name].to_numpy(np.float64)
                numeric[name] = (float(values.mean()), float(values.std()))
            else:
                labels = _labels(table[name])
                categorical[name] = tuple(sorted(set(labels), key=lambda label: (-(labels == label).sum(), label)))
        return cls(levels, numeric, categorical)

    @property
    def coefficients(self) -> tuple[str, ...]:
        """Names of the covariates' columns in the design matrix."""
        coded = (f"{name}[{level}]" for name, levels in self.categorical.items() for level in levels[1:])
        return (*self.numeric, *coded)

    def codes(self, table: pd.DataFrame) -> dict[str, NDArray[np.int64]]:
        """By cohort column the number of each customer's level, `UNSEEN` where the level is not known."""
        self._complete(table, self.cohorts)
        return {
            name: pd.Index(levels).get_indexer(pd.Index(_labels(table[name]))) for name, levels in self.cohorts.items()
        }

    def unseen(self, table: pd.DataFrame) -> dict[str, int]:
        """By cohort column the number of customers whose level is not known, where there are any."""
        numbers = {name: int((code == UNSEEN).sum()) for name, code in self.codes(table).items()}
        return {name: number for name, number in numbers.items() if number}

    def matrix(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """Covariates of each customer, of shape (customers, coefficients).

        Raises
        ------
        SchemaError
            If a column is missing.
        DomainError
            If a value is missing or no number, or a categorical value was not there when the coding was learned.
        """
        self._complete(table, (*self.numeric, *self.categorical))
        columns = []
        for name, (mean, deviation) in self.numeric.items():
            _refuse_gaps(table, name)
            if not _is_numeric(table[name]):
                raise DomainError(
                    f"the covariate {name!r} was numeric when the model was fitted, and is not here; correct the values"
                )
            columns.append((table[name].to_numpy(np.float64) - mean) / deviation)
        for name, levels in self.categorical.items():
            _refuse_gaps(table, name)
            labels = _labels(table[name])
            if unknown := sorted(set(labels) - set(levels)):
                raise DomainError(
                    f"{name}={unknown[0]!r} was not there when the model was fitted ({several(len(unknown), 'value')} "
                    f"like it); fit with it, or make {name!r} a cohort, whose unseen values can be predicted"
                )
            columns += [(labels == level).astype(np.float64) for level in levels[1:]]
        return np.column_stack(columns) if columns else np.empty((len(table), 0))

    def rows(self, table: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Give the distinct combinations of codes and covariates, and which of them each customer has.

        Returns
        -------
        tuple
            The number of its combination for each customer; codes of shape (combinations, cohort columns); covariates
            of shape (combinations, coefficients).
        """
        codes = [code.astype(np.float64) for code in self.codes(table).values()]
        together = np.column_stack([*codes, self.matrix(table)]) if codes else self.matrix(table)
        distinct, index = np.unique(together, axis=0, return_inverse=True)
        return index.reshape(-1), distinct[:, : len(codes)].astype(np.int64), distinct[:, len(codes) :]

    def to_dict(self) -> StoredDesign:
        """Return a form for JSON, read back by `from_dict`."""
        return {
            "cohorts": {name: list(levels) for name, levels in self.cohorts.items()},
            "numeric": {name: list(values) for name, values in self.numeric.items()},
            "categorical": {name: list(levels) for name, levels in self.categorical.items()},
        }

    @classmethod
    def from_dict(cls, stored: StoredDesign) -> Design:
        """Read back what `to_dict` gave."""
        return cls(
            {name: tuple(map(str, levels)) for name, levels in stored["cohorts"].items()},
            {name: (float(mean), float(deviation)) for name, (mean, deviation) in stored["numeric"].items()},
            {name: tuple(map(str, levels)) for name, levels in stored["categorical"].items()},
        )

    @staticmethod
    def _complete(table: pd.DataFrame, names: Sequence[str] | Mapping[str, object]) -> None:
        if missing := [name for name in names if name not in table]:
            msg = f"the customers have no column {', '.join(map(repr, missing))}, which the fitted model looks at"
            raise SchemaError(msg)


def _is_numeric(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _labels(column: pd.Series) -> NDArray[np.object_]:
    return np.asarray([_label(value) for value in column], dtype=object)


def _label(value: str | float | None) -> str:
    """One name for one level: 2017 whether the table holds the year as text, a whole number or a float."""
    if pd.isna(value):
        return MISSING_COHORT
    whole = isinstance(value, float | np.floating) and float(value).is_integer()
    return str(int(value)) if whole else str(value)


def _refuse_gaps(table: pd.DataFrame, name: str) -> None:
    column = table[name]
    gone = column.isna().to_numpy()
    if _is_numeric(column):
        gone = gone | ~np.isfinite(column.to_numpy(np.float64, na_value=np.nan))
    if gone.any():
        ids = table["customer_id"] if "customer_id" in table else table.index.to_series()
        first = ", ".join(map(repr, ids[gone].head(3)))
        raise DomainError(
            f"the covariate {name!r} is missing for {several(int(gone.sum()), 'customer')}, first {first}; "
            "fill the gaps, or make it a cohort, where a missing value is a group of its own"
        )
