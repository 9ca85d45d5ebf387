"""Run the tests as other processors compute: `make test-portable`, or `python tests/portable.py [pytest's options]`.

Matrix products, exponentials and compiled loops differ between processors in their last digits, and a sampler's chain
differs with them. What holds for one chain only is no test.
"""

import os
import re
import subprocess
import sys

from numpy._core import _multiarray_umath as umath

HAS = {name for name, there in umath.__cpu_features__.items() if there}
KERNELS = {"Haswell": {"AVX2", "FMA3"}, "SkylakeX": {"AVX512_SKX"}, "Zen": {"AVX2", "FMA3"}, "Nehalem": {"SSE42"}}
"""Kernels of the matrix library, and what a processor must have to run them."""

L2_SIZE = "512"
"""In KiB. OpenBLAS 0.3.34 gives Zen 4's block sizes, told by a cache of 1,024, to kernels that overrun a buffer by them
(its issues 6013 and 6021), if those are chosen by hand; so the kernels are run with the cache of an older processor."""


def settings():
    """Name, variables, and why it cannot be had here, or nothing."""
    yield "as it is", {}, ""
    yield "OpenBLAS in threads", {"OPENBLAS_NUM_THREADS": "4"}, "" if kernel({}) else "NumPy does not use OpenBLAS here"
    seen = {}
    for name, needed in KERNELS.items():
        variables = {"OPENBLAS_CORETYPE": name, "OPENBLAS_L2_SIZE": L2_SIZE}
        core, lacking = kernel(variables), ", ".join(sorted(needed - HAS))
        why = f"the processor lacks {lacking}" if lacking else ""
        if not why and core is None:
            why = "NumPy does not use OpenBLAS here"
        yield f"OpenBLAS {name}", variables, why or (f"its kernels are those of {seen[core]}" if core in seen else "")
        if not why:
            seen.setdefault(core, name)
    wide = [name for name in umath.__cpu_dispatch__ if name in HAS]
    why = "" if wide else "the processor has no more than that"
    yield "NumPy's least instructions", {"NPY_DISABLE_CPU_FEATURES": " ".join(wide)}, why
    yield "Numba generic", {"NUMBA_CPU_NAME": "generic"}, ""


def kernel(variables):
    """What OpenBLAS says that it runs with; None if it says nothing."""
    told = subprocess.run(
        [sys.executable, "-c", "import numpy"],
        env=os.environ | variables | {"OPENBLAS_VERBOSE": "2"},
        check=True,
        capture_output=True,
        text=True,
    )
    found = re.search(r"Core: (\w+)", told.stdout + told.stderr)
    return found and found[1]


def main(options):
    """Run all settings, say how each ended, and return 1 if one failed."""
    ended = []
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("OPENBLAS_CORE", "NUMBA_CPU"))}
    for name, variables, why in settings():
        sys.stdout.write(f"\n{name}: {why or ' '.join(f'{key}={value}' for key, value in variables.items())}\n")
        sys.stdout.flush()
        code = (
            0
            if why
            else subprocess.run(
                [sys.executable, "-m", "pytest", *options], env=mine | variables, check=False
            ).returncode
        )
        ended.append((name, f"not run, {why}" if why else "failed" if code else "passed"))
    sys.stdout.write("\n" + "".join(f"{name}: {how}\n" for name, how in ended))
    return int(any(how == "failed" for _, how in ended))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
