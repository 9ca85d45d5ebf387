"""Amounts as people write them: a catalogue of texts with the number that each means, and the currency it names."""

import ibis
import pandas as pd
import pyarrow as pa
import pytest

from kundenwert.data import read_transactions
from kundenwert.data.amounts import find_decimal, read_amount
from kundenwert.data.currencies import currency_of
from kundenwert.errors import DomainError
from kundenwert.messages import Code

COMMA = {  # with a decimal comma
    "12,-": 12.0,
    "12,--": 12.0,
    "12.-": 12.0,
    "12,—": 12.0,
    "12,– €": 12.0,
    "70,-€": 70.0,
    "-12,-": -12.0,
    "1.200,-": 1200.0,
    "(12,50)": -12.5,
    "(12,50 €)": -12.5,
    "€ (12,50)": -12.5,
    "( 1.250,00 )": -1250.0,
    "(12,-)": -12.0,
    "1.234,56-": -1234.56,
    "12,50 -": -12.5,
    "12,50- €": -12.5,
    "1 234,56 €": 1234.56,
    "1\u00a0234,56\u00a0€": 1234.56,
    "1\u202f234\u2009567,5": 1234567.5,
    "EUR 12,50": 12.5,
    "12,50 EUR": 12.5,
    "12,50 Euro": 12.5,
    "€12,50": 12.5,
    "-€ 12,50": -12.5,
    "€ -12,50": -12.5,
    "−12,50": -12.5,
    "－１２，５０": -12.5,
    "–5": -5.0,
    "kr 120": 120.0,
    "kr. 1.200,00": 1200.0,
    "120,00 Kč": 120.0,
    "1 200,50 zł": 1200.5,
    "1.000.000,00": 1e6,
    "1'234,50": 1234.5,
    "\u200e12,50\u200e": 12.5,
    "1,5E+03": 1500.0,
}
POINT = {  # with a decimal point
    "12.-": 12.0,
    "12.--": 12.0,
    "CHF 1'200.--": 1200.0,
    "CHF 1’200.50": 1200.5,
    "1’234.50": 1234.5,
    "1´234.50": 1234.5,
    "SFr. 12.50": 12.5,
    "Fr. 12.-": 12.0,
    "1,23,456.50": 123456.5,
    "12,34,567.50": 1234567.5,
    "₹1,23,456.50": 123456.5,
    "(12.50 $)": -12.5,
    "($1,234.50)": -1234.5,
    "-$0.50": -0.5,
    "US$ 12.50": 12.5,
    "$12.50 CAD": 12.5,
    "EUR12.50": 12.5,
    "USD -12.50": -12.5,
    "1,200.-": 1200.0,
    "+5": 5.0,
    "12.50-": -12.5,
    "1e2": 100.0,
    ".5": 0.5,
}
NO_AMOUNT = (
    *("12 %", "12,5 %", "3 x 4", "oops", "--5", "-12-", "-(12)", "1,2,3", "1.23.4,5", "12 KG", "12,50 TEUR", "12 PCS"),
    *("12.50 CR", "12,50 S", "1'23.5", "12-13", "-", ",-", "()", "01.02.2024", "12€50", "(12,50", "12,50)", "1 2 3"),
)


def numbers(texts, decimal):
    column = ibis.memtable(pa.table({"row": range(len(texts)), "text": list(texts)}))
    read = column.select("row", amount=read_amount(column.text, decimal).cast("float64")).order_by("row")
    return dict(zip(texts, read.to_pyarrow()["amount"].to_pylist(), strict=True))


def test_amounts_with_a_decimal_comma():
    assert numbers(COMMA, ",") == COMMA


def test_amounts_with_a_decimal_point():
    assert numbers(POINT, ".") == POINT


@pytest.mark.parametrize("decimal", [".", ","])
def test_what_is_no_amount_stays_unread(decimal):
    assert numbers(NO_AMOUNT, decimal) == dict.fromkeys(NO_AMOUNT)


@pytest.mark.parametrize(("catalogue", "decimal"), [(COMMA, ","), (POINT, ".")])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_whole_columns(write, catalogue, decimal, encoding):
    lines = [f'c{n}\t2024-01-01\t"{text}"' for n, text in enumerate(catalogue)]
    path = write("\n".join(["customer_id\tdate\tamount", *lines]) + "\n", encoding=encoding)
    one = dict.fromkeys(["USD", "CHF", "CAD", "INR", "kr", "CZK", "PLN", "GBP", "JPY"], 1.0)
    log = read_transactions(path, decimal=decimal, refunds="net", currency="EUR", rates=one)
    assert sum(entry.money or 0 for entry in log.account.entries) == pytest.approx(sum(catalogue.values()), abs=1e-6)
    assert {entry.code for entry in log.account.entries} <= {Code.PURCHASE, Code.SAME_DAY, Code.LONE_REFUND}


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        *(("12,50 €", "EUR"), ("€12.50", "EUR"), ("EUR 12.50", "EUR"), ("12,50 eur", "EUR"), ("(12,50 €)", "EUR")),
        *(("$1.50", "USD"), ("US$1.50", "USD"), ("$12.50 CAD", "CAD"), ("£3", "GBP"), ("¥300", "JPY")),
        *(("CHF 1'200.--", "CHF"), ("SFr. 12.-", "CHF"), ("Fr. 5", "CHF"), ("kr 120", "kr"), ("120 kr.", "kr")),
        *(("120,00 Kč", "CZK"), ("120 CZK", "CZK"), ("5 zł", "PLN"), ("5 PLN", "PLN"), ("-12,50\u00a0€", "EUR")),
        *(("12.50", None), ("12 KG", None), ("12 ABC", None), ("12,-", None), (None, None), ("EUR", None)),
    ],
)
def test_currencies(text, currency):
    column = ibis.memtable(pa.table({"text": pa.array([text], pa.string())}))
    assert currency_of(column.text).to_pyarrow().to_pylist() == [currency]


@pytest.mark.parametrize(
    ("texts", "decimal"),
    [
        (["70,-", "72,80"], ","),
        (["70.-", "72.80"], "."),
        (["1.200,-", "70,-"], ","),  # the comma before the dash can be no thousands' mark here
        (["1,23,456", "70"], "."),
        (["(1.250,00)", "3"], ","),
    ],
)
def test_decimal_marks_of_new_forms(texts, decimal):
    table = ibis.memtable(pa.table({"text": texts}))
    assert find_decimal(table, "text", label="x") == decimal


@pytest.mark.parametrize("texts", [["1.200", "70,-"], ["1,200", "70.-"], ["(1.250)", "3"], ["1.250 €"]])
def test_what_could_be_two_amounts_is_refused(texts):
    table = ibis.memtable(pa.table({"text": texts}))
    with pytest.raises(DomainError, match="can be read as thousands or as decimals"):
        find_decimal(table, "text", label="x")


def _log(amounts, **settings):
    frame = pd.DataFrame({"customer_id": "a", "date": "2024-01-01", "amount": amounts})
    return read_transactions(frame, **settings)


def test_marks_of_debit_and_credit():
    log = _log(["12,50 S", "100,00 S", "2,50 H"], refunds="net")
    assert log.account.entries[0].money == 110.0
    note = log.account.notes[0]
    assert (note.code, note.count, note.caution) == (Code.AMOUNT_MARKS, 1, True)
    turned = _log(["12,50 S", "100,00 H", "2,50 H"], refunds="net", refund_marks=["S"])
    assert turned.account.entries[0].money == 90.0
    cards = _log(["12.50 DR", "100.00 dr", "2.50 CR"], refunds="net", refund_marks=["CR"])
    assert cards.account.entries[0].money == 110.0


def test_marks_that_may_mean_either_are_refused():
    with pytest.raises(DomainError, match=r"marks \(CR: 1 row, DR: 2 rows\).*refund_marks=\['CR'\] or refund_marks="):
        _log(["12.50 DR", "100.00 DR", "2.50 CR"])


def test_marks_of_some_amounts_only_are_no_marks():
    with pytest.raises(DomainError, match=r"1 of 3 rows .* no readable amount .*'2,50 H'"):
        _log(["12,50", "100,00", "2,50 H"])


def test_the_money_of_unreadable_amounts_is_guessed():
    log = _log(["5,00"] * 60 + ["ca. 12,50", "oops", "1.250,00 Stk"])
    entry = log.account.entries[-1]
    assert (entry.code, entry.count, entry.money) == (Code.BAD_AMOUNT_ABOUT, 3, 1262.5)
    assert entry.reason.endswith("its money is about what its digits say")
    assert str(entry.first[0]) == "row 61: 'ca. 12,50'"
    plain = _log(["5,00"] * 60 + ["oops"]).account.entries[-1]
    assert (plain.code, plain.money) == (Code.BAD_AMOUNT, None)


def test_amounts_of_eight_digits_are_no_dates():
    frame = pd.DataFrame(
        {"customer_id": ["a", "b"], "date": ["20230101", "20230412"], "amount": ["20230101,00", "7,50"]}
    )
    log = read_transactions(frame)
    assert (log.source.date_format, log.account.entries[0].money) == ("%Y%m%d", 20230108.5)
