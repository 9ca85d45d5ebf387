"""A log whose customers buy by a calendar, made from one whose customers know none: some purchases are taken out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kundenwert.errors import DomainError, SchemaError


def thinned(
    transactions: pd.DataFrame,
    level: pd.Series,
    *,
    rng: np.random.Generator,
    price: pd.Series | None = None,
) -> pd.DataFrame:
    r"""Take out purchases until customers buy at rate `λ g(t) / max g` while they are customers.

    Each repeat purchase is kept with probability `g(t) / max g`: what is left of a Poisson process of rate λ is one of
    that rate, exactly. First purchases are kept, whatever their day.

    Parameters
    ----------
    transactions
        A log without a calendar, such as that of `simulate_population`: `customer_id, date, amount`.
    level
        g ≥ 0 by day, for every day of the log; its index holds dates.
    rng
        Source of randomness.
    price
        Factor of amounts by day, > 0, likewise; none if not given.

    Returns
    -------
    pandas.DataFrame
        Rows of the log, in order.

    Raises
    ------
    SchemaError
        If a column is missing.
    DomainError
        If a day has no level or price, or one has no meaning.

    Examples
    --------
    >>> log = pd.DataFrame({"customer_id": "a", "date": pd.date_range("2024-01-01", periods=4), "amount": 10.0})
    >>> level = pd.Series([1.0, 0.0, 1.0, 1.0], index=log["date"])
    >>> thinned(log, level, rng=np.random.default_rng(1), price=2 * level + 1)["amount"].tolist()
    [30.0, 30.0, 30.0]
    """
    if missing := {"customer_id", "date", "amount"} - set(transactions):
        raise SchemaError(f"the log has no column {min(missing)!r}")
    days = pd.to_datetime(transactions["date"])
    first = days.groupby(transactions["customer_id"]).transform("min")
    g = _by_day(level, days, "level", above=False)
    kept = (days == first) | (rng.random(len(days)) * float(level.max()) < g)
    found = transactions.copy()
    if price is not None:
        found["amount"] = found["amount"] * _by_day(price, days, "price", above=True).to_numpy()
    left: pd.DataFrame = found[kept.to_numpy()].reset_index(drop=True)
    return left


def _by_day(factor: pd.Series, days: pd.Series, name: str, *, above: bool) -> pd.Series:
    """Look each row's day up."""
    found = pd.Series(days.map(factor).to_numpy(np.float64), index=days.index)
    if found.isna().any():
        raise DomainError(f"{days[found.isna()].iloc[0]:%Y-%m-%d} has no {name}; give one for every day of the log")
    if not np.isfinite(found).all() or found.min() < 0 or (above and found.min() == 0) or not found.max() > 0:
        raise DomainError(f"the {name} of a day is {'above' if above else 'at least'} 0 and finite, and not all are 0")
    return found
