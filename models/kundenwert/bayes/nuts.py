"""The No-U-Turn sampler on a target, in coordinates in which its posterior is close to a standard normal.

The mode's curvature turns and scales the coordinates, so that tuning is short and a trajectory takes a few steps. The
target's own gradient needs no compilation.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr

from kundenwert.bayes.mode import Mode
from kundenwert.bayes.target import Target
from kundenwert.errors import FitError
from kundenwert.laws.law import Array

START_SD = 0.5
"""Chains start this far from the mode, in posterior standard deviations."""

STATISTICS = ("diverging", "energy", "logp", "n_steps", "step_size", "depth")


def sample(
    target: Target,
    mode: Mode,
    *,
    draws: int,
    tune: int,
    chains: int,
    accept: float,
    seed: int,
    progress: bool,
) -> tuple[Array, xr.Dataset]:
    """Sample a target from about its mode.

    Parameters
    ----------
    target
        Log posterior with its gradient.
    mode
        Where to start, and how the coordinates are turned and scaled.
    draws, tune, chains
        Draws kept and tuning steps for each chain, and number of chains.
    accept
        Aim of the step size's adaptation, in (0, 1).
    seed
        Makes the draws reproducible.
    progress
        Whether to show a progress bar.

    Returns
    -------
    tuple
        Points of shape (chains, draws, coordinates), and the sampler's statistics.

    Raises
    ------
    FitError
        If the posterior is not finite about its mode.
    """
    import nutpie  # noqa: PLC0415  loaded only where it samples
    from nutpie.compiled_pyfunc import from_pyfunc  # noqa: PLC0415

    size = mode.point.size

    def make_density() -> Callable[[Array], tuple[float, Array]]:
        def density(z: Array) -> tuple[float, Array]:
            value, slope = target.gradient(mode.point + mode.factor @ z)
            return value, mode.factor.T @ slope

        return density

    def make_expand(*_: int) -> Callable[[Array], dict[str, Array]]:
        return lambda z: {"z": np.array(z)}

    model = from_pyfunc(
        size,
        make_density,
        make_expand,
        [np.dtype("float64")],
        [(size,)],
        ["z"],
        make_initial_point_fn=lambda start: np.random.default_rng(start).normal(scale=START_SD, size=size),
    )
    try:
        # One chain after another: the chains' array operations are short, and would wait for one interpreter lock.
        tree = nutpie.sample(
            model,
            draws=draws,
            tune=tune,
            chains=chains,
            cores=1,
            seed=seed,
            progress_bar=progress,
            save_warmup=False,
            target_accept=accept,
        )
    except RuntimeError as error:
        msg = "the sampler found no point to start from: look at the priors, and at the data for extreme values"
        raise FitError(msg) from error
    z = tree["posterior"]["z"].to_numpy()
    stats = tree["sample_stats"].to_dataset()
    return mode.point + z @ mode.factor.T, stats[[name for name in STATISTICS if name in stats]]
