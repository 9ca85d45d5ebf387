"""Settings in a file: kundenwert.toml for people, the options of a manifest for a run that is given back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from kundenwert.errors import KundenwertError, SchemaError
from kundenwert.messages import Code
from kundenwert.settings.output import Output
from kundenwert.settings.reading import Reading
from kundenwert.settings.record import meant, plain
from kundenwert.settings.sampling import Sampling
from kundenwert.settings.shaping import Shaping
from kundenwert.settings.terms import Terms

NAME = "kundenwert.toml"
"""Name of the settings file that is looked for in the current folder."""

SECTIONS: Mapping[str, type] = {
    "reading": Reading,
    "shaping": Shaping,
    "sampling": Sampling,
    "terms": Terms,
    "output": Output,
}
"""Sections of a settings file, each with the record of its settings."""

FILES = ("rates", "id_map", "customers", "pseudonym_key", "cac_file")
"""Settings that may name a file: relative to the settings file's folder."""

_ADDRESS = re.compile(r"^-$|^[A-Za-z][A-Za-z0-9+.-]+://")


@dataclass(frozen=True, kw_only=True)
class Document:
    """Sources and settings of a run, as a file states them.

    Parameters
    ----------
    source
        Paths, patterns or addresses of the transaction log.
    reading, shaping, sampling, terms, output
        The records, with defaults where nothing is stated.
    stated
        The settings that the file states, by name, with their values.
    hashes
        Hash of each file that was read, by its name; of a manifest only.
    """

    source: tuple[str, ...] = ()
    reading: Reading = field(default_factory=Reading)
    shaping: Shaping = field(default_factory=Shaping)
    sampling: Sampling = field(default_factory=Sampling)
    terms: Terms = field(default_factory=Terms)
    output: Output = field(default_factory=Output)
    stated: Mapping[str, object] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """Return all settings as plain values by section, ready for a manifest."""
        records = {name: plain(getattr(self, name)) for name in SECTIONS}
        return {"source": list(self.source), **records, "hashes": dict(self.hashes)}


def load(path: str | Path) -> Document:
    """Read a settings file such as kundenwert.toml.

    It names the source and has the sections [reading], [shaping], [sampling] with [sampling.priors], [terms] and
    [output], with the settings of the records of these names. Values may be written as people do: "30.06.2025", "35 %".
    Files that it names are looked for from its own folder.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    Document

    Raises
    ------
    SchemaError
        If the file cannot be read, or names a section or a setting that there is not.
    DomainError
        If a value has no meaning.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "kundenwert.toml"
    ...     _ = file.write_text("[shaping]\\nholdout_end = '30.06.2025'\\n[terms]\\nmargin = '35 %'\\n")
    ...     document = load(file)
    >>> document.terms.margin, document.shaping.holdout_end
    (0.35, datetime.date(2025, 6, 30))
    """
    import tomllib  # noqa: PLC0415

    path = Path(path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SchemaError(Code.SETTINGS_UNREADABLE, file=path.name, why=error.strerror or error) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SchemaError(Code.SETTINGS_UNREADABLE, file=path.name, why=error) from error
    return _document(content, path)


def load_manifest(path: str | Path) -> Document:
    """Read the settings of a run from the manifest that it wrote.

    Parameters
    ----------
    path
        A manifest.json of `kundenwert report`.

    Returns
    -------
    Document

    Raises
    ------
    SchemaError
        If it is no manifest, or of a version that wrote no settings into it.
    """
    import json  # noqa: PLC0415

    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SchemaError(Code.NO_MANIFEST, file=path.name, why=error.strerror or error) from error
    except ValueError as error:
        raise SchemaError(Code.NO_MANIFEST, file=path.name, why="it is no JSON") from error
    options = content.get("options") if isinstance(content, dict) else None
    if not isinstance(options, dict) or not options.keys() >= SECTIONS.keys():
        raise SchemaError(Code.NO_MANIFEST, file=path.name, why="it holds no settings")
    hashes = options.pop("hashes", {})
    found = _document(options, path, beside=False)
    return Document(**{name: getattr(found, name) for name in ("source", "stated", *SECTIONS)}, hashes=hashes)


def _document(content: Mapping[str, object], path: Path, *, beside: bool = True) -> Document:
    known = ["source", *SECTIONS]
    for name in content:
        if name not in known:
            _refuse_key(content, name, path.name, known)
    source = content.get("source", [])
    stated = [source] if isinstance(source, str) else source
    if not isinstance(stated, list) or not all(isinstance(text, str) for text in stated):
        raise SchemaError(Code.SETTINGS_UNREADABLE, file=path.name, why="source is a path, or a list of paths")
    sources = tuple(_beside(text, path, beside) for text in stated)
    values_of: dict[str, object] = {}

    def read[Record](kind: type[Record]) -> Record:
        section = kind.__name__.lower()
        values = _section(content.get(section, {}), section, kind, path.name)
        for name in FILES:
            if isinstance(value := values.get(name), str):
                values[name] = _beside(value, path, beside)
        record = _made(kind, values, path.name)
        values_of.update({name: getattr(record, name) for name in values})
        return record

    return Document(
        source=sources,
        reading=read(Reading),
        shaping=read(Shaping),
        sampling=read(Sampling),
        terms=read(Terms),
        output=read(Output),
        stated=values_of,
    )


def _section(values: object, section: str, kind: type, file: str) -> dict[str, object]:
    """Return the settings of a section, or say which there are not."""
    if not isinstance(values, dict):
        raise SchemaError(Code.SETTINGS_UNREADABLE, file=file, why=f"{section!r} is a section, not a value")
    known = [field.name for field in fields(kind)]
    for name in values:
        if name not in known:
            near = _home(name) or meant(name, known)
            raise SchemaError(
                Code.SETTINGS_UNKNOWN, file=file, name=name, section=section, meant=near, known=", ".join(known)
            )
    return {name: value for name, value in values.items() if value is not None}


def _made[Record](kind: type[Record], values: Mapping[str, object], file: str) -> Record:
    try:
        return kind(**values)
    except KundenwertError as error:
        raise type(error)(f"{file}: {error}", parameter=error.parameter) from error
    except TypeError as error:
        raise SchemaError(Code.SETTINGS_UNREADABLE, file=file, why=error) from error


def _refuse_key(content: Mapping[str, object], name: str, file: str, known: list[str]) -> None:
    """Say that a key at the top is not known, and where it belongs if it is a setting."""
    near = (not isinstance(content[name], dict) and _home(name)) or meant(name, known)
    raise SchemaError(Code.SETTINGS_NO_SECTION, file=file, name=name, meant=near, known=", ".join(known))


def _home(name: str) -> str:
    """Write in which section a setting belongs, as the end of a sentence; empty where there is none."""
    home = next((section for section, kind in SECTIONS.items() if name in [one.name for one in fields(kind)]), None)
    return f"; write it below [{home}]" if home else ""


def _beside(text: str, path: Path, beside: bool) -> str:
    """Return a path as seen from the settings file's folder; addresses and the standard input as they are."""
    if not beside or _ADDRESS.match(text) or Path(text).is_absolute():
        return text
    return str(path.parent / text)
