"""Amounts that include tax: told, and the tax taken off."""

from __future__ import annotations

from fractions import Fraction

import ibis

from kundenwert.data.account import Note
from kundenwert.data.amounts import AMOUNT_TYPE
from kundenwert.data.role_names import is_gross, is_net
from kundenwert.errors import DomainError
from kundenwert.messages import Code, Setting
from kundenwert.settings import Reading


def without_tax(rows: ibis.Table, label: str, reading: Reading) -> tuple[ibis.Table, tuple[Note, ...]]:
    """Take tax off amounts where a rate is stated, and tell amounts that include it.

    The net amount is a / (1 + rate), rounded to a billionth of the currency's unit.

    Parameters
    ----------
    rows : ibis.Table
        Rows with `amount` and `fate`.
    label : str
        The source's name of the column of amounts.
    reading : Reading
        With `vat`, the rate.

    Returns
    -------
    tuple
        The rows, and what was seen.

    Raises
    ------
    DomainError
        If the rate is not a share between 0 and 1.
    """
    if reading.vat is None:
        note = Note(Code.GROSS_AMOUNTS, 0, figures={"column": label, "hint": Setting("vat", 0.19)})
        return rows, (note,) if is_gross(label) else ()
    rate = Fraction(str(reading.vat))
    if not 0 <= rate < 1:
        raise DomainError(Code.VAT_NO_SHARE, parameter="vat", given=Setting("vat", reading.vat))
    net = (rows.amount.cast("float64") / (1 + float(rate))).round(9).try_cast(AMOUNT_TYPE)
    taxed = rows.mutate(gross=rows.amount, amount=net)
    good = taxed.filter(taxed.fate.isnull())
    sums = good.agg(n=good.count(), gross=good.gross.sum(), net=good.amount.sum()).to_pyarrow().to_pylist()[0]
    gross, left = (float(sums[name] or 0) for name in ("gross", "net"))
    figures = {"rate": 100 * float(rate), "gross": gross, "net": left, "column": label}
    code = Code.TAX_OFF_NET if is_net(label) else Code.TAX_OFF
    return taxed.drop("gross"), (Note(code, sums["n"], caution=is_net(label), money=gross - left, figures=figures),)
