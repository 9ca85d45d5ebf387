"""The exceptions of the package.

    ValueError
    └── KundenwertError     anything a user can mend; the command line prints it without a traceback
        ├── SchemaError     a column is missing, misnamed or of the wrong type
        ├── DomainError     values outside what the analysis can mean
        └── FitError        values were asked of a fit that did not converge, or does not match the data

A message says what is wrong, in how many rows, names the first offenders, and says what to do next.
"""

from operator import index


class KundenwertError(ValueError):
    """Base of every error that a user of the package can mend."""


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
        msg = f"seed={seed}: a seed is a whole number, at least 0"
        raise DomainError(msg)
