"""Take refunds off purchases: of the same day, of the one they belong to, or of the days before, the latest first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

import ibis
import pyarrow as pa

from kundenwert.data.account import Note
from kundenwert.data.amounts import AMOUNT_TYPE
from kundenwert.data.matching import Credit, place_credits
from kundenwert.messages import Code, Setting

LARGE_GROSS = 0.3
"""Share of positive amounts that negative ones take back from which on they may be something else than credit notes."""

SIZEABLE_GROSS, SIZEABLE_CREDIT = 0.01, 0.05
"""Shares of gross revenue, and of the money of all credit notes, that have no purchase and call for caution."""


BATCH = 10_000
"""Customer-days that are turned into Python's numbers at once."""


def settle(rows: ibis.Table, refunds: str) -> ibis.Table:
    """Say for each row to which day's purchase it belongs, and exclude those of which nothing is left.

    Parameters
    ----------
    rows : ibis.Table
        Rows with `customer_id, date, amount, fate`; only those without a fate are looked at.
    refunds : {"match", "exclude", "net", "earlier"}
        With "exclude" there are no refunds among them; with "match", `match_refunds` settles them.

    Returns
    -------
    ibis.Table
        The rows with `day`, the day of their purchase, and `left`, what is left of the purchases of their date.
    """
    if refunds in ("exclude", "match"):
        return rows.mutate(day=rows.date, left=ibis.null(AMOUNT_TYPE))
    good = rows.filter(rows.fate.isnull())
    days = good.group_by("customer_id", "date").agg(
        gain=good.amount.sum().cast(AMOUNT_TYPE),
        bought=(good.amount >= 0).sum(),
        refunds=(good.amount < 0).sum(),
    )
    days = _of_the_day(days) if refunds == "net" else _of_days_before(days)
    days = days.select(who="customer_id", when="date", undone="undone", day="day", left="left")
    rows = rows.mutate(who_kept=ibis.ifelse(rows.fate.isnull(), rows.customer_id, ibis.null("string")))
    joined = rows.left_join(days, [rows.who_kept == days.who, rows.date == days.when])
    return joined.mutate(fate=joined.fate.coalesce(joined.undone)).drop("who", "when", "undone", "who_kept")


def _of_the_day(days: ibis.Table) -> ibis.Table:
    nothing = (days.refunds > 0) & (days.gain <= 0)
    undone = ibis.cases((nothing & (days.bought == 0), str(Code.LONE_REFUND)), (nothing, str(Code.UNDONE_BY_REFUND)))
    return days.mutate(undone=undone, day=days.date, left=days.gain)


def _of_days_before(days: ibis.Table) -> ibis.Table:
    """Let each credit note take back the latest purchases, as from a pile that never sinks below the ground.

    The pile's height after each day is the running sum less its running minimum below zero. What lies between the
    height before a purchase and the lowest height ever after is left of it.
    """
    zero = ibis.literal(0).cast(AMOUNT_TYPE)
    each = ibis.window(group_by="customer_id", order_by="date")
    so_far = ibis.cumulative_window(group_by="customer_id", order_by="date")
    from_now = ibis.window(preceding=0, following=None, group_by="customer_id", order_by="date")
    days = days.mutate(total=days.gain.sum().over(so_far).cast(AMOUNT_TYPE))
    days = days.mutate(ground=ibis.least(days.total.min().over(so_far), zero))
    days = days.mutate(height=days.total - days.ground)
    days = days.mutate(before=days.height.lag().over(each).fill_null(zero), lowest=days.height.min().over(from_now))
    left = ibis.least(days.gain, ibis.greatest(days.lowest - days.before, zero))
    days = days.mutate(left=ibis.ifelse(days.gain < 0, zero, left))
    taken = (days.gain < 0) & (days.before > 0)
    free = (days.gain == 0) & (days.refunds == 0)
    stays = (days.left > 0) | free
    last = ibis.ifelse(days.left > 0, days.date, ibis.null("date")).max().over(so_far)
    undone = ibis.cases(
        (stays, ibis.null("string")),
        ((days.gain < 0) & ~taken & (days.bought == 0), str(Code.REFUND_BEYOND)),
        (taken & last.notnull(), ibis.null("string")),
        else_=str(Code.UNDONE_BY_REFUND),
    )
    return days.mutate(undone=undone, day=ibis.ifelse(stays, days.date, last))


def match_refunds(rows: ibis.Table) -> ibis.Table:
    """Take credit notes off the purchases they belong to, and exclude those of which that is not clear.

    Credit notes of a day that are no more than its purchases are taken off them. The others are placed one by one, as
    `place_credits` says. What is wholly refunded is no purchase.

    Parameters
    ----------
    rows : ibis.Table
        Rows as `settle` leaves them, with `row`.

    Returns
    -------
    ibis.Table
        The rows with `day`, the day of their purchase, and the fate of those that are no purchase.
    """
    good = rows.filter(rows.fate.isnull())
    back = good.filter(good.amount < 0)
    if not back.count().to_pyarrow().as_py():
        return rows
    theirs = good.semi_join(back.select("customer_id").distinct(), "customer_id")
    days = theirs.group_by("customer_id", "date").agg(
        bought=theirs.amount.sum(where=theirs.amount >= 0).fill_null(0).cast(AMOUNT_TYPE),
        back=(-theirs.amount).sum(where=theirs.amount < 0).fill_null(0).cast(AMOUNT_TYPE),
    )
    beyond = days.filter(days.back > days.bought)
    placed, undone = _placed(theirs, days, beyond)
    level = days.filter(days.back == days.bought, days.back > 0).select("customer_id", "date").to_pyarrow()
    undone += zip(level["customer_id"].to_pylist(), level["date"].to_pylist(), strict=True)
    return _with_days(rows, placed, undone)


def _placed(
    theirs: ibis.Table, days: ibis.Table, beyond: ibis.Table
) -> tuple[dict[int, dt.date | None], list[tuple[str, dt.date]]]:
    """Place the credit notes that go beyond their day's purchases; and which days of these customers they undo."""
    notes = theirs.filter(theirs.amount < 0).semi_join(beyond, ["customer_id", "date"])
    alone = notes.select("customer_id", "row", day="date", amount=(-notes.amount).cast(AMOUNT_TYPE)).to_pyarrow()
    notes = ibis.memtable(alone)
    bought = theirs.filter(theirs.amount > 0).select(who="customer_id", date="date", paid="amount")
    pairs = notes.join(bought, [notes.customer_id == bought.who, notes.amount == bought.paid, bought.date < notes.day])
    equal: dict[int, dict[dt.date, int]] = {}
    for pair in pairs.group_by("row", "date").agg(n=lambda t: t.count()).to_pyarrow().to_pylist():
        equal.setdefault(pair["row"], {})[pair["date"]] = pair["n"]
    credits: dict[str, list[Credit]] = {}
    for note in alone.to_pylist():
        credit = Credit(note["row"], note["day"], note["amount"], equal.get(note["row"], {}))
        credits.setdefault(note["customer_id"], []).append(credit)
    placed: dict[int, dt.date | None] = {}
    undone: list[tuple[str, dt.date]] = []
    each = days.semi_join(beyond.select("customer_id").distinct(), "customer_id")
    rest = ibis.ifelse(each.back > each.bought, each.bought, each.bought - each.back)
    each = each.select("customer_id", "date", rest=rest.cast(AMOUNT_TYPE)).order_by("customer_id", "date")
    for customer, days_of_one in groupby(_stream(each), key=lambda day: day.customer_id):
        before = {day.date: day.rest for day in days_of_one}
        left = dict(before)
        placed |= place_credits(left, credits[customer])
        undone += [(customer, day) for day, rest in left.items() if not rest and before[day]]
    return placed, undone


class _Day(NamedTuple):
    """A customer's day, and what is left of its purchases."""

    customer_id: str
    date: dt.date
    rest: Decimal


def _stream(days: ibis.Table) -> Iterator[_Day]:
    """Give days one by one; only a few at a time are Python's."""
    for batch in days.to_pyarrow().to_batches(max_chunksize=BATCH):
        yield from (_Day(**row) for row in batch.to_pylist())


def _with_days(rows: ibis.Table, placed: dict[int, dt.date | None], undone: list[tuple[str, dt.date]]) -> ibis.Table:
    """Give credit notes the day of their purchase, and a fate to those without one and to purchases undone."""
    days = {"note": pa.array(list(placed), pa.int64()), "of": pa.array(list(placed.values()), pa.date32())}
    note = ibis.memtable(pa.table(days))
    rows = rows.left_join(note, rows["row"] == note.note)
    alone = ibis.cases((rows.note.notnull() & rows["of"].isnull(), str(Code.REFUND_UNPLACED)))
    rows = rows.mutate(day=rows["of"].coalesce(rows.day), fate=rows.fate.coalesce(alone)).drop("note", "of")
    gone = {"who": pa.array([who for who, _ in undone], pa.string())}
    gone |= {"when": pa.array([day for _, day in undone], pa.date32()), "undone": pa.array([True] * len(undone))}
    nothing = ibis.memtable(pa.table(gone))
    rows = rows.left_join(nothing, [rows.customer_id == nothing.who, rows.day == nothing.when])
    fate = ibis.cases((rows.undone.notnull(), str(Code.UNDONE_BY_REFUND)))
    return rows.mutate(fate=rows.fate.coalesce(fate)).drop("who", "when", "undone")


def refund_notes(rows: ibis.Table) -> tuple[Note, ...]:
    """Say what became of credit notes: money before and after, and what has no purchase to go to.

    Parameters
    ----------
    rows : ibis.Table
        Result of `match_refunds`.

    Returns
    -------
    tuple of Note
        None where there is no credit note.
    """
    used = rows.fate.isnull() | (rows.fate == str(Code.UNDONE_BY_REFUND))
    back, lone = rows.amount < 0, (rows.fate == str(Code.REFUND_UNPLACED)).fill_null(False)
    found = rows.agg(
        count=(used & back).sum() + lone.sum(),
        gross=rows.amount.sum(where=used & ~back),
        same=(-rows.amount).sum(where=used & back & (rows.day == rows.date)),
        earlier=(-rows.amount).sum(where=used & back & (rows.day < rows.date)),
        without=(-rows.amount).sum(where=lone),
        lone=lone.sum(),
    )
    row = {name: float(value or 0) for name, value in found.to_pyarrow().to_pylist()[0].items()}
    if not row["count"]:
        return ()
    gross, same, earlier, without = (row[name] for name in ("gross", "same", "earlier", "without"))
    figures = {"gross": gross, "same": same, "earlier": earlier, "without": without, "net": gross - same - earlier}
    notes = [Note(Code.REFUNDS_MATCHED, int(row["count"]), figures=figures)]
    back = same + earlier + without
    if back > LARGE_GROSS * gross:
        share = {"back": back, "gross": gross, "share": 100 * back / gross if gross else 100.0}
        hint = {"where": Setting("where", ["Belegart = Rechnung"])}
        notes.append(Note(Code.REFUNDS_LARGE, int(row["count"]), caution=True, figures={**share, **hint}))
    of_credit = without / back
    if without > SIZEABLE_GROSS * gross or of_credit > SIZEABLE_CREDIT:
        shares = {"of_gross": 100 * without / gross if gross else 100.0, "of_credit": 100 * of_credit}
        figures = {**shares, "without": without}
        way = {"hint": Setting("refunds", "earlier")}
        notes.append(Note(Code.REFUNDS_SIZEABLE, int(row["lone"]), caution=True, figures={**figures, **way}))
    return tuple(notes)


_SUMS = ("amount", "margin")


def parts_of(rows: ibis.Table, kept: int) -> ibis.Table:
    """Divide purchases that lost something to a later day's credit notes by the days on which that was known.

    Parameters
    ----------
    rows : ibis.Table
        Result of `match_refunds`.
    kept : int
        Number of kept columns.

    Returns
    -------
    ibis.Table
        Columns `customer_id, date, known, amount, rows, undone, k0, ...`: the purchase, on its own day, and what was
        taken off it later.
    """
    used = rows.filter(rows.fate.isnull() | (rows.fate == str(Code.UNDONE_BY_REFUND)))
    touched = used.filter(used.day < used.date).select("customer_id", "day").distinct()
    used = used.semi_join(touched, ["customer_id", "day"])
    own = (used.date == used.day) & (used.amount >= 0)
    return used.group_by("customer_id", date="day", known="date").agg(
        amount=used.amount.sum(),
        rows=used.count(),
        undone=used.fate.notnull().any(),
        **({"margin": used.margin.sum()} if "margin" in used.columns else {}),
        **{f"k{i}": used[f"k{i}"].min(where=own) for i in range(kept)},
    )


def as_known(purchases: ibis.Table, parts: ibis.Table, end: dt.date) -> ibis.Table:
    """Return purchases with only those credit notes taken off that were known at the end of observation.

    Parameters
    ----------
    purchases, parts : ibis.Table
        Customer-days, and the parts of those that credit notes of later days were taken off; with the same columns.
    end : datetime.date
        Last day of observation. Of later purchases all credit notes are taken off.

    Returns
    -------
    ibis.Table
    """
    late = parts.filter(parts.date <= end, parts.known > end).select("customer_id", "date").distinct()
    seen = parts.semi_join(late, ["customer_id", "date"]).filter(lambda t: t.known <= end)
    others = [name for name in purchases.columns if name not in ("customer_id", "date", "rows", *_SUMS)]
    seen = seen.group_by("customer_id", "date").agg(
        rows=seen["rows"].sum(),
        **{name: seen[name].sum().cast("float64") for name in _SUMS if name in purchases.columns},
        **{name: seen[name].min() for name in others},
    )
    kept = purchases.anti_join(late, ["customer_id", "date"])
    columns = {name: seen[name].cast(kept[name].type()) for name in kept.columns}
    return kept.union(seen.select(**columns))
