"""Which purchase a credit note belongs to, where that is clear."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Credit:
    """A credit note that its own day's purchases cannot bear.

    Parameters
    ----------
    row : int
        Its row.
    day : datetime.date
        Its day.
    amount : Decimal
        What it gives back, > 0.
    equal : mapping
        By day, the number of single rows of just this amount that the customer bought before.
    """

    row: int
    day: dt.date
    amount: Decimal
    equal: Mapping[dt.date, int]


def place_credits(left: dict[dt.date, Decimal], credits: Sequence[Credit]) -> dict[int, dt.date | None]:
    """Find the purchases of one customer that credit notes belong to.

    Credit notes are taken in the order of their days, the largest of a day first. Each belongs to

    1. the purchases of its own day, if enough is left of them;
    2. else the latest day before that was bought for just this amount, or in which one row was: of several it does not
       matter which, since number and money of what is left are the same;
    3. else the only day before of which enough is left;
    4. else, of several, the latest, unless one of them is the customer's first: the first purchase counts apart from
       repeat purchases, so there it matters which, and that is not known.

    Parameters
    ----------
    left : dict
        What is left of each day's purchases; what is taken off is taken off here.
    credits : sequence of Credit
        Of one customer.

    Returns
    -------
    dict
        The day of each credit note's purchase by its row; None where none clearly is.

    Examples
    --------
    >>> days = [dt.date(2024, 1, day) for day in (1, 2, 3)]
    >>> left = dict(zip(days, map(Decimal, (50, 20, 30)), strict=True))
    >>> place_credits(left, [Credit(row, days[2], Decimal(row), {}) for row in (9, 20)])
    {20: datetime.date(2024, 1, 3), 9: datetime.date(2024, 1, 3)}
    >>> [str(amount) for amount in left.values()]
    ['50', '20', '1']
    """
    used: Counter[tuple[dt.date, Decimal]] = Counter()
    found: dict[int, dt.date | None] = {}
    for credit in sorted(credits, key=lambda one: (one.day, -one.amount, one.row)):
        day = _day_of(left, credit, used)
        found[credit.row] = day
        if day is not None:
            left[day] -= credit.amount
            used[day, credit.amount] += 1
    return found


def _day_of(left: Mapping[dt.date, Decimal], credit: Credit, used: Counter[tuple[dt.date, Decimal]]) -> dt.date | None:
    amount = credit.amount
    if left.get(credit.day, Decimal(0)) >= amount:
        return credit.day
    able = [day for day, rest in left.items() if day < credit.day and rest >= amount]
    exact = [day for day in able if left[day] == amount or credit.equal.get(day, 0) > used[day, amount]]
    if exact:
        return max(exact)
    if len(able) == 1:
        return able[0]
    first = min((day for day, rest in left.items() if rest > 0), default=None)
    return max(able) if able and first not in able else None
