"""The Gamma-Gamma that looks at first purchases too: they say much of what customers will spend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from kundenwert.errors import DomainError
from kundenwert.kernels import gamma_gamma_first as kernel
from kundenwert.laws.gamma_gamma import GammaGamma
from kundenwert.laws.law import Quantities, Stated
from kundenwert.laws.seen import Array, Draws, Observed, Parameters, Spending

if TYPE_CHECKING:
    from kundenwert.laws.seen import Customers


@dataclass(frozen=True)
class GammaGammaFirst(GammaGamma):
    """Gamma-Gamma model in which the first purchase of a customer says something of the later ones.

    Repeat purchases are Gamma(p, ν), and a first purchase f is `f / m ~ Gamma(ω p, ω ν)`, with ν ~ Gamma(q, v) of the
    customer: it tells as much as ω repeat purchases (`first_weight`), and is m times as large (`first_level`). A first
    purchase that is missing or ≤ 0 tells nothing. As in `GammaGamma`, the law is learned from customers who came back.

    Parameters
    ----------
    priors, cohorts, covariates
        As in `GammaGamma`.

    Examples
    --------
    >>> GammaGammaFirst().looks_at
    ('frequency', 'monetary_value', 'first_value')
    """

    name: ClassVar[str] = "gamma_gamma_first"
    title: ClassVar[str] = "Gamma-Gamma with first purchases"
    parameters: ClassVar[tuple[str, ...]] = (*GammaGamma.parameters, "omega", "m")
    looks_at: ClassVar[tuple[str, ...]] = (*GammaGamma.looks_at, "first_value")
    quantities: ClassVar[tuple[Quantities, ...]] = (
        *GammaGamma.quantities,
        Quantities(
            {
                "first_weight": Stated("LogNormal", {"mu": 0, "sigma": 1}),
                "first_level": Stated("LogNormal", {"mu": 0, "sigma": 0.5}),
            },
            ("omega", "m"),
        ),
    )

    def observed(self, summary: Customers, group: NDArray[np.int64] | None = None) -> Observed:
        """Frequency, mean value and first purchase of those who can be learned from; 0 where it says nothing."""
        self.spending(summary.table)
        found = super().observed(summary, group)
        first = found.fields["first_value"]
        if not (first > 0).any():
            msg = "no customer who came back has a first purchase of positive value; fit the spend model without them"
            raise DomainError(msg)
        kept = {"first_value": np.where(first > 0, first, 0.0)}
        return replace(found, fields={**found.fields, **kept})

    def derive(self, quantities: Draws, unit: float) -> Draws:
        """All variables from the quantities with a prior; `ω` and `m` are two of them, unless given directly."""
        variables = super().derive(quantities, unit)
        if "omega" not in variables:
            variables |= {"omega": variables["first_weight"], "m": variables["first_level"]}
        return variables

    def given(self, spending: Spending, law: Parameters) -> Draws:
        """The Gamma-Gamma of each customer after the first purchase: `q + ω p` and `v + ω f / m`."""
        q, v = kernel.given_first(spending.first_value, **self.own(law))
        return {"p": law["p"], "q": q, "v": v}

    def first_level(self, law: Parameters) -> Array:
        """`m`."""
        return np.asarray(law["m"])

    def first_weight(self, law: Parameters) -> Array:
        """`ω`."""
        return np.asarray(law["omega"])

    def total(self, observed: Observed, law: Parameters) -> Array:
        """Log density of all first purchases and mean values, for each of many parameter sets."""
        return kernel.total_log_likelihood(**observed.fields, **self.own(law))

    def pointwise(self, observed: Observed, law: Parameters) -> tuple[Array, Draws]:
        """Log density of each customer's first purchase and mean value, and its derivatives by parameter."""
        found = kernel.log_likelihood_gradient(**observed.fields, **self.own(law))
        return found.value, {name: getattr(found, name) for name in self.parameters}

    def log_likelihood(self, fields: Mapping[str, Array], law: Parameters) -> Array:
        """Log density of each customer's first purchase and mean value under each draw, of shape (sample, pattern)."""
        return kernel.log_likelihood(**fields, **self.own(law))

    def simulate(self, spending: Spending, law: Parameters, *, rng: np.random.Generator, first: bool = False) -> Array:
        """Mean value of the repeat purchases of customers, and of a first one if it is asked for."""
        if not first:
            return super().simulate(spending, law, rng=rng)
        x = spending.frequency
        _, mean, opening = kernel.simulate(x, **self.own(law), rng=rng)
        return np.asarray((np.where(x > 0, x * mean, 0.0) + opening) / (1 + x))
