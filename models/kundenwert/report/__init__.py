"""Results of an analysis in one folder: tables, posteriors, manifest, and a page to read."""

from kundenwert.report.gather import Results, gather
from kundenwert.report.write import write

__all__ = ["Results", "gather", "write"]
