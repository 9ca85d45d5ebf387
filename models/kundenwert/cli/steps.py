"""The steps that commands are made of, each announced, timed and recorded."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from kundenwert.cli.told import tell_account, tell_excluded
from kundenwert.errors import DomainError, SchemaError
from kundenwert.files.places import POSTERIOR, SPEND_POSTERIOR

if TYPE_CHECKING:
    import pandas as pd

    from kundenwert.bayes import Fit, Method
    from kundenwert.data import CustomerSummary, TransactionLog
    from kundenwert.data.roles import ColumnError
    from kundenwert.value import ValueResult


@dataclass
class Journey:
    """Announces steps on a terminal, and keeps their seconds."""

    console: Console = field(default_factory=lambda: Console(stderr=True, highlight=False))
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def visible(self) -> bool:
        """Whether somebody is looking."""
        return sys.stderr.isatty()

    @contextmanager
    def step(self, name: str, *, spin: bool = True) -> Iterator[None]:
        """Time a step under its name; on a terminal show that it is under way, and what it took."""
        started = perf_counter()
        if self.visible and spin:
            with self.console.status(f"{name} ..."):
                yield
        else:
            if self.visible:
                self.console.print(f"{name} ...")
            yield
        self.seconds[name] = round(perf_counter() - started, 3)
        if self.visible:
            self.console.print(f"[green]✓[/] {name} [dim]{self.seconds[name]:.1f} s[/]")

    @contextmanager
    def bar(self, name: str, total: int) -> Iterator[Callable[[int], object]]:
        """Time a step whose progress is counted; yields the function to call with each advance."""
        started = perf_counter()
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self.console, transient=True, disable=not self.visible) as progress:
            task = progress.add_task(name, total=total)
            yield lambda done: progress.advance(task, done)
        self.seconds[name] = round(perf_counter() - started, 3)
        if self.visible:
            self.console.print(f"[green]✓[/] {name} [dim]{self.seconds[name]:.1f} s[/]")


def read_and_summarise(
    journey: Journey, source: Path, *, reading: Mapping[str, Any], shaping: Mapping[str, Any], in_full: bool = False
) -> tuple[TransactionLog, CustomerSummary]:
    """From a file to a customer summary; cohorts that are no period of time, and attributes, are columns to be kept.

    What was left out for other reasons than the dates asked for is told on stderr; `in_full`, what became of every row.
    """
    with journey.step("Reading and summarising"):
        from kundenwert.data import read_transactions, summarise  # noqa: PLC0415
        from kundenwert.data.roles import ColumnError  # noqa: PLC0415
        from kundenwert.data.summary import CALENDAR_COHORTS  # noqa: PLC0415

        cohort = str(shaping["cohort"])
        attributes = {name: option for name, option in shaping["attributes"].items() if name != "cohort"}
        options = {**attributes} if cohort in CALENDAR_COHORTS else {cohort: "--cohort", **attributes}
        try:
            log = read_transactions(source, keep=tuple(options), **reading)
        except ColumnError as error:
            raise SchemaError(_in_options(error, options)) from error
        summary = summarise(log, **{**shaping, "attributes": tuple(attributes)})
    if in_full:
        tell_account(log, summary)
    else:
        tell_excluded(log.account, summary.account.notes)
    return log, summary


def _in_options(error: ColumnError, options: Mapping[str, str]) -> str:
    """Say by which options the columns were asked for, instead of `keep`."""
    message = str(error)
    for name, guess in error.meant.items():
        option = options[name]
        asked = f"{option} {guess!r}" if option.startswith("-") else f"{guess!r} (it must be called as in {option})"
        message = message.replace(f"keep={guess!r}", asked)
    kept = next((options[name] for name in options if f"column {name!r} is asked" in message), "keep")
    uses = [kept if use == "keep" else f"--{use.replace('_', '-')}" for use in error.uses]
    return message.replace(f"({', '.join(error.uses)})", f"({', '.join(uses)})") if uses else message


def fit_both(
    journey: Journey,
    summary: CustomerSummary,
    *,
    effects: Sequence[str],
    covariates: Sequence[str],
    seed: int,
    method: Method,
    **sampling: int,
) -> tuple[Fit, Fit]:
    """Both posteriors."""
    with journey.step("Loading the models"):
        from kundenwert import bayes  # noqa: PLC0415
    columns: dict[str, Any] = {"cohorts": tuple(effects), "covariates": tuple(covariates)}
    how: dict[str, Any] = {"seed": seed, "method": method, "progress": journey.visible, **sampling}
    with journey.step("Sampling the purchase model", spin=False):
        purchases = bayes.fit(bayes.ParetoNBD(**columns), summary, **how)
    with journey.step("Sampling the spend model", spin=False):
        spend = bayes.fit(bayes.GammaGamma(**columns), summary, **how)
    return purchases, spend


def load_both(journey: Journey, folder: Path) -> tuple[Fit, Fit]:
    """Both posteriors from the folder that `fit` wrote."""
    with journey.step("Loading the posteriors"):
        from kundenwert.bayes import load_fit  # noqa: PLC0415

        return load_fit(folder / POSTERIOR), load_fit(folder / SPEND_POSTERIOR)


def attributes(*fits: Fit) -> dict[str, str]:
    """Columns that fitted models look at, which no option can name otherwise."""
    names = [name for fit in fits for name in (*fit.model.cohorts, *fit.model.covariates)]
    return dict.fromkeys(names, "the fit")


def cohort_of(*fits: Fit) -> str:
    """How customers were grouped when fitted, where a model looks at cohorts and the fit says so; else by month."""
    for fit in fits:
        if "cohort" in (*fit.model.cohorts, *fit.model.covariates) and fit.info.get("cohort"):
            return str(fit.info["cohort"])
    return "month"


def value(
    journey: Journey, purchases: Fit, spend: Fit, summary: CustomerSummary, *, seed: int, **assumptions: Any
) -> ValueResult:
    """The value table, with a bar over customers."""
    from kundenwert.value import value_table  # noqa: PLC0415

    check_money(summary, assumptions)
    with journey.bar("Valuing customers", len(summary)) as advance:
        return value_table(purchases, spend, summary, seed=seed, advance=advance, **assumptions)


def costs(cac: float | None, cac_file: Path | None) -> float | dict[str, float]:
    """One acquisition cost for everybody, or those of a file by cohort, but not both."""
    if cac_file is None:
        return 0.0 if cac is None else cac
    if cac is not None:
        raise DomainError(f"cac={cac:g} and cac_file={cac_file.name!r} are both given; state one of them")
    from kundenwert.data.tables import read_costs  # noqa: PLC0415

    return read_costs(cac_file).stated()


def check_money(summary: CustomerSummary, assumptions: dict[str, Any]) -> None:
    """Refuse assumptions without meaning before anything is sampled."""
    from kundenwert.value import assume  # noqa: PLC0415

    if assumptions["horizon"] is None:
        assumptions["horizon"] = summary.units_per_year
    assume(summary, **{name: value for name, value in assumptions.items() if name != "allow_unconverged"})


def write_table(table: pd.DataFrame, path: Path, *, german: bool, full_precision: bool) -> Path:
    """Write a table in the format of the path's ending: Parquet with all digits, CSV rounded unless they are wanted."""
    from kundenwert.files.tables import write_parquet, write_result  # noqa: PLC0415

    if path.suffix == ".parquet":
        return write_parquet(table, path)
    return write_result(table, path, german=german, full_precision=full_precision)
