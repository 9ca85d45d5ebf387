"""Decisions: when a customer pays back, which cohort is the better buy, whose predictions to act on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kundenwert.errors import DomainError
from kundenwert.plot.lines import Lines, by_cohort, called, log_axis
from kundenwert.plot.names import name_ticks, plain
from kundenwert.plot.style import (
    ACTUAL,
    BARS,
    GRID,
    MODEL,
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
from kundenwert.plot.surfaces import cells

MEASURES = {
    "mae": ("mean absolute error per customer", True),
    "rmse": ("root mean square error per customer", True),
    "bias": ("bias of the total", True),
    "cohort_mae": ("mean absolute error of a cohort's total", True),
    "cohort_wape": ("absolute error of cohorts' totals", True),
    "spearman": ("rank correlation", False),
    "top_capture": ("what the predicted best tenth brought", False),
    "gini": ("normalised Gini coefficient", False),
}
"""What the scores are called, and whether nearer to 0 is better."""

FAR = 12.0
"""Errors that differ by more than this factor are drawn on a logarithmic axis."""

_ERRORS = ("mae", "rmse", "cohort_mae")
_SHARES = ("bias", "cohort_wape", "top_capture")


def payback(
    curves: pd.DataFrame, *, ax: Axes | None = None, time_unit: str = "weeks", show: Sequence[str] | None = None
) -> Axes:
    """Show what share of new customers has paid back its acquisition cost, over time since the first purchase.

    Parameters
    ----------
    curves
        What `decide.payback_curve` returns.
    ax
        Axes to draw on; None makes one.
    time_unit
        Name of the unit of `time`.
    show
        Cohorts to name; if not given, some from the highest to the lowest.

    Returns
    -------
    matplotlib.axes.Axes
        A line per cohort, thin and grey for those that are not named. A cohort of which nobody pays back in the time
        shown is called so in the legend.

    Raises
    ------
    DomainError
        If a cohort to show is not in the table.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> curves = pd.DataFrame({"cohort": ["a", "a"], "time": [0.0, 52.0], "p_paid_back": [0.2, 0.4], "cac": 20.0})
    >>> ax = payback(curves, ax=Figure().subplots())
    >>> ax.lines[0].get_ydata().tolist(), ax.get_legend().get_texts()[0].get_text()
    ([0.2, 0.4], 'a, cost 20')
    """
    ax = new_axes(ax)
    _curves(ax, curves, "p_paid_back", band=False, show=show)
    dress(
        ax, title="Share of new customers who have paid back their cost", y="Share of customers paid back",
        x=f"{plain(time_unit, longest=12).capitalize()} since the first purchase",
    )  # fmt: skip
    ax.set_ylim(0, min(1.02, max(0.1, 1.12 * float(curves["p_paid_back"].max(skipna=True) or 0))))
    shares(ax.yaxis)
    thousands(ax.xaxis, whole=False)
    legend_above(ax, 2)
    return ax


def payback_margin(
    curves: pd.DataFrame, *, ax: Axes | None = None, time_unit: str = "weeks", show: Sequence[str] | None = None
) -> Axes:
    """Show the expected cumulative margin of a new customer against what the customer cost.

    Parameters
    ----------
    curves
        What `decide.payback_curve` returns.
    ax
        Axes to draw on; None makes one.
    time_unit
        Name of the unit of `time`.
    show
        Cohorts to name; if not given, some from the highest to the lowest.

    Returns
    -------
    matplotlib.axes.Axes
        Of each cohort the expectation as a line in the band of how well it is known, and the cost as a thin level line
        of the same colour. The cohorts that are not named are thin grey lines. Where the expectation never reaches the
        cost in the time shown, the legend says so.

    Raises
    ------
    DomainError
        If a cohort to show is not in the table.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> curves = pd.DataFrame({"cohort": "a", "time": [0.0, 52.0], "expected_margin_mean": [10.0, 30.0],
    ...     "expected_margin_q05": [9.0, 27.0], "expected_margin_q95": [11.0, 33.0], "cac": 20.0})
    >>> ax = payback_margin(curves, ax=Figure().subplots())
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['a, cost 20', 'level lines: acquisition cost']
    """
    ax = new_axes(ax)
    _curves(ax, curves, "expected_margin_mean", band=True, show=show)
    dress(
        ax, title="Expected margin of a new customer against its cost", y="Cumulative margin per new customer",
        x=f"{plain(time_unit, longest=12).capitalize()} since the first purchase",
    )  # fmt: skip
    lowest = curves["expected_margin_q05"].where(np.isfinite(curves["expected_margin_q05"])).min()
    ax.set_ylim(bottom=min(0.0, float(lowest)) if lowest < 0 else 0)
    thousands(ax.yaxis, whole=False)
    thousands(ax.xaxis, whole=False)
    legend_above(ax, 2)
    return ax


def _curves(ax: Axes, curves: pd.DataFrame, column: str, *, band: bool, show: Sequence[str] | None) -> None:
    """Draw a line per cohort, the named ones with their cost in the legend."""
    finite = curves.assign(**{column: curves[column].where(np.isfinite(curves[column]))})
    lines = Lines.of(ax, by_cohort(finite), column, banded=band, show=show)
    for (colour, line, marker), name, own in lines.named:
        cost = float(own["cac"].iloc[0])
        if band:
            low, high = own["expected_margin_q05"], own["expected_margin_q95"]
            ax.fill_between(own["time"], low, high, color=colour, alpha=0.2, linewidth=0)
            ax.axhline(cost, color=colour, linewidth=1.0, linestyle=line, alpha=0.8, zorder=2)
        ax.plot(
            own["time"], own[column], color=colour, linestyle=line, marker=marker, markersize=4.5, linewidth=1.7,
            markevery=max(1, len(own) // 8), label=f"{called(name, longest=20)}, {_cost(own, column, band)}", zorder=4,
        )  # fmt: skip
    if band:
        ax.plot([], [], color=ACTUAL, linewidth=0.8, label="level lines: acquisition cost")
    ax.margins(x=0.015)
    lines.tell_others(ax)


def _cost(own: pd.DataFrame, column: str, band: bool) -> str:
    """Write a cohort's cost, and whether it is never earned back in the time shown: by nobody, or not on average."""
    cost, values = float(own["cac"].iloc[0]), own[column].dropna()
    never = (values.empty or values.iloc[-1] < cost) if band else values.max() <= 0
    return f"cost {number(cost)}" + (f": not by {number(float(own['time'].max()))}" if never else "")


def better(pairs: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Show the probability that a customer of one cohort is worth more than one of another, after cost.

    Parameters
    ----------
    pairs
        The `pairs` of `decide.probability_better`: P(row is worth more than column).
    ax
        Axes to draw on; None makes one whose height fits the number of cohorts.

    Returns
    -------
    matplotlib.axes.Axes
        A cell per pair, with the probability in % where it fits; the diagonal is blank.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> pairs = pd.DataFrame([[0.5, 0.9], [0.1, 0.5]], index=["a", "b"], columns=["a", "b"])
    >>> [text.get_text() for text in better(pairs, ax=Figure().subplots()).texts]
    ['90', '10']
    """
    names = [str(name) for name in pairs.index]
    if ax is None:
        ax = new_axes(None, height=float(np.clip(2.2 + 0.3 * len(names), 2.6, 7.4)))
    row_labels(ax, [plain(name, longest=20) for name in names], height=inches_high(ax))
    wide = float(ax.bbox.width / ax.figure.dpi)
    step = max(1, int(np.ceil(0.17 * len(names) / wide)))
    shown = [plain(name, longest=16) for name in names[::step]]
    name_ticks(ax.xaxis, np.arange(len(names))[::step], shown)
    dress(
        ax, title="Which cohort is worth more, after cost", grid=None, y="Cohort",
        x="Than this one (probability in % that the row is worth more)",
    )  # fmt: skip
    if max(map(len, shown)) * 0.085 > wide / len(shown):
        ax.tick_params(axis="x", labelrotation=90)
    numbers = pairs.to_numpy(np.float64).copy()
    np.fill_diagonal(numbers, np.nan)
    cells(ax, numbers, low=0.0, high=1.0, write=lambda share: f"{100 * share:.0f}")
    if len(names) == 1:
        ax.text(0, 0, "there is only one cohort", ha="center", va="center", fontsize=TICK, color=QUIET)
    return ax


def scores(table: pd.DataFrame, *, ax: Axes | None = None, measure: str = "mae", highlight: str = "posterior") -> Axes:
    """Show how well each method predicted, the best first.

    Parameters
    ----------
    table
        What `compare.score_baselines` returns.
    ax
        Axes to draw on; None makes one whose height fits the number of methods.
    measure
        One of the table's scores.
    highlight
        Methods whose name begins so stand out.

    Returns
    -------
    matplotlib.axes.Axes
        One row per method; those that leave customers out say of how many they speak, those without a score come last.

    Raises
    ------
    DomainError
        If the measure is not known.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> table = pd.DataFrame({"method": ["annuity", "posterior"], "customers": 9, "missing": 0, "mae": [7.0, 3.0]})
    >>> [label.get_text() for label in scores(table, ax=Figure().subplots()).get_yticklabels()]
    ['posterior', 'annuity']
    """
    if measure not in MEASURES or measure not in table:
        known = ", ".join(name for name in MEASURES if name in table)
        raise DomainError(f"measure={measure!r} is not among the scores; choose one of {known}")
    score, small = MEASURES[measure]
    rank = table[measure].abs() if small else -table[measure]
    rows = table.iloc[np.argsort(rank.to_numpy(np.float64), kind="stable")]
    if ax is None:
        ax = new_axes(None, height=float(np.clip(1.5 + 0.25 * len(rows), 2.4, 9.4)))
    names = rows["method"].astype(str).tolist()
    at = row_labels(ax, names, height=inches_high(ax))
    value = rows[measure].to_numpy(np.float64)
    ours = np.array([name.startswith(highlight) for name in names])
    sized = value[np.isfinite(value)]
    logarithmic = measure in _ERRORS and sized.size > 0 and bool(sized.max() > FAR * sized.min() > 0)
    if logarithmic:
        ax.hlines(at, *log_axis(ax, [rows[measure]]), color=GRID, linewidth=1.0, zorder=1)
    else:
        ax.hlines(at, 0.0, value, color=np.where(ours, MODEL, BARS), linewidth=1.6, zorder=2)
    for among, colour, marker, size in ((~ours, QUIET, "o", 5), (ours, MODEL, "s", 7)):
        ax.plot(value[among], at[among], marker, color=colour, markersize=size, zorder=3)
    for place, own, some, missing in zip(at, value, rows["customers"], rows["missing"], strict=True):
        said = _remark(float(own), int(some), int(missing))
        if said:
            beside(
                ax, said, (1.0, place), (6, 0), of=("axes fraction", "data"), va="center", color=QUIET,
                fontsize=TICK - 1,
            )  # fmt: skip
    scale = " (logarithmic)" if logarithmic else ""
    better_is = "lower" if small else "higher"
    if measure == "bias":
        better_is = "nearer to 0"
    what = f"{score[0].upper()}{score[1:]}; {better_is} is better{scale}"
    dress(ax, title="Who predicts best", x=what, y="Method", grid="x")
    if not logarithmic:
        thousands(ax.xaxis, whole=False)
        if measure in _SHARES:
            shares(ax.xaxis)
    return ax


def _remark(score: float, customers: int, missing: int) -> str:
    if not np.isfinite(score):
        return "no score"
    return f"{customers:,} of {customers + missing:,}" if missing else ""
