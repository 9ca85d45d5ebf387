"""Customers through time: being one then and later, the next purchase, and what each month to come may bring."""

from kundenwert.outlook.forecast import Forecast, forecast
from kundenwert.outlook.lives import alive_over_time, survival
from kundenwert.outlook.waiting import next_purchase, purchase_probability

__all__ = ["Forecast", "alive_over_time", "forecast", "next_purchase", "purchase_probability", "survival"]
