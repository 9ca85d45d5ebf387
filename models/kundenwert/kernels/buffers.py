"""Arrays that grow inside compiled loops."""

import numpy as np
from numpy.typing import NDArray

from kundenwert.kernels.compiled import compiled

type Array = NDArray[np.float64]


@compiled
def grown(values: Array) -> Array:
    """A copy of twice the length, the second half not set."""
    longer = np.empty(2 * values.size)
    longer[: values.size] = values
    return longer


@compiled
def grown_tails(cell: NDArray, ends: Array, later: Array) -> tuple[NDArray, Array, Array]:
    """Copies of twice the length of what describes tails."""
    number = cell.size
    cells, more_ends = np.empty(2 * number, np.int64), np.empty((2 * number, ends.shape[1]))
    more_later = np.empty((2 * number, later.shape[1]))
    cells[:number], more_ends[:number], more_later[:number] = cell, ends, later
    return cells, more_ends, more_later
