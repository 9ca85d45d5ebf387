"""Stored fits as bytes: NetCDF made in memory, its SHA-256 at its end, and looked at before it is parsed.

The library that reads and writes NetCDF ends the whole process where a disk is full or a file is damaged, so it never
meets either: files are written by plain means, and no byte of a file is parsed before its checksum is right. Other
programs read the files as they are; what follows the end of a NetCDF file does not disturb them.
"""

from __future__ import annotations

import hashlib
import io
import json
import stat
from pathlib import Path
from typing import TypedDict, cast

import xarray as xr

from kundenwert.bayes.diagnose import LOG_LIKELIHOOD, StoredDiagnosis
from kundenwert.bayes.priors import StoredPrior
from kundenwert.data.design import StoredDesign
from kundenwert.errors import SchemaError
from kundenwert.files.tables import whole_file
from kundenwert.laws.law import Units
from kundenwert.messages import Code

_MARK, _END = b"\nkundenwert sha256 ", b"\n"
_LENGTH = len(_MARK) + 64 + len(_END)

LARGEST = 16 * 2**30
"""Bytes of the largest file that is read."""


class FitInfo(Units, total=False):
    """How a fit was made: units, sampler, seed, versions, seconds, and how cohorts and covariates are coded."""

    method: str
    why: str
    seed: int
    draws: int
    tune: int
    chains: int
    customers: int
    versions: dict[str, str]
    design: StoredDesign
    cohort: str
    seconds: float
    pair: str
    first_value: str
    variants: dict[str, float]


class Stored(TypedDict):
    """What is kept of a fit beside its draws."""

    model: str
    cohorts: list[str]
    covariates: list[str]
    stated: dict[str, int | None]
    priors: dict[str, StoredPrior]
    diagnosis: StoredDiagnosis
    info: FitInfo


def write(tree: xr.DataTree, stored: Stored, path: str | Path) -> Path:
    """Write draws, and what is known of them, as NetCDF; the file appears whole or not at all.

    Parameters
    ----------
    tree : xarray.DataTree
        The draws.
    stored : dict
        Plain values.
    path : str or Path
        Where to.

    Returns
    -------
    Path
        The file written.
    """
    tree = tree.copy()
    tree.attrs = {"kundenwert": json.dumps(stored)}
    content = sealed(tree.to_netcdf(None, engine="h5netcdf", encoding=_compressed(tree)))
    with whole_file(path) as partial, partial.open("wb") as file:
        file.write(content)
    return Path(path)


def sealed(content: bytes | memoryview) -> bytes:
    """Return bytes with their checksum at the end."""
    return b"".join((content, _MARK, hashlib.sha256(content).hexdigest().encode(), _END))


def read(path: str | Path) -> tuple[xr.DataTree, Stored]:
    """Read what `write` has written, and nothing else.

    Returns
    -------
    tuple
        The draws, and what is known of them.

    Raises
    ------
    SchemaError
        If there is no such file, it is damaged, cut short, or of another origin.
    """
    path = Path(path)
    content = _checked(path)
    try:
        with xr.open_datatree(io.BytesIO(content), engine="h5netcdf") as opened:
            tree = opened.load()
        stored = json.loads(tree.attrs.pop("kundenwert"))
    except (OSError, KeyError, ValueError, TypeError, RuntimeError, RecursionError) as error:
        raise SchemaError(Code.NOT_A_FIT, name=path.name, why=type(error).__name__) from error
    if not isinstance(stored, dict):
        raise SchemaError(Code.NOT_A_FIT, name=path.name, why="it says nothing of its model")
    return tree, cast("Stored", stored)


def _checked(path: Path) -> bytes:
    """Return the bytes of a file without its checksum, which is right."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):  # a folder, or a pipe, on which one might wait for ever
            raise SchemaError(Code.NOT_A_FIT, name=path.name, why="it is no file")
        if found.st_size > LARGEST:
            raise SchemaError(Code.NOT_A_FIT, name=path.name, why=f"it has {found.st_size / 2**30:.0f} GiB")
        with path.open("rb") as file:
            file.seek(max(found.st_size - _LENGTH, 0))
            end = file.read(_LENGTH)
            if not (end.startswith(_MARK) and end.endswith(_END) and len(end) == _LENGTH):
                raise SchemaError(Code.FIT_WITHOUT_CHECKSUM, name=path.name)
            file.seek(0)
            content = file.read(found.st_size - _LENGTH)
    except FileNotFoundError as error:
        raise SchemaError(Code.NO_FIT, path=path) from error
    except OSError as error:
        raise SchemaError(Code.NOT_A_FIT, name=path.name, why=error.strerror or type(error).__name__) from error
    if hashlib.sha256(content).hexdigest().encode() != end[len(_MARK) : -len(_END)]:
        raise SchemaError(Code.FIT_DAMAGED, name=path.name)
    return content


def _compressed(tree: xr.DataTree) -> dict[str, dict[str, dict[str, str | bool | int]]]:
    """Store the pointwise log-likelihood, by far the largest part, in single precision and compressed."""
    if LOG_LIKELIHOOD not in tree.children:
        return {}
    how: dict[str, str | bool | int] = {"dtype": "float32", "zlib": True, "complevel": 4}
    return {f"/{LOG_LIKELIHOOD}": {str(name): dict(how) for name in tree[LOG_LIKELIHOOD].data_vars}}
