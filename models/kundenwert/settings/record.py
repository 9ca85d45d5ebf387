"""What all records of settings share: choices checked by their types, changes by keyword, texts, plain values."""

from __future__ import annotations

import ast
import datetime as dt
import difflib
import inspect
import math
import types
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

from kundenwert.errors import DomainError, SchemaError
from kundenwert.messages import Code, Setting
from kundenwert.messages.render import choices


def made[Record](kind: type[Record], record: Record | None, changes: Mapping[str, object]) -> Record:
    """Return a record with changes by keyword, its defaults where none is given.

    Raises
    ------
    SchemaError
        If there is no setting of a name.
    """
    known = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    if unknown := [name for name in changes if name not in known]:
        raise SchemaError(
            Code.NO_SUCH_SETTING,
            parameter=unknown[0],
            name=unknown[0],
            record=kind.__name__,
            known=", ".join(known),
            meant=meant(unknown[0], known),
        )
    return kind(**changes) if record is None else replace(record, **changes)  # type: ignore[type-var]


def meant(name: str, known: Sequence[str]) -> str:
    """Write which known name may be meant, as the end of a sentence; empty where none is near.

    Examples
    --------
    >>> meant("date_fromat", ["date", "date_format"]), meant("colour", ["date"])
    ("; did you mean 'date_format'?", '')
    """
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


@cache
def documented(kind: type) -> dict[str, str]:
    """Return the sentences that stand below the fields of a record, each on one line, by the field's name.

    Examples
    --------
    >>> from kundenwert.settings import Sampling
    >>> documented(Sampling)["tune"]
    'Tuning steps per chain, for NUTS.'
    """
    body = ast.parse(inspect.getsource(kind)).body[0]
    assert isinstance(body, ast.ClassDef)  # noqa: S101
    found = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            found[field.target.id] = " ".join(str(ast.literal_eval(text.value)).split())
    return found


def plain(record: object) -> dict[str, object]:
    """Return a record's values as JSON and TOML know them: days and endless numbers as texts, files without folders.

    Examples
    --------
    >>> from kundenwert.settings import Terms
    >>> plain(Terms(horizon="inf", margin="35 %"))["horizon"]
    'inf'
    """
    return {field.name: _plain(getattr(record, field.name)) for field in fields(record)}  # type: ignore[arg-type]


def _plain(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Path):
        return value.name
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def check_choices(record: object) -> None:
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


def several_texts(record: object, *names: str) -> None:
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
