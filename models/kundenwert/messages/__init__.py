"""What the program says of data, as codes with figures; one catalogue of sentences for each language."""

from kundenwert.messages.codes import Code
from kundenwert.messages.render import Setting, listing, say, several

__all__ = ["Code", "Setting", "listing", "say", "several"]
