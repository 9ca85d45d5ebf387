"""Write tests/README.md: what is decided about every export, with what is told. Run it as `python -m exports.table`."""

import tempfile
from pathlib import Path

import kundenwert as kw
from kundenwert.errors import KundenwertError

from .cases import CASES
from .made import MADE
from .odd import ODD

README = Path(__file__).parents[1] / "README.md"
HEAD = """# Tests

`exports/` holds made-up exports: `given/` as files with their right results in `cases.py`, the others written by `made.py`
from the log of one shop in `log.py`. `test_exports.py` decides each of them. This table is written by
`python -m exports.table` in this folder.

| case | decision | what is told |
|---|---|---|
"""


def row(case, folder):
    """Decide one export."""
    try:
        log = kw.read_transactions(case.write(folder), **case.reading)
    except KundenwertError as error:
        return "refused", str(error)
    days = log.purchases.to_pyarrow().to_pandas()
    found = f"read: {days['customer_id'].nunique():,} customers, {len(days):,} purchases, {days['amount'].sum():,.2f}"
    excluded = [f"{entry.count:,} × {entry.reason}" for entry in log.account.entries if entry.fate == "excluded"]
    cautions = [f"caution: {note.reason}" for note in log.account.notes if note.caution]
    return found, "; ".join([*excluded, *cautions])


def main():
    """Write the table."""
    lines = []
    for case in [*CASES, *MADE, *ODD]:
        with tempfile.TemporaryDirectory() as folder:
            decision, told = row(case, Path(folder))
        lines.append(f"| {case.name} | {decision} | {told.replace('|', chr(92) + '|')} |")
    README.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
