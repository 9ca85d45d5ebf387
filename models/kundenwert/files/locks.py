"""One run at a time in a folder of results: a lock that ends with its process, however that ends."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kundenwert.errors import SchemaError
from kundenwert.messages import Code

_HELD: dict[tuple[int, int], int] = {}
"""Folders that this process has locked, by device and number, with the thread that did."""


@contextmanager
def locked(folder: Path, *, wait: float = 0.0) -> Iterator[bool]:
    """Keep other runs out of a folder; a lock of a run that has died does not count.

    The folder itself is locked, so that no file is left behind. A thread that holds the lock already passes.

    Parameters
    ----------
    folder : Path
        An existing folder.
    wait : float
        Seconds to wait for another run to end.

    Yields
    ------
    bool
        Whether there is a lock; False on file systems that know none.

    Raises
    ------
    SchemaError
        If another run is still at work in the folder.
    """
    place = folder.stat()
    key, me = (place.st_dev, place.st_ino), threading.get_ident()
    if _HELD.get(key) == me:
        yield True
        return
    deadline = time.monotonic() + wait
    while (handle := _try(folder, key)) is None:
        if time.monotonic() > deadline:
            raise SchemaError(Code.BUSY_FOLDER, folder=folder.name, parameter="out")
        time.sleep(0.1)
    if handle < 0:
        yield False
        return
    _HELD[key] = me
    try:
        yield True
    finally:
        del _HELD[key]
        os.close(handle)


def _try(folder: Path, key: tuple[int, int]) -> int | None:
    """Return a handle that holds the lock, None where another run has it, -1 where there are no locks."""
    if key in _HELD:
        return None
    if sys.platform == "win32":
        return -1
    import fcntl  # noqa: PLC0415

    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    except OSError:  # some network drives
        os.close(handle)
        return -1
    return handle


def alone(path: Path) -> int | None:
    """Return a handle that locks a file which no living run is writing; None where one is.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     first, second = alone(Path(file.name)), alone(Path(file.name))
    ...     second is None, os.close(first)
    (True, None)
    """
    if sys.platform == "win32":
        return None
    import fcntl  # noqa: PLC0415

    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle
