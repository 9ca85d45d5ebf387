"""One measurement of PyMC-Marketing, in its own environment. Started by ../peers.py."""

import time
import warnings

import numpy as np
import pandas as pd
from measure import Measured, answer, peak_of_process, task

warnings.filterwarnings("ignore")


def customers(options):
    return pd.read_csv(options["customers"]).fillna({"monetary_value": 0.0})


def fit(options):
    from pymc_marketing.clv import ParetoNBDModel  # noqa: PLC0415  its import is part of what is measured

    data = customers(options)[["customer_id", "frequency", "recency", "T"]]
    model = ParetoNBDModel()
    settings = {"progressbar": False}
    warm, last = {}, {}

    def clock(trace, draw):
        (warm if draw.tuning else last)[draw.chain] = time.perf_counter()

    if options["method"] != "map":
        settings |= {name: options[name] for name in ("draws", "tune", "chains")}
        settings |= {"cores": 2, "random_seed": 1, "callback": clock, "compute_convergence_checks": False}
    with Measured() as measured:
        model.fit(data, method=options["method"], **settings)
    found = measured.values | {"peak": peak_of_process(), "again": None}
    posterior = model.fit_result
    priors = {
        name: {"distribution": prior.distribution, "parameters": {k: float(v) for k, v in prior.parameters.items()}}
        for name, prior in model.default_model_config.items()
        if name in ("r", "alpha", "s", "beta")
    }
    if options["method"] == "map":
        point = {name: float(posterior[name].mean()) for name in ("r", "alpha", "s", "beta")}
        answer(found | {"mean": point, "priors": priors})
        return
    from posterior import describe  # noqa: PLC0415

    drawing = sum(last[chain] - warm[chain] for chain in last) / min(len(last), 2)  # two chains at a time
    answer(found | describe(posterior) | {"priors": priors, "drawing": drawing})


def table(options):
    import xarray as xr  # noqa: PLC0415
    from pymc_marketing.clv import GammaGammaModel, ParetoNBDModel, customer_lifetime_value  # noqa: PLC0415

    data = customers(options)[["customer_id", "frequency", "recency", "T", "monetary_value"]]
    draws = pd.read_csv(options["draws_file"])
    draws = draws.iloc[np.linspace(0, len(draws) - 1, options["draws"]).astype(int)]
    posterior = xr.Dataset({name: (("chain", "draw"), draws[name].to_numpy()[None]) for name in draws})
    posterior = posterior.assign_coords(chain=[0], draw=np.arange(len(draws)))
    purchases, spend = ParetoNBDModel(), GammaGammaModel()
    purchases.build_model(data)
    spend.build_model(data[data["frequency"] > 0])
    for model in (purchases, spend):
        model.idata = xr.DataTree.from_dict({"posterior": posterior})
    with Measured() as measured:
        expected = spend.expected_customer_spend(data).mean(("chain", "draw")).to_numpy()
        values = customer_lifetime_value(
            purchases, data.assign(future_spend=expected), future_t=12, discount_rate=1.1 ** (1 / 12) - 1, time_unit="W"
        )
        mean = values.mean(("chain", "draw"))
        values.quantile([0.05, 0.5, 0.95], ("chain", "draw"))
    answer(measured.values | {"total": float(mean.sum()), "draws": len(draws)})


def hard(options):
    import pymc as pm  # noqa: PLC0415
    from pymc_marketing.clv.distributions import ParetoNBD  # noqa: PLC0415

    found = []
    for r, alpha, s, beta, x, t_x, T in options["cases"]:
        law = ParetoNBD.dist(r=r, alpha=alpha, s=s, beta=beta, T=T)
        try:
            found.append(float(pm.logp(law, np.array([t_x, x])).eval()))
        except Exception as error:  # whatever it raises is the result
            found.append(type(error).__name__)
    answer({"log_likelihood": found})


if __name__ == "__main__":
    name, given = task()
    {"fit": fit, "table": table, "hard": hard}[name](given)
