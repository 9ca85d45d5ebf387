"""Rows equal to an earlier one in all columns of the source, found without ordering all rows."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import ibis
import pyarrow as pa

from kundenwert.data.account import Note
from kundenwert.messages import Code, Setting
from kundenwert.settings import Reading
from kundenwert.sources import Place, Source

FEWEST = 3
"""Rows that stand in two files from which on files may overlap; fewer may be chance."""

MOST_LISTED = 1_000_000
"""Repetitions that are listed by their rows; where more are equal, all rows are compared within the query."""


def mark_duplicates(
    typed: ibis.Table, width: int, *, materialised: bool, starts: Sequence[int] = ()
) -> tuple[ibis.Table, tuple[int, ...]]:
    """Add `duplicate`: whether a row is equal to an earlier one in all columns of the source.

    Most logs have few such rows: hashes are counted first, and only rows whose hash stands more than once are compared.

    Parameters
    ----------
    typed : ibis.Table
        Rows with the source's columns `c0, c1, ...` and `row`.
    width : int
        Number of these columns.
    materialised : bool
        Whether the source's rows lie in a database of their own, so that `row` always means the same row.
    starts : sequence of int
        First rows of its files, where there are several.

    Returns
    -------
    tuple
        The rows with `duplicate`; and those that are equal to a row of another file.
    """
    names = [f"c{i}" for i in range(width)]
    if not materialised:
        return typed.mutate(duplicate=_earlier(typed, names)), ()
    cells = typed.select("row", *names)
    hashed = cells.mutate(hash=ibis.struct({name: cells[name] for name in names}).hash())
    counts = hashed.group_by("hash").agg(n=hashed.count())
    doubled = counts.filter(counts.n > 1)
    alike = hashed.semi_join(doubled, "hash")
    before = alike["row"].min().over(group_by=[alike[name] for name in names])
    compared = alike.mutate(duplicate=_earlier(alike, names), before=before)
    again = compared.filter(compared.duplicate).select("row", "before").limit(MOST_LISTED + 1).to_pyarrow()
    rows = again["row"]
    if len(rows) > MOST_LISTED:
        return typed.mutate(duplicate=_earlier(typed, names)), ()
    if not len(rows):
        return typed.mutate(duplicate=ibis.literal(False)), ()
    elsewhere = _of_other_files(again, sorted(starts)) if len(starts) > 1 else ()
    joined = typed.left_join(ibis.memtable(pa.table({"again": rows})), [("row", "again")])
    return joined.mutate(duplicate=joined.again.notnull()).drop("again"), elsewhere


def _of_other_files(again: pa.Table, starts: Sequence[int]) -> tuple[int, ...]:
    """Rows whose equal lies in another file."""
    pairs = zip(again["row"].to_pylist(), again["before"].to_pylist(), strict=True)
    return tuple(sorted(row for row, first in pairs if bisect_right(starts, row) != bisect_right(starts, first)))


def _earlier(rows: ibis.Table, names: list[str]) -> ibis.Value:
    return ibis.row_number().over(group_by=[rows[name] for name in names], order_by=rows["row"]) > 0


def overlapping(rows: Sequence[int], opened: Source, reading: Reading) -> tuple[Note, ...]:
    """Caution against rows of one file that stand in another one too, and count."""
    if len(rows) < FEWEST or reading.duplicates == "drop":
        return ()
    first = tuple(Place(opened.place(row), "a row of another file") for row in rows[:3])
    figures = {"hint": Setting("duplicates", "drop")}
    return (Note(Code.OVERLAP_KEPT, len(rows), first, caution=True, figures=figures),)
