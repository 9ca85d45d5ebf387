"""The commands `predict` and `compare`: values from posteriors that `fit` has stored."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from kundenwert.cli import options as o
from kundenwert.cli import steps
from kundenwert.cli.journey import Journey
from kundenwert.cli.told import show, tell_marks
from kundenwert.files.places import check_out
from kundenwert.settings import Reading, Shaping, Terms

if TYPE_CHECKING:
    from kundenwert.bayes import Fit
    from kundenwert.data import CustomerSummary, TransactionLog
    from kundenwert.laws import PurchaseLaw, SpendLaw
    from kundenwert.value import ValueResult


def predict(
    source: o.Sources = (),
    /,
    *,
    fit: o.FitDir,
    out: o.OutFile,
    reading: Annotated[o.ReadingOptions, o.FLAT] = o.READING,
    shaping: Annotated[o.FittedShaping, o.FLAT] = o.FITTED,
    sampling: Annotated[o.SeedOption, o.FLAT] = o.SEED,
    terms: Annotated[o.ValuedTerms, o.FLAT] = o.VALUED,
    output: Annotated[o.TableOutput, o.FLAT] = o.TABLED,
    overwrite: o.Overwrite = False,
    config: o.Config = None,
) -> None:
    """Value each customer of a log with posteriors stored by `fit`, also customers it never saw."""
    del config
    check_out("predict", out, *steps.files_of(source), *_costs(terms), overwrite=overwrite)
    _, values = _valued(Journey(), source, fit, reading, shaping, terms, sampling.seed)
    tell_marks(values.marks)
    show(steps.write_table(values.table, out, output))


def compare(
    source: o.Sources = (),
    /,
    *,
    fit: o.FitDir,
    out: o.OutFile,
    reading: Annotated[o.ReadingOptions, o.FLAT] = o.READING,
    shaping: Annotated[o.ComparedShaping, o.FLAT] = o.COMPARED,
    sampling: Annotated[o.SeedOption, o.FLAT] = o.SEED,
    terms: Annotated[o.TermsOptions, o.FLAT] = o.TERMS,
    output: Annotated[o.TableOutput, o.FLAT] = o.TABLED,
    overwrite: o.Overwrite = False,
    config: o.Config = None,
) -> None:
    """Set the simple formula beside the posterior, one row per cohort."""
    del config
    check_out("compare", out, *steps.files_of(source), *_costs(terms), overwrite=overwrite)
    journey = Journey()
    summary, values = _valued(journey, source, fit, reading, shaping, terms, sampling.seed)
    with journey.step("Comparing"):
        from kundenwert.compare import compare_cohorts  # noqa: PLC0415

        table = compare_cohorts(summary, values, lifespan_years=float(terms.lifespan_years))
    tell_marks(values.marks)
    show(steps.write_table(table, out, output))


def _valued(
    journey: Journey,
    source: tuple[str, ...],
    folder: Path,
    reading: Reading,
    shaping: Shaping,
    terms: Terms,
    seed: int,
) -> tuple[CustomerSummary, ValueResult]:
    """Customers of a log and their values, by stored posteriors."""
    fits, _, summary, terms = fitted(journey, source, folder, reading, shaping, terms)
    return summary, steps.value(journey, *fits, summary, terms, seed=seed)


def fitted(
    journey: Journey, source: tuple[str, ...], folder: Path, reading: Reading, shaping: Shaping, terms: Terms
) -> tuple[tuple[Fit[PurchaseLaw], Fit[SpendLaw]], TransactionLog, CustomerSummary, Terms]:
    """Stored posteriors, and a log with its customers and their terms; cohorts are the fit's own unless stated."""
    costs = steps.costs_of(terms)
    fits = steps.load_both(journey, folder)
    shaping = replace(shaping, cohort=shaping.cohort or steps.cohort_of(*fits))
    log, summary = steps.read_and_summarise(journey, source, reading, shaping, steps.attributes(*fits), for_fit=False)
    terms, summary = steps.priced(terms, costs, summary)
    return fits, log, summary, terms


def _costs(terms: Terms) -> list[Path]:
    return [] if terms.cac_file is None else [Path(terms.cac_file)]
