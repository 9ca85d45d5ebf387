"""How results are written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Output:
    """How results are written."""

    german_csv: bool = False
    """Semicolons, decimal commas, dd.mm.yyyy."""

    full_precision: bool = False
    """All digits in CSV files, not cents and 4 decimals."""

    title: str | None = None
    """Name shown on the report; the file's if not given."""
