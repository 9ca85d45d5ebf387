"""The models in PyMC, to open up, change and draw from; loading this module loads PyMC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray
from pytensor.gradient import disconnected_grad

from kundenwert.bayes.effects import COEFFICIENT_SD, SPREAD_SD, design_of
from kundenwert.bayes.law import Law, Observed
from kundenwert.kernels import gamma_gamma as gamma_gamma_kernel
from kundenwert.kernels import nbd as nbd_kernel
from kundenwert.kernels import pareto_nbd as pareto_nbd_kernel
from kundenwert.kernels.convex import E_FOLDS, finer

if TYPE_CHECKING:
    from kundenwert.data import CustomerSummary
    from kundenwert.data.design import Design

GRAPH_NODES = finer(8)
"""Quadrature nodes in the graph of the likelihood: for all as many as the kernels take where it falls late."""


def pareto_nbd(model: Law, summary: CustomerSummary, *, distinct: bool) -> pm.Model:
    """Build the model behind `ParetoNBD.build_model`."""
    design = design_of(model, summary)
    observed = model.observed(summary, design)
    if not distinct:
        observed = _every_customer(summary, design)
    with _model(design, {"pattern": np.arange(observed.count.size), "quantity": ["frequency", "recency"]}) as graph:
        variable = {name: prior.variable(name) for name, prior in model.resolved_priors().items()}
        if "r" not in variable:
            _purchase_law(variable, summary.window)
        if "s" not in variable:
            s = variable["s"] = pm.Deterministic("s", variable["dropout_cv"] ** -2)
            share = np.log(2) / s
            log_scale = pt.log(variable["half_life"] * summary.window) - share - pt.log(-pt.expm1(-share))
            variable["beta"] = pm.Deterministic("beta", pt.exp(log_scale))
        law = _shifted(model, variable, summary, design, observed)
        at_each = ",".join("()" for _ in range(6))
        pm.CustomDist(
            "history",
            *(law[name] for name in model.parameters),
            pm.Data("T", observed.fields["T"], dims="pattern"),
            pm.Data("count", observed.count, dims="pattern"),
            logp=_pareto_nbd_logp,
            random=_simulate_pareto_nbd,
            signature=f"{at_each}->(2)",
            observed=np.column_stack([observed.fields["frequency"], observed.fields["recency"]]),
            dims=("pattern", "quantity"),
        )
    return graph


def nbd(model: Law, summary: CustomerSummary) -> pm.Model:
    """Build the model behind `NBD.build_model`."""
    design = design_of(model, summary)
    observed = model.observed(summary, design)
    with _model(design, {"pattern": np.arange(observed.count.size), "quantity": ["frequency", "recency"]}) as graph:
        variable = {name: prior.variable(name) for name, prior in model.resolved_priors().items()}
        if "r" not in variable:
            _purchase_law(variable, summary.window)
        law = _shifted(model, variable, summary, design, observed)
        pm.CustomDist(
            "history",
            *(law[name] for name in model.parameters),
            pm.Data("T", observed.fields["T"], dims="pattern"),
            pm.Data("count", observed.count, dims="pattern"),
            logp=_nbd_logp,
            random=_simulate_nbd,
            signature="(),(),(),()->(2)",
            observed=np.column_stack([observed.fields["frequency"], observed.fields["recency"]]),
            dims=("pattern", "quantity"),
        )
    return graph


def gamma_gamma(model: Law, summary: CustomerSummary) -> pm.Model:
    """Build the model behind `GammaGamma.build_model`."""
    design = design_of(model, summary)
    observed = model.observed(summary, design)
    with _model(design, {"customer": np.arange(observed.count.size)}) as graph:
        variable = {name: prior.variable(name) for name, prior in model.resolved_priors().items()}
        if "p" not in variable:
            p = variable["p"] = pm.Deterministic("p", variable["purchase_cv"] ** -2)
            q = variable["q"] = pm.Deterministic("q", variable["customer_cv"] ** -2)
            variable["v"] = pm.Deterministic("v", variable["relative_spend"] * model.unit(summary) * q / p)
        law = _shifted(model, variable, summary, design, observed)
        pm.CustomDist(
            "monetary_value",
            *(law[name] for name in model.parameters),
            pm.Data("frequency", observed.fields["frequency"], dims="customer"),
            logp=_gamma_gamma_logp,
            random=_simulate_values,
            signature="(),(),(),()->()",
            observed=observed.fields["monetary_value"],
            dims="customer",
        )
    return graph


def _model(design: Design | None, coords: dict[str, Any]) -> pm.Model:
    if design is not None:
        coords = coords | {f"{name}_level": list(levels) for name, levels in design.cohorts.items()}
        coords |= {"covariate": list(design.coefficients)} if design.coefficients else {}
    return pm.Model(coords=coords)


def _purchase_law(variable: dict[str, Any], window: float) -> None:
    r = variable["r"] = pm.Deterministic("r", variable["rate_cv"] ** -2)
    variable["alpha"] = pm.Deterministic("alpha", r * window / variable["window_purchases"])


def _shifted(
    model: Law, variable: dict[str, Any], summary: CustomerSummary, design: Design | None, observed: Observed
) -> dict[str, Any]:
    """Parameters of each observation: those of the population, and the effects of its cohorts and covariates."""
    law = {name: variable[name] for name in model.parameters}
    if design is None:
        return law
    _, codes, matrix = design.rows(summary.table)
    for process, (parameter, sign) in model.acts_on.items():
        eta: Any = 0.0
        for k, column in enumerate(design.cohorts):
            spread = pm.HalfNormal(f"{process}_spread_{column}", SPREAD_SD)
            effect = pm.Normal(f"{process}_effect_{column}", 0, spread, dims=f"{column}_level")
            eta = eta + effect[codes[observed.group, k]]
        if design.coefficients:
            coefficient = pm.Normal(f"{process}_coefficient", 0, COEFFICIENT_SD, dims="covariate")
            eta = eta + pt.dot(matrix[observed.group], coefficient)
        law[parameter] = law[parameter] * pt.exp(sign * eta)
    return law


def _every_customer(summary: CustomerSummary, design: Design | None) -> Observed:
    """Histories row by row, each with a count of one."""
    fields = {name: summary.table[name].to_numpy(np.float64) for name in ("frequency", "recency", "T")}
    group = np.zeros(len(summary), dtype=np.int64) if design is None else design.rows(summary.table)[0]
    return Observed(fields, np.ones(len(summary)), group)


def log_likelihood_graph(frequency: Any, recency: Any, T: Any, r: Any, alpha: Any, s: Any, beta: Any) -> Any:
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


def _nodes(A: Any, a: Any, B: Any, b: Any, D: Any) -> tuple[Any, Any]:
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


def _pareto_nbd_logp(value: Any, r: Any, alpha: Any, s: Any, beta: Any, T: Any, count: Any) -> Any:
    return count * log_likelihood_graph(value[..., 0], value[..., 1], T, r, alpha, s, beta)


def _simulate_pareto_nbd(
    r: Any, alpha: Any, s: Any, beta: Any, T: Any, count: Any, rng: np.random.Generator, size: Any = None
) -> NDArray[np.float64]:
    del count  # one simulated history per row; a count has no part in what a history looks like
    shape = np.broadcast_shapes(*(np.shape(value) for value in (r, alpha, s, beta, T))) if size is None else size
    T = np.broadcast_to(T, shape)
    frequency, recency = pareto_nbd_kernel.simulate(T, r=r, alpha=alpha, s=s, beta=beta, rng=rng)
    return np.stack([frequency, recency], axis=-1)


def _nbd_logp(value: Any, r: Any, alpha: Any, T: Any, count: Any) -> Any:
    """Log-likelihood of `kernels.nbd.log_likelihood` as a PyTensor graph, times the counts."""
    x = value[..., 0]
    return count * (pt.gammaln(r + x) - pt.gammaln(r) - r * pt.log1p(T / alpha) - x * pt.log(alpha + T))


def _simulate_nbd(
    r: Any, alpha: Any, T: Any, count: Any, rng: np.random.Generator, size: Any = None
) -> NDArray[np.float64]:
    del count  # one simulated history per row; a count has no part in what a history looks like
    shape = np.broadcast_shapes(*(np.shape(value) for value in (r, alpha, T))) if size is None else size
    return np.stack(nbd_kernel.simulate(np.broadcast_to(T, shape), r=r, alpha=alpha, rng=rng), axis=-1)


def _gamma_gamma_logp(value: Any, p: Any, q: Any, v: Any, frequency: Any) -> Any:
    """Log density of `kernels.gamma_gamma.log_likelihood` as a PyTensor graph."""
    total, shape = frequency * value, p * frequency
    log_beta = pt.gammaln(shape) + pt.gammaln(q) - pt.gammaln(shape + q)
    return -pt.log(value) - log_beta - q * pt.log1p(total / v) - shape * pt.log1p(v / total)


def _simulate_values(
    p: Any, q: Any, v: Any, frequency: Any, rng: np.random.Generator, size: Any = None
) -> NDArray[np.float64]:
    shape = np.broadcast_shapes(*(np.shape(value) for value in (p, q, v, frequency))) if size is None else size
    return gamma_gamma_kernel.simulate(np.broadcast_to(frequency, shape), p=p, q=q, v=v, rng=rng)[1]
