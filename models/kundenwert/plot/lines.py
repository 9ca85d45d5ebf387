"""Many lines in one picture: which of them get a colour and a name, how those look, and axes over decades."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator
from numpy.typing import ArrayLike

from kundenwert.errors import DomainError
from kundenwert.plot.names import plain
from kundenwert.plot.style import BARS, OKABE_ITO, number

type Look = tuple[str, str | tuple[float, tuple[float, ...]], str]

LOOKS: tuple[Look, ...] = (
    (OKABE_ITO["blue"], "-", "o"),
    (OKABE_ITO["vermillion"], (0, (6, 2)), "s"),
    (OKABE_ITO["green"], (0, (4, 1.5, 1, 1.5)), "^"),
    (OKABE_ITO["purple"], (0, (2, 1.2)), "D"),
    (OKABE_ITO["black"], (0, (8, 1.5, 1, 1.5, 1, 1.5)), "v"),
)
"""Colour, line and marker of the first, second, … line that is named."""


BANDS = 2
"""Lines that are named where each has a band: more would cover one another."""


def picked(
    level: ArrayLike, most: int = len(LOOKS), *, names: Sequence[str] = (), show: Sequence[str] | None = None
) -> list[int]:
    """Choose the lines to name: all if they are few, else some from the highest to the lowest, evenly by rank.

    Parameters
    ----------
    level
        Where each line ends; NaN if it cannot be drawn.
    most
        How many at most, ≥ 2.
    names, show
        Names of the lines, and those to name instead.

    Returns
    -------
    list of int
        Positions, in the order given.

    Raises
    ------
    DomainError
        If a line to show does not exist, or there are more than there are looks.

    Examples
    --------
    >>> picked([5.0, 1.0, 3.0, 4.0, 2.0], 3), picked([5.0, np.nan], 3)
    ([0, 1, 2], [0])
    """
    ends = np.asarray(level, dtype=np.float64)
    if show is not None:
        if (unknown := [name for name in show if name not in names]) or len(show) > len(LOOKS):
            raise DomainError(
                f"show={list(show)!r} has {len(show)} cohorts, {len(unknown)} of them not in the table (first: "
                f"{unknown[:3]!r}); name up to {len(LOOKS)} of {', '.join(map(repr, names[:8]))}"
            )
        return [i for i, name in enumerate(names) if name in show and not np.isnan(ends[i])]
    known = np.flatnonzero(~np.isnan(ends))
    if len(known) <= most:
        return [int(i) for i in known]
    ranked = known[np.argsort(-ends[known], kind="stable")]
    chosen = ranked[np.linspace(0, len(ranked) - 1, most).round().astype(int)]
    return sorted(int(i) for i in chosen)


def called(name: str, *, longest: int) -> str:
    """Write a name so that a legend shows it, which leaves out the empty ones and those that begin with a stroke.

    Examples
    --------
    >>> called(" ", longest=20), called("_web", longest=20), called("web", longest=20)
    ('(no name)', ' _web', 'web')
    """
    text = plain(name, longest=longest) or "(no name)"
    return f" {text}" if text.startswith("_") else text


def others(names: Sequence[str], chosen: Sequence[int], level: ArrayLike) -> tuple[list[int], str, str]:
    """Positions of the lines that stay grey, how the legend calls them, and what it says of those that are missing.

    Examples
    --------
    >>> others(["a", "b", "c"], [0], [1.0, 2.0, np.nan])
    ([1], '1 other cohort', '1 cohort cannot be computed')
    """
    unknown = np.isnan(np.asarray(level, dtype=np.float64))
    grey = [i for i in range(len(names)) if i not in chosen and not unknown[i]]
    lost = int(unknown.sum())
    rest = f"{len(grey)} other cohort{'' if len(grey) == 1 else 's'}" if grey else ""
    return grey, rest, f"{lost} cohort{'' if lost == 1 else 's'} cannot be computed" if lost else ""


type Groups = list[tuple[str, pd.DataFrame]]


def by_cohort(table: pd.DataFrame) -> Groups:
    """Name and rows of each cohort, in the table's order and sorted by time."""
    return [(str(name), group.sort_values("time")) for name, group in table.groupby("cohort", sort=False)]


class Lines(NamedTuple):
    """A line for each cohort: look, name and rows of those that are named, and what the legend says of the others."""

    named: list[tuple[Look, str, pd.DataFrame]]
    rest: str
    lost: str

    @classmethod
    def of(cls, ax: Axes, groups: Groups, column: str, *, banded: bool, show: Sequence[str] | None) -> Lines:
        """Choose the cohorts to name, fewer where each has a band, and draw the others thin and grey."""
        names = [name for name, _ in groups]
        ends = [group[column].dropna().iloc[-1] if group[column].notna().any() else np.nan for _, group in groups]
        chosen = picked(ends, BANDS if banded else len(LOOKS), names=names, show=show)
        grey, rest, lost = others(names, chosen, ends)
        for i in grey:
            ax.plot(groups[i][1]["time"], groups[i][1][column], color=BARS, linewidth=0.7, zorder=1)
        return cls([(look, *groups[i]) for look, i in zip(LOOKS, chosen, strict=False)], rest, lost)

    def tell_others(self, ax: Axes) -> None:
        """Have the legend say what the lines without a name are, and which are missing."""
        if self.rest:
            ax.plot([], [], color=BARS, linewidth=1.2, label=self.rest)
        if self.lost:
            ax.plot([], [], linestyle="none", label=self.lost)


def log_axis(ax: Axes, drawn: list[pd.Series]) -> tuple[float, float]:
    """Make the x axis logarithmic around what is drawn, with plain numbers, and give its ends.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> [round(end, 3) for end in log_axis(ax, [pd.Series([0.2, 5.0, np.nan, 0.0])])], ax.get_xscale()
    ([0.179, 5.6], 'log')
    """
    every = np.concatenate([np.asarray(values, dtype=np.float64) for values in drawn])
    known = every[np.isfinite(every) & (every > 0)]
    ax.set_xscale("log")
    low, high = (float(known.min()), float(known.max())) if known.size else (0.5, 2.0)
    low, high = low / 1.12, high * 1.12
    ax.set_xlim(low, high)
    decades = np.log10(high / low)
    if decades < 0.3:
        ax.xaxis.set_major_locator(MaxNLocator(6))
    elif decades < 3:
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7) if decades < 1.2 else (1, 2, 5)))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda amount, _: number(amount)))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_minor_formatter(NullFormatter())
    return low, high
