"""Margins that rows state: they add up by customer, follow credit notes and currencies, and count for the past."""

import numpy as np
import pandas as pd
import pytest

import kundenwert as kw
from kundenwert.messages import Code

ROWS = pd.DataFrame(
    {
        "customer_id": ["a", "a", "b", "b", "c", "c"],
        "date": ["2024-01-01", "2024-02-01", "2024-01-01", "2024-01-08", "2024-01-03", "2024-01-20"],
        "amount": ["100,00", "50,00", "40,00", "20,00", "10,00", "10,00"],
        "DB": ["40,00", "-5,00", "10,00", "8,00", "4,00", "4,50"],
    }
)


def read(rows=ROWS, **how):
    return kw.read_transactions(rows, margin_amount="DB", **how)


def test_margins_add_up_by_customer_and_negative_ones_are_told():
    log = read()
    summary = kw.summarise(log, observation_end="2024-02-01", cohort="none")
    assert summary.table["margin_to_date"].tolist() == [35.0, 18.0, 8.5]
    assert summary.margin_share == pytest.approx(61.5 / 230)
    notes = {note.code: note for note in summary.account.notes}
    assert (notes[Code.NEGATIVE_MARGIN].count, notes[Code.NEGATIVE_MARGIN].money) == (1, -5.0)
    assert notes[Code.MARGIN_FROM_LOG].reason == "margin 26.7 % of revenue, from the rows' own margins"


def test_a_margin_that_cannot_be_read_is_told():
    rows = ROWS.assign(DB=["40,00", "?", "10,00", "8,00", "4,00", ""])
    log = read(rows)
    assert {note.code: note.count for note in log.account.notes}[Code.MARGIN_MISSING] == 2
    assert kw.summarise(log, cohort="none").table["margin_to_date"].tolist() == [40.0, 18.0, 4.0]


def test_margins_follow_credit_notes_and_currencies():
    rows = ROWS.assign(art=["Rechnung"] * 5 + ["Gutschrift"], date=[*ROWS["date"][:5], "2024-01-03"])
    table = kw.summarise(read(rows, mark="art"), cohort="none").table
    assert table["customer_id"].tolist() == ["a", "b"], "what is wholly taken back is no purchase"
    rates = read(ROWS.assign(w=["EUR", "CHF"] + ["EUR"] * 4), currency_column="w", currency="EUR", rates={"CHF": 2.0})
    assert kw.summarise(rates, cohort="none").table["margin_to_date"].tolist() == [30.0, 18.0, 8.5]


def test_a_hold_out_knows_only_margins_of_before():
    summary = kw.summarise(read(), observation_end="2024-01-20", holdout_end="2024-02-01", cohort="none")
    assert summary.table["margin_to_date"].tolist() == [40.0, 18.0, 8.5]


@pytest.mark.parametrize(("margin", "share"), [(None, 61.5 / 230), (0.5, 0.5)])
def test_margins_of_rows_count_for_the_past_and_their_share_for_the_future(made, posterior, margin, share):
    purchases, spend = made(*posterior(200))
    summary = kw.summarise(read(), observation_end="2024-02-01", cohort="none")
    values = kw.value_table(purchases, spend, summary, horizon=52.0, margin=margin, cac=3.0, seed=1)
    table = values.table
    assert values.terms.margin == pytest.approx(share)
    np.testing.assert_allclose(table["clv_mean"] - table["rlv_mean"], np.array([35.0, 18.0, 8.5]) - 3.0)
    cohorts = kw.compare_cohorts(summary, values)
    assert cohorts["earned"].tolist() == pytest.approx([61.5 / 3 - 3.0])
