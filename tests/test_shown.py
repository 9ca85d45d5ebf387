"""What objects say of themselves at a prompt and in a notebook: short, escaped, and of no single customer."""

from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import kundenwert as kw
from kundenwert.bayes import Check, Diagnosis

HOSTILE = "<img src=x onerror=alert(1)>"
CUSTOMER = "anna.schmidt@example.com"


class Reader(HTMLParser):
    """Collects tags and the text of cells; a tag left open is found at the end."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.open, self.cells = set(), [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.cells.append(data)


def read(thing):
    found = Reader(thing._repr_html_())
    assert found.tags <= {"table", "caption", "tr", "th", "td"}
    return found.cells


@pytest.fixture(scope="module")
def log():
    rows = pd.DataFrame(
        {
            "customer_id": [CUSTOMER, CUSTOMER, "b", "b", "c", "c"],
            "date": ["2024-01-01", "2024-02-01", "2024-01-05", "2024-03-04", "2024-01-09", "2024-01-09"],
            "amount": [73291.25, 10.0, 20.0, 5.0, 8.0, 1.0],
            HOSTILE: ["web"] * 6,
        }
    )
    return kw.read_transactions(rows, keep=[HOSTILE])


@pytest.fixture(scope="module")
def summary(log):
    return kw.summarise(log, observation_end="2024-02-15", holdout_end="2024-03-04", cohort=HOSTILE)


@pytest.fixture
def broken():
    failing = Check("R-hat", 1.7, 1.01, passed=False, where=HOSTILE, advice="sample longer & look")
    return Diagnosis((failing, Check("bulk ESS", 812.25, 400.0, passed=True, where="r", advice="")))


def test_a_log(log):
    read_rows = "5 kept, 1 merged, 0 excluded of 6"
    told = f"rows: {read_rows}; days: 2024-01-01 to 2024-03-04; further columns: '{HOSTILE}')"
    assert repr(log).startswith("TransactionLog(source: '")
    assert repr(log).endswith(told)
    cells = read(log)
    assert cells[0] == "Transaction log"
    assert cells[cells.index("rows") + 1] == read_rows
    assert cells[-2:] == ["further columns", f"'{HOSTILE}'"]


def test_a_log_says_its_currency_where_it_has_one():
    rows = pd.DataFrame({"customer_id": ["a", "b"], "date": "2024-01-01", "amount": ["5,50 €", "7,25 €"]})
    assert "; currency: EUR)" in repr(kw.read_transactions(rows))


def test_a_summary(summary):
    facts = {
        "customers": "3, 1 of them came back",
        "observed": "2024-01-01 to 2024-02-15 (6.429 W)",
        "hold-out": "to 2024-03-04 (2.571 W)",
        "cohorts": f"1, by '{HOSTILE}'",
    }
    assert repr(summary) == f"CustomerSummary({'; '.join(f'{name}: {fact}' for name, fact in facts.items())})"
    assert read(summary) == ["Customer summary", *(text for fact in facts.items() for text in fact)]


def test_a_summary_without_dates():
    frame = pd.DataFrame({"frequency": [2, 0], "recency": [3.0, 0.0], "T": [5.0, 4.0]}, index=[CUSTOMER, "b"])
    summary = kw.CustomerSummary.from_frame(frame, time_unit="M", holdout_length=2.5)
    told = "customers: 2, 1 of them came back; observed: 5 M; hold-out: (2.5 M); cohorts: 1, by 'none'"
    assert repr(summary) == f"CustomerSummary({told})"


def test_a_diagnosis(passed, broken):
    assert repr(passed) == "Diagnosis(converged; 1 check, all passed)"
    assert repr(broken) == "Diagnosis(NOT CONVERGED; 2 checks, failed: R-hat = 1.7)"
    assert repr(Diagnosis(())) == "Diagnosis(NOT CONVERGED; 0 checks, none made)"
    assert str(broken).splitlines()[0] == "NOT CONVERGED"
    assert read(broken) == [
        "Diagnosis: NOT CONVERGED",
        *("R-hat", "1.7", "bound 1.01", HOSTILE, "failed: sample longer & look"),
        *("bulk ESS", "812.2", "bound 400", "r", "ok"),
    ]


@pytest.fixture(scope="module")
def fitted():
    """A fit by its parts, of a law that looks at cohorts."""
    draws = xr.Dataset({name: (("chain", "draw"), np.ones((2, 600))) for name in ("r", "alpha")})
    law = kw.NBD(cohorts=("month",))
    return kw.Fit(law, xr.DataTree.from_dict({"posterior": draws}), Diagnosis(()), {"method": "nuts"})


@pytest.fixture(scope="module")
def valued():
    frame = pd.DataFrame({"frequency": [2, 0], "recency": [3.0, 0.0], "T": 5.0, "monetary_value": [4.0, None]})
    frame.index = pd.Index([CUSTOMER, "b"], name="customer_id")
    summary = kw.CustomerSummary.from_frame(frame, time_unit="W")
    totals = xr.Dataset({"rlv": (("sample", "cohort"), np.arange(101.0)[:, None] * [[100.0, 20.0]])})
    return kw.ValueResult(summary.table, totals, kw.Terms(horizon=52.0), "W", ("a caution",))


def test_a_fit(fitted):
    told = "Fit(law: NBD; effects of: 'month'; draws: 1,200, by nuts; diagnosis: Diagnosis(NOT CONVERGED; 0 checks, none made))"
    assert repr(fitted) == told
    assert read(fitted)[:3] == ["Fit", "law", "NBD"]


def test_values(valued):
    told = "customers: 2; horizon: 52 W; total RLV: 6,000 (600 to 11,400); cautions: 1, see marks"
    assert repr(valued) == f"ValueResult({told})"
    assert read(valued)[-2:] == ["cautions", "1, see marks"]


@pytest.mark.parametrize("name", ["log", "summary", "broken", "fitted", "valued"])
def test_they_are_short_and_name_no_customer(name, request):
    thing = request.getfixturevalue(name)
    assert len(repr(thing)) < 300
    assert "\n" not in repr(thing)
    for shown in (repr(thing), thing._repr_html_()):
        assert CUSTOMER not in shown
        assert "73291" not in shown
    assert HOSTILE not in thing._repr_html_()


def test_thousands_of_customers_are_shown_as_briefly(cdnow_summary):
    assert repr(cdnow_summary) == (
        "CustomerSummary(customers: 2,357, 946 of them came back; observed: 1997-01-01 to 1997-09-30 (38.86 W); "
        "hold-out: to 1998-06-30 (39 W); cohorts: 3, by 'month')"
    )


def test_a_control_sign_in_a_name_is_written_out():
    log = kw.datasets.cdnow()
    named = type(log)(**{**vars(log), "source": type(log.source)(name="a\x1b[31m\u202e.csv", kind="csv")})
    assert repr(named).startswith(r"TransactionLog(source: 'a\x1b[31m\u202e.csv'; rows: ")
