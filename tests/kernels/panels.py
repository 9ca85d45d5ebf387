"""A second, independent way to the model's integrals: composite Gauss-Legendre on thousands of graded panels.

Slow and plain on purpose. It shares no code with the package.
"""

import numpy as np

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)


def panels(end, count=400, smallest=1e-12):
    """Edges on [0, end], both evenly spaced and shrinking geometrically towards 0."""
    return np.unique(np.concatenate([[0.0], np.geomspace(smallest * end, end, count), np.linspace(0, end, count)]))


def nodes(edges):
    """Nodes and weights, each of shape (panel, node)."""
    half, middle = np.diff(edges)[:, None] / 2, (edges[1:] + edges[:-1])[:, None] / 2
    return middle + half * _NODES, half * _WEIGHTS


def integrate(function, edges):
    """Integral of a function of one array."""
    at, weight = nodes(edges)
    return float((weight * function(at)).sum())


def death_density(x, t_x, T, r, alpha, s, beta):
    """Times of death after t_x, and the probability mass at each, given that the customer died before T."""
    A, B, D = alpha + t_x, beta + t_x, T - t_x
    small = min(A, B)
    w, weight = nodes(panels(np.log1p(D / small)))
    h = small * np.expm1(w)
    mass = weight * np.exp(-(r + x) * np.log1p(h / A) - (s + 1) * np.log1p(h / B)) * (small + h)
    return t_x + h, mass / mass.sum(), float(mass.sum())


def log_terms(x, t_x, T, r, alpha, s, beta):
    """Logarithms of the likelihood's two terms, alive and dead, both relative to their value at t_x."""
    A, B, D = alpha + t_x, beta + t_x, T - t_x
    alive = -(r + x) * np.log1p(D / A) - s * np.log1p(D / B)
    if D == 0:
        return alive, -np.inf
    return alive, np.log(s / B) + np.log(death_density(x, t_x, T, r, alpha, s, beta)[2])
