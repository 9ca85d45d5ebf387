from .compressed import open_compressed
from .duckdb_file import open_duckdb
from .excel import open_excel
from .json_lines import open_json
from .opening import open_source
from .parquet import open_parquet
from .postgres import open_postgres, without_password
from .source import Place, Source, SourceInfo
from .sqlite import open_sqlite
from .text import open_text

__all__ = [
    "Place",
    "Source",
    "SourceInfo",
    "open_compressed",
    "open_duckdb",
    "open_excel",
    "open_json",
    "open_parquet",
    "open_postgres",
    "open_source",
    "open_sqlite",
    "open_text",
    "without_password",
]
