"""What scripts that are run part by part have in common: the command line, and tables that are printed and stored."""

import argparse
import tempfile
import time
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "results"


def writer(stem):
    """A function that prints a table and stores it as results/<stem>-<name>.csv, small numbers shortened."""

    def write(table, name, *, show=True):
        RESULTS.mkdir(exist_ok=True)
        table.to_csv(RESULTS / f"{stem}-{name}.csv", index=False, float_format="%.5g")
        if show and len(table) < 250:
            print(f"\n{name}\n{table.to_string(index=False, float_format='{:.4g}'.format)}", flush=True)

    return write


def run_part(description, parts, stem):
    """Run one part: a function of a number of simulations, with its default, and of a folder to keep fits in."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=parts, required=True)
    parser.add_argument("--simulations", type=int)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / f"kundenwert-{stem}")
    options = parser.parse_args()
    run, default = parts[options.part]
    started = time.perf_counter()
    run(options.simulations or default, options.keep)
    print(f"{options.part}: {(time.perf_counter() - started) / 60:.1f} minutes", flush=True)
