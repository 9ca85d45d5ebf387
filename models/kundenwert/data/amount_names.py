"""What the names of columns say of amounts: cents or thousands, sums that run on, discounts and fees beside them."""

from __future__ import annotations

import re

import ibis

from kundenwert.data.account import Note
from kundenwert.data.numbers import number
from kundenwert.data.role_names import is_net, plain
from kundenwert.data.roles import Roles
from kundenwert.errors import DomainError
from kundenwert.messages import Code, Setting
from kundenwert.sources import Source

_CENTS = frozenset({"cent", "cents", "ct", "cts", "minor", "minorunit", "minorunits", "pence", "rappen", "pfennig"})
_THOUSANDS = frozenset(
    {"teur", "tsd", "tausend", "thousand", "thousands", "keur", "kusd", "mio", "million", "millions"}
)
_RUNNING = frozenset({"kumuliert", "kumulativ", "kum", "cumulative", "cumulated", "running", "saldo", "kontostand",
                      "balance", "laufend", "ytd", "lifetime"})  # fmt: skip
_LESS = frozenset({"rabatt", "discount", "nachlass", "skonto", "rabattsatz", "rabattprozent", "discountpercent",
                   "rabattbetrag", "discountamount", "lineitemdiscount", "preiseinheit", "priceunit"})  # fmt: skip
_FEES = frozenset({"gebuehr", "gebuehren", "fee", "fees", "provision", "transactionfee", "paypalfee", "stripefee"})


MOST_KINDS, FEWEST, NEARLY_ALL = 8, 10, 0.95
"""Kinds of rows up to which sums are looked for, customer-days from which on they are, and the share of these in which
one kind must be the sum of the others."""

_HEAD, _CENT = 20_000, 0.03


def _words(name: str) -> set[str]:
    split = re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    return set(re.split(r"[\W_]+", split.casefold()))


def unit_in_name(name: str) -> Code | None:
    """Return what a column's name says of its amounts that changes every sum; None where it says nothing.

    Examples
    --------
    >>> [str(unit_in_name(name)) for name in ("amount_cents", "Umsatz (T€)", "Umsatz kumuliert", "Betrag", "Prozent")]
    ['amounts-cents', 'amounts-thousands', 'amounts-running', 'None', 'None']
    """
    words = _words(name)
    if words & _CENTS:
        return Code.AMOUNTS_CENTS
    if words & _THOUSANDS or re.search(r"(?<![a-z])[tk]€", name.casefold()):
        return Code.AMOUNTS_THOUSANDS
    return Code.AMOUNTS_RUNNING if words & _RUNNING else None


def told_by_names(opened: Source, roles: Roles, decimal: str | None) -> tuple[Note, ...]:
    """Caution against what names say of amounts and what is not done.

    Parameters
    ----------
    opened : Source
        The source.
    roles : Roles
        Which column serves as what.
    decimal : str, optional
        Decimal mark of the amounts.
    """
    label = roles.names["amount"]
    unit = unit_in_name(label)
    notes = [Note(unit, 0, caution=True, figures={"column": label})] if unit else []
    free = [name for name in opened.names if opened.names.count(name) == 1 and name not in roles.names.values()]
    less = [name for name in free if plain(name) in _LESS] if "quantity" in roles.names else []
    counts = {name: _not_one(opened.table, f"c{opened.names.index(name)}", name, decimal) for name in less}
    notes += [Note(Code.PRICE_ASIDE, n, caution=True, figures={"column": name}) for name, n in counts.items() if n]
    fees = [name for name in free if plain(name) in _FEES]
    if fees and is_net(label):
        notes.append(Note(Code.FEES_OFF, 0, caution=True, figures={"column": label, "fee": fees[0]}))
    return tuple(notes)


def _not_one(rows: ibis.Table, column: str, name: str, decimal: str | None) -> int:
    """Count cells that would change a price: not empty, and neither 0 nor 1."""
    try:
        text, value = number(rows, column, label=name, decimal=decimal)
    except DomainError:
        return 0
    bare = text.re_extract(r"^\s*([-+\d.,]+)\s*%?\s*$", 1)
    zero = bare.re_search(r"^[-+]?0*[.,]?0*$") & (bare != "")
    same = zero | (value == 1).fill_null(False) | text.isnull()
    return int(rows.agg(n=(~same).sum()).to_pyarrow()["n"][0].as_py() or 0)


def sums_among(rows: ibis.Table, opened: Source, roles: Roles, few: dict[str, list[str]]) -> tuple[Note, ...]:
    """Caution where rows of one kind hold the sum of all other rows of the same customer and day.

    Parameters
    ----------
    rows : ibis.Table
        Rows with the source's columns, `customer_id`, `date`, `amount` and `fate`.
    opened : Source
        The source.
    roles : Roles
        Which column serves as what; those with a role hold no kinds.
    few : dict
        Columns of few values, with these.
    """
    notes = []
    for name, values in few.items():
        if name in roles.names.values() or not 2 <= len(values) <= MOST_KINDS:
            continue
        column = rows[f"c{opened.names.index(name)}"]
        head = rows.filter(rows.fate.isnull(), rows.amount.notnull()).mutate(kind=column.strip()).limit(_HEAD)
        per = head.group_by("customer_id", "date").agg(
            total=head.amount.sum(), kinds=head.kind.nunique(), rows=head.count(),
            **{f"v{i}": head.amount.sum(where=head.kind == value) for i, value in enumerate(values)},
        )  # fmt: skip
        per = per.filter(per.kinds > 1, per.rows > 2, per.total > 0)  # two equal rows are no sum, but a credit note
        sums = {f"v{i}": (((2 * per[f"v{i}"]) - per.total).abs() < _CENT).sum() for i in range(len(values))}
        found = per.agg(n=per.count(), **sums).to_pyarrow().to_pylist()[0]
        most = max(range(len(values)), key=lambda i: found[f"v{i}"] or 0)
        if found["n"] >= FEWEST and (found[f"v{most}"] or 0) >= NEARLY_ALL * found["n"]:
            word = re.fullmatch(r"\w+", name)
            condition = f"{name if word else f'"{name}"'} != {values[most]}"
            figures = {"column": name, "value": values[most], "hint": Setting("where", [condition])}
            notes.append(Note(Code.SUMS_AMONG, 0, caution=True, figures=figures))
    return tuple(notes)
