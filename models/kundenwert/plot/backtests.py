"""Forecasts from days of the past: what was said of totals, what came, and how often intervals held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kundenwert.compare import NOMINAL
from kundenwert.errors import DomainError
from kundenwert.plot import objects
from kundenwert.plot.lines import LOOKS, called
from kundenwert.plot.style import ACTUAL, INTERVAL, QUIET, date_axis, dress, legend, new_axes, shares, thousands

if TYPE_CHECKING:
    from kundenwert.backtests import Backtest

type Quantity = Literal["purchases", "revenue"]

_SCOPES = {"customer": "customers", "cohort": "cohorts", "total": "total"}


def backtest(
    given: pd.DataFrame | Backtest,
    *,
    ax: Axes | None = None,
    quantity: Quantity = "purchases",
    days: int | None = None,
    show: Sequence[str] = ("kundenwert",),
) -> Axes:
    """Show what was forecast of totals on days of the past, and what came.

    Parameters
    ----------
    given
        A back-test, or its table.
    ax
        Axes to draw on; None makes one.
    quantity
        Purchases, or revenue.
    days
        How far the forecasts look, in days; as little as any does if not given.
    show
        Names of up to five forecasts: those with an interval are drawn in it, the others are points.

    Returns
    -------
    matplotlib.axes.Axes
        At each origin the median in its interval, and what came.

    Raises
    ------
    DomainError
        If there is no such forecast or length, or there are more than five.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> names = {"horizon": 91, "scope": "total", "quantity": "purchases", "forecast": "kundenwert"}
    >>> numbers = {"actual": [7.0, 6.0], "mean": 5.0, "q05": 3.0, "q50": 5.0, "q95": 8.0}
    >>> table = pd.DataFrame({"origin": pd.to_datetime(["2024-01-01", "2024-04-01"]), **names, **numbers})
    >>> backtest(table, ax=Figure().subplots()).lines[-1].get_ydata().tolist()
    [7.0, 6.0]
    """
    if len(show) > len(LOOKS):
        raise DomainError(f"up to {len(LOOKS)} forecasts can be told apart in one picture; name fewer with show")
    table, length = _rows(given, quantity, days)
    table = table[table["scope"] == "total"]
    ax = new_axes(ax)
    gap = pd.Timedelta(days=_step(table["origin"]) * 0.1)
    for place, (name, look) in enumerate(zip(show, LOOKS, strict=False)):
        rows = _named(table, name)
        at = rows["origin"] + gap * (place - (len(show) - 1) / 2)
        _interval(ax, at, rows, called(name, longest=24), look)
    happened = table.drop_duplicates("origin").sort_values("origin")
    ax.plot(
        happened["origin"], happened["actual"], "x", color=ACTUAL, markersize=7, mew=1.8, label="what came", zorder=5
    )
    ax.set_ylim(bottom=0)
    thousands(ax.yaxis)
    what = "Purchases" if quantity == "purchases" else "Revenue"
    dress(ax, title=f"{what} of {length} days: forecast and what came", x="Day of the forecast", y=what)
    date_axis(ax)
    legend(ax)
    return ax


def backtest_coverage(
    given: pd.DataFrame | Backtest,
    *,
    ax: Axes | None = None,
    quantity: Quantity = "purchases",
    days: int | None = None,
    forecast: str = "kundenwert",
) -> Axes:
    """Show how many intervals held what came, origin by origin: of customers, of cohorts, and of the total.

    Parameters
    ----------
    given
        A back-test, or its table.
    ax
        Axes to draw on; None makes one.
    quantity, days
        As in `backtest`.
    forecast
        Name of a forecast with intervals.

    Returns
    -------
    matplotlib.axes.Axes
        A line for customers and one for cohorts; the total, which holds or does not, is a point at 100 % or 0 %.

    Raises
    ------
    DomainError
        If there is no such forecast or length.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> names = {"horizon": 91, "scope": "customer", "quantity": "purchases", "forecast": "kundenwert"}
    >>> table = pd.DataFrame({"origin": pd.to_datetime(["2024-01-01", "2024-04-01"]), **names, "inside": [0.8, 0.9]})
    >>> backtest_coverage(table, ax=Figure().subplots()).lines[1].get_ydata().tolist()
    [0.8, 0.9]
    """
    table, length = _rows(given, quantity, days)
    table = _named(table, forecast)
    ax = new_axes(ax)
    ax.axhline(
        NOMINAL, color=QUIET, linewidth=1.0, linestyle=(0, (4, 2)), zorder=1, label=f"nominal, {100 * NOMINAL:.0f} %"
    )
    for (scope, label), (colour, dashes, marker) in zip(_SCOPES.items(), LOOKS, strict=False):
        rows = table[table["scope"] == scope]
        line = "none" if scope == "total" else dashes
        ax.plot(rows["origin"], rows["inside"], color=colour, linestyle=line, marker=marker, markersize=5, label=label)
    ax.set_ylim(-0.04, 1.04)
    shares(ax.yaxis)
    dress(
        ax,
        title=f"Inside the {INTERVAL}: {quantity} of {length} days",
        x="Day of the forecast",
        y="Share inside",
    )
    date_axis(ax)
    legend(ax)
    return ax


def _rows(given: pd.DataFrame | Backtest, quantity: str, days: int | None) -> tuple[pd.DataFrame, int]:
    """Rows of one quantity and length, in the order of time; and the length in days."""
    table = objects.backtested(given)
    table = table[table["quantity"] == quantity]
    known = sorted({int(one) for one in table["horizon"]})
    if not known:
        raise DomainError(f"there is no forecast of {quantity}")
    length = known[0] if days is None else days
    if length not in known:
        raise DomainError(
            f"no forecast of {quantity} looks {length} days ahead; there are {', '.join(map(str, known))}"
        )
    return table[table["horizon"] == length].sort_values("origin", kind="stable"), length


def _named(table: pd.DataFrame, name: str) -> pd.DataFrame:
    rows = table[table["forecast"] == name]
    if rows.empty:
        known = ", ".join(table["forecast"].astype(str).drop_duplicates())
        raise DomainError(f"there is no forecast {name!r} of this length; there are {known}")
    return rows


def _step(origins: pd.Series) -> float:
    """Days from one origin to the next, at least."""
    days = origins.drop_duplicates().diff().dt.days.dropna()
    return float(days.min()) if len(days) else 91.0


def _interval(ax: Axes, at: pd.Series, rows: pd.DataFrame, label: str, look: tuple[object, ...]) -> None:
    """Draw medians in their intervals, or points where there are none."""
    colour, _, marker = look
    if rows["q50"].isna().all():
        ax.plot(at, rows["mean"], str(marker), color=str(colour), mfc="white", mew=1.4, markersize=6, label=label)
        return
    spread = np.clip([rows["q50"] - rows["q05"], rows["q95"] - rows["q50"]], 0, None)
    ax.errorbar(
        at, rows["q50"], yerr=spread, fmt=str(marker), color=str(colour), markersize=5.5, elinewidth=1.8, capsize=4,
        label=f"{label}, {INTERVAL}",
    )  # fmt: skip
