"""Which column of a source serves as what: roles, found by name or asked for, and kept columns."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from kundenwert.errors import SchemaError
from kundenwert.messages import several
from kundenwert.settings import Reading
from kundenwert.sources import Source
from kundenwert.sources.header import DELIMITERS

_RESERVED = ("customer_id", "date", "amount", "rows", "month", "quarter", "week", "none")
_OTHER_NAMES = {
    role: tuple(names.split())
    for role, names in {
        "customer_id": "customer customerid customer_no cust_id client_id user_id "
        "kunde kunden_id kunden-id kundennummer kundennr kunden-nr kdnr",
        "date": "order_date invoice_date purchase_date transaction_date timestamp "
        "datum kaufdatum bestelldatum rechnungsdatum belegdatum buchungsdatum",
        "amount": "price total revenue value sales spend order_value "
        "betrag umsatz preis summe rechnungsbetrag bruttobetrag nettobetrag",
    }.items()
}


@dataclass(frozen=True)
class Roles:
    """Which column of a source serves as what.

    Parameters
    ----------
    names : mapping
        The source's own column name of each role, such as `customer_id`, `date`, `amount`, `order_id`.
    columns : mapping
        The column's internal name (`c0, c1, ...`) of each role.
    kept : mapping
        The internal name of each kept column, by its own name.
    """

    names: Mapping[str, str]
    columns: Mapping[str, str]
    kept: Mapping[str, str]


def find_roles(opened: Source, reading: Reading) -> Roles:
    """Find the columns that serve a purpose, or say which are missing, doubled or used twice.

    Raises
    ------
    SchemaError
        If a column is missing, ambiguous or asked for twice.
    """
    names = {role: getattr(reading, role) or role for role in ("customer_id", "date", "amount")}
    found = locate(opened, names, tuple(reading.keep))
    return Roles(names, {role: found[role] for role in names}, {name: found[name] for name in reading.keep})


class ColumnError(SchemaError):
    """A column that is not there, or is asked for twice.

    Parameters
    ----------
    message : str
        What is wrong.
    meant : mapping
        For kept columns that are not there, the column that may be meant.
    uses : sequence of str
        What a column is asked for as, where that is more than once: roles, and "keep".
    """

    def __init__(self, message: str, *, meant: Mapping[str, str] | None = None, uses: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.meant, self.uses = dict(meant or {}), tuple(uses)


def locate(opened: Source, columns: Mapping[str, str], keep: Sequence[str]) -> dict[str, str]:
    """Return the internal name of each column asked for, or say which are missing, doubled or used twice."""
    if isinstance(keep, str):
        raise SchemaError(f"keep takes a list of column names; write keep=[{keep!r}]")
    wanted = {**columns, **{name: name for name in keep}}
    asked = [*columns.values(), *keep]
    for name in asked:
        if asked.count(name) > 1:
            uses = [role for role, column in columns.items() if column == name] + ["keep"] * (name in keep)
            raise ColumnError(
                f"column {name!r} is asked for more than once ({', '.join(uses)}); give each its own column", uses=uses
            )
    reserved = [name for name in keep if name in _RESERVED]
    if reserved:
        raise SchemaError(f"a kept column cannot be called {reserved[0]!r}, which has a meaning here; rename it")
    missing = {role: name for role, name in wanted.items() if name not in opened.names}
    if missing:
        raise _missing(opened, missing, set(wanted.values()))
    doubled = [name for name in asked if opened.names.count(name) > 1]
    if doubled:
        raise SchemaError(f"{opened.info.name!r} has more than one column called {doubled[0]!r}; rename one of them")
    return {role: f"c{opened.names.index(name)}" for role, name in wanted.items()}


def _missing(opened: Source, missing: Mapping[str, str], taken: Collection[str]) -> ColumnError:
    free = {name.casefold(): name for name in opened.names if name not in taken and name}
    guesses: list[str] = []
    meant: dict[str, str] = {}
    for role, name in missing.items():
        candidates = _candidates(role, name)
        close = next((c for c in candidates if c.casefold() in free), None) or next(
            (m for c in candidates for m in difflib.get_close_matches(c.casefold(), free, n=1, cutoff=0.7)), None
        )
        if close:
            guess = free.pop(close.casefold())
            guesses.append(f"keep={guess!r}" if role not in _OTHER_NAMES else f"{role}={guess!r}")
            meant |= {} if role in _OTHER_NAMES else {name: guess}
    names = ", ".join(repr(name) for name in opened.names[:20]) + (", ..." if len(opened.names) > 20 else "")
    text = f"{opened.info.name!r} has no column {' and no column '.join(map(repr, missing.values()))}; it has {names}"
    if above := _lines_above(opened, missing):
        return ColumnError(
            f"{text}. The first line must hold the column names; names like these stand in line {above + 1}: delete "
            f"the {several(above, 'line')} above, or pass over them with skip_lines={above}"
        )
    if guesses:
        return ColumnError(f"{text}. Did you mean {', '.join(guesses)}?", meant=meant)
    if opened.info.kind == "csv" and any(name[:1].isdigit() for name in opened.names):
        return ColumnError(f"{text}. The first line must hold the column names")
    return ColumnError(f"{text}. Say which columns hold {', '.join(missing)}")


def _candidates(role: str, name: str) -> list[str]:
    return [name, *_OTHER_NAMES.get(role, ())]


def _lines_above(opened: Source, missing: Mapping[str, str]) -> int:
    """Count the lines above one below the header that holds two of customer, date and amount; 0 without one."""
    if not missing.keys() >= _OTHER_NAMES.keys():
        return 0
    for above in range(opened.header + 1, len(opened.head)):
        line = opened.head[above]
        for delimiter in DELIMITERS:
            cells = {cell.strip().strip('"').casefold() for cell in line.split(delimiter)}
            found = [
                role for role in _OTHER_NAMES if any(c.casefold() in cells for c in _candidates(role, missing[role]))
            ]
            if len(found) > 1:
                return above
    return 0
