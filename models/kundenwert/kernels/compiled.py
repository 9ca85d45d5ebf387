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
    try:
        return cast("Callable[..., Result]", njit(nogil=True, cache=True)(function))
    except RuntimeError as error:
        if "cannot cache function" not in str(error):
            raise
        return cast("Callable[..., Result]", njit(nogil=True)(function))
