"""Kundenwert: customer lifetime value with honest uncertainty.

A transaction log becomes a customer summary, the summary a posterior, the posterior draws for each customer, the
draws one value table, the table a report. Each arrow is one function:

    import kundenwert as kw

    log = kw.datasets.cdnow()  # or of your own: kw.read_transactions("transactions.csv")
    summary = kw.summarise(log, observation_end="1997-09-30", holdout_end="1998-06-30", time_unit="W")
    purchases = kw.fit(kw.ParetoNBD(), summary)
    spend = kw.fit(kw.GammaGamma(), summary)
    values = kw.value_table(purchases, spend, summary, horizon=52, margin=0.3, discount_rate=0.1, cac=12)
    cohorts = kw.compare_cohorts(summary, values)  # beside the simple formula
    values.table.to_csv("values.csv", index=False)

Names are imported when first used, so that `import kundenwert` does not pay for PyMC; `__init__.pyi` lists them.
"""

import lazy_loader

_named, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> object:
    """Import a name when it is first used; look the version up when it is asked for."""
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415

        return version("kundenwert")
    return _named(name)
