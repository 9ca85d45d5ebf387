"""The notebooks run from top to bottom, for real and small, and are committed without outputs."""

import ast
import logging
import re
from pathlib import Path

import nbformat
import pandas as pd
import papermill
import pytest
from IPython.core.inputtransformer2 import TransformerManager

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAMES = [
    "01-data",
    "02-models",
    "03-customer-value",
    "04-formula-versus-posterior",
    "05-can-you-trust-it",
    "06-calendar-time",
]
EVERY = 8
"""Every 8th customer of CDNOW makes a shop that is quick to fit and still like CDNOW."""

FITTING = {"draws": 250, "tune": 150, "chains": 2, "allow_unconverged": True}
SMALL = {
    "01-data": {"shown": 8},
    "02-models": FITTING | {"prior_draws": 100},
    "03-customer-value": FITTING | {"samples": 200},
    "04-formula-versus-posterior": FITTING | {"samples": 200},
    "05-can-you-trust-it": FITTING | {"simulations": 6},
    "06-calendar-time": FITTING | {"samples": 200, "customers": 300},
}
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def code_cells(path):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def parsed(cell):
    return ast.parse(TransformerManager().transform_cell(cell.source))


def test_the_notebooks_are_numbered_and_these():
    assert [path.stem for path in NOTEBOOKS] == NAMES


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestCommitted:
    def test_valid_and_first_code_cell_holds_nothing_but_parameters(self, path):
        nbformat.validate(nbformat.read(path, as_version=4))
        first, *others = code_cells(path)
        assert first.metadata.get("tags") == ["parameters"]
        assert not any("parameters" in cell.metadata.get("tags", []) for cell in others)
        tree = parsed(first)
        assert all(isinstance(statement, ast.Assign) for statement in tree.body)
        names = {target.id for statement in tree.body for target in statement.targets}
        assert {"source", "observation_end", "holdout_end", "time_unit", "seed"} <= names
        assert set(SMALL[path.stem]) <= names

    def test_defines_no_function_or_class(self, path):
        found = [node for cell in code_cells(path) for node in ast.walk(parsed(cell)) if isinstance(node, DEFINITIONS)]
        assert [node.lineno for node in found] == []

    def test_asserts_its_own_diagnosis(self, path):
        asserts = [node for cell in code_cells(path) for node in ast.walk(parsed(cell)) if isinstance(node, ast.Assert)]
        assert len(asserts) >= 5
        if "allow_unconverged" in SMALL[path.stem]:
            assert "diagnosis.converged" in "".join(cell.source for cell in code_cells(path))

    def test_holds_no_outputs_and_no_traces_of_a_run(self, path):
        for cell in code_cells(path):
            assert cell.outputs == []
            assert cell.execution_count is None
            assert set(cell.metadata) <= {"tags"}
        assert set(nbformat.read(path, as_version=4).metadata) == {"kernelspec", "language_info"}

    def test_names_no_absolute_path(self, path):
        text = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells)
        assert re.findall(r"""["'(](?:/|~|[A-Za-z]:[\\/]|file:)[\w./\\-]+""", text) == []

    def test_links_lead_to_notebooks_that_exist(self, path):
        text = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells)
        for target in re.findall(r"\]\(([^)]+\.ipynb)\)", text):
            assert (path.parent / target).exists()


@pytest.fixture(scope="module")
def small_log(tmp_path_factory):
    log = pd.read_csv(ROOT / "data" / "cdnow" / "transactions.csv", dtype=str)
    file = tmp_path_factory.mktemp("shop") / "transactions.csv"
    log[log["customer_id"].astype(int) % EVERY == 0].to_csv(file, index=False)
    return file


@pytest.mark.xdist_group("notebooks")
def test_all_run_in_order_and_say_nothing_on_stderr(small_log, tmp_path, monkeypatch):
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    monkeypatch.setattr(logging.getLogger("papermill"), "level", logging.ERROR)
    work = tmp_path / "work"
    for path in NOTEBOOKS:
        parameters = SMALL[path.stem] | {"source": str(small_log)}
        if "allow_unconverged" in parameters:
            parameters["work"] = str(work)
        done = papermill.execute_notebook(
            path,
            tmp_path / path.name,
            parameters=parameters,
            cwd=path.parent,
            kernel_name="python3",
            progress_bar=False,
            extra_arguments=["--log-level=40"],
        )
        outputs = [output for cell in done.cells if cell.cell_type == "code" for output in cell.outputs]
        said = [output.text for output in outputs if output.output_type == "stream" and output.name == "stderr"]
        assert said == [], path.stem
        pictures = [output for output in outputs if "image/svg+xml" in output.get("data", {})]
        assert len(pictures) >= 2, path.stem
    assert {file.name for file in work.iterdir()} == {"purchases.nc", "spend.nc", "customers.csv", "kunden.csv"}
    table = pd.read_csv(work / "customers.csv", dtype={"customer_id": str})
    assert len(table) == 2357 // EVERY
    assert (table["rlv_q05"] <= table["rlv_q95"]).all()
