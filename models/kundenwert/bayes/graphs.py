"""The models in PyMC, to open up, change and draw from; loading this module loads PyMC.

A law may have a graph of its own here, which other samplers can compile; one without is wrapped as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray
from pytensor.gradient import disconnected_grad
from pytensor.tensor import TensorVariable as Variable

from kundenwert.bayes.effects import COEFFICIENT_SD, SPREAD_SD, design_of
from kundenwert.bayes.priors import resolved_priors
from kundenwert.bayes.wrapped import wrapped
from kundenwert.kernels.convex import E_FOLDS, finer
from kundenwert.laws import History, Law, Observed, PurchaseLaw, Spending, SpendLaw

if TYPE_CHECKING:
    from kundenwert.data import CustomerSummary
    from kundenwert.data.design import Design

GRAPH_NODES = finer(8)
"""Quadrature nodes in the graph of the likelihood: for all as many as the kernels take where it falls late."""


def build_model(model: Law, summary: CustomerSummary, *, distinct: bool = True) -> pm.Model:
    """Build the PyMC model of a customer summary.

    Parameters
    ----------
    model
        A law of purchases, such as `ParetoNBD()`, or of spend, such as `GammaGamma()`.
    summary
        One row per customer.
    distinct
        Whether to hold each distinct history once, with its count, which samples faster; without it every customer has
        a row of its own, which is what predictive checks customer by customer want.

    Returns
    -------
    pymc.Model
        With variables for the quantities that carry priors, the law's parameters and the effects of cohorts and
        covariates; observed are `history` of (frequency, recency), or `monetary_value`.

    Raises
    ------
    SchemaError
        If a column is missing, or a prior is not one on positive numbers.
    DomainError
        If the summary holds nothing to learn from.
    """
    design = design_of(model, summary)
    group = None if design is None else design.rows(summary.table)[0]
    observed = model.observed(summary, group)
    if not distinct and isinstance(model, PurchaseLaw):
        observed = _every_customer(model, summary, group)
    with pm.Model(coords=_coords(model, design, observed)) as graph:
        stated = {name: prior.variable(name) for name, prior in resolved_priors(model).items()}
        derived = model.derive(stated, model.unit(summary))
        law = {name: value if name in stated else pm.Deterministic(name, value) for name, value in derived.items()}
        law = _shifted(model, law, summary, design, observed)
        if isinstance(model, SpendLaw):
            _observed_values(model, law, observed)
        else:
            _observed_histories(model, law, observed)
    return graph


def _coords(model: Law, design: Design | None, observed: Observed) -> dict[str, Sequence[str] | NDArray[np.int64]]:
    each = np.arange(observed.count.size)
    spend = isinstance(model, SpendLaw)
    coords: dict[str, Sequence[str] | NDArray[np.int64]] = {"customer" if spend else "pattern": each}
    coords |= {} if spend else {"quantity": ["frequency", "recency"]}
    if design is not None:
        coords |= {f"{name}_level": list(levels) for name, levels in design.cohorts.items()}
        coords |= {"covariate": list(design.coefficients)} if design.coefficients else {}
    return coords


def _observed_histories(model: Law, law: Mapping[str, Variable], observed: Observed) -> None:
    """Add the histories to the model on the context stack."""
    density = GRAPHS.get(model.name) or wrapped(model)
    more = _purchase_law(model).looks_at[len(History._fields) :]
    last = len(model.parameters)

    def logp(value: Variable, *given: Variable) -> Variable:
        parameters, (T, count, *beside) = given[:last], given[last:]
        return count * density(value[..., 0], value[..., 1], T, *beside, *parameters)

    def random(*given: NDArray, rng: np.random.Generator, size: tuple[int, ...] | None = None) -> NDArray[np.float64]:
        parameters, T = given[:last], given[last]  # a count has no part in what a history looks like
        shape = np.broadcast_shapes(*(np.shape(value) for value in (*parameters, T))) if size is None else size
        named = dict(zip(model.parameters, parameters, strict=True))
        return np.stack(_purchase_law(model).simulate(np.broadcast_to(T, shape), named, rng=rng), axis=-1)

    inputs = ",".join(["()"] * (len(model.parameters) + 2 + len(more)))
    pm.CustomDist(
        "history",
        *(law[name] for name in model.parameters),
        pm.Data("T", observed.fields["T"], dims="pattern"),
        pm.Data("count", observed.count, dims="pattern"),
        *(pm.Data(name, observed.fields[name], dims="pattern") for name in more),
        logp=logp,
        random=random,
        signature=f"{inputs}->(2)",
        observed=np.column_stack([observed.fields["frequency"], observed.fields["recency"]]),
        dims=("pattern", "quantity"),
    )


def _observed_values(model: SpendLaw, law: Mapping[str, Variable], observed: Observed) -> None:
    """Add the customers' mean values to the model on the context stack."""
    density, number = GRAPHS.get(model.name) or wrapped(model), len(model.parameters)
    _, _, *beside = model.looks_at  # what is seen beside frequency and mean value

    def logp(value: Variable, *given: Variable) -> Variable:
        parameters, (frequency, *others) = given[:number], given[number:]
        return density(frequency, value, *others, *parameters)

    def random(*given: NDArray, rng: np.random.Generator, size: tuple[int, ...] | None = None) -> NDArray[np.float64]:
        parameters, (frequency, *others) = given[:number], given[number:]
        shape = np.broadcast_shapes(*(np.shape(value) for value in given)) if size is None else size
        named = dict(zip(model.parameters, parameters, strict=True))
        known = Spending(np.broadcast_to(frequency, shape), np.array(np.nan), *(others or [np.array(np.nan)]))
        return model.simulate(known, named, rng=rng)

    inputs = ",".join(["()"] * (number + 1 + len(beside)))
    pm.CustomDist(
        "monetary_value",
        *(law[name] for name in model.parameters),
        *(pm.Data(name, observed.fields[name], dims="customer") for name in ("frequency", *beside)),
        logp=logp,
        random=random,
        signature=f"{inputs}->()",
        observed=observed.fields["monetary_value"],
        dims="customer",
    )


def _purchase_law(model: Law) -> PurchaseLaw:
    if not isinstance(model, PurchaseLaw):
        raise TypeError(model.name)
    return model


def _shifted(
    model: Law, variable: dict[str, Variable], summary: CustomerSummary, design: Design | None, observed: Observed
) -> dict[str, Variable]:
    """Parameters of each observation: those of the population, and the effects of its cohorts and covariates."""
    law = {name: variable[name] for name in model.parameters}
    if design is None:
        return law
    _, codes, matrix = design.rows(summary.table)
    for process, (parameter, sign) in model.acts_on.items():
        eta: Variable = 0.0
        for k, column in enumerate(design.cohorts):
            spread = pm.HalfNormal(f"{process}_spread_{column}", SPREAD_SD)
            effect = pm.Normal(f"{process}_effect_{column}", 0, spread, dims=f"{column}_level")
            eta = eta + effect[codes[observed.group, k]]
        if design.coefficients:
            coefficient = pm.Normal(f"{process}_coefficient", 0, COEFFICIENT_SD, dims="covariate")
            eta = eta + pt.dot(matrix[observed.group], coefficient)
        law[parameter] = law[parameter] * pt.exp(sign * eta)
    return law


def _every_customer(model: PurchaseLaw, summary: CustomerSummary, group: NDArray[np.int64] | None) -> Observed:
    """Histories row by row, each with a count of one."""
    fields = {name: summary.table[name].to_numpy(np.float64) for name in model.looks_at}
    own = np.zeros(len(summary), dtype=np.int64) if group is None else group
    return Observed(fields, np.ones(len(summary)), own)


def log_likelihood_graph(
    frequency: Variable, recency: Variable, T: Variable, r: Variable, alpha: Variable, s: Variable, beta: Variable
) -> Variable:
    """Log-likelihood of the Pareto/NBD as a PyTensor graph; the formula of `kernels.pareto_nbd.log_likelihood`.

    The nodes of the quadrature follow the parameters, but the integral does not depend on where they lie: they are
    held fixed under differentiation, and the gradient is the quadrature of the integrand's derivative. The choice of
    the smaller of two scales, which has no derivative where they are equal, then never enters the gradient.
    """
    a, A, B, D = r + frequency, alpha + recency, beta + recency, T - recency
    fixed_A, fixed_a, fixed_B, fixed_b = (disconnected_grad(value) for value in (A, a, B, s + 1 + 0 * a))
    h, weight = _nodes(fixed_A, fixed_a, fixed_B, fixed_b, D)
    density = weight * pt.exp(-a[..., None] * pt.log1p(h / A[..., None]) - (s + 1) * pt.log1p(h / B[..., None]))
    log_dead = pt.log(s / B) + pt.log(density.sum(axis=-1))
    log_alive = -a * pt.log1p(D / A) - s * pt.log1p(D / B)
    scale = pt.gammaln(a) - pt.gammaln(r) - r * pt.log1p(recency / alpha) - frequency * pt.log(A)
    return scale - s * pt.log1p(recency / beta) + log_alive + pt.softplus(log_dead - log_alive)


def _nodes(A: Variable, a: Variable, B: Variable, b: Variable, D: Variable) -> tuple[Variable, Variable]:
    """Quadrature nodes as in `kernels.convex.power_product_nodes`, as fine for all as it has them for late falls."""
    small = pt.minimum(A, B)
    ratio = small / pt.maximum(A, B)
    e_small, e_large = pt.switch(A <= B, a, b), pt.switch(A <= B, b, a)
    width = pt.log1p(D / small)
    enough = E_FOLDS + pt.maximum(0, 1 - e_small) * width
    by_small = pt.switch(e_small > 1, E_FOLDS / pt.maximum(e_small - 1, 1e-12), np.inf)
    by_large = pt.log1p(pt.expm1(pt.minimum(enough / e_large, 700.0)) / ratio)
    width = pt.maximum(pt.minimum(width, pt.minimum(by_small, by_large)), 1e-60)
    k = pt.clip((e_small - 1 + e_large * ratio) / 4, 1e-6 / width, 3 / width)
    t, unit_weight = np.polynomial.legendre.leggauss(GRAPH_NODES)
    drop = -pt.expm1(-k * width)
    left = 1 - (t + 1) / 2 * drop[..., None]
    h = small[..., None] * pt.expm1(-pt.log(left) / k[..., None])
    weight = unit_weight / 2 * (drop / k)[..., None] / left * (small[..., None] + h)
    return disconnected_grad(h), disconnected_grad(weight)


def nbd_graph(frequency: Variable, recency: Variable, T: Variable, r: Variable, alpha: Variable) -> Variable:
    """Log-likelihood of `kernels.nbd.log_likelihood` as a PyTensor graph; the recency says nothing."""
    del recency
    rest = r * pt.log1p(T / alpha) + frequency * pt.log(alpha + T)
    return pt.gammaln(r + frequency) - pt.gammaln(r) - rest


def gamma_gamma_graph(frequency: Variable, value: Variable, p: Variable, q: Variable, v: Variable) -> Variable:
    """Log density of `kernels.gamma_gamma.log_likelihood` as a PyTensor graph."""
    total, shape = frequency * value, p * frequency
    log_beta = pt.gammaln(shape) + pt.gammaln(q) - pt.gammaln(shape + q)
    return -pt.log(value) - log_beta - q * pt.log1p(total / v) - shape * pt.log1p(v / total)


def gamma_gamma_first_graph(
    frequency: Variable,
    value: Variable,
    first: Variable,
    p: Variable,
    q: Variable,
    v: Variable,
    omega: Variable,
    m: Variable,
) -> Variable:
    """Log density of `kernels.gamma_gamma_first.log_likelihood` as a PyTensor graph."""
    seen = pt.gt(first, 0)
    alike = pt.switch(seen, first, 1.0) / m
    own_q, own_v = q + pt.switch(seen, p * omega, 0.0), v + pt.switch(seen, omega * alike, 0.0)
    of_first = gamma_gamma_graph(omega, alike, p, q, v) - pt.log(m)
    return gamma_gamma_graph(frequency, value, p, own_q, own_v) + pt.switch(seen, of_first, 0.0)


GRAPHS: dict[str, Callable[..., Variable]] = {
    "pareto_nbd": log_likelihood_graph,
    "nbd": nbd_graph,
    "gamma_gamma": gamma_gamma_graph,
    "gamma_gamma_first": gamma_gamma_first_graph,
}
"""Densities written as graphs, by law; the others are wrapped."""
