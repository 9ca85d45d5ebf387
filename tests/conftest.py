"""Fixtures that several tests share: small enough to be quick, made once."""

import os
from pathlib import Path

# Test processes share the cores, and threads of the matrix library that wait for one another took most of their time.
# Before the libraries are loaded; `tests/portable.py` runs everything with threads once.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import kundenwert as kw

mpl.use("Agg")

TESTS = Path(__file__).parent
collect_ignore_glob = ["**/conftest.py", "conftest.py"]  # fixtures, no doctests


@pytest.fixture(scope="session")
def component():
    """Skip a test that lacks a component of the machine, or fail it where nothing may be: `component(found, why)`."""

    def _component(present, reason):
        if present:
            return
        if os.environ.get("KUNDENWERT_REQUIRE_ALL") == "1":
            pytest.fail(f"KUNDENWERT_REQUIRE_ALL=1, but {reason}")
        pytest.skip(reason)

    return _component


@pytest.fixture(scope="session")
def reference():
    """Read a table of reference values by name."""
    return lambda name: pd.read_csv(TESTS / "reference" / f"{name}.csv")


@pytest.fixture(scope="session")
def cdnow_summary():
    """CDNOW as the literature splits it: calibration to 1997-09-30, hold-out to 1998-06-30, weeks."""
    log = kw.read_transactions(TESTS.parent / "data" / "cdnow" / "transactions.csv")
    return kw.summarise(log, observation_end="1997-09-30", holdout_end="1998-06-30")


@pytest.fixture(scope="session")
def passed():
    """Return a diagnosis that says yes without having looked."""
    return kw.Diagnosis((kw.bayes.Check("R-hat", 1.0, 1.01, passed=True, where="r", advice=""),))


@pytest.fixture(scope="session")
def failed():
    """Return a diagnosis that says no."""
    return kw.Diagnosis((kw.bayes.Check("R-hat", 1.7, 1.01, passed=False, where="alpha", advice="sample longer"),))


@pytest.fixture(scope="session")
def made(passed):
    """Make a fit from parameter draws, without sampling: `made(purchases, spend, time_unit=...)`."""

    def tree(draws):
        arrays = {name: (("chain", "draw"), np.atleast_2d(np.asarray(value, float))) for name, value in draws.items()}
        return xr.DataTree.from_dict({"posterior": xr.Dataset(arrays)})

    def _made(purchases, spend, *, time_unit="W", diagnosis=passed):
        return (
            kw.Fit(kw.ParetoNBD(), tree(purchases), diagnosis, {"time_unit": time_unit, "window": 39.0}),
            kw.Fit(kw.GammaGamma(), tree(spend), diagnosis, {"typical_value": 35.0}),
        )

    return _made


@pytest.fixture(scope="session")
def posterior():
    """Draws of a posterior like CDNOW's: `posterior(size, width, seed)` gives purchase and spend parameters."""
    centre = {"r": 0.553, "alpha": 10.58, "s": 0.606, "beta": 11.67, "p": 6.25, "q": 3.74, "v": 15.44}

    def _posterior(size, *, width=0.08, seed=11, **changed):
        rng = np.random.default_rng(seed)
        draws = {name: value * np.exp(width * rng.standard_normal(size)) for name, value in (centre | changed).items()}
        return {n: draws[n] for n in ("r", "alpha", "s", "beta")}, {n: draws[n] for n in ("p", "q", "v")}

    return _posterior


@pytest.fixture(scope="session")
def customers():
    """Ten customers in weeks, from one-time buyers to heavy ones, in two cohorts."""
    return pd.DataFrame(
        {
            "customer_id": [f"{i:04d}" for i in (3, 14, 15, 92, 65, 35, 89, 79, 32, 38)],
            "cohort": ["1997-01", "1997-02"] * 5,
            "frequency": [0, 0, 1, 2, 7, 26, 3, 1, 40, 12],
            "recency": [0.0, 0.0, 1.71, 30.43, 29.43, 30.857, 5.0, 27.0, 38.0, 20.0],
            "T": [38.86, 27.14, 38.86, 38.86, 38.86, 31.0, 37.0, 27.0, 38.5, 35.0],
            "monetary_value": [np.nan, np.nan, 11.77, 22.35, 73.74, 40.0, 4.5, 150.0, 33.0, 60.0],
            "value_to_date": [29.33, 9.77, 26.76, 59.06, 528.0, 1080.0, 20.0, 300.0, 1353.0, 780.0],
            "holdout_purchases": [0, 0, 0, 1, 3, 20, 0, 2, 31, 1],
            "holdout_value": [0.0, 0.0, 0.0, 12.0, 250.0, 800.0, 0.0, 290.0, 1000.0, 60.0],
        }
    )


@pytest.fixture(scope="session")
def summary(customers):
    """Return the ten customers as a summary with a hold-out of 39 weeks."""
    return kw.CustomerSummary.from_frame(customers, time_unit="W", holdout_length=39.0)


@pytest.fixture(scope="session")
def simulated():
    """300 simulated customers, observed for 27 to 39 weeks on whole days."""
    rng = np.random.default_rng(3)
    T = rng.integers(27 * 7, 39 * 7, 300) / 7
    x, t_x = kw.kernels.pareto_nbd.simulate(T, r=0.8, alpha=8.0, s=0.8, beta=15.0, rng=rng)
    t_x = np.where(x > 0, np.minimum(np.maximum(np.ceil(t_x * 7), 1) / 7, T), 0)
    _, z = kw.kernels.gamma_gamma.simulate(x, p=6.0, q=4.0, v=15.0, rng=rng)
    frame = pd.DataFrame({"frequency": x, "recency": t_x, "T": T, "monetary_value": z})
    frame["value_to_date"] = 30 + np.nan_to_num(x * z)
    return kw.CustomerSummary.from_frame(frame, time_unit="W")


@pytest.fixture(scope="session")
def purchase_fit(simulated):
    """Return a real, small fit of the purchase model by NUTS: two chains of 150 draws."""
    return kw.fit(kw.ParetoNBD(), simulated, method="nuts", seed=1, draws=150, tune=150, chains=2)


@pytest.fixture(scope="session")
def spend_fit(simulated):
    """Return a real, small fit of the spend model, by whatever method is the default: 2 times 150 draws."""
    return kw.fit(kw.GammaGamma(), simulated, seed=2, draws=150, tune=150, chains=2)
