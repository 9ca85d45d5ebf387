"""What laws of repeat purchases share: the law of the purchase rate, and computing equal customers once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from kundenwert.kernels.convex import CELLS
from kundenwert.laws.law import Quantities, Stated
from kundenwert.laws.seen import Array, Draws, Parameters

PURCHASES = Quantities(
    {
        "yearly_purchases": Stated("LogNormal", {"mu": 0.7, "sigma": 2}),
        "rate_cv": Stated("LogNormal", {"mu": 0, "sigma": 0.7}),
    },
    ("r", "alpha"),
)
"""Expected purchases of a customer in a year while alive, and how much customers' rates differ."""


def purchase_rate(quantities: Draws, unit: float) -> Draws:
    """All quantities, and `r, alpha` from those on the purchase rate where they are not given directly.

    `r = rate_cv^-2`, `alpha = r · year / yearly_purchases`.
    """
    variables = dict(quantities)
    if "r" not in variables:
        variables["r"] = variables["rate_cv"] ** -2
        variables["alpha"] = variables["r"] * unit / variables["yearly_purchases"]
    return variables


def once(
    keys: tuple[Array, ...], law: Parameters, compute: Callable[[NDArray[np.int64], Draws], Array], cells: int = CELLS
) -> Array:
    """Compute once for customers who are equal in some columns and in their law, a bounded number of cells at a time.

    Parameters
    ----------
    keys
        Columns of shape (customers, 1) that the result depends on.
    law
        Parameters that it depends on; a first draw tells one law from another.
    compute
        From rows and their parameters to an array of shape (rows, samples), or with more axes behind.
    cells
        Customers × samples at a time.
    """
    own = [values[:, :1] for values in law.values() if values.ndim == 2]
    columns = np.broadcast_arrays(*keys, *own)
    _, first, index = np.unique(np.hstack(columns), axis=0, return_index=True, return_inverse=True)
    size = max(values.shape[-1] for values in law.values())
    parts = [
        compute(rows, {name: values[rows] if values.ndim == 2 else values for name, values in law.items()})
        for rows in np.array_split(first, max(1, -(-first.size * size // cells)))
    ]
    return np.concatenate(parts)[index.reshape(-1)]
