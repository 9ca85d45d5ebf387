"""Several files as one source: the same columns in each, and each row with its file."""

from __future__ import annotations

import glob
import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import ibis

from kundenwert.errors import SchemaError
from kundenwert.files.hashes import sha256
from kundenwert.messages import Code
from kundenwert.settings import Reading
from kundenwert.sources.engine import stored
from kundenwert.sources.source import LineNumbers, Source, SourceInfo

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

_SHOWN = 3
_LARGEST_EXACT = 2**53


def is_pattern(path: Path) -> bool:
    """Whether a path is a pattern of several files, such as `exports/2024-*.csv`, and no file of that name."""
    return any(sign in str(path) for sign in "*?[") and not path.exists()


def matching(path: Path) -> list[Path]:
    """Return the files that a pattern names, in the order of their names.

    Raises
    ------
    SchemaError
        If there is none.
    """
    found = sorted(Path(name) for name in glob.glob(str(path), recursive=True))  # noqa: PTH207
    files = [file for file in found if file.is_file()]
    if not files:
        raise SchemaError(Code.NO_MATCH, pattern=path.name)
    return files


def open_several(paths: Sequence[Path], reading: Reading, open_one: Callable[[Path, Reading], Source]) -> Source:
    """Open several files as one source; each row knows its file and line.

    Parameters
    ----------
    paths : sequence of Path
        The files.
    reading : Reading
        How each is read.
    open_one : callable
        Opens one of them.

    Returns
    -------
    Source
        The rows of all, in the order of the files.

    Raises
    ------
    SchemaError
        If there is none, one is given twice, or their columns differ.
    """
    if not paths:
        raise SchemaError(Code.NO_FILES)
    doubled = [path for path, count in Counter(path.resolve() for path in paths).items() if count > 1]
    if doubled:
        raise SchemaError(Code.SAME_FILE_TWICE, file=doubled[0].name)
    if len(paths) == 1:
        return open_one(paths[0], reading)
    shown = _names(paths)
    first = _of(open_one(paths[0], reading), shown[0])
    parts = [first]
    rows = _count(first)
    for path, name in zip(paths[1:], shown[1:], strict=True):
        part = _of(open_one(path, reading), name)
        _check_names(first, part)
        order = _order(first, part)
        parts[0] = first = _append(first, part, order)
        parts.append(_moved(part, rows, order))
        rows += _count(part)
        part.table.get_backend().disconnect()
    return _joined(parts, paths, shown)


def _names(paths: Sequence[Path]) -> list[str]:
    """Name each file by its own name, or with its folder where two are called the same."""
    counts = Counter(path.name for path in paths)
    return [path.name if counts[path.name] == 1 else f"{path.resolve().parent.name}/{path.name}" for path in paths]


def _of(part: Source, name: str) -> Source:
    """Return a source whose places say its file."""
    parts = part.parts or {0: LineNumbers([0], [1], kind="row")}
    return replace(
        part,
        info=replace(part.info, name=name),
        rejected=tuple(replace(bad, file=name) for bad in part.rejected),
        repaired=tuple(replace(line, file=name) for line in part.repaired),
        parts={row: replace(numbers, file=name) for row, numbers in parts.items()},
    )


def _moved(part: Source, by: int, order: Sequence[str]) -> Source:
    """Count a part's rows, and name its columns, as the whole does."""
    own = {column: f"c{i}" for i, column in enumerate(order)}
    return replace(
        part,
        parts={row + by: numbers for row, numbers in part.parts.items()},
        torn=tuple((row + by, own[column]) for row, column in part.torn),
    )


def _count(part: Source) -> int:
    return int(part.table.count().to_pyarrow().as_py())


def _check_names(first: Source, part: Source) -> None:
    if sorted(first.names) == sorted(part.names):
        return
    missing = [name for name in first.names if name not in part.names]
    further = [name for name in part.names if name not in first.names]
    raise SchemaError(
        Code.COLUMNS_DIFFER,
        first=first.info.name,
        second=part.info.name,
        missing=", ".join(map(repr, missing)) or "none",
        further=", ".join(map(repr, further)) or "none",
    )


def _order(first: Source, part: Source) -> list[str]:
    """Return a part's columns in the order of the first's."""
    left = list(part.names)
    order = []
    for name in first.names:
        order.append(f"c{left.index(name)}")
        left[left.index(name)] = ""
    return order


def _append(first: Source, part: Source, order: Sequence[str]) -> Source:
    """Append the rows of a part; return the first with them."""
    backend = first.table.get_backend()
    columns = ", ".join(f"{_alike(first, part, f'c{i}', column)} AS c{i}" for i, column in enumerate(order))
    with tempfile.TemporaryDirectory(prefix="kundenwert-") as folder:
        file = f"{folder}/part.parquet".replace("'", "''")
        part.table.get_backend().raw_sql(
            f"COPY (SELECT {columns} FROM temp.source ORDER BY rowid) TO '{file}' (FORMAT parquet)"  # noqa: S608
        )
        backend.raw_sql(f"INSERT INTO temp.source SELECT * FROM read_parquet('{file}')")  # noqa: S608
    return replace(first, table=stored(backend, "source"))


def _alike(first: Source, part: Source, mine: str, column: str) -> str:
    """Write how a part's column is read in the type of the first's, which is widened where nothing is lost by that.

    Raises
    ------
    SchemaError
        If one holds numbers and the other texts, or days: to turn one into the other could bend values.
    """
    have, get = first.table[mine], part.table[column]
    if have.type() == get.type():
        return column
    backend: Backend = first.table.get_backend()
    kinds = [backend.compiler.type_mapper.to_string(cell.type()) for cell in (have, get)]
    if _is_empty(get) or _widens(get, have):
        return f"CAST({column} AS {kinds[0]})"
    if not _is_empty(have) and not _widens(have, get):
        raise SchemaError(
            Code.TYPES_DIFFER,
            column=first.names[int(mine[1:])],
            first=first.info.name,
            one=str(have.type()),
            second=part.info.name,
            other=str(get.type()),
        )
    backend.raw_sql(f"ALTER TABLE temp.source ALTER {mine} TYPE {kinds[1]}")
    return column


def _widens(cell: ibis.Value, to: ibis.Value) -> bool:
    """Whether every value of a column is the same in another's type."""
    if cell.type().is_date() and to.type().is_timestamp():
        return True
    if not cell.type().is_integer() or not to.type().is_floating():
        return False
    return not (cell.abs() > _LARGEST_EXACT).any().to_pyarrow().as_py()


def _is_empty(cell: ibis.Value) -> bool:
    return not cell.notnull().any().to_pyarrow().as_py()


def _joined(parts: Sequence[Source], paths: Sequence[Path], shown: Sequence[str]) -> Source:
    first = parts[0]
    hashes = {name: sha256(path) for name, path in zip(shown, paths, strict=True)}
    more = ", ..." if len(shown) > _SHOWN else ""
    info: SourceInfo = replace(
        first.info,
        name=f"{len(parts)} files ({', '.join(shown[:_SHOWN])}{more})",
        sha256=hashlib.sha256("".join(hashes.values()).encode()).hexdigest(),
        files=hashes,
    )
    return replace(
        first,
        info=info,
        rejected=tuple(bad for part in parts for bad in part.rejected),
        repaired=tuple(line for part in parts for line in part.repaired),
        breaks=sum(part.breaks for part in parts),
        torn=tuple(cell for part in parts for cell in part.torn),
        parts={row: numbers for part in parts for row, numbers in part.parts.items()},
    )


def twins(info: SourceInfo) -> list[tuple[str, str]]:
    """Return pairs of files of a source that hold the same bytes.

    Examples
    --------
    >>> twins(SourceInfo("2 files", "csv", files={"a.csv": "0f", "copy.csv": "0f", "b.csv": "1e"}))
    [('a.csv', 'copy.csv')]
    """
    by_hash: dict[str, list[str]] = {}
    for name, digest in info.files.items():
        by_hash.setdefault(digest, []).append(name)
    return [(same[0], other) for same in by_hash.values() for other in same[1:]]
