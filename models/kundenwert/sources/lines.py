"""Judge every physical line of a text file: part of a row, blank, or bad; what is good is written anew.

Two stray quotation marks thirty lines apart are legal CSV, and still a loss. So a row may run over several lines only
if it closes into exactly as many cells as there are column names, and no line it runs over could be a row itself.
"""

from __future__ import annotations

import re
from array import array
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TextIO

from kundenwert.sources.source import BadLine, LineNumbers
from kundenwert.sources.words import is_list_line

LONGEST_LINE = 500_000
"""Characters of a line; a longer one is no line of a table."""

LONGEST_ROW = 1000
"""Lines that one row may run over."""

_WHOLE_DATE = re.compile(
    r"\s*\"?(\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{2,4})([ T][\d:.+Z-]+)?\"?\s*"
)
_WHOLE_NUMBER = re.compile(r"\s*\"?[-+]?\d[\d.,]*\"?\s*")


@dataclass
class Judged:
    """What the lines below the column names are.

    Parameters
    ----------
    rows, blank, breaks, bad : int
        Rows, blank lines, line breaks within cells of rows, and lines that are no rows.
    rejected, repaired : list of BadLine
        The bad lines, and those that were repaired.
    numbers : LineNumbers
        On which line each row begins.
    fragments : list of int
        Rows above which a bad line of one cell stands, which may be a part of the row above or below it.
    """

    numbers: LineNumbers
    rows: int = 0
    blank: int = 0
    breaks: int = 0
    bad: int = 0
    rejected: list[BadLine] = field(default_factory=list)
    repaired: list[BadLine] = field(default_factory=list)
    fragments: list[int] = field(default_factory=list)

    @property
    def lines(self) -> int:
        """Lines accounted for."""
        return self.rows + self.breaks + self.blank + self.bad


def split_strictly(line: str, delimiter: str) -> list[str] | Literal["open", "after"]:
    """Split a text into cells as the rules of CSV say, or say what breaks them.

    Parameters
    ----------
    line : str
        One line without its end, or several.
    delimiter : str
        Sign between cells.

    Returns
    -------
    list of str, or str
        The cells; "open" where a quotation mark is not closed, "after" where text follows a closing one.

    Examples
    --------
    >>> split_strictly('7,"a ""b"", c",12" pipe', ",")
    ['7', 'a "b", c', '12" pipe']
    >>> split_strictly('7,"a', ","), split_strictly('7,"a"b', ",")
    ('open', 'after')
    """
    cells: list[str] = []
    at = 0
    while True:
        if line.startswith('"', at):
            end = line.find('"', at + 1)
            while end >= 0 and line.startswith('"', end + 1):
                end = line.find('"', end + 2)
            if end < 0:
                return "open"
            cells.append(line[at + 1 : end].replace('""', '"'))
            end += 1
            if end < len(line) and line[end] != delimiter:
                return "after"
        else:
            end = line.find(delimiter, at)
            end = len(line) if end < 0 else end
            cells.append(line[at:end])
        if end >= len(line):
            return cells
        at = end + 1


def could_be_row(line: str, delimiter: str, width: int) -> bool:
    """Whether a line that a quotation mark has swallowed may be a row of its own.

    Examples
    --------
    >>> could_be_row("k2,2024-01-02,5.00,ok", ",", 4), could_be_row('second floor, left",5.00', ",", 4)
    (True, False)
    """
    cells = line.split(delimiter)
    if len(cells) >= width:
        return True
    return any(map(_WHOLE_DATE.fullmatch, cells)) and any(
        _WHOLE_NUMBER.fullmatch(cell) and not _WHOLE_DATE.fullmatch(cell) for cell in cells
    )


def _written(cells: list[str], delimiter: str) -> str:
    """Write cells so that every reader agrees on them."""
    signs = (delimiter, '"', "\n", "\r")
    return delimiter.join(
        '"' + cell.replace('"', '""') + '"' if any(sign in cell for sign in signs) else cell for cell in cells
    )


class Judge:
    """Judge lines one after the other, and write the good ones.

    Parameters
    ----------
    delimiter : str
        Sign between cells.
    width : int
        Cells of a row.
    first : int
        Line number of the first line.
    repair : bool
        Whether to repair lines whose repair is certain.
    most : int
        Bad lines of which the text is kept.
    """

    def __init__(self, delimiter: str, width: int, first: int, *, repair: bool, most: int) -> None:
        self._delimiter, self._width, self._repair, self._most = delimiter, width, repair, most
        self._line = first
        self._expected = -1
        self._jumps = array("q"), array("q")
        self.found = Judged(LineNumbers(*self._jumps))
        self._ahead: deque[str] = deque()

    def judge(self, source: Iterator[str], good: TextIO) -> Judged:
        """Judge all lines of a source, and write the rows to a file."""
        delimiter, between, written = self._delimiter, self._width - 1, good.write
        while True:
            line = self._ahead.popleft() if self._ahead else next(source, "")
            if not line:
                return self.found
            text = line.rstrip("\r\n")
            if '"' not in text and text.count(delimiter) == between and 0 < len(text) < LONGEST_LINE:
                written(text + "\n")
                self._row(1)
            else:
                self._odd(text, source, good)

    def _row(self, lines: int) -> None:
        """Count a row that begins on the present line."""
        if self._line != self._expected:
            self._jumps[0].append(self.found.rows)
            self._jumps[1].append(self._line)
        self._expected = self._line + 1
        self.found.rows += 1
        self.found.breaks += lines - 1
        self._line += lines

    def _odd(self, text: str, source: Iterator[str], good: TextIO) -> None:
        """Judge a line that is not obviously a row."""
        if not text.strip():
            self.found.blank += 1
            self._line += 1
            return
        cells = split_strictly(text, self._delimiter) if len(text) < LONGEST_LINE else "long"
        if isinstance(cells, list) and len(cells) == self._width:
            good.write(_written(cells, self._delimiter) + "\n")
            self._row(1)
            return
        if cells == "open" and (record := self._several(text, source)):
            good.write(_written(record[0], self._delimiter) + "\n")
            self._row(record[1])
            return
        repaired = self._repaired(text, cells) if self._repair else None
        if repaired:
            good.write(_written(repaired, self._delimiter) + "\n")
            self.found.repaired.append(BadLine(self._line, self._why(text, cells), text[:500]))
            self._row(1)
            return
        self.found.bad += 1
        if len(self.found.rejected) < self._most:
            self.found.rejected.append(BadLine(self._line, self._why(text, cells), text[:500]))
            if self._delimiter not in text and not is_list_line(text):
                self.found.fragments.append(self.found.rows)
        self._line += 1

    def _several(self, text: str, source: Iterator[str]) -> tuple[list[str], int] | None:
        """Find the row that begins here and runs over several lines, and the number of these; None without one."""
        swallowed = 0
        while swallowed < LONGEST_ROW:
            if swallowed == len(self._ahead):
                following = next(source, "")
                if not following:
                    return None
                self._ahead.append(following)
            line = self._ahead[swallowed].rstrip("\r\n")
            swallowed += 1
            text += "\n" + line
            if could_be_row(line, self._delimiter, self._width) or len(text) > LONGEST_LINE:
                return None
            if '"' not in line:
                continue
            cells = split_strictly(text, self._delimiter)
            if isinstance(cells, list):
                if len(cells) != self._width:
                    return None
                for _ in range(swallowed):
                    self._ahead.popleft()
                return cells, swallowed + 1
            if cells == "after":
                return None
        return None

    def _repaired(self, text: str, cells: list[str] | str) -> list[str] | None:
        """Cells of a line whose repair is certain: a stray quotation mark, or empty cells too many at its end."""
        if len(text) >= LONGEST_LINE:
            return None
        if isinstance(cells, list):
            extra = cells[self._width :]
            return cells[: self._width] if extra and not any(cell.strip() for cell in extra) else None
        plain = text.split(self._delimiter)
        return [cell.strip('"') for cell in plain] if len(plain) == self._width else None

    def _why(self, text: str, cells: list[str] | str) -> str:
        if isinstance(cells, list):
            return f"{'more' if len(cells) > self._width else 'fewer'} than {self._width} columns"
        if cells == "long":
            return f"longer than {LONGEST_LINE:,} characters"
        count = text.count(self._delimiter) + 1
        if count != self._width:
            return (
                f"{'more' if count > self._width else 'fewer'} than {self._width} columns, and a stray quotation mark"
            )
        return "a quotation mark that is not closed" if cells == "open" else "text behind a closing quotation mark"
