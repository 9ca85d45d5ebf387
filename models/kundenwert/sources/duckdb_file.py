"""Tables of DuckDB files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from kundenwert.errors import DomainError, SchemaError
from kundenwert.files.hashes import sha256
from kundenwert.messages import Code, Setting
from kundenwert.settings import Reading
from kundenwert.sources.choosing import choose
from kundenwert.sources.engine import connect, first_line, stored
from kundenwert.sources.source import Source, SourceInfo
from kundenwert.sources.sqlite import quoted

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

_TABLES = """
SELECT if(table_schema = 'main', '', table_schema || '.') || table_name, table_schema, table_name
FROM information_schema.tables WHERE table_catalog = 'file' ORDER BY table_schema <> 'main', 1
"""
KNOWN = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT", "FLOAT",
         "DOUBLE", "DATE", "TIMESTAMP", "VARCHAR", "BOOLEAN", "TIME")  # fmt: skip
"""Types that are handed over as they are, with decimals; others become text."""


def open_duckdb(path: Path, reading: Reading) -> Source:
    """Open a table or view of a DuckDB file, which is not changed.

    Raises
    ------
    SchemaError
        If it cannot be read, or if it has more than one table and none is named.
    """
    backend = connect()
    place = str(path.resolve()).replace("'", "''")
    try:
        backend.raw_sql(f"ATTACH '{place}' AS file (TYPE duckdb, READ_ONLY)")
        found = {shown: f"file.{quoted(schema)}.{quoted(name)}" for shown, schema, name in _rows(backend, _TABLES)}
        table = choose(list(found), reading.table, source=path.name, kind="table")
        columns = [(name, kind) for name, kind, *_ in _rows(backend, f"DESCRIBE {found[table]}")]
        cells = ", ".join(_cell(name, kind, reading.timezone) + f" AS c{i}" for i, (name, kind) in enumerate(columns))
        rows = f"SELECT {cells} FROM {found[table]}"  # noqa: S608 (quoted names)
        backend.raw_sql(f"CREATE TEMP TABLE source AS {rows}")
        backend.raw_sql("DETACH file")
    except duckdb.Error as error:
        if "time zone" in str(error).lower() and reading.timezone:
            zone = Setting("timezone", reading.timezone)
            raise DomainError(Code.TIMEZONE_UNKNOWN, parameter="timezone", given=zone) from error
        reason = first_line(error)
        raise SchemaError(Code.UNREADABLE, source=path.name, kind="a DuckDB file", reason=reason) from error
    names = tuple(name for name, _ in columns)
    return Source(stored(backend, "source"), names, SourceInfo(f"{path.name}: {table}", "duckdb", sha256(path)))


def _rows(backend: Backend, query: str) -> list[tuple[Any, ...]]:
    return backend.raw_sql(query).fetchall()  # type: ignore[no-any-return]


def _cell(name: str, kind: str, zone: str | None) -> str:
    """Write how a column is read: moments in the days of a time zone, what has no counterpart as text."""
    if kind in KNOWN or kind.startswith("DECIMAL"):
        return quoted(name)
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"timezone('{(zone or 'UTC').replace(chr(39), 2 * chr(39))}', {quoted(name)})"
    if kind.startswith("TIMESTAMP_"):
        return f"CAST({quoted(name)} AS TIMESTAMP)"
    return f"CAST({quoted(name)} AS VARCHAR)"
