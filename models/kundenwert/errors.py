"""The exceptions of the package.

    ValueError
    └── KundenwertError     anything a user can mend; the command line prints it without a traceback
        ├── SchemaError     a column is missing, misnamed or of the wrong type
        ├── DomainError     values outside what the analysis can mean
        └── FitError        values were asked of a fit that did not converge, or does not match the data

A message says what is wrong, in how many rows, names the first offenders, and says what to do next. It is a code with
figures, whose sentence stands in a catalogue, and names the setting it is about.
"""

from collections.abc import Callable
from operator import index
from typing import Self

from kundenwert.messages import Code, Setting, say
from kundenwert.messages.render import Interface, written


class KundenwertError(ValueError):
    """Base of every error that a user of the package can mend.

    Parameters
    ----------
    message
        What is wrong: a code, or a text that may hold figures in braces as the catalogue's do.
    parameter
        The setting that the error is about, where it is one.
    **figures
        Of the sentence.

    Examples
    --------
    >>> from kundenwert.messages import Setting
    >>> error = DomainError(Code.DATE_FORMAT_BAD, given=Setting("date_format", "dmy"), parameter="date_format")
    >>> error.told("cli")
    "--date-format 'dmy' is not understood; write it such as '%d.%m.%Y'"
    """

    def __init__(self, message: str | Code, /, *, parameter: str | None = None, **figures: object) -> None:
        self.code = message if isinstance(message, Code) else None
        self.parameter, self.figures = parameter, figures
        self._message = message
        super().__init__(self.told("python"))

    def told(self, interface: Interface) -> str:
        """Say what is wrong in the words of an interface: settings are written as it writes them."""
        if isinstance(self._message, Code):
            return say(self._message, self.figures, interface=interface)
        return written(self._message, self.figures, interface) if self.figures else self._message

    def with_settings(self, change: Callable[[Setting], object]) -> Self:
        """Return the same error with every setting that it speaks of as `change` puts it."""

        def changed(figure: object) -> object:
            if isinstance(figure, Setting):
                return change(figure)
            return [changed(one) for one in figure] if isinstance(figure, list | tuple) else figure

        if not self.figures:
            return self
        figures = {name: changed(figure) for name, figure in self.figures.items()}
        return type(self)(self._message, parameter=self.parameter, **figures)


class SchemaError(KundenwertError):
    """A column is missing, misnamed or of the wrong type."""


class DomainError(KundenwertError):
    """Values lie outside what the analysis can mean."""


class FitError(KundenwertError):
    """Values were asked of a fit that did not converge, or that does not match the data."""


def check_seed(seed: int) -> None:
    """Refuse what is no seed.

    Raises
    ------
    DomainError
        If it is no whole number, or negative.
    """
    try:
        fine = index(seed) >= 0
    except TypeError:
        fine = False
    if not fine:
        raise DomainError(Code.NO_WHOLE_NUMBER, parameter="seed", given=Setting("seed", seed), least=0)
