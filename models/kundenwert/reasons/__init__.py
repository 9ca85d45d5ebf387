"""One customer: what it did, what is expected of it, and why, in a few sentences that are true of it."""

from kundenwert.reasons.customer import explain
from kundenwert.reasons.explanation import Explanation

__all__ = ["Explanation", "explain"]
