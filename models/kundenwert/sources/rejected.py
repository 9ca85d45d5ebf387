"""Refuse files of which too many lines are no rows, or rows whose telling cells hold line breaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kundenwert.errors import DomainError, SchemaError
from kundenwert.messages import Code, Setting, say
from kundenwert.settings import Reading
from kundenwert.sources.source import BadLine, Source
from kundenwert.sources.words import is_list_line

REJECTED_SHARE = 0.05
"""Share of lines that are no rows above which a file is refused."""


def check_lines(opened: Source, reading: Reading) -> None:
    """Refuse a file of which many lines, or any if so asked, do not have as many columns as the first.

    Lines of a printed list, such as page numbers, do not count.

    Raises
    ------
    SchemaError
        If these are more than `REJECTED_SHARE` of the lines.
    DomainError
        If there is one, and bad lines are to be refused.
    """
    bad = [line for line in opened.rejected if not is_list_line(line.text)]
    if not bad:
        return
    if reading.on_bad_lines == "refuse":
        raise DomainError(
            Code.BAD_LINES_REFUSED,
            parameter="on_bad_lines",
            exclude=Setting("on_bad_lines", "exclude"),
            split=_unsplit(opened, bad),
        )
    rows = int(opened.table.count().to_pyarrow().as_py())
    if len(bad) <= REJECTED_SHARE * (rows + len(bad)):
        return
    ends = sum(line.text.rstrip().endswith(opened.info.delimiter or ",") for line in bad)
    stray = sum("quotation mark" in line.why for line in bad)
    if reading.on_bad_lines == "exclude" and ends + stray > len(bad) / 2:
        raise SchemaError(
            Code.BAD_LINES_MENDABLE, repair=Setting("on_bad_lines", "repair"), split=_unsplit(opened, bad)
        )
    raise SchemaError(Code.BAD_LINES, split=_unsplit(opened, bad))


def _unsplit(opened: Source, bad: Sequence[BadLine]) -> str:
    return say(
        Code.LINES_UNSPLIT,
        {
            "count": len(bad),
            "source": opened.info.name,
            "columns": len(opened.names),
            "delimiter": opened.info.delimiter,
            "first": "; ".join(map(str, bad[:3])),
        },
    )


def check_breaks(opened: Source, columns: Mapping[str, str]) -> None:
    """Refuse a line break within a cell that says who bought, when, or for how much.

    Parameters
    ----------
    opened : Source
        The source.
    columns : mapping
        The column's internal name of each role.

    Raises
    ------
    SchemaError
        If there is one.
    """
    if not opened.breaks:
        return
    table = opened.table
    for role, column in columns.items():
        found = table.filter(table[column].contains("\n")).agg(n=lambda t: t.count(), row=lambda t: t["row"].min())
        broken = found.to_pyarrow().to_pylist()[0]
        if broken["n"]:
            raise SchemaError(
                Code.BROKEN_CELL,
                parameter=role,
                count=int(broken["n"]),
                source=opened.info.name,
                column=opened.names[int(column[1:])],
                place=opened.place(broken["row"]),
            )
