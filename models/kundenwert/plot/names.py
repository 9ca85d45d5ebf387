"""Names from data in pictures: written as they are, one line long, with the characters that the font has."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter
from numpy.typing import ArrayLike

LONGEST = 28
"""Characters of a name in a picture; tables have the full names."""

_EM = 0.62  # width allowed per character: names in capitals are shortened further
_MARKS = 2  # accents on one letter


def plain(name: object, *, longest: int = LONGEST, weight: str = "normal") -> str:
    """Write a name so that it can be drawn: on one line, shortened in its middle, without missing glyphs.

    Parameters
    ----------
    name
        Any text.
    longest
        Number of characters to keep, ≥ 2.
    weight
        Weight of the font that the name is drawn with.

    Returns
    -------
    str
        At most `longest` characters, fewer if they are wide. Line breaks and control characters are blanks,
        invisible marks are left out, and a character that the font does not have is a box.

    Examples
    --------
    >>> plain("north\\nwest"), plain("a branch with a very long name, Hamburg")
    ('north west', 'a branch with…name, Hamburg')
    >>> plain("Zoë 顧客")
    'Zoë □□'
    """
    fonts = _fonts(tuple(FontProperties().get_family()), weight)
    known = _characters(fonts)
    box, dots = ("□" if ord("□") in known else "?"), ("…" if ord("…") in known else "~")
    drawn: list[str] = []
    marks = 0
    for character in unicodedata.normalize("NFC", str(name)):
        kind = unicodedata.category(character)
        marks = marks + 1 if kind in {"Mn", "Me"} else 0
        if kind in {"Cc", "Zl", "Zp", "Zs"}:
            drawn.append(" ")
        elif kind != "Cf" and marks <= _MARKS:
            drawn.append(character if ord(character) in known else box)
    text = " ".join("".join(drawn).split())
    font = get_font(fonts)
    font.set_size(10, 72)
    short, keep = text, longest
    while len(short) > longest or (_ems(font, short) > _EM * longest and keep > 2):
        start = (keep - 1) // 2
        short = f"{text[:start].rstrip()}{dots}{text[start + 1 - keep :].lstrip()}"
        keep -= 1
    return short


def literal(text: Any) -> None:
    """Have an artist of text draw dollar signs instead of reading formulas between them.

    Examples
    --------
    >>> from matplotlib.text import Text
    >>> text = Text(0, 0, "$x^2$")
    >>> literal(text)
    >>> text.get_parse_math()
    False
    """
    text.set_parse_math(False)
    text.set_usetex(False)


def name_ticks(axis: Any, at: ArrayLike, names: Sequence[str]) -> None:
    """Put ticks with names on an axis; what `plain` gives is drawn literally, on ticks made later too.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> axis = Figure().subplots().xaxis
    >>> name_ticks(axis, [0, 1], ["$x^2$", "b"])
    >>> [(label.get_text(), label.get_parse_math()) for label in axis.get_ticklabels()]
    [('$x^2$', False), ('b', False)]
    """
    axis.set_ticks(at)
    at_place: dict[float, str] = dict(zip(axis.get_majorticklocs(), names, strict=True))

    def name(place: float, index: int | None = None) -> str:
        if index == 0:  # the first name of a round, before the ticks are given theirs
            sharing = getattr(axis.axes, f"get_shared_{axis.axis_name}_axes")().get_siblings(axis.axes)
            for axes in sharing:
                for tick in getattr(axes, f"{axis.axis_name}axis").get_major_ticks(len(names)):
                    for text in tick.findobj(Text):
                        literal(text)
        return at_place.get(place, "")

    axis.set_major_formatter(FuncFormatter(name))


def _ems(font: Any, text: str) -> float:
    font.set_text(text)
    return float(font.get_width_height()[0] / 64 / 10)


@lru_cache
def _fonts(families: tuple[str, ...], weight: str) -> tuple[str, ...]:
    """Find the files of the fonts in use, or of the one that stands in for them."""
    paths = []
    for family in families:
        try:
            paths.append(findfont(FontProperties(family=family, weight=weight), fallback_to_default=False))
        except ValueError:
            continue
    return tuple(paths or [findfont(FontProperties(family=list(families), weight=weight))])


@lru_cache
def _characters(fonts: tuple[str, ...]) -> frozenset[int]:
    return frozenset().union(*(get_font(path).get_charmap() for path in fonts))
