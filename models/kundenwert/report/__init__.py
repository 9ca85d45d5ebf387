"""Results of an analysis in one folder: tables, posteriors, manifest, and a page to read."""

from kundenwert.report.gather import Readers, Results, gather
from kundenwert.report.write import write

__all__ = ["Readers", "Results", "gather", "write"]
