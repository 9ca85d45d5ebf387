"""Populations for the tests: one plain law, made to measure."""

import datetime as dt

import pytest

from kundenwert.simulate import Breaches, Group, Population

LAW = {"r": 1.2, "alpha": 6.0, "s": 1.6, "beta": 40.0, "p": 2.0, "q": 4.0, "v": 75.0}


@pytest.fixture(scope="session")
def plain():
    """Make a population of one group: `plain(customers, breaches..., group={...}, population={...})`."""

    def _plain(customers=4000, *, group=None, population=None, **breaches):
        start, end = dt.date(2020, 1, 1), dt.date(2020, 12, 31)
        one = Group(**{"name": "all", "customers": customers, "start": start, "end": end, **LAW, **(group or {})})
        given = {"name": "plain", "time_unit": "W", "observation_end": dt.date(2021, 12, 31), "groups": (one,)}
        given |= {"holdout_end": dt.date(2022, 12, 31), "breaches": Breaches(**breaches)}
        return Population(**{**given, **(population or {})})

    return _plain
