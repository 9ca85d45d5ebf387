"""Sentences of the report, which have to agree with the tables beside them, on tables made by hand."""

import pandas as pd
import pytest

from kundenwert.report import argument
from kundenwert.report.sections import Run

FACTS = {"revenue": 10_000.0, "orders": 100, "customers": 50, "nominal": 0.9, "time_unit": "W"}


def of(facts=None, **tables):
    return Run(tables, FACTS | (facts or {}), {})


def information(evpi, evsi, error):
    size = len(evsi)
    table = pd.DataFrame({"cohort": ["web", "fair"][:size], "customers": 100, "evsi": evsi, "evsi_error": error})
    return argument._information(of(information=table.assign(evpi=evpi, action="web")))


def test_data_whose_value_stands_out_are_named():
    said = information(9.0, [2.0, 3.0], [0.1, 1.5])
    assert "acquire customers of “web”" in said
    assert "“web” for a month is worth about 2.00" in said, "the larger value of the other does not stand out"


@pytest.mark.parametrize("evsi", [[0.0, 0.0], [0.2, 0.29]])
def test_a_value_that_could_be_nothing_is_not_told(evsi):
    said = information(9.0, evsi, [0.1, 0.1])
    assert "worth 9.00 per customer" in said
    assert "cannot be told from nothing" in said
    assert "0.2" not in said


def test_no_data_are_worth_more_than_certainty():
    said = information(0.09, [0.05, 0.0], [0.001, 0.001])
    assert "less than 1 ‰ of an order per customer" in said
    assert "would not change" not in said, "the best action may well change"
