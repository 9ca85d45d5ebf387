"""One measurement of lifetimes, in its own environment. Started by ../peers.py."""

import warnings

import numpy as np
import pandas as pd
from measure import Measured, answer, peak_of_process, seconds_again, task

warnings.filterwarnings("ignore")


def customers(options):
    return pd.read_csv(options["customers"], float_precision="round_trip").fillna({"monetary_value": 0.0})


def fit(options):
    from lifetimes import ParetoNBDFitter  # noqa: PLC0415  its import is part of what is measured

    data = customers(options)

    def once():
        return ParetoNBDFitter().fit(data["frequency"], data["recency"], data["T"])

    with Measured() as measured:
        fitter = once()
    found = measured.values | {"peak": peak_of_process(), "again": seconds_again(once, options["again"])}
    answer(found | {"mean": {name: float(value) for name, value in fitter.params_.items()}})


def table(options):
    from lifetimes import GammaGammaFitter, ParetoNBDFitter  # noqa: PLC0415

    data = customers(options)
    history = (data["frequency"], data["recency"], data["T"])
    repeaters = data[data["frequency"] > 0]
    purchases = ParetoNBDFitter().fit(*history)
    spend = GammaGammaFitter().fit(repeaters["frequency"], repeaters["monetary_value"])
    with Measured() as measured:
        values = spend.customer_lifetime_value(
            purchases, *history, data["monetary_value"], time=12, discount_rate=1.1 ** (1 / 12) - 1, freq="W"
        )
    answer(measured.values | {"total": float(values.sum()), "draws": 1})


def hard(options):
    from lifetimes import ParetoNBDFitter  # noqa: PLC0415

    found = []
    for *law, x, t_x, T in options["cases"]:
        history = (np.array([x]), np.array([t_x]), np.array([T]))
        try:
            found.append(float(ParetoNBDFitter._conditional_log_likelihood(np.array(law), *history)[0]))
        except Exception as error:  # whatever it raises is the result
            found.append(type(error).__name__)
    answer({"log_likelihood": found})


if __name__ == "__main__":
    name, given = task()
    {"fit": fit, "table": table, "hard": hard}[name](given)
