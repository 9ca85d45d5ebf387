"""The records of settings as options: each field is one, with its text and its choices, in a group of the help."""

from __future__ import annotations

import re
import types
from collections.abc import Collection, Mapping, Sequence
from dataclasses import field, fields, make_dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin, get_type_hints

from cyclopts import Group, Parameter

from kundenwert.messages import Setting
from kundenwert.settings import Output, Reading, Sampling, Shaping, Terms
from kundenwert.settings.document import FILES
from kundenwert.settings.record import documented

DATA = Group.create_ordered("Data")
COLUMNS = Group.create_ordered("Columns")
MODEL = Group.create_ordered("Model")
MONEY = Group.create_ordered("Money")
OUTPUT = Group.create_ordered("Output")

ROLES = (
    *("customer_id", "date", "amount", "order_id", "quantity", "unit_price", "debit", "credit", "mark", "refund_marks"),
    *("refund_amount", "margin_amount", "currency_column", "keep"),
)
"""Settings of a reading that name columns."""


def flattened(kind: type, group: Group, *, only: Collection[str] | None = None, **defaults: object) -> Any:
    """Derive a record whose fields the command line offers as options.

    Parameters
    ----------
    kind
        A record of settings.
    group
        Where they stand in the help; names of columns stand in a group of their own.
    only
        The fields that are offered; the others keep their defaults.
    **defaults
        Defaults that differ from the record's, by field.

    Returns
    -------
    type
        A frozen dataclass, derived from the record.
    """
    hints, texts = _hints(kind), documented(kind)
    said: dict[str, object] = {}
    for one in fields(kind):
        if only is not None and one.name not in only:
            said[one.name] = Annotated[Any, _HIDDEN]
            continue
        parameter = Parameter(
            group=COLUMNS if one.name in ROLES else group,
            help=_text(texts[one.name]),
            metavar=_placeholder(one.name, hints[one.name]),
            negative="",
            accepts_keys=False,
            show_default=isinstance(one.default, int | float | str) and one.default is not False,
        )
        said[one.name] = Annotated[_spoken(hints[one.name]), parameter]
    derived = type(kind.__name__, (kind,), {"__annotations__": said, "__module__": __name__})
    if not defaults:
        return derived
    others = [(name, said[name], field(default=value)) for name, value in defaults.items()]
    # in the record's module, whose names the types of its fields are written in
    return make_dataclass(kind.__name__, others, bases=(derived,), frozen=True, kw_only=True, module=kind.__module__)


_hints = cache(get_type_hints)
_HIDDEN = Parameter(parse=False)


def _text(text: str) -> str:
    """Write the names of other settings in a text as the command line does."""
    return re.sub(r"`([a-z_]+)`", lambda found: Setting(found[1]).written("cli"), text)


def _spoken(hint: Any) -> Any:
    """Return the type in which a setting is said: choices and flags as such, all else as text that the record reads."""
    options = get_args(hint) if get_origin(hint) is types.UnionType else (hint,)
    if any(get_origin(option) is Literal for option in options) or hint is bool:
        return hint
    if get_origin(hint) is Sequence:
        return tuple[str, ...]
    if get_origin(hint) is Mapping:
        return Mapping[str, str]
    text = str | int | float | None  # the first one that fits, so always text; the others are those of defaults
    return text | Mapping[str, str | float] if any(get_origin(one) is Mapping for one in options) else text


def _placeholder(name: str, hint: Any) -> str | None:
    """Return what stands for a value in the help."""
    if name in ROLES and name != "refund_marks":
        return "COLUMN"
    if name in FILES:
        return "FILE"
    if name.endswith("_end"):
        return "DAY"
    if hint is bool or get_origin(hint) is Literal:
        return None
    return "NUMBER" if hint is int or {int, float} & set(get_args(hint)) else "TEXT"


_DATES = ("observation_end", "holdout_end", "log_end", "time_unit", "cohort")
_COSTS = ("cac", "cac_file", "order_cost", "service_cost")
_VALUED = ("horizon", "discount_rate", "margin", *_COSTS, "allow_unconverged")
_TABLE = ("german_csv", "full_precision")

if TYPE_CHECKING:  # a type checker sees the records themselves
    ReadingOptions = Reading
    ShapingOptions = Shaping
    FitShaping = Shaping
    FittedShaping = Shaping
    ComparedShaping = Shaping
    BacktestShaping = Shaping
    SamplingOptions = Sampling
    SeedOption = Sampling
    TermsOptions = Terms
    ValuedTerms = Terms
    ReportOutput = Output
    TableOutput = Output
else:
    ReadingOptions = flattened(Reading, DATA)
    ShapingOptions = flattened(Shaping, DATA, only=(*_DATES, "inactivity_months"))
    FitShaping = flattened(Shaping, DATA, only=set(_DATES) - {"holdout_end"}, cohort="none")
    FittedShaping = flattened(Shaping, DATA, only=_DATES, cohort="")
    ComparedShaping = flattened(Shaping, DATA, only=(*_DATES, "inactivity_months"), cohort="")
    BacktestShaping = flattened(Shaping, DATA, only=("log_end", "time_unit", "cohort"), cohort="quarter")
    SamplingOptions = flattened(Sampling, MODEL)
    SeedOption = flattened(Sampling, MODEL, only=("seed",))
    TermsOptions = flattened(Terms, MONEY)
    ValuedTerms = flattened(Terms, MONEY, only=_VALUED)
    ReportOutput = flattened(Output, OUTPUT)
    TableOutput = flattened(Output, OUTPUT, only=_TABLE)

FLAT = Parameter(name="*")

READING, SHAPING, SAMPLING, TERMS = ReadingOptions(), ShapingOptions(), SamplingOptions(), TermsOptions()
FIT, FITTED, COMPARED, BACKTESTED = FitShaping(), FittedShaping(), ComparedShaping(), BacktestShaping()
SEED, VALUED, REPORTED, TABLED = SeedOption(), ValuedTerms(), ReportOutput(), TableOutput()
"""The settings of each command where nothing is said."""

Sources = Annotated[
    tuple[str, ...],
    Parameter(
        help="Transaction log: CSV, Excel, Parquet, JSON lines or a database; files, patterns such as '2024-*.csv', an "
        "address, or - for the standard input. Several are one log. One row per purchase.",
        show_default=False,
    ),
]
Config = Annotated[
    Path | None,
    Parameter(help="File of settings; kundenwert.toml of the current folder if there is one.", group=DATA),
]
OutDir = Annotated[Path, Parameter(help="Folder for the results.", group=OUTPUT)]
OutFile = Annotated[Path, Parameter(help="File to write: .csv or .parquet.", group=OUTPUT)]
FitDir = Annotated[Path, Parameter(help="Folder with the results of `fit`.", group=OUTPUT)]
Overwrite = Annotated[
    bool,
    Parameter(
        help="Replace files at --out that are no earlier result of this command; never what it reads.",
        negative="",
        show_default=False,
        group=OUTPUT,
    ),
]
