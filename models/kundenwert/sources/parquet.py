"""Parquet files."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import ibis
import ibis.expr.datatypes as idt
import pyarrow as pa
import pyarrow.parquet as pq

from kundenwert.errors import SchemaError
from kundenwert.sources.engine import connect, first_line, numbered, quiet
from kundenwert.sources.paths import pattern, sha256
from kundenwert.sources.source import Source, SourceInfo


@ibis.udf.scalar.builtin(signature=((idt.string, idt.Timestamp(timezone="UTC")), idt.timestamp))  # type: ignore[untyped-decorator]
def timezone(zone: str, moment: dt.datetime) -> dt.datetime:  # type: ignore[empty-body]
    """Return the local time of a moment in a time zone (DuckDB)."""


def open_parquet(path: Path) -> Source:
    """Open a Parquet file."""
    try:
        schema = pq.read_schema(path)
        with quiet():
            rows = connect().read_parquet(pattern(path), hive_partitioning=False)
    except (pa.ArrowInvalid, duckdb.Error) as error:
        raise SchemaError(f"{path.name!r} is not a Parquet file that can be read: {first_line(error)}") from error
    if not schema.names:
        raise SchemaError(f"{path.name!r} has no columns")
    columns = {}
    for i, (field, name) in enumerate(zip(schema, rows.columns, strict=True)):
        zone = getattr(field.type, "tz", None)
        columns[f"c{i}"] = rows[name] if zone is None else timezone(zone, rows[name])
    table = numbered(rows.get_backend(), "source", rows.select(**columns))
    return Source(table, tuple(schema.names), SourceInfo(path.name, "parquet", sha256(path)))
