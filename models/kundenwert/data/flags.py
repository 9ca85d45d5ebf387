"""Columns whose name says that a row is no purchase, such as Storniert or cancelled_at, where a cell says yes."""

from __future__ import annotations

import re
from collections.abc import Collection

import ibis

from kundenwert.data.account import Note
from kundenwert.data.role_names import plain
from kundenwert.data.typed import as_text
from kundenwert.messages import Code, Setting
from kundenwert.sources import Source

_NAME = re.compile(
    r"storn|annull|cancel+ed|cancel+ation|iscancel|oxstorno|voided|isvoid|deleted|geloescht|refunded|erstattet"
    r"|widerrufen|chargeback|fraud|betrug|reversed|rejected|abgelehnt|testorder|testbestellung|testkauf|istest"
    r"|^(?:test|void|cancel|deletion)$"
)
YES = ("1", "1.0", "ja", "j", "yes", "y", "true", "t", "wahr", "w", "x", "oui", "si", "sí")
"""Cells, in small letters, by which a column says yes."""

_DAY = r"^\d{1,4}[-./]\d{1,2}[-./]\d{1,4}([ T].*)?$"
_NO_DAY = r"^[-0][-0.:/ ]*$"
MOST = 0.5
"""Share of the rows up to which such a column speaks of exceptions."""


def flagged(rows: ibis.Table, opened: Source, cared: Collection[str]) -> list[Note]:
    """Caution against rows that count though a column says that they were cancelled, tested or refunded.

    Parameters
    ----------
    rows : ibis.Table
        Rows with the source's columns, `amount` and `fate`.
    opened : Source
        The source.
    cared : collection of str
        Columns that have a role, or that conditions speak of.
    """
    notes = []
    for i, name in enumerate(opened.names):
        if name in cared or opened.names.count(name) > 1 or not _NAME.search(plain(name)):
            continue
        text = as_text(rows[f"c{i}"]).lower()
        dated = text.re_search(_DAY) & ~text.re_search(_NO_DAY)
        yes = (text.isin(YES) | dated).fill_null(False)
        some = rows.fate.isnull() & (rows.amount > 0)
        found = rows.agg(
            n=(some & yes).sum(), of=some.sum(), money=rows.amount.sum(where=some & yes),
            day=(some & dated).any(), example=as_text(rows[f"c{i}"]).min(where=some & yes),
        ).to_pyarrow().to_pylist()[0]  # fmt: skip
        if not found["n"] or found["n"] > MOST * found["of"]:
            continue
        money = float(found["money"])
        column = name if re.fullmatch(r"\w+", name) else f'"{name}"'
        condition = f"{column} is empty" if found["day"] else f"{column} != {found['example']}"
        figures = {"column": name, "money": money, "example": found["example"], "hint": Setting("where", [condition])}
        notes.append(Note(Code.FLAG_SEEN, int(found["n"]), caution=True, money=money, figures=figures))
    return notes
