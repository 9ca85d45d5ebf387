"""What lines that are no rows may have been worth, and what else was seen of a file's lines."""

from __future__ import annotations

import ibis
import pyarrow as pa

from kundenwert.data.account import Note
from kundenwert.data.amounts import AMOUNT_TYPE, LARGEST_AMOUNT, read_amount
from kundenwert.data.roles import Roles
from kundenwert.messages import Code
from kundenwert.sources import Place, Source
from kundenwert.sources.lines import split_strictly
from kundenwert.sources.several import twins

_MOST_STRAYS = 10_000


def guess_money(opened: Source, roles: Roles, decimal: str | None) -> tuple[float | None, int]:
    """Guess the money of the lines that are no rows, where one cell alone can be the amount.

    With cells too many or too few the amount stands in its column counted from the left, from the right, or between.

    Parameters
    ----------
    opened : Source
        The source.
    roles : Roles
        Which column holds the amounts.
    decimal : str or None
        Decimal mark of the amounts.

    Returns
    -------
    tuple
        The sum of the guesses, None without one; and the number of lines of which the amount was guessed.
    """
    if "amount" not in roles.columns or not opened.rejected:
        return None, 0
    at, width = int(roles.columns["amount"][1:]), len(opened.names)
    where, texts = [], []
    for i, bad in enumerate(opened.rejected):
        split = split_strictly(bad.text, opened.info.delimiter or ",")
        cells = split if isinstance(split, list) else bad.text.split(opened.info.delimiter)
        extra = len(cells) - width
        last = len(cells) - (extra < 0)  # the last cell of a short line may be cut
        for place in range(max(0, at + min(extra, 0)), min(last, at + max(extra, 0) + 1)):
            where.append(i)
            texts.append(cells[place].strip().strip('"'))
    guessed = ibis.memtable(pa.table({"line": pa.array(where, pa.int64()), "text": pa.array(texts, pa.string())}))
    guessed = guessed.mutate(amount=read_amount(guessed.text, decimal or "."))
    guessed = guessed.filter(guessed.amount.abs() <= LARGEST_AMOUNT)
    each = guessed.group_by("line").agg(n=guessed.count(), amount=guessed.amount.max())
    each = each.filter(each.n == 1)
    found = each.agg(n=each.count(), money=each.amount.cast(AMOUNT_TYPE).sum().cast("float64"))
    row = opened.table.get_backend().to_pyarrow(found).to_pylist()[0]
    return row["money"], int(row["n"])


def mark_strays(typed: ibis.Table, opened: Source, roles: Roles) -> ibis.Table:
    """Exclude rows of a text file whose customer id holds a stray quotation mark.

    A mark within a cell is text by the rules of CSV. In an id it is taken for a stray one where the log knows the same
    id without it; in a file with lines torn by marks, also where it stands alone.
    """
    if opened.info.kind != "csv":
        return typed
    ids = typed[roles.columns["customer_id"]]
    if not ids.type().is_string():
        return typed
    quoted = (
        typed.filter(ids.contains('"')).select(id=ids).distinct().limit(_MOST_STRAYS).to_pyarrow()["id"].to_pylist()
    )
    bare = {text: text.replace('"', "").strip() for text in quoted}
    if not bare:
        return typed
    known = set(typed.filter(ids.isin(list(bare.values()))).select(id=ids).distinct().to_pyarrow()["id"].to_pylist())
    torn = any(line.text.count('"') % 2 for line in opened.rejected)
    stray = [text for text, clean in bare.items() if clean in known or (torn and text.count('"') % 2)]
    if not stray:
        return typed
    found = ibis.ifelse(ids.isin(stray), str(Code.STRAY_QUOTE), ibis.null("string"))
    return typed.mutate(fate=typed.fate.coalesce(found))


def mark_torn(typed: ibis.Table, opened: Source, roles: Roles) -> ibis.Table:
    """Exclude rows beside a line of one cell that is no row, where that line may be a part of a cell with a role.

    Such a line is the end of the last cell above it, or the beginning of the first cell below it.
    """
    served = set(roles.columns.values())
    torn = {row for row, column in opened.torn if column in served}
    if not torn:
        return typed
    found = ibis.ifelse(typed["row"].isin(sorted(torn)), str(Code.TORN_ROW), ibis.null("string"))
    return typed.mutate(fate=typed.fate.coalesce(found))


def notes_on_lines(opened: Source, guesses: tuple[float | None, int]) -> tuple[Note, ...]:
    """Note guesses of money, lines that were repaired, line breaks within cells, and files that are the same."""
    notes = [Note(Code.MONEY_GUESSED, guesses[1], money=guesses[0])] if guesses[1] else []
    if same := twins(opened.info):
        figures = {"first": same[0][0], "second": same[0][1]}
        notes.append(Note(Code.SAME_CONTENT, len(same), caution=True, figures=figures))
    if opened.repaired:
        first = tuple(line.place for line in opened.repaired[:3])
        notes.append(Note(Code.LINES_REPAIRED, len(opened.repaired), first))
    if opened.breaks:
        notes.append(Note(Code.LINE_BREAKS, opened.breaks, _first_breaks(opened)))
    return tuple(notes)


def _first_breaks(opened: Source) -> tuple[Place, ...]:
    table = opened.table
    cells = ibis.coalesce(
        *(ibis.ifelse(cell.contains("\n"), cell, ibis.null("string")) for cell in _cells(opened)), ibis.null("string")
    )
    broken = table.select("row", text=cells)
    first = broken.filter(broken.text.notnull()).order_by("row").limit(3).to_pyarrow().to_pylist()
    return tuple(Place(opened.place(row["row"]), repr(row["text"][:80])) for row in first)


def _cells(opened: Source) -> list[ibis.Value]:
    return [opened.table[f"c{i}"] for i in range(len(opened.names))]
