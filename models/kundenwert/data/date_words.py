"""Names of months and days of the week, German and English, and how they become numbers."""

from __future__ import annotations

import ibis

MONTHS = (
    ("januar", "january", "jänner", "jaenner", "jan", "jän", "jaen"),
    ("februar", "february", "feber", "feb", "febr"),
    ("märz", "maerz", "march", "mär", "maer", "mrz", "mar"),
    ("april", "apr"),
    ("mai", "may"),
    ("juni", "june", "jun", "juno"),
    ("juli", "july", "jul", "julei"),
    ("august", "aug"),
    ("september", "sept", "sep"),
    ("oktober", "october", "okt", "oct"),
    ("november", "nov"),
    ("dezember", "december", "dez", "dec"),
)
"""Names of the months, in small letters, January first; both languages may stand in one column."""

_LONGEST_FIRST = sorted((name for names in MONTHS for name in names), key=len, reverse=True)
MONTH = f"(?:{'|'.join(_LONGEST_FIRST)})"
"""Regular expression of a month's name."""

WEEKDAY = r"(?:(?:mo|di|mi|do|fr|sa|so|tu|we|th|su)[a-z]{0,8}\.?,?\s+)?"
"""Regular expression of the name of a day of the week, which may stand before a date and is not looked at."""


def months_as_numbers(text: ibis.Value) -> ibis.Value:
    """Return small letters with the month's name as its number behind an m: 11-mär-2025 becomes 11-m03-2025.

    Examples
    --------
    >>> import pyarrow as pa
    >>> texts = ibis.memtable(pa.table({"text": ["11-mär-2025", "january 11, 2023", "2020-w53"]})).text
    >>> months_as_numbers(texts).to_pyarrow().to_pylist()
    ['11-m03-2025', 'm01 11, 2023', '2020-w53']
    """
    word = text.re_extract(rf"(?:^|[^a-zä])({MONTH})(?:[^a-zä]|$)", 1)
    number = ibis.cases(*((word.isin(names), f"m{i:02d}") for i, names in enumerate(MONTHS, start=1)))
    return ibis.cases((word != "", text.replace(word, number)), else_=text)
