"""Shades: numbers over two things at once, as cells with the numbers written in them or as a surface with contours."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from kundenwert.errors import DomainError
from kundenwert.plot.names import literal, plain
from kundenwert.plot.style import ACTUAL, QUIET, TICK, TITLE, beside, dress, inches_high, new_axes, number, thousands

SHADES = LinearSegmentedColormap.from_list("shades", ["#EDF4FA", "#BFDAEC", "#56A0CE", "#0072B2", "#003A5C"])
"""Light to dark, in grey too."""

CELL = (0.27, 0.155)
"""Width and height in inches of the smallest cell that holds a number."""

LONG = 24
"""Characters of a horizon in a title."""

_DARK, _DARK_CELL = 0.5, 0.62


def expected_purchases_surface(
    frequency: ArrayLike,
    recency: ArrayLike,
    expected_purchases: ArrayLike,
    *,
    horizon: str = "",
    time_unit: str = "weeks",
    ax: Axes | None = None,
) -> Axes:
    """Show the purchases expected of a customer over the number of repeat purchases and the time of the last one.

    Parameters
    ----------
    frequency
        Repeat purchases, ascending, shape (m,); from 1 on, since a one-time buyer has only the recency 0.
    recency
        Time from first to last purchase, ascending, shape (n,), in time units.
    expected_purchases
        Expected purchases ≥ 0, shape (n, m): one row per recency. Missing or infinite ones are left blank.
    horizon
        How far ahead, in words for the title, such as "the next 52 weeks".
    time_unit
        The unit's name for the axis.
    ax
        Axes to draw on; None makes one.

    Returns
    -------
    matplotlib.axes.Axes
        Shades with labelled contours.

    Raises
    ------
    DomainError
        If the shapes do not match, or there are fewer than two frequencies or recencies.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> expected = [[0.5, 0.2, 0.1], [0.5, 0.8, 0.9]]
    >>> ax = expected_purchases_surface([1, 2, 3], [1.0, 9.0], expected, ax=Figure().subplots())
    >>> ax.get_title(loc="left")
    'Expected purchases'
    """
    x, y, z = (np.asarray(values, dtype=np.float64) for values in (frequency, recency, expected_purchases))
    if z.shape != (len(y), len(x)) or min(z.shape) < 2:
        raise DomainError(
            f"expected_purchases must have shape (recency, frequency) = ({len(y)}, {len(x)}), at least (2, 2), "
            f"not {z.shape}"
        )
    ax = new_axes(ax, width=5.6, height=4.2)
    shown = np.ma.masked_invalid(z)
    top = float(shown.max()) if shown.count() else 0.0
    if top > 0:
        norm = PowerNorm(0.5, vmin=0, vmax=top)
        ax.contourf(x, y, shown, levels=top * np.linspace(0, 1, 25) ** 2, cmap=SHADES, norm=norm)
        steps = contour_levels(float(shown.min()), top)
        for levels, colour in (
            ([at for at in steps if norm(at) <= _DARK], ACTUAL),
            ([at for at in steps if norm(at) > _DARK], "#FFFFFF"),
        ):
            if levels:
                lines = ax.contour(x, y, shown, levels=levels, colors=colour, linewidths=0.9)
                ax.clabel(lines, fmt=number, fontsize=TICK)
    else:
        ax.set(xlim=(x.min(), x.max()), ylim=(y.min(), y.max()))
    ahead = plain(horizon, longest=LONG, weight="bold")
    dress(
        ax, title="Expected purchases" + (f" in {ahead}" if ahead else ""), x="Repeat purchases so far",
        y=f"Time from first to last purchase ({plain(time_unit, longest=12)})", grid=None,
    )  # fmt: skip
    thousands(ax.xaxis)
    thousands(ax.yaxis, whole=False)
    return ax


def contour_levels(low: float, high: float) -> list[float]:
    """Choose round numbers strictly between `low` and `high`: 1, 2, 5 and so on over decades, even steps within one.

    Examples
    --------
    >>> contour_levels(0.04, 9.0), contour_levels(6.0, 9.0)
    ([0.1, 0.2, 0.5, 1.0, 2.0, 5.0], [6.5, 7.0, 7.5, 8.0, 8.5])
    """
    low = max(low, high * 0.01)
    if high < 5 * low:
        steps = [float(at) for at in MaxNLocator(6).tick_values(low, high)]
    else:
        decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
        steps = [float(f"{digit}e{decade}") for decade in decades for digit in (1, 2, 5)]
    return [at for at in steps if low * (1 + 1e-9) < at < high * (1 - 1e-9)]


def cells(ax: Axes, shown: NDArray[np.float64], *, low: float, high: float, write: Callable[[float], str]) -> None:
    """Shade a cell for each number, blank where it is missing; write the numbers where they fit, else a scale.

    Call it when title and labels are set: the scale stands between title and picture.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> cells(ax, np.array([[1.0, 0.5], [1.0, np.nan]]), low=0.0, high=1.0, write=number)
    >>> [text.get_text() for text in ax.texts]
    ['1', '0.5', '1']
    """
    rows, columns = shown.shape
    few = shown.size <= 2000
    masked = np.ma.masked_invalid(shown)
    ax.pcolormesh(
        np.arange(columns + 1) - 0.5, np.arange(rows + 1) - 0.5, masked, cmap=SHADES, vmin=low, vmax=high,
        edgecolors="white" if few else "none", linewidth=0.6 if few else 0.0, rasterized=not few,
    )  # fmt: skip
    width = ax.bbox.width / ax.figure.dpi / columns
    if width >= CELL[0] and inches_high(ax) / rows >= CELL[1]:
        for row, column in np.argwhere(~masked.mask if masked.mask.any() else np.ones(shown.shape, dtype=bool)):
            value = float(shown[row, column])
            dark = value > low + _DARK_CELL * (high - low)
            ax.text(
                column, row, write(value), ha="center", va="center", fontsize=min(TICK, 30 * width),
                color="white" if dark else ACTUAL,
            )  # fmt: skip
    else:
        above = masked.count() > 0 and float(masked.max()) > high
        _scale(ax, write(low), ("≥ " if above else "") + write(high))
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.set_xlim(-0.5, columns - 0.5)
    ax.set_ylim(rows - 0.5, -0.5)


def _scale(ax: Axes, low: str, high: str) -> None:
    """Put a strip of the shades, with the numbers at its ends, between title and picture."""
    literal(ax.set_title(ax.get_title(loc="left"), loc="left", fontsize=TITLE, fontweight="bold", pad=24))
    high_of_one = 1 / (72 * max(inches_high(ax), 0.5))
    strip = ax.inset_axes((0.06, 1 + 7 * high_of_one, 0.22, 8 * high_of_one))
    strip.imshow(np.linspace(0, 1, 128)[None], aspect="auto", cmap=SHADES)
    strip.set(xticks=[], yticks=[])
    for spine in strip.spines.values():
        spine.set_visible(False)
    beside(strip, low, (0.0, 0.5), (-4, 0), of="axes fraction", ha="right", va="center", color=QUIET)
    beside(strip, high, (1.0, 0.5), (4, 0), of="axes fraction", va="center", color=QUIET)
