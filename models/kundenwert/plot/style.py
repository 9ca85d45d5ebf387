"""One look for all pictures: palette, roles, and what every Axes gets."""

from __future__ import annotations

from typing import Any, Literal

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.container import ErrorbarContainer
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.legend import Legend
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter
from matplotlib.transforms import ScaledTranslation
from numpy.typing import NDArray

from kundenwert.compare import NOMINAL
from kundenwert.plot.names import literal, name_ticks, plain

OKABE_ITO = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "purple": "#CC79A7",
}
"""The colour-blind safe palette of Okabe and Ito (2008)."""

ACTUAL = OKABE_ITO["black"]
MODEL = OKABE_ITO["blue"]
BAND = "#A9CDE8"
BARS = "#C9C9C9"
QUIET = "#6B6B6B"
GRID = "#E4E4E4"

INTERVAL = f"{100 * NOMINAL:.0f} % interval"
"""How pictures call the interval from `_q05` to `_q95`."""

TITLE, LABEL, TICK = 11, 9.5, 8.5

_LINE = 80


def new_axes(ax: Axes | None, *, width: float = 7.2, height: float = 3.8) -> Axes:
    """Return `ax`, or a new Axes in a figure of that size in inches.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> new_axes(ax) is ax
    True
    """
    if ax is None:
        ax = plt.subplots(figsize=(width, height), layout="constrained", dpi=144)[1]
    return ax


def dress(ax: Axes, *, title: str, x: str, y: str, grid: Literal["x", "y", "both"] | None = "y") -> Axes:
    """Give an Axes its title, labels, light grid and open frame.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> dress(Figure().subplots(), title="Repeat purchases", x="Weeks", y="Count").get_title(loc="left")
    'Repeat purchases'
    """
    named = plain(title, longest=_LINE, weight="bold")
    literal(ax.set_title(named, loc="left", fontsize=TITLE, fontweight="bold", pad=8))
    literal(ax.set_xlabel(plain(x, longest=_LINE), fontsize=LABEL))
    literal(ax.set_ylabel(plain(y, longest=_LINE), fontsize=LABEL))
    ax.tick_params(labelsize=TICK, color=QUIET, length=3)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(QUIET)
    if grid is not None:
        ax.grid(axis=grid, color=GRID, linewidth=0.7)
    ax.set_axisbelow(True)
    return ax


def thousands(axis: Axis, *, whole: bool = True) -> None:
    """Write the numbers of an axis with separators, and only whole ones for counts.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> axis = Figure().subplots().yaxis
    >>> thousands(axis)
    >>> axis.get_major_formatter()(12500)
    '12,500'
    """
    if whole:
        axis.set_major_locator(MaxNLocator(nbins=7, integer=True))
    axis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))


def number(value: float) -> str:
    """Write a number as briefly as its size allows.

    Examples
    --------
    >>> number(12500), number(2.5), number(0.125), number(-3)
    ('12,500', '2.5', '0.125', '−3')
    """
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return text.replace("-", "\N{MINUS SIGN}")


def shares(axis: Axis) -> None:
    """Write shares of an axis in per cent."""
    axis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))


def legend(ax: Axes, **keywords: object) -> Legend:
    """Draw a legend without a frame, in the size of the ticks; what is drawn as an interval comes first."""
    handles, labels = ax.get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda index: not isinstance(handles[index], ErrorbarContainer))
    keywords = {"frameon": False, "fontsize": TICK} | keywords
    drawn = ax.legend([handles[index] for index in order], [labels[index] for index in order], **keywords)
    for text in drawn.get_texts():
        literal(text)
    return drawn


def beside(
    ax: Axes,
    text: str,
    at: tuple[float, float],
    shift: tuple[float, float],
    *,
    of: str | tuple[str, str] = "data",
    ha: Literal["left", "center", "right"] = "left",
    va: Literal["top", "center", "bottom", "baseline"] = "baseline",
    color: str | None = None,
    style: Literal["normal", "italic"] = "normal",
    fontsize: float = TICK,
    zorder: float = 3,
) -> None:
    """Write in the size of the ticks, shifted by points from a place in the coordinates `of` each axis.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> beside(ax, "90 %", (1.0, 3.0), (6, 0), of=("axes fraction", "data"), va="center")
    >>> ax.texts[0].get_text(), ax.texts[0].xyann
    ('90 %', (6, 0))
    """
    ax.annotate(
        text, at, xycoords=of, xytext=shift, textcoords="offset points", ha=ha, va=va, color=color, style=style,
        fontsize=fontsize, zorder=zorder,
    )  # fmt: skip


def legend_above(ax: Axes, columns: int) -> None:
    """Put the legend between title and picture, where it can cover nothing; call it when the rest is settled.

    Its height is kept free by the title. Beside long names of rows it starts further left, to end in the figure;
    the layout does not count it, since it would give it room at the cost of the picture.
    """
    lines = -(-len(ax.get_legend_handles_labels()[1]) // columns)
    title = ax.get_title(loc="left")
    ax.set_title(title, loc="left", fontsize=TITLE, fontweight="bold", pad=12 + 14 * lines)
    drawn = legend(
        ax, loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=columns, columnspacing=1.4, handletextpad=0.5
    )
    drawn.set_in_layout(False)
    figure: Any = ax.figure
    beside = ax.yaxis.get_tightbbox()
    wanted = drawn.get_window_extent().width + (beside.width if beside else 0)
    over = max(0.0, (wanted - figure.bbox.width) / figure.dpi + 0.18)
    drawn.set_bbox_to_anchor((-0.01, 1.0), ax.transAxes + ScaledTranslation(-over, 0, figure.dpi_scale_trans))


def inches_high(ax: Axes) -> float:
    """Height of an Axes in inches, before the layout is settled.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> round(inches_high(Figure(figsize=(6, 4)).subplots()), 2)
    3.08
    """
    return float(ax.bbox.height / ax.figure.dpi)


def date_axis(ax: Axes) -> None:
    """Write few and short dates on the x axis, each year once."""
    locator = AutoDateLocator(minticks=3, maxticks=8)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))


def row_labels(ax: Axes, labels: list[str], *, height: float) -> NDArray[np.float64]:
    """Name rows from top to bottom on the y axis, leaving labels out where they would touch.

    The last row is always named; `height` is the height of the Axes in inches. Names are drawn literally, long
    ones shortened.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> rows = row_labels(ax, [f"2024-{week:02d}" for week in range(60)], height=4.0)
    >>> len(rows), len(ax.get_yticklabels())
    (60, 20)
    """
    positions = np.arange(len(labels), dtype=np.float64)
    step = max(1, int(np.ceil(0.16 * len(labels) / max(height, 0.5))))
    last = len(labels) - 1
    shown = [index for index in range(0, last, step) if index == 0 or last - index >= step] + [last]
    name_ticks(ax.yaxis, positions[shown], [plain(labels[index]) for index in shown])
    ax.set_ylim(last + 0.7, -0.7)
    return positions
