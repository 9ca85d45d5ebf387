"""Open a source of rows: files, frames in memory and Ibis tables become one kind of table, all values as they stand."""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import difflib
import hashlib
import io
import itertools
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.datatypes as idt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kundenwert.data.account import SourceInfo, several
from kundenwert.errors import DomainError, SchemaError

TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
PARQUET_SUFFIXES = (".parquet", ".pq")
DELIMITERS = ",;\t|"
REJECTED_SHARE = 0.05
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SIGNATURES = (
    (b"PK\x03\x04", "a ZIP archive or an Excel or OpenDocument workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF", "a PDF document"),
    (b"PAR1", "a Parquet file (rename it to .parquet)"),
)


@contextmanager
def _engine() -> Iterator[None]:
    """Run a step of the engine; that Ibis 12 calls a method which DuckDB 2 has renamed is not the user's affair."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"fetch_arrow_table\(\) is deprecated", DeprecationWarning)
        yield


def store(backend: Any, name: str, rows: ibis.Table) -> ibis.Table:
    """Run an expression once and keep its rows in a temporary table."""
    with _engine():
        return backend.create_table(name, rows, temp=True)


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
    rejected : tuple of str
        Lines that are no rows, as messages.
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
    rejected: tuple[str, ...] = ()
    first_line: int | None = None
    materialised: bool = True
    head: tuple[str, ...] = ()
    header: int = 0

    def place(self, row: int) -> str:
        """Name the place of a row for a reader of the source."""
        return f"row {row + 1}" if self.first_line is None else f"line {row + self.first_line}"


def open_source(source: Any, *, skip_lines: int = 0) -> Source:
    """Open a path, a frame or an Ibis table.

    Parameters
    ----------
    source : str, Path, pandas.DataFrame, pyarrow.Table, polars.DataFrame or ibis.Table
        The rows.
    skip_lines : int
        Lines of a text file above the one with the column names.

    Returns
    -------
    Source

    Raises
    ------
    SchemaError
        If the source is missing, empty, unreadable or of a kind that is not understood.
    DomainError
        If `skip_lines` is no number of lines, or the source is no text file and has none.
    """
    if skip_lines != int(skip_lines) or skip_lines < 0:
        raise DomainError(f"skip_lines={skip_lines} must be a whole number, 0 or more")
    text = isinstance(source, str | Path) and Path(source).suffix.lower() not in PARQUET_SUFFIXES
    if skip_lines and not text:
        raise DomainError(f"skip_lines={skip_lines} is for text files; leave it out")
    if isinstance(source, str | Path):
        return _open_path(Path(source), skip_lines)
    if isinstance(source, ibis.Table):
        names = tuple(source.columns)
        columns = {f"c{i}": source[name] for i, name in enumerate(names)}
        table = source.select(**columns, row=ibis.row_number())
        return Source(table, names, SourceInfo(name="Ibis table", kind="ibis"), materialised=False)
    if isinstance(source, pd.DataFrame):
        names = tuple(str(name) for name in source.columns)
        arrays = [_from_series(source.iloc[:, i]) for i in range(len(names))]
        return _from_arrays(arrays, names, SourceInfo(name="pandas table", kind="pandas"))
    if hasattr(source, "collect") and hasattr(source, "lazy"):  # polars.LazyFrame
        source = source.collect()
    if hasattr(source, "__arrow_c_stream__"):
        table = pa.table(source)
        kind = "polars" if type(source).__module__.startswith("polars") else "arrow"
        return _from_arrays(table.columns, tuple(table.column_names), SourceInfo(name=f"{kind} table", kind=kind))
    raise SchemaError(
        f"a transaction log cannot be read from {type(source).__name__}; give the path of a CSV or Parquet file, "
        "a pandas, polars or Arrow table, or an Ibis table"
    )


def _from_series(series: pd.Series[Any]) -> pa.ChunkedArray:
    try:
        array = pa.array(series, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        array = pa.array([None if pd.isna(value) else str(value) for value in series], pa.string())
    return array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])


def _plain(array: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return an array of a type that every engine knows; times of day in their own time zone."""
    if isinstance(array.type, pa.BaseExtensionType):
        array = array.cast(array.type.storage_type)
    if pa.types.is_dictionary(array.type):
        chunks = [chunk.dictionary.cast(pa.large_string()).take(chunk.indices) for chunk in array.chunks]
        array = pa.chunked_array(chunks, pa.large_string())
    if pa.types.is_timestamp(array.type) and array.type.tz is not None:
        array = pc.local_timestamp(array)
    return array.cast(pa.string()) if pa.types.is_null(array.type) else array


def _from_arrays(arrays: Sequence[Any], names: tuple[str, ...], info: SourceInfo) -> Source:
    if not names:
        raise SchemaError(f"the {info.name} has no columns")
    columns = {f"c{i}": _plain(array) for i, array in enumerate(arrays)}
    rows = ibis.memtable(pa.table(columns)).mutate(row=ibis.row_number())
    table = store(ibis.duckdb.connect(), "source", rows)
    return Source(table, names, info)


def _open_path(path: Path, skip_lines: int) -> Source:
    try:
        _check_file(path)
        return _open_parquet(path) if path.suffix.lower() in PARQUET_SUFFIXES else _open_text(path, skip_lines)
    except OSError as error:
        raise SchemaError(f"{path.name[:80]!r} cannot be read: {error.strerror or error}") from error
    except csv.Error as error:
        raise SchemaError(f"{path.name!r} cannot be read: {error} in its line of column names") from error


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise SchemaError(f"{path.name!r} is a directory; give the path of one CSV or Parquet file in it")
    if not path.exists():
        siblings = [p.name for p in path.parent.iterdir() if p.is_file()] if path.parent.is_dir() else []
        close = difflib.get_close_matches(path.name, siblings, n=1)
        raise SchemaError(f"there is no file {path.name!r}" + (f"; did you mean {close[0]!r}?" if close else ""))
    if path.suffix.lower() not in TEXT_SUFFIXES + PARQUET_SUFFIXES:
        known = ", ".join(TEXT_SUFFIXES + PARQUET_SUFFIXES)
        raise SchemaError(
            f"{path.name!r} is of a type that cannot be read (known: {known}); save the table as CSV first"
        )
    if path.stat().st_size == 0:
        raise SchemaError(f"{path.name!r} is empty (0 bytes)")


def _pattern(path: Path) -> str:
    """Return a path as DuckDB takes it: without a relative part, its wildcards escaped."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path.resolve()))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@ibis.udf.scalar.builtin(signature=((idt.string, idt.Timestamp(timezone="UTC")), idt.timestamp))  # type: ignore[untyped-decorator]
def timezone(zone: str, moment: dt.datetime) -> dt.datetime:  # type: ignore[empty-body]
    """Return the local time of a moment in a time zone (DuckDB)."""


def _open_parquet(path: Path) -> Source:
    try:
        schema = pq.read_schema(path)
        with _engine():
            rows = ibis.duckdb.connect().read_parquet(_pattern(path), hive_partitioning=False)
    except (pa.ArrowInvalid, duckdb.Error) as error:
        raise SchemaError(f"{path.name!r} is not a Parquet file that can be read: {_first_line(error)}") from error
    if not schema.names:
        raise SchemaError(f"{path.name!r} has no columns")
    columns = {}
    for i, (field, name) in enumerate(zip(schema, rows.columns, strict=True)):
        zone = getattr(field.type, "tz", None)
        columns[f"c{i}"] = rows[name] if zone is None else timezone(zone, rows[name])
    table = rows.select(**columns, row=ibis.row_number())
    table = store(rows.get_backend(), "source", table)
    return Source(table, tuple(schema.names), SourceInfo(path.name, "parquet", _sha256(path)))


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


@dataclass(frozen=True)
class _Text:
    encoding: str
    lines: int
    plain: bool


def _inspect(path: Path) -> _Text:
    """Find a text file's encoding and its number of lines, and whether DuckDB can read its bytes as they stand."""
    with path.open("rb") as file:
        head = file.read(4096)
    kind = next((kind for mark, kind in _SIGNATURES if head.startswith(mark)), None)
    if kind:
        raise SchemaError(f"{path.name!r} is {kind}, not a text file; save the table as CSV and read that")
    marked = next((name for mark, name in _BYTE_ORDER_MARKS if head.startswith(mark)), None)
    for encoding in [marked] if marked else ["utf-8", "cp1252", "latin-1"]:
        try:
            with path.open("r", encoding=encoding, newline="") as file:
                ends: set[str] = set()
                lines, last, text = 0, "", ""
                while chunk := file.read(1 << 20):
                    if "\0" in chunk:
                        raise SchemaError(
                            f"{path.name!r} holds binary data, not text; save the table as CSV and read that"
                        )
                    text = last + chunk  # a line end may be cut in two
                    windows, feeds = text.count("\r\n"), text.count("\n")
                    returns = text.count("\r") - windows - text.endswith("\r")
                    lines += feeds + returns
                    ends |= {"\r\n"} if windows else set()
                    ends |= {"\n"} if feeds > windows else set()
                    ends |= {"\r"} if returns else set()
                    last = "\r" if text.endswith("\r") else ""
                lines += not text.endswith("\n")  # the last line, ended by nothing or by a bare return
        except UnicodeDecodeError:
            continue
        return _Text(encoding, lines, plain=encoding.startswith("utf-8") and len(ends) <= 1)
    raise SchemaError(f"{path.name!r} is not a text file in {marked}; save the table as CSV in UTF-8")


@dataclass(frozen=True)
class _Header:
    names: tuple[str, ...]
    delimiter: str
    skip: int
    single: bool
    head: tuple[str, ...]


def _split(line: str, delimiter: str) -> list[str]:
    return next(csv.reader(io.StringIO(line), delimiter=delimiter), [])


def _read_header(path: Path, encoding: str, skip_lines: int) -> _Header:
    with path.open("r", encoding=encoding) as file:
        lines = [line.rstrip("\n") for line in itertools.islice(file, skip_lines + 50)]
    skip = next((i for i, line in enumerate(lines) if i >= skip_lines and line.strip()), None)
    if skip is None and skip_lines:
        raise SchemaError(f"{path.name!r} holds no text below its first {several(skip_lines, 'line')}")
    if skip is None:
        raise SchemaError(f"{path.name!r} holds no text; it must start with a line of column names")
    stated = lines[skip].strip().strip('"')
    if stated.startswith("sep=") and len(stated) == 5:  # Excel's way to state the delimiter
        delimiter, skip = stated[4], skip + 1
    else:
        delimiter = max(DELIMITERS, key=lambda sign: len(_split(lines[skip], sign)))
    if skip >= len(lines):
        raise SchemaError(f"{path.name!r} has no line of column names")
    names = tuple(name.strip() for name in _split(lines[skip], delimiter))
    return _Header(names, delimiter, skip, single=len(names) == 1, head=tuple(lines))


def _open_text(path: Path, skip_lines: int) -> Source:
    text = _inspect(path)
    header = _read_header(path, text.encoding, skip_lines)
    info = SourceInfo(path.name, "csv", _sha256(path), text.encoding.removesuffix("-sig"), header.delimiter)
    if text.plain:
        return _read_rows(path, header, info, text.lines)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "rows.csv"
        with path.open("r", encoding=text.encoding) as old, copy.open("w", encoding="utf-8", newline="\n") as new:
            shutil.copyfileobj(old, new, 1 << 20)
        return _read_rows(copy, header, info, text.lines)


def _read_rows(path: Path, header: _Header, info: SourceInfo, lines: int) -> Source:
    backend = ibis.duckdb.connect()
    try:
        with _engine():
            rows = backend.read_csv(
                _pattern(path),
                columns={f"c{i}": "VARCHAR" for i in range(len(header.names))},
                auto_detect=False,
                delim=header.delimiter,
                quote='"',
                escape='"',
                header=True,
                skip=header.skip,
                ignore_errors=True,
                store_rejects=True,
            )
        table = store(backend, "source", rows.mutate(row=ibis.row_number()))
        rejects = backend.raw_sql(
            "SELECT line, min(error_type::VARCHAR), min(csv_line) FROM reject_errors GROUP BY line ORDER BY line"
        ).fetchall()
    except duckdb.Error as error:
        raise SchemaError(f"{info.name!r} cannot be read as CSV: {_first_line(error)}") from error
    count = int(table.count().to_pyarrow().as_py())
    rejected = tuple(_rejection(line, kind, content, len(header.names)) for line, kind, content in rejects)
    whole = not rejected and count + header.skip + 1 == lines
    first = header.skip + 2 if whole else None
    return Source(table, header.names, info, rejected, first, head=header.head, header=header.skip)


def check_lines(opened: Source) -> None:
    """Refuse a file of which many lines do not have as many columns as the first.

    Raises
    ------
    SchemaError
        If these are more than `REJECTED_SHARE` of the lines, or all.
    """
    if not opened.rejected:
        return
    count, width = len(opened.rejected), len(opened.names)
    rows = int(opened.table.count().to_pyarrow().as_py())
    if count > REJECTED_SHARE * (rows + count):
        raise SchemaError(
            f"{several(count, 'line')} of {opened.info.name!r} cannot be split into {several(width, 'column')} at "
            f"{opened.info.delimiter!r}: {'; '.join(opened.rejected[:3])}. "
            "If amounts have decimal commas, export with semicolons between the columns or with amounts in quotes"
        )


def _rejection(line: int, kind: str, content: str | None, columns: int) -> str:
    kinds = {"TOO MANY COLUMNS": f"more than {columns} columns", "MISSING COLUMNS": f"fewer than {columns} columns"}
    words = kinds.get(kind, kind.lower().replace("_", " "))
    return f"line {line}: {words}: {(content or '').strip()[:80]!r}"
