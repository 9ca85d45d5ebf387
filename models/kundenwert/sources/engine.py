"""The query engine, and how its rows are kept."""

from __future__ import annotations

import tempfile
import warnings
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import duckdb
import ibis

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

MEMORY = "1GB"
"""What the engine may hold in memory; what is more lies in temporary files."""


@contextmanager
def quiet() -> Iterator[None]:
    """Run a step of the engine; that Ibis 12 calls a method which DuckDB 2 has renamed is not the user's affair."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"fetch_arrow_table\(\) is deprecated", DeprecationWarning)
        yield


def connect() -> Backend:
    """Start an engine that keeps its rows out of memory where they are many, and leaves nothing behind.

    It downloads nothing: extensions that do not come with it are not used.
    """
    folder = tempfile.TemporaryDirectory(prefix="kundenwert-", ignore_cleanup_errors=True)
    backend = ibis.duckdb.connect(
        temp_directory=folder.name,
        memory_limit=MEMORY,
        autoinstall_known_extensions=False,
        autoload_known_extensions=False,
    )
    with suppress(duckdb.InvalidInputException):  # in a notebook that cannot show one, there is none to turn off
        backend.raw_sql("SET enable_progress_bar = false")
    weakref.finalize(backend, folder.cleanup)
    return backend


def store(backend: Backend, name: str, rows: ibis.Table) -> ibis.Table:
    """Run an expression once and keep its rows in a temporary table."""
    with quiet():
        return backend.create_table(name, rows, temp=True)


def numbered(backend: Backend, name: str, rows: ibis.Table) -> ibis.Table:
    """Keep rows in their order, and number them from 0 in a column `row`."""
    kept = store(backend, name, rows)
    return kept.mutate(row=kept.rowid())


def stored(backend: Backend, name: str) -> ibis.Table:
    """Return a temporary table that is there, its rows numbered from 0 in a column `row`."""
    with quiet():
        kept = backend.table(name)
    return kept.mutate(row=kept.rowid())


def first_line(error: Exception) -> str:
    """Return the first line of what an error says."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
