"""What every picture must bear, whatever is in its table."""

import io
import warnings
from itertools import pairwise

import matplotlib.pyplot as plt
import pytest
from matplotlib.axes import Axes

HOSTILE = [
    "$x^2$",
    r"$\frac{$",
    r"\$5 to $20 a\_b {c}^d \\",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "Süd & Ost " * 20,
    "W" * 150,
    "Zoë 顧客 🙂",
    "a\nb\tc\0d\r\x1b[0m e\u2028f",
    "a" + "\u0301\u0323" * 30,
    "شركة עברית",
    " \n ",
    "_nolegend_",
    "all",
]


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


@pytest.fixture
def hostile():
    """Labels as data may hold them."""
    return list(HOSTILE)


@pytest.fixture
def sound():
    """Draw a picture without a warning, and find nothing cut off, nothing overlapping, no formula read into a name."""

    def check(ax, *, title, x):
        assert isinstance(ax, Axes)
        figure = ax.figure
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            figure.canvas.draw()
        drawn = [ax.get_tightbbox(), *(text.get_window_extent() for text in ax.texts)]
        if ax.get_legend() is not None:
            drawn.append(ax.get_legend().get_window_extent())
            assert ax.get_legend().get_window_extent().y0 >= ax.get_window_extent().y1 - 1
        width, height = figure.bbox.size
        assert all(box.x0 >= -3 and box.y0 >= -3 and box.x1 <= width + 3 and box.y1 <= height + 3 for box in drawn)
        assert ax.get_window_extent().width > 0.4 * width
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            boxes = [
                label.get_window_extent()
                for tick, label in zip(axis.get_majorticklocs(), axis.get_majorticklabels(), strict=True)
                if low <= tick <= high and label.get_text()
            ]
            assert all(not one.overlaps(other) for one, other in pairwise(boxes))
        assert title in ax.get_title(loc="left")
        assert x in ax.get_xlabel()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            figure.savefig(io.BytesIO(), format="svg")
        plt.close(figure)
        return ax

    return check


@pytest.fixture
def given():
    """Draw on an Axes that is given, and get that one back."""

    def check(picture):
        ax = plt.figure(figsize=(7, 4)).subplots()
        assert picture(ax) is ax

    return check
