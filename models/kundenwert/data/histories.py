"""The distinct histories of a customer table: a likelihood needs each only once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True)
class Patterns:
    """The distinct combinations of frequency, recency and T within each group, with their numbers of customers.

    Parameters
    ----------
    frequency, recency, T, count : ndarray
        One entry per pattern, sorted by group, frequency, recency, T.
    index : ndarray of int
        For each customer, in the table's order, the number of its pattern.
    group : ndarray of int
        The group of each pattern; 0 for all where customers are not grouped.
    """

    frequency: NDArray[np.int64]
    recency: NDArray[np.float64]
    T: NDArray[np.float64]
    count: NDArray[np.int64]
    index: NDArray[np.int64]
    group: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of patterns."""
        return len(self.count)


def patterns(table: pd.DataFrame, group: NDArray[np.int64] | None = None) -> Patterns:
    """Find the distinct combinations of frequency, recency and T, since a likelihood needs each only once.

    Parameters
    ----------
    table : pandas.DataFrame
        A summary's table, or any table with the three columns.
    group : ndarray of int, optional
        A group for each customer; customers share a pattern only within their group.

    Returns
    -------
    Patterns

    Examples
    --------
    >>> table = pd.DataFrame({"frequency": [1, 0, 1], "recency": [2.0, 0.0, 2.0], "T": [4.0, 4.0, 4.0]})
    >>> found = patterns(table)
    >>> found.count.tolist(), found.index.tolist()
    ([1, 2], [1, 0, 1])
    """
    grouped = np.zeros(len(table)) if group is None else group.astype(np.float64)
    columns = [grouped, *(table[name].to_numpy(dtype=np.float64) for name in ("frequency", "recency", "T"))]
    distinct, index, count = np.unique(np.column_stack(columns), axis=0, return_inverse=True, return_counts=True)
    return Patterns(
        distinct[:, 1].astype(np.int64),
        distinct[:, 2].copy(),
        distinct[:, 3].copy(),
        count.astype(np.int64),
        index.reshape(-1).astype(np.int64),
        distinct[:, 0].astype(np.int64),
    )
