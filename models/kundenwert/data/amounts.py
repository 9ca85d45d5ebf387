"""Amounts written as text: which decimal mark a column uses, and how they are read, as Ibis expressions."""

from __future__ import annotations

import ibis

from kundenwert.data.currencies import CURRENCY, currency_of
from kundenwert.errors import DomainError
from kundenwert.messages import Code, Setting, several

__all__ = ["currency_of"]

AMOUNT_TYPE = "decimal(38, 9)"  # exact sums: the order of the rows cannot change a total
LARGEST_AMOUNT = 1e15

OUTNUMBERED = 20
"""Rows that could mean two amounts, such as 1.250, for each that decides, such as 99,90; with more, none is believed.

Where other signs of the source speak for the same decimal mark, any row that decides is believed; where they speak
against it, such rows must not be outnumbered at all."""

_MINUS = "\u2212\u2010\u2011\u2012\u2013\u2014\ufe63\uff0d"
_BLANKS = "\t\u00a0\u202f\u2009\u2007\u2002\u2003\u200a\u3000"
_APOSTROPHES = "\u2019\u2018\u00b4\u0060\u02bc"
_WIDE = "".join(map(chr, range(0xFF10, 0xFF1A))) + "\uff0c\uff0e\uff0b\uff08\uff09"
_UNSEEN = "\u200b\u200e\u200f\ufeff"
_SIGNS = (
    _MINUS + _BLANKS + _APOSTROPHES + _WIDE + _UNSEEN,
    "-" * len(_MINUS) + " " * len(_BLANKS) + "'" * len(_APOSTROPHES) + "0123456789,.+()",
)
"""Signs that stand for plainer ones; the last ones, without a counterpart, are not seen and mean nothing."""

_GROUPS = {".": ",", ",": r"\."}
_PLAIN = {".": r"^-?\d+(?:\.\d*)?$", ",": r"^-?\d+(?:,\d*)?$"}


def clean_amount(text: ibis.Value) -> ibis.Value:
    """Return an amount's text without currency and blanks at its ends, and with its sign in front.

    Cents written as a dash are none: 12,- is 12. An amount in brackets, or with a minus behind it, is negative.

    Examples
    --------
    >>> import pyarrow as pa
    >>> texts = ["1 234,56 €", "CHF 1’200.--", "(12,50)", "70,-", "12,50-", "€ -5", "−7", "1.200,-", "12 %"]
    >>> clean_amount(ibis.memtable(pa.table({"text": texts})).text).to_pyarrow().to_pylist()
    ['1 234,56', "1'200", '-12,50', '70', '-12,50', '-5', '-7', '1.200,00', '12 %']
    """
    bare = text.translate(*_SIGNS).strip()
    bare = _without_currency(bare, "[€$£¥]")  # the usual ones take the short way
    bare = ibis.cases((bare.re_search(r"[^\d.,' ()+-]"), _without_currency(bare, CURRENCY)), else_=bare)
    bare = bare.re_replace(r"^\( *([^-+() ][^-+()]*?(?:[.,] ?-{1,3})?) *\)$", r"-\1")
    bare = bare.re_replace(r"^([-+]?)(\d+|\d{1,3}(?:[ ']\d{3})+)[.,] ?-{1,3}$", r"\1\2")
    bare = bare.re_replace(r"^([-+]?\d[\d.,' ]*)([.,]) ?-{1,3}$", r"\1\200")  # no reference has two digits
    return bare.re_replace(r"^([^-+].*?) *-$", r"-\1").re_replace(r"^([-+]) +", r"\1")


def _without_currency(text: ibis.Value, currency: str) -> ibis.Value:
    text = text.re_replace(rf"^([-+(]?) *(?:{currency}) *([-+(]?) *([\d.,])", r"\1\2\3")
    return text.re_replace(rf"([\d.,)-]) *(?:{currency}) *([-)]?)$", r"\1\2")


def _number(decimal: str) -> str:
    group = rf"[{_GROUPS[decimal]} ']"
    mark = rf"\{decimal}"
    whole = rf"\d+|[1-9]\d{{0,2}}(?:{group}\d{{3}})+"
    if decimal == ".":  # as in India: 12,34,567.50
        whole += r"|[1-9]\d?(?:,\d{2})+,\d{3}"
    return rf"^[+-]?(?:(?:{whole})(?:{mark}\d*)?|{mark}\d+)(?:[eE][+-]?\d+)?$"


def read_clean(clean: ibis.Value, decimal: str) -> ibis.Value:
    """Return the exact number that a cleaned text names, or missing.

    Parameters
    ----------
    clean : ibis.Value
        Result of `clean_amount`.
    decimal : {".", ","}
        The decimal mark; the other one, blanks and apostrophes may group thousands.
    """
    plain = clean.re_replace(rf"[{_GROUPS[decimal]} ']", "").replace(decimal, ".")
    return ibis.cases((clean.re_search(_number(decimal)), plain.try_cast(AMOUNT_TYPE)))


def read_amount(text: ibis.Value, decimal: str) -> ibis.Value:
    """Return the exact number that a text names, or missing; plain numbers take a short way.

    Examples
    --------
    >>> import pyarrow as pa
    >>> texts = ibis.memtable(pa.table({"text": ["12,5", "(1.250,00 €)", "1,23,456.50"]})).text
    >>> read_amount(texts, ",").to_pyarrow().to_pylist()
    [Decimal('12.500000000'), Decimal('-1250.000000000'), None]
    """
    short = text.replace(decimal, ".").try_cast(AMOUNT_TYPE)
    return ibis.cases((text.re_search(_PLAIN[decimal]), short), else_=read_clean(clean_amount(text), decimal))


def guessed_amount(text: ibis.Value) -> ibis.Value:
    """Return the number that an unreadable amount may mean: the only one in it; missing where there is none.

    Examples
    --------
    >>> import pyarrow as pa
    >>> texts = ["ca. 12,50", "1,200.50 approx", "-3,5 Mio", "3 x 4", "oops", "5 %"]
    >>> texts = ibis.memtable(pa.table({"text": texts})).text
    >>> guessed_amount(texts).cast("float64").to_pyarrow().to_pylist()
    [12.5, 1200.5, -3.5, None, None, None]
    """
    only = r"^[^\d%#]*?(-?\d(?:[\d.,']*\d)?)[^\d%]*$"
    digits = text.translate(*_SIGNS).re_extract(only, 1)
    return read_clean(digits, ",").coalesce(read_clean(digits, "."))


def likely_decimal(delimiter: str | None, date_format: str | None) -> str | None:
    """Return the decimal mark that a source's other signs speak for; None where they say nothing.

    Examples
    --------
    >>> likely_decimal(";", "%Y-%m-%d"), likely_decimal(None, "%d.%m.%Y"), likely_decimal(",", "%Y-%m-%d")
    (',', ',', None)
    """
    return "," if delimiter == ";" or (date_format or "").startswith("%d.%m.") else None


def is_bare(text: ibis.Value) -> ibis.Value:
    """Whether an amount's text holds digits, their marks and a minus in front only: there is nothing to clean."""
    return text.re_search(r"^-?[\d.,]+$")


def find_decimal(table: ibis.Table, column: str, *, label: str, likely: str | None = None, bare: bool = False) -> str:
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
    bare : bool
        Whether all texts are bare numbers, as `is_bare` finds it.

    Returns
    -------
    {".", ","}

    Raises
    ------
    DomainError
        If values could mean two amounts, such as 1,234, and no other rows decide, or too few.
    """
    texts = table.select(text=table[column]).group_by("text").agg(n=lambda t: t.count())
    clean = texts if bare else texts.select("n", text=clean_amount(texts.text))
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
