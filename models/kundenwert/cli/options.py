"""Options that several commands share, each written once."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

DATA, MODEL, MONEY, OUTPUT = "Data", "Model", "Money", "Output"


class TimeUnit(StrEnum):
    """Units of time: days, weeks, months of 365.25/12 days, years."""

    D = "D"
    W = "W"
    M = "M"
    Y = "Y"


class Refunds(StrEnum):
    """What happens to negative amounts."""

    exclude = "exclude"
    net = "net"
    earlier = "earlier"


class ZeroAmounts(StrEnum):
    """What happens to purchases for nothing."""

    keep = "keep"
    exclude = "exclude"


class Duplicates(StrEnum):
    """What happens to rows equal to an earlier one."""

    keep = "keep"
    drop = "drop"


class Future(StrEnum):
    """What happens to days that have not come yet."""

    exclude = "exclude"
    keep = "keep"


class Method(StrEnum):
    """How posteriors are drawn from."""

    auto = "auto"
    importance = "importance"
    nuts = "nuts"
    map = "map"


def _above_zero(value: float | None) -> float | None:
    if value is not None and not value > 0:
        raise typer.BadParameter(f"{value:g} is not above 0")
    return value


Source = Annotated[Path, typer.Argument(help="Transaction log: CSV or Parquet, one row per purchase.")]
CustomerId = Annotated[str, typer.Option(help="Column of the customer key.", rich_help_panel=DATA)]
Date = Annotated[str, typer.Option(help="Column of the date.", rich_help_panel=DATA)]
Amount = Annotated[str, typer.Option(help="Column of the amount.", rich_help_panel=DATA)]
DateFormat = Annotated[str | None, typer.Option(help="Such as %d.%m.%Y; found out if not given.", rich_help_panel=DATA)]
Decimal = Annotated[
    str | None, typer.Option(help="Decimal mark, ',' or '.'; found out if not given.", rich_help_panel=DATA)
]
SkipLines = Annotated[
    int, typer.Option(min=0, help="Lines above the one with the column names, such as a title.", rich_help_panel=DATA)
]
RefundPolicy = Annotated[
    Refunds,
    typer.Option(
        help="Leave refunds out, or take them off purchases: of their day (net), or of that day and before (earlier).",
        rich_help_panel=DATA,
    ),
]
ZeroPolicy = Annotated[ZeroAmounts, typer.Option(help="Whether a purchase for nothing counts.", rich_help_panel=DATA)]
DuplicatePolicy = Annotated[
    Duplicates, typer.Option(help="Keep rows equal to an earlier one in all columns, or not.", rich_help_panel=DATA)
]
FuturePolicy = Annotated[
    Future, typer.Option(help="Leave rows dated after today out, or keep them (simulated logs).", rich_help_panel=DATA)
]
ObservationEnd = Annotated[
    str | None, typer.Option(help="Last day of observation, YYYY-MM-DD; the log's last.", rich_help_panel=DATA)
]
HoldoutEnd = Annotated[
    str | None, typer.Option(help="Last day of the hold-out that forecasts are checked on.", rich_help_panel=DATA)
]
LogEnd = Annotated[
    str | None,
    typer.Option(help="Day up to which the log is complete, if after its last purchase.", rich_help_panel=DATA),
]
Unit = Annotated[TimeUnit, typer.Option(help="Unit of all times.", rich_help_panel=DATA)]
Cohort = Annotated[
    str, typer.Option(help="month, quarter or week of first purchase, none, or a column.", rich_help_panel=DATA)
]
FittedCohort = Annotated[
    str | None,
    typer.Option(
        help="As in `fit`; if not given, the fit's own where its models look at cohorts, else month.",
        rich_help_panel=DATA,
    ),
]
Inactivity = Annotated[
    int, typer.Option(min=1, help="Silent months after which counting calls a customer lost.", rich_help_panel=DATA)
]

How = Annotated[
    Method, typer.Option("--method", help="auto: importance sampling, NUTS where it fails.", rich_help_panel=MODEL)
]
Effects = Annotated[
    list[str] | None,
    typer.Option(
        "--effects",
        help="cohort, or a column: groups with partially pooled effects; repeatable.",
        rich_help_panel=MODEL,
    ),
]
Covariates = Annotated[
    list[str] | None, typer.Option("--covariate", help="Column with an effect; repeatable.", rich_help_panel=MODEL)
]
Draws = Annotated[int, typer.Option(min=50, help="Draws kept per chain.", rich_help_panel=MODEL)]
Tune = Annotated[int, typer.Option(min=50, help="Tuning steps per chain, for NUTS.", rich_help_panel=MODEL)]
Chains = Annotated[int, typer.Option(min=2, help="Chains.", rich_help_panel=MODEL)]
Seed = Annotated[int, typer.Option(min=0, help="Seed; the same seed gives the same numbers.", rich_help_panel=MODEL)]
AllowUnconverged = Annotated[
    bool, typer.Option("--allow-unconverged", help="Give marked values of a failed fit.", rich_help_panel=MODEL)
]

Horizon = Annotated[
    float | None,
    typer.Option(
        callback=_above_zero,
        help="Length of the future counted, in time units, above 0; a year if not given.",
        rich_help_panel=MONEY,
    ),
]
DiscountRate = Annotated[float, typer.Option(help="Annual rate, 0.10 is 10 %.", rich_help_panel=MONEY)]
Margin = Annotated[float, typer.Option(help="Contribution margin, 0.3 is 30 % of revenue.", rich_help_panel=MONEY)]
Cac = Annotated[
    float | None, typer.Option(help="Acquisition cost per customer; 0 if not given.", rich_help_panel=MONEY)
]
CacFile = Annotated[
    Path | None, typer.Option(help="CSV with columns cohort, cac instead of --cac.", rich_help_panel=MONEY)
]
Lifespan = Annotated[float, typer.Option(min=0.01, help="Years that the formula assumes.", rich_help_panel=MONEY)]

OutDir = Annotated[Path, typer.Option(help="Folder for the results.", rich_help_panel=OUTPUT)]
OutFile = Annotated[Path, typer.Option(help="File to write: .csv or .parquet.", rich_help_panel=OUTPUT)]
Overwrite = Annotated[
    bool,
    typer.Option(
        "--overwrite",
        help="Replace files at --out that are no earlier result of this command; never what it reads.",
        rich_help_panel=OUTPUT,
    ),
]
FitDir = Annotated[Path, typer.Option(help="Folder with the results of `fit`.", rich_help_panel=OUTPUT)]
GermanCsv = Annotated[
    bool, typer.Option("--german-csv", help="Semicolons, decimal commas, dd.mm.yyyy.", rich_help_panel=OUTPUT)
]
FullPrecision = Annotated[
    bool,
    typer.Option("--full-precision", help="All digits in CSV files, not cents and 4 decimals.", rich_help_panel=OUTPUT),
]
Title = Annotated[
    str | None, typer.Option(help="Name shown on the report; the file's if not given.", rich_help_panel=OUTPUT)
]
