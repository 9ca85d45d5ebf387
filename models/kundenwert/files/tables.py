"""Tables out: whole files or none, and cells that a spreadsheet shows instead of running."""

from __future__ import annotations

import glob
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pandas as pd

from kundenwert.errors import SchemaError
from kundenwert.files.cells import cell, cells, harmless
from kundenwert.files.kinds import never_as_missing, rounded
from kundenwert.files.locks import alone
from kundenwert.messages import Code

DIGITS, ROUNDED_DIGITS = 12, 15
"""Significant digits in CSV files: of any numbers, and of rounded ones; both leave no rounding dust."""

ROWS = 50_000
"""Rows of a CSV file that are turned into text at a time."""


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Give a path to write to, and move it to its place when all went well; otherwise leave nothing behind.

    Parameters
    ----------
    path
        Where the file shall be; its folder is made.

    Yields
    ------
    Path
        A file beside it, with the same ending.

    Raises
    ------
    SchemaError
        If a folder stands in the place.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with whole_file(Path(folder) / "new" / "note.txt") as partial:
    ...         written = partial.write_text("done")
    ...     sorted(item.name for item in (Path(folder) / "new").iterdir())
    ['note.txt']
    """
    path = Path(path)
    if path.is_dir():
        raise SchemaError(Code.FOLDER_IN_PLACE, name=path.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial, lock = _beside(path)
    try:
        yield partial
        on_disk(partial)
        partial.chmod(0o666 & ~_umask())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
        if lock is not None:
            os.close(lock)


PARTIAL = "kundenwert-"
"""Begin of the middle part of the names of files that are being written."""


def _beside(path: Path) -> tuple[Path, int | None]:
    """Make a file beside a place, locked while this process lives, and remove what dead ones have left there."""
    prefix = f".{path.stem}.{PARTIAL}"
    for left in path.parent.glob(f"{glob.escape(prefix)}*{glob.escape(path.suffix)}"):
        if (free := alone(left)) is not None:
            left.unlink(missing_ok=True)
            os.close(free)
    while True:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=path.suffix)
        os.close(handle)
        lock = alone(Path(name))
        if Path(name).exists():  # else another run took it for a leftover before it was locked
            return Path(name), lock
        if lock is not None:
            os.close(lock)


def on_disk(path: Path) -> None:
    """Wait until a file or folder is on the disk, so that a power cut does not undo what is built on it."""
    if sys.platform == "win32" and path.is_dir():
        return
    handle = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system that cannot
            os.fsync(handle)
    finally:
        os.close(handle)


def check_writable(path: str | Path) -> None:
    """Refuse a place for a file in which nothing can be written; worth asking before the work is done.

    Raises
    ------
    SchemaError
        If no file can be made beside it, or in the nearest folder above it that is there.
    """
    folder = next((place for place in Path(path).absolute().parents if place.exists()), Path())
    try:
        handle, name = tempfile.mkstemp(dir=folder, prefix=f".{Path(path).stem}.{PARTIAL}", suffix=Path(path).suffix)
        os.close(handle)
        Path(name).unlink()
    except OSError as error:
        why = error.strerror or str(error)
        raise SchemaError(Code.NOT_WRITABLE, parameter="out", place=folder.name, why=why) from error


def check_folder(out: str | Path) -> None:
    """Refuse a place for the results that is a file; worth asking before the work is done.

    Raises
    ------
    SchemaError
        If something that is no folder stands in the place, or where a folder above it should be.
    """
    for place in (Path(out), *Path(out).parents):
        if place.exists():
            if not place.is_dir():
                raise SchemaError(f"{place.name} is a file; results need a folder: name another place")
            return


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def without_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """Put an apostrophe before texts and headings that a spreadsheet would run as a formula.

    Parameters
    ----------
    table
        Any table; numbers are left alone.

    Returns
    -------
    pandas.DataFrame
        A copy where anything was changed.

    Examples
    --------
    >>> without_formulas(pd.DataFrame({"customer_id": ["=1+1", "0042"], "rlv": [-1.0, 2.0]})).values.tolist()
    [["'=1+1", -1.0], ['0042', 2.0]]
    """
    table = table.rename(columns=lambda name: harmless(str(name)))
    changed: dict[int, pd.Series] = {}
    for place in range(table.shape[1]):
        column = table.iloc[:, place]
        if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
            continue
        text = column.astype("object").map(lambda value: harmless(str(value)), na_action="ignore")
        if (text.notna() & (text != column.astype("str"))).any():
            changed[place] = text
    for place, column in changed.items():
        table.isetitem(place, column.array)
    return table


def write_csv(table: pd.DataFrame, path: str | Path, *, german: bool = False, digits: int | None = DIGITS) -> Path:
    """Write a table as CSV, whole or not at all, safe to open in a spreadsheet.

    Numbers are written as they are, to `digits`; `write_result` rounds them by what they are. The same table gives the
    same bytes every time.

    Parameters
    ----------
    table
        Any table; dates without a time of day are written as days. A payback time that is infinite, because it is never
        paid back, becomes an empty cell: what share that is stands in `share_never` and `p_expected_never`. Elsewhere
        infinite numbers are written as `inf`.
    path
        Where to.
    german
        Semicolons, decimal commas and dd.mm.yyyy with a byte-order mark, as a German spreadsheet expects; otherwise
        commas, decimal points and ISO dates.
    digits
        Significant digits, ≥ 1; None for as many as it takes to read back the very same number.

    Returns
    -------
    Path
        The file written.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = write_csv(pd.DataFrame({"customer_id": ["a"], "rlv": [1.5]}), Path(folder) / "t.csv", german=True)
    ...     file.read_text(encoding="utf-8-sig")
    'customer_id;rlv\\na;1,5\\n'
    """
    table = never_as_missing(table)
    separator, decimal = (";", ",") if german else (",", ".")
    how = {"decimal": decimal, "date_format": "%d.%m.%Y" if german else "%Y-%m-%d", "digits": digits}
    with whole_file(path) as place, place.open("w", encoding="utf-8-sig" if german else "utf-8", newline="") as file:
        file.write(_line(map(cell, map(str, table.columns)), separator))
        for start in range(0, len(table), ROWS):
            part = table.iloc[start : start + ROWS]
            columns = [cells(part.iloc[:, i], **how) for i in range(table.shape[1])]  # type: ignore[arg-type]
            file.writelines(_line(row, separator) for row in zip(*columns, strict=True))
    return Path(path)


def _line(row: Iterable[str], separator: str) -> str:
    """Join cells to a line; one that would be blank has an empty cell in quotes, so that it is seen."""
    return (separator.join(row) or '""') + "\n"


def write_result(table: pd.DataFrame, path: str | Path, *, german: bool = False, full_precision: bool = False) -> Path:
    """Write a result as CSV to be read by people: money in cents, shares and other numbers with four decimals.

    `kinds.rounded` says what is rounded how, and what that does to sums; `write_parquet` keeps every digit.

    Parameters
    ----------
    table
        A value table, a customer summary, a table of cohorts, of new customers or of payback. Columns are known by
        name: one of your own that is called `revenue` or `age` is rounded like the result's.
    path, german
        As in `write_csv`.
    full_precision
        Write what reads back as the very same numbers instead.

    Returns
    -------
    Path
        The file written.

    Examples
    --------
    >>> table = pd.DataFrame({"cohort": ["a"], "rlv_mean": [173.482918], "p_alive_mean": [0.864771], "customers": [12]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_result(table, Path(folder) / "t.csv").read_text()
    'cohort,rlv_mean,p_alive_mean,customers\\na,173.48,0.8648,12\\n'
    """
    if full_precision:
        return write_csv(table, path, german=german, digits=None)
    return write_csv(rounded(table), path, german=german, digits=ROUNDED_DIGITS)


def write_parquet(table: pd.DataFrame, path: str | Path) -> Path:
    """Write a table as Parquet, whole or not at all, with all digits and texts untouched.

    Parameters
    ----------
    table
        Any table.
    path
        Where to.

    Returns
    -------
    Path
        The file written.
    """
    with whole_file(path) as partial:
        table.to_parquet(partial, index=False)
    return Path(path)


def write_json(content: Mapping[str, object], path: str | Path) -> Path:
    """Write a mapping as readable JSON, whole or not at all; what JSON cannot hold becomes its text.

    Parameters
    ----------
    content
        Plain values, nested; infinite and missing numbers become texts.
    path
        Where to.

    Returns
    -------
    Path
        The file written.
    """
    with whole_file(path) as partial:
        text = json.dumps(_plain(content), indent=2, ensure_ascii=False, default=str, allow_nan=False)
        partial.write_text(text + "\n", encoding="utf-8")
    return Path(path)


def _plain(value: object) -> object:
    """Replace what strict JSON has no word for."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):  # noqa: PLR0124
        return str(value)
    return value
