"""From a code and its figures to a sentence of a language, in the words of the reader's interface."""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from kundenwert.messages.codes import Code

type Interface = Literal["python", "cli"]

_NO_VALUE = object()


@dataclass(frozen=True)
class Setting:
    """A setting that a message speaks of, with a value or without; each interface writes it in its own way.

    Parameters
    ----------
    name : str
        Field of a settings record.
    value : object, optional
        Its value.
    instead_of : str, optional
        The value that was given, where another one is proposed.

    Examples
    --------
    >>> hint = Setting("date_format", "%d.%m.%Y")
    >>> hint.written("python"), hint.written("cli"), Setting("cac_file").written("cli")
    ("date_format='%d.%m.%Y'", "--date-format '%d.%m.%Y'", '--cac-file')
    """

    name: str
    value: object = _NO_VALUE
    instead_of: str | None = None

    def written(self, interface: Interface) -> str:
        """Write the setting as callers from Python, or users of the command line, do."""
        python = interface == "python"
        name = self.name if python else f"--{self.name.replace('_', '-')}"
        if self.value is _NO_VALUE or (self.value is True and not python):
            return name
        values = [self.value] if python or not isinstance(self.value, list | tuple) else self.value
        return " ".join(f"{name}{'=' if python else ' '}{value!r}" for value in values)

    def __str__(self) -> str:
        return self.written("python")


class _Sentence(string.Formatter):
    """Format with counted nouns, lists of places, and settings written for an interface."""

    def __init__(self, interface: Interface) -> None:
        self._interface: Interface = interface

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec.startswith("n|"):
            _, one, many = format_spec.split("|")
            return f"{value:,} {one if value == 1 else many}"
        if format_spec == "time":
            return lasting(value)
        if format_spec == "offenders":
            return listing(value)
        if isinstance(value, Setting):
            return value.written(self._interface)
        if isinstance(value, list) and value and all(isinstance(item, Setting) for item in value):
            return ", ".join(item.written(self._interface) for item in value)
        return str(super().format_field(value, format_spec))


def say(code: Code, figures: Mapping[str, object] | None = None, *, interface: Interface = "python") -> str:
    """Say what a code means, with its figures, in English.

    Parameters
    ----------
    code : Code
        What was found.
    figures : mapping
        By the names in the catalogue's sentence.
    interface : {"python", "cli"}
        Who reads it: settings are written as that interface writes them.

    Returns
    -------
    str

    Examples
    --------
    >>> say(Code.SILENT_END, {"days": 14, "until": "2024-02-19"})
    '14 days without a purchase count as observed: complete up to 2024-02-19, as stated'
    """
    from kundenwert.messages.en import SENTENCES  # noqa: PLC0415

    return written(SENTENCES[code], figures or {}, interface)


def written(sentence: str, figures: Mapping[str, object], interface: Interface) -> str:
    """Put figures into a sentence of the catalogue's form."""
    return _Sentence(interface).vformat(sentence, (), figures)


def lasting(days: float) -> str:
    """Write a length of time as people say it: in days, weeks, months or years, whichever are few and enough.

    Examples
    --------
    >>> [lasting(days) for days in (0.4, 1, 12.5, 30, 425, 1100)]
    ['0.4 days', '1 day', '12 days', '4 weeks', '14 months', '3.0 years']
    """
    if days < 10 and abs(days - round(days)) > 1e-6:
        return f"{days:.1f} days"
    for unit, length, most in (("day", 1.0, 21), ("week", 7.0, 10), ("month", 365.25 / 12, 24)):
        if days < most * length:
            return several(round(days / length), unit)
    return f"{days / 365.25:.1f} years"


def several(count: int, noun: str) -> str:
    """Write a count with its noun.

    Examples
    --------
    >>> several(1, "row"), several(2357, "customer")
    ('1 row', '2,357 customers')
    """
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def listing(offenders: Iterable[object]) -> str:
    """Write the first offenders as the end of a sentence; empty where there are none.

    Examples
    --------
    >>> listing(["line 2: 'x'", "line 5: 'y'"])
    " (first: line 2: 'x'; line 5: 'y')"
    """
    text = "; ".join(map(str, offenders))
    return f" (first: {text})" if text else ""


def choices(values: Sequence[object]) -> str:
    """Write what one may choose from.

    Examples
    --------
    >>> choices(["keep", "drop"]), choices(["a", "b", "c"])
    ("'keep' or 'drop'", "'a', 'b' or 'c'")
    """
    words = [repr(value) for value in values]
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
