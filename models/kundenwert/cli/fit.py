"""The command `fit`: both posteriors, stored."""

from __future__ import annotations

from typing import Annotated

from kundenwert.cli import options as o
from kundenwert.cli import steps
from kundenwert.cli.journey import Journey
from kundenwert.cli.told import show, tell
from kundenwert.files.places import check_out

NOT_CONVERGED = 3
"""Exit code of `fit` where a model did not converge."""


def fit(
    source: o.Sources = (),
    /,
    *,
    out: o.OutDir,
    reading: Annotated[o.ReadingOptions, o.FLAT] = o.READING,
    shaping: Annotated[o.FitShaping, o.FLAT] = o.FIT,
    sampling: Annotated[o.SamplingOptions, o.FLAT] = o.SAMPLING,
    overwrite: o.Overwrite = False,
    config: o.Config = None,
) -> int:
    """Sample both models, store the posteriors as NetCDF, and print the diagnosis."""
    del config
    check_out("fit", out, *steps.files_of(source), overwrite=overwrite)
    journey = Journey()
    from kundenwert.files.publish import claimed  # noqa: PLC0415

    with claimed(out):
        log, summary = steps.read_and_summarise(journey, source, reading, shaping, steps.looked_at(sampling))
        fits = steps.fit_both(journey, summary, sampling, log, shaping)
        from kundenwert.bayes.stored import save_pair  # noqa: PLC0415

        files = save_pair(fits, out)
    found = [(fit.model.name, fit.diagnosis) for fit in fits]
    for file, (name, diagnosis) in zip(files, found, strict=True):
        tell(f"{name}: {diagnosis}")
        show(file)
    return 0 if all(diagnosis.converged for _, diagnosis in found) else NOT_CONVERGED
