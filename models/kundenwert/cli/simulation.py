"""The command `simulate`: a transaction log with known truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from kundenwert.cli import options as o
from kundenwert.cli.told import show
from kundenwert.files.places import check_out
from kundenwert.settings.values import whole

PopulationName = Annotated[str, Parameter(help="mechaforge, cdnow-like, random or a file.")]
OutFolder = Annotated[Path, Parameter(help="Folder for the tables.")]
Customers = Annotated[
    str | None,
    Parameter(help="Customers; the population's own number if not given.", metavar="NUMBER", group=o.DATA),
]
OwnSeed = Annotated[str | None, Parameter(help="Seed; the file's, or 1.", metavar="NUMBER", group=o.DATA)]
GermanCsv = Annotated[
    bool, Parameter(help="Semicolons, decimal commas, dd.mm.yyyy.", negative="", show_default=False, group=o.OUTPUT)
]


def write_population(
    out: Path, population: str, customers: int | None = None, seed: int | None = None, german: bool = False
) -> list[Path]:
    """Simulate a population by name or from a JSON file, and write its tables.

    Parameters
    ----------
    out
        Folder for transactions.csv, customers.csv, costs.csv, truth.csv and population.json.
    population
        Name or path, as in `find_population`.
    customers
        Number of customers; the population's own if not given.
    seed
        Seed; the file's, or 1.
    german
        Semicolons, decimal commas and dd.mm.yyyy.

    Returns
    -------
    list of Path
        The files written.
    """
    from kundenwert.files.tables import check_folder  # noqa: PLC0415
    from kundenwert.simulate import find_population, simulate_population  # noqa: PLC0415

    check_folder(out)
    found, settings = find_population(population, seed=1 if seed is None else seed)
    if seed is not None:
        settings["seed"] = seed
    if customers is not None:
        found = found.resized(customers)
    return simulate_population(found, **settings).write(out, german=german)


def simulate(
    population: PopulationName,
    out: OutFolder,
    /,
    *,
    customers: Customers = None,
    seed: OwnSeed = None,
    overwrite: o.Overwrite = False,
    german_csv: GermanCsv = False,
) -> None:
    """Simulate a transaction log of which the truth is known, to hold models and formulas against."""
    number = None if customers is None else whole(customers, "customers", least=1)
    start = None if seed is None else whole(seed, "seed", least=0)
    check_out("simulate", out, Path(population), overwrite=overwrite)
    from kundenwert.files.publish import claimed  # noqa: PLC0415

    with claimed(out):
        files = write_population(out, population, number, start, german_csv)
    for file in files:
        show(file)
