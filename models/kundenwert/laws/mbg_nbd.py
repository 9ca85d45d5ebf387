"""The MBG/NBD: the BG/NBD in which customers may leave after the first purchase too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kundenwert.laws.bg_nbd import BGNBD


@dataclass(frozen=True)
class MBGNBD(BGNBD):
    """MBG/NBD model of repeat purchases: as the BG/NBD, but the first purchase is a chance to leave as well.

    Parameters
    ----------
    priors, cohorts, covariates
        As in `BGNBD`.

    References
    ----------
    Batislam, Denizel & Filiztekin (2007); Hoppe & Wagner (2007).

    Examples
    --------
    >>> MBGNBD().flips
    1
    """

    name: ClassVar[str] = "mbg_nbd"
    title: ClassVar[str] = "MBG/NBD"
    flips: ClassVar[int] = 1
