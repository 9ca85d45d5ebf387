"""Dates written as text: which format a column uses, and how they are read, as Ibis expressions."""

from __future__ import annotations

import datetime as dt

import ibis

from kundenwert.errors import DomainError
from kundenwert.messages import Code, Setting

EARLIEST, LATEST = dt.date(1900, 1, 1), dt.date(2199, 12, 31)

_TIME = (
    r"(?:[T, ]\s*\d{1,2}[:.]\d{2}(?:[:.]\d{2}(?:[.,]\d+)?)?\s*(?:[AaPp]\.?[Mm]\.?)?\s*(?:Z|UTC|Uhr|[+-]\d{2}:?\d{2})?)?"
)
_DATE_PART = rf"^\s*(\d[\d./-]*\d)[.,]?{_TIME}\s*$"
_D, _Y2_OLD, _Y2_NEW = r"(\d{1,2})", r"(69|[7-9]\d)", r"([0-5]\d|6[0-8])"


def _three_part_formats() -> dict[str, tuple[tuple[str, str], ...]]:
    rules: dict[str, tuple[tuple[str, str], ...]] = {"%Y%m%d": ((r"^(\d{4})(\d{2})(\d{2})$", r"\1-\2-\3"),)}
    for sign in "-./":
        mark = rf"\{sign}"
        rules[f"%Y{sign}%m{sign}%d"] = ((rf"^(\d{{4}}){mark}{_D}{mark}{_D}$", r"\1-\2-\3"),)
        orders = {"%d{0}%m": r"\2-\1"} if sign == "." else {"%d{0}%m": r"\2-\1", "%m{0}%d": r"\1-\2"}
        for order, target in orders.items():
            head = rf"^{_D}{mark}{_D}{mark}"
            rules[f"{order.format(sign)}{sign}%Y"] = ((rf"{head}(\d{{4}})$", rf"\3-{target}"),)
            rules[f"{order.format(sign)}{sign}%y"] = (
                (rf"{head}{_Y2_OLD}$", rf"19\3-{target}"),
                (rf"{head}{_Y2_NEW}$", rf"20\3-{target}"),
            )
    return rules


DATE_FORMATS = _three_part_formats()


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def try_strptime(text: str, pattern: str) -> dt.datetime:  # type: ignore[empty-body]
    """Read a timestamp in a format the user named; missing where it does not fit (DuckDB)."""


def date_part(text: ibis.Value) -> ibis.Value:
    """Return the part of a text that holds the day, without a time of day; empty where there is none."""
    return text.re_extract(_DATE_PART, 1)


def read_date(text: ibis.Value, part: ibis.Value, date_format: str) -> ibis.Value:
    """Return the day that a text names in a format, or missing.

    Parameters
    ----------
    text, part : ibis.Value
        The whole text and its `date_part`.
    date_format : str
        One of `DATE_FORMATS`, or any other strftime format.
    """
    if date_format not in DATE_FORMATS:
        return try_strptime(text.strip(), date_format).date()
    cases = [
        (part.re_search(pattern), part.re_replace(pattern, target).try_cast("date"))
        for pattern, target in DATE_FORMATS[date_format]
    ]
    return ibis.cases(*cases)


def find_date_format(table: ibis.Table, column: str, *, label: str) -> str:
    """Find the format that reads the most days of a text column.

    Parameters
    ----------
    table : ibis.Table
        Table with the text column.
    column : str
        Name of the text column in `table`.
    label : str
        Name of the column in the user's source, for messages.

    Returns
    -------
    str
        strftime format; ISO where no format reads anything.

    Raises
    ------
    DomainError
        If day and month cannot be told apart.
    """
    texts = table.group_by(text=table[column]).agg(n=lambda t: t.count())
    days = texts.select("n", part=date_part(texts.text))
    days = days.filter(days.part != "").group_by("part").agg(n=lambda t: t.n.sum())
    read = {name: read_date(days.part, days.part, name) for name in DATE_FORMATS}
    found = days.agg(**{name: days.n.sum(where=value.notnull()) for name, value in read.items()})
    counts = {name: int(n or 0) for name, n in found.to_pyarrow().to_pylist()[0].items()}
    best: str = max(counts, key=lambda name: counts[name])
    if not counts[best]:
        return "%Y-%m-%d"
    swapped = best.translate(str.maketrans("dm", "md"))
    if best.startswith("%Y") or not counts.get(swapped, 0):
        return best
    only_swapped = read[best].isnull() & read[swapped].notnull()
    differ = read[best] != read[swapped]
    doubt = days.agg(
        only=days.n.sum(where=only_swapped), differ=days.n.sum(where=differ), example=days.part.min(where=differ)
    )
    found_doubt = doubt.to_pyarrow().to_pylist()[0]
    if found_doubt["differ"] and (counts[swapped] == counts[best] or found_doubt["only"]):
        raise DomainError(
            Code.DAY_MONTH_UNCLEAR,
            parameter="date_format",
            column=label,
            count=int(found_doubt["differ"]),
            example=found_doubt["example"],
            first=Setting("date_format", best),
            second=Setting("date_format", swapped),
        )
    return best
