"""Tables of PostgreSQL, by an address such as postgresql://user@host/database."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import ibis
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from kundenwert.errors import DomainError, SchemaError
from kundenwert.messages import Code, Setting
from kundenwert.settings import Reading
from kundenwert.sources.choosing import choose
from kundenwert.sources.engine import connect, first_line, stored
from kundenwert.sources.paths import pattern
from kundenwert.sources.source import Source, SourceInfo

SECONDS_TO_CONNECT, SECONDS_TO_READ = 10, 3600

_TABLES = """
SELECT n.nspname, c.relname, pg_catalog.pg_table_is_visible(c.oid)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
ORDER BY n.nspname <> 'public', n.nspname, c.relname
"""
_KINDS = {
    **dict.fromkeys(("int2", "int4", "int8", "oid"), "BIGINT"),
    **dict.fromkeys(("float4", "float8"), "DOUBLE"),
    "date": "DATE",
    **dict.fromkeys(("timestamp", "timestamptz"), "TIMESTAMP"),
    **dict.fromkeys(("numeric", "money"), "DECIMAL"),
}
"""What types become; all others become text."""


@dataclass(frozen=True)
class _Column:
    """A column of a table: its name, how it is asked for, and the type in which it is kept."""

    name: str
    asked: sql.Composable
    kept: str


def without_password(address: str) -> str:
    """Return an address as it may be shown and stored.

    Parameters
    ----------
    address : str
        Such as "postgresql://me:secret@localhost/shop".

    Returns
    -------
    str
        The address without password and options.

    Examples
    --------
    >>> without_password("postgresql://me:secret@localhost:5433/shop?password=x")
    'postgresql://me@localhost:5433/shop'
    """
    given = _parsed(address)
    user = f"{given['user']}@" if "user" in given else ""
    port = f":{given['port']}" if "port" in given else ""
    return f"postgresql://{user}{given.get('host', '')}{port}/{given.get('dbname', '')}"


def open_postgres(address: str, reading: Reading) -> Source:
    """Open a table or view of a PostgreSQL database, which is not changed.

    The password may stand in the address, in PGPASSWORD or in .pgpass; it is neither shown nor stored.

    Raises
    ------
    SchemaError
        If the database cannot be reached or read, or has more than one table and none is named.
    """
    given = _parsed(address)
    own: _Given = {"connect_timeout": SECONDS_TO_CONNECT, "application_name": "kundenwert"}
    try:
        connection = psycopg.connect(make_conninfo(address, **{n: own[n] for n in own if n not in given}))
    except psycopg.Error as error:
        raise SchemaError(Code.DATABASE_NOT_REACHED, source=_name(given), reason=_reason(error, given)) from None
    try:
        with connection:
            connection.read_only = True
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.execute(f"SET LOCAL statement_timeout = '{SECONDS_TO_READ}s'")
            return _read(connection, f"{connection.info.host}/{connection.info.dbname}", reading)
    except psycopg.errors.InvalidParameterValue as error:
        if reading.timezone is None or "time zone" not in str(error):
            raise SchemaError(Code.DATABASE_REFUSED, source=_name(given), reason=_reason(error, given)) from None
        zone = Setting("timezone", reading.timezone)
        raise DomainError(Code.TIMEZONE_UNKNOWN, parameter="timezone", given=zone) from None
    except psycopg.Error as error:
        raise SchemaError(Code.DATABASE_REFUSED, source=_name(given), reason=_reason(error, given)) from None


type _Given = Mapping[str, str | int]


def _parsed(address: str) -> _Given:
    """Take an address apart; one that could show a part of its password in the wrong place is refused."""
    try:
        given = {name: value for name, value in conninfo_to_dict(address).items() if value is not None}
    except psycopg.Error:
        raise SchemaError(Code.DATABASE_ADDRESS) from None
    ports = re.fullmatch(r"[\d,]*", str(given.get("port", "")))
    if not ports or any("@" in str(given.get(part, "")) for part in ("host", "dbname")):
        raise SchemaError(Code.DATABASE_ADDRESS)
    return given


def _name(given: _Given) -> str:
    return f"{given.get('host', 'localhost')}/{given.get('dbname', given.get('user', ''))}"


def _reason(error: psycopg.Error, given: _Given) -> str:
    """Return what a server says, on one line and without the password."""
    text = error.diag.message_primary or first_line(error)
    secret = given.get("password")
    return text.replace(str(secret), "***") if secret else text


def _read(connection: psycopg.Connection, database: str, reading: Reading) -> Source:
    found = _tables(connection)
    table = choose(list(found), reading.table, source=database, kind="table")
    place = sql.Identifier(*found[table])
    columns = _columns(connection, place, reading.timezone or "UTC")
    if not columns:
        raise SchemaError(Code.DATABASE_REFUSED, source=f"{database}.{table}", reason="it has no columns")
    asked = sql.SQL(", ").join(column.asked for column in columns)
    query = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT (FORMAT csv)").format(asked, place)
    info = SourceInfo(f"{database}.{table}", "postgresql")
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "rows.csv"
        with connection.cursor() as cursor, rows.open("wb") as file, cursor.copy(query) as copy:
            for block in copy:
                file.write(block)
        return Source(_kept(rows, columns), tuple(column.name for column in columns), info)


def _tables(connection: psycopg.Connection) -> dict[str, tuple[str, str]]:
    """Return schema and name of every table, by its shortest name that is clear."""
    rows = connection.execute(_TABLES).fetchall()
    return {name if seen else f"{schema}.{name}": (schema, name) for schema, name, seen in rows}


def _columns(connection: psycopg.Connection, place: sql.Identifier, zone: str) -> list[_Column]:
    cursor = connection.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(place))
    columns = []
    for column in cursor.description or ():
        known = connection.adapters.types.get(column.type_code)
        kind = known.name if known else ""
        kept, asked = _KINDS.get(kind, "VARCHAR"), sql.Identifier(column.name)
        casts = {"timestamptz": sql.SQL("{} AT TIME ZONE {}").format(asked, sql.Literal(zone))}
        casts["money"] = sql.SQL("{}::numeric").format(asked)
        plain = asked if kept != "VARCHAR" else sql.SQL("{}::text").format(asked)
        if kept == "DECIMAL" and column.precision and column.precision <= 38:
            kept = f"DECIMAL({column.precision}, {column.scale or 0})"
        columns.append(_Column(column.name, casts.get(kind, plain), kept))
    return columns


def _kept(rows: Path, columns: list[_Column]) -> ibis.Table:
    """Keep rows in the types of their columns; a column of which a value does not fit stays text."""
    backend = connect()
    cells = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(columns)))
    backend.raw_sql(
        f"CREATE TEMP TABLE texts AS SELECT * FROM read_csv('{pattern(rows)}', "  # noqa: S608
        f"columns = {{{cells}}}, auto_detect = false, header = false, delim = ',', quote = '\"', escape = '\"', "
        "parallel = false, max_line_size = 100000000)"
    )
    tests = [f"count(c{i}) - count(TRY_CAST(c{i} AS {_engine_type(c.kept)}))" for i, c in enumerate(columns)]
    digits = [
        f"max(length(split_part(c{i}, '.', 2)))" if c.kept == "DECIMAL" else "NULL" for i, c in enumerate(columns)
    ]
    query = f"SELECT {', '.join(tests + digits)} FROM texts"  # noqa: S608 (columns of its own)
    found = backend.raw_sql(query).fetchone()
    kinds = []
    for column, misfits, scale in zip(columns, found[: len(columns)], found[len(columns) :], strict=True):
        kind = f"DECIMAL(38, {scale})" if column.kept == "DECIMAL" and scale else column.kept
        kinds.append("VARCHAR" if misfits or kind == "DECIMAL" or (scale or 0) > 18 else kind)
    chosen = ", ".join(f"CAST(c{i} AS {kind}) AS c{i}" for i, kind in enumerate(kinds))
    backend.raw_sql(f"CREATE TEMP TABLE source AS SELECT {chosen} FROM texts; DROP TABLE texts")  # noqa: S608
    return stored(backend, "source")


def _engine_type(kept: str) -> str:
    return "DECIMAL(38, 18)" if kept == "DECIMAL" else kept
