"""What a manifest keeps of a run's settings, and how a run is found again from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from kundenwert.cli.steps import files_of
from kundenwert.errors import SchemaError
from kundenwert.messages import Code, Setting
from kundenwert.settings.document import FILES, Document, load_manifest

_SECTIONS = ("reading", "terms")
_UNHASHED = "pseudonym_key"
"""A file of which a manifest does not hold the hash."""


def beside(stated: Document) -> list[Path]:
    """Return the files that settings name, such as the one of costs."""
    return [path for _, setting, path in _named(stated) if setting != _UNHASHED]


def kept(stated: Document, name: str) -> dict[str, object]:
    """Return all settings of a run for its manifest: files by name, with their hashes, so that it can be repeated.

    Parameters
    ----------
    stated
        Sources and settings of the run.
    name
        What the log calls its source; stands for sources that are no files.
    """
    from kundenwert.data.pseudonyms import told  # noqa: PLC0415
    from kundenwert.files.hashes import sha256  # noqa: PLC0415

    files = files_of(stated.source)
    hashes = {file.name: sha256(file) for file in (*files, *beside(stated)) if file.is_file()}
    names = {section: {name: path.name for at, name, path in _named(stated) if at == section} for section in _SECTIONS}
    records = {section: replace(getattr(stated, section), **names[section]) for section in _SECTIONS}
    sources = tuple(file.name for file in files) or (name,)
    settings = replace(stated, source=sources, hashes=hashes, **records).to_dict()
    reading = settings.get("reading")
    return settings | {"reading": told(reading)} if isinstance(reading, dict) else settings


def found(stated: Document, manifest: Path, *, allow_changed: bool) -> Document:
    """Find the files of an earlier run: in the current folder, beside the source, or beside the manifest.

    Parameters
    ----------
    stated
        Sources and settings, the manifest's where the command line says nothing.
    manifest
        The earlier run's.
    allow_changed
        Whether files may have changed since.

    Returns
    -------
    Document
        The same with the paths of its files.

    Raises
    ------
    SchemaError
        If a file is not there, or has changed.
    """
    from kundenwert.files.hashes import sha256  # noqa: PLC0415

    hashes = load_manifest(manifest).hashes
    given = files_of(stated.source)
    folders = [Path(), *(file.parent for file in given), manifest.parent]
    sources = tuple(str(_found(text, folders)) for text in stated.source)
    changed: dict[str, dict[str, object]] = {section: {} for section in _SECTIONS}
    for section, setting, path in _named(stated):
        changed[section][setting] = str(_found(str(path), folders))
    records = {name: replace(getattr(stated, name), **changed[name]) for name in _SECTIONS}
    repeated = replace(stated, source=sources, **records)
    known = set(hashes.values())
    for file in (*files_of(sources), *beside(repeated)):
        if file.is_file() and not allow_changed and sha256(file) not in known:
            raise SchemaError(Code.SOURCE_CHANGED, name=file.name, allow=Setting("allow_changed_source", True))
    return repeated


def _found(text: str, folders: list[Path]) -> str | Path:
    """Return where a file of the run is now."""
    if "://" in text or text == "-" or Path(text).exists() or files_of((text,)):
        return text
    for folder in folders:
        if (folder / Path(text).name).is_file():
            return folder / Path(text).name
    raise SchemaError(Code.SOURCE_NOT_FOUND, name=Path(text).name)


def _named(stated: Document) -> Iterator[tuple[str, str, Path]]:
    """Section, name and path of each setting that names a file."""
    for section in _SECTIONS:
        for setting in FILES:
            value = getattr(getattr(stated, section), setting, None)
            if isinstance(value, str | Path):
                yield section, setting, Path(value)
