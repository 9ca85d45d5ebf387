"""Join master data of customers to their purchases, as it was on the day of the first one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import ibis
import pandas as pd
import pyarrow as pa

from kundenwert.data.account import Note
from kundenwert.data.id_map import Pair, read_id_map, resolved
from kundenwert.data.ids import Rule
from kundenwert.data.pseudonyms import renamed
from kundenwert.data.roles import check_kept
from kundenwert.data.tables.customers import MasterData, read_customers
from kundenwert.settings import Reading
from kundenwert.sources.engine import quiet


def master_data(reading: Reading, names: Collection[str]) -> tuple[MasterData | None, Reading]:
    """Read the table of customers that a reading names, and ask the log for no column that it holds.

    Parameters
    ----------
    reading : Reading
        Names the table, and says how ids are written alike.
    names : collection of str
        Columns of the log.

    Returns
    -------
    tuple
        The table, None where none is named, and the reading with the columns that the log itself has to keep.
    """
    if reading.customers is None:
        return None, reading
    master = _alike(read_customers(reading.customers), reading)
    kept = [name for name in reading.keep if name in names or name not in master.attributes]
    check_kept(master.attributes, taken=kept)
    return master, replace(reading, keep=kept)


def with_attributes(
    purchases: ibis.Table, parts: ibis.Table | None, master: MasterData
) -> tuple[ibis.Table, ibis.Table | None, tuple[Note, ...]]:
    """Add the attributes of a table of customers to customer-days.

    Parameters
    ----------
    purchases, parts : ibis.Table
        Customer-days, and the parts of those that credit notes were taken off later, if any.
    master : MasterData
        The table.

    Returns
    -------
    tuple
        Both tables with the attributes, and notes on customers without attributes and the like.
    """
    with quiet():
        first = purchases.group_by("customer_id").agg(day=purchases.date.min()).to_pyarrow().to_pandas()
    days = pd.Series(pd.to_datetime(first["day"]).to_numpy(), index=first["customer_id"].astype(str))
    found, notes = master.at(days)
    columns = {"master_id": pa.array(found.index, pa.string())}
    columns |= {
        name: pa.array(found[name].astype(object).where(found[name].notna(), None).tolist(), pa.string())
        for name in master.attributes
    }
    table = ibis.memtable(pa.table(columns))

    def joined(rows: ibis.Table) -> ibis.Table:
        return rows.left_join(table, rows.customer_id == table.master_id).drop("master_id")

    return joined(purchases), None if parts is None else joined(parts), notes


def _alike(master: MasterData, reading: Reading) -> MasterData:
    """Write ids as those of the log are written."""
    rule = Rule(reading.id_case, whole=True)
    ids = rule.of(master.table["customer_id"].tolist())
    pairs = [] if reading.id_map is None else read_id_map(reading.id_map)
    olds, news = rule.of([pair.old for pair in pairs]), rule.of([pair.new for pair in pairs])
    ends = resolved([Pair(old, new) for old, new in zip(olds, news, strict=True)])
    table = master.table.assign(customer_id=[ends.get(text, text) for text in ids])
    return MasterData(renamed(table, reading), master.attributes, master.name)
