"""Nobody has to think of a seed: where none is given it is the one of the settings."""

import inspect

import numpy as np
import pandas as pd
import pytest

from kundenwert import bayes, compare, decide, predict, report, simulate, validate, value
from kundenwert.settings import Sampling

SEEDED = [
    pytest.param(function, id=f"{room.__name__.split('.')[-1]}.{name}")
    for room in (bayes, compare, decide, predict, report, simulate, validate, value)
    for name in room.__all__
    if inspect.isfunction(function := getattr(room, name)) and "seed" in inspect.signature(function).parameters
]
ASKED = (
    bayes.fit,
    simulate.random_populations,
    simulate.simulate_population,
    validate.holdout_revenue_curve,
    validate.sbc,
)


def test_the_functions_are_found():
    assert len(SEEDED) == 23


@pytest.mark.parametrize("function", SEEDED)
def test_a_seed_need_not_be_given(function):
    assert type(inspect.signature(function).parameters["seed"].default) is int


@pytest.mark.parametrize("function", ASKED, ids=lambda function: function.__name__)
def test_the_seed_is_that_of_the_settings(function):
    assert inspect.signature(function).parameters["seed"].default == Sampling().seed == 1


def test_without_a_seed_the_numbers_are_those_of_seed_1():
    population = simulate.cdnow_like().resized(40)
    ours, theirs = simulate.simulate_population(population), simulate.simulate_population(population, seed=1)
    pd.testing.assert_frame_equal(ours.truth, theirs.truth)
    assert ours.seed == 1
    assert simulate.random_populations(2) == simulate.random_populations(2, seed=1)
    ranks = [
        validate.sbc(
            lambda rng: (None, {"z": rng.normal()}), lambda _, rng: {"z": rng.normal(size=9)}, simulations=20, **seed
        )["rank"].to_numpy()
        for seed in ({}, {"seed": 1})
    ]
    np.testing.assert_array_equal(*ranks)
