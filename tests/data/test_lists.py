"""Printed lists: headings, sums, sums carried over and page numbers are told apart from purchases."""

import pytest

from kundenwert.data import read_transactions
from kundenwert.messages import Code
from kundenwert.sources.words import is_list_line

ROLES = {"customer_id": "Kunden-Nr.", "date": "Datum", "amount": "Netto"}
HEADING = "Beleg-Nr.;Datum;Kunden-Nr.;Name;Netto\n"


def german(cents):
    return f"{cents // 100:,}".replace(",", ".") + f",{cents % 100:02d}"


def rows(start, count):
    cents = [1000 + 137 * n % 9000 for n in range(start, start + count)]
    lines = [f"R{n};{1 + n % 28:02d}.{1 + n % 12:02d}.2024;K{n % 9};Firma;{german(c)}\n" for n, c in enumerate(cents)]
    return "".join(lines), sum(cents)


def counts(account):
    return {entry.code: entry.count for entry in account.entries if entry.fate == "excluded"}


@pytest.fixture
def pages():
    """Five pages of a list, each with a heading, a sum carried over, a subtotal and a page number."""
    text, so_far = "Umsatzliste 2024;;;;\nMandant 01;;;;\n;;;;\n", 0
    for page in range(5):
        lines, total = rows(25 * page, 25)
        carried = f";;;Übertrag;{german(so_far)}\n" if page else ""
        so_far += total
        text += HEADING + carried + lines + f";;;Zwischensumme;{german(so_far)}\nSeite {page + 1} von 5;;;;\n;;;;\n"
    return text + f";;;Gesamtsumme;{german(so_far)}\n", so_far


def test_a_printed_list(write, pages):
    text, total = pages
    log = read_transactions(write(text, encoding="cp1252"), skip_lines=3, **ROLES)
    assert log.account.kept + log.account.merged == 125
    assert log.account.entries[0].money == pytest.approx(total / 100)
    assert log.purchases.customer_id.nunique().to_pyarrow().as_py() == 9
    assert counts(log.account) == {
        Code.EMPTY_ROW: 5,
        Code.REPEATED_HEADING: 4,
        Code.PAGE_NUMBER: 5,
        Code.CARRIED_OVER: 4,
        Code.LIST_SUM: 5,
        Code.SUM_OF_ALL: 1,
    }


def test_lines_of_a_list_that_lack_separators_do_not_count_as_bad(write, pages):
    text = "".join(
        line.strip().rstrip(";") + "\n" if line.startswith("Seite") else line for line in pages[0].splitlines(True)
    )
    short = "".join(f"Seite {n}\n" for n in range(9))
    log = read_transactions(write(text + short), skip_lines=3, **ROLES)
    assert counts(log.account)[Code.REJECTED_LINE] == 14
    assert log.account.kept + log.account.merged == 125


@pytest.mark.parametrize(
    ("place", "word"), [("customer", "Zwischensumme"), ("name", "Summe Januar"), ("own", "Summe K9"), ("name", "Total")]
)
def test_sums_with_a_date(write, place, word):
    text, total = HEADING, 0
    for block in range(3):
        lines, part = rows(20 * block, 20)
        total += part
        customer = {"customer": word, "name": "K100", "own": "K9"}[place]
        name = "x" if place == "customer" else word
        text += lines + f"S;28.12.2024;{customer};{name};{german(part)}\n"
    account = read_transactions(write(text), **ROLES).account
    assert counts(account) == {Code.LIST_SUM: 3}
    assert account.entries[0].money == pytest.approx(total / 100)
    assert [note for note in account.notes if note.code != Code.TOO_FEW] == []


def test_a_word_for_sums_without_a_sum_is_kept_with_a_caution(write):
    text = HEADING + rows(0, 40)[0] + "S;28.12.2024;Zwischensumme;x;12,34\nP;28.12.2024;K1;Total Care;12,34\n"
    account = read_transactions(write(text), **ROLES).account
    assert counts(account) == {}
    assert [(note.code, note.count, note.caution) for note in account.notes][:1] == [(Code.TOTAL_WORD_KEPT, 1, True)]


def test_a_title_between_rows_is_no_bad_date(write):
    titles = "".join(f"Gebiet {n};;;;\n" for n in range(10))
    account = read_transactions(write(HEADING + titles + rows(0, 40)[0]), **ROLES).account
    assert counts(account) == {Code.LONE_TEXT: 10}


@pytest.mark.parametrize("line", ["Page 2 of 5", ";;Übertrag;5,00", "Total:", "  Seite 3", "Carried forward,,7"])
def test_lines_of_lists(line):
    assert is_list_line(line)
    assert not is_list_line(line.replace("e", "xq").replace("o", "xq"))
