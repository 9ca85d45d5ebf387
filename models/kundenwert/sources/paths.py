"""Paths of files: whether they can be read, how the engine takes them, their hash."""

from __future__ import annotations

import difflib
import re
import zipfile
from pathlib import Path
from typing import Literal, TypeGuard

from kundenwert.errors import SchemaError
from kundenwert.messages import Code

TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
PARQUET_SUFFIXES = (".parquet", ".pq")
JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")
WORKBOOK_SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
DATABASE_SUFFIXES = (".sqlite", ".sqlite3", ".db", ".duckdb", ".ddb")
ADDRESSES = ("postgresql://", "postgres://")
PACKED_SUFFIXES = (".gz", ".zst", ".bz2")

type Kind = Literal["text", "json", "parquet", "workbook", "sqlite", "duckdb"]

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_MEMBERS = ("xl/workbook.xml", "xl/workbook.bin", "content.xml")
"""Members by which a ZIP archive is an Excel or OpenDocument workbook."""


def check_file(path: Path) -> None:
    """Refuse a path that is no file, or an empty one."""
    if path.is_dir():
        files = sorted(p.name for p in path.iterdir() if p.suffix.lower() in PARQUET_SUFFIXES)
        meant = (
            f", such as {files[0]!r}, or all of them with a pattern such as *{Path(files[0]).suffix}" if files else ""
        )
        raise SchemaError(Code.FOLDER, source=path.name, meant=meant)
    if not path.exists():
        siblings = [p.name for p in path.parent.iterdir() if p.is_file()] if path.parent.is_dir() else []
        close = difflib.get_close_matches(path.name, siblings, n=1)
        raise SchemaError(f"there is no file {path.name!r}" + (f"; did you mean {close[0]!r}?" if close else ""))
    if path.stat().st_size == 0:
        raise SchemaError(f"{path.name!r} is empty (0 bytes)")


def kind_of(path: Path) -> Kind:
    """Return what a file is: by its first bytes, and by the end of its name where these are text.

    Raises
    ------
    SchemaError
        If it is of no kind that can be read, or not of the kind that its name says.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "log.csv"
    ...     written = file.write_bytes(b"SQLite format 3\\0" + bytes(84))
    ...     kind_of(file)
    'sqlite'
    """
    with path.open("rb") as file:
        head = file.read(64)
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = suffixes[-1:] and suffixes[-1] in PACKED_SUFFIXES
    suffix = suffixes[-2:-1] if packed else suffixes[-1:] or [""]
    known = _by_content(path, head)
    if known is not None:
        return known
    return _by_name(path, head, suffix[0] if suffix else "")


def _by_content(path: Path, head: bytes) -> Kind | None:
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"SQLite format 3\0"):
        return "sqlite"
    if head[8:12] == b"DUCK":
        return "duckdb"
    if head.startswith(_OLE) or (head.startswith(_ZIP) and _is_workbook(path)):
        return "workbook"
    return None


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return not set(_MEMBERS).isdisjoint(archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False


def _by_name(path: Path, head: bytes, suffix: str) -> Kind:
    """Return the kind of a file whose first bytes are no other program's."""
    bare = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    page = bare[:14].lower().startswith((b"<!doctype html", b"<html", b"<table", b"<?xml"))
    if suffix in WORKBOOK_SUFFIXES and page:
        advice = "open it in the program it is for and save it as .xlsx or CSV"
        raise SchemaError(Code.WRONG_CONTENT, source=path.name, kind="a web page or XML", advice=advice)
    if suffix in PARQUET_SUFFIXES:
        return "parquet"
    if suffix in JSON_SUFFIXES or re.match(rb'\{\s*"|\[\s*\{', bare):
        return "json"
    if suffix in WORKBOOK_SUFFIXES:
        return "workbook" if head.startswith(_ZIP) or b"\0" in head else "text"
    if suffix in DATABASE_SUFFIXES:
        advice = "give the file of the database itself"
        raise SchemaError(Code.WRONG_CONTENT, source=path.name, kind="no SQLite or DuckDB file", advice=advice)
    if suffix not in TEXT_SUFFIXES:
        known = ", ".join(
            (
                *TEXT_SUFFIXES,
                *(f".csv{packed}" for packed in PACKED_SUFFIXES),
                *JSON_SUFFIXES,
                *WORKBOOK_SUFFIXES,
                *PARQUET_SUFFIXES,
                *DATABASE_SUFFIXES,
            )
        )
        raise SchemaError(
            f"{path.name!r} is of a type that cannot be read (known: {known}); save the table as CSV first"
        )
    return "text"


def is_address(source: object) -> TypeGuard[str]:
    """Whether a source is the address of a database.

    Examples
    --------
    >>> is_address("postgresql://me@localhost/shop"), is_address("shop.csv")
    (True, False)
    """
    return isinstance(source, str) and source.lower().startswith(ADDRESSES)


def pattern(path: Path) -> str:
    """Return a path as DuckDB takes it: without a relative part, its wildcards escaped."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path.resolve()))
