"""The command `summarise`: one row per customer, and the account of all rows."""

from __future__ import annotations

from typing import Annotated

from kundenwert.cli import options as o
from kundenwert.cli import steps
from kundenwert.cli.journey import Journey
from kundenwert.cli.told import show
from kundenwert.files.places import check_out


def summarise(
    source: o.Sources = (),
    /,
    *,
    out: o.OutFile,
    reading: Annotated[o.ReadingOptions, o.FLAT] = o.READING,
    shaping: Annotated[o.ShapingOptions, o.FLAT] = o.SHAPING,
    output: Annotated[o.TableOutput, o.FLAT] = o.TABLED,
    overwrite: o.Overwrite = False,
    config: o.Config = None,
) -> None:
    """Write one row per customer: frequency, recency, T, monetary value; and say what happened to each input row."""
    del config
    check_out("summarise", out, *steps.files_of(source), overwrite=overwrite)
    _, summary = steps.read_and_summarise(Journey(), source, reading, shaping, in_full=True)
    show(steps.write_table(summary.table, out, output))
