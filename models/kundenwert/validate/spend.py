"""The spend model beside the data it was fitted to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kundenwert.compare import quantiles
from kundenwert.predict.blocks import scoring_of

if TYPE_CHECKING:
    from kundenwert.predict.blocks import Spend

LEVELS = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)


def spend_distribution(spend: Spend, table: pd.DataFrame, *, at_most: int = 400, seed: int = 0) -> pd.DataFrame:
    """Quantiles of the customers' mean value of repeat purchases, beside what the spend model would have produced.

    Parameters
    ----------
    spend
        A fit of a law of spend; each replicate simulates all customers anew, with the first purchases they made.
    table
        One row per customer: `frequency`, `monetary_value`, and `first_value` where the law looks at it.
    at_most
        Number of draws to use, evenly spread over the posterior.
    seed
        Seed of that simulation.

    Returns
    -------
    pandas.DataFrame
        One row per level: `level, observed, predicted_mean, predicted_q05, predicted_q50, predicted_q95`, in money.

    Examples
    --------
    >>> table = pd.DataFrame({"frequency": [2, 1, 3, 0], "monetary_value": [22.0, 35.0, 28.0, np.nan]})
    >>> from kundenwert.bayes import known
    >>> from kundenwert.laws import GammaGamma
    >>> spread = spend_distribution(known(GammaGamma(), p=6.25, q=3.74, v=15.44), table)
    >>> spread.loc[spread["level"] == 0.5, "observed"].item()
    28.0
    """
    some = ((table["frequency"] > 0) & (table["monetary_value"] > 0)).to_numpy()
    seen = table.loc[some].reset_index(drop=True)
    scoring = scoring_of(spend).thin(at_most)
    known = scoring.law.spending(seen)
    drawn = {name: np.atleast_2d(values) for name, values in scoring.laws(seen)(np.arange(len(seen))).items()}
    rng = np.random.default_rng(seed)
    replicated = [
        np.quantile(
            scoring.law.simulate(known, {name: values[:, [k]] for name, values in drawn.items()}, rng=rng), LEVELS
        )
        for k in range(scoring.samples)
    ]
    result = pd.DataFrame({"level": LEVELS, "observed": np.quantile(known.monetary_value, LEVELS)})
    return result.assign(**quantiles(np.asarray(replicated), "predicted"))
