"""A population as plain values and back: what its JSON file holds."""

from __future__ import annotations

import datetime as dt
import difflib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, fields
from pathlib import Path
from typing import Any

from kundenwert.errors import SchemaError
from kundenwert.simulate.population import Breaches, Category, Effects, Group, Number, Population

type Reader = Callable[[Any, str], Any]


def to_dict(population: Population) -> dict[str, Any]:
    """Return a population as plain values; `from_dict` is the inverse.

    Examples
    --------
    >>> from kundenwert.simulate.named import cdnow_like
    >>> to_dict(cdnow_like())["groups"][0]["start"]
    '1997-01-01'
    >>> from_dict(to_dict(cdnow_like())) == cdnow_like()
    True
    """
    return {name: _plain(value) for name, value in asdict(population).items()}


def from_dict(content: Mapping[str, Any]) -> Population:
    """Read a population from plain values.

    Parameters
    ----------
    content
        As `to_dict` gives it; what has a default may be left out.

    Returns
    -------
    Population

    Raises
    ------
    SchemaError
        If a key is unknown or missing, or a value of the wrong kind; the message says where.
    DomainError
        If a value is outside its domain.
    """
    return _object(Population, _POPULATION)(content, "population")  # type: ignore[no-any-return]


def read_population(path: Path) -> tuple[Population, dict[str, Any]]:
    """Read a population from a JSON file, with the settings that a simulation was written with, if any.

    Raises
    ------
    SchemaError
        If the file is no JSON object, or holds no population.
    DomainError
        If a value is outside its domain.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        msg = f"{path.name} cannot be read as JSON: {error}"
        raise SchemaError(msg) from None
    if not isinstance(content, Mapping) or "population" not in content:
        return from_dict(content), {}
    known = ("population", *_SETTINGS)
    if unknown := [key for key in content if key not in known]:
        raise SchemaError(f"{path.name} has an unknown key {unknown[0]!r}; known: {', '.join(known)}")
    settings = {key: read(content[key], key) for key, read in _SETTINGS.items() if key in content}
    return from_dict(content["population"]), settings


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dt.date):
        return value.isoformat()
    return None if isinstance(value, float) and math.isinf(value) else value


def _wrong(value: Any, where: str, wanted: str) -> SchemaError:
    return SchemaError(f"{where} is {value!r}; it must be {wanted}")


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(value, where, "a number")
    try:
        return float(value)
    except OverflowError:
        raise _wrong(value, where, "a number below 1e308") from None


def _bound(value: Any, where: str) -> float:
    return math.inf if value is None else _number(value, where)


def _whole(value: Any, where: str) -> int:
    whole = value.is_integer() if isinstance(value, float) else isinstance(value, int) and not isinstance(value, bool)
    if not whole:
        raise _wrong(value, where, "a whole number")
    return int(value)


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _wrong(value, where, "a text that is not empty")
    return value


def _truth(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(value, where, "true or false")
    return value


def _date(value: Any, where: str) -> dt.date:
    try:
        return dt.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise _wrong(value, where, "a date such as '2024-12-31'") from None


def _optional(read: Reader) -> Reader:
    return lambda value, where: None if value is None else read(value, where)


def _list(read: Reader) -> Reader:
    def _read(value: Any, where: str) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            raise _wrong(value, where, "a list")
        return tuple(read(item, f"{where}[{i}]") for i, item in enumerate(value))

    return _read


def _mapping(read: Reader) -> Reader:
    def _read(value: Any, where: str) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise _wrong(value, where, "an object with names and values")
        return {_text(key, f"a name in {where}"): read(item, f"{where}.{key}") for key, item in value.items()}

    return _read


def _level(value: Any, where: str) -> Any:
    return _mapping(_number)(value, where) if isinstance(value, Mapping) else _text(value, where)


def _object(kind: type, readers: Mapping[str, Reader]) -> Reader:
    """Read an object of a class: no unknown key, no missing one."""
    needed = [one.name for one in fields(kind) if one.default is MISSING and one.default_factory is MISSING]

    def _read(value: Any, where: str) -> Any:
        if not isinstance(value, Mapping):
            raise _wrong(value, where, f"an object with {', '.join(readers)}")
        for key in value:
            if key not in readers:
                near = difflib.get_close_matches(str(key), readers, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(readers)}"
                raise SchemaError(f"{where} has an unknown key {key!r}; {hint}")
        if missing := [name for name in needed if name not in value]:
            raise SchemaError(f"{where} lacks {', '.join(map(repr, missing))}; add what is missing")
        return kind(**{key: readers[key](item, f"{where}.{key}") for key, item in value.items()})

    return _read


_NUMBER: dict[str, Reader] = {"median": _number, "spread": _number, "whole": _truth}
_CATEGORY: dict[str, Reader] = {
    "name": _text,
    "at_least": _number,
    "below": _bound,
    "share": _number,
    "only": _mapping(_list(_text)),
}
_GROUP: dict[str, Reader] = {
    "name": _text,
    "customers": _whole,
    "start": _date,
    "end": _date,
    **dict.fromkeys(("r", "alpha", "s", "beta", "p", "q", "v", "cac"), _number),
    "attributes": _mapping(_level),
    "numbers": _mapping(_object(Number, _NUMBER)),
}
_BREACHES: dict[str, Reader] = {
    "regularity": _whole,
    "season": _list(_number),
    **dict.fromkeys(("spend_correlation", "aging", "refund_share", "refund_partial", "refund_days"), _number),
}
_POPULATION: dict[str, Reader] = {
    "name": _text,
    "time_unit": _text,
    "observation_end": _date,
    "holdout_end": _optional(_date),
    "groups": _list(_object(Group, _GROUP)),
    "effects": _object(Effects, dict.fromkeys(("purchase", "dropout", "spend"), _mapping(_number))),
    "breaches": _object(Breaches, _BREACHES),
    "cost_by": _text,
    "costs": _mapping(_number),
    "categories": _list(_object(Category, _CATEGORY)),
}
_SETTINGS: dict[str, Reader] = {
    "seed": _whole,
    "horizons": _list(_number),
    "relationship": _list(_number),
    "discount_rate": _number,
    "margin": _number,
}
