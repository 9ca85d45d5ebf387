"""Words of printed lists: sums, sums carried over, page numbers."""

from __future__ import annotations

import re

CARRIED = r"(?:übertrag|uebertrag|saldovortrag|(?:amount |balance |total )?(?:carried|brought) (?:forward|over|down))"
"""Pattern of a sum that was carried over from the page before."""

PAGE = r"(?:seite|page|blatt|s\.|p\.)\s*\d+(?:\s*(?:von|of|/)\s*\d+)?"
"""Pattern of the number of a page."""

GRAND = (
    r"(?:gesamt-?summe|gesamt-?umsatz|gesamt-?betrag|gesamt|endsumme|end-?betrag|summe|grand total|overall total"
    r"|total|sum)"
)
"""Pattern of words that may stand for the sum of everything."""

PART = (
    r"(?:zwischen-?summe|teil-?summe|seiten-?summe|monats-?summe|tages-?summe|kunden-?summe|jahres-?summe"
    r"|sub-?total|page total)"
)
"""Pattern of words for the sum of a part."""

_BEFORE, _AFTER = r"^[\s*#=>:;,|\t-]*", r"(?:[\s:.*=;,|\t/-].*)?$"

SUM_CELL, CARRIED_CELL, PART_CELL = (
    rf"(?i){_BEFORE}{words}{_AFTER}" for words in (f"(?:{CARRIED}|{PART}|{GRAND})", CARRIED, PART)
)
"""Patterns of a whole cell that begins with a word for sums."""

PAGE_CELL = rf"(?i){_BEFORE}{PAGE}[\s.]*$"
"""Pattern of a whole cell that is the number of a page."""

LIST_CELL = rf"(?i){_BEFORE}(?:{PAGE}[\s.]*$|(?:{CARRIED}|{PART}|{GRAND}){_AFTER})"
"""Pattern of a whole cell that belongs to a printed list."""

_LIST_LINE = re.compile(rf"{_BEFORE}(?:{PAGE}[\s.;,|]*$|(?:{CARRIED}|{PART}|{GRAND}){_AFTER})", re.IGNORECASE)


def is_list_line(text: str) -> bool:
    """Whether a line is one of a printed list, and no row.

    Examples
    --------
    >>> is_list_line("Seite 2 von 5"), is_list_line(";;Übertrag;1.023,71"), is_list_line("7;Summerfield;5")
    (True, True, False)
    """
    return bool(_LIST_LINE.match(text))
