"""Tables in memory: pandas, polars, Arrow and Ibis."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from kundenwert.errors import DomainError, SchemaError
from kundenwert.messages import Code, Setting
from kundenwert.settings import Reading
from kundenwert.sources.engine import connect, numbered
from kundenwert.sources.source import Source, SourceInfo


def open_frame(source: object, reading: Reading) -> Source:
    """Open a table in memory.

    Raises
    ------
    SchemaError
        If it is no table of a kind that is understood.
    """
    if isinstance(source, ibis.Table):
        names = tuple(source.columns)
        columns = {f"c{i}": source[name] for i, name in enumerate(names)}
        table = source.select(**columns, row=ibis.row_number())
        return Source(table, names, SourceInfo(name="Ibis table", kind="ibis"), materialised=False)
    if isinstance(source, pd.DataFrame):
        names = tuple(str(name) for name in source.columns)
        arrays = [_from_series(source.iloc[:, i]) for i in range(len(names))]
        return from_arrays(arrays, names, SourceInfo(name="pandas table", kind="pandas"), reading.timezone)
    if hasattr(source, "collect") and hasattr(source, "lazy"):  # polars.LazyFrame
        source = source.collect()
    if hasattr(source, "__arrow_c_stream__"):
        table = pa.table(source)
        kind = "polars" if type(source).__module__.startswith("polars") else "arrow"
        info = SourceInfo(name=f"{kind} table", kind=kind)
        return from_arrays(table.columns, tuple(table.column_names), info, reading.timezone)
    raise SchemaError(
        f"a transaction log cannot be read from {type(source).__name__}; give the path of a CSV or Parquet file, "
        "a pandas, polars or Arrow table, or an Ibis table"
    )


def _from_series(series: pd.Series) -> pa.ChunkedArray:
    if _zones_differ(series):  # Arrow would put all of them into the zone of the first
        series = series.map(str, na_action="ignore")
    try:
        array = pa.array(series, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        array = pa.array([None if pd.isna(value) else str(value) for value in series], pa.string())
    return array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])


def _zones_differ(series: pd.Series) -> bool:
    """Whether moments of more than one time zone, or of an offset that changes, stand in a column of objects."""
    if series.dtype != object or pd.api.types.infer_dtype(series, skipna=True) != "datetime":
        return False
    return len({moment.utcoffset() for moment in series.dropna()}) > 1


def _plain(array: pa.ChunkedArray, zone: str | None) -> pa.ChunkedArray:
    """Return an array of a type that every engine knows; moments as local times of a zone, or else of their own."""
    if isinstance(array.type, pa.BaseExtensionType):
        array = array.cast(array.type.storage_type)
    if pa.types.is_dictionary(array.type):
        chunks = [chunk.dictionary.cast(pa.large_string()).take(chunk.indices) for chunk in array.chunks]
        array = pa.chunked_array(chunks, pa.large_string())
    if pa.types.is_timestamp(array.type) and array.type.tz is not None:
        array = pc.local_timestamp(array.cast(pa.timestamp(array.type.unit, zone or array.type.tz)))
    return array.cast(pa.string()) if pa.types.is_null(array.type) else array


def from_arrays(
    arrays: Sequence[pa.Array | pa.ChunkedArray], names: tuple[str, ...], info: SourceInfo, timezone: str | None = None
) -> Source:
    """Keep arrays as a source; of types that every engine knows.

    Raises
    ------
    SchemaError
        If there are none.
    DomainError
        If there is no such time zone.
    """
    if not names:
        raise SchemaError(f"the {info.name} has no columns")
    try:
        columns = {f"c{i}": _plain(array, timezone) for i, array in enumerate(arrays)}
    except pa.ArrowInvalid as error:
        if "timezone" not in str(error) or timezone is None:
            raise
        zone = Setting("timezone", timezone)
        raise DomainError(Code.TIMEZONE_UNKNOWN, parameter="timezone", given=zone) from error
    table = numbered(connect(), "source", ibis.memtable(pa.table(columns)))
    return Source(table, names, info)
