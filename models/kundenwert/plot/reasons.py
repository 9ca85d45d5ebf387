"""Why formula and posterior differ: the reasons as amounts of money, and as factors by cohort."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from kundenwert.compare import FACTORS
from kundenwert.errors import DomainError, SchemaError
from kundenwert.plot import objects
from kundenwert.plot.lines import log_axis
from kundenwert.plot.names import literal, plain
from kundenwert.plot.style import (
    ACTUAL,
    BARS,
    INTERVAL,
    MODEL,
    OKABE_ITO,
    QUIET,
    TICK,
    TITLE,
    beside,
    dress,
    inches_high,
    legend_above,
    new_axes,
    number,
    row_labels,
    thousands,
)

if TYPE_CHECKING:
    from kundenwert.compare import Decomposition

NAMES = {
    "order_value": "Order value",
    "frequency": "Purchase frequency",
    "lifespan": "Lifespan",
    "heterogeneity": "Heterogeneity",
    "discounting": "Discounting",
}
"""What pictures call the factors."""

MARKS = {
    "order_value": (OKABE_ITO["blue"], "o"),
    "frequency": (OKABE_ITO["vermillion"], "s"),
    "lifespan": (OKABE_ITO["green"], "^"),
    "heterogeneity": (OKABE_ITO["purple"], "D"),
    "discounting": (OKABE_ITO["black"], "x"),
}

UP, DOWN = (OKABE_ITO["green"], ""), ("#F4B183", "////")
"""Colour and hatch of what raises the value, and of what lowers it."""


def waterfall(table: pd.DataFrame | Decomposition, cohort: str, *, ax: Axes | None = None) -> Axes:
    """Show how the formula's value becomes the posterior's, one reason after the other, in money.

    Parameters
    ----------
    table
        What `compare.decompose` returns, or its table.
    cohort
        Which cohort; "all" is the total.
    ax
        Axes to draw on; None makes one.

    Returns
    -------
    matplotlib.axes.Axes
        Rows from the formula's value to the posterior's, with the mean change in money at each bar, and beside it the
        factor formula / posterior with its interval. Reasons that lower the value are hatched.

    Raises
    ------
    DomainError
        If the table does not hold the cohort.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> steps = ["formula", *FACTORS, "posterior", "ratio"]
    >>> table = pd.DataFrame({"cohort": "a", "step": steps, "money_mean": [10.0, -2.0, 4.0, 0.0, 0.0, 0.0, 12.0, 2.0],
    ...     "money_q05": 9.0, "money_q95": 13.0, "factor_q05": 0.9, "factor_q50": 1.2, "factor_q95": 1.3, "note": ""})
    >>> ax = waterfall(table, "a", ax=Figure().subplots())
    >>> [text.get_text() for text in ax.texts][1:4]
    ['−2', '×1.20 (0.90 to 1.30)', '+4']
    """
    rows = _steps(objects.steps(table), cohort)
    ax = new_axes(ax, height=3.9)
    at = row_labels(ax, ["Formula", *(NAMES[name] for name in FACTORS), "Posterior"], height=inches_high(ax))
    money = rows["money_mean"].to_numpy(np.float64)
    if np.isfinite(money[:-1]).all():
        _bars(ax, at, rows, money)
    else:
        why = plain(rows["note"].iloc[0] or "a mean is missing or infinite", longest=70)
        literal(
            ax.text(
                0.5,
                0.5,
                f"not computable: {why}",
                transform=ax.transAxes,
                ha="center",
                va="center",
                fontsize=TICK,
                color=QUIET,
            )
        )
        ax.set_xticks([])
    name = plain(cohort, weight="bold")
    dress(
        ax,
        title=f"From the formula to the posterior: {name}",
        x="Value of a customer before acquisition cost",
        y="",
        grid="x",
    )
    if ax.get_xticks().size:
        thousands(ax.xaxis, whole=False)
    ax.set_title(ax.get_title(loc="left"), loc="left", fontsize=TITLE, fontweight="bold", pad=20)
    beside(ax, f"formula ÷ posterior,\n{INTERVAL}", (1.0, 1.0), (8, 2), of="axes fraction", color=QUIET)
    return ax


def _steps(table: pd.DataFrame, cohort: str) -> pd.DataFrame:
    """Rows of one cohort by step; of a cohort that is called as the total, those of the total, which come last."""
    own = table[table["cohort"].astype(str) == cohort]
    if own.empty:
        known = list(dict.fromkeys(table["cohort"].astype(str)))
        raise DomainError(f"there is no cohort {cohort!r}; choose one of {', '.join(map(repr, known[:8]))}")
    last = own.drop_duplicates("step", keep="last").set_index("step")
    wanted = ["formula", *FACTORS, "posterior"]
    if missing := [step for step in wanted if step not in last.index]:
        raise SchemaError(f"the decomposition of cohort {cohort!r} has no step {' and no step '.join(missing)}")
    return last.loc[wanted]


def _bars(ax: Axes, at: NDArray[np.float64], rows: pd.DataFrame, money: NDArray[np.float64]) -> None:
    """Draw the totals and the changes between them, with their numbers."""
    after = np.cumsum(money[:-1])
    before = np.concatenate([[0.0], after[:-1], [0.0]])
    after = np.append(after, money[-1])
    for i, (step, row) in enumerate(rows.iterrows()):
        total = step in {"formula", "posterior"}
        colour, hatch = UP if money[i] >= 0 else DOWN
        if total:
            colour, hatch = (BARS if step == "formula" else MODEL), ""
        ax.barh(
            at[i], after[i] - before[i], left=before[i], height=0.62, color=colour, hatch=hatch, edgecolor=ACTUAL,
            linewidth=0.7, zorder=3,
        )  # fmt: skip
        if i + 1 < len(at):
            ax.plot([after[i]] * 2, [at[i], at[i + 1]], color=QUIET, linewidth=0.8, zorder=2)
        right = max(before[i], after[i])
        if step == "posterior":
            ax.hlines(at[i], row["money_q05"], row["money_q95"], color=ACTUAL, linewidth=1.4, zorder=4)
            right = max(right, float(row["money_q95"]))
        text = _amount(money[i]) if total else f"{'+' if money[i] > 0 else ''}{_amount(money[i])}"
        beside(ax, text, (right, at[i]), (5, 0), va="center", zorder=5)
        if not total:
            factor = "×{:.2f} ({:.2f} to {:.2f})".format(*(row[f"factor_{q}"] for q in ("q50", "q05", "q95")))
            beside(ax, factor, (1.0, at[i]), (8, 0), of=("axes fraction", "data"), va="center")
    low, high = min(0.0, before.min(), after.min()), max(before.max(), after.max(), 0.0)
    wide = (high - low) or 1.0
    ax.set_xlim(low - (0.02 * wide if low < 0 else 0), high + 0.16 * wide)


def factors(table: pd.DataFrame | Decomposition, *, ax: Axes | None = None) -> Axes:
    """Show each cohort's five factors between formula and posterior on a logarithmic axis, with intervals.

    Parameters
    ----------
    table
        What `compare.decompose` returns, or its table.
    ax
        Axes to draw on; None makes one whose height fits the number of cohorts.

    Returns
    -------
    matplotlib.axes.Axes
        One row per cohort with a mark per factor: right of 1 the formula is too high, left of it too low.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> steps = ["formula", *FACTORS, "posterior", "ratio"]
    >>> table = pd.DataFrame({"cohort": "a", "step": steps, "factor_q05": 0.9, "factor_q50": 1.2, "factor_q95": 1.3})
    >>> ax = factors(table, ax=Figure().subplots())
    >>> [text.get_text() for text in ax.get_legend().get_texts()][:2]
    ['Order value', 'Purchase frequency']
    """
    table = objects.steps(table)
    block = (table["step"] == "formula").cumsum()
    names = table["cohort"].astype(str).groupby(block).first().tolist()
    if names[-1] in names[:-1]:
        names[-1] += " (total)"
    dodge = len(names) <= 20
    if ax is None:
        ax = new_axes(None, height=float(np.clip(1.9 + (0.4 if dodge else 0.3) * len(names), 3.0, 9.4)))
    at = row_labels(ax, names, height=inches_high(ax))
    shifts = np.linspace(-0.3, 0.3, len(FACTORS)) if dodge else np.zeros(len(FACTORS))
    for step, shift in zip(FACTORS, shifts, strict=True):
        own = table[table["step"] == step]
        colour, marker = MARKS[step]
        middle, low, high = (
            own[f"factor_{q}"].where(lambda v: v > 0).to_numpy(np.float64) for q in ("q50", "q05", "q95")
        )
        lost = int(np.isnan(middle).sum())
        label = NAMES[step] + (f" (not computable in {lost} of {len(own)} rows)" if lost else "")
        ax.hlines(at + shift, low, high, color=colour, linewidth=1.5 if dodge else 0.9, alpha=0.7, zorder=3)
        ax.plot(
            middle, at + shift, marker, color=colour, mfc="white" if marker != "x" else None, mew=1.2,
            markersize=5 if dodge else 3.5, label=label, zorder=4,
        )  # fmt: skip
    ax.axvline(1.0, color=ACTUAL, linewidth=0.9, zorder=1)
    log_axis(ax, [table.loc[table["step"].isin(FACTORS), f"factor_{q}"] for q in ("q05", "q95")])
    dress(
        ax, title="Why formula and posterior differ, by cohort", y="Cohort", grid="x",
        x=f"Factor formula ÷ posterior, {INTERVAL} (logarithmic; 1: no difference)",
    )  # fmt: skip
    if len(names) > 1:
        ax.axhline(len(names) - 1.5, color=QUIET, linewidth=0.9)
    legend_above(ax, 3)
    return ax


def _amount(money: float) -> str:
    """Write money with cents only where they matter."""
    return number(round(money, 2) if abs(money) < 100 else round(money))
