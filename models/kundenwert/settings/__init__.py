"""One record for each kind of setting, frozen, checked where it is made; the same on every way into the program."""

from kundenwert.settings.output import Output
from kundenwert.settings.reading import Reading
from kundenwert.settings.record import made
from kundenwert.settings.sampling import Sampling
from kundenwert.settings.shaping import Shaping
from kundenwert.settings.terms import Terms

__all__ = ["Output", "Reading", "Sampling", "Shaping", "Terms", "made"]
