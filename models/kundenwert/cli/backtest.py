"""The command `backtest`: forecasts from days of the past beside what followed."""

from __future__ import annotations

import platform
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from kundenwert.cli import options as o
from kundenwert.cli import repeat as again
from kundenwert.cli import steps
from kundenwert.cli.journey import Journey
from kundenwert.cli.told import show, tell
from kundenwert.files.places import BACKTEST, check_out
from kundenwert.settings.document import Document

if TYPE_CHECKING:
    from kundenwert.backtests import Backtest
    from kundenwert.backtests.run import Learning
    from kundenwert.bayes import Fit
    from kundenwert.data import CustomerSummary, TransactionLog
    from kundenwert.laws import PurchaseLaw, SpendLaw

Origins = Annotated[
    tuple[str, ...],
    Parameter(
        help="Day to forecast from, the last that counts as known; repeatable. Every 13 weeks if not given.",
        metavar="DAY",
        negative="",
        show_default=False,
        group=o.DATA,
    ),
]
Horizons = Annotated[
    tuple[str, ...],
    Parameter(
        help="How many days to look ahead; repeatable. 91, 182 and 364 if not given.",
        metavar="NUMBER",
        negative="",
        show_default=False,
        group=o.DATA,
    ),
]
Calendars = Annotated[
    Literal["auto", "off"],
    Parameter(
        help="Whether customers share a season, level and shocks, learned at each origin; auto: where the law of "
        "purchases takes a calendar.",
        group=o.MODEL,
    ),
]


def backtest(
    source: o.Sources = (),
    /,
    *,
    out: o.OutDir,
    origins: Origins = (),
    horizons: Horizons = (),
    calendar: Calendars = "auto",
    reading: Annotated[o.ReadingOptions, o.FLAT] = o.READING,
    shaping: Annotated[o.BacktestShaping, o.FLAT] = o.BACKTESTED,
    sampling: Annotated[o.SamplingOptions, o.FLAT] = o.SAMPLING,
    output: Annotated[o.TableOutput, o.FLAT] = o.TABLED,
    overwrite: o.Overwrite = False,
    config: o.Config = None,
) -> None:
    """Forecast from days of the past, from what was known then, and set it beside what followed."""
    del config
    described = tuple(name for name in steps.looked_at(sampling) if name != "cohort")
    shaping = replace(shaping, attributes=described)
    stated = Document(source=source, reading=reading, shaping=shaping, sampling=sampling, output=output)
    check_out("backtest", out, *steps.files_of(source), *again.beside(stated), overwrite=overwrite)
    from kundenwert.files.publish import claimed  # noqa: PLC0415

    journey = Journey()
    with claimed(out):
        log, summary = steps.read_and_summarise(journey, source, reading, shaping, steps.looked_at(sampling))
        found = _found(journey, stated, log, origins, horizons, steps.learned_calendar if calendar == "auto" else None)
        for one in found.left_out:
            tell(f"caution: no forecast from {one.origin}: {one.why}")
        file = _written(found, summary, stated, journey, out)
    show(found.short().to_string(index=False))
    show(f"{found.judgement}.")
    show(file)


def _found(
    journey: Journey,
    stated: Document,
    log: TransactionLog,
    origins: tuple[str, ...],
    horizons: tuple[str, ...],
    calendar: Learning | None,
) -> Backtest:
    """Back-test with the models that `fit` would have chosen at each origin, with a bar over origins."""
    from kundenwert.backtests import backtest as run  # noqa: PLC0415
    from kundenwert.backtests import choose_origins  # noqa: PLC0415
    from kundenwert.backtests.origins import lengths_of  # noqa: PLC0415

    def fitted(summary: CustomerSummary) -> tuple[Fit[PurchaseLaw], Fit[SpendLaw]]:
        return steps.fit_both(Journey(quiet=True), summary, stated.sampling, log, stated.shaping, say=lambda _: None)

    lengths = lengths_of(horizons or None)
    days = origins or tuple(map(str, choose_origins(log, horizons=lengths, log_end=stated.shaping.log_end)))
    with journey.bar("Forecasting from days of the past", len(set(days))) as advance:
        return run(
            log,
            stated.shaping,
            models=fitted,
            calendar=calendar,
            origins=days,
            horizons=lengths,
            seed=stated.sampling.seed,
            advance=advance,
        )


def _written(found: Backtest, summary: CustomerSummary, stated: Document, journey: Journey, out: Path) -> Path:
    """Write the table and the manifest; both appear together."""
    from kundenwert.files.publish import MANIFEST, staged  # noqa: PLC0415
    from kundenwert.files.tables import write_json, write_result  # noqa: PLC0415

    manifest = {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "input": summary.source.to_dict(),
        "rows": summary.account.to_dict(),
        "options": again.kept(stated, summary.source.name),
        "origins": [f"{day:%Y-%m-%d}" for day in found.table["origin"].drop_duplicates()],
        "horizons": sorted({int(days) for days in found.table["horizon"]}),
        "left_out": [{"origin": str(one.origin), "why": one.why} for one in found.left_out],
        "judgement": found.judgement,
        "versions": {"kundenwert": version("kundenwert"), "python": platform.python_version()},
        "seconds": journey.seconds,
    }
    german, exact = stated.output.german_csv, stated.output.full_precision
    with staged(out, "backtest") as staging:
        write_result(found.table, staging / BACKTEST, german=german, full_precision=exact)
        write_json(manifest, staging / MANIFEST)
    return out / BACKTEST
