"""Conditions that rows must meet to count: a small language of columns, signs and values, and nothing else."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import ibis

from kundenwert.data.numbers import days, number
from kundenwert.data.role_names import plain
from kundenwert.data.typed import as_text
from kundenwert.errors import DomainError, SchemaError
from kundenwert.messages import Code, Setting, several
from kundenwert.settings import values
from kundenwert.sources import Source

_SIGN = re.compile(
    r"\s*(==|!=|<>|<=|>=|=|<|>|(?<=\s)(?:is\s+not\s+empty|is\s+empty|not\s+in|in)(?=[\s(]|$))\s*", re.IGNORECASE
)
_QUOTED = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([^,"'()]+?))\s*(?:,|$)""")
_SAME = {"==": "=", "<>": "!="}


@dataclass(frozen=True)
class Condition:
    """One condition.

    Parameters
    ----------
    text : str
        As it was written.
    column : str
        The column's own name.
    sign : str
        One of `=`, `!=`, `in`, `not in`, `<`, `<=`, `>`, `>=`, `is empty`, `is not empty`.
    values : tuple of str
        What it is compared with.
    """

    text: str
    column: str
    sign: str
    values: tuple[str, ...] = ()


def parse(text: str, names: Sequence[str]) -> Condition:
    """Read a condition.

    Parameters
    ----------
    text : str
        Such as `status = completed`, `"Order Status" in (paid, 'partly paid')`, `total >= 10`, `note is empty`.
    names : sequence of str
        The columns there are.

    Raises
    ------
    DomainError
        If it is no condition.
    SchemaError
        If there is no such column.

    Examples
    --------
    >>> parse("Order Status not in (failed, 'on hold')", ["Order Status", "total"])
    Condition(text="Order Status not in (failed, 'on hold')", column='Order Status', sign='not in', \
values=('failed', 'on hold'))
    """
    column, rest = _column(text, names)
    found = _SIGN.match(rest)
    if not found or column is None:
        raise DomainError(Code.WHERE_UNCLEAR, parameter="where", given=Setting("where", text))
    sign = re.sub(r"\s+", " ", found[1].lower())
    written, listed = rest[found.end() :].strip(), sign.endswith("in")
    if listed and not (written.startswith("(") and written.endswith(")")):
        raise DomainError(Code.WHERE_UNCLEAR, parameter="where", given=Setting("where", text))
    compared = _values(written[1:-1] if listed else written, listed)
    empty = sign.endswith("empty")
    if compared is None or bool(compared) == empty:
        raise DomainError(Code.WHERE_UNCLEAR, parameter="where", given=Setting("where", text))
    return Condition(text, column, _SAME.get(sign, sign), compared)


def _column(text: str, names: Sequence[str]) -> tuple[str | None, str]:
    """Split a condition into the column that it is about, and the rest, which begins with a blank or a sign."""
    stripped = text.strip()
    quoted = re.match(r"""(["'])(.*?)\1""", stripped)
    if quoted:
        return _known(quoted[2], names), " " + stripped[quoted.end() :]
    for name in sorted(names, key=len, reverse=True):
        rest = " " + stripped[len(name) :] if name else ""
        if name and stripped.casefold().startswith(name.casefold()):
            gap = stripped[len(name) : len(name) + 1]
            if _SIGN.match(rest) and (gap in " <>=!" or not gap):
                exact = stripped[: len(name)]
                return (exact if exact in names else _known(exact, names)), rest
    sign = _SIGN.search(stripped)
    if not sign or not stripped[: sign.start()].strip():
        return None, ""
    return _known(stripped[: sign.start()].strip(), names), " " + stripped[sign.start() :]


def _known(asked: str, names: Sequence[str]) -> str:
    """Return the column that is meant, or say that there is none."""
    if asked in names:
        return asked
    alike = [name for name in names if plain(name) == plain(asked)]
    if len(alike) == 1:
        return alike[0]
    folded = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(asked.casefold(), folded, n=1)
    if close:
        raise SchemaError(Code.WHERE_COLUMN_CLOSE, parameter="where", column=asked, close=folded[close[0]])
    known = ", ".join(map(repr, names[:20]))
    raise SchemaError(Code.WHERE_COLUMN, parameter="where", column=asked, known=known)


def _values(text: str, listed: bool) -> tuple[str, ...] | None:
    """Split values at commas outside quotes; None where that cannot be done."""
    if not listed:
        bare = re.fullmatch(r"""(["'])(.*)\1""", text)
        return (bare[2],) if bare else ((text,) if text else ())
    found, at = [], 0
    while at < len(text):
        match = _QUOTED.match(text, at)
        if not match or match.end() == at:
            return None
        found.append(next(group for group in match.groups() if group is not None).strip())
        at = match.end()
    return tuple(found)


def keep_where(rows: ibis.Table, opened: Source, where: Sequence[str], date_format: str | None) -> ibis.Table:
    """Give rows that do not meet all conditions their fate.

    Texts are compared without outer blanks, in small or capital letters; a missing value is unequal to every value, and
    neither less nor more. Numbers and days are read by their column's own notation.

    Parameters
    ----------
    rows : ibis.Table
        Rows with the source's columns and `fate`.
    opened : Source
        The source, for the names of its columns.
    where : sequence of str
        The conditions.
    date_format : str, optional
        Format of dates, where it is stated.

    Returns
    -------
    ibis.Table

    Raises
    ------
    DomainError
        If a condition cannot be understood, or no row meets it.
    SchemaError
        If it names no column.
    """
    for text in where:
        condition = parse(text, opened.names)
        column = f"c{opened.names.index(condition.column)}"
        met = _met(rows, column, condition, date_format).fill_null(False)
        found = rows.agg(met=met.sum(), rows=rows.count()).to_pyarrow().to_pylist()[0]
        if found["rows"] and not found["met"]:
            _nothing_met(rows, column, condition)
        rows = rows.mutate(fate=rows.fate.coalesce(ibis.ifelse(met, ibis.null("string"), str(Code.LEFT_OUT))))
    return rows


def _met(rows: ibis.Table, column: str, condition: Condition, date_format: str | None) -> ibis.Value:
    """Whether a row meets a condition."""
    text, sign = as_text(rows[column]), condition.sign
    if sign == "is empty":
        return text.isnull()
    if sign == "is not empty":
        return text.notnull()
    if sign in ("=", "in", "!=", "not in"):
        equal = _equal(rows[column], text, condition.values).fill_null(False)
        return equal if sign in ("=", "in") else ~equal
    bound = _bound(condition)
    read = days if isinstance(bound, dt.date) else number
    how = {"date_format": date_format} if isinstance(bound, dt.date) else {"decimal": None}
    written, value = read(rows, column, label=condition.column, **how)
    unread = rows.filter(written.notnull() & value.isnull())
    found = unread.agg(n=unread.count(), example=as_text(unread[column]).min()).to_pyarrow().to_pylist()[0]
    if found["n"]:
        raise DomainError(
            Code.WHERE_UNREADABLE,
            parameter="where",
            given=Setting("where", condition.text),
            kind="dates" if isinstance(bound, dt.date) else "numbers",
            column=condition.column,
            count=found["n"],
            example=found["example"],
        )
    compare = {"<": value < bound, "<=": value <= bound, ">": value > bound, ">=": value >= bound}
    return compare[sign]


def _equal(value: ibis.Value, text: ibis.Value, compared: Sequence[str]) -> ibis.Value:
    """Whether a value is one of some texts, or of the numbers that they name."""
    same = text.lower().isin([item.lower() for item in compared])
    if value.type().is_numeric():
        numbers = [float(item.replace(",", ".")) for item in compared if re.fullmatch(r"-?\d+([.,]\d+)?", item)]
        return same | value.isin(numbers) if numbers else same
    return same


def _bound(condition: Condition) -> dt.date | float:
    """Return the day or the number that a value is compared with."""
    (text,) = condition.values
    try:
        return values.day(text, "where") if not re.fullmatch(r"\d{8}", text) else float(text)
    except DomainError:
        pass
    try:
        found = values.number(text, "where")
    except DomainError:
        found = None
    if found is None:
        raise DomainError(Code.WHERE_UNCLEAR, parameter="where", given=Setting("where", condition.text))
    return found


def _nothing_met(rows: ibis.Table, column: str, condition: Condition) -> None:
    """Say that no row meets a condition, and what its column holds."""
    text = as_text(rows[column])
    common = rows.select(text=text).group_by("text").agg(n=lambda t: t.count())
    common = common.order_by(common.n.desc(), common.text).limit(8).to_pyarrow().to_pylist()
    held = ", ".join(f"{row['text']!r} ({several(row['n'], 'row')})" if row["text"] else "nothing" for row in common)
    raise DomainError(
        Code.WHERE_NOTHING,
        parameter="where",
        given=Setting("where", condition.text),
        column=condition.column,
        held=held,
    )
