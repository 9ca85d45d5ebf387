"""Where results may be written: never over what the run reads, and over what is no earlier result only if asked to."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from kundenwert.errors import SchemaError
from kundenwert.messages import Code

POSTERIOR, SPEND_POSTERIOR = "posterior.nc", "spend_posterior.nc"
BACKTEST = "backtest.csv"
FOLDERS = {
    "report": (
        *("report.html", "manifest.json", "customers.csv", "customers.parquet", "cohorts.csv", "cohorts.parquet"),
        *(POSTERIOR, SPEND_POSTERIOR),
    ),
    "fit": (POSTERIOR, SPEND_POSTERIOR, "manifest.json"),
    "backtest": (BACKTEST, "manifest.json"),
    "simulate": ("transactions.csv", "customers.csv", "costs.csv", "truth.csv", "population.json"),
}
"""The files that a command writes into its folder."""

TABLES = {
    "summarise": ({"customer_id", "cohort", "frequency", "recency", "T", "first_value", "active_after"}, {"clv_mean"}),
    "predict": ({"customer_id", "cohort", "frequency", "recency", "T", "rlv_mean", "clv_mean"}, set[str]()),
    "compare": ({"cohort", "customers", "orders", "formula_observed", "clv_mean"}, {"customer_id"}),
}
"""Columns by which the one table that a command writes is known: those that it has, and those that it has not."""


def check_out(command: str, out: Path, *sources: Path | None, overwrite: bool) -> None:
    """Refuse a place for results before the work is done.

    Parameters
    ----------
    command
        A key of `FOLDERS` or `TABLES`.
    out
        Folder or file to write.
    sources
        Files that the run reads; what is None, or is not there, is passed over.
    overwrite
        Whether files that are no earlier results of the command may be replaced; sources never are.

    Raises
    ------
    SchemaError
        If the place is of the wrong kind, a file to be written is one of the sources (also through a link), or one is
        there already and not recognised as an earlier result of the command.
    """
    if command in FOLDERS:
        from kundenwert.files.publish import claimed  # noqa: PLC0415

        with claimed(out):  # is it writable, and is nobody else at work; leftovers of dead runs are gone after it
            pass
    elif out.suffix not in (".csv", ".parquet"):
        raise SchemaError(f"{out.name}: a table is written as .csv or .parquet")
    elif out.is_dir():
        raise SchemaError(Code.FOLDER_IN_PLACE, name=out.name)
    else:
        from kundenwert.files.tables import check_writable  # noqa: PLC0415

        check_writable(out)
    files = [out / name for name in FOLDERS[command]] if command in FOLDERS else [out]
    files = [file for file in files if file.exists()]
    for file in files:
        for source in sources:
            if source is not None and source.exists() and file.samefile(source):
                raise SchemaError(f"{file.name} is read by this command and would be replaced; choose another --out")
    files = [file for file in files if file.stat().st_size]
    if files and not overwrite and not _earlier(command, files):
        names = ", ".join(file.name for file in files)
        raise SchemaError(
            f"{names} in {(out if command in FOLDERS else out.absolute().parent).name!r} would be replaced, and "
            f"{'is' if len(files) == 1 else 'are'} no earlier result of `{command}`; choose another --out, or "
            "replace with --overwrite"
        )


def _earlier(command: str, files: list[Path]) -> bool:
    """Whether files are recognised as earlier results of the command."""
    from kundenwert.files.publish import changed, recorded  # noqa: PLC0415

    folder = files[0].parent
    made_by = _made_by(folder)
    if command == made_by:
        return not changed(folder, [file.name for file in files])
    if command in ("report", "backtest"):
        return False
    if command == "simulate":
        return bool(_json(folder / "population.json", "population"))
    if made_by and any(file.name in (recorded(folder) or FOLDERS["report"]) for file in files):
        return False  # the manifest beside them speaks of these files
    if command == "fit":
        return {file.name for file in files} == {POSTERIOR, SPEND_POSTERIOR}
    wanted, unwanted = TABLES[command]
    found = set(_columns(files[0]))
    return wanted <= found and not unwanted & found


def _made_by(folder: Path) -> str | None:
    """Return the command that wrote a folder's manifest; None where there is none of this program."""
    try:
        content = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    versions = content.get("versions")  # manifests of before 0.2 do not name their command
    reported = "report" if isinstance(versions, dict) and "kundenwert" in versions else None
    return str(content["command"]) if "command" in content and "run" in content else reported


def _json(path: Path, key: str) -> dict[str, object]:
    """Return a mapping within a JSON file; empty where there is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    found = content.get(key) if isinstance(content, dict) else None
    return found if isinstance(found, dict) else {}


def _columns(path: Path) -> list[str]:
    """Return the column names of a table that may have been written here; none where it was not."""
    try:
        if path.suffix == ".parquet":
            import pyarrow.parquet as pq  # noqa: PLC0415

            return list(pq.read_schema(path).names)
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline(10_000)
        return next(csv.reader([head], delimiter=";" if ";" in head else ","), [])
    except (OSError, ValueError, csv.Error):  # pyarrow's errors are ValueErrors
        return []
