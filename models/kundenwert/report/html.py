"""Small pieces of HTML. Everything that comes from data or options passes through `escape` here."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

type Format = Callable[[Any], str]

MISSING, NEVER = "–", "never"


@dataclass(frozen=True)
class Until:
    """Write a time until an event that may never come.

    Examples
    --------
    >>> Until(1)(12.34), Until(1)(float("inf"))
    ('12.3', 'never')
    """

    decimals: int = 1

    def __call__(self, value: float) -> str:
        """Write the time, or that it never comes."""
        return NEVER if np.isinf(value) else digits(self.decimals)(value)


@dataclass(frozen=True)
class Html:
    """A piece of finished HTML, shown by notebooks as such."""

    text: str

    def _repr_html_(self) -> str:
        return self.text

    def __add__(self, other: Html) -> Html:
        return Html(self.text + other.text)


def paragraph(text: str, kind: str = "") -> Html:
    """A paragraph of plain text."""
    of = f' class="{kind}"' if kind else ""
    return Html(f"<p{of}>{escape(text)}</p>\n")


def heading(level: int, text: str, anchor: str = "") -> Html:
    """A heading, with an anchor for the table of contents."""
    of = f' id="{escape(anchor)}"' if anchor else ""
    return Html(f"<h{level}{of}>{escape(text)}</h{level}>\n")


def bullets(items: Sequence[str]) -> Html:
    """A list of plain texts."""
    return Html("<ul>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>\n")


def box(kind: str, *paragraphs: str) -> Html:
    """Paragraphs set off in a box."""
    return Html(f'<div class="{kind}">' + "".join(f"<p>{escape(text)}</p>" for text in paragraphs) + "</div>\n")


def tiles(items: Sequence[tuple[str, str, str]]) -> Html:
    """Key figures: name, number, and what belongs beside it."""
    inner = "".join(
        f'<div class="tile"><div class="name">{escape(name)}</div><div class="number">{escape(number)}</div>'
        f'<div class="more">{escape(more)}</div></div>'
        for name, number, more in items
    )
    return Html(f'<div class="tiles">{inner}</div>\n')


def contents(sections: Sequence[tuple[str, str]]) -> Html:
    """Links to the sections: anchor and name."""
    links = "".join(f'<a href="#{escape(anchor)}">{escape(name)}</a>' for anchor, name in sections)
    return Html(f'<nav aria-label="Contents">{links}</nav>\n')


def table(
    frame: pd.DataFrame,
    columns: Mapping[str, tuple[str, Format | None]],
    *,
    caption: tuple[str, str],
    total: bool = False,
    prose: Sequence[str] = (),
    classes: Callable[[str, Any], str] | None = None,
) -> Html:
    """A table of chosen columns.

    Parameters
    ----------
    frame
        The rows.
    columns
        For each column of the frame its heading and format; a format of None marks text.
    caption
        What the table is called, and what to see in it.
    total
        Whether the last row is a total, to be set off.
    prose
        Text columns whose lines may break; others stay on one line.
    classes
        Gives a class for a cell from its column and value.
    """
    head = "".join(
        f'<th scope="col"{"" if form else " class=text"}>{escape(name)}</th>' for name, form in columns.values()
    )
    rows = []
    records = frame[list(columns)].to_dict("records")
    for number, record in enumerate(records):
        cells = []
        for key, (_, form) in columns.items():
            value = record[key]
            text = "" if form else "prose" if key in prose else "text"
            kind = " ".join(filter(None, [text, classes(key, value) if classes else ""]))
            of = f' class="{kind}"' if kind else ""
            cells.append(f"<td{of}>{escape(_shown(value, form))}</td>")
        last = total and number == len(records) - 1
        rows.append(f"<tr{' class=total' if last else ''}>{''.join(cells)}</tr>")
    name, see = caption
    return Html(
        f'<div class="scroll"><table><caption><b>{escape(name)}</b> {escape(see)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>\n"
    )


def _shown(value: Any, form: Format | None) -> str:
    if value is None or value is pd.NaT or (isinstance(value, float | np.floating) and np.isnan(value)):
        return MISSING
    if isinstance(value, float | np.floating) and np.isinf(value) and not isinstance(form, Until):
        return "∞" if value > 0 else "−∞"
    return form(value) if form else str(value)


def figure(*axes: Axes, caption: tuple[str, str]) -> Html:
    """Figures as vector graphics inside the page, with a caption that says what to see."""
    name, see = caption
    images = []
    for ax in axes:
        drawing: Any = ax.figure
        buffer = io.StringIO()
        with mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": "kundenwert"}):
            drawing.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        plt.close(drawing)
        data = base64.b64encode(buffer.getvalue().encode()).decode()
        images.append(f'<img alt="{escape(name)}" src="data:image/svg+xml;base64,{data}">')
    kind = ' class="pair"' if len(images) > 1 else ""
    return Html(
        f"<figure{kind}>{''.join(images)}<figcaption><b>{escape(name)}</b> {escape(see)}</figcaption></figure>\n"
    )


def whole(value: float) -> str:
    """A number without decimals."""
    return f"{round(value) + 0:,}".replace("-", "−")


def money(value: float) -> str:
    """An amount: cents where they matter."""
    if np.isinf(value):
        return "∞" if value > 0 else "−∞"
    return (f"{round(value, 2) + 0.0:,.2f}" if abs(value) < 1000 else f"{value:,.0f}").replace("-", "−")


def share(value: float) -> str:
    """A share in percent."""
    return f"{100 * value:.1f}\N{NO-BREAK SPACE}%".replace("-", "−")


def percent(value: float) -> str:
    """A round share in percent."""
    return f"{100 * value:.0f}\N{NO-BREAK SPACE}%".replace("-", "−")


def digits(count: int) -> Format:
    """Numbers with a fixed count of decimals."""
    return lambda value: f"{round(value, count) + 0.0:,.{count}f}".replace("-", "−")


def fitting(value: float) -> str:
    """Three decimals of small numbers, two of larger ones, none of thousands."""
    return digits(3 if abs(value) < 10 else 2 if abs(value) < 1000 else 0)(value)


def significant(value: float) -> str:
    """Three significant digits."""
    return (f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}").replace("-", "−")
