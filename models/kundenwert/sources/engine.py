"""The query engine, and how its rows are kept."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ibis


@contextmanager
def quiet() -> Iterator[None]:
    """Run a step of the engine; that Ibis 12 calls a method which DuckDB 2 has renamed is not the user's affair."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"fetch_arrow_table\(\) is deprecated", DeprecationWarning)
        yield


def store(backend: Any, name: str, rows: ibis.Table) -> ibis.Table:
    """Run an expression once and keep its rows in a temporary table."""
    with quiet():
        return backend.create_table(name, rows, temp=True)


def first_line(error: Exception) -> str:
    """Return the first line of what an error says."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
