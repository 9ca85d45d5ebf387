"""One measurement of this project, in a process of its own. Started by ../peers.py."""

import pandas as pd
from measure import Measured, answer, peak_of_process, seconds_again, task

import kundenwert as kw

MONEY = {"discount_rate": 0.10, "margin": 1.0, "cac": 0.0}


def customers(options):
    frame = pd.read_csv(options["customers"])
    return kw.CustomerSummary.from_frame(frame, time_unit="W")


def fit(options):
    summary = customers(options)
    if options["model"] == "gamma_gamma":
        model = kw.GammaGamma()
    else:
        from kundenwert.bayes import WEIBULL  # noqa: PLC0415  its import is part of what is measured

        model = kw.ParetoNBD(WEIBULL if options["weibull"] else None)

    length = {"draws": options["draws"], "tune": options["tune"], "log_likelihood": False}

    def once():
        return kw.fit(model, summary, seed=1, method=options["method"], progress=False, **length)

    with Measured() as measured:
        result = once()
    found = measured.values | {"peak": peak_of_process(), "again": seconds_again(once, options["again"])}
    if options["save"]:
        result.save(options["save"])
    if options["model"] == "pareto_nbd":
        from posterior import describe  # noqa: PLC0415

        check = {check.name: check.value for check in result.diagnosis}
        found |= describe(result.tree["posterior"].to_dataset(), check.get("effective draws"))
    answer(found | {"converged": result.diagnosis.converged})


def table(options):
    summary = customers(options)
    purchases, spend = kw.load_fit(options["purchases"]), kw.load_fit(options["spend"])
    size = options["draws"]
    with Measured() as measured:
        values = kw.value_table(purchases, spend, summary, horizon=options["weeks"], seed=1, samples=size, **MONEY)
    answer(
        measured.values
        | {
            "total": float(values.table["rlv_mean"].sum()),
            "draws": int(values.totals.sizes["sample"]),
            "converged": purchases.diagnosis.converged and spend.diagnosis.converged,
        }
    )
    pd.DataFrame(purchases.draws(size) | spend.draws(size)).to_csv(options["draws_file"], index=False)


if __name__ == "__main__":
    name, given = task()
    {"fit": fit, "table": table}[name](given)
