"""JSON: one object in each line, or a list of objects; packed by gzip or zstd too."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from kundenwert.errors import SchemaError
from kundenwert.files.hashes import sha256
from kundenwert.messages import Code, Setting
from kundenwert.settings import Reading
from kundenwert.sources.cells import Cells
from kundenwert.sources.choosing import choose
from kundenwert.sources.compressed import unpacked
from kundenwert.sources.engine import first_line
from kundenwert.sources.frames import from_arrays
from kundenwert.sources.source import BadLine, LineNumbers, Source, SourceInfo

BATCH = 20_000
REJECTED_SHARE = 0.05
ROLES = ("customer_id", "date", "amount", "order_id", "quantity", "unit_price", "debit", "credit", "mark")
_LOSSLESS = 16
"""Signs of a number that floating point surely holds: 15 digits and a point."""


class _NoRowError(ValueError):
    """A line that is no row."""


def _real(text: str) -> float | Decimal:
    """Return a number with a decimal point, exactly."""
    value = float(text)
    lossless = len(text) <= _LOSSLESS and "e" not in text.lower()
    return value if lossless or Decimal(text) == Decimal(repr(value)) else Decimal(text)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    row = dict(pairs)
    if len(row) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise _NoRowError(f"key {twice!r} twice")
    return row


_DECODER = json.JSONDecoder(parse_float=_real, parse_constant=str, object_pairs_hook=_object)


@dataclass
class _Rows:
    """Rows as they are read, their places, and what is no row."""

    numbers: array[int] = field(default_factory=lambda: array("q"))
    rejected: list[BadLine] = field(default_factory=list)
    nested: dict[str, tuple[int, str]] = field(default_factory=dict)

    def read(self, items: Iterator[tuple[int, object]], noun: str) -> Iterator[dict[str, object]]:
        """Yield the objects; keep what is none, and the first list or object within each column."""
        for number, item in items:
            try:
                row = _row(item)
            except (_NoRowError, json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
                shown = item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item)
                self.rejected.append(BadLine(number, _reason(error), shown.strip()[:500]))
                continue
            self.numbers.append(number)
            for name, value in row.items():
                if isinstance(value, list | dict):
                    self.nested.setdefault(name, (number, json.dumps(value, ensure_ascii=False, default=str)))
            yield row


def _row(item: object) -> dict[str, object]:
    content = _DECODER.decode(item.decode("utf-8").strip()) if isinstance(item, bytes) else item
    if not isinstance(content, dict):
        raise _NoRowError("no object")
    return content


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"no JSON ({error.msg.removesuffix(' at')} at sign {error.colno})"
    return (
        str(error) if isinstance(error, _NoRowError) else "not UTF-8" if isinstance(error, ValueError) else "too deep"
    )


def open_json(path: Path, reading: Reading) -> Source:
    """Open a file of JSON objects, one in each line or in a list.

    A line that is no object, or that has a key twice, is no row, and is told like a damaged line of a CSV file. A key
    that an object lacks is an empty cell; lists and objects within are kept as JSON text, where they have no role.

    Raises
    ------
    SchemaError
        If it holds anything else, too many damaged lines, or lists and objects in a column that serves a purpose.
    """
    try:
        with unpacked(path) as stream:
            items = _listed(stream, path.name, reading)
        if items is not None:
            return _collect(enumerate(items, 1), path, reading, "item")
        with unpacked(path) as stream:
            return _collect(_lines(stream), path, reading, "line")
    except (EOFError, OSError, pa.ArrowException) as error:
        raise SchemaError(Code.UNREADABLE, source=path.name, kind="a JSON file", reason=first_line(error)) from error


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not empty, with their numbers."""
    for number, line in enumerate(stream, 1):
        bare = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if bare.strip():
            yield number, bare


def _listed(stream: BinaryIO, source: str, reading: Reading) -> list[object] | None:
    """Return the items of a file that is one list, or one object with a list; None where each line is an object."""
    first = next((line for _, line in _lines(stream)), None)
    if first is None:
        raise SchemaError(Code.JSON_NOT_ROWS, source=source, reason=": it is empty")
    try:
        several = isinstance(_row(first), dict) and any(line.strip() for line in stream)
    except ValueError:
        bare = first.strip()
        several = not bare.startswith(b"[") and (not bare.startswith(b"{") or bare.endswith(b"}"))
    return None if several else _whole(source, first, reading, stream)


def _whole(source: str, first: bytes, reading: Reading, stream: BinaryIO) -> list[object] | None:
    try:
        content = _DECODER.decode((first + stream.read()).decode("utf-8"))
    except _NoRowError as error:
        raise SchemaError(Code.JSON_NOT_ROWS, source=source, reason=f": an object has the {error}") from error
    except ValueError as error:
        if first.lstrip().startswith(b"{"):
            return None
        raise SchemaError(Code.JSON_NOT_ROWS, source=source, reason=f": {error}") from error
    if isinstance(content, list):
        return content
    lists = {name: value for name, value in content.items() if isinstance(value, list) and _objects(value)}
    if not lists:
        return [content]
    return lists[choose(list(lists), reading.table, source=source, kind="list")]


def _objects(values: list[object]) -> bool:
    return bool(values) and all(isinstance(value, dict) for value in values)


def _collect(items: Iterator[tuple[int, object]], path: Path, reading: Reading, noun: str) -> Source:
    found, cells = _Rows(), Cells(0)
    names: dict[str, None] = {}
    rows = found.read(items, noun)
    while batch := list(islice(rows, BATCH)):
        names |= dict.fromkeys(name for row in batch for name in row)
        cells.add([row.get(name) for row in batch] for name in names)
    _check_lines(found, path.name, reading)
    _check_nested(found, path.name, reading, noun)
    opened = from_arrays(cells.arrays(), tuple(names), SourceInfo(path.name, "json", sha256(path)))
    return replace(opened, rejected=tuple(found.rejected), parts={0: LineNumbers.of(found.numbers, kind=noun)})


def _check_lines(found: _Rows, source: str, reading: Reading) -> None:
    """Refuse damaged lines, where there are many or none is to be left out."""
    bad, rows = len(found.rejected), len(found.numbers)
    if bad > REJECTED_SHARE * (bad + rows):
        raise SchemaError(Code.JSON_BAD_LINES, count=bad, source=source, first=found.rejected[:3])
    if bad and reading.on_bad_lines == "refuse":
        hint, first = Setting("on_bad_lines", "exclude"), found.rejected[:3]
        raise SchemaError(
            Code.JSON_LINES_REFUSED, parameter="on_bad_lines", count=bad, source=source, first=first, hint=hint
        )


def _check_nested(found: _Rows, source: str, reading: Reading, noun: str) -> None:
    """Refuse lists and objects in a column that serves a purpose."""
    for role in ROLES:
        name = getattr(reading, role) or role
        if name in found.nested:
            number, example = found.nested[name]
            figures = {"where": f"{noun} {number}", "example": example[:80]}
            raise SchemaError(Code.NESTED_VALUES, parameter=role, column=name, source=source, role=role, **figures)
