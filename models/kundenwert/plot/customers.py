"""Single customers: their purchases through time, and how surely they are still alive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.dates import date2num
from numpy.typing import ArrayLike

from kundenwert.errors import DomainError
from kundenwert.plot import objects
from kundenwert.plot.names import plain
from kundenwert.plot.style import (
    ACTUAL,
    MODEL,
    OKABE_ITO,
    QUIET,
    TICK,
    beside,
    date_axis,
    dress,
    inches_high,
    new_axes,
    row_labels,
    thousands,
)

if TYPE_CHECKING:
    from kundenwert.data import TransactionLog

_ALIVE = LinearSegmentedColormap.from_list("alive", ["#FFFFFF", "#D6E7F3", "#56A0CE", "#0072B2", "#003A5C"])


def p_alive_surface(
    frequency: ArrayLike,
    recency: ArrayLike,
    p_alive: ArrayLike,
    *,
    time_unit: str = "weeks",
    ax: Axes | None = None,
) -> Axes:
    """Show the probability of being alive over the number of repeat purchases and the time of the last one.

    Parameters
    ----------
    frequency
        Repeat purchases, ascending, shape (m,); from 1 on, since a one-time buyer has only the recency 0.
    recency
        Time from first to last purchase, ascending, shape (n,), in time units.
    p_alive
        Probabilities, shape (n, m): one row per recency.
    time_unit
        The unit's name for the axis.
    ax
        Axes to draw on; None makes one.

    Returns
    -------
    matplotlib.axes.Axes
        Shades with labelled contours.

    Raises
    ------
    DomainError
        If the shapes do not match.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = p_alive_surface([1, 2, 3], [1.0, 9.0], [[0.5, 0.2, 0.1], [0.5, 0.8, 0.9]], ax=Figure().subplots())
    >>> ax.get_xlabel()
    'Repeat purchases'
    """
    x, y, z = (np.asarray(values, dtype=np.float64) for values in (frequency, recency, p_alive))
    if z.shape != (len(y), len(x)):
        raise DomainError(f"p_alive must have shape (recency, frequency) = ({len(y)}, {len(x)}), not {z.shape}")
    ax = new_axes(ax, width=5.6, height=4.2)
    ax.contourf(x, y, z, levels=np.linspace(0, 1, 21), cmap=_ALIVE, vmin=0, vmax=1)
    for levels, colour in (([0.1, 0.25, 0.5], ACTUAL), ([0.75, 0.9, 0.95], "#FFFFFF")):
        if z.min() < levels[-1] and z.max() > levels[0]:
            lines = ax.contour(x, y, z, levels=levels, colors=colour, linewidths=0.9)
            ax.clabel(lines, fmt=lambda value: f"{100 * value:.0f} %", fontsize=TICK)
    thousands(ax.xaxis)
    thousands(ax.yaxis, whole=False)
    return dress(
        ax, title="Probability of being alive", x="Repeat purchases",
        y=f"Time from first to last purchase ({plain(time_unit, longest=12)})", grid=None,
    )  # fmt: skip


def customer_timelines(
    purchases: pd.DataFrame | TransactionLog,
    *,
    customers: Sequence[str] | None = None,
    observation_end: str | pd.Timestamp,
    holdout_end: str | pd.Timestamp | None = None,
    p_alive: Mapping[str, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Show the purchases of some customers through time, each on a line from the first purchase on.

    Parameters
    ----------
    purchases
        A log, or columns `customer_id`, `date`: a row per purchase of the customers to be shown, in the order in
        which the customers first appear.
    customers
        Which customers; of a log they have to be named, and are shown in this order.
    observation_end, holdout_end
        Last days of observation and hold-out; the hold-out is shaded.
    p_alive
        Probability of being alive at the end of observation by customer, written at the line's end.
    ax
        Axes to draw on; None makes one.

    Returns
    -------
    matplotlib.axes.Axes
        One line per customer.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> purchases = pd.DataFrame({"customer_id": ["0001", "0001", "0007"],
    ...                           "date": pd.to_datetime(["2024-01-01", "2024-02-01", "2024-01-15"])})
    >>> ax = customer_timelines(purchases, observation_end="2024-06-30", p_alive={"0001": 0.5}, ax=Figure().subplots())
    >>> [label.get_text() for label in ax.get_yticklabels()], ax.texts[-1].get_text()
    (['0001', '0007'], '50 %')
    """
    purchases = objects.timelines(purchases, customers)
    shown = list(dict.fromkeys(purchases["customer_id"].astype(str)))
    ax = new_axes(ax, height=float(np.clip(1.5 + 0.27 * len(shown), 2.4, 9.4)))
    rows = dict(zip(shown, row_labels(ax, shown, height=inches_high(ax)), strict=True))
    observed, last = _days(observation_end), _days(holdout_end or observation_end)
    dates = pd.Series(date2num(pd.to_datetime(purchases["date"])), index=purchases.index)
    height = purchases["customer_id"].astype(str).map(rows)
    for customer, first in dates.groupby(purchases["customer_id"].astype(str), sort=False).min().items():
        ax.hlines(rows[str(customer)], first, max(last, first), color=QUIET, linewidth=0.8, zorder=1)
    before = (dates <= observed).to_numpy()
    ax.xaxis_date()
    ax.plot(dates[before], height[before], "o", color=MODEL, markersize=5, zorder=3)
    ax.plot(dates[~before], height[~before], "D", color=OKABE_ITO["vermillion"], mfc="white", markersize=5, zorder=3)
    if last > observed:
        ax.axvspan(observed, last, color="#EFEFEF", zorder=0, linewidth=0)
        beside(ax, "hold-out", (observed, 1.0), (4, 2), of=("data", "axes fraction"), color=QUIET, style="italic")
    if p_alive is not None:
        beside(ax, "P(alive)", (1.0, 1.0), (6, 2), of="axes fraction", color=QUIET)
        for customer, probability in p_alive.items():
            if customer in rows:
                share = f"{100 * probability:.0f} %"
                beside(ax, share, (1.0, rows[customer]), (6, 0), of=("axes fraction", "data"), va="center")
    ax.set_xlim(right=last)
    dress(ax, title="Purchases of single customers", x="Date", y="Customer", grid="x")
    date_axis(ax)
    return ax


def _days(date: str | pd.Timestamp) -> float:
    return float(date2num(pd.Timestamp(date)))
