"""Runs that are killed, stopped, starved of disk, or doubled: what they leave, and whether the next one succeeds.

    python benchmarks/interruptions.py            20 SIGKILL, 10 SIGTERM, 5 full disks, two runs at once
    python benchmarks/interruptions.py --quick    a few of each, without reports

Half of the signals come at moments drawn evenly over the whole run, the others while files are written or put in place.
Full disks are small file systems in memory, which only root can mount.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kundenwert.files.hashes import sha256
from kundenwert.files.publish import JOURNAL, MANIFEST, published, settle

HEAD = """
import sys
from pathlib import Path
from kundenwert.errors import KundenwertError
from kundenwert.files.publish import claimed
from kundenwert.files.signals import run_stoppable
out, seed = Path(sys.argv[1]), int(sys.argv[2])
"""

TAIL = """
try:
    run_stoppable(run)
except (KundenwertError, OSError) as error:
    sys.exit(f"kundenwert: {error}")
"""

SIMULATE = """
def run():
    from kundenwert.simulate import simulate_population
    from kundenwert.simulate.named import cdnow_like
    with claimed(out):
        simulate_population(cdnow_like(), seed=seed).write(out)
"""

SUMMARY = """
def summary():
    import kundenwert as kw
    from kundenwert.simulate import simulate_population
    from kundenwert.simulate.named import cdnow_like
    table = simulate_population(cdnow_like().resized(300), seed=seed).transactions
    log = kw.read_transactions(table, future="keep")
    return kw, log, kw.summarise(log)

def fits(kw, made):
    how = {"seed": seed, "draws": 100, "method": "importance"}
    return tuple(kw.fit(model, made, **how) for model in (kw.ParetoNBD(), kw.GammaGamma()))
"""

FIT = (
    SUMMARY
    + """
def run():
    from kundenwert.bayes import save_pair
    with claimed(out):
        kw, _, made = summary()
        save_pair(fits(kw, made), out, {"seed": seed})
"""
)

REPORT = (
    SUMMARY
    + """
def run():
    from kundenwert.report import gather, write
    with claimed(out):
        kw, log, made = summary()
        both = fits(kw, made)
        values = kw.value_table(*both, made, horizon=52, seed=seed, allow_unconverged=True)
        write(gather(log, *both, made, values, lifespan_years=3.0, seed=seed), out, title="x", options={}, seconds={})
"""
)

WORK = {"simulate": SIMULATE, "fit": FIT, "report": REPORT}
"""Programs by name; each writes into the folder that it is given, with the seed that it is given."""


RNG = np.random.default_rng(1)

SAME = ("costs.csv",)
"""Files that are the same whatever the seed."""


@dataclass(frozen=True)
class Outcome:
    """What became of a run that was disturbed."""

    trial: str
    work: str
    moment: str
    code: int
    left: str
    said: str
    fine: bool


def start(work: str, out: Path, seed: int) -> subprocess.Popen[str]:
    """Start a program."""
    words = [sys.executable, "-c", HEAD + WORK[work] + TAIL, str(out), str(seed)]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def finish(work: str, out: Path, seed: int) -> float:
    """Run a program to its end, which must be a good one; returns its seconds."""
    begin = time.monotonic()
    process = start(work, out, seed)
    said = process.communicate()[1]
    if process.returncode:
        raise RuntimeError(f"{work} failed: {said}")
    return time.monotonic() - begin


def state(out: Path) -> dict[str, str]:
    """Hashes of all files of a folder but the manifest, which names the time."""
    return {path.name: sha256(path) for path in out.iterdir() if path.is_file() and path.name != MANIFEST}


def hidden(out: Path) -> list[str]:
    """What a run should not leave behind."""
    return [path.name for path in out.iterdir() if path.name.startswith(".")]


def whole(out: Path, old: dict[str, str]) -> str:
    """Say which set a folder holds, "mixed" if none: the old one, a new one, or a new one once it is settled."""
    pending = (out / JOURNAL).exists()
    settle(out)
    found = {name: digest for name, digest in state(out).items() if not name.startswith(".")}
    if found == old and not pending:
        return "old"
    same = set(found) & set(old) and any(found[name] == old.get(name) for name in found if name not in SAME)
    if set(found) != set(old) or same or not published(out):
        return "mixed"
    return "new, settled" if pending else "new"


def disturb(work: str, number: int, out: Path, moment: Callable[[Path], str]) -> tuple[str, int, str]:
    """Start a run with another seed, send it a signal at a moment, and wait for its end."""
    process = start(work, out, int(RNG.integers(2, 10**6)))
    when = moment(out)
    process.send_signal(number)
    said = process.communicate()[1]
    return when, process.returncode, said.strip().splitlines()[-1][-120:] if said.strip() else ""


def evenly(seconds: float) -> Callable[[Path], str]:
    """A moment drawn evenly over a run."""

    def wait(_: Path) -> str:
        drawn = RNG.uniform(0, seconds)
        time.sleep(drawn)
        return f"{drawn:.2f} s"

    return wait


def while_publishing(longest: float) -> Callable[[Path], str]:
    """A moment at most so many seconds after the first files are written."""

    def wait(out: Path) -> str:
        deadline = time.monotonic() + 120
        while not any(path.is_dir() for path in out.glob(".staging-*")) and time.monotonic() < deadline:
            time.sleep(0.0005)
        drawn = RNG.uniform(0, longest)
        time.sleep(drawn)
        return f"staging + {1000 * drawn:.0f} ms"

    return wait


def while_moving(_: float) -> Callable[[Path], str]:
    """The moment in which the journal appears, as far as it can be seen from outside."""

    def wait(out: Path) -> str:
        journal, deadline = str(out / JOURNAL), time.monotonic() + 120
        started = False
        while not os.path.exists(journal) and time.monotonic() < deadline:  # noqa: PTH110
            now = any(path.is_dir() for path in out.glob(".staging-*"))
            if started and not now:
                return "missed the journal"
            started = now
        return "journal"

    return wait


def signalled(trial: str, work: str, number: int, moment: Callable[[Path], str], folder: Path) -> Outcome:
    """Disturb a run over a good set, and judge what is left, and the next run."""
    out = folder / f"time-{work}"
    old = state(out)
    when, code, said = disturb(work, number, out, moment)
    clean = not hidden(out) if number != signal.SIGKILL else True
    left = whole(out, old)
    finish(work, out, 1)
    after = whole(out, {}) != "mixed" if not old else set(state(out)) == set(old)
    codes = (-9,) if number == signal.SIGKILL else (143, 130)
    told = number == signal.SIGKILL or said.startswith("kundenwert: stopped by SIG")
    outside = code == -number and left in ("old", "new")  # before the program has begun, or after it has ended
    fine = (
        left != "mixed" and clean and after and not hidden(out) and ((code in codes and told) or code == 0 or outside)
    )
    return Outcome(trial, work, when, code, left, said, fine)


def full_disk(work: str, share: float, folder: Path) -> Outcome:
    """Run on a file system that has room for a share of the files."""
    out = folder / f"disk-{RNG.integers(10**9)}"
    out.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", out], check=True)
    try:
        finish(work, out, 1)
        old = state(out)
        need = sum(path.stat().st_size for path in out.iterdir())
        subprocess.run(["mount", "-o", f"remount,size={int(need * (1 + share)) // 4096 * 4096}", out], check=True)
        process = start(work, out, 7)
        said = process.communicate()[1].strip()
        left = whole(out, old)
        clean = not hidden(out)
        subprocess.run(["mount", "-o", "remount,size=256m", out], check=True)
        finish(work, out, 7)
        one_line = said.startswith("kundenwert: ") and "No space left" in said and "\n" not in said
        fine = left == "old" and clean and one_line and process.returncode == 1 and not hidden(out)
    finally:
        subprocess.run(["umount", out], check=True)
    return Outcome("full disk", work, f"{share:.0%} of room", process.returncode, left, said[-120:], fine)


def two_at_once(work: str, folder: Path) -> Outcome:
    """Start two runs into one folder."""
    out = folder / f"two-{RNG.integers(10**9)}"
    finish(work, out, 1)
    old = state(out)
    both = [start(work, out, 8), start(work, out, 9)]
    said = [process.communicate()[1].strip() for process in both]
    codes = sorted(process.returncode for process in both)
    left = whole(out, old)
    finish(work, out, 1)
    refused = any("another run is writing" in text for text in said)
    one_after_the_other = codes == [0, 0]  # on a busy machine the second may begin when the first has ended
    fine = left == "new" and not hidden(out) and (one_after_the_other or (codes == [0, 1] and refused))
    return Outcome("two at once", work, f"codes {codes}", max(codes), left, max(said)[-120:], fine)


def trials(*, quick: bool, folder: Path) -> list[Outcome]:
    """Do everything."""
    works = ("simulate", "fit") if quick else ("simulate", "fit", "simulate", "fit", "report")
    seconds = {work: finish(work, folder / f"time-{work}", 1) for work in dict.fromkeys(works)}
    found = []
    for trial, number, count in (("SIGKILL", signal.SIGKILL, 20), ("SIGTERM", signal.SIGTERM, 10)):
        for i in range(4 if quick else count):
            work = works[i % len(works)]
            longest = {"simulate": 0.4, "fit": 0.4, "report": 0.6 * seconds["report"] if not quick else 0}[work]
            drawn = (evenly(seconds[work]), while_publishing(longest), evenly(seconds[work]), while_moving(longest))
            moment = drawn[(i + i // 4) % 4]
            found.append(signalled(trial, work, number, moment, folder))
            print(found[-1], flush=True)
    for share in (0.1, 0.3, 0.5, 0.7, 0.9)[: 1 if quick else 5]:
        found.append(full_disk("fit" if quick or share in (0.3, 0.7) else "report", share, folder))
        print(found[-1], flush=True)
    found += [two_at_once(work, folder) for work in dict.fromkeys(works)]
    return found


def main() -> None:
    """Print a table of all trials, and their sum."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        found = trials(quick=chosen.quick, folder=Path(name))
    print("\n| trial | run | moment | exit code | files left | fine |\n|---|---|---|---|---|---|")
    for one in found:
        print(f"| {one.trial} | {one.work} | {one.moment} | {one.code} | {one.left} | {'yes' if one.fine else 'NO'} |")
    print("\n| trial | runs | fine | files left |\n|---|---|---|---|")
    for trial in dict.fromkeys(one.trial for one in found):
        own = [one for one in found if one.trial == trial]
        left = ", ".join(f"{n} × {what}" for what, n in sorted(Counter(one.left for one in own).items()))
        print(f"| {trial} | {len(own)} | {sum(one.fine for one in own)} | {left} |")
    sys.exit(not all(one.fine for one in found))


if __name__ == "__main__":
    main()
