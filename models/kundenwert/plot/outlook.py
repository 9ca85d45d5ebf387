"""Customers through time: how surely they are customers, how many of a cohort will be, and what months may bring."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kundenwert.plot import objects
from kundenwert.plot.lines import BANDS, LOOKS, called, picked
from kundenwert.plot.style import BAND, INTERVAL, MODEL, QUIET, date_axis, dress, legend, new_axes, thousands

if TYPE_CHECKING:
    from kundenwert.bayes import Fit
    from kundenwert.data import CustomerSummary, TransactionLog
    from kundenwert.laws import PurchaseLaw
    from kundenwert.outlook import Forecast

_WIDE = "#DCEBF5"


def alive_over_time(
    given: pd.DataFrame | Fit[PurchaseLaw],
    *,
    ax: Axes | None = None,
    ids: Sequence[str] | None = None,
    summary: CustomerSummary | None = None,
    log: TransactionLog | None = None,
) -> Axes:
    """Show the probability that customers are customers, as their histories unfolded and from now on.

    Parameters
    ----------
    given
        What `outlook.alive_over_time` returns, or a fit, with the summary and for the past the log.
    ax
        Axes to draw on; None makes one.
    ids
        Which customers, up to five; if not given the first ones of the table.
    summary, log
        For a fit.

    Returns
    -------
    matplotlib.axes.Axes
        A line in its band for each customer; a vertical line at the end of observation.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> band = {"p_alive_mean": [1.0, 0.5], "p_alive_q05": [1.0, 0.4], "p_alive_q95": [1.0, 0.6]}
    >>> table = pd.DataFrame({"customer_id": "0001", "date": pd.NaT, "time": [-4.0, 0.0], **band})
    >>> alive_over_time(table, ax=Figure().subplots()).lines[0].get_ydata().tolist()
    [1.0, 0.5]
    """
    table = objects.alive(given, summary, log, ids)
    ax = new_axes(ax)
    dated = bool(table["date"].notna().all())
    who = [str(one) for one in ids] if ids is not None else table["customer_id"].drop_duplicates().tolist()
    for name, look in zip(who[: len(LOOKS)], LOOKS, strict=False):
        rows = table[table["customer_id"].astype(str) == str(name)]
        _banded(ax, rows["date" if dated else "time"], rows, "p_alive", called(str(name), longest=24), look)
    for today in table.loc[table["time"] == 0, "date" if dated else "time"].head(1):
        ax.axvline(today, color=QUIET, linewidth=0.8, zorder=0)
    ax.set_ylim(-0.02, 1.02)
    x = "Date" if dated else "Time after the end of observation"
    dress(ax, title="Probability of being alive", x=x, y=f"P(alive), {INTERVAL}")
    if dated:
        date_axis(ax)
    legend(ax, title="Customer")
    return ax


def survival(
    given: pd.DataFrame | Fit[PurchaseLaw],
    *,
    ax: Axes | None = None,
    customers_are: Literal["new", "today"] = "new",
    show: Sequence[str] | None = None,
    summary: CustomerSummary | None = None,
) -> Axes:
    """Show the expected share of a cohort's customers who still are customers, with how well it is known.

    Parameters
    ----------
    given
        What `outlook.survival` returns, or a fit, with the summary.
    ax
        Axes to draw on; None makes one.
    customers_are
        New ones, from their first purchase on, or those of today, from now on.
    show
        Cohorts to draw; if not given, two of them: of more the bands would cover one another.
    summary
        For a fit.

    Returns
    -------
    matplotlib.axes.Axes
        A line in its band for each cohort.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> band = {f"expected_survival_{end}": [1.0, at] for end, at in (("mean", 0.5), ("q05", 0.4), ("q95", 0.6))}
    >>> table = pd.DataFrame({"customers_are": "new", "cohort": "web", "customers": 9, "time": [0.0, 26.0], **band})
    >>> survival(table, ax=Figure().subplots()).lines[0].get_ydata().tolist()
    [1.0, 0.5]
    """
    table = objects.survival(given, summary)
    table = table[table["customers_are"] == customers_are]
    by = str(table.columns[1])
    names = [str(name) for name in table[by].drop_duplicates()]
    ends = table.groupby(by, sort=False)["expected_survival_mean"].last().to_numpy()
    ax = new_axes(ax)
    for place, look in zip(picked(ends, BANDS, names=names, show=show), LOOKS, strict=False):
        rows = table[table[by].astype(str) == names[place]]
        label = f"{called(names[place], longest=24)} (n = {int(rows['customers'].iloc[0]):,})"
        _banded(ax, rows["time"], rows, "expected_survival", label, look)
    ax.set_ylim(0, 1.02)
    since = "first purchase" if customers_are == "new" else "end of observation"
    whose = "new customers" if customers_are == "new" else "today's customers"
    dress(
        ax,
        title=f"Share of {whose} who still are customers",
        x=f"Time since the {since}",
        y=f"Expected share, {INTERVAL}",
    )
    legend(ax)
    return ax


def forecast(
    given: pd.DataFrame | Forecast, *, ax: Axes | None = None, quantity: Literal["purchases", "rlv"] = "purchases"
) -> Axes:
    """Show what each window of time to come is forecast to bring: of the outcome, and of its expectation.

    Parameters
    ----------
    given
        A forecast, whose total is drawn, or rows of one of its tables, a row for each window.
    ax
        Axes to draw on; None makes one.
    quantity
        Purchases, or value.

    Returns
    -------
    matplotlib.axes.Axes
        At the middle of each window the mean, in the interval of the expectation and the wider one of the outcome.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> table = pd.DataFrame({"start": pd.NaT, "end": pd.NaT, "start_time": [0.0, 4.0], "end_time": [4.0, 8.0],
    ...     "expected_purchases_mean": [5.0, 4.0], "expected_purchases_q05": [4.0, 3.0], "purchases_q05": [2.0, 1.0],
    ...     "expected_purchases_q95": [6.0, 5.0], "purchases_q95": [9.0, 8.0]})
    >>> forecast(table, ax=Figure().subplots()).lines[0].get_xydata().tolist()
    [[2.0, 5.0], [6.0, 4.0]]
    """
    table = objects.forecast(given).sort_values(["start_time", "end_time"])
    ax = new_axes(ax)
    dated = bool(table["start"].notna().all())
    start, end = (table[name] for name in (("start", "end") if dated else ("start_time", "end_time")))
    middle = start + (end - start) / 2
    expected = f"expected_{quantity}"
    mean = table[f"{expected if quantity == 'purchases' else quantity}_mean"]
    for name, colour, label in (
        (quantity, _WIDE, f"outcome, {INTERVAL}"),
        (expected, BAND, f"expectation, {INTERVAL}"),
    ):
        ax.fill_between(middle, table[f"{name}_q05"], table[f"{name}_q95"], color=colour, label=label, linewidth=0)
    ax.plot(middle, mean, "o-", color=MODEL, markersize=4, label="mean")
    ax.set_ylim(bottom=min(0.0, float(np.nanmin(table[f"{quantity}_q05"]))))
    thousands(ax.yaxis, whole=False)
    what = "Purchases" if quantity == "purchases" else "Value"
    dress(
        ax,
        title=f"{what} to come",
        x="Date" if dated else "Time after the end of observation",
        y=f"{what} of each window",
    )
    if dated:
        date_axis(ax)
    legend(ax)
    return ax


def _banded(ax: Axes, x: pd.Series, rows: pd.DataFrame, name: str, label: str, look: tuple[object, ...]) -> None:
    """Draw a line in its band."""
    colour, dashes, _ = look
    ax.fill_between(x, rows[f"{name}_q05"], rows[f"{name}_q95"], color=colour, alpha=0.18, linewidth=0)
    ax.plot(x, rows[f"{name}_mean"], color=colour, linestyle=dashes, linewidth=1.6, label=label)
