"""Decide what happens to each row, merge rows into customer-days, and account for all of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import ibis

from kundenwert.data.account import Entry, Note, RowAccount, listing, several
from kundenwert.data.formats import EARLIEST, LARGEST_AMOUNT, LATEST
from kundenwert.data.refunds import BEYOND, LONE, NETTED, settle
from kundenwert.data.source import Source
from kundenwert.errors import DomainError

UNREADABLE_SHARE = 0.05  # above this share of rows without a date (or an amount) the log is refused

PLACEHOLDERS = (
    *("#NV", "#N/A", "#NAME?", "#WERT!", "#VALUE!", "#BEZUG!", "#REF!", "NULL", "(NULL)", "<NULL>", "NaN", "None"),
    *("n/a", "<NA>", "-", "--", "(leer)", "(blank)"),
)
"""Customer ids, in small or capital letters, by which spreadsheets and databases say that there is none."""

TOTALS = (
    *("Summe", "Gesamt", "Gesamtsumme", "Endsumme", "Zwischensumme"),
    *("Total", "Grand total", "Subtotal", "Sum"),
)
"""Words, in small or capital letters, that stand where the customer id should be in a line of totals."""

LARGE_SHARE, LARGE_ROWS = 0.4, 20
"""Share of all money in one row that is worth a note, and the number of rows from which on it is."""

KEPT = "purchase (customer and day)"
MERGED = "same customer and same day as a kept row"
REJECTED = "line cannot be split into the file's columns"
TOTAL = "line of totals: the amount is the sum of all others"
NO_CUSTOMER, PLACEHOLDER = "customer id missing", "customer id missing (placeholder such as '#NV')"
NO_DATE, BAD_DATE, FAR_DATE = "date missing", "date unreadable", f"date before {EARLIEST} or after {LATEST}"
NO_AMOUNT, BAD_AMOUNT = "amount missing", "amount unreadable, infinite or beyond 1e15"
REFUND, ZERO, DUPLICATE = "refund (negative amount)", "zero amount", "exact duplicate of an earlier row"
TAKEN_OFF = "refund taken off the same customer's purchases"
TAKEN_BACK = "refund taken off the same customer's purchases of that day or before"
FUTURE = "date in the future"
TOTAL_WORD = "customer id is a word for totals, kept"
_REASONS = (
    *(TOTAL, NO_CUSTOMER, PLACEHOLDER, NO_DATE, BAD_DATE, FAR_DATE, FUTURE, NO_AMOUNT, BAD_AMOUNT, REFUND, ZERO),
    *(DUPLICATE, NETTED, LONE, BEYOND),
)


def today() -> dt.date:
    """Return the latest day that it is anywhere on earth: what lies after it has not happened."""
    return dt.datetime.now(dt.timezone(dt.timedelta(hours=14))).date()


def _kept(reason: str) -> str:
    return f"{reason}, kept"


@dataclass(frozen=True)
class Policy:
    """What to do with refunds, zero amounts, duplicates and days that have not come yet."""

    refunds: str
    zero_amounts: str
    duplicates: str
    future: str = "exclude"
    placeholders: tuple[str, ...] = PLACEHOLDERS

    def __post_init__(self) -> None:
        """Refuse a choice that does not exist."""
        known = {
            "refunds": ("exclude", "net", "earlier"),
            "zero_amounts": ("keep", "exclude"),
            "duplicates": ("keep", "drop"),
            "future": ("exclude", "keep"),
        }
        for name, values in known.items():
            if getattr(self, name) not in values:
                choices = " or ".join(map(repr, values))
                raise DomainError(f"{name}={getattr(self, name)!r} is not understood; choose {choices}")


def _is_one_of(rows: ibis.Table, words: Iterable[str]) -> ibis.Value:
    """Whether a row's customer id is one of some words, in small or capital letters."""
    return rows.customer_id.lower().isin([word.lower() for word in words]).fill_null(False)


def _total(rows: ibis.Table) -> ibis.Value:
    """Whether a row whose id is a word for totals holds the sum of all others, each of them rounded to cents."""
    other = rows.filter(~rows.word & (rows.amount.abs() <= LARGEST_AMOUNT))
    count, total = other.count().as_scalar(), other.amount.sum().as_scalar()
    whole = ibis.ifelse(rows.amount == rows.amount.round(), 0.5, 0.0)
    near = (rows.amount - total).abs().cast("float64") <= 0.005 * (count + 1) + whole
    return rows.word & (count > 1) & near.fill_null(False)


def with_fate(typed: ibis.Table, policy: Policy, width: int) -> ibis.Table:
    """Add what each row's fate is: the reason of its exclusion, or nothing where it is kept."""
    same = [typed[f"c{i}"] for i in range(width)]
    typed = typed.mutate(
        duplicate=ibis.row_number().over(group_by=same, order_by=typed.row) > 0,
        word=_is_one_of(typed, [*TOTALS, *(f"{word}:" for word in TOTALS)]),
    )
    tests = [
        (_total(typed), TOTAL),
        (typed.customer_id.isnull(), NO_CUSTOMER),
        (_is_one_of(typed, policy.placeholders), PLACEHOLDER),
        (typed.date_text.isnull(), NO_DATE),
        (typed.date.isnull(), BAD_DATE),
        (~typed.date.between(EARLIEST, LATEST), FAR_DATE),
        *([(typed.date > today(), FUTURE)] if policy.future == "exclude" else []),
        (typed.amount_text.isnull(), NO_AMOUNT),
        (typed.amount.isnull() | (typed.amount.abs() > LARGEST_AMOUNT), BAD_AMOUNT),
    ]
    if policy.refunds == "exclude":
        tests.append((typed.amount < 0, REFUND))
    if policy.zero_amounts == "exclude":
        tests.append((typed.amount == 0, ZERO))
    if policy.duplicates == "drop":
        tests.append((typed.duplicate, DUPLICATE))
    return settle(typed.mutate(fate=ibis.cases(*tests)).drop(*(f"c{i}" for i in range(width))), policy.refunds)


def merge_days(rows: ibis.Table, policy: Policy, kept: int) -> ibis.Table:
    """Merge the rows of one customer's purchases of one day."""
    good = rows.filter(rows.fate.isnull())
    own = good.date == good.day
    return good.group_by("customer_id", date="day").agg(
        amount=good.left.max(where=own) if policy.refunds == "earlier" else good.amount.sum(),
        rows=good.count(),
        **{f"k{i}": good[f"k{i}"].min(where=own) for i in range(kept)},
    )


def _offenders(opened: Source, rows: ibis.Table) -> dict[str, tuple[str, ...]]:
    """Return, by reason, where the first rows that were excluded or noted stand and what they say."""
    good = rows.fate.isnull()
    marks = {
        _kept(FUTURE): rows.date > today(),
        _kept(DUPLICATE): rows.duplicate,
        _kept(ZERO): rows.amount == 0,
        TAKEN_OFF: rows.amount < 0,
        TOTAL_WORD: rows.word,
    }
    shown = ("row", "customer_id", "date_text", "amount_text")
    parts = [rows.filter(~good).select(*shown, reason="fate")]
    parts += [rows.filter(good & test).select(*shown, reason=ibis.literal(reason)) for reason, test in marks.items()]
    marked = ibis.union(*parts)
    marked = marked.mutate(rank=ibis.row_number().over(group_by="reason", order_by="row"))
    first = marked.filter(marked["rank"] < 3).order_by("row")
    found: dict[str, list[str]] = {}
    for row in first.to_pyarrow().to_pylist():
        about = {NO_CUSTOMER: "no customer id", NO_DATE: "no date", NO_AMOUNT: "no amount"}.get(row["reason"])
        if row["reason"] in (BAD_DATE, FAR_DATE, FUTURE, _kept(FUTURE)):
            about = repr(row["date_text"])
        elif row["reason"] in (DUPLICATE, _kept(DUPLICATE), PLACEHOLDER, TOTAL_WORD):
            about = f"customer {row['customer_id']!r}"
        about = about or repr(row["amount_text"])
        found.setdefault(row["reason"], []).append(f"{opened.place(row['row'])}: {about}")
    return {reason: tuple(texts) for reason, texts in found.items()}


def _sums(
    opened: Source, rows: ibis.Table, daily: ibis.Table, policy: Policy
) -> tuple[dict[str, int], dict[str, float | None]]:
    """Count, and add up, in two queries, everything that the account speaks of."""
    good, readable = rows.fate.isnull(), rows.amount.abs() <= LARGEST_AMOUNT
    per_row = rows.agg(
        read=rows.count(),
        **{_kept(FUTURE): (good & (rows.date > today())).sum()},
        **{_kept(ZERO): (good & (rows.amount == 0)).sum(), _kept(DUPLICATE): (good & rows.duplicate).sum()},
        **{TOTAL_WORD: (good & rows.word).sum(), TAKEN_OFF: (good & (rows.amount < 0)).sum()},
        **{reason: (rows.fate == reason).sum() for reason in _REASONS},
        **{f"money {reason}": rows.amount.sum(where=(rows.fate == reason) & readable) for reason in _REASONS},
        **{"money good": rows.amount.sum(where=good)},
    )
    per_day = daily.agg(days=daily.count(), rows=daily["rows"].sum(), **{"money kept": daily.amount.sum()})
    found = per_row.to_pyarrow().to_pylist()[0] | per_day.to_pyarrow().to_pylist()[0]
    money = {name.removeprefix("money "): found.pop(name) for name in [*found] if name.startswith("money ")}
    if policy.refunds == "earlier":  # what a purchase has lost, a credit note of another day has taken off it
        moved = [money[name] for name in ("good", NETTED, BEYOND) if money[name] is not None]
        beyond = sum(moved) - (money["kept"] or 0)
        rest = BEYOND if found[BEYOND] or not found[NETTED] else NETTED  # where the note that is left over is counted
        money |= {NETTED: 0 if found[NETTED] else None, BEYOND: None} | ({rest: beyond} if beyond else {})
    counts = {REJECTED: len(opened.rejected), **{name: int(count or 0) for name, count in found.items()}}
    return counts, {name: None if value is None else float(value) for name, value in money.items()}


def account_for(opened: Source, rows: ibis.Table, daily: ibis.Table, policy: Policy) -> RowAccount:
    """Account for every row, and refuse a log of which too little can be read.

    Parameters
    ----------
    opened : Source
        The source, for the places of its rows.
    rows, daily : ibis.Table
        Results of `with_fate` and `merge_days`.
    policy : Policy
        What they were made with.

    Returns
    -------
    RowAccount

    Raises
    ------
    DomainError
        If more than `UNREADABLE_SHARE` of the rows have no date, or no amount, or if no row is left.
    """
    counts, money = _sums(opened, rows, daily, policy)
    lost = {reason: counts[reason] for reason in (REJECTED, *_REASONS)}
    noted = {reason: counts[reason] for reason in (_kept(FUTURE), _kept(ZERO), _kept(DUPLICATE), TAKEN_OFF, TOTAL_WORD)}
    first: dict[str, tuple[str, ...]] = {REJECTED: opened.rejected[:3]}
    if any(lost.values()) or any(noted.values()):
        first |= _offenders(opened, rows)
    read = counts["read"] + len(opened.rejected)
    _refuse(opened, read, lost, first)
    entries = [Entry("kept", KEPT, counts["days"], money["kept"])]
    entries += [Entry("merged", MERGED, counts["rows"] - counts["days"])]
    entries += [
        Entry("excluded", name, n, money.get(name), first.get(name, ()))
        for name, n in lost.items()
        if n or money.get(name)
    ]
    said = {TAKEN_OFF: TAKEN_BACK} if policy.refunds == "earlier" else {}
    notes = tuple(
        Note(said.get(reason, reason), n, first.get(reason, ()), reason == TOTAL_WORD)
        for reason, n in noted.items()
        if n
    )
    return RowAccount(read, tuple(entries), (*notes, *_large(opened, rows)))


def _large(opened: Source, rows: ibis.Table) -> tuple[Note, ...]:
    """Note a row that holds so much of all money that it may be the sum of the others."""
    good = rows.filter(rows.fate.isnull() & (rows.amount > 0))
    found = good.agg(n=good.count(), total=good.amount.sum(), largest=good.amount.max()).to_pyarrow().to_pylist()[0]
    if found["n"] < LARGE_ROWS or float(found["largest"]) < LARGE_SHARE * float(found["total"]):
        return ()
    row = good.order_by(good.amount.desc(), good.row).limit(1).to_pyarrow().to_pylist()[0]
    share = float(found["largest"]) / float(found["total"])
    place = f"{opened.place(row['row'])}: customer {row['customer_id']!r}, {row['amount_text']!r}"
    return (
        Note(f"one row holds {100 * share:.0f} % of all money: is it a line of totals?", 1, (place,), caution=True),
    )


def _refuse(opened: Source, read: int, lost: Mapping[str, int], first: Mapping[str, tuple[str, ...]]) -> None:
    """Raise where too many rows have no date or no amount, or where none is left."""
    advice = {
        "date": "Check the column, or say how the dates are written with date_format='%d.%m.%Y'",
        "amount": "Check the column, or say which decimal mark it uses with decimal=',' or decimal='.'",
    }
    if not read:
        raise DomainError(f"{opened.info.name!r} has column names but no rows; check the export")
    for what, reasons in {"date": (NO_DATE, BAD_DATE, FAR_DATE), "amount": (NO_AMOUNT, BAD_AMOUNT)}.items():
        count = sum(lost[reason] for reason in reasons)
        if count > UNREADABLE_SHARE * read:
            offenders = [text for reason in reasons for text in first.get(reason, ())][:3]
            raise DomainError(
                f"{count:,} of {several(read, 'row')} of {opened.info.name!r} have no readable {what}"
                f"{listing(offenders)}. {advice[what]}"
            )
    if sum(lost.values()) == read:
        parts = [f"{reason}: {several(n, 'row')}{listing(first.get(reason, ()))}" for reason, n in lost.items() if n]
        raise DomainError(
            f"no purchase is left of the {several(read, 'row')} of {opened.info.name!r}. {'; '.join(parts)}. "
            "Check that the columns are the right ones"
            + ("; days that have not come yet are kept with future='keep'" if lost[FUTURE] else "")
        )
