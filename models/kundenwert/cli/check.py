"""The command `check`: the account of all rows and all cautions, without fitting anything."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from kundenwert.cli import options as o
from kundenwert.cli import steps
from kundenwert.cli.journey import Journey
from kundenwert.cli.told import show
from kundenwert.errors import KundenwertError

if TYPE_CHECKING:
    from kundenwert.data import CustomerSummary

CAUTION = 4
"""Exit code of `check` where something calls for caution."""

Json = Annotated[
    bool,
    Parameter(
        help="Write the account as JSON on stdout: codes, figures, counts, money.",
        negative="",
        show_default=False,
        group=o.OUTPUT,
    ),
]


def check(
    source: o.Sources = (),
    /,
    *,
    reading: Annotated[o.ReadingOptions, o.FLAT] = o.READING,
    shaping: Annotated[o.ShapingOptions, o.FLAT] = o.SHAPING,
    sampling: Annotated[o.SamplingOptions, o.FLAT] = o.SAMPLING,
    terms: Annotated[o.TermsOptions, o.FLAT] = o.TERMS,
    json: Json = False,
    config: o.Config = None,
) -> int:
    """Say what became of every row and what calls for caution, without fitting anything."""
    del config
    try:
        from kundenwert.bayes.stated_priors import stated_priors  # noqa: PLC0415

        stated_priors(sampling.priors)
        costs = steps.costs_of(terms)
        _, summary = steps.read_and_summarise(
            Journey(), source, reading, shaping, steps.looked_at(sampling), in_full=not json
        )
        priced, summary = steps.priced(terms, costs, summary)
        from kundenwert.value import check_terms  # noqa: PLC0415

        check_terms(summary, priced)
    except KundenwertError as error:
        if json:
            _show({"verdict": "refused", "code": error.code, "setting": error.parameter, "message": error.told("cli")})
        raise
    caution = any(note.caution for note in summary.account.notes)
    if json:
        _show({"verdict": "caution" if caution else "fine"} | _found(summary))
    return CAUTION if caution else 0


def _found(summary: CustomerSummary) -> dict[str, object]:
    """What was found, as plain values."""
    return {
        "source": summary.source.to_dict(),
        "rows": summary.account.to_dict(),
        "customers": len(summary),
        "revenue": float(summary.table["value_to_date"].sum()),
        "observation_start": summary.observation_start,
        "observation_end": summary.observation_end,
        "holdout_end": summary.holdout_end,
    }


def _show(content: dict[str, object]) -> None:
    show(json.dumps(content, indent=2, ensure_ascii=False, default=str))
