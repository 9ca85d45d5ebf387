from .opening import open_source
from .source import Place, Source, SourceInfo

__all__ = ["Place", "Source", "SourceInfo", "open_source"]
