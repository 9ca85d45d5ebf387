r"""Is a posterior as sure as it may be? Ranks and coverage over many simulated data sets whose truth is known.

Draw parameters θ from the prior, data y from the model at θ, and fit. If prior, likelihood, sampler and predictions
are right, then for every quantity f(θ, y) the rank of the true value among L independent posterior draws is uniform
on 0, …, L (Talts et al. 2018; Modrák et al. 2023 for quantities that depend on the data). A posterior that is too
narrow piles ranks up at both ends; one that is shifted, at one end.

Leaving out data sets by a rule on the DATA alone keeps ranks uniform, since a posterior is given the data; leaving
them out by a rule on the parameters would not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from kundenwert.errors import DomainError

type Array = NDArray[np.float64]
type Values = Mapping[str, ArrayLike]

BAND = 0.95
"""Probability that all of an ECDF lies inside its band if ranks are uniform; the false-alarm rate is the rest."""

POINTS = 99
"""Most places at which an ECDF is compared with its band."""

_BAND_DRAWS = 4000
_UNSEEN = 0xBA2D


def sbc[Data](
    simulate: Callable[[np.random.Generator], tuple[Data, Values]],
    infer: Callable[[Data, np.random.Generator], Values | None],
    *,
    simulations: int | Iterable[int],
    seed: int = 1,
) -> pd.DataFrame:
    """Rank true values among posterior draws, simulation by simulation.

    Parameters
    ----------
    simulate
        From a generator to a data set and the true value of each quantity by name.
    infer
        From the data set and a generator to posterior draws of the same quantities, each one-dimensional: independent,
        and equally weighted. None where there is no posterior to judge; such simulations have no rows.
    simulations
        How many, or the numbers of those to run. A simulation's randomness is keyed by its number alone, so that runs
        can be split and put together.
    seed
        Makes the table reproducible.

    Returns
    -------
    pandas.DataFrame
        Columns `simulation, quantity, rank, draws`: the rank lies in 0, …, draws; ties are broken at random.

    References
    ----------
    Talts, Betancourt, Simpson, Vehtari & Gelman (2018), "Validating Bayesian inference algorithms with
    simulation-based calibration", algorithm 1.

    Examples
    --------
    >>> table = sbc(lambda rng: (None, {"z": rng.normal()}), lambda _, rng: {"z": rng.normal(size=99)},
    ...             simulations=200, seed=1)
    >>> len(table), bool(0.4 < (table["rank"] / 99).mean() < 0.6)
    (200, True)
    """
    numbers = range(simulations) if isinstance(simulations, int) else simulations
    rows = []
    for number in numbers:
        rng = np.random.default_rng([seed, number])
        data, truth = simulate(rng)
        drawn = infer(data, rng)
        if drawn is None:
            continue
        for name, value in truth.items():
            draws = np.asarray(drawn[name], dtype=np.float64)
            rows.append((number, name, int(rank(draws, value, rng=rng)), draws.size))
    return pd.DataFrame(rows, columns=["simulation", "quantity", "rank", "draws"])


def rank(draws: ArrayLike, truth: ArrayLike, *, rng: np.random.Generator) -> NDArray[np.int64]:
    """Number of draws below the truth, ties broken at random, so that counts are judged as fairly as real numbers.

    Parameters
    ----------
    draws
        Draws of each, along a last axis of length L.
    truth
        True values, of any shape.
    rng
        Breaks ties.

    Returns
    -------
    ndarray of int
        Ranks in 0, …, L, of the shape of `truth`.

    Examples
    --------
    >>> rank([[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]], [3.0, -1.0], rng=np.random.default_rng(1)).tolist()
    [3, 0]
    """
    value, among = np.asarray(truth, dtype=np.float64)[..., None], np.asarray(draws, dtype=np.float64)
    if not (np.isfinite(value).all() and not np.isnan(among).any()):
        raise DomainError("a rank needs a finite truth and draws that are numbers")
    ties = (among == value).sum(axis=-1)
    return np.asarray((among < value).sum(axis=-1) + rng.integers(0, ties + 1), dtype=np.int64)


@dataclass(frozen=True)
class Uniform:
    """The law of an ECDF of uniform ranks, by simulation, from which bands and p-values come.

    Parameters
    ----------
    size
        Number of ranks n.
    cuts
        The ECDF is compared at these probabilities.
    smallest
        Sorted draws of the smallest two-sided binomial tail probability over all cuts.
    """

    size: int
    cuts: Array
    smallest: Array

    @classmethod
    def of(cls, size: int, draws: int) -> Uniform:
        """Simulate n ranks on 0, …, draws many times over."""
        return cls(size, *_simulated(size, draws))

    def band(self, probability: float = BAND) -> tuple[Array, Array]:
        """Lower and upper ends of an ECDF that hold all of it with that probability."""
        tail = float(np.quantile(self.smallest, 1 - probability)) / 2
        counts = stats.binom(self.size, self.cuts)
        return np.asarray(counts.ppf(tail)) / self.size, np.asarray(counts.isf(tail)) / self.size

    def p_value(self, share_below: Array) -> float:
        """Probability that uniform ranks leave the diagonal as far, anywhere, as these do."""
        counts = np.rint(np.asarray(share_below) * self.size).astype(int)
        found = _tails(self.size, self.cuts, counts).min()
        return float((1 + np.searchsorted(self.smallest, found * (1 + 1e-9), side="right")) / (1 + _BAND_DRAWS))


@lru_cache(maxsize=32)
def _simulated(size: int, draws: int) -> tuple[Array, Array]:
    """Cuts, and sorted draws of the smallest tail probability over them under uniform ranks."""
    steps = np.unique(np.linspace(0, draws + 1, min(POINTS, draws) + 2).round().astype(int))
    cuts = steps[1:-1] / (draws + 1)
    rng = np.random.default_rng([_UNSEEN, size, draws])
    counts = rng.multinomial(size, np.diff(steps) / (draws + 1), size=_BAND_DRAWS).cumsum(axis=1)[:, :-1]
    table = _tails(size, cuts, np.arange(size + 1)[:, None])
    return cuts, np.sort(table[counts, np.arange(cuts.size)].min(axis=1))


def _tails(size: int, cuts: Array, counts: NDArray[np.int64]) -> Array:
    """Two-sided binomial tail probability of each count at its cut."""
    law = stats.binom(size, cuts)
    return np.asarray(np.minimum(1.0, 2 * np.minimum(law.cdf(counts), law.sf(counts - 1))))


def ecdf_difference(ranks: pd.DataFrame, *, probability: float = BAND) -> pd.DataFrame:
    """Compare the ECDF of the ranks with the diagonal, inside bands that hold for all of it at once.

    Parameters
    ----------
    ranks
        What `sbc` returns.
    probability
        That the whole ECDF of one quantity lies in its band if its ranks are uniform.

    Returns
    -------
    pandas.DataFrame
        Columns `quantity, at, difference, lower, upper`: share of ranks below `at` minus `at`, and its band.

    References
    ----------
    Säilynoja, Bürkner & Vehtari (2022), "Graphical test for discrete uniformity and its applications in
    goodness-of-fit evaluation and multiple sample comparison", section 2.2.

    Examples
    --------
    >>> even = pd.DataFrame({"simulation": range(100), "quantity": "r", "rank": range(100), "draws": 99})
    >>> curve = ecdf_difference(even)
    >>> float(curve["difference"].abs().max()) < 1e-12, bool((curve["upper"] > 0.05).any())
    (True, True)
    """
    parts = []
    for name, own in ranks.groupby("quantity", sort=False):
        law = Uniform.of(len(own), _draws(own))
        below, (lower, upper) = _share_below(own, law), law.band(probability)
        columns = {"at": law.cuts, "difference": below - law.cuts, "lower": lower - law.cuts, "upper": upper - law.cuts}
        parts.append(pd.DataFrame({"quantity": name, **columns}))
    return pd.concat(parts, ignore_index=True)


def rank_histogram(ranks: pd.DataFrame, *, bins: int = 20, probability: float = BAND) -> pd.DataFrame:
    """Count ranks in bins, with the interval that holds each bin's count with the given probability.

    Parameters
    ----------
    ranks
        What `sbc` returns; `draws + 1` is best a multiple of `bins`.
    bins
        Number of bins.
    probability
        For each bin by itself; the ECDF's bands are the simultaneous ones.

    Returns
    -------
    pandas.DataFrame
        Columns `quantity, left, right, count, expected, lower, upper`.

    Examples
    --------
    >>> even = pd.DataFrame({"simulation": range(100), "quantity": "r", "rank": range(100), "draws": 99})
    >>> rank_histogram(even, bins=5)["count"].tolist()
    [20, 20, 20, 20, 20]
    """
    parts = []
    for name, own in ranks.groupby("quantity", sort=False):
        edges = np.linspace(0, _draws(own) + 1, bins + 1).round()
        count = np.histogram(own["rank"], bins=edges - 0.5)[0]
        law = stats.binom(len(own), np.diff(edges) / edges[-1])
        lower, upper = law.interval(probability)
        columns = {"left": edges[:-1] / edges[-1], "right": edges[1:] / edges[-1], "count": count}
        columns |= {"expected": law.mean(), "lower": lower, "upper": upper}
        parts.append(pd.DataFrame({"quantity": name, **columns}))
    return pd.concat(parts, ignore_index=True)


def uniformity(ranks: pd.DataFrame, *, probability: float = BAND) -> pd.DataFrame:
    """Judge for each quantity whether its ranks are uniform.

    Parameters
    ----------
    ranks
        What `sbc` returns.
    probability
        Of the band.

    Returns
    -------
    pandas.DataFrame
        Columns `quantity, simulations, draws, largest` (difference of the ECDF from the diagonal), `centre` (mean
        rank / draws; 0.5 if not shifted), `spread` (mean square of rank / draws about one half, over that of uniform
        ranks: above 1 where posteriors are too narrow or shifted, below 1 where they are too wide), `p_value`, `inside`
        (of its own band) and `inside_all` (of a band widened by Holm's rule to hold for all quantities of the table
        together).

    Examples
    --------
    >>> rng = np.random.default_rng(4)
    >>> narrow = pd.DataFrame({"simulation": range(300), "quantity": "r", "draws": 99,
    ...                        "rank": np.rint(99 * rng.beta(0.6, 0.6, 300)).astype(int)})
    >>> bool(uniformity(narrow)["inside"].item())
    False
    """
    rows = []
    for name, own in ranks.groupby("quantity", sort=False):
        law = Uniform.of(len(own), _draws(own))
        below, (lower, upper) = _share_below(own, law), law.band(probability)
        share = own["rank"].to_numpy(np.float64) / _draws(own)
        expected = (_draws(own) + 2) / (12 * _draws(own))
        rows.append(
            {
                "quantity": name,
                "simulations": len(own),
                "draws": _draws(own),
                "largest": float(np.abs(below - law.cuts).max()),
                "centre": float(share.mean()),
                "spread": float(((share - 0.5) ** 2).mean() / expected),
                "p_value": law.p_value(below),
                "inside": bool(((below >= lower - 1e-9) & (below <= upper + 1e-9)).all()),
            }
        )
    table = pd.DataFrame(rows)
    ordered = np.sort(table["p_value"].to_numpy())
    keeps = ordered > (1 - probability) / (len(table) - np.arange(len(table)))
    refused = len(table) if not keeps.any() else int(np.argmax(keeps))
    table["inside_all"] = table["p_value"].rank(method="first") > refused
    return table


def _draws(own: pd.DataFrame) -> int:
    """The number of draws behind each rank, which has to be one."""
    sizes = own["draws"].unique()
    if sizes.size != 1:
        msg = f"ranks among different numbers of draws ({', '.join(map(str, sizes[:5]))}) cannot be put together"
        raise DomainError(msg)
    return int(sizes[0])


def _share_below(own: pd.DataFrame, law: Uniform) -> Array:
    """Share of ranks below each cut."""
    steps = np.rint(law.cuts * (_draws(own) + 1))
    return np.asarray(np.searchsorted(np.sort(own["rank"].to_numpy()), steps, side="left") / len(own))
