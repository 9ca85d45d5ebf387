"""Paths of files: whether they can be read, how the engine takes them, their hash."""

from __future__ import annotations

import difflib
import hashlib
from pathlib import Path

from kundenwert.errors import SchemaError

TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
PACKED_SUFFIXES = (".gz", ".zst", ".bz2")
PARQUET_SUFFIXES = (".parquet", ".pq")


def check_file(path: Path) -> None:
    """Refuse a path that is no file of a known type."""
    if path.is_dir():
        raise SchemaError(f"{path.name!r} is a directory; give the path of one CSV or Parquet file in it")
    if not path.exists():
        siblings = [p.name for p in path.parent.iterdir() if p.is_file()] if path.parent.is_dir() else []
        close = difflib.get_close_matches(path.name, siblings, n=1)
        raise SchemaError(f"there is no file {path.name!r}" + (f"; did you mean {close[0]!r}?" if close else ""))
    packed = path.suffix.lower() in PACKED_SUFFIXES and Path(path.stem).suffix.lower() in TEXT_SUFFIXES
    if not packed and path.suffix.lower() not in TEXT_SUFFIXES + PARQUET_SUFFIXES:
        known = ", ".join((*TEXT_SUFFIXES, *(f".csv{suffix}" for suffix in PACKED_SUFFIXES), *PARQUET_SUFFIXES))
        raise SchemaError(
            f"{path.name!r} is of a type that cannot be read (known: {known}); save the table as CSV first"
        )
    if path.stat().st_size == 0:
        raise SchemaError(f"{path.name!r} is empty (0 bytes)")


def pattern(path: Path) -> str:
    """Return a path as DuckDB takes it: without a relative part, its wildcards escaped."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path.resolve()))


def sha256(path: Path) -> str:
    """Return the hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
