"""New customers of a cohort are its own mix of kinds."""

import numpy as np
import pytest

from kundenwert.laws import GammaGamma, ParetoNBD
from kundenwert.predict import Horizon, Kinds, Newcomers

BUYING = {"r": np.array([0.553]), "alpha": np.array([10.58]), "s": np.array([0.606]), "beta": np.array([11.67])}


@pytest.fixture(scope="module")
def mixed():
    """Nine of ten customers spend 10 a purchase, one spends 100, and buys three times as often."""
    prices = {"p": np.array([6.0]), "q": np.array([4.0]), "v": np.array([[5.0], [50.0]])}
    rates = BUYING | {"alpha": np.array([[10.58], [10.58 / 3]])}
    return Newcomers(ParetoNBD(), GammaGamma(), {"mix": Kinds(np.array([0.9, 0.1]), rates, prices)}, 52.18)


def test_expectations_are_weighed_by_how_often_a_kind_occurs(mixed):
    """By hand from each kind alone: 0.9 of the one and 0.1 of the other, never the mean of both."""
    share, rates, prices = mixed.cohorts["mix"]
    alone = [
        Newcomers(mixed.buying, mixed.paying, {"one": Kinds(np.ones(1), *laws)}, 52.18)
        for laws in (
            (
                {name: values[[k]][0] if values.ndim == 2 else values for name, values in law.items()}
                for law in (rates, prices)
            )
            for k in range(2)
        )
    ]
    for ask in (
        lambda new, name: new.expected_purchases(name, horizon=52.0),
        lambda new, name: new.expected_value(name, horizon=52.0, discount_rate=0.001),
    ):
        parts = [float(ask(new, "one")[0]) for new in alone]
        assert parts[1] > 1.5 * parts[0]
        assert float(ask(mixed, "mix")[0]) == pytest.approx(share @ parts, rel=1e-12)
    assert mixed.expected_spend("mix")[:, 0] == pytest.approx([10.0, 100.0], rel=1e-12)


def test_drawn_customers_are_of_a_kind_as_often_as_it_occurs(mixed):
    """The mean of 40,000 outcomes within 4.5 errors of the weighed expectation; false alarm below 1e-5."""
    many = {name: np.repeat(values, 4000, axis=-1) for name, values in mixed.cohorts["mix"].rates.items()}
    prices = {name: np.repeat(values, 4000, axis=-1) for name, values in mixed.cohorts["mix"].prices.items()}
    new = Newcomers(mixed.buying, mixed.paying, {"mix": Kinds(np.array([0.9, 0.1]), many, prices)}, 52.18)
    drawn = new.draw("mix", horizon=Horizon(52.0), seed=1, customers_per_draw=10)
    for found, wanted in (
        (drawn.value, new.expected_value("mix", horizon=52.0)),
        (drawn.purchases - 1, new.expected_purchases("mix", horizon=52.0)),
    ):
        assert abs(found.mean() - wanted[0]) < 4.5 * found.std() / np.sqrt(found.size)
    assert abs((drawn.mean_value > 45).mean() - 0.1) < 0.05
