"""Calendar time: a factor of the rate of purchases, and one of their values, that all customers share."""

from kundenwert.calendar.calendar import Calendar, learn_calendar
from kundenwert.calendar.factor import Factor, of_counts, of_means
from kundenwert.calendar.prior import CalendarPrior
from kundenwert.calendar.seen import age_by_period

__all__ = ["Calendar", "CalendarPrior", "Factor", "age_by_period", "learn_calendar", "of_counts", "of_means"]
