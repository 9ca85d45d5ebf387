"""Rows equal to an earlier one in all columns of the source, found without ordering all rows."""

from __future__ import annotations

import ibis
import pyarrow as pa

MOST_LISTED = 1_000_000
"""Repetitions that are listed by their rows; where more are equal, all rows are compared within the query."""


def mark_duplicates(typed: ibis.Table, width: int, *, materialised: bool) -> ibis.Table:
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

    Returns
    -------
    ibis.Table
        The rows with `duplicate`.
    """
    names = [f"c{i}" for i in range(width)]
    if not materialised:
        return typed.mutate(duplicate=_earlier(typed, names))
    cells = typed.select("row", *names)
    hashed = cells.mutate(hash=ibis.struct({name: cells[name] for name in names}).hash())
    counts = hashed.group_by("hash").agg(n=hashed.count())
    doubled = counts.filter(counts.n > 1)
    alike = hashed.semi_join(doubled, "hash")
    compared = alike.mutate(duplicate=_earlier(alike, names))
    rows = compared.filter(compared.duplicate).select("row").limit(MOST_LISTED + 1).to_pyarrow()["row"]
    if len(rows) > MOST_LISTED:
        return typed.mutate(duplicate=_earlier(typed, names))
    if not len(rows):
        return typed.mutate(duplicate=ibis.literal(False))
    joined = typed.left_join(ibis.memtable(pa.table({"again": rows})), [("row", "again")])
    return joined.mutate(duplicate=joined.again.notnull()).drop("again")


def _earlier(rows: ibis.Table, names: list[str]) -> ibis.Value:
    return ibis.row_number().over(group_by=[rows[name] for name in names], order_by=rows["row"]) > 0
