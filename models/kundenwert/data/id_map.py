"""Ids to be replaced by others, so that a customer who has two is one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from kundenwert.data.typed import as_text
from kundenwert.errors import DomainError, SchemaError
from kundenwert.messages import Code
from kundenwert.settings import Reading
from kundenwert.sources import open_source


class Pair(NamedTuple):
    """An id, and the one that takes its place."""

    old: str
    new: str


def read_id_map(given: str | Path | Mapping[str, str]) -> list[Pair]:
    """Read which ids are replaced by which.

    Parameters
    ----------
    given : str, Path or mapping
        From old to new, or a table with columns `old` and `new`, in any notation of CSV.

    Returns
    -------
    list of Pair
        As they stand, without blanks at their ends; lines of which a half is missing are left out.

    Raises
    ------
    SchemaError
        If the file has no such columns.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "ids.csv"
    ...     _ = file.write_text("Old;New\\n007;7\\n", encoding="utf-8")
    ...     read_id_map(file)
    [Pair(old='007', new='7')]
    """
    if isinstance(given, Mapping):
        return [Pair(str(old).strip(), str(new).strip()) for old, new in given.items()]
    opened = open_source(given, Reading())
    names = [name.strip().casefold() for name in opened.names]
    if absent := [name for name in Pair._fields if names.count(name) != 1]:
        raise SchemaError(
            Code.ID_MAP_COLUMNS,
            parameter="id_map",
            file=opened.info.name,
            absent=" and ".join(map(repr, absent)),
            names=", ".join(map(repr, opened.names)),
        )
    old, new = (as_text(opened.table[f"c{names.index(name)}"]) for name in Pair._fields)
    rows = opened.table.select(old=old, new=new, row="row").order_by("row").to_pyarrow().to_pylist()
    return [Pair(row["old"], row["new"]) for row in rows if row["old"] and row["new"]]


def resolved(pairs: list[Pair]) -> dict[str, str]:
    """Follow every id to the end of its chain.

    Parameters
    ----------
    pairs : list of Pair
        Ids as the log has them.

    Returns
    -------
    dict
        The last id of each chain, by the old id.

    Raises
    ------
    DomainError
        If an id has two successors, or a chain comes back to where it began.

    Examples
    --------
    >>> resolved([Pair("a", "b"), Pair("b", "c"), Pair("d", "d")])
    {'a': 'c', 'b': 'c'}
    """
    follows: dict[str, str] = {}
    for old, new in pairs:
        if follows.setdefault(old, new) != new:
            raise DomainError(Code.ID_MAP_TWO, parameter="id_map", old=old, first=follows[old], second=new)
    follows = {old: new for old, new in follows.items() if old != new}
    ends: dict[str, str] = {}
    for start in follows:
        chain = [start]
        while chain[-1] in follows and chain[-1] not in ends:
            after = follows[chain[-1]]
            if after in chain:
                raise DomainError(Code.ID_MAP_CYCLE, parameter="id_map", chain=" → ".join([*chain, after]))
            chain.append(after)
        last = ends.get(chain[-1], chain[-1])
        ends |= {old: last for old in chain if old in follows}
    return ends
