"""One currency is kept and shown, several are refused with their money, or converted to the cent."""

from pathlib import Path

import pandas as pd
import pytest

from kundenwert.data import read_transactions
from kundenwert.errors import DomainError, SchemaError
from kundenwert.messages import Code

GIVEN = Path(__file__).parents[1] / "exports" / "given"
RATES = {"USD": 0.9, "CHF": 1.05, "SEK": 0.09, "GBP": 1.2}


def frame(amounts, **more):
    days = [f"2024-01-{day:02d}" for day in range(1, len(amounts) + 1)]
    return pd.DataFrame({"customer_id": ["a"] * len(amounts), "date": days, "amount": amounts, **more})


def total(log):
    return log.purchases.amount.sum().to_pyarrow().as_py()


@pytest.mark.parametrize(
    ("file", "held"),
    [
        (
            "mixed-currencies/signs.csv",
            r"EUR \(93 rows, 4,172.77\), CHF \(20 rows, 941.48\), .*kr \(20 rows, 10,918.60\)",
        ),
        (
            "mixed-currencies/codes.csv",
            r"EUR \(93 rows, 4,172.77\), .*GBP \(20 rows, 992.60\), USD \(20 rows, 873.15\)",
        ),
        (
            "mixed-currencies/column.csv",
            r"column 'currency' .*SEK \(20 rows, 10,918.60\), .*where=\['currency = EUR'\]",
        ),
        ("shop/two_currencies.csv", r"column 'waehrung' .*EUR \(240 rows, 18,180.55\), CZK \(60 rows, 131,541.25\)"),
    ],
)
def test_several_are_refused_with_rows_and_money(file, held):
    with pytest.raises(DomainError, match=held) as error:
        read_transactions(GIVEN / file)
    assert error.value.code in (Code.CURRENCIES_MIXED, Code.CURRENCIES_MIXED_SIGNS)


@pytest.mark.parametrize(
    ("file", "money"),
    [
        ("signs", 4172.77 + 0.9 * 873.15 + 1.05 * 941.48 + 0.09 * 10918.60),
        ("column", 4172.77 + 0.9 * 873.15 + 1.05 * 941.48 + 0.09 * 10918.60),
        ("codes", 4172.77 + 0.9 * 873.15 + 1.05 * 941.48 + 1.2 * 992.60),
    ],
)
def test_rates_convert(file, money):
    log = read_transactions(GIVEN / "mixed-currencies" / f"{file}.csv", currency="EUR", rates=RATES)
    assert total(log) == pytest.approx(money, abs=1e-6)
    assert log.source.currency == "EUR"
    note = next(note for note in log.account.notes if note.code == Code.CONVERTED)
    assert (note.count, note.money) == (60, pytest.approx(money - 4172.77))


@pytest.mark.parametrize("text", ["currency;rate\nEUR;1\nCZK;0,04\n", "Rate,Currency\n1,EUR\n0.04,czk\n"])
def test_rates_of_a_file(tmp_path, text):
    (tmp_path / "rates.csv").write_text(text, encoding="utf-8")
    log = read_transactions(GIVEN / "shop" / "two_currencies.csv", rates=tmp_path / "rates.csv")
    assert (log.account.kept, round(total(log), 2)) == (294, 23442.20)


def test_one_of_several_is_kept_by_a_condition():
    log = read_transactions(GIVEN / "shop" / "two_currencies.csv", where=["waehrung = EUR"])
    assert (round(total(log), 2), log.source.currency) == (18180.55, "EUR")


@pytest.mark.parametrize(
    ("amounts", "more", "currency"),
    [
        (["12,50 €", "10,00", "7,25 EUR"], {}, "EUR"),
        (["$12.50", "$1.25", "3.00"], {}, "USD"),
        (["12.50", "1.25", "3.00"], {"Währung": ["CHF"] * 3}, "CHF"),
        ([12.5, 1.25, 3.0], {"cur": ["€"] * 3}, "EUR"),
        ([12.5, 1.25, 3.0], {"x": ["EUR", "EUR", None]}, "EUR"),
        ([12.5, 1.25, 3.0], {"x": ["ABC", "EUR", "EUR"]}, None),
        (["12.50", "1.25", "3.00"], {}, None),
    ],
)
def test_one_is_kept_and_shown(amounts, more, currency):
    log = read_transactions(frame(amounts, **more))
    assert log.source.currency == currency
    assert log.source.to_dict()["currency"] == currency


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"currency": "USD"}, DomainError, r"amounts are in EUR \(3 rows, 6.00\), not as stated with currency='USD'"),
        ({"currency": "USD", "rates": {"CHF": 1}}, DomainError, r"no rate for EUR \(3 rows, 6.00\)"),
        ({"currency": "USD", "rates": {"EUR": 0}}, DomainError, "rate of 'EUR' is 0; it must be a positive number"),
        ({"currency": "USD", "rates": "no.csv"}, SchemaError, "'no.csv' is no table of rates"),
    ],
)
def test_another_currency_than_stated(settings, error, message):
    with pytest.raises(error, match=message):
        read_transactions(frame(["1 €", "2 €", "3 €"]), **settings)


def test_two_columns_of_codes_are_asked_about():
    rows = frame([1.0, 2.0], currency=["EUR", "USD"], Währung=["EUR", "EUR"])
    with pytest.raises(SchemaError, match="currency_column='currency', currency_column='Währung'"):
        read_transactions(rows)
    assert read_transactions(rows, currency_column="Währung").source.currency == "EUR"


@pytest.mark.parametrize(
    ("rates", "message"),
    [
        ({"EUR": 1, "€": 2}, "state 'EUR' twice"),
        ({"EUR": 1.1, "USD": 0.9}, "do not say which currency they count in"),
    ],
)
def test_rates_must_agree_with_themselves(rates, message):
    with pytest.raises(DomainError, match=message):
        read_transactions(frame(["1 €", "2 $"]), rates=rates)


def test_a_word_beside_an_amount_is_no_currency():
    log = read_transactions(frame(["12.50"] * 29 + ["ca. 3"]))
    assert (log.source.currency, log.account.excluded) == (None, 1)
