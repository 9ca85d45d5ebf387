"""The spend model beside the data it was fitted to."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kundenwert.compare import quantiles
from kundenwert.kernels import gamma_gamma

LEVELS = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)


def spend_distribution(
    table: pd.DataFrame, parameters: Mapping[str, ArrayLike], *, at_most: int = 400, seed: int = 0
) -> pd.DataFrame:
    """Quantiles of the customers' mean value of repeat purchases, beside what the spend model would have produced.

    Parameters
    ----------
    table
        One row per customer: `frequency`, `monetary_value`.
    parameters
        Posterior draws of p, q, v, of shape (draws,), or (customers, draws) where customers differ; each replicate
        simulates all customers anew.
    at_most
        Number of draws to use, evenly spread over those given.
    seed
        Seed of that simulation.

    Returns
    -------
    pandas.DataFrame
        One row per level: `level, observed, predicted_mean, predicted_q05, predicted_q50, predicted_q95`, in money.

    Examples
    --------
    >>> table = pd.DataFrame({"frequency": [2, 1, 3, 0], "monetary_value": [22.0, 35.0, 28.0, np.nan]})
    >>> spread = spend_distribution(table, {"p": [6.25], "q": [3.74], "v": [15.44]})
    >>> spread.loc[spread["level"] == 0.5, "observed"].item()
    28.0
    """
    seen = table.loc[(table["frequency"] > 0) & (table["monetary_value"] > 0)]
    x, z = seen["frequency"].to_numpy(np.float64), seen["monetary_value"].to_numpy(np.float64)
    known = ((table["frequency"] > 0) & (table["monetary_value"] > 0)).to_numpy()
    given = {name: np.atleast_1d(np.asarray(parameters[name], dtype=np.float64)) for name in ("p", "q", "v")}
    drawn = {name: values[known] if values.ndim == 2 else values for name, values in given.items()}
    size = drawn["p"].shape[-1]
    pick = np.unique(np.linspace(0, size - 1, min(at_most, size)).astype(int))
    rng = np.random.default_rng(seed)
    replicated: list[NDArray[np.float64]] = []
    for index in pick:
        own = {name: values[..., index] for name, values in drawn.items()}
        replicated.append(np.quantile(gamma_gamma.simulate(x, **own, rng=rng)[1], LEVELS))
    result = pd.DataFrame({"level": LEVELS, "observed": np.quantile(z, LEVELS)})
    return result.assign(**quantiles(np.asarray(replicated), "predicted"))
