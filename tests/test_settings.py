"""Values of settings as people write them."""

import datetime as dt
import math

import pytest

from kundenwert.errors import DomainError
from kundenwert.settings import Reading
from kundenwert.settings.values import day, money, number, share, time_zone, whole


@pytest.mark.parametrize(
    "text", ["2025-06-30", "30.06.2025", "30.6.2025", "30.6.25", " 20250630 ", "2025-06-30T00:00:00"]
)
def test_days(text):
    assert day(text, "observation_end") == dt.date(2025, 6, 30)


@pytest.mark.parametrize("text", ["06/30/2025", "30.02.2025", "soon", "2025-06", "30.06."])
def test_no_days(text):
    with pytest.raises(DomainError, match="is not a date") as refused:
        day(text, "log_end")
    assert refused.value.parameter == "log_end"


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (number, "0,35", 0.35),
        (number, "52.178", 52.178),
        (number, "1 250", 1250.0),
        (number, "1'250.5", 1250.5),
        (number, "1.250.000", 1_250_000.0),
        (number, "-1,5", -1.5),
        (number, "1e-3", 0.001),
        (share, "35 %", 0.35),
        (share, "35%", 0.35),
        (share, "12,5\u00a0%", 0.125),
        (share, "0,125", 0.125),
        (share, "0.35", 0.35),
        (money, "1.250,00 €", 1250.0),
        (money, "1,250.00", 1250.0),
        (money, "€ 12,50", 12.5),
        (money, "EUR 12,-", 12.0),
        (money, "CHF 1'200.--", 1200.0),
        (money, "1250", 1250.0),
        (money, "0.125", 0.125),
        (money, 1.25, 1.25),
    ],
)
def test_numbers(read, text, value):
    assert read(text, "margin") == pytest.approx(value, rel=1e-15)


def test_an_endless_horizon():
    assert number("inf", "horizon") == math.inf


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (money, "1.250", "cac='1.250' can be read as 1250 or as 1.25"),
        (money, "1,250 €", "can be read as 1250 or as 1.250"),
        (number, "1,250", "can be read as 1250 or as 1.250"),
        (number, "nan", "is not a number"),
        (number, "3 4", "is not a number"),
        (number, "1.2.3", "is not a number"),
        (share, "a third", "is not a number"),
        (share, "%", "is not a number"),
        (money, "12 pounds", "is not a number"),
    ],
)
def test_no_numbers(read, text, message):
    with pytest.raises(DomainError, match=message) as refused:
        read(text, "cac")
    assert refused.value.parameter == "cac"


@pytest.mark.parametrize("value", [True, 1.5, -1, "x"])
def test_no_whole_numbers(value):
    with pytest.raises(DomainError, match="must be a whole number, 0 or more"):
        whole(value, "skip_lines", least=0)


def test_time_zones():
    assert time_zone("Europe/Berlin", "timezone") == "Europe/Berlin"
    assert time_zone(None, "timezone") is None
    with pytest.raises(DomainError, match=r"'Berlin' is not a time zone.* did you mean 'Europe/Berlin'"):
        Reading(timezone="Berlin")
