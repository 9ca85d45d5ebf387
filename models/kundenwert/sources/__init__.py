"""Open a source of rows: files, tables in memory and Ibis tables become one kind of table, all values as they stand.

Names are imported when first used, so that who only needs `SourceInfo` does not pay for the query engine;
`__init__.pyi` lists them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
