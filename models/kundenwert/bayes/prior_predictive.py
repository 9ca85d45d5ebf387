"""Data that the priors think possible: whole sets of customers' histories, before any data were seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert.bayes.effects import COEFFICIENT_SD, SPREAD_SD, design_of
from kundenwert.bayes.priors import resolved_priors
from kundenwert.bayes.scoring import Scoring
from kundenwert.bayes.variants import derived
from kundenwert.errors import DomainError, check_seed
from kundenwert.laws.law import Law, PurchaseLaw, SpendLaw
from kundenwert.laws.seen import UNSEEN_SPENDING

if TYPE_CHECKING:
    from kundenwert.data import CustomerSummary
    from kundenwert.data.design import Design

type Array = NDArray[np.float64]


def prior_predictive(
    purchases: PurchaseLaw,
    spend: SpendLaw | None,
    summary: CustomerSummary,
    *,
    draws: int = 100,
    seed: int = 1,
) -> pd.DataFrame:
    """Draw data sets from the priors: of each draw new histories of all customers, observed for as long as they were.

    Nothing of what the customers did is looked at but the unit of the priors on spend, the median value of a purchase.

    Parameters
    ----------
    purchases
        A law of purchases with its priors, and its effects of cohorts and covariates.
    spend
        A law of spend; None for purchases alone.
    summary
        The customers: how long each was observed, and the columns that the laws look at.
    draws
        Number of data sets, ≥ 1.
    seed
        Makes the draws reproducible.

    Returns
    -------
    pandas.DataFrame
        One row per draw and customer: `draw, customer_id, frequency, recency, T`, and with a law of spend
        `monetary_value`, missing where `frequency` is 0. `CustomerSummary.from_frame` takes the rows of a draw.
        The gaps between purchases and the first values, at which `MBGCNBD` and `GammaGammaFirst` look besides, are not
        drawn: these two laws cannot be fitted to such rows.

    Raises
    ------
    DomainError
        If not even one data set is asked for.

    Examples
    --------
    >>> from kundenwert.bayes import Prior
    >>> from kundenwert.data import CustomerSummary
    >>> from kundenwert.laws import NBD
    >>> frame = pd.DataFrame({"frequency": 0, "recency": 0.0, "T": [52.0] * 500})
    >>> narrow = {"yearly_purchases": Prior("LogNormal", {"mu": 1.0, "sigma": 0.01}),
    ...           "rate_cv": Prior("LogNormal", {"mu": -3.0, "sigma": 0.01})}
    >>> found = prior_predictive(NBD(narrow), None, CustomerSummary.from_frame(frame, time_unit="W"))
    >>> round(found["frequency"].mean().item(), 1), round(float(np.exp(1) * 52 / 52.18), 1)
    (2.7, 2.7)
    """
    check_seed(seed)
    if draws < 1:
        raise DomainError(f"draws={draws}: at least one data set is drawn")
    rng, table = np.random.default_rng(seed), summary.table
    rates = _by_customer(purchases, summary, draws, rng)
    T = np.broadcast_to(table["T"].to_numpy(np.float64), (draws, len(table)))
    frequency, recency = purchases.simulate(T, rates, rng=rng)
    columns = {"frequency": frequency, "recency": np.minimum(recency, T), "T": T}
    if spend is not None:
        seen = UNSEEN_SPENDING._replace(frequency=frequency)
        columns["monetary_value"] = spend.simulate(seen, _by_customer(spend, summary, draws, rng), rng=rng)
    names = {"draw": np.repeat(np.arange(draws), len(table)), "customer_id": np.tile(table["customer_id"], draws)}
    return pd.DataFrame(names | {name: np.ravel(values) for name, values in columns.items()})


def _by_customer(law: Law, summary: CustomerSummary, draws: int, rng: np.random.Generator) -> dict[str, Array]:
    """Parameters from the priors, of shape (draws, 1), or (draws, customers) where effects tell customers apart."""
    quantities = {name: prior.draw(draws, rng=rng) for name, prior in resolved_priors(law).items()}
    with np.errstate(over="ignore", under="ignore", divide="ignore"):
        population = law.own(derived(law, quantities, law.unit(summary)))
    design = design_of(law, summary)
    effects = {} if design is None else _effects(law, design, draws, rng)
    own = Scoring(law, population, effects, design, 0).laws(summary.table)(np.arange(len(summary)))
    return {name: values.T if values.ndim == 2 else values[:, None] for name, values in own.items()}


def _effects(law: Law, design: Design, draws: int, rng: np.random.Generator) -> dict[str, Array]:
    """Effects of cohorts and covariates from their priors, by their names in a posterior."""
    effects = {}
    for process in law.acts_on:
        for name, levels in design.cohorts.items():
            spread = np.abs(SPREAD_SD * rng.standard_normal(draws))
            effects[f"{process}_spread_{name}"] = spread
            effects[f"{process}_effect_{name}"] = spread[:, None] * rng.standard_normal((draws, len(levels)))
        if number := len(design.coefficients):
            effects[f"{process}_coefficient"] = COEFFICIENT_SD * rng.standard_normal((draws, number))
    return effects
