"""Classes of customers alike in their number of repeat purchases."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

LAST_FREQUENCY = 7
"""Repeat purchases from which customers share a class, where few have so many."""

MOST_IN_LAST = 0.2
"""Share of the customers in that class above which classes grow instead."""

GROWING = (0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987)
"""Where growing classes begin."""

FEWEST_IN_LAST = 0.03
"""Share of the customers that the last of them has at least."""


def class_starts(frequency: ArrayLike, last: int | None = None) -> NDArray[np.int64]:
    """Say where classes of repeat purchases begin: one number each, or growing ones where many customers buy often.

    Parameters
    ----------
    frequency
        Repeat purchases of the customers.
    last
        If given, classes of one number each up to here, and one for this many and more.

    Returns
    -------
    ndarray
        The smallest number of each class, ascending from 0; the last class is open.

    Examples
    --------
    >>> class_starts([0, 0, 0, 1, 2, 9]).tolist()
    [0, 1, 2, 3, 4, 5, 6, 7]
    >>> class_starts([0, 4, 8, 15, 16, 23, 42]).tolist()
    [0, 1, 2, 3, 5, 8, 13, 21, 34]
    """
    numbers = np.asarray(frequency, dtype=np.int64)
    if last is not None:
        return np.arange(last + 1)
    if not numbers.size or np.mean(numbers >= LAST_FREQUENCY) <= MOST_IN_LAST:
        return np.arange(LAST_FREQUENCY + 1)
    return np.array([start for start in GROWING if np.mean(numbers >= start) >= FEWEST_IN_LAST])


def class_of(frequency: ArrayLike, starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the number of each customer's class.

    Examples
    --------
    >>> class_of([0, 4, 99], np.array([0, 3, 5])).tolist()
    [0, 1, 2]
    """
    return np.searchsorted(starts, np.asarray(frequency, dtype=np.int64), side="right") - 1


def class_labels(starts: NDArray[np.int64]) -> list[str]:
    """Name classes; the last is open.

    Examples
    --------
    >>> class_labels(np.array([0, 1, 3, 5]))
    ['0', '1–2', '3–4', '5+']
    """
    ends = [f"{a}" if b == a + 1 else f"{a}–{b - 1}" for a, b in pairwise(starts)]
    return [*ends, f"{starts[-1]}+"]
