"""What turns purchases into money: horizon, discounting, margin, costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kundenwert.errors import DomainError
from kundenwert.messages import Code, Setting
from kundenwert.settings.values import money, number, share


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What turns purchases into money."""

    horizon: float | str | None = None
    """Length of the future counted, in time units, above 0; a year if not given."""

    discount_rate: float | str = 0.10
    """Annual rate, 0.10 or 10 %."""

    margin: float | str = 1.0
    """Contribution margin, 0.3 or 30 % of revenue."""

    cac: float | str | Mapping[str, float] | None = None
    """Acquisition cost per customer; 0 if not given."""

    cac_file: str | Path | None = None
    """CSV with columns cohort, cac instead of one acquisition cost for all."""

    lifespan_years: float | str = 3.0
    """Years that the formula assumes."""

    allow_unconverged: bool = False
    """Give marked values of a fit that did not converge."""

    def __post_init__(self) -> None:
        """Check every setting by itself, and those that exclude each other."""
        for name, kind in (
            ("horizon", number),
            ("discount_rate", share),
            ("margin", share),
            ("lifespan_years", number),
        ):
            object.__setattr__(self, name, kind(getattr(self, name), name))
        if not isinstance(self.cac, Mapping):
            object.__setattr__(self, "cac", money(self.cac, "cac"))
        if self.cac is not None and self.cac_file is not None:
            raise DomainError(Code.BOTH_GIVEN, parameter="cac", first=Setting("cac"), second=Setting("cac_file"))
