"""Dead stretches: days far from all others, shops that were shut, silent ends; and logs that begin within lives."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from kundenwert.data import Closure, closures, read_transactions, summarise
from kundenwert.data.beginnings import begins_within
from kundenwert.data.stretches import Day, chance_of_none, isolated, silences
from kundenwert.datasets import FILES, file
from kundenwert.errors import DomainError
from kundenwert.messages import Code

START = dt.date(2022, 1, 3)
LAST = dt.date(1998, 6, 30)
PLACEHOLDER = dt.date(1900, 1, 1)
OF_STRETCHES = {
    *(Code.PLACEHOLDER_DATES, Code.FIRST_DAY_APART, Code.LAST_DAY_APART, Code.FIRST_DAYS_LEFT_OUT),
    *(Code.LAST_DAYS_LEFT_OUT, Code.CLOSURE, Code.SILENT_STRETCH, Code.CLOSURE_HELD_OUT, Code.BEGINS_WITHIN_LIVES),
}


@pytest.fixture(scope="module")
def cdnow():
    days = read_transactions(file("cdnow", "transactions.csv")).purchases.to_pyarrow().to_pandas()
    return days[["customer_id", "date", "amount"]].sort_values(["customer_id", "date"], ignore_index=True)


def told(account):
    return {note.code: note for note in account.notes if note.code in OF_STRETCHES}


def with_rows(rows, days, customers):
    return pd.concat([rows, pd.DataFrame({"customer_id": customers, "date": days, "amount": 10.0})])


def test_a_row_twenty_months_behind_the_rest_changes_nothing(cdnow):
    late = LAST + dt.timedelta(days=609)
    log = read_transactions(with_rows(cdnow, [late], ["00001"]))
    note = told(log.account)[Code.LAST_DAYS_LEFT_OUT]
    assert (note.count, note.money, note.caution, note.figures["gap"]) == (1, 10.0, True, 609)
    assert note.reason.startswith("1 row of 2000-02-29 left out, 609 days behind all others, which end on 1998-06-30")
    assert note.told("cli").count("--isolated-days 'keep'") == 1
    entry = log.account.entries[-1]
    assert (entry.fate, entry.code, entry.count, entry.money) == ("excluded", Code.ISOLATED_DAY, 1, 10.0)
    assert (log.last_day, log.account.rows_read, log.account.kept) == (LAST, len(cdnow) + 1, len(cdnow))
    pd.testing.assert_frame_equal(summarise(log).table, summarise(read_transactions(cdnow)).table)


def test_five_rows_of_1900_change_nothing(cdnow):
    log = read_transactions(with_rows(cdnow, [PLACEHOLDER] * 5, cdnow["customer_id"].unique()[:5]))
    note = told(log.account)[Code.PLACEHOLDER_DATES]
    assert (note.count, note.money, note.caution, note.figures["days"]) == (5, 50.0, True, "1900-01-01")
    pd.testing.assert_frame_equal(summarise(log).table, summarise(read_transactions(cdnow)).table)


@pytest.mark.parametrize(
    ("days", "code", "gap"),
    [
        (["1990-05-01"] * 5, Code.FIRST_DAYS_LEFT_OUT, 2437),
        (["1989-05-01", "1990-05-01"], Code.FIRST_DAYS_LEFT_OUT, 2437),
        (["2000-01-01", "2008-12-31", "2008-12-31"], Code.LAST_DAYS_LEFT_OUT, 550),
    ],
    ids=["five of a day", "two days", "two days behind, the outer one first"],
)
def test_all_that_lies_apart_is_left_out(cdnow, days, code, gap):
    customers = cdnow["customer_id"].unique()[: len(days)]
    log = read_transactions(with_rows(cdnow, [dt.date.fromisoformat(day) for day in days], customers))
    assert {found: note.count for found, note in told(log.account).items()} == {code: len(days)}
    assert told(log.account)[code].figures["gap"] == gap
    assert (log.first_day, log.last_day) == (dt.date(1997, 1, 1), LAST)


def test_isolated_days_are_kept_where_that_is_asked_for(cdnow):
    late = LAST + dt.timedelta(days=609)
    log = read_transactions(with_rows(cdnow, [late], ["00001"]), isolated_days="keep")
    assert (log.last_day, log.account.excluded) == (late, 0)
    notes = told(summarise(log).account)
    assert set(notes) == {Code.LAST_DAY_APART, Code.CLOSURE}
    assert (notes[Code.CLOSURE].figures["length"], notes[Code.LAST_DAY_APART].count) == (608, 1)
    assert "leave it out with isolated_days='exclude'" in notes[Code.LAST_DAY_APART].reason


def test_isolated_days_are_refused_where_that_is_asked_for(cdnow):
    rows = with_rows(cdnow, [dt.date(1990, 5, 1)], ["00001"])
    with pytest.raises(DomainError, match=r"^1 row lies far .* on 1990-05-01; .* is 1997-01-01, 2,437 days") as error:
        read_transactions(rows, isolated_days="refuse")
    assert (error.value.code, error.value.parameter) == (Code.ISOLATED_DAYS_REFUSED, "isolated_days")


@pytest.mark.parametrize("refunds", ["match", "net", "earlier", "exclude"])
def test_credit_notes_beyond_the_gap_go_with_their_purchases(refunds):
    days = [START + dt.timedelta(days=3 * n) for n in range(100)]
    rows = pd.DataFrame({"customer_id": [f"c{n % 20}" for n in range(100)], "date": days, "amount": 10.0})
    far = days[-1] + dt.timedelta(days=800)
    stray = pd.DataFrame({"customer_id": ["c1", "c1", "c2"], "date": far, "amount": [10.0, 5.0, -5.0]})
    log = read_transactions(pd.concat([rows, stray]), refunds=refunds)
    counts = {entry.code: (entry.count, entry.money) for entry in log.account.entries if entry.fate == "excluded"}
    own = {"exclude": {Code.REFUND: (1, -5.0), Code.ISOLATED_DAY: (2, 15.0)}}
    assert counts == own.get(refunds, {Code.ISOLATED_DAY: (3, 10.0)})
    assert (log.account.kept, log.last_day, log.purchases.amount.sum().to_pyarrow().as_py()) == (100, days[-1], 1000.0)


def test_a_shop_shut_in_the_middle_is_told_with_its_days(cdnow):
    shut = (cdnow["date"] >= dt.date(1997, 10, 1)) & (cdnow["date"] < dt.date(1998, 1, 1))
    log = read_transactions(cdnow[~shut])
    (found,) = closures(log)
    assert (found.start, found.end, found.days) == (dt.date(1997, 10, 1), dt.date(1997, 12, 31), 92)
    assert found.expected == pytest.approx(shut.sum(), rel=0.25)
    assert closures(read_transactions(cdnow)) == ()
    note = told(summarise(log).account)[Code.CLOSURE]
    assert note.caution
    assert note.reason.startswith("no purchase from 1997-10-01 to 1997-12-31, 92 days in which about ")


def test_a_shop_shut_at_the_origin_is_told(cdnow):
    log = read_transactions(cdnow[cdnow["date"] < dt.date(1998, 4, 1)])
    notes = told(summarise(log, log_end="1998-06-30").account)
    assert set(notes) == {Code.SILENT_STRETCH}
    assert notes[Code.SILENT_STRETCH].figures["length"] == 91
    assert "set observation_end='1998-03-31'" in notes[Code.SILENT_STRETCH].reason
    assert closures(log, "1998-06-30")[0].end == LAST
    assert closures(log) == ()


def test_what_comes_after_the_origin_is_not_looked_at(cdnow):
    shut = (cdnow["date"] >= dt.date(1998, 1, 1)) & (cdnow["date"] < dt.date(1998, 4, 1))
    log = read_transactions(cdnow[~shut])
    notes = told(summarise(log, observation_end="1997-12-31", holdout_end="1998-06-30").account)
    assert set(notes) == {Code.CLOSURE_HELD_OUT}
    assert str(notes[Code.CLOSURE_HELD_OUT].figures["start"]) == "1998-01-01"
    assert closures(log, "1998-01-20") == ()
    assert [one.start for one in closures(log, "1998-03-31")] == [dt.date(1998, 1, 1)]


@pytest.mark.parametrize("name", FILES)
def test_bundled_logs_have_no_dead_stretch(name):
    log = read_transactions(file(name, "transactions.csv"))
    assert told(summarise(log).account) == {}


def shop(counts):
    return [Day(START + dt.timedelta(days=int(n)), int(counts[n]), int(counts[n])) for n in np.flatnonzero(counts)]


def found(counts):
    """Closures of a shop, as first day and length."""
    days = shop(counts)
    closed = silences(days, START + dt.timedelta(days=len(counts) - 1))
    return [((one.start - START).days, one.days) for one in closed]


def every(step, length, purchases=30):
    return np.where(np.arange(length) % step == 0, purchases, 0)


WEEKDAYS = np.where(np.arange(1096) % 7 < 5, 3, 0)
SUMMERS = np.where((np.arange(1096) + 90) % 365 < 150, 4, 0)


@pytest.mark.parametrize(
    ("counts", "shut", "expected"),
    [
        (WEEKDAYS, None, []),
        (WEEKDAYS, (400, 490), [(400, 90)]),
        (WEEKDAYS, (400, 420), []),
        (WEEKDAYS, (1010, 1096), [(1010, 86)]),
        (SUMMERS, None, []),
        (every(30, 1096), None, []),
        (every(30, 1096), (391, 571), [(391, 209)]),
        (every(91, 1096), None, []),
        (every(15, 1096, 1), None, []),
        (every(15, 1096, 1), (300, 420), []),
    ],
    ids=[
        *("weekdays", "weekdays, shut", "weekdays, three weeks off", "weekdays, shut at the end", "summers only"),
        *("by months", "by months, half a year missing", "by quarters", "two a month", "two a month, four months none"),
    ],
)
def test_closures_of_shops_of_all_kinds(counts, shut, expected):
    counts = counts.copy()
    if shut:
        counts[slice(*shut)] = 0
    assert found(counts) == expected
    assert isolated(shop(counts)) == ()


def test_two_closures_are_told_apart():
    counts = np.full(1096, 2)
    counts[300:360] = counts[420:500] = 0
    assert found(counts) == [(300, 60), (420, 80)]


def test_the_chance_of_nothing_is_that_of_a_mixture():
    level = np.random.default_rng(1).gamma(3.0, 1 / 3.0, 400_000)
    drawn = np.exp(-5.0 * level)
    assert chance_of_none(5.0) == pytest.approx(drawn.mean(), abs=4 * drawn.std() / np.sqrt(drawn.size))


def test_shops_that_never_shut_are_left_alone():
    """Sparse, seasonal and growing: fewer than 3 % of 400; were it 1 %, more would come once in 3,000 runs."""
    rng = np.random.default_rng(3)
    alarms = apart = 0
    time = np.arange(730)
    for n in range(400):
        rate = np.exp(0.5 * np.sqrt(2) * np.cos(2 * np.pi * (time / 365 - rng.random()))) * (1 + time / 365 * (n % 2))
        counts = rng.poisson(rate * rng.choice([0.07, 0.3, 1.5]))
        alarms += bool(found(counts))
        apart += bool(isolated(shop(counts)))
    assert alarms < 12
    assert apart == 0


def bought(first, start, days, seed, *, gap=30.0, leaving=600.0):
    """A log from `start` days on of customers who came at the days `first`, as customers and days."""
    rng = np.random.default_rng(seed)
    rate, life = rng.gamma(1.0, 1 / gap, first.size), rng.exponential(leaving, first.size)
    length = np.clip(np.minimum(first + life, start + days) - first, 0, None)
    who = np.repeat(np.arange(first.size), rng.poisson(rate * length))
    when = first[who] + rng.random(who.size) * length[who]
    rows = pd.DataFrame({"customer_id": np.append(np.arange(first.size), who), "day": np.append(first, when)})
    rows = rows[(rows["day"] >= start) & (rows["day"] < start + days)]
    return pd.DataFrame(
        {"customer_id": rows["customer_id"], "date": [START + dt.timedelta(days=int(d)) for d in rows["day"] - start]}
    ).assign(amount=1.0)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("first", "start", "within"),
    [
        ((-1500, 900), 0, True),
        ((0, 900), 0, False),
        ((0, 84), 0, False),
        ((0, 1), 0, False),
        ((0, 365), 0, False),
    ],
    ids=["cut out of lives", "new customers all the time", "a quarter's cohort", "a day's cohort", "a year's cohort"],
)
def test_how_logs_begin(first, start, within, seed):
    came = np.random.default_rng(seed).uniform(*first, 1500 if within else 600)
    log = read_transactions(bought(came, start, 900, seed))
    assert (begins_within(log.purchases, log.last_day) is not None) is within
    assert (Code.BEGINS_WITHIN_LIVES in told(summarise(log).account)) is within


def test_a_log_cut_in_two_begins_within_lives():
    rows = read_transactions(file("mechaforge", "transactions.csv")).purchases.to_pyarrow().to_pandas()
    log = read_transactions(rows[["customer_id", "date", "amount"]][rows["date"] >= dt.date(2020, 1, 1)])
    begun = begins_within(log.purchases, log.last_day)
    assert (begun.days, begun.customers) == (159, 269)
    assert begun.share == pytest.approx(0.70, abs=0.05)
    note = told(summarise(log).account)[Code.BEGINS_WITHIN_LIVES]
    assert note.reason.startswith("of 269 customers seen up to 2020-06-07, ")
    assert begins_within(log.purchases, dt.date(2020, 1, 10)) is None


def test_a_closure_knows_its_length():
    assert Closure(dt.date(2024, 1, 1), dt.date(2024, 1, 31), 5.0).days == 31
