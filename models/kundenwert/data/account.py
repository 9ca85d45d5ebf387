"""What happened to every input row, and where the rows came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

import pandas as pd

from kundenwert.errors import DomainError

Fate = Literal["kept", "merged", "excluded"]
FATES: tuple[Fate, ...] = ("kept", "merged", "excluded")


@dataclass(frozen=True)
class Entry:
    """A number of input rows that shared one fate for one reason.

    Parameters
    ----------
    fate : {"kept", "merged", "excluded"}
        What became of them.
    reason : str
        Why.
    count : int
        Rows, ≥ 0.
    money : float, optional
        Sum of their amounts; with kept rows, what was merged into them is counted too. None where no amount could be
        read, or where it was not added up.
    first : tuple of str
        Where the first of them stand, and what they say.
    """

    fate: Fate
    reason: str
    count: int
    money: float | None = None
    first: tuple[str, ...] = ()


@dataclass(frozen=True)
class Note:
    """Something worth knowing about rows; it does not change their fate.

    Parameters
    ----------
    reason : str
        What was seen.
    count : int
        Rows, ≥ 0.
    first : tuple of str
        Where the first of them stand, and what they say.
    caution : bool
        Whether results may be worthless because of it.
    """

    reason: str
    count: int
    first: tuple[str, ...] = ()
    caution: bool = False


@dataclass(frozen=True)
class RowAccount:
    """The fate of every input row; the counts add up to the rows read, or the account cannot be made.

    Parameters
    ----------
    rows_read : int
        Rows of the source, header not counted.
    entries : tuple of Entry
        Rows kept, merged into another row, or excluded, each with its reason and count.
    notes : tuple of Note
        What else was seen, with the first offenders; notes do not add up to anything.

    Raises
    ------
    DomainError
        If a count is negative, a fate is unknown, or the counts do not add up to `rows_read`.

    Examples
    --------
    >>> account = RowAccount(3, (Entry("kept", "purchases", 2), Entry("merged", "same day", 1)))
    >>> account.kept, account.merged, account.excluded, account.balanced
    (2, 1, 0, True)
    """

    rows_read: int
    entries: tuple[Entry, ...]
    notes: tuple[Note, ...] = ()

    def __post_init__(self) -> None:
        """Refuse an account that does not add up."""
        unknown = [entry.fate for entry in self.entries if entry.fate not in FATES]
        if unknown:
            raise DomainError(f"unknown fate {unknown[0]!r} in the row account; known: {', '.join(FATES)}")
        if any(entry.count < 0 for entry in self.entries):
            raise DomainError("the row account holds a negative count")
        if not self.balanced:
            total = sum(entry.count for entry in self.entries)
            raise DomainError(f"the row account does not add up: {total} rows accounted for, {self.rows_read} read")

    @property
    def balanced(self) -> bool:
        """Whether the counts add up to the rows read."""
        return sum(entry.count for entry in self.entries) == self.rows_read

    def _total(self, fate: Fate) -> int:
        return sum(entry.count for entry in self.entries if entry.fate == fate)

    @property
    def kept(self) -> int:
        """Rows kept, each standing for one customer-day."""
        return self._total("kept")

    @property
    def merged(self) -> int:
        """Rows merged into a kept row of the same customer and day."""
        return self._total("merged")

    @property
    def excluded(self) -> int:
        """Rows left out."""
        return self._total("excluded")

    def to_frame(self) -> pd.DataFrame:
        """Return the account as a table with columns `fate, reason, rows, money, first`: entries, then notes."""
        rows: list[dict[str, object]] = [
            {"fate": e.fate, "reason": e.reason, "rows": e.count, "money": e.money, "first": "; ".join(e.first)}
            for e in self.entries
        ]
        rows += [
            {"fate": "note", "reason": note.reason, "rows": note.count, "money": None, "first": "; ".join(note.first)}
            for note in self.notes
        ]
        table = pd.DataFrame(rows, columns=["fate", "reason", "rows", "money", "first"])
        return table.astype({"money": "float64"})

    def to_dict(self) -> dict[str, object]:
        """Return the account as plain lists and numbers, ready for JSON."""
        return {
            "rows_read": self.rows_read,
            "kept": self.kept,
            "merged": self.merged,
            "excluded": self.excluded,
            "entries": [asdict(entry) | {"first": list(entry.first)} for entry in self.entries],
            "notes": [asdict(note) | {"first": list(note.first)} for note in self.notes],
        }


@dataclass(frozen=True)
class SourceInfo:
    """Where a log came from and how it was read.

    Parameters
    ----------
    name : str
        File name without its folder, or the kind of table.
    kind : str
        "csv", "parquet", "pandas", "arrow" or "ibis".
    sha256 : str or None
        Hash of the file's bytes; None for tables in memory.
    encoding, delimiter, decimal, date_format : str or None
        How the text was read; None where there was no text to read.
    columns : mapping
        Which column of the source served as customer_id, date and amount.
    """

    name: str
    kind: str
    sha256: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    date_format: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """Return the fields as a plain dictionary, ready for JSON."""
        return {**asdict(self), "columns": dict(self.columns)}


def several(count: int, noun: str) -> str:
    """Write a count with its noun.

    Examples
    --------
    >>> several(1, "row"), several(2357, "customer")
    ('1 row', '2,357 customers')
    """
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def listing(offenders: Iterable[str]) -> str:
    """Write the first offenders as the end of a sentence; empty where there are none.

    Examples
    --------
    >>> listing(["line 2: 'x'", "line 5: 'y'"])
    " (first: line 2: 'x'; line 5: 'y')"
    """
    text = "; ".join(offenders)
    return f" (first: {text})" if text else ""
