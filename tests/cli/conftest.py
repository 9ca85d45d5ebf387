"""Runs of the command line that several tests look at: made once."""

from types import SimpleNamespace

import pandas as pd
import pytest
from command_line import HOSTILE_COHORTS, HOSTILE_IDS, TITLE, end, kundenwert, purchases, start

SAMPLING = ["--draws", 100, "--tune", 150, "--chains", 2, "--seed", 5, "--observation-end", "2023-10-31"]
DATA = ["--seed", 5, "--observation-end", "2023-10-31", "--holdout-end", "2024-01-31", "--cohort", "channel"]


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """A hostile log, with costs by cohort."""
    folder = tmp_path_factory.mktemp("secret-place")
    log = purchases()
    heavy = log["customer_id"].value_counts().index[: len(HOSTILE_IDS)]
    log["customer_id"] = log["customer_id"].replace(dict(zip(heavy, HOSTILE_IDS, strict=True)))
    source, costs = folder / "log & <i>.csv", folder / "costs.csv"
    log.to_csv(source, index=False)
    pd.DataFrame({"cohort": [name.strip() for name in HOSTILE_COHORTS], "cac": [10, 11, 12, 13, 14.5]}).to_csv(
        costs, index=False
    )
    money = ["--horizon", 40, "--margin", 0.3, "--cac-file", costs, "--allow-unconverged"]
    return SimpleNamespace(folder=folder, source=source, costs=costs, log=log, money=money)


@pytest.fixture(scope="session")
def fitted(world):
    """Run `fit`, then `predict` and `compare` on the fit: all with one seed."""
    folder, source = world.folder, world.source
    ended = {"fit": end(start("fit", source, "--out", folder / "fit", *SAMPLING))}
    if ended["fit"].code == 0:
        for name, file in (("predict", "values.csv"), ("compare", "comparison.csv")):
            words = ["--fit", folder / "fit", "--out", folder / file, *DATA, *world.money]
            ended[name] = kundenwert(name, source, *words)
    return SimpleNamespace(folder=folder, source=source, log=world.log, ended=ended)


@pytest.fixture(scope="session")
def run(world):
    """Run `report`."""
    out = world.folder / "out"
    words = ["--out", out, *SAMPLING, *DATA[4:], *world.money, "--title", TITLE]
    ended = {"report": end(start("report", world.source, *words))}
    return SimpleNamespace(folder=world.folder, out=out, source=world.source, log=world.log, ended=ended)


@pytest.fixture(scope="session")
def stored(fitted):
    """Where the fit is; `test_fit` tells why if there is none."""
    assert fitted.ended["fit"].code == 0
    return fitted.folder / "fit"


@pytest.fixture
def no_sampling(monkeypatch):
    """Fail where anything is sampled: mistakes are found before."""

    def sampled(*args, **keywords):
        raise AssertionError("sampling has begun")

    monkeypatch.setattr("kundenwert.bayes.fit", sampled)


@pytest.fixture
def report_on(tmp_path, no_sampling):
    """Run `report` on a text, and assert that it leaves nothing behind."""

    def _report_on(content, *words, name="log.csv"):
        source = tmp_path / name
        if content is not None:
            source.write_bytes(content if isinstance(content, bytes) else content.encode())
        before = sorted(tmp_path.rglob("*"))
        ended = kundenwert("report", source, "--out", tmp_path / "new" / "out", *words)
        assert sorted(tmp_path.rglob("*")) == before
        return ended

    return _report_on
