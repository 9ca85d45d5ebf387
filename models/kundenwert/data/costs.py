"""Acquisition costs by cohort, from a small table."""

from __future__ import annotations

import difflib
from pathlib import Path

import pandas as pd

from kundenwert.errors import DomainError, SchemaError


def read_costs(path: str | Path) -> dict[str, float]:
    """Read acquisition costs by cohort from a CSV file with columns `cohort` and `cac`.

    Parameters
    ----------
    path
        Comma, semicolon or tab separated; decimal points or decimal commas.

    Returns
    -------
    dict
        Cost of one customer by cohort, in money, at least 0.

    Raises
    ------
    SchemaError
        If a column is missing, or the file holds no table.
    DomainError
        If a cohort stands twice, or a cost is no amount of money.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "costs.csv"
    ...     _ = file.write_text("cohort;cac\\nfair;120,50\\nweb;35\\n")
    ...     read_costs(file)
    {'fair': 120.5, 'web': 35.0}
    """
    path = Path(path)
    try:
        table = pd.read_csv(path, sep=None, engine="python", dtype=str, encoding="utf-8-sig", keep_default_na=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        msg = f"{path.name} holds no table of costs; expected a CSV file with columns cohort, cac"
        raise SchemaError(msg) from error
    for name in ("cohort", "cac"):
        if name not in table.columns:
            near = difflib.get_close_matches(name, [str(column) for column in table.columns], n=1)
            hint = f"; did you mean to rename {near[0]!r}?" if near else ""
            msg = f"{path.name} has no column {name!r}; it has {', '.join(map(str, table.columns))}{hint}"
            raise SchemaError(msg)
    cohort = table["cohort"].str.strip()
    if twice := sorted(set(cohort[cohort.duplicated()])):
        msg = f"{path.name} gives {len(twice)} cohorts more than one cost, first {twice[0]!r}; keep one row each"
        raise DomainError(msg)
    cost = pd.to_numeric(table["cac"].str.strip().str.replace(",", ".", regex=False), errors="coerce")
    wrong = ~(cost >= 0)
    if wrong.any():
        first = table.loc[wrong, "cac"].iloc[0]
        msg = f"{path.name}: {int(wrong.sum())} costs are no amount of at least 0, first {first!r}; correct them"
        raise DomainError(msg)
    return dict(zip(cohort, cost.astype(float), strict=True))
