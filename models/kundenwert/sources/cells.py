"""Cells of any kind, column by column, as Arrow arrays: columns of one kind keep it, mixed ones become text.

Workbooks, JSON and SQLite let every cell be what it likes. Columns of numbers and of days stay what they are, so
that nothing has to be guessed. Where texts stand among them, numbers and days are written as those texts are: beside
`69,90` the number 72.8 is `72,8`, beside `04.01.2023` a day is `07.01.2023`. What is later read by one notation is then
written in one.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

_LARGEST_WHOLE = 2**63
_LARGEST_EXACT = 2**53
_DAYS = (
    (r"\d{1,2}\.\d{1,2}\.\d{4}", "%d.%m.%Y"),
    (r"\d{1,2}\.\d{1,2}\.\d{2}", "%d.%m.%y"),
    (r"\d{1,2}-\d{1,2}-\d{4}", "%d-%m-%Y"),
    (r"\d{4}-\d{1,2}-\d{1,2}", "%Y-%m-%d"),
    (r"\d{4}/\d{1,2}/\d{1,2}", "%Y/%m/%d"),
    (r"\d{8}", "%Y%m%d"),
)
_SLASHES = r"(\d{1,2})/(\d{1,2})/\d{4}"
_COMMA, _POINT = r",\d{1,2}\D*$", r"\.\d{1,2}\D*$"


def plain(value: object) -> object:
    """Return a value of a kind that columns know: whole, real or exact number, day, moment or text; or None."""
    kind = type(value)
    if kind in _PLAIN:
        return _PLAIN[kind](value)
    return value if isinstance(value, Decimal | dt.date) else str(value)


def _decoded(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.hex()


_PLAIN: dict[type, Callable[[Any], object]] = {
    type(None): lambda _: None,
    str: lambda value: value or None,
    bool: lambda value: "true" if value else "false",
    int: lambda value: value if abs(value) < _LARGEST_WHOLE else str(value),
    float: lambda value: None if math.isnan(value) else value,
    bytes: _decoded,
    list: lambda value: json.dumps(value, ensure_ascii=False, default=str),
    dict: lambda value: json.dumps(value, ensure_ascii=False, default=str),
    dt.time: dt.time.isoformat,
}


class Cells:
    """Columns that are collected batch by batch.

    Parameters
    ----------
    width : int
        Number of columns.

    Examples
    --------
    >>> cells = Cells(2)
    >>> cells.add([[78.0, None], ["69,90", 72.8]])
    >>> [column.to_pylist() for column in cells.arrays()]
    [[78.0, None], ['69,90', '72,8']]
    """

    def __init__(self, width: int) -> None:
        self._batches: list[list[dict[type, pa.Array]]] = [[] for _ in range(width)]
        self._lengths: list[int] = []

    def add(self, columns: Iterable[Sequence[object]]) -> None:
        """Add a batch of rows, given as columns of equal length; those that are new are empty in earlier batches."""
        for i, column in enumerate(columns):
            if i == len(self._batches):
                self._batches.append([{type(None): pa.nulls(length)} for length in self._lengths])
            self._batches[i].append(_by_kind(column))
        self._lengths.append(_length(self._batches[0][-1]) if self._batches else 0)

    def arrays(self) -> list[pa.ChunkedArray]:
        """Return the columns."""
        return [_column(batches) for batches in self._batches]


_TYPES = {
    int: pa.int64(),
    float: pa.float64(),
    Decimal: None,
    dt.date: pa.date32(),
    dt.datetime: pa.timestamp("us"),
    str: pa.string(),
}


def _by_kind(column: Sequence[object]) -> dict[type, pa.Array]:
    """Split a batch of a column by kinds of cells, each with gaps where the others stand."""
    if {type(value) for value in column} != {str} or "" in column:
        column = [plain(value) for value in column]
    kinds = {type(value) for value in column} - {type(None)}
    if not kinds:
        return {type(None): pa.nulls(len(column))}
    return {kind: pa.array([v if type(v) is kind else None for v in column], _TYPES[kind]) for kind in kinds}


def _column(batches: list[dict[type, pa.Array]]) -> pa.ChunkedArray:
    kinds = {kind for batch in batches for kind in batch} - {type(None)}
    if not kinds:
        return pa.chunked_array([pa.nulls(_length(batch), pa.string()) for batch in batches], pa.string())
    if kinds <= {dt.date, dt.datetime}:
        return _joined(batches, kinds, pa.date32() if kinds == {dt.date} else pa.timestamp("us"))
    if kinds in ({str}, {int}, {float}):
        return _joined(batches, kinds, _TYPES[next(iter(kinds))])
    if kinds <= {int, float} and _fit_floats(batches):
        return _joined(batches, kinds, pa.float64())
    if kinds <= {int, float, Decimal} and (exact := _exact(batches)) is not None:
        return exact
    return _texts(batches)


def _length(batch: dict[type, pa.Array]) -> int:
    return len(next(iter(batch.values())))


def _joined(batches: list[dict[type, pa.Array]], kinds: set[type], target: pa.DataType) -> pa.ChunkedArray:
    """Put the kinds of each batch together as one type."""
    chunks = []
    for batch in batches:
        parts = [batch[kind].cast(target) for kind in kinds if kind in batch]
        chunks.append(pc.coalesce(*parts) if parts else pa.nulls(_length(batch), target))
    return pa.chunked_array(chunks, target)


def _fit_floats(batches: list[dict[type, pa.Array]]) -> bool:
    whole = [batch[int] for batch in batches if int in batch]
    return all((pc.max(pc.abs(part)).as_py() or 0) <= _LARGEST_EXACT for part in whole)


def _exact(batches: list[dict[type, pa.Array]]) -> pa.ChunkedArray | None:
    """Return numbers as decimals that hold every digit written; None where 38 digits are too few."""
    values = [_merged(batch, lambda v: v if isinstance(v, Decimal) else Decimal(repr(v))) for batch in batches]
    try:
        array = pa.array([value for part in values for value in part])
    except (pa.ArrowInvalid, ValueError):
        return None
    return pa.chunked_array([array]) if pa.types.is_decimal128(array.type) else None


def _merged(batch: dict[type, pa.Array], write: Callable[[object], object]) -> list[object]:
    """Return a batch's cells as one list, each written by a rule."""
    lists = [array.to_pylist() for array in batch.values()]
    return [next((write(value) for value in cells if value is not None), None) for cells in zip(*lists, strict=True)]


def _texts(batches: list[dict[type, pa.Array]]) -> pa.ChunkedArray:
    texts = pa.chunked_array([batch[str] for batch in batches if str in batch], pa.string())
    found = [text for text in pc.unique(texts).to_pylist() if text is not None]
    date_format, comma = day_format(found), decimal_comma(found)

    def write(value: object) -> str:
        if isinstance(value, str):
            return value
        return written_day(value, date_format) if isinstance(value, dt.date) else written_number(value, comma=comma)

    return pa.chunked_array([pa.array(_merged(batch, write), pa.string()) for batch in batches], pa.string())


def day_format(texts: Iterable[str]) -> str:
    """Return the format in which most of some texts name days; ISO where none does, or day and month are unclear.

    Examples
    --------
    >>> day_format(["04.01.2023", "Summe"]), day_format(["1/25/2024", "2/3/2024"]), day_format(["1/2/2024"])
    ('%d.%m.%Y', '%m/%d/%Y', '%Y-%m-%d')
    """
    days = [text.strip().split(" ")[0].split("T")[0] for text in texts]
    counts = {name: sum(bool(re.fullmatch(pattern, day)) for day in days) for pattern, name in _DAYS}
    slashed = [match for day in days if (match := re.fullmatch(_SLASHES, day))]
    first, second = (any(int(match[part]) > 12 for match in slashed) for part in (1, 2))
    if first != second:
        counts["%d/%m/%Y" if first else "%m/%d/%Y"] = len(slashed)
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] else "%Y-%m-%d"


def decimal_comma(texts: Iterable[str]) -> bool:
    """Whether numbers among some texts are written with decimal commas rather than points.

    Examples
    --------
    >>> decimal_comma(["1.234,50 €", "7,5"]), decimal_comma(["1,234.50"]), decimal_comma(["K-12"])
    (True, False, False)
    """
    marks = [(re.search(_COMMA, text) is not None) - (re.search(_POINT, text) is not None) for text in texts]
    return sum(marks) > 0


def written_day(value: dt.date, date_format: str) -> str:
    """Write a day, with its time of day where it has one other than midnight."""
    clock = isinstance(value, dt.datetime) and value.time() != dt.time()
    return value.strftime(f"{date_format} %H:%M:%S" if clock else date_format)


def written_number(value: object, *, comma: bool) -> str:
    """Write a number so that it cannot be taken for another: never three digits behind the mark, as thousands have.

    Examples
    --------
    >>> written_number(72.8, comma=True), written_number(12.0, comma=False), written_number(1.25e-7, comma=False)
    ('72,8', '12', '0.000000125')
    >>> written_number(31.445, comma=True), written_number(9007199254740993, comma=True)
    ('31,4450', '9007199254740993')
    """
    if isinstance(value, int) or (isinstance(value, float) and not abs(value) < 1e16):
        return repr(value)
    text = f"{Decimal(repr(value)):f}".removesuffix(".0") if isinstance(value, float) else f"{value:f}"
    if re.fullmatch(r"-?\d{1,3}\.\d{3}", text):
        text += "0"
    return text.replace(".", ",") if comma else text
