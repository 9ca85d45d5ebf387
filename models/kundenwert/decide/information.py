"""What it is worth to know more before the next budget is spent."""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kundenwert.compare import quantiles
from kundenwert.decide.acquisition import net_benefit
from kundenwert.decide.assumed import Assumed
from kundenwert.errors import DomainError, SchemaError
from kundenwert.predict import Newcomers
from kundenwert.settings import Terms

type Array = NDArray[np.float64]

NOTHING = "nothing"
"""The action of acquiring nobody, which earns 0."""

DEGREE = 3
"""Degree of the polynomial that stands for the expectation of a net benefit given new data."""

DRAWS_PER_TERM = 30
"""Draws for each term of the polynomial, below which a lower degree is taken."""

FOLDS = 10
"""Parts of the draws: a draw's decision comes from a regression on the other parts."""

_TINY = np.finfo(np.float64).tiny
CELLS = 500_000
"""Draws × customers simulated at a time: 4 MB an array."""


class Information(NamedTuple):
    """What is best now, what perfect knowledge of the laws would add, and what data of one cohort would.

    `action` is the best one now and `expected` its net benefit for each customer acquired; `evpi` in the same unit;
    `actions` and `samples` are tables.
    """

    action: str
    expected: float
    evpi: float
    actions: pd.DataFrame
    samples: pd.DataFrame


def evpi(net_benefits: ArrayLike) -> float:
    """Expected value of perfect information: what knowing the parameters before acting would add.

    `EVPI = E[max over actions of net benefit] − max over actions of E[net benefit]`

    Parameters
    ----------
    net_benefits
        Shape (samples, actions), finite.

    Returns
    -------
    float
        At least 0, in the unit of the net benefit.

    Raises
    ------
    DomainError
        If a number is not finite, or there is no draw.

    References
    ----------
    Raiffa & Schlaifer (1961), Applied Statistical Decision Theory, chapter 4.

    Examples
    --------
    >>> evpi([[0.0, -1.0], [0.0, 3.0]])
    0.5
    """
    benefit = _finite(net_benefits)
    return max(float(benefit.max(axis=1).mean() - benefit.mean(axis=0).max()), 0.0)


def evsi(net_benefits: ArrayLike, statistics: ArrayLike, *, degree: int = DEGREE) -> float:
    """Expected value of sample information: what seeing new data before acting would add.

    From each posterior draw a summary of the new data is simulated. The expectation of each action's net benefit given
    the data is the regression of the net benefit on that summary, here by a polynomial. What a decision by it gains is
    counted on draws that the regression has not seen: with a(x) the action that looks best given the data x after a
    regression on the other `FOLDS - 1` parts of the draws,

    `EVSI = mean(net benefit of a(x)) − max over actions of the mean`

    Parameters
    ----------
    net_benefits
        Shape (samples, actions), finite.
    statistics
        Simulated summaries of the data, shape (samples, statistics) or (samples,), finite.
    degree
        Of the polynomial, ≥ 1; lowered where there are fewer than `DRAWS_PER_TERM` draws for each term.

    Returns
    -------
    float
        From 0 to the EVPI. A decision by a fitted regression gains no more than one by the true expectation, so that
        the estimate leans downwards, but for the cut at 0: data that say nothing are worth nothing.

    Raises
    ------
    SchemaError
        If there is not one row of statistics per draw.
    DomainError
        If a number is not finite, or there is no draw.

    References
    ----------
    Strong, Oakley & Brennan (2014), "Estimating multiparameter partial expected value of perfect information from a
    probabilistic sensitivity analysis sample: a nonparametric regression approach", Medical Decision Making 34; for
    samples: Strong, Oakley, Brennan & Breeze (2015), "Estimating the expected value of sample information using the
    probabilistic sensitivity analysis sample", Medical Decision Making 35. They evaluate the regression on the draws it
    was fitted to, which finds a value in noise.

    Examples
    --------
    >>> knows_all = evsi([[0.0, -1.0], [0.0, 3.0]] * 100, [-1.0, 3.0] * 100)
    >>> round(knows_all, 12)
    0.5
    """
    benefit, data = _finite(net_benefits), np.asarray(statistics, dtype=np.float64)
    data = data[:, None] if data.ndim == 1 else data
    if len(data) != len(benefit):
        raise SchemaError(f"{len(data):,} rows of statistics for {len(benefit):,} draws; give one for each")
    return min(max(_gain(benefit, _finite(data), degree)[0], 0.0), evpi(benefit))


def _gain(benefit: Array, data: Array, degree: int = DEGREE) -> tuple[float, float]:
    """Mean gain of deciding by the data over the best action now, and its standard error over draws."""
    ahead = benefit - benefit[:, [int(benefit.mean(axis=0).argmax())]]
    centre, terms = ahead.mean(axis=0), _polynomial(data, degree)
    chosen = np.empty(len(ahead), dtype=np.intp)
    for part in range(FOLDS):
        own = np.arange(len(ahead)) % FOLDS == part
        slopes = np.linalg.lstsq(terms[~own], (ahead - centre)[~own], rcond=None)[0]
        chosen[own] = (terms[own] @ slopes + centre).argmax(axis=1)
    gained = ahead[np.arange(len(ahead)), chosen]
    return float(gained.mean()), float(gained.std() / np.sqrt(gained.size))


def value_of_information(
    newcomers: Newcomers,
    terms: Terms | None = None,
    *,
    seed: int = 1,
    customers: int = 100,
    length: float | None = None,
    **changes: object,
) -> Information:
    """Say what to do now with the next customer's budget, and what it is worth to learn more first.

    Actions: acquire one customer of a cohort, or nothing. The data considered are of one cohort at a time: `customers`
    new ones, each watched for `length` from the first purchase, summarised by their number of repeat purchases and
    their mean spend per purchase.

    Parameters
    ----------
    newcomers, terms, **changes
        As in `acquisition_table`. The draws of all cohorts must be of one joint posterior, paired by number: only so do
        data of one cohort say anything about another.
    seed
        Makes the simulated data reproducible, cohort by cohort.
    customers
        Customers in the sample, ≥ 1.
    length
        How long each is watched, in time units, > 0; a month if not given.

    Returns
    -------
    Information
        `actions`: `action, expected_mean, expected_q05, expected_q50, expected_q95, p_best`; `samples`, one row per
        cohort: `cohort, customers, length, evsi, evsi_error` (standard error over draws, of the estimate before it is
        cut at 0), `share_of_evpi`. All per customer that is then acquired: multiply by their number.

    Raises
    ------
    SchemaError
        If a cohort is called "nothing".
    DomainError
        If a setting has no meaning, or the law of spend has no mean in some draw.

    Examples
    --------
    >>> from kundenwert.laws import GammaGamma, ParetoNBD
    >>> from kundenwert.predict import Kinds
    >>> buy = {name: np.full(400, x) for name, x in {"alpha": 10.6, "s": 0.6, "beta": 11.7}.items()}
    >>> pay = {name: np.full(400, x) for name, x in {"p": 6.25, "q": 3.74, "v": 15.44}.items()}
    >>> cohorts = {"a": Kinds(np.ones(1), buy | {"r": np.linspace(0.3, 0.8, 400)}, pay)}
    >>> new = Newcomers(ParetoNBD(), GammaGamma(), cohorts, 52.0)
    >>> found = value_of_information(new, margin=0.3, horizon=52.0, cac=25.0)
    >>> found.action, round(found.expected, 4), round(found.evpi, 4)
    ('a', 0.5099, 1.457)
    """
    assumed = Assumed.check(newcomers, terms, changes)
    watched = newcomers.units_per_year / 12 if length is None else length
    if seed < 0 or customers < 1 or not (np.isfinite(watched) and watched > 0):
        raise DomainError(f"seed={seed}, customers={customers}, length={watched}: at least 0, at least 1, above 0")
    if NOTHING in newcomers.cohorts:
        raise SchemaError(f"a cohort cannot be called {NOTHING!r}, which has a meaning here; rename it")
    benefit = np.column_stack([net_benefit(assumed), np.zeros(newcomers.samples)])
    if (endless := int(np.isinf(benefit).any(axis=1).sum())) > 0:
        raise DomainError(
            f"the law of spend has no mean in {endless:,} draws, so that no expected value exists; state a tighter "
            "prior on customer_cv"
        )
    perfect = evpi(benefit)
    rows = []
    for cohort in newcomers.cohorts:
        rng = np.random.default_rng([seed, *f"new data of {cohort}".encode()])
        data = sample_statistics(newcomers, cohort, customers=customers, length=watched, rng=rng)
        found, error = _gain(benefit, data)
        gain = min(max(found, 0.0), perfect)
        row = {"cohort": cohort, "customers": customers, "length": watched, "evsi": gain, "evsi_error": error}
        rows.append(row | {"share_of_evpi": gain / perfect if perfect > 0 else float("nan")})
    names = [*newcomers.cohorts, NOTHING]
    top = benefit == benefit.max(axis=1, keepdims=True)
    actions = pd.DataFrame({"action": names, **quantiles(benefit, "expected")})
    actions["p_best"] = (top / top.sum(axis=1, keepdims=True)).mean(axis=0)
    best = int(np.argmax(benefit.mean(axis=0)))
    return Information(names[best], float(benefit.mean(axis=0)[best]), perfect, actions, pd.DataFrame(rows))


def sample_statistics(
    newcomers: Newcomers, cohort: str, *, customers: int, length: float, rng: np.random.Generator
) -> Array:
    """Simulate data of new customers from each draw, and summarise them.

    Parameters
    ----------
    newcomers, cohort
        Whose data.
    customers, length
        How many, and for how long each is watched from the first purchase.
    rng
        Source of randomness.

    Returns
    -------
    ndarray
        Shape (samples, 2): log(1 + repeat purchases of all), log(spend of all per purchase, the first ones included).

    Examples
    --------
    >>> from kundenwert.bayes import known
    >>> from kundenwert.laws import GammaGamma, ParetoNBD
    >>> from kundenwert.predict import newcomers
    >>> buy = known(ParetoNBD(), r=np.full(300, 0.55), alpha=10.6, s=0.6, beta=11.7)
    >>> new = newcomers(buy, known(GammaGamma(), p=np.full(300, 6.25), q=3.74, v=15.44), units_per_year=52.0)
    >>> found = sample_statistics(new, "all", customers=200, length=52.0, rng=np.random.default_rng(1))
    >>> abs(np.expm1(found[:, 0]).mean() / 200 - 1.4688) < 0.1
    np.True_
    """
    repeats, spend = np.zeros(newcomers.samples), np.zeros(newcomers.samples)
    step = max(1, CELLS // newcomers.samples)
    for start in range(0, customers, step):
        bought, value = newcomers.observe(cohort, customers=min(step, customers - start), length=length, rng=rng)
        repeats += bought.sum(axis=1)
        spend += (value * (1 + bought)).sum(axis=1)
    return np.column_stack([np.log1p(repeats), np.log(spend / (repeats + customers))])


def _polynomial(data: Array, degree: int) -> Array:
    """All products of standardised statistics up to a degree that the number of draws supports, each with mean 0."""
    spread = data.std(axis=0)
    varied = spread > 1e-12 * np.maximum(np.abs(data).max(axis=0), _TINY)
    z = (data[:, varied] - data[:, varied].mean(axis=0)) / spread[varied]
    columns: list[Array] = []
    for order in range(1, degree + 1):
        terms = list(combinations_with_replacement(range(z.shape[1]), order))
        if order > 1 and (1 + len(columns) + len(terms)) * DRAWS_PER_TERM > len(z):
            break
        columns += [z[:, list(term)].prod(axis=1) for term in terms]
    made = np.column_stack(columns) if columns else np.empty((len(z), 0))
    return np.asarray(made - made.mean(axis=0))


def _finite(values: ArrayLike) -> Array:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or not array.size or not np.isfinite(array).all():
        raise DomainError(f"draws of shape {array.shape} are not a finite table with one row per draw")
    return array
