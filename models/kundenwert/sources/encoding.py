"""How a text file is encoded, how many lines it has, and a copy of it that the engine can read as it stands."""

from __future__ import annotations

import codecs
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from kundenwert.errors import SchemaError

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SIGNATURES = (
    (b"PK\x03\x04", "a ZIP archive or an Excel or OpenDocument workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"\x1f\x8b", "a gzip archive (call it .csv.gz)"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive (call it .csv.zst)"),
    (b"%PDF", "a PDF document"),
    (b"PAR1", "a Parquet file (rename it to .parquet)"),
)
_CHUNK = 1 << 20
_OF_WINDOWS = re.compile(rb"[\xc4\xd6\xdc\xdf\xe4\xf6\xfc]")
"""ÄÖÜßäöü as Windows writes them."""
_OF_DOS = re.compile(rb"[A-Za-z][\x81\x84\x94]|[\x8e\x99\x9a][a-z]|[a-z]\xe1[a-z]")
"""äöü, ÄÖÜ and ß among letters, as DOS writes them; to Windows these are quotation marks, Ž™š and á."""


@dataclass(frozen=True)
class Text:
    """What was counted in a text file, apart from any reader of rows.

    Parameters
    ----------
    encoding : str
        As Python calls it.
    lines : int
        Physical lines; the last one counts whether or not it is ended.
    quotes : int
        Quotation marks.
    separators : mapping
        How often each possible separator occurs.
    plain : bool
        Whether its bytes can be read as they stand: UTF-8, and one kind of line end.
    """

    encoding: str
    lines: int
    quotes: int
    separators: dict[str, int]
    plain: bool


def inspect_text(path: Path, name: str, signs: str) -> Text:
    """Find a text file's encoding, and count its lines, its quotation marks and some signs.

    Raises
    ------
    SchemaError
        If it is no text.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    kind = next((kind for mark, kind in _SIGNATURES if head.startswith(mark)), None)
    if kind:
        raise SchemaError(f"{name!r} is {kind}, not a text file; save the table as CSV and read that")
    marked = next((encoding for mark, encoding in _BYTE_ORDER_MARKS if head.startswith(mark)), None)
    for encoding in [marked] if marked else ["utf-8", "cp850", "cp1252", "latin-1"]:
        if encoding == "cp850" and not _seems_dos(path):
            continue
        try:
            return _counted(path, name, encoding, signs)
        except UnicodeDecodeError:
            continue
    raise SchemaError(f"{name!r} is not a text file in {marked}; save the table as CSV in UTF-8")


def _seems_dos(path: Path) -> bool:
    """Whether more umlauts are written as DOS writes them than as Windows does."""
    windows = dos = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            windows += len(_OF_WINDOWS.findall(chunk))
            dos += len(_OF_DOS.findall(chunk))
    return dos > windows


def _counted(path: Path, name: str, encoding: str, signs: str) -> Text:
    windows = feeds = returns = quotes = 0
    separators = dict.fromkeys(signs, 0)
    ended = cut = False
    with path.open("r", encoding=encoding, newline="") as file:
        while chunk := file.read(_CHUNK):
            if "\0" in chunk:
                raise SchemaError(f"{name!r} holds binary data, not text; save the table as CSV and read that")
            windows += chunk.count("\r\n") + (cut and chunk.startswith("\n"))  # a line end may be cut in two
            feeds += chunk.count("\n")
            returns += chunk.count("\r")
            quotes += chunk.count('"')
            for sign in signs:
                separators[sign] += chunk.count(sign)
            ended, cut = chunk.endswith(("\n", "\r")), chunk.endswith("\r")
    lines = feeds + returns - windows + (not ended)
    kinds = (windows > 0) + (feeds > windows) + (returns > windows)
    plain = encoding.startswith("utf-8") and kinds <= 1 and returns == windows
    return Text(encoding, lines, quotes, separators, plain)


def copy_plain(path: Path, encoding: str, copy: Path) -> None:
    """Copy a text file as UTF-8 with one kind of line end."""
    with path.open("r", encoding=encoding) as old, copy.open("w", encoding="utf-8", newline="\n") as new:
        shutil.copyfileobj(old, new, _CHUNK)
