"""Master data of customers: attributes beside the log, which may change with time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from kundenwert.data.account import Note
from kundenwert.data.tables.small import SmallTable, check, days, open_small, require
from kundenwert.errors import SchemaError
from kundenwert.messages import Code
from kundenwert.sources import Place

if TYPE_CHECKING:
    import pandera.pandas

NAMES = {
    "customer_id": ("kunde", "kundennummer", "kundennr", "kunden-nr", "kunden-nr.", "customer", "customer id", "kdnr"),
    "since": ("seit", "gültig ab", "gueltig ab", "valid from", "ab"),
}
"""Columns of a table of customers, and other names of them; all other columns are attributes."""


@dataclass(frozen=True)
class MasterData:
    """What is known about customers beside their purchases.

    Parameters
    ----------
    table : pandas.DataFrame
        `customer_id`, `since` (missing: always), and one column of text for each attribute.
    attributes : tuple of str
        Names of the attributes.
    name : str
        Of the file.
    """

    table: pd.DataFrame
    attributes: tuple[str, ...]
    name: str

    def at(self, first_purchase: pd.Series) -> tuple[pd.DataFrame, tuple[Note, ...]]:
        """Return each customer's attributes as they were on the day of the first purchase.

        Of statements with a day the latest that was in force then counts; for a customer whose first statement came
        later, that one does.

        Parameters
        ----------
        first_purchase : pandas.Series
            Day of the first purchase by customer id.

        Returns
        -------
        tuple
            Attributes by customer id, missing for customers who are not in the table; and notes: customers of the log
            who are not in the table, customers of the table without a purchase, attributes stated later only.
        """
        known = self.table.sort_values(["customer_id", "since"], na_position="first", kind="stable")
        joined = known.merge(first_purchase.rename("first_purchase"), left_on="customer_id", right_index=True)
        in_force = ~(joined["since"] > joined["first_purchase"])
        then = joined[in_force].drop_duplicates("customer_id", keep="last")
        later = joined[~joined["customer_id"].isin(then["customer_id"])].drop_duplicates("customer_id", keep="first")
        found = pd.concat([then, later]).set_index("customer_id").reindex(first_purchase.index)[[*self.attributes]]
        lone = first_purchase.index[~first_purchase.index.isin(self.table["customer_id"])]
        unused = pd.Index(self.table["customer_id"].unique()).difference(first_purchase.index)
        notes = (
            Note(Code.CUSTOMER_NOT_IN_MASTER, len(lone), _named(lone), caution=True, figures={"source": self.name}),
            Note(Code.MASTER_WITHOUT_PURCHASE, len(unused), _named(unused), figures={"source": self.name}),
            Note(Code.ATTRIBUTE_STATED_LATER, len(later), _named(later["customer_id"]), figures={"source": self.name}),
        )
        return found, tuple(note for note in notes if note.count)


def _named(ids: Sequence[str] | pd.Index | pd.Series) -> tuple[Place, ...]:
    return tuple(Place("customer", repr(str(id))) for id in list(ids)[:3])


def read_customers(source: object) -> MasterData:
    """Read master data of customers: one row per customer, or one for each day from which an attribute holds.

    Parameters
    ----------
    source : str, Path or table
        Anything that a transaction log can be read from, with a column `customer_id`, optionally `since`, and
        attributes such as region or number of machines.

    Returns
    -------
    MasterData

    Raises
    ------
    SchemaError
        If a column is missing, or there is no attribute.
    DomainError
        If a customer id is missing, or a customer stands twice for the same day.

    Examples
    --------
    >>> rows = {"Kunde": ["1", "1"], "seit": ["2024-01-01", "2025-01-01"], "Stufe": ["Basis", "Plus"]}
    >>> master = read_customers(pd.DataFrame(rows))
    >>> master.at(pd.Series({"1": pd.Timestamp("2024-06-01")}))[0]["Stufe"].tolist()
    ['Basis']
    """
    table = open_small(source, NAMES, what="customers")
    require(table, "customer_id")
    attributes = tuple(str(name) for name in table.frame if name not in NAMES)
    if not attributes:
        raise SchemaError(Code.MASTER_WITHOUT_ATTRIBUTES, source=table.source.info.name)
    frame = table.frame.assign(since=_since(table))
    check(frame, _schema(), table)
    known = frame.assign(**{name: frame[name].where(frame[name] != "", None) for name in attributes})
    return MasterData(known, attributes, table.source.info.name)


def _since(table: SmallTable) -> pd.Series:
    missing = pd.Series(pd.NaT, index=table.frame.index, dtype="datetime64[s]")
    return days(table, "since") if "since" in table.frame else missing


def _schema() -> pandera.pandas.DataFrameSchema:
    import pandera.pandas as pandera  # noqa: PLC0415

    once = pandera.Check(
        lambda t: ~t.duplicated(["customer_id", "since"], keep=False),
        error="stand once for each day from which attributes hold",
    )
    given = pandera.Check.str_length(min_value=1, error="be given")
    return pandera.DataFrameSchema({"customer_id": pandera.Column(None, given)}, checks=[once])
