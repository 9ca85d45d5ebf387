"""Time and memory of the CDNOW report and of the command line's help, as a table.

    .venv/bin/python benchmarks/cdnow_report.py [--repeat 3]

Each row is a fresh process on the environment as it is; memory is the largest single process's peak.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = Path(sys.executable).parent / "kundenwert"
REPORT = (
    *("report", "data/cdnow/transactions.csv", "--observation-end", "1997-09-30", "--holdout-end", "1998-06-30"),
    *("--margin", "0.3", "--cac", "5", "--horizon", "52", "--cohort", "week", "--seed", "1997"),
)


def measure(arguments: tuple[str, ...]) -> tuple[float, float]:
    """Seconds and peak megabytes of one run, in a child of its own so that peaks do not mix."""
    code = (
        "import resource, subprocess, sys, time\n"
        "start = time.perf_counter()\n"
        "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)\n"
        "seconds = time.perf_counter() - start\n"
        "print(seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)\n"
    )
    command = [sys.executable, "-c", code, str(PROGRAM), *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    seconds, megabytes = map(float, done.stdout.split())
    return seconds, megabytes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    repeat = parser.parse_args().repeat
    print(f"{'command':<42}{'median s':>10}{'worst s':>10}{'peak MB':>10}")
    with tempfile.TemporaryDirectory() as folder:
        rows = {
            "kundenwert --help": ("--help",),
            "kundenwert report, importance sampling": (*REPORT, "--out", f"{folder}/importance"),
            "kundenwert report, NUTS": (*REPORT, "--out", f"{folder}/nuts", "--method", "nuts"),
        }
        for name, arguments in rows.items():
            runs = sorted(measure(arguments) for _ in range(repeat))
            seconds = [run[0] for run in runs]
            memory = max(run[1] for run in runs)
            print(f"{name:<42}{seconds[len(seconds) // 2]:>10.2f}{seconds[-1]:>10.2f}{memory:>10.0f}", flush=True)


if __name__ == "__main__":
    started = time.perf_counter()
    main()

    print(f"whole benchmark: {time.perf_counter() - started:.0f} s")
