"""An opened source: rows as one kind of table, all values as they stand, and where they came from."""

from __future__ import annotations

from collections.abc import Mapping
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

    def to_dict(self) -> dict[str, object]:
        """Return the fields as a plain dictionary, ready for JSON."""
        return {**asdict(self), "columns": dict(self.columns)}


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
    rejected : tuple of Place
        Lines that are no rows.
    first_line : int or None
        Line number of row 0 where every row is one line of the file, else None.
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
    rejected: tuple[Place, ...] = ()
    first_line: int | None = None
    materialised: bool = True
    head: tuple[str, ...] = ()
    header: int = 0

    def place(self, row: int) -> str:
        """Name the place of a row for a reader of the source."""
        return f"row {row + 1}" if self.first_line is None else f"line {row + self.first_line}"
