"""Money: the formula beside the posterior, the hold-out by cohort, and how value spreads over customers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from numpy.typing import NDArray

from kundenwert.plot import objects
from kundenwert.plot.style import (
    ACTUAL,
    BARS,
    INTERVAL,
    MODEL,
    OKABE_ITO,
    QUIET,
    TICK,
    beside,
    dress,
    inches_high,
    legend_above,
    new_axes,
    number,
    row_labels,
    shares,
    thousands,
)

if TYPE_CHECKING:
    from kundenwert.data import CustomerSummary
    from kundenwert.value import ValueResult

LEFT_OUT, FAR_BELOW = 0.01, 0.01
"""The histogram counts instead of drawing at most this share of customers, and those with less than this times the
median: a few customers with next to nothing would stretch it by decades."""

FORMULA_MARKS = {
    "observed": ("formula, first to last purchase", OKABE_ITO["vermillion"], "v"),
    "churn": ("formula, 1 / churn", OKABE_ITO["orange"], "D"),
    "assumed": ("formula, assumed lifespan", OKABE_ITO["purple"], "^"),
}


def formula_versus_posterior(
    cohorts: pd.DataFrame | ValueResult,
    *,
    summary: CustomerSummary | None = None,
    matched: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Show the CLV per customer of each cohort: the formula's three values beside the posterior.

    Parameters
    ----------
    cohorts
        Values, or what `compare.compare_cohorts` returns.
    summary
        The customers behind the values.
    matched
        Draw the formula on the posterior's price basis, horizon and discounting; else as a company computes it.
    ax
        Axes to draw on; None makes one whose height fits the number of cohorts.

    Returns
    -------
    matplotlib.axes.Axes
        One row per cohort: the outcome's interval as a line, its median as a point, the formula as marks. A
        value that cannot be computed is left out, and the legend counts how many.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> cohorts = pd.DataFrame({"cohort": ["1997-01", "all"], "clv_q05": [1.0, 2.0], "clv_q50": [3.0, 4.0],
    ...     "clv_q95": [6.0, 6.0], "formula_observed_matched": [-2.0, -1.0], "formula_churn_matched": np.nan,
    ...     "formula_assumed_matched": [9.0, 8.0]})
    >>> ax = formula_versus_posterior(cohorts, ax=Figure().subplots())
    >>> [text.get_text() for text in ax.get_legend().get_texts()][2]
    'formula, 1 / churn (not computable)'
    """
    cohorts = objects.cohorts(cohorts, summary)
    ax, height = _tall(ax, len(cohorts))
    names = cohorts["cohort"].astype(str).tolist()
    if names[-1] in names[:-1]:
        names[-1] += " (total)"
    at = row_labels(ax, names, height=height)
    for method, (label, colour, marker) in FORMULA_MARKS.items():
        money = cohorts[f"formula_{method}" + ("_matched" if matched else "")].to_numpy(dtype=np.float64)
        lost = int(np.isnan(money).sum())
        if lost:
            missing = "not computable" if lost == len(money) else f"not computable in {lost} of {len(money)} rows"
            label = f"{label} ({missing})"  # noqa: PLW2901
        ax.plot(money, at, marker, color=colour, markersize=_size(at), mfc="white", mew=1.3, label=label, zorder=4)
    _intervals(ax, at, cohorts, "clv", f"posterior: median and {INTERVAL}")
    if ax.get_xlim()[0] < 0 < ax.get_xlim()[1]:
        ax.axvline(0, color=QUIET, linewidth=0.9)
    basis = "same horizon and discounting" if matched else "no horizon, no discounting"
    dress(
        ax,
        title="CLV by cohort: formula and posterior",
        x=f"CLV per customer (formula: {basis})",
        y="Cohort",
        grid="x",
    )
    thousands(ax.xaxis, whole=False)
    _separate_total(ax, cohorts)
    legend_above(ax, 2)
    return ax


def holdout_by_cohort(
    cohorts: pd.DataFrame | ValueResult, *, summary: CustomerSummary | None = None, ax: Axes | None = None
) -> Axes:
    """Show each cohort's hold-out revenue: the posterior's interval, the formula's forecast, what happened.

    Parameters
    ----------
    cohorts
        Values, or what `compare.compare_cohorts` returns, with a hold-out. The row "all" is left out, for its scale.
    summary
        The customers behind the values, with their hold-out.
    ax
        Axes to draw on; None makes one whose height fits the number of cohorts.

    Returns
    -------
    matplotlib.axes.Axes
        One row per cohort.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> cohorts = pd.DataFrame({"cohort": ["1997-01", "1997-02", "all"], "holdout_revenue": [4.0, 6.0, 10.0],
    ...     "predicted_holdout_revenue_q05": [3.0, 3.0, 8.0], "predicted_holdout_revenue_q50": [5.0, 5.0, 10.0],
    ...     "predicted_holdout_revenue_q95": [7.0, 7.0, 12.0], "formula_holdout_revenue": [9.0, 9.0, 18.0]})
    >>> ax = holdout_by_cohort(cohorts, ax=Figure().subplots())
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['1997-01', '1997-02']
    """
    cohorts = objects.cohorts(cohorts, summary)
    shown = cohorts.iloc[:-1] if len(cohorts) > 1 else cohorts
    ax, height = _tall(ax, len(shown))
    at = row_labels(ax, shown["cohort"].astype(str).tolist(), height=height)
    _, colour, marker = FORMULA_MARKS["assumed"]
    size = _size(at)
    ax.plot(
        shown["formula_holdout_revenue"], at, marker, color=colour, mfc="white", mew=1.3, markersize=size,
        label="formula, its rate carried on",
    )  # fmt: skip
    if "formula_repeat_holdout_revenue" in shown:
        ax.plot(
            shown["formula_repeat_holdout_revenue"], at, "v", color=OKABE_ITO["vermillion"], mfc="white", mew=1.3,
            markersize=size, label="formula, repeat purchases only",
        )  # fmt: skip
    _intervals(ax, at, shown, "predicted_holdout_revenue", f"posterior: median and {INTERVAL}")
    ax.plot(shown["holdout_revenue"], at, "x", color=ACTUAL, markersize=size + 1.5, mew=2, label="actual", zorder=6)
    ax.set_xlim(left=0)
    dress(ax, title="Revenue in the hold-out, by cohort", x="Revenue in the hold-out", y="Cohort", grid="x")
    thousands(ax.xaxis, whole=False)
    legend_above(ax, 2)
    return ax


def rlv_distribution(table: pd.DataFrame | ValueResult, *, ax: Axes | None = None) -> Axes:
    """Show how the customers' residual lifetime values spread, one-time buyers apart from the others.

    Parameters
    ----------
    table
        Values, or one row per customer: `rlv_mean`, `frequency`.
    ax
        Axes to draw on; None makes one.

    Returns
    -------
    matplotlib.axes.Axes
        A stacked histogram on a logarithmic scale. Customers without value, with a value below 0, and the very few with
        next to nothing, are counted in the legend.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> table = pd.DataFrame({"rlv_mean": [1.0, 1.0, 50.0], "frequency": [0, 0, 3]})
    >>> ax = rlv_distribution(table, ax=Figure().subplots())
    >>> sorted(float(bar.get_height()) for bar in ax.patches)[-2:]
    [1.0, 2.0]
    """
    table = objects.customers(table)
    ax = new_axes(ax)
    value = table["rlv_mean"].to_numpy(dtype=np.float64)
    once = table["frequency"].to_numpy() == 0
    title, x = "Residual lifetime value of the customers", "Expected RLV per customer (logarithmic)"
    if not (value > 0).any():
        ax.text(
            0.5, 0.5, f"{_customers(len(value))} without residual value{' above 0' if (value < 0).any() else ''}",
            transform=ax.transAxes, ha="center", va="center", fontsize=TICK, color=QUIET,
        )  # fmt: skip
        ax.set(xticks=[], yticks=[])
        return dress(ax, title=title, x=x, y="Customers")
    least = _least_drawn(value[value > 0])
    drawn = value >= least
    edges = np.logspace(np.log10(least) - 0.02, np.log10(value.max()) + 0.02, 36)
    share = 100 * once.mean()
    names = [f"one purchase so far ({share:.0f} % of customers)", f"repeat buyers ({100 - share:.0f} %)"]
    ax.hist(
        [value[drawn & once], value[drawn & ~once]], bins=edges.tolist(), stacked=True,
        color=[BARS, MODEL], edgecolor="white", linewidth=0.5, label=names,
    )  # fmt: skip
    ax.set_xscale("log")
    mean = float(value.mean())
    label = f"mean of all customers: {number(round(mean, 2) if mean >= 1 else mean)}"
    if mean > 0:
        ax.axvline(mean, color=ACTUAL, linewidth=1.2, linestyle=(0, (4, 2)), label=label)
    else:
        ax.plot([], [], linestyle="none", label=label)
    below = value < 0
    if below.any():
        lost = f"{_customers(int(below.sum()))} below 0, {number(round(float(value[below].mean()), 2))} on average"
        ax.plot([], [], linestyle="none", label=f"{lost}, not shown")
    missing = int((~drawn & ~below).sum())
    if missing:
        ax.plot([], [], linestyle="none", label=f"{_customers(missing)} with less {_are(missing)} not shown")
    dress(ax, title=title, x=x, y="Customers")
    thousands(ax.yaxis)
    _log_ticks(ax)
    legend_above(ax, 2)
    return ax


def rlv_concentration(table: pd.DataFrame | ValueResult, *, ax: Axes | None = None) -> Axes:
    """Show what share of the residual lifetime value the most valuable customers hold.

    Parameters
    ----------
    table
        Values, or one row per customer: `rlv_mean`.
    ax
        Axes to draw on; None makes one.

    Returns
    -------
    matplotlib.axes.Axes
        Share of value over share of customers, the most valuable first, with 10, 20 and 50 % written out. It rises
        above 1 and comes back where some cost more than they bring. Where all together do, there is nothing to share.

    Notes
    -----
    Shares of expected values: sums of means are means of sums. Outcomes are more concentrated.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> table = pd.DataFrame({"rlv_mean": [8.0, 1.0, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]})
    >>> ax = rlv_concentration(table, ax=Figure().subplots())
    >>> ax.texts[0].get_text()
    'top 10 %: 80 % of value'
    """
    table = objects.customers(table)
    ax = new_axes(ax, height=3.9)
    value = np.sort(table["rlv_mean"].to_numpy(dtype=np.float64))[::-1]
    of_customers = np.arange(len(value) + 1) / max(len(value), 1)
    total, highest = value.sum(), 1.0
    if total > 0:
        of_value = np.concatenate([[0.0], np.cumsum(value)]) / total
        highest = float(of_value.max())
        ax.plot(of_customers, of_value, color=MODEL, linewidth=2)
        for share in (0.1, 0.2, 0.5):
            held = float(np.interp(share, of_customers, of_value))
            ax.plot(share, held, "o", color=MODEL, mfc="white", mew=1.4, markersize=6, zorder=4)
            beside(ax, f"top {share:.0%}: {held:.0%} of value".replace("%", " %"), (share, held), (9, -5), va="top")
    ax.plot([0, 1], [0, 1], color=QUIET, linewidth=1, linestyle=":")
    beside(ax, "everybody worth the same", (0.72, 0.72), (5, -6), va="top", color=QUIET)
    for axis in (ax.xaxis, ax.yaxis):
        shares(axis)
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.02 * highest)
    return dress(
        ax, title="Who holds the value", x="Share of customers, the most valuable first", y="Share of expected RLV",
        grid="both",
    )  # fmt: skip


def _customers(count: int) -> str:
    return f"{count:,} customer" + ("" if count == 1 else "s")


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _least_drawn(value: NDArray[np.float64]) -> float:
    """Give the least value that a histogram of positive values on a logarithmic scale should reach down to."""
    stretching = min(float(np.quantile(value, LEFT_OUT, method="lower")), FAR_BELOW * float(np.median(value)))
    return float(value[value >= max(stretching, 1e-9 * value.max())].min())


def _log_ticks(ax: Axes) -> None:
    """Write plain numbers on a logarithmic x axis, the denser the fewer decades there are."""
    low, high = np.log10(ax.get_xlim())
    if high - low < 0.4:
        ax.xaxis.set_major_locator(MaxNLocator(7))
    elif high - low < 3:
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 4, 6, 8) if high - low < 1.2 else (1, 2, 5)))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda amount, _: number(amount)))
    ax.xaxis.set_minor_formatter(NullFormatter())


def _tall(ax: Axes | None, rows: int) -> tuple[Axes, float]:
    """Give an Axes high enough for its rows, and the height it has, in inches."""
    if ax is None:
        ax = new_axes(None, height=float(np.clip(1.7 + 0.3 * rows, 2.6, 9.4)))
    return ax, inches_high(ax)


def _size(at: NDArray[np.float64]) -> float:
    return 6.0 if len(at) <= 30 else 4.5


def _intervals(ax: Axes, at: NDArray[np.float64], rows: pd.DataFrame, stem: str, label: str) -> None:
    ax.hlines(
        at, rows[f"{stem}_q05"], rows[f"{stem}_q95"], color=MODEL, linewidth=0.5 * _size(at), alpha=0.55, zorder=2
    )
    ax.errorbar(
        rows[f"{stem}_q50"], at, xerr=np.zeros(len(at)), fmt="o", color=MODEL, markersize=_size(at), elinewidth=3,
        label=label, zorder=5,
    )  # fmt: skip


def _separate_total(ax: Axes, cohorts: pd.DataFrame) -> None:
    if len(cohorts) > 1:
        ax.axhline(len(cohorts) - 1.5, color=QUIET, linewidth=0.9)
