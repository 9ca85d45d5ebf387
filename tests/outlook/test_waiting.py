"""The next purchase: probabilities within a time, and times by which a probability is reached, for every law.

The check against drawn first times fails right code with probability below 1e-4; the seed is fixed.
"""

import numpy as np
import pandas as pd
import pytest

import kundenwert as kw
from kundenwert.kernels.futures import Reach, first_times
from kundenwert.laws import History
from kundenwert.predict import keys_of


def test_within_a_time_it_is_what_the_law_says(buying, summary):
    found = kw.purchase_probability(buying, summary, horizon=[4, 52])
    rows = History.of(summary.table)
    wanted = np.stack(
        [buying.law.p_purchase(rows, buying.population, horizon=t).mean(axis=1) for t in (4.0, 52.0)], axis=1
    )
    np.testing.assert_allclose(found["p_purchase_mean"], wanted.ravel(), rtol=1e-12)
    assert ((found["p_purchase_q05"] <= found["p_purchase_mean"]) & (found["p_purchase_mean"] <= 1)).all()
    assert found["customer_id"].tolist() == summary.table["customer_id"].repeat(2).tolist()


def test_the_probability_at_the_time_found_is_the_wanted_one(buying, summary):
    found = kw.next_purchase(buying, summary, [0.1, 0.5, 0.9])
    rows, checked = History.of(summary.table), 0
    for share in (0.1, 0.5, 0.9):
        for i, wait in enumerate(found[f"wait_{100 * share:g}"]):
            own = rows.at(np.array([i]))
            if np.isnan(wait):
                assert buying.law.p_purchase(own, buying.population, horizon=10 * 365.25 / 7).mean() < share
                assert "a probability of" in found[f"note_{100 * share:g}"][i]
            else:
                checked += 1
                assert buying.law.p_purchase(own, buying.population, horizon=wait).mean() == pytest.approx(
                    share, abs=1e-4
                )
                assert found[f"note_{100 * share:g}"][i] == ""
    assert checked >= 10


def test_half_of_the_drawn_first_purchases_have_come_by_then(buying, summary):
    table = summary.table
    rows = History.of(table)
    found = kw.next_purchase(buying, summary, [0.5])["wait_50"].to_numpy()
    hits, cells = np.zeros(len(table)), 0
    for seed in range(20):
        alive = np.ascontiguousarray(np.broadcast_to(buying.law.p_alive(rows, buying.population), (10, 200)))
        reach = Reach(np.array([520.0]), np.inf, 1e5)
        futures = buying.law.draw_futures(
            rows, buying.population, alive=alive, reach=reach, keys=keys_of(table["customer_id"], seed=seed)
        )
        hits += (first_times(futures, alive.size).reshape(10, 200) <= np.nan_to_num(found)[:, None]).sum(axis=1)
        cells += 200
    some = ~np.isnan(found)
    assert some.sum() >= 4
    assert (np.abs(hits[some] / cells - 0.5) < 4.5 * 0.5 / np.sqrt(cells)).all()


def test_whoever_has_left_never_reaches_it():
    frame = pd.DataFrame({"frequency": [30, 1], "recency": [10.0, 3.0], "T": [100.0, 3.5]})
    summary = kw.CustomerSummary.from_frame(frame, time_unit="W")
    fit = kw.known(kw.ParetoNBD(), r=0.55, alpha=10.6, s=0.61, beta=11.7)
    found = kw.next_purchase(fit, summary, years=0.5)
    assert found["wait_50"].isna().tolist() == [True, False]
    assert found["note_50"][0] == "a probability of 50% is never reached: P(alive) is 0.00"
    assert found["note_90"][1] == "a probability of 90% is not reached within 0.5 years: it is 0.64 by then"


def test_dates_are_the_first_by_which_the_time_is_over(cdnow_summary):
    fit = kw.known(kw.ParetoNBD(), r=0.553, alpha=10.58, s=0.606, beta=11.67)
    found = kw.next_purchase(fit, cdnow_summary, [0.5])
    some = found["wait_50"].notna()
    days = (found["date_50"] - pd.Timestamp("1997-09-30")).dt.days
    np.testing.assert_array_equal(days[some], np.ceil(7 * found["wait_50"][some] - 1e-9))
    assert found["date_50"].isna().equals(~some)
    within = kw.purchase_probability(fit, cdnow_summary)
    assert within["date"].dt.strftime("%Y-%m-%d").unique().tolist() == ["1997-10-30", "1997-12-30", "1998-09-30"]


@pytest.mark.parametrize(
    ("ask", "why"),
    [
        (lambda fit, who: kw.next_purchase(fit, who, [1.0]), "1.0 is no probability"),
        (lambda fit, who: kw.next_purchase(fit, who, years=0), "years=0 must be above 0"),
        (lambda fit, who: kw.purchase_probability(fit, who, horizon=[0.0]), r"horizon=\[0.0\] must be above 0"),
        (
            lambda fit, who: kw.purchase_probability(fit, who, horizon=4, ids=["x"]),
            "none of the 10 customers is called 'x'",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused(summary, ask, why):
    with pytest.raises(kw.DomainError, match=why):
        ask(kw.known(kw.NBD(), r=0.55, alpha=10.6), summary)
