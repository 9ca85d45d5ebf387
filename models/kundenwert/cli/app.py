"""The program: its commands, and how it ends."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from cyclopts import App, CycloptsError

from kundenwert.cli.files import fill
from kundenwert.errors import KundenwertError
from kundenwert.files.signals import run_stoppable

USAGE = 2
"""Exit code where a command is not understood."""


def _version() -> str:
    from importlib.metadata import version  # noqa: PLC0415

    return f"kundenwert {version('kundenwert')}"


app = App(
    name="kundenwert",
    help="Customer lifetime value with honest uncertainty: from a transaction log to a report that can be checked.",
    help_format="plaintext",
    version=_version,
    config=fill,
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)
COMMANDS = {
    "report": (
        "Do everything: summarise, fit, value, compare, and render the report.",
        "report orders.csv --out results --observation-end 2024-06-30 --holdout-end 2024-12-31 --margin 35%",
    ),
    "check": (
        (
            "Say what became of every row and what calls for caution, without fitting anything.\n\n"
            "Ends with exit code 0 if all is fine, 4 with cautions, 1 if the source or a setting is refused."
        ),
        "check orders.csv --json",
    ),
    "init": (
        "Write a first kundenwert.toml from what a source shows, with comments: columns, formats, days, cohorts.",
        "init orders.csv",
    ),
    "summarise": (
        "Write one row per customer: frequency, recency, T, monetary value; and say what happened to each input row.",
        "summarise orders.csv --out customers.csv --date-format %d.%m.%Y",
    ),
    "fit": (
        (
            "Sample both models, store the posteriors as NetCDF, and print the diagnosis.\n\n"
            "Ends with exit code 3 if one of them did not converge; the files are written nevertheless."
        ),
        "fit orders.csv --out posterior --observation-end 2024-06-30 --seed 7",
    ),
    "predict": (
        "Value each customer of a log with posteriors stored by `fit`, also customers it never saw.",
        "predict orders.csv --fit posterior --out values.csv --margin 35% --horizon 52",
    ),
    "compare": (
        "Set the simple formula beside the posterior, one row per cohort.",
        "compare orders.csv --fit posterior --out cohorts.csv --cohort quarter --cac 12.50",
    ),
    "backtest": (
        (
            "Forecast from days of the past, from what was known then, and set it beside what followed.\n\n"
            "Both models are fitted anew at each of these days. Beside them stand simple rules, such as last year's "
            "same period. Writes backtest.csv."
        ),
        "backtest orders.csv --out checked",
    ),
    "explain": (
        "Explain one customer with posteriors stored by `fit`: its history, its forecast, and the reasons.",
        "explain 00042 orders.csv --fit posterior --margin 35%",
    ),
    "simulate": (
        "Simulate a transaction log of which the truth is known, to hold models and formulas against.",
        "simulate mechaforge shop --customers 500 --seed 3",
    ),
    "completion": (
        "Print the script by which a shell completes commands and options.",
        "completion bash > ~/.local/share/bash-completion/completions/kundenwert",
    ),
}
"""What each command is for, with an example; its function is imported when it is called."""

_HOMES = {"compare": "predict", "simulate": "simulation"}

for place, (name, (text, example)) in enumerate(COMMANDS.items()):
    app.command(
        f"kundenwert.cli.{_HOMES.get(name, name)}:{name}",
        name=name,
        help=text,
        help_epilogue=f"Example: kundenwert {example}",
        sort_key=place,
    )


def main() -> None:
    """Run the command line; what a user can mend is one line on stderr and exit code 1; told to stop, it cleans up."""
    run_stoppable(_run)


def _run() -> NoReturn:
    try:
        code = app(sys.argv[1:], exit_on_error=False, print_error=False)
    except CycloptsError as error:
        print(f"kundenwert: {' '.join(str(error).split())}", file=sys.stderr)  # noqa: T201
        sys.exit(USAGE)
    except KundenwertError as error:
        sys.exit(f"kundenwert: {error.told('cli')}")
    except BrokenPipeError:  # whoever reads has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        sys.exit(f"kundenwert: {where}{error.strerror or error}")
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)
