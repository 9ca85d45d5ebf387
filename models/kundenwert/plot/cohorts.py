"""Cohorts through time and side by side: who comes back, what they bring, how the pooled model sees them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kundenwert.data.customers import name_of_everybody
from kundenwert.plot import objects
from kundenwert.plot.lines import Lines, by_cohort, called
from kundenwert.plot.names import name_ticks, plain
from kundenwert.plot.style import (
    ACTUAL,
    BARS,
    INTERVAL,
    MODEL,
    OKABE_ITO,
    QUIET,
    dress,
    inches_high,
    legend_above,
    new_axes,
    row_labels,
    thousands,
)
from kundenwert.plot.surfaces import cells

if TYPE_CHECKING:
    from kundenwert.bayes import Fit
    from kundenwert.data import CustomerSummary, TransactionLog
    from kundenwert.value import ValueResult


def retention_triangle(table: pd.DataFrame | TransactionLog, *, ax: Axes | None = None) -> Axes:
    """Show what share of each acquisition cohort bought in each period since acquisition.

    Parameters
    ----------
    table
        A log, of which months are shown, or what `validate.retention_by_age` returns: `cohort, customers, age, share`,
        and `period` for the axis. A cell without a row, or with a missing share, was not observed and stays blank.
    ax
        Axes to draw on; None makes one whose height fits the number of cohorts.

    Returns
    -------
    matplotlib.axes.Axes
        One row per cohort with its size, one column per age; percentages in the cells where they fit, else a scale.

    Notes
    -----
    The shades reach from 0 to the highest share after the period of acquisition, in which everybody bought.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> table = pd.DataFrame({"cohort": ["2023", "2023", "2024"], "period": "year", "customers": [40, 40, 55],
    ...                       "age": [0, 1, 0], "share": [1.0, 0.25, 1.0]})
    >>> ax = retention_triangle(table, ax=Figure().subplots())
    >>> [label.get_text() for label in ax.get_yticklabels()], [text.get_text() for text in ax.texts]
    (['2023 (n = 40)', '2024 (n = 55)'], ['100', '25', '100'])
    """
    table = objects.retention(table)
    wide = table.pivot_table(index="cohort", columns="age", values="share", sort=False, dropna=False)
    ages = np.arange(int(table["age"].max()) + 1)
    shown = wide.reindex(columns=ages).to_numpy(np.float64)
    sizes = table.groupby("cohort", sort=False)["customers"].first().reindex(wide.index)
    names = [f"{plain(cohort, longest=16)} (n = {_count(size)})" for cohort, size in sizes.items()]
    if ax is None:
        ax = new_axes(None, height=float(np.clip(1.5 + 0.27 * len(names), 2.3, 9.4)))
    row_labels(ax, names, height=inches_high(ax))
    unit = str(table["period"].iloc[0]) if "period" in table else "period"
    step = max(1, -(-len(ages) // 24))
    name_ticks(ax.xaxis, ages[::step], [str(age) for age in ages[::step]])
    dress(
        ax, title="Share of customers who bought, by cohort and age", y="Cohort", grid=None,
        x=f"{plain(unit, longest=12).capitalize()}s since acquisition (shares in %; blank: not observed)",
    )  # fmt: skip
    later = shown[:, 1:]
    high = float(np.nanmax(later)) if np.isfinite(later).any() else 1.0
    cells(ax, shown, low=0.0, high=high or 1.0, write=lambda share: f"{100 * share:.0f}")
    return ax


def cumulative_revenue(
    table: pd.DataFrame,
    *,
    ax: Axes | None = None,
    since: str = "the end of observation",
    time_unit: str = "weeks",
    show: Sequence[str] | None = None,
) -> Axes:
    """Show cumulative revenue per customer by cohort: what happened, and what the model expected where it says so.

    Parameters
    ----------
    table
        What `validate.cohort_curves.holdout_revenue_curve` or `revenue_since_acquisition` return: `cohort, time,
        actual`, and `predicted_mean, predicted_q05, predicted_q95` where there is a model.
    ax
        Axes to draw on; None makes one.
    since
        From when time counts, for the axis.
    time_unit
        Name of the unit of `time`.
    show
        Cohorts to name; if not given, some from the highest to the lowest. The total "all" of several cohorts is drawn
        only if it is named here.

    Returns
    -------
    matplotlib.axes.Axes
        Of each cohort a solid line with markers for what happened, and a dashed one in a band for the model. The
        cohorts that are not named are thin grey lines.

    Raises
    ------
    DomainError
        If a cohort to show is not in the table.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> table = pd.DataFrame({"cohort": ["a", "a", "b", "b"], "time": [0, 1, 0, 1], "actual": [0.0, 2.0, 0.0, 3.0]})
    >>> ax = cumulative_revenue(table, ax=Figure().subplots())
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['a', 'b']
    """
    ax = new_axes(ax)
    modelled = "predicted_mean" in table and bool(table["predicted_mean"].notna().any())
    groups = by_cohort(table)
    names = [name for name, _ in groups]
    if len(names) > 1 and names[-1] == name_of_everybody(names[:-1]) and names[-1] not in (show or ()):
        groups.pop()
    lines = Lines.of(ax, groups, "actual", banded=modelled, show=show)
    for (colour, _, marker), name, own in lines.named:
        label = called(name, longest=22)
        if modelled:
            low, high = own["predicted_q05"], own["predicted_q95"]
            ax.fill_between(own["time"], low, high, color=colour, alpha=0.16, linewidth=0)
            ax.plot(own["time"], own["predicted_mean"], color=colour, linewidth=1.4, linestyle=(0, (4, 2)), zorder=3)
        ax.plot(
            own["time"], own["actual"], color=colour, marker=marker, markersize=4.5, linewidth=1.7, label=label,
            markevery=max(1, len(own) // 12), zorder=4,
        )  # fmt: skip
    if modelled:
        ax.plot([], [], color=ACTUAL, marker="o", markersize=4.5, linewidth=1.7, label="actual")
        ax.plot([], [], color=ACTUAL, linewidth=1.4, linestyle=(0, (4, 2)), label=f"model: expectation, {INTERVAL}")
    lines.tell_others(ax)
    title = "Revenue per customer so far, by cohort" + (": actual and model" if modelled else "")
    when = f"{plain(time_unit, longest=12).capitalize()} since {plain(since)}"
    dress(ax, title=title, x=when, y="Cumulative revenue per customer")
    ax.set_ylim(bottom=0)
    ax.margins(x=0.02)
    thousands(ax.yaxis, whole=False)
    thousands(ax.xaxis, whole=False)
    legend_above(ax, 3)
    return ax


def shrinkage(
    table: pd.DataFrame | Fit,
    *,
    ax: Axes | None = None,
    summary: CustomerSummary | None = None,
    time_unit: str = "week",
) -> Axes:
    """Show how pooling moves each cohort's counted rate towards the others, most where least is known.

    Parameters
    ----------
    table
        A fit of purchases with effects of cohorts, or what `validate.shrinkage_table` returns: `cohort, customers,
        raw, pooled_mean, pooled_q05, pooled_q95, population_mean`.
    ax
        Axes to draw on; None makes one whose height fits the number of cohorts.
    summary
        The customers that the fit is held against.
    time_unit
        Name of one unit of time.

    Returns
    -------
    matplotlib.axes.Axes
        One row per cohort: an open mark counted, a filled one pooled with its interval, a line from one to the other;
        marks grow with the cohort. The law of all cohorts is a dashed line.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> table = pd.DataFrame({"cohort": ["a", "b"], "customers": [9, 900], "raw": [0.09, 0.05],
    ...                       "population_mean": 0.052, "pooled_mean": [0.06, 0.05], "pooled_q05": 0.04,
    ...                       "pooled_q95": 0.07})
    >>> ax = shrinkage(table, ax=Figure().subplots())
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['pooled, 90 % interval', 'counted', 'all cohorts']
    """
    table = objects.pooled(table, summary)
    if ax is None:
        ax = new_axes(None, height=float(np.clip(1.7 + 0.3 * len(table), 2.6, 9.4)))
    names = [
        f"{plain(c, longest=16)} (n = {_count(n)})" for c, n in zip(table["cohort"], table["customers"], strict=True)
    ]
    at = row_labels(ax, names, height=inches_high(ax))
    raw, pooled = table["raw"].to_numpy(np.float64), table["pooled_mean"].to_numpy(np.float64)
    largest = 7.5 if len(table) <= 30 else 5.0
    size = largest * np.sqrt(table["customers"].to_numpy(np.float64) / max(float(table["customers"].max()), 1.0))
    size = np.maximum(size, 0.35 * largest)
    above, below = at - 0.17, at + 0.17
    ax.plot(np.stack([raw, pooled]), np.stack([above, below]), color=QUIET, linewidth=0.9, zorder=2)
    ax.hlines(below, table["pooled_q05"], table["pooled_q95"], color=MODEL, linewidth=1.6, alpha=0.6, zorder=3)
    ax.scatter(pooled, below, s=size**2, color=MODEL, zorder=5)
    ax.scatter(
        raw, above, s=size**2, marker="D", facecolor="white", edgecolor=OKABE_ITO["vermillion"], linewidth=1.2, zorder=4
    )
    ax.errorbar([], [], xerr=[], fmt="o", color=MODEL, markersize=6, elinewidth=1.6, label=f"pooled, {INTERVAL}")
    ax.plot([], [], "D", color=OKABE_ITO["vermillion"], mfc="white", mew=1.2, markersize=6, label="counted")
    mean = float(table["population_mean"].iloc[0])
    if np.isfinite(mean):
        ax.axvline(mean, color=ACTUAL, linewidth=1.1, linestyle=(0, (4, 2)), zorder=1, label="all cohorts")
    unit = plain(time_unit, longest=12)
    dress(
        ax, title="Repeat purchases, counted and pooled", y="Cohort", grid="x",
        x=f"Repeat purchases per customer and {unit} since the first purchase",
    )  # fmt: skip
    thousands(ax.xaxis, whole=False)
    legend_above(ax, 3)
    return ax


def deciles(
    table: pd.DataFrame | ValueResult,
    *,
    ax: Axes | None = None,
    summary: CustomerSummary | None = None,
    what: str = "hold-out revenue",
) -> Axes:
    """Show the mean of customers grouped by prediction: what was predicted, and what happened.

    Parameters
    ----------
    table
        Values, or what `validate.decile_table` returns: `decile, predicted_mean, actual_mean, overall_mean`, and
        `predicted_q05, predicted_q95` where there are intervals.
    ax
        Axes to draw on; None makes one.
    summary
        The customers with their hold-out, where values are drawn.
    what
        What was predicted, for title and axis.

    Returns
    -------
    matplotlib.axes.Axes
        Bars for what happened, points for the predictions, and the mean of all customers as a line.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> table = pd.DataFrame({"decile": [1, 2], "predicted_mean": [9.0, 2.0], "actual_mean": [8.0, 4.0],
    ...                       "overall_mean": 6.0})
    >>> ax = deciles(table, ax=Figure().subplots())
    >>> [float(bar.get_height()) for bar in ax.patches], [text.get_text() for text in ax.get_legend().get_texts()][1]
    ([8.0, 4.0], 'mean of all')
    """
    table = objects.of_holdout(table, summary, "decile_table")
    ax = new_axes(ax)
    at = np.arange(len(table))
    ax.bar(at, table["actual_mean"], width=0.72, color=BARS, edgecolor=QUIET, linewidth=0.6, label="actual")
    middle = table["predicted_mean"].to_numpy(np.float64)
    spread, label = np.zeros((2, len(table))), "predicted"
    if "predicted_q05" in table:
        label = f"predicted, {INTERVAL} of the group's mean"
        spread = np.clip([middle - table["predicted_q05"], table["predicted_q95"] - middle], 0, None)
    ax.errorbar(
        at, middle, yerr=spread, fmt="s", color=MODEL, mfc="white", mew=1.4, markersize=5.5, elinewidth=1.6,
        capsize=4 if "predicted_q05" in table else 0, label=label,
    )  # fmt: skip
    mean = float(table["overall_mean"].iloc[0]) if "overall_mean" in table else np.nan
    if np.isfinite(mean):
        ax.axhline(mean, color=ACTUAL, linewidth=1.0, linestyle=":", label="mean of all")
    step = max(1, -(-len(table) // 25))
    name_ticks(ax.xaxis, at[::step], [plain(name) for name in table["decile"].iloc[::step]])
    quantity = plain(what, longest=24)
    dress(
        ax, title=f"{quantity.capitalize()} of customers grouped by prediction", y=f"Mean {quantity} per customer",
        x=f"Groups of equally many customers, by predicted {quantity} (1 = highest)",
    )  # fmt: skip
    thousands(ax.yaxis, whole=False)
    legend_above(ax, 3)
    return ax


def _count(size: float) -> str:
    return f"{size:,.0f}" if np.isfinite(size) else "?"
