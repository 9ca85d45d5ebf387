"""The bundled logs: in a source tree, in what a wheel holds, and in the example that `help(kundenwert)` shows."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import pandas as pd
import pytest

import kundenwert as kw
from kundenwert.datasets import FILES

ROOT = Path(__file__).parents[1]
PACKAGED = [(dataset, name) for dataset, names in FILES.items() for name in names]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Lay out what the wheel holds, by the build's own configuration, far from the source tree."""
    target = tmp_path_factory.mktemp("site-packages")
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    wheel = build["targets"]["wheel"]
    for package in wheel["packages"]:
        shutil.copytree(ROOT / package, target / Path(package).name, ignore=shutil.ignore_patterns("__pycache__"))
    for source, place in wheel["force-include"].items():
        (target / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / source, target / place)
    return target


def python(code, target, folder):
    """Run code in a folder of its own, with the package from `target` and no other."""
    environment = {**os.environ, "PYTHONPATH": str(target), "MPLBACKEND": "Agg"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_wheel_reads_its_logs(installed, tmp_path):
    told = python(
        "import json, kundenwert as kw\n"
        "logs = kw.datasets.cdnow(), kw.datasets.mechaforge()\n"
        "print(json.dumps([kw.__file__, str(kw.datasets.file('mechaforge', 'costs.csv')),"
        " *([log.account.rows_read, str(log.first_day), str(log.last_day), list(log.keep)] for log in logs)]))",
        installed,
        tmp_path,
    )
    package, costs, cdnow, mechaforge = json.loads(told)
    assert Path(package) == installed / "kundenwert" / "__init__.py"
    assert Path(costs) == installed / "kundenwert" / "datasets" / "mechaforge" / "costs.csv"
    assert cdnow == [6919, "1997-01-01", "1998-06-30", []]
    attributes = ["cohort", "channel", "region", "contract", "industry", "machines"]
    assert mechaforge == [17961, "2017-01-01", "2024-12-31", attributes]


@pytest.mark.parametrize(("dataset", "name"), PACKAGED)
def test_the_wheel_holds_the_files_of_the_source_tree(installed, dataset, name):
    packaged = installed / "kundenwert" / "datasets" / dataset / name
    assert packaged.read_bytes() == kw.datasets.file(dataset, name).read_bytes()
    assert packaged.read_bytes() == (ROOT / "data" / dataset / name).read_bytes()
    assert packaged.stat().st_size < 1_500_000


def test_nothing_else_is_packaged(installed):
    packaged = {
        path.relative_to(installed / "kundenwert" / "datasets")
        for path in installed.rglob("datasets/*/*.*")
        if path.parent.name != "__pycache__"
    }
    assert packaged == {Path(dataset) / name for dataset, name in PACKAGED}


@pytest.mark.parametrize("dataset", FILES)
def test_origin_and_licence_travel_with_the_log(dataset):
    info = json.loads(kw.datasets.file(dataset, "info.json").read_text(encoding="utf-8"))
    log = getattr(kw.datasets, dataset)()
    assert hashlib.sha256(kw.datasets.file(dataset, "transactions.csv").read_bytes()).hexdigest() == info["sha256"]
    assert log.account.rows_read == info["rows"]
    assert min(len(info["source"]), len(info["licence"])) > 10
    told = getattr(kw.datasets, dataset).__doc__
    assert {info["observation_end"], info["holdout_end"]} <= set(re.findall(r"\d{4}-\d\d-\d\d", told))
    assert "licence" in told


@pytest.mark.parametrize("dataset", ["cdnow", "../cdnow", "nothing"])
def test_other_files_are_refused(dataset):
    with pytest.raises(
        kw.SchemaError, match=r"no data set has a file .*make\.py; there are cdnow/transactions\.csv, cdnow/info"
    ):
        kw.datasets.file(dataset, "make.py")


def test_the_log_is_a_transaction_log():
    log = kw.datasets.cdnow()
    assert isinstance(log, kw.TransactionLog)
    summary = kw.summarise(log, observation_end="1997-09-30", holdout_end="1998-06-30")
    assert (len(summary), int(summary.table["frequency"].sum())) == (2357, 2457)


def test_the_example_that_help_shows_runs(installed, tmp_path):
    example = textwrap.dedent(re.search(r"\n\n((?:    .*\n|\n)+)", kw.__doc__).group(1))
    assert example.startswith("import kundenwert as kw\n")
    told = python(example + "print(len(cohorts), round(values.table['rlv_mean'].mean(), 1))", installed, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["values.csv"]
    table = pd.read_csv(tmp_path / "values.csv", dtype={"customer_id": str})
    assert len(table) == 2357
    rows, mean = told.split()
    assert int(rows) == 4
    assert float(mean) == pytest.approx(table["rlv_mean"].mean(), abs=0.05)
    assert 5 < table["rlv_mean"].mean() < 15  # 0.3 of the revenue of a year
