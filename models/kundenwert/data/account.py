"""What happened to every input row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

import pandas as pd

from kundenwert.errors import DomainError
from kundenwert.messages import Code, say
from kundenwert.messages.render import Interface
from kundenwert.sources import Place

Fate = Literal["kept", "merged", "excluded"]
FATES: tuple[Fate, ...] = ("kept", "merged", "excluded")


@dataclass(frozen=True)
class Entry:
    """A number of input rows that shared one fate for one reason.

    Parameters
    ----------
    fate : {"kept", "merged", "excluded"}
        What became of them.
    code : Code
        Why.
    count : int
        Rows, ≥ 0.
    money : float, optional
        Sum of their amounts; with kept rows, what was merged into them is counted too. None where no amount could be
        read, or where it was not added up.
    first : tuple of Place
        Where the first of them stand, and what they say.
    figures : mapping
        Of the code's sentence.
    """

    fate: Fate
    code: Code
    count: int
    money: float | None = None
    first: tuple[Place, ...] = ()
    figures: Mapping[str, object] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        """Why, in a sentence."""
        return self.told("python")

    def told(self, interface: Interface) -> str:
        """Why, in a sentence, with settings as an interface writes them."""
        return say(self.code, {"count": self.count, **self.figures}, interface=interface)


@dataclass(frozen=True)
class Note:
    """Something worth knowing about rows; it does not change their fate.

    Parameters
    ----------
    code : Code
        What was seen.
    count : int
        Rows, ≥ 0.
    first : tuple of Place
        Where the first of them stand, and what they say.
    caution : bool
        Whether results may be worthless because of it.
    money : float, optional
        Sum of their amounts, where that matters.
    figures : mapping
        Of the code's sentence.
    """

    code: Code
    count: int
    first: tuple[Place, ...] = ()
    caution: bool = False
    money: float | None = None
    figures: Mapping[str, object] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        """What was seen, in a sentence."""
        return self.told("python")

    def told(self, interface: Interface) -> str:
        """What was seen, in a sentence, with settings as an interface writes them."""
        return say(self.code, {"count": self.count, **self.figures}, interface=interface)


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
    >>> account = RowAccount(3, (Entry("kept", Code.PURCHASE, 2), Entry("merged", Code.SAME_DAY, 1)))
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
            {
                "fate": e.fate,
                "reason": e.reason,
                "rows": e.count,
                "money": e.money,
                "first": "; ".join(map(str, e.first)),
            }
            for e in self.entries
        ]
        rows += [
            {
                "fate": "note",
                "reason": n.reason,
                "rows": n.count,
                "money": n.money,
                "first": "; ".join(map(str, n.first)),
            }
            for n in self.notes
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
            "entries": [_plain(entry) for entry in self.entries],
            "notes": [_plain(note) for note in self.notes],
        }


def _plain(found: Entry | Note) -> dict[str, object]:
    """Return an entry or note as plain values, with its sentence."""
    return asdict(found) | {"code": str(found.code), "reason": found.reason, "first": [str(p) for p in found.first]}
