"""The calendar: how purchases and prices moved, how they may move, and season told from drop-out by age."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm

from kundenwert.plot.style import BAND, INTERVAL, MODEL, QUIET, date_axis, dress, legend, new_axes

if TYPE_CHECKING:
    from kundenwert.calendar import Calendar

MOST_DEVIATION = 2.0
"""Largest observed over expected that colours tell apart; and its inverse the smallest."""


def calendar_factor(
    given: pd.DataFrame | Calendar, *, ax: Axes | None = None, of: Literal["rate", "price"] = "rate"
) -> Axes:
    """Show how much more or less was bought, or paid, by period than without a calendar, and what may come.

    Parameters
    ----------
    given
        A calendar, or its table.
    ax
        Axes to draw on; None makes one.
    of
        "rate": of purchases, with observed over expected ones as points; "price": of their values.

    Returns
    -------
    matplotlib.axes.Axes
        A line in its band; a vertical line at the end of observation.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> days = pd.to_datetime(["2024-01-01", "2024-01-29"])
    >>> table = pd.DataFrame({"start": days, "end": days + pd.Timedelta(days=27), "ahead": [False, True]})
    >>> table = table.assign(purchases=[30.0, np.nan], expected=[20.0, np.nan])
    >>> table = table.assign(rate_q05=0.5, rate_q50=1.0, rate_q95=2.0)
    >>> calendar_factor(table, ax=Figure().subplots()).lines[0].get_ydata().tolist()
    [1.0, 1.0]
    """
    table = given if isinstance(given, pd.DataFrame) else given.table()
    ax = new_axes(ax)
    middle = table["start"] + (table["end"] - table["start"]) / 2
    ax.plot(middle, table[f"{of}_q50"], color=MODEL, label="Median")
    ax.fill_between(middle, table[f"{of}_q05"], table[f"{of}_q95"], color=BAND, linewidth=0, label=INTERVAL)
    if of == "rate":
        seen = ~table["ahead"] & (table["expected"] > 0)
        share = table.loc[seen, "purchases"] / table.loc[seen, "expected"]
        ax.plot(middle[seen], share, "o", color=MODEL, mfc="white", markersize=4, label="Observed / expected")
    ax.axhline(1, color=QUIET, linewidth=0.8, zorder=0)
    for today in table.loc[~table["ahead"], "end"].tail(1):
        ax.axvline(today, color=QUIET, linewidth=0.8, zorder=0)
    ax.set_ylim(0, None)
    what = "Purchases" if of == "rate" else "Values"
    dress(ax, title=f"{what} by period, as a factor", x="", y="1: the window's mean")
    date_axis(ax)
    legend(ax)
    return ax


def age_by_period(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Show observed over expected purchases by customers' age and calendar period: a season stands in columns.

    A drop-out law that is not the model's stands in rows, whatever the date.

    Parameters
    ----------
    table
        What `calendar.age_by_period` returns.
    ax
        Axes to draw on; None makes one.

    Returns
    -------
    matplotlib.axes.Axes
        A heat map; cells with fewer than one expected purchase are left blank.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> days = pd.to_datetime(["2024-01-01", "2024-01-29"])
    >>> table = pd.DataFrame({"start": days, "age": [0.0, 0.5], "purchases": [9.0, 4.0], "expected": [6.0, 4.0]})
    >>> age_by_period(table, ax=Figure().subplots()).collections[0].get_array().compressed().round(2).tolist()
    [1.5, 1.0]
    """
    ax = new_axes(ax)
    sums = table.pivot_table(index="age", columns="start", values=["purchases", "expected"], aggfunc="sum")
    expected = sums["expected"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(expected >= 1, sums["purchases"].to_numpy() / expected, np.nan)
    norm = TwoSlopeNorm(1.0, 1 / MOST_DEVIATION, MOST_DEVIATION)
    starts, ages = sums["expected"].columns, sums["expected"].index
    mesh = ax.pcolormesh(
        np.arange(len(starts) + 1), np.arange(len(ages) + 1), np.ma.masked_invalid(ratio), cmap="PuOr_r", norm=norm
    )
    shown = np.unique(np.linspace(0, len(starts) - 1, min(6, len(starts))).astype(int))
    ax.set_xticks(shown + 0.5, [f"{starts[k]:%Y-%m}" for k in shown])
    ax.set_yticks(np.arange(len(ages)) + 0.5, [f"{age:g}" for age in ages])
    dress(ax, title="Observed / expected purchases", x="Period", y="Years since first purchase", grid=None)
    if ax.figure is not None:
        bar = ax.figure.colorbar(mesh, ax=ax, extend="both")
        bar.set_ticks([0.5, 0.75, 1.0, 1.5, 2.0], labels=["0.5", "0.75", "1", "1.5", "2"])
    return ax
