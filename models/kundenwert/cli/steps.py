"""The steps that commands are made of, each announced, timed and recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kundenwert.cli.journey import Journey
from kundenwert.cli.told import tell, tell_account, tell_cautions, tell_excluded
from kundenwert.errors import DomainError, KundenwertError, SchemaError
from kundenwert.messages import Code, Setting
from kundenwert.messages.render import Interface
from kundenwert.settings import Output, Reading, Sampling, Shaping, Terms, made

if TYPE_CHECKING:
    import pandas as pd

    from kundenwert.bayes import Fit
    from kundenwert.calendar import Calendar
    from kundenwert.data import Costs, CustomerSummary, TransactionLog
    from kundenwert.laws import Law, PurchaseLaw, SpendLaw
    from kundenwert.predict import Reader
    from kundenwert.value import ValueResult


def files_of(sources: tuple[str, ...]) -> list[Path]:
    """Return the files that sources name, patterns among them; addresses and the standard input are none."""
    paths = [Path(text) for text in sources if "://" not in text and text != "-"]
    return [file for path in paths for file in ([path] if path.exists() else map(Path, sorted(glob(str(path)))))]  # noqa: PTH207


def read_and_summarise(
    journey: Journey,
    sources: tuple[str, ...],
    reading: Reading,
    shaping: Shaping,
    looked_at: dict[str, str] | None = None,
    *,
    for_fit: bool = True,
    in_full: bool = False,
) -> tuple[TransactionLog, CustomerSummary]:
    """From sources to a customer summary; columns that models look at, and cohorts that are a column, are kept.

    What was left out for other reasons than the dates asked for is told on stderr; `in_full`, what became of every row.

    Parameters
    ----------
    looked_at
        Columns that models look at, each with the setting that says so.
    """
    if not sources:
        raise SchemaError(Code.NO_SOURCE)
    with journey.step("Reading and summarising"):
        from kundenwert.data import read_transactions, summarise  # noqa: PLC0415
        from kundenwert.data.summary import CALENDAR_COHORTS  # noqa: PLC0415

        attributes = {name: setting for name, setting in (looked_at or {}).items() if name != "cohort"}
        columns = {} if shaping.cohort in CALENDAR_COHORTS else {shaping.cohort: "cohort"}
        columns |= attributes
        kept = tuple(dict.fromkeys((*reading.keep, *columns)))
        source = sources[0] if len(sources) == 1 else list(sources)
        try:
            log = read_transactions(source, made(Reading, reading, {"keep": kept}))
        except KundenwertError as error:
            raise error.with_settings(lambda setting: _asked(setting, columns)) from error
        described = tuple(dict.fromkeys((*shaping.attributes, *attributes)))
        summary = summarise(log, replace(shaping, attributes=described), for_fit=for_fit)
    if in_full:
        tell_account(log, summary)
    else:
        tell_excluded(log.account, summary.account.notes)
    return log, summary


class _OfTheFit(Setting):
    """A column that a stored fit looks at, which no option names."""

    def written(self, interface: Interface) -> str:
        """Write how the column must be called."""
        return f"{self.value!r} (it must be called as in the fit)"


def _asked(setting: Setting, columns: Mapping[str, str]) -> object:
    """Say by which option a kept column was asked for."""
    asked = columns.get(setting.instead_of or str(setting.value)) if setting.name == "keep" else None
    if asked == "fit":
        return _OfTheFit("fit", setting.value)
    return setting if asked is None else replace(setting, name=asked)


def looked_at(sampling: Sampling) -> dict[str, str]:
    """Columns that models shall look at, each with the setting that says so."""
    return dict.fromkeys(sampling.covariate, "covariate") | dict.fromkeys(sampling.effects, "effects")


def fit_both(
    journey: Journey,
    summary: CustomerSummary,
    sampling: Sampling,
    log: TransactionLog,
    shaping: Shaping,
    say: Callable[[str], object] = tell,
) -> tuple[Fit[PurchaseLaw], Fit[SpendLaw]]:
    """Both posteriors; the law of purchases is the stated one, or the best of all. `say` is told what was chosen."""
    with journey.step("Loading the models"):
        from kundenwert import bayes  # noqa: PLC0415
        from kundenwert.bayes.stated_priors import stated_priors  # noqa: PLC0415
        from kundenwert.laws import GammaGamma, GammaGammaFirst, purchase_law  # noqa: PLC0415
    purchase_priors, spend_priors = stated_priors(sampling.priors)
    looked_at = tuple(sampling.effects), tuple(sampling.covariate)

    def drawn[Of: Law](law: Of) -> Fit[Of]:
        return bayes.fit(
            law,
            summary,
            seed=sampling.seed,
            method=sampling.method,
            draws=sampling.draws,
            tune=sampling.tune,
            chains=sampling.chains,
            progress=journey.visible,
        )

    name = sampling.model
    if name == "auto":
        with journey.step("Comparing laws of purchases"):
            name, why = _best_law(log, summary, shaping, sampling.seed)
        say(f"--model auto: {why}")
    with journey.step("Sampling the purchase model", spin=False):
        purchases: Fit[PurchaseLaw] = drawn(purchase_law(name)(purchase_priors, *looked_at))
    looks, told = _first_value(journey, summary, sampling, say)
    with journey.step("Sampling the spend model", spin=False):
        spend: Fit[SpendLaw] = drawn((GammaGammaFirst if looks else GammaGamma)(spend_priors, *looked_at))
    spend.info["first_value"] = told
    return purchases, spend


def _first_value(
    journey: Journey, summary: CustomerSummary, sampling: Sampling, say: Callable[[str], object]
) -> tuple[bool, str]:
    """Whether the law of spend shall look at first purchases, and what is to be said of it with the fit."""
    if sampling.first_value != "auto":
        return sampling.first_value == "on", f"{sampling.first_value}: asked for"
    from kundenwert.validate import first_purchases  # noqa: PLC0415

    with journey.step("Asking whether first purchases tell"):
        found = first_purchases(summary, seed=sampling.seed)
    say(f"--first-value auto: {found.why}")
    return found.help, found.why


INNER = 2 / 3
"""Share of the observation that laws are fitted to where they are compared on the rest of it."""


def _best_law(log: TransactionLog, summary: CustomerSummary, shaping: Shaping, seed: int) -> tuple[str, str]:
    """Compare laws by leave-one-out, and on the last third of the observation; the user's hold-out is not touched."""
    from kundenwert.data import summarise  # noqa: PLC0415
    from kundenwert.validate import compare_models  # noqa: PLC0415

    start, end = summary.observation_start, summary.observation_end
    inner = None
    if start is not None and end is not None and (end - start).days > 2:
        middle = start + INNER * (end - start)
        inner = summarise(log, replace(shaping, observation_end=middle, holdout_end=end, attributes=()), cohort="none")
    found = compare_models(replace(summary, holdout_end=None), holdout=inner, seed=seed)
    return found.chosen, found.why


def load_both(journey: Journey, folder: Path) -> tuple[Fit[PurchaseLaw], Fit[SpendLaw]]:
    """Both posteriors from the folder that `fit` wrote."""
    with journey.step("Loading the posteriors"):
        from kundenwert.bayes.stored import load_pair  # noqa: PLC0415

        return load_pair(folder)


def attributes(*fits: Fit[Any]) -> dict[str, str]:
    """Columns that fitted models look at, which no option can name otherwise."""
    names = [name for fit in fits for name in (*fit.model.cohorts, *fit.model.covariates)]
    return dict.fromkeys(names, "fit")


def cohort_of(*fits: Fit[Any]) -> str:
    """How customers were grouped when fitted, where a model looks at cohorts and the fit says so; else by month."""
    for fit in fits:
        if "cohort" in (*fit.model.cohorts, *fit.model.covariates) and fit.info.get("cohort"):
            return str(fit.info["cohort"])
    return "month"


def value(
    journey: Journey,
    purchases: Fit[PurchaseLaw],
    spend: Fit[SpendLaw],
    summary: CustomerSummary,
    terms: Terms,
    *,
    seed: int,
    readers: Sequence[Reader[Any]] = (),
) -> ValueResult:
    """The value table, with a bar over customers."""
    from kundenwert.value import value_table  # noqa: PLC0415

    with journey.bar("Valuing customers", len(summary)) as advance:
        return value_table(purchases, spend, summary, terms, seed=seed, advance=advance, readers=readers)


def learned_calendar(
    purchases: Fit[PurchaseLaw], spend: Fit[SpendLaw], summary: CustomerSummary, log: TransactionLog
) -> Calendar | None:
    """The calendar of a business, as far as the log knew it then; None where the law of purchases takes none."""
    if not purchases.model.takes_calendar:
        return None
    from kundenwert.calendar import learn_calendar  # noqa: PLC0415

    return learn_calendar(purchases, spend, summary, log)


def costs_of(terms: Terms) -> Costs | None:
    """Costs of the file that terms name; None if they name none."""
    if terms.cac_file is None:
        return None
    from kundenwert.data.tables import read_costs  # noqa: PLC0415

    return read_costs(terms.cac_file)


def priced(terms: Terms, costs: Costs | None, summary: CustomerSummary) -> tuple[Terms, CustomerSummary]:
    """Terms with what winning and serving a customer of each cohort costs; what is odd is told, and kept."""
    if costs is None:
        return terms, summary
    cac, notes = costs.of(summary)
    tell_cautions(notes)
    account = replace(summary.account, notes=(*summary.account.notes, *notes))
    running = costs.running(summary)
    for name in running:
        if getattr(terms, name) is not None:
            first, second = Setting(name, getattr(terms, name)), Setting("cac_file", str(terms.cac_file))
            raise DomainError(Code.BOTH_GIVEN, parameter=name, first=first, second=second)
    order, service = (running.get(name, getattr(terms, name)) for name in ("order_cost", "service_cost"))
    stated = replace(terms, cac_file=None, cac=cac, order_cost=order, service_cost=service)
    return stated, replace(summary, account=account)


def write_table(table: pd.DataFrame, path: Path, output: Output) -> Path:
    """Write a table in the format of the path's ending: Parquet with all digits, CSV rounded unless they are wanted."""
    from kundenwert.files.tables import write_parquet, write_result  # noqa: PLC0415

    if path.suffix == ".parquet":
        return write_parquet(table, path)
    return write_result(table, path, german=output.german_csv, full_precision=output.full_precision)
