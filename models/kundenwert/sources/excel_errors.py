"""Error cells of .xlsx sheets, such as #N/A, which the reader of workbooks passes over as if they were empty."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

_CELL = re.compile(rb'<c\b[^>]*?\br="([A-Z]+)(\d+)"[^>]*?>(?:(?!</c>).)*?<v>([^<]*)</v>', re.DOTALL)
_IS_ERROR = re.compile(rb'<c\b[^>]*\bt="e"[^>]*>(?:(?!</c>).)*</c>', re.DOTALL)
_SHEET = re.compile(rb"<(?:\w+:)?sheet\b[^>]*>")
_RELATION = re.compile(rb"<Relationship\b[^>]*>")


def error_cells(path: Path, number: int) -> dict[tuple[int, int], str]:
    """Return the texts of a sheet's error cells by row and column, counted from 0; empty for workbooks of other kinds.

    Parameters
    ----------
    path : Path
        The workbook.
    number : int
        Position of the sheet, counted from 0.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            content = archive.read(_part(archive, number))
    except (zipfile.BadZipFile, KeyError, IndexError, OSError):
        return {}
    if b't="e"' not in content:
        return {}
    found = {}
    for cell in _IS_ERROR.finditer(content):
        if match := _CELL.match(cell.group()):
            column = 0
            for letter in match[1]:
                column = 26 * column + letter - 64
            found[int(match[2]) - 1, column - 1] = match[3].decode("utf-8", "replace")
    return found


def _attribute(tag: bytes, name: bytes) -> str:
    match = re.search(rb"\b(?:\w+:)?" + name + rb'="([^"]*)"', tag)
    return match[1].decode("utf-8", "replace") if match else ""


def _part(archive: zipfile.ZipFile, number: int) -> str:
    """Return the name of the part that holds a sheet."""
    sheet = _SHEET.findall(archive.read("xl/workbook.xml"))[number]
    match = re.search(rb'\br:id="([^"]*)"|\b\w+:id="([^"]*)"', sheet)
    wanted = (match[1] or match[2]).decode() if match else ""
    for relation in _RELATION.findall(archive.read("xl/_rels/workbook.xml.rels")):
        if _attribute(relation, b"Id") == wanted:
            target = _attribute(relation, b"Target")
            return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    raise KeyError(wanted)
