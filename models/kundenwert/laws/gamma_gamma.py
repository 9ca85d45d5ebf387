"""The Gamma-Gamma: values of purchases scatter about a customer's mean, and customers' means about their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from kundenwert.errors import DomainError
from kundenwert.kernels import gamma_gamma as kernel
from kundenwert.laws.law import Quantities, SpendLaw, Stated, Units
from kundenwert.laws.seen import Array, Draws, Observed, Parameters, Spending

if TYPE_CHECKING:
    from kundenwert.kernels.futures import Futures
    from kundenwert.laws.seen import Customers


LEAST_CV = 1e-3
"""Smallest spread of values that counts: where all purchases cost the same, the likelihood has no maximum."""

ONE_PRICE = 1e4
"""Shapes beyond which purchases and customers do not differ by as much as a hundredth."""


@dataclass(frozen=True)
class GammaGamma(SpendLaw):
    """Gamma-Gamma model of spend per purchase, with its priors, and effects of cohorts and covariates on spend.

    `v_i = v e^(η_i)`: a positive effect means dearer purchases, in proportion.

    Parameters
    ----------
    priors
        Priors that differ from the defaults, by name; see `kundenwert.bayes.priors`.
    cohorts, covariates
        As in `ParetoNBD`: columns of the summary.

    References
    ----------
    Fader & Hardie (2013), "The Gamma-Gamma Model of Monetary Value".

    Examples
    --------
    >>> GammaGamma().acts_on
    {'spend': ('v', 1.0)}
    """

    name: ClassVar[str] = "gamma_gamma"
    title: ClassVar[str] = "Gamma-Gamma"
    parameters: ClassVar[tuple[str, ...]] = ("p", "q", "v")
    looks_at: ClassVar[tuple[str, ...]] = ("frequency", "monetary_value")
    quantities: ClassVar[tuple[Quantities, ...]] = (
        Quantities(
            {
                "relative_spend": Stated("LogNormal", {"mu": 0, "sigma": 1}),
                "purchase_cv": Stated("LogNormal", {"mu": -0.7, "sigma": 0.7}),
                "customer_cv": Stated("LogNormal", {"mu": -0.56, "sigma": 0.5}),
            },
            ("p", "q", "v"),
        ),
    )
    acts_on: ClassVar[Mapping[str, tuple[str, float]]] = {"spend": ("v", 1.0)}
    intercepts: ClassVar[Mapping[str, tuple[tuple[str, float], ...]]] = {
        "spend": (("relative_spend", 1.0), ("v", 1.0)),
    }

    def unit(self, summary: Customers) -> float:
        """What the priors are measured in: the median value of a repeat purchase, in money.

        Of customers' mean values, each as often as it was bought; where a few customers spend most of the money, the
        mean says nothing about a typical purchase.
        """
        seen = self.observed(summary).fields
        order = np.argsort(seen["monetary_value"])
        below = np.cumsum(seen["frequency"][order])
        return float(seen["monetary_value"][order][np.searchsorted(below, below[-1] / 2)])

    def units(self, summary: Customers) -> Units:
        """What the priors are measured in: stored with the fit."""
        return {"typical_value": self.unit(summary)}

    def observed(self, summary: Customers, group: NDArray[np.int64] | None = None) -> Observed:
        """Frequency and mean value of the customers whose spend can be learned from."""
        table = summary.table
        seen = ((table["frequency"] > 0) & (table["monetary_value"] > 0)).to_numpy()
        if not seen.any():
            msg = (
                "the spend model needs repeat purchases of positive value, and no customer has one; "
                "observe for longer, or value purchases alone"
            )
            raise DomainError(msg)
        fields = {name: table.loc[seen, name].to_numpy(np.float64) for name in self.looks_at}
        own = np.zeros(seen.sum(), dtype=np.int64) if group is None else group[seen]
        return Observed(fields, np.ones(own.size), own, np.where(seen, np.cumsum(seen) - 1, -1))

    def derive(self, quantities: Draws, unit: float) -> Draws:
        """All variables from the quantities with a prior: `p, q, v` where they are not given directly.

        `p = 1/(purchase_cv² + ε²)`, `q = 1 + 1/(customer_cv² + ε²)`, `v = relative_spend · unit · q / p` with ε a
        thousandth: the mean spend is finite under every draw, and a shop with one price has a posterior.
        """
        variables = dict(quantities)
        if "p" not in variables:
            variables["p"] = 1 / (variables["purchase_cv"] ** 2 + LEAST_CV**2)
            variables["q"] = 1 + 1 / (variables["customer_cv"] ** 2 + LEAST_CV**2)
            variables["v"] = variables["relative_spend"] * unit * variables["q"] / variables["p"]
        return variables

    def total(self, observed: Observed, law: Parameters) -> Array:
        """Log density of all mean values, for each of many parameter sets."""
        return kernel.total_log_likelihood(**observed.fields, **self.own(law))

    def pointwise(self, observed: Observed, law: Parameters) -> tuple[Array, Draws]:
        """Log density of each customer's mean value, and its derivatives by parameter."""
        found = kernel.log_likelihood_gradient(**observed.fields, **law)
        return found.value, {name: getattr(found, name) for name in self.parameters}

    def log_likelihood(self, fields: Mapping[str, Array], law: Parameters) -> Array:
        """Log density of each customer's mean value under each draw, of shape (sample, pattern)."""
        return kernel.log_likelihood(**fields, **self.own(law))

    def given(self, spending: Spending, law: Parameters) -> Draws:
        """`p, q, v`: a first purchase says nothing."""
        del spending
        return {name: law[name] for name in GammaGamma.parameters}

    def expected_spend(self, spending: Spending, law: Parameters) -> Array:
        """`p (v + x z̄) / (px + q - 1)`; infinite where `px + q ≤ 1`."""
        return kernel.expected_spend(spending.frequency, spending.monetary_value, **self.given(spending, law))

    def log_value_density(self, spending: Spending, law: Parameters, *, number: Array, value: Array) -> Array:
        """That of the Gamma-Gamma with `q + px` and `v + x z̄`."""
        x = spending.frequency
        total = np.where(x > 0, x * spending.monetary_value, 0.0)
        p, q, v = self.given(spending, law).values()
        return kernel.log_likelihood(number, value, p=p, q=q + p * x, v=v + total)

    def no_mean(self, law: Parameters) -> NDArray[np.bool_]:
        """In draws with q ≤ 1."""
        return np.asarray(law["q"] <= 1)

    def one_price(self, law: Parameters) -> bool:
        """Whether purchases have nearly one value, whoever makes them."""
        return bool(np.median(law["p"]) > ONE_PRICE and np.median(law["q"]) > ONE_PRICE)

    def draw_values(
        self,
        spending: Spending,
        law: Parameters,
        futures: Futures,
        *,
        keys: NDArray[np.uint64],
        first: bool = False,
    ) -> tuple[Array, Array, Array]:
        """Values of drawn purchases: `ν ~ Gamma(px+q, v + x z̄)`, each value Gamma(p, ν)."""
        from kundenwert.kernels.gamma_gamma_futures import draw_values  # noqa: PLC0415  loads the compiler

        x = spending.frequency[:, 0]
        total = np.where(x > 0, x * spending.monetary_value[:, 0], 0.0)
        p, q, v = self.given(spending, law).values()
        weight, level = self.first_weight(law), self.first_level(law)
        return draw_values(
            x,
            total,
            p=p,
            q=q,
            v=v,
            futures=futures,
            keys=keys,
            first=first,
            omega=weight,
            m=level,
        )

    def first_weight(self, law: Parameters) -> Array:
        """How many repeat purchases a first one tells as much as, in each draw: 1, but its value is not looked at."""
        del law
        return np.ones(1)

    def simulate(self, spending: Spending, law: Parameters, *, rng: np.random.Generator, first: bool = False) -> Array:
        """Mean value of the repeat purchases of customers, and of a first one if it is asked for."""
        number = spending.frequency + 1 if first else spending.frequency
        return kernel.simulate(number, **self.given(spending, law), rng=rng)[1]
