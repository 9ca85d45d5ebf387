"""The command `init`: a first kundenwert.toml from what a source shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from kundenwert.cli import options as o
from kundenwert.cli import steps
from kundenwert.cli.told import show, tell
from kundenwert.errors import SchemaError
from kundenwert.messages import Code
from kundenwert.settings import Reading
from kundenwert.settings.document import NAME
from kundenwert.settings.record import documented, plain

if TYPE_CHECKING:
    from tomlkit import TOMLDocument
    from tomlkit.items import Table

    from kundenwert.data.proposal import Proposal

OutToml = Annotated[Path, Parameter(help="File to write.", group=o.OUTPUT)]
_EXAMPLES = {
    "customer_id": "...",
    "date": "...",
    "amount": "...",
    "order_id": "Bestellnummer",
    "quantity": "Menge",
    "unit_price": "Einzelpreis",
    "currency_column": "Waehrung",
    "date_format": "%d.%m.%Y",
    "decimal": ",",
}
"""Settings that stand in the file in any case, as a comment with an example where they are not known."""


def init(
    source: o.Sources,
    /,
    *,
    out: OutToml = Path(NAME),
    reading: Annotated[o.ReadingOptions, o.FLAT] = o.READING,
    overwrite: o.Overwrite = False,
) -> None:
    """Write a first kundenwert.toml from what the source shows, with comments: columns, formats, days, cohorts."""
    from tomlkit import dumps  # noqa: PLC0415

    from kundenwert.data.proposal import propose  # noqa: PLC0415
    from kundenwert.files.tables import whole_file  # noqa: PLC0415

    if out.exists() and not overwrite:
        raise SchemaError(Code.FILE_THERE, name=out.name)
    if any(file.samefile(out) for file in steps.files_of(source) if out.exists()):
        raise SchemaError(f"{out.name} is read by this command and would be replaced; choose another --out")
    found = propose(source[0] if len(source) == 1 else list(source), reading)
    if found.refusal is not None:
        tell(f"caution: {found.refusal.told('cli')}")
    with whole_file(out) as partial:
        partial.write_text(dumps(_document(source, found, reading, out.parent)), encoding="utf-8")
    show(out)


def _document(source: tuple[str, ...], found: Proposal, reading: Reading, folder: Path) -> TOMLDocument:
    from tomlkit import comment, document, nl  # noqa: PLC0415

    text = document()
    text.add(comment("Settings of kundenwert: what stands here need not be said on the command line, which wins."))
    text.add(comment("Values may be written as people do: 30.06.2025, 0,35 or 35 % in quotation marks."))
    if found.refusal is not None:
        text.add(comment(f"The source cannot be read as it is: {found.refusal.told('python')}"))
    named = [_seen_from(folder, one) for one in source]
    text["source"] = named[0] if len(named) == 1 else named
    text.add(nl())
    text["reading"] = _reading(found, reading)
    text["shaping"] = _shaping(found)
    text["sampling"] = _sampling()
    text["terms"] = _terms()
    return text


def _seen_from(folder: Path, source: str) -> str:
    """Return a path as the settings file shall state it, from its own folder."""
    path = Path(source)
    if "://" in source or source == "-" or path.is_absolute() or folder == Path():
        return source
    return path.resolve().as_posix() if folder.resolve() != Path.cwd() else source


def _reading(found: Proposal, reading: Reading) -> Table:
    """Columns and formats; what is not known stands as a comment, with the columns there are."""
    from tomlkit import comment, item, table  # noqa: PLC0415

    section = table()
    texts = documented(Reading)
    section.add(comment(f"Columns of the source: {', '.join(found.names)}"))
    default = plain(Reading())
    stated = {name: value for name, value in plain(reading).items() if value != default[name]}
    seen = {name: getattr(found.info, name) for name in ("preset", "currency", "date_format", "decimal")}
    known = {name: value for name, value in {**found.info.columns, **seen, **stated}.items() if value is not None}
    for name in dict.fromkeys((*_EXAMPLES, *known)):
        _add(section, name, known.get(name), texts[name], _EXAMPLES.get(name))
        for other in found.fitting.get(name, ()):
            if other != known.get(name):
                section.add(comment(f"or: {name} = {item(other).as_string()}"))
    if found.info.delimiter:
        section.add(
            comment(f"Columns are separated by {found.info.delimiter!r}, the encoding is {found.info.encoding}.")
        )
    _add(section, "where", None, texts["where"], ["status = completed"])
    _add(section, "exclude_customers", None, texts["exclude_customers"], ["Laufkunde"])
    return section


def _shaping(found: Proposal) -> Table:
    from tomlkit import comment, table  # noqa: PLC0415

    section = table()
    if found.first_day is not None:
        section.add(comment(f"Purchases from {found.first_day} to {found.last_day}."))
    if found.observation_end is not None:
        section.add(comment("Both days together make a back-test: forecasts from the first day are held against the"))
        section.add(comment("purchases up to the second. Without them, customers are valued as of the last day."))
        section.add(comment(f'observation_end = "{found.observation_end}"'))
        section.add(comment(f'holdout_end = "{found.last_day}"'))
    section.add(comment("Cohorts: month, quarter or week of the first purchase, none, or a column of few values:"))
    section.add(comment(", ".join(f"{name} ({count})" for name, count in found.cohorts.items()) or "(there is none)"))
    section["cohort"] = "month"
    section.add(comment("W weeks, D days, M months, Y years"))
    section["time_unit"] = "W"
    return section


def _sampling() -> Table:
    from tomlkit import comment, table  # noqa: PLC0415

    section = table()
    section["seed"] = 1
    section.add(comment('effects = ["cohort"]'))
    section.add(comment("[sampling.priors]"))
    section.add(comment('half_life = "LogNormal(mu=0, sigma=1)"'))
    return section


def _terms() -> Table:
    from tomlkit import table  # noqa: PLC0415

    from kundenwert.settings import Terms  # noqa: PLC0415

    section, texts = table(), documented(Terms)
    defaults = {field.name: field.default for field in fields(Terms)}
    won = {"margin": "35 %", "horizon": 52, "cac": "12,50", "cac_file": "costs.csv"}
    for name, example in (won | {"order_cost": "3,90", "service_cost": "20,-"}).items():
        _add(section, name, None, texts[name], example)
    _add(section, "discount_rate", defaults["discount_rate"], texts["discount_rate"], None)
    return section


def _add(section: Table, name: str, value: Any, text: str, example: Any) -> None:
    """Add a setting below its text; as a comment with an example where its value is not known."""
    from tomlkit import comment, item  # noqa: PLC0415

    for line in _lines(text):
        section.add(comment(line))
    if value is None:
        section.add(comment(f"{name} = {item(example).as_string()}"))
    else:
        section[name] = value


def _lines(text: str, width: int = 100) -> Iterator[str]:
    import textwrap  # noqa: PLC0415

    yield from textwrap.wrap(text, width)
