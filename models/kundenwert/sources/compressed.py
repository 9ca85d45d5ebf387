"""Compressed text files: unpacked into a copy, and read like the plain file."""

from __future__ import annotations

import gzip
import io
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from kundenwert.errors import SchemaError
from kundenwert.files.hashes import sha256
from kundenwert.messages import Code
from kundenwert.settings import Reading
from kundenwert.sources.source import Source
from kundenwert.sources.text import open_text

COMPRESSED = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}
"""Suffixes of compressed files, and what they are compressed with."""


def unpacked(path: Path) -> BinaryIO:
    """Open the bytes of a file, unpacked where its suffix says that it is compressed."""
    suffix = path.suffix.lower()
    if suffix == ".gz":
        return gzip.open(path)  # type: ignore[return-value]
    if suffix in COMPRESSED:
        return io.BufferedReader(pa.input_stream(str(path), compression=COMPRESSED[suffix]))
    return path.open("rb")


def open_compressed(path: Path, reading: Reading, *, name: str | None = None) -> Source:
    """Open a compressed text file.

    Parameters
    ----------
    path : Path
        The file, such as `sales.csv.gz`.
    reading : Reading
        How it is read.
    name : str, optional
        The name to show, where the path is that of a copy.

    Returns
    -------
    Source
        As of the plain file; its hash is that of the compressed one.

    Raises
    ------
    SchemaError
        If it is damaged, or cut short.
    """
    name = name or path.name
    with tempfile.TemporaryDirectory(prefix="kundenwert-") as folder:
        copy = Path(folder) / "unpacked.csv"
        try:
            with (
                pa.OSFile(str(path), "rb") as packed,
                pa.CompressedInputStream(packed, COMPRESSED[path.suffix.lower()]) as stream,
                copy.open("wb") as plain,
            ):
                shutil.copyfileobj(stream, plain, 1 << 20)
        except (OSError, pa.ArrowInvalid) as error:
            raise SchemaError(Code.ARCHIVE_DAMAGED, source=name) from error
        if copy.stat().st_size == 0:
            raise SchemaError(Code.ARCHIVE_EMPTY, source=name)
        opened = open_text(copy, reading, name=name)
    return replace(opened, info=replace(opened.info, sha256=sha256(path)))
