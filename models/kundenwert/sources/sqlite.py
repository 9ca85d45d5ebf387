"""Tables of SQLite files, by the standard library."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from kundenwert.errors import SchemaError
from kundenwert.files.hashes import sha256
from kundenwert.messages import Code
from kundenwert.settings import Reading
from kundenwert.sources.cells import Cells
from kundenwert.sources.choosing import choose
from kundenwert.sources.engine import first_line
from kundenwert.sources.frames import from_arrays
from kundenwert.sources.source import Source, SourceInfo

BATCH = 50_000
_TABLES = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"


def open_sqlite(path: Path, reading: Reading) -> Source:
    """Open a table or view of a SQLite file, which is not changed.

    Raises
    ------
    SchemaError
        If it cannot be read, or if it has more than one table and none is named.
    """
    try:
        with _connected(path) as connection:
            tables = [name for (name,) in connection.execute(f"{_TABLES} ORDER BY name")]
            name = choose(tables, reading.table, source=path.name, kind="table")
            rows = connection.execute(f"SELECT * FROM {quoted(name)}")  # noqa: S608 (one of the file's own tables, quoted)
            names = tuple(column[0] for column in rows.description)
            cells = Cells(len(names))
            while batch := rows.fetchmany(BATCH):
                cells.add(zip(*batch, strict=True))
    except sqlite3.Error as error:
        reason = first_line(error)
        raise SchemaError(Code.UNREADABLE, source=path.name, kind="a SQLite file", reason=reason) from error
    return from_arrays(cells.arrays(), names, SourceInfo(f"{path.name}: {name}", "sqlite", sha256(path)))


def quoted(name: str) -> str:
    """Write a name as SQL identifier.

    Examples
    --------
    >>> quoted('my "orders"')
    '"my ""orders\"""'
    """
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a file to be read; one that lies where nothing can be written too."""
    place = f"file:{quote(str(path.resolve()))}?mode=ro"
    with closing(sqlite3.connect(place, uri=True)) as connection:
        try:
            connection.execute("SELECT 1 FROM sqlite_schema").fetchone()
        except sqlite3.OperationalError:
            beside = path.with_name(f"{path.name}-wal")
            if beside.exists() and beside.stat().st_size:
                raise SchemaError(Code.UNFINISHED_DATABASE, source=path.name, beside=beside.name) from None
        else:
            connection.text_factory = _text
            yield connection
            return
    with closing(sqlite3.connect(f"{place}&immutable=1", uri=True)) as connection:
        connection.text_factory = _text
        yield connection


def _text(content: bytes) -> str:
    """Read a text as UTF-8, or in the way of old Windows programs."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")
