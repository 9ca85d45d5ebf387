"""Dates and amounts written as text: which format a column uses, and how it is read, as Ibis expressions."""

from __future__ import annotations

import datetime as dt

import ibis

from kundenwert.data.account import several
from kundenwert.errors import DomainError

AMOUNT_TYPE = "decimal(38, 9)"  # exact sums: the order of the rows cannot change a total
LARGEST_AMOUNT = 1e15
EARLIEST, LATEST = dt.date(1900, 1, 1), dt.date(2199, 12, 31)

OUTNUMBERED = 20
"""Rows that could mean two amounts, such as 1.250, for each that decides, such as 99,90; with more, none is believed.

Where other signs of the source speak for the same decimal mark, any row that decides is believed; where they speak
against it, such rows must not be outnumbered at all."""

_TIME = (
    r"(?:[T, ]\s*\d{1,2}[:.]\d{2}(?:[:.]\d{2}(?:[.,]\d+)?)?\s*(?:[AaPp]\.?[Mm]\.?)?\s*(?:Z|UTC|Uhr|[+-]\d{2}:?\d{2})?)?"
)
_DATE_PART = rf"^\s*(\d[\d./-]*\d)[.,]?{_TIME}\s*$"
_D, _Y2_OLD, _Y2_NEW = r"(\d{1,2})", r"(69|[7-9]\d)", r"([0-5]\d|6[0-8])"

_CURRENCY = r"€|\$|£|¥|EUR|USD|CHF|GBP|Euro?"
_BLANK = " \t\u00a0\u202f\u2009"
_GROUPS = {".": ",", ",": r"\."}


def _three_part_formats() -> dict[str, tuple[tuple[str, str], ...]]:
    rules: dict[str, tuple[tuple[str, str], ...]] = {"%Y%m%d": ((r"^(\d{4})(\d{2})(\d{2})$", r"\1-\2-\3"),)}
    for sign in "-./":
        mark = rf"\{sign}"
        rules[f"%Y{sign}%m{sign}%d"] = ((rf"^(\d{{4}}){mark}{_D}{mark}{_D}$", r"\1-\2-\3"),)
        orders = {"%d{0}%m": r"\2-\1"} if sign == "." else {"%d{0}%m": r"\2-\1", "%m{0}%d": r"\1-\2"}
        for order, target in orders.items():
            head = rf"^{_D}{mark}{_D}{mark}"
            rules[f"{order.format(sign)}{sign}%Y"] = ((rf"{head}(\d{{4}})$", rf"\3-{target}"),)
            rules[f"{order.format(sign)}{sign}%y"] = (
                (rf"{head}{_Y2_OLD}$", rf"19\3-{target}"),
                (rf"{head}{_Y2_NEW}$", rf"20\3-{target}"),
            )
    return rules


DATE_FORMATS = _three_part_formats()


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def try_strptime(text: str, pattern: str) -> dt.datetime:  # type: ignore[empty-body]
    """Read a timestamp in a format the user named; missing where it does not fit (DuckDB)."""


def date_part(text: ibis.Value) -> ibis.Value:
    """Return the part of a text that holds the day, without a time of day; empty where there is none."""
    return text.re_extract(_DATE_PART, 1)


def read_date(text: ibis.Value, part: ibis.Value, date_format: str) -> ibis.Value:
    """Return the day that a text names in a format, or missing.

    Parameters
    ----------
    text, part : ibis.Value
        The whole text and its `date_part`.
    date_format : str
        One of `DATE_FORMATS`, or any other strftime format.
    """
    if date_format not in DATE_FORMATS:
        return try_strptime(text.strip(), date_format).date()
    cases = [
        (part.re_search(pattern), part.re_replace(pattern, target).try_cast("date"))
        for pattern, target in DATE_FORMATS[date_format]
    ]
    return ibis.cases(*cases)


def find_date_format(table: ibis.Table, column: str, *, label: str) -> str:
    """Find the format that reads the most days of a text column.

    Parameters
    ----------
    table : ibis.Table
        Table with the text column.
    column : str
        Name of the text column in `table`.
    label : str
        Name of the column in the user's source, for messages.

    Returns
    -------
    str
        strftime format; ISO where no format reads anything.

    Raises
    ------
    DomainError
        If day and month cannot be told apart.
    """
    days = table.select(part=date_part(table[column]))
    days = days.filter(days.part != "").group_by("part").agg(n=lambda t: t.count())
    read = {name: read_date(days.part, days.part, name) for name in DATE_FORMATS}
    found = days.agg(**{name: days.n.sum(where=value.notnull()) for name, value in read.items()})
    counts = {name: int(n or 0) for name, n in found.to_pyarrow().to_pylist()[0].items()}
    best: str = max(counts, key=lambda name: counts[name])
    if not counts[best]:
        return "%Y-%m-%d"
    swapped = best.translate(str.maketrans("dm", "md"))
    if best.startswith("%Y") or not counts.get(swapped, 0):
        return best
    only_swapped = read[best].isnull() & read[swapped].notnull()
    differ = read[best] != read[swapped]
    doubt = days.agg(
        only=days.n.sum(where=only_swapped), differ=days.n.sum(where=differ), example=days.part.min(where=differ)
    )
    found_doubt = doubt.to_pyarrow().to_pylist()[0]
    if found_doubt["differ"] and (counts[swapped] == counts[best] or found_doubt["only"]):
        raise DomainError(
            f"day and month cannot be told apart in column {label!r}: {several(int(found_doubt['differ']), 'row')} can "
            f"be read both ways (such as {found_doubt['example']!r}). Say which it is with "
            f"date_format={best!r} or date_format={swapped!r}"
        )
    return best


def clean_amount(text: ibis.Value) -> ibis.Value:
    """Return an amount's text without currency and blanks at its ends, and with its sign in front."""
    bare = text.re_replace(rf"^[{_BLANK}]+|[{_BLANK}]+$", "").re_replace("^[−–]", "-")
    bare = bare.re_replace(rf"^([+-]?)[{_BLANK}]*(?:{_CURRENCY})[{_BLANK}]*", r"\1")
    bare = bare.re_replace(rf"[{_BLANK}]*(?:{_CURRENCY})$", "")
    return bare.re_replace(r"^([^+-].*)[-−]$", r"-\1").re_replace(rf"^([+-])[{_BLANK}]+", r"\1")


def _number(decimal: str) -> str:
    group = rf"[{_GROUPS[decimal]}{_BLANK}'’]"
    mark = rf"\{decimal}"
    whole = rf"\d+|[1-9]\d{{0,2}}(?:{group}\d{{3}})+"
    return rf"^[+-]?(?:(?:{whole})(?:{mark}\d*)?|{mark}\d+)(?:[eE][+-]?\d+)?$"


def read_amount(clean: ibis.Value, decimal: str) -> ibis.Value:
    """Return the exact number that a cleaned text names, or missing.

    Parameters
    ----------
    clean : ibis.Value
        Result of `clean_amount`.
    decimal : {".", ","}
        The decimal mark; the other one, blanks and apostrophes may group thousands.
    """
    plain = clean.re_replace(rf"[{_GROUPS[decimal]}{_BLANK}'’]", "").replace(decimal, ".")
    return ibis.cases((clean.re_search(_number(decimal)), plain.try_cast(AMOUNT_TYPE)))


def likely_decimal(delimiter: str | None, date_format: str | None) -> str | None:
    """Return the decimal mark that a source's other signs speak for; None where they say nothing.

    Examples
    --------
    >>> likely_decimal(";", "%Y-%m-%d"), likely_decimal(None, "%d.%m.%Y"), likely_decimal(",", "%Y-%m-%d")
    (',', ',', None)
    """
    return "," if delimiter == ";" or (date_format or "").startswith("%d.%m.") else None


def find_decimal(table: ibis.Table, column: str, *, label: str, likely: str | None = None) -> str:
    """Find the decimal mark of a text column of amounts.

    A value such as 1.250 could mean two amounts, one such as 99,90 only one. The rows that decide are believed unless
    they are few beside those that do not, as `OUTNUMBERED` says: one odd cell must not divide all others by 1000.

    Parameters
    ----------
    table : ibis.Table
        Table with the text column.
    column : str
        Name of the text column in `table`.
    label : str
        Name of the column in the user's source, for messages.
    likely : {".", ","}, optional
        The mark that other signs speak for, as `likely_decimal` finds it.

    Returns
    -------
    {".", ","}

    Raises
    ------
    DomainError
        If values could mean two amounts, such as 1,234, and no other rows decide, or too few.
    """
    clean = table.select(text=clean_amount(table[column])).group_by("text").agg(n=lambda t: t.count())
    point, comma = (clean.text.re_search(_number(mark)) for mark in ".,")
    unclear = point & comma & clean.text.re_search("[.,]")
    found = clean.agg(
        point=clean.n.sum(where=point & ~comma),
        comma=clean.n.sum(where=comma & ~point),
        unclear=clean.n.sum(where=unclear),
        example=clean.text.min(where=unclear),
        with_point=clean.text.min(where=point & ~comma),
        with_comma=clean.text.min(where=comma & ~point),
    )
    row = found.to_pyarrow().to_pylist()[0]
    counts = {mark: int(row[name] or 0) for mark, name in {".": "point", ",": "comma"}.items()}
    mark = "," if counts[","] > counts["."] else "."
    deciding, doubtful = counts[mark], int(row["unclear"] or 0)
    believed = deciding * (OUTNUMBERED if likely is None else 1)
    if doubtful and (not deciding or (mark != likely and doubtful > believed)):
        example = row["with_comma" if mark == "," else "with_point"]
        decides = "decide" if deciding > 1 else "decides"
        others = f"only {several(deciding, 'row')} (such as {example!r})" if deciding else "no other row"
        raise DomainError(
            f"the decimal mark of column {label!r} is unclear: {several(doubtful, 'row')} can be read as "
            f"thousands or as decimals (such as {row['example']!r}), and {others} {decides}. "
            "Say which it is with decimal='.' or decimal=','"
        )
    return mark
