"""What the program says of data, as codes with figures; one catalogue of sentences for each language."""

from kundenwert.messages.codes import Code
from kundenwert.messages.render import Setting, listing, say, several
from kundenwert.messages.shown import as_table, in_line

__all__ = ["Code", "Setting", "as_table", "in_line", "listing", "say", "several"]
