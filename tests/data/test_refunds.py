"""Refunds are taken off the purchases that they belong to, money adds up, and observation knows no later ones."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from kundenwert.data import purchases_by_day, read_transactions, summarise, window_totals
from kundenwert.errors import DomainError
from kundenwert.messages import Code


def frame(*rows):
    table = pd.DataFrame(rows, columns=["customer_id", "date", "amount"]).assign(region="x")
    table.loc[table["amount"] < 0, "region"] = "a"  # never that of the purchase
    table["date"] = [dt.date(2024, 1, 1) + dt.timedelta(days=day - 1) for day in table["date"]]
    return table


def matched(*rows):
    """Read rows in any order, check that money and rows add up, and return what is left by customer and day."""
    table = frame(*rows)
    log = read_transactions(table.sample(frac=1, random_state=1), keep=["region"])
    assert log.account.rows_read == len(table)
    money = sum(entry.money or 0.0 for entry in log.account.entries)
    assert money == pytest.approx(table["amount"].sum(), abs=1e-9)
    days = log.purchases.order_by("customer_id", "date").to_pyarrow().to_pylist()
    assert {row["region"] for row in days} <= {"x"}
    return log, [(row["customer_id"], row["date"].timetuple().tm_yday, row["amount"], row["rows"]) for row in days]


def excluded(log):
    return {entry.code: (entry.count, entry.money) for entry in log.account.entries if entry.fate == "excluded"}


UNDONE, LONE = Code.UNDONE_BY_REFUND, Code.REFUND_UNPLACED


@pytest.mark.parametrize(
    ("rows", "left", "gone"),
    [
        # of the same day: a discount, a whole return, a note that is more than the day's purchases
        ([("a", 1, 10.0), ("a", 1, -4.0)], [("a", 1, 6.0, 2)], {}),
        ([("a", 1, 10.0), ("a", 1, -10.0), ("a", 2, 1.0)], [("a", 2, 1.0, 1)], {UNDONE: (2, 0.0)}),
        ([("a", 1, 10.0), ("a", 1, -10.5)], [("a", 1, 10.0, 1)], {LONE: (1, -10.5)}),
        ([("a", 1, 80.0), ("a", 5, 50.0), ("a", 5, -80.0)], [("a", 5, 50.0, 1)], {UNDONE: (2, 0.0)}),
        (
            [("a", 1, 30.0), ("a", 5, 50.0), ("a", 5, -30.0), ("a", 5, -50.0), ("a", 6, 1.0)],
            [("a", 6, 1.0, 1)],
            {UNDONE: (4, 0.0)},
        ),
        # of an earlier day: just the amount, the only one, the latest of several, a row of a day
        ([("a", 1, 10.0), ("a", 3, 20.0), ("a", 7, -10.0)], [("a", 3, 20.0, 1)], {UNDONE: (2, 0.0)}),
        ([("a", 1, 10.0), ("a", 7, -4.0)], [("a", 1, 6.0, 2)], {}),
        ([("a", 1, 10.0), ("a", 3, 30.0), ("a", 7, -20.0)], [("a", 1, 10.0, 1), ("a", 3, 10.0, 2)], {}),
        ([("a", 1, 5.0), ("a", 2, 5.0), ("a", 3, -5.0)], [("a", 1, 5.0, 1)], {UNDONE: (2, 0.0)}),
        (
            [("a", 1, 10.0), ("a", 1, 25.0), ("a", 4, 40.0), ("a", 9, -25.0)],
            [("a", 1, 10.0, 3), ("a", 4, 40.0, 1)],
            {},
        ),
        (
            [("a", 1, 10.0), ("a", 1, 25.0), ("a", 4, 40.0), ("a", 9, -25.0), ("a", 10, -25.0)],
            [("a", 1, 10.0, 3), ("a", 4, 15.0, 2)],
            {},
        ),
        # of several: not clear where one is the first; the same where all are repeats
        ([("a", 1, 10.0), ("a", 3, 30.0), ("a", 7, -4.0)], [("a", 1, 10.0, 1), ("a", 3, 30.0, 1)], {LONE: (1, -4.0)}),
        (
            [("a", 1, 3.0), ("a", 3, 30.0), ("a", 5, 20.0), ("a", 7, -4.0)],
            [("a", 1, 3.0, 1), ("a", 3, 30.0, 1), ("a", 5, 16.0, 2)],
            {},
        ),
        # never of later days or other customers, and never more than was bought
        ([("a", 2, -8.0), ("a", 4, 8.0), ("b", 1, 8.0)], [("a", 4, 8.0, 1), ("b", 1, 8.0, 1)], {LONE: (1, -8.0)}),
        ([("a", 1, 8.0), ("a", 2, -9.0)], [("a", 1, 8.0, 1)], {LONE: (1, -9.0)}),
        ([("a", 1, 8.0), ("a", 2, -8.0), ("a", 3, -8.0), ("b", 1, 1.0)], [("b", 1, 1.0, 1)], {UNDONE: (2, 0.0), LONE: (1, -8.0)}),
        # a purchase for nothing is one
        ([("a", 1, 0.0), ("a", 2, -1.0), ("a", 3, 2.0)], [("a", 1, 0.0, 1), ("a", 3, 2.0, 1)], {LONE: (1, -1.0)}),
    ],
)  # fmt: skip
def test_where_a_credit_note_goes(rows, left, gone):
    log, found = matched(*rows)
    assert found == left
    assert excluded(log) == gone


def by_hand(table):
    """Follow the rule row by row, without the program: what is left by customer and day, and what has no purchase."""
    left, free, items, lone = {}, set(), {}, 0.0
    for (who, day), group in table.groupby(["customer_id", "date"]):
        bought, back = group.loc[group["amount"] >= 0, "amount"], -group.loc[group["amount"] < 0, "amount"]
        if len(bought) and not len(back) and not bought.sum():
            free.add((who, day))
        if back.sum() <= bought.sum():
            left[who, day] = bought.sum() - back.sum()
        elif len(bought):
            left[who, day] = bought.sum()
        for amount in bought[bought > 0]:
            items.setdefault((who, day, amount), []).append(amount)
        if len(bought) and back.sum() > bought.sum() and not bought.sum():
            free.add((who, day))
    for (who, day), group in table[table["amount"] < 0].groupby(["customer_id", "date"]):
        own = table[(table["customer_id"] == who) & (table["date"] == day)]
        if -group["amount"].sum() <= own.loc[own["amount"] >= 0, "amount"].sum():
            continue
        for back in sorted(-group["amount"], reverse=True):
            before = {d: left[w, d] for w, d in left if w == who and d < day and left[w, d] >= back}
            if left.get((who, day), 0.0) >= back:
                goes = day
            elif same := [d for d in before if before[d] == back or items.get((who, d, back))]:
                goes = max(same)
            elif len(before) == 1:
                goes = next(iter(before))
            else:
                first = min((d for w, d in left if w == who and left[w, d] > 0), default=None)
                goes = max(before) if before and first not in before else None
            if goes is None:
                lone += back
                continue
            left[who, goes] -= back
            if items.get((who, goes, back)):
                items[who, goes, back].pop()
    return {key: amount for key, amount in left.items() if amount or key in free}, lone


def random_rows(seed, count=600, customers=40):
    rng = np.random.default_rng(seed)
    amounts = [-9.0, -7.5, -3.25, -2.0, -0.5, 0.0, 1.25, 2.0, 3.5, 9.0, 9.0, 11.0]
    return [(f"c{rng.integers(customers)}", int(rng.integers(1, 90)), float(rng.choice(amounts))) for _ in range(count)]


@pytest.mark.parametrize("seed", range(6))
def test_against_the_rule_by_hand(seed):
    rows = random_rows(seed)
    log, found = matched(*rows)
    left, lone = by_hand(frame(*rows))
    assert {(who, day): amount for who, day, amount, _ in found} == {
        (who, day.timetuple().tm_yday): amount for (who, day), amount in left.items()
    }
    assert excluded(log)[LONE][1] == -lone < 0
    assert excluded(log)[UNDONE][0] > 0


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("end", [dt.date(2024, 2, 1), dt.date(2024, 3, 1)])
def test_observation_knows_no_later_credit_note(seed, end):
    """The log read whole and observed up to a day is the log that ends on that day."""
    table = frame(*random_rows(10 + seed))
    whole = read_transactions(table, keep=["region"])
    early = read_transactions(table[table["date"] <= end], keep=["region"])
    shaping = {"observation_end": end, "cohort": "region", "time_unit": "D"}
    seen = summarise(whole, **shaping, holdout_end=whole.last_day)
    due = summarise(early, **shaping, log_end=None if early.last_day == end else end)
    columns = list(due.table)
    pd.testing.assert_frame_equal(seen.table[columns], due.table)
    assert seen.account.balanced
    money = sum(entry.money or 0.0 for entry in seen.account.entries)
    assert money == pytest.approx(table["amount"].sum(), abs=1e-9)
    later = excluded(seen)[Code.REFUND_LATER]
    assert later[0] > 0 > later[1]
    used = {entry.code: entry.money for entry in seen.account.entries if entry.fate == "kept"}
    assert used[Code.OBSERVED] == pytest.approx(due.account.entries[0].money, abs=1e-9)


def test_what_is_said_of_refunds():
    log, _ = matched(
        ("a", 1, 100.0), ("a", 1, -10.0), ("a", 5, -20.0), ("b", 2, 50.0), ("b", 3, -50.0), ("c", 2, 60.0),
        ("c", 4, 70.0), ("c", 9, -30.0),
    )  # fmt: skip
    notes = {note.code: note for note in log.account.notes}
    assert notes[Code.REFUNDS_MATCHED].reason == (
        "280.00 gross; 10.00 taken off purchases of the same day, 70.00 off earlier ones; net 200.00; 30.00 of credit "
        "notes without a purchase"
    )
    assert (notes[Code.REFUNDS_MATCHED].count, notes[Code.REFUNDS_MATCHED].caution) == (4, False)
    lone = notes[Code.REFUNDS_SIZEABLE]
    assert (lone.count, lone.caution) == (1, True)
    assert "30.00, 10.7 % of gross revenue and 27 % of all credit notes" in lone.reason
    assert lone.reason.endswith("with refunds='earlier'")
    assert log.account.entries[0].money == 200.0


@pytest.mark.parametrize(
    ("lone", "matched_too", "told"),
    [(-0.9, 40, False), (-11.0, 4000, True), (-3.0, 40, True), (0.0, 40, False), (0.0, 0, False)],
)
def test_a_sizeable_sum_without_a_purchase_is_a_caution(lone, matched_too, told):
    rows = [("a", 1, 960.0), ("b", 3, 40.0)]
    rows += [("b", 2, lone)] * (lone < 0) + [("a", 1, -matched_too / 100)] * 50 * (matched_too > 0)
    rows = [(who, day, amount) if amount > -40 else (who, day, -0.5) for who, day, amount in rows]
    log, _ = matched(*rows)
    codes = {note.code for note in log.account.notes}
    assert (Code.REFUNDS_SIZEABLE in codes) == told
    assert (Code.REFUNDS_MATCHED in codes) == bool(lone or matched_too)


@pytest.mark.parametrize(("day", "believed"), [("2024-12-31", True), ("2025-01-06", True), ("2025-01-07", False)])
@pytest.mark.parametrize("name", ["observation_end", "holdout_end"])
def test_days_without_a_purchase_at_the_end(name, day, believed):
    rows = [("a", "2024-12-01"), ("a", "2024-12-12"), ("b", "2024-12-05"), ("b", "2024-12-30")]
    log = read_transactions(pd.DataFrame([(*row, 5.0) for row in rows], columns=["customer_id", "date", "amount"]))
    dates = {name: day} | ({"observation_end": "2024-12-15"} if name == "holdout_end" else {})
    if not believed:
        with pytest.raises(DomainError, match=rf"{name}='{day}' lies outside the data: .*log_end='{day}'"):
            summarise(log, **dates)
        return
    summary = summarise(log, **dates)
    note = summary.account.notes[-1]
    silent = (dt.date.fromisoformat(day) - dt.date(2024, 12, 30)).days
    assert (note.code, note.figures["days"]) == (Code.SILENT_DAYS, silent)
    assert note.reason.endswith("if the log was exported before, choose an earlier day")
    assert getattr(summary, name) == dt.date.fromisoformat(day)


def test_the_whole_last_month_is_believed():
    rows = [("a", "2024-11-01"), ("a", "2024-12-03"), ("b", "2024-11-05")]
    log = read_transactions(pd.DataFrame([(*row, 5.0) for row in rows], columns=["customer_id", "date", "amount"]))
    summary = summarise(log, observation_end="2024-12-31", time_unit="D")
    assert summary.table["T"].tolist() == [60.0, 56.0]
    with pytest.raises(DomainError, match="observation_end='2025-01-01' lies outside the data"):
        summarise(log, observation_end="2025-01-01")


@pytest.fixture
def taken_back_later():
    """Two purchases of January are taken back in March, one of them a customer's first; one is only made smaller."""
    rows = [("a", "2024-01-05", 10.0), ("a", "2024-01-20", 7.0), ("a", "2024-03-02", -7.0), ("b", "2024-01-01", 9.0)]
    rows += [("b", "2024-02-10", 4.0), ("b", "2024-03-05", -9.0), ("c", "2024-01-09", 8.0), ("c", "2024-03-09", -3.0)]
    return read_transactions(pd.DataFrame(rows, columns=["customer_id", "date", "amount"]))


def test_days_and_windows_know_what_the_summary_knows(taken_back_later):
    log, end = taken_back_later, "2024-02-15"
    summary = summarise(log, observation_end=end, time_unit="D")
    assert summary.table[["customer_id", "frequency", "value_to_date"]].to_numpy().tolist() == [
        ["a", 1, 17.0],
        ["b", 1, 13.0],
        ["c", 0, 8.0],
    ]
    assert str(summary.observation_start) == "2024-01-01"
    daily = purchases_by_day(log, until=end, acquired_until=end)
    assert (daily["purchases"].sum(), daily["repeat_purchases"].sum(), daily["amount"].sum()) == (5, 2, 38.0)
    assert window_totals(log, "2024-01-01", end)["revenue"].tolist() == [17.0, 13.0, 8.0]
    assert window_totals(log, "2024-01-01", end, known="2024-03-31")["revenue"].tolist() == [10.0, 4.0, 5.0]
