"""Gradients against finite differences, and the PyTensor graph against the kernel."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from kundenwert.bayes.graphs import log_likelihood_graph
from kundenwert.kernels import pareto_nbd
from kundenwert.kernels.convex import finer

NAMES = ("r", "alpha", "s", "beta")

HISTORIES = {
    "never came back": (0, 0.0, 39.0),
    "never came back, first day": (0, 0.0, 0.0),
    "one early": (1, 1.7, 38.86),
    "a few": (5, 30.0, 39.0),
    "last purchase today": (7, 39.0, 39.0),
    "almost today": (7, 39.0 - 1e-9, 39.0),
    "thousand, still there": (1000, 519.9, 520.0),
    "thousand, long gone": (1000, 100.0, 520.0),
    "thousand at once": (1000, 1e-3, 520.0),
    "five thousand": (5000, 3000.0, 3650.0),
}
LAWS = {
    "alpha below": (0.55, 9.0, 0.61, 12.0),
    "alpha equal": (0.55, 10.0, 0.61, 10.0),
    "alpha equal, a hair below": (0.55, 10.0, 0.61, 10.0 * (1 + 1e-12)),
    "alpha above": (0.55, 12.0, 0.61, 9.0),
    "equal priors": (1.0, 1.0, 1.0, 1.0),
    "alpha far below": (0.55, 1e-3, 0.61, 1e3),
    "alpha far above": (0.55, 1e6, 0.61, 1e-2),
    "small shapes": (0.02, 3.0, 0.03, 5.0),
    "large shapes": (80.0, 300.0, 50.0, 4000.0),
    "stirling": (100.0, 50.0, 0.6, 10.0),
    "above stirling": (5000.0, 20000.0, 0.6, 10.0),
    "almost no death": (0.55, 10.58, 0.61, 1e7),
}
CASES = [pytest.param(history, law, id=f"{a} | {b}") for a, history in HISTORIES.items() for b, law in LAWS.items()]


def differences(function, law, step=2e-3):
    """Derivatives in log-parameters by central differences of sixth order: error of order step^6, noise eps/step."""
    stencil = np.array([-1, 9, -45, 0, 45, -9, 1]) / 60
    moved = {}
    for name in NAMES:
        grid = {other: np.full(7, value) for other, value in law.items()}
        grid[name] = law[name] * np.exp(step * np.arange(-3, 4))
        moved[name] = (stencil * function(**grid)).sum() / step
    return moved


@pytest.mark.parametrize(("history", "law"), CASES)
def test_kernel_gradient(history, law):
    law = dict(zip(NAMES, law, strict=True))
    found = pareto_nbd.log_likelihood_gradient(*history, **law)
    wanted = differences(lambda **grid: pareto_nbd.log_likelihood(*history, **grid), law)
    noise = 1e-9 + 1e-11 * abs(float(found.value))
    for name in NAMES:
        scaled = law[name] * getattr(found, name)
        assert np.isfinite(scaled), name
        assert scaled == pytest.approx(wanted[name], rel=1e-6, abs=noise), name


@pytest.fixture(scope="module")
def graph():
    """Return the compiled PyTensor likelihood of weighted histories under one law, and its gradient."""
    data = [pt.vector(name) for name in ("frequency", "recency", "T", "weight")]
    law = [pt.scalar(name) for name in NAMES]
    value = log_likelihood_graph(*data[:3], *law)
    compiled = pytensor.function([*data, *law], [value, *pt.grad((data[3] * value).sum(), law)])

    def each(frequency, recency, T, **law):
        """Values and slopes history by history, from one-hot weights."""
        history = [np.atleast_1d(np.asarray(column, dtype=np.float64)) for column in (frequency, recency, T)]
        rows = [compiled(*history, weight, *law.values()) for weight in np.eye(history[0].size)]
        return pareto_nbd.Gradient(rows[0][0], *(np.array([row[i] for row in rows]) for i in range(1, 5)))

    return each


every_history = tuple(np.array(column, dtype=np.float64) for column in zip(*HISTORIES.values(), strict=True))
every_law = pytest.mark.parametrize("law", [dict(zip(NAMES, law, strict=True)) for law in LAWS.values()], ids=LAWS)


@every_law
def test_graph_is_the_kernel(graph, law):
    """At equal nodes the graph and the kernel are one formula: what differs is rounding."""
    found = graph(*every_history, **law)
    same = pareto_nbd.log_likelihood_gradient(*every_history, **law, nodes=finer(8))
    # the graph takes log Γ(r+x) - log Γ(r) as a difference, which costs digits in proportion to log Γ(r + x)
    rounding = 1e-10 + 1e-14 * (law["r"] + every_history[0]) * np.log(law["r"] + every_history[0] + 2)
    np.testing.assert_array_less(np.abs(found.value - same.value), rounding + 1e-12 * np.abs(same.value))
    for name in NAMES:
        slope, wanted = law[name] * getattr(found, name), law[name] * getattr(same, name)
        np.testing.assert_array_less(np.abs(slope - wanted), 10 * rounding + 1e-9 * np.abs(wanted), err_msg=name)


@every_law
def test_graph_gradient_is_the_kernels_slope(graph, law):
    """Against finite differences of the 20-node kernel."""
    found = graph(*every_history, **law)
    for i, history in enumerate(zip(*every_history, strict=True)):
        wanted = differences(lambda **grid: pareto_nbd.log_likelihood(*history, **grid), law)  # noqa: B023
        for name in NAMES:
            slope = law[name] * getattr(found, name)[i]
            assert slope == pytest.approx(wanted[name], rel=2e-5, abs=2e-5), (history, name)


def test_graph_on_the_reference_table(graph, reference):
    rows = reference("pareto_nbd")
    found = []
    for row in rows.itertuples():
        one = graph(row.frequency, row.recency, row.T, **{name: getattr(row, name) for name in NAMES})
        assert all(np.isfinite(part).all() for part in one)
        found.append(one.value[0])
    wanted = rows["log_likelihood"].to_numpy()
    error = np.abs(found - wanted) / np.maximum(1, np.abs(wanted))
    assert np.max(error) < 1e-11


def wide(seed, size, decades=8):
    rng = np.random.default_rng(seed)
    law = dict(zip(NAMES, 10 ** rng.uniform(-decades / 2, decades / 2, (4, size)), strict=True))
    x = np.where(rng.random(size) < 0.2, 0, np.floor(10 ** rng.uniform(0, np.log10(5001), size)))
    T = 10 ** rng.uniform(-3, 5, size)
    t_x = np.where(x == 0, 0, T * rng.random(size) ** rng.choice([1e-3, 0.1, 1, 5], size))
    return (x, t_x, T), law


def test_gradients_and_p_alive_do_not_break_over_eight_decades():
    history, law = wide(1, 5000)
    gradient = pareto_nbd.log_likelihood_gradient(*history, **law)
    p_alive = pareto_nbd.p_alive(*history, **law)
    assert all(np.isfinite(part).all() for part in gradient)
    assert ((p_alive >= 0) & (p_alive <= 1)).all()
    for name in NAMES:  # the slopes in log r and log s, and in log alpha and log beta, are bounded by the counts
        assert np.isfinite(law[name] * getattr(gradient, name)).all()


@pytest.mark.parametrize(
    "quantity",
    [
        lambda history, law: pareto_nbd.expected_purchases(*history, horizon=52.0, **law),
        lambda history, law: pareto_nbd.dert(*history, discount_rate=0.002, **law),
        lambda history, law: pareto_nbd.p_alive_at(*history, horizon=52.0, **law),
        lambda history, law: pareto_nbd.expected_purchases_new(horizon=history[2], **law),
    ],
    ids=["expected purchases", "dert", "alive later", "new customers"],
)
def test_expectations_do_not_break_over_eight_decades(quantity):
    found = quantity(*wide(1, 5000))
    assert np.isfinite(found).all()
    assert (found >= 0).all()


def test_graph_stays_finite_over_eight_decades(graph):
    history, law = wide(3, 500)
    for i in range(500):
        one = graph(*(column[i] for column in history), **{name: law[name][i] for name in NAMES})
        assert all(np.isfinite(part).all() for part in one), [law[name][i] for name in NAMES]


@pytest.mark.parametrize(("shorter", "longer"), [(1.0, 1.05), (1.05, 1.5), (1.5, 4.0), (4.0, 30.0)])
def test_p_alive_falls_as_silence_grows(shorter, longer):
    (x, t_x, T), law = wide(2, 3000)
    before, after = (pareto_nbd.p_alive(x, t_x, T * factor, **law) for factor in (shorter, longer))
    # the slack is rounding, of exponents of hundreds
    assert (after <= before * (1 + 1e-12)).all()
