"""What a new customer of each cohort may cost, and which cohort is the better buy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert.compare import quantiles
from kundenwert.decide.assumed import Assumed
from kundenwert.predict import Newcomers
from kundenwert.settings import Terms

type Array = NDArray[np.float64]


class Better(NamedTuple):
    """`pairs`: P(row is worth more than column after cost); `best`: P(each cohort is worth most after cost)."""

    pairs: pd.DataFrame
    best: pd.Series


def acquisition_table(
    newcomers: Newcomers,
    terms: Terms | None = None,
    *,
    seed: int = 1,
    customers_per_draw: int = 1,
    **changes: object,
) -> pd.DataFrame:
    r"""Value a new customer of each cohort, and set it against what such a customer costs.

    The expected value before cost is, in each draw, `margin · E[spend] · (1 + E[discounted repeat purchases])`, less
    what these orders and the time as a customer cost, the mean over the cohort's own kinds of customers: the most that
    a customer may cost. The outcome is what one simulated customer brings. Cost below is that of acquisition.

    Parameters
    ----------
    newcomers
        New customers by cohort, as from `kundenwert.newcomers`.
    terms
        What turns purchases into money: horizon, discount rate, margin, costs; or each by its name.
    seed
        Makes the outcomes reproducible, cohort by cohort.
    customers_per_draw
        Simulated customers for each draw, ≥ 1.
    **changes
        Settings of `terms` by name.

    Returns
    -------
    pandas.DataFrame
        One row per cohort, in the order given:

        ================================= ================================================================
        `cac`                             acquisition cost
        `break_even_cac_mean, _q05 … q95` expected value before cost, and how well it is known
        `expected_purchases_mean`         expected purchases within the horizon, the first one included
        `purchases_q05 … q95`             outcome of one customer
        `clv_mean`                        its mean after cost
        `clv_q05, clv_q50, clv_q95`       outcome of one customer after cost
        `p_pays_back`                     probability that one customer brings more than the cost
        `p_worth_cost`                    probability that the EXPECTED value is above the cost
        `clv_cac_ratio_mean, _q05 … q95`  expected value before cost / cost; NaN at no cost
        `note`                            why a mean is infinite
        ================================= ================================================================

    Raises
    ------
    DomainError
        If a setting has no meaning.

    Examples
    --------
    >>> from kundenwert.bayes import known
    >>> from kundenwert.laws import GammaGamma, ParetoNBD
    >>> from kundenwert.predict import newcomers
    >>> buy = known(ParetoNBD(), r=0.55, alpha=10.6, s=0.6, beta=11.7)
    >>> new = newcomers(buy, known(GammaGamma(), p=6.25, q=3.74, v=15.44), units_per_year=52.0)
    >>> table = acquisition_table(new, margin=0.3, horizon=52.0, cac=20.0)
    >>> table[["break_even_cac_mean", "clv_mean", "p_worth_cost", "clv_cac_ratio_mean"]].round(4).to_numpy().tolist()
    [[25.5099, 5.5099, 1.0, 1.2755]]
    """
    assumed = Assumed.check(newcomers, terms, changes)
    rows = []
    for cohort, expected in assumed.expected().items():
        cost, bought = assumed.costs[cohort], newcomers.expected_purchases(cohort, horizon=assumed.horizon.length)
        drawn = assumed.outcomes(cohort, seed=seed, customers_per_draw=customers_per_draw)
        outcome = quantiles(drawn.value - cost, "clv")
        ratio = expected / cost if cost > 0 else np.full_like(expected, np.nan)
        row = {"cohort": cohort, "cac": cost, **quantiles(expected, "break_even_cac")}
        row["expected_purchases_mean"] = 1 + bought.mean()
        row |= {k: v for k, v in quantiles(drawn.purchases, "purchases", whole=True).items() if k != "purchases_mean"}
        row |= outcome | {"clv_mean": expected.mean() - cost, "p_pays_back": (drawn.value > cost).mean()}
        row |= {"p_worth_cost": (expected > cost).mean(), **quantiles(ratio, "clv_cac_ratio")}
        row["note"] = spend_note(expected)
        rows.append({name: value.item() if isinstance(value, np.ndarray) else value for name, value in row.items()})
    return pd.DataFrame(rows)


def spend_note(expected: Array) -> str:
    """Say in how many draws the law of spend has no mean, so that the expected value is infinite; "" in none.

    Examples
    --------
    >>> spend_note(np.array([25.5, np.inf]))
    'the law of spend has no mean in 50.0 % of the draws'
    """
    endless = float(np.isinf(expected).mean())
    return f"the law of spend has no mean in {100 * endless:.1f} % of the draws" if endless else ""


def probability_better(newcomers: Newcomers, terms: Terms | None = None, **changes: object) -> Better:
    """Probability that one cohort's expected value after cost is above another's, and that it is the highest of all.

    Parameters
    ----------
    newcomers, terms, **changes
        As in `acquisition_table`. The draws of all cohorts must be of one joint posterior, paired by number.

    Returns
    -------
    Better
        `pairs`: square, in [0, 1], `pairs.loc[a, b] + pairs.loc[b, a] = 1`, equal values counted half to each;
        `best`: by cohort, adds up to 1, equal values shared.

    Raises
    ------
    DomainError
        If a setting has no meaning.

    Examples
    --------
    >>> from kundenwert.laws import GammaGamma, ParetoNBD
    >>> from kundenwert.predict import Kinds
    >>> buy = {name: np.full(3, value) for name, value in {"alpha": 10.6, "s": 0.6, "beta": 11.7}.items()}
    >>> pay = {name: np.full(3, value) for name, value in {"p": 6.25, "q": 3.74, "v": 15.44}.items()}
    >>> rates = {"a": np.array([0.5, 0.6, 0.7]), "b": np.array([0.4, 0.6, 0.8])}
    >>> cohorts = {name: Kinds(np.ones(1), buy | {"r": r}, pay) for name, r in rates.items()}
    >>> found = probability_better(Newcomers(ParetoNBD(), GammaGamma(), cohorts, 52.0), horizon=52.0)
    >>> found.pairs.loc["a", "b"].item(), found.best.round(3).tolist()
    (0.5, [0.5, 0.5])
    """
    net = net_benefit(Assumed.check(newcomers, terms, changes))
    names = list(newcomers.cohorts)
    pairs = [((net[:, [i]] > net).mean(axis=0) + (net[:, [i]] == net).mean(axis=0) / 2) for i in range(len(names))]
    top = net == net.max(axis=1, keepdims=True)
    best = (top / top.sum(axis=1, keepdims=True)).mean(axis=0)
    return Better(pd.DataFrame(pairs, index=names, columns=names), pd.Series(best, index=names, name="p_best"))


def net_benefit(assumed: Assumed) -> Array:
    """Expected value of a new customer after cost, of shape (samples, cohorts)."""
    return np.column_stack([value - assumed.costs[cohort] for cohort, value in assumed.expected().items()])
