"""Surfaces and cells: shapes, blanks, contours at round numbers."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from kundenwert import plot
from kundenwert.errors import DomainError
from kundenwert.kernels import pareto_nbd
from kundenwert.plot.style import number
from kundenwert.plot.surfaces import SHADES, cells, contour_levels

LAW = {"r": 0.55, "alpha": 10.58, "s": 0.61, "beta": 11.67}


def surface():
    x, t = np.arange(1, 16), np.linspace(1, 39, 20)
    return x, t, pareto_nbd.expected_purchases(x, t[:, None], 39.0, horizon=52.0, **LAW)


def test_the_surface_of_expected_purchases_has_labelled_contours(sound):
    ax = plot.expected_purchases_surface(*surface(), horizon="the next 52 weeks")
    sound(ax, title="Expected purchases in the next 52 weeks", x="Repeat purchases so far")
    assert {"0.5", "1", "2", "5"} <= {text.get_text() for text in ax.texts}
    assert ax.get_ylabel() == "Time from first to last purchase (weeks)"


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf, 3.0])
def test_flat_and_missing_surfaces_are_drawn(value, sound):
    x, t, z = surface()
    sound(plot.expected_purchases_surface(x, t, np.full_like(z, value)), title="Expected purchases", x="Repeat")
    holed = z.copy()
    holed[2, 3] = value
    sound(plot.expected_purchases_surface(x, t, holed, time_unit="$x$" * 9), title="Expected purchases", x="Repeat")


def test_the_surface_draws_on_the_axes_given(given):
    given(lambda ax: plot.expected_purchases_surface(*surface(), ax=ax))


@pytest.mark.parametrize(
    ("times", "shape", "message"),
    [([1.0, 2.0], (3, 2), r"= \(2, 3\), at least \(2, 2\), not \(3, 2\)"), ([1.0], (1, 3), r"not \(1, 3\)")],
    ids=["turned", "one row"],
)
def test_the_surface_wants_matching_shapes(times, shape, message):
    with pytest.raises(DomainError, match=message):
        plot.expected_purchases_surface([1, 2, 3], times, np.zeros(shape))


@pytest.mark.parametrize(("low", "high"), [(0.0, 30.0), (0.5, 0.9), (100.0, 40_000.0), (1e-5, 2e-3)])
def test_contours_lie_at_round_numbers_inside(low, high):
    levels = contour_levels(low, high)
    assert 2 <= len(levels) <= 9
    assert low < levels[0]
    assert levels[-1] < high
    assert np.all(np.diff(levels) > 0)


def test_shades_darken_evenly_in_grey():
    grey = [np.dot(to_rgb(SHADES(at)), [0.299, 0.587, 0.114]) for at in np.linspace(0, 1, 20)]
    assert np.all(np.diff(grey) < 0)
    assert grey[0] - grey[-1] > 0.6


def test_numbers_in_cells_are_white_on_dark():
    ax = plt.figure(figsize=(5, 3)).subplots()
    cells(ax, np.array([[0.1, 0.95, np.nan]]), low=0.0, high=1.0, write=number)
    assert [(text.get_text(), to_rgb(text.get_color())) for text in ax.texts] == [
        ("0.1", (0.0, 0.0, 0.0)), ("0.95", (1.0, 1.0, 1.0)),
    ]  # fmt: skip
