"""Did the sampler do its work? Every check with its bound, and what to do when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from kundenwert.bayes.importance import PARETO_K_BOUND, Importance
from kundenwert.bayes.mode import Mode
from kundenwert.errors import DomainError, FitError
from kundenwert.messages import as_table, several

if TYPE_CHECKING:
    import arviz as az

    from kundenwert.data import CustomerSummary

LOG_LIKELIHOOD = "history_log_likelihood"
"""Group of a fit's tree with the pointwise log-likelihood of one customer of each history."""

SAME = 1e-9
"""Range of a log-likelihood over the draws up to which leaving its customer out changes nothing: a history of no
length, as of somebody who first bought on the last day, is as likely under all laws."""

R_HAT_BOUND = 1.01
"""Largest split rank-normalised R-hat (Vehtari et al. 2021)."""

ESS_BOUND = 400.0
"""Smallest bulk and tail effective sample size (Vehtari et al. 2021: 100 for each of four chains)."""

KEPT_BOUND = 100
"""Fewest draws kept of a weighted posterior: a tenth of them lies outside its 90 % intervals."""

E_BFMI_BOUND = 0.3
"""Smallest energy Bayesian fraction of missing information (Betancourt 2016)."""


class StoredCheck(TypedDict):
    """A check as JSON holds it."""

    name: str
    value: float
    bound: float
    passed: bool
    where: str
    advice: str


class StoredDiagnosis(TypedDict):
    """A diagnosis as JSON holds it."""

    converged: bool
    checks: list[StoredCheck]


@dataclass(frozen=True)
class Check:
    """One number, the bound it has to keep, and advice for when it does not."""

    name: str
    value: float
    bound: float
    passed: bool
    where: str
    advice: str

    def __str__(self) -> str:
        state = "ok  " if self.passed else "FAIL"
        advice = "" if self.passed else f"  -> {self.advice}"
        return f"{state} {self.name} = {self.value:.4g} (bound {self.bound:g}; {self.where}){advice}"


@dataclass(frozen=True)
class Diagnosis:
    """All checks of a fit; it converged if every one of them passed."""

    checks: tuple[Check, ...]

    @property
    def converged(self) -> bool:
        """Whether every check passed; nothing checked is nothing proven."""
        return bool(self.checks) and all(check.passed for check in self.checks)

    def __iter__(self) -> Iterator[Check]:
        return iter(self.checks)

    def __str__(self) -> str:
        return "\n".join([self._state(), *map(str, self.checks)])

    def __repr__(self) -> str:
        failed = [f"{check.name} = {check.value:.4g}" for check in self.checks if not check.passed]
        state = f"failed: {', '.join(failed)}" if failed else "all passed"
        return (
            f"Diagnosis({self._state()}; {several(len(self.checks), 'check')}, {state if self.checks else 'none made'})"
        )

    def _repr_html_(self) -> str:
        rows = [
            (c.name, f"{c.value:.4g}", f"bound {c.bound:g}", c.where, "ok" if c.passed else f"failed: {c.advice}")
            for c in self.checks
        ]
        return as_table(f"Diagnosis: {self._state()}", rows)

    def _state(self) -> str:
        return "converged" if self.converged else "NOT CONVERGED"

    def to_dict(self) -> StoredDiagnosis:
        """Return a form for JSON, read back by `Diagnosis.from_dict`."""
        checks: list[StoredCheck] = [
            {
                "name": c.name,
                "value": c.value,
                "bound": c.bound,
                "passed": c.passed,
                "where": c.where,
                "advice": c.advice,
            }
            for c in self.checks
        ]
        return {"converged": self.converged, "checks": checks}

    @classmethod
    def from_dict(cls, stored: StoredDiagnosis) -> Diagnosis:
        """Read back what `to_dict` gave."""
        return cls(tuple(Check(**check) for check in stored["checks"]))


def diagnose(tree: xr.DataTree) -> Diagnosis:
    """Check a sampled posterior: R-hat, bulk and tail effective sample size, divergences, E-BFMI.

    Parameters
    ----------
    tree
        With groups `posterior` and, for a sampler that has them, `sample_stats`.

    Returns
    -------
    Diagnosis
        The worst value of each check, over all variables.
    """
    import arviz as az  # noqa: PLC0415  loads matplotlib, which importance sampling has no need of

    posterior = tree["posterior"].to_dataset()
    more = "sample longer (more draws, more tuning); if that does not help, look at the prior and the data"
    checks = [
        _worst("R-hat", az.rhat(posterior), R_HAT_BOUND, largest=True, advice=more),
        _worst("bulk ESS", az.ess(posterior, method="bulk"), ESS_BOUND, largest=False, advice=more),
        _worst("tail ESS", az.ess(posterior, method="tail"), ESS_BOUND, largest=False, advice=more),
    ]
    lost = {str(name): int((~np.isfinite(values)).sum()) for name, values in posterior.data_vars.items()}
    where = max(lost, key=lambda name: lost[name])
    wild = "draws ran off to infinity: state tighter priors"
    checks.append(Check("infinite draws", lost[where], 0, lost[where] == 0, where, wild))
    if "sample_stats" in tree.children:
        stats = tree["sample_stats"].to_dataset()
        diverging = int(stats["diverging"].sum())
        smaller = "raise target_accept towards 1, or state a tighter prior: the posterior has a corner"
        checks.append(Check("divergences", diverging, 0, diverging == 0, "all chains", smaller))
        by_chain = np.asarray(az.bfmi(tree)["energy"])
        low = float(by_chain.min())
        passed = bool(low >= E_BFMI_BOUND)
        where = f"chain {int(by_chain.argmin())}"
        checks.append(Check("E-BFMI", low, E_BFMI_BOUND, passed, where, "heavy tails: state a tighter prior"))
    return Diagnosis(tuple(checks))


def diagnose_importance(drawn: Importance, kept: int) -> Diagnosis:
    """Check weighted draws: the tail of their weights, their effective size, and how many are kept."""
    more = "sample by NUTS instead (method='nuts')"
    where = f"{len(drawn.weights)} proposals in {drawn.rounds} rounds"
    thin, even = drawn.pareto_k <= PARETO_K_BOUND, drawn.largest <= drawn.manner.largest
    return Diagnosis(
        (
            Check("Pareto k", drawn.pareto_k, PARETO_K_BOUND, thin, where, more),
            Check("largest weight", drawn.largest, drawn.manner.largest, even, where, more),
            Check("effective draws", drawn.effective, ESS_BOUND, drawn.effective >= ESS_BOUND, where, more),
            Check("kept draws", kept, KEPT_BOUND, kept >= KEPT_BOUND, "all chains", "keep more (draws, chains)"),
        )
    )


def diagnose_mode(mode: Mode) -> Diagnosis:
    """Check that a mode was found: a point estimate has nothing else to check."""
    advice = "state a tighter prior, or sample by NUTS"
    return Diagnosis((Check("mode", float(mode.converged), 1, mode.converged, "all quantities", advice),))


def _worst(name: str, values: xr.Dataset, bound: float, *, largest: bool, advice: str) -> Check:
    sign = -1 if largest else 1
    by_variable: dict[str, float] = {}
    for key, found in values.items():
        own = found.to_series() if found.ndim else None
        by_variable |= {str(key): float(found)} if own is None else {f"{key}[{at}]": v for at, v in own.items()}
    where = min(by_variable, key=lambda key: _or_worst(sign * by_variable[key]))
    value = by_variable[where]
    passed = bool(np.isfinite(value) and sign * value >= sign * bound)
    return Check(name, value, bound, passed, where, advice)


def _or_worst(value: float) -> float:
    return value if np.isfinite(value) else -np.inf


def loo(tree: xr.DataTree, summary: CustomerSummary | None = None) -> az.ELPDData:
    """Leave-one-CUSTOMER-out predictive accuracy by Pareto-smoothed importance sampling.

    The stored log-likelihood holds each distinct history once. Customers who share a history share its leave-one-out
    density, so it is computed once and counted as often as the history occurs.

    Parameters
    ----------
    tree
        With groups `history_log_likelihood` (dims chain, draw, pattern; that of ONE customer of each history) and
        `constant_data` (`count`, and `index`: each customer's history). The group has a name of its own so that
        `arviz.loo`, which would count histories instead of customers, refuses it.
    summary
        The customers of the fit; then the pointwise entries carry their ids.

    Returns
    -------
    arviz.ELPDData
        With one pointwise entry for each customer that the law looks at, in the order of the fit's table, so that
        `arviz.compare` compares each customer with the same one: dim `customer` with the row in the table, or
        `customer_id` if a summary is given.

    Raises
    ------
    FitError
        If the fit was made without a pointwise log-likelihood, or by a version that did not store whose it is.
    DomainError
        If the summary is of other customers than the fit.

    References
    ----------
    Vehtari, Gelman & Gabry (2017), "Practical Bayesian model evaluation using leave-one-out cross-validation".
    """
    import arviz as az  # noqa: PLC0415

    if LOG_LIKELIHOOD not in tree.children:
        msg = "the fit holds no pointwise log-likelihood; fit with log_likelihood=True, and fewer draws if it is large"
        raise FitError(msg)
    index, customer = _customers(tree, summary)
    stored = tree[LOG_LIKELIHOOD].to_dataset()
    values = next(iter(stored.data_vars.values())).to_numpy()
    values = values.reshape(-1, values.shape[-1])
    top = values.max(axis=0)
    lppd = top + np.log(np.exp(values - top).mean(axis=0))
    telling = np.ptp(values, axis=0) > SAME
    groups = {"posterior": tree["posterior"].to_dataset(), "log_likelihood": stored.isel(pattern=telling)}
    result = az.loo(xr.DataTree.from_dict(groups), pointwise=True)
    each, shapes = lppd.copy(), np.zeros(lppd.size)
    each[telling], shapes[telling] = result.elpd_i.to_numpy(), result.pareto_k.to_numpy()
    name = str(customer.name)
    elpd_i, pareto_k = (
        xr.DataArray(of[index], dims=name, coords={name: customer}, name=found.name)
        for of, found in ((each, result.elpd_i), (shapes, result.pareto_k))
    )
    result.elpd_i, result.pareto_k = elpd_i, pareto_k
    result.elpd = float(elpd_i.sum())
    result.se = float(np.sqrt(index.size * elpd_i.var(ddof=1)))
    result.p = float(lppd[index].sum() - result.elpd)
    result.n_data_points = int(index.size)
    return result


def _customers(tree: xr.DataTree, summary: CustomerSummary | None) -> tuple[NDArray[np.int64], pd.Index]:
    """Of each customer that the law looks at, in the table's order, the number of the history, and a name."""
    known = tree["constant_data"]
    if "index" not in known:
        raise FitError("the fit does not say which history is whose: an earlier version stored it; fit again")
    index = known["index"].to_numpy()
    rows = np.flatnonzero(index >= 0)
    if summary is None:
        return index[rows], pd.Index(rows, name="customer")
    theirs = summary.table["frequency"].to_numpy()
    if len(theirs) != index.size or (theirs[rows] != known["frequency"].to_numpy()[index[rows]]).any():
        raise DomainError("the summary is not the one that the fit was made from; give that one")
    return index[rows], pd.Index(summary.table["customer_id"].to_numpy()[rows], name="customer_id")
