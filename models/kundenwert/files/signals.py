"""A run that is told to stop cleans up, says so in one line, and ends with the code that its signal has."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from kundenwert.messages import Code, say

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Signals by which a run is told to stop."""


class Stopped(BaseException):
    """The run was told to stop; no error, so that no handler of errors catches it.

    Examples
    --------
    >>> stop = Stopped(15)
    >>> str(stop), stop.exit_code
    ('stopped by SIGTERM; nothing of this run is left behind', 143)
    """

    def __init__(self, number: int) -> None:
        self.number = number
        code = Code.STOPPED_AFTER if _STATE.published else Code.STOPPED
        super().__init__(say(code, {"signal": signal.Signals(number).name}))

    @property
    def exit_code(self) -> int:
        """What a shell expects of a program that ended by the signal."""
        return 128 + self.number


@dataclass
class _State:
    """What the handler knows: the signal that came, whether it has to wait, whether results are in place."""

    came: int | None = None
    waits: bool = False
    published: bool = False


_STATE = _State()


def _handle(number: int, _: FrameType | None) -> None:
    if _STATE.came is not None:
        return  # cleaning up already
    _STATE.came = number
    if not _STATE.waits:
        raise Stopped(number)


@contextmanager
def stoppable() -> Iterator[None]:
    """Turn the signals by which a run is told to stop into an exception, so that everything cleans up behind itself.

    Only the main thread of a process hears signals; elsewhere this does nothing.

    Raises
    ------
    Stopped
        If the process is told to stop.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _STATE.came, _STATE.waits, _STATE.published = None, False, False
    before = {
        number: signal.signal(number, _handle) for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN
    }
    try:
        yield
        check_stop()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _STATE.came, _STATE.waits = None, False


def run_stoppable(program: Callable[[], object]) -> None:
    """Run a program of the command line; told to stop, it cleans up, says so in one line, and ends with 130 or 143.

    Parameters
    ----------
    program : callable
        What to run.
    """
    try:
        with stoppable():
            program()
    except Stopped as stop:
        sys.stderr.write(f"kundenwert: {stop}\n")
        sys.exit(stop.exit_code)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let a signal wait until a short step is done: files are put in place all or none."""
    _STATE.waits = True
    try:
        yield
    finally:
        _STATE.waits = False
    check_stop()


def check_stop() -> None:
    """Stop where a signal came that somebody else's code has swallowed.

    Raises
    ------
    Stopped
        If one came.
    """
    if _STATE.came is not None and not _STATE.waits:
        raise Stopped(_STATE.came)


def results_are_in_place() -> None:
    """Remember for what is said at the end that this run has replaced its files."""
    _STATE.published = True
