"""Columns that hold few different values: statuses, kinds of documents, currencies."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from kundenwert.data.typed import as_text
from kundenwert.sources import Source

MOST = 30
"""Different values that a column of few values may hold."""

_SAMPLE = 20_000


def few_valued(opened: Source, taken: Collection[str] = ()) -> dict[str, Mapping[str, int]]:
    """Return the columns of text that hold few different values, with the rows of each value.

    Columns with many are told by the first rows, so that a large source is not counted for them.

    Parameters
    ----------
    opened : Source
        The source.
    taken : collection of str
        Names of columns that are not asked about.
    """
    table = opened.table
    columns = {
        f"c{i}": name
        for i, name in enumerate(opened.names)
        if name not in taken and opened.names.count(name) == 1 and table[f"c{i}"].type().is_string()
    }
    if not columns:
        return {}
    head = table.limit(_SAMPLE)
    seen = head.agg(**{column: head[column].nunique() for column in columns}).to_pyarrow().to_pylist()[0]
    found: dict[str, Mapping[str, int]] = {}
    for column, name in columns.items():
        if not 0 < seen[column] <= MOST:
            continue
        texts = table.select(text=as_text(table[column]))
        texts = texts.filter(texts.text.notnull()).group_by("text").agg(n=lambda t: t.count())
        counts = texts.order_by(texts.n.desc(), texts.text).limit(MOST + 1).to_pyarrow().to_pylist()
        if 0 < len(counts) <= MOST:
            found[name] = {row["text"]: int(row["n"]) for row in counts}
    return found
