"""What every worker shares: standard library only, for any Python from 3.10 on."""

import gc
import json
import resource
import sys
import time
from pathlib import Path

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def task():
    """What the driver asks for: the name of the task and its options."""
    return sys.argv[1], json.loads(Path(sys.argv[2]).read_text())


def answer(values):
    """Hand the result back to the driver."""
    Path(sys.argv[3]).write_text(json.dumps(values))


class Measured:
    """Seconds of a block, also of processors, when it ended, and peak resident memory above its start, in MB."""

    def __enter__(self):
        gc.collect()
        try:
            _CLEAR.write_text("5")  # forgets the high-water mark of resident memory
            self._start = _kilobytes("VmRSS")
        except OSError:
            self._start = None
        self._processors, self._from = _processor_seconds(), time.perf_counter()
        return self

    def __exit__(self, *_):
        self.seconds = time.perf_counter() - self._from
        self.ended = time.monotonic()
        self.processors = _processor_seconds() - self._processors
        self.megabytes = None if self._start is None else (_kilobytes("VmHWM") - self._start) / 1024

    @property
    def values(self):
        names = ("seconds", "processors", "ended", "megabytes")
        return {name: getattr(self, name) for name in names}


def _processor_seconds():
    """Seconds of processor taken by this process, all its threads, and its children that have ended."""
    taken = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in taken)


def _kilobytes(field):
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(field))
    return int(line.split()[1])


def seconds_again(function, times):
    """Median seconds of further calls in the same process; None if none are asked for."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        function()
        taken.append(time.perf_counter() - start)
    return sorted(taken)[len(taken) // 2] if taken else None


def peak_of_process():
    """Peak resident memory of this process so far, or of its largest child, in MB."""
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    unit = 1024 if sys.platform.startswith("linux") else 1024**2
    return max(resource.getrusage(each).ru_maxrss for each in who) / unit
