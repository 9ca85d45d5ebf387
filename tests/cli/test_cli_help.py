"""What the command line says of itself."""

import re
import subprocess
import sys
from importlib.metadata import version

import pytest
from command_line import COMMANDS, NEVER, Ended, kundenwert


def test_help_is_cheap():
    code = (
        "import sys\nfrom kundenwert.cli import main\nsys.argv = ['kundenwert', '--help']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "heavy = {'pymc', 'pandas', 'ibis', 'matplotlib', 'numba', 'scipy', 'arviz', 'duckdb', 'pytensor', 'xarray'}\n"
        "print('loaded:', sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert "loaded: []" in done.stdout
    assert all(command in done.stdout for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    ended = kundenwert(command, "--help")
    assert ended.code == 0
    assert ended.err == ""
    wanted = {
        "simulate": {"--customers", "--seed", "--german-csv"},
        "completion": set(),
        "init": {"--customer-id", "--date", "--amount", "--out"},
        "check": {"--customer-id", "--observation-end", "--margin", "--effects", "--json"},
        "backtest": {
            "--customer-id",
            "--log-end",
            "--time-unit",
            "--origins",
            "--horizons",
            "--model",
            "--seed",
            "--out",
        },
        "explain": {"--customer-id", "--observation-end", "--margin", "--fit", "--json", "--config"},
    }.get(command, {"--customer-id", "--date", "--amount", "--observation-end", "--time-unit", "--out", "--config"})
    if command == "report":
        wanted |= {
            "--holdout-end",
            "--horizon",
            "--discount-rate",
            "--margin",
            "--cac",
            "--cohort",
            "--draws",
            "--seed",
        }
        wanted |= {"--from", "--covariate", "--effects", "--german-csv", "--skip-lines", "--cac-file", "--title"}
    assert wanted <= set(re.findall(r"--[a-z-]+", ended.out))
    assert f"Example: kundenwert {command} " in ended.out


def test_help_is_grouped(monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    text = kundenwert("report", "--help").out
    groups = dict(re.findall(r"(?ms)^╭─ (\w+) ─+╮\n(.*?)^╰", text))
    assert list(groups) == ["Arguments", "Data", "Columns", "Model", "Money", "Output"]
    homes = {"Data": "--decimal", "Columns": "--order-id", "Model": "--draws", "Money": "--margin", "Output": "--out"}
    for group, option in homes.items():
        assert [name for name, inside in groups.items() if f"{option} " in inside] == [group]
    data = re.sub(r"[\s│]+", " ", groups["Data"])
    assert "[choices: match, exclude, net, earlier]" in data  # of the record's type, written once
    assert "Tuning steps per chain, for NUTS. [default: 200]" in groups["Model"]  # below the record's field


@pytest.mark.parametrize(
    ("shell", "word"), [("bash", "complete -"), ("zsh", "#compdef kundenwert"), ("fish", "complete -c")]
)
def test_completion(shell, word):
    ended = kundenwert("completion", shell)
    assert ended.code == 0
    assert word in ended.out
    assert all(name in ended.out for name in ("report", "observation-end", "exclude"))


def test_version():
    assert kundenwert("--version") == Ended(0, f"kundenwert {version('kundenwert')}\n", "")


def test_nothing_given_shows_help():
    ended = kundenwert()
    assert "Usage" in ended.out + ended.err
    assert not NEVER.search(ended.out + ended.err)
