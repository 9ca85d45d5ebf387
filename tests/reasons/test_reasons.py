"""One customer explained: every figure is that of the value table or of the law, every reason true of the customer."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import kundenwert as kw
from kundenwert.laws import PURCHASE_LAWS, History
from kundenwert.messages.render import lasting

TERMS = {"horizon": 52, "margin": 0.3, "discount_rate": 0.1}
ONCE, OFTEN, SILENT = "0003", "0157", "0129"


@pytest.fixture(scope="module")
def log():
    return kw.datasets.cdnow()


@pytest.fixture(scope="module")
def fits(cdnow_summary):
    return kw.fit(kw.ParetoNBD(), cdnow_summary, seed=1), kw.fit(kw.GammaGamma(), cdnow_summary, seed=1)


@pytest.fixture(scope="module")
def told(fits, cdnow_summary, log):
    return {who: kw.explain(who, *fits, cdnow_summary, log=log, **TERMS) for who in (ONCE, OFTEN, SILENT)}


def test_values_are_the_customers_row_of_the_table(told, fits, cdnow_summary):
    some = cdnow_summary.table["customer_id"].isin(told)
    table = kw.value_table(*fits, replace(cdnow_summary, table=cdnow_summary.table[some]), **TERMS).table
    for _, row in table.iterrows():
        values = told[row["customer_id"]].forecast
        for name in ("p_alive_mean", "rlv_mean", "rlv_q95", "purchases_q95", "expected_spend_mean"):
            assert values[name] == pytest.approx(row[name], rel=1e-12)


def test_a_silent_customer_hears_that_it_is_the_silence(told, fits, cdnow_summary):
    facts = told[SILENT].facts
    row = cdnow_summary.table.set_index("customer_id").loc[SILENT]
    assert facts["silence"] == pytest.approx(row["T"] - row["recency"])
    assert facts["gap"] == pytest.approx(row["recency"] / 4)
    once = History(*(np.array([[v]]) for v in (4.0, row["recency"], row["recency"] * 1.25)))
    usual = fits[0].model.p_alive(once, fits[0].scoring.population).mean()
    assert facts["p_alive_after_usual_gap"] == pytest.approx(usual, rel=1e-12)
    assert told[SILENT].reasons[1] == (
        f"P(alive) is {facts['p_alive']:.2f}: it bought every 13 days on average and has been silent for 7 months; after "
        f"13 days without a purchase it would be {usual:.2f}"
    )
    assert facts["p_alive"] < 0.1 < 0.8 < usual
    assert "is never reached" in told[SILENT].reasons[6]


def test_a_one_time_buyer_is_like_a_new_customer(told):
    facts, reasons = told[ONCE].facts, told[ONCE].reasons
    assert facts["spend_expected"] == pytest.approx(facts["spend_new"], rel=1e-12)
    assert reasons[0] == "One purchase, on 1997-01-01; since then 9 months without one"
    assert reasons[1].endswith("after 9 months without a second one")
    assert reasons[4].startswith("Without a repeat purchase, ")


def test_a_frequent_customer_buys_soon(told):
    facts = told[OFTEN].facts
    assert told[OFTEN].reasons[0] == "30 purchases from 1997-01-07 to 1997-09-28; since then 2 days without one"
    assert told[OFTEN].reasons[1].endswith("and has not been silent for longer than that")
    assert (facts["others_fewer"], facts["others_more"]) == (1.0, 0.0)
    assert 0 < facts["wait_50"] < facts["wait_90"] < 8
    assert facts["spend_observed"] < facts["spend_expected"] < facts["spend_new"]
    assert len(told[OFTEN].history) == 30


def test_one_more_purchase_is_worth_what_the_table_says_then(told, fits, cdnow_summary):
    table = cdnow_summary.table[cdnow_summary.table["customer_id"] == SILENT].reset_index(drop=True)
    worth = told[SILENT].facts["spend_expected"]
    then = table.assign(frequency=5, recency=table["T"], monetary_value=(4 * table["monetary_value"] + worth) / 5)
    row = kw.value_table(*fits, replace(cdnow_summary, table=then), **TERMS).table.iloc[0]
    assert told[SILENT].facts["more_rlv"] == pytest.approx(row["rlv_mean"], rel=1e-12)
    assert told[SILENT].facts["more_p_alive"] == pytest.approx(row["p_alive_mean"], rel=1e-12)
    assert told[SILENT].facts["more_rlv"] > told[SILENT].forecast["rlv_mean"]


def test_shares_of_others_add_up_with_ties(told, cdnow_summary):
    facts, cohort = told[ONCE].facts, cdnow_summary.table[cdnow_summary.table["cohort"] == "1997-01"]
    assert facts["others"] == len(cohort) - 1
    assert facts["others_as_many"] == pytest.approx((cohort["frequency"].eq(0).sum() - 1) / (len(cohort) - 1))
    assert facts["others_fewer"] + facts["others_as_many"] + facts["others_more"] == pytest.approx(1)


def test_customers_with_the_same_history_hear_the_same(fits, cdnow_summary):
    table = cdnow_summary.table
    columns = ["frequency", "recency", "T", "monetary_value", "cohort"]
    tied = table[table["frequency"].eq(0) & table["first_purchase"].eq("1997-01-01")]
    one, other = (kw.explain(who, *fits, cdnow_summary, **TERMS) for who in tied["customer_id"].head(2))
    assert tied[columns].head(2).nunique(dropna=False).eq(1).all()
    assert one.reasons[:5] == other.reasons[:5]


@pytest.mark.parametrize("name", PURCHASE_LAWS)
def test_every_law_explains_every_customer(name, summary, made, posterior):
    _, spend = made(*posterior(60))
    law = PURCHASE_LAWS[name]()
    x, t_x = (summary.table[column] for column in ("frequency", "recency"))
    even = (x * np.log(t_x / x)).where(x > 0, 0.0)  # as if the gaps of each customer were alike
    summary = replace(summary, table=summary.table.assign(log_gaps=even))
    fit = kw.fit(law, summary, seed=3, method="map", draws=30, chains=2, log_likelihood=False)
    for who in summary.table["customer_id"]:
        found = kw.explain(who, fit, spend, summary, horizon=26, allow_unconverged=True)
        alive = found.facts["p_alive"]
        assert f"P(alive) is {alive:.2f}" in found.reasons[1]
        assert ("no longer silence" in found.reasons[1]) == (
            alive > 1 - 1e-6 and found.facts["p_alive_after_longer"] > 1 - 1e-6
        )
        assert not any("nan" in reason for reason in found.reasons)
        json.dumps(found.to_dict(), allow_nan=False)


def test_it_is_shown_escaped(made, posterior, customers):
    named = customers.assign(customer_id=["<b>=1+1</b>\x1b[2J", *customers["customer_id"][1:]], cohort="<i>web</i>")
    found = kw.explain(
        named["customer_id"][0], *made(*posterior(60)), kw.CustomerSummary.from_frame(named, time_unit="W")
    )
    shown = found._repr_html_()
    assert "<b>" not in shown
    assert "<i>" not in shown
    assert "&lt;i&gt;web&lt;/i&gt;" in shown
    assert "\x1b" not in repr(found)
    assert "Customer '<b>=1+1</b>\\x1b[2J'" in repr(found)


def test_to_dict_is_json(told):
    found = json.loads(json.dumps(told[SILENT].to_dict(), allow_nan=False))
    assert found["history"][0] == {"date": "1997-01-07", "amount": 6.79}
    assert found["facts"]["date_90"] is None
    assert found["reasons"] == list(told[SILENT].reasons)


def test_an_unknown_customer_is_refused_with_similar_ones(fits, cdnow_summary):
    with pytest.raises(kw.DomainError, match=r"none of the 2,357 customers is called '00O3'\. Did you mean '"):
        kw.explain("00O3", *fits, cdnow_summary)


def test_another_log_is_refused(fits, cdnow_summary, log):
    fewer = replace(log, purchases=log.purchases.filter(log.purchases.date > pd.Timestamp("1997-01-07").date()))
    with pytest.raises(kw.DomainError, match=r"other purchases of customer '0129' than the summary: 4 .* not 5"):
        kw.explain(SILENT, *fits, cdnow_summary, log=fewer)


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (0.4, "0.4 days"),
        (1, "1 day"),
        (20, "20 days"),
        (21, "3 weeks"),
        (70, "2 months"),
        (729, "24 months"),
        (731, "2.0 years"),
    ],
)
def test_lengths_are_said_as_people_do(days, said):
    assert lasting(days) == said


@pytest.mark.parametrize(
    ("who", "code"),
    [
        ("0003", "Without a repeat purchase, the first one of 29.33"),
        ("0092", "Its first purchase is worth 14.36, its 2 repeat"),
    ],
)
def test_a_law_that_looks_at_first_purchases_is_explained_by_them(made, posterior, summary, who, code):
    purchases, _ = made(*posterior(60))
    table = summary.table.assign(
        first_value=(
            summary.table["value_to_date"] - (summary.table["frequency"] * summary.table["monetary_value"]).fillna(0)
        ).round(2)
    )
    spend = kw.known(kw.GammaGammaFirst(), p=np.full(60, 6.25), q=3.74, v=15.44, omega=1.0, m=1.0)
    info = {"time_unit": "W", "typical_value": 35.0}
    tree = xr.DataTree.from_dict(
        {"posterior": xr.Dataset({n: (("chain", "draw"), v[None]) for n, v in spend.population.items()})}
    )
    fit = kw.Fit(kw.GammaGammaFirst(), tree, purchases.diagnosis, info)
    found = kw.explain(who, purchases, fit, replace(summary, table=table), **TERMS)
    assert found.facts["looks_at_first"]
    assert any(reason.startswith(code) for reason in found.reasons)
    assert not any("as of any new customer" in reason for reason in found.reasons)
