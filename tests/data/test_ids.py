"""Who a customer is: ids written in several ways, replaced, damaged, excluded."""

from pathlib import Path

import pandas as pd
import pytest

from kundenwert.data import read_transactions
from kundenwert.errors import DomainError, SchemaError
from kundenwert.messages import Code

GIVEN = Path(__file__).parents[1] / "exports" / "given"

KUNDE = {"customer_id": "kunde", "date": "datum", "amount": "betrag"}
GUESTS = {"date": "order_date", "amount": "total"}


def read(*ids, **reading):
    """One purchase of 10 a day for each id."""
    days = pd.date_range("2024-01-01", periods=len(ids)).strftime("%Y-%m-%d")
    return read_transactions(pd.DataFrame({"customer_id": pd.Series(ids), "date": days, "amount": 10.0}), **reading)


def customers(log):
    return sorted(log.purchases.to_pyarrow().to_pandas()["customer_id"].unique())


def said(log):
    return {note.code: note for note in log.account.notes if note.code != Code.TOO_FEW}


def merged(log):
    """By code, how many ids became how many, and in how many rows they were changed."""
    return {
        code: (note.figures["before"], note.figures["after"], note.count)
        for code, note in said(log).items()
        if "before" in note.figures
    }


@pytest.mark.parametrize(
    ("ids", "reading", "found", "told"),
    [
        (["a", " a", "a\u00a0", "\u200ba", "a\u200b", "\ufeffa", "b"], {}, ["a", "b"], {Code.IDS_TRIMMED: (7, 2, 5)}),
        (["Ä@x.de", "ä@X.de", "C1", "c1"], {}, ["C1", "c1", "ä@x.de"], {Code.IDS_CASE: (4, 3, 2)}),
        (["Ä@x.de", "ä@X.de", "C1", "c1"], {"id_case": "fold"}, ["c1", "ä@x.de"], {Code.IDS_CASE: (4, 2, 3)}),
        (["A@x.de", "a@x.de"], {"id_case": "keep"}, ["A@x.de", "a@x.de"], {}),
        (["12.0", "12", "7", "8"], {}, ["12", "7", "8"], {Code.IDS_WHOLE: (4, 3, 1)}),
        (["12,00", "12", "7", None], {}, ["12", "7"], {Code.IDS_WHOLE: (3, 2, 1)}),
        (["12.0", "12", "1.5", "8"], {}, ["1.5", "12", "12.0", "8"], {}),  # fractions: no whole numbers
        (["1.000", "1", "2"], {}, ["1", "1.000", "2"], {}),  # a thousand, perhaps
        (["12.0", "12", "x", "y", "z", "q", "r"], {}, ["12", "12.0", "q", "r", "x", "y", "z"], {}),
        ([12.0, 12.0, 7.0, None], {}, ["12", "7"], {}),
        ([12, 12.0, "12.0", "12"], {}, ["12"], {Code.IDS_WHOLE: (2, 1, 2)}),
        (["Mu\u0308ller", "M\u00fcller", "Weiß"], {}, ["Müller", "Weiß"], {Code.IDS_COMPOSED: (3, 2, 1)}),
        (["12E5", "1e10", "3"], {}, ["12E5", "1e10", "3"], {}),  # codes of letters and digits
    ],
)
def test_ids_that_are_one(ids, reading, found, told):
    log = read(*ids, **reading)
    assert customers(log) == found
    assert merged(log) == told
    assert log.account.excluded == sum(one is None for one in ids)


def test_guests_by_their_mail():
    log = read_transactions(GIVEN / "guest-checkouts" / "orders.csv", customer_id="email", **GUESTS)
    assert len(customers(log)) == 40
    assert merged(log) == {Code.IDS_TRIMMED: (57, 48, 28), Code.IDS_CASE: (48, 40, 15)}
    assert said(log)[Code.IDS_CASE].reason == ("ids differed only in small and capital letters: 48 became 40 customers")


def test_many_ids_for_one_mail():
    log = read_transactions(GIVEN / "guest-checkouts" / "orders.csv", customer_id="customer_id", **GUESTS)
    note = said(log)[Code.IDS_PER_MAIL]
    assert note.caution
    assert (note.figures["ids"], note.figures["mails"], note.figures["shared"], note.count) == (132, 40, 21, 113)
    assert "40 e-mail addresses for 132 customer ids" in note.reason
    assert note.reason.endswith("with customer_id='email'")


@pytest.mark.parametrize("mail", ["{0}@x.de", None, "none", "{0}@x.de and a text"])
def test_one_id_for_each_mail_is_no_caution(mail):
    rows = pd.DataFrame({"customer_id": [f"c{n % 30}" for n in range(90)], "amount": 1.0})
    rows["date"] = pd.date_range("2024-01-01", periods=90).strftime("%Y-%m-%d")
    rows["mail"] = [mail.format(n % 30) if mail else None for n in range(90)]
    assert Code.IDS_PER_MAIL not in said(read_transactions(rows))


def test_leading_zeros_are_told_and_never_taken_off():
    log = read_transactions(GIVEN / "shop" / "leading_zeros.csv", **KUNDE)
    note = said(log)[Code.LEADING_ZEROS]
    assert len(customers(log)) == 114
    assert (note.figures["pairs"], note.count, note.caution) == (37, 247, True)
    assert "such as '000009' and '9'" in note.reason
    assert read("007", "008").account.notes == read("7", "8").account.notes
    padded = [one for one in customers(log) if one.startswith("0")]
    one = read_transactions(
        GIVEN / "shop" / "leading_zeros.csv", **KUNDE, id_map={old: old.lstrip("0") for old in padded}
    )
    assert len(customers(one)) == 77
    assert (one.account.kept, one.account.entries[0].money) == (294, 23442.20)
    assert Code.LEADING_ZEROS not in said(one)


@pytest.mark.parametrize(
    ("ids", "rows"),
    [
        (["4.71100E+18", "4.71100E+18", "b"], 2),
        (["9.63E+16", "b"], 1),
        (["4,711E+18", "b"], 1),
        (["5E+15", "b"], 1),
        ([4711000000000000123.0, 7.0, None], 1),
    ],
)
def test_damaged_ids_are_refused_or_kept_as_asked(ids, rows):
    with pytest.raises(DomainError, match=rf"rounded 1 customer id in {rows} row.*keep all with damaged_ids='keep'"):
        read(*ids)
    kept = said(read(*ids, damaged_ids="keep"))[Code.IDS_DAMAGED_KEPT]
    assert (kept.count, kept.caution) == (rows, True)
    damaged = f"{ids[0]:.0f}" if isinstance(ids[0], float) else ids[0]
    rest = read(*ids, exclude_customers=[damaged])
    assert rest.account.excluded == rows + sum(one is None for one in ids)


def test_the_case_of_damaged_ids():
    with pytest.raises(DomainError, match=r"1 customer id in 153 rows .*such as '4.71100E\+18'") as error:
        read_transactions(GIVEN / "excel-ids" / "orders.csv")
    assert (error.value.code, error.value.parameter) == (Code.IDS_DAMAGED, "damaged_ids")


def test_customers_who_are_none_are_excluded_and_told():
    log = read("Laufkunde", "a", "Laufkunde", "b", exclude_customers=[" Laufkunde"])
    assert customers(log) == ["a", "b"]
    entry = log.account.entries[-1]
    assert (entry.code, entry.count, entry.money) == (Code.EXCLUDED_CUSTOMER, 2, 20.0)
    assert [str(place) for place in entry.first] == ["row 1: customer 'Laufkunde'", "row 3: customer 'Laufkunde'"]


def test_excluded_customers_are_not_unreadable():
    rows = pd.DataFrame({"customer_id": ["x"] * 9 + ["a"], "date": ["soon"] * 9 + ["2024-01-01"], "amount": 1.0})
    log = read_transactions(rows, exclude_customers=["x"], date_format="%Y-%m-%d")
    assert (log.account.kept, log.account.excluded) == (1, 9)


@pytest.mark.parametrize(("given", "meant"), [("laufkunde", "Laufkunde"), ("Laufkunden", "Laufkunde")])
def test_a_misspelt_customer_is_refused(given, meant):
    with pytest.raises(DomainError, match=rf"'{given}' .* did you mean exclude_customers=\['{meant}'\]"):
        read("Laufkunde", "a", exclude_customers=[given])


def test_an_absent_customer_is_told():
    log = read("a", "b", exclude_customers=["Barverkauf"])
    assert said(log)[Code.EXCLUDED_ABSENT].reason == "customer 'Barverkauf', to be excluded, is not in the log"


@pytest.mark.parametrize(
    "text",
    ["old,new\n1,2\n2,3\n x ,3\n", "Old;New\n1;2\n2;3\nx;3\n", "note\told\tnew\nq\t1\t2\nq\t2\t3\nq\tx\t3\n"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_map_of_ids(write, text, encoding):
    log = read("1", "2", "3", "4", "4", id_map=write(text, "map.csv", encoding))
    assert customers(log) == ["3", "4"]
    assert merged(log) == {Code.IDS_MAPPED: (3, 1, 2)}
    absent = said(log)[Code.ID_MAP_ABSENT]
    assert (absent.reason, absent.caution) == ("1 of 3 ids to be replaced are not in the log, such as 'x'", False)


def test_a_map_of_ids_written_in_other_ways():
    log = read("Mu\u0308@x.de", "M\u00dc@X.DE", "12.0", "7", "8", id_map={"mü@x.de": "7", "12": "8.0", "8": "9"})
    assert customers(log) == ["7", "9"]
    assert (merged(log)[Code.IDS_COMPOSED], merged(log)[Code.IDS_MAPPED]) == ((2, 1, 1), (4, 2, 4))


def test_a_map_that_fits_nothing_is_a_caution():
    assert said(read("1", "2", id_map={"a": "b"}))[Code.ID_MAP_ABSENT].caution


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ({"a": "b", "b": "c", "c": "a"}, "in a circle: a → b → c → a"),
        ({"a": "b", " a": "c"}, "'a' is to be replaced by 'b' and by 'c'"),
    ],
)
def test_maps_that_say_two_things(pairs, message):
    with pytest.raises(DomainError, match=message) as error:
        read("a", "b", id_map=pairs)
    assert error.value.parameter == "id_map"


def test_a_map_without_its_columns(write):
    with pytest.raises(SchemaError, match=r"'map.csv' must have columns 'old' and 'new'; there is no 'new' among"):
        read("a", id_map=write("old,to\n1,2\n", "map.csv"))


def test_mapped_customers_keep_their_own_columns_and_days(write):
    rows = "customer_id,date,amount,area\n1,2024-01-02,5,x\n2,2024-01-02,6,x\n2,2024-01-09,7,x\n"
    log = read_transactions(write(rows), id_map={"2": "1"}, keep=["area"])
    found = log.purchases.order_by("date").to_pyarrow().to_pylist()
    assert [(row["customer_id"], row["amount"], row["rows"], row["area"]) for row in found] == [
        ("1", 11.0, 2, "x"),
        ("1", 7.0, 1, "x"),
    ]


def test_a_sign_alone_makes_no_address():
    ids = ["@SUM(A1:A9)", "@sum(a1:a9)", "Otto@Laden", "otto@laden", "A@b.de", "a@B.de"]
    rows = pd.DataFrame({"customer_id": ids, "date": [f"2024-01-0{n + 1}" for n in range(6)], "amount": 1.0})
    found = read_transactions(rows).purchases.to_pyarrow()["customer_id"].to_pylist()
    assert sorted(set(found)) == ["@SUM(A1:A9)", "@sum(a1:a9)", "Otto@Laden", "a@b.de", "otto@laden"]


@pytest.mark.parametrize(
    ("ids", "reading", "pair"),
    [
        (["Müller GmbH", "MÜLLER GMBH", "Maier"], {}, ("MÜLLER GMBH", "Müller GmbH")),
        (["Müller GmbH", "Müller  GmbH", "Maier"], {}, ("Müller  GmbH", "Müller GmbH")),
        (["Müller GmbH", "Müller\u00a0GmbH"], {"id_case": "keep"}, ("Müller GmbH", "Müller\u00a0GmbH")),
        (["K7", "K\u200d7", "K8"], {}, ("K7", "K\u200d7")),
        (["K-7", "K\u20117", "K8"], {}, ("K-7", "K\u20117")),
        (["17", "\uff11\uff17", "18"], {}, ("17", "\uff11\uff17")),
        (["1001", "1.001", "1002"], {}, ("1.001", "1001")),
        (["1001", "#1001", "1002"], {}, ("#1001", "1001")),
        (["1001", "'1001", "1002"], {}, ("'1001", "1001")),
    ],
)
def test_ids_in_two_spellings_are_cautioned_and_stay_two(ids, reading, pair):
    log = read(*ids, **reading)
    note = said(log)[Code.IDS_ALIKE]
    assert (note.caution, note.count, len(customers(log))) == (True, 2, len(ids))
    assert (note.figures["first"], note.figures["last"], note.figures["customers"]) == (*pair, 1)


@pytest.mark.parametrize(
    ("ids", "reading"),
    [(["1.5", "15", "K-7", "K7", "a b", "a c", "007", "7"], {}), (["C1", "c1"], {"id_case": "keep"})],
)
def test_ids_that_differ_in_more_than_spelling_are_no_caution(ids, reading):
    assert Code.IDS_ALIKE not in said(read(*ids, **reading))


@pytest.mark.parametrize("garbled", ["MÃ¼ller", "M\ufffdller", "M&uuml;ller", "Ã–zil"])
def test_garbled_ids_are_cautioned(garbled):
    note = said(read("Müller", garbled, "SÃO"))[Code.IDS_GARBLED]
    assert (note.caution, note.count, note.figures["ids"], note.figures["example"]) == (True, 1, 1, garbled)


@pytest.mark.parametrize("nobody", ["\\N", "k.A.", "keine Angabe", "undefined"])
def test_more_words_for_no_customer(nobody):
    log = read("a", nobody, "a")
    assert customers(log) == ["a"]
    assert {entry.code: entry.count for entry in log.account.entries}[Code.PLACEHOLDER_ID] == 1


def test_the_address_of_a_payments_receiver_is_no_customer_with_many_ids():
    rows = {"customer_id": ["a", "b", "c"] * 4, "date": [f"2024-01-{n:02d}" for n in range(1, 13)], "amount": 1.0}
    log = read_transactions(pd.DataFrame(rows | {"to": "shop@x.de"}))
    assert Code.IDS_PER_MAIL not in said(log)
