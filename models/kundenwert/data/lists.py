"""Rows of printed lists that are no purchases: headings repeated, sums, sums carried over, page numbers.

Such rows have fates of their own: they are no bad data. A row that has a customer and a date like any other is taken
for a sum only if its amount is one: of the rows since the last sum, or since one before, or of one customer's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import reduce
from itertools import accumulate
from operator import add, or_
from typing import Any

import ibis
import pyarrow as pa

from kundenwert.data.amounts import AMOUNT_TYPE, LARGEST_AMOUNT
from kundenwert.data.roles import Roles
from kundenwert.messages import Code
from kundenwert.sources import Source
from kundenwert.sources.words import CARRIED_CELL, LIST_CELL, PAGE_CELL, PART_CELL, SUM_CELL

MOST_LOOKED_AT = 50_000
"""Rows with a word for sums that are looked at one by one; where more have one, it is the name of a product."""

_LOOKED_BACK = 500
_CARRIED, _PAGE, _PART, _SUM = map(re.compile, (CARRIED_CELL, PAGE_CELL, PART_CELL, SUM_CELL))
_SHOWN = ("row", "customer_id", "date", "amount")

type Row = Mapping[str, Any]


@dataclass(frozen=True)
class _Block:
    """Some rows that follow each other: how many, and their sum."""

    rows: int = 0
    total: Decimal = Decimal(0)

    def __add__(self, other: _Block) -> _Block:
        return _Block(self.rows + other.rows, self.total + other.total)

    def is_sum(self, amount: Decimal) -> bool:
        """Whether an amount is the sum of these rows, each of them rounded to cents."""
        slack = Decimal("0.005") * (self.rows + 1) + (Decimal("0.5") if amount == round(amount) else 0)
        return self.rows > 1 and abs(amount - self.total) <= slack


@dataclass(frozen=True)
class _Line:
    """A row that may belong to a printed list; its code where no amount can make a purchase of it."""

    row: int
    customer: str | None
    amount: Decimal | None
    word: str | None
    code: Code | None

    @property
    def adds_up(self) -> bool:
        """Whether it may be a sum of other rows."""
        return self.word is not None and self.amount is not None and abs(self.amount) <= LARGEST_AMOUNT

    @property
    def named(self) -> Code:
        """What it is if it is a sum."""
        return Code.CARRIED_OVER if _CARRIED.match(self.word or "") else Code.LIST_SUM

    @property
    def doubtful(self) -> bool:
        """Whether it is worth a caution if it is none: "Total care" may be a product, "Zwischensumme" is none."""
        word = self.word or ""
        return word == self.customer or bool(_PART.match(word) or _CARRIED.match(word))


def mark_lists(typed: ibis.Table, opened: Source, roles: Roles) -> ibis.Table:
    """Say of rows of a printed list what they are, and mark those that may be sums but are kept.

    Parameters
    ----------
    typed : ibis.Table
        Result of `typed_rows`.
    opened : Source
        The source.
    roles : Roles
        Which column serves as what.

    Returns
    -------
    ibis.Table
        The rows with their fate where they have one, and `word`: whether a word for sums stands in a row without one.
    """
    lines = [_line(row, opened, roles) for row in _candidates(typed, opened, roles)]
    codes = {line.row: line.code for line in lines if line.code}
    codes |= _sums(typed, lines)
    if not codes:
        return typed.mutate(word=ibis.literal(False))
    kept = [code == Code.TOTAL_WORD_KEPT for code in codes.values()]
    fates = [None if stays else str(code) for stays, code in zip(kept, codes.values(), strict=True)]
    marks = {"marked": pa.array(codes, pa.int64()), "mark": pa.array(fates, pa.string()), "worded": pa.array(kept)}
    joined = typed.left_join(ibis.memtable(pa.table(marks)), [("row", "marked")])
    joined = joined.mutate(fate=joined.fate.coalesce(joined.mark), word=joined.worded.fill_null(False))
    return joined.drop("marked", "mark", "worded")


def _candidates(typed: ibis.Table, opened: Source, roles: Roles) -> list[Row]:
    """Return rows that may belong to a printed list, in their order; none in a log that is no list."""
    names = _cells(opened)
    customer = roles.columns["customer_id"]
    filled = reduce(add, [typed[name].notnull().cast("int8") for name in names])
    bare = [filled <= 1]
    if typed[customer].type().is_string():
        bare.append(typed[customer].strip() == opened.names[names.index(customer)])
    aside = {roles.columns.get("date"), roles.columns.get("amount")}
    texts = [name for name in names if name not in aside and typed[name].type().is_string()]
    for looked_at in (texts, [name for name in texts if name == customer]):
        words = [typed[name].re_search(LIST_CELL) for name in looked_at]
        tests = [test.fill_null(False) for test in (*bare, *words)]
        rows = typed.filter(reduce(or_, tests) & typed.fate.isnull()).select(*_SHOWN, *names)
        found: list[Row] = rows.limit(MOST_LOOKED_AT + 1).to_pyarrow().to_pylist()
        if len(found) <= MOST_LOOKED_AT:
            return sorted(found, key=lambda row: int(row["row"]))
    return []


def _cells(opened: Source) -> list[str]:
    return [f"c{i}" for i in range(len(opened.names))]


def _line(row: Row, opened: Source, roles: Roles) -> _Line:
    """What a row of a printed list may be."""
    names = _cells(opened)
    texts = {name: text for name in names if row[name] is not None and (text := str(row[name]).strip())}
    first = [texts.get(roles.columns["customer_id"], ""), *texts.values()]
    word = next((text for text in first if _SUM.match(text)), None)
    line = _Line(int(row["row"]), row["customer_id"], row["amount"], word, None)
    return replace(line, code=_settled(row, texts, line, opened, roles))


def _settled(row: Row, texts: Mapping[str, str], line: _Line, opened: Source, roles: Roles) -> Code | None:
    """Say what a row is that is no purchase whatever its amount is; None for one that may be a purchase."""
    if not texts:
        return Code.EMPTY_ROW
    served = {name for name in roles.columns.values() if name.startswith("c")}
    if all(texts.get(name) == opened.names[int(name[1:])] for name in served):
        return Code.REPEATED_HEADING
    if row["date"] is not None and row["customer_id"] is not None:
        return None
    if any(map(_PAGE.match, texts.values())) and row["amount"] is None:
        return Code.PAGE_NUMBER
    if line.word is not None:
        return line.named
    return Code.LONE_TEXT if len(texts) == 1 and row["date"] is None and row["amount"] is None else None


def _sums(typed: ibis.Table, lines: Sequence[_Line]) -> dict[int, Code]:
    """Say which rows with a word for sums are sums, and of what; and which are kept in spite of the word."""
    sums = [line for line in lines if line.adds_up]
    if not sums:
        return {}
    blocks, own = _blocks(typed, lines, sums)
    whole = reduce(add, blocks)
    codes: dict[int, Code] = {}
    for at, line in enumerate(sums):
        amount = line.amount or Decimal(0)
        if whole.is_sum(amount) and not (_PART.match(line.word or "") or _CARRIED.match(line.word or "")):
            codes[line.row] = Code.SUM_OF_ALL
        elif line.code is not None:
            continue
        elif any(span.is_sum(amount) for span in _spans(blocks, own.get(line.customer or "", []), at)):
            codes[line.row] = line.named
        else:
            blocks[at] += _Block(1, amount)
            if line.doubtful:
                codes[line.row] = Code.TOTAL_WORD_KEPT
    return codes


def _spans(blocks: Sequence[_Block], own: Sequence[_Block], at: int) -> Iterator[_Block]:
    """Rows before a sum that it may be the sum of: since an earlier sum, all so far, or its customer's."""
    yield from accumulate(reversed(blocks[max(0, at + 1 - _LOOKED_BACK) : at + 1]), add)
    yield reduce(add, blocks[: at + 1])
    yield from accumulate(reversed(own[max(0, at + 1 - _LOOKED_BACK) : at + 1]), add)


def _blocks(
    typed: ibis.Table, lines: Sequence[_Line], sums: Sequence[_Line]
) -> tuple[list[_Block], dict[str, list[_Block]]]:
    """Add up the rows between sums: all, and those of the customers that a sum may be of."""
    bounds = {line.row for line in sums}
    listed = {line.row for line in lines if line.code or line.row in bounds}
    marks = {"marked": pa.array(listed, pa.int64()), "bound": pa.array([int(row in bounds) for row in listed])}
    rows = typed.left_join(ibis.memtable(pa.table(marks)), [("row", "marked")])
    order = ibis.window(order_by="row", preceding=None, following=0)
    rows = rows.mutate(block=rows.bound.fill_null(0).sum().over(order))
    rows = rows.filter(rows.marked.isnull() & (rows.amount.abs() <= LARGEST_AMOUNT))
    customers = sorted({line.customer for line in sums if line.code is None and line.customer})[:_LOOKED_BACK]
    who = ibis.ifelse(rows.customer_id.isin(customers), rows.customer_id, ibis.null("string"))
    each = rows.group_by("block", who=who).agg(n=rows.count(), total=rows.amount.sum().cast(AMOUNT_TYPE))
    blocks = [_Block()] * (len(sums) + 1)
    own = {customer: list(blocks) for customer in customers}
    for row in each.to_pyarrow().to_pylist():
        block = _Block(row["n"], row["total"])
        blocks[row["block"]] += block
        if row["who"] is not None:
            own[row["who"]][row["block"]] = block
    return blocks, own
