"""What all records of settings share: choices that are checked by their types, and changes by keyword."""

from __future__ import annotations

import types
from dataclasses import fields, replace
from typing import Any, Literal, get_args, get_origin, get_type_hints

from kundenwert.errors import DomainError, SchemaError
from kundenwert.messages import Code, Setting
from kundenwert.messages.render import choices


def made[Record](kind: type[Record], record: Record | None, changes: dict[str, Any]) -> Record:
    """Return a record with changes by keyword, its defaults where none is given.

    Raises
    ------
    SchemaError
        If there is no setting of a name.
    """
    known = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    if unknown := [name for name in changes if name not in known]:
        raise SchemaError(
            Code.NO_SUCH_SETTING, parameter=unknown[0], name=unknown[0], record=kind.__name__, known=", ".join(known)
        )
    return kind(**changes) if record is None else replace(record, **changes)  # type: ignore[type-var]


def check_choices(record: Any) -> None:
    """Refuse a value that is none of those that its `Literal` type names.

    Raises
    ------
    DomainError
        If a choice does not exist.
    """
    for name, hint in get_type_hints(type(record)).items():
        options = [hint, *get_args(hint)] if get_origin(hint) is types.UnionType else [hint]
        known = [value for option in options if get_origin(option) is Literal for value in get_args(option)]
        value = getattr(record, name)
        optional = type(None) in options and value is None
        if known and not optional and value not in known:
            raise DomainError(Code.CHOICE, parameter=name, given=Setting(name, value), choices=choices(known))


def several_texts(record: Any, *names: str) -> None:
    """Turn lists of texts into tuples, and refuse one text where several are meant.

    Raises
    ------
    SchemaError
        If a text stands where a list of texts is meant.
    """
    for name in names:
        value = getattr(record, name)
        if isinstance(value, str):
            raise SchemaError(Code.ONE_TEXT, parameter=name, given=Setting(name, value), meant=Setting(name, [value]))
        object.__setattr__(record, name, tuple(value))
