"""Parquet files."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import ibis
import ibis.expr.datatypes as idt
import pyarrow as pa
import pyarrow.parquet as pq

from kundenwert.errors import DomainError, SchemaError
from kundenwert.files.hashes import sha256
from kundenwert.messages import Code, Setting
from kundenwert.settings import Reading
from kundenwert.sources.engine import connect, first_line, numbered, quiet
from kundenwert.sources.paths import pattern
from kundenwert.sources.source import Source, SourceInfo


@ibis.udf.scalar.builtin(signature=((idt.string, idt.Timestamp(timezone="UTC")), idt.timestamp))  # type: ignore[untyped-decorator]
def timezone(zone: str, moment: dt.datetime) -> dt.datetime:  # type: ignore[empty-body]
    """Return the local time of a moment in a time zone (DuckDB)."""


def open_parquet(path: Path, reading: Reading) -> Source:
    """Open a Parquet file.

    Raises
    ------
    SchemaError
        If it cannot be read, or has no columns.
    DomainError
        If there is no such time zone.
    """
    try:
        schema = pq.read_schema(path)
        if not schema.names:
            raise SchemaError(f"{path.name!r} has no columns")
        with quiet():
            rows = connect().read_parquet(pattern(path), hive_partitioning=False)
            columns = _columns(rows, schema, reading.timezone)
            table = numbered(rows.get_backend(), "source", rows.select(**columns))
    except (pa.ArrowInvalid, duckdb.Error) as error:
        if "time zone" in str(error).lower() and reading.timezone:
            zone = Setting("timezone", reading.timezone)
            raise DomainError(Code.TIMEZONE_UNKNOWN, parameter="timezone", given=zone) from error
        reason = first_line(error)
        raise SchemaError(Code.UNREADABLE, source=path.name, kind="a Parquet file", reason=reason) from error
    return Source(table, tuple(schema.names), SourceInfo(path.name, "parquet", sha256(path)))


def _columns(rows: ibis.Table, schema: pa.Schema, zone: str | None) -> dict[str, ibis.Value]:
    """Return the columns under internal names, moments as local times: of a time zone asked for, or of their own."""
    columns = {}
    for i, (field, name) in enumerate(zip(schema, rows.columns, strict=True)):
        own = getattr(field.type, "tz", None)
        columns[f"c{i}"] = rows[name] if own is None else timezone(zone or own, rows[name])
    return columns
