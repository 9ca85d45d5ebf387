"""Tables in, tables out: read a transaction log, account for every row, summarise it per customer.

Names are imported when first used, so that working with a summary does not load the table engine; `__init__.pyi` lists
them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
