"""From fits, values, summaries and logs to the tables that pictures are drawn from: the one place that knows both.

What is a table already is drawn as it is. What else is known by what it has, not by its class.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from kundenwert.errors import DomainError, SchemaError

_KNOWN_BY = {
    "Fit": "laws",
    "ValueResult": "totals",
    "TransactionLog": "known",
    "Decomposition": "log_contributions",
    "Forecast": "cohorts",
    "Backtest": "scores",
}


def _made(given: object, kind: str, make: Callable[[], pd.DataFrame], **needed: object) -> pd.DataFrame:
    """Return the table that is given, or make it from an object of a kind and what else is needed."""
    if isinstance(given, pd.DataFrame):
        return given
    if not hasattr(given, _KNOWN_BY[kind]):
        raise SchemaError(f"this picture is drawn from a {kind} or a table, not from a {type(given).__name__}")
    if missing := [f"{name}=" for name, value in needed.items() if value is None]:
        raise SchemaError(f"to draw this picture from a {kind}, give {' and '.join(missing)} too")
    return make()


def histogram(given: Any, summary: Any) -> pd.DataFrame:
    """Return what `validate.repeat_purchase_counts` does."""
    from kundenwert import validate  # noqa: PLC0415

    def make() -> pd.DataFrame:
        return validate.repeat_purchase_counts(given, summary.table)

    return _made(given, "Fit", make, summary=summary)


def tracked(given: Any, summary: Any, log: Any) -> pd.DataFrame:
    """Return what `validate.tracking` does, up to the end of the hold-out where there is one."""
    from kundenwert import data, validate  # noqa: PLC0415

    def make() -> pd.DataFrame:
        end = summary.holdout_end or summary.observation_end
        daily = data.purchases_by_day(log, until=end, acquired_until=summary.observation_end)
        return validate.tracking(given, summary, daily)

    return _made(given, "Fit", make, summary=summary, log=log)


def of_holdout(given: Any, summary: Any, table: str, **how: Any) -> pd.DataFrame:
    """Return what `validate.by_frequency`, `coverage` or `decile_table` does of values."""
    from kundenwert import validate  # noqa: PLC0415

    return _made(given, "ValueResult", lambda: getattr(validate, table)(summary, given, **how), summary=summary)


def cohorts(given: Any, summary: Any) -> pd.DataFrame:
    """Return what `compare.compare_cohorts` does."""
    from kundenwert import compare  # noqa: PLC0415

    return _made(given, "ValueResult", lambda: compare.compare_cohorts(summary, given), summary=summary)


def customers(given: Any) -> pd.DataFrame:
    """Return the customers' values."""
    return _made(given, "ValueResult", lambda: given.table)


def retention(given: Any) -> pd.DataFrame:
    """Return what `validate.retention_by_age` does, by month."""
    from kundenwert import validate  # noqa: PLC0415

    return _made(given, "TransactionLog", lambda: validate.retention_by_age(given))


def pooled(given: Any, summary: Any) -> pd.DataFrame:
    """Return what `validate.shrinkage_table` does."""
    from kundenwert import validate  # noqa: PLC0415

    return _made(given, "Fit", lambda: validate.shrinkage_table(given, summary.table), summary=summary)


def alive(given: Any, summary: Any, log: Any, ids: Sequence[str] | None) -> pd.DataFrame:
    """Return what `outlook.alive_over_time` does, of some customers."""
    from kundenwert import outlook  # noqa: PLC0415

    def make() -> pd.DataFrame:
        some = summary.table["customer_id"].head(3) if ids is None else ids
        return outlook.alive_over_time(given, summary, ids=list(some), log=log)

    return _made(given, "Fit", make, summary=summary)


def survival(given: Any, summary: Any) -> pd.DataFrame:
    """Return what `outlook.survival` does."""
    from kundenwert import outlook  # noqa: PLC0415

    return _made(given, "Fit", lambda: outlook.survival(given, summary), summary=summary)


def forecast(given: Any) -> pd.DataFrame:
    """Return the total of a forecast."""
    return _made(given, "Forecast", lambda: given.total)


def backtested(given: Any) -> pd.DataFrame:
    """Return the table of a back-test."""
    return _made(given, "Backtest", lambda: pd.DataFrame(given.table))


def steps(given: Any) -> pd.DataFrame:
    """Return the table of a decomposition."""
    return _made(given, "Decomposition", lambda: pd.DataFrame(given.table()))


def timelines(given: Any, chosen: Sequence[str] | None) -> pd.DataFrame:
    """Return the purchases of some customers, in the order in which these are named."""
    wanted = None if chosen is None else [str(one) for one in chosen]

    def make() -> pd.DataFrame:
        days = given.purchases
        found = days.filter(days.customer_id.isin(wanted)).select("customer_id", "date").to_pyarrow().to_pandas()
        if unknown := [one for one in wanted or () if one not in set(found["customer_id"])]:
            raise DomainError(f"the log has no customer {unknown[0]!r}")
        place = found["customer_id"].map({one: i for i, one in enumerate(wanted or ())})
        ordered = found.assign(place=place).sort_values(["place", "date"], ignore_index=True)
        return pd.DataFrame(ordered[["customer_id", "date"]])

    table = _made(given, "TransactionLog", make, customers=wanted)
    return table if wanted is None else table.loc[table["customer_id"].astype(str).isin(wanted)]


def densities(given: Any, density: ArrayLike | None, draws: ArrayLike | None, name: str) -> tuple[ArrayLike, ...]:
    """Return points, the prior's density there, and posterior draws of one quantity."""
    if density is not None and draws is not None:
        return given, density, draws
    if not hasattr(given, "tree"):
        raise SchemaError("give a fit, or prior_at, prior_density and draws")
    if name not in (known := list(given.tree["posterior"].data_vars)) or name not in given.tree["prior"]:
        raise SchemaError(f"the fit has no quantity {name!r} with a prior; it has {', '.join(map(str, known))}")
    prior, posterior = (given.tree[group][name].to_numpy().ravel() for group in ("prior", "posterior"))
    return *prior_density(prior, posterior), posterior


def prior_density(
    prior: NDArray[np.float64], posterior: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Density of a positive quantity's prior about its posterior: that of its logarithm, carried over."""
    from scipy import stats  # noqa: PLC0415

    low, high = np.quantile(posterior, [0.001, 0.999])
    room = 0.6 * (high - low)
    at = np.linspace(max(low - room, high * 1e-3), high + room, 200)
    return at, stats.gaussian_kde(np.log(prior))(np.log(at)) / at
