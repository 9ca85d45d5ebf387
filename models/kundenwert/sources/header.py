"""The line of column names of a text file, and the sign between its columns."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kundenwert.errors import SchemaError
from kundenwert.messages import several

DELIMITERS = ",;\t|"
_LOOKED_AT = 50


@dataclass(frozen=True)
class Header:
    """The column names of a text file and where they stand.

    Parameters
    ----------
    names : tuple of str
        Column names without blanks at their ends.
    delimiter : str
        Sign between columns.
    skip : int
        Lines above the column names, with a line that states the delimiter.
    lines : int
        Lines that the column names take; more than one where a name holds line breaks.
    head : tuple of str
        The file's first lines.
    """

    names: tuple[str, ...]
    delimiter: str
    skip: int
    lines: int
    head: tuple[str, ...]

    @property
    def above(self) -> int:
        """Lines above the first row."""
        return self.skip + self.lines


def _split(lines: Sequence[str], delimiter: str) -> list[str]:
    return next(csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter), [])


def read_header(path: Path, name: str, encoding: str, skip_lines: int) -> Header:
    """Find the column names of a text file: its first line that is not blank, below those to be passed over.

    Raises
    ------
    SchemaError
        If there is none.
    """
    with path.open("r", encoding=encoding) as file:
        lines = [line.rstrip("\n") for line in itertools.islice(file, skip_lines + _LOOKED_AT)]
    skip = next((i for i, line in enumerate(lines) if i >= skip_lines and line.strip()), None)
    if skip is None and skip_lines:
        raise SchemaError(f"{name!r} holds no text below its first {several(skip_lines, 'line')}")
    if skip is None:
        raise SchemaError(f"{name!r} holds no text; it must start with a line of column names")
    stated = lines[skip].strip().strip('"')
    delimiter = stated[4] if stated.startswith("sep=") and len(stated) == 5 else None  # Excel's way to state it
    if re.match(r'(EXTF|DTVF)"?;', stated):  # DATEV's header, above the column names
        delimiter = ";"
    skip += delimiter is not None
    if skip >= len(lines):
        raise SchemaError(f"{name!r} has no line of column names")
    below = lines[skip:]
    taken = next((n for n in range(1, 11) if "".join(below[:n]).count('"') % 2 == 0), 1)
    names, sign = _names(below[:taken], delimiter)
    if any(line.count(sign) + 1 >= len(names) for line in below[1:taken]):  # a stray quote, and rows below it
        taken = 1
        names, sign = _names(below[:1], delimiter)
    return Header(names, sign, skip, taken, head=tuple(lines))


def _names(lines: Sequence[str], delimiter: str | None) -> tuple[tuple[str, ...], str]:
    """Split the lines of column names, at the delimiter that makes the most of them where none is stated."""
    sign = delimiter or max(DELIMITERS, key=lambda sign: len(_split(lines, sign)))
    return tuple(" ".join(cell.split()) if "\n" in cell else cell.strip() for cell in _split(lines, sign)), sign
