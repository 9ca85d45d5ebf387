"""All files of a run appear together: staged inside the folder, named in a journal, moved, recorded with their hashes.

A run writes into a hidden folder within its own (`.staging-…`), so that neither another file system nor a read-only
parent matters. When all is written, and on the disk, one renaming puts a journal (`.publish.json`) beside it, which
names what is to be moved and removed: from then on the new set counts. Whoever next looks finishes what a killed run
left: before the journal the old set is whole, after it the new one is, whenever the process dies. `manifest.json`,
moved last, names the run and the SHA-256 of every file of its set.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from kundenwert.errors import SchemaError
from kundenwert.files.hashes import sha256
from kundenwert.files.locks import locked
from kundenwert.files.signals import check_stop, results_are_in_place, uninterrupted
from kundenwert.files.tables import check_folder, on_disk, write_json
from kundenwert.messages import Code

MANIFEST, JOURNAL, STAGING = "manifest.json", ".publish.json", ".staging-"
PATIENCE = 120.0
"""Seconds that a finished run waits for another one to leave its folder."""

_PLAIN = re.compile(r"[^/\\\0]+")


@contextmanager
def claimed(out: str | Path, *, wait: float = 0.0) -> Iterator[Path]:
    """Hold a folder for results during a run: made if missing, writable, without leftovers of runs that have died.

    Parameters
    ----------
    out : str or Path
        The folder; removed again where the run has made it and leaves it empty.
    wait : float
        Seconds to wait for another run; the second of two is refused if not given.

    Yields
    ------
    Path
        The folder.

    Raises
    ------
    SchemaError
        If nothing can be written there, or another run is at work in it.
    """
    out = Path(out)
    check_folder(out)
    new = _make(out)
    try:
        with locked(out, wait=wait) as sure:
            _finish(out)
            if sure:
                _clean(out)
            _probe(out)
            yield out
    finally:
        for folder in new:
            with suppress(OSError):
                folder.rmdir()


@contextmanager
def staged(out: str | Path, command: str) -> Iterator[Path]:
    """Give a folder to write results to; at the end all of them appear in `out` together, or, after an error, none.

    Parameters
    ----------
    out : str or Path
        The folder for the results.
    command : str
        What makes them; for the manifest, if there is one.

    Yields
    ------
    Path
        A hidden folder within `out`. What is in hidden folders of it at the end is thrown away.

    Raises
    ------
    SchemaError
        If nothing can be written there, or another run is at work in it.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with staged(folder, "fit") as place:
    ...         written = (place / "a.txt").write_text("a")
    ...     [path.name for path in Path(folder).iterdir()], published(folder)
    (['a.txt'], True)
    """
    with claimed(out, wait=PATIENCE) as folder:
        staging = Path(tempfile.mkdtemp(dir=folder, prefix=STAGING))
        try:
            yield staging
            check_stop()
            _publish(folder, staging, command)
        finally:
            if not (folder / JOURNAL).exists():
                shutil.rmtree(staging, ignore_errors=True)


def settle(out: str | Path) -> None:
    """Finish what a run that was killed while its files were put in place has left; nothing where there is nothing.

    Raises
    ------
    SchemaError
        If another run is at work just now, or this one may not write there.
    """
    out = Path(out)
    if not (out / JOURNAL).exists():
        return
    try:
        with locked(out, wait=10.0):
            _finish(out)
    except OSError as error:
        raise SchemaError(Code.HALF_PUBLISHED, folder=out.name) from error


def published(out: str | Path) -> bool:
    """Whether the files of a folder are one set: no run was interrupted there, and they are those of the manifest.

    Parameters
    ----------
    out : str or Path
        A folder of results; files of the manifest that are missing, such as large ones that were not sent on, do not
        count against it.

    Returns
    -------
    bool
    """
    out = Path(out)
    return not (out / JOURNAL).exists() and not changed(out)


def changed(out: str | Path, names: Sequence[str] = ()) -> list[str]:
    """Name the files of a folder that are not those its manifest speaks of; of the given names, or of all.

    Parameters
    ----------
    out : str or Path
        A folder of results; without a manifest nothing is known of its files.
    names : sequence of str
        Which files to look at.

    Returns
    -------
    list of str
    """
    files = recorded(out)
    wanted = [name for name in (names or files) if name in files]
    return [name for name in wanted if (Path(out) / name).is_file() and sha256(Path(out) / name) != files[name]]


def check_set(out: str | Path, names: Sequence[str]) -> None:
    """Refuse files of a folder that are not those of its manifest, such as one file copied from another run.

    Raises
    ------
    SchemaError
        If one of them is not.
    """
    settle(out)
    if odd := changed(out, names):
        raise SchemaError(Code.CHANGED_FILE, file=odd[0], folder=Path(out).name)


def recorded(out: str | Path) -> dict[str, str]:
    """Return the SHA-256 of each file as a folder's manifest has it; empty where there is none."""
    files = _content(Path(out) / MANIFEST).get("files")
    if not isinstance(files, dict):
        return {}
    return {name: str(digest) for name, digest in files.items() if _PLAIN.fullmatch(name) and name not in (".", "..")}


def _make(out: Path) -> list[Path]:
    """Make a folder, and return those that were missing, the innermost first."""
    new = [folder for folder in (out, *out.parents) if not folder.exists()]
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(out, error) from error
    return new


def _probe(out: Path) -> None:
    """Refuse a folder in which nothing can be written."""
    try:
        handle, name = tempfile.mkstemp(dir=out, prefix=STAGING)
        os.close(handle)
        Path(name).unlink()
    except OSError as error:
        raise _unwritable(out, error) from error


def _unwritable(out: Path, error: OSError) -> SchemaError:
    return SchemaError(Code.NOT_WRITABLE, parameter="out", place=out.name, why=error.strerror or str(error))


def _publish(out: Path, staging: Path, command: str) -> None:
    """Move what is staged to its place, all or nothing."""
    for hidden in staging.glob(".*"):
        shutil.rmtree(hidden, ignore_errors=True)
    names = sorted(path.name for path in staging.iterdir())
    if folders := [name for name in names if (out / name).is_dir()]:
        raise SchemaError(Code.FOLDER_IN_PLACE, name=folders[0])
    if MANIFEST in names:
        hashes = {name: sha256(staging / name) for name in names if name != MANIFEST}
        content = {**_content(staging / MANIFEST), "command": command, "run": secrets.token_hex(8), "files": hashes}
        write_json(content, staging / MANIFEST)
        names = [*hashes, MANIFEST]
    for name in names:
        on_disk(staging / name)
    journal = {"staging": staging.name, "move": names, "remove": _stale(out, names)}
    write_json(journal, staging / JOURNAL)
    on_disk(staging)
    with uninterrupted():
        try:
            (staging / JOURNAL).replace(out / JOURNAL)
            results_are_in_place()
        finally:  # also where an interruption falls between these lines
            _finish(out)


def _stale(out: Path, names: Sequence[str]) -> list[str]:
    """Files of an earlier run that this one does not make: those of its manifest, if nobody has changed them since."""
    files = recorded(out)
    stale = [name for name, digest in files.items() if (out / name).is_file() and sha256(out / name) == digest]
    return sorted({*stale, *([MANIFEST] if files else [])} - set(names))


def _finish(out: Path) -> None:
    """Do what a journal says, again and again if need be: move, remove, throw the journal away."""
    journal = out / JOURNAL
    if not journal.exists():
        return
    staging, moves, stale = _plan(out, _content(journal))
    for name in moves:
        with suppress(FileNotFoundError):  # moved already
            (staging / name).replace(out / name)
    for name in stale:
        (out / name).unlink(missing_ok=True)
    on_disk(out)
    journal.unlink()
    shutil.rmtree(staging, ignore_errors=True)


def _plan(out: Path, content: Mapping[str, object]) -> tuple[Path, list[str], list[str]]:
    """Return the staging folder, the files to move and those to remove that a journal names: plain names, no paths."""
    staging, moves, stale = (content.get(key) for key in ("staging", "move", "remove"))
    if isinstance(staging, str) and isinstance(moves, list) and isinstance(stale, list):
        names = [str(name) for name in (staging, *moves, *stale)]
        if staging.startswith(STAGING) and all(map(_PLAIN.fullmatch, names)) and not {".", ".."} & set(names):
            return out / staging, [str(name) for name in moves], [str(name) for name in stale]
    raise SchemaError(Code.STRANGE_JOURNAL, name=JOURNAL, folder=out.name)


def _clean(out: Path) -> None:
    """Throw away what runs that have died were writing; only where no other run can be at work."""
    for left in out.glob(f"{STAGING}*"):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def _content(path: Path) -> Mapping[str, object]:
    """Return a mapping from a JSON file; empty where there is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
