"""Which table of a database, or sheet of a workbook, is read."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from kundenwert.errors import SchemaError
from kundenwert.messages import Code, Setting

SHOWN = 20


def choose(tables: Sequence[str], asked: str | None, *, source: str, kind: str, others: Sequence[str] = ()) -> str:
    """Return the table that was asked for, or the only one.

    Parameters
    ----------
    tables : sequence of str
        Names of those that may be chosen without being asked for.
    asked : str, optional
        Name of the one to read.
    source : str
        Name of the source, for messages.
    kind : str
        What one is called: "table" or "sheet".
    others : sequence of str
        Names of those that are read only where they are asked for, such as hidden sheets.

    Returns
    -------
    str

    Raises
    ------
    SchemaError
        If there is none of that name, or more than one and none was asked for.

    Examples
    --------
    >>> choose(["orders"], None, source="shop.db", kind="table"), choose(["a", "b"], "b", source="s", kind="table")
    ('orders', 'b')
    """
    known = [*tables, *others]
    listed = ", ".join(map(repr, known[:SHOWN])) + (", ..." if len(known) > SHOWN else "")
    if asked is None:
        if len(tables) == 1:
            return tables[0]
        if not tables:
            raise SchemaError(Code.NO_TABLES, source=source, kind=kind)
        hint = Setting("table", tables[0])
        count = f"{len(tables):,} {kind}s"
        raise SchemaError(Code.WHICH_TABLE, parameter="table", source=source, count=count, tables=listed, hint=hint)
    if asked in known:
        return asked
    folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(asked.casefold(), folded, n=1)
    meant = f" (did you mean {folded[close[0]]!r}?)" if close else ""
    if not known:
        raise SchemaError(Code.NO_TABLES, source=source, kind=kind)
    raise SchemaError(
        Code.NO_SUCH_TABLE, parameter="table", source=source, kind=kind, name=asked, meant=meant, tables=listed
    )
