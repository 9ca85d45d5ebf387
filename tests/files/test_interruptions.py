"""Killed, told to stop, or two at once: the short version of `benchmarks/interruptions.py`."""

import importlib.util
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from kundenwert.files.cells import original
from kundenwert.files.signals import Stopped, check_stop, stoppable, uninterrupted

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "interruptions.py"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    spec = importlib.util.spec_from_file_location("interruptions", BENCHMARK)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    folder = tmp_path_factory.mktemp("runs")
    seconds = module.finish("simulate", folder / "time-simulate", 1)
    yield module, folder, seconds
    del sys.modules[spec.name]


@pytest.mark.parametrize("moment", ["evenly", "while_publishing", "while_moving"])
def test_a_killed_run_leaves_one_set_and_the_next_succeeds(runs, moment):
    module, folder, seconds = runs
    when = getattr(module, moment)(0.8 * seconds if moment == "evenly" else 0.1)
    found = module.signalled("SIGKILL", "simulate", signal.SIGKILL, when, folder)
    assert found.fine, found


def test_a_run_that_is_told_to_stop_leaves_nothing_and_says_so(runs):
    module, folder, _ = runs
    found = module.signalled("SIGTERM", "simulate", signal.SIGTERM, module.while_publishing(0.05), folder)
    assert found.fine, found
    if found.left == "old":
        assert (found.code, found.said) == (143, "kundenwert: stopped by SIGTERM; nothing of this run is left behind")


def test_two_runs_at_once(runs):
    module, folder, _ = runs
    found = module.two_at_once("simulate", folder)
    assert found.fine, found


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_signals_are_exceptions_that_no_handler_of_errors_catches(number, code):
    before = signal.getsignal(number)
    with pytest.raises(Stopped, match=f"stopped by {number.name}; nothing of this run is left behind") as found:  # noqa: PT012, SIM117
        with stoppable():
            with suppress(Exception):
                signal.raise_signal(number)
    assert found.value.exit_code == code
    assert signal.getsignal(number) is before


def test_a_signal_waits_until_files_are_in_place():
    done = []
    with pytest.raises(Stopped), stoppable():  # noqa: PT012
        with uninterrupted():
            signal.raise_signal(signal.SIGTERM)
            done.append("moved")
        done.append("not reached")
    assert done == ["moved"]


def test_a_signal_that_was_swallowed_is_heard_before_files_are_put_in_place():
    with pytest.raises(Stopped), stoppable():  # noqa: PT012
        with suppress(BaseException):
            signal.raise_signal(signal.SIGTERM)
        check_stop()


READ_ONLY = """
import sys
sys.path.insert(0, sys.argv[1])
from numba.core import caching
def read_only(self):
    raise OSError(30, "Read-only file system")
caching._CacheLocator.ensure_cache_path = read_only
import numpy as np
from kundenwert.kernels.futures import Reach
from kundenwert.kernels.pareto_nbd.futures import draw_futures
one, reach = np.ones((1, 3)), Reach(np.array([52.0]), 52.0, 50.0)
law = {"r": one, "alpha": 9 * one, "s": one, "beta": 9 * one}
print(draw_futures([1.0], [9.0], one, **law, reach=reach, keys=np.ones(1, np.uint64)).offset.shape)
"""


def test_a_package_without_a_place_for_compiled_functions_imports():
    models = Path(__file__).parents[2] / "models"
    done = subprocess.run([sys.executable, "-c", READ_ONLY, models], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "(4,)\n"


def test_the_shared_case_of_a_comma_file_that_is_split_at_semicolons():
    assert original("x;'=cmd|'/C calc'!A0;y") == "x;=cmd|'/C calc'!A0;y"
