"""Whether first purchases say what customers will spend: two laws of spend beside each other, and later purchases."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logsumexp

from kundenwert.bayes.fit import fit
from kundenwert.errors import DomainError, SchemaError
from kundenwert.laws import GammaGamma, GammaGammaFirst
from kundenwert.predict.blocks import scoring_of

if TYPE_CHECKING:
    from kundenwert.data import CustomerSummary
    from kundenwert.predict.blocks import Spend

type Array = NDArray[np.float64]

BLOCK_CELLS = 20_000
"""Customers × draws scored at a time: a few megabytes an array."""


class FirstPurchases(NamedTuple):
    """What first purchases say of the later ones of the same customers.

    Parameters
    ----------
    help
        Whether the law that looks at them predicts the mean values of repeat purchases better.
    gain, error
        By how much: difference of log densities, summed over customers, and its standard error.
    customers
        How many customers it is a sum over; 0 where there is no first purchase to look at.
    """

    help: bool
    gain: float
    error: float
    customers: int

    @property
    def why(self) -> str:
        """One sentence."""
        if not self.customers:
            return "no customer who came back has a first purchase of positive value: nothing is learned from it"
        verb = "tell" if self.help else "do not tell"
        return (
            f"first purchases {verb} what the {self.customers:,} customers who came back spent later "
            f"(log score {self.gain:+.1f} ± {self.error:.1f})"
        )


def first_purchases(summary: CustomerSummary, *, seed: int = 1) -> FirstPurchases:
    r"""Ask of the data whether a law of spend should look at first purchases.

    Both laws are fitted by their mode. With z̄ the mean value of a customer's repeat purchases and f the first one,

    `gain = Σ_i [log f(z̄_i | f_i, GammaGammaFirst) - log f(z̄_i | GammaGamma)]`

    The first law is not chosen to make this large: it is learned from first purchases and repeat purchases together, so
    that a shop where they have nothing in common, such as one with a starter set for everybody, has a gain below 0.

    Parameters
    ----------
    summary
        One row per customer: `frequency, monetary_value, first_value`.
    seed
        Of the fits.

    Returns
    -------
    FirstPurchases
        `help` where the gain is above 0.

    Raises
    ------
    DomainError
        If no customer came back with positive value.
    """
    table = summary.table
    seen = ((table["frequency"] > 0) & (table["monetary_value"] > 0)).to_numpy()
    if "first_value" not in table or not (table.loc[seen, "first_value"] > 0).any():
        return FirstPurchases(help=False, gain=float("nan"), error=float("nan"), customers=0)
    some = table[seen & (table["first_value"] > 0).to_numpy()].reset_index(drop=True)
    number, value = (some[name].to_numpy(np.float64)[:, None] for name in ("frequency", "monetary_value"))
    found = []
    for law in (GammaGamma(), GammaGammaFirst()):
        one = fit(law, summary, seed=seed, method="map", draws=1, chains=1, log_likelihood=False).scoring
        before = one.law.spending(some)._replace(frequency=np.zeros_like(number))
        found.append(one.law.log_value_density(before, one.population, number=number, value=value)[:, 0])
    gap = found[1] - found[0]
    error = float(np.sqrt(gap.size) * gap.std(ddof=1)) if gap.size > 1 else float("nan")
    return FirstPurchases(bool(gap.sum() > 0), float(gap.sum()), error, gap.size)


def spend_scores(spend: Spend, summary: CustomerSummary, *, samples: int | None = None) -> pd.DataFrame:
    r"""What a law of spend said of the customers' hold-out purchases, beside what they were worth.

    `log_score_i = log (1/S) Σ_s f(z_i | what is known of customer i, θ_s)`, with z_i the mean value of the hold-out
    purchases of customer i.

    Parameters
    ----------
    spend
        A fit of a law of spend.
    summary
        Customers with a hold-out.
    samples
        Posterior draws used, evenly spaced; all if not given.

    Returns
    -------
    pandas.DataFrame
        One row for each customer who bought in the hold-out, with positive value, in the summary's order:
        `customer_id, frequency, number, value, expected, log_score`: their number, mean value and its expectation in
        money, and the log density per unit of money. Higher is better.

    Raises
    ------
    SchemaError
        If a column is missing.
    DomainError
        If the summary has no hold-out with purchases of positive value.

    Examples
    --------
    >>> from types import SimpleNamespace as Some
    >>> from kundenwert.bayes import known
    >>> table = pd.DataFrame({"customer_id": ["a"], "frequency": [2], "monetary_value": [22.35], "first_value": [20.0],
    ...                       "holdout_purchases": [1], "holdout_value": [30.0]})
    >>> law = {"p": 6.25, "q": 3.74, "v": 15.44}
    >>> found = spend_scores(known(GammaGamma(), **law), Some(table=table))
    >>> found[["expected", "log_score"]].round(4).values.tolist()
    [[24.6637, -3.7389]]
    """
    table = summary.table.reset_index(drop=True)
    if missing := [name for name in ("holdout_purchases", "holdout_value") if name not in table]:
        raise SchemaError(f"the summary has no {' and no '.join(missing)}; summarise with holdout_end")
    bought = table[(table["holdout_purchases"] > 0) & (table["holdout_value"] > 0)].reset_index(drop=True)
    if bought.empty:
        raise DomainError("nobody bought anything of positive value in the hold-out: there is no spend to score")
    number = bought["holdout_purchases"].to_numpy(np.float64)
    value = bought["holdout_value"].to_numpy(np.float64) / number
    scoring = scoring_of(spend).thin(samples)
    spending, laws = scoring.law.spending(bought), scoring.laws(bought)
    expected, scores = np.empty(len(bought)), np.empty(len(bought))
    step = max(1, BLOCK_CELLS // scoring.samples)
    for start in range(0, len(bought), step):
        rows = np.arange(start, min(start + step, len(bought)))
        own, law = spending.at(rows), laws(rows)
        expected[rows] = scoring.law.expected_spend(own, law).mean(axis=1)
        logs = scoring.law.log_value_density(own, law, number=number[rows, None], value=value[rows, None])
        scores[rows] = logsumexp(logs, axis=1) - np.log(scoring.samples)
    found = bought[["customer_id", "frequency"]]
    return found.assign(number=number, value=value, expected=expected, log_score=scores)
