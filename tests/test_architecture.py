"""The cut of the package, read from its source: who may import whom, what loads what, what the lock file pins."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import kundenwert
from kundenwert import data

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "models" / "kundenwert"
ORDER = (
    *("messages", "errors", "settings", "kernels", "laws", "files", "sources", "data", "datasets", "simulate", "bayes"),
    *("calendar", "predict", "value", "outlook", "reasons", "formula", "compare", "decide", "validate", "backtests"),
    *("plot", "report", "cli"),
)
FILES = sorted(PACKAGE.rglob("*.py"))
LONGEST = 450


def room(path):
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imported(path):
    """Every module a file imports, at any depth: in functions and under TYPE_CHECKING too. A type is a dependency."""
    package = ["kundenwert", *path.relative_to(PACKAGE).parent.parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            if module == "kundenwert":  # `from kundenwert import kernels`
                yield from (f"kundenwert.{alias.name}" for alias in node.names)
            else:
                yield module


def names(paths):
    return [str(path.relative_to(PACKAGE)) for path in paths]


def test_every_file_is_in_a_known_room():
    assert {room(path) for path in FILES} - {"__init__"} <= set(ORDER)


@pytest.mark.parametrize("path", FILES, ids=names(FILES))
def test_no_arrow_points_back(path):
    if room(path) == "__init__":
        inside = [name for name in imported(path) if name.startswith("kundenwert")]
        assert inside == [], "the package itself imports no room: names are loaded when first used"
        return
    here = ORDER.index(room(path))
    for name in imported(path):
        if name.split(".")[0] == "kundenwert":
            there = ORDER.index(name.split(".")[1])
            assert there <= here, f"{room(path)} imports {name}, which stands to its right"


@pytest.mark.parametrize("path", [path for path in FILES if room(path) == "kernels"], ids=lambda path: path.name)
def test_kernels_are_pure(path):
    allowed = {"numpy", "scipy", "numba", "kundenwert"} | sys.stdlib_module_names
    assert {name.split(".")[0] for name in imported(path)} <= allowed


@pytest.mark.parametrize("path", FILES, ids=names(FILES))
def test_only_bayes_knows_pymc(path):
    outside = {"pymc", "pytensor", "nutpie"} & {name.split(".")[0] for name in imported(path)}
    assert room(path) == "bayes" or not outside


@pytest.mark.parametrize("path", FILES, ids=names(FILES))
def test_files_stay_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST
    assert path.name not in {"utils.py", "util.py", "helpers.py", "misc.py", "common.py"}


def loaded_by(statement):
    code = f"import sys\n{statement}\nprint(*{{name for name in sys.modules if name.count('.') < 2}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT / "models")
    return set(done.stdout.split())


HEAVY = {"pymc", "pytensor", "nutpie", "arviz"}
NOT_FOR_A_FAST_FIT = HEAVY | {"matplotlib", "ibis", "duckdb", "arviz_stats", "scipy.stats", "numba"}
"""What a fit on the fast path has no need of: importing it takes longer than the fit."""

FAST_FIT = (
    "import pandas as pd; table = pd.DataFrame({'frequency': [0, 1, 2, 0, 5] * 9, 'recency': [0., 3, 9, 0, 8] * 9, "
    "'T': [10.] * 45}); from kundenwert.bayes import WEIBULL; "
    "kw.fit(kw.ParetoNBD(WEIBULL), kw.CustomerSummary.from_frame(table, time_unit='W'), seed=1, method='importance')"
)


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        ("import kundenwert", HEAVY | {"numpy", "pandas", "ibis", "matplotlib"}),
        ("import kundenwert.kernels", HEAVY | {"pandas", "xarray", "ibis", "matplotlib"}),
        ("import kundenwert.errors", HEAVY | {"numpy"}),
        ("import kundenwert.settings.document", HEAVY | {"numpy", "pandas", "ibis"}),
        ("import kundenwert.cli", HEAVY | {"numpy", "pandas", "ibis", "matplotlib", "kundenwert.settings"}),
        ("import kundenwert.cli.report", HEAVY | {"numpy", "pandas", "ibis", "matplotlib"}),
        ("import kundenwert.data", HEAVY | {"matplotlib"}),
        ("import kundenwert.formula", HEAVY | {"matplotlib"}),
        ("import kundenwert as kw; kw.kpis", HEAVY | {"matplotlib"}),
        ("import kundenwert as kw; kw.CustomerSummary; kw.fit", NOT_FOR_A_FAST_FIT),
        (f"import kundenwert as kw; {FAST_FIT}", NOT_FOR_A_FAST_FIT),
    ],
)
def test_light_things_stay_light(statement, unwanted):
    assert loaded_by(statement) & unwanted == set()


@pytest.mark.parametrize("module", [kundenwert, data])
def test_every_public_name_exists(module):
    absent = [name for name in module.__all__ if not hasattr(module, name)]
    assert absent == []
    assert set(module.__all__) <= set(dir(module))


@pytest.mark.parametrize("module", [kundenwert, data])
def test_an_unknown_public_name_is_an_attribute_error(module):
    with pytest.raises(AttributeError, match=f"{module.__name__} attribute no_such_thing"):
        module.no_such_thing  # noqa: B018


@pytest.mark.parametrize("module", [kundenwert, data])
def test_type_checkers_see_the_same_names(module):
    stub = ast.parse(Path(module.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    listed = next(
        ast.literal_eval(node.value)
        for node in stub.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    )
    assert set(listed) == set(module.__all__)


@pytest.fixture(scope="module")
def lock():
    """Return the lines of the lock file: packages, versions."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_lock_pins_every_package_and_names_no_place(lock):
    # name==version, an environment marker, a hash: no address, no path, no option line
    whole = re.compile(
        r"^[A-Za-z0-9._-]+(\[[a-z0-9,._-]+\])?==[0-9][A-Za-z0-9.+!]*( ?; .+)?( --hash=sha256:[0-9a-f]+)*$"
    )
    assert [line for line in lock if not whole.match(line.replace(" \\", ""))] == []
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"://|index-url|find-links|trusted-host|@ ", text)


def test_the_lock_holds_every_dependency(lock):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    wanted = {normal(re.match(r"[A-Za-z0-9._-]+", one).group()) for one in asked}
    pinned = {normal(re.match(r"[A-Za-z0-9._-]+", one).group()) for one in lock}
    assert wanted - pinned == set()
    assert len(lock) == len(set(lock)), "a package is pinned twice"


def test_everything_imported_is_a_declared_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {normal(re.match(r"[A-Za-z0-9._-]+", one).group()) for one in project["dependencies"]}
    distribution = {
        "ibis": "ibis-framework",
        "duckdb": "ibis-framework",
        "nbformat": "nbconvert",
        "traitlets": "nbconvert",
        "jupyter-client": "nbconvert",
        "pytensor": "pymc",
        "arviz-stats": "arviz",
    }
    third = {
        name.split(".")[0] for path in FILES for name in imported(path) if name.split(".")[0] != "kundenwert"
    } - sys.stdlib_module_names
    # polars frames are accepted where a user has polars; it is not needed to run
    assert {normal(distribution.get(normal(name), name)) for name in third} - declared - {"polars"} == set()
