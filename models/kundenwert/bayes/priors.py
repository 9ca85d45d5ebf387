"""Priors as data: a distribution's name and its parameters, printable, storable, turned into PyMC when needed.

Priors are stated on quantities a person can judge, in units that the analysis brings with it, so that they mean the
same whatever the time unit or the currency:

`yearly_purchases`  mean number of purchases of a living customer in a year, `r/α · year`
`rate_cv`           how much purchase rates differ between customers, coefficient of variation of λ, `1/√r`
`half_life`         years until half of the new customers have dropped out, `β (2^(1/s) - 1) / year`
`dropout_cv`        how much drop-out rates differ, coefficient of variation of μ, `1/√s`
`relative_spend`    typical value of a purchase over the data's median value of a repeat purchase, `(p v / q) / median`
`purchase_cv`       how much the purchases of one customer differ, coefficient of variation, `1/√p`
`customer_cv`       how much customers differ, `1/√(q-1)`: their mean spend has a mean, `p v / (q-1)`, in every draw
`first_weight`      how many repeat purchases a first purchase tells as much as, `ω`, where the law of spend looks at it
`first_level`       first purchase over a repeat purchase of the same customer, on average, `m`

The half-life stands where one would expect the mean lifetime: the mean is infinite for s ≤ 1, which real data like.
A prior on `r` and `alpha`, `s` and `beta`, or `p`, `q` and `v` themselves replaces the pair or triple it belongs to.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypedDict

import numpy as np
from numpy.typing import NDArray

from kundenwert.errors import SchemaError
from kundenwert.laws.law import Law

type ArrayFunction = Callable[[NDArray[np.float64]], NDArray[np.float64]]


class StoredPrior(TypedDict):
    """A prior as JSON holds it."""

    distribution: str
    parameters: dict[str, float]


@dataclass(frozen=True)
class Prior:
    """A PyMC distribution by name, with its parameters.

    Parameters
    ----------
    distribution
        Name of a univariate distribution in PyMC, for instance "Weibull".
    parameters
        Its parameters by PyMC's names.

    Examples
    --------
    >>> Prior("Weibull", {"alpha": 2, "beta": 10})
    Weibull(alpha=2, beta=10)
    """

    distribution: str
    parameters: Mapping[str, float] = field(default_factory=dict)

    def __repr__(self) -> str:
        inner = ", ".join(f"{name}={value:g}" for name, value in self.parameters.items())
        return f"{self.distribution}({inner})"

    def variable(self, name: str) -> Any:
        """Add the distribution to the PyMC model on the context stack, and return its variable."""
        return self._kind(name)(name, **self.parameters)

    def log_density(self) -> ArrayFunction:
        """Log density as an array function: written here, else from SciPy, else from PyMC."""
        if (own := self._own()) is not None:
            return own.log_density(**self.parameters)
        law = self._law()
        if law is not None:
            return law.logpdf  # type: ignore[no-any-return]
        import pytensor  # noqa: PLC0415
        import pytensor.tensor as pt  # noqa: PLC0415

        value = pt.vector("value")
        density = self._pymc().logp(self._unnamed(), value)
        return pytensor.function([value], density, mode="FAST_COMPILE")  # type: ignore[no-any-return]

    def draw(self, size: int, *, rng: np.random.Generator) -> NDArray[np.float64]:
        """Draws from the prior."""
        if (own := self._own()) is not None:
            return own.draw(rng, size, **self.parameters)
        law = self._law()
        if law is not None:
            return np.asarray(law.rvs(size, random_state=rng))
        seed = int(rng.integers(2**31))
        return np.asarray(self._pymc().draw(self._unnamed(), draws=size, random_seed=seed), dtype=np.float64)

    def _own(self) -> _OwnLaw | None:
        """The law as it is written here, or None."""
        own = _OWN.get(self.distribution)
        return own if own is not None and set(self.parameters) == own.parameters else None

    def _law(self) -> Any:
        """The law in SciPy, or None where only PyMC knows it or its parametrisation."""
        from scipy import stats  # noqa: PLC0415  takes as long to import as a fit takes

        try:
            return _SCIPY[self.distribution](stats, **self.parameters)
        except (KeyError, TypeError):
            return None

    def _unnamed(self) -> Any:
        return self._kind("prior").dist(**self.parameters)

    def _kind(self, name: str) -> Any:
        kind = getattr(self._pymc(), self.distribution, None)
        if not (isinstance(kind, type) and issubclass(kind, self._pymc().Distribution)):
            msg = f"prior of {name!r}: PyMC has no distribution {self.distribution!r}; see its list of distributions"
            raise SchemaError(msg)
        return kind

    @staticmethod
    def _pymc() -> Any:
        import pymc  # noqa: PLC0415  loaded only where a model is built or a law is not in SciPy

        return pymc

    def check(self, name: str) -> None:
        """Refuse what is no continuous distribution on positive numbers, and parameters that PyMC would ignore."""
        known = self.parameters if self._own() else inspect.signature(self._kind(name).dist).parameters
        if unknown := [key for key in self.parameters if key not in known or key in ("args", "kwargs")]:
            msg = f"prior of {name!r}: {self.distribution} has no parameter {', '.join(map(repr, unknown))}"
            raise SchemaError(msg)
        try:
            drawn = np.asarray(self.draw(200, rng=np.random.default_rng(0)))
        except (TypeError, ValueError) as error:
            raise SchemaError(f"prior of {name!r}: {self!r} cannot be drawn from ({error})") from error
        if not (np.all(drawn > 0) and np.isfinite(drawn).all()) or np.unique(drawn).size < drawn.size // 2:
            msg = f"prior of {name!r}: {self!r} is no continuous distribution on positive numbers, such as LogNormal"
            raise SchemaError(msg)

    def to_dict(self) -> StoredPrior:
        """Return a form for JSON, read back by `Prior(**d)`."""
        return {"distribution": self.distribution, "parameters": dict(self.parameters)}


def _lognormal(mu: float, sigma: float) -> ArrayFunction:
    constant = -np.log(sigma) - np.log(2 * np.pi) / 2

    def density(value: NDArray[np.float64]) -> NDArray[np.float64]:
        log = np.log(value)
        return np.asarray(constant - log - ((log - mu) / sigma) ** 2 / 2)

    return density


def _weibull(alpha: float, beta: float) -> ArrayFunction:
    constant = np.log(alpha / beta)

    def density(value: NDArray[np.float64]) -> NDArray[np.float64]:
        log = np.log(value / beta)
        return np.asarray(constant + (alpha - 1) * log - np.exp(alpha * log))

    return density


class _OwnLaw(NamedTuple):
    """A law of the default priors or of `WEIBULL`: SciPy's takes a hundred times longer on a few numbers."""

    parameters: set[str]
    log_density: Callable[..., ArrayFunction]
    draw: Callable[..., NDArray[np.float64]]


_OWN: dict[str, _OwnLaw] = {
    "LogNormal": _OwnLaw({"mu", "sigma"}, _lognormal, lambda rng, size, mu, sigma: rng.lognormal(mu, sigma, size)),
    "Weibull": _OwnLaw({"alpha", "beta"}, _weibull, lambda rng, size, alpha, beta: beta * rng.weibull(alpha, size)),
}
_SCIPY: dict[str, Callable[..., Any]] = {
    "Gamma": lambda stats, alpha, beta: stats.gamma(alpha, scale=1 / beta),
    "InverseGamma": lambda stats, alpha, beta: stats.invgamma(alpha, scale=beta),
    "Exponential": lambda stats, lam: stats.expon(scale=1 / lam),
    "HalfNormal": lambda stats, sigma: stats.halfnorm(scale=sigma),
    "HalfCauchy": lambda stats, beta: stats.halfcauchy(scale=beta),
}

type Priors = Mapping[str, Prior]

WEIBULL: Priors = {
    "r": Prior("Weibull", {"alpha": 2, "beta": 1}),
    "alpha": Prior("Weibull", {"alpha": 2, "beta": 10}),
    "s": Prior("Weibull", {"alpha": 2, "beta": 1}),
    "beta": Prior("Weibull", {"alpha": 2, "beta": 10}),
}
"""Weibull priors on the parameters themselves, often seen for weekly data; kept to reproduce published posteriors.

Their meaning changes with the time unit: `beta=10` is ten weeks or ten years.
"""


def resolved_priors(model: Law) -> dict[str, Prior]:
    """All priors of a model: those that a user stated, and defaults for what was left out.

    Parameters
    ----------
    model
        A law of purchases or of spend, with priors by name; may have none.

    Returns
    -------
    dict
        For each group of quantities either all judged quantities or all parameters.

    Raises
    ------
    SchemaError
        If a name is unknown, a group is given half in quantities and half in parameters, or a distribution is not one
        on positive numbers.

    Examples
    --------
    >>> from kundenwert.laws import ParetoNBD
    >>> resolved_priors(ParetoNBD())["rate_cv"]
    LogNormal(mu=0, sigma=0.7)
    """
    given = {name: Prior(prior.distribution, prior.parameters) for name, prior in (model.priors or {}).items()}
    defaults = {name: Prior(*stated) for group in model.quantities for name, stated in group.priors.items()}
    known = {name for group in model.quantities for name in (*group.priors, *group.parameters)}
    if unknown := sorted(set(given) - known):
        raise SchemaError(f"no prior is called {', '.join(unknown)}; the names are {', '.join(sorted(known))}")
    for name, prior in given.items():
        if prior != defaults.get(name):
            prior.check(name)
    resolved: dict[str, Prior] = {}
    for judged, parameters in model.quantities:
        direct = [name for name in parameters if name in given]
        if not direct:
            resolved |= {name: given.get(name, defaults[name]) for name in judged}
        elif len(direct) < len(parameters) or any(name in given for name in judged):
            raise SchemaError(
                f"priors on {', '.join(parameters)} go together and replace those on {', '.join(judged)}; "
                f"given: {', '.join(name for name in (*judged, *parameters) if name in given)}"
            )
        else:
            resolved |= {name: given[name] for name in parameters}
    return resolved
