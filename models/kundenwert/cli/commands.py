"""The commands: `report` does everything, the others one step each."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

from kundenwert.cli import options as o
from kundenwert.cli import steps
from kundenwert.cli.simulation import simulate
from kundenwert.errors import KundenwertError
from kundenwert.files.places import POSTERIOR, SPEND_POSTERIOR, check_out

NOT_CONVERGED = 3
"""Exit code of `fit` where a model did not converge."""

app = typer.Typer(
    help="Customer lifetime value with honest uncertainty: from a transaction log to a report that can be checked.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def main() -> None:
    """Run the command line; what a user can mend is one line on stderr and exit code 1."""
    try:
        app()
    except KundenwertError as error:
        sys.exit(f"kundenwert: {_in_options(str(error))}")
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        sys.exit(f"kundenwert: {where}{error.strerror or error}")
    except KeyboardInterrupt:
        sys.exit(130)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"kundenwert {version('kundenwert')}")
        raise typer.Exit


@app.callback()
def _root(
    shown: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


@app.command()
def report(
    source: o.Source,
    out: o.OutDir,
    customer_id: o.CustomerId = "customer_id",
    date: o.Date = "date",
    amount: o.Amount = "amount",
    date_format: o.DateFormat = None,
    decimal: o.Decimal = None,
    skip_lines: o.SkipLines = 0,
    refunds: o.RefundPolicy = o.Refunds.exclude,
    zero_amounts: o.ZeroPolicy = o.ZeroAmounts.keep,
    duplicates: o.DuplicatePolicy = o.Duplicates.keep,
    future: o.FuturePolicy = o.Future.exclude,
    observation_end: o.ObservationEnd = None,
    holdout_end: o.HoldoutEnd = None,
    log_end: o.LogEnd = None,
    time_unit: o.Unit = o.TimeUnit.W,
    cohort: o.Cohort = "month",
    inactivity_months: o.Inactivity = 12,
    effects: o.Effects = None,
    covariate: o.Covariates = None,
    method: o.How = o.Method.auto,
    draws: o.Draws = 1000,
    tune: o.Tune = 300,
    chains: o.Chains = 4,
    seed: o.Seed = 1,
    allow_unconverged: o.AllowUnconverged = False,
    horizon: o.Horizon = None,
    discount_rate: o.DiscountRate = 0.10,
    margin: o.Margin = 1.0,
    cac: o.Cac = None,
    cac_file: o.CacFile = None,
    lifespan_years: o.Lifespan = 3.0,
    overwrite: o.Overwrite = False,
    german_csv: o.GermanCsv = False,
    full_precision: o.FullPrecision = False,
    title: o.Title = None,
) -> None:
    """Do everything: summarise, fit, value, compare, and render the report."""
    chosen = {key: value.name if isinstance(value, Path) else value for key, value in locals().items()}
    journey = steps.Journey()
    check_out("report", out, source, cac_file, overwrite=overwrite)
    assumptions = _assumptions(horizon, discount_rate, margin, steps.costs(cac, cac_file), allow_unconverged)
    log, summary = steps.read_and_summarise(
        journey,
        source,
        reading=_reading(
            customer_id, date, amount, date_format, decimal, skip_lines, refunds, zero_amounts, duplicates, future
        ),
        shaping=_shaping(
            observation_end,
            holdout_end,
            log_end,
            time_unit,
            cohort,
            inactivity_months,
            _attributes(effects, covariate),
        ),
    )
    steps.check_money(summary, assumptions)
    sampling = {"seed": seed, "draws": draws, "tune": tune, "chains": chains}
    purchases, spend = steps.fit_both(
        journey, summary, effects=effects or (), covariates=covariate or (), method=method.value, **sampling
    )
    values = steps.value(journey, purchases, spend, summary, seed=seed, **assumptions)
    with journey.step("Comparing and checking"):
        from kundenwert.report import gather, write  # noqa: PLC0415

        results = gather(log, summary, purchases, spend, values, lifespan_years=lifespan_years, seed=seed)
    with journey.step("Rendering the report"):
        del chosen["source"], chosen["out"], chosen["overwrite"]
        page = write(
            results, out, title=title or source.stem, options=chosen, seconds=journey.seconds, german=german_csv,
            full_precision=full_precision,
        )  # fmt: skip
    typer.echo(page)


@app.command()
def summarise(
    source: o.Source,
    out: o.OutFile,
    customer_id: o.CustomerId = "customer_id",
    date: o.Date = "date",
    amount: o.Amount = "amount",
    date_format: o.DateFormat = None,
    decimal: o.Decimal = None,
    skip_lines: o.SkipLines = 0,
    refunds: o.RefundPolicy = o.Refunds.exclude,
    zero_amounts: o.ZeroPolicy = o.ZeroAmounts.keep,
    duplicates: o.DuplicatePolicy = o.Duplicates.keep,
    future: o.FuturePolicy = o.Future.exclude,
    observation_end: o.ObservationEnd = None,
    holdout_end: o.HoldoutEnd = None,
    log_end: o.LogEnd = None,
    time_unit: o.Unit = o.TimeUnit.W,
    cohort: o.Cohort = "month",
    inactivity_months: o.Inactivity = 12,
    overwrite: o.Overwrite = False,
    german_csv: o.GermanCsv = False,
    full_precision: o.FullPrecision = False,
) -> None:
    """Write one row per customer: frequency, recency, T, monetary value; and say what happened to each input row."""
    check_out("summarise", out, source, overwrite=overwrite)
    _, summary = steps.read_and_summarise(
        steps.Journey(),
        source,
        reading=_reading(
            customer_id, date, amount, date_format, decimal, skip_lines, refunds, zero_amounts, duplicates, future
        ),
        shaping=_shaping(observation_end, holdout_end, log_end, time_unit, cohort, inactivity_months, {}),
        in_full=True,
    )
    typer.echo(steps.write_table(summary.table, out, german=german_csv, full_precision=full_precision))


@app.command()
def fit(
    source: o.Source,
    out: o.OutDir,
    customer_id: o.CustomerId = "customer_id",
    date: o.Date = "date",
    amount: o.Amount = "amount",
    date_format: o.DateFormat = None,
    decimal: o.Decimal = None,
    skip_lines: o.SkipLines = 0,
    refunds: o.RefundPolicy = o.Refunds.exclude,
    zero_amounts: o.ZeroPolicy = o.ZeroAmounts.keep,
    duplicates: o.DuplicatePolicy = o.Duplicates.keep,
    future: o.FuturePolicy = o.Future.exclude,
    observation_end: o.ObservationEnd = None,
    log_end: o.LogEnd = None,
    time_unit: o.Unit = o.TimeUnit.W,
    cohort: o.Cohort = "none",
    effects: o.Effects = None,
    covariate: o.Covariates = None,
    method: o.How = o.Method.auto,
    draws: o.Draws = 1000,
    tune: o.Tune = 300,
    chains: o.Chains = 4,
    seed: o.Seed = 1,
    overwrite: o.Overwrite = False,
) -> None:
    """Sample both models, store the posteriors as NetCDF, and print the diagnosis.

    Ends with exit code 3 if one of them did not converge; the files are written nevertheless.
    """
    check_out("fit", out, source, overwrite=overwrite)
    journey = steps.Journey()
    _, summary = steps.read_and_summarise(
        journey,
        source,
        reading=_reading(
            customer_id, date, amount, date_format, decimal, skip_lines, refunds, zero_amounts, duplicates, future
        ),
        shaping=_shaping(observation_end, None, log_end, time_unit, cohort, 12, _attributes(effects, covariate)),
    )
    sampling = {"seed": seed, "draws": draws, "tune": tune, "chains": chains}
    fits = steps.fit_both(
        journey, summary, effects=effects or (), covariates=covariate or (), method=method.value, **sampling
    )
    for name, result in zip((POSTERIOR, SPEND_POSTERIOR), fits, strict=True):
        typer.echo(f"{result.model.name}: {result.diagnosis}", err=True)
        typer.echo(result.save(out / name))
    if not all(result.diagnosis.converged for result in fits):
        raise typer.Exit(NOT_CONVERGED)


@app.command()
def predict(
    source: o.Source,
    fit: o.FitDir,
    out: o.OutFile,
    customer_id: o.CustomerId = "customer_id",
    date: o.Date = "date",
    amount: o.Amount = "amount",
    date_format: o.DateFormat = None,
    decimal: o.Decimal = None,
    skip_lines: o.SkipLines = 0,
    refunds: o.RefundPolicy = o.Refunds.exclude,
    zero_amounts: o.ZeroPolicy = o.ZeroAmounts.keep,
    duplicates: o.DuplicatePolicy = o.Duplicates.keep,
    future: o.FuturePolicy = o.Future.exclude,
    observation_end: o.ObservationEnd = None,
    holdout_end: o.HoldoutEnd = None,
    log_end: o.LogEnd = None,
    time_unit: o.Unit = o.TimeUnit.W,
    cohort: o.FittedCohort = None,
    seed: o.Seed = 1,
    allow_unconverged: o.AllowUnconverged = False,
    horizon: o.Horizon = None,
    discount_rate: o.DiscountRate = 0.10,
    margin: o.Margin = 1.0,
    cac: o.Cac = None,
    cac_file: o.CacFile = None,
    overwrite: o.Overwrite = False,
    german_csv: o.GermanCsv = False,
    full_precision: o.FullPrecision = False,
) -> None:
    """Value each customer of a log with posteriors stored by `fit`, also customers it never saw."""
    journey = steps.Journey()
    check_out("predict", out, source, cac_file, overwrite=overwrite)
    assumptions = _assumptions(horizon, discount_rate, margin, steps.costs(cac, cac_file), allow_unconverged)
    fits = steps.load_both(journey, fit)
    cohort = cohort or steps.cohort_of(*fits)
    _, summary = steps.read_and_summarise(
        journey,
        source,
        reading=_reading(
            customer_id, date, amount, date_format, decimal, skip_lines, refunds, zero_amounts, duplicates, future
        ),
        shaping=_shaping(
            observation_end, holdout_end, log_end, time_unit, cohort, 12, steps.attributes(*fits), for_fit=False
        ),
    )
    values = steps.value(journey, *fits, summary, seed=seed, **assumptions)
    _say(values.marks)
    typer.echo(steps.write_table(values.table, out, german=german_csv, full_precision=full_precision))


@app.command()
def compare(
    source: o.Source,
    fit: o.FitDir,
    out: o.OutFile,
    customer_id: o.CustomerId = "customer_id",
    date: o.Date = "date",
    amount: o.Amount = "amount",
    date_format: o.DateFormat = None,
    decimal: o.Decimal = None,
    skip_lines: o.SkipLines = 0,
    refunds: o.RefundPolicy = o.Refunds.exclude,
    zero_amounts: o.ZeroPolicy = o.ZeroAmounts.keep,
    duplicates: o.DuplicatePolicy = o.Duplicates.keep,
    future: o.FuturePolicy = o.Future.exclude,
    observation_end: o.ObservationEnd = None,
    holdout_end: o.HoldoutEnd = None,
    log_end: o.LogEnd = None,
    time_unit: o.Unit = o.TimeUnit.W,
    cohort: o.FittedCohort = None,
    inactivity_months: o.Inactivity = 12,
    seed: o.Seed = 1,
    allow_unconverged: o.AllowUnconverged = False,
    horizon: o.Horizon = None,
    discount_rate: o.DiscountRate = 0.10,
    margin: o.Margin = 1.0,
    cac: o.Cac = None,
    cac_file: o.CacFile = None,
    lifespan_years: o.Lifespan = 3.0,
    overwrite: o.Overwrite = False,
    german_csv: o.GermanCsv = False,
    full_precision: o.FullPrecision = False,
) -> None:
    """Set the simple formula beside the posterior, one row per cohort."""
    journey = steps.Journey()
    check_out("compare", out, source, cac_file, overwrite=overwrite)
    assumptions = _assumptions(horizon, discount_rate, margin, steps.costs(cac, cac_file), allow_unconverged)
    fits = steps.load_both(journey, fit)
    cohort = cohort or steps.cohort_of(*fits)
    _, summary = steps.read_and_summarise(
        journey,
        source,
        reading=_reading(
            customer_id, date, amount, date_format, decimal, skip_lines, refunds, zero_amounts, duplicates, future
        ),
        shaping=_shaping(
            observation_end,
            holdout_end,
            log_end,
            time_unit,
            cohort,
            inactivity_months,
            steps.attributes(*fits),
            for_fit=False,
        ),
    )
    values = steps.value(journey, *fits, summary, seed=seed, **assumptions)
    with journey.step("Comparing"):
        from kundenwert.compare import compare_cohorts  # noqa: PLC0415

        table = compare_cohorts(summary, values, lifespan_years=lifespan_years)
    _say(values.marks)
    typer.echo(steps.write_table(table, out, german=german_csv, full_precision=full_precision))


app.command()(simulate)


def _reading(
    customer_id: str,
    date: str,
    amount: str,
    date_format: str | None,
    decimal: str | None,
    skip_lines: int,
    *policies: StrEnum,
) -> dict[str, Any]:
    names = {"customer_id": customer_id, "date": date, "amount": amount}
    chosen = dict(zip(("refunds", "zero_amounts", "duplicates", "future"), map(str, policies), strict=True))
    return names | {"date_format": date_format, "decimal": decimal, "skip_lines": skip_lines} | chosen


def _shaping(
    observation_end: str | None,
    holdout_end: str | None,
    log_end: str | None,
    time_unit: o.TimeUnit,
    cohort: str,
    inactivity_months: int,
    attributes: Mapping[str, str],
    *,
    for_fit: bool = True,
) -> dict[str, Any]:
    dates = {"observation_end": observation_end, "holdout_end": holdout_end, "log_end": log_end}
    return dates | {
        "time_unit": time_unit.value,
        "cohort": cohort,
        "inactivity_months": inactivity_months,
        "attributes": attributes,
        "for_fit": for_fit,
    }


def _attributes(effects: list[str] | None, covariates: list[str] | None) -> dict[str, str]:
    """Columns that models shall look at, each with the option that says so."""
    return dict.fromkeys(covariates or (), "--covariate") | dict.fromkeys(effects or (), "--effects")


def _assumptions(
    horizon: float | None, discount_rate: float, margin: float, cac: Any, allow_unconverged: bool
) -> dict[str, Any]:
    money = {"discount_rate": discount_rate, "margin": margin, "cac": cac}
    return money | {"horizon": horizon, "allow_unconverged": allow_unconverged}


_PARAMETERS = (
    "customer_id|date|amount|date_format|decimal|skip_lines|observation_end|holdout_end|log_end|cohort|cac_file|cac"
)


def _in_options(message: str) -> str:
    """Put the options' names for the parameters' in a message that was written for callers from Python."""
    message = message.replace("allow_unconverged=True", "--allow-unconverged").replace("future='keep'", "--future keep")
    return re.sub(
        rf"\b({_PARAMETERS})=|\b(observation_end|holdout_end|log_end)\b",
        lambda found: f"--{(found[1] or found[2]).replace('_', '-')}{' ' if found[1] else ''}",
        message,
    )


def _say(marks: tuple[str, ...]) -> None:
    for mark in marks:
        typer.echo(f"caution: {mark}", err=True)
