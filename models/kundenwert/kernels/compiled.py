"""Compiled functions, kept for the next run where there is a place to keep them."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from numba import njit


def compiled[Result](function: Callable[..., Result]) -> Callable[..., Result]:
    """Compile a function that frees the interpreter's lock, and keep the result if it can be kept.

    It is kept beside the source or in the user's cache; an installation that may not be written to, run by a user
    without a home, has neither, and compiles anew in each process.

    Parameters
    ----------
    function : callable
        In the part of Python that Numba compiles.

    Returns
    -------
    callable
        The same function, compiled when first called.
    """
    return _kept(function, into_callers=False)


def inlined[Result](function: Callable[..., Result]) -> Callable[..., Result]:
    """Compile a short function as `compiled` does, and put its code in place of each call from a compiled function.

    A call that passes an array counts references, which costs more than a random number; code put in place does not.

    Parameters
    ----------
    function : callable
        In the part of Python that Numba compiles; short, for every caller gets a copy.

    Returns
    -------
    callable
        The same function, compiled when first called.
    """
    return _kept(function, into_callers=True)


def _kept[Result](function: Callable[..., Result], *, into_callers: bool) -> Callable[..., Result]:
    try:
        made = njit(nogil=True, cache=True, forceinline=into_callers)(function)
    except RuntimeError as error:
        if "cannot cache function" not in str(error):
            raise
        made = njit(nogil=True, forceinline=into_callers)(function)
    return cast("Callable[..., Result]", made)
