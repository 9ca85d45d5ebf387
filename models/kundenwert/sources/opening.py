"""Which reader opens a source."""

from __future__ import annotations

import csv
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from kundenwert import sources
from kundenwert.errors import DomainError, SchemaError
from kundenwert.messages import Code, Setting
from kundenwert.settings import Reading
from kundenwert.sources.frames import open_frame
from kundenwert.sources.paths import PACKED_SUFFIXES, Kind, check_file, is_address, kind_of
from kundenwert.sources.several import is_pattern, matching, open_several
from kundenwert.sources.source import Source


def open_source(source: object, reading: Reading) -> Source:
    """Open a file, a table of a PostgreSQL database, a frame or an Ibis table.

    Parameters
    ----------
    source : str, Path, list of these, pandas.DataFrame, pyarrow.Table, polars.DataFrame or ibis.Table
        The rows: a path, a pattern such as "exports/2024-*.csv", "-" for CSV text from standard input, an address such
        as postgresql://me@localhost/shop, or a table.
    reading : Reading
        How it is read.

    Returns
    -------
    Source

    Raises
    ------
    SchemaError
        If the source is missing, empty, unreadable or of a kind that is not understood.
    DomainError
        If lines are to be skipped, or a table is named, in a source that has none.
    """
    if is_address(source):
        _refuse_settings("the database", reading, table=True)
        return sources.open_postgres(source, reading)
    if isinstance(source, list | tuple) and all(isinstance(path, str | Path) for path in source):
        return open_several([Path(path) for path in source], reading, _open_path)
    if isinstance(source, str | Path) and str(source) == "-":
        return _open_stdin(reading)
    if isinstance(source, str | Path):
        path = Path(source)
        return open_several(matching(path), reading, _open_path) if is_pattern(path) else _open_path(path, reading)
    _refuse_settings(f"the {type(source).__name__}", reading)
    return open_frame(source, reading)


def _open_path(path: Path, reading: Reading) -> Source:
    try:
        check_file(path)
        kind = kind_of(path)
        table, skip = kind in ("workbook", "sqlite", "duckdb", "json"), kind in ("text", "workbook")
        _refuse_settings(repr(path.name), reading, table=table, skip=skip)
        return _reader(kind, path)(path, reading)
    except OSError as error:
        raise SchemaError(f"{path.name[:80]!r} cannot be read: {error.strerror or error}") from error
    except csv.Error as error:
        raise SchemaError(f"{path.name!r} cannot be read: {error} in its line of column names") from error


def _open_stdin(reading: Reading) -> Source:
    """Read CSV text from standard input, by way of a copy."""
    _refuse_settings("standard input", reading, skip=True)
    with tempfile.TemporaryDirectory(prefix="kundenwert-") as folder:
        copy = Path(folder) / "input.csv"
        with copy.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        if copy.stat().st_size == 0:
            raise SchemaError(Code.INPUT_EMPTY)
        try:
            return sources.open_text(copy, reading, name="standard input")
        except csv.Error as error:
            raise SchemaError(f"'standard input' cannot be read: {error} in its line of column names") from error


def _reader(kind: Kind, path: Path) -> Callable[[Path, Reading], Source]:
    """Return the reader of a kind of files; it is loaded only when it is used."""
    match kind:
        case "json":
            return sources.open_json
        case "parquet":
            return sources.open_parquet
        case "workbook":
            return sources.open_excel
        case "sqlite":
            return sources.open_sqlite
        case "duckdb":
            return sources.open_duckdb
    return sources.open_compressed if path.suffix.lower() in PACKED_SUFFIXES else sources.open_text


def _refuse_settings(name: str, reading: Reading, *, table: bool = False, skip: bool = False) -> None:
    """Refuse settings that a kind of source has no use for."""
    if reading.skip_lines and not skip:
        given = Setting("skip_lines", reading.skip_lines)
        raise DomainError(Code.SKIP_NOT_HERE, parameter="skip_lines", given=given)
    if reading.table is not None and not table:
        given = Setting("table", reading.table)
        raise DomainError(Code.TABLE_NOT_HERE, parameter="table", given=given, source=name)
