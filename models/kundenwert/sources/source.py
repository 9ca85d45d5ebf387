"""An opened source: rows as one kind of table, all values as they stand, and where they came from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis


@dataclass(frozen=True)
class Place:
    """A place in a source, and what it says there.

    Parameters
    ----------
    where : str
        Such as "line 9".
    text : str
        What stands there, as a reader shall see it.

    Examples
    --------
    >>> str(Place("line 9", "'30.02.2024'"))
    "line 9: '30.02.2024'"
    """

    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.text}"


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line of a file that is no row as it stands.

    Parameters
    ----------
    line : int
        Its number, counted from 1.
    why : str
        What is wrong with it.
    text : str
        What it says, at most 500 characters.
    file : str
        Its file, where the source is several.

    Examples
    --------
    >>> str(BadLine(9, "more than 3 columns", "k1,2024-01-01,1,50"))
    "line 9: more than 3 columns: 'k1,2024-01-01,1,50'"
    """

    line: int
    why: str
    text: str
    file: str = ""

    @property
    def place(self) -> Place:
        """Where it stands, and what it says."""
        return Place(f"{self.file} line {self.line}".strip(), f"{self.why}: {self.text.strip()[:80]!r}")

    def __str__(self) -> str:
        return str(self.place)


@dataclass(frozen=True)
class LineNumbers:
    """On which line each row of a text file begins.

    Parameters
    ----------
    rows, lines : sequence of int
        Rows, counted from 0, that do not begin on the line after the row before, and the lines where they begin.
    file : str
        The file, where the source is several.
    kind : str
        "line", or "row" where rows have no lines.

    Examples
    --------
    >>> numbers = LineNumbers([0, 5], [2, 9])
    >>> numbers.place(4), numbers.place(6)
    ('line 6', 'line 10')
    """

    rows: Sequence[int]
    lines: Sequence[int]
    file: str = ""
    kind: str = "line"

    @classmethod
    def of(cls, numbers: Sequence[int], *, kind: str, file: str = "") -> LineNumbers:
        """Return the numbers of lines that are known for every row.

        Examples
        --------
        >>> LineNumbers.of([2, 3, 9], kind="row")
        LineNumbers(rows=[0, 2], lines=[2, 9], file='', kind='row')
        """
        jumps = [row for row in range(len(numbers)) if row == 0 or numbers[row] != numbers[row - 1] + 1]
        return cls(jumps, [numbers[row] for row in jumps], file, kind)

    def place(self, row: int) -> str:
        """Name the place of a row."""
        jump = bisect_right(self.rows, row) - 1
        return f"{self.file} {self.kind} {self.lines[jump] + row - self.rows[jump]}".strip()


@dataclass(frozen=True)
class SourceInfo:
    """Where a log came from and how it was read.

    Parameters
    ----------
    name : str
        File name without its folder, or the kind of table.
    kind : str
        "csv", "parquet", "pandas", "arrow" or "ibis".
    sha256 : str or None
        Hash of the file's bytes; None for tables in memory.
    encoding, delimiter, decimal, date_format : str or None
        How the text was read; None where there was no text to read.
    columns : mapping
        Which column of the source served as customer_id, date, amount, and what else was used.
    currency : str or None
        Currency of all amounts; None where nothing says it.
    preset : str or None
        Known export that it was read as.
    files : mapping
        Hash of each file, by its name, where the source is several.
    """

    name: str
    kind: str
    sha256: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    date_format: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    currency: str | None = None
    preset: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """Return the fields as a plain dictionary, ready for JSON."""
        return {**asdict(self), "columns": dict(self.columns), "files": dict(self.files)}


@dataclass(frozen=True)
class Source:
    """An opened source.

    Parameters
    ----------
    table : ibis.Table
        Columns `c0, c1, ...` in the order of `names`, and `row`, counted from 0.
    names : tuple of str
        The source's own column names.
    info : SourceInfo
        Where the rows come from.
    rejected : tuple of BadLine
        Lines that are no rows.
    repaired : tuple of BadLine
        Lines that were repaired, and are rows.
    breaks : int
        Line breaks within cells.
    torn : tuple of (int, str)
        Rows and their columns of which a part may stand on a line of its own, which is no row.
    parts : mapping
        Line numbers of a text file's rows; of several files, by the number of the first row of each.
    materialised : bool
        Whether `table` lies in a database of its own.
    head : tuple of str
        Lines of a text file up to the one that was taken for the column names, and some after it.
    header : int
        Number of lines above the one that was taken for the column names.
    """

    table: ibis.Table
    names: tuple[str, ...]
    info: SourceInfo
    rejected: tuple[BadLine, ...] = ()
    repaired: tuple[BadLine, ...] = ()
    breaks: int = 0
    torn: tuple[tuple[int, str], ...] = ()
    parts: Mapping[int, LineNumbers] = field(default_factory=dict)
    materialised: bool = True
    head: tuple[str, ...] = ()
    header: int = 0

    def place(self, row: int) -> str:
        """Name the place of a row for a reader of the source."""
        first = max((start for start in self.parts if start <= row), default=None)
        return f"row {row + 1}" if first is None else self.parts[first].place(row - first)
