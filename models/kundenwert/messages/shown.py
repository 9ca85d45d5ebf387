"""How an object shows itself at a prompt and in a notebook: one line, or a small table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


def in_line(kind: str, facts: Iterable[tuple[str, str]]) -> str:
    """Write an object as one line.

    Examples
    --------
    >>> in_line("Log", [("source", "'a.csv'"), ("rows", "3")])
    "Log(source: 'a.csv'; rows: 3)"
    """
    return f"{kind}({'; '.join(f'{name}: {value}' for name, value in facts)})"


def as_table(heading: str, rows: Iterable[Sequence[str]]) -> str:
    """Write an object as an HTML table, the first cell of each row its heading; every text is escaped.

    Examples
    --------
    >>> as_table("Log", [("source", "<a.csv>")])
    '<table><caption>Log</caption><tr><th scope="row">source</th><td>&lt;a.csv&gt;</td></tr></table>'
    """
    lines = "".join(
        f'<tr><th scope="row">{escape(first)}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in rest) + "</tr>"
        for first, *rest in rows
    )
    return f"<table><caption>{escape(heading)}</caption>{lines}</table>"
