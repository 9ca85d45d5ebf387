"""Sheets of workbooks: .xlsx, .xlsm, .xlsb, .xls and .ods."""

from __future__ import annotations

import datetime as dt
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

import python_calamine as calamine

from kundenwert.errors import SchemaError
from kundenwert.files.hashes import sha256
from kundenwert.messages import Code, Setting
from kundenwert.settings import Reading
from kundenwert.sources.cells import Cells, plain, written_number
from kundenwert.sources.choosing import choose
from kundenwert.sources.excel_errors import error_cells
from kundenwert.sources.frames import from_arrays
from kundenwert.sources.source import LineNumbers, Source, SourceInfo

type Row = list[object]

ROLES = ("customer_id", "date", "amount", "order_id", "quantity", "unit_price", "debit", "credit", "mark")
HEAD, BATCH = 50, 20_000
FEWEST = 3
"""Cells that a row of column names must have, where the sheet is that wide: a customer, a day and money."""

DIGITS = 1e15
"""From here on a workbook has lost the last digits of a number; it is written as the program shows it, 4.711E+18."""


def open_excel(path: Path, reading: Reading) -> Source:
    """Open a sheet of a workbook.

    Its column names stand in the first row that holds the columns asked for by name, or else in the first with at least
    three cells (a title has fewer), or below `skip_lines` rows. Rows without any cell are no rows.

    Raises
    ------
    SchemaError
        If it is no workbook, is protected, or if more than one sheet has rows and none is named.
    """
    try:
        with calamine.load_workbook(str(path)) as book:
            name = _sheet(book, reading.table, path.name)
            sheet = book.get_sheet_by_name(name)
            start = sheet.start
            found = {} if start is None else error_cells(path, book.sheet_names.index(name))
            rows = [] if start is None else sheet.iter_rows()
            return _read(_with_errors(rows, found, 0 if start is None else start[1]), path, name, reading)
    except calamine.PasswordError as error:
        raise SchemaError(Code.LOCKED_WORKBOOK, source=path.name) from error
    except (calamine.CalamineError, OSError) as error:
        raise SchemaError(Code.UNREADABLE, source=path.name, kind="a workbook", reason=error) from error


def _sheet(book: calamine.CalamineWorkbook, asked: str | None, source: str) -> str:
    """Return the name of the sheet to read: asked for by name or number, or the only visible one with rows."""
    shown: list[str] = []
    others: list[str] = []
    for sheet in book.sheets_metadata:
        if sheet.typ != calamine.SheetTypeEnum.WorkSheet:
            continue
        visible = sheet.visible == calamine.SheetVisibleEnum.Visible
        filled = visible and (asked is not None or _has_rows(book.get_sheet_by_name(sheet.name)))
        (shown if filled else others).append(sheet.name)
    if asked is not None and asked not in book.sheet_names and asked.isdecimal() and int(asked) > 0:
        asked = next(islice(book.sheet_names, int(asked) - 1, None), asked)
    return choose(shown, asked, source=source, kind="sheet", others=others)


def _has_rows(sheet: calamine.CalamineSheet) -> bool:
    """Whether a sheet has more rows than one, which may be its column names."""
    return sheet.start is not None and sheet.end is not None and sheet.end[0] > sheet.start[0]


def _with_errors(rows: Iterable[Sequence[object]], found: dict[tuple[int, int], str], left: int) -> Iterator[Row]:
    """Put the texts of error cells, such as #N/A, where the reader of workbooks leaves gaps."""
    wanted: dict[int, list[tuple[int, str]]] = {}
    for (below, column), text in found.items():
        wanted.setdefault(below, []).append((column - left, text))
    for number, cells in enumerate(rows):
        row = list(cells)
        for column, text in wanted.get(number, ()):
            if 0 <= column < len(row):
                row[column] = text
        yield row


def _read(rows: Iterator[Row], path: Path, sheet: str, reading: Reading) -> Source:
    head = list(islice(rows, reading.skip_lines + HEAD))
    heading = _heading(head, reading)
    if heading is None:
        given = Setting("skip_lines", reading.skip_lines)
        raise SchemaError(
            Code.NO_HEADING, parameter="skip_lines", source=path.name, skipped=reading.skip_lines, given=given
        )
    names, numbers = [_label(cell) for cell in head[heading]], array("q")
    cells = Cells(len(names))
    numbered = enumerate(chain(head[heading + 1 :], rows), heading + 2)
    filled = ((number, row) for number, row in numbered if any(cell not in ("", None) for cell in row))
    used = [bool(name) for name in names]
    while batch := list(islice(filled, BATCH)):
        numbers.extend(number for number, _ in batch)
        columns = [[_cell(cell) for cell in column] for column in zip(*(row for _, row in batch), strict=True)]
        used = [was or any(cell is not None for cell in column) for was, column in zip(used, columns, strict=True)]
        cells.add(columns)
    kept = [i for i, name in enumerate(names) if used[i] or name]
    arrays = cells.arrays()
    info = SourceInfo(path.name, "excel", sha256(path))
    opened = from_arrays([arrays[i] for i in kept], tuple(names[i] for i in kept), info)
    lines = tuple("\t".join(_label(cell) for cell in row) for row in head)
    return replace(
        opened, head=lines, header=heading, parts={0: LineNumbers.of(numbers, kind="row", file=f"sheet {sheet!r}")}
    )


def _heading(head: Sequence[Row], reading: Reading) -> int | None:
    """Find the row of column names, counted from 0."""
    labels = [[_label(cell) for cell in row] for row in head]
    filled = [sum(bool(label) for label in row) for row in labels]
    below = range(reading.skip_lines, len(head))
    if reading.skip_lines:
        return next((i for i in below if filled[i]), None)
    asked = {name for role in ROLES if (name := getattr(reading, role))} | set(reading.keep)
    if asked and (found := next((i for i in below if asked <= set(labels[i])), None)) is not None:
        return found
    return next((i for i in below if filled[i] >= min(FEWEST, max(filled, default=0))), None)


def _label(cell: object) -> str:
    """Write a cell as a column name."""
    value = plain(cell)
    return (value if isinstance(value, str) else "" if value is None else _shown(value)).strip()


def _shown(value: object) -> str:
    return value.isoformat() if isinstance(value, dt.date) else written_number(value, comma=False)


def _cell(cell: object) -> object:
    """Return a cell's value; a number whose last digits are lost as the text that a workbook shows."""
    return f"{cell:.15G}" if isinstance(cell, float) and abs(cell) >= DIGITS else plain(cell)
