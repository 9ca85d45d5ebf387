"""The No-U-Turn sampler on a target, in coordinates in which its posterior is close to a standard normal.

The mode's curvature turns and scales the coordinates, so that tuning is short and a trajectory takes a few steps. The
target's own gradient needs no compilation.

Chains run at the same time, each in a thread, and take turns where a gradient is short: threads that wait for the
interpreter at every step cost more than the second processor gives (12 cohorts: 39 s instead of 21). They are looked at
after every so many draws; what is looked at are the first draws of every chain, however far each has come: nothing
depends on the number of processors.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import nullcontext
from functools import partial
from threading import Lock
from typing import Any

import numpy as np
import xarray as xr

from kundenwert.bayes.mode import Mode
from kundenwert.bayes.target import Target
from kundenwert.errors import FitError
from kundenwert.laws.seen import Array

START_SD = 0.5
"""Chains start this far from the mode, in posterior standard deviations."""

STATISTICS = ("diverging", "energy", "logp", "n_steps", "step_size", "depth")

SHORT = 10_000
"""Histories below which a gradient takes so little time outside the interpreter that chains take turns."""

PAUSE = 0.02
"""Seconds between looks at how far the chains have come."""


def rounds(
    target: Target,
    mode: Mode,
    *,
    draws: int,
    every: int,
    tune: int,
    chains: int,
    accept: float,
    seed: int,
    progress: bool,
) -> Generator[tuple[Array, xr.Dataset]]:
    """Sample a target from about its mode, and show all draws so far after each round; who has enough stops asking.

    Parameters
    ----------
    target
        Log posterior with its gradient.
    mode
        Where to start, and how the coordinates are turned and scaled.
    draws, tune, chains
        Most draws and tuning steps for each chain, and number of chains.
    every
        Draws in a round, of each chain.
    accept
        Aim of the step size's adaptation, in (0, 1).
    seed
        Makes the draws reproducible.
    progress
        Whether to show a progress bar.

    Yields
    ------
    tuple
        Points of shape (chains, draws so far, coordinates), and the sampler's statistics.

    Raises
    ------
    FitError
        If the posterior is not finite about its mode.
    """
    import nutpie  # noqa: PLC0415  loaded only where it samples

    progressed: list[list[int]] = []
    sampler = nutpie.sample(
        _compiled(target, mode, progressed),
        draws=draws,
        tune=tune,
        chains=chains,
        cores=chains,
        seed=seed,
        progress_bar=progress,
        save_warmup=False,
        target_accept=accept,
        blocking=False,
    )
    tree: Any = None
    finished = False
    try:
        for number in [*range(every, draws, every), draws]:
            if not finished:
                tree, finished = _drawn(sampler, number, partial(_reached, progressed, chains, tune + number))
            z = tree["posterior"]["z"].to_numpy()[:, :number]
            stats = tree["sample_stats"].to_dataset().isel(draw=slice(number))
            yield mode.point + z @ mode.factor.T, stats[[name for name in STATISTICS if name in stats]]
    except RuntimeError as error:
        msg = "the sampler found no point to start from: look at the priors, and at the data for extreme values"
        raise FitError(msg) from error
    finally:
        sampler.cancel()


def _compiled(target: Target, mode: Mode, progressed: list[list[int]]) -> Any:
    """The target as the sampler asks for it, which counts the draws of each chain as it goes."""
    from nutpie.compiled_pyfunc import from_pyfunc  # noqa: PLC0415

    size = mode.point.size
    turn = Lock() if target.observed.count.size < SHORT else nullcontext()

    def make_density() -> Callable[[Array], tuple[float, Array]]:
        def density(z: Array) -> tuple[float, Array]:
            with turn:
                value, slope = target.gradient(mode.point + mode.factor @ z)
                return value, mode.factor.T @ slope

        return density

    def make_expand(*_: int) -> Callable[[Array], dict[str, Array]]:
        own = [0]
        progressed.append(own)

        def expand(z: Array) -> dict[str, Array]:
            own[0] += 1
            return {"z": np.array(z)}

        return expand

    return from_pyfunc(
        size,
        make_density,
        make_expand,
        [np.dtype("float64")],
        [(size,)],
        ["z"],
        make_initial_point_fn=lambda start: np.random.default_rng(start).normal(scale=START_SD, size=size),
    )


def _reached(progressed: list[list[int]], chains: int, number: int) -> bool:
    """Whether so many chains have so many draws, tuning included."""
    return sum(own[0] >= number for own in progressed) >= chains


def _drawn(sampler: Any, number: int, reached: Callable[[], bool]) -> tuple[Any, bool]:
    """What has been drawn, as soon as every chain has so many draws, and whether that is all."""
    while True:
        try:
            return sampler.wait(timeout=PAUSE), True
        except TimeoutError:
            if not reached():
                continue
        tree = sampler.inspect()
        z = tree["posterior"]["z"].to_numpy()
        if z.shape[1] >= number and np.isfinite(z[:, number - 1]).all():  # else the last of them is on its way
            return tree, False
