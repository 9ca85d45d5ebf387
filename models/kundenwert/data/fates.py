"""Decide what happens to each row, merge rows into customer-days, and account for all of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import ibis

from kundenwert.data.account import Entry, Note, RowAccount
from kundenwert.data.amounts import LARGEST_AMOUNT, guessed_amount
from kundenwert.data.dates import EARLIEST, LATEST, likely_format
from kundenwert.data.shares import large_shares
from kundenwert.errors import DomainError
from kundenwert.messages import Code, Setting, listing, say, several
from kundenwert.settings import Reading
from kundenwert.sources import Place, Source

UNREADABLE_SHARE = 0.05  # above this share of rows without a date (or an amount) the log is refused

LARGE_SHARE, LARGE_ROWS = 0.4, 20
"""Share of all money in one row that is worth a note, and the number of rows from which on it is."""

EXCLUDING = (
    *(Code.LEFT_OUT, Code.NO_DEBTOR, Code.NO_REVENUE),
    *(Code.EMPTY_ROW, Code.REPEATED_HEADING, Code.PAGE_NUMBER, Code.CARRIED_OVER, Code.LIST_SUM, Code.LONE_TEXT),
    *(Code.STRAY_QUOTE, Code.TORN_ROW, Code.EXCLUDED_CUSTOMER, Code.SUM_OF_ALL, Code.NO_CUSTOMER, Code.PLACEHOLDER_ID),
    *(Code.NO_DATE, Code.BAD_DATE, Code.PLACEHOLDER_DATE, Code.FAR_DATE),
    *(
        Code.FUTURE_DATE,
        Code.ISOLATED_DAY,
        Code.NO_AMOUNT,
        Code.BAD_AMOUNT,
        Code.REFUND,
        Code.ZERO_AMOUNT,
        Code.DUPLICATE,
    ),
    *(Code.UNDONE_BY_REFUND, Code.LONE_REFUND, Code.REFUND_BEYOND, Code.REFUND_UNPLACED),
)
"""Why rows are excluded, in the order in which an account lists them."""

MERGING = (Code.FURTHER_ITEM, Code.TOTAL_REPEATED)
"""Why rows are part of a purchase whose amount stands on another row."""

_FIGURES: dict[Code, dict[str, object]] = {Code.FAR_DATE: {"earliest": EARLIEST, "latest": LATEST}}


def today() -> dt.date:
    """Return the latest day that it is anywhere on earth: what lies after it has not happened."""
    return dt.datetime.now(dt.timezone(dt.timedelta(hours=14))).date()


def _is_one_of(rows: ibis.Table, words: Iterable[str]) -> ibis.Value:
    """Whether a row's customer id is one of some words, in small or capital letters."""
    return rows.customer_id.lower().isin([word.lower() for word in words]).fill_null(False)


def with_fate(typed: ibis.Table, reading: Reading, width: int) -> ibis.Table:
    """Add what each row's fate is: the reason of its exclusion, or nothing where it is kept.

    A fate that an earlier step has given stays.
    """
    tests = [
        (typed.customer_id.isnull(), Code.NO_CUSTOMER),
        (_is_one_of(typed, reading.placeholders), Code.PLACEHOLDER_ID),
        (typed.date_text.isnull(), Code.NO_DATE),
        (typed.date.isnull(), Code.BAD_DATE),
        (~typed.date.between(EARLIEST, LATEST), Code.FAR_DATE),
        *([(typed.date > today(), Code.FUTURE_DATE)] if reading.future == "exclude" else []),
        (typed.amount_text.isnull(), Code.NO_AMOUNT),
        (typed.amount.isnull() | (typed.amount.abs() > LARGEST_AMOUNT), Code.BAD_AMOUNT),
    ]
    if reading.refunds == "exclude":
        tests.append((typed.amount < 0, Code.REFUND))
    if reading.zero_amounts == "exclude":
        tests.append((typed.amount == 0, Code.ZERO_AMOUNT))
    if reading.duplicates == "drop":
        tests.append((typed.duplicate, Code.DUPLICATE))
    found = ibis.cases(*((test, str(code)) for test, code in tests))
    return typed.mutate(fate=typed.fate.coalesce(found)).drop(*(f"c{i}" for i in range(width)))


def merge_days(rows: ibis.Table, refunds: str, kept: int) -> ibis.Table:
    """Merge the rows of one customer's purchases of one day."""
    good = rows.filter(rows.fate.isnull())
    own = good.date == good.day
    if refunds == "match":  # what a credit note says of the customer is not what the purchase says
        own &= good.amount >= 0
    return good.group_by("customer_id", date="day").agg(
        amount=good.left.max(where=own) if refunds == "earlier" else good.amount.sum(),
        rows=good.count(),
        **({"margin": good.margin.sum()} if "margin" in good.columns else {}),
        **{f"k{i}": good[f"k{i}"].min(where=own) for i in range(kept)},
    )


def _offenders(opened: Source, rows: ibis.Table) -> dict[Code, tuple[Place, ...]]:
    """Return, by reason, where the first rows that were excluded or noted stand and what they say."""
    good = rows.fate.isnull()
    marks = {
        Code.FUTURE_KEPT: rows.date > today(),
        Code.DUPLICATE_KEPT: rows.duplicate,
        Code.ZERO_KEPT: rows.amount == 0,
        Code.REFUND_NETTED: rows.amount < 0,
        Code.TOTAL_WORD_KEPT: rows.word,
        **({Code.BOTH_NEGATIVE: rows.both.fill_null(False)} if "both" in rows.columns else {}),
    }
    shown = ("row", "customer_id", "date_text", "amount_text")
    parts = [rows.filter(~good).select(*shown, reason="fate")]
    parts += [rows.filter(good & test).select(*shown, reason=ibis.literal(str(code))) for code, test in marks.items()]
    marked = ibis.union(*parts)
    marked = marked.mutate(rank=ibis.row_number().over(group_by="reason", order_by="row"))
    first = marked.filter(marked["rank"] < 3).order_by("row")
    found: dict[Code, list[Place]] = {}
    for row in first.to_pyarrow().to_pylist():
        code = Code(row["reason"])
        found.setdefault(code, []).append(Place(opened.place(row["row"]), _about(code, row)))
    return {code: tuple(places) for code, places in found.items()}


_ABSENT = {
    Code.NO_CUSTOMER: "no customer id",
    Code.NO_DATE: "no date",
    Code.NO_AMOUNT: "no amount",
    Code.FURTHER_ITEM: "no amount of its own",
    Code.EMPTY_ROW: "nothing",
    Code.REPEATED_HEADING: "column names",
    Code.PAGE_NUMBER: "a page number",
    Code.LONE_TEXT: "a text and nothing else",
}
_BY_DATE = (
    *(Code.BAD_DATE, Code.PLACEHOLDER_DATE, Code.FAR_DATE, Code.FUTURE_DATE, Code.FUTURE_KEPT),
    Code.ISOLATED_DAY,
)
_BY_CUSTOMER = (
    Code.STRAY_QUOTE,
    Code.TORN_ROW,
    Code.EXCLUDED_CUSTOMER,
    Code.DUPLICATE,
    Code.DUPLICATE_KEPT,
    Code.PLACEHOLDER_ID,
    Code.TOTAL_WORD_KEPT,
)


def _about(code: Code, row: Mapping[str, str]) -> str:
    """What a row says that explains its fate."""
    if code in _ABSENT:
        return _ABSENT[code]
    if code in _BY_CUSTOMER:
        return f"customer {row['customer_id']!r}"
    return repr(row["date_text"] if code in _BY_DATE else row["amount_text"])


def _sums(rows: ibis.Table, daily: ibis.Table, refunds: str) -> tuple[dict[Code, int], dict[Code, float | None], int]:
    """Count, and add up, in three queries, everything that the account speaks of; and the rows behind the days."""
    good, readable = rows.fate.isnull(), rows.amount.abs() <= LARGEST_AMOUNT
    noted = {
        Code.FUTURE_KEPT: good & (rows.date > today()),
        Code.ZERO_KEPT: good & (rows.amount == 0),
        Code.DUPLICATE_KEPT: good & rows.duplicate,
        Code.TOTAL_WORD_KEPT: good & rows.word,
        Code.REFUND_NETTED: good & (rows.amount < 0),
        **({Code.BOTH_NEGATIVE: good & rows.both.fill_null(False)} if "both" in rows.columns else {}),
    }
    counted = rows.agg(good=rows.amount.sum(where=good), **{str(code): test.sum() for code, test in noted.items()})
    of_notes = counted.to_pyarrow().to_pylist()[0]
    lost = rows.filter(~good).group_by("fate").agg(n=lambda t: t.count(), money=lambda t: t.amount.sum(where=readable))
    by_fate = {Code(row["fate"]): row for row in lost.to_pyarrow().to_pylist()}
    per_day = daily.agg(days=daily.count(), rows=daily["rows"].sum(), money=daily.amount.sum()).to_pyarrow()
    kept = per_day.to_pylist()[0]
    money = {code: row["money"] for code, row in by_fate.items()} | {Code.PURCHASE: kept["money"]}
    counts = {code: int(of_notes[str(code)] or 0) for code in noted}
    counts |= {code: row["n"] for code, row in by_fate.items()} | {Code.PURCHASE: int(kept["days"])}
    if refunds == "earlier":  # what a purchase has lost, a credit note of another day has taken off it
        undone = [money.get(code) for code in (Code.UNDONE_BY_REFUND, Code.REFUND_BEYOND)]
        beyond = sum(value for value in (of_notes["good"], *undone) if value is not None) - (kept["money"] or 0)
        spent = counts.get(Code.UNDONE_BY_REFUND, 0)
        rest = Code.REFUND_BEYOND if counts.get(Code.REFUND_BEYOND) or not spent else Code.UNDONE_BY_REFUND
        money |= {Code.UNDONE_BY_REFUND: 0 if spent else None, Code.REFUND_BEYOND: None}
        money |= {rest: beyond} if beyond else {}
    return (
        counts,
        {code: None if value is None else float(value) for code, value in money.items()},
        int(kept["rows"] or 0),
    )


def account_for(
    opened: Source,
    rows: ibis.Table,
    daily: ibis.Table,
    refunds: str,
    notes: Sequence[Note] = (),
    *,
    bad_money: float | None = None,
) -> RowAccount:
    """Account for every row, and refuse a log if too few of its rows can be read.

    Parameters
    ----------
    opened : Source
        The source, for the places of its rows.
    rows, daily : ibis.Table
        Results of `with_fate` and `merge_days`.
    refunds : str
        What was done with refunds.
    notes : sequence of Note
        What earlier steps have seen.
    bad_money : float, optional
        What the lines that are no rows may have been worth.

    Returns
    -------
    RowAccount

    Raises
    ------
    DomainError
        If more than `UNREADABLE_SHARE` of the rows have no date, or no amount, or if no row is left.
    """
    counts, money, used = _sums(rows, daily, refunds)
    guessed = _guessed(rows) if counts.get(Code.BAD_AMOUNT) and money.get(Code.BAD_AMOUNT) is None else None
    counts[Code.REJECTED_LINE], money[Code.REJECTED_LINE] = len(opened.rejected), bad_money
    noted = [Code.FUTURE_KEPT, Code.ZERO_KEPT, Code.DUPLICATE_KEPT, Code.REFUND_NETTED, Code.TOTAL_WORD_KEPT]
    noted.append(Code.BOTH_NEGATIVE)
    lost = {code: counts.get(code, 0) for code in (Code.REJECTED_LINE, *EXCLUDING)}
    first: dict[Code, tuple[Place, ...]] = {Code.REJECTED_LINE: tuple(line.place for line in opened.rejected[:3])}
    if any(lost.values()) or any(counts.get(code) for code in (*noted, *MERGING)):
        first |= _offenders(opened, rows)
    read = int(rows.count().to_pyarrow().as_py()) + len(opened.rejected)
    _refuse(opened, read, lost, first, rows)
    entries = [Entry("kept", Code.PURCHASE, counts[Code.PURCHASE], money[Code.PURCHASE])]
    entries += [Entry("merged", Code.SAME_DAY, used - counts[Code.PURCHASE])]
    entries += [Entry("merged", code, counts[code], None, first.get(code, ())) for code in MERGING if counts.get(code)]
    entries += [
        Entry("excluded", code, n, money.get(code), first.get(code, ()), _FIGURES.get(code, {}))
        for code, n in lost.items()
        if n or money.get(code)
    ]
    if guessed is not None:
        about = {Code.BAD_AMOUNT: Code.BAD_AMOUNT_ABOUT}
        entries = [replace(e, code=about[e.code], money=guessed) if e.code in about else e for e in entries]
    said = {Code.REFUND_NETTED: Code.REFUND_NETTED_EARLIER} if refunds == "earlier" else {}
    if refunds == "match":  # told with its money by `refund_notes`
        noted.remove(Code.REFUND_NETTED)
    seen = [
        Note(
            said.get(code, code), counts[code], first.get(code, ()), code in (Code.TOTAL_WORD_KEPT, Code.BOTH_NEGATIVE)
        )
        for code in noted
        if counts.get(code)
    ]
    shares = large_shares(counts, money, read)
    return RowAccount(read, tuple(entries), (*notes, *seen, *shares, *_large(opened, rows)))


def _guessed(rows: ibis.Table) -> float | None:
    """Add up what unreadable amounts may mean, by the digits they hold; None where they hold none."""
    texts = rows.filter(rows.fate == str(Code.BAD_AMOUNT)).select(guess=guessed_amount(rows.amount_text))
    total = texts.agg(total=texts.guess.sum()).to_pyarrow().to_pylist()[0]["total"]
    return None if total is None else float(total)


def _large(opened: Source, rows: ibis.Table) -> tuple[Note, ...]:
    """Note a row that holds so much of all money that it may be the sum of the others."""
    good = rows.filter(rows.fate.isnull() & (rows.amount > 0))
    found = good.agg(n=good.count(), total=good.amount.sum(), largest=good.amount.max()).to_pyarrow().to_pylist()[0]
    if found["n"] < LARGE_ROWS or float(found["largest"]) < LARGE_SHARE * float(found["total"]):
        return ()
    row = good.order_by(good.amount.desc(), good.row).limit(1).to_pyarrow().to_pylist()[0]
    share = float(found["largest"]) / float(found["total"])
    place = Place(opened.place(row["row"]), f"customer {row['customer_id']!r}, {row['amount_text']!r}")
    return (Note(Code.DOMINANT_ROW, 1, (place,), caution=True, figures={"share": 100 * share}),)


def _advice(rows: ibis.Table) -> Setting:
    """Name the format that most unreadable dates have."""
    texts = rows.filter(rows.fate == str(Code.BAD_DATE)).select("row", text="date_text").order_by("row").limit(500)
    return Setting("date_format", likely_format(texts.to_pyarrow()["text"].to_pylist()) or "%d.%m.%Y")


def _refuse(
    opened: Source,
    read: int,
    lost: Mapping[Code, int],
    first: Mapping[Code, tuple[Place, ...]],
    rows: ibis.Table,
) -> None:
    """Raise where too many rows have no date or no amount, or where none is left."""
    if not read:
        raise DomainError(Code.NO_ROWS, source=opened.info.name)
    unreadable = {
        Code.DATES_UNREADABLE: (Code.NO_DATE, Code.BAD_DATE, Code.FAR_DATE, Code.PLACEHOLDER_DATE),
        Code.AMOUNTS_UNREADABLE: (Code.NO_AMOUNT, Code.BAD_AMOUNT),
    }
    for code, reasons in unreadable.items():
        count = sum(lost[reason] for reason in reasons)
        if count > UNREADABLE_SHARE * read:
            raise DomainError(
                code,
                count=count,
                rows=read,
                source=opened.info.name,
                first=[place for reason in reasons for place in first.get(reason, ())][:3],
                date_format=_advice(rows),
                comma=Setting("decimal", ","),
                point=Setting("decimal", "."),
            )
    if sum(lost.values()) == read:
        parts = [
            f"{say(code, _FIGURES.get(code))}: {several(n, 'row')}{listing(first.get(code, ()))}"
            for code, n in lost.items()
            if n
        ]
        nothing = Code.ALL_EXCLUDED_FUTURE if lost[Code.FUTURE_DATE] else Code.ALL_EXCLUDED
        raise DomainError(
            nothing, rows=read, source=opened.info.name, reasons="; ".join(parts), keep=Setting("future", "keep")
        )
