"""Text files: every line has a fate, by a law that is checked on every file.

The engine reads a file whose lines are rows, one each, in one go; whether they are is judged by counts that were made
apart from it: of lines, and of the signs between columns. Otherwise each line is judged by itself, what is no row is
told with its number, and the rest must keep the same law, or the file is refused.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import reduce
from operator import add, or_
from pathlib import Path

import duckdb
import ibis

from kundenwert.errors import SchemaError
from kundenwert.files.hashes import sha256
from kundenwert.messages import Code
from kundenwert.settings import Reading
from kundenwert.sources.encoding import Text, copy_plain, inspect_text
from kundenwert.sources.engine import connect, numbered, quiet
from kundenwert.sources.header import DELIMITERS, Header, read_header
from kundenwert.sources.lines import Judge, Judged, split_strictly
from kundenwert.sources.paths import pattern
from kundenwert.sources.rejected import REJECTED_SHARE
from kundenwert.sources.source import LineNumbers, Source, SourceInfo

_PROBED = 1000
_FEWEST_KEPT = 1000


def open_text(path: Path, reading: Reading, *, name: str | None = None) -> Source:
    """Open a text file.

    Parameters
    ----------
    path : Path
        The file.
    reading : Reading
        How it is read.
    name : str, optional
        The name to show, where the path is that of a copy.

    Returns
    -------
    Source
        All cells as text.

    Raises
    ------
    SchemaError
        If it is no text, has no column names, or its lines cannot all be accounted for.
    """
    name = name or path.name
    text = inspect_text(path, name, DELIMITERS)
    header = read_header(path, name, text.encoding, reading.skip_lines)
    header = _widened(path, text, header)
    info = SourceInfo(name, "csv", sha256(path), text.encoding.removesuffix("-sig"), header.delimiter)
    with tempfile.TemporaryDirectory(prefix="kundenwert-") as folder:
        plain = path
        if not text.plain:
            plain = Path(folder) / "plain.csv"
            copy_plain(path, text.encoding, plain)
        table = _read_at_once(plain, header, text)
        if table is not None:
            parts = {0: LineNumbers([0], [header.above + 1])}
            return Source(table, header.names, info, parts=parts, head=header.head, header=header.skip)
        return _read_judged(plain, Path(folder) / "rows.csv", header, text, info, reading)


def _widened(path: Path, text: Text, header: Header) -> Header:
    """Give a name to a last column without one: of separators at the end of every line but that of the names."""
    with path.open("r", encoding=text.encoding) as file:
        for _ in range(header.above):
            file.readline()
        lines = [line.rstrip("\n") for _, line in zip(range(_PROBED), file, strict=False)]
    rows = [split_strictly(line, header.delimiter) for line in lines if line.strip()]
    width = len(header.names) + 1
    if rows and all(isinstance(row, list) and len(row) == width and not row[-1].strip() for row in rows):
        return replace(header, names=(*header.names, ""))
    return header


def _read_csv(
    path: Path, header: Header, skip: int, backend: ibis.BaseBackend | None = None
) -> tuple[ibis.Table, int] | None:
    """Read a file of one row per line or of well-quoted rows; None where the engine finds a fault in it."""
    backend = connect() if backend is None else backend
    try:
        with quiet():
            rows = backend.read_csv(
                pattern(path),
                columns={f"c{i}": "VARCHAR" for i in range(len(header.names))},
                auto_detect=False,
                delim=header.delimiter,
                quote='"',
                escape='"',
                header=False,
                skip=skip,
            )
        table = numbered(backend, "source", rows)
    except duckdb.Error:
        return None
    return table, int(table.count().to_pyarrow().as_py())


def _inside(table: ibis.Table, sign: str) -> int:
    """Count a sign within the cells of a table."""
    cells = [table[name] for name in table.columns if name != "row"]
    holding = table.filter(reduce(or_, [cell.contains(sign).fill_null(False) for cell in cells]))
    counts = [(cell.length() - cell.replace(sign, "").length()).fill_null(0) for cell in cells]
    return int(holding.agg(n=reduce(add, counts).sum()).to_pyarrow()["n"][0].as_py() or 0)


def _read_at_once(path: Path, header: Header, text: Text) -> ibis.Table | None:
    """Read a file of which each line is a row; None where lines or separators do not add up to that."""
    read = _read_csv(path, header, header.above)
    if read is None:
        return None
    table, rows = read
    if header.above + rows != text.lines:
        return None
    above = sum(line.count(header.delimiter) for line in header.head[: header.above])
    separators = text.separators.get(header.delimiter)
    if separators is None:  # a sign that was stated and not counted: every line is judged
        return None
    within = separators - above - (len(header.names) - 1) * rows
    if text.quotes == sum(line.count('"') for line in header.head[: header.above]):
        return table if within == 0 else None
    return table if _inside(table, "\n") == 0 and _inside(table, header.delimiter) == within else None


def _read_judged(path: Path, good: Path, header: Header, text: Text, info: SourceInfo, reading: Reading) -> Source:
    """Judge each line of a file, and read those that are rows."""
    below = text.lines - header.above
    most = max(_FEWEST_KEPT, int(2 * REJECTED_SHARE * below))
    judge = Judge(
        header.delimiter, len(header.names), header.above + 1, repair=reading.on_bad_lines == "repair", most=most
    )
    with path.open("r", encoding="utf-8-sig", newline="") as old, good.open("w", encoding="utf-8", newline="\n") as new:
        for _ in range(header.above):
            old.readline()
        judged = judge.judge(old, new)
    read = _read_csv(good, header, 0)
    _check_law(info.name, header, text, judged, read)
    table = read[0] if read else ibis.memtable({})
    return Source(
        table,
        header.names,
        info,
        rejected=tuple(judged.rejected),
        repaired=tuple(judged.repaired),
        breaks=judged.breaks,
        torn=_torn(judged, len(header.names)),
        parts={0: judged.numbers},
        head=header.head,
        header=header.skip,
    )


def _torn(judged: Judged, width: int) -> tuple[tuple[int, str], ...]:
    """Cells of which a line of one cell may be a part: the last one above it, and the first one below."""
    above = [(row - 1, f"c{width - 1}") for row in judged.fragments if row]
    return (*above, *((row, "c0") for row in judged.fragments))


def _check_law(name: str, header: Header, text: Text, judged: Judged, read: tuple[ibis.Table, int] | None) -> None:
    """Refuse a file unless each of its lines is above the rows, blank, bad, or part of a row that the engine read."""
    rows = read[1] if read else -1
    breaks = _inside(read[0], "\n") if read and judged.breaks else 0
    if header.above + judged.blank + judged.bad + rows + breaks != text.lines or rows != judged.rows:
        raise SchemaError(
            Code.LINES_LOST,
            source=name,
            lines=text.lines,
            above=header.above,
            blank=judged.blank,
            bad=judged.bad,
            rows=max(rows, 0),
            within=breaks,
        )
