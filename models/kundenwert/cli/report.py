"""The command `report`: the whole way, and a run given back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from kundenwert.cli import options as o
from kundenwert.cli import repeat as again
from kundenwert.cli import steps
from kundenwert.cli.journey import Journey
from kundenwert.cli.told import show
from kundenwert.files.places import check_out
from kundenwert.settings.document import Document

Repeat = Annotated[
    Path | None,
    Parameter(
        name="--from", help="manifest.json of an earlier report: its settings, on the same source.", group=o.DATA
    ),
]
AllowChanged = Annotated[
    bool,
    Parameter(
        help="With --from: use the settings also on a source that has changed since.",
        negative="",
        show_default=False,
        group=o.DATA,
    ),
]


def report(
    source: o.Sources = (),
    /,
    *,
    out: o.OutDir,
    reading: Annotated[o.ReadingOptions, o.FLAT] = o.READING,
    shaping: Annotated[o.ShapingOptions, o.FLAT] = o.SHAPING,
    sampling: Annotated[o.SamplingOptions, o.FLAT] = o.SAMPLING,
    terms: Annotated[o.TermsOptions, o.FLAT] = o.TERMS,
    output: Annotated[o.ReportOutput, o.FLAT] = o.REPORTED,
    overwrite: o.Overwrite = False,
    config: o.Config = None,
    repeat: Repeat = None,
    allow_changed_source: AllowChanged = False,
) -> None:
    """Do everything: summarise, fit, value, compare, and render the report."""
    del config  # its values are in the records
    stated = Document(source=source, reading=reading, shaping=shaping, sampling=sampling, terms=terms, output=output)
    if repeat is not None:
        stated = again.found(stated, repeat, allow_changed=allow_changed_source)
    read = [*steps.files_of(stated.source), *again.beside(stated)]
    check_out("report", out, *read, overwrite=overwrite)
    from kundenwert.files.publish import claimed  # noqa: PLC0415

    with claimed(out):
        page = _report(Journey(), stated, out)
    show(page)


def _report(journey: Journey, stated: Document, out: Path) -> Path:
    """From sources to a page, by what is stated."""
    costs = steps.costs_of(stated.terms)
    log, summary = steps.read_and_summarise(
        journey, stated.source, stated.reading, stated.shaping, steps.looked_at(stated.sampling)
    )
    priced, summary = steps.priced(stated.terms, costs, summary)
    from kundenwert.value import check_terms  # noqa: PLC0415

    check_terms(summary, priced)
    purchases, spend = steps.fit_both(journey, summary, stated.sampling, log, stated.shaping)
    from kundenwert.report import Readers, gather, write  # noqa: PLC0415

    readers, seed = Readers.of(summary), stated.sampling.seed
    each = () if readers is None else readers.each
    values = steps.value(journey, purchases, spend, summary, priced, seed=seed, readers=each)
    with journey.step("Comparing and checking"):
        years = float(stated.terms.lifespan_years)
        results = gather(log, purchases, spend, summary, values, readers=readers, lifespan_years=years, seed=seed)
    with journey.step("Rendering the report"):
        return write(
            results,
            out,
            title=stated.output.title or Path(log.source.name).stem,
            options=again.kept(stated, log.source.name),
            seconds=journey.seconds,
            german=stated.output.german_csv,
            full_precision=stated.output.full_precision,
        )
