"""What a new customer of each cohort may cost, and which cohort is the better buy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert.compare import quantiles
from kundenwert.decide.outcomes import Outcomes, simulate_customers
from kundenwert.decide.terms import Laws, Terms
from kundenwert.errors import DomainError
from kundenwert.predict import customer_rng

type Array = NDArray[np.float64]


class Better(NamedTuple):
    """`pairs`: P(row is worth more than column after cost); `best`: P(each cohort is worth most after cost)."""

    pairs: pd.DataFrame
    best: pd.Series


def acquisition_table(
    laws: Laws,
    *,
    margin: float = 1.0,
    discount_rate: float = 0.10,
    horizon: float,
    units_per_year: float,
    cac: float | Mapping[str, float] = 0.0,
    seed: int,
    customers_per_draw: int = 1,
) -> pd.DataFrame:
    r"""Value a new customer of each cohort, and set it against what such a customer costs.

    The expected value before cost is, in each draw, `margin · E[spend] · (1 + (r/α) · discounted lifetime)`: the most
    that a customer may cost. The outcome is what one simulated customer brings.

    Parameters
    ----------
    laws
        Cohort → arrays (samples,) of `r, alpha, s, beta, p, q, v`, paired by draw.
    margin, discount_rate, horizon, units_per_year, cac
        As in `Terms.check`.
    seed
        Makes the outcomes reproducible, cohort by cohort.
    customers_per_draw
        Simulated customers for each draw, ≥ 1.

    Returns
    -------
    pandas.DataFrame
        One row per cohort, in the order given:

        ================================= ================================================================
        `cac`                             acquisition cost
        `break_even_cac_mean, _q05 … q95` expected value before cost, and how well it is known
        `clv_mean`                        its mean after cost
        `clv_q05, clv_q50, clv_q95`       outcome of one customer after cost
        `p_pays_back`                     probability that one customer brings more than the cost
        `p_worth_cost`                    probability that the EXPECTED value is above the cost
        `clv_cac_ratio_mean, _q05 … q95`  expected value before cost / cost; NaN at no cost
        `note`                            why a mean is infinite
        ================================= ================================================================

    Raises
    ------
    SchemaError
        If a law is incomplete.
    DomainError
        If an assumption has no meaning.

    Examples
    --------
    >>> law = {"r": 0.55, "alpha": 10.6, "s": 0.6, "beta": 11.7, "p": 6.25, "q": 3.74, "v": 15.44}
    >>> table = acquisition_table({"a": law}, margin=0.3, horizon=52.0, units_per_year=52.0, cac=20.0, seed=1)
    >>> table[["break_even_cac_mean", "clv_mean", "p_worth_cost", "clv_cac_ratio_mean"]].round(4).to_numpy().tolist()
    [[25.5099, 5.5099, 1.0, 1.2755]]
    """
    terms = _terms(laws, margin, discount_rate, horizon, units_per_year, cac)
    rows = []
    for cohort, expected in terms.expected().items():
        cost = terms.costs[cohort]
        drawn = cohort_outcomes(terms, cohort, seed, customers_per_draw)
        outcome = quantiles(drawn.value - cost, "clv")
        ratio = expected / cost if cost > 0 else np.full_like(expected, np.nan)
        row = {"cohort": cohort, "cac": cost, **quantiles(expected, "break_even_cac")}
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
    'the law of spend has no mean in 50.0 % of the draws (q ≤ 1)'
    """
    endless = float(np.isinf(expected).mean())
    return f"the law of spend has no mean in {100 * endless:.1f} % of the draws (q ≤ 1)" if endless else ""


def cohort_outcomes(terms: Terms, cohort: str, seed: int, customers_per_draw: int) -> Outcomes:
    """Simulate new customers of one cohort; their random numbers are keyed by the seed and the cohort's name.

    Parameters
    ----------
    terms
        Laws and assumptions.
    cohort
        One of the cohorts of `terms`.
    seed
        At least 0.
    customers_per_draw
        At least 1.

    Returns
    -------
    Outcomes
        Of samples × customers_per_draw customers.

    Raises
    ------
    DomainError
        If seed or number are negative.
    """
    if seed < 0 or customers_per_draw < 1:
        raise DomainError(
            f"seed={seed}, customers_per_draw={customers_per_draw}: the seed is at least 0, and there is at least one "
            "customer"
        )
    law = {name: np.tile(values, customers_per_draw) for name, values in terms.laws[cohort].items()}
    rng = customer_rng(seed, f"a new customer of {cohort}")
    return simulate_customers(law, margin=terms.margin, cost=terms.costs[cohort], horizon=terms.horizon, rng=rng)


def probability_better(
    laws: Laws,
    *,
    margin: float = 1.0,
    discount_rate: float = 0.10,
    horizon: float,
    units_per_year: float,
    cac: float | Mapping[str, float] = 0.0,
) -> Better:
    """Probability that one cohort's expected value after cost is above another's, and that it is the highest of all.

    Parameters
    ----------
    laws, margin, discount_rate, horizon, units_per_year, cac
        As in `acquisition_table`. The draws of all cohorts must be of one joint posterior, paired by number.

    Returns
    -------
    Better
        `pairs`: square, in [0, 1], `pairs.loc[a, b] + pairs.loc[b, a] = 1`, equal values counted half to each;
        `best`: by cohort, adds up to 1, equal values shared.

    Raises
    ------
    SchemaError
        If a law is incomplete.
    DomainError
        If an assumption has no meaning.

    Examples
    --------
    >>> law = {"r": 0.55, "alpha": 10.6, "s": 0.6, "beta": 11.7, "p": 6.25, "q": 3.74, "v": 15.44}
    >>> draws = {name: np.full(3, value) for name, value in law.items()}
    >>> laws = {"a": draws | {"r": np.array([0.5, 0.6, 0.7])}, "b": draws | {"r": np.array([0.4, 0.6, 0.8])}}
    >>> found = probability_better(laws, horizon=52.0, units_per_year=52.0)
    >>> found.pairs.loc["a", "b"].item(), found.best.round(3).tolist()
    (0.5, [0.5, 0.5])
    """
    terms = _terms(laws, margin, discount_rate, horizon, units_per_year, cac)
    net = net_benefit(terms)
    names = list(terms.laws)
    pairs = [((net[:, [i]] > net).mean(axis=0) + (net[:, [i]] == net).mean(axis=0) / 2) for i in range(len(names))]
    top = net == net.max(axis=1, keepdims=True)
    best = (top / top.sum(axis=1, keepdims=True)).mean(axis=0)
    return Better(pd.DataFrame(pairs, index=names, columns=names), pd.Series(best, index=names, name="p_best"))


def net_benefit(terms: Terms) -> Array:
    """Expected value of a new customer after cost, of shape (samples, cohorts).

    Examples
    --------
    >>> law = {"r": 0.55, "alpha": 10.6, "s": 0.6, "beta": 11.7, "p": 6.25, "q": 3.74, "v": 15.44}
    >>> net_benefit(_terms({"a": law}, 0.3, 0.1, 52.0, 52.0, 20.0)).round(4)
    array([[5.5099]])
    """
    expected = terms.expected()
    return np.column_stack([expected[cohort] - terms.costs[cohort] for cohort in expected])


def _terms(
    laws: Laws,
    margin: float,
    discount_rate: float,
    horizon: float,
    units_per_year: float,
    cac: float | Mapping[str, float],
) -> Terms:
    return Terms.check(
        laws,
        margin=margin,
        discount_rate=discount_rate,
        horizon=horizon,
        units_per_year=units_per_year,
        cac=cac,
    )
