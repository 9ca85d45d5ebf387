"""A population as plain values and back: what its JSON file holds."""

from __future__ import annotations

import datetime as dt
import difflib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, fields
from pathlib import Path
from typing import TypedDict

from kundenwert.errors import SchemaError
from kundenwert.simulate.population import Breaches, Category, Effects, Group, Number, Population

type Reader[Read] = Callable[[object, str], Read]


class Settings(TypedDict, total=False):
    """What a simulation was told besides its population: keywords of `simulate_population`."""

    seed: int
    horizons: tuple[float, ...]
    relationship: tuple[float, ...]
    discount_rate: float
    margin: float


def to_dict(population: Population) -> dict[str, object]:
    """Return a population as plain values; `from_dict` is the inverse.

    Examples
    --------
    >>> from kundenwert.simulate.named import cdnow_like
    >>> to_dict(cdnow_like())["observation_end"]
    '1997-09-30'
    >>> from_dict(to_dict(cdnow_like())) == cdnow_like()
    True
    """
    return {name: _plain(value) for name, value in asdict(population).items()}


def from_dict(content: object) -> Population:
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
    return _object(Population, _POPULATION)(content, "population")


def read_population(path: Path) -> tuple[Population, Settings]:
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
        raise SchemaError(f"{path.name} cannot be read as JSON: {error}") from None
    if not isinstance(content, Mapping) or "population" not in content:
        return from_dict(content), {}
    known = ("population", *Settings.__annotations__)
    if unknown := [key for key in content if key not in known]:
        raise SchemaError(f"{path.name} has an unknown key {unknown[0]!r}; known: {', '.join(known)}")
    return from_dict(content["population"]), _settings(content)


def _settings(content: Mapping[str, object]) -> Settings:
    settings: Settings = {}
    if "seed" in content:
        settings["seed"] = _whole(content["seed"], "seed")
    if "horizons" in content:
        settings["horizons"] = _list(_number)(content["horizons"], "horizons")
    if "relationship" in content:
        settings["relationship"] = _list(_number)(content["relationship"], "relationship")
    if "discount_rate" in content:
        settings["discount_rate"] = _number(content["discount_rate"], "discount_rate")
    if "margin" in content:
        settings["margin"] = _number(content["margin"], "margin")
    return settings


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dt.date):
        return value.isoformat()
    return None if isinstance(value, float) and math.isinf(value) else value


def _wrong(value: object, where: str, wanted: str) -> SchemaError:
    return SchemaError(f"{where} is {value!r}; it must be {wanted}")


def _number(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(value, where, "a number")
    try:
        return float(value)
    except OverflowError:
        raise _wrong(value, where, "a number below 1e308") from None


def _bound(value: object, where: str) -> float:
    return math.inf if value is None else _number(value, where)


def _whole(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        raise _wrong(value, where, "a whole number")
    return int(value)


def _text(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _wrong(value, where, "a text that is not empty")
    return value


def _truth(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(value, where, "true or false")
    return value


def _date(value: object, where: str) -> dt.date:
    try:
        return dt.date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise _wrong(value, where, "a date such as '2024-12-31'") from None


def _optional[Read](read: Reader[Read]) -> Reader[Read | None]:
    return lambda value, where: None if value is None else read(value, where)


def _list[Read](read: Reader[Read]) -> Reader[tuple[Read, ...]]:
    def _read(value: object, where: str) -> tuple[Read, ...]:
        if not isinstance(value, list | tuple):
            raise _wrong(value, where, "a list")
        return tuple(read(item, f"{where}[{i}]") for i, item in enumerate(value))

    return _read


def _mapping[Read](read: Reader[Read]) -> Reader[dict[str, Read]]:
    def _read(value: object, where: str) -> dict[str, Read]:
        if not isinstance(value, Mapping):
            raise _wrong(value, where, "an object with names and values")
        return {_text(key, f"a name in {where}"): read(item, f"{where}.{key}") for key, item in value.items()}

    return _read


def _level(value: object, where: str) -> dict[str, float] | str:
    return _mapping(_number)(value, where) if isinstance(value, Mapping) else _text(value, where)


def _object[Kind](kind: type[Kind], readers: Mapping[str, Reader[object]]) -> Reader[Kind]:
    """Read an object of a class: no unknown key, no missing one."""
    of_kind = fields(kind)  # type: ignore[arg-type]
    needed = [one.name for one in of_kind if one.default is MISSING and one.default_factory is MISSING]

    def _read(value: object, where: str) -> Kind:
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


_NUMBER: dict[str, Reader[object]] = {"median": _number, "spread": _number, "whole": _truth}
_CATEGORY: dict[str, Reader[object]] = {
    "name": _text,
    "at_least": _number,
    "below": _bound,
    "share": _number,
    "only": _mapping(_list(_text)),
}
_GROUP: dict[str, Reader[object]] = {
    "name": _text,
    "customers": _whole,
    "start": _date,
    "end": _date,
    **dict.fromkeys(("r", "alpha", "s", "beta", "p", "q", "v", "cac"), _number),
    "attributes": _mapping(_level),
    "numbers": _mapping(_object(Number, _NUMBER)),
}
_BREACHES: dict[str, Reader[object]] = {
    "regularity": _whole,
    "season": _list(_number),
    **dict.fromkeys(("spend_correlation", "aging", "refund_share", "refund_partial", "refund_days"), _number),
}
_POPULATION: dict[str, Reader[object]] = {
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
