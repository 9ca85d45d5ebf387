"""Text files: encoding, delimiter, line of column names, rows, and the lines that are no rows."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb
import ibis

from kundenwert.errors import SchemaError
from kundenwert.messages import several
from kundenwert.settings import Reading
from kundenwert.sources.engine import first_line, quiet, store
from kundenwert.sources.paths import pattern, sha256
from kundenwert.sources.source import Place, Source, SourceInfo

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
    if re.match(r'"?(EXTF|DTVF)"?;', lines[skip]):  # DATEV's header; the column names stand in the next line
        skip = skip + 1 if len(lines) > skip + 1 else skip
        delimiter = ";"
    elif stated.startswith("sep=") and len(stated) == 5:  # Excel's way to state the delimiter
        delimiter, skip = stated[4], skip + 1
    else:
        delimiter = max(DELIMITERS, key=lambda sign: len(_split(lines[skip], sign)))
    if skip >= len(lines):
        raise SchemaError(f"{path.name!r} has no line of column names")
    names = tuple(name.strip() for name in _split(lines[skip], delimiter))
    return _Header(names, delimiter, skip, single=len(names) == 1, head=tuple(lines))


def open_text(path: Path, reading: Reading) -> Source:
    """Open a text file."""
    text = _inspect(path)
    header = _read_header(path, text.encoding, reading.skip_lines)
    info = SourceInfo(path.name, "csv", sha256(path), text.encoding.removesuffix("-sig"), header.delimiter)
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
        with quiet():
            rows = backend.read_csv(
                pattern(path),
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
        raise SchemaError(f"{info.name!r} cannot be read as CSV: {first_line(error)}") from error
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
            f"{opened.info.delimiter!r}: {'; '.join(map(str, opened.rejected[:3]))}. "
            "If amounts have decimal commas, export with semicolons between the columns or with amounts in quotes"
        )


def _rejection(line: int, kind: str, content: str | None, columns: int) -> Place:
    kinds = {"TOO MANY COLUMNS": f"more than {columns} columns", "MISSING COLUMNS": f"fewer than {columns} columns"}
    words = kinds.get(kind, kind.lower().replace("_", " "))
    return Place(f"line {line}", f"{words}: {(content or '').strip()[:80]!r}")
