"""The model beside the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from kundenwert.plot import objects
from kundenwert.plot.names import name_ticks, plain
from kundenwert.plot.style import (
    ACTUAL,
    BAND,
    BARS,
    INTERVAL,
    MODEL,
    OKABE_ITO,
    QUIET,
    beside,
    date_axis,
    dress,
    legend,
    legend_above,
    new_axes,
    shares,
    thousands,
)

if TYPE_CHECKING:
    from kundenwert.bayes import Fit
    from kundenwert.data import CustomerSummary, TransactionLog
    from kundenwert.value import ValueResult

APART = 0.07
"""How far to either side of a group's place what is actual and what is predicted are drawn, so that neither hides."""

TALLEST_PRIOR = 1.5
"""Height of a prior over that of its posterior from which it is cut off: the posterior is what is looked at."""


def repeat_purchase_histogram(
    counts: pd.DataFrame | Fit, *, ax: Axes | None = None, summary: CustomerSummary | None = None
) -> Axes:
    """Show how many customers made 0, 1, 2, … repeat purchases, and how many the model would expect.

    Parameters
    ----------
    counts
        A fit of purchases, or what `validate.repeat_purchase_counts` returns.
    ax
        Axes to draw on; None makes one.
    summary
        The customers that the fit is held against.

    Returns
    -------
    matplotlib.axes.Axes
        Bars observed; points with intervals predicted.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> counts = pd.DataFrame({"frequency": ["0", "1+"], "observed": [1411, 946], "predicted_mean": [1420, 937],
    ...                        "predicted_q05": [1380, 900], "predicted_q95": [1460, 970]})
    >>> ax = repeat_purchase_histogram(counts, ax=Figure().subplots())
    >>> [float(bar.get_height()) for bar in ax.patches]
    [1411.0, 946.0]
    """
    counts = objects.histogram(counts, summary)
    ax = new_axes(ax)
    at = np.arange(len(counts))
    ax.bar(at, counts["observed"], width=0.72, color=BARS, edgecolor=QUIET, linewidth=0.6, label="observed")
    _interval_points(
        ax, at, counts["predicted_mean"], counts["predicted_q05"], counts["predicted_q95"], f"model, {INTERVAL}"
    )
    name_ticks(ax.xaxis, at, [plain(frequency) for frequency in counts["frequency"]])
    dress(ax, title="Customers by number of repeat purchases", x="Repeat purchases in calibration", y="Customers")
    thousands(ax.yaxis)
    legend_above(ax, 2)
    return ax


def tracking_cumulative(
    tracked: pd.DataFrame | Fit,
    *,
    ax: Axes | None = None,
    summary: CustomerSummary | None = None,
    log: TransactionLog | None = None,
) -> Axes:
    """Show cumulative repeat purchases through time, actual and expected.

    Parameters
    ----------
    tracked
        A fit of purchases, or what `validate.tracking` returns.
    ax
        Axes to draw on; None makes one.
    summary, log
        The customers and the log that the fit is held against.

    Returns
    -------
    matplotlib.axes.Axes
        Actual as a solid line, the expectation dashed with its band, the hold-out marked.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> tracked = pd.DataFrame({"period": [1, 2], "end": pd.to_datetime(["2024-01-07", "2024-01-14"]),
    ...     "holdout": [False, True], "days": 7, "actual_cumulative": [3, 9], "expected_cumulative_mean": [2.5, 8.0],
    ...     "expected_cumulative_q05": [2.0, 7.0], "expected_cumulative_q95": [3.0, 9.0]})
    >>> ax = tracking_cumulative(tracked, ax=Figure().subplots())
    >>> ax.lines[0].get_ydata().tolist()
    [3.0, 9.0]
    """
    tracked = objects.tracked(tracked, summary, log)
    return _tracking(tracked, "cumulative", "Repeat purchases so far, actual and expected", ax)


def tracking_incremental(
    tracked: pd.DataFrame | Fit,
    *,
    ax: Axes | None = None,
    summary: CustomerSummary | None = None,
    log: TransactionLog | None = None,
) -> Axes:
    """Show the repeat purchases of each period, actual and expected; periods cut short are left out.

    Parameters
    ----------
    tracked
        A fit of purchases, or what `validate.tracking` returns.
    ax
        Axes to draw on; None makes one.
    summary, log
        The customers and the log that the fit is held against.

    Returns
    -------
    matplotlib.axes.Axes
        Actual as a solid line, the expectation dashed with its band, the hold-out marked.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> tracked = pd.DataFrame({"period": [1, 2, 3], "end": pd.to_datetime(["2024-01-07", "2024-01-14", "2024-01-16"]),
    ...     "holdout": [False, True, True], "days": [7, 7, 2], "actual_incremental": [3, 6, 1],
    ...     "expected_incremental_mean": [2.5, 5.5, 1.0], "expected_incremental_q05": [2.0, 5.0, 0.9],
    ...     "expected_incremental_q95": [3.0, 6.0, 1.1]})
    >>> ax = tracking_incremental(tracked, ax=Figure().subplots())
    >>> ax.lines[0].get_ydata().tolist()
    [3.0, 6.0]
    """
    tracked = objects.tracked(tracked, summary, log)
    length = int(tracked["days"].max())
    whole = tracked[tracked["days"] == length]
    per = "week" if length == 7 else f"period of {length} days"
    return _tracking(whole, "incremental", f"Repeat purchases per {per}, actual and expected", ax)


def conditional_expectation(
    groups: pd.DataFrame | ValueResult,
    *,
    ax: Axes | None = None,
    summary: CustomerSummary | None = None,
    fits: tuple[Fit, Fit] | None = None,
) -> Axes:
    """Show mean hold-out purchases of customers alike in calibration purchases, actual and predicted.

    Parameters
    ----------
    groups
        Values, or what `validate.by_frequency` returns.
    ax
        Axes to draw on; None makes one.
    summary
        The customers with their hold-out, where values are drawn.
    fits
        The fits of purchases and spend behind the values, for the intervals.

    Returns
    -------
    matplotlib.axes.Axes
        Two lines over the frequency, with the groups' sizes; with intervals where the table has them, and then actual
        means outside theirs are open diamonds.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> groups = pd.DataFrame({"frequency": ["0", "1+"], "customers": [1411, 946], "actual_mean": [0.24, 1.64],
    ...                        "predicted_mean": [0.14, 1.60]})
    >>> ax = conditional_expectation(groups, ax=Figure().subplots())
    >>> [label.get_text() for label in ax.get_xticklabels()]
    ['0\\nn = 1,411', '1+\\nn = 946']
    """
    groups = objects.of_holdout(groups, summary, "by_frequency", fits=fits)
    ax = new_axes(ax)
    at = np.arange(len(groups))
    actual, predicted = (groups[name].to_numpy(np.float64) for name in ("actual_mean", "predicted_mean"))
    ax.plot(at - APART, actual, color=ACTUAL, marker="o", markersize=5, linewidth=1.0, label="actual", zorder=3)
    ax.plot(at + APART, predicted, color=MODEL, linestyle="--", linewidth=1.0, zorder=2)
    if "predicted_q05" in groups:
        low, high = groups["predicted_q05"], groups["predicted_q95"]
        label = f"predicted, {INTERVAL} of the group's mean"
        _interval_points(ax, at + APART, groups["predicted_mean"], low, high, label)
        outside = ~groups["actual_mean"].between(low, high).to_numpy()
        if outside.any():
            ax.plot(
                (at - APART)[outside], actual[outside], "D", color=ACTUAL, mfc="white", mew=1.4, markersize=6.5,
                label="actual, outside it", zorder=5,
            )  # fmt: skip
    else:
        ax.plot(at + APART, predicted, "s", color=MODEL, mfc="white", mew=1.4, markersize=5.5, label="predicted")
    names = [f"{plain(f)}\nn = {n:,}" for f, n in zip(groups["frequency"], groups["customers"], strict=True)]
    name_ticks(ax.xaxis, at, names)
    ax.set_ylim(bottom=0)
    dress(
        ax,
        title="Purchases in the hold-out, by purchases before it",
        x="Repeat purchases in calibration",
        y="Mean hold-out purchases per customer",
    )
    thousands(ax.yaxis, whole=False)
    legend_above(ax, 3)
    return ax


def coverage(
    table: pd.DataFrame | ValueResult, *, ax: Axes | None = None, summary: CustomerSummary | None = None
) -> Axes:
    """Show the share of cases inside their interval, beside the share the interval claims.

    Parameters
    ----------
    table
        Values, or what `validate.coverage` returns; its rows for customers and cohorts are drawn.
    ax
        Axes to draw on; None makes one.
    summary
        The customers with their hold-out, where values are drawn.

    Returns
    -------
    matplotlib.axes.Axes
        One row per quantity, scope and interval; the nominal share is a line.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> table = pd.DataFrame({"quantity": "purchases", "scope": "customer", "interval": ["outcome", "expectation"],
    ...                       "cases": 2357, "nominal": 0.9, "inside": [0.95, 0.017]})
    >>> ax = coverage(table, ax=Figure().subplots())
    >>> [text.get_text() for text in ax.texts]
    ['95 %', '1.7 %', 'claimed: 90 %']
    """
    table = objects.of_holdout(table, summary, "coverage")
    shown = table[table["scope"] != "total"].reset_index(drop=True)
    ax = new_axes(ax, height=1.3 + 0.38 * len(shown))
    nominal = float(shown["nominal"].iloc[0])
    ax.axvline(nominal, color=QUIET, linewidth=1.2, linestyle=(0, (4, 2)), zorder=1)
    for row, (_, case) in enumerate(shown.iterrows()):
        outcome = case["interval"] == "outcome"
        colour, marker = (MODEL, "o") if outcome else (OKABE_ITO["vermillion"], "D")
        share = float(case["inside"])
        ax.plot([0, share], [row, row], color=colour, linewidth=1.2, alpha=0.5)
        ax.plot(share, row, marker, color=colour, mfc=colour if outcome else "white", markersize=7)
        inside = _share(share, int(case["cases"]))
        beside(ax, inside, (1.0, row), (48, 0), of=("axes fraction", "data"), ha="right", va="center")
    claimed = f"claimed: {nominal:.0%}".replace("%", " %")
    beside(ax, claimed, (nominal, -0.65), (-4, 0), ha="right", va="center", color=QUIET)
    plural = {"customer": "customers", "cohort": "cohorts"}
    names = [
        f"{plain(case['quantity'])}, {plain(case['interval'])}\n{case['cases']:,} {plural[case['scope']]}"
        for _, case in shown.iterrows()
    ]
    name_ticks(ax.yaxis, range(len(shown)), names)
    ax.set_ylim(len(shown) - 0.5, -0.95)
    ax.set_xlim(0, 1.02)
    shares(ax.xaxis)
    return dress(
        ax, title="How often the intervals contain what happened", x="Share inside the interval", y="", grid="x"
    )


def prior_posterior(
    prior_at: ArrayLike | Fit,
    prior_density: ArrayLike | None = None,
    draws: ArrayLike | None = None,
    *,
    name: str,
    ax: Axes | None = None,
) -> Axes:
    """Show the prior density of one quantity beside its posterior draws.

    Parameters
    ----------
    prior_at, prior_density
        Points and the prior's density there; or a fit alone.
    draws
        Posterior draws.
    name
        What the quantity is, with its unit; of a fit, one that carries a prior, such as "half_life".
    ax
        Axes to draw on; None makes one.

    Returns
    -------
    matplotlib.axes.Axes
        The posterior as a filled histogram of area 1, the prior as a dashed line, cut where it is much higher.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = prior_posterior([0.0, 1.0, 2.0], [0.2, 0.5, 0.2], [0.9, 1.0, 1.1], name="r", ax=Figure().subplots())
    >>> round(float(sum(bar.get_height() * bar.get_width() for bar in ax.patches)), 6)
    1.0
    """
    at, density, draws = objects.densities(prior_at, prior_density, draws, name)
    ax = new_axes(ax, width=4.2, height=3.0)
    drawn = np.ravel(np.asarray(draws, dtype=np.float64))
    bins = int(np.clip(np.sqrt(len(drawn)), 1, 40))
    height, *_ = ax.hist(drawn, bins=bins, density=True, color=BAND, edgecolor=MODEL, linewidth=0.4, label="posterior")
    ax.plot(at, density, color=ACTUAL, linestyle="--", linewidth=1.5, label="prior")
    ax.set_yticks([])
    ax.set_ylim(0, min(ax.get_ylim()[1], TALLEST_PRIOR * float(np.max(height))) * 1.12)
    dress(ax, title=plain(name, longest=40, weight="bold"), x="", y="Density", grid=None)
    thousands(ax.xaxis, whole=False)
    legend(ax, loc="upper right")
    return ax


def _interval_points(ax: Axes, at: ArrayLike, middle: pd.Series, low: pd.Series, high: pd.Series, label: str) -> None:
    """Draw points with intervals: square and open, so that they stand out on bars in grey."""
    spread = np.clip([middle - low, high - middle], 0, None)
    ax.errorbar(
        at, middle, yerr=spread, fmt="s", color=MODEL, mfc="white", mew=1.4, markersize=5.5, elinewidth=1.6,
        capsize=4, label=label,
    )  # fmt: skip


def _share(share: float, cases: int) -> str:
    """Write a share, or of few cases their number, which a percentage would make look surer than it is."""
    if cases < 100:
        return f"{round(share * cases)} of {cases}"
    return f"{100 * share:.2g} %" if share < 0.995 else "100 %"


def _tracking(tracked: pd.DataFrame, kind: str, title: str, ax: Axes | None) -> Axes:
    ax = new_axes(ax)
    at = pd.to_datetime(tracked["end"]).to_numpy()
    expected = f"expected_{kind}"
    ax.plot(at, tracked[f"actual_{kind}"].to_numpy(dtype=float), color=ACTUAL, linewidth=1.6, label="actual", zorder=3)
    ax.plot(
        at, tracked[f"{expected}_mean"], color=MODEL, linewidth=1.8, linestyle=(0, (5, 2)), label="expected", zorder=4
    )
    ax.fill_between(
        at, tracked[f"{expected}_q05"], tracked[f"{expected}_q95"], color=BAND, alpha=0.8, linewidth=0,
        label=f"{INTERVAL} of the expectation",
    )  # fmt: skip
    dress(ax, title=title, x="End of period", y="Repeat purchases")
    ax.set_ylim(0, ax.get_ylim()[1] * 1.06)
    ax.margins(x=0.01)
    if tracked["holdout"].any() and not tracked["holdout"].all():
        border = at[~tracked["holdout"].to_numpy()][-1]
        ax.axvline(border, color=QUIET, linewidth=1.0, linestyle=":")
        for text, shift in (("calibration", -5), ("hold-out", 5)):
            beside(
                ax, text, (border, 0.02), (shift, 0), of=("data", "axes fraction"), ha="left" if shift > 0 else "right",
                va="bottom", color=QUIET, style="italic",
            )  # fmt: skip
    date_axis(ax)
    thousands(ax.yaxis)
    legend_above(ax, 3)
    return ax
