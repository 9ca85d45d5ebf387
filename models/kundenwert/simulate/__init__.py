"""Transaction logs with known truth: simulate a population, and hold models and the simple formula against it."""

from kundenwert.simulate.document import from_dict, read_population, to_dict
from kundenwert.simulate.expectation import expected_purchases, expected_purchases_new, spend_rate_ratio
from kundenwert.simulate.named import (
    NAMED,
    cdnow_like,
    find_population,
    mechaforge,
    random_population,
    random_populations,
)
from kundenwert.simulate.population import Breaches, Category, Effects, Group, Number, Population
from kundenwert.simulate.process import Law, Season
from kundenwert.simulate.run import Simulated, simulate_population
from kundenwert.simulate.thinning import thinned
from kundenwert.simulate.truth import Outlook

__all__ = [
    "NAMED",
    "Breaches",
    "Category",
    "Effects",
    "Group",
    "Law",
    "Number",
    "Outlook",
    "Population",
    "Season",
    "Simulated",
    "cdnow_like",
    "expected_purchases",
    "expected_purchases_new",
    "find_population",
    "from_dict",
    "mechaforge",
    "random_population",
    "random_populations",
    "read_population",
    "simulate_population",
    "spend_rate_ratio",
    "thinned",
    "to_dict",
]
