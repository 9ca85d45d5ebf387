"""A posterior in a few numbers, for the two environments that have ArviZ."""

import arviz as az
import numpy as np

PARAMETERS = ("r", "alpha", "s", "beta")


def describe(posterior, effective=None):
    """Means, spreads, Monte-Carlo errors and interval ends of r, alpha, s, beta.

    `effective` is the effective size of independent weighted draws; without it the draws are chains and ArviZ knows.
    """
    draws = {name: np.asarray(posterior[name]) for name in PARAMETERS}
    mean = {name: float(values.mean()) for name, values in draws.items()}
    sd = {name: float(values.std(ddof=1)) for name, values in draws.items()}
    low, high = ({name: float(np.quantile(v, q)) for name, v in draws.items()} for q in (0.05, 0.95))
    result = {"mean": mean, "sd": sd, "low": low, "high": high}
    if effective is not None:
        error = {name: sd[name] / effective**0.5 for name in PARAMETERS}
        return result | {"effective": effective, "error": error, "rhat": None}
    chains = posterior[list(PARAMETERS)]
    bulk, error, rhat = az.ess(chains, method="bulk"), az.mcse(chains, method="mean"), az.rhat(chains)
    return result | {
        "effective": min(float(bulk[name]) for name in PARAMETERS),
        "error": {name: float(error[name]) for name in PARAMETERS},
        "rhat": max(float(rhat[name]) for name in PARAMETERS),
    }
