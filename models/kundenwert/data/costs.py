"""Acquisition costs by cohort, from a small table."""

from __future__ import annotations

import csv
import difflib
import io
from pathlib import Path

import ibis
import pandas as pd
import pyarrow as pa

from kundenwert.data.amounts import clean_amount, find_decimal, likely_decimal, read_amount
from kundenwert.errors import DomainError, SchemaError
from kundenwert.messages import several


def read_costs(path: str | Path) -> dict[str, float]:
    """Read acquisition costs by cohort from a CSV file with columns `cohort` and `cac`.

    Parameters
    ----------
    path
        Comma, semicolon or tab separated. Amounts are read as those of transactions are: decimal points or decimal
        commas, whichever the whole column has, the other one may group thousands, and a currency may stand beside.

    Returns
    -------
    dict
        Cost of one customer by cohort, in money, at least 0.

    Raises
    ------
    SchemaError
        If a column is missing, or the file holds no table.
    DomainError
        If a cohort stands twice, a cost is no amount of money, or nothing tells thousands from decimals.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "costs.csv"
    ...     _ = file.write_text("cohort;cac\\nfair;1.200,50 €\\nweb;35\\n", encoding="utf-8")
    ...     read_costs(file)
    {'fair': 1200.5, 'web': 35.0}
    """
    path = Path(path)
    table, delimiter = _read(path)
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
    cost = _amounts(table["cac"], path.name, likely_decimal(delimiter, None))
    wrong = ~(cost >= 0)
    if wrong.any():
        first = table.loc[wrong, "cac"].iloc[0]
        number = several(int(wrong.sum()), "cost")
        msg = f"{path.name}: {number} cannot be read as an amount of at least 0, first {first!r}; correct that"
        raise DomainError(msg)
    return dict(zip(cohort, cost.astype(float), strict=True))


def _amounts(text: pd.Series, name: str, likely: str | None) -> pd.Series:
    """Numbers that texts name by the rules of `data.amounts`, missing where they name none."""
    rows = ibis.memtable(pa.table({"row": range(len(text)), "cac": pa.array(text.tolist(), pa.string())}))
    try:
        decimal = find_decimal(rows, "cac", label="cac", likely=likely)
    except DomainError as error:
        unclear = text.str.contains(r"^\D*\d{1,3}(?:[.,]\d{3})+\D*$", regex=True)
        example = text[unclear].iloc[0].strip()
        msg = (
            f"{name}: costs such as {example!r} can be read as thousands or as decimals, and too few other rows "
            "decide; write them without thousands, such as 1200 or 1200.00"
        )
        raise DomainError(msg) from error
    read = rows.select("row", cost=read_amount(clean_amount(rows["cac"]), decimal).cast("float64")).order_by("row")
    return pd.Series(read.to_pyarrow()["cost"].to_numpy(), index=text.index, dtype="float64")


def _read(path: Path) -> tuple[pd.DataFrame, str | None]:
    """All cells as text, in the encodings that spreadsheets write; and the delimiter if it is a semicolon."""
    failure: Exception | None = None
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = path.read_text(encoding=encoding)
            table = pd.read_csv(
                io.StringIO(text), sep=None, engine="python", dtype=str, keep_default_na=False, index_col=False
            )
        except UnicodeDecodeError as error:
            failure = error
        except (pd.errors.ParserError, pd.errors.EmptyDataError, csv.Error) as error:
            failure = error
            break
        else:
            if len(table):
                head = text.lstrip().split("\n", 1)[0]
                return table, ";" if ";" in head and not any(";" in str(name) for name in table.columns) else None
            break
    msg = f"{path.name} holds no table of costs; expected a CSV file with columns cohort, cac"
    raise SchemaError(msg) from failure
