"""Which column of a source serves as what: roles, found by name or asked for, and kept columns."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from kundenwert.data.account import Note
from kundenwert.data.role_names import NAMES, is_gross, is_net, plain
from kundenwert.errors import SchemaError
from kundenwert.messages import Code, Setting
from kundenwert.settings import Reading
from kundenwert.sources import Source
from kundenwert.sources.header import DELIMITERS

ROLES = (
    *("customer_id", "date", "amount", "order_id", "quantity", "unit_price", "debit", "credit", "mark"),
    *("refund_amount", "margin_amount", "currency_column"),
)
"""Settings that name a column."""

_RESERVED = ("customer_id", "date", "amount", "rows", "margin", "known", "month", "quarter", "week", "none")
_MAIN = ("customer_id", "date", "amount")


@dataclass(frozen=True)
class Roles:
    """Which column of a source serves as what.

    Parameters
    ----------
    names : mapping
        The source's own column name of each role, such as `customer_id`, `date`, `amount`, `order_id`. Where amounts
        are computed, from quantity and price or from debit and credit, `amount` is the column that is read first.
    columns : mapping
        The column's internal name (`c0, c1, ...`) of each role.
    kept : mapping
        The internal name of each kept column, by its own name.
    """

    names: Mapping[str, str]
    columns: Mapping[str, str]
    kept: Mapping[str, str]

    def told(self) -> dict[str, str]:
        """Return the columns by role as a reader shall see them: without an amount that is computed."""
        computed = any(self.names["amount"] == self.names.get(role) for role in ("unit_price", "debit"))
        return {role: name for role, name in self.names.items() if role != "amount" or not computed}


def find_roles(opened: Source, reading: Reading) -> tuple[Roles, tuple[Note, ...]]:
    """Find the columns that serve a purpose, or say which are missing, doubled, unclear or used twice.

    Columns that are named are taken; customer, date and amount that are not are recognised by exact names first, then
    by German and English ones.

    Parameters
    ----------
    opened : Source
        The source.
    reading : Reading
        Which columns are named, and which are kept.

    Returns
    -------
    tuple
        The roles, and a note of those that were recognised.

    Raises
    ------
    SchemaError
        If a column is missing, ambiguous or asked for twice.
    """
    asked = {role: name for role in ROLES if (name := getattr(reading, role))}
    names, notes = dict(asked), []
    if computed := _computed(reading):
        names["amount"] = asked[computed]
    taken = {*names.values(), *reading.keep}
    found: dict[str, str] = {}
    for role in _MAIN:
        if role not in names:
            fitting = _recognise_amount(opened, taken) if role == "amount" else _recognise(opened, role, taken)
            found |= fitting
            taken |= set(fitting.values())
            names[role] = next(iter(fitting.values()), role)
    names = {role: (names | found)[role] for role in ROLES if role in names | found}
    told = [Setting(role, name) for role, name in found.items() if role != name]
    if told:
        notes.append(Note(Code.ROLE_RECOGNISED, 0, figures={"roles": told}))
    notes += _net_before_gross(opened, found)
    wanted = {role: name for role, name in names.items() if role != "amount" or "amount" in {*asked, *found}}
    if "amount" not in wanted and not any(role in names for role in ("unit_price", "debit")):
        wanted["amount"] = names["amount"]
    located = locate(opened, wanted, tuple(reading.keep))
    located.setdefault("amount", located.get("unit_price") or located.get("debit") or "")
    names["amount"] = opened.names[int(located["amount"][1:])]
    columns = {role: located[role] for role in names}
    return Roles(names, columns, {name: located[name] for name in reading.keep}), tuple(notes)


def _computed(reading: Reading) -> str | None:
    """Return the role that amounts are computed from, or say what it lacks."""
    for first, second in (("unit_price", "quantity"), ("debit", "credit")):
        given = [role for role in (first, second) if getattr(reading, role)]
        if not given:
            continue
        if reading.amount:
            raise SchemaError(
                Code.BOTH_GIVEN,
                parameter=given[0],
                first=Setting("amount", reading.amount),
                second=Setting(given[0], getattr(reading, given[0])),
            )
        if len(given) == 1:
            lacking = second if given[0] == first else first
            raise SchemaError(
                Code.ROLE_ALONE,
                parameter=lacking,
                given=Setting(given[0], getattr(reading, given[0])),
                lacking=Setting(lacking),
            )
        return first
    return None


def fitting_names(opened: Source, role: str, taken: Collection[str] = ()) -> list[tuple[str, ...]]:
    """Return the columns whose names say that they serve a role, the surest kind of name first."""
    free = [name for name in dict.fromkeys(opened.names) if name not in taken]
    exact = [tuple(name for name in free if name == role)]
    return exact + [tuple(name for name in free if plain(name) in tier) for tier in NAMES[role]]


def _recognise(opened: Source, role: str, taken: Collection[str]) -> dict[str, str]:
    """Return the one column that serves a role; nothing where none does.

    Raises
    ------
    SchemaError
        If two would do.
    """
    for fitting in fitting_names(opened, role, taken):
        if len(fitting) > 1:
            raise SchemaError(
                Code.ROLE_UNCLEAR,
                parameter=role,
                count=len(fitting),
                columns=" and ".join(map(repr, fitting[:3])),
                choices=[Setting(role, name) for name in fitting[:3]],
            )
        if fitting:
            return {role: fitting[0]}
    return {}


def _recognise_amount(opened: Source, taken: Collection[str]) -> dict[str, str]:
    """Return the column of amounts, or the two that amounts are computed from."""
    sure = {name for tier in fitting_names(opened, "amount", taken)[:-1] for name in tier}
    if not sure:
        pairs = {role: _recognise(opened, role, taken) for role in ("unit_price", "quantity", "debit", "credit")}
        for first, second in (("unit_price", "quantity"), ("debit", "credit")):
            if pairs[first] and pairs[second]:
                return pairs[first] | pairs[second]
        price = _recognise(opened, "amount", taken)
        if price and pairs["quantity"] and plain(price["amount"]) in ("price", "preis"):
            quantity = pairs["quantity"]["quantity"]
            raise SchemaError(
                Code.PRICE_UNCLEAR,
                parameter="amount",
                price=price["amount"],
                quantity=quantity,
                amount=Setting("amount", price["amount"]),
                of_quantity=Setting("quantity", quantity),
                unit_price=Setting("unit_price", price["amount"]),
            )
        return price or (pairs["unit_price"] and {"amount": pairs["unit_price"]["unit_price"]})
    return _recognise(opened, "amount", taken)


def _net_before_gross(opened: Source, found: Mapping[str, str]) -> list[Note]:
    """Note where amounts stand with tax and without, and those without were taken."""
    name = found.get("amount")
    gross = [other for other in opened.names if is_gross(other) and plain(other) in NAMES["amount"][-2]]
    if name is None or not is_net(name) or not gross:
        return []
    return [Note(Code.NET_TAKEN, 0, figures={"net": name, "gross": Setting("amount", gross[0])})]


def check_kept(names: Sequence[str], *, taken: Collection[str] = ()) -> None:
    """Refuse columns to be kept whose names have a meaning here, or that are there already.

    Raises
    ------
    SchemaError
        If there is one.
    """
    if reserved := [name for name in names if name in _RESERVED]:
        raise SchemaError(Code.COLUMN_RESERVED, parameter="keep", column=reserved[0])
    if twice := [name for name in names if name in taken]:
        raise SchemaError(Code.ATTRIBUTE_TWICE, parameter="customers", column=twice[0])


def locate(opened: Source, columns: Mapping[str, str], keep: Sequence[str]) -> dict[str, str]:
    """Return the internal name of each column asked for, or say which are missing, doubled or used twice."""
    wanted = {**columns, **{name: name for name in keep}}
    asked = [*columns.values(), *keep]
    for name in asked:
        if asked.count(name) > 1:
            uses = [Setting(role, name) for role, column in columns.items() if column == name]
            uses += [Setting("keep", name)] * (name in keep)
            raise SchemaError(Code.COLUMN_TWICE, parameter=uses[0].name, column=name, uses=uses)
    check_kept(keep)
    missing = {role: name for role, name in wanted.items() if name not in opened.names}
    if missing:
        raise _missing(opened, missing, set(wanted.values()))
    doubled = [name for name in asked if opened.names.count(name) > 1]
    if doubled:
        raise SchemaError(Code.COLUMN_DOUBLED, source=opened.info.name, column=doubled[0])
    return {role: f"c{opened.names.index(name)}" for role, name in wanted.items()}


def _missing(opened: Source, missing: Mapping[str, str], taken: Collection[str]) -> SchemaError:
    free = {plain(name): name for name in opened.names if name not in taken and name}
    free = {key: name for key, name in free.items() if key not in NAMES["currency_column"][0]}
    guesses: list[Setting] = []
    for role, name in missing.items():
        candidates = _candidates(role, name)
        close = next((c for c in candidates if plain(c) in free), None) or next(
            (m for c in candidates for m in difflib.get_close_matches(plain(c), free, n=1, cutoff=_alike(c, name))),
            None,
        )
        if close:
            guess = free.pop(plain(close))
            guesses.append(Setting(role if role in ROLES else "keep", guess, instead_of=name))
    names = ", ".join(repr(name) for name in opened.names[:20]) + (", ..." if len(opened.names) > 20 else "")
    found = {
        "source": opened.info.name,
        "columns": " and no column ".join(map(repr, missing.values())),
        "names": names,
    }
    first = next(iter(missing))
    if above := _lines_above(opened, missing):
        skip = Setting("skip_lines", above)
        return SchemaError(Code.COLUMNS_BELOW, parameter="skip_lines", line=above + 1, above=above, skip=skip, **found)
    if opened.info.kind == "csv" and len(opened.names) == 1:
        skip = Setting("skip_lines", 1)
        return SchemaError(Code.ONE_COLUMN, parameter="skip_lines", skip=skip, **found)
    if guesses:
        return SchemaError(Code.COLUMN_MEANT, parameter=guesses[0].name, guesses=guesses, **found)
    if opened.info.kind == "csv" and any(name[:1].isdigit() for name in opened.names):
        return SchemaError(Code.NO_COLUMN_NAMES, **found)
    roles = [Setting(role if role in ROLES else "keep", instead_of=name) for role, name in missing.items()]
    return SchemaError(Code.NO_COLUMN, parameter=first if first in ROLES else "keep", roles=roles, **found)


def _alike(candidate: str, name: str) -> float:
    """How alike two names must be: a name that was asked for may be mistyped worse than one that was not."""
    return 0.7 if candidate == name else 0.8


def _candidates(role: str, name: str) -> list[str]:
    return [name, *(word for tier in NAMES.get(role, ()) for word in sorted(tier))]


def _lines_above(opened: Source, missing: Mapping[str, str]) -> int:
    """Count the lines above one below the header that holds two of customer, date and amount; 0 without one."""
    if not missing.keys() >= set(_MAIN):
        return 0
    for above in range(opened.header + 1, len(opened.head)):
        line = opened.head[above]
        for delimiter in DELIMITERS:
            cells = {plain(cell.strip().strip('"')) for cell in line.split(delimiter)}
            found = [role for role in _MAIN if any(plain(c) in cells for c in _candidates(role, missing[role]))]
            if len(found) > 1:
                return above
    return 0
