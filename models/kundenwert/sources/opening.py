"""Which reader opens a source."""

from __future__ import annotations

import csv
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from kundenwert.errors import DomainError, SchemaError
from kundenwert.messages import Code
from kundenwert.settings import Reading
from kundenwert.sources.compressed import COMPRESSED, open_compressed
from kundenwert.sources.frames import open_frame
from kundenwert.sources.parquet import open_parquet
from kundenwert.sources.paths import PARQUET_SUFFIXES, check_file
from kundenwert.sources.several import is_pattern, matching, open_several
from kundenwert.sources.source import Source
from kundenwert.sources.text import open_text


def open_source(source: Any, reading: Reading) -> Source:
    """Open a path, a frame or an Ibis table.

    Parameters
    ----------
    source : str, Path, list of these, pandas.DataFrame, pyarrow.Table, polars.DataFrame or ibis.Table
        The rows; "-" is CSV text from standard input, and a path may be a pattern such as "exports/2024-*.csv".
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
        If lines are to be skipped in a source that has none.
    """
    if isinstance(source, list | tuple) and all(isinstance(path, str | Path) for path in source):
        return open_several([Path(path) for path in source], reading, _open_path)
    if isinstance(source, str | Path) and str(source) == "-":
        return _open_stdin(reading)
    if isinstance(source, str | Path) and is_pattern(Path(source)):
        return open_several(matching(Path(source)), reading, _open_path)
    text = isinstance(source, str | Path) and Path(source).suffix.lower() not in PARQUET_SUFFIXES
    if reading.skip_lines and not text:
        raise DomainError(f"skip_lines={reading.skip_lines} is for text files; leave it out", parameter="skip_lines")
    return _open_path(Path(source), reading) if isinstance(source, str | Path) else open_frame(source)


def _open_path(path: Path, reading: Reading) -> Source:
    try:
        check_file(path)
        if path.suffix.lower() in COMPRESSED:
            return open_compressed(path, reading)
        return open_parquet(path) if path.suffix.lower() in PARQUET_SUFFIXES else open_text(path, reading)
    except OSError as error:
        raise SchemaError(f"{path.name[:80]!r} cannot be read: {error.strerror or error}") from error
    except csv.Error as error:
        raise SchemaError(f"{path.name!r} cannot be read: {error} in its line of column names") from error


def _open_stdin(reading: Reading) -> Source:
    """Read CSV text from standard input, by way of a copy."""
    with tempfile.TemporaryDirectory(prefix="kundenwert-") as folder:
        copy = Path(folder) / "input.csv"
        with copy.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        if copy.stat().st_size == 0:
            raise SchemaError(Code.INPUT_EMPTY)
        try:
            return open_text(copy, reading, name="standard input")
        except csv.Error as error:
            raise SchemaError(f"'standard input' cannot be read: {error} in its line of column names") from error
