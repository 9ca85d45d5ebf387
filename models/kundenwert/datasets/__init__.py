"""Two transaction logs to try things on: CDNOW, which is real, and MechaForge, which is simulated.

The files belong to the package; in a source tree they lie in its folder `data/`. `info.json` beside each says where it
comes from, under which licence, and what its columns mean.
"""

from __future__ import annotations

from pathlib import Path

from kundenwert.data import TransactionLog, read_transactions
from kundenwert.errors import SchemaError

__all__ = ["cdnow", "file", "mechaforge"]

ATTRIBUTES = ("cohort", "channel", "region", "contract", "industry", "machines")
"""Columns of MechaForge that tell customers apart: cohorts or covariates."""

FILES = {
    "cdnow": ("transactions.csv", "info.json"),
    "mechaforge": ("transactions.csv", "costs.csv", "customers.csv", "truth.csv", "population.json", "info.json"),
}
"""What is packaged; pyproject.toml says where the build takes it from."""

_INSTALLED = Path(__file__).parent
_SOURCE_TREE = _INSTALLED.parents[2] / "data"


def cdnow() -> TransactionLog:
    """Read the CDNOW sample: purchases of 2,357 customers of an online CD shop, January 1997 to June 1998.

    All customers bought for the first time between January and March 1997. The literature observes them to 1997-09-30
    and holds out the time from then to 1998-06-30: `summarise(log, observation_end="1997-09-30",
    holdout_end="1998-06-30")`. Amounts are US dollars. The file is the public 1/10 sample by Peter Fader and Bruce
    Hardie, with no formal licence: for research and teaching, citing the references.

    Returns
    -------
    TransactionLog

    References
    ----------
    Fader & Hardie (2001), "Forecasting repeat sales at CDNOW", Interfaces 31(3).
    Fader, Hardie & Lee (2005), "RFM and CLV", Journal of Marketing Research 42(4).

    Examples
    --------
    >>> log = cdnow()
    >>> log.account.rows_read, log.first_day.isoformat(), log.last_day.isoformat()
    (6919, '1997-01-01', '1998-06-30')
    """
    return read_transactions(file("cdnow", "transactions.csv"))


def mechaforge() -> TransactionLog:
    """Read MechaForge: orders and refunds of 750 customers of an invented machine builder, 2017 to 2024.

    It is observed to 2022-12-31 and held out to 2024-12-31, in months: `summarise(log, observation_end="2022-12-31",
    holdout_end="2024-12-31", time_unit="M", cohort="channel")`. Amounts are euros; negative ones are refunds. The
    columns `cohort` (year of acquisition), `channel`, `region`, `contract`, `industry` and `machines` are kept, for
    cohorts and covariates. What acquiring a customer cost stands in `file("mechaforge", "costs.csv")`, what each is
    truly worth in `truth.csv`. Simulated by `kundenwert.simulate`; MIT licence.

    Returns
    -------
    TransactionLog

    Examples
    --------
    >>> log = mechaforge()
    >>> log.account.rows_read, log.first_day.isoformat(), log.last_day.isoformat()
    (17961, '2017-01-01', '2024-12-31')
    """
    return read_transactions(file("mechaforge", "transactions.csv"), keep=ATTRIBUTES)


def file(dataset: str, name: str) -> Path:
    """Return the path of a file that comes with a data set.

    Parameters
    ----------
    dataset : str
        "cdnow" or "mechaforge".
    name : str
        One of `FILES`: of both `transactions.csv` and `info.json`; of MechaForge also `costs.csv`, `customers.csv`,
        `truth.csv` and `population.json`.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    SchemaError
        If there is no such file.

    Examples
    --------
    >>> from kundenwert.data import read_costs
    >>> read_costs(file("mechaforge", "costs.csv")).stated()
    {'Messe': 2400.0, 'Empfehlung': 450.0, 'Web': 700.0, 'Händler': 1500.0}
    """
    if name not in FILES.get(dataset, ()):
        known = ", ".join(f"{one}/{other}" for one, others in FILES.items() for other in others)
        raise SchemaError(f"no data set has a file {dataset}/{name}; there are {known}")
    installed = _INSTALLED / dataset / name
    return installed if installed.exists() else _SOURCE_TREE / dataset / name
