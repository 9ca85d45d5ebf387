"""How long until a customer buys again: the probability within a time, and the day by which it is reached."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kundenwert.errors import DomainError
from kundenwert.laws import History, Parameters
from kundenwert.messages import Code, Setting, say
from kundenwert.outlook.asked import band, columns_of, dates, months_ahead, rows_of, scoring_for

if TYPE_CHECKING:
    from kundenwert.data import CustomerSummary
    from kundenwert.predict import Purchases

type Array = NDArray[np.float64]

YEARS = 10.0
"""How far a next purchase is looked for, if nothing is said."""

_POINTS, _FIRST = 40, 1 / 24
"""Times at which the probability is computed, evenly by their logarithms from an hour on; between them it is a cubic.

On customers of every law here the probability at the time found is the wanted one to 1e-4; where gaps are nearly of one
length (k = 12) to 5e-4.
"""

_NONE, _ONE = 1e-300, 1 - 1e-13
_HALVINGS = 50


def purchase_probability(
    purchases: Purchases,
    summary: CustomerSummary,
    *,
    horizon: Sequence[float] | float | None = None,
    ids: Sequence[object] | None = None,
    samples: int | None = 1000,
) -> pd.DataFrame:
    """Probability of at least one purchase within a time from the end of observation, `P(X(t) ≥ 1)`.

    Parameters
    ----------
    purchases, summary, ids
        As in `alive_over_time`.
    horizon
        Lengths of time, in time units, > 0; a month, a quarter and a year if not given.
    samples
        Draws of the posterior; None for all.

    Returns
    -------
    pandas.DataFrame
        One row per customer and length: `customer_id, date` (last day within), `time, p_purchase_mean, p_purchase_q05,
        p_purchase_q50, p_purchase_q95` in [0, 1]. The mean is the probability; the interval says how well it is known.

    Raises
    ------
    DomainError
        If a length is not positive, or a customer not known.
    FitError
        If the fit did not converge, or is of another time unit.

    Examples
    --------
    >>> from kundenwert.bayes import known
    >>> from kundenwert.data import CustomerSummary
    >>> from kundenwert.laws import NBD
    >>> frame = pd.DataFrame({"frequency": [2], "recency": [30.43], "T": [38.86]})
    >>> fit = known(NBD(), r=0.385, alpha=12.1)
    >>> found = purchase_probability(fit, CustomerSummary.from_frame(frame, time_unit="W"), horizon=[13])
    >>> found["p_purchase_mean"].round(4).tolist(), round(1 - (50.96 / 63.96) ** 2.385, 4)
    ([0.4184], 0.4184)
    """
    scoring = scoring_for(purchases, summary, samples)
    table = summary.table.iloc[rows_of(summary.table, ids)].reset_index(drop=True)
    times = (
        months_ahead(summary, 12)[[1, 3, 12]] if horizon is None else np.unique(np.asarray(horizon, dtype=np.float64))
    )
    if times.size == 0 or not ((times > 0) & np.isfinite(times)).all():
        raise DomainError(Code.NOT_ABOVE_ZERO, parameter="horizon", given=Setting("horizon", horizon))
    shape = scoring.samples

    def of(rows: NDArray[np.int64], history: History, law: Parameters) -> list[Array]:
        columns = [
            band(
                "p_purchase",
                np.broadcast_to(scoring.law.p_purchase(history, law, horizon=float(t)), (len(rows), shape)),
            )
            for t in times
        ]
        return [np.stack([column[name] for column in columns], axis=1) for name in columns[0]]

    values = columns_of(scoring, table, of)
    found = pd.DataFrame(
        {
            "customer_id": table["customer_id"].repeat(times.size).to_numpy(),
            "date": pd.DatetimeIndex(np.tile(dates(summary, times).to_numpy(), len(table))),
            "time": np.tile(times, len(table)),
        }
    )
    names = band("p_purchase", np.zeros((1, 1)))
    return found.assign(**{name: column.ravel() for name, column in zip(names, values, strict=True)})


def next_purchase(
    purchases: Purchases,
    summary: CustomerSummary,
    probabilities: Sequence[float] = (0.5, 0.9),
    *,
    ids: Sequence[object] | None = None,
    years: float = YEARS,
    samples: int | None = 200,
) -> pd.DataFrame:
    """The time by which the next purchase has come with a given probability.

    The t with `mean over draws of P(X(t) ≥ 1) = probability`. Who may have left already may never buy again, so that a
    probability need not be reached at all.

    Parameters
    ----------
    purchases, summary, ids
        As in `alive_over_time`.
    probabilities
        In (0, 1).
    years
        How far to look, > 0.
    samples
        Draws of the posterior that the probability is averaged over; None for all.

    Returns
    -------
    pandas.DataFrame
        One row per customer: `customer_id, p_alive_mean`, and for each probability, such as 0.5, `wait_50` (time units
        from the end of observation), `date_50` (the first day by which it is reached) and `note_50` (why they are
        missing, where the probability is not reached).

    Raises
    ------
    DomainError
        If a probability is none, or a customer not known.
    FitError
        If the fit did not converge, or is of another time unit.

    Examples
    --------
    >>> from kundenwert.bayes import known
    >>> from kundenwert.data import CustomerSummary
    >>> from kundenwert.laws import NBD
    >>> frame = pd.DataFrame({"frequency": [2], "recency": [30.43], "T": [38.86]})
    >>> fit = known(NBD(), r=0.385, alpha=12.1)
    >>> found = next_purchase(fit, CustomerSummary.from_frame(frame, time_unit="W"), [0.5])
    >>> found["wait_50"].round(3).item(), round(50.96 * (2 ** (1 / 2.385) - 1), 3)
    (17.187, 17.187)
    """
    wanted = [float(share) for share in probabilities]
    if odd := [share for share in wanted if not 0 < share < 1]:
        raise DomainError(Code.NO_PROBABILITY, parameter="probabilities", given=odd[0])
    if not 0 < years < np.inf:
        raise DomainError(Code.NOT_ABOVE_ZERO, parameter="years", given=Setting("years", years))
    scoring = scoring_for(purchases, summary, samples)
    table = summary.table.iloc[rows_of(summary.table, ids)].reset_index(drop=True)
    longest = years * summary.units_per_year
    logs = np.linspace(np.log(_FIRST / summary.days_per_unit), np.log(longest), _POINTS)

    def of(rows: NDArray[np.int64], history: History, law: Parameters) -> list[Array]:
        del rows
        alive = scoring.law.p_alive(history, law)
        reached = [
            scoring.law.p_purchase(history, law, horizon=float(t), alive=alive).mean(axis=1) for t in np.exp(logs)
        ]
        return [alive.mean(axis=1), np.stack(reached, axis=1)]

    alive, reached = columns_of(scoring, table, of)
    found: dict[str, object] = {"customer_id": table["customer_id"].to_numpy(), "p_alive_mean": alive}
    for share in wanted:
        wait = _reached(share, logs, reached)
        name = f"{100 * share:g}"
        notes = [_note(share, *of_one, years) for of_one in zip(wait, alive, reached[:, -1], strict=True)]
        found |= {f"wait_{name}": wait, f"date_{name}": dates(summary, wait, complete=True), f"note_{name}": notes}
    return pd.DataFrame(found)


def _reached(share: float, logs: Array, reached: Array) -> Array:
    """Time at which each row reaches a probability; missing where it does not."""
    from scipy.interpolate import CubicSpline  # noqa: PLC0415

    curved = np.log(-np.log1p(-np.clip(reached, _NONE, _ONE)))  # a straight line for who buys at one known rate
    level = np.log(-np.log1p(-share))
    wait = np.full(len(reached), np.nan)
    at_once = curved[:, 0] >= level
    wait[at_once] = np.exp(logs[0] + level - curved[at_once, 0])
    some = np.flatnonzero(~at_once & (curved[:, -1] >= level))
    if some.size:
        piece = np.maximum((curved[some] < level).sum(axis=1) - 1, 0)
        cubic = CubicSpline(logs, curved[some].T).c[:, piece, np.arange(some.size)]
        low, high = np.zeros(some.size), np.full(some.size, logs[1] - logs[0])
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            below = np.polyval(cubic, middle) < level
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        wait[some] = np.exp(logs[piece] + high)
    return wait


def _note(share: float, wait: float, alive: float, reached: float, years: float) -> str:
    if not np.isnan(wait):
        return ""
    if alive < share:
        return say(Code.WAIT_NEVER, {"share": share, "alive": alive})
    return say(Code.WAIT_LONGER, {"share": share, "years": years, "reached": reached})
