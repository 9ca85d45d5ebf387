"""Draws of all customers as one labelled array: ids as coordinates, in the order of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kundenwert.errors import DomainError, SchemaError
from kundenwert.predict.blocks import CustomerDraws, Purchases, Spend, read_draws, scorings

if TYPE_CHECKING:
    import xarray as xr

    from kundenwert.calendar import Calendar
    from kundenwert.predict.horizon import Horizon

HOLDOUT = ("expected_holdout_purchases", "holdout_purchases", "expected_holdout_value", "holdout_value")
NAMES = (
    *("p_alive", "expected_purchase_rate", "expected_time", "expected_purchases", "purchases"),
    *("expected_spend", "expected_value", "value", *HOLDOUT),
)

LARGEST = 250_000_000
"""Most numbers that are put into one array: two gigabytes."""


class _Table:
    """A reader that puts each block where its customers stand in the table."""

    def __init__(self, names: tuple[str, ...], customers: int, samples: int) -> None:
        self.columns = {name: np.empty((customers, samples)) for name in names}

    def read(self, block: CustomerDraws) -> CustomerDraws:
        return block

    def add(self, part: CustomerDraws) -> None:
        for name, values in self.columns.items():
            values[part.rows] = getattr(part, name)


def customer_draws(
    purchases: Purchases,
    spend: Spend,
    table: pd.DataFrame,
    *,
    horizon: Horizon,
    names: tuple[str, ...] | None = None,
    seed: int = 1,
    samples: int | None = None,
    threads: int | None = None,
    calendar: Calendar | None = None,
) -> xr.Dataset:
    """Draw purchases and their value for each customer.

    Parameters
    ----------
    purchases, spend
        Fits of a law of purchases and of one of spend, or what is needed of them to score customers; their draws are
        paired by number.
    table
        Columns `customer_id, frequency, recency, T, monetary_value`, in the time unit of the fit.
    horizon
        How far to look, and how to discount.
    names
        Which quantities to keep, of those of `CustomerDraws`; all if not given.
    seed
        Makes the draws reproducible, customer by customer.
    samples
        Draws for each customer; as many as the smaller posterior has if not given.
    threads
        Worker threads; as many as there are processors if not given. The result does not depend on it.
    calendar
        Factors of the rate of purchases and of prices that all customers share within a draw; none if not given. It
        must be learned up to the table's end of observation, in its unit of time (`Calendar.check`).

    Returns
    -------
    xarray.Dataset
        Dims `customer_id` (in the table's order) and `sample`. `purchases` and `value` are outcomes; `expected_...`
        are expectations given the parameters. Money is before margin, discounted from the end of observation.

    Raises
    ------
    SchemaError
        If there is no quantity of a name.
    DomainError
        If a customer stands in two rows, or the array would take more than two gigabytes;
        `predict.customer_blocks` keeps a few customers at a time.

    Examples
    --------
    >>> from kundenwert.bayes import known
    >>> from kundenwert.laws import GammaGamma, ParetoNBD
    >>> from kundenwert.predict import Horizon
    >>> buy = known(ParetoNBD(), r=0.5533971, alpha=10.5801985, s=0.6060625, beta=11.6562237)
    >>> table = pd.DataFrame({"customer_id": ["b", "a"], "frequency": [0, 2], "recency": [0.0, 30.43], "T": 38.86,
    ...                       "monetary_value": [np.nan, 22.35]})
    >>> drawn = customer_draws(buy, known(GammaGamma(), p=6.25, q=3.74, v=15.44), table, horizon=Horizon(39.0))
    >>> drawn["customer_id"].values.tolist(), drawn["p_alive"].sel(customer_id="a").values.round(4).tolist()
    (['b', 'a'], [0.8691])
    """
    known = NAMES if horizon.holdout is not None else tuple(name for name in NAMES if name not in HOLDOUT)
    names = known if names is None else names
    if unknown := [name for name in names if name not in known]:
        raise SchemaError(f"there are no draws of {unknown[0]!r}; choose among {', '.join(known)}")
    if table["customer_id"].duplicated().any():
        raise DomainError("a customer stands in more than one row of the table; keep one row for each")
    size = scorings(purchases, spend, samples=samples)[0].samples
    if len(table) * size * len(names) > LARGEST:
        raise DomainError(
            f"{len(names)} quantities of {len(table):,} customers in {size:,} draws do not fit into one array: ask for "
            "fewer names or samples, or go through predict.customer_blocks"
        )
    reader = _Table(names, len(table), size)
    read_draws(
        purchases,
        spend,
        table,
        [reader],
        horizon=horizon,
        seed=seed,
        samples=samples,
        threads=threads,
        calendar=calendar,
    )
    import xarray as xr  # noqa: PLC0415

    data = {name: (("customer_id", "sample"), values) for name, values in reader.columns.items()}
    return xr.Dataset(data, coords={"customer_id": table["customer_id"].to_numpy(), "sample": np.arange(size)})
