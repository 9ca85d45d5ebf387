"""The command `explain`: one customer in a few sentences, from posteriors that `fit` has stored."""

from __future__ import annotations

import json
from typing import Annotated

from cyclopts import Parameter

from kundenwert.cli import options as o
from kundenwert.cli.journey import Journey
from kundenwert.cli.predict import fitted
from kundenwert.cli.told import show

Customer = Annotated[
    str, Parameter(help="Id of the customer, as in the log, or its pseudonym with --pseudonymise.", show_default=False)
]
Json = Annotated[
    bool,
    Parameter(
        help="Write the explanation as JSON on stdout: purchases, facts, forecast, reasons.",
        negative="",
        show_default=False,
        group=o.OUTPUT,
    ),
]


def explain(
    customer: Customer,
    source: o.Sources = (),
    /,
    *,
    fit: o.FitDir,
    reading: Annotated[o.ReadingOptions, o.FLAT] = o.READING,
    shaping: Annotated[o.FittedShaping, o.FLAT] = o.FITTED,
    sampling: Annotated[o.SeedOption, o.FLAT] = o.SEED,
    terms: Annotated[o.ValuedTerms, o.FLAT] = o.VALUED,
    json: Json = False,
    config: o.Config = None,
) -> None:
    """Explain one customer with posteriors stored by `fit`: its history, its forecast, and the reasons."""
    del config
    journey = Journey()
    fits, log, summary, terms = fitted(journey, source, fit, reading, shaping, terms)
    with journey.step("Explaining"):
        from kundenwert.reasons import explain as explained  # noqa: PLC0415

        found = explained(customer, *fits, summary, terms, log=log, seed=sampling.seed)
    show(_as_json(found.to_dict()) if json else repr(found))


def _as_json(content: dict[str, object]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False)
