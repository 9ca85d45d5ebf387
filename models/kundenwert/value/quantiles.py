"""The quantiles of every interval, and how they are taken from draws."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

QUANTILES = {"q05": 0.05, "q50": 0.50, "q95": 0.95}
"""The quantiles of every interval, by the end of the column's name: q05 to q95 hold 90 %."""


def quantile_columns(name: str, draws: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Quantiles over draws: of counts those that occur among them, of amounts linear between neighbours.

    Parameters
    ----------
    name
        Stem of the columns; one that ends in "purchases" holds counts, unless it is expected ones.
    draws
        Shape (customers, samples).

    Returns
    -------
    dict
        `name_q05, name_q50, name_q95`, each of shape (customers,).

    Examples
    --------
    >>> {name: float(at[0]) for name, at in quantile_columns("rlv", np.arange(101.0)[None]).items()}
    {'rlv_q05': 5.0, 'rlv_q50': 50.0, 'rlv_q95': 95.0}
    """
    ordered = np.sort(draws, axis=1)
    whole = name.endswith("purchases") and not name.startswith("expected")
    columns = {}
    for suffix, probability in QUANTILES.items():
        fraction, below = np.modf(probability * (ordered.shape[1] - 1))
        at = ordered[:, int(below)]
        if whole:
            at = ordered[:, max(int(np.ceil(probability * ordered.shape[1] - 1e-9)) - 1, 0)]
        elif fraction > 0:
            above = ordered[:, int(below) + 1]
            with np.errstate(invalid="ignore"):  # between infinite draws there is nothing to interpolate
                at = np.where(np.isinf(above), above, at + (above - at) * fraction)
        columns[f"{name}_{suffix}"] = at
    return columns
