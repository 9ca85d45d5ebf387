"""Cells that every spreadsheet shows and none runs, whatever it takes for the separator.

A spreadsheet runs a cell that begins with a formula sign, and a German one splits a file with commas at its semicolons.
So each piece of a text, between anything that some program takes for a separator, gets an apostrophe where a formula
sign is its first character but for blanks, quotes and apostrophes; and every text with a separator in it is quoted.

The way back is exact: `original` takes one apostrophe off each piece that begins with an apostrophe and has a formula
sign as its first character but for blanks, quotes and apostrophes.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SIGNS = "=+\\-@＝＋－＠−\t\r"
"""Characters that make a spreadsheet take what follows for a formula, as a class of a regular expression."""

_LEAD = "[^\\S\t\r\n]|[\"'\0-\x08\x0e-\x1f\ufeff\u200b\u2060]"
_STARTS = re.compile(f"(?<![^;,|\t\r\n\x0b\x0c\x85\u2028\u2029])(?=(?:{_LEAD})*[{SIGNS}])")
_ESCAPED = re.compile(f"(?<![^;,|\t\r\n\x0b\x0c\x85\u2028\u2029])'(?=(?:{_LEAD})*[{SIGNS}])")
_NEEDS_QUOTES = re.compile('[;,|\t\r\n\x0b\x0c\x85\u2028\u2029"]|^\\s|\\s$')


def harmless(text: str) -> str:
    """Put an apostrophe before everything in a text that a spreadsheet might run as a formula.

    Examples
    --------
    >>> harmless("=1+1"), harmless("x;=cmd;y"), harmless(" ＠SUM(A1)"), harmless("2024-01")
    ("'=1+1", "x;'=cmd;y", "' ＠SUM(A1)", '2024-01')
    """
    return _STARTS.sub("'", text)


def original(text: str) -> str:
    """Return the text that `harmless` was given.

    Examples
    --------
    >>> [original(harmless(text)) for text in ("=1+1", "'=1", "x;=cmd", "O'Neill")]
    ['=1+1', "'=1", 'x;=cmd', "O'Neill"]
    """
    return _ESCAPED.sub("", text)


def cell(text: str) -> str:
    """Write a text as a cell of a file: harmless, and quoted where anything in it could be taken for a separator."""
    safe = harmless(text)
    return '"' + safe.replace('"', '""') + '"' if _NEEDS_QUOTES.search(safe) else safe


def cells(column: pd.Series, *, decimal: str, date_format: str, digits: int | None) -> NDArray[np.object_]:
    """Write a column as cells of a file.

    Parameters
    ----------
    column : pandas.Series
        Numbers, days, or anything that is written as its text; what is missing becomes an empty cell.
    decimal : str
        Decimal mark.
    date_format : str
        How days are written.
    digits : int or None
        Significant digits of numbers; None for as many as it takes to read back the very same number.

    Returns
    -------
    numpy.ndarray
        Of texts.
    """
    absent = column.isna().to_numpy()
    if pd.api.types.is_datetime64_any_dtype(column):
        found: NDArray[np.object_] = np.array(column.dt.strftime(date_format), dtype=object)
    elif pd.api.types.is_float_dtype(column):
        found = np.array(_numbers(column.astype("float64").tolist(), decimal, digits), dtype=object)
    elif pd.api.types.is_numeric_dtype(column):
        found = np.array([str(value) for value in column.astype("object")], dtype=object)
    else:
        codes, values = pd.factorize(column.astype("object"), use_na_sentinel=True)
        texts = np.array([*(cell(str(value)) for value in values), ""], dtype=object)
        found = texts[codes]
    found[absent] = ""
    return found


def _numbers(values: list[float], decimal: str, digits: int | None) -> list[str]:
    """Write numbers, whole ones without a point; marks are replaced in all of them at once, which is quicker."""
    written = map(repr if digits is None else f"{{:.{digits}g}}".format, values)
    lines = "".join(f"{text}\n" for text in written)
    if digits is None:
        lines = lines.replace(".0\n", "\n")
    return lines.replace(".", decimal).splitlines()
