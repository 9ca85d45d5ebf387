"""Amounts written as text: which decimal mark a column uses, and how they are read, as Ibis expressions."""

from __future__ import annotations

import ibis

from kundenwert.errors import DomainError
from kundenwert.messages import Code, Setting, several

AMOUNT_TYPE = "decimal(38, 9)"  # exact sums: the order of the rows cannot change a total
LARGEST_AMOUNT = 1e15

OUTNUMBERED = 20
"""Rows that could mean two amounts, such as 1.250, for each that decides, such as 99,90; with more, none is believed.

Where other signs of the source speak for the same decimal mark, any row that decides is believed; where they speak
against it, such rows must not be outnumbered at all."""

_CURRENCY = r"€|\$|£|¥|EUR|USD|CHF|GBP|Euro?"
_BLANK = " \t\u00a0\u202f\u2009"
_GROUPS = {".": ",", ",": r"\."}


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
    texts = table.group_by(raw=table[column]).agg(n=lambda t: t.count())
    clean = texts.select("n", text=clean_amount(texts.raw)).group_by("text").agg(n=lambda t: t.n.sum())
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
            Code.DECIMAL_UNCLEAR,
            parameter="decimal",
            column=label,
            doubtful=doubtful,
            example=row["example"],
            others=f"{others} {decides}",
            point=Setting("decimal", "."),
            comma=Setting("decimal", ","),
        )
    return mark
