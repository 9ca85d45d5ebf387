"""What an amount is made of: quantity and price, debit and credit, marks of credit notes, refunds beside the amount."""

from __future__ import annotations

from dataclasses import dataclass

import ibis

from kundenwert.data.account import Note
from kundenwert.data.amounts import AMOUNT_TYPE
from kundenwert.data.numbers import number
from kundenwert.data.roles import Roles
from kundenwert.data.typed import as_text
from kundenwert.messages import Code, Setting
from kundenwert.settings import Reading

type Step = tuple[ibis.Table, tuple[Note, ...]]
_COUNT_TYPE, _PRICE_TYPE = "decimal(18, 3)", "decimal(20, 6)"  # their product has the digits of an amount


@dataclass(frozen=True)
class _Other:
    """Reader of further columns of numbers."""

    rows: ibis.Table
    roles: Roles
    decimal: str | None

    def read(self, role: str) -> tuple[ibis.Value, ibis.Value]:
        """Return the text and the number of a role's column."""
        return number(self.rows, self.roles.columns[role], label=self.roles.names[role], decimal=self.decimal)


def signed(rows: ibis.Table, roles: Roles, reading: Reading, decimal: str | None) -> Step:
    """Make each row's amount of all columns that have a say in it.

    Parameters
    ----------
    rows : ibis.Table
        Rows with the source's columns, `amount`, `amount_text` and `fate`.
    roles : Roles
        Which columns there are.
    reading : Reading
        With the marks of credit notes.
    decimal : str, optional
        Decimal mark of the amounts.

    Returns
    -------
    tuple
        The rows, and what was done.
    """
    notes: list[Note] = []
    if "quantity" in roles.columns:
        rows = _multiplied(rows, _Other(rows, roles, decimal))
    if "debit" in roles.columns:
        rows = _balanced(rows, _Other(rows, roles, decimal))
    if "mark" in roles.columns:
        rows, seen = _marked(rows, roles, reading)
        notes += seen
    if "refund_amount" in roles.columns:
        rows, seen = _refunded(rows, _Other(rows, roles, decimal))
        notes += seen
    return rows, tuple(notes)


def _multiplied(rows: ibis.Table, other: _Other) -> ibis.Table:
    text, count = other.read("quantity")
    product = count.try_cast(_COUNT_TYPE) * rows.amount.try_cast(_PRICE_TYPE)
    return rows.mutate(
        both=(count < 0) & (rows.amount < 0),
        amount=product.try_cast(AMOUNT_TYPE),
        amount_text=ibis.ifelse(
            text.isnull() | rows.amount_text.isnull(), ibis.null("string"), text + " × " + rows.amount_text
        ),
    )


def _balanced(rows: ibis.Table, other: _Other) -> ibis.Table:
    """Debit less credit; where no credit is positive, credits carry their sign already."""
    text, credit = other.read("credit")
    signs = rows.agg(above=(credit > 0).any(), below=(credit < 0).any()).to_pyarrow().to_pylist()[0]
    taken = credit if signs["below"] and not signs["above"] else -credit
    unread = (rows.amount_text.notnull() & rows.amount.isnull()) | (text.notnull() & credit.isnull())
    zero = ibis.literal(0).cast(AMOUNT_TYPE)
    both = rows.amount.coalesce(zero) + taken.coalesce(zero)
    absent = rows.amount.isnull() & credit.isnull()
    nothing = rows.amount.isnull() | (rows.amount == 0)
    return rows.mutate(
        amount=ibis.ifelse(unread | absent, ibis.null(AMOUNT_TYPE), both.cast(AMOUNT_TYPE)),
        amount_text=ibis.ifelse(nothing & text.notnull(), ibis.literal("credit ") + text, rows.amount_text),
    )


def _marked(rows: ibis.Table, roles: Roles, reading: Reading) -> tuple[ibis.Table, list[Note]]:
    mark = as_text(rows[roles.columns["mark"]]).lower()
    back = mark.isin([word.strip().lower() for word in reading.refund_marks]).fill_null(False)
    rows = rows.mutate(back=back, mark=mark)
    good = rows.fate.isnull()
    found = rows.agg(
        n=(rows.back & good).sum(), money=rows.amount.abs().sum(where=rows.back & good), any=rows.back.any()
    )
    sums = found.to_pyarrow().to_pylist()[0]
    label = roles.names["mark"]
    if not sums["any"]:
        held = rows.group_by("mark").agg(n=lambda t: t.count()).order_by(ibis.desc("n")).limit(8).to_pyarrow()
        shown = ", ".join(repr(row["mark"]) for row in held.to_pylist() if row["mark"])
        figures = {"column": label, "held": shown or "nothing", "hint": Setting("refund_marks")}
        return rows.drop("back", "mark"), [Note(Code.MARK_NOTHING, 0, caution=True, figures=figures)]
    turned = rows.mutate(amount=ibis.ifelse(rows.back, -rows.amount.abs(), rows.amount).cast(AMOUNT_TYPE))
    note = Note(Code.MARK_TAKEN, int(sums["n"] or 0), money=-float(sums["money"] or 0), figures={"column": label})
    return turned.drop("back", "mark"), [note]


def _refunded(rows: ibis.Table, other: _Other) -> tuple[ibis.Table, list[Note]]:
    """Take refunds off the amount of their row; a purchase of which nothing is left is none."""
    text, refund = other.read("refund_amount")
    rows = rows.mutate(taken=refund.abs(), unread=text.notnull() & refund.isnull())
    paid = rows.amount > 0
    some = (rows.taken > 0) & rows.amount.notnull()
    left = ibis.ifelse(some.fill_null(False), rows.amount - rows.taken, rows.amount)
    left = ibis.ifelse(rows.unread, ibis.null(AMOUNT_TYPE), left.cast(AMOUNT_TYPE))
    rows = rows.mutate(before=rows.amount, amount=left, some=some.fill_null(False))
    good = rows.fate.isnull() & rows.some
    sums = rows.agg(
        n=good.sum(), money=rows.taken.sum(where=good), gross=rows.before.sum(where=rows.fate.isnull()),
        net=rows.amount.sum(where=rows.fate.isnull()),
    ).to_pyarrow().to_pylist()[0]  # fmt: skip
    undone = rows.some & paid & (rows.amount == 0)
    rows = rows.mutate(fate=rows.fate.coalesce(ibis.ifelse(undone, str(Code.UNDONE_BY_REFUND), ibis.null("string"))))
    figures: dict[str, object] = {"column": other.roles.names["refund_amount"]}
    figures |= {name: float(sums[name] or 0) for name in ("money", "gross", "net")}
    note = Note(Code.REFUND_OFF, int(sums["n"] or 0), money=-float(sums["money"] or 0), figures=figures)
    return rows.drop("taken", "unread", "before", "some"), [note] if sums["n"] else []
