"""Why formula and posterior differ, as a product of reasons that multiplies up, and as amounts of money that add up.

Sums over a cohort's customers are taken within each draw; quantiles come last.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert import formula
from kundenwert.compare.factors import FACTORS, Decomposition
from kundenwert.data.customers import name_of_everybody
from kundenwert.errors import DomainError, SchemaError
from kundenwert.kernels.arithmetic import product
from kundenwert.laws import History
from kundenwert.predict import scorings

if TYPE_CHECKING:
    from kundenwert.bayes import Scoring
    from kundenwert.laws import Parameters, PurchaseLaw, Spending, SpendLaw
    from kundenwert.predict.blocks import Purchases, Spend

type Array = NDArray[np.float64]
type Expectations = Callable[[NDArray[np.int64]], dict[str, Array]]

BLOCK_CELLS = 96_000
"""Customers × draws that a thread handles at a time: 0.8 MB an array."""

SAMPLES = 1000
"""Draws used if not told otherwise: a 90 % interval of a mean needs no more."""

_NEEDED = ("customer_id", "cohort", "frequency", "recency", "T", "monetary_value", "value_to_date")
_SUMS = ("spend", "rate", "lifetime", "undiscounted", "discounted")


def decompose(
    purchases: Purchases,
    spend: Spend,
    table: pd.DataFrame,
    *,
    units_per_year: float,
    horizon: float,
    discount_rate: float = 0.10,
    margin: float = 1.0,
    method: str = "observed",
    lifespan_years: float | None = None,
    inactivity_months: float = 12,
    samples: int | None = SAMPLES,
) -> Decomposition:
    r"""Take the quotient of formula and posterior apart into five reasons, for each cohort and each posterior draw.

    `F = margin · AOV · f · L`, the formula before any cost, and V, the posterior's expected CLV before any cost (of
    winning customers, of orders, of service), both per customer. With means over the cohort's customers m̄ = mean
    `E[spend]`, λ̄ = mean `E[λ]` per year while alive, τ̄ = mean expected time alive from the first purchase to the end
    of the horizon, in years, the dead included, and V₀ = V without discounting:

    ================ ================================ ============================================================
    `order_value`    AOV / m̄                          orders pooled, against what a customer is expected to spend
    `frequency`      f / λ̄                            first purchases counted and deaths not, against the rate alive
    `lifespan`       L / τ̄                            the formula's lifespan, against the expected one
    `heterogeneity`  margin · m̄ · λ̄ · τ̄ / V₀          product of means against mean of products (who buys often may stay
                                                      and spend otherwise), and the first purchase of each
    `discounting`    V₀ / V                           what lies ahead is worth less
    ================ ================================ ============================================================

    `F / V` is their product, exactly, in every draw. In money, F becomes V by replacing AOV by m̄, then f by λ̄, then L
    by τ̄, then the product of means by V₀, then V₀ by V.

    Parameters
    ----------
    purchases, spend
        Fits of a law of purchases and of one of spend; their draws are paired by number.
    table
        Customers: `customer_id, cohort, frequency, recency, T, monetary_value, value_to_date`; for the lifespan "churn"
        also `active_before, active_after`.
    units_per_year
        Time units in a year, > 0.
    horizon
        Length of the future counted after the end of observation, in time units, > 0 and finite.
    discount_rate
        Annual rate d ≥ 0.
    margin
        Contribution margin, in (0, 1].
    method
        Lifespan of the formula, one of `formula.METHODS`.
    lifespan_years
        Years of the method "assumed", 3 if not given; for that method only.
    inactivity_months
        As in `formula.kpis`.
    samples
        Draws used; all of the smaller posterior if None.

    Returns
    -------
    Decomposition

    Raises
    ------
    SchemaError
        If a column is missing.
    DomainError
        If the horizon is not positive and finite, or an assumption has no meaning.

    Notes
    -----
    Where the lifespan or the frequency cannot be computed, where the lifespan is infinite, or where the law of spend
    has no mean in some draw, the factors concerned are NaN and the note says why.

    Examples
    --------
    One customer, four orders of 10 in two years, and one draw:

    >>> from kundenwert.bayes import known
    >>> from kundenwert.laws import GammaGamma, ParetoNBD
    >>> table = pd.DataFrame(
    ...     {"customer_id": ["a"], "cohort": ["all"], "frequency": [3], "recency": [78.0], "T": [104.0],
    ...      "monetary_value": [10.0], "value_to_date": [40.0]}
    ... )
    >>> buy = known(ParetoNBD(), r=0.55, alpha=10.6, s=0.6, beta=11.7)
    >>> pay = known(GammaGamma(), p=6.25, q=3.74, v=15.44)
    >>> found = decompose(buy, pay, table, units_per_year=52.0, horizon=52.0, margin=0.5)
    >>> {name: round(value.item(), 4) for name, value in found.factors.items()}
    {'order_value': 0.7567, 'frequency': 1.1989, 'lifespan': 0.5694, 'heterogeneity': 1.058, 'discounting': 1.0122}
    """
    if lifespan_years is not None and method != "assumed":
        raise DomainError(f"lifespan_years={lifespan_years:g} is for method='assumed'; the method is {method!r}")
    return decompositions(
        purchases,
        spend,
        table,
        methods=(method,),
        units_per_year=units_per_year,
        horizon=horizon,
        discount_rate=discount_rate,
        margin=margin,
        lifespan_years=3.0 if lifespan_years is None else lifespan_years,
        inactivity_months=inactivity_months,
        samples=samples,
    )[method]


def decompositions(
    purchases: Purchases,
    spend: Spend,
    table: pd.DataFrame,
    *,
    methods: Sequence[str] = formula.METHODS,
    units_per_year: float,
    horizon: float,
    discount_rate: float = 0.10,
    margin: float = 1.0,
    lifespan_years: float = 3.0,
    inactivity_months: float = 12,
    samples: int | None = SAMPLES,
) -> dict[str, Decomposition]:
    """Decompose for several lifespans of the formula at once; what the posterior says is computed once.

    Parameters
    ----------
    methods
        Lifespans, of `formula.METHODS`.
    purchases, spend, table, units_per_year, horizon, discount_rate, margin, lifespan_years, inactivity_months
        As in `decompose`.
    samples
        As in `decompose`.

    Returns
    -------
    dict
        By method, as from `decompose`.
    """
    _check(table, units_per_year, horizon, discount_rate, margin)
    delta = float(np.log1p(discount_rate)) / units_per_year
    expected = _Expected.of(purchases, spend, table, samples, margin)
    labels, sizes, sums = _cohort_sums(table, lambda rows: expected.at(rows, horizon, delta), expected.samples)
    counts = _counts(table, units_per_year, inactivity_months, labels)
    means = {name: sums[name] / sizes for name in _SUMS}
    means["rate"] *= units_per_year
    means["lifetime"] /= units_per_year
    value = _finite(means["discounted"])
    found = {}
    for method in methods:
        years = formula.lifespan(counts, method, years=lifespan_years if method == "assumed" else None)
        notes = _notes(counts, method, years, means)
        aov, rate, life = (_finite(values) for values in (counts["aov"], counts["purchase_frequency"], years))
        factors, money = _factors(aov, rate, life, {name: _finite(mean) for name, mean in means.items()}, margin)
        stated = margin * aov * rate * life
        found[method] = Decomposition(tuple(labels), sizes, method, stated, value, factors, money, notes)
    return found


def _factors(
    aov: Array, rate: Array, life: Array, mean: dict[str, Array], margin: float
) -> tuple[dict[str, Array], dict[str, Array]]:
    """The five quotients, and the five steps in money from the formula's value to the posterior's."""
    product = margin * mean["spend"] * mean["rate"] * mean["lifetime"]
    factors = {
        "order_value": aov / mean["spend"],
        "frequency": rate / mean["rate"],
        "lifespan": life / mean["lifetime"],
        "heterogeneity": product / mean["undiscounted"],
        "discounting": mean["undiscounted"] / mean["discounted"],
    }
    levels = (
        margin * aov * rate * life,
        margin * mean["spend"] * rate * life,
        margin * mean["spend"] * mean["rate"] * life,
        product,
        mean["undiscounted"],
        mean["discounted"],
    )
    return factors, {name: levels[i + 1] - levels[i] for i, name in enumerate(FACTORS)}


def _cohort_sums(
    table: pd.DataFrame, expectations: Expectations, size: int
) -> tuple[list[str], NDArray[np.int64], dict[str, Array]]:
    """Sum each customer's expectations by cohort within each draw, a block of similar histories at a time."""
    codes, cohorts = pd.factorize(table["cohort"], sort=True)
    one = list(cohorts) == ["all"]
    sums = {name: np.zeros((size, len(cohorts))) for name in _SUMS}
    order = np.lexsort(tuple(table[name] for name in ("customer_id", "recency", "frequency", "T")))
    step = max(1, BLOCK_CELLS // size)

    def summed(start: int) -> tuple[NDArray[np.int64], dict[str, Array]]:
        rows = order[start : start + step]
        block = expectations(rows)
        by_cohort = np.argsort(codes[rows], kind="stable")
        present, starts = np.unique(codes[rows][by_cohort], return_index=True)
        full = {name: np.broadcast_to(block[name], (len(rows), size)) for name in sums}
        return present, {name: np.add.reduceat(own[by_cohort], starts, axis=0).T for name, own in full.items()}

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for present, parts in pool.map(summed, range(0, len(table), step)):  # in order, so that sums are the same
            for name, part in parts.items():
                sums[name][:, present] += part
    sizes = np.bincount(codes, minlength=len(cohorts))
    if one:
        return ["all"], sizes, sums
    everybody = {name: np.hstack([total, total.sum(axis=1, keepdims=True)]) for name, total in sums.items()}
    labels = [str(cohort) for cohort in cohorts]
    return [*labels, name_of_everybody(labels)], np.append(sizes, sizes.sum()), everybody


class _Expected(NamedTuple):
    """What a posterior expects of customers, and what is known of them."""

    buying: Scoring[PurchaseLaw]
    paying: Scoring[SpendLaw]
    rates: Callable[[NDArray[np.int64]], Parameters]
    prices: Callable[[NDArray[np.int64]], Parameters]
    history: History
    spending: Spending
    so_far: Array
    margin: float

    @classmethod
    def of(
        cls, purchases: Purchases, spend: Spend, table: pd.DataFrame, samples: int | None, margin: float
    ) -> _Expected:
        """Pair the posteriors, and take columns out of the table."""
        buying, paying = scorings(purchases, spend, samples=samples)
        revenue, spending = table["value_to_date"].to_numpy(np.float64)[:, None], paying.law.spending(table)
        own = "margin_to_date" in table  # rows that state their margins
        so_far = table["margin_to_date"].to_numpy(np.float64)[:, None] if own else margin * revenue
        return cls(buying, paying, buying.laws(table), paying.laws(table), History.of(table), spending, so_far, margin)

    @property
    def samples(self) -> int:
        """Number of draws."""
        return self.buying.samples

    def at(self, rows: NDArray[np.int64], horizon: float, delta: float) -> dict[str, Array]:
        """Expectations of some customers, of shape (customers, samples): the summands of m̄, λ̄, τ̄, V₀ and V."""
        history, rates, law = self.history.at(rows), self.rates(rows), self.buying.law
        life = law.life_to_date(history, rates)
        spend = self.paying.law.expected_spend(self.spending.at(rows), self.prices(rows))
        plain = law.expected_purchases(history, rates, horizon=horizon, alive=life.p_alive)
        paid = law.expected_purchases(history, rates, horizon=horizon, discount_rate=delta, alive=life.p_alive)
        return {
            "spend": spend,
            "rate": life.purchase_rate,
            "lifetime": life.time + law.expected_time(history, rates, horizon=horizon, alive=life.p_alive),
            "undiscounted": self.so_far[rows] + self.margin * product(plain, spend),
            "discounted": self.so_far[rows] + self.margin * product(paid, spend),
        }


def _counts(table: pd.DataFrame, units_per_year: float, inactivity_months: float, labels: list[str]) -> pd.DataFrame:
    parts = [
        formula.kpis(table, units_per_year=units_per_year, by=by, inactivity_months=inactivity_months)
        for by in (("cohort", None) if len(labels) > 1 else (None,))
    ]
    return pd.concat(parts, ignore_index=True)


def _finite(values: pd.Series | Array) -> Array:
    floats = np.asarray(values, dtype=np.float64)
    return np.where(np.isfinite(floats), floats, np.nan)


def _notes(counts: pd.DataFrame, method: str, years: pd.Series, means: dict[str, Array]) -> tuple[str, ...]:
    notes = []
    bad = ~np.isfinite(means["spend"])
    for position, (_, row) in enumerate(counts.iterrows()):
        said = [row["frequency_note"]] if row["frequency_note"] else []
        if method == "churn" and not np.isfinite(years.iloc[position]):
            said.append(row["churn_note"])
        if years.iloc[position] == 0:
            said.append("nobody bought twice: the observed lifespan is 0, and so is the formula")
        if bad[:, position].any():
            said.append(f"the law of spend has no mean in {100 * bad[:, position].mean():.1f} % of the draws")
        notes.append("; ".join(said))
    return tuple(notes)


def _check(table: pd.DataFrame, units_per_year: float, horizon: float, discount_rate: float, margin: float) -> None:
    if missing := [name for name in _NEEDED if name not in table]:
        raise SchemaError(f"the customer table has no column {' and no column '.join(map(repr, missing))}")
    if not (np.isfinite(horizon) and horizon > 0 and np.isfinite(units_per_year) and units_per_year > 0):
        raise DomainError(f"the horizon is {horizon} time units: an undiscounted value needs a positive, finite one")
    if not 0 < margin <= 1:
        raise DomainError(f"the margin is {margin:g}; it is a share of revenue, in (0, 1], so 30 % is 0.3")
    if not 0 <= discount_rate < 10:
        raise DomainError(f"the discount rate is {discount_rate:g} a year; 10 % is 0.10")
