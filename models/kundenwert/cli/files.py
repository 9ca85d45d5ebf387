"""Settings from files: they stand where the command line says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cyclopts import Token

from kundenwert.cli.told import tell
from kundenwert.errors import DomainError
from kundenwert.messages import Code, Setting, say

if TYPE_CHECKING:
    from cyclopts import App, Argument, ArgumentCollection

    from kundenwert.settings.document import Document

INSTEAD: Mapping[str, str] = {"cac": "cac_file", "cac_file": "cac"}
"""Settings that take each other's place: one on the command line puts the other one of a file aside."""


def fill(app: App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
    """Give the options that the command line leaves out the values of a settings file or a manifest."""
    options = {one.field_info.name: one for one in arguments if not one.children and one.parse}
    document = _chosen(options)
    if document is None:
        return
    values = {**document.stated, **({"source": document.source} if document.source else {})}
    said = {name for name, one in options.items() if one.tokens}
    for name, value in values.items():
        if name in options and not said & {name, INSTEAD.get(name)}:
            said_so = value if isinstance(value, bool | tuple | Mapping) else str(value)
            options[name].append(Token(keyword=f"--{name}", implicit_value=said_so, source="file"))


def _chosen(options: Mapping[str, Argument]) -> Document | None:
    """Return what the file named by --from or --config states, or kundenwert.toml; None without any."""
    from kundenwert.settings.document import NAME, load, load_manifest  # noqa: PLC0415

    named = {name: options[name].tokens[0].value for name in ("repeat", "config") if _said(options, name)}
    if len(named) > 1:
        raise DomainError(Code.BOTH_GIVEN, parameter="config", first=Setting("from"), second=Setting("config"))
    if "repeat" in named:
        return load_manifest(named["repeat"])
    if "config" in named:
        return load(named["config"])
    if "config" in options and Path(NAME).is_file():
        tell(say(Code.SETTINGS_USED, {"file": NAME}))
        return load(NAME)
    return None


def _said(options: Mapping[str, Argument], name: str) -> bool:
    return name in options and bool(options[name].tokens)
