"""Ids that look like one customer in two spellings, or whose letters are garbled: told, never merged."""

from __future__ import annotations

import ibis

from kundenwert.data.account import Note
from kundenwert.messages import Code, Setting

_WIDE = "".join(map(chr, range(0xFF10, 0xFF1A)))
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2212"
_GROUPED = r"^(\d{1,3})[.,'](\d{3})(?:[.,'](\d{3}))?$"
_UNSEEN = r"[\p{Z}\p{Cf}\s'\"#=]"

GARBLED = (
    "[\u00c3\u00c2][\u0080-\u00bf\u20ac\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u017d"
    "\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u017e\u0178]"
    r"|\x{FFFD}|&(?:[a-zA-Z]{2,6}|#\d{2,5});"
)
"""Letters beyond ASCII that were read in a wrong encoding, that got lost, or that are written as on web pages."""


def spelling(ids: ibis.Value, *, fold: bool = True) -> ibis.Value:
    """Return an id without what people and programs write in several ways: blanks, dashes, quotes, thousands' marks.

    Parameters
    ----------
    ids : ibis.Value
        Ids.
    fold : bool
        Whether small and capital letters are the same.

    Examples
    --------
    >>> import pyarrow as pa
    >>> texts = ["Müller  GmbH", "'1001", "#1001", "1.001", "K-7", "k\u20117", "1.5", "0815"]
    >>> spelling(ibis.memtable(pa.table({"text": texts})).text).to_pyarrow().to_pylist()
    ['müllergmbh', '1001', '1001', '1001', 'k-7', 'k-7', '1.5', '0815']
    """
    plain = ids.translate(_WIDE + _DASHES, "0123456789" + "-" * len(_DASHES))
    plain = plain.re_replace(_UNSEEN, "").re_replace(_GROUPED, r"\1\2\3")
    return plain.lower() if fold else plain


def spellings(known: ibis.Table, *, fold: bool) -> list[Note]:
    """Note ids that may be one customer in several spellings, and ids with garbled letters.

    Parameters
    ----------
    known : ibis.Table
        Columns `customer_id` and `n`, its rows; each id once.
    fold : bool
        Whether ids that differ in small and capital letters may be one customer.
    """
    table = known.filter(known.customer_id.notnull())
    table = table.mutate(spelling=spelling(table.customer_id, fold=fold))
    odd = table.customer_id.re_search(GARBLED)
    counts = {
        "ids": table.count(),
        "spelt": table.spelling.nunique(),
        "odd": odd.sum(),
        "rows": table.n.sum(where=odd),
        "example": table.customer_id.min(where=odd),
    }
    row = table.agg(**counts).to_pyarrow().to_pylist()[0]
    notes = []
    if row["odd"]:
        figures = {"ids": int(row["odd"]), "example": row["example"]}
        notes.append(Note(Code.IDS_GARBLED, int(row["rows"]), caution=True, figures=figures))
    if row["spelt"] < row["ids"]:
        notes.append(_several_spellings(table))
    return notes


def _several_spellings(table: ibis.Table) -> Note:
    """Note which ids are one when nobody looks at blanks, signs and capital letters."""
    ids = table.customer_id
    groups = table.group_by("spelling").agg(ids=ids.count(), rows=table.n.sum(), first=ids.min(), last=ids.max())
    groups = groups.filter(groups.ids > 1)
    found = groups.agg(
        customers=groups.count(), ids=groups.ids.sum(), rows=groups.rows.sum(),
        first=groups["first"].argmax(groups.rows), last=groups["last"].argmax(groups.rows),
    ).to_pyarrow().to_pylist()[0]  # fmt: skip
    figures = {name: found[name] for name in ("customers", "ids", "first", "last")}
    figures |= {"hint": Setting("id_map"), "fold": Setting("id_case", "fold")}
    return Note(Code.IDS_ALIKE, int(found["rows"]), caution=True, figures=figures)
