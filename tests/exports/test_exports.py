"""Every export is decided: read right, or refused in words that help; what is odd is told."""

from pathlib import Path

import pytest

import kundenwert as kw
from kundenwert.errors import KundenwertError

from .cases import CASES
from .made import MADE
from .odd import ODD

ALL = [*CASES, *MADE, *ODD]


def codes(log):
    """Codes of everything that the account of a log says, and what it says of each."""
    account = log.account
    return {str(found.code): found for found in (*account.entries, *account.notes)}


def test_there_are_many_and_each_has_its_own_name():
    assert len({case.name for case in ALL}) == len(ALL) >= 230


@pytest.mark.parametrize("case", [case for case in ALL if case.reads], ids=lambda case: case.name)
def test_read_right(case, tmp_path):
    log = kw.read_transactions(case.write(tmp_path), **case.reading)
    days = log.purchases.to_pyarrow().to_pandas()
    found = (days["customer_id"].nunique(), len(days), round(float(days["amount"].sum()), 2))
    right = (case.reads.customers, case.reads.purchases, round(case.reads.revenue, 2))
    stated = [(got, due) for got, due in zip(found, right, strict=True) if due != -1]
    assert [got for got, _ in stated] == pytest.approx([due for _, due in stated], abs=0.011), codes(log)
    assert set(case.says) <= set(codes(log))


@pytest.mark.parametrize("case", [case for case in ALL if not case.reads], ids=lambda case: case.name)
def test_refused_in_words_that_help(case, tmp_path):
    with pytest.raises(KundenwertError, match=case.words or None) as error:
        kw.read_transactions(case.write(tmp_path), **case.reading)
    assert not case.refused or str(error.value.code) in case.refused


def test_the_table_beside_names_every_export():
    table = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    assert [line.split(" | ")[0].removeprefix("| ") for line in table.splitlines() if line.startswith("| ")][1:] == [
        case.name for case in ALL
    ]
